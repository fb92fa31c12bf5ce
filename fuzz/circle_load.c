/* circle_load.c -- any bytes as the saved state of a circle: what is loaded saves to the same bytes, and no act
 * on it leads beyond what a circle can be, even when the state itself never came about lawfully.
 *
 *   input = kind, author, which, saved…
 */
#include "kit/fuzz.h"
#include "record/circle.h"

enum { HEAD_SEQ = 100 };

static const uint8_t head_hash[HASH_BYTES] = "the head's hash", other[SEAL_BYTES] = "some other bytes";

void fuzz_open(void)
{
}

/* ---- acts --------------------------------------------------------------------------------------------- */

static enum err no_id_is_taken(void *of, const uint8_t *id, bool *is_taken)
{
    (void)of;
    (void)id;
    *is_taken = false;
    return ERR_OK;
}

/* Everything was said by whoever asks. */
static enum err own_words(void *of, uint64_t seq, struct circle_fact *fact)
{
    const struct entry *e = of;
    EXPECT(seq <= HEAD_SEQ);
    *fact = (struct circle_fact){.kind = ENTRY_SEALED};
    memcpy(fact->author, e->author, SIGN_PK_BYTES);
    return ERR_OK;
}

/* The next entry, as good as this state lets it be. */
static struct entry next_entry(const struct circle *c, enum entry_kind kind, size_t author, size_t which)
{
    struct entry e = {.kind = kind, .circle = c->id, .prev = head_hash, .seq = HEAD_SEQ + 1, .epoch = c->epoch,
                      .id = other, .author = author < c->member_n ? c->member[author].sign_pk : other};
    const uint8_t *invite = c->invite_n > 0 ? c->invite[which % c->invite_n].hash : other;
    memcpy(e.hash, other, HASH_BYTES);
    if (kind == ENTRY_INVITE) {
        e.body.invite.invite_pk = other;
        e.body.invite.expires_ms = 1;
    } else if (kind == ENTRY_JOIN) {
        e.body.join.invite_hash = invite;
        e.body.join.box_pk = e.body.join.proof = e.body.join.seal = other;
    } else if (kind == ENTRY_ROTATE) {
        e.epoch = c->epoch + 1;
        e.body.rotate.kid = other;
        e.body.rotate.seal_n = c->member_n;
        for (size_t i = 0; i < c->member_n; i++) e.body.rotate.seal[i] = other;
    } else if (kind == ENTRY_REDACT) {
        e.body.redact.seq_n = 1;
        e.body.redact.seq[0] = which;
    } else if (kind == ENTRY_CONSENT) {
        e.body.consent.invite_hash = invite;
    }
    return e;
}

static void expect_possible(const struct circle *c)
{
    EXPECT(c->is_begun && c->member_n <= LIMIT_MEMBERS && c->invite_n <= LIMIT_OPEN_INVITES);
    EXPECT(c->joiner_owes <= c->member_n && c->may_invite <= c->member_n);
    EXPECT(c->epoch <= LIMIT_NUMBER && c->ended_n <= LIMIT_NUMBER);
    for (size_t i = 0; i < c->invite_n; i++) {
        bool is_agreed = circle_invite_is_agreed(c, &c->invite[i]);
        EXPECT(is_agreed == (c->invite[i].consents == (UINT32_C(1) << c->member_n) - 1));
        EXPECT(circle_knows_invite(c, c->invite[i].hash) && circle_open_invite(c, c->invite[i].hash) != NULL);
    }
    for (size_t i = 0; i < c->member_n; i++) {
        int found = circle_member_index(c, c->member[i].sign_pk);
        EXPECT(found >= 0 && (size_t)found <= i);
    }
}

static void try_next(const struct circle *c, struct fuzz_in *in)
{
    static const enum entry_kind kinds[] = {ENTRY_INVITE, ENTRY_JOIN,   ENTRY_LEAVE,  ENTRY_ROTATE,
                                            ENTRY_REDACT, ENTRY_CONSENT, ENTRY_SEALED, ENTRY_GENESIS};
    enum entry_kind kind = kinds[fuzz_below(in, sizeof kinds / sizeof *kinds)];
    size_t author = fuzz_below(in, LIMIT_MEMBERS + 1), which = fuzz_below(in, HEAD_SEQ + 4);
    struct circle after = *c;
    struct why why = {.code = ERR_OK};
    struct entry e = next_entry(c, kind, author, which);
    struct circle_past past = {&e, no_id_is_taken, own_words};
    struct circle_terms terms = {.is_signed = true, .payload_fits = true};
    if (kind == ENTRY_GENESIS || circle_judge(c, &e, &past, &terms, &why) != ERR_OK) return;
    (void)circle_advance(&after, &e);
    if (after.epoch <= LIMIT_NUMBER && after.ended_n <= LIMIT_NUMBER) expect_possible(&after);
}

/* ---- loading ------------------------------------------------------------------------------------------ */

void fuzz_one(struct str input)
{
    uint8_t memory[CIRCLE_SAVED_BYTES];
    struct out saved = OUT_OVER(memory);
    struct circle c, before;
    struct fuzz_in in = {input};
    struct str act = fuzz_bytes(&in, 3);
    memset(&c, 0x5a, sizeof c);
    memcpy(&before, &c, sizeof c);
    enum err e = circle_load(&c, in.left, HEAD_SEQ, head_hash);
    if (e != ERR_OK) {
        EXPECT(e == ERR_STORE_DAMAGED && memcmp(&c, &before, sizeof c) == 0);
        return;
    }
    EXPECT(c.head_seq == HEAD_SEQ && memcmp(c.head_hash, head_hash, HASH_BYTES) == 0);
    expect_possible(&c);
    circle_save(&saved, &c);
    EXPECT(!saved.is_full && str_is(out_str(&saved), in.left));
    in.left = act;
    try_next(&c, &in);
    fuzz_good();
}
