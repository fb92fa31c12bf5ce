/* attacks_http.c -- the attacks T1 to T10 and T12 of docs/protocol.md: on requests, on the disk, on order.
 * T11 is about attachments, which this server does not take yet.
 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "harness/expect.h"
#include "harness/race.h"

enum { ANA, BEN, CLEO, PEOPLE = 8 };

static struct town town;
static struct arena *a = &town.arena;

static struct api_reply send_it(size_t who, struct str batch)
{
    return api_append(&town.api[who], town_circle(&town), batch);
}

static struct str words(size_t who)
{
    return room_say(&town.room[who], a, people_note(a, "words"));
}

static struct str sign(const struct entry *draft, size_t who)
{
    return draft_sign(a, draft, &town.person[who]);
}

/* ---- requests ---------------------------------------------------------------------------------- */

/* The head of a POST of entries, with these further lines, and nothing behind it. */
static void post_head(char *room, size_t cap, const char *lines)
{
    char path[API_PATH_BYTES];
    api_entries_path(path, town_circle(&town), "");
    int n =
        snprintf(room, cap,
                 "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/cbor\r\n%s\r\n",
                 path, town.api[ANA].token, lines);
    assert_in_range(n, 1, (int)cap - 1);
}

static struct api_reply raw(const char *head)
{
    struct http_client c;
    struct http_reply http = {0};
    http_client_init(&c, town.daemon.port);
    (void)(http_client_send(&c, str_of_text(head)) && http_client_read(&c, true, &http));
    struct api_reply r = api_reply_of(&http);
    r.body = arena_copy(a, r.body);
    http_client_fini(&c);
    return r;
}

static void T1_a_body_whose_length_is_not_said_is_refused(void **state)
{
    (void)state;
    char head[1024];
    struct town_state before = town_look(&town, ANA);
    post_head(head, sizeof head, "");
    (void)expect_refused(raw(head), 411, "no_length");
    post_head(head, sizeof head, "Transfer-Encoding: chunked\r\n");
    (void)expect_refused(raw(head), 400, "bad_http");
    expect_same(&town, ANA, before);
}

static void T2_a_body_too_long_is_refused_before_it_is_read(void **state)
{
    (void)state;
    static const char *const lines[] = {"Content-Length: 1048577\r\n",
                                        "Content-Length: 1048577\r\nExpect: 100-continue\r\n",
                                        "Content-Length: 9007199254740993\r\n"};
    char head[1024];
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        post_head(head, sizeof head, lines[i]); /* not a byte of the body follows, and the answer comes */
        (void)expect_refused(raw(head), 413, "too_large");
    }
    static const struct {
        const char *line;
        int status;
    } nonsense[] = {
        {"Content-Length: -1\r\n", 400},   {"Content-Length: 1 1\r\n", 400}, {"Content-Length: 0x10\r\n", 400},
        {"Content-Length: +5\r\n", 400},   {"Content-Length: 5,5\r\n", 400}, {"Content-Length:\r\n", 400},
        {"Content-Length: 99999999999999999999999\r\n", 413},
    };
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        post_head(head, sizeof head, nonsense[i].line); /* the library answers these by itself, without a code */
        assert_int_equal(raw(head).status, nonsense[i].status);
    }
    (void)expect_ok(town_post(&town, ANA, words(ANA)), 201);
}

static void T3_slow_headers_are_cut_off_and_disturb_nobody(void **state)
{
    (void)state;
    enum { SLOW = 40, DEADLINE_MS = 1000 };
    struct daemon slow;
    struct daemon_options options = {.flag = {"--request=1s", "--idle=1s"}, .is_fast = true};
    struct http_client c[SLOW], other;
    struct http_reply http;
    assert_true(daemon_start(&slow, &options));
    uint64_t from_ms = api_now_ms();
    for (size_t i = 0; i < SLOW; i++) {
        http_client_init(&c[i], slow.port);
        c[i].wait_ms = 10 * DEADLINE_MS;
        assert_true(http_client_send(&c[i], STR("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")));
    }
    http_client_init(&other, slow.port);
    while (api_now_ms() - from_ms < 700) {
        struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
        for (size_t i = 0; i < SLOW; i++) (void)http_client_send(&c[i], STR("a"));
        uint64_t asked_ms = api_now_ms();
        assert_true(http_client_ask(&other, &(struct http_ask){.method = "GET", .path = "/healthz"}, &http));
        assert_int_equal(http.status, 200);
        assert_in_range(api_now_ms() - asked_ms, 0, 2000);
        (void)nanosleep(&pause, NULL);
    }
    for (size_t i = 0; i < SLOW; i++) {
        assert_true(http_client_sees_end(&c[i]));
        http_client_fini(&c[i]);
    }
    assert_in_range(api_now_ms() - from_ms, DEADLINE_MS, 10 * DEADLINE_MS);
    http_client_fini(&other);
    assert_true(daemon_stop(&slow));
}

