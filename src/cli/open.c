/* open.c -- the home, accounts and circles that a command needs. See cli.h. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/cmd_log.h"
#include "cli/who.h"

enum { WAIT_MS = 10 * 1000, PASSPHRASE_TRIES = 3 };

enum err cli_open(struct cli *cli)
{
    const char *plain = getenv("TROTH_PLAIN_HTTP");
    const struct client_options options = {
        .folder = cli->home,
        .wait_ms = WAIT_MS,
        .ca_file = getenv("TROTH_CA_FILE"),
        .proxy = getenv("TROTH_PROXY"),
        .may_be_plain = plain != NULL && str_is(str_of_text(plain), STR("1")),
        .has_stop_fd = cli->stop_fd >= 0,
        .stop_fd = cli->stop_fd,
    };
    if (cli->client != NULL) return ERR_OK;
    enum err e = client_open(&options, &cli->client, &cli->why);
    if (e == ERR_OK) agent_init(&cli->agent, cli->home);
    if (e == ERR_BUSY) cli_next(cli, "Another troth is at work in this home. Wait for it, or end it, then try again.");
    return e;
}

static enum err no_account(struct cli *cli)
{
    cli_next(cli, "Begin with what you were given: troth start LINK\nOr, with an account code: troth signin ADDRESS");
    return cli_refuse(cli, ERR_NO_SESSION, "There is no account here yet.");
}

/* A number from 1 to most, as a person wrote it; 0 if it is none. */
static size_t read_number(const char *text, size_t most)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    return errno == 0 && *end == 0 && text[0] >= '0' && text[0] <= '9' && n <= most ? n : 0;
}

enum err cli_open_account(struct cli *cli, struct client_account **account)
{
    enum err e = cli_open(cli);
    if (e != ERR_OK) return e;
    size_t n = client_account_n(cli->client);
    if (n == 0) return no_account(cli);
    if (call_has(&cli->call, OPT_ACCOUNT)) {
        size_t number = read_number(cli->call.value[OPT_ACCOUNT], n);
        if (number == 0) return cli_refuse(cli, ERR_NOT_FOUND, "There is no such account. See: troth account show");
        *account = client_account_at(cli->client, number - 1);
        return ERR_OK;
    }
    if (n > 1) {
        cli_next(cli, "Say which one: --account N");
        return cli_refuse(cli, ERR_BAD_FIELD, "There are %zu accounts here. See: troth account show", n);
    }
    *account = client_account_at(cli->client, 0);
    return ERR_OK;
}

/* ---- unlocking ---------------------------------------------------------------------------------------- */

enum err cli_passphrase(struct cli *cli, struct passphrase *passphrase, const char *question, bool is_new)
{
    if (call_has(&cli->call, OPT_PASSPHRASE_FILE))
        return prompt_passphrase_file(passphrase, cli->call.value[OPT_PASSPHRASE_FILE], &cli->why);
    return prompt_passphrase(passphrase, question, is_new, &cli->why);
}

bool cli_hold(struct cli *cli, const struct client_account *account, uint64_t for_ms)
{
    uint8_t seed[SEED_BYTES];
    if (call_has(&cli->call, OPT_NO_AGENT)) return false;
    client_seed(account, seed);
    bool is_held = agent_put(&cli->agent, "/proc/self/exe", account->sign_pk, seed, for_ms);
    wipe(seed, sizeof seed);
    return is_held;
}

static bool unlock_by_agent(struct cli *cli, struct client_account *account)
{
    uint8_t seed[SEED_BYTES];
    uint64_t left_ms;
    if (call_has(&cli->call, OPT_NO_AGENT) || !agent_get(&cli->agent, account->sign_pk, seed, &left_ms)) return false;
    enum err e = client_unlock_seed(account, seed, &cli->why);
    wipe(seed, sizeof seed);
    return e == ERR_OK;
}

