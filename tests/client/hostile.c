/* hostile.c -- a server that lies about one thing at a time, and a disk that fails at the wrong moment: what a device
 * keeps, tells and sends all the same. The real server is behind it, so that the lie can end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/clock.h"
#include "client/home_outbox.h"
#include "client/remote.h"
#include "harness/hearth.h"
#include "record/payload.h"

/* ---- the lies -------------------------------------------------------------------------------- */

static struct {
    bool says_left, hides, names_another_head, is_silent_about_entries, has_no_circles, loses_registration;
    uint64_t left_seq;
    uint8_t circle[HASH_BYTES];  /* about which                                    */
    struct str adds;             /* another circle, listed and shown: its entries  */
    uint8_t added[HASH_BYTES];
    bool was_added;
    enum err refuses;            /* every append                                   */
    uint8_t refused[64 * 1024];
    size_t refused_n;
    struct remote *remote;       /* which was refused                              */
    uint64_t strips_seq;         /* of that entry the payload is kept back; 0: none */
    unsigned disk_is_full;       /* so many times                                  */
} lie;

enum err __real_remote_append(struct remote *, const uint8_t *, struct str, bool, struct remote_head *, bool *);
enum err __wrap_remote_append(struct remote *, const uint8_t *, struct str, bool, struct remote_head *, bool *);
enum err __wrap_remote_append(struct remote *remote, const uint8_t *circle, struct str entries, bool is_repair,
                              struct remote_head *head, bool *was_there)
{
    if (lie.refuses == ERR_OK) return __real_remote_append(remote, circle, entries, is_repair, head, was_there);
    assert_true(entries.len <= sizeof lie.refused);
    memcpy(lie.refused, entries.at, entries.len);
    lie.refused_n = entries.len;
    lie.remote = remote;
    return lie.refuses;
}

enum err __real_remote_circles(struct remote *, struct remote_rows *);
enum err __wrap_remote_circles(struct remote *, struct remote_rows *);
enum err __wrap_remote_circles(struct remote *remote, struct remote_rows *rows)
{
    lie.was_added = false;
    return lie.has_no_circles ? ERR_OFFLINE : __real_remote_circles(remote, rows);
}

bool __real_remote_next_circle(struct remote_rows *, struct remote_circle *);
bool __wrap_remote_next_circle(struct remote_rows *, struct remote_circle *);
bool __wrap_remote_next_circle(struct remote_rows *rows, struct remote_circle *circle)
{
    bool is_there = __real_remote_next_circle(rows, circle);
    bool is_it = is_there && memcmp(circle->id, lie.circle, HASH_BYTES) == 0;
    if (is_it && lie.hides) return __wrap_remote_next_circle(rows, circle);
    if (is_it && lie.says_left) {
        circle->has_left = true;
        circle->left_seq = lie.left_seq;
    }
    if (is_it && lie.names_another_head) circle->head.hash[0] ^= 1;
    if (is_there || lie.adds.len == 0 || lie.was_added) return is_there;
    lie.was_added = true;
    *circle = (struct remote_circle){.head = {.seq = 9}};
    memcpy(circle->id, lie.added, HASH_BYTES);
    return true;
}

/* A page without the payload of one entry. */
static struct str stripped(struct str page)
{
    static uint8_t memory[LIMIT_BODY_BYTES];
    struct out out = OUT_OVER(memory);
    while (page.len > 0) {
        struct str wire;
        struct entry entry;
        struct why why;
        assert_int_equal(cbor_first(page, &wire, &page), ERR_OK);
        assert_int_equal(entry_read(wire, &entry, &why), ERR_OK);
        cbor_put_list(&out, 3);
        cbor_put_bytes(&out, entry.header);
        cbor_put_bytes(&out, str_at(entry.sig, SIG_BYTES));
        cbor_put_bytes(&out, entry.seq == lie.strips_seq ? (struct str){0} : entry.payload);
    }
    return out_str(&out);
}

enum err __real_remote_entries(struct remote *, const uint8_t *, uint64_t, size_t, const uint8_t *, struct str *,
                               size_t *);
enum err __wrap_remote_entries(struct remote *, const uint8_t *, uint64_t, size_t, const uint8_t *, struct str *,
                               size_t *);
enum err __wrap_remote_entries(struct remote *remote, const uint8_t *circle, uint64_t from_seq, size_t limit_n,
                               const uint8_t *read_token, struct str *entries, size_t *entry_n)
{
    if (lie.is_silent_about_entries) return ERR_OFFLINE;
    if (lie.adds.len > 0 && memcmp(circle, lie.added, HASH_BYTES) == 0) {
        *entries = from_seq == 0 ? lie.adds : STR("\x83\x41\x01\x41\x02\x41\x03");
        return ERR_OK;
    }
    enum err e = __real_remote_entries(remote, circle, from_seq, limit_n, read_token, entries, entry_n);
    if (e == ERR_OK && lie.strips_seq > 0) *entries = stripped(*entries);
    return e;
}

