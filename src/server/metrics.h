/* metrics.h -- what the server counts of its own work, as Prometheus reads it. Nothing of whose.
 *
 * Labels are the routes' names, the class of the status and the error's code: all known beforehand, so
 * nothing that a stranger sends makes a new series.
 *
 * Threads  metrics_count and metrics_put may be called from any thread
 * Source   Prometheus, "Exposition formats", text format 0.0.4
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "base/err.h"
#include "base/out.h"
#include "server/http.h"
#include "server/writer.h"
#include "store/store.h"

struct metrics;

enum {
    METRICS_ROUTES = 32,        /* routes that there may be                                     */
    METRICS_NO_ROUTE = -1,      /* what was asked is no route, or was refused before that       */
    METRICS_BYTES = 128 * 1024, /* room for metrics_put                                         */
};

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* What is not counted here but asked for when the metrics are: the numbers of this moment. */
struct metrics_now {
    const char *version;           /* of the program                          */
    uint64_t up_ms;                /* since it started                        */
    struct http_gauges http;
    struct writer_figures writer;
    struct store_counts store;     /* left out, if !has_store                 */
    bool has_store;
};

/* metrics_open -- everything at zero.                                                       [NO_MEMORY]
 *
 * Takes    route    the routes' names, each once, lower case and '_'; borrowed as long as the metrics live
 *          route_n  at most METRICS_ROUTES
 */
MUST_USE enum err metrics_open(struct metrics **metrics, const char *const *route, size_t route_n) NONNULL;

/* metrics_close -- ends them; NULL is fine. */
void metrics_close(struct metrics *metrics);

/* metrics_count -- one call is done.
 *
 * Takes    route       its place in the list of metrics_open, or METRICS_NO_ROUTE
 *          status      as http's done says; 0: the connection broke first
 *          e           what it was answered
 *          age_us      as http_age_us says
 *          sent_bytes  as done says
 */
void metrics_count(struct metrics *metrics, int route, int status, enum err e, uint64_t age_us,
                   uint64_t sent_bytes) NONNULL;

/* metrics_put -- all of them, as text. METRICS_BYTES are always enough. */
void metrics_put(struct metrics *metrics, const struct metrics_now *now, struct out *o) NONNULL;

#endif
