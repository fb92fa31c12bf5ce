/* opened.h -- one entry of a record with what its reader could make of it: what a fold is fed.
 *
 * Whoever feeds has verified the record, holds the keys, and knows what was erased later. Of an erased
 * entry they feed what its residue says (redact_residue_for), or that nothing of it is left.
 */
#ifndef PRACTICE_OPENED_H
#define PRACTICE_OPENED_H

#include "record/entry.h"

enum opened_how {
    OPENED_CONTROL,    /* no sealed text: genesis, invite, join, leave, rotate, redact, consent          */
    OPENED_TEXT,       /* text is what payload_open gave                                                 */
    OPENED_RESIDUE,    /* erased; text is what stays of it: the outcome of the residue that counts       */
    OPENED_ERASED,     /* erased, and nothing stays: the act is void, as if it had never been            */
    OPENED_UNREADABLE, /* the key is there, and it does not open                                         */
    OPENED_NO_KEY,     /* said in an epoch of which the reader has no key                                */
};

struct opened {
    const struct entry *entry; /* accepted by circle_judge; borrowed during the call               */
    enum opened_how how;
    struct str text;           /* TEXT and RESIDUE only; borrowed for as long as the fold lives    */
};

#endif