static void T4_no_path_leads_out_of_the_list_of_routes(void **state)
{
    (void)state;
    char hex[2 * HASH_BYTES + 1], upper[2 * HASH_BYTES + 1], path[40][256];
    size_t n = 0;
    api_hex(hex, town_circle(&town), HASH_BYTES);
    for (size_t i = 0; i <= 64; i++) upper[i] = (char)(hex[i] >= 'a' ? hex[i] - 'a' + 'A' : hex[i]);
    static const char *const form[] = {
        "/v1/circles/../%s/entries",       "/v1/circles/%s/../entries",
        "/v1/circles/%%2e%%2e/%s/entries", "/v1/circles/%s%%00/entries",
        "/v1/circles/%s/entries/",         "/v1/circles/%s/entries/..",
        "/v1/circles//%s/entries",         "//v1/circles/%s/entries",
        "/v1/circles/%s/./entries",        "/v1/circles/%s%%2fentries",
        "/v1/circles/%s/entries%%00",      "/v1/circles/%s/entries;x",
        "/v1/circles/0%s/entries",         "/v1/circles/%sz/entries",
        "/v1/circles/%.62s/entries",       "/v1/circles/%s/blobs/%s",
        "/V1/circles/%s/entries",          "/v1/circles/%s\\..\\entries",
        "/v1/./circles/%s/entries",        "/v1/circles/%s",
    };
    for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(path[n++], sizeof path[0], form[i], hex, hex);
#pragma GCC diagnostic pop
    }
    (void)snprintf(path[n++], sizeof path[0], "/v1/circles/%s/entries", upper);
    static const char *const more[] = {"/etc/passwd",
                                       "/../../../../etc/passwd",
                                       "/%2e%2e/%2e%2e/etc/passwd",
                                       "/v1/../healthz",
                                       "/healthz/",
                                       "/v1",
                                       "/v1/",
                                       "/v1/server/..",
                                       "/favicon.ico",
                                       "/.git/config",
                                       "/v1/sessions/..",
                                       "/v1/sessions/%2e%2e"};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) (void)snprintf(path[n++], sizeof path[0], "%s", more[i]);
    for (size_t i = 0; i < n; i++) {
        struct api_reply r = api_get(&town.api[ANA], path[i]);
        if (r.status != 404) print_error("%s\n", path[i]);
        expect_no_detail(expect_refused(r, 404, "no_route"));
    }
    (void)snprintf(path[0], sizeof path[0], "/v1/circles/%s/entries", hex);
    (void)expect_ok(api_get(&town.api[ANA], path[0]), 200);
}

