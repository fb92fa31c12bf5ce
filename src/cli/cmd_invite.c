/* cmd_invite.c -- circle invite, take-back, consent, join: how somebody comes in. */
#include "cli/cmd_circle.h"
#include "cli/qr.h"
#include "cli/view.h"
#include "practice/profile.h"
#include "record/invite.h"

enum { USUAL_DAYS = 7 };
static const uint64_t day_ms = UINT64_C(24) * 60 * 60 * 1000;

/* ---- invite ------------------------------------------------------------------------------------------- */

static enum err read_expiry(struct cli *cli, uint64_t *expires_ms)
{
    uint64_t span_ms = USUAL_DAYS * day_ms;
    if (call_has(&cli->call, OPT_FOR) && when_read_span(&span_ms, str_of_text(cli->call.value[OPT_FOR])) != ERR_OK)
        return cli_refuse(cli, ERR_BAD_FIELD, "--for takes a time such as 2d or 12h.");
    if (span_ms > LIMIT_INVITE_DAYS * day_ms)
        return cli_refuse(cli, ERR_BAD_FIELD, "An invitation lives 14 days at most.");
    *expires_ms = cli->now_ms + span_ms;
    return ERR_OK;
}

static enum err say_invite(struct cli *cli, const struct client_circle *circle, struct str link, uint64_t expires_ms,
                           bool waits)
{
    struct say *say = &cli->out;
    bool is_drawn;
    say_put(say, "An invitation to \"");
    say_quote_line(say, cli_circle_name(circle->state));
    say_put(say, "\", for one person, until ");
    view_put_moment(cli, expires_ms);
    say_put(say, ":");
    say_lines(say, 0, 0);
    say_gap(say);
    say_quote_line(say, link);
    say_whole(say, 0);
    say_gap(say);
    enum err e = qr_draw(say, link, &is_drawn);
    if (e != ERR_OK) return e;
    if (is_drawn) say_gap(say);
    if (waits)
        say_line(say, "Everyone else in the circle has to consent before it opens: troth circle consent");
    say_line(
        say,
        "Whoever has this link can come in, once; so send it by a way that you trust. They say: troth start LINK. They "
        "see who invites them to what, and nothing from before.");
    return ERR_OK;
}

static enum err invite(struct cli *cli, struct client_circle *circle, uint8_t secret[static SECRET_BYTES])
{
    uint64_t expires_ms = 0;
    struct client_outcome outcome = {0};
    uint8_t memory[CLIENT_LINK_BYTES];
    struct out link = OUT_OVER(memory);
    bool ends_others = circle->chain->circle.invite_n > 0;
    enum err e = read_expiry(cli, &expires_ms);
    if (e == ERR_OK && ends_others && !cli->is_json)
        say_line(&cli->out, "An invitation that was open before is taken back by this one.");
    if (e == ERR_OK) e = client_invite(circle, expires_ms, secret, &outcome, &cli->why);
    if (e != ERR_OK) return e;
    if (!cli_is_kept(&outcome)) return cli_outcome(cli, &outcome); /* there is no invitation to show */
    client_invite_link(circle, NULL, secret, &link);
    EXPECT(!link.is_full);
    if (cli->is_json) {
        json_open(&cli->json);
        json_put(&cli->json, "link", out_str(&link));
        json_put_number(&cli->json, "expires_ms", expires_ms);
    } else {
        e = say_invite(cli, circle, out_str(&link), expires_ms, circle->state->in_n > 1);
    }
    if (e == ERR_OK && (cli->is_json || outcome.fate != CLIENT_SENT)) e = cli_outcome(cli, &outcome);
    if (e == ERR_OK && cli->is_json) json_close(&cli->json);
    wipe(memory, sizeof memory);
    return e;
}

/* My open invitation once more: with JSON as an object of a list. */
static enum err show_again(struct cli *cli, const struct client_circle *circle, const struct client_invite *invite)
{
    uint8_t memory[CLIENT_LINK_BYTES];
    struct out link = OUT_OVER(memory);
    enum err e = ERR_OK;
    client_invite_link(circle, NULL, invite->secret, &link);
    EXPECT(!link.is_full);
    if (cli->is_json) {
        json_open(&cli->json);
        json_put(&cli->json, "link", out_str(&link));
        json_put_number(&cli->json, "expires_ms", invite->expires_ms);
        json_put_number(&cli->json, "consents", invite->consent_n);
        json_put_number(&cli->json, "needed", invite->consent_needed_n);
        json_close(&cli->json);
    } else {
        e = say_invite(cli, circle, out_str(&link), invite->expires_ms, invite->consent_n < invite->consent_needed_n);
    }
    wipe(memory, sizeof memory);
    return e;
}

