/* append.c -- batches on their way into a record: what members, former members, invited people and outsiders
 * may send, all of it or nothing, in the store exactly as in the copies of those who verify. What a repair may
 * do stands in append_repair.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "harness/desk.h"
#include "server/hub.h"

enum { ANA, BEN, CLEO, DOV, EVE };

#define A_DAY_MS (UINT64_C(24) * 60 * 60 * 1000)

/* ---- what tests say often ------------------------------------------------------------------------------ */

static struct str note(struct desk *d, size_t who, const char *words)
{
    return room_say(&d->room[who], &d->arena, people_note(&d->arena, words));
}

/* So many notes by one person, one behind the other. */
static struct str notes(struct desk *d, size_t who, unsigned n)
{
    struct room later = d->room[who];
    struct str batch = {0};
    for (unsigned i = 0; i < n; i++) {
        struct str one = room_say(&later, &d->arena, people_note(&d->arena, "one of several"));
        room_assume(&later, one);
        batch = draft_then(&d->arena, batch, one);
    }
    return batch;
}

/* The i-th of a batch. */
static struct entry nth(struct str batch, size_t i)
{
    struct str wire;
    struct entry e;
    struct why why;
    for (size_t k = 0; k <= i; k++) assert_int_equal(cbor_first(batch, &wire, &batch), ERR_OK);
    assert_int_equal(entry_read(wire, &e, &why), ERR_OK);
    return e;
}

/* It is refused so, and the store is as it was. */
#define refused(d, call, wanted)                                                                                       \
    do {                                                                                                               \
        char *before_ = desk_text(d);                                                                                  \
        expect(call, wanted);                                                                                          \
        char *after_ = desk_text(d);                                                                                   \
        assert_string_equal(after_, before_);                                                                          \
        free(before_);                                                                                                 \
        free(after_);                                                                                                  \
    } while (0)

static void assert_index(const struct desk *d, size_t index)
{
    assert_true(d->said.refusal.has_index);
    assert_int_equal(d->said.refusal.index, index);
}

/* Nothing but a code. */
static void assert_bare(const struct desk *d)
{
    const struct refusal *r = &d->said.refusal;
    assert_false(r->has_index || r->has_head || r->has_epoch || r->has_time || r->has_origins);
    assert_null(r->field);
}

static enum err send_live(struct desk *d, size_t who, struct str batch)
{
    return desk_send(d, APPEND_LIVE, who, desk_circle(d), batch);
}

/* ---- making a circle ------------------------------------------------------------------------------------ */

static void a_circle_is_made_with_everything_that_is_sent(void **state)
{
    struct desk *d = *state;
    desk_gather(d, 3);
    size_t entry_n = (size_t)d->room[ANA].chain.index.row_n;
    assert_int_equal(d->said.added_n, entry_n);
    assert_int_equal(d->said.head.seq, entry_n - 1);
    assert_memory_equal(d->said.head.hash, d->room[ANA].chain.circle.head_hash, HASH_BYTES);
    assert_memory_equal(d->said.circle, desk_circle(d), HASH_BYTES);
    assert_int_equal(d->said.move_n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(d->said.move[i].is_join);
        assert_memory_equal(d->said.move[i].sign_pk, d->person[i].keys.sign_pk, SIGN_PK_BYTES);
    }
    desk_expect_same(d);
    desk_forget(d);
    desk_expect_same(d);
}

static void the_same_once_more_changes_nothing(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    struct str all = room_sequence(&d->room[ANA], a, 0);
    (void)desk_say(d, BEN, "and one more");
    char *before = desk_text(d);
    expect(desk_send(d, APPEND_CREATE, BEN, desk_circle(d), all), ERR_OK);
    assert_int_equal(d->said.added_n, 0);
    assert_int_equal(d->said.move_n, 0);
    assert_int_equal(d->said.head.seq, d->room[ANA].chain.circle.head_seq);
    char *after = desk_text(d);
    assert_string_equal(after, before);
    free(before);
    free(after);
}

static void whoever_makes_a_circle_is_in_it_at_the_end(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    struct room fresh;
    room_init(&fresh, &d->person[ANA], d->now_ms);
    struct str genesis = room_genesis(&fresh, a, false);
    uint8_t id[HASH_BYTES];
    memcpy(id, nth(genesis, 0).hash, HASH_BYTES);
    refused(d, desk_send(d, APPEND_CREATE, EVE, id, genesis), ERR_NOT_MEMBER);
    rooms_take((struct room *const[]){&fresh}, 1, genesis);
    struct str left = draft_then(a, genesis, room_leave(&fresh, a));
    refused(d, desk_send(d, APPEND_CREATE, ANA, id, left), ERR_NOT_MEMBER);
    expect(desk_send(d, APPEND_CREATE, ANA, id, genesis), ERR_OK);
    /* by somebody who joined later, too */
    struct room *const pair[] = {&d->room[DOV], &d->room[EVE]};
    for (size_t i = 0; i < 2; i++) {
        room_fini(pair[i]);
        room_init(pair[i], &d->person[DOV + i], d->now_ms);
    }
    rooms_gather(pair, 2, a);
    expect(desk_send(d, APPEND_CREATE, EVE, pair[0]->chain.circle.id, room_sequence(pair[0], a, 0)), ERR_OK);
    room_fini(&fresh);
}

