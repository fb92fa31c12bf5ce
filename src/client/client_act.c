/* client_act.c -- acting in a circle: saying, erasing, taking back; what waits, and what came back. See client.h. */
#include <stdlib.h>

#include "client/clock.h"
#include "client/flow.h"

enum { ERASE_MOST_BYTES = 4 * LIMIT_PAYLOAD_BYTES * PLAN_ERASED };

/* ---- saying ---------------------------------------------------------------------------------- */

/* A new profile of mine is what this device will post elsewhere, too. */
static enum err learn_profile(struct ring *ring, struct str text)
{
    uint64_t type;
    struct profile profile;
    if (payload_type(text, &type) != ERR_OK || type != PAYLOAD_PROFILE) return ERR_OK;
    return profile_read(text, &profile) == LAW_OK ? flow_set_profile(ring_seat(ring), text) : ERR_OK;
}

enum err client_act_with_id(struct client_circle *circle, const uint8_t id[static ID_BYTES], struct str text,
                            struct client_outcome *outcome, struct why *why)
{
    struct ring *ring = ring_of(circle);
    uint64_t type;
    enum err e = ring_ready(ring);
    if (e == ERR_OK && text.len > PAYLOAD_TEXT_BYTES) e = ERR_TOO_LARGE;
    if (e == ERR_OK && payload_type(text, &type) != ERR_OK) e = ERR_BAD_CBOR;
    if (e == ERR_OK && !held_is_in(ring->held)) e = ERR_NOT_MEMBER;
    if (e != ERR_OK) return flow_end(ring, e, why);
    enum law law = state_judge(&ring->held->copy.state, ring->held->me->sign_pk, text, clock_wall_ms());
    if (law != LAW_OK) {
        *outcome = (struct client_outcome){.fate = CLIENT_REFUSED, .law = law};
        return ERR_OK;
    }
    struct outbox_new item = {.kind = ITEM_SAY, .id = id, .content = text};
    e = flow_post(ring, &item, 1, outcome);
    if (e == ERR_OK) e = learn_profile(ring, text);
    return flow_end(ring, e, why);
}

enum err client_act(struct client_circle *circle, struct str text, struct client_outcome *outcome, struct why *why)
{
    uint8_t id[ID_BYTES];
    random_fill(id, sizeof id);
    return client_act_with_id(circle, id, text, outcome, why);
}

/* ---- erasing --------------------------------------------------------------------------------- */

enum err client_erase(struct client_circle *circle, const uint64_t *seq, size_t seq_n, struct client_outcome *outcome,
                      struct why *why)
{
    struct ring *ring = ring_of(circle);
    struct plan plan;
    struct arena a;
    arena_init(&a, ERASE_MOST_BYTES);
    enum err e = ring_ready(ring);
    if (e == ERR_OK) e = plan_erase(&plan, &a, &ring->held->copy, seq, seq_n);
    if (e == ERR_OK) e = flow_post_plan(ring, &plan, outcome);
    arena_fini(&a);
    return flow_end(ring, e, why);
}

/* ---- what waits ------------------------------------------------------------------------------ */

static bool is_hidden(const struct home_item *item)
{
    return item->kind == ITEM_MEND || item->kind == ITEM_KEYS;
}

/* An answer in a round that was signed once is what it is, even where the record went on without it: a server that
 * refused it must not be given a second one (docs/protocol.md, "Simultaneous answers"). */
static bool is_frozen_answer(const struct home_item *item)
{
    uint64_t type;
    return item->is_frozen && item->kind == ITEM_SAY && payload_type(item->content, &type) == ERR_OK &&
           type == PAYLOAD_COMMIT;
}

enum err client_waiting(struct client_circle *circle, struct client_waiting *list, size_t cap, size_t *n,
                        struct why *why)
{
    struct ring *ring = ring_of(circle);
    enum err e = ring_ready(ring);
    size_t found = 0;
    for (size_t i = 0; e == ERR_OK && i < ring->outbox.item_n && found < cap; i++) {
        const struct home_item *item = &ring->outbox.item[i].is;
        if (is_hidden(item)) continue;
        list[found] = (struct client_waiting){.kind = item_entry_kind((enum item_kind)item->kind),
                                              .may_unsend = !item->was_sent && !is_frozen_answer(item)};
        memcpy(list[found].id, item->id, ID_BYTES);
        if (item->kind == ITEM_SAY) list[found].text = item->content;
        found++;
    }
    if (e == ERR_OK) *n = found;
    return flow_end(ring, e, why);
}

enum err client_unsend(struct client_circle *circle, const uint8_t id[static ID_BYTES], struct why *why)
{
    struct ring *ring = ring_of(circle);
    enum err e = ring_ready(ring);
    const struct home_item *found = NULL;
    for (size_t i = 0; e == ERR_OK && i < ring->outbox.item_n; i++) {
        const struct home_item *item = &ring->outbox.item[i].is;
        if (memcmp(item->id, id, ID_BYTES) == 0 && !is_hidden(item)) found = item;
    }
    if (e == ERR_OK && found == NULL) e = ERR_NOT_FOUND;
    if (e == ERR_OK && (found->was_sent || is_frozen_answer(found))) e = ERR_HEAD_MOVED;
    if (e == ERR_OK) e = outbox_remove(&ring->outbox, found->group);
    if (e == ERR_OK) e = held_settle(ring->held);
    if (e == ERR_OK) ring->shown_n = 0;
    if (e == ERR_OK) e = ring_show(ring);
    return flow_end(ring, e, why);
}

/* ---- drafts ---------------------------------------------------------------------------------- */

struct drafts {
    struct ring *ring;
    struct client_draft *list;
    size_t cap, n;
};

static enum err take_draft(void *ctx, const struct home_draft *draft)
{
    struct drafts *d = ctx;
    if (d->n == d->cap) return ERR_OK;
    struct client_draft *at = &d->list[d->n++];
    *at = (struct client_draft){.kind = item_entry_kind((enum item_kind)draft->kind), .at_ms = draft->at_ms,
                                .law = outbox_law_of(draft->law), .err = draft->error};
    memcpy(at->id, draft->id, ID_BYTES);
    if (draft->kind != ITEM_SAY) return ERR_OK;
    at->text = arena_copy(&d->ring->drafts, draft->content);
    return at->text.at == NULL ? ERR_NO_MEMORY : ERR_OK;
}

enum err client_drafts(struct client_circle *circle, struct client_draft *list, size_t cap, size_t *n,
                       struct why *why)
{
    struct ring *ring = ring_of(circle);
    struct drafts d = {.ring = ring, .list = list, .cap = cap};
    enum err e = ring_ready(ring);
    arena_fini(&ring->drafts);
    if (e == ERR_OK) e = home_drafts_each(ring->held->home, ring->number, take_draft, &d);
    if (e == ERR_OK) *n = d.n;
    return flow_end(ring, e, why);
}

enum err client_draft_drop(struct client_circle *circle, const uint8_t id[static ID_BYTES], struct why *why)
{
    struct ring *ring = ring_of(circle);
    enum err e = ring_ready(ring);
    if (e == ERR_OK) e = home_draft_remove(ring->held->home, ring->number, id);
    if (e == ERR_OK) e = ring_show(ring);
    return flow_end(ring, e, why);
}
