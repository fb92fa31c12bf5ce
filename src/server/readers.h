/* readers.h -- threads that read the store, so that no thread of http waits for the disk. */
#ifndef SERVER_READERS_H
#define SERVER_READERS_H

#include "store/store.h"

struct readers;

/* One reading; embedded in the request, which lives until run was called. */
struct read {
    struct read *_next;
    void (*run)(struct read *read, struct store *reader); /* on a reader's thread */
};

/* readers_open -- starts reader_n threads with a handle each.                    [store BUSY NO_MEMORY]
 * Threads: the caller's, before any other thread uses the writer. */
MUST_USE enum err readers_open(struct readers **readers, struct store *writer, unsigned reader_n) NONNULL;

/* readers_close -- everything submitted is run, then the threads end. NULL is fine. */
void readers_close(struct readers *readers);

/* readers_submit -- queues a reading. Threads: any */
void readers_submit(struct readers *readers, struct read *read) NONNULL;

#endif
