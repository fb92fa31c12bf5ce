/* export_promise.c -- promises as screens show them, and what may be said of them now. See exports.h. */
#include "wasm/exports.h"
#include "wasm/view.h"

enum { CHANGE_TEXT_BYTES = 256 };

/* ---- one turn ------------------------------------------------------------------------------------------ */

static void put_turn(struct call *c, const struct promise *p, size_t i, uint64_t now_ms)
{
    const struct promise_turn *t = &p->turn[i];
    struct out *o = &c->out;
    size_t moved_to = 0, moved_n = promise_moved_to(p, i, &moved_to);
    bool is_reworded = t->change > 0 && p->change[t->change - 1].is_reworded;
    bool has_words = is_reworded && promise_turn_what(p, i).len > 0;
    cbor_put_map(o, 1 + 2 * (size_t)(t->due_ms > 0) + 2 * (size_t)(t->said_seq > 0) + 2 * (size_t)(t->verdict_seq > 0) +
                        (size_t)(t->differed_seq > 0) + (size_t)(t->closed_seq > 0) + (size_t)(t->change > 0) +
                        (size_t)has_words + 2 * (size_t)(moved_n > 0));
    call_put_number(c, 1, (uint64_t)promise_outcome(p, i, now_ms));
    if (t->due_ms > 0) {
        call_put_number(c, 2, t->due_ms);
        call_put_number(c, 3, t->date);
    }
    if (t->said_seq > 0) {
        call_put_number(c, 4, t->word);
        call_put_number(c, 5, t->said_seq);
    }
    if (t->verdict_seq > 0) {
        call_put_number(c, 6, t->verdict);
        call_put_number(c, 7, t->verdict_seq);
    }
    if (t->differed_seq > 0) call_put_number(c, 8, t->differed_seq);
    if (t->closed_seq > 0) call_put_number(c, 9, t->closed_seq);
    if (t->change > 0) call_put_number(c, 10, t->change);
    if (has_words) call_put_text(c, 11, promise_turn_what(p, i));
    if (moved_n > 0) {
        call_put_number(c, 12, moved_to);
        call_put_number(c, 13, moved_n);
    }
}

/* All turns, in lists of at most 64. */
static void put_turns(struct call *c, const struct promise *p, uint64_t now_ms)
{
    cbor_put_list(&c->out, (p->turn_n + LIMIT_CBOR_ITEMS - 1) / LIMIT_CBOR_ITEMS);
    for (size_t i = 0; i < p->turn_n; i++) {
        size_t left = p->turn_n - i;
        if (i % LIMIT_CBOR_ITEMS == 0) cbor_put_list(&c->out, left < LIMIT_CBOR_ITEMS ? left : LIMIT_CBOR_ITEMS);
        put_turn(c, p, i, now_ms);
    }
}

/* ---- a change that is asked for ------------------------------------------------------------------------ */

static void put_ask(struct call *c, const struct promise_ask *ask)
{
    const struct promise_act *act = ask->act;
    cbor_put_map(&c->out, 5 + (size_t)(act->what.len > 0) + (size_t)(act->words.len > 0) + 4 * (size_t)act->has_when);
    call_put_bytes(c, 1, ask->id, ID_BYTES);
    call_put_number(c, 2, ask->seq);
    call_put_number(c, 3, ask->time_ms);
    call_put_number(c, 4, act->turn);
    call_put_number(c, 5, act->is_all_left);
    if (act->what.len > 0) call_put_text(c, 6, act->what);
    if (act->words.len > 0) call_put_text(c, 7, act->words);
    if (!act->has_when) return;
    call_put_number(c, 8, (uint64_t)act->when.kind);
    cbor_put_uint(&c->out, 9);
    cbor_put_list(&c->out, act->when.due_n);
    for (size_t i = 0; i < act->when.due_n; i++) cbor_put_uint(&c->out, act->when.due_ms[i]);
    cbor_put_uint(&c->out, 10);
    cbor_put_list(&c->out, act->when.due_n);
    for (size_t i = 0; i < act->when.due_n; i++) cbor_put_uint(&c->out, act->when.date[i]);
    call_put_text(c, 11, act->when.zone);
}

/* ---- a promise ----------------------------------------------------------------------------------------- */

static void put_words(struct call *c, const struct promise *p)
{
    if (p->what.len > 0) call_put_text(c, 8, p->what);
    if (p->looks_like.len > 0) call_put_text(c, 9, p->looks_like);
    if (p->cue.len > 0) call_put_text(c, 10, p->cue);
    if (p->is_costly) call_put_number(c, 11, 1);
    if (p->is_wordless) call_put_number(c, 12, 1);
}

