/* flow.c -- see flow.h. */
#include "client/flow.h"

#include "client/clock.h"
#include "device/sign.h"

#define PROFILE STR("profile")
#define JOURNAL STR("journal")
#define DEVICE STR("device")
enum { FIRST_BATCH = 3 };

/* ---- my profile ------------------------------------------------------------------------------ */

static enum err take_text(void *ctx, struct str name, struct str value)
{
    (void)name;
    out_put(ctx, value);
    return ERR_OK;
}

enum err flow_profile(struct seat *seat, struct out *text)
{
    struct out found = *text;
    enum err e = home_note_get(seat_home(seat), seat->face.number, 0, PROFILE, take_text, &found);
    if (e != ERR_OK) return e;
    if (found.is_full) return ERR_TOO_LARGE;
    *text = found;
    return ERR_OK;
}

enum err client_profile(struct client_account *account, struct out *text, struct why *why)
{
    struct seat *seat = seat_of(account);
    enum err e = seat_needs(seat, why);
    if (e != ERR_OK) return e;
    e = flow_profile(seat, text);
    return e == ERR_OK ? e : seat_fail(seat, e, why);
}

enum err flow_set_profile(struct seat *seat, struct str text)
{
    struct profile profile;
    if (profile_read(text, &profile) != LAW_OK) return ERR_BAD_FIELD;
    enum err e = home_note_put(seat_home(seat), seat->face.number, 0, PROFILE, text);
    if (e == ERR_OK) e = home_account_set_name(seat_home(seat), seat->face.number, profile.name);
    if (e != ERR_OK) return e;
    struct out name = out_over(seat->face.name, CLIENT_NAME_BYTES - 1);
    out_put(&name, profile.name);
    seat->face.name[name.len] = '\0';
    return ERR_OK;
}

/* ---- what the home has ----------------------------------------------------------------------- */

struct circles {
    uint64_t number[2 * LIMIT_CIRCLES];
    size_t n;
};

static enum err take_circle(void *ctx, const struct home_circle *circle)
{
    struct circles *circles = ctx;
    if (circles->n < 2 * LIMIT_CIRCLES) circles->number[circles->n++] = circle->number;
    return ERR_OK;
}

static enum err set_journal(struct seat *seat, const uint8_t *id)
{
    enum err e = home_note_put(seat_home(seat), seat->face.number, 0, JOURNAL, str_at(id, HASH_BYTES));
    if (e != ERR_OK) return e;
    memcpy(seat->face.journal, id, HASH_BYTES);
    seat->face.has_journal = true;
    return ERR_OK;
}

/* Whether a circle is a journal, as far as the home's list knows: a long circle is not loaded to learn that. */
static enum err standing_of(struct seat *seat, uint64_t number, uint64_t *standing)
{
    struct home_circle_about about;
    enum err e = home_circle_about(seat_home(seat), number, &about);
    if (e == ERR_OK) *standing = about.standing;
    return e;
}

enum err flow_find_journal(struct seat *seat)
{
    struct circles circles = {0};
    const uint8_t *least = seat->face.has_journal ? seat->face.journal : NULL;
    uint8_t found[HASH_BYTES];
    enum err e = home_circle_each(seat_home(seat), seat->face.number, take_circle, &circles);
    for (size_t i = 0; e == ERR_OK && i < circles.n; i++) {
        struct ring *ring;
        uint64_t standing;
        e = standing_of(seat, circles.number[i], &standing);
        if (e != ERR_OK || standing == RING_IN || standing == RING_OUT) continue;
        e = ring_open(seat, circles.number[i], &ring);
        if (e != ERR_OK) break;
        if (!ring->held->copy.chain.circle.is_sole || !held_is_in(ring->held)) continue; /* another's is not mine */
        if (least != NULL && memcmp(ring->face.id, least, HASH_BYTES) >= 0) continue;
        memcpy(found, ring->face.id, HASH_BYTES);
        least = found;
    }
    return e == ERR_OK && least == found ? set_journal(seat, found) : e;
}

