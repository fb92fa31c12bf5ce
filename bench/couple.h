/* couple.h -- two people on the measured server, each with a home and a real client, and one long circle of theirs.
 *
 * Accounts, circle, invitation and join are made by the client. The circle is then filled with what two people say in
 * years, real entries of both, signed and sealed, through the server's own requests, in batches: neither home knows of
 * them until it syncs.
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
    uint64_t entry_n; /* of the circle */
    size_t open_n;    /* promises of Ana's that wait for her */
    uint64_t header_bytes, wire_bytes; /* of all entries together */
};

/* couple_open -- a new server, both of them, and their circle with entry_n entries.   couple_close */
void couple_open(struct couple *c, const char *folder, size_t entry_n) NONNULL;
void couple_close(struct couple *c) NONNULL;

/* couple_again -- Ana takes a new device, its home in a folder that is not there yet, and signs in: all her circles
 * are fetched, verified, kept and folded. Nothing but that, so that it may be measured. */
void couple_again(const struct couple *c, const char *folder, struct hand *device) NONNULL;

#endif
