/* store_sqlite_backup.c -- a copy of a SQLite file that is in use.
 *
 * Until it is whole and on the disk the copy has a name of ours, and a lock as long as somebody writes it. What has
 * such a name and no lock was left behind by a backup that was killed, and the next one into that folder removes
 * it. (A file without any name would be gone by itself, but SQLite opens none: it follows no link at the end.)
 */
#define _GNU_SOURCE /* renameat2 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_sqlite.h"

#define PART_PREFIX ".troth-backup-"
enum { PART_DRAWN = 6 }; /* letters that mkostemp draws */

/* The copy in the making. */
struct part {
    int fd;
    bool is_named; /* as it was wanted: it stays */
    char path[SQLITE_PATH_BYTES + SQLITE_SUFFIX_BYTES];
};

/* ---- a file for it ----------------------------------------------------------------------------- */

static bool is_part_name(const char *name)
{
    enum { PREFIX_N = sizeof PART_PREFIX - 1 };
    return strlen(name) == PREFIX_N + PART_DRAWN && memcmp(name, PART_PREFIX, PREFIX_N) == 0;
}

/* Removes what backups into this folder left when they were killed. */
static void remove_stale(const char *folder)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) return; /* whoever opens the file there will say why */
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        struct stat st;
        if (!is_part_name(entry->d_name)) continue;
        int fd = openat(dirfd(dir), entry->d_name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0) continue;
        bool is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
        if (is_file && flock(fd, LOCK_EX | LOCK_NB) == 0) (void)unlinkat(dirfd(dir), entry->d_name, 0);
        (void)close(fd);
    }
    (void)closedir(dir);
}

/* Makes the file, in the folder where it stays. A system error, or 0. */
static int part_open(const char *path, struct part *part)
{
    char folder[SQLITE_PATH_BYTES];
    struct out o = out_over(part->path, sizeof part->path - 1);
    if (!sqlite_folder_of(path, folder)) return ENAMETOOLONG;
    remove_stale(folder);
    if (folder[0] != '/') out_text(&o, "./"); /* a file's name for SQLite, whatever it looks like */
    out_text(&o, folder);
    out_text(&o, "/" PART_PREFIX "XXXXXX");
    if (o.is_full) return ENAMETOOLONG;
    part->path[o.len] = '\0';
    part->fd = mkostemp(part->path, O_CLOEXEC);
    if (part->fd < 0) return errno;
    part->is_named = false;
    (void)flock(part->fd, LOCK_EX | LOCK_NB); /* where there are no locks, nobody else gets one to remove it by */
    return 0;
}

/* Gives it its name, unless the name is taken. A system error, or 0. */
static int part_name(struct part *part, const char *path)
{
    part->is_named = renameat2(AT_FDCWD, part->path, AT_FDCWD, path, RENAME_NOREPLACE) == 0;
    if (!part->is_named && (errno == EINVAL || errno == ENOSYS)) { /* a file system that cannot do both at once */
        struct stat st;
        if (lstat(path, &st) == 0) return EEXIST;
        part->is_named = rename(part->path, path) == 0;
    }
    return part->is_named ? sqlite_sync_folder(path) : errno;
}

static void part_close(struct part *part)
{
    if (!part->is_named) (void)unlink(part->path);
    (void)close(part->fd);
}

/* ---- copying ----------------------------------------------------------------------------------- */

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
    struct part part;
    struct stat st;
    if (lstat(path, &st) == 0) return say_backup(trouble, EEXIST, path);
    int system = part_open(path, &part);
    if (system != 0) return say_backup(trouble, system, path);
    enum err e = ERR_OK;
    int rc = copy_pages(q, part.path);
    if (rc != SQLITE_OK) {
        e = sqlite_trouble(q, rc, path, trouble);
    } else {
        if (fsync(part.fd) != 0) system = errno;
        if (system == 0) system = part_name(&part, path);
        if (system != 0) e = say_backup(trouble, system, path);
    }
    part_close(&part);
    return e;
}
