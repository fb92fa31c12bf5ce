/* state_property.c -- any sequence of acts of honest and hostile people: the fold and a model of the laws that
 * shares no code with it say the same of every single act and of what every turn came to; and the same entries
 * fold to the same state however they come: in one go or in two, with words or with what is left of them.
 *
 * The model remembers nothing but what was said. What a turn stands at it finds out anew each time, by going
 * through all of it. The laws are [F1], [F17] to [F19] and [P1] to [P40]. TROTH_SEED repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/fold.h"
#include "harness/random.h"

#if defined(__SANITIZE_ADDRESS__) || defined(TROTH_HOSTILE)
enum { HISTORIES = 100 };
#else
enum { HISTORIES = 1000 };
#endif
enum { STEPS = 500, PROMISES = 80, SAYINGS = 400, TURNS = 700, NEVER = -1 };

/* ---- the model: what was said ------------------------------------------------------------------------------ */

struct saying {
    struct promise_act act;
    enum fold_who who;
    uint64_t time_ms;
    uint8_t id[ID_BYTES];
    int ask; /* accepted: which saying it answers */
};

struct story {
    enum fold_who promiser, receiver;
    bool repeats, somebody_left;
    struct saying said[SAYINGS];
    int said_n;
    uint64_t due_ms[TURNS]; /* 0: none */
    uint32_t date[TURNS];
    int born[TURNS]; /* by which saying; NEVER: with the promise */
    int turn_n;
};

static struct story story[PROMISES];
static int story_n;
static bool is_in[FOLD_PEOPLE];

static bool is_about(const struct saying *s, enum promise_act_kind kind, int turn)
{
    return s->act.act == kind && (int)s->act.turn == turn;
}

/* Where a turn stands. */
struct look {
    int word_at, differed_at, closed_at, verdict_at; /* which saying; NEVER: none */
    enum promise_act_kind verdict, floor;            /* 0: none */
    uint64_t mend_from_ms;
};

static bool is_untouched(const struct look *l)
{
    return l->word_at == NEVER && l->verdict_at == NEVER && l->closed_at == NEVER;
}

static bool is_ahead(const struct story *s, int turn, uint64_t time_ms)
{
    return s->due_ms[turn] == 0 || s->due_ms[turn] > time_ms;
}

static bool covers(const struct story *s, const struct promise_act *act, int turn)
{
    int named = (int)act->turn;
    return act->is_all_left ? s->due_ms[turn] >= s->due_ms[named] : named == turn;
}

static bool closes(const struct story *s, const struct saying *said, int turn)
{
    switch (said->act.act) {
    case PROMISE_RELEASED: return covers(s, &said->act, turn);
    case PROMISE_DECLINED: return true;
    case PROMISE_ENDED: return is_ahead(s, turn, said->time_ms);
    case PROMISE_CHANGE_ACCEPTED:
        return covers(s, &s->said[said->ask].act, turn) && is_ahead(s, turn, s->said[said->ask].time_ms);
    default: return false;
    }
}

static struct look look_at(const struct story *s, int turn)
{
    struct look l = {NEVER, NEVER, NEVER, NEVER, 0, 0, 0};
    for (int i = s->born[turn] == NEVER ? 0 : s->born[turn] + 1; i < s->said_n; i++) {
        const struct saying *said = &s->said[i];
        bool is_owned = is_about(said, PROMISE_OWNED_UP, turn);
        if (is_owned || is_about(said, PROMISE_DONE, turn)) l.word_at = i;
        if (is_owned) l.differed_at = NEVER;
        if (is_about(said, PROMISE_DIFFERED, turn)) l.differed_at = i;
        for (enum promise_act_kind v = PROMISE_KEPT; v <= PROMISE_NOT_KEPT; v++) {
            if (!is_about(said, v, turn)) continue;
            bool is_new = l.verdict_at == NEVER || said->time_ms > l.mend_from_ms + FOLD_DAY_MS;
            if (is_new) l.floor = l.verdict;
            if (is_new) l.mend_from_ms = said->time_ms;
            l.verdict = v;
            l.verdict_at = i;
        }
        if (is_untouched(&l) && closes(s, said, turn)) l.closed_at = i;
    }
    return l;
}

static bool was_said(const struct story *s, enum promise_act_kind kind)
{
    for (int i = 0; i < s->said_n; i++) {
        if (s->said[i].act.act == kind) return true;
    }
    return false;
}

