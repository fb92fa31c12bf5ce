/* cmd_start.c -- start, signin: an account on this device. */
#define _DEFAULT_SOURCE
#include <unistd.h>

#include "cli/cmd_account.h"
#include "cli/cmd_circle.h"
#include "cli/view.h"
#include "practice/profile.h"

/* What start was given, taken apart. */
struct given {
    bool is_invite;
    uint8_t secret[SECRET_BYTES];
    char server[CLI_LINK_SERVER_BYTES];
};

/* ---- the link ------------------------------------------------------------------------------------------- */

static enum err set_server(struct cli *cli, struct given *given, struct str server)
{
    while (server.len > 0 && server.at[server.len - 1] == '/') server.len--;
    if (!account_is_origin(server) || server.len >= sizeof given->server) {
        cli_next(cli, "It is written like https://troth.example or http://localhost:8787");
        return cli_refuse(cli, ERR_BAD_FIELD, "\"%s\" is no address of a server.", cli_clean(server));
    }
    memcpy(given->server, server.at, server.len);
    given->server[server.len] = 0;
    return ERR_OK;
}

static enum err read_permit(struct cli *cli, struct str text, struct given *given)
{
    const uint8_t *hash = memchr(text.at, '#', text.len);
    struct str code = text, server = {0};
    if (hash != NULL) {
        server = str_at(text.at, (size_t)(hash - text.at));
        code = str_at(hash + 1, text.len - server.len - 1);
    }
    if (call_has(&cli->call, OPT_SERVER)) server = str_of_text(cli->call.value[OPT_SERVER]);
    if (server.len == 0) {
        cli_next(cli, "Give the whole link, or say which server: --server https://...");
        return cli_refuse(cli, ERR_BAD_FIELD, "This does not say on which server the account is to be.");
    }
    enum err e = set_server(cli, given, server);
    if (e != ERR_OK) return e;
    e = code_read(CODE_PERMIT, code, given->secret, &cli->why);
    if (e == ERR_BAD_CODE) cli_next(cli, "Copy the whole link again, from http to the end.");
    return e;
}

/* An invitation's code begins with J1, a permit's with P1. */
static bool is_invite(struct str text)
{
    const uint8_t *hash = memchr(text.at, '#', text.len);
    struct str code = hash == NULL ? text : str_at(hash + 1, text.len - (size_t)(hash + 1 - text.at));
    return str_starts(code, STR("J1")) || str_starts(code, STR("j1"));
}

/* ---- start ------------------------------------------------------------------------------------------------ */

static enum err ask_name(struct cli *cli, char name[static PROMPT_LINE_BYTES])
{
    enum err e = ERR_OK;
    if (call_has(&cli->call, OPT_NAME))
        (void)snprintf(name, PROMPT_LINE_BYTES, "%s", cli->call.value[OPT_NAME]);
    else
        e = prompt_line(name, "Your name, as the others will see it: ", &cli->why);
    if (e != ERR_OK) return e;
    enum law law = words_check_name(str_of_text(name));
    if (law == LAW_OK && strlen(name) < CLIENT_NAME_BYTES) return ERR_OK;
    return cli_refuse(cli, ERR_BAD_FIELD, "%s", law_sentence(law == LAW_OK ? LAW_NAME : law));
}

static enum err read_colour(struct cli *cli, uint64_t *colour)
{
    uint8_t random;
    random_fill(&random, 1);
    *colour = random % PROFILE_COLOURS;
    return account_read_colour(cli, colour);
}

static enum err start_account(struct cli *cli, const struct given *given, struct client_account **account)
{
    char name[PROMPT_LINE_BYTES];
    uint64_t colour;
    struct passphrase passphrase;
    enum err e = ask_name(cli, name);
    if (e == ERR_OK) e = read_colour(cli, &colour);
    if (e != ERR_OK) return e;
    if (!cli->is_json && !call_has(&cli->call, OPT_PASSPHRASE_FILE))
        say_line(&cli->out,
                 "Choose a passphrase. Three or four words that don't belong together are good. It is not stored "
                 "anywhere, and nobody can give you a new one.");
    if (!say_is_written(&cli->out)) return ERR_STORE;
    e = cli_passphrase(cli, &passphrase, "Passphrase: ", true);
    if (e != ERR_OK) return e;
    const struct client_start start = {
        .server = given->server,
        .permit = given->is_invite ? NULL : given->secret,
        .invite = given->is_invite ? given->secret : NULL,
        .passphrase = passphrase_str(&passphrase),
        .name = str_of_text(name),
        .zone = str_of_text(cli->here.name),
        .colour = colour,
    };
    e = client_start_account(cli->client, &start, account, &cli->why);
    wipe(&passphrase, sizeof passphrase);
    return cli_try_again(cli, e);
}

