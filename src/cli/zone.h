/* zone.h -- time zones: what a clock on the wall shows somewhere at a moment, and when it shows a time.
 *
 * By the C library's tables (package tzdata). The library knows one zone at a time, for the whole process: these
 * functions switch it as needed.
 *
 * Threads  single
 */
#ifndef CLI_ZONE_H
#define CLI_ZONE_H

#include "base/str.h"
#include "practice/words.h"

struct zone {
    char name[WORDS_ZONE_BYTES + 1]; /* such as Europe/Madrid */
};

/* What a clock shows: the calendar day since 1970-01-01, and seconds since that day's midnight as a clock counts. */
struct zone_clock {
    int64_t day;
    uint32_t second;
};

enum zone_fit {
    ZONE_ONCE,
    ZONE_TWICE, /* clocks are put back over it: the first time is meant                            */
    ZONE_NEVER, /* clocks are put forward over it: what they show as much later as they were put   */
};

/* zone_init -- the zone of that name; false where the tables don't have it. */
MUST_USE bool zone_init(struct zone *zone, struct str name) NONNULL;

/* zone_here -- this machine's zone: what TZ names, or what /etc/localtime leads to; else UTC. */
void zone_here(struct zone *zone) NONNULL;

/* zone_is -- whether two are called the same. */
bool zone_is(const struct zone *a, const struct zone *b) NONNULL;

/* zone_clock -- what clocks in the zone show at a moment. */
struct zone_clock zone_clock(const struct zone *zone, uint64_t at_ms) NONNULL;

/* zone_moment -- when clocks show it. Not before 1970-01-02. */
uint64_t zone_moment(const struct zone *zone, struct zone_clock clock, enum zone_fit *fit) NONNULL;

/* zone_day_end -- the last millisecond of a day. false: the zone left that day out. */
MUST_USE bool zone_day_end(const struct zone *zone, int64_t day, uint64_t *at_ms) NONNULL;

#endif
