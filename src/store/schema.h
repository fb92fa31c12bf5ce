/* schema.h -- the tables of the SQLite store, for reading as much as for SQLite.
 *
 * Included by store_sqlite_schema.c alone. Each SQL(...) becomes one string; its comments are for us.
 * What was released is never edited: a change is a new step, at the end, that brings any file from the
 * version before it to its own version.
 *
 * All keys, hashes and ids are raw bytes. All times are milliseconds since 1970, told by the server. No
 * name, no address and no text of a person is in here: payloads are sealed before they arrive.
 */

/* ---- version 1 ------------------------------------------------------------------------------ */

static const char *const schema_1[] = {

SQL(
/* Who may sign in here. An account is one identity; what it may see is told by its memberships. */
CREATE TABLE account (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,               /* never given twice, even after a removal */
    sign_pk       BLOB NOT NULL UNIQUE CHECK (length(sign_pk) = 32), /* the identity: an Ed25519 key           */
    box_pk        BLOB NOT NULL CHECK (length(box_pk) = 32),       /* its X25519 key                          */
    creds_version INTEGER NOT NULL CHECK (creds_version >= 1)      /* one more with each change below         */
) STRICT),

SQL(
/* The ways into an account: one for a passphrase, one for a recovery sheet, and so on. */
CREATE TABLE credential (
    number   INTEGER PRIMARY KEY,                                  /* in the order they were given            */
    cred_id  BLOB NOT NULL UNIQUE CHECK (length(cred_id) = 16),    /* derived from the account code           */
    account  INTEGER NOT NULL REFERENCES account,
    login_pk BLOB NOT NULL CHECK (length(login_pk) = 32),          /* what a login is signed with             */
    wrapped  BLOB NOT NULL CHECK (length(wrapped) = 72)            /* the identity's seed, sealed             */
) STRICT),
SQL(CREATE INDEX credential_of_account ON credential (account)),

SQL(
/* The devices that are signed in. */
CREATE TABLE session (
    number     INTEGER PRIMARY KEY,                                /* in the order they signed in             */
    id         BLOB NOT NULL UNIQUE CHECK (length(id) = 16),       /* its public name                         */
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32), /* never the token itself                 */
    account    INTEGER NOT NULL REFERENCES account,
    created_ms INTEGER NOT NULL,
    used_ms    INTEGER NOT NULL                                    /* last seen, not to the minute            */
) STRICT),
SQL(CREATE INDEX session_of_account ON session (account)),

SQL(
/* Leave to open one account, given by whoever runs the server. */
CREATE TABLE permit (
    hash    BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),   /* never the permit itself                 */
    made_ms INTEGER NOT NULL,
    used_by BLOB CHECK (length(used_by) = 32)                      /* the identity it let in; NULL: still open */
) STRICT, WITHOUT ROWID),

SQL(
/* A circle, and how far its record goes. This row changes with every batch of entries, so it is kept
   short; what changes with the membership only is in circle_state. */
CREATE TABLE circle (
    number        INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 2147483647), /* see entry.place             */
    id            BLOB NOT NULL UNIQUE CHECK (length(id) = 32),    /* the hash of its first entry             */
    head_seq      INTEGER NOT NULL,                                /* of the newest entry                     */
    head_hash     BLOB NOT NULL CHECK (length(head_hash) = 32),    /* of the newest entry                     */
    payload_bytes INTEGER NOT NULL,                                /* of all its entries, for the quota       */
    is_closed     INTEGER NOT NULL CHECK (is_closed IN (0, 1)),    /* the last member left                    */
    heard_ms      INTEGER NOT NULL                                 /* time of the newest entry that was news  */
) STRICT),

SQL(
/* Who brought a circle here. It counts for them for good, whoever is in it. Like a membership it names the
   signing key. */
CREATE TABLE bringer (
    circle  INTEGER PRIMARY KEY REFERENCES circle,
    sign_pk BLOB NOT NULL CHECK (length(sign_pk) = 32)
) STRICT),
SQL(CREATE INDEX bringer_of_key ON bringer (sign_pk)),

SQL(
/* Who is in, which epoch, which invitations are open: as the server's membership automaton wrote it. */
CREATE TABLE circle_state (
    circle INTEGER PRIMARY KEY REFERENCES circle,
    state  BLOB NOT NULL CHECK (length(state) <= 8192)
) STRICT),

SQL(
/* From when to when somebody was in a circle. Who comes back has another row. It names the signing key,
   not the account: whoever closes their account was still a member. */
CREATE TABLE member (
    sign_pk    BLOB NOT NULL CHECK (length(sign_pk) = 32),
    circle     INTEGER NOT NULL REFERENCES circle,
    joined_seq INTEGER NOT NULL,
    left_seq   INTEGER,                                            /* NULL: still in                          */
    PRIMARY KEY (sign_pk, circle, joined_seq)
) STRICT, WITHOUT ROWID),
SQL(CREATE UNIQUE INDEX member_now ON member (sign_pk, circle) WHERE left_seq IS NULL),

SQL(
/* The record itself, entry by entry.

   The place is circle * 2^32 + seq. So the table is one tree, sorted by circle and then by seq: reading a
   stretch of a circle walks neighbouring pages, and an append touches the last page of its circle and no
   index beside it but entry_id. The circle is worked out from the place and takes no room. */
CREATE TABLE entry (
    place   INTEGER PRIMARY KEY CHECK (place >= 4294967296),
    id      BLOB NOT NULL CHECK (length(id) = 16),                 /* drawn by its author                     */
    header  BLOB NOT NULL CHECK (length(header) BETWEEN 1 AND 4096), /* as it was signed                       */
    sig     BLOB NOT NULL CHECK (length(sig) = 64),
    payload BLOB CHECK (length(payload) <= 65576),                 /* sealed; empty: has none; NULL: erased   */
    circle  INTEGER NOT NULL AS (place >> 32) REFERENCES circle
) STRICT),
SQL(CREATE UNIQUE INDEX entry_id ON entry (circle, id)),

SQL(
/* Where in the record an invitation stands, so that its key finds it. It permits one account. */
CREATE TABLE invite (
    number    INTEGER PRIMARY KEY,                                 /* in the order they were recorded         */
    invite_pk BLOB NOT NULL CHECK (length(invite_pk) = 32),        /* not unique: anybody can copy a key      */
    circle    INTEGER NOT NULL REFERENCES circle,
    seq       INTEGER NOT NULL,
    used_by   BLOB CHECK (length(used_by) = 32),                   /* the identity it let in; NULL: none yet  */
    UNIQUE (circle, seq)
) STRICT),
SQL(CREATE INDEX invite_of_key ON invite (invite_pk)),

};
