/* metrics.c -- what is counted under which name, and that the text is what Prometheus reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/limits.h"
#include "harness/aborts.h"
#include "harness/fault_alloc.h"
#include "server/metrics.h"

enum { LINES_MOST = 2000, LINE_BYTES = 200 };

static const char *const route[] = {"append", "entries", "live"};
enum { APPEND, ENTRIES, LIVE, ROUTE_N };

static const struct metrics_now nothing_now = {.version = "1.2.3"};

static char text[METRICS_BYTES + 1]; /* what metrics_put gave last, and a NUL */

static void put(struct metrics *metrics, const struct metrics_now *now)
{
    struct out o = out_over(text, METRICS_BYTES);
    metrics_put(metrics, now, &o);
    assert_false(o.is_full);
    text[o.len] = 0;
}

static int open_metrics(void **state)
{
    return metrics_open((struct metrics **)state, route, ROUTE_N) == ERR_OK ? 0 : -1;
}

static int close_metrics(void **state)
{
    metrics_close(*state);
    return 0;
}

/* Whether the text has this as a whole line. */
static bool has_line(const char *line)
{
    size_t n = strlen(line);
    for (const char *at = strstr(text, line); at != NULL; at = strstr(at + 1, line)) {
        if ((at == text || at[-1] == '\n') && at[n] == '\n') return true;
    }
    return false;
}

static void assert_line(const char *line)
{
    if (!has_line(line)) fail_msg("there is no line: %s", line);
}

static void calls_are_counted_by_route_and_class(void **state)
{
    struct metrics *m = *state;
    metrics_count(m, APPEND, 201, ERR_OK, 5, 40);
    metrics_count(m, APPEND, 200, ERR_OK, 5, 2);
    metrics_count(m, APPEND, 409, ERR_HEAD_MOVED, 5, 60);
    metrics_count(m, ENTRIES, 500, ERR_STORE, 5, 1);
    metrics_count(m, LIVE, 0, ERR_OK, 5, 0);
    metrics_count(m, METRICS_NO_ROUTE, 404, ERR_NO_ROUTE, 5, 9);
    put(m, &nothing_now);
    assert_line("troth_requests_total{route=\"append\",status=\"2xx\"} 2");
    assert_line("troth_requests_total{route=\"append\",status=\"4xx\"} 1");
    assert_line("troth_requests_total{route=\"append\",status=\"5xx\"} 0");
    assert_line("troth_requests_total{route=\"entries\",status=\"5xx\"} 1");
    assert_line("troth_requests_total{route=\"live\",status=\"none\"} 1");
    assert_line("troth_requests_total{route=\"none\",status=\"4xx\"} 1");
    assert_line("troth_requests_total{route=\"none\",status=\"2xx\"} 0");
    assert_line("troth_sent_bytes_total{route=\"append\"} 102");
    assert_line("troth_sent_bytes_total{route=\"none\"} 9");
}

static void a_duration_at_a_bound_is_within_it(void **state)
{
    struct metrics *m = *state;
    metrics_count(m, ENTRIES, 200, ERR_OK, 0, 0);
    metrics_count(m, ENTRIES, 200, ERR_OK, 1000, 0);
    metrics_count(m, ENTRIES, 200, ERR_OK, 1001, 0);
    metrics_count(m, ENTRIES, 200, ERR_OK, 10000000, 0);
    metrics_count(m, ENTRIES, 200, ERR_OK, 10000001, 0);
    put(m, &nothing_now);
    assert_line("troth_request_seconds_bucket{route=\"entries\",le=\"0.001\"} 2");
    assert_line("troth_request_seconds_bucket{route=\"entries\",le=\"0.0025\"} 3");
    assert_line("troth_request_seconds_bucket{route=\"entries\",le=\"2.5\"} 3");
    assert_line("troth_request_seconds_bucket{route=\"entries\",le=\"10\"} 4");
    assert_line("troth_request_seconds_bucket{route=\"entries\",le=\"+Inf\"} 5");
    assert_line("troth_request_seconds_count{route=\"entries\"} 5");
    assert_line("troth_request_seconds_sum{route=\"entries\"} 20.002002");
    assert_line("troth_request_seconds_count{route=\"append\"} 0");
}