static void T5_a_page_of_another_origin_has_no_authority_to_borrow(void **state)
{
    (void)state;
    static const char *const path[] = {"/v1/server", "/v1/challenge", "/v1/account", "/v1/circles",
                                       "/",          "/healthz",      "/nowhere"};
    char cookie[256];
    struct http_client c;
    struct http_reply http;
    struct str value;
    (void)snprintf(cookie, sizeof cookie, "Origin: https://elsewhere.example\r\nCookie: token=%s; session=1\r\n",
                   town.api[ANA].token);
    http_client_init(&c, town.daemon.port);
    for (size_t i = 0; i < sizeof path / sizeof *path; i++) {
        struct http_ask ask = {.method = "GET", .path = path[i], .more = cookie};
        assert_true(http_client_ask(&c, &ask, &http));
        if (strcmp(path[i], "/v1/account") == 0 || strcmp(path[i], "/v1/circles") == 0) {
            assert_int_equal(http.status, 401);
        }
        assert_false(http_reply_header(&http, "Set-Cookie", &value));
        assert_false(http_reply_header(&http, "Access-Control-Allow-Credentials", &value));
        assert_true(http_reply_header(&http, "Access-Control-Allow-Origin", &value));
        assert_true(str_is(value, STR("*")));
    }
    struct str body = words(ANA);
    char where[API_PATH_BYTES];
    api_entries_path(where, town_circle(&town), "");
    /* what a form of another page can send: no preflight, and so only these types */
    static const char *const simple[] = {"text/plain", "application/x-www-form-urlencoded",
                                         "multipart/form-data; boundary=x"};
    for (size_t i = 0; i < 3; i++) {
        struct http_ask ask = {.method = "POST", .path = where, .type = simple[i], .body = body, .more = cookie};
        assert_true(http_client_ask(&c, &ask, &http));
        (void)expect_refused(api_reply_of(&http), 415, "bad_type");
    }
    assert_true(
        http_client_ask(&c, &(struct http_ask){.method = "POST", .path = where, .body = body, .more = cookie}, &http));
    (void)expect_refused(api_reply_of(&http), 401, "no_session");
    http_client_fini(&c);
}

/* ---- the disk ---------------------------------------------------------------------------------- */

static void T6_what_was_answered_is_there_after_a_kill(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        struct api_head head;
        struct api_reply r = expect_ok(town_say(&town, (size_t)i % 2, "answered"), 201);
        assert_true(api_head_of_reply(&r, &head));
        daemon_kill(&town.daemon);
        assert_true(daemon_restart(&town.daemon, &town.options));
        struct town_state now = town_look(&town, ANA);
        assert_int_equal(now.head.seq, head.seq);
        assert_memory_equal(now.head.hash, head.hash, HASH_BYTES);
    }
    struct str entries;
    struct api_reply refusal;
    assert_true(api_entries(&town.api[BEN], a, town_circle(&town), 0, NULL, &entries, &refusal));
    assert_true(str_is(entries, room_sequence(&town.room[ANA], a, 0)));
}

/* A connection that ends in the middle of an append, or before its answer is read. */
static void T6_a_lost_connection_records_all_of_an_append_or_nothing(void **state)
{
    (void)state;
    char path[API_PATH_BYTES], *room = malloc(LIMIT_BODY_BYTES);
    assert_non_null(room);
    api_entries_path(path, town_circle(&town), "");
    struct str say = words(ANA);
    struct http_ask ask = {.method = "POST", .path = path, .token = town.api[ANA].token, .body = say};
    size_t n = http_client_put_ask(room, LIMIT_BODY_BYTES, &ask, town.daemon.port);
    struct town_state before = town_look(&town, ANA);
    for (size_t cut = 1; cut < n; cut += cut < 40 ? 1 : 37) {
        struct http_client c;
        http_client_init(&c, town.daemon.port);
        assert_true(http_client_send(&c, str_at(room, cut)));
        http_client_fini(&c);
    }
    expect_same(&town, ANA, before);
    for (int i = 0; i < 20; i++) { /* the whole of it, and nobody waits for the answer */
        struct http_client c;
        say = words(ANA);
        ask.body = say;
        n = http_client_put_ask(room, LIMIT_BODY_BYTES, &ask, town.daemon.port);
        http_client_init(&c, town.daemon.port);
        assert_true(http_client_send(&c, str_at(room, n)));
        http_client_fini(&c);
        struct api_reply r = send_it(ANA, say); /* so it is sent again: it is there, or it is now */
        if (r.status != 200) (void)expect_ok(r, 201);
        town_follow(&town, say);
    }
    struct town_state now = town_look(&town, BEN);
    assert_int_equal(now.head.seq, before.head.seq + 20);
    assert_memory_equal(now.head.hash, town.room[BEN].chain.circle.head_hash, HASH_BYTES);
    free(room);
}

