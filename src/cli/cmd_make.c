/* cmd_make.c -- promise make, promise change: what is new in words, said back before it is signed. */
#include "cli/view.h"
#include "client/clock.h"

static struct when fresh_when;
static uint8_t text_memory[PROMISE_TEXT_BYTES];

static struct str option_text(const struct cli *cli, enum option option)
{
    return call_has(&cli->call, option) ? str_of_text(cli->call.value[option]) : (struct str){0};
}

/* --by, or open. */
static enum err read_when(struct cli *cli, const char *text)
{
    char trouble[WHEN_TROUBLE_BYTES];
    enum err e = when_read(&fresh_when, str_of_text(text), &cli->here, cli->now_ms, trouble);
    return e == ERR_OK ? ERR_OK : cli_refuse(cli, e, "%s", trouble);
}

static enum err refuse_law(struct cli *cli, enum law law)
{
    const struct client_outcome outcome = {.fate = CLIENT_REFUSED, .law = law};
    return cli_outcome(cli, &outcome);
}

static void say_when(struct cli *cli)
{
    uint8_t memory[2 * WHEN_WORDS_BYTES], notes_memory[WHEN_WORDS_BYTES];
    struct out o = OUT_OVER(memory), notes = OUT_OVER(notes_memory);
    when_say(&o, &fresh_when.when, &cli->here, cli->now_ms);
    when_say_notes(&notes, &fresh_when);
    say_put(&cli->out, "When: ");
    view_put_out(&cli->out, &o);
    say_put(&cli->out, ".");
    say_lines(&cli->out, 2, 4);
    if (notes.len > 0) {
        view_put_out(&cli->out, &notes);
        say_lines(&cli->out, 2, 2);
    }
}

/* ---- make ------------------------------------------------------------------------------------------- */

static void say_promise(struct cli *cli, const struct promise_act *act, const struct member *to)
{
    struct say *say = &cli->out;
    say_put(say, "You promise ");
    who_say(say, to);
    say_put(say, ":");
    say_lines(say, 0, 0);
    say_style(say, SAY_BOLD);
    say_quote(say, act->what);
    say_style(say, SAY_PLAIN);
    say_lines(say, 2, 2);
    say_when(cli);
    view_say_field(say, "Done means:", act->looks_like);
    view_say_field(say, "Cue:", act->cue);
    if (act->is_costly) {
        say_put(say, "This one costs you something, and that is told.");
        say_lines(say, 2, 2);
    }
    say_line(say,
             "It is signed with your key and stays in the record. You can ask for a change any time before it is due.");
}

static enum err sign(struct cli *cli, struct client_circle *circle, const struct promise_act *act)
{
    struct client_outcome outcome = {0};
    struct out text = OUT_OVER(text_memory);
    promise_act_put(&text, act);
    enum err e = client_act(circle, out_str(&text), &outcome, &cli->why);
    if (e != ERR_OK) return e;
    if (cli->is_json && cli_is_kept(&outcome)) json_open(&cli->json);
    e = cli_outcome(cli, &outcome);
    const struct promise *promise = act->act == PROMISE_MADE ? state_find_promise(circle->state, outcome.id) : NULL;
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        if (promise != NULL) json_put_number(&cli->json, "promise", view_number(promise));
        json_close(&cli->json);
    } else if (promise != NULL) {
        say_line(&cli->out, "It is promise %u: troth promise show %u", view_number(promise), view_number(promise));
    }
    return ERR_OK;
}

enum err cmd_PROMISE_MAKE(struct cli *cli)
{
    struct client_circle *circle;
    const struct member *to;
    enum err e = read_when(cli, call_has(&cli->call, OPT_BY) ? cli->call.value[OPT_BY] : "open");
    if (e == ERR_OK) e = cli_circle_now(cli, NULL, &circle);
    if (e == ERR_OK) e = who_other(cli, circle, &to);
    if (e != ERR_OK) return e;
    struct promise_act act = {
        .act = PROMISE_MADE,
        .to = to->sign_pk,
        .what = str_of_text(cli->call.operand[0]),
        .looks_like = option_text(cli, OPT_DONE_MEANS),
        .cue = option_text(cli, OPT_CUE),
        .is_costly = call_has(&cli->call, OPT_COSTS_ME),
        .has_when = true,
        .written_ms = cli->now_ms,
        .when = fresh_when.when,
    };
    enum law law = promise_act_check(&act);
    if (law != LAW_OK) return refuse_law(cli, law);
    if (!cli->is_json) say_promise(cli, &act, to);
    e = cli_sure(cli, "Sign it?");
    return e == ERR_OK ? sign(cli, circle, &act) : e;
}

