/* view.c -- see view.h. */
#include "cli/view.h"

#include <stdlib.h>

/* ---- which one --------------------------------------------------------------------------------------- */

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static bool holds(struct str text, struct str words)
{
    for (size_t at = 0; words.len > 0 && at + words.len <= text.len; at++) {
        size_t n = 0;
        while (n < words.len && lower(text.at[at + n]) == lower(words.at[n])) n++;
        if (n == words.len) return true;
    }
    return false;
}

static const struct promise *find_by_words(const struct cli *cli, const struct state *state, struct str words,
                                           bool is_open, size_t *n)
{
    const struct promise *found = NULL;
    *n = 0;
    for (size_t i = 0; i < state_promise_n(state); i++) {
        const struct promise *promise = state_promise(state, i);
        if (is_open && !view_is_open(promise, cli->now_ms)) continue;
        if (!holds(promise_turn_what(promise, view_turn_now(promise, cli->now_ms)), words)) continue;
        found = promise;
        (*n)++;
    }
    return found;
}

enum err view_find(struct cli *cli, const struct client_circle *circle, const char *named,
                   const struct promise **promise)
{
    char *end;
    size_t n;
    unsigned long number = named[0] >= '0' && named[0] <= '9' ? strtoul(named, &end, 10) : 0;
    cli_next(cli, "See: troth promise list --all");
    if (number > 0 && *end == 0) {
        if (number > state_promise_n(circle->state))
            return cli_refuse(cli, ERR_NOT_FOUND, "There is no promise %lu here.", number);
        *promise = state_promise(circle->state, number - 1);
        cli->next[0] = 0;
        return ERR_OK;
    }
    const struct promise *found = find_by_words(cli, circle->state, str_of_text(named), true, &n);
    if (n == 0) found = find_by_words(cli, circle->state, str_of_text(named), false, &n);
    if (n == 0) return cli_refuse(cli, ERR_NOT_FOUND, "No promise here says \"%s\".", cli_clean(str_of_text(named)));
    if (n > 1)
        return cli_refuse(cli, ERR_NOT_FOUND, "\"%s\" is in %zu promises. Use its number.",
                          cli_clean(str_of_text(named)), n);
    *promise = found;
    cli->next[0] = 0;
    return ERR_OK;
}

/* ---- when ---------------------------------------------------------------------------------------------- */

static bool is_before(const struct promise *promise, size_t a, size_t b)
{
    uint64_t a_ms = promise->turn[a].due_ms, b_ms = promise->turn[b].due_ms;
    return a_ms < b_ms || (a_ms == b_ms && a < b);
}

size_t view_turn_after(const struct promise *promise, size_t turn)
{
    size_t next = VIEW_NO_TURN;
    for (size_t i = 0; i < promise->turn_n; i++) {
        if (turn != VIEW_NO_TURN && !is_before(promise, turn, i)) continue;
        if (next == VIEW_NO_TURN || is_before(promise, i, next)) next = i;
    }
    return next;
}

/* What the turns that stand go by: the promise's own rule, or that of the last change. */
static void rule_of(const struct promise *promise, const struct promise_turn *turn, struct promise_when *when)
{
    const struct promise_change *change = turn->change > 0 ? &promise->change[turn->change - 1] : NULL;
    when->kind = change != NULL ? change->kind : promise->kind;
    when->rule = change != NULL ? change->rule : promise->rule;
    when->zone = change != NULL && change->zone.len > 0 ? change->zone : promise->zone;
}

/* Which turn tells how the whole promise goes: the last that stands and repeats. One time that was moved elsewhere
 * makes no other promise of it. */
static const struct promise_turn *leading_turn(const struct promise *promise)
{
    struct promise_when when;
    for (size_t i = promise->turn_n; i-- > 0;) {
        rule_of(promise, &promise->turn[i], &when);
        if (when.kind == PROMISE_WHEN_RULE && promise->turn[i].close != PROMISE_WAS_RENEGOTIATED)
            return &promise->turn[i];
    }
    return &promise->turn[promise->turn_n - 1];
}

void view_when(const struct promise *promise, struct promise_when *when)
{
    when->due_n = 0;
    rule_of(promise, leading_turn(promise), when);
    for (size_t i = view_turn_after(promise, VIEW_NO_TURN); i != VIEW_NO_TURN && when->due_n < PROMISE_DUES;
         i = view_turn_after(promise, i)) {
        const struct promise_turn *turn = &promise->turn[i];
        if (turn->close == PROMISE_WAS_RENEGOTIATED || turn->due_ms == 0) continue;
        when->date[when->due_n] = turn->date;
        when->due_ms[when->due_n++] = turn->due_ms;
    }
    if (when->due_n == 0 && when->kind == PROMISE_WHEN_RULE) when->kind = PROMISE_WHEN_OPEN;
}

static void turn_when(const struct promise *promise, size_t turn, struct promise_when *when)
{
    rule_of(promise, &promise->turn[turn], when);
    when->due_n = promise->turn[turn].due_ms == 0 ? 0 : 1;
    when->date[0] = promise->turn[turn].date;
    when->due_ms[0] = promise->turn[turn].due_ms;
}

