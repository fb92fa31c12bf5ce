/* request.h -- one call in the server's hands: who asks, what for, and what it is answered.
 *
 * Made when the call is judged, freed when it is done. In between it moves from an http thread to a
 * reader or to the writer and back; only one of them has it at a time.
 */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include "base/arena.h"
#include "base/cbor.h"
#include "server/server.h"

struct route;
struct append;
struct hub_stream;

struct request {
    struct server *server;
    struct http_call *call;
    const struct route *route;
    struct arena arena;

    bool is_parked;              /* has left its http thread                */
    bool has_session;
    struct session session;      /* who asks, where the route wants to know */
    uint8_t circle[HASH_BYTES];  /* the :circle of the path                 */
    uint8_t named[ID_BYTES];     /* the :session of the path                */
    uint8_t challenge[CHALLENGE_BYTES]; /* of the statement in the body, see request_statement */

    struct read read;            /* one step of work at a time              */
    struct write write;
    void *work;                  /* what the steps of a route hand on, in the arena */
    struct hub_stream *stream;   /* of GET /v1/live                         */
    enum err error;              /* what it was answered, for metrics       */
};

/* What a refusal tells beyond its code; only the fields that has_ says. */
struct refusal {
    enum err code;
    bool has_index, has_head, has_epoch, has_time, has_origins;
    uint64_t index;           /* of the entry in the batch            */
    uint64_t seq;             /* the head                             */
    uint8_t hash[HASH_BYTES];
    uint64_t epoch;           /* the circle's                         */
    uint64_t time_ms;         /* the server's                         */
    const char *field;        /* static, or NULL                      */
    unsigned retry_after_s;
};

/* request_answer -- answers with a CBOR body (empty: none). The bytes are copied; the request must not be
 * touched afterwards, unless this is within judge or run. */
void request_answer(struct request *r, int status, struct str body) NONNULL;

/* request_answer_with -- the same, where more than the status is to be said; answer has no body. */
void request_answer_with(struct request *r, const struct http_answer *answer, struct str body) NONNULL;

/* request_answer_list -- answers 200 with a CBOR sequence.
 * Takes    list   at was malloc'ed, or is NULL; moved */
void request_answer_list(struct request *r, const struct out *list) NONNULL;

/* request_answer_text -- answers 200 with text; copied.  type is static */
void request_answer_text(struct request *r, const char *type, struct str text) NONNULL;

/* request_refuse -- answers {1: code, 2: detail}.   request_refuse_code -- with nothing but a code. */
void request_refuse(struct request *r, const struct refusal *refusal) NONNULL;
void request_refuse_code(struct request *r, enum err e) NONNULL;

/* request_read -- parks the call and has run called on a reader's thread; in the route's run only.
 * request_write -- has apply called on the writer's thread, then settle; in the route's run (then it
 * parks the call) or on a reader's thread. Both find the request by request_of_read, request_of_write. */
void request_read(struct request *r, void (*run)(struct read *read, struct store *reader)) NONNULL;
void request_write(struct request *r, enum err (*apply)(struct write *write, const struct writer_desk *desk),
                   void (*settle)(struct write *write, enum err e)) NONNULL;
struct request *request_of_read(struct read *read) NONNULL;
struct request *request_of_write(struct write *write) NONNULL;

/* request_body -- the body as one CBOR map with just these keys.                [BAD_CBOR BAD_FIELD] */
MUST_USE enum err request_body(const struct request *r, uint32_t needed, uint32_t allowed,
                               struct cbor_map *map) NONNULL;

/* request_statement -- what a signed statement is made to: checks that the body names an origin of this
 * server and a challenge that may be answered.
 *
 * Takes    origin, challenge   items of the body
 * Gives    to                  borrowed from the server and the body
 * Fails    BAD_FIELD WRONG_ORIGIN BAD_CHALLENGE; r is not answered yet
 */
MUST_USE enum err request_statement(struct request *r, struct str origin, struct str challenge,
                                    struct statement_to *to) NONNULL;

/* request_take_challenge -- the challenge of that statement is answered by it, and by no other one. For a statement
 * whose signature fits a key that is known here, and never before that: see challenges.h.
 *                                                                 [BAD_CHALLENGE SLOW_DOWN NO_MEMORY]
 * Law      Q4
 */
MUST_USE enum err request_take_challenge(struct request *r) NONNULL;

#endif
