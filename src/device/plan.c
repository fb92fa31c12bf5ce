/* plan.c -- see plan.h. */
#include "device/plan.h"

static void put(struct plan *plan, enum item_kind kind, struct str content)
{
    EXPECT(plan->item_n < PLAN_ITEMS);
    plan->item[plan->item_n].kind = kind;
    plan->item[plan->item_n++].content = content;
}

static void put_rotate(struct plan *plan, enum rotate_reason reason)
{
    static const uint8_t reasons[] = {0, ROTATE_LEFT, ROTATE_INVITE, ROTATE_JOINED, ROTATE_LOCKED, ROTATE_WISH};
    put(plan, ITEM_ROTATE, str_at(&reasons[reason], 1));
}

/* ---- coming and going ---------------------------------------------------------------------------------- */

/* The circle's facts as they are, said again for whoever comes; empty where nobody said any. */
static enum err facts_again(struct arena *a, const struct copy *copy, uint64_t now_ms, struct str *text)
{
    struct facts facts = copy->state.facts;
    uint8_t *memory = arena_take(a, PLAN_TEXT_BYTES);
    if (memory == NULL) return ERR_NO_MEMORY;
    struct out o = out_over(memory, PLAN_TEXT_BYTES);
    facts.written_ms = now_ms;
    if (facts.kind != FACTS_NONE && facts_check(&facts) == LAW_OK) facts_put(&o, &facts);
    *text = out_str(&o);
    return ERR_OK;
}

enum err plan_invite(struct plan *plan, struct arena *a, const struct copy *copy,
                      const uint8_t secret[static SECRET_BYTES], uint64_t expires_ms, struct str profile,
                      uint64_t now_ms)
{
    const uint64_t most_ms = (uint64_t)LIMIT_INVITE_DAYS * 24 * 3600 * 1000;
    struct str facts;
    *plan = (struct plan){0};
    if (!copy_is_in(copy)) return ERR_NOT_MEMBER;
    if (copy->chain.circle.is_sole) return ERR_SOLE_CIRCLE;
    if (copy->chain.circle.member_n == LIMIT_MEMBERS) return ERR_FULL;
    if (expires_ms <= now_ms || expires_ms - now_ms > most_ms) return ERR_INVITE_EXPIRED;
    uint8_t *content = arena_take(a, SECRET_BYTES + 8);
    enum err e = content == NULL ? ERR_NO_MEMORY : facts_again(a, copy, now_ms, &facts);
    if (e != ERR_OK) return e;
    struct out o = out_over(content, SECRET_BYTES + 8);
    out_put(&o, str_at(secret, SECRET_BYTES));
    out_put_be64(&o, expires_ms);
    put_rotate(plan, ROTATE_INVITE);
    put(plan, ITEM_INVITE, out_str(&o));
    if (facts.len > 0) put(plan, ITEM_SAY, facts);
    put(plan, ITEM_SAY, profile);
    return ERR_OK;
}

enum err plan_consent(struct plan *plan, const struct copy *copy, const uint8_t invite_hash[static HASH_BYTES],
                       struct str profile)
{
    *plan = (struct plan){0};
    if (circle_open_invite(&copy->chain.circle, invite_hash) == NULL) return ERR_INVITE_VOID;
    put(plan, ITEM_CONSENT, str_at(invite_hash, HASH_BYTES));
    put(plan, ITEM_SAY, profile);
    return ERR_OK;
}

enum err plan_join(struct plan *plan, const struct copy *copy, const uint8_t secret[static SECRET_BYTES],
                    struct str profile)
{
    *plan = (struct plan){0};
    if (copy_is_in(copy)) return ERR_ALREADY_MEMBER;
    put(plan, ITEM_JOIN, str_at(secret, SECRET_BYTES));
    put_rotate(plan, ROTATE_JOINED);
    put(plan, ITEM_SAY, profile);
    return ERR_OK;
}

enum err plan_leave(struct plan *plan, const struct copy *copy)
{
    *plan = (struct plan){0};
    if (!copy_is_in(copy)) return ERR_NOT_MEMBER;
    if (copy->chain.circle.is_sole) return ERR_SOLE_CIRCLE;
    put(plan, ITEM_LEAVE, (struct str){0});
    return ERR_OK;
}

enum err plan_rotate(struct plan *plan, const struct copy *copy)
{
    *plan = (struct plan){0};
    if (!copy_is_in(copy)) return ERR_NOT_MEMBER;
    put_rotate(plan, ROTATE_WISH);
    return ERR_OK;
}

/* ---- erasing ------------------------------------------------------------------------------------------- */

static bool may_erase(const struct copy *copy, uint64_t seq)
{
    if (seq >= copy_n(copy)) return false;
    const struct index_row *row = index_row(&copy->chain.index, seq);
    return row->kind == ENTRY_SEALED && !row->is_erased && memcmp(row->author, copy->me->sign_pk, SIGN_PK_BYTES) == 0;
}

/* What stays of an entry, as the text of a residue; empty: nothing does. */
static enum err residue_of(struct arena *a, const struct copy *copy, uint64_t seq, struct str *text)
{
    uint64_t type;
    const struct copy_row *row = copy_row(copy, seq);
    *text = (struct str){0};
    if (row->how != OPENED_TEXT || payload_type(row->text, &type) != ERR_OK || type != PAYLOAD_PROMISE) return ERR_OK;
    uint8_t *memory = arena_take(a, 2 * row->text.len + 128);
    if (memory == NULL) return ERR_NO_MEMORY;
    struct out outcome = out_over(memory, row->text.len), o = out_over(memory + row->text.len, row->text.len + 128);
    if (promise_act_scrub(&outcome, row->text) != LAW_OK) return ERR_OK;
    struct redact_residue residue = {.type = type, .outcome = out_str(&outcome)};
    memcpy(residue.target, index_row(&copy->chain.index, seq)->hash, HASH_BYTES);
    redact_residue_put(&o, &residue);
    EXPECT(!o.is_full);
    *text = out_str(&o);
    return ERR_OK;
}

enum err plan_erase(struct plan *plan, struct arena *a, const struct copy *copy, const uint64_t *seq, size_t seq_n)
{
    *plan = (struct plan){0};
    if (seq_n == 0 || seq_n > PLAN_ERASED) return ERR_BAD_REDACT;
    uint8_t *memory = arena_take(a, 8 * seq_n);
    if (memory == NULL) return ERR_NO_MEMORY;
    struct out seqs = out_over(memory, 8 * seq_n);
    for (size_t i = 0; i < seq_n; i++) {
        struct str text = {0};
        if (!may_erase(copy, seq[i])) return ERR_BAD_REDACT;
        out_put_be64(&seqs, seq[i]);
        enum err e = copy_is_in(copy) ? residue_of(a, copy, seq[i], &text) : ERR_OK;
        if (e != ERR_OK) return e;
        if (text.len > 0) put(plan, ITEM_SAY, text);
    }
    put(plan, ITEM_REDACT, out_str(&seqs));
    return ERR_OK;
}