enum err __real_remote_register(struct remote *, const struct secret_identity *, const struct account_cred *,
                                const struct remote_leave *, bool *);
enum err __wrap_remote_register(struct remote *, const struct secret_identity *, const struct account_cred *,
                                const struct remote_leave *, bool *);
enum err __wrap_remote_register(struct remote *remote, const struct secret_identity *me,
                                const struct account_cred *cred, const struct remote_leave *leave, bool *was_there)
{
    enum err e = __real_remote_register(remote, me, cred, leave, was_there);
    return lie.loses_registration ? ERR_OFFLINE : e;
}

enum err __real_home_item_set(struct home *, uint64_t, const struct home_item *);
enum err __wrap_home_item_set(struct home *, uint64_t, const struct home_item *);
enum err __wrap_home_item_set(struct home *home, uint64_t circle, const struct home_item *item)
{
    if (lie.disk_is_full == 0) return __real_home_item_set(home, circle, item);
    lie.disk_is_full--;
    return ERR_DISK_FULL;
}

/* ---- the people ------------------------------------------------------------------------------ */

static struct hearth hearth;
static struct hand ana, ben, other;

static int two_in_a_circle(void **state)
{
    (void)state;
    memset(&lie, 0, sizeof lie);
    other = (struct hand){.name = "Ana"};
    hearth_start(&hearth);
    hearth_account(&hearth, &ana, "Ana");
    hearth_circle(&ana, "The two of us");
    hearth_bring(&ana, &ben, "Ben");
    memcpy(lie.circle, ana.id, HASH_BYTES);
    return 0;
}

static int put_away(void **state)
{
    (void)state;
    hearth_close(&ana);
    hearth_close(&ben);
    hearth_close(&other);
    hearth_stop(&hearth);
    return 0;
}

/* The kind of the first alarm that stands; ERR_OK: there is none. */
static enum err stands(struct hand *hand, uint64_t *number)
{
    struct client_alarm alarm[CLIENT_ALARMS];
    size_t n;
    hearth_ok(hand, client_alarms(hand->circle, alarm, &n, &hand->why));
    if (n > 0) *number = alarm[0].number;
    return n > 0 ? alarm[0].kind : ERR_OK;
}

/* ---- alarms ---------------------------------------------------------------------------------- */

static void K5_a_server_that_says_I_left_ends_no_alarm_and_raises_one(void **state)
{
    (void)state;
    uint64_t number = 0;
    lie.hides = true;
    assert_int_equal(hearth_sync(&ana).err, ERR_ROLLED_BACK);
    lie.hides = false;
    lie.says_left = true;
    for (lie.left_seq = 1; lie.left_seq < 20; lie.left_seq++) { /* in the record, and behind its end */
        assert_int_equal(hearth_sync(&ana).err, ERR_BROKEN_CHAIN);
        assert_int_equal(stands(&ana, &number), ERR_ROLLED_BACK); /* as before */
    }
    lie.says_left = false;
    assert_int_equal(hearth_sync(&ana).err, ERR_BROKEN_CHAIN); /* which stands until somebody has dealt with it */
    assert_int_equal(stands(&ana, &number), ERR_BROKEN_CHAIN);
    hearth_ok(&ana, client_alarm_end(ana.circle, number, &ana.why));
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
}

static void K7_a_server_that_shows_nothing_of_another_head_raises_an_alarm_all_the_same(void **state)
{
    (void)state;
    uint64_t number;
    lie.names_another_head = lie.is_silent_about_entries = true;
    assert_int_equal(hearth_sync(&ana).err, ERR_BROKEN_CHAIN);
    assert_int_equal(stands(&ana, &number), ERR_BROKEN_CHAIN);
}

static void K2_a_payload_that_was_kept_back_is_fetched_when_it_is_shown(void **state)
{
    (void)state;
    uint64_t number = 0;
    lie.strips_seq = ana.circle->chain->index.row_n;
    assert_int_equal(hearth_note(&ana, "a word in between").fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ben).err, ERR_BROKEN_CHAIN);
    assert_int_equal(stands(&ben, &number), ERR_BROKEN_CHAIN);
    assert_int_equal(hearth_notes(&ben, "a word in between", false), 0);
    hearth_ok(&ben, client_alarm_end(ben.circle, number, &ben.why));
    assert_int_equal(hearth_sync(&ben).err, ERR_BROKEN_CHAIN); /* it is still kept back */
    lie.strips_seq = 0;
    assert_int_equal(stands(&ben, &number), ERR_BROKEN_CHAIN);
    hearth_ok(&ben, client_alarm_end(ben.circle, number, &ben.why));
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    assert_int_equal(hearth_notes(&ben, "a word in between", false), 1);
    hearth_close(&ben);
    hearth_open(&ben);
    assert_int_equal(hearth_notes(&ben, "a word in between", false), 1);
    assert_int_equal(hearth_note(&ben, "and on it goes").fate, CLIENT_SENT);
}

