/* home_open.c -- SQLite opens the file of a home, which is brought to the version that this program knows.
 *
 * A log beside the file (WAL), and synchronous=FULL: a commit is one write and one sync of the log, and survives
 * the loss of power. The one connection there is keeps SQLite's own lock from its first reading to its end
 * (locking_mode=EXCLUSIVE), and so nobody checkpoints but it: the fault of SQLite before 3.51.3 that needs a
 * second connection (sqlite.org/wal.html, "The WAL-Reset Bug") cannot occur, and no memory is shared by a file.
 */
#include "client/home_own.h"

#define SQL(...) #__VA_ARGS__
#include "client/home_schema.h"
#undef SQL

struct schema_step {
    const char *const *sql;
    size_t sql_n;
};

#define STEP(sql) {sql, sizeof(sql) / sizeof *(sql)}
static const struct schema_step steps[] = {
    STEP(schema_1),
};
enum { STEP_N = sizeof steps / sizeof *steps };

enum { PAGE_BYTES = 4096 };

unsigned home_schema_newest(void)
{
    return STEP_N;
}

/* ---- settings ------------------------------------------------------------------------------- */

static int set(sqlite3 *db, const char *name, int value)
{
    char sql[64];
    struct out o = out_over(sql, sizeof sql - 1);
    out_text(&o, "PRAGMA "); /* which takes no parameters */
    out_text(&o, name);
    out_text(&o, value < 0 ? " = -" : " = ");
    out_put_decimal(&o, (uint64_t)(value < 0 ? -(int64_t)value : value));
    EXPECT(!o.is_full);
    sql[o.len] = '\0';
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int number(sqlite3 *db, const char *sql, sqlite3_int64 *found)
{
    sqlite3_stmt *stmt;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (rc != SQLITE_OK) return rc;
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) *found = sqlite3_column_int64(stmt, 0);
    int last = sqlite3_finalize(stmt);
    return rc == SQLITE_ROW ? SQLITE_OK : last != SQLITE_OK ? last : SQLITE_CORRUPT;
}

/* Changes nothing in the file: it is not known to be ours yet. */
static int settings(sqlite3 *db)
{
    (void)sqlite3_extended_result_codes(db, 1);
    int rc = sqlite3_busy_timeout(db, 0); /* the folder's lock is what one waits for */
    if (rc == SQLITE_OK) rc = sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
    if (rc == SQLITE_OK) rc = set(db, "page_size", PAGE_BYTES);
    if (rc == SQLITE_OK) rc = set(db, "auto_vacuum", 0);
    if (rc == SQLITE_OK) rc = set(db, "cell_size_check", 1);
    if (rc == SQLITE_OK) rc = set(db, "wal_autocheckpoint", 0); /* home.c says when */
    if (rc == SQLITE_OK) rc = set(db, "mmap_size", 0); /* a mapped page that cannot be read kills the process */
    if (rc == SQLITE_OK) rc = set(db, "temp_store", 2);
    if (rc == SQLITE_OK) rc = set(db, "secure_delete", 1); /* what is erased is overwritten */
    if (rc == SQLITE_OK) rc = set(db, "synchronous", 2);
    return rc;
}

/* Notes how long the log is after a commit. */
static int note_log_pages(void *ctx, sqlite3 *db, const char *name, int pages)
{
    (void)db, (void)name;
    ((struct home *)ctx)->log_pages = pages;
    return SQLITE_OK;
}

/* How many pages the log has at most that was left behind. */
static int pages_left(sqlite3 *db)
{
    sqlite3_file *log = NULL;
    sqlite3_int64 bytes = 0;
    (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log == NULL || log->pMethods == NULL || log->pMethods->xFileSize(log, &bytes) != SQLITE_OK) return 0;
    return (int)(bytes / PAGE_BYTES);
}

static enum err use_log(struct home *home)
{
    sqlite3_stmt *mode = NULL;
    int rc = sqlite3_prepare_v2(home->db, "PRAGMA journal_mode = WAL", -1, &mode, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(mode);
    bool is_wal = rc == SQLITE_ROW && sqlite3_stricmp((const char *)sqlite3_column_text(mode, 0), "wal") == 0;
    int last = sqlite3_finalize(mode);
    (void)sqlite3_wal_hook(home->db, note_log_pages, home);
    home->log_pages = pages_left(home->db);
    if (rc == SQLITE_ROW) rc = is_wal ? SQLITE_OK : SQLITE_IOERR;
    return home_sql_err(home, last != SQLITE_OK ? last : rc);
}

/* ---- versions ------------------------------------------------------------------------------- */

/* One step, all or none of it. */
static int step_take(sqlite3 *db, const struct schema_step *step, int version)
{
    int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc != SQLITE_OK) return rc;
    for (size_t i = 0; rc == SQLITE_OK && i < step->sql_n; i++) rc = sqlite3_exec(db, step->sql[i], NULL, NULL, NULL);
    if (rc == SQLITE_OK) rc = set(db, "application_id", HOME_APPLICATION);
    if (rc == SQLITE_OK) rc = set(db, "user_version", version);
    if (rc == SQLITE_OK) rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (rc != SQLITE_OK) (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL); /* rc is what matters */
    return rc;
}

/* What is in the file, its log included: ours and current, or made so. */
static enum err bring_up(struct home *home)
{
    sqlite3_int64 application = 0, version = 0, table_n = 0;
    int rc = number(home->db, "PRAGMA application_id", &application);
    if (rc == SQLITE_OK) rc = number(home->db, "PRAGMA user_version", &version);
    if (rc == SQLITE_OK) rc = number(home->db, "SELECT count(*) FROM sqlite_schema", &table_n);
    if (rc != SQLITE_OK) return home_sql_err(home, rc);
    bool is_empty = application == 0 && version == 0 && table_n == 0;
    if (application != HOME_APPLICATION && !is_empty)
        return home_fail(home, ERR_STORE_DAMAGED, "troth.db is a database of another program. It was not touched. Name "
                                                  "another folder for Troth.");
    if (version < 0) return home_damaged(home);
    if (version > STEP_N)
        return home_fail(home, ERR_STORE_NEWER, "troth.db was made by a newer Troth. It was not touched. Use the newer "
                                                "version, or another folder.");
    enum err e = use_log(home);
    if (e != ERR_OK || version == STEP_N) return e;
    for (int next = (int)version; rc == SQLITE_OK && next < STEP_N; next++)
        rc = step_take(home->db, &steps[next], next + 1);
    /* into the file's own header, where an older Troth looks before it opens anything */
    if (rc == SQLITE_OK) (void)home_log_empty(home);
    return home_sql_err(home, rc);
}

/* ---- all of it ------------------------------------------------------------------------------ */

int home_log_empty(struct home *home)
{
    int rc = sqlite3_wal_checkpoint_v2(home->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    home_heed(home, rc);
    if (rc == SQLITE_OK) {
        home->must_overwrite = false;
        home->log_pages = 0;
    }
    return rc;
}

enum err home_connect(struct home *home)
{
    if (sqlite3_initialize() != SQLITE_OK) return home_fail(home, ERR_NO_MEMORY, NULL);
    int rc = sqlite3_open_v2(home->path, &home->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) rc = settings(home->db);
    return rc == SQLITE_OK ? bring_up(home) : home_sql_err(home, rc);
}