/* The newest text of my profile in a circle; {NULL, 0}: none. */
static struct str profile_in(const struct ring *ring)
{
    struct profile profile;
    for (uint64_t seq = held_n(ring->held); seq > 0; seq--) {
        const struct state_row *row = state_row(&ring->held->copy.state, seq - 1);
        const uint8_t *author = index_row(&ring->held->copy.chain.index, seq - 1)->author;
        if (row->type != PAYLOAD_PROFILE || row->law != LAW_OK || row->how != OPENED_TEXT) continue;
        if (memcmp(author, ring->held->me->sign_pk, SIGN_PK_BYTES) != 0) continue;
        struct str text = copy_row(&ring->held->copy, seq - 1)->text;
        if (profile_read(text, &profile) == LAW_OK) return text;
    }
    return (struct str){0};
}

enum err flow_profile_of(struct ring *ring, struct out *text)
{
    struct profile known = {0}, said;
    struct out note = *text;
    struct str here = profile_in(ring);
    enum err e = flow_profile(ring_seat(ring), &note);
    if (e != ERR_OK && e != ERR_NOT_FOUND) return e;
    struct str kept = str_at(note.at + text->len, note.len - text->len);
    bool is_known = e == ERR_OK && profile_read(kept, &known) == LAW_OK;
    bool is_newer = here.len > 0 && profile_read(here, &said) == LAW_OK &&
                    (!is_known || said.written_ms > known.written_ms);
    if (!is_newer) {
        if (e == ERR_OK) *text = note;
        return e;
    }
    out_put(text, here);
    return text->is_full ? ERR_TOO_LARGE : flow_set_profile(ring_seat(ring), here);
}

/* A profile from one of the circles that are journals, or from one of the others. */
static enum err take_profile_of(struct seat *seat, const struct circles *circles, bool is_of_journal, bool *is_found)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < circles->n && !*is_found; i++) {
        struct ring *ring;
        uint64_t standing;
        e = standing_of(seat, circles->number[i], &standing);
        if (e != ERR_OK || (standing == RING_JOURNAL) != is_of_journal) continue;
        e = ring_open(seat, circles->number[i], &ring);
        struct str text = e == ERR_OK ? profile_in(ring) : (struct str){0};
        *is_found = text.len > 0;
        if (*is_found) e = flow_set_profile(seat, text);
    }
    return e;
}

enum err flow_find_profile(struct seat *seat)
{
    uint8_t memory[FLOW_TEXT_BYTES];
    struct out known = OUT_OVER(memory);
    struct circles circles = {0};
    bool is_found = false;
    enum err e = flow_profile(seat, &known);
    if (e != ERR_NOT_FOUND) return e;
    e = home_circle_each(seat_home(seat), seat->face.number, take_circle, &circles);
    if (e == ERR_OK) e = take_profile_of(seat, &circles, true, &is_found);
    if (e == ERR_OK && !is_found) e = take_profile_of(seat, &circles, false, &is_found);
    return e;
}

/* ---- a device that signed in ----------------------------------------------------------------- */

enum err flow_owe_device(struct seat *seat, struct str device)
{
    return home_note_put(seat_home(seat), seat->face.number, 0, DEVICE, device);
}

/* { 1: 16, 2: what the device is called, 23: when } (docs/protocol.md, "Entry") */
static enum err put_device(struct out *text, struct str device)
{
    cbor_put_map(text, 3);
    cbor_put_uint(text, PAYLOAD_KEY_TYPE);
    cbor_put_uint(text, PAYLOAD_DEVICE);
    cbor_put_uint(text, 2);
    cbor_put_text(text, device);
    cbor_put_uint(text, PAYLOAD_KEY_WRITTEN);
    cbor_put_uint(text, clock_wall_ms());
    return text->is_full ? ERR_TOO_LARGE : ERR_OK;
}

/* It waits in the journal from the moment on in which it is no longer owed. */
static enum err keep_device(struct ring *ring, struct str text)
{
    struct home *home = ring->held->home;
    struct outbox_new item = {.kind = ITEM_SAY, .content = text};
    enum err e = home_begin(home);
    if (e == ERR_OK) e = outbox_add(&ring->outbox, &item, 1, clock_wall_ms(), true, NULL);
    if (e == ERR_OK) e = home_note_remove(home, ring->held->account, 0, DEVICE);
    if (e == ERR_OK) e = home_commit(home);
    home_abandon(home);
    if (e != ERR_OK) ring->held->is_broken = true;
    return e;
}

