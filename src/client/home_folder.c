/* home_folder.c -- the folder of a home: made, looked at, locked; and the file in it, made before SQLite comes.
 *
 * The lock is on the folder itself: there is no lock file that could be left behind or removed.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/clock.h"
#include "client/home_own.h"

#define FILE_NAME "troth.db"

/* ---- sentences ------------------------------------------------------------------------------ */

static enum err say_system(struct home *home, int system)
{
    switch (system) {
    case EACCES:
    case EPERM:
        return home_fail(home, ERR_STORE, "This folder, or a file of Troth's in it, may not be used by you. Look at "
                                          "whose they are, or name another folder.");
    case EROFS:
        return home_fail(home, ERR_STORE, "The disk of this folder can only be read. Name a folder on another one.");
    case ENOSPC:
    case EDQUOT: return home_fail(home, ERR_DISK_FULL, NULL);
    case ENOTDIR:
    case EEXIST: return home_fail(home, ERR_STORE, "This is not a folder. Name a folder for what Troth keeps.");
    case ELOOP:
        return home_fail(home, ERR_STORE, "troth.db is a link to another place. Put the file itself there, or name "
                                          "another folder.");
    case ENAMETOOLONG: return home_fail(home, ERR_STORE, "This name is too long for a folder. Name another one.");
    case ENOMEM: return home_fail(home, ERR_NO_MEMORY, NULL);
    case ENOENT: return home_fail(home, ERR_STORE, "This folder cannot be made. Name another one.");
    default:
        return home_fail(home, ERR_STORE, "The system refuses the use of this folder. Look at the disk, and at the "
                                          "limit of open files.");
    }
}

/* ---- the folder ----------------------------------------------------------------------------- */

/* Makes the folder that path names up to n bytes, and what is missing above it. For our eyes only. */
static int make_one(char *path, size_t n)
{
    char next = path[n];
    struct stat st;
    path[n] = '\0';
    int system = stat(path, &st) == 0 ? 0 : errno;
    if (system == ENOENT && mkdir(path, 0700) == 0) system = chmod(path, 0700) == 0 ? 0 : errno; /* any umask */
    else if (system == ENOENT) system = errno == EEXIST ? 0 : errno;
    path[n] = next;
    return system;
}

static int make_folders(char *path)
{
    for (size_t n = 1; path[n - 1] != '\0'; n++) {
        if (path[n] != '/' && path[n] != '\0') continue;
        int system = make_one(path, n);
        if (system != 0) return system;
    }
    return 0;
}

/* Nobody else may put files into it: a journal that SQLite would take for its own, for one. */
static enum err look_at_folder(struct home *home)
{
    struct stat st;
    if (fstat(home->folder_fd, &st) != 0) return say_system(home, errno);
    if (st.st_uid != geteuid())
        return home_fail(home, ERR_STORE, "This folder belongs to another user. Name one of your own.");
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return home_fail(home, ERR_STORE, "Others may write into this folder. Take that right from them (chmod 700), "
                                          "or name another folder.");
    return ERR_OK;
}

