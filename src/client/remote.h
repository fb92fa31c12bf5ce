/* remote.h -- every request of docs/api.md (but attachments and metrics), as a function with types.
 *
 * The server on the other side is believed in nothing: every answer is read strictly, with bounds. What the
 * answer means for a record (does it go through the pin? is the signature good?) is for the caller to judge.
 * A call that needs a challenge asks for one itself; a statement names the origin that was dialled. When a
 * server says wrong_origin, the addresses it names are in the detail, and the caller decides.
 *
 * What is refused returns the error that the server named (err_from_code), and remote_detail has the rest.
 * Besides, every call may fail with
 *
 *   OFFLINE     no answer came. Whether the request arrived is not known: an append may be sent again as it
 *               is, see docs/protocol.md, "Appending"
 *   BAD_SERVER  an answer came that no server of Troth gives
 *   NO_MEMORY   of this machine, or of the server's: remote_detail()->status is 0 or not
 *   NO_SESSION  where one is needed: there is none any more, or remote_use was not called
 *   SLOW_DOWN, BUSY, STOPPING, STORE, DISK_FULL …  as docs/api.md has them
 *
 * On failure the outputs are untouched. What is borrowed from the answer lives until the next call.
 *
 * Threads  one remote belongs to one thread at a time
 */
#ifndef CLIENT_REMOTE_H
#define CLIENT_REMOTE_H

#include "client/fetch.h"
#include "record/account.h"
#include "record/invite.h"

struct remote;

/* remote_open -- a server, by its origin; asks it nothing yet. Fails as fetch_open does.
 * remote_close -- ends the connection and wipes the token (NULL is fine). */
MUST_USE enum err remote_open(const struct fetch_options *options, struct remote **remote) NONNULL;
void remote_close(struct remote *remote);

/* remote_use -- the session that the calls from now on are made in; it is copied. remote_login does this, too.
 * remote_forget -- no session any more; wiped. */
void remote_use(struct remote *remote, const uint8_t token[static ACCOUNT_TOKEN_BYTES]) NONNULL;
void remote_forget(struct remote *remote) NONNULL;

/* ---- what a refusal tells --------------------------------------------------------------------------- */

enum { REMOTE_ORIGINS = 16, REMOTE_FIELD_BYTES = 32, REMOTE_NAME_BYTES = 64, REMOTE_LIMITS = 13 };

struct remote_origins {
    size_t n;
    char text[REMOTE_ORIGINS][ACCOUNT_ORIGIN_BYTES + 1]; /* each account_is_origin, ends with NUL */
};

/* Of the last call. Only what has_… says was told; the rest is zero. A value: copy it to keep it. */
struct remote_detail {
    int status;         /* of the HTTP answer; 0: none came                                       */
    const char *text;   /* OFFLINE, BAD_SERVER: one more sentence about it, static; "" otherwise  */
    bool has_index, has_head, has_epoch, has_time;
    uint64_t index;     /* of the entry in the batch that is refused                              */
    uint64_t head_seq;  /* head_moved: where the server is                                        */
    uint8_t head_hash[HASH_BYTES];
    uint64_t epoch;     /* epoch_stale: which one is in force                                     */
    uint64_t server_ms; /* clock_skew: the server's clock                                         */
    char field[REMOTE_FIELD_BYTES]; /* bad_field: its name in printable ASCII, or ""              */
    struct remote_origins origins;  /* wrong_origin: the addresses it goes by                     */
    unsigned retry_after_s;         /* slow_down: how long to wait at least; 0: not told          */
};
const struct remote_detail *remote_detail(const struct remote *remote) NONNULL;

/* ---- the server --------------------------------------------------------------------------------------- */

struct remote_server {
    bool speaks_1; /* version 1 of the protocol is among those it speaks */
    uint64_t time_ms;
    struct {
        uint64_t header_bytes, payload_bytes, body_bytes, batch_n, member_n, open_invite_n, cred_n, session_n, circle_n,
            page_n, circle_bytes, live_stream_n;
    } limit;
    struct remote_origins origins;
    char name[REMOTE_NAME_BYTES]; /* "trothd 0.1.0"; printable ASCII */
};

