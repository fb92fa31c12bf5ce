/* cmd_list.c -- promise list, promise show. */
#include "cli/view.h"

/* ---- list --------------------------------------------------------------------------------------------- */

enum part { PART_MINE, PART_TO_ME, PART_OTHERS, PARTS };

static enum part part_of(const struct client_circle *circle, const struct promise *promise)
{
    if (who_is_me(circle, promise->promiser)) return PART_MINE;
    return who_is_me(circle, promise->receiver) ? PART_TO_ME : PART_OTHERS;
}

/* A promise that is over stays in the short list for a week. */
static bool is_listed(const struct cli *cli, const struct promise *promise)
{
    enum { WEEK_MS = 7 * 24 * 60 * 60 * 1000 };
    if (call_has(&cli->call, OPT_ALL) || view_is_open(promise, cli->now_ms)) return true;
    const struct promise_turn *last = &promise->turn[promise->turn_n - 1];
    uint64_t end_ms = last->due_ms > last->verdict_ms ? last->due_ms : last->verdict_ms;
    if (promise->made_ms > end_ms) end_ms = promise->made_ms;
    return end_ms + WEEK_MS > cli->now_ms;
}

/* The rule in a line of its own, where it repeats. */
static void say_row(struct cli *cli, const struct client_circle *circle, const struct promise *promise, enum part part)
{
    struct say *say = &cli->out;
    size_t turn = view_turn_now(promise, cli->now_ms);
    static struct promise_when when;
    bool is_open = view_is_open(promise, cli->now_ms);
    say_put(say, "%3u  ", view_number(promise));
    if (part != PART_MINE) {
        who_say(say, promise->promiser);
        say_put(say, ": ");
    }
    say_style(say, SAY_BOLD);
    view_put_gist(say, promise, turn);
    say_style(say, SAY_PLAIN);
    if (part != PART_TO_ME) {
        say_put(say, "  to ");
        who_say(say, promise->receiver);
    }
    say_lines(say, 0, 5);
    view_when(promise, &when);
    if (when.kind == PROMISE_WHEN_RULE) {
        uint8_t memory[WHEN_WORDS_BYTES];
        struct out o = OUT_OVER(memory);
        when_say_rule(&o, &when.rule);
        view_put_out(say, &o);
        if (!str_is(when.zone, str_of_text(cli->here.name))) {
            say_put(say, " in ");
            say_quote_line(say, when.zone);
        }
        if (is_open) say_put(say, promise->turn[turn].due_ms > cli->now_ms ? "; next " : "; ");
    }
    if (is_open || when.kind != PROMISE_WHEN_RULE) view_put_due(cli, promise, turn);
    say_put(say, " \u00b7 ");
    view_put_outcome(cli, circle, promise, turn);
    if (promise->ask.seq > 0) say_put(say, " \u00b7 a change is asked for");
    if (promise->is_costly) say_put(say, " \u00b7 costs something");
    say_lines(say, 5, 5);
}

static unsigned say_part(struct cli *cli, const struct client_circle *circle, enum part part, bool is_first)
{
    static const char *const titles[PARTS] = {"You promised", "Promised to you", "Between others"};
    unsigned n = 0;
    for (size_t i = 0; i < state_promise_n(circle->state); i++) {
        const struct promise *promise = state_promise(circle->state, i);
        if (part_of(circle, promise) != part || !is_listed(cli, promise)) continue;
        if (n == 0 && !is_first) say_gap(&cli->out);
        if (n++ == 0) {
            say_style(&cli->out, SAY_BOLD);
            say_put(&cli->out, "%s", titles[part]);
            say_style(&cli->out, SAY_PLAIN);
            say_lines(&cli->out, 0, 0);
        }
        say_row(cli, circle, promise, part);
    }
    return n;
}

static void list_json(struct cli *cli, const struct client_circle *circle)
{
    json_open(&cli->json);
    json_put(&cli->json, "circle", cli_circle_name(circle->state));
    json_name(&cli->json, "promises");
    json_open_list(&cli->json);
    for (size_t i = 0; i < state_promise_n(circle->state); i++) {
        const struct promise *promise = state_promise(circle->state, i);
        if (is_listed(cli, promise)) view_json(cli, circle, promise);
    }
    json_close(&cli->json);
    json_close(&cli->json);
}

enum err cmd_PROMISE_LIST(struct cli *cli)
{
    struct client_circle *circle;
    enum err e = cli_circle(cli, NULL, &circle);
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        list_json(cli, circle);
        return ERR_OK;
    }
    unsigned n = 0;
    for (enum part part = PART_MINE; part < PARTS; part++) n += say_part(cli, circle, part, n == 0);
    if (n == 0 && state_promise_n(circle->state) > 0)
        say_line(&cli->out, "Nothing is open. All there was: troth promise list --all");
    else if (n == 0)
        say_line(&cli->out, "No promises yet. Make one: troth promise make \"...\" --by friday");
    return ERR_OK;
}

/* ---- show --------------------------------------------------------------------------------------------- */

static const char *act_words(unsigned act)
{
    switch ((enum promise_act_kind)act) {
    case PROMISE_MADE: return "made it";
    case PROMISE_DONE: return "said: done";
    case PROMISE_KEPT: return "said: kept";
    case PROMISE_LATE: return "said: kept, but late";
    case PROMISE_NOT_KEPT: return "said: not kept";
    case PROMISE_OWNED_UP: return "said: I didn't";
    case PROMISE_RELEASED: return "released it";
    case PROMISE_DECLINED: return "declined it";
    case PROMISE_CHANGE_ASKED: return "asked to change it";
    case PROMISE_CHANGE_ACCEPTED: return "accepted the change";
    case PROMISE_CHANGE_REFUSED: return "refused the change";
    case PROMISE_ENDED: return "ended it";
    case PROMISE_DIFFERED: return "said: not as I see it";
    }
    return "said something";
}