/* ---- what was said --------------------------------------------------------------------------- */

static void K11_what_has_an_id_that_somebody_took_is_not_told_as_sent(void **state)
{
    (void)state;
    uint8_t memory[256];
    struct client_outcome outcome;
    uint8_t id[ID_BYTES];
    random_fill(id, sizeof id);
    struct str text = hearth_text(memory, sizeof memory, "mine");
    hearth_ok(&ben, client_act_with_id(ben.circle, id, text, &outcome, &ben.why));
    assert_int_equal(outcome.fate, CLIENT_SENT);
    hearth_ok(&ana, client_act_with_id(ana.circle, id, text, &outcome, &ana.why));
    assert_int_equal(outcome.fate, CLIENT_IN_DRAFTS);
    assert_int_equal(outcome.err, ERR_ID_TAKEN);
    assert_int_equal(ana.circle->draft_n, 1);
}

static void what_was_refused_and_recorded_all_the_same_is_no_draft(void **state)
{
    (void)state;
    struct remote_head head;
    lie.refuses = ERR_BAD_FIELD;
    struct client_outcome outcome = hearth_note(&ana, "said once");
    assert_int_equal(outcome.fate, CLIENT_IN_DRAFTS);
    assert_int_equal(ana.circle->draft_n, 1);
    lie.refuses = ERR_OK;
    struct str kept = str_at(lie.refused, lie.refused_n);
    assert_int_equal(__real_remote_append(lie.remote, ana.id, kept, false, &head, NULL), ERR_OK);
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    assert_int_equal(hearth_notes(&ana, "said once", true), 1);
    assert_int_equal(ana.circle->draft_n, 0);
}

static void what_is_durable_is_not_told_as_failed_when_the_disk_is_full(void **state)
{
    (void)state;
    lie.disk_is_full = 1;
    struct client_outcome outcome = hearth_note(&ana, "said once");
    assert_int_equal(lie.disk_is_full, 0);
    assert_int_equal(outcome.fate, CLIENT_KEPT_HERE);
    assert_int_equal(outcome.err, ERR_DISK_FULL);
    assert_int_equal(hearth_notes(&ana, "said once", true), 1);
    assert_int_equal(hearth_notes(&ana, "said once", false), 0);
    assert_int_equal(hearth_sync(&ana).sent_n, 1);
    assert_int_equal(hearth_notes(&ana, "said once", true), 1);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    hearth_same(&ana, &ben);
}

/* Joined while there was no server, by an invitation that was taken back, and then by another one. */
static void a_join_that_came_too_late_does_not_take_the_next_with_it(void **state)
{
    (void)state;
    uint8_t secret[2][SECRET_BYTES];
    struct client_outcome outcome;
    hearth_account(&hearth, &other, "Cleo");
    hearth_circle(&ana, "Three of us");
    for (int i = 0; i < 2; i++) {
        struct client_look *look;
        uint8_t memory[256];
        struct out text = OUT_OVER(memory);
        profile_put(&text, &(struct profile){.name = STR("Cleo"), .colour = 5, .zone = STR("Europe/Madrid")});
        hearth_invite(&ana, secret[i]); /* which takes the one before back */
        client_set_offline(other.client, false);
        hearth_ok(&other, client_look(other.client, hearth.daemon.origin, secret[i], &look, &other.why));
        client_set_offline(other.client, true);
        hearth_ok(&other, client_join(other.account, look, out_str(&text), &other.circle, &outcome, &other.why));
        assert_int_equal(outcome.fate, CLIENT_KEPT_HERE);
        client_look_close(look);
    }
    client_set_offline(other.client, false);
    assert_int_equal(hearth_sync(&other).err, ERR_OK);
    assert_true(other.circle->is_member);
    assert_int_equal(other.circle->pending_n, 0);
    assert_int_equal(other.circle->draft_n, 3);
}

/* ---- accounts -------------------------------------------------------------------------------- */

static void begin_other(void)
{
    struct client_options options = {.folder = other.folder, .wait_ms = 5000};
    scratch_folder(other.folder);
    hearth_ok(&other, client_open(&options, &other.client, &other.why));
}

