/* setjmp.h -- what the unit tests include in front of cmocka.h; wasm32 has no jumps, and cmocka.h here needs none. */
