/* log.c -- what a line of the log looks like, what can never be in it, and that lines never mix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/random.h"
#include "server/log.h"

enum { TIME_BYTES = 24 }; /* 2026-01-31T12:34:56.789Z */

/* The log writes into one end; each write arrives at the other as one message. */
static int ends[2];

static int open_ends(void **state)
{
    (void)state;
    return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends);
}

static int close_ends(void **state)
{
    (void)state;
    log_set(LOG_INFO, LOG_AS_TEXT, STDERR_FILENO);
    return close(ends[0]) | close(ends[1]);
}

static char line[4096];

/* The next line, without its end; NULL if none was written. */
static char *next_line(void)
{
    ssize_t n = recv(ends[1], line, sizeof line - 1, MSG_DONTWAIT);
    if (n < 0) return NULL;
    assert_in_range(n, 2, LOG_LINE_BYTES);
    assert_int_equal(line[n - 1], '\n');
    line[n - 1] = 0;
    assert_null(strchr(line, '\n'));
    assert_int_equal(strlen(line), n - 1); /* no NUL inside */
    return line;
}

static void assert_is_time(const char *at)
{
    static const char form[] = "2000-00-00T00:00:00.000Z";
    for (int i = 0; i < TIME_BYTES; i++) {
        bool is_digit = at[i] >= '0' && at[i] <= '9';
        if (form[i] == '0' || form[i] == '2') assert_true(is_digit);
        else assert_int_equal(at[i], form[i]);
    }
}

/* Behind the time, the next line is this. */
static void assert_text(const char *expected)
{
    const char *said = next_line();
    assert_non_null(said);
    assert_is_time(said);
    assert_string_equal(said + TIME_BYTES, expected);
}

static void assert_json(const char *expected)
{
    const char *said = next_line();
    assert_non_null(said);
    assert_memory_equal(said, "{\"at\":\"", 7);
    assert_is_time(said + 7);
    assert_string_equal(said + 7 + TIME_BYTES, expected);
}

static void log_value(struct str value)
{
    struct log_line l;
    assert_true(log_begin(&l, LOG_INFO, "value"));
    log_str(&l, "v", value);
    log_end(&l);
}

static void a_line_of_text_is_read_from_left_to_right(void **state)
{
    (void)state;
    struct log_line l;
    struct ip ip;
    assert_int_equal(ip_parse(STR("192.0.2.77"), &ip), ERR_OK);
    log_set(LOG_INFO, LOG_AS_TEXT, ends[0]);
    assert_true(log_begin(&l, LOG_WARNING, "answer"));
    log_text(&l, "route", "entries");
    log_number(&l, "status", 500);
    log_number(&l, "most", UINT64_MAX);
    log_text(&l, "help", "make room");
    log_ip(&l, "client", &ip);
    assert_null(next_line()); /* nothing before its end */
    log_end(&l);
    assert_text(" warning answer route=entries status=500 most=18446744073709551615 help=\"make room\" "
                "client=192.0.2.0/24");
    assert_null(next_line());
}

static void a_line_of_json_is_one_object(void **state)
{
    (void)state;
    struct log_line l;
    struct ip ip;
    assert_int_equal(ip_parse(STR("2001:db8:1:2:3::7"), &ip), ERR_OK);
    log_set(LOG_INFO, LOG_AS_JSON, ends[0]);
    assert_true(log_begin(&l, LOG_ERROR, "answer"));
    log_text(&l, "route", "entries");
    log_number(&l, "status", 500);
    log_ip(&l, "client", &ip);
    log_end(&l);
    assert_json("\",\"level\":\"error\",\"event\":\"answer\",\"route\":\"entries\",\"status\":500,"
                "\"client\":\"2001:db8:1::/48\"}");
    log_event(LOG_INFO, "started");
    assert_json("\",\"level\":\"info\",\"event\":\"started\"}");
}

