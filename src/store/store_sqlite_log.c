/* store_sqlite_log.c -- the log beside a SQLite file (path-wal): how it is written, and when its content goes
 * to its place.
 *
 * Written: SQLite gives a commit to the system in two small writes a page. Here they are gathered and given
 * in large pieces, no later than somebody could miss them: before the log is synced, read there, or cut. A
 * commit of 64 entries is 8 writes instead of 420; docs/store.md has the figures. Readers of other handles
 * never look for a page that is still gathered, since SQLite tells of it after the sync.
 *
 * Brought to its place (a checkpoint): only while nobody is in a transaction that writes. SQLite before 3.51.3
 * (Debian 12 has 3.40) can lose committed pages when a checkpoint begins just as another handle starts the log
 * anew (sqlite.org/wal.html, "The WAL-Reset Bug"); tests/store/powercut.c saw it happen. So every writer
 * holds SQLite's own lock of checkpoints while it writes, and no handle checkpoints by itself.
 */
#include "store/store_sqlite.h"

#include <stdio.h>

/* ---- writing in large pieces ---------------------------------------------------------------- */

enum {
    PIECE_BYTES = 120 * 1024, /* SQLite's unix files write less than 128 KiB at once                  */
    AHEAD_BYTES = 128 * 1024, /* a log grows by its own length, and at most by this: so little that no
                                 single commit waits for it much                                      */
    STEP_BYTES = 64 * 1024,
};

/* The log as SQLite sees it; the system's file is behind it in the same piece of memory. */
struct log_file {
    sqlite3_file base;
    sqlite3_file *system;
    uint8_t *piece; /* PIECE_BYTES, or NULL before the first write and where there was no memory */
    sqlite3_int64 piece_at;
    int piece_n;
};

static struct log_file *log_of(sqlite3_file *file)
{
    return (struct log_file *)file;
}

/* Makes a file that would end here longer than it has to be, by zeros, which no log takes for a page: bytes in
 * a file that stays as long as it is are synced sooner than those that bring a new length along. */
static void grow(struct log_file *log, sqlite3_int64 end)
{
    static const uint8_t zeros[STEP_BYTES];
    sqlite3_int64 size = 0, wanted = end + (end < AHEAD_BYTES ? end : AHEAD_BYTES);
    wanted -= wanted % STEP_BYTES;
    if (log->system->pMethods->xFileSize(log->system, &size) != SQLITE_OK || end <= size) return;
    while (size < wanted) { /* where there is no room for more than is needed, that is no error */
        int n = wanted - size < STEP_BYTES ? (int)(wanted - size) : STEP_BYTES;
        if (log->system->pMethods->xWrite(log->system, zeros, n, size) != SQLITE_OK) return;
        size += n;
    }
}

/* Gives what was gathered to the system. What it does not take stays, and is tried again. */
static int flush(struct log_file *log)
{
    if (log->piece_n == 0) return SQLITE_OK;
    grow(log, log->piece_at + log->piece_n);
    int rc = log->system->pMethods->xWrite(log->system, log->piece, log->piece_n, log->piece_at);
    if (rc == SQLITE_OK) log->piece_n = 0;
    return rc;
}

static int log_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
    struct log_file *log = log_of(file);
    sqlite3_int64 end = log->piece_at + log->piece_n;
    if (log->piece_n > 0 && at >= log->piece_at && at + n <= end) { /* a page once more */
        memcpy(log->piece + (at - log->piece_at), bytes, (size_t)n);
        return SQLITE_OK;
    }
    if (log->piece_n > 0 && at == end && n <= PIECE_BYTES - log->piece_n) {
        memcpy(log->piece + log->piece_n, bytes, (size_t)n);
        log->piece_n += n;
        return SQLITE_OK;
    }
    int rc = flush(log);
    if (rc != SQLITE_OK) return rc;
    if (log->piece == NULL) log->piece = sqlite3_malloc(PIECE_BYTES);
    if (log->piece == NULL || n > PIECE_BYTES) return log->system->pMethods->xWrite(log->system, bytes, n, at);
    memcpy(log->piece, bytes, (size_t)n);
    log->piece_at = at;
    log->piece_n = n;
    return SQLITE_OK;
}

