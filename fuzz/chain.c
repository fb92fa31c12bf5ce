/* chain.c -- a record that comes from a hostile server, or is made by hostile members: what a client believes
 * of it keeps the laws of the circle, entry by entry, however it was put together.
 *
 * The input is a list of acts, a byte each and its choices behind it. Some take an entry of a real record
 * (whole, changed, erased, at the wrong place), some make a new one at the head, signed as it should be. Every
 * entry that is believed is held against the laws once more, here, in another form; and in the end the same
 * entries in one sequence must lead to the same state.
 */
#include "record/chain.h"

#include <stdlib.h>

#include "kit/acts.h"

enum { LIBRARY = 64, ACTS = 200, WIRE_BYTES = 1 << 13, SEQUENCE_BYTES = 1 << 20 };

#define NOON_MS UINT64_C(1770000000000)

static struct str library[LIBRARY]; /* a whole record; behind it entries of another one */
static size_t library_n;
static struct arena library_arena;

/* ---- the real record ---------------------------------------------------------------------------------- */

static void shelve(struct str sequence)
{
    while (sequence.len > 0) {
        EXPECT(library_n < LIBRARY && cbor_first(sequence, &library[library_n++], &sequence) == ERR_OK);
    }
}

static void write_record(struct room *const *room, struct arena *a)
{
    uint8_t secret[SECRET_BYTES];
    rooms_gather(room, 3, a);
    uint64_t note_seq = room[0]->chain.circle.head_seq + 1;
    rooms_take(room, 3, room_say(room[0], a, people_note(a, "I will call the plumber")));
    rooms_take(room, 3, room_say(room[1], a, people_note(a, "Thank you")));
    rooms_take(room, 3, room_redact(room[0], a, &note_seq, 1, STR("done")));
    rooms_take(room, 3, room_invite(room[1], a, secret));
    rooms_take(room, 3, room_rotate(room[2], a, ROTATE_WISH));
    rooms_take(room, 3, room_leave(room[2], a));
    rooms_take(room, 3, room_rotate(room[0], a, ROTATE_LEFT));
    rooms_take(room, 3, room_say(room[1], a, people_note(a, "We miss you, Cleo")));
    shelve(room_sequence(room[0], a, 0));
}

void fuzz_open(void)
{
    static struct room ana, ben, cleo, journal;
    struct room *const circle[] = {&ana, &ben, &cleo}, *const alone[] = {&journal};
    arena_init(&library_arena, 1 << 26);
    acts_world_init();
    for (size_t i = 0; i < 3; i++) room_init(circle[i], &acts_world.person[i], NOON_MS);
    write_record(circle, &library_arena);
    room_init(&journal, &acts_world.person[0], NOON_MS);
    rooms_take(alone, 1, room_genesis(&journal, &library_arena, true));
    rooms_take(alone, 1, room_say(&journal, &library_arena, people_note(&library_arena, "Dear diary")));
    shelve(room_sequence(&journal, &library_arena, 0));
}

/* ---- the laws, told in another way -------------------------------------------------------------------- */

struct told {
    const uint8_t *author, *id;
    enum entry_kind kind;
    bool is_erased, lacks_payload;
};

struct told_invite {
    uint8_t hash[HASH_BYTES];
    bool has_consent[ACTS_PEOPLE];
    bool is_open;
};

struct laws {
    struct told told[ACTS * 2 * ACTS_PEOPLE];
    size_t told_n;
    struct told_invite invite[ACTS * ACTS_PEOPLE];
    size_t invite_n;
    bool is_in[ACTS_PEOPLE], is_sole, must_rotate;
    int joiner; /* who has to rotate next; -1: nobody */
    uint64_t epoch;
};

static struct told_invite *invite_told(struct laws *laws, const uint8_t *hash)
{
    for (size_t i = 0; i < laws->invite_n; i++) {
        if (memcmp(laws->invite[i].hash, hash, HASH_BYTES) == 0) return &laws->invite[i];
    }
    return NULL;
}

static void end_invites(struct laws *laws)
{
    for (size_t i = 0; i < laws->invite_n; i++) laws->invite[i].is_open = false;
}

