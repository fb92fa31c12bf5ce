/* lifecycle.c -- starting, stopping, and what the server's other commands do: each says what helps when it can't. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "harness/expect.h"
#include "harness/race.h"

enum { ANA, BEN, CLEO, SAID_BYTES = 8192 };

static struct town town;
static struct arena *a = &town.arena;

/* A file with these bytes. */
static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static char *read_file(const char *path, size_t *n)
{
    size_t cap = 64 * 1024 * 1024;
    char *text = malloc(cap);
    assert_non_null(text);
    *n = daemon_read(path, text, cap);
    return text;
}

static bool is_file(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

/* A server that does not start: it ends with this code, and says all of these words. */
static void expect_no_start(struct daemon_options options, int exit_code, const char *first, const char *second)
{
    struct daemon none;
    char said[SAID_BYTES];
    assert_false(daemon_start(&none, &options));
    (void)daemon_read(none.log, said, sizeof said);
    if (none.exit_code != exit_code || strstr(said, first) == NULL || strstr(said, second) == NULL) {
        print_error("ended with %d and said: %s\n", none.exit_code, said);
        fail();
    }
    assert_true(strncmp(said, "trothd: ", 8) == 0); /* a sentence, and nothing before it */
    assert_non_null(strchr(said, '.'));
}

/* A command, its exit code, and words that it says. */
static void expect_command(const char *const *argument, int exit_code, const char *words)
{
    char said[SAID_BYTES];
    int code = daemon_run(argument, said, sizeof said);
    if (code == exit_code && strstr(said, words) != NULL) return;
    print_error("trothd %s ended with %d and said: %s\n", argument[0], code, said);
    fail();
}

#define COMMAND(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- what keeps it from starting --------------------------------------------------------------- */

static void a_port_that_is_taken_is_named(void **state)
{
    (void)state;
    char listen[32], port[16];
    struct daemon_options options = {.listen = listen};
    town_open(&town, 1, NULL);
    (void)snprintf(listen, sizeof listen, "127.0.0.1:%u", town.daemon.port);
    (void)snprintf(port, sizeof port, "%u", town.daemon.port);
    expect_no_start(options, 75, port, "already listens");
    (void)expect_ok(api_get(&town.api[ANA], "/v1/account"), 200);
}

static void a_second_server_on_the_same_file_is_refused_and_the_first_goes_on(void **state)
{
    (void)state;
    town_open(&town, 1, NULL);
    town_gather(&town, 1);
    expect_no_start((struct daemon_options){.data = town.daemon.data}, 75, town.daemon.data, "Another server");
    (void)expect_ok(town_say(&town, ANA, "still here"), 201);
    daemon_kill(&town.daemon); /* a lock that outlives its owner would be worse than none */
    assert_true(daemon_restart(&town.daemon, &town.options));
}

static void a_file_that_cannot_be_written_is_named(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_BYTES], inside[SCRATCH_PATH_BYTES];
    town_open(&town, 1, NULL);
    assert_true(daemon_stop(&town.daemon));
    expect_no_start((struct daemon_options){.data = town.daemon.data, .is_read_only = true}, 74, town.daemon.data,
                    "can only be read");
    scratch_folder(folder);
    expect_no_start((struct daemon_options){.data = folder}, 74, folder, "");
    scratch_path(inside, folder, "no/such/folder");
    expect_no_start((struct daemon_options){.data = inside}, 69, inside, "folder");
    assert_false(is_file(inside));
    assert_true(daemon_restart(&town.daemon, &town.options)); /* and with the right to write it goes on */
    (void)expect_ok(api_get(&town.api[ANA], "/v1/account"), 200);
}

static void sql(const char *path, const char *text)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_file_of_a_newer_troth_is_not_touched(void **state)
{
    (void)state;
    size_t before_n, after_n;
    town_open(&town, 1, NULL);
    assert_true(daemon_stop(&town.daemon));
    sql(town.daemon.data, "PRAGMA user_version = 99");
    char *before = read_file(town.daemon.data, &before_n);
    expect_no_start((struct daemon_options){.data = town.daemon.data}, 78, town.daemon.data, "newer");
    expect_command(COMMAND("permit", "--data", town.daemon.data), 78, "newer");
    expect_command(COMMAND("check", "--data", town.daemon.data), 78, "newer");
    char *after = read_file(town.daemon.data, &after_n);
    assert_int_equal(after_n, before_n);
    assert_memory_equal(after, before, before_n);
    free(before);
    free(after);
}

