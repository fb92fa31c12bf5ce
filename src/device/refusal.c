/* refusal.c -- see refusal.h. */
#include "device/refusal.h"

#include "base/limits.h"

enum refusal refusal_of(enum err e, uint64_t server_ms, uint64_t now_ms)
{
    uint64_t off_ms = server_ms > now_ms ? server_ms - now_ms : now_ms - server_ms;
    switch (e) {
    case ERR_OFFLINE:
    case ERR_BAD_SERVER:
    case ERR_NO_SESSION:
    case ERR_SLOW_DOWN:
    case ERR_BUSY:
    case ERR_STOPPING:
    case ERR_STORE:
    case ERR_DISK_FULL:
    case ERR_NO_MEMORY:
    case ERR_INTERNAL:
    case ERR_QUOTA:
    case ERR_MISSING_BLOB:
    case ERR_WRONG_ORIGIN: return REFUSAL_PASSING;
    case ERR_HEAD_MOVED:
    case ERR_ID_TAKEN:
    case ERR_ROTATE_REQUIRED:
    case ERR_EPOCH_STALE: return REFUSAL_OF_PLACE;
    case ERR_CLOCK_SKEW: return off_ms < LIMIT_CLOCK_SKEW_MS ? REFUSAL_OF_TIME : REFUSAL_OF_CLOCK;
    default: return REFUSAL_OF_ITEM;
    }
}