static int log_read(sqlite3_file *file, void *bytes, int n, sqlite3_int64 at)
{
    struct log_file *log = log_of(file);
    bool is_gathered = at < log->piece_at + log->piece_n && at + n > log->piece_at;
    int rc = is_gathered ? flush(log) : SQLITE_OK;
    if (rc == SQLITE_OK) rc = log->system->pMethods->xRead(log->system, bytes, n, at);
    if (rc != SQLITE_IOERR_SHORT_READ || log->piece_n == 0) return rc;
    rc = flush(log); /* what is gathered makes the file longer */
    return rc != SQLITE_OK ? rc : log->system->pMethods->xRead(log->system, bytes, n, at);
}

static int log_sync(sqlite3_file *file, int flags)
{
    struct log_file *log = log_of(file);
    int rc = flush(log);
    return rc != SQLITE_OK ? rc : log->system->pMethods->xSync(log->system, flags);
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct log_file *log = log_of(file);
    int rc = flush(log);
    return rc != SQLITE_OK ? rc : log->system->pMethods->xTruncate(log->system, size);
}

static int log_size(sqlite3_file *file, sqlite3_int64 *size)
{
    struct log_file *log = log_of(file);
    int rc = flush(log);
    return rc != SQLITE_OK ? rc : log->system->pMethods->xFileSize(log->system, size);
}

/* What was not synced by now was not committed: it is dropped. */
static int log_close(sqlite3_file *file)
{
    struct log_file *log = log_of(file);
    sqlite3_free(log->piece);
    return log->system->pMethods->xClose(log->system);
}

static int log_lock(sqlite3_file *file, int level)
{
    return log_of(file)->system->pMethods->xLock(log_of(file)->system, level);
}

static int log_unlock(sqlite3_file *file, int level)
{
    return log_of(file)->system->pMethods->xUnlock(log_of(file)->system, level);
}

static int log_is_reserved(sqlite3_file *file, int *is_reserved)
{
    return log_of(file)->system->pMethods->xCheckReservedLock(log_of(file)->system, is_reserved);
}

static int log_control(sqlite3_file *file, int op, void *arg)
{
    return log_of(file)->system->pMethods->xFileControl(log_of(file)->system, op, arg);
}

static int log_sector_size(sqlite3_file *file)
{
    return log_of(file)->system->pMethods->xSectorSize(log_of(file)->system);
}

static int log_device(sqlite3_file *file)
{
    return log_of(file)->system->pMethods->xDeviceCharacteristics(log_of(file)->system);
}

static const sqlite3_io_methods log_methods = {
    .iVersion = 1,
    .xClose = log_close,
    .xRead = log_read,
    .xWrite = log_write,
    .xTruncate = log_truncate,
    .xSync = log_sync,
    .xFileSize = log_size,
    .xLock = log_lock,
    .xUnlock = log_unlock,
    .xCheckReservedLock = log_is_reserved,
    .xFileControl = log_control,
    .xSectorSize = log_sector_size,
    .xDeviceCharacteristics = log_device,
};

/* Opens a log as ours, and every other file as the system's own, with nothing in between. */
static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *got)
{
    sqlite3_vfs *system = vfs->pAppData;
    if ((flags & SQLITE_OPEN_WAL) == 0) return system->xOpen(system, path, file, flags, got);
    struct log_file *log = log_of(file);
    *log = (struct log_file){.system = (sqlite3_file *)(log + 1)};
    int rc = system->xOpen(system, path, log->system, flags, got);
    if (log->system->pMethods != NULL) log->base.pMethods = &log_methods;
    return rc;
}

const char *sqlite_log_vfs(void)
{
    enum { KNOWN = 2, NAME_BYTES = 64 }; /* a second one only where a test stands between SQLite and the system */
    static sqlite3_vfs known[KNOWN];
    static char name[KNOWN][NAME_BYTES];
    static size_t known_n;
    sqlite3_mutex *lock = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_VFS1);
    sqlite3_mutex_enter(lock);
    sqlite3_vfs *system = sqlite3_vfs_find(NULL);
    const char *found = NULL;
    for (size_t i = 0; i < known_n && found == NULL; i++) {
        if (known[i].pAppData == system) found = name[i];
    }
    if (found == NULL && known_n < KNOWN) {
        sqlite3_vfs *vfs = &known[known_n];
        *vfs = *system; /* what is not about opening goes to the system's own functions */
        vfs->pNext = NULL;
        vfs->pAppData = system;
        vfs->zName = name[known_n];
        vfs->szOsFile = (int)sizeof(struct log_file) + system->szOsFile;
        vfs->xOpen = open_file;
        (void)snprintf(name[known_n], NAME_BYTES, "troth-%s", system->zName);
        if (sqlite3_vfs_register(vfs, 0) == SQLITE_OK) found = name[known_n++];
    }
    sqlite3_mutex_leave(lock);
    return found;
}

