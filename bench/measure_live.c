/* measure_live.c -- thousands of live streams on which nothing happens: what the server holds for them.
 *
 * Each person has one circle and four streams. A stream counts once it has told its list and its head, and, in a
 * full run, once it has sent a heartbeat, which every stream has to before the memory is looked at.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"
#include "measure.h"
#include "script.h"

enum { STREAMS_EACH = 4, BEAT_S = 15, EVENTS = 256, OTHER_FILES = 100 };

struct listener {
    int fd;
    bool has_head, has_beat;
    char tail[64]; /* the end of what came last, where a word may have been cut */
};

struct live_run {
    const struct measure *m;
    struct host host;
    struct crowd crowd;
    struct listener *listener;
    size_t listener_n, head_n, beat_n;
    int epoll;
};

static void must(bool is_so, const char *what)
{
    if (is_so) return;
    perror(what);
    exit(2);
}

static void make_room_for_files(size_t n)
{
    struct rlimit files;
    must(getrlimit(RLIMIT_NOFILE, &files) == 0, "getrlimit");
    files.rlim_cur = files.rlim_max;
    must(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit");
    if (files.rlim_cur >= n + OTHER_FILES) return;
    (void)fprintf(stderr, "%zu streams need %zu open files; the system allows %llu (ulimit -n).\n", n, n + OTHER_FILES,
                  (unsigned long long)files.rlim_cur);
    exit(2);
}

/* Each has a circle of their own. */
static void make_circles(struct live_run *run)
{
    for (size_t i = 0; i < run->crowd.n; i++) {
        struct script s;
        script_open(&s, &run->crowd.api[i]);
        script_fini(&s);
        http_client_drop(&run->crowd.api[i].http);
    }
}

static void open_stream(struct live_run *run, size_t i)
{
    char room[1024];
    struct listener *l = &run->listener[i];
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = i};
    struct http_ask ask = {.method = "GET", .path = "/v1/live", .token = run->crowd.api[i / STREAMS_EACH].token};
    l->fd = load_connect(run->host.daemon.port);
    size_t n = http_client_put_ask(room, sizeof room, &ask, run->host.daemon.port);
    must(n > 0 && send(l->fd, room, n, MSG_NOSIGNAL) == (ssize_t)n, "GET /v1/live");
    must(epoll_ctl(run->epoll, EPOLL_CTL_ADD, l->fd, &event) == 0, "epoll_ctl");
}

/* Looks for words in what came, the end of what came before included. */
static void read_stream(struct live_run *run, size_t i)
{
    char text[4096 + sizeof run->listener->tail];
    struct listener *l = &run->listener[i];
    size_t kept = strlen(l->tail);
    memcpy(text, l->tail, kept);
    ssize_t n = recv(l->fd, text + kept, 4095, 0);
    if (n < 0 && errno == EAGAIN) return;
    must(n > 0, "The server ended a stream");
    size_t all = kept + (size_t)n;
    text[all] = '\0';
    bool has_head = strstr(text, "event: head") != NULL, has_beat = strstr(text, "\n:") != NULL || text[0] == ':';
    if (has_head && !l->has_head) run->head_n++;
    if (has_beat && !l->has_beat) run->beat_n++;
    l->has_head |= has_head;
    l->has_beat |= has_beat;
    size_t keep = all < 16 ? all : 16;
    memcpy(l->tail, text + all - keep, keep);
    l->tail[keep] = '\0';
}

static void listen_until(struct live_run *run, const size_t *count, size_t wanted, double most_s)
{
    struct epoll_event event[EVENTS];
    uint64_t from_ns = timing_ns();
    while (*count < wanted && timing_s(from_ns) < most_s) {
        int n = epoll_wait(run->epoll, event, EVENTS, 100);
        for (int k = 0; k < n; k++) read_stream(run, (size_t)event[k].data.u64);
    }
    if (*count >= wanted) return;
    (void)fprintf(stderr, "Of %zu live streams %zu said what they should within %.0f s.\n", wanted, *count, most_s);
    exit(1);
}

static void open_streams(struct live_run *run, size_t n)
{
    while (run->listener_n < n) {
        size_t next = run->listener_n + 200 < n ? run->listener_n + 200 : n;
        while (run->listener_n < next) open_stream(run, run->listener_n++);
        listen_until(run, &run->head_n, run->listener_n, 10);
    }
}

static void tell(struct live_run *run, double before_mb)
{
    unsigned n = (unsigned)run->listener_n;
    double now_mb = host_resident_mb(&run->host);
    struct figure f = figure_of("live_%u_resident", n, now_mb, "MB");
    figure_beside(&f, "before_the_streams_mb", before_mb);
    f.ratio = 0;
    if (n >= 10000) figure_at_most(&f, 100);
    figure_tell(&f);
    f = figure_of("live_%u_per_stream", n, (now_mb - before_mb) * 1e3 / (double)n, "kB");
    figure_tell(&f);
}

/* What the heartbeats cost, and that each stream has one. */
static void wait_for_beats(struct live_run *run)
{
    struct host_cost before = host_cost(&run->host);
    uint64_t from_ns = timing_ns();
    listen_until(run, &run->beat_n, run->listener_n, 2 * BEAT_S);
    struct host_cost after = host_cost(&run->host);
    struct figure f = figure_of("live_%u_idle_cpu", (unsigned)run->listener_n,
                                (double)(after.cpu_ns - before.cpu_ns) / 1e7 / timing_s(from_ns), "% of a core");
    figure_tell(&f);
}

void measure_live(const struct measure *m)
{
    size_t few = 1000, many = m->is_quick ? few : 10000;
    struct live_run run = {
        .m = m, .epoll = epoll_create1(EPOLL_CLOEXEC), .listener = calloc(many, sizeof *run.listener)};
    must(run.epoll >= 0 && run.listener != NULL, "epoll");
    make_room_for_files(many);
    scratch_path(run.host.path, m->folder, "live");
    crowd_plan(&run.crowd, run.host.path, many / STREAMS_EACH);
    host_open(&run.host, m->folder, "live");
    crowd_settle(&run.crowd, &run.host);
    make_circles(&run);
    double before_mb = host_resident_mb(&run.host);
    open_streams(&run, few);
    tell(&run, before_mb);
    if (many > few) {
        open_streams(&run, many);
        wait_for_beats(&run);
        tell(&run, before_mb);
    }
    for (size_t i = 0; i < run.listener_n; i++) (void)close(run.listener[i].fd);
    host_close(&run.host);
    crowd_fini(&run.crowd);
    free(run.listener);
    (void)close(run.epoll);
}
