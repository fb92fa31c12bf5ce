/* story.c -- two people, two homes, one server: what each types, and what each sees. */
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
static struct terminal ana, ben, cleo;

static bool copy_link(char link[static 512], struct terminal *t)
{
    const char *found = terminal_link(t);
    if (found == NULL) return false;
    assert_true(strlen(found) < 512);
    memcpy(link, found, strlen(found) + 1);
    return true;
}

static void start_by_permit(struct terminal *t)
{
    char link[128];
    assert_true(snprintf(link, sizeof link, "%s/#%s", server.origin, server.permit) < (int)sizeof link);
    assert_int_equal(TROTH(t, "start", link, "--name", t->name, "--yes"), 0);
    assert_true(terminal_says(t, "Your account on "));
    assert_true(terminal_says(t, "T1-"));
}

static void invite_and_join(struct terminal *from, struct terminal *to)
{
    char link[512];
    assert_int_equal(TROTH(from, "circle", "invite", "--json"), 0);
    assert_true(copy_link(link, from));
    assert_int_equal(TROTH(to, "start", link, "--name", to->name, "--yes"), 0);
    assert_true(terminal_says(to, "You are in \"Ana and Ben\"."));
}

static int set_up(void **state)
{
    (void)state;
    server = (struct daemon){0};
    if (!daemon_start(&server, &(struct daemon_options){.is_fast = true})) return -1;
    terminal_init(&ana, "Ana");
    terminal_init(&ben, "Ben");
    terminal_init(&cleo, "Cleo");
    start_by_permit(&ana);
    assert_int_equal(TROTH_BARE(&ana, "circle", "new", "Ana and Ben"), 0);
    invite_and_join(&ana, &ben);
    assert_int_equal(TROTH_BARE(&ana, "sync"), 0);
    assert_true(terminal_says(&ana, "\u25c6\u00a0Ben came in"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    terminal_fini(&ana);
    terminal_fini(&ben);
    terminal_fini(&cleo);
    return daemon_stop(&server) ? 0 : -1;
}

/* ---- one after the other ------------------------------------------------------------------------------ */

static void a_promise_is_made_done_and_kept(void **state)
{
    (void)state;
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "cook", "--by", "in 5 days", "--done-means",
                                "warm and on the table", "--yes"),
                     0);
    assert_true(terminal_says(&ana, "You promise \u25c6\u00a0Ben:\n  cook\n  When: "));
    assert_true(terminal_says(&ana, ", by the end of the day; that is in 5 days."));
    assert_true(terminal_says(&ana, "Signed and sent.\nIt is promise 1: troth promise show 1\n"));
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    assert_true(terminal_says(&ben, "\u25cf\u00a0Ana promised \u25c6\u00a0Ben: cook ("));
    assert_int_equal(TROTH_BARE(&ben, "promise", "list"), 0);
    assert_true(terminal_says(&ben, "Promised to you\n  1  \u25cf\u00a0Ana: cook\n"));
    assert_int_equal(TROTH_BARE(&ben, "promise", "show", "cook"), 0);
    assert_true(terminal_says(&ben, "Done means: warm and on the table"));
    assert_int_equal(TROTH_BARE(&ana, "promise", "done", "cook", "--words", "soup"), 0);
    assert_true(terminal_says(&ana, "You say: I did it.\n"));
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    assert_int_equal(TROTH_BARE(&ben, "status"), 0);
    assert_true(terminal_says(&ben, "\u2022 \u25cf\u00a0Ana says it is done: cook ("));
    assert_true(terminal_says(&ben, "\n    troth promise kept 1\n")); /* not due yet, so it can't be late */
    assert_int_equal(TROTH_BARE(&ben, "promise", "kept", "1"), 0);
    assert_int_equal(TROTH_BARE(&ben, "status"), 0);
    assert_true(terminal_says(&ben, "Nothing waits for you."));
    assert_int_equal(TROTH_BARE(&ana, "sync"), 0);
    assert_true(terminal_says(&ana, "\u25c6\u00a0Ben says it was kept: 1, cook"));
    assert_int_equal(TROTH_BARE(&ana, "promise", "list"), 0);
    assert_true(terminal_says(&ana, "kept, \u25c6\u00a0Ben says"));
    assert_int_equal(TROTH_BARE(&ana, "promise", "show", "1"), 0);
    assert_true(terminal_says(&ana, "said: done: \"soup\""));
}

