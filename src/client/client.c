/* client.c -- a home and its accounts: opening, unlocking, locking, closing. See client.h. */
#include "client/client.h"

#include <stdlib.h>

#include "client/ring.h"

/* ---- a home ---------------------------------------------------------------------------------- */

struct numbers {
    uint64_t number[64];
    size_t n;
};

static enum err take_number(void *ctx, const struct home_account *account)
{
    struct numbers *numbers = ctx;
    if (numbers->n == sizeof numbers->number / sizeof numbers->number[0]) return ERR_TOO_LARGE;
    numbers->number[numbers->n++] = account->number;
    return ERR_OK;
}

static enum err load_seats(struct client *client)
{
    struct numbers numbers = {0};
    struct seat *seat;
    enum err e = home_account_each(client->home, take_number, &numbers);
    for (size_t i = 0; e == ERR_OK && i < numbers.n; i++) e = seat_load(client, numbers.number[i], &seat);
    return e;
}

/* A copy of a text; NULL stays NULL. */
static enum err own(const char *text, char **copy)
{
    if (text == NULL) return ERR_OK;
    size_t n = strlen(text) + 1;
    *copy = malloc(n);
    if (*copy == NULL) return ERR_NO_MEMORY;
    memcpy(*copy, text, n);
    return ERR_OK;
}

enum err client_open(const struct client_options *options, struct client **client, struct why *why)
{
    *why = (struct why){0};
    struct client *c = calloc(1, sizeof *c);
    enum err e = c == NULL ? ERR_NO_MEMORY : record_open();
    if (e == ERR_OK) c->options = *options;
    if (e == ERR_OK) e = own(options->folder, &c->folder);
    if (e == ERR_OK) e = own(options->ca_file, &c->ca_file);
    if (e == ERR_OK) e = own(options->proxy, &c->proxy);
    if (e == ERR_OK) e = home_open(options->folder, options->wait_ms, &c->home, why);
    if (e == ERR_OK) {
        e = load_seats(c);
        if (e != ERR_OK) *why = home_why(c->home);
    }
    why->code = e;
    if (e == ERR_OK) *client = c;
    else client_close(c);
    return e;
}

void client_close(struct client *client)
{
    if (client == NULL) return;
    while (client->ring != NULL) ring_close(client->ring);
    for (size_t i = 0; i < client->seat_n; i++) {
        remote_close(client->seat[i]->remote);
        wipe(client->seat[i], sizeof *client->seat[i]);
        free(client->seat[i]);
    }
    free(client->seat);
    home_close(client->home);
    free(client->folder);
    free(client->ca_file);
    free(client->proxy);
    free(client);
}

void client_set_offline(struct client *client, bool is_offline)
{
    client->options.is_offline = is_offline;
}

/* ---- accounts -------------------------------------------------------------------------------- */

size_t client_account_n(const struct client *client)
{
    return client->seat_n;
}

struct client_account *client_account_at(struct client *client, size_t i)
{
    EXPECT(i < client->seat_n);
    return &client->seat[i]->face;
}

static enum err unlock_with(struct seat *seat, const struct secret_identity *me, struct why *why)
{
    bool is_it = memcmp(me->sign_pk, seat->face.sign_pk, SIGN_PK_BYTES) == 0;
    enum err e = is_it ? seat_unlock(seat, me) : ERR_WRONG_SECRET;
    return e == ERR_OK ? e : seat_fail(seat, e, why);
}

enum err client_unlock(struct client_account *account, struct str passphrase, struct why *why)
{
    struct seat *seat = seat_of(account);
    struct secret_access access;
    struct secret_identity me;
    enum err e = secret_access_init(&access, account->code, passphrase);
    if (e != ERR_OK) return seat_fail(seat, e, why);
    e = secret_unwrap(&access, STR_OF(seat->wrapped), account->sign_pk, &me);
    secret_access_fini(&access);
    if (e != ERR_OK) return seat_fail(seat, e, why);
    e = unlock_with(seat, &me, why);
    secret_identity_fini(&me);
    return e;
}

enum err client_unlock_seed(struct client_account *account, const uint8_t seed[static SEED_BYTES], struct why *why)
{
    struct secret_identity me;
    secret_identity_init(&me, seed);
    enum err e = unlock_with(seat_of(account), &me, why);
    secret_identity_fini(&me);
    return e;
}

void client_seed(const struct client_account *account, uint8_t seed[static SEED_BYTES])
{
    EXPECT(account->is_unlocked);
    memcpy(seed, seat_of(account)->me.seed, SEED_BYTES);
}

void client_lock(struct client_account *account)
{
    struct seat *seat = seat_of(account);
    struct ring *next;
    for (struct ring *r = account->client->ring; r != NULL; r = next) {
        next = r->next;
        if (r->face.account == account) ring_close(r);
    }
    remote_close(seat->remote);
    seat->remote = NULL;
    seat->has_token = false;
    secret_identity_fini(&seat->me);
    home_lock(seat_home(seat), account->number);
    account->is_unlocked = false;
    account->is_signed_in = false;
    account->name[0] = '\0';
}
