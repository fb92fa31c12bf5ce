/* ip.h -- addresses of clients: which belong together, and how little of one a log may show.
 *
 * An IPv4 address inside IPv6 (::ffff:192.0.2.7) is the IPv4 address it stands for.
 */
#ifndef SERVER_IP_H
#define SERVER_IP_H

#include "base/err.h"
#include "base/out.h"

struct ip {
    uint8_t at[16]; /* IPv4 in the first 4, the rest 0 */
    bool is_v6;
};

/* A range of addresses: its first bit_n bits. */
struct ip_range {
    struct ip first;
    unsigned bit_n;
};

enum { IP_TEXT_BYTES = 48 }; /* room for any address or range in text, and a NUL */

/* ip_of_v6 -- the address whose 16 bytes these are; the IPv4 one, if it is one of those. */
struct ip ip_of_v6(const uint8_t v6[static 16]) NONNULL;

/* ip_parse -- "192.0.2.7", "2001:db8::7" or "[2001:db8::7]", and nothing else.   [pure | BAD_FIELD] */
MUST_USE enum err ip_parse(struct str text, struct ip *ip) NONNULL;

/* ip_parse_range -- an address, or one and a number of bits: "10.0.0.0/8".        [pure | BAD_FIELD]
 *
 * Fails    BAD_FIELD  it is not one, or bits are set behind the first bit_n
 */
MUST_USE enum err ip_parse_range(struct str text, struct ip_range *range) NONNULL;

/* ip_is_in -- whether the address lies in the range. */
bool ip_is_in(const struct ip *ip, const struct ip_range *range) NONNULL;

/* ip_is_loopback -- 127.0.0.0/8 or ::1. */
bool ip_is_loopback(const struct ip *ip) NONNULL;

/* ip_group -- the bytes by which clients are counted: all 4 of IPv4, the first 8 of IPv6.
 *
 * Whoever has an IPv6 connection has a /64 to themselves.
 *
 * Gives    bytes within ip, as long as it lives
 */
struct str ip_group(const struct ip *ip) NONNULL;

/* ip_put_short -- the address cut for a log: 192.0.2.0/24, 2001:db8:1::/48. */
void ip_put_short(struct out *o, const struct ip *ip) NONNULL;

#endif
