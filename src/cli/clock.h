/* clock.h -- the only place of the terminal that asks what time it is, beside the client's own clock. */
#ifndef CLI_CLOCK_H
#define CLI_CLOCK_H

#include <stdint.h>

/* clock_boot_ms -- milliseconds since the machine was started, those included in which it slept. */
uint64_t clock_boot_ms(void);

#endif
