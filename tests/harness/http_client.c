/* http_client.c -- see http_client.h. */
#define _GNU_SOURCE /* memmem */
#include "harness/http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM_STEP_BYTES = 16 * 1024, ROOM_MOST_BYTES = 64 * 1024 * 1024, HEAD_BYTES = 4096 };

/* ---- time and memory --------------------------------------------------------------------------- */

static int64_t steady_ms(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0) misuse("http_client: no clock");
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int left_ms(int64_t until_ms)
{
    int64_t left = until_ms - steady_ms();
    return left > 0 ? (int)left : 0;
}

static uint8_t *room_for(struct http_client_room *room, size_t n)
{
    while (room->cap - room->len < n) {
        size_t cap = room->cap == 0 ? ROOM_STEP_BYTES : room->cap * 2;
        uint8_t *at = realloc(room->at, cap);
        if (at == NULL || cap > ROOM_MOST_BYTES) misuse("http_client: a reply of more than 64 MiB");
        room->at = at;
        room->cap = cap;
    }
    return room->at + room->len;
}

static void room_drop(struct http_client_room *room, size_t n)
{
    memmove(room->at, room->at + n, room->len - n);
    room->len -= n;
}

/* ---- connecting, sending, receiving ------------------------------------------------------------ */

void http_client_init(struct http_client *c, unsigned port)
{
    *c = (struct http_client){.port = port, .wait_ms = HTTP_CLIENT_WAIT_MS, ._fd = -1};
}

void http_client_init_over(struct http_client *c, int fd)
{
    *c = (struct http_client){.wait_ms = HTTP_CLIENT_WAIT_MS, ._fd = fd, ._is_lent = true, .connected_n = 1};
}

void http_client_drop(struct http_client *c)
{
    if (c->_fd >= 0) (void)close(c->_fd);
    c->_fd = -1;
    c->_has_ended = false;
    c->_in.len = c->_in_used = 0;
}

void http_client_fini(struct http_client *c)
{
    http_client_drop(c);
    free(c->_in.at);
    free(c->_body.at);
    *c = (struct http_client){._fd = -1};
}

static bool connect_now(struct http_client *c)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)c->port)};
    struct timeval wait = {.tv_sec = c->wait_ms / 1000, .tv_usec = (long)(c->wait_ms % 1000) * 1000};
    int on = 1;
    if (c->_fd >= 0) return true;
    if (c->_is_lent) return false;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait); /* connecting ends too */
    if (c->room_bytes > 0) (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &c->room_bytes, sizeof c->room_bytes);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        (void)close(fd);
        return false;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->_fd = fd;
    c->connected_n++;
    c->_in.len = c->_in_used = 0;
    return true;
}

bool http_client_send(struct http_client *c, struct str bytes)
{
    int64_t until_ms = steady_ms() + c->wait_ms;
    if (!connect_now(c)) return false;
    while (bytes.len > 0) {
        struct pollfd p = {.fd = c->_fd, .events = POLLOUT};
        if (poll(&p, 1, left_ms(until_ms)) <= 0) return false;
        ssize_t n = send(c->_fd, bytes.at, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n < 0) {
            c->_has_ended = true;
            return false;
        }
        bytes = str_at(bytes.at + n, bytes.len - (size_t)n);
    }
    return true;
}

/* More bytes as they come: how many, 0 at the end of the connection, -1 when none came in time. */
static ssize_t receive(struct http_client *c, int64_t until_ms)
{
    for (;;) {
        struct pollfd p = {.fd = c->_fd, .events = POLLIN};
        if (c->_fd < 0) return 0;
        int ready = poll(&p, 1, left_ms(until_ms));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return -1;
        if (c->_in_used > 0) {
            room_drop(&c->_in, c->_in_used);
            c->_in_used = 0;
        }
        ssize_t n = recv(c->_fd, room_for(&c->_in, ROOM_STEP_BYTES), ROOM_STEP_BYTES, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) { /* a reset is an end too */
            c->_has_ended = true;
            return 0;
        }
        c->_in.len += (size_t)n;
        return n;
    }
}