static size_t count_in(const struct laws *laws)
{
    size_t n = 0;
    for (size_t i = 0; i < ACTS_PEOPLE; i++) n += laws->is_in[i];
    return n;
}

static void expect_join_lawful(struct laws *laws, const struct entry *e, int author)
{
    struct told_invite *invite = invite_told(laws, e->body.join.invite_hash);
    EXPECT(author >= 0 && !laws->is_in[author] && !laws->is_sole && invite != NULL && invite->is_open);
    for (size_t i = 0; i < ACTS_PEOPLE; i++) EXPECT(!laws->is_in[i] || invite->has_consent[i]);
    EXPECT(count_in(laws) < LIMIT_MEMBERS);
}

static void expect_redact_lawful(const struct laws *laws, const struct entry *e)
{
    for (size_t i = 0; i < e->body.redact.seq_n; i++) {
        uint64_t seq = e->body.redact.seq[i];
        EXPECT(seq < laws->told_n && laws->told[seq].kind == ENTRY_SEALED && !laws->told[seq].is_erased);
        EXPECT(memcmp(laws->told[seq].author, e->author, SIGN_PK_BYTES) == 0);
    }
}

static void expect_lawful(struct laws *laws, const struct entry *e, int author)
{
    bool is_member = author >= 0 && laws->is_in[author];
    EXPECT(e->seq == laws->told_n && (e->kind == ENTRY_GENESIS) == (laws->told_n == 0));
    EXPECT(e->epoch == laws->epoch + (e->kind == ENTRY_ROTATE) && entry_is_signed(e));
    EXPECT(entry_payload_fits(e) || (e->kind == ENTRY_SEALED && e->payload.len == 0));
    for (size_t i = 0; i < laws->told_n; i++) EXPECT(memcmp(laws->told[i].id, e->id, ID_BYTES) != 0);
    if (e->kind != ENTRY_GENESIS && e->kind != ENTRY_JOIN && e->kind != ENTRY_REDACT) EXPECT(is_member);
    if (laws->joiner >= 0) EXPECT(e->kind == ENTRY_ROTATE && author == laws->joiner);
    if (laws->must_rotate) EXPECT(e->kind == ENTRY_ROTATE || e->kind == ENTRY_LEAVE || e->kind == ENTRY_REDACT);
    if (laws->is_sole) EXPECT(e->kind != ENTRY_INVITE && e->kind != ENTRY_LEAVE);
    if (e->kind == ENTRY_JOIN) expect_join_lawful(laws, e, author);
    if (e->kind == ENTRY_REDACT) expect_redact_lawful(laws, e);
    if (e->kind == ENTRY_ROTATE) EXPECT(e->body.rotate.seal_n == count_in(laws));
    if (e->kind == ENTRY_INVITE) {
        const struct told *before = &laws->told[laws->told_n - 1];
        EXPECT(before->kind == ENTRY_ROTATE || before->kind == ENTRY_INVITE);
        EXPECT(memcmp(before->author, e->author, SIGN_PK_BYTES) == 0);
    }
}

static void tell_invite(struct laws *laws, const struct entry *e, int author)
{
    struct told_invite *invite = &laws->invite[laws->invite_n++];
    memcpy(invite->hash, e->hash, HASH_BYTES);
    invite->is_open = true;
    invite->has_consent[author] = true;
}

