/* http_rig.c -- see http_rig.h. */
#define _GNU_SOURCE
#include "harness/http_rig.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void http_rig_pause(unsigned ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

uint64_t http_rig_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- answers -------------------------------------------------------------------------------- */

static void answer_text(struct http_call *call, struct str text)
{
    http_answer(call, &(struct http_answer){.status = 200, .type = "text/plain", .body = text});
}

/* In memory of its own: the count of those given back tells whether http gave back each. */
struct owned {
    struct http_rig *rig;
    char at[];
};

static void release(void *of)
{
    struct owned *owned = of;
    atomic_fetch_add(&owned->rig->released_n, 1);
    free(owned);
}

static void answer_copy(struct http_rig *rig, struct http_call *call, struct str text)
{
    struct owned *owned = malloc(sizeof *owned + text.len);
    EXPECT(owned);
    owned->rig = rig;
    if (text.len > 0) memcpy(owned->at, text.at, text.len);
    http_answer(call, &(struct http_answer){.status = 200, .type = "application/octet-stream",
                                            .body = str_at(owned->at, text.len), .release = release,
                                            .release_of = owned});
}

static void answer_big(struct http_rig *rig, struct http_call *call)
{
    struct str name, value;
    size_t n = 0;
    if (http_query_at(call, 0, &name, &value)) {
        for (size_t i = 0; i < name.len; i++) n = n * 10 + (size_t)(name.at[i] - '0');
    }
    char *bytes = malloc(n + 1);
    EXPECT(bytes);
    memset(bytes, 'b', n);
    answer_copy(rig, call, str_at(bytes, n));
    free(bytes);
}

static void answer_who(struct http_rig *rig, struct http_call *call)
{
    uint8_t text[96];
    struct out o = OUT_OVER(text);
    ip_put_short(&o, http_client(call));
    out_text(&o, http_is_local(call) ? " local" : " remote");
    answer_copy(rig, call, out_str(&o));
}

static void answer_query(struct http_rig *rig, struct http_call *call)
{
    uint8_t text[1024];
    struct out o = OUT_OVER(text);
    struct str name, value;
    for (size_t i = 0; http_query_at(call, i, &name, &value); i++) {
        out_put(&o, name);
        if (value.at) out_text(&o, "=");
        out_put(&o, value);
        out_text(&o, ";");
    }
    answer_copy(rig, call, out_str(&o));
}

static void answer_header(struct http_rig *rig, struct http_call *call)
{
    struct str value;
    answer_copy(rig, call, http_header(call, "x-probe", &value) ? value : STR("-"));
}

/* ---- parking -------------------------------------------------------------------------------- */

static void *park_thread(void *of)
{
    struct http_rig *rig = of;
    pthread_mutex_lock(&rig->lock);
    while (!rig->stops || rig->parked_n > 0) {
        while (rig->parked_n == 0 && !rig->stops) pthread_cond_wait(&rig->has_work, &rig->lock);
        struct http_call *call = rig->parked_n > 0 ? rig->parked[--rig->parked_n] : NULL;
        pthread_mutex_unlock(&rig->lock);
        if (call) answer_text(call, STR("parked"));
        pthread_mutex_lock(&rig->lock);
    }
    pthread_mutex_unlock(&rig->lock);
    return NULL;
}

static void park(struct http_rig *rig, struct http_call *call)
{
    pthread_mutex_lock(&rig->lock);
    EXPECT(rig->parked_n < HTTP_RIG_HELD);
    http_park(call);
    rig->parked[rig->parked_n++] = call;
    pthread_cond_signal(&rig->has_work);
    pthread_mutex_unlock(&rig->lock);
}

static void *answer_at_once(void *call)
{
    answer_text(call, STR("raced"));
    return NULL;
}

static void race(struct http_call *call)
{
    pthread_t thread;
    http_park(call);
    EXPECT(pthread_create(&thread, NULL, answer_at_once, call) == 0);
    pthread_join(thread, NULL);
}

static void hold(struct http_rig *rig, struct http_call *call)
{
    http_park(call);
    pthread_mutex_lock(&rig->lock);
    EXPECT(rig->held_n < HTTP_RIG_HELD);
    rig->held[rig->held_n++] = call;
    pthread_mutex_unlock(&rig->lock);
}

