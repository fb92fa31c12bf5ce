/* home_seal.c -- what somebody who has the file, and not the key, can do with it: read nothing that is sealed, and
 * change, swap or move none of it unnoticed. Every sealed column, every pair of rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "harness/home_rig.h"
#include "harness/vfs_shim.h"

static char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES];
static char *whole; /* all that is in it while nobody touched it */

/* The sealed columns, with what names a row. */
static const struct column {
    const char *table, *column, *key;
} columns[] = {
    {"account", "session", "number"}, {"account", "name", "number"},  {"circle", "pin", "number"},
    {"circle", "about", "number"},    {"epoch", "key", "circle * 100 + epoch"},
    {"item", "sealed", "number"},     {"draft", "sealed", "number"},  {"alarm", "sealed", "number"},
    {"note", "value", "rowid"},
};
enum { COLUMN_N = sizeof columns / sizeof *columns, ROWS_MOST = 16, FIELD_BYTES = 4096 };

/* ---- the home ------------------------------------------------------------------------------- */

/* Two accounts of one person, and so under one key, in the same two circles: what is swapped between them would
 * open if only the key mattered. */
static void fill_circle(struct home *home, uint64_t account, uint64_t circle)
{
    uint64_t number;
    home_expect(home_rig_add_entries(home, circle, 3), ERR_OK);
    for (unsigned i = 0; i < 2; i++) {
        struct home_item item = home_rig_item(4 + i);
        struct home_draft draft = home_rig_draft(4 + i);
        struct home_alarm alarm = {.circle = i == 0 ? circle : 0, .kind = 5, .evidence = STR("evidence of a fork")};
        item.content = STR("content of an item");
        draft.content = STR("content of a draft");
        home_expect(home_epoch_put(home, circle, i, (const uint8_t *)"the key of an epoch, all of it.."), ERR_OK);
        home_expect(home_item_add(home, circle, &item), ERR_OK);
        home_expect(home_draft_put(home, circle, &draft), ERR_OK);
        home_expect(home_alarm_add(home, account, &alarm, &number), ERR_OK);
        home_expect(home_note_put(home, account, circle, i == 0 ? STR("a") : STR("b"), STR("value of a note")), ERR_OK);
    }
    struct home_circle_about about = {.standing = 1, .name_n = 17, .name = "Ana and Ben's sea"};
    home_expect(home_circle_set_about(home, circle, &about), ERR_OK);
}

static int setup(void **state)
{
    (void)state;
    static const char *const origins[] = {"https://server-1.example", "https://server-1b.example"};
    scratch_folder(folder);
    scratch_path(path, folder, "troth.db");
    struct home *home = home_rig_open(folder);
    for (size_t i = 0; i < 2; i++) {
        struct home_account account = home_rig_account(1);
        struct home_session session = {.is_open = true, .token = "the token of a session, 32 byte"};
        uint64_t number;
        account.origin = str_of_text(origins[i]);
        home_expect(home_account_add(home, &account, home_rig_key(1), &number), ERR_OK);
        home_expect(home_session_set(home, number, &session), ERR_OK);
        home_expect(home_account_set_name(home, number, STR("Ana from the coast")), ERR_OK);
        home_expect(home_note_put(home, number, 0, STR("a"), STR("value of a note")), ERR_OK);
        for (unsigned c = 0; c < 2; c++) fill_circle(home, number, home_rig_add_circle(home, number, 30 + c));
    }
    enum err e;
    whole = home_rig_all(home, &e);
    home_expect(e, ERR_OK);
    home_close(home);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(whole);
    return 0;
}

/* ---- by another hand ------------------------------------------------------------------------ */

static sqlite3 *db;

static void db_open(void)
{
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
}

static void run(const char *sql)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (rc != SQLITE_OK) print_error("%s: %s\n", sql, sqlite3_errmsg(db));
    assert_int_equal(rc, SQLITE_OK);
}

