/* flow_member.c -- who is in: inviting, agreeing, leaving, the key. See client.h. */
#include "client/clock.h"
#include "client/flow.h"
#include "record/invite.h"

enum { NOTE_NAME_BYTES = 32, NOTE_BYTES = SECRET_BYTES + 8, INVITE_NOTES = 32 };

/* ---- my invitations' secrets, as notes of the circle ----------------------------------------- */

static struct str note_name(uint8_t memory[static NOTE_NAME_BYTES], const uint8_t *invite_pk)
{
    struct out o = out_over(memory, NOTE_NAME_BYTES);
    out_text(&o, "invite-");
    out_put_hex(&o, str_at(invite_pk, 8));
    return out_str(&o);
}

struct notes {
    uint8_t value[INVITE_NOTES][NOTE_BYTES];
    size_t n;
};

static enum err take_note(void *ctx, struct str name, struct str value)
{
    struct notes *notes = ctx;
    if (!str_starts(name, STR("invite-")) || value.len != NOTE_BYTES || notes->n == INVITE_NOTES) return ERR_OK;
    memcpy(notes->value[notes->n++], value.at, NOTE_BYTES);
    return ERR_OK;
}

static uint64_t be64_at(const uint8_t *at)
{
    uint64_t n = 0;
    for (size_t i = 0; i < 8; i++) n = n << 8 | at[i];
    return n;
}

/* ---- inviting -------------------------------------------------------------------------------- */

static enum err keep_invite(struct ring *ring, const struct outbox_new *item, size_t item_n, struct str secret_note,
                            uint8_t *id)
{
    struct home *home = ring->held->home;
    struct invite_keys keys;
    uint8_t memory[NOTE_NAME_BYTES];
    invite_keys_init(&keys, secret_note.at);
    struct str name = note_name(memory, keys.pk);
    invite_keys_fini(&keys);
    enum err e = home_begin(home);
    if (e == ERR_OK) e = home_note_put(home, ring->held->account, ring->number, name, secret_note);
    if (e == ERR_OK) e = outbox_add(&ring->outbox, item, item_n, clock_wall_ms(), true, id);
    if (e == ERR_OK) e = home_commit(home);
    home_abandon(home);
    if (e != ERR_OK) ring->held->is_broken = true; /* the outbox has in memory what the home has not */
    return e == ERR_OK ? outbox_load(&ring->outbox) : e;
}

static enum err post_invite(struct ring *ring, const struct plan *plan, struct str secret_note,
                            struct client_outcome *outcome)
{
    struct outbox_new item[PLAN_ITEMS];
    struct client_news news;
    struct outbox_back back = {0};
    uint8_t id[ID_BYTES];
    enum err e = keep_invite(ring, item, flow_items(plan, item), secret_note, id);
    if (e == ERR_OK) e = flow_send(ring, &news, &back);
    return e == ERR_OK ? flow_outcome(ring, id, &news, &back, outcome) : e;
}

enum err client_invite(struct client_circle *circle, uint64_t expires_ms, uint8_t secret[static SECRET_BYTES],
                       struct client_outcome *outcome, struct why *why)
{
    struct ring *ring = ring_of(circle);
    uint8_t note[NOTE_BYTES], memory[FLOW_TEXT_BYTES];
    struct out o = OUT_OVER(note), profile = OUT_OVER(memory);
    struct plan plan;
    struct arena a;
    random_fill(note, SECRET_BYTES);
    o.len = SECRET_BYTES;
    out_put_be64(&o, expires_ms);
    arena_init(&a, 16 * FLOW_TEXT_BYTES);
    a.holds_secrets = true;
    enum err e = ring_ready(ring);
    if (e == ERR_OK) e = flow_profile_of(ring, &profile);
    if (e == ERR_OK) {
        e = plan_invite(&plan, &a, &ring->held->copy, note, expires_ms, out_str(&profile), clock_wall_ms());
    }
    if (e == ERR_OK) e = post_invite(ring, &plan, out_str(&o), outcome);
    if (e == ERR_OK) memcpy(secret, note, SECRET_BYTES);
    wipe(note, sizeof note);
    arena_fini(&a);
    return flow_end(ring, e, why);
}

static const struct circle_invite *open_invite(const struct circle *circle, const uint8_t *invite_pk)
{
    for (size_t i = 0; i < circle->invite_n; i++) {
        if (memcmp(circle->invite[i].invite_pk, invite_pk, SIGN_PK_BYTES) == 0) return &circle->invite[i];
    }
    return NULL;
}

