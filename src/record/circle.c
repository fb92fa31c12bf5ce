/* circle.c -- see circle.h. How the state is saved stands in circle_save.c. */
#include "record/circle.h"

#include "record/epoch.h"
#include "record/invite.h"

#define LONGEST_INVITE_MS (UINT64_C(24) * 60 * 60 * 1000 * LIMIT_INVITE_DAYS)

/* ---- looking ---------------------------------------------------------------------------------- */

static bool same_hash(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, HASH_BYTES) == 0;
}

int circle_member_index(const struct circle *circle, const uint8_t sign_pk[static SIGN_PK_BYTES])
{
    for (size_t i = 0; i < circle->member_n; i++) {
        if (memcmp(circle->member[i].sign_pk, sign_pk, SIGN_PK_BYTES) == 0) return (int)i;
    }
    return -1;
}

const struct circle_invite *circle_open_invite(const struct circle *circle, const uint8_t hash[static HASH_BYTES])
{
    for (size_t i = 0; i < circle->invite_n; i++) {
        if (same_hash(circle->invite[i].hash, hash)) return &circle->invite[i];
    }
    return NULL;
}

bool circle_invite_is_agreed(const struct circle *circle, const struct circle_invite *invite)
{
    uint32_t everyone = (UINT32_C(1) << circle->member_n) - 1;
    return (invite->consents & everyone) == everyone;
}

static const struct circle_ended *ended_invite(const struct circle *circle, const uint8_t *hash)
{
    uint64_t known_n = circle->ended_n < LIMIT_ENDED_INVITES ? circle->ended_n : LIMIT_ENDED_INVITES;
    for (uint64_t i = 0; i < known_n; i++) {
        if (same_hash(circle->ended[i].hash, hash)) return &circle->ended[i];
    }
    return NULL;
}

bool circle_knows_invite(const struct circle *circle, const uint8_t hash[static HASH_BYTES])
{
    return circle_open_invite(circle, hash) != NULL || ended_invite(circle, hash) != NULL;
}

bool circle_may_rest(const struct circle *circle)
{
    return circle->joiner_owes == 0;
}

/* ---- judging: one rule a function, in the order in which they are asked ------------------------- */

/* Everything a rule may look at. */
struct judging {
    const struct circle *circle;
    const struct entry *entry;
    const struct circle_past *past;
    const struct circle_terms *terms;
    int author; /* index among the members, or -1 */
    struct why *why;
};

static enum err refuse(struct judging *j, enum err e, const char *field, uint64_t at)
{
    *j->why = (struct why){.code = e, .field = field, .at = at};
    return e;
}

/* Does it stand where it says: in this circle, right behind the head, under an id of its own? */
static enum err judge_place(struct judging *j)
{
    const struct circle *c = j->circle;
    const struct entry *e = j->entry;
    bool is_genesis = e->kind == ENTRY_GENESIS, is_taken = false;
    if (!c->is_begun) {
        return is_genesis ? ERR_OK : refuse(j, ERR_BAD_ENTRY, "kind", 0); /* a record begins with its genesis */
    }
    if (!same_hash(is_genesis ? e->hash : e->circle, c->id)) return refuse(j, ERR_WRONG_CIRCLE, "circle", 0);
    if (is_genesis || e->seq != c->head_seq + 1 || !same_hash(e->prev, c->head_hash)) {
        return refuse(j, ERR_HEAD_MOVED, "prev", c->head_seq);
    }
    enum err err = j->past->id_is_taken(j->past->of, e->id, &is_taken);
    if (err != ERR_OK) return refuse(j, err, "id", 0);
    return is_taken ? refuse(j, ERR_ID_TAKEN, "id", 0) : ERR_OK;
}

/* Former members may erase what is theirs: whoever wrote one of the targets has been a member. */
static enum err judge_former_author(struct judging *j)
{
    const struct entry *e = j->entry;
    for (size_t i = 0; e->kind == ENTRY_REDACT && i < e->body.redact.seq_n; i++) {
        struct circle_fact fact;
        if (e->body.redact.seq[i] > j->circle->head_seq) continue;
        enum err err = j->past->fact_at(j->past->of, e->body.redact.seq[i], &fact);
        if (err != ERR_OK) return refuse(j, err, "seqs", i);
        if (memcmp(fact.author, e->author, SIGN_PK_BYTES) == 0) return ERR_OK;
    }
    return refuse(j, ERR_NOT_MEMBER, "author", 0);
}

