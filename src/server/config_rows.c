/* config_rows.c -- every setting of trothd, one row each. See config_rows.h for what stands where. */
#include "server/config_rows.h"

#include <stddef.h>

#include "base/limits.h"

#define FIELD(name) offsetof(struct config, name)

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, RATE_MOST = 1000000 };
#define KIB UINT64_C(1024)
#define GIB (KIB * KIB * KIB)

static const char *const levels[] = {"debug", "info", "warning", "error", "nothing", NULL}; /* enum log_level */
static const char *const forms[] = {"text", "json", NULL};                                  /* enum log_form */
static const char *const metrics[] = {"no", "yes", "loopback", NULL};                       /* enum config_metrics */

const struct config_row config_rows[] = {
    {.group = "Data and addresses", .name = "data", .kind = CONFIG_PATH, .at = FIELD(data), .standard = "troth.db",
     .what = "The file that holds everything; others are made beside it."},
    {.name = "listen", .kind = CONFIG_LISTEN, .at = FIELD(listen), .standard = "127.0.0.1:8787",
     .what = "Where to listen; port 0 is any free one, and * every address of this machine."},
    {.name = "origin", .kind = CONFIG_ORIGINS, .at = FIELD(origin), .standard = "", .may_be_empty = true,
     .what = "Under which addresses people reach this server; when none is set, http://localhost:PORT and "
             "http://127.0.0.1:PORT (with a certificate, https)."},
    {.name = "config", .kind = CONFIG_PATH, .at = FIELD(file), .standard = "", .may_be_empty = true,
     .is_not_in_file = true, .what = "A file with more settings."},

    {.group = "TLS and proxies", .name = "tls-cert", .kind = CONFIG_PATH, .at = FIELD(tls_cert), .standard = "",
     .may_be_empty = true,
     .what = "A file with the certificate and those above it, in PEM; the server then speaks https."},
    {.name = "tls-key", .kind = CONFIG_PATH, .at = FIELD(tls_key), .standard = "", .may_be_empty = true,
     .what = "A file with the certificate's private key, in PEM."},
    {.name = "proxy-header", .kind = CONFIG_HEADER, .at = FIELD(proxy_header), .standard = "", .may_be_empty = true,
     .what = "The header in which a trusted proxy names its client, such as X-Forwarded-For."},
    {.name = "trusted-proxy", .kind = CONFIG_RANGES, .at = FIELD(trusted_proxy), .standard = "", .may_be_empty = true,
     .what = "The addresses of the proxies whose header is believed."},

    {.group = "Work and connections", .name = "threads", .kind = CONFIG_WHOLE, .at = FIELD(thread_n), .standard = "2",
     .least = 1, .most = 64, .what = "Threads that read requests and write answers."},
    {.name = "readers", .kind = CONFIG_WHOLE, .at = FIELD(reader_n), .standard = "2", .least = 1, .most = 64,
     .what = "Threads that read the data; one more writes it."},
    {.name = "connections", .kind = CONFIG_WHOLE, .at = FIELD(connection_n), .standard = "10000", .least = 1,
     .most = 1000000, .what = "Connections at once, live streams included."},
    {.name = "connections-per-ip", .kind = CONFIG_WHOLE, .at = FIELD(per_ip_n), .standard = "64", .most = 1000000,
     .what = "Connections at once of one address, or one /64 of IPv6; 0 is no limit."},
    {.name = "pool-bytes", .kind = CONFIG_BYTES, .at = FIELD(pool_bytes), .standard = "8k", .least = 4 * KIB,
     .most = KIB * KIB, .what = "Memory of one connection; a request's line and headers must fit into it."},
    {.name = "idle", .kind = CONFIG_DURATION, .at = FIELD(idle_ms), .standard = "15s", .least = SECOND, .most = HOUR,
     .what = "How long a connection may send and read nothing."},
    {.name = "request", .kind = CONFIG_DURATION, .at = FIELD(request_ms), .standard = "30s", .least = SECOND,
     .most = HOUR, .what = "How long a request may take to arrive, from its first byte to its last."},
    {.name = "beat", .kind = CONFIG_DURATION, .at = FIELD(beat_ms), .standard = "15s", .least = SECOND,
     .most = 10 * MINUTE, .what = "How often a live stream with nothing to say shows that it is still there."},
    {.name = "drain", .kind = CONFIG_DURATION, .at = FIELD(drain_ms), .standard = "10s", .most = 10 * MINUTE,
     .what = "How long a stopping server waits for requests that it has begun to answer."},

    {.group = "Rates", .name = "rate-challenge", .kind = CONFIG_RATE, .at = FIELD(rate_challenge),
     .standard = "30/min", .most = RATE_MOST, .what = "Challenges and questions about the server, for one address."},
    {.name = "rate-login", .kind = CONFIG_RATE, .at = FIELD(rate_login), .standard = "10/min", .most = RATE_MOST,
     .what = "Tries to sign in, for one address."},
    {.name = "rate-register", .kind = CONFIG_RATE, .at = FIELD(rate_register), .standard = "10/min",
     .most = RATE_MOST, .what = "Tries to open an account, for one address."},
    {.name = "rate-invite-open", .kind = CONFIG_RATE, .at = FIELD(rate_invite_open), .standard = "10/min",
     .most = RATE_MOST, .what = "Tries to open an invitation, for one address."},
    {.name = "rate-login-cred", .kind = CONFIG_RATE, .at = FIELD(rate_login_cred), .standard = "20/h",
     .most = RATE_MOST, .what = "Tries to sign in to one account in one way, from any address; failures in a row "
             "make the next one wait, at first 1 s, at most 60 s."},
    {.name = "rate-append", .kind = CONFIG_RATE, .at = FIELD(rate_append), .standard = "120/min", .most = RATE_MOST,
     .what = "Requests that write entries, for one session."},
    {.name = "rate-read", .kind = CONFIG_RATE, .at = FIELD(rate_read), .standard = "600/min", .most = RATE_MOST,
     .what = "All other requests of one session."},

    {.group = "Limits", .name = "circles", .kind = CONFIG_WHOLE, .at = FIELD(circle_n), .standard = "64", .least = 1,
     .most = 1000, .what = "Circles that one person may be in here, or have brought here."},
    {.name = "sessions", .kind = CONFIG_WHOLE, .at = FIELD(session_n), .standard = "20", .least = 1,
     .most = LIMIT_SESSIONS,
     .what = "Devices signed in to one account; one more signs out the one that was not used for longest."},
    {.name = "circle-bytes", .kind = CONFIG_BYTES, .at = FIELD(circle_bytes), .standard = "1G", .least = KIB * KIB,
     .most = 1024 * GIB, .what = "All entries of one circle together."},
    {.name = "live-streams", .kind = CONFIG_WHOLE, .at = FIELD(live_stream_n), .standard = "4", .least = 1, .most = 64,
     .what = "Live streams of one account at once."},

    {.group = "Logs and metrics", .name = "log-level", .kind = CONFIG_CHOICE, .at = FIELD(log_level),
     .standard = "info", .word = levels,
     .what = "The least important events that are still logged, on standard error."},
    {.name = "log-format", .kind = CONFIG_CHOICE, .at = FIELD(log_form), .standard = "text", .word = forms,
     .what = "How they are written: for people, or one JSON object a line."},
    {.name = "metrics", .kind = CONFIG_CHOICE, .at = FIELD(metrics), .standard = "loopback", .word = metrics,
     .what = "Who is answered GET /metrics: nobody, everybody, or whoever asks on this machine and through no "
             "proxy."},

    {.name = "unsafe-synchronous", .kind = CONFIG_YES_NO, .at = FIELD(is_unsynced), .standard = "no",
     .is_hidden = true,
     .what = "Answers before the disk has it: for the tests of the crash tests, which must fail then."},
};
const size_t config_row_n = sizeof config_rows / sizeof *config_rows;

