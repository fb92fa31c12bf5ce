/* crash_faults.c -- what goes wrong while the server runs: a disk without room, a file that may not be
 * written, connections that break, clocks that are off, and being told to stop in the middle of it all.
 * A clear answer or a clean close, nothing lost, and afterwards it goes on. */
#define _GNU_SOURCE /* prlimit, unshare */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/crash_load.h"
#include "harness/expect.h"

enum {
    ROUND_US = 150000,
    REFUSALS = 100,     /* so many appends are refused before room is made */
    CUTS = 300,
    STOPS = 20,
    STOP_MS = 5000,
    MINUTE_MS = 60 * 1000,
    CAP_TO_OVERRIDE = 1, /* CAP_DAC_OVERRIDE: root may write what it may not */
};

static struct crash_load load;
static struct town town;

static void expect_well(void)
{
    if (crash_is_broken(&load)) fail_msg("%s", crash_trouble(&load));
}

/* Waits until the load's figure has grown by so much; it must within 20 s. */
static void await_more(uint64_t (*figure)(struct crash_load *), uint64_t more)
{
    uint64_t from = figure(&load);
    for (unsigned waited_ms = 0; figure(&load) < from + more && !crash_is_broken(&load); waited_ms++) {
        if (waited_ms > 20000) fail_msg("There were only %llu more.", (unsigned long long)(figure(&load) - from));
        crash_pause_us(1000);
    }
    expect_well();
}

/* ---- no room --------------------------------------------------------------------------------------- */

/* No file may grow beyond so many bytes: what a disk without room does to a program, and what can be taken
 * back while it runs. */
static void limit_files(uint64_t bytes)
{
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
    assert_int_equal(prlimit(load.town.daemon.pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void a_full_disk_refuses_what_it_cannot_keep_and_goes_on_when_there_is_room(void **state)
{
    (void)state;
    crash_open(&load, "no room", NULL);
    crash_may_refuse(&load, ERR_DISK_FULL);
    crash_go(&load);
    await_more(crash_promises, REFUSALS);
    limit_files(4096);
    await_more(crash_refusals, REFUSALS); /* and after each the record was read, and was as before */
    limit_files(RLIM_INFINITY);
    await_more(crash_promises, REFUSALS);
    crash_rest(&load);
    expect_well();
    crash_close(&load);
}

/* What was refused does not come back with the next start, neither after a stop nor after a kill. */
static void what_a_full_disk_refused_stays_away(void **state)
{
    (void)state;
    struct daemon *d = &load.town.daemon;
    crash_open(&load, "refused", NULL);
    crash_may_refuse(&load, ERR_DISK_FULL);
    for (unsigned i = 0; i < 8; i++) {
        crash_go(&load);
        await_more(crash_promises, REFUSALS);
        limit_files(random_is_one_in(&load.random, 2) ? 4096 : random_between(&load.random, 4096, 400000));
        await_more(crash_refusals, REFUSALS);
        if (i % 2 == 0) assert_true(daemon_stop(d));
        else daemon_kill(d);
        crash_await(&load);
        assert_true(crash_restart(&load, NULL, NULL));
    }
    crash_rest(&load);
    expect_well();
    crash_close(&load);
}

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool is_written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) (void)close(fd);
    return is_written;
}

/* Moves this program into a world where it may mount, as root there; false where that is not allowed. */
static bool enter_own_world(void)
{
    char users[64], groups[64];
    (void)snprintf(users, sizeof users, "0 %u 1", (unsigned)getuid());
    (void)snprintf(groups, sizeof groups, "0 %u 1", (unsigned)getgid());
    if (getuid() == 0) return unshare(CLONE_NEWNS) == 0;
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_text("/proc/self/setgroups", "deny") &&
           write_text("/proc/self/uid_map", users) && write_text("/proc/self/gid_map", groups);
}

/* Mounts a small disk that only this program and its children see. */
static bool mount_small_disk(const char *at)
{
    return enter_own_world() && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("troth", at, "tmpfs", 0, "size=6m,mode=700") == 0;
}

/* Writes a file until nothing more fits. */
static void fill(const char *path)
{
    static const char zeros[4096];
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    while (write(fd, zeros, sizeof zeros) > 0) continue;
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(close(fd), 0);
}

static void a_real_disk_that_is_full_does_the_same(void **state)
{
    (void)state;
    char disk[SCRATCH_PATH_BYTES], data[SCRATCH_PATH_BYTES], filler[SCRATCH_PATH_BYTES];
    scratch_folder(disk);
    scratch_path(data, disk, "data");
    scratch_path(filler, disk, "filler");
    if (!mount_small_disk(disk)) {
        fprintf(stderr, "No disk can be mounted here, so none can be filled.\n");
        skip();
    }
    crash_open(&load, "a small disk", data);
    crash_may_refuse(&load, ERR_DISK_FULL);
    crash_go(&load);
    await_more(crash_promises, REFUSALS);
    fill(filler);
    await_more(crash_refusals, REFUSALS);
    assert_int_equal(unlink(filler), 0);
    await_more(crash_promises, REFUSALS);
    crash_rest(&load);
    expect_well();
    crash_close(&load);
    assert_int_equal(umount2(disk, MNT_DETACH), 0);
}

/* ---- no right -------------------------------------------------------------------------------------- */

/* Gives or takes the right to write the server's files and their folder. */
static void set_rights(mode_t file, mode_t folder)
{
    static const char *const suffix[] = {"", "-wal", "-shm", "-lock"};
    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
        char path[SCRATCH_PATH_BYTES + 8];
        (void)snprintf(path, sizeof path, "%s%s", town.daemon.data, suffix[i]);
        assert_true(chmod(path, file) == 0 || errno == ENOENT);
    }
    assert_int_equal(chmod(town.daemon.folder, folder), 0);
}

