/* sweep.c -- see sweep.h. */
#include "server/sweep.h"

#include <stdlib.h>

#include "server/log.h"

struct sweep {
    struct write write; /* first */
    struct server *server;
    uint8_t id[SWEEP_SESSIONS][ID_BYTES];
    size_t id_n;
};

static enum err sweep_apply(struct write *write, const struct writer_desk *desk)
{
    const struct sweep *w = (const struct sweep *)(void *)write;
    for (size_t i = 0; i < w->id_n; i++) {
        enum err e = store_session_remove(desk->store, w->id[i]);
        if (e != ERR_OK && e != ERR_NOT_FOUND) return e; /* signed out meanwhile */
    }
    return ERR_OK;
}

static void sweep_settle(struct write *write, enum err e)
{
    struct sweep *w = (struct sweep *)(void *)write;
    struct log_line line;
    for (size_t i = 0; e == ERR_OK && i < w->id_n; i++) {
        (void)sessions_remove(&w->server->sessions, w->id[i]); /* it may be gone by now */
        hub_end_session(w->server->hub, w->id[i]);
    }
    if (e != ERR_OK && log_begin(&line, LOG_WARNING, "sweep")) {
        log_text(&line, "error", err_code(e));
        log_end(&line);
    }
    free(w);
}

void sweep_sessions(struct server *server, uint64_t now_ms)
{
    struct sweep *w = malloc(sizeof *w);
    if (w == NULL) return;
    *w = (struct sweep){.write = {.apply = sweep_apply, .settle = sweep_settle}, .server = server};
    w->id_n = sessions_over(&server->sessions, now_ms, w->id, SWEEP_SESSIONS);
    if (w->id_n > 0) writer_submit(server->writer, &w->write);
    else free(w);
}
