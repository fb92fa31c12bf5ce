/* state.c -- see state.h. */
#include "practice/state.h"

#include "practice/walk.h"
#include "record/redact.h"

void state_init(struct state *state, struct arena *a)
{
    *state = (struct state){._arena = a};
    pages_init(&state->_row, a, sizeof(struct state_row));
    pages_init(&state->_member, a, sizeof(struct member));
    pages_init(&state->_promise, a, sizeof(struct promise));
    ids_init(&state->_ids, a);
}

/* ---- looking ------------------------------------------------------------------------------------ */

uint64_t state_row_n(const struct state *state)
{
    return state->_row.item_n;
}

const struct state_row *state_row(const struct state *state, uint64_t seq)
{
    return pages_at(&state->_row, (size_t)seq);
}

size_t state_member_n(const struct state *state)
{
    return state->_member.item_n;
}

const struct member *state_member(const struct state *state, size_t index)
{
    return pages_at(&state->_member, index);
}

const struct member *state_in(const struct state *state, size_t at)
{
    EXPECT(at < state->in_n);
    return state_member(state, state->_in[at]);
}

const struct member *state_find_member(const struct state *state, const uint8_t sign_pk[static SIGN_PK_BYTES])
{
    for (size_t i = 0; i < state->in_n; i++) {
        const struct member *member = state_in(state, i);
        if (memcmp(member->sign_pk, sign_pk, SIGN_PK_BYTES) == 0) return member;
    }
    return NULL;
}

size_t state_promise_n(const struct state *state)
{
    return state->_promise.item_n;
}

const struct promise *state_promise(const struct state *state, size_t index)
{
    return pages_at(&state->_promise, index);
}

const struct state_row *state_find_row(const struct state *state, const uint8_t id[static ID_BYTES])
{
    uint32_t seq;
    return ids_find(&state->_ids, id, &seq) ? state_row(state, seq) : NULL;
}

/* The promise that a row made; NULL where it made none. */
static struct promise *made_by(const struct state *state, const struct state_row *row)
{
    bool is_made = row != NULL && row->act == PROMISE_MADE && row->promise != STATE_NONE;
    return is_made ? pages_at(&state->_promise, row->promise) : NULL;
}

const struct promise *state_find_promise(const struct state *state, const uint8_t id[static ID_BYTES])
{
    return made_by(state, state_find_row(state, id));
}

bool state_is_stale(const struct state *state)
{
    return state->_is_stale;
}

/* ---- judging what somebody says ------------------------------------------------------------------- */

/* What a text turned out to be. Only one of the last three is set, by its type. */
struct said {
    uint64_t type;
    struct promise *promise;       /* that the act is about */
    const struct member *receiver; /* of one that is made   */
    struct promise_act act;
    struct profile profile;
    struct facts facts;
};

static enum law judge_promise(const struct state *state, const struct promise_event *event, struct str text,
                              bool is_residue, struct said *said)
{
    enum law law = promise_act_read(text, is_residue, &said->act);
    if (law != LAW_OK) return law;
    if (said->act.act == PROMISE_MADE) {
        said->receiver = state_find_member(state, said->act.to);
        return promise_judge_made(event, &said->act, said->receiver);
    }
    const struct state_row *row = state_find_row(state, said->act.promise);
    said->promise = made_by(state, row);
    if (said->promise != NULL) return promise_judge(said->promise, event, &said->act);
    bool is_hidden = row != NULL && (row->law == LAW_NO_KEY || row->law == LAW_UNREADABLE || row->law == LAW_ERASED);
    return is_hidden ? LAW_BEFORE_YOU : LAW_UNKNOWN;
}

static enum law judge_facts(const struct state *state, struct str text, struct facts *facts)
{
    enum law law = facts_read(text, facts);
    bool is_other = law == LAW_OK && state->facts.kind != FACTS_NONE && facts->kind != state->facts.kind;
    return is_other ? LAW_KIND_STAYS : law;
}

/* The type of a text, or 0. An act on a promise begins with it, and is checked by promise_act_read: looking at
 * all of it here, too, would take as long as all else. */