static void what_the_laws_forbid_is_refused_with_their_sentence(void **state)
{
    (void)state;
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "call", "--by", "in 2 days", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "promise", "kept", "1"), 65);
    assert_true(terminal_says(&ana, "Only the one to whom it was promised can say this.\nNothing was signed. (P10)"));
    assert_int_equal(TROTH_BARE(&ana, "promise", "own-up", "1", "--yes"), 65);
    assert_true(terminal_says(&ana, "(P18)"));
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "a\033[31mb", "--yes"), 65);
    assert_true(terminal_says(&ana, "(F9)"));
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "x", "--by", "yesterday", "--yes"), 65);
    assert_true(terminal_says(&ana, " is past. "));
    assert_int_equal(TROTH_BARE(&ana, "promise", "kept", "7"), 69);
    assert_int_equal(TROTH_BARE(&ana, "promise", "accept", "1"), 65);
    assert_int_equal(TROTH_BARE(&ana, "promise", "list", "--json"), 0);
    assert_true(terminal_says(&ana, "\"number\":1"));
    assert_null(strstr(ana.said, "\"number\":2"));
}

static void a_change_is_asked_accepted_and_shown(void **state)
{
    (void)state;
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "call Mum", "--by", "every sunday 18:00 5 times", "--yes"), 0);
    assert_true(terminal_says(&ana, "every Sunday at 18:00; 5 times: first Sunday "));
    assert_int_equal(
        TROTH_BARE(&ana, "promise", "change", "1", "--by", "every monday 18:00 3 times", "--words", "full", "--yes"),
        0);
    assert_true(terminal_says(&ana, "You ask \u25c6\u00a0Ben to change promise 1, every time that is left:"));
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    assert_int_equal(TROTH_BARE(&ben, "--no-color"), 0);
    assert_true(terminal_says(&ben, "\u25cf\u00a0Ana asks to change: call Mum"));
    assert_int_equal(TROTH_BARE(&ben, "promise", "accept", "1"), 0);
    assert_true(terminal_says(&ben, "New time: every Monday at 18:00; 3 times"));
    assert_int_equal(TROTH_BARE(&ana, "sync"), 0);
    assert_int_equal(TROTH_BARE(&ana, "promise", "show", "1"), 0);
    assert_true(terminal_says(&ana, "changed, and both agreed"));
    assert_true(terminal_says(&ana, "When: every Monday at 18:00; 3 times"));
    assert_int_equal(TROTH_BARE(&ana, "promise", "end", "1", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "promise", "list"), 0);
    assert_true(terminal_says(&ana, "\u00b7 ended"));
}

static void one_time_that_is_moved_leaves_the_rest_as_it_repeats(void **state)
{
    (void)state;
    assert_int_equal(
        TROTH_BARE(&ana, "promise", "make", "bins", "--by", "every 9 days 18:00 from in 3 days 5 times", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "promise", "change", "1", "--by", "in 6 hours", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "promise", "show", "1", "--json"), 0);
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    assert_int_equal(TROTH_BARE(&ben, "promise", "show", "1"), 0);
    assert_true(terminal_says(&ben, "\u25cf\u00a0Ana asks to change this ("));
    assert_int_equal(TROTH_BARE(&ben, "promise", "accept", "1"), 0);
    assert_true(terminal_says(&ben, "  1  bins ("));
    assert_int_equal(TROTH_BARE(&ben, "promise", "list"), 0);
    assert_true(terminal_says(&ben, "     every 9 days at 18:00; next t")); /* today or tomorrow */
    assert_int_equal(TROTH_BARE(&ben, "promise", "show", "1"), 0);
    assert_true(terminal_says(&ben, "  When: every 9 days at 18:00; 5 times: first "));
    assert_true(terminal_says(&ben, "\u25c6\u00a0Ben accepted the change\n"));
    const char *moved = strstr(ben.said, "Its times\n  to"), *old = strstr(ben.said, "changed, and both agreed");
    assert_true(moved != NULL && old != NULL && moved < old); /* in the order in which they are due */
    assert_int_equal(TROTH_BARE(&ana, "sync"), 0);
    assert_int_equal(TROTH_BARE(&ana, "promise", "end", "1", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "promise", "list"), 0);
    assert_true(terminal_says(&ana, "     every 9 days at 18:00 \u00b7 ended\n"));
}

static void long_words_are_cut_in_lists_and_whole_in_show(void **state)
{
    (void)state;
    char words[3001];
    memset(words, 'x', 3000);
    for (size_t i = 10; i < 3000; i += 11) words[i] = i % 33 == 0 ? '\n' : ' ';
    memcpy(words + 2990, "the end", sizeof "the end");
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", words, "--by", "in 2 hours", "--yes"), 0);
    assert_true(terminal_says(&ana, "the end"));
    assert_int_equal(TROTH_BARE(&ana, "promise", "list"), 0);
    assert_true(terminal_says(&ana, "\u2026"));
    assert_false(terminal_says(&ana, "the end"));
    assert_int_equal(TROTH_BARE(&ana, "status"), 0);
    assert_false(terminal_says(&ana, "the end"));
    assert_int_equal(TROTH_BARE(&ana, "promise", "show", "1"), 0);
    assert_true(terminal_says(&ana, "the end"));
}

