/* hub.c -- who hears of which head: the newest and no older one, whole events, and nothing after the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/limits.h"
#include "harness/fault_alloc.h"
#include "harness/store_rig.h"
#include "server/hub.h"

/* What stands in for a call: it is only ever woken. */
struct http_call {
    unsigned wake_n;
};

void http_wake(struct http_call *call)
{
    call->wake_n++;
}

/* ---- people who listen ----------------------------------------------------------------------- */

enum { ANA, BEN, STREAMS_MOST = 4, ROOM_BYTES = 64 * 1024, EVENT_BYTES = 256 };

struct listener {
    struct http_call call;
    struct hub_stream *stream;
};

static struct hub *hub;
static char text[ROOM_BYTES + 1]; /* what was said last */

static int open_hub(void **state)
{
    (void)state;
    return hub_open(&hub) == ERR_OK ? 0 : -1;
}

static int close_hub(void **state)
{
    (void)state;
    hub_close(hub);
    return 0;
}

static void hash_of_head(uint8_t hash[static HASH_BYTES], uint64_t seq)
{
    struct store_head head = rig_head(seq);
    memcpy(hash, head.hash, HASH_BYTES);
}

static void open_stream(struct listener *l, unsigned person, unsigned session)
{
    *l = (struct listener){.call = {0}};
    expect(hub_stream_open(hub, rig_key(person), rig_id(session), STREAMS_MOST, &l->call, &l->stream), ERR_OK);
}

static void follow(struct listener *l, unsigned circle, uint64_t seq)
{
    uint8_t hash[HASH_BYTES];
    hash_of_head(hash, seq);
    expect(hub_stream_follow(l->stream, rig_key(circle), seq, hash), ERR_OK);
}

static void ready(struct listener *l)
{
    assert_true(hub_stream_ready(l->stream));
}

static void moved(unsigned circle, uint64_t seq)
{
    uint8_t hash[HASH_BYTES];
    hash_of_head(hash, seq);
    hub_moved(hub, rig_key(circle), seq, hash);
}

static void joined(unsigned person, unsigned circle, uint64_t seq)
{
    uint8_t hash[HASH_BYTES];
    hash_of_head(hash, seq);
    hub_joined(hub, rig_key(person), rig_key(circle), seq, hash);
}

static void left(unsigned person, unsigned circle)
{
    hub_left(hub, rig_key(person), rig_key(circle));
}

/* One pull into so much room: how much was said, as text. */
static size_t pull(struct listener *l, size_t cap)
{
    assert_true(cap <= ROOM_BYTES);
    size_t n = hub_pull(l->stream, (uint8_t *)text, cap);
    assert_true(n <= cap || n == HTTP_END);
    text[n == HTTP_END ? 0 : n] = 0;
    return n;
}

static void assert_silent(struct listener *l)
{
    assert_int_equal(pull(l, ROOM_BYTES), 0);
}

/* Circles of tests have numbers from CIRCLE on, so that none is also a person. */
enum { CIRCLE = 1000 };

static void put_list(char event[static EVENT_BYTES], unsigned circle_n)
{
    (void)snprintf(event, EVENT_BYTES, "event: list\ndata: %u\n\n", circle_n);
}

static void put_head(char event[static EVENT_BYTES], unsigned circle, uint64_t seq)
{
    uint8_t hash[HASH_BYTES], memory[EVENT_BYTES];
    struct out o = OUT_OVER(memory);
    hash_of_head(hash, seq);
    out_text(&o, "event: head\ndata: ");
    out_put_hex(&o, str_at(rig_key(circle), HASH_BYTES));
    out_text(&o, " ");
    out_put_decimal(&o, seq);
    out_text(&o, " ");
    out_put_hex(&o, STR_OF(hash));
    out_text(&o, "\n\n");
    (void)snprintf(event, EVENT_BYTES, "%.*s", (int)o.len, (const char *)o.at);
}

/* How often the event is in what was said. */
static unsigned said_n(const char *event)
{
    unsigned n = 0;
    for (const char *at = strstr(text, event); at != NULL; at = strstr(at + 1, event)) n++;
    return n;
}

static unsigned events_n(void)
{
    return said_n("event: ");
}

static void assert_said_head(unsigned circle, uint64_t seq)
{
    char event[EVENT_BYTES];
    put_head(event, circle, seq);
    if (said_n(event) != 1) fail_msg("%u times, not once, in \"%s\": %s", said_n(event), text, event);
}

/* What begins with the list and has so many heads behind it. */
static void assert_said_list(unsigned circle_n)
{
    char event[EVENT_BYTES];
    put_list(event, circle_n);
    assert_memory_equal(text, event, strlen(event));
    assert_int_equal(events_n(), 1 + circle_n);
}

