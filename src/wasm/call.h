/* call.h -- one call from outside: what it was given, where its answer goes, what it may come to.
 *
 * The caller never passes an address. It asks for room, writes its bytes there, and says how many they are; the
 * answer lies in a place of the module's own. Both are wiped: the room when the call is over, the answer when the
 * next one begins.
 */
#ifndef WASM_CALL_H
#define WASM_CALL_H

#include "practice/law.h"
#include "wasm/slot.h"

enum {
    CALL_ROOM_BYTES = LIMIT_BODY_BYTES + 64 * 1024,
    CALL_ANSWER_BYTES = LIMIT_BODY_BYTES + 128 * 1024,
    CALL_ARENA_BYTES = 16 * 1024 * 1024, /* of one call */
};

/* What a call returns: 0, an enum err, or one of these. Below 0 the caller is at fault, and nothing happened. */
enum {
    CALL_REFUSED = 1000,   /* a law forbids it: the answer says which        */
    CALL_BAD_HANDLE = -1,  /* no such thing, closed, or of another kind      */
    CALL_BAD_RANGE = -2,   /* more bytes than room was asked for             */
    CALL_BAD_INPUT = -3,   /* not what this call takes                       */
    CALL_BAD_TIME = -4,    /* not now: see the call                          */
    CALL_NO_SLOT = -5,     /* too many things are open                       */
};

struct call {
    struct slot *slot;  /* what the handle names; NULL where the call needs none and was given 0 */
    struct str in;      /* the bytes in the room                                                 */
    struct cbor_map map; /* the fields in them, unless the call takes them raw                   */
    struct out out;     /* the answer                                                            */
    struct arena a;     /* until the call is over; wiped                                         */
    struct why why;
    enum law law;
};

/* How a call's bytes are read: CALL_RAW, or the keys of a map. */
struct call_form {
    unsigned kinds; /* set of enum slot_kind; 0: no handle */
    bool may_lack_handle;
    bool is_raw;
    uint32_t needed, allowed;
    bool (*may_come)(const struct call *call); /* whether now is the time; NULL: always */
};

/* call_run -- one call: checks handle, range and form, does it, writes why it failed, wipes. */
int32_t call_run(uint32_t handle, uint32_t n, const struct call_form *form, int32_t (*act)(struct call *call));

/* call_room -- room for n bytes, or NULL.   call_answer -- the last answer.   call_forget -- wipes both. */
uint8_t *call_room(uint32_t n);
struct str call_answer(void);
void call_forget(void);

/* ---- fields: false if there is none of that key, or it is another type or length ----------------------- */

bool call_number(const struct call *call, unsigned key, uint64_t most, uint64_t *number) NONNULL;
bool call_bytes(const struct call *call, unsigned key, struct str *bytes) NONNULL;
bool call_text(const struct call *call, unsigned key, struct str *text) NONNULL;

/* call_bytes_n -- n bytes, borrowed from the room; NULL if they are not there. */
const uint8_t *call_bytes_n(const struct call *call, unsigned key, size_t n) NONNULL;
static inline bool call_has(const struct call *call, unsigned key) { return cbor_map_has(&call->map, key); }

/* call_slot -- what a handle in a field names. */
struct slot *call_slot(const struct call *call, unsigned key, enum slot_kind kind) NONNULL;

/* ---- answers ------------------------------------------------------------------------------------------- */

void call_put_bytes(struct call *call, unsigned key, const void *bytes, size_t n) __attribute__((nonnull(1)));
/* call_put_text -- bytes that are no UTF-8, as they may stand in an act that does not count, are put as "". */
void call_put_text(struct call *call, unsigned key, struct str text) NONNULL;
void call_put_number(struct call *call, unsigned key, uint64_t number) NONNULL;

/* call_law -- refuses by a law. */
int32_t call_law(struct call *call, enum law law) NONNULL;

#endif
