/* cmd_account.c -- account show, code, sheet; unlock, lock, and the agent. */
#include "cli/cmd_account.h"

#include "cli/qr.h"
#include "cli/view.h"
#include "practice/profile.h"

static void put_code(const struct client_account *account, struct out *text)
{
    code_put(text, CODE_ACCOUNT, account->code);
}

void account_say_code(struct cli *cli, const struct client_account *account)
{
    uint8_t memory[CODE_TEXT_BYTES];
    struct out code = OUT_OVER(memory);
    put_code(account, &code);
    say_gap(&cli->out);
    say_style(&cli->out, SAY_BOLD);
    view_put_out(&cli->out, &code);
    say_style(&cli->out, SAY_PLAIN);
    say_whole(&cli->out, 2);
    say_gap(&cli->out);
    wipe(memory, sizeof memory);
}

void account_json(struct cli *cli, const struct client_account *account)
{
    struct json *json = &cli->json;
    json_put(json, "server", str_of_text(account->server));
    json_put_hex(json, "key", STR_OF(account->sign_pk));
    json_put_bool(json, "is_unlocked", account->is_unlocked);
    if (account->is_unlocked) json_put(json, "name", str_of_text(account->name));
    if (account->is_unlocked) json_put_bool(json, "is_signed_in", account->is_signed_in);
}

enum err account_read_colour(struct cli *cli, uint64_t *colour)
{
    if (!call_has(&cli->call, OPT_COLOUR)) return ERR_OK;
    const char *text = cli->call.value[OPT_COLOUR];
    unsigned n = 0;
    for (; *text >= '0' && *text <= '9' && n < 100; text++) n = n * 10 + (unsigned)(*text - '0');
    if (*text != 0 || n < 1 || n > PROFILE_COLOURS)
        return cli_refuse(cli, ERR_BAD_FIELD, "--colour takes a number from 1 to 12.");
    *colour = n - 1;
    return ERR_OK;
}

/* ---- show ----------------------------------------------------------------------------------------------- */

static void say_account(struct cli *cli, const struct client_account *account, size_t number)
{
    struct say *say = &cli->out;
    say_put(say, "%3zu  ", number);
    say_style(say, SAY_BOLD);
    if (account->is_unlocked)
        say_quote_line(say, str_of_text(account->name));
    else
        say_put(say, "(locked)");
    say_style(say, SAY_PLAIN);
    say_put(say, " on %s", account->server);
    if (!account->is_begun)
        say_put(say, " \u00b7 not finished: troth start again, with the same link");
    else if (account->is_unlocked && !account->is_signed_in)
        say_put(say, " \u00b7 signed out: troth sync signs in again");
    say_lines(say, 0, 5);
}

enum err cmd_ACCOUNT_SHOW(struct cli *cli)
{
    enum err e = cli_open(cli);
    size_t n = e == ERR_OK ? client_account_n(cli->client) : 0;
    for (size_t i = 0; e == ERR_OK && i < n; i++) e = cli_unlock(cli, client_account_at(cli->client, i));
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        json_open(&cli->json);
        json_name(&cli->json, "accounts");
        json_open_list(&cli->json);
    }
    for (size_t i = 0; i < n; i++) {
        const struct client_account *account = client_account_at(cli->client, i);
        if (!cli->is_json) {
            say_account(cli, account, i + 1);
            continue;
        }
        json_open(&cli->json);
        json_put_number(&cli->json, "number", i + 1);
        account_json(cli, account);
        json_close(&cli->json);
    }
    if (cli->is_json) {
        json_close(&cli->json);
        json_close(&cli->json);
    } else if (n == 0) {
        say_line(&cli->out, "There is no account here yet. Begin with what you were given: troth start LINK");
    }
    return ERR_OK;
}

/* ---- code and sheet --------------------------------------------------------------------------------------- */

/* Asks for the passphrase even while the agent holds the key: a terminal left open shall not give the code away. */
static enum err open_with_passphrase(struct cli *cli, struct client_account **account)
{
    struct passphrase passphrase;
    enum err e = cli_open_account(cli, account);
    if (e == ERR_OK) e = cli_passphrase(cli, &passphrase, "Passphrase: ", false);
    if (e != ERR_OK) return e;
    e = client_unlock(*account, passphrase_str(&passphrase), &cli->why);
    wipe(&passphrase, sizeof passphrase);
    if (e == ERR_WRONG_SECRET) return cli_refuse(cli, e, "This passphrase does not open your account.");
    return e;
}

static enum err code_json(struct cli *cli, const struct client_account *account)
{
    uint8_t memory[CODE_TEXT_BYTES];
    struct out code = OUT_OVER(memory);
    put_code(account, &code);
    json_open(&cli->json);
    json_put(&cli->json, "code", out_str(&code));
    json_put(&cli->json, "server", str_of_text(account->server));
    json_close(&cli->json);
    wipe(memory, sizeof memory);
    return ERR_OK;
}

