/* home_own.h -- what the files of the home share. Others see home.h and its sisters. */
#ifndef CLIENT_HOME_OWN_H
#define CLIENT_HOME_OWN_H

#include <sqlite3.h>

#include "client/home.h"
#include "client/home_account.h"
#include "client/home_circle.h"

/* The statements of home.def. */
enum home_sql {
#define STATEMENT(name, text) HOME_##name,
#include "client/home.def"
#undef STATEMENT
    HOME_SQL_N
};

struct home_key;

struct home {
    sqlite3 *db;
    sqlite3_stmt *stmt[HOME_SQL_N]; /* NULL until it is first needed */
    char *path;
    int folder_fd;  /* the folder, locked; -1 */
    int log_pages;  /* in the log after the last commit */
    bool is_begun;  /* by home_begin */
    bool is_unsure; /* a sync failed: nothing more is promised */
    bool must_overwrite; /* something was erased that still stands in the log */
    enum err broken;    /* since home_begin: what commit will say */
    unsigned visit_n;   /* visits that are being made just now */
    struct why why;
    struct home_key *key; /* of the accounts that are unlocked */
};

/* ---- what went wrong (home_sql.c) ------------------------------------------------------------ */

/* home_fail -- notes what went wrong and gives e back. text is static, or NULL for what err.def says.
 *
 * An open transaction is lost with it, unless e is NOT_FOUND or EXISTS.
 */
enum err home_fail(struct home *home, enum err e, const char *text);

/* home_heed -- looks at a result of SQLite's for a sync that failed: from then on nothing is changed here, and the
 * next to open the home is told by a mark in the folder. */
void home_heed(struct home *home, int rc);

/* home_damaged -- the same for a field that does not open or has the wrong form. */
enum err home_damaged(struct home *home);

/* ---- statements (home_sql.c) ----------------------------------------------------------------- */

/* A value for a statement. Bytes are borrowed until the statement is done. */
struct home_value {
    enum { HOME_NUMBER, HOME_BYTES, HOME_NOTHING } kind;
    uint64_t number;
    struct str bytes;
};
#define NUMBER(n) ((struct home_value){.kind = HOME_NUMBER, .number = (n)})
#define BYTES(s) ((struct home_value){.kind = HOME_BYTES, .bytes = (s)})
#define NOTHING ((struct home_value){.kind = HOME_NOTHING})
#define VALUE_LIST(...) ((const struct home_value[]){__VA_ARGS__})
#define VALUES(...) VALUE_LIST(__VA_ARGS__), sizeof VALUE_LIST(__VA_ARGS__) / sizeof(struct home_value)
#define NO_VALUES NULL, 0

/* home_start -- takes the statement to its first row. home_step -- to its next one.
 *
 * Gives    is_row   false: there is none, and the statement is done
 * Fails    as home_sql_err; the statement is done
 */
MUST_USE enum err home_start(struct home *home, enum home_sql which, const struct home_value *value, size_t value_n,
                             bool *is_row);
MUST_USE enum err home_step(struct home *home, enum home_sql which, bool *is_row);

/* home_done -- ends it; at any time, and more than once. */
void home_done(struct home *home, enum home_sql which);

/* home_run -- from start to end, for what gives no rows. home_run_one -- NOT_FOUND when it changed no row. */
MUST_USE enum err home_run(struct home *home, enum home_sql which, const struct home_value *value, size_t value_n);
MUST_USE enum err home_run_one(struct home *home, enum home_sql which, const struct home_value *value,
                               size_t value_n);

/* home_find -- to its one row, home_done follows; NOT_FOUND when there is none.
 * home_find_number -- the number that is its first column. */
MUST_USE enum err home_find(struct home *home, enum home_sql which, const struct home_value *value, size_t value_n);
MUST_USE enum err home_find_number(struct home *home, enum home_sql which, const struct home_value *value,
                                   size_t value_n, uint64_t *number);

/* home_sql_err -- what an error of SQLite's is here, with home_fail. */
enum err home_sql_err(struct home *home, int rc);

/* A row being taken apart, column by column. What has the wrong type or length makes it damaged. */
struct home_row {
    sqlite3_stmt *stmt;
    int column;
    bool is_damaged;
};
struct home_row home_row(struct home *home, enum home_sql which);
uint64_t home_row_number(struct home_row *row); /* 0 for NULL */
void home_row_bytes_n(struct home_row *row, uint8_t *bytes, size_t n);
struct str home_row_bytes(struct home_row *row); /* borrowed until the next step */

/* ---- changes (home.c) ------------------------------------------------------------------------ */

/* home_change -- a transaction begins here, unless home_begin's goes on. home_changed -- and ends, with e. */
MUST_USE enum err home_change(struct home *home);
MUST_USE enum err home_changed(struct home *home, enum err e);

/* ---- sealing (home_seal.c) ------------------------------------------------------------------- */

