/* cli.c -- what went wrong, and how it is told; yes or no; and the few words that all commands share. See cli.h. */
#define _DEFAULT_SOURCE
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "client/clock.h"

/* ---- a run ------------------------------------------------------------------------------------------ */

static enum err find_home(struct cli *cli)
{
    const char *named = call_has(&cli->call, OPT_HOME) ? cli->call.value[OPT_HOME] : getenv("TROTH_HOME");
    const char *data = getenv("XDG_DATA_HOME"), *user = getenv("HOME");
    int n;
    if (named != NULL && named[0] != 0)
        n = snprintf(cli->home, sizeof cli->home, "%s", named);
    else if (data != NULL && data[0] == '/')
        n = snprintf(cli->home, sizeof cli->home, "%s/troth", data);
    else if (user != NULL && user[0] == '/')
        n = snprintf(cli->home, sizeof cli->home, "%s/.local/share/troth", user);
    else
        return cli_refuse(cli, ERR_BAD_FIELD, "It is not clear where your copy is kept. Say so with --home DIR.");
    if (n < 0 || (size_t)n >= sizeof cli->home)
        return cli_refuse(cli, ERR_BAD_FIELD, "The path of the home is too long.");
    return ERR_OK;
}

enum err cli_init(struct cli *cli, const struct call *call)
{
    bool may_style = !call_has(call, OPT_NO_COLOR);
    cli->call = *call;
    cli->client = NULL;
    cli->stop_fd = -1;
    cli->list_n = 0;
    cli->sentence[0] = cli->next[0] = 0;
    cli->was_alarmed = cli->is_told = false;
    cli->why = (struct why){0};
    cli->is_json = call_has(call, OPT_JSON);
    cli->now_ms = clock_wall_ms();
    cli->agent = (struct agent){._folder = -1};
    say_init(&cli->out, stdout, may_style);
    say_init(&cli->err, stderr, may_style);
    json_init(&cli->json, stdout);
    zone_here(&cli->here);
    return find_home(cli);
}

void cli_fini(struct cli *cli)
{
    client_close(cli->client);
    cli->client = NULL;
    agent_fini(&cli->agent);
}

/* ---- trouble ---------------------------------------------------------------------------------------- */

enum err cli_refuse(struct cli *cli, enum err e, const char *form, ...)
{
    va_list values;
    va_start(values, form);
    EXPECT(vsnprintf(cli->sentence, sizeof cli->sentence, form, values) >= 0);
    va_end(values);
    return e;
}

void cli_next(struct cli *cli, const char *form, ...)
{
    va_list values;
    va_start(values, form);
    EXPECT(vsnprintf(cli->next, sizeof cli->next, form, values) >= 0);
    va_end(values);
}

enum err cli_try_again(struct cli *cli, enum err e)
{
    if (e != ERR_OFFLINE) return e;
    cli_next(cli, "Check the address and the connection, then say the same again.");
    return cli_refuse(cli, e, "The server could not be reached, so nothing was done. %s",
                      cli->why.code == e && cli->why.text != NULL ? cli->why.text : "");
}

enum err cli_quiet(struct cli *cli, enum err e)
{
    cli->is_told = true;
    return e;
}

const char *cli_clean(struct str text)
{
    enum { BUFFERS = 4, MOST = 60 };
    static char clean[BUFFERS][MOST * 4 + 8];
    static unsigned turn;
    static struct say say;
    char *to = clean[turn++ % BUFFERS];
    const struct say_terminal none = {.columns = SAY_COLUMNS};
    say_init_as(&say, stdout, &none);
    say_quote_line(&say, text.len > (size_t)MOST * 3 ? str_at(text.at, (size_t)MOST * 3) : text);
    struct str all = say_take(&say);
    size_t n = all.len < (size_t)MOST * 4 ? all.len : (size_t)MOST * 4;
    while (n > 0 && (say_width(str_at(all.at, n)) > MOST || !str_is_utf8(str_at(all.at, n)))) n--;
    memcpy(to, all.at, n);
    memcpy(to + n, "\u2026", sizeof "\u2026");
    if (n == all.len) to[n] = 0;
    return to;
}

/* A detail of prompt.h's or home.h's is the whole sentence, what helps included: err.def speaks of a server's disk.
 * Others say more about err.def's. */
static bool is_whole(const struct cli *cli)
{
    static const char *const fields[] = {"terminal", "passphrase", "file", "home"};
    if (cli->why.text == NULL || cli->why.text[0] == 0) return false;
    for (size_t i = 0; cli->why.field != NULL && i < sizeof fields / sizeof *fields; i++) {
        if (str_is(str_of_text(cli->why.field), str_of_text(fields[i]))) return true;
    }
    return false;
}

static const char *happened(struct cli *cli, enum err e)
{
    bool has_detail = cli->why.code == e && cli->why.text != NULL && cli->why.text[0] != 0;
    if (cli->sentence[0] != 0) return cli->sentence;
    if (has_detail && is_whole(cli)) return cli->why.text;
    if (!has_detail) return err_happened(e);
    (void)cli_refuse(cli, e, "%s %s", err_happened(e), cli->why.text);
    return cli->sentence;
}

static const char *next_step(const struct cli *cli, enum err e)
{
    if (cli->next[0] != 0) return cli->next;
    if (e == ERR_NOT_ENCRYPTED)
        return "Use the server's https address. If you mean http, on a network that you trust: TROTH_PLAIN_HTTP=1";
    if (e == ERR_NO_SESSION && cli->sentence[0] == 0 && !is_whole(cli)) return "Sign in again: troth sync";
    if (cli->sentence[0] != 0 || (cli->why.code == e && is_whole(cli))) return NULL;
    return err_next(e);
}

