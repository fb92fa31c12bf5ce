/* alarms.c -- a server that dies, that forgets, and that lies: what two devices notice, keep and mend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

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
    assert_int_equal(hearth_note(&ana, "on the first day").fate, CLIENT_SENT);
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

/* A copy of the server's data as it is now. */
static void back_up(char path[static SCRATCH_PATH_BYTES], const char *name)
{
    scratch_path(path, hearth.daemon.folder, name);
    const char *argument[] = {"backup", "--data", hearth.daemon.data, path, NULL};
    assert_int_equal(daemon_run(argument, NULL, 0), 0);
}

/* The same address, other data. */
static void replace(const char *path)
{
    if (hearth.daemon.pid != 0) assert_true(daemon_stop(&hearth.daemon));
    (void)snprintf(hearth.daemon.data, sizeof hearth.daemon.data, "%s", path);
    assert_true(daemon_restart(&hearth.daemon, &(struct daemon_options){.is_fast = true}));
}

/* The only alarm that stands. */
static struct client_alarm alarm_of(struct hand *hand, enum err kind)
{
    struct client_alarm alarm[CLIENT_ALARMS];
    size_t n;
    hearth_ok(hand, client_alarms(hand->circle, alarm, &n, &hand->why));
    assert_int_equal(n, 1);
    assert_int_equal(alarm[0].kind, kind);
    assert_int_equal(cbor_check(alarm[0].evidence), ERR_OK);
    assert_false(hand->circle->may_send);
    return alarm[0];
}

