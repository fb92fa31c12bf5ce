/* config.h -- how a server is set up: what was asked on the command line, in the environment and in a file.
 *
 * One table (config_rows.c) says of every setting what it is called, what it may be, what it is when nobody
 * sets it, and what for. Reading, --help and docs/configuration.md are made from it. A flag wins over the
 * environment, the environment over the file, the file over the default; a list is taken whole from the
 * first of these that has it.
 */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include "base/arena.h"
#include "base/err.h"
#include "base/out.h"
#include "server/ip.h"
#include "server/log.h"
#include "server/rate.h"

enum {
    CONFIG_LIST = 16,            /* members of one list                                            */
    CONFIG_FILE_BYTES = 65536,   /* the longest file of settings                                   */
    CONFIG_TROUBLE_BYTES = 400,  /* the longest sentence about a setting, NUL included             */
    CONFIG_HELP_BYTES = 16384,   /* room for config_help                                           */
    CONFIG_MARKDOWN_BYTES = 32768, /* room for config_markdown                                     */
};

enum config_command {
    CONFIG_SERVE, /* when nothing else is said           */
    CONFIG_PERMIT,
    CONFIG_BACKUP,
    CONFIG_CHECK,
    CONFIG_HELP,
    CONFIG_VERSION,
};

/* Who is answered GET /metrics. */
enum config_metrics {
    CONFIG_METRICS_NOBODY,
    CONFIG_METRICS_EVERYBODY,
    CONFIG_METRICS_LOOPBACK, /* whoever asks on this machine, and through no proxy */
};

struct config_list {
    const char *at[CONFIG_LIST];
    size_t n;
};

struct config_ranges {
    struct ip_range at[CONFIG_LIST];
    size_t n;
};

struct config {
    enum config_command command;
    const char *backup_to; /* backup's DEST */

    const char *file;          /* of more settings; NULL: none                                            */
    const char *data;          /* the store's file                                                        */
    const char *listen;        /* as http_options says                                                    */
    struct config_list origin; /* each is one (account_is_origin); none: the two of the port, see main    */
    const char *tls_cert, *tls_key; /* files in PEM; both or none (NULL)                                  */
    const char *proxy_header;  /* NULL: none                                                              */
    struct config_ranges trusted_proxy;

    unsigned thread_n, reader_n;
    unsigned connection_n, per_ip_n; /* per_ip_n 0: no limit                                              */
    uint64_t pool_bytes;
    unsigned idle_ms, request_ms, beat_ms, drain_ms;

    struct rate_rule rate_challenge, rate_login, rate_register, rate_invite_open; /* by client address    */
    struct rate_rule rate_login_cred;                                             /* by credential        */
    struct rate_rule rate_append, rate_read;                                      /* by session           */

    unsigned circle_n, session_n; /* of one account                                                       */
    uint64_t circle_bytes;        /* of one circle                                                        */
    unsigned live_stream_n;       /* of one account                                                        */

    enum log_level log_level;
    enum log_form log_form;
    enum config_metrics metrics;
    bool is_unsynced;             /* STORE_UNSYNCED, for the crash tests only*/

    struct arena _memory;
};

/* What is wrong with a setting, for a person. Ends with NUL. */
struct config_trouble {
    char text[CONFIG_TROUBLE_BYTES];
};

/* config_init -- reads all settings.                               [reads a file | BAD_FIELD NOT_FOUND NO_MEMORY]
 *
 * Takes    arg      of main, the program's name first
 *          env      "NAME=value" texts, NULL behind the last
 * Gives    config   to be ended with config_fini; untouched on failure
 *          trouble  a sentence that names the setting, what it was given and what is allowed; or the
 *                   nearest name of a setting or command that there is; only on failure
 * Fails    BAD_FIELD  a setting or command that there is not, or a value that may not be
 *          NOT_FOUND  the file of settings cannot be read
 * --help and --version win over whatever else is wrong.
 */
MUST_USE enum err config_init(struct config *config, int arg_n, char *const arg[], char *const env[],
                              struct config_trouble *trouble) NONNULL;

/* config_fini -- gives back what config_init took. */
void config_fini(struct config *config) NONNULL;

/* config_help -- what trothd --help says.   config_markdown -- docs/configuration.md, byte by byte. */
void config_help(struct out *o) NONNULL;
void config_markdown(struct out *o) NONNULL;

#endif
