/* fold.c -- see fold.h. */
#include "harness/fold.h"

enum { ROOM_BYTES = 256 * 1024 * 1024 };

static const uint8_t pk[FOLD_PEOPLE][SIGN_PK_BYTES] = {"Ana's key", "Ben's key", "Cleo's key", "Dora's key"};

void fold_init(struct fold *f)
{
    memset(f, 0, sizeof *f);
    arena_init(&f->arena, ROOM_BYTES);
    state_init(&f->state, &f->arena);
    f->now_ms = FOLD_NOON_MS;
}

void fold_init_two(struct fold *f)
{
    fold_init(f);
    fold_control(f, ANA, ENTRY_GENESIS);
    fold_control(f, BEN, ENTRY_JOIN);
}

void fold_fini(struct fold *f)
{
    arena_fini(&f->arena);
}

const uint8_t *fold_pk(enum fold_who who)
{
    return pk[who];
}

const uint8_t *fold_id(const struct fold *f, uint64_t seq)
{
    EXPECT(seq < f->line_n);
    return f->line[seq]->id;
}

/* ---- lines ---------------------------------------------------------------------------------------------- */

enum err fold_add(struct state *state, const struct fold_line *line)
{
    struct opened opened = {.entry = &line->entry, .how = line->how, .text = line->text};
    return state_add(state, &opened);
}

static struct fold_line *new_line(struct fold *f, enum fold_who who, enum entry_kind kind, enum opened_how how)
{
    EXPECT(f->line_n < FOLD_LINES);
    struct fold_line *line = arena_take(&f->arena, sizeof *line);
    EXPECT(line != NULL);
    uint64_t name = f->line_n + 1; /* an id of its own, unlike its neighbours' */
    memcpy(line->id, &name, sizeof name);
    line->who = who;
    line->how = how;
    line->entry.kind = kind;
    line->entry.seq = f->line_n;
    line->entry.id = line->id;
    line->entry.author = pk[who];
    line->entry.time_ms = f->now_ms;
    return line;
}

static const struct state_row *taken(struct fold *f, struct fold_line *line)
{
    f->line[f->line_n] = line;
    EXPECT(fold_add(&f->state, line) == ERR_OK);
    return state_row(&f->state, f->line_n++);
}

void fold_control(struct fold *f, enum fold_who who, enum entry_kind kind)
{
    (void)taken(f, new_line(f, who, kind, OPENED_CONTROL));
}

void fold_redact(struct fold *f, enum fold_who who, const uint64_t *seq, size_t seq_n)
{
    struct fold_line *line = new_line(f, who, ENTRY_REDACT, OPENED_CONTROL);
    memcpy(line->entry.body.redact.seq, seq, seq_n * sizeof *seq);
    line->entry.body.redact.seq_n = seq_n;
    (void)taken(f, line);
}

enum law fold_text(struct fold *f, enum fold_who who, struct str text)
{
    struct fold_line *line = new_line(f, who, ENTRY_SEALED, OPENED_TEXT);
    line->text = arena_copy(&f->arena, text);
    enum law before = state_judge(&f->state, pk[who], line->text, f->now_ms);
    const struct state_row *row = taken(f, line);
    EXPECT((enum law)row->law == before);
    return before;
}

void fold_unread(struct fold *f, enum fold_who who, enum opened_how how)
{
    (void)taken(f, new_line(f, who, ENTRY_SEALED, how));
}

enum law fold_act(struct fold *f, enum fold_who who, const struct promise_act *act)
{
    static uint8_t room[PROMISE_TEXT_BYTES];
    struct out o = OUT_OVER(room);
    promise_act_put(&o, act);
    EXPECT(!o.is_full);
    return fold_text(f, who, out_str(&o));
}

/* ---- drafts --------------------------------------------------------------------------------------------- */

struct promise_when fold_open(void)
{
    return (struct promise_when){.kind = PROMISE_WHEN_OPEN};
}

struct promise_when fold_moment(unsigned days)
{
    struct promise_when when = {.kind = PROMISE_WHEN_MOMENT, .zone = STR("Europe/Madrid"), .due_n = 1};
    when.date[0] = FOLD_DATE + days;
    when.due_ms[0] = FOLD_NOON_MS + days * FOLD_DAY_MS;
    return when;
}

struct promise_when fold_days(unsigned days, size_t due_n)
{
    struct promise_when when = {.kind = PROMISE_WHEN_RULE, .zone = STR("Europe/Madrid"), .due_n = due_n};
    when.rule = (struct promise_rule){.every = PROMISE_DAILY, .step = 1, .at_minute = PROMISE_END_OF_DAY};
    for (size_t i = 0; i < due_n; i++) {
        when.date[i] = FOLD_DATE + days + (uint32_t)i;
        when.due_ms[i] = (when.date[i] + UINT64_C(1)) * FOLD_DAY_MS;
    }
    return when;
}

struct promise_act fold_made(enum fold_who to, struct promise_when when)
{
    return (struct promise_act){
        .act = PROMISE_MADE, .to = pk[to], .what = STR("I will do the dishes"), .has_when = true, .when = when};
}

const struct promise *fold_make(struct fold *f, enum fold_who who, enum fold_who to, struct promise_when when)
{
    struct promise_act act = fold_made(to, when);
    EXPECT(fold_act(f, who, &act) == LAW_OK);
    return state_find_promise(&f->state, fold_id(f, f->line_n - 1));
}

static enum law say(struct fold *f, enum fold_who who, enum promise_act_kind kind, const struct promise *p,
                    unsigned turn, bool is_all_left)
{
    struct promise_act act = {.act = kind, .promise = p->id, .turn = turn, .is_all_left = is_all_left};
    return fold_act(f, who, &act);
}

