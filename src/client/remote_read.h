/* remote_read.h -- what a server's answers say, taken apart. Pure: bytes in, values out.
 *
 * Each gives ERR_OK, or ERR_BAD_SERVER for bytes that no server of Troth sends; then the output is
 * untouched. For remote_*.c, and for whoever throws arbitrary bytes at it.
 */
#ifndef CLIENT_REMOTE_READ_H
#define CLIENT_REMOTE_READ_H

#include "client/remote.h"

/* remote_read_refusal -- the error in an answer with that status, and its detail.
 *
 * Gives    detail   the fields that were told are set, the others left; text, too, for what has no code:
 * Fails    as the code says, where code and status belong together and it is a code that servers use
 *          OFFLINE     502, 503 or 504 without a code: what stands in front of the server did not reach it
 *          SLOW_DOWN   429 without a code, from the same
 *          BAD_SERVER  anything else
 *          It never gives OK.
 */
MUST_USE enum err remote_read_refusal(int status, struct str body, struct remote_detail *detail) NONNULL;

MUST_USE enum err remote_read_server(struct str body, struct remote_server *server) NONNULL;
MUST_USE enum err remote_read_challenge(struct str body, uint8_t challenge[static CHALLENGE_BYTES],
                                        uint64_t *server_ms) NONNULL;
MUST_USE enum err remote_read_account(struct str body, struct remote_account *account) NONNULL;
MUST_USE enum err remote_read_creds_version(struct str body, uint64_t *version) NONNULL;
MUST_USE enum err remote_read_login(struct str body, struct remote_login *login) NONNULL;
MUST_USE enum err remote_read_head(struct str body, struct remote_head *head) NONNULL;
MUST_USE enum err remote_read_invite(struct str body, struct remote_invite *invite) NONNULL;

/* remote_read_nothing -- the empty map.   remote_read_health -- "ok". */
MUST_USE enum err remote_read_nothing(struct str body);
MUST_USE enum err remote_read_health(struct str body);

/* remote_read_session, remote_read_circle -- one row.
 * remote_read_sessions, remote_read_circles, remote_read_entries -- whether every row is one; how many. */
MUST_USE enum err remote_read_session(struct str item, struct remote_session *session) NONNULL;
MUST_USE enum err remote_read_circle(struct str item, struct remote_circle *circle) NONNULL;
MUST_USE enum err remote_read_sessions(struct str body, size_t *row_n) NONNULL;
MUST_USE enum err remote_read_circles(struct str body, size_t *row_n) NONNULL;
MUST_USE enum err remote_read_entries(struct str body, size_t limit_n, size_t *entry_n) NONNULL;

#endif
