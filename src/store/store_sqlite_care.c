/* store_sqlite_care.c -- counting, copying and checking a SQLite file as a whole. */
#define _GNU_SOURCE /* renameat2 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* ---- copying -------------------------------------------------------------------------------- */

/* Copies everything committed into the database at part. SQLite's result. */
static int copy_pages(struct sqlite *q, const char *part)
{
    sqlite3 *to = NULL;
    int rc = sqlite3_open_v2(part, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    /* nobody sees the copy before it is whole, so it needs no journal; it is brought to the disk afterwards */
    if (rc == SQLITE_OK) rc = sqlite3_exec(to, "PRAGMA journal_mode = OFF", NULL, NULL, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_exec(to, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_backup *copy = sqlite3_backup_init(to, "main", q->db, "main");
        rc = copy != NULL ? sqlite3_backup_step(copy, -1) : sqlite3_errcode(to); /* all at once: one moment */
        int last = sqlite3_backup_finish(copy);
        rc = rc == SQLITE_DONE ? last : rc;
    }
    int closed = sqlite3_close(to);
    return rc != SQLITE_OK ? rc : closed;
}

/* Brings the whole file to the disk. A system error, or 0. */
static int sync_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return errno;
    int system = fsync(fd) == 0 ? 0 : errno;
    if (close(fd) != 0 && system == 0) system = errno;
    return system;
}

/* Gives the file its name, unless the name is taken. A system error, or 0. */
static int name_file(const char *part, const char *path)
{
    if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) == 0) return sqlite_sync_folder(path);
    if (errno != EINVAL && errno != ENOSYS) return errno;
    struct stat st; /* a file system that cannot do both at once: a stick, for one */
    if (lstat(path, &st) == 0) return EEXIST;
    return rename(part, path) == 0 ? sqlite_sync_folder(path) : errno;
}

static enum err say_backup(struct store_trouble *trouble, int system, const char *path)
{
    switch (system) {
    case EEXIST:
        return store_say(trouble, ERR_EXISTS, "There is something at ", path,
                         " already. Name a new file for the copy.");
    case ENOENT:
    case ENOTDIR: return store_say(trouble, ERR_NOT_FOUND, "There is no folder for ", path, ". Make it first.");
    case ENOSPC:
    case EDQUOT:
        return store_say(trouble, ERR_DISK_FULL, "There is no room for ", path,
                         ". Make room on that disk, or use another.");
    case ENAMETOOLONG: return store_say(trouble, ERR_STORE, "This name is too long for a file: ", path, ".");
    default:
        return store_say(trouble, ERR_STORE, "The system does not let this user write ", path,
                         ". Name another place.");
    }
}

enum err sqlite_backup(struct store *s, const char *path, struct store_trouble *trouble)
{
    struct sqlite *q = sqlite_of(s);
    struct stat st;
    if (lstat(path, &st) == 0) return say_backup(trouble, EEXIST, path);
    char part[SQLITE_PATH_BYTES];
    struct out o = out_over(part, sizeof part - 1);
    if (path[0] != '/') out_text(&o, "./"); /* a file's name for SQLite, whatever it looks like */
    out_text(&o, path);
    out_text(&o, ".XXXXXX");
    if (o.is_full) return say_backup(trouble, ENAMETOOLONG, path);
    part[o.len] = '\0';
    int fd = mkostemp(part, O_CLOEXEC);
    if (fd < 0) return say_backup(trouble, errno, path);
    (void)close(fd);
    enum err e = ERR_OK;
    int rc = copy_pages(q, part);
    if (rc != SQLITE_OK) {
        e = sqlite_trouble(q, rc, path, trouble);
    } else {
        int system = sync_file(part);
        if (system == 0) system = name_file(part, path);
        if (system != 0) e = say_backup(trouble, system, path);
    }
    if (e != ERR_OK) (void)unlink(part);
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
