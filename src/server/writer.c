/* writer.c -- see writer.h. */
#define _POSIX_C_SOURCE 200809L
#include "server/writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "server/clock.h"
#include "server/http.h"
#include "server/log.h"

enum {
    GROUP_MAX = 256,      /* requests in one transaction                                                */
    GROUP_SMALL = 12,     /* so few are waited for; of more, a third                                      */
    GROUP_WHOLE = 16,     /* so many are written together; of more, half at a time, if the disk is fast   */
    WINDOW_MAX_US = 2000, /* never wait longer than this for a group to fill                            */
    FAST_US = 2000,       /* a disk is fast that takes less for a commit                                */
    AGAIN_MOST = 4,       /* so often a group is begun anew without one that broke it                   */
};

struct writer {
    struct store *store;
    struct circles circles;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t came;
    struct write *first, **last; /* the queue */
    size_t queued_n, wanted_n;   /* the thread sleeps until wanted_n are queued */
    bool is_closing;
    struct writer_figures figures;

    /* Only the thread's own: what it has learnt about how requests come. */
    size_t expected_n;  /* how many come together: so many are in flight */
    uint64_t commit_us; /* how long a commit takes, lately               */
    uint64_t took_us;   /* how long the last one took                    */
    bool is_unsure;     /* see store_is_unsure: it was told              */
    uint64_t kept_n;    /* see store_kept_n: behind the last group       */
};

/* ---- the queue --------------------------------------------------------------------------------- */

void writer_submit(struct writer *w, struct write *write)
{
    write->_next = NULL;
    write->_is_left_out = false;
    pthread_mutex_lock(&w->lock);
    *w->last = write;
    w->last = &write->_next;
    w->queued_n++;
    bool is_awaited = w->queued_n == w->wanted_n;
    pthread_mutex_unlock(&w->lock);
    if (is_awaited) pthread_cond_signal(&w->came);
}

static struct timespec steady_at(uint64_t us)
{
    return (struct timespec){.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};
}

/* How many to wait for: all that are expected, or, where they are many, a third of them. Then the others are
 * being read and checked on the other cores while these are written. */
static size_t wanted_of(size_t expected_n)
{
    if (expected_n <= GROUP_SMALL) return expected_n;
    size_t third_n = expected_n / 3 > GROUP_SMALL ? expected_n / 3 : GROUP_SMALL;
    return third_n < GROUP_MAX ? third_n : GROUP_MAX;
}

/* Waits for as many as came together last time, for no longer than a commit takes: those who were just
 * answered are about to ask again, and one sync for all of them is cheaper for each than one for each. A
 * client alone never waits: one is all that is expected. */
static void await_group(struct writer *w)
{
    w->wanted_n = 1;
    while (w->queued_n == 0 && !w->is_closing) pthread_cond_wait(&w->came, &w->lock);
    uint64_t window_us = w->commit_us < WINDOW_MAX_US ? w->commit_us : WINDOW_MAX_US;
    struct timespec until = steady_at(clock_steady_us() + window_us);
    w->wanted_n = wanted_of(w->expected_n);
    while (w->queued_n < w->wanted_n && !w->is_closing) {
        if (pthread_cond_timedwait(&w->came, &w->lock, &until) != 0) break;
    }
    w->wanted_n = 0;
}

/* How many to write together. Where a commit takes little, no more than half of all: if everybody were in one
 * group, the other cores would have nothing to check meanwhile. Where it takes long, it is shared by all. */
static size_t most_of(const struct writer *w)
{
    size_t all_n = w->expected_n > w->queued_n ? w->expected_n : w->queued_n;
    size_t most_n = all_n / 2 > GROUP_WHOLE ? all_n / 2 : GROUP_WHOLE;
    return w->commit_us < FAST_US && most_n < GROUP_MAX ? most_n : GROUP_MAX;
}

/* Takes the oldest off the queue; how many there were. */
static size_t take_group(struct writer *w, struct write **group)
{
    size_t n = 0, most_n = most_of(w);
    struct write **end = &w->first;
    while (*end != NULL && n < most_n) {
        end = &(*end)->_next;
        n++;
    }
    *group = n == 0 ? NULL : w->first;
    w->first = *end;
    if (w->first == NULL) w->last = &w->first;
    *end = NULL;
    w->queued_n -= n;
    return n;
}

/* ---- a group ------------------------------------------------------------------------------------- */

/* One request within its mark: what it may not do, or met by itself, is undone. Gives what is wrong with the
 * transaction. */
static enum err apply_marked(struct writer *w, struct write *write)
{
    struct writer_desk desk = {.store = w->store, .circles = &w->circles};
    enum err e = store_mark(w->store);
    write->_result = e == ERR_OK ? write->apply(write, &desk) : e;
    if (write->_result == ERR_OK) {
        circles_keep(&w->circles);
        return store_keep(w->store);
    }
    circles_undo(&w->circles);
    return e == ERR_OK ? store_undo(w->store) : e;
}

/* One request without a mark; false when there is something to undo. */
static bool apply_unmarked(struct writer *w, struct write *write)
{
    struct writer_desk desk = {.store = w->store, .circles = &w->circles};
    uint64_t write_n = store_write_n(w->store);
    write->_result = write->apply(write, &desk);
    if (write->_result == ERR_OK) circles_keep(&w->circles);
    else circles_undo(&w->circles);
    return write->_result == ERR_OK || store_write_n(w->store) == write_n;
}