/* The ask that stands: the last one, if nobody has answered since. */
static int standing_ask(const struct story *s)
{
    for (int i = s->said_n - 1; i >= 0; i--) {
        enum promise_act_kind kind = s->said[i].act.act;
        if (kind == PROMISE_CHANGE_ASKED) return i;
        if (kind == PROMISE_CHANGE_ACCEPTED || kind == PROMISE_CHANGE_REFUSED) return NEVER;
    }
    return NEVER;
}

/* ---- the model: the laws ------------------------------------------------------------------------------------- */

static bool is_word_of_promiser(enum promise_act_kind kind)
{
    return kind == PROMISE_DONE || kind == PROMISE_OWNED_UP || kind == PROMISE_DIFFERED || kind == PROMISE_ENDED ||
           kind == PROMISE_CHANGE_ASKED;
}

/* Kept is kinder than late, late than not kept, and any word than none. */
static int kindness(enum promise_act_kind verdict)
{
    return verdict == 0 ? 0 : 1 + PROMISE_NOT_KEPT - (int)verdict;
}

static enum law verdict_rules(const struct story *s, const struct saying *n, const struct look *l)
{
    enum promise_act_kind v = n->act.act;
    bool has_date = s->due_ms[n->act.turn] > 0, is_early = is_ahead(s, (int)n->act.turn, n->time_ms);
    if (l->verdict == v) return LAW_SAID_ALREADY;
    if (!has_date && v == PROMISE_LATE) return LAW_VERDICT_OPEN_LATE;
    if (!has_date && v == PROMISE_NOT_KEPT && l->word_at == NEVER) return LAW_VERDICT_OPEN_NOT_KEPT;
    if (has_date && is_early && v != PROMISE_KEPT) return LAW_VERDICT_EARLY;
    if (kindness(v) > kindness(l->verdict)) return LAW_OK;
    bool is_in_time = n->time_ms <= l->mend_from_ms + FOLD_DAY_MS;
    return is_in_time && kindness(v) >= kindness(l->floor) ? LAW_OK : LAW_VERDICT_STANDS;
}

static enum law word_rules(const struct story *s, const struct saying *n, const struct look *l)
{
    bool has_said = l->word_at != NEVER, has_date = s->due_ms[n->act.turn] > 0;
    bool has_owned = has_said && s->said[l->word_at].act.act == PROMISE_OWNED_UP;
    if (n->act.act == PROMISE_DIFFERED) {
        if (l->verdict != PROMISE_LATE && l->verdict != PROMISE_NOT_KEPT) return LAW_NOTHING_TO_DIFFER;
        if (has_owned) return LAW_DIFFER_OWNED_UP;
        return l->differed_at == NEVER ? LAW_OK : LAW_SAID_ALREADY;
    }
    if (has_said && s->said[l->word_at].act.act == n->act.act) return LAW_SAID_ALREADY;
    if (n->act.act == PROMISE_OWNED_UP) {
        return has_date && is_ahead(s, (int)n->act.turn, n->time_ms) ? LAW_OWN_UP_EARLY : LAW_OK;
    }
    bool is_old = has_owned && n->time_ms > s->said[l->word_at].time_ms + FOLD_DAY_MS;
    return is_old ? LAW_OWN_UP_STANDS : LAW_OK;
}

static enum law change_rules(const struct story *s, const struct promise_act *act, uint64_t time_ms)
{
    int moved_n = 0, new_n = act->when.kind == PROMISE_WHEN_OPEN ? 1 : (int)act->when.due_n;
    bool clashes = false;
    for (int t = 0; t < s->turn_n; t++) {
        struct look l = look_at(s, t);
        bool is_moved = is_untouched(&l) && covers(s, act, t) && is_ahead(s, t, time_ms);
        moved_n += is_moved;
        if (is_moved || l.closed_at != NEVER || s->due_ms[t] == 0 || !act->has_when) continue;
        for (size_t i = 0; i < act->when.due_n; i++) clashes = clashes || act->when.date[i] == s->date[t];
    }
    if (moved_n == 0) return LAW_NOTHING_LEFT;
    if (clashes) return LAW_CHANGE_SAME_DAY;
    return s->turn_n + (act->has_when ? new_n : moved_n) > PROMISE_TURNS ? LAW_CHANGE_ROOM : LAW_OK;
}