static void a_file_that_is_something_else_is_not_touched(void **state)
{
    (void)state;
    static const char letter[] = "Dear Ben,\nthis is a letter and no database, and it should stay one.\nAna\n";
    char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES];
    size_t n;
    town_open(&town, 0, NULL);
    scratch_folder(folder);
    scratch_path(path, folder, "letter");
    write_file(path, letter, sizeof letter - 1);
    expect_no_start((struct daemon_options){.data = path}, 74, path, "");
    char *after = read_file(path, &n);
    assert_int_equal(n, sizeof letter - 1);
    assert_memory_equal(after, letter, n);
    free(after);
    scratch_path(path, folder, "others.db"); /* another program's database */
    sql(path, "PRAGMA application_id = 77; CREATE TABLE recipe (name TEXT)");
    expect_no_start((struct daemon_options){.data = path}, 74, path, "");
    sql(path, "SELECT name FROM recipe");
}

static void a_setting_that_makes_no_sense_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *flag, *words;
    } row[] = {{"--rate-apend=5/min", "rate-append"},
               {"--rate-append=many", "rate-append"},
               {"--idle=0", "idle"},
               {"--origin=example.org", "origin"},
               {"--listen=nowhere", "listen"},
               {"--log-level=loud", "log-level"},
               {"serv", "serve"}};
    town_open(&town, 0, NULL);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct daemon none;
        struct daemon_options options = {.flag = {row[i].flag}};
        assert_false(daemon_start(&none, &options));
        assert_int_equal(none.exit_code, 78);
        assert_true(daemon_says(&none, row[i].words, 0));
        assert_false(is_file(none.data)); /* nothing was begun */
    }
    expect_command(COMMAND("--help"), 0, "--rate-append");
    expect_command(COMMAND("--version"), 0, "trothd ");
}

/* ---- starting ---------------------------------------------------------------------------------- */

static void the_first_start_shows_one_link_and_later_ones_none(void **state)
{
    (void)state;
    struct daemon d;
    struct daemon_options options = {.is_fast = true};
    char said[SAID_BYTES];
    town_open(&town, 0, NULL);
    assert_true(daemon_start(&d, &options));
    assert_int_equal(strlen(d.permit), 47);
    (void)daemon_read(d.output, said, sizeof said);
    const char *link = strstr(said, "/#P1-");
    assert_non_null(link);
    assert_null(strstr(link + 1, "/#P1-"));
    assert_true(daemon_stop(&d));
    assert_true(daemon_restart(&d, &options));
    assert_false(daemon_says(&d, "#P1-", 0));
    assert_true(daemon_says(&d, "The link that was shown at the first start still opens one", 0));
    struct person person;
    struct api api;
    person_init(&person, "Ana", 1);
    api_init(&api, &person, 0, d.origin, d.port);
    (void)expect_ok(api_register(&api, a, d.permit), 201); /* it does */
    api_fini(&api);
    person_fini(&person);
    assert_true(daemon_stop(&d));
    assert_true(daemon_restart(&d, &options));
    assert_false(daemon_says(&d, "Nobody has an account", 0));
    assert_true(daemon_stop(&d));
}

static void a_name_with_strange_characters_is_just_a_name(void **state)
{
    (void)state;
    static const char *const name[] = {"a b", "a?mode=memory", "a%20b", "a#b", "file:a", "a'b", "-a", "\xc3\xa4"};
    char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES], permit[64];
    town_open(&town, 0, NULL);
    scratch_folder(folder);
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        scratch_path(path, folder, name[i]);
        struct daemon d;
        struct daemon_options options = {.data = path};
        assert_true(daemon_start(&d, &options));
        assert_true(is_file(path));
        struct town other = {.daemon = d};
        town_permit(&other, permit);
        assert_true(daemon_stop(&d));
        expect_command(COMMAND("check", "--data", path), 0, "All is well");
    }
}

