/* http_mhd_stream.c -- streams. See http_mhd.h.
 *
 * One that left is worked on by the side thread alone: woken, it is pulled until there is nothing, and
 * what the peer does not take at once is kept until it does. One that stayed, under TLS, is pulled by the
 * library on its http thread, and suspended when there is nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/http_mhd.h"

enum {
    PULLS_IN_A_ROW = 4,         /* then others get their turn                                     */
    CHUNK_HEAD_BYTES = 6,       /* four hexadecimal digits and a line end                         */
    CHUNK_TAIL_BYTES = 2,
    STREAM_KERNEL_BYTES = 32 * 1024, /* what the system may hold of a stream                      */
};

static const struct str beat = {(const uint8_t *)":\n\n", 3};

static struct http_call *call_of(struct side_item *item)
{
    return (struct http_call *)item;
}

/* ---- beginning ------------------------------------------------------------------------------ */

/* A peer that is gone without a word is noticed when it acknowledges nothing for so long. */
static void set_up(int fd, const struct http_options *options)
{
    const int on = 1, kernel_bytes = STREAM_KERNEL_BYTES;
    const unsigned silent_ms = options->beat_ms + options->idle_ms;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silent_ms, sizeof silent_ms);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kernel_bytes, sizeof kernel_bytes);
}

/* From the library to the side thread, with a descriptor of its own. */
static enum MHD_Result leave(struct http_call *call, void **slot)
{
    struct http *server = call->server;
    struct side *side = &server->side;
    int theirs = MHD_get_connection_info(call->mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    struct epoll_event wanted = {.events = EPOLLRDHUP, .data.ptr = &call->side};

    call->side.kind = SIDE_STREAM;
    call->side.fd = fcntl(theirs, F_DUPFD_CLOEXEC, 0);
    if (call->side.fd < 0) return MHD_NO;
    set_up(call->side.fd, &server->options);

    pthread_mutex_lock(&side->lock);
    bool is_watched = epoll_ctl(side->epoll_fd, EPOLL_CTL_ADD, call->side.fd, &wanted) == 0;
    if (is_watched) {
        peer_ref(call->peer);
        call->mhd = NULL;
        *slot = NULL;
        side_list_add(&side->streams, &call->side, call->stream.moved_ms);
        side_ready_add(side, &call->side);
    }
    pthread_mutex_unlock(&side->lock);
    if (is_watched) side_kick(side);
    else close(call->side.fd);
    return MHD_NO; /* the library closes its descriptor, and thinks that was all */
}

static enum MHD_Result stay(struct http_call *call)
{
    struct side *side = &call->server->side;
    call->side.fd = -1;
    pthread_mutex_lock(&side->lock);
    side_list_add(&side->streams, &call->side, call->stream.moved_ms);
    pthread_mutex_unlock(&side->lock);
    return answer_queue_stream(call);
}

enum MHD_Result stream_begin(struct http_call *call, void **slot)
{
    struct http *server = call->server;
    call_forget_body(call);
    call->stream.moved_ms = now_ms();
    atomic_fetch_add(&server->stream_n, 1);
    enum MHD_Result taken = server->is_tls ? stay(call) : leave(call, slot);
    call_left_work(server, 1);
    return taken;
}

/* ---- ending --------------------------------------------------------------------------------- */

/* From here on a wake finds nothing to do. */
static void unlist(struct http_call *call)
{
    struct side *side = &call->server->side;
    pthread_mutex_lock(&side->lock);
    if (call->side.is_listed) side_list_remove(&side->streams, &call->side);
    if (call->side.is_ready) side_ready_remove(side, &call->side);
    pthread_mutex_unlock(&side->lock);
}

static void end(struct http_call *call)
{
    struct http *server = call->server;
    unlist(call);
    call_end(call, MHD_HTTP_OK, call->stream.sent_bytes);
    atomic_fetch_sub(&server->stream_n, 1);
}

void stream_over(struct http_call *call)
{
    struct http_peer *peer = call->peer;
    struct side *side = &call->server->side;
    int fd = call->side.fd;
    end(call);
    side_unwatch(side, fd);
    peer_unref(peer);
}

void stream_stayed_ends(struct http_call *call)
{
    end(call);
}

void streams_end(struct http *server)
{
    struct side *side = &server->side;
    atomic_store(&side->ends_streams, true);
    pthread_mutex_lock(&side->lock);
    for (struct side_item *item = side->streams.first; item; item = item->behind) {
        if (item->fd >= 0) side_ready_add(side, item);
        else http_wake(call_of(item));
    }
    pthread_mutex_unlock(&side->lock);
    side_kick(side);
}

/* ---- waking --------------------------------------------------------------------------------- */

void http_wake(struct http_call *call)
{
    struct side *side = &call->server->side;
    if (call->server->is_tls) {
        struct MHD_Connection *mhd = call->mhd;
        if (atomic_exchange(&call->signal, SIGNAL_GIVEN) == SIGNAL_SUSPENDED) MHD_resume_connection(mhd);
        return;
    }
    pthread_mutex_lock(&side->lock);
    bool is_first = !side->ready.first;
    if (call->side.is_listed) side_ready_add(side, &call->side);
    bool is_woken = is_first && side->ready.first;
    pthread_mutex_unlock(&side->lock);
    if (is_woken) side_kick(side);
}

/* Bytes that the system holds for the peer and that were not acknowledged. */
static int held_by_system(int fd)
{
    int n = 0;
    return ioctl(fd, SIOCOUTQ, &n) == 0 ? n : 0;
}

/* Whether a peer for whom something waits has taken nothing since the last look. */
static bool is_stuck(struct http_call *call, uint64_t now)
{
    struct http_stream *stream = &call->stream;
    int held_n = held_by_system(call->side.fd);
    if (held_n < stream->held_n) stream->moved_ms = now;
    stream->held_n = held_n;
    return now - stream->moved_ms >= call->server->options.idle_ms;
}

struct http_call *stream_idle(struct http_call *call, uint64_t now)
{
    struct side *side = &call->server->side;
    bool waits = call->side.fd >= 0 && call->stream.unsent_n > 0;

