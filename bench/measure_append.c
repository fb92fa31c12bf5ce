/* measure_append.c -- appends, beside SQLite and the disk by themselves: in turn, a second at a time, so that all of
 * them see the same noise of the machine. */
#include <stdio.h>
#include <stdlib.h>

#include "machine.h"
#include "measure.h"
#include "raw.h"
#include "script.h"

enum { ROW_COUNTS = 3, HEADER_BYTES = 200, PAYLOAD_BYTES = 744, SIGN_MOST = 150000, ROUNDS = 6, QUICK_ROUNDS = 2 };
#define WARM_NS (NS_PER_S / 10)
#define ROUND_NS NS_PER_S
static const size_t row_count[ROW_COUNTS] = {1, 10, 100};

struct append_run {
    const struct measure *m;
    char name[32]; /* of its data file */
    struct host host;
    struct crowd crowd;
    struct script *script;
    struct script_sizes sizes;
    struct raw raw;
    uint64_t raw_row_n[ROW_COUNTS], raw_ns[ROW_COUNTS];
    struct durations growing, overwriting; /* syncs */
    struct host_cost before, cost;
    struct load load;
    uint64_t busy_ns, all_ns; /* everybody's processor time at the mark; since then, added */
};

static double raw_per_s(const struct append_run *run, size_t which)
{
    return (double)run->raw_row_n[which] * 1e9 / (double)run->raw_ns[which];
}

/* SQLite and the disk by themselves. */
static void look_at_machine(struct append_run *run, size_t which)
{
    machine_sync(run->m->folder, true, NS_PER_S / 10, &run->growing);
    machine_sync(run->m->folder, false, NS_PER_S / 10, &run->overwriting);
    for (size_t i = 0; i < ROW_COUNTS; i++) {
        run->raw_row_n[i] += raw_write(&run->raw, row_count[i], run->sizes.header_bytes, run->sizes.payload_bytes,
                                       i == which ? NS_PER_S / 2 : NS_PER_S / 10, &run->raw_ns[i]);
    }
}

static bool next_ask(void *of, size_t connection, struct load_ask *ask)
{
    struct append_run *run = of;
    struct script *s = &run->script[connection];
    if (s->next == s->ask_n) return false;
    *ask = s->ask[s->next++];
    return true;
}

static void mark(void *of, bool is_over)
{
    struct append_run *run = of;
    struct host_cost now = host_cost(&run->host);
    if (is_over) host_cost_add(&run->cost, &run->before, &now);
    if (is_over)
        run->all_ns += machine_busy_ns() - run->busy_ns;
    else
        run->busy_ns = machine_busy_ns();
    if (is_over)
        host_watch_over(&run->host);
    else
        host_watch(&run->host);
    run->before = now;
}

/* Every circle stands where its last answered entry left it. */
static void check_heads(struct append_run *run)
{
    for (size_t i = 0; i < run->load.connection_n; i++) {
        struct script *s = &run->script[i];
        struct api_head head;
        struct cbor_map said;
        uint64_t seq;
        EXPECT(s->next > 0 && cbor_map(s->ask[s->next - 1].body, &said) == ERR_OK &&
               cbor_uint(said.item[1], &seq) == ERR_OK);
        if (api_head(s->api, s->room.at.id, &head) && head.seq == seq) continue;
        (void)fprintf(stderr, "The server lost answered entries: a circle stands at %llu, not at %llu.\n",
                      (unsigned long long)head.seq, (unsigned long long)seq);
        exit(1);
    }
}

/* More entries than the server will take, so that no connection runs out of words: as many as SQLite by itself takes,
 * and no less than on a machine like the one the benchmark was written on, should SQLite have been slow just now. */
static void write_scripts(struct append_run *run, size_t which, unsigned round_n)
{
    static const double least_per_s[ROW_COUNTS] = {3500, 12000, 18000};
    double per_s = 0.8 * raw_per_s(run, which);
    double all = (per_s > least_per_s[which] ? per_s : least_per_s[which]) * round_n * (WARM_NS + ROUND_NS) / 1e9;
    size_t n = (size_t)(all < SIGN_MOST ? all : SIGN_MOST) / run->load.connection_n + 1;
    for (size_t i = 0; i < run->load.connection_n; i++) run->sizes = script_write(&run->script[i], n);
}

