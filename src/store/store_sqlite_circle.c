/* store_sqlite_circle.c -- circles, memberships, entries and invites in SQLite. */
#include "store/store_sqlite.h"

/* ---- circles -------------------------------------------------------------------------------- */

static void take_circle(struct sql_row *row, struct store_circle *circle)
{
    circle->number = sql_number(row);
    sql_bytes_n(row, circle->id, HASH_BYTES);
    circle->head.seq = sql_number(row);
    sql_bytes_n(row, circle->head.hash, HASH_BYTES);
    circle->head.payload_bytes = sql_number(row);
    circle->head.is_closed = sql_number(row) != 0;
    circle->head.heard_ms = sql_number(row);
}

static struct str take_state(struct sql_row *row)
{
    struct str state = sql_bytes(row);
    if (state.at == NULL || state.len > STORE_STATE_BYTES) row->is_damaged = true;
    return state;
}

/* Appends the state of a circle. */
static enum err find_state(struct sqlite *q, uint64_t number, struct out *state)
{
    enum err e = sql_find(q, SQL_circle_state, VALUES(NUMBER(number)));
    if (e == ERR_NOT_FOUND) e = store_lost(&q->base, ERR_STORE_DAMAGED); /* every circle has one */
    if (e == ERR_OK) {
        struct sql_row row = sql_row(q, SQL_circle_state);
        struct str found = take_state(&row);
        e = sql_taken(q, &row);
        if (e == ERR_OK) out_put(state, found);
    }
    sql_done(q, SQL_circle_state);
    return e;
}

/* The one circle that a statement finds. The state is read before the statement is done, so that both are
 * of the same moment. */
static enum err find_circle(struct sqlite *q, enum sql which, const struct sql_value *value, size_t value_n,
                            struct store_circle *circle, struct out *state)
{
    enum err e = sql_find(q, which, value, value_n);
    if (e == ERR_OK) {
        struct sql_row row = sql_row(q, which);
        struct store_circle found;
        take_circle(&row, &found);
        e = sql_taken(q, &row);
        if (e == ERR_OK && state != NULL) e = find_state(q, found.number, state);
        if (e == ERR_OK) *circle = found;
    }
    sql_done(q, which);
    return e;
}

static enum err sqlite_circle_by_id(struct store *s, const uint8_t *id, struct store_circle *circle, struct out *state)
{
    return find_circle(sqlite_of(s), SQL_circle_by_id, VALUES(BYTES(id, HASH_BYTES)), circle, state);
}

static enum err sqlite_circle_by_number(struct store *s, uint64_t number, struct store_circle *circle,
                                        struct out *state)
{
    return find_circle(sqlite_of(s), SQL_circle_by_number, VALUES(NUMBER(number)), circle, state);
}

static enum err sqlite_circle_add(struct store *s, const uint8_t *id, const struct store_head *head, struct str state,
                                  uint64_t *number)
{
    struct sqlite *q = sqlite_of(s);
    enum err e = sql_run(q, SQL_circle_add,
                         VALUES(BYTES(id, HASH_BYTES), NUMBER(head->seq), BYTES(head->hash, HASH_BYTES),
                                NUMBER(head->payload_bytes), NUMBER(head->is_closed), NUMBER(head->heard_ms)));
    if (e != ERR_OK) return e;
    uint64_t made = (uint64_t)sqlite3_last_insert_rowid(q->db);
    e = sql_run(q, SQL_circle_add_state, VALUES(NUMBER(made), BYTES(state.at, state.len)));
    if (e == ERR_OK) *number = made;
    return e;
}

static enum err sqlite_circle_set_head(struct store *s, uint64_t number, const struct store_head *head,
                                       struct str state)
{
    struct sqlite *q = sqlite_of(s);
    enum err e = sql_run_one(q, SQL_circle_set_head,
                             VALUES(NUMBER(number), NUMBER(head->seq), BYTES(head->hash, HASH_BYTES),
                                    NUMBER(head->payload_bytes), NUMBER(head->is_closed), NUMBER(head->heard_ms)));
    if (e != ERR_OK || state.at == NULL) return e;
    return sql_run_one(q, SQL_circle_set_state, VALUES(NUMBER(number), BYTES(state.at, state.len)));
}

