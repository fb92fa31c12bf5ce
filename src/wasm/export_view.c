/* export_view.c -- what screens show of a circle but for its promises: members, invitations, the log. See exports.h.
 *
 * A long answer is a CBOR sequence: a map that says how many rows there are, and as many of them as were asked for
 * and fit.
 */
#include "record/redact.h"
#include "wasm/exports.h"
#include "wasm/view.h"

/* ---- members ------------------------------------------------------------------------------------------- */

/* The newest entry of each row of the list of members. */
static enum err newest_of(struct call *c, const struct state *state, const struct state_row ***newest)
{
    size_t member_n = state_member_n(state), left = member_n;
    *newest = arena_take(&c->a, member_n * sizeof **newest);
    if (*newest == NULL) return ERR_NO_MEMORY;
    for (uint64_t seq = state_row_n(state); seq > 0 && left > 0; seq--) {
        const struct state_row *row = state_row(state, seq - 1);
        if (row->author == STATE_NONE || (*newest)[row->author] != NULL) continue;
        (*newest)[row->author] = row;
        left--;
    }
    return ERR_OK;
}

static void put_member(struct call *c, const struct member *m, const struct state_row *newest)
{
    const struct copy *copy = hold_copy(c);
    int at = m->has_left ? -1 : circle_member_index(&copy->chain.circle, m->sign_pk);
    bool is_me = memcmp(m->sign_pk, copy->me->sign_pk, SIGN_PK_BYTES) == 0;
    cbor_put_map(&c->out, 5 + 3 * (size_t)m->has_profile + 2 * (size_t)m->has_left + (size_t)(at >= 0) +
                              2 * (size_t)(newest != NULL));
    call_put_number(c, 1, m->index);
    call_put_bytes(c, 2, m->sign_pk, SIGN_PK_BYTES);
    call_put_number(c, 3, is_me);
    call_put_number(c, 4, m->since_seq);
    call_put_number(c, 5, m->since_ms);
    if (m->has_profile) {
        call_put_text(c, 6, m->profile.name);
        call_put_number(c, 7, m->profile.colour);
        call_put_text(c, 8, m->profile.zone);
    }
    if (m->has_left) {
        call_put_number(c, 9, m->until_seq);
        call_put_number(c, 10, m->until_ms);
    }
    if (at >= 0) call_put_bytes(c, 11, copy->chain.circle.member[at].box_pk, BOX_PK_BYTES);
    if (newest == NULL) return;
    call_put_number(c, 12, newest->seq);
    call_put_number(c, 13, newest->time_ms);
}

static int32_t members(struct call *c)
{
    const struct state *state = &hold_copy(c)->state;
    const struct state_row **newest;
    enum err e = newest_of(c, state, &newest);
    if (e != ERR_OK) return (int32_t)e;
    cbor_put_map(&c->out, 1);
    call_put_number(c, 1, state_member_n(state));
    for (size_t i = 0; i < state_member_n(state); i++) put_member(c, state_member(state, i), newest[i]);
    return ERR_OK;
}

/* ---- invitations --------------------------------------------------------------------------------------- */

static int32_t invites(struct call *c)
{
    const struct copy *copy = hold_copy(c);
    const struct circle *circle = &copy->chain.circle;
    int me = circle_member_index(circle, copy->me->sign_pk);
    cbor_put_map(&c->out, 1);
    call_put_number(c, 1, circle->invite_n);
    for (size_t i = 0; i < circle->invite_n; i++) {
        const struct circle_invite *invite = &circle->invite[i];
        size_t consent_n = 0;
        for (size_t k = 0; k < circle->member_n; k++) consent_n += invite->consents >> k & 1;
        cbor_put_map(&c->out, 9);
        call_put_bytes(c, 1, invite->hash, HASH_BYTES);
        call_put_bytes(c, 2, invite->invite_pk, SIGN_PK_BYTES);
        call_put_number(c, 3, invite->seq);
        call_put_number(c, 4, invite->expires_ms);
        call_put_bytes(c, 5, index_row(&copy->chain.index, invite->seq)->author, SIGN_PK_BYTES);
        call_put_number(c, 6, me >= 0 && (invite->consents >> me & 1) != 0);
        call_put_number(c, 7, circle_invite_is_agreed(circle, invite));
        call_put_number(c, 8, consent_n);
        call_put_number(c, 9, circle->member_n);
    }
    return ERR_OK;
}

