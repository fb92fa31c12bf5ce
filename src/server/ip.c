/* ip.c -- see ip.h. */
#include "server/ip.h"

#include <arpa/inet.h>

static const uint8_t mapped_v4[12] = {[10] = 0xff, [11] = 0xff};

static bool is_v4_text(const char *text, struct ip *ip)
{
    struct in_addr v4;
    if (inet_pton(AF_INET, text, &v4) != 1) return false;
    *ip = (struct ip){0};
    memcpy(ip->at, &v4, 4);
    return true;
}

static bool is_v6_text(const char *text, struct ip *ip)
{
    struct in6_addr v6;
    if (inet_pton(AF_INET6, text, &v6) != 1) return false;
    *ip = ip_of_v6((const uint8_t *)&v6);
    return true;
}

struct ip ip_of_v6(const uint8_t v6[static 16])
{
    struct ip ip = {.is_v6 = memcmp(v6, mapped_v4, sizeof mapped_v4) != 0};
    memcpy(ip.at, ip.is_v6 ? v6 : v6 + 12, ip.is_v6 ? 16 : 4);
    return ip;
}

enum err ip_parse(struct str text, struct ip *ip)
{
    char copy[IP_TEXT_BYTES];
    if (text.len >= 2 && text.at[0] == '[' && text.at[text.len - 1] == ']') {
        text = str_at(text.at + 1, text.len - 2);
        if (memchr(text.at, ':', text.len) == NULL) return ERR_BAD_FIELD;
    }
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.at, 0, text.len)) return ERR_BAD_FIELD;
    memcpy(copy, text.at, text.len);
    copy[text.len] = 0;

    struct ip found;
    if (!is_v4_text(copy, &found) && !is_v6_text(copy, &found)) return ERR_BAD_FIELD;
    *ip = found;
    return ERR_OK;
}

static unsigned bits_of(const struct ip *ip)
{
    return ip->is_v6 ? 128 : 32;
}

/* The same address with all but its first bit_n bits cleared. */
static struct ip cut(const struct ip *ip, unsigned bit_n)
{
    struct ip short_ip = {.is_v6 = ip->is_v6};
    memcpy(short_ip.at, ip->at, bit_n / 8);
    if (bit_n % 8 != 0) {
        short_ip.at[bit_n / 8] = ip->at[bit_n / 8] & (uint8_t)(0xff00U >> bit_n % 8);
    }
    return short_ip;
}

static bool is_same(const struct ip *a, const struct ip *b)
{
    return a->is_v6 == b->is_v6 && memcmp(a->at, b->at, sizeof a->at) == 0;
}

/* At most three digits and nothing else. */
static bool small_number(struct str digits, unsigned *number)
{
    unsigned n = 0;
    if (digits.len == 0 || digits.len > 3) return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9') return false;
        n = n * 10 + (unsigned)(digits.at[i] - '0');
    }
    *number = n;
    return true;
}

enum err ip_parse_range(struct str text, struct ip_range *range)
{
    const uint8_t *slash = text.len > 0 ? memchr(text.at, '/', text.len) : NULL;
    struct str address = slash ? str_at(text.at, (size_t)(slash - text.at)) : text;
    struct ip_range found;

    enum err e = ip_parse(address, &found.first);
    if (e) return e;
    found.bit_n = bits_of(&found.first);
    if (slash && !small_number(str_at(slash + 1, text.len - address.len - 1), &found.bit_n)) return ERR_BAD_FIELD;
    if (found.bit_n > bits_of(&found.first)) return ERR_BAD_FIELD;
    struct ip first = cut(&found.first, found.bit_n);
    if (!is_same(&first, &found.first)) return ERR_BAD_FIELD;
    *range = found;
    return ERR_OK;
}

bool ip_is_in(const struct ip *ip, const struct ip_range *range)
{
    if (ip->is_v6 != range->first.is_v6) return false;
    struct ip first = cut(ip, range->bit_n);
    return is_same(&first, &range->first);
}

bool ip_is_loopback(const struct ip *ip)
{
    static const uint8_t one[16] = {[15] = 1};
    return ip->is_v6 ? memcmp(ip->at, one, sizeof one) == 0 : ip->at[0] == 127;
}

struct str ip_group(const struct ip *ip)
{
    return str_at(ip->at, ip->is_v6 ? 8 : 4);
}

void ip_put_short(struct out *o, const struct ip *ip)
{
    char text[INET6_ADDRSTRLEN];
    struct ip short_ip = cut(ip, ip->is_v6 ? 48 : 24);

    if (!inet_ntop(ip->is_v6 ? AF_INET6 : AF_INET, short_ip.at, text, sizeof text)) misuse("ip_put_short");
    out_text(o, text);
    out_text(o, ip->is_v6 ? "/48" : "/24");
}