static void T7_a_full_disk_records_all_or_nothing_and_says_so(void **state)
{
    (void)state;
    struct town full;
    struct daemon_options options = {.is_fast = true}, limited = {.is_fast = true, .disk_bytes = 600 * 1024};
    static char text[50000];
    struct api_head head = {0}, seen;
    unsigned full_n = 0;
    memset(text, 'x', sizeof text - 1);
    town_open(&full, 1, &options);
    town_gather(&full, 1);
    assert_true(daemon_stop(&full.daemon) && daemon_restart(&full.daemon, &limited));
    for (int i = 0; i < 40 && full_n < 3; i++) {
        struct str wire = room_say(&full.room[0], &full.arena, people_note(&full.arena, text));
        struct api_reply r = api_append(&full.api[0], town_circle(&full), wire);
        if (r.status == 201) {
            town_follow(&full, wire);
            assert_true(api_head_of_reply(&r, &head));
            assert_int_equal(full_n, 0); /* what did not fit does not fit later either */
            continue;
        }
        (void)expect_refused(r, 507, "disk_full");
        full_n++;
        assert_true(api_head(&full.api[0], town_circle(&full), &seen));
        assert_int_equal(seen.seq, head.seq);
        assert_memory_equal(seen.hash, head.hash, HASH_BYTES);
    }
    assert_int_equal(full_n, 3);
    assert_true(head.seq > 3);
    (void)expect_refused(api_get(&full.api[0], "/healthz"), 507, "disk_full");
    struct town_state before = town_look(&full, 0); /* reading goes on */
    assert_true(daemon_stop(&full.daemon) && daemon_restart(&full.daemon, &options)); /* room was made */
    expect_same(&full, 0, before);
    (void)expect_ok(town_say(&full, 0, text), 201);
    const char *argument[] = {"check", "--data", full.daemon.data, NULL};
    assert_int_equal(daemon_run(argument, NULL, 0), 0);
    town_close(&full);
}

static void T7_a_disk_without_room_for_the_first_byte_is_named_at_the_start(void **state)
{
    (void)state;
    struct daemon none;
    struct daemon_options options = {.disk_bytes = 1, .is_fast = true};
    assert_false(daemon_start(&none, &options));
    assert_int_equal(none.exit_code, 73); /* EX_CANTCREAT */
    assert_true(daemon_says(&none, "no room left on the disk", 0));
}

/* ---- order ------------------------------------------------------------------------------------- */

static void T8_of_many_who_append_to_one_head_exactly_one_gets_in(void **state)
{
    (void)state;
    enum { ROUNDS = 60 };
    town_gather(&town, PEOPLE);
    for (int round = 0; round < ROUNDS; round++) {
        struct racer racer[PEOPLE];
        size_t winner = PEOPLE;
        for (size_t i = 0; i < PEOPLE; i++) {
            racer[i] = (struct racer){.api = &town.api[i], .circle = town_circle(&town), .batch = words(i)};
        }
        race_run(racer, PEOPLE);
        for (size_t i = 0; i < PEOPLE; i++) {
            if (racer[i].reply.status == 201) {
                assert_int_equal(winner, PEOPLE); /* the only one */
                winner = i;
            } else {
                (void)expect_refused(racer[i].reply, 409, "head_moved");
            }
        }
        assert_true(winner < PEOPLE);
        town_follow(&town, racer[winner].batch);
        for (size_t i = 0; i < PEOPLE; i++) {
            if (i == winner) continue;
            assert_int_equal(racer[i].reply.seq, town.room[ANA].chain.circle.head_seq);
            assert_memory_equal(racer[i].reply.hash, town.room[ANA].chain.circle.head_hash, HASH_BYTES);
        }
    }
    struct town_state now = town_look(&town, BEN);
    assert_memory_equal(now.head.hash, town.room[BEN].chain.circle.head_hash, HASH_BYTES);
}

static void T9_a_batch_whose_third_entry_is_bad_is_refused_whole(void **state)
{
    (void)state;
    struct room later = town.room[ANA];
    struct str batch = {0};
    for (size_t i = 0; i < 4; i++) {
        struct entry e = draft_sealed(&later, a, people_note(a, "one of four"));
        struct str good = sign(&e, ANA), wire = good;
        room_assume(&later, good);
        if (i == 2) wire = draft_wrap(a, draft_header(a, &e), STR("not what was signed"), &town.person[ANA]);
        batch = batch.len == 0 ? wire : draft_then(a, batch, wire);
    }
    struct town_state before = town_look(&town, ANA);
    struct api_reply r = expect_refused(send_it(ANA, batch), 422, "payload_mismatch");
    assert_int_equal(r.index, 2);
    expect_same(&town, ANA, before);
    (void)expect_ok(town_post(&town, ANA, words(ANA)), 201);
}

