/* api_client.h -- the server's requests as a person's device makes them, and what came back, taken apart.
 *
 * A device belongs to a person and has a way into their account: a code of its own, no passphrase. What
 * makes a body asks for a challenge and signs; a test may change the body (draft_set) before it is sent.
 * Memory comes from the arena that is given.
 */
#ifndef HARNESS_API_CLIENT_H
#define HARNESS_API_CLIENT_H

#include "harness/http_client.h"
#include "harness/people.h"
#include "record/account.h"

enum { API_PATH_BYTES = 160, API_CODE_BYTES = 32, API_TOKEN_TEXT_BYTES = 2 * ACCOUNT_TOKEN_BYTES + 1 };

/* An answer. body is borrowed until the device's next request; everything else is a copy. */
struct api_reply {
    int status;                /* 0: none came                                             */
    char code[API_CODE_BYTES]; /* "" when it is no error; "?" when it is none that is known */
    uint32_t detail;           /* which of these were told: CBOR_KEY(API_INDEX) | …        */
    uint64_t index, seq, epoch, time_ms;
    uint8_t hash[HASH_BYTES];
    char field[API_CODE_BYTES];
    size_t origin_n;
    unsigned retry_after_s; /* 0: not told */
    struct str body;
};
enum { API_INDEX = 1, API_SEQ, API_HASH, API_EPOCH, API_TIME, API_ORIGINS, API_FIELD };

struct api {
    struct http_client http;
    const struct person *me;
    struct secret_access access;
    char origin[64];
    char token[API_TOKEN_TEXT_BYTES]; /* "" while not signed in */
    uint8_t session[ID_BYTES];
    uint64_t creds_version;
};

/* api_now_ms -- what the clock of this machine says. */
uint64_t api_now_ms(void);

/* api_init -- a device of a person; the same code for the same person and number. api_fini closes. */
void api_init(struct api *api, const struct person *me, uint64_t number, const char *origin, unsigned port) NONNULL;
void api_fini(struct api *api) NONNULL;

/* api_ask -- any request, with the device's token.   api_get, api_post, api_put, api_delete -- the usual
 * ones. body is CBOR. */
struct api_reply api_ask(struct api *api, const struct http_ask *ask) NONNULL;
struct api_reply api_get(struct api *api, const char *path) NONNULL;
struct api_reply api_post(struct api *api, const char *path, struct str body) NONNULL;
struct api_reply api_put(struct api *api, const char *path, struct str body) NONNULL;
struct api_reply api_delete(struct api *api, const char *path, struct str body) NONNULL;

/* api_reply_of -- what an answer read elsewhere says. */
struct api_reply api_reply_of(const struct http_reply *http) NONNULL;

/* ---- account ----------------------------------------------------------------------------------- */

/* Keys of the bodies, as docs/api.md has them. */
enum { REGISTER_SIGN_PK = 1, REGISTER_BOX_PK, REGISTER_CRED, REGISTER_PERMIT, REGISTER_INVITE, REGISTER_ORIGIN,
       REGISTER_CHALLENGE, REGISTER_SIG };
enum { LOGIN_CRED_ID = 1, LOGIN_ORIGIN, LOGIN_CHALLENGE, LOGIN_SIG };
enum { CREDS_LIST = 1, CREDS_ORIGIN, CREDS_CHALLENGE, CREDS_SIG };
enum { CLOSE_ORIGIN = 1, CLOSE_CHALLENGE, CLOSE_SIG };
enum { OPEN_INVITE_PK = 1, OPEN_ORIGIN, OPEN_CHALLENGE, OPEN_SIG };

/* api_challenge -- asks for one; a server that gives none is misuse of the test. */
void api_challenge(struct api *api, uint8_t challenge[static CHALLENGE_BYTES]) NONNULL;

/* api_cred -- the device's way into the account, as the server keeps it. */
struct account_cred api_cred(const struct api *api) NONNULL;

