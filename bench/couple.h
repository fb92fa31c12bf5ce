/* couple.h -- two people with accounts on the measured server, and a circle in which they have talked for years.
 *
 * The accounts are opened by the client. The circle's entries are real ones of both, signed and sealed and said over
 * nearly three years; it comes to the server as one that moves there does: as a new circle, and the rest as repairs.
 * No home knows of it until it syncs.
 */
#ifndef BENCH_COUPLE_H
#define BENCH_COUPLE_H

#include "crowd.h"
#include "harness/hearth.h"

struct couple_voice { /* one of them, as who fills the circle knows them */
    struct person person;
    struct api api;
    struct room room;
};

struct couple {
    struct host host;
    struct hand ana, ben;
    struct couple_voice voice[2];
    uint64_t entry_n;           /* of the circle */
    size_t promise_n, open_n;   /* the last open_n of the promises are Ana's, due in some days; the others are kept */
    size_t header_bytes, wire_bytes; /* of all entries together */
};

/* couple_open -- a new server, both of them, and their circle with entry_n entries.   couple_close */
void couple_open(struct couple *c, const char *folder, size_t entry_n) NONNULL;
void couple_close(struct couple *c) NONNULL;

/* couple_again -- Ana takes a new device, its home in a folder that is not there yet, and signs in: all her circles
 * are fetched, verified, kept and folded. Nothing but that, so that it may be measured. */
void couple_again(const struct couple *c, const char *folder, struct hand *device) NONNULL;

#endif