static void T10_a_restored_backup_is_noticed_and_repaired_by_any_member(void **state)
{
    (void)state;
    struct town own;
    char backup[SCRATCH_PATH_BYTES];
    uint8_t secret[SECRET_BYTES];
    struct daemon_options options = {.is_fast = true};
    town_open(&own, 3, &options);
    town_gather(&own, 2);
    scratch_path(backup, own.daemon.folder, "yesterday");
    const char *argument[] = {"backup", "--data", own.daemon.data, backup, NULL};
    assert_int_equal(daemon_run(argument, NULL, 0), 0);
    uint64_t kept_seq = own.room[ANA].chain.circle.head_seq;
    /* since then: words, some of them erased, and Cleo came in */
    (void)expect_ok(town_say(&own, ANA, "since then"), 201);
    uint64_t said_seq = own.room[ANA].chain.circle.head_seq;
    (void)expect_ok(town_say(&own, BEN, "yes"), 201);
    (void)expect_ok(town_post(&own, ANA, room_redact(&own.room[ANA], &own.arena, &said_seq, 1, STR("done"))), 201);
    town_invite(&own, ANA, secret);
    rooms_take((struct room *const[]){&own.room[CLEO]}, 1, room_sequence(&own.room[ANA], &own.arena, 0));
    (void)expect_ok(town_post(&own, CLEO, room_join(&own.room[CLEO], &own.arena, secret)), 201);
    (void)expect_ok(town_say(&own, CLEO, "hello"), 201);
    struct town_state before = town_look(&own, ANA);

    assert_true(daemon_stop(&own.daemon));
    (void)snprintf(own.daemon.data, sizeof own.daemon.data, "%s", backup);
    assert_true(daemon_restart(&own.daemon, &options));
    struct chain_pin pin = {.seq = before.head.seq};
    memcpy(pin.hash, before.head.hash, HASH_BYTES);
    struct str entries;
    struct api_reply refusal;
    struct room device;
    room_init(&device, &own.person[BEN], api_now_ms());
    assert_true(api_entries(&own.api[BEN], &own.arena, town_circle(&own), 0, NULL, &entries, &refusal));
    rooms_take((struct room *const[]){&device}, 1, entries);
    assert_int_equal(chain_keeps_pin(&device.chain, &pin), ERR_ROLLED_BACK);
    room_fini(&device);

    /* Cleo, who was not in yet by the backup, repairs it: her join is in what she sends */
    (void)expect_refused(
        api_append(&own.api[CLEO], town_circle(&own), room_sequence(&own.room[CLEO], &own.arena, kept_seq + 1)), 404,
        "no_circle");
    /* what was erased, she holds without its payload */
    struct str suffix = {0};
    for (uint64_t seq = kept_seq + 1; seq < own.room[CLEO].chain.index.row_n; seq++) {
        struct str wire = own.room[CLEO].wire[seq];
        if (seq == said_seq) wire = draft_erased(&own.arena, wire);
        suffix = suffix.len == 0 ? wire : draft_then(&own.arena, suffix, wire);
    }
    (void)expect_ok(api_repair(&own.api[CLEO], town_circle(&own), suffix), 201);
    expect_same(&own, ANA, before);
    expect_same(&own, CLEO, before);
    (void)expect_ok(api_repair(&own.api[BEN], town_circle(&own), suffix), 200); /* all of it is there */
    (void)expect_ok(town_say(&own, BEN, "and on it goes"), 201);
    const char *check[] = {"check", "--data", own.daemon.data, NULL};
    assert_int_equal(daemon_run(check, NULL, 0), 0);
    town_close(&own);
}

/* ---- T12: repair is no way around anything ----------------------------------------------------- */

/* The record of a circle that the server does not have: Ana, Ben; some words, one of them erased; and then a day
 * passed. */
