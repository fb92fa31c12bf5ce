/* raw.c -- see raw.h. */
#include "raw.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness/random.h"
#include "record/hash.h"
#include "store/store_sqlite.h"

static void must(bool is_so, const char *what)
{
    if (is_so) return;
    (void)fprintf(stderr, "SQLite by itself: %s failed.\n", what);
    exit(2);
}

static struct store *open_store(const char *path, unsigned flags)
{
    struct store *store;
    struct store_trouble trouble = {.text = ""};
    enum err e = store_open_sqlite(path, flags, &store, &trouble);
    if (e != ERR_OK) (void)fprintf(stderr, "%s\n", trouble.text);
    must(e == ERR_OK, "opening");
    return store;
}

/* ---- a connection set up as the store's are ---------------------------------------------------- */

static const char *const sql_text[SQL_N] = {
#define READ(name, text) [SQL_##name] = (text),
#define WRITE(name, text) [SQL_##name] = (text),
#include "store/sql.def"
#undef READ
#undef WRITE
};

static void copy_setting(sqlite3 *db, sqlite3 *like, const char *name)
{
    char ask[64];
    sqlite3_int64 value = 0;
    (void)snprintf(ask, sizeof ask, "PRAGMA %s", name);
    must(sqlite_number(like, ask, &value) == SQLITE_OK, ask);
    (void)snprintf(ask, sizeof ask, "PRAGMA %s = %lld", name, (long long)value);
    must(sqlite3_exec(db, ask, NULL, NULL, NULL) == SQLITE_OK, ask);
}

static sqlite3 *connect_like(const char *path, struct store *like)
{
    static const char *const setting[] = {"synchronous",     "cache_size",     "secure_delete",
                                          "cell_size_check", "temp_store",     "mmap_size",
                                          "foreign_keys",    "trusted_schema", "journal_size_limit"};
    sqlite3 *db = NULL;
    must(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK, "opening");
    must(sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) == SQLITE_OK, "journal_mode");
    for (size_t i = 0; i < sizeof setting / sizeof *setting; i++) copy_setting(db, sqlite_of(like)->db, setting[i]);
    /* the store looks after its log itself; SQLite does so after a commit */
    (void)sqlite3_wal_autocheckpoint(db, sqlite_of(like)->log_pages_most);
    return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, enum sql which)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v3(db, sql_text[which], -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
    must(rc == SQLITE_OK, sql_text[which]);
    return stmt;
}

/* ---- writing ----------------------------------------------------------------------------------- */

static void add_circles(struct store *store, size_t circle_n)
{
    must(store_begin(store) == ERR_OK, "BEGIN");
    for (size_t i = 0; i < circle_n; i++) {
        uint8_t id[HASH_BYTES] = {0};
        struct store_head head = {.seq = 0};
        uint64_t number;
        memcpy(id, &i, sizeof i);
        must(store_circle_add(store, id, &head, STR("state"), &number) == ERR_OK, "adding a circle");
        EXPECT(number == i + 1);
    }
    must(store_commit(store) == ERR_OK, "COMMIT");
}

void raw_open(struct raw *raw, const char *path, size_t circle_n)
{
    struct store *store = open_store(path, STORE_CREATES | STORE_SERVES);
    add_circles(store, circle_n);
    *raw = (struct raw){._db = connect_like(path, store), .circle_n = circle_n};
    store_close(store);
    raw->_begin = prepare(raw->_db, SQL_begin);
    raw->_add = prepare(raw->_db, SQL_entry_add);
    raw->_head = prepare(raw->_db, SQL_circle_set_head);
    raw->_commit = prepare(raw->_db, SQL_commit);
}

void raw_close(struct raw *raw)
{
    (void)sqlite3_finalize(raw->_begin);
    (void)sqlite3_finalize(raw->_add);
    (void)sqlite3_finalize(raw->_head);
    (void)sqlite3_finalize(raw->_commit);
    must(sqlite3_close(raw->_db) == SQLITE_OK, "closing");
}

static void run(sqlite3_stmt *stmt)
{
    must(sqlite3_step(stmt) == SQLITE_DONE, sqlite3_sql(stmt));
    (void)sqlite3_reset(stmt);
}