static enum err invite_again(struct cli *cli, struct client_circle *circle)
{
    struct client_invite list[LIMIT_OPEN_INVITES + 1];
    size_t n = 0, open_n = 0;
    if (call_has(&cli->call, OPT_FOR))
        return cli_refuse(cli, ERR_BAD_FIELD, "--again shows an invitation as it is; --for is for a new one.");
    enum err e = client_invites(circle, list, &n, &cli->why);
    if (e != ERR_OK) return e;
    for (size_t i = 0; i < n; i++) open_n += list[i].expires_ms > cli->now_ms;
    if (open_n == 0) {
        cli_next(cli, "Make one: troth circle invite");
        e = cli_refuse(cli, ERR_NO_INVITE, "No invitation that was made on this machine is open.");
    }
    if (cli->is_json && e == ERR_OK) {
        json_open(&cli->json);
        json_name(&cli->json, "invites");
        json_open_list(&cli->json);
    }
    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        if (list[i].expires_ms > cli->now_ms) e = show_again(cli, circle, &list[i]);
    }
    if (cli->is_json && e == ERR_OK) {
        json_close(&cli->json);
        json_close(&cli->json);
    }
    wipe(list, sizeof list);
    return e;
}

enum err cmd_CIRCLE_INVITE(struct cli *cli)
{
    struct client_circle *circle;
    uint8_t secret[SECRET_BYTES];
    enum err e = cli_circle_now(cli, cli->call.operand_n > 0 ? cli->call.operand[0] : NULL, &circle);
    if (e == ERR_OK && call_has(&cli->call, OPT_AGAIN)) return invite_again(cli, circle);
    if (e == ERR_OK) e = invite(cli, circle, secret);
    wipe(secret, sizeof secret);
    return e;
}

/* ---- take-back ------------------------------------------------------------------------------------------ */

/* Those in the record that have not ended by themselves, and mine that were not sent yet. */
static enum err count_open(struct cli *cli, struct client_circle *circle, size_t *n)
{
    const struct circle *is = &circle->chain->circle;
    static const uint8_t unsent[HASH_BYTES];
    struct client_invite list[LIMIT_OPEN_INVITES + 1];
    size_t mine_n = 0, found = 0;
    for (size_t i = 0; i < is->invite_n; i++) found += is->invite[i].expires_ms > cli->now_ms;
    enum err e = client_invites(circle, list, &mine_n, &cli->why);
    if (e != ERR_OK) return e;
    for (size_t i = 0; i < mine_n; i++) found += memcmp(list[i].hash, unsent, HASH_BYTES) == 0;
    wipe(list, sizeof list);
    *n = found;
    return ERR_OK;
}

enum err cmd_CIRCLE_TAKE_BACK(struct cli *cli)
{
    struct client_circle *circle;
    struct client_outcome outcome = {0};
    size_t n = 0;
    enum err e = cli_circle_now(cli, cli->call.operand_n > 0 ? cli->call.operand[0] : NULL, &circle);
    if (e == ERR_OK) e = count_open(cli, circle, &n);
    if (e == ERR_OK && n == 0) return cli_refuse(cli, ERR_NO_INVITE, "No invitation to this circle is open.");
    if (e == ERR_OK) e = client_cancel_invites(circle, &outcome, &cli->why);
    if (e != ERR_OK) return e;
    bool is_done = cli_is_kept(&outcome);
    if (cli->is_json && is_done) {
        json_open(&cli->json);
        json_put_number(&cli->json, "taken_back", n);
    } else if (outcome.fate == CLIENT_SENT) {
        say_line(&cli->out, n == 1 ? "%zu invitation is taken back: its link opens nothing any more."
                                   : "%zu invitations are taken back: their links open nothing any more.", n);
    } else if (is_done) {
        say_line(&cli->out, "Until the server hears of it, the links still open.");
    }
    if (cli->is_json || outcome.fate != CLIENT_SENT) e = cli_outcome(cli, &outcome);
    if (cli->is_json && is_done) json_close(&cli->json);
    return e;
}

