/* practice.c -- what members say, as any bytes: an act, a card and facts are taken only in the one form in which
 * they are written; what is judged is what is folded; and whatever is said, the fold keeps its laws.
 *
 *   input = which, bytes…       0: one text        1: a circle: acts made of choices, or texts of any bytes
 */
#include "practice/state.h"

#include "harness/fold.h"
#include "kit/fuzz.h"

enum { TEXT_BYTES = 1 << 16, ACTS = 120 };

static uint8_t memory[TEXT_BYTES], again[TEXT_BYTES];

void fuzz_open(void)
{
}

/* ---- texts -------------------------------------------------------------------------------------------------- */

static bool try_act(struct str text, bool is_residue)
{
    struct promise_act act, left;
    if (promise_act_read(text, is_residue, &act) != LAW_OK) return false;
    EXPECT(cbor_check(text) == ERR_OK);
    struct out o = OUT_OVER(memory), scrubbed = OUT_OVER(again);
    promise_act_put(&o, &act);
    EXPECT(str_is(out_str(&o), text) || act.written_ms == 0); /* "written" of 0 is not written again */
    if (is_residue) return true;
    EXPECT(promise_act_scrub(&scrubbed, text) == LAW_OK);
    EXPECT(promise_act_read(out_str(&scrubbed), true, &left) == LAW_OK && left.act == act.act);
    EXPECT(left.words.len == 0 && left.what.len == 0 && left.cue.len == 0 && left.when.zone.len == 0);
    return true;
}

static bool try_card(struct str text)
{
    struct profile profile;
    struct facts facts;
    struct out o = OUT_OVER(memory);
    if (profile_read(text, &profile) == LAW_OK) {
        profile_put(&o, &profile);
        EXPECT(str_is(out_str(&o), text) || profile.written_ms == 0);
        return true;
    }
    if (facts_read(text, &facts) != LAW_OK) return false;
    facts_put(&o, &facts);
    EXPECT(str_is(out_str(&o), text) || facts.written_ms == 0);
    return true;
}

static void try_text(struct str text)
{
    bool is_act = try_act(text, false), is_left = try_act(text, true), is_card = try_card(text);
    EXPECT(!is_card || (!is_act && !is_left));
    if (is_act || is_left || is_card) fuzz_good();
}

/* ---- a circle ------------------------------------------------------------------------------------------------- */

static struct promise_when any_when(struct fuzz_in *in)
{
    unsigned days = (unsigned)fuzz_below(in, 9);
    switch (fuzz_below(in, 3)) {
    case 0: return fold_open();
    case 1: return fold_moment(days);
    default: return fold_days(days, 1 + fuzz_below(in, PROMISE_DUES));
    }
}

static void say_something(struct fold *f, struct fuzz_in *in)
{
    enum fold_who who = (enum fold_who)fuzz_below(in, 3);
    size_t promise_n = state_promise_n(&f->state), kind = fuzz_below(in, PROMISE_DIFFERED + 1);
    struct promise_act act = fold_made((enum fold_who)fuzz_below(in, 3), fold_open());
    if (kind <= PROMISE_MADE || promise_n == 0) {
        act.when = any_when(in);
    } else {
        const struct promise *p = state_promise(&f->state, fuzz_below(in, promise_n));
        act = (struct promise_act){.act = (enum promise_act_kind)kind, .promise = p->id, .words = STR("so")};
        act.turn = (unsigned)fuzz_below(in, 70);
        act.is_all_left = fuzz_below(in, 2) == 1;
        act.ask = p->ask.seq > 0 ? p->ask.id : p->id;
        act.has_when = kind == PROMISE_CHANGE_ASKED && fuzz_below(in, 3) > 0;
        act.what = STR("less");
        if (act.has_when) act.when = any_when(in);
    }
    (void)fold_act(f, who, &act);
}

static void erase_something(struct fold *f, struct fuzz_in *in)
{
    uint64_t seq = fuzz_below(in, f->line_n);
    struct fold_line *line = f->line[seq];
    struct out o = OUT_OVER(memory);
    if (line->how != OPENED_TEXT) return;
    bool leaves_some = promise_act_scrub(&o, line->text) == LAW_OK && fuzz_below(in, 2) == 1;
    fold_redact(f, line->who, &seq, 1);
    EXPECT(state_is_stale(&f->state));
    line->how = leaves_some ? OPENED_RESIDUE : OPENED_ERASED;
    line->text = leaves_some ? arena_copy(&f->arena, out_str(&o)) : (struct str){0};
    state_init(&f->state, &f->arena);
    for (size_t i = 0; i < f->line_n; i++) EXPECT(fold_add(&f->state, f->line[i]) == ERR_OK);
    EXPECT(!state_is_stale(&f->state));
}

static void come_or_go(struct fold *f, struct fuzz_in *in)
{
    enum fold_who who = (enum fold_who)fuzz_below(in, 3);
    bool is_in = state_find_member(&f->state, fold_pk(who)) != NULL;
    fold_control(f, who, is_in ? ENTRY_LEAVE : ENTRY_JOIN);
}

/* ---- what always holds ------------------------------------------------------------------------------------------ */

/* No two times that stand are on one day; what was changed led somewhere; and every outcome can be told. */
static void expect_lawful(const struct promise *p)
{
    EXPECT(p->turn_n >= 1 && p->turn_n <= PROMISE_TURNS && p->promiser != p->receiver);
    for (size_t i = 0; i < p->turn_n; i++) {
        const struct promise_turn *t = &p->turn[i];
        size_t first = 0, moved_n = promise_moved_to(p, i, &first);
        EXPECT((moved_n > 0) == (t->close == PROMISE_WAS_RENEGOTIATED));
        EXPECT(moved_n == 0 || (first > i && first + moved_n <= p->turn_n));
        EXPECT(t->close == PROMISE_STANDS || (t->word == 0 && t->verdict == 0));
        EXPECT(promise_outcome(p, i, 0) <= PROMISE_RENEGOTIATED && t->verdict_floor <= t->verdict);
        for (size_t k = 0; k < i && t->close == PROMISE_STANDS && t->due_ms > 0; k++) {
            EXPECT(p->turn[k].close != PROMISE_STANDS || p->turn[k].date != t->date);
        }
    }
}

static void expect_same_again(const struct fold *f)
{
    struct arena a;
    struct state state;
    arena_init(&a, SIZE_MAX);
    state_init(&state, &a);
    for (size_t i = 0; i < f->line_n; i++) EXPECT(fold_add(&state, f->line[i]) == ERR_OK);
    fold_expect_same(&state, &f->state);
    arena_fini(&a);
}

static void try_circle(struct fuzz_in *in)
{
    static struct fold f;
    fold_init_two(&f);
    for (size_t i = 0; i < ACTS && !fuzz_is_over(in); i++) {
        f.now_ms += fuzz_below(in, 48) * FOLD_HOUR_MS / 2;
        switch (fuzz_below(in, 12)) {
        case 0: come_or_go(&f, in); break;
        case 1: erase_something(&f, in); break;
        case 2: (void)fold_text(&f, BEN, fuzz_bytes(in, fuzz_byte(in))); break;
        default: say_something(&f, in);
        }
    }
    for (size_t i = 0; i < state_promise_n(&f.state); i++) expect_lawful(state_promise(&f.state, i));
    expect_same_again(&f);
    if (state_promise_n(&f.state) > 0) fuzz_good();
    fold_fini(&f);
}

void fuzz_one(struct str input)
{
    struct fuzz_in in = {input};
    if (fuzz_byte(&in) == 0) try_text(in.left);
    else try_circle(&in);
}
