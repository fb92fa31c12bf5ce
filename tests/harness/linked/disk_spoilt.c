/* disk_spoilt.c -- see ../disk_spoilt.h; the server's side: the calls by which SQLite writes to the disk.
 *
 * The program's own functions of these names come before those of the C library, also for the libraries.
 */
#define _GNU_SOURCE
#include "harness/disk_spoilt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct disk_spoilt nobody_spoils, *disk = &nobody_spoils;

__attribute__((constructor)) static void find_disk(void)
{
    const char *path = getenv("DISK_SPOILT");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *at = mmap(NULL, sizeof *disk, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at != MAP_FAILED) disk = at;
    (void)close(fd);
}

/* Whether the call is refused, and says so in errno. */
static bool is_refused(int error)
{
    if (error == 0) return false;
    atomic_fetch_add(&disk->refused_n, 1);
    errno = error;
    return true;
}

static bool is_sync_refused(void)
{
    int left = atomic_load(&disk->sync_left);
    while (left > 0 && !atomic_compare_exchange_weak(&disk->sync_left, &left, left - 1)) continue;
    return left != 0 && is_refused(atomic_load(&disk->sync));
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    return is_refused(atomic_load(&disk->write)) ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, bytes, n, at);
}

/* A disk without room still lets files be cut. */
int ftruncate64(int fd, off64_t size)
{
    int error = atomic_load(&disk->write);
    return is_refused(error == ENOSPC ? 0 : error) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int fsync(int fd)
{
    return is_sync_refused() ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return is_sync_refused() ? -1 : (int)syscall(SYS_fdatasync, fd);
}
