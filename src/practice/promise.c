/* promise.c -- see promise.h. */
#include "practice/promise.h"

#define MEND_MS UINT64_C(86400000) /* a day: as long as a slip of the thumb can be mended */

/* ---- turns -------------------------------------------------------------------------------------- */

static bool stands(const struct promise_turn *t)
{
    return t->close == PROMISE_STANDS;
}

static bool is_spoken_of(const struct promise_turn *t)
{
    return t->word != PROMISE_SAID_NOTHING || t->verdict != PROMISE_VERDICT_NONE;
}

/* Whether its time is still to come; one without a date is never due. */
static bool is_before_due(const struct promise_turn *t, uint64_t time_ms)
{
    return t->due_ms == 0 || time_ms < t->due_ms;
}

/* Still open, with nothing said: what a release, an end and a change are about. */
static bool is_left(const struct promise_turn *t)
{
    return stands(t) && !is_spoken_of(t);
}

static bool has_ended_by_leaving(const struct promise *p)
{
    return p->promiser->has_left || p->receiver->has_left;
}

/* Whether a turn is one of those that an act is about: the one that it names, or that and all that come later
 * by their times, which is not always by their places. */
static bool is_meant(const struct promise *p, const struct promise_act *act, const struct promise_turn *t)
{
    const struct promise_turn *named = &p->turn[act->turn];
    return act->is_all_left ? t->due_ms >= named->due_ms : t == named;
}

/* The turns that a change takes the place of: asked before they were due, and nothing said of them since. */
static bool is_changed_by(const struct promise *p, const struct promise_ask *ask, const struct promise_turn *t)
{
    return is_left(t) && is_meant(p, ask->act, t) && is_before_due(t, ask->time_ms);
}

/* ---- making it ------------------------------------------------------------------------------------ */

enum law promise_judge_made(const struct promise_event *event, const struct promise_act *act,
                            const struct member *receiver)
{
    if (memcmp(act->to, event->author->sign_pk, SIGN_PK_BYTES) == 0) return LAW_TO_SELF;
    if (receiver == NULL) return LAW_TO_STRANGER;
    return act->when.due_n > 0 && act->when.due_ms[0] <= event->time_ms ? LAW_PAST : LAW_OK;
}

/* The turns of a list of due moments; of an open one, a single turn without a date. */
static size_t turns_of(const struct promise_when *when)
{
    return when->kind == PROMISE_WHEN_OPEN ? 1 : when->due_n;
}

static void turns_put(struct promise_turn *turn, const struct promise_when *when, size_t change)
{
    for (size_t i = 0; i < turns_of(when); i++) {
        turn[i] = (struct promise_turn){.change = (uint16_t)change};
        if (when->kind == PROMISE_WHEN_OPEN) continue;
        turn[i].due_ms = when->due_ms[i];
        turn[i].date = when->date[i];
    }
}

enum err promise_make(struct promise *promise, struct arena *a, const struct promise_event *event,
                      const struct promise_act *act, const struct member *receiver)
{
    size_t turn_n = turns_of(&act->when);
    struct promise_turn *turn = arena_take(a, turn_n * sizeof *turn);
    if (turn == NULL) return ERR_NO_MEMORY;
    turns_put(turn, &act->when, 0);
    *promise = (struct promise){
        .index = promise->index,
        .made_seq = event->seq,
        .made_ms = event->time_ms,
        .promiser = event->author,
        .receiver = receiver,
        .what = act->what,
        .looks_like = act->looks_like,
        .cue = act->cue,
        .is_costly = act->is_costly,
        .is_wordless = act->is_residue,
        .kind = act->when.kind,
        .rule = act->when.rule,
        .zone = act->when.zone,
        .turn = turn,
        .turn_n = turn_n,
        ._turn_cap = turn_n,
    };
    memcpy(promise->id, event->id, ID_BYTES);
    return ERR_OK;
}

/* ---- whose word it is ------------------------------------------------------------------------------- */

