/* flow_start.c -- an account from nothing, on another device, signed in again; another passphrase. See client.h. */
#include <stdlib.h>

#include "client/clock.h"
#include "client/flow.h"

/* ---- an account from nothing ----------------------------------------------------------------- */

/* New keys, kept here before anybody hears of them. */
static enum err make_account(struct client *client, const struct client_start *start, struct seat **seat)
{
    struct home_account account = {.origin = str_of_text(start->server)};
    struct secret_identity me;
    struct secret_access access;
    uint8_t seed[SEED_BYTES];
    uint64_t number;
    random_fill(account.code, sizeof account.code);
    random_fill(seed, sizeof seed);
    enum err e = secret_access_init(&access, account.code, start->passphrase);
    if (e != ERR_OK) return e;
    secret_identity_init(&me, seed);
    secret_wrap(account.wrapped, &access, &me);
    memcpy(account.sign_pk, me.sign_pk, SIGN_PK_BYTES);
    e = home_account_add(client->home, &account, me.local_key, &number);
    if (e == ERR_OK) e = seat_load(client, number, seat);
    if (e == ERR_OK) e = seat_unlock(*seat, &me);
    secret_access_fini(&access);
    secret_identity_fini(&me);
    wipe(seed, sizeof seed);
    wipe(&account, sizeof account);
    return e;
}

/* The account of an earlier start that was interrupted, or a new one. */
static enum err resume_account(struct client *client, const struct client_start *start, struct seat **seat,
                               bool *is_new, struct why *why)
{
    for (size_t i = 0; i < client->seat_n; i++) {
        struct seat *at = client->seat[i];
        if (at->face.is_begun || strcmp(at->face.server, start->server) != 0) continue;
        *seat = at;
        return at->face.is_unlocked ? ERR_OK : client_unlock(&at->face, start->passphrase, why);
    }
    enum err e = make_account(client, start, seat);
    *is_new = true;
    why->code = e;
    return e;
}

static enum err put_profile(struct seat *seat, const struct client_start *start)
{
    uint8_t memory[FLOW_TEXT_BYTES];
    struct out text = OUT_OVER(memory);
    struct profile profile = {.name = start->name, .colour = (unsigned)start->colour, .zone = start->zone,
                              .written_ms = clock_wall_ms()};
    if (start->colour >= PROFILE_COLOURS || profile_check(&profile) != LAW_OK) return ERR_BAD_FIELD;
    profile_put(&text, &profile);
    return flow_set_profile(seat, out_str(&text));
}

static enum err sign_in(struct seat *seat, const struct secret_access *access)
{
    struct remote_login login;
    enum err e = remote_login(seat->remote, access, &login);
    if (e != ERR_OK) return e;
    e = memcmp(login.sign_pk, seat->face.sign_pk, SIGN_PK_BYTES) == 0 ? ERR_OK : ERR_OUTDATED_KEY;
    if (e == ERR_OK) e = seat_set_session(seat, login.token);
    else remote_forget(seat->remote);
    wipe(&login, sizeof login);
    return e;
}

/* The server gets public keys and what it cannot open. Whoever was here before is simply signed in. */
static enum err register_there(struct seat *seat, const struct client_start *start)
{
    struct secret_access access;
    struct remote *remote;
    struct account_cred cred;
    struct remote_leave leave = {.permit = start->permit, .invite_secret = start->invite};
    enum err e = secret_access_init(&access, seat->face.code, start->passphrase);
    if (e != ERR_OK) return e;
    memcpy(cred.cred_id, access.cred_id, ID_BYTES);
    memcpy(cred.login_pk, access.login_pk, SIGN_PK_BYTES);
    memcpy(cred.wrapped, seat->wrapped, SECRET_WRAPPED_BYTES);
    e = seat_remote(seat, false, &remote);
    if (e == ERR_OK) e = remote_register(remote, &seat->me, &cred, &leave, NULL);
    if (e == ERR_OK || e == ERR_EXISTS) e = sign_in(seat, &access);
    secret_access_fini(&access);
    return e;
}

/* Whether the server has surely not taken an account that was made just now: then its keys are of no use to anybody.
 * That of an earlier start it may have taken, and only its answer was lost. */
static bool was_refused(enum err e)
{
    switch (e) {
    case ERR_WRONG_ORIGIN:
    case ERR_NO_PERMIT:
    case ERR_CONSENT_MISSING:
    case ERR_BAD_SIGNATURE:
    case ERR_BAD_KEY:
    case ERR_BAD_FIELD:
    case ERR_NOT_ENCRYPTED: return true;
    default: return false;
    }
}