/* remote_server -- what it says of itself.   remote_health -- OK when its store answers. */
MUST_USE enum err remote_server(struct remote *remote, struct remote_server *server) NONNULL;
MUST_USE enum err remote_health(struct remote *remote);

/* remote_challenge -- a challenge, and the server's clock. The calls below ask for their own. */
MUST_USE enum err remote_challenge(struct remote *remote, uint8_t challenge[static CHALLENGE_BYTES],
                                   uint64_t *server_ms) NONNULL;

/* ---- account ------------------------------------------------------------------------------------------ */

/* Leave to open an account: just one of them, SECRET_BYTES. */
struct remote_leave {
    const uint8_t *permit;        /* of whoever runs the server                      */
    const uint8_t *invite_secret; /* of an open invitation; the secret is not sent   */
};

/* remote_register -- opens an account; it does not sign in.
 *
 * Gives    was_there  the same leave opened it before, with the same keys; may be NULL
 * Fails    WRONG_ORIGIN BAD_CHALLENGE NO_PERMIT CONSENT_MISSING BAD_SIGNATURE EXISTS BAD_KEY
 */
MUST_USE enum err remote_register(struct remote *remote, const struct secret_identity *me,
                                  const struct account_cred *cred, const struct remote_leave *leave, bool *was_there)
    __attribute__((nonnull(1, 2, 3, 4)));

struct remote_account {
    uint8_t sign_pk[SIGN_PK_BYTES], box_pk[BOX_PK_BYTES];
    uint64_t creds_version;
    uint8_t cred_id[LIMIT_CREDENTIALS][ID_BYTES];
    size_t cred_n;
};
MUST_USE enum err remote_account(struct remote *remote, struct remote_account *account) NONNULL;

/* remote_put_creds -- these are from now on all ways into the account; all other sessions end.
 *
 * Takes    creds   version is the present one + 1
 * Fails    WRONG_ORIGIN BAD_CHALLENGE BAD_SIGNATURE BAD_FIELD BAD_KEY CREDS_MOVED EXISTS
 */
MUST_USE enum err remote_put_creds(struct remote *remote, const struct secret_identity *me,
                                   const struct account_creds *creds) NONNULL;

/* remote_close_account -- ends the account on this server. */
MUST_USE enum err remote_close_account(struct remote *remote, const struct secret_identity *me) NONNULL;

/* ---- sessions ----------------------------------------------------------------------------------------- */

struct remote_login {
    uint8_t token[ACCOUNT_TOKEN_BYTES]; /* the caller wipes it */
    uint8_t wrapped[SECRET_WRAPPED_BYTES];
    uint8_t sign_pk[SIGN_PK_BYTES], box_pk[BOX_PK_BYTES];
    uint8_t session[ID_BYTES];
    uint64_t creds_version;
};

/* remote_login -- signs in; the remote uses the new session from now on. Whether wrapped opens, and is the
 * expected person's, is for the caller: secret_unwrap.
 *
 * Fails    WRONG_ORIGIN BAD_CHALLENGE BAD_LOGIN; SLOW_DOWN also for this credential alone
 */
MUST_USE enum err remote_login(struct remote *remote, const struct secret_access *access,
                               struct remote_login *login) NONNULL;

struct remote_session {
    uint8_t id[ID_BYTES];
    uint64_t created_ms, used_ms;
    bool is_this;
};

/* Rows of a list, all of them checked already, borrowed until the next call. */
struct remote_rows {
    struct str _rest;
    size_t n; /* how many were there at the beginning */
};

/* remote_sessions -- the devices that are signed in.   remote_next_session -- one after the other; false: no more. */
MUST_USE enum err remote_sessions(struct remote *remote, struct remote_rows *rows) NONNULL;
bool remote_next_session(struct remote_rows *rows, struct remote_session *session) NONNULL;

