/* vfs_powercut.c -- see vfs_powercut.h. */
#define _DEFAULT_SOURCE
#include "harness/vfs_powercut.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/random.h"
#include "harness/vfs_shim.h"

enum { SECTOR_BYTES = 512, FILES = 64 };

/* A change that is not yet synced: bytes at an offset, or, with bytes NULL, a new size. */
struct change {
    uint8_t *bytes;
    size_t offset, n;
};

/* A file as the disk has it for certain, and what was done to it since. */
struct disk_file {
    char *path;
    bool is_durable;  /* its name is on the disk                                    */
    bool is_deleted;  /* its name was taken away, which the disk may not know yet   */
    uint8_t *synced;
    size_t synced_n, synced_cap;
    struct change *change;
    size_t change_n;
};

static struct disk_file files[FILES];
static size_t file_n;
static struct random chance;
static uint64_t counted, cut_after;
static unsigned in_flight; /* changes between before() and after() */
static bool is_cut;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t landed = PTHREAD_COND_INITIALIZER;

static void *grow(void *at, size_t n)
{
    void *grown = realloc(at, n > 0 ? n : 1);
    if (grown == NULL) {
        fputs("powercut: no memory left to remember the disk in\n", stderr);
        abort();
    }
    return grown;
}

/* ---- remembering ---------------------------------------------------------------------------- */

static struct disk_file *file_at(const char *path)
{
    for (size_t i = 0; i < file_n; i++) {
        if (strcmp(files[i].path, path) == 0) return &files[i];
    }
    EXPECT(file_n < FILES);
    struct disk_file *file = &files[file_n++];
    *file = (struct disk_file){.path = strdup(path)};
    EXPECT(file->path != NULL);
    return file;
}

static void forget_changes(struct disk_file *file)
{
    for (size_t i = 0; i < file->change_n; i++) free(file->change[i].bytes);
    file->change_n = 0;
}

static void reserve_synced(struct disk_file *file, size_t n)
{
    if (n <= file->synced_cap) return;
    file->synced_cap = n < 2 * file->synced_cap ? 2 * file->synced_cap : n;
    file->synced = grow(file->synced, file->synced_cap);
}

/* What is there before anybody watches is taken to be on the disk. */
static void read_synced(struct disk_file *file)
{
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    EXPECT(fd >= 0);
    off_t n = lseek(fd, 0, SEEK_END);
    EXPECT(n >= 0);
    reserve_synced(file, (size_t)n);
    file->synced_n = (size_t)n;
    for (size_t at = 0; at < file->synced_n;) {
        ssize_t got = pread(fd, file->synced + at, file->synced_n - at, (off_t)at);
        EXPECT(got > 0);
        at += (size_t)got;
    }
    /* SQLite's locks are gone with a descriptor that is closed, so this one stays open */
}

static void saw_open(const char *path, bool is_new)
{
    size_t known_n = file_n;
    struct disk_file *file = file_at(path);
    if (file_n == known_n && !is_new) return;
    file->is_durable = !is_new;
    file->is_deleted = false;
    file->synced_n = 0;
    forget_changes(file);
    if (!is_new) read_synced(file);
}

static void saw_change(const char *path, const void *bytes, size_t n, size_t offset)
{
    struct disk_file *file = file_at(path);
    file->change = grow(file->change, (file->change_n + 1) * sizeof *file->change);
    struct change *change = &file->change[file->change_n++];
    *change = (struct change){.offset = offset, .n = n};
    if (bytes != NULL) {
        change->bytes = grow(NULL, n);
        memcpy(change->bytes, bytes, n);
    }
}

/* How long the file is after a change, when it was so long before. */
static size_t size_after(size_t size, const struct change *change)
{
    if (change->bytes == NULL) return change->offset;
    size_t end = change->offset + change->n;
    return end > size ? end : size;
}

/* Does what a change does to the bytes from..to of the image, and to no others. */
static void apply(uint8_t *image, const struct change *change, size_t from, size_t to)
{
    size_t end = change->bytes == NULL ? to : change->offset + change->n;
    if (change->offset > from) from = change->offset;
    if (end < to) to = end;
    if (from >= to) return;
    if (change->bytes == NULL) memset(image + from, 0, to - from);
    else memcpy(image + from, change->bytes + (from - change->offset), to - from);
}

