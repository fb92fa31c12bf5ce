/* cmd_help.c -- help, and what programs ask: the version, names for a shell, man pages, completions. */
#include "cli/help.h"
#include "cli/view.h"

#define TROTH_VERSION "0.1"

enum err cmd_HELP(struct cli *cli)
{
    const struct call *call = &cli->call;
    if (call->operand_n == 0) {
        help_all(&cli->out);
        return ERR_OK;
    }
    struct str first = str_of_text(call->operand[0]);
    const struct group_row *group = table_find_group(first);
    const char *wrong = call->operand[0];
    enum command command = COMMAND_N;
    if (group != NULL && call->operand_n == 1) {
        help_group(&cli->out, group);
        return ERR_OK;
    }
    if (group != NULL) {
        wrong = call->operand[1];
        command = table_find_command(group->name, str_of_text(wrong));
    } else if (call->operand_n == 1) {
        command = table_find_command(NULL, first);
    }
    if (command == COMMAND_N) {
        cli_next(cli, "All there is: troth help");
        return cli_refuse(cli, ERR_NOT_FOUND, "There is no command \"%s\".", cli_clean(str_of_text(wrong)));
    }
    help_command(&cli->out, command);
    return ERR_OK;
}

enum err cmd_VERSION(struct cli *cli)
{
    if (cli->is_json) {
        json_open(&cli->json);
        json_put_c(&cli->json, "version", TROTH_VERSION);
        json_close(&cli->json);
        return ERR_OK;
    }
    say_line(&cli->out, "troth " TROTH_VERSION);
    return ERR_OK;
}

enum err cmd_WRITE_MAN(struct cli *cli)
{
    enum err e = man_write(cli->call.operand[0]);
    return e == ERR_OK ? e
                       : cli_refuse(cli, e, "The man pages could not be written into %s.",
                                    cli_clean(str_of_text(cli->call.operand[0])));
}

enum err cmd_WRITE_COMPLETIONS(struct cli *cli)
{
    enum err e = completion_write(cli->call.operand[0]);
    return e == ERR_OK ? e
                       : cli_refuse(cli, e, "The completions could not be written into %s.",
                                    cli_clean(str_of_text(cli->call.operand[0])));
}

/* Only what the agent opens: a shell that completes must not be asked for a passphrase. */
enum err cmd_NAMES(struct cli *cli)
{
    struct client_circle *circle;
    uint8_t seed[SEED_BYTES];
    uint64_t left_ms;
    bool are_promises = cli->call.operand_n > 0 && str_is(str_of_text(cli->call.operand[0]), STR("promises"));
    enum err e = cli_open(cli);
    for (size_t i = 0; e == ERR_OK && i < client_account_n(cli->client); i++) {
        bool is_held = agent_get(&cli->agent, client_account_at(cli->client, i)->sign_pk, seed, &left_ms);
        wipe(seed, sizeof seed);
        if (!is_held) return ERR_OK;
    }
    if (e == ERR_OK && client_account_n(cli->client) == 0) return ERR_OK;
    if (e == ERR_OK) e = cli_list(cli);
    cli->was_alarmed = true; /* a shell has no use for them */
    for (size_t i = 0; e == ERR_OK && !are_promises && i < cli->list_n; i++) say_line(&cli->out, "%zu", i + 1);
    if (e != ERR_OK || !are_promises) return e;
    e = cli_circle(cli, NULL, &circle);
    for (size_t i = 0; e == ERR_OK && i < state_promise_n(circle->state); i++) {
        if (view_is_open(state_promise(circle->state, i), cli->now_ms)) say_line(&cli->out, "%zu", i + 1);
    }
    return e;
}
