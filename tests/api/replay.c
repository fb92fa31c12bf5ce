/* replay.c -- a property: whatever people send, the server answers what a replay of the record predicts.
 *
 * Random acts, legal and illegal, one by one and in batches, by members, former members and strangers, are sent to
 * the real server, which is stopped and killed now and then. Before each, a replay of what was recorded so far is
 * asked what must come: the code, the entry's place, the head. At the end all who may read the record read the
 * same, and it leads to the same head.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/expect.h"
#include "harness/random.h"

enum {
    PEOPLE = 6,
    ROUNDS = 14,
    ACTS = 160,
    SECRETS = 64,
    BATCH = 4,
    MINUTE_MS = 60 * 1000,
    REPLAY_BYTES = 64 * 1024 * 1024
};

static struct town town;
static struct arena *a = &town.arena;
static struct random r;

/* What the record says so far: wire by wire, and replayed. */
static struct room record;
static struct room twin; /* the same; a prediction runs through it, and it is made anew when that stops half-way */
static bool was_in[PEOPLE];

static struct {
    uint8_t secret[SECRET_BYTES];
    bool is_recorded;
} invited[SECRETS];
static size_t invited_n;

/* How often each answer came. */
static unsigned came[100];

/* ---- what must come ---------------------------------------------------------------------------- */

struct predicted {
    enum err e;
    bool has_index;
    uint64_t index;
    const char *field;
    struct str fresh; /* the entries that were not there before */
};

static void twin_anew(void)
{
    room_fini(&twin);
    room_init(&twin, &town.person[0], api_now_ms());
    if (record.chain.index.row_n > 0) rooms_take((struct room *const[]){&twin}, 1, room_sequence(&record, a, 0));
}

/* The same entry is there already, erased or not. */
static bool is_stored(const struct entry *e)
{
    if (e->seq >= twin.chain.index.row_n) return false;
    struct entry there = room_entry(&twin, e->seq);
    bool has_both = there.payload.len > 0 && e->payload.len > 0 && !index_row(&twin.chain.index, e->seq)->is_erased;
    return str_is(there.header, e->header) && memcmp(there.sig, e->sig, SIG_BYTES) == 0 &&
           (!has_both || str_is(there.payload, e->payload));
}

/* What somebody who is not in may send: see docs/protocol.md, "What a server checks". */
static enum err judge_sender(size_t sender, const struct entry *entry, size_t n)
{
    const uint8_t *me = town.person[sender].keys.sign_pk;
    const struct circle *c = &twin.chain.circle;
    bool has_own_join = false;
    if (circle_member_index(c, me) >= 0) return ERR_OK;
    for (size_t i = 0; i < n; i++) {
        bool is_own = memcmp(entry[i].author, me, SIGN_PK_BYTES) == 0;
        has_own_join = has_own_join || (entry[i].kind == ENTRY_JOIN && is_own && entry_is_signed(&entry[i]));
    }
    if (has_own_join && entry[0].kind == ENTRY_JOIN && circle_knows_invite(c, entry[0].body.join.invite_hash)) {
        return ERR_OK;
    }
    if (!was_in[sender]) return ERR_NO_CIRCLE;
    for (size_t i = 0; i < n; i++) {
        if (entry[i].kind != ENTRY_REDACT && !is_stored(&entry[i])) return ERR_NOT_MEMBER;
    }
    return ERR_OK;
}

/* One entry, live: what circle_judge says of it behind the twin. */
static enum err judge(const struct entry *e, struct why *why)
{
    struct circle_past past = index_past(&twin.chain.index);
    struct circle_terms terms = {
        .is_signed = entry_is_signed(e),
        .payload_fits = entry_payload_fits(e),
        .is_live = true,
        .now_ms = api_now_ms(),
    };
    enum err err = circle_judge(&twin.chain.circle, e, &past, &terms, why);
    if (err == ERR_OK && e->ref_n > 0) {
        *why = (struct why){.code = ERR_MISSING_BLOB};
        return ERR_MISSING_BLOB;
    }
    return err;
}

