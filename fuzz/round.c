/* round.c -- a round whose members do anything, in any order: nothing opens before everyone has answered and
 * everyone's key is there, what was answered stays as it is, and a round that is void stays void.
 *
 * The input is how many are asked, then acts: a byte each, who, and choices.
 */
#include "record/round.h"

#include "kit/fuzz.h"

enum { PEOPLE = LIMIT_MEMBERS + 1, BUCKET = LIMIT_BUCKET_SMALL, CT_BYTES = BUCKET + AEAD_TAG_BYTES, ACTS = 200 };
static const uint64_t until_ms = 100;

static const uint8_t circle[HASH_BYTES] = "a circle", ask[HASH_BYTES] = "an ask";
static uint8_t pk[PEOPLE][SIGN_PK_BYTES], key[2][PEOPLE][KEY_BYTES], ct[2][PEOPLE][CT_BYTES];
static struct round_commit commit[2][PEOPLE]; /* two answers that each of them may give */

void fuzz_open(void)
{
    for (size_t i = 0; i < 2 * PEOPLE; i++) {
        size_t which = i / PEOPLE, who = i % PEOPLE;
        uint8_t root[KEY_BYTES];
        struct round_commit *c = &commit[which][who];
        memset(pk[who], (int)who + 1, SIGN_PK_BYTES);
        memset(root, (int)who, sizeof root);
        memset(c->nonce, (int)which, sizeof c->nonce);
        struct answer_place place = {circle, ask, pk[who]};
        answer_key(key[which][who], root, &place, c->nonce);
        c->ct = STR_OF(ct[which][who]);
        EXPECT(answer_seal(ct[which][who], c->com, &place, key[which][who], c->nonce, STR("yes"), BUCKET) == ERR_OK);
    }
}

/* ---- acts --------------------------------------------------------------------------------------------- */

/* What the act said of itself; OK where it says nothing. */
static enum err act(struct round *round, struct fuzz_in *in, uint64_t seq)
{
    size_t what = fuzz_below(in, 8), who = fuzz_below(in, PEOPLE), which = fuzz_below(in, 2);
    struct round_commit longer = commit[which][who];
    switch (what) {
    case 0: return round_take_commit(round, pk[who], seq, &commit[which][who]);
    case 1: return round_take_reveal(round, pk[who], key[which][who]);
    case 2: return round_take_close(round, pk[who], fuzz_byte(in));
    case 3: round_take_leave(round, pk[who]); return ERR_OK;
    case 4: return round_take_erased_commit(round, pk[who], seq);
    case 5: return round_take_erased_reveal(round, pk[who]);
    case 6: round_take_redact(round, pk[who]); return ERR_OK;
    default: /* another's answer as one's own, or one of another length */
        if (which == 0) return round_take_commit(round, pk[who], seq, &commit[0][(who + 1) % PEOPLE]);
        longer.ct.len--;
        return round_take_commit(round, pk[who], seq, &longer);
    }
}

/* ---- laws ------------------------------------------------------------------------------------------------ */

static void expect_lawful(const struct round *r)
{
    size_t committed_n = 0, revealed_n = 0;
    for (size_t i = 0; i < r->person_n; i++) {
        const struct round_person *p = &r->person[i];
        committed_n += p->has_committed;
        revealed_n += p->has_revealed;
        EXPECT(!p->has_revealed || p->has_committed);
    }
    EXPECT(revealed_n == 0 || committed_n == r->person_n); /* nobody shows a key before all have answered */
    if (r->state == ROUND_OPEN) EXPECT(committed_n < r->person_n);
    if (r->state == ROUND_COMMITTED) EXPECT(committed_n == r->person_n && revealed_n < r->person_n);
    if (r->state == ROUND_OPENED) EXPECT(revealed_n == r->person_n);
}

static void expect_shown(const struct round *r)
{
    uint8_t words[CT_BYTES];
    struct str answer;
    for (size_t i = 0; i < PEOPLE; i++) {
        const struct round_person *p = round_person_of(r, pk[i]);
        const uint8_t *shown = round_key(r, pk[i]);
        EXPECT((p != NULL) == (i < r->person_n));
        EXPECT((shown != NULL) == (p != NULL && r->state == ROUND_OPENED && !p->is_erased));
        bool is_owed = p != NULL && r->state == ROUND_COMMITTED && !p->has_revealed;
        EXPECT(round_must_reveal(r, pk[i]) == is_owed);
        if (shown == NULL) continue;
        size_t which = memcmp(p->com, commit[0][i].com, HASH_BYTES) == 0 ? 0 : 1;
        struct answer_place place = {circle, ask, pk[i]};
        EXPECT(answer_open(words, &place, shown, p->nonce, STR_OF(ct[which][i]), p->com, &answer) == ERR_OK);
        EXPECT(str_is(answer, STR("yes")));
    }
}

/* From one act to the next. */
static void expect_goes_on(const struct round *before, const struct round *after, enum err e)
{
    static const bool may_follow[4][4] = { /* from row to column */
        [ROUND_OPEN] = {[ROUND_OPEN] = true, [ROUND_COMMITTED] = true, [ROUND_VOID] = true},
        [ROUND_COMMITTED] = {[ROUND_COMMITTED] = true, [ROUND_OPENED] = true, [ROUND_VOID] = true},
        [ROUND_OPENED] = {[ROUND_OPENED] = true},
        [ROUND_VOID] = {[ROUND_VOID] = true},
    };
    EXPECT(e == ERR_OK || memcmp(before, after, sizeof *before) == 0);
    EXPECT(may_follow[before->state][after->state] && before->person_n == after->person_n);
    bool is_over = before->state == ROUND_VOID || before->state == ROUND_OPENED;
    EXPECT(!is_over || memcmp(before, after, sizeof *before) == 0);
    for (size_t i = 0; i < before->person_n; i++) {
        const struct round_person *a = &before->person[i], *b = &after->person[i];
        if (!a->has_committed) continue;
        EXPECT(b->has_committed && a->commit_seq == b->commit_seq && memcmp(a->com, b->com, HASH_BYTES) == 0);
        EXPECT(memcmp(a->ct_hash, b->ct_hash, HASH_BYTES) == 0 && (!a->has_revealed || b->has_revealed));
    }
}

void fuzz_one(struct str input)
{
    struct fuzz_in in = {input};
    struct round round, before;
    struct round_start start = {.circle = circle, .hash = ask, .asker = pk[0], .bucket_n = BUCKET};
    start.until_ms = until_ms;
    start.person_n = 1 + fuzz_below(&in, LIMIT_MEMBERS);
    for (size_t i = 0; i < start.person_n; i++) start.person[i] = pk[i];
    round_init(&round, &start);
    for (uint64_t seq = 1; seq < ACTS && !fuzz_is_over(&in); seq++) {
        memcpy(&before, &round, sizeof round);
        enum err e = act(&round, &in, seq);
        expect_lawful(&round);
        expect_goes_on(&before, &round, e);
    }
    expect_shown(&round);
    if (round.state == ROUND_OPENED) fuzz_good();
    round_fini(&round);
}
