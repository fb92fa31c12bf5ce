/* notify.c -- what systemd is told, through a socket that stands in for its own. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/scratch.h"
#include "server/notify.h"

/* A listener: what it is called in NOTIFY_SOCKET, and its socket. */
struct listener {
    int fd;
    char variable[SCRATCH_PATH_BYTES + 16];
};

static struct listener listen_as(const char *name)
{
    struct listener l = {.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t n = strlen(name);
    assert_true(l.fd >= 0 && n < sizeof at.sun_path);
    memcpy(at.sun_path, name, n);
    bool is_abstract = name[0] == '@';
    if (is_abstract) at.sun_path[0] = 0;
    socklen_t at_n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (is_abstract ? 0 : 1));
    assert_int_equal(bind(l.fd, (struct sockaddr *)&at, at_n), 0);
    snprintf(l.variable, sizeof l.variable, "NOTIFY_SOCKET=%s", name);
    return l;
}

static void assert_hears(const struct listener *l, const char *expected)
{
    char message[2048];
    ssize_t n = recv(l->fd, message, sizeof message - 1, MSG_DONTWAIT);
    assert_true(n >= 0);
    message[n] = 0;
    assert_string_equal(message, expected);
}

static void assert_hears_nothing(const struct listener *l)
{
    char byte;
    assert_int_equal(recv(l->fd, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
}

static void say_everything(const struct notify *notify)
{
    assert_true(notify_status(notify, "checking"));
    assert_true(notify_ready(notify, "listening on 127.0.0.1:8787"));
    assert_true(notify_alive(notify));
    assert_true(notify_stopping(notify, "waiting for 2 requests"));
}

static void hear_everything(struct listener *l)
{
    char *const env[] = {"HOME=/", l->variable, "PATH=/bin", NULL};
    struct notify notify;
    assert_int_equal(notify_init(&notify, env), ERR_OK);
    say_everything(&notify);
    assert_hears(l, "STATUS=checking");
    assert_hears(l, "READY=1\nSTATUS=listening on 127.0.0.1:8787");
    assert_hears(l, "WATCHDOG=1");
    assert_hears(l, "STOPPING=1\nSTATUS=waiting for 2 requests");
    notify_fini(&notify);
    say_everything(&notify);
    assert_hears_nothing(l);
    close(l->fd);
}

static void a_socket_in_the_file_system_hears_everything(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES];
    scratch_folder(folder);
    scratch_path(path, folder, "notify");
    struct listener l = listen_as(path);
    hear_everything(&l);
}

static void an_abstract_socket_hears_everything(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof name, "@troth-notify-%ld", (long)getpid());
    struct listener l = listen_as(name);
    hear_everything(&l);
}

static void without_systemd_nobody_is_told_and_all_is_well(void **state)
{
    (void)state;
    static char *const none[] = {"NOTIFY_SOCKETS=/x", "MY_NOTIFY_SOCKET=/x", "WATCHDOG_USEC=5000000", NULL};
    static char *const empty[] = {"NOTIFY_SOCKET=", NULL};
    char *const *const env[] = {none, empty};
    for (size_t i = 0; i < 2; i++) {
        struct notify notify;
        assert_int_equal(notify_init(&notify, env[i]), ERR_OK);
        assert_int_equal(notify.alive_ms, 0);
        say_everything(&notify);
        notify_fini(&notify);
        notify_fini(&notify);
    }
}

static void an_address_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    char too_long[200] = "NOTIFY_SOCKET=/";
    memset(too_long + 15, 'x', 107); /* 108 in all: no room for the NUL */
    char *bad[] = {"NOTIFY_SOCKET=vsock:2:1234", "NOTIFY_SOCKET=relative", "NOTIFY_SOCKET=/", "NOTIFY_SOCKET=@",
                   too_long};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *const env[] = {bad[i], NULL};
        struct notify notify;
        assert_int_equal(notify_init(&notify, env), ERR_BAD_FIELD);
        say_everything(&notify); /* to nobody */
        notify_fini(&notify);
    }
}

static void a_socket_that_is_gone_is_noticed(void **state)
{
    (void)state;
    static char *const env[] = {"NOTIFY_SOCKET=@troth-notify-nobody-listens-here", NULL};
    struct notify notify;
    assert_int_equal(notify_init(&notify, env), ERR_OK);
    assert_false(notify_alive(&notify));
    assert_false(notify_ready(&notify, "here"));
    notify_fini(&notify);
}

/* A status could otherwise say READY=1 for us. */
static void a_status_is_one_line(void **state)
{
    (void)state;
    char name[64], longest[2000];
    snprintf(name, sizeof name, "@troth-notify-line-%ld", (long)getpid());
    struct listener l = listen_as(name);
    char *const env[] = {l.variable, NULL};
    struct notify notify;
    assert_int_equal(notify_init(&notify, env), ERR_OK);
    assert_true(notify_status(&notify, "one\nREADY=1\ttwo"));
    assert_hears(&l, "STATUS=one READY=1 two");
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    assert_true(notify_ready(&notify, longest));
    char message[2048];
    ssize_t n = recv(l.fd, message, sizeof message, MSG_DONTWAIT);
    assert_in_range(n, 100, 600);
    assert_memory_equal(message, "READY=1\nSTATUS=xxx", 18);
    notify_fini(&notify);
    close(l.fd);
}

static void the_watchdog_is_told_twice_as_often_as_it_waits(void **state)
{
    (void)state;
    char own[64], other[64];
    snprintf(own, sizeof own, "WATCHDOG_PID=%ld", (long)getpid());
    snprintf(other, sizeof other, "WATCHDOG_PID=%ld", (long)getpid() + 1);
    const struct {
        char *usec, *pid;
        enum err e;
        uint32_t alive_ms;
    } is[] = {
        {"WATCHDOG_USEC=30000000", own, ERR_OK, 15000},
        {"WATCHDOG_USEC=30000000", other, ERR_OK, 0},
        {"WATCHDOG_USEC=30000000", "X=", ERR_OK, 15000},
        {"WATCHDOG_USEC=1", "X=", ERR_OK, 1},
        {"WATCHDOG_USEC=999999999999999999", "X=", ERR_OK, UINT32_MAX},
        {"WATCHDOG_USEC=0", "X=", ERR_BAD_FIELD, 0},
        {"WATCHDOG_USEC=", "X=", ERR_BAD_FIELD, 0},
        {"WATCHDOG_USEC=30s", "X=", ERR_BAD_FIELD, 0},
        {"WATCHDOG_USEC=99999999999999999999", "X=", ERR_BAD_FIELD, 0},
        {"WATCHDOG_USEC=30000000", "WATCHDOG_PID=-1", ERR_BAD_FIELD, 0},
        {"Y=", "X=", ERR_OK, 0},
    };
    for (size_t i = 0; i < sizeof is / sizeof *is; i++) {
        char *const env[] = {"NOTIFY_SOCKET=@troth-notify-nobody", is[i].usec, is[i].pid, NULL};
        struct notify notify;
        assert_int_equal(notify_init(&notify, env), is[i].e);
        assert_int_equal(notify.alive_ms, is[i].alive_ms);
        notify_fini(&notify);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_in_the_file_system_hears_everything),
        cmocka_unit_test(an_abstract_socket_hears_everything),
        cmocka_unit_test(without_systemd_nobody_is_told_and_all_is_well),
        cmocka_unit_test(an_address_that_makes_no_sense_is_refused),
        cmocka_unit_test(a_socket_that_is_gone_is_noticed),
        cmocka_unit_test(a_status_is_one_line),
        cmocka_unit_test(the_watchdog_is_told_twice_as_often_as_it_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
