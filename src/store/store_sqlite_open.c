/* store_sqlite_open.c -- finds the file, makes sure that it is ours to use, and says so plainly if not.
 *
 * Order matters: what is somebody else's is not touched. The lock comes before anything else, the first
 * bytes of the file are looked at before SQLite opens it, and what a log beside it says of them after.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_sqlite.h"

enum {
    LOG_PAGES = 32000, /* 128 MiB of log, then its content goes to its place: docs/store.md says why */
    LOG_BYTES = 160 << 20, /* a log that grew beyond this is cut back */
    WRITER_CACHE_KIB = 8 * 1024,
    READER_CACHE_KIB = 4 * 1024,
    HEADER_BYTES = 100, /* of a SQLite file */
};

/* ---- sentences ------------------------------------------------------------------------------ */

#define MAY_WRITE " Give the user that runs trothd the right to read and write the file and its folder."

/* The sentence for an error of the system's while it was asked for path. */
static enum err say_system(struct store_trouble *trouble, int system, const char *path)
{
    switch (system) {
    case ENOENT:
    case ENOTDIR:
        return store_say(trouble, ERR_NOT_FOUND, "There is no folder for ", path, ". Make it first.");
    case EACCES:
    case EPERM: return store_say(trouble, ERR_STORE, "This user may not use ", path, "." MAY_WRITE);
    case EROFS:
        return store_say(trouble, ERR_STORE, "The disk of ", path,
                         " can only be read. Use a place that can be written.");
    case ENOSPC:
    case EDQUOT:
        return store_say(trouble, ERR_DISK_FULL, "There is no room left on the disk of ", path, ". Make room there.");
    case ENOMEM: return store_say(trouble, ERR_NO_MEMORY, "There is not enough memory to open ", path, ".");
    case ENAMETOOLONG: return store_say(trouble, ERR_STORE, "This name is too long for a file: ", path, ".");
    default:
        return store_say(trouble, ERR_STORE, "The system refuses the use of ", path,
                         ". Look at the disk, and at the limit of open files.");
    }
}

enum err sqlite_trouble(struct sqlite *q, int rc, const char *path, struct store_trouble *trouble)
{
    enum err e = sql_err(q, rc);
    switch (e) {
    case ERR_DISK_FULL: return say_system(trouble, ENOSPC, path);
    case ERR_NO_MEMORY: return say_system(trouble, ENOMEM, path);
    case ERR_BUSY:
        return store_say(trouble, e, "Another program has kept ", path, " to itself for seconds. Try again.");
    case ERR_STORE_DAMAGED:
        return store_say(trouble, e, "What is in ", path,
                         " does not fit together. Keep a copy of it as it is, then restore a backup;"
                         " members' devices re-upload what is missing.");
    default: break;
    }
    if ((rc & 0xff) == SQLITE_READONLY) return say_system(trouble, EACCES, path);
    return store_say(trouble, ERR_STORE, "The disk or the file system refused the use of ", path,
                     ". Look at the system's log; a network folder is no place for a store.");
}

static enum err say_foreign(struct store_trouble *trouble, const char *path)
{
    return store_say(trouble, ERR_STORE, "", path,
                     " is a database of another program. It was not touched. Name another file for Troth.");
}

static enum err say_newer(struct store_trouble *trouble, const char *path)
{
    return store_say(trouble, ERR_STORE_NEWER, "", path,
                     " was made by a newer Troth. It was not touched. Use the newer version, or another file.");
}

/* ---- files ---------------------------------------------------------------------------------- */

bool sqlite_folder_of(const char *path, char folder[static SQLITE_PATH_BYTES])
{
    struct out o = out_over(folder, SQLITE_PATH_BYTES - 1);
    const char *slash = strrchr(path, '/');
    if (slash == NULL) out_text(&o, ".");
    else out_put(&o, slash == path ? STR("/") : str_at(path, (size_t)(slash - path)));
    folder[o.len] = '\0';
    return !o.is_full;
}

int sqlite_sync_folder(const char *path)
{
    char folder[SQLITE_PATH_BYTES];
    if (!sqlite_folder_of(path, folder)) return ENAMETOOLONG;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno;
    int system = fsync(fd) == 0 ? 0 : errno;
    (void)close(fd);
    return system;
}

/* The name of what lies beside the store. */
enum { BESIDE_BYTES = SQLITE_PATH_BYTES + SQLITE_SUFFIX_BYTES };
static void beside(const struct sqlite *q, const char *suffix, char path[static BESIDE_BYTES])
{
    struct out o = out_over(path, BESIDE_BYTES - 1);
    out_text(&o, q->path);
    out_text(&o, suffix);
    path[o.len] = '\0';
}

