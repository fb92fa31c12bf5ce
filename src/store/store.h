/* store.h -- what a server keeps, and what it promises about it.
 *
 * A store is passive: it has no threads, no clock and no keys of its own, and it understands nothing of
 * what it holds beyond the fields below. Two kinds behave alike: store_mem.c is the specification by
 * example, store_sqlite.c the one that survives a power cut.
 *
 * Handles   store_open_* gives the writer, the only handle that may write. store_reader_open gives more
 *           handles on the same data, for reading. A handle serves one thread at a time. Readers are
 *           closed before their writer.
 * Writing   only between store_begin and store_commit. What was committed is on disk; before that nobody
 *           but the writer sees it. A mark (store_mark) inside lets one part be undone and the rest kept.
 * Reading   the writer sees its own work, committed or not. A reader sees committed data only; each call
 *           sees one state of it, and all calls between store_begin_read and store_end_read see the same.
 *
 * Errors of every function that says [store]:
 *   STORE          the disk or the file system refused
 *   DISK_FULL      it has no room left
 *   STORE_DAMAGED  what is there does not fit together
 *   BUSY           another program has kept the file to itself for seconds
 *   NO_MEMORY
 * After one of these inside a transaction, or from its commit, the transaction is lost as a whole: every
 * further call gives the same error until store_abort, and nothing of the transaction is kept. Two exceptions:
 * STORE_DAMAGED or NO_MEMORY since a mark may be undone with it (store_undo), and the rest goes on; and, what
 * cannot be avoided, what a commit failed to bring to the disk with STORE may, after a crash, turn out to be
 * there, whole.
 * After any other error (NOT_FOUND, EXISTS ...) that one call changed nothing, and the transaction goes on.
 *
 * Writing without a transaction, writing through a reader, keeping a mark that is not there: misuse.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/err.h"
#include "base/limits.h"
#include "base/out.h"
#include "record/hash.h"

struct store;

enum {
    STORE_WRAPPED_BYTES = 72,    /* a sealed identity seed: nonce, 32 bytes, tag                          */
    STORE_STATE_BYTES = 8 * 1024, /* the longest state of a circle                                        */
    STORE_MARKS = 4,             /* marks open at once                                                    */
    STORE_TEXT_BYTES = 400,      /* the longest sentence about what went wrong, NUL included              */
};
#define STORE_NUMBER ((UINT64_C(1) << 31) - 1) /* the highest number of a circle                          */

/* What went wrong, for a person: what happened, where, and what helps. Ends with NUL. */
struct store_trouble {
    enum err code;
    char text[STORE_TEXT_BYTES];
};

/* ---- opening and closing -------------------------------------------------------------------- */

enum {
    STORE_CREATES = 1, /* makes the file when there is none                                              */
    STORE_SERVES = 2,  /* is the one server on this file: refuses a second, brings the schema up to date */
    STORE_UNSYNCED = 4, /* never waits for the disk, and so breaks every promise: for tests of the tests */
};

/* store_open_sqlite -- the writer of a SQLite file.
 *
 * Takes    path     of the file; beside it come path-wal, path-shm and, for the server, path-lock
 *          flags    of STORE_CREATES, STORE_SERVES, STORE_UNSYNCED
 * Gives    trouble  filled on failure, untouched otherwise
 * Fails    NOT_FOUND      there is no file, and STORE_CREATES is not given; or no folder to make it in
 *          BUSY           STORE_SERVES, and another server serves this file
 *          STORE_NEWER    a newer Troth made it; not touched
 *          STORE          it cannot be opened or written, is no database, or another program's; or is
 *                         older than this program and STORE_SERVES is not given
 *          DISK_FULL STORE_DAMAGED NO_MEMORY
 */
MUST_USE enum err store_open_sqlite(const char *path, unsigned flags, struct store **store,
                                    struct store_trouble *trouble) NONNULL;

/* store_open_mem -- the writer of an empty store that is gone when it is closed.         [NO_MEMORY] */
MUST_USE enum err store_open_mem(struct store **store) NONNULL;

/* store_reader_open -- one more handle on the data of a writer, for another thread.           [store]
 *
 * Threads  the writer's, or while no other thread uses the writer
 */
MUST_USE enum err store_reader_open(struct store *writer, struct store **reader) NONNULL;

/* store_close -- ends a handle; an open transaction is aborted. NULL is fine. */
void store_close(struct store *store);

/* ---- transactions --------------------------------------------------------------------------- */