/* A stream of a person's that follows one circle at seq 5 and has told so. */
static void open_told(struct listener *l, unsigned person, unsigned session, unsigned circle)
{
    open_stream(l, person, session);
    follow(l, circle, 5);
    ready(l);
    (void)pull(l, ROOM_BYTES);
    assert_said_list(1);
    assert_said_head(circle, 5);
    l->call.wake_n = 0;
}

/* ---- beginning --------------------------------------------------------------------------------- */

static void a_stream_says_nothing_until_it_is_ready(void **state)
{
    (void)state;
    struct listener l;
    open_stream(&l, ANA, 1);
    assert_silent(&l);
    follow(&l, CIRCLE, 7);
    moved(CIRCLE, 8);
    assert_silent(&l);
    l.call.wake_n = 0;
    ready(&l);
    assert_int_equal(l.call.wake_n, 1);
    (void)pull(&l, ROOM_BYTES);
    assert_said_list(1);
    assert_said_head(CIRCLE, 8);
    assert_silent(&l);
    hub_stream_close(l.stream);
}

/* Its call may not be a stream yet: http_stream comes after hub_stream_open. */
static void nobody_is_woken_before_the_first_pull(void **state)
{
    (void)state;
    struct listener l;
    open_stream(&l, ANA, 1);
    follow(&l, CIRCLE, 7);
    ready(&l);
    moved(CIRCLE, 8);
    joined(ANA, CIRCLE + 1, 1);
    left(ANA, CIRCLE + 1);
    hub_end_session(hub, rig_id(1));
    assert_int_equal(l.call.wake_n, 0);
    assert_true(pull(&l, ROOM_BYTES) == HTTP_END);
    hub_stream_close(l.stream);
}

static void it_begins_with_how_many_there_are_and_each_head(void **state)
{
    (void)state;
    struct listener l;
    open_stream(&l, ANA, 1);
    for (unsigned i = 0; i < 3; i++) follow(&l, CIRCLE + i, 10 + i);
    ready(&l);
    (void)pull(&l, ROOM_BYTES);
    assert_said_list(3);
    for (unsigned i = 0; i < 3; i++) assert_said_head(CIRCLE + i, 10 + i);
    hub_stream_close(l.stream);
}

static void nobody_in_a_circle_hears_of_none(void **state)
{
    (void)state;
    struct listener l;
    open_stream(&l, ANA, 1);
    ready(&l);
    (void)pull(&l, ROOM_BYTES);
    assert_string_equal(text, "event: list\ndata: 0\n\n");
    assert_silent(&l);
    hub_stream_close(l.stream);
}

static void the_largest_numbers_are_told_whole(void **state)
{
    (void)state;
    struct listener l;
    open_stream(&l, ANA, 1);
    follow(&l, CIRCLE, LIMIT_SEQ);
    ready(&l);
    (void)pull(&l, HTTP_PULL_BYTES);
    assert_said_head(CIRCLE, LIMIT_SEQ);
    hub_stream_close(l.stream);
}

/* ---- heads ------------------------------------------------------------------------------------- */

static void a_slow_reader_hears_of_the_newest_head_only(void **state)
{
    (void)state;
    struct listener l;
    open_told(&l, ANA, 1, CIRCLE);
    for (uint64_t seq = 6; seq <= 1000; seq++) moved(CIRCLE, seq);
    assert_int_equal(l.call.wake_n, 995);
    (void)pull(&l, ROOM_BYTES);
    assert_int_equal(events_n(), 1);
    assert_said_head(CIRCLE, 1000);
    assert_silent(&l);
    hub_stream_close(l.stream);
}

static void an_older_head_is_no_news(void **state)
{
    (void)state;
    struct listener l;
    open_told(&l, ANA, 1, CIRCLE);
    moved(CIRCLE, 5);
    moved(CIRCLE, 4);
    moved(CIRCLE, 0);
    moved(CIRCLE + 1, 9); /* nobody follows that one */
    assert_int_equal(l.call.wake_n, 0);
    assert_silent(&l);
    moved(CIRCLE, 6);
    (void)pull(&l, ROOM_BYTES);
    assert_said_head(CIRCLE, 6);
    hub_stream_close(l.stream);
}

