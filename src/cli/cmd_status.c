/* cmd_status.c -- status, and `troth` alone: what waits for me, and what to type next. */
#include "cli/help.h"
#include "cli/view.h"

/* One thing that waits, in words, with the command that answers it. */
struct waiting {
    struct cli *cli;
    const struct client_circle *circle;
    size_t n;
    bool names_circle; /* several circles: say which */
};

enum { SOON_MS = 48 * 60 * 60 * 1000 };

static void begin(struct waiting *w, const char *what)
{
    w->n++;
    if (w->cli->is_json) {
        json_open(&w->cli->json);
        json_put_c(&w->cli->json, "what", what);
        json_put(&w->cli->json, "circle", cli_circle_name(w->circle->state));
        return;
    }
    say_put(&w->cli->out, "\u2022 ");
}

/* What to type, behind the sentence. */
static void end(struct waiting *w, const char *command, const char *or_command, unsigned number)
{
    struct say *say = &w->cli->out;
    if (w->cli->is_json) {
        if (number > 0) json_put_number(&w->cli->json, "promise", number);
        json_close(&w->cli->json);
        return;
    }
    if (w->names_circle) {
        say_put(say, " (");
        say_quote_line(say, cli_circle_name(w->circle->state));
        say_put(say, ")");
    }
    say_lines(say, 0, 2);
    say_style(say, SAY_DIM);
    say_put(say, "troth %s", command);
    if (number > 0) say_put(say, " %u", number);
    if (or_command != NULL) say_put(say, "   or: troth %s", or_command);
    if (or_command != NULL && number > 0) say_put(say, " %u", number);
    say_style(say, SAY_PLAIN);
    say_lines(say, 4, 6);
}

static void put_promise(struct waiting *w, const struct promise *promise, size_t turn)
{
    struct say *say = &w->cli->out;
    say_style(say, SAY_BOLD);
    view_put_gist(say, promise, turn);
    say_style(say, SAY_PLAIN);
    if (promise->turn[turn].due_ms == 0) return;
    say_put(say, " (");
    view_put_due(w->cli, promise, turn);
    say_put(say, ")");
}

/* ---- what waits --------------------------------------------------------------------------------------- */

/* A turn that waits for me, as the one to whom it was promised. */
static void to_me(struct waiting *w, const struct promise *promise, size_t turn)
{
    if (promise_outcome(promise, turn, w->cli->now_ms) != PROMISE_WAITING) return;
    begin(w, "confirm");
    if (!w->cli->is_json) {
        who_say(&w->cli->out, promise->promiser);
        say_put(&w->cli->out, " says it is done: ");
        put_promise(w, promise, turn);
    }
    bool is_due = promise->turn[turn].due_ms > 0 && promise->turn[turn].due_ms <= w->cli->now_ms;
    end(w, "promise kept", is_due ? "promise late" : NULL, view_number(promise));
}

/* A turn of a promise of mine: due soon, or past and without a word. */
static void mine(struct waiting *w, const struct promise *promise, size_t turn)
{
    enum promise_outcome outcome = promise_outcome(promise, turn, w->cli->now_ms);
    uint64_t due_ms = promise->turn[turn].due_ms;
    bool is_soon = outcome == PROMISE_NOT_DUE && due_ms > 0 && due_ms < w->cli->now_ms + SOON_MS;
    if (outcome != PROMISE_SILENT && !is_soon) return;
    begin(w, is_soon ? "due_soon" : "was_due");
    if (!w->cli->is_json) {
        say_put(&w->cli->out, is_soon ? "Soon: you promised " : "It was due: you promised ");
        who_say(&w->cli->out, promise->receiver);
        say_put(&w->cli->out, ": ");
        put_promise(w, promise, turn);
    }
    end(w, "promise done", is_soon ? "promise change" : "promise own-up", view_number(promise));
}

/* Verdicts that were said of mine lately are told by log and list; nothing there has to be answered. */
static void promises(struct waiting *w)
{
    for (size_t i = 0; i < state_promise_n(w->circle->state); i++) {
        const struct promise *promise = state_promise(w->circle->state, i);
        bool is_mine = who_is_me(w->circle, promise->promiser), is_to_me = who_is_me(w->circle, promise->receiver);
        if (!is_mine && !is_to_me) continue;
        if (is_to_me && promise->ask.seq > 0) {
            begin(w, "change_asked");
            if (!w->cli->is_json) {
                who_say(&w->cli->out, promise->promiser);
                say_put(&w->cli->out, " asks to change: ");
                put_promise(w, promise, view_turn_asked(promise, w->cli->now_ms));
            }
            end(w, "promise show", NULL, view_number(promise));
        }
        size_t now = view_turn_now(promise, w->cli->now_ms);
        if (is_mine) mine(w, promise, now);
        for (size_t turn = 0; is_to_me && turn < promise->turn_n; turn++) to_me(w, promise, turn);
    }
}

