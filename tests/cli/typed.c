/* typed.c -- at a real terminal: what is asked, what is not shown, and how it looks. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>
#include <errno.h>

#include "harness/terminal.h"

static struct daemon server;
static struct terminal ana;

/* A run of troth with a terminal of its own, whose other end is ours. */
struct sitting {
    int fd;
    pid_t pid;
    char shown[64 * 1024];
    size_t shown_n, read_n; /* read_n: what an earlier until_shown has looked at */
};

static void become(const char *const *word, const char *name, const char *const *env)
{
    char *argv[TERMINAL_WORDS + 4] = {0}, *environment[8] = {0};
    size_t n = 0;
    const char *first[] = {"troth", "--home", ana.home};
    for (; n < 3; n++) argv[n] = (char *)(uintptr_t)first[n];
    for (size_t i = 0; word[i] != NULL; i++) argv[n++] = (char *)(uintptr_t)word[i];
    for (size_t i = 0; env[i] != NULL && i < 7; i++) environment[i] = (char *)(uintptr_t)env[i];
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || setsid() < 0) _exit(99);
    int fd = open(name, O_RDWR);
    const struct winsize size = {.ws_row = 50, .ws_col = 80};
    if (fd < 0 || ioctl(fd, TIOCSWINSZ, &size) != 0 || dup2(fd, 0) != 0 || dup2(fd, 1) != 1 || dup2(fd, 2) != 2)
        _exit(98);
    (void)execve(getenv("TROTH"), argv, environment);
    _exit(127);
}

static void sit_down_with(struct sitting *s, const char *const *word, const char *const *env)
{
    char name[64];
    *s = (struct sitting){.fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    if (s->fd < 0 && (errno == ENOENT || errno == ENODEV)) skip(); /* a system without pseudo-terminals */
    assert_true(s->fd >= 0 && grantpt(s->fd) == 0 && unlockpt(s->fd) == 0);
    assert_int_equal(ptsname_r(s->fd, name, sizeof name), 0);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0) become(word, name, env);
}

static const char *const colourful[] = {"TERM=xterm-256color", "TZ=Europe/Berlin", NULL};
static const char *const colourless[] = {"TERM=xterm-256color", "NO_COLOR=1", "TZ=Europe/Berlin", NULL};
#define SIT_DOWN(s, ...) sit_down_with((s), (const char *const[]){__VA_ARGS__, NULL}, colourful)

/* Reads on; false at the end. */
static bool look(struct sitting *s)
{
    struct pollfd on = {.fd = s->fd, .events = POLLIN};
    if (poll(&on, 1, 120000) != 1) fail_msg("nothing more is shown behind: %s", s->shown);
    ssize_t n = read(s->fd, s->shown + s->shown_n, sizeof s->shown - 1 - s->shown_n);
    if (n <= 0) return false;
    s->shown_n += (size_t)n;
    s->shown[s->shown_n] = 0;
    return true;
}

/* Waits until the terminal shows a text that it did not show before. */
static void until_shown(struct sitting *s, const char *text)
{
    char *found;
    while ((found = strstr(s->shown + s->read_n, text)) == NULL) {
        if (!look(s)) fail_msg("ended before it showed \"%s\", but: %s", text, s->shown);
    }
    s->read_n = (size_t)(found - s->shown) + strlen(text);
}

static void type(const struct sitting *s, const char *text)
{
    assert_int_equal(write(s->fd, text, strlen(text)), strlen(text));
}

