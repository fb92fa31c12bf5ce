/* sign.c -- see sign.h. */
#include "device/sign.h"

#include "record/invite.h"

#define CEILING_BYTES ((size_t)8 * LIMIT_BODY_BYTES)

void sign_init(struct sign *signer, struct copy *copy, uint64_t now_ms)
{
    *signer = (struct sign){.copy = copy, .at = copy->chain.circle, .now_ms = now_ms};
    arena_init(&signer->a, CEILING_BYTES);
    signer->a.holds_secrets = true;
}

void sign_fini(struct sign *signer)
{
    arena_fini(&signer->a);
    wipe(signer, sizeof *signer);
}

/* ---- parts --------------------------------------------------------------------------------------------- */

static const uint8_t *keep(struct sign *s, const void *bytes, size_t n)
{
    return arena_copy(&s->a, str_at(bytes, n)).at;
}

static const uint8_t *key_of(const struct sign *s, uint64_t epoch)
{
    for (size_t i = 0; i < s->made_n; i++) {
        if (s->made[i].epoch == epoch) return s->made[i].key;
    }
    const struct copy_key *held = copy_key_of(s->copy, epoch);
    return held != NULL ? held->key : NULL;
}

/* A new epoch key, as a kid, and sealed to somebody. */
struct fresh {
    uint8_t key[KEY_BYTES];
    const uint8_t *kid;
};