static void everyone_in_a_circle_hears_and_nobody_else(void **state)
{
    (void)state;
    struct listener ana, phone, ben, dov;
    open_told(&ana, ANA, 1, CIRCLE);
    open_told(&phone, ANA, 2, CIRCLE);
    open_told(&ben, BEN, 3, CIRCLE);
    open_told(&dov, 7, 4, CIRCLE + 1);
    moved(CIRCLE, 6);
    struct listener *const in[] = {&ana, &phone, &ben};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(in[i]->call.wake_n, 1);
        (void)pull(in[i], ROOM_BYTES);
        assert_said_head(CIRCLE, 6);
    }
    assert_int_equal(dov.call.wake_n, 0);
    assert_silent(&dov);
    for (size_t i = 0; i < 3; i++) hub_stream_close(in[i]->stream);
    hub_stream_close(dov.stream);
}

/* What the store says may be older than what the hub has heard meanwhile, or newer. */
static void the_newest_head_anybody_knows_of_counts(void **state)
{
    (void)state;
    struct listener ana, ben;
    open_told(&ana, ANA, 1, CIRCLE);
    open_stream(&ben, BEN, 2);
    follow(&ben, CIRCLE, 3);
    ready(&ben);
    (void)pull(&ben, ROOM_BYTES);
    assert_said_head(CIRCLE, 5);
    assert_int_equal(ana.call.wake_n, 0);
    follow(&ben, CIRCLE, 9);
    assert_int_equal(ana.call.wake_n, 1);
    (void)pull(&ana, ROOM_BYTES);
    assert_said_head(CIRCLE, 9);
    hub_stream_close(ana.stream);
    hub_stream_close(ben.stream);
}

/* When nobody follows a circle any more the hub forgets it: the next one to come says where it is. */
static void a_circle_without_followers_is_forgotten(void **state)
{
    (void)state;
    struct listener l;
    open_told(&l, ANA, 1, CIRCLE);
    hub_stream_close(l.stream);
    moved(CIRCLE, 50);
    open_stream(&l, BEN, 2);
    follow(&l, CIRCLE, 2);
    ready(&l);
    (void)pull(&l, ROOM_BYTES);
    assert_said_head(CIRCLE, 2);
    hub_stream_close(l.stream);
}

/* ---- joining and leaving -------------------------------------------------------------------------- */

static void who_joins_hears_everything_anew(void **state)
{
    (void)state;
    struct listener ana, phone, ben;
    open_told(&ana, ANA, 1, CIRCLE);
    open_told(&phone, ANA, 2, CIRCLE);
    open_told(&ben, BEN, 3, CIRCLE);
    joined(ANA, CIRCLE + 1, 17);
    struct listener *const hers[] = {&ana, &phone};
    for (size_t i = 0; i < 2; i++) {
        assert_true(hers[i]->call.wake_n > 0);
        (void)pull(hers[i], ROOM_BYTES);
        assert_said_list(2);
        assert_said_head(CIRCLE, 5);
        assert_said_head(CIRCLE + 1, 17);
    }
    assert_silent(&ben);
    moved(CIRCLE + 1, 18);
    (void)pull(&phone, ROOM_BYTES);
    assert_int_equal(events_n(), 1);
    assert_said_head(CIRCLE + 1, 18);
    for (size_t i = 0; i < 2; i++) hub_stream_close(hers[i]->stream);
    hub_stream_close(ben.stream);
}

static void who_joins_where_they_are_hears_of_the_head_only(void **state)
{
    (void)state;
    struct listener l;
    open_told(&l, ANA, 1, CIRCLE);
    joined(ANA, CIRCLE, 5);
    assert_silent(&l);
    joined(ANA, CIRCLE, 6);
    (void)pull(&l, ROOM_BYTES);
    assert_int_equal(events_n(), 1);
    assert_said_head(CIRCLE, 6);
    hub_stream_close(l.stream);
}

static void who_leaves_hears_everything_anew_and_of_that_circle_no_more(void **state)
{
    (void)state;
    struct listener ana, ben;
    open_told(&ana, ANA, 1, CIRCLE);
    joined(ANA, CIRCLE + 1, 17);
    open_told(&ben, BEN, 3, CIRCLE);
    (void)pull(&ana, ROOM_BYTES);
    ana.call.wake_n = 0;
    left(ANA, CIRCLE);
    assert_true(ana.call.wake_n > 0);
    moved(CIRCLE, 6); /* their own leave */
    (void)pull(&ana, ROOM_BYTES);
    assert_said_list(1);
    assert_said_head(CIRCLE + 1, 17);
    ana.call.wake_n = 0;
    moved(CIRCLE, 7);
    assert_int_equal(ana.call.wake_n, 0);
    assert_silent(&ana);
    (void)pull(&ben, ROOM_BYTES);
    assert_int_equal(events_n(), 1);
    assert_said_head(CIRCLE, 7);
    left(ANA, CIRCLE); /* once more changes nothing */
    assert_silent(&ana);
    left(ANA, CIRCLE + 1);
    (void)pull(&ana, ROOM_BYTES);
    assert_said_list(0);
    hub_stream_close(ana.stream);
    hub_stream_close(ben.stream);
}

