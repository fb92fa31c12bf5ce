/* seat.c -- see seat.h. */
#include "client/seat.h"

#include <stdlib.h>

#include "client/ring.h"

struct seat *seat_find(const struct client *client, uint64_t number)
{
    for (size_t i = 0; i < client->seat_n; i++) {
        if (client->seat[i]->face.number == number) return client->seat[i];
    }
    return NULL;
}

/* ---- what the home says ---------------------------------------------------------------------- */

static enum err take_account(void *ctx, const struct home_account *account)
{
    struct seat *seat = ctx;
    if (account->origin.len > ACCOUNT_ORIGIN_BYTES) return ERR_STORE_DAMAGED;
    memcpy(seat->face.server, account->origin.at, account->origin.len);
    seat->face.server[account->origin.len] = '\0';
    memcpy(seat->face.code, account->code, SECRET_BYTES);
    memcpy(seat->face.sign_pk, account->sign_pk, SIGN_PK_BYTES);
    memcpy(seat->wrapped, account->wrapped, SECRET_WRAPPED_BYTES);
    return ERR_OK;
}

/* "begun-7": an account that the server has, said so that it can be told while all is locked. */
enum { BEGUN_BYTES = 32 };

static struct str begun_name(uint8_t memory[static BEGUN_BYTES], uint64_t number)
{
    struct out o = out_over(memory, BEGUN_BYTES);
    out_text(&o, "begun-");
    out_put_decimal(&o, number);
    return out_str(&o);
}

static enum err take_begun(void *ctx, struct str name, struct str value)
{
    struct seat *seat = ctx;
    (void)name;
    seat->face.is_begun = str_is(value, STR("1"));
    return ERR_OK;
}