static void make_old_record(uint64_t *erased_seq)
{
    town_rooms(&town);
    for (size_t i = 0; i < 2; i++) town.room[i].now_ms -= UINT64_C(24) * 60 * 60 * 1000;
    struct room *rooms[] = {&town.room[ANA], &town.room[BEN]};
    rooms_gather(rooms, 2, a);
    for (int i = 0; i < 4; i++) rooms_take(rooms, 2, words((size_t)i % 2));
    *erased_seq = town.room[ANA].chain.circle.head_seq - 1; /* Ana's */
    rooms_take(rooms, 2, room_redact_bare(&town.room[ANA], a, erased_seq, 1));
    rooms_take(rooms, 2, words(BEN));
}

/* The whole record with one entry replaced (or left out, where wire is empty). */
static struct str with(uint64_t seq, struct str wire)
{
    struct str all = {0};
    for (uint64_t i = 0; i < town.room[ANA].chain.index.row_n; i++) {
        struct str one = i == seq ? wire : town.room[ANA].wire[i];
        if (one.len > 0) all = all.len == 0 ? one : draft_then(a, all, one);
    }
    return all;
}

static void T12_a_repair_takes_old_times_and_erased_payloads(void **state)
{
    (void)state;
    uint64_t erased_seq;
    make_old_record(&erased_seq);
    struct str record = with(erased_seq, draft_erased(a, town.room[ANA].wire[erased_seq]));
    struct str first = town.room[ANA].wire[0], rest = str_at(record.at + first.len, record.len - first.len);
    (void)expect_ok(api_create(&town.api[ANA], first), 201);
    (void)expect_refused(api_append(&town.api[ANA], town_circle(&town), rest), 422,
                         "clock_skew"); /* as news it is old */
    (void)expect_ok(api_repair(&town.api[ANA], town_circle(&town), rest), 201);
    struct town_state now = town_look(&town, BEN);
    assert_memory_equal(now.head.hash, town.room[ANA].chain.circle.head_hash, HASH_BYTES);
}

static void T12_a_repair_with_anything_changed_is_refused(void **state)
{
    (void)state;
    uint64_t erased_seq;
    make_old_record(&erased_seq);
    uint64_t seq = erased_seq - 1, last = town.room[ANA].chain.circle.head_seq; /* Ben's words; Ben's last words */
    struct entry bens = room_entry(&town.room[ANA], seq), re_timed = bens, forged = bens;
    re_timed.time_ms += 1;
    struct str sig = str_at(bens.sig, SIG_BYTES);
    struct str other_time = draft_wrap_sig(a, draft_header(a, &re_timed), sig, bens.payload);
    const struct {
        struct str record;
        const char *code;
        int status;
    } row[] = {
        {with(seq, draft_sign(a, &forged, &town.person[ANA])), "bad_signature", 422},      /* signed by Ana   */
        {with(seq, other_time), "bad_signature", 422},                                     /* re-timed        */
        {with(seq, (struct str){0}), "head_moved", 409},                                   /* skipped         */
        {with(seq, draft_sign(a, &re_timed, &town.person[BEN])), "head_moved", 409},       /* signed anew     */
        {with(seq, draft_erased(a, town.room[ANA].wire[seq])), "payload_mismatch", 422},   /* no redact of it */
        {with(last, draft_erased(a, town.room[ANA].wire[last])), "payload_mismatch", 422}, /* nor behind it   */
        {with(seq, draft_wrap_sig(a, bens.header, sig, STR("x"))), "payload_mismatch", 422}, /* other words   */
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct api_reply r = api_create(&town.api[ANA], row[i].record);
        if (r.status != row[i].status) print_error("row %zu:\n", i);
        r = expect_refused(r, row[i].status, row[i].code);
        if (i != 2 && i != 3 && i != 5) assert_int_equal(r.index, seq);
    }
    char path[API_PATH_BYTES];
    api_entries_path(path, town_circle(&town), "");
    (void)expect_refused(api_get(&town.api[ANA], path), 404, "no_circle"); /* nothing of it is there */
    (void)expect_ok(api_create(&town.api[ANA], room_sequence(&town.room[ANA], a, 0)), 201);
}

