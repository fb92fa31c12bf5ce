/* pthread.h -- for wasm32, which has one thread and one stack of fixed size: what a unit test gives to a thread of its
 * own, because that has little stack, runs at once. */
#ifndef HARNESS_WASM_PTHREAD_H
#define HARNESS_WASM_PTHREAD_H

#include <stddef.h>

typedef int pthread_t;
typedef int pthread_attr_t;

static inline int pthread_attr_init(pthread_attr_t *attr) { return *attr = 0; }
static inline int pthread_attr_setstacksize(pthread_attr_t *attr, size_t n) { return n > 0 ? 0 : *attr; }
static inline int pthread_attr_destroy(pthread_attr_t *attr) { return *attr; }
static inline int pthread_join(pthread_t thread, void **gave)
{
    if (gave != NULL) *gave = NULL;
    return thread;
}
static inline int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *of)
{
    run(of);
    return *thread = *attr;
}

#endif
