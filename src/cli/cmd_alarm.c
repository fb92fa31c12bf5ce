/* cmd_alarm.c -- circle alarms, repair, drafts: what went wrong, and what came back. */
#include "cli/view.h"

static const char *operand(const struct cli *cli)
{
    return cli->call.operand_n > 0 ? cli->call.operand[0] : NULL;
}

/* ---- alarms ------------------------------------------------------------------------------------------- */

static void alarms_json(struct cli *cli, const struct client_alarm *list, size_t n)
{
    struct json *json = &cli->json;
    json_open(json);
    json_name(json, "alarms");
    json_open_list(json);
    for (size_t i = 0; i < n; i++) {
        json_open(json);
        json_put_number(json, "number", i + 1);
        json_put_c(json, "kind", err_code(list[i].kind));
        json_put_number(json, "when_ms", list[i].when_ms);
        json_put_hex(json, "evidence", list[i].evidence);
        json_close(json);
    }
    json_close(json);
    json_close(json);
}

static enum err end_alarm(struct cli *cli, struct client_circle *circle, const struct client_alarm *list, size_t n)
{
    size_t number;
    enum err e = cli_number(cli, cli->call.value[OPT_DEALT_WITH], n, &number);
    if (e == ERR_OK) e = client_alarm_end(circle, list[number - 1].number, &cli->why);
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        json_open(&cli->json);
        json_put_number(&cli->json, "ended", number);
        json_close(&cli->json);
    } else {
        say_line(&cli->out, "Dealt with. The next sync looks at the record again: troth sync");
    }
    return ERR_OK;
}

enum err cmd_CIRCLE_ALARMS(struct cli *cli)
{
    struct client_circle *circle;
    struct client_alarm list[CLIENT_ALARMS];
    size_t n = 0;
    cli->was_alarmed = true; /* they are told below */
    enum err e = cli_circle(cli, operand(cli), &circle);
    if (e == ERR_OK) e = client_alarms(circle, list, &n, &cli->why);
    if (e != ERR_OK) return e;
    if (call_has(&cli->call, OPT_DEALT_WITH)) return end_alarm(cli, circle, list, n);
    if (cli->is_json) {
        alarms_json(cli, list, n);
        return ERR_OK;
    }
    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        say_put(&cli->out, "%3zu  ! ", i + 1);
        view_put_moment(cli, list[i].when_ms);
        say_put(&cli->out, ": %s\n%s", err_happened(list[i].kind), err_next(list[i].kind));
        if (list[i].kind == ERR_ROLLED_BACK) say_put(&cli->out, "\nTo give it back what it lost: troth circle repair");
        say_lines(&cli->out, 0, 5);
        if (!list[i].is_seen) e = client_alarm_seen(circle, list[i].number, &cli->why);
    }
    if (n == 0)
        say_line(&cli->out, "Nothing is wrong with this circle's record, as far as your copy tells.");
    else
        say_line(&cli->out,
                 "While one stands, nothing is sent into this circle. When you know what happened: troth circle "
                 "alarms --dealt-with N");
    return e;
}

enum err cmd_CIRCLE_REPAIR(struct cli *cli)
{
    struct client_circle *circle;
    uint64_t sent_n = 0;
    cli->was_alarmed = true; /* it is being dealt with */
    enum err e = cli_circle(cli, operand(cli), &circle);
    if (e == ERR_OK) e = client_repair(circle, &sent_n, &cli->why);
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        json_open(&cli->json);
        json_put_number(&cli->json, "sent", sent_n);
        json_close(&cli->json);
    } else if (sent_n == 0) {
        say_line(&cli->out, "Nothing is missing there: the server has all that your copy has.");
    } else {
        say_line(&cli->out, "The server has %" PRIu64 " entr%s back, from your copy. The record is whole again.",
                 sent_n, sent_n == 1 ? "y" : "ies");
    }
    return ERR_OK;
}

/* ---- drafts --------------------------------------------------------------------------------------------- */

static const char *draft_reason(const struct client_draft *draft)
{
    return draft->law != LAW_OK ? law_sentence(draft->law) : err_happened(draft->err);
}

/* Its own words, of a promise's act; else nothing. */
static struct str draft_words(const struct client_draft *draft)
{
    static struct promise_act act;
    if (promise_act_read(draft->text, false, &act) != LAW_OK) return (struct str){0};
    return act.what.len > 0 ? act.what : act.words;
}

static void say_draft(struct cli *cli, const struct client_draft *draft, size_t number)
{
    struct str words = draft_words(draft);
    if (cli->is_json) {
        json_open(&cli->json);
        json_put_number(&cli->json, "number", number);
        json_put(&cli->json, "words", words);
        json_put_c(&cli->json, "why", draft_reason(draft));
        json_close(&cli->json);
        return;
    }
    say_put(&cli->out, "%3zu  ", number);
    if (words.len > 0)
        say_quote(&cli->out, words);
    else
        say_put(&cli->out, "(without words)");
    say_put(&cli->out, "\n%s", draft_reason(draft));
    say_lines(&cli->out, 0, 5);
}

enum err cmd_CIRCLE_DRAFTS(struct cli *cli)
{
    enum { DRAFTS = 64 };
    static struct client_draft list[DRAFTS];
    struct client_circle *circle;
    size_t n = 0, number;
    enum err e = cli_circle(cli, operand(cli), &circle);
    if (e == ERR_OK) e = client_drafts(circle, list, DRAFTS, &n, &cli->why);
    if (e != ERR_OK) return e;
    if (call_has(&cli->call, OPT_DROP)) {
        e = cli_number(cli, cli->call.value[OPT_DROP], n, &number);
        if (e == ERR_OK) e = client_draft_drop(circle, list[number - 1].id, &cli->why);
        if (e == ERR_OK && !cli->is_json) say_line(&cli->out, "Forgotten.");
        if (e != ERR_OK || !cli->is_json) return e;
        n = 0;
    }
    if (cli->is_json) {
        json_open(&cli->json);
        json_name(&cli->json, "drafts");
        json_open_list(&cli->json);
    }
    for (size_t i = 0; i < n; i++) say_draft(cli, &list[i], i + 1);
    if (cli->is_json) {
        json_close(&cli->json);
        json_close(&cli->json);
    } else if (n == 0) {
        say_line(&cli->out, "Nothing came back.");
    }
    return ERR_OK;
}
