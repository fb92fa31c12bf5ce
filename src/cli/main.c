/* main.c -- troth: understands what was typed, does it, and tells how it went. */
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/help.h"
#include "record/hash.h"

static enum err (*const commands[COMMAND_N])(struct cli *) = {
#define GROUP(name, summary, about)
#define OPTION(id, name, value, what)
#define COMMAND(id, group, name, operands, least, most, completes, options, summary, about, examples)                  \
    [COMMAND_##id] = cmd_##id,
#include "cli/table.def"
#undef GROUP
#undef OPTION
#undef COMMAND
};

enum { EXIT_USAGE = 64 }; /* EX_USAGE of sysexits.h */

static enum err run(struct cli *cli)
{
    const struct call *call = &cli->call;
    if (call->group != NULL) {
        help_group(&cli->out, call->group);
        return ERR_OK;
    }
    if (call->command == COMMAND_N && call->wants_help) {
        help_all(&cli->out);
        return ERR_OK;
    }
    if (call->command == COMMAND_N) return cmd_overview(cli);
    if (call->wants_help) {
        help_command(&cli->out, call->command);
        return ERR_OK;
    }
    return commands[call->command](cli);
}

/* What was typed could not be read, so whether JSON is wanted is looked for in it word by word. */
static bool wants_json(int argc, char *const argv[])
{
    for (int i = 1; i < argc && !str_is(str_of_text(argv[i]), STR("--")); i++) {
        if (str_is(str_of_text(argv[i]), STR("--json"))) return true;
    }
    return false;
}

static int not_understood(const char *trouble, bool is_json)
{
    static struct say say;
    if (is_json) {
        struct json json;
        json_init(&json, stdout);
        json_open(&json);
        json_put_c(&json, "error", "usage");
        json_put_c(&json, "happened", trouble);
        json_put_c(&json, "next", "troth help");
        json_close(&json);
        return json.has_failed ? err_exit(ERR_STORE) : EXIT_USAGE;
    }
    say_init(&say, stderr, true);
    say_put(&say, "%s", trouble);
    say_lines(&say, 0, 0);
    return EXIT_USAGE;
}

int main(int argc, char *argv[])
{
    static struct cli cli;
    struct call call;
    char trouble[CALL_TROUBLE_BYTES];
    if (argc == 3 && str_is(str_of_text(argv[1]), STR("--agent"))) return agent_serve(argv[2]);
    if (call_read(&call, argc, argv, trouble) != ERR_OK) return not_understood(trouble, wants_json(argc, argv));
    enum err e = record_open();
    if (e == ERR_OK) e = cli_init(&cli, &call);
    if (e == ERR_OK) e = run(&cli);
    int code = e == ERR_OK ? EXIT_SUCCESS : cli_trouble(&cli, e);
    cli_fini(&cli);
    bool is_written = say_is_written(&cli.out) && say_is_written(&cli.err) && !cli.json.has_failed;
    return is_written || code != EXIT_SUCCESS ? code : err_exit(ERR_STORE);
}