static enum err say_device(struct seat *seat, struct str device)
{
    uint8_t memory[FLOW_TEXT_BYTES];
    struct out text = OUT_OVER(memory);
    struct ring *ring;
    struct client_news news;
    struct outbox_back back = {0};
    uint64_t number;
    enum err e = put_device(&text, device);
    if (e == ERR_OK) e = home_circle_find(seat_home(seat), seat->face.number, seat->face.journal, &number);
    if (e == ERR_OK) e = ring_open(seat, number, &ring);
    if (e == ERR_OK) e = keep_device(ring, out_str(&text));
    return e == ERR_OK ? flow_send(ring, &news, &back) : e;
}

enum err flow_settle_in(struct seat *seat)
{
    uint8_t memory[FLOW_TEXT_BYTES];
    struct out device = OUT_OVER(memory);
    enum err e = home_note_get(seat_home(seat), seat->face.number, 0, DEVICE, take_text, &device);
    if (e == ERR_NOT_FOUND) return ERR_OK;
    if (e == ERR_OK) e = flow_find_journal(seat);
    if (e == ERR_OK) e = flow_find_profile(seat);
    if (e == ERR_NOT_FOUND) e = ERR_OK;
    return e == ERR_OK && seat->face.has_journal ? say_device(seat, out_str(&device)) : e;
}

/* ---- a circle that begins here --------------------------------------------------------------- */

/* A record that has nothing yet, to sign the first batch with. */
static void empty(struct held *h, struct seat *seat)
{
    *h = (struct held){.home = seat_home(seat), .account = seat->face.number, .me = &seat->me};
    copy_init(&h->copy, NULL, &seat->me, 1 << 20);
}

static enum err sign_text(struct sign *s, struct str text, struct entry *entry)
{
    struct why why;
    struct item item = {.kind = ITEM_SAY, .content = text};
    random_fill(item.id, sizeof item.id);
    /* the signed entry borrows its id from its own bytes */
    return sign_item(s, &item, entry, &why);
}

static enum err keep_circle(struct seat *seat, struct held *h, const struct entry *entry, const struct str *text,
                            size_t n, uint64_t *number)
{
    struct home *home = h->home;
    struct outbox outbox = {.held = h};
    struct outbox_new item[FIRST_BATCH];
    bool is_sole = entry[0].body.genesis.is_sole;
    struct home_circle_about about = {.standing = is_sole ? RING_JOURNAL : RING_IN};
    for (size_t i = 0; i < n; i++) {
        item[i] = (struct outbox_new){.kind = i == 0 ? ITEM_GENESIS : ITEM_SAY, .id = entry[i].id,
                                      .content = text[i], .wire = entry[i].wire};
    }
    enum err e = home_begin(home);
    if (e == ERR_OK) e = home_circle_add(home, h->account, entry[0].hash, &h->number);
    if (e == ERR_OK) e = home_circle_set_about(home, h->number, &about);
    if (e == ERR_OK) e = outbox_add(&outbox, item, n, clock_wall_ms(), true, NULL);
    if (e == ERR_OK && is_sole) e = set_journal(seat, entry[0].hash);
    if (e == ERR_OK) e = home_commit(home);
    home_abandon(home);
    outbox_free(&outbox);
    if (e == ERR_OK) *number = h->number;
    else if (is_sole) seat->face.has_journal = false;
    return e;
}

enum err flow_circle(struct seat *seat, struct str facts, struct ring **ring)
{
    uint8_t memory[FLOW_TEXT_BYTES];
    struct out profile = OUT_OVER(memory);
    struct held h;
    struct sign s;
    struct why why;
    struct entry entry[FIRST_BATCH];
    struct str text[FIRST_BATCH] = {{0}};
    uint64_t number = 0;
    size_t n = 1;
    enum err e = flow_profile(seat, &profile);
    if (e != ERR_OK) return e;
    if (facts.len > 0) text[n++] = facts;
    text[n++] = out_str(&profile);
    empty(&h, seat);
    sign_init(&s, &h.copy, clock_wall_ms());
    e = sign_genesis(&s, facts.len == 0, &entry[0], &why);
    for (size_t i = 1; e == ERR_OK && i < n; i++) e = sign_text(&s, text[i], &entry[i]);
    if (e == ERR_OK) e = keep_circle(seat, &h, entry, text, n, &number);
    sign_fini(&s);
    copy_fini(&h.copy);
    return e == ERR_OK ? ring_open(seat, number, ring) : e;
}