/* One entry of the circle whose turn it is, and its head. */
static void add_row(struct raw *raw, struct random *r, size_t header_bytes, size_t payload_bytes)
{
    uint8_t id[ID_BYTES], bytes[LIMIT_HEADER_BYTES];
    uint64_t circle = 1 + raw->_next % raw->circle_n, seq = raw->_next / raw->circle_n;
    sqlite3_stmt *add = raw->_add, *head = raw->_head;
    EXPECT(header_bytes <= sizeof bytes && payload_bytes <= sizeof bytes);
    random_bytes(r, id, sizeof id);
    memset(bytes, (int)seq & 0xff, sizeof bytes);
    memcpy(bytes, id, sizeof id);
    (void)sqlite3_bind_int64(add, 1, (sqlite3_int64)(circle << 32 | seq));
    (void)sqlite3_bind_blob(add, 2, id, sizeof id, SQLITE_STATIC);
    (void)sqlite3_bind_blob(add, 3, bytes, (int)header_bytes, SQLITE_STATIC);
    (void)sqlite3_bind_blob(add, 4, bytes, SIG_BYTES, SQLITE_STATIC);
    (void)sqlite3_bind_blob(add, 5, bytes, (int)payload_bytes, SQLITE_STATIC);
    run(add);
    (void)sqlite3_bind_int64(head, 1, (sqlite3_int64)circle);
    (void)sqlite3_bind_int64(head, 2, (sqlite3_int64)seq);
    (void)sqlite3_bind_blob(head, 3, bytes, HASH_BYTES, SQLITE_STATIC);
    (void)sqlite3_bind_int64(head, 4, (sqlite3_int64)(seq * payload_bytes));
    (void)sqlite3_bind_int64(head, 5, 0);
    (void)sqlite3_bind_int64(head, 6, (sqlite3_int64)raw->_next);
    run(head);
    raw->_next++;
}

uint64_t raw_write(struct raw *raw, size_t row_n, size_t header_bytes, size_t payload_bytes, uint64_t run_ns,
                   uint64_t *ns)
{
    struct random r;
    random_init_seed(&r, raw->_next);
    uint64_t from_ns = timing_ns(), done_n = 0;
    while (timing_ns() - from_ns < run_ns) {
        run(raw->_begin);
        for (size_t i = 0; i < row_n; i++) add_row(raw, &r, header_bytes, payload_bytes);
        run(raw->_commit);
        done_n += row_n;
    }
    *ns += timing_ns() - from_ns;
    return done_n;
}

/* ---- reading ----------------------------------------------------------------------------------- */

struct circles_found {
    uint64_t number[1024], last_seq[1024];
    size_t n;
};

static enum err note_circle(void *ctx, const struct store_circle *circle, struct str state)
{
    struct circles_found *found = ctx;
    (void)state;
    EXPECT(found->n < sizeof found->number / sizeof *found->number);
    found->number[found->n] = circle->number;
    found->last_seq[found->n++] = circle->head.seq;
    return ERR_OK;
}

/* The rows of one statement, every column looked at. */
static uint64_t read_page(sqlite3_stmt *stmt, uint64_t first, uint64_t last, size_t page_n)
{
    uint64_t row_n = 0;
    (void)sqlite3_bind_int64(stmt, 1, (sqlite3_int64)first);
    (void)sqlite3_bind_int64(stmt, 2, (sqlite3_int64)last);
    (void)sqlite3_bind_int64(stmt, 3, (sqlite3_int64)page_n);
    for (; sqlite3_step(stmt) == SQLITE_ROW; row_n++) {
        must(sqlite3_column_int64(stmt, 0) > 0, "reading a place");
        for (int column = 1; column < 5; column++) {
            must(sqlite3_column_blob(stmt, column) != NULL || sqlite3_column_bytes(stmt, column) == 0, "reading a row");
        }
    }
    (void)sqlite3_reset(stmt);
    return row_n;
}

double raw_read_per_s(const char *path, size_t page_n, uint64_t run_ns)
{
    struct store *store = open_store(path, 0), *reader = NULL;
    static struct circles_found found;
    found.n = 0;
    must(store_circle_each(store, note_circle, &found) == ERR_OK && found.n > 0, "finding the circles");
    must(store_reader_open(store, &reader) == ERR_OK, "opening a reader");
    sqlite3 *db = connect_like(path, reader);
    sqlite3_stmt *stmt = prepare(db, SQL_entry_each);
    store_close(reader);
    store_close(store);
    uint64_t from_ns = timing_ns(), row_n = 0;
    for (size_t i = 0; timing_ns() - from_ns < run_ns; i = (i + 1) % found.n) {
        for (uint64_t seq = 0; seq <= found.last_seq[i]; seq += page_n) {
            uint64_t base = found.number[i] << 32;
            row_n += read_page(stmt, base + seq, base + found.last_seq[i], page_n);
        }
    }
    double per_s = (double)row_n / timing_s(from_ns);
    (void)sqlite3_finalize(stmt);
    must(sqlite3_close(db) == SQLITE_OK, "closing");
    return per_s;
}