static enum law ask_rules(const struct story *s, const struct saying *n, const struct look *l)
{
    const struct promise_when *when = &n->act.when;
    bool asks_rule = n->act.has_when && when->kind == PROMISE_WHEN_RULE;
    bool asks_open = n->act.has_when && when->kind == PROMISE_WHEN_OPEN;
    if (!n->act.is_all_left) {
        if (l->closed_at != NEVER) {
            return s->said[l->closed_at].act.act == PROMISE_CHANGE_ACCEPTED ? LAW_MOVED : LAW_OVER;
        }
        if (!is_untouched(l)) return LAW_CHANGE_SPOKEN;
        if (!is_ahead(s, (int)n->act.turn, n->time_ms)) return LAW_CHANGE_LATE;
    }
    if ((asks_open && s->repeats) || (asks_rule && !(s->repeats && n->act.is_all_left))) return LAW_CHANGE_SHAPE;
    if (n->act.has_when && when->due_n > 0 && when->due_ms[0] <= n->time_ms) return LAW_PAST;
    return change_rules(s, &n->act, n->time_ms);
}

static enum law turn_rules(const struct story *s, const struct saying *n)
{
    enum promise_act_kind kind = n->act.act;
    if ((int)n->act.turn >= s->turn_n) return LAW_NO_TURN;
    struct look l = look_at(s, (int)n->act.turn);
    if (kind == PROMISE_CHANGE_ASKED) return ask_rules(s, n, &l);
    if (kind == PROMISE_RELEASED && n->act.is_all_left) {
        for (int t = 0; t < s->turn_n; t++) {
            struct look other = look_at(s, t);
            if (is_untouched(&other) && covers(s, &n->act, t)) return LAW_OK;
        }
        return LAW_NOTHING_LEFT;
    }
    if (kind != PROMISE_DIFFERED && l.closed_at != NEVER) {
        return s->said[l.closed_at].act.act == PROMISE_CHANGE_ACCEPTED ? LAW_MOVED : LAW_OVER;
    }
    if (kind == PROMISE_RELEASED) return is_untouched(&l) ? LAW_OK : LAW_RELEASE_SPOKEN;
    return is_word_of_promiser(kind) ? word_rules(s, n, &l) : verdict_rules(s, n, &l);
}

static enum law whole_rules(const struct story *s, const struct saying *n)
{
    bool is_over = was_said(s, PROMISE_DECLINED) || was_said(s, PROMISE_ENDED);
    if (n->act.act == PROMISE_DECLINED) {
        if (is_over) return LAW_OVER;
        for (int i = 0; i < s->said_n; i++) {
            enum promise_act_kind kind = s->said[i].act.act;
            if (kind != PROMISE_CHANGE_ASKED && kind != PROMISE_CHANGE_REFUSED) return LAW_DECLINE_SPOKEN;
        }
        return LAW_OK;
    }
    if (!s->repeats) return LAW_NOT_REPEATING;
    if (is_over) return LAW_OVER;
    for (int t = 0; t < s->turn_n; t++) {
        struct look l = look_at(s, t);
        if (is_untouched(&l) && is_ahead(s, t, n->time_ms)) return LAW_OK;
    }
    return LAW_NOTHING_LEFT;
}

static enum law answer_rules(const struct story *s, struct saying *n)
{
    n->ask = standing_ask(s);
    if (n->ask == NEVER || memcmp(s->said[n->ask].id, n->act.ask, ID_BYTES) != 0) return LAW_CHANGE_GONE;
    if (n->act.act == PROMISE_CHANGE_REFUSED) return LAW_OK;
    return change_rules(s, &s->said[n->ask].act, s->said[n->ask].time_ms);
}

static enum law model_judge(const struct story *s, struct saying *n)
{
    bool is_promisers = is_word_of_promiser(n->act.act);
    if (n->who != (is_promisers ? s->promiser : s->receiver)) return is_promisers ? LAW_NOT_PROMISER : LAW_NOT_RECEIVER;
    if (s->somebody_left && n->act.act != PROMISE_DIFFERED) return LAW_LEFT;
    switch (n->act.act) {
    case PROMISE_DECLINED:
    case PROMISE_ENDED: return whole_rules(s, n);
    case PROMISE_CHANGE_ACCEPTED:
    case PROMISE_CHANGE_REFUSED: return answer_rules(s, n);
    default: return turn_rules(s, n);
    }
}

