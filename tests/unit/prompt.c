/* prompt.c -- passphrases: their one form, where they come from, how strong they look, and that no terminal shows
 * them. */
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
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>
#include <errno.h>

#include "cli/prompt.h"
#include "harness/scratch.h"

static struct why why;

/* ---- one form ----------------------------------------------------------------------------------------- */

static bool becomes(const char *typed, const char *wanted)
{
    struct passphrase passphrase;
    assert_int_equal(passphrase_set(&passphrase, str_of_text(typed), &why), ERR_OK);
    return str_is(passphrase_str(&passphrase), str_of_text(wanted));
}

static void what_looks_the_same_is_the_same(void **state)
{
    (void)state;
    assert_true(becomes("caf\u00e9", "caf\u00e9"));
    assert_true(becomes("cafe\u0301", "caf\u00e9"));
    assert_true(becomes("\ufb01sh", "fish"));
    assert_true(becomes("\uff41\uff42", "ab"));
    assert_true(becomes(" two  blanks ", " two  blanks "));
}

static void what_is_no_passphrase_is_refused(void **state)
{
    (void)state;
    struct passphrase passphrase = {.len = 7};
    static char much[PASSPHRASE_BYTES + 2];
    memset(much, 'x', sizeof much - 1);
    assert_int_equal(passphrase_set(&passphrase, STR(""), &why), ERR_BAD_FIELD);
    assert_string_equal(why.text, "An empty passphrase opens nothing.");
    assert_int_equal(passphrase_set(&passphrase, STR("a\xff"), &why), ERR_BAD_FIELD);
    assert_int_equal(passphrase_set(&passphrase, str_of_text(much), &why), ERR_BAD_FIELD);
    assert_int_equal(passphrase.len, 7);
}

static void a_file_gives_its_first_line(void **state)
{
    (void)state;
    static const struct {
        const char *content, *passphrase; /* NULL: refused */
    } files[] = {{"horse staple\n", "horse staple"},
                 {"horse staple", "horse staple"},
                 {"one\ntwo\n", "one"},
                 {"one\r\n", "one"},
                 {"", NULL},
                 {"\nsecond\n", NULL}};
    char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES];
    scratch_folder(folder);
    scratch_path(path, folder, "passphrase");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct passphrase passphrase;
        FILE *to = fopen(path, "w");
        assert_non_null(to);
        assert_true(fputs(files[i].content, to) >= 0);
        assert_int_equal(fclose(to), 0);
        enum err e = prompt_passphrase_file(&passphrase, path, &why);
        assert_int_equal(e, files[i].passphrase == NULL ? ERR_BAD_FIELD : ERR_OK);
        if (e == ERR_OK) assert_true(str_is(passphrase_str(&passphrase), str_of_text(files[i].passphrase)));
    }
    struct passphrase passphrase;
    assert_int_equal(prompt_passphrase_file(&passphrase, "/nowhere/at/all", &why), ERR_NOT_FOUND);
    assert_int_equal(prompt_passphrase_file(&passphrase, folder, &why), ERR_NOT_FOUND);
}

static void strength_is_told_by_length_and_repetition(void **state)
{
    (void)state;
    static const char *const weak[] = {"a",        "password", "Password1", "123456789", "aaaaaaaaaaaaaaaaa",
                                       "abcdefgh", "qwerty123"};
    static const char *const strong[] = {"correct horse battery staple", "gull anvil seven potato", "x9#Lm2!vQz7&Kp4w"};
    for (size_t i = 0; i < sizeof weak / sizeof *weak; i++) {
        if (strncmp(strength_words(str_of_text(weak[i])), "Weak", 4) != 0) print_error("%s\n", weak[i]);
        assert_int_equal(strncmp(strength_words(str_of_text(weak[i])), "Weak", 4), 0);
    }
    for (size_t i = 0; i < sizeof strong / sizeof *strong; i++) {
        const char *words = strength_words(str_of_text(strong[i]));
        if (strncmp(words, "Weak", 4) == 0 || strncmp(words, "So", 2) == 0) print_error("%s\n", strong[i]);
        assert_true(strncmp(words, "Good", 4) == 0 || strncmp(words, "Strong", 6) == 0);
    }
}

/* ---- at a terminal --------------------------------------------------------------------------------------- */

/* A child with a terminal of its own, whose other end is ours. */
struct sitting {
    int fd;
    pid_t pid;
    char shown[4096];
    size_t shown_n, seen_n; /* seen_n: up to where it was waited for */
};

static void sit_down(struct sitting *s, int (*what)(void))
{
    *s = (struct sitting){.fd = posix_openpt(O_RDWR | O_NOCTTY)};
    if (s->fd < 0 && (errno == ENOENT || errno == ENODEV)) skip(); /* a system without pseudo-terminals */
    assert_true(s->fd >= 0 && grantpt(s->fd) == 0 && unlockpt(s->fd) == 0);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid != 0) return;
    char name[64];
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || setsid() < 0) _exit(99);
    if (ptsname_r(s->fd, name, sizeof name) != 0 || open(name, O_RDWR) < 0 || close(s->fd) != 0) _exit(99);
    _exit(what());
}