static void only_what_is_wanted_is_written(void **state)
{
    (void)state;
    static const enum log_level level[] = {LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR};
    static const char *const text[] = {" debug e", " info e", " warning e", " error e"};
    for (int least = LOG_DEBUG; least <= LOG_NOTHING; least++) {
        log_set((enum log_level)least, LOG_AS_TEXT, ends[0]);
        for (int i = 0; i < 4; i++) {
            log_event(level[i], "e");
            if (i >= least) assert_text(text[i]);
            assert_null(next_line());
        }
    }
    struct log_line l;
    assert_false(log_begin(&l, LOG_NOTHING, "e"));
}

static void values_cannot_end_the_line_or_the_value(void **state)
{
    (void)state;
    static const struct {
        struct str value;
        const char *text, *json;
    } is[] = {
        {{(const uint8_t *)"plain_1.2:/+-", 13}, "plain_1.2:/+-", "\"plain_1.2:/+-\""},
        {{(const uint8_t *)"", 0}, "\"\"", "\"\""},
        {{NULL, 0}, "\"\"", "\"\""},
        {{(const uint8_t *)"two words", 9}, "\"two words\"", "\"two words\""},
        {{(const uint8_t *)"a=b", 3}, "\"a=b\"", "\"a=b\""},
        {{(const uint8_t *)"\"\\", 2}, "\"\\\"\\\\\"", "\"\\\"\\\\\""},
        {{(const uint8_t *)"x\nlevel=error", 13}, "\"x\\u000alevel=error\"", "\"x\\u000alevel=error\""},
        {{(const uint8_t *)"\r\t\0\x1b[2J\x7f", 8}, "\"\\u000d\\u0009\\u0000\\u001b[2J\\u007f\"",
         "\"\\u000d\\u0009\\u0000\\u001b[2J\\u007f\""},
        {{(const uint8_t *)"Zo\xc3\xab", 4}, "\"Zo\xc3\xab\"", "\"Zo\xc3\xab\""},
        {{(const uint8_t *)"Zo\xc3", 3}, "\"Zo\\u00c3\"", "\"Zo\\u00c3\""},
        {{(const uint8_t *)"\xc2\x9b" "31m", 5}, "\"\\u00c2\\u009b31m\"", "\"\\u00c2\\u009b31m\""},
        {{(const uint8_t *)"\xc2\xa0", 2}, "\"\xc2\xa0\"", "\"\xc2\xa0\""},
    };
    for (size_t i = 0; i < sizeof is / sizeof *is; i++) {
        char expected[256];
        log_set(LOG_INFO, LOG_AS_TEXT, ends[0]);
        log_value(is[i].value);
        snprintf(expected, sizeof expected, " info value v=%s", is[i].text);
        assert_text(expected);
        log_set(LOG_INFO, LOG_AS_JSON, ends[0]);
        log_value(is[i].value);
        snprintf(expected, sizeof expected, "\",\"level\":\"info\",\"event\":\"value\",\"v\":%s}", is[i].json);
        assert_json(expected);
    }
}

static void a_long_value_is_cut_between_characters(void **state)
{
    (void)state;
    uint8_t value[400];
    char expected[400];
    log_set(LOG_INFO, LOG_AS_TEXT, ends[0]);
    memset(value, 'x', sizeof value);
    log_value(str_at(value, 256));
    snprintf(expected, sizeof expected, " info value v=%.256s", (const char *)value);
    assert_text(expected);
    log_value(str_at(value, 257));
    assert_text(expected);
    memcpy(value + 255, "\xc3\xab", 2);
    log_value(STR_OF(value));
    snprintf(expected, sizeof expected, " info value v=%.255s", (const char *)value);
    assert_text(expected);
}

static void a_line_that_is_too_long_says_so(void **state)
{
    (void)state;
    uint8_t value[250];
    memset(value, '\n', sizeof value); /* six bytes each, once escaped */
    for (int form = LOG_AS_TEXT; form <= LOG_AS_JSON; form++) {
        struct log_line l;
        log_set(LOG_INFO, (enum log_form)form, ends[0]);
        assert_true(log_begin(&l, LOG_INFO, "long"));
        log_number(&l, "first", 1);
        for (int i = 0; i < 20; i++) log_str(&l, "v", STR_OF(value));
        log_number(&l, "last", 2);
        log_end(&l);
        if (form == LOG_AS_TEXT) assert_text(" info long first=1 cut=1");
        else assert_json("\",\"level\":\"info\",\"event\":\"long\",\"first\":1,\"cut\":1}");
    }
}

