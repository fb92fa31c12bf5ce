/* store_file.c -- the server's file, damaged by a disk or changed by whoever can: it is refused with a sentence, or
 * what is read from it is of the form that store.h promises, or the error says that it is damaged. Nothing stops
 * the server.
 *
 * The input is how, then changes: to bytes of the file, or, as SQL that SQLite's own checks let pass, to values.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/scratch.h"
#include "kit/api_world.h"

enum { FILE_BYTES_MAX = 1 << 20, CHANGES = 8 };

static char path[SCRATCH_PATH_BYTES];
static uint8_t whole[FILE_BYTES_MAX]; /* the file as it should be */
static size_t whole_n;

/* ---- the file ------------------------------------------------------------------------------------------- */

static void remove_file(const char *tail)
{
    char name[SCRATCH_PATH_BYTES + 8];
    snprintf(name, sizeof name, "%s%s", path, tail);
    (void)unlink(name);
}

void fuzz_open(void)
{
    static struct api_world world;
    char folder[SCRATCH_PATH_BYTES];
    struct store_trouble trouble;
    api_fixed_init();
    scratch_folder(folder);
    scratch_path(path, folder, "troth.db");
    enum err e = store_open_sqlite(path, STORE_CREATES | STORE_SERVES | STORE_UNSYNCED, &world.store, &trouble);
    if (e != ERR_OK) misuse(trouble.text);
    api_world_fill(&world);
    store_close(world.store);
    FILE *file = fopen(path, "rb");
    EXPECT(file != NULL);
    whole_n = fread(whole, 1, sizeof whole, file);
    EXPECT(whole_n > 0 && whole_n < sizeof whole && fclose(file) == 0);
}

static void write_file(const uint8_t *bytes, size_t n)
{
    remove_file("-wal");
    remove_file("-shm");
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    EXPECT(fd >= 0 && write(fd, bytes, n) == (ssize_t)n && close(fd) == 0);
}

/* ---- changes -------------------------------------------------------------------------------------------- */

static void change_bytes(struct fuzz_in *in)
{
    static uint8_t changed[FILE_BYTES_MAX];
    size_t n = whole_n;
    memcpy(changed, whole, whole_n);
    for (size_t i = 0; i < CHANGES && !fuzz_is_over(in); i++) {
        size_t at = (size_t)fuzz_byte(in) << 16 | (size_t)fuzz_byte(in) << 8 | fuzz_byte(in);
        changed[at % whole_n] ^= (uint8_t)(1 + fuzz_byte(in));
        if (fuzz_below(in, 32) == 1) n = n * fuzz_byte(in) / 256; /* and cut off */
    }
    write_file(changed, n);
}

static const struct {
    const char *table, *column;
} columns[] = {
    {"account", "number"},       {"account", "sign_pk"},     {"account", "box_pk"},       {"account", "creds_version"},
    {"credential", "cred_id"},  {"credential", "account"},   {"credential", "login_pk"},  {"credential", "wrapped"},
    {"session", "id"},          {"session", "token_hash"},   {"session", "account"},      {"session", "created_ms"},
    {"session", "used_ms"},     {"permit", "hash"},          {"permit", "made_ms"},       {"permit", "used_by"},
    {"circle", "number"},       {"circle", "id"},            {"circle", "head_seq"},      {"circle", "head_hash"},
    {"circle", "payload_bytes"}, {"circle", "is_closed"},    {"circle_state", "circle"},  {"circle_state", "state"},
    {"member", "sign_pk"},      {"member", "circle"},        {"member", "joined_seq"},    {"member", "left_seq"},
    {"entry", "place"},         {"entry", "id"},             {"entry", "header"},         {"entry", "sig"},
    {"entry", "payload"},       {"invite", "invite_pk"},     {"invite", "circle"},        {"invite", "seq"},
    {"invite", "used_by"},      {"circle", "heard_ms"},      {"bringer", "circle"},       {"bringer", "sign_pk"},
};

static void bind_zeros(sqlite3_stmt *stmt, size_t which)
{
    static const uint8_t zeros[LIMIT_PAYLOAD_BYTES + 1];
    static const int length[] = {0,  1,  15, 16, 17,   31,   32,   33,   63,                  64,
                                 65, 71, 72, 73, 4096, 4097, 8192, 8193, LIMIT_PAYLOAD_BYTES, LIMIT_PAYLOAD_BYTES + 1};
    (void)sqlite3_bind_blob(stmt, 1, zeros, length[which % (sizeof length / sizeof *length)], SQLITE_STATIC);
}

static void bind_number(sqlite3_stmt *stmt, size_t which)
{
    static const sqlite3_int64 number[] = {0,         1,          2,         -1,        INT32_MAX,
                                           UINT32_MAX, 1LL << 32, 1LL << 53, INT64_MAX, INT64_MIN};
    (void)sqlite3_bind_int64(stmt, 1, number[which % (sizeof number / sizeof *number)]);
}

