/* client_alloc.c -- the 1st, 2nd, 3rd allocation of what a member does fails, until none is left to fail: an error or
 * a word that is kept, no crash, and with memory again everything is in the record exactly once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/clock.h"
#include "harness/fault_alloc.h"
#include "harness/hearth.h"

static struct hearth hearth;
static struct hand ana, ben;

static int two_in_a_circle(void **state)
{
    (void)state;
    hearth_start(&hearth);
    hearth_account(&hearth, &ana, "Ana");
    hearth_circle(&ana, "The two of us");
    hearth_bring(&ana, &ben, "Ben");
    return 0;
}

static int put_away(void **state)
{
    (void)state;
    hearth_close(&ana);
    hearth_close(&ben);
    hearth_stop(&hearth);
    return 0;
}

/* There is memory again: the circle is there, and nothing waits or was given back. */
static void is_well(struct hand *hand)
{
    struct client_news news = {0};
    hearth_ok(hand, client_circle_open(hand->account, hand->id, &hand->circle, &hand->why));
    hearth_ok(hand, client_sync_circle(hand->circle, &news, &hand->why));
    assert_int_equal(news.err, ERR_OK);
    assert_int_equal(hand->circle->pending_n + hand->circle->draft_n + hand->circle->alarm_n, 0);
}

static void is_allowed(enum err e)
{
    if (e != ERR_OK && e != ERR_NO_MEMORY) fail_msg("neither done nor without memory: %s", err_code(e));
}

static void a_word_is_said_once_whatever_memory_there_was(void **state)
{
    (void)state;
    bool has_failed = true;
    for (size_t at = 1; has_failed; at++) {
        char words[32];
        uint8_t memory[128], id[ID_BYTES];
        struct client_outcome outcome = {.fate = CLIENT_REFUSED};
        (void)snprintf(words, sizeof words, "word %zu", at);
        struct str text = hearth_text(memory, sizeof memory, words);
        random_fill(id, sizeof id);
        fault_alloc_arm(at, FAULT_ONE);
        enum err e = client_act_with_id(ana.circle, id, text, &outcome, &ana.why);
        has_failed = fault_alloc_has_failed();
        fault_alloc_disarm();
        is_allowed(e);
        assert_true(e != ERR_OK || outcome.fate == CLIENT_SENT || outcome.err == ERR_NO_MEMORY);
        is_well(&ana);
        bool is_said = hearth_notes(&ana, words, false) > 0;
        assert_true(is_said || e != ERR_OK); /* what was told as kept is there */
        if (!is_said) hearth_ok(&ana, client_act_with_id(ana.circle, id, text, &outcome, &ana.why));
        assert_int_equal(hearth_notes(&ana, words, true), 1);
    }
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    hearth_same(&ana, &ben);
}

static void an_erasure_happens_once_whatever_memory_there_was(void **state)
{
    (void)state;
    bool has_failed = true;
    for (size_t at = 1; has_failed; at++) {
        struct client_outcome outcome = hearth_note(&ana, "too much");
        uint64_t seq = outcome.seq;
        assert_int_equal(outcome.fate, CLIENT_SENT);
        fault_alloc_arm(at, FAULT_ONE);
        enum err e = client_erase(ana.circle, &seq, 1, &outcome, &ana.why);
        has_failed = fault_alloc_has_failed();
        fault_alloc_disarm();
        is_allowed(e);
        is_well(&ana);
        bool is_erased = index_row(&ana.circle->chain->index, seq)->is_erased;
        assert_true(is_erased || e != ERR_OK);
        if (!is_erased) hearth_ok(&ana, client_erase(ana.circle, &seq, 1, &outcome, &ana.why));
        assert_true(index_row(&ana.circle->chain->index, seq)->is_erased);
        assert_int_equal(hearth_notes(&ana, "too much", true), 0);
    }
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    hearth_same(&ana, &ben);
}

static void reading_goes_on_where_it_had_no_memory(void **state)
{
    (void)state;
    bool has_failed = true;
    for (size_t at = 1; has_failed; at += 1 + at / 16) { /* each word that is read takes some, too */
        struct client_news news = {0};
        assert_int_equal(hearth_note(&ana, "for Ben").fate, CLIENT_SENT);
        fault_alloc_arm(at, FAULT_ONE);
        client_circle_close(ben.circle);
        enum err e = client_circle_open(ben.account, ben.id, &ben.circle, &ben.why);
        if (e == ERR_OK) e = client_sync_circle(ben.circle, &news, &ben.why);
        has_failed = fault_alloc_has_failed();
        fault_alloc_disarm();
        is_allowed(e);
        assert_true(news.err == ERR_OK || news.err == ERR_NO_MEMORY);
        is_well(&ben);
        hearth_same(&ana, &ben);
    }
}

static void an_account_opens_with_memory_again(void **state)
{
    (void)state;
    bool has_failed = true;
    hearth_close(&ben);
    size_t live = fault_alloc_live();
    for (size_t at = 1; has_failed; at++) {
        struct client_options options = {.folder = ben.folder, .wait_ms = 5000, .is_offline = true};
        struct client *client = NULL;
        struct client_circle *circle;
        struct why why;
        fault_alloc_arm(at, FAULT_ONE);
        enum err e = client_open(&options, &client, &why);
        if (e == ERR_OK) e = client_unlock_seed(client_account_at(client, 0), ben.seed, &why);
        if (e == ERR_OK) e = client_circle_open(client_account_at(client, 0), ben.id, &circle, &why);
        has_failed = fault_alloc_has_failed();
        fault_alloc_disarm();
        is_allowed(e);
        client_close(client);
        assert_int_equal(fault_alloc_live(), live);
    }
    hearth_open(&ben);
    is_well(&ben);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, two_in_a_circle, put_away)
    const struct CMUnitTest tests[] = {
        TEST(a_word_is_said_once_whatever_memory_there_was),
        TEST(an_erasure_happens_once_whatever_memory_there_was),
        TEST(reading_goes_on_where_it_had_no_memory),
        TEST(an_account_opens_with_memory_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
