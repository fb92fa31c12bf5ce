/* cmd_erase.c -- unsay, erase: taking words back, before they are sent and after. */
#include <errno.h>
#include <stdlib.h>

#include "cli/cmd_log.h"

enum { WAITING = 256 };

/* What became of it; a refusal leaves no JSON object open. */
static enum err tell(struct cli *cli, const struct client_outcome *outcome)
{
    bool is_json = cli->is_json && cli_is_kept(outcome);
    if (is_json) json_open(&cli->json);
    enum err e = cli_outcome(cli, outcome);
    if (is_json) json_close(&cli->json);
    return e;
}

/* ---- unsay -------------------------------------------------------------------------------------------- */

/* Where what waits stands among the rows, behind all that is recorded; false: it is no row yet. */
static bool find_row(const struct client_circle *circle, const uint8_t *id, uint64_t *seq)
{
    for (uint64_t at = circle->chain->index.row_n; at < state_row_n(circle->state); at++) {
        if (memcmp(state_row(circle->state, at)->id, id, ID_BYTES) != 0) continue;
        *seq = at;
        return true;
    }
    return false;
}

static void say_waiting(struct cli *cli, const struct client_circle *circle, const struct client_waiting *waiting,
                        size_t number)
{
    uint64_t seq;
    say_put(&cli->out, "%3zu  ", number);
    if (!waiting->may_unsend) say_put(&cli->out, "(may have arrived) ");
    if (find_row(circle, waiting->id, &seq)) {
        log_say(cli, circle, seq);
        return;
    }
    say_put(&cli->out, "%s", log_kind_words(waiting->kind));
    say_lines(&cli->out, 0, 5);
}

static void list_waiting(struct cli *cli, const struct client_circle *circle, const struct client_waiting *list,
                         size_t n)
{
    struct json *json = &cli->json;
    if (cli->is_json) {
        json_open(json);
        json_name(json, "waiting");
        json_open_list(json);
    }
    for (size_t i = 0; i < n; i++) {
        if (!cli->is_json) {
            say_waiting(cli, circle, &list[i], i + 1);
            continue;
        }
        json_open(json);
        json_put_number(json, "number", i + 1);
        json_put_hex(json, "entry", STR_OF(list[i].id));
        json_put_number(json, "kind", list[i].kind);
        json_put_bool(json, "may_unsay", list[i].may_unsend);
        json_close(json);
    }
    if (cli->is_json) {
        json_close(json);
        json_close(json);
    } else if (n == 0) {
        say_line(&cli->out, "Nothing waits here to be sent.");
    } else {
        say_line(&cli->out, "To take one back before it is sent: troth unsay N");
    }
}

static enum err unsay(struct cli *cli, struct client_circle *circle, const struct client_waiting *list, size_t n)
{
    size_t number;
    enum err e = cli_number(cli, cli->call.operand[0], n, &number);
    if (e == ERR_OK) e = client_unsend(circle, list[number - 1].id, &cli->why);
    if (e == ERR_HEAD_MOVED) {
        cli_next(cli, "troth sync finds out. Words that are in the record can be erased: troth erase");
        return cli_refuse(cli, e, "It was on its way already, and may have arrived: it can't be unsaid any more.");
    }
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        json_open(&cli->json);
        json_put_hex(&cli->json, "unsaid", STR_OF(list[number - 1].id));
        json_close(&cli->json);
    } else {
        say_line(&cli->out, "Unsaid. It never left this machine.");
    }
    return ERR_OK;
}

enum err cmd_UNSAY(struct cli *cli)
{
    static struct client_waiting list[WAITING];
    struct client_circle *circle;
    size_t n = 0;
    enum err e = cli_circle(cli, NULL, &circle);
    if (e == ERR_OK) e = client_waiting(circle, list, WAITING, &n, &cli->why);
    if (e != ERR_OK) return e;
    if (cli->call.operand_n > 0) return unsay(cli, circle, list, n);
    list_waiting(cli, circle, list, n);
    return ERR_OK;
}

/* ---- erase -------------------------------------------------------------------------------------------- */

static enum err read_entry(struct cli *cli, const struct client_circle *circle, uint64_t *seq)
{
    const char *text = cli->call.operand[0];
    char *end;
    errno = 0;
    uint64_t n = strtoull(text, &end, 10);
    cli_next(cli, "The numbers: troth log --numbers");
    if (text[0] < '0' || text[0] > '9' || *end != 0 || errno != 0 || n >= state_row_n(circle->state))
        return cli_refuse(cli, ERR_NOT_FOUND, "There is no entry %s in this circle's record.",
                          cli_clean(str_of_text(text)));
    cli->next[0] = 0;
    *seq = n;
    return ERR_OK;
}

/* Whether there are words of mine in it, which the circle can do without. */
static enum err check(struct cli *cli, const struct client_circle *circle, uint64_t seq)
{
    const struct state_row *row = state_row(circle->state, seq);
    bool is_mine = row->author != STATE_NONE && who_is_me(circle, state_member(circle->state, row->author));
    if (seq >= circle->chain->index.row_n) {
        cli_next(cli, "Take it back before it is sent: troth unsay");
        return cli_refuse(cli, ERR_BAD_REDACT, "This is not sent yet.");
    }
    if (!is_mine) return cli_refuse(cli, ERR_BAD_REDACT, "Only one's own words can be erased, and this is not yours.");
    if (row->how == OPENED_ERASED || row->how == OPENED_RESIDUE)
        return cli_refuse(cli, ERR_BAD_REDACT, "Its words are erased already.");
    if (row->kind != ENTRY_SEALED || row->type == PAYLOAD_KEYS || row->type == PAYLOAD_RESIDUE)
        return cli_refuse(cli, ERR_BAD_REDACT, "There are no words in this entry: it keeps the record working.");
    return ERR_OK;
}

enum err cmd_ERASE(struct cli *cli)
{
    struct client_circle *circle;
    struct client_outcome outcome = {0};
    uint64_t seq;
    enum err e = cli_circle_now(cli, NULL, &circle);
    if (e == ERR_OK) e = read_entry(cli, circle, &seq);
    if (e == ERR_OK) e = check(cli, circle, seq);
    if (e != ERR_OK) return e;
    if (!cli->is_json) {
        log_say(cli, circle, seq);
        say_line(&cli->out,
                 "These words go for everybody who works with Troth; that something was said, and how a promise came "
                 "out, stays; and a copy that somebody made can't be taken back.");
    }
    e = cli_sure(cli, "Erase them?");
    if (e == ERR_OK) e = client_erase(circle, &seq, 1, &outcome, &cli->why);
    return e == ERR_OK ? tell(cli, &outcome) : e;
}