static bool is_promisers(enum promise_act_kind act)
{
    switch (act) {
    case PROMISE_MADE:
    case PROMISE_DONE:
    case PROMISE_OWNED_UP:
    case PROMISE_DIFFERED:
    case PROMISE_CHANGE_ASKED:
    case PROMISE_ENDED: return true;
    case PROMISE_KEPT:
    case PROMISE_LATE:
    case PROMISE_NOT_KEPT:
    case PROMISE_RELEASED:
    case PROMISE_DECLINED:
    case PROMISE_CHANGE_ACCEPTED:
    case PROMISE_CHANGE_REFUSED: return false;
    }
    return false;
}

static enum law judge_who(const struct promise *p, const struct promise_event *event, enum promise_act_kind act)
{
    const struct member *whose = is_promisers(act) ? p->promiser : p->receiver;
    bool is_theirs = memcmp(whose->sign_pk, event->author->sign_pk, SIGN_PK_BYTES) == 0;
    if (!is_theirs) return is_promisers(act) ? LAW_NOT_PROMISER : LAW_NOT_RECEIVER;
    return has_ended_by_leaving(p) && act != PROMISE_DIFFERED ? LAW_LEFT : LAW_OK;
}

/* ---- words about one turn ---------------------------------------------------------------------------- */

static enum law judge_stands(const struct promise_turn *t)
{
    if (t->close == PROMISE_WAS_RENEGOTIATED) return LAW_MOVED;
    return stands(t) ? LAW_OK : LAW_OVER;
}

static enum law judge_done(const struct promise_turn *t, uint64_t time_ms)
{
    if (t->word == PROMISE_SAID_DONE) return LAW_SAID_ALREADY;
    bool may_mend = t->word == PROMISE_SAID_NOTHING || time_ms <= t->said_ms + MEND_MS;
    return may_mend ? LAW_OK : LAW_OWN_UP_STANDS;
}

static enum law judge_own_up(const struct promise_turn *t, uint64_t time_ms)
{
    if (t->word == PROMISE_SAID_OWNED_UP) return LAW_SAID_ALREADY;
    return t->due_ms > 0 && is_before_due(t, time_ms) ? LAW_OWN_UP_EARLY : LAW_OK;
}

static enum law judge_differ(const struct promise_turn *t)
{
    if (t->verdict != PROMISE_VERDICT_LATE && t->verdict != PROMISE_VERDICT_NOT_KEPT) return LAW_NOTHING_TO_DIFFER;
    if (t->word == PROMISE_SAID_OWNED_UP) return LAW_DIFFER_OWNED_UP;
    return t->differed_seq > 0 ? LAW_SAID_ALREADY : LAW_OK;
}

static enum promise_verdict verdict_of(enum promise_act_kind act)
{
    if (act == PROMISE_KEPT) return PROMISE_VERDICT_KEPT;
    return act == PROMISE_LATE ? PROMISE_VERDICT_LATE : PROMISE_VERDICT_NOT_KEPT;
}

/* Whether a slip in a verdict may still be mended. */
static bool is_fresh(const struct promise_turn *t, uint64_t time_ms)
{
    return time_ms <= t->verdict_ms + MEND_MS;
}

static enum law judge_verdict(const struct promise_turn *t, enum promise_verdict verdict, uint64_t time_ms)
{
    bool is_open = t->due_ms == 0;
    if (t->verdict == verdict) return LAW_SAID_ALREADY;
    if (is_open && verdict == PROMISE_VERDICT_LATE) return LAW_VERDICT_OPEN_LATE;
    if (is_open && verdict == PROMISE_VERDICT_NOT_KEPT && t->word == PROMISE_SAID_NOTHING) {
        return LAW_VERDICT_OPEN_NOT_KEPT;
    }
    if (!is_open && verdict != PROMISE_VERDICT_KEPT && is_before_due(t, time_ms)) return LAW_VERDICT_EARLY;
    bool is_kinder = verdict > t->verdict, is_mended = is_fresh(t, time_ms) && verdict >= t->verdict_floor;
    return is_kinder || is_mended ? LAW_OK : LAW_VERDICT_STANDS;
}

