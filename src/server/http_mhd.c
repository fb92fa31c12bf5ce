/* http_mhd.c -- the server: opens, drains, closes. See http_mhd.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "server/clock.h"
#include "server/http_mhd.h"
#include "server/listen.h"
#include "server/log.h"

enum {
    OTHER_FILES = 128, /* descriptors for everything that is no connection       */
    GOODBYE_MS = 1000, /* what a drain leaves to requests and answers on their way */
};

uint64_t now_ms(void)
{
    return clock_steady_us() / 1000 + 1;
}

/* ---- options -------------------------------------------------------------------------------- */

static unsigned or_else(unsigned value, unsigned otherwise)
{
    return value > 0 ? value : otherwise;
}

static void fill_in(struct http_options *options)
{
    options->thread_n = or_else(options->thread_n, 2);
    options->connection_n = or_else(options->connection_n, 10000);
    options->idle_ms = or_else(options->idle_ms, 15000);
    options->request_ms = or_else(options->request_ms, 30000);
    options->beat_ms = or_else(options->beat_ms, 15000);
    if (options->pool_bytes == 0) options->pool_bytes = 8 * 1024;
    if (options->body_bytes == 0) options->body_bytes = LIMIT_BODY_BYTES;
    if (options->bodies_bytes == 0) options->bodies_bytes = 256UL * 1024 * 1024;
}

/* Keeps what must outlive http_open. */
static enum err keep(struct http *server, const struct http_options *options)
{
    server->options = *options;
    fill_in(&server->options);
    server->is_tls = options->tls_cert != NULL;
    if (options->proxy_header) server->proxy_header = strdup(options->proxy_header);
    if (options->proxy_header && !server->proxy_header) return ERR_NO_MEMORY;
    if (options->proxy_n == 0) return ERR_OK;
    server->proxy = calloc(options->proxy_n, sizeof *server->proxy);
    if (!server->proxy) return ERR_NO_MEMORY;
    memcpy(server->proxy, options->proxy, options->proxy_n * sizeof *server->proxy);
    return ERR_OK;
}

/* Raises the process's limit of open files to what is needed, or as far as the system lets it. Gives it. */
static rlim_t raise_files(rlim_t needed)
{
    struct rlimit files = {.rlim_cur = 0, .rlim_max = 0};
    (void)getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur >= needed) return files.rlim_cur;
    struct rlimit more = {.rlim_cur = needed, .rlim_max = files.rlim_max > needed ? files.rlim_max : needed};
    if (setrlimit(RLIMIT_NOFILE, &more)) { /* only the superuser may go above the hard limit */
        more = (struct rlimit){files.rlim_max, files.rlim_max};
        (void)setrlimit(RLIMIT_NOFILE, &more);
    }
    (void)getrlimit(RLIMIT_NOFILE, &files);
    return files.rlim_cur;
}

/* Makes room for the descriptors of all connections, and takes fewer connections if there is less. */
static void make_room_for_files(struct http *server)
{
    struct http_options *options = &server->options;
    const rlim_t others = LINGER_MOST + OTHER_FILES;
    rlim_t files = raise_files(options->connection_n + others);
    rlim_t fitting = files > 2 * others ? files - others : files / 2;
    struct log_line line;

    if (files == 0 || files >= options->connection_n + others || fitting >= options->connection_n) return;
    if (log_begin(&line, LOG_WARNING, "few_files")) {
        log_number(&line, "open_files", files);
        log_number(&line, "connections_wanted", options->connection_n);
        log_number(&line, "connections", fitting);
        log_text(&line, "help", "raise the limit of open files (ulimit -n, LimitNOFILE) for all of them");
        log_end(&line);
    }
    options->connection_n = (unsigned)fitting;
}

/* ---- the library ---------------------------------------------------------------------------- */

/* What the library complains of while it opens is kept for the trouble. Later it would only speak of
 * single connections, with addresses that name circles. */
static void on_library_said(void *of, const char *format, va_list values)
{
    struct http *server = of;
    if (server->library_said) vsnprintf(server->library_said, HTTP_TROUBLE_BYTES, format, values);
}

static _Noreturn void on_library_panic(void *of, const char *file, unsigned line, const char *reason)
{
    (void)of, (void)file, (void)line;
    misuse(reason ? reason : "libmicrohttpd");
}

