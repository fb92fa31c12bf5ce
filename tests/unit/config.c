/* config.c -- settings: where they come from, what they may be, what is said about those that may not.
 *
 *   config --write docs/configuration.md   writes that file instead of testing anything
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/fault_alloc.h"
#include "harness/random.h"
#include "harness/scratch.h"
#include "server/config_rows.h"

enum { WORDS_MOST = 12, SHOWN_BYTES = 8192 };

static char *nobody[] = {NULL};
static char folder[SCRATCH_PATH_BYTES]; /* of the files that this test writes */

static char *path_of(const char *name)
{
    static char path[SCRATCH_PATH_BYTES];
    scratch_path(path, folder, name);
    return path;
}

static void write_file(const char *name, struct str text)
{
    FILE *file = fopen(path_of(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.at, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

/* ---- reading with few words ----------------------------------------------------------------- */

struct given {
    const char *word[WORDS_MOST]; /* behind the program's name; NULL behind the last */
    const char *env[WORDS_MOST];
};

static enum err init(struct config *config, const struct given *given, struct config_trouble *trouble)
{
    char *arg[WORDS_MOST + 2] = {(char *)(uintptr_t)"trothd"}, *env[WORDS_MOST + 1] = {NULL};
    int arg_n = 1;
    for (size_t i = 0; i < WORDS_MOST && given->word[i] != NULL; i++) arg[arg_n++] = (char *)(uintptr_t)given->word[i];
    for (size_t i = 0; i < WORDS_MOST && given->env[i] != NULL; i++) env[i] = (char *)(uintptr_t)given->env[i];
    return config_init(config, arg_n, arg, env, trouble);
}

static struct config config_of(const struct given *given)
{
    struct config config;
    struct config_trouble trouble = {"untouched"};
    enum err e = init(&config, given, &trouble);
    if (e != ERR_OK) fail_msg("%s", trouble.text);
    assert_string_equal(trouble.text, "untouched");
    return config;
}

#define GIVEN(...) (&(struct given){.word = {__VA_ARGS__}})
#define GIVEN_ENV(...) (&(struct given){.env = {__VA_ARGS__}})

static void assert_refused(const struct given *given, enum err e, const char *sentence)
{
    struct config config;
    struct config_trouble trouble;
    memset(&config, 0xa5, sizeof config);
    assert_int_equal(init(&config, given, &trouble), e);
    assert_string_equal(trouble.text, sentence);
    for (size_t i = 0; i < sizeof config; i++) assert_int_equal(((uint8_t *)&config)[i], 0xa5);
}

/* ---- all fields in text --------------------------------------------------------------------- */

static void show_text(struct out *o, const char *name, const char *value)
{
    out_text(o, name);
    out_text(o, "=");
    out_text(o, value == NULL ? "NULL" : value);
    out_text(o, "\n");
}

static void show_number(struct out *o, const char *name, uint64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    show_text(o, name, digits);
}

static void show_rate(struct out *o, const char *name, struct rate_rule rule)
{
    char text[48];
    snprintf(text, sizeof text, "%u in %u", (unsigned)rule.n, (unsigned)rule.per_ms);
    show_text(o, name, text);
}

static void show_ranges(struct out *o, const char *name, const struct config_ranges *list)
{
    for (size_t i = 0; i < list->n; i++) {
        char text[48];
        const uint8_t *at = list->at[i].first.at;
        snprintf(text, sizeof text, "%02x%02x%02x%02x/%u", at[0], at[1], at[2], at[3], list->at[i].bit_n);
        show_text(o, name, text);
    }
}

static void show(struct out *o, const struct config *c)
{
    show_number(o, "command", c->command);
    show_text(o, "backup_to", c->backup_to);
    show_text(o, "file", c->file);
    show_text(o, "data", c->data);
    show_text(o, "listen", c->listen);
    for (size_t i = 0; i < c->origin.n; i++) show_text(o, "origin", c->origin.at[i]);
    show_text(o, "tls_cert", c->tls_cert);
    show_text(o, "tls_key", c->tls_key);
    show_text(o, "proxy_header", c->proxy_header);
    show_ranges(o, "trusted_proxy", &c->trusted_proxy);
    show_number(o, "thread_n", c->thread_n);
    show_number(o, "reader_n", c->reader_n);
    show_number(o, "connection_n", c->connection_n);
    show_number(o, "per_ip_n", c->per_ip_n);
    show_number(o, "pool_bytes", c->pool_bytes);
    show_number(o, "idle_ms", c->idle_ms);
    show_number(o, "request_ms", c->request_ms);
    show_number(o, "beat_ms", c->beat_ms);
    show_number(o, "drain_ms", c->drain_ms);
    show_rate(o, "rate_challenge", c->rate_challenge);
    show_rate(o, "rate_login", c->rate_login);
    show_rate(o, "rate_register", c->rate_register);
    show_rate(o, "rate_invite_open", c->rate_invite_open);
    show_rate(o, "rate_login_cred", c->rate_login_cred);
    show_rate(o, "rate_append", c->rate_append);
    show_rate(o, "rate_read", c->rate_read);
    show_number(o, "circle_n", c->circle_n);
    show_number(o, "session_n", c->session_n);
    show_number(o, "circle_bytes", c->circle_bytes);
    show_number(o, "live_stream_n", c->live_stream_n);
    show_number(o, "log_level", c->log_level);
    show_number(o, "log_form", c->log_form);
    show_number(o, "metrics", c->metrics);
    show_number(o, "is_unsynced", c->is_unsynced);
}

static const char standard[] =
    "command=0\nbackup_to=NULL\nfile=NULL\ndata=troth.db\nlisten=127.0.0.1:8787\ntls_cert=NULL\ntls_key=NULL\n"
    "proxy_header=NULL\nthread_n=2\nreader_n=2\nconnection_n=10000\nper_ip_n=64\npool_bytes=8192\nidle_ms=15000\n"
    "request_ms=30000\nbeat_ms=15000\ndrain_ms=10000\nrate_challenge=30 in 60000\nrate_login=10 in 60000\n"
    "rate_register=10 in 60000\nrate_invite_open=10 in 60000\nrate_login_cred=20 in 3600000\n"
    "rate_append=120 in 60000\nrate_read=600 in 60000\ncircle_n=64\nsession_n=20\ncircle_bytes=1073741824\n"
    "live_stream_n=4\nlog_level=1\nlog_form=0\nmetrics=2\nis_unsynced=0\n";

/* Whether the settings are the standard ones but for these lines: "old" replaced by "now", line by line. */
static void assert_differs(const struct given *given, const char *old, const char *now)
{
    char shown[SHOWN_BYTES], expected[SHOWN_BYTES];
    struct config config = config_of(given);
    struct out o = out_over(shown, sizeof shown - 1);
    show(&o, &config);
    assert_false(o.is_full);
    shown[o.len] = 0;
    config_fini(&config);

    const char *at = strstr(standard, old);
    assert_non_null(at);
    snprintf(expected, sizeof expected, "%.*s%s%s", (int)(at - standard), standard, now, at + strlen(old));
    assert_string_equal(shown, expected);
}

/* ---- sources -------------------------------------------------------------------------------- */

static void nothing_said_gives_the_standard(void **state)
{
    (void)state;
    assert_differs(GIVEN(NULL), "", "");
    assert_int_equal(LOG_INFO, 1);
    assert_int_equal(CONFIG_METRICS_LOOPBACK, 2);
}

/* Every setting, with what it changes. */
static const struct {
    const char *name, *value, *old, *now;
} each[] = {
    {"data", "/var/ana's.db", "data=troth.db\n", "data=/var/ana's.db\n"},
    {"listen", "[::1]:80", "listen=127.0.0.1:8787\n", "listen=[::1]:80\n"},
    {"origin", "https://a.example, http://b.example:81", "tls_cert",
     "origin=https://a.example\norigin=http://b.example:81\ntls_cert"},
    {"threads", "64", "thread_n=2\n", "thread_n=64\n"},
    {"readers", "1", "reader_n=2\n", "reader_n=1\n"},
    {"connections", "77", "connection_n=10000\n", "connection_n=77\n"},
    {"connections-per-ip", "0", "per_ip_n=64\n", "per_ip_n=0\n"},
    {"pool-bytes", "1M", "pool_bytes=8192\n", "pool_bytes=1048576\n"},
    {"idle", "1h", "idle_ms=15000\n", "idle_ms=3600000\n"},
    {"request", "1500ms", "request_ms=30000\n", "request_ms=1500\n"},
    {"beat", "10min", "beat_ms=15000\n", "beat_ms=600000\n"},
    {"drain", "0s", "drain_ms=10000\n", "drain_ms=0\n"},
    {"rate-challenge", "1/s", "rate_challenge=30 in 60000\n", "rate_challenge=1 in 1000\n"},
    {"rate-login", "2/min", "rate_login=10 in 60000\n", "rate_login=2 in 60000\n"},
    {"rate-register", "3/h", "rate_register=10 in 60000\n", "rate_register=3 in 3600000\n"},
    {"rate-invite-open", "0", "rate_invite_open=10 in 60000\n", "rate_invite_open=0 in 1000\n"},
    {"rate-login-cred", "1000000/s", "rate_login_cred=20 in 3600000\n", "rate_login_cred=1000000 in 1000\n"},
    {"rate-append", "5/s", "rate_append=120 in 60000\n", "rate_append=5 in 1000\n"},
    {"rate-read", "0/s", "rate_read=600 in 60000\n", "rate_read=0 in 1000\n"},
    {"circles", "1000", "circle_n=64\n", "circle_n=1000\n"},
    {"sessions", "1", "session_n=20\n", "session_n=1\n"},
    {"circle-bytes", "1024G", "circle_bytes=1073741824\n", "circle_bytes=1099511627776\n"},
    {"live-streams", "5", "live_stream_n=4\n", "live_stream_n=5\n"},
    {"log-level", "nothing", "log_level=1\n", "log_level=4\n"},
    {"log-format", "json", "log_form=0\n", "log_form=1\n"},
    {"metrics", "no", "metrics=2\n", "metrics=0\n"},
    {"unsafe-synchronous", "yes", "is_unsynced=0\n", "is_unsynced=1\n"},
};
enum { EACH_N = sizeof each / sizeof *each };

static void every_setting_may_be_a_flag(void **state)
{
    (void)state;
    for (size_t i = 0; i < EACH_N; i++) {
        char flag[64], whole[128];
        snprintf(flag, sizeof flag, "--%s", each[i].name);
        snprintf(whole, sizeof whole, "--%s=%s", each[i].name, each[i].value);
        assert_differs(GIVEN(flag, each[i].value), each[i].old, each[i].now);
        assert_differs(GIVEN(whole), each[i].old, each[i].now);
    }
}

static void every_setting_may_stand_in_the_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < EACH_N; i++) {
        char variable[128];
        int n = snprintf(variable, sizeof variable, "TROTHD_%s=%s", each[i].name, each[i].value);
        for (int at = 7; at < n && variable[at] != '='; at++) {
            bool is_letter = variable[at] >= 'a' && variable[at] <= 'z';
            variable[at] = variable[at] == '-' ? '_' : is_letter ? (char)(variable[at] - 32) : variable[at];
        }
        assert_differs(GIVEN_ENV("PATH=/bin", variable, "TROTHD=/x"), each[i].old, each[i].now);
    }
}

static void every_setting_may_stand_in_the_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < EACH_N; i++) {
        char line[128], old[SHOWN_BYTES], now[SHOWN_BYTES], *path = path_of("one");
        snprintf(line, sizeof line, "%s = %s\n", each[i].name, each[i].value);
        write_file("one", str_of_text(line));
        const char *from = strstr(standard, "file=NULL\n"), *to = strstr(standard, each[i].old);
        snprintf(old, sizeof old, "%.*s%s", (int)(to - from), from, each[i].old);
        snprintf(now, sizeof now, "file=%s\n%.*s%s", path, (int)(to - from) - 10, from + 10, each[i].now);
        assert_differs(GIVEN("--config", path), old, now);
    }
}