static struct str unread(const struct http_client *c)
{
    return c->_in.at == NULL ? (struct str){0} : str_at(c->_in.at + c->_in_used, c->_in.len - c->_in_used);
}

bool http_client_sees_end(struct http_client *c)
{
    int64_t until_ms = steady_ms() + c->wait_ms;
    for (;;) {
        ssize_t n = receive(c, until_ms);
        c->_in_used = c->_in.len;
        if (n == 0) return true;
        if (n < 0) return false;
    }
}

/* ---- the head of a reply ----------------------------------------------------------------------- */

bool http_reply_header(const struct http_reply *reply, const char *name, struct str *value)
{
    struct str left = reply->headers;
    size_t name_n = strlen(name);
    while (left.len > 0) {
        const uint8_t *end = memchr(left.at, '\n', left.len);
        size_t line_n = end == NULL ? left.len : (size_t)(end - left.at) + 1;
        if (line_n > name_n && left.at[name_n] == ':' && strncasecmp((const char *)left.at, name, name_n) == 0) {
            size_t from = name_n + 1, to = line_n;
            while (from < to && left.at[from] == ' ') from++;
            while (to > from && (left.at[to - 1] == '\n' || left.at[to - 1] == '\r' || left.at[to - 1] == ' ')) to--;
            *value = str_at(left.at + from, to - from);
            return true;
        }
        left = str_at(left.at + line_n, left.len - line_n);
    }
    return false;
}

static uint64_t number_of(struct str digits, unsigned base)
{
    uint64_t n = 0;
    for (size_t i = 0; i < digits.len; i++) {
        unsigned char d = digits.at[i];
        unsigned value = (unsigned)(d >= '0' && d <= '9' ? d - '0' : (d | 0x20) - 'a' + 10);
        if (value >= base) break;
        n = n * base + value;
    }
    return n;
}

/* How the body of this reply ends. */
static void find_framing(struct http_client *c, const struct http_reply *reply, bool has_body)
{
    struct str value;
    bool is_bare = !has_body || reply->status == 204 || reply->status == 304 || reply->status < 200;
    c->_is_over = c->_is_in_chunk = false;
    c->_left = 0;
    c->_framing = HTTP_CLIENT_COUNTED;
    if (is_bare) return;
    if (http_reply_header(reply, "Transfer-Encoding", &value)) c->_framing = HTTP_CLIENT_CHUNKED;
    else if (http_reply_header(reply, "Content-Length", &value)) c->_left = number_of(value, 10);
    else c->_framing = HTTP_CLIENT_TO_THE_END;
}

/* The head stands in _in until the body has been read: body bytes go to a room of their own. */
static bool read_head(struct http_client *c, bool has_body, struct http_reply *reply, int64_t until_ms)
{
    struct str value;
    for (;;) {
        struct str in = unread(c);
        const uint8_t *end = in.len == 0 ? NULL : memmem(in.at, in.len, "\r\n\r\n", 4);
        if (end == NULL) {
            if (receive(c, until_ms) <= 0) return false;
            continue;
        }
        size_t head_n = (size_t)(end - in.at) + 4;
        const uint8_t *line_end = memmem(in.at, head_n, "\r\n", 2);
        if (head_n < 13 || memcmp(in.at, "HTTP/1.", 7) != 0) return false;
        reply->status = (int)number_of(str_at(in.at + 9, 3), 10);
        c->_in_used += head_n;
        if (reply->status == 100) continue;
        struct str lines = str_at(line_end + 2, head_n - (size_t)(line_end + 2 - in.at));
        c->_body.len = c->_events_used = 0;
        memcpy(room_for(&c->_body, lines.len), lines.at, lines.len); /* the headers stand before the body */
        c->_body.len = lines.len;
        reply->headers = str_at(c->_body.at, lines.len);
        bool says_close = http_reply_header(reply, "Connection", &value) && str_is(value, STR("close"));
        reply->is_last = says_close || in.at[7] == '0';
        find_framing(c, reply, has_body);
        return true;
    }
}

