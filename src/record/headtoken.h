/* headtoken.h -- the head of a record as a line to paste anywhere, and what it tells beside one's own.
 *
 *   troth-head: followed by base32 of: first 8 bytes of the circle || seq in 8 bytes || hash of that entry
 *
 * A server could show two people two different records. It cannot keep them from comparing heads.
 *
 * Source   docs/protocol.md, "Rollback and forks"
 */
#ifndef RECORD_HEADTOKEN_H
#define RECORD_HEADTOKEN_H

#include "record/hash.h"

enum { HEADTOKEN_CIRCLE_BYTES = 8, HEADTOKEN_TEXT_BYTES = 11 + 77 };

struct headtoken {
    uint8_t circle[HEADTOKEN_CIRCLE_BYTES]; /* the beginning of the circle's id */
    uint64_t seq;
    uint8_t hash[HASH_BYTES];
};

/* headtoken_put -- appends the text, HEADTOKEN_TEXT_BYTES long; seq is at most LIMIT_SEQ, else misuse. */
void headtoken_put(struct out *o, const struct headtoken *head) NONNULL;

/* headtoken_read -- takes it apart; case and white space count for nothing.             [pure | BAD_CODE]
 *
 * Fails    BAD_CODE   another beginning, another length, a character that is no base32, or a seq that no
 *                     record can have
 */
MUST_USE enum err headtoken_read(struct str text, struct headtoken *head) NONNULL;

enum headtoken_says {
    HEADTOKEN_SAME,            /* both see the same record                                           */
    HEADTOKEN_THEY_ARE_BEHIND, /* theirs is the beginning of mine                                    */
    HEADTOKEN_THEY_ARE_AHEAD,  /* it cannot be told before I have synced as far                      */
    HEADTOKEN_UNKNOWN,         /* it cannot be told: I do not hold my record's entry there           */
    HEADTOKEN_FORKED,          /* two different records of one circle: keep both                     */
    HEADTOKEN_OTHER_CIRCLE,    /* the token is another circle's                                      */
};

/* headtoken_compare -- what their head tells beside mine.
 *
 * Takes    mine_there   the hash of my record's entry at theirs->seq, HASH_BYTES; NULL if I have none. Not
 *                       looked at where theirs->seq is not below mine->seq
 */
enum headtoken_says headtoken_compare(const struct headtoken *mine, const struct headtoken *theirs,
                                      const uint8_t *mine_there) __attribute__((nonnull(1, 2)));

#endif