/* ---- the model: what comes of it ----------------------------------------------------------------------------- */

static void add_turns(struct story *s, const struct promise_when *when, int born)
{
    for (size_t i = 0; i < (when->kind == PROMISE_WHEN_OPEN ? 1 : when->due_n); i++) {
        s->due_ms[s->turn_n] = when->kind == PROMISE_WHEN_OPEN ? 0 : when->due_ms[i];
        s->date[s->turn_n] = when->kind == PROMISE_WHEN_OPEN ? 0 : when->date[i];
        s->born[s->turn_n++] = born;
    }
}

static void model_apply(struct story *s, const struct saying *n)
{
    int number = s->said_n, moved[TURNS], moved_n = 0;
    const struct promise_act *ask = n->act.act == PROMISE_CHANGE_ACCEPTED ? &s->said[n->ask].act : NULL;
    for (int t = 0; ask != NULL && !ask->has_when && t < s->turn_n; t++) {
        struct look l = look_at(s, t);
        if (is_untouched(&l) && closes(s, n, t)) moved[moved_n++] = t;
    }
    s->said[s->said_n++] = *n;
    if (ask != NULL && ask->has_when) add_turns(s, &ask->when, number);
    for (int i = 0; i < moved_n; i++) {
        s->due_ms[s->turn_n] = s->due_ms[moved[i]];
        s->date[s->turn_n] = s->date[moved[i]];
        s->born[s->turn_n++] = number;
    }
}

static enum promise_outcome model_outcome(const struct story *s, int turn, uint64_t now_ms)
{
    struct look l = look_at(s, turn);
    bool has_owned = l.word_at != NEVER && s->said[l.word_at].act.act == PROMISE_OWNED_UP;
    bool has_done = l.word_at != NEVER && !has_owned;
    if (l.closed_at != NEVER) {
        switch (s->said[l.closed_at].act.act) {
        case PROMISE_RELEASED: return PROMISE_OUTCOME_RELEASED;
        case PROMISE_DECLINED: return PROMISE_OUTCOME_DECLINED;
        case PROMISE_ENDED: return PROMISE_OUTCOME_ENDED;
        default: return PROMISE_RENEGOTIATED;
        }
    }
    if (l.verdict == PROMISE_KEPT) return has_owned ? PROMISE_SEEN_DIFFERENTLY : PROMISE_OUTCOME_KEPT;
    if (l.verdict != 0 && l.differed_at != NEVER) return PROMISE_SEEN_DIFFERENTLY;
    if (l.verdict == PROMISE_LATE) return PROMISE_OUTCOME_LATE;
    if (has_owned) return PROMISE_OUTCOME_OWNED_UP;
    if (l.verdict == PROMISE_NOT_KEPT) return has_done ? PROMISE_SEEN_DIFFERENTLY : PROMISE_OUTCOME_NOT_KEPT;
    if (s->somebody_left) return PROMISE_OUTCOME_ENDED;
    if (has_done) return PROMISE_WAITING;
    return is_ahead(s, turn, now_ms) ? PROMISE_NOT_DUE : PROMISE_SILENT;
}

/* ---- what people try ------------------------------------------------------------------------------------------ */

static struct fold f;
static struct random r;

static enum fold_who anybody(void)
{
    return (enum fold_who)random_below(&r, FOLD_PEOPLE);
}

static struct promise_when any_when(bool may_repeat)
{
    uint64_t today = (f.now_ms - FOLD_NOON_MS) / FOLD_DAY_MS;
    unsigned days = (unsigned)(today + random_below(&r, 6));
    switch (random_below(&r, may_repeat ? 4 : 3)) {
    case 0: return fold_open();
    case 1: return fold_moment(days);
    case 2: {
        struct promise_when when = fold_days(days, 1);
        when.kind = PROMISE_WHEN_DAY;
        return when;
    }
    default: return fold_days(days, (size_t)random_between(&r, 1, 7));
    }
}

