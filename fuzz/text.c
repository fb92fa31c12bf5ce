/* text.c -- what a person types or pastes, and what stands in headers and settings, as any bytes: each form that
 * is taken says the same as the form in which Troth writes it.
 *
 *   input = which, bytes…
 */
#include <arpa/inet.h>
#include <ctype.h>

#include "base/base32.h"
#include "kit/fuzz.h"
#include "record/account.h"
#include "record/headtoken.h"
#include "record/invite.h"
#include "server/listen.h"

enum { TEXT_BYTES = 1 << 13 };

void fuzz_open(void)
{
}

/* ---- the one way to write a digit --------------------------------------------------------------------- */

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static uint8_t digit_of(uint8_t c)
{
    uint8_t upper = (uint8_t)toupper(c);
    return upper == 'O' ? '0' : upper == 'I' || upper == 'L' ? '1' : upper;
}

static void put_digits(struct out *o, struct str digits)
{
    for (size_t i = 0; i < digits.len; i++) out_put_byte(o, digit_of(digits.at[i]));
}

static void try_base32(struct fuzz_in *in)
{
    uint8_t bytes[64], first[128], second[128];
    size_t n = fuzz_below(in, sizeof bytes + 1);
    struct out wanted = OUT_OVER(first), written = OUT_OVER(second);
    memset(bytes, 0x5a, sizeof bytes);
    if (base32_read(in->left, bytes, n) != ERR_OK) {
        for (size_t i = 0; i < sizeof bytes; i++) EXPECT(bytes[i] == 0x5a);
        return;
    }
    put_digits(&wanted, in->left);
    base32_put(&written, str_at(bytes, n));
    EXPECT(str_is(out_str(&wanted), out_str(&written)) && written.len == BASE32_TEXT_BYTES(n));
    fuzz_good();
}

/* ---- codes -------------------------------------------------------------------------------------------- */

static void expect_why(const struct why *why)
{
    EXPECT(why->code == ERR_BAD_CODE && why->field != NULL && why->text != NULL && why->at <= CODE_GROUPS);
}

/* Letters in upper case, digits as they are written, a hyphen before every group. */
static void put_code(struct out *o, struct str typed)
{
    size_t n = 0;
    for (size_t i = 0; i < typed.len; i++) {
        if (is_space(typed.at[i]) || typed.at[i] == '-') continue;
        if (n >= 2 && (n - 2) % 4 == 0) out_put_byte(o, '-');
        out_put_byte(o, n == 0 ? (uint8_t)toupper(typed.at[i]) : digit_of(typed.at[i]));
        n++;
    }
}

static bool try_code(enum code_kind kind, struct str text)
{
    static uint8_t first[2 * TEXT_BYTES], second[TEXT_BYTES];
    struct out wanted = OUT_OVER(first), written = OUT_OVER(second);
    uint8_t secret[SECRET_BYTES], untouched[SECRET_BYTES];
    struct why why = {.code = ERR_OK};
    memset(secret, 0x5a, sizeof secret);
    memset(untouched, 0x5a, sizeof untouched);
    enum err e = code_read(kind, text, secret, &why);
    if (e != ERR_OK) {
        EXPECT(e == ERR_BAD_CODE && memcmp(secret, untouched, sizeof secret) == 0);
        expect_why(&why);
        return false;
    }
    put_code(&wanted, text);
    code_put(&written, kind, secret);
    EXPECT(str_is(out_str(&wanted), out_str(&written)) && written.len == CODE_TEXT_BYTES);
    fuzz_good();
    return true;
}

/* Where a digit of the code stands: two in front, and a hyphen before each group. */
static size_t place_of(size_t digit)
{
    return 3 + digit + digit / 4;
}