/* Whatever the value is, and however much of it: one line, well formed, within its bytes. */
static void any_values_make_one_line(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, "any_values_make_one_line");
    for (int round = 0; round < 5000; round++) {
        struct log_line l;
        enum log_form form = random_is_one_in(&random, 2) ? LOG_AS_JSON : LOG_AS_TEXT;
        log_set(LOG_INFO, form, ends[0]);
        assert_true(log_begin(&l, LOG_INFO, "any"));
        for (uint64_t i = random_below(&random, 8); i > 0; i--) {
            uint8_t value[400];
            size_t n = (size_t)random_below(&random, random_is_one_in(&random, 3) ? 400 : 20);
            random_bytes(&random, value, n);
            if (random_is_one_in(&random, 3)) memset(value, 'x', n);
            log_str(&l, "v", str_at(value, n));
        }
        log_end(&l);
        const char *said = next_line();
        assert_non_null(said);
        assert_null(next_line());
        bool is_quoted = false;
        for (const char *at = said; *at != 0; at++) {
            assert_true((uint8_t)*at >= ' ' && *at != 0x7f);
            if (is_quoted && *at == '\\') at++;
            else if (*at == '"') is_quoted = !is_quoted;
        }
        assert_false(is_quoted);
        assert_true(str_is_utf8(str_of_text(said)));
        if (form == LOG_AS_JSON) assert_int_equal(said[strlen(said) - 1], '}');
    }
}

/* ---- threads, and nobody to write to -------------------------------------------------------- */

enum { THREADS = 4, LINES = 2000 };

static void *write_lines(void *of)
{
    uint8_t value[200];
    memset(value, *(const char *)of, sizeof value);
    for (int i = 0; i < LINES; i++) log_value(STR_OF(value));
    return NULL;
}

static void lines_of_many_threads_stay_whole(void **state)
{
    (void)state;
    static const char letter[THREADS] = {'a', 'b', 'c', 'd'};
    pthread_t thread[THREADS];
    size_t of_letter[THREADS] = {0};
    log_set(LOG_INFO, LOG_AS_TEXT, ends[0]);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, write_lines, (void *)(uintptr_t)&letter[i]), 0);
    }
    for (int i = 0; i < THREADS * LINES; i++) {
        char buffer[LOG_LINE_BYTES];
        ssize_t n = recv(ends[1], buffer, sizeof buffer, 0);
        assert_int_equal(n, TIME_BYTES + sizeof " info value v=" - 1 + 200 + 1);
        char first = buffer[n - 2];
        assert_in_range(first, 'a', 'd');
        for (int at = 2; at < 202; at++) assert_int_equal(buffer[n - at], first);
        of_letter[first - 'a']++;
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_int_equal(of_letter[i], LINES);
    }
    assert_null(next_line());
}

static void a_log_that_cannot_be_written_stops_nobody(void **state)
{
    (void)state;
    int closed = dup(ends[0]);
    assert_int_equal(close(closed), 0);
    log_set(LOG_INFO, LOG_AS_TEXT, closed);
    log_event(LOG_INFO, "lost");
    log_set(LOG_INFO, LOG_AS_TEXT, ends[0]);
    log_event(LOG_INFO, "found");
    assert_text(" info found");
}

#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, open_ends, close_ends)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(a_line_of_text_is_read_from_left_to_right),
        LOG_TEST(a_line_of_json_is_one_object),
        LOG_TEST(only_what_is_wanted_is_written),
        LOG_TEST(values_cannot_end_the_line_or_the_value),
        LOG_TEST(a_long_value_is_cut_between_characters),
        LOG_TEST(a_line_that_is_too_long_says_so),
        LOG_TEST(any_values_make_one_line),
        LOG_TEST(lines_of_many_threads_stay_whole),
        LOG_TEST(a_log_that_cannot_be_written_stops_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
