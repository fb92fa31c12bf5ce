/* payload.h -- what people say: sealed for the circle, padded, and bound to its entry.
 *
 *   payload = nonce || AEAD(content key, padded text, "troth1:payload.." || circle || author || epoch || id)
 *
 * Bound to who says it, where, and in which epoch, but not to its position: signing an entry anew at
 * another head seals nothing anew. The text is one CBOR map:
 *
 *   text = { 1: type, ? 23: written, ... }      written: when it was written, in ms; a claim, only shown
 *
 * Whatever does not open, or is no such map, is ERR_UNREADABLE: shown as an entry that cannot be read
 * and otherwise passed over, never a reason to refuse the chain.
 *
 * Source   docs/protocol.md, "Entry"; docs/protocol.cddl
 */
#ifndef RECORD_PAYLOAD_H
#define RECORD_PAYLOAD_H

#include "base/arena.h"
#include "base/cbor.h"
#include "record/aead.h"
#include "record/pad.h"

/* The numbers are the protocol's. A type that is not here was made by a newer Troth. */
enum payload_type {
    PAYLOAD_PROFILE = 1,    /* a member's name and how they wish to be addressed            */
    PAYLOAD_NOTE = 2,
    PAYLOAD_PROMISE = 3,
    PAYLOAD_AGREEMENT = 4,
    PAYLOAD_ASK = 5,        /* a question to everyone: round_act.h                          */
    PAYLOAD_COMMIT = 6,     /* an answer, sealed                                            */
    PAYLOAD_REVEAL = 7,     /* the key to it                                                */
    PAYLOAD_CLOSE = 8,      /* ends a round that not everyone answered                      */
    PAYLOAD_REPAIR = 9,
    PAYLOAD_CHECKIN = 10,
    PAYLOAD_MOVED = 11,     /* names the circle that goes on from here                      */
    PAYLOAD_ATTACHMENT = 12,
    PAYLOAD_KEYS = 13,      /* epoch keys for a member who was shut out: epoch.h            */
    PAYLOAD_RESIDUE = 14,   /* what stays of an act whose words were erased: redact.h       */
    PAYLOAD_CIRCLE = 15,    /* what the circle is called, and what kind it is               */
    PAYLOAD_DEVICE = 16,    /* in a journal: a device signed in                             */
};

enum {
    PAYLOAD_KEY_TYPE = 1,
    PAYLOAD_KEY_WRITTEN = 23,
    PAYLOAD_OVERHEAD_BYTES = AEAD_NONCE_BYTES + AEAD_TAG_BYTES,
    PAYLOAD_TEXT_BYTES = LIMIT_PAYLOAD_BYTES - PAYLOAD_OVERHEAD_BYTES - 1, /* the longest text */
};

/* The place a payload belongs to: borrowed, from the header of its entry. */
struct payload_place {
    const uint8_t *circle, *author, *id; /* HASH_BYTES, SIGN_PK_BYTES, ID_BYTES */
    uint64_t epoch;
};

/* payload_seal -- a text as the payload of the entry at place.   [random | BAD_CBOR TOO_LARGE NO_MEMORY]
 *
 * Takes    content_key  of the place's epoch: epoch_content_key
 *          text         a CBOR map with its type, up to PAYLOAD_TEXT_BYTES                    borrowed
 * Gives    payload      pad_bytes(text.len) + PAYLOAD_OVERHEAD_BYTES
 * Memory   from arena a, which keeps no copy of the text
 * Fails    BAD_CBOR     the text is nothing that payload_open would give out
 *          TOO_LARGE    the text is too long
 */
MUST_USE enum err payload_seal(struct arena *a, const struct payload_place *place,
                               const uint8_t content_key[static KEY_BYTES], struct str text,
                               struct str *payload) NONNULL;

/* payload_seal_with_nonce -- the same with a nonce that was chosen before; never twice the same one. */
MUST_USE enum err payload_seal_with_nonce(struct arena *a, const struct payload_place *place,
                                          const uint8_t content_key[static KEY_BYTES],
                                          const uint8_t nonce[static AEAD_NONCE_BYTES], struct str text,
                                          struct str *payload) NONNULL;

/* payload_open -- the text of a payload.                              [pure | UNREADABLE NO_MEMORY]
 *
 * Takes    payload      of any length and content                                             borrowed
 * Gives    text         a CBOR map of the strict subset that has a type
 * Memory   from arena a: at most payload.len; the arena should be one that holds secrets
 * Fails    UNREADABLE   another key, place or padding; a changed bit; a text that is no such map
 */
MUST_USE enum err payload_open(struct arena *a, const struct payload_place *place,
                               const uint8_t content_key[static KEY_BYTES], struct str payload,
                               struct str *text) NONNULL;

/* payload_type -- what a text is: an enum payload_type, or a number of a newer Troth.  [pure | UNREADABLE] */
MUST_USE enum err payload_type(struct str text, uint64_t *type) NONNULL;

/* payload_fields -- the fields of a text of the expected type.                         [pure | UNREADABLE]
 *
 * Takes    needed, allowed   sets of keys as CBOR_KEY bits; 1 (type) and 23 (written) need not be named
 * Gives    map               borrowed from text
 * Fails    UNREADABLE        another type, a needed key missing, a key outside the sets, or a claim of
 *                            when it was written that is no number
 */
MUST_USE enum err payload_fields(struct str text, enum payload_type type, uint32_t needed, uint32_t allowed,
                                 struct cbor_map *map) NONNULL;

#endif