static struct predicted predict_at(enum err e, uint64_t index, const char *field)
{
    return (struct predicted){.e = e, .has_index = true, .index = index, .field = field};
}

/* Runs the batch through the twin. */
static struct predicted predict(size_t sender, struct str batch)
{
    struct entry entry[BATCH + 1];
    struct predicted p = {.e = ERR_OK};
    struct why why = {0};
    size_t n = 0;
    for (struct str left = batch, wire; left.len > 0; n++) {
        assert_true(n <= BATCH && cbor_first(left, &wire, &left) == ERR_OK);
        enum err e = entry_read(wire, &entry[n], &why);
        if (e != ERR_OK) return predict_at(e, n, why.field);
    }
    p.e = judge_sender(sender, entry, n);
    if (p.e != ERR_OK) return p;
    for (size_t i = 0; i < n; i++) {
        why = (struct why){0};
        enum err e = judge(&entry[i], &why);
        if (e == ERR_HEAD_MOVED && is_stored(&entry[i])) continue;
        if (e != ERR_OK) return predict_at(e, i, why.field);
        assert_int_equal(room_take(&twin, entry[i].wire, &why), ERR_OK);
        p.fresh = p.fresh.len == 0 ? entry[i].wire : draft_then(a, p.fresh, entry[i].wire);
    }
    return circle_may_rest(&twin.chain.circle) ? p : predict_at(ERR_ROTATE_REQUIRED, n - 1, NULL);
}

/* ---- what people try --------------------------------------------------------------------------- */

static bool chance(uint64_t one_in)
{
    return random_is_one_in(&r, one_in);
}

static uint8_t *some_bytes(size_t n)
{
    uint8_t *bytes = arena_take(a, n);
    assert_non_null(bytes);
    random_bytes(&r, bytes, n);
    return bytes;
}

static uint64_t some_seq(void)
{
    return random_below(&r, record.chain.index.row_n);
}

/* An invitation that was recorded, or none. */
static const uint8_t *some_secret(void)
{
    for (int tries = 0; tries < 20 && invited_n > 0; tries++) {
        size_t newest_n = invited_n < 4 ? invited_n : 4; /* mostly a late one, which may be open */
        size_t i = chance(4) ? (size_t)random_below(&r, invited_n) : invited_n - 1 - (size_t)random_below(&r, newest_n);
        if (invited[i].is_recorded) return invited[i].secret;
    }
    return NULL;
}

static struct entry some_sealed(const struct room *room)
{
    if (room_has_key(room)) return draft_sealed(room, a, people_note(a, "something that was said"));
    struct entry e = draft_next(room, a, ENTRY_SEALED); /* who has no key sends what nobody can open */
    draft_payload(a, &e, str_at(some_bytes(552), 552));
    return e;
}

static struct entry some_redact(const struct room *room)
{
    uint64_t seq[3];
    size_t n = 1 + (size_t)random_below(&r, 3);
    for (size_t i = 0; i < n; i++) seq[i] = chance(12) ? record.chain.index.row_n + 1000 : some_seq();
    return draft_redact(room, a, seq, n);
}

static struct entry some_invite(const struct room *room)
{
    if (!room_has_key(room) || invited_n == SECRETS) return draft_rotate(room, a, ROTATE_WISH);
    int64_t life_ms = chance(8) ? -5 : chance(8) ? (int64_t)15 * 24 * 60 * MINUTE_MS : 60 * MINUTE_MS;
    random_bytes(&r, invited[invited_n].secret, SECRET_BYTES);
    invited[invited_n].is_recorded = false;
    return draft_invite(room, a, invited[invited_n++].secret, (uint64_t)((int64_t)room->now_ms + life_ms));
}

