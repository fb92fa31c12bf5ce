/* owed.c -- see owed.h. */
#include "device/owed.h"

uint8_t owed_rotate(const struct copy *copy)
{
    if (!copy_is_in(copy) || copy->chain.circle.joiner_owes != 0) return 0;
    if (copy_is_locked_out(copy)) return ROTATE_LOCKED;
    return copy->chain.circle.must_rotate ? ROTATE_LEFT : 0;
}

bool owed_keys_are_due(const struct copy *copy)
{
    if (copy->locked_seq == 0 || !copy_is_in(copy) || copy_is_locked_out(copy)) return false;
    const uint8_t *who = index_row(&copy->chain.index, copy->locked_seq)->author;
    bool is_mine = memcmp(who, copy->me->sign_pk, SIGN_PK_BYTES) == 0;
    if (copy->chain.circle.invite_n > 0) return false; /* an open link opens this epoch, and must open no other (A5) */
    return copy->keys_seq < copy->locked_seq && !is_mine && circle_member_index(&copy->chain.circle, who) >= 0;
}

bool owed_keys_put(const struct copy *copy, struct out *text)
{
    const struct circle *circle = &copy->chain.circle;
    struct epoch_key key[EPOCH_KEYS];
    uint64_t first = 0;
    size_t n = 0;
    for (size_t i = 0; i < circle->member_n; i++) {
        if (circle->member[i].from_epoch > first) first = circle->member[i].from_epoch;
    }
    if (copy->locked_epoch > EPOCH_KEYS && first < copy->locked_epoch - EPOCH_KEYS) {
        first = copy->locked_epoch - EPOCH_KEYS;
    }
    for (uint64_t epoch = first; epoch < copy->locked_epoch; epoch++) {
        const struct copy_key *held = copy_key_of(copy, epoch);
        if (held == NULL) continue;
        key[n].epoch = epoch;
        memcpy(key[n++].key, held->key, KEY_BYTES);
    }
    if (n > 0) epoch_keys_put(text, key, n);
    wipe(key, sizeof key);
    return n > 0;
}
