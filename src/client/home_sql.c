/* home_sql.c -- how statements are run, and what SQLite's errors mean to whoever keeps a home. */
#include "client/home_own.h"

#include <errno.h>

/* ---- errors --------------------------------------------------------------------------------- */

#define SAFE " What was kept before is safe."

static const char *sentence(enum err e)
{
    switch (e) {
    case ERR_DISK_FULL: return "The disk is full: this could not be kept." SAFE " Make room, then try again.";
    case ERR_STORE:
        return "The disk refuses to keep this, or to show what is kept. Look at the system's log, and whether the "
               "disk can be written.";
    case ERR_STORE_DAMAGED:
        return "What is kept on this device does not fit together: the disk is failing, or somebody changed the "
               "file. Keep a copy of it as it is. What the server has can be fetched again into a new folder.";
    case ERR_NO_MEMORY: return "There is not enough memory." SAFE " Close something, then try again.";
    case ERR_BUSY: return "Another program keeps troth.db to itself. Close it, then try again.";
    default: return NULL;
    }
}

enum err home_fail(struct home *home, enum err e, const char *text)
{
    home->why = (struct why){.code = e, .field = "home", .text = text != NULL ? text : sentence(e)};
    bool is_answer = e == ERR_NOT_FOUND || e == ERR_EXISTS;
    if (home->is_begun && !is_answer && home->broken == ERR_OK) home->broken = e;
    return e;
}

enum err home_damaged(struct home *home)
{
    return home_fail(home, ERR_STORE_DAMAGED, NULL);
}

/* Whether there was no room left where SQLite only says "input or output". From COMMIT it does not pass on what
 * the system said; then the log still knows why it was not written. */
static bool is_disk_full(sqlite3 *db, int rc)
{
    int system = db != NULL ? sqlite3_system_errno(db) : 0;
    sqlite3_file *log = NULL;
    if (db != NULL && system == 0 && rc == SQLITE_IOERR_WRITE)
        (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log != NULL && log->pMethods != NULL)
        (void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &system);
    return system == ENOSPC || system == EFBIG || system == EDQUOT;
}

static enum err err_of(sqlite3 *db, int rc)
{
    switch (rc) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return ERR_OK;
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
    case SQLITE_CONSTRAINT_UNIQUE: return ERR_EXISTS;
    case SQLITE_CONSTRAINT_FOREIGNKEY: return ERR_NOT_FOUND;
    case SQLITE_IOERR_NOMEM: return ERR_NO_MEMORY;
    default: break;
    }
    switch (rc & 0xff) {
    case SQLITE_NOMEM: return ERR_NO_MEMORY;
    case SQLITE_FULL: return ERR_DISK_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:      /* every statement fits the schema: a file with another one was changed */
    case SQLITE_SCHEMA:
    case SQLITE_CONSTRAINT: /* nothing is passed that the schema refuses: it is not what it was     */
        return ERR_STORE_DAMAGED;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return ERR_BUSY;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return is_disk_full(db, rc) ? ERR_DISK_FULL : ERR_STORE;
    case SQLITE_MISUSE:
    case SQLITE_RANGE: misuse("home_sql: a statement that cannot be right");
    default: return ERR_STORE;
    }
}

void home_heed(struct home *home, int rc)
{
    if (home->is_unsure || (rc != SQLITE_IOERR_FSYNC && rc != SQLITE_IOERR_DIR_FSYNC)) return;
    home->is_unsure = true;
    home_folder_mark(home);
}

enum err home_sql_err(struct home *home, int rc)
{
    enum err e = err_of(home->db, rc);
    home_heed(home, rc);
    return e == ERR_OK ? e : home_fail(home, e, NULL);
}

/* ---- statements ----------------------------------------------------------------------------- */

static int prepare(struct home *home, enum home_sql which)
{
    static const char *const text[] = {
#define STATEMENT(name, sql) sql,
#include "client/home.def"
#undef STATEMENT
    };
    if (home->stmt[which] != NULL) return SQLITE_OK;
    return sqlite3_prepare_v3(home->db, text[which], -1, SQLITE_PREPARE_PERSISTENT, &home->stmt[which], NULL);
}