/* Words that Ben makes now, and dates as he likes: what is no news could have been lost since the last that was. */
static void T12_news_that_are_called_a_repair_have_a_time_of_now(void **state)
{
    (void)state;
    const struct {
        int64_t off_s;
        bool is_fine;
    } row[] = {{-3600, false}, {3600, false}, {-30, true}, {-86400, false}, {30, true}, {86400, false}};
    (void)expect_ok(town_say(&town, ANA, "news"), 201);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct entry e = draft_sealed(&town.room[BEN], a, people_note(a, "words"));
        e.time_ms = (uint64_t)((int64_t)api_now_ms() + row[i].off_s * 1000);
        struct town_state before = town_look(&town, ANA);
        struct api_reply r = api_repair(&town.api[BEN], town_circle(&town), sign(&e, BEN));
        if (row[i].is_fine) {
            (void)expect_ok(r, 201);
            town_follow(&town, sign(&e, BEN));
        } else {
            (void)expect_refused(r, 422, "clock_skew");
            expect_same(&town, ANA, before);
        }
    }
}

static void T12_a_repair_is_a_members_only(void **state)
{
    (void)state;
    uint64_t erased_seq;
    make_old_record(&erased_seq);
    struct str record = room_sequence(&town.room[ANA], a, 0);
    (void)expect_refused(api_create(&town.api[CLEO], record), 403, "not_member");
    struct str first = town.room[ANA].wire[0], rest = str_at(record.at + first.len, record.len - first.len);
    (void)expect_ok(api_create(&town.api[ANA], first), 201);
    struct api_reply r = api_repair(&town.api[CLEO], town_circle(&town), rest);
    (void)expect_refused(r, 404, "no_circle");
    (void)expect_ok(api_repair(&town.api[BEN], town_circle(&town), rest), 201); /* a member only behind it */
}

/* What is redacted further ahead than a batch reaches is shown as evidence, and not recorded before its turn. */
static void T12_an_erased_payload_far_ahead_is_shown_by_its_redact(void **state)
{
    (void)state;
    uint64_t erased_seq;
    make_old_record(&erased_seq);
    struct str before = {0}, redact = town.room[ANA].wire[erased_seq + 2],
               erased = draft_erased(a, town.room[ANA].wire[erased_seq]);
    assert_int_equal(room_entry(&town.room[ANA], erased_seq + 2).kind, ENTRY_REDACT);
    for (uint64_t i = 0; i < erased_seq; i++) {
        before = before.len == 0 ? town.room[ANA].wire[i] : draft_then(a, before, town.room[ANA].wire[i]);
    }
    (void)expect_ok(api_create(&town.api[ANA], before), 201);
    (void)expect_refused(api_repair(&town.api[ANA], town_circle(&town), erased), 422, "payload_mismatch");
    struct entry forged = room_entry(&town.room[ANA], erased_seq + 2);
    struct str by_ben = draft_sign(a, &forged, &town.person[BEN]); /* a redact that Ana did not sign is no evidence */
    (void)expect_refused(api_repair(&town.api[ANA], town_circle(&town), draft_then(a, erased, by_ben)), 422,
                         "payload_mismatch");
    struct api_reply r = expect_ok(api_repair(&town.api[ANA], town_circle(&town), draft_then(a, erased, redact)), 201);
    struct api_head head;
    assert_true(api_head_of_reply(&r, &head));
    assert_int_equal(head.seq, erased_seq); /* the redact itself was not recorded yet */
    /* Until it is, its words may still come back: evidence alone takes them from nobody. */
    struct str whole = town.room[ANA].wire[erased_seq];
    (void)expect_ok(api_repair(&town.api[ANA], town_circle(&town), whole), 201);
    (void)expect_ok(api_repair(&town.api[ANA], town_circle(&town), whole), 200);
    (void)expect_ok(api_repair(&town.api[ANA], town_circle(&town), room_sequence(&town.room[ANA], a, erased_seq + 1)),
                    201);
    struct town_state now = town_look(&town, ANA);
    assert_memory_equal(now.head.hash, town.room[ANA].chain.circle.head_hash, HASH_BYTES);
}

