/* hub_race.c -- heads that move, people who come and go, streams that open, count, are pulled and close, all
 * at once. No stream hears of an older head after a newer one; and when all is quiet again, each has heard,
 * woken by nothing but its wakes, just what is true: how many circles, and of each the newest head.
 *
 * Two kinds of circles. Of the steady ones everyone is a member, and several threads move them without waiting
 * for each other, so that their news arrive in any order. The others are joined and left: their news come in
 * order, as from the one thread that writes, and readers see what happened before or after the hub hears of it.
 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "harness/random.h"
#include "harness/store_rig.h"
#include "server/hub.h"

enum {
    ACCOUNTS = 3,
    STEADY = 3,            /* circles 0..2            */
    CIRCLES = 8,           /* the others are 3..7     */
    SLOTS = 6,             /* streams at once         */
    ROUNDS = 60,           /* streams of a slot       */
    MOVERS = 2,
    QUIETS = 40,           /* times that all comes to rest   */
    LAST_MOVES = 50,       /* before that                    */
    STREAMS_MOST = 2 * SLOTS,
    PULL_LEAST = 180,      /* room for one event      */
    PULL_MOST = 600,
    WAIT_S = 60,           /* for what must come; far longer than it takes */
};

/* ---- what is true -------------------------------------------------------------------------------- */

static struct hub *hub;
static atomic_ullong steady_seq[STEADY];
static struct {
    pthread_mutex_t writing; /* the one writer: from a change until the hub has heard of it */
    pthread_mutex_t lock;    /* of what follows: what readers see                           */
    uint64_t seq[CIRCLES];
    bool is_in[ACCOUNTS][CIRCLES];
} book = {.writing = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER};

static atomic_bool is_churning, is_moving; /* streams come and go; heads move */
static uint64_t seed;

static void nap(long us)
{
    struct timespec t = {.tv_nsec = us * 1000};
    (void)nanosleep(&t, NULL);
}

/* A thread's own numbers. */
static struct random random_of(unsigned who)
{
    struct random r;
    random_init_seed(&r, seed * 100 + who);
    return r;
}

static void account_key(uint8_t key[static SIGN_PK_BYTES], unsigned account)
{
    memset(key, 0, SIGN_PK_BYTES);
    key[SIGN_PK_BYTES - 1] = (uint8_t)account; /* all in one bucket */
}

static void circle_id(uint8_t id[static HASH_BYTES], unsigned circle)
{
    memset(id, (int)(0x10 * (circle % 2)), HASH_BYTES);
    id[HASH_BYTES - 1] = (uint8_t)circle;
}

/* The hash of a head follows from its place, so that a torn one is seen. */
static void head_hash(uint8_t hash[static HASH_BYTES], unsigned circle, uint64_t seq)
{
    for (size_t i = 0; i < HASH_BYTES; i++) hash[i] = (uint8_t)((seq >> (8 * (i % 4))) ^ (circle * 31 + i));
}

/* ---- calls ------------------------------------------------------------------------------------------ */

/* One for each stream, gone when the stream is closed. */
struct http_call {
    pthread_mutex_t lock;
    pthread_cond_t came;
    bool is_woken, is_stream, is_over;
};

void http_wake(struct http_call *call)
{
    pthread_mutex_lock(&call->lock);
    EXPECT(call->is_stream && !call->is_over);
    call->is_woken = true;
    pthread_cond_signal(&call->came);
    pthread_mutex_unlock(&call->lock);
}

static struct http_call *call_open(void)
{
    struct http_call *call = calloc(1, sizeof *call);
    EXPECT(call != NULL);
    pthread_mutex_init(&call->lock, NULL);
    pthread_cond_init(&call->came, NULL);
    return call;
}

static void call_close(struct http_call *call)
{
    pthread_mutex_lock(&call->lock);
    call->is_over = true;
    pthread_mutex_unlock(&call->lock);
    pthread_cond_destroy(&call->came);
    pthread_mutex_destroy(&call->lock);
    free(call);
}

/* Until it is woken; false when so long a time has passed without. */
static bool call_await(struct http_call *call, long most_ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += most_ms / 1000;
    until.tv_nsec += most_ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&call->lock);
    while (!call->is_woken && pthread_cond_timedwait(&call->came, &call->lock, &until) == 0) {}
    bool is_woken = call->is_woken;
    call->is_woken = false;
    pthread_mutex_unlock(&call->lock);
    return is_woken;
}

