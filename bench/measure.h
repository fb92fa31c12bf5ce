/* measure.h -- what is measured: each tells its figures. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "figure.h"
#include "timing.h"

struct measure {
    const char *folder; /* on the disk that is measured; emptied by the caller */
    bool is_quick;
    double verify_per_s; /* Ed25519, found first */
};

/* measure_machine -- the machine by itself: signatures, and the disk's syncs. */
void measure_machine(struct measure *m) NONNULL;

/* measure_start -- from the start to the first answer, and what an idle server holds. */
void measure_start(const struct measure *m) NONNULL;

/* measure_append -- appends a second, how long each takes and what each costs, at so many connections; beside
 * SQLite by itself with row_n rows a transaction, before and after. */
void measure_append(const struct measure *m, unsigned connection_n) NONNULL;

/* measure_catchup -- reading circles of entry_n entries from the beginning, at so many connections. */
void measure_catchup(const struct measure *m, unsigned entry_n) NONNULL;

/* measure_fold -- what folding a circle of 100,000 acts takes, and one more; nothing of it is on a disk. */
void measure_fold(const struct measure *m) NONNULL;

/* measure_sync -- a new device of somebody's signs in, and takes over a circle of 10,000 entries; then loads it. */
void measure_sync(const struct measure *m) NONNULL;

/* measure_command -- what commands of troth take at a terminal, on a home with a circle of 10,000 entries. */
void measure_command(const struct measure *m) NONNULL;

/* measure_live -- what idle live streams hold. */
void measure_live(const struct measure *m) NONNULL;

#endif
