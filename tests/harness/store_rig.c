/* store_rig.c -- see store_rig.h. */
#define _DEFAULT_SOURCE /* open_memstream */
#include "harness/store_rig.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

void expect_err_at(enum err got, enum err wanted, const char *call, const char *file, int line)
{
    if (got == wanted) return;
    print_error("%s gave %s, not %s\n", call, err_code(got), err_code(wanted));
    _fail(file, line);
}

/* ---- stores --------------------------------------------------------------------------------- */

struct store *rig_open(const char *path, unsigned flags)
{
    struct store *s = NULL;
    struct store_trouble trouble = {0};
    enum err e = store_open_sqlite(path, flags, &s, &trouble);
    if (e != ERR_OK) print_error("%s\n", trouble.text);
    expect(e, ERR_OK);
    return s;
}

static void handles_open(struct store_rig *rig)
{
    if (rig->kind == STORE_KIND_SQLITE) rig->writer = rig_open(rig->path, STORE_CREATES | STORE_SERVES);
    else expect(store_open_mem(&rig->writer), ERR_OK);
    expect(store_reader_open(rig->writer, &rig->reader), ERR_OK);
}

static int setup(void **state, enum store_kind kind)
{
    struct store_rig *rig = calloc(1, sizeof *rig);
    if (rig == NULL) return -1;
    rig->kind = kind;
    if (kind == STORE_KIND_SQLITE) {
        char folder[SCRATCH_PATH_BYTES];
        scratch_folder(folder);
        scratch_path(rig->path, folder, "troth.db");
    }
    handles_open(rig);
    *state = rig;
    return 0;
}

int store_rig_setup_mem(void **state)
{
    return setup(state, STORE_KIND_MEM);
}

int store_rig_setup_sqlite(void **state)
{
    return setup(state, STORE_KIND_SQLITE);
}

static void handles_close(struct store_rig *rig)
{
    store_close(rig->reader);
    store_close(rig->writer);
}

int store_rig_teardown(void **state)
{
    handles_close(*state);
    free(*state);
    return 0;
}

void rig_reopen(struct store_rig *rig)
{
    EXPECT(rig->kind == STORE_KIND_SQLITE);
    handles_close(rig);
    handles_open(rig);
}

/* ---- numbered things ------------------------------------------------------------------------ */

/* Bytes that follow from n and look like nothing else's. */
static void fill(uint8_t *bytes, size_t bytes_n, unsigned n, unsigned salt)
{
    uint64_t x = (uint64_t)n * 1000003 + salt;
    for (size_t i = 0; i < bytes_n; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = (uint8_t)(x >> 56);
    }
}

const uint8_t *rig_key(unsigned n)
{
    static uint8_t keys[RIG_VALUES][HASH_BYTES];
    static unsigned next;
    uint8_t *key = keys[next++ % RIG_VALUES];
    fill(key, HASH_BYTES, n, 1);
    return key;
}

const uint8_t *rig_id(unsigned n)
{
    static uint8_t ids[RIG_VALUES][ID_BYTES];
    static unsigned next;
    uint8_t *id = ids[next++ % RIG_VALUES];
    fill(id, ID_BYTES, n, 2);
    return id;
}

struct store_cred rig_cred(unsigned n)
{
    struct store_cred cred;
    memcpy(cred.cred_id, rig_id(n), ID_BYTES);
    fill(cred.login_pk, SIGN_PK_BYTES, n, 3);
    fill(cred.wrapped, STORE_WRAPPED_BYTES, n, 4);
    return cred;
}

struct store_session rig_session(unsigned n, uint64_t account)
{
    struct store_session session = {.account = account, .created_ms = 1000 + n, .used_ms = 2000 + n};
    memcpy(session.id, rig_id(n), ID_BYTES);
    fill(session.token_hash, HASH_BYTES, n, 5);
    return session;
}

struct store_head rig_head(uint64_t seq)
{
    struct store_head head = {.seq = seq, .payload_bytes = seq * 10, .heard_ms = seq * 7};
    fill(head.hash, HASH_BYTES, (unsigned)seq, 6);
    return head;
}

