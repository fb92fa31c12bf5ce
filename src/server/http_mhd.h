/* http_mhd.h -- what the files http_mhd*.c share. Nobody else includes it.
 *
 *   http_mhd.c         the server: opens, drains, closes
 *   http_mhd_call.c    a call from its request line to its done, as the library's callbacks tell it
 *   http_mhd_gate.c    what is no plain HTTP, and what a request says of itself
 *   http_mhd_answer.c  answers
 *   http_mhd_hold.c    answers that leave together
 *   http_mhd_peer.c    connections: how many of whom, and until when
 *   http_mhd_side.c    the side thread: takes connections, keeps deadlines, lets connections linger
 *   http_mhd_stream.c  streams
 *
 * libmicrohttpd runs one event loop per thread, each a daemon of its own. They have no listening socket:
 * the side thread accepts and hands out, because it can count by /64, except proxies, and stop at once.
 *
 * Streams leave the library. A connection suspended in 0.9.75 keeps its memory pool, and every resume
 * walks the list of all suspended ones: 10,000 idle streams would be 100 MB, and everybody's parked
 * requests would pay for the walk. So a stream over plain TCP takes a duplicate of its descriptor to the
 * side thread, and the library closes its own without shutting the connection down, which holds under
 * MHD_USE_TURBO only. With TLS the library holds the session: there a stream stays, suspended.
 */
#ifndef SERVER_HTTP_MHD_H
#define SERVER_HTTP_MHD_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "server/http.h"

enum {
    SKIP_BYTES = 64 * 1024,   /* a refused request's body up to this is read and forgotten      */
    BODY_FIRST_BYTES = 8192,  /* what a body is given at first; then twice as much each time    */
    LINGER_MOST = 512,        /* connections that linger at once                                */
    LINGER_MS = 2000,         /* and for how long                                               */
    SLOWEST_BYTES_PER_MS = 4, /* a long answer may take so much longer than request_ms          */
    KERNEL_BYTES = 128 * 1024, /* what the system may hold for one peer, streams excepted       */
#ifdef TROTH_HOSTILE
    SCRATCH_BYTES = HTTP_PULL_BYTES + 512,
#else
    SCRATCH_BYTES = 16 * 1024, /* what a stream writes at once                                  */
#endif
};

/* ---- connections ---------------------------------------------------------------------------- */

/* One TCP connection. Held by the library until it closes its descriptor, and by a stream that left. */
struct http_peer {
    struct http *server;
    struct http_peer *before, *behind; /* among struct peers, under its lock           */
    int fd;                            /* the library's descriptor; -1 once it has none */
    struct ip ip;
    bool is_proxy;
    atomic_uint ref_n;
    atomic_uint_fast64_t until_ms; /* closed after that; 0: no deadline */
};

/* How many connections a group of addresses has. */
struct peer_count {
    uint64_t group;
    uint32_t n; /* 0: an empty place */
};

struct peers {
    pthread_mutex_t lock;
    struct http_peer *first;
    struct http_peer **by_fd; /* accepted, and not yet begun by the library; fd_n places */
    size_t fd_n;
    struct peer_count *count; /* linear probing over count_n places; NULL: no limit */
    size_t count_n;
    uint64_t seed;
};

/* ---- the side thread ------------------------------------------------------------------------ */

/* What the side thread holds of a stream or of a lingering connection. Links under struct side's lock. */
struct side_item {
    enum { SIDE_STREAM, SIDE_LINGER } kind;
    int fd; /* of its own; -1: a stream within the library */
    bool is_listed, is_ready;
    uint64_t since_ms; /* a list has the longest idle first */
    struct side_item *before, *behind;
    struct side_item *ready_before, *ready_behind;
};

struct side_list {
    struct side_item *first, *last;
};

struct side {
    pthread_t thread;
    int epoll_fd, event_fd;
    uint8_t *scratch; /* the thread's own */
    bool is_listening;
    uint64_t listen_again_ms; /* no descriptor was left: not before that; 0: listening */
    unsigned next_daemon;

    pthread_mutex_t lock; /* of all below */
    struct side_list streams, lingers, ready;
    unsigned ready_n, linger_n;
    bool stops_listening, has_stopped_listening, stops;
    pthread_cond_t stopped_listening;
    atomic_bool ends_streams;
};