static void try_making(void)
{
    enum fold_who who = anybody(), to = anybody();
    struct promise_act act = fold_made(to, any_when(true));
    if (story_n == PROMISES) return;
    bool is_past = act.when.due_n > 0 && act.when.due_ms[0] <= f.now_ms;
    enum law expected = is_past ? LAW_PAST : LAW_OK;
    if (!is_in[to]) expected = LAW_TO_STRANGER;
    if (who == to) expected = LAW_TO_SELF;
    if (!is_in[who]) expected = LAW_NOT_MEMBER;
    assert_int_equal(fold_act(&f, who, &act), expected);
    if (expected != LAW_OK) return;
    struct story *s = &story[story_n++];
    memset(s, 0, sizeof *s);
    s->promiser = who;
    s->receiver = to;
    s->repeats = act.when.kind == PROMISE_WHEN_RULE;
    add_turns(s, &act.when, NEVER);
}

static struct saying any_saying(const struct story *s, const struct promise *p)
{
    struct saying n = {.time_ms = f.now_ms, .ask = NEVER};
    n.act.act = (enum promise_act_kind)random_between(&r, PROMISE_DONE, PROMISE_DIFFERED);
    n.act.promise = p->id;
    bool is_promisers = is_word_of_promiser(n.act.act);
    n.who = random_is_one_in(&r, 12) ? anybody() : is_promisers ? s->promiser : s->receiver;
    int last = random_is_one_in(&r, 20) ? s->turn_n : s->turn_n - 1;
    bool is_about_turn = n.act.act <= PROMISE_RELEASED || n.act.act == PROMISE_CHANGE_ASKED ||
                         n.act.act == PROMISE_DIFFERED;
    if (is_about_turn) n.act.turn = (unsigned)random_between(&r, last > 8 ? (uint64_t)last - 8 : 0, (uint64_t)last);
    if (random_is_one_in(&r, 3)) n.act.words = STR("That is how I see it");
    if (n.act.act == PROMISE_RELEASED || n.act.act == PROMISE_CHANGE_ASKED) {
        n.act.is_all_left = random_is_one_in(&r, 3);
    }
    if (n.act.act == PROMISE_CHANGE_ASKED) {
        n.act.has_when = !random_is_one_in(&r, 4);
        if (n.act.has_when) n.act.when = any_when(true);
        n.act.changes_words = !n.act.has_when || random_is_one_in(&r, 3);
        if (n.act.changes_words) n.act.what = STR("A smaller promise");
    }
    if (n.act.act == PROMISE_CHANGE_ACCEPTED || n.act.act == PROMISE_CHANGE_REFUSED) {
        int ask = standing_ask(s);
        bool is_right = ask != NEVER && !random_is_one_in(&r, 8);
        n.act.ask = is_right ? s->said[ask].id : fold_id(&f, random_below(&r, f.line_n));
    }
    return n;
}

/* Ended, declined and released are final, and half of all stories would be short: they are tried less often. */
static bool is_final(enum promise_act_kind kind)
{
    return kind == PROMISE_RELEASED || kind == PROMISE_DECLINED || kind == PROMISE_ENDED;
}

static void try_saying(void)
{
    if (story_n == 0) return;
    int oldest = story_n > 8 && !random_is_one_in(&r, 10) ? story_n - 8 : 0; /* of old ones all is said */
    size_t which = (size_t)random_between(&r, (uint64_t)oldest, (uint64_t)story_n - 1);
    struct story *s = &story[which];
    const struct promise *p = state_promise(&f.state, which);
    struct saying n = any_saying(s, p);
    if (s->said_n == SAYINGS || (is_final(n.act.act) && !random_is_one_in(&r, 5))) return;
    enum law expected = is_in[n.who] ? model_judge(s, &n) : LAW_NOT_MEMBER;
    uint8_t ask[ID_BYTES];
    if (n.act.ask != NULL) memcpy(ask, n.act.ask, ID_BYTES);
    assert_int_equal(fold_act(&f, n.who, &n.act), expected);
    memcpy(n.id, fold_id(&f, f.line_n - 1), ID_BYTES);
    if (expected == LAW_OK) model_apply(s, &n);
    assert_int_equal(p->turn_n, s->turn_n);
    for (int t = 0; t < s->turn_n; t++) {
        assert_int_equal(promise_outcome(p, (size_t)t, f.now_ms), model_outcome(s, t, f.now_ms));
        assert_int_equal(p->turn[t].due_ms, s->due_ms[t]);
    }
}