/* Binds another value; the statement may use it or not. */
static void bind_value(sqlite3_stmt *stmt, struct fuzz_in *in)
{
    size_t kind = fuzz_below(in, 4), which = fuzz_byte(in);
    struct str bytes;
    if (kind == 0) {
        bind_zeros(stmt, which);
    } else if (kind == 1) {
        bind_number(stmt, which);
    } else if (kind == 2) {
        (void)sqlite3_bind_null(stmt, 1);
    } else {
        bytes = fuzz_bytes(in, which % 64);
        (void)sqlite3_bind_blob(stmt, 1, bytes.len > 0 ? bytes.at : whole, (int)bytes.len, SQLITE_TRANSIENT);
    }
}

/* What even the types of the tables refuse stays as it was. */
static void change_by(sqlite3 *db, const char *sql, struct fuzz_in *in)
{
    sqlite3_stmt *stmt;
    EXPECT(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK);
    bind_value(stmt, in);
    (void)sqlite3_bind_int(stmt, 2, (int)fuzz_below(in, 32));
    (void)sqlite3_step(stmt);
    (void)sqlite3_finalize(stmt);
}

static void change_value(sqlite3 *db, struct fuzz_in *in)
{
    size_t i = fuzz_below(in, sizeof columns / sizeof *columns), form = fuzz_below(in, 8);
    const char *t = columns[i].table, *c = columns[i].column;
    char sql[256], from[8], to[8];
    const char *end = "IN (SELECT";
    if (form == 1) {
        snprintf(sql, sizeof sql, "UPDATE OR IGNORE %s SET %s = CAST(substr(%s, 2) AS BLOB) WHERE %s %s %s FROM %s "
                 "LIMIT 1 OFFSET ?2)", t, c, c, c, end, c, t);
    } else if (form == 2) {
        snprintf(sql, sizeof sql, "DELETE FROM %s WHERE %s %s %s FROM %s LIMIT 1 OFFSET ?2)", t, c, end, c, t);
    } else if (form == 3) { /* what the tables are */
        snprintf(from, sizeof from, "%zu", fuzz_below(in, 100));
        snprintf(to, sizeof to, "%zu", fuzz_below(in, 100));
        snprintf(sql, sizeof sql, "UPDATE sqlite_schema SET sql = replace(sql, '%s', '%s') WHERE name = '%s'", from, to,
                 t);
    } else {
        snprintf(sql, sizeof sql, "UPDATE OR IGNORE %s SET %s = ?1 WHERE %s %s %s FROM %s LIMIT 1 OFFSET ?2)", t, c, c,
                 end, c, t);
    }
    change_by(db, sql, in);
}

static void change_values(struct fuzz_in *in)
{
    static const char ready[] = "PRAGMA ignore_check_constraints = 1; PRAGMA foreign_keys = 0; PRAGMA synchronous = 0;"
                                "PRAGMA writable_schema = 1";
    sqlite3 *db;
    write_file(whole, whole_n);
    EXPECT(sqlite3_open(path, &db) == SQLITE_OK && sqlite3_exec(db, ready, NULL, NULL, NULL) == SQLITE_OK);
    for (size_t i = 0; i < CHANGES && !fuzz_is_over(in); i++) change_value(db, in);
    EXPECT(sqlite3_close(db) == SQLITE_OK);
}

/* ---- reading ---------------------------------------------------------------------------------------------- */

static bool is_readable(enum err e)
{
    EXPECT(e == ERR_OK || e == ERR_NOT_FOUND || e == ERR_STORE || e == ERR_STORE_DAMAGED);
    return e == ERR_OK;
}

static enum err see_entry(void *ctx, const struct store_entry *entry)
{
    struct cbor_map header;
    (void)ctx;
    EXPECT(entry->seq <= LIMIT_SEQ && entry->header.len >= 1 && entry->header.len <= LIMIT_HEADER_BYTES);
    EXPECT(entry->sig.len == SIG_BYTES && entry->payload.len <= LIMIT_PAYLOAD_BYTES);
    EXPECT(!entry->is_erased || entry->payload.len == 0);
    (void)!cbor_map(entry->header, &header);
    return ERR_OK;
}

static enum err see_circle(void *ctx, const struct store_circle *circle, struct str state)
{
    struct circle loaded;
    (void)ctx;
    EXPECT(circle->number >= 1 && state.len <= STORE_STATE_BYTES);
    enum err e = circle_load(&loaded, state, circle->head.seq, circle->head.hash);
    EXPECT(e == ERR_OK || e == ERR_STORE_DAMAGED);
    return ERR_OK;
}

static enum err see_member(void *ctx, const struct store_circle *circle, const struct store_member *member)
{
    (void)ctx;
    EXPECT(circle->number == member->circle);
    return ERR_OK;
}