static enum err judge_author(struct judging *j)
{
    if (!j->terms->is_signed) return refuse(j, ERR_BAD_SIGNATURE, "sig", 0);
    if (j->entry->kind == ENTRY_GENESIS) return ERR_OK;
    if (j->entry->kind == ENTRY_JOIN) return j->author < 0 ? ERR_OK : refuse(j, ERR_ALREADY_MEMBER, "author", 0);
    return j->author < 0 ? judge_former_author(j) : ERR_OK;
}

/* After a join only the joiner's rotate; after a leave only rotate, leave and redact. */
static enum err judge_key_change(struct judging *j)
{
    const struct circle *c = j->circle;
    enum entry_kind kind = j->entry->kind;
    if (c->joiner_owes != 0) {
        bool is_owed = kind == ENTRY_ROTATE && j->author == c->joiner_owes - 1;
        return is_owed ? ERR_OK : refuse(j, ERR_ROTATE_REQUIRED, "kind", 0);
    }
    bool may_come_first = kind == ENTRY_ROTATE || kind == ENTRY_LEAVE || kind == ENTRY_REDACT;
    return c->must_rotate && !may_come_first ? refuse(j, ERR_ROTATE_REQUIRED, "kind", 0) : ERR_OK;
}

static enum err judge_epoch(struct judging *j)
{
    if (j->entry->kind == ENTRY_GENESIS) return ERR_OK;
    uint64_t wanted = j->circle->epoch + (j->entry->kind == ENTRY_ROTATE ? 1 : 0);
    return j->entry->epoch == wanted ? ERR_OK : refuse(j, ERR_EPOCH_STALE, "epoch", j->circle->epoch);
}

static enum err judge_clock(struct judging *j)
{
    if (!j->terms->is_live) return ERR_OK;
    uint64_t a = j->entry->time_ms, b = j->terms->now_ms;
    uint64_t skew_ms = a > b ? a - b : b - a;
    return skew_ms <= LIMIT_CLOCK_SKEW_MS ? ERR_OK : refuse(j, ERR_CLOCK_SKEW, "time", b);
}

static enum err judge_genesis(struct judging *j)
{
    return epoch_box_pk_is_usable(j->entry->body.genesis.box_pk) ? ERR_OK : refuse(j, ERR_BAD_KEY, "box_pk", 0);
}

static enum err judge_invite(struct judging *j)
{
    const struct circle *c = j->circle;
    const struct entry *e = j->entry;
    uint64_t expires_ms = e->body.invite.expires_ms;
    if (c->is_sole) return refuse(j, ERR_SOLE_CIRCLE, "kind", 0);
    if (c->may_invite != j->author + 1) return refuse(j, ERR_ROTATE_REQUIRED, "kind", 0);
    if (expires_ms <= e->time_ms) return refuse(j, ERR_INVITE_EXPIRED, "expiry", 0);
    if (expires_ms - e->time_ms > LONGEST_INVITE_MS) return refuse(j, ERR_BAD_ENTRY, "expiry", 0);
    for (size_t i = 0; i < c->invite_n; i++) {
        bool is_reused = same_hash(c->invite[i].invite_pk, e->body.invite.invite_pk);
        if (is_reused) return refuse(j, ERR_BAD_KEY, "invite_pk", i);
    }
    return c->invite_n < LIMIT_OPEN_INVITES ? ERR_OK : refuse(j, ERR_TOO_MANY_INVITES, "kind", 0);
}

/* The open, unexpired invite that a join or a consent names. */
static enum err judge_invite_named(struct judging *j, const uint8_t *hash, const struct circle_invite **invite)
{
    *invite = circle_open_invite(j->circle, hash);
    if (*invite == NULL) {
        const struct circle_ended *ended = ended_invite(j->circle, hash);
        bool was_used = ended != NULL && ended->how == INVITE_WAS_USED;
        return refuse(j, was_used ? ERR_INVITE_USED : ERR_INVITE_VOID, "invite", 0);
    }
    bool is_late = j->entry->time_ms > (*invite)->expires_ms;
    return is_late ? refuse(j, ERR_INVITE_EXPIRED, "invite", 0) : ERR_OK;
}