static void db_close(void)
{
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

struct field {
    sqlite3_int64 key;
    uint8_t bytes[FIELD_BYTES];
    int n;
};

static unsigned read_fields(const struct column *c, struct field field[static ROWS_MOST])
{
    char sql[200];
    sqlite3_stmt *stmt;
    unsigned n = 0;
    (void)snprintf(sql, sizeof sql, "SELECT %s, %s FROM %s ORDER BY 1", c->key, c->column, c->table);
    db_open();
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    for (; sqlite3_step(stmt) == SQLITE_ROW; n++) {
        assert_true(n < ROWS_MOST);
        field[n].key = sqlite3_column_int64(stmt, 0);
        field[n].n = sqlite3_column_bytes(stmt, 1);
        assert_true(field[n].n <= FIELD_BYTES);
        memcpy(field[n].bytes, sqlite3_column_blob(stmt, 1), (size_t)field[n].n);
    }
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    db_close();
    return n;
}

static void write_field(const struct column *c, sqlite3_int64 key, const uint8_t *bytes, int n)
{
    char sql[200];
    sqlite3_stmt *stmt;
    (void)snprintf(sql, sizeof sql, "UPDATE %s SET %s = ?1 WHERE %s = ?2", c->table, c->column, c->key);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_bind_blob(stmt, 1, n > 0 ? (const void *)bytes : "", n, SQLITE_STATIC), SQLITE_OK);
    assert_int_equal(sqlite3_bind_int64(stmt, 2, key), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    assert_int_equal(sqlite3_changes(db), 1);
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
}

static void put_field(const struct column *c, sqlite3_int64 key, const uint8_t *bytes, int n)
{
    db_open();
    write_field(c, key, bytes, n);
    db_close();
}

/* Reading everything finds it out; no byte of what was changed is given as if it were good. */
static void assert_found_out(const char *what, const char *where, long more)
{
    struct home *home = home_rig_open(folder);
    enum err e = ERR_OK;
    char *all = home_rig_all(home, &e);
    if (e != ERR_STORE_DAMAGED) print_error("%s %s %ld\n", what, where, more);
    assert_null(all);
    home_expect(e, ERR_STORE_DAMAGED);
    assert_int_equal(home_why(home).code, ERR_STORE_DAMAGED);
    assert_non_null(strstr(home_why(home).text, "somebody changed the file"));
    home_close(home);
}

static void assert_whole(void)
{
    enum err e;
    struct home *home = home_rig_open(folder);
    char *all = home_rig_all(home, &e);
    home_expect(e, ERR_OK);
    assert_string_equal(all, whole);
    free(all);
    home_close(home);
}

/* ---- fields --------------------------------------------------------------------------------- */

static struct field field[ROWS_MOST], other[ROWS_MOST];

static void a_bit_that_is_flipped(void **state)
{
    (void)state;
    for (size_t c = 0; c < COLUMN_N; c++) {
        unsigned n = read_fields(&columns[c], field);
        assert_true(n >= 2);
        for (unsigned i = 0; i < n; i++) {
            const int at[] = {0, 23, 24, field[i].n / 2, field[i].n - 17, field[i].n - 16, field[i].n - 1};
            for (size_t a = 0; a < sizeof at / sizeof *at; a++) {
                if (i > 0 && a > 1) break; /* all places of the first row, some of every other */
                field[i].bytes[at[a]] ^= 0x10;
                put_field(&columns[c], field[i].key, field[i].bytes, field[i].n);
                assert_found_out("flipped", columns[c].column, at[a]);
                field[i].bytes[at[a]] ^= 0x10;
            }
            put_field(&columns[c], field[i].key, field[i].bytes, field[i].n);
        }
    }
    assert_whole();
}

static void a_field_that_is_cut_or_longer(void **state)
{
    (void)state;
    for (size_t c = 0; c < COLUMN_N; c++) {
        (void)read_fields(&columns[c], field);
        const int lengths[] = {0, 1, 23, 24, 40, field[0].n - 1, field[0].n + 1};
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            put_field(&columns[c], field[0].key, field[0].bytes, lengths[i]);
            assert_found_out("cut", columns[c].column, lengths[i]);
        }
        put_field(&columns[c], field[0].key, field[0].bytes, field[0].n);
    }
    assert_whole();
}

