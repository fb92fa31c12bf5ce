/* desk.c -- see desk.h. */
#define _DEFAULT_SOURCE /* open_memstream */
#include "harness/desk.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DESK_BYTES = 1 << 28, BATCH_BYTES = 1 << 20 };

/* ---- opening and closing ------------------------------------------------------------------------- */

static int setup(void **state, int (*setup_rig)(void **))
{
    static const char *const name[DESK_PEOPLE] = {"Ana", "Ben", "Cleo", "Dov", "Eve"};
    void *rig = NULL;
    struct desk *desk = calloc(1, sizeof *desk);
    if (desk == NULL || record_open() != ERR_OK || setup_rig(&rig) != 0) return -1;
    desk->rig = rig;
    desk->now_ms = DESK_NOW_MS;
    desk->circle_bytes_max = UINT64_C(1) << 30;
    desk->circle_n_max = LIMIT_CIRCLES;
    circles_init(&desk->circles);
    arena_init(&desk->arena, DESK_BYTES);
    for (size_t i = 0; i < DESK_PEOPLE; i++) {
        person_init(&desk->person[i], name[i], i);
        room_init(&desk->room[i], &desk->person[i], desk->now_ms);
    }
    *state = desk;
    return 0;
}

int desk_setup_mem(void **state)
{
    return setup(state, store_rig_setup_mem);
}

int desk_setup_sqlite(void **state)
{
    return setup(state, store_rig_setup_sqlite);
}

int desk_teardown(void **state)
{
    struct desk *desk = *state;
    void *rig = desk->rig;
    for (size_t i = 0; i < DESK_PEOPLE; i++) {
        room_fini(&desk->room[i]);
        person_fini(&desk->person[i]);
    }
    arena_fini(&desk->arena);
    circles_fini(&desk->circles);
    free(desk);
    return store_rig_teardown(&rig);
}

/* ---- sending --------------------------------------------------------------------------------------- */

/* What the writer does with one request, the first time in a transaction that another one breaks. */
static enum err apply(struct desk *desk, const struct session *session)
{
    struct store *s = desk->rig->writer;
    struct writer_desk writer = {.store = s, .circles = &desk->circles};
    rig_begin(s);
    expect(store_mark(s), ERR_OK);
    enum err in_vain = append_apply(&desk->said, &writer, session);
    store_abort(s);
    circles_forget(&desk->circles);
    rig_begin(s);
    expect(store_mark(s), ERR_OK);
    enum err e = append_apply(&desk->said, &writer, session);
    if (e == ERR_OK) {
        circles_keep(&desk->circles);
        expect(store_keep(s), ERR_OK);
    } else {
        circles_undo(&desk->circles);
        expect(store_undo(s), ERR_OK);
    }
    rig_commit(s);
    expect(in_vain, e);
    return e;
}

enum err desk_send(struct desk *desk, enum append_way way, size_t who, const uint8_t *circle, struct str batch)
{
    struct session session = {.row = {.account = who + 1}};
    struct arena arena;
    EXPECT(who < DESK_PEOPLE);
    memcpy(session.sign_pk, desk->person[who].keys.sign_pk, SIGN_PK_BYTES);
    desk->said = (struct append){
        .way = way,
        .now_ms = desk->now_ms,
        .circle_bytes_max = desk->circle_bytes_max,
        .circle_n_max = desk->circle_n_max,
    };
    memcpy(desk->said.circle, circle, HASH_BYTES);
    arena_init(&arena, BATCH_BYTES);
    enum err e = append_read(&desk->said, &arena, batch);
    if (e == ERR_OK) {
        e = apply(desk, &session);
        assert_true(e == ERR_OK || desk->said.refusal.code == e);
    }
    arena_fini(&arena);
    return e;
}

const uint8_t *desk_circle(const struct desk *desk)
{
    return desk->room[0].chain.circle.id;
}

void desk_follow(struct desk *desk, struct str batch)
{
    for (size_t i = 0; i < DESK_PEOPLE; i++) {
        struct why why = {0};
        expect(room_take(&desk->room[i], batch, &why), ERR_OK);
    }
}

enum err desk_post(struct desk *desk, size_t who, struct str batch)
{
    enum err e = desk_send(desk, APPEND_LIVE, who, desk_circle(desk), batch);
    if (e == ERR_OK) desk_follow(desk, batch);
    return e;
}

void desk_gather(struct desk *desk, size_t n)
{
    struct room *room[DESK_PEOPLE];
    struct why why = {0};
    EXPECT(n >= 1 && n <= DESK_PEOPLE);
    for (size_t i = 0; i < DESK_PEOPLE; i++) room[i] = &desk->room[i];
    rooms_gather(room, n, &desk->arena);
    struct str all = room_sequence(room[0], &desk->arena, 0);
    for (size_t i = n; i < DESK_PEOPLE; i++) expect(room_take(room[i], all, &why), ERR_OK);
    expect(desk_send(desk, APPEND_CREATE, 0, desk_circle(desk), all), ERR_OK);
}

uint64_t desk_say(struct desk *desk, size_t who, const char *words)
{
    struct arena *a = &desk->arena;
    expect(desk_post(desk, who, room_say(&desk->room[who], a, people_note(a, words))), ERR_OK);
    return desk->room[who].chain.circle.head_seq;
}

void desk_forget(struct desk *desk)
{
    circles_forget(&desk->circles);
}

/* ---- looking ------------------------------------------------------------------------------------------ */