/* store_begin -- from here on the writer may write; not once it is unsure, see below.         [store] */
MUST_USE enum err store_begin(struct store *writer) NONNULL;

/* store_commit -- everything since store_begin is on disk. On failure only store_abort is left. [store] */
MUST_USE enum err store_commit(struct store *writer) NONNULL;

/* store_kept_n -- how many transactions were committed that changed something, since the writer was opened. */
uint64_t store_kept_n(const struct store *writer) NONNULL;

/* store_is_unsure -- whether the disk has once failed to bring to safety what it had taken (a sync failed). It
 * may have dropped that and say of the next sync that all is well, so store_begin gives STORE from then on. A
 * server that is started anew writes all that is in doubt once more, and begins only when the disk has it. */
bool store_is_unsure(const struct store *writer) NONNULL;

/* store_abort -- forgets everything since store_begin. Fine without a transaction too. */
void store_abort(struct store *writer) NONNULL;

/* store_mark -- sets a mark, inside a transaction; marks nest up to STORE_MARKS deep.        [store]
 * store_keep -- takes the newest mark away and keeps what was written since.                 [store]
 * store_undo -- takes the newest mark away and forgets what was written since; also damage that was met since,
 *               and, where the transaction outlived it, want of memory. Else it gives the error again. [store] */
MUST_USE enum err store_mark(struct store *writer) NONNULL;
MUST_USE enum err store_keep(struct store *writer) NONNULL;
MUST_USE enum err store_undo(struct store *writer) NONNULL;

/* store_write_n -- how often the writer was asked to write, or lost a transaction, since it was opened. Where it
 * stands as it stood, the transaction is what it was. */
uint64_t store_write_n(const struct store *writer) NONNULL;

/* store_begin_read, store_end_read -- all reading between them sees one state. A reader's.   [store] */
MUST_USE enum err store_begin_read(struct store *reader) NONNULL;
void store_end_read(struct store *reader) NONNULL;

/* ---- visits --------------------------------------------------------------------------------- */

/* A visit gets each row in turn; what it gets is borrowed until it returns. It returns OK to go on; any
 * other error ends the visit and becomes its result. It must not call this store with the same handle. */

/* ---- accounts ------------------------------------------------------------------------------- */

/* An account is one identity here. Numbers begin at 1 and are never given twice. */
struct store_account {
    uint64_t number;
    uint8_t sign_pk[SIGN_PK_BYTES];
    uint8_t box_pk[BOX_PK_BYTES];
    uint64_t creds_version; /* 1 at first, one more with every change of its credentials */
};

/* One way into an account. */
struct store_cred {
    uint8_t cred_id[ID_BYTES];
    uint8_t login_pk[SIGN_PK_BYTES];
    uint8_t wrapped[STORE_WRAPPED_BYTES];
};

/* store_account_add -- a new account with its first credential.                       [store EXISTS]
 *
 * Fails    EXISTS  sign_pk or first->cred_id is known already
 */
MUST_USE enum err store_account_add(struct store *s, const uint8_t sign_pk[static SIGN_PK_BYTES],
                                    const uint8_t box_pk[static BOX_PK_BYTES], const struct store_cred *first,
                                    uint64_t *number) NONNULL;

/* store_account_by_* -- the account with that number, signing key or credential.   [store NOT_FOUND] */
MUST_USE enum err store_account_by_number(struct store *s, uint64_t number, struct store_account *account) NONNULL;
MUST_USE enum err store_account_by_sign_pk(struct store *s, const uint8_t sign_pk[static SIGN_PK_BYTES],
                                           struct store_account *account) NONNULL;
MUST_USE enum err store_account_by_cred(struct store *s, const uint8_t cred_id[static ID_BYTES],
                                        struct store_account *account, struct store_cred *cred) NONNULL;

/* store_creds_of -- the credentials of an account, in the order they were given.   [store NOT_FOUND]
 *
 * Fails    NOT_FOUND  there is no such account
 */
MUST_USE enum err store_creds_of(struct store *s, uint64_t account, struct store_cred cred[static LIMIT_CREDENTIALS],
                                 size_t *cred_n) NONNULL;

/* store_creds_replace -- the account has these credentials and no others.
 *                                                              [store NOT_FOUND CREDS_MOVED EXISTS]
 * Takes    version  the account's creds_version, and one more
 *          cred     1 to LIMIT_CREDENTIALS
 * Fails    CREDS_MOVED  version is another number
 *          EXISTS       a cred_id is another account's, or twice in the list
 */
