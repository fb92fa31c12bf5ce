/* refusal.h -- what a server's refusal of a batch means for the items in it. */
#ifndef DEVICE_REFUSAL_H
#define DEVICE_REFUSAL_H

#include "base/err.h"

enum refusal {
    REFUSAL_PASSING,  /* it may end when the same bytes are sent again, or has nothing to do with them: keep them   */
    REFUSAL_OF_PLACE, /* read the record to its head, and sign anew if the items are not in it                      */
    REFUSAL_OF_TIME,  /* the signed time is too old, and the clock is right: as OF_PLACE, though the head may stay  */
    REFUSAL_OF_CLOCK, /* this clock or the server's is wrong: tell the person, keep the items                       */
    REFUSAL_OF_ITEM,  /* read the record to its head; what was refused, if it is not in it, goes back             */
};

/* refusal_of -- what a refusal means.
 *
 * Takes    e           what the server said; OFFLINE, too
 *          server_ms   its clock, where it told it; read only for CLOCK_SKEW
 */
enum refusal refusal_of(enum err e, uint64_t server_ms, uint64_t now_ms);

#endif