static void a_file_that_may_not_be_written_loses_nothing(void **state)
{
    (void)state;
    char said[1024];
    const char *argument[] = {"permit", "--data", NULL, NULL};
    /* Root may write everything; the servers started from here on may not. */
    if (getuid() == 0 && prctl(PR_CAPBSET_DROP, CAP_TO_OVERRIDE, 0, 0, 0) != 0) {
        fprintf(stderr, "Root may write everything here, and cannot give that up.\n");
        skip();
    }
    town_open(&town, 2, NULL);
    argument[2] = town.daemon.data;
    town_gather(&town, 2);
    for (int i = 0; i < 5; i++) expect_ok(town_say(&town, 0, "while it may be written"), 201);
    set_rights(0400, 0500);

    expect_ok(town_say(&town, 1, "the server has it open"), 201);
    assert_int_not_equal(daemon_run(argument, said, sizeof said), 0);
    assert_non_null(strstr(said, "This user may not use"));
    struct town_state before = town_look(&town, 0);
    assert_true(daemon_stop(&town.daemon));
    assert_false(daemon_restart(&town.daemon, &town.options));
    assert_true(daemon_says(&town.daemon, "This user may not use", 0));
    assert_true(daemon_says(&town.daemon, "the right to read and write", 0));

    set_rights(0600, 0700);
    assert_true(daemon_restart(&town.daemon, &town.options));
    town_reconnect(&town);
    expect_same(&town, 0, before);
    expect_ok(town_say(&town, 0, "and again"), 201);
    town_close(&town);
}

/* ---- connections that break ---------------------------------------------------------------------------- */

enum goodbye { GOODBYE_CLOSE, GOODBYE_RESET, GOODBYE_HALF, GOODBYES };

static int connect_to(unsigned port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
    return fd;
}

/* Sends as much of a request, and leaves. */
static void send_and_leave(struct str bytes, enum goodbye how)
{
    int fd = connect_to(town.daemon.port);
    struct linger at_once = {.l_onoff = 1};
    assert_true(send(fd, bytes.at, bytes.len, MSG_NOSIGNAL) == (ssize_t)bytes.len);
    if (how == GOODBYE_RESET) assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    if (how == GOODBYE_HALF) { /* it still listens, and gets an answer or an end */
        char answer[256];
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        while (recv(fd, answer, sizeof answer, 0) > 0) continue;
    }
    assert_int_equal(close(fd), 0);
}

/* One append whose connection breaks behind some byte, and is then sent again: whether it had arrived. */
static bool break_once(struct random *r)
{
    static char bytes[8192];
    char path[API_PATH_BYTES];
    const struct api *ana = &town.api[0];
    struct arena a;
    arena_init(&a, 64 * 1024);
    struct str entry = room_say(&town.room[0], &a, people_note(&a, "sent by a line that breaks"));
    api_entries_path(path, town_circle(&town), "");
    struct http_ask ask = {.method = "POST", .path = path, .token = ana->token, .body = entry};
    size_t n = http_client_put_ask(bytes, sizeof bytes, &ask, town.daemon.port);
    size_t head_n = n - entry.len, cut_n = n;
    if (random_is_one_in(r, 4)) cut_n = (size_t)random_below(r, head_n);
    else if (random_is_one_in(r, 2)) cut_n = (size_t)random_between(r, head_n, n - 1);
    send_and_leave(str_at(bytes, cut_n), (enum goodbye)random_below(r, GOODBYES));

    struct api_reply reply = town_post(&town, 0, entry);
    if (reply.status == 200) town_follow(&town, entry); /* it was there: its answer was lost */
    if (cut_n < n || reply.status != 200) expect_ok(reply, 201);
    arena_fini(&a);
    return reply.status == 200;
}