static enum law judge_turn(const struct promise_turn *t, const struct promise_act *act, uint64_t time_ms)
{
    enum law law = act->act == PROMISE_DIFFERED ? LAW_OK : judge_stands(t);
    if (law != LAW_OK) return law;
    switch (act->act) {
    case PROMISE_DONE: return judge_done(t, time_ms);
    case PROMISE_OWNED_UP: return judge_own_up(t, time_ms);
    case PROMISE_DIFFERED: return judge_differ(t);
    case PROMISE_RELEASED: return is_spoken_of(t) ? LAW_RELEASE_SPOKEN : LAW_OK;
    default: return judge_verdict(t, verdict_of(act->act), time_ms);
    }
}

/* ---- acts about several ------------------------------------------------------------------------------ */

static enum law judge_release_all(const struct promise *p, const struct promise_act *act)
{
    for (size_t i = 0; i < p->turn_n; i++) {
        if (is_left(&p->turn[i]) && is_meant(p, act, &p->turn[i])) return LAW_OK;
    }
    return LAW_NOTHING_LEFT;
}

static enum law judge_end(const struct promise *p, uint64_t time_ms)
{
    if (p->kind != PROMISE_WHEN_RULE) return LAW_NOT_REPEATING;
    if (p->over_seq > 0) return LAW_OVER;
    for (size_t i = 0; i < p->turn_n; i++) {
        if (is_left(&p->turn[i]) && is_before_due(&p->turn[i], time_ms)) return LAW_OK;
    }
    return LAW_NOTHING_LEFT;
}

static enum law judge_decline(const struct promise *p)
{
    if (p->over_seq > 0) return LAW_OVER;
    return p->is_spoken_of ? LAW_DECLINE_SPOKEN : LAW_OK;
}

/* Whether a date is one of an ascending list. */
static bool has_date(const struct promise_when *when, uint32_t date)
{
    size_t low = 0, high = when->due_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (when->date[middle] == date) return true;
        if (when->date[middle] < date) low = middle + 1;
        else high = middle;
    }
    return false;
}

/* Whether the change fits among the turns that it leaves as they are; how many it takes the place of. */
static enum law judge_change(const struct promise *p, const struct promise_ask *ask, size_t *changed_n)
{
    const struct promise_act *act = ask->act;
    bool is_day_taken = false;
    *changed_n = 0;
    for (size_t i = 0; i < p->turn_n; i++) {
        const struct promise_turn *t = &p->turn[i];
        if (is_changed_by(p, ask, t)) ++*changed_n;
        else if (stands(t) && t->due_ms > 0 && has_date(&act->when, t->date)) is_day_taken = true;
    }
    if (*changed_n == 0) return LAW_NOTHING_LEFT;
    if (is_day_taken) return LAW_CHANGE_SAME_DAY;
    size_t new_n = act->has_when ? turns_of(&act->when) : *changed_n;
    return p->turn_n + new_n > PROMISE_TURNS ? LAW_CHANGE_ROOM : LAW_OK;
}

/* Whether what is asked for has the shape of what it changes. */
static bool fits(const struct promise *p, const struct promise_act *act)
{
    if (!act->has_when) return true;
    if (act->when.kind == PROMISE_WHEN_OPEN) return p->kind != PROMISE_WHEN_RULE;
    return act->when.kind != PROMISE_WHEN_RULE || (act->is_all_left && p->kind == PROMISE_WHEN_RULE);
}

static enum law judge_ask(const struct promise *p, const struct promise_act *act, uint64_t time_ms)
{
    const struct promise_turn *t = &p->turn[act->turn];
    struct promise_ask ask = {.time_ms = time_ms, .act = act};
    size_t changed_n;
    enum law law = act->is_all_left ? LAW_OK : judge_stands(t);
    if (law != LAW_OK) return law;
    if (!act->is_all_left && is_spoken_of(t)) return LAW_CHANGE_SPOKEN;
    if (!act->is_all_left && !is_before_due(t, time_ms)) return LAW_CHANGE_LATE;
    if (!fits(p, act)) return LAW_CHANGE_SHAPE;
    if (act->has_when && act->when.due_n > 0 && act->when.due_ms[0] <= time_ms) return LAW_PAST;
    return judge_change(p, &ask, &changed_n);
}

