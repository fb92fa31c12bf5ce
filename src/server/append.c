/* append.c -- see append.h. */
#include "server/append.h"

#include "server/hub.h"

/* ---- on an http thread -------------------------------------------------------------------------- */

static enum err refuse_at(struct append *a, size_t index, const struct why *why)
{
    a->refusal = (struct refusal){.code = why->code, .has_index = true, .index = index, .field = why->field};
    return why->code;
}

/* How many entries a body holds; more than a batch may have are not counted on. */
static enum err count_entries(struct str body, size_t *n)
{
    struct str one;
    *n = 0;
    while (body.len > 0 && *n <= LIMIT_BATCH_ENTRIES) {
        enum err e = cbor_first(body, &one, &body);
        if (e != ERR_OK) return e;
        ++*n;
    }
    return *n == 0 || *n > LIMIT_BATCH_ENTRIES ? ERR_BAD_FIELD : ERR_OK;
}

enum err append_read(struct append *append, struct arena *a, struct str body)
{
    struct why why = {.field = "entries"};
    size_t n = 0;
    why.code = count_entries(body, &n);
    if (why.code != ERR_OK) return refuse_at(append, n, &why);
    append->item = arena_take(a, n * sizeof *append->item);
    if (append->item == NULL) return ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        struct append_item *item = &append->item[i];
        struct str wire;
        enum err e = cbor_first(body, &wire, &body);
        if (e == ERR_OK) e = entry_read(wire, &item->entry, &why);
        if (e != ERR_OK) return refuse_at(append, i, &why);
        item->is_signed = entry_is_signed(&item->entry);
        item->payload_fits = entry_payload_fits(&item->entry);
    }
    append->item_n = n;
    append->evidence_from = n;
    return ERR_OK;
}

bool append_is_plain(const struct append *a)
{
    return a->way == APPEND_LIVE && a->item_n == 1 && a->item[0].entry.kind == ENTRY_SEALED;
}

/* ---- the past, as the store has it ----------------------------------------------------------------- */

struct store_past {
    struct store *store;
    uint64_t circle;
};

static enum err past_id_is_taken(void *of, const uint8_t *id, bool *is_taken)
{
    struct store_past *past = of;
    uint64_t seq;
    enum err e = store_entry_by_id(past->store, past->circle, id, &seq);
    if (e != ERR_OK && e != ERR_NOT_FOUND) return e;
    *is_taken = e == ERR_OK;
    return ERR_OK;
}

static enum err fact_of(void *ctx, const struct store_entry *stored)
{
    struct circle_fact *fact = ctx;
    struct cbor_map header;
    uint64_t kind = 0;
    bool is_read = cbor_map(stored->header, &header) == ERR_OK && cbor_uint(header.item[9], &kind) == ERR_OK &&
                   cbor_bytes_n(header.item[5], fact->author, SIGN_PK_BYTES) == ERR_OK;
    fact->kind = (enum entry_kind)kind;
    fact->is_erased = stored->is_erased;
    return is_read ? ERR_OK : ERR_STORE_DAMAGED;
}

static enum err past_fact_at(void *of, uint64_t seq, struct circle_fact *fact)
{
    struct store_past *past = of;
    enum err e = store_entry_get(past->store, past->circle, seq, fact_of, fact);
    return e == ERR_NOT_FOUND ? ERR_STORE_DAMAGED : e;
}

/* ---- on the writer's thread ------------------------------------------------------------------------ */

/* One batch being applied. */
struct applying {
    struct append *append;
    const struct session *session;
    struct store *store;
    struct circles_open *open; /* NULL while a new circle has no entry yet */
    struct circle *circle;     /* the state: of open, or of one's own for a new circle */
    uint64_t payload_bytes;
    uint64_t before_seq; /* the head in front of the batch */
    uint8_t before_hash[HASH_BYTES];
    bool may_see_head;   /* who sends it is or was a member, or has an invite in hand */
    bool is_state_changed;
};