static void a_join_in_the_middle_of_telling_begins_again(void **state)
{
    (void)state;
    struct listener l;
    open_stream(&l, ANA, 1);
    for (unsigned i = 0; i < 20; i++) follow(&l, CIRCLE + i, 1 + i);
    ready(&l);
    assert_true(pull(&l, HTTP_PULL_BYTES) > 0);
    assert_true(events_n() < 20);
    joined(ANA, CIRCLE + 20, 21);
    (void)pull(&l, ROOM_BYTES);
    assert_said_list(21);
    for (unsigned i = 0; i < 21; i++) assert_said_head(CIRCLE + i, 1 + i);
    hub_stream_close(l.stream);
}

/* ---- counting what a stream is to follow ------------------------------------------------------------- */

static void what_is_not_counted_again_is_dropped(void **state)
{
    (void)state;
    struct listener l;
    open_stream(&l, ANA, 1);
    hub_stream_count_anew(l.stream);
    for (unsigned i = 0; i < 4; i++) follow(&l, CIRCLE + i, 5);
    hub_stream_count_anew(l.stream);
    follow(&l, CIRCLE + 1, 6);
    joined(ANA, CIRCLE + 9, 1); /* nobody need find that one in the store */
    ready(&l);
    (void)pull(&l, ROOM_BYTES);
    assert_said_list(2);
    assert_said_head(CIRCLE + 1, 6);
    assert_said_head(CIRCLE + 9, 1);
    moved(CIRCLE, 6);
    assert_silent(&l);
    hub_stream_close(l.stream);
}

/* Whoever counts reads the store as it was a moment ago, when the circle was not left yet. */
static void what_is_left_during_the_count_is_counted_once_more(void **state)
{
    (void)state;
    struct listener l;
    open_stream(&l, ANA, 1);
    hub_stream_count_anew(l.stream);
    left(BEN, CIRCLE); /* not hers */
    follow(&l, CIRCLE, 5);
    follow(&l, CIRCLE + 1, 5);
    left(ANA, CIRCLE);
    follow(&l, CIRCLE, 5);
    assert_silent(&l);
    assert_false(hub_stream_ready(l.stream));
    assert_silent(&l);
    hub_stream_count_anew(l.stream);
    follow(&l, CIRCLE + 1, 5);
    ready(&l);
    (void)pull(&l, ROOM_BYTES);
    assert_said_list(1);
    assert_said_head(CIRCLE + 1, 5);
    moved(CIRCLE, 7);
    assert_silent(&l);
    hub_stream_close(l.stream);
}

static void what_is_left_before_it_was_found_is_counted_once_more(void **state)
{
    (void)state;
    struct listener l;
    open_stream(&l, ANA, 1);
    hub_stream_count_anew(l.stream);
    left(ANA, CIRCLE);
    follow(&l, CIRCLE, 5);
    assert_false(hub_stream_ready(l.stream));
    hub_stream_count_anew(l.stream);
    ready(&l);
    (void)pull(&l, ROOM_BYTES);
    assert_said_list(0);
    left(ANA, CIRCLE + 1); /* once it is ready nothing is counted any more */
    assert_true(hub_stream_ready(l.stream));
    hub_stream_close(l.stream);
}

/* ---- pulls -------------------------------------------------------------------------------------------- */

/* Whatever the room, only whole events are told, in the same order, and none twice. */
static void only_whole_events_are_told(void **state)
{
    (void)state;
    enum { CIRCLES = 5 };
    static char whole[ROOM_BYTES + 1], pieces[ROOM_BYTES + 1];
    struct listener l;
    open_stream(&l, ANA, 1);
    for (unsigned i = 0; i < CIRCLES; i++) follow(&l, CIRCLE + i, UINT64_C(1) << (6 * i));
    ready(&l);
    (void)pull(&l, ROOM_BYTES);
    memcpy(whole, text, sizeof whole);
    size_t whole_n = strlen(whole);
    for (size_t cap = 180; cap <= whole_n + 1; cap++) {
        size_t n, pieces_n = 0;
        joined(ANA, CIRCLE + 99, 1);
        left(ANA, CIRCLE + 99);
        while ((n = pull(&l, cap)) > 0) {
            assert_string_equal(text + n - 2, "\n\n");
            assert_true(n + 180 > cap || pieces_n + n == whole_n);
            memcpy(pieces + pieces_n, text, n + 1);
            pieces_n += n;
        }
        assert_string_equal(pieces, whole);
    }
    hub_stream_close(l.stream);
}