/* ---- a call --------------------------------------------------------------------------------- */

/* Where a call stands. Only the thread that has it in hand looks. */
enum call_stage {
    CALL_LINE,     /* the request line was read                  */
    CALL_JUDGED,   /* the body is read                           */
    CALL_SKIPPING, /* answered; the body is read and forgotten   */
    CALL_RUN,      /* run was called                             */
    CALL_QUEUED,   /* the library has the answer                 */
    CALL_STREAM,
};

/* What another thread tells a call: it was answered, or woken. */
enum call_signal { SIGNAL_NONE, SIGNAL_SUSPENDED, SIGNAL_GIVEN };

struct http_stream {
    size_t (*pull)(void *pull_of, uint8_t *at, size_t cap);
    void *pull_of;
    uint64_t sent_bytes; /* without what frames them */
    uint64_t moved_ms;   /* when the peer took something last */
    uint8_t *unsent;     /* what the peer has not taken yet: unsent_n bytes from unsent_at on */
    size_t unsent_at, unsent_n;
    int held_n; /* what the system held of it when something began to wait, or at the last look */
    bool has_head, has_ended;
    atomic_bool is_beat_due;
};

struct http_call {
    struct side_item side; /* first: from the item to the call is a cast */
    struct http *server;
    struct MHD_Connection *mhd;
    struct http_peer *peer;
    enum call_stage stage;
    enum http_method method;
    bool is_counted; /* in call_n: done will be called */
    bool is_http10, is_preflight, is_parked, has_answer, has_length, has_forwarder, expects, lingers;
    atomic_int signal; /* enum call_signal */
    struct ip client;
    uint64_t began_us;
    uint64_t length, reserved_bytes;
    uint64_t body_most;
    size_t body_n, body_cap;
    uint8_t *body;
    struct http_answer answer;
    struct http_stream stream;
    void *slot[HTTP_SLOTS];
    struct http_call *held_behind; /* answered, and to be resumed with this one */
    size_t path_n, target_n;
    char target[]; /* the path; behind a '?' the query */
};

struct http {
    struct http_options options; /* defaults filled in */
    struct http_owner owner;
    struct MHD_Daemon **daemon; /* thread_n of them */
    unsigned daemon_n;
    int listen_fd;
    unsigned port;
    bool is_tls;
    char *proxy_header;
    struct ip_range *proxy;
    char *library_said; /* while opening: where the library's complaint goes */
    struct peers peers;
    struct side side;

    atomic_uint connection_n, stream_n, call_n;
    atomic_uint_fast64_t body_bytes, refused_n, overdue_n;
    pthread_mutex_t work_lock; /* of the two below, as far as they are written */
    atomic_uint at_work_n;     /* calls between the beginning of run and their answer */
    atomic_bool is_draining;
    pthread_cond_t calm; /* draining, a count has fallen to 0 */
};

/* now_ms -- the steady clock in milliseconds; never 0. */
uint64_t now_ms(void);

/* ---- http_mhd_call.c ------------------------------------------------------------------------ */

/* The library's callbacks. The server is their closure. */
void *call_on_line(void *server, const char *target, struct MHD_Connection *mhd);
enum MHD_Result call_on_data(void *server, struct MHD_Connection *mhd, const char *url, const char *method,
                             const char *version, const char *data, size_t *data_n, void **call);
void call_on_completed(void *server, struct MHD_Connection *mhd, void **call,
                       enum MHD_RequestTerminationCode why);

/* call_end -- tells the owner, lets go of all that the call held, and frees it. */
void call_end(struct http_call *call, int status, uint64_t sent_bytes);

/* call_forget_body -- frees the body and what was reserved for it. */
void call_forget_body(struct http_call *call);

/* call_starts_work -- one more at work; false when the server is draining.
 * call_left_work -- so many less. From the last one on http_close may free the server. */
bool call_starts_work(struct http *server);
void call_left_work(struct http *server, unsigned call_n);

/* hold_take -- whether the call, answered and suspended, is resumed by http_let_go on this thread.
 * hold_resume_rest -- resumes those that were to be resumed with this one. On its http thread, first of all. */
bool hold_take(struct http_call *call);
void hold_resume_rest(struct http_call *call);