size_t http_rig_release(struct http_rig *rig)
{
    static struct http_call *held[HTTP_RIG_HELD];
    pthread_mutex_lock(&rig->lock);
    size_t n = rig->held_n;
    memcpy(held, rig->held, n * sizeof *held);
    rig->held_n = 0;
    pthread_mutex_unlock(&rig->lock);
    for (size_t i = 0; i < n; i++) answer_text(held[i], STR("held"));
    return n;
}

/* ---- streams -------------------------------------------------------------------------------- */

static size_t pull(void *of, uint8_t *at, size_t cap)
{
    struct http_rig_stream *stream = of;
    struct http_rig *rig = stream->rig;
    struct out o = out_over(at, cap);
    EXPECT(cap >= HTTP_PULL_BYTES);
    if (stream->floods) {
        memset(at, 'f', cap);
        return cap;
    }
    pthread_mutex_lock(&rig->lock);
    for (; stream->next < rig->said_n && o.cap - o.len > HTTP_RIG_SAYING_BYTES; stream->next++) {
        out_text(&o, "data: ");
        out_text(&o, rig->said[stream->next % HTTP_RIG_SAYINGS]);
        out_text(&o, "\n\n");
    }
    pthread_mutex_unlock(&rig->lock);
    return str_is(out_str(&o), STR("data: END\n\n")) ? HTTP_END : o.len;
}

static void begin_stream(struct http_rig *rig, struct http_call *call, bool floods)
{
    struct http_rig_stream *stream = calloc(1, sizeof *stream);
    EXPECT(stream);
    stream->rig = rig;
    stream->call = call;
    stream->floods = floods;
    *http_slot(call, 0) = stream;
    pthread_mutex_lock(&rig->lock);
    stream->next = rig->said_n;
    stream->behind = rig->streams;
    if (rig->streams) rig->streams->before = stream;
    rig->streams = stream;
    http_stream(call, pull, stream);
    pthread_mutex_unlock(&rig->lock);
}

static void end_stream(struct http_rig *rig, struct http_rig_stream *stream)
{
    pthread_mutex_lock(&rig->lock);
    if (stream->before) stream->before->behind = stream->behind;
    else rig->streams = stream->behind;
    if (stream->behind) stream->behind->before = stream->before;
    pthread_mutex_unlock(&rig->lock);
    free(stream);
    atomic_fetch_add(&rig->stream_done_n, 1);
}

void http_rig_say(struct http_rig *rig, const char *text)
{
    pthread_mutex_lock(&rig->lock);
    snprintf(rig->said[rig->said_n++ % HTTP_RIG_SAYINGS], HTTP_RIG_SAYING_BYTES, "%.40s", text);
    for (struct http_rig_stream *stream = rig->streams; stream; stream = stream->behind) http_wake(stream->call);
    pthread_mutex_unlock(&rig->lock);
}

/* ---- the owner ------------------------------------------------------------------------------ */

static bool asks(const struct http_call *call, enum http_method method, const char *path)
{
    return http_method(call) == method && str_is(http_path(call), str_of_text(path));
}

static void on_judge(void *of, struct http_call *call)
{
    static const struct {
        enum http_method method;
        const char *path;
    } known[] = {
        {HTTP_GET, "/hello"}, {HTTP_HEAD, "/hello"}, {HTTP_GET, "/big"},   {HTTP_POST, "/echo"}, {HTTP_POST, "/drop"},
        {HTTP_GET, "/who"},   {HTTP_GET, "/query"},  {HTTP_GET, "/park"},  {HTTP_GET, "/race"},  {HTTP_GET, "/hold"},
        {HTTP_GET, "/events"}, {HTTP_HEAD, "/events"}, {HTTP_GET, "/flood"}, {HTTP_GET, "/header"},
    };
    struct http_rig *rig = of;
    atomic_fetch_add(&rig->judged_n, 1);
    if (asks(call, HTTP_POST, "/refuse")) {
        http_refuse(call, ERR_NO_SESSION, 0);
    } else if (asks(call, HTTP_POST, "/bye")) {
        http_answer(call, &(struct http_answer){.status = 429, .retry_after_s = 7, .closes = true});
    } else if (asks(call, HTTP_POST, "/small")) {
        http_limit_body(call, 100);
    } else {
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            if (asks(call, known[i].method, known[i].path)) return;
        }
        http_refuse(call, ERR_NO_ROUTE, 0);
    }
}

