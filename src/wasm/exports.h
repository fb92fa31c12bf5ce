/* exports.h -- everything that the browser's worker may call. docs/wasm.md has each call with its fields.
 *
 * All calls but the first few have one form: a handle, and how many bytes the caller has put into the room. They
 * return 0 and an answer, an enum err and the reason, or a number below 0 (call.h).
 */
#ifndef WASM_EXPORTS_H
#define WASM_EXPORTS_H

#include <stdint.h>

enum { EXPORTS_ABI = 1 }; /* changes when a call or an answer does */

#ifdef __wasm__
#define EXPORTED(name) __attribute__((export_name(#name)))
#else
#define EXPORTED(name)
#endif
#define EXPORTS_CALL(name) EXPORTED(troth_##name) int32_t troth_##name(uint32_t handle, uint32_t n)

/* ---- the module ---------------------------------------------------------------------------------------- */

EXPORTED(troth_abi) uint32_t troth_abi(void);       /* EXPORTS_ABI                                            */
EXPORTED(troth_begin) int32_t troth_begin(void);    /* once, before everything else                           */
EXPORTED(troth_room) uint8_t *troth_room(uint32_t n); /* where to write n bytes; 0: that is too many           */
EXPORTED(troth_answer) const uint8_t *troth_answer(void); /* where the last answer is                          */
EXPORTED(troth_answer_n) uint32_t troth_answer_n(void);
EXPORTED(troth_close) int32_t troth_close(uint32_t handle); /* what it names is wiped; an account's circles too */
EXPORTED(troth_lock) void troth_lock(void);         /* everything is wiped: every key, room and answer         */

/* ---- codes, lists -------------------------------------------------------------------------------------- */

EXPORTS_CALL(code_new);
EXPORTS_CALL(code_read);
EXPORTS_CALL(code_text);
EXPORTS_CALL(link_text);
EXPORTS_CALL(link_read);
EXPORTS_CALL(origin);
EXPORTS_CALL(words);
EXPORTS_CALL(errors);
EXPORTS_CALL(laws);
EXPORTS_CALL(refusal);

/* ---- accounts ------------------------------------------------------------------------------------------ */

EXPORTS_CALL(pw);
EXPORTS_CALL(access);
EXPORTS_CALL(account_new);
EXPORTS_CALL(account_open);
EXPORTS_CALL(account_wrap);
EXPORTS_CALL(body_register);
EXPORTS_CALL(body_login);
EXPORTS_CALL(body_creds);
EXPORTS_CALL(body_close);
EXPORTS_CALL(body_invite);
EXPORTS_CALL(seal);
EXPORTS_CALL(unseal);

/* ---- a circle: reading --------------------------------------------------------------------------------- */

EXPORTS_CALL(circle_open);
EXPORTS_CALL(circle_new);
EXPORTS_CALL(circle_load);
EXPORTS_CALL(circle_loaded);
EXPORTS_CALL(circle_check);
EXPORTS_CALL(circle_add);
EXPORTS_CALL(circle_keep);
EXPORTS_CALL(circle_status);
EXPORTS_CALL(look);
EXPORTS_CALL(head);
EXPORTS_CALL(compare);

/* ---- a circle: writing --------------------------------------------------------------------------------- */

EXPORTS_CALL(judge);
EXPORTS_CALL(say);
EXPORTS_CALL(invite);
EXPORTS_CALL(consent);
EXPORTS_CALL(join);
EXPORTS_CALL(leave);
EXPORTS_CALL(rotate);
EXPORTS_CALL(erase);
EXPORTS_CALL(owed);
EXPORTS_CALL(item_text);
EXPORTS_CALL(show);
EXPORTS_CALL(sign);
EXPORTS_CALL(live);
EXPORTS_CALL(recorded);
EXPORTS_CALL(find);

/* ---- a circle: looking --------------------------------------------------------------------------------- */

EXPORTS_CALL(members);
EXPORTS_CALL(invites);
EXPORTS_CALL(promises);
EXPORTS_CALL(promise);
EXPORTS_CALL(may);
EXPORTS_CALL(rows);
EXPORTS_CALL(text);

#endif