static void without_room_nothing_is_told_and_nothing_lost(void **state)
{
    (void)state;
    struct listener l;
    open_stream(&l, ANA, 1);
    follow(&l, CIRCLE, 5);
    ready(&l);
    for (size_t cap = 0; cap <= strlen("event: list\ndata: 1\n"); cap++) assert_int_equal(pull(&l, cap), 0);
    for (size_t cap = 40; cap <= 150; cap++) {
        if (pull(&l, cap) > 0) assert_string_equal(text, "event: list\ndata: 1\n\n");
    }
    (void)pull(&l, ROOM_BYTES);
    assert_int_equal(events_n(), 1);
    assert_said_head(CIRCLE, 5);
    hub_stream_close(l.stream);
}

static void many_circles_are_told_over_several_pulls(void **state)
{
    (void)state;
    enum { CIRCLES = 100 };
    unsigned told[CIRCLES] = {0}, pull_n = 0;
    struct listener l;
    open_stream(&l, ANA, 1);
    for (unsigned i = 0; i < CIRCLES; i++) follow(&l, CIRCLE + i, 1 + i);
    ready(&l);
    while (pull(&l, HTTP_PULL_BYTES) > 0) {
        pull_n++;
        assert_int_equal(said_n("event: list\ndata: 100\n\n"), pull_n == 1);
        for (unsigned i = 0; i < CIRCLES; i++) {
            char event[EVENT_BYTES];
            put_head(event, CIRCLE + i, 1 + i);
            told[i] += said_n(event);
        }
    }
    assert_in_range(pull_n, CIRCLES / 13, CIRCLES / 10);
    for (unsigned i = 0; i < CIRCLES; i++) assert_int_equal(told[i], 1);
    hub_stream_close(l.stream);
}

/* A head that moves between two pulls of one telling: told already, it is told once more; not yet, once. */
static void what_moves_between_two_pulls_is_told_newest(void **state)
{
    (void)state;
    enum { CIRCLES = 30 };
    bool was_told[CIRCLES] = {false};
    struct listener l;
    open_stream(&l, ANA, 1);
    for (unsigned i = 0; i < CIRCLES; i++) follow(&l, CIRCLE + i, 5);
    ready(&l);
    (void)pull(&l, HTTP_PULL_BYTES);
    unsigned told_n = events_n() - 1;
    for (unsigned i = 0; i < CIRCLES; i++) {
        char event[EVENT_BYTES];
        put_head(event, CIRCLE + i, 5);
        was_told[i] = said_n(event) == 1;
    }
    for (unsigned i = 0; i < CIRCLES; i += 2) moved(CIRCLE + i, 6);
    (void)pull(&l, ROOM_BYTES);
    unsigned again_n = 0;
    for (unsigned i = 0; i < CIRCLES; i++) {
        if (i % 2 == 0) assert_said_head(CIRCLE + i, 6);
        else if (!was_told[i]) assert_said_head(CIRCLE + i, 5);
        if (i % 2 == 0 && was_told[i]) again_n++;
    }
    assert_true(told_n > 0 && again_n > 0);
    assert_int_equal(events_n(), CIRCLES - told_n + again_n);
    assert_silent(&l);
    hub_stream_close(l.stream);
}

/* Every circle moves before every pull, and a pull has room for three heads only. */
static void circles_that_always_move_leave_the_others_their_turn(void **state)
{
    (void)state;
    enum { CIRCLES = 31, FIT = 3, ROUND = CIRCLES / FIT + 1, ROUNDS = 4 };
    struct listener l;
    char event[EVENT_BYTES];
    unsigned told_at[CIRCLES] = {0};
    open_stream(&l, ANA, 1);
    for (unsigned c = 0; c < CIRCLES; c++) follow(&l, CIRCLE + c, 100);
    ready(&l);
    (void)pull(&l, ROOM_BYTES);
    put_head(event, CIRCLE, 101);
    for (unsigned n = 1; n <= ROUND * ROUNDS; n++) {
        for (unsigned c = 0; c < CIRCLES; c++) moved(CIRCLE + c, 100 + n);
        (void)pull(&l, FIT * strlen(event) + 1);
        assert_int_equal(events_n(), FIT);
        for (unsigned c = 0; c < CIRCLES; c++) {
            put_head(event, CIRCLE + c, 100 + n);
            if (said_n(event) > 0) told_at[c] = n;
            assert_true(n - told_at[c] < ROUND); /* nobody waits longer than one round */
        }
    }
    hub_stream_close(l.stream);
}