static void on_run(void *of, struct http_call *call)
{
    struct http_rig *rig = of;
    struct str path = http_path(call);
    atomic_fetch_add(&rig->ran_n, 1);
    if (str_is(path, STR("/hello"))) answer_text(call, STR("hello"));
    else if (str_is(path, STR("/big"))) answer_big(rig, call);
    else if (str_is(path, STR("/echo"))) answer_copy(rig, call, http_body(call));
    else if (str_is(path, STR("/drop")) || str_is(path, STR("/small"))) answer_text(call, STR(""));
    else if (str_is(path, STR("/who"))) answer_who(rig, call);
    else if (str_is(path, STR("/query"))) answer_query(rig, call);
    else if (str_is(path, STR("/header"))) answer_header(rig, call);
    else if (str_is(path, STR("/park"))) park(rig, call);
    else if (str_is(path, STR("/race"))) race(call);
    else if (str_is(path, STR("/hold"))) hold(rig, call);
    else begin_stream(rig, call, str_is(path, STR("/flood")));
}

static void on_done(void *of, struct http_call *call, int status, uint64_t sent_bytes)
{
    struct http_rig *rig = of;
    struct http_rig_stream *stream = *http_slot(call, 0);
    if (stream) end_stream(rig, stream);
    if (status == 0) atomic_fetch_add(&rig->broken_n, 1);
    atomic_store(&rig->last_status, status);
    atomic_store(&rig->last_sent_bytes, sent_bytes);
    atomic_fetch_add(&rig->done_n, 1);
}

void http_rig_open(struct http_rig *rig, const struct http_options *options)
{
    struct http_options used = options ? *options : (struct http_options){0};
    const struct http_owner owner = {rig, on_judge, on_run, on_done};
    struct http_trouble trouble;
    memset(rig, 0, sizeof *rig);
    pthread_mutex_init(&rig->lock, NULL);
    pthread_cond_init(&rig->has_work, NULL);
    if (!used.listen) used.listen = "127.0.0.1:0";
    if (http_open(&rig->server, &used, &owner, &trouble)) misuse(trouble.text);
    rig->port = http_port(rig->server);
    EXPECT(pthread_create(&rig->parker, NULL, park_thread, rig) == 0);
}

static void *close_server(void *of)
{
    http_close(((struct http_rig *)of)->server);
    return NULL;
}

void http_rig_close(struct http_rig *rig)
{
    pthread_t closer; /* what is held while it closes has to be answered meanwhile */
    EXPECT(pthread_create(&closer, NULL, close_server, rig) == 0);
    while (pthread_tryjoin_np(closer, NULL)) {
        http_rig_release(rig);
        http_rig_pause(1);
    }
    pthread_mutex_lock(&rig->lock);
    rig->stops = true;
    pthread_cond_signal(&rig->has_work);
    pthread_mutex_unlock(&rig->lock);
    pthread_join(rig->parker, NULL);
    EXPECT(!rig->streams);
    pthread_cond_destroy(&rig->has_work);
    pthread_mutex_destroy(&rig->lock);
}

bool http_rig_wait(const atomic_uint *count, unsigned n)
{
    for (int i = 0; i < 5000 && atomic_load(count) < n; i++) http_rig_pause(2);
    return atomic_load(count) >= n;
}

int http_rig_connect(const struct http_rig *rig)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)rig->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
    return fd;
}

bool http_rig_exchange(const struct http_rig *rig, struct str bytes, unsigned wait_ms, char *said, size_t cap)
{
    const uint64_t until = http_rig_now_ms() + wait_ms;
    int fd = http_rig_connect(rig);
    size_t n = 0;
    bool has_ended = false;
    EXPECT(send(fd, bytes.at, bytes.len, MSG_NOSIGNAL) == (ssize_t)bytes.len);
    while (!has_ended && n + 1 < cap && http_rig_now_ms() < until) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, (int)(until - http_rig_now_ms())) <= 0) continue;
        ssize_t got = recv(fd, said + n, cap - 1 - n, 0);
        has_ended = got <= 0;
        if (got > 0) n += (size_t)got;
    }
    said[n] = 0;
    close(fd);
    return has_ended;
}
