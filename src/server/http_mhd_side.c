/* http_mhd_side.c -- the side thread. See http_mhd.h.
 *
 * One thread with one epoll set: the listening socket, the streams that left, the connections that
 * linger. It waits, does what is due, and never blocks on anything but that wait.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/http_mhd.h"

enum {
    EVENTS_AT_ONCE = 256,
    ACCEPTS_IN_A_ROW = 64,
    LISTEN_AGAIN_MS = 100, /* after the last descriptor was given away */
    SWEEP_MOST_MS = 1000,  /* deadlines are kept as exactly as this    */
};

void side_kick(struct side *side)
{
    const uint64_t one = 1;
    while (write(side->event_fd, &one, sizeof one) < 0 && errno == EINTR) continue;
}

void side_unwatch(struct side *side, int fd)
{
    (void)epoll_ctl(side->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    close(fd);
}

/* ---- lists ---------------------------------------------------------------------------------- */

void side_list_add(struct side_list *list, struct side_item *item, uint64_t now)
{
    item->since_ms = now;
    item->is_listed = true;
    item->before = list->last;
    item->behind = NULL;
    if (list->last) list->last->behind = item;
    else list->first = item;
    list->last = item;
}

void side_list_remove(struct side_list *list, struct side_item *item)
{
    if (item->before) item->before->behind = item->behind;
    else list->first = item->behind;
    if (item->behind) item->behind->before = item->before;
    else list->last = item->before;
    item->is_listed = false;
}

void side_ready_add(struct side *side, struct side_item *item)
{
    if (item->is_ready) return;
    item->is_ready = true;
    item->ready_before = side->ready.last;
    item->ready_behind = NULL;
    if (side->ready.last) side->ready.last->ready_behind = item;
    else side->ready.first = item;
    side->ready.last = item;
    side->ready_n++;
}

void side_ready_remove(struct side *side, struct side_item *item)
{
    if (item->ready_before) item->ready_before->ready_behind = item->ready_behind;
    else side->ready.first = item->ready_behind;
    if (item->ready_behind) item->ready_behind->ready_before = item->ready_before;
    else side->ready.last = item->ready_before;
    item->is_ready = false;
    side->ready_n--;
}

/* ---- connections that linger ---------------------------------------------------------------- */

void side_linger(struct http *server, int theirs)
{
    struct side *side = &server->side;
    struct side_item *item = calloc(1, sizeof *item);
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = item};
    int fd = item ? fcntl(theirs, F_DUPFD_CLOEXEC, 0) : -1;

    pthread_mutex_lock(&side->lock);
    bool lingers = fd >= 0 && side->linger_n < LINGER_MOST && !side->stops;
    if (lingers) {
        *item = (struct side_item){.kind = SIDE_LINGER, .fd = fd};
        lingers = epoll_ctl(side->epoll_fd, EPOLL_CTL_ADD, fd, &wanted) == 0;
    }
    if (lingers) {
        side_list_add(&side->lingers, item, now_ms());
        side->linger_n++;
        if (!server->is_tls) shutdown(fd, SHUT_WR); /* with TLS the library still has a goodbye to say */
    }
    bool is_first = lingers && side->linger_n == 1;
    pthread_mutex_unlock(&side->lock);
    if (is_first) side_kick(side);
    if (lingers) return;
    if (fd >= 0) close(fd);
    free(item);
}

static void linger_over(struct side *side, struct side_item *item)
{
    pthread_mutex_lock(&side->lock);
    side_list_remove(&side->lingers, item);
    side->linger_n--;
    pthread_mutex_unlock(&side->lock);
    side_unwatch(side, item->fd);
    free(item);
}

/* Reads and forgets. */
static void linger_read(struct side *side, struct side_item *item)
{
    for (int i = 0; i < 16; i++) {
        ssize_t n = recv(item->fd, side->scratch, SCRATCH_BYTES, MSG_DONTWAIT);
        if (n > 0 || (n < 0 && errno == EINTR)) continue;
        if (n == 0 || errno != EAGAIN) linger_over(side, item);
        return;
    }
}

/* ---- new connections ------------------------------------------------------------------------ */

