/* answer.h -- one sealed answer of a round: fixed when it is given, opened later by its key.
 *
 *   k   = KH(reveal_root, "troth1:revealk..", circle || round || nonce, 32)
 *   ct  = AEAD(k, padded answer, nonce, "troth1:answer..." || circle || round || author)
 *   com = KH(k, "troth1:commit...", circle || round || author || nonce || H("troth1:ct.......", ct), 32)
 *
 * k follows from the identity, so no device has to keep it: any own device can open the answer, and a
 * lost phone loses nothing. com fixes which key will be revealed. It is not optional: one ct can be made
 * to open as two different answers under two keys. The author in it keeps anyone from handing in
 * another's sealed answer as their own.
 *
 * The answer is padded, with one byte 0x80 and then zeros, to the round's bucket, whatever its length.
 *
 * Source   docs/protocol.md, "Simultaneous answers"
 */
#ifndef RECORD_ANSWER_H
#define RECORD_ANSWER_H

#include "record/aead.h"
#include "record/pad.h"

/* Whose answer, to which round: borrowed. */
struct answer_place {
    const uint8_t *circle, *round, *author; /* HASH_BYTES, HASH_BYTES (of the ask entry), SIGN_PK_BYTES */
};

/* answer_key -- the key of my answer to a round. */
void answer_key(uint8_t key[static KEY_BYTES], const uint8_t reveal_root[static KEY_BYTES],
                const struct answer_place *place, const uint8_t nonce[static AEAD_NONCE_BYTES]) NONNULL;

/* answer_ct_hash -- the hash of a sealed answer, as its commitment has it. */
void answer_ct_hash(uint8_t ct_hash[static HASH_BYTES], struct str ct) NONNULL;

/* answer_commitment -- com. */
void answer_commitment(uint8_t com[static HASH_BYTES], const struct answer_place *place,
                       const uint8_t key[static KEY_BYTES], const uint8_t nonce[static AEAD_NONCE_BYTES],
                       const uint8_t ct_hash[static HASH_BYTES]) NONNULL;

/* answer_seal -- a sealed answer and its commitment.                                    [pure | TOO_LARGE]
 *
 * Takes    nonce      random, new for every answer; key is answer_key of it
 *          answer     UTF-8, shorter than bucket_n                                      borrowed
 * Gives    ct         bucket_n + AEAD_TAG_BYTES
 *          com        its commitment
 */
MUST_USE enum err answer_seal(uint8_t *ct, uint8_t com[static HASH_BYTES], const struct answer_place *place,
                              const uint8_t key[static KEY_BYTES], const uint8_t nonce[static AEAD_NONCE_BYTES],
                              struct str answer, size_t bucket_n) NONNULL;

/* answer_open -- the words of an answer.                                               [pure | BAD_ANSWER]
 *
 * Takes    memory      room for the words: ct.len, and never less than one byte
 * Gives    answer      in memory
 * Fails    BAD_ANSWER  the key is not the one committed to; or its author committed to something that is
 *                      no answer: it does not open, is not padded, or is not UTF-8
 */
MUST_USE enum err answer_open(uint8_t *memory, const struct answer_place *place, const uint8_t key[static KEY_BYTES],
                              const uint8_t nonce[static AEAD_NONCE_BYTES], struct str ct,
                              const uint8_t com[static HASH_BYTES], struct str *answer) NONNULL;

#endif
