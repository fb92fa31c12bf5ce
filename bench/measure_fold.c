/* measure_fold.c -- folding a circle of very many acts on promises, given as plaintexts in memory. */
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"
#include "practice/state.h"
#include "record/payload.h"

enum { ACTS = 100000, FEW_ACTS = 10000, ROUNDS = 5, TEXT_ROOM = 1024, REPEATS = 7 };

#define FIRST_DATE 20000
#define DAY_MS UINT64_C(86400000)

/* One act, before it is an entry. */
struct said {
    uint8_t id[ID_BYTES];
    const uint8_t *author;
    uint64_t time_ms;
    struct str text;
};

struct script {
    struct arena arena;
    struct said said[ACTS + 64];
    size_t said_n;
    uint64_t now_ms;
};

static const uint8_t pk[2][SIGN_PK_BYTES] = {"Ana's key", "Ben's key"};

/* ---- what two people say to each other in years --------------------------------------------------------- */

static void say(struct script *s, unsigned who, const struct promise_act *act)
{
    uint8_t room[4 * TEXT_ROOM];
    struct out o = OUT_OVER(room);
    struct said *said = &s->said[s->said_n];
    uint64_t name = s->said_n + 3;
    promise_act_put(&o, act);
    memcpy(said->id, &name, sizeof name);
    said->author = pk[who];
    said->time_ms = s->now_ms;
    said->text = arena_copy(&s->arena, out_str(&o));
    EXPECT(said->text.at != NULL);
    s->said_n++;
}

static void say_turn(struct script *s, unsigned who, enum promise_act_kind kind, const uint8_t *promise, size_t turn)
{
    struct promise_act act = {.act = kind, .promise = promise, .turn = (unsigned)turn};
    if (kind == PROMISE_KEPT) act.words = STR("Thank you, that helped me a lot today");
    say(s, who, &act);
}

static struct promise_when when_in(const struct script *s, size_t due_n)
{
    struct promise_when when = {.kind = due_n > 1 ? PROMISE_WHEN_RULE : PROMISE_WHEN_DAY, .zone = STR("Europe/Madrid")};
    when.rule = (struct promise_rule){PROMISE_DAILY, 1, 0, PROMISE_END_OF_DAY};
    when.due_n = due_n;
    for (size_t i = 0; i < due_n; i++) {
        when.date[i] = (uint32_t)(s->now_ms / DAY_MS + 1 + i);
        when.due_ms[i] = (when.date[i] + UINT64_C(1)) * DAY_MS - 1;
    }
    return when;
}

/* A promise of the one to the other, and what is said of it: done and kept; one in ten repeats for a week, one in
 * seven is changed before it is due. */
static void tell_promise(struct script *s, unsigned number)
{
    unsigned who = number % 2, other = 1 - who;
    size_t due_n = number % 10 == 0 ? REPEATS : 1, turn = 0;
    struct promise_act made = {.act = PROMISE_MADE, .to = pk[other], .has_when = true};
    made.what = STR("I will call the school about the trip and tell you what they said");
    made.when = when_in(s, due_n);
    const uint8_t *promise = s->said[s->said_n].id;
    say(s, who, &made);
    if (number % 7 == 0 && due_n == 1) {
        struct promise_act ask = {.act = PROMISE_CHANGE_ASKED, .promise = promise, .has_when = true};
        struct promise_act accept = {.act = PROMISE_CHANGE_ACCEPTED, .promise = promise};
        accept.ask = s->said[s->said_n].id;
        s->now_ms += DAY_MS / 4;
        ask.when = when_in(s, 1);
        say(s, who, &ask);
        say(s, other, &accept);
        turn = 1;
    }
    for (size_t i = 0; i < due_n; i++) {
        say_turn(s, who, PROMISE_DONE, promise, turn + i);
        say_turn(s, other, PROMISE_KEPT, promise, turn + i);
    }
    s->now_ms += DAY_MS / 4;
}

/* ---- folding it ------------------------------------------------------------------------------------------- */

static void begin(struct state *state, struct arena *a)
{
    struct entry entry = {.kind = ENTRY_GENESIS, .id = (const uint8_t *)"the very first one", .author = pk[0]};
    struct opened opened = {.entry = &entry, .how = OPENED_CONTROL};
    arena_init(a, SIZE_MAX);
    state_init(state, a);
    EXPECT(state_add(state, &opened) == ERR_OK);
    entry.kind = ENTRY_JOIN;
    entry.seq = 1;
    entry.author = pk[1];
    entry.id = (const uint8_t *)"the second one, too";
    EXPECT(state_add(state, &opened) == ERR_OK);
}

static void add(struct state *state, struct entry *entry, const struct said *said)
{
    struct opened opened = {.entry = entry, .how = OPENED_TEXT, .text = said->text};
    entry->seq = state_row_n(state);
    entry->id = said->id;
    entry->author = said->author;
    entry->time_ms = said->time_ms;
    EXPECT(state_add(state, &opened) == ERR_OK);
    EXPECT(state_row(state, entry->seq)->law == LAW_OK);
}

static double fold_ms(const struct script *s, size_t act_n)
{
    double best_ms = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct arena a;
        struct state state;
        struct entry entry = {.kind = ENTRY_SEALED};
        uint64_t from_ns = timing_ns();
        begin(&state, &a);
        for (size_t i = 0; i < act_n; i++) add(&state, &entry, &s->said[i]);
        double ms = timing_s(from_ns) * 1e3;
        if (round == 0 || ms < best_ms) best_ms = ms;
        arena_fini(&a);
    }
    return best_ms;
}

/* Each of the last tenth by itself, on top of all others. */
static void tell_one(const struct script *s)
{
    struct arena a;
    struct state state;
    struct entry entry = {.kind = ENTRY_SEALED};
    struct durations each = {0};
    begin(&state, &a);
    for (size_t i = 0; i < ACTS; i++) {
        uint64_t from_ns = timing_ns();
        add(&state, &entry, &s->said[i]);
        if (i >= ACTS - ACTS / 10) durations_add(&each, timing_ns() - from_ns);
    }
    struct figure f = figure_of("fold_one_more_p99", 0, durations_us(&each, 0.99), "us");
    figure_beside(&f, "p50_us", durations_us(&each, 0.5));
    figure_beside(&f, "worst_us", durations_us(&each, 1));
    f.ratio = 0;
    figure_at_most(&f, 50);
    figure_tell(&f);
    durations_fini(&each);
    arena_fini(&a);
}

void measure_fold(const struct measure *m)
{
    (void)m;
    struct script *s = calloc(1, sizeof *s);
    EXPECT(s != NULL);
    arena_init(&s->arena, SIZE_MAX);
    s->now_ms = FIRST_DATE * DAY_MS;
    for (unsigned number = 0; s->said_n < ACTS; number++) tell_promise(s, number);
    double few_ms = fold_ms(s, FEW_ACTS), all_ms = fold_ms(s, ACTS);
    struct figure f = figure_of("fold_%u_acts", ACTS, all_ms, "ms");
    figure_beside(&f, "ten_times_the_first_tenth_ms", few_ms * (ACTS / FEW_ACTS));
    figure_at_most(&f, 100);
    figure_tell(&f);
    tell_one(s);
    arena_fini(&s->arena);
    free(s);
}
