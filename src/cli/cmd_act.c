/* cmd_act.c -- the words that are said about a promise: done, kept, late, broken, own-up, differ, release, decline,
 * accept, refuse, end. */
#include "cli/view.h"
#include "client/clock.h"

/* says: what is signed, in the second person. warns: what can't be undone; then it is asked about. */
struct act_words {
    enum promise_act_kind act;
    bool has_turn, has_ask;
    const char *says, *warns;
};

static uint8_t text_memory[PROMISE_TEXT_BYTES];

/* ---- which turn --------------------------------------------------------------------------------------- */

static void build(struct promise_act *act, struct out *text)
{
    *text = OUT_OVER(text_memory);
    promise_act_put(text, act);
}

static enum law judge(const struct client_circle *circle, struct promise_act *act)
{
    struct out text;
    enum law law = promise_act_check(act);
    if (law != LAW_OK) return law;
    build(act, &text);
    return state_judge(circle->state, circle->account->sign_pk, out_str(&text), clock_wall_ms());
}

/* How well a turn fits an act at first sight: what waits for just this word comes first. */
static unsigned rank(const struct promise *promise, size_t turn, enum promise_act_kind act, uint64_t now_ms)
{
    enum promise_outcome outcome = promise_outcome(promise, turn, now_ms);
    bool is_verdict = act == PROMISE_KEPT || act == PROMISE_LATE || act == PROMISE_NOT_KEPT;
    if (is_verdict && outcome == PROMISE_WAITING) return 0;
    if (outcome == PROMISE_SILENT || outcome == PROMISE_NOT_DUE || outcome == PROMISE_WAITING) return 1;
    return outcome == PROMISE_RENEGOTIATED ? 3 : 2;
}

/* The turn that is meant: --on, or of those that the laws allow the best, the nearest in time. If they allow none,
 * the one that matters now, and why not. */
static enum err choose_turn(struct cli *cli, const struct client_circle *circle, const struct promise *promise,
                            struct promise_act *act)
{
    char trouble[WHEN_TROUBLE_BYTES];
    int64_t day = 0;
    bool has_day = call_has(&cli->call, OPT_ON);
    uint64_t best_apart = UINT64_MAX;
    unsigned best_rank = UINT32_MAX, best = (unsigned)view_turn_now(promise, cli->now_ms);
    bool has_date = false;
    if (has_day &&
        when_read_day(&day, str_of_text(cli->call.value[OPT_ON]), &cli->here, cli->now_ms, trouble) != ERR_OK)
        return cli_refuse(cli, ERR_BAD_FIELD, "%s", trouble);
    for (size_t i = 0; i < promise->turn_n; i++) {
        const struct promise_turn *turn = &promise->turn[i];
        if (has_day && (turn->date != (uint64_t)day || turn->close == PROMISE_WAS_RENEGOTIATED)) continue;
        if (has_day && !has_date) best = (unsigned)i;
        has_date = has_date || has_day;
        act->turn = (unsigned)i;
        if (judge(circle, act) != LAW_OK) continue;
        unsigned is_rank = rank(promise, i, act->act, cli->now_ms);
        uint64_t apart = turn->due_ms > cli->now_ms ? turn->due_ms - cli->now_ms : cli->now_ms - turn->due_ms;
        if (is_rank > best_rank || (is_rank == best_rank && apart >= best_apart)) continue;
        best_rank = is_rank;
        best_apart = apart;
        best = (unsigned)i;
    }
    act->turn = best;
    return has_day && !has_date ? cli_refuse(cli, ERR_NOT_FOUND, "This promise has no such day.") : ERR_OK;
}

/* ---- saying it ------------------------------------------------------------------------------------------ */

static void say_back(struct cli *cli, const struct promise *promise, const struct promise_act *act,
                     const struct act_words *words)
{
    struct say *say = &cli->out;
    say_put(say, "You say: %s", words->says);
    say_lines(say, 0, 2);
    say_put(say, "%u  ", view_number(promise));
    view_put_what(say, promise, act->turn);
    if (words->has_ask) view_put_asked(cli, promise);
    if (words->has_turn && promise->turn[act->turn].due_ms > 0) {
        say_put(say, " (");
        view_put_turn(cli, promise, act->turn);
        say_put(say, ")");
    }
    say_lines(say, 2, 5);
    if (words->has_ask) view_say_ask(cli, promise);
    if (act->words.len > 0) {
        say_put(say, "\"");
        say_quote(say, act->words);
        say_put(say, "\"");
        say_lines(say, 5, 5);
    }
    if (words->warns != NULL) say_line(say, "%s", words->warns);
}