static struct entry some_join(const struct room *room)
{
    const uint8_t *secret = some_secret();
    uint8_t key[KEY_BYTES];
    /* a capsule may be another inviter's: then an honest joiner stops */
    if (secret == NULL || room_capsule(room, secret, key) != ERR_OK) return some_sealed(room);
    struct entry e = draft_join(room, a, secret);
    if (e.epoch != room->at.epoch) e.epoch = e.body.join.from_epoch = room->at.epoch;
    return e;
}

static struct entry some_consent(const struct room *room)
{
    const uint8_t *secret = some_secret();
    if (secret == NULL || chance(10)) return draft_consent(room, a, some_bytes(HASH_BYTES));
    return draft_consent(room, a, room_invite_of(&record, secret).hash);
}

/* One act, as somebody who knows the rules might do it. */
static struct entry some_act(const struct room *room)
{
    bool is_in = room_is_in(room);
    if (!is_in && !chance(4)) return some_join(room);
    if (room->at.must_rotate && is_in && !chance(4)) return draft_rotate(room, a, ROTATE_LEFT);
    if (room->at.may_invite != 0 && chance(2)) return some_invite(room);
    if (room->at.invite_n > 0 && chance(2)) return some_consent(room);
    switch (random_below(&r, 12)) {
    case 0: return chance(4) ? draft_leave(room, a) : some_sealed(room);
    case 1:
    case 2: return draft_rotate(room, a, ROTATE_WISH);
    case 3: return some_redact(room);
    case 4: return some_consent(room);
    case 5: return some_join(room);
    case 6: return some_invite(room);
    default: return some_sealed(room);
    }
}

/* Spoils a draft in one way. */
static void spoil(struct entry *e, size_t *signer)
{
    switch (random_below(&r, 12)) {
    case 0: e->seq += 1 + random_below(&r, 3); break;
    case 1: e->prev = some_bytes(HASH_BYTES); break;
    case 2: e->epoch += chance(2) ? 1 : e->epoch > 0 ? -UINT64_C(1) : 1; break;
    case 3: e->id = arena_copy(a, str_at(room_entry(&record, some_seq()).id, ID_BYTES)).at; break;
    case 4: e->time_ms += chance(2) ? 11 * MINUTE_MS : -UINT64_C(11) * MINUTE_MS; break;
    case 5: e->circle = some_bytes(HASH_BYTES); break;
    case 6: *signer = (*signer + 1) % PEOPLE; break;
    case 7: e->author = town.person[random_below(&r, PEOPLE)].keys.sign_pk; break;
    case 8:
        if (e->kind == ENTRY_ROTATE && e->body.rotate.seal_n > 0) e->body.rotate.seal_n--;
        else if (e->kind == ENTRY_JOIN) e->body.join.proof = some_bytes(SIG_BYTES);
        else e->prev = some_bytes(HASH_BYTES);
        break;
    case 9:
        if (e->kind == ENTRY_SEALED) {
            e->ref[e->ref_n++] = (struct entry_ref){.hash = some_bytes(HASH_BYTES), .bytes_n = 100};
        }
        break;
    case 10:
        if (e->kind == ENTRY_SEALED || e->kind == ENTRY_INVITE) e->payload_hash = some_bytes(HASH_BYTES);
        break;
    default: *signer = (size_t)random_below(&r, PEOPLE); e->author = town.person[*signer].keys.sign_pk; break;
    }
}

/* Bytes that are no entry, though made from one. */
static struct str misshape(const struct entry *e, size_t signer)
{
    struct str header = draft_header(a, e);
    switch (random_below(&r, 4)) {
    case 0: header = draft_set(a, header, 14, draft_uint(a, 1)); break;
    case 1: header = draft_set(a, header, 1, draft_uint(a, 2)); break;
    case 2: header = draft_drop(a, header, 8); break;
    default: header = draft_set(a, header, 7, draft_zeros(a, ID_BYTES - 1)); break;
    }
    return draft_wrap(a, header, e->payload, &town.person[signer]);
}

