/* crash.c -- a device that dies at every point: before and after each thing it writes down, and before and after
 * each thing it sends. Whatever was written by then ends up in the record exactly once.
 *
 * The device is a child process. Its n-th point ends it at once, as a kill does; then the person takes it up
 * again and does what is still to be done. n grows until a run comes through without dying. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/home_alarm.h"
#include "client/home_note.h"
#include "client/home_outbox.h"
#include "client/remote.h"
#include "harness/hearth.h"
#include "harness/random.h"

enum { DIED = 77, POINTS_MOST = 2000, RUNS_MOST = 8 };

/* ---- points ---------------------------------------------------------------------------------- */

static unsigned countdown; /* 0: nobody dies */

static void point(void)
{
    if (countdown > 0 && --countdown == 0) _exit(DIED);
}

/* Each of these is a point before and a point behind. */
#define WRAPPED(name, parameters, arguments) \
    enum err __real_##name parameters;       \
    enum err __wrap_##name parameters;       \
    enum err __wrap_##name parameters        \
    {                                        \
        point();                             \
        enum err e = __real_##name arguments; \
        point();                             \
        return e;                            \
    }

WRAPPED(home_commit, (struct home *home), (home))
WRAPPED(home_item_add, (struct home *home, uint64_t circle, const struct home_item *item), (home, circle, item))
WRAPPED(home_item_set, (struct home *home, uint64_t circle, const struct home_item *item), (home, circle, item))
WRAPPED(home_item_remove, (struct home *home, uint64_t circle, const uint8_t *id), (home, circle, id))
WRAPPED(home_entries_add,
        (struct home *home, uint64_t circle, const struct home_entry *entry, size_t n, const struct home_pin *pin),
        (home, circle, entry, n, pin))
WRAPPED(home_epoch_put, (struct home *home, uint64_t circle, uint64_t epoch, const uint8_t *key),
        (home, circle, epoch, key))
WRAPPED(home_entry_set_payload, (struct home *home, uint64_t circle, uint64_t seq, struct str payload),
        (home, circle, seq, payload))
WRAPPED(home_note_put, (struct home *home, uint64_t account, uint64_t circle, struct str name, struct str value),
        (home, account, circle, name, value))
WRAPPED(home_setting_put, (struct home *home, struct str name, struct str value), (home, name, value))
WRAPPED(home_draft_put, (struct home *home, uint64_t circle, const struct home_draft *draft), (home, circle, draft))
WRAPPED(home_circle_add, (struct home *home, uint64_t account, const uint8_t *id, uint64_t *number),
        (home, account, id, number))
WRAPPED(home_circle_set_about, (struct home *home, uint64_t number, const struct home_circle_about *about),
        (home, number, about))
WRAPPED(home_account_add,
        (struct home *home, const struct home_account *account, const uint8_t *key, uint64_t *number),
        (home, account, key, number))
WRAPPED(home_session_set, (struct home *home, uint64_t number, const struct home_session *session),
        (home, number, session))
WRAPPED(remote_append,
        (struct remote *remote, const uint8_t *circle, struct str entries, bool is_repair, struct remote_head *head,
         bool *was_there),
        (remote, circle, entries, is_repair, head, was_there))
WRAPPED(remote_new_circle, (struct remote *remote, struct str entries, struct remote_head *head, bool *was_there),
        (remote, entries, head, was_there))
WRAPPED(remote_register,
        (struct remote *remote, const struct secret_identity *me, const struct account_cred *cred,
         const struct remote_leave *leave, bool *was_there),
        (remote, me, cred, leave, was_there))
WRAPPED(remote_login, (struct remote *remote, const struct secret_access *access, struct remote_login *login),
        (remote, access, login))

/* ---- a device in a child process ------------------------------------------------------------- */

typedef void deed(struct hand *hand, void *of);

/* Takes the device up, does it, and puts it away. Whether it came through. */
static bool lives(struct hand *hand, deed *does, void *of, unsigned dies_at)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        countdown = dies_at;
        does(hand, of);
        countdown = 0;
        hearth_close(hand);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != DIED)) {
        fail_msg("at point %u it ended with %#x", dies_at, (unsigned)status);
    }
    return WEXITSTATUS(status) == 0;
}

/* Dies at the n-th point of every run but the last, RUNS_MOST times at most; then nobody dies. Whether it died. */
static bool does_in_the_end(struct hand *hand, deed *does, void *of, unsigned n)
{
    bool has_died = false;
    for (unsigned run = 0; run < RUNS_MOST; run++) {
        if (lives(hand, does, of, n)) return has_died;
        has_died = true;
        if (run == 1) n += 7; /* a device that dies at one and the same point for ever gets nowhere */
    }
    assert_true(lives(hand, does, of, 0));
    return has_died;
}

