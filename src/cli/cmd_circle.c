/* cmd_circle.c -- circle new, list, show, leave, words, head. */
#include "cli/cmd_circle.h"
#include "cli/view.h"

#include "practice/facts.h"

static const char *operand(const struct cli *cli)
{
    return cli->call.operand_n > 0 ? cli->call.operand[0] : NULL;
}

/* ---- new ------------------------------------------------------------------------------------------------ */

enum err circle_make(struct cli *cli, struct client_account *account, struct str name, struct client_circle **circle)
{
    const char *kind = call_has(&cli->call, OPT_KIND) ? cli->call.value[OPT_KIND] : "couple";
    uint8_t memory[1024];
    struct out text = OUT_OVER(memory);
    struct facts facts = {.name = name, .kind = cli_kind_read(str_of_text(kind)), .written_ms = cli->now_ms};
    enum law law = facts_check(&facts);
    if (law != LAW_OK) return cli_refuse(cli, ERR_BAD_FIELD, "%s", law_sentence(law));
    facts_put(&text, &facts);
    return client_circle_new(account, out_str(&text), circle, &cli->why);
}

enum err cmd_CIRCLE_NEW(struct cli *cli)
{
    struct client_account *account;
    struct client_circle *circle;
    struct client_news news = {0};
    enum err e = cli_open_account(cli, &account);
    if (e == ERR_OK) e = cli_unlock(cli, account);
    if (e == ERR_OK) e = circle_make(cli, account, str_of_text(cli->call.operand[0]), &circle);
    if (e == ERR_OK) e = client_sync_circle(circle, &news, &cli->why);
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        json_open(&cli->json);
        json_put(&cli->json, "circle", cli_circle_name(circle->state));
        json_put_hex(&cli->json, "id", STR_OF(circle->id));
        json_put_bool(&cli->json, "sent", news.err == ERR_OK && circle->pending_n == 0);
        json_close(&cli->json);
        return ERR_OK;
    }
    say_put(&cli->out, "The circle \"");
    say_quote_line(&cli->out, cli_circle_name(circle->state));
    say_put(&cli->out, "\" (%s) is made. You are alone in it.", cli_kind_word(circle->state->facts.kind));
    say_lines(&cli->out, 0, 0);
    if (news.err != ERR_OK) say_line(&cli->out, "%s", err_happened(news.err));
    say_line(&cli->out, "To invite somebody: troth circle invite");
    return ERR_OK;
}

/* ---- list ----------------------------------------------------------------------------------------------- */

static void list_json(struct cli *cli)
{
    struct json *json = &cli->json;
    json_open(json);
    json_name(json, "circles");
    json_open_list(json);
    for (size_t i = 0; i < cli->list_n; i++) {
        const struct client_listed *is = &cli->list[i].is;
        json_open(json);
        json_put_number(json, "number", i + 1);
        json_put(json, "name", str_of_text(is->name));
        json_put_hex(json, "id", STR_OF(is->id));
        json_put(json, "server", str_of_text(cli->list[i].account->server));
        json_put_bool(json, "has_left", is->has_left);
        json_put_number(json, "entries", is->entry_n);
        json_put_number(json, "pending", is->pending_n);
        json_put_number(json, "alarms", is->alarm_n);
        json_put_number(json, "as_of_ms", is->as_of_ms);
        json_close(json);
    }
    json_close(json);
    json_close(json);
}

enum err cmd_CIRCLE_LIST(struct cli *cli)
{
    enum err e = cli_list(cli);
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        list_json(cli);
        return ERR_OK;
    }
    for (size_t i = 0; i < cli->list_n; i++) {
        const struct client_listed *is = &cli->list[i].is;
        say_put(&cli->out, "%3zu  ", i + 1);
        say_style(&cli->out, SAY_BOLD);
        say_quote_line(&cli->out, is->name[0] != 0 ? str_of_text(is->name) : STR("a circle without a name"));
        say_style(&cli->out, SAY_PLAIN);
        if (is->has_left) say_put(&cli->out, " \u00b7 you are not in it");
        if (is->pending_n > 0) say_put(&cli->out, " \u00b7 %zu kept here", is->pending_n);
        if (is->alarm_n > 0) say_put(&cli->out, " \u00b7 ! something is wrong: troth circle alarms %zu", i + 1);
        say_lines(&cli->out, 0, 5);
    }
    if (cli->list_n == 0) say_line(&cli->out, "No circle yet. Make one: troth circle new NAME");
    return ERR_OK;
}

