/* alarm.h -- what a server was caught at: kept with its evidence, in the way until somebody has dealt with it.
 *
 *   evidence = { 1: seq of my newest entry, 2: its hash, ? 3: seq that was shown, ? 4: hash that was shown,
 *                ? 5: entries that were shown, as they came: bstr, ? 6: what is wrong with them: tstr,
 *                ? 7: a head token that somebody gave: tstr, ? 8: the first seq at which the two differ }
 *
 * For the files of src/client only.
 */
#ifndef CLIENT_ALARM_H
#define CLIENT_ALARM_H

#include "client/home_alarm.h"
#include "client/ring.h"

/* What was seen. Zeros are left out. */
struct alarm_seen {
    bool has_head;
    struct remote_head head; /* that the server, or somebody's token, names */
    struct str entries;      /* as they came                                */
    enum err wrong;          /* what is wrong with the first of them        */
    struct str token;
    bool has_parting;
    uint64_t parting_seq;
};

/* alarm_raise -- keeps it, unless one of the same kind stands already. kind: ROLLED_BACK FORKED BROKEN_CHAIN */
MUST_USE enum err alarm_raise(struct ring *ring, enum err kind, const struct alarm_seen *seen, uint64_t now_ms)
    NONNULL;

/* alarm_standing -- how many stand in a circle of the home, and the kind of the first (ERR_OK: none). */
MUST_USE enum err alarm_standing(struct seat *seat, uint64_t circle, size_t *n, enum err *kind) NONNULL;

/* alarm_list -- those that stand, oldest first, at most CLIENT_ALARMS; evidence is allocated: alarm_list_free. */
MUST_USE enum err alarm_list(struct ring *ring, struct client_alarm *list, size_t *n) NONNULL;
void alarm_list_free(struct client_alarm *list, size_t n) NONNULL;

/* alarm_end -- one, or all of a kind, no longer stand.                                             NOT_FOUND */
MUST_USE enum err alarm_end(struct ring *ring, uint64_t number) NONNULL;
MUST_USE enum err alarm_end_kind(struct ring *ring, enum err kind) NONNULL;

#endif