/* ---- what is said ---------------------------------------------------------------------------- */

static struct hearth hearth;
static struct hand ana, ben;

static int two_in_a_circle(void **state)
{
    (void)state;
    hearth_start(&hearth);
    hearth_account(&hearth, &ana, "Ana");
    hearth_circle(&ana, "The two of us");
    hearth_bring(&ana, &ben, "Ben");
    hearth_close(&ana);
    return 0;
}

static int put_away(void **state)
{
    (void)state;
    hearth_close(&ben);
    hearth_stop(&hearth);
    return 0;
}

enum { SAYINGS = 4, SAID_BYTES = 32 };

static void words_of(char words[static SAID_BYTES], unsigned n, unsigned i)
{
    (void)snprintf(words, SAID_BYTES, "at point %u, word %u", n, i);
}

/* Says what is not said yet: half of it while the server is away, the rest with it. */
static void say_the_rest(struct hand *hand, void *of)
{
    const unsigned *n = of;
    hearth_open(hand);
    for (unsigned i = 0; i < SAYINGS; i++) {
        char words[SAID_BYTES];
        words_of(words, *n, i);
        if (i == 0) client_set_offline(hand->client, true);
        if (i == SAYINGS / 2) client_set_offline(hand->client, false);
        if (hearth_notes(hand, words, true) == 0) (void)hearth_note(hand, words);
    }
    assert_int_equal(hearth_sync(hand).err, ERR_OK);
    assert_int_equal(hand->circle->pending_n, 0);
}

static void every_word_is_in_the_record_exactly_once(void **state)
{
    (void)state;
    unsigned n = 0;
    bool has_died = true;
    while (has_died) {
        assert_true(++n < POINTS_MOST);
        assert_int_equal(hearth_note(&ben, "and somebody else writes, too").fate, CLIENT_SENT);
        has_died = does_in_the_end(&ana, say_the_rest, &n, n);
        assert_int_equal(hearth_sync(&ben).err, ERR_OK);
        for (unsigned i = 0; i < SAYINGS; i++) {
            char words[SAID_BYTES];
            words_of(words, n, i);
            size_t times = hearth_notes(&ben, words, false);
            if (times != 1) fail_msg("%s: %zu times", words, times);
        }
    }
    print_message("%u points\n", n);
    assert_true(n > 30);
    hearth_open(&ana);
    hearth_same(&ana, &ben);
    assert_int_equal(ana.circle->pending_n + ana.circle->draft_n + ana.circle->alarm_n, 0);
    hearth_close(&ana);
}

/* ---- what people do together ----------------------------------------------------------------- */

/* Ben leaves; whose turn it is changes the key and goes on; a word is erased; somebody is invited. */
static void change_the_key_and_invite(struct hand *hand, void *of)
{
    struct client_outcome outcome;
    struct client_invite mine[LIMIT_OPEN_INVITES + 1];
    uint8_t secret[SECRET_BYTES];
    uint64_t erase_seq = *(const uint64_t *)of;
    size_t n;
    hearth_open(hand);
    if (!index_row(&hand->circle->chain->index, erase_seq)->is_erased && hand->circle->pending_n == 0) {
        hearth_ok(hand, client_erase(hand->circle, &erase_seq, 1, &outcome, &hand->why));
    }
    hearth_ok(hand, client_invites(hand->circle, mine, &n, &hand->why));
    if (n == 0) hearth_ok(hand, client_invite(hand->circle, (uint64_t)time(NULL) * 1000 + 3600 * 1000, secret, &outcome,
                                              &hand->why));
    assert_int_equal(hearth_sync(hand).err, ERR_OK);
    assert_int_equal(hand->circle->pending_n, 0);
}

/* Counts what a run of the above leaves in the record behind seq. */
static void count_since(const struct hand *hand, uint64_t seq, size_t n[static ENTRY_SEALED + 1])
{
    memset(n, 0, (ENTRY_SEALED + 1) * sizeof *n);
    for (; seq < hand->circle->chain->index.row_n; seq++) n[index_row(&hand->circle->chain->index, seq)->kind]++;
}