static bool waits(const struct outbox *o, const uint8_t *secret)
{
    for (size_t i = 0; i < o->item_n; i++) {
        const struct home_item *item = &o->item[i].is;
        if (item->kind == ITEM_INVITE && memcmp(item->content.at, secret, SECRET_BYTES) == 0) return true;
    }
    return false;
}

/* Whether an invitation whose secret is here is still good: it waits, or is open in the record. */
static bool describe_invite(const struct ring *ring, const uint8_t *note, struct client_invite *invite)
{
    const struct circle *circle = &ring->held->copy.chain.circle;
    struct invite_keys keys;
    *invite = (struct client_invite){.expires_ms = be64_at(note + SECRET_BYTES), .consent_needed_n = circle->member_n};
    memcpy(invite->secret, note, SECRET_BYTES);
    invite_keys_init(&keys, note);
    const struct circle_invite *open = open_invite(circle, keys.pk);
    invite_keys_fini(&keys);
    if (open == NULL) return waits(&ring->outbox, note);
    memcpy(invite->hash, open->hash, HASH_BYTES);
    for (size_t i = 0; i < circle->member_n; i++) invite->consent_n += open->consents >> i & 1;
    return true;
}

enum err client_invites(struct client_circle *circle, struct client_invite *list, size_t *n, struct why *why)
{
    struct ring *ring = ring_of(circle);
    struct notes notes = {0};
    size_t found = 0;
    enum err e = ring_ready(ring);
    if (e == ERR_OK) e = home_notes_each(ring->held->home, ring->held->account, ring->number, take_note, &notes);
    for (size_t i = 0; e == ERR_OK && i < notes.n; i++) {
        struct client_invite invite;
        bool is_good = describe_invite(ring, notes.value[i], &invite);
        if (is_good && found <= LIMIT_OPEN_INVITES) list[found++] = invite;
        wipe(&invite, sizeof invite);
        if (is_good) continue;
        uint8_t memory[NOTE_NAME_BYTES];
        struct invite_keys keys;
        invite_keys_init(&keys, notes.value[i]);
        e = home_note_remove(ring->held->home, ring->held->account, ring->number, note_name(memory, keys.pk));
        invite_keys_fini(&keys);
    }
    if (e == ERR_OK) *n = found;
    wipe(&notes, sizeof notes);
    return flow_end(ring, e, why);
}

void client_invite_link(const struct client_circle *circle, const char *client,
                        const uint8_t secret[static SECRET_BYTES], struct out *link)
{
    struct str server = str_of_text(circle->account->server);
    invite_link_put(link, client != NULL ? str_of_text(client) : server, secret, server);
}

enum err client_consent(struct client_circle *circle, const uint8_t invite_hash[static HASH_BYTES],
                        struct client_outcome *outcome, struct why *why)
{
    struct ring *ring = ring_of(circle);
    uint8_t memory[FLOW_TEXT_BYTES];
    struct out profile = OUT_OVER(memory);
    struct plan plan;
    enum err e = ring_ready(ring);
    if (e == ERR_OK) e = flow_profile_of(ring, &profile);
    if (e == ERR_OK) e = plan_consent(&plan, &ring->held->copy, invite_hash, out_str(&profile));
    if (e == ERR_OK) e = flow_post_plan(ring, &plan, outcome);
    return flow_end(ring, e, why);
}

/* ---- the key, and leaving -------------------------------------------------------------------- */

enum err client_rotate(struct client_circle *circle, struct client_outcome *outcome, struct why *why)
{
    struct ring *ring = ring_of(circle);
    struct plan plan;
    enum err e = ring_ready(ring);
    if (e == ERR_OK) e = plan_rotate(&plan, &ring->held->copy);
    if (e == ERR_OK) e = flow_post_plan(ring, &plan, outcome);
    return flow_end(ring, e, why);
}

enum err client_cancel_invites(struct client_circle *circle, struct client_outcome *outcome, struct why *why)
{
    return client_rotate(circle, outcome, why);
}

enum err client_leave(struct client_circle *circle, struct client_outcome *outcome, struct why *why)
{
    struct ring *ring = ring_of(circle);
    struct plan plan;
    enum err e = ring_ready(ring);
    if (e == ERR_OK) e = plan_leave(&plan, &ring->held->copy);
    if (e == ERR_OK) e = flow_post_plan(ring, &plan, outcome);
    return flow_end(ring, e, why);
}
