/* remote.c -- every request of a member's program, at a real server: what succeeds, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "client/remote.h"
#include "harness/expect.h"
#include "record/code.h"

enum { ANA, BEN, CLEO, PEOPLE };

static struct town town;
static struct arena *a = &town.arena;
static struct remote *remote;

#define ok(call) assert_int_equal(call, ERR_OK)
#define refused(call, e) assert_int_equal(call, ERR_##e)

static struct remote *dial(const char *origin)
{
    struct remote *r = NULL;
    struct fetch_options options = {.origin = origin};
    ok(remote_open(&options, &r));
    return r;
}

static int dial_server(void **state)
{
    (void)state;
    remote = dial(town.daemon.origin);
    return 0;
}

static int hang_up(void **state)
{
    (void)state;
    remote_close(remote);
    return 0;
}

static void sign_in(size_t who)
{
    struct remote_login login;
    ok(remote_login(remote, &town.api[who].access, &login));
}

/* A new person with a way in of their own; a new permit. */
struct newcomer {
    struct person person;
    struct secret_access access;
    struct account_cred cred;
    uint8_t permit[SECRET_BYTES];
};

static void newcomer_init(struct newcomer *n)
{
    static uint64_t number = 1000;
    uint8_t code[SECRET_BYTES];
    char text[64];
    struct why why;
    person_init(&n->person, "Nour", ++number);
    random_fill(code, sizeof code);
    secret_access_init_bare(&n->access, code);
    memcpy(n->cred.cred_id, n->access.cred_id, ID_BYTES);
    memcpy(n->cred.login_pk, n->access.login_pk, SIGN_PK_BYTES);
    secret_wrap(n->cred.wrapped, &n->access, &n->person.keys);
    town_permit(&town, text);
    ok(code_read(CODE_PERMIT, str_of_text(text), n->permit, &why));
}

static struct remote_leave by_permit(const struct newcomer *n)
{
    return (struct remote_leave){.permit = n->permit};
}

static enum err open_account(const struct newcomer *n, bool *was_there)
{
    struct remote_leave leave = by_permit(n);
    return remote_register(remote, &n->person.keys, &n->cred, &leave, was_there);
}

/* ---- the server -------------------------------------------------------------------------------------------- */

static void a_server_tells_about_itself(void **state)
{
    (void)state;
    struct remote_server s;
    ok(remote_server(remote, &s));
    assert_true(s.speaks_1);
    assert_true(s.time_ms > api_now_ms() - 60000 && s.time_ms < api_now_ms() + 60000);
    assert_int_equal(s.limit.header_bytes, LIMIT_HEADER_BYTES);
    assert_int_equal(s.limit.batch_n, LIMIT_BATCH_ENTRIES);
    assert_int_equal(s.limit.member_n, LIMIT_MEMBERS);
    assert_true(s.limit.live_stream_n >= 1);
    assert_true(s.origins.n >= 1);
    assert_true(strncmp(s.name, "trothd ", 7) == 0);
    ok(remote_health(remote));
}

static void no_two_challenges_are_the_same(void **state)
{
    (void)state;
    uint8_t one[CHALLENGE_BYTES], other[CHALLENGE_BYTES];
    uint64_t ms = 0;
    ok(remote_challenge(remote, one, &ms));
    ok(remote_challenge(remote, other, &ms));
    assert_memory_not_equal(one, other, sizeof one);
    assert_true(ms > 0);
}

static void without_a_session_nothing_is_asked(void **state)
{
    (void)state;
    struct remote_account account;
    struct remote_rows rows;
    refused(remote_account(remote, &account), NO_SESSION);
    assert_int_equal(remote_detail(remote)->status, 0);
    refused(remote_circles(remote, &rows), NO_SESSION);
    uint8_t token[ACCOUNT_TOKEN_BYTES] = {7};
    remote_use(remote, token);
    refused(remote_account(remote, &account), NO_SESSION);
    assert_int_equal(remote_detail(remote)->status, 401);
    remote_forget(remote);
    refused(remote_end_others(remote), NO_SESSION);
    assert_int_equal(remote_detail(remote)->status, 0);
}

/* ---- accounts and sessions --------------------------------------------------------------------------------- */

