/* pem.h -- a certificate or key in a file, as text in memory. */
#ifndef SERVER_PEM_H
#define SERVER_PEM_H

#include "base/err.h"

enum { PEM_BYTES = 64 * 1024 };

struct pem {
    char *text; /* ends with NUL; NULL: none */
};

/* pem_read -- the whole file.                                [NOT_FOUND BAD_FIELD STORE NO_MEMORY]
 *
 * Gives    pem        to be given back with pem_wipe
 * Fails    NOT_FOUND  it cannot be opened
 *          BAD_FIELD  it is longer than PEM_BYTES, or holds a NUL
 */
MUST_USE enum err pem_read(struct pem *pem, const char *path) NONNULL;

/* pem_wipe -- overwrites and frees it; fine when there is none. */
void pem_wipe(struct pem *pem) NONNULL;

#endif