static void tell(struct laws *laws, const struct entry *e, int author)
{
    struct told *told = &laws->told[laws->told_n++];
    EXPECT(author >= 0 && laws->told_n < sizeof laws->told / sizeof *laws->told);
    *told = (struct told){e->author, e->id, e->kind, false, entry_has_payload(e->kind) && e->payload.len == 0};
    if (e->kind == ENTRY_GENESIS) laws->is_sole = e->body.genesis.is_sole;
    if (e->kind == ENTRY_GENESIS || e->kind == ENTRY_JOIN) laws->is_in[author] = true;
    if (e->kind == ENTRY_LEAVE) laws->is_in[author] = false;
    if (e->kind == ENTRY_JOIN || e->kind == ENTRY_LEAVE || e->kind == ENTRY_ROTATE) {
        end_invites(laws);
        laws->must_rotate = e->kind != ENTRY_ROTATE;
        laws->joiner = e->kind == ENTRY_JOIN ? author : -1;
    }
    if (e->kind == ENTRY_INVITE) tell_invite(laws, e, author);
    if (e->kind == ENTRY_CONSENT) {
        struct told_invite *invite = invite_told(laws, e->body.consent.invite_hash);
        EXPECT(invite != NULL && invite->is_open && !invite->has_consent[author]);
        invite->has_consent[author] = true;
    }
    for (size_t i = 0; e->kind == ENTRY_REDACT && i < e->body.redact.seq_n; i++) {
        laws->told[e->body.redact.seq[i]].is_erased = true;
    }
    laws->epoch = e->epoch;
}

/* ---- the state ---------------------------------------------------------------------------------------- */

static void expect_saved(const struct circle *c)
{
    static uint8_t first[CIRCLE_SAVED_BYTES], second[CIRCLE_SAVED_BYTES];
    struct out saved = OUT_OVER(first), again = OUT_OVER(second);
    struct circle loaded;
    circle_save(&saved, c);
    EXPECT(!saved.is_full && circle_load(&loaded, out_str(&saved), c->head_seq, c->head_hash) == ERR_OK);
    circle_save(&again, &loaded);
    EXPECT(str_is(out_str(&saved), out_str(&again)));
    EXPECT(loaded.head_seq == c->head_seq && memcmp(loaded.head_hash, c->head_hash, HASH_BYTES) == 0);
    EXPECT(loaded.is_begun && loaded.member_n == c->member_n && loaded.invite_n == c->invite_n);
    EXPECT(loaded.ended_n == c->ended_n && memcmp(loaded.member, c->member, sizeof c->member) == 0);
}

static void expect_as_told(const struct chain *chain, const struct laws *laws)
{
    const struct circle *c = &chain->circle;
    size_t open_n = 0, lacking_n = 0;
    EXPECT(c->member_n <= LIMIT_MEMBERS && c->invite_n <= LIMIT_OPEN_INVITES && c->member_n == count_in(laws));
    EXPECT(chain->index.row_n == laws->told_n && c->head_seq + 1 == laws->told_n && c->epoch == laws->epoch);
    EXPECT(c->is_sole == laws->is_sole && c->must_rotate == laws->must_rotate);
    EXPECT(circle_may_rest(c) == (laws->joiner < 0) && c->joiner_owes <= c->member_n && c->may_invite <= c->member_n);
    EXPECT(laws->joiner < 0 || acts_who(c->member[c->joiner_owes - 1].sign_pk) == laws->joiner);
    for (size_t i = 0; i < c->member_n; i++) EXPECT(laws->is_in[acts_who(c->member[i].sign_pk)]);
    for (size_t i = 0; i < laws->invite_n; i++) {
        const struct circle_invite *invite = circle_open_invite(c, laws->invite[i].hash);
        EXPECT((invite != NULL) == laws->invite[i].is_open);
        open_n += laws->invite[i].is_open;
    }
    for (size_t i = 0; i < laws->told_n; i++) lacking_n += laws->told[i].lacks_payload && !laws->told[i].is_erased;
    EXPECT(open_n == c->invite_n && c->ended_n == laws->invite_n - open_n);
    EXPECT(chain->index.lacking_n == lacking_n);
    EXPECT(chain_is_settled(chain) == (lacking_n == 0 && laws->joiner < 0));
}

/* ---- one input ---------------------------------------------------------------------------------------- */

struct trial {
    struct fuzz_in in;
    struct arena arena;
    struct chain chain;
    struct laws *laws;
    struct out believed, all; /* the entries that were believed; all that were tried until one was not */
    size_t believed_n, before_refused_n;
    enum err refused; /* why the first one was, or OK */
    bool is_refused_whole; /* it was one item: in a sequence it is cut off as that */
    struct acts acts;
};