/* ---- the body ---------------------------------------------------------------------------------- */

static void take_bytes(struct http_client *c, struct str in)
{
    size_t n = c->_framing == HTTP_CLIENT_TO_THE_END || in.len < c->_left ? in.len : (size_t)c->_left;
    memcpy(room_for(&c->_body, n), in.at, n);
    c->_body.len += n;
    c->_in_used += n;
    if (c->_framing != HTTP_CLIENT_TO_THE_END) c->_left -= n;
}

/* Takes what is there of a chunked body; true if it got on. */
static bool take_chunked(struct http_client *c)
{
    struct str in = unread(c);
    if (c->_left > 0) {
        take_bytes(c, in);
        return in.len > 0;
    }
    const uint8_t *end = in.len == 0 ? NULL : memmem(in.at, in.len, "\r\n", 2);
    if (end == NULL) return false;
    size_t line_n = (size_t)(end - in.at) + 2;
    if (c->_is_in_chunk) { /* the line end behind a chunk */
        c->_is_in_chunk = false;
        c->_in_used += line_n;
        return true;
    }
    uint64_t n = number_of(str_at(in.at, line_n), 16);
    if (n == 0 && in.len < line_n + 2) return false; /* no trailers are sent: an empty line ends it */
    c->_in_used += n == 0 ? line_n + 2 : line_n;
    c->_left = n;
    c->_is_in_chunk = n > 0;
    c->_is_over = n == 0;
    return true;
}

/* Takes what has come of the body; true if that was anything. */
static bool take_body(struct http_client *c)
{
    struct str in = unread(c);
    if (c->_is_over) return false;
    if (c->_framing == HTTP_CLIENT_CHUNKED) return take_chunked(c);
    if (c->_framing == HTTP_CLIENT_COUNTED && c->_left == 0) {
        c->_is_over = true;
        return true;
    }
    if (in.len > 0) take_bytes(c, in);
    return in.len > 0;
}

/* More of the body, waiting for it if need be. False: there is no more, or not in time. */
static bool more_body(struct http_client *c, int64_t until_ms)
{
    while (!take_body(c)) {
        if (c->_is_over) return false;
        ssize_t n = receive(c, until_ms);
        if (n < 0) return false;
        if (n == 0) {
            c->_is_over = true;
            return false;
        }
    }
    return true;
}

bool http_client_read_head(struct http_client *c, bool has_body, struct http_reply *reply)
{
    *reply = (struct http_reply){0};
    if (!read_head(c, has_body, reply, steady_ms() + c->wait_ms)) {
        reply->status = 0;
        return false;
    }
    c->_events_used = reply->headers.len; /* the first event stands behind the headers */
    return true;
}

/* Whether a body that is over is whole: a counted or chunked one must not end with its connection. */
static bool is_whole(const struct http_client *c)
{
    if (!c->_is_over) return false;
    if (c->_framing == HTTP_CLIENT_COUNTED) return c->_left == 0;
    return c->_framing == HTTP_CLIENT_TO_THE_END || (!c->_is_in_chunk && c->_left == 0);
}

bool http_client_read_body(struct http_client *c, struct http_reply *reply)
{
    int64_t until_ms = steady_ms() + c->wait_ms;
    size_t head_n = reply->headers.len;
    while (more_body(c, until_ms)) continue;
    reply->headers = str_at(c->_body.at, head_n);
    reply->body = str_at(c->_body.at + head_n, c->_body.len - head_n);
    if (!is_whole(c)) {
        reply->status = 0;
        return false;
    }
    if (reply->is_last) http_client_drop(c);
    return true;
}

bool http_client_read(struct http_client *c, bool has_body, struct http_reply *reply)
{
    return http_client_read_head(c, has_body, reply) && http_client_read_body(c, reply);
}

/* ---- asking ------------------------------------------------------------------------------------ */

