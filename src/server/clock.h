/* clock.h -- the only place of the server that asks what time it is. */
#ifndef SERVER_CLOCK_H
#define SERVER_CLOCK_H

#include <stdint.h>

/* clock_now_ms -- milliseconds since 1970, UTC: what entries, challenges and sessions are judged by. */
uint64_t clock_now_ms(void);

/* clock_steady_us -- microseconds since some moment; never goes back: for waiting and measuring. */
uint64_t clock_steady_us(void);

#endif
