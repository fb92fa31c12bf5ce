/* pages.c -- see pages.h. */
#include "practice/pages.h"

#ifdef TROTH_HOSTILE
enum { PAGE_SHIFT = 1 };
#else
enum { PAGE_SHIFT = 8 };
#endif
enum { PAGE_ITEMS = 1 << PAGE_SHIFT };

void pages_init(struct pages *pages, struct arena *a, size_t item_bytes)
{
    *pages = (struct pages){._arena = a, ._item_bytes = item_bytes};
}

/* Room for more pages in the list of them. The old list stays behind in the arena: in all, no more than the
 * new one is long. */
static bool list_grow(struct pages *pages)
{
    size_t cap = pages->_page_cap == 0 ? 8 : 2 * pages->_page_cap;
    void **page = arena_take(pages->_arena, cap * sizeof *page);
    if (page == NULL) return false;
    if (pages->_page_cap > 0) memcpy(page, pages->_page, pages->_page_cap * sizeof *page);
    pages->_page = page;
    pages->_page_cap = cap;
    return true;
}

static void *place_of(const struct pages *pages, size_t at)
{
    uint8_t *page = pages->_page[at >> PAGE_SHIFT];
    return page + (at & (PAGE_ITEMS - 1)) * pages->_item_bytes;
}

void *pages_reserve(struct pages *pages)
{
    size_t number = pages->item_n >> PAGE_SHIFT;
    if (number >= pages->_page_cap && !list_grow(pages)) return NULL;
    void **page = &pages->_page[number];
    if (*page == NULL) *page = arena_take(pages->_arena, PAGE_ITEMS * pages->_item_bytes);
    if (*page == NULL) return NULL;
    void *place = place_of(pages, pages->item_n);
    memset(place, 0, pages->_item_bytes); /* it may have been reserved, written, and not kept */
    return place;
}

void *pages_at(const struct pages *pages, size_t at)
{
    EXPECT(at < pages->item_n);
    return place_of(pages, at);
}