/* ---- show ----------------------------------------------------------------------------------------------- */

static void say_members(struct cli *cli, const struct client_circle *circle)
{
    struct say *say = &cli->out;
    for (size_t i = 0; i < state_member_n(circle->state); i++) {
        const struct member *member = state_member(circle->state, i);
        who_say(say, member);
        if (who_is_me(circle, member)) say_put(say, " (you)");
        say_pad(say, 24);
        say_put(say, member->has_left ? " left " : " since ");
        view_put_moment(cli, member->has_left ? member->until_ms : member->since_ms);
        if (member->profile.zone.len > 0 && !str_is(member->profile.zone, str_of_text(cli->here.name))) {
            say_put(say, " \u00b7 ");
            say_quote_line(say, member->profile.zone);
        }
        say_lines(say, 2, 4);
    }
}

static void say_invites(struct cli *cli, const struct client_circle *circle)
{
    const struct circle *is = &circle->chain->circle;
    int me = circle_member_index(is, circle->account->sign_pk);
    for (size_t i = 0; i < is->invite_n; i++) {
        const struct circle_invite *invite = &is->invite[i];
        if (invite->expires_ms <= cli->now_ms) continue;
        say_put(&cli->out, "Invitation %zu, until ", i + 1);
        view_put_moment(cli, invite->expires_ms);
        if (circle_invite_is_agreed(is, invite))
            say_put(&cli->out, ": open");
        else if (me >= 0 && (invite->consents >> me & 1) == 0)
            say_put(&cli->out, ": waits for your consent (troth circle consent)");
        else
            say_put(&cli->out, ": waits for the others' consent");
        say_lines(&cli->out, 2, 4);
    }
}

static void show_json(struct cli *cli, const struct client_circle *circle)
{
    struct json *json = &cli->json;
    json_open(json);
    json_put(json, "name", cli_circle_name(circle->state));
    json_put_c(json, "kind", cli_kind_word(circle->state->facts.kind));
    json_put_hex(json, "id", STR_OF(circle->id));
    json_put_bool(json, "is_member", circle->is_member);
    json_put_number(json, "entries", circle->chain->index.row_n);
    json_put_number(json, "pending", circle->pending_n);
    json_put_number(json, "drafts", circle->draft_n);
    json_put_number(json, "alarms", circle->alarm_n);
    json_put_number(json, "open_invites", circle->chain->circle.invite_n);
    json_name(json, "members");
    json_open_list(json);
    for (size_t i = 0; i < state_member_n(circle->state); i++) {
        if (!state_member(circle->state, i)->has_left) who_json(json, circle, state_member(circle->state, i));
    }
    json_close(json);
    json_close(json);
}

enum err cmd_CIRCLE_SHOW(struct cli *cli)
{
    struct client_circle *circle;
    enum err e = cli_circle(cli, operand(cli), &circle);
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        show_json(cli, circle);
        return ERR_OK;
    }
    say_style(&cli->out, SAY_BOLD);
    say_quote_line(&cli->out, cli_circle_name(circle->state));
    say_style(&cli->out, SAY_PLAIN);
    say_put(&cli->out, " (%s)", cli_kind_word(circle->state->facts.kind));
    if (!circle->is_member) say_put(&cli->out, " \u00b7 you are not in it");
    say_lines(&cli->out, 0, 0);
    say_members(cli, circle);
    say_invites(cli, circle);
    say_put(&cli->out, "%" PRIu64 " entries", circle->chain->index.row_n);
    if (circle->pending_n > 0) say_put(&cli->out, ", %zu kept here to be sent", circle->pending_n);
    if (circle->as_of_ms > 0) {
        say_put(&cli->out, "; as of ");
        view_put_moment(cli, circle->as_of_ms);
    }
    say_lines(&cli->out, 2, 2);
    return ERR_OK;
}

/* ---- leave ---------------------------------------------------------------------------------------------- */