/* ---- consent -------------------------------------------------------------------------------------------- */

static enum err choose_invite(struct cli *cli, const struct client_circle *circle, const struct circle_invite **chosen)
{
    const struct circle *is = &circle->chain->circle;
    int me = circle_member_index(is, circle->account->sign_pk);
    size_t n = 0;
    for (size_t i = 0; i < is->invite_n; i++) {
        char number[24];
        (void)snprintf(number, sizeof number, "%zu", i + 1);
        bool is_named = cli->call.operand_n > 0 && str_is(str_of_text(cli->call.operand[0]), str_of_text(number));
        bool waits = me >= 0 && (is->invite[i].consents >> me & 1) == 0 && is->invite[i].expires_ms > cli->now_ms;
        if (cli->call.operand_n > 0 ? !is_named : !waits) continue;
        *chosen = &is->invite[i];
        n++;
    }
    cli_next(cli, "See: troth circle show");
    if (n == 0) return cli_refuse(cli, ERR_NO_INVITE, "No invitation here waits for your consent.");
    if (n > 1)
        return cli_refuse(cli, ERR_BAD_FIELD, "%zu invitations wait for your consent. Say which one by its number.", n);
    cli->next[0] = 0;
    return ERR_OK;
}

enum err cmd_CIRCLE_CONSENT(struct cli *cli)
{
    struct client_circle *circle;
    const struct circle_invite *chosen = NULL;
    struct client_outcome outcome = {0};
    uint8_t hash[HASH_BYTES];
    enum err e = cli_circle_now(cli, NULL, &circle);
    if (e == ERR_OK) e = choose_invite(cli, circle, &chosen);
    if (e != ERR_OK) return e;
    memcpy(hash, chosen->hash, sizeof hash);
    const struct state_row *row = state_row(circle->state, chosen->seq);
    if (!cli->is_json) {
        say_put(&cli->out, "You agree that one person comes into this circle, by an invitation of ");
        if (row->author == STATE_NONE)
            say_put(&cli->out, "somebody");
        else
            who_say(&cli->out, state_member(circle->state, row->author));
        say_put(&cli->out,
                ". They will see what is said from that invitation on, and nothing from before. Ask who it is, if you "
                "don't know.");
        say_lines(&cli->out, 0, 0);
    }
    e = cli_sure(cli, "Consent?");
    if (e == ERR_OK) e = client_consent(circle, hash, &outcome, &cli->why);
    if (e != ERR_OK) return e;
    if (cli->is_json && cli_is_kept(&outcome)) json_open(&cli->json);
    e = cli_outcome(cli, &outcome);
    if (e == ERR_OK && cli->is_json) json_close(&cli->json);
    return e;
}

/* ---- join ------------------------------------------------------------------------------------------------- */

static void say_look(struct cli *cli, const struct client_look *look)
{
    struct say *say = &cli->out;
    const struct member *inviter = state_find_member(look->state, look->inviter);
    if (inviter != NULL)
        who_say(say, inviter);
    else
        say_put(say, "Somebody");
    say_put(say, " invites you to \"");
    say_quote_line(say, cli_circle_name(look->state));
    say_put(say, "\" (%s).", cli_kind_word(look->state->facts.kind));
    say_lines(say, 0, 0);
    say_put(say, "In it now: ");
    for (size_t i = 0; i < look->state->in_n; i++) {
        if (i > 0) say_put(say, ", ");
        who_say(say, state_in(look->state, i));
    }
    say_put(say, ". The invitation is open until ");
    view_put_moment(cli, look->expires_ms);
    say_put(say, ".");
    say_lines(say, 0, 0);
    say_line(say,
             "If you join, they see your name and what you write here from then on. You can leave at any time, alone.");
}

