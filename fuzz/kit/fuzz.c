/* fuzz.c -- see fuzz.h. */
#include "kit/fuzz.h"

#include <sodium.h>
#include <stdatomic.h>

/* ---- randomness that is none -------------------------------------------------------------------------- */

/* Source  SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014 */
static atomic_uint_fast64_t drawn; /* counts up: several threads may draw at once */

static uint64_t draw(void)
{
    uint64_t z = atomic_fetch_add(&drawn, UINT64_C(0x9e3779b97f4a7c15)) + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static const char *name(void)
{
    return "the same bytes each time";
}

static uint32_t draw_32(void)
{
    return (uint32_t)draw();
}

static void draw_bytes(void *const bytes, const size_t n)
{
    uint8_t *at = bytes;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t eight = draw();
        memcpy(at + i, &eight, n - i < 8 ? n - i : 8);
    }
}

void fuzz_random_begin(uint64_t number)
{
    atomic_store(&drawn, number * UINT64_C(0xd1342543de82ef95));
}

/* ---- inputs ------------------------------------------------------------------------------------------- */

static unsigned long good_n;

void fuzz_good(void)
{
    good_n++;
}

unsigned long fuzz_good_n(void)
{
    return good_n;
}

int LLVMFuzzerInitialize(int *arg_n, char ***arg)
{
    static randombytes_implementation same_each_time = {
        .implementation_name = name, .random = draw_32, .buf = draw_bytes};
    (void)arg_n;
    (void)arg;
    EXPECT(randombytes_set_implementation(&same_each_time) == 0);
    fuzz_random_begin(1);
    EXPECT(record_open() == ERR_OK);
    fuzz_open();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t n)
{
    fuzz_random_begin(2);
    fuzz_one(str_at(at, n));
    return 0;
}

/* ---- taking an input apart ---------------------------------------------------------------------------- */

struct str fuzz_bytes(struct fuzz_in *in, size_t n)
{
    if (n > in->left.len) n = in->left.len;
    struct str bytes = str_at(in->left.at, n);
    if (n > 0) in->left = str_at(in->left.at + n, in->left.len - n);
    return bytes;
}

void fuzz_fill(struct fuzz_in *in, void *bytes, size_t n)
{
    struct str there = fuzz_bytes(in, n);
    memset(bytes, 0, n);
    if (there.len > 0) memcpy(bytes, there.at, there.len);
}

uint8_t fuzz_byte(struct fuzz_in *in)
{
    uint8_t byte;
    fuzz_fill(in, &byte, 1);
    return byte;
}

size_t fuzz_below(struct fuzz_in *in, size_t n)
{
    return fuzz_byte(in) % n;
}

uint64_t fuzz_number(struct fuzz_in *in)
{
    uint64_t number = 0;
    struct str bytes = fuzz_bytes(in, fuzz_below(in, 9));
    for (size_t i = 0; i < bytes.len; i++) number = number << 8 | bytes.at[i];
    return number;
}

bool fuzz_is_over(const struct fuzz_in *in)
{
    return in->left.len == 0;
}