/* A row that this file does not know would be a setting that nobody tests. */
static void every_setting_is_tested(void **state)
{
    (void)state;
    static const char *const in_pairs[] = {"tls-cert", "tls-key", "proxy-header", "trusted-proxy", "config"};
    size_t known_n = EACH_N + sizeof in_pairs / sizeof *in_pairs;
    assert_int_equal(config_row_n, known_n);
    for (size_t i = 0; i < EACH_N; i++) assert_non_null(config_row_of(str_of_text(each[i].name)));
    for (size_t i = 0; i < 5; i++) assert_non_null(config_row_of(str_of_text(in_pairs[i])));
}

static void pairs_come_together(void **state)
{
    (void)state;
    assert_differs(GIVEN("--tls-cert=c.pem", "--tls-key=k.pem"), "tls_cert=NULL\ntls_key=NULL\n",
                   "tls_cert=c.pem\ntls_key=k.pem\n");
    assert_differs(GIVEN("--proxy-header=X-Real-IP", "--trusted-proxy=127.0.0.1, 10.0.0.0/8"),
                   "proxy_header=NULL\n",
                   "proxy_header=X-Real-IP\ntrusted_proxy=7f000001/32\ntrusted_proxy=0a000000/8\n");
    static const char tls[] = "--tls-cert and --tls-key go together, but only one of them is set.";
    static const char proxy[] = "--proxy-header and --trusted-proxy go together, but only one of them is set: "
                                "the header is believed from these addresses and from nobody else.";
    assert_refused(GIVEN("--tls-cert=c.pem"), ERR_BAD_FIELD, tls);
    assert_refused(GIVEN("--tls-key=c.pem"), ERR_BAD_FIELD, tls);
    assert_refused(GIVEN("--proxy-header=X-Real-IP"), ERR_BAD_FIELD, proxy);
    assert_refused(GIVEN("--trusted-proxy=::1"), ERR_BAD_FIELD, proxy);
    assert_differs(&(struct given){.word = {"--tls-cert="}, .env = {"TROTHD_TLS_CERT=c.pem"}}, "", "");
}

