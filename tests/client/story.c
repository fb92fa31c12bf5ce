/* story.c -- two homes, one real server: from a new account to a kept promise, and what else becomes of promises. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "client/clock.h"
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

static const struct promise *promise_of(const struct hand *hand, const uint8_t *id)
{
    const struct promise *promise = state_find_promise(hand->circle->state, id);
    assert_non_null(promise);
    return promise;
}

static enum promise_outcome outcome_of(const struct hand *hand, const uint8_t *id)
{
    return promise_outcome(promise_of(hand, id), 0, clock_wall_ms());
}

static void both_sync(void)
{
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    hearth_same(&ana, &ben);
}

static void each_sees_who_is_there_and_what_it_is_called(void **state)
{
    (void)state;
    const struct hand *hand[] = {&ana, &ben};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(hand[i]->circle->state->in_n, 2);
        assert_true(str_is(state_in(hand[i]->circle->state, 0)->profile.name, STR("Ana")));
        assert_true(str_is(state_in(hand[i]->circle->state, 1)->profile.name, STR("Ben")));
        assert_true(str_is(hand[i]->circle->state->facts.name, STR("The two of us")));
        assert_true(hand[i]->circle->is_member && !hand[i]->circle->is_locked_out);
        assert_true(hand[i]->account->has_journal);
    }
    hearth_same(&ana, &ben);
    uint16_t mine[PHRASE_WORDS], theirs[PHRASE_WORDS];
    hearth_ok(&ana, client_words(ana.circle, mine, &ana.why));
    hearth_ok(&ben, client_words(ben.circle, theirs, &ben.why));
    assert_memory_equal(mine, theirs, sizeof mine);
    hearth_ok(&ana, client_words(ana.circle, theirs, &ana.why)); /* as they were kept */
    assert_memory_equal(mine, theirs, sizeof mine);
}

static void a_promise_is_made_done_and_kept(void **state)
{
    (void)state;
    uint8_t id[ID_BYTES];
    assert_int_equal(hearth_promise(&ana, &ben, "I will call you when I'm late", 600 * 1000, id).fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ben).new_n, 1);
    assert_int_equal(outcome_of(&ben, id), PROMISE_NOT_DUE);
    assert_true(str_is(promise_of(&ben, id)->what, STR("I will call you when I'm late")));
    assert_int_equal(hearth_word(&ana, PROMISE_DONE, id, "").fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    assert_int_equal(outcome_of(&ben, id), PROMISE_WAITING);
    assert_int_equal(hearth_word(&ben, PROMISE_KEPT, id, "thank you").fate, CLIENT_SENT);
    both_sync();
    assert_int_equal(outcome_of(&ana, id), PROMISE_OUTCOME_KEPT);
    assert_int_equal(outcome_of(&ben, id), PROMISE_OUTCOME_KEPT);
}

static void an_act_that_the_laws_forbid_is_refused_before_it_is_sent(void **state)
{
    (void)state;
    uint8_t id[ID_BYTES];
    assert_int_equal(hearth_promise(&ana, &ben, "I will water the plants", 600 * 1000, id).fate, CLIENT_SENT);
    uint64_t before = ana.circle->chain->index.row_n;
    struct client_outcome outcome = hearth_word(&ana, PROMISE_KEPT, id, "");
    assert_int_equal(outcome.fate, CLIENT_REFUSED);
    assert_int_equal(outcome.law, LAW_NOT_RECEIVER);
    assert_int_equal(ana.circle->chain->index.row_n, before);
    assert_int_equal(ana.circle->pending_n, 0);
    assert_int_equal(hearth_sync(&ana).new_n, 0);
}

