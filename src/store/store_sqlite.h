/* store_sqlite.h -- what the files of the SQLite store share. Others see store.h. */
#ifndef STORE_STORE_SQLITE_H
#define STORE_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/store_ops.h"

/* The statements of sql.def. */
enum sql {
#define READ(name, text) SQL_##name,
#define WRITE(name, text) SQL_##name,
#include "store/sql.def"
#undef READ
#undef WRITE
    SQL_N
};

struct sqlite {
    struct store base;
    sqlite3 *db;
    sqlite3_stmt *stmt[SQL_N]; /* a reader has NULL where only a writer may go */
    char *path;
    unsigned flags;
    int lock_fd; /* of the file that only one server can lock; -1 */
    int log_pages, log_pages_most; /* in the log after the last commit; from how many on it is emptied */
};

extern const struct store_account_ops sqlite_account_ops;
extern const struct store_circle_ops sqlite_circle_ops;

/* sqlite_of -- the handle as what it is. */
static inline struct sqlite *sqlite_of(struct store *s)
{
    return (struct sqlite *)s;
}

/* ---- statements (store_sqlite.c) ------------------------------------------------------------ */

/* A value for a statement. Bytes are borrowed until the statement is done. */
struct sql_value {
    enum { SQL_NUMBER, SQL_BYTES, SQL_NOTHING } kind;
    uint64_t number;
    struct str bytes;
};
#define NUMBER(n) ((struct sql_value){.kind = SQL_NUMBER, .number = (n)})
#define BYTES(at, n) ((struct sql_value){.kind = SQL_BYTES, .bytes = str_at(at, n)})
#define NOTHING ((struct sql_value){.kind = SQL_NOTHING})
#define VALUE_LIST(...) ((const struct sql_value[]){__VA_ARGS__})
#define VALUES(...) VALUE_LIST(__VA_ARGS__), sizeof VALUE_LIST(__VA_ARGS__) / sizeof(struct sql_value)
#define NO_VALUES NULL, 0

/* sql_start -- takes the statement to its first row. Gives SQLite's result: ROW, DONE, or an error.
 * sql_done -- ends it; at any time, and more than once. */
int sql_start(struct sqlite *q, enum sql which, const struct sql_value *value, size_t value_n);
void sql_done(struct sqlite *q, enum sql which);

/* sql_err -- what an error of SQLite's is here; a transaction that it breaks is noted as lost.
 *
 * A value that exists is EXISTS, a reference to nothing NOT_FOUND; these leave the transaction whole.
 */
enum err sql_err(struct sqlite *q, int rc);

/* sql_run -- the statement from start to end, rows left unseen. */
MUST_USE enum err sql_run(struct sqlite *q, enum sql which, const struct sql_value *value, size_t value_n);

/* sql_run_one -- the same for a change to one row; NOT_FOUND when there was none. */
MUST_USE enum err sql_run_one(struct sqlite *q, enum sql which, const struct sql_value *value, size_t value_n);

/* sql_find -- to its first row, which is there when it gives OK; NOT_FOUND: there is none. sql_done follows. */
MUST_USE enum err sql_find(struct sqlite *q, enum sql which, const struct sql_value *value, size_t value_n);

/* A row being taken apart, column by column. What has the wrong type or length makes it damaged. */
struct sql_row {
    sqlite3_stmt *stmt;
    int column;
    bool is_damaged;
};
struct sql_row sql_row(struct sqlite *q, enum sql which);
uint64_t sql_number(struct sql_row *row);
void sql_bytes_n(struct sql_row *row, uint8_t *bytes, size_t n);
struct str sql_bytes(struct sql_row *row); /* borrowed until the next step; {NULL, 0} for NULL */

/* sql_taken -- OK, or STORE_DAMAGED for a row that was. */
MUST_USE enum err sql_taken(struct sqlite *q, const struct sql_row *row);

/* ---- opening (store_sqlite_open.c, store_sqlite_schema.c) ------------------------------------ */

enum {
    SQLITE_PATH_BYTES = 4096,
    SQLITE_SUFFIX_BYTES = 16,
    SQLITE_BUSY_MS = 5000, /* how long another program may keep us waiting */
};

/* sqlite_connect -- opens q->path and sets it up; q->db is to be closed, also after a failure. */
MUST_USE enum err sqlite_connect(struct sqlite *q, struct store_trouble *trouble);

/* sqlite_trouble -- fills trouble with the sentence for an error of SQLite's while opening or copying path. */
enum err sqlite_trouble(struct sqlite *q, int rc, const char *path, struct store_trouble *trouble);

/* sqlite_folder_of -- the folder of what is at path; false if it does not fit.
 * sqlite_sync_folder -- makes sure that what was made or renamed at path stays; a system error or 0. */
bool sqlite_folder_of(const char *path, char folder[static SQLITE_PATH_BYTES]);
int sqlite_sync_folder(const char *path);

/* One step of the schema: what brings the version before it to this one. */
struct schema_step {
    const char *const *sql;
    size_t sql_n;
};

/* schema_newest -- the version this program knows. */
unsigned schema_newest(void);

/* schema_bring_up -- the file has the version of the last step; each step in a transaction of its own.
 * Gives SQLite's result. A newer version is left as it is. */
int schema_bring_up(sqlite3 *db, const struct schema_step *step, size_t step_n);
int schema_bring_up_all(sqlite3 *db);

enum { SCHEMA_APPLICATION = 0x54727468 }; /* "Trth": marks the file as a store of Troth's */

/* sqlite_set -- PRAGMA name = value. SQLite's result. */
int sqlite_set(sqlite3 *db, const char *name, int value);

/* sqlite_number -- a PRAGMA or SELECT that gives one number. SQLite's result. */
int sqlite_number(sqlite3 *db, const char *sql, sqlite3_int64 *number);

/* ---- the log (store_sqlite_log.c) ------------------------------------------------------------- */

/* sqlite_log_vfs -- the name of SQLite's way to files that writes a log in large pieces; NULL: no memory. For a
 * writer that syncs: without the sync at the end of each commit others would look for what is not there yet. */
const char *sqlite_log_vfs(void);

/* sqlite_log_forget -- what was gathered and not yet written is of a transaction that is no more. */
void sqlite_log_forget(sqlite3 *db);

/* sqlite_log_hold, sqlite_log_release -- between them nobody checkpoints. SQLite's result: BUSY after waiting. */
int sqlite_log_hold(sqlite3 *db);
void sqlite_log_release(sqlite3 *db);

/* sqlite_log_renew -- the log is on the disk as it is read, whatever failed before: it is written and synced once
 * more. SQLite's result. For a handle that may write, with everything prepared. */
int sqlite_log_renew(struct sqlite *q);

/* sqlite_log_empty -- brings a log that has grown long to its place; outside sqlite_log_hold. */
void sqlite_log_empty(struct sqlite *q);

enum err sqlite_tidy(struct store *s);

/* ---- care (store_sqlite_care.c, store_sqlite_backup.c) ---------------------------------------- */

enum err sqlite_count(struct store *s, struct store_counts *counts);
enum err sqlite_backup(struct store *s, const char *path, struct store_trouble *trouble);
enum err sqlite_check(struct store *s, struct store_trouble *trouble);

#endif