/* A session that has ended is renewed while the passphrase is at hand; a server that is away does not matter now. */
static enum err unlock_with(struct cli *cli, struct client_account *account, const struct passphrase *passphrase)
{
    struct why unheeded;
    enum err e = client_unlock(account, passphrase_str(passphrase), &cli->why);
    if (e != ERR_OK || account->is_signed_in) return e;
    e = client_renew(account, passphrase_str(passphrase), &unheeded);
    return e == ERR_NO_MEMORY ? e : ERR_OK;
}

enum err cli_unlock(struct cli *cli, struct client_account *account)
{
    struct passphrase passphrase;
    if (account->is_unlocked) return ERR_OK;
    if (unlock_by_agent(cli, account)) return ERR_OK;
    enum err e = ERR_WRONG_SECRET;
    for (unsigned i = 0; i < PASSPHRASE_TRIES && e == ERR_WRONG_SECRET; i++) {
        e = cli_passphrase(cli, &passphrase, i == 0 ? "Passphrase: " : "That was not it. Passphrase: ", false);
        if (e != ERR_OK) return e;
        e = unlock_with(cli, account, &passphrase);
        wipe(&passphrase, sizeof passphrase);
        if (call_has(&cli->call, OPT_PASSPHRASE_FILE)) break;
    }
    if (e == ERR_WRONG_SECRET) {
        cli_next(cli, "Check the passphrase: capitals, and the keyboard's language. Nothing was changed.");
        return cli_refuse(cli, e, "This passphrase does not open your account.");
    }
    if (e == ERR_OK) (void)cli_hold(cli, account, AGENT_USUAL_MS); /* if not, it is asked again, nothing worse */
    return e;
}

enum err cli_renew(struct cli *cli, struct client_account *account)
{
    struct passphrase passphrase;
    enum err e = cli_passphrase(cli, &passphrase,
                                "The server has signed this device out. To sign in again, your passphrase: ", false);
    if (e != ERR_OK) return e;
    e = client_renew(account, passphrase_str(&passphrase), &cli->why);
    wipe(&passphrase, sizeof passphrase);
    return e;
}

/* ---- circles -------------------------------------------------------------------------------------------- */

static enum err list_account(struct cli *cli, struct client_account *account)
{
    static struct client_listed list[CLI_CIRCLES];
    size_t n = 0;
    enum err e = cli_unlock(cli, account);
    if (e == ERR_OK) e = client_circles(account, list, &n, &cli->why);
    for (size_t i = 0; e == ERR_OK && i < n && cli->list_n < CLI_CIRCLES; i++) {
        if (!list[i].is_journal) cli->list[cli->list_n++] = (struct cli_listed){account, list[i]};
    }
    return e;
}

enum err cli_list(struct cli *cli)
{
    struct client_account *account;
    enum err e = cli_open(cli);
    if (e != ERR_OK) return e;
    cli->list_n = 0;
    if (client_account_n(cli->client) == 0) return no_account(cli);
    if (call_has(&cli->call, OPT_ACCOUNT)) {
        e = cli_open_account(cli, &account);
        return e == ERR_OK ? list_account(cli, account) : e;
    }
    for (size_t i = 0; e == ERR_OK && i < client_account_n(cli->client); i++)
        e = list_account(cli, client_account_at(cli->client, i));
    return e;
}

/* The circles of the list that a word means: by number, by name, by how the name begins. */
static size_t meant(const struct cli *cli, struct str word, size_t *found)
{
    char text[32];
    size_t n = 0;
    if (word.len < sizeof text) {
        memcpy(text, word.at, word.len);
        text[word.len] = 0;
        size_t number = read_number(text, cli->list_n);
        if (number > 0) {
            *found = number - 1;
            return 1;
        }
    }
    for (unsigned is_beginning = 0; n == 0 && is_beginning < 2; is_beginning++) {
        for (size_t i = 0; i < cli->list_n; i++) {
            if (!who_is_called(str_of_text(cli->list[i].is.name), word, is_beginning == 1)) continue;
            *found = i;
            n++;
        }
    }
    return n;
}