static void an_erasure_and_an_invitation_happen_once(void **state)
{
    (void)state;
    unsigned n = 0;
    bool has_died = true;
    while (has_died) {
        size_t kinds[ENTRY_SEALED + 1];
        assert_true(++n < POINTS_MOST);
        hearth_open(&ana);
        assert_int_equal(hearth_sync(&ana).err, ERR_OK);
        struct client_outcome outcome;
        hearth_ok(&ana, client_cancel_invites(ana.circle, &outcome, &ana.why));
        outcome = hearth_note(&ana, "to be erased");
        assert_int_equal(outcome.fate, CLIENT_SENT);
        hearth_close(&ana);
        has_died = does_in_the_end(&ana, change_the_key_and_invite, &outcome.seq, n);
        assert_int_equal(hearth_sync(&ben).err, ERR_OK);
        count_since(&ben, outcome.seq + 1, kinds);
        assert_int_equal(kinds[ENTRY_REDACT], 1);
        assert_int_equal(kinds[ENTRY_INVITE], 1);
        assert_int_equal(kinds[ENTRY_ROTATE], 1);
        assert_int_equal(kinds[ENTRY_SEALED], 2); /* facts and profile */
    }
    print_message("%u points\n", n);
    assert_true(n > 20);
}

/* ---- an account from nothing ----------------------------------------------------------------- */

struct beginning {
    uint8_t permit[SECRET_BYTES];
    uint8_t facts[256];
    size_t facts_n;
};

static void begin_from_nothing(struct hand *hand, void *of)
{
    const struct beginning *b = of;
    struct client_options options = {.folder = hand->folder, .wait_ms = 5000};
    struct client_listed list[2 * LIMIT_CIRCLES];
    size_t n;
    hearth_ok(hand, client_open(&options, &hand->client, &hand->why));
    struct client_start start = {.server = hearth.daemon.origin, .permit = b->permit, .passphrase = HEARTH_PASSPHRASE,
                                 .name = STR("Dora"), .zone = STR("Europe/Madrid"), .colour = 1};
    if (client_account_n(hand->client) == 0 || !client_account_at(hand->client, 0)->is_begun) {
        hearth_ok(hand, client_start_account(hand->client, &start, &hand->account, &hand->why));
    }
    hand->account = client_account_at(hand->client, 0);
    if (!hand->account->is_unlocked) hearth_ok(hand, client_unlock(hand->account, HEARTH_PASSPHRASE, &hand->why));
    hearth_ok(hand, client_circles(hand->account, list, &n, &hand->why));
    if (n < 2) {
        hearth_ok(hand, client_circle_new(hand->account, str_at(b->facts, b->facts_n), &hand->circle, &hand->why));
    }
    struct client_news news[2 * LIMIT_CIRCLES];
    hearth_ok(hand, client_sync(hand->account, news, &n, &hand->why));
    for (size_t i = 0; i < n; i++) assert_int_equal(news[i].err, ERR_OK);
}

static void an_account_a_journal_and_a_circle_are_made_once(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, "where a new account's device dies");
    unsigned n = 0;
    bool has_died = true;
    while (has_died) {
        struct hand dora = {.name = "Dora"};
        struct beginning b;
        struct facts facts = {.name = STR("A garden"), .kind = FACTS_FRIENDS};
        struct out text = OUT_OVER(b.facts);
        facts_put(&text, &facts);
        b.facts_n = text.len;
        n += (unsigned)random_between(&random, 2, 9); /* each costs half a second: other ones in every run */
        assert_true(n < POINTS_MOST);
        hearth_permit(&hearth, b.permit);
        scratch_folder(dora.folder);
        has_died = does_in_the_end(&dora, begin_from_nothing, &b, n);
        struct client_options options = {.folder = dora.folder, .wait_ms = 5000};
        struct client_listed list[2 * LIMIT_CIRCLES];
        struct client_news news[2 * LIMIT_CIRCLES];
        size_t circle_n;
        hearth_ok(&dora, client_open(&options, &dora.client, &dora.why));
        assert_int_equal(client_account_n(dora.client), 1);
        dora.account = client_account_at(dora.client, 0);
        assert_true(dora.account->is_begun);
        hearth_ok(&dora, client_unlock(dora.account, HEARTH_PASSPHRASE, &dora.why));
        hearth_ok(&dora, client_sync(dora.account, news, &circle_n, &dora.why));
        assert_int_equal(circle_n, 2);
        hearth_ok(&dora, client_circles(dora.account, list, &circle_n, &dora.why));
        assert_int_equal(list[0].is_journal + list[1].is_journal, 1);
        assert_int_equal(list[0].pending_n + list[1].pending_n, 0);
        assert_int_equal(list[0].entry_n + list[1].entry_n, 2 + 3);
        hearth_close(&dora);
    }
    print_message("%u points\n", n);
    assert_true(n > 20);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, two_in_a_circle, put_away)
    const struct CMUnitTest tests[] = {
        TEST(every_word_is_in_the_record_exactly_once),
        TEST(an_erasure_and_an_invitation_happen_once),
        TEST(an_account_a_journal_and_a_circle_are_made_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
