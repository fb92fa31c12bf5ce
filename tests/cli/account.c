/* account.c -- one's name, passphrase and devices, and leaving a machine: what each types, and what each sees. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/terminal.h"

static struct daemon server;
static struct terminal ana, ben, laptop;
static const struct daemon_options fast = {.is_fast = true};
static char code_file[SCRATCH_PATH_BYTES];

static void write_line(char path[static SCRATCH_PATH_BYTES], const char *folder, const char *name, const char *line)
{
    scratch_path(path, folder, name);
    FILE *to = fopen(path, "w");
    assert_true(to != NULL && fputs(line, to) >= 0 && fclose(to) == 0);
}

static int set_up(void **state)
{
    char link[512], code[64];
    (void)state;
    server = (struct daemon){0};
    if (!daemon_start(&server, &fast)) return -1;
    terminal_init(&ana, "Ana");
    terminal_init(&ben, "Ben");
    terminal_init(&laptop, "Ana");
    assert_true(snprintf(link, sizeof link, "%s/#%s", server.origin, server.permit) < (int)sizeof link);
    assert_int_equal(TROTH(&ana, "start", link, "--name", "Ana", "--circle", "Ana and Ben", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "circle", "invite", "--json"), 0);
    const char *found = terminal_link(&ana);
    assert_true(found != NULL && snprintf(link, sizeof link, "%s", found) < (int)sizeof link);
    assert_int_equal(TROTH(&ben, "start", link, "--name", "Ben", "--yes"), 0);
    assert_int_equal(TROTH(&ana, "account", "code", "--json"), 0);
    found = strstr(ana.said, "T1-");
    assert_true(found != NULL && snprintf(code, sizeof code, "%.47s", found) == 47);
    write_line(code_file, laptop.folder, "code", code);
    assert_int_equal(TROTH(&laptop, "signin", server.origin, "--code-file", code_file), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    terminal_fini(&ana);
    terminal_fini(&ben);
    terminal_fini(&laptop);
    daemon_kill(&server);
    return 0;
}

/* Which number the other of two devices has. */
static const char *the_other(struct terminal *t)
{
    assert_int_equal(TROTH_BARE(t, "account", "devices", "--json"), 0);
    const char *first = strstr(t->said, "\"number\":1,"), *second = strstr(t->said, "\"number\":2,");
    const char *this = strstr(t->said, "\"is_this\":true");
    assert_true(first != NULL && second != NULL && this != NULL);
    assert_null(strstr(t->said, "\"number\":3,"));
    return this < second ? "2" : "1";
}

static void a_device_that_is_lost_is_signed_out_from_another(void **state)
{
    (void)state;
    assert_int_equal(TROTH_BARE(&ana, "account", "devices"), 0);
    assert_true(terminal_says(&ana, "  1  signed in today "));
    assert_true(terminal_says(&ana, "  2  signed in today "));
    assert_true(terminal_says(&ana, ", last used today "));
    assert_true(terminal_says(&ana, " \u00b7 this one\n"));
    const char *other = the_other(&ana);
    const char *mine = other[0] == '1' ? "2" : "1";
    assert_int_equal(TROTH_BARE(&ana, "account", "devices", "--end", "3", "--yes"), 69);
    assert_int_equal(TROTH_BARE(&ana, "account", "devices", "--end", mine, "--yes"), 65);
    assert_true(terminal_says(&ana, "To sign this one out: troth signout"));
    assert_int_equal(TROTH_BARE(&ana, "account", "devices", "--end", other), 77);
    assert_true(terminal_says(&ana, "There is no terminal to ask at."));
    assert_int_equal(TROTH_BARE(&laptop, "sync"), 0);
    assert_int_equal(TROTH_BARE(&ana, "account", "devices", "--end", other, "--yes"), 0);
    assert_true(terminal_says(&ana, "Signed out.\n"));
    assert_int_equal(TROTH_BARE(&laptop, "sync"), 77);
    assert_int_equal(TROTH_BARE(&laptop, "account", "devices"), 77);
    assert_true(terminal_says(&laptop, "troth sync"));
    assert_int_equal(TROTH_BARE(&ana, "account", "devices"), 0);
    assert_null(strstr(ana.said, "  2  "));
    assert_true(daemon_stop(&server));
    assert_int_equal(TROTH_BARE(&ana, "account", "devices"), 75);
    assert_true(terminal_says(&ana, "The server could not be reached, so nothing was done."));
}

