/* measure_start.c -- the machine by itself, and the server before anybody asks it much. */
#include <stdio.h>
#include <stdlib.h>

#include "host.h"
#include "machine.h"
#include "measure.h"

enum { HEADER_BYTES = 200, STARTS = 9, QUICK_STARTS = 3 };

static void tell_syncs(const struct measure *m, bool is_growing)
{
    struct durations each = {0};
    machine_sync(m->folder, is_growing, NS_PER_S, &each);
    double sum_s = 0;
    for (size_t i = 0; i < each.n; i++) sum_s += (double)each.ns[i] / 1e9;
    struct figure f = figure_of(is_growing ? "machine_fdatasync_growing" : "machine_fdatasync_overwriting", 0,
                                (double)each.n / sum_s, "syncs/s");
    figure_beside(&f, "p50_us", durations_us(&each, 0.5));
    figure_beside(&f, "p99_us", durations_us(&each, 0.99));
    f.ratio = 0;
    figure_tell(&f);
    durations_fini(&each);
}

void measure_machine(struct measure *m)
{
    m->verify_per_s = machine_verify_per_s(HEADER_BYTES, NS_PER_S / 2);
    struct figure f = figure_of("machine_ed25519_verify", 0, m->verify_per_s, "signatures/s");
    figure_tell(&f);
    tell_syncs(m, true);
    tell_syncs(m, false);
}

static double middle(double *number, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        for (size_t k = i; k > 0 && number[k] < number[k - 1]; k--) {
            double other = number[k];
            number[k] = number[k - 1];
            number[k - 1] = other;
        }
    }
    return number[n / 2];
}

/* The middle of several starts: each on a new file, or all on one that is there. */
static void tell_start(const struct measure *m, bool is_new)
{
    double ms[STARTS], mb[STARTS];
    size_t n = m->is_quick ? QUICK_STARTS : STARTS;
    for (size_t i = 0; i < n; i++) {
        char path[SCRATCH_PATH_BYTES];
        (void)snprintf(path, sizeof path, "%s/start-%zu", m->folder, is_new ? i + 1 : 1);
        ms[i] = host_first_answer_ms(path, &mb[i]);
    }
    struct figure f = figure_of(is_new ? "first_answer_new_file" : "first_answer", 0, middle(ms, n), "ms");
    figure_beside(&f, "start_of_true_ms", machine_spawn_ms());
    figure_at_most(&f, 20);
    figure_tell(&f);
    if (is_new) return;
    f = figure_of("idle_resident", 0, middle(mb, n), "MB");
    figure_at_most(&f, 12);
    figure_tell(&f);
}

void measure_start(const struct measure *m)
{
    tell_start(m, true);
    tell_start(m, false);
}
