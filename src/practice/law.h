/* law.h -- the laws that an act can break, each with its number and one sentence for a person.
 *
 * The same functions judge before an act is sent and when it is read from the record. Before, the law is
 * said to whoever is about to act; afterwards, the act stands in the record as "not valid" and counts for
 * nothing. law.def is the list; docs/domain.md says each law in full.
 */
#ifndef PRACTICE_LAW_H
#define PRACTICE_LAW_H

#include "base/str.h"

enum law {
    LAW_OK = 0,
#define LAW(name, number, sentence) LAW_##name,
#include "practice/law.def"
#undef LAW
    LAW_N, /* how many there are; none of them */
};

/* law_number -- as in docs/domain.md, such as "P7"; "" for LAW_OK. Static. */
const char *law_number(enum law law);

/* law_sentence -- what a person is told; "" for LAW_OK. Static, UTF-8. */
const char *law_sentence(enum law law);

#endif