static enum err refuse(struct applying *ap, enum err e, size_t index)
{
    struct refusal *r = &ap->append->refusal;
    r->code = e;
    r->has_index = true;
    r->index = index;
    return e;
}

/* Whether it is refused because it stands nowhere in this record. */
static bool is_out_of_place(enum err e)
{
    return e == ERR_HEAD_MOVED || e == ERR_WRONG_CIRCLE;
}

/* What the codes tell besides: where the head is, which epoch, what time. The head is the one that stays, not
 * one that this batch would have made. A stranger who has shown no entry of the record does not even learn
 * that there is one. */
static enum err refuse_entry(struct applying *ap, const struct why *why, size_t index)
{
    struct refusal *r = &ap->append->refusal;
    *r = (struct refusal){.field = why->field};
    if (!ap->may_see_head && ap->append->way == APPEND_REPAIR && index == 0 && is_out_of_place(why->code)) {
        *r = (struct refusal){.code = ERR_NO_CIRCLE};
        return ERR_NO_CIRCLE;
    }
    if (why->code == ERR_HEAD_MOVED && ap->may_see_head) {
        r->has_head = true;
        r->seq = ap->before_seq;
        memcpy(r->hash, ap->before_hash, HASH_BYTES);
    }
    if (why->code == ERR_EPOCH_STALE) {
        r->has_epoch = true;
        r->epoch = ap->circle->epoch;
    }
    if (why->code == ERR_CLOCK_SKEW) {
        r->has_time = true;
        r->time_ms = ap->append->now_ms;
    }
    return refuse(ap, why->code, index);
}

struct comparison {
    const struct entry *entry;
    bool is_same;
    bool waits_for_payload; /* it came in a repair without its payload, and no redact has come since */
};

/* The same header and signature are the same entry; its payload may have been erased, here or there. */
static enum err compare_stored(void *ctx, const struct store_entry *stored)
{
    struct comparison *c = ctx;
    const struct entry *e = c->entry;
    bool has_both = stored->payload.len > 0 && e->payload.len > 0;
    c->is_same = str_is(stored->header, e->header) && str_is(stored->sig, str_at(e->sig, SIG_BYTES)) &&
                 (!has_both || str_is(stored->payload, e->payload));
    c->waits_for_payload = entry_has_payload(e->kind) && stored->payload.len == 0 && !stored->is_erased;
    return ERR_OK;
}

static enum err is_stored(const struct applying *ap, const struct entry *entry, struct comparison *c)
{
    *c = (struct comparison){.entry = entry};
    if (ap->open == NULL || !ap->circle->is_begun || entry->seq > ap->circle->head_seq) return ERR_OK;
    enum err e = store_entry_get(ap->store, ap->open->number, entry->seq, compare_stored, c);
    return e == ERR_NOT_FOUND ? ERR_STORE_DAMAGED : e;
}

/* The same entry once more. Where its payload is still waited for and comes now, it is kept: whoever has a
 * whole copy gives back what a repair by others left out. */
static enum err take_again(struct applying *ap, const struct append_item *item, const struct comparison *c)
{
    struct str payload = item->entry.payload;
    if (!c->waits_for_payload || payload.len == 0 || !item->payload_fits) return ERR_OK;
    enum err e = store_entry_fill(ap->store, ap->open->number, item->entry.seq, payload);
    if (e != ERR_OK) return e;
    ap->append->added_n++;
    ap->payload_bytes += payload.len;
    return ap->payload_bytes <= ap->append->circle_bytes_max ? ERR_OK : ERR_QUOTA;
}

/* ---- evidence --------------------------------------------------------------------------------------- */

/* Whether item i stands further ahead than the batch before it reaches: what is not next in line. */
static bool is_ahead(const struct append *a, size_t i)
{
    return i > 0 && a->item[i].entry.seq > a->item[i - 1].entry.seq + 1;
}