enum err circle_look(struct cli *cli, struct str link, uint8_t secret[static SECRET_BYTES],
                     char server[static CLI_LINK_SERVER_BYTES], struct client_look **look)
{
    struct str origin;
    enum err e = invite_link_read(link, secret, &origin, &cli->why);
    if (e == ERR_OK && origin.len >= CLI_LINK_SERVER_BYTES) e = ERR_BAD_CODE;
    if (e == ERR_BAD_CODE) {
        cli_next(cli, "Copy the whole link again, from http to the end.");
        return cli_refuse(cli, e, "This is no invitation, or a part of it is missing or mistyped.");
    }
    if (e != ERR_OK) return e;
    memcpy(server, origin.at, origin.len);
    server[origin.len] = 0;
    e = cli_open(cli);
    if (e == ERR_OK) e = cli_try_again(cli, client_look(cli->client, server, secret, look, &cli->why));
    if (e == ERR_OK && !cli->is_json) say_look(cli, *look);
    return e;
}

/* The profile that others will see: that of this account, as another circle has it, in this machine's zone. */
static enum err put_profile(struct cli *cli, const struct client_account *account, struct out *text)
{
    struct profile profile = {
        .name = str_of_text(account->name), .zone = str_of_text(cli->here.name), .written_ms = cli->now_ms};
    profile.colour = (unsigned)(account->sign_pk[0] % PROFILE_COLOURS);
    if (profile_check(&profile) != LAW_OK)
        return cli_refuse(cli, ERR_BAD_FIELD, "%s", law_sentence(profile_check(&profile)));
    profile_put(text, &profile);
    return ERR_OK;
}

enum err circle_join(struct cli *cli, struct client_account *account, struct client_look *look)
{
    uint8_t memory[1024];
    struct out profile = OUT_OVER(memory);
    struct client_outcome outcome = {0};
    struct client_circle *circle = NULL;
    enum err e = put_profile(cli, account, &profile);
    if (e == ERR_OK) e = client_join(account, look, out_str(&profile), &circle, &outcome, &cli->why);
    if (e != ERR_OK) return e;
    if (outcome.fate != CLIENT_SENT) {
        if (outcome.fate == CLIENT_REFUSED || outcome.fate == CLIENT_IN_DRAFTS) return cli_outcome(cli, &outcome);
        if (!cli->is_json)
            say_line(&cli->out, "You are not in yet: %s It is tried again with each sync.", err_happened(outcome.err));
        return ERR_OK;
    }
    if (cli->is_json) return ERR_OK;
    say_put(&cli->out, "You are in \"");
    say_quote_line(&cli->out, cli_circle_name(look->state));
    say_put(&cli->out, "\".");
    say_lines(&cli->out, 0, 0);
    say_line(&cli->out, "To be sure of each other, compare eight words aloud: troth circle words");
    say_line(&cli->out, "What is promised here: troth promise list");
    return ERR_OK;
}

/* The account of this home on that server. */
static enum err account_on(struct cli *cli, const char *server, struct client_account **account)
{
    if (call_has(&cli->call, OPT_ACCOUNT)) return cli_open_account(cli, account);
    for (size_t i = 0; i < client_account_n(cli->client); i++) {
        struct client_account *at = client_account_at(cli->client, i);
        if (!str_is(str_of_text(at->server), str_of_text(server))) continue;
        *account = at;
        return ERR_OK;
    }
    cli_next(cli, "Say: troth start LINK. An invitation opens an account, too.");
    return cli_refuse(cli, ERR_NO_SESSION, "You have no account on the server of this circle, %s.",
                      cli_clean(str_of_text(server)));
}

enum err cmd_CIRCLE_JOIN(struct cli *cli)
{
    uint8_t secret[SECRET_BYTES];
    char server[CLI_LINK_SERVER_BYTES];
    struct client_look *look = NULL;
    struct client_account *account = NULL;
    enum err e = circle_look(cli, str_of_text(cli->call.operand[0]), secret, server, &look);
    wipe(secret, sizeof secret);
    if (e == ERR_OK) e = account_on(cli, server, &account);
    if (e == ERR_OK) e = cli_unlock(cli, account);
    if (e == ERR_OK) e = cli_sure(cli, "Join?");
    if (e == ERR_OK) e = circle_join(cli, account, look);
    if (e == ERR_OK && cli->is_json) {
        json_open(&cli->json);
        json_put(&cli->json, "circle", cli_circle_name(look->state));
        json_put_hex(&cli->json, "id", STR_OF(look->circle));
        json_close(&cli->json);
    }
    client_look_close(look);
    return e;
}