/* A code with one other digit, or with two neighbours swapped: if a group is named, it is the right one. */
static void try_slip(struct fuzz_in *in)
{
    uint8_t text[CODE_TEXT_BYTES], secret[SECRET_BYTES];
    struct out o = OUT_OVER(text);
    struct why why = {.code = ERR_OK};
    bool is_swap = fuzz_below(in, 2) == 1;
    size_t digit = fuzz_below(in, is_swap ? 35 : 36), at = place_of(digit), next = place_of(digit + 1);
    uint8_t other = base32_digit((unsigned)fuzz_below(in, 32));
    fuzz_fill(in, secret, sizeof secret);
    code_put(&o, CODE_ACCOUNT, secret);
    uint8_t typed = text[at];
    text[at] = is_swap ? text[next] : other;
    if (is_swap) text[next] = typed;
    if (code_read(CODE_ACCOUNT, STR_OF(text), secret, &why) == ERR_OK) {
        EXPECT(try_code(CODE_ACCOUNT, STR_OF(text)));
        return;
    }
    expect_why(&why);
    EXPECT(text[at] != typed && (why.at == 0 || why.at == digit / 4 + 1));
}

/* ---- tokens and links --------------------------------------------------------------------------------- */

static void try_headtoken(struct str text)
{
    uint8_t first[HEADTOKEN_TEXT_BYTES], second[HEADTOKEN_TEXT_BYTES];
    struct out wanted = OUT_OVER(first), written = OUT_OVER(second);
    struct headtoken head;
    enum err e = headtoken_read(text, &head);
    if (e != ERR_OK) {
        EXPECT(e == ERR_BAD_CODE);
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (is_space(text.at[i])) continue;
        out_put_byte(&wanted, wanted.len < 11 ? (uint8_t)tolower(text.at[i]) : digit_of(text.at[i]));
    }
    headtoken_put(&written, &head);
    EXPECT(str_is(out_str(&wanted), out_str(&written)) && head.seq <= LIMIT_SEQ);
    EXPECT(headtoken_compare(&head, &head, NULL) == HEADTOKEN_SAME);
    fuzz_good();
}

static void try_link(struct str text)
{
    uint8_t memory[TEXT_BYTES], secret[SECRET_BYTES], again[SECRET_BYTES];
    struct out link = OUT_OVER(memory);
    struct str server = {NULL, 0}, server_again;
    struct why why = {.code = ERR_OK};
    enum err e = invite_link_read(text, secret, &server, &why);
    if (e != ERR_OK) {
        EXPECT(e == ERR_BAD_CODE && server.at == NULL);
        expect_why(&why);
        return;
    }
    EXPECT(account_is_origin(server) && server.at > text.at && server.at + server.len <= text.at + text.len);
    invite_link_put(&link, STR("https://troth.example"), secret, server);
    e = invite_link_read(out_str(&link), again, &server_again, &why);
    EXPECT(e == ERR_OK && memcmp(again, secret, sizeof again) == 0 && str_is(server_again, server));
    fuzz_good();
}

/* ---- addresses ---------------------------------------------------------------------------------------- */

static bool has_only(struct str text, const char *allowed)
{
    for (size_t i = 0; i < text.len; i++) {
        bool is_plain = (text.at[i] >= '0' && text.at[i] <= '9') || (text.at[i] >= 'a' && text.at[i] <= 'z');
        if (!is_plain && (text.at[i] == 0 || strchr(allowed, text.at[i]) == NULL)) return false;
    }
    return true;
}

/* There is one way to write an origin: nothing can be left out, added or written larger. */
static void try_origin(struct str text)
{
    uint8_t longer[ACCOUNT_ORIGIN_BYTES + 4];
    if (!account_is_origin(text)) return;
    size_t scheme_n = str_starts(text, STR("https://")) ? 8 : 7;
    struct str rest = str_at(text.at + scheme_n, text.len - scheme_n);
    EXPECT(str_starts(text, STR("http")) && text.len <= ACCOUNT_ORIGIN_BYTES && has_only(rest, "-._:[]"));
    EXPECT(!account_is_origin(rest) && rest.len > 0);
    memcpy(longer, text.at, text.len);
    longer[text.len] = '/';
    EXPECT(!account_is_origin(str_at(longer, text.len + 1)));
    longer[0] = 'H';
    EXPECT(!account_is_origin(str_at(longer, text.len)));
    fuzz_good();
}

static bool is_same_ip(const struct ip *a, const struct ip *b)
{
    return a->is_v6 == b->is_v6 && memcmp(a->at, b->at, sizeof a->at) == 0;
}