static void a_start_of_which_the_answer_was_lost_is_not_forgotten(void **state)
{
    (void)state;
    uint8_t permit[SECRET_BYTES], wrong[SECRET_BYTES] = {1}, code[SECRET_BYTES];
    struct client_start start = {.server = hearth.daemon.origin, .permit = permit, .passphrase = HEARTH_PASSPHRASE,
                                 .name = STR("Cleo"), .zone = STR("Europe/Madrid")};
    hearth_permit(&hearth, permit);
    begin_other();
    lie.loses_registration = true;
    assert_int_equal(client_start_account(other.client, &start, &other.account, &other.why), ERR_OFFLINE);
    memcpy(code, client_account_at(other.client, 0)->code, SECRET_BYTES);
    lie.loses_registration = false;
    start.permit = wrong;
    assert_int_not_equal(client_start_account(other.client, &start, &other.account, &other.why), ERR_OK);
    start.permit = permit;
    hearth_ok(&other, client_start_account(other.client, &start, &other.account, &other.why));
    assert_memory_equal(other.account->code, code, SECRET_BYTES);
    assert_true(other.account->has_journal);
}

static size_t devices_in(struct hand *hand)
{
    struct client_circle *journal;
    struct client_news news;
    size_t n = 0;
    uint64_t type;
    hearth_ok(hand, client_circle_open(hand->account, hand->account->journal, &journal, &hand->why));
    hearth_ok(hand, client_sync_circle(journal, &news, &hand->why));
    for (uint64_t seq = 0; seq < journal->chain->index.row_n; seq++) {
        struct str text = client_text(journal, seq, NULL);
        n += text.len > 0 && payload_type(text, &type) == ERR_OK && type == PAYLOAD_DEVICE;
    }
    return n;
}

static void A24_a_device_is_told_of_though_the_server_showed_no_circle_at_first(void **state)
{
    (void)state;
    static struct client_news news[2 * LIMIT_CIRCLES];
    size_t n;
    begin_other();
    lie.has_no_circles = true;
    hearth_ok(&other, client_sign_in(other.client, hearth.daemon.origin, ana.code, HEARTH_PASSPHRASE,
                                     STR("a phone"), &other.account, &other.why));
    assert_false(other.account->has_journal);
    assert_int_equal(devices_in(&ana), 0);
    client_seed(other.account, other.seed);
    hearth_close(&other);
    hearth_open(&other);
    lie.has_no_circles = false;
    for (int i = 0; i < 2; i++) hearth_ok(&other, client_sync(other.account, news, &n, &other.why));
    assert_memory_equal(other.account->journal, ana.account->journal, HASH_BYTES);
    assert_string_equal(other.account->name, "Ana");
    assert_int_equal(devices_in(&ana), 1);
}

static void A24_another_s_journal_is_not_taken_for_mine(void **state)
{
    (void)state;
    static uint8_t memory[64 * 1024];
    static struct client_listed list[2 * LIMIT_CIRCLES];
    struct out wires = OUT_OVER(memory);
    struct client_circle *journal;
    bool is_ana = memcmp(ana.account->journal, ben.account->journal, HASH_BYTES) > 0;
    struct hand *victim = is_ana ? &ana : &ben, *from = is_ana ? &ben : &ana; /* the smaller id would win */
    size_t n;
    hearth_ok(from, client_circle_open(from->account, from->account->journal, &journal, &from->why));
    for (uint64_t seq = 0; seq < journal->chain->index.row_n; seq++) {
        struct entry entry;
        hearth_ok(from, client_entry(journal, seq, &entry, &from->why));
        out_put(&wires, entry.wire);
    }
    memcpy(lie.added, from->account->journal, HASH_BYTES);
    lie.adds = out_str(&wires);
    hearth_second(&hearth, victim, &other);
    assert_memory_equal(other.account->journal, victim->account->journal, HASH_BYTES);
    hearth_ok(&other, client_circles(other.account, list, &n, &other.why));
    assert_int_equal(n, 2);
    lie.adds = (struct str){0};
    assert_int_equal(devices_in(victim), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, two_in_a_circle, put_away)
    const struct CMUnitTest tests[] = {
        TEST(K5_a_server_that_says_I_left_ends_no_alarm_and_raises_one),
        TEST(K7_a_server_that_shows_nothing_of_another_head_raises_an_alarm_all_the_same),
        TEST(K2_a_payload_that_was_kept_back_is_fetched_when_it_is_shown),
        TEST(K11_what_has_an_id_that_somebody_took_is_not_told_as_sent),
        TEST(what_was_refused_and_recorded_all_the_same_is_no_draft),
        TEST(what_is_durable_is_not_told_as_failed_when_the_disk_is_full),
        TEST(a_join_that_came_too_late_does_not_take_the_next_with_it),
        TEST(a_start_of_which_the_answer_was_lost_is_not_forgotten),
        TEST(A24_a_device_is_told_of_though_the_server_showed_no_circle_at_first),
        TEST(A24_another_s_journal_is_not_taken_for_mine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
