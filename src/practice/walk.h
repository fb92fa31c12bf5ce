/* walk.h -- takes the items of one known text apart in a single pass, where cbor.h would look at each of them
 * several times. For the acts of a record that holds very many.
 *
 * What it accepts is within the strict subset of cbor.h, but for text that is not UTF-8, which words_check
 * finds. It fails once and stays failed; who has walked to the end asks walk_is_whole.
 */
#ifndef PRACTICE_WALK_H
#define PRACTICE_WALK_H

#include "base/cbor.h"

struct walk {
    const uint8_t *_at, *_end;
    bool has_failed;
};

/* walk_over -- from the start of a text. */
static inline struct walk walk_over(struct str text)
{
    return (struct walk){text.at, text.at + text.len, text.len == 0};
}

/* walk_map, walk_list, walk_uint -- the next item: how many pairs, how many items, the number; 0 on failure. */
uint64_t walk_map(struct walk *w) NONNULL;
uint64_t walk_list(struct walk *w) NONNULL;
uint64_t walk_uint(struct walk *w) NONNULL;

/* walk_bytes, walk_text -- the next item; empty on failure. walk_bytes_n -- NULL unless it has n bytes. */
struct str walk_bytes(struct walk *w) NONNULL;
struct str walk_text(struct walk *w) NONNULL;
const uint8_t *walk_bytes_n(struct walk *w, size_t n) NONNULL;

/* walk_fail -- the text is not what was expected. Returns 0. */
static inline uint64_t walk_fail(struct walk *w)
{
    w->has_failed = true;
    w->_at = w->_end;
    return 0;
}

/* walk_is_whole -- whether nothing failed and nothing is left. */
static inline bool walk_is_whole(const struct walk *w)
{
    return !w->has_failed && w->_at == w->_end;
}

#endif
