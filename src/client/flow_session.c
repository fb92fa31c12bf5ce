/* flow_session.c -- devices that are signed in, signing out, and leaving this machine. See client.h. */
#include "client/flow.h"

/* ---- devices ----------------------------------------------------------------------------------- */

enum err client_devices(struct client_account *account, struct client_device *list, size_t cap, size_t *n,
                        struct why *why)
{
    struct seat *seat = seat_of(account);
    struct remote *remote;
    struct remote_rows rows;
    struct remote_session session;
    size_t found = 0;
    enum err e = seat_needs(seat, why);
    if (e != ERR_OK) return e;
    e = seat_remote(seat, true, &remote);
    if (e == ERR_OK) e = remote_sessions(remote, &rows);
    if (e != ERR_OK) return seat_fail(seat, e, why);
    while (found < cap && remote_next_session(&rows, &session)) {
        struct client_device *at = &list[found++];
        *at = (struct client_device){
            .since_ms = session.created_ms, .used_ms = session.used_ms, .is_this = session.is_this};
        memcpy(at->session, session.id, ID_BYTES);
    }
    *n = found;
    return ERR_OK;
}

enum err client_end_device(struct client_account *account, const uint8_t session[static ID_BYTES], struct why *why)
{
    struct seat *seat = seat_of(account);
    struct remote *remote;
    enum err e = seat_needs(seat, why);
    if (e != ERR_OK) return e;
    e = seat_remote(seat, true, &remote);
    if (e == ERR_OK) e = remote_end_session(remote, session);
    return e == ERR_OK ? e : seat_fail(seat, e, why);
}

/* ---- this one ---------------------------------------------------------------------------------- */

/* The id of the session that this is. */
static enum err own_session(struct remote *remote, uint8_t id[static ID_BYTES])
{
    struct remote_rows rows;
    struct remote_session session;
    enum err e = remote_sessions(remote, &rows);
    if (e != ERR_OK) return e;
    e = ERR_NOT_FOUND;
    while (remote_next_session(&rows, &session)) {
        if (!session.is_this) continue;
        memcpy(id, session.id, ID_BYTES);
        e = ERR_OK;
    }
    return e;
}

enum err client_sign_out(struct client_account *account, struct why *why)
{
    struct seat *seat = seat_of(account);
    struct remote *remote;
    uint8_t id[ID_BYTES];
    enum err e = seat_needs(seat, why);
    if (e != ERR_OK) return e;
    e = seat_remote(seat, true, &remote);
    if (e == ERR_OK) e = own_session(remote, id);
    if (e == ERR_OK) e = remote_end_session(remote, id);
    if (e == ERR_NO_SESSION || e == ERR_NOT_FOUND) e = ERR_OK; /* it had ended already */
    if (e != ERR_OK) (void)seat_fail(seat, e, why);
    enum err dropped = seat_drop_session(seat);
    if (dropped != ERR_OK) return seat_fail(seat, dropped, why);
    client_lock(account);
    return e;
}

enum err client_forget(struct client_account *account, struct why *why)
{
    struct client *client = account->client;
    enum err e = seat_remove(seat_of(account));
    if (e == ERR_OK) return e;
    *why = home_why(client->home);
    why->code = e;
    return e;
}