static void the_stronger_source_wins(void **state)
{
    (void)state;
    write_file("weak", STR("threads = 3\nreaders = 3\ncircles = 3\n"));
    struct given given = {.word = {"--threads", "5", "--config", path_of("weak")},
                          .env = {"TROTHD_THREADS=4", "TROTHD_READERS=4", "TROTHD_CONFIG=/no/such/file"}};
    struct config config = config_of(&given);
    assert_int_equal(config.thread_n, 5);
    assert_int_equal(config.reader_n, 4);
    assert_int_equal(config.circle_n, 3);
    assert_string_equal(config.file, path_of("weak"));
    config_fini(&config);

    char variable[SCRATCH_PATH_BYTES + 16];
    snprintf(variable, sizeof variable, "TROTHD_CONFIG=%s", path_of("weak"));
    config = config_of(GIVEN_ENV(variable));
    assert_int_equal(config.thread_n, 3);
    config_fini(&config);
    config = config_of(&(struct given){.word = {"--config="}, .env = {variable}});
    assert_int_equal(config.thread_n, 2);
    config_fini(&config);
}

static void the_last_flag_of_a_name_counts(void **state)
{
    (void)state;
    assert_differs(GIVEN("--threads=3", "--threads=4"), "thread_n=2\n", "thread_n=4\n");
}

static void a_list_adds_up_within_a_source_and_no_further(void **state)
{
    (void)state;
    write_file("list", STR("origin = https://a.example\norigin = https://b.example\t, https://c.example\n"));
    struct given given = {.word = {"--config", path_of("list")}};
    struct config config = config_of(&given);
    assert_int_equal(config.origin.n, 3);
    assert_string_equal(config.origin.at[0], "https://a.example");
    assert_string_equal(config.origin.at[2], "https://c.example");
    config_fini(&config);

    given.env[0] = "TROTHD_ORIGIN=https://d.example";
    config = config_of(&given);
    assert_int_equal(config.origin.n, 1);
    assert_string_equal(config.origin.at[0], "https://d.example");
    config_fini(&config);

    given.word[2] = "--origin=https://e.example";
    given.word[3] = "--origin=https://f.example";
    config = config_of(&given);
    assert_int_equal(config.origin.n, 2);
    assert_string_equal(config.origin.at[1], "https://f.example");
    config_fini(&config);

    given.word[3] = "--origin=";
    config = config_of(&given);
    assert_int_equal(config.origin.n, 0);
    config_fini(&config);
    given.word[2] = NULL;
    given.env[0] = "TROTHD_ORIGIN=";
    config = config_of(&given);
    assert_int_equal(config.origin.n, 0);
    config_fini(&config);
}

static void a_list_has_sixteen_members_at_most(void **state)
{
    (void)state;
    char list[17 * 12] = "";
    for (int i = 0; i < 16; i++) memcpy(list + strlen(list), ",10.0.0.0/8", 12);
    struct config config = config_of(GIVEN("--proxy-header=X", "--trusted-proxy", list));
    assert_int_equal(config.trusted_proxy.n, 16);
    config_fini(&config);
    assert_refused(GIVEN("--proxy-header=X", "--trusted-proxy", list, "--trusted-proxy=::1"), ERR_BAD_FIELD,
                   "--trusted-proxy is \"::1\", but must be addresses or ranges of them, such as 127.0.0.1 or "
                   "10.0.0.0/8; at most 16.");
    char origins[17 * 11] = "";
    for (int i = 0; i < 16; i++) memcpy(origins + strlen(origins), ",http://ana", 12);
    config = config_of(GIVEN("--origin", origins));
    assert_int_equal(config.origin.n, 16);
    config_fini(&config);
    assert_refused(GIVEN("--origin", origins, "--origin=http://ben"), ERR_BAD_FIELD,
                   "--origin is \"http://ben\", but must be origins such as https://troth.example or "
                   "http://localhost:8787, with no slash at the end; at most 16.");
}

