/* raw.h -- SQLite by itself on the store's own tables: what the server could reach at most.
 *
 * The store makes the file, so tables and indexes are its own; the settings of the connection are read off one of
 * the store's, and the statements are those of sql.def. So all of these stay the store's own when they change. The
 * rest is SQLite as anybody gets it: no marks, no looking up of ids, no judging, nothing of the store's in between.
 */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include "store/store.h"
#include "timing.h"

struct raw {
    struct sqlite3 *_db;
    struct sqlite3_stmt *_begin, *_add, *_head, *_commit;
    size_t circle_n;
    uint64_t _next; /* row; it goes to each circle in turn */
};

/* raw_open -- a new file with so many circles.   raw_close */
void raw_open(struct raw *raw, const char *path, size_t circle_n) NONNULL;
void raw_close(struct raw *raw) NONNULL;

/* raw_write -- adds entries for run_ns, row_n a transaction, each with its circle's head: how many rows.
 *
 * Takes    header_bytes, payload_bytes   as long as the server's
 * Gives    ns   how long it took, added
 */
uint64_t raw_write(struct raw *raw, size_t row_n, size_t header_bytes, size_t payload_bytes, uint64_t run_ns,
                   uint64_t *ns) NONNULL;

/* raw_read_per_s -- reads every entry of a server's file, circle by circle, again and again: rows a second.
 *
 * Takes    page_n   rows a statement
 */
double raw_read_per_s(const char *path, size_t page_n, uint64_t run_ns) NONNULL;

#endif