struct store_entry rig_entry(uint64_t seq, unsigned n)
{
    static uint8_t header[100], sig[SIG_BYTES], payload[LIMIT_PAYLOAD_BYTES];
    EXPECT(n <= LIMIT_PAYLOAD_BYTES);
    fill(header, sizeof header, n, 7);
    fill(sig, sizeof sig, n, 8);
    fill(payload, n, n, 9);
    struct store_entry entry = {
        .seq = seq, .header = STR_OF(header), .sig = STR_OF(sig), .payload = str_at(payload, n)};
    memcpy(entry.id, rig_id(n), ID_BYTES);
    return entry;
}

/* ---- steps that tests take often ------------------------------------------------------------ */

void rig_begin(struct store *s)
{
    expect(store_begin(s), ERR_OK);
}

void rig_commit(struct store *s)
{
    expect(store_commit(s), ERR_OK);
}

uint64_t rig_add_circle(struct store *s, unsigned n)
{
    struct store_head head = rig_head(0);
    uint64_t number = 0;
    expect(store_circle_add(s, rig_key(n), &head, STR("at first"), &number), ERR_OK);
    return number;
}

uint64_t rig_add_account(struct store *s, unsigned n)
{
    struct store_cred cred = rig_cred(n);
    uint64_t number = 0;
    expect(store_account_add(s, rig_key(n), rig_key(n + 1000), &cred, &number), ERR_OK);
    return number;
}

void rig_add_entries(struct store *s, uint64_t circle, unsigned first, unsigned last)
{
    for (unsigned seq = first; seq <= last; seq++) {
        struct store_entry entry = rig_entry(seq, seq);
        expect(store_entry_add(s, circle, &entry), ERR_OK);
    }
    struct store_head head = rig_head(last);
    expect(store_circle_set_head(s, circle, &head, (struct str){0}), ERR_OK);
}

/* ---- a store as text ------------------------------------------------------------------------ */

static void print_bytes(FILE *to, const char *name, struct str bytes)
{
    fprintf(to, " %s=", name);
    if (bytes.len > 40) { /* its length and a sum that every byte and its place go into */
        uint64_t sum = UINT64_C(14695981039346656037);
        for (size_t i = 0; i < bytes.len; i++) sum = (sum ^ bytes.at[i]) * UINT64_C(1099511628211);
        fprintf(to, "%zu:%016" PRIx64, bytes.len, sum);
        return;
    }
    for (size_t i = 0; i < bytes.len; i++) fprintf(to, "%02x", bytes.at[i]);
}

static void print_account(FILE *to, struct store *s, uint64_t number)
{
    struct store_account account, same;
    struct store_cred cred[LIMIT_CREDENTIALS], found;
    size_t cred_n = 0;
    if (store_account_by_number(s, number, &account) != ERR_OK) return;
    fprintf(to, "account %" PRIu64 " version=%" PRIu64, account.number, account.creds_version);
    print_bytes(to, "sign_pk", STR_OF(account.sign_pk));
    print_bytes(to, "box_pk", STR_OF(account.box_pk));
    expect(store_account_by_sign_pk(s, account.sign_pk, &same), ERR_OK);
    assert_int_equal(same.number, number);
    expect(store_creds_of(s, number, cred, &cred_n), ERR_OK);
    for (size_t i = 0; i < cred_n; i++) {
        fprintf(to, "\n  cred");
        print_bytes(to, "id", STR_OF(cred[i].cred_id));
        print_bytes(to, "login_pk", STR_OF(cred[i].login_pk));
        print_bytes(to, "wrapped", STR_OF(cred[i].wrapped));
        expect(store_account_by_cred(s, cred[i].cred_id, &same, &found), ERR_OK);
        assert_int_equal(same.number, number);
        assert_memory_equal(&found, &cred[i], sizeof found);
    }
    fputc('\n', to);
}

static enum err print_session(void *ctx, const struct store_session *session)
{
    fprintf(ctx, "session account=%" PRIu64 " created=%" PRIu64 " used=%" PRIu64, session->account,
            session->created_ms, session->used_ms);
    print_bytes(ctx, "id", STR_OF(session->id));
    print_bytes(ctx, "token_hash", STR_OF(session->token_hash));
    fputc('\n', ctx);
    return ERR_OK;
}