static void a_circle_begins_with_its_genesis(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    refused(d, desk_send(d, APPEND_CREATE, ANA, desk_circle(d), note(d, ANA, "words")), ERR_BAD_ENTRY);
    assert_index(d, 0);
    assert_string_equal(d->said.refusal.field, "kind");
    struct str twice = draft_then(a, d->room[ANA].wire[0], d->room[ANA].wire[0]);
    expect(desk_send(d, APPEND_CREATE, ANA, desk_circle(d), twice), ERR_OK); /* the same, where it is */
    assert_int_equal(d->said.added_n, 0);
    struct room fresh;
    room_init(&fresh, &d->person[ANA], d->now_ms);
    struct str one = room_genesis(&fresh, a, false), two = room_genesis(&fresh, a, false);
    refused(d, desk_send(d, APPEND_CREATE, ANA, desk_circle(d), draft_then(a, one, two)), ERR_WRONG_CIRCLE);
    assert_index(d, 1);
    room_fini(&fresh);
}

static void nobody_has_more_circles_than_they_may(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    struct room fresh;
    uint8_t secret[SECRET_BYTES];
    desk_gather(d, 2);
    d->circle_n_max = 2;
    room_init(&fresh, &d->person[CLEO], d->now_ms);
    for (unsigned i = 0; i < 3; i++) {
        struct str genesis = room_genesis(&fresh, a, false);
        uint8_t id[HASH_BYTES];
        memcpy(id, nth(genesis, 0).hash, HASH_BYTES);
        if (i < 2) {
            expect(desk_send(d, APPEND_CREATE, CLEO, id, genesis), ERR_OK);
            continue;
        }
        refused(d, desk_send(d, APPEND_CREATE, CLEO, id, genesis), ERR_TOO_MANY_CIRCLES);
        assert_bare(d);
    }
    expect(desk_post(d, ANA, room_invite(&d->room[ANA], a, secret)), ERR_OK);
    struct entry invite = room_invite_of(&d->room[ANA], secret);
    expect(desk_post(d, BEN, room_consent(&d->room[BEN], a, invite.hash)), ERR_OK);
    refused(d, send_live(d, CLEO, room_join(&d->room[CLEO], a, secret)), ERR_TOO_MANY_CIRCLES);
    assert_index(d, 0);
    d->circle_n_max = 3;
    expect(desk_post(d, CLEO, room_join(&d->room[CLEO], a, secret)), ERR_OK);
    desk_expect_same(d);
    room_fini(&fresh);
}

/* A new circle of somebody's own in a room of its own; sent by whoever. */
static enum err begin_circle(struct desk *d, size_t sender, const struct person *author, struct room *fresh)
{
    struct why why;
    room_init(fresh, author, d->now_ms);
    struct str genesis = room_genesis(fresh, &d->arena, false);
    expect(room_take(fresh, genesis, &why), ERR_OK);
    return desk_send(d, APPEND_CREATE, sender, fresh->chain.circle.id, genesis);
}

static void Q1_who_makes_circles_and_leaves_them_has_made_them(void **state)
{
    struct desk *d = *state;
    struct room fresh;
    d->circle_n_max = 2;
    for (unsigned i = 0; i < 4; i++) {
        if (i < 2) {
            expect(begin_circle(d, CLEO, &d->person[CLEO], &fresh), ERR_OK);
            struct str leave = room_leave(&fresh, &d->arena);
            expect(desk_send(d, APPEND_LIVE, CLEO, fresh.chain.circle.id, leave), ERR_OK);
        } else {
            refused(d, begin_circle(d, CLEO, &d->person[CLEO], &fresh), ERR_TOO_MANY_CIRCLES);
            assert_bare(d);
        }
        room_fini(&fresh);
    }
    desk_gather(d, 1); /* others may */
}