static bool is_good_evidence(const struct append_item *item, const uint8_t *circle, const struct session *session)
{
    const struct entry *e = &item->entry;
    bool is_here = e->circle != NULL && memcmp(e->circle, circle, HASH_BYTES) == 0;
    bool is_own_join = e->kind == ENTRY_JOIN && memcmp(e->author, session->sign_pk, SIGN_PK_BYTES) == 0;
    return is_here && item->is_signed && (e->kind == ENTRY_REDACT || is_own_join);
}

/* In a repair, what stands behind the first gap is evidence. */
static void find_evidence(struct applying *ap, const uint8_t *circle)
{
    struct append *a = ap->append;
    a->evidence_from = a->item_n;
    if (a->way == APPEND_LIVE) return;
    size_t i = 0;
    while (i < a->item_n && !is_ahead(a, i)) i++;
    for (size_t k = i; k < a->item_n; k++) {
        if (!is_good_evidence(&a->item[k], circle, ap->session)) return;
    }
    a->evidence_from = i;
}

/* Whether a redact of entry i follows: in the batch, or as evidence behind it. */
static bool is_redacted_later(const struct append *a, size_t i)
{
    const struct entry *target = &a->item[i].entry;
    for (size_t k = i + 1; k < a->item_n; k++) {
        const struct entry *e = &a->item[k].entry;
        if (e->kind != ENTRY_REDACT || memcmp(e->author, target->author, SIGN_PK_BYTES) != 0) continue;
        for (size_t s = 0; s < e->body.redact.seq_n; s++) {
            if (e->body.redact.seq[s] == target->seq && a->item[k].is_signed) return true;
        }
    }
    return false;
}

/* ---- who may send it ---------------------------------------------------------------------------------- */

/* What a former member may still send: redacts of their own, and, when its answer was lost, what is in the
 * record already, such as their leave. */
static enum err judge_former(struct applying *ap)
{
    for (size_t i = 0; i < ap->append->item_n; i++) {
        const struct entry *e = &ap->append->item[i].entry;
        struct comparison c = {.is_same = false};
        enum err err = e->kind == ENTRY_REDACT ? ERR_OK : is_stored(ap, e, &c);
        if (err != ERR_OK) return err;
        if (e->kind != ENTRY_REDACT && !c.is_same) return ERR_NOT_MEMBER;
    }
    return ERR_OK;
}

/* Whether the batch, or its evidence, holds a join by whoever sends it. */
static bool has_own_join(const struct applying *ap)
{
    const struct append *a = ap->append;
    for (size_t i = 0; i < a->item_n; i++) {
        const struct entry *e = &a->item[i].entry;
        bool is_own = memcmp(e->author, ap->session->sign_pk, SIGN_PK_BYTES) == 0;
        if (e->kind == ENTRY_JOIN && is_own && a->item[i].is_signed) return true;
    }
    return false;
}

/* Somebody who is not in: may come in by an invite of this circle (or, in a repair, show that they did);
 * may erase what they said while they were in; nothing else. Who never was in does not even learn that
 * there is such a circle. */
static enum err judge_outsider(struct applying *ap)
{
    const struct entry *first = &ap->append->item[0].entry;
    struct store_member member;
    bool is_repair = ap->append->way == APPEND_REPAIR;
    enum err e = store_member_find(ap->store, ap->open->number, ap->session->sign_pk, &member);
    if (e != ERR_OK && e != ERR_NOT_FOUND) return e;
    bool was_member = e == ERR_OK;
    ap->may_see_head = was_member;
    if (ap->append->way == APPEND_CREATE) return ERR_OK; /* shows at the end of the batch to be in it */
    if (has_own_join(ap)) {
        bool comes_in = first->kind == ENTRY_JOIN && circle_knows_invite(ap->circle, first->body.join.invite_hash);
        if (comes_in) ap->may_see_head = true;
        if (is_repair || comes_in) return ERR_OK;
    }
    if (!was_member) return ERR_NO_CIRCLE;
    return is_repair ? ERR_NOT_MEMBER : judge_former(ap);
}

