/* store.c -- see store.h. The rules that hold for every kind of store; the work is in the kinds. */
#include "store/store.h"

#include "store/store_ops.h"

/* Whether this call may go on; misuse never returns. */
static enum err may_read(struct store *s)
{
    EXPECT(!s->is_visiting);
    return s->lost;
}

static enum err may_write(struct store *s)
{
    EXPECT(!s->is_visiting && !s->is_reader && s->is_in_transaction);
    s->write_n++;
    return s->lost;
}

static bool is_circle(uint64_t number)
{
    return number >= 1 && number <= STORE_NUMBER;
}


enum err store_say(struct store_trouble *trouble, enum err code, const char *before, const char *path,
                   const char *after)
{
    enum { PATH_SHOWN_BYTES = 180 };
    struct out o = out_over(trouble->text, sizeof trouble->text - 1);
    struct str p = str_of_text(path);
    out_text(&o, before);
    if (p.len > PATH_SHOWN_BYTES) {
        out_text(&o, "...");
        p = str_at(p.at + p.len - PATH_SHOWN_BYTES, PATH_SHOWN_BYTES);
    }
    out_put(&o, p);
    out_text(&o, after);
    trouble->text[o.len] = '\0';
    trouble->code = code;
    return code;
}

/* ---- handles and transactions --------------------------------------------------------------- */

enum err store_reader_open(struct store *writer, struct store **reader)
{
    EXPECT(!writer->is_reader);
    return writer->handle->reader_open(writer, reader);
}

void store_close(struct store *s)
{
    if (s == NULL) return;
    EXPECT(!s->is_visiting);
    store_abort(s);
    store_end_read(s);
    s->handle->close(s);
}

enum err store_begin(struct store *s)
{
    EXPECT(!s->is_visiting && !s->is_reader && !s->is_in_transaction);
    enum err e = s->is_unsure ? ERR_STORE : s->handle->begin(s);
    s->is_in_transaction = e == ERR_OK;
    return e;
}

uint64_t store_kept_n(const struct store *s)
{
    return s->kept_n;
}

bool store_is_unsure(const struct store *s)
{
    return s->is_unsure;
}

enum err store_commit(struct store *s)
{
    enum err e = may_write(s);
    EXPECT(s->mark_n == 0 || e != ERR_OK);
    if (e == ERR_OK) e = s->handle->commit(s);
    if (e == ERR_OK) s->is_in_transaction = false;
    return e;
}

void store_abort(struct store *s)
{
    EXPECT(!s->is_visiting);
    if (!s->is_in_transaction) return;
    s->handle->abort(s);
    s->is_in_transaction = false;
    s->mark_n = 0;
    s->lost = ERR_OK;
}

enum err store_mark(struct store *s)
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    EXPECT(s->mark_n < STORE_MARKS);
    e = s->handle->mark(s);
    if (e == ERR_OK) s->mark_n++;
    return e;
}

enum err store_keep(struct store *s)
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    EXPECT(s->mark_n > 0);
    e = s->handle->keep(s);
    if (e == ERR_OK) s->mark_n--;
    return e;
}

/* Whether going back to a mark may help: what is damaged, or had no memory, was met since. A disk that refuses
 * would refuse what comes next, too. */
static bool may_be_undone(enum err lost)
{
    return lost == ERR_OK || lost == ERR_STORE_DAMAGED || lost == ERR_NO_MEMORY;
}

enum err store_undo(struct store *s)
{
    enum err lost = may_write(s);
    if (!may_be_undone(lost) || (lost != ERR_OK && s->mark_n == 0)) return lost;
    EXPECT(s->mark_n > 0);
    enum err e = s->handle->undo(s);
    if (e != ERR_OK) return lost != ERR_OK ? lost : e;
    s->mark_n--;
    s->lost = ERR_OK;
    return ERR_OK;
}

uint64_t store_write_n(const struct store *s)
{
    return s->write_n;
}

enum err store_begin_read(struct store *s)
{
    EXPECT(!s->is_visiting && s->is_reader && !s->is_reading);
    enum err e = s->handle->begin_read(s);
    s->is_reading = e == ERR_OK;
    return e;
}

void store_end_read(struct store *s)
{
    EXPECT(!s->is_visiting);
    if (!s->is_reading) return;
    s->handle->end_read(s);
    s->is_reading = false;
}

/* ---- accounts ------------------------------------------------------------------------------- */

