/* home_draft.c -- see home_outbox.h: drafts.
 *
 *   draft.sealed = kind (1 byte), error (2), law (8), at_ms (8), length of the content (4), content, zeros to a
 *                  multiple of HOME_SEAL_STEP          row: the draft's number (8) and id (16)
 */
#include "client/home_outbox.h"

#include "client/home_own.h"

#define DRAFT "draft.sealed"

enum { HEAD_BYTES = 1 + 2 + 8 + 8 + 4, ROW_BYTES = 8 + ID_BYTES };

static void draft_row(uint8_t row[static ROW_BYTES], uint64_t number, const uint8_t *id)
{
    struct out o = out_over(row, ROW_BYTES);
    out_put_be64(&o, number);
    out_put(&o, str_at(id, ID_BYTES));
}

static enum err seal(struct home *home, const struct home_scope *scope, uint64_t number,
                     const struct home_draft *draft, struct home_sealing *sealing)
{
    uint8_t row[ROW_BYTES];
    EXPECT(draft->kind <= UINT8_MAX && (unsigned)draft->error <= UINT16_MAX);
    EXPECT(draft->content.len <= HOME_CONTENT_BYTES);
    enum err e = home_sealing_init(home, sealing, HEAD_BYTES + draft->content.len, HOME_SEAL_STEP);
    if (e != ERR_OK) return e;
    out_put_byte(&sealing->text, (uint8_t)draft->kind);
    home_put_number(&sealing->text, draft->error, 2);
    out_put_be64(&sealing->text, draft->law);
    out_put_be64(&sealing->text, draft->at_ms);
    home_put_number(&sealing->text, draft->content.len, 4);
    out_put(&sealing->text, draft->content);
    draft_row(row, number, draft->id);
    (void)home_seal(sealing, scope, DRAFT, STR_OF(row));
    return ERR_OK;
}

static bool read(struct str text, struct home_draft *draft)
{
    struct home_reader r = {.rest = text};
    draft->kind = (unsigned)home_read_number(&r, 1);
    draft->error = (enum err)home_read_number(&r, 2);
    draft->law = home_read_number(&r, 8);
    draft->at_ms = home_read_number(&r, 8);
    draft->content = home_read_bytes(&r, home_read_number(&r, 4));
    return !r.is_short;
}

static enum err put(struct home *home, uint64_t circle, const struct home_draft *draft)
{
    struct home_scope scope;
    struct home_sealing sealing = {0};
    uint64_t number = 0;
    struct str id = STR_OF(draft->id);
    enum err e = home_scope_circle(home, circle, &scope);
    if (e == ERR_OK) e = home_run(home, HOME_draft_remove, VALUES(NUMBER(circle), BYTES(id)));
    if (e == ERR_OK) e = home_find_number(home, HOME_draft_next, NO_VALUES, &number);
    if (e == ERR_OK) e = seal(home, &scope, number, draft, &sealing);
    if (e == ERR_OK)
        e = home_run(home, HOME_draft_add,
                     VALUES(NUMBER(number), NUMBER(circle), BYTES(id), BYTES(str_at(sealing.at, sealing.n))));
    home_sealing_fini(&sealing);
    return e;
}

enum err home_draft_put(struct home *home, uint64_t circle, const struct home_draft *draft)
{
    enum err e = home_change(home);
    return e != ERR_OK ? e : home_changed(home, put(home, circle, draft));
}

enum err home_draft_remove(struct home *home, uint64_t circle, const uint8_t id[static ID_BYTES])
{
    enum err e = home_change(home);
    if (e != ERR_OK) return e;
    e = home_run_one(home, HOME_draft_remove, VALUES(NUMBER(circle), BYTES(str_at(id, ID_BYTES))));
    return home_changed(home, e);
}

static enum err show(struct home *home, const struct home_scope *scope, home_draft_visit *visit, void *ctx)
{
    struct home_draft draft;
    struct home_opened opened;
    uint8_t key[ROW_BYTES];
    struct home_row row = home_row(home, HOME_draft_each);
    uint64_t number = home_row_number(&row);
    home_row_bytes_n(&row, draft.id, sizeof draft.id);
    if (row.is_damaged) return home_damaged(home);
    draft_row(key, number, draft.id);
    enum err e = home_open_field(home, &row, scope, DRAFT, STR_OF(key), &opened);
    if (e != ERR_OK) return e;
    if (read(opened.text, &draft)) {
        home->visit_n++;
        e = visit(ctx, &draft);
        home->visit_n--;
    } else {
        e = home_damaged(home);
    }
    home_opened_fini(&opened);
    return e;
}

enum err home_drafts_each(struct home *home, uint64_t circle, home_draft_visit *visit, void *ctx)
{
    struct home_scope scope;
    bool is_row = false;
    enum err e = home_scope_circle(home, circle, &scope);
    if (e == ERR_OK) e = home_start(home, HOME_draft_each, VALUES(NUMBER(circle)), &is_row);
    while (e == ERR_OK && is_row) {
        e = show(home, &scope, visit, ctx);
        if (e == ERR_OK) e = home_step(home, HOME_draft_each, &is_row);
    }
    home_done(home, HOME_draft_each);
    return e;
}

enum err home_drafts_count(struct home *home, uint64_t circle, uint64_t *count)
{
    return home_find_number(home, HOME_draft_count, VALUES(NUMBER(circle)), count);
}
