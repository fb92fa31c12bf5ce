/* held.c -- a device's own copy: loaded again it is the same, and whoever changes the file is found out. And several
 * servers in one home. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "client/clock.h"
#include "harness/hearth.h"
#include "harness/random.h"

static struct hearth hearth;
static struct hand ana, ben;

static int two_in_a_circle(void **state)
{
    (void)state;
    hearth_start(&hearth);
    hearth_account(&hearth, &ana, "Ana");
    hearth_circle(&ana, "The two of us");
    hearth_bring(&ana, &ben, "Ben");
    for (int i = 0; i < 5; i++) assert_int_equal(hearth_note(&ana, "a few words").fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
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

/* ---- what it was, it is again ------------------------------------------------------------------------------------ */

/* Acts of both, erasures and a changed key among them. */
static void live(struct random *r)
{
    struct hand *hand = random_is_one_in(r, 2) ? &ana : &ben, *other = hand == &ana ? &ben : &ana;
    struct client_outcome outcome;
    uint8_t id[ID_BYTES];
    assert_int_equal(hearth_sync(hand).err, ERR_OK);
    switch (random_below(r, 5)) {
    case 0: (void)hearth_promise(hand, other, "I will", 600 * 1000, id); return;
    case 1: {
        size_t n = state_promise_n(hand->circle->state);
        if (n == 0) return;
        const struct promise *promise = state_promise(hand->circle->state, (size_t)random_below(r, n));
        memcpy(id, promise->id, ID_BYTES);
        (void)hearth_word(hand, random_is_one_in(r, 2) ? PROMISE_DONE : PROMISE_KEPT, id, "so it is");
        return;
    }
    case 2: {
        uint64_t seq = random_below(r, hand->circle->chain->index.row_n);
        struct why why;
        enum err e = client_erase(hand->circle, &seq, 1, &outcome, &why); /* of mine, else it is refused */
        assert_true(e == ERR_OK || e == ERR_BAD_REDACT);
        return;
    }
    case 3:
        if (random_is_one_in(r, 3)) hearth_ok(hand, client_rotate(hand->circle, &outcome, &hand->why));
        return;
    default: (void)hearth_note(hand, "a note"); return;
    }
}

struct picture { /* of one row */
    uint8_t id[ID_BYTES], how, law, act;
    uint16_t turn;
    uint32_t promise;
    struct str text;
    uint64_t hash;
};

static struct picture picture_of(const struct hand *hand, uint64_t seq)
{
    const struct state_row *row = state_row(hand->circle->state, seq);
    struct picture p = {.how = row->how, .law = row->law, .act = row->act, .turn = row->turn, .promise = row->promise};
    memcpy(p.id, row->id, ID_BYTES);
    struct str text = client_text(hand->circle, seq, NULL);
    for (size_t i = 0; i < text.len; i++) p.hash = p.hash * 31 + text.at[i];
    return p;
}

static void what_is_loaded_again_is_what_it_was(void **state)
{
    (void)state;
    enum { STEPS = 60, MOST = 400 };
    static struct picture before[MOST];
    struct random r;
    random_init(&r, "what two people do before it is loaded again");
    for (int i = 0; i < STEPS; i++) {
        live(&r);
        if (i % 10 != 9) continue;
        for (size_t who = 0; who < 2; who++) {
            struct hand *hand = who == 0 ? &ana : &ben;
            uint64_t n = state_row_n(hand->circle->state);
            assert_true(n < MOST);
            for (uint64_t seq = 0; seq < n; seq++) before[seq] = picture_of(hand, seq);
            hearth_close(hand);
            hearth_open(hand);
            assert_int_equal(state_row_n(hand->circle->state), n);
            for (uint64_t seq = 0; seq < n; seq++) {
                struct picture now = picture_of(hand, seq);
                assert_memory_equal(&now, &before[seq], sizeof now);
            }
        }
    }
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    hearth_same(&ana, &ben);
    for (uint64_t seq = 10; seq < state_row_n(ana.circle->state); seq++) { /* both have all keys since Ben came in */
        struct picture mine = picture_of(&ana, seq), theirs = picture_of(&ben, seq);
        assert_memory_equal(&mine, &theirs, sizeof mine);
    }
}

/* ---- a file that somebody changed ---------------------------------------------------------------------------------- */

static void change(const char *sql)
{
    char path[SCRATCH_PATH_BYTES];
    sqlite3 *db;
    char *text = NULL;
    scratch_path(path, ana.folder, "troth.db");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK) fail_msg("%s: %s", sql, text);
    assert_int_equal(sqlite3_changes(db), 1);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The circle does not open, and the file is put back as it was. */