static void an_account_from_its_first_day_to_its_last(void **state)
{
    (void)state;
    struct newcomer n;
    struct remote_login login;
    struct remote_account account;
    struct secret_identity opened;
    struct account_creds creds = {.cred_n = 1};
    bool was_there = true;
    newcomer_init(&n);
    ok(open_account(&n, &was_there));
    assert_false(was_there);
    ok(open_account(&n, &was_there));
    assert_true(was_there);
    ok(remote_login(remote, &n.access, &login));
    assert_memory_equal(login.sign_pk, n.person.keys.sign_pk, SIGN_PK_BYTES);
    assert_memory_equal(login.box_pk, n.person.keys.box_pk, BOX_PK_BYTES);
    ok(secret_unwrap(&n.access, STR_OF(login.wrapped), login.sign_pk, &opened));
    assert_memory_equal(opened.seed, n.person.keys.seed, SEED_BYTES);
    ok(remote_account(remote, &account));
    assert_memory_equal(account.sign_pk, n.person.keys.sign_pk, SIGN_PK_BYTES);
    assert_int_equal(account.cred_n, 1);
    assert_memory_equal(account.cred_id[0], n.access.cred_id, ID_BYTES);
    assert_int_equal(account.creds_version, login.creds_version);
    creds.version = account.creds_version + 1;
    creds.cred[0] = n.cred;
    ok(remote_put_creds(remote, &n.person.keys, &creds));
    refused(remote_put_creds(remote, &n.person.keys, &creds), CREDS_MOVED);
    creds.version++;
    memset(creds.cred[0].login_pk, 0, SIGN_PK_BYTES);
    refused(remote_put_creds(remote, &n.person.keys, &creds), BAD_KEY);
    refused(remote_put_creds(remote, &town.person[ANA].keys, &creds), BAD_SIGNATURE);
    refused(remote_close_account(remote, &town.person[ANA].keys), BAD_SIGNATURE);
    ok(remote_close_account(remote, &n.person.keys));
    refused(remote_account(remote, &account), NO_SESSION);
    refused(remote_login(remote, &n.access, &login), BAD_LOGIN);
    secret_identity_fini(&opened);
}

static void what_opens_no_account(void **state)
{
    (void)state;
    struct newcomer n, other;
    newcomer_init(&n);
    newcomer_init(&other);
    uint8_t nobodys[SECRET_BYTES] = {1};
    struct remote_leave leave = {.permit = nobodys};
    refused(remote_register(remote, &n.person.keys, &n.cred, &leave, NULL), NO_PERMIT);
    leave = (struct remote_leave){.invite_secret = nobodys};
    refused(remote_register(remote, &n.person.keys, &n.cred, &leave, NULL), NO_PERMIT);
    leave = by_permit(&n);
    refused(remote_register(remote, &town.person[ANA].keys, &n.cred, &leave, NULL), EXISTS);
    struct secret_identity crooked = n.person.keys;
    memset(crooked.box_pk, 0, BOX_PK_BYTES);
    refused(remote_register(remote, &crooked, &n.cred, &leave, NULL), BAD_KEY);
    crooked = n.person.keys;
    crooked.sign_pk[5] ^= 1;
    refused(remote_register(remote, &crooked, &n.cred, &leave, NULL), BAD_SIGNATURE);
    ok(open_account(&n, NULL));
    memcpy(other.permit, n.permit, SECRET_BYTES);
    refused(open_account(&other, NULL), NO_PERMIT);
}

static void an_address_that_is_not_the_servers_is_told_with_those_that_are(void **state)
{
    (void)state;
    char origin[64];
    struct remote_login login;
    struct newcomer n;
    (void)snprintf(origin, sizeof origin, "http://[::ffff:127.0.0.1]:%u", town.daemon.port);
    struct remote *other = NULL;
    struct fetch_options options = {.origin = origin, .may_be_plain = true};
    if (!account_is_origin(str_of_text(origin))) {
        (void)snprintf(origin, sizeof origin, "http://127.0.0.2:%u", town.daemon.port);
    }
    ok(remote_open(&options, &other));
    struct remote *mine = remote;
    remote = other;
    refused(remote_login(remote, &town.api[ANA].access, &login), WRONG_ORIGIN);
    const struct remote_detail *d = remote_detail(remote);
    assert_int_equal(d->status, 401);
    bool is_named = false;
    for (size_t i = 0; i < d->origins.n; i++) is_named |= strcmp(d->origins.text[i], town.daemon.origin) == 0;
    assert_true(is_named);
    newcomer_init(&n);
    refused(open_account(&n, NULL), WRONG_ORIGIN);
    remote = mine;
    remote_close(other);
}

