/* home_note.c -- see home_note.h.
 *
 *   note.value = length (4 bytes), the value, zeros to a multiple of HOME_SEAL_STEP    row: the name's hash (32)
 */
#include "client/home_note.h"

#include "client/home_own.h"

#define NOTE "note.value"

static bool is_name(struct str name)
{
    return name.len >= 1 && name.len <= HOME_NOTE_NAME_BYTES;
}

/* ---- settings ------------------------------------------------------------------------------- */

enum err home_setting_put(struct home *home, struct str name, struct str value)
{
    EXPECT(is_name(name) && value.len <= HOME_NOTE_BYTES);
    enum err e = home_change(home);
    if (e != ERR_OK) return e;
    return home_changed(home, home_run(home, HOME_setting_put, VALUES(BYTES(name), BYTES(value))));
}

enum err home_setting_get(struct home *home, struct str name, home_note_visit *visit, void *ctx)
{
    EXPECT(is_name(name));
    enum err e = home_find(home, HOME_setting_get, VALUES(BYTES(name)));
    if (e != ERR_OK) return e;
    struct home_row row = home_row(home, HOME_setting_get);
    struct str value = home_row_bytes(&row);
    if (row.is_damaged) {
        e = home_damaged(home);
    } else {
        home->visit_n++;
        e = visit(ctx, name, value);
        home->visit_n--;
    }
    home_done(home, HOME_setting_get);
    return e;
}

enum err home_setting_remove(struct home *home, struct str name)
{
    EXPECT(is_name(name));
    enum err e = home_change(home);
    return e != ERR_OK ? e : home_changed(home, home_run_one(home, HOME_setting_remove, VALUES(BYTES(name))));
}

/* ---- notes ---------------------------------------------------------------------------------- */

static void note_row(uint8_t row[static HASH_BYTES], struct str name)
{
    hash_of(row, CTX_LOCAL, PARTS(name));
}

static enum err put(struct home *home, uint64_t account, uint64_t circle, struct str name, struct str value)
{
    struct home_scope scope;
    struct home_sealing sealing = {0};
    uint8_t row[HASH_BYTES];
    enum err e = home_scope_of(home, account, circle, &scope);
    if (e == ERR_OK) e = home_sealing_init(home, &sealing, 4 + value.len, HOME_SEAL_STEP);
    if (e == ERR_OK) {
        home_put_number(&sealing.text, value.len, 4);
        out_put(&sealing.text, value);
        note_row(row, name);
        struct str sealed = home_seal(&sealing, &scope, NOTE, STR_OF(row));
        e = home_run(home, HOME_note_put, VALUES(NUMBER(account), NUMBER(circle), BYTES(name), BYTES(sealed)));
    }
    home_sealing_fini(&sealing);
    return e;
}

enum err home_note_put(struct home *home, uint64_t account, uint64_t circle, struct str name, struct str value)
{
    EXPECT(is_name(name) && value.len <= HOME_NOTE_BYTES);
    enum err e = home_change(home);
    return e != ERR_OK ? e : home_changed(home, put(home, account, circle, name, value));
}

/* Shows the note whose value is the next column. */
static enum err show(struct home *home, struct home_row *row, const struct home_scope *scope, struct str name,
                     home_note_visit *visit, void *ctx)
{
    struct home_opened opened;
    uint8_t key[HASH_BYTES];
    note_row(key, name);
    enum err e = home_open_field(home, row, scope, NOTE, STR_OF(key), &opened);
    if (e != ERR_OK) return e;
    struct home_reader r = {.rest = opened.text};
    struct str value = home_read_bytes(&r, home_read_number(&r, 4));
    if (r.is_short) {
        e = home_damaged(home);
    } else {
        home->visit_n++;
        e = visit(ctx, name, value);
        home->visit_n--;
    }
    home_opened_fini(&opened);
    return e;
}

enum err home_note_get(struct home *home, uint64_t account, uint64_t circle, struct str name, home_note_visit *visit,
                       void *ctx)
{
    struct home_scope scope;
    EXPECT(is_name(name));
    enum err e = home_scope_of(home, account, circle, &scope);
    if (e == ERR_OK) e = home_find(home, HOME_note_get, VALUES(NUMBER(account), NUMBER(circle), BYTES(name)));
    if (e != ERR_OK) return e;
    struct home_row row = home_row(home, HOME_note_get);
    e = show(home, &row, &scope, name, visit, ctx);
    home_done(home, HOME_note_get);
    return e;
}

enum err home_note_remove(struct home *home, uint64_t account, uint64_t circle, struct str name)
{
    EXPECT(is_name(name));
    enum err e = home_change(home);
    if (e != ERR_OK) return e;
    return home_changed(home, home_run_one(home, HOME_note_remove,
                                           VALUES(NUMBER(account), NUMBER(circle), BYTES(name))));
}

enum err home_notes_each(struct home *home, uint64_t account, uint64_t circle, home_note_visit *visit, void *ctx)
{
    struct home_scope scope;
    bool is_row = false;
    enum err e = home_scope_of(home, account, circle, &scope);
    if (e == ERR_OK) e = home_start(home, HOME_note_each, VALUES(NUMBER(account), NUMBER(circle)), &is_row);
    while (e == ERR_OK && is_row) {
        struct home_row row = home_row(home, HOME_note_each);
        struct str name = home_row_bytes(&row);
        e = row.is_damaged ? home_damaged(home) : show(home, &row, &scope, name, visit, ctx);
        if (e == ERR_OK) e = home_step(home, HOME_note_each, &is_row);
    }
    home_done(home, HOME_note_each);
    return e;
}