static bool try_wire(struct trial *t, struct str wire)
{
    struct circle before = t->chain.circle;
    uint64_t row_n = t->chain.index.row_n, lacking_n = t->chain.index.lacking_n;
    struct entry e;
    struct why why = {.code = ERR_OK};
    wire = arena_copy(&t->arena, wire);
    enum err err = chain_add(&t->chain, wire, &e, &why);
    EXPECT(err != ERR_NO_MEMORY && err != ERR_STORE && err != ERR_INTERNAL);
    if (t->refused == ERR_OK) out_put(&t->all, wire);
    if (err != ERR_OK) {
        EXPECT(why.code == err && memcmp(&before, &t->chain.circle, sizeof before) == 0);
        EXPECT(t->chain.index.row_n == row_n && t->chain.index.lacking_n == lacking_n);
        if (t->refused == ERR_OK) t->is_refused_whole = cbor_check(wire) == ERR_OK;
        if (t->refused == ERR_OK) t->refused = err;
        return false;
    }
    if (t->refused == ERR_OK) t->before_refused_n++;
    out_put(&t->believed, wire);
    t->believed_n++;
    int author = acts_who(e.author);
    expect_lawful(t->laws, &e, author);
    tell(t->laws, &e, author);
    EXPECT(memcmp(t->chain.circle.head_hash, e.hash, HASH_BYTES) == 0);
    expect_as_told(&t->chain, t->laws);
    expect_saved(&t->chain.circle);
    return true;
}

/* ---- acts on entries that there are ------------------------------------------------------------------- */

static struct str library_entry(struct trial *t, bool is_next)
{
    size_t next = (size_t)t->chain.index.row_n, i = is_next ? next : fuzz_byte(&t->in);
    return library[i % library_n];
}

static void act_changed(struct trial *t)
{
    struct str wire = library_entry(t, fuzz_below(&t->in, 2) == 0);
    uint8_t bytes[WIRE_BYTES];
    size_t n = wire.len < sizeof bytes ? wire.len : sizeof bytes;
    memcpy(bytes, wire.at, n);
    for (size_t flips = 1 + fuzz_below(&t->in, 3); flips > 0; flips--) {
        size_t at = (size_t)fuzz_byte(&t->in) << 8 | fuzz_byte(&t->in);
        bytes[at % n] ^= (uint8_t)(1 + fuzz_byte(&t->in));
    }
    if (fuzz_below(&t->in, 8) == 1) n = n * fuzz_byte(&t->in) / 256;
    (void)try_wire(t, str_at(bytes, n));
}

static void act_raw(struct trial *t)
{
    struct str bytes = fuzz_bytes(&t->in, fuzz_byte(&t->in));
    if (bytes.len > 0) (void)try_wire(t, bytes);
}

/* ---- acts of people, signed --------------------------------------------------------------------------- */

static void act_person(struct trial *t)
{
    size_t by = fuzz_below(&t->in, ACTS_PEOPLE), signer = by;
    struct entry e = acts_some(&t->acts, by, &t->in);
    acts_spoil(&t->acts, &e, &t->in);
    if (fuzz_below(&t->in, 16) == 1) signer = fuzz_below(&t->in, ACTS_PEOPLE);
    bool is_believed = try_wire(t, acts_sign(&t->acts, &e, signer));
    EXPECT(signer == by || !is_believed);
}

static void act_time(struct trial *t)
{
    t->acts.time_ms += fuzz_byte(&t->in) * (ACTS_DAY_MS / 16);
}

static bool do_signed(struct trial *t, size_t by, struct entry e)
{
    return try_wire(t, acts_sign(&t->acts, &e, by));
}