static enum err sqlite_circle_bring(struct store *s, uint64_t number, const uint8_t *sign_pk)
{
    return sql_run(sqlite_of(s), SQL_circle_bring, VALUES(NUMBER(number), BYTES(sign_pk, SIGN_PK_BYTES)));
}

static enum err sqlite_circle_each(struct store *s, store_circle_visit *visit, void *ctx)
{
    struct sqlite *q = sqlite_of(s);
    enum err e = ERR_OK;
    int rc = sql_start(q, SQL_circle_each, NO_VALUES);
    while (e == ERR_OK && rc == SQLITE_ROW) {
        struct sql_row row = sql_row(q, SQL_circle_each);
        struct store_circle circle;
        take_circle(&row, &circle);
        struct str state = take_state(&row);
        e = sql_taken(q, &row);
        if (e == ERR_OK) e = visit(ctx, &circle, state);
        if (e == ERR_OK) rc = sqlite3_step(row.stmt);
    }
    if (e == ERR_OK) e = sql_err(q, rc);
    sql_done(q, SQL_circle_each);
    return e;
}

/* ---- memberships ---------------------------------------------------------------------------- */

static void take_member(struct sql_row *row, struct store_member *member)
{
    member->circle = sql_number(row);
    sql_bytes_n(row, member->sign_pk, SIGN_PK_BYTES);
    member->joined_seq = sql_number(row);
    member->has_left = sqlite3_column_type(row->stmt, row->column) != SQLITE_NULL;
    member->left_seq = 0;
    if (member->has_left) member->left_seq = sql_number(row);
    else row->column++;
}

static enum err sqlite_member_add(struct store *s, uint64_t circle, const uint8_t *sign_pk, uint64_t joined_seq)
{
    return sql_run(sqlite_of(s), SQL_member_add,
                   VALUES(BYTES(sign_pk, SIGN_PK_BYTES), NUMBER(circle), NUMBER(joined_seq)));
}

static enum err sqlite_member_leave(struct store *s, uint64_t circle, const uint8_t *sign_pk, uint64_t left_seq)
{
    return sql_run_one(sqlite_of(s), SQL_member_leave,
                       VALUES(BYTES(sign_pk, SIGN_PK_BYTES), NUMBER(circle), NUMBER(left_seq)));
}

static enum err sqlite_member_find(struct store *s, uint64_t circle, const uint8_t *sign_pk,
                                   struct store_member *member)
{
    struct sqlite *q = sqlite_of(s);
    enum err e = sql_find(q, SQL_member_find, VALUES(BYTES(sign_pk, SIGN_PK_BYTES), NUMBER(circle)));
    if (e == ERR_OK) {
        struct sql_row row = sql_row(q, SQL_member_find);
        struct store_member found;
        take_member(&row, &found);
        e = sql_taken(q, &row);
        if (e == ERR_OK) *member = found;
    }
    sql_done(q, SQL_member_find);
    return e;
}

static enum err sqlite_member_each(struct store *s, const uint8_t *sign_pk, store_member_visit *visit, void *ctx)
{
    struct sqlite *q = sqlite_of(s);
    enum err e = ERR_OK;
    int rc = sql_start(q, SQL_member_each, VALUES(BYTES(sign_pk, SIGN_PK_BYTES)));
    while (e == ERR_OK && rc == SQLITE_ROW) {
        struct sql_row row = sql_row(q, SQL_member_each);
        struct store_member member;
        struct store_circle circle;
        take_member(&row, &member);
        take_circle(&row, &circle);
        e = sql_taken(q, &row);
        if (e == ERR_OK) e = visit(ctx, &circle, &member);
        if (e == ERR_OK) rc = sqlite3_step(row.stmt);
    }
    if (e == ERR_OK) e = sql_err(q, rc);
    sql_done(q, SQL_member_each);
    return e;
}

/* The one number that a statement finds. */
static enum err find_number(struct sqlite *q, enum sql which, const struct sql_value *value, size_t value_n,
                            uint64_t *number)
{
    enum err e = sql_find(q, which, value, value_n);
    if (e == ERR_OK) {
        struct sql_row row = sql_row(q, which);
        uint64_t found = sql_number(&row);
        e = sql_taken(q, &row);
        if (e == ERR_OK) *number = found;
    }
    sql_done(q, which);
    return e;
}

