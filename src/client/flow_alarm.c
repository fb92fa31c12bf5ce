/* flow_alarm.c -- heads held side by side, alarms, and giving a server back what it lost. See client.h. */
#include <stdlib.h>

#include "client/alarm.h"
#include "client/clock.h"
#include "client/flow.h"
#include "client/sync_own.h"

/* ---- heads ----------------------------------------------------------------------------------- */

static struct headtoken my_head(const struct held *h)
{
    struct headtoken head = {.seq = h->copy.chain.circle.head_seq};
    memcpy(head.circle, h->id, HEADTOKEN_CIRCLE_BYTES);
    memcpy(head.hash, h->copy.chain.circle.head_hash, HASH_BYTES);
    return head;
}

void client_head(const struct client_circle *circle, struct out *text)
{
    struct headtoken head = my_head(ring_of(circle)->held);
    headtoken_put(text, &head);
}

enum err client_compare(struct client_circle *circle, struct str token, enum headtoken_says *says, struct why *why)
{
    struct ring *ring = ring_of(circle);
    struct headtoken theirs;
    enum err e = ring_ready(ring);
    if (e == ERR_OK && held_n(ring->held) == 0) e = ERR_NOT_FOUND;
    if (e == ERR_OK) e = headtoken_read(token, &theirs);
    if (e != ERR_OK) return flow_end(ring, e, why);
    struct headtoken mine = my_head(ring->held);
    *says = headtoken_compare(&mine, &theirs, held_hash(ring->held, theirs.seq));
    if (*says != HEADTOKEN_FORKED) return ERR_OK;
    struct alarm_seen seen = {.has_head = true, .head.seq = theirs.seq, .token = token};
    memcpy(seen.head.hash, theirs.hash, HASH_BYTES);
    e = alarm_raise(ring, ERR_FORKED, &seen, clock_wall_ms());
    if (e == ERR_OK) e = ring_show(ring);
    return flow_end(ring, e, why);
}

/* ---- alarms ---------------------------------------------------------------------------------- */

enum err client_alarms(struct client_circle *circle, struct client_alarm *list, size_t *n, struct why *why)
{
    struct ring *ring = ring_of(circle);
    enum err e = ring_ready(ring);
    alarm_list_free(ring->alarm, ring->alarm_n);
    ring->alarm_n = 0;
    if (e == ERR_OK) e = alarm_list(ring, ring->alarm, &ring->alarm_n);
    if (e != ERR_OK) return flow_end(ring, e, why);
    memcpy(list, ring->alarm, ring->alarm_n * sizeof *list);
    *n = ring->alarm_n;
    return ERR_OK;
}

enum err client_alarm_seen(struct client_circle *circle, uint64_t number, struct why *why)
{
    struct ring *ring = ring_of(circle);
    return flow_end(ring, home_alarm_set_seen(ring->held->home, number), why);
}

enum err client_alarm_end(struct client_circle *circle, uint64_t number, struct why *why)
{
    struct ring *ring = ring_of(circle);
    enum err e = ring_ready(ring);
    if (e == ERR_OK) e = alarm_end(ring, number);
    if (e == ERR_OK) e = ring_show(ring);
    return flow_end(ring, e, why);
}

/* ---- repair ---------------------------------------------------------------------------------- */

enum { EVIDENCE_MOST = 16, REPAIR_ENTRIES = LIMIT_BATCH_ENTRIES - EVIDENCE_MOST,
       REPAIR_BYTES = LIMIT_BODY_BYTES - EVIDENCE_MOST * (LIMIT_HEADER_BYTES + SIG_BYTES + 16) };

struct repair_batch {
    uint8_t *memory;
    size_t entry_n;
    uint64_t evidence[EVIDENCE_MOST];
    size_t evidence_n;
};

static void add_evidence(struct repair_batch *b, uint64_t seq, bool *does_fit)
{
    for (size_t i = 0; i < b->evidence_n; i++) {
        if (b->evidence[i] == seq) return;
    }
    *does_fit = b->evidence_n < EVIDENCE_MOST;
    if (*does_fit) b->evidence[b->evidence_n++] = seq;
}

/* The redact that erased an entry. */
static uint64_t redact_of(const struct held *h, uint64_t target)
{
    for (size_t i = 0; i < h->copy.redact.item_n; i++) {
        const struct copy_redact *redact = pages_at(&h->copy.redact, i);
        for (size_t k = 0; k < redact->target_n; k++) {
            if (redact->target[k] == target) return redact->seq;
        }
    }
    return held_n(h);
}