static void open_server(struct append_run *run)
{
    size_t n = run->load.connection_n;
    crowd_plan(&run->crowd, run->host.path, n);
    host_open(&run->host, run->m->folder, run->name);
    crowd_settle(&run->crowd, &run->host);
    run->script = calloc(n, sizeof *run->script);
    EXPECT(run->script != NULL);
    for (size_t i = 0; i < n; i++) script_open(&run->script[i], &run->crowd.api[i]);
    run->load.port = run->host.daemon.port;
}

static void check_answers(struct append_run *run)
{
    if (run->load.wrong_n > 0) {
        (void)fprintf(stderr, "%llu answers were wrong; the first began with:\n%s\n",
                      (unsigned long long)run->load.wrong_n, run->load.wrong);
        exit(1);
    }
    check_heads(run);
}

/* What one round came to, for whoever wonders about a figure: other work on the machine shows here. */
static void say_round(const struct append_run *run, const struct append_run *before, size_t which)
{
    double s = (double)(run->load.ns - before->load.ns) / 1e9;
    double own_ns = (double)(run->cost.cpu_ns - before->cost.cpu_ns + run->load.own_cpu_ns - before->load.own_cpu_ns);
    double rate = (double)(run->load.done_n - before->load.done_n) / s;
    double raw = (double)(run->raw_row_n[which] - before->raw_row_n[which]) * 1e9 /
                 (double)(run->raw_ns[which] - before->raw_ns[which]);
    (void)fprintf(stderr, "  %.0f appends/s, SQLite %.0f rows/s, ratio %.2f; others kept %.2f cores busy\n", rate, raw,
                  rate / raw, ((double)(run->all_ns - before->all_ns) - own_ns) / 1e9 / s);
}

/* In turn: the machine, the server. */
static void run_rounds(struct append_run *run, size_t which)
{
    unsigned round_n = run->m->is_quick ? QUICK_ROUNDS : ROUNDS;
    look_at_machine(run, which);
    open_server(run);
    write_scripts(run, which, round_n);
    load_open(&run->load);
    for (unsigned i = 0; i < round_n && !run->load.has_run_out; i++) {
        struct append_run before = *run;
        load_go(&run->load, WARM_NS, ROUND_NS);
        look_at_machine(run, which);
        say_round(run, &before, which);
    }
    load_close(&run->load);
    check_answers(run);
    host_close(&run->host);
}

/* ---- figures ------------------------------------------------------------------------------------- */

static void tell_rate(struct append_run *run, unsigned n, size_t which, double bound)
{
    static const char *const name[ROW_COUNTS] = {"sqlite_1_row_per_s", "sqlite_10_rows_per_s", "sqlite_100_rows_per_s"};
    struct figure f =
        figure_of("append_rate_%u", n, (double)run->load.done_n * 1e9 / (double)run->load.ns, "appends/s");
    figure_beside(&f, name[which], raw_per_s(run, which));
    for (size_t i = 0; i < ROW_COUNTS; i++) {
        if (i != which) figure_beside(&f, name[i], raw_per_s(run, i));
    }
    figure_beside(&f, "ed25519_verify_per_s", run->m->verify_per_s);
    figure_ratio_at_least(&f, bound);
    figure_tell(&f);
}

static void tell_latency(struct append_run *run, const char *name, double part, double bound)
{
    struct figure f = figure_of(name, (unsigned)run->load.connection_n, durations_us(&run->load.latency, part), "us");
    figure_beside(&f, "fdatasync_p50_us", durations_us(&run->growing, 0.5));
    figure_beside(&f, "fdatasync_p99_us", durations_us(&run->growing, 0.99));
    figure_beside(&f, "fdatasync_overwriting_p50_us", durations_us(&run->overwriting, 0.5));
    figure_beside(&f, "fdatasync_overwriting_p99_us", durations_us(&run->overwriting, 0.99));
    if (bound > 0) figure_ratio_at_most(&f, bound);
    figure_tell(&f);
}