static enum err load_begun(struct seat *seat)
{
    uint8_t memory[BEGUN_BYTES];
    enum err e = home_setting_get(seat_home(seat), begun_name(memory, seat->face.number), take_begun, seat);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err seat_set_begun(struct seat *seat)
{
    uint8_t memory[BEGUN_BYTES];
    enum err e = home_setting_put(seat_home(seat), begun_name(memory, seat->face.number), STR("1"));
    if (e == ERR_OK) seat->face.is_begun = true;
    return e;
}

static enum err add_seat(struct client *client, uint64_t number, struct seat **seat)
{
    struct seat **more = realloc(client->seat, (client->seat_n + 1) * sizeof(struct seat *));
    if (more == NULL) return ERR_NO_MEMORY;
    client->seat = more;
    struct seat *new = calloc(1, sizeof *new);
    if (new == NULL) return ERR_NO_MEMORY;
    new->face.client = client;
    new->face.number = number;
    enum err e = home_account_get(client->home, number, take_account, new);
    if (e == ERR_OK) e = load_begun(new);
    if (e != ERR_OK) {
        free(new);
        return e;
    }
    client->seat[client->seat_n++] = new;
    *seat = new;
    return ERR_OK;
}

enum err seat_load(struct client *client, uint64_t number, struct seat **seat)
{
    struct seat *found = seat_find(client, number);
    if (found == NULL) return add_seat(client, number, seat);
    enum err e = home_account_get(client->home, number, take_account, found);
    if (e == ERR_OK) *seat = found;
    return e;
}

/* ---- unlocking ------------------------------------------------------------------------------- */

static enum err take_journal(void *ctx, struct str name, struct str value)
{
    struct seat *seat = ctx;
    (void)name;
    if (value.len != HASH_BYTES) return ERR_STORE_DAMAGED;
    memcpy(seat->face.journal, value.at, HASH_BYTES);
    seat->face.has_journal = true;
    return ERR_OK;
}

static enum err known(struct seat *seat)
{
    struct home *home = seat_home(seat);
    struct home_session session;
    struct out name = out_over(seat->face.name, CLIENT_NAME_BYTES - 1);
    enum err e = home_account_name(home, seat->face.number, &name);
    if (e != ERR_OK) return e;
    seat->face.name[name.len] = '\0';
    e = home_session_get(home, seat->face.number, &session);
    if (e != ERR_OK) return e;
    seat->face.is_signed_in = session.is_open;
    wipe(&session, sizeof session);
    e = home_note_get(home, seat->face.number, 0, STR("journal"), take_journal, seat);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err seat_unlock(struct seat *seat, const struct secret_identity *me)
{
    enum err e = home_unlock(seat_home(seat), seat->face.number, me->local_key);
    if (e == ERR_OK) e = known(seat);
    if (e != ERR_OK) {
        if (!seat->face.is_unlocked) home_lock(seat_home(seat), seat->face.number);
        return e;
    }
    seat->me = *me;
    seat->face.is_unlocked = true;
    return ERR_OK;
}

enum err seat_needs(const struct seat *seat, struct why *why)
{
    if (seat->face.is_unlocked) return ERR_OK;
    *why = (struct why){.code = ERR_NO_SESSION, .field = "locked", .text = "This account is locked on this device."};
    return ERR_NO_SESSION;
}

/* ---- the server ------------------------------------------------------------------------------ */

struct fetch_options seat_fetch_options(const struct client *client, const char *server)
{
    return (struct fetch_options){.origin = server, .ca_file = client->ca_file, .proxy = client->proxy,
                                  .may_be_plain = client->options.may_be_plain,
                                  .has_stop_fd = client->options.has_stop_fd, .stop_fd = client->options.stop_fd};
}

enum err seat_remote(struct seat *seat, bool needs_session, struct remote **remote)
{
    enum err e = ERR_OK;
    if (seat->face.client->options.is_offline) return ERR_OFFLINE;
    if (seat->remote == NULL) {
        struct fetch_options options = seat_fetch_options(seat->face.client, seat->face.server);
        e = remote_open(&options, &seat->remote);
        if (e != ERR_OK) return e;
    }
    if (needs_session && !seat->has_token) {
        struct home_session session;
        e = home_session_get(seat_home(seat), seat->face.number, &session);
        if (e != ERR_OK) return e;
        if (session.is_open) remote_use(seat->remote, session.token);
        seat->has_token = session.is_open;
        wipe(&session, sizeof session);
        if (!seat->has_token) return ERR_NO_SESSION;
    }
    *remote = seat->remote;
    return ERR_OK;
}

enum err seat_set_session(struct seat *seat, const uint8_t token[static ACCOUNT_TOKEN_BYTES])
{
    struct home_session session = {.is_open = true};
    memcpy(session.token, token, ACCOUNT_TOKEN_BYTES);
    enum err e = home_session_set(seat_home(seat), seat->face.number, &session);
    wipe(&session, sizeof session);
    if (e != ERR_OK) return e;
    if (seat->remote != NULL) remote_use(seat->remote, token);
    seat->has_token = seat->remote != NULL;
    seat->face.is_signed_in = true;
    return ERR_OK;
}

enum err seat_drop_session(struct seat *seat)
{
    struct home_session none = {0};
    if (seat->remote != NULL) remote_forget(seat->remote);
    seat->has_token = false;
    seat->face.is_signed_in = false;
    return home_session_set(seat_home(seat), seat->face.number, &none);
}

void seat_drop(struct seat *seat)
{
    struct client *client = seat->face.client;
    size_t at = 0;
    client_lock(&seat->face);
    while (client->seat[at] != seat) at++;
    for (client->seat_n--; at < client->seat_n; at++) client->seat[at] = client->seat[at + 1];
    wipe(seat, sizeof *seat);
    free(seat);
}

enum err seat_remove(struct seat *seat)
{
    struct home *home = seat_home(seat);
    uint8_t memory[BEGUN_BYTES];
    client_lock(&seat->face);
    enum err e = home_begin(home);
    if (e == ERR_OK) e = home_account_remove(home, seat->face.number);
    if (e == ERR_OK && seat->face.is_begun) e = home_setting_remove(home, begun_name(memory, seat->face.number));
    if (e == ERR_OK || e == ERR_NOT_FOUND) e = home_commit(home);
    home_abandon(home);
    if (e == ERR_OK) seat_drop(seat);
    return e;
}

/* ---- telling --------------------------------------------------------------------------------- */

enum err seat_fail(const struct seat *seat, enum err e, struct why *why)
{
    const struct why own = home_why(seat_home(seat));
    *why = (struct why){.code = e};
    switch (e) {
    case ERR_STORE:
    case ERR_STORE_DAMAGED:
    case ERR_DISK_FULL: /* this disk's, or the server's? */
        if (own.code == e) *why = own;
        break;
    case ERR_NO_SESSION: why->field = seat->face.is_unlocked ? "session" : "locked"; break;
    case ERR_OFFLINE:
    case ERR_BAD_SERVER:
        if (seat->remote != NULL) why->text = remote_detail(seat->remote)->text;
        break;
    case ERR_SLOW_DOWN:
        if (seat->remote != NULL) why->at = remote_detail(seat->remote)->retry_after_s;
        break;
    case ERR_CLOCK_SKEW:
        if (seat->remote != NULL) why->at = remote_detail(seat->remote)->server_ms;
        break;
    default: break;
    }
    return e;
}
