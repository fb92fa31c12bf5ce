/* machine.h -- what this machine can do by itself: wait for its disk, and check signatures. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include "timing.h"

enum { MACHINE_WRITE_BYTES = 4096, MACHINE_FILE_WRITES = 4096 };

/* machine_sync -- writes 4 KiB and waits for the disk (fdatasync), one after the other for run_ns.
 *
 * Takes    folder      where; a file is made there and removed
 *          is_growing  each write makes the file longer; else it goes around in 16 MiB that are there already,
 *                      as SQLite's log does
 * Gives    each        how long each took, added
 */
void machine_sync(const char *folder, bool is_growing, uint64_t run_ns, struct durations *each) NONNULL;

/* machine_verify_per_s -- Ed25519 signatures over so many bytes checked in a second, on one core. */
double machine_verify_per_s(size_t message_bytes, uint64_t run_ns);

/* machine_busy_ns -- processor time that everybody on this machine has used, all cores together. */
uint64_t machine_busy_ns(void);

/* machine_spawn_ms -- starting a program that does nothing, to its end; the middle of 20. */
double machine_spawn_ms(void);

#endif
