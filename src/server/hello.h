/* hello.h -- what a server says to whoever started it by hand: where it is, and what to type next. */
#ifndef SERVER_HELLO_H
#define SERVER_HELLO_H

#include <stdio.h>

#include "base/str.h"
#include "server/origin.h"

/* Borrowed. */
struct hello {
    const struct origin *origin;        /* origin_n, at least one: the first is the one to use            */
    size_t origin_n;
    const char *data;                   /* the file of the store                                          */
    bool has_accounts;
    struct str permit;                  /* the first permit, told this once; empty when there is none     */
};

/* hello_say -- says it. The terminal client is called as it can be typed here: by its name where the PATH
 * leads to the one beside this program, else by its path.                                        [files] */
void hello_say(FILE *to, const struct hello *hello) NONNULL;

/* hello_client -- how the terminal client is typed, if it lies in folder.                             [pure]
 *
 * Takes    folder   where this program lies, without a slash at the end
 *          path     the environment's PATH, or NULL
 *          cwd      where whoever types is, or NULL when that is not known
 * Gives    typed    "troth", or a path to it as a shell takes it, ends with NUL; cut if it has no room
 */
void hello_client(char *typed, size_t typed_cap, const char *folder, const char *path, const char *cwd)
    __attribute__((nonnull(1, 3)));

#endif