const struct config_verb config_verbs[] = {
    {"serve", CONFIG_SERVE, NULL, "Serves; this is what trothd does when no command is named."},
    {"permit", CONFIG_PERMIT, NULL, "Makes a permit for one new account and prints it."},
    {"backup", CONFIG_BACKUP, "DEST", "Copies all data into a new file, while the server may be running."},
    {"check", CONFIG_CHECK, NULL, "Verifies all that a server can: the file, and the chain of every circle."},
};
const size_t config_verb_n = sizeof config_verbs / sizeof *config_verbs;

/* ---- names ---------------------------------------------------------------------------------- */

const struct config_row *config_row_of(struct str name)
{
    for (size_t i = 0; i < config_row_n; i++) {
        if (str_is(name, str_of_text(config_rows[i].name))) return &config_rows[i];
    }
    return NULL;
}

void config_put_env(struct out *o, const struct config_row *row)
{
    out_text(o, CONFIG_ENV);
    for (const char *c = row->name; *c != 0; c++) {
        out_put_byte(o, (uint8_t)(*c == '-' ? '_' : *c - 'a' + 'A'));
    }
}

const struct config_row *config_row_of_env(struct str variable)
{
    for (size_t i = 0; i < config_row_n; i++) {
        uint8_t name[CONFIG_NAME_BYTES];
        struct out o = OUT_OVER(name);
        config_put_env(&o, &config_rows[i]);
        if (str_is(variable, out_str(&o))) return &config_rows[i];
    }
    return NULL;
}
