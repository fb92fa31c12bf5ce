/* store_sqlite.c -- the store in a SQLite file: handles, transactions, and how statements are run.
 *
 * WAL and synchronous=FULL: a commit is one write and one sync of the log, readers never wait for the
 * writer, and what was committed survives the loss of power. Everything that is asked of the file is in
 * sql.def and prepared once for each handle.
 */
#define _DEFAULT_SOURCE
#include "store/store_sqlite.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- errors --------------------------------------------------------------------------------- */

/* What the system said when it refused. From COMMIT, SQLite does not pass it on; then the log still knows why
 * it was not written. */
static int system_error(sqlite3 *db, int rc)
{
    int system = db != NULL ? sqlite3_system_errno(db) : 0;
    sqlite3_file *log = NULL;
    if (db == NULL || system != 0 || rc != SQLITE_IOERR_WRITE) return system;
    (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log != NULL && log->pMethods != NULL) {
        (void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &system);
    }
    return system;
}

/* Whether there was no room left, or a file may not grow further, where SQLite only says "input or output". */
static bool is_disk_full(sqlite3 *db, int rc)
{
    int system = system_error(db, rc);
    return system == ENOSPC || system == EDQUOT || system == EFBIG;
}

/* An error of SQLite's by what the caller can do. */
static enum err err_of(sqlite3 *db, int rc)
{
    switch (rc) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return ERR_OK;
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_UNIQUE: return ERR_EXISTS;
    case SQLITE_CONSTRAINT_FOREIGNKEY: return ERR_NOT_FOUND;
    case SQLITE_IOERR_NOMEM: return ERR_NO_MEMORY;
    }
    switch (rc & 0xff) {
    case SQLITE_NOMEM: return ERR_NO_MEMORY;
    case SQLITE_FULL: return ERR_DISK_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT: /* store.c lets nothing through that the schema refuses: it is not what it was */
        return ERR_STORE_DAMAGED;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return ERR_BUSY;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return is_disk_full(db, rc) ? ERR_DISK_FULL : ERR_STORE;
    case SQLITE_MISUSE:
    case SQLITE_RANGE: misuse("store_sqlite: a statement that cannot be right");
    default: return ERR_STORE;
    }
}

enum err sql_err(struct sqlite *q, int rc)
{
    if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC) q->base.is_unsure = true;
    enum err e = err_of(q->db, rc);
    return e == ERR_OK || e == ERR_EXISTS || e == ERR_NOT_FOUND ? e : store_lost(&q->base, e);
}

/* ---- statements ----------------------------------------------------------------------------- */

static int bind(sqlite3_stmt *stmt, int at, const struct sql_value *value)
{
    switch (value->kind) {
    case SQL_NUMBER: return sqlite3_bind_int64(stmt, at, (sqlite3_int64)value->number);
    case SQL_BYTES: /* a NULL address would bind NULL */
        return sqlite3_bind_blob64(stmt, at, value->bytes.len > 0 ? (const void *)value->bytes.at : "",
                                   value->bytes.len, SQLITE_STATIC);
    case SQL_NOTHING: break;
    }
    return sqlite3_bind_null(stmt, at);
}

int sql_start(struct sqlite *q, enum sql which, const struct sql_value *value, size_t value_n)
{
    sqlite3_stmt *stmt = q->stmt[which];
    EXPECT(stmt != NULL);
    for (size_t i = 0; i < value_n; i++) {
        int rc = bind(stmt, (int)i + 1, &value[i]);
        if (rc != SQLITE_OK) return rc;
    }
    return sqlite3_step(stmt);
}

void sql_done(struct sqlite *q, enum sql which)
{
    (void)sqlite3_reset(q->stmt[which]); /* says again what the last step said */
}

enum err sql_run(struct sqlite *q, enum sql which, const struct sql_value *value, size_t value_n)
{
    int rc = sql_start(q, which, value, value_n);
    while (rc == SQLITE_ROW) rc = sqlite3_step(q->stmt[which]);
    enum err e = sql_err(q, rc);
    sql_done(q, which);
    return e;
}

