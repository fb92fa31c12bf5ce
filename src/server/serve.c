/* serve.c -- see serve.h. */
#define _GNU_SOURCE
#include "server/serve.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "record/code.h"
#include "server/clock.h"
#include "server/commands.h"
#include "server/hello.h"
#include "server/notify.h"
#include "server/pem.h"
#include "server/routes.h"
#include "server/sweep.h"

enum { TIDY_EVERY_MS = 1000, SWEEP_EVERY_MS = 60 * 1000 };

/* Everything that is opened on the way up, closed in reverse on the way down. */
struct serving {
    const struct config *config;
    struct server server;
    struct store *store, *care; /* the writer's handle; one for looking after the file */
    struct pem cert, key;
    struct notify notify;
    const char *route_name[ROUTES_MAX];
    bool has_accounts;
    char trouble[STORE_TEXT_BYTES];
};

/* ---- up ------------------------------------------------------------------------------------------------ */

static enum err fail(struct serving *s, enum err e, const char *text)
{
    snprintf(s->trouble, sizeof s->trouble, "%s", text);
    return e;
}

static enum err open_store(struct serving *s)
{
    unsigned flags = STORE_CREATES | STORE_SERVES | (s->config->is_unsynced ? STORE_UNSYNCED : 0u);
    struct store_trouble trouble;
    enum err e = store_open_sqlite(s->config->data, flags, &s->store, &trouble);
    if (e != ERR_OK) return fail(s, e, trouble.text);
    e = store_reader_open(s->store, &s->care);
    if (e == ERR_OK) e = sessions_load(&s->server.sessions, s->store);
    if (e == ERR_OK) e = readers_open(&s->server.readers, s->store, s->config->reader_n);
    return e == ERR_OK ? ERR_OK : fail(s, e, err_happened(e));
}

static enum err open_parts(struct serving *s)
{
    struct server *server = &s->server;
    uint8_t seed[RATE_SEED_BYTES];
    random_fill(seed, sizeof seed);
    account_dummy_pk(server->dummy_pk);
    challenges_init(&server->challenges);
    visits_init(&server->visits);
    enum err e = sessions_init(&server->sessions);
    if (e == ERR_OK) e = rate_open(&server->rate, seed);
    if (e == ERR_OK) e = metrics_open(&server->metrics, s->route_name, routes_names(s->route_name));
    if (e == ERR_OK) e = hub_open(&server->hub);
    return e == ERR_OK ? ERR_OK : fail(s, e, err_happened(e));
}

static enum err open_http(struct serving *s)
{
    const struct config *c = s->config;
    struct http_owner owner = routes_owner(&s->server);
    struct http_trouble trouble;
    struct http_options options = {
        .listen = c->listen,
        .thread_n = c->thread_n,
        .connection_n = c->connection_n,
        .per_ip_n = c->per_ip_n,
        .pool_bytes = (size_t)c->pool_bytes,
        .idle_ms = c->idle_ms,
        .request_ms = c->request_ms,
        .beat_ms = c->beat_ms,
        .proxy_header = c->proxy_header,
        .proxy = c->trusted_proxy.at,
        .proxy_n = c->trusted_proxy.n,
    };
    enum err e = ERR_OK;
    if (c->tls_cert != NULL) {
        e = pem_read(&s->cert, c->tls_cert);
        if (e == ERR_OK) e = pem_read(&s->key, c->tls_key);
        if (e != ERR_OK) return fail(s, e, "The certificate or its key cannot be read; see --tls-cert and --tls-key.");
        options.tls_cert = s->cert.text;
        options.tls_key = s->key.text;
    }
    e = http_open(&s->server.http, &options, &owner, &trouble);
    if (e != ERR_OK) return fail(s, e, trouble.text);
    s->server.origin_n = origins_of(c, http_port(s->server.http), s->server.origin);
    atomic_store(&s->server.is_ready, true);
    return ERR_OK;
}

/* ---- down ------------------------------------------------------------------------------------------------- */

static void close_all(struct serving *s)
{
    struct server *server = &s->server;
    http_close(server->http); /* every call is done when this returns */
    readers_close(server->readers); /* before the writer, to whom a reader may just be handing on */
    writer_close(server->writer);
    store_close(s->care);
    store_close(s->store);
    hub_close(server->hub);
    metrics_close(server->metrics);
    rate_close(server->rate);
    sessions_fini(&server->sessions);
    visits_fini(&server->visits);
    challenges_fini(&server->challenges);
    pem_wipe(&s->cert);
    pem_wipe(&s->key);
}

/* ---- telling ------------------------------------------------------------------------------------------------ */

/* The very first start makes the first permit. Later it is known only by its hash, and not told again. */
static enum err first_permit(struct serving *s, struct out *text)
{
    struct store_counts counts;
    enum err e = store_count(s->store, &counts);
    if (e != ERR_OK) return e;
    s->has_accounts = counts.account_n > 0;
    return s->has_accounts || counts.open_permit_n > 0 ? ERR_OK : permit_make(s->store, text);
}