    if (waits && is_stuck(call, now)) return call;
    side_list_remove(&side->streams, &call->side);
    side_list_add(&side->streams, &call->side, now);
    if (waits) return NULL;
    atomic_store(&call->stream.is_beat_due, true);
    if (call->side.fd < 0) http_wake(call);
    else side_ready_add(side, &call->side);
    return NULL;
}

/* ---- one that left -------------------------------------------------------------------------- */

/* Writes n bytes of the scratch, or of what was left before. Keeps what the peer does not take. */
static bool put(struct http_call *call, const uint8_t *at, size_t n, uint64_t now)
{
    struct http_stream *stream = &call->stream;
    struct epoll_event wanted = {.events = EPOLLRDHUP | EPOLLOUT, .data.ptr = &call->side};
    ssize_t taken = send(call->side.fd, at, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (taken > 0) stream->moved_ms = now;
    size_t done = taken > 0 ? (size_t)taken : 0;
    if (done == n) return true;

    stream->unsent = malloc(n - done);
    if (!stream->unsent) return false;
    memcpy(stream->unsent, at + done, n - done);
    stream->unsent_at = 0;
    stream->unsent_n = n - done;
    stream->held_n = held_by_system(call->side.fd);
    return epoll_ctl(call->server->side.epoll_fd, EPOLL_CTL_MOD, call->side.fd, &wanted) == 0;
}

/* Writes what waits; true if nothing waits any more, or *is_gone. */
static bool put_unsent(struct http_call *call, uint64_t now, bool *is_gone)
{
    struct http_stream *stream = &call->stream;
    struct epoll_event wanted = {.events = EPOLLRDHUP, .data.ptr = &call->side};
    if (stream->unsent_n == 0) return true;

    ssize_t taken = send(call->side.fd, stream->unsent + stream->unsent_at, stream->unsent_n,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken < 0) {
        *is_gone = errno != EAGAIN && errno != EINTR;
        return *is_gone;
    }
    stream->moved_ms = now;
    stream->held_n = held_by_system(call->side.fd);
    stream->unsent_at += (size_t)taken;
    stream->unsent_n -= (size_t)taken;
    if (stream->unsent_n > 0) return false;
    free(stream->unsent);
    stream->unsent = NULL;
    *is_gone = epoll_ctl(call->server->side.epoll_fd, EPOLL_CTL_MOD, call->side.fd, &wanted) != 0;
    return true;
}

/* The next bytes of the stream into at: n is 0 if there is nothing now. */
static size_t next_bytes(struct http_call *call, uint8_t *at, size_t cap)
{
    struct http_stream *stream = &call->stream;
    bool is_beat = atomic_exchange(&stream->is_beat_due, false);

    if (atomic_load(&call->server->side.ends_streams)) return HTTP_END;
    size_t n = stream->pull(stream->pull_of, at, cap);
    if (n == 0 && is_beat) {
        memcpy(at, beat.at, beat.len);
        n = beat.len;
    }
    EXPECT(n == HTTP_END || n <= cap);
    if (n != HTTP_END) stream->sent_bytes += n;
    return n;
}

/* Fills the scratch with the head, if it is still missing, and one chunk. */
static size_t compose(struct http_call *call)
{
    struct http_stream *stream = &call->stream;
    uint8_t *scratch = call->server->side.scratch;
    size_t head_n = stream->has_head ? 0 : answer_stream_head(call, scratch, SCRATCH_BYTES - HTTP_PULL_BYTES);
    size_t frame_n = call->is_http10 ? 0 : CHUNK_HEAD_BYTES;
    uint8_t *chunk = scratch + head_n;

    stream->has_head = true;
    if (call->method == HTTP_HEAD) {
        stream->has_ended = true;
        return head_n;
    }
    size_t n = next_bytes(call, chunk + frame_n, SCRATCH_BYTES - head_n - frame_n - CHUNK_TAIL_BYTES - 1);
    stream->has_ended = n == HTTP_END;
    if (n == 0) return head_n;
    if (call->is_http10) return head_n + (stream->has_ended ? 0 : n);

    struct out frame = out_over(chunk, SCRATCH_BYTES - head_n);
    if (stream->has_ended) {
        out_text(&frame, "0\r\n\r\n");
        return head_n + frame.len;
    }
    const uint8_t length[2] = {(uint8_t)(n >> 8), (uint8_t)n};
    out_put_hex(&frame, STR_OF(length));
    out_text(&frame, "\r\n");
    memcpy(chunk + frame_n + n, "\r\n", CHUNK_TAIL_BYTES);
    return head_n + frame_n + n + CHUNK_TAIL_BYTES;
}

static void listed_anew(struct http_call *call, uint64_t now)
{
    struct side *side = &call->server->side;
    pthread_mutex_lock(&side->lock);
    side_list_remove(&side->streams, &call->side);
    side_list_add(&side->streams, &call->side, now);
    pthread_mutex_unlock(&side->lock);
}

static void ready_again(struct http_call *call)
{
    struct side *side = &call->server->side;
    pthread_mutex_lock(&side->lock);
    side_ready_add(side, &call->side);
    pthread_mutex_unlock(&side->lock);
}

void stream_work(struct http_call *call, uint64_t now)
{
    struct http_stream *stream = &call->stream;
    bool is_gone = false, has_sent = false;

    for (int i = 0; i < PULLS_IN_A_ROW && put_unsent(call, now, &is_gone) && !is_gone; i++) {
        size_t n = stream->has_ended ? 0 : compose(call);
        if (n == 0) break;
        has_sent = true;
        is_gone = !put(call, call->server->side.scratch, n, now);
        if (i == PULLS_IN_A_ROW - 1) ready_again(call);
    }
    if (has_sent) listed_anew(call, now);
    if (is_gone || (stream->has_ended && stream->unsent_n == 0)) stream_over(call);
}

/* ---- one that stayed ------------------------------------------------------------------------ */

/* What was pulled before the library had room for it. */
static ssize_t hand_on(struct http_stream *stream, char *at, size_t cap)
{
    size_t n = stream->unsent_n < cap ? stream->unsent_n : cap;
    memcpy(at, stream->unsent + stream->unsent_at, n);
    stream->unsent_at += n;
    stream->unsent_n -= n;
    return (ssize_t)n;
}

/* Pulls into memory of the stream's own, since the library offers less room than was promised. */
static size_t pull_aside(struct http_call *call)
{
    struct http_stream *stream = &call->stream;
    if (!stream->unsent) stream->unsent = malloc(HTTP_PULL_BYTES);
    if (!stream->unsent) return HTTP_END;
    size_t n = next_bytes(call, stream->unsent, HTTP_PULL_BYTES);
    stream->unsent_at = 0;
    stream->unsent_n = n == HTTP_END ? 0 : n;
    return n;
}

ssize_t stream_pull(void *of, uint64_t position, char *at, size_t cap)
{
    struct http_call *call = of;
    (void)position;
    for (;;) {
        if (call->stream.unsent_n > 0) return hand_on(&call->stream, at, cap);
        atomic_store(&call->signal, SIGNAL_NONE);
        bool is_roomy = cap >= HTTP_PULL_BYTES;
        size_t n = is_roomy ? next_bytes(call, (uint8_t *)at, cap) : pull_aside(call);
        if (n == HTTP_END) return MHD_CONTENT_READER_END_OF_STREAM;
        if (n > 0) listed_anew(call, now_ms());
        if (n > 0 && is_roomy) return (ssize_t)n;
        if (n > 0) continue;

        int none = SIGNAL_NONE;
        if (atomic_load(&call->signal) == SIGNAL_GIVEN) continue;
        struct MHD_Connection *mhd = call->mhd;
        MHD_suspend_connection(mhd);
        if (!atomic_compare_exchange_strong(&call->signal, &none, SIGNAL_SUSPENDED)) MHD_resume_connection(mhd);
        return 0;
    }
}