enum err sql_run_one(struct sqlite *q, enum sql which, const struct sql_value *value, size_t value_n)
{
    enum err e = sql_run(q, which, value, value_n);
    return e == ERR_OK && sqlite3_changes(q->db) == 0 ? ERR_NOT_FOUND : e;
}

enum err sql_find(struct sqlite *q, enum sql which, const struct sql_value *value, size_t value_n)
{
    int rc = sql_start(q, which, value, value_n);
    return rc == SQLITE_DONE ? ERR_NOT_FOUND : sql_err(q, rc);
}

/* ---- rows ----------------------------------------------------------------------------------- */

struct sql_row sql_row(struct sqlite *q, enum sql which)
{
    return (struct sql_row){.stmt = q->stmt[which]};
}

uint64_t sql_number(struct sql_row *row)
{
    int at = row->column++;
    sqlite3_int64 n = sqlite3_column_int64(row->stmt, at);
    if (sqlite3_column_type(row->stmt, at) != SQLITE_INTEGER || n < 0) row->is_damaged = true;
    return n < 0 ? 0 : (uint64_t)n;
}

struct str sql_bytes(struct sql_row *row)
{
    int at = row->column++;
    const void *bytes = sqlite3_column_blob(row->stmt, at);
    if (bytes != NULL) return str_at(bytes, (size_t)sqlite3_column_bytes(row->stmt, at));
    /* NULL, or no bytes, which is not the same */
    return sqlite3_column_type(row->stmt, at) == SQLITE_NULL ? (struct str){0} : STR("");
}

void sql_bytes_n(struct sql_row *row, uint8_t *bytes, size_t n)
{
    struct str found = sql_bytes(row);
    if (found.at != NULL && found.len == n) memcpy(bytes, found.at, n);
    else row->is_damaged = true;
}

enum err sql_taken(struct sqlite *q, const struct sql_row *row)
{
    return row->is_damaged ? store_lost(&q->base, ERR_STORE_DAMAGED) : ERR_OK;
}

/* ---- transactions --------------------------------------------------------------------------- */

/* Ends whatever transaction is open. SQLite may have done it by itself, when the disk refused; where even
 * this is refused, the next begin tries again. */
static int leave(struct sqlite *q, enum sql how)
{
    if (sqlite3_get_autocommit(q->db)) return SQLITE_OK;
    int rc = sql_start(q, how, NO_VALUES);
    sql_done(q, how);
    return rc;
}

static enum err enter(struct sqlite *q, enum sql how, enum sql how_to_leave)
{
    int rc = leave(q, how_to_leave);
    enum err e = sql_err(q, rc);
    return e != ERR_OK ? e : sql_run(q, how, NO_VALUES);
}

static enum err sqlite_begin(struct store *s)
{
    struct sqlite *q = sqlite_of(s);
    sqlite_log_empty(q); /* here and not after a commit, which somebody waits for */
    enum err e = sql_err(q, sqlite_log_hold(q->db));
    if (e != ERR_OK) return e;
    e = enter(q, SQL_begin, SQL_abort);
    if (e != ERR_OK) sqlite_log_release(q->db);
    return e;
}

static enum err sqlite_commit(struct store *s)
{
    struct sqlite *q = sqlite_of(s);
    enum err e = sql_run(q, SQL_commit, NO_VALUES);
    if (e == ERR_OK) sqlite_log_release(q->db);
    return e;
}

static void sqlite_abort(struct store *s)
{
    struct sqlite *q = sqlite_of(s);
    (void)leave(q, SQL_abort);
    sqlite_log_forget(q->db);
    sqlite_log_release(q->db);
}

static enum err sqlite_mark(struct store *s)
{
    return sql_run(sqlite_of(s), SQL_mark, NO_VALUES);
}

static enum err sqlite_keep(struct store *s)
{
    return sql_run(sqlite_of(s), SQL_keep, NO_VALUES);
}

static enum err sqlite_undo(struct store *s)
{
    struct sqlite *q = sqlite_of(s);
    if (sqlite3_get_autocommit(q->db)) return store_lost(s, ERR_NO_MEMORY); /* SQLite gave up all of it, marks too */
    enum err e = sql_run(q, SQL_undo, NO_VALUES);
    return e != ERR_OK ? e : sql_run(q, SQL_keep, NO_VALUES);
}