static void a_field_in_another_row(void **state)
{
    (void)state;
    unsigned tried = 0;
    for (size_t c = 0; c < COLUMN_N; c++) {
        unsigned n = read_fields(&columns[c], field);
        for (unsigned i = 0; i < n; i++) {
            for (unsigned k = 0; k < n; k++) {
                if (i == k) continue;
                put_field(&columns[c], field[i].key, field[k].bytes, field[k].n);
                assert_found_out("copied", columns[c].column, (long)k);
                if (k > i) { /* and the other way, too: swapped */
                    put_field(&columns[c], field[k].key, field[i].bytes, field[i].n);
                    assert_found_out("swapped", columns[c].column, (long)k);
                    put_field(&columns[c], field[k].key, field[k].bytes, field[k].n);
                }
                tried++;
            }
            put_field(&columns[c], field[i].key, field[i].bytes, field[i].n);
        }
    }
    print_message("%u pairs\n", tried);
    assert_true(tried > 200);
    assert_whole();
}

static void a_field_in_another_column(void **state)
{
    (void)state;
    for (size_t to = 0; to < COLUMN_N; to++) {
        (void)read_fields(&columns[to], field);
        for (size_t from = 0; from < COLUMN_N; from++) {
            if (from == to) continue;
            (void)read_fields(&columns[from], other);
            put_field(&columns[to], field[0].key, other[0].bytes, other[0].n);
            assert_found_out(columns[from].column, columns[to].column, 0);
        }
        put_field(&columns[to], field[0].key, field[0].bytes, field[0].n);
    }
    assert_whole();
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* Changes to what is plain, that would make what is sealed mean something else. */
static void a_row_that_is_moved(void **state)
{
    (void)state;
    static const char *const changes[] = {
        /* a token would go to another server */
        "UPDATE account SET origin = CAST('https://server-1c.example' AS BLOB) WHERE number = 1",
        "UPDATE account SET id = randomblob(16) WHERE number = 1",
        "UPDATE circle SET id = randomblob(32) WHERE number = 1",
        "UPDATE epoch SET epoch = 7 WHERE circle = 1 AND epoch = 0",
        /* a later item would overtake an earlier one */
        "UPDATE item SET number = 1000 WHERE number = 1",
        "UPDATE item SET id = randomblob(16) WHERE number = 1",
        "UPDATE item SET circle = 2, id = randomblob(16) WHERE number = 1",
        "UPDATE draft SET number = 1000 WHERE number = 1",
        "UPDATE draft SET id = randomblob(16) WHERE number = 1",
        "UPDATE alarm SET number = 1000 WHERE number = 1",
        "UPDATE alarm SET circle = NULL WHERE number = 1",
        "UPDATE alarm SET circle = 2 WHERE number = 1",
        "UPDATE alarm SET account = 2 WHERE number = 1",
        "UPDATE alarm SET account = 2 WHERE number = 2", /* one about the account */
        "UPDATE note SET name = x'7a' WHERE rowid = 1",
        "UPDATE note SET circle = 2, name = x'7a' WHERE circle = 1 AND name = x'61'",
        "UPDATE note SET circle = 1, name = x'7a' WHERE circle = 0 AND account = 1",
        /* the entries that a pin stands for */
        "DELETE FROM entry WHERE place = 1 << 32",
        "DELETE FROM entry WHERE place = (1 << 32) + 1",
        "DELETE FROM entry WHERE place = (1 << 32) + 2",
        "UPDATE entry SET place = place + 1 WHERE place = (1 << 32) + 2",
        "INSERT INTO entry VALUES ((1 << 32) + 3, 1, x'80')",
        "INSERT INTO entry VALUES ((1 << 32) + 9, 1, x'80')",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        void *none = NULL;
        (void)teardown(&none);
        (void)setup(&none);
        db_open();
        run(changes[i]);
        assert_true(sqlite3_changes(db) > 0);
        db_close();
        assert_found_out("moved:", changes[i], 0);
    }
}

static enum err nothing(void *ctx, const struct home_entry *entry)
{
    (void)ctx, (void)entry;
    return ERR_OK;
}

static void an_entry_that_is_there_though_no_pin_says_so(void **state)
{
    (void)state;
    struct home *home = home_rig_open(folder);
    home_expect(home_unlock(home, 1, home_rig_key(1)), ERR_OK);
    uint64_t circle = home_rig_add_circle(home, 1, 50);
    home_close(home);
    char sql[80];
    (void)snprintf(sql, sizeof sql, "INSERT INTO entry VALUES (%u << 32, 1, x'80')", (unsigned)circle);
    db_open();
    run(sql);
    db_close();
    home = home_rig_open(folder);
    home_expect(home_unlock(home, 1, home_rig_key(1)), ERR_OK);
    home_expect(home_entries_each(home, circle, 0, nothing, NULL), ERR_STORE_DAMAGED);
    home_expect(home_rig_add_entries(home, circle, 1), ERR_STORE_DAMAGED);
    home_close(home);
}

/* ---- keys ----------------------------------------------------------------------------------- */

static void another_key_opens_nothing_and_unlocks_nothing(void **state)
{
    (void)state;
    struct home *home = home_rig_open(folder);
    home_expect(home_unlock(home, 1, home_rig_key(2)), ERR_STORE_DAMAGED);
    assert_false(home_is_unlocked(home, 1));
    home_expect(home_unlock(home, 1, home_rig_key(1)), ERR_OK);
    assert_true(home_is_unlocked(home, 1));
    assert_false(home_is_unlocked(home, 2));
    home_lock(home, 1);
    home_lock(home, 1);
    assert_false(home_is_unlocked(home, 1));
    home_expect(home_unlock(home, 77, home_rig_key(1)), ERR_NOT_FOUND);
    home_close(home);
}

/* ---- what is written ------------------------------------------------------------------------ */

static bool has(const uint8_t *bytes, size_t n, const char *words)
{
    size_t len = strlen(words);
    for (size_t i = 0; i + len <= n; i++)
        if (memcmp(bytes + i, words, len) == 0) return true;
    return false;
}

static void nothing_of_it_is_in_the_files(void **state)
{
    (void)state;
    static const char *const secrets[] = {"the token of",   "Ana from",   "Ben's sea",      "the key of an epoch",
                                          "content of an item", "content of a draft", "evidence of", "value of a note"};
    static const char *const names[] = {"troth.db", "troth.db-wal"};
    static uint8_t bytes[4 * 1024 * 1024];
    size_t seen = 0;
    for (size_t f = 0; f < 2; f++) {
        char name[SCRATCH_PATH_BYTES];
        scratch_path(name, folder, names[f]);
        FILE *from = fopen(name, "rb");
        assert_non_null(from);
        size_t n = fread(bytes, 1, sizeof bytes, from);
        assert_true(n < sizeof bytes);
        assert_int_equal(fclose(from), 0);
        for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) assert_false(has(bytes, n, secrets[i]));
        seen += has(bytes, n, "https://server-1.example");
    }
    assert_true(seen > 0); /* what is plain was found: the search works */
}