/* Whether an entry could be recorded behind the room: then the next one of the batch may be made behind it. */
static bool is_good_behind(const struct room *room, struct str wire)
{
    struct entry e;
    struct why why;
    struct circle_past past = index_past(&record.chain.index);
    if (entry_read(wire, &e, &why) != ERR_OK) return false;
    struct circle_terms terms = {.is_signed = entry_is_signed(&e), .payload_fits = entry_payload_fits(&e)};
    return circle_judge(&room->at, &e, &past, &terms, &why) == ERR_OK;
}

/* What somebody sends: 1 to BATCH entries, at the head as they see it. */
static struct str some_batch(size_t who)
{
    struct room room = town.room[who];
    struct str batch = {0};
    size_t n = chance(3) ? 2 + (size_t)random_below(&r, BATCH - 1) : 1;
    for (size_t i = 0; i < n; i++) {
        size_t signer = who;
        struct entry e = some_act(&room);
        if (chance(4)) spoil(&e, &signer);
        struct str wire = chance(30) ? misshape(&e, signer) : draft_sign(a, &e, &town.person[signer]);
        if (chance(25)) wire = record.wire[some_seq()]; /* something that is there already */
        if (e.kind == ENTRY_JOIN && !chance(20) && n < BATCH) n++; /* room for the rotate it owes */
        if (is_good_behind(&room, wire)) room_assume(&room, wire);
        batch = batch.len == 0 ? wire : draft_then(a, batch, wire);
    }
    return batch;
}

/* ---- sending, and comparing -------------------------------------------------------------------- */

/* Everybody's copies follow, and it is noted who came in and which invitation there is. */
static void follow(struct str fresh)
{
    rooms_take((struct room *const[]){&record}, 1, fresh);
    town_follow(&town, fresh);
    for (struct str left = fresh, wire; left.len > 0;) {
        struct entry e;
        struct why why;
        assert_true(cbor_first(left, &wire, &left) == ERR_OK && entry_read(wire, &e, &why) == ERR_OK);
        for (size_t i = 0; i < PEOPLE; i++) {
            bool is_theirs = memcmp(e.author, town.person[i].keys.sign_pk, SIGN_PK_BYTES) == 0;
            if ((e.kind == ENTRY_GENESIS || e.kind == ENTRY_JOIN) && is_theirs) was_in[i] = true;
        }
        for (size_t i = 0; i < invited_n && e.kind == ENTRY_INVITE; i++) {
            struct invite_keys keys;
            invite_keys_init(&keys, invited[i].secret);
            if (memcmp(keys.pk, e.body.invite.invite_pk, SIGN_PK_BYTES) == 0) invited[i].is_recorded = true;
        }
    }
}

static void expect_predicted(const struct predicted *p, struct api_reply reply)
{
    const struct circle *c = &record.chain.circle;
    struct api_head head;
    came[p->e]++;
    if (p->e == ERR_OK) {
        (void)expect_ok(reply, p->fresh.len > 0 ? 201 : 200);
        if (p->fresh.len > 0) follow(p->fresh);
        assert_true(api_head_of_reply(&reply, &head));
        assert_int_equal(head.seq, c->head_seq);
        assert_memory_equal(head.hash, c->head_hash, HASH_BYTES);
        return;
    }
    (void)expect_refused(reply, err_http(p->e), err_code(p->e));
    assert_int_equal((reply.detail & CBOR_KEY(API_INDEX)) != 0, p->has_index);
    if (p->has_index) assert_int_equal(reply.index, p->index);
    if (p->field != NULL) assert_string_equal(reply.field, p->field);
    if (p->e == ERR_EPOCH_STALE) assert_int_equal(reply.epoch, twin.chain.circle.epoch);
    /* The head that stays: what the batch would have added before its bad entry is taken back. */
    if (p->e == ERR_HEAD_MOVED) assert_int_equal(reply.seq, c->head_seq);
    if (p->e == ERR_HEAD_MOVED) assert_memory_equal(reply.hash, c->head_hash, HASH_BYTES);
    bool is_half_way = twin.chain.circle.head_seq != c->head_seq;
    if (is_half_way) twin_anew();
}

