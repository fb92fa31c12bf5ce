/* taken.c -- what is taken back: words before they are sent and after, and invitations. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/terminal.h"

static struct daemon server;
static struct terminal ana, ben, cleo;
static const struct daemon_options fast = {.is_fast = true};

static void copy_link(char link[static 512], struct terminal *t)
{
    const char *found = terminal_link(t);
    assert_true(found != NULL && snprintf(link, 512, "%s", found) < 512);
}

static int set_up(void **state)
{
    char link[512];
    (void)state;
    server = (struct daemon){0};
    if (!daemon_start(&server, &fast)) return -1;
    terminal_init(&ana, "Ana");
    terminal_init(&ben, "Ben");
    terminal_init(&cleo, "Cleo");
    assert_true(snprintf(link, sizeof link, "%s/#%s", server.origin, server.permit) < (int)sizeof link);
    assert_int_equal(TROTH(&ana, "start", link, "--name", "Ana", "--circle", "Ana and Ben", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "circle", "invite", "--json"), 0);
    copy_link(link, &ana);
    assert_int_equal(TROTH(&ben, "start", link, "--name", "Ben", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "sync"), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    terminal_fini(&ana);
    terminal_fini(&ben);
    terminal_fini(&cleo);
    daemon_kill(&server);
    return 0;
}

static void what_waits_here_can_be_unsaid(void **state)
{
    (void)state;
    assert_int_equal(TROTH_BARE(&ana, "unsay"), 0);
    assert_string_equal(ana.said, "Nothing waits here to be sent.\n");
    assert_int_equal(TROTH_BARE(&ana, "unsay", "1"), 69);
    assert_true(daemon_stop(&server));
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "cook", "--by", "in 5 days", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "sing", "--by", "in 5 days", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "status"), 0);
    assert_true(terminal_says(&ana, "    troth sync   or: troth unsay\n"));
    assert_int_equal(TROTH_BARE(&ana, "unsay"), 0);
    assert_true(terminal_says(&ana, "  1  today "));
    assert_true(terminal_says(&ana, "\u25cf\u00a0Ana promised \u25c6\u00a0Ben: cook"));
    assert_true(terminal_says(&ana, "\n  2  today "));
    assert_int_equal(TROTH_BARE(&ana, "unsay", "--json"), 0);
    assert_true(terminal_says(&ana, "{\"waiting\":[{\"number\":1,"));
    assert_int_equal(TROTH_BARE(&ana, "unsay", "3"), 69);
    assert_int_equal(TROTH_BARE(&ana, "unsay", "1"), 0);
    assert_string_equal(ana.said, "Unsaid. It never left this machine.\n");
    assert_int_equal(TROTH_BARE(&ana, "unsay"), 0);
    assert_null(strstr(ana.said, "cook"));
    assert_true(daemon_restart(&server, &fast));
    assert_int_equal(TROTH_BARE(&ana, "sync"), 0);
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    assert_true(terminal_says(&ben, "sing"));
    assert_int_equal(TROTH_BARE(&ben, "log", "--all"), 0);
    assert_null(strstr(ben.said, "cook"));
}

/* The number of the last entry that the last log --numbers showed with these words. */
static void number_of(char number[static 16], const struct terminal *t, const char *words)
{
    const char *at = strstr(t->said, words);
    assert_non_null(at);
    while (at > t->said && at[-1] != '\n') at--;
    at += strspn(at, " ");
    size_t n = strspn(at, "0123456789");
    assert_true(n > 0 && n < 16);
    memcpy(number, at, n);
    number[n] = 0;
}

