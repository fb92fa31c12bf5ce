/* random.c -- see random.h. */
#define _DEFAULT_SOURCE /* getentropy */
#include "harness/random.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static uint64_t seed_of_environment(const char *text)
{
    char *end = NULL;
    errno = 0;
    unsigned long long seed = strtoull(text, &end, 0);
    if (errno == 0 && end != text && *end == '\0') return seed;
    fprintf(stderr, "TROTH_SEED is \"%s\"; a number was expected, such as 0x1f or 31.\n", text);
    exit(2);
}

void random_init(struct random *r, const char *what)
{
    uint64_t seed = 0;
    const char *text = getenv("TROTH_SEED");
    if (text != NULL) {
        seed = seed_of_environment(text);
    } else if (getentropy(&seed, sizeof seed) != 0) {
        perror("No seed: getentropy");
        exit(2);
    }
    fprintf(stderr, "%s: TROTH_SEED=0x%016" PRIx64 " repeats this run.\n", what, seed);
    random_init_seed(r, seed);
}

void random_init_seed(struct random *r, uint64_t seed)
{
    *r = (struct random){._state = seed};
}

uint64_t random_u64(struct random *r)
{
    r->_state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = r->_state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* The remainder favours small numbers by n in 2^64, which no test can notice. */
uint64_t random_below(struct random *r, uint64_t n)
{
    EXPECT(n > 0);
    return random_u64(r) % n;
}

uint64_t random_between(struct random *r, uint64_t least, uint64_t most)
{
    EXPECT(least <= most);
    uint64_t span = most - least;
    return span == UINT64_MAX ? random_u64(r) : least + random_below(r, span + 1);
}

bool random_is_one_in(struct random *r, uint64_t n)
{
    return random_below(r, n) == 0;
}

uint64_t random_width(struct random *r, unsigned most_bits)
{
    EXPECT(most_bits <= 64);
    uint64_t bits = random_between(r, 0, most_bits);
    return bits == 0 ? 0 : random_u64(r) >> (64 - bits);
}

void random_bytes(struct random *r, uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)random_u64(r);
}
