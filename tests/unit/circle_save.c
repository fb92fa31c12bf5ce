/* circle_save.c -- the state of a circle as a store keeps it [C23]: what was saved is loaded the same, at
 * every step of random histories; what was damaged is refused, or is another state in all its bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/people.h"
#include "harness/random.h"

#define NOW_MS UINT64_C(1767225600000)

enum { PEOPLE = 5, STEPS = 300, HISTORIES = 100, SECRETS = 6 };

static struct person people[PEOPLE];
static struct invite_keys keys[SECRETS];

/* ---- random histories: entries without bytes, judged as ever -------------------------------------------- */

/* Memory of one entry's fields. */
struct act {
    struct entry e;
    uint8_t hash[2][HASH_BYTES], prev[HASH_BYTES], id[HASH_BYTES], seal[SEAL_BYTES], proof[SIG_BYTES];
};

static enum err no_id_is_taken(void *of, const uint8_t *id, bool *is_taken)
{
    (void)of;
    (void)id;
    *is_taken = false;
    return ERR_OK;
}

static enum err everything_is_anas(void *of, uint64_t seq, struct circle_fact *fact)
{
    (void)of;
    (void)seq;
    *fact = (struct circle_fact){.kind = ENTRY_SEALED};
    memcpy(fact->author, people[0].keys.sign_pk, SIGN_PK_BYTES);
    return ERR_OK;
}

/* Some hash of an invite that is open, or lately was; or of nothing. */
static void any_invite(const struct circle *c, struct random *r, uint8_t hash[static HASH_BYTES])
{
    random_bytes(r, hash, HASH_BYTES);
    size_t ended_n = c->ended_n < LIMIT_ENDED_INVITES ? (size_t)c->ended_n : LIMIT_ENDED_INVITES;
    if (c->invite_n > 0 && !random_is_one_in(r, 4)) {
        memcpy(hash, c->invite[random_below(r, c->invite_n)].hash, HASH_BYTES);
    } else if (ended_n > 0) {
        memcpy(hash, c->ended[random_below(r, ended_n)].hash, HASH_BYTES);
    }
}

static void any_body(struct act *act, const struct circle *c, struct random *r, const struct person *author)
{
    struct entry *e = &act->e;
    const struct circle_invite *invite;
    switch (e->kind) {
    case ENTRY_GENESIS:
        e->body.genesis.box_pk = author->keys.box_pk;
        e->body.genesis.kid = act->hash[0];
        e->body.genesis.is_sole = random_is_one_in(r, 10);
        break;
    case ENTRY_INVITE:
        e->body.invite.invite_pk = keys[random_below(r, SECRETS)].pk;
        e->body.invite.expires_ms = NOW_MS + random_between(r, 1, 1000);
        break;
    case ENTRY_JOIN:
        any_invite(c, r, act->hash[0]);
        e->body.join.invite_hash = act->hash[0];
        e->body.join.box_pk = author->keys.box_pk;
        e->body.join.proof = act->proof;
        invite = circle_open_invite(c, act->hash[0]);
        for (size_t i = 0; invite != NULL && i < SECRETS; i++) {
            if (memcmp(keys[i].pk, invite->invite_pk, SIGN_PK_BYTES) != 0) continue;
            invite_proof_make(act->proof, keys[i].sk, c->id, invite->hash, author->keys.sign_pk, author->keys.box_pk);
        }
        break;
    case ENTRY_ROTATE:
        e->body.rotate.kid = act->hash[0];
        e->body.rotate.seal_n = c->member_n;
        for (size_t i = 0; i < c->member_n; i++) e->body.rotate.seal[i] = act->seal;
        break;
    case ENTRY_CONSENT:
        any_invite(c, r, act->hash[0]);
        e->body.consent.invite_hash = act->hash[0];
        break;
    case ENTRY_REDACT:
        e->body.redact.seq_n = 1;
        e->body.redact.seq[0] = random_below(r, c->head_seq + 1);
        break;
    case ENTRY_LEAVE:
    case ENTRY_SEALED: break;
    }
}

