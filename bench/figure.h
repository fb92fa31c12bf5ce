/* figure.h -- one figure of the benchmark: a line of JSON, and a line in the summary.
 *
 * {"name": …, "value": …, "unit": …, "machine": {…}, "ratio": …, "must": …, "reached": …}
 *
 * machine is what this machine could do at most, measured in the same run; ratio is value over the first
 * of it. must and reached are there where something was promised.
 */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include "base/str.h"

enum { FIGURE_LIMITS = 6, FIGURE_NAME_BYTES = 48, FIGURE_MUST_BYTES = 64 };

struct figure_limit {
    const char *name; /* NULL ends the list; with its unit, as in fdatasync_p50_us */
    double value;
};

enum figure_reached { FIGURE_UNASKED, FIGURE_REACHED, FIGURE_MISSED };

struct figure {
    char name[FIGURE_NAME_BYTES];
    double value;
    const char *unit;
    struct figure_limit machine[FIGURE_LIMITS];
    double ratio; /* 0: none */
    char must[FIGURE_MUST_BYTES];
    enum figure_reached reached;
};

/* figure_of -- a figure, its name with a number for %u. */
struct figure figure_of(const char *name, unsigned number, double value, const char *unit) NONNULL;

/* figure_beside -- one more limit of the machine; the first one makes the ratio. */
void figure_beside(struct figure *f, const char *name, double value) NONNULL;

/* figure_ratio_at_least, figure_ratio_at_most, figure_at_least, figure_at_most -- what was promised of the ratio,
 * or of the value. Twice: either is enough. */
void figure_ratio_at_least(struct figure *f, double bound) NONNULL;
void figure_ratio_at_most(struct figure *f, double bound) NONNULL;
void figure_at_least(struct figure *f, double bound) NONNULL;
void figure_at_most(struct figure *f, double bound) NONNULL;

/* figure_tell -- prints it on standard output, and keeps it for the summary. */
void figure_tell(const struct figure *f) NONNULL;

/* figure_summary -- what was promised and what came of it, on standard error. */
void figure_summary(void);

#endif