static void both_are_whole(void)
{
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    hearth_same(&ana, &ben);
    assert_int_equal(ana.circle->alarm_n + ben.circle->alarm_n, 0);
    assert_int_equal(hearth_note(&ana, "and on it goes").fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    hearth_same(&ana, &ben);
}

static void a_server_is_killed_and_comes_back(void **state)
{
    (void)state;
    daemon_kill(&hearth.daemon);
    struct client_outcome outcome = hearth_note(&ana, "said to nobody yet");
    assert_int_equal(outcome.fate, CLIENT_KEPT_HERE);
    assert_int_equal(outcome.err, ERR_OFFLINE);
    assert_int_equal(hearth_notes(&ana, "said to nobody yet", true), 1);
    struct client_waiting waiting[2];
    struct why why;
    size_t n;
    hearth_ok(&ana, client_waiting(ana.circle, waiting, 2, &n, &ana.why));
    assert_int_equal(n, 1);
    assert_false(waiting[0].may_unsend); /* it was on its way: who knows how far it came */
    assert_int_equal(client_unsend(ana.circle, outcome.id, &why), ERR_HEAD_MOVED);
    hearth_close(&ana);
    assert_true(daemon_restart(&hearth.daemon, &(struct daemon_options){.is_fast = true}));
    hearth_open(&ana);
    assert_int_equal(hearth_sync(&ana).sent_n, 1);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    assert_int_equal(hearth_notes(&ben, "said to nobody yet", false), 1);
    both_are_whole();
}

/* Yesterday's file comes back. */
static void K5_a_server_is_rolled_back_and_repaired(void **state)
{
    (void)state;
    char yesterday[SCRATCH_PATH_BYTES];
    uint64_t sent_n, lost_n = 0;
    struct client_outcome outcome;
    back_up(yesterday, "yesterday");
    struct client_outcome erased = hearth_note(&ana, "a word I will take back");
    for (int i = 0; i < 70; i++, lost_n++) assert_int_equal(hearth_note(&ana, "since then").fate, CLIENT_SENT);
    hearth_ok(&ana, client_erase(ana.circle, &erased.seq, 1, &outcome, &ana.why));
    assert_int_equal(outcome.fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    replace(yesterday);

    assert_int_equal(hearth_sync(&ana).err, ERR_ROLLED_BACK);
    struct client_alarm alarm = alarm_of(&ana, ERR_ROLLED_BACK);
    assert_false(alarm.is_seen);
    hearth_ok(&ana, client_alarm_seen(ana.circle, alarm.number, &ana.why));
    assert_true(alarm_of(&ana, ERR_ROLLED_BACK).is_seen);
    assert_int_equal(hearth_sync(&ana).err, ERR_ROLLED_BACK); /* one alarm, told again */
    outcome = hearth_note(&ana, "in spite of all");
    assert_int_equal(outcome.fate, CLIENT_KEPT_HERE);
    assert_int_equal(outcome.err, ERR_ROLLED_BACK);
    hearth_close(&ana);
    hearth_open(&ana); /* nothing of this is forgotten */
    (void)alarm_of(&ana, ERR_ROLLED_BACK);
    assert_int_equal(hearth_sync(&ben).err, ERR_ROLLED_BACK); /* the other notices, too */

    hearth_ok(&ana, client_repair(ana.circle, &sent_n, &ana.why));
    assert_int_equal(sent_n, lost_n + 2);
    assert_int_equal(ana.circle->alarm_n, 0);
    assert_int_equal(hearth_notes(&ana, "in spite of all", false), 1);
    both_are_whole();
}

/* Ben comes in, and then the server forgets that he ever did; he is who repairs it. */
static void K5_who_was_not_in_yet_by_the_backup_repairs_it(void **state)
{
    (void)state;
    char yesterday[SCRATCH_PATH_BYTES];
    uint8_t secret[SECRET_BYTES];
    uint64_t sent_n;
    struct hand cleo;
    struct client_outcome outcome;
    hearth_account(&hearth, &cleo, "Cleo");
    back_up(yesterday, "before Cleo");
    hearth_invite(&ana, secret);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    assert_int_equal(ben.circle->chain->circle.invite_n, 1);
    hearth_ok(&ben, client_consent(ben.circle, ben.circle->chain->circle.invite[0].hash, &outcome, &ben.why));
    assert_int_equal(outcome.fate, CLIENT_SENT);
    assert_int_equal(hearth_join(&cleo, hearth.daemon.origin, secret).fate, CLIENT_SENT);
    assert_int_equal(cleo.circle->state->in_n, 3);
    assert_int_equal(hearth_note(&cleo, "hello").fate, CLIENT_SENT);
    replace(yesterday);
    assert_int_equal(hearth_sync(&cleo).err, ERR_ROLLED_BACK);
    hearth_ok(&cleo, client_repair(cleo.circle, &sent_n, &cleo.why));
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    hearth_same(&ana, &cleo);
    hearth_ok(&cleo, client_leave(cleo.circle, &outcome, &cleo.why));
    assert_int_equal(outcome.fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK); /* whose device changes the key */
    hearth_close(&cleo);
    both_are_whole();
}

static void head_of(const struct hand *hand, char token[static HEADTOKEN_TEXT_BYTES + 1])
{
    struct out o = out_over(token, HEADTOKEN_TEXT_BYTES);
    client_head(hand->circle, &o);
    token[o.len] = '\0';
}

/* Two records under one address: one for each of them. */
static void K7_a_server_that_forks_is_found_out_by_comparing_heads(void **state)
{
    (void)state;
    char mine[SCRATCH_PATH_BYTES], theirs[SCRATCH_PATH_BYTES], token[HEADTOKEN_TEXT_BYTES + 1];
    enum headtoken_says says;
    head_of(&ben, token);
    hearth_ok(&ana, client_compare(ana.circle, str_of_text(token), &says, &ana.why));
    assert_int_equal(says, HEADTOKEN_SAME);
    (void)snprintf(mine, sizeof mine, "%s", hearth.daemon.data);
    back_up(theirs, "theirs");
    assert_int_equal(hearth_note(&ana, "you will never read this").fate, CLIENT_SENT);
    head_of(&ben, token);
    hearth_ok(&ana, client_compare(ana.circle, str_of_text(token), &says, &ana.why));
    assert_int_equal(says, HEADTOKEN_THEY_ARE_BEHIND);
    replace(theirs);
    assert_int_equal(hearth_note(&ben, "nor will you read this").fate, CLIENT_SENT);
    head_of(&ben, token);
    hearth_ok(&ana, client_compare(ana.circle, str_of_text(token), &says, &ana.why));
    assert_int_equal(says, HEADTOKEN_FORKED);
    struct client_alarm alarm = alarm_of(&ana, ERR_FORKED);
    struct cbor_map map;
    struct str kept;
    assert_int_equal(cbor_map(alarm.evidence, &map), ERR_OK);
    assert_int_equal(cbor_text(map.item[7], &kept), ERR_OK);
    assert_true(str_is(kept, str_of_text(token)));
    struct client_outcome outcome = hearth_note(&ana, "not into this");
    assert_int_equal(outcome.fate, CLIENT_KEPT_HERE);
    assert_int_equal(outcome.err, ERR_FORKED);

    /* asked directly, the other branch is seen to be another, and is kept with the signatures in it */
    hearth_ok(&ana, client_alarm_end(ana.circle, alarm.number, &ana.why));
    assert_true(ana.circle->may_send);
    assert_int_equal(hearth_sync(&ana).err, ERR_FORKED);
    alarm = alarm_of(&ana, ERR_FORKED);
    assert_int_equal(cbor_map(alarm.evidence, &map), ERR_OK);
    struct str branch, wire, rest;
    struct entry entry;
    struct why why;
    assert_int_equal(cbor_bytes(map.item[5], &branch), ERR_OK);
    assert_int_equal(cbor_first(branch, &wire, &rest), ERR_OK);
    assert_int_equal(entry_read(wire, &entry, &why), ERR_OK);
    assert_true(entry_is_signed(&entry));
    assert_memory_equal(entry.author, ben.account->sign_pk, SIGN_PK_BYTES);
    uint64_t sent_n;
    assert_int_equal(client_repair(ana.circle, &sent_n, &why), ERR_FORKED); /* nothing can be put there */
    replace(mine);
    assert_int_equal(hearth_sync(&ana).err, ERR_FORKED); /* it stands until somebody has dealt with it */
    hearth_ok(&ana, client_alarm_end(ana.circle, alarm.number, &ana.why));
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    assert_int_equal(hearth_notes(&ana, "not into this", false), 1);
    assert_int_equal(hearth_sync(&ben).err, ERR_FORKED);
}

/* One statement in the server's own file, while it does not run. */
static void tamper(const char *sql)
{
    sqlite3 *db;
    char *text = NULL;
    assert_true(daemon_stop(&hearth.daemon));
    assert_int_equal(sqlite3_open(hearth.daemon.data, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK) fail_msg("%s: %s", sql, text);
    assert_int_equal(sqlite3_changes(db), 1);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_true(daemon_restart(&hearth.daemon, &(struct daemon_options){.is_fast = true}));
}

static void K2_a_changed_word_is_found_and_nothing_is_signed_behind_it(void **state)
{
    (void)state;
    char sql[512];
    uint64_t before = ben.circle->chain->index.row_n;
    assert_int_equal(hearth_note(&ana, "I said yes").fate, CLIENT_SENT);
    (void)snprintf(sql, sizeof sql,
                   "UPDATE entry SET payload = zeroblob(length(payload)) WHERE place & 4294967295 = %llu AND circle ="
                   " (SELECT number FROM circle WHERE head_seq = %llu)",
                   (unsigned long long)before, (unsigned long long)before);
    tamper(sql);
    assert_int_equal(hearth_sync(&ben).err, ERR_BROKEN_CHAIN);
    struct client_alarm alarm = alarm_of(&ben, ERR_BROKEN_CHAIN);
    struct cbor_map map;
    struct str wrong;
    assert_int_equal(cbor_map(alarm.evidence, &map), ERR_OK);
    assert_int_equal(cbor_text(map.item[6], &wrong), ERR_OK);
    assert_true(str_is(wrong, STR("payload_mismatch")));
    assert_int_equal(ben.circle->chain->index.row_n, before);
    assert_int_equal(hearth_note(&ben, "so I say").fate, CLIENT_KEPT_HERE);
    assert_int_equal(ben.circle->pending_n, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, two_in_a_circle, put_away)
    const struct CMUnitTest tests[] = {
        TEST(a_server_is_killed_and_comes_back),
        TEST(K5_a_server_is_rolled_back_and_repaired),
        TEST(K5_who_was_not_in_yet_by_the_backup_repairs_it),
        TEST(K7_a_server_that_forks_is_found_out_by_comparing_heads),
        TEST(K2_a_changed_word_is_found_and_nothing_is_signed_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