enum err store_account_add(struct store *s, const uint8_t sign_pk[static SIGN_PK_BYTES],
                           const uint8_t box_pk[static BOX_PK_BYTES], const struct store_cred *first, uint64_t *number)
{
    enum err e = may_write(s);
    return e != ERR_OK ? e : s->account->add(s, sign_pk, box_pk, first, number);
}

enum err store_account_by_number(struct store *s, uint64_t number, struct store_account *account)
{
    enum err e = may_read(s);
    if (e != ERR_OK) return e;
    return number > LIMIT_NUMBER ? ERR_NOT_FOUND : s->account->by_number(s, number, account);
}

enum err store_account_by_sign_pk(struct store *s, const uint8_t sign_pk[static SIGN_PK_BYTES],
                                  struct store_account *account)
{
    enum err e = may_read(s);
    return e != ERR_OK ? e : s->account->by_sign_pk(s, sign_pk, account);
}

enum err store_account_by_cred(struct store *s, const uint8_t cred_id[static ID_BYTES], struct store_account *account,
                               struct store_cred *cred)
{
    enum err e = may_read(s);
    return e != ERR_OK ? e : s->account->by_cred(s, cred_id, account, cred);
}

enum err store_creds_of(struct store *s, uint64_t account, struct store_cred cred[static LIMIT_CREDENTIALS],
                        size_t *cred_n)
{
    enum err e = may_read(s);
    if (e != ERR_OK) return e;
    return account > LIMIT_NUMBER ? ERR_NOT_FOUND : s->account->creds_of(s, account, cred, cred_n);
}

/* Whether a cred_id stands twice in a list. */
static bool is_repeated(const struct store_cred *cred, size_t cred_n)
{
    for (size_t i = 1; i < cred_n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (memcmp(cred[i].cred_id, cred[j].cred_id, ID_BYTES) == 0) return true;
        }
    }
    return false;
}

enum err store_creds_replace(struct store *s, uint64_t account, uint64_t version, const struct store_cred *cred,
                             size_t cred_n)
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    EXPECT(cred_n >= 1 && cred_n <= LIMIT_CREDENTIALS);
    struct store_account found;
    if ((e = store_account_by_number(s, account, &found)) != ERR_OK) return e;
    if (version != found.creds_version + 1) return ERR_CREDS_MOVED;
    if (is_repeated(cred, cred_n)) return ERR_EXISTS;
    return s->account->creds_replace(s, account, version, cred, cred_n);
}

enum err store_account_remove(struct store *s, uint64_t account)
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    return account > LIMIT_NUMBER ? ERR_NOT_FOUND : s->account->remove(s, account);
}

/* ---- sessions and permits ------------------------------------------------------------------- */

enum err store_session_add(struct store *s, const struct store_session *session)
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    EXPECT(session->created_ms <= LIMIT_NUMBER && session->used_ms <= LIMIT_NUMBER);
    return session->account > LIMIT_NUMBER ? ERR_NOT_FOUND : s->account->session_add(s, session);
}

enum err store_session_each(struct store *s, store_session_visit *visit, void *ctx)
{
    enum err e = may_read(s);
    if (e != ERR_OK) return e;
    s->is_visiting = true;
    e = s->account->session_each(s, visit, ctx);
    s->is_visiting = false;
    return e;
}

enum err store_session_touch(struct store *s, const uint8_t id[static ID_BYTES], uint64_t used_ms)
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    EXPECT(used_ms <= LIMIT_NUMBER);
    return s->account->session_touch(s, id, used_ms);
}

enum err store_session_remove(struct store *s, const uint8_t id[static ID_BYTES])
{
    enum err e = may_write(s);
    return e != ERR_OK ? e : s->account->session_remove(s, id);
}

enum err store_session_remove_of(struct store *s, uint64_t account, const uint8_t *keep, size_t *removed_n)
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    size_t n = 0;
    if (account <= LIMIT_NUMBER) e = s->account->session_remove_of(s, account, keep, &n);
    if (e == ERR_OK) *removed_n = n;
    return e;
}

enum err store_permit_add(struct store *s, const uint8_t hash[static HASH_BYTES], uint64_t made_ms)
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    EXPECT(made_ms <= LIMIT_NUMBER);
    return s->account->permit_add(s, hash, made_ms);
}

enum err store_permit_find(struct store *s, const uint8_t hash[static HASH_BYTES], struct store_permit *permit)
{
    enum err e = may_read(s);
    return e != ERR_OK ? e : s->account->permit_find(s, hash, permit);
}