/* Nothing of what was read from is needed afterwards. */
static void a_config_owns_its_texts(void **state)
{
    (void)state;
    char program[] = "trothd", data[] = "--data=ana.db", origin[] = "TROTHD_ORIGIN=http://a.example";
    char backup[] = "backup", dest[] = "copy.db";
    char *arg[] = {program, data, backup, dest, NULL}, *env[] = {origin, NULL};
    struct config config;
    struct config_trouble trouble;
    assert_int_equal(config_init(&config, 4, arg, env, &trouble), ERR_OK);
    memset(data, 'x', sizeof data - 1);
    memset(origin, 'x', sizeof origin - 1);
    memset(dest, 'x', sizeof dest - 1);
    assert_string_equal(config.data, "ana.db");
    assert_string_equal(config.origin.at[0], "http://a.example");
    assert_string_equal(config.backup_to, "copy.db");
    config_fini(&config);
}

/* ---- values --------------------------------------------------------------------------------- */

static void values_out_of_bounds_or_form_are_refused(void **state)
{
    (void)state;
    static const char *const bad[][20] = {
        {"threads", "0", "65", "", "-1", "+1", " 2", "2 ", "2x", "0x2", "1e1", "99999999999999999999", "two"},
        {"connections-per-ip", "1000001", "18446744073709551616", "-0", ""},
        {"pool-bytes", "4095", "3k", "1048577", "2M", "1G", "8", "8K", "8kb", "8 k", "k", "", "99999999999999999G"},
        {"circle-bytes", "0", "1023k", "1025G", "1T", "16777216G", "17179869184G"},
        {"idle", "999ms", "3601s", "61min", "2h", "15", "15S", "1.5s", "s", "", "15 s", "1s2ms",
         "99999999999999999h"},
        {"rate-login", "10", "10/", "10/m", "10/day", "/min", "-1/min", "1000001/s", "10/min ", "", "0x", "00/"},
        {"data", ""},
        {"listen", "", "8787", ":8787", "127.0.0.1", "127.0.0.1:65536", "::1:8787", "troth.example:80", "a b:1"},
        {"origin", "troth.example", "https://troth.example/", "https://Troth.example", "ftp://troth.example",
         "https://troth.example:443", "http://a.example,b", "https://"},
        {"proxy-header", "X Y", "X:", "X\n", "\"X\""},
        {"trusted-proxy", "localhost", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "::1,x"},
        {"log-level", "", "warn", "INFO", "info ", "4"},
        {"metrics", "true", "1", "Yes"},
        {"unsafe-synchronous", "", "1", "on", "YES"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (size_t j = 1; j < 20 && bad[i][j] != NULL; j++) {
            char whole[128], start[160];
            struct config config;
            struct config_trouble trouble;
            snprintf(whole, sizeof whole, "--%s=%s", bad[i][0], bad[i][j]);
            snprintf(start, sizeof start, "--%s is \"", bad[i][0]);
            if (init(&config, GIVEN(whole), &trouble) != ERR_BAD_FIELD) fail_msg("%s was taken", whole);
            if (strncmp(trouble.text, start, strlen(start)) != 0) fail_msg("%s: %s", whole, trouble.text);
            assert_non_null(strstr(trouble.text, ", but must be "));
        }
    }
}

static void values_at_their_bounds_are_taken(void **state)
{
    (void)state;
    static const char *const good[] = {
        "--threads=1", "--threads=64", "--threads=0007", "--connections=1000000", "--pool-bytes=4096",
        "--pool-bytes=1048576", "--pool-bytes=4k", "--circle-bytes=1M", "--circle-bytes=1048576", "--idle=1s",
        "--idle=1000ms", "--idle=3600000ms", "--idle=60min", "--drain=0ms", "--drain=600s", "--rate-read=1000000/h",
        "--rate-read=0", "--listen=*:0", "--listen=localhost:65535", "--origin=,,", "--origin=http://[::1]:8787",
        "--trusted-proxy= ", "--data=-", "--sessions=20", "--listen=127.0.0.1:0", "--log-level=debug",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct config config = config_of(GIVEN(good[i]));
        config_fini(&config);
    }
}

static void a_refusal_says_where_what_and_what_instead(void **state)
{
    (void)state;
    assert_refused(GIVEN("--threads", "many"), ERR_BAD_FIELD,
                   "--threads is \"many\", but must be a whole number from 1 to 64.");
    assert_refused(GIVEN("--pool-bytes=3k"), ERR_BAD_FIELD,
                   "--pool-bytes is \"3k\", but must be a size from 4k to 1M.");
    assert_refused(GIVEN("--idle=15"), ERR_BAD_FIELD, "--idle is \"15\", but must be a time from 1s to 1h.");
    assert_refused(GIVEN("--rate-login=10/m"), ERR_BAD_FIELD,
                   "--rate-login is \"10/m\", but must be a rate such as 30/s, 30/min or 30/h, with a number up to "
                   "1000000; or 0 for no limit.");
    assert_refused(GIVEN("--log-level=loud"), ERR_BAD_FIELD,
                   "--log-level is \"loud\", but must be debug, info, warning, error or nothing.");
    assert_refused(GIVEN_ENV("TROTHD_POOL_BYTES=big"), ERR_BAD_FIELD,
                   "TROTHD_POOL_BYTES in the environment is \"big\", but must be a size from 4k to 1M.");
    char sentence[CONFIG_TROUBLE_BYTES];
    write_file("bad", STR("# Ana's server\n\nthreads = many\n"));
    snprintf(sentence, sizeof sentence,
             "threads in line 3 of \"%s\" is \"many\", but must be a whole number from 1 to 64.", path_of("bad"));
    assert_refused(GIVEN("--config", path_of("bad")), ERR_BAD_FIELD, sentence);
    assert_refused(GIVEN("--data"), ERR_BAD_FIELD, "--data needs a value: the name of a file.");
    assert_refused(GIVEN("--data", "--threads=2"), ERR_BAD_FIELD, "--data needs a value: the name of a file.");
    assert_refused(GIVEN("--data", "--"), ERR_BAD_FIELD, "--data needs a value: the name of a file.");
}

/* A bad value is refused although a stronger source overrides it: it is a mistake all the same. */
static void what_is_overridden_must_make_sense_too(void **state)
{
    (void)state;
    assert_refused(&(struct given){.word = {"--threads=2"}, .env = {"TROTHD_THREADS=0"}}, ERR_BAD_FIELD,
                   "TROTHD_THREADS in the environment is \"0\", but must be a whole number from 1 to 64.");
}

static void what_is_quoted_is_short_and_harmless(void **state)
{
    (void)state;
    assert_refused(GIVEN("--threads=\x1b[31m\xc2\x9b\x7f" "Ana \xc3\xa4"), ERR_BAD_FIELD,
                   "--threads is \"?[31m???Ana \xc3\xa4\", but must be a whole number from 1 to 64.");
    assert_refused(GIVEN("--threads=Ana \xc3"), ERR_BAD_FIELD,
                   "--threads is \"Ana ?\", but must be a whole number from 1 to 64.");
    char value[200] = "--threads=", sentence[CONFIG_TROUBLE_BYTES];
    memset(value + 10, 'x', 79);
    memcpy(value + 89, "\xc3\xa4yyyyy", 8);
    snprintf(sentence, sizeof sentence, "--threads is \"%.79s...\", but must be a whole number from 1 to 64.",
             value + 10);
    assert_refused(GIVEN(value), ERR_BAD_FIELD, sentence);
}

static void a_path_may_be_long_but_not_endless(void **state)
{
    (void)state;
    static char path[CONFIG_VALUE_BYTES + 1];
    memset(path, 'x', CONFIG_VALUE_BYTES - 1);
    struct config config = config_of(GIVEN("--data", path));
    assert_string_equal(config.data, path);
    config_fini(&config);
    path[CONFIG_VALUE_BYTES - 1] = 'x';
    struct config_trouble trouble;
    assert_int_equal(init(&config, GIVEN("--data", path), &trouble), ERR_BAD_FIELD);
}

/* ---- names ---------------------------------------------------------------------------------- */

static void an_unknown_name_gets_the_nearest(void **state)
{
    (void)state;
    static const struct {
        const char *word, *sentence;
    } is[] = {
        {"--listn=x", "There is no setting \"--listn\". Did you mean --listen? trothd --help lists all settings."},
        {"--threda", "There is no setting \"--threda\". Did you mean --threads? trothd --help lists all settings."},
        {"--idel", "There is no setting \"--idel\". Did you mean --idle? trothd --help lists all settings."},
        {"--DATA", "There is no setting \"--DATA\". trothd --help lists all settings."},
        {"--conections-pr-ip", "There is no setting \"--conections-pr-ip\". Did you mean --connections-per-ip? "
                               "trothd --help lists all settings."},
        {"--rate_login",
         "There is no setting \"--rate_login\". Did you mean --rate-login? trothd --help lists all settings."},
        {"--verbose", "There is no setting \"--verbose\". trothd --help lists all settings."},
        {"--unsafe-synchronou", "There is no setting \"--unsafe-synchronou\". trothd --help lists all settings."},
        {"-d", "There is no setting \"-d\". trothd --help lists all settings."},
        {"--=", "There is no setting \"--\". trothd --help lists all settings."},
    };
    for (size_t i = 0; i < sizeof is / sizeof *is; i++) {
        assert_refused(GIVEN(is[i].word), ERR_BAD_FIELD, is[i].sentence);
    }
}

static void slips_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        size_t slips;
    } is[] = {
        {"", "", 0}, {"idle", "idle", 0}, {"", "idle", 4}, {"idle", "", 4}, {"idel", "idle", 1}, {"ide", "idle", 1},
        {"iddle", "idle", 1}, {"idla", "idle", 1}, {"dile", "idle", 1}, {"elid", "idle", 4}, {"ca", "abc", 3},
        {"abcdef", "badcfe", 3},
    };
    for (size_t i = 0; i < sizeof is / sizeof *is; i++) {
        assert_int_equal(config_near(str_of_text(is[i].a), str_of_text(is[i].b)), is[i].slips);
    }
    static uint8_t longest[CONFIG_NAME_BYTES + 1];
    assert_int_equal(config_near(str_at(longest, CONFIG_NAME_BYTES), STR("")), CONFIG_NAME_BYTES);
    assert_int_equal(config_near(STR_OF(longest), STR("x")), SIZE_MAX);
    assert_int_equal(config_near(STR("x"), STR_OF(longest)), SIZE_MAX);
}