MUST_USE enum err store_creds_replace(struct store *s, uint64_t account, uint64_t version,
                                      const struct store_cred *cred, size_t cred_n) NONNULL;

/* store_account_remove -- the account, its credentials and sessions are gone. What it wrote stays, and
 * so do its memberships, which belong to the signing key.                          [store NOT_FOUND] */
MUST_USE enum err store_account_remove(struct store *s, uint64_t account) NONNULL;

/* ---- sessions ------------------------------------------------------------------------------- */

struct store_session {
    uint8_t id[ID_BYTES];           /* public name, for listing and revoking */
    uint8_t token_hash[HASH_BYTES]; /* of the bearer token                   */
    uint64_t account;
    uint64_t created_ms, used_ms;
};

typedef enum err store_session_visit(void *ctx, const struct store_session *session);

/* store_session_add -- [store EXISTS NOT_FOUND]  EXISTS: id or token; NOT_FOUND: account. */
MUST_USE enum err store_session_add(struct store *s, const struct store_session *session) NONNULL;

/* store_session_each -- every session, of every account, in the order they were added.        [store] */
MUST_USE enum err store_session_each(struct store *s, store_session_visit *visit, void *ctx)
    __attribute__((nonnull(1, 2)));

/* store_session_touch -- when it was last used.                                    [store NOT_FOUND] */
MUST_USE enum err store_session_touch(struct store *s, const uint8_t id[static ID_BYTES], uint64_t used_ms) NONNULL;

/* store_session_remove -- ends one.                                                [store NOT_FOUND] */
MUST_USE enum err store_session_remove(struct store *s, const uint8_t id[static ID_BYTES]) NONNULL;

/* store_session_remove_of -- ends all of an account, but the one with the id keep (NULL: all).  [store]
 *
 * Gives    removed_n  how many; 0 is no failure
 */
MUST_USE enum err store_session_remove_of(struct store *s, uint64_t account, const uint8_t *keep, size_t *removed_n)
    __attribute__((nonnull(1, 4)));

/* ---- permits -------------------------------------------------------------------------------- */

/* Leave to open one account, given by whoever runs the server. */
struct store_permit {
    uint8_t hash[HASH_BYTES]; /* of its secret */
    uint64_t made_ms;
    bool is_used;
    uint8_t used_by[SIGN_PK_BYTES]; /* zeros while it is not used */
};

MUST_USE enum err store_permit_add(struct store *s, const uint8_t hash[static HASH_BYTES], uint64_t made_ms)
    NONNULL; /* [store EXISTS] */
MUST_USE enum err store_permit_find(struct store *s, const uint8_t hash[static HASH_BYTES],
                                    struct store_permit *permit) NONNULL; /* [store NOT_FOUND] */

/* store_permit_use -- it is used, by this key. Again by the same key is fine.
 *                                                                        [store NOT_FOUND NO_PERMIT]
 * Fails    NO_PERMIT  another key used it
 */
MUST_USE enum err store_permit_use(struct store *s, const uint8_t hash[static HASH_BYTES],
                                   const uint8_t sign_pk[static SIGN_PK_BYTES]) NONNULL;

/* ---- circles -------------------------------------------------------------------------------- */

/* How far a circle's record goes. */
struct store_head {
    uint64_t seq;             /* of the newest entry */
    uint8_t hash[HASH_BYTES]; /* of the newest entry */
    uint64_t payload_bytes;   /* of all its entries, for the quota */
    bool is_closed;           /* the last member left */
    uint64_t heard_ms;        /* time of the newest entry that came as news; 0: none did, it was brought as it is */
};

/* Numbers begin at 1, stay small, and never leave the server. */
struct store_circle {
    uint64_t number;
    uint8_t id[HASH_BYTES];
    struct store_head head;
};

typedef enum err store_circle_visit(void *ctx, const struct store_circle *circle, struct str state);

/* store_circle_add -- a new circle.                                                   [store EXISTS]
 *
 * Takes    state  the membership automaton's, opaque here, at most STORE_STATE_BYTES (more is misuse)
 * Fails    EXISTS  a circle with that id is here already
 */
MUST_USE enum err store_circle_add(struct store *s, const uint8_t id[static HASH_BYTES], const struct store_head *head,
                                   struct str state, uint64_t *number) NONNULL;

/* store_circle_by_id, store_circle_by_number -- a circle, and its state if wanted. [store NOT_FOUND]
 *
 * Gives    state  appended to the builder, which needs room for STORE_STATE_BYTES; NULL: not wanted
 */