static void words_of_ones_own_are_erased_for_everybody(void **state)
{
    (void)state;
    char number[16];
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "sing", "--by", "in 5 days", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "promise", "done", "1", "--words", "out of tune"), 0);
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    assert_int_equal(TROTH_BARE(&ben, "promise", "kept", "1"), 0);
    assert_int_equal(TROTH_BARE(&ben, "log", "--numbers"), 0);
    number_of(number, &ben, "\u25cf\u00a0Ana says it is done");
    assert_int_equal(TROTH_BARE(&ben, "erase", number, "--yes"), 65);
    assert_true(terminal_says(&ben, "Only one's own words can be erased, and this is not yours."));
    assert_int_equal(TROTH_BARE(&ana, "erase", "0", "--yes"), 65);
    assert_true(terminal_says(&ana, "There are no words in this entry"));
    assert_int_equal(TROTH_BARE(&ana, "erase", "99", "--yes"), 69);
    assert_int_equal(TROTH_BARE(&ana, "erase", "x", "--yes"), 69);
    assert_int_equal(TROTH_BARE(&ana, "erase", number), 77);
    assert_true(terminal_says(&ana, "\"out of tune\""));
    assert_true(terminal_says(&ana, "These words go for everybody who works with Troth;"));
    assert_int_equal(TROTH_BARE(&ana, "erase", number, "--yes"), 0);
    assert_true(terminal_says(&ana, "Signed and sent.\n"));
    assert_int_equal(TROTH_BARE(&ana, "erase", number, "--yes"), 65);
    assert_true(terminal_says(&ana, "Its words are erased already."));
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    assert_int_equal(TROTH_BARE(&ben, "log", "--all"), 0);
    assert_null(strstr(ben.said, "out of tune"));
    assert_int_equal(TROTH_BARE(&ben, "promise", "show", "1"), 0);
    assert_null(strstr(ben.said, "out of tune"));
    assert_int_equal(TROTH_BARE(&ben, "promise", "list"), 0);
    assert_true(terminal_says(&ben, "kept, you say"));
    assert_true(daemon_stop(&server));
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "dance", "--by", "in 5 days", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "log", "--numbers"), 0);
    assert_true(terminal_says(&ana, "\n   -  today "));
}

static void an_invitation_is_shown_again_and_taken_back(void **state)
{
    (void)state;
    char link[512], again[512];
    assert_int_equal(TROTH_BARE(&ana, "circle", "new", "With Cleo"), 0);
    assert_int_equal(TROTH_BARE(&ana, "circle", "invite", "With Cleo", "--again"), 69);
    assert_int_equal(TROTH_BARE(&ana, "circle", "take-back", "With Cleo"), 69);
    assert_true(terminal_says(&ana, "No invitation to this circle is open."));
    assert_int_equal(TROTH_BARE(&ana, "circle", "invite", "With Cleo"), 0);
    copy_link(link, &ana);
    assert_int_equal(TROTH_BARE(&ana, "circle", "invite", "With Cleo", "--again", "--for", "2d"), 65);
    assert_int_equal(TROTH_BARE(&ana, "circle", "invite", "With Cleo", "--again"), 0);
    copy_link(again, &ana);
    assert_string_equal(again, link);
    assert_int_equal(TROTH_BARE(&ana, "circle", "invite", "With Cleo", "--again", "--json"), 0);
    assert_true(terminal_says(&ana, ",\"consents\":1,\"needed\":1}]}\n"));
    assert_int_equal(TROTH_BARE(&ana, "circle", "take-back", "With Cleo"), 0);
    assert_string_equal(ana.said, "1 invitation is taken back: its link opens nothing any more.\n");
    assert_int_equal(TROTH_BARE(&ana, "circle", "invite", "With Cleo", "--again"), 69);
    assert_int_equal(TROTH(&cleo, "start", link, "--name", "Cleo", "--yes"), 69);
    assert_int_equal(TROTH_BARE(&ana, "circle", "invite", "With Cleo", "--json"), 0);
    copy_link(link, &ana);
    assert_true(daemon_stop(&server));
    assert_int_equal(TROTH_BARE(&ana, "circle", "take-back", "With Cleo"), 0);
    assert_true(terminal_says(&ana, "Until the server hears of it, the links still open.\n"));
    assert_true(daemon_restart(&server, &fast));
    assert_int_equal(TROTH_BARE(&ana, "sync"), 0);
    assert_int_equal(TROTH(&cleo, "start", link, "--name", "Cleo", "--yes"), 69);
    assert_int_equal(TROTH_BARE(&ana, "circle", "take-back", "With Cleo"), 69);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_waits_here_can_be_unsaid),
        TEST(words_of_ones_own_are_erased_for_everybody),
        TEST(an_invitation_is_shown_again_and_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
