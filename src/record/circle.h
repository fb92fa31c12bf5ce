/* circle.h -- who is in, and what may come next: the membership automaton.
 *
 * The state of a circle is what its headers say so far. It is a value of fixed size; the same function
 * judges in the server before an entry is recorded and in every client after it was, so nobody can be
 * told that something is valid which is not. There is no role, no admin and no way to remove someone:
 * nobody can silence another inside an existing record.
 *
 * The laws (docs/domain.md, [C…]) in short:
 *   - a genesis makes its author the first member, epoch 0;
 *   - an invite stands directly behind a rotate by the same author (or behind such an invite), so its
 *     epoch key opens nothing earlier; at most 5 are open, for at most 14 days;
 *   - a join needs an open invite, its proof, and the consent of every other member; the next entry
 *     must be a rotate by the joiner, so that whoever saw the link without joining reads nothing after;
 *   - any rotate or leave ends all open invites;
 *   - after a leave nothing but rotate, leave and redact is valid until somebody rotated;
 *   - a redact erases the author's own sealed entries, each once, also when the author has left;
 *   - a journal ("sole") knows no invite, join or leave.
 *
 * Source   docs/protocol.md, "Membership"
 */
#ifndef RECORD_CIRCLE_H
#define RECORD_CIRCLE_H

#include "record/entry.h"

struct circle_member {
    uint8_t sign_pk[SIGN_PK_BYTES], box_pk[BOX_PK_BYTES];
    uint64_t joined_seq, from_epoch;
};

struct circle_invite {
    uint8_t hash[HASH_BYTES]; /* of the invite entry */
    uint8_t invite_pk[SIGN_PK_BYTES];
    uint64_t seq, expires_ms;
    uint32_t consents; /* bit i: member i agrees; the inviter does from the start */
};

enum invite_end { INVITE_WAS_USED = 1, INVITE_WAS_VOIDED = 2 };

struct circle_ended {
    uint8_t hash[HASH_BYTES];
    enum invite_end how;
};

struct circle {
    uint8_t id[HASH_BYTES], head_hash[HASH_BYTES], kid[HASH_BYTES];
    uint64_t head_seq, epoch;
    bool is_begun; /* has its genesis; before that every other field is zero */
    bool is_sole;
    bool must_rotate;      /* someone left or joined: the key must change before anything is said      */
    uint8_t joiner_owes;   /* 1 + index of the member who just joined and must rotate next, or 0       */
    uint8_t may_invite;    /* 1 + index of the member whose rotate, or invite behind it, is the head, or 0 */
    struct circle_member member[LIMIT_MEMBERS];
    size_t member_n;
    struct circle_invite invite[LIMIT_OPEN_INVITES];
    size_t invite_n;
    struct circle_ended ended[LIMIT_ENDED_INVITES]; /* a ring; ended_n counts all there ever were */
    uint64_t ended_n;
};

/* What has been recorded before, asked for by the laws that reach further back than the state. The
 * answers come from the server's store or a client's index; they may fail with STORE or NO_MEMORY. */
struct circle_fact {
    uint8_t author[SIGN_PK_BYTES];
    enum entry_kind kind;
    bool is_erased;
};
struct circle_past {
    void *of;
    enum err (*id_is_taken)(void *of, const uint8_t *id, bool *is_taken);
    enum err (*fact_at)(void *of, uint64_t seq, struct circle_fact *fact); /* seq <= head_seq */
};

/* The terms under which an entry is judged. */
struct circle_terms {
    bool is_signed;        /* entry_is_signed() and entry_payload_fits() of it: asked outside, because */
    bool payload_fits;     /* they are slow, and a server has better places for that than its writer    */
    bool is_live;          /* a server's first acceptance: the clock counts. A replay has only the record */
    bool may_lack_payload; /* an empty payload passes: it was erased, and the redact is known or awaited */
    uint64_t now_ms;       /* only read if is_live                                                      */
};

/* circle_judge -- whether entry may be recorded next. Changes nothing.
 *
 * Takes    circle   the state behind its head (zeroed before the genesis)
 *          entry    as read by entry_read
 * Gives    why      field and position of what is wrong; only on failure
 * Fails    in this order, in a record without genesis with BAD_ENTRY before all others:
 *          WRONG_CIRCLE HEAD_MOVED ID_TAKEN BAD_SIGNATURE NOT_MEMBER ALREADY_MEMBER ROTATE_REQUIRED
 *          EPOCH_STALE CLOCK_SKEW, then by kind, last PAYLOAD_MISMATCH. What `past` fails with, as it is.
 *            genesis  BAD_KEY
 *            invite   SOLE_CIRCLE ROTATE_REQUIRED INVITE_EXPIRED BAD_ENTRY (lives too long) BAD_KEY (open
 *                     already) TOO_MANY_INVITES
 *            join     SOLE_CIRCLE INVITE_VOID INVITE_USED INVITE_EXPIRED CONSENT_MISSING BAD_PROOF BAD_KEY FULL
 *            consent  INVITE_VOID INVITE_USED INVITE_EXPIRED CONSENT_GIVEN
 *            leave    SOLE_CIRCLE        rotate  BAD_BOXES        redact  BAD_REDACT
 * Law      C1 to C22
 * Source   docs/protocol.md, "What a server checks"
 * Threads  any; the caller owns circle
 */
MUST_USE enum err circle_judge(const struct circle *circle, const struct entry *entry, const struct circle_past *past,
                               const struct circle_terms *terms, struct why *why) NONNULL;

/* circle_advance -- the state behind an entry that circle_judge has accepted.
 *
 * Gives    true when more than the head changed, so that a saved state has to be saved anew
 */
bool circle_advance(struct circle *circle, const struct entry *entry) NONNULL;

/* circle_may_rest -- whether a batch may end here: false while a joiner owes the rotate. */
bool circle_may_rest(const struct circle *circle) NONNULL;

/* circle_member_index -- position of a key among the members in join order; -1 if not a member. */
int circle_member_index(const struct circle *circle, const uint8_t sign_pk[static SIGN_PK_BYTES]) NONNULL;

/* circle_open_invite -- the open invite with this entry hash, or NULL.
 * circle_invite_is_agreed -- whether every member has consented to it. */
const struct circle_invite *circle_open_invite(const struct circle *circle,
                                               const uint8_t hash[static HASH_BYTES]) NONNULL;
bool circle_invite_is_agreed(const struct circle *circle, const struct circle_invite *invite) NONNULL;

/* circle_knows_invite -- whether an entry with this hash is or was lately an invite here (open or ended). */
bool circle_knows_invite(const struct circle *circle, const uint8_t hash[static HASH_BYTES]) NONNULL;

/* circle_save, circle_load -- the state without its head as CBOR, for a store's own use.
 *
 * Takes    head_seq, head_hash   kept beside it, because they change with every entry
 * Fails    STORE_DAMAGED         what is loaded is not what circle_save wrote
 * Law      C23
 */
enum { CIRCLE_SAVED_BYTES = 4096 };
void circle_save(struct out *saved, const struct circle *circle) NONNULL;
MUST_USE enum err circle_load(struct circle *circle, struct str saved, uint64_t head_seq,
                              const uint8_t head_hash[static HASH_BYTES]) NONNULL;

#endif