/* One's own words differ in length by a word; what is kept of them does not. */
static void a_length_says_little(void **state)
{
    (void)state;
    (void)read_fields(&columns[5], field);
    int n = field[0].n;
    struct home *home = home_rig_open(folder);
    home_expect(home_unlock(home, 1, home_rig_key(1)), ERR_OK);
    struct home_item item = home_rig_item(4);
    item.content = STR("another content of this item, and a longer one");
    home_expect(home_item_set(home, 1, &item), ERR_OK);
    home_close(home);
    (void)read_fields(&columns[5], field);
    assert_int_equal(field[0].n, n);
    assert_int_equal((n - 40) % 512, 0);
    (void)read_fields(&columns[1], field);
    (void)read_fields(&columns[3], other);
    assert_int_equal(field[0].n, 2 + HOME_NAME_BYTES + 40);
    assert_int_equal(other[0].n, 3 + HOME_NAME_BYTES + 40);
}

/* What is tried a thousand times over need not wait for the disk each time. */
static int do_not_wait(const struct vfs_act *act)
{
    return act->what == VFS_SYNC ? SQLITE_DONE : SQLITE_OK;
}

#define SEAL_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    static const struct vfs_watcher impatient = {.before = do_not_wait};
    const struct CMUnitTest tests[] = {
        SEAL_TEST(a_bit_that_is_flipped),
        SEAL_TEST(a_field_that_is_cut_or_longer),
        SEAL_TEST(a_field_in_another_row),
        SEAL_TEST(a_field_in_another_column),
        SEAL_TEST(a_row_that_is_moved),
        SEAL_TEST(an_entry_that_is_there_though_no_pin_says_so),
        SEAL_TEST(another_key_opens_nothing_and_unlocks_nothing),
        SEAL_TEST(nothing_of_it_is_in_the_files),
        SEAL_TEST(a_length_says_little),
    };
    vfs_shim_open(&impatient);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
