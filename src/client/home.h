/* home.h -- the one file in which a member's device keeps what it must not lose: opening it, transactions.
 *
 * A folder that nobody else may use (0700), and troth.db in it (0600). One process at a time: whoever has it
 * open keeps a lock on the folder, which the system lifts when that process ends, however it ends. A call that
 * changes something and says OK has it on the disk, unless a transaction is open: then home_commit says so.
 *
 * What is secret or tells of people is sealed under the local key of its account (record/secret.h), each field
 * bound to its column and row: none opens in another's place. SQLite only ever sees what is sealed. What needs
 * the key says [unlocked] below; to call it for an account that is locked is misuse. What does not open, or
 * does not fit together, is ERR_STORE_DAMAGED. docs/home.md tells what a thief of the file learns.
 *
 * What a call copies for itself while it seals or opens is wiped before it is freed. What it gives is the
 * caller's to wipe. Of SQLite's own memory nothing can be promised; of secrets it holds the account's code.
 *
 *   home_account.h   accounts: where, who, the session; unlocking
 *   home_circle.h    circles: entries, pins, epoch keys
 *   home_outbox.h    what was written here and is not recorded yet; drafts
 *   home_alarm.h     what this device has caught a server at
 *   home_note.h      small things under a name: of the home, an account, a circle
 *
 * A visit is called for each thing of a list, which it may read until it returns. It may call whatever reads
 * the home, but not the same list, and nothing that writes. What it returns, if not OK, ends the list and is
 * returned.
 *
 * Threads  one at a time. Whoever forks with a home open lets the child exec, or close everything: a child that
 *          keeps the folder's descriptor keeps the lock.
 */
#ifndef CLIENT_HOME_H
#define CLIENT_HOME_H

#include "base/err.h"

struct home;

/* home_open -- the home in this folder; both are made where there is none, and an older one is brought up to
 * date.                                                                                        [files, waits]
 *
 * Takes    folder   its path; parents that are missing are made too
 *          wait_ms  how long to wait for another process to close it
 * Gives    why      only on failure: text says in a sentence what is wrong and what helps
 * Fails    BUSY           another process has it open
 *          STORE_NEWER    a newer Troth made it; not touched
 *          STORE_DAMAGED  it is no home of Troth's (not touched), or does not fit together
 *          STORE          the folder or the file cannot be used: may not be read or written, others may write
 *                         into the folder, a disk that can only be read
 *          DISK_FULL NO_MEMORY
 */
MUST_USE enum err home_open(const char *folder, uint64_t wait_ms, struct home **home, struct why *why) NONNULL;

/* home_close -- wipes the keys, abandons an open transaction, lets the next process in. NULL is fine.
 *
 * Opening again costs little: whoever waits for long (for people, for a server) closes meanwhile.
 */
void home_close(struct home *home);

/* home_begin -- from here on, changes are made together by home_commit or not at all. One at a time: a second
 * one inside is misuse.                                                            [DISK_FULL STORE NO_MEMORY] */
MUST_USE enum err home_begin(struct home *home) NONNULL;

/* home_commit -- on disk, all of it; or else nothing, and no transaction is open any more.
 *
 * Fails    with what a call since home_begin failed with, though the caller went on; DISK_FULL STORE NO_MEMORY.
 *          Where the disk did not confirm that it is there (STORE), it may turn out to be, whole, when the home is
 *          opened again; until then nothing more is changed here, and every call that would says STORE.
 */
MUST_USE enum err home_commit(struct home *home) NONNULL;

/* home_abandon -- nothing since home_begin was done. Fine without a transaction. */
void home_abandon(struct home *home) NONNULL;

/* home_why -- what was wrong when a call failed last, in a sentence of this machine (err.def speaks of a
 * server's disk). text may be NULL. */
struct why home_why(const struct home *home) NONNULL;

#endif