/* Whoever it is, mostly somebody who may: else most acts of a small circle would be a stranger's. */
static const struct person *any_author(const struct circle *c, struct random *r, enum entry_kind kind)
{
    const struct person *who = &people[random_below(r, PEOPLE)];
    for (int i = 0; i < 3 && c->is_begun; i++) {
        bool is_in = circle_member_index(c, who->keys.sign_pk) >= 0;
        if (is_in != (kind == ENTRY_JOIN)) break;
        who = &people[random_below(r, PEOPLE)];
    }
    return who;
}

/* Something somebody might do next, allowed or not. */
static void any_act(struct act *act, const struct circle *c, struct random *r)
{
    static const enum entry_kind often[] = {
        ENTRY_INVITE, ENTRY_INVITE, ENTRY_CONSENT, ENTRY_CONSENT, ENTRY_CONSENT, ENTRY_CONSENT, ENTRY_JOIN,
        ENTRY_JOIN, ENTRY_JOIN, ENTRY_REDACT, ENTRY_SEALED,
    };
    *act = (struct act){.e = {.kind = often[random_below(r, sizeof often / sizeof *often)], .time_ms = NOW_MS}};
    if (random_is_one_in(r, 12)) act->e.kind = ENTRY_ROTATE;
    if (random_is_one_in(r, 60)) act->e.kind = ENTRY_LEAVE;
    const struct person *author = any_author(c, r, act->e.kind);
    random_bytes(r, act->hash[0], HASH_BYTES);
    random_bytes(r, act->e.hash, HASH_BYTES);
    memcpy(act->id, c->id, HASH_BYTES);
    memcpy(act->prev, c->head_hash, HASH_BYTES);
    if (!c->is_begun) act->e.kind = ENTRY_GENESIS;
    else if (c->joiner_owes != 0) author = NULL;
    for (size_t i = 0; author == NULL; i++) { /* whoever owes the rotate: else histories would often end there */
        const uint8_t *owes = c->member[c->joiner_owes - 1].sign_pk;
        if (memcmp(people[i].keys.sign_pk, owes, SIGN_PK_BYTES) == 0) author = &people[i];
    }
    if (c->joiner_owes != 0) act->e.kind = ENTRY_ROTATE;
    act->e.circle = act->id;
    act->e.prev = act->prev;
    act->e.seq = c->is_begun ? c->head_seq + 1 : 0;
    act->e.epoch = c->epoch + (act->e.kind == ENTRY_ROTATE ? 1 : 0);
    act->e.author = author->keys.sign_pk;
    act->e.id = act->id;
    any_body(act, c, r, author);
}

static bool step(struct circle *c, struct random *r, bool *must_save)
{
    struct act act;
    struct why why;
    struct circle_past past = {NULL, no_id_is_taken, everything_is_anas};
    struct circle_terms terms = {.is_signed = true, .payload_fits = true};
    any_act(&act, c, r);
    if (circle_judge(c, &act.e, &past, &terms, &why) != ERR_OK) return false;
    *must_save = circle_advance(c, &act.e);
    return true;
}

/* ---- comparing ------------------------------------------------------------------------------------------ */

static void same_lists(const struct circle *a, const struct circle *b)
{
    assert_int_equal(a->member_n, b->member_n);
    assert_int_equal(a->invite_n, b->invite_n);
    assert_true(a->ended_n == b->ended_n);
    for (size_t i = 0; i < LIMIT_MEMBERS; i++) {
        assert_memory_equal(a->member[i].sign_pk, b->member[i].sign_pk, SIGN_PK_BYTES);
        assert_memory_equal(a->member[i].box_pk, b->member[i].box_pk, BOX_PK_BYTES);
        assert_true(a->member[i].joined_seq == b->member[i].joined_seq);
        assert_true(a->member[i].from_epoch == b->member[i].from_epoch);
    }
    for (size_t i = 0; i < LIMIT_OPEN_INVITES; i++) {
        assert_memory_equal(a->invite[i].hash, b->invite[i].hash, HASH_BYTES);
        assert_memory_equal(a->invite[i].invite_pk, b->invite[i].invite_pk, SIGN_PK_BYTES);
        assert_true(a->invite[i].seq == b->invite[i].seq);
        assert_true(a->invite[i].expires_ms == b->invite[i].expires_ms);
        assert_int_equal(a->invite[i].consents, b->invite[i].consents);
    }
    for (size_t i = 0; i < LIMIT_ENDED_INVITES; i++) {
        assert_memory_equal(a->ended[i].hash, b->ended[i].hash, HASH_BYTES);
        assert_int_equal(a->ended[i].how, b->ended[i].how);
    }
}

