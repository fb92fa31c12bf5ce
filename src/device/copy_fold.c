/* copy_fold.c -- the fold of a copy: fed in order, fed anew, and fed what waits. See copy.h. */
#include "device/copy.h"

static struct copy_row *row_at(struct copy *c, uint64_t seq)
{
    return pages_at(&c->row, (size_t)seq);
}

/* ---- erasures ------------------------------------------------------------------------------------------ */

/* The residues that stand directly before a redact, the last of them last. */
struct residues {
    struct redact_before before[LIMIT_CBOR_ITEMS + 1];
    struct redact_residue residue[LIMIT_CBOR_ITEMS + 1];
    size_t n;
};

static bool is_residue(const struct copy_row *row)
{
    uint64_t type;
    return row->how == OPENED_TEXT && payload_type(row->text, &type) == ERR_OK && type == PAYLOAD_RESIDUE;
}

static void residues_before(const struct copy *c, const struct copy_redact *redact, struct residues *r)
{
    const uint8_t *author = index_row(&c->chain.index, redact->seq)->author;
    uint64_t first = redact->seq;
    while (first > 0 && redact->seq - first < LIMIT_CBOR_ITEMS) {
        const struct index_row *before = index_row(&c->chain.index, first - 1);
        if (memcmp(before->author, author, SIGN_PK_BYTES) != 0 || before->is_erased) break;
        if (!is_residue(copy_row(c, first - 1))) break;
        first--;
    }
    r->n = 0;
    for (uint64_t seq = first; seq < redact->seq; seq++) {
        bool is_read = redact_residue_read(copy_row(c, seq)->text, &r->residue[r->n]) == ERR_OK;
        r->before[r->n] = (struct redact_before){index_row(&c->chain.index, seq)->author,
                                                 is_read ? &r->residue[r->n] : NULL};
        r->n++;
    }
}

/* Forgets the words of what was erased, and puts what stays of it in their place. */
static void apply_erasures(struct copy *c)
{
    struct residues r;
    for (size_t i = 0; i < c->redact.item_n; i++) {
        const struct copy_redact *redact = pages_at(&c->redact, i);
        residues_before(c, redact, &r);
        for (size_t k = 0; k < redact->target_n; k++) {
            struct copy_row *row = row_at(c, redact->target[k]);
            const struct index_row *at = index_row(&c->chain.index, redact->target[k]);
            const struct redact_residue *left = redact_residue_for(r.before, r.n, at->author, at->hash);
            if (row->how == OPENED_TEXT) wipe((uint8_t *)(uintptr_t)row->text.at, row->text.len);
            row->closed = (struct str){0};
            row->how = left != NULL ? OPENED_RESIDUE : OPENED_ERASED;
            row->text = left != NULL ? left->outcome : (struct str){0};
        }
    }
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

/* Puts into e what the fold looks at of a confirmed entry. redact: of those that come next, the first. */
static void entry_of(const struct copy *c, uint64_t seq, size_t *redact, struct entry *e)
{
    const struct index_row *at = index_row(&c->chain.index, seq);
    e->seq = seq;
    e->id = at->id;
    e->author = at->author;
    e->kind = at->kind;
    e->time_ms = copy_row(c, seq)->time_ms;
    if (e->kind == ENTRY_GENESIS) e->body.genesis.is_sole = c->chain.circle.is_sole;
    if (e->kind != ENTRY_REDACT) return;
    const struct copy_redact *r = pages_at(&c->redact, (*redact)++);
    EXPECT(r->seq == seq);
    memcpy(e->body.redact.seq, r->target, r->target_n * sizeof *r->target);
    e->body.redact.seq_n = r->target_n;
}

static enum err refold(struct copy *c)
{
    struct entry e = {.circle = c->id};
    size_t redact = 0;
    enum err err = ERR_OK;
    apply_erasures(c);
    arena_fini(&c->fold);
    state_init(&c->state, &c->fold);
    pages_init(&c->said, &c->fold, sizeof(struct str));
    c->provisional_n = c->folded_n = 0;
    c->_must_refold = false;
    for (uint64_t seq = 0; err == ERR_OK && seq < copy_n(c); seq++) {
        entry_of(c, seq, &redact, &e);
        const struct copy_row *row = copy_row(c, seq);
        err = state_add(&c->state, &(struct opened){&e, (enum opened_how)row->how, row->text});
    }
    if (err == ERR_OK) c->folded_n = copy_n(c);
    return err;
}

bool copy_is_folded(const struct copy *copy)
{
    return !copy->_must_refold && copy->folded_n == copy_n(copy) && !state_is_stale(&copy->state);
}

enum err copy_fold(struct copy *copy)
{
    EXPECT(!copy->is_broken);
    return copy_is_folded(copy) ? ERR_OK : refold(copy);
}

enum err copy_settle(struct copy *copy)
{
    EXPECT(!copy->is_broken);
    return copy->provisional_n > 0 ? refold(copy) : copy_fold(copy);
}

/* ---- what waits ---------------------------------------------------------------------------------------- */

enum err copy_say(struct copy *copy, const struct entry *entry, struct str text)
{
    struct entry e = *entry;
    EXPECT(!copy->is_broken);
    e.seq = state_row_n(&copy->state);
    if (copy->said.item_n == 0) copy->_said_base = e.seq;
    struct str *said = pages_reserve(&copy->said);
    if (said != NULL) *said = arena_copy(&copy->fold, text);
    enum err err = said == NULL || (said->at == NULL && text.len > 0) ? ERR_NO_MEMORY : ERR_OK;
    enum opened_how how = e.kind == ENTRY_SEALED ? OPENED_TEXT : OPENED_CONTROL;
    if (err == ERR_OK) err = state_add(&copy->state, &(struct opened){&e, how, *said});
    if (err != ERR_OK) return err;
    copy->said.item_n++;
    copy->provisional_n++;
    return ERR_OK;
}

void copy_confirm(struct copy *copy, uint64_t n)
{
    EXPECT(n <= copy->provisional_n && copy->folded_n + n <= copy_n(copy));
    copy->folded_n += n;
    copy->provisional_n -= n;
}

struct str copy_text(const struct copy *copy, uint64_t seq)
{
    if (seq < copy_n(copy)) return copy_row(copy, seq)->text;
    EXPECT(seq >= copy->_said_base && seq < state_row_n(&copy->state));
    return *(const struct str *)pages_at(&copy->said, (size_t)(seq - copy->_said_base));
}
