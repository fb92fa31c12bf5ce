/* api_live.c -- GET /v1/live: one stream for all circles of an account. */
#include <stdlib.h>

#include "server/hub.h"
#include "server/routes.h"

/* Finds out which circles a stream is to follow. It has a life of its own: the call may be over before a
 * reader comes to it. */
struct following {
    struct read read;
    struct hub_stream *stream;
    uint8_t sign_pk[SIGN_PK_BYTES];
};

static enum err follow_one(void *ctx, const struct store_circle *circle, const struct store_member *member)
{
    struct following *f = ctx;
    if (member->has_left) return ERR_OK;
    return hub_stream_follow(f->stream, circle->id, circle->head.seq, circle->head.hash);
}

/* The circles are read twice: what moved or was joined between the first reading and the moment from which
 * the hub knew of it is found by the second; and what was left in between is dropped by it. What is left
 * during the second asks for a third. */
static void following_run(struct read *read, struct store *reader)
{
    struct following *f = (struct following *)(void *)read;
    enum err e = ERR_OK;
    bool is_ready = false;
    for (int pass = 1; !is_ready && e == ERR_OK; pass++) {
        hub_stream_count_anew(f->stream);
        e = store_member_each(reader, f->sign_pk, follow_one, f);
        is_ready = e == ERR_OK && pass >= 2 && hub_stream_ready(f->stream);
    }
    if (e != ERR_OK) hub_stream_end(f->stream); /* the client connects again, as after any other end */
    hub_stream_unref(f->stream);
    free(f);
}

void api_live(struct request *r)
{
    unsigned most = r->server->config->live_stream_n;
    struct readers *readers = r->server->readers;
    struct following *f = malloc(sizeof *f);
    enum err e = ERR_NO_MEMORY;
    if (f != NULL) {
        e = hub_stream_open(r->server->hub, r->session.sign_pk, r->session.row.id, most, r->call, &r->stream);
    }
    if (e != ERR_OK) {
        free(f);
        request_refuse_code(r, e);
        return;
    }
    *f = (struct following){.read = {.run = following_run}, .stream = r->stream};
    memcpy(f->sign_pk, r->session.sign_pk, SIGN_PK_BYTES);
    hub_stream_ref(f->stream);
    /* Revoked since it was judged, and before the hub knew of the stream: then nobody else ends it. */
    if (!sessions_has(&r->server->sessions, r->session.row.id)) hub_stream_end(r->stream);
    http_stream(r->call, hub_pull, r->stream); /* from here on the request may be over any moment */
    readers_submit(readers, &f->read);
}