static void systemd_is_told_when_it_is_ready_and_when_it_stops(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES], env[SCRATCH_PATH_BYTES + 16], said[512];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct timeval wait = {.tv_sec = 10};
    town_open(&town, 0, NULL);
    scratch_folder(folder);
    scratch_path(path, folder, "notify");
    assert_true(strlen(path) < sizeof at.sun_path);
    memcpy(at.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
    (void)snprintf(env, sizeof env, "NOTIFY_SOCKET=%s", path);
    struct daemon d;
    struct daemon_options options = {.env = {env}};
    assert_true(daemon_start(&d, &options));
    ssize_t n = recv(fd, said, sizeof said - 1, 0);
    assert_true(n > 0);
    said[n] = '\0';
    assert_non_null(strstr(said, "READY=1"));
    daemon_signal(&d, SIGTERM);
    n = recv(fd, said, sizeof said - 1, 0);
    assert_true(n > 0);
    said[n] = '\0';
    assert_non_null(strstr(said, "STOPPING=1"));
    assert_true(daemon_wait(&d, 10000));
    assert_int_equal(d.exit_code, 0);
    (void)close(fd);
}

static void a_log_in_json_is_one_object_a_line(void **state)
{
    (void)state;
    char said[SAID_BYTES];
    struct daemon_options options = {.flag = {"--log-format=json", "--log-level=debug"}, .is_fast = true};
    town_open(&town, 1, &options);
    town_gather(&town, 1);
    (void)expect_refused(api_get(&town.api[ANA], "/v1/nowhere\"}{"), 404, "no_route");
    assert_true(daemon_stop(&town.daemon));
    assert_true(daemon_read(town.daemon.log, said, sizeof said) > 0);
    unsigned line_n = 0;
    for (char *line = said, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, line_n++) {
        assert_int_equal(line[0], '{');
        assert_int_equal(end[-1], '}');
        assert_non_null(strstr(line, "\"event\":\""));
    }
    assert_true(line_n > 5);
    assert_null(strstr(said, "nowhere"));
}

/* ---- stopping ---------------------------------------------------------------------------------- */

/* Somebody who writes one entry after the other into a circle of their own, until the server is gone. */
struct writer {
    struct api *api;
    struct room *room;
    struct arena arena;
    uint8_t last[HASH_BYTES]; /* of the newest entry that was acknowledged */
    uint64_t last_seq;
    unsigned acked_n, stopping_n, other_n;
};

static void write_on(void *of)
{
    struct writer *w = of;
    for (;;) {
        struct why why;
        struct api_head head;
        struct str say = room_say(w->room, &w->arena, people_note(&w->arena, "as fast as it goes"));
        struct api_reply r = api_append(w->api, w->room->chain.circle.id, say);
        if (r.status == 0) return; /* the connection was closed */
        if (r.status == 503) {
            w->stopping_n++;
            return;
        }
        if (r.status != 201 || !api_head_of_reply(&r, &head) || room_take(w->room, say, &why) != ERR_OK) {
            w->other_n++;
            return;
        }
        memcpy(w->last, head.hash, HASH_BYTES);
        w->last_seq = head.seq;
        w->acked_n++;
    }
}

static void stop_soon(void *of)
{
    struct timespec pause = {.tv_nsec = 150 * 1000 * 1000};
    (void)nanosleep(&pause, NULL);
    daemon_signal(of, SIGTERM);
}

/* A writer, or what stops the server beneath them. */
static struct daemon *stopped;
static void write_or_stop(void *of)
{
    if (of == stopped) stop_soon(of);
    else write_on(of);
}