static void tell(const struct serving *s, struct str permit)
{
    struct hello hello = {.origin = s->server.origin,
                          .origin_n = s->server.origin_n,
                          .data = s->config->data,
                          .has_accounts = s->has_accounts,
                          .permit = permit};
    hello_say(stdout, &hello);
}

/* ---- running -------------------------------------------------------------------------------------------------- */

/* How many groups had been committed when it was last looked, and when the store was last tidied. */
struct care {
    uint64_t seen_group_n, tidied_group_n;
    uint64_t swept_us; /* when it was last looked which sessions are over; 0: not since the start */
};

/* What can wait is done when nobody writes: the store moves what was committed to its place, which would
 * make a writer wait. */
static void take_care(struct serving *s, struct care *care)
{
    struct log_line line;
    uint64_t group_n = writer_figures(s->server.writer).group_n;
    bool is_quiet = group_n == care->seen_group_n;
    care->seen_group_n = group_n;
    if (!is_quiet || group_n == care->tidied_group_n) return;
    enum err e = store_tidy(s->care);
    if (e != ERR_BUSY) care->tidied_group_n = group_n; /* busy: once more, the next time it is quiet */
    if (e != ERR_OK && e != ERR_BUSY && log_begin(&line, LOG_WARNING, "tidy")) {
        log_text(&line, "error", err_code(e));
        log_end(&line);
    }
}

static void sweep(struct serving *s, struct care *care, uint64_t now_us)
{
    if (care->swept_us != 0 && now_us - care->swept_us < SWEEP_EVERY_MS * UINT64_C(1000)) return;
    sweep_sessions(&s->server, clock_now_ms());
    care->swept_us = now_us;
}

static void run_until_told(struct serving *s, const sigset_t *stops)
{
    struct care care = {0};
    uint64_t alive_us = 0;
    struct timespec nap = {.tv_sec = TIDY_EVERY_MS / 1000, .tv_nsec = TIDY_EVERY_MS % 1000 * 1000000};
    while (sigtimedwait(stops, NULL, &nap) < 0) {
        uint64_t now_us = clock_steady_us();
        if (s->notify.alive_ms > 0 && now_us - alive_us >= s->notify.alive_ms * UINT64_C(1000)) {
            notify_alive(&s->notify);
            alive_us = now_us;
        }
        sweep(s, &care, now_us);
        take_care(s, &care);
    }
}

static void drain(struct serving *s)
{
    struct log_line line;
    notify_stopping(&s->notify, "finishing what was begun");
    bool is_drained = http_drain(s->server.http, s->config->drain_ms);
    if (log_begin(&line, LOG_INFO, "stopping")) {
        log_text(&line, "drained", is_drained ? "yes" : "no");
        log_end(&line);
    }
}

/* Signals are blocked before the first thread starts, so that only run_until_told hears them. */
static void block_signals(sigset_t *stops)
{
    sigemptyset(stops);
    sigaddset(stops, SIGTERM);
    sigaddset(stops, SIGINT);
    pthread_sigmask(SIG_BLOCK, stops, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like any other */
}

static int serve_with(struct serving *s, char *const env[])
{
    uint8_t memory[CODE_TEXT_BYTES];
    struct out permit = OUT_OVER(memory);
    sigset_t stops;
    block_signals(&stops);
    if (notify_init(&s->notify, env) != ERR_OK) log_event(LOG_WARNING, "notify_unusable");
    enum err e = open_parts(s);
    if (e == ERR_OK) e = open_store(s);
    if (e == ERR_OK) e = first_permit(s, &permit);
    if (e == ERR_OK) e = writer_open(&s->server.writer, s->store);
    if (e == ERR_OK) e = open_http(s);
    if (e == ERR_OK) {
        tell(s, out_str(&permit));
        notify_ready(&s->notify, s->server.origin[0].text);
        run_until_told(s, &stops);
        drain(s);
    }
    close_all(s);
    notify_fini(&s->notify);
    wipe(memory, sizeof memory);
    return e == ERR_OK ? EXIT_SUCCESS : command_failed(e, s->trouble[0] != 0 ? s->trouble : err_happened(e));
}

int serve(const struct config *config, char *const env[])
{
    struct serving *s = calloc(1, sizeof *s);
    if (s == NULL) return command_failed(ERR_NO_MEMORY, err_happened(ERR_NO_MEMORY));
    /* Threads that share an arena wait for each other; many more would make an idle server large. */
    mallopt(M_ARENA_MAX, 8);
    log_set(config->log_level, config->log_form, 2);
    s->config = config;
    s->server.config = config;
    s->server.started_us = clock_steady_us();
    int code = serve_with(s, env);
    free(s);
    return code;
}