static void where_two_differ_it_stays_seen_differently(void **state)
{
    (void)state;
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "fix the bike", "--by", "open", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "promise", "done", "bike"), 0);
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    assert_int_equal(TROTH_BARE(&ben, "promise", "broken", "bike", "--words", "it still squeaks"), 77);
    assert_true(terminal_says(&ben, "There is no terminal to ask at."));
    assert_int_equal(TROTH_BARE(&ben, "promise", "broken", "bike", "--words", "it still squeaks", "--yes"), 0);
    assert_true(terminal_says(&ben, "It is signed, and can be shown to others."));
    assert_int_equal(TROTH_BARE(&ana, "sync"), 0);
    assert_true(terminal_says(&ana, "says it was not kept"));
    assert_int_equal(TROTH_BARE(&ana, "promise", "list"), 0);
    assert_true(terminal_says(&ana, "seen differently; it counts for neither"));
    assert_int_equal(TROTH_BARE(&ana, "promise", "release", "1", "--yes"), 65);
}

static void without_the_server_it_is_kept_here_and_sent_later(void **state)
{
    (void)state;
    assert_true(daemon_stop(&server));
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "water the plants", "--by", "tomorrow 18:00", "--yes"), 0);
    assert_true(terminal_says(&ana, "Kept here; it is sent with the next sync, when the server can be reached."));
    assert_int_equal(TROTH_BARE(&ana, "promise", "done", "1"), 0);
    assert_int_equal(TROTH_BARE(&ana, "status"), 0);
    assert_true(terminal_says(&ana, "2 entries of yours are kept here"));
    assert_int_equal(TROTH_BARE(&ana, "log"), 0);
    assert_true(terminal_says(&ana, "(kept here, not sent yet)"));
    assert_int_equal(TROTH_BARE(&ana, "sync"), 75);
    assert_true(terminal_says(&ana, "what you wrote is kept here"));
    assert_true(daemon_restart(&server, &(struct daemon_options){.is_fast = true}));
    assert_int_equal(TROTH_BARE(&ana, "sync"), 0);
    assert_true(terminal_says(&ana, "0 new, 2 sent."));
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    assert_true(terminal_says(&ben, "says it is done: 1, water the plants"));
}

static void three_need_everybodys_consent(void **state)
{
    (void)state;
    char link[512], of_two[TERMINAL_SAID_BYTES / 64];
    assert_int_equal(TROTH_BARE(&ana, "circle", "words"), 0);
    assert_true(strlen(ana.said) < sizeof of_two);
    memcpy(of_two, ana.said, strlen(ana.said) + 1);
    assert_int_equal(TROTH_BARE(&ana, "circle", "words"), 0); /* as they were kept */
    assert_string_equal(ana.said, of_two);
    assert_int_equal(TROTH_BARE(&ana, "circle", "invite", "--for", "2d"), 0);
    assert_true(terminal_says(&ana, "Everyone else in the circle has to consent before it opens"));
    assert_true(copy_link(link, &ana));
    assert_int_equal(TROTH(&cleo, "start", link, "--name", "Cleo", "--yes"), 75);
    assert_true(terminal_says(&cleo, "Not everyone in the circle has agreed"));
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    assert_int_equal(TROTH_BARE(&ben, "status"), 0);
    assert_true(terminal_says(&ben, "troth circle consent"));
    assert_int_equal(TROTH_BARE(&ben, "circle", "consent", "--yes"), 0);
    assert_true(terminal_says(&ben, "by an invitation of \u25cf\u00a0Ana."));
    assert_int_equal(TROTH(&cleo, "start", link, "--name", "Cleo", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "sync"), 0);
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "x", "--yes"), 65);
    assert_true(terminal_says(&ana, "Say to whom: --to NAME"));
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "sing", "--to", "cl", "--yes"), 0);
    assert_true(terminal_says(&ana, "You promise \u25b2\u00a0Cleo:"));
    char words[TERMINAL_SAID_BYTES / 64];
    assert_int_equal(TROTH_BARE(&ana, "circle", "words"), 0);
    assert_true(strlen(ana.said) < sizeof words);
    memcpy(words, ana.said, strlen(ana.said) + 1);
    assert_string_not_equal(words, of_two);
    assert_int_equal(TROTH_BARE(&cleo, "circle", "words"), 0); /* and what is new, because it asks first */
    assert_true(terminal_says(&cleo, "Ana promised \u25b2\u00a0Cleo: sing"));
    assert_int_equal(TROTH_BARE(&cleo, "circle", "words"), 0);
    assert_string_equal(cleo.said, words);
}