static enum err judge_sender(struct applying *ap)
{
    ap->may_see_head = circle_member_index(ap->circle, ap->session->sign_pk) >= 0;
    return ap->may_see_head ? ERR_OK : judge_outsider(ap);
}

/* A repair may be sent by who is a member behind it, or shows to have joined later. */
static enum err judge_repairer(struct applying *ap)
{
    const struct append *a = ap->append;
    if (a->way == APPEND_LIVE || circle_member_index(ap->circle, ap->session->sign_pk) >= 0) return ERR_OK;
    for (size_t i = a->evidence_from; i < a->item_n; i++) {
        if (a->item[i].entry.kind == ENTRY_JOIN) return ERR_OK;
    }
    return ERR_NOT_MEMBER;
}

/* ---- entry by entry -------------------------------------------------------------------------------------- */

static enum err note_move(struct applying *ap, const struct entry *e, bool is_join)
{
    struct append *a = ap->append;
    uint64_t circle_n = 0;
    struct append_move *move = &a->move[a->move_n++];
    memcpy(move->sign_pk, e->author, SIGN_PK_BYTES);
    move->is_join = is_join;
    if (!is_join) return store_member_leave(ap->store, ap->open->number, e->author, e->seq);
    /* Who comes in counts, unless somebody else only brings back that they did. */
    bool is_restored = a->way != APPEND_LIVE && memcmp(e->author, ap->session->sign_pk, SIGN_PK_BYTES) != 0;
    enum err err = store_member_add(ap->store, ap->open->number, e->author, e->seq);
    if (err == ERR_OK && !is_restored) err = store_member_count(ap->store, e->author, &circle_n);
    return err == ERR_OK && circle_n > a->circle_n_max ? ERR_TOO_MANY_CIRCLES : err;
}

static enum err erase(struct applying *ap, const struct entry *e)
{
    for (size_t i = 0; i < e->body.redact.seq_n; i++) {
        uint64_t erased_bytes = 0;
        enum err err = store_entry_erase(ap->store, ap->open->number, e->body.redact.seq[i], &erased_bytes);
        if (err != ERR_OK) return err;
        ap->payload_bytes -= erased_bytes;
    }
    return ERR_OK;
}

/* A judged entry goes into the store, with what follows from its kind. */
static enum err record(struct applying *ap, const struct entry *e)
{
    struct store_entry row = {
        .seq = e->seq,
        .header = e->header,
        .sig = str_at(e->sig, SIG_BYTES),
        .payload = e->payload, /* empty in a repair whose redact follows: that marks it as erased */
    };
    memcpy(row.id, e->id, ID_BYTES);
    if (e->ref_n > 0) return ERR_MISSING_BLOB; /* this server takes no attachments yet, so none has arrived */
    ap->payload_bytes += e->payload.len;
    /* What adds nothing goes on where a circle has more than it may: leaving, and erasing above all. */
    if (e->payload.len > 0 && ap->payload_bytes > ap->append->circle_bytes_max) return ERR_QUOTA;
    enum err err = store_entry_add(ap->store, ap->open->number, &row);
    if (err != ERR_OK) return err;
    switch (e->kind) {
    case ENTRY_GENESIS:
    case ENTRY_JOIN: return note_move(ap, e, true);
    case ENTRY_LEAVE: return note_move(ap, e, false);
    case ENTRY_INVITE: return store_invite_add(ap->store, e->body.invite.invite_pk, ap->open->number, e->seq);
    case ENTRY_REDACT: return erase(ap, e);
    case ENTRY_ROTATE:
    case ENTRY_CONSENT:
    case ENTRY_SEALED: break;
    }
    return ERR_OK;
}

/* Whether the clock counts. Not where a record is brought here from elsewhere: until something new was said here,
 * this server has nothing to say about its times. */
static bool is_timed(const struct applying *ap)
{
    return ap->append->way == APPEND_LIVE || ap->open->heard_ms > 0;
}

/* The time that an entry's is held to. What was lost and is brought back was recorded here after the last news that
 * this server remembers, which came no sooner than its own time less what a clock may be off, and before now. (When it
 * came is not asked: it may have been lost as well, and sent once more.) */
