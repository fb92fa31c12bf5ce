/* cmd_device.c -- account devices, account passphrase: who may sign in, and from where. */
#include "cli/view.h"
#include "record/hash.h"

enum { DEVICES = 64 }; /* a server keeps 20 */

static enum err say_again(struct cli *cli, enum err e)
{
    if (e == ERR_NO_SESSION) cli_next(cli, "Sign in again, then say the same once more: troth sync");
    return cli_try_again(cli, e);
}

/* ---- devices ------------------------------------------------------------------------------------------ */

static void put_device(struct cli *cli, const struct client_device *device)
{
    struct say *say = &cli->out;
    say_put(say, "signed in ");
    view_put_moment(cli, device->since_ms);
    say_put(say, ", last used ");
    view_put_moment(cli, device->used_ms);
}

static void say_devices(struct cli *cli, const struct client_device *list, size_t n)
{
    struct say *say = &cli->out;
    for (size_t i = 0; i < n; i++) {
        say_put(say, "%3zu  ", i + 1);
        put_device(cli, &list[i]);
        say_style(say, SAY_BOLD);
        if (list[i].is_this) say_put(say, " \u00b7 this one");
        say_style(say, SAY_PLAIN);
        say_lines(say, 0, 5);
    }
    if (n > 1) say_line(say, "One that you don't know, or don't have any more: troth account devices --end N");
}

static void devices_json(struct cli *cli, const struct client_device *list, size_t n)
{
    struct json *json = &cli->json;
    json_open(json);
    json_name(json, "devices");
    json_open_list(json);
    for (size_t i = 0; i < n; i++) {
        json_open(json);
        json_put_number(json, "number", i + 1);
        json_put_hex(json, "session", STR_OF(list[i].session));
        json_put_number(json, "since_ms", list[i].since_ms);
        json_put_number(json, "used_ms", list[i].used_ms);
        json_put_bool(json, "is_this", list[i].is_this);
        json_close(json);
    }
    json_close(json);
    json_close(json);
}

static enum err end_device(struct cli *cli, struct client_account *account, const struct client_device *list, size_t n)
{
    size_t number;
    enum err e = cli_number(cli, cli->call.value[OPT_END], n, &number);
    if (e != ERR_OK) return e;
    const struct client_device *device = &list[number - 1];
    if (device->is_this) {
        cli_next(cli, "To sign this one out: troth signout");
        return cli_refuse(cli, ERR_BAD_FIELD, "This is the device that you are using.");
    }
    if (!cli->is_json) {
        say_put(&cli->out, "You sign out the device that was ");
        put_device(cli, device);
        say_put(&cli->out,
                ". It gets and sends nothing more. What is on it stays there, locked by your passphrase; whoever knows "
                "that can sign in again, so if somebody may know it: troth account passphrase");
        say_lines(&cli->out, 0, 0);
    }
    e = cli_sure(cli, "Sign it out?");
    if (e == ERR_OK) e = say_again(cli, client_end_device(account, device->session, &cli->why));
    if (e == ERR_NOT_FOUND) return cli_refuse(cli, e, "It was signed out already.");
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        json_open(&cli->json);
        json_put_number(&cli->json, "ended", number);
        json_close(&cli->json);
    } else {
        say_line(&cli->out, "Signed out.");
    }
    return ERR_OK;
}

enum err cmd_ACCOUNT_DEVICES(struct cli *cli)
{
    struct client_account *account;
    struct client_device list[DEVICES];
    size_t n = 0;
    enum err e = cli_open_account(cli, &account);
    if (e == ERR_OK) e = cli_unlock(cli, account);
    if (e == ERR_OK) e = say_again(cli, client_devices(account, list, DEVICES, &n, &cli->why));
    if (e != ERR_OK) return e;
    if (call_has(&cli->call, OPT_END)) return end_device(cli, account, list, n);
    if (cli->is_json)
        devices_json(cli, list, n);
    else
        say_devices(cli, list, n);
    return ERR_OK;
}

/* ---- passphrase ----------------------------------------------------------------------------------------- */

static enum err ask_old(struct cli *cli, struct client_account *account, struct passphrase *old)
{
    enum err e = cli_passphrase(cli, old, "The passphrase as it is now: ", false);
    if (e == ERR_OK) e = client_unlock(account, passphrase_str(old), &cli->why);
    if (e == ERR_WRONG_SECRET)
        return cli_refuse(cli, e, "This passphrase does not open your account. Nothing was changed.");
    return e;
}

static enum err ask_fresh(struct cli *cli, const struct passphrase *old, struct passphrase *fresh)
{
    enum err e = call_has(&cli->call, OPT_NEW_FILE)
                     ? prompt_passphrase_file(fresh, cli->call.value[OPT_NEW_FILE], &cli->why)
                     : prompt_passphrase(fresh, "The new one: ", true, &cli->why);
    if (e == ERR_OK && old->len == fresh->len && secret_is(old->at, fresh->at, old->len))
        return cli_refuse(cli, ERR_BAD_FIELD, "That is the passphrase that you have. Nothing was changed.");
    return e;
}

/* A session that has ended is renewed first: the old passphrase is at hand. */
static enum err change(struct client_account *account, const struct passphrase *old, const struct passphrase *fresh,
                       struct why *why)
{
    enum err e = client_passphrase(account, passphrase_str(old), passphrase_str(fresh), why);
    if (e != ERR_NO_SESSION) return e;
    e = client_renew(account, passphrase_str(old), why);
    return e == ERR_OK ? client_passphrase(account, passphrase_str(old), passphrase_str(fresh), why) : e;
}

static enum err told(struct cli *cli, enum err e)
{
    if (e == ERR_BAD_LOGIN) {
        cli_next(cli, "troth sync asks for the new one. Then change it.");
        return cli_refuse(cli, e, "The passphrase was changed on another device. Nothing was changed now.");
    }
    if (e == ERR_CREDS_MOVED) {
        cli_next(cli, "Change it there.");
        return cli_refuse(cli, e,
                          "Another way into this account exists, or it is just being changed on another "
                          "device. Nothing was changed now.");
    }
    return cli_try_again(cli, e);
}

enum err cmd_ACCOUNT_PASSPHRASE(struct cli *cli)
{
    struct client_account *account;
    struct passphrase old = {.len = 0}, fresh = {.len = 0};
    enum err e = cli_open_account(cli, &account);
    if (e == ERR_OK && !cli->is_json)
        say_line(&cli->out,
                 "With the new passphrase, all your other devices are signed out. The account code stays the same.");
    if (e == ERR_OK && !say_is_written(&cli->out)) e = ERR_STORE;
    if (e == ERR_OK) e = ask_old(cli, account, &old);
    if (e == ERR_OK) e = ask_fresh(cli, &old, &fresh);
    if (e == ERR_OK) e = told(cli, change(account, &old, &fresh, &cli->why));
    wipe(&old, sizeof old);
    wipe(&fresh, sizeof fresh);
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        json_open(&cli->json);
        json_put_bool(&cli->json, "changed", true);
        json_close(&cli->json);
    } else {
        say_line(&cli->out, "Changed. Your other devices ask for the new one when they next meet the server.");
    }
    return ERR_OK;
}