static void print_permit(FILE *to, struct store *s, unsigned n)
{
    struct store_permit permit;
    if (store_permit_find(s, rig_key(n), &permit) != ERR_OK) return;
    fprintf(to, "permit %u made=%" PRIu64 " is_used=%d", n, permit.made_ms, permit.is_used);
    print_bytes(to, "used_by", STR_OF(permit.used_by));
    fputc('\n', to);
}

static void print_head(FILE *to, const struct store_circle *circle)
{
    fprintf(to, " number=%" PRIu64 " seq=%" PRIu64 " bytes=%" PRIu64 " is_closed=%d heard=%" PRIu64, circle->number,
            circle->head.seq, circle->head.payload_bytes, circle->head.is_closed, circle->head.heard_ms);
    print_bytes(to, "id", STR_OF(circle->id));
    print_bytes(to, "hash", STR_OF(circle->head.hash));
}

static enum err print_circle(void *ctx, const struct store_circle *circle, struct str state)
{
    fprintf(ctx, "circle");
    print_head(ctx, circle);
    print_bytes(ctx, "state", state);
    fputc('\n', ctx);
    return ERR_OK;
}

static enum err print_member(void *ctx, const struct store_circle *circle, const struct store_member *member)
{
    if (circle->number != member->circle) return ERR_BROKEN_CHAIN;
    fprintf(ctx, "  joined=%" PRIu64 " has_left=%d left=%" PRIu64, member->joined_seq, member->has_left,
            member->left_seq);
    print_bytes(ctx, "sign_pk", STR_OF(member->sign_pk));
    print_head(ctx, circle);
    fputc('\n', ctx);
    return ERR_OK;
}

static enum err print_entry(void *ctx, const struct store_entry *entry)
{
    fprintf(ctx, "  entry %" PRIu64 " is_erased=%d", entry->seq, entry->is_erased);
    print_bytes(ctx, "id", STR_OF(entry->id));
    print_bytes(ctx, "header", entry->header);
    print_bytes(ctx, "sig", entry->sig);
    print_bytes(ctx, "payload", entry->payload);
    fputc('\n', ctx);
    return ERR_OK;
}

static void print_invite(FILE *to, struct store *s, unsigned n)
{
    struct store_invite invite;
    if (store_invite_find(s, rig_key(n), &invite) != ERR_OK) return;
    fprintf(to, "invite %u circle=%" PRIu64 " seq=%" PRIu64 " is_used=%d", n, invite.circle, invite.seq,
            invite.is_used);
    print_bytes(to, "used_by", STR_OF(invite.used_by));
    fputc('\n', to);
}

char *rig_text(struct store *s)
{
    char *text = NULL;
    size_t text_n = 0;
    FILE *to = open_memstream(&text, &text_n);
    struct store_counts n = {0};
    assert_non_null(to);
    expect(store_count(s, &n), ERR_OK);
    fprintf(to, "%" PRIu64 " accounts %" PRIu64 " sessions %" PRIu64 " circles %" PRIu64 " entries %" PRIu64 " bytes %"
            PRIu64 " permits\n", n.account_n, n.session_n, n.circle_n, n.entry_n, n.payload_bytes, n.open_permit_n);
    for (unsigned i = 1; i < 8 * RIG_SEEN; i++) print_account(to, s, i);
    expect(store_session_each(s, print_session, to), ERR_OK);
    expect(store_circle_each(s, print_circle, to), ERR_OK);
    for (unsigned i = 0; i < RIG_SEEN; i++) {
        uint64_t circle_n = 0;
        print_permit(to, s, i);
        print_invite(to, s, i);
        expect(store_member_count(s, rig_key(i), &circle_n), ERR_OK);
        fprintf(to, "person %u: %" PRIu64 " circles\n", i, circle_n);
        expect(store_member_each(s, rig_key(i), print_member, to), ERR_OK);
    }
    for (uint64_t circle = 1; circle <= n.circle_n; circle++) {
        fprintf(to, "record of %" PRIu64 "\n", circle);
        expect(store_entry_each(s, circle, 0, LIMIT_SEQ, SIZE_MAX, print_entry, to), ERR_OK);
    }
    assert_int_equal(fclose(to), 0);
    return text;
}