static void listen_for(struct http *server, bool listens)
{
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = &server->listen_fd};
    int act = listens ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;
    if (server->side.is_listening == listens) return;
    if (epoll_ctl(server->side.epoll_fd, act, server->listen_fd, &wanted) == 0) server->side.is_listening = listens;
}

static void hand_out(struct http *server, int fd, const struct sockaddr *address, socklen_t address_n)
{
    if (!peer_accept(server, fd, address)) {
        close(fd);
        return;
    }
    struct MHD_Daemon *daemon = server->daemon[server->side.next_daemon++ % server->daemon_n];
    if (MHD_add_connection(daemon, fd, address, address_n) != MHD_YES) peer_forget(server, fd);
}

static void accept_some(struct http *server, uint64_t now)
{
    struct sockaddr_storage address;
    for (int i = 0; i < ACCEPTS_IN_A_ROW; i++) {
        socklen_t address_n = sizeof address;
        int fd = accept4(server->listen_fd, (struct sockaddr *)&address, &address_n, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            hand_out(server, fd, (struct sockaddr *)&address, address_n);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            listen_for(server, false);
            server->side.listen_again_ms = now + LISTEN_AGAIN_MS;
            return;
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

static void stop_listening(struct http *server)
{
    struct side *side = &server->side;
    if (server->listen_fd < 0) return;
    listen_for(server, false);
    close(server->listen_fd);
    server->listen_fd = -1;
    pthread_mutex_lock(&side->lock);
    side->has_stopped_listening = true;
    pthread_cond_broadcast(&side->stopped_listening);
    pthread_mutex_unlock(&side->lock);
}

/* ---- what is due ---------------------------------------------------------------------------- */

static uint64_t sweep_ms(const struct http *server)
{
    uint64_t ms = server->options.request_ms / 16 + 1;
    return ms < SWEEP_MOST_MS ? ms : SWEEP_MOST_MS;
}

/* Each stream that is ready now; those that become ready meanwhile come next time. */
static void work_on_ready(struct side *side, uint64_t now)
{
    pthread_mutex_lock(&side->lock);
    for (unsigned left_n = side->ready_n; left_n > 0 && side->ready.first; left_n--) {
        struct side_item *item = side->ready.first;
        side_ready_remove(side, item);
        pthread_mutex_unlock(&side->lock);
        stream_work((struct http_call *)item, now);
        pthread_mutex_lock(&side->lock);
    }
    pthread_mutex_unlock(&side->lock);
}

static void work_on_idle(struct http *server, uint64_t now)
{
    struct side *side = &server->side;
    struct http_call *dead = NULL;
    do {
        pthread_mutex_lock(&side->lock);
        struct side_item *item = side->streams.first;
        bool is_due = item && now - item->since_ms >= server->options.beat_ms;
        dead = is_due ? stream_idle((struct http_call *)item, now) : NULL;
        pthread_mutex_unlock(&side->lock);
        if (dead) stream_over(dead);
        else if (!is_due) return;
    } while (true);
}

static void work_on_lingers(struct side *side, uint64_t now)
{
    for (;;) {
        pthread_mutex_lock(&side->lock);
        struct side_item *item = side->lingers.first;
        bool is_due = item && now - item->since_ms >= LINGER_MS;
        pthread_mutex_unlock(&side->lock);
        if (!is_due) return;
        linger_over(side, item);
    }
}

static void on_event(struct http *server, const struct epoll_event *event, uint64_t now)
{
    struct side *side = &server->side;
    if (!event->data.ptr) {
        uint64_t kicks;
        (void)!read(side->event_fd, &kicks, sizeof kicks);
        return;
    }
    if (event->data.ptr == &server->listen_fd) {
        accept_some(server, now);
        return;
    }
    struct side_item *item = event->data.ptr;
    pthread_mutex_lock(&side->lock); /* whoever put it into the set is done with it after this */
    pthread_mutex_unlock(&side->lock);
    if (item->kind == SIDE_LINGER) linger_read(side, item);
    else if (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) stream_over((struct http_call *)item);
    else stream_work((struct http_call *)item, now);
}

/* Milliseconds until something is due by itself. */
static int wait_ms(struct http *server, uint64_t now, uint64_t next_sweep)
{
    struct side *side = &server->side;
    uint64_t next = next_sweep;
    if (side->listen_again_ms > 0 && side->listen_again_ms < next) next = side->listen_again_ms;
    pthread_mutex_lock(&side->lock);
    const struct side_item *stream = side->streams.first, *linger = side->lingers.first;
    if (stream && stream->since_ms + server->options.beat_ms < next) next = stream->since_ms + server->options.beat_ms;
    if (linger && linger->since_ms + LINGER_MS < next) next = linger->since_ms + LINGER_MS;
    if (side->ready.first) next = now;
    pthread_mutex_unlock(&side->lock);
    return next > now ? (int)(next - now) : 0;
}

/* What others asked for; false when the thread ends. The library's threads have ended by then. */
static bool heed(struct http *server)
{
    struct side *side = &server->side;
    pthread_mutex_lock(&side->lock);
    bool stops_listening = side->stops_listening, stops = side->stops;
    pthread_mutex_unlock(&side->lock);
    if (stops_listening) stop_listening(server);
    while (stops && side->streams.first) stream_over((struct http_call *)side->streams.first);
    while (stops && side->lingers.first) linger_over(side, side->lingers.first);
    return !stops;
}

static void *run(void *of)
{
    struct http *server = of;
    struct side *side = &server->side;
    struct epoll_event event[EVENTS_AT_ONCE];
    uint64_t next_sweep = 0;

    while (heed(server)) {
        int n = epoll_wait(side->epoll_fd, event, EVENTS_AT_ONCE, wait_ms(server, now_ms(), next_sweep));
        uint64_t now = now_ms();
        for (int i = 0; i < n; i++) on_event(server, &event[i], now);
        work_on_ready(side, now);
        work_on_idle(server, now);
        work_on_lingers(side, now);
        if (side->listen_again_ms > 0 && now >= side->listen_again_ms) {
            side->listen_again_ms = 0;
            if (server->listen_fd >= 0) listen_for(server, true);
        }
        if (now >= next_sweep) {
            peers_sweep(server, now);
            next_sweep = now + sweep_ms(server);
        }
    }
    return NULL;
}

/* ---- opening and closing -------------------------------------------------------------------- */

enum err side_open(struct http *server)
{
    struct side *side = &server->side;
    struct epoll_event kick = {.events = EPOLLIN};
    side->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    side->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    side->scratch = malloc(SCRATCH_BYTES);
    pthread_mutex_init(&side->lock, NULL);
    pthread_cond_init(&side->stopped_listening, NULL);
    if (side->epoll_fd >= 0 && side->event_fd >= 0 && side->scratch &&
        epoll_ctl(side->epoll_fd, EPOLL_CTL_ADD, side->event_fd, &kick) == 0) {
        listen_for(server, true);
        if (side->is_listening && pthread_create(&side->thread, NULL, run, server) == 0) return ERR_OK;
    }
    if (side->epoll_fd >= 0) close(side->epoll_fd);
    if (side->event_fd >= 0) close(side->event_fd);
    free(side->scratch);
    pthread_cond_destroy(&side->stopped_listening);
    pthread_mutex_destroy(&side->lock);
    return ERR_NO_MEMORY;
}

void side_stop_listening(struct http *server)
{
    struct side *side = &server->side;
    pthread_mutex_lock(&side->lock);
    side->stops_listening = true;
    pthread_mutex_unlock(&side->lock);
    side_kick(side);
    pthread_mutex_lock(&side->lock);
    while (!side->has_stopped_listening) pthread_cond_wait(&side->stopped_listening, &side->lock);
    pthread_mutex_unlock(&side->lock);
}

void side_close(struct http *server)
{
    struct side *side = &server->side;
    pthread_mutex_lock(&side->lock);
    side->stops = side->stops_listening = true;
    pthread_mutex_unlock(&side->lock);
    side_kick(side);
    pthread_join(side->thread, NULL);
    close(side->epoll_fd);
    close(side->event_fd);
    free(side->scratch);
    pthread_cond_destroy(&side->stopped_listening);
    pthread_mutex_destroy(&side->lock);
}