/* ---- change ------------------------------------------------------------------------------------------- */

/* The turn whose time or words are to change: the next that is not due, or that of --on. */
static enum err changing_turn(struct cli *cli, const struct promise *promise, unsigned *turn)
{
    char trouble[WHEN_TROUBLE_BYTES];
    int64_t day = 0;
    bool has_day = call_has(&cli->call, OPT_ON);
    enum err e = ERR_OK;
    if (has_day) e = when_read_day(&day, str_of_text(cli->call.value[OPT_ON]), &cli->here, cli->now_ms, trouble);
    if (e != ERR_OK) return cli_refuse(cli, e, "%s", trouble);
    *turn = (unsigned)view_turn_now(promise, cli->now_ms);
    for (size_t i = 0; i < promise->turn_n; i++) {
        bool is_meant =
            has_day ? promise->turn[i].date == (uint64_t)day && promise->turn[i].close != PROMISE_WAS_RENEGOTIATED
                    : promise_outcome(promise, i, cli->now_ms) == PROMISE_NOT_DUE;
        if (!is_meant) continue;
        *turn = (unsigned)i;
        return ERR_OK;
    }
    return has_day ? cli_refuse(cli, ERR_NOT_FOUND, "This promise has no such day.") : ERR_OK;
}

static void say_change(struct cli *cli, const struct promise *promise, const struct promise_act *act)
{
    struct say *say = &cli->out;
    say_put(say, "You ask ");
    who_say(say, promise->receiver);
    say_put(say, act->is_all_left ? " to change promise %u, every time that is left:" : " to change promise %u:",
            view_number(promise));
    say_lines(say, 0, 0);
    view_put_what(say, promise, act->turn);
    say_put(say, " (");
    view_put_turn(cli, promise, act->turn);
    say_put(say, ")");
    say_lines(say, 2, 2);
    say_line(say, "into:");
    view_say_field(say, "What:", act->what);
    if (act->has_when) say_when(cli);
    view_say_field(say, "You say:", act->words);
    say_line(say, "Until the change is accepted, the promise stands as it is.");
}

enum err cmd_PROMISE_CHANGE(struct cli *cli)
{
    struct client_circle *circle;
    const struct promise *promise;
    unsigned turn = 0;
    enum err e = call_has(&cli->call, OPT_BY) ? read_when(cli, cli->call.value[OPT_BY]) : ERR_OK;
    if (e == ERR_OK) e = cli_circle_now(cli, NULL, &circle);
    if (e == ERR_OK) e = view_find(cli, circle, cli->call.operand[0], &promise);
    if (e == ERR_OK) e = changing_turn(cli, promise, &turn);
    if (e != ERR_OK) return e;
    bool has_when = call_has(&cli->call, OPT_BY), is_rule = has_when && fresh_when.when.kind == PROMISE_WHEN_RULE;
    struct promise_act act = {
        .act = PROMISE_CHANGE_ASKED,
        .promise = promise->id,
        .turn = turn,
        .is_all_left = call_has(&cli->call, OPT_ALL) || (is_rule && promise->kind == PROMISE_WHEN_RULE),
        .words = option_text(cli, OPT_WORDS),
        .what = option_text(cli, OPT_TEXT),
        .has_when = has_when,
        .written_ms = cli->now_ms,
    };
    if (has_when) act.when = fresh_when.when;
    struct out text = OUT_OVER(text_memory);
    enum law law = promise_act_check(&act);
    if (law == LAW_OK) promise_act_put(&text, &act);
    if (law == LAW_OK) law = state_judge(circle->state, circle->account->sign_pk, out_str(&text), clock_wall_ms());
    if (law != LAW_OK) return refuse_law(cli, law);
    if (!cli->is_json) say_change(cli, promise, &act);
    e = cli_sure(cli, "Sign it?");
    return e == ERR_OK ? sign(cli, circle, &act) : e;
}
