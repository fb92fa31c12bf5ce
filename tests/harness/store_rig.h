/* store_rig.h -- stores of every kind for a test, and everything one of them holds as text to compare.
 *
 * A test of what store.h promises runs on each kind: STORE_TEST(f) names it for memory and for SQLite.
 */
#ifndef HARNESS_STORE_RIG_H
#define HARNESS_STORE_RIG_H

#include "harness/scratch.h"
#include "store/store.h"

enum store_kind { STORE_KIND_MEM, STORE_KIND_SQLITE };

struct store_rig {
    enum store_kind kind;
    struct store *writer, *reader;
    char path[SCRATCH_PATH_BYTES]; /* of the SQLite file, in a folder of its own */
};

/* store_rig_setup_mem, _sqlite -- cmocka's setup: *state becomes a rig with an empty store, both handles open.
 * store_rig_teardown -- closes and forgets it. */
int store_rig_setup_mem(void **state);
int store_rig_setup_sqlite(void **state);
int store_rig_teardown(void **state);

#define STORE_TEST(f)                                                                                                  \
    {#f " (mem)", f, store_rig_setup_mem, store_rig_teardown, NULL},                                                   \
    {#f " (sqlite)", f, store_rig_setup_sqlite, store_rig_teardown, NULL}
#define SQLITE_TEST(f) {#f, f, store_rig_setup_sqlite, store_rig_teardown, NULL}

/* rig_reopen -- closes the handles of a SQLite rig and opens them again. */
void rig_reopen(struct store_rig *rig) NONNULL;

/* rig_open -- the writer of the SQLite file at path, or the end of the test with its sentence. */
struct store *rig_open(const char *path, unsigned flags) NONNULL;

/* The people, circles, ids and so on that tests speak of are numbered; these are their bytes. Valid until
 * the same function was called RIG_VALUES times more. */
enum { RIG_VALUES = 64 };
const uint8_t *rig_key(unsigned n);    /* 32 bytes: a key, a hash, the id of a circle */
const uint8_t *rig_id(unsigned n);     /* ID_BYTES                                     */
struct store_cred rig_cred(unsigned n);
struct store_session rig_session(unsigned n, uint64_t account);
struct store_head rig_head(uint64_t seq);

/* rig_entry -- an entry whose content follows from n; its payload is n bytes long, for n up to the limit. */
struct store_entry rig_entry(uint64_t seq, unsigned n);

/* rig_begin, rig_commit -- as in store.h, where the test expects OK. */
void rig_begin(struct store *s) NONNULL;
void rig_commit(struct store *s) NONNULL;

/* rig_add_circle, rig_add_account -- one more, in the open transaction; its number. */
uint64_t rig_add_circle(struct store *s, unsigned n) NONNULL;
uint64_t rig_add_account(struct store *s, unsigned n) NONNULL;

/* rig_add_entries -- entries first..last of a circle, and its head, in the open transaction. */
void rig_add_entries(struct store *s, uint64_t circle, unsigned first, unsigned last) NONNULL;

/* rig_text -- all that the numbered things below RIG_SEEN are in this store, line by line.
 *
 * Gives    text to be freed; two stores that hold the same give the same
 */
enum { RIG_SEEN = 12 };
char *rig_text(struct store *s) NONNULL MUST_USE;

/* expect -- the call gives this error and no other; a failure names both. */
#define expect(call, wanted) expect_err_at((call), (wanted), #call, __FILE__, __LINE__)
void expect_err_at(enum err got, enum err wanted, const char *call, const char *file, int line) NONNULL;

#endif