/* Waits for the end; gives the exit code. */
static int end_of(struct sitting *s)
{
    int status;
    while (look(s)) {
    }
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    assert_int_equal(close(s->fd), 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void start_typing(struct sitting *s)
{
    char link[128];
    assert_true(snprintf(link, sizeof link, "%s/#%s", server.origin, server.permit) < (int)sizeof link);
    SIT_DOWN(s, "start", link);
    until_shown(s, "Your name, as the others will see it: ");
    type(s, "Ana\n");
    until_shown(s, "Passphrase: ");
    type(s, "abc\n");
    until_shown(s, "Three or four words\r\nthat don't belong together"); /* broken at a blank */
    until_shown(s, "Once more: ");
    type(s, "abd\n");
    until_shown(s, "These two are not the same.");
    until_shown(s, "Passphrase: ");
    type(s, "gull anvil seven potato\n");
    until_shown(s, "Good, as far as its length tells.");
    until_shown(s, "Once more: ");
    type(s, "gull anvil seven potato\n");
    until_shown(s, "Your account on ");
}

static int set_up(void **state)
{
    (void)state;
    server = (struct daemon){0};
    terminal_init(&ana, "Ana");
    return daemon_start(&server, &(struct daemon_options){.is_fast = true}) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    terminal_fini(&ana);
    return daemon_stop(&server) ? 0 : -1;
}

/* ---- one after the other ------------------------------------------------------------------------------ */

static void a_start_asks_for_name_and_passphrase_and_shows_no_passphrase(void **state)
{
    (void)state;
    struct sitting s;
    start_typing(&s);
    assert_int_equal(end_of(&s), 0);
    assert_null(strstr(s.shown, "gull"));
    assert_non_null(strstr(s.shown, "\033[1mT1-"));
    SIT_DOWN(&s, "account", "code"); /* the agent holds the key, and still it is asked */
    until_shown(&s, "Passphrase: ");
    type(&s, "gull anvil seven potato\n");
    assert_int_equal(end_of(&s), 0);
    assert_non_null(strstr(s.shown, "\033[38;5;231;48;5;16m\u2588")); /* the QR code */
}

static void a_wrong_passphrase_is_asked_again_and_the_right_one_is_remembered(void **state)
{
    (void)state;
    struct sitting s;
    start_typing(&s);
    assert_int_equal(end_of(&s), 0);
    assert_int_equal(TROTH_BARE(&ana, "lock"), 0);
    SIT_DOWN(&s, "status");
    until_shown(&s, "Passphrase: ");
    type(&s, "wrong\n");
    until_shown(&s, "That was not it. Passphrase: ");
    type(&s, "gull anvil seven potato\n");
    assert_int_equal(end_of(&s), 0);
    SIT_DOWN(&s, "status");
    assert_int_equal(end_of(&s), 0);
    assert_null(strstr(s.shown, "Passphrase"));
}

static void a_no_signs_nothing(void **state)
{
    (void)state;
    struct sitting s;
    start_typing(&s);
    assert_int_equal(end_of(&s), 0);
    assert_int_equal(TROTH_BARE(&ana, "circle", "new", "Ana alone"), 0);
    SIT_DOWN(&s, "circle", "leave");
    until_shown(&s, "Leave? (yes/no) ");
    type(&s, "maybe\n");
    until_shown(&s, "Type yes or no.");
    until_shown(&s, "Leave? (yes/no) ");
    type(&s, "NO\n");
    assert_int_equal(end_of(&s), 75);
    assert_non_null(strstr(s.shown, "Nothing was done."));
    assert_int_equal(TROTH_BARE(&ana, "circle", "show", "--json"), 0);
    assert_true(terminal_says(&ana, "\"is_member\":true"));
}

static void ctrl_c_at_the_passphrase_leaves_no_account_and_an_echo(void **state)
{
    (void)state;
    char link[128];
    struct sitting s;
    struct termios is;
    int status;
    assert_true(snprintf(link, sizeof link, "%s/#%s", server.origin, server.permit) < (int)sizeof link);
    SIT_DOWN(&s, "start", link, "--name", "Ana");
    until_shown(&s, "Passphrase: ");
    type(&s, "gull\003");
    assert_int_equal(waitpid(s.pid, &status, 0), s.pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(tcgetattr(s.fd, &is), 0);
    assert_true((is.c_lflag & ECHO) != 0);
    assert_int_equal(close(s.fd), 0);
    assert_int_equal(TROTH_BARE(&ana, "account", "show"), 0);
    assert_true(terminal_says(&ana, "There is no account here yet."));
    start_typing(&s); /* the permit is still good */
    assert_int_equal(end_of(&s), 0);
}

static void ctrl_c_ends_watching_and_that_is_no_failure(void **state)
{
    (void)state;
    struct sitting s;
    start_typing(&s);
    assert_int_equal(end_of(&s), 0);
    SIT_DOWN(&s, "watch");
    until_shown(&s, "What others write appears here.");
    type(&s, "\003");
    assert_int_equal(end_of(&s), 0);
}

static void without_colours_nothing_is_coloured(void **state)
{
    (void)state;
    struct sitting s;
    start_typing(&s);
    assert_int_equal(end_of(&s), 0);
    assert_int_equal(TROTH_BARE(&ana, "circle", "new", "Ana alone"), 0);
    SIT_DOWN(&s, "circle", "list");
    assert_int_equal(end_of(&s), 0);
    assert_non_null(strchr(s.shown, '\033'));
    SIT_DOWN(&s, "circle", "list", "--no-color");
    assert_int_equal(end_of(&s), 0);
    assert_null(strchr(s.shown, '\033'));
    sit_down_with(&s, (const char *const[]){"circle", "list", NULL}, colourless);
    assert_int_equal(end_of(&s), 0);
    assert_null(strchr(s.shown, '\033'));
    assert_non_null(strstr(s.shown, "Ana alone"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_start_asks_for_name_and_passphrase_and_shows_no_passphrase, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_passphrase_is_asked_again_and_the_right_one_is_remembered, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_no_signs_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ctrl_c_at_the_passphrase_leaves_no_account_and_an_echo, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ctrl_c_ends_watching_and_that_is_no_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_colours_nothing_is_coloured, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
