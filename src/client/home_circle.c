/* home_circle.c -- see home_circle.h: circles and their pins.
 *
 *   circle.pin   = 1 byte: 0 or 1 for set, seq (8 bytes), hash (32 bytes)
 *   circle.about = standing (1 byte), length of the name (2 bytes), the name, zeros up to HOME_NAME_BYTES
 */
#include "client/home_own.h"

#define PIN "circle.pin"
#define ABOUT "circle.about"

/* ---- sealed fields --------------------------------------------------------------------------- */

static enum err seal_pin(struct home *home, const struct home_scope *scope, const struct home_pin *pin,
                         struct home_sealing *sealing)
{
    static const uint8_t none[HASH_BYTES];
    enum err e = home_sealing_init(home, sealing, 1 + 8 + HASH_BYTES, 1);
    if (e != ERR_OK) return e;
    out_put_byte(&sealing->text, pin->is_set);
    out_put_be64(&sealing->text, pin->is_set ? pin->seq : 0);
    out_put(&sealing->text, pin->is_set ? STR_OF(pin->hash) : STR_OF(none));
    (void)home_seal(sealing, scope, PIN, STR(""));
    return ERR_OK;
}

static enum err seal_about(struct home *home, const struct home_scope *scope, const struct home_circle_about *about,
                           struct home_sealing *sealing)
{
    EXPECT(about->standing <= UINT8_MAX && about->name_n <= HOME_NAME_BYTES);
    enum err e = home_sealing_init(home, sealing, 1 + 2 + HOME_NAME_BYTES, 1);
    if (e != ERR_OK) return e;
    out_put_byte(&sealing->text, (uint8_t)about->standing);
    home_put_number(&sealing->text, about->name_n, 2);
    out_put(&sealing->text, str_at(about->name, about->name_n));
    (void)home_seal(sealing, scope, ABOUT, STR(""));
    return ERR_OK;
}

static struct str sealed(const struct home_sealing *sealing)
{
    return str_at(sealing->at, sealing->n);
}

/* A sealed field of a circle's row. */
static enum err open_field(struct home *home, uint64_t circle, enum home_sql which, const char *column,
                           struct home_opened *opened)
{
    struct home_scope scope;
    enum err e = home_scope_circle(home, circle, &scope);
    if (e == ERR_OK) e = home_find(home, which, VALUES(NUMBER(circle)));
    if (e != ERR_OK) return e;
    struct home_row row = home_row(home, which);
    e = home_open_field(home, &row, &scope, column, STR(""), opened);
    home_done(home, which);
    return e;
}

/* ---- circles -------------------------------------------------------------------------------- */

static enum err add(struct home *home, struct home_scope *scope)
{
    struct home_sealing pin = {0}, about = {0};
    enum err e = seal_pin(home, scope, &(struct home_pin){0}, &pin);
    if (e == ERR_OK) e = seal_about(home, scope, &(struct home_circle_about){0}, &about);
    if (e == ERR_OK)
        e = home_run(home, HOME_circle_add,
                     VALUES(NUMBER(scope->account), BYTES(STR_OF(scope->circle_id)), BYTES(sealed(&pin)),
                            BYTES(sealed(&about))));
    home_sealing_fini(&pin);
    home_sealing_fini(&about);
    return e;
}

enum err home_circle_add(struct home *home, uint64_t account, const uint8_t id[static HASH_BYTES], uint64_t *number)
{
    struct home_scope scope;
    enum err e = home_change(home);
    if (e != ERR_OK) return e;
    e = home_scope_account(home, account, &scope);
    if (e == ERR_OK) {
        memcpy(scope.circle_id, id, HASH_BYTES);
        e = add(home, &scope);
    }
    uint64_t added = e == ERR_OK ? (uint64_t)sqlite3_last_insert_rowid(home->db) : 0;
    e = home_changed(home, e);
    if (e == ERR_OK) *number = added;
    return e;
}

enum err home_circle_find(struct home *home, uint64_t account, const uint8_t id[static HASH_BYTES], uint64_t *number)
{
    return home_find_number(home, HOME_circle_find, VALUES(NUMBER(account), BYTES(str_at(id, HASH_BYTES))), number);
}

static enum err take(struct home *home, enum home_sql which, struct home_circle *circle)
{
    struct home_row row = home_row(home, which);
    struct home_circle found = {.number = home_row_number(&row)};
    found.account = home_row_number(&row);
    home_row_bytes_n(&row, found.id, sizeof found.id);
    if (row.is_damaged) return home_damaged(home);
    *circle = found;
    return ERR_OK;
}

enum err home_circle_get(struct home *home, uint64_t number, struct home_circle *circle)
{
    enum err e = home_find(home, HOME_circle_get, VALUES(NUMBER(number)));
    if (e == ERR_OK) e = take(home, HOME_circle_get, circle);
    home_done(home, HOME_circle_get);
    return e;
}