/* ---- an act on its way ----------------------------------------------------------------------- */

static bool waits(const struct outbox *o, const uint8_t *id)
{
    for (size_t i = 0; i < o->item_n; i++) {
        if (memcmp(o->item[i].is.id, id, ID_BYTES) == 0) return true;
    }
    return false;
}

struct draft_wanted {
    const uint8_t *id;
    bool is_found;
    enum law law;
    enum err err;
};

static enum err take_draft(void *ctx, const struct home_draft *draft)
{
    struct draft_wanted *wanted = ctx;
    if (memcmp(draft->id, wanted->id, ID_BYTES) != 0) return ERR_OK;
    wanted->is_found = true;
    wanted->law = outbox_law_of(draft->law);
    wanted->err = draft->error;
    return ERR_OK;
}

/* Whether my entry of that id is in the record: anybody who heard of an id can take it for something else. */
static bool is_recorded(const struct held *h, const uint8_t *id, uint64_t *seq)
{
    if (!index_find_id(&h->copy.chain.index, id, seq)) return false;
    return memcmp(index_row(&h->copy.chain.index, *seq)->author, h->me->sign_pk, SIGN_PK_BYTES) == 0;
}

enum err flow_outcome(struct ring *ring, const uint8_t id[static ID_BYTES], const struct client_news *news,
                      const struct outbox_back *back, struct client_outcome *outcome)
{
    struct draft_wanted draft = {.id = id};
    struct client_outcome o = {.server_time_ms = news->server_time_ms};
    uint64_t seq = 0;
    memcpy(o.id, id, ID_BYTES);
    enum err e = back->n > 0 ? home_drafts_each(ring->held->home, ring->held->number, take_draft, &draft) : ERR_OK;
    if (e != ERR_OK) return e;
    if (is_recorded(ring->held, id, &seq) && !waits(&ring->outbox, id)) {
        o.fate = CLIENT_SENT;
        o.seq = seq;
    } else if (draft.is_found) {
        o.fate = CLIENT_IN_DRAFTS;
        o.law = draft.law;
        o.err = draft.err;
    } else {
        o.fate = CLIENT_KEPT_HERE;
        o.err = news->err;
    }
    *outcome = o;
    return ERR_OK;
}

enum err flow_send(struct ring *ring, struct client_news *news, struct outbox_back *back)
{
    enum err e = sync_send(ring, news, back);
    if (e == ERR_OK) return ERR_OK;
    if (ring->held == NULL || ring->held->is_broken || ring_show(ring) != ERR_OK) return e;
    news->err = e; /* what was to be sent is kept all the same: who was told otherwise would say it twice */
    return ERR_OK;
}

enum err flow_post(struct ring *ring, const struct outbox_new *item, size_t item_n, struct client_outcome *outcome)
{
    struct client_news news;
    struct outbox_back back = {0};
    uint8_t id[ID_BYTES];
    enum err e = outbox_add(&ring->outbox, item, item_n, clock_wall_ms(), false, id);
    if (e == ERR_OK) e = flow_send(ring, &news, &back);
    return e == ERR_OK ? flow_outcome(ring, id, &news, &back, outcome) : e;
}

size_t flow_items(const struct plan *plan, struct outbox_new item[static PLAN_ITEMS])
{
    for (size_t i = 0; i < plan->item_n; i++) {
        item[i] = (struct outbox_new){.kind = plan->item[i].kind, .content = plan->item[i].content};
    }
    return plan->item_n;
}

enum err flow_post_plan(struct ring *ring, const struct plan *plan, struct client_outcome *outcome)
{
    struct outbox_new item[PLAN_ITEMS];
    size_t n = flow_items(plan, item);
    return flow_post(ring, item, n, outcome);
}

enum err flow_end(struct ring *ring, enum err e, struct why *why)
{
    return e == ERR_OK ? e : seat_fail(ring_seat(ring), e, why);
}
