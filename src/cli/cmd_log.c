/* cmd_log.c -- log: a circle's record, entry by entry; and one entry in words, for watch too. */
#include "cli/cmd_log.h"

#include <errno.h>
#include <stdlib.h>

enum { USUAL_N = 20, LATE_MS = 15 * 60 * 1000 };

const char *log_kind_words(unsigned kind)
{
    switch ((enum entry_kind)kind) {
    case ENTRY_GENESIS: return "began the circle";
    case ENTRY_INVITE: return "invited somebody";
    case ENTRY_JOIN: return "came in";
    case ENTRY_LEAVE: return "left";
    case ENTRY_ROTATE: return "changed the circle's key";
    case ENTRY_REDACT: return "erased words of their own";
    case ENTRY_CONSENT: return "agreed to an invitation";
    case ENTRY_SEALED: break;
    }
    return "wrote something";
}

static const char *act_phrase(unsigned act)
{
    switch ((enum promise_act_kind)act) {
    case PROMISE_MADE: return "promised";
    case PROMISE_DONE: return "says it is done";
    case PROMISE_KEPT: return "says it was kept";
    case PROMISE_LATE: return "says it was kept, but late";
    case PROMISE_NOT_KEPT: return "says it was not kept";
    case PROMISE_OWNED_UP: return "says \"I didn't\"";
    case PROMISE_RELEASED: return "released it";
    case PROMISE_DECLINED: return "declined it";
    case PROMISE_CHANGE_ASKED: return "asks for a change";
    case PROMISE_CHANGE_ACCEPTED: return "accepted the change";
    case PROMISE_CHANGE_REFUSED: return "refused the change";
    case PROMISE_ENDED: return "ended it";
    case PROMISE_DIFFERED: return "says \"not as I see it\"";
    }
    return "said something about it";
}

static const char *type_words(uint32_t type)
{
    switch (type) {
    case PAYLOAD_PROFILE: return "showed their name and colour";
    case PAYLOAD_CIRCLE: return "named the circle";
    case PAYLOAD_DEVICE: return "signed in on another device";
    case PAYLOAD_KEYS: return "passed on a key";
    case PAYLOAD_RESIDUE: return "kept what stays of erased words";
    default: return "wrote something that a newer Troth can show";
    }
}

/* The time that is meant; of a new promise its rule and its number; nothing where the whole promise is meant. */
static void put_time(struct cli *cli, const struct promise *promise, unsigned act, size_t turn)
{
    uint8_t memory[WHEN_WORDS_BYTES];
    struct out rule = OUT_OVER(memory);
    if (act == PROMISE_MADE) {
        say_put(&cli->out, " (");
        if (promise->kind == PROMISE_WHEN_RULE) {
            when_say_rule(&rule, &promise->rule);
            view_put_out(&cli->out, &rule);
        } else {
            view_put_due(cli, promise, turn);
        }
        say_put(&cli->out, "; it is promise %u)", view_number(promise));
        return;
    }
    bool is_whole = act == PROMISE_DECLINED || act == PROMISE_ENDED || act == PROMISE_CHANGE_ACCEPTED ||
                    act == PROMISE_CHANGE_REFUSED;
    if (is_whole) return;
    say_put(&cli->out, " (");
    view_put_turn(cli, promise, turn);
    say_put(&cli->out, ")");
}

static void put_promise(struct cli *cli, const struct client_circle *circle, const struct state_row *row)
{
    struct say *say = &cli->out;
    const struct promise *promise = row->promise == STATE_NONE ? NULL : state_promise(circle->state, row->promise);
    say_put(say, "%s", act_phrase(row->act));
    if (promise == NULL) return;
    size_t turn = row->turn < promise->turn_n ? row->turn : 0;
    if (row->act == PROMISE_MADE) {
        say_put(say, " ");
        who_say(say, promise->receiver);
    }
    say_put(say, row->act == PROMISE_MADE ? ": " : ": %u, ", view_number(promise));
    if (row->act == PROMISE_MADE)
        view_put_what(say, promise, turn);
    else
        view_put_gist(say, promise, turn);
    put_time(cli, promise, row->act, turn);
    if (row->words.len > 0) {
        say_put(say, ": \"");
        say_quote(say, row->words);
        say_put(say, "\"");
    }
}