/* home_key_keep -- the account is unlocked.  NO_MEMORY. home_lock_all -- and locked, with all others. */
MUST_USE enum err home_key_keep(struct home *home, uint64_t account, const uint8_t *local_key);
void home_lock_all(struct home *home);

/* Where a sealed field belongs: whose it is. The key is the home's. */
struct home_scope {
    uint64_t account;
    uint8_t account_id[ID_BYTES], circle_id[HASH_BYTES]; /* zeros: none */
    const uint8_t *key;
};

/* home_scope_account, home_scope_circle -- of an account that is unlocked; locked is misuse.    NOT_FOUND */
MUST_USE enum err home_scope_account(struct home *home, uint64_t account, struct home_scope *scope);
MUST_USE enum err home_scope_circle(struct home *home, uint64_t circle, struct home_scope *scope);

/* home_scope_of -- of a circle, or of the account if circle is 0. A circle of another account's is misuse. */
MUST_USE enum err home_scope_of(struct home *home, uint64_t account, uint64_t circle, struct home_scope *scope);

/* home_origin_row -- the row key of account.session: the origin that the token is for. */
void home_origin_row(struct str origin, uint8_t row[static HASH_BYTES]);

enum {
    HOME_SEAL_BYTES = AEAD_NONCE_BYTES + AEAD_TAG_BYTES, /* what sealing adds                               */
    HOME_SEAL_STEP = 512, /* what has no length of its own is filled with zeros to a multiple of this        */
    HOME_COLUMN_BYTES = 16,
    HOME_ROW_BYTES = AEAD_PLACE_BYTES - CTX_BYTES - HOME_COLUMN_BYTES - ID_BYTES - HASH_BYTES, /* the longest */
};

/* A field on its way into the file: its text is put into text, then it is sealed in place. */
struct home_sealing {
    struct out text;
    uint8_t *at; /* NULL: there is none, and fini has nothing to do */
    size_t n;
};

/* home_sealing_init -- room for a text of at most text_n bytes, which will be filled with zeros to a multiple
 * of step.                                                                                        [NO_MEMORY]
 * home_seal -- the sealed field, borrowed from it. What is bound: context, column, scope, row.
 * home_sealing_fini -- wipes and frees. */
MUST_USE enum err home_sealing_init(struct home *home, struct home_sealing *sealing, size_t text_n, size_t step);
struct str home_seal(struct home_sealing *sealing, const struct home_scope *scope, const char *column,
                     struct str row);
void home_sealing_fini(struct home_sealing *sealing);

/* A field that was opened. */
struct home_opened {
    struct str text;
    uint8_t *at;
};

/* home_unseal -- opens a field.  STORE_DAMAGED, NO_MEMORY. home_opened_fini -- wipes and frees. */
MUST_USE enum err home_unseal(struct home *home, const struct home_scope *scope, const char *column, struct str row,
                              struct str sealed, struct home_opened *opened);
void home_opened_fini(struct home_opened *opened);

/* Text being taken apart. What is too short makes it short, and zeros. */
struct home_reader {
    struct str rest;
    bool is_short;
};
uint64_t home_read_number(struct home_reader *r, size_t bytes); /* most significant first */
struct str home_read_bytes(struct home_reader *r, uint64_t n);

/* home_put_number -- as home_read_number reads it. */
void home_put_number(struct out *o, uint64_t number, size_t bytes);

/* home_open_field -- the sealed field that is the next column of the row that which stands on.
 * Fails    as home_unseal */
MUST_USE enum err home_open_field(struct home *home, struct home_row *row, const struct home_scope *scope,
                                  const char *column, struct str row_key, struct home_opened *opened);

/* ---- circles (home_circle.c) ----------------------------------------------------------------- */

/* home_circle_drop -- the circle and all of it, in the transaction that is open.  NOT_FOUND */
MUST_USE enum err home_circle_drop(struct home *home, uint64_t account, uint64_t circle);

/* home_pin_set -- the pin, in the transaction that is open. */
MUST_USE enum err home_pin_set(struct home *home, uint64_t circle, const struct home_scope *scope,
                               const struct home_pin *pin);

/* ---- opening (home_folder.c, home_open.c) ---------------------------------------------------- */

enum { HOME_PATH_BYTES = 4096 };

/* home_folder_take -- makes the folder if it has to, locks it, makes the file. home->path, home->folder_fd. */
MUST_USE enum err home_folder_take(struct home *home, const char *folder, uint64_t wait_ms);

/* home_folder_mark -- leaves the mark that a sync failed.  */
void home_folder_mark(const struct home *home);

/* home_connect -- opens home->path by SQLite, and brings it up to date. */
MUST_USE enum err home_connect(struct home *home);

enum { HOME_APPLICATION = 0x5472486d }; /* "TrHm": marks the file as a home of Troth's */

/* home_schema_newest -- the version this program knows. */
unsigned home_schema_newest(void);

/* home_log_empty -- brings the log's content to its place, and cuts it to nothing. SQLite's result. */
int home_log_empty(struct home *home);

#endif