static enum err lock_folder(struct home *home, uint64_t wait_ms)
{
    uint64_t from_ms = clock_steady_ms();
    while (flock(home->folder_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return say_system(home, errno);
        uint64_t waited_ms = clock_steady_ms() - from_ms;
        if (waited_ms >= wait_ms)
            return home_fail(home, ERR_BUSY, "Another troth is using this folder. Wait until it is done, or end it.");
        uint64_t pause_ms = wait_ms - waited_ms < 10 ? wait_ms - waited_ms : 10;
        struct timespec pause = {.tv_nsec = (long)(pause_ms * 1000 * 1000)};
        (void)nanosleep(&pause, NULL);
    }
    return ERR_OK;
}

/* ---- after a sync that failed --------------------------------------------------------------- */

/* The system may have dropped what it could not bring to the disk, and show it as if it were there. It does so until
 * it is started anew, and so long the mark stays, too: it need not reach the disk itself. */
#define MARK FILE_NAME "-unsure"

void home_folder_mark(const struct home *home)
{
    int fd = openat(home->folder_fd, MARK, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) (void)close(fd);
}

/* Writes a file over itself, so that the system has to bring all of it to the disk. A system error, or 0. */
static int write_over(int folder_fd, const char *name)
{
    uint8_t piece[16 * 1024];
    int fd = openat(folder_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return errno == ENOENT ? 0 : errno;
    int system = 0;
    ssize_t n = 1;
    for (off_t at = 0; system == 0 && n > 0; at += n) {
        n = pread(fd, piece, sizeof piece, at);
        if (n < 0) system = errno;
        else if (pwrite(fd, piece, (size_t)n, at) != n) system = EIO;
    }
    if (system == 0 && fsync(fd) != 0) system = errno;
    (void)close(fd);
    return system;
}

/* Nothing is built on what may not be on the disk. */
static enum err make_sure(struct home *home)
{
    static const char *const names[] = {FILE_NAME, FILE_NAME "-wal", FILE_NAME "-journal"};
    if (faccessat(home->folder_fd, MARK, F_OK, 0) != 0) return ERR_OK;
    int system = 0;
    for (size_t i = 0; system == 0 && i < sizeof names / sizeof *names; i++)
        system = write_over(home->folder_fd, names[i]);
    if (system == 0 && fsync(home->folder_fd) != 0) system = errno;
    if (system == 0 && unlinkat(home->folder_fd, MARK, 0) != 0) system = errno;
    return system == 0 ? ERR_OK : say_system(home, system);
}

/* ---- the file ------------------------------------------------------------------------------- */

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* What the file's first bytes say, before SQLite may touch anything. A journal beside it says how to undo what
 * was being done when the power went: the first bytes mean nothing then. */
static enum err look_at_header(struct home *home, const uint8_t *header, size_t n)
{
    enum { HEADER_BYTES = 100, VERSION_AT = 60, APPLICATION_AT = 68 };
    if (n == 0 || faccessat(home->folder_fd, "troth.db-journal", F_OK, 0) == 0) return ERR_OK;
    if (n < HEADER_BYTES || memcmp(header, "SQLite format 3", 16) != 0)
        return home_fail(home, ERR_STORE_DAMAGED, "troth.db is not a file of Troth's, or its beginning is damaged. It "
                                                  "was not touched. Keep it, and name another folder.");
    uint32_t application = be32(header + APPLICATION_AT), version = be32(header + VERSION_AT);
    if (application != HOME_APPLICATION && (application != 0 || version != 0))
        return home_fail(home, ERR_STORE_DAMAGED, "troth.db is a database of another program. It was not touched. Name "
                                                  "another folder for Troth.");
    if (version > home_schema_newest())
        return home_fail(home, ERR_STORE_NEWER, "troth.db was made by a newer Troth. It was not touched. Use the newer "
                                                "version, or another folder.");
    return ERR_OK;
}

static enum err look_at_file(struct home *home, int fd)
{
    uint8_t header[100];
    struct stat st;
    if (fstat(fd, &st) != 0) return say_system(home, errno);
    if (!S_ISREG(st.st_mode))
        return home_fail(home, ERR_STORE, "troth.db is not a file. Name another folder.");
    if ((st.st_mode & 07777) != 0600 && fchmod(fd, 0600) != 0) return say_system(home, errno);
    ssize_t n = pread(fd, header, sizeof header, 0);
    return n < 0 ? say_system(home, errno) : look_at_header(home, header, (size_t)n);
}

/* There is a file, of ours, that nobody else can read, and that is still there after a power cut. */
static enum err take_file(struct home *home)
{
    int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = openat(home->folder_fd, FILE_NAME, flags);
    bool is_new = fd < 0 && errno == ENOENT;
    if (is_new) fd = openat(home->folder_fd, FILE_NAME, flags | O_CREAT | O_EXCL, 0600);
    if (fd < 0) return errno == EISDIR ? home_fail(home, ERR_STORE, "troth.db is not a file. Name another folder.")
                                       : say_system(home, errno);
    enum err e = look_at_file(home, fd);
    if (e == ERR_OK && is_new && (fsync(fd) != 0 || fsync(home->folder_fd) != 0)) e = say_system(home, errno);
    (void)close(fd);
    return e;
}

/* The file's path, such that SQLite takes it for one whatever it looks like ("file:..."). */
static enum err name_file(struct home *home, const char *folder)
{
    size_t n = strlen(folder);
    if (n == 0) return home_fail(home, ERR_STORE, "The folder has no name. Name a folder for what Troth keeps.");
    if (n + sizeof "./" "/" FILE_NAME "-journal" > HOME_PATH_BYTES) return say_system(home, ENAMETOOLONG);
    size_t cap = n + sizeof "./" "/" FILE_NAME;
    home->path = malloc(cap);
    if (home->path == NULL) return say_system(home, ENOMEM);
    struct out path = out_over(home->path, cap - 1);
    if (folder[0] != '/' && folder[0] != '.') out_text(&path, "./");
    out_text(&path, folder);
    home->path[path.len] = '\0';
    return ERR_OK;
}

enum err home_folder_take(struct home *home, const char *folder, uint64_t wait_ms)
{
    enum err e = name_file(home, folder);
    if (e != ERR_OK) return e;
    int system = make_folders(home->path);
    if (system != 0) return say_system(home, system);
    home->folder_fd = open(home->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (home->folder_fd < 0) return say_system(home, errno);
    e = look_at_folder(home);
    if (e == ERR_OK) e = lock_folder(home, wait_ms);
    if (e == ERR_OK) e = take_file(home);
    if (e == ERR_OK) e = make_sure(home);
    if (e == ERR_OK) memcpy(home->path + strlen(home->path), "/" FILE_NAME, sizeof "/" FILE_NAME);
    return e;
}