static void each_bound_is_as_long_as_it_says(void **state)
{
    static const char *const bound[] = {"0.001", "0.0025", "0.005", "0.01", "0.025", "0.05",
                                        "0.1",   "0.25",   "0.5",   "1",    "2.5",   "10"};
    static const uint64_t bound_us[] = {1000,   2500,   5000,   10000,   25000,   50000,
                                        100000, 250000, 500000, 1000000, 2500000, 10000000};
    enum { BOUND_N = sizeof bound / sizeof *bound };
    char line[LINE_BYTES];
    for (size_t i = 0; i < BOUND_N; i++) metrics_count(*state, LIVE, 200, ERR_OK, bound_us[i], 0);
    put(*state, &nothing_now);
    for (size_t i = 0; i < BOUND_N; i++) {
        snprintf(line, sizeof line, "troth_request_seconds_bucket{route=\"live\",le=\"%s\"} %zu", bound[i], i + 1);
        assert_line(line);
    }
}

static void errors_are_counted_by_their_code(void **state)
{
    struct metrics *m = *state;
    put(m, &nothing_now);
    assert_null(strstr(text, "troth_errors_total{"));
    metrics_count(m, APPEND, 409, ERR_HEAD_MOVED, 1, 1);
    metrics_count(m, APPEND, 409, ERR_HEAD_MOVED, 1, 1);
    metrics_count(m, METRICS_NO_ROUTE, 404, ERR_NO_ROUTE, 1, 1);
    metrics_count(m, APPEND, 201, ERR_OK, 1, 1);
    put(m, &nothing_now);
    assert_line("troth_errors_total{code=\"head_moved\"} 2");
    assert_line("troth_errors_total{code=\"no_route\"} 1");
    assert_null(strstr(text, "code=\"ok\""));
    assert_null(strstr(text, "code=\"bad_cbor\""));
}

/* Two errors are called "quota": a series may stand in the text only once. */
static void errors_of_one_code_are_one_series(void **state)
{
    metrics_count(*state, APPEND, 403, ERR_TOO_MANY_CIRCLES, 1, 1);
    put(*state, &nothing_now);
    assert_line("troth_errors_total{code=\"quota\"} 1");
    metrics_count(*state, APPEND, 507, ERR_QUOTA, 1, 1);
    metrics_count(*state, APPEND, 507, ERR_QUOTA, 1, 1);
    put(*state, &nothing_now);
    assert_line("troth_errors_total{code=\"quota\"} 3");
    assert_null(strstr(strstr(text, "code=\"quota\"") + 1, "code=\"quota\""));
}

static void the_numbers_of_the_moment_are_shown(void **state)
{
    struct metrics_now now = {
        .version = "1.2.3",
        .up_ms = 61007,
        .http = {.connection_n = 11, .stream_n = 12, .call_n = 13, .body_bytes = 14, .refused_n = 15, .overdue_n = 16},
        .writer = {.write_n = 21, .group_n = 22, .commit_us = 23000001},
        .store = {.account_n = 31, .session_n = 32, .circle_n = 33, .entry_n = 34, .payload_bytes = 35,
                  .open_permit_n = 36},
        .has_store = true,
    };
    static const char *const line[] = {
        "troth_build_info{version=\"1.2.3\"} 1", "troth_up_seconds 61.007",
        "troth_connections 11",                  "troth_live_streams 12",
        "troth_requests_in_work 13",             "troth_body_bytes 14",
        "troth_connections_refused_total 15",    "troth_connections_overdue_total 16",
        "troth_writes_total 21",                 "troth_commits_total 22",
        "troth_commit_seconds_total 23.000001",  "troth_accounts 31",
        "troth_sessions 32",                     "troth_circles 33",
        "troth_entries 34",                      "troth_payload_bytes 35",
        "troth_open_permits 36",                 "troth_recording 1",
    };
    put(*state, &now);
    for (size_t i = 0; i < sizeof line / sizeof *line; i++) assert_line(line[i]);
    now.writer.last = ERR_DISK_FULL;
    put(*state, &now);
    assert_line("troth_recording 0");
    now.has_store = false;
    put(*state, &now);
    assert_line("troth_connections 11");
    assert_null(strstr(text, "troth_accounts"));
}

