/* check.c -- see check.h. */
#include "device/check.h"

enum err check_begin(struct check *check, const struct copy *copy, const struct chain_pin *pin)
{
    uint64_t first = copy_n(copy);
    if (pin != NULL) {
        enum err e = chain_keeps_pin(&copy->chain, pin);
        if (e != ERR_OK) return e;
        first = pin->seq + 1;
    } else {
        while (first > 0) {
            const struct index_row *row = index_row(&copy->chain.index, --first);
            if (memcmp(row->author, copy->me->sign_pk, SIGN_PK_BYTES) == 0) break;
        }
    }
    *check = (struct check){.tail_first = first, .tail_next = first};
    return ERR_OK;
}

enum err check_take(struct check *check, const struct copy *copy, struct str wire)
{
    struct entry e;
    struct why why;
    if (entry_read(wire, &e, &why) != ERR_OK || e.seq >= copy_n(copy)) return ERR_BAD_FIELD;
    if (memcmp(e.hash, index_row(&copy->chain.index, e.seq)->hash, HASH_BYTES) != 0) return ERR_BAD_FIELD;
    bool is_tail = e.seq == check->tail_next, is_back = e.seq == check->back_next;
    if (!is_tail && !is_back) return ERR_OK;
    if (!entry_is_signed(&e)) return ERR_BAD_SIGNATURE;
    if (is_tail) check->tail_next++;
    if (is_back) check->back_next++;
    return ERR_OK;
}

bool check_is_done(const struct check *check, const struct copy *copy)
{
    return check->tail_next >= copy_n(copy);
}

bool check_is_whole(const struct check *check)
{
    return check->back_next >= check->tail_first;
}
