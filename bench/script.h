/* script.h -- what one connection will say: entries of its own circle, signed ahead, as whole requests.
 *
 * Only its author writes to the circle, so every entry's place, and the hash before it, is known before the first
 * is sent; and so is every answer.
 */
#ifndef BENCH_SCRIPT_H
#define BENCH_SCRIPT_H

#include "crowd.h"
#include "load.h"

struct script {
    struct api *api;
    struct room room;
    struct arena arena;
    struct load_ask *ask; /* the requests and their answers */
    size_t ask_n, next;
};

/* What an entry is made of: told beside the figures. */
struct script_sizes {
    size_t wire_bytes, header_bytes, payload_bytes;
};

/* script_open -- makes a circle on the server.   script_fini */
void script_open(struct script *s, struct api *api) NONNULL;
void script_fini(struct script *s) NONNULL;

/* script_write -- n more requests with one entry each. Gives the sizes of the last. */
struct script_sizes script_write(struct script *s, size_t n) NONNULL;

/* script_fill -- adds entries to the circle until it has n, in batches. */
void script_fill(struct script *s, size_t n) NONNULL;

/* script_pages -- the requests that catch up with the circle, and their answers, as asked for once. */
void script_pages(struct script *s) NONNULL;

#endif