static enum law judge_answer(const struct promise *p, const struct promise_act *act)
{
    size_t changed_n;
    if (p->ask.seq == 0 || memcmp(p->ask.id, act->ask, ID_BYTES) != 0) return LAW_CHANGE_GONE;
    return act->act == PROMISE_CHANGE_ACCEPTED ? judge_change(p, &p->ask, &changed_n) : LAW_OK;
}

enum law promise_judge(const struct promise *p, const struct promise_event *event, const struct promise_act *act)
{
    EXPECT(act->act != PROMISE_MADE);
    enum law law = judge_who(p, event, act->act);
    if (law != LAW_OK) return law;
    switch (act->act) {
    case PROMISE_DECLINED: return judge_decline(p);
    case PROMISE_ENDED: return judge_end(p, event->time_ms);
    case PROMISE_CHANGE_ACCEPTED:
    case PROMISE_CHANGE_REFUSED: return judge_answer(p, act);
    default: break;
    }
    if (act->turn >= p->turn_n) return LAW_NO_TURN;
    if (act->act == PROMISE_CHANGE_ASKED) return judge_ask(p, act, event->time_ms);
    if (act->act == PROMISE_RELEASED && act->is_all_left) return judge_release_all(p, act);
    return judge_turn(&p->turn[act->turn], act, event->time_ms);
}

/* ---- what it leads to ---------------------------------------------------------------------------------- */

static void apply_word(struct promise_turn *t, const struct promise_event *event, enum promise_word word)
{
    t->word = (uint8_t)word;
    t->said_ms = event->time_ms;
    t->said_seq = event->seq;
    if (word == PROMISE_SAID_OWNED_UP) t->differed_seq = 0;
}

static void apply_verdict(struct promise_turn *t, const struct promise_event *event, enum promise_verdict verdict)
{
    if (t->verdict == PROMISE_VERDICT_NONE || !is_fresh(t, event->time_ms)) {
        t->verdict_floor = t->verdict;
        t->verdict_ms = event->time_ms;
    }
    t->verdict = (uint8_t)verdict;
    t->verdict_seq = event->seq;
}

static void close_turn(struct promise_turn *t, enum promise_close close, uint32_t seq)
{
    t->close = (uint8_t)close;
    t->closed_seq = seq;
}

/* Closes all that are left, or those of them that an act means, or whose time is still to come. */
static void close_left(struct promise *p, const struct promise_event *event, const struct promise_act *act,
                       enum promise_close close)
{
    for (size_t i = 0; i < p->turn_n; i++) {
        struct promise_turn *t = &p->turn[i];
        if (!is_left(t)) continue;
        if (act->act == PROMISE_RELEASED && !is_meant(p, act, t)) continue;
        if (act->act == PROMISE_ENDED && !is_before_due(t, event->time_ms)) continue;
        close_turn(t, close, event->seq);
    }
}

static enum err apply_ask(struct promise *p, struct arena *a, const struct promise_event *event,
                          const struct promise_act *act)
{
    struct promise_act *kept = arena_take(a, sizeof *kept);
    if (kept == NULL) return ERR_NO_MEMORY;
    size_t due_n = act->has_when ? act->when.due_n : 0;
    memcpy(kept, act, offsetof(struct promise_act, when.date));
    memcpy(kept->when.date, act->when.date, due_n * sizeof *kept->when.date);
    memcpy(kept->when.due_ms, act->when.due_ms, due_n * sizeof *kept->when.due_ms);
    p->ask = (struct promise_ask){.seq = event->seq, .time_ms = event->time_ms, .act = kept};
    memcpy(p->ask.id, event->id, ID_BYTES);
    return ERR_OK;
}