enum err home_circle_each(struct home *home, uint64_t account, home_circle_visit *visit, void *ctx)
{
    bool is_row = false;
    enum err e = home_start(home, HOME_circle_each, VALUES(NUMBER(account)), &is_row);
    while (e == ERR_OK && is_row) {
        struct home_circle circle;
        e = take(home, HOME_circle_each, &circle);
        if (e != ERR_OK) break;
        home->visit_n++;
        e = visit(ctx, &circle);
        home->visit_n--;
        if (e == ERR_OK) e = home_step(home, HOME_circle_each, &is_row);
    }
    home_done(home, HOME_circle_each);
    return e;
}

/* ---- what a list shows ---------------------------------------------------------------------- */

enum err home_circle_about(struct home *home, uint64_t number, struct home_circle_about *about)
{
    struct home_opened opened;
    enum err e = open_field(home, number, HOME_about_get, ABOUT, &opened);
    if (e != ERR_OK) return e;
    struct home_reader r = {.rest = opened.text};
    unsigned standing = (unsigned)home_read_number(&r, 1);
    struct str name = home_read_bytes(&r, home_read_number(&r, 2));
    bool fits = !r.is_short && name.len <= HOME_NAME_BYTES;
    if (fits) {
        *about = (struct home_circle_about){.standing = standing, .name_n = name.len};
        memcpy(about->name, name.at, name.len);
    }
    home_opened_fini(&opened);
    return fits ? ERR_OK : home_damaged(home);
}

enum err home_circle_set_about(struct home *home, uint64_t number, const struct home_circle_about *about)
{
    struct home_scope scope;
    struct home_sealing sealing = {0};
    enum err e = home_change(home);
    if (e != ERR_OK) return e;
    e = home_scope_circle(home, number, &scope);
    if (e == ERR_OK) e = seal_about(home, &scope, about, &sealing);
    if (e == ERR_OK) e = home_run_one(home, HOME_about_set, VALUES(NUMBER(number), BYTES(sealed(&sealing))));
    home_sealing_fini(&sealing);
    return home_changed(home, e);
}

/* ---- the pin -------------------------------------------------------------------------------- */

enum err home_pin(struct home *home, uint64_t circle, struct home_pin *pin)
{
    struct home_opened opened;
    enum err e = open_field(home, circle, HOME_pin_get, PIN, &opened);
    if (e != ERR_OK) return e;
    struct home_reader r = {.rest = opened.text};
    struct home_pin found = {.is_set = home_read_number(&r, 1) == 1};
    found.seq = home_read_number(&r, 8);
    struct str hash = home_read_bytes(&r, HASH_BYTES);
    bool fits = !r.is_short && r.rest.len == 0 && found.seq <= LIMIT_SEQ;
    if (fits) {
        memcpy(found.hash, hash.at, HASH_BYTES);
        *pin = found;
    }
    home_opened_fini(&opened);
    return fits ? ERR_OK : home_damaged(home);
}

enum err home_pin_set(struct home *home, uint64_t circle, const struct home_scope *scope, const struct home_pin *pin)
{
    struct home_sealing sealing;
    enum err e = seal_pin(home, scope, pin, &sealing);
    if (e == ERR_OK) e = home_run_one(home, HOME_pin_set, VALUES(NUMBER(circle), BYTES(sealed(&sealing))));
    home_sealing_fini(&sealing);
    return e;
}

/* ---- removal -------------------------------------------------------------------------------- */

enum err home_circle_drop(struct home *home, uint64_t account, uint64_t circle)
{
    uint64_t first = circle << 32;
    enum err e = home_run(home, HOME_entry_remove_of, VALUES(NUMBER(first), NUMBER(first | LIMIT_SEQ)));
    if (e == ERR_OK) e = home_run(home, HOME_epoch_remove_of, VALUES(NUMBER(circle)));
    if (e == ERR_OK) e = home_run(home, HOME_item_remove_of, VALUES(NUMBER(circle)));
    if (e == ERR_OK) e = home_run(home, HOME_draft_remove_of, VALUES(NUMBER(circle)));
    if (e == ERR_OK) e = home_run(home, HOME_alarm_remove_of_circle, VALUES(NUMBER(circle)));
    if (e == ERR_OK) e = home_run(home, HOME_note_remove_of_circle, VALUES(NUMBER(account), NUMBER(circle)));
    if (e == ERR_OK) e = home_run_one(home, HOME_circle_remove, VALUES(NUMBER(circle)));
    if (e == ERR_OK) home->must_overwrite = true;
    return e;
}

enum err home_circle_remove(struct home *home, uint64_t number)
{
    struct home_circle circle;
    enum err e = home_change(home);
    if (e != ERR_OK) return e;
    e = home_circle_get(home, number, &circle);
    if (e == ERR_OK) e = home_circle_drop(home, circle.account, number);
    return home_changed(home, e);
}