MUST_USE enum err store_circle_by_id(struct store *s, const uint8_t id[static HASH_BYTES],
                                     struct store_circle *circle, struct out *state) __attribute__((nonnull(1, 2, 3)));
MUST_USE enum err store_circle_by_number(struct store *s, uint64_t number, struct store_circle *circle,
                                         struct out *state) __attribute__((nonnull(1, 3)));

/* store_circle_set_head -- how far it goes now, and its state if that changed.     [store NOT_FOUND]
 *
 * Takes    state  {NULL, 0}: as before, and nothing of it is written
 */
MUST_USE enum err store_circle_set_head(struct store *s, uint64_t number, const struct store_head *head,
                                        struct str state) NONNULL;

/* store_circle_bring -- a circle is here because of somebody, and counts for them from now on, for good.
 *                                                                            [store EXISTS NOT_FOUND]
 * Fails    EXISTS     it counts for somebody already
 *          NOT_FOUND  there is no such circle
 */
MUST_USE enum err store_circle_bring(struct store *s, uint64_t number,
                                     const uint8_t sign_pk[static SIGN_PK_BYTES]) NONNULL;

/* store_circle_each -- every circle, by number, with its state.                               [store] */
MUST_USE enum err store_circle_each(struct store *s, store_circle_visit *visit, void *ctx)
    __attribute__((nonnull(1, 2)));

/* ---- memberships ---------------------------------------------------------------------------- */

/* From when to when somebody was in. Who comes back later has one more. */
struct store_member {
    uint64_t circle;
    uint8_t sign_pk[SIGN_PK_BYTES];
    uint64_t joined_seq;
    bool has_left;
    uint64_t left_seq; /* 0 while in */
};

typedef enum err store_member_visit(void *ctx, const struct store_circle *circle, const struct store_member *member);

/* store_member_add -- somebody is in.                                       [store EXISTS NOT_FOUND]
 *
 * Fails    EXISTS     they are in already, or joined at that seq before
 *          NOT_FOUND  there is no such circle
 */
MUST_USE enum err store_member_add(struct store *s, uint64_t circle, const uint8_t sign_pk[static SIGN_PK_BYTES],
                                   uint64_t joined_seq) NONNULL;

/* store_member_leave -- somebody is out.                [store NOT_FOUND]  NOT_FOUND: they are not in. */
MUST_USE enum err store_member_leave(struct store *s, uint64_t circle, const uint8_t sign_pk[static SIGN_PK_BYTES],
                                     uint64_t left_seq) NONNULL;

/* store_member_find -- somebody's newest membership in a circle.                   [store NOT_FOUND] */
MUST_USE enum err store_member_find(struct store *s, uint64_t circle, const uint8_t sign_pk[static SIGN_PK_BYTES],
                                    struct store_member *member) NONNULL;

/* store_member_each -- every circle that somebody is or was in, by number, with their newest membership
 * in it.                                                                                      [store] */
MUST_USE enum err store_member_each(struct store *s, const uint8_t sign_pk[static SIGN_PK_BYTES],
                                    store_member_visit *visit, void *ctx) __attribute__((nonnull(1, 2, 3)));

/* store_member_count -- how many circles count for somebody: those they are in now, and those they brought
 * here, each once.                                                                            [store] */
MUST_USE enum err store_member_count(struct store *s, const uint8_t sign_pk[static SIGN_PK_BYTES],
                                     uint64_t *circle_n) NONNULL;

/* ---- entries -------------------------------------------------------------------------------- */

/* An entry as it travels. header 1..LIMIT_HEADER_BYTES, sig SIG_BYTES, payload 0..LIMIT_PAYLOAD_BYTES;
 * other lengths are misuse. */
struct store_entry {
    uint64_t seq; /* 0..LIMIT_SEQ */
    uint8_t id[ID_BYTES];
    struct str header, sig, payload;
    bool is_erased; /* its payload was erased (redacted); payload is empty then */
};

typedef enum err store_entry_visit(void *ctx, const struct store_entry *entry);

/* store_entry_add -- one more entry of a circle. The head is not touched: store_circle_set_head, once a
 * batch, is the caller's.                                       [store HEAD_MOVED ID_TAKEN NOT_FOUND]
 *
 * Fails    HEAD_MOVED  there is an entry with that seq
 *          ID_TAKEN    there is an entry with that id in the circle
 *          NOT_FOUND   there is no such circle
 */
MUST_USE enum err store_entry_add(struct store *s, uint64_t circle, const struct store_entry *entry) NONNULL;

