/* code.c -- see code.h. */
#include "record/code.h"

#include "base/base32.h"

enum {
    PREFIX_CHARS = 2, /* a letter and the version, without the hyphen */
    DATA_CHARS = 32,
    CHECK_CHARS = 4,
    BODY_CHARS = DATA_CHARS + CHECK_CHARS,
    GROUP_CHARS = 4,
    CHECK_HASH_BYTES = 3, /* as much of the hash as the check characters show, and four bits more */
};

/* One row for each kind, in the order of enum code_kind. */
static const struct {
    uint8_t letter;
    const char *field, *wrong_prefix;
} form[] = {
    {'T', "code", "An account code begins with T1-."},
    {'P', "permit", "A permit begins with P1-."},
    {'J', "invitation", "An invitation begins with J1-."},
};

static void check_make(uint8_t check[static BASE32_TEXT_BYTES(CHECK_HASH_BYTES)],
                       const uint8_t secret[static SECRET_BYTES])
{
    uint8_t hash[HASH_BYTES];
    hash_of(hash, CTX_CODE, PARTS(str_at(secret, SECRET_BYTES)));
    struct out o = out_over(check, BASE32_TEXT_BYTES(CHECK_HASH_BYTES));
    base32_put(&o, str_at(hash, CHECK_HASH_BYTES));
    wipe(hash, sizeof hash);
}

void code_put(struct out *o, enum code_kind kind, const uint8_t secret[static SECRET_BYTES])
{
    uint8_t body[DATA_CHARS + BASE32_TEXT_BYTES(CHECK_HASH_BYTES)];
    struct out b = OUT_OVER(body);
    base32_put(&b, str_at(secret, SECRET_BYTES));
    check_make(body + DATA_CHARS, secret);
    out_put_byte(o, form[kind].letter);
    out_put_byte(o, '1');
    for (size_t i = 0; i < BODY_CHARS; i += GROUP_CHARS) {
        out_put_byte(o, '-');
        out_put(o, str_at(body + i, GROUP_CHARS));
    }
    wipe(body, sizeof body);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Whether the check fits; if so, the secret. body is BODY_CHARS digits in upper case. */
static bool body_fits(const uint8_t body[static BODY_CHARS], uint8_t secret[static SECRET_BYTES])
{
    uint8_t read[SECRET_BYTES], check[BASE32_TEXT_BYTES(CHECK_HASH_BYTES)];
    EXPECT(base32_read(str_at(body, DATA_CHARS), read, sizeof read) == ERR_OK);
    check_make(check, read);
    bool fits = secret_is(check, body + DATA_CHARS, CHECK_CHARS);
    if (fits) memcpy(secret, read, sizeof read);
    wipe(read, sizeof read);
    wipe(check, sizeof check);
    return fits;
}

/* What is known of a slip: how many single slips would explain it, and the last of them. */
struct slip {
    size_t found_n, at;
    bool is_swap;
};

static void try_other_digits(uint8_t body[static BODY_CHARS], size_t at, struct slip *slip)
{
    uint8_t typed = body[at], secret[SECRET_BYTES];
    for (unsigned value = 0; value < 32; value++) {
        body[at] = base32_digit(value);
        if (body[at] == typed || !body_fits(body, secret)) continue;
        slip->found_n++;
        slip->at = at;
        slip->is_swap = false;
    }
    body[at] = typed;
    wipe(secret, sizeof secret);
}

static void try_swap(uint8_t body[static BODY_CHARS], size_t at, struct slip *slip)
{
    uint8_t first = body[at], second = body[at + 1], secret[SECRET_BYTES];
    body[at] = second;
    body[at + 1] = first;
    if (first != second && body_fits(body, secret)) {
        slip->found_n++;
        slip->at = at;
        slip->is_swap = true;
    }
    body[at] = first;
    body[at + 1] = second;
    wipe(secret, sizeof secret);
}

static uint64_t group_of(size_t at)
{
    return at / GROUP_CHARS + 1;
}

/* Says in why what the slip was and where, as far as it can be told. */
static void place_slip(uint8_t body[static BODY_CHARS], struct why *why)
{
    struct slip slip = {0};
    for (size_t at = 0; at < BODY_CHARS; at++) try_other_digits(body, at, &slip);
    for (size_t at = 0; at + 1 < BODY_CHARS; at++) try_swap(body, at, &slip);
    if (slip.found_n != 1) {
        why->text = "Something is wrong, in more than one place: compare every group.";
        return;
    }
    why->at = group_of(slip.at);
    bool is_across = slip.is_swap && group_of(slip.at + 1) != why->at;
    why->text = !slip.is_swap ? "One character of this group is wrong."
                : is_across   ? "The last character of this group and the first of the next are swapped."
                              : "Two neighbouring characters of this group are swapped.";
}

static bool is_between(uint8_t c)
{
    return c == '-' || c == ' ' || (c >= '\t' && c <= '\r');
}

/* What was typed, without what stands between: at most so many characters kept, all of them counted. */
struct typed {
    uint8_t kept[PREFIX_CHARS + BODY_CHARS];
    size_t n;
};

static void typed_read(struct typed *typed, struct str text)
{
    typed->n = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (is_between(text.at[i])) continue;
        if (typed->n < sizeof typed->kept) typed->kept[typed->n] = text.at[i];
        typed->n++;
    }
}

/* What is wrong before the check is even looked at, or NULL; where it can be told, the group. */
static const char *misshapen(enum code_kind kind, const struct typed *typed, uint64_t *group)
{
    const uint8_t *kept = typed->kept;
    bool has_prefix = typed->n >= PREFIX_CHARS && (kept[0] | 0x20) == (form[kind].letter | 0x20) &&
                      base32_value(kept[1]) == 1;
    if (typed->n > 0 && !has_prefix) return form[kind].wrong_prefix;
    for (size_t i = PREFIX_CHARS; i < typed->n && i < sizeof typed->kept; i++) {
        if (base32_value(kept[i]) >= 0) continue;
        *group = group_of(i - PREFIX_CHARS);
        return "This group has a character that no code has.";
    }
    if (typed->n < sizeof typed->kept) return "It is too short: characters are missing.";
    if (typed->n > sizeof typed->kept) return "It is too long: there are characters too many.";
    return NULL;
}

enum err code_read(enum code_kind kind, struct str text, uint8_t secret[static SECRET_BYTES], struct why *why)
{
    struct typed typed;
    uint8_t body[BODY_CHARS];
    typed_read(&typed, text);
    struct why wrong = {.code = ERR_BAD_CODE, .field = form[kind].field};
    wrong.text = misshapen(kind, &typed, &wrong.at);
    if (wrong.text == NULL) {
        for (size_t i = 0; i < BODY_CHARS; i++) {
            body[i] = base32_digit((unsigned)base32_value(typed.kept[PREFIX_CHARS + i]));
        }
        if (!body_fits(body, secret)) place_slip(body, &wrong);
    }
    wipe(&typed, sizeof typed);
    wipe(body, sizeof body);
    if (wrong.text == NULL) return ERR_OK;
    *why = wrong;
    return wrong.code;
}