static void same_circle(const struct circle *a, const struct circle *b)
{
    assert_memory_equal(a->id, b->id, HASH_BYTES);
    assert_memory_equal(a->head_hash, b->head_hash, HASH_BYTES);
    assert_memory_equal(a->kid, b->kid, HASH_BYTES);
    assert_true(a->head_seq == b->head_seq && a->epoch == b->epoch);
    assert_int_equal(a->is_begun, b->is_begun);
    assert_int_equal(a->is_sole, b->is_sole);
    assert_int_equal(a->must_rotate, b->must_rotate);
    assert_int_equal(a->joiner_owes, b->joiner_owes);
    assert_int_equal(a->may_invite, b->may_invite);
    same_lists(a, b);
}

static struct str saved_in(uint8_t memory[static CIRCLE_SAVED_BYTES], const struct circle *c)
{
    struct out o = out_over(memory, CIRCLE_SAVED_BYTES);
    circle_save(&o, c);
    assert_false(o.is_full);
    return out_str(&o);
}

static void assert_comes_back(const struct circle *c)
{
    uint8_t memory[CIRCLE_SAVED_BYTES], again[CIRCLE_SAVED_BYTES];
    struct circle loaded;
    struct str saved = saved_in(memory, c);
    memset(&loaded, 0xa5, sizeof loaded);
    assert_int_equal(circle_load(&loaded, saved, c->head_seq, c->head_hash), ERR_OK);
    same_circle(&loaded, c);
    assert_true(str_is(saved_in(again, &loaded), saved));
}

/* Refused, and nothing given out; or it is another state, and saves as just these bytes. */
static enum err assert_refused_or_other(struct str bytes)
{
    static const uint8_t hash[HASH_BYTES] = {1};
    uint8_t memory[CIRCLE_SAVED_BYTES];
    struct circle c, before;
    memset(&c, 0xa5, sizeof c);
    memcpy(&before, &c, sizeof c);
    enum err e = circle_load(&c, bytes, 5, hash);
    if (e == ERR_OK) {
        assert_true(str_is(saved_in(memory, &c), bytes));
        return e;
    }
    assert_int_equal(e, ERR_STORE_DAMAGED);
    assert_memory_equal(&c, &before, sizeof c);
    return e;
}

/* ---- the tests ------------------------------------------------------------------------------------------ */

static void C23_a_state_comes_back_at_every_step(void **state)
{
    (void)state;
    struct random r;
    size_t seen_members = 0, seen_ended = 0, seen_invites = 0;
    random_init(&r, "circle_save");
    for (size_t i = 0; i < HISTORIES; i++) {
        uint8_t before_memory[CIRCLE_SAVED_BYTES], memory[CIRCLE_SAVED_BYTES];
        struct circle c = {.is_begun = false};
        struct str before = {0};
        for (size_t k = 0; k < STEPS; k++) {
            bool must_save = true;
            if (!step(&c, &r, &must_save)) continue;
            struct str now = saved_in(memory, &c);
            assert_comes_back(&c);
            if (!must_save) assert_true(str_is(now, before)); /* only the head has moved */
            before = str_at(memcpy(before_memory, now.at, now.len), now.len);
            if (c.member_n > seen_members) seen_members = c.member_n;
            if (c.ended_n > seen_ended) seen_ended = (size_t)c.ended_n;
            if (c.invite_n > seen_invites) seen_invites = c.invite_n;
        }
    }
    print_message("At most %zu members, %zu open invites, %zu ended ones.\n", seen_members, seen_invites, seen_ended);
    assert_true(seen_members >= 4 && seen_ended > 3 && seen_invites >= 3); /* the histories go somewhere */
}

