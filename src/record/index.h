/* index.h -- what a reader of a whole record remembers of it: who wrote which entry, and every id.
 *
 * The server asks its store; who replays a record in memory asks this. Lives in an arena.
 */
#ifndef RECORD_INDEX_H
#define RECORD_INDEX_H

#include "base/arena.h"
#include "record/circle.h"

struct index_row {
    uint8_t hash[HASH_BYTES];
    uint8_t id[ID_BYTES];
    uint8_t author[SIGN_PK_BYTES];
    enum entry_kind kind;
    bool is_erased;    /* a redact names it                         */
    bool has_payload;  /* its payload was there when it was read    */
};

struct index {
    struct arena *_arena;
    struct index_row **_page; /* pages of INDEX_PAGE_ROWS rows, so that rows never move */
    size_t _page_cap;
    uint64_t row_n;
    uint64_t lacking_n;       /* entries read without their payload and not, so far, erased by a redact */
    uint32_t *_slot;          /* open addressing over ids: seq + 1, or 0 */
    size_t _slot_n;
    uint8_t _salt[16];        /* so that nobody can aim at one slot */
};

/* index_init -- an empty index whose rows live in a. */
void index_init(struct index *index, struct arena *a) NONNULL;

/* index_add -- remembers the next entry, and what it erases.                          [arena | NO_MEMORY]
 * Takes    entry   accepted by circle_judge, with seq = row_n */
MUST_USE enum err index_add(struct index *index, const struct entry *entry) NONNULL;

/* index_row -- the entry with that seq; seq < row_n. */
const struct index_row *index_row(const struct index *index, uint64_t seq) NONNULL;

/* index_find_id -- whether the id is in the record, and where.  seq may be NULL. */
bool index_find_id(const struct index *index, const uint8_t id[static ID_BYTES], uint64_t *seq)
    __attribute__((nonnull(1, 2)));

/* index_past -- the index as the past that circle_judge asks. Borrowed. */
struct circle_past index_past(struct index *index) NONNULL;

#endif