static uint64_t type_of(struct str text)
{
    uint64_t type;
    struct walk w = walk_over(text);
    bool is_act = walk_map(&w) > 0 && walk_uint(&w) == PAYLOAD_KEY_TYPE && walk_uint(&w) == PAYLOAD_PROMISE;
    if (is_act && !w.has_failed) return PAYLOAD_PROMISE;
    return payload_type(text, &type) == ERR_OK ? type : 0;
}

static enum law judge(const struct state *state, const struct promise_event *event, struct str text, bool is_residue,
                      struct said *said)
{
    said->promise = NULL;
    said->act.act = 0;
    said->type = type_of(text);
    if (said->type == PAYLOAD_PROMISE) return judge_promise(state, event, text, is_residue, said);
    if (said->type != 0 && is_residue) return LAW_ERASED; /* of nothing else does an outcome stay */
    switch (said->type) {
    case 0: return LAW_UNREADABLE;
    case PAYLOAD_PROFILE: return profile_read(text, &said->profile);
    case PAYLOAD_CIRCLE: return judge_facts(state, text, &said->facts);
    default: return LAW_OK;
    }
}

enum law state_judge(const struct state *state, const uint8_t author[static SIGN_PK_BYTES], struct str text,
                     uint64_t time_ms)
{
    struct said said;
    struct promise_event event = {.author = state_find_member(state, author), .time_ms = time_ms};
    if (event.author == NULL) return LAW_NOT_MEMBER;
    return judge(state, &event, text, false, &said);
}

/* ---- folding what somebody says --------------------------------------------------------------------- */

static enum err apply_promise(struct state *state, const struct promise_event *event, const struct said *said,
                              struct state_row *row)
{
    if (said->act.act != PROMISE_MADE) return promise_apply(said->promise, state->_arena, event, &said->act);
    struct promise *promise = pages_reserve(&state->_promise);
    if (promise == NULL) return ERR_NO_MEMORY;
    promise->index = (uint32_t)state->_promise.item_n;
    enum err e = promise_make(promise, state->_arena, event, &said->act, said->receiver);
    if (e != ERR_OK) return e;
    row->promise = promise->index;
    state->_promise.item_n++;
    return ERR_OK;
}

static enum err apply(struct state *state, const struct promise_event *event, const struct said *said,
                      struct state_row *row)
{
    if (said->type == PAYLOAD_PROMISE) return apply_promise(state, event, said, row);
    if (said->type == PAYLOAD_CIRCLE) state->facts = said->facts;
    if (said->type == PAYLOAD_PROFILE) {
        struct member *member = pages_at(&state->_member, event->author->index);
        member->profile = said->profile;
        member->has_profile = true;
    }
    return ERR_OK;
}

static enum err add_text(struct state *state, const struct opened *opened, struct state_row *row)
{
    struct said said;
    const struct entry *entry = opened->entry;
    struct promise_event event = {.time_ms = entry->time_ms, .seq = (uint32_t)entry->seq, .id = entry->id};
    event.author = state_find_member(state, entry->author);
    row->law = LAW_NOT_MEMBER;
    if (event.author == NULL) return ERR_OK;
    row->law = (uint8_t)judge(state, &event, opened->text, opened->how == OPENED_RESIDUE, &said);
    row->type = said.type <= UINT32_MAX ? (uint32_t)said.type : UINT32_MAX;
    bool is_act = said.type == PAYLOAD_PROMISE && row->law != LAW_UNREADABLE && row->law != LAW_NEWER;
    if (is_act) {
        row->act = (uint8_t)said.act.act;
        row->turn = (uint16_t)said.act.turn;
        row->words = said.act.words;
        if (said.promise != NULL) row->promise = said.promise->index;
    }
    return row->law == LAW_OK ? apply(state, &event, &said, row) : ERR_OK;
}

/* ---- coming, going, erasing ---------------------------------------------------------------------------- */

static enum err add_member(struct state *state, const struct entry *entry, struct state_row *row)
{
    EXPECT(state->in_n < LIMIT_MEMBERS);
    struct member *member = pages_reserve(&state->_member);
    if (member == NULL) return ERR_NO_MEMORY;
    memcpy(member->sign_pk, entry->author, SIGN_PK_BYTES);
    member->index = (uint32_t)state->_member.item_n;
    member->since_seq = entry->seq;
    member->since_ms = entry->time_ms;
    state->_in[state->in_n++] = member->index;
    state->_member.item_n++;
    row->author = member->index;
    return ERR_OK;
}