static enum err judge_join(struct judging *j)
{
    const struct circle *c = j->circle;
    const struct entry *e = j->entry;
    const struct circle_invite *invite;
    if (c->is_sole) return refuse(j, ERR_SOLE_CIRCLE, "kind", 0);
    enum err err = judge_invite_named(j, e->body.join.invite_hash, &invite);
    if (err != ERR_OK) return err;
    if (!circle_invite_is_agreed(c, invite)) return refuse(j, ERR_CONSENT_MISSING, "invite", 0);
    if (!invite_proof_fits(e->body.join.proof, invite->invite_pk, c->id, invite->hash, e->author,
                           e->body.join.box_pk)) {
        return refuse(j, ERR_BAD_PROOF, "proof", 0);
    }
    if (!epoch_box_pk_is_usable(e->body.join.box_pk)) return refuse(j, ERR_BAD_KEY, "box_pk", 0);
    return c->member_n < LIMIT_MEMBERS ? ERR_OK : refuse(j, ERR_FULL, "kind", 0);
}

static enum err judge_leave(struct judging *j)
{
    return j->circle->is_sole ? refuse(j, ERR_SOLE_CIRCLE, "kind", 0) : ERR_OK;
}

static enum err judge_rotate(struct judging *j)
{
    const struct entry *e = j->entry;
    if (e->body.rotate.seal_n != j->circle->member_n) return refuse(j, ERR_BAD_BOXES, "boxes", e->body.rotate.seal_n);
    for (size_t i = 0; i < e->body.rotate.seal_n; i++) {
        if (e->body.rotate.seal[i] == NULL) return refuse(j, ERR_BAD_BOXES, "boxes", i);
    }
    return ERR_OK;
}

static enum err judge_redact(struct judging *j)
{
    const struct entry *e = j->entry;
    for (size_t i = 0; i < e->body.redact.seq_n; i++) {
        uint64_t seq = e->body.redact.seq[i];
        struct circle_fact fact;
        if (seq > j->circle->head_seq) return refuse(j, ERR_BAD_REDACT, "seqs", i);
        for (size_t k = 0; k < i; k++) {
            if (e->body.redact.seq[k] == seq) return refuse(j, ERR_BAD_REDACT, "seqs", i);
        }
        enum err err = j->past->fact_at(j->past->of, seq, &fact);
        if (err != ERR_OK) return refuse(j, err, "seqs", i);
        bool is_own = memcmp(fact.author, e->author, SIGN_PK_BYTES) == 0;
        if (!is_own || fact.kind != ENTRY_SEALED || fact.is_erased) return refuse(j, ERR_BAD_REDACT, "seqs", i);
    }
    return ERR_OK;
}

static enum err judge_consent(struct judging *j)
{
    const struct circle_invite *invite;
    enum err err = judge_invite_named(j, j->entry->body.consent.invite_hash, &invite);
    if (err != ERR_OK) return err;
    bool is_given = (invite->consents >> j->author & 1) != 0;
    return is_given ? refuse(j, ERR_CONSENT_GIVEN, "invite", 0) : ERR_OK;
}

static enum err judge_kind(struct judging *j)
{
    switch (j->entry->kind) {
    case ENTRY_GENESIS: return judge_genesis(j);
    case ENTRY_INVITE: return judge_invite(j);
    case ENTRY_JOIN: return judge_join(j);
    case ENTRY_LEAVE: return judge_leave(j);
    case ENTRY_ROTATE: return judge_rotate(j);
    case ENTRY_REDACT: return judge_redact(j);
    case ENTRY_CONSENT: return judge_consent(j);
    case ENTRY_SEALED: return ERR_OK;
    }
    misuse("circle_judge: a kind that entry_read does not give");
}

static enum err judge_payload(struct judging *j)
{
    bool is_erased = j->entry->payload.len == 0 && j->entry->kind == ENTRY_SEALED;
    if (is_erased && j->terms->may_lack_payload) return ERR_OK;
    return j->terms->payload_fits ? ERR_OK : refuse(j, ERR_PAYLOAD_MISMATCH, "payload", 0);
}

enum err circle_judge(const struct circle *circle, const struct entry *entry, const struct circle_past *past,
                      const struct circle_terms *terms, struct why *why)
{
    static enum err (*const rules[])(struct judging *) = {
        judge_place, judge_author, judge_key_change, judge_epoch, judge_clock, judge_kind, judge_payload,
    };
    struct judging j = {circle, entry, past, terms, circle_member_index(circle, entry->author), why};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        enum err e = rules[i](&j);
        if (e != ERR_OK) return e;
    }
    return ERR_OK;
}