size_t http_client_put_ask(char *room, size_t cap, const struct http_ask *ask, unsigned port)
{
    char length[48] = "", token[160] = "", type[160] = "";
    bool has_body = ask->body.at != NULL;
    if (has_body) (void)snprintf(length, sizeof length, "Content-Length: %zu\r\n", ask->body.len);
    if (ask->token != NULL) (void)snprintf(token, sizeof token, "Authorization: Bearer %s\r\n", ask->token);
    if (has_body || ask->type != NULL) {
        const char *name = ask->type == NULL ? "application/cbor" : ask->type;
        if (name[0] != '\0') (void)snprintf(type, sizeof type, "Content-Type: %s\r\n", name);
    }
    int n = snprintf(room, cap, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s%s%s%s\r\n", ask->method, ask->path, port,
                     token, type, length, ask->more == NULL ? "" : ask->more);
    if (n < 0 || (size_t)n >= cap || cap - (size_t)n < ask->body.len) return 0;
    if (has_body) memcpy(room + n, ask->body.at, ask->body.len);
    return (size_t)n + ask->body.len;
}

static bool ask_once(struct http_client *c, struct str bytes, bool has_body, struct http_reply *reply)
{
    *reply = (struct http_reply){0};
    bool is_sent = http_client_send(c, bytes); /* a refusal may have come before all of it was sent */
    return (is_sent || c->_fd >= 0) && http_client_read(c, has_body, reply);
}

bool http_client_ask(struct http_client *c, const struct http_ask *ask, struct http_reply *reply)
{
    size_t cap = HEAD_BYTES + ask->body.len;
    char *room = malloc(cap);
    if (room == NULL) misuse("http_client: no memory");
    size_t n = http_client_put_ask(room, cap, ask, c->port);
    EXPECT(n > 0);
    bool is_kept = c->_fd >= 0, has_body = strcmp(ask->method, "HEAD") != 0;
    bool is_done = ask_once(c, str_at(room, n), has_body, reply);
    if (!is_done && is_kept && c->_has_ended && c->_in.len == 0 && !c->_is_lent) {
        http_client_drop(c);
        is_done = ask_once(c, str_at(room, n), has_body, reply);
    }
    free(room);
    if (!is_done) http_client_drop(c);
    return is_done;
}

/* ---- events ------------------------------------------------------------------------------------ */

/* The value of a field in the lines of an event; {NULL, 0} if it is not there. */
static struct str event_field(struct str lines, const char *name)
{
    size_t name_n = strlen(name);
    while (lines.len > 0) {
        const uint8_t *end = memchr(lines.at, '\n', lines.len);
        size_t line_n = end == NULL ? lines.len : (size_t)(end - lines.at);
        if (line_n >= name_n && memcmp(lines.at, name, name_n) == 0) {
            size_t from = name_n;
            while (from < line_n && lines.at[from] == ' ') from++;
            return str_at(lines.at + from, line_n - from);
        }
        size_t step = end == NULL ? line_n : line_n + 1;
        lines = str_at(lines.at + step, lines.len - step);
    }
    return (struct str){0};
}

bool http_client_event(struct http_client *c, struct http_event *event)
{
    int64_t until_ms = steady_ms() + c->wait_ms;
    if (c->_events_used > 0) {
        room_drop(&c->_body, c->_events_used);
        c->_events_used = 0;
    }
    for (;;) {
        const uint8_t *end = c->_body.len == 0 ? NULL : memmem(c->_body.at, c->_body.len, "\n\n", 2);
        if (end != NULL) {
            struct str lines = str_at(c->_body.at, (size_t)(end - c->_body.at));
            c->_events_used = lines.len + 2;
            bool is_comment = lines.len > 0 && lines.at[0] == ':';
            event->name = is_comment ? (struct str){0} : event_field(lines, "event:");
            event->data = is_comment ? str_at(lines.at + 1, lines.len - 1) : event_field(lines, "data:");
            return true;
        }
        if (!more_body(c, until_ms)) return false;
    }
}

bool http_client_is_over(const struct http_client *c)
{
    return c->_is_over;
}
