/* home_alarm.c -- see home_alarm.h.
 *
 *   alarm.sealed = kind (1 byte), 1 byte: 0 or 1 for seen, at_ms (8), length of the evidence (4), evidence, zeros
 *                  to a multiple of HOME_SEAL_STEP      row: the alarm's number (8)
 */
#include "client/home_alarm.h"

#include "client/home_own.h"

#define ALARM "alarm.sealed"

enum { HEAD_BYTES = 1 + 1 + 8 + 4, ROW_BYTES = 8 };

static void alarm_row(uint8_t row[static ROW_BYTES], uint64_t number)
{
    struct out o = out_over(row, ROW_BYTES);
    out_put_be64(&o, number);
}

static enum err seal(struct home *home, const struct home_scope *scope, uint64_t number,
                     const struct home_alarm *alarm, struct home_sealing *sealing)
{
    uint8_t row[ROW_BYTES];
    EXPECT(alarm->kind <= UINT8_MAX && alarm->evidence.len <= HOME_EVIDENCE_BYTES);
    enum err e = home_sealing_init(home, sealing, HEAD_BYTES + alarm->evidence.len, HOME_SEAL_STEP);
    if (e != ERR_OK) return e;
    out_put_byte(&sealing->text, (uint8_t)alarm->kind);
    out_put_byte(&sealing->text, alarm->is_seen);
    out_put_be64(&sealing->text, alarm->at_ms);
    home_put_number(&sealing->text, alarm->evidence.len, 4);
    out_put(&sealing->text, alarm->evidence);
    alarm_row(row, number);
    (void)home_seal(sealing, scope, ALARM, STR_OF(row));
    return ERR_OK;
}

static bool read(struct str text, struct home_alarm *alarm)
{
    struct home_reader r = {.rest = text};
    alarm->kind = (unsigned)home_read_number(&r, 1);
    alarm->is_seen = home_read_number(&r, 1) != 0;
    alarm->at_ms = home_read_number(&r, 8);
    alarm->evidence = home_read_bytes(&r, home_read_number(&r, 4));
    return !r.is_short;
}

/* ---- one alarm ------------------------------------------------------------------------------ */

static enum err add(struct home *home, uint64_t account, const struct home_alarm *alarm, uint64_t *number)
{
    struct home_scope scope;
    struct home_sealing sealing = {0};
    enum err e = home_scope_of(home, account, alarm->circle, &scope);
    if (e == ERR_OK) e = home_find_number(home, HOME_alarm_next, NO_VALUES, number);
    if (e == ERR_OK) e = seal(home, &scope, *number, alarm, &sealing);
    if (e == ERR_OK)
        e = home_run(home, HOME_alarm_add,
                     VALUES(NUMBER(*number), NUMBER(account), alarm->circle != 0 ? NUMBER(alarm->circle) : NOTHING,
                            BYTES(str_at(sealing.at, sealing.n))));
    home_sealing_fini(&sealing);
    return e;
}

enum err home_alarm_add(struct home *home, uint64_t account, const struct home_alarm *alarm, uint64_t *number)
{
    uint64_t added = 0;
    enum err e = home_change(home);
    if (e == ERR_OK) e = home_changed(home, add(home, account, alarm, &added));
    if (e == ERR_OK) *number = added;
    return e;
}

/* The alarm that a statement stands on; opened holds its evidence. */
static enum err take(struct home *home, enum home_sql which, struct home_alarm *alarm, struct home_scope *scope,
                     struct home_opened *opened)
{
    uint8_t key[ROW_BYTES];
    struct home_row row = home_row(home, which);
    *alarm = (struct home_alarm){.number = home_row_number(&row)};
    uint64_t account = home_row_number(&row);
    alarm->circle = home_row_number(&row);
    if (row.is_damaged) return home_damaged(home);
    alarm_row(key, alarm->number);
    enum err e = alarm->circle == 0 ? home_scope_account(home, account, scope)
                                    : home_scope_circle(home, alarm->circle, scope);
    bool is_moved = e == ERR_NOT_FOUND || (e == ERR_OK && scope->account != account);
    if (is_moved) e = home_damaged(home);
    if (e == ERR_OK) e = home_open_field(home, &row, scope, ALARM, STR_OF(key), opened);
    if (e != ERR_OK) return e;
    if (read(opened->text, alarm)) return ERR_OK;
    home_opened_fini(opened);
    return home_damaged(home);
}

static enum err set_seen(struct home *home, uint64_t number)
{
    struct home_alarm alarm;
    struct home_scope scope;
    struct home_opened opened = {0};
    struct home_sealing sealing = {0};
    enum err e = home_find(home, HOME_alarm_get, VALUES(NUMBER(number)));
    if (e == ERR_OK) e = take(home, HOME_alarm_get, &alarm, &scope, &opened);
    home_done(home, HOME_alarm_get);
    if (e == ERR_OK) {
        alarm.is_seen = true;
        e = seal(home, &scope, number, &alarm, &sealing);
    }
    if (e == ERR_OK)
        e = home_run_one(home, HOME_alarm_set, VALUES(NUMBER(number), BYTES(str_at(sealing.at, sealing.n))));
    home_sealing_fini(&sealing);
    home_opened_fini(&opened);
    return e;
}

enum err home_alarm_set_seen(struct home *home, uint64_t number)
{
    enum err e = home_change(home);
    return e != ERR_OK ? e : home_changed(home, set_seen(home, number));
}

/* ---- the list ------------------------------------------------------------------------------- */

enum err home_alarms_each(struct home *home, uint64_t account, home_alarm_visit *visit, void *ctx)
{
    bool is_row = false;
    enum err e = home_start(home, HOME_alarm_each, VALUES(NUMBER(account)), &is_row);
    while (e == ERR_OK && is_row) {
        struct home_alarm alarm;
        struct home_scope scope;
        struct home_opened opened = {0};
        e = take(home, HOME_alarm_each, &alarm, &scope, &opened);
        if (e == ERR_OK) {
            home->visit_n++;
            e = visit(ctx, &alarm);
            home->visit_n--;
        }
        home_opened_fini(&opened);
        if (e == ERR_OK) e = home_step(home, HOME_alarm_each, &is_row);
    }
    home_done(home, HOME_alarm_each);
    return e;
}