static void try_coming_or_going(void)
{
    enum fold_who who = anybody();
    if (is_in[who] && !random_is_one_in(&r, 3)) return;
    fold_control(&f, who, is_in[who] ? ENTRY_LEAVE : ENTRY_JOIN);
    is_in[who] = !is_in[who];
    for (int i = 0; i < story_n && !is_in[who]; i++) {
        if (story[i].promiser == who || story[i].receiver == who) story[i].somebody_left = true;
    }
}

static void try_something_else(void)
{
    uint8_t junk[40];
    struct profile profile = {.name = STR("Ana"), .colour = (unsigned)random_below(&r, 12), .zone = STR("UTC")};
    struct facts facts = {.name = STR("Us"), .kind = (enum facts_kind)random_between(&r, 1, 4)};
    struct out o = OUT_OVER(junk);
    enum fold_who who = anybody();
    if (random_is_one_in(&r, 2)) profile.name = facts.name = STR("Others");
    switch (random_below(&r, 4)) {
    case 0: profile_put(&o, &profile); break;
    case 1: facts_put(&o, &facts); break;
    case 2:
        random_bytes(&r, junk, sizeof junk);
        o.len = (size_t)random_below(&r, sizeof junk);
        break;
    default: fold_unread(&f, who, random_is_one_in(&r, 2) ? OPENED_UNREADABLE : OPENED_ERASED); return;
    }
    (void)fold_text(&f, who, out_str(&o)); /* what it says is tried elsewhere; here, that it does no harm */
}

static void one_step(void)
{
    f.now_ms += random_width(&r, 27); /* up to a day and a half */
    bool is_wrong_clock = random_is_one_in(&r, 20) && f.now_ms > FOLD_NOON_MS + FOLD_HOUR_MS;
    if (is_wrong_clock) f.now_ms -= random_below(&r, FOLD_HOUR_MS);
    if (random_is_one_in(&r, 80)) try_coming_or_going();
    else if (random_is_one_in(&r, 12)) try_making();
    else if (random_is_one_in(&r, 15)) try_something_else();
    else try_saying();
}

static void one_history(void)
{
    fold_init(&f);
    fold_control(&f, ANA, ENTRY_GENESIS);
    for (size_t i = BEN; i < FOLD_PEOPLE; i++) fold_control(&f, (enum fold_who)i, ENTRY_JOIN);
    for (size_t i = 0; i < FOLD_PEOPLE; i++) is_in[i] = true;
    story_n = 0;
    for (unsigned i = 0; i < STEPS; i++) one_step();
}

/* ---- the same entries, folded otherwise ------------------------------------------------------------------------ */

static void fold_lines(struct state *state, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) assert_int_equal(fold_add(state, f.line[i]), ERR_OK);
}

static void refold(struct state *state)
{
    state_init(state, &f.arena);
    fold_lines(state, 0, f.line_n);
}

static void assert_folds_the_same(void)
{
    struct state whole, parts;
    size_t middle = (size_t)random_below(&r, f.line_n + 1);
    refold(&whole);
    fold_expect_same(&whole, &f.state);
    state_init(&parts, &f.arena);
    fold_lines(&parts, 0, middle);
    for (size_t i = 0; i < state_promise_n(&parts); i++) { /* whoever looks in between, at whatever time */
        (void)promise_outcome(state_promise(&parts, i), 0, random_width(&r, 53));
    }
    for (size_t i = 0; i < f.line_n; i++) { /* and whoever asks what would be allowed */
        (void)state_judge(&parts, f.line[i]->entry.author, f.line[i]->text, random_width(&r, 53));
    }
    fold_lines(&parts, middle, f.line_n);
    fold_expect_same(&parts, &f.state);
}

/* Some of what was said is erased: with what stays of it, or without. */
static void erase_some(void)
{
    static uint8_t room[PROMISE_TEXT_BYTES];
    for (size_t i = 0; i < f.line_n; i++) {
        struct fold_line *line = f.line[i];
        if (line->how != OPENED_TEXT || !random_is_one_in(&r, 6)) continue;
        const uint64_t seq[] = {i};
        struct out o = OUT_OVER(room);
        if (f.line_n == FOLD_LINES) return;
        fold_redact(&f, line->who, seq, 1);
        assert_true(state_is_stale(&f.state));
        bool leaves_some = promise_act_scrub(&o, line->text) == LAW_OK && random_is_one_in(&r, 2);
        line->how = leaves_some ? OPENED_RESIDUE : OPENED_ERASED;
        line->text = leaves_some ? arena_copy(&f.arena, out_str(&o)) : (struct str){0};
    }
}