enum law fold_say(struct fold *f, enum fold_who who, enum promise_act_kind act, const struct promise *p, unsigned turn)
{
    return say(f, who, act, p, turn, false);
}

enum law fold_say_left(struct fold *f, enum fold_who who, enum promise_act_kind act, const struct promise *p,
                       unsigned turn)
{
    return say(f, who, act, p, turn, true);
}

enum law fold_ask(struct fold *f, enum fold_who who, const struct promise *p, unsigned turn, bool is_all_left,
                  struct promise_when when)
{
    struct promise_act act = {.act = PROMISE_CHANGE_ASKED, .promise = p->id, .turn = turn, .is_all_left = is_all_left};
    act.has_when = true;
    act.when = when;
    return fold_act(f, who, &act);
}

enum law fold_answer(struct fold *f, enum fold_who who, enum promise_act_kind kind, const struct promise *p,
                     uint64_t ask_seq)
{
    struct promise_act act = {.act = kind, .promise = p->id, .ask = fold_id(f, ask_seq)};
    return fold_act(f, who, &act);
}

enum promise_outcome fold_came_to(const struct fold *f, const struct promise *p, size_t turn)
{
    return promise_outcome(p, turn, f->now_ms);
}

/* ---- sameness ------------------------------------------------------------------------------------------- */

static void expect_same_profile(const struct member *a, const struct member *b)
{
    EXPECT(a->has_profile == b->has_profile && str_is(a->profile.name, b->profile.name));
    EXPECT(str_is(a->profile.zone, b->profile.zone) && a->profile.colour == b->profile.colour);
}

static void expect_same_member(const struct member *a, const struct member *b)
{
    EXPECT(memcmp(a->sign_pk, b->sign_pk, SIGN_PK_BYTES) == 0 && a->index == b->index && a->has_left == b->has_left);
    EXPECT(a->since_seq == b->since_seq && a->since_ms == b->since_ms);
    EXPECT(a->until_seq == b->until_seq && a->until_ms == b->until_ms);
    expect_same_profile(a, b);
}

static void expect_same_turn(const struct promise_turn *a, const struct promise_turn *b)
{
    EXPECT(a->due_ms == b->due_ms && a->date == b->date && a->change == b->change && a->moved == b->moved);
    EXPECT(a->word == b->word && a->said_ms == b->said_ms && a->said_seq == b->said_seq);
    EXPECT(a->verdict == b->verdict && a->verdict_ms == b->verdict_ms && a->verdict_seq == b->verdict_seq);
    EXPECT(a->verdict_floor == b->verdict_floor && a->differed_seq == b->differed_seq);
    EXPECT(a->close == b->close && a->closed_seq == b->closed_seq);
}

static void expect_same_change(const struct promise_change *a, const struct promise_change *b)
{
    EXPECT(a->ask_seq == b->ask_seq && a->accept_seq == b->accept_seq && a->turn == b->turn && a->turn_n == b->turn_n);
    EXPECT(str_is(a->what, b->what) && a->is_reworded == b->is_reworded && a->kind == b->kind);
}

static void expect_same_promise(const struct promise *a, const struct promise *b)
{
    EXPECT(memcmp(a->id, b->id, ID_BYTES) == 0 && a->index == b->index && a->made_seq == b->made_seq);
    EXPECT(a->made_ms == b->made_ms && a->promiser->index == b->promiser->index);
    EXPECT(a->receiver->index == b->receiver->index && str_is(a->what, b->what) && a->is_costly == b->is_costly);
    EXPECT(a->kind == b->kind && a->turn_n == b->turn_n && a->change_n == b->change_n);
    EXPECT(a->ask.seq == b->ask.seq && a->is_spoken_of == b->is_spoken_of && a->over_seq == b->over_seq);
    for (size_t i = 0; i < a->turn_n; i++) expect_same_turn(&a->turn[i], &b->turn[i]);
    for (size_t i = 0; i < a->change_n; i++) expect_same_change(&a->change[i], &b->change[i]);
}

static void expect_same_row(const struct state_row *a, const struct state_row *b)
{
    EXPECT(memcmp(a->id, b->id, ID_BYTES) == 0 && a->seq == b->seq && a->time_ms == b->time_ms);
    EXPECT(a->author == b->author && a->promise == b->promise && a->turn == b->turn && a->kind == b->kind);
    EXPECT(a->how == b->how && a->law == b->law && a->act == b->act && a->type == b->type);
    EXPECT(str_is(a->words, b->words));
}

void fold_expect_same(const struct state *a, const struct state *b)
{
    EXPECT(state_row_n(a) == state_row_n(b) && state_member_n(a) == state_member_n(b));
    EXPECT(state_promise_n(a) == state_promise_n(b) && a->in_n == b->in_n && a->is_sole == b->is_sole);
    EXPECT(a->facts.kind == b->facts.kind && str_is(a->facts.name, b->facts.name));
    EXPECT(state_is_stale(a) == state_is_stale(b));
    for (size_t i = 0; i < a->in_n; i++) EXPECT(a->_in[i] == b->_in[i]);
    for (size_t i = 0; i < state_member_n(a); i++) expect_same_member(state_member(a, i), state_member(b, i));
    for (size_t i = 0; i < state_promise_n(a); i++) expect_same_promise(state_promise(a, i), state_promise(b, i));
    for (uint64_t i = 0; i < state_row_n(a); i++) expect_same_row(state_row(a, i), state_row(b, i));
}
