/* profile.h -- a member's own card: name, colour, time zone. The last one counts.
 *
 *   profile = { 1: 1, 2: name: tstr, 3: colour: 0..11, 4: zone: tstr, ? 23: written }
 *
 * Law      F10, F11, F12, F15
 * Source   docs/protocol.cddl
 */
#ifndef PRACTICE_PROFILE_H
#define PRACTICE_PROFILE_H

#include "base/out.h"
#include "practice/law.h"

enum { PROFILE_COLOURS = 12 };

struct profile {
    struct str name;     /* words_check_name              */
    unsigned colour;     /* 0 to PROFILE_COLOURS - 1      */
    struct str zone;     /* such as Europe/Madrid         */
    uint64_t written_ms; /* 0 where it is not said        */
};

/* profile_check -- whether it may be put.                [pure]  NAME COLOUR ZONE, or OK */
enum law profile_check(const struct profile *profile) NONNULL;

/* profile_put -- appends the text. One that profile_check refuses is misuse. */
void profile_put(struct out *text, const struct profile *profile) NONNULL;

/* profile_read -- takes a text of type PAYLOAD_PROFILE apart.   [pure]
 *
 * Gives    OK and the profile, borrowed from text; else UNREADABLE NEWER NAME COLOUR ZONE, profile untouched
 */
MUST_USE enum law profile_read(struct str text, struct profile *profile) NONNULL;

#endif