static void give_up(struct writer *w)
{
    store_abort(w->store);
    circles_forget(&w->circles);
}

/* How a group went. */
enum pass { PASS_WHOLE, PASS_NEEDS_MARKS, PASS_IS_BROKEN };

/* Those of a group that are not left out, in one transaction. Gives the one that could not be applied, and what
 * is wrong with the transaction. */
static enum pass apply_each(struct writer *w, struct write *group, bool has_marks, struct write **last, enum err *e)
{
    *e = ERR_OK;
    for (struct write *write = group; write != NULL; write = write->_next) {
        *last = write;
        if (write->_is_left_out) continue;
        if (write->goes_unmarked && !has_marks) {
            if (!apply_unmarked(w, write)) return PASS_NEEDS_MARKS;
        } else {
            *e = apply_marked(w, write);
            if (*e != ERR_OK) return PASS_IS_BROKEN;
        }
    }
    return PASS_WHOLE;
}

/* All of a group but those left out. Where one of them breaks the transaction, it is left out, and the others
 * begin anew: a page that cannot be read, or memory that is wanting, may be its own trouble. */
static enum err apply_all(struct writer *w, struct write *group)
{
    bool has_marks = false;
    for (unsigned again_n = 0;;) {
        struct write *last = NULL;
        enum err e = store_begin(w->store);
        if (e != ERR_OK) return e;
        enum pass pass = apply_each(w, group, has_marks, &last, &e);
        if (pass == PASS_WHOLE || e == ERR_DISK_FULL) return e;
        if (pass == PASS_NEEDS_MARKS) {
            has_marks = true;
        } else {
            if (again_n++ == AGAIN_MOST) return e;
            last->_is_left_out = true;
        }
        give_up(w);
    }
}

static enum err apply_group(struct writer *w, struct write *group)
{
    enum err e = apply_all(w, group);
    uint64_t before_us = clock_steady_us();
    if (e == ERR_OK) e = store_commit(w->store);
    w->took_us = clock_steady_us() - before_us;
    w->commit_us = (7 * w->commit_us + w->took_us) / 8;
    if (e != ERR_OK) give_up(w);
    return e;
}

/* When it begins to lose groups, or keeps them again: once, not for each. */
static void log_change(enum err e, bool is_unsure)
{
    struct log_line line;
    if (e == ERR_OK) {
        log_event(LOG_WARNING, "recording_again");
    } else if (log_begin(&line, LOG_ERROR, "not_recording")) {
        log_text(&line, "error", err_code(e));
        log_text(&line, "what", is_unsure ? "a sync failed, so the disk may have lost what it took" : err_happened(e));
        if (is_unsure) log_text(&line, "do", "look at the disk, then start trothd again");
        log_end(&line);
    }
}

/* Before anybody is answered: whoever is queued now was in flight at the same time as the group, and is not
 * somebody of it who asks again. */
static void count_group(struct writer *w, size_t group_n, enum err e)
{
    bool is_unsure = store_is_unsure(w->store);
    bool is_news = e != ERR_OK || store_kept_n(w->store) != w->kept_n; /* who wrote nothing learnt nothing of the disk */
    enum err last = is_news ? e : w->figures.last; /* nobody else writes the figures */
    if (last != w->figures.last || is_unsure != w->is_unsure) log_change(last, is_unsure);
    w->is_unsure = is_unsure;
    w->kept_n = store_kept_n(w->store);
    pthread_mutex_lock(&w->lock);
    w->figures.last = last;
    w->expected_n = group_n + w->queued_n;
    if (e == ERR_OK) {
        w->figures.write_n += group_n;
        w->figures.group_n++;
        w->figures.commit_us += w->took_us;
    }
    pthread_mutex_unlock(&w->lock);
}

static void settle_group(struct write *group, enum err e)
{
    http_hold();
    while (group != NULL) {
        struct write *write = group;
        group = write->_next; /* before settle: it may free the write */
        write->settle(write, e != ERR_OK ? e : write->_result);
    }
    http_let_go();
}

static void *run(void *of)
{
    struct writer *w = of;
    struct write *group;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        await_group(w);
        size_t group_n = take_group(w, &group);
        if (group_n == 0) break; /* closing, and nothing left */
        pthread_mutex_unlock(&w->lock);
        enum err e = apply_group(w, group);
        count_group(w, group_n, e);
        settle_group(group, e);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* ---- opening and closing -------------------------------------------------------------------------- */

enum err writer_open(struct writer **writer, struct store *store)
{
    pthread_condattr_t steady;
    struct writer *w = calloc(1, sizeof *w);
    if (w == NULL) return ERR_NO_MEMORY;
    w->store = store;
    w->last = &w->first;
    w->expected_n = 1;
    circles_init(&w->circles);
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&w->came, &steady);
    pthread_condattr_destroy(&steady);
    if (pthread_create(&w->thread, NULL, run, w) != 0) {
        pthread_cond_destroy(&w->came);
        pthread_mutex_destroy(&w->lock);
        free(w);
        return ERR_NO_MEMORY;
    }
    *writer = w;
    return ERR_OK;
}

void writer_close(struct writer *w)
{
    if (w == NULL) return;
    pthread_mutex_lock(&w->lock);
    w->is_closing = true;
    pthread_cond_signal(&w->came);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    circles_fini(&w->circles);
    pthread_cond_destroy(&w->came);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

struct writer_figures writer_figures(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    struct writer_figures figures = w->figures;
    pthread_mutex_unlock(&w->lock);
    return figures;
}
