/* measure_catchup.c -- reading whole circles, page after page, as a device does that has been away. */
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"
#include "raw.h"
#include "script.h"

enum { READERS = 8, ROUNDS = 4 };

struct catchup_run {
    const struct measure *m;
    struct host host;
    struct crowd crowd;
    struct script script[READERS];
    struct host_cost before, cost;
    size_t page_n; /* requests for one circle */
};

static bool next_page(void *of, size_t connection, struct load_ask *ask)
{
    struct catchup_run *run = of;
    struct script *s = &run->script[connection];
    *ask = s->ask[s->next];
    s->next = (s->next + 1) % s->ask_n;
    return true;
}

static void mark(void *of, bool is_over)
{
    struct catchup_run *run = of;
    struct host_cost now = host_cost(&run->host);
    if (is_over) host_cost_add(&run->cost, &run->before, &now);
    if (is_over)
        host_watch_over(&run->host);
    else
        host_watch(&run->host);
    run->before = now;
}

static double read_raw(const struct catchup_run *run)
{
    return raw_read_per_s(run->host.path, LIMIT_PAGE_ENTRIES, NS_PER_S / 10);
}

static void tell(struct catchup_run *run, unsigned entry_n, struct load *load, double raw_row_per_s)
{
    static const char *const rate[] = {"catchup_256_requests_%u", "catchup_1000_requests_%u"};
    static const char *const circles[] = {"catchup_256_circles_%u", "catchup_1000_circles_%u"};
    static const char *const p99[] = {"catchup_256_p99_%u", "catchup_1000_p99_%u"};
    static const char *const cpu[] = {"catchup_256_cpu_%u", "catchup_1000_cpu_%u"};
    size_t long_one = entry_n > LIMIT_PAGE_ENTRIES;
    unsigned connection_n = (unsigned)load->connection_n;
    double per_s = (double)load->done_n * 1e9 / (double)load->ns, row_n = (double)entry_n / (double)run->page_n;
    struct figure f = figure_of(rate[long_one], connection_n, per_s, "requests/s");
    figure_beside(&f, "sqlite_pages_per_s", raw_row_per_s / row_n);
    figure_beside(&f, "sqlite_rows_per_s", raw_row_per_s);
    if (long_one && connection_n == READERS) {
        figure_at_least(&f, 900);
        figure_ratio_at_least(&f, 0.16);
    }
    figure_tell(&f);
    f = figure_of(circles[long_one], connection_n, per_s / (double)run->page_n, "circles/s");
    figure_beside(&f, "sqlite_circles_per_s", raw_row_per_s / (double)entry_n);
    figure_tell(&f);
    f = figure_of(p99[long_one], connection_n, durations_us(&load->latency, 0.99), "us");
    figure_tell(&f);
    f = figure_of(cpu[long_one], connection_n, (double)run->cost.cpu_ns / 1e3 / (double)load->done_n, "us/request");
    figure_tell(&f);
    (void)fprintf(stderr, "%u entries, %u connections: generator %.1f us/request, server %.1f us/request\n", entry_n,
                  connection_n, (double)load->own_cpu_ns / 1e3 / (double)load->done_n,
                  (double)run->cost.cpu_ns / 1e3 / (double)load->done_n);
}

static void read_circles(struct catchup_run *run, unsigned entry_n, unsigned connection_n)
{
    struct load load = {
        .port = run->host.daemon.port,
        .connection_n = connection_n,
        .status = 200,
        .of = run,
        .next = next_page,
        .mark = mark,
    };
    double raw_row_per_s = 0;
    run->cost = (struct host_cost){0};
    load_open(&load);
    for (int i = 0; i < ROUNDS; i++) {
        raw_row_per_s += read_raw(run) / ROUNDS;
        load_go(&load, NS_PER_S / 20, (run->m->is_quick ? 1 : 2) * NS_PER_S / ROUNDS);
    }
    load_close(&load);
    if (load.wrong_n > 0) {
        (void)fprintf(stderr, "%llu pages were wrong; the first began with:\n%s\n", (unsigned long long)load.wrong_n,
                      load.wrong);
        exit(1);
    }
    tell(run, entry_n, &load, raw_row_per_s);
    load_fini(&load);
}

void measure_catchup(const struct measure *m, unsigned entry_n)
{
    char name[32];
    struct catchup_run run = {.m = m};
    (void)snprintf(name, sizeof name, "catchup-%u", entry_n);
    scratch_path(run.host.path, m->folder, name);
    crowd_plan(&run.crowd, run.host.path, READERS);
    host_open(&run.host, m->folder, name);
    crowd_settle(&run.crowd, &run.host);
    for (size_t i = 0; i < READERS; i++) {
        script_open(&run.script[i], &run.crowd.api[i]);
        script_fill(&run.script[i], entry_n);
        script_pages(&run.script[i]);
        run.page_n = run.script[i].ask_n;
    }
    read_circles(&run, entry_n, 1);
    read_circles(&run, entry_n, READERS);
    host_close(&run.host);
    for (size_t i = 0; i < READERS; i++) script_fini(&run.script[i]);
    crowd_fini(&run.crowd);
}