static struct MHD_Daemon *start_daemon(struct http *server, const struct http_options *options)
{
    const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG |
                           MHD_USE_NO_LISTEN_SOCKET | (server->is_tls ? MHD_USE_TLS : MHD_USE_TURBO);
    const unsigned idle_s = (server->options.idle_ms + 999) / 1000;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)options->tls_cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)options->tls_key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL},
    };
    if (!server->is_tls) tls[0] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};

    return MHD_start_daemon(flags, 0, NULL, NULL, call_on_data, server,
                            MHD_OPTION_EXTERNAL_LOGGER, on_library_said, server,
                            MHD_OPTION_CONNECTION_LIMIT, server->options.connection_n + 1,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, server->options.pool_bytes,
                            MHD_OPTION_CONNECTION_TIMEOUT, idle_s,
                            MHD_OPTION_STRICT_FOR_CLIENT, 0,
                            MHD_OPTION_URI_LOG_CALLBACK, call_on_line, server,
                            MHD_OPTION_NOTIFY_COMPLETED, call_on_completed, server,
                            MHD_OPTION_NOTIFY_CONNECTION, peer_on_connection, server,
                            MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

static void stop_daemons(struct http *server)
{
    for (unsigned i = 0; i < server->daemon_n; i++) MHD_stop_daemon(server->daemon[i]);
    free(server->daemon);
    server->daemon = NULL;
    server->daemon_n = 0;
}

static enum err start_daemons(struct http *server, const struct http_options *options, struct http_trouble *trouble)
{
    char said[HTTP_TROUBLE_BYTES] = "";
    server->daemon = calloc(server->options.thread_n, sizeof(struct MHD_Daemon *));
    if (!server->daemon) return ERR_NO_MEMORY;

    server->library_said = said;
    while (server->daemon_n < server->options.thread_n) {
        struct MHD_Daemon *daemon = start_daemon(server, options);
        if (!daemon) break;
        server->daemon[server->daemon_n++] = daemon;
    }
    server->library_said = NULL;
    if (server->daemon_n == server->options.thread_n) return ERR_OK;

    stop_daemons(server);
    said[strcspn(said, "\r\n")] = 0;
    if (server->is_tls) {
        snprintf(trouble->text, sizeof trouble->text, "The TLS certificate and key cannot be used (%.150s). Both must "
                 "be PEM, the key without a passphrase and made for that certificate.",
                 said[0] ? said : "no reason given");
        return ERR_BAD_FIELD;
    }
    snprintf(trouble->text, sizeof trouble->text, "The HTTP threads could not be started: %.200s.",
             said[0] ? said : strerror(errno));
    return ERR_INTERNAL;
}

/* ---- opening -------------------------------------------------------------------------------- */

static void init_calm(struct http *server)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&server->work_lock, NULL);
    pthread_cond_init(&server->calm, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void free_server(struct http *server)
{
    if (server->listen_fd >= 0) close(server->listen_fd);
    pthread_cond_destroy(&server->calm);
    pthread_mutex_destroy(&server->work_lock);
    free(server->proxy_header);
    free(server->proxy);
    free(server);
}

/* Everything behind the listening socket. */
static enum err start(struct http *server, const struct http_options *options, struct http_trouble *trouble)
{
    const int on = 1, kernel_bytes = KERNEL_BYTES;
    make_room_for_files(server);
    /* Handed on to every connection. Without delay: the pieces of a TLS handshake need not wait for each other's
     * acknowledgement. Few bytes with the system: a peer that reads slowly is soon seen to read at all. */
    (void)setsockopt(server->listen_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(server->listen_fd, SOL_SOCKET, SO_SNDBUF, &kernel_bytes, sizeof kernel_bytes);
    enum err e = peers_open(server);
    if (e) return e;
    e = start_daemons(server, options, trouble);
    if (e == ERR_OK) {
        e = side_open(server);
        if (e) stop_daemons(server);
    }
    if (e) peers_close(server);
    return e;
}

enum err http_open(struct http **opened, const struct http_options *options, const struct http_owner *owner,
                   struct http_trouble *trouble)
{
    struct http *server = calloc(1, sizeof *server);
    struct http_trouble said = {"There is not enough memory to start the server."};
    enum err e = ERR_NO_MEMORY;

    if (server) {
        server->owner = *owner;
        server->listen_fd = -1;
        init_calm(server);
        MHD_set_panic_func(on_library_panic, NULL);
        e = keep(server, options);
        if (e == ERR_OK) e = listen_open(options->listen, &server->listen_fd, &server->port, &said);
        if (e == ERR_OK) e = start(server, options, &said);
        if (e) free_server(server);
    }
    if (e) *trouble = said;
    else *opened = server;
    return e;
}

unsigned http_port(const struct http *server)
{
    return server->port;
}

struct http_gauges http_gauges(const struct http *server)
{
    return (struct http_gauges){
        .connection_n = atomic_load(&server->connection_n),
        .stream_n = atomic_load(&server->stream_n),
        .call_n = atomic_load(&server->call_n),
        .body_bytes = atomic_load(&server->body_bytes),
        .refused_n = atomic_load(&server->refused_n),
        .overdue_n = atomic_load(&server->overdue_n),
    };
}

/* ---- closing -------------------------------------------------------------------------------- */

/* Waits until a count is 0; most_ms 0: as long as it takes. */
static bool wait_for(struct http *server, atomic_uint *count, unsigned most_ms)
{
    const uint64_t until_us = clock_steady_us() + most_ms * UINT64_C(1000);
    const struct timespec until = {(time_t)(until_us / 1000000), (long)(until_us % 1000000) * 1000};
    pthread_mutex_lock(&server->work_lock);
    bool has_time = true;
    while (atomic_load(count) > 0 && has_time) {
        if (most_ms == 0) pthread_cond_wait(&server->calm, &server->work_lock);
        else has_time = pthread_cond_timedwait(&server->calm, &server->work_lock, &until) != ETIMEDOUT;
    }
    pthread_mutex_unlock(&server->work_lock);
    return atomic_load(count) == 0;
}

static void begin_drain(struct http *server)
{
    pthread_mutex_lock(&server->work_lock);
    bool was_draining = atomic_exchange(&server->is_draining, true);
    pthread_mutex_unlock(&server->work_lock);
    if (was_draining) return;
    side_stop_listening(server);
    streams_end(server);
    peers_hurry(server, now_ms() + GOODBYE_MS);
}

bool http_drain(struct http *server, unsigned most_ms)
{
    begin_drain(server);
    return wait_for(server, &server->call_n, or_else(most_ms, 1));
}

void http_close(struct http *server)
{
    if (!server) return;
    begin_drain(server);
    wait_for(server, &server->at_work_n, 0);
    wait_for(server, &server->call_n, GOODBYE_MS);
    stop_daemons(server);
    side_close(server);
    peers_close(server);
    free_server(server);
}