static enum err sqlite_member_count(struct store *s, const uint8_t *sign_pk, uint64_t *circle_n)
{
    return find_number(sqlite_of(s), SQL_member_count, VALUES(BYTES(sign_pk, SIGN_PK_BYTES)), circle_n);
}

/* ---- entries -------------------------------------------------------------------------------- */

/* Where an entry stands in its table: see schema.h. */
static uint64_t place_of(uint64_t circle, uint64_t seq)
{
    return circle << 32 | seq;
}

static enum err sqlite_entry_add(struct store *s, uint64_t circle, const struct store_entry *entry)
{
    struct sqlite *q = sqlite_of(s);
    int rc = sql_start(q, SQL_entry_add,
                       VALUES(NUMBER(place_of(circle, entry->seq)), BYTES(entry->id, ID_BYTES),
                              BYTES(entry->header.at, entry->header.len), BYTES(entry->sig.at, entry->sig.len),
                              entry->is_erased ? NOTHING : BYTES(entry->payload.at, entry->payload.len)));
    enum err e = rc == SQLITE_CONSTRAINT_PRIMARYKEY ? ERR_HEAD_MOVED
                 : rc == SQLITE_CONSTRAINT_UNIQUE   ? ERR_ID_TAKEN
                                                    : sql_err(q, rc);
    sql_done(q, SQL_entry_add);
    return e;
}

static void take_entry(struct sql_row *row, struct store_entry *entry)
{
    entry->seq = sql_number(row) & LIMIT_SEQ;
    sql_bytes_n(row, entry->id, ID_BYTES);
    entry->header = sql_bytes(row);
    entry->sig = sql_bytes(row);
    entry->payload = sql_bytes(row);
    entry->is_erased = entry->payload.at == NULL;
    if (entry->header.len < 1 || entry->header.len > LIMIT_HEADER_BYTES || entry->sig.len != SIG_BYTES ||
        entry->payload.len > LIMIT_PAYLOAD_BYTES)
        row->is_damaged = true;
}

/* Visits every entry that a statement gives, and says how many. */
static enum err visit_entries(struct sqlite *q, enum sql which, const struct sql_value *value, size_t value_n,
                              store_entry_visit *visit, void *ctx, size_t *entry_n)
{
    enum err e = ERR_OK;
    int rc = sql_start(q, which, value, value_n);
    for (*entry_n = 0; e == ERR_OK && rc == SQLITE_ROW; ++*entry_n) {
        struct sql_row row = sql_row(q, which);
        struct store_entry entry;
        take_entry(&row, &entry);
        e = sql_taken(q, &row);
        if (e == ERR_OK) e = visit(ctx, &entry);
        if (e == ERR_OK) rc = sqlite3_step(row.stmt);
    }
    if (e == ERR_OK) e = sql_err(q, rc);
    sql_done(q, which);
    return e;
}

static enum err sqlite_entry_get(struct store *s, uint64_t circle, uint64_t seq, store_entry_visit *visit, void *ctx)
{
    size_t n;
    enum err e =
        visit_entries(sqlite_of(s), SQL_entry_get, VALUES(NUMBER(place_of(circle, seq))), visit, ctx, &n);
    return e == ERR_OK && n == 0 ? ERR_NOT_FOUND : e;
}

static enum err sqlite_entry_each(struct store *s, uint64_t circle, uint64_t first_seq, uint64_t last_seq,
                                  size_t limit_n, store_entry_visit *visit, void *ctx)
{
    size_t n;
    uint64_t limit = limit_n < LIMIT_NUMBER ? limit_n : LIMIT_NUMBER;
    return visit_entries(sqlite_of(s), SQL_entry_each,
                         VALUES(NUMBER(place_of(circle, first_seq)), NUMBER(place_of(circle, last_seq)), NUMBER(limit)),
                         visit, ctx, &n);
}

static enum err sqlite_entry_by_id(struct store *s, uint64_t circle, const uint8_t *id, uint64_t *seq)
{
    uint64_t place;
    enum err e = find_number(sqlite_of(s), SQL_entry_by_id, VALUES(NUMBER(circle), BYTES(id, ID_BYTES)), &place);
    if (e == ERR_OK) *seq = place & LIMIT_SEQ;
    return e;
}