static uint64_t due_ms(const struct applying *ap, uint64_t time_ms)
{
    uint64_t now_ms = ap->append->now_ms, heard_ms = ap->open->heard_ms;
    uint64_t since_ms = heard_ms > LIMIT_CLOCK_SKEW_MS ? heard_ms - LIMIT_CLOCK_SKEW_MS : 0;
    if (ap->append->way == APPEND_LIVE || time_ms > now_ms) return now_ms;
    if (since_ms > now_ms) since_ms = now_ms; /* the clock was set back */
    return time_ms < since_ms ? since_ms : time_ms;
}

/* Whether the sender would come in by an invitation that is over, and says that it was long ago. Somebody who is in
 * may bring it back. */
static bool is_late_join(const struct applying *ap, const struct entry *e)
{
    bool is_own = e->kind == ENTRY_JOIN && memcmp(e->author, ap->session->sign_pk, SIGN_PK_BYTES) == 0;
    const struct circle_invite *invite = is_own ? circle_open_invite(ap->circle, e->body.join.invite_hash) : NULL;
    return invite != NULL && is_timed(ap) && ap->append->now_ms > invite->expires_ms + LIMIT_CLOCK_SKEW_MS;
}

static enum err apply_item(struct applying *ap, size_t i)
{
    struct append *a = ap->append;
    const struct append_item *item = &a->item[i];
    struct store_past of = {.store = ap->store, .circle = ap->open->number};
    struct circle_past past = {&of, past_id_is_taken, past_fact_at};
    struct circle_terms terms = {
        .is_signed = item->is_signed,
        .payload_fits = item->payload_fits,
        .is_live = is_timed(ap),
        .may_lack_payload = a->way != APPEND_LIVE && is_redacted_later(a, i),
        .now_ms = due_ms(ap, item->entry.time_ms),
    };
    struct why why = {0};
    struct comparison c;
    why.code = circle_judge(ap->circle, &item->entry, &past, &terms, &why);
    if (why.code == ERR_HEAD_MOVED) {
        enum err e = is_stored(ap, &item->entry, &c);
        if (e == ERR_OK && c.is_same) e = take_again(ap, item, &c);
        if (e != ERR_OK) return refuse(ap, e, i);
        if (c.is_same) return ERR_OK; /* it is there already: done */
    }
    if (why.code == ERR_OK && is_late_join(ap, &item->entry)) {
        why = (struct why){.code = ERR_INVITE_EXPIRED, .field = "invite"};
    }
    if (why.code == ERR_OK) {
        /* Recorded first: only then the state moves on. */
        why.code = record(ap, &item->entry);
        if (why.code != ERR_OK) return refuse(ap, why.code, i);
        if (circle_advance(ap->circle, &item->entry)) ap->is_state_changed = true;
        if (a->way == APPEND_LIVE) ap->open->heard_ms = item->entry.time_ms;
        a->added_n++;
        return ERR_OK;
    }
    return refuse_entry(ap, &why, i);
}

/* The head and the state behind the batch, once for all of it. */
static enum err save_head(struct applying *ap)
{
    uint8_t memory[CIRCLE_SAVED_BYTES];
    struct out saved = OUT_OVER(memory);
    struct append *a = ap->append;
    a->head = (struct store_head){
        .seq = ap->circle->head_seq,
        .payload_bytes = ap->payload_bytes,
        .is_closed = ap->circle->member_n == 0,
        .heard_ms = ap->open->heard_ms,
    };
    memcpy(a->head.hash, ap->circle->head_hash, HASH_BYTES);
    memcpy(a->circle, ap->circle->id, HASH_BYTES);
    if (a->added_n == 0) return ERR_OK;
    ap->open->payload_bytes = ap->payload_bytes;
    if (ap->is_state_changed) {
        circle_save(&saved, ap->circle);
        EXPECT(!saved.is_full);
    }
    struct str state = ap->is_state_changed ? out_str(&saved) : (struct str){0};
    return store_circle_set_head(ap->store, ap->open->number, &a->head, state);
}

