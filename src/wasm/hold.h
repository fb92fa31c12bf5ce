/* hold.h -- what the calls on circles share: when they may come, and what the worker has to keep afterwards. */
#ifndef WASM_HOLD_H
#define WASM_HOLD_H

#include "wasm/call.h"

/* When a call on a circle may come; never after it ran out of memory: then it may only be closed. */
bool hold_is_loading(const struct call *call) NONNULL; /* before circle_loaded                          */
bool hold_is_checked(const struct call *call) NONNULL; /* behind it: its check goes on, or is over       */
bool hold_is_ready(const struct call *call) NONNULL;   /* the record may be believed                    */
bool hold_is_mine(const struct call *call) NONNULL;    /* and an account holds it                       */

/* HOLD_CALL -- an export that is a call on a circle. */
#define HOLD_CALL(name, act, when, raw, needed_keys, allowed_keys)                                                 \
    int32_t troth_##name(uint32_t handle, uint32_t n)                                                               \
    {                                                                                                               \
        static const struct call_form form = {.kinds = SLOT_CIRCLE, .is_raw = (raw), .needed = (needed_keys),       \
                                              .allowed = (allowed_keys), .may_come = (when)};                       \
        return call_run(handle, n, &form, act);                                                                     \
    }

/* hold_put_kept -- puts what has to be kept with the entries that came: a map of { 1: how many came, 2: entries in
 * all, 3: head hash, ? 4: sealed pin, ? 5: sealed keys, ? 6: [erased seqs], 7: 1 if the record may end here }. */
void hold_put_kept(struct call *call, struct slot *slot, uint64_t came_n) NONNULL;

static inline struct slot_circle *hold_of(const struct call *call) { return call->slot->circle; }
static inline struct copy *hold_copy(const struct call *call) { return &call->slot->circle->copy; }

#endif