static void expect_in_short(const struct ip *ip)
{
    uint8_t memory[IP_TEXT_BYTES];
    struct out o = OUT_OVER(memory);
    struct ip_range range;
    ip_put_short(&o, ip);
    EXPECT(ip_parse_range(out_str(&o), &range) == ERR_OK && ip_is_in(ip, &range));
    EXPECT(range.bit_n == (ip->is_v6 ? 48 : 24) && ip_group(ip).len == (ip->is_v6 ? 8 : 4));
}

static void try_ip(struct str text)
{
    char written[INET6_ADDRSTRLEN];
    struct ip ip, again;
    struct ip_range range;
    if (ip_parse(text, &ip) != ERR_OK) return;
    EXPECT(inet_ntop(ip.is_v6 ? AF_INET6 : AF_INET, ip.at, written, sizeof written) != NULL);
    EXPECT(ip_parse(str_of_text(written), &again) == ERR_OK && is_same_ip(&ip, &again));
    EXPECT(ip_parse_range(text, &range) == ERR_OK && is_same_ip(&range.first, &ip) && ip_is_in(&ip, &range));
    if (!ip.is_v6) EXPECT(memcmp(ip.at + 4, (const uint8_t[12]){0}, 12) == 0);
    expect_in_short(&ip);
    fuzz_good();
}

static void try_range(struct str text)
{
    struct ip_range range;
    if (ip_parse_range(text, &range) != ERR_OK) return;
    EXPECT(range.bit_n <= (range.first.is_v6 ? 128 : 32) && ip_is_in(&range.first, &range));
    struct ip beside = range.first;
    if (range.bit_n > 0) beside.at[(range.bit_n - 1) / 8] ^= (uint8_t)(0x80u >> (range.bit_n - 1) % 8);
    EXPECT(range.bit_n == 0 || !ip_is_in(&beside, &range));
    fuzz_good();
}

static void try_listen(struct str text)
{
    struct listen_at at;
    if (listen_parse(text, &at) != ERR_OK) return;
    EXPECT(at.port <= 65535 && memchr(text.at, ':', text.len) != NULL);
    expect_in_short(&at.ip);
    fuzz_good();
}

/* ---- UTF-8, and names of errors ----------------------------------------------------------------------- */

/* How many bytes the character at the start takes; 0: there is none. */
static size_t character_bytes(struct str s)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t lead = s.at[0];
    size_t n = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (n < 2 || n > s.len) return n == 1;
    uint32_t code = lead & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if (s.at[i] >> 6 != 2) return 0;
        code = code << 6 | (s.at[i] & 0x3f);
    }
    bool is_surrogate = code >= 0xd800 && code < 0xe000;
    return code < least[n] || code > 0x10ffff || is_surrogate ? 0 : n;
}

static void try_utf8(struct str text)
{
    struct str left = text;
    size_t n = 1;
    while (left.len > 0 && n > 0) {
        n = character_bytes(left);
        left = str_at(left.at + n, left.len - n);
    }
    EXPECT(str_is_utf8(text) == (left.len == 0));
    if (left.len == 0) fuzz_good();
}

static void try_error(struct str text)
{
    enum err e = err_from_code(text);
    EXPECT(e != ERR_OK && err_http(e) >= 400 && err_http(e) < 600);
    EXPECT(e == ERR_INTERNAL || str_is(text, str_of_text(err_code(e))));
    if (e != ERR_INTERNAL) fuzz_good();
}

void fuzz_one(struct str input)
{
    struct fuzz_in in = {input};
    size_t which = fuzz_below(&in, 12);
    if (in.left.len > TEXT_BYTES / 2) return;
    switch (which) {
    case 0: (void)try_code(CODE_ACCOUNT, in.left); return;
    case 1: (void)try_code(CODE_PERMIT, in.left); return;
    case 2: try_slip(&in); return;
    case 3: try_headtoken(in.left); return;
    case 4: try_link(in.left); return;
    case 5: try_base32(&in); return;
    case 6: try_origin(in.left); return;
    case 7: try_ip(in.left); return;
    case 8: try_range(in.left); return;
    case 9: try_listen(in.left); return;
    case 10: try_utf8(in.left); return;
    default: try_error(in.left); return;
    }
}
