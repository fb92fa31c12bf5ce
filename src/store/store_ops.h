/* store_ops.h -- what a kind of store has to bring along. For src/store only; others see store.h.
 *
 * store.c looks after the rules of store.h (who may write, when, what may be passed), so that a kind of
 * store only does the work. Each function here has the contract of its namesake in store.h.
 */
#ifndef STORE_STORE_OPS_H
#define STORE_STORE_OPS_H

#include "store/store.h"

/* Handles, transactions, and the care of the whole. */
struct store_handle_ops {
    void (*close)(struct store *s);
    enum err (*reader_open)(struct store *s, struct store **reader);
    enum err (*begin)(struct store *s);
    enum err (*commit)(struct store *s); /* after a failure, abort follows */
    void (*abort)(struct store *s);      /* also where begin or commit failed */
    enum err (*mark)(struct store *s);
    enum err (*keep)(struct store *s);
    enum err (*undo)(struct store *s);
    enum err (*begin_read)(struct store *s);
    void (*end_read)(struct store *s);
    enum err (*count)(struct store *s, struct store_counts *counts);
    enum err (*tidy)(struct store *s);
    enum err (*backup)(struct store *s, const char *path, struct store_trouble *trouble);
    enum err (*check)(struct store *s, struct store_trouble *trouble);
};

/* Accounts, sessions, permits. */
struct store_account_ops {
    enum err (*add)(struct store *s, const uint8_t *sign_pk, const uint8_t *box_pk, const struct store_cred *first,
                    uint64_t *number);
    enum err (*by_number)(struct store *s, uint64_t number, struct store_account *account);
    enum err (*by_sign_pk)(struct store *s, const uint8_t *sign_pk, struct store_account *account);
    enum err (*by_cred)(struct store *s, const uint8_t *cred_id, struct store_account *account,
                        struct store_cred *cred);
    enum err (*creds_of)(struct store *s, uint64_t account, struct store_cred *cred, size_t *cred_n);
    enum err (*creds_replace)(struct store *s, uint64_t account, uint64_t version, const struct store_cred *cred,
                              size_t cred_n);
    enum err (*remove)(struct store *s, uint64_t account);
    enum err (*session_add)(struct store *s, const struct store_session *session);
    enum err (*session_each)(struct store *s, store_session_visit *visit, void *ctx);
    enum err (*session_touch)(struct store *s, const uint8_t *id, uint64_t used_ms);
    enum err (*session_remove)(struct store *s, const uint8_t *id);
    enum err (*session_remove_of)(struct store *s, uint64_t account, const uint8_t *keep, size_t *removed_n);
    enum err (*permit_add)(struct store *s, const uint8_t *hash, uint64_t made_ms);
    enum err (*permit_find)(struct store *s, const uint8_t *hash, struct store_permit *permit);
    enum err (*permit_use)(struct store *s, const uint8_t *hash, const uint8_t *sign_pk);
};

/* Circles, memberships, entries, invites. Numbers of circles are 1..STORE_NUMBER and seqs at most LIMIT_SEQ
 * when they arrive here. */
struct store_circle_ops {
    enum err (*add)(struct store *s, const uint8_t *id, const struct store_head *head, struct str state,
                    uint64_t *number);
    enum err (*by_id)(struct store *s, const uint8_t *id, struct store_circle *circle, struct out *state);
    enum err (*by_number)(struct store *s, uint64_t number, struct store_circle *circle, struct out *state);
    enum err (*set_head)(struct store *s, uint64_t number, const struct store_head *head, struct str state);
    enum err (*bring)(struct store *s, uint64_t number, const uint8_t *sign_pk);
    enum err (*each)(struct store *s, store_circle_visit *visit, void *ctx);
    enum err (*member_add)(struct store *s, uint64_t circle, const uint8_t *sign_pk, uint64_t joined_seq);
    enum err (*member_leave)(struct store *s, uint64_t circle, const uint8_t *sign_pk, uint64_t left_seq);
    enum err (*member_find)(struct store *s, uint64_t circle, const uint8_t *sign_pk, struct store_member *member);
    enum err (*member_each)(struct store *s, const uint8_t *sign_pk, store_member_visit *visit, void *ctx);
    enum err (*member_count)(struct store *s, const uint8_t *sign_pk, uint64_t *circle_n);
    enum err (*entry_add)(struct store *s, uint64_t circle, const struct store_entry *entry);
    enum err (*entry_get)(struct store *s, uint64_t circle, uint64_t seq, store_entry_visit *visit, void *ctx);
    enum err (*entry_by_id)(struct store *s, uint64_t circle, const uint8_t *id, uint64_t *seq);
    enum err (*entry_each)(struct store *s, uint64_t circle, uint64_t first_seq, uint64_t last_seq, size_t limit_n,
                           store_entry_visit *visit, void *ctx);
    enum err (*entry_erase)(struct store *s, uint64_t circle, uint64_t seq, uint64_t *erased_bytes);
    enum err (*entry_fill)(struct store *s, uint64_t circle, uint64_t seq, struct str payload);
    enum err (*invite_add)(struct store *s, const uint8_t *invite_pk, uint64_t circle, uint64_t seq);
    enum err (*invite_find)(struct store *s, const uint8_t *invite_pk, struct store_invite *invite);
    enum err (*invite_use)(struct store *s, uint64_t circle, uint64_t seq, const uint8_t *sign_pk);
};

/* A handle of any kind; the first member of the kind's own. */
struct store {
    const struct store_handle_ops *handle;
    const struct store_account_ops *account;
    const struct store_circle_ops *circle;
    bool is_reader;
    bool is_in_transaction, is_reading; /* store_begin, store_begin_read */
    bool is_visiting;
    unsigned mark_n;
    uint64_t write_n; /* store_write_n */
    enum err lost; /* why the transaction can only be aborted; OK while it is fine */
    bool is_unsure; /* see store_is_unsure */
    uint64_t kept_n; /* see store_kept_n; the kind's commit counts */
};

/* store_lost -- gives e back, and notes that the transaction, if there is one, is lost by it.
 *
 * A kind of store passes every error of [store] through here, and nothing else.
 */
static inline enum err store_lost(struct store *s, enum err e)
{
    if (s->is_in_transaction && s->lost == ERR_OK) s->lost = e;
    s->write_n++;
    return e;
}

/* store_say -- fills trouble: before, the path (its end, if it is long), after. Gives code back. */
enum err store_say(struct store_trouble *trouble, enum err code, const char *before, const char *path,
                   const char *after) NONNULL;

#endif
