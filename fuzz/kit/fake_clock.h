/* fake_clock.h -- what time it is, as the fuzzer says; it stands still in between. */
#ifndef KIT_FAKE_CLOCK_H
#define KIT_FAKE_CLOCK_H

#include "server/clock.h"

/* fake_clock_set -- sets clock_now_ms. The steady clock always stands at the same moment. */
void fake_clock_set(uint64_t ms);

#endif