static void leaving_needs_nobody_and_keeps_ones_copy(void **state)
{
    (void)state;
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "cook", "--by", "in 5 days", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    assert_int_equal(TROTH_BARE(&ben, "circle", "leave", "--yes"), 0);
    assert_true(terminal_says(&ben, "needs nobody's consent"));
    assert_int_equal(TROTH_BARE(&ben, "promise", "list", "--all"), 0);
    assert_true(terminal_says(&ben, "cook"));
    assert_int_equal(TROTH_BARE(&ana, "sync"), 0);
    assert_true(terminal_says(&ana, "\u25c6\u00a0Ben left"));
    assert_int_equal(TROTH_BARE(&ana, "promise", "list"), 0);
    assert_true(terminal_says(&ana, "ended"));
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "x", "--yes"), 69);
    assert_true(terminal_says(&ana, "You are alone in this circle"));
}

static void a_second_device_sees_the_same(void **state)
{
    (void)state;
    static struct terminal laptop;
    char code_file[SCRATCH_PATH_BYTES], code[64];
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "cook", "--by", "in 5 days", "--yes"), 0);
    assert_int_equal(TROTH(&ana, "account", "code", "--json"), 0);
    const char *found = strstr(ana.said, "T1-");
    assert_non_null(found);
    assert_true(snprintf(code, sizeof code, "%.47s", found) == 47);
    terminal_init(&laptop, "Ana");
    scratch_path(code_file, laptop.folder, "code");
    FILE *to = fopen(code_file, "w");
    assert_true(to != NULL && fputs(code, to) >= 0 && fclose(to) == 0);
    assert_int_equal(TROTH(&laptop, "signin", server.origin, "--code-file", code_file), 0);
    assert_true(terminal_says(&laptop, "This device is signed in, Ana."));
    assert_int_equal(TROTH_BARE(&laptop, "promise", "list"), 0);
    assert_true(terminal_says(&laptop, "You promised\n  1  cook  to \u25c6\u00a0Ben"));
    assert_int_equal(TROTH_BARE(&laptop, "promise", "done", "1"), 0);
    assert_int_equal(TROTH_BARE(&ana, "sync"), 0);
    assert_true(terminal_says(&ana, "says it is done"));
    terminal_fini(&laptop);
}

static void the_passphrase_is_asked_again_once_it_is_locked(void **state)
{
    (void)state;
    assert_int_equal(TROTH_BARE(&ana, "status"), 0);
    assert_int_equal(TROTH_BARE(&ana, "lock"), 0);
    assert_int_equal(TROTH_BARE(&ana, "status"), 77);
    assert_true(terminal_says(&ana, "There is no terminal to ask for the passphrase."));
    assert_int_equal(TROTH(&ana, "status", "--no-agent"), 0);
    assert_int_equal(TROTH_BARE(&ana, "status"), 77);
    assert_int_equal(TROTH(&ana, "unlock", "--for", "1h"), 0);
    assert_true(terminal_says(&ana, "Unlocked until "));
    assert_int_equal(TROTH_BARE(&ana, "status"), 0);
    assert_int_equal(TROTH_BARE(&ana, "unlock", "--for", "1s"), 0);
    for (unsigned i = 0; i < 300 && TROTH_BARE(&ana, "status") == 0; i++) assert_int_equal(usleep(100 * 1000), 0);
    assert_int_equal(TROTH_BARE(&ana, "status"), 77);
    assert_int_equal(TROTH_BARE(&ana, "account", "code"), 77); /* and the code is never shown without it */
}

static void heads_are_compared(void **state)
{
    (void)state;
    char token[128];
    assert_int_equal(TROTH_BARE(&ana, "circle", "head"), 0);
    assert_true(snprintf(token, sizeof token, "%.*s", (int)strcspn(ana.said, "\n"), ana.said) < (int)sizeof token);
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    assert_int_equal(TROTH_BARE(&ben, "circle", "head", token), 0);
    assert_true(terminal_says(&ben, "You both see the same record."));
    assert_int_equal(TROTH_BARE(&ben, "circle", "head", "troth-head:nonsense"), 65);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_promise_is_made_done_and_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_laws_forbid_is_refused_with_their_sentence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_is_asked_accepted_and_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_time_that_is_moved_leaves_the_rest_as_it_repeats, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_words_are_cut_in_lists_and_whole_in_show, set_up, tear_down),
        cmocka_unit_test_setup_teardown(where_two_differ_it_stays_seen_differently, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_the_server_it_is_kept_here_and_sent_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(three_need_everybodys_consent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaving_needs_nobody_and_keeps_ones_copy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_device_sees_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_passphrase_is_asked_again_once_it_is_locked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(heads_are_compared, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