void view_put_out(struct say *say, const struct out *o)
{
    EXPECT(!o->is_full);
    say_quote(say, str_at(o->at, o->len));
}

void view_put_turn(struct cli *cli, const struct promise *promise, size_t turn)
{
    static struct promise_when when;
    uint8_t memory[WHEN_WORDS_BYTES];
    struct out o = OUT_OVER(memory);
    turn_when(promise, turn, &when);
    if (when.due_n == 0) {
        say_put(&cli->out, "some day");
        return;
    }
    when_say_turn(&o, &when, 0, &cli->here, cli->now_ms);
    view_put_out(&cli->out, &o);
}

void view_put_due(struct cli *cli, const struct promise *promise, size_t turn)
{
    static struct promise_when when;
    turn_when(promise, turn, &when);
    if (when.due_n > 0 && when_is_day(&when)) say_put(&cli->out, "by ");
    view_put_turn(cli, promise, turn);
}

/* ---- which turn ---------------------------------------------------------------------------------------- */

static bool is_settled(enum promise_outcome outcome)
{
    return outcome != PROMISE_NOT_DUE && outcome != PROMISE_WAITING && outcome != PROMISE_SILENT;
}

size_t view_turn_now(const struct promise *promise, uint64_t now_ms)
{
    size_t best = promise->turn_n - 1;
    uint64_t best_apart = UINT64_MAX;
    for (size_t i = 0; i < promise->turn_n; i++) {
        const struct promise_turn *turn = &promise->turn[i];
        if (is_settled(promise_outcome(promise, i, now_ms))) continue;
        uint64_t apart = turn->due_ms > now_ms ? turn->due_ms - now_ms : turn->due_ms == 0 ? 0 : now_ms - turn->due_ms;
        if (apart >= best_apart) continue;
        best_apart = apart;
        best = i;
    }
    return best;
}

bool view_is_open(const struct promise *promise, uint64_t now_ms)
{
    for (size_t i = 0; i < promise->turn_n; i++) {
        if (!is_settled(promise_outcome(promise, i, now_ms))) return true;
    }
    return false;
}

/* ---- how it stands ------------------------------------------------------------------------------------- */

const char *view_outcome_word(enum promise_outcome outcome)
{
    switch (outcome) {
    case PROMISE_NOT_DUE: return "not_due";
    case PROMISE_WAITING: return "waiting";
    case PROMISE_SILENT: return "silent";
    case PROMISE_OUTCOME_KEPT: return "kept";
    case PROMISE_OUTCOME_LATE: return "late";
    case PROMISE_OUTCOME_NOT_KEPT: return "not_kept";
    case PROMISE_OUTCOME_OWNED_UP: return "owned_up";
    case PROMISE_OUTCOME_RELEASED: return "released";
    case PROMISE_OUTCOME_DECLINED: return "declined";
    case PROMISE_OUTCOME_ENDED: return "ended";
    case PROMISE_SEEN_DIFFERENTLY: return "seen_differently";
    case PROMISE_RENEGOTIATED: return "renegotiated";
    }
    misuse("cli: an outcome that promise.h does not have");
}

static void put_name(struct say *say, const struct client_circle *circle, const struct member *member)
{
    if (who_is_me(circle, member))
        say_put(say, "you");
    else
        who_say(say, member);
}

/* "you say", "Ben says". */
static void put_says(struct say *say, const struct client_circle *circle, const struct member *member)
{
    put_name(say, circle, member);
    say_put(say, who_is_me(circle, member) ? " say" : " says");
}

void view_put_outcome(struct cli *cli, const struct client_circle *circle, const struct promise *promise, size_t turn)
{
    struct say *say = &cli->out;
    const struct member *promiser = promise->promiser, *receiver = promise->receiver;
    switch (promise_outcome(promise, turn, cli->now_ms)) {
    case PROMISE_NOT_DUE: say_put(say, promise->turn[turn].due_ms == 0 ? "open" : "not due yet"); return;
    case PROMISE_SILENT: say_put(say, "was due; nobody said anything yet"); return;
    case PROMISE_WAITING:
        put_says(say, circle, promiser);
        say_put(say, " it is done; ");
        if (who_is_me(circle, receiver))
            say_put(say, "your word is awaited");
        else {
            who_say(say, receiver);
            say_put(say, "'s word is awaited");
        }
        return;
    case PROMISE_OUTCOME_KEPT: say_put(say, "kept"); break;
    case PROMISE_OUTCOME_LATE: say_put(say, "kept, late"); break;
    case PROMISE_OUTCOME_NOT_KEPT: say_put(say, "not kept"); break;
    case PROMISE_OUTCOME_RELEASED: say_put(say, "released"); break;
    case PROMISE_OUTCOME_DECLINED: say_put(say, "declined"); break;
    case PROMISE_OUTCOME_ENDED: say_put(say, "ended"); return;
    case PROMISE_RENEGOTIATED: say_put(say, "changed, and both agreed"); return;
    case PROMISE_SEEN_DIFFERENTLY: say_put(say, "seen differently; it counts for neither"); return;
    case PROMISE_OUTCOME_OWNED_UP:
        put_says(say, circle, promiser);
        say_put(say, " \"I didn't\"");
        return;
    }
    say_put(say, ", ");
    put_says(say, circle, receiver);
}