char *desk_text(struct desk *desk)
{
    struct store *s = desk->rig->writer;
    char *text = NULL, *rows = rig_text(s);
    size_t text_n = 0;
    FILE *to = open_memstream(&text, &text_n);
    assert_non_null(to);
    fputs(rows, to);
    free(rows);
    for (uint64_t circle = 1; circle < 10; circle++) {
        for (size_t i = 0; i < DESK_PEOPLE; i++) {
            struct store_member m;
            if (store_member_find(s, circle, desk->person[i].keys.sign_pk, &m) != ERR_OK) continue;
            fprintf(to, "%s joined %" PRIu64 " at %" PRIu64 " left %d %" PRIu64 "\n", desk->person[i].name, circle,
                    m.joined_seq, m.has_left, m.left_seq);
        }
    }
    assert_int_equal(fclose(to), 0);
    return text;
}

/* One entry beside its like in a copy. */
struct likeness {
    const struct entry *entry;
    bool is_erased;
    uint64_t payload_bytes;
};

static enum err look_alike(void *ctx, const struct store_entry *stored)
{
    struct likeness *l = ctx;
    const struct entry *e = l->entry;
    struct str payload = l->is_erased ? (struct str){0} : e->payload;
    assert_int_equal(stored->seq, e->seq);
    assert_memory_equal(stored->id, e->id, ID_BYTES);
    assert_true(str_is(stored->header, e->header));
    assert_true(str_is(stored->sig, str_at(e->sig, SIG_BYTES)));
    if (stored->is_erased != l->is_erased) fail_msg("entry %u is_erased: %d", (unsigned)e->seq, stored->is_erased);
    if (!str_is(stored->payload, payload)) fail_msg("entry %u has another payload", (unsigned)e->seq);
    l->payload_bytes += payload.len;
    return ERR_OK;
}

static void expect_invite(struct store *s, uint64_t circle, const struct entry *e)
{
    struct store_invite invite;
    if (e->kind != ENTRY_INVITE) return;
    expect(store_invite_find(s, e->body.invite.invite_pk, &invite), ERR_OK);
    assert_int_equal(invite.circle, circle);
    assert_int_equal(invite.seq, e->seq);
}

static void expect_state(struct desk *desk, const struct circle *circle, struct str stored)
{
    uint8_t memory[CIRCLE_SAVED_BYTES];
    struct out wanted = OUT_OVER(memory);
    struct circles_open *open;
    circle_save(&wanted, circle);
    assert_true(str_is(stored, out_str(&wanted)));
    expect(circles_find(&desk->circles, desk->rig->writer, circle->id, &open), ERR_OK);
    circles_keep(&desk->circles);
    assert_int_equal(open->circle.head_seq, circle->head_seq);
    assert_memory_equal(open->circle.head_hash, circle->head_hash, HASH_BYTES);
    uint8_t again[CIRCLE_SAVED_BYTES];
    struct out kept = OUT_OVER(again);
    circle_save(&kept, &open->circle);
    assert_true(str_is(out_str(&kept), out_str(&wanted)));
}

static void expect_members(struct desk *desk, const struct circle *circle, uint64_t number)
{
    for (size_t i = 0; i < DESK_PEOPLE; i++) {
        struct store_member m = {.has_left = true};
        const uint8_t *key = desk->person[i].keys.sign_pk;
        int at = circle_member_index(circle, key);
        enum err e = store_member_find(desk->rig->writer, number, key, &m);
        assert_true(e == ERR_OK || (e == ERR_NOT_FOUND && at < 0));
        assert_int_equal(m.has_left, at < 0);
        if (at >= 0) assert_int_equal(m.joined_seq, circle->member[at].joined_seq);
    }
}

void desk_expect_same(struct desk *desk)
{
    struct room *room = &desk->room[0];
    const struct circle *circle = &room->chain.circle;
    struct store *s = desk->rig->writer;
    struct store_circle row;
    uint8_t memory[STORE_STATE_BYTES];
    struct out state = OUT_OVER(memory);
    struct likeness l = {.payload_bytes = 0};
    expect(store_circle_by_id(s, circle->id, &row, &state), ERR_OK);
    assert_int_equal(row.head.seq, circle->head_seq);
    assert_memory_equal(row.head.hash, circle->head_hash, HASH_BYTES);
    assert_int_equal(row.head.is_closed, circle->member_n == 0);
    for (uint64_t seq = 0; seq <= circle->head_seq; seq++) {
        struct entry e = room_entry(room, seq);
        l.entry = &e;
        l.is_erased = index_row(&room->chain.index, seq)->is_erased;
        expect(store_entry_get(s, row.number, seq, look_alike, &l), ERR_OK);
        expect_invite(s, row.number, &e);
    }
    expect(store_entry_get(s, row.number, circle->head_seq + 1, look_alike, &l), ERR_NOT_FOUND);
    assert_int_equal(row.head.payload_bytes, l.payload_bytes);
    expect_state(desk, circle, out_str(&state));
    expect_members(desk, circle, row.number);
}

static enum err look_at_payload(void *ctx, const struct store_entry *stored)
{
    *(enum desk_payload *)ctx = stored->is_erased ? DESK_ERASED : stored->payload.len > 0 ? DESK_THERE : DESK_EMPTY;
    return ERR_OK;
}

enum desk_payload desk_payload(struct desk *desk, uint64_t seq)
{
    struct store_circle row;
    enum desk_payload payload = DESK_EMPTY;
    expect(store_circle_by_id(desk->rig->writer, desk_circle(desk), &row, NULL), ERR_OK);
    expect(store_entry_get(desk->rig->writer, row.number, seq, look_at_payload, &payload), ERR_OK);
    return payload;
}