/* Eve lets a key that she made for it begin circles, and signs that she will join them; anybody can sign that. */
static void Q1_circles_begun_by_a_throw_away_key_count_for_who_sends_them(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    d->circle_n_max = 2;
    for (unsigned i = 0; i < 3; i++) {
        struct person nobody;
        struct room fresh, eves;
        struct why why;
        uint8_t secret[SECRET_BYTES], id[HASH_BYTES];
        person_init(&nobody, "a key for once", 100 + i);
        room_init(&fresh, &nobody, d->now_ms);
        room_init(&eves, &d->person[EVE], d->now_ms);
        struct str genesis = room_genesis(&fresh, a, false);
        expect(room_take(&fresh, genesis, &why), ERR_OK);
        struct str all = draft_then(a, genesis, room_invite(&fresh, a, secret));
        expect(room_take(&eves, all, &why), ERR_OK);
        struct entry join = draft_join(&eves, a, secret);
        join.seq += 1000;
        struct str batch = draft_then(a, genesis, draft_sign(a, &join, &d->person[EVE]));
        memcpy(id, fresh.chain.circle.id, HASH_BYTES);
        if (i < 2) {
            expect(desk_send(d, APPEND_CREATE, EVE, id, batch), ERR_OK);
        } else {
            refused(d, desk_send(d, APPEND_CREATE, EVE, id, batch), ERR_TOO_MANY_CIRCLES);
            assert_bare(d);
        }
        room_fini(&eves);
        room_fini(&fresh);
        person_fini(&nobody);
    }
}

/* ---- adding to it ---------------------------------------------------------------------------------------- */

static void a_whole_life_is_as_in_every_copy(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    uint8_t secret[SECRET_BYTES];
    desk_gather(d, 2);
    uint64_t first = desk_say(d, ANA, "first"), second = desk_say(d, BEN, "second");
    expect(desk_post(d, ANA, room_invite(&d->room[ANA], a, secret)), ERR_OK);
    desk_expect_same(d);
    (void)desk_say(d, BEN, "in between"); /* the invitation's place is no longer the head: a new state */
    desk_expect_same(d);
    struct entry invite = room_invite_of(&d->room[ANA], secret);
    expect(desk_post(d, BEN, room_consent(&d->room[BEN], a, invite.hash)), ERR_OK);
    desk_forget(d);
    expect(desk_post(d, CLEO, room_join(&d->room[CLEO], a, secret)), ERR_OK);
    assert_int_equal(d->said.move_n, 1);
    desk_expect_same(d);
    expect(desk_post(d, ANA, room_redact(&d->room[ANA], a, &first, 1, STR("done"))), ERR_OK);
    assert_int_equal(desk_payload(d, first), DESK_ERASED);
    assert_int_equal(desk_payload(d, second), DESK_THERE);
    desk_expect_same(d);
    expect(desk_post(d, BEN, room_leave(&d->room[BEN], a)), ERR_OK);
    assert_int_equal(d->said.move_n, 1);
    assert_false(d->said.move[0].is_join);
    desk_expect_same(d);
    expect(desk_post(d, CLEO, room_rotate(&d->room[CLEO], a, ROTATE_LEFT)), ERR_OK);
    expect(desk_post(d, CLEO, notes(d, CLEO, LIMIT_BATCH_ENTRIES)), ERR_OK);
    assert_int_equal(d->said.added_n, LIMIT_BATCH_ENTRIES);
    desk_expect_same(d);
    expect(desk_post(d, ANA, room_leave(&d->room[ANA], a)), ERR_OK);
    expect(desk_post(d, CLEO, room_leave(&d->room[CLEO], a)), ERR_OK); /* the circle is closed */
    desk_expect_same(d);
    desk_forget(d);
    expect(desk_post(d, BEN, room_redact_bare(&d->room[BEN], a, &second, 1)), ERR_OK);
    desk_expect_same(d);
}

static void of_a_batch_with_one_bad_entry_nothing_stays(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    enum { N = 5 };
    desk_gather(d, 2);
    struct str good[N];
    (void)desk_say(d, BEN, "behind this, words change the head alone");
    struct room later = d->room[ANA];
    for (size_t i = 0; i < N; i++) {
        good[i] = i == 2 ? room_rotate(&later, a, ROTATE_WISH) : room_say(&later, a, people_note(a, "words"));
        room_assume(&later, good[i]);
    }
    for (size_t bad = 0; bad < N; bad++) {
        struct str batch = {0};
        for (size_t i = 0; i < N; i++) {
            struct entry e = nth(good[i], 0);
            uint8_t sig[SIG_BYTES];
            memcpy(sig, e.sig, SIG_BYTES);
            sig[7] ^= i == bad ? 1 : 0;
            batch = draft_then(a, batch, draft_wrap_sig(a, e.header, STR_OF(sig), e.payload));
        }
        refused(d, send_live(d, ANA, batch), ERR_BAD_SIGNATURE);
        assert_index(d, bad);
        assert_string_equal(d->said.refusal.field, "sig");
        desk_expect_same(d); /* the state in memory went back as well */
    }
    struct str batch = {0};
    for (size_t i = 0; i < N; i++) batch = draft_then(a, batch, good[i]);
    expect(desk_post(d, BEN, batch), ERR_OK); /* who sends it does not matter */
    desk_expect_same(d);
}