static void put_promise(struct call *c, const struct promise *p, uint64_t now_ms)
{
    bool has_rule = p->kind == PROMISE_WHEN_RULE, has_ask = p->ask.seq > 0;
    cbor_put_map(&c->out, 8 + (size_t)(p->what.len > 0) + (size_t)(p->looks_like.len > 0) + (size_t)(p->cue.len > 0) +
                              (size_t)p->is_costly + (size_t)p->is_wordless + (size_t)has_rule +
                              (size_t)(p->zone.len > 0) + (size_t)has_ask + (size_t)(p->over_seq > 0));
    call_put_bytes(c, 1, p->id, ID_BYTES);
    call_put_number(c, 2, p->index);
    call_put_number(c, 3, p->promiser->index);
    call_put_number(c, 4, p->receiver->index);
    call_put_number(c, 5, p->made_seq);
    call_put_number(c, 6, p->made_ms);
    call_put_number(c, 7, (uint64_t)p->kind);
    put_words(c, p);
    if (has_rule) {
        cbor_put_uint(&c->out, 13);
        cbor_put_list(&c->out, 4);
        cbor_put_uint(&c->out, (uint64_t)p->rule.every);
        cbor_put_uint(&c->out, p->rule.step);
        cbor_put_uint(&c->out, p->rule.on);
        cbor_put_uint(&c->out, p->rule.at_minute);
    }
    if (p->zone.len > 0) call_put_text(c, 14, p->zone);
    cbor_put_uint(&c->out, 15);
    put_turns(c, p, now_ms);
    if (has_ask) {
        cbor_put_uint(&c->out, 16);
        put_ask(c, &p->ask);
    }
    if (p->over_seq > 0) call_put_number(c, 17, p->over_seq);
}

static int32_t promises(struct call *c)
{
    const struct state *state = &hold_copy(c)->state;
    uint64_t now_ms, first, n, total = state_promise_n(state);
    bool is_whole = call_number(c, 1, LIMIT_NUMBER, &now_ms) && call_number(c, 2, LIMIT_NUMBER, &first) &&
                    call_number(c, 3, VIEW_ROWS, &n);
    if (!is_whole) return CALL_BAD_INPUT;
    if (first > total) first = total;
    if (n > total - first) n = total - first;
    cbor_put_map(&c->out, 1);
    call_put_number(c, 1, total);
    for (uint64_t i = 0; i < n && view_has_room(c); i++) {
        size_t before = c->out.len;
        put_promise(c, state_promise(state, (size_t)(first + i)), now_ms);
        view_keep(c, before);
    }
    return ERR_OK;
}

static int32_t promise(struct call *c)
{
    const struct state *state = &hold_copy(c)->state;
    uint64_t now_ms, n = 0;
    const uint8_t *id = call_bytes_n(c, 1, ID_BYTES);
    if (id == NULL || !call_number(c, 2, LIMIT_NUMBER, &now_ms)) return CALL_BAD_INPUT;
    const struct promise *p = state_find_promise(state, id);
    if (p == NULL) return ERR_NOT_FOUND;
    for (uint64_t seq = 0; seq < state_row_n(state); seq++) n += state_row(state, seq)->promise == p->index;
    cbor_put_map(&c->out, 1);
    call_put_number(c, 1, n);
    put_promise(c, p, now_ms);
    for (uint64_t seq = 0; seq < state_row_n(state) && view_has_room(c); seq++) {
        size_t before = c->out.len;
        if (state_row(state, seq)->promise != p->index) continue;
        view_put_row(c, seq);
        view_keep(c, before);
    }
    return ERR_OK;
}

/* ---- what may be said ---------------------------------------------------------------------------------- */

/* The law that stands against an act in its plainest form. */
static enum law law_of(const struct call *c, const struct promise *p, unsigned turn, enum promise_act_kind kind,
                       uint64_t now_ms)
{
    uint8_t memory[CHANGE_TEXT_BYTES];
    struct out text = OUT_OVER(memory);
    const struct copy *copy = hold_copy(c);
    struct promise_act act = {.act = kind, .promise = p->id, .turn = turn, .ask = p->ask.id};
    if (kind == PROMISE_CHANGE_ASKED) act.what = STR("?");
    promise_act_put(&text, &act);
    EXPECT(!text.is_full);
    return state_judge(&copy->state, copy->me->sign_pk, out_str(&text), now_ms);
}

static int32_t may(struct call *c)
{
    uint64_t turn, now_ms;
    const uint8_t *id = call_bytes_n(c, 1, ID_BYTES);
    bool has_turn = call_number(c, 2, PROMISE_TURNS - 1, &turn);
    if (id == NULL || !has_turn || !call_number(c, 3, LIMIT_NUMBER, &now_ms)) return CALL_BAD_INPUT;
    const struct promise *p = state_find_promise(&hold_copy(c)->state, id);
    if (p == NULL || turn >= p->turn_n) return ERR_NOT_FOUND;
    cbor_put_map(&c->out, 1);
    cbor_put_uint(&c->out, 1);
    cbor_put_list(&c->out, PROMISE_DIFFERED - PROMISE_DONE + 1);
    for (int kind = PROMISE_DONE; kind <= PROMISE_DIFFERED; kind++) {
        enum law law = law_of(c, p, (unsigned)turn, (enum promise_act_kind)kind, now_ms);
        cbor_put_list(&c->out, 2);
        cbor_put_uint(&c->out, (uint64_t)kind);
        cbor_put_text(&c->out, str_of_text(law_number(law)));
    }
    return ERR_OK;
}

HOLD_CALL(promises, promises, hold_is_ready, false, CBOR_KEY(1) | CBOR_KEY(2) | CBOR_KEY(3), 0)
HOLD_CALL(promise, promise, hold_is_ready, false, CBOR_KEY(1) | CBOR_KEY(2), 0)
HOLD_CALL(may, may, hold_is_ready, false, CBOR_KEY(1) | CBOR_KEY(2) | CBOR_KEY(3), 0)
