/* store_sqlite_care.c -- counting and checking a SQLite file as a whole. */
#include <stdlib.h>

#include "store/store_sqlite.h"

enum err sqlite_count(struct store *s, struct store_counts *counts)
{
    struct sqlite *q = sqlite_of(s);
    enum err e = sql_find(q, SQL_count, NO_VALUES);
    if (e == ERR_OK) {
        struct sql_row row = sql_row(q, SQL_count);
        struct store_counts found;
        found.account_n = sql_number(&row);
        found.session_n = sql_number(&row);
        found.circle_n = sql_number(&row);
        found.entry_n = sql_number(&row);
        found.payload_bytes = sql_number(&row);
        found.open_permit_n = sql_number(&row);
        e = sql_taken(q, &row);
        if (e == ERR_OK) *counts = found;
    }
    sql_done(q, SQL_count);
    return e;
}

/* ---- checking ------------------------------------------------------------------------------- */

static enum err say_damaged(struct sqlite *q, struct store_trouble *trouble, const char *how)
{
    return store_say(trouble, store_lost(&q->base, ERR_STORE_DAMAGED), "What is in ", q->path, how);
}

/* SQLite's result that the finding of its check speaks of: a page that it could not get, for want of memory
 * or by the disk's fault, is no damage, though the check calls it one. */
static int result_in(const char *finding)
{
    static const char says[] = "error code=";
    if (finding == NULL) return SQLITE_NOMEM;
    if (strcmp(finding, "ok") == 0) return SQLITE_OK;
    const char *code = strstr(finding, says);
    return code != NULL ? (int)strtol(code + sizeof says - 1, NULL, 10) : SQLITE_CORRUPT;
}

/* The file's own structure. */
static enum err check_file(struct sqlite *q, struct store_trouble *trouble)
{
    int rc = sql_start(q, SQL_check_file, NO_VALUES);
    if (rc == SQLITE_ROW) rc = result_in((const char *)sqlite3_column_text(q->stmt[SQL_check_file], 0));
    sql_done(q, SQL_check_file);
    if (rc == SQLITE_OK) return ERR_OK;
    if (rc != SQLITE_CORRUPT) return sqlite_trouble(q, rc, q->path, trouble);
    return say_damaged(q, trouble, " is damaged: pages or indexes do not fit together. Restore a backup.");
}

/* A statement that finds what is wrong, and so should find nothing. */
static enum err check_nothing(struct sqlite *q, enum sql which, const char *how, struct store_trouble *trouble)
{
    int rc = sql_start(q, which, NO_VALUES);
    sql_done(q, which);
    if (rc == SQLITE_DONE) return ERR_OK;
    return rc == SQLITE_ROW ? say_damaged(q, trouble, how) : sqlite_trouble(q, rc, q->path, trouble);
}

enum err sqlite_check(struct store *s, struct store_trouble *trouble)
{
    struct sqlite *q = sqlite_of(s);
    enum err e = check_file(q, trouble);
    if (e == ERR_OK)
        e = check_nothing(q, SQL_check_references,
                          " is damaged: something in it refers to what is not there. Restore a backup.", trouble);
    if (e == ERR_OK)
        e = check_nothing(q, SQL_check_chains,
                          " is damaged: a circle's entries do not go from 0 to its head. Restore a backup.", trouble);
    return e;
}
