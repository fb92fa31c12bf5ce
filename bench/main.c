/* main.c -- the benchmark: every figure once, in one run, on one machine.
 *
 *   bench FOLDER [quick] [machine start append append-1 append-16 append-64 catchup live fold sync command]
 *
 * FOLDER lies on the disk that is measured; files are made there, and left. Figures go to standard output, one
 * line of JSON each; what a person wants to know besides, to standard error. bench/run.sh calls it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"
#include "record/hash.h"

/* Whether a part is asked for: by its name, or by naming none. */
static bool is_wanted(int arg_n, char **arg, const char *part)
{
    bool names_some = false;
    for (int i = 2; i < arg_n; i++) {
        if (strcmp(arg[i], part) == 0) return true;
        if (strcmp(arg[i], "quick") != 0) names_some = true;
    }
    return !names_some;
}

static bool is_quick(int arg_n, char **arg)
{
    for (int i = 2; i < arg_n; i++) {
        if (strcmp(arg[i], "quick") == 0) return true;
    }
    return false;
}

int main(int arg_n, char **arg)
{
    static const unsigned connections[] = {1, 16, 64};
    if (arg_n < 2) {
        (void)fprintf(stderr,
                      "bench FOLDER [quick] [machine start append append-1 append-16 append-64 catchup live fold "
                      "sync command]\n");
        return 2;
    }
    uint64_t from_ns = timing_ns();
    struct measure m = {.folder = arg[1], .is_quick = is_quick(arg_n, arg)};
    EXPECT(record_open() == ERR_OK);
    measure_machine(&m);
    if (is_wanted(arg_n, arg, "start")) measure_start(&m);
    for (size_t i = 0; i < sizeof connections / sizeof *connections; i++) {
        char part[32];
        (void)snprintf(part, sizeof part, "append-%u", connections[i]);
        if (is_wanted(arg_n, arg, "append") || is_wanted(arg_n, arg, part)) measure_append(&m, connections[i]);
    }
    if (is_wanted(arg_n, arg, "catchup")) measure_catchup(&m, 256);
    if (is_wanted(arg_n, arg, "catchup")) measure_catchup(&m, 1000);
    if (is_wanted(arg_n, arg, "live")) measure_live(&m);
    if (is_wanted(arg_n, arg, "fold")) measure_fold(&m);
    if (is_wanted(arg_n, arg, "sync")) measure_sync(&m);
    if (is_wanted(arg_n, arg, "command")) measure_command(&m);
    figure_summary();
    (void)fprintf(stderr, "Took %.0f s.\n", timing_s(from_ns));
    return 0;
}