static void a_passphrase_is_changed_and_the_others_have_to_sign_in(void **state)
{
    (void)state;
    char fresh[SCRATCH_PATH_BYTES], other[SCRATCH_PATH_BYTES];
    write_line(fresh, ana.folder, "fresh", "a lamp under the stairs");
    write_line(other, ana.folder, "other", "never was");
    assert_int_equal(TROTH_BARE(&ana, "account", "passphrase", "--passphrase-file", other), 77);
    assert_true(terminal_says(&ana, "This passphrase does not open your account. Nothing was changed."));
    assert_int_equal(TROTH(&ana, "account", "passphrase", "--new-file", ana.passphrase_file), 65);
    assert_true(terminal_says(&ana, "That is the passphrase that you have."));
    assert_int_equal(TROTH(&ana, "account", "passphrase"), 77); /* no terminal to ask the new one at */
    assert_int_equal(TROTH(&ana, "account", "passphrase", "--new-file", fresh), 0);
    assert_true(terminal_says(&ana, "all your other devices are signed out"));
    assert_true(terminal_says(&ana, "Changed. "));
    assert_int_equal(TROTH_BARE(&ana, "lock"), 0);
    assert_int_equal(TROTH(&ana, "status"), 77);
    assert_int_equal(TROTH_BARE(&ana, "status", "--passphrase-file", fresh), 0);
    assert_int_equal(TROTH_BARE(&laptop, "sync"), 77);
    assert_int_equal(TROTH(&laptop, "account", "passphrase", "--new-file", other), 77);
    assert_true(terminal_says(&laptop, "The passphrase was changed on another device. Nothing was changed now."));
    assert_int_equal(TROTH_BARE(&laptop, "sync", "--passphrase-file", fresh), 0);
    assert_int_equal(TROTH_BARE(&laptop, "lock"), 0);
    assert_int_equal(TROTH_BARE(&laptop, "status", "--passphrase-file", fresh), 0);
}

static void a_new_name_is_seen_in_every_circle(void **state)
{
    (void)state;
    assert_int_equal(TROTH_BARE(&ana, "circle", "new", "Alone"), 0);
    assert_int_equal(TROTH_BARE(&ana, "account", "name", "Ana Mar\u00eda", "--colour", "4", "--zone", "Asia/Tokyo"), 0);
    assert_string_equal(ana.said,
                        "You are Ana Mar\u00eda, colour 4, in the time zone Asia/Tokyo, in your 2 circles.\n");
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    assert_int_equal(TROTH_BARE(&ben, "circle", "show"), 0);
    assert_true(terminal_says(&ben, "\u25cf\u00a0Ana Mar\u00eda"));
    assert_true(terminal_says(&ben, "Asia/Tokyo"));
    assert_int_equal(TROTH_BARE(&ana, "account", "name", "--colour", "5", "--json"), 0);
    assert_non_null(
        strstr(ana.said, "{\"name\":\"Ana Mar\u00eda\",\"colour\":5,\"zone\":\"Asia/Tokyo\",\"circles\":[{"));
    assert_null(strstr(ana.said, "\"sent\":false"));
    assert_int_equal(TROTH_BARE(&ana, "account", "name", ""), 65);
    assert_int_equal(TROTH_BARE(&ana, "account", "name", "--colour", "13"), 65);
    assert_int_equal(TROTH_BARE(&ana, "account", "name", "--zone", "Nowhere/Land"), 65);
    assert_true(terminal_says(&ana, "\"Nowhere/Land\" is no time zone that this machine knows."));
    assert_true(daemon_stop(&server));
    assert_int_equal(TROTH_BARE(&ana, "account", "name", "Ana"), 0);
    assert_true(terminal_says(&ana, "the rest goes with the next sync."));
    assert_int_equal(TROTH_BARE(&ana, "account", "name"), 0);
    assert_string_equal(ana.said, "You are Ana, colour 5, in the time zone Asia/Tokyo.\n");
}

