/* store_mem_circle.c -- circles, memberships, entries and invites in memory. */
#include "store/store_mem.h"

enum { NOWHERE = -1 }; /* no such row */

/* ---- circles -------------------------------------------------------------------------------- */

static const struct mem_circle *circle_at(const struct mem_data *data, size_t at)
{
    return data->circle.row[at];
}

static ptrdiff_t find_circle(const struct mem_data *data, uint64_t number)
{
    for (size_t i = 0; i < data->circle.row_n; i++) {
        if (circle_at(data, i)->circle.number == number) return (ptrdiff_t)i;
    }
    return NOWHERE;
}

static ptrdiff_t find_circle_id(const struct mem_data *data, const uint8_t *id)
{
    for (size_t i = 0; i < data->circle.row_n; i++) {
        if (memcmp(circle_at(data, i)->circle.id, id, HASH_BYTES) == 0) return (ptrdiff_t)i;
    }
    return NOWHERE;
}

static enum err mem_circle_add(struct store *s, const uint8_t *id, const struct store_head *head, struct str state,
                               uint64_t *number)
{
    struct mem_data *work = mem_work(s);
    if (find_circle_id(work, id) != NOWHERE) return ERR_EXISTS;
    struct mem_circle row = {.circle = {.number = work->circle.row_n + 1, .head = *head}};
    memcpy(row.circle.id, id, HASH_BYTES);
    row.state = str_at(mem_keep(s, state.at, state.len), state.len);
    if (row.state.at == NULL) return ERR_NO_MEMORY;
    enum err e = mem_append(s, &work->circle, &row, sizeof row);
    if (e == ERR_OK) *number = row.circle.number;
    return e;
}

/* Hands out the circle at that place, if it is one. */
static enum err circle_give(const struct mem_data *view, ptrdiff_t at, struct store_circle *circle, struct out *state)
{
    if (at == NOWHERE) return ERR_NOT_FOUND;
    *circle = circle_at(view, (size_t)at)->circle;
    if (state != NULL) out_put(state, circle_at(view, (size_t)at)->state);
    return ERR_OK;
}

static enum err mem_circle_by_id(struct store *s, const uint8_t *id, struct store_circle *circle, struct out *state)
{
    struct mem_data *view = mem_view(s);
    enum err e = circle_give(view, find_circle_id(view, id), circle, state);
    mem_view_end(s, view);
    return e;
}

static enum err mem_circle_by_number(struct store *s, uint64_t number, struct store_circle *circle, struct out *state)
{
    struct mem_data *view = mem_view(s);
    enum err e = circle_give(view, find_circle(view, number), circle, state);
    mem_view_end(s, view);
    return e;
}

static enum err mem_circle_set_head(struct store *s, uint64_t number, const struct store_head *head, struct str state)
{
    struct mem_data *work = mem_work(s);
    ptrdiff_t at = find_circle(work, number);
    if (at == NOWHERE) return ERR_NOT_FOUND;
    struct mem_circle row = *circle_at(work, (size_t)at);
    row.circle.head = *head;
    if (state.at != NULL) {
        row.state = str_at(mem_keep(s, state.at, state.len), state.len);
        if (row.state.at == NULL) return ERR_NO_MEMORY;
    }
    return mem_replace(s, &work->circle, (size_t)at, &row, sizeof row);
}

static const struct mem_bringer *bringer_at(const struct mem_data *data, size_t at)
{
    return data->bringer.row[at];
}

static enum err mem_circle_bring(struct store *s, uint64_t number, const uint8_t *sign_pk)
{
    struct mem_data *work = mem_work(s);
    struct mem_bringer row = {.circle = number};
    if (find_circle(work, number) == NOWHERE) return ERR_NOT_FOUND;
    for (size_t i = 0; i < work->bringer.row_n; i++) {
        if (bringer_at(work, i)->circle == number) return ERR_EXISTS;
    }
    memcpy(row.sign_pk, sign_pk, SIGN_PK_BYTES);
    return mem_append(s, &work->bringer, &row, sizeof row);
}

static enum err mem_circle_each(struct store *s, store_circle_visit *visit, void *ctx)
{
    struct mem_data *view = mem_view(s);
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < view->circle.row_n; i++) {
        e = visit(ctx, &circle_at(view, i)->circle, circle_at(view, i)->state);
    }
    mem_view_end(s, view);
    return e;
}

