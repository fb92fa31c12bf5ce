/* http_slow.c -- clients that take their time, vanish, or come in crowds: closed at the deadline, and nobody
 * else notices. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/http_client.h"
#include "harness/http_rig.h"
#include "server/log.h"

enum { REQUEST_MS = 800, IDLE_MS = 2000 };

static struct http_rig rig;

static int open_rig(void **state)
{
    (void)state;
    http_rig_open(&rig, &(struct http_options){.request_ms = REQUEST_MS, .idle_ms = IDLE_MS});
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    http_rig_close(&rig);
    return 0;
}

/* ---- helpers -------------------------------------------------------------------------------- */

static bool say(int fd, const char *text)
{
    return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

/* Whether the other side has closed; what comes before that is dropped. */
static bool has_ended(int fd)
{
    char dropped[4096];
    for (;;) {
        ssize_t n = recv(fd, dropped, sizeof dropped, MSG_DONTWAIT);
        if (n > 0) continue;
        return n == 0 || (errno != EAGAIN && errno != EINTR);
    }
}

/* Waits for the end: when it came, in ms since the start; 0 if not within wait_ms. */
static uint64_t ended_after(int fd, uint64_t start, unsigned wait_ms)
{
    while (http_rig_now_ms() - start < wait_ms) {
        if (has_ended(fd)) return http_rig_now_ms() - start;
        http_rig_pause(5);
    }
    return 0;
}

static void expect_quick_answer(struct http_client *c)
{
    struct http_reply reply;
    uint64_t start = http_rig_now_ms();
    assert_true(http_client_ask(c, &(struct http_ask){.method = "GET", .path = "/park"}, &reply));
    assert_int_equal(reply.status, 200);
    assert_in_range(http_rig_now_ms() - start, 0, 250);
}

/* Sends one byte after the other, one every 20 ms, while somebody else is served. When it was closed, in ms. */
static uint64_t drip(const char *first, const char *rest)
{
    struct http_client other;
    int fd = http_rig_connect(&rig);
    uint64_t start = http_rig_now_ms(), ended = 0;
    http_client_init(&other, rig.port);
    assert_true(say(fd, first));
    for (size_t i = 0; rest[i] && !ended; i++) {
        (void)send(fd, rest + i, 1, MSG_NOSIGNAL);
        http_rig_pause(20);
        expect_quick_answer(&other);
        if (has_ended(fd)) ended = http_rig_now_ms() - start;
    }
    assert_int_equal(other.connected_n, 1);
    http_client_fini(&other);
    close(fd);
    return ended;
}

#define TEN       "aaaaaaaaaa"
#define LONG_LINE "X-Long: " TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

/* ---- too slow ------------------------------------------------------------------------------- */

static void T3_slow_headers_are_closed_at_the_deadline(void **state)
{
    (void)state;
    assert_in_range(drip("GET /hello HTTP/1.1\r\nHost: a\r\n", LONG_LINE), REQUEST_MS, REQUEST_MS + 400);
    assert_int_equal(http_gauges(rig.server).overdue_n, 1);
}

static void T3_a_slow_request_line_is_closed_at_the_deadline(void **state)
{
    (void)state;
    assert_in_range(drip("", "GET /" LONG_LINE), REQUEST_MS, REQUEST_MS + 400);
}

static void T3_a_slow_body_is_closed_at_the_deadline(void **state)
{
    (void)state;
    assert_in_range(drip("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", LONG_LINE), REQUEST_MS,
                    REQUEST_MS + 400);
    assert_true(http_rig_wait(&rig.broken_n, 1)); /* there was no answer */
    assert_int_equal(http_gauges(rig.server).body_bytes, 0);
}

/* The second request of a connection has a deadline as the first has. */
static void T3_the_deadline_holds_for_later_requests(void **state)
{
    (void)state;
    char said[1024];
    int fd = http_rig_connect(&rig);
    assert_true(say(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_true(recv(fd, said, sizeof said, 0) > 0);
    http_rig_pause(300);
    uint64_t start = http_rig_now_ms();
    assert_true(say(fd, "GET /hello HTTP/1.1\r\n"));
    uint64_t ended = 0;
    while (!ended && http_rig_now_ms() - start < 3000) {
        (void)send(fd, "X", 1, MSG_NOSIGNAL);
        ended = ended_after(fd, start, (unsigned)(http_rig_now_ms() - start) + 50);
    }
    assert_in_range(ended, REQUEST_MS - 50, REQUEST_MS + 400);
    close(fd);
}

static void an_idle_connection_is_closed(void **state)
{
    (void)state;
    char said[1024];
    int fd = http_rig_connect(&rig), silent = http_rig_connect(&rig);
    uint64_t start = http_rig_now_ms();
    assert_true(say(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_true(recv(fd, said, sizeof said, 0) > 0);
    assert_in_range(ended_after(silent, start, 5000), REQUEST_MS - 50, IDLE_MS + 600); /* never said a word */
    assert_in_range(ended_after(fd, start, 5000), IDLE_MS - 50, IDLE_MS + REQUEST_MS + 400);
    close(fd);
    close(silent);
}

/* A parked call is the owner's business: no deadline ends it. */
static void a_parked_call_has_no_deadline(void **state)
{
    (void)state;
    struct http_client c;
    struct http_reply reply;
    http_client_init(&c, rig.port);
    assert_true(http_client_send(&c, STR("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")));
    http_rig_pause(IDLE_MS + REQUEST_MS + 300);
    assert_int_equal(http_rig_release(&rig), 1);
    assert_true(http_client_read(&c, true, &reply));
    assert_int_equal(reply.status, 200);
    http_client_fini(&c);
}

static void a_client_that_does_not_read_is_closed(void **state)
{
    (void)state;
    struct http_client other;
    int fd = http_rig_connect(&rig), small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    assert_true(say(fd, "GET /big?20000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    http_client_init(&other, rig.port);
    uint64_t start = http_rig_now_ms();
    while (atomic_load(&rig.released_n) == 0 && http_rig_now_ms() - start < 10000) {
        expect_quick_answer(&other);
        http_rig_pause(20);
    }
    assert_int_equal(atomic_load(&rig.released_n), 1); /* its 20 MB are free again */
    assert_in_range(http_rig_now_ms() - start, IDLE_MS - 100, IDLE_MS + 2000);
    http_client_fini(&other);
    close(fd);
}

/* ---- gone ----------------------------------------------------------------------------------- */

/* It said all it had to say, and can still listen. */
static void a_half_closed_client_is_answered(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        char said[1024];
        int fd = http_rig_connect(&rig);
        assert_true(say(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
        shutdown(fd, SHUT_WR);
        struct pollfd p = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, 5000), 1);
        ssize_t n = recv(fd, said, sizeof said - 1, 0);
        assert_true(n > 12);
        assert_memory_equal(said, "HTTP/1.1 200", 12);
        close(fd);
    }
}

static void a_client_that_left_while_parked_harms_nobody(void **state)
{
    (void)state;
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    for (int i = 0; i < 100; i++) {
        int fd = http_rig_connect(&rig);
        assert_true(say(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_true(http_rig_wait(&rig.ran_n, (unsigned)i + 1));
        if (i % 3 == 0) setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        if (i % 3 == 1) shutdown(fd, SHUT_WR);
        close(fd);
    }
    assert_int_equal(http_gauges(rig.server).call_n, 100);
    http_rig_release(&rig);
    assert_true(http_rig_wait(&rig.done_n, 100));
    http_rig_pause(100);
    assert_int_equal(http_gauges(rig.server).call_n, 0);
    assert_int_equal(http_gauges(rig.server).connection_n, 0);
}

static void a_client_that_left_in_its_body_is_forgotten(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        int fd = http_rig_connect(&rig);
        assert_true(say(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\nAna"));
        assert_true(http_rig_wait(&rig.judged_n, (unsigned)i + 1));
        close(fd);
    }
    assert_true(http_rig_wait(&rig.done_n, 50));
    assert_int_equal(atomic_load(&rig.ran_n), 0);
    assert_int_equal(http_gauges(rig.server).body_bytes, 0);
}

/* ---- too many ------------------------------------------------------------------------------- */

static bool is_served(const struct http_rig *of)
{
    struct http_client c;
    struct http_reply reply;
    http_client_init(&c, of->port);
    bool is = http_client_ask(&c, &(struct http_ask){.method = "GET", .path = "/hello"}, &reply);
    http_client_fini(&c);
    return is;
}

static bool is_served_soon(const struct http_rig *of)
{
    for (int i = 0; i < 200; i++) {
        if (is_served(of)) return true;
        http_rig_pause(10);
    }
    return false;
}

static void expect_a_limit_of(const struct http_options *options, int limit)
{
    static struct http_rig small;
    int fd[64];
    http_rig_open(&small, options);
    for (int i = 0; i < limit; i++) {
        fd[i] = http_rig_connect(&small);
        assert_true(say(fd[i], i % 2 ? "GET /events HTTP/1.1\r\nHost: a\r\n\r\n"
                                     : "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    assert_true(http_rig_wait(&small.ran_n, (unsigned)limit));
    assert_int_equal(http_gauges(small.server).connection_n, limit);
    assert_false(is_served(&small));
    assert_false(is_served(&small));
    assert_int_equal(http_gauges(small.server).refused_n, 2);
    close(fd[1]); /* a stream: noticed at once */
    assert_true(is_served_soon(&small));
    for (int i = 0; i < limit; i++) {
        if (i != 1) close(fd[i]);
    }
    http_rig_release(&small);
    http_rig_close(&small);
}

static void one_address_has_so_many_connections(void **state)
{
    (void)state;
    expect_a_limit_of(&(struct http_options){.per_ip_n = 4}, 4);
    expect_a_limit_of(&(struct http_options){.per_ip_n = 5, .connection_n = 40}, 5);
}

static void all_together_have_so_many_connections(void **state)
{
    (void)state;
    expect_a_limit_of(&(struct http_options){.connection_n = 6}, 6);
}

/* In a process of its own: nobody gets a limit back that was lowered. */
static int serve_with_few_files(void)
{
    static struct http_rig small;
    const struct rlimit few = {300, 300};
    char said[LOG_LINE_BYTES] = "";
    int ends[2];
    if (setrlimit(RLIMIT_NOFILE, &few) || pipe(ends)) return 1;
    if (getuid() == 0 && setuid(65534)) return 2; /* the superuser may raise it again */
    log_set(LOG_WARNING, LOG_AS_TEXT, ends[1]);
    http_rig_open(&small, &(struct http_options){.connection_n = 10000});
    if (read(ends[0], said, sizeof said - 1) <= 0 || !strstr(said, " few_files open_files=300 ")) return 3;
    if (!strstr(said, " connections=150 ")) return 4;
    if (!is_served(&small)) return 5;
    http_rig_close(&small);
    return 0;
}

static void a_process_with_few_files_takes_fewer_connections(void **state)
{
    (void)state;
    int how = 0;
    pid_t child = fork();
    if (child == 0) _exit(serve_with_few_files());
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
}

static void a_trusted_proxy_has_as_many_as_there_are(void **state)
{
    (void)state;
    struct ip_range loopback;
    static struct http_rig small;
    int fd[40];
    assert_int_equal(ip_parse_range(STR("127.0.0.0/8"), &loopback), ERR_OK);
    http_rig_open(&small, &(struct http_options){.per_ip_n = 4, .proxy = &loopback, .proxy_n = 1,
                                                 .proxy_header = "X-Forwarded-For"});
    for (int i = 0; i < 40; i++) fd[i] = http_rig_connect(&small);
    assert_true(is_served(&small));
    for (int i = 0; i < 40; i++) close(fd[i]);
    http_rig_close(&small);
}

/* ---- whom a proxy names --------------------------------------------------------------------- */

static void expect_client(struct http_rig *of, const char *headers, const char *client)
{
    struct http_client c;
    struct http_reply reply;
    http_client_init(&c, of->port);
    const struct http_ask ask = {.method = "GET", .path = "/who", .more = headers};
    assert_true(http_client_ask(&c, &ask, &reply));
    if (!str_is(reply.body, str_of_text(client))) {
        fail_msg("%s -> %.*s, not %s", headers, (int)reply.body.len, (const char *)reply.body.at, client);
    }
    http_client_fini(&c);
}

static void the_client_is_whom_the_last_trusted_proxy_names(void **state)
{
    (void)state;
    struct ip_range proxy[2];
    static struct http_rig behind;
    assert_int_equal(ip_parse_range(STR("127.0.0.1"), &proxy[0]), ERR_OK);
    assert_int_equal(ip_parse_range(STR("10.0.0.0/8"), &proxy[1]), ERR_OK);
    http_rig_open(&behind, &(struct http_options){.proxy = proxy, .proxy_n = 2, .proxy_header = "X-Forwarded-For"});
    static const char *const row[][2] = {
        {"", "127.0.0.0/24 local"},
        {"X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.0/24 remote"},
        {"X-Forwarded-For: 198.51.100.9, 192.0.2.7\r\n", "192.0.2.0/24 remote"}, /* the first one is only claimed */
        {"X-Forwarded-For: 198.51.100.9, 192.0.2.7, 10.1.2.3\r\n", "192.0.2.0/24 remote"},
        {"X-Forwarded-For: 192.0.2.7,10.1.2.3 , 10.0.0.1\r\n", "192.0.2.0/24 remote"},
        {"X-Forwarded-For: 10.1.2.3\r\n", "10.1.2.0/24 remote"},
        {"X-Forwarded-For: 198.51.100.9\r\nX-Forwarded-For: 192.0.2.7\r\n", "192.0.2.0/24 remote"},
        {"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-For: 10.9.9.9\r\n", "192.0.2.0/24 remote"},
        {"X-Forwarded-For: 2001:db8:1:2::7\r\n", "2001:db8:1::/48 remote"},
        {"X-Forwarded-For: [2001:db8:1:2::7]:443\r\n", "2001:db8:1::/48 remote"},
        {"X-Forwarded-For: 192.0.2.7:50123\r\n", "192.0.2.0/24 remote"},
        {"X-Forwarded-For: ::ffff:192.0.2.7\r\n", "192.0.2.0/24 remote"},
        {"X-Forwarded-For: unknown\r\n", "127.0.0.0/24 remote"},
        {"X-Forwarded-For: 192.0.2.7, nonsense\r\n", "127.0.0.0/24 remote"},
        {"X-Forwarded-For: \r\n", "127.0.0.0/24 remote"},
        {"X-Forwarded-For: 192.0.2.7, \r\n", "127.0.0.0/24 remote"},
        {"X-Forwarded-For: 127.0.0.1\r\n", "127.0.0.0/24 remote"},
        {"X-Real-IP: 192.0.2.7\r\n", "127.0.0.0/24 remote"}, /* not the header that was agreed */
        {"Via: 1.1 proxy\r\n", "127.0.0.0/24 remote"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) expect_client(&behind, row[i][0], row[i][1]);
    http_rig_close(&behind);
    /* without a trusted proxy nobody is believed */
    expect_client(&rig, "X-Forwarded-For: 192.0.2.7\r\n", "127.0.0.0/24 remote");
}

int main(void)
{
#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)
    const struct CMUnitTest tests[] = {
        WITH_RIG(T3_slow_headers_are_closed_at_the_deadline),
        WITH_RIG(T3_a_slow_request_line_is_closed_at_the_deadline),
        WITH_RIG(T3_a_slow_body_is_closed_at_the_deadline),
        WITH_RIG(T3_the_deadline_holds_for_later_requests),
        WITH_RIG(an_idle_connection_is_closed),
        WITH_RIG(a_parked_call_has_no_deadline),
        WITH_RIG(a_client_that_does_not_read_is_closed),
        WITH_RIG(a_half_closed_client_is_answered),
        WITH_RIG(a_client_that_left_while_parked_harms_nobody),
        WITH_RIG(a_client_that_left_in_its_body_is_forgotten),
        WITH_RIG(one_address_has_so_many_connections),
        WITH_RIG(all_together_have_so_many_connections),
        cmocka_unit_test(a_process_with_few_files_takes_fewer_connections),
        WITH_RIG(a_trusted_proxy_has_as_many_as_there_are),
        WITH_RIG(the_client_is_whom_the_last_trusted_proxy_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
