/* round.h -- a question that all answer alone and whose answers open together.
 *
 * A round is a fold: it is fed what the verified chain says, in the chain's order, and is the same for
 * everyone who has that chain and those keys. The server has no part in it. Its laws:
 *
 *   Who      Asked are all who are members at the ask. Nobody is added later, and nobody drops out: the
 *            list never shrinks, or a person who leaves could open the others' answers.
 *   Commit   The first commit of each asked person counts, and only with an answer as long as the bucket
 *            says. It counts also after `until`, as long as nobody has closed the round.
 *   Reveal   Counts when everyone has committed before it, and its key fits the author's commit. One that
 *            comes too early or does not fit is passed over, as if it were not there, and may be followed
 *            by the right one. My client publishes mine as soon as its own chain has all commits, and
 *            never before: so nobody's answer is known to anyone who could still choose theirs.
 *   Open     Once the last reveal is in the chain, all answers may be shown, all at once; none before.
 *   Leave    Whoever is asked and leaves without a reveal that counts voids the round: before their commit
 *            since it will never come, after it since the key never will. Leaving later changes nothing.
 *   Close    Before everyone has committed, a close voids the round: by whoever asked at any time, by
 *            anyone else when the close's header time is later than `until`. One that comes sooner is
 *            passed over. Once everyone has committed, nobody can close it any more.
 *   Void     Nothing that comes later counts; what was not revealed stays sealed for good. A round to
 *            which someone never reveals is neither void nor open: it waits.
 *   Erase    Erasing an act of a round before it is open voids it. Once it is open, an erased act stays
 *            what it was, and only its author's words are gone, if a residue for it counts (redact.h). For
 *            commit, reveal and close the residue's outcome is the seq of the ask, for an ask it is 0; that
 *            is how a fold that cannot read the act any more knows where it belongs. An erased close is
 *            fed as the close it was. An erased commit or reveal without a residue is fed as nothing.
 *
 * A round is a value. Whether an act would still count, as a client has to know before it signs anew at
 * another head, is found by feeding it to a copy.
 *
 * Source   docs/protocol.md, "Simultaneous answers"
 */
#ifndef RECORD_ROUND_H
#define RECORD_ROUND_H

#include "record/answer.h"
#include "record/round_act.h"

enum round_state {
    ROUND_OPEN,      /* waits for answers                               */
    ROUND_COMMITTED, /* everyone has answered; waits for the keys       */
    ROUND_OPENED,    /* every key is there: the answers may be shown    */
    ROUND_VOID,      /* will never open                                 */
};

struct round_person {
    uint8_t pk[SIGN_PK_BYTES];
    bool has_committed, has_revealed;
    bool is_erased;       /* they erased their answer, or the key to it */
    uint64_t commit_seq;  /* where the sealed answer is                 */
    uint8_t nonce[AEAD_NONCE_BYTES], ct_hash[HASH_BYTES], com[HASH_BYTES];
    uint8_t key[KEY_BYTES]; /* not to be used before the round has opened: round_key */
};

struct round {
    uint8_t circle[HASH_BYTES], hash[HASH_BYTES], asker[SIGN_PK_BYTES];
    size_t bucket_n;
    uint64_t until_ms;
    enum round_state state;
    struct round_person person[LIMIT_MEMBERS];
    size_t person_n;
};

/* What the chain says of the ask: borrowed. */
struct round_start {
    const uint8_t *circle, *hash, *asker;  /* HASH_BYTES, HASH_BYTES of the ask entry, SIGN_PK_BYTES     */
    const uint8_t *person[LIMIT_MEMBERS];  /* all members there, the asker among them; SIGN_PK_BYTES each */
    size_t person_n;
    size_t bucket_n;   /* from the ask's text; 0 if its words were erased: then any length is right */
    uint64_t until_ms; /* from the ask's text; LIMIT_NUMBER if its words were erased               */
};

/* round_init -- a round in which nobody has answered. */
void round_init(struct round *round, const struct round_start *start) NONNULL;

/* round_fini -- wipes the keys in it. */
void round_fini(struct round *round) NONNULL;

/* ---- what the chain says, in its order ---------------------------------------------------------- */

/* round_take_commit -- a commit entry that names this round.
 *
 * Takes    author      of the entry: SIGN_PK_BYTES
 *          seq         of the entry
 * Fails    the round is unchanged, and the act should be shown as one that does not count:
 *          NOT_MEMBER  the author was not asked
 *          VOID        the round is void
 *          BAD_ANSWER  the author has committed before, or the answer's length is not the round's
 */
MUST_USE enum err round_take_commit(struct round *round, const uint8_t *author, uint64_t seq,
                                    const struct round_commit *commit) NONNULL;

/* round_take_reveal -- a reveal entry that names this round. OK also when it repeats what counts already.
 *
 * Fails    as above:
 *          NOT_MEMBER  the author was not asked
 *          VOID        the round is void
 *          NOT_YET     not everyone has committed: whoever sent this gave their answer away
 *          BAD_ANSWER  the key is not the one the author committed to
 */
MUST_USE enum err round_take_reveal(struct round *round, const uint8_t *author,
                                    const uint8_t key[static KEY_BYTES]) NONNULL;

/* round_take_close -- a close entry that names this round.
 *
 * Takes    time_ms       of the entry's header
 * Fails    as above:
 *          VOID          the round is void already
 *          ALL_ANSWERED  everyone has committed
 *          NOT_YET       it is not later than `until`, and not by whoever asked
 */
MUST_USE enum err round_take_close(struct round *round, const uint8_t *author, uint64_t time_ms) NONNULL;

/* round_take_leave -- a leave entry in the circle, whoever it is by. */
void round_take_leave(struct round *round, const uint8_t *author) NONNULL;

/* round_take_erased_commit, round_take_erased_reveal -- where an act of this round stood whose words are
 * gone, and for which a residue counts. It is taken for what its author says it was: the answer is gone
 * either way. round_take_redact says whether that is good.
 *
 * Fails    NOT_MEMBER VOID NOT_YET BAD_ANSWER   as for the acts themselves
 */
MUST_USE enum err round_take_erased_commit(struct round *round, const uint8_t *author, uint64_t seq) NONNULL;
MUST_USE enum err round_take_erased_reveal(struct round *round, const uint8_t *author) NONNULL;

/* round_take_redact -- a redact entry that erases the ask, or an act of its author in this round. */
void round_take_redact(struct round *round, const uint8_t *author) NONNULL;

/* ---- what follows from it ----------------------------------------------------------------------- */

/* round_must_reveal -- whether my client has to publish its key now: everyone has committed, I have, and
 * my reveal is not in the chain yet. */
MUST_USE bool round_must_reveal(const struct round *round, const uint8_t *me) NONNULL;

/* round_person_of -- what is known of an asked person; NULL if they were not asked. */
const struct round_person *round_person_of(const struct round *round, const uint8_t *pk) NONNULL;

/* round_key -- the key to a person's answer; NULL as long as it may not be shown, which is until the round
 * has opened, and for good when its author erased it. */
const uint8_t *round_key(const struct round *round, const uint8_t *pk) NONNULL;

#endif