/* ---- counting: what a reader's thread does for a new stream ------------------------------------------- */

struct count {
    struct hub_stream *stream;
    unsigned account;
    struct random random;
};

/* What the store says at one moment is followed a little later, circle by circle. */
static void count_once(struct count *count)
{
    uint64_t seq[CIRCLES];
    bool is_in[CIRCLES];
    hub_stream_count_anew(count->stream);
    pthread_mutex_lock(&book.lock);
    memcpy(seq, book.seq, sizeof seq);
    memcpy(is_in, book.is_in[count->account], sizeof is_in);
    pthread_mutex_unlock(&book.lock);
    for (unsigned c = 0; c < STEADY; c++) seq[c] = atomic_load(&steady_seq[c]);
    if (random_is_one_in(&count->random, 2)) nap(30);
    for (unsigned c = 0; c < CIRCLES; c++) {
        uint8_t id[HASH_BYTES], hash[HASH_BYTES];
        circle_id(id, c);
        head_hash(hash, c, seq[c]);
        if (is_in[c]) EXPECT(hub_stream_follow(count->stream, id, seq[c], hash) == ERR_OK);
    }
}

static void *count_run(void *of)
{
    struct count *count = of;
    count_once(count);
    do count_once(count);
    while (!hub_stream_ready(count->stream));
    hub_stream_unref(count->stream);
    free(count);
    return NULL;
}

/* ---- streams -------------------------------------------------------------------------------------------- */

/* What one stream was told. */
struct heard {
    bool has_list;
    unsigned circle_n;      /* said by the newest list   */
    uint64_t now[CIRCLES];  /* heads told since that list */
    uint64_t most[CIRCLES]; /* the newest ever            */
};

struct slot {
    pthread_mutex_t lock; /* of heard */
    struct heard heard;
    unsigned number, account, stay_n;
    pthread_t thread;
};

static struct slot slots[SLOTS];

static uint64_t number_read(const char **at)
{
    char *end;
    uint64_t n = strtoull(*at, &end, 10);
    EXPECT(end != *at);
    *at = end;
    return n;
}

static void hex_is(const char **at, const uint8_t *bytes, size_t n)
{
    uint8_t memory[2 * HASH_BYTES];
    struct out o = OUT_OVER(memory);
    out_put_hex(&o, str_at(bytes, n));
    EXPECT(memcmp(*at, memory, 2 * n) == 0);
    *at += 2 * n;
}

static bool begins(const char **at, const char *with)
{
    size_t n = strlen(with);
    if (strncmp(*at, with, n) != 0) return false;
    *at += n;
    return true;
}

static void hear_head(struct heard *heard, const char **at)
{
    uint8_t id[HASH_BYTES], hash[HASH_BYTES];
    EXPECT(strlen(*at) > 2 * HASH_BYTES);
    unsigned c = (unsigned)((*at)[2 * HASH_BYTES - 1] - '0');
    EXPECT(c < CIRCLES && heard->has_list);
    circle_id(id, c);
    hex_is(at, id, sizeof id);
    EXPECT(begins(at, " "));
    uint64_t seq = number_read(at);
    head_hash(hash, c, seq);
    EXPECT(begins(at, " "));
    hex_is(at, hash, sizeof hash);
    EXPECT(seq >= heard->most[c]); /* never an older one after a newer one ...  */
    EXPECT(seq > heard->now[c]);   /* ... and none twice, but behind a new list */
    heard->most[c] = heard->now[c] = seq;
}

static void hear(struct heard *heard, const char *at)
{
    while (*at != 0) {
        if (begins(&at, "event: list\ndata: ")) {
            heard->has_list = true;
            heard->circle_n = (unsigned)number_read(&at);
            memset(heard->now, 0, sizeof heard->now);
        } else {
            EXPECT(begins(&at, "event: head\ndata: "));
            hear_head(heard, &at);
        }
        EXPECT(begins(&at, "\n\n"));
    }
}

/* Pulls as http does: again and again until there is nothing more. False at the end of the stream. */
static bool slot_pull(struct slot *slot, struct hub_stream *stream, struct random *r)
{
    char text[PULL_MOST + 1];
    for (;;) {
        size_t n = hub_pull(stream, (uint8_t *)text, random_between(r, PULL_LEAST, PULL_MOST));
        if (n == HTTP_END) return false;
        if (n == 0) return true;
        text[n] = 0;
        pthread_mutex_lock(&slot->lock);
        hear(&slot->heard, text);
        pthread_mutex_unlock(&slot->lock);
    }
}

