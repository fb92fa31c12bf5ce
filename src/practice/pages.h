/* pages.h -- a list that grows and whose items never move. */
#ifndef PRACTICE_PAGES_H
#define PRACTICE_PAGES_H

#include "base/arena.h"
#include "base/err.h"

struct pages {
    struct arena *_arena;
    void **_page;
    size_t _page_cap, _item_bytes, item_n;
};

/* pages_init -- an empty list of items of that size, which lives in a. */
void pages_init(struct pages *pages, struct arena *a, size_t item_bytes) NONNULL;

/* pages_reserve -- the next item's place, zeroed; it joins the list when item_n is raised.
 *                                                                         [arena | NULL: NO_MEMORY] */
MUST_USE void *pages_reserve(struct pages *pages) NONNULL;

/* pages_at -- the item at a place below item_n. */
void *pages_at(const struct pages *pages, size_t at) NONNULL;

#endif
