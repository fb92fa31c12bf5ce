/* facts.h -- what a circle is called, and what kind of circle it is.
 *
 *   facts = { 1: 15, 2: name: tstr, 3: kind: 1..4, ? 23: written }
 *
 * Any member may change the name, and the last one counts. The kind is what the first facts in the record
 * say; facts with another kind are not valid.
 *
 * Law      F10, F13, F14, F16
 * Source   docs/protocol.cddl
 */
#ifndef PRACTICE_FACTS_H
#define PRACTICE_FACTS_H

#include "base/out.h"
#include "practice/law.h"

/* The numbers are the protocol's. */
enum facts_kind {
    FACTS_NONE = 0, /* nothing said yet */
    FACTS_COUPLE = 1,
    FACTS_FRIENDS = 2,
    FACTS_FAMILY = 3,
    FACTS_TEAM = 4,
};

struct facts {
    struct str name;
    enum facts_kind kind;
    uint64_t written_ms; /* 0 where it is not said */
};

/* facts_check -- whether they may be put.                [pure]  NAME KIND, or OK */
enum law facts_check(const struct facts *facts) NONNULL;

/* facts_put -- appends the text. What facts_check refuses is misuse. */
void facts_put(struct out *text, const struct facts *facts) NONNULL;

/* facts_read -- takes a text of type PAYLOAD_CIRCLE apart.   [pure]
 *
 * Gives    OK and the facts, borrowed from text; else UNREADABLE NEWER NAME KIND, facts untouched
 */
MUST_USE enum law facts_read(struct str text, struct facts *facts) NONNULL;

#endif
