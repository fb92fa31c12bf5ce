/* cli.h -- one run of `troth`: what was asked, where the answers go, and what is open.
 *
 * Commands give an enum err, and say what they have to say on the way. What went wrong is said once, by main: the
 * sentence that cli_refuse noted, or err.def's.
 *
 * Threads  single
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <inttypes.h>

#include "cli/agent.h"
#include "cli/call.h"
#include "cli/json.h"
#include "cli/prompt.h"
#include "cli/say.h"
#include "cli/when.h"
#include "client/client.h"

enum { CLI_PATH_BYTES = 4096, CLI_SENTENCE_BYTES = 1024, CLI_CIRCLES = 2 * LIMIT_CIRCLES };

/* One circle of the list, with the account it belongs to. */
struct cli_listed {
    struct client_account *account;
    struct client_listed is;
};

struct cli {
    struct call call;
    struct say out, err;
    struct json json;
    bool is_json;
    struct zone here;
    uint64_t now_ms;
    char home[CLI_PATH_BYTES];
    struct agent agent;
    struct client *client; /* NULL: not opened */
    int stop_fd;           /* readable: whatever waits for a server gives up; -1: nothing makes it */
    struct why why;
    char sentence[CLI_SENTENCE_BYTES], next[CLI_SENTENCE_BYTES]; /* what cli_refuse noted: instead of err.def's */
    bool is_told;          /* what went wrong was said already */
    bool was_alarmed;      /* the alarms were told already */
    struct cli_listed list[CLI_CIRCLES];
    size_t list_n;
};

/* Gives where the next answer goes: for people. */
static inline struct say *cli_say(struct cli *cli)
{
    return &cli->out;
}

/* cli_init -- ready for a call that was understood; nothing is opened.   cli_fini -- closes and wipes all. */
MUST_USE enum err cli_init(struct cli *cli, const struct call *call) NONNULL;
void cli_fini(struct cli *cli) NONNULL;

/* cli_refuse -- notes what is wrong in sentences of this place; what they quote has to be clean. Gives e. */
enum err cli_refuse(struct cli *cli, enum err e, const char *form, ...) NONNULL __attribute__((format(printf, 3, 4)));

/* cli_next -- and what to do about it. */
void cli_next(struct cli *cli, const char *form, ...) NONNULL __attribute__((format(printf, 2, 3)));

/* cli_try_again -- of a failure behind which nothing is kept to be sent: what helps is to say the same again.
 * Gives e. */
enum err cli_try_again(struct cli *cli, enum err e) NONNULL;

/* cli_quiet -- notes that what went wrong was told already: only the exit code is left to give. Gives e. */
enum err cli_quiet(struct cli *cli, enum err e) NONNULL;

/* cli_clean -- what a person wrote, as a sentence may quote it: in a buffer of this function's that is used again
 * with the fourth call after this one. At most 60 columns of it. */
const char *cli_clean(struct str text);

/* cli_trouble -- tells what went wrong. Gives the exit code. */
int cli_trouble(struct cli *cli, enum err e) NONNULL;

/* cli_number -- the number of a list that was shown, 1 to most, as somebody typed it.          [NOT_FOUND, sentence] */
MUST_USE enum err cli_number(struct cli *cli, const char *text, size_t most, size_t *n) NONNULL;

/* cli_sure -- asks, unless --yes: OK only for yes. A no is STOPPING, with nothing done. */
MUST_USE enum err cli_sure(struct cli *cli, const char *question) NONNULL;

/* ---- what is open ----------------------------------------------------------------------------------- */

/* cli_open -- opens the home.   cli_open_account -- and chooses the account: --account, or the only one.
 * cli_unlock -- its keys, by the agent or the passphrase; which the agent then holds for a while.
 */
MUST_USE enum err cli_open(struct cli *cli) NONNULL;
MUST_USE enum err cli_open_account(struct cli *cli, struct client_account **account) NONNULL;
MUST_USE enum err cli_unlock(struct cli *cli, struct client_account *account) NONNULL;

/* cli_passphrase -- from --passphrase-file, or asked. */
MUST_USE enum err cli_passphrase(struct cli *cli, struct passphrase *passphrase, const char *question, bool is_new)
    NONNULL;

/* cli_hold -- has the agent hold an unlocked account's seed, unless --no-agent; how long at most. Whether it does. */
bool cli_hold(struct cli *cli, const struct client_account *account, uint64_t for_ms) NONNULL;

/* cli_renew -- signs in again, where the session has ended: with the passphrase, whatever the agent holds. */
MUST_USE enum err cli_renew(struct cli *cli, struct client_account *account) NONNULL;

/* cli_list -- all circles of all accounts (or of --account), without journals, into cli->list. Unlocks. */
MUST_USE enum err cli_list(struct cli *cli) NONNULL;

/* cli_circle -- opens the circle that is meant: by `named` (may be NULL), --circle, or because it is the only one
 * that I am in. Tells its alarms. */
MUST_USE enum err cli_circle(struct cli *cli, const char *named, struct client_circle **circle)
    __attribute__((nonnull(1, 3)));

/* cli_circle_now -- the same, with what others have written meanwhile, if the server can be asked: for whoever is
 * about to say something, so that it is said of what holds. Tells what is new. */
MUST_USE enum err cli_circle_now(struct cli *cli, const char *named, struct client_circle **circle)
    __attribute__((nonnull(1, 3)));

/* cli_alarms -- tells what stands against a circle's server. */
MUST_USE enum err cli_alarms(struct cli *cli, struct client_circle *circle) NONNULL;

/* ---- what is said ------------------------------------------------------------------------------------ */

/* cli_is_kept -- whether an act is sent, or kept here to be sent: only then is there something to tell in JSON besides an
 * error. */
static inline bool cli_is_kept(const struct client_outcome *outcome)
{
    return outcome->fate == CLIENT_SENT || outcome->fate == CLIENT_KEPT_HERE;
}

/* cli_outcome -- what became of an act, in words or as members of the open JSON object. Gives OK if it is sent or kept
 * here; the exit code of main follows from what it gives. */

MUST_USE enum err cli_outcome(struct cli *cli, const struct client_outcome *outcome) NONNULL;

/* cli_circle_name -- the circle's name, or a stand-in. */
struct str cli_circle_name(const struct state *state) NONNULL;

/* cli_kind_word -- "couple".   cli_kind_read -- the kind of that name, or FACTS_NONE. */
const char *cli_kind_word(enum facts_kind kind);
enum facts_kind cli_kind_read(struct str word);

/* ---- commands: one function each, cmd_*.c ------------------------------------------------------------- */

#define GROUP(name, summary, about)
#define OPTION(id, name, value, what)
#define COMMAND(id, group, name, operands, least, most, completes, options, summary, about, examples) \
    enum err cmd_##id(struct cli *cli) NONNULL MUST_USE;
#include "cli/table.def"
#undef GROUP
#undef OPTION
#undef COMMAND

/* cmd_overview -- what `troth` alone does. */
enum err cmd_overview(struct cli *cli) NONNULL MUST_USE;

#endif
