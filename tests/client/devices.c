/* devices.c -- several devices of one person, three people, and keys that somebody withholds. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/clock.h"
#include "client/remote.h"
#include "harness/hearth.h"
#include "harness/people.h"

static struct hearth hearth;
static struct hand ana, ben, phone;

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
    hearth_close(&phone);
    hearth_stop(&hearth);
    return 0;
}

static void two_devices_of_one_person_hold_the_same(void **state)
{
    (void)state;
    uint8_t id[ID_BYTES];
    assert_int_equal(hearth_note(&ana, "from the first").fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    assert_int_equal(hearth_promise(&ben, &ana, "I will listen", 600 * 1000, id).fate, CLIENT_SENT);
    hearth_second(&hearth, &ana, &phone);
    assert_memory_equal(phone.account->sign_pk, ana.account->sign_pk, SIGN_PK_BYTES);
    assert_string_equal(phone.account->name, "Ana");
    assert_int_equal(hearth_notes(&phone, "from the first", false), 1);
    assert_int_equal(hearth_word(&phone, PROMISE_KEPT, id, "you did").fate, CLIENT_SENT);
    assert_int_equal(hearth_note(&ana, "behind the phone").fate, CLIENT_SENT); /* which it had not heard of */
    assert_int_equal(hearth_note(&phone, "behind the first").fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    hearth_same(&ana, &phone);
    hearth_same(&ana, &ben);
    assert_int_equal(promise_outcome(state_find_promise(ana.circle->state, id), 0, clock_wall_ms()),
                     PROMISE_OUTCOME_KEPT);
    hearth_close(&phone);
}

/* A24: the other device is told of in the journal, even by a server that would rather not. */
static void a_sign_in_is_written_into_the_journal(void **state)
{
    (void)state;
    struct client_circle *journal;
    struct client_news news;
    struct str text = {0};
    uint64_t type = 0;
    struct cbor_map map;
    hearth_second(&hearth, &ana, &phone);
    assert_memory_equal(phone.account->journal, ana.account->journal, HASH_BYTES);
    hearth_ok(&ana, client_circle_open(ana.account, ana.account->journal, &journal, &ana.why));
    uint64_t before = journal->chain->index.row_n;
    hearth_ok(&ana, client_sync_circle(journal, &news, &ana.why));
    assert_int_equal(news.err, ERR_OK);
    assert_int_equal(journal->chain->index.row_n, before + 1);
    text = client_text(journal, before, NULL);
    assert_int_equal(payload_type(text, &type), ERR_OK);
    assert_int_equal(type, PAYLOAD_DEVICE);
    assert_int_equal(cbor_map(text, &map), ERR_OK);
    assert_int_equal(cbor_text(map.item[2], &text), ERR_OK);
    assert_true(str_is(text, STR("the other phone")));
    hearth_close(&phone);
}

static void what_waits_on_two_devices_goes_once_each(void **state)
{
    (void)state;
    hearth_second(&hearth, &ana, &phone);
    client_set_offline(ana.client, true);
    client_set_offline(phone.client, true);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(hearth_note(&ana, "from the first").fate, CLIENT_KEPT_HERE);
        assert_int_equal(hearth_note(&phone, "from the phone").fate, CLIENT_KEPT_HERE);
    }
    client_set_offline(ana.client, false);
    client_set_offline(phone.client, false);
    assert_int_equal(hearth_sync(&ana).sent_n, 20);
    assert_int_equal(hearth_sync(&phone).sent_n, 20);
    assert_int_equal(hearth_sync(&ana).new_n, 20);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    hearth_same(&ana, &phone);
    assert_int_equal(hearth_notes(&ben, "from the first", false), 20);
    assert_int_equal(hearth_notes(&ben, "from the phone", false), 20);
    hearth_close(&phone);
}

