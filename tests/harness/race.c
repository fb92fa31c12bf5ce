/* race.c -- see race.h. */
#define _POSIX_C_SOURCE 200809L
#include "harness/race.h"

#include <pthread.h>

struct runner {
    struct racer *racer;
    pthread_barrier_t *start;
};

static void *run(void *of)
{
    struct runner *r = of;
    (void)pthread_barrier_wait(r->start);
    r->racer->reply = api_append(r->racer->api, r->racer->circle, r->racer->batch);
    return NULL;
}

void race_run(struct racer *racer, size_t racer_n)
{
    pthread_barrier_t start;
    pthread_t thread[RACE_MOST];
    struct runner runner[RACE_MOST];
    EXPECT(racer_n >= 1 && racer_n <= RACE_MOST);
    EXPECT(pthread_barrier_init(&start, NULL, (unsigned)racer_n) == 0);
    for (size_t i = 0; i < racer_n; i++) {
        runner[i] = (struct runner){&racer[i], &start};
        EXPECT(pthread_create(&thread[i], NULL, run, &runner[i]) == 0);
    }
    for (size_t i = 0; i < racer_n; i++) EXPECT(pthread_join(thread[i], NULL) == 0);
    (void)pthread_barrier_destroy(&start);
}