static void say_started(struct cli *cli, const struct client_account *account)
{
    say_gap(&cli->out);
    say_put(&cli->out, "Your account on %s is open", account->server);
    say_put(&cli->out, ", ");
    say_quote_line(&cli->out, str_of_text(account->name));
    say_put(&cli->out, ". This is its code:");
    say_lines(&cli->out, 0, 0);
    account_say_code(cli, account);
    say_line(
        &cli->out,
        "Write it down, or print it (troth account sheet), and keep it where you keep papers. With your passphrase "
        "it opens the account on another device. Without it, nothing does.");
    say_gap(&cli->out);
}

/* The first circle, if --circle asks for one, or what to do next. */
static enum err first_circle(struct cli *cli, struct client_account *account)
{
    struct client_circle *circle;
    struct client_news news = {0};
    if (!call_has(&cli->call, OPT_CIRCLE)) {
        if (!cli->is_json)
            say_line(&cli->out, "Next, make a circle and invite somebody: troth circle new \"Ana and Ben\"");
        return ERR_OK;
    }
    enum err e = circle_make(cli, account, str_of_text(cli->call.value[OPT_CIRCLE]), &circle);
    if (e == ERR_OK) e = client_sync_circle(circle, &news, &cli->why);
    if (e == ERR_OK && !cli->is_json)
        say_line(&cli->out, "Your circle is made. Next, invite somebody: troth circle invite");
    return e;
}

enum err cmd_START(struct cli *cli)
{
    struct str link = str_of_text(cli->call.operand[0]);
    struct given given = {.is_invite = is_invite(link)};
    struct client_look *look = NULL;
    struct client_account *account = NULL;
    enum err e =
        given.is_invite ? circle_look(cli, link, given.secret, given.server, &look) : read_permit(cli, link, &given);
    if (e == ERR_OK) e = cli_open(cli);
    if (e == ERR_OK && given.is_invite) e = cli_sure(cli, "Open an account there, and join?");
    if (e == ERR_OK) e = start_account(cli, &given, &account);
    wipe(given.secret, sizeof given.secret);
    if (e == ERR_OK) {
        agent_fini(&cli->agent); /* the home may only now be there */
        agent_init(&cli->agent, cli->home);
        (void)cli_hold(cli, account, AGENT_USUAL_MS);
    }
    if (e == ERR_OK && !cli->is_json) say_started(cli, account);
    if (e == ERR_OK) e = given.is_invite ? circle_join(cli, account, look) : first_circle(cli, account);
    if (e == ERR_OK && cli->is_json) {
        json_open(&cli->json);
        account_json(cli, account);
        json_close(&cli->json);
    }
    client_look_close(look);
    return e;
}

/* ---- signin ------------------------------------------------------------------------------------------------- */

static enum err ask_code(struct cli *cli, uint8_t code[static SECRET_BYTES])
{
    char line[PROMPT_LINE_BYTES];
    enum err e = call_has(&cli->call, OPT_CODE_FILE) ? prompt_line_file(line, cli->call.value[OPT_CODE_FILE], &cli->why)
                                                     : prompt_line(line, "Account code (T1-...): ", &cli->why);
    if (e == ERR_OK) e = code_read(CODE_ACCOUNT, str_of_text(line), code, &cli->why);
    wipe(line, sizeof line);
    return e;
}

enum err cmd_SIGNIN(struct cli *cli)
{
    struct given given = {0};
    uint8_t code[SECRET_BYTES];
    struct passphrase passphrase = {.len = 0};
    struct client_account *account;
    char device[256] = "a device";
    (void)gethostname(device, sizeof device - 1); /* if it has no name, it is a device */
    enum err e = set_server(cli, &given, str_of_text(cli->call.operand[0]));
    if (e == ERR_OK) e = cli_open(cli);
    if (e == ERR_OK) e = ask_code(cli, code);
    if (e == ERR_OK) e = cli_passphrase(cli, &passphrase, "Passphrase: ", false);
    if (e == ERR_OK)
        e = client_sign_in(cli->client, given.server, code, passphrase_str(&passphrase), str_of_text(device), &account,
                           &cli->why);
    wipe(&passphrase, sizeof passphrase);
    wipe(code, sizeof code);
    if (e != ERR_OK) return cli_try_again(cli, e);
    agent_fini(&cli->agent);
    agent_init(&cli->agent, cli->home);
    (void)cli_hold(cli, account, AGENT_USUAL_MS);
    if (cli->is_json) {
        json_open(&cli->json);
        account_json(cli, account);
        json_close(&cli->json);
        return ERR_OK;
    }
    say_put(&cli->out, "This device is signed in");
    if (account->name[0] != 0) {
        say_put(&cli->out, ", ");
        say_quote_line(&cli->out, str_of_text(account->name));
    }
    say_put(&cli->out, ". Your other devices will tell that it is new.");
    say_lines(&cli->out, 0, 0);
    say_line(&cli->out, "What waits for you: troth status");
    return ERR_OK;
}