static void a_third_comes_in_when_all_agree(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    struct hand cleo;
    struct client_outcome outcome;
    struct client_look *look;
    struct client_invite mine[LIMIT_OPEN_INVITES + 1];
    size_t n;
    hearth_account(&hearth, &cleo, "Cleo");
    assert_int_equal(hearth_note(&ana, "before Cleo").fate, CLIENT_SENT);
    hearth_invite(&ana, secret);
    assert_int_equal(client_look(cleo.client, hearth.daemon.origin, secret, &look, &cleo.why), ERR_CONSENT_MISSING);
    hearth_ok(&ana, client_invites(ana.circle, mine, &n, &ana.why));
    assert_int_equal(n, 1);
    assert_int_equal(mine[0].consent_n, 1);
    assert_int_equal(mine[0].consent_needed_n, 2);
    assert_memory_equal(mine[0].secret, secret, SECRET_BYTES);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    hearth_ok(&ben, client_consent(ben.circle, mine[0].hash, &outcome, &ben.why));
    assert_int_equal(outcome.fate, CLIENT_SENT);
    hearth_ok(&cleo, client_look(cleo.client, hearth.daemon.origin, secret, &look, &cleo.why));
    assert_memory_equal(look->inviter, ana.account->sign_pk, SIGN_PK_BYTES);
    assert_true(str_is(look->state->facts.name, STR("The two of us")));
    assert_true(str_is(state_in(look->state, 0)->profile.name, STR("Ana")));
    assert_true(str_is(state_in(look->state, 1)->profile.name, STR("Ben")));
    client_look_close(look);
    assert_int_equal(hearth_join(&cleo, hearth.daemon.origin, secret).fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    hearth_same(&ana, &cleo);
    hearth_same(&ben, &cleo);
    assert_int_equal(ben.circle->state->in_n, 3);
    for (size_t i = 0; i < 3; i++) assert_true(state_in(cleo.circle->state, i)->has_profile);
    assert_int_equal(hearth_notes(&ben, "before Cleo", false), 1);
    assert_int_equal(hearth_notes(&cleo, "before Cleo", false), 0); /* what was said stays with who was there */
    hearth_ok(&ana, client_invites(ana.circle, mine, &n, &ana.why));
    assert_int_equal(n, 0);
    hearth_close(&cleo);
}

static void a_name_that_was_changed_on_one_device_is_not_undone_by_another(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES], memory[512];
    struct out text = OUT_OVER(memory);
    struct profile profile = {.name = STR("Ana Maria"), .zone = STR("Europe/Madrid"), .written_ms = clock_wall_ms() + 1};
    hearth_second(&hearth, &ana, &phone);
    profile_put(&text, &profile);
    assert_int_equal(hearth_say(&ana, out_str(&text)).fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&phone).err, ERR_OK);
    hearth_invite(&phone, secret); /* posts the name for whoever comes */
    const struct member *me = state_find_member(phone.circle->state, ana.account->sign_pk);
    assert_true(str_is(me->profile.name, STR("Ana Maria")));
    assert_string_equal(phone.account->name, "Ana Maria");
    wipe(secret, sizeof secret);
}

static void an_invitation_that_was_taken_back_opens_nothing(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    struct hand cleo;
    struct client_outcome outcome;
    struct client_look *look;
    uint8_t memory[512];
    struct out text = OUT_OVER(memory);
    struct profile profile = {.name = STR("Cleo"), .colour = 1, .zone = STR("Europe/Madrid")};
    profile_put(&text, &profile);
    hearth_account(&hearth, &cleo, "Cleo");
    hearth_invite(&ana, secret);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    hearth_ok(&ben, client_consent(ben.circle, ben.circle->chain->circle.invite[0].hash, &outcome, &ben.why));
    hearth_ok(&cleo, client_look(cleo.client, hearth.daemon.origin, secret, &look, &cleo.why));
    hearth_ok(&ana, client_cancel_invites(ana.circle, &outcome, &ana.why));
    assert_int_equal(outcome.fate, CLIENT_SENT);
    hearth_ok(&cleo, client_join(cleo.account, look, out_str(&text), &cleo.circle, &outcome, &cleo.why));
    assert_int_equal(outcome.fate, CLIENT_IN_DRAFTS);
    assert_int_equal(cleo.circle->state->in_n, 2);
    assert_false(cleo.circle->is_member);
    client_look_close(look);
    assert_int_equal(client_look(cleo.client, hearth.daemon.origin, secret, &look, &cleo.why), ERR_NO_INVITE);
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    assert_int_equal(ana.circle->state->in_n, 2);
    hearth_close(&cleo);
}