static void saw_sync(const char *path)
{
    struct disk_file *file = file_at(path);
    for (size_t i = 0; i < file->change_n; i++) {
        const struct change *change = &file->change[i];
        size_t size = size_after(file->synced_n, change);
        reserve_synced(file, size);
        if (size > file->synced_n) memset(file->synced + file->synced_n, 0, size - file->synced_n);
        file->synced_n = size;
        apply(file->synced, change, 0, size);
    }
    forget_changes(file);
    if (file->is_durable) return;
    /* SQLite's unix files sync the folder with the first sync of a new log or journal: this name is on the disk
     * then, and names that were taken away before are not */
    file->is_durable = true;
    for (size_t i = 0; i < file_n; i++) {
        if (files[i].is_deleted) files[i].is_durable = false;
    }
}

static void saw_delete(const char *path, bool is_folder_synced)
{
    struct disk_file *file = file_at(path);
    forget_changes(file);
    file->is_deleted = true;
    if (is_folder_synced) file->is_durable = false;
}

/* ---- the cut -------------------------------------------------------------------------------- */

enum loss { LOSE_ALL, LOSE_NOTHING, LOSE_SOME };

/* How many of the changes reached the disk here. */
static size_t changes_kept(const struct disk_file *file, enum loss loss)
{
    switch (loss) {
    case LOSE_ALL: return 0;
    case LOSE_NOTHING: return file->change_n;
    case LOSE_SOME: break;
    }
    return (size_t)random_below(&chance, file->change_n + 1);
}

/* Of how many changes each sector holds what they did to it. */
static size_t *sectors_kept(const struct disk_file *file, enum loss loss, size_t image_n)
{
    size_t sector_n = image_n / SECTOR_BYTES + 1;
    size_t *kept = grow(NULL, sector_n * sizeof *kept);
    for (size_t i = 0; i < sector_n; i++) kept[i] = changes_kept(file, loss);
    return kept;
}

/* The bytes that the disk holds of this file now. Gives how many. */
static size_t image_of(const struct disk_file *file, enum loss loss, uint8_t **image)
{
    size_t largest = file->synced_n, size = file->synced_n, final = file->synced_n;
    size_t sized_by = changes_kept(file, loss);
    for (size_t i = 0; i < file->change_n; i++) {
        size = size_after(size, &file->change[i]);
        if (size > largest) largest = size;
        if (i + 1 == sized_by) final = size;
    }
    *image = grow(NULL, largest + SECTOR_BYTES);
    memset(*image, 0, largest + SECTOR_BYTES);
    if (file->synced_n > 0) memcpy(*image, file->synced, file->synced_n);
    size_t *kept = sectors_kept(file, loss, largest);
    for (size_t i = 0; i < file->change_n; i++) {
        const struct change *change = &file->change[i];
        size_t end = change->bytes == NULL ? largest : change->offset + change->n;
        for (size_t sector = change->offset / SECTOR_BYTES; sector * SECTOR_BYTES < end; sector++) {
            size_t from = sector * SECTOR_BYTES;
            if (i < kept[sector]) apply(*image, change, from, from + SECTOR_BYTES);
        }
    }
    free(kept);
    return final;
}

/* A new file takes the old one's name: whoever still reads the old one, until the process ends, sees it as it
 * was before the cut. */
static void write_image(const char *path, const uint8_t *image, size_t n)
{
    char made[4096 + 8];
    int made_n = snprintf(made, sizeof made, "%s-cut", path);
    EXPECT(made_n > 0 && (size_t)made_n < sizeof made);
    int fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    EXPECT(fd >= 0);
    for (size_t at = 0; at < n;) {
        ssize_t put = pwrite(fd, image + at, n - at, (off_t)at);
        EXPECT(put > 0);
        at += (size_t)put;
    }
    EXPECT(close(fd) == 0);
    EXPECT(rename(made, path) == 0);
}

