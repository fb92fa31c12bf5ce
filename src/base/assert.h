/* assert.h -- misuse of our own functions stops the program; bad input never does.
 *
 * Bad input is returned as an enum err. What only a bug of ours can cause goes through misuse(), in
 * every build: a record that is signed for good is no place to limp on.
 */
#ifndef BASE_ASSERT_H
#define BASE_ASSERT_H

#define MUST_USE __attribute__((warn_unused_result))
#define NONNULL  __attribute__((nonnull))

/* misuse -- says where on standard error and aborts; in a WebAssembly module, traps, and troth_trapped() is the
 * address of where. Never returns. */
_Noreturn void misuse(const char *where);

/* EXPECT -- stops the program when a condition that only our own bug can break is broken. */
#define EXPECT(condition) ((condition) ? (void)0 : misuse(__FILE__ ": " #condition))

#endif