/* The list with room for more: itself, or a copy twice as long. The old one stays behind in the arena. */
static void *with_room(struct arena *a, void *list, size_t n, size_t cap, size_t item_bytes)
{
    if (n <= cap) return list;
    void *grown = arena_take(a, n * item_bytes);
    if (grown != NULL && cap > 0) memcpy(grown, list, cap * item_bytes);
    return grown;
}

static size_t cap_for(size_t n, size_t cap)
{
    size_t twice = 2 * cap;
    if (n <= cap) return cap;
    return n > twice ? n : twice;
}

static enum err make_room(struct promise *p, struct arena *a, size_t new_n)
{
    size_t turn_cap = cap_for(p->turn_n + new_n, p->_turn_cap), change_cap = cap_for(p->change_n + 1, p->_change_cap);
    struct promise_turn *turn = with_room(a, p->turn, turn_cap, p->_turn_cap, sizeof *turn);
    if (turn == NULL) return ERR_NO_MEMORY;
    p->turn = turn; /* the same turns, whatever comes now */
    p->_turn_cap = turn_cap;
    struct promise_change *change = with_room(a, p->change, change_cap, p->_change_cap, sizeof *change);
    if (change == NULL) return ERR_NO_MEMORY;
    p->change = change;
    p->_change_cap = change_cap;
    return ERR_OK;
}

/* Puts the changed turns behind the others: at new times, or, where only the wording is new, each at its own. */
static void change_turns(struct promise *p, const struct promise_event *event)
{
    const struct promise_act *act = p->ask.act;
    size_t old_n = p->turn_n, number = p->change_n + 1;
    if (act->has_when) {
        turns_put(&p->turn[old_n], &act->when, number);
        p->turn_n += turns_of(&act->when);
    }
    for (size_t i = 0; i < old_n; i++) {
        struct promise_turn *t = &p->turn[i];
        if (!is_changed_by(p, &p->ask, t)) continue;
        if (!act->has_when) {
            p->turn[p->turn_n++] = (struct promise_turn){
                .due_ms = t->due_ms, .date = t->date, .change = (uint16_t)number};
        }
        close_turn(t, PROMISE_WAS_RENEGOTIATED, event->seq);
        t->moved = (uint16_t)number;
    }
}

static enum err apply_accept(struct promise *p, struct arena *a, const struct promise_event *event)
{
    const struct promise_act *act = p->ask.act;
    size_t old_n = p->turn_n, changed_n;
    enum law law = judge_change(p, &p->ask, &changed_n);
    EXPECT(law == LAW_OK);
    enum err e = make_room(p, a, act->has_when ? turns_of(&act->when) : changed_n);
    if (e != ERR_OK) return e;
    /* What a change does not say stays as it was for the turn that it names. */
    size_t earlier = p->turn[act->turn].change;
    const struct promise_change *before = earlier > 0 ? &p->change[earlier - 1] : NULL;
    struct promise_change change = {
        .ask_seq = p->ask.seq,
        .accept_seq = event->seq,
        .what = act->changes_words ? act->what : before != NULL ? before->what : p->what,
        .is_reworded = act->changes_words || (before != NULL && before->is_reworded),
        .kind = act->has_when ? act->when.kind : before != NULL ? before->kind : p->kind,
        .rule = act->has_when ? act->when.rule : before != NULL ? before->rule : p->rule,
        .zone = act->has_when ? act->when.zone : before != NULL ? before->zone : p->zone,
    };
    change_turns(p, event);
    change.turn = (uint16_t)old_n;
    change.turn_n = (uint16_t)(p->turn_n - old_n);
    p->change[p->change_n++] = change;
    p->ask = (struct promise_ask){0};
    return ERR_OK;
}