void view_put_what(struct say *say, const struct promise *promise, size_t turn)
{
    struct str what = promise_turn_what(promise, turn);
    if (what.len == 0)
        say_put(say, "(its words were erased)");
    else
        say_quote(say, what);
}

void view_put_gist(struct say *say, const struct promise *promise, size_t turn)
{
    enum { COLUMNS = 160, BYTES = 4 * COLUMNS };
    struct str what = promise_turn_what(promise, turn);
    size_t n = what.len < BYTES ? what.len : BYTES;
    while (n > 0 && (say_width(str_at(what.at, n)) > COLUMNS || !str_is_utf8(str_at(what.at, n)))) n--;
    if (what.len == 0) say_put(say, "(its words were erased)");
    say_quote_line(say, str_at(what.at, n));
    if (n < what.len) say_put(say, "\u2026");
}

size_t view_turn_asked(const struct promise *promise, uint64_t now_ms)
{
    bool is_one = promise->ask.seq > 0 && !promise->ask.act->is_all_left && promise->ask.act->turn < promise->turn_n;
    return is_one ? (size_t)promise->ask.act->turn : view_turn_now(promise, now_ms);
}

void view_put_asked(struct cli *cli, const struct promise *promise)
{
    const struct promise_act *ask = promise->ask.act;
    if (promise->ask.seq == 0 || promise->turn_n == 1) return;
    say_put(&cli->out, " (");
    if (ask->is_all_left || ask->turn >= promise->turn_n)
        say_put(&cli->out, "every time that is left");
    else
        view_put_turn(cli, promise, ask->turn);
    say_put(&cli->out, ")");
}

void view_say_field(struct say *say, const char *what, struct str text)
{
    if (text.len == 0) return;
    say_put(say, "%s ", what);
    say_quote(say, text);
    say_lines(say, 2, 4);
}

void view_say_ask(struct cli *cli, const struct promise *promise)
{
    const struct promise_act *ask = promise->ask.act;
    uint8_t memory[2 * WHEN_WORDS_BYTES];
    struct out o = OUT_OVER(memory);
    if (promise->ask.seq == 0) return;
    view_say_field(&cli->out, "New wording:", ask->what);
    if (!ask->has_when) return;
    when_say(&o, &ask->when, &cli->here, cli->now_ms);
    view_say_field(&cli->out, "New time:", str_at(o.at, o.len));
}

/* ---- for programs ---------------------------------------------------------------------------------------- */

static void turn_json(struct cli *cli, const struct promise *promise, size_t turn)
{
    const struct promise_turn *t = &promise->turn[turn];
    json_open(&cli->json);
    json_put_c(&cli->json, "outcome", view_outcome_word(promise_outcome(promise, turn, cli->now_ms)));
    if (t->due_ms != 0) json_put_number(&cli->json, "due_ms", t->due_ms);
    if (t->due_ms != 0) json_put_number(&cli->json, "date", t->date);
    json_close(&cli->json);
}

void view_json(struct cli *cli, const struct client_circle *circle, const struct promise *promise)
{
    static struct promise_when when;
    uint8_t memory[WHEN_WORDS_BYTES];
    struct out o = OUT_OVER(memory);
    struct json *json = &cli->json;
    size_t now = view_turn_now(promise, cli->now_ms);
    view_when(promise, &when);
    when_say_short(&o, &when, &cli->here, cli->now_ms);
    json_open(json);
    json_put_number(json, "number", view_number(promise));
    json_put_hex(json, "id", STR_OF(promise->id));
    json_name(json, "promiser");
    who_json(json, circle, promise->promiser);
    json_name(json, "receiver");
    who_json(json, circle, promise->receiver);
    json_put(json, "what", promise_turn_what(promise, now));
    if (promise->looks_like.len > 0) json_put(json, "done_means", promise->looks_like);
    if (promise->cue.len > 0) json_put(json, "cue", promise->cue);
    json_put_bool(json, "costs", promise->is_costly);
    json_put(json, "when", out_str(&o));
    json_put_c(json, "outcome", view_outcome_word(promise_outcome(promise, now, cli->now_ms)));
    json_put_bool(json, "is_open", view_is_open(promise, cli->now_ms));
    json_put_bool(json, "change_asked", promise->ask.seq > 0);
    json_name(json, "turns");
    json_open_list(json);
    for (size_t i = 0; i < promise->turn_n; i++) turn_json(cli, promise, i);
    json_close(json);
    json_close(json);
}

void view_put_moment(struct cli *cli, uint64_t at_ms)
{
    uint8_t memory[WHEN_WORDS_BYTES];
    struct out o = OUT_OVER(memory);
    when_say_moment(&o, at_ms, &cli->here, cli->now_ms);
    view_put_out(&cli->out, &o);
}
