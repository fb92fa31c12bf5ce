/* clock.h -- the only place of the client that asks what time it is. */
#ifndef CLIENT_CLOCK_H
#define CLIENT_CLOCK_H

#include <stdint.h>

/* clock_wall_ms -- milliseconds since 1970, UTC: what goes into an entry's header. */
uint64_t clock_wall_ms(void);

/* clock_steady_ms -- milliseconds since some moment; never goes back: for waiting and deadlines. */
uint64_t clock_steady_ms(void);

#endif