static void a_wrong_secret_and_an_unknown_account_look_the_same(void **state)
{
    (void)state;
    struct remote_login login;
    struct secret_access wrong = town.api[ANA].access;
    memcpy(wrong.login_sk, town.api[BEN].access.login_sk, SIGN_SK_BYTES);
    refused(remote_login(remote, &wrong, &login), BAD_LOGIN);
    wrong = town.api[ANA].access;
    wrong.cred_id[0] ^= 1;
    refused(remote_login(remote, &wrong, &login), BAD_LOGIN);
    refused(remote_end_others(remote), NO_SESSION); /* and nobody is signed in by it */
}

static void devices_are_listed_and_ended(void **state)
{
    (void)state;
    struct remote *phone = remote;
    struct remote_login login;
    struct remote_rows rows;
    struct remote_session s;
    size_t n = 0, this_n = 0;
    bool is_listed = false;
    sign_in(CLEO);
    remote = dial(town.daemon.origin);
    ok(remote_login(remote, &town.api[CLEO].access, &login));
    ok(remote_sessions(remote, &rows));
    while (remote_next_session(&rows, &s)) {
        n++;
        this_n += s.is_this;
        if (memcmp(s.id, login.session, ID_BYTES) == 0) is_listed = s.is_this;
        assert_true(s.created_ms > 0 && s.used_ms >= s.created_ms);
    }
    assert_int_equal(n, rows.n);
    assert_true(n >= 2 && this_n == 1 && is_listed);
    ok(remote_end_others(remote));
    refused(remote_sessions(phone, &rows), NO_SESSION);
    ok(remote_sessions(remote, &rows));
    assert_int_equal(rows.n, 1);
    uint8_t nobodys[ID_BYTES] = {9};
    refused(remote_end_session(remote, nobodys), NOT_FOUND);
    ok(remote_end_session(remote, login.session));
    refused(remote_sessions(remote, &rows), NO_SESSION);
    remote_close(remote);
    remote = phone;
    (void)expect_ok(api_login(&town.api[CLEO], a), 201); /* the town's own device, too, was ended */
}

/* ---- circles ----------------------------------------------------------------------------------------------- */

static bool find_circle(const uint8_t *id, struct remote_circle *circle)
{
    struct remote_rows rows;
    bool is_found = false;
    ok(remote_circles(remote, &rows));
    for (struct remote_circle c; remote_next_circle(&rows, &c);) {
        if (memcmp(c.id, id, HASH_BYTES) != 0) continue;
        *circle = c;
        is_found = true;
    }
    return is_found;
}

static void a_circle_is_made_added_to_and_read(void **state)
{
    (void)state;
    struct remote_head head;
    struct remote_circle circle;
    struct why why;
    struct str page;
    size_t n;
    bool was_there;
    town_rooms(&town);
    struct room *room = &town.room[ANA];
    sign_in(ANA);
    struct str genesis = room_genesis(room, a, false);
    ok(remote_new_circle(remote, genesis, &head, &was_there));
    assert_false(was_there);
    ok(room_take(room, genesis, &why));
    const uint8_t *id = town_circle(&town);
    assert_memory_equal(head.hash, id, HASH_BYTES);
    struct str batch = room_say(room, a, people_note(a, "Good morning"));
    ok(remote_append(remote, id, batch, false, &head, &was_there));
    assert_false(was_there);
    assert_int_equal(head.seq, 1);
    ok(remote_append(remote, id, batch, false, &head, &was_there));
    assert_true(was_there);
    ok(room_take(room, batch, &why));
    assert_memory_equal(head.hash, room->chain.circle.head_hash, HASH_BYTES);
    ok(remote_entries(remote, id, 0, LIMIT_PAGE_ENTRIES, NULL, &page, &n));
    assert_int_equal(n, 2);
    assert_true(str_is(page, draft_then(a, genesis, batch)));
    ok(remote_entries(remote, id, 1, 1, NULL, &page, NULL));
    assert_true(str_is(page, batch));
    ok(remote_entries(remote, id, 2, 1, NULL, &page, &n));
    assert_true(n == 0 && page.len == 0);
    assert_true(find_circle(id, &circle));
    assert_true(!circle.has_left && circle.joined_seq == 0 && circle.head.seq == 1);
    assert_memory_equal(circle.head.hash, head.hash, HASH_BYTES);
    ok(remote_new_circle(remote, genesis, &head, &was_there));
    assert_true(was_there);
}

static enum err append(struct str entries)
{
    struct remote_head head;
    return remote_append(remote, town_circle(&town), entries, false, &head, NULL);
}