static void what_is_there_already_is_done(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    uint64_t before_seq = d->room[ANA].chain.circle.head_seq;
    struct str batch = notes(d, ANA, 3);
    expect(desk_post(d, ANA, batch), ERR_OK);
    assert_int_equal(d->said.added_n, 3);
    refused(d, send_live(d, ANA, batch), ERR_OK);
    assert_int_equal(d->said.added_n, 0);
    assert_int_equal(d->said.head.seq, before_seq + 3);
    (void)desk_say(d, BEN, "meanwhile");
    desk_forget(d);
    refused(d, send_live(d, BEN, batch), ERR_OK);
    assert_int_equal(d->said.head.seq, before_seq + 4);
    assert_memory_equal(d->said.head.hash, d->room[ANA].chain.circle.head_hash, HASH_BYTES);
    struct str more = note(d, ANA, "new"), since = draft_then(a, batch, d->room[BEN].wire[before_seq + 4]);
    expect(send_live(d, ANA, draft_then(a, since, more)), ERR_OK);
    assert_int_equal(d->said.added_n, 1);
    desk_follow(d, more);
    desk_expect_same(d);
}

static void what_is_there_otherwise_has_moved_the_head(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    struct str twin = note(d, ANA, "one of two"); /* made for the same place */
    uint64_t seq = desk_say(d, BEN, "the other");
    refused(d, send_live(d, ANA, twin), ERR_HEAD_MOVED);
    assert_index(d, 0);
    assert_true(d->said.refusal.has_head);
    assert_int_equal(d->said.refusal.seq, seq);
    assert_memory_equal(d->said.refusal.hash, d->room[ANA].chain.circle.head_hash, HASH_BYTES);
    assert_string_equal(d->said.refusal.field, "prev");
    /* the same header with another signature or payload is not the same entry; without its payload it is */
    struct entry e = room_entry(&d->room[BEN], seq);
    uint8_t sig[SIG_BYTES] = {1};
    refused(d, send_live(d, BEN, draft_wrap_sig(a, e.header, STR_OF(sig), e.payload)), ERR_HEAD_MOVED);
    struct str swapped = draft_wrap_sig(a, e.header, str_at(e.sig, SIG_BYTES), STR("other words"));
    refused(d, send_live(d, BEN, swapped), ERR_HEAD_MOVED);
    refused(d, send_live(d, BEN, draft_erased(a, d->room[BEN].wire[seq])), ERR_OK);
    /* beyond the head, and with another past */
    struct entry far = draft_sealed(&d->room[BEN], a, people_note(a, "words"));
    far.seq++;
    refused(d, send_live(d, BEN, draft_sign(a, &far, &d->person[BEN])), ERR_HEAD_MOVED);
    far.seq--;
    far.prev = desk_circle(d);
    refused(d, send_live(d, BEN, draft_sign(a, &far, &d->person[BEN])), ERR_HEAD_MOVED);
}

/* A head that the refused batch itself would have made is on no disk, and must not be told. */
static void the_head_that_is_told_is_one_that_stays(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    struct str two = notes(d, ANA, 2);
    struct entry gone = nth(notes(d, ANA, 4), 3); /* beyond a gap */
    struct str batch = draft_then(a, two, draft_wrap_sig(a, gone.header, str_at(gone.sig, SIG_BYTES), gone.payload));
    refused(d, send_live(d, ANA, batch), ERR_HEAD_MOVED);
    assert_index(d, 2);
    assert_true(d->said.refusal.has_head);
    assert_int_equal(d->said.refusal.seq, d->room[ANA].chain.circle.head_seq);
    assert_memory_equal(d->said.refusal.hash, d->room[ANA].chain.circle.head_hash, HASH_BYTES);
}

static void a_refusal_tells_what_helps(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    struct entry e = draft_sealed(&d->room[ANA], a, people_note(a, "words"));
    uint64_t epoch = e.epoch;
    e.epoch = epoch + 1;
    refused(d, send_live(d, ANA, draft_sign(a, &e, &d->person[ANA])), ERR_EPOCH_STALE);
    assert_true(d->said.refusal.has_epoch && !d->said.refusal.has_head && !d->said.refusal.has_time);
    assert_int_equal(d->said.refusal.epoch, epoch);
    e.epoch = epoch;
    const int64_t off_ms[] = {LIMIT_CLOCK_SKEW_MS + 1, -LIMIT_CLOCK_SKEW_MS - 1};
    for (size_t i = 0; i < 2; i++) {
        e.time_ms = d->now_ms + (uint64_t)off_ms[i];
        refused(d, send_live(d, ANA, draft_sign(a, &e, &d->person[ANA])), ERR_CLOCK_SKEW);
        assert_true(d->said.refusal.has_time && !d->said.refusal.has_head && !d->said.refusal.has_epoch);
        assert_int_equal(d->said.refusal.time_ms, d->now_ms);
    }
    e.time_ms = d->now_ms;
    e.id = room_entry(&d->room[ANA], 0).id;
    refused(d, send_live(d, ANA, draft_sign(a, &e, &d->person[ANA])), ERR_ID_TAKEN);
    assert_index(d, 0);
}