static void put_entry(struct cli *cli, const struct client_circle *circle, const struct state_row *row)
{
    struct say *say = &cli->out;
    if (row->how == OPENED_UNREADABLE)
        say_put(say, "wrote an entry that can't be read");
    else if (row->how == OPENED_NO_KEY)
        say_put(say, "wrote before you could read it");
    else if (row->how == OPENED_ERASED)
        say_put(say, "erased what stood here");
    else if (row->kind != ENTRY_SEALED)
        say_put(say, "%s", log_kind_words(row->kind));
    else if (row->type == PAYLOAD_PROMISE)
        put_promise(cli, circle, row);
    else
        say_put(say, "%s", type_words(row->type));
}

/* When it arrived here, if that was noticeably later than it says it was written. */
static void put_arrival(struct cli *cli, const struct client_circle *circle, uint64_t seq, const struct state_row *row)
{
    uint64_t seen_ms = client_first_seen_ms(circle, seq);
    uint8_t memory[WHEN_WORDS_BYTES];
    struct out o = OUT_OVER(memory);
    say_style(&cli->out, SAY_DIM);
    if (seq >= circle->chain->index.row_n) {
        say_put(&cli->out, "  (kept here, not sent yet)");
    } else if (seen_ms > row->time_ms + LATE_MS) {
        when_say_moment(&o, seen_ms, &cli->here, cli->now_ms);
        say_put(&cli->out, "  (arrived ");
        view_put_out(&cli->out, &o);
        say_put(&cli->out, ")");
    }
    say_style(&cli->out, SAY_PLAIN);
}

void log_say(struct cli *cli, const struct client_circle *circle, uint64_t seq)
{
    const struct state_row *row = state_row(circle->state, seq);
    struct say *say = &cli->out;
    uint8_t memory[WHEN_WORDS_BYTES];
    struct out o = OUT_OVER(memory);
    bool is_void = row->law != LAW_OK && row->how == OPENED_TEXT;
    when_say_moment(&o, row->time_ms, &cli->here, cli->now_ms);
    say_style(say, SAY_DIM);
    view_put_out(say, &o);
    say_style(say, SAY_PLAIN);
    say_put(say, "  ");
    if (row->author == STATE_NONE)
        say_put(say, "somebody");
    else
        who_say(say, state_member(circle->state, row->author));
    say_put(say, " ");
    put_entry(cli, circle, row);
    if (is_void)
        say_put(say, "\n\u00d7 not valid, and counts for nothing: %s (%s)", law_sentence((enum law)row->law),
                law_number((enum law)row->law));
    put_arrival(cli, circle, seq, row);
    say_lines(say, 0, 4);
}

/* Whether an entry is mine, and this very call sent it: no news. */
static bool is_own(const struct client_circle *circle, const struct client_news *news, uint64_t seq)
{
    const struct state_row *row = state_row(circle->state, seq);
    return news->sent_n > 0 && row->author != STATE_NONE && who_is_me(circle, state_member(circle->state, row->author));
}

uint64_t log_news(struct cli *cli, const struct client_circle *circle, const struct client_news *news)
{
    uint64_t told_n = 0;
    for (uint64_t i = 0; i < news->new_n; i++) {
        uint64_t seq = news->first_seq + i;
        if (seq >= state_row_n(circle->state)) break;
        if (is_own(circle, news, seq)) continue;
        if (cli->is_json) log_json(cli, circle, seq);
        if (!log_is_told(state_row(circle->state, seq))) continue;
        if (!cli->is_json) log_say(cli, circle, seq);
        told_n++;
    }
    return told_n;
}

static const char *how_word(unsigned how)
{
    static const char *const words[] = {"control", "text", "residue", "erased", "unreadable", "no_key"};
    return how < sizeof words / sizeof *words ? words[how] : "";
}