/* ---- memberships ---------------------------------------------------------------------------- */

static const struct store_member *member_at(const struct mem_data *data, size_t at)
{
    return data->member.row[at];
}

static bool is_of(const struct store_member *row, uint64_t circle, const uint8_t *sign_pk)
{
    return row->circle == circle && memcmp(row->sign_pk, sign_pk, SIGN_PK_BYTES) == 0;
}

/* The newest is the one with the highest joined_seq. */
static ptrdiff_t find_member(const struct mem_data *data, uint64_t circle, const uint8_t *sign_pk)
{
    ptrdiff_t newest = NOWHERE;
    for (size_t i = 0; i < data->member.row_n; i++) {
        const struct store_member *row = member_at(data, i);
        if (!is_of(row, circle, sign_pk)) continue;
        if (newest == NOWHERE || row->joined_seq > member_at(data, (size_t)newest)->joined_seq) newest = (ptrdiff_t)i;
    }
    return newest;
}

static enum err mem_member_add(struct store *s, uint64_t circle, const uint8_t *sign_pk, uint64_t joined_seq)
{
    struct mem_data *work = mem_work(s);
    if (find_circle(work, circle) == NOWHERE) return ERR_NOT_FOUND;
    for (size_t i = 0; i < work->member.row_n; i++) {
        const struct store_member *row = member_at(work, i);
        if (is_of(row, circle, sign_pk) && (!row->has_left || row->joined_seq == joined_seq)) return ERR_EXISTS;
    }
    struct store_member row = {.circle = circle, .joined_seq = joined_seq};
    memcpy(row.sign_pk, sign_pk, SIGN_PK_BYTES);
    return mem_append(s, &work->member, &row, sizeof row);
}

static enum err mem_member_leave(struct store *s, uint64_t circle, const uint8_t *sign_pk, uint64_t left_seq)
{
    struct mem_data *work = mem_work(s);
    for (size_t i = 0; i < work->member.row_n; i++) {
        struct store_member row = *member_at(work, i);
        if (!is_of(&row, circle, sign_pk) || row.has_left) continue;
        row.has_left = true;
        row.left_seq = left_seq;
        return mem_replace(s, &work->member, i, &row, sizeof row);
    }
    return ERR_NOT_FOUND;
}

static enum err mem_member_find(struct store *s, uint64_t circle, const uint8_t *sign_pk, struct store_member *member)
{
    struct mem_data *view = mem_view(s);
    ptrdiff_t at = find_member(view, circle, sign_pk);
    if (at != NOWHERE) *member = *member_at(view, (size_t)at);
    mem_view_end(s, view);
    return at != NOWHERE ? ERR_OK : ERR_NOT_FOUND;
}

static enum err mem_member_each(struct store *s, const uint8_t *sign_pk, store_member_visit *visit, void *ctx)
{
    struct mem_data *view = mem_view(s);
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < view->circle.row_n; i++) {
        const struct store_circle *circle = &circle_at(view, i)->circle;
        ptrdiff_t at = find_member(view, circle->number, sign_pk);
        if (at != NOWHERE) e = visit(ctx, circle, member_at(view, (size_t)at));
    }
    mem_view_end(s, view);
    return e;
}

static bool is_in(const struct mem_data *view, uint64_t circle, const uint8_t *sign_pk)
{
    ptrdiff_t at = find_member(view, circle, sign_pk);
    return at != NOWHERE && !member_at(view, (size_t)at)->has_left;
}

static enum err mem_member_count(struct store *s, const uint8_t *sign_pk, uint64_t *circle_n)
{
    struct mem_data *view = mem_view(s);
    uint64_t n = 0;
    for (size_t i = 0; i < view->member.row_n; i++) {
        const struct store_member *row = member_at(view, i);
        if (!row->has_left && memcmp(row->sign_pk, sign_pk, SIGN_PK_BYTES) == 0) n++;
    }
    for (size_t i = 0; i < view->bringer.row_n; i++) {
        const struct mem_bringer *row = bringer_at(view, i);
        if (memcmp(row->sign_pk, sign_pk, SIGN_PK_BYTES) == 0 && !is_in(view, row->circle, sign_pk)) n++;
    }
    mem_view_end(s, view);
    *circle_n = n;
    return ERR_OK;
}