/* The one server's lock. It lies beside the store, since closing any file of SQLite's own would drop
 * SQLite's locks; it stays there, since removing it would let two servers lock two of them. */
static enum err lock_server(struct sqlite *q, struct store_trouble *trouble)
{
    char path[BESIDE_BYTES];
    beside(q, "-lock", path);
    q->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (q->lock_fd < 0) return say_system(trouble, errno, errno == ENOENT ? q->path : path);
    if (flock(q->lock_fd, LOCK_EX | LOCK_NB) == 0) return ERR_OK;
    if (errno != EWOULDBLOCK) return say_system(trouble, errno, path);
    return store_say(trouble, ERR_BUSY, "Another server is running on ", q->path,
                     ". Stop it first, or give this one a file of its own.");
}

/* Makes an empty file that nobody else can read, and that is still there after a power cut. */
static enum err file_make(struct sqlite *q, struct store_trouble *trouble)
{
    int fd = open(q->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return errno == EEXIST ? ERR_OK : say_system(trouble, errno, q->path);
    int system = fsync(fd) == 0 ? 0 : errno;
    (void)close(fd);
    if (system == 0) system = sqlite_sync_folder(q->path);
    return system == 0 ? ERR_OK : say_system(trouble, system, q->path);
}

static enum err say_no_store(struct store_trouble *trouble, const char *path)
{
    return store_say(trouble, ERR_STORE, "", path,
                     " is not a store of Troth's. It was not touched. Name another file.");
}

/* There is a file at the path; it is made if there is none and that is wanted. */
static enum err file_expect(struct sqlite *q, struct store_trouble *trouble)
{
    struct stat st;
    if (stat(q->path, &st) != 0) {
        if (errno != ENOENT) return say_system(trouble, errno, q->path);
        if ((q->flags & STORE_CREATES) != 0) return file_make(q, trouble);
        return store_say(trouble, ERR_NOT_FOUND, "There is no store at ", q->path,
                         ". Start trothd on it once to make it, or name another file.");
    }
    if (!S_ISREG(st.st_mode))
        return store_say(trouble, ERR_STORE, "", q->path, " is not a file. Name a file for the store.");
    return st.st_size != 1 ? ERR_OK : say_no_store(trouble, q->path); /* SQLite takes one byte for none */
}

/* ---- whose it is ---------------------------------------------------------------------------- */

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Whether SQLite left a note how to undo what it was doing to the file: when the power went while the store
 * was made. Its first bytes mean nothing then. */
static bool has_journal(const struct sqlite *q)
{
    char path[BESIDE_BYTES];
    beside(q, "-journal", path);
    return access(path, F_OK) == 0;
}

/* What the file's first bytes say, before SQLite may touch anything. All is well with an empty file. */
static enum err header_expect(const struct sqlite *q, const uint8_t *header, size_t n, struct store_trouble *trouble)
{
    enum { VERSION_AT = 60, APPLICATION_AT = 68 };
    if (n == 0 || has_journal(q)) return ERR_OK;
    if (n < HEADER_BYTES || memcmp(header, "SQLite format 3", 16) != 0) return say_no_store(trouble, q->path);
    uint32_t application = be32(header + APPLICATION_AT), version = be32(header + VERSION_AT);
    if (application == SCHEMA_APPLICATION) return version > schema_newest() ? say_newer(trouble, q->path) : ERR_OK;
    return application != 0 || version != 0 ? say_foreign(trouble, q->path) : ERR_OK;
}

/* Reads the first bytes through SQLite's own eyes: closing a file by our own hand would drop the locks that
 * another handle of this process has on it. */
static enum err header_look(struct sqlite *q, struct store_trouble *trouble)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    EXPECT(vfs != NULL);
    char full[SQLITE_PATH_BYTES + SQLITE_SUFFIX_BYTES];
    sqlite3_file *file = calloc(1, (size_t)vfs->szOsFile);
    if (file == NULL) return say_system(trouble, ENOMEM, q->path);
    int got = 0;
    int rc = vfs->mxPathname < (int)sizeof full ? vfs->xFullPathname(vfs, q->path, (int)sizeof full, full)
                                                : SQLITE_CANTOPEN;
    if (rc == SQLITE_OK) rc = vfs->xOpen(vfs, full, file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_DB, &got);
    enum err e = ERR_OK;
    if (rc != SQLITE_OK) {
        int system = vfs->xGetLastError != NULL ? vfs->xGetLastError(vfs, 0, NULL) : 0;
        e = (rc & 0xff) == SQLITE_NOMEM || rc == SQLITE_IOERR_NOMEM ? say_system(trouble, ENOMEM, q->path)
                                                                    : say_system(trouble, system, q->path);
    } else if ((got & SQLITE_OPEN_READONLY) != 0) {
        e = say_system(trouble, EACCES, q->path);
    } else {
        uint8_t header[HEADER_BYTES] = {0};
        sqlite3_int64 size = 0;
        rc = file->pMethods->xFileSize(file, &size);
        size_t n = size < HEADER_BYTES ? (size_t)size : HEADER_BYTES;
        if (rc == SQLITE_OK && n > 0) rc = file->pMethods->xRead(file, header, (int)n, 0);
        e = rc == SQLITE_OK ? header_expect(q, header, n, trouble) : sqlite_trouble(q, rc, q->path, trouble);
    }
    if (file->pMethods != NULL) (void)file->pMethods->xClose(file);
    free(file);
    return e;
}