/* store_entry_get -- visits the entry with that seq.                               [store NOT_FOUND] */
MUST_USE enum err store_entry_get(struct store *s, uint64_t circle, uint64_t seq, store_entry_visit *visit, void *ctx)
    __attribute__((nonnull(1, 4)));

/* store_entry_by_id -- the seq of the entry with that id.                          [store NOT_FOUND] */
MUST_USE enum err store_entry_by_id(struct store *s, uint64_t circle, const uint8_t id[static ID_BYTES],
                                    uint64_t *seq) NONNULL;

/* store_entry_each -- visits entries first_seq..last_seq, ascending, at most limit_n. None is OK. [store] */
MUST_USE enum err store_entry_each(struct store *s, uint64_t circle, uint64_t first_seq, uint64_t last_seq,
                                   size_t limit_n, store_entry_visit *visit, void *ctx)
    __attribute__((nonnull(1, 6)));

/* store_entry_erase -- the payload is gone; header, signature and place stay.      [store NOT_FOUND]
 *
 * Gives    erased_bytes  how long it was; 0 when there was none, or not any more
 */
MUST_USE enum err store_entry_erase(struct store *s, uint64_t circle, uint64_t seq, uint64_t *erased_bytes) NONNULL;

/* store_entry_fill -- the payload of an entry that came without it: empty, and not erased. [store NOT_FOUND]
 *
 * Takes    payload    1..LIMIT_PAYLOAD_BYTES; other lengths are misuse
 * Fails    NOT_FOUND  there is no such entry, or its payload is there, or erased
 */
MUST_USE enum err store_entry_fill(struct store *s, uint64_t circle, uint64_t seq, struct str payload) NONNULL;

/* ---- invites -------------------------------------------------------------------------------- */

/* Where an invitation stands in the record, by its public key; it permits one account. */
struct store_invite {
    uint8_t invite_pk[SIGN_PK_BYTES];
    uint64_t circle, seq;
    bool is_used;                   /* as a permit; whether somebody joined by it, the record tells */
    uint8_t used_by[SIGN_PK_BYTES]; /* zeros while it is not used */
};

MUST_USE enum err store_invite_add(struct store *s, const uint8_t invite_pk[static SIGN_PK_BYTES], uint64_t circle,
                                   uint64_t seq) NONNULL; /* [store EXISTS NOT_FOUND] circle and seq; circle */

/* store_invite_find -- the invite with that key that was added first.              [store NOT_FOUND] */
MUST_USE enum err store_invite_find(struct store *s, const uint8_t invite_pk[static SIGN_PK_BYTES],
                                    struct store_invite *invite) NONNULL;

/* store_invite_use -- it permitted this key's account. Again by the same key is fine.
 *                                                                        [store NOT_FOUND NO_PERMIT] */
MUST_USE enum err store_invite_use(struct store *s, uint64_t circle, uint64_t seq,
                                   const uint8_t sign_pk[static SIGN_PK_BYTES]) NONNULL;

/* ---- care ----------------------------------------------------------------------------------- */

struct store_counts {
    uint64_t account_n, session_n, circle_n, entry_n, payload_bytes, open_permit_n;
};

/* store_count -- how much there is, without walking the entries.                              [store] */
MUST_USE enum err store_count(struct store *s, struct store_counts *counts) NONNULL;

/* store_tidy -- does what can wait: brings what was committed to its final place, so that the next start is
 * quick and erased payloads leave the log too. Any handle outside a transaction.                    [store]
 *
 * For a quiet moment: a writer that begins meanwhile waits for it, some 50 ms at most. Under load it is not
 * needed: what has to be done then, store_begin does.
 * Fails    BUSY  others were reading or writing; part of it may be done, and a later call does the rest
 */
MUST_USE enum err store_tidy(struct store *s) NONNULL;

/* store_backup -- a whole copy of what is committed, at path, on disk; or nothing there.
 *
 * While it runs the writer may write. Any handle outside a transaction.
 * Fails    EXISTS     there is something at path already
 *          NOT_FOUND  no folder to make it in
 *          BUSY DISK_FULL STORE STORE_DAMAGED NO_MEMORY; STORE also for a store in memory
 */
MUST_USE enum err store_backup(struct store *s, const char *path, struct store_trouble *trouble) NONNULL;

/* store_check -- whether everything here fits together: the file's own structure, every reference, and
 * every circle's entries 0..head without a gap.              [store]  STORE_DAMAGED, and trouble: where */
MUST_USE enum err store_check(struct store *s, struct store_trouble *trouble) NONNULL;

#endif
