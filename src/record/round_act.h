/* round_act.h -- the four texts of a round, as they stand in payloads.
 *
 *   ask    = { 1: 5, 2: question: tstr, 3: bucket: 352 / 1888 / 8032, 4: until: uint,        ? 23: written }
 *   commit = { 1: 6, 2: round: bstr .size 32, 3: nonce: bstr .size 24, 4: ct: bstr,
 *              5: com: bstr .size 32,                                                        ? 23: written }
 *   reveal = { 1: 7, 2: round: bstr .size 32, 3: k: bstr .size 32,                           ? 23: written }
 *   close  = { 1: 8, 2: round: bstr .size 32,                                                ? 23: written }
 *
 * round is the hash of the ask entry. An ask names nobody: it asks all who are members where it stands.
 * What a text of these may do is decided in round.h; here, only whether it is one.
 *
 * Source   docs/protocol.md, "Simultaneous answers"
 */
#ifndef RECORD_ROUND_ACT_H
#define RECORD_ROUND_ACT_H

#include "record/payload.h"

struct round_ask {
    struct str question; /* UTF-8, not empty */
    size_t bucket_n;     /* LIMIT_BUCKET_SMALL, LIMIT_BUCKET_MIDDLE or LIMIT_BUCKET_LARGE */
    uint64_t until_ms;   /* after it, by header time, anyone may close the round          */
};

struct round_commit {
    uint8_t round[HASH_BYTES], nonce[AEAD_NONCE_BYTES], com[HASH_BYTES];
    struct str ct;
};

struct round_reveal {
    uint8_t round[HASH_BYTES], key[KEY_BYTES];
};

struct round_close {
    uint8_t round[HASH_BYTES];
};

/* round_act_is_bucket -- whether answers may be padded to this many bytes. */
bool round_act_is_bucket(uint64_t n);

/* round_act_put_… -- append the text. Every commit with one bucket gives a payload of one length.
 * An ask that round_act_read_ask would refuse is misuse. */
void round_act_put_ask(struct out *text, const struct round_ask *ask) NONNULL;
void round_act_put_commit(struct out *text, const struct round_commit *commit) NONNULL;
void round_act_put_reveal(struct out *text, const struct round_reveal *reveal) NONNULL;
void round_act_put_close(struct out *text, const struct round_close *close) NONNULL;

/* round_act_read_… -- take it apart; what is a str in it is borrowed from text.        [pure | UNREADABLE] */
MUST_USE enum err round_act_read_ask(struct str text, struct round_ask *ask) NONNULL;
MUST_USE enum err round_act_read_commit(struct str text, struct round_commit *commit) NONNULL;
MUST_USE enum err round_act_read_reveal(struct str text, struct round_reveal *reveal) NONNULL;
MUST_USE enum err round_act_read_close(struct str text, struct round_close *close) NONNULL;

#endif