static void what_others_put_into_the_environment_is_left_alone(void **state)
{
    (void)state;
    assert_differs(GIVEN_ENV("TROTHD_SERVICE_HOST=10.0.0.1", "TROTHD_PORT=tcp://10.0.0.1:8787", "TROTHD_=x",
                             "TROTHD=build/trothd", "THREADS=7", "threads=7", "TROTHD_THREADS", "XTROTHD_THREADS=7",
                             "TROTHD_PORT_8787_TCP_PROTO_AND_A_NAME_THAT_IS_LONGER_THAN_ANY_OF_OURS=x"),
                   "", "");
    assert_refused(GIVEN_ENV("TROTHD_LISTN=x"), ERR_BAD_FIELD,
                   "There is no setting \"TROTHD_LISTN\" (in the environment). Did you mean TROTHD_LISTEN? "
                   "trothd --help lists all settings.");
    assert_refused(GIVEN_ENV("TROTHD_RATE-READ=5/s"), ERR_BAD_FIELD,
                   "There is no setting \"TROTHD_RATE-READ\" (in the environment). Did you mean TROTHD_RATE_READ? "
                   "trothd --help lists all settings.");
}

/* ---- commands ------------------------------------------------------------------------------- */

static void a_command_stands_anywhere_among_the_flags(void **state)
{
    (void)state;
    assert_differs(GIVEN("serve"), "", "");
    assert_differs(GIVEN("--threads", "3", "permit"), "command=0\nbackup_to=NULL\nfile=NULL\ndata=troth.db\n"
                   "listen=127.0.0.1:8787\ntls_cert=NULL\ntls_key=NULL\nproxy_header=NULL\nthread_n=2\n",
                   "command=1\nbackup_to=NULL\nfile=NULL\ndata=troth.db\n"
                   "listen=127.0.0.1:8787\ntls_cert=NULL\ntls_key=NULL\nproxy_header=NULL\nthread_n=3\n");
    assert_differs(GIVEN("check"), "command=0\n", "command=3\n");
    assert_differs(GIVEN("backup", "copy.db"), "command=0\nbackup_to=NULL\n", "command=2\nbackup_to=copy.db\n");
    assert_differs(GIVEN("backup", "--data=troth.db", "copy.db"), "command=0\nbackup_to=NULL\n",
                   "command=2\nbackup_to=copy.db\n");
    assert_differs(GIVEN("backup", "--", "--copy"), "command=0\nbackup_to=NULL\n", "command=2\nbackup_to=--copy\n");
    assert_differs(GIVEN("backup", "-"), "command=0\nbackup_to=NULL\n", "command=2\nbackup_to=-\n");
    assert_differs(GIVEN("--"), "", "");
    assert_int_equal(CONFIG_PERMIT, 1);
    assert_int_equal(CONFIG_BACKUP, 2);
    assert_int_equal(CONFIG_CHECK, 3);
}

