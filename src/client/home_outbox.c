/* home_outbox.c -- see home_outbox.h: items.
 *
 *   item.sealed = kind (1 byte), flags (1), group (8), made_ms (8), signed_seq (8), signed_prev (32), lengths of
 *                 content and wire (4 each), content, wire, zeros to a multiple of HOME_SEAL_STEP
 *                 row: the item's number (8), which is its place, and its id (16)
 */
#include "client/home_outbox.h"

#include "client/home_own.h"

#define ITEM "item.sealed"

enum { IS_FROZEN = 1, WAS_SENT = 2, HEAD_BYTES = 1 + 1 + 8 + 8 + 8 + HASH_BYTES + 4 + 4, ROW_BYTES = 8 + ID_BYTES };

static void item_row(uint8_t row[static ROW_BYTES], uint64_t number, const uint8_t *id)
{
    struct out o = out_over(row, ROW_BYTES);
    out_put_be64(&o, number);
    out_put(&o, str_at(id, ID_BYTES));
}

static enum err seal(struct home *home, const struct home_scope *scope, uint64_t number, const struct home_item *item,
                     struct home_sealing *sealing)
{
    uint8_t row[ROW_BYTES];
    EXPECT(item->kind <= UINT8_MAX && item->content.len <= HOME_CONTENT_BYTES && item->wire.len <= HOME_ENTRY_BYTES);
    enum err e = home_sealing_init(home, sealing, HEAD_BYTES + item->content.len + item->wire.len, HOME_SEAL_STEP);
    if (e != ERR_OK) return e;
    struct out *o = &sealing->text;
    out_put_byte(o, (uint8_t)item->kind);
    out_put_byte(o, (uint8_t)((item->is_frozen ? IS_FROZEN : 0) | (item->was_sent ? WAS_SENT : 0)));
    out_put_be64(o, item->group);
    out_put_be64(o, item->made_ms);
    out_put_be64(o, item->signed_seq);
    out_put(o, STR_OF(item->signed_prev));
    home_put_number(o, item->content.len, 4);
    home_put_number(o, item->wire.len, 4);
    out_put(o, item->content);
    out_put(o, item->wire);
    item_row(row, number, item->id);
    (void)home_seal(sealing, scope, ITEM, STR_OF(row));
    return ERR_OK;
}

static bool read(struct str text, struct home_item *item)
{
    struct home_reader r = {.rest = text};
    item->kind = (unsigned)home_read_number(&r, 1);
    uint64_t flags = home_read_number(&r, 1);
    item->is_frozen = (flags & IS_FROZEN) != 0;
    item->was_sent = (flags & WAS_SENT) != 0;
    item->group = home_read_number(&r, 8);
    item->made_ms = home_read_number(&r, 8);
    item->signed_seq = home_read_number(&r, 8);
    struct str prev = home_read_bytes(&r, HASH_BYTES);
    uint64_t content_n = home_read_number(&r, 4), wire_n = home_read_number(&r, 4);
    item->content = home_read_bytes(&r, content_n);
    item->wire = home_read_bytes(&r, wire_n);
    if (r.is_short) return false;
    memcpy(item->signed_prev, prev.at, HASH_BYTES);
    return true;
}

/* ---- changes -------------------------------------------------------------------------------- */

/* Puts it at a new place, or where it is. */
static enum err put(struct home *home, uint64_t circle, const struct home_item *item, bool is_new)
{
    struct home_scope scope;
    struct home_sealing sealing = {0};
    uint64_t number = 0;
    enum err e = home_scope_circle(home, circle, &scope);
    if (e == ERR_OK && is_new) e = home_find_number(home, HOME_item_next, NO_VALUES, &number);
    else if (e == ERR_OK)
        e = home_find_number(home, HOME_item_number, VALUES(NUMBER(circle), BYTES(STR_OF(item->id))), &number);
    if (e == ERR_OK) e = seal(home, &scope, number, item, &sealing);
    struct str sealed = str_at(sealing.at, sealing.n);
    if (e == ERR_OK && is_new)
        e = home_run(home, HOME_item_add,
                     VALUES(NUMBER(number), NUMBER(circle), BYTES(STR_OF(item->id)), BYTES(sealed)));
    else if (e == ERR_OK) e = home_run_one(home, HOME_item_set, VALUES(NUMBER(number), BYTES(sealed)));
    home_sealing_fini(&sealing);
    return e;
}

enum err home_item_add(struct home *home, uint64_t circle, const struct home_item *item)
{
    enum err e = home_change(home);
    return e != ERR_OK ? e : home_changed(home, put(home, circle, item, true));
}

enum err home_item_set(struct home *home, uint64_t circle, const struct home_item *item)
{
    enum err e = home_change(home);
    return e != ERR_OK ? e : home_changed(home, put(home, circle, item, false));
}

enum err home_item_remove(struct home *home, uint64_t circle, const uint8_t id[static ID_BYTES])
{
    enum err e = home_change(home);
    if (e != ERR_OK) return e;
    e = home_run_one(home, HOME_item_remove, VALUES(NUMBER(circle), BYTES(str_at(id, ID_BYTES))));
    return home_changed(home, e);
}

/* ---- the list ------------------------------------------------------------------------------- */

static enum err show(struct home *home, const struct home_scope *scope, home_item_visit *visit, void *ctx)
{
    struct home_item item;
    struct home_opened opened;
    uint8_t key[ROW_BYTES];
    struct home_row row = home_row(home, HOME_item_each);
    uint64_t number = home_row_number(&row);
    home_row_bytes_n(&row, item.id, sizeof item.id);
    if (row.is_damaged) return home_damaged(home);
    item_row(key, number, item.id);
    enum err e = home_open_field(home, &row, scope, ITEM, STR_OF(key), &opened);
    if (e != ERR_OK) return e;
    if (read(opened.text, &item)) {
        home->visit_n++;
        e = visit(ctx, &item);
        home->visit_n--;
    } else {
        e = home_damaged(home);
    }
    home_opened_fini(&opened);
    return e;
}

enum err home_items_each(struct home *home, uint64_t circle, home_item_visit *visit, void *ctx)
{
    struct home_scope scope;
    bool is_row = false;
    enum err e = home_scope_circle(home, circle, &scope);
    if (e == ERR_OK) e = home_start(home, HOME_item_each, VALUES(NUMBER(circle)), &is_row);
    while (e == ERR_OK && is_row) {
        e = show(home, &scope, visit, ctx);
        if (e == ERR_OK) e = home_step(home, HOME_item_each, &is_row);
    }
    home_done(home, HOME_item_each);
    return e;
}

enum err home_items_count(struct home *home, uint64_t circle, uint64_t *count)
{
    return home_find_number(home, HOME_item_count, VALUES(NUMBER(circle)), count);
}