/* A rotate whose box for Ben holds nothing that he could use, as only a bad program makes one. */
static void put_bad_rotate(void)
{
    struct person person = {.name = "Ana"};
    struct room room;
    struct arena a;
    struct why why;
    struct remote *remote;
    struct remote_head head;
    struct secret_access access;
    struct remote_login login;
    struct fetch_options options = {.origin = hearth.daemon.origin};
    secret_identity_init(&person.keys, ana.seed);
    arena_init(&a, 64 * 1024 * 1024);
    room_init(&room, &person, clock_wall_ms());
    assert_int_equal(remote_open(&options, &remote), ERR_OK);
    assert_int_equal(secret_access_init(&access, ana.code, HEARTH_PASSPHRASE), ERR_OK);
    assert_int_equal(remote_login(remote, &access, &login), ERR_OK);
    for (struct str page = STR("x"); page.len > 0;) {
        assert_int_equal(remote_entries(remote, ana.id, room.chain.index.row_n, 256, NULL, &page, NULL), ERR_OK);
        assert_int_equal(room_take(&room, page, &why), ERR_OK);
    }
    struct entry bad = draft_rotate(&room, &a, ROTATE_WISH);
    uint8_t garbage[SEAL_BYTES];
    memcpy(garbage, bad.body.rotate.seal[1], sizeof garbage);
    garbage[40] ^= 1;
    bad.body.rotate.seal[1] = garbage;
    struct str batch = draft_sign(&a, &bad, &person);
    room_assume(&room, batch);
    batch = draft_then(&a, batch, room_say(&room, &a, people_note(&a, "behind Ben's back")));
    assert_int_equal(remote_append(remote, ana.id, batch, false, &head, NULL), ERR_OK);
    remote_close(remote);
    room_fini(&room);
    arena_fini(&a);
    secret_access_fini(&access);
}

static void M5_who_is_locked_out_changes_the_key_and_gets_what_was_missed(void **state)
{
    (void)state;
    put_bad_rotate();
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    uint64_t epoch = ana.circle->chain->circle.epoch;
    assert_int_equal(hearth_sync(&ben).err, ERR_OK); /* he cannot read it, and changes the key at once */
    assert_false(ben.circle->is_locked_out);
    assert_int_equal(ben.circle->chain->circle.epoch, epoch + 1);
    assert_int_equal(hearth_notes(&ben, "behind Ben's back", false), 0);
    assert_int_equal(hearth_note(&ben, "I am here again").fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ana).err, ERR_OK); /* whose device hands over what he missed */
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    assert_int_equal(hearth_notes(&ben, "behind Ben's back", false), 1);
    assert_int_equal(hearth_sync(&ana).new_n, 0); /* and that is all */
    size_t given_n = 0;
    for (uint64_t seq = 0; seq < state_row_n(ben.circle->state); seq++) {
        struct epoch_key key[EPOCH_KEYS];
        size_t n;
        if (epoch_keys_read(client_text(ben.circle, seq, NULL), key, &n) != ERR_OK) continue;
        given_n++;
        assert_int_equal(key[n - 1].epoch, epoch);
        /* nothing of the time before the last of them came in: anybody in the circle can read it */
        assert_true(key[0].epoch >= ben.circle->chain->circle.member[1].from_epoch);
    }
    assert_int_equal(given_n, 1);
    hearth_same(&ana, &ben);
    hearth_close(&ben);
    hearth_open(&ben);
    assert_int_equal(hearth_notes(&ben, "behind Ben's back", false), 1);
}

/* How many entries of a record hand keys over. */
static size_t keys_in(const struct hand *hand)
{
    size_t n = 0;
    for (uint64_t seq = 0; seq < hand->circle->chain->index.row_n; seq++) {
        struct epoch_key key[EPOCH_KEYS];
        size_t key_n;
        n += epoch_keys_read(client_text(hand->circle, seq, NULL), key, &key_n) == ERR_OK;
    }
    return n;
}

/* Whoever holds the link can read the epoch in which it is open, and would find the keys of all before. */
static void A5_no_keys_are_handed_over_while_a_link_is_open(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    struct client_outcome outcome;
    put_bad_rotate();
    assert_int_equal(hearth_sync(&ben).err, ERR_OK); /* he is shut out, and changes the key */
    hearth_invite(&ben, secret);
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    assert_int_equal(ana.circle->chain->circle.invite_n, 1);
    assert_int_equal(keys_in(&ana), 0);
    hearth_ok(&ben, client_cancel_invites(ben.circle, &outcome, &ben.why));
    assert_int_equal(outcome.fate, CLIENT_SENT);
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    assert_int_equal(keys_in(&ana), 1);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    assert_int_equal(hearth_notes(&ben, "behind Ben's back", false), 1);
}

