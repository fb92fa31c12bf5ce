/* agent.h -- a small process that holds identity seeds for a set time, so that the passphrase is not asked at every
 * command.
 *
 * It is this program again, started as `troth --agent`. It listens on a Unix socket in a folder that nobody else may
 * use (XDG_RUNTIME_DIR, else the home), answers only processes of the same user, can't be looked into by a debugger or
 * a core dump, and keeps the seeds in memory that is not swapped out. When the last one's time is over, when it is
 * told to lock, or at a signal, it wipes them and ends. The time runs on while the machine sleeps. If it is killed,
 * nothing is lost but the seeds: the passphrase is asked again.
 *
 * Source   unix(7), socket(7), prctl(2), mlock(2), timerfd_create(2)
 */
#ifndef CLI_AGENT_H
#define CLI_AGENT_H

#include "record/hash.h"

enum {
    AGENT_SEEDS = 16,                        /* more push out the one that ends first */
    AGENT_USUAL_MS = 15 * 60 * 1000,
    AGENT_LONGEST_MS = 12 * 60 * 60 * 1000,
    AGENT_LISTEN_FD = 3, AGENT_FOLDER_FD = 4, /* what the agent is started with */
};

/* Where a home's agent is. */
struct agent {
    int _folder;    /* descriptor of the socket's folder, -1: none is safe enough */
    char _name[64];
};

/* agent_init -- finds the place; asks nobody yet. Without a safe folder every call says that nobody is there.
 *
 * Takes    home   the home's folder; it need not exist yet
 */
void agent_init(struct agent *agent, const char *home) NONNULL;
void agent_fini(struct agent *agent) NONNULL;

/* agent_get -- the seed of the account with this sign_pk, if it is held; the caller wipes it.
 *
 * Gives    left_ms   how long it will still be held
 */
bool agent_get(const struct agent *agent, const uint8_t *sign_pk, uint8_t seed[static SEED_BYTES], uint64_t *left_ms)
    NONNULL;

/* agent_put -- has a seed held, for at most AGENT_LONGEST_MS; starts the agent if there is none.
 *
 * Takes    program   the file to start: this program
 * Gives    false when it could not be: the passphrase will be asked again, nothing worse
 */
bool agent_put(const struct agent *agent, const char *program, const uint8_t *sign_pk,
               const uint8_t seed[static SEED_BYTES], uint64_t for_ms) NONNULL;

/* agent_lock -- has all seeds wiped and the agent ended; whether there was one. */
bool agent_lock(const struct agent *agent) NONNULL;

/* agent_serve -- what `troth --agent` does, until the last seed's time is over. Gives the exit code.
 *
 * Takes    name   of the socket in AGENT_FOLDER_FD, to remove it at the end
 */
int agent_serve(const char *name) NONNULL;

#endif