/* Waits until the terminal shows a text behind what was waited for before. */
static void until_shown(struct sitting *s, const char *text)
{
    char *found;
    while ((found = strstr(s->shown + s->seen_n, text)) == NULL) {
        struct pollfd on = {.fd = s->fd, .events = POLLIN};
        if (poll(&on, 1, 120000) != 1) fail_msg("never shown: %s", text);
        ssize_t n = read(s->fd, s->shown + s->shown_n, sizeof s->shown - 1 - s->shown_n);
        if (n <= 0) fail_msg("ended before it showed: %s", text);
        s->shown_n += (size_t)n;
    }
    s->seen_n = (size_t)(found - s->shown) + strlen(text);
}

static void type(struct sitting *s, const char *text)
{
    assert_int_equal(write(s->fd, text, strlen(text)), strlen(text));
}

static bool echoes(const struct sitting *s)
{
    struct termios is;
    assert_int_equal(tcgetattr(s->fd, &is), 0);
    return (is.c_lflag & ECHO) != 0;
}

static int end_of(struct sitting *s)
{
    int status;
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    assert_int_equal(close(s->fd), 0);
    return status;
}

static int ask_one(void)
{
    struct passphrase passphrase;
    struct why w;
    enum err e = prompt_passphrase(&passphrase, "Passphrase: ", false, &w);
    return e == ERR_OK && str_is(passphrase_str(&passphrase), STR("gull anvil")) ? 0 : e == ERR_STOPPING ? 2 : 1;
}

static int ask_new(void)
{
    struct passphrase passphrase;
    struct why w;
    return prompt_passphrase(&passphrase, "New: ", true, &w) == ERR_OK &&
                   str_is(passphrase_str(&passphrase), STR("gull anvil seven potato"))
               ? 0
               : 1;
}

static int ask_yes(void)
{
    bool is_yes = false;
    struct why w;
    return prompt_yes(&is_yes, "Sure?", &w) == ERR_OK && is_yes ? 0 : 1;
}

static void a_passphrase_is_not_echoed(void **state)
{
    (void)state;
    struct sitting s;
    sit_down(&s, ask_one);
    until_shown(&s, "Passphrase: ");
    assert_false(echoes(&s));
    type(&s, "gull anvil\n");
    until_shown(&s, "\n");
    assert_null(memmem(s.shown, s.shown_n, "gull", 4));
    assert_int_equal(end_of(&s), 0);
}

static void a_new_one_is_asked_twice_until_both_are_the_same(void **state)
{
    (void)state;
    struct sitting s;
    sit_down(&s, ask_new);
    until_shown(&s, "New: ");
    type(&s, "gull anvil seven potato\n");
    until_shown(&s, "Once more: ");
    type(&s, "gull anvil seven\n");
    until_shown(&s, "not the same");
    until_shown(&s, "New: ");
    type(&s, "gull anvil seven potato\n");
    until_shown(&s, "Once more: ");
    type(&s, "gull anvil seven potato\n");
    assert_int_equal(end_of(&s), 0);
}

static void the_terminal_is_as_it_was_after_ctrl_c(void **state)
{
    (void)state;
    struct sitting s;
    sit_down(&s, ask_one);
    until_shown(&s, "Passphrase: ");
    assert_false(echoes(&s));
    type(&s, "gu\003");
    int status;
    assert_int_equal(waitpid(s.pid, &status, 0), s.pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
    assert_true(echoes(&s));
    assert_int_equal(close(s.fd), 0);
}

static void after_a_pause_it_asks_again(void **state)
{
    (void)state;
    struct sitting s;
    int status;
    sit_down(&s, ask_one);
    until_shown(&s, "Passphrase: ");
    type(&s, "gul");
    assert_int_equal(kill(s.pid, SIGSTOP),
                     0); /* an orphaned group ignores SIGTSTP; what is handled is that it goes on */
    assert_int_equal(waitpid(s.pid, &status, WUNTRACED), s.pid);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(kill(s.pid, SIGCONT), 0);
    assert_int_equal(kill(s.pid, SIGTSTP), 0);
    until_shown(&s, "Passphrase: "); /* asked again from the start, and as silently */
    assert_false(echoes(&s));
    type(&s, "gull anvil\n");
    assert_int_equal(end_of(&s), 0);
}

static void an_end_of_input_is_no_passphrase(void **state)
{
    (void)state;
    struct sitting s;
    sit_down(&s, ask_one);
    until_shown(&s, "Passphrase: ");
    type(&s, "\004");
    int status = end_of(&s);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 2);
}

static void yes_is_only_yes(void **state)
{
    (void)state;
    struct sitting s;
    sit_down(&s, ask_yes);
    until_shown(&s, "Sure? (yes/no) ");
    type(&s, "perhaps\n");
    until_shown(&s, "Sure? (yes/no) ");
    type(&s, "yes\n");
    assert_int_equal(end_of(&s), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_looks_the_same_is_the_same),
        cmocka_unit_test(what_is_no_passphrase_is_refused),
        cmocka_unit_test(a_file_gives_its_first_line),
        cmocka_unit_test(strength_is_told_by_length_and_repetition),
        cmocka_unit_test(a_passphrase_is_not_echoed),
        cmocka_unit_test(a_new_one_is_asked_twice_until_both_are_the_same),
        cmocka_unit_test(the_terminal_is_as_it_was_after_ctrl_c),
        cmocka_unit_test(after_a_pause_it_asks_again),
        cmocka_unit_test(an_end_of_input_is_no_passphrase),
        cmocka_unit_test(yes_is_only_yes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