static void stopping_under_load_loses_nothing_that_was_answered(void **state)
{
    (void)state;
    enum { WRITERS = 8 };
    static struct writer writer[WRITERS];
    void *of[WRITERS + 1];
    unsigned acked_n = 0, stopping_n = 0;
    town_open(&town, WRITERS, NULL);
    for (int round = 0; round < 3; round++) {
        town_rooms(&town);
        for (size_t i = 0; i < WRITERS; i++) {
            writer[i] = (struct writer){.api = &town.api[i], .room = &town.room[i]};
            arena_init(&writer[i].arena, 256 * 1024 * 1024);
            struct str genesis = room_genesis(&town.room[i], a, false);
            (void)expect_ok(api_create(&town.api[i], genesis), 201);
            rooms_take((struct room *const[]){&town.room[i]}, 1, genesis);
            memcpy(writer[i].last, town.room[i].chain.circle.id, HASH_BYTES);
            of[i] = &writer[i];
        }
        of[WRITERS] = stopped = &town.daemon;
        race_start(write_or_stop, of, WRITERS + 1);
        assert_true(daemon_wait(&town.daemon, 15000));
        assert_int_equal(town.daemon.exit_code, 0);
        assert_true(daemon_says(&town.daemon, "drained=yes", 0));
        assert_true(daemon_restart(&town.daemon, &town.options));
        for (size_t i = 0; i < WRITERS; i++) {
            struct api_head head;
            assert_int_equal(writer[i].other_n, 0);
            assert_true(api_head(&town.api[i], town.room[i].chain.circle.id, &head));
            assert_true(head.seq == writer[i].last_seq ||
                        head.seq == writer[i].last_seq + 1); /* one may be unanswered */
            if (head.seq == writer[i].last_seq) assert_memory_equal(head.hash, writer[i].last, HASH_BYTES);
            acked_n += writer[i].acked_n;
            stopping_n += writer[i].stopping_n;
            arena_fini(&writer[i].arena);
        }
    }
    print_message("%u appends answered; %u clients were told that it is stopping\n", acked_n, stopping_n);
    assert_true(acked_n > 0);
    expect_command(COMMAND("check", "--data", town.daemon.data), 0, "All is well");
}

static void ctrl_c_stops_it_too_and_twice_is_as_good_as_once(void **state)
{
    (void)state;
    town_open(&town, 1, NULL);
    daemon_signal(&town.daemon, SIGINT);
    daemon_signal(&town.daemon, SIGTERM);
    assert_true(daemon_wait(&town.daemon, 10000));
    assert_int_equal(town.daemon.exit_code, 0);
    assert_true(daemon_restart(&town.daemon, &town.options));
}

static void what_was_recorded_outlives_stops_and_kills(void **state)
{
    (void)state;
    town_open(&town, 2, NULL);
    town_gather(&town, 2);
    for (int i = 0; i < 6; i++) {
        (void)expect_ok(town_say(&town, (size_t)i % 2, "recorded"), 201);
        struct town_state before = town_look(&town, ANA);
        if (i % 2 == 0) assert_true(daemon_stop(&town.daemon));
        else daemon_kill(&town.daemon);
        assert_true(daemon_restart(&town.daemon, &town.options));
        expect_same(&town, BEN, before);
        (void)expect_ok(api_get(&town.api[BEN], "/v1/account"), 200);
    }
    assert_true(daemon_stop(&town.daemon));
    char path[SCRATCH_PATH_BYTES];
    scratch_path(path, town.daemon.folder, "data-wal");
    assert_false(is_file(path)); /* a clean stop leaves one file to copy */
    assert_true(daemon_restart(&town.daemon, &town.options));
}

/* ---- commands ---------------------------------------------------------------------------------- */

static void a_permit_is_made_beside_a_running_server_and_without_one(void **state)
{
    (void)state;
    char permit[2][64], missing[SCRATCH_PATH_BYTES];
    town_open(&town, 0, NULL);
    town_permit(&town, permit[0]);
    assert_true(daemon_stop(&town.daemon));
    town_permit(&town, permit[1]);
    assert_true(daemon_restart(&town.daemon, &town.options));
    for (size_t i = 0; i < 2; i++) {
        struct person person;
        struct api api;
        person_init(&person, "Somebody", 50 + i);
        api_init(&api, &person, 0, town.daemon.origin, town.daemon.port);
        (void)expect_ok(api_register(&api, a, permit[i]), 201);
        api_fini(&api);
        person_fini(&person);
    }
    scratch_path(missing, town.daemon.folder, "missing");
    expect_command(COMMAND("permit", "--data", missing), 69, missing);
    expect_command(COMMAND("check", "--data", missing), 69, missing);
    expect_command(COMMAND("backup", "--data", missing, "elsewhere"), 69, missing);
    assert_false(is_file(missing));
    expect_command(COMMAND("permit", "--data", town.daemon.data, "--origin=https://troth.example"), 0,
                   "https://troth.example/#P1-");
}

