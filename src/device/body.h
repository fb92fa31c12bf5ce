/* body.h -- the bodies of those requests that a person signs: to be let in, to change or to end an account, to open
 * an invitation. One place for every program that sends them.
 *
 * Source   docs/api.md
 */
#ifndef DEVICE_BODY_H
#define DEVICE_BODY_H

#include "record/account.h"
#include "record/invite.h"

enum { BODY_BYTES = 2 * ACCOUNT_CREDS_TEXT_BYTES + ACCOUNT_ORIGIN_BYTES }; /* the longest of them */

/* To whom, and to which question: borrowed. */
struct body_to {
    struct str origin;        /* as it is dialled; account_is_origin */
    const uint8_t *challenge; /* CHALLENGE_BYTES                     */
};

/* What lets a new account in: one of the two, SECRET_BYTES; the other NULL. */
struct body_leave {
    const uint8_t *permit, *invite_secret;
};

/* body_register   POST /v1/accounts        body_login   POST /v1/sessions
 * body_creds      PUT /v1/account/creds    body_close   DELETE /v1/account
 * body_invite     POST /v1/invites
 * Each appends its body. */
void body_register(struct out *body, struct body_to to, const struct secret_identity *me,
                   const struct account_cred *cred, const struct body_leave *leave) NONNULL;
void body_login(struct out *body, struct body_to to, const struct secret_access *access) NONNULL;
void body_creds(struct out *body, struct body_to to, const struct secret_identity *me,
                const struct account_creds *creds) NONNULL;
void body_close(struct out *body, struct body_to to, const struct secret_identity *me) NONNULL;
void body_invite(struct out *body, struct body_to to, const uint8_t secret[static SECRET_BYTES]) NONNULL;

/* body_cred -- the credential that an access and a wrapped identity make. */
struct account_cred body_cred(const struct secret_access *access, const uint8_t wrapped[static SECRET_WRAPPED_BYTES])
    NONNULL;

#endif
