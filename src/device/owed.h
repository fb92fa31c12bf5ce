/* owed.h -- what a member's device does by itself: it changes the key when somebody left or when it was shut out,
 * and hands keys to whoever was. Only after the whole record is verified.
 */
#ifndef DEVICE_OWED_H
#define DEVICE_OWED_H

#include "device/copy.h"

enum { OWED_KEYS_BYTES = EPOCH_KEYS * (KEY_BYTES + 16) + 16 };

/* owed_rotate -- why I have to change the key now, as the content of an ITEM_MEND: ROTATE_LOCKED or ROTATE_LEFT;
 * 0: I need not. */
uint8_t owed_rotate(const struct copy *copy) NONNULL;

/* owed_keys_are_due -- whether somebody was shut out, has changed the key, and waits for what I hold. */
bool owed_keys_are_due(const struct copy *copy) NONNULL;

/* owed_keys_put -- appends the content of an ITEM_KEYS: the keys that I may hand to all who are in now, of epochs
 * in which each of them was in. False: there are none, and nothing is appended. */
bool owed_keys_put(const struct copy *copy, struct out *text) NONNULL;

#endif