static void session_id(uint8_t id[static ID_BYTES], unsigned session)
{
    memset(id, (int)session, ID_BYTES);
}

static struct hub_stream *slot_open(struct slot *slot, struct http_call *call, struct random *r, pthread_t *counter)
{
    uint8_t key[SIGN_PK_BYTES], session[ID_BYTES];
    struct hub_stream *stream;
    struct count *count = calloc(1, sizeof *count);
    EXPECT(count != NULL);
    pthread_mutex_lock(&slot->lock);
    slot->account = (unsigned)random_below(r, ACCOUNTS);
    slot->heard = (struct heard){.has_list = false};
    pthread_mutex_unlock(&slot->lock);
    account_key(key, slot->account);
    session_id(session, slot->number);
    EXPECT(hub_stream_open(hub, key, session, STREAMS_MOST, call, &stream) == ERR_OK);
    hub_stream_ref(stream);
    *count = (struct count){.stream = stream, .account = slot->account};
    random_init_seed(&count->random, random_u64(r));
    EXPECT(pthread_create(counter, NULL, count_run, count) == 0);
    if (random_is_one_in(r, 2)) nap(20);
    pthread_mutex_lock(&call->lock);
    call->is_stream = true;
    pthread_mutex_unlock(&call->lock);
    return stream;
}

/* One stream: pulled so many times, each time but the first because it was woken. */
static void slot_listen(struct slot *slot, struct random *r, uint64_t pull_n, const atomic_bool *goes_on)
{
    pthread_t counter;
    struct http_call *call = call_open();
    struct hub_stream *stream = slot_open(slot, call, r, &counter);
    bool is_on = slot_pull(slot, stream, r);
    for (uint64_t i = 0; is_on && i < pull_n && atomic_load(goes_on); i++) {
        if (call_await(call, 10)) is_on = slot_pull(slot, stream, r);
    }
    hub_stream_close(stream);
    call_close(call);
    EXPECT(pthread_join(counter, NULL) == 0);
}

static void *slot_run(void *of)
{
    struct slot *slot = of;
    struct random r = random_of(slot->number);
    for (unsigned i = 0; i < ROUNDS; i++) slot_listen(slot, &r, random_below(&r, 20), &is_churning);
    return NULL;
}

/* The last stream of a slot, until all is over. */
static void *slot_stay(void *of)
{
    struct slot *slot = of;
    struct random r = random_of(1000 + SLOTS * slot->stay_n++ + slot->number);
    slot_listen(slot, &r, UINT64_MAX, &is_churning);
    return NULL;
}

/* ---- news -------------------------------------------------------------------------------------------------- */

static void move_steady(unsigned c)
{
    uint8_t id[HASH_BYTES], hash[HASH_BYTES];
    uint64_t seq = atomic_fetch_add(&steady_seq[c], 1) + 1;
    circle_id(id, c);
    head_hash(hash, c, seq);
    hub_moved(hub, id, seq, hash); /* another's newer one may be there before */
}

static void *move_run(void *of)
{
    struct random r = random_of(100 + *(const unsigned *)of);
    while (atomic_load(&is_moving)) {
        move_steady((unsigned)random_below(&r, STEADY));
        nap(40);
    }
    return NULL;
}

/* Somebody says something, joins or leaves; then the hub hears of it, before anything else is written. */
static void write_once(struct random *r)
{
    uint8_t id[HASH_BYTES], hash[HASH_BYTES], key[SIGN_PK_BYTES];
    unsigned c = (unsigned)random_between(r, STEADY, CIRCLES - 1), account = (unsigned)random_below(r, ACCOUNTS);
    bool is_said = random_is_one_in(r, 2);
    circle_id(id, c);
    account_key(key, account);
    pthread_mutex_lock(&book.writing);
    pthread_mutex_lock(&book.lock);
    uint64_t seq = ++book.seq[c];
    if (!is_said) book.is_in[account][c] = !book.is_in[account][c];
    bool is_join = !is_said && book.is_in[account][c];
    pthread_mutex_unlock(&book.lock);
    if (random_is_one_in(r, 4)) nap(30);
    head_hash(hash, c, seq);
    hub_moved(hub, id, seq, hash);
    if (is_join) hub_joined(hub, key, id, seq, hash);
    else if (!is_said) hub_left(hub, key, id);
    pthread_mutex_unlock(&book.writing);
}