static void what_the_passphrase_opens_and_what_not(void **state)
{
    (void)state;
    struct client_circle *circle;
    hearth_close(&ben);
    struct client_options options = {.folder = ben.folder};
    hearth_ok(&ben, client_open(&options, &ben.client, &ben.why));
    ben.account = client_account_at(ben.client, 0);
    assert_false(ben.account->is_unlocked);
    assert_int_equal(client_circle_open(ben.account, ben.id, &circle, &ben.why), ERR_NO_SESSION);
    assert_string_equal(ben.why.field, "locked");
    assert_int_equal(client_unlock(ben.account, STR("something else"), &ben.why), ERR_WRONG_SECRET);
    hearth_ok(&ben, client_unlock(ben.account, HEARTH_PASSPHRASE, &ben.why));
    hearth_ok(&ben, client_passphrase(ben.account, HEARTH_PASSPHRASE, STR("another one"), &ben.why));
    client_lock(ben.account);
    assert_int_equal(client_unlock(ben.account, HEARTH_PASSPHRASE, &ben.why), ERR_WRONG_SECRET);
    hearth_ok(&ben, client_unlock(ben.account, STR("another one"), &ben.why));
    hearth_ok(&ben, client_sign_out(ben.account, &ben.why));
    assert_false(ben.account->is_unlocked);
    hearth_ok(&ben, client_unlock(ben.account, STR("another one"), &ben.why));
    hearth_ok(&ben, client_circle_open(ben.account, ben.id, &ben.circle, &ben.why));
    assert_int_equal(hearth_sync(&ben).err, ERR_NO_SESSION);
    hearth_ok(&ben, client_renew(ben.account, STR("another one"), &ben.why));
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
}

static void a_passphrase_that_was_changed_elsewhere_opens_here_too(void **state)
{
    (void)state;
    struct client_options options = {.folder = ana.folder};
    hearth_second(&hearth, &ana, &phone);
    hearth_ok(&phone, client_passphrase(phone.account, HEARTH_PASSPHRASE, STR("chosen on the phone"), &phone.why));
    assert_int_equal(hearth_sync(&ana).err, ERR_NO_SESSION); /* every other session has ended */
    hearth_close(&ana);
    hearth_ok(&ana, client_open(&options, &ana.client, &ana.why));
    ana.account = client_account_at(ana.client, 0);
    assert_int_equal(client_unlock(ana.account, STR("chosen on the phone"), &ana.why), ERR_WRONG_SECRET);
    assert_int_equal(client_renew(ana.account, HEARTH_PASSPHRASE, &ana.why), ERR_BAD_LOGIN);
    hearth_ok(&ana, client_renew(ana.account, STR("chosen on the phone"), &ana.why));
    assert_true(ana.account->is_unlocked);
    client_lock(ana.account);
    hearth_ok(&ana, client_unlock(ana.account, STR("chosen on the phone"), &ana.why));
    assert_int_equal(client_unlock(ana.account, HEARTH_PASSPHRASE, &ana.why), ERR_WRONG_SECRET);
    hearth_ok(&ana, client_circle_open(ana.account, ana.id, &ana.circle, &ana.why));
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
}

static void a_device_is_listed_and_signed_out_by_another(void **state)
{
    (void)state;
    struct client_device list[4];
    size_t n = 0;
    hearth_second(&hearth, &ana, &phone);
    hearth_ok(&ana, client_devices(ana.account, list, 4, &n, &ana.why));
    assert_int_equal(n, 2);
    assert_true(list[0].is_this != list[1].is_this);
    const struct client_device *other = list[0].is_this ? &list[1] : &list[0];
    assert_true(other->since_ms > 0 && other->used_ms >= other->since_ms);
    hearth_ok(&ana, client_end_device(ana.account, other->session, &ana.why));
    assert_int_equal(client_end_device(ana.account, other->session, &ana.why), ERR_NOT_FOUND);
    hearth_ok(&ana, client_devices(ana.account, list, 4, &n, &ana.why));
    assert_true(n == 1 && list[0].is_this);
    assert_int_equal(client_devices(phone.account, list, 4, &n, &phone.why), ERR_NO_SESSION);
    assert_string_equal(phone.why.field, "session");
    client_lock(ana.account);
    assert_int_equal(client_devices(ana.account, list, 4, &n, &ana.why), ERR_NO_SESSION);
    assert_string_equal(ana.why.field, "locked");
}