/* api_register_body -- with a permit of the host's (20 bytes), or else with the secret of an invitation. */
struct str api_register_body(struct api *api, struct arena *a, const uint8_t *permit, const uint8_t *invite_secret)
    __attribute__((nonnull(1, 2)));
struct str api_login_body(struct api *api, struct arena *a) NONNULL;
struct str api_creds_body(struct api *api, struct arena *a, const struct account_creds *creds) NONNULL;
struct str api_close_body(struct api *api, struct arena *a) NONNULL;
struct str api_open_body(struct api *api, struct arena *a, const uint8_t secret[static SECRET_BYTES]) NONNULL;

/* api_register -- opens an account. Takes the permit's text. */
struct api_reply api_register(struct api *api, struct arena *a, const char *permit_text) NONNULL;

/* api_login -- signs in; on success the device holds token, session and creds_version. */
struct api_reply api_login(struct api *api, struct arena *a) NONNULL;

/* ---- circles ----------------------------------------------------------------------------------- */

/* api_entries_path -- "/v1/circles/…/entries" and what follows, such as "?after=7". */
void api_entries_path(char path[static API_PATH_BYTES], const uint8_t *circle, const char *tail) NONNULL;

/* api_append -- posts entries to a circle.   api_repair -- the same with repair=1.   api_create -- a circle */
struct api_reply api_append(struct api *api, const uint8_t *circle, struct str entries) NONNULL;
struct api_reply api_repair(struct api *api, const uint8_t *circle, struct str entries) NONNULL;
struct api_reply api_create(struct api *api, struct str entries) NONNULL;

/* api_upload -- a whole record: as much as fits as a new circle, the rest as repairs. The last answer. */
struct api_reply api_upload(struct api *api, struct str entries) NONNULL;

/* api_entries -- the entries from a seq on, page by page, in an arena. False: some page was refused, and
 * refusal says so. token: NULL for the device's own. */
bool api_entries(struct api *api, struct arena *a, const uint8_t *circle, uint64_t from_seq, const char *token,
                 struct str *entries, struct api_reply *refusal) __attribute__((nonnull(1, 2, 3, 6, 7)));

/* Head of a circle, as GET /v1/circles and the answer to an append tell it. */
struct api_head {
    uint64_t seq;
    uint8_t hash[HASH_BYTES];
};

/* api_head_of_reply -- {1 seq, 2 hash}.   api_head -- of a circle in the list; false if it is not in it. */
bool api_head_of_reply(const struct api_reply *reply, struct api_head *head) NONNULL;
bool api_head(struct api *api, const uint8_t *circle, struct api_head *head) NONNULL;

/* What POST /v1/invites answers. */
struct api_opened {
    uint8_t circle[HASH_BYTES];
    uint64_t seq, until_ms;
    char token[API_TOKEN_TEXT_BYTES];
    struct str capsule; /* in the arena */
};

/* api_open_invite -- opens an invitation by its secret; opened only on success. */
struct api_reply api_open_invite(struct api *api, struct arena *a, const uint8_t secret[static SECRET_BYTES],
                                 struct api_opened *opened) NONNULL;

/* ---- live -------------------------------------------------------------------------------------- */

enum api_event_kind { API_EVENT_NONE, API_EVENT_LIST, API_EVENT_HEAD, API_EVENT_COMMENT, API_EVENT_OTHER };

struct api_event {
    enum api_event_kind kind; /* NONE: the stream is over, or nothing came in time */
    uint64_t circle_n;        /* of a list                                         */
    uint8_t circle[HASH_BYTES];
    struct api_head head;
};

/* api_live -- opens a stream on the device's connection. On refusal the answer says why. */
struct api_reply api_live(struct api *api) NONNULL;

/* api_event -- the next one, comments included. */
struct api_event api_event(struct api *api) NONNULL;

/* api_hex -- bytes in lower-case hexadecimal, ending with NUL: text has room for 2n + 1. */
void api_hex(char *text, const uint8_t *bytes, size_t n) NONNULL;

#endif
