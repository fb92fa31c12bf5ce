/* member.h -- who is in a circle, and who was: one row for each time that somebody came in. */
#ifndef PRACTICE_MEMBER_H
#define PRACTICE_MEMBER_H

#include "practice/profile.h"
#include "record/hash.h"

struct member {
    uint8_t sign_pk[SIGN_PK_BYTES];
    uint32_t index;               /* of this row; who left and came back has two, with the same key     */
    bool has_left;
    bool has_profile;
    uint64_t since_seq, since_ms; /* the genesis or the join, and its header's time                     */
    uint64_t until_seq, until_ms; /* the leave; 0 while they are in                                     */
    struct profile profile;       /* the last valid one in this row's time; empty without has_profile   */
};

#endif