enum err cmd_ACCOUNT_CODE(struct cli *cli)
{
    struct client_account *account;
    uint8_t memory[CODE_TEXT_BYTES];
    struct out code = OUT_OVER(memory);
    bool is_drawn;
    enum err e = open_with_passphrase(cli, &account);
    if (e != ERR_OK) return e;
    if (cli->is_json) return code_json(cli, account);
    account_say_code(cli, account);
    put_code(account, &code);
    e = qr_draw(&cli->out, out_str(&code), &is_drawn);
    wipe(memory, sizeof memory);
    if (e != ERR_OK) return e;
    if (is_drawn) say_gap(&cli->out);
    say_line(&cli->out, "With your passphrase it opens your account on %s, on any device. Show it to nobody.",
             account->server);
    return ERR_OK;
}

/* A page of text. Nothing on it is styled: it goes to a printer. */
static void say_sheet(struct cli *cli, const struct client_account *account)
{
    struct say *say = &cli->out;
    say_line(say, "TROTH \u00b7 ACCOUNT SHEET");
    say_line(say, "--------------------------------------------------------------");
    say_gap(say);
    say_put(say, "Name      ");
    say_quote_line(say, str_of_text(account->name));
    say_lines(say, 0, 10);
    say_line(say, "Server    %s", account->server);
    say_gap(say);
    say_line(say, "Account code");
    account_say_code(cli, account);
    say_line(say, "To open the account on another device:");
    say_gap(say);
    say_put(say, "troth signin %s", account->server);
    say_whole(say, 2);
    say_gap(say);
    say_line(
        say,
        "It asks for this code, and for your passphrase. The passphrase is in your head: it is not on this sheet, and "
        "should not be. Neither of the two opens anything alone; nobody can replace either for you, not even whoever "
        "runs the server.");
    say_gap(say);
    say_line(say, "Keep the sheet where you keep papers. If somebody else may have seen it, change the passphrase.");
}

enum err cmd_ACCOUNT_SHEET(struct cli *cli)
{
    struct client_account *account;
    enum err e = open_with_passphrase(cli, &account);
    if (e != ERR_OK) return e;
    if (cli->is_json) return code_json(cli, account);
    say_sheet(cli, account);
    return ERR_OK;
}

/* ---- unlock and lock ---------------------------------------------------------------------------------------- */

static enum err read_span(struct cli *cli, uint64_t *for_ms)
{
    *for_ms = AGENT_USUAL_MS;
    if (!call_has(&cli->call, OPT_FOR)) return ERR_OK;
    if (when_read_span(for_ms, str_of_text(cli->call.value[OPT_FOR])) != ERR_OK)
        return cli_refuse(cli, ERR_BAD_FIELD, "--for takes a time such as 15m or 2h.");
    if (*for_ms > AGENT_LONGEST_MS) return cli_refuse(cli, ERR_BAD_FIELD, "12 hours are the longest.");
    return ERR_OK;
}

enum err cmd_UNLOCK(struct cli *cli)
{
    struct client_account *account;
    uint64_t for_ms;
    uint8_t memory[WHEN_WORDS_BYTES];
    struct out until = OUT_OVER(memory);
    if (call_has(&cli->call, OPT_NO_AGENT))
        return cli_refuse(cli, ERR_BAD_FIELD, "Without an agent nothing stays unlocked.");
    enum err e = read_span(cli, &for_ms);
    if (e == ERR_OK) e = cli_open_account(cli, &account);
    if (e == ERR_OK) e = cli_unlock(cli, account);
    if (e == ERR_OK && !account->is_signed_in) e = cli_renew(cli, account);
    if (e != ERR_OK) return e;
    if (!cli_hold(cli, account, for_ms)) {
        cli_next(
            cli,
            "The passphrase is asked at every command. XDG_RUNTIME_DIR should name a folder that only you may use.");
        return cli_refuse(cli, ERR_STORE, "The agent could not be started.");
    }
    if (cli->is_json) {
        json_open(&cli->json);
        json_put_number(&cli->json, "until_ms", cli->now_ms + for_ms);
        json_close(&cli->json);
        return ERR_OK;
    }
    when_say_moment(&until, cli->now_ms + for_ms, &cli->here, cli->now_ms);
    say_put(&cli->out, "Unlocked until ");
    view_put_out(&cli->out, &until);
    say_put(&cli->out, ". Sooner: troth lock");
    say_lines(&cli->out, 0, 0);
    return ERR_OK;
}

enum err cmd_LOCK(struct cli *cli)
{
    agent_init(&cli->agent, cli->home);
    bool was_there = agent_lock(&cli->agent);
    if (cli->is_json) {
        json_open(&cli->json);
        json_put_bool(&cli->json, "was_unlocked", was_there);
        json_close(&cli->json);
    } else {
        say_line(&cli->out, "Locked.");
    }
    return ERR_OK;
}