static int bind(sqlite3_stmt *stmt, int at, const struct home_value *value)
{
    switch (value->kind) {
    case HOME_NUMBER: return sqlite3_bind_int64(stmt, at, (sqlite3_int64)value->number);
    case HOME_BYTES: /* a NULL address would bind NULL */
        return sqlite3_bind_blob64(stmt, at, value->bytes.len > 0 ? (const void *)value->bytes.at : "",
                                   value->bytes.len, SQLITE_STATIC);
    case HOME_NOTHING: break;
    }
    return sqlite3_bind_null(stmt, at);
}

void home_done(struct home *home, enum home_sql which)
{
    if (home->stmt[which] == NULL) return;
    (void)sqlite3_reset(home->stmt[which]); /* says again what the last step said */
    (void)sqlite3_clear_bindings(home->stmt[which]);
}

/* What a step gave. */
static enum err stepped(struct home *home, enum home_sql which, int rc, bool *is_row)
{
    enum err e = home_sql_err(home, rc);
    if (rc != SQLITE_ROW) home_done(home, which);
    if (e == ERR_OK) *is_row = rc == SQLITE_ROW;
    return e;
}

enum err home_start(struct home *home, enum home_sql which, const struct home_value *value, size_t value_n,
                    bool *is_row)
{
    int rc = prepare(home, which);
    if (rc != SQLITE_OK) return home_sql_err(home, rc);
    EXPECT(!sqlite3_stmt_busy(home->stmt[which])); /* a visit that asks for the list it is shown */
    for (size_t i = 0; i < value_n && rc == SQLITE_OK; i++) rc = bind(home->stmt[which], (int)i + 1, &value[i]);
    if (rc == SQLITE_OK) rc = sqlite3_step(home->stmt[which]);
    return stepped(home, which, rc, is_row);
}

enum err home_step(struct home *home, enum home_sql which, bool *is_row)
{
    return stepped(home, which, sqlite3_step(home->stmt[which]), is_row);
}

enum err home_run(struct home *home, enum home_sql which, const struct home_value *value, size_t value_n)
{
    bool is_row = false;
    enum err e = home_start(home, which, value, value_n, &is_row);
    home_done(home, which);
    return e;
}

enum err home_run_one(struct home *home, enum home_sql which, const struct home_value *value, size_t value_n)
{
    enum err e = home_run(home, which, value, value_n);
    return e == ERR_OK && sqlite3_changes(home->db) == 0 ? home_fail(home, ERR_NOT_FOUND, NULL) : e;
}

enum err home_find(struct home *home, enum home_sql which, const struct home_value *value, size_t value_n)
{
    bool is_row = false;
    enum err e = home_start(home, which, value, value_n, &is_row);
    return e == ERR_OK && !is_row ? home_fail(home, ERR_NOT_FOUND, NULL) : e;
}

enum err home_find_number(struct home *home, enum home_sql which, const struct home_value *value, size_t value_n,
                          uint64_t *number)
{
    enum err e = home_find(home, which, value, value_n);
    if (e != ERR_OK) return e;
    struct home_row row = home_row(home, which);
    uint64_t found = home_row_number(&row);
    home_done(home, which);
    if (row.is_damaged) return home_damaged(home);
    *number = found;
    return ERR_OK;
}

/* ---- rows ----------------------------------------------------------------------------------- */

struct home_row home_row(struct home *home, enum home_sql which)
{
    return (struct home_row){.stmt = home->stmt[which]};
}

uint64_t home_row_number(struct home_row *row)
{
    int at = row->column++, type = sqlite3_column_type(row->stmt, at);
    sqlite3_int64 n = sqlite3_column_int64(row->stmt, at);
    if ((type != SQLITE_INTEGER && type != SQLITE_NULL) || n < 0) row->is_damaged = true;
    return n < 0 ? 0 : (uint64_t)n;
}

struct str home_row_bytes(struct home_row *row)
{
    int at = row->column++;
    const void *bytes = sqlite3_column_blob(row->stmt, at);
    if (bytes != NULL) return str_at(bytes, (size_t)sqlite3_column_bytes(row->stmt, at));
    if (sqlite3_column_type(row->stmt, at) == SQLITE_NULL) row->is_damaged = true; /* or there was no memory */
    return STR("");
}

void home_row_bytes_n(struct home_row *row, uint8_t *bytes, size_t n)
{
    struct str found = home_row_bytes(row);
    if (found.len == n) memcpy(bytes, found.at, n);
    else row->is_damaged = true;
}