static void cut_file(const struct disk_file *file, enum loss loss)
{
    char shared[4096 + 8];
    int n = snprintf(shared, sizeof shared, "%s-shm", file->path);
    EXPECT(n > 0 && (size_t)n < sizeof shared);
    (void)unlink(shared); /* memory, though it has a name */
    bool is_there = !file->is_deleted;
    if (file->is_deleted && file->is_durable) is_there = random_is_one_in(&chance, 2);
    else if (!file->is_durable && loss == LOSE_ALL) is_there = false;
    else if (!file->is_durable && loss == LOSE_SOME) is_there = is_there && random_is_one_in(&chance, 2);
    if (!is_there) {
        (void)unlink(file->path);
        return;
    }
    uint8_t *image;
    size_t image_n = image_of(file, loss, &image);
    write_image(file->path, image, image_n);
    free(image);
}

/* With the lock held, which is never given back. */
static _Noreturn void cut(void)
{
    is_cut = true;
    while (in_flight > 0) pthread_cond_wait(&landed, &lock);
    uint64_t draw = random_below(&chance, 8);
    enum loss loss = draw < 2 ? LOSE_ALL : draw < 3 ? LOSE_NOTHING : LOSE_SOME;
    for (size_t i = 0; i < file_n; i++) cut_file(&files[i], loss);
    _exit(POWERCUT_STATUS);
}

/* ---- standing in between -------------------------------------------------------------------- */

static bool is_change(const struct vfs_act *act)
{
    if (act->path == NULL) return false; /* a nameless file is gone with its process anyway */
    return act->what == VFS_WRITE || act->what == VFS_TRUNCATE || act->what == VFS_SYNC || act->what == VFS_DELETE ||
           act->what == VFS_OPEN;
}

static int before(const struct vfs_act *act)
{
    if (!is_change(act)) return SQLITE_OK;
    pthread_mutex_lock(&lock);
    while (is_cut) pthread_cond_wait(&landed, &lock); /* for the end, which is near */
    in_flight++;
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

static void after(const struct vfs_act *act, int rc)
{
    if (!is_change(act)) return;
    pthread_mutex_lock(&lock);
    in_flight--;
    pthread_cond_broadcast(&landed);
    if (act->what == VFS_OPEN) {
        if (rc == SQLITE_OK) saw_open(act->path, act->is_new);
        pthread_mutex_unlock(&lock);
        return;
    }
    bool is_last = ++counted == cut_after;
    if (rc == SQLITE_OK && act->what == VFS_WRITE)
        saw_change(act->path, act->bytes, (size_t)act->bytes_n, (size_t)act->offset);
    if (rc == SQLITE_OK && act->what == VFS_TRUNCATE) saw_change(act->path, NULL, 0, (size_t)act->offset);
    if (is_last) cut(); /* in the middle of the last write; before the last sync has done anything */
    if (rc == SQLITE_OK && act->what == VFS_SYNC) saw_sync(act->path);
    if (rc == SQLITE_OK && act->what == VFS_DELETE) saw_delete(act->path, act->flags != 0);
    pthread_mutex_unlock(&lock);
}

void powercut_open(uint64_t seed, uint64_t after_n)
{
    static const struct vfs_watcher remembering = {.before = before, .after = after};
    random_init_seed(&chance, seed);
    counted = 0;
    cut_after = after_n;
    vfs_shim_open(&remembering);
}

uint64_t powercut_count(void)
{
    pthread_mutex_lock(&lock);
    uint64_t n = counted;
    pthread_mutex_unlock(&lock);
    return n;
}

void powercut_now(void)
{
    pthread_mutex_lock(&lock);
    cut();
}

/* ---- for a program that does not know of it --------------------------------------------------- */

static uint64_t number_in(const char *name)
{
    const char *text = getenv(name);
    char *end = NULL;
    uint64_t n = text != NULL ? strtoull(text, &end, 0) : 0;
    if (text == NULL || end == text || *end != '\0') {
        fprintf(stderr, "powercut: %s is not a number\n", name);
        exit(2);
    }
    return n;
}

__attribute__((constructor)) static void open_if_asked(void)
{
    if (getenv("TROTH_POWERCUT_SEED") == NULL) return;
    powercut_open(number_in("TROTH_POWERCUT_SEED"), number_in("TROTH_POWERCUT_AFTER"));
}