/* remote_end_session -- ends one session; its own is fine, too.   remote_end_others -- all but this one.
 *
 * Fails    NOT_FOUND
 */
MUST_USE enum err remote_end_session(struct remote *remote, const uint8_t id[static ID_BYTES]) NONNULL;
MUST_USE enum err remote_end_others(struct remote *remote) NONNULL;

/* ---- circles ------------------------------------------------------------------------------------------ */

struct remote_head {
    uint64_t seq;
    uint8_t hash[HASH_BYTES];
};

struct remote_circle {
    uint8_t id[HASH_BYTES];
    uint64_t joined_seq;
    bool has_left;
    uint64_t left_seq;       /* where has_left  */
    struct remote_head head; /* where not       */
};

/* remote_circles -- those of the account.   remote_next_circle -- one after the other; false: no more. */
MUST_USE enum err remote_circles(struct remote *remote, struct remote_rows *rows) NONNULL;
bool remote_next_circle(struct remote_rows *rows, struct remote_circle *circle) NONNULL;

/* remote_new_circle -- a batch that begins with a genesis: a new circle, or one that moves here.
 * remote_append -- a batch for a circle; with is_repair what others signed, see docs/protocol.md, "Repair".
 *
 * Takes    entries    1 to LIMIT_BATCH_ENTRIES wire forms, one behind the other; at most LIMIT_BODY_BYTES
 * Gives    head       behind the batch. It is what the server says: compare it with what was sent
 *          was_there  all of it was there before; may be NULL
 * Fails    those of docs/protocol.md, "What a server checks", with index in the detail; NO_CIRCLE NOT_MEMBER
 *          QUOTA TOO_MANY_CIRCLES
 */
MUST_USE enum err remote_new_circle(struct remote *remote, struct str entries, struct remote_head *head,
                                    bool *was_there) __attribute__((nonnull(1, 3)));
MUST_USE enum err remote_append(struct remote *remote, const uint8_t circle[static HASH_BYTES], struct str entries,
                                bool is_repair, struct remote_head *head, bool *was_there)
    __attribute__((nonnull(1, 2, 5)));

/* remote_entries -- a page of a circle's entries, as they came: nothing in them is verified.
 *
 * Takes    from_seq    the first that is wanted
 *          limit_n     1 to LIMIT_PAGE_ENTRIES
 *          read_token  of an opened invitation; NULL: the session's
 * Gives    entries     a CBOR sequence, borrowed until the next call; each entry has the form of one (a list of
 *                      three byte strings). Empty: there is nothing from from_seq on
 *          entry_n     how many; may be NULL
 * Fails    NO_CIRCLE   whether it does not exist or is not this account's to see
 */
MUST_USE enum err remote_entries(struct remote *remote, const uint8_t circle[static HASH_BYTES], uint64_t from_seq,
                                 size_t limit_n, const uint8_t *read_token, struct str *entries, size_t *entry_n)
    __attribute__((nonnull(1, 2, 6)));

/* ---- invitations ---------------------------------------------------------------------------------------- */

struct remote_invite {
    uint8_t circle[HASH_BYTES];
    uint64_t seq;                            /* of the invite entry                            */
    uint8_t read_token[ACCOUNT_TOKEN_BYTES]; /* reads the circle's entries; the caller wipes it */
    uint64_t until_ms;                       /* as long as that                                */
    uint8_t capsule[INVITE_CAPSULE_BYTES];
};

/* remote_open_invite -- shows that one holds the secret, which is not sent. No session is needed.
 *
 * Fails    WRONG_ORIGIN BAD_CHALLENGE CONSENT_MISSING; NO_INVITE for everything else
 */
MUST_USE enum err remote_open_invite(struct remote *remote, const uint8_t secret[static SECRET_BYTES],
                                     struct remote_invite *invite) NONNULL;

#endif
