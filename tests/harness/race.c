/* race.c -- see race.h. */
#define _POSIX_C_SOURCE 200809L
#include "harness/race.h"

#include <pthread.h>

struct runner {
    void (*do_it)(void *of);
    void *of;
    pthread_barrier_t *start;
};

static void *run(void *of)
{
    struct runner *r = of;
    (void)pthread_barrier_wait(r->start);
    r->do_it(r->of);
    return NULL;
}

void race_start(void (*do_it)(void *of), void *const *of, size_t n)
{
    pthread_barrier_t start;
    pthread_t thread[RACE_MOST];
    struct runner runner[RACE_MOST];
    EXPECT(n >= 1 && n <= RACE_MOST);
    EXPECT(pthread_barrier_init(&start, NULL, (unsigned)n) == 0);
    for (size_t i = 0; i < n; i++) {
        runner[i] = (struct runner){do_it, of[i], &start};
        EXPECT(pthread_create(&thread[i], NULL, run, &runner[i]) == 0);
    }
    for (size_t i = 0; i < n; i++) EXPECT(pthread_join(thread[i], NULL) == 0);
    (void)pthread_barrier_destroy(&start);
}

static void append_now(void *of)
{
    struct racer *r = of;
    r->reply = api_append(r->api, r->circle, r->batch);
}

void race_run(struct racer *racer, size_t racer_n)
{
    void *of[RACE_MOST];
    EXPECT(racer_n <= RACE_MOST);
    for (size_t i = 0; i < racer_n; i++) of[i] = &racer[i];
    race_start(append_now, of, racer_n);
}