static void attachments_have_not_arrived(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    struct str plain = note(d, ANA, "words");
    struct room later = d->room[ANA];
    room_assume(&later, plain);
    struct entry e = draft_sealed(&later, a, people_note(a, "a picture"));
    e.ref[0] = (struct entry_ref){desk_circle(d), 100};
    e.ref_n = 1;
    refused(d, send_live(d, ANA, draft_then(a, plain, draft_sign(a, &e, &d->person[ANA]))), ERR_MISSING_BLOB);
    assert_index(d, 1);
    desk_expect_same(d);
}

/* ---- the quota ------------------------------------------------------------------------------------------- */

static uint64_t payload_n(struct desk *d)
{
    uint64_t n = 0;
    for (uint64_t seq = 0; seq < d->room[ANA].chain.index.row_n; seq++) {
        if (!index_row(&d->room[ANA].chain.index, seq)->is_erased) n += room_entry(&d->room[ANA], seq).payload.len;
    }
    return n;
}

static void a_circle_holds_so_many_bytes_and_no_more(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    struct str two = notes(d, ANA, 2);
    uint64_t each_n = nth(two, 0).payload.len, now_n = payload_n(d);
    d->circle_bytes_max = now_n + 2 * each_n - 1;
    refused(d, send_live(d, ANA, two), ERR_QUOTA);
    assert_index(d, 1);
    d->circle_bytes_max++;
    expect(desk_post(d, ANA, two), ERR_OK);
    desk_forget(d);
    refused(d, send_live(d, BEN, note(d, BEN, "words")), ERR_QUOTA);
    assert_index(d, 0);
    refused(d, send_live(d, ANA, two), ERR_OK); /* what is there is not counted twice */
    uint64_t seq = d->room[ANA].chain.circle.head_seq;
    expect(desk_post(d, ANA, room_redact_bare(&d->room[ANA], a, &seq, 1)), ERR_OK);
    desk_expect_same(d);
    (void)desk_say(d, BEN, "there is room again");
    refused(d, send_live(d, BEN, note(d, BEN, "words")), ERR_QUOTA);
    desk_expect_same(d);
}

/* Where the limit was lowered, people can still erase, change the key, and go. */
static void who_has_too_much_may_still_erase_and_leave(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    uint64_t seq[2] = {desk_say(d, BEN, "first"), desk_say(d, BEN, "second")};
    d->circle_bytes_max = 1000;
    assert_true(payload_n(d) > 1500);
    refused(d, send_live(d, BEN, note(d, BEN, "words")), ERR_QUOTA);
    expect(desk_post(d, BEN, room_redact_bare(&d->room[BEN], a, seq, 1)), ERR_OK);
    expect(desk_post(d, ANA, room_rotate(&d->room[ANA], a, ROTATE_WISH)), ERR_OK);
    expect(desk_post(d, BEN, room_leave(&d->room[BEN], a)), ERR_OK);
    expect(desk_post(d, BEN, room_redact_bare(&d->room[BEN], a, seq + 1, 1)), ERR_OK);
    desk_expect_same(d);
}

/* ---- who is not in ----------------------------------------------------------------------------------------- */

