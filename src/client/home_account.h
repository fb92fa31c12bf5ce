/* home_account.h -- the accounts of a home: where, who, how one gets in, and the session that is open.
 *
 * An account is one identity on one server. Plain in the file: where the server is, the code, the wrapped
 * identity, the signing key. So a locked home can say which accounts it has, and the passphrase opens it.
 */
#ifndef CLIENT_HOME_ACCOUNT_H
#define CLIENT_HOME_ACCOUNT_H

#include "client/home.h"
#include "record/account.h"

enum { HOME_NAME_BYTES = 256 };

struct home_account {
    uint64_t number; /* of this home's own, from 1; never given twice */
    struct str origin; /* of the server; account_is_origin(origin)      */
    uint8_t code[SECRET_BYTES];
    uint8_t wrapped[SECRET_WRAPPED_BYTES];
    uint8_t sign_pk[SIGN_PK_BYTES];
};

typedef enum err home_account_visit(void *ctx, const struct home_account *account);

/* home_account_add -- one more account, unlocked, without a session and with no name.           [durable]
 *
 * Takes    account    number counts for nothing
 *          local_key  of the identity that sign_pk belongs to
 * Fails    EXISTS     there is one with this sign_pk at this origin
 *          DISK_FULL STORE STORE_DAMAGED NO_MEMORY, as every call that writes
 */
MUST_USE enum err home_account_add(struct home *home, const struct home_account *account,
                                   const uint8_t local_key[static KEY_BYTES], uint64_t *number) NONNULL;

/* home_account_get, home_account_each -- one account, all of them in the order in which they came.
 *
 * Fails    NOT_FOUND  (get) there is no such account
 *          STORE STORE_DAMAGED NO_MEMORY, as every call that reads
 */
MUST_USE enum err home_account_get(struct home *home, uint64_t number, home_account_visit *visit, void *ctx)
    __attribute__((nonnull(1, 3)));
MUST_USE enum err home_account_each(struct home *home, home_account_visit *visit, void *ctx)
    __attribute__((nonnull(1, 2)));

/* home_account_set_access -- another code, another wrapped identity: after a change of passphrase.  [durable]
 * Fails    NOT_FOUND */
MUST_USE enum err home_account_set_access(struct home *home, uint64_t number,
                                          const uint8_t code[static SECRET_BYTES],
                                          const uint8_t wrapped[static SECRET_WRAPPED_BYTES]) NONNULL;

/* home_account_set_origin -- the same server under another address.                      [durable, unlocked]
 * Fails    EXISTS NOT_FOUND */
MUST_USE enum err home_account_set_origin(struct home *home, uint64_t number, struct str origin) NONNULL;

/* home_account_remove -- the account and everything of it: circles, entries, keys, outbox, drafts, alarms,
 * notes. Overwritten in the file, and locked.                                    [durable]  NOT_FOUND */
MUST_USE enum err home_account_remove(struct home *home, uint64_t number) NONNULL;

/* ---- locked and unlocked ------------------------------------------------------------------------ */

/* home_unlock -- from now on what is sealed for this account opens.
 *
 * Fails    NOT_FOUND
 *          STORE_DAMAGED  the account's own fields do not open: changed by somebody, or another identity's key
 */
MUST_USE enum err home_unlock(struct home *home, uint64_t number, const uint8_t local_key[static KEY_BYTES]) NONNULL;

/* home_lock -- wipes the key. Fine when it was locked. */
void home_lock(struct home *home, uint64_t number) NONNULL;

bool home_is_unlocked(const struct home *home, uint64_t number) NONNULL MUST_USE;

/* ---- sealed ------------------------------------------------------------------------------------- */

/* The session with the server. The token is bound to the origin: it never goes to another one. */
struct home_session {
    bool is_open; /* there is a token */
    uint8_t token[ACCOUNT_TOKEN_BYTES];
};

/* home_session_get, home_session_set -- [unlocked; set: durable]  NOT_FOUND. The caller wipes. */
MUST_USE enum err home_session_get(struct home *home, uint64_t number, struct home_session *session) NONNULL;
MUST_USE enum err home_session_set(struct home *home, uint64_t number, const struct home_session *session) NONNULL;

/* home_account_name -- appends the person's own name to o; is_full when it did not fit.  [unlocked] NOT_FOUND
 * home_account_set_name -- at most HOME_NAME_BYTES.                             [unlocked, durable] NOT_FOUND */
MUST_USE enum err home_account_name(struct home *home, uint64_t number, struct out *o) NONNULL;
MUST_USE enum err home_account_set_name(struct home *home, uint64_t number, struct str name) NONNULL;

#endif