static enum err see_session(void *ctx, const struct store_session *session)
{
    (void)ctx;
    EXPECT(session->id[0] == session->id[0]);
    return ERR_OK;
}

static void read_people(struct store *s)
{
    struct store_account account;
    struct store_cred cred[LIMIT_CREDENTIALS];
    struct store_member member;
    size_t cred_n = 0;
    uint64_t circle_n;
    for (size_t who = 0; who < API_PEOPLE; who++) {
        const uint8_t *sign_pk = acts_world.person[who].keys.sign_pk;
        if (is_readable(store_account_by_sign_pk(s, sign_pk, &account))) {
            if (is_readable(store_creds_of(s, account.number, cred, &cred_n))) EXPECT(cred_n <= LIMIT_CREDENTIALS);
        }
        (void)is_readable(store_account_by_cred(s, api_fixed.access[who].cred_id, &account, cred));
        (void)is_readable(store_account_by_number(s, who + 1, &account));
        (void)is_readable(store_member_find(s, 1, sign_pk, &member));
        (void)is_readable(store_member_each(s, sign_pk, see_member, NULL));
        (void)is_readable(store_member_count(s, sign_pk, &circle_n));
    }
    (void)is_readable(store_session_each(s, see_session, NULL));
}

static void read_circles(struct store *s)
{
    uint8_t memory[STORE_STATE_BYTES], permit_hash[HASH_BYTES];
    struct out state = OUT_OVER(memory);
    struct store_circle circle;
    struct store_invite invite;
    struct store_permit permit;
    struct store_counts counts;
    uint64_t seq;
    (void)is_readable(store_circle_each(s, see_circle, NULL));
    if (is_readable(store_circle_by_id(s, api_fixed.circle, &circle, &state))) EXPECT(!state.is_full);
    for (uint64_t number = 1; number <= 2; number++) {
        (void)is_readable(store_circle_by_number(s, number, &circle, NULL));
        (void)is_readable(store_entry_each(s, number, 0, LIMIT_SEQ, SIZE_MAX, see_entry, NULL));
        (void)is_readable(store_entry_get(s, number, 3, see_entry, NULL));
        (void)is_readable(store_entry_by_id(s, number, api_fixed.circle, &seq));
    }
    account_permit_hash(permit_hash, api_fixed.permit);
    (void)is_readable(store_permit_find(s, permit_hash, &permit));
    (void)is_readable(store_invite_find(s, acts_world.invite[API_INVITE_SECRET].pk, &invite));
    (void)is_readable(store_count(s, &counts));
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

/* What a server does first, if it got so far. None of it stays. */
static void write_some(struct store *s)
{
    static const uint8_t bytes[LIMIT_HEADER_BYTES];
    struct store_entry entry = {.seq = 40, .header = str_at(bytes, 9), .sig = str_at(bytes, SIG_BYTES)};
    struct store_cred cred = {.cred_id = "a new one"};
    struct store_session session = {.id = "new", .token_hash = "new", .account = 1};
    uint64_t erased_bytes = 0;
    size_t removed_n;
    if (store_begin(s) != ERR_OK) return;
    enum err e = store_session_add(s, &session);
    if (e == ERR_OK) e = store_creds_replace(s, 1, 2, &cred, 1);
    if (e == ERR_OK) e = store_entry_add(s, 1, &entry);
    if (e == ERR_OK) e = store_entry_erase(s, 1, 11, &erased_bytes);
    if (e == ERR_OK) e = store_session_remove_of(s, 1, NULL, &removed_n);
    if (e == ERR_OK) e = store_account_remove(s, 2);
    EXPECT(e != ERR_INTERNAL && e != ERR_NO_MEMORY);
    store_abort(s);
}

/* ---- one input -------------------------------------------------------------------------------------------------- */

static void expect_sentence(const struct store_trouble *trouble)
{
    size_t n = strnlen(trouble->text, sizeof trouble->text);
    EXPECT(n > 0 && n < sizeof trouble->text && str_is_utf8(str_at(trouble->text, n)));
}

void fuzz_one(struct str input)
{
    struct fuzz_in in = {input};
    struct store_trouble trouble;
    struct store *s;
    if (fuzz_below(&in, 4) == 1) change_bytes(&in);
    else change_values(&in);
    enum err e = store_open_sqlite(path, STORE_SERVES | STORE_UNSYNCED, &s, &trouble);
    if (e != ERR_OK) {
        EXPECT(e == trouble.code && e != ERR_INTERNAL && e != ERR_NO_MEMORY);
        expect_sentence(&trouble);
        return;
    }
    read_people(s);
    read_circles(s);
    e = store_check(s, &trouble);
    EXPECT(e == ERR_OK || e == ERR_STORE_DAMAGED || e == ERR_STORE);
    if (e != ERR_OK) expect_sentence(&trouble);
    else fuzz_good();
    write_some(s);
    store_close(s);
}