static void what_an_append_is_refused_for_comes_with_its_detail(void **state)
{
    (void)state;
    struct why why;
    town_gather(&town, 2);
    struct room *room = &town.room[ANA], elsewhere;
    sign_in(ANA);
    const struct remote_detail *d = remote_detail(remote);
    struct str late = room_say(room, a, people_note(a, "too late"));
    (void)expect_ok(town_say(&town, BEN, "first"), 201);
    refused(append(late), HEAD_MOVED);
    assert_true(d->status == 409 && d->has_index && d->index == 0 && d->has_head);
    assert_int_equal(d->head_seq, room->chain.circle.head_seq);
    assert_memory_equal(d->head_hash, room->chain.circle.head_hash, HASH_BYTES);
    room->now_ms += 3600 * 1000;
    refused(append(room_say(room, a, people_note(a, "from the future"))), CLOCK_SKEW);
    assert_true(d->has_time && !d->has_head && d->server_ms > api_now_ms() - 60000);
    room->now_ms -= 3600 * 1000;
    struct entry draft = draft_sealed(room, a, people_note(a, "in no epoch"));
    draft.epoch++;
    refused(append(draft_sign(a, &draft, &town.person[ANA])), EPOCH_STALE);
    assert_true(d->has_epoch && d->epoch + 1 == draft.epoch);
    draft.epoch--;
    refused(append(draft_sign(a, &draft, &town.person[BEN])), BAD_SIGNATURE);
    refused(append(STR("\xa1\x01\x01")), BAD_ENTRY);
    refused(append(STR("\xff")), BAD_CBOR);
    room_init(&elsewhere, &town.person[ANA], room->now_ms);
    struct str genesis = room_genesis(&elsewhere, a, false);
    ok(room_take(&elsewhere, genesis, &why));
    refused(append(room_say(&elsewhere, a, people_note(a, "not for here"))), WRONG_CIRCLE);
    uint8_t nowhere[HASH_BYTES] = {3};
    struct remote_head head;
    struct str page;
    refused(remote_append(remote, nowhere, late, false, &head, NULL), NO_CIRCLE);
    refused(remote_entries(remote, nowhere, 0, 1, NULL, &page, NULL), NO_CIRCLE);
    sign_in(CLEO);
    refused(append(room_say(&town.room[ANA], a, people_note(a, "by proxy"))), NO_CIRCLE);
    assert_false(d->has_head);
    room_fini(&elsewhere);
}

static void who_left_is_told_so(void **state)
{
    (void)state;
    struct remote_circle circle;
    town_gather(&town, 2);
    struct str words = room_say(&town.room[BEN], a, people_note(a, "one more thing"));
    (void)expect_ok(town_leave(&town, BEN), 201);
    sign_in(BEN);
    refused(append(words), NOT_MEMBER);
    assert_true(find_circle(town_circle(&town), &circle));
    assert_true(circle.has_left && circle.left_seq == town.room[ANA].chain.circle.head_seq);
    sign_in(ANA);
    refused(append(room_say(&town.room[ANA], a, people_note(a, "too soon"))), ROTATE_REQUIRED);
}

static void a_lost_record_is_given_back_by_a_repair(void **state)
{
    (void)state;
    struct remote_head head;
    bool was_there = false;
    town_gather(&town, 2);
    sign_in(ANA);
    struct str all = room_sequence(&town.room[ANA], a, 0);
    ok(remote_append(remote, town_circle(&town), all, true, &head, &was_there));
    assert_true(was_there && head.seq == town.room[ANA].chain.circle.head_seq);
}

/* ---- invitations ------------------------------------------------------------------------------------------- */

static void an_invitation_opens_an_account_and_a_circle(void **state)
{
    (void)state;
    struct newcomer n;
    struct remote_invite invite;
    struct remote_head head;
    struct str page;
    size_t entry_n;
    uint8_t secret[SECRET_BYTES], key[KEY_BYTES];
    town_gather(&town, 2);
    town_invite(&town, ANA, secret);
    newcomer_init(&n);
    struct remote_leave leave = {.invite_secret = secret};
    ok(remote_register(remote, &n.person.keys, &n.cred, &leave, NULL));
    ok(remote_open_invite(remote, secret, &invite));
    assert_memory_equal(invite.circle, town_circle(&town), HASH_BYTES);
    assert_true(invite.until_ms > api_now_ms());
    struct entry entry = room_invite_of(&town.room[ANA], secret);
    assert_int_equal(invite.seq, entry.seq);
    assert_true(str_is(STR_OF(invite.capsule), entry.payload));
    refused(remote_entries(remote, invite.circle, 0, 5, NULL, &page, NULL), NO_SESSION);
    ok(remote_entries(remote, invite.circle, 0, 256, invite.read_token, &page, &entry_n));
    assert_int_equal(entry_n, town.room[ANA].chain.circle.head_seq + 1);
    assert_true(str_is(page, room_sequence(&town.room[ANA], a, 0)));
    struct room room;
    struct why why;
    room_init(&room, &n.person, api_now_ms());
    ok(room_take(&room, page, &why));
    ok(room_capsule(&room, secret, key));
    struct remote_login login;
    ok(remote_login(remote, &n.access, &login));
    ok(remote_append(remote, invite.circle, room_join(&room, a, secret), false, &head, NULL));
    refused(remote_open_invite(remote, secret, &invite), NO_INVITE);
    room_fini(&room);
}