int sqlite_number(sqlite3 *db, const char *sql, sqlite3_int64 *number)
{
    sqlite3_stmt *stmt;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (rc != SQLITE_OK) return rc;
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) *number = sqlite3_column_int64(stmt, 0);
    int last = sqlite3_finalize(stmt);
    return rc == SQLITE_ROW ? SQLITE_OK : last != SQLITE_OK ? last : SQLITE_CORRUPT;
}

/* What is in the file, its log included: ours and current, or made so. */
static enum err content_expect(struct sqlite *q, struct store_trouble *trouble)
{
    sqlite3_int64 application = 0, version = 0, table_n = 0;
    int rc = sqlite_number(q->db, "PRAGMA application_id", &application);
    if (rc == SQLITE_OK) rc = sqlite_number(q->db, "PRAGMA user_version", &version);
    if (rc == SQLITE_OK) rc = sqlite_number(q->db, "SELECT count(*) FROM sqlite_schema", &table_n);
    if (rc != SQLITE_OK) return sqlite_trouble(q, rc, q->path, trouble);
    bool is_ours = application == SCHEMA_APPLICATION, is_empty = application == 0 && version == 0 && table_n == 0;
    if (!is_ours && !is_empty) return say_foreign(trouble, q->path);
    if (version > schema_newest()) return say_newer(trouble, q->path);
    if (is_ours && version == schema_newest()) return ERR_OK;
    if (is_empty && (q->flags & (STORE_CREATES | STORE_SERVES)) == 0)
        return store_say(trouble, ERR_STORE, "There is nothing in ", q->path, " yet. Start trothd on it once.");
    if (!is_empty && (q->flags & STORE_SERVES) == 0)
        return store_say(trouble, ERR_STORE, "", q->path,
                         " was made by an older Troth. Start this version's server on it once, then try again.");
    rc = sqlite3_exec(q->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    if (rc == SQLITE_OK) rc = sqlite_number(q->db, "PRAGMA user_version", &version); /* opens the log */
    if (rc == SQLITE_OK) rc = sqlite_log_hold(q->db);
    if (rc == SQLITE_OK) {
        rc = schema_bring_up_all(q->db);
        sqlite_log_release(q->db);
    }
    /* into the file's own header, where header_look of an older Troth finds it */
    if (rc == SQLITE_OK) (void)sqlite3_wal_checkpoint_v2(q->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return rc == SQLITE_OK ? ERR_OK : sqlite_trouble(q, rc, q->path, trouble);
}

/* ---- settings ------------------------------------------------------------------------------- */

int sqlite_set(sqlite3 *db, const char *name, int value)
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

/* What changes nothing in the file, and so may be set before it is known to be ours. */
static int settings_early(struct sqlite *q)
{
    sqlite3 *db = q->db;
    (void)sqlite3_extended_result_codes(db, 1);
    int rc = sqlite3_busy_timeout(db, SQLITE_BUSY_MS);
    if (rc == SQLITE_OK) rc = sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (rc == SQLITE_OK) rc = sqlite_set(db, "page_size", 4096);
    if (rc == SQLITE_OK) rc = sqlite_set(db, "auto_vacuum", 0);
    if (rc == SQLITE_OK) rc = sqlite_set(db, "cell_size_check", 1);
    if (rc == SQLITE_OK) rc = sqlite_set(db, "wal_autocheckpoint", 0); /* sqlite_log_empty does it */
    if (rc == SQLITE_OK) rc = sqlite_set(db, "mmap_size", 0); /* a mapped page that cannot be read kills the process */
    if (rc == SQLITE_OK) rc = sqlite_set(db, "temp_store", 2);
    if (rc == SQLITE_OK) rc = sqlite_set(db, "secure_delete", 1); /* what is erased is overwritten */
    if (rc == SQLITE_OK) rc = sqlite_set(db, "synchronous", (q->flags & STORE_UNSYNCED) != 0 ? 0 : 2);
    if (rc == SQLITE_OK) rc = sqlite_set(db, "cache_size", -(q->base.is_reader ? READER_CACHE_KIB : WRITER_CACHE_KIB));
    if (rc == SQLITE_OK && q->base.is_reader) rc = sqlite_set(db, "query_only", 1);
    return rc;
}

/* Notes how long the log is after a commit, which SQLite only tells when something was written. */
static int note_log_pages(void *ctx, sqlite3 *db, const char *name, int pages)
{
    (void)db, (void)name;
    ((struct sqlite *)ctx)->log_pages = pages;
    ((struct sqlite *)ctx)->base.kept_n++;
    return SQLITE_OK;
}

/* The rest, when it is ours. */
static enum err settings_late(struct sqlite *q, struct store_trouble *trouble)
{
    sqlite3_stmt *mode = NULL;
    int rc = sqlite3_prepare_v2(q->db, "PRAGMA journal_mode = WAL", -1, &mode, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(mode);
    bool is_wal = rc == SQLITE_ROW && sqlite3_stricmp((const char *)sqlite3_column_text(mode, 0), "wal") == 0;
    (void)sqlite3_finalize(mode);
    q->log_pages_most = LOG_PAGES;
    (void)sqlite3_wal_hook(q->db, note_log_pages, q);
    if (rc == SQLITE_ROW) rc = is_wal ? SQLITE_OK : SQLITE_IOERR;
    if (rc == SQLITE_OK) rc = sqlite_set(q->db, "journal_size_limit", LOG_BYTES);
    if (rc == SQLITE_OK) rc = sqlite3_db_config(q->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    return rc == SQLITE_OK ? ERR_OK : sqlite_trouble(q, rc, q->path, trouble);
}

/* ---- all of it ------------------------------------------------------------------------------ */

/* A name that SQLite takes for a file, whatever it looks like (":memory:", "file:..."). */
static enum err path_expect(struct sqlite *q, struct store_trouble *trouble)
{
    size_t n = strlen(q->path);
    if (n == 0) return store_say(trouble, ERR_STORE, "The store has no name.", "", " Name a file for it.");
    if (n + sizeof "./" > SQLITE_PATH_BYTES) return say_system(trouble, ENAMETOOLONG, q->path);
    if (q->path[0] == '/' || q->path[0] == '.') return ERR_OK;
    char *path = malloc(n + sizeof "./");
    if (path == NULL) return say_system(trouble, ENOMEM, q->path);
    memcpy(path, "./", 2);
    memcpy(path + 2, q->path, n + 1);
    free(q->path);
    q->path = path;
    return ERR_OK;
}

enum err sqlite_connect(struct sqlite *q, struct store_trouble *trouble)
{
    enum err e = path_expect(q, trouble);
    if (e == ERR_OK && sqlite3_initialize() != SQLITE_OK) e = say_system(trouble, ENOMEM, q->path);
    if (e == ERR_OK && !q->base.is_reader) {
        if ((q->flags & STORE_SERVES) != 0) e = lock_server(q, trouble);
        if (e == ERR_OK) e = file_expect(q, trouble);
        if (e == ERR_OK) e = header_look(q, trouble);
    }
    if (e != ERR_OK) return e;
    const char *vfs = NULL;
    if (!q->base.is_reader && (q->flags & STORE_UNSYNCED) == 0) {
        vfs = sqlite_log_vfs();
        if (vfs == NULL) return say_system(trouble, ENOMEM, q->path);
    }
    int rc = sqlite3_open_v2(q->path, &q->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, vfs);
    if (rc == SQLITE_OK) rc = settings_early(q);
    if (rc != SQLITE_OK) return sqlite_trouble(q, rc, q->path, trouble);
    if (!q->base.is_reader) e = content_expect(q, trouble);
    return e == ERR_OK ? settings_late(q, trouble) : e;
}