static void a_change_is_asked_and_accepted(void **state)
{
    (void)state;
    uint8_t id[ID_BYTES], memory[PROMISE_TEXT_BYTES];
    both_sync();
    assert_int_equal(hearth_promise(&ben, &ana, "I will cook on Friday", 600 * 1000, id).fate, CLIENT_SENT);
    struct promise_act ask = {.act = PROMISE_CHANGE_ASKED, .promise = id, .has_when = true, .words = STR("work")};
    ask.when = (struct promise_when){.kind = PROMISE_WHEN_MOMENT, .due_n = 1, .zone = STR("Europe/Madrid")};
    ask.when.due_ms[0] = clock_wall_ms() + 3600 * 1000;
    ask.when.date[0] = (uint32_t)(ask.when.due_ms[0] / (24 * 3600 * 1000));
    struct out text = OUT_OVER(memory);
    promise_act_put(&text, &ask);
    struct client_outcome asked = hearth_say(&ben, out_str(&text));
    assert_int_equal(asked.fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    struct promise_act yes = {.act = PROMISE_CHANGE_ACCEPTED, .promise = id, .ask = asked.id};
    text = OUT_OVER(memory);
    promise_act_put(&text, &yes);
    assert_int_equal(hearth_say(&ana, out_str(&text)).fate, CLIENT_SENT);
    both_sync();
    assert_int_equal(outcome_of(&ana, id), PROMISE_RENEGOTIATED);
    assert_int_equal(promise_of(&ben, id)->turn_n, 2);
}

static void where_they_differ_it_is_seen_differently(void **state)
{
    (void)state;
    uint8_t id[ID_BYTES];
    assert_int_equal(hearth_promise(&ana, &ben, "I will be there in a second", 300, id).fate, CLIENT_SENT);
    while (clock_wall_ms() <= promise_of(&ana, id)->turn[0].due_ms) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    }
    assert_int_equal(hearth_word(&ana, PROMISE_DONE, id, "").fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    assert_int_equal(hearth_word(&ben, PROMISE_NOT_KEPT, id, "I waited").fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    if (outcome_of(&ana, id) != PROMISE_SEEN_DIFFERENTLY) {
        assert_int_equal(hearth_word(&ana, PROMISE_DIFFERED, id, "I was there").fate, CLIENT_SENT);
    }
    both_sync();
    assert_int_equal(outcome_of(&ana, id), PROMISE_SEEN_DIFFERENTLY);
    assert_int_equal(outcome_of(&ben, id), PROMISE_SEEN_DIFFERENTLY);
}

static void what_is_erased_is_gone_and_its_outcome_stays(void **state)
{
    (void)state;
    uint8_t id[ID_BYTES];
    struct client_outcome outcome = hearth_promise(&ana, &ben, "something I do not want to read again", 600 * 1000, id);
    assert_int_equal(outcome.fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    assert_int_equal(hearth_word(&ben, PROMISE_KEPT, id, "").fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    uint64_t seq = outcome.seq;
    hearth_ok(&ana, client_erase(ana.circle, &seq, 1, &outcome, &ana.why));
    assert_int_equal(outcome.fate, CLIENT_SENT);
    both_sync();
    for (size_t i = 0; i < 2; i++) {
        struct hand *hand = i == 0 ? &ana : &ben;
        struct entry entry;
        enum opened_how how;
        (void)client_text(hand->circle, seq, &how);
        assert_int_equal(how, OPENED_RESIDUE);
        assert_true(promise_of(hand, id)->is_wordless);
        assert_int_equal(outcome_of(hand, id), PROMISE_OUTCOME_KEPT);
        hearth_ok(hand, client_entry(hand->circle, seq, &entry, &hand->why));
        assert_int_equal(entry.payload.len, 0);
        hearth_close(hand);
        hearth_open(hand); /* and still so when it is loaded */
        assert_true(promise_of(hand, id)->is_wordless);
        assert_int_equal(outcome_of(hand, id), PROMISE_OUTCOME_KEPT);
    }
}

static void what_is_written_without_a_server_waits_and_goes_later(void **state)
{
    (void)state;
    uint8_t id[ID_BYTES];
    both_sync();
    client_set_offline(ana.client, true);
    struct client_outcome outcome = hearth_promise(&ana, &ben, "I will write", 600 * 1000, id);
    assert_int_equal(outcome.fate, CLIENT_KEPT_HERE);
    assert_int_equal(outcome.err, ERR_OFFLINE);
    assert_int_equal(hearth_word(&ana, PROMISE_DONE, id, "").fate, CLIENT_KEPT_HERE); /* behind what waits */
    assert_int_equal(ana.circle->pending_n, 2);
    assert_int_equal(outcome_of(&ana, id), PROMISE_WAITING);
    hearth_close(&ana);
    hearth_open(&ana);
    assert_int_equal(ana.circle->pending_n, 2);
    assert_int_equal(outcome_of(&ana, id), PROMISE_WAITING);
    assert_int_equal(hearth_note(&ben, "meanwhile").fate, CLIENT_SENT);
    struct client_news news = hearth_sync(&ana);
    assert_int_equal(news.sent_n, 2);
    assert_int_equal(news.kept_n, 0);
    both_sync();
    assert_int_equal(outcome_of(&ben, id), PROMISE_WAITING);
    assert_int_equal(hearth_notes(&ana, "meanwhile", false), 1);
}

static void what_is_no_longer_allowed_goes_to_the_drafts(void **state)
{
    (void)state;
    uint8_t id[ID_BYTES];
    struct client_draft draft[4];
    size_t n;
    both_sync();
    assert_int_equal(hearth_promise(&ana, &ben, "I will sing", 600 * 1000, id).fate, CLIENT_SENT);
    both_sync();
    client_set_offline(ana.client, true);
    assert_int_equal(hearth_word(&ana, PROMISE_DONE, id, "").fate, CLIENT_KEPT_HERE);
    assert_int_equal(hearth_note(&ana, "and this goes").fate, CLIENT_KEPT_HERE);
    assert_int_equal(hearth_word(&ben, PROMISE_RELEASED, id, "no need").fate, CLIENT_SENT);
    client_set_offline(ana.client, false);
    struct client_news news = hearth_sync(&ana);
    assert_int_equal(news.back_n, 1);
    assert_int_equal(news.sent_n, 1);
    hearth_ok(&ana, client_drafts(ana.circle, draft, 4, &n, &ana.why));
    assert_int_equal(n, 1);
    assert_int_equal(draft[0].law, LAW_OVER);
    assert_true(draft[0].text.len > 0);
    hearth_ok(&ana, client_draft_drop(ana.circle, draft[0].id, &ana.why));
    assert_int_equal(ana.circle->draft_n, 0);
    both_sync();
    assert_int_equal(outcome_of(&ana, id), PROMISE_OUTCOME_RELEASED);
}

static void what_waits_may_be_taken_back(void **state)
{
    (void)state;
    struct client_waiting waiting[4];
    size_t n;
    both_sync();
    client_set_offline(ana.client, true);
    struct client_outcome first = hearth_note(&ana, "in anger"), second = hearth_note(&ana, "and calmly");
    assert_int_equal(second.fate, CLIENT_KEPT_HERE);
    hearth_ok(&ana, client_waiting(ana.circle, waiting, 4, &n, &ana.why));
    assert_int_equal(n, 2);
    assert_true(waiting[0].may_unsend);
    hearth_ok(&ana, client_unsend(ana.circle, first.id, &ana.why));
    assert_int_equal(hearth_notes(&ana, "in anger", true), 0);
    assert_int_equal(hearth_notes(&ana, "and calmly", true), 1);
    client_set_offline(ana.client, false);
    both_sync();
    assert_int_equal(hearth_notes(&ben, "in anger", false), 0);
    assert_int_equal(hearth_notes(&ben, "and calmly", false), 1);
}

static void a_circle_may_begin_without_a_server(void **state)
{
    (void)state;
    uint8_t memory[256], note[64];
    struct out text = OUT_OVER(memory);
    struct facts facts = {.name = STR("The garden"), .kind = FACTS_FRIENDS};
    struct client_circle *garden;
    struct client_outcome outcome;
    struct client_news news;
    facts_put(&text, &facts);
    client_set_offline(ana.client, true);
    hearth_ok(&ana, client_circle_new(ana.account, out_str(&text), &garden, &ana.why));
    hearth_ok(&ana, client_act(garden, hearth_text(note, sizeof note, "tulips"), &outcome, &ana.why));
    assert_int_equal(outcome.fate, CLIENT_KEPT_HERE);
    uint8_t id[HASH_BYTES];
    memcpy(id, garden->id, sizeof id);
    hearth_close(&ana);
    hearth_open(&ana);
    client_set_offline(ana.client, true);
    hearth_ok(&ana, client_circle_open(ana.account, id, &garden, &ana.why));
    assert_int_equal(garden->chain->index.row_n, 3);
    assert_int_equal(state_row_n(garden->state), 4);
    assert_true(garden->is_member);
    assert_true(str_is(garden->state->facts.name, STR("The garden")));
    assert_true(str_is(state_in(garden->state, 0)->profile.name, STR("Ana")));
    client_set_offline(ana.client, false);
    hearth_ok(&ana, client_sync_circle(garden, &news, &ana.why));
    assert_int_equal(news.err, ERR_OK);
    assert_int_equal(news.kept_n, 0);
    assert_int_equal(garden->chain->index.row_n, 4);
    hearth_ok(&ana, client_leave(garden, &outcome, &ana.why));
    assert_int_equal(outcome.fate, CLIENT_SENT); /* who was alone closes it */
    hearth_ok(&ana, client_sync_circle(garden, &news, &ana.why));
    assert_int_equal(news.err, ERR_OK);
}

static void who_leaves_keeps_a_copy_and_the_key_changes(void **state)
{
    (void)state;
    struct client_outcome outcome;
    both_sync();
    uint64_t epoch = ana.circle->chain->circle.epoch;
    hearth_ok(&ben, client_leave(ben.circle, &outcome, &ben.why));
    assert_int_equal(outcome.fate, CLIENT_SENT);
    assert_false(ben.circle->is_member);
    assert_int_equal(hearth_note(&ana, "to myself now").fate, CLIENT_SENT); /* behind a rotate */
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    assert_int_equal(ana.circle->chain->circle.epoch, epoch + 1);
    assert_false(ana.circle->chain->circle.must_rotate);
    assert_int_equal(ana.circle->state->in_n, 1);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    assert_int_equal(hearth_notes(&ben, "to myself now", false), 0);
    assert_int_equal(hearth_notes(&ben, "meanwhile", false), 1);
    struct why why;
    uint8_t memory[256];
    assert_int_equal(client_act(ben.circle, hearth_text(memory, sizeof memory, "one more word"), &outcome, &why),
                     ERR_NOT_MEMBER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sees_who_is_there_and_what_it_is_called),
        cmocka_unit_test(a_promise_is_made_done_and_kept),
        cmocka_unit_test(an_act_that_the_laws_forbid_is_refused_before_it_is_sent),
        cmocka_unit_test(a_change_is_asked_and_accepted),
        cmocka_unit_test(where_they_differ_it_is_seen_differently),
        cmocka_unit_test(what_is_erased_is_gone_and_its_outcome_stays),
        cmocka_unit_test(what_is_written_without_a_server_waits_and_goes_later),
        cmocka_unit_test(what_is_no_longer_allowed_goes_to_the_drafts),
        cmocka_unit_test(what_waits_may_be_taken_back),
        cmocka_unit_test(a_circle_may_begin_without_a_server),
        cmocka_unit_test(who_leaves_keeps_a_copy_and_the_key_changes),
    };
    return cmocka_run_group_tests(tests, two_in_a_circle, put_away);
}
