/* scarce.c -- harness/scarce.h for wasm32: all memory that the module may have is taken but for 32 MiB. */
#include "harness/scarce.h"

#include <stdlib.h>

enum { PIECE_BYTES = 4 * 1024 * 1024, PIECES = 256, LEFT = 8 };

int scarce_run(int (*job)(void))
{
    static void *piece[PIECES];
    int n = 0;
    while (n < PIECES && (piece[n] = malloc(PIECE_BYTES)) != NULL) n++;
    for (int i = 0; i < LEFT && n > 0; i++) free(piece[--n]);
    int status = n < PIECES ? job() : 100;
    while (n > 0) free(piece[--n]);
    return status;
}