/* Whatever circle is left, also the one whose turn it is and the last one, the others are told. */
static void a_circle_that_is_left_passes_its_turn_on(void **state)
{
    (void)state;
    enum { CIRCLES = 7 };
    char event[EVENT_BYTES];
    put_head(event, CIRCLE, 101);
    for (unsigned told = 0; told < CIRCLES; told++) {
        for (unsigned gone = 0; gone < CIRCLES; gone++) {
            struct listener l;
            open_stream(&l, ANA, 1);
            for (unsigned c = 0; c < CIRCLES; c++) follow(&l, CIRCLE + c, 100);
            ready(&l);
            (void)pull(&l, ROOM_BYTES);
            for (unsigned c = 0; c < CIRCLES; c++) moved(CIRCLE + c, 101);
            for (unsigned n = 0; n < told; n++) (void)pull(&l, strlen(event) + 1);
            left(ANA, CIRCLE + gone);
            (void)pull(&l, ROOM_BYTES);
            assert_said_list(CIRCLES - 1);
            for (unsigned c = 0; c < CIRCLES; c++) {
                if (c != gone) assert_said_head(CIRCLE + c, 101);
            }
            assert_silent(&l);
            hub_stream_close(l.stream);
        }
    }
}

/* ---- ends ------------------------------------------------------------------------------------------------ */

static void the_end_of_a_session_ends_its_streams(void **state)
{
    (void)state;
    struct listener laptop, again, phone, ben;
    open_told(&laptop, ANA, 1, CIRCLE);
    open_told(&again, ANA, 1, CIRCLE);
    open_told(&phone, ANA, 2, CIRCLE);
    open_told(&ben, BEN, 3, CIRCLE);
    moved(CIRCLE, 6);
    hub_end_session(hub, rig_id(9));
    hub_end_session(hub, rig_id(1));
    assert_int_equal(laptop.call.wake_n, 2);
    assert_int_equal(again.call.wake_n, 2);
    assert_int_equal(phone.call.wake_n, 1);
    assert_true(pull(&laptop, ROOM_BYTES) == HTTP_END); /* not even what was due */
    assert_true(pull(&laptop, ROOM_BYTES) == HTTP_END);
    assert_true(pull(&again, 0) == HTTP_END);
    (void)pull(&phone, ROOM_BYTES);
    assert_said_head(CIRCLE, 6);
    (void)pull(&ben, ROOM_BYTES);
    assert_said_head(CIRCLE, 6);
    struct listener *const all[] = {&laptop, &again, &phone, &ben};
    for (size_t i = 0; i < 4; i++) hub_stream_close(all[i]->stream);
}

static void the_end_of_an_account_keeps_one_session_or_none(void **state)
{
    (void)state;
    struct listener laptop, phone, tablet, ben;
    open_told(&laptop, ANA, 1, CIRCLE);
    open_told(&phone, ANA, 2, CIRCLE);
    open_told(&tablet, ANA, 2, CIRCLE);
    open_told(&ben, BEN, 3, CIRCLE);
    hub_end_account(hub, rig_key(ANA), rig_id(2));
    assert_true(pull(&laptop, ROOM_BYTES) == HTTP_END);
    assert_int_equal(laptop.call.wake_n, 1);
    assert_silent(&phone);
    assert_silent(&tablet);
    assert_silent(&ben);
    hub_end_account(hub, rig_key(BEN), rig_id(2)); /* somebody else's session keeps none of his */
    assert_true(pull(&ben, ROOM_BYTES) == HTTP_END);
    assert_silent(&phone);
    hub_end_account(hub, rig_key(ANA), NULL);
    assert_true(pull(&phone, ROOM_BYTES) == HTTP_END);
    assert_true(pull(&tablet, ROOM_BYTES) == HTTP_END);
    struct listener *const all[] = {&laptop, &phone, &tablet, &ben};
    for (size_t i = 0; i < 4; i++) hub_stream_close(all[i]->stream);
}

static void a_stream_may_end_before_it_is_ready(void **state)
{
    (void)state;
    struct listener l;
    open_stream(&l, ANA, 1);
    assert_silent(&l);
    hub_stream_end(l.stream);
    assert_int_equal(l.call.wake_n, 1);
    ready(&l);
    assert_true(pull(&l, ROOM_BYTES) == HTTP_END);
    hub_stream_close(l.stream);
}

