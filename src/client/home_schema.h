/* home_schema.h -- the tables of a home, for reading as much as for SQLite.
 *
 * Included by home_open.c alone. Each SQL(...) becomes one string; its comments are for us. What was released
 * is never edited: a change is a new step, at the end, that brings any file from the version before it to its
 * own version.
 *
 * "Sealed" is nonce (24 bytes), text encrypted under the account's local key, tag (16 bytes); home_seal.c says to
 * what each is bound. What is in them has the form that the file of the same subject gives it.
 */

/* ---- version 1 ------------------------------------------------------------------------------ */

static const char *const schema_1[] = {

SQL(
/* One identity on one server. */
CREATE TABLE account (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,                    /* never given twice                       */
    id      BLOB NOT NULL UNIQUE CHECK (length(id) = 16),         /* random: what its sealed fields name     */
    origin  BLOB NOT NULL CHECK (length(origin) BETWEEN 1 AND 272),
    sign_pk BLOB NOT NULL CHECK (length(sign_pk) = 32),
    code    BLOB NOT NULL CHECK (length(code) = 20),
    wrapped BLOB NOT NULL CHECK (length(wrapped) = 72),           /* the identity, under code and passphrase */
    session BLOB NOT NULL,                                        /* sealed: the token, or that there is none */
    name    BLOB NOT NULL,                                        /* sealed                                  */
    UNIQUE (sign_pk, origin)
) STRICT),

SQL(
CREATE TABLE circle (
    number  INTEGER PRIMARY KEY AUTOINCREMENT CHECK (number BETWEEN 1 AND 2147483647), /* see entry.place    */
    account INTEGER NOT NULL REFERENCES account,
    id      BLOB NOT NULL CHECK (length(id) = 32),                /* the hash of its first entry             */
    pin     BLOB NOT NULL,                                        /* sealed: the newest entry verified       */
    about   BLOB NOT NULL,                                        /* sealed: standing and name               */
    UNIQUE (account, id)
) STRICT),

SQL(
/* The record as it came. The place is circle * 2^32 + seq: one tree, sorted by circle and then by seq. */
CREATE TABLE entry (
    place         INTEGER PRIMARY KEY CHECK (place >= 4294967296),
    first_seen_ms INTEGER NOT NULL,
    wire          BLOB NOT NULL
) STRICT),

SQL(
CREATE TABLE epoch (
    circle INTEGER NOT NULL REFERENCES circle,
    epoch  INTEGER NOT NULL,
    key    BLOB NOT NULL,                                         /* sealed                                  */
    PRIMARY KEY (circle, epoch)
) STRICT, WITHOUT ROWID),

SQL(
/* What waits to be recorded: of one circle, the lowest number first. */
CREATE TABLE item (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    circle INTEGER NOT NULL REFERENCES circle,
    id     BLOB NOT NULL CHECK (length(id) = 16),                 /* of the entry that it becomes            */
    sealed BLOB NOT NULL,
    UNIQUE (circle, id)
) STRICT),

SQL(
CREATE TABLE draft (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    circle INTEGER NOT NULL REFERENCES circle,
    id     BLOB NOT NULL CHECK (length(id) = 16),
    sealed BLOB NOT NULL,
    UNIQUE (circle, id)
) STRICT),

SQL(
CREATE TABLE alarm (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account,
    circle  INTEGER REFERENCES circle,                            /* NULL: about the account                 */
    sealed  BLOB NOT NULL
) STRICT),
SQL(CREATE INDEX alarm_of_account ON alarm (account)),
SQL(CREATE INDEX alarm_of_circle ON alarm (circle) WHERE circle IS NOT NULL),

SQL(
/* Small things under a name. */
CREATE TABLE note (
    account INTEGER NOT NULL REFERENCES account,
    circle  INTEGER NOT NULL,                                     /* 0: of the account                       */
    name    BLOB NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    value   BLOB NOT NULL,                                        /* sealed                                  */
    PRIMARY KEY (account, circle, name)
) STRICT),

SQL(
/* Of the whole home: nothing secret, nothing about people. */
CREATE TABLE setting (
    name  BLOB PRIMARY KEY NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    value BLOB NOT NULL
) STRICT),

};
