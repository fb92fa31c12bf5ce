/* flow_words.c -- the safety phrase, worked out once for each set of people. See client.h.
 *
 * Working it out is slow on purpose. It is no secret to whoever is in, so the circle's home keeps it beside the keys
 * that it was made of: other people, and it is made anew.
 */
#include "client/flow.h"

#define WORDS STR("words")
enum { MADE_OF_BYTES = LIMIT_MEMBERS * (SIGN_PK_BYTES + BOX_PK_BYTES), KEPT_BYTES = MADE_OF_BYTES + PHRASE_WORDS * 2 };

/* What is looked for, and what was found. */
struct kept_words {
    struct str made_of;
    uint16_t *word;
    bool is_found;
};

static enum err take(void *ctx, struct str name, struct str value)
{
    struct kept_words *kept = ctx;
    (void)name;
    kept->is_found = value.len == kept->made_of.len + (size_t)PHRASE_WORDS * 2 && str_starts(value, kept->made_of);
    for (size_t i = 0; kept->is_found && i < PHRASE_WORDS; i++) {
        const uint8_t *two = value.at + kept->made_of.len + i * 2;
        kept->word[i] = (uint16_t)(two[0] << 8 | two[1]);
    }
    return ERR_OK;
}

/* In the order in which they came in: the same people in another order are asked for anew, which does no harm. */
static void put_made_of(struct out *o, const struct circle *circle)
{
    for (size_t i = 0; i < circle->member_n; i++) {
        out_put(o, STR_OF(circle->member[i].sign_pk));
        out_put(o, STR_OF(circle->member[i].box_pk));
    }
}

static enum err make(const struct circle *circle, uint16_t word[static PHRASE_WORDS])
{
    struct phrase_member member[LIMIT_MEMBERS];
    for (size_t i = 0; i < circle->member_n; i++)
        member[i] = (struct phrase_member){circle->member[i].sign_pk, circle->member[i].box_pk};
    return phrase_make(circle->id, member, circle->member_n, word);
}

enum err client_words(const struct client_circle *circle, uint16_t word[static PHRASE_WORDS], struct why *why)
{
    struct ring *ring = ring_of(circle);
    const struct held *held = ring->held;
    const struct circle *at = &held->copy.chain.circle;
    uint8_t memory[KEPT_BYTES];
    struct out o = OUT_OVER(memory);
    put_made_of(&o, at);
    struct kept_words kept = {.made_of = out_str(&o), .word = word};
    if (at->member_n == 0) return flow_end(ring, ERR_NOT_FOUND, why);
    enum err e = home_note_get(held->home, held->account, held->number, WORDS, take, &kept);
    if (kept.is_found || (e != ERR_OK && e != ERR_NOT_FOUND)) return flow_end(ring, e, why);
    e = make(at, word);
    for (size_t i = 0; e == ERR_OK && i < PHRASE_WORDS; i++) {
        out_put_byte(&o, (uint8_t)(word[i] >> 8));
        out_put_byte(&o, (uint8_t)word[i]);
    }
    /* A home that cannot keep them, as on a full disk, keeps nobody from comparing: they are made anew next time. */
    bool is_kept = e == ERR_OK && home_note_put(held->home, held->account, held->number, WORDS, out_str(&o)) == ERR_OK;
    (void)is_kept;
    return flow_end(ring, e, why);
}
