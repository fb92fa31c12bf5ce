/* append.h -- a batch of entries on its way into a record: all of it, or nothing.
 *
 * First, on an http thread, the slow part that needs nobody else: taking the entries apart and checking
 * their signatures and payloads (append_read). Then, on the writer's thread, the order of the record
 * (append_apply): the same laws that every client holds the record to, asked against the store. Last, when
 * it is on disk, telling who listens (append_tell).
 *
 * Three ways in:
 *   live     what members say: the clock counts
 *   create   a new circle: the batch begins with its genesis
 *   repair   what a member has and the server lost. Nothing can get in that its signers did not make for
 *            just that place, nor what they cannot have made in time. A payload may be missing if a redact
 *            of it follows in the batch; redacts and the sender's own join that are further ahead than the
 *            batch reaches may stand behind it as evidence, and are not recorded yet
 *
 * Law      Q1 to Q3
 * Source   docs/protocol.md, "What a server checks" and "Repair"
 */
#ifndef SERVER_APPEND_H
#define SERVER_APPEND_H

#include "record/circle.h"
#include "server/request.h"

enum append_way { APPEND_LIVE, APPEND_CREATE, APPEND_REPAIR };

struct append_item {
    struct entry entry;
    bool is_signed, payload_fits;
};

/* Who came into the circle or left it, for those who listen. */
struct append_move {
    uint8_t sign_pk[SIGN_PK_BYTES];
    bool is_join;
};

struct append {
    enum append_way way;
    struct append_item *item;
    size_t item_n;
    size_t evidence_from;     /* items from here on are evidence, not to be recorded; item_n if none */
    uint64_t circle_bytes_max;
    unsigned circle_n_max;
    uint64_t now_ms;

    struct refusal refusal;   /* filled when it fails */
    size_t added_n;           /* entries, or payloads, that were not there before */
    uint8_t circle[HASH_BYTES];
    struct store_head head;   /* behind the batch; for a stranger not beyond it */
    struct append_move move[LIMIT_BATCH_ENTRIES];
    size_t move_n;
};

/* append_read -- takes a body apart and does everything that is slow.
 *
 * Takes    body      a CBOR sequence of 1 to LIMIT_BATCH_ENTRIES entries       borrowed
 *          a         where the items live
 * Fails    BAD_CBOR BAD_ENTRY BAD_VERSION BAD_FIELD (none, or too many) NO_MEMORY; refusal->index says
 *          which entry
 */
MUST_USE enum err append_read(struct append *append, struct arena *a, struct str body) NONNULL;

/* append_is_plain -- whether a batch that was read is one sealed entry, as most are. Whatever is wrong with such
 * a one shows before it is recorded. */
bool append_is_plain(const struct append *append) NONNULL;

/* append_apply -- records the batch within the writer's mark.
 *
 * Takes    session   who sends it
 * Fails    what docs/protocol.md lists, in its order; append->refusal has the detail. Store errors
 */
MUST_USE enum err append_apply(struct append *append, const struct writer_desk *desk,
                               const struct session *session) NONNULL;

/* append_tell -- tells the hub what append_apply recorded, once it is on disk. */
void append_tell(const struct append *append, struct hub *hub) NONNULL;

#endif
