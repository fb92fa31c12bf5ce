/* metrics.c -- see metrics.h. */
#include "server/metrics.h"

#include <stdatomic.h>
#include <stdlib.h>

/* The histogram's bounds. The last bucket has none. */
static const struct {
    uint64_t us;
    const char *text; /* in seconds */
} bound[] = {
    {1000, "0.001"},   {2500, "0.0025"},   {5000, "0.005"},   {10000, "0.01"},   {25000, "0.025"}, {50000, "0.05"},
    {100000, "0.1"},   {250000, "0.25"},   {500000, "0.5"},   {1000000, "1"},    {2500000, "2.5"}, {10000000, "10"},
};
enum { BOUND_N = sizeof bound / sizeof *bound };

static const char *const class_name[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
enum { CLASS_N = sizeof class_name / sizeof *class_name };

/* The errors, and at the same place in metrics.error how often each was answered. */
static const struct {
    enum err e;
    const char *code;
} errors[] = {
#define ERR(name, number, code, http, exit, happened, next) {ERR_##name, code},
#include "base/err.def"
#undef ERR
};
enum { ERROR_N = sizeof errors / sizeof *errors };

struct route_counts {
    atomic_uint_fast64_t class[CLASS_N];
    atomic_uint_fast64_t bucket[BOUND_N + 1];
    atomic_uint_fast64_t age_us;
    atomic_uint_fast64_t sent_bytes;
};

struct metrics {
    const char *const *route;
    size_t route_n;
    struct route_counts of[METRICS_ROUTES + 1]; /* [route_n] is what is no route */
    atomic_uint_fast64_t error[ERROR_N];
};

enum err metrics_open(struct metrics **metrics, const char *const *route, size_t route_n)
{
    EXPECT(route_n <= METRICS_ROUTES);
    struct metrics *m = calloc(1, sizeof *m); /* which leaves an atomic number at zero */
    if (m == NULL) return ERR_NO_MEMORY;
    m->route = route;
    m->route_n = route_n;
    *metrics = m;
    return ERR_OK;
}

void metrics_close(struct metrics *metrics)
{
    free(metrics);
}

/* ---- counting ------------------------------------------------------------------------------- */

/* The counters say nothing of one another's order, so none is asked for. */
static void add(atomic_uint_fast64_t *c, uint64_t n)
{
    atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

static uint64_t get(atomic_uint_fast64_t *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

static size_t bucket_of(uint64_t age_us)
{
    size_t i = 0;
    while (i < BOUND_N && age_us > bound[i].us) i++;
    return i;
}

void metrics_count(struct metrics *metrics, int route, int status, enum err e, uint64_t age_us, uint64_t sent_bytes)
{
    EXPECT(route >= METRICS_NO_ROUTE && (route < 0 || (size_t)route < metrics->route_n));
    EXPECT(status >= 0 && status < CLASS_N * 100);
    struct route_counts *of = &metrics->of[route < 0 ? metrics->route_n : (size_t)route];
    add(&of->class[status / 100], 1);
    add(&of->bucket[bucket_of(age_us)], 1);
    add(&of->age_us, age_us);
    add(&of->sent_bytes, sent_bytes);
    for (size_t i = 0; e != ERR_OK && i < ERROR_N; i++) {
        if (errors[i].e == e) add(&metrics->error[i], 1);
    }
}

/* ---- text ----------------------------------------------------------------------------------- */

static void put_head(struct out *o, const char *name, const char *type, const char *help)
{
    out_text(o, "# HELP ");
    out_text(o, name);
    out_text(o, " ");
    out_text(o, help);
    out_text(o, "\n# TYPE ");
    out_text(o, name);
    out_text(o, " ");
    out_text(o, type);
    out_text(o, "\n");
}

/* Seconds from a number of which there are per_s in one: its digits behind the point are all written. */
static void put_seconds(struct out *o, uint64_t n, uint64_t per_s)
{
    out_put_decimal(o, n / per_s);
    out_put_byte(o, '.');
    for (uint64_t digit = per_s / 10; digit > 0; digit /= 10) out_put_byte(o, (uint8_t)('0' + n / digit % 10));
}

static void put_number(struct out *o, uint64_t n)
{
    out_text(o, " ");
    out_put_decimal(o, n);
    out_text(o, "\n");
}

static void put_label(struct out *o, const char *before, const char *label, const char *value)
{
    out_text(o, before);
    out_text(o, label);
    out_text(o, "=\"");
    out_text(o, value);
    out_text(o, "\"");
}

static const char *route_name(const struct metrics *m, size_t i)
{
    return i < m->route_n ? m->route[i] : "none";
}

static void put_requests(struct metrics *m, struct out *o)
{
    put_head(o, "troth_requests_total", "counter", "Requests by route and class of their status; none: broken off.");
    for (size_t i = 0; i <= m->route_n; i++) {
        for (size_t c = 0; c < CLASS_N; c++) {
            out_text(o, "troth_requests_total");
            put_label(o, "{", "route", route_name(m, i));
            put_label(o, ",", "status", class_name[c]);
            out_text(o, "}");
            put_number(o, get(&m->of[i].class[c]));
        }
    }
    put_head(o, "troth_sent_bytes_total", "counter", "Bytes of answers' bodies by route.");
    for (size_t i = 0; i <= m->route_n; i++) {
        out_text(o, "troth_sent_bytes_total");
        put_label(o, "{", "route", route_name(m, i));
        out_text(o, "}");
        put_number(o, get(&m->of[i].sent_bytes));
    }
}

static void put_bucket(struct out *o, const char *route, const char *le, uint64_t n)
{
    out_text(o, "troth_request_seconds_bucket");
    put_label(o, "{", "route", route);
    put_label(o, ",", "le", le);
    out_text(o, "}");
    put_number(o, n);
}

/* The count is the sum of the buckets just read, so that one text never contradicts itself. */
static void put_durations(struct metrics *m, struct out *o)
{
    put_head(o, "troth_request_seconds", "histogram", "From a request's headers to the end of its answer, by route.");
    for (size_t i = 0; i <= m->route_n; i++) {
        const char *route = route_name(m, i);
        uint64_t n = 0;
        for (size_t b = 0; b <= BOUND_N; b++) {
            n += get(&m->of[i].bucket[b]);
            put_bucket(o, route, b < BOUND_N ? bound[b].text : "+Inf", n);
        }
        out_text(o, "troth_request_seconds_sum");
        put_label(o, "{", "route", route);
        out_text(o, "} ");
        put_seconds(o, get(&m->of[i].age_us), 1000000);
        out_text(o, "\ntroth_request_seconds_count");
        put_label(o, "{", "route", route);
        out_text(o, "}");
        put_number(o, n);
    }
}

/* Two errors may have one code: they are one series. */
static void put_errors(struct metrics *m, struct out *o)
{
    put_head(o, "troth_errors_total", "counter", "Requests refused, by the error's code; only those that occurred.");
    for (size_t i = 0; i < ERROR_N; i++) {
        uint64_t n = 0;
        bool is_first = true;
        for (size_t j = 0; j < ERROR_N; j++) {
            if (strcmp(errors[j].code, errors[i].code) != 0) continue;
            n += get(&m->error[j]);
            is_first = is_first && j >= i;
        }
        if (n == 0 || !is_first) continue;
        out_text(o, "troth_errors_total");
        put_label(o, "{", "code", errors[i].code);
        out_text(o, "}");
        put_number(o, n);
    }
}

static void put_one(struct out *o, const char *name, const char *type, const char *help, uint64_t n)
{
    put_head(o, name, type, help);
    out_text(o, name);
    put_number(o, n);
}

static void put_one_in_seconds(struct out *o, const char *name, const char *type, const char *help, uint64_t n,
                               uint64_t per_s)
{
    put_head(o, name, type, help);
    out_text(o, name);
    out_text(o, " ");
    put_seconds(o, n, per_s);
    out_text(o, "\n");
}

static void put_http(const struct http_gauges *http, struct out *o)
{
    put_one(o, "troth_connections", "gauge", "Connections open now, live streams included.", http->connection_n);
    put_one(o, "troth_live_streams", "gauge", "Live streams open now.", http->stream_n);
    put_one(o, "troth_requests_in_work", "gauge", "Requests being answered now.", http->call_n);
    put_one(o, "troth_body_bytes", "gauge", "Memory held for requests' bodies now.", http->body_bytes);
    put_one(o, "troth_connections_refused_total", "counter", "Connections refused because there were too many.",
            http->refused_n);
    put_one(o, "troth_connections_overdue_total", "counter", "Connections closed because they were too slow.",
            http->overdue_n);
}

static void put_writer(const struct writer_figures *writer, struct out *o)
{
    put_one(o, "troth_writes_total", "counter", "Requests that the writer applied.", writer->write_n);
    put_one(o, "troth_commits_total", "counter", "Transactions committed; one may hold many writes.", writer->group_n);
    put_one(o, "troth_recording", "gauge", "1: what was sent last could be recorded; 0: it could not.",
            writer->last == ERR_OK ? 1 : 0);
    put_one_in_seconds(o, "troth_commit_seconds_total", "counter", "Time spent committing.", writer->commit_us,
                       1000000);
}

static void put_store(const struct store_counts *store, struct out *o)
{
    put_one(o, "troth_accounts", "gauge", "Accounts.", store->account_n);
    put_one(o, "troth_sessions", "gauge", "Sessions signed in.", store->session_n);
    put_one(o, "troth_circles", "gauge", "Circles.", store->circle_n);
    put_one(o, "troth_entries", "gauge", "Entries of all circles.", store->entry_n);
    put_one(o, "troth_payload_bytes", "gauge", "Sealed payloads of all entries.", store->payload_bytes);
    put_one(o, "troth_open_permits", "gauge", "Permits not yet used.", store->open_permit_n);
}

void metrics_put(struct metrics *metrics, const struct metrics_now *now, struct out *o)
{
    put_head(o, "troth_build_info", "gauge", "The program's version.");
    put_label(o, "troth_build_info{", "version", now->version);
    out_text(o, "} 1\n");
    put_one_in_seconds(o, "troth_up_seconds", "gauge", "Since the start.", now->up_ms, 1000);
    put_requests(metrics, o);
    put_durations(metrics, o);
    put_errors(metrics, o);
    put_http(&now->http, o);
    put_writer(&now->writer, o);
    if (now->has_store) put_store(&now->store, o);
}