static void tell_cost(struct append_run *run, unsigned n, double sync_bound)
{
    const struct host_cost cost = run->cost;
    double done_n = (double)run->load.done_n;
    struct figure f = figure_of("syncs_per_append_%u", n, (double)cost.sync_n / done_n, "syncs");
    if (sync_bound > 0) figure_at_most(&f, sync_bound);
    figure_tell(&f);
    f = figure_of("sync_wait_%u", n, cost.sync_n == 0 ? 0 : (double)cost.sync_ns / 1e3 / (double)cost.sync_n,
                  "us/sync");
    figure_beside(&f, "fdatasync_p50_us", durations_us(&run->growing, 0.5));
    figure_beside(&f, "fdatasync_overwriting_p50_us", durations_us(&run->overwriting, 0.5));
    figure_tell(&f);
    f = figure_of("cpu_per_append_%u", n, (double)cost.cpu_ns / 1e3 / done_n, "us");
    figure_beside(&f, "ed25519_verify_us", 1e6 / run->m->verify_per_s);
    figure_tell(&f);
    f = figure_of("cpu_user_per_append_%u", n, cost.user_s * 1e6 / done_n, "us");
    figure_tell(&f);
    f = figure_of("cpu_system_per_append_%u", n, cost.system_s * 1e6 / done_n, "us");
    figure_tell(&f);
    f = figure_of("sleeps_per_append_%u", n, (double)cost.switch_n / done_n, "switches");
    figure_tell(&f);
    f = figure_of("generator_cpu_per_append_%u", n, (double)run->load.own_cpu_ns / 1e3 / done_n, "us");
    figure_tell(&f);
}

void measure_append(const struct measure *m, unsigned connection_n)
{
    static const double rate_bound[ROW_COUNTS] = {0.4, 0.5, 0.5}, p99_bound[ROW_COUNTS] = {5, 0, 50},
                        sync_bound[ROW_COUNTS] = {1.02, 0.1, 0};
    size_t which = connection_n == 1 ? 0 : connection_n < 64 ? 1 : 2;
    char path[SCRATCH_PATH_BYTES], name[32];
    struct append_run run = {
        .m = m,
        .sizes = {.header_bytes = HEADER_BYTES, .payload_bytes = PAYLOAD_BYTES},
        .load =
            {
                .connection_n = connection_n,
                .status = 201,
                .next = next_ask,
                .mark = mark,
            },
    };
    run.load.of = &run;
    (void)snprintf(run.name, sizeof run.name, "append-%u", connection_n);
    (void)snprintf(name, sizeof name, "raw-%u", connection_n);
    scratch_path(run.host.path, m->folder, run.name);
    scratch_path(path, m->folder, name);
    raw_open(&run.raw, path, connection_n);
    run_rounds(&run, which);
    raw_close(&run.raw);
    (void)fprintf(stderr,
                  "%u connections: %llu appends in %.2f s of one sealed entry each: %zu bytes on the wire, header %zu, "
                  "payload %zu.%s\n",
                  connection_n, (unsigned long long)run.load.done_n, (double)run.load.ns / 1e9, run.sizes.wire_bytes,
                  run.sizes.header_bytes, run.sizes.payload_bytes,
                  run.load.has_run_out ? " A script ran out: the run was shorter." : "");
    tell_rate(&run, connection_n, which, rate_bound[which]);
    tell_latency(&run, "append_p50_%u", 0.5, 0);
    tell_latency(&run, "append_p99_%u", 0.99, p99_bound[which]);
    tell_cost(&run, connection_n, sync_bound[which]);
    for (size_t i = 0; i < connection_n; i++) script_fini(&run.script[i]);
    free(run.script);
    crowd_fini(&run.crowd);
    durations_fini(&run.growing);
    durations_fini(&run.overwriting);
    load_fini(&run.load);
}
