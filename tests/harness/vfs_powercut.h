/* vfs_powercut.h -- a disk that remembers what was synced, and a power cut that takes some of the rest.
 *
 * Until the cut, everything SQLite does goes to the real files. At the cut, each file becomes what a disk may
 * hold then: what was synced is there; of what was written since, all, nothing, or any sectors of 512 bytes
 * in any older state; a file made and not synced may be gone, a file deleted and not synced may be back.
 * Then the process ends at once.
 *
 * A program that is linked with this file (and calls nothing of it) does the same when the environment says
 * TROTH_POWERCUT_SEED and TROTH_POWERCUT_AFTER; link it with -Wl,-u,powercut_open so that it is not left out.
 */
#ifndef HARNESS_VFS_POWERCUT_H
#define HARNESS_VFS_POWERCUT_H

#include <stdint.h>

enum { POWERCUT_STATUS = 99 }; /* how a process ends that lost its power */

/* powercut_open -- from now on what SQLite's files hold is remembered; the power goes at the after-th write,
 * truncation, sync or deletion, 1 being the next; 0: never by itself.
 *
 * Takes    seed   decides what is lost
 * Threads  any may use SQLite from then on; before any does
 */
void powercut_open(uint64_t seed, uint64_t after);

/* powercut_count -- how many of these there were so far. */
uint64_t powercut_count(void);

/* powercut_now -- the power goes now. */
_Noreturn void powercut_now(void);

#endif