static void a_command_that_is_none_is_refused(void **state)
{
    (void)state;
    assert_refused(GIVEN("sreve"), ERR_BAD_FIELD,
                   "There is no command \"sreve\". Did you mean serve? trothd --help lists all commands.");
    assert_refused(GIVEN("--threads=3", "restore"), ERR_BAD_FIELD,
                   "There is no command \"restore\". trothd --help lists all commands.");
    assert_refused(GIVEN(""), ERR_BAD_FIELD, "There is no command \"\". trothd --help lists all commands.");
    assert_refused(GIVEN("--", "--help"), ERR_BAD_FIELD,
                   "There is no command \"--help\". trothd --help lists all commands.");
    assert_refused(GIVEN("backup"), ERR_BAD_FIELD, "trothd backup needs to know the new file: trothd backup DEST.");
    assert_refused(GIVEN("backup", ""), ERR_BAD_FIELD, "trothd backup needs to know the new file: trothd backup DEST.");
    assert_refused(GIVEN("backup", "a", "b"), ERR_BAD_FIELD,
                   "trothd backup does not know what to do with \"b\". trothd --help shows how to write it.");
    assert_refused(GIVEN("permit", "ben"), ERR_BAD_FIELD,
                   "trothd permit does not know what to do with \"ben\". trothd --help shows how to write it.");
}

static void help_and_version_win_over_mistakes(void **state)
{
    (void)state;
    static const struct {
        struct given given;
        enum config_command command;
    } is[] = {
        {{.word = {"--help"}}, CONFIG_HELP},
        {{.word = {"-h"}}, CONFIG_HELP},
        {{.word = {"--version"}}, CONFIG_VERSION},
        {{.word = {"backup", "--help"}}, CONFIG_HELP},
        {{.word = {"--nonsense", "--help"}, .env = {"TROTHD_THREADS=none", "TROTHD_CONFIG=/no/such"}}, CONFIG_HELP},
        {{.word = {"--threads=x", "sreve", "--version", "--help"}}, CONFIG_VERSION},
    };
    for (size_t i = 0; i < sizeof is / sizeof *is; i++) {
        struct config config = config_of(&is[i].given);
        assert_int_equal(config.command, is[i].command);
        config_fini(&config);
    }
}

static void no_words_at_all_serve(void **state)
{
    (void)state;
    struct config config;
    struct config_trouble trouble;
    char *none[] = {NULL};
    assert_int_equal(config_init(&config, 0, none, nobody, &trouble), ERR_OK);
    assert_int_equal(config.command, CONFIG_SERVE);
    config_fini(&config);
}

/* ---- files ---------------------------------------------------------------------------------- */

static void a_file_has_comments_blanks_and_any_line_ends(void **state)
{
    (void)state;
    write_file("form", STR("# Ben's server\r\n\r\n  threads=3   # three\r\n\treaders\t=\t4\t\r\n#threads = 9\n   \n"
                           "data = /srv/a#b c.db # not a#b\ntls-cert =\ntls-key = #\ncircles = 5"));
    struct config config = config_of(GIVEN("--config", path_of("form")));
    assert_int_equal(config.thread_n, 3);
    assert_int_equal(config.reader_n, 4);
    assert_int_equal(config.circle_n, 5);
    assert_string_equal(config.data, "/srv/a#b c.db");
    assert_null(config.tls_cert);
    config_fini(&config);
    write_file("form", STR(""));
    config = config_of(GIVEN("--config", path_of("form")));
    config_fini(&config);
}

static void assert_file_refused(struct str text, const char *before, const char *behind)
{
    char sentence[CONFIG_TROUBLE_BYTES];
    write_file("wrong", text);
    snprintf(sentence, sizeof sentence, "%s \"%s\"%s", before, path_of("wrong"), behind);
    assert_refused(GIVEN("--config", path_of("wrong")), ERR_BAD_FIELD, sentence);
}

