/* vfs_shim.c -- see vfs_shim.h. */
#include "harness/vfs_shim.h"

#include <sqlite3.h>
#include <string.h>

#include "base/assert.h"

/* A watched file: what SQLite sees, with the system's file behind it in the same piece of memory. */
struct shim_file {
    sqlite3_file base;
    const char *path; /* SQLite's own, valid while the file is open */
    sqlite3_file *system;
};

static struct vfs_watcher watching;
static sqlite3_vfs *system_vfs;
static sqlite3_vfs shim;

static int before(const struct vfs_act *act)
{
    return watching.before != NULL ? watching.before(act) : SQLITE_OK;
}

/* What SQLite is told of an act that was not done. */
static int instead(int rc)
{
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int after(const struct vfs_act *act, int rc)
{
    if (watching.after != NULL) watching.after(act, rc);
    return rc;
}

static struct shim_file *shim_of(sqlite3_file *file)
{
    return (struct shim_file *)file;
}

static sqlite3_file *system_of(sqlite3_file *file)
{
    return shim_of(file)->system;
}

/* ---- files ---------------------------------------------------------------------------------- */

static int shim_close(sqlite3_file *file)
{
    return system_of(file)->pMethods->xClose(system_of(file));
}

static int shim_read(sqlite3_file *file, void *bytes, int n, sqlite3_int64 offset)
{
    struct vfs_act act = {.what = VFS_READ, .path = shim_of(file)->path, .offset = offset, .bytes_n = n};
    int rc = before(&act);
    if (rc != SQLITE_OK) return instead(rc);
    return after(&act, system_of(file)->pMethods->xRead(system_of(file), bytes, n, offset));
}

static int shim_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 offset)
{
    struct vfs_act act = {
        .what = VFS_WRITE, .path = shim_of(file)->path, .bytes = bytes, .offset = offset, .bytes_n = n};
    int rc = before(&act);
    if (rc != SQLITE_OK) return instead(rc);
    return after(&act, system_of(file)->pMethods->xWrite(system_of(file), bytes, n, offset));
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct vfs_act act = {.what = VFS_TRUNCATE, .path = shim_of(file)->path, .offset = size};
    int rc = before(&act);
    return rc != SQLITE_OK ? instead(rc) : after(&act, system_of(file)->pMethods->xTruncate(system_of(file), size));
}

static int shim_sync(sqlite3_file *file, int flags)
{
    struct vfs_act act = {.what = VFS_SYNC, .path = shim_of(file)->path, .flags = flags};
    int rc = before(&act);
    return rc != SQLITE_OK ? instead(rc) : after(&act, system_of(file)->pMethods->xSync(system_of(file), flags));
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return system_of(file)->pMethods->xFileSize(system_of(file), size);
}

static int shim_lock(sqlite3_file *file, int level)
{
    return system_of(file)->pMethods->xLock(system_of(file), level);
}

static int shim_unlock(sqlite3_file *file, int level)
{
    return system_of(file)->pMethods->xUnlock(system_of(file), level);
}

static int shim_is_reserved(sqlite3_file *file, int *is_reserved)
{
    return system_of(file)->pMethods->xCheckReservedLock(system_of(file), is_reserved);
}

static int shim_control(sqlite3_file *file, int op, void *arg)
{
    if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_OK; /* would write unseen */
    return system_of(file)->pMethods->xFileControl(system_of(file), op, arg);
}

static int shim_sector_size(sqlite3_file *file)
{
    return system_of(file)->pMethods->xSectorSize(system_of(file));
}

static int shim_device(sqlite3_file *file)
{
    return system_of(file)->pMethods->xDeviceCharacteristics(system_of(file));
}

static int shim_share(sqlite3_file *file, int page, int page_size, int may_extend, void volatile **at)
{
    struct vfs_act act = {.what = VFS_SHARE, .path = shim_of(file)->path, .flags = may_extend};
    int rc = before(&act);
    if (rc != SQLITE_OK) return instead(rc);
    return after(&act, system_of(file)->pMethods->xShmMap(system_of(file), page, page_size, may_extend, at));
}

static int shim_share_lock(sqlite3_file *file, int first, int n, int flags)
{
    return system_of(file)->pMethods->xShmLock(system_of(file), first, n, flags);
}

static void shim_share_barrier(sqlite3_file *file)
{
    system_of(file)->pMethods->xShmBarrier(system_of(file));
}

static int shim_unshare(sqlite3_file *file, int is_delete)
{
    return system_of(file)->pMethods->xShmUnmap(system_of(file), is_delete);
}

static const sqlite3_io_methods shim_methods = {
    .iVersion = 2, /* no mapping of the file itself, which nobody could watch */
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_is_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector_size,
    .xDeviceCharacteristics = shim_device,
    .xShmMap = shim_share,
    .xShmLock = shim_share_lock,
    .xShmBarrier = shim_share_barrier,
    .xShmUnmap = shim_unshare,
};

/* ---- the file system ------------------------------------------------------------------------ */

static int shim_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *got)
{
    (void)vfs;
    struct shim_file *opened = shim_of(file);
    int exists = 1;
    *opened = (struct shim_file){.path = path, .system = (sqlite3_file *)(opened + 1)};
    struct vfs_act act = {.what = VFS_OPEN, .path = path, .flags = flags};
    int rc = before(&act);
    if (rc != SQLITE_OK) return instead(rc);
    if (path != NULL) rc = system_vfs->xAccess(system_vfs, path, SQLITE_ACCESS_EXISTS, &exists);
    if (rc != SQLITE_OK) return after(&act, rc);
    act.is_new = !exists;
    rc = system_vfs->xOpen(system_vfs, path, opened->system, flags, got);
    if (opened->system->pMethods != NULL) opened->base.pMethods = &shim_methods;
    return after(&act, rc);
}

static int shim_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    (void)vfs;
    struct vfs_act act = {.what = VFS_DELETE, .path = path, .flags = sync_folder};
    int rc = before(&act);
    return rc != SQLITE_OK ? instead(rc) : after(&act, system_vfs->xDelete(system_vfs, path, sync_folder));
}

void vfs_shim_open(const struct vfs_watcher *watcher)
{
    EXPECT(system_vfs == NULL && sqlite3_initialize() == SQLITE_OK);
    system_vfs = sqlite3_vfs_find("unix");
    EXPECT(system_vfs != NULL);
    watching = *watcher;
    shim = *system_vfs; /* whatever is not about files that change goes to the system's own functions */
    shim.pNext = NULL;
    shim.zName = "troth-test";
    shim.szOsFile = (int)sizeof(struct shim_file) + system_vfs->szOsFile;
    shim.xOpen = shim_open;
    shim.xDelete = shim_delete;
    EXPECT(sqlite3_vfs_register(&shim, 1) == SQLITE_OK);
}

void vfs_shim_close(void)
{
    EXPECT(system_vfs != NULL && sqlite3_vfs_unregister(&shim) == SQLITE_OK);
    EXPECT(sqlite3_vfs_register(system_vfs, 1) == SQLITE_OK);
    system_vfs = NULL;
}