static void expect_damaged(const char *sql)
{
    char command[2 * SCRATCH_PATH_BYTES + 128];
    struct client_options options = {.folder = ana.folder, .wait_ms = 5000};
    struct why why;
    hearth_close(&ana);
    (void)snprintf(command, sizeof command, "cd '%s' && mkdir copy && cp troth.db* copy", ana.folder);
    assert_int_equal(system(command), 0);
    change(sql);
    hearth_ok(&ana, client_open(&options, &ana.client, &ana.why));
    ana.account = client_account_at(ana.client, 0);
    hearth_ok(&ana, client_unlock_seed(ana.account, ana.seed, &ana.why));
    assert_int_equal(client_circle_open(ana.account, ana.id, &ana.circle, &why), ERR_STORE_DAMAGED);
    assert_int_equal(why.code, ERR_STORE_DAMAGED);
    ana.circle = NULL;
    hearth_close(&ana);
    (void)snprintf(command, sizeof command, "cd '%s' && rm troth.db* && mv copy/* . && rmdir copy", ana.folder);
    assert_int_equal(system(command), 0);
    hearth_open(&ana);
}

#define LAST "(SELECT max(place) FROM entry)"

static void H5_whoever_changes_the_copy_is_found_out(void **state)
{
    (void)state;
    static const char *const change[] = {
        "UPDATE entry SET wire = CAST(substr(wire, 1, 60) || x'00' || substr(wire, 62) AS BLOB) WHERE place = " LAST,
        "UPDATE entry SET wire = CAST(substr(wire, 1, length(wire) - 1) || x'00' AS BLOB) WHERE place = " LAST,
        "UPDATE entry SET wire = CAST(substr(wire, 1, length(wire) - 600) || x'00000000' ||" /* in the signature */
        " substr(wire, length(wire) - 595) AS BLOB) WHERE place = " LAST,
        "UPDATE entry SET wire = substr(wire, 1, length(wire) - 1) WHERE place = " LAST,
        "UPDATE entry SET wire = (SELECT wire FROM entry WHERE place = " LAST " - 1) WHERE place = " LAST,
        "DELETE FROM entry WHERE place = " LAST,
        "DELETE FROM entry WHERE place = " LAST " - 2",
    };
    for (size_t i = 0; i < sizeof change / sizeof change[0]; i++) expect_damaged(change[i]);
    assert_int_equal(hearth_note(&ana, "and it is whole again").fate, CLIENT_SENT);
}

/* ---- two servers, one home -------------------------------------------------------------------------------------------- */

static void accounts_on_two_servers_do_not_mix(void **state)
{
    (void)state;
    struct hearth work;
    uint8_t permit[SECRET_BYTES], memory[256];
    struct out text = OUT_OVER(memory);
    struct facts facts = {.name = STR("The team"), .kind = FACTS_TEAM};
    struct client_account *account;
    struct client_circle *circle;
    struct client_listed list[2 * LIMIT_CIRCLES];
    struct client_news news[2 * LIMIT_CIRCLES];
    struct client_outcome outcome;
    size_t n;
    hearth_start(&work);
    hearth_permit(&work, permit);
    struct client_start start = {.server = work.daemon.origin, .permit = permit, .passphrase = STR("for work"),
                                 .name = STR("Ana M."), .zone = STR("Europe/Madrid"), .colour = 7};
    hearth_ok(&ana, client_start_account(ana.client, &start, &account, &ana.why));
    assert_int_equal(client_account_n(ana.client), 2);
    assert_memory_not_equal(account->sign_pk, ana.account->sign_pk, SIGN_PK_BYTES);
    facts_put(&text, &facts);
    hearth_ok(&ana, client_circle_new(account, out_str(&text), &circle, &ana.why));
    uint8_t note[64];
    hearth_ok(&ana, client_act(circle, hearth_text(note, sizeof note, "at work"), &outcome, &ana.why));
    assert_int_equal(outcome.fate, CLIENT_SENT);
    assert_int_equal(hearth_note(&ana, "at home").fate, CLIENT_SENT);
    assert_int_equal(client_circle_open(account, ana.id, &circle, &ana.why), ERR_NO_CIRCLE);
    hearth_ok(&ana, client_circles(account, list, &n, &ana.why));
    assert_int_equal(n, 2);
    assert_string_equal(list[1].name, "The team");
    hearth_stop(&work); /* one of them is away: the other is not */
    assert_int_equal(client_sync(account, news, &n, &ana.why), ERR_OFFLINE);
    hearth_ok(&ana, client_sync(ana.account, news, &n, &ana.why));
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++) assert_int_equal(news[i].err, ERR_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, two_in_a_circle, put_away)
    const struct CMUnitTest tests[] = {
        TEST(what_is_loaded_again_is_what_it_was),
        TEST(H5_whoever_changes_the_copy_is_found_out),
        TEST(accounts_on_two_servers_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