/* Whether any file of a home has these bytes in it. */
static bool home_has(const struct terminal *t, const char *text)
{
    char command[2 * SCRATCH_PATH_BYTES + 64];
    assert_true(snprintf(command, sizeof command, "grep -rqaF -e '%s' '%s'", text, t->home) < (int)sizeof command);
    return system(command) == 0;
}

static void signing_out_sends_what_waits_and_leaves_nothing_here(void **state)
{
    (void)state;
    assert_true(home_has(&laptop, server.origin));
    assert_true(daemon_stop(&server));
    assert_int_equal(TROTH_BARE(&laptop, "promise", "make", "cook", "--by", "in 5 days", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&laptop, "signout", "--yes"), 75);
    assert_true(terminal_says(&laptop, "1 entry of yours is kept here and not sent yet."));
    assert_true(terminal_says(&laptop, "troth signout --anyway"));
    assert_int_equal(TROTH_BARE(&laptop, "promise", "list"), 0);
    assert_true(terminal_says(&laptop, "cook"));
    assert_true(daemon_restart(&server, &fast));
    assert_int_equal(TROTH_BARE(&laptop, "signout"), 77); /* asks first */
    assert_int_equal(TROTH_BARE(&laptop, "signout", "--yes"), 0);
    assert_true(terminal_says(&laptop, "This signs out Ana here, and removes everything of the account on\n"));
    assert_true(terminal_says(&laptop, "Signed out. Nothing of the account is on this machine any more.\n"));
    assert_false(home_has(&laptop, server.origin));
    assert_int_equal(TROTH_BARE(&laptop, "status"), 77);
    assert_true(terminal_says(&laptop, "There is no account here yet."));
    assert_int_equal(TROTH_BARE(&ana, "account", "devices"), 0);
    assert_null(strstr(ana.said, "  2  "));
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    assert_true(terminal_says(&ben, "cook")); /* it was sent */
    assert_int_equal(TROTH(&laptop, "signin", server.origin, "--code-file", code_file), 0);
    assert_int_equal(TROTH_BARE(&laptop, "promise", "list"), 0);
    assert_true(terminal_says(&laptop, "cook"));
}

static void signing_out_without_a_server_loses_what_waits_only_when_told_to(void **state)
{
    (void)state;
    assert_true(daemon_stop(&server));
    assert_int_equal(TROTH_BARE(&laptop, "promise", "make", "cook", "--by", "in 5 days", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&laptop, "signout", "--anyway"), 77);
    assert_true(terminal_says(&laptop, "What is kept here and not sent is lost: 1."));
    assert_int_equal(TROTH_BARE(&laptop, "signout", "--anyway", "--yes"), 0);
    assert_true(terminal_says(&laptop, "The server could not be told, and still lists this device."));
    assert_false(home_has(&laptop, server.origin));
    assert_int_equal(TROTH_BARE(&ana, "signout", "--yes", "--json"), 0);
    assert_string_equal(ana.said, "{\"removed\":true,\"session_ended\":false}\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_device_that_is_lost_is_signed_out_from_another),
        TEST(a_passphrase_is_changed_and_the_others_have_to_sign_in),
        TEST(a_new_name_is_seen_in_every_circle),
        TEST(signing_out_sends_what_waits_and_leaves_nothing_here),
        TEST(signing_out_without_a_server_loses_what_waits_only_when_told_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
