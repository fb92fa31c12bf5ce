/* outbox.c -- see outbox.h. */
#include "client/outbox.h"

#include <stdlib.h>

#include "device/batch.h"
#include "device/owed.h"

/* ---- in memory ------------------------------------------------------------------------------- */

static void item_free(struct outbox_item *item)
{
    wipe((uint8_t *)(uintptr_t)item->is.content.at, item->is.content.len);
    free((uint8_t *)(uintptr_t)item->is.content.at);
    free((uint8_t *)(uintptr_t)item->is.wire.at);
    wipe(item, sizeof *item);
}

void outbox_free(struct outbox *outbox)
{
    for (size_t i = 0; i < outbox->item_n; i++) item_free(&outbox->item[i]);
    free(outbox->item);
    *outbox = (struct outbox){.held = outbox->held};
}

static enum err copied(struct str s, struct str *copy)
{
    uint8_t *at = malloc(s.len + 1); /* never nothing: an empty wire is not a missing one's address */
    if (at == NULL) return ERR_NO_MEMORY;
    if (s.len > 0) memcpy(at, s.at, s.len);
    *copy = str_at(at, s.len);
    return ERR_OK;
}

/* Appends a copy; rotates that are owed come before everything else. */
static enum err remember(struct outbox *o, const struct home_item *item)
{
    struct outbox_item *more = realloc(o->item, (o->item_n + 1) * sizeof *more);
    if (more == NULL) return ERR_NO_MEMORY;
    o->item = more;
    struct outbox_item new = {.is = *item};
    enum err e = copied(item->content, &new.is.content);
    if (e != ERR_OK) return e;
    e = copied(item->wire, &new.is.wire);
    if (e != ERR_OK) {
        wipe((uint8_t *)(uintptr_t)new.is.content.at, item->content.len);
        free((uint8_t *)(uintptr_t)new.is.content.at);
        return e;
    }
    size_t at = o->item_n;
    while (item->kind == ITEM_MEND && at > 0) {
        o->item[at] = o->item[at - 1];
        at--;
    }
    o->item[at] = new;
    o->item_n++;
    return ERR_OK;
}

static enum err load_item(void *ctx, const struct home_item *item)
{
    return remember(ctx, item);
}

enum err outbox_load(struct outbox *outbox)
{
    outbox_free(outbox);
    enum err e = home_items_each(outbox->held->home, outbox->held->number, load_item, outbox);
    if (e != ERR_OK) {
        outbox_free(outbox);
        outbox->held->is_broken = true; /* the home has more: to be read again before anything else */
    }
    return e;
}

/* How many items, from first on, are one group. */
static size_t group_n(const struct outbox *o, size_t first)
{
    size_t n = 0;
    while (first + n < o->item_n && o->item[first + n].is.group == o->item[first].is.group) n++;
    return n;
}

static void forget(struct outbox *o, size_t at)
{
    item_free(&o->item[at]);
    for (size_t i = at + 1; i < o->item_n; i++) o->item[i - 1] = o->item[i];
    o->item_n--;
}

static const struct outbox_item *first_of(const struct outbox *o, enum item_kind kind)
{
    for (size_t i = 0; i < o->item_n; i++) {
        if (o->item[i].is.kind == (unsigned)kind) return &o->item[i];
    }
    return NULL;
}

const struct outbox_item *outbox_join(const struct outbox *outbox)
{
    return first_of(outbox, ITEM_JOIN);
}