static void an_account_has_so_many_streams_and_no_more(void **state)
{
    (void)state;
    struct listener l[STREAMS_MOST], ben, one_more = {.stream = NULL};
    for (unsigned i = 0; i < STREAMS_MOST; i++) open_stream(&l[i], ANA, i);
    expect(hub_stream_open(hub, rig_key(ANA), rig_id(9), STREAMS_MOST, &one_more.call, &one_more.stream),
           ERR_SLOW_DOWN);
    assert_null(one_more.stream);
    open_stream(&ben, BEN, 9);
    hub_stream_end(l[0].stream); /* what is ending counts no more, what is closed neither */
    open_stream(&one_more, ANA, 9);
    hub_stream_close(l[1].stream);
    open_stream(&l[1], ANA, 1);
    for (unsigned i = 0; i < STREAMS_MOST; i++) hub_stream_close(l[i].stream);
    hub_stream_close(one_more.stream);
    hub_stream_close(ben.stream);
}

/* Whoever counts holds on to a stream whose call has ended meanwhile. */
static void what_is_done_to_a_closed_stream_has_no_effect(void **state)
{
    (void)state;
    struct listener l, ben;
    size_t live_before = fault_alloc_live();
    open_told(&l, ANA, 1, CIRCLE);
    hub_stream_ref(l.stream);
    hub_stream_ref(l.stream);
    left(ANA, CIRCLE);
    l.call.wake_n = 0;
    hub_stream_close(l.stream);
    hub_stream_unref(l.stream);
    hub_stream_count_anew(l.stream);
    follow(&l, CIRCLE, 5);
    follow(&l, CIRCLE + 1, 5);
    assert_true(hub_stream_ready(l.stream));
    hub_stream_end(l.stream);
    moved(CIRCLE, 9);
    joined(ANA, CIRCLE + 2, 9);
    hub_end_session(hub, rig_id(1));
    hub_end_account(hub, rig_key(ANA), NULL);
    assert_int_equal(l.call.wake_n, 0);
    open_stream(&ben, BEN, 1); /* it follows nothing, so the circle's head is forgotten */
    follow(&ben, CIRCLE + 1, 1);
    ready(&ben);
    (void)pull(&ben, ROOM_BYTES);
    assert_said_head(CIRCLE + 1, 1);
    hub_stream_close(ben.stream);
    hub_stream_unref(l.stream);
    assert_int_equal(fault_alloc_live(), live_before);
    hub_stream_close(NULL);
    hub_close(NULL);
}

/* A closed stream that is left during a count is done with, and asks for no other. */
static void a_closed_stream_is_never_counted_again(void **state)
{
    (void)state;
    struct listener l;
    open_stream(&l, ANA, 1);
    hub_stream_ref(l.stream);
    hub_stream_count_anew(l.stream);
    left(ANA, CIRCLE);
    hub_stream_close(l.stream);
    assert_true(hub_stream_ready(l.stream));
    hub_stream_unref(l.stream);
}

/* ---- lists and memory --------------------------------------------------------------------------------------- */

/* Keys and ids that differ only behind the bytes by which they are found. */
static const uint8_t *twin(uint8_t n)
{
    static uint8_t key[4][HASH_BYTES];
    key[n][0] = 0x17;
    key[n][1] = 0xff;
    key[n][HASH_BYTES - 1] = n;
    return key[n];
}

static void look_alikes_are_told_apart(void **state)
{
    (void)state;
    uint8_t hash[HASH_BYTES] = {0};
    struct listener l[4] = {{.stream = NULL}};
    for (uint8_t i = 0; i < 4; i++) {
        expect(hub_stream_open(hub, twin(i), rig_id(i), 1, &l[i].call, &l[i].stream), ERR_OK);
        expect(hub_stream_follow(l[i].stream, twin(i), 1, hash), ERR_OK);
        ready(&l[i]);
        (void)pull(&l[i], ROOM_BYTES);
        assert_said_list(1);
    }
    for (uint8_t i = 0; i < 4; i++) l[i].call.wake_n = 0;
    hub_moved(hub, twin(1), 2, hash);
    hub_joined(hub, twin(2), twin(3), 1, hash);
    hub_end_account(hub, twin(0), NULL);
    hub_left(hub, twin(1), twin(0));
    assert_true(pull(&l[0], ROOM_BYTES) == HTTP_END);
    (void)pull(&l[1], ROOM_BYTES);
    assert_int_equal(events_n(), 1);
    (void)pull(&l[2], ROOM_BYTES);
    assert_said_list(2);
    assert_silent(&l[3]);
    hub_stream_close(l[2].stream); /* in the middle of its list, then the ends of it */
    hub_moved(hub, twin(3), 5, hash);
    assert_true(pull(&l[3], ROOM_BYTES) > 0);
    hub_stream_close(l[3].stream);
    hub_moved(hub, twin(1), 9, hash);
    assert_true(pull(&l[1], ROOM_BYTES) > 0);
    hub_stream_close(l[0].stream);
    hub_stream_close(l[1].stream);
}