static void a_connection_that_breaks_writes_an_entry_once_or_not_at_all(void **state)
{
    (void)state;
    struct random r;
    unsigned arrived_n = 0;
    /* An end that the library overlooks is noticed when the connection was idle for so long. */
    struct daemon_options options = {.is_fast = true, .flag = {"--idle=2s"}};
    random_init(&r, "broken connections");
    town_open(&town, 2, &options);
    town_gather(&town, 2);
    uint64_t before_n = town_look(&town, 0).entry_n;
    for (unsigned i = 0; i < CUTS; i++) arrived_n += break_once(&r);
    /* Every one of them counts once, and a person whose line holds was not disturbed. */
    assert_int_equal(town_look(&town, 1).entry_n, before_n + CUTS);
    expect_ok(town_say(&town, 1, "I heard it all"), 201);
    fprintf(stderr, "%u of %d requests had arrived whole\n", arrived_n, CUTS);
    assert_true(arrived_n > 0);
    town_close(&town);
}

/* ---- clocks -------------------------------------------------------------------------------------------- */

static struct api_reply say_at(int64_t ms_off)
{
    struct room *room = &town.room[0];
    room->now_ms = (uint64_t)((int64_t)api_now_ms() + ms_off);
    return town_say(&town, 0, "what time is it?");
}

static void a_clock_eleven_minutes_off_is_told_the_time(void **state)
{
    (void)state;
    static const int64_t off[] = {11 * MINUTE_MS, -11 * MINUTE_MS};
    town_open(&town, 2, NULL);
    town_gather(&town, 2);
    for (size_t i = 0; i < 2; i++) {
        struct town_state before = town_look(&town, 0);
        uint64_t from_ms = api_now_ms();
        struct api_reply r = expect_refused(say_at(off[i]), 422, "clock_skew");
        assert_true(r.time_ms >= from_ms && r.time_ms <= api_now_ms());
        expect_same(&town, 0, before);
        expect_ok(say_at(off[i] / 11 * 9), 201); /* nine are fine */
    }
    town_close(&town);
}

/* ---- stopping -------------------------------------------------------------------------------------------- */

static void told_to_stop_it_answers_everybody(void **state)
{
    (void)state;
    crash_open(&load, "stops", NULL);
    for (unsigned i = 0; i < STOPS && !crash_is_broken(&load); i++) {
        crash_go(&load);
        crash_pause_us(random_below(&load.random, ROUND_US));
        daemon_signal(&load.town.daemon, SIGTERM);
        assert_true(daemon_wait(&load.town.daemon, STOP_MS));
        assert_int_equal(load.town.daemon.exit_code, 0);
        crash_await(&load);
        assert_true(crash_restart(&load, NULL, NULL));
    }
    crash_rest(&load);
    struct crash_figures f = crash_figures(&load);
    fprintf(stderr, "%d stops; %llu appends acknowledged; without an answer: %llu were recorded, %llu were not\n",
            STOPS, (unsigned long long)f.promise_n, (unsigned long long)f.kept_n, (unsigned long long)f.lost_n);
    expect_well();
    assert_int_equal(f.kept_n, 0); /* what was recorded was answered, too */
    crash_close(&load);
}

static int clear_away(void **state)
{
    (void)state;
    crash_abandon(&load);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_full_disk_refuses_what_it_cannot_keep_and_goes_on_when_there_is_room, clear_away),
        cmocka_unit_test_teardown(what_a_full_disk_refused_stays_away, clear_away),
        cmocka_unit_test_teardown(a_connection_that_breaks_writes_an_entry_once_or_not_at_all, clear_away),
        cmocka_unit_test_teardown(a_clock_eleven_minutes_off_is_told_the_time, clear_away),
        cmocka_unit_test_teardown(told_to_stop_it_answers_everybody, clear_away),
        cmocka_unit_test_teardown(a_file_that_may_not_be_written_loses_nothing, clear_away),
        /* last, since it moves into a world of its own */
        cmocka_unit_test_teardown(a_real_disk_that_is_full_does_the_same, clear_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