/* ---- advancing -------------------------------------------------------------------------------- */

static void invite_end(struct circle *c, const uint8_t *hash, enum invite_end how)
{
    struct circle_ended *ended = &c->ended[c->ended_n++ % LIMIT_ENDED_INVITES];
    memcpy(ended->hash, hash, HASH_BYTES);
    ended->how = how;
}

/* Every open invite ends; the one that was just used, if any, as used. */
static void invites_end(struct circle *c, const uint8_t *used_hash)
{
    for (size_t i = 0; i < c->invite_n; i++) {
        bool is_used = used_hash != NULL && same_hash(c->invite[i].hash, used_hash);
        invite_end(c, c->invite[i].hash, is_used ? INVITE_WAS_USED : INVITE_WAS_VOIDED);
    }
    memset(c->invite, 0, sizeof c->invite);
    c->invite_n = 0;
}

static void member_add(struct circle *c, const struct entry *e, const uint8_t *box_pk)
{
    struct circle_member *m = &c->member[c->member_n++];
    memcpy(m->sign_pk, e->author, SIGN_PK_BYTES);
    memcpy(m->box_pk, box_pk, BOX_PK_BYTES);
    m->joined_seq = e->seq;
    m->from_epoch = e->epoch;
}

static void member_remove(struct circle *c, size_t index)
{
    c->member_n--;
    memmove(&c->member[index], &c->member[index + 1], (c->member_n - index) * sizeof *c->member);
    memset(&c->member[c->member_n], 0, sizeof *c->member);
}

static void invite_add(struct circle *c, const struct entry *e, int author)
{
    struct circle_invite *invite = &c->invite[c->invite_n++];
    memcpy(invite->hash, e->hash, HASH_BYTES);
    memcpy(invite->invite_pk, e->body.invite.invite_pk, SIGN_PK_BYTES);
    invite->seq = e->seq;
    invite->expires_ms = e->body.invite.expires_ms;
    invite->consents = UINT32_C(1) << author;
}

static void begin(struct circle *c, const struct entry *e)
{
    memset(c, 0, sizeof *c);
    memcpy(c->id, e->hash, HASH_BYTES);
    memcpy(c->kid, e->body.genesis.kid, HASH_BYTES);
    c->is_begun = true;
    c->is_sole = e->body.genesis.is_sole;
    member_add(c, e, e->body.genesis.box_pk);
}

static void consent_add(struct circle *c, const struct entry *e, int author)
{
    for (size_t i = 0; i < c->invite_n; i++) {
        if (same_hash(c->invite[i].hash, e->body.consent.invite_hash)) c->invite[i].consents |= UINT32_C(1) << author;
    }
}

static void rotate(struct circle *c, const struct entry *e)
{
    invites_end(c, NULL);
    memcpy(c->kid, e->body.rotate.kid, HASH_BYTES);
    c->epoch = e->epoch;
    c->must_rotate = false;
    c->joiner_owes = 0;
}

bool circle_advance(struct circle *circle, const struct entry *entry)
{
    struct circle *c = circle;
    int author = circle_member_index(c, entry->author);
    uint8_t could_invite = c->may_invite;
    c->may_invite = 0;
    switch (entry->kind) {
    case ENTRY_GENESIS: begin(c, entry); break;
    case ENTRY_INVITE:
        invite_add(c, entry, author);
        c->may_invite = could_invite;
        break;
    case ENTRY_JOIN:
        invites_end(c, entry->body.join.invite_hash);
        member_add(c, entry, entry->body.join.box_pk);
        c->must_rotate = true;
        c->joiner_owes = (uint8_t)c->member_n;
        break;
    case ENTRY_LEAVE:
        invites_end(c, NULL);
        member_remove(c, (size_t)author);
        c->must_rotate = true;
        break;
    case ENTRY_ROTATE:
        rotate(c, entry);
        c->may_invite = (uint8_t)(author + 1);
        break;
    case ENTRY_CONSENT: consent_add(c, entry, author); break;
    case ENTRY_REDACT:
    case ENTRY_SEALED: break;
    }
    c->head_seq = entry->seq;
    memcpy(c->head_hash, entry->hash, HASH_BYTES);
    bool is_said_only = entry->kind == ENTRY_SEALED || entry->kind == ENTRY_REDACT;
    return !is_said_only || could_invite != 0;
}