/* Appends while a backup is made, and then stops the server. */
static void back_up(void *of)
{
    struct daemon *d = of;
    char path[SCRATCH_PATH_BYTES], name[16];
    for (int i = 0; i < 5; i++) {
        (void)snprintf(name, sizeof name, "backup%d", i);
        scratch_path(path, d->folder, name);
        if (daemon_run(COMMAND("backup", "--data", d->data, path), NULL, 0) != 0) misuse("no backup");
    }
    daemon_signal(d, SIGTERM);
}

static void write_or_back_up(void *of)
{
    if (of == stopped) back_up(of);
    else write_on(of);
}

static void a_backup_under_load_is_whole_and_serves(void **state)
{
    (void)state;
    enum { WRITERS = 3 };
    static struct writer writer[WRITERS];
    void *of[WRITERS + 1];
    char path[SCRATCH_PATH_BYTES], name[16];
    uint64_t last_seq[WRITERS] = {0};
    town_open(&town, WRITERS, NULL);
    town_rooms(&town);
    for (size_t i = 0; i < WRITERS; i++) {
        writer[i] = (struct writer){.api = &town.api[i], .room = &town.room[i]};
        arena_init(&writer[i].arena, 512 * 1024 * 1024);
        struct str genesis = room_genesis(&town.room[i], a, false);
        (void)expect_ok(api_create(&town.api[i], genesis), 201);
        rooms_take((struct room *const[]){&town.room[i]}, 1, genesis);
        of[i] = &writer[i];
    }
    of[WRITERS] = stopped = &town.daemon;
    race_start(write_or_back_up, of, WRITERS + 1);
    assert_true(daemon_wait(&town.daemon, 15000));
    for (int n = 0; n < 5; n++) {
        struct daemon copy;
        (void)snprintf(name, sizeof name, "backup%d", n);
        scratch_path(path, town.daemon.folder, name);
        expect_command(COMMAND("check", "--data", path), 0, "All is well");
        struct daemon_options options = {.data = path, .is_fast = true};
        assert_true(daemon_start(&copy, &options));
        for (size_t i = 0; i < WRITERS; i++) {
            struct api_head head;
            http_client_drop(&town.api[i].http);
            town.api[i].http.port = copy.port;
            assert_true(api_head(&town.api[i], town.room[i].chain.circle.id, &head)); /* signed in there as well */
            assert_true(head.seq >= last_seq[i] && head.seq <= town.room[i].chain.circle.head_seq + 1);
            if (head.seq < town.room[i].chain.index.row_n) {
                assert_memory_equal(head.hash, room_entry(&town.room[i], head.seq).hash, HASH_BYTES);
            }
            last_seq[i] = head.seq;
        }
        assert_true(daemon_stop(&copy));
    }
    expect_command(COMMAND("backup", "--data", town.daemon.data, path), 77, path); /* there is one already */
    for (size_t i = 0; i < WRITERS; i++) arena_fini(&writer[i].arena);
    assert_true(daemon_restart(&town.daemon, &town.options));
}

/* Where bytes stand in a file; SIZE_MAX if they do not. */
static size_t find_bytes(const char *text, size_t text_n, const void *bytes, size_t n)
{
    for (size_t at = 0; at + n <= text_n; at++) {
        if (memcmp(text + at, bytes, n) == 0) return at;
    }
    return SIZE_MAX;
}