static void a_file_with_a_mistake_is_refused_by_its_line(void **state)
{
    (void)state;
    static const char no_setting[] = " is no setting: write name = value, and # before a comment.";
    assert_file_refused(STR("\nthreads 3\n"), "\"threads 3\" in line 2 of", no_setting);
    assert_file_refused(STR("[server]"), "\"[server]\" in line 1 of", no_setting);
    assert_file_refused(STR("threads = 3\0\n"), "\"threads = 3?\" in line 1 of", no_setting);
    assert_file_refused(STR("threads = 3\nreaders = 3\nthreads = 3\n"), "threads in line 3 of",
                        " was set further up already. Keep one of the two.");
    assert_file_refused(STR("lisen = x\n"), "There is no setting \"lisen\" in line 1 of",
                        ". Did you mean listen? trothd --help lists all settings.");
    assert_file_refused(STR("= x\n"), "There is no setting \"\" in line 1 of", ". trothd --help lists all settings.");
    assert_file_refused(STR("config = x\n"), "There is no setting \"config\" in line 1 of",
                        ". trothd --help lists all settings.");
    assert_file_refused(STR("--threads = 3\n"), "There is no setting \"--threads\" in line 1 of",
                        ". Did you mean threads? trothd --help lists all settings.");
}

static void a_file_that_cannot_be_read_is_refused(void **state)
{
    (void)state;
    char sentence[CONFIG_TROUBLE_BYTES];
    assert_refused(GIVEN("--config=/no/such/file"), ERR_NOT_FOUND,
                   "The settings in \"/no/such/file\" cannot be read: No such file or directory.");
    snprintf(sentence, sizeof sentence, "The settings in \"%s\" cannot be read: Is a directory.", folder);
    assert_refused(GIVEN("--config", folder), ERR_NOT_FOUND, sentence);
}

static void a_file_is_not_endless(void **state)
{
    (void)state;
    static uint8_t text[CONFIG_FILE_BYTES + 1];
    char sentence[CONFIG_TROUBLE_BYTES];
    memset(text, '#', sizeof text);
    memcpy(text + CONFIG_FILE_BYTES - 10, "\nthreads=3", 10);
    write_file("long", str_at(text, CONFIG_FILE_BYTES));
    struct config config = config_of(GIVEN("--config", path_of("long")));
    assert_int_equal(config.thread_n, 3);
    config_fini(&config);
    write_file("long", str_at(text, CONFIG_FILE_BYTES + 1));
    snprintf(sentence, sizeof sentence, "The settings in \"%s\" cannot be read: it is longer than 64 KiB.",
             path_of("long"));
    assert_refused(GIVEN("--config", path_of("long")), ERR_NOT_FOUND, sentence);
}

/* ---- anything at all ------------------------------------------------------------------------ */

/* A word made of pieces that mean something, and of any bytes. */
static char *random_word(struct random *random, char word[static 64])
{
    static const char *const piece[] = {"--", "=", "threads", "data", "origin", "idle", "backup", "-", ",", "1", "5s",
                                        "http://a", "TROTHD_", "THREADS", "config", " ", "#", "\n", "/", "no"};
    size_t n = 0;
    for (uint64_t i = random_below(random, 5); i > 0; i--) {
        const char *p = piece[random_below(random, sizeof piece / sizeof *piece)];
        if (random_is_one_in(random, 6)) word[n++] = (char)random_between(random, 1, 255);
        else n += (size_t)snprintf(word + n, 16, "%s", p);
    }
    word[n] = 0;
    return word;
}

static void whatever_is_given_ends_in_settings_or_a_sentence(void **state)
{
    (void)state;
    struct random random;
    size_t taken_n = 0, refused_n = 0, live_before = fault_alloc_live();
    random_init(&random, "whatever_is_given_ends_in_settings_or_a_sentence");
    for (int round = 0; round < 20000; round++) {
        char word[4][64], variable[2][64];
        char *arg[] = {word[0], random_word(&random, word[1]), random_word(&random, word[2]),
                       random_word(&random, word[3]), NULL};
        char *env[] = {random_word(&random, variable[0]), random_word(&random, variable[1]), NULL};
        struct config config;
        struct config_trouble trouble;
        memset(&trouble, 0xa5, sizeof trouble);
        int arg_n = (int)random_between(&random, 1, 4);
        if (config_init(&config, arg_n, arg, env, &trouble) == ERR_OK) {
            config_fini(&config);
            taken_n++;
            continue;
        }
        refused_n++;
        const char *end = memchr(trouble.text, 0, sizeof trouble.text);
        assert_non_null(end);
        size_t n = (size_t)(end - trouble.text);
        assert_in_range(n, 20, sizeof trouble.text - 1);
        for (size_t i = 0; i < n; i++) assert_true((uint8_t)trouble.text[i] >= ' ' && trouble.text[i] != 0x7f);
    }
    assert_true(taken_n > 100 && refused_n > 1000);
    assert_int_equal(fault_alloc_live(), live_before);
}

static void without_memory_it_says_so_and_leaks_nothing(void **state)
{
    (void)state;
    write_file("memory", STR("data = ana.db\norigin = https://a.example\n"));
    struct given given = {.word = {"--listen=*:0", "backup", "copy.db", "--config", path_of("memory")}};
    size_t live_before = fault_alloc_live();
    enum err e = ERR_NO_MEMORY;
    for (size_t n = 1; e != ERR_OK; n++) {
        struct config config;
        struct config_trouble trouble = {""};
        assert_true(n < 200);
        fault_alloc_arm(n, FAULT_ONE);
        e = init(&config, &given, &trouble);
        bool has_failed = fault_alloc_has_failed();
        fault_alloc_disarm();
        assert_int_equal(e, has_failed ? ERR_NO_MEMORY : ERR_OK);
        if (e == ERR_OK) config_fini(&config);
        else assert_string_equal(trouble.text, "There is no memory for the settings.");
        assert_int_equal(fault_alloc_live(), live_before);
    }
}

