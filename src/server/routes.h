/* routes.h -- every address of the server, one row each, and the way of a request through it.
 *
 * Source   docs/protocol.md, "Requests and checks"; docs/api.md
 */
#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

#include "server/request.h"

/* Who may ask, checked before the body is read. */
enum route_who {
    WHO_ANYONE,
    WHO_SESSION, /* a bearer token of a session                                        */
    WHO_VISITOR, /* a session, or the read token of an opened invitation of the circle */
};

/* Which budget a request is taken from; by the client's address, or by the session. */
enum route_rate {
    RATE_OF_NONE,
    RATE_OF_CHALLENGE,
    RATE_OF_LOGIN,
    RATE_OF_REGISTER,
    RATE_OF_INVITE,
    RATE_OF_APPEND, /* from here on by the session */
    RATE_OF_READ,
};

struct route {
    const char *name;    /* in metrics and logs                                     */
    enum http_method method;
    const char *path;    /* :circle and :session stand for an id in hexadecimal     */
    const char *allow;   /* the methods of the path                                 */
    enum route_who who;
    enum route_rate rate;
    bool has_body;       /* needs application/cbor and Content-Length               */
    void (*run)(struct request *r);
};

/* routes_owner -- the three callbacks of http, for a server. */
struct http_owner routes_owner(struct server *server) NONNULL;

/* routes_names -- every route's name, for metrics.   Gives how many */
enum { ROUTES_MAX = METRICS_ROUTES };
size_t routes_names(const char *name[static ROUTES_MAX]) NONNULL;

/* The routes' own halves, each in the api_ file of its subject. All run on an http thread. */
void api_root(struct request *r), api_health(struct request *r), api_metrics(struct request *r),
    api_server(struct request *r), api_challenge(struct request *r);
void api_register(struct request *r), api_account(struct request *r), api_creds(struct request *r),
    api_account_close(struct request *r);
void api_login(struct request *r), api_sessions(struct request *r), api_session_end(struct request *r),
    api_sessions_end(struct request *r);
void api_circles(struct request *r), api_circle_create(struct request *r), api_entries(struct request *r),
    api_append(struct request *r);
void api_invite_open(struct request *r), api_live(struct request *r);

#endif