static enum err fresh_key(struct sign *s, uint64_t epoch, struct fresh *fresh)
{
    uint8_t kid[HASH_BYTES];
    if (s->made_n == SIGN_KEYS) return ERR_TOO_LARGE;
    random_fill(fresh->key, KEY_BYTES);
    epoch_kid(kid, fresh->key);
    fresh->kid = keep(s, kid, sizeof kid);
    s->made[s->made_n].epoch = epoch;
    memcpy(s->made[s->made_n++].key, fresh->key, KEY_BYTES);
    return fresh->kid == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static enum err sealed_to(struct sign *s, const uint8_t *key, const uint8_t *box_pk, const uint8_t **seal)
{
    uint8_t made[SEAL_BYTES];
    enum err e = epoch_seal(made, key, box_pk);
    if (e != ERR_OK) return e;
    *seal = keep(s, made, sizeof made);
    return *seal == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static enum err put_payload(struct sign *s, struct entry *e, struct str payload)
{
    uint8_t hash[HASH_BYTES];
    entry_payload_hash(hash, payload);
    e->payload = payload;
    e->payload_n = payload.len;
    e->payload_hash = keep(s, hash, sizeof hash);
    return e->payload_hash == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* ---- kinds --------------------------------------------------------------------------------------------- */

static enum err draft_say(struct sign *s, struct entry *e, struct str text)
{
    uint8_t content_key[KEY_BYTES];
    struct str payload;
    struct payload_place place = {e->circle, e->author, e->id, e->epoch};
    const uint8_t *key = key_of(s, e->epoch);
    if (key == NULL) return ERR_LOCKED_OUT;
    epoch_content_key(content_key, key);
    enum err err = payload_seal(&s->a, &place, content_key, text, &payload);
    wipe(content_key, sizeof content_key);
    return err == ERR_OK ? put_payload(s, e, payload) : err;
}

static enum err draft_rotate(struct sign *s, struct entry *e, struct str reason)
{
    struct fresh fresh;
    if (reason.len != 1) return ERR_BAD_FIELD;
    e->epoch = s->at.epoch + 1;
    enum err err = fresh_key(s, e->epoch, &fresh);
    e->body.rotate.kid = fresh.kid;
    e->body.rotate.reason = reason.at[0];
    e->body.rotate.seal_n = s->at.member_n;
    for (size_t i = 0; err == ERR_OK && i < s->at.member_n; i++) {
        err = sealed_to(s, fresh.key, s->at.member[i].box_pk, &e->body.rotate.seal[i]);
    }
    wipe(fresh.key, sizeof fresh.key);
    return err;
}

static enum err draft_invite(struct sign *s, struct entry *e, struct str content)
{
    uint8_t capsule[INVITE_CAPSULE_BYTES];
    struct invite_keys keys;
    struct invite_place place = {e->circle, e->prev, e->author, e->seq, e->epoch};
    const uint8_t *key = key_of(s, e->epoch);
    if (content.len != SECRET_BYTES + 8) return ERR_BAD_FIELD;
    if (key == NULL) return ERR_LOCKED_OUT;
    invite_keys_init(&keys, content.at);
    invite_capsule_make(capsule, &keys, &place, key);
    e->body.invite.invite_pk = keep(s, keys.pk, sizeof keys.pk);
    invite_keys_fini(&keys);
    for (size_t i = 0; i < 8; i++) {
        e->body.invite.expires_ms = e->body.invite.expires_ms << 8 | content.at[SECRET_BYTES + i];
    }
    const uint8_t *kept = keep(s, capsule, sizeof capsule);
    if (kept == NULL || e->body.invite.invite_pk == NULL) return ERR_NO_MEMORY;
    return put_payload(s, e, str_at(kept, sizeof capsule));
}

/* The open invitation that belongs to the secret. */
static const struct circle_invite *invite_of(const struct sign *s, const struct invite_keys *keys)
{
    for (size_t i = 0; i < s->at.invite_n; i++) {
        if (memcmp(s->at.invite[i].invite_pk, keys->pk, SIGN_PK_BYTES) == 0) return &s->at.invite[i];
    }
    return NULL;
}

/* What is in the invitation's capsule: the key of its epoch. */
static enum err open_capsule(const struct sign *s, const struct circle_invite *invite, const struct invite_keys *keys,
                             uint8_t key[static KEY_BYTES])
{
    struct entry e;
    struct why why;
    const struct copy_invite *kept = copy_find_invite(s->copy, keys->pk);
    if (kept == NULL || kept->seq != invite->seq || entry_read(kept->wire, &e, &why) != ERR_OK) return ERR_INVITE_VOID;
    struct invite_seen seen = {.place = {e.circle, e.prev, e.author, e.seq, e.epoch},
                               .payload_hash = e.payload_hash, .kid = s->at.kid};
    return invite_capsule_open(keys, e.payload, &seen, key);
}

static enum err draft_join(struct sign *s, struct entry *e, struct str content)
{
    const struct secret_identity *me = s->copy->me;
    struct invite_keys keys;
    uint8_t key[KEY_BYTES], proof[SIG_BYTES];
    if (content.len != SECRET_BYTES) return ERR_BAD_FIELD;
    invite_keys_init(&keys, content.at);
    const struct circle_invite *invite = invite_of(s, &keys);
    enum err err = invite == NULL ? ERR_INVITE_VOID : open_capsule(s, invite, &keys, key);
    if (err == ERR_OK) {
        invite_proof_make(proof, keys.sk, e->circle, invite->hash, me->sign_pk, me->box_pk);
        e->body.join.invite_hash = keep(s, invite->hash, HASH_BYTES);
        e->body.join.box_pk = keep(s, me->box_pk, BOX_PK_BYTES);
        e->body.join.proof = keep(s, proof, sizeof proof);
        e->body.join.from_epoch = e->epoch;
        err = sealed_to(s, key, me->box_pk, &e->body.join.seal);
        bool is_whole = e->body.join.invite_hash != NULL && e->body.join.box_pk != NULL && e->body.join.proof != NULL;
        if (err == ERR_OK && !is_whole) err = ERR_NO_MEMORY;
    }
    invite_keys_fini(&keys);
    wipe(key, sizeof key);
    return err;
}

static enum err draft_redact(const struct sign *s, struct entry *e, struct str content)
{
    if (content.len == 0 || content.len % 8 != 0 || content.len > 8 * LIMIT_CBOR_ITEMS) return ERR_BAD_FIELD;
    for (size_t i = 0; i < content.len / 8; i++) {
        uint64_t seq = 0;
        for (size_t k = 0; k < 8; k++) seq = seq << 8 | content.at[8 * i + k];
        if (seq >= copy_n(s->copy)) return ERR_BAD_REDACT;
        e->body.redact.seq[i] = seq;
    }
    e->body.redact.seq_n = content.len / 8;
    return ERR_OK;
}

static enum err draft_body(struct sign *s, const struct item *item, struct entry *e)
{
    switch (item->kind) {
    case ITEM_SAY:
    case ITEM_KEYS: return draft_say(s, e, item->content);
    case ITEM_ROTATE:
    case ITEM_MEND: return draft_rotate(s, e, item->content);
    case ITEM_INVITE: return draft_invite(s, e, item->content);
    case ITEM_JOIN: return draft_join(s, e, item->content);
    case ITEM_REDACT: return draft_redact(s, e, item->content);
    case ITEM_LEAVE: return ERR_OK;
    case ITEM_CONSENT:
        if (item->content.len != HASH_BYTES) return ERR_BAD_FIELD;
        e->body.consent.invite_hash = item->content.at;
        return ERR_OK;
    case ITEM_GENESIS: break;
    }
    return ERR_BAD_FIELD;
}

/* ---- signing ------------------------------------------------------------------------------------------- */

/* Signs, reads back, judges, and goes on behind it. */
static enum err put_signed(struct sign *s, struct entry *draft, struct entry *entry, struct why *why)
{
    size_t cap = LIMIT_HEADER_BYTES + SIG_BYTES + draft->payload.len + 32;
    uint8_t *memory = arena_take(&s->a, cap);
    if (memory == NULL) return ERR_NO_MEMORY;
    struct out wire = out_over(memory, cap);
    entry_write(&wire, draft, s->copy->me->sign_sk);
    EXPECT(!wire.is_full);
    enum err e = entry_read(out_str(&wire), entry, why);
    if (e != ERR_OK) return e;
    struct circle_past past = index_past(&s->copy->chain.index);
    struct circle_terms terms = {.is_signed = true, .payload_fits = true};
    e = circle_judge(&s->at, entry, &past, &terms, why);
    if (e == ERR_OK) circle_advance(&s->at, entry);
    return e;
}

static struct entry draft_next(const struct sign *s, enum entry_kind kind, const uint8_t *id)
{
    return (struct entry){.author = s->copy->me->sign_pk, .id = id, .kind = kind, .time_ms = s->now_ms,
                          .epoch = s->at.epoch};
}

enum err sign_item(struct sign *signer, const struct item *item, struct entry *entry, struct why *why)
{
    struct sign *s = signer;
    struct entry e = draft_next(s, item_entry_kind(item->kind), item->id);
    e.circle = keep(s, s->at.id, HASH_BYTES);
    e.prev = keep(s, s->at.head_hash, HASH_BYTES);
    e.seq = s->at.head_seq + 1;
    *why = (struct why){0};
    enum err err = e.circle == NULL || e.prev == NULL ? ERR_NO_MEMORY : draft_body(s, item, &e);
    if (err == ERR_OK) err = put_signed(s, &e, entry, why);
    if (err != ERR_OK) why->code = err;
    return err;
}

enum err sign_genesis(struct sign *signer, bool is_sole, struct entry *entry, struct why *why)
{
    struct sign *s = signer;
    struct fresh fresh;
    uint8_t id[ID_BYTES], salt[SALT_BYTES];
    random_fill(id, sizeof id);
    random_fill(salt, sizeof salt);
    struct entry e = draft_next(s, ENTRY_GENESIS, keep(s, id, sizeof id));
    *why = (struct why){0};
    enum err err = fresh_key(s, 0, &fresh);
    e.body.genesis.box_pk = s->copy->me->box_pk;
    e.body.genesis.kid = fresh.kid;
    e.body.genesis.salt = keep(s, salt, sizeof salt);
    e.body.genesis.is_sole = is_sole;
    if (e.id == NULL || e.body.genesis.salt == NULL) err = ERR_NO_MEMORY;
    if (err == ERR_OK) err = sealed_to(s, fresh.key, e.body.genesis.box_pk, &e.body.genesis.seal);
    if (err == ERR_OK) err = put_signed(s, &e, entry, why);
    wipe(fresh.key, sizeof fresh.key);
    if (err != ERR_OK) why->code = err;
    return err;
}
