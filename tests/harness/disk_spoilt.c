/* disk_spoilt.c -- see disk_spoilt.h; the test's side. */
#define _POSIX_C_SOURCE 200809L
#include "harness/disk_spoilt.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"

struct disk_spoilt *disk_spoilt_open(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    EXPECT(fd >= 0 && ftruncate(fd, sizeof(struct disk_spoilt)) == 0);
    void *at = mmap(NULL, sizeof(struct disk_spoilt), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    EXPECT(at != MAP_FAILED && close(fd) == 0);
    return at;
}