/* What has to stand behind the first n entries: redacts of what is erased in them, and my join. */
static bool find_evidence(const struct held *h, uint64_t first, size_t n, struct repair_batch *b)
{
    int me = circle_member_index(&h->copy.chain.circle, h->me->sign_pk);
    bool does_fit = true;
    b->evidence_n = 0;
    for (uint64_t seq = first; seq < first + n && does_fit; seq++) {
        if (!index_row(&h->copy.chain.index, seq)->is_erased) continue;
        uint64_t redact = redact_of(h, seq);
        if (redact >= first + n && redact < held_n(h)) add_evidence(b, redact, &does_fit);
    }
    uint64_t joined = me >= 0 ? h->copy.chain.circle.member[me].joined_seq : 0;
    if (does_fit && me >= 0 && joined >= first + n) add_evidence(b, joined, &does_fit);
    return does_fit;
}

/* Evidence stands behind a gap: what follows without one is one of the batch. */
static bool touches(const struct repair_batch *b, uint64_t end)
{
    for (size_t i = 0; i < b->evidence_n; i++) {
        if (b->evidence[i] == end) return true;
    }
    return false;
}

static bool may_end(const struct held *h, uint64_t first, size_t n, struct repair_batch *b)
{
    bool is_behind_join = index_row(&h->copy.chain.index, first + n - 1)->kind == ENTRY_JOIN;
    return !is_behind_join && find_evidence(h, first, n, b) && !touches(b, first + n);
}

/* The longest batch from first on that may end where it ends. */
static enum err cut(const struct held *h, uint64_t first, struct repair_batch *b, struct out *out)
{
    struct out all = out_over(b->memory, REPAIR_BYTES);
    size_t n;
    enum err e = held_wires(h, first, REPAIR_ENTRIES, &all, &n);
    if (e != ERR_OK) return e;
    while (n > 0 && !may_end(h, first, n, b)) n--;
    if (n == 0) return ERR_TOO_LARGE;
    *out = out_over(b->memory, LIMIT_BODY_BYTES);
    e = held_wires(h, first, n, out, &b->entry_n);
    for (size_t i = 0; e == ERR_OK && i < b->evidence_n; i++) {
        size_t got;
        e = held_wires(h, b->evidence[i], 1, out, &got);
        if (e == ERR_OK && got == 0) e = ERR_TOO_LARGE;
    }
    return e;
}

static enum err upload(struct sync *s, uint64_t first, bool is_unknown, uint64_t *sent_n)
{
    struct repair_batch b = {.memory = malloc(LIMIT_BODY_BYTES)};
    enum err e = b.memory == NULL ? ERR_NO_MEMORY : ERR_OK;
    while (sync_may_go_on(s, e) && first < held_n(s->held)) {
        struct out out;
        struct remote_head head;
        e = cut(s->held, first, &b, &out);
        if (e != ERR_OK) break;
        bool is_begin = is_unknown && first == 0;
        if (is_begin) e = remote_new_circle(s->remote, out_str(&out), &head, NULL);
        else e = remote_append(s->remote, s->held->id, out_str(&out), true, &head, NULL);
        e = sync_asked(s, e);
        if (!sync_may_go_on(s, e)) break;
        first += b.entry_n;
        *sent_n += b.entry_n;
    }
    free(b.memory);
    return e;
}

static enum err repair(struct sync *s, uint64_t *sent_n)
{
    struct sync_known known;
    enum err e = sync_known_of(s, &known);
    if (!sync_may_go_on(s, e)) return e;
    uint64_t first = 0;
    if (known.is_listed && !known.circle.has_left) {
        const uint8_t *mine = held_hash(s->held, known.circle.head.seq);
        if (mine != NULL && memcmp(mine, known.circle.head.hash, HASH_BYTES) != 0) s->news->err = ERR_FORKED;
        first = known.circle.head.seq + 1;
    }
    if (sync_may_go_on(s, e)) e = upload(s, first, first == 0, sent_n);
    return e;
}

enum err client_repair(struct client_circle *circle, uint64_t *sent_n, struct why *why)
{
    struct ring *ring = ring_of(circle);
    struct client_news news = {0};
    struct outbox_back back = {0};
    struct sync s = {.ring = ring, .news = &news, .back = &back};
    uint64_t sent = 0;
    enum err e = ring_ready(ring);
    if (e == ERR_OK) e = seat_remote(ring_seat(ring), true, &s.remote);
    s.held = ring->held;
    if (e == ERR_OK) e = repair(&s, &sent);
    if (e == ERR_OK) e = news.err;
    if (e != ERR_OK) return flow_end(ring, e, why);
    e = sync_ring(ring, NULL, &news, &back); /* which ends the alarm if the server's head is ours again */
    if (e == ERR_OK) *sent_n = sent;
    return flow_end(ring, e == ERR_OK ? news.err : e, why);
}
