/* acts.c -- see acts.h. */
#include "kit/acts.h"

enum { PAYLOAD_MOST = 64 };

struct acts_world acts_world;

void acts_world_init(void)
{
    for (size_t i = 0; i < ACTS_PEOPLE; i++) person_init(&acts_world.person[i], "somebody", i);
    for (size_t i = 0; i < ACTS_SECRETS; i++) {
        const uint8_t secret[SECRET_BYTES] = {(uint8_t)i};
        invite_keys_init(&acts_world.invite[i], secret);
    }
}

int acts_who(const uint8_t *sign_pk)
{
    for (int i = 0; i < ACTS_PEOPLE; i++) {
        if (memcmp(acts_world.person[i].keys.sign_pk, sign_pk, SIGN_PK_BYTES) == 0) return i;
    }
    return -1;
}

const uint8_t *acts_keep(struct acts *acts, const void *bytes, size_t n)
{
    struct str copy = arena_copy(acts->arena, str_at(bytes, n));
    EXPECT(copy.at != NULL);
    return copy.at;
}

const uint8_t *acts_zeros(struct acts *acts, size_t n)
{
    uint8_t *bytes = arena_take(acts->arena, n);
    EXPECT(bytes != NULL);
    return bytes;
}

/* ---- as they should be -------------------------------------------------------------------------------- */

static const struct secret_identity *keys_of(size_t who)
{
    return &acts_world.person[who].keys;
}

struct entry acts_next(struct acts *acts, size_t by, enum entry_kind kind)
{
    const struct circle *c = acts->at;
    uint8_t id[ID_BYTES];
    random_fill(id, sizeof id);
    struct entry e = {.kind = kind, .author = keys_of(by)->sign_pk, .id = acts_keep(acts, id, sizeof id)};
    e.time_ms = acts->time_ms;
    if (kind == ENTRY_GENESIS) return e;
    e.circle = acts_keep(acts, c->id, HASH_BYTES);
    e.prev = acts_keep(acts, c->head_hash, HASH_BYTES);
    e.seq = c->is_begun ? c->head_seq + 1 : 1;
    e.epoch = c->epoch + (kind == ENTRY_ROTATE);
    return e;
}

struct entry acts_genesis(struct acts *acts, size_t by, bool is_sole)
{
    struct entry e = acts_next(acts, by, ENTRY_GENESIS);
    e.body.genesis.box_pk = keys_of(by)->box_pk;
    e.body.genesis.kid = acts_zeros(acts, HASH_BYTES);
    e.body.genesis.seal = acts_zeros(acts, SEAL_BYTES);
    e.body.genesis.salt = acts_zeros(acts, SALT_BYTES);
    e.body.genesis.is_sole = is_sole;
    return e;
}

struct entry acts_rotate(struct acts *acts, size_t by, size_t seal_n)
{
    struct entry e = acts_next(acts, by, ENTRY_ROTATE);
    e.body.rotate.kid = acts_zeros(acts, HASH_BYTES);
    e.body.rotate.seal_n = seal_n;
    for (size_t i = 0; i < seal_n; i++) e.body.rotate.seal[i] = acts_zeros(acts, SEAL_BYTES);
    return e;
}

struct entry acts_invite(struct acts *acts, size_t by, size_t secret, uint64_t expires_ms)
{
    struct entry e = acts_next(acts, by, ENTRY_INVITE);
    e.body.invite.invite_pk = acts_world.invite[secret].pk;
    e.body.invite.expires_ms = expires_ms;
    draft_payload(acts->arena, &e, STR("a capsule"));
    return e;
}

struct entry acts_consent(struct acts *acts, size_t by, const uint8_t *invite_hash)
{
    struct entry e = acts_next(acts, by, ENTRY_CONSENT);
    e.body.consent.invite_hash = acts_keep(acts, invite_hash, HASH_BYTES);
    return e;
}