int cli_trouble(struct cli *cli, enum err e)
{
    const char *next = next_step(cli, e), *what = happened(cli, e);
    if (cli->is_told) return err_exit(e);
    if (cli->is_json) {
        json_init(&cli->json, stdout); /* whatever was begun: a line of its own */
        json_open(&cli->json);
        json_put_c(&cli->json, "error", err_code(e));
        json_put_c(&cli->json, "happened", what);
        json_put_c(&cli->json, "next", next);
        if (cli->why.field != NULL) json_put_c(&cli->json, "field", cli->why.field);
        json_close(&cli->json);
        return err_exit(e);
    }
    say_put(&cli->err, "%s", what);
    say_lines(&cli->err, 0, 0);
    if (next != NULL && next[0] != 0) {
        say_put(&cli->err, "%s", next);
        say_lines(&cli->err, 0, 0);
    }
    return err_exit(e);
}

enum err cli_number(struct cli *cli, const char *text, size_t most, size_t *n)
{
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || errno != 0 || number == 0 || number > most)
        return cli_refuse(cli, ERR_NOT_FOUND, "There is no number %s in that list.", cli_clean(str_of_text(text)));
    *n = number;
    return ERR_OK;
}

enum err cli_sure(struct cli *cli, const char *question)
{
    bool is_yes = false;
    if (call_has(&cli->call, OPT_YES)) return ERR_OK;
    if (!say_is_written(&cli->out))
        return cli_refuse(cli, ERR_STORE, "The answer could not be written. Nothing was done.");
    enum err e = prompt_yes(&is_yes, question, &cli->why);
    if (e == ERR_OK && !is_yes) return cli_refuse(cli, ERR_STOPPING, "Nothing was done.");
    return e;
}

/* ---- shared words ------------------------------------------------------------------------------------ */

struct str cli_circle_name(const struct state *state)
{
    return state->facts.kind != FACTS_NONE && state->facts.name.len > 0 ? state->facts.name
                                                                        : STR("a circle without a name");
}

const char *cli_kind_word(enum facts_kind kind)
{
    switch (kind) {
    case FACTS_COUPLE: return "couple";
    case FACTS_FRIENDS: return "friends";
    case FACTS_FAMILY: return "family";
    case FACTS_TEAM: return "team";
    case FACTS_NONE: break;
    }
    return "circle";
}

enum facts_kind cli_kind_read(struct str word)
{
    for (enum facts_kind kind = FACTS_COUPLE; kind <= FACTS_TEAM; kind++) {
        if (str_is(word, str_of_text(cli_kind_word(kind)))) return kind;
    }
    return FACTS_NONE;
}

/* ---- what became of an act ------------------------------------------------------------------------------ */

static const char *fate_word(enum client_fate fate)
{
    switch (fate) {
    case CLIENT_SENT: return "sent";
    case CLIENT_KEPT_HERE: return "kept_here";
    case CLIENT_IN_DRAFTS: return "in_drafts";
    case CLIENT_REFUSED: return "refused";
    }
    misuse("cli: a fate that client.h does not have");
}

static void outcome_json(struct json *json, const struct client_outcome *outcome)
{
    json_put_c(json, "fate", fate_word(outcome->fate));
    json_put_hex(json, "entry", STR_OF(outcome->id));
    if (outcome->fate == CLIENT_SENT) json_put_number(json, "seq", outcome->seq);
    if (outcome->law != LAW_OK) {
        json_put_c(json, "law", law_number(outcome->law));
        json_put_c(json, "sentence", law_sentence(outcome->law));
    }
    if (outcome->err != ERR_OK) json_put_c(json, "why", err_code(outcome->err));
}

static void say_kept_here(struct cli *cli, enum err why)
{
    bool is_alarm = why == ERR_ROLLED_BACK || why == ERR_FORKED || why == ERR_BROKEN_CHAIN;
    if (is_alarm)
        say_line(&cli->out,
                 "Kept here: nothing is sent while something is wrong with the record. See: troth circle alarms");
    else if (why == ERR_OK || why == ERR_OFFLINE)
        say_line(&cli->out, "Kept here; it is sent with the next sync, when the server can be reached.");
    else
        say_line(&cli->out, "%s Kept here; it is tried again with the next sync.", err_happened(why));
}

enum err cli_outcome(struct cli *cli, const struct client_outcome *outcome)
{
    if (outcome->fate == CLIENT_REFUSED && outcome->law != LAW_OK) {
        cli_next(cli, "Nothing was signed. (%s)", law_number(outcome->law));
        return cli_refuse(cli, ERR_BAD_ENTRY, "%s", law_sentence(outcome->law));
    }
    if (outcome->fate == CLIENT_REFUSED) return outcome->err != ERR_OK ? outcome->err : ERR_INTERNAL;
    if (outcome->fate == CLIENT_IN_DRAFTS) {
        cli_next(cli, "It was not sent. Your words are kept: troth circle drafts");
        return cli_refuse(cli, outcome->err != ERR_OK ? outcome->err : ERR_BAD_ENTRY, "%s",
                          outcome->law != LAW_OK ? law_sentence(outcome->law) : err_happened(outcome->err));
    }
    if (cli->is_json) {
        outcome_json(&cli->json, outcome);
    } else if (outcome->fate == CLIENT_SENT) {
        say_line(&cli->out, "Signed and sent.");
    } else {
        say_kept_here(cli, outcome->err);
    }
    return ERR_OK;
}