static bool is_wordless(const struct state *state)
{
    for (size_t i = 0; i < state_row_n(state); i++) {
        const struct state_row *row = state_row(state, i);
        if (row->how != OPENED_TEXT && row->words.len > 0) return false;
    }
    return true;
}

/* Who has no key for the beginning sees it fold as anybody else who has none. */
static void hide_some(void)
{
    size_t until = (size_t)random_below(&r, f.line_n);
    for (size_t i = 0; i < until; i++) {
        if (f.line[i]->how == OPENED_CONTROL) continue;
        f.line[i]->how = OPENED_NO_KEY;
        f.line[i]->text = (struct str){0};
    }
}

static void the_fold_and_a_model_of_the_laws_agree(void **state)
{
    (void)state;
    unsigned long valid_n = 0, refused_n[LAW_N] = {0};
    random_init(&r, "what people say about their promises");
    for (unsigned i = 0; i < HISTORIES; i++) {
        one_history();
        assert_folds_the_same();
        for (size_t k = 0; k < f.line_n; k++) {
            enum law law = state_row(&f.state, k)->law;
            valid_n += law == LAW_OK;
            refused_n[law]++;
        }
        fold_fini(&f);
    }
    assert_true(valid_n > HISTORIES * STEPS / 10); /* the test would be worth little if all were refused */
    for (enum law law = LAW_PAST; law < LAW_N; law++) {
        bool is_form = law == LAW_DATES || law == LAW_RULE || law == LAW_CHANGE_EMPTY;
        bool is_rare = law == LAW_CHANGE_ROOM || law == LAW_UNKNOWN || law == LAW_BEFORE_YOU;
        if (!is_form && !is_rare && refused_n[law] == 0) fail_msg("nobody ran into %s", law_number(law));
    }
}

static void what_is_erased_folds_as_if_its_words_had_never_been(void **state)
{
    (void)state;
    random_init(&r, "what stays of a circle when some of it is erased");
    for (unsigned i = 0; i < HISTORIES / 4; i++) {
        struct state once, twice;
        one_history();
        erase_some();
        refold(&once);
        refold(&twice);
        assert_true(is_wordless(&once) && !state_is_stale(&once));
        fold_expect_same(&once, &twice);
        hide_some();
        refold(&once);
        refold(&twice);
        fold_expect_same(&once, &twice);
        fold_fini(&f);
    }
}

/* Only words are erased, and nothing that they led to: every outcome stays. */
static void what_stays_of_all_acts_leads_to_the_same_outcomes(void **state)
{
    (void)state;
    static uint8_t room[PROMISE_TEXT_BYTES];
    random_init(&r, "what acts led to, without their words");
    for (unsigned i = 0; i < HISTORIES / 4; i++) {
        struct state left;
        one_history();
        for (size_t k = 0; k < f.line_n; k++) {
            struct out o = OUT_OVER(room);
            if (f.line[k]->how != OPENED_TEXT || promise_act_scrub(&o, f.line[k]->text) != LAW_OK) continue;
            f.line[k]->text = arena_copy(&f.arena, out_str(&o));
            f.line[k]->how = OPENED_RESIDUE;
        }
        refold(&left);
        assert_int_equal(state_promise_n(&left), state_promise_n(&f.state));
        for (size_t k = 0; k < state_promise_n(&left); k++) {
            const struct promise *a = state_promise(&f.state, k), *b = state_promise(&left, k);
            assert_int_equal(a->turn_n, b->turn_n);
            for (size_t t = 0; t < a->turn_n; t++) {
                assert_int_equal(promise_outcome(a, t, f.now_ms), promise_outcome(b, t, f.now_ms));
            }
        }
        fold_fini(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fold_and_a_model_of_the_laws_agree),
        cmocka_unit_test(what_is_erased_folds_as_if_its_words_had_never_been),
        cmocka_unit_test(what_stays_of_all_acts_leads_to_the_same_outcomes),
    };
    return record_open() != ERR_OK || cmocka_run_group_tests(tests, NULL, NULL);
}