/* How long the payload of an entry is that the server shows. */
static size_t shown_payload(size_t who, uint64_t seq)
{
    struct str entries, wire;
    struct entry e;
    struct api_reply refusal;
    struct why why;
    assert_true(api_entries(&town.api[who], a, town_circle(&town), seq, NULL, &entries, &refusal));
    assert_int_equal(cbor_first(entries, &wire, &entries), ERR_OK);
    assert_int_equal(entry_read(wire, &e, &why), ERR_OK);
    assert_int_equal(e.seq, seq);
    return e.payload.len;
}

/* Ana brings her words back without their payload, by a redact that she then keeps to herself. */
static void T12_words_that_a_repair_left_out_are_given_back(void **state)
{
    (void)state;
    uint64_t seq;
    make_old_record(&seq);
    struct str before = {0}, whole = town.room[ANA].wire[seq], erased = draft_erased(a, whole);
    struct entry said = room_entry(&town.room[ANA], seq);
    struct str other = draft_wrap_sig(a, said.header, str_at(said.sig, SIG_BYTES), STR("other words"));
    for (uint64_t i = 0; i < seq; i++) {
        before = before.len == 0 ? town.room[ANA].wire[i] : draft_then(a, before, town.room[ANA].wire[i]);
    }
    (void)expect_ok(api_create(&town.api[ANA], before), 201);
    struct str with_evidence = draft_then(a, erased, town.room[ANA].wire[seq + 2]);
    (void)expect_ok(api_repair(&town.api[ANA], town_circle(&town), with_evidence), 201);
    assert_int_equal(shown_payload(BEN, seq), 0);
    (void)expect_ok(send_it(BEN, other), 200); /* not the words that were signed: nothing is taken */
    assert_int_equal(shown_payload(BEN, seq), 0);
    (void)expect_ok(send_it(BEN, whole), 201); /* Ben has a whole copy */
    assert_int_equal(shown_payload(BEN, seq), said.payload.len);
    (void)expect_ok(send_it(BEN, whole), 200);
    struct str rest = room_sequence(&town.room[ANA], a, seq + 1);
    (void)expect_ok(api_repair(&town.api[BEN], town_circle(&town), rest), 201);
    assert_int_equal(shown_payload(BEN, seq), 0); /* now the redact is there, and they are gone */
    (void)expect_ok(send_it(BEN, whole), 200);
    assert_int_equal(shown_payload(BEN, seq), 0); /* for good */
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

static int gather(void **state)
{
    (void)state;
    town_gather(&town, 2);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(T1_a_body_whose_length_is_not_said_is_refused, gather),
        cmocka_unit_test_setup(T2_a_body_too_long_is_refused_before_it_is_read, gather),
        cmocka_unit_test_setup(T3_slow_headers_are_cut_off_and_disturb_nobody, gather),
        cmocka_unit_test_setup(T4_no_path_leads_out_of_the_list_of_routes, gather),
        cmocka_unit_test_setup(T5_a_page_of_another_origin_has_no_authority_to_borrow, gather),
        cmocka_unit_test_setup(T6_what_was_answered_is_there_after_a_kill, gather),
        cmocka_unit_test_setup(T6_a_lost_connection_records_all_of_an_append_or_nothing, gather),
        cmocka_unit_test_setup(T7_a_full_disk_records_all_or_nothing_and_says_so, gather),
        cmocka_unit_test_setup(T7_a_disk_without_room_for_the_first_byte_is_named_at_the_start, gather),
        cmocka_unit_test_setup(T8_of_many_who_append_to_one_head_exactly_one_gets_in, gather),
        cmocka_unit_test_setup(T9_a_batch_whose_third_entry_is_bad_is_refused_whole, gather),
        cmocka_unit_test_setup(T10_a_restored_backup_is_noticed_and_repaired_by_any_member, gather),
        cmocka_unit_test_setup(T12_a_repair_takes_old_times_and_erased_payloads, gather),
        cmocka_unit_test_setup(T12_a_repair_with_anything_changed_is_refused, gather),
        cmocka_unit_test_setup(T12_news_that_are_called_a_repair_have_a_time_of_now, gather),
        cmocka_unit_test_setup(T12_a_repair_is_a_members_only, gather),
        cmocka_unit_test_setup(T12_words_that_a_repair_left_out_are_given_back, gather),
        cmocka_unit_test_setup(T12_an_erased_payload_far_ahead_is_shown_by_its_redact, gather),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
