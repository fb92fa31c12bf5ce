/* http_mhd_hold.c -- answers that leave together. See http_mhd.h.
 *
 * To resume a connection wakes its http thread, which may take the processor from whoever resumes, only to send one
 * answer and sleep again. Here the answers of one http thread become a chain: its first call is resumed from
 * outside, and the rest by the http thread, which is awake by then.
 */
#include "server/http_mhd.h"

enum { CHAINS = 16 }; /* one per http thread; those of more threads are resumed one by one */

struct chain {
    struct MHD_Daemon *daemon;
    struct http *server;
    struct http_call *first, *last;
    unsigned call_n;
};

static _Thread_local struct {
    bool is_holding;
    unsigned chain_n;
    struct chain chain[CHAINS];
} held;

void http_hold(void)
{
    EXPECT(!held.is_holding);
    held.is_holding = true;
}

/* The chain of this daemon, begun if there is none; NULL where there is no place for one more. */
static struct chain *chain_of(struct MHD_Daemon *daemon, struct http *server)
{
    for (unsigned i = 0; i < held.chain_n; i++) {
        if (held.chain[i].daemon == daemon) return &held.chain[i];
    }
    if (held.chain_n == CHAINS) return NULL;
    held.chain[held.chain_n] = (struct chain){.daemon = daemon, .server = server};
    return &held.chain[held.chain_n++];
}

bool hold_take(struct http_call *call)
{
    if (!held.is_holding) return false;
    struct chain *chain =
        chain_of(MHD_get_connection_info(call->mhd, MHD_CONNECTION_INFO_DAEMON)->daemon, call->server);
    if (chain == NULL) return false;
    if (chain->first == NULL) chain->first = call;
    else chain->last->held_behind = call;
    chain->last = call;
    chain->call_n++;
    return true;
}

void http_let_go(void)
{
    EXPECT(held.is_holding);
    for (unsigned i = 0; i < held.chain_n; i++) {
        struct chain chain = held.chain[i];
        MHD_resume_connection(chain.first->mhd);
        /* From here the calls may be gone; the server stays until the last one has left. */
        call_left_work(chain.server, chain.call_n);
    }
    held.chain_n = 0;
    held.is_holding = false;
}

void hold_resume_rest(struct http_call *call)
{
    struct http_call *next = call->held_behind;
    call->held_behind = NULL;
    while (next) {
        struct http_call *behind = next->held_behind;
        next->held_behind = NULL;
        MHD_resume_connection(next->mhd);
        next = behind;
    }
}