static enum err send(struct cli *cli, struct client_circle *circle, struct promise_act *act, unsigned number)
{
    struct client_outcome outcome = {0};
    struct out text;
    build(act, &text);
    enum err e = client_act(circle, out_str(&text), &outcome, &cli->why);
    if (e != ERR_OK) return e;
    if (cli->is_json && cli_is_kept(&outcome)) json_open(&cli->json);
    e = cli_outcome(cli, &outcome);
    if (e == ERR_OK && cli->is_json) {
        json_put_number(&cli->json, "promise", number);
        json_close(&cli->json);
    }
    return e;
}

static enum err act_on(struct cli *cli, const struct act_words *words)
{
    struct client_circle *circle;
    const struct promise *promise;
    uint8_t promise_id[ID_BYTES], ask_id[ID_BYTES];
    enum err e = cli_circle_now(cli, NULL, &circle);
    if (e == ERR_OK) e = view_find(cli, circle, cli->call.operand[0], &promise);
    if (e != ERR_OK) return e;
    memcpy(promise_id, promise->id, sizeof promise_id);
    memcpy(ask_id, promise->ask.id, sizeof ask_id);
    unsigned number = view_number(promise);
    struct promise_act act = {.act = words->act, .promise = promise_id, .written_ms = cli->now_ms};
    if (words->has_ask) act.ask = ask_id;
    if (call_has(&cli->call, OPT_WORDS)) act.words = str_of_text(cli->call.value[OPT_WORDS]);
    act.is_all_left = words->act == PROMISE_RELEASED && call_has(&cli->call, OPT_ALL);
    if (words->has_turn) e = choose_turn(cli, circle, promise, &act);
    if (e != ERR_OK) return e;
    enum law law = judge(circle, &act);
    if (law != LAW_OK) return cli_outcome(cli, &(struct client_outcome){.fate = CLIENT_REFUSED, .law = law});
    if (!cli->is_json) say_back(cli, promise, &act, words);
    if (words->warns != NULL) e = cli_sure(cli, "Sign it?");
    return e == ERR_OK ? send(cli, circle, &act, number) : e;
}

/* ---- the commands ----------------------------------------------------------------------------------------- */

enum err cmd_PROMISE_DONE(struct cli *cli)
{
    return act_on(cli, &(struct act_words){PROMISE_DONE, true, false, "I did it.", NULL});
}

enum err cmd_PROMISE_KEPT(struct cli *cli)
{
    return act_on(cli, &(struct act_words){PROMISE_KEPT, true, false, "it was kept.", NULL});
}

enum err cmd_PROMISE_LATE(struct cli *cli)
{
    return act_on(cli, &(struct act_words){PROMISE_LATE, true, false, "it was kept, but late.", NULL});
}

enum err cmd_PROMISE_BROKEN(struct cli *cli)
{
    return act_on(
        cli, &(struct act_words){
                 PROMISE_NOT_KEPT, true, false, "it was not kept.",
                 "It is signed, and can be shown to others. After a day only something kinder can take its place."});
}

enum err cmd_PROMISE_OWN_UP(struct cli *cli)
{
    return act_on(cli, &(struct act_words){PROMISE_OWNED_UP, true, false, "I didn't.",
                                           "It is signed, and can be shown to others. After a day it stands."});
}

enum err cmd_PROMISE_DIFFER(struct cli *cli)
{
    return act_on(cli, &(struct act_words){PROMISE_DIFFERED, true, false, "not as I see it.",
                                           "It then stays as seen differently, and counts for neither of you."});
}

enum err cmd_PROMISE_RELEASE(struct cli *cli)
{
    return act_on(cli,
                  &(struct act_words){PROMISE_RELEASED, true, false, "you need not.", "This can't be taken back."});
}

enum err cmd_PROMISE_DECLINE(struct cli *cli)
{
    return act_on(cli, &(struct act_words){PROMISE_DECLINED, false, false, "I don't want this promise.",
                                           "This can't be taken back; it can be promised anew."});
}

enum err cmd_PROMISE_ACCEPT(struct cli *cli)
{
    return act_on(cli, &(struct act_words){PROMISE_CHANGE_ACCEPTED, false, true, "yes, let it be changed.", NULL});
}

enum err cmd_PROMISE_REFUSE(struct cli *cli)
{
    return act_on(cli, &(struct act_words){PROMISE_CHANGE_REFUSED, false, true, "no, let it stand as it is.", NULL});
}

enum err cmd_PROMISE_END(struct cli *cli)
{
    return act_on(cli, &(struct act_words){PROMISE_ENDED, false, false, "this ends here.",
                                           "What is still to come of it is over. This can't be taken back."});
}
