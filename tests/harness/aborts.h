/* aborts.h -- whether a call stops the program, tried in a child process. */
#ifndef HARNESS_ABORTS_H
#define HARNESS_ABORTS_H

#include <stdbool.h>

/* aborts -- true when the call ends its process by abort(), as misuse() does; false when it returns or
 * ends in another way. What it says on standard error is dropped. */
bool aborts(void (*call)(void));

#endif