static void without_memory_nothing_is_begun(void **state)
{
    (void)state;
    struct hub *another = NULL;
    struct listener l, none = {.stream = NULL};
    uint8_t hash[HASH_BYTES] = {0};
    fault_alloc_arm(1, FAULT_ALL);
    expect(hub_open(&another), ERR_NO_MEMORY);
    expect(hub_stream_open(hub, rig_key(ANA), rig_id(1), 4, &none.call, &none.stream), ERR_NO_MEMORY);
    fault_alloc_disarm();
    assert_null(another);
    assert_null(none.stream);
    open_told(&l, ANA, 1, CIRCLE);
    size_t live_before = fault_alloc_live();
    for (size_t n = 1; n <= 2; n++) {
        fault_alloc_arm(n, FAULT_ONE);
        expect(hub_stream_follow(l.stream, rig_key(CIRCLE + 1), 3, hash), ERR_NO_MEMORY);
        fault_alloc_disarm();
        assert_int_equal(fault_alloc_live(), live_before);
        moved(CIRCLE + 1, 4);
        assert_silent(&l);
    }
    follow(&l, CIRCLE, 6); /* what is followed already needs none */
    hub_stream_close(l.stream);
}

/* Rather than leave a circle out for good it ends: the client connects again. */
static void a_join_that_finds_no_memory_ends_the_stream(void **state)
{
    (void)state;
    struct listener ana, ben;
    open_told(&ana, ANA, 1, CIRCLE);
    open_told(&ben, BEN, 2, CIRCLE);
    fault_alloc_arm(1, FAULT_ALL);
    joined(ANA, CIRCLE + 1, 3);
    fault_alloc_disarm();
    assert_int_equal(ana.call.wake_n, 1);
    assert_true(pull(&ana, ROOM_BYTES) == HTTP_END);
    assert_silent(&ben);
    hub_stream_close(ana.stream);
    hub_stream_close(ben.stream);
}

static size_t live_at_first;

static int all_is_given_back(void **state)
{
    (void)close_hub(state);
    return fault_alloc_live() == live_at_first ? 0 : -1;
}

static int count_and_open(void **state)
{
    live_at_first = fault_alloc_live();
    return open_hub(state);
}

#define HUB_TEST(f) cmocka_unit_test_setup_teardown(f, count_and_open, all_is_given_back)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HUB_TEST(a_stream_says_nothing_until_it_is_ready),
        HUB_TEST(nobody_is_woken_before_the_first_pull),
        HUB_TEST(it_begins_with_how_many_there_are_and_each_head),
        HUB_TEST(nobody_in_a_circle_hears_of_none),
        HUB_TEST(the_largest_numbers_are_told_whole),
        HUB_TEST(a_slow_reader_hears_of_the_newest_head_only),
        HUB_TEST(an_older_head_is_no_news),
        HUB_TEST(everyone_in_a_circle_hears_and_nobody_else),
        HUB_TEST(the_newest_head_anybody_knows_of_counts),
        HUB_TEST(a_circle_without_followers_is_forgotten),
        HUB_TEST(who_joins_hears_everything_anew),
        HUB_TEST(who_joins_where_they_are_hears_of_the_head_only),
        HUB_TEST(who_leaves_hears_everything_anew_and_of_that_circle_no_more),
        HUB_TEST(a_join_in_the_middle_of_telling_begins_again),
        HUB_TEST(what_is_not_counted_again_is_dropped),
        HUB_TEST(what_is_left_during_the_count_is_counted_once_more),
        HUB_TEST(what_is_left_before_it_was_found_is_counted_once_more),
        HUB_TEST(only_whole_events_are_told),
        HUB_TEST(without_room_nothing_is_told_and_nothing_lost),
        HUB_TEST(many_circles_are_told_over_several_pulls),
        HUB_TEST(what_moves_between_two_pulls_is_told_newest),
        HUB_TEST(circles_that_always_move_leave_the_others_their_turn),
        HUB_TEST(a_circle_that_is_left_passes_its_turn_on),
        HUB_TEST(the_end_of_a_session_ends_its_streams),
        HUB_TEST(the_end_of_an_account_keeps_one_session_or_none),
        HUB_TEST(a_stream_may_end_before_it_is_ready),
        HUB_TEST(an_account_has_so_many_streams_and_no_more),
        HUB_TEST(what_is_done_to_a_closed_stream_has_no_effect),
        HUB_TEST(a_closed_stream_is_never_counted_again),
        HUB_TEST(look_alikes_are_told_apart),
        HUB_TEST(without_memory_nothing_is_begun),
        HUB_TEST(a_join_that_finds_no_memory_ends_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
