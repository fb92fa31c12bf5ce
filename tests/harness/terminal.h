/* terminal.h -- the real `troth` as a person types it: each person with a home and a passphrase of their own.
 *
 * The program is the one that the environment variable TROTH names. It has no terminal: what it would ask there has to
 * be given by options. A person's agent is told to lock when the test program ends.
 */
#ifndef HARNESS_TERMINAL_H
#define HARNESS_TERMINAL_H

#include "harness/daemon.h"

enum { TERMINAL_SAID_BYTES = 256 * 1024, TERMINAL_WORDS = 24 };

struct terminal {
    char name[32];
    char home[SCRATCH_PATH_BYTES], passphrase_file[SCRATCH_PATH_BYTES], folder[SCRATCH_PATH_BYTES];
    char said[TERMINAL_SAID_BYTES];  /* what the last command said on standard output */
    char wrong[TERMINAL_SAID_BYTES]; /* … and on standard error                       */
};

/* terminal_init -- a person with a new home, not made yet, and a passphrase. */
void terminal_init(struct terminal *t, const char *name) NONNULL;

/* terminal_fini -- ends the person's agent. */
void terminal_fini(struct terminal *t) NONNULL;

/* terminal_run -- runs troth with the words of a line, up to the first NULL, beside --home and --passphrase-file;
 * gives the exit code. Fails the test if a line of what it says is wider than 80 columns, but for links and tokens,
 * or holds a control character. terminal_run_bare -- without --passphrase-file. */
int terminal_run(struct terminal *t, const char *const *word) NONNULL;
int terminal_run_bare(struct terminal *t, const char *const *word) NONNULL;

#define TROTH(t, ...) terminal_run((t), (const char *const[]){__VA_ARGS__, NULL})
#define TROTH_BARE(t, ...) terminal_run_bare((t), (const char *const[]){__VA_ARGS__, NULL})

/* terminal_says -- whether the last command said this, on either output. */
bool terminal_says(const struct terminal *t, const char *text) NONNULL;

/* terminal_link -- the first link in what it said. Good until the next run; NULL if there is none. */
const char *terminal_link(struct terminal *t) NONNULL;

#endif