/* The journal is kept here first; only then is the start over, so that an interrupted one goes on. */
static enum err make_journal(struct seat *seat)
{
    struct ring *ring;
    struct client_news news;
    struct outbox_back back = {0};
    uint64_t number;
    enum err e = seat->face.has_journal ? ERR_OK : flow_circle(seat, (struct str){0}, &ring);
    if (e == ERR_OK) e = seat_set_begun(seat);
    if (e != ERR_OK) return e;
    e = home_circle_find(seat_home(seat), seat->face.number, seat->face.journal, &number);
    if (e == ERR_OK) e = ring_open(seat, number, &ring);
    return e == ERR_OK ? flow_send(ring, &news, &back) : e;
}

enum err client_start_account(struct client *client, const struct client_start *start, struct client_account **account,
                              struct why *why)
{
    struct seat *seat = NULL;
    *why = (struct why){.code = ERR_BAD_FIELD, .field = "server"};
    if (!account_is_origin(str_of_text(start->server))) return ERR_BAD_FIELD;
    *why = (struct why){.code = ERR_NO_PERMIT, .field = "permit"};
    if ((start->permit == NULL) == (start->invite == NULL)) return ERR_NO_PERMIT;
    bool is_new = false;
    enum err e = resume_account(client, start, &seat, &is_new, why);
    if (e != ERR_OK) return e;
    e = put_profile(seat, start);
    if (e == ERR_OK) e = register_there(seat, start);
    if (e == ERR_OK) e = make_journal(seat);
    if (e == ERR_OK) {
        *account = &seat->face;
        return ERR_OK;
    }
    (void)seat_fail(seat, e, why);
    bool is_useless = is_new && was_refused(e) && !seat->face.is_begun;
    return is_useless && seat_remove(seat) != ERR_OK ? ERR_STORE : e;
}

/* ---- another device -------------------------------------------------------------------------- */

static enum err add_signed_in(struct client *client, const char *server, const uint8_t *code,
                              const struct remote_login *login, const struct secret_identity *me, struct str device,
                              struct seat **seat)
{
    struct home_account account = {.origin = str_of_text(server)};
    uint64_t number;
    memcpy(account.code, code, SECRET_BYTES);
    memcpy(account.wrapped, login->wrapped, SECRET_WRAPPED_BYTES);
    memcpy(account.sign_pk, me->sign_pk, SIGN_PK_BYTES);
    enum err e = home_begin(client->home);
    if (e == ERR_OK) e = home_account_add(client->home, &account, me->local_key, &number);
    if (e == ERR_OK) e = seat_load(client, number, seat);
    if (e == ERR_OK) e = seat_unlock(*seat, me);
    if (e == ERR_OK) e = seat_set_session(*seat, login->token);
    if (e == ERR_OK) e = seat_set_begun(*seat);
    if (e == ERR_OK) e = flow_owe_device(*seat, device);
    if (e == ERR_OK) e = home_commit(client->home);
    home_abandon(client->home);
    if (e != ERR_OK && *seat != NULL) seat_drop(*seat);
    wipe(&account, sizeof account);
    return e;
}

/* What the server keeps has to open with what just signed in, and to be who it says. */
static enum err fetch_identity(struct client *client, const char *server, const struct secret_access *access,
                               struct remote_login *login, struct secret_identity *me, struct why *why)
{
    struct fetch_options options = seat_fetch_options(client, server);
    struct remote *remote = NULL;
    enum err e = client->options.is_offline ? ERR_OFFLINE : remote_open(&options, &remote);
    if (e == ERR_OK) {
        e = remote_login(remote, access, login);
        why->text = e == ERR_OK ? NULL : remote_detail(remote)->text;
    }
    remote_close(remote);
    if (e != ERR_OK) return e;
    e = secret_unwrap(access, STR_OF(login->wrapped), login->sign_pk, me);
    return e == ERR_WRONG_SECRET ? ERR_OUTDATED_KEY : e;
}

/* It is signed in, whatever comes of this: what could not be fetched comes with the next sync. */
static enum err settle_in(struct seat *seat, struct why *why)
{
    struct client_news *news = calloc(2 * LIMIT_CIRCLES, sizeof *news);
    size_t n;
    if (news == NULL) return ERR_NO_MEMORY;
    enum err e = client_sync(&seat->face, news, &n, why);
    free(news);
    return sync_is_ours(e) ? e : ERR_OK;
}

