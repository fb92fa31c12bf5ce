/* writer.h -- the one thread that writes: it takes what waits, records it, waits for the disk once, and
 * then answers all of it.
 *
 * Each request rides within a mark of its own: what it may not do is undone, and the others go on; so is
 * what it met by itself, such as a damaged circle. Only what befalls the transaction befalls all. Nobody is
 * answered before the disk has it, not even with an error, because an error may name a head that is part of the
 * same group.
 *
 * Source   docs/protocol.md, "Group commit"; docs/decisions/0003-group-commit.md
 */
#ifndef SERVER_WRITER_H
#define SERVER_WRITER_H

#include "server/circles.h"
#include "store/store.h"

struct writer;

/* What a request works with while it is applied. */
struct writer_desk {
    struct store *store;
    struct circles *circles;
};

/* A request's part of a group; embedded in the request, which lives until settle was called. */
struct write {
    struct write *_next;
    enum err _result;
    bool _is_left_out; /* it broke the transaction that the others then did anew without it */

    /* It seldom fails once it has begun to write, and so goes without a mark of its own, which would cost a copy
     * of each page that it changes. Where it does, the group begins anew with marks. */
    bool goes_unmarked;

    /* Records what the request asks. An error takes all of it back. On the writer's thread. Where another
     * request of the group breaks the transaction, it is called once more, on a store as it was the first time,
     * and after the same requests: so it begins with whatever it notes down outside the store. */
    enum err (*apply)(struct write *write, const struct writer_desk *desk);

    /* The group is on disk, or failed: e is what apply said, or what befell the group. On the writer's
     * thread; the write is not touched afterwards. */
    void (*settle)(struct write *write, enum err e);
};

struct writer_figures {
    uint64_t write_n, group_n; /* requests answered after a commit; transactions committed */
    uint64_t commit_us;        /* how long these commits took, in all                      */
    enum err last;             /* what befell the newest group that wrote; OK: it was kept */
};

/* writer_open -- starts the thread on the store's writing handle, which it owns until writer_close.
 *                                                                                       [NO_MEMORY] */
MUST_USE enum err writer_open(struct writer **writer, struct store *store) NONNULL;

/* writer_close -- everything submitted is settled, then the thread ends. NULL is fine. */
void writer_close(struct writer *writer);

/* writer_submit -- queues a write.  Threads: any, settle included; not after writer_close began */
void writer_submit(struct writer *writer, struct write *write) NONNULL;

/* writer_figures -- counts since the start; whoever is told of a commit finds it counted. Any thread. */
struct writer_figures writer_figures(struct writer *writer) NONNULL;

#endif
