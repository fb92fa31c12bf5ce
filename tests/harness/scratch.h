/* scratch.h -- folders of a test's own, gone when its program ends, however it ends.
 *
 * A second process waits for the end of the first, and removes then what is left: also when the test
 * was stopped for taking too long, or crashed.
 */
#ifndef HARNESS_SCRATCH_H
#define HARNESS_SCRATCH_H

#include "base/assert.h"

enum { SCRATCH_PATH_BYTES = 256 };

/* scratch_folder -- makes a new empty folder below the system's folder for temporary files.
 *
 * Gives    path   ends with NUL; room for a file name of 64 characters is left in SCRATCH_PATH_BYTES
 * A machine without such a folder ends the test program with a sentence.
 */
void scratch_folder(char path[static SCRATCH_PATH_BYTES]) NONNULL;

/* scratch_path -- the path of a name in a folder. Too long is misuse. */
void scratch_path(char path[static SCRATCH_PATH_BYTES], const char *folder, const char *name) NONNULL;

#endif