static void *write_run(void *of)
{
    struct random r = random_of(200 + *(const unsigned *)of);
    while (atomic_load(&is_moving)) {
        write_once(&r);
        nap(40);
    }
    return NULL;
}

static void *end_run(void *of)
{
    struct random r = random_of(300);
    (void)of;
    while (atomic_load(&is_moving)) {
        uint8_t session[ID_BYTES], key[SIGN_PK_BYTES];
        session_id(session, (unsigned)random_below(&r, SLOTS));
        account_key(key, (unsigned)random_below(&r, ACCOUNTS));
        if (random_is_one_in(&r, 3)) hub_end_account(hub, key, session);
        else hub_end_session(hub, session);
        nap(3000);
    }
    return NULL;
}

/* ---- the race ------------------------------------------------------------------------------------------------ */

/* Whether a slot has been told just what is true now that nothing moves any more. */
static bool has_heard_all(struct slot *slot)
{
    unsigned circle_n = 0;
    bool is_all;
    pthread_mutex_lock(&slot->lock);
    is_all = slot->heard.has_list;
    for (unsigned c = 0; c < CIRCLES; c++) {
        bool is_in = book.is_in[slot->account][c];
        uint64_t seq = c < STEADY ? atomic_load(&steady_seq[c]) : book.seq[c];
        circle_n += is_in;
        is_all = is_all && slot->heard.now[c] == (is_in ? seq : 0);
    }
    is_all = is_all && slot->heard.circle_n == circle_n;
    pthread_mutex_unlock(&slot->lock);
    return is_all;
}

static void start_all(void *(*run)(void *))
{
    atomic_store(&is_churning, true);
    for (unsigned i = 0; i < SLOTS; i++) {
        assert_int_equal(pthread_create(&slots[i].thread, NULL, run, &slots[i]), 0);
    }
}

static void join_all(void)
{
    for (unsigned i = 0; i < SLOTS; i++) assert_int_equal(pthread_join(slots[i].thread, NULL), 0);
}

/* Streams come, go and are ended while everything moves. */
static void streams_come_and_go(void **state)
{
    (void)state;
    enum { NEWS = MOVERS + 2 + 1 };
    pthread_t news[NEWS];
    unsigned number[NEWS];
    atomic_store(&is_moving, true);
    for (unsigned i = 0; i < NEWS; i++) {
        number[i] = i;
        void *(*run)(void *) = i < MOVERS ? move_run : i < MOVERS + 2 ? write_run : end_run;
        assert_int_equal(pthread_create(&news[i], NULL, run, &number[i]), 0);
    }
    start_all(slot_run);
    join_all();
    atomic_store(&is_moving, false);
    for (unsigned i = 0; i < NEWS; i++) assert_int_equal(pthread_join(news[i], NULL), 0);
}

static void await_truth(void)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        for (unsigned waits = 0; !has_heard_all(&slots[i]); waits++) {
            if (waits >= WAIT_S * 100) fail_msg("stream %u never heard what is true", i);
            nap(10000);
        }
    }
    nap(10000);
    for (unsigned i = 0; i < SLOTS; i++) assert_true(has_heard_all(&slots[i]));
}

/* Streams stay while the last heads move, and then it is quiet. */
static void every_stream_hears_what_is_true_in_the_end(void **state)
{
    (void)state;
    for (unsigned again = 0; again < QUIETS; again++) {
        struct random r = random_of(400 + again);
        start_all(slot_stay);
        for (unsigned i = 0; i < LAST_MOVES; i++) {
            write_once(&r);
            move_steady((unsigned)random_below(&r, STEADY));
            if (random_is_one_in(&r, 8)) nap(20);
        }
        await_truth();
        atomic_store(&is_churning, false);
        join_all();
    }
}

static int setup(void **state)
{
    struct random r;
    (void)state;
    random_init(&r, "streams hear what is true");
    seed = random_u64(&r);
    for (unsigned c = 0; c < CIRCLES; c++) {
        book.seq[c] = 1;
        if (c < STEADY) atomic_store(&steady_seq[c], 1);
        for (unsigned i = 0; i < ACCOUNTS; i++) book.is_in[i][c] = c < STEADY;
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        slots[i].number = i;
        pthread_mutex_init(&slots[i].lock, NULL);
    }
    return hub_open(&hub) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    hub_close(hub);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_come_and_go),
        cmocka_unit_test(every_stream_hears_what_is_true_in_the_end),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