/* Everything that it takes to bring the next person in. If the circle is at rest, all of it is lawful. */
static void act_gather(struct trial *t)
{
    struct acts *a = &t->acts;
    const struct circle *c = &t->chain.circle;
    size_t next = 0;
    while (next < ACTS_PEOPLE && circle_member_index(c, acts_world.person[next].keys.sign_pk) >= 0) next++;
    bool is_ready = c->is_begun && !c->is_sole && !c->must_rotate && c->member_n > 0 && next < ACTS_PEOPLE;
    if (!is_ready) return;
    size_t host = (size_t)acts_who(c->member[fuzz_byte(&t->in) % c->member_n].sign_pk);
    EXPECT(do_signed(t, host, acts_rotate(a, host, c->member_n)));
    EXPECT(do_signed(t, host, acts_invite(a, host, 0, a->time_ms + ACTS_DAY_MS)));
    for (size_t i = 0; i < c->member_n; i++) {
        size_t one = (size_t)acts_who(c->member[i].sign_pk);
        if (one != host) EXPECT(do_signed(t, one, acts_consent(a, one, c->invite[0].hash)));
    }
    bool is_full = c->member_n == LIMIT_MEMBERS;
    EXPECT(do_signed(t, next, acts_join(a, next, c->invite[0].hash)) == !is_full);
    if (!is_full) EXPECT(do_signed(t, next, acts_rotate(a, next, c->member_n)));
}

/* ---- the end ------------------------------------------------------------------------------------------ */

/* The same entries as one sequence. */
static void expect_same_in_one(struct trial *t, struct str sequence, size_t good_n, enum err wanted)
{
    struct arena a;
    struct chain chain;
    struct why why = {.code = ERR_OK};
    size_t added_n = 0;
    arena_init(&a, 1 << 24);
    chain_init(&chain, &a);
    enum err e = chain_add_all(&chain, sequence, &added_n, &why);
    EXPECT(e == wanted && added_n == good_n && (e == ERR_OK || (why.code == e && why.at == good_n)));
    for (uint64_t seq = 0; seq < added_n; seq++) {
        struct chain_pin pin = {.seq = seq};
        memcpy(pin.hash, index_row(&t->chain.index, seq)->hash, HASH_BYTES);
        EXPECT(chain_keeps_pin(&chain, &pin) == ERR_OK);
        pin.hash[seq % HASH_BYTES] ^= 1;
        EXPECT(chain_keeps_pin(&chain, &pin) == ERR_FORKED);
    }
    EXPECT(chain_keeps_pin(&chain, &(struct chain_pin){.seq = added_n}) == ERR_ROLLED_BACK);
    if (good_n == t->believed_n) EXPECT(memcmp(&chain.circle, &t->chain.circle, sizeof chain.circle) == 0);
    arena_fini(&a);
}

static void run(struct trial *t)
{
    for (unsigned acts = 0; acts < ACTS && !fuzz_is_over(&t->in); acts++) {
        switch (fuzz_below(&t->in, 8)) {
        case 0: (void)try_wire(t, library_entry(t, true)); break;
        case 1: (void)try_wire(t, library_entry(t, false)); break;
        case 2: act_changed(t); break;
        case 3: (void)try_wire(t, draft_erased(&t->arena, library_entry(t, true))); break;
        case 4: act_gather(t); break;
        case 5: act_time(t); break;
        case 6: act_raw(t); break;
        default: act_person(t); break;
        }
    }
}

void fuzz_one(struct str input)
{
    static uint8_t believed[SEQUENCE_BYTES], all[SEQUENCE_BYTES];
    static struct laws laws;
    struct trial t = {.in = {input}, .laws = &laws, .believed = OUT_OVER(believed), .all = OUT_OVER(all)};
    memset(&laws, 0, sizeof laws);
    laws.joiner = -1;
    t.acts = (struct acts){.arena = &t.arena, .at = &t.chain.circle, .time_ms = NOON_MS};
    arena_init(&t.arena, 1 << 26);
    chain_init(&t.chain, &t.arena);
    run(&t);
    EXPECT(!t.believed.is_full && !t.all.is_full);
    expect_same_in_one(&t, out_str(&t.believed), t.believed_n, ERR_OK);
    if (t.is_refused_whole) expect_same_in_one(&t, out_str(&t.all), t.before_refused_n, t.refused);
    if (t.believed_n > 1 && t.refused == ERR_OK) fuzz_good();
    arena_fini(&t.arena);
}