static void let_go(struct state *state, const struct entry *entry)
{
    for (size_t i = 0; i < state->in_n; i++) {
        struct member *member = pages_at(&state->_member, state->_in[i]);
        if (memcmp(member->sign_pk, entry->author, SIGN_PK_BYTES) != 0) continue;
        member->has_left = true;
        member->until_seq = entry->seq;
        member->until_ms = entry->time_ms;
        memmove(&state->_in[i], &state->_in[i + 1], (state->in_n - i - 1) * sizeof state->_in[0]);
        state->in_n--;
        return;
    }
}

/* What was folded with its words shows them still. */
static void note_erased(struct state *state, const struct entry *entry)
{
    for (size_t i = 0; i < entry->body.redact.seq_n; i++) {
        uint64_t seq = entry->body.redact.seq[i];
        if (seq < state->_row.item_n && state_row(state, seq)->how == OPENED_TEXT) state->_is_stale = true;
    }
}

static enum err add_control(struct state *state, const struct entry *entry, struct state_row *row)
{
    switch (entry->kind) {
    case ENTRY_GENESIS:
        state->is_sole = entry->body.genesis.is_sole;
        return add_member(state, entry, row);
    case ENTRY_JOIN: return add_member(state, entry, row);
    case ENTRY_LEAVE: let_go(state, entry); return ERR_OK;
    case ENTRY_REDACT: note_erased(state, entry); return ERR_OK;
    case ENTRY_INVITE:
    case ENTRY_ROTATE:
    case ENTRY_CONSENT:
    case ENTRY_SEALED: break;
    }
    return ERR_OK;
}

/* Who wrote it: who is in; or, of a redact, the last of those rows whose key it was. A join says it later. */
static uint32_t author_of(const struct state *state, const struct entry *entry)
{
    const struct member *member = state_find_member(state, entry->author);
    if (member != NULL) return member->index;
    for (size_t i = entry->kind == ENTRY_REDACT ? state_member_n(state) : 0; i > 0; i--) {
        member = state_member(state, i - 1);
        if (memcmp(member->sign_pk, entry->author, SIGN_PK_BYTES) == 0) return member->index;
    }
    return STATE_NONE;
}

/* ---- one entry ------------------------------------------------------------------------------------------ */

static enum err add_row(struct state *state, const struct opened *opened, struct state_row *row)
{
    switch (opened->how) {
    case OPENED_CONTROL: return add_control(state, opened->entry, row);
    case OPENED_TEXT:
    case OPENED_RESIDUE: return add_text(state, opened, row);
    case OPENED_ERASED: row->law = LAW_ERASED; break;
    case OPENED_UNREADABLE: row->law = LAW_UNREADABLE; break;
    case OPENED_NO_KEY: row->law = LAW_NO_KEY; break;
    }
    return ERR_OK;
}

enum err state_add(struct state *state, const struct opened *opened)
{
    const struct entry *entry = opened->entry;
    EXPECT(entry->seq == state->_row.item_n);
    EXPECT((entry->kind == ENTRY_SEALED) == (opened->how != OPENED_CONTROL));
    if (entry->seq >= STATE_NONE) return ERR_NO_MEMORY; /* the very last place of a record has no row here */
    struct state_row *row = pages_reserve(&state->_row);
    if (row == NULL) return ERR_NO_MEMORY;
    enum err e = ids_reserve(&state->_ids);
    if (e != ERR_OK) return e;
    memcpy(row->id, entry->id, ID_BYTES);
    row->time_ms = entry->time_ms;
    row->seq = (uint32_t)entry->seq;
    row->author = author_of(state, entry);
    row->promise = STATE_NONE;
    row->kind = (uint8_t)entry->kind;
    row->how = (uint8_t)opened->how;
    e = add_row(state, opened, row);
    if (e != ERR_OK) return e;
    ids_add(&state->_ids, row->id);
    state->_row.item_n++;
    state->is_begun = true;
    return ERR_OK;
}