enum err store_permit_use(struct store *s, const uint8_t hash[static HASH_BYTES],
                          const uint8_t sign_pk[static SIGN_PK_BYTES])
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    struct store_permit permit;
    if ((e = s->account->permit_find(s, hash, &permit)) != ERR_OK) return e;
    if (!permit.is_used) return s->account->permit_use(s, hash, sign_pk);
    return memcmp(permit.used_by, sign_pk, SIGN_PK_BYTES) == 0 ? ERR_OK : ERR_NO_PERMIT;
}

/* ---- circles -------------------------------------------------------------------------------- */

static void expect_head(const struct store_head *head, struct str state)
{
    EXPECT(head->seq <= LIMIT_SEQ && head->payload_bytes <= LIMIT_NUMBER && head->heard_ms <= LIMIT_NUMBER);
    EXPECT(state.len <= STORE_STATE_BYTES);
}

enum err store_circle_add(struct store *s, const uint8_t id[static HASH_BYTES], const struct store_head *head,
                          struct str state, uint64_t *number)
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    expect_head(head, state);
    return s->circle->add(s, id, head, state, number);
}

static void expect_room(const struct out *state)
{
    EXPECT(state == NULL || (!state->is_full && state->cap - state->len >= STORE_STATE_BYTES));
}

enum err store_circle_by_id(struct store *s, const uint8_t id[static HASH_BYTES], struct store_circle *circle,
                            struct out *state)
{
    enum err e = may_read(s);
    if (e != ERR_OK) return e;
    expect_room(state);
    return s->circle->by_id(s, id, circle, state);
}

enum err store_circle_by_number(struct store *s, uint64_t number, struct store_circle *circle, struct out *state)
{
    enum err e = may_read(s);
    if (e != ERR_OK) return e;
    expect_room(state);
    return is_circle(number) ? s->circle->by_number(s, number, circle, state) : ERR_NOT_FOUND;
}

enum err store_circle_set_head(struct store *s, uint64_t number, const struct store_head *head, struct str state)
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    expect_head(head, state);
    return is_circle(number) ? s->circle->set_head(s, number, head, state) : ERR_NOT_FOUND;
}

enum err store_circle_bring(struct store *s, uint64_t number, const uint8_t sign_pk[static SIGN_PK_BYTES])
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    return is_circle(number) ? s->circle->bring(s, number, sign_pk) : ERR_NOT_FOUND;
}

enum err store_circle_each(struct store *s, store_circle_visit *visit, void *ctx)
{
    enum err e = may_read(s);
    if (e != ERR_OK) return e;
    s->is_visiting = true;
    e = s->circle->each(s, visit, ctx);
    s->is_visiting = false;
    return e;
}

/* ---- memberships ---------------------------------------------------------------------------- */

enum err store_member_add(struct store *s, uint64_t circle, const uint8_t sign_pk[static SIGN_PK_BYTES],
                          uint64_t joined_seq)
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    EXPECT(joined_seq <= LIMIT_SEQ);
    return is_circle(circle) ? s->circle->member_add(s, circle, sign_pk, joined_seq) : ERR_NOT_FOUND;
}

enum err store_member_leave(struct store *s, uint64_t circle, const uint8_t sign_pk[static SIGN_PK_BYTES],
                            uint64_t left_seq)
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    EXPECT(left_seq <= LIMIT_SEQ);
    return is_circle(circle) ? s->circle->member_leave(s, circle, sign_pk, left_seq) : ERR_NOT_FOUND;
}

enum err store_member_find(struct store *s, uint64_t circle, const uint8_t sign_pk[static SIGN_PK_BYTES],
                           struct store_member *member)
{
    enum err e = may_read(s);
    if (e != ERR_OK) return e;
    return is_circle(circle) ? s->circle->member_find(s, circle, sign_pk, member) : ERR_NOT_FOUND;
}

enum err store_member_each(struct store *s, const uint8_t sign_pk[static SIGN_PK_BYTES], store_member_visit *visit,
                           void *ctx)
{
    enum err e = may_read(s);
    if (e != ERR_OK) return e;
    s->is_visiting = true;
    e = s->circle->member_each(s, sign_pk, visit, ctx);
    s->is_visiting = false;
    return e;
}

enum err store_member_count(struct store *s, const uint8_t sign_pk[static SIGN_PK_BYTES], uint64_t *circle_n)
{
    enum err e = may_read(s);
    return e != ERR_OK ? e : s->circle->member_count(s, sign_pk, circle_n);
}

/* ---- entries -------------------------------------------------------------------------------- */

