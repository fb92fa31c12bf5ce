/* race.h -- several things at the same moment. */
#ifndef HARNESS_RACE_H
#define HARNESS_RACE_H

#include "harness/api_client.h"

enum { RACE_MOST = 32 };

/* race_start -- runs do_it(of[i]) on a thread of its own for each i, all let go together; waits for all. */
void race_start(void (*do_it)(void *of), void *const *of, size_t n) NONNULL;

/* One of several who append. */
struct racer {
    struct api *api; /* no two have the same */
    const uint8_t *circle;
    struct str batch;
    struct api_reply reply; /* out; its body may be gone by the time it is looked at */
};

/* race_run -- each sends its batch, all at once. */
void race_run(struct racer *racer, size_t racer_n) NONNULL;

#endif