/* ---- the form ------------------------------------------------------------------------------- */

static size_t span(const char *at, const char *of)
{
    return strspn(at, of);
}

#define NAME_SET "abcdefghijklmnopqrstuvwxyz_0123456789"

/* name{label="value",...} number -- returns what is left of the line, which should be nothing. */
static const char *read_sample(const char *at, const char *family, bool is_histogram)
{
    size_t n = span(at, NAME_SET);
    bool is_family = n == strlen(family) && memcmp(at, family, n) == 0;
    bool is_part = is_histogram && n > strlen(family) && memcmp(at, family, strlen(family)) == 0;
    if (!is_family && !is_part) fail_msg("not of the family %s: %s", family, at);
    at += n;
    if (*at == '{') {
        do {
            at++;
            assert_true(span(at, NAME_SET) > 0);
            at += span(at, NAME_SET);
            assert_memory_equal(at, "=\"", 2);
            at += 2 + span(at + 2, NAME_SET ".+I");
            assert_int_equal(*at++, '"');
        } while (*at == ',');
        assert_int_equal(*at++, '}');
    }
    assert_int_equal(*at++, ' ');
    assert_true(span(at, "0123456789") > 0);
    at += span(at, "0123456789");
    if (*at == '.') at += 1 + span(at + 1, "0123456789");
    return at;
}

/* Every family is announced once, then come its samples, and no series is there twice. */
static size_t read_text(void)
{
    static char line[LINES_MOST][LINE_BYTES];
    char family[LINE_BYTES] = "", type[LINE_BYTES] = "";
    size_t line_n = 0;
    assert_int_equal(text[strlen(text) - 1], '\n');
    for (const char *at = text; *at != 0; at = strchr(at, '\n') + 1) {
        size_t n = (size_t)(strchr(at, '\n') - at);
        assert_true(n > 0 && n < LINE_BYTES && line_n < LINES_MOST);
        char *now = line[line_n++];
        memcpy(now, at, n);
        now[n] = 0;
        if (strncmp(now, "# HELP ", 7) == 0) {
            size_t name_n = span(now + 7, NAME_SET);
            memcpy(family, now + 7, name_n);
            family[name_n] = 0;
            assert_true(name_n > 0 && now[7 + name_n] == ' ' && now[8 + name_n] != 0);
            now[7 + name_n] = 0; /* so that a second one with other words is a repetition too */
        } else if (strncmp(now, "# TYPE ", 7) == 0) {
            assert_memory_equal(now + 7, family, strlen(family));
            snprintf(type, sizeof type, "%s", now + 8 + strlen(family));
            bool is_type = !strcmp(type, "counter") || !strcmp(type, "gauge") || !strcmp(type, "histogram");
            assert_true(is_type);
            bool is_total = strlen(family) > 6 && !strcmp(family + strlen(family) - 6, "_total");
            assert_int_equal(is_total, !strcmp(type, "counter"));
        } else {
            assert_string_equal(read_sample(now, family, strcmp(type, "histogram") == 0), "");
            *strrchr(now, ' ') = 0; /* what is left names the series */
        }
        for (size_t i = 0; i + 1 < line_n; i++) assert_string_not_equal(line[i], now);
    }
    return line_n;
}

static void the_text_has_the_form_that_prometheus_reads(void **state)
{
    struct metrics_now now = {.version = "1.2.3", .has_store = true};
    put(*state, &now);
    assert_in_range(read_text(), 50, LINES_MOST);
    for (int e = 0; e < 100; e++) metrics_count(*state, e % ROUTE_N, 400, (enum err)e, (uint64_t)e * 1000, 7);
    put(*state, &now);
    assert_in_range(read_text(), 100, LINES_MOST);
}