static void what_was_forgotten_is_not_in_the_home_and_can_be_signed_in_again(void **state)
{
    (void)state;
    struct client_listed list[2 * LIMIT_CIRCLES];
    uint8_t code[SECRET_BYTES];
    char server[ACCOUNT_ORIGIN_BYTES + 1];
    size_t n = 0;
    struct client_options options = {.folder = ana.folder};
    memcpy(code, ana.account->code, sizeof code);
    memcpy(server, ana.account->server, sizeof server);
    hearth_ok(&ana, client_sign_out(ana.account, &ana.why));
    hearth_ok(&ana, client_forget(ana.account, &ana.why));
    assert_int_equal(client_account_n(ana.client), 0);
    client_close(ana.client);
    hearth_ok(&ana, client_open(&options, &ana.client, &ana.why));
    assert_int_equal(client_account_n(ana.client), 0);
    hearth_ok(&ana, client_sign_in(ana.client, server, code, HEARTH_PASSPHRASE, STR("again"), &ana.account, &ana.why));
    hearth_ok(&ana, client_circles(ana.account, list, &n, &ana.why));
    assert_int_equal(n, 2); /* the journal, and the circle with Ben */
    hearth_ok(&ana, client_circle_open(ana.account, ana.id, &ana.circle, &ana.why));
    hearth_same(&ana, &ben);
}

/* What two devices are told live. */
struct heard {
    size_t news_n, up_n;
    bool ends;
};

static bool on_news(void *of, const struct client_news *news, const struct why *why)
{
    struct heard *heard = of;
    assert_int_equal(why->code, ERR_OK);
    if (news == NULL && ++heard->up_n == 1) assert_int_equal(hearth_note(&ana, "can you hear me?").fate, CLIENT_SENT);
    if (news == NULL) return true;
    heard->news_n += news->new_n;
    return news->new_n == 0;
}

static void a_head_that_moves_is_heard_at_once(void **state)
{
    (void)state;
    struct heard heard = {0};
    assert_int_equal(hearth_sync(&ana).err, ERR_OK);
    assert_int_equal(hearth_sync(&ben).err, ERR_OK);
    hearth_ok(&ben, client_follow(ben.account, 20 * 1000, on_news, &heard, &ben.why));
    hearth_ok(&ben, client_circle_open(ben.account, ben.id, &ben.circle, &ben.why));
    assert_int_equal(heard.up_n, 1);
    assert_int_equal(heard.news_n, 1);
    assert_int_equal(hearth_notes(&ben, "can you hear me?", false), 1);
}

/* Whoever follows does not keep others of the same person out: one writes from another terminal meanwhile. */
static void a_home_that_is_followed_can_be_used(void **state)
{
    (void)state;
    int status;
    struct heard heard = {.up_n = 1};
    hearth_close(&ben);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
        hearth_open(&ben); /* waits 5 s at most */
        (void)hearth_note(&ben, "from another terminal");
        hearth_close(&ben);
        _exit(0);
    }
    hearth_open(&ben);
    hearth_ok(&ben, client_follow(ben.account, 20 * 1000, on_news, &heard, &ben.why));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    hearth_ok(&ben, client_circle_open(ben.account, ben.id, &ben.circle, &ben.why));
    assert_int_equal(hearth_notes(&ben, "from another terminal", false), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, two_in_a_circle, put_away)
    const struct CMUnitTest tests[] = {
        TEST(two_devices_of_one_person_hold_the_same),
        TEST(a_sign_in_is_written_into_the_journal),
        TEST(what_waits_on_two_devices_goes_once_each),
        TEST(a_third_comes_in_when_all_agree),
        TEST(a_name_that_was_changed_on_one_device_is_not_undone_by_another),
        TEST(an_invitation_that_was_taken_back_opens_nothing),
        TEST(M5_who_is_locked_out_changes_the_key_and_gets_what_was_missed),
        TEST(A5_no_keys_are_handed_over_while_a_link_is_open),
        TEST(what_the_passphrase_opens_and_what_not),
        TEST(a_passphrase_that_was_changed_elsewhere_opens_here_too),
        TEST(a_device_is_listed_and_signed_out_by_another),
        TEST(what_was_forgotten_is_not_in_the_home_and_can_be_signed_in_again),
        TEST(a_head_that_moves_is_heard_at_once),
        TEST(a_home_that_is_followed_can_be_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