/* ---- what people read ----------------------------------------------------------------------- */

static uint8_t help[CONFIG_HELP_BYTES], markdown[CONFIG_MARKDOWN_BYTES + 1];

static bool contains(struct str text, const char *what)
{
    size_t n = strlen(what);
    for (size_t i = 0; i + n <= text.len; i++) {
        if (memcmp(text.at + i, what, n) == 0) return true;
    }
    return false;
}

static void help_and_documentation_name_every_setting(void **state)
{
    (void)state;
    struct out h = OUT_OVER(help), m = out_over(markdown, CONFIG_MARKDOWN_BYTES);
    config_help(&h);
    config_markdown(&m);
    assert_false(h.is_full);
    assert_false(m.is_full);
    for (size_t i = 0; i < config_row_n; i++) {
        char flag[64], row[64];
        snprintf(flag, sizeof flag, "\n  --%s%c", config_rows[i].name, config_rows[i].standard[0] == 0 ? ' ' : '=');
        snprintf(row, sizeof row, "\n| `%s` | ", config_rows[i].name);
        assert_int_equal(contains(out_str(&h), flag), !config_rows[i].is_hidden);
        assert_int_equal(contains(out_str(&m), row), !config_rows[i].is_hidden);
        assert_int_equal(contains(out_str(&m), config_rows[i].what), !config_rows[i].is_hidden);
    }
    for (size_t i = 0; i < config_verb_n; i++) {
        assert_true(contains(out_str(&h), config_verbs[i].what));
        assert_true(contains(out_str(&m), config_verbs[i].what));
    }
}

static void help_fits_a_terminal(void **state)
{
    (void)state;
    struct out o = OUT_OVER(help);
    config_help(&o);
    size_t columns = 0;
    for (size_t i = 0; i < o.len; i++) {
        columns = o.at[i] == '\n' ? 0 : columns + 1;
        assert_in_range(columns, 0, 100);
        assert_true(o.at[i] == '\n' || (o.at[i] >= ' ' && o.at[i] < 0x7f));
        if (o.at[i] == '\n' && i > 0) assert_int_not_equal(o.at[i - 1], ' ');
    }
    assert_int_equal(o.at[o.len - 1], '\n');
}

static void the_committed_documentation_is_what_the_table_says(void **state)
{
    (void)state;
    static uint8_t committed[CONFIG_MARKDOWN_BYTES + 1];
    struct out o = out_over(markdown, CONFIG_MARKDOWN_BYTES);
    config_markdown(&o);
    FILE *file = fopen("docs/configuration.md", "rb");
    assert_non_null(file);
    size_t n = fread(committed, 1, sizeof committed, file);
    assert_int_equal(fclose(file), 0);
    if (n != o.len || memcmp(committed, o.at, n) != 0) {
        fail_msg("docs/configuration.md is not what src/server/config_rows.c says. "
                 "To make it anew: build/tests/unit/config --write docs/configuration.md");
    }
}

static int write_markdown(const char *path)
{
    struct out o = out_over(markdown, CONFIG_MARKDOWN_BYTES);
    config_markdown(&o);
    FILE *file = fopen(path, "wb");
    if (file == NULL || o.is_full) return EXIT_FAILURE;
    bool is_whole = fwrite(o.at, 1, o.len, file) == o.len;
    return fclose(file) == 0 && is_whole ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_gives_the_standard),
        cmocka_unit_test(every_setting_may_be_a_flag),
        cmocka_unit_test(every_setting_may_stand_in_the_environment),
        cmocka_unit_test(every_setting_may_stand_in_the_file),
        cmocka_unit_test(every_setting_is_tested),
        cmocka_unit_test(pairs_come_together),
        cmocka_unit_test(the_stronger_source_wins),
        cmocka_unit_test(the_last_flag_of_a_name_counts),
        cmocka_unit_test(a_list_adds_up_within_a_source_and_no_further),
        cmocka_unit_test(a_list_has_sixteen_members_at_most),
        cmocka_unit_test(a_config_owns_its_texts),
        cmocka_unit_test(values_out_of_bounds_or_form_are_refused),
        cmocka_unit_test(values_at_their_bounds_are_taken),
        cmocka_unit_test(a_refusal_says_where_what_and_what_instead),
        cmocka_unit_test(what_is_overridden_must_make_sense_too),
        cmocka_unit_test(what_is_quoted_is_short_and_harmless),
        cmocka_unit_test(a_path_may_be_long_but_not_endless),
        cmocka_unit_test(an_unknown_name_gets_the_nearest),
        cmocka_unit_test(slips_are_counted),
        cmocka_unit_test(what_others_put_into_the_environment_is_left_alone),
        cmocka_unit_test(a_command_stands_anywhere_among_the_flags),
        cmocka_unit_test(a_command_that_is_none_is_refused),
        cmocka_unit_test(help_and_version_win_over_mistakes),
        cmocka_unit_test(no_words_at_all_serve),
        cmocka_unit_test(a_file_has_comments_blanks_and_any_line_ends),
        cmocka_unit_test(a_file_with_a_mistake_is_refused_by_its_line),
        cmocka_unit_test(a_file_that_cannot_be_read_is_refused),
        cmocka_unit_test(a_file_is_not_endless),
        cmocka_unit_test(whatever_is_given_ends_in_settings_or_a_sentence),
        cmocka_unit_test(without_memory_it_says_so_and_leaks_nothing),
        cmocka_unit_test(help_and_documentation_name_every_setting),
        cmocka_unit_test(help_fits_a_terminal),
        cmocka_unit_test(the_committed_documentation_is_what_the_table_says),
    };
    if (argc == 3 && strcmp(argv[1], "--write") == 0) return write_markdown(argv[2]);
    scratch_folder(folder);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
