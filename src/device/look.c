/* look.c -- see look.h. */
#include "device/look.h"

static enum err open_capsule(struct copy *copy, const struct entry *e, const struct invite_keys *keys)
{
    uint8_t key[KEY_BYTES];
    struct invite_seen seen = {.place = {e->circle, e->prev, e->author, e->seq, e->epoch},
                               .payload_hash = e->payload_hash, .kid = copy->chain.circle.kid};
    enum err err = invite_capsule_open(keys, e->payload, &seen, key);
    if (err == ERR_OK) err = copy_open_with(copy, e->epoch, key);
    wipe(key, sizeof key);
    return err;
}

static enum err open_invite(struct copy *copy, const struct invite_keys *keys, uint64_t seq, struct look_seen *seen)
{
    struct entry e;
    struct why why;
    const struct copy_invite *invite = copy_find_invite(copy, keys->pk);
    if (invite == NULL || invite->seq != seq || entry_read(invite->wire, &e, &why) != ERR_OK) return ERR_BROKEN_CHAIN;
    const struct circle_invite *open = circle_open_invite(&copy->chain.circle, e.hash);
    if (open == NULL) return ERR_NO_INVITE;
    if (!circle_invite_is_agreed(&copy->chain.circle, open)) return ERR_CONSENT_MISSING;
    enum err err = open_capsule(copy, &e, keys);
    if (err != ERR_OK) return err;
    memcpy(seen->inviter, e.author, SIGN_PK_BYTES);
    seen->expires_ms = e.body.invite.expires_ms;
    return ERR_OK;
}

enum err look_open(struct copy *copy, const uint8_t secret[static SECRET_BYTES], uint64_t seq, struct look_seen *seen)
{
    struct invite_keys keys;
    struct look_seen found;
    if (!chain_is_settled(&copy->chain)) return ERR_BROKEN_CHAIN;
    invite_keys_init(&keys, secret);
    enum err e = open_invite(copy, &keys, seq, &found);
    invite_keys_fini(&keys);
    if (e == ERR_OK) e = copy_fold(copy);
    if (e == ERR_OK) *seen = found;
    return e;
}
