/* aborts.c -- harness/aborts.h for wasm32, where there are no processes: a misuse traps, and whoever runs the module
 * (tools/wasm-run.mjs) can call into it and see that. Memory stays as the call has left it. */
#include "harness/aborts.h"

__attribute__((import_module("troth_test"), import_name("traps"))) int traps(void (*call)(void));

bool aborts(void (*call)(void))
{
    return traps(call) != 0;
}
