/* measure_sync.c -- the first sync of a new device: a long circle fetched, verified, kept and folded. */
#include <stdio.h>
#include <stdlib.h>

#include "couple.h"
#include "machine.h"
#include "measure.h"

enum { ENTRIES = 10000, ROUNDS = 5, QUICK_ROUNDS = 3, CONTEXT_BYTES = 16 };

struct first_sync {
    struct durations whole, own_cpu, server_cpu, key, load;
    double verify_per_s;
};

static double argon2id_ns(const struct couple *c)
{
    struct secret_access access;
    uint64_t from_ns = timing_ns();
    EXPECT(secret_access_init(&access, c->ana.code, HEARTH_PASSPHRASE) == ERR_OK);
    secret_access_fini(&access);
    return (double)(timing_ns() - from_ns);
}

/* Every entry is there, and every act is one that the laws allow. */
static void check(const struct couple *c, const struct hand *device)
{
    EXPECT(device->circle->chain->index.row_n == c->entry_n);
    EXPECT(state_row_n(device->circle->state) == c->entry_n);
    for (uint64_t seq = 0; seq < c->entry_n; seq++) EXPECT(state_row(device->circle->state, seq)->law == LAW_OK);
}

static void sync_once(const struct measure *m, const struct couple *c, unsigned round, struct first_sync *first)
{
    char folder[SCRATCH_PATH_BYTES], name[32];
    struct hand device;
    (void)snprintf(name, sizeof name, "device-%u", round);
    scratch_path(folder, m->folder, name);
    struct host_cost before = host_cost(&c->host), cost = {0};
    uint64_t cpu_ns = timing_own_cpu_ns(), from_ns = timing_ns();
    couple_again(c, folder, &device);
    durations_add(&first->whole, timing_ns() - from_ns);
    durations_add(&first->own_cpu, timing_own_cpu_ns() - cpu_ns);
    struct host_cost after = host_cost(&c->host);
    host_cost_add(&cost, &before, &after);
    durations_add(&first->server_cpu, cost.cpu_ns);
    hearth_close(&device);
    from_ns = timing_ns();
    hearth_open(&device);
    durations_add(&first->load, timing_ns() - from_ns);
    check(c, &device);
    hearth_close(&device);
}

static void tell(const struct couple *c, struct first_sync *first)
{
    double n = (double)c->entry_n;
    struct figure f = figure_of("first_sync_%u", ENTRIES, n * 1e6 / durations_us(&first->whole, 0.5), "entries/s");
    figure_beside(&f, "ed25519_verify_per_s", first->verify_per_s);
    figure_beside(&f, "header_bytes", (double)c->header_bytes / n);
    figure_beside(&f, "argon2id_ms", durations_us(&first->key, 0.5) / 1e3);
    figure_ratio_at_least(&f, 0.6);
    figure_tell(&f);
    f = figure_of("first_sync_device_cpu_%u", ENTRIES, durations_us(&first->own_cpu, 0.5) / n, "us/entry");
    figure_beside(&f, "ed25519_verify_us", 1e6 / first->verify_per_s);
    figure_tell(&f);
    f = figure_of("first_sync_server_cpu_%u", ENTRIES, durations_us(&first->server_cpu, 0.5) / n, "us/entry");
    figure_tell(&f);
    f = figure_of("load_circle_%u", ENTRIES, durations_us(&first->load, 0.5) / 1e3, "ms");
    figure_tell(&f);
}

void measure_sync(const struct measure *m)
{
    struct couple c;
    struct first_sync first = {0};
    unsigned rounds = m->is_quick ? QUICK_ROUNDS : ROUNDS;
    couple_open(&c, m->folder, ENTRIES);
    size_t message_n = (size_t)(c.header_bytes / c.entry_n) + CONTEXT_BYTES;
    for (unsigned i = 0; i < rounds; i++) {
        first.verify_per_s += machine_verify_per_s(message_n, NS_PER_S / 4) / rounds;
        durations_add(&first.key, (uint64_t)argon2id_ns(&c));
        sync_once(m, &c, i, &first);
    }
    (void)fprintf(stderr, "%llu entries, %llu bytes on the wire each, headers of %llu bytes\n",
                  (unsigned long long)c.entry_n, (unsigned long long)(c.wire_bytes / c.entry_n),
                  (unsigned long long)(c.header_bytes / c.entry_n));
    tell(&c, &first);
    couple_close(&c);
    durations_fini(&first.whole);
    durations_fini(&first.own_cpu);
    durations_fini(&first.server_cpu);
    durations_fini(&first.key);
    durations_fini(&first.load);
}