static void who_has_left_may_erase_and_ask_again(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    uint64_t own[2] = {desk_say(d, BEN, "his"), desk_say(d, BEN, "his too")}, hers = desk_say(d, ANA, "hers");
    struct str words = note(d, BEN, "too late"), leave = room_leave(&d->room[BEN], a);
    expect(desk_post(d, BEN, leave), ERR_OK);
    refused(d, send_live(d, BEN, leave), ERR_OK); /* its answer was lost */
    assert_int_equal(d->said.added_n, 0);
    refused(d, send_live(d, BEN, words), ERR_NOT_MEMBER);
    assert_bare(d);
    refused(d, send_live(d, BEN, draft_then(a, leave, words)), ERR_NOT_MEMBER);
    refused(d, send_live(d, BEN, room_redact_bare(&d->room[BEN], a, &hers, 1)), ERR_NOT_MEMBER);
    assert_index(d, 0); /* Ben says it of himself, but none of these is his */
    const uint64_t mixed[] = {own[0], hers};
    refused(d, send_live(d, BEN, room_redact_bare(&d->room[BEN], a, mixed, 2)), ERR_BAD_REDACT);
    struct str redact = room_redact_bare(&d->room[BEN], a, own, 1); /* while the key must change, too */
    expect(send_live(d, BEN, draft_then(a, leave, redact)), ERR_OK);
    assert_int_equal(d->said.added_n, 1);
    desk_follow(d, redact);
    expect(desk_post(d, ANA, room_rotate(&d->room[ANA], a, ROTATE_LEFT)), ERR_OK);
    struct str old_head = room_redact_bare(&d->room[BEN], a, own + 1, 1);
    (void)desk_say(d, ANA, "alone");
    refused(d, send_live(d, BEN, old_head), ERR_HEAD_MOVED); /* he must learn where the head is, to sign for it */
    assert_true(d->said.refusal.has_head);
    expect(desk_post(d, BEN, room_redact_bare(&d->room[BEN], a, own + 1, 1)), ERR_OK);
    assert_int_equal(desk_payload(d, own[1]), DESK_ERASED);
    desk_expect_same(d);
}

static void who_has_left_comes_back_by_a_new_invitation(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    uint8_t secret[SECRET_BYTES];
    desk_gather(d, 2);
    expect(desk_post(d, BEN, room_leave(&d->room[BEN], a)), ERR_OK);
    expect(desk_post(d, ANA, room_invite(&d->room[ANA], a, secret)), ERR_OK);
    struct str join = room_join(&d->room[BEN], a, secret);
    struct str words = note(d, ANA, "words");
    refused(d, send_live(d, BEN, draft_then(a, words, join)), ERR_NOT_MEMBER); /* it must begin with the join */
    expect(desk_post(d, BEN, join), ERR_OK);
    desk_expect_same(d);
    (void)desk_say(d, BEN, "back again");
    desk_expect_same(d);
}

/* All that a stranger could think of; none of it tells them whether there is such a circle. */
static void outsiders_learn_nothing(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    uint8_t secret[SECRET_BYTES];
    desk_gather(d, 2);
    uint64_t seq = desk_say(d, ANA, "words");
    expect(desk_post(d, ANA, room_invite(&d->room[ANA], a, secret)), ERR_OK);
    struct room *eve = &d->room[EVE];
    struct entry sealed = draft_next(eve, a, ENTRY_SEALED), join = draft_join(eve, a, secret), far = sealed;
    static const uint8_t other_circle[HASH_BYTES] = {1};
    draft_payload(a, &sealed, STR("anything"));
    draft_payload(a, &far, STR("anything"));
    far.seq += 5;
    join.body.join.invite_hash = other_circle; /* of an invitation she knows nothing of */
    struct str elsewhere = draft_set(a, draft_header(a, &sealed), 2, draft_bytes(a, STR_OF(other_circle)));
    const struct str batch[] = {
        draft_sign(a, &sealed, &d->person[EVE]),
        draft_sign(a, &far, &d->person[EVE]),
        draft_sign(a, &join, &d->person[EVE]),
        draft_sign(a, &join, &d->person[BEN]),
        draft_wrap(a, elsewhere, STR("anything"), &d->person[EVE]),
        room_redact_bare(eve, a, &seq, 1),
        room_leave(eve, a),
        draft_sign(a, &(struct entry){.kind = ENTRY_GENESIS, .author = sealed.author, .id = sealed.id,
                                      .time_ms = d->now_ms, .body.genesis = room_entry(eve, 0).body.genesis},
                   &d->person[EVE]),
        d->room[ANA].wire[0], /* even what is there */
        draft_then(a, d->room[ANA].wire[0], d->room[ANA].wire[1]),
        room_sequence(&d->room[ANA], a, 0),
        note(d, ANA, "a member's, and good at just this place"),
    };
    for (size_t i = 0; i < sizeof batch / sizeof *batch; i++) {
        refused(d, send_live(d, EVE, batch[i]), ERR_NO_CIRCLE);
        assert_bare(d);
        refused(d, desk_send(d, APPEND_LIVE, EVE, other_circle, batch[i]), ERR_NO_CIRCLE);
        assert_bare(d);
    }
    refused(d, desk_send(d, APPEND_LIVE, ANA, other_circle, note(d, ANA, "to nowhere")), ERR_NO_CIRCLE);
}

