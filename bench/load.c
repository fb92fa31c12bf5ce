/* load.c -- see load.h. */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_BYTES = 2048, READ_BYTES = 512 * 1024, EVENTS = 64 };

struct line {
    int fd;
    struct load_ask ask;
    size_t sent_n;
    uint64_t sent_ns;
    bool is_busy;

    char head[HEAD_BYTES]; /* of the answer, until all of it is there */
    size_t head_n;
    bool has_head, is_wrong;
    size_t body_n, body_read_n;
};

struct load_running {
    struct load *load;
    int epoll;
    bool is_counting, is_ending;
    size_t busy_n;
    struct line line[LOAD_CONNECTIONS];
};

static void must(bool is_so, const char *what)
{
    if (is_so) return;
    perror(what);
    exit(2);
}

int load_connect(unsigned port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0, "Connecting");
    must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0, "TCP_NODELAY");
    must(fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "O_NONBLOCK");
    return fd;
}

/* ---- asking -------------------------------------------------------------------------------------- */

static void listen_for(struct load_running *r, size_t i, uint32_t events, int how)
{
    struct epoll_event event = {.events = events, .data.u64 = i};
    must(epoll_ctl(r->epoll, how, r->line[i].fd, &event) == 0, "epoll_ctl");
}

static void send_more(struct load_running *r, size_t i)
{
    struct line *l = &r->line[i];
    bool was_cut = l->sent_n > 0;
    ssize_t n = send(l->fd, l->ask.bytes.at + l->sent_n, l->ask.bytes.len - l->sent_n, MSG_NOSIGNAL);
    if (n < 0)
        must(errno == EAGAIN, "Sending");
    else
        l->sent_n += (size_t)n;
    if (l->sent_n < l->ask.bytes.len)
        listen_for(r, i, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    else if (was_cut)
        listen_for(r, i, EPOLLIN, EPOLL_CTL_MOD);
}

static void ask_next(struct load_running *r, size_t i)
{
    struct line *l = &r->line[i];
    l->is_busy = false;
    if (!r->is_ending && !r->load->next(r->load->of, i, &l->ask)) {
        r->is_ending = true;
        r->load->has_run_out = true;
    }
    if (r->is_ending) return;
    l->is_busy = true;
    l->sent_n = l->head_n = 0;
    l->has_head = l->is_wrong = false;
    r->busy_n++;
    l->sent_ns = timing_ns();
    send_more(r, i);
}

/* ---- being answered -------------------------------------------------------------------------------- */

static void note_wrong(struct load_running *r, struct line *l, const char *bytes, size_t n)
{
    l->is_wrong = true;
    if (r->load->wrong[0] != '\0') return;
    for (size_t i = 0; i < n && i < sizeof r->load->wrong - 1; i++) {
        r->load->wrong[i] = (char)(bytes[i] >= ' ' && bytes[i] < 127 ? bytes[i] : ' ');
    }
}

/* Takes the head, if it is complete: how many of the n new bytes belong to it; all, if it is not. */
static size_t take_head(struct load_running *r, struct line *l, const char *bytes, size_t n)
{
    size_t had = l->head_n, take = n < sizeof l->head - 1 - had ? n : sizeof l->head - 1 - had;
    memcpy(l->head + had, bytes, take);
    l->head[had + take] = '\0';
    l->head_n += take;
    const char *end = strstr(l->head, "\r\n\r\n");
    must(end != NULL || l->head_n < sizeof l->head - 1, "An answer's head is too long");
    if (end == NULL) return n;
    const char *length = strcasestr(l->head, "\r\nContent-Length:");
    l->has_head = true;
    l->body_read_n = 0;
    l->body_n = length == NULL ? 0 : (size_t)strtoull(length + 17, NULL, 10);
    bool is_right = strncmp(l->head, "HTTP/1.1 ", 9) == 0 && strtol(l->head + 9, NULL, 10) == r->load->status &&
                    l->body_n == l->ask.body.len;
    if (!is_right) note_wrong(r, l, l->head, l->head_n);
    return (size_t)(end - l->head) + 4 - had;
}

static void take_body(struct load_running *r, struct line *l, const char *bytes, size_t n)
{
    must(l->body_read_n + n <= l->body_n, "More came than was announced");
    if (!l->is_wrong && memcmp(bytes, l->ask.body.at + l->body_read_n, n) != 0) note_wrong(r, l, l->head, l->head_n);
    l->body_read_n += n;
}

static void take_answer(struct load_running *r, size_t i)
{
    struct line *l = &r->line[i];
    uint64_t now_ns = timing_ns();
    r->busy_n--;
    if (l->is_wrong) {
        r->load->wrong_n++;
    } else if (r->is_counting) {
        r->load->done_n++;
        durations_add(&r->load->latency, now_ns - l->sent_ns);
    }
    ask_next(r, i);
}

static void read_some(struct load_running *r, size_t i)
{
    static char bytes[READ_BYTES];
    struct line *l = &r->line[i];
    ssize_t got = recv(l->fd, bytes, sizeof bytes, 0);
    if (got < 0 && errno == EAGAIN) return;
    must(got > 0 && l->is_busy, "The server closed a connection");
    size_t n = (size_t)got, used = 0;
    if (!l->has_head) used = take_head(r, l, bytes, n);
    if (used < n) take_body(r, l, bytes + used, n - used);
    if (l->has_head && l->body_read_n == l->body_n) take_answer(r, i);
}

/* ---- the run --------------------------------------------------------------------------------------- */

static void turn(struct load_running *r, int wait_ms)
{
    struct epoll_event event[EVENTS];
    int n = epoll_wait(r->epoll, event, EVENTS, wait_ms);
    for (int k = 0; k < n; k++) {
        size_t i = (size_t)event[k].data.u64;
        if ((event[k].events & EPOLLOUT) != 0) send_more(r, i);
        if ((event[k].events & ~(uint32_t)EPOLLOUT) != 0) read_some(r, i);
    }
}

static void turn_for(struct load_running *r, uint64_t run_ns)
{
    for (uint64_t from_ns = timing_ns(); timing_ns() - from_ns < run_ns && !r->is_ending;) turn(r, 100);
}

static void count(struct load_running *r, uint64_t run_ns)
{
    struct load *load = r->load;
    load->mark(load->of, false);
    uint64_t from_ns = timing_ns(), from_cpu_ns = timing_own_cpu_ns();
    r->is_counting = true;
    turn_for(r, run_ns);
    r->is_counting = false;
    load->ns += timing_ns() - from_ns;
    load->own_cpu_ns += timing_own_cpu_ns() - from_cpu_ns;
    load->mark(load->of, true);
}

void load_go(struct load *load, uint64_t warm_ns, uint64_t run_ns)
{
    struct load_running *r = load->_running;
    if (load->has_run_out) return;
    r->is_ending = false;
    for (size_t i = 0; i < load->connection_n; i++) ask_next(r, i);
    turn_for(r, warm_ns);
    count(r, run_ns);
    r->is_ending = true;
    for (uint64_t from_ns = timing_ns(); r->busy_n > 0 && timing_s(from_ns) < 10;) turn(r, 100);
    must(r->busy_n == 0, "Some answers never came");
}

void load_open(struct load *load)
{
    struct load_running *r = calloc(1, sizeof *r);
    EXPECT(r != NULL && load->connection_n <= LOAD_CONNECTIONS);
    load->_running = r;
    r->load = load;
    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    must(r->epoll >= 0, "epoll");
    for (size_t i = 0; i < load->connection_n; i++) {
        r->line[i].fd = load_connect(load->port);
        listen_for(r, i, EPOLLIN, EPOLL_CTL_ADD);
    }
}

void load_close(struct load *load)
{
    struct load_running *r = load->_running;
    for (size_t i = 0; i < load->connection_n; i++) (void)close(r->line[i].fd);
    (void)close(r->epoll);
    free(r);
    load->_running = NULL;
}

void load_fini(struct load *load)
{
    durations_fini(&load->latency);
}