static void an_invitation_waits_for_everyone(void **state)
{
    (void)state;
    struct remote_invite invite;
    struct newcomer n;
    uint8_t secret[SECRET_BYTES], nobodys[SECRET_BYTES] = {4};
    town_gather(&town, 2);
    refused(remote_open_invite(remote, nobodys, &invite), NO_INVITE);
    (void)expect_ok(town_post(&town, ANA, room_invite(&town.room[ANA], a, secret)), 201);
    refused(remote_open_invite(remote, secret, &invite), CONSENT_MISSING);
    newcomer_init(&n);
    struct remote_leave leave = {.invite_secret = secret};
    refused(remote_register(remote, &n.person.keys, &n.cred, &leave, NULL), CONSENT_MISSING);
}

/* ---- the way there ----------------------------------------------------------------------------------------- */

static void a_server_that_is_gone_is_offline_and_one_that_is_back_is_not(void **state)
{
    (void)state;
    struct remote_account account;
    sign_in(ANA);
    ok(remote_account(remote, &account));
    assert_true(daemon_stop(&town.daemon));
    refused(remote_account(remote, &account), OFFLINE);
    assert_int_equal(remote_detail(remote)->status, 0);
    assert_string_not_equal(remote_detail(remote)->text, "");
    assert_true(daemon_restart(&town.daemon, &town.options));
    town_reconnect(&town);
    ok(remote_account(remote, &account));
    assert_string_equal(remote_detail(remote)->text, "");
}

static void who_asks_too_often_hears_how_long_to_wait(void **state)
{
    (void)state;
    struct daemon slow;
    struct daemon_options options = {.is_fast = false};
    uint8_t challenge[CHALLENGE_BYTES];
    uint64_t ms;
    enum err e = ERR_OK;
    assert_true(daemon_start(&slow, &options));
    struct remote *r = dial(slow.origin);
    for (unsigned i = 0; i < 500 && e == ERR_OK; i++) e = remote_challenge(r, challenge, &ms);
    assert_int_equal(e, ERR_SLOW_DOWN);
    assert_int_equal(remote_detail(r)->status, 429);
    assert_true(remote_detail(r)->retry_after_s >= 1 && remote_detail(r)->retry_after_s <= 3600);
    remote_close(r);
    assert_true(daemon_stop(&slow));
}

static int open_town(void **state)
{
    (void)state;
    town_open(&town, PEOPLE, NULL);
    return 0;
}

static int close_town(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

#define at_the_server(test) cmocka_unit_test_setup_teardown(test, dial_server, hang_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        at_the_server(a_server_tells_about_itself),
        at_the_server(no_two_challenges_are_the_same),
        at_the_server(without_a_session_nothing_is_asked),
        at_the_server(an_account_from_its_first_day_to_its_last),
        at_the_server(what_opens_no_account),
        at_the_server(an_address_that_is_not_the_servers_is_told_with_those_that_are),
        at_the_server(a_wrong_secret_and_an_unknown_account_look_the_same),
        at_the_server(devices_are_listed_and_ended),
        at_the_server(a_circle_is_made_added_to_and_read),
        at_the_server(what_an_append_is_refused_for_comes_with_its_detail),
        at_the_server(who_left_is_told_so),
        at_the_server(a_lost_record_is_given_back_by_a_repair),
        at_the_server(an_invitation_opens_an_account_and_a_circle),
        at_the_server(an_invitation_waits_for_everyone),
        at_the_server(a_server_that_is_gone_is_offline_and_one_that_is_back_is_not),
        cmocka_unit_test(who_asks_too_often_hears_how_long_to_wait),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