static void who_shows_an_invitation_learns_what_is_wrong_with_it(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    uint8_t secret[SECRET_BYTES];
    desk_gather(d, 2);
    expect(desk_post(d, ANA, room_invite(&d->room[ANA], a, secret)), ERR_OK);
    struct entry invite = room_invite_of(&d->room[ANA], secret);
    struct str batch = room_join(&d->room[CLEO], a, secret);
    refused(d, send_live(d, CLEO, batch), ERR_CONSENT_MISSING);
    assert_index(d, 0);
    expect(desk_post(d, BEN, room_consent(&d->room[BEN], a, invite.hash)), ERR_OK);
    refused(d, send_live(d, CLEO, batch), ERR_HEAD_MOVED);
    assert_true(d->said.refusal.has_head); /* she has to sign anew for that place */
    assert_int_equal(d->said.refusal.seq, d->room[ANA].chain.circle.head_seq);
    batch = room_join(&d->room[CLEO], a, secret);
    struct entry join_only = draft_join(&d->room[CLEO], a, secret);
    struct str not_signed = draft_sign(a, &join_only, &d->person[BEN]);
    refused(d, send_live(d, CLEO, not_signed), ERR_NO_CIRCLE); /* that shows nothing */
    struct str join = str_at(nth(batch, 0).wire.at, nth(batch, 0).wire.len);
    refused(d, send_live(d, CLEO, join), ERR_ROTATE_REQUIRED); /* without the rotate behind it */
    assert_index(d, 0);
    refused(d, send_live(d, EVE, batch), ERR_NO_CIRCLE); /* it is not hers */
    desk_expect_same(d);
    expect(desk_post(d, CLEO, batch), ERR_OK);
    desk_expect_same(d);
    refused(d, send_live(d, EVE, room_join(&d->room[EVE], a, secret)), ERR_INVITE_USED);
    expect(desk_post(d, ANA, room_rotate(&d->room[ANA], a, ROTATE_WISH)), ERR_OK);
    desk_expect_same(d);
}

/* ---- telling who listens ----------------------------------------------------------------------------------- */

/* What stands in for a call: nobody waits for it. */
struct http_call {
    int unused;
};

void http_wake(struct http_call *call)
{
    (void)call;
}

enum { TOLD_BYTES = 1024 };

static const char *told(struct hub_stream *stream)
{
    static char text[TOLD_BYTES + 1];
    size_t n = hub_pull(stream, (uint8_t *)text, TOLD_BYTES);
    assert_true(n <= TOLD_BYTES);
    text[n] = 0;
    return text;
}

static bool is_told(struct desk *d, struct hub_stream *stream, const char *list)
{
    uint8_t memory[TOLD_BYTES + 1] = {0};
    struct out o = OUT_OVER(memory);
    out_text(&o, list);
    out_text(&o, "event: head\ndata: ");
    out_put_hex(&o, str_at(desk_circle(d), HASH_BYTES));
    out_text(&o, " ");
    out_put_decimal(&o, d->room[ANA].chain.circle.head_seq);
    out_text(&o, " ");
    out_put_hex(&o, STR_OF(d->room[ANA].chain.circle.head_hash));
    out_text(&o, "\n\n");
    return strcmp(told(stream), (const char *)memory) == 0;
}

static void what_is_recorded_is_told(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    static const uint8_t session[ID_BYTES];
    struct http_call call = {0};
    struct hub *hub;
    struct hub_stream *ana, *ben;
    uint8_t secret[SECRET_BYTES];
    expect(hub_open(&hub), ERR_OK);
    expect(hub_stream_open(hub, d->person[ANA].keys.sign_pk, session, 4, &call, &ana), ERR_OK);
    expect(hub_stream_open(hub, d->person[BEN].keys.sign_pk, session, 4, &call, &ben), ERR_OK);
    assert_true(hub_stream_ready(ana) && hub_stream_ready(ben));
    (void)told(ana);
    (void)told(ben);
    desk_gather(d, 1);
    append_tell(&d->said, hub);
    assert_true(is_told(d, ana, "event: list\ndata: 1\n\n"));
    assert_string_equal(told(ben), "");
    expect(desk_post(d, ANA, room_invite(&d->room[ANA], a, secret)), ERR_OK);
    append_tell(&d->said, hub);
    assert_true(is_told(d, ana, ""));
    struct str join = room_join(&d->room[BEN], a, secret);
    expect(desk_post(d, BEN, join), ERR_OK);
    append_tell(&d->said, hub);
    assert_true(is_told(d, ana, ""));
    assert_true(is_told(d, ben, "event: list\ndata: 1\n\n"));
    refused(d, send_live(d, BEN, join), ERR_OK);
    append_tell(&d->said, hub); /* there is nothing new */
    assert_string_equal(told(ana), "");
    assert_string_equal(told(ben), "");
    expect(desk_post(d, BEN, room_leave(&d->room[BEN], a)), ERR_OK);
    append_tell(&d->said, hub);
    assert_true(is_told(d, ana, ""));
    assert_string_equal(told(ben), "event: list\ndata: 0\n\n");
    expect(desk_post(d, ANA, room_rotate(&d->room[ANA], a, ROTATE_LEFT)), ERR_OK);
    append_tell(&d->said, hub);
    assert_string_equal(told(ben), "");
    hub_stream_close(ana);
    hub_stream_close(ben);
    hub_close(hub);
}