/* ---- the log ------------------------------------------------------------------------------------------- */

bool view_has_room(const struct call *call)
{
    return call->out.cap - call->out.len > VIEW_ROOM_BYTES;
}

void view_keep(struct call *call, size_t before)
{
    if (!call->out.is_full) return;
    call->out.len = before;
    call->out.is_full = false;
    call->out.cap = before;
}

void view_put_row(struct call *call, uint64_t seq)
{
    const struct copy *copy = hold_copy(call);
    const struct state_row *row = state_row(&copy->state, seq);
    bool has_author = row->author != STATE_NONE, has_promise = row->promise != STATE_NONE;
    bool has_law = row->law != LAW_OK, is_waiting = seq >= copy_n(copy) || seq >= copy->folded_n;
    cbor_put_map(&call->out, 6 + (size_t)has_author + 2 * (size_t)(row->act != 0) + (size_t)has_promise +
                                 (size_t)has_law + (size_t)(row->words.len > 0) + (size_t)is_waiting);
    call_put_number(call, 1, seq);
    call_put_bytes(call, 2, row->id, ID_BYTES);
    call_put_number(call, 3, row->time_ms);
    call_put_number(call, 4, row->kind);
    call_put_number(call, 5, row->how);
    call_put_number(call, 6, row->type);
    if (has_author) call_put_number(call, 7, row->author);
    if (row->act != 0) {
        call_put_number(call, 8, row->act);
        call_put_number(call, 9, row->turn);
    }
    if (has_promise) call_put_number(call, 10, row->promise);
    if (has_law) call_put_text(call, 11, str_of_text(law_number((enum law)row->law)));
    if (row->words.len > 0) call_put_text(call, 12, row->words);
    if (is_waiting) call_put_number(call, 13, 1);
}

static int32_t rows(struct call *c)
{
    const struct state *state = &hold_copy(c)->state;
    uint64_t first, n, total = state_row_n(state);
    if (!call_number(c, 1, LIMIT_NUMBER, &first) || !call_number(c, 2, VIEW_ROWS, &n)) return CALL_BAD_INPUT;
    if (first > total) first = total;
    if (n > total - first) n = total - first;
    cbor_put_map(&c->out, 1);
    call_put_number(c, 1, total);
    for (uint64_t i = 0; i < n && view_has_room(c); i++) {
        size_t before = c->out.len;
        view_put_row(c, first + i);
        view_keep(c, before);
    }
    return ERR_OK;
}

static int32_t text(struct call *c)
{
    const struct copy *copy = hold_copy(c);
    uint64_t seq;
    if (!call_number(c, 1, LIMIT_NUMBER, &seq) || seq >= state_row_n(&copy->state)) return CALL_BAD_INPUT;
    struct str said = copy_text(copy, seq);
    cbor_put_map(&c->out, 2);
    call_put_number(c, 1, state_row(&copy->state, seq)->how);
    call_put_bytes(c, 2, said.at, said.len);
    return ERR_OK;
}

HOLD_CALL(members, members, hold_is_ready, false, 0, 0)
HOLD_CALL(invites, invites, hold_is_ready, false, 0, 0)
HOLD_CALL(rows, rows, hold_is_ready, false, CBOR_KEY(1) | CBOR_KEY(2), 0)
HOLD_CALL(text, text, hold_is_ready, false, CBOR_KEY(1), 0)