void log_json(struct cli *cli, const struct client_circle *circle, uint64_t seq)
{
    const struct state_row *row = state_row(circle->state, seq);
    struct json *json = &cli->json;
    json_open(json);
    json_put_number(json, "seq", seq);
    json_put_hex(json, "id", STR_OF(row->id));
    json_put_number(json, "time_ms", row->time_ms);
    json_put_number(json, "first_seen_ms", client_first_seen_ms(circle, seq));
    json_put_bool(json, "sent", seq < circle->chain->index.row_n);
    if (row->author != STATE_NONE) {
        json_name(json, "author");
        who_json(json, circle, state_member(circle->state, row->author));
    }
    json_put_number(json, "kind", row->kind);
    json_put_c(json, "how", how_word(row->how));
    if (row->type != 0) json_put_number(json, "type", row->type);
    if (row->act != 0) json_put_number(json, "act", row->act);
    if (row->promise != STATE_NONE) json_put_number(json, "promise", (uint64_t)row->promise + 1);
    if (row->words.len > 0) json_put(json, "words", row->words);
    json_put_bool(json, "valid", row->law == LAW_OK);
    if (row->law != LAW_OK) json_put_c(json, "law", law_number((enum law)row->law));
    json_close(json);
}

/* What only keeps the record working is left out, unless --all. */
bool log_is_told(const struct state_row *row)
{
    bool is_housekeeping = row->kind == ENTRY_ROTATE || row->type == PAYLOAD_KEYS || row->type == PAYLOAD_RESIDUE ||
                           row->type == PAYLOAD_PROFILE || row->type == PAYLOAD_CIRCLE;
    return !is_housekeeping || (row->law != LAW_OK && row->how == OPENED_TEXT);
}

static enum err read_last(struct cli *cli, uint64_t *n)
{
    char *end;
    *n = call_has(&cli->call, OPT_ALL) ? UINT64_MAX : USUAL_N;
    if (!call_has(&cli->call, OPT_LAST)) return ERR_OK;
    const char *text = cli->call.value[OPT_LAST];
    errno = 0;
    *n = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || errno != 0)
        return cli_refuse(cli, ERR_BAD_FIELD, "--last takes a number.");
    return ERR_OK;
}

/* The number by which erase knows an entry; what is not sent yet has none. */
static void put_number(struct cli *cli, const struct client_circle *circle, uint64_t seq)
{
    if (!call_has(&cli->call, OPT_NUMBERS)) return;
    if (seq < circle->chain->index.row_n)
        say_put(&cli->out, "%4" PRIu64 "  ", seq);
    else
        say_put(&cli->out, "   -  ");
}

enum err cmd_LOG(struct cli *cli)
{
    struct client_circle *circle;
    uint64_t wanted, n = 0;
    enum err e = read_last(cli, &wanted);
    if (e == ERR_OK) e = cli_circle(cli, cli->call.operand_n > 0 ? cli->call.operand[0] : NULL, &circle);
    if (e != ERR_OK) return e;
    bool is_all = call_has(&cli->call, OPT_ALL);
    uint64_t row_n = state_row_n(circle->state), first = row_n;
    while (first > 0 && n < wanted) {
        first--;
        if (is_all || log_is_told(state_row(circle->state, first))) n++;
    }
    if (cli->is_json) {
        json_open(&cli->json);
        json_put(&cli->json, "circle", cli_circle_name(circle->state));
        json_name(&cli->json, "entries");
        json_open_list(&cli->json);
    }
    for (uint64_t seq = first; seq < row_n; seq++) {
        if (!is_all && !log_is_told(state_row(circle->state, seq))) continue;
        if (cli->is_json) {
            log_json(cli, circle, seq);
        } else {
            put_number(cli, circle, seq);
            log_say(cli, circle, seq);
        }
    }
    if (cli->is_json) {
        json_close(&cli->json);
        json_close(&cli->json);
    } else if (row_n == 0) {
        say_line(&cli->out, "Nothing is in this circle's record yet.");
    }
    return ERR_OK;
}
