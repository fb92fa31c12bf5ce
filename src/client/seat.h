/* seat.h -- an account as this library holds it: its keys while it is unlocked, its connection to the server.
 *
 * What this library keeps in the home under names: the setting "begun-N" (the server has account N); of an account the
 * notes "journal" (its circle), "profile" (my own, as a text) and "device" (signed in, and the journal does not say so
 * yet: its name); of a circle "as-of" (when the server last showed its
 * head), "alarms-ended" (those that were dealt with) and "invite-…" (the secret of an invitation of mine).
 *
 * For the files of src/client only: struct client of client.h is made of seats.
 */
#ifndef CLIENT_SEAT_H
#define CLIENT_SEAT_H

#include "client/client.h"
#include "client/home_note.h"
#include "client/remote.h"

struct seat {
    struct client_account face; /* first: a struct client_account * of ours is a struct seat * */
    uint8_t wrapped[SECRET_WRAPPED_BYTES];
    struct secret_identity me;  /* zeros while locked */
    struct remote *remote;      /* NULL until the server is asked */
    bool has_token;             /* the remote uses a session */
};

struct ring;

struct client {
    struct home *home;
    struct client_options options;
    char *folder, *ca_file, *proxy; /* the texts in options, ours */
    struct seat **seat;
    size_t seat_n;
    struct ring *ring; /* the circles that are open */
};

/* seat_of -- the seat behind an account. */
static inline struct seat *seat_of(const struct client_account *account)
{
    return (struct seat *)account;
}

/* seat_home -- the home it lives in. */
static inline struct home *seat_home(const struct seat *seat)
{
    return seat->face.client->home;
}

/* seat_find -- the seat of an account's number, or NULL. */
struct seat *seat_find(const struct client *client, uint64_t number) NONNULL;

/* seat_load -- (again) what the home says of an account: a new seat where there was none.
 *                                                                  [STORE STORE_DAMAGED NO_MEMORY NOT_FOUND] */
MUST_USE enum err seat_load(struct client *client, uint64_t number, struct seat **seat) NONNULL;

/* seat_unlock -- with these keys: the home opens, name and session are known, the journal is found.
 *                                                                           [STORE STORE_DAMAGED NO_MEMORY] */
MUST_USE enum err seat_unlock(struct seat *seat, const struct secret_identity *me) NONNULL;

/* seat_set_begun -- the server has the account.   seat_set_session -- a new session, here and in the home. */
MUST_USE enum err seat_set_begun(struct seat *seat) NONNULL;
MUST_USE enum err seat_set_session(struct seat *seat, const uint8_t token[static ACCOUNT_TOKEN_BYTES]) NONNULL;

/* seat_needs -- whether the account is unlocked: OK, or NO_SESSION with why "locked". */
MUST_USE enum err seat_needs(const struct seat *seat, struct why *why) NONNULL;

/* seat_remote -- the server, ready to be asked.
 *
 * Fails    OFFLINE        the client is set offline
 *          NO_SESSION     needs_session, and there is none
 *          BAD_FIELD NOT_ENCRYPTED NO_MEMORY STORE STORE_DAMAGED
 */
MUST_USE enum err seat_remote(struct seat *seat, bool needs_session, struct remote **remote) NONNULL;

/* seat_fetch_options -- how this client reaches a server. */
struct fetch_options seat_fetch_options(const struct client *client, const char *server) NONNULL;

/* seat_drop_session -- no session any more, here and in the home. */
MUST_USE enum err seat_drop_session(struct seat *seat) NONNULL;

/* seat_drop -- the client forgets it; the home is not asked.
 * seat_remove -- the account and everything of it goes from the home and from the client. The seat is no more.
 *                                                                               [as home_account_remove] */
void seat_drop(struct seat *seat) NONNULL;
MUST_USE enum err seat_remove(struct seat *seat) NONNULL;

/* seat_fail -- fills why for an error, with a sentence of the home's or the server's where there is one. */
enum err seat_fail(const struct seat *seat, enum err e, struct why *why) NONNULL;

#endif