struct entry acts_join(struct acts *acts, size_t by, const uint8_t *invite_hash)
{
    const struct circle_invite *open = circle_open_invite(acts->at, invite_hash);
    struct entry e = acts_next(acts, by, ENTRY_JOIN);
    uint8_t proof[SIG_BYTES] = {0};
    for (size_t i = 0; open != NULL && i < ACTS_SECRETS; i++) {
        const struct invite_keys *invite = &acts_world.invite[i];
        if (memcmp(invite->pk, open->invite_pk, SIGN_PK_BYTES) != 0) continue;
        invite_proof_make(proof, invite->sk, e.circle, open->hash, e.author, keys_of(by)->box_pk);
    }
    e.body.join.invite_hash = acts_keep(acts, invite_hash, HASH_BYTES);
    e.body.join.box_pk = keys_of(by)->box_pk;
    e.body.join.proof = acts_keep(acts, proof, sizeof proof);
    e.body.join.seal = acts_zeros(acts, SEAL_BYTES);
    e.body.join.from_epoch = e.epoch;
    return e;
}

struct entry acts_words(struct acts *acts, size_t by, size_t payload_n)
{
    struct entry e = acts_next(acts, by, ENTRY_SEALED);
    draft_payload(acts->arena, &e, str_at(acts_zeros(acts, payload_n), payload_n));
    return e;
}

/* ---- as an input wants them --------------------------------------------------------------------------- */

static struct entry some_redact(struct acts *acts, size_t by, struct fuzz_in *in)
{
    struct entry e = acts_next(acts, by, ENTRY_REDACT);
    e.body.redact.seq_n = 1 + fuzz_below(in, 4);
    for (size_t i = 0; i < e.body.redact.seq_n; i++) e.body.redact.seq[i] = fuzz_byte(in) % (e.seq + 1);
    return e;
}

/* An invitation that is open; where there is none, one that ended; where there never was any, none that is. */
static const uint8_t *some_invite(struct acts *acts, struct fuzz_in *in)
{
    const struct circle *c = acts->at;
    size_t i = fuzz_byte(in), ended_n = c->ended_n < LIMIT_ENDED_INVITES ? c->ended_n : LIMIT_ENDED_INVITES;
    if (c->invite_n > 0 && i < 128) return c->invite[i % c->invite_n].hash;
    return ended_n > 0 ? c->ended[i % ended_n].hash : c->id;
}

struct entry acts_some(struct acts *acts, size_t by, struct fuzz_in *in)
{
    uint64_t later_ms = acts->time_ms;
    size_t seal_n = acts->at->member_n;
    switch (fuzz_below(in, 8)) {
    case 0: return acts_genesis(acts, by, fuzz_below(in, 2) == 1);
    case 1:
        if (fuzz_below(in, 4) == 1) seal_n = fuzz_below(in, LIMIT_MEMBERS + 2);
        return acts_rotate(acts, by, seal_n);
    case 2:
        later_ms += fuzz_below(in, 20) * ACTS_DAY_MS;
        return acts_invite(acts, by, fuzz_below(in, ACTS_SECRETS), later_ms);
    case 3: return acts_consent(acts, by, some_invite(acts, in));
    case 4: return acts_join(acts, by, some_invite(acts, in));
    case 5: return acts_next(acts, by, ENTRY_LEAVE);
    case 6: return some_redact(acts, by, in);
    default: return acts_words(acts, by, 1 + fuzz_below(in, PAYLOAD_MOST));
    }
}

void acts_spoil(struct acts *acts, struct entry *e, struct fuzz_in *in)
{
    bool is_genesis = e->kind == ENTRY_GENESIS, has_payload = entry_has_payload(e->kind);
    switch (fuzz_below(in, 32)) {
    case 1: e->seq = fuzz_byte(in); break;
    case 2: e->epoch = fuzz_byte(in); break;
    case 3: e->prev = is_genesis ? NULL : acts_zeros(acts, HASH_BYTES); break;
    case 4: e->circle = is_genesis ? NULL : acts_zeros(acts, HASH_BYTES); break;
    case 5: e->time_ms = fuzz_number(in) & LIMIT_NUMBER; break;
    case 6: e->payload = (struct str){0}; break; /* erased */
    case 7: e->payload = has_payload ? STR("other words") : e->payload; break;
    case 8: e->id = acts_zeros(acts, ID_BYTES); break;
    default: break;
    }
}

struct str acts_sign(struct acts *acts, const struct entry *e, size_t signer)
{
    return draft_sign(acts->arena, e, &acts_world.person[signer]);
}
