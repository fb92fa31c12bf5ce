/* fuzz.h -- what every fuzzer has in common.
 *
 * A fuzzer is one file, fuzz/NAME.c, with the two functions below. It is linked twice: with clang's
 * libFuzzer, which makes up inputs and keeps those that reach new code (`make fuzz`); and with
 * kit/replay.c, which takes the inputs in fuzz/seeds/NAME and no others (`make check-fuzz-seeds`).
 *
 * What must hold for every input is an EXPECT. A property that depends on chance is none: random_fill gives
 * the same bytes in the same order for every input, so that a finding can be repeated from its input alone.
 */
#ifndef KIT_FUZZ_H
#define KIT_FUZZ_H

#include "base/out.h"
#include "record/hash.h"

/* ---- what a fuzzer has to have --------------------------------------------------------------------- */

/* fuzz_open -- once, before the first input; record_open was called. */
void fuzz_open(void);

/* fuzz_one -- one input, in memory that ends with its last byte. */
void fuzz_one(struct str input);

/* ---- what it may use ------------------------------------------------------------------------------- */

/* fuzz_good -- says that the input was taken for what it should be. A seed whose name begins with "good"
 * must be, one that begins with "bad" must not. */
void fuzz_good(void);

/* fuzz_random_begin -- from here on random_fill gives the bytes that belong to this number. */
void fuzz_random_begin(uint64_t number);

/* Input being used up from its start. When there is no more, all that is read is 0 and empty. */
struct fuzz_in {
    struct str left;
};

/* fuzz_byte, fuzz_below, fuzz_number -- one byte; one byte as 0 to n - 1; up to eight bytes as a number of
 * any width, small ones in few. */
uint8_t fuzz_byte(struct fuzz_in *in) NONNULL;
size_t fuzz_below(struct fuzz_in *in, size_t n) NONNULL;
uint64_t fuzz_number(struct fuzz_in *in) NONNULL;

/* fuzz_bytes -- the next n bytes, or as many as there are; borrowed. */
struct str fuzz_bytes(struct fuzz_in *in, size_t n) NONNULL;

/* fuzz_fill -- n bytes copied out; zeros where there are no more. */
void fuzz_fill(struct fuzz_in *in, void *bytes, size_t n) NONNULL;

/* fuzz_is_over -- whether the input is used up. */
bool fuzz_is_over(const struct fuzz_in *in) NONNULL;

/* ---- the ends that libFuzzer calls, and kit/replay.c ------------------------------------------------ */

int LLVMFuzzerInitialize(int *arg_n, char ***arg);
int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n);

/* fuzz_good_n -- how many inputs were good so far. */
unsigned long fuzz_good_n(void);

#endif