static enum err choose(struct cli *cli, const char *named, size_t *found)
{
    const char *word = named != NULL ? named : call_has(&cli->call, OPT_CIRCLE) ? cli->call.value[OPT_CIRCLE] : NULL;
    size_t n = 0;
    if (word != NULL) {
        n = meant(cli, str_of_text(word), found);
        if (n == 1) return ERR_OK;
        cli_next(cli, "See: troth circle list");
        return cli_refuse(cli, ERR_NO_CIRCLE,
                          n == 0 ? "You have no circle \"%s\"." : "\"%s\" could be more than one circle.",
                          cli_clean(str_of_text(word)));
    }
    for (size_t i = 0; i < cli->list_n; i++) {
        if (cli->list[i].is.has_left) continue;
        *found = i;
        n++;
    }
    if (n == 0 && cli->list_n == 1) {
        *found = 0;
        return ERR_OK;
    }
    if (n == 1) return ERR_OK;
    if (n == 0) {
        cli_next(cli, "Make one: troth circle new NAME\nOr join one: troth circle join LINK");
        return cli_refuse(cli, ERR_NO_CIRCLE, "You are in no circle yet.");
    }
    cli_next(cli, "Say which one: --circle NAME. See: troth circle list");
    return cli_refuse(cli, ERR_BAD_FIELD, "You are in %zu circles.", n);
}

static enum err open_chosen(struct cli *cli, const char *named, struct client_circle **circle)
{
    size_t at = 0;
    enum err e = cli_list(cli);
    if (e == ERR_OK) e = choose(cli, named, &at);
    return e == ERR_OK ? client_circle_open(cli->list[at].account, cli->list[at].is.id, circle, &cli->why) : e;
}

enum err cli_circle(struct cli *cli, const char *named, struct client_circle **circle)
{
    enum err e = open_chosen(cli, named, circle);
    return e == ERR_OK ? cli_alarms(cli, *circle) : e;
}

enum err cli_circle_now(struct cli *cli, const char *named, struct client_circle **circle)
{
    struct client_news news;
    enum err e = open_chosen(cli, named, circle);
    if (e == ERR_OK) e = client_sync_circle(*circle, &news, &cli->why); /* news.err: what is here has to do */
    /* A server that is away is not tried again for what is said next: nobody waits twice, and what surely was not sent
     * can be unsaid. */
    if (e == ERR_OK && news.err == ERR_OFFLINE) client_set_offline(cli->client, true);
    if (e == ERR_OK) e = cli_alarms(cli, *circle);
    if (e == ERR_OK && !cli->is_json && log_news(cli, *circle, &news) > 0) say_line(&cli->out, "%s", "");
    return e;
}

/* ---- alarms ----------------------------------------------------------------------------------------------- */

enum err cli_alarms(struct cli *cli, struct client_circle *circle)
{
    struct client_alarm list[CLIENT_ALARMS];
    size_t n = 0;
    if (circle->alarm_n == 0 || cli->was_alarmed) return ERR_OK;
    enum err e = client_alarms(circle, list, &n, &cli->why);
    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        say_style(&cli->err, SAY_BOLD);
        say_put(&cli->err, "! ");
        say_quote_line(&cli->err, cli_circle_name(circle->state));
        say_put(&cli->err, ": %s", err_happened(list[i].kind));
        say_style(&cli->err, SAY_PLAIN);
        say_put(&cli->err, list[i].is_seen ? " See: troth circle alarms" : "\n%s\nSee: troth circle alarms",
                err_next(list[i].kind));
        say_lines(&cli->err, 0, 2);
        if (!list[i].is_seen) e = client_alarm_seen(circle, list[i].number, &cli->why);
    }
    cli->was_alarmed = true;
    return e;
}
