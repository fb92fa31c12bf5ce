/* race.h -- several devices sending at the same moment. */
#ifndef HARNESS_RACE_H
#define HARNESS_RACE_H

#include "harness/api_client.h"

enum { RACE_MOST = 16 };

struct racer {
    struct api *api; /* no two have the same */
    const uint8_t *circle;
    struct str batch;
    struct api_reply reply; /* out; its body may be gone by the time it is looked at */
};

/* race_run -- each sends its batch on a thread of its own, all started together; waits for all. */
void race_run(struct racer *racer, size_t racer_n) NONNULL;

#endif