/* ---- taking a body apart -------------------------------------------------------------------------------------- */

/* What append_read says of a body, with so much memory; and which entry it names. */
static enum err read_body(struct append *append, struct str body, size_t memory_bytes)
{
    struct arena a;
    *append = (struct append){.way = APPEND_LIVE};
    arena_init(&a, memory_bytes);
    enum err e = append_read(append, &a, body);
    if (e == ERR_OK) append->item = NULL;
    arena_fini(&a);
    return e;
}

static void a_body_has_one_entry_or_as_many_as_a_batch(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    struct append append;
    desk_gather(d, 1);
    struct str most = notes(d, ANA, LIMIT_BATCH_ENTRIES), one = note(d, ANA, "words");
    expect(read_body(&append, one, 1 << 20), ERR_OK);
    assert_int_equal(append.item_n, 1);
    expect(read_body(&append, most, 1 << 20), ERR_OK);
    assert_int_equal(append.item_n, LIMIT_BATCH_ENTRIES);
    assert_int_equal(append.evidence_from, LIMIT_BATCH_ENTRIES);
    expect(read_body(&append, draft_then(a, most, one), 1 << 20), ERR_BAD_FIELD);
    assert_int_equal(append.refusal.code, ERR_BAD_FIELD);
    assert_string_equal(append.refusal.field, "entries");
    expect(read_body(&append, (struct str){0}, 1 << 20), ERR_BAD_FIELD);
    expect(read_body(&append, most, 1000), ERR_NO_MEMORY);
}

static void the_first_bad_entry_is_named(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    struct append append;
    desk_gather(d, 1);
    struct str good = note(d, ANA, "words");
    struct entry e = nth(good, 0);
    struct str version = draft_wrap(a, draft_set(a, e.header, 1, draft_uint(a, 2)), e.payload, &d->person[ANA]);
    struct str shape = draft_wrap(a, draft_drop(a, e.header, 8), e.payload, &d->person[ANA]);
    const struct {
        struct str bad;
        enum err e;
    } row[] = {
        {STR("\xff"), ERR_BAD_CBOR}, {STR("\x1f"), ERR_BAD_CBOR}, {STR("\x43""ab"), ERR_BAD_CBOR},
        {STR("\x01"), ERR_BAD_ENTRY}, {version, ERR_BAD_VERSION},  {shape, ERR_BAD_ENTRY},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        for (size_t at = 0; at < 3; at++) {
            struct str body = {0};
            for (size_t k = 0; k < at; k++) body = draft_then(a, body, good);
            expect(read_body(&append, draft_then(a, body, row[i].bad), 1 << 20), row[i].e);
            assert_int_equal(append.refusal.code, row[i].e);
            assert_true(append.refusal.has_index);
            assert_int_equal(append.refusal.index, at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(a_circle_is_made_with_everything_that_is_sent),
        DESK_TEST(the_same_once_more_changes_nothing),
        DESK_TEST(whoever_makes_a_circle_is_in_it_at_the_end),
        DESK_TEST(a_circle_begins_with_its_genesis),
        DESK_TEST(nobody_has_more_circles_than_they_may),
        DESK_TEST(Q1_who_makes_circles_and_leaves_them_has_made_them),
        DESK_TEST(Q1_circles_begun_by_a_throw_away_key_count_for_who_sends_them),
        DESK_TEST(a_whole_life_is_as_in_every_copy),
        DESK_TEST(of_a_batch_with_one_bad_entry_nothing_stays),
        DESK_TEST(what_is_there_already_is_done),
        DESK_TEST(what_is_there_otherwise_has_moved_the_head),
        DESK_TEST(the_head_that_is_told_is_one_that_stays),
        DESK_TEST(a_refusal_tells_what_helps),
        DESK_TEST(attachments_have_not_arrived),
        DESK_TEST(a_circle_holds_so_many_bytes_and_no_more),
        DESK_TEST(who_has_too_much_may_still_erase_and_leave),
        DESK_TEST(who_has_left_may_erase_and_ask_again),
        DESK_TEST(who_has_left_comes_back_by_a_new_invitation),
        DESK_TEST(outsiders_learn_nothing),
        DESK_TEST(who_shows_an_invitation_learns_what_is_wrong_with_it),
        DESK_TEST(what_is_recorded_is_told),
        DESK_TEST(a_body_has_one_entry_or_as_many_as_a_batch),
        DESK_TEST(the_first_bad_entry_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