enum err cmd_CIRCLE_LEAVE(struct cli *cli)
{
    struct client_circle *circle;
    struct client_outcome outcome = {0};
    enum err e = cli_circle_now(cli, operand(cli), &circle);
    if (e != ERR_OK) return e;
    if (!circle->is_member) return cli_refuse(cli, ERR_NOT_MEMBER, "You are not in this circle.");
    if (!cli->is_json) {
        say_put(&cli->out, "You leave \"");
        say_quote_line(&cli->out, cli_circle_name(circle->state));
        say_put(&cli->out,
                "\". It happens at once and needs nobody's consent. What you could read stays in your copy; what "
                "the others write from now on you won't see, and what they erase later stays in your copy. Promises "
                "between you and them end. To come back you need a new invitation.");
        say_lines(&cli->out, 0, 0);
    }
    e = cli_sure(cli, "Leave?");
    if (e == ERR_OK) e = client_leave(circle, &outcome, &cli->why);
    if (e != ERR_OK) return e;
    if (cli->is_json && cli_is_kept(&outcome)) json_open(&cli->json);
    e = cli_outcome(cli, &outcome);
    if (e == ERR_OK && cli->is_json) json_close(&cli->json);
    return e;
}

/* ---- words and head --------------------------------------------------------------------------------------- */

enum err cmd_CIRCLE_WORDS(struct cli *cli)
{
    struct client_circle *circle;
    uint16_t word[PHRASE_WORDS];
    enum err e = cli_circle_now(cli, operand(cli), &circle);
    if (e == ERR_OK) e = client_words(circle, word, &cli->why);
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        json_open(&cli->json);
        json_name(&cli->json, "words");
        json_open_list(&cli->json);
        for (size_t i = 0; i < PHRASE_WORDS; i++) json_text(&cli->json, str_of_text(phrase_word(word[i])));
        json_close(&cli->json);
        json_close(&cli->json);
        return ERR_OK;
    }
    say_style(&cli->out, SAY_BOLD);
    for (size_t i = 0; i < PHRASE_WORDS; i++)
        say_put(&cli->out, "%s%s", i == 0 ? "" : i == 4 ? "\n" : "  ", phrase_word(word[i]));
    say_style(&cli->out, SAY_PLAIN);
    say_lines(&cli->out, 2, 2);
    say_line(&cli->out,
             "Read them aloud to each other, best in the same room or on the phone. If everyone has the same eight, "
             "nobody else is in this circle in somebody's place.");
    return ERR_OK;
}

static const char *says_word(enum headtoken_says says)
{
    static const char *const words[] = {"same",    "they_are_behind", "they_are_ahead",
                                        "unknown", "forked",          "other_circle"};
    return words[says];
}

static const char *says_sentence(enum headtoken_says says)
{
    static const char *const sentences[] = {
        "You both see the same record.",
        "Theirs is the beginning of yours: you are ahead, and agree as far as they have come.",
        "They are ahead of you. Sync, then compare again.",
        "It can't be told: your copy doesn't hold that place of the record.",
        "The server shows you two different records. Both are kept as evidence; don't write here until you know why.",
        "That is a token of another circle.",
    };
    return sentences[says];
}

enum err cmd_CIRCLE_HEAD(struct cli *cli)
{
    struct client_circle *circle;
    uint8_t memory[HEADTOKEN_TEXT_BYTES];
    struct out token = OUT_OVER(memory);
    enum headtoken_says says = HEADTOKEN_UNKNOWN;
    enum err e = cli_circle(cli, NULL, &circle);
    if (e != ERR_OK) return e;
    if (cli->call.operand_n > 0)
        e = client_compare(circle, str_of_text(cli->call.operand[0]), &says, &cli->why);
    else
        client_head(circle, &token);
    if (e == ERR_BAD_CODE) return cli_refuse(cli, e, "This is no token of a record. It begins with troth-head:");
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        json_open(&cli->json);
        if (cli->call.operand_n > 0)
            json_put_c(&cli->json, "says", says_word(says));
        else
            json_put(&cli->json, "head", out_str(&token));
        json_close(&cli->json);
    } else if (cli->call.operand_n > 0) {
        say_line(&cli->out, "%s", says_sentence(says));
    } else {
        view_put_out(&cli->out, &token);
        say_whole(&cli->out, 0);
        say_line(&cli->out, "Give this line to another member. They compare it with: troth circle head troth-head:...");
    }
    return says == HEADTOKEN_FORKED ? cli_refuse(cli, ERR_FORKED, "%s", err_happened(ERR_FORKED)) : ERR_OK;
}