/* As much of everything as there can be, and every number as large as it gets. */
static void fullest(struct circle *c)
{
    memset(c, 0xff, sizeof *c);
    c->is_begun = c->is_sole = c->must_rotate = true;
    c->epoch = c->ended_n = LIMIT_NUMBER;
    c->head_seq = LIMIT_SEQ;
    c->joiner_owes = c->may_invite = LIMIT_MEMBERS;
    c->member_n = LIMIT_MEMBERS;
    c->invite_n = LIMIT_OPEN_INVITES;
    for (size_t i = 0; i < LIMIT_MEMBERS; i++) {
        c->member[i].joined_seq = LIMIT_SEQ;
        c->member[i].from_epoch = LIMIT_NUMBER;
    }
    for (size_t i = 0; i < LIMIT_OPEN_INVITES; i++) {
        c->invite[i].seq = LIMIT_SEQ;
        c->invite[i].expires_ms = LIMIT_NUMBER;
        c->invite[i].consents = 0xfff;
    }
    for (size_t i = 0; i < LIMIT_ENDED_INVITES; i++) c->ended[i].how = INVITE_WAS_VOIDED;
}

static void C23_the_fullest_state_fits(void **state)
{
    (void)state;
    struct circle c;
    fullest(&c);
    assert_comes_back(&c);
    c.ended_n = LIMIT_ENDED_INVITES;
    assert_comes_back(&c);
}

static void C23_a_flipped_bit_is_refused_or_is_another_state(void **state)
{
    (void)state;
    struct random r;
    size_t refused_n = 0, tried_n = 0;
    random_init(&r, "circle_save, damaged");
    for (size_t i = 0; i < 12; i++) {
        uint8_t memory[CIRCLE_SAVED_BYTES], damaged[CIRCLE_SAVED_BYTES];
        struct circle c = {.is_begun = false};
        bool must_save;
        if (i == 0) fullest(&c);
        for (size_t k = 0; i > 0 && (k < STEPS || !c.is_begun); k++) (void)step(&c, &r, &must_save);
        struct str saved = saved_in(memory, &c);
        memcpy(damaged, saved.at, saved.len);
        for (size_t bit = 0; bit < 8 * saved.len; bit++, tried_n++) {
            damaged[bit / 8] ^= (uint8_t)(1 << bit % 8);
            refused_n += assert_refused_or_other(str_at(damaged, saved.len)) != ERR_OK;
            damaged[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t n = 0; n < saved.len; n++) {
            assert_int_equal(assert_refused_or_other(str_at(saved.at, n)), ERR_STORE_DAMAGED);
        }
        for (size_t k = 0; k < 2000; k++) {
            memcpy(damaged, saved.at, saved.len);
            for (uint64_t n = random_between(&r, 1, 5); n > 0; n--) {
                damaged[random_below(&r, saved.len)] = (uint8_t)random_u64(&r);
            }
            (void)assert_refused_or_other(str_at(damaged, saved.len));
        }
    }
    assert_true(refused_n > 100 && refused_n < tried_n);
}

/* A saved state with one number in it set to another value: found by its path of keys and indices. */
struct damage {
    const char *what;
    unsigned key;
    int row, column;
    uint64_t value;
};

static struct str with_item(struct arena *a, struct str list, size_t at, struct str item)
{
    struct cbor_list items;
    size_t cap = list.len + item.len + 16;
    struct out o = out_over(arena_take(a, cap), cap);
    assert_int_equal(cbor_list(list, &items), ERR_OK);
    assert_true(at < items.item_n);
    cbor_put_list(&o, items.item_n);
    for (size_t i = 0; i < items.item_n; i++) out_put(&o, i == at ? item : items.item[i]);
    return out_str(&o);
}

static struct str damaged(struct arena *a, struct str saved, const struct damage *d)
{
    struct cbor_map map;
    struct cbor_list rows;
    struct str item = draft_uint(a, d->value);
    assert_int_equal(cbor_map(saved, &map), ERR_OK);
    if (d->row >= 0) {
        assert_int_equal(cbor_list(map.item[d->key], &rows), ERR_OK);
        item = with_item(a, rows.item[d->row], (size_t)d->column, item);
        item = with_item(a, map.item[d->key], (size_t)d->row, item);
    }
    return draft_set(a, saved, d->key, item);
}

static void C23_what_no_circle_can_be_is_refused(void **state)
{
    (void)state;
    static const struct damage all[] = {
        {"a flag that is none", 4, -1, 0, 4}, {"an owing member who is not there", 5, -1, 0, 13},
        {"an inviting member who is not there", 6, -1, 0, 13}, {"fewer ends than are kept", 7, -1, 0, 15},
        {"a member who joined past the end", 8, 0, 2, LIMIT_SEQ + 1}, {"a key for a number", 8, 3, 0, 7},
        {"an invite past the end", 9, 4, 2, LIMIT_SEQ + 1}, {"the consent of nobody", 9, 1, 4, 0x1fff},
        {"an end that is none", 10, 15, 1, 0}, {"an end that is none", 10, 0, 1, 3},
    };
    struct arena a;
    struct circle c;
    uint8_t memory[CIRCLE_SAVED_BYTES];
    fullest(&c);
    c.ended_n = LIMIT_ENDED_INVITES;
    struct str saved = saved_in(memory, &c);
    arena_init(&a, 1024 * 1024);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (assert_refused_or_other(damaged(&a, saved, &all[i])) == ERR_OK) fail_msg("%s is loaded", all[i].what);
    }
    struct damage none = {"", 4, -1, 0, 3};
    assert_int_equal(assert_refused_or_other(damaged(&a, saved, &none)), ERR_OK);
    for (unsigned key = 1; key <= 10; key++) {
        assert_int_equal(assert_refused_or_other(draft_drop(&a, saved, key)), ERR_STORE_DAMAGED);
        assert_int_equal(assert_refused_or_other(draft_set(&a, saved, key, STR("\x61x"))), ERR_STORE_DAMAGED);
    }
    assert_int_equal(assert_refused_or_other(draft_set(&a, saved, 11, STR("\0"))), ERR_STORE_DAMAGED);
    assert_int_equal(assert_refused_or_other(draft_set(&a, saved, 0, STR("\0"))), ERR_STORE_DAMAGED);
    assert_int_equal(assert_refused_or_other((struct str){0}), ERR_STORE_DAMAGED);
    arena_fini(&a);
}

