/* replay.c -- a main() for a fuzzer that takes the seeds in the tree and nothing else.
 *
 *   NAME            the files of fuzz/seeds/NAME, below the folder that FUZZ_SEEDS names
 *   NAME FILE...    these files
 *
 * Each file is given as it is, and without its last byte: what is cut off must break nothing either. A seed
 * "good-..." must be taken by the fuzzer for what it should be, a "bad-..." must not. What does not hold in
 * the code under test stops the program.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit/fuzz.h"

enum { SEED_BYTES_MAX = 1 << 20, PATH_BYTES = 1024 };

struct replay {
    unsigned passed_n, failed_n;
};

/* In memory that ends with the last byte, so that reading one more is seen. */
static void give(const uint8_t *bytes, size_t n)
{
    uint8_t *exact = malloc(n > 0 ? n : 1);
    EXPECT(exact != NULL);
    if (n > 0) memcpy(exact, bytes, n);
    (void)LLVMFuzzerTestOneInput(exact, n);
    free(exact);
}

static void count(struct replay *r, const char *path, const char *trouble)
{
    if (trouble == NULL) {
        r->passed_n++;
        return;
    }
    r->failed_n++;
    printf("%s %s\n", path, trouble);
}

static void replay_file(struct replay *r, const char *path)
{
    static uint8_t bytes[SEED_BYTES_MAX];
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        count(r, path, strerror(errno));
        return;
    }
    size_t n = fread(bytes, 1, sizeof bytes, file);
    bool is_whole = !ferror(file) && feof(file);
    fclose(file);
    if (!is_whole) {
        count(r, path, "could not be read whole");
        return;
    }
    fprintf(stderr, "%s\n", path); /* the last line of the log, should it stop here */
    if (n > 0) give(bytes, n - 1);
    unsigned long before = fuzz_good_n();
    give(bytes, n);
    bool is_good = fuzz_good_n() > before;
    const char *trouble = NULL;
    if (!is_good && strncmp(name, "good", 4) == 0) trouble = "should have been taken, and was not";
    if (is_good && strncmp(name, "bad", 3) == 0) trouble = "should not have been taken, and was";
    count(r, path, trouble);
}

static int is_seed(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay_folder(struct replay *r, const char *folder)
{
    struct dirent **entry;
    int n = chdir(folder) == 0 ? scandir(".", &entry, is_seed, alphasort) : -1;
    if (n < 0) count(r, folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        replay_file(r, entry[i]->d_name);
        free(entry[i]);
    }
    if (n >= 0) free(entry);
}

int main(int arg_n, char **arg)
{
    struct replay r = {0};
    const char *seeds = getenv("FUZZ_SEEDS");
    (void)LLVMFuzzerInitialize(&arg_n, &arg);
    for (int i = 1; i < arg_n; i++) replay_file(&r, arg[i]);
    if (arg_n <= 1) {
        char folder[PATH_BYTES];
        snprintf(folder, sizeof folder, "%s/%s", seeds == NULL ? "fuzz/seeds" : seeds, program_invocation_short_name);
        replay_folder(&r, folder);
    }
    printf("%u passed, %u failed\n", r.passed_n, r.failed_n);
    return r.failed_n == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