static enum err sqlite_entry_erase(struct store *s, uint64_t circle, uint64_t seq, uint64_t *erased_bytes)
{
    struct sqlite *q = sqlite_of(s);
    uint64_t bytes;
    enum err e = find_number(q, SQL_entry_bytes, VALUES(NUMBER(place_of(circle, seq))), &bytes);
    if (e == ERR_OK) e = sql_run(q, SQL_entry_erase, VALUES(NUMBER(place_of(circle, seq))));
    if (e == ERR_OK) *erased_bytes = bytes;
    return e;
}

static enum err sqlite_entry_fill(struct store *s, uint64_t circle, uint64_t seq, struct str payload)
{
    return sql_run_one(sqlite_of(s), SQL_entry_fill,
                       VALUES(NUMBER(place_of(circle, seq)), BYTES(payload.at, payload.len)));
}

/* ---- invites -------------------------------------------------------------------------------- */

static enum err sqlite_invite_add(struct store *s, const uint8_t *invite_pk, uint64_t circle, uint64_t seq)
{
    return sql_run(sqlite_of(s), SQL_invite_add,
                   VALUES(BYTES(invite_pk, SIGN_PK_BYTES), NUMBER(circle), NUMBER(seq)));
}

/* The one invite that a statement finds. */
static enum err find_invite(struct sqlite *q, enum sql which, const struct sql_value *value, size_t value_n,
                            struct store_invite *invite)
{
    enum err e = sql_find(q, which, value, value_n);
    if (e == ERR_OK) {
        struct sql_row row = sql_row(q, which);
        struct store_invite found = {0};
        sql_bytes_n(&row, found.invite_pk, SIGN_PK_BYTES);
        found.circle = sql_number(&row);
        found.seq = sql_number(&row);
        found.is_used = sqlite3_column_type(row.stmt, row.column) != SQLITE_NULL;
        if (found.is_used) sql_bytes_n(&row, found.used_by, SIGN_PK_BYTES);
        e = sql_taken(q, &row);
        if (e == ERR_OK) *invite = found;
    }
    sql_done(q, which);
    return e;
}

static enum err sqlite_invite_find(struct store *s, const uint8_t *invite_pk, struct store_invite *invite)
{
    return find_invite(sqlite_of(s), SQL_invite_find, VALUES(BYTES(invite_pk, SIGN_PK_BYTES)), invite);
}

static enum err sqlite_invite_use(struct store *s, uint64_t circle, uint64_t seq, const uint8_t *sign_pk)
{
    struct sqlite *q = sqlite_of(s);
    struct store_invite found;
    enum err e = find_invite(q, SQL_invite_at, VALUES(NUMBER(circle), NUMBER(seq)), &found);
    if (e != ERR_OK) return e;
    if (found.is_used) return memcmp(found.used_by, sign_pk, SIGN_PK_BYTES) == 0 ? ERR_OK : ERR_NO_PERMIT;
    return sql_run(q, SQL_invite_use, VALUES(NUMBER(circle), NUMBER(seq), BYTES(sign_pk, SIGN_PK_BYTES)));
}

const struct store_circle_ops sqlite_circle_ops = {
    .add = sqlite_circle_add,
    .by_id = sqlite_circle_by_id,
    .by_number = sqlite_circle_by_number,
    .set_head = sqlite_circle_set_head,
    .bring = sqlite_circle_bring,
    .each = sqlite_circle_each,
    .member_add = sqlite_member_add,
    .member_leave = sqlite_member_leave,
    .member_find = sqlite_member_find,
    .member_each = sqlite_member_each,
    .member_count = sqlite_member_count,
    .entry_add = sqlite_entry_add,
    .entry_get = sqlite_entry_get,
    .entry_by_id = sqlite_entry_by_id,
    .entry_each = sqlite_entry_each,
    .entry_erase = sqlite_entry_erase,
    .entry_fill = sqlite_entry_fill,
    .invite_add = sqlite_invite_add,
    .invite_find = sqlite_invite_find,
    .invite_use = sqlite_invite_use,
};