/* A list with one row more than there may be of it. */
static void C23_more_than_there_can_be_is_refused(void **state)
{
    (void)state;
    struct arena a;
    struct circle c;
    uint8_t memory[CIRCLE_SAVED_BYTES];
    struct cbor_map map;
    fullest(&c);
    struct str saved = saved_in(memory, &c);
    arena_init(&a, 1024 * 1024);
    assert_int_equal(cbor_map(saved, &map), ERR_OK);
    for (unsigned key = 8; key <= 10; key++) {
        struct cbor_list rows, row;
        struct out more = out_over(arena_take(&a, 8192), 8192), wider = out_over(arena_take(&a, 8192), 8192);
        assert_int_equal(cbor_list(map.item[key], &rows), ERR_OK);
        cbor_put_list(&more, rows.item_n + 1);
        for (size_t i = 0; i <= rows.item_n; i++) out_put(&more, rows.item[i % rows.item_n]);
        assert_int_equal(assert_refused_or_other(draft_set(&a, saved, key, out_str(&more))), ERR_STORE_DAMAGED);
        assert_int_equal(cbor_list(rows.item[0], &row), ERR_OK);
        cbor_put_list(&wider, row.item_n + 1);
        for (size_t i = 0; i <= row.item_n; i++) out_put(&wider, row.item[i % row.item_n]);
        struct str odd = with_item(&a, map.item[key], 0, out_str(&wider));
        assert_int_equal(assert_refused_or_other(draft_set(&a, saved, key, odd)), ERR_STORE_DAMAGED);
    }
    arena_fini(&a);
}

static int open_all(void **state)
{
    (void)state;
    if (record_open() != ERR_OK) return -1;
    for (size_t i = 0; i < PEOPLE; i++) person_init(&people[i], "a friend", i);
    for (size_t i = 0; i < SECRETS; i++) invite_keys_init(&keys[i], (const uint8_t[SECRET_BYTES]){(uint8_t)i});
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(C23_a_state_comes_back_at_every_step),
        cmocka_unit_test(C23_the_fullest_state_fits),
        cmocka_unit_test(C23_a_flipped_bit_is_refused_or_is_another_state),
        cmocka_unit_test(C23_what_no_circle_can_be_is_refused),
        cmocka_unit_test(C23_more_than_there_can_be_is_refused),
    };
    return cmocka_run_group_tests(tests, open_all, NULL);
}
