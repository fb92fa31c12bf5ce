/* cmd_signout.c -- signout: the account leaves this machine. */
#include <stdlib.h>

#include "cli/view.h"

/* What would be lost with it. */
struct losing {
    size_t kept_n, draft_n;
    enum err why; /* why it could not be sent; OK: not known */
};

/* What can be sent is sent first. A server that can't be asked is no failure here: what still waits tells. */
static enum err send_all(struct client_account *account, struct losing *losing)
{
    struct why unheeded;
    struct client_news *news = calloc(CLI_CIRCLES, sizeof *news);
    size_t n = 0;
    if (news == NULL) return ERR_NO_MEMORY;
    losing->why = client_sync(account, news, &n, &unheeded);
    for (size_t i = 0; losing->why == ERR_OK && i < n; i++) losing->why = news[i].err;
    free(news);
    return ERR_OK;
}

static enum err count(struct cli *cli, struct client_account *account, struct losing *losing)
{
    static struct client_listed list[CLI_CIRCLES];
    size_t n = 0;
    enum err e = send_all(account, losing);
    if (e == ERR_OK) e = client_circles(account, list, &n, &cli->why);
    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        struct client_circle *circle;
        losing->kept_n += list[i].pending_n;
        e = client_circle_open(account, list[i].id, &circle, &cli->why);
        if (e != ERR_OK) break;
        losing->draft_n += circle->draft_n;
        client_circle_close(circle);
    }
    return e;
}

static enum err refuse(struct cli *cli, const struct losing *losing)
{
    enum err e = losing->why == ERR_OK ? ERR_OFFLINE : losing->why;
    cli_next(cli, "%sTo sign out all the same, and lose it: troth signout --anyway",
             e == ERR_OFFLINE ? "Try again when the server can be reached; it is sent then.\n" : "");
    return cli_refuse(cli, e,
                      losing->kept_n == 1 ? "%zu entry of yours is kept here and not sent yet. %s"
                                          : "%zu entries of yours are kept here and not sent yet. %s",
                      losing->kept_n, err_happened(e));
}

static void say_before(struct cli *cli, const struct client_account *account, const struct losing *losing)
{
    struct say *say = &cli->out;
    say_put(say, "This signs out ");
    if (account->name[0] != 0)
        say_quote_line(say, str_of_text(account->name));
    else
        say_put(say, "your account");
    say_put(say,
            " here, and removes everything of the account on %s from this machine: keys, circles, words. The server "
            "and the others keep what they have.",
            account->server);
    if (losing->kept_n > 0) say_put(say, " What is kept here and not sent is lost: %zu.", losing->kept_n);
    if (losing->draft_n > 0) say_put(say, " What came back and was not sent is lost: %zu.", losing->draft_n);
    say_lines(say, 0, 0);
    say_line(say, "To come back you need the account code and your passphrase. Without the code nobody gets in again.");
}

static void say_after(struct cli *cli, enum err ended)
{
    if (cli->is_json) {
        json_open(&cli->json);
        json_put_bool(&cli->json, "removed", true);
        json_put_bool(&cli->json, "session_ended", ended == ERR_OK);
        json_close(&cli->json);
        return;
    }
    say_line(&cli->out, "Signed out. Nothing of the account is on this machine any more.");
    if (ended != ERR_OK)
        say_line(&cli->out,
                 "The server could not be told, and still lists this device. From another one: troth account devices");
}

enum err cmd_SIGNOUT(struct cli *cli)
{
    struct client_account *account;
    struct losing losing = {0};
    enum err e = cli_open_account(cli, &account);
    if (e == ERR_OK) e = cli_unlock(cli, account);
    if (e == ERR_OK) e = count(cli, account, &losing);
    if (e != ERR_OK) return e;
    if (losing.kept_n > 0 && !call_has(&cli->call, OPT_ANYWAY)) return refuse(cli, &losing);
    if (!cli->is_json) say_before(cli, account, &losing);
    e = cli_sure(cli, "Sign out, and remove it?");
    if (e != ERR_OK) return e;
    enum err ended = client_sign_out(account, &cli->why);
    e = client_forget(account, &cli->why);
    (void)agent_lock(&cli->agent); /* what it held is of no use any more; where there was none, the better */
    if (e == ERR_OK) say_after(cli, ended);
    return e;
}
