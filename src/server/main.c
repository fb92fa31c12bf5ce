/* main.c -- trothd: reads its settings and does what they say. */
#include <stdio.h>
#include <stdlib.h>

#include "record/hash.h"
#include "server/commands.h"
#include "server/serve.h"
#include "server/server.h"

extern char **environ;

static int help(void)
{
    static uint8_t memory[CONFIG_HELP_BYTES];
    struct out o = OUT_OVER(memory);
    config_help(&o);
    return fwrite(o.at, 1, o.len, stdout) == o.len && fflush(stdout) == 0 ? EXIT_SUCCESS : err_exit(ERR_STORE);
}

static int do_command(const struct config *config)
{
    switch (config->command) {
    case CONFIG_SERVE: return serve(config, environ);
    case CONFIG_PERMIT: return command_permit(config);
    case CONFIG_BACKUP: return command_backup(config);
    case CONFIG_CHECK: return command_check(config);
    case CONFIG_HELP: return help();
    case CONFIG_VERSION: return printf("trothd " TROTHD_VERSION "\n") > 0 ? EXIT_SUCCESS : err_exit(ERR_STORE);
    }
    misuse("trothd: a command that config_init does not give");
}

int main(int argc, char *argv[])
{
    struct config config;
    struct config_trouble trouble;
    if (record_open() != ERR_OK) return command_failed(ERR_INTERNAL, "The crypto library could not be started.");
    if (config_init(&config, argc, argv, environ, &trouble) != ERR_OK) {
        fprintf(stderr, "trothd: %s\n", trouble.text);
        return 78; /* EX_CONFIG of sysexits.h */
    }
    int code = do_command(&config);
    config_fini(&config);
    return code;
}