void sqlite_log_forget(sqlite3 *db)
{
    sqlite3_file *file = NULL;
    int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
    if (rc == SQLITE_OK && file != NULL && file->pMethods == &log_methods) log_of(file)->piece_n = 0;
}

/* ---- bringing it to safety once more ---------------------------------------------------------- */

/* Writes every byte over itself. */
static int rewrite(sqlite3_file *file, uint8_t *step)
{
    sqlite3_int64 size = 0;
    int rc = file->pMethods->xFileSize(file, &size);
    for (sqlite3_int64 at = 0; rc == SQLITE_OK && at < size; at += STEP_BYTES) {
        int n = size - at < STEP_BYTES ? (int)(size - at) : STEP_BYTES;
        rc = file->pMethods->xRead(file, step, n, at);
        if (rc == SQLITE_OK) rc = file->pMethods->xWrite(file, step, n, at);
    }
    return rc != SQLITE_OK || size == 0 ? rc : file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

/* When a sync fails, the system may keep what was written in memory as if it were on the disk. A server that ended
 * then finds it in the log, takes it for committed, and would build on what the next power cut takes away. */
int sqlite_log_renew(struct sqlite *q)
{
    sqlite3_file *log = NULL;
    uint8_t *step = sqlite3_malloc(STEP_BYTES);
    if (step == NULL) return SQLITE_NOMEM;
    int rc = sql_start(q, SQL_begin, NO_VALUES); /* nobody else writes meanwhile */
    sql_done(q, SQL_begin);
    if (rc == SQLITE_DONE) {
        rc = sqlite3_file_control(q->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
        if (rc == SQLITE_OK && log != NULL && log->pMethods != NULL) rc = rewrite(log, step);
        (void)sql_start(q, SQL_abort, NO_VALUES);
        sql_done(q, SQL_abort);
    }
    sqlite3_free(step);
    return rc;
}

/* ---- bringing it to its place ----------------------------------------------------------------- */

/* The lock that SQLite takes for a checkpoint: sqlite.org/walformat.html, "WAL Locks". */
static int checkpoint_lock(sqlite3 *db, int how)
{
    enum { WAL_CKPT_LOCK = 1 };
    sqlite3_file *file = NULL;
    int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (rc != SQLITE_OK) return rc;
    EXPECT(file->pMethods->iVersion >= 2);
    return file->pMethods->xShmLock(file, WAL_CKPT_LOCK, 1, how | SQLITE_SHM_EXCLUSIVE);
}

int sqlite_log_hold(sqlite3 *db)
{
    int rc = checkpoint_lock(db, SQLITE_SHM_LOCK);
    for (int waited_ms = 0; rc == SQLITE_BUSY && waited_ms < SQLITE_BUSY_MS; waited_ms++) {
        (void)sqlite3_sleep(1);
        rc = checkpoint_lock(db, SQLITE_SHM_LOCK);
    }
    return rc;
}

void sqlite_log_release(sqlite3 *db)
{
    (void)checkpoint_lock(db, SQLITE_SHM_UNLOCK); /* fails only where nothing was held */
}

void sqlite_log_empty(struct sqlite *q)
{
    if (q->log_pages < q->log_pages_most) return;
    /* what does not succeed now is no loss: it is in the log, and the next begin tries again; unless a sync failed */
    (void)sql_err(q, sqlite3_wal_checkpoint_v2(q->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL));
    q->log_pages = 0;
}

enum err sqlite_tidy(struct store *s)
{
    enum { PATIENCE_MS = 20 };
    struct sqlite *q = sqlite_of(s);
    (void)sqlite3_busy_timeout(q->db, PATIENCE_MS); /* a writer that begins meanwhile has to wait as long */
    int rc = sqlite3_wal_checkpoint_v2(q->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    (void)sqlite3_busy_timeout(q->db, SQLITE_BUSY_MS);
    return sql_err(q, rc);
}