static void invites(struct waiting *w)
{
    const struct circle *is = &w->circle->chain->circle;
    int me = circle_member_index(is, w->circle->account->sign_pk);
    for (size_t i = 0; me >= 0 && i < is->invite_n; i++) {
        if ((is->invite[i].consents >> me & 1) != 0 || is->invite[i].expires_ms <= w->cli->now_ms) continue;
        begin(w, "consent");
        if (!w->cli->is_json) say_put(&w->cli->out, "Somebody is invited, and your consent is asked for");
        end(w, "circle consent", NULL, 0);
    }
}

static void kept_here(struct waiting *w)
{
    const struct client_circle *circle = w->circle;
    if (circle->draft_n > 0) {
        begin(w, "drafts");
        if (!w->cli->is_json)
            say_put(&w->cli->out,
                    circle->draft_n == 1 ? "%zu entry of yours came back, and was not sent"
                                         : "%zu entries of yours came back, and were not sent",
                    circle->draft_n);
        end(w, "circle drafts", NULL, 0);
    }
    if (circle->pending_n > 0) {
        begin(w, "pending");
        if (!w->cli->is_json)
            say_put(&w->cli->out,
                    circle->pending_n == 1 ? "%zu entry of yours is kept here, and goes with the next sync"
                                           : "%zu entries of yours are kept here, and go with the next sync",
                    circle->pending_n);
        end(w, "sync", "unsay", 0);
    }
}

static enum err circle_status(struct waiting *w, const struct cli_listed *listed)
{
    struct client_circle *circle;
    enum err e = client_circle_open(listed->account, listed->is.id, &circle, &w->cli->why);
    if (e != ERR_OK) return e;
    w->cli->was_alarmed = false;
    e = cli_alarms(w->cli, circle);
    w->circle = circle;
    if (e == ERR_OK && circle->is_member) {
        promises(w);
        invites(w);
    }
    if (e == ERR_OK) kept_here(w);
    return e;
}

/* "As of today 21:05", for the circle that was asked about longest ago. */
static void say_as_of(struct cli *cli)
{
    uint64_t oldest_ms = UINT64_MAX;
    uint8_t memory[WHEN_WORDS_BYTES];
    struct out o = OUT_OVER(memory);
    for (size_t i = 0; i < cli->list_n; i++) {
        if (!cli->list[i].is.has_left && cli->list[i].is.as_of_ms < oldest_ms) oldest_ms = cli->list[i].is.as_of_ms;
    }
    if (oldest_ms == UINT64_MAX) return;
    say_style(&cli->out, SAY_DIM);
    if (oldest_ms == 0) {
        say_put(&cli->out, "The server was not asked yet: troth sync");
    } else {
        when_say_moment(&o, oldest_ms, &cli->here, cli->now_ms);
        say_put(&cli->out, "As of ");
        view_put_out(&cli->out, &o);
        say_put(&cli->out, "; troth sync asks the server.");
    }
    say_style(&cli->out, SAY_PLAIN);
    say_lines(&cli->out, 0, 0);
}

enum err cmd_STATUS(struct cli *cli)
{
    struct waiting w = {.cli = cli};
    enum err e = cli_list(cli);
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        json_open(&cli->json);
        json_name(&cli->json, "waits");
        json_open_list(&cli->json);
    }
    struct client_circle *only = NULL;
    bool has_named = call_has(&cli->call, OPT_CIRCLE);
    if (has_named) e = cli_circle(cli, NULL, &only);
    for (size_t i = 0; e == ERR_OK && i < cli->list_n; i++) w.names_circle = w.names_circle || (i > 0 && !has_named);
    for (size_t i = 0; e == ERR_OK && i < cli->list_n; i++) {
        bool is_meant = only == NULL || memcmp(only->id, cli->list[i].is.id, HASH_BYTES) == 0;
        if (is_meant) e = circle_status(&w, &cli->list[i]);
    }
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        json_close(&cli->json);
        json_put_number(&cli->json, "circles", cli->list_n);
        json_close(&cli->json);
        return ERR_OK;
    }
    if (cli->list_n == 0)
        say_line(&cli->out, "You are in no circle yet. Make one: troth circle new \"Ana and Ben\"");
    else if (w.n == 0)
        say_line(&cli->out, "Nothing waits for you.");
    say_as_of(cli);
    return ERR_OK;
}

enum err cmd_overview(struct cli *cli)
{
    enum err e = cli_open(cli);
    if (e != ERR_OK) return e;
    if (client_account_n(cli->client) == 0 && !cli->is_json) {
        say_line(&cli->out,
                 "Troth keeps promises between two or more people, in a private record that nobody can read or quietly "
                 "rewrite, not even who runs the server.");
        say_gap(&cli->out);
        say_line(&cli->out, "There is no account here yet. Begin with the link that you were given:");
        say_gap(&cli->out);
        say_put(&cli->out, "troth start LINK");
        say_whole(&cli->out, 2);
        say_gap(&cli->out);
        say_line(&cli->out, "All commands: troth help");
        return ERR_OK;
    }
    e = cmd_STATUS(cli);
    if (e != ERR_OK || cli->is_json) return e;
    say_style(&cli->out, SAY_DIM);
    say_put(&cli->out, "A promise: troth promise make \"...\" --by friday   All commands: troth help");
    say_style(&cli->out, SAY_PLAIN);
    say_lines(&cli->out, 0, 0);
    return ERR_OK;
}