/* ---- entries -------------------------------------------------------------------------------- */

static const struct mem_entry *entry_at(const struct mem_data *data, size_t at)
{
    return data->entry.row[at];
}

/* The place of the first entry of the circle with at least that seq, or of what comes after it. */
static size_t entry_place(const struct mem_data *data, uint64_t circle, uint64_t seq)
{
    size_t at = 0;
    while (at < data->entry.row_n && entry_at(data, at)->circle < circle) at++;
    while (at < data->entry.row_n && entry_at(data, at)->circle == circle && entry_at(data, at)->entry.seq < seq) at++;
    return at;
}

static ptrdiff_t find_entry(const struct mem_data *data, uint64_t circle, uint64_t seq)
{
    size_t at = entry_place(data, circle, seq);
    if (at == data->entry.row_n) return NOWHERE;
    const struct mem_entry *row = entry_at(data, at);
    return row->circle == circle && row->entry.seq == seq ? (ptrdiff_t)at : NOWHERE;
}

static ptrdiff_t find_entry_id(const struct mem_data *data, uint64_t circle, const uint8_t *id)
{
    for (size_t i = 0; i < data->entry.row_n; i++) {
        if (entry_at(data, i)->circle == circle && memcmp(entry_at(data, i)->entry.id, id, ID_BYTES) == 0)
            return (ptrdiff_t)i;
    }
    return NOWHERE;
}

/* Copies the bytes a row borrows; false when there is no memory. */
static bool entry_own(struct store *s, struct store_entry *entry)
{
    struct str *part[] = {&entry->header, &entry->sig, &entry->payload};
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        part[i]->at = mem_keep(s, part[i]->at, part[i]->len);
        if (part[i]->at == NULL) return false;
    }
    return true;
}

static enum err mem_entry_add(struct store *s, uint64_t circle, const struct store_entry *entry)
{
    struct mem_data *work = mem_work(s);
    if (find_circle(work, circle) == NOWHERE) return ERR_NOT_FOUND;
    if (find_entry(work, circle, entry->seq) != NOWHERE) return ERR_HEAD_MOVED;
    if (find_entry_id(work, circle, entry->id) != NOWHERE) return ERR_ID_TAKEN;
    struct mem_entry row = {.circle = circle, .entry = *entry};
    if (!entry_own(s, &row.entry)) return ERR_NO_MEMORY;
    return mem_insert(s, &work->entry, entry_place(work, circle, entry->seq), &row, sizeof row);
}

static enum err mem_entry_get(struct store *s, uint64_t circle, uint64_t seq, store_entry_visit *visit, void *ctx)
{
    struct mem_data *view = mem_view(s);
    ptrdiff_t at = find_entry(view, circle, seq);
    enum err e = at != NOWHERE ? visit(ctx, &entry_at(view, (size_t)at)->entry) : ERR_NOT_FOUND;
    mem_view_end(s, view);
    return e;
}

static enum err mem_entry_by_id(struct store *s, uint64_t circle, const uint8_t *id, uint64_t *seq)
{
    struct mem_data *view = mem_view(s);
    ptrdiff_t at = find_entry_id(view, circle, id);
    if (at != NOWHERE) *seq = entry_at(view, (size_t)at)->entry.seq;
    mem_view_end(s, view);
    return at != NOWHERE ? ERR_OK : ERR_NOT_FOUND;
}

static enum err mem_entry_each(struct store *s, uint64_t circle, uint64_t first_seq, uint64_t last_seq, size_t limit_n,
                               store_entry_visit *visit, void *ctx)
{
    struct mem_data *view = mem_view(s);
    enum err e = ERR_OK;
    size_t at = entry_place(view, circle, first_seq);
    for (size_t n = 0; e == ERR_OK && n < limit_n && at < view->entry.row_n; n++, at++) {
        const struct mem_entry *row = entry_at(view, at);
        if (row->circle != circle || row->entry.seq > last_seq) break;
        e = visit(ctx, &row->entry);
    }
    mem_view_end(s, view);
    return e;
}

