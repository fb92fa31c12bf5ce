/* request.c -- see request.h. */
#include "server/request.h"

#include <stddef.h>
#include <stdlib.h>

#include "server/clock.h"

/* ---- answering ---------------------------------------------------------------------------------- */

/* Answers with a copy of the body; false, and nothing done, when there is no memory for it. */
static bool answer_copy(struct request *r, struct http_answer answer, const char *type, struct str body)
{
    if (body.len > 0) {
        uint8_t *copy = malloc(body.len);
        if (copy == NULL) return false;
        memcpy(copy, body.at, body.len);
        answer.type = type;
        answer.body = str_at(copy, body.len);
        answer.release = free;
        answer.release_of = copy;
    }
    http_answer(r->call, &answer);
    return true;
}

static const char cbor_type[] = "application/cbor";

void request_answer_with(struct request *r, const struct http_answer *answer, struct str body)
{
    if (!answer_copy(r, *answer, cbor_type, body)) request_refuse_code(r, ERR_NO_MEMORY);
}

void request_answer(struct request *r, int status, struct str body)
{
    request_answer_with(r, &(struct http_answer){.status = status}, body);
}

void request_answer_text(struct request *r, const char *type, struct str text)
{
    if (!answer_copy(r, (struct http_answer){.status = 200}, type, text)) request_refuse_code(r, ERR_NO_MEMORY);
}

void request_answer_list(struct request *r, const struct out *list)
{
    struct http_answer answer = {
        .status = 200,
        .type = "application/cbor-seq",
        .body = str_at(list->at, list->len),
        .release = free,
        .release_of = list->at,
    };
    http_answer(r->call, &answer);
}

static void put_origins(struct out *o, const struct server *server)
{
    cbor_put_uint(o, 6);
    cbor_put_list(o, server->origin_n);
    for (size_t i = 0; i < server->origin_n; i++) cbor_put_text(o, str_of_text(server->origin[i].text));
}

static void put_number(struct out *o, bool is_there, uint64_t key, uint64_t number)
{
    if (!is_there) return;
    cbor_put_uint(o, key);
    cbor_put_uint(o, number);
}

/* {1: code, 2: {1 index, 2 seq, 3 hash, 4 epoch, 5 time, 6 origins, 7 field}}, of the detail only what there is. */
static void put_refusal(struct out *o, const struct server *server, const struct refusal *x)
{
    size_t pair_n = (x->has_head ? 2u : 0u) + (x->field != NULL ? 1u : 0u);
    const bool alone[] = {x->has_index, x->has_epoch, x->has_time, x->has_origins};
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++) pair_n += alone[i] ? 1 : 0;
    cbor_put_map(o, pair_n == 0 ? 1 : 2);
    cbor_put_uint(o, 1);
    cbor_put_text(o, str_of_text(err_code(x->code)));
    if (pair_n == 0) return;
    cbor_put_uint(o, 2);
    cbor_put_map(o, pair_n);
    put_number(o, x->has_index, 1, x->index);
    put_number(o, x->has_head, 2, x->seq);
    if (x->has_head) {
        cbor_put_uint(o, 3);
        cbor_put_bytes(o, STR_OF(x->hash));
    }
    put_number(o, x->has_epoch, 4, x->epoch);
    put_number(o, x->has_time, 5, x->time_ms);
    if (x->has_origins) put_origins(o, server);
    if (x->field == NULL) return;
    cbor_put_uint(o, 7);
    cbor_put_text(o, str_of_text(x->field));
}

void request_refuse(struct request *r, const struct refusal *refusal)
{
    enum { REFUSAL_BYTES = 512 + ORIGINS * ACCOUNT_ORIGIN_BYTES };
    uint8_t memory[REFUSAL_BYTES];
    struct out o = OUT_OVER(memory);
    put_refusal(&o, r->server, refusal);
    EXPECT(!o.is_full);
    r->error = refusal->code;
    struct http_answer answer = {.status = err_http(refusal->code), .retry_after_s = refusal->retry_after_s};
    if (!answer_copy(r, answer, cbor_type, out_str(&o))) http_refuse(r->call, refusal->code, refusal->retry_after_s);
}

void request_refuse_code(struct request *r, enum err e)
{
    struct refusal refusal = {.code = e, .has_origins = e == ERR_WRONG_ORIGIN};
    if (e == ERR_SLOW_DOWN) refusal.retry_after_s = 1;
    request_refuse(r, &refusal);
}

/* ---- handing on ----------------------------------------------------------------------------------- */

struct request *request_of_read(struct read *read)
{
    return (struct request *)(void *)((char *)read - offsetof(struct request, read));
}

struct request *request_of_write(struct write *write)
{
    return (struct request *)(void *)((char *)write - offsetof(struct request, write));
}

/* Parks the call the first time the request leaves its http thread. */
static void park(struct request *r)
{
    if (r->is_parked) return;
    r->is_parked = true;
    http_park(r->call);
}

void request_read(struct request *r, void (*run)(struct read *read, struct store *reader))
{
    park(r);
    r->read.run = run;
    readers_submit(r->server->readers, &r->read);
}

void request_write(struct request *r, enum err (*apply)(struct write *write, const struct writer_desk *desk),
                   void (*settle)(struct write *write, enum err e))
{
    park(r);
    r->write.apply = apply;
    r->write.settle = settle;
    writer_submit(r->server->writer, &r->write);
}

/* ---- what was sent ---------------------------------------------------------------------------------- */

enum err request_body(const struct request *r, uint32_t needed, uint32_t allowed, struct cbor_map *map)
{
    struct cbor_map read;
    enum err e = cbor_map(http_body(r->call), &read);
    if (e != ERR_OK) return e;
    if (!cbor_map_is(&read, needed, allowed)) return ERR_BAD_FIELD;
    *map = read;
    return ERR_OK;
}

static const struct origin *origin_of(const struct server *server, struct str text)
{
    for (size_t i = 0; i < server->origin_n; i++) {
        if (str_is(text, str_of_text(server->origin[i].text))) return &server->origin[i];
    }
    return NULL;
}

enum err request_statement(struct request *r, struct str origin, struct str challenge, struct statement_to *to)
{
    struct str text, question;
    if (cbor_text(origin, &text) != ERR_OK || cbor_bytes(challenge, &question) != ERR_OK) return ERR_BAD_FIELD;
    if (question.len != CHALLENGE_BYTES) return ERR_BAD_FIELD;
    const struct origin *known = origin_of(r->server, text);
    if (known == NULL) return ERR_WRONG_ORIGIN;
    enum err e = challenges_check(&r->server->challenges, clock_now_ms(), question.at);
    if (e != ERR_OK) return e;
    memcpy(r->challenge, question.at, CHALLENGE_BYTES);
    *to = (struct statement_to){.origin = known->hash, .challenge = question.at};
    return ERR_OK;
}

enum err request_take_challenge(struct request *r)
{
    return challenges_take(&r->server->challenges, clock_now_ms(), r->challenge);
}