enum err store_entry_add(struct store *s, uint64_t circle, const struct store_entry *entry)
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    EXPECT(entry->seq <= LIMIT_SEQ && entry->sig.len == SIG_BYTES);
    EXPECT(entry->header.len >= 1 && entry->header.len <= LIMIT_HEADER_BYTES);
    EXPECT(entry->payload.len <= (entry->is_erased ? 0 : LIMIT_PAYLOAD_BYTES));
    return is_circle(circle) ? s->circle->entry_add(s, circle, entry) : ERR_NOT_FOUND;
}

enum err store_entry_get(struct store *s, uint64_t circle, uint64_t seq, store_entry_visit *visit, void *ctx)
{
    enum err e = may_read(s);
    if (e != ERR_OK) return e;
    if (!is_circle(circle) || seq > LIMIT_SEQ) return ERR_NOT_FOUND;
    s->is_visiting = true;
    e = s->circle->entry_get(s, circle, seq, visit, ctx);
    s->is_visiting = false;
    return e;
}

enum err store_entry_by_id(struct store *s, uint64_t circle, const uint8_t id[static ID_BYTES], uint64_t *seq)
{
    enum err e = may_read(s);
    if (e != ERR_OK) return e;
    return is_circle(circle) ? s->circle->entry_by_id(s, circle, id, seq) : ERR_NOT_FOUND;
}

enum err store_entry_each(struct store *s, uint64_t circle, uint64_t first_seq, uint64_t last_seq, size_t limit_n,
                          store_entry_visit *visit, void *ctx)
{
    enum err e = may_read(s);
    if (e != ERR_OK) return e;
    if (last_seq > LIMIT_SEQ) last_seq = LIMIT_SEQ;
    if (!is_circle(circle) || first_seq > last_seq || limit_n == 0) return ERR_OK;
    s->is_visiting = true;
    e = s->circle->entry_each(s, circle, first_seq, last_seq, limit_n, visit, ctx);
    s->is_visiting = false;
    return e;
}

enum err store_entry_erase(struct store *s, uint64_t circle, uint64_t seq, uint64_t *erased_bytes)
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    if (!is_circle(circle) || seq > LIMIT_SEQ) return ERR_NOT_FOUND;
    return s->circle->entry_erase(s, circle, seq, erased_bytes);
}

enum err store_entry_fill(struct store *s, uint64_t circle, uint64_t seq, struct str payload)
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    EXPECT(payload.len >= 1 && payload.len <= LIMIT_PAYLOAD_BYTES);
    if (!is_circle(circle) || seq > LIMIT_SEQ) return ERR_NOT_FOUND;
    return s->circle->entry_fill(s, circle, seq, payload);
}

/* ---- invites -------------------------------------------------------------------------------- */

enum err store_invite_add(struct store *s, const uint8_t invite_pk[static SIGN_PK_BYTES], uint64_t circle,
                          uint64_t seq)
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    EXPECT(seq <= LIMIT_SEQ);
    return is_circle(circle) ? s->circle->invite_add(s, invite_pk, circle, seq) : ERR_NOT_FOUND;
}

enum err store_invite_find(struct store *s, const uint8_t invite_pk[static SIGN_PK_BYTES],
                           struct store_invite *invite)
{
    enum err e = may_read(s);
    return e != ERR_OK ? e : s->circle->invite_find(s, invite_pk, invite);
}

enum err store_invite_use(struct store *s, uint64_t circle, uint64_t seq, const uint8_t sign_pk[static SIGN_PK_BYTES])
{
    enum err e = may_write(s);
    if (e != ERR_OK) return e;
    if (!is_circle(circle) || seq > LIMIT_SEQ) return ERR_NOT_FOUND;
    return s->circle->invite_use(s, circle, seq, sign_pk);
}

/* ---- care ----------------------------------------------------------------------------------- */

enum err store_count(struct store *s, struct store_counts *counts)
{
    enum err e = may_read(s);
    return e != ERR_OK ? e : s->handle->count(s, counts);
}

enum err store_tidy(struct store *s)
{
    EXPECT(!s->is_visiting && !s->is_in_transaction && !s->is_reading);
    return s->handle->tidy(s);
}

enum err store_backup(struct store *s, const char *path, struct store_trouble *trouble)
{
    EXPECT(!s->is_visiting && !s->is_in_transaction && !s->is_reading);
    return s->handle->backup(s, path, trouble);
}

enum err store_check(struct store *s, struct store_trouble *trouble)
{
    EXPECT(!s->is_visiting && !s->is_in_transaction && !s->is_reading);
    return s->handle->check(s, trouble);
}
