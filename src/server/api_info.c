/* api_info.c -- what the server says of itself to anybody. */
#include <stdlib.h>

#include "server/clock.h"
#include "server/routes.h"

void api_root(struct request *r)
{
    request_answer_text(r, "text/plain; charset=utf-8",
                        STR("This is a Troth server. It keeps records that only their members can read.\n"
                            "A member's own program talks to it under /v1/; see docs/api.md.\n"));
}

void api_challenge(struct request *r)
{
    uint8_t memory[64], challenge[CHALLENGE_BYTES];
    struct out o = OUT_OVER(memory);
    uint64_t now_ms = clock_now_ms();
    challenges_ask(&r->server->challenges, now_ms, challenge);
    cbor_put_map(&o, 2);
    cbor_put_uint(&o, 1);
    cbor_put_bytes(&o, STR_OF(challenge));
    cbor_put_uint(&o, 2);
    cbor_put_uint(&o, now_ms);
    request_answer(r, 200, out_str(&o));
}

static void put_limits(struct out *o, const struct config *config)
{
    const uint64_t limit[] = {
        LIMIT_HEADER_BYTES, LIMIT_PAYLOAD_BYTES, LIMIT_BODY_BYTES,   LIMIT_BATCH_ENTRIES, LIMIT_MEMBERS,
        LIMIT_OPEN_INVITES, LIMIT_CREDENTIALS,   config->session_n,  config->circle_n,    LIMIT_PAGE_ENTRIES,
        config->circle_bytes, config->live_stream_n,
    };
    enum { LIMIT_N = sizeof limit / sizeof *limit };
    cbor_put_map(o, LIMIT_N);
    for (size_t i = 0; i < LIMIT_N; i++) {
        cbor_put_uint(o, i + 1);
        cbor_put_uint(o, limit[i]);
    }
}

void api_server(struct request *r)
{
    const struct server *server = r->server;
    enum { SERVER_BYTES = 512 + ORIGINS * ACCOUNT_ORIGIN_BYTES };
    uint8_t memory[SERVER_BYTES];
    struct out o = OUT_OVER(memory);
    cbor_put_map(&o, 5);
    cbor_put_uint(&o, 1); /* protocol versions */
    cbor_put_list(&o, 1);
    cbor_put_uint(&o, 1);
    cbor_put_uint(&o, 2);
    cbor_put_uint(&o, clock_now_ms());
    cbor_put_uint(&o, 3);
    put_limits(&o, server->config);
    cbor_put_uint(&o, 4);
    cbor_put_list(&o, server->origin_n);
    for (size_t i = 0; i < server->origin_n; i++) cbor_put_text(&o, str_of_text(server->origin[i].text));
    cbor_put_uint(&o, 5);
    cbor_put_text(&o, STR("trothd " TROTHD_VERSION));
    EXPECT(!o.is_full);
    request_answer(r, 200, out_str(&o));
}

/* ---- GET /healthz: whether a reader gets an answer from the store, and the writer could record lately ------- */

static void health_run(struct read *read, struct store *reader)
{
    struct request *r = request_of_read(read);
    struct store_counts counts;
    enum err e = store_count(reader, &counts);
    if (e == ERR_OK) e = writer_figures(r->server->writer).last;
    if (e == ERR_OK) request_answer_text(r, "text/plain; charset=utf-8", STR("ok\n"));
    else request_refuse_code(r, e);
}

void api_health(struct request *r)
{
    request_read(r, health_run);
}

/* ---- GET /metrics ------------------------------------------------------------------------------------------- */

static void metrics_run(struct read *read, struct store *reader)
{
    struct request *r = request_of_read(read);
    struct server *server = r->server;
    struct metrics_now now = {
        .version = TROTHD_VERSION,
        .up_ms = (clock_steady_us() - server->started_us) / 1000,
        .http = http_gauges(server->http),
        .writer = writer_figures(server->writer),
    };
    now.has_store = store_count(reader, &now.store) == ERR_OK; /* without it the rest is still worth telling */
    uint8_t *memory = malloc(METRICS_BYTES);
    if (memory == NULL) {
        request_refuse_code(r, ERR_NO_MEMORY);
        return;
    }
    struct out o = out_over(memory, METRICS_BYTES);
    metrics_put(server->metrics, &now, &o);
    request_answer_text(r, METRICS_TYPE, out_str(&o));
    free(memory);
}

/* To whom it is not shown it is not there. */
void api_metrics(struct request *r)
{
    enum config_metrics to = r->server->config->metrics;
    bool may_see = to == CONFIG_METRICS_EVERYBODY || (to == CONFIG_METRICS_LOOPBACK && http_is_local(r->call));
    if (may_see) request_read(r, metrics_run);
    else request_refuse_code(r, ERR_NO_ROUTE);
}
