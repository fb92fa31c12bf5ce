/* server.h -- everything a running server has, in one value that its parts share. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdatomic.h>

#include "record/account.h"
#include "server/challenges.h"
#include "server/config.h"
#include "server/http.h"
#include "server/hub.h"
#include "server/metrics.h"
#include "server/origin.h"
#include "server/rate.h"
#include "server/readers.h"
#include "server/session.h"
#include "server/visits.h"
#include "server/writer.h"

#define TROTHD_VERSION "0.1.0"

struct login;

struct server {
    const struct config *config;
    struct origin origin[ORIGINS];
    size_t origin_n;
    uint8_t dummy_pk[SIGN_PK_BYTES]; /* for logins with a cred_id that nobody has */

    struct http *http;
    struct writer *writer;
    struct readers *readers;
    struct hub *hub;
    struct sessions sessions;
    struct login *signing_in; /* the writer's: sign-ins that are applied and not settled yet */
    struct challenges challenges;
    struct visits visits;
    struct rate *rate;
    struct metrics *metrics;
    uint64_t started_us;  /* by clock_steady_us                                        */
    atomic_bool is_ready; /* everything above is as it stays; before that all is "busy" */
};

#endif