static void check_finds_a_flipped_bit_in_every_part_of_an_entry(void **state)
{
    (void)state;
    size_t n;
    town_open(&town, 2, NULL);
    town_gather(&town, 2);
    (void)expect_ok(town_say(&town, ANA, "words"), 201);
    (void)expect_ok(town_say(&town, BEN, "words"), 201);
    assert_true(daemon_stop(&town.daemon));
    struct entry said = room_entry(&town.room[ANA], town.room[ANA].chain.circle.head_seq - 1);
    const struct circle *c = &town.room[ANA].chain.circle;
    const struct {
        const char *what;
        const void *at;
        size_t n, flip;
    } row[] = {
        {"a header's first byte", said.header.at, said.header.len, 0},
        {"a header's time", said.header.at, said.header.len, said.header.len / 2},
        {"a header's last byte", said.header.at, said.header.len, said.header.len - 1},
        {"a signature", said.sig, SIG_BYTES, 20},
        {"a payload's first byte", said.payload.at, said.payload.len, 0},
        {"a payload's last byte", said.payload.at, said.payload.len, said.payload.len - 1},
        {"the head's hash", c->head_hash, HASH_BYTES, 5},
        {"the state's key", c->kid, HASH_BYTES, 5},
    };
    expect_command(COMMAND("check", "--data", town.daemon.data), 0, "All is well");
    char *text = read_file(town.daemon.data, &n);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        size_t at = find_bytes(text, n, row[i].at, row[i].n);
        if (at == SIZE_MAX || row[i].flip >= row[i].n) print_error("%s\n", row[i].what);
        assert_true(at != SIZE_MAX && row[i].flip < row[i].n);
        text[at + row[i].flip] ^= 1;
        write_file(town.daemon.data, text, n);
        text[at + row[i].flip] ^= 1;
        char said_then[SAID_BYTES];
        int code = daemon_run(COMMAND("check", "--data", town.daemon.data), said_then, sizeof said_then);
        if (code == 0) print_error("%s was not found: %s\n", row[i].what, said_then);
        assert_int_equal(code, 74);
    }
    write_file(town.daemon.data, text, n);
    expect_command(COMMAND("check", "--data", town.daemon.data), 0, "All is well");
    free(text);
    assert_true(daemon_restart(&town.daemon, &town.options));
}

static void check_runs_beside_a_server(void **state)
{
    (void)state;
    town_open(&town, 2, NULL);
    town_gather(&town, 2);
    expect_command(COMMAND("check", "--data", town.daemon.data), 0, "with 5 entries");
    (void)expect_ok(town_say(&town, ANA, "meanwhile"), 201);
    expect_command(COMMAND("check", "--data", town.daemon.data), 0, "with 6 entries");
}

static int close_town(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_port_that_is_taken_is_named, close_town),
        cmocka_unit_test_teardown(a_second_server_on_the_same_file_is_refused_and_the_first_goes_on, close_town),
        cmocka_unit_test_teardown(a_file_that_cannot_be_written_is_named, close_town),
        cmocka_unit_test_teardown(a_file_of_a_newer_troth_is_not_touched, close_town),
        cmocka_unit_test_teardown(a_file_that_is_something_else_is_not_touched, close_town),
        cmocka_unit_test_teardown(a_setting_that_makes_no_sense_is_named, close_town),
        cmocka_unit_test_teardown(the_first_start_shows_one_link_and_later_ones_none, close_town),
        cmocka_unit_test_teardown(a_name_with_strange_characters_is_just_a_name, close_town),
        cmocka_unit_test_teardown(systemd_is_told_when_it_is_ready_and_when_it_stops, close_town),
        cmocka_unit_test_teardown(a_log_in_json_is_one_object_a_line, close_town),
        cmocka_unit_test_teardown(stopping_under_load_loses_nothing_that_was_answered, close_town),
        cmocka_unit_test_teardown(ctrl_c_stops_it_too_and_twice_is_as_good_as_once, close_town),
        cmocka_unit_test_teardown(what_was_recorded_outlives_stops_and_kills, close_town),
        cmocka_unit_test_teardown(a_permit_is_made_beside_a_running_server_and_without_one, close_town),
        cmocka_unit_test_teardown(a_backup_under_load_is_whole_and_serves, close_town),
        cmocka_unit_test_teardown(check_finds_a_flipped_bit_in_every_part_of_an_entry, close_town),
        cmocka_unit_test_teardown(check_runs_beside_a_server, close_town),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