static void sqlite_end_read(struct store *s)
{
    (void)leave(sqlite_of(s), SQL_read_end);
}

static enum err sqlite_begin_read(struct store *s)
{
    struct sqlite *q = sqlite_of(s);
    enum err e = enter(q, SQL_read_begin, SQL_read_end);
    if (e != ERR_OK) return e;
    e = sql_run(q, SQL_read_pin, NO_VALUES); /* what is seen is settled by the first reading, not by BEGIN */
    if (e != ERR_OK) sqlite_end_read(s);
    return e;
}

/* ---- handles -------------------------------------------------------------------------------- */

static void sqlite_close(struct store *s)
{
    struct sqlite *q = sqlite_of(s);
    for (size_t i = 0; i < SQL_N; i++) (void)sqlite3_finalize(q->stmt[i]);
    EXPECT(sqlite3_close(q->db) == SQLITE_OK); /* all that could be open is above */
    if (q->lock_fd >= 0) (void)close(q->lock_fd);
    free(q->path);
    free(q);
}

static enum err sqlite_reader_open(struct store *s, struct store **reader);

static const struct store_handle_ops sqlite_handle_ops = {
    .close = sqlite_close,
    .reader_open = sqlite_reader_open,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .abort = sqlite_abort,
    .mark = sqlite_mark,
    .keep = sqlite_keep,
    .undo = sqlite_undo,
    .begin_read = sqlite_begin_read,
    .end_read = sqlite_end_read,
    .count = sqlite_count,
    .tidy = sqlite_tidy,
    .backup = sqlite_backup,
    .check = sqlite_check,
};

/* SQLite's result of preparing every statement that this handle may use. */
static int prepare(struct sqlite *q)
{
    static const struct {
        const char *text;
        bool is_write;
    } sql[] = {
#define READ(name, text) {text, false},
#define WRITE(name, text) {text, true},
#include "store/sql.def"
#undef READ
#undef WRITE
    };
    for (size_t i = 0; i < SQL_N; i++) {
        if (sql[i].is_write && q->base.is_reader) continue;
        int rc = sqlite3_prepare_v3(q->db, sql[i].text, -1, SQLITE_PREPARE_PERSISTENT, &q->stmt[i], NULL);
        if (rc != SQLITE_OK) return rc;
    }
    return SQLITE_OK;
}

/* A handle on the file at path, ready for use. */
static enum err handle_open(const char *path, unsigned flags, bool is_reader, struct store **store,
                            struct store_trouble *trouble)
{
    struct sqlite *q = calloc(1, sizeof *q);
    size_t path_bytes = strlen(path) + 1;
    char *copy = malloc(path_bytes);
    if (q == NULL || copy == NULL) {
        free(q);
        free(copy);
        return store_say(trouble, ERR_NO_MEMORY, "There is not enough memory to open ", path, ".");
    }
    q->base = (struct store){.handle = &sqlite_handle_ops,
                             .account = &sqlite_account_ops,
                             .circle = &sqlite_circle_ops,
                             .is_reader = is_reader};
    q->path = memcpy(copy, path, path_bytes);
    q->flags = flags;
    q->lock_fd = -1;
    enum err e = sqlite_connect(q, trouble);
    if (e == ERR_OK) {
        int rc = prepare(q);
        if (rc != SQLITE_OK) e = sqlite_trouble(q, rc, path, trouble);
    }
    if (e == ERR_OK && !is_reader && (flags & STORE_SERVES) != 0 && (flags & STORE_UNSYNCED) == 0) {
        int rc = sqlite_log_renew(q);
        if (rc != SQLITE_OK) e = sqlite_trouble(q, rc, path, trouble);
    }
    if (e == ERR_OK) *store = &q->base;
    else sqlite_close(&q->base);
    return e;
}

enum err store_open_sqlite(const char *path, unsigned flags, struct store **store, struct store_trouble *trouble)
{
    return handle_open(path, flags, false, store, trouble);
}

static enum err sqlite_reader_open(struct store *s, struct store **reader)
{
    struct store_trouble trouble;
    struct sqlite *q = sqlite_of(s);
    return handle_open(q->path, q->flags, true, reader, &trouble);
}