enum err promise_apply(struct promise *p, struct arena *a, const struct promise_event *event,
                       const struct promise_act *act)
{
    enum err e = ERR_OK;
    switch (act->act) {
    case PROMISE_MADE: misuse("promise_apply: a promise is made by promise_make");
    case PROMISE_DONE: apply_word(&p->turn[act->turn], event, PROMISE_SAID_DONE); break;
    case PROMISE_OWNED_UP: apply_word(&p->turn[act->turn], event, PROMISE_SAID_OWNED_UP); break;
    case PROMISE_KEPT:
    case PROMISE_LATE:
    case PROMISE_NOT_KEPT: apply_verdict(&p->turn[act->turn], event, verdict_of(act->act)); break;
    case PROMISE_DIFFERED: p->turn[act->turn].differed_seq = event->seq; break;
    case PROMISE_RELEASED: close_left(p, event, act, PROMISE_WAS_RELEASED); break;
    case PROMISE_DECLINED: close_left(p, event, act, PROMISE_WAS_DECLINED); break;
    case PROMISE_ENDED: close_left(p, event, act, PROMISE_WAS_ENDED); break;
    case PROMISE_CHANGE_ASKED: e = apply_ask(p, a, event, act); break;
    case PROMISE_CHANGE_ACCEPTED: e = apply_accept(p, a, event); break;
    case PROMISE_CHANGE_REFUSED: p->ask = (struct promise_ask){0}; break;
    }
    if (e != ERR_OK) return e;
    bool is_over = act->act == PROMISE_DECLINED || act->act == PROMISE_ENDED;
    bool is_asking = act->act == PROMISE_CHANGE_ASKED || act->act == PROMISE_CHANGE_REFUSED;
    if (is_over) p->over_seq = event->seq;
    if (!is_asking) p->is_spoken_of = true;
    return ERR_OK;
}

/* ---- what it came to ------------------------------------------------------------------------------------ */

static enum promise_outcome closed_as(const struct promise_turn *t)
{
    switch ((enum promise_close)t->close) {
    case PROMISE_WAS_RELEASED: return PROMISE_OUTCOME_RELEASED;
    case PROMISE_WAS_DECLINED: return PROMISE_OUTCOME_DECLINED;
    case PROMISE_WAS_RENEGOTIATED: return PROMISE_RENEGOTIATED;
    case PROMISE_WAS_ENDED:
    case PROMISE_STANDS: break;
    }
    return PROMISE_OUTCOME_ENDED;
}

enum promise_outcome promise_outcome(const struct promise *p, size_t turn, uint64_t now_ms)
{
    EXPECT(turn < p->turn_n);
    const struct promise_turn *t = &p->turn[turn];
    bool has_owned_up = t->word == PROMISE_SAID_OWNED_UP, has_differed = t->differed_seq > 0;
    if (!stands(t)) return closed_as(t);
    switch ((enum promise_verdict)t->verdict) {
    case PROMISE_VERDICT_KEPT: return has_owned_up ? PROMISE_SEEN_DIFFERENTLY : PROMISE_OUTCOME_KEPT;
    case PROMISE_VERDICT_LATE: return has_differed ? PROMISE_SEEN_DIFFERENTLY : PROMISE_OUTCOME_LATE;
    case PROMISE_VERDICT_NOT_KEPT:
        if (has_owned_up) return PROMISE_OUTCOME_OWNED_UP;
        return has_differed || t->word == PROMISE_SAID_DONE ? PROMISE_SEEN_DIFFERENTLY : PROMISE_OUTCOME_NOT_KEPT;
    case PROMISE_VERDICT_NONE: break;
    }
    if (has_owned_up) return PROMISE_OUTCOME_OWNED_UP;
    if (has_ended_by_leaving(p)) return PROMISE_OUTCOME_ENDED;
    if (t->word == PROMISE_SAID_DONE) return PROMISE_WAITING;
    return is_before_due(t, now_ms) ? PROMISE_NOT_DUE : PROMISE_SILENT;
}

struct str promise_turn_what(const struct promise *p, size_t turn)
{
    EXPECT(turn < p->turn_n);
    size_t change = p->turn[turn].change;
    return change > 0 ? p->change[change - 1].what : p->what;
}

size_t promise_moved_to(const struct promise *p, size_t turn, size_t *first)
{
    EXPECT(turn < p->turn_n);
    size_t moved = p->turn[turn].moved;
    if (moved == 0) return 0;
    *first = p->change[moved - 1].turn;
    return p->change[moved - 1].turn_n;
}
