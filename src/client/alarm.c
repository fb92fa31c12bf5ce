/* alarm.c -- see alarm.h. */
#include "client/alarm.h"

#include <stdlib.h>

/* The home keeps every alarm for good; which of them were dealt with is a note of the circle: their numbers,
 * eight bytes each. */
#define ENDED STR("alarms-ended")
enum { ENDED_BYTES = 8 * 1024, EVIDENCE_BYTES = 2 * LIMIT_BODY_BYTES };

struct ended {
    uint8_t memory[ENDED_BYTES];
    size_t n; /* bytes */
};

static enum err take_ended(void *ctx, struct str name, struct str value)
{
    struct ended *ended = ctx;
    (void)name;
    if (value.len > ENDED_BYTES || value.len % 8 != 0) return ERR_STORE_DAMAGED;
    memcpy(ended->memory, value.at, value.len);
    ended->n = value.len;
    return ERR_OK;
}

static enum err load_ended(struct seat *seat, uint64_t circle, struct ended *ended)
{
    ended->n = 0;
    enum err e = home_note_get(seat_home(seat), seat->face.number, circle, ENDED, take_ended, ended);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static bool is_ended(const struct ended *ended, uint64_t number)
{
    uint8_t text[8];
    struct out o = OUT_OVER(text);
    out_put_be64(&o, number);
    for (size_t i = 0; i < ended->n; i += 8) {
        if (memcmp(ended->memory + i, text, 8) == 0) return true;
    }
    return false;
}

/* ---- walking through those that stand -------------------------------------------------------- */

struct standing {
    struct ended ended;
    uint64_t circle;
    struct client_alarm *list; /* NULL: only counted */
    size_t n;
    enum err first;
    enum err only;             /* OK: any kind */
    uint64_t number[CLIENT_ALARMS];
};

static enum err stand(void *ctx, const struct home_alarm *alarm)
{
    struct standing *s = ctx;
    if (alarm->circle != s->circle || is_ended(&s->ended, alarm->number) || s->n == CLIENT_ALARMS) return ERR_OK;
    if (s->only != ERR_OK && alarm->kind != (unsigned)s->only) return ERR_OK;
    if (s->n == 0) s->first = (enum err)alarm->kind;
    if (s->list != NULL) {
        uint8_t *evidence = malloc(alarm->evidence.len + 1);
        if (evidence == NULL) return ERR_NO_MEMORY;
        if (alarm->evidence.len > 0) memcpy(evidence, alarm->evidence.at, alarm->evidence.len);
        s->list[s->n] = (struct client_alarm){.number = alarm->number, .kind = (enum err)alarm->kind,
                                              .when_ms = alarm->at_ms, .is_seen = alarm->is_seen,
                                              .evidence = str_at(evidence, alarm->evidence.len)};
    }
    s->number[s->n++] = alarm->number;
    return ERR_OK;
}

static enum err walk_in(struct seat *seat, uint64_t circle, struct standing *s)
{
    s->circle = circle;
    enum err e = load_ended(seat, circle, &s->ended);
    if (e == ERR_OK) e = home_alarms_each(seat_home(seat), seat->face.number, stand, s);
    if (e != ERR_OK && s->list != NULL) alarm_list_free(s->list, s->n);
    return e;
}

static enum err walk(struct ring *ring, struct standing *s)
{
    return walk_in(ring_seat(ring), ring->number, s);
}

enum err alarm_standing(struct seat *seat, uint64_t circle, size_t *n, enum err *kind)
{
    struct standing s = {0};
    enum err e = walk_in(seat, circle, &s);
    if (e != ERR_OK) return e;
    *n = s.n;
    *kind = s.first;
    return ERR_OK;
}

enum err alarm_list(struct ring *ring, struct client_alarm *list, size_t *n)
{
    struct standing s = {.list = list};
    enum err e = walk(ring, &s);
    if (e == ERR_OK) *n = s.n;
    return e;
}

void alarm_list_free(struct client_alarm *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free((uint8_t *)(uintptr_t)list[i].evidence.at);
        list[i].evidence = (struct str){0};
    }
}

/* ---- ending ---------------------------------------------------------------------------------- */

static enum err end_all(struct ring *ring, struct standing *s)
{
    struct out o = {.at = s->ended.memory, .len = s->ended.n, .cap = ENDED_BYTES};
    for (size_t i = 0; i < s->n; i++) out_put_be64(&o, s->number[i]);
    if (o.is_full) return ERR_TOO_LARGE;
    return home_note_put(ring->held->home, ring->held->account, ring->held->number, ENDED, out_str(&o));
}

enum err alarm_end(struct ring *ring, uint64_t number)
{
    struct standing s = {0};
    enum err e = walk(ring, &s);
    if (e != ERR_OK) return e;
    bool does_stand = false;
    for (size_t i = 0; i < s.n; i++) does_stand |= s.number[i] == number;
    if (!does_stand) return ERR_NOT_FOUND;
    s.number[0] = number;
    s.n = 1;
    return end_all(ring, &s);
}

enum err alarm_end_kind(struct ring *ring, enum err kind)
{
    struct standing s = {.only = kind};
    enum err e = walk(ring, &s);
    return e == ERR_OK && s.n > 0 ? end_all(ring, &s) : e;
}

/* ---- raising --------------------------------------------------------------------------------- */

static void put_bytes(struct out *o, unsigned key, struct str bytes)
{
    cbor_put_uint(o, key);
    cbor_put_bytes(o, bytes);
}

static void put_text(struct out *o, unsigned key, struct str text)
{
    cbor_put_uint(o, key);
    cbor_put_text(o, text);
}

static void put_evidence(struct out *o, const struct held *h, const struct alarm_seen *seen)
{
    size_t pair_n = 2;
    pair_n += seen->has_head ? 2 : 0;
    pair_n += seen->entries.len > 0;
    pair_n += seen->wrong != ERR_OK;
    pair_n += seen->token.len > 0;
    pair_n += seen->has_parting;
    cbor_put_map(o, pair_n);
    cbor_put_uint(o, 1);
    cbor_put_uint(o, h->copy.chain.circle.head_seq);
    put_bytes(o, 2, STR_OF(h->copy.chain.circle.head_hash));
    if (seen->has_head) {
        cbor_put_uint(o, 3);
        cbor_put_uint(o, seen->head.seq);
        put_bytes(o, 4, STR_OF(seen->head.hash));
    }
    if (seen->entries.len > 0) put_bytes(o, 5, seen->entries);
    if (seen->wrong != ERR_OK) put_text(o, 6, str_of_text(err_code(seen->wrong)));
    if (seen->token.len > 0) put_text(o, 7, seen->token);
    if (seen->has_parting) {
        cbor_put_uint(o, 8);
        cbor_put_uint(o, seen->parting_seq);
    }
}

enum err alarm_raise(struct ring *ring, enum err kind, const struct alarm_seen *seen, uint64_t now_ms)
{
    struct standing s = {.only = kind};
    enum err e = walk(ring, &s);
    if (e != ERR_OK || s.n > 0) return e;
    uint8_t *memory = malloc(EVIDENCE_BYTES);
    if (memory == NULL) return ERR_NO_MEMORY;
    struct out o = out_over(memory, EVIDENCE_BYTES);
    put_evidence(&o, ring->held, seen);
    struct home_alarm alarm = {.circle = ring->held->number, .kind = (unsigned)kind, .at_ms = now_ms,
                               .evidence = out_str(&o)};
    uint64_t number;
    e = o.is_full ? ERR_TOO_LARGE : home_alarm_add(ring->held->home, ring->held->account, &alarm, &number);
    free(memory);
    return e;
}