/* ---- http_mhd_gate.c ------------------------------------------------------------------------ */

/* gate_check -- reads what the request says of itself into the call.                         [BAD_HTTP]
 *
 * Takes    method, url, version   as the library gives them: where they stand in its memory counts
 */
MUST_USE enum err gate_check(struct http_call *call, const char *method, const char *url, const char *version);

/* ---- http_mhd_answer.c ---------------------------------------------------------------------- */

/* answer_queue, answer_queue_stream -- hands the call's answer, or its stream, to the library. */
enum MHD_Result answer_queue(struct http_call *call);
enum MHD_Result answer_queue_stream(struct http_call *call);

/* answer_release -- lets go of an answer's body. */
void answer_release(struct http_answer *answer);

/* answer_stream_head -- the head of a stream that left, status line and all.   Gives its length */
size_t answer_stream_head(const struct http_call *call, uint8_t *at, size_t cap);

/* ---- http_mhd_peer.c ------------------------------------------------------------------------ */

MUST_USE enum err peers_open(struct http *server);
void peers_close(struct http *server);

/* peer_accept -- counts a connection that was accepted; false if there are too many. */
bool peer_accept(struct http *server, int fd, const struct sockaddr *address);

/* peer_forget -- the library did not want the connection. */
void peer_forget(struct http *server, int fd);

/* peer_on_connection -- the library's callback: it begins with a connection, or is about to close it. */
void peer_on_connection(void *server, struct MHD_Connection *mhd, void **peer,
                        enum MHD_ConnectionNotificationCode what);

void peer_ref(struct http_peer *peer);
void peer_unref(struct http_peer *peer);

/* peers_sweep -- closes the connections that are past their deadline. */
void peers_sweep(struct http *server, uint64_t now);

/* peers_hurry -- whoever has nothing at work here is closed at that time, if not before: draining, nobody
 * waits for the rest of a request that nobody will begin with. */
void peers_hurry(struct http *server, uint64_t until);

/* ---- http_mhd_side.c ------------------------------------------------------------------------ */

MUST_USE enum err side_open(struct http *server);

/* side_stop_listening -- closes the listening socket. When it returns nobody is handed to the library any more.
 * side_close -- ends the thread; streams that left are over. After the library's threads have ended. */
void side_stop_listening(struct http *server);
void side_close(struct http *server);

/* side_kick -- the side thread looks what there is to do. */
void side_kick(struct side *side);

/* side_unwatch -- closes a descriptor that the side thread watches. Closing alone would not do: the library
 * may still have its own of the same connection, and then the system goes on reporting it. */
void side_unwatch(struct side *side, int fd);

/* Lists of the side thread, under its lock. */
void side_list_add(struct side_list *list, struct side_item *item, uint64_t now);
void side_list_remove(struct side_list *list, struct side_item *item);
void side_ready_add(struct side *side, struct side_item *item);
void side_ready_remove(struct side *side, struct side_item *item);

/* side_linger -- reads on for a moment from a connection that was answered before its request was read:
 * closed with bytes unread, the system would reset it, and the answer might never arrive. */
void side_linger(struct http *server, int fd);

/* ---- http_mhd_stream.c ---------------------------------------------------------------------- */

/* stream_begin -- the call's stream begins; one that leaves may be over when this returns.
 *
 * Takes    slot   where the library keeps the call: emptied if it leaves
 */
enum MHD_Result stream_begin(struct http_call *call, void **slot);

/* stream_pull -- the library asks for more of a stream that stayed. */
ssize_t stream_pull(void *call, uint64_t position, char *at, size_t cap);

/* stream_stayed_ends -- a stream within the library is over. */
void stream_stayed_ends(struct http_call *call);

/* stream_work -- side thread: writes what there is. The call may be over when it returns. */
void stream_work(struct http_call *call, uint64_t now);

/* stream_over -- side thread: the peer of a stream that left is gone. */
void stream_over(struct http_call *call);

/* stream_idle -- side thread, under its lock: nothing was sent for beat_ms. Gives a call to end, or NULL. */
struct http_call *stream_idle(struct http_call *call, uint64_t now);

/* streams_end -- every stream ends, now and from now on. */
void streams_end(struct http *server);

#endif