const struct outbox_item *outbox_genesis(const struct outbox *outbox)
{
    return first_of(outbox, ITEM_GENESIS);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Where bytes that are signed already stand. */
static void place_of(struct home_item *item, struct str wire)
{
    struct entry entry;
    struct why why;
    EXPECT(entry_read(wire, &entry, &why) == ERR_OK);
    item->wire = wire;
    item->was_sent = true;
    item->signed_seq = entry.seq;
    if (entry.prev != NULL) memcpy(item->signed_prev, entry.prev, HASH_BYTES);
}

static enum err add_all(const struct outbox *o, const struct outbox_new *item, size_t item_n, uint64_t now_ms,
                        uint8_t *last_id)
{
    enum err e = ERR_OK;
    uint64_t group = 0;
    for (size_t i = 0; e == ERR_OK && i < item_n; i++) {
        struct home_item new = {.kind = item[i].kind, .made_ms = now_ms, .content = item[i].content};
        if (item[i].id != NULL) memcpy(new.id, item[i].id, ID_BYTES);
        else random_fill(new.id, ID_BYTES);
        for (size_t k = 0; i == 0 && k < 6; k++) group = group << 8 | new.id[k]; /* called after its first */
        new.group = group;
        if (item[i].wire.len > 0) place_of(&new, item[i].wire);
        e = home_item_add(o->held->home, o->held->number, &new);
        memcpy(last_id, new.id, ID_BYTES);
    }
    return e;
}

enum err outbox_add(struct outbox *outbox, const struct outbox_new *item, size_t item_n, uint64_t now_ms,
                    bool is_inside, uint8_t *id)
{
    struct home *home = outbox->held->home;
    uint8_t last_id[ID_BYTES] = {0};
    enum err e = is_inside ? ERR_OK : home_begin(home);
    if (e == ERR_OK) e = add_all(outbox, item, item_n, now_ms, last_id);
    if (e == ERR_OK && !is_inside) e = home_commit(home);
    if (!is_inside) home_abandon(home);
    if (e == ERR_OK) e = outbox_load(outbox);
    if (e == ERR_OK && id != NULL) memcpy(id, last_id, ID_BYTES);
    return e;
}

/* ---- finding again --------------------------------------------------------------------------- */

/* An id of ours under another's name is not our entry: ours can then never be recorded, and will be told. */
static enum err find(void *of, const struct entry *entry)
{
    struct outbox *o = of;
    bool is_mine = memcmp(entry->author, o->held->me->sign_pk, SIGN_PK_BYTES) == 0;
    /* what a server refused, and had recorded all the same: a draft of it would be said twice */
    enum err drafted = is_mine ? home_draft_remove(o->held->home, o->held->number, entry->id) : ERR_NOT_FOUND;
    if (drafted != ERR_OK && drafted != ERR_NOT_FOUND) return drafted;
    for (size_t i = 0; i < o->item_n; i++) {
        if (!is_mine || o->item[i].is_done || memcmp(o->item[i].is.id, entry->id, ID_BYTES) != 0) continue;
        enum err e = home_item_remove(o->held->home, o->held->number, entry->id);
        if (e != ERR_OK) return e;
        o->item[i].is_done = true;
    }
    return ERR_OK;
}

struct held_with outbox_with(struct outbox *outbox)
{
    return (struct held_with){outbox, find};
}

/* Whether an item is signed for the place that is next. The first of a batch is; the others stand behind it. */
static bool is_live(const struct outbox *o, const struct outbox_item *item)
{
    return item->is.wire.len > 0 && batch_is_live(&o->held->copy, item->is.signed_seq, item->is.signed_prev);
}

static bool has_live(const struct outbox *o)
{
    for (size_t i = 0; i < o->item_n; i++) {
        if (is_live(o, &o->item[i])) return true;
    }
    return false;
}

static enum err unsign(struct outbox *o, size_t at)
{
    struct home_item item = o->item[at].is;
    item.wire = (struct str){0};
    item.was_sent = false;
    item.signed_seq = 0;
    memset(item.signed_prev, 0, HASH_BYTES);
    enum err e = home_item_set(o->held->home, o->held->number, &item);
    if (e != ERR_OK) return e;
    o->item[at].is.wire.len = 0;
    o->item[at].is.was_sent = false;
    return ERR_OK;
}

enum err outbox_unsign(struct outbox *outbox)
{
    enum err e = home_begin(outbox->held->home);
    for (size_t i = 0; e == ERR_OK && i < outbox->item_n; i++) {
        bool is_made = outbox->item[i].is.kind == ITEM_GENESIS;
        if (is_made) break; /* a circle begins with the bytes that named it */
        if (outbox->item[i].is.wire.len > 0) e = unsign(outbox, i);
    }
    if (e == ERR_OK) e = home_commit(outbox->held->home);
    home_abandon(outbox->held->home);
    return e;
}

enum err outbox_tidy(struct outbox *outbox, size_t *done_n)
{
    for (size_t i = outbox->item_n; i > 0; i--) {
        if (!outbox->item[i - 1].is_done) continue;
        *done_n += !item_is_hidden((enum item_kind)outbox->item[i - 1].is.kind);
        forget(outbox, i - 1);
    }
    bool is_made = outbox_genesis(outbox) != NULL;
    bool has_dead = false;
    for (size_t i = 0; i < outbox->item_n; i++) has_dead |= outbox->item[i].is.wire.len > 0;
    return has_dead && !is_made && !has_live(outbox) ? outbox_unsign(outbox) : ERR_OK;
}

/* ---- what is owed ---------------------------------------------------------------------------- */

static enum err mend_rotate(struct outbox *o, uint64_t now_ms)
{
    uint8_t reason = owed_rotate(&o->held->copy);
    const struct outbox_item *mend = first_of(o, ITEM_MEND);
    if (mend != NULL && reason == 0 && mend->is.wire.len == 0) return outbox_remove(o, mend->is.group);
    if (mend != NULL || reason == 0) return ERR_OK;
    struct outbox_new item = {.kind = ITEM_MEND, .content = str_at(&reason, 1)};
    return outbox_add(o, &item, 1, now_ms, false, NULL);
}

static enum err mend_keys(struct outbox *o, uint64_t now_ms)
{
    const struct copy *copy = &o->held->copy;
    bool is_due = owed_keys_are_due(copy);
    const struct outbox_item *keys = first_of(o, ITEM_KEYS);
    if (keys != NULL && !is_due && keys->is.wire.len == 0) return outbox_remove(o, keys->is.group);
    if (keys != NULL || !is_due) return ERR_OK;
    uint8_t memory[OWED_KEYS_BYTES];
    struct out text = OUT_OVER(memory);
    enum err e = ERR_OK;
    if (owed_keys_put(copy, &text)) {
        struct outbox_new item = {.kind = ITEM_KEYS, .content = out_str(&text)};
        e = outbox_add(o, &item, 1, now_ms, false, NULL);
    }
    wipe(memory, sizeof memory);
    return e;
}

enum err outbox_mend(struct outbox *outbox, uint64_t now_ms)
{
    enum err e = mend_rotate(outbox, now_ms);
    return e == ERR_OK ? mend_keys(outbox, now_ms) : e;
}

/* ---- laws, as homes keep them ---------------------------------------------------------------- */

uint64_t outbox_law_code(enum law law)
{
    uint64_t code = 0;
    struct str number = str_of_text(law_number(law));
    for (size_t i = 0; i < number.len && i < 6; i++) code = code << 8 | number.at[i];
    return code;
}

enum law outbox_law_of(uint64_t code)
{
    for (int law = LAW_OK + 1; law < LAW_N; law++) {
        if (outbox_law_code((enum law)law) == code) return (enum law)law;
    }
    return LAW_OK;
}

/* ---- back to the drafts ---------------------------------------------------------------------- */

static enum err draft_of(struct outbox *o, const struct home_item *item, enum law law, enum err err, uint64_t now_ms)
{
    struct home_draft draft = {.kind = item->kind, .error = err, .law = outbox_law_code(law), .at_ms = now_ms,
                               .content = item->content};
    memcpy(draft.id, item->id, ID_BYTES);
    bool is_a_persons = !item_is_hidden((enum item_kind)item->kind);
    enum err e = is_a_persons ? home_draft_put(o->held->home, o->held->number, &draft) : ERR_OK;
    return e == ERR_OK ? home_item_remove(o->held->home, o->held->number, item->id) : e;
}

size_t outbox_signed_at(const struct outbox *outbox, uint64_t n)
{
    for (size_t i = 0; i < outbox->item_n; i++) {
        if (outbox->item[i].is.wire.len > 0 && n-- == 0) return i;
    }
    return 0;
}

enum err outbox_give_back(struct outbox *outbox, size_t at, enum law law, enum err err, uint64_t now_ms,
                          struct outbox_back *back)
{
    size_t first = at < outbox->item_n ? at : 0;
    while (first > 0 && outbox->item[first - 1].is.group == outbox->item[first].is.group) first--;
    size_t n = outbox->item_n > 0 ? group_n(outbox, first) : 0;
    enum err e = home_begin(outbox->held->home);
    for (size_t i = 0; e == ERR_OK && i < n; i++) e = draft_of(outbox, &outbox->item[first + i].is, law, err, now_ms);
    if (e == ERR_OK) e = home_commit(outbox->held->home);
    home_abandon(outbox->held->home);
    if (e != ERR_OK) return e;
    if (back->n == 0 && n > 0) {
        back->law = law;
        back->err = err;
    }
    back->n += n;
    for (; n > 0; n--) forget(outbox, first + n - 1);
    return ERR_OK;
}

enum err outbox_remove(struct outbox *outbox, uint64_t group)
{
    enum err e = home_begin(outbox->held->home);
    for (size_t i = 0; e == ERR_OK && i < outbox->item_n; i++) {
        if (outbox->item[i].is.group != group) continue;
        e = home_item_remove(outbox->held->home, outbox->held->number, outbox->item[i].is.id);
    }
    if (e == ERR_OK) e = home_commit(outbox->held->home);
    home_abandon(outbox->held->home);
    return e == ERR_OK ? outbox_load(outbox) : e;
}
