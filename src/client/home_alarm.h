/* home_alarm.h -- what this device has caught a server at, with the evidence, until somebody has seen it.
 *
 * All of an alarm is sealed, whether it was seen, too.
 */
#ifndef CLIENT_HOME_ALARM_H
#define CLIENT_HOME_ALARM_H

#include "client/home_circle.h"

enum { HOME_EVIDENCE_BYTES = 4 * 1024 * 1024 }; /* the most evidence of one alarm */

struct home_alarm {
    uint64_t number;      /* of this home's own, ascending                  */
    uint64_t circle;      /* its number; 0: it is about the account         */
    unsigned kind;        /* the caller's own number, below 256             */
    uint64_t at_ms;       /* when it was noticed, by this device's clock    */
    bool is_seen;
    struct str evidence;  /* in the caller's own form: entries, head tokens */
};

typedef enum err home_alarm_visit(void *ctx, const struct home_alarm *alarm);

/* home_alarm_add -- one more alarm of an account.                                        [unlocked, durable]
 *
 * Takes    alarm      number counts for nothing; circle is 0 or one of the account's (misuse otherwise)
 * Gives    number
 * Fails    NOT_FOUND  there is no such account or circle
 */
MUST_USE enum err home_alarm_add(struct home *home, uint64_t account, const struct home_alarm *alarm,
                                 uint64_t *number) NONNULL;

/* home_alarm_set_seen -- somebody has seen it.                               [unlocked, durable]  NOT_FOUND
 * home_alarms_each -- all alarms of an account, of all its circles, oldest first.    [unlocked] */
MUST_USE enum err home_alarm_set_seen(struct home *home, uint64_t number) NONNULL;
MUST_USE enum err home_alarms_each(struct home *home, uint64_t account, home_alarm_visit *visit, void *ctx)
    __attribute__((nonnull(1, 3)));

#endif
