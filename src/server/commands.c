/* commands.c -- see commands.h. `trothd check` stands in check.c. */
#include "server/commands.h"

#include <stdio.h>
#include <stdlib.h>

#include "record/code.h"
#include "server/clock.h"
#include "server/origin.h"

int command_failed(enum err e, const char *trouble)
{
    fprintf(stderr, "trothd: %s\n", trouble);
    return err_exit(e);
}

/* ---- trothd permit ------------------------------------------------------------------------------------ */

enum err permit_make(struct store *writer, struct out *text)
{
    uint8_t secret[SECRET_BYTES], hash[HASH_BYTES];
    random_fill(secret, sizeof secret);
    account_permit_hash(hash, secret);
    enum err e = store_begin(writer);
    if (e == ERR_OK) e = store_permit_add(writer, hash, clock_now_ms());
    if (e == ERR_OK) e = store_commit(writer);
    if (e == ERR_OK) code_put(text, CODE_PERMIT, secret);
    else store_abort(writer);
    wipe(secret, sizeof secret);
    return e;
}

static enum err print_permit(const struct config *config, struct store *store)
{
    uint8_t memory[CODE_TEXT_BYTES];
    struct out text = OUT_OVER(memory);
    enum err e = permit_make(store, &text);
    if (e != ERR_OK) return e;
    printf("A permit for one new account. Give it to one person, by a way that only they see:\n\n  %.*s\n",
           (int)text.len, (const char *)text.at);
    struct origin origin[ORIGINS];
    unsigned port = origin_port(config);
    bool is_told = config->origin.n > 0 || port != 0; /* a server on any free port is reached where it says */
    size_t origin_n = is_told ? origins_of(config, port, origin) : 0;
    for (size_t i = 0; i < origin_n; i++) printf("  %s/#%.*s\n", origin[i].text, (int)text.len, (const char *)text.at);
    wipe(memory, sizeof memory);
    return fflush(stdout) == 0 ? ERR_OK : ERR_STORE;
}

int command_permit(const struct config *config)
{
    struct store *store;
    struct store_trouble trouble;
    enum err e = store_open_sqlite(config->data, 0, &store, &trouble);
    if (e != ERR_OK) return command_failed(e, trouble.text);
    e = print_permit(config, store);
    store_close(store);
    return e == ERR_OK ? EXIT_SUCCESS : command_failed(e, err_happened(e));
}

/* ---- trothd backup -------------------------------------------------------------------------------------- */

int command_backup(const struct config *config)
{
    struct store *store;
    struct store_trouble trouble;
    enum err e = store_open_sqlite(config->data, 0, &store, &trouble);
    if (e != ERR_OK) return command_failed(e, trouble.text);
    e = store_backup(store, config->backup_to, &trouble);
    store_close(store);
    if (e != ERR_OK) return command_failed(e, trouble.text);
    printf("Copied everything to %s. Keep it where this machine's troubles do not reach it.\n", config->backup_to);
    return EXIT_SUCCESS;
}
