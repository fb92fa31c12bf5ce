/* draft.c -- see draft.h. */
#include "device/draft.h"

static void put(struct draft *draft, enum item_kind kind, struct str content)
{
    EXPECT(draft->item_n < DRAFT_ITEMS);
    draft->item[draft->item_n].kind = kind;
    draft->item[draft->item_n++].content = content;
}

static void put_rotate(struct draft *draft, enum rotate_reason reason)
{
    static const uint8_t reasons[] = {0, ROTATE_LEFT, ROTATE_INVITE, ROTATE_JOINED, ROTATE_LOCKED, ROTATE_WISH};
    put(draft, ITEM_ROTATE, str_at(&reasons[reason], 1));
}

/* ---- coming and going ---------------------------------------------------------------------------------- */

/* The circle's facts as they are, said again for whoever comes; empty where nobody said any. */
static enum err facts_again(struct arena *a, const struct copy *copy, uint64_t now_ms, struct str *text)
{
    struct facts facts = copy->state.facts;
    uint8_t *memory = arena_take(a, DRAFT_TEXT_BYTES);
    if (memory == NULL) return ERR_NO_MEMORY;
    struct out o = out_over(memory, DRAFT_TEXT_BYTES);
    facts.written_ms = now_ms;
    if (facts.kind != FACTS_NONE && facts_check(&facts) == LAW_OK) facts_put(&o, &facts);
    *text = out_str(&o);
    return ERR_OK;
}

enum err draft_invite(struct draft *draft, struct arena *a, const struct copy *copy,
                      const uint8_t secret[static SECRET_BYTES], uint64_t expires_ms, struct str profile,
                      uint64_t now_ms)
{
    const uint64_t most_ms = (uint64_t)LIMIT_INVITE_DAYS * 24 * 3600 * 1000;
    struct str facts;
    *draft = (struct draft){0};
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
    put_rotate(draft, ROTATE_INVITE);
    put(draft, ITEM_INVITE, out_str(&o));
    if (facts.len > 0) put(draft, ITEM_SAY, facts);
    put(draft, ITEM_SAY, profile);
    return ERR_OK;
}

enum err draft_consent(struct draft *draft, const struct copy *copy, const uint8_t invite_hash[static HASH_BYTES],
                       struct str profile)
{
    *draft = (struct draft){0};
    if (circle_open_invite(&copy->chain.circle, invite_hash) == NULL) return ERR_INVITE_VOID;
    put(draft, ITEM_CONSENT, str_at(invite_hash, HASH_BYTES));
    put(draft, ITEM_SAY, profile);
    return ERR_OK;
}

enum err draft_join(struct draft *draft, const struct copy *copy, const uint8_t secret[static SECRET_BYTES],
                    struct str profile)
{
    *draft = (struct draft){0};
    if (copy_is_in(copy)) return ERR_ALREADY_MEMBER;
    put(draft, ITEM_JOIN, str_at(secret, SECRET_BYTES));
    put_rotate(draft, ROTATE_JOINED);
    put(draft, ITEM_SAY, profile);
    return ERR_OK;
}

enum err draft_leave(struct draft *draft, const struct copy *copy)
{
    *draft = (struct draft){0};
    if (!copy_is_in(copy)) return ERR_NOT_MEMBER;
    if (copy->chain.circle.is_sole) return ERR_SOLE_CIRCLE;
    put(draft, ITEM_LEAVE, (struct str){0});
    return ERR_OK;
}

enum err draft_rotate(struct draft *draft, const struct copy *copy)
{
    *draft = (struct draft){0};
    if (!copy_is_in(copy)) return ERR_NOT_MEMBER;
    put_rotate(draft, ROTATE_WISH);
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

enum err draft_erase(struct draft *draft, struct arena *a, const struct copy *copy, const uint64_t *seq, size_t seq_n)
{
    *draft = (struct draft){0};
    if (seq_n == 0 || seq_n > DRAFT_ERASED) return ERR_BAD_REDACT;
    uint8_t *memory = arena_take(a, 8 * seq_n);
    if (memory == NULL) return ERR_NO_MEMORY;
    struct out seqs = out_over(memory, 8 * seq_n);
    for (size_t i = 0; i < seq_n; i++) {
        struct str text = {0};
        if (!may_erase(copy, seq[i])) return ERR_BAD_REDACT;
        out_put_be64(&seqs, seq[i]);
        enum err e = copy_is_in(copy) ? residue_of(a, copy, seq[i], &text) : ERR_OK;
        if (e != ERR_OK) return e;
        if (text.len > 0) put(draft, ITEM_SAY, text);
    }
    put(draft, ITEM_REDACT, out_str(&seqs));
    return ERR_OK;
}
