/* slot.h -- what lives in the module between two calls, behind numbers that cannot be mistaken for one another.
 *
 * A handle names a place in a table and the generation of what is there: one that was closed, of another kind, or
 * made up is told from a good one. Everything is wiped when it is closed.
 */
#ifndef WASM_SLOT_H
#define WASM_SLOT_H

#include "device/check.h"
#include "device/copy.h"

enum slot_kind { SLOT_FREE = 0, SLOT_ACCESS = 1, SLOT_ACCOUNT = 2, SLOT_CIRCLE = 4 };

enum { SLOTS = 192 };

/* What a circle holds in one arena at most: five of them in each copy. */
#define SLOT_CIRCLE_BYTES ((size_t)160 << 20)

struct slot_circle {
    struct copy copy;
    struct check check;
    struct chain_pin pin;
    bool has_pin;
    bool is_read;      /* the check has begun: nothing is loaded any more        */
    bool is_ready;     /* and is over: it may be shown, and signed behind        */
    bool is_said;      /* the fold has what troth_sign signed, and nothing else  */
    size_t told_redact; /* so many redacts' erasures were told                   */
};

struct slot {
    enum slot_kind kind;
    uint32_t handle;
    struct arena a;      /* holds what `of` points to */
    union {
        void *of;
        struct secret_access *access;
        struct secret_identity *me;
        struct slot_circle *circle;
    };
    struct slot *account; /* of a circle; NULL: somebody who only looks */
};

/* slot_open -- a free place with zeroed memory for what belongs to the kind; NULL: none is left, or no memory. */
struct slot *slot_open(enum slot_kind kind);

/* slot_find -- what a handle names, if it is of one of these kinds; else NULL. */
struct slot *slot_find(uint32_t handle, unsigned kinds);

/* slot_close -- wiped and gone; with an account its circles.   slot_close_all */
void slot_close(struct slot *slot) NONNULL;
void slot_close_all(void);

#endif