static enum err mem_entry_erase(struct store *s, uint64_t circle, uint64_t seq, uint64_t *erased_bytes)
{
    struct mem_data *work = mem_work(s);
    ptrdiff_t at = find_entry(work, circle, seq);
    if (at == NOWHERE) return ERR_NOT_FOUND;
    struct mem_entry row = *entry_at(work, (size_t)at);
    uint64_t bytes = row.entry.payload.len;
    row.entry.payload.len = 0;
    row.entry.is_erased = true;
    enum err e = mem_replace(s, &work->entry, (size_t)at, &row, sizeof row);
    if (e == ERR_OK) *erased_bytes = bytes;
    return e;
}

static enum err mem_entry_fill(struct store *s, uint64_t circle, uint64_t seq, struct str payload)
{
    struct mem_data *work = mem_work(s);
    ptrdiff_t at = find_entry(work, circle, seq);
    if (at == NOWHERE) return ERR_NOT_FOUND;
    struct mem_entry row = *entry_at(work, (size_t)at);
    if (row.entry.is_erased || row.entry.payload.len > 0) return ERR_NOT_FOUND;
    row.entry.payload = str_at(mem_keep(s, payload.at, payload.len), payload.len);
    if (row.entry.payload.at == NULL) return ERR_NO_MEMORY;
    return mem_replace(s, &work->entry, (size_t)at, &row, sizeof row);
}

/* ---- invites -------------------------------------------------------------------------------- */

static const struct store_invite *invite_at(const struct mem_data *data, size_t at)
{
    return data->invite.row[at];
}

static ptrdiff_t find_invite(const struct mem_data *data, uint64_t circle, uint64_t seq)
{
    for (size_t i = 0; i < data->invite.row_n; i++) {
        if (invite_at(data, i)->circle == circle && invite_at(data, i)->seq == seq) return (ptrdiff_t)i;
    }
    return NOWHERE;
}

static enum err mem_invite_add(struct store *s, const uint8_t *invite_pk, uint64_t circle, uint64_t seq)
{
    struct mem_data *work = mem_work(s);
    if (find_circle(work, circle) == NOWHERE) return ERR_NOT_FOUND;
    if (find_invite(work, circle, seq) != NOWHERE) return ERR_EXISTS;
    struct store_invite row = {.circle = circle, .seq = seq};
    memcpy(row.invite_pk, invite_pk, SIGN_PK_BYTES);
    return mem_append(s, &work->invite, &row, sizeof row);
}

static enum err mem_invite_find(struct store *s, const uint8_t *invite_pk, struct store_invite *invite)
{
    struct mem_data *view = mem_view(s);
    enum err e = ERR_NOT_FOUND;
    for (size_t i = 0; e != ERR_OK && i < view->invite.row_n; i++) {
        if (memcmp(invite_at(view, i)->invite_pk, invite_pk, SIGN_PK_BYTES) != 0) continue;
        *invite = *invite_at(view, i);
        e = ERR_OK;
    }
    mem_view_end(s, view);
    return e;
}

static enum err mem_invite_use(struct store *s, uint64_t circle, uint64_t seq, const uint8_t *sign_pk)
{
    struct mem_data *work = mem_work(s);
    ptrdiff_t at = find_invite(work, circle, seq);
    if (at == NOWHERE) return ERR_NOT_FOUND;
    struct store_invite row = *invite_at(work, (size_t)at);
    if (row.is_used) return memcmp(row.used_by, sign_pk, SIGN_PK_BYTES) == 0 ? ERR_OK : ERR_NO_PERMIT;
    row.is_used = true;
    memcpy(row.used_by, sign_pk, SIGN_PK_BYTES);
    return mem_replace(s, &work->invite, (size_t)at, &row, sizeof row);
}

const struct store_circle_ops mem_circle_ops = {
    .add = mem_circle_add,
    .by_id = mem_circle_by_id,
    .by_number = mem_circle_by_number,
    .set_head = mem_circle_set_head,
    .bring = mem_circle_bring,
    .each = mem_circle_each,
    .member_add = mem_member_add,
    .member_leave = mem_member_leave,
    .member_find = mem_member_find,
    .member_each = mem_member_each,
    .member_count = mem_member_count,
    .entry_add = mem_entry_add,
    .entry_get = mem_entry_get,
    .entry_by_id = mem_entry_by_id,
    .entry_each = mem_entry_each,
    .entry_erase = mem_entry_erase,
    .entry_fill = mem_entry_fill,
    .invite_add = mem_invite_add,
    .invite_find = mem_invite_find,
    .invite_use = mem_invite_use,
};