static void one_act(void)
{
    size_t who = (size_t)random_below(&r, PEOPLE);
    for (int tries = 0; tries < 3 && !room_is_in(&town.room[who]); tries++) who = (size_t)random_below(&r, PEOPLE);
    size_t sender = chance(12) ? (size_t)random_below(&r, PEOPLE) : who;
    for (size_t i = 0; i < PEOPLE; i++) town.room[i].now_ms = api_now_ms();
    struct str batch = some_batch(who);
    struct predicted p = predict(sender, batch);
    expect_predicted(&p, api_append(&town.api[sender], town_circle(&town), batch));
}

static void stop_or_kill(void)
{
    if (chance(2)) assert_true(daemon_stop(&town.daemon));
    else daemon_kill(&town.daemon);
    assert_true(daemon_restart(&town.daemon, &town.options));
}

/* Everyone who was ever in reads their part of the same record, and a new device believes it. */
static void compare_at_the_end(void)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        struct str entries;
        struct api_reply refusal;
        struct room device;
        bool may_read = api_entries(&town.api[i], a, town_circle(&town), 0, NULL, &entries, &refusal);
        assert_int_equal(may_read, was_in[i]);
        if (!may_read) continue;
        room_init(&device, &town.person[i], api_now_ms());
        rooms_take((struct room *const[]){&device}, 1, entries);
        uint64_t seq = device.chain.circle.head_seq;
        assert_memory_equal(device.chain.circle.head_hash, room_entry(&record, seq).hash, HASH_BYTES);
        if (circle_member_index(&record.chain.circle, town.person[i].keys.sign_pk) >= 0) {
            struct api_head head;
            assert_true(api_head(&town.api[i], town_circle(&town), &head));
            assert_int_equal(seq, record.chain.circle.head_seq);
            assert_int_equal(head.seq, seq);
            assert_true(chain_is_settled(&device.chain));
        }
        room_fini(&device);
    }
}

static void one_round(void)
{
    struct room *everyone[PEOPLE];
    town_rooms(&town);
    memset(was_in, 0, sizeof was_in);
    invited_n = 0;
    room_init(&record, &town.person[0], api_now_ms());
    room_init(&twin, &town.person[0], api_now_ms());
    struct str genesis = room_genesis(&town.room[0], a, chance(10));
    for (size_t i = 0; i < PEOPLE; i++) everyone[i] = &town.room[i];
    (void)expect_ok(api_create(&town.api[0], genesis), 201);
    rooms_take(everyone, PEOPLE, genesis);
    rooms_take((struct room *const[]){&record, &twin}, 2, genesis);
    was_in[0] = true;
    for (int i = 0; i < ACTS && record.chain.circle.member_n > 0; i++) {
        one_act();
        if (chance(60)) stop_or_kill();
    }
    compare_at_the_end();
    room_fini(&twin);
    room_fini(&record);
}

static void every_answer_is_what_a_replay_predicts(void **state)
{
    (void)state;
    random_init(&r, "every_answer_is_what_a_replay_predicts");
    for (int round = 0; round < ROUNDS; round++) one_round();
    static const enum err wanted[] = {ERR_OK,          ERR_HEAD_MOVED, ERR_BAD_SIGNATURE, ERR_ROTATE_REQUIRED,
                                      ERR_EPOCH_STALE, ERR_NO_CIRCLE};
    for (size_t i = 0; i < sizeof came / sizeof *came; i++) {
        if (came[i] > 0) print_message("%5u %s\n", came[i], err_code((enum err)i));
    }
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) assert_true(came[wanted[i]] > 0);
    const char *argument[] = {"check", "--data", town.daemon.data, NULL};
    assert_int_equal(daemon_run(argument, NULL, 0), 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_is_what_a_replay_predicts),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
