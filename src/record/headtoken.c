/* headtoken.c -- see headtoken.h. */
#include "record/headtoken.h"

#include "base/base32.h"
#include "base/limits.h"

enum { SEQ_BYTES = 8, TOKEN_BYTES = HEADTOKEN_CIRCLE_BYTES + SEQ_BYTES + HASH_BYTES };

static const char beginning[] = "troth-head:";

_Static_assert(HEADTOKEN_TEXT_BYTES == sizeof beginning - 1 + BASE32_TEXT_BYTES(TOKEN_BYTES), "text");

void headtoken_put(struct out *o, const struct headtoken *head)
{
    uint8_t bytes[TOKEN_BYTES];
    struct out b = OUT_OVER(bytes);
    EXPECT(head->seq <= LIMIT_SEQ);
    out_put(&b, STR_OF(head->circle));
    out_put_be64(&b, head->seq);
    out_put(&b, STR_OF(head->hash));
    out_text(o, beginning);
    base32_put(o, out_str(&b));
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* The text without white space, in lower case; false if it is longer than a token can be. */
static bool squeeze(struct str text, struct out *squeezed)
{
    for (size_t i = 0; i < text.len; i++) {
        bool is_space = text.at[i] == ' ' || (text.at[i] >= '\t' && text.at[i] <= '\r');
        if (!is_space) out_put_byte(squeezed, lower(text.at[i]));
    }
    return !squeezed->is_full;
}

enum err headtoken_read(struct str text, struct headtoken *head)
{
    uint8_t memory[HEADTOKEN_TEXT_BYTES], bytes[TOKEN_BYTES];
    struct out squeezed = OUT_OVER(memory);
    struct headtoken read = {.seq = 0};
    if (!squeeze(text, &squeezed) || !str_starts(out_str(&squeezed), str_of_text(beginning))) return ERR_BAD_CODE;
    size_t beginning_n = sizeof beginning - 1;
    enum err e = base32_read(str_at(memory + beginning_n, squeezed.len - beginning_n), bytes, sizeof bytes);
    if (e != ERR_OK) return e;
    memcpy(read.circle, bytes, sizeof read.circle);
    for (size_t i = 0; i < SEQ_BYTES; i++) read.seq = read.seq << 8 | bytes[HEADTOKEN_CIRCLE_BYTES + i];
    memcpy(read.hash, bytes + HEADTOKEN_CIRCLE_BYTES + SEQ_BYTES, sizeof read.hash);
    if (read.seq > LIMIT_SEQ) return ERR_BAD_CODE;
    *head = read;
    return ERR_OK;
}

enum headtoken_says headtoken_compare(const struct headtoken *mine, const struct headtoken *theirs,
                                      const uint8_t *mine_there)
{
    if (memcmp(mine->circle, theirs->circle, sizeof mine->circle) != 0) return HEADTOKEN_OTHER_CIRCLE;
    if (theirs->seq > mine->seq) return HEADTOKEN_THEY_ARE_AHEAD;
    const uint8_t *there = theirs->seq == mine->seq ? mine->hash : mine_there;
    if (there == NULL) return HEADTOKEN_UNKNOWN;
    if (memcmp(there, theirs->hash, HASH_BYTES) != 0) return HEADTOKEN_FORKED;
    return theirs->seq == mine->seq ? HEADTOKEN_SAME : HEADTOKEN_THEY_ARE_BEHIND;
}