/* Where a stranger's batch was all here already, they are told as far as they know it, not how it went on. */
static void show_no_further(struct applying *ap)
{
    struct append *a = ap->append;
    const struct entry *last = &a->item[a->evidence_from - 1].entry;
    if (ap->may_see_head || a->head.seq != ap->before_seq) return;
    a->head = (struct store_head){.seq = last->seq};
    memcpy(a->head.hash, last->hash, HASH_BYTES);
}

static enum err apply_all(struct applying *ap)
{
    struct append *a = ap->append;
    find_evidence(ap, ap->circle->id);
    ap->payload_bytes = ap->open->payload_bytes;
    ap->before_seq = ap->circle->head_seq;
    memcpy(ap->before_hash, ap->circle->head_hash, HASH_BYTES);
    enum err e = judge_sender(ap);
    if (e != ERR_OK) {
        a->refusal = (struct refusal){.code = e};
        return e;
    }
    for (size_t i = 0; i < a->evidence_from; i++) {
        e = apply_item(ap, i);
        if (e != ERR_OK) return e;
    }
    if (!circle_may_rest(ap->circle)) return refuse(ap, ERR_ROTATE_REQUIRED, a->evidence_from - 1);
    e = judge_repairer(ap);
    if (e != ERR_OK) return refuse(ap, e, a->evidence_from - 1);
    e = save_head(ap);
    show_no_further(ap);
    return e;
}

/* A circle that is new here gets its row first, so that its entries have a place to stand in; the state is
 * written behind the batch. What is refused later takes the row back with it. */
static enum err begin_circle(struct applying *ap, const struct writer_desk *desk)
{
    struct append *a = ap->append;
    const struct entry *genesis = &a->item[0].entry;
    uint64_t circle_n = 0, number;
    if (genesis->kind != ENTRY_GENESIS) {
        a->refusal = (struct refusal){.field = "kind"};
        return refuse(ap, ERR_BAD_ENTRY, 0);
    }
    enum err e = circles_find(desk->circles, desk->store, genesis->hash, &ap->open);
    if (e != ERR_NO_CIRCLE) return e;
    e = store_member_count(desk->store, ap->session->sign_pk, &circle_n);
    if (e != ERR_OK) return e;
    if (circle_n >= a->circle_n_max) return ERR_TOO_MANY_CIRCLES;
    struct store_head none = {.seq = 0};
    e = store_circle_add(desk->store, genesis->hash, &none, (struct str){0}, &number);
    if (e == ERR_OK) e = store_circle_bring(desk->store, number, ap->session->sign_pk);
    return e == ERR_OK ? circles_begin(desk->circles, number, genesis->hash, &ap->open) : e;
}

enum err append_apply(struct append *append, const struct writer_desk *desk, const struct session *session)
{
    struct applying ap = {.append = append, .session = session, .store = desk->store};
    append->refusal = (struct refusal){0};
    append->added_n = append->move_n = 0; /* it may be applied once more, see writer.h */
    enum err e = append->way == APPEND_CREATE ? begin_circle(&ap, desk)
                                              : circles_find(desk->circles, desk->store, append->circle, &ap.open);
    if (e != ERR_OK) {
        append->refusal.code = e;
        return e;
    }
    ap.circle = &ap.open->circle;
    return apply_all(&ap);
}

/* ---- when it is on disk ------------------------------------------------------------------------------------ */

void append_tell(const struct append *append, struct hub *hub)
{
    if (append->added_n == 0) return;
    hub_moved(hub, append->circle, append->head.seq, append->head.hash);
    for (size_t i = 0; i < append->move_n; i++) {
        const struct append_move *move = &append->move[i];
        if (move->is_join) hub_joined(hub, move->sign_pk, append->circle, append->head.seq, append->head.hash);
        else hub_left(hub, move->sign_pk, append->circle);
    }
}