enum err client_sign_in(struct client *client, const char *server, const uint8_t *code, struct str passphrase,
                        struct str device, struct client_account **account, struct why *why)
{
    struct secret_access access;
    struct remote_login login;
    struct secret_identity me;
    struct seat *seat = NULL;
    *why = (struct why){.code = ERR_BAD_FIELD, .field = "server"};
    if (!account_is_origin(str_of_text(server))) return ERR_BAD_FIELD;
    *why = (struct why){.code = ERR_BAD_FIELD, .field = "device"};
    if (device.len > FLOW_TEXT_BYTES / 2 || !str_is_utf8(device)) return ERR_BAD_FIELD;
    *why = (struct why){0};
    enum err e = secret_access_init(&access, code, passphrase);
    if (e == ERR_OK) {
        e = fetch_identity(client, server, &access, &login, &me, why);
        if (e == ERR_OK) e = add_signed_in(client, server, code, &login, &me, device, &seat);
        secret_access_fini(&access);
        secret_identity_fini(&me);
        wipe(&login, sizeof login);
    }
    if (e == ERR_OK) e = settle_in(seat, why);
    why->code = e;
    if (e == ERR_OK) *account = &seat->face;
    return e;
}

/* ---- signing in again ------------------------------------------------------------------------ */

/* The identity as the server has it wrapped now: with another passphrase, perhaps, that was chosen elsewhere. */
static enum err take_wrapped(struct seat *seat, const struct secret_access *access, const struct remote_login *login)
{
    struct secret_identity me;
    enum err e = secret_unwrap(access, STR_OF(login->wrapped), seat->face.sign_pk, &me);
    if (e != ERR_OK) return ERR_OUTDATED_KEY;
    if (memcmp(login->wrapped, seat->wrapped, SECRET_WRAPPED_BYTES) != 0) {
        e = home_account_set_access(seat_home(seat), seat->face.number, seat->face.code, login->wrapped);
        if (e == ERR_OK) memcpy(seat->wrapped, login->wrapped, SECRET_WRAPPED_BYTES);
    }
    if (e == ERR_OK && !seat->face.is_unlocked) e = seat_unlock(seat, &me);
    secret_identity_fini(&me);
    return e;
}

static enum err renew(struct seat *seat, const struct secret_access *access)
{
    struct remote *remote;
    struct remote_login login;
    enum err e = seat_remote(seat, false, &remote);
    if (e == ERR_OK) e = remote_login(remote, access, &login);
    if (e != ERR_OK) return e;
    e = take_wrapped(seat, access, &login);
    if (e == ERR_OK) e = seat_set_session(seat, login.token);
    else remote_forget(remote);
    wipe(&login, sizeof login);
    return e;
}

enum err client_renew(struct client_account *account, struct str passphrase, struct why *why)
{
    struct seat *seat = seat_of(account);
    struct secret_access access;
    enum err e = secret_access_init(&access, account->code, passphrase);
    if (e != ERR_OK) return seat_fail(seat, e, why);
    e = renew(seat, &access);
    secret_access_fini(&access);
    return e == ERR_OK ? e : seat_fail(seat, e, why);
}

/* ---- another passphrase ---------------------------------------------------------------------- */

static enum err change_there(struct seat *seat, const struct secret_access *access, struct account_creds *creds)
{
    struct remote *remote;
    struct remote_account there;
    enum err e = seat_remote(seat, true, &remote);
    if (e == ERR_OK) e = remote_account(remote, &there);
    if (e != ERR_OK) return e;
    if (there.cred_n != 1) return ERR_CREDS_MOVED; /* another way in exists, whose wrapped key only it can give */
    creds->version = there.creds_version + 1;
    creds->cred_n = 1;
    memcpy(creds->cred[0].cred_id, access->cred_id, ID_BYTES);
    memcpy(creds->cred[0].login_pk, access->login_pk, SIGN_PK_BYTES);
    secret_wrap(creds->cred[0].wrapped, access, &seat->me);
    return remote_put_creds(remote, &seat->me, creds);
}

enum err client_passphrase(struct client_account *account, struct str old, struct str fresh, struct why *why)
{
    struct seat *seat = seat_of(account);
    struct secret_access access;
    struct account_creds creds = {0};
    enum err e = client_unlock(account, old, why);
    if (e != ERR_OK) return e;
    e = secret_access_init(&access, account->code, fresh);
    if (e != ERR_OK) return seat_fail(seat, e, why);
    e = change_there(seat, &access, &creds);
    secret_access_fini(&access);
    if (e == ERR_OK) {
        e = home_account_set_access(seat_home(seat), account->number, account->code, creds.cred[0].wrapped);
        if (e == ERR_OK) memcpy(seat->wrapped, creds.cred[0].wrapped, SECRET_WRAPPED_BYTES);
    }
    return e == ERR_OK ? e : seat_fail(seat, e, why);
}