/* As many routes as there may be, with names as long as any, and every number at its largest. */
static void there_is_always_room(void **state)
{
    (void)state;
    enum { NAME_BYTES = 33 };
    static char name[METRICS_ROUTES][NAME_BYTES];
    const char *names[METRICS_ROUTES];
    struct metrics *m;
    for (size_t i = 0; i < METRICS_ROUTES; i++) {
        snprintf(name[i], NAME_BYTES, "a_route_with_a_name_of_length_%02zu", i);
        names[i] = name[i];
    }
    assert_int_equal(metrics_open(&m, names, METRICS_ROUTES), ERR_OK);
    for (int i = METRICS_NO_ROUTE; i < METRICS_ROUTES; i++) {
        for (int e = 0; e < 128; e++) metrics_count(m, i, 599, (enum err)e, UINT64_MAX / 256, UINT64_MAX / 256);
    }
    struct metrics_now now = {.version = "100.200.300", .up_ms = UINT64_MAX, .has_store = true};
    memset(&now.http, 0xff, sizeof now.http);
    memset(&now.writer, 0xff, sizeof now.writer);
    memset(&now.store, 0xff, sizeof now.store);
    put(m, &now);
    assert_in_range(strlen(text), METRICS_BYTES / 4, METRICS_BYTES * 3 / 4);
    read_text();
    metrics_close(m);
}

/* ---- threads, memory, misuse ---------------------------------------------------------------- */

enum { THREADS = 4, COUNTS = 200000 };
static atomic_int waiting_n;

static void *count_many(void *of)
{
    atomic_fetch_add(&waiting_n, 1);
    while (atomic_load(&waiting_n) < THREADS) sched_yield(); /* so that all count at the same time */
    for (int i = 0; i < COUNTS; i++) metrics_count(of, APPEND, 201, ERR_SLOW_DOWN, 3000000, 1);
    return NULL;
}

static void no_count_is_lost_between_threads(void **state)
{
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&thread[i], NULL, count_many, *state), 0);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(thread[i], NULL), 0);
    put(*state, &nothing_now);
    assert_line("troth_requests_total{route=\"append\",status=\"2xx\"} 800000");
    assert_line("troth_request_seconds_sum{route=\"append\"} 2400000.000000");
    assert_line("troth_sent_bytes_total{route=\"append\"} 800000");
    assert_line("troth_errors_total{code=\"slow_down\"} 800000");
}

static void without_memory_there_are_none(void **state)
{
    (void)state;
    struct metrics *m = NULL;
    size_t live_before = fault_alloc_live();
    fault_alloc_arm(1, FAULT_ALL);
    assert_int_equal(metrics_open(&m, route, ROUTE_N), ERR_NO_MEMORY);
    fault_alloc_disarm();
    assert_null(m);
    metrics_close(NULL);
    assert_int_equal(fault_alloc_live(), live_before);
}

static struct metrics *misused;

static void no_such_route(void)
{
    metrics_count(misused, ROUTE_N, 200, ERR_OK, 1, 1);
}

static void no_such_status(void)
{
    metrics_count(misused, APPEND, 600, ERR_OK, 1, 1);
}

static void too_many_routes(void)
{
    static const char *const names[METRICS_ROUTES + 1];
    struct metrics *m;
    (void)!metrics_open(&m, names, METRICS_ROUTES + 1);
}

static void last_of_all(void)
{
    metrics_count(misused, ROUTE_N - 1, 599, ERR_OK, 1, 1);
}

static void a_route_that_there_is_not_is_misuse(void **state)
{
    misused = *state;
    assert_true(aborts(no_such_route));
    assert_true(aborts(no_such_status));
    assert_true(aborts(too_many_routes));
    assert_false(aborts(last_of_all));
}

#define METRICS_TEST(name) cmocka_unit_test_setup_teardown(name, open_metrics, close_metrics)

int main(void)
{
    const struct CMUnitTest tests[] = {
        METRICS_TEST(calls_are_counted_by_route_and_class),
        METRICS_TEST(a_duration_at_a_bound_is_within_it),
        METRICS_TEST(each_bound_is_as_long_as_it_says),
        METRICS_TEST(errors_are_counted_by_their_code),
        METRICS_TEST(errors_of_one_code_are_one_series),
        METRICS_TEST(the_numbers_of_the_moment_are_shown),
        METRICS_TEST(the_text_has_the_form_that_prometheus_reads),
        cmocka_unit_test(there_is_always_room),
        METRICS_TEST(no_count_is_lost_between_threads),
        cmocka_unit_test(without_memory_there_are_none),
        METRICS_TEST(a_route_that_there_is_not_is_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