/* Whether an act is about one time of a promise rather than about all of it, or about an ask. */
static bool is_of_one_time(unsigned act)
{
    return act != PROMISE_MADE && act != PROMISE_DECLINED && act != PROMISE_ENDED && act != PROMISE_CHANGE_ACCEPTED &&
           act != PROMISE_CHANGE_REFUSED;
}

static void say_history(struct cli *cli, const struct client_circle *circle, const struct promise *promise)
{
    struct say *say = &cli->out;
    for (uint64_t seq = promise->made_seq; seq < state_row_n(circle->state); seq++) {
        const struct state_row *row = state_row(circle->state, seq);
        if (row->promise != promise->index || row->author == STATE_NONE) continue;
        uint8_t memory[WHEN_WORDS_BYTES];
        struct out o = OUT_OVER(memory);
        when_say_moment(&o, row->time_ms, &cli->here, cli->now_ms);
        view_put_out(say, &o);
        say_put(say, "  ");
        who_say(say, state_member(circle->state, row->author));
        say_put(say, " %s", act_words(row->act));
        if (promise->turn_n > 1 && is_of_one_time(row->act) && row->turn < promise->turn_n) {
            say_put(say, " (");
            view_put_turn(cli, promise, row->turn);
            say_put(say, ")");
        }
        if (row->words.len > 0) {
            say_put(say, ": \"");
            say_quote(say, row->words);
            say_put(say, "\"");
        }
        if (row->law != LAW_OK) say_put(say, "  \u00d7 not valid: %s", law_sentence((enum law)row->law));
        say_lines(say, 2, 6);
    }
}

/* What is asked for, when a change waits for an answer. */
static void say_ask(struct cli *cli, const struct client_circle *circle, const struct promise *promise)
{
    if (promise->ask.seq == 0) return;
    say_gap(&cli->out);
    who_say(&cli->out, promise->promiser);
    say_put(&cli->out, " asks to change this");
    view_put_asked(cli, promise);
    say_put(&cli->out, ":");
    say_lines(&cli->out, 0, 0);
    view_say_ask(cli, promise);
    if (!who_is_me(circle, promise->receiver)) return;
    say_line(&cli->out, "Your answer: troth promise accept %u   or: troth promise refuse %u", view_number(promise),
             view_number(promise));
}

static void say_turns(struct cli *cli, const struct client_circle *circle, const struct promise *promise)
{
    enum { SHOWN = 14 };
    bool is_all = call_has(&cli->call, OPT_ALL);
    size_t now = view_turn_now(promise, cli->now_ms), before = 0, place = 0;
    if (promise->turn_n == 1) return;
    for (size_t i = view_turn_after(promise, VIEW_NO_TURN); i != now; i = view_turn_after(promise, i)) before++;
    size_t first = is_all || before < SHOWN / 2 ? 0 : before - SHOWN / 2;
    size_t end = is_all || promise->turn_n - first < SHOWN ? promise->turn_n : first + SHOWN;
    say_gap(&cli->out);
    say_line(&cli->out, "Its times");
    for (size_t i = view_turn_after(promise, VIEW_NO_TURN); place < end; i = view_turn_after(promise, i)) {
        if (place++ < first) continue;
        view_put_turn(cli, promise, i);
        say_pad(&cli->out, 20);
        view_put_outcome(cli, circle, promise, i);
        say_lines(&cli->out, 2, 22);
    }
    if (first > 0 || promise->turn_n > end) {
        say_put(&cli->out, "\u2026 %zu in all: troth promise show %u --all", promise->turn_n, view_number(promise));
        say_lines(&cli->out, 2, 2);
    }
}

enum err cmd_PROMISE_SHOW(struct cli *cli)
{
    struct client_circle *circle;
    const struct promise *promise;
    static struct promise_when when;
    uint8_t memory[2 * WHEN_WORDS_BYTES];
    struct out o = OUT_OVER(memory);
    struct say *say = &cli->out;
    enum err e = cli_circle(cli, NULL, &circle);
    if (e == ERR_OK) e = view_find(cli, circle, cli->call.operand[0], &promise);
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        view_json(cli, circle, promise);
        return ERR_OK;
    }
    size_t turn = view_turn_now(promise, cli->now_ms);
    say_put(say, "%u  ", view_number(promise));
    who_say(say, promise->promiser);
    say_put(say, " promised ");
    who_say(say, promise->receiver);
    say_put(say, ":");
    say_lines(say, 0, 3);
    say_style(say, SAY_BOLD);
    view_put_what(say, promise, turn);
    say_style(say, SAY_PLAIN);
    say_lines(say, 2, 2);
    view_when(promise, &when);
    when_say(&o, &when, &cli->here, cli->now_ms);
    view_say_field(say, "When:", str_at(o.at, o.len));
    view_say_field(say, "Done means:", promise->looks_like);
    view_say_field(say, "Cue:", promise->cue);
    if (promise->is_costly) view_say_field(say, "It costs", STR("something to keep it."));
    say_put(say, "Now: ");
    view_put_outcome(cli, circle, promise, turn);
    say_lines(say, 2, 4);
    say_turns(cli, circle, promise);
    say_ask(cli, circle, promise);
    say_gap(say);
    say_history(cli, circle, promise);
    return ERR_OK;
}
