/* random.h -- random numbers for property tests, the same ones again for the same seed.
 *
 * A failure that nobody can repeat is no failure anybody can repair. random_init says its seed on
 * standard error before the first number is drawn, so that it is known even after a crash; running the
 * test with TROTH_SEED set to it repeats everything. Not for secrets.
 *
 * Source   SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014
 */
#ifndef HARNESS_RANDOM_H
#define HARNESS_RANDOM_H

#include "base/str.h"

struct random {
    uint64_t _state;
};

/* random_init -- numbers from TROTH_SEED, or from a fresh seed where it is not set; says the seed.
 *
 * Takes    what   the property under test, for the line that names the seed
 * A TROTH_SEED that is no number ends the test program: the wrong seed would prove nothing.
 */
void random_init(struct random *r, const char *what) NONNULL;

/* random_init_seed -- numbers from this seed; says nothing. */
void random_init_seed(struct random *r, uint64_t seed) NONNULL;

/* random_u64 -- any number. */
uint64_t random_u64(struct random *r) NONNULL;

/* random_below -- 0 to n - 1, for an n of at least 1. */
uint64_t random_below(struct random *r, uint64_t n) NONNULL;

/* random_between -- least to most, both included. */
uint64_t random_between(struct random *r, uint64_t least, uint64_t most) NONNULL;

/* random_is_one_in -- true once in n times. */
bool random_is_one_in(struct random *r, uint64_t n) NONNULL;

/* random_width -- a number of any size, small ones as likely as large: its length in bits is drawn first. */
uint64_t random_width(struct random *r, unsigned most_bits) NONNULL;

/* random_bytes -- n random bytes. */
void random_bytes(struct random *r, uint8_t *bytes, size_t n) NONNULL;

#endif
