/* api_world.c -- see api_world.h. The server is put together as serve.c does it. */
#include "kit/api_world.h"

#include <stdlib.h>

#include "kit/fake_clock.h"
#include "kit/fake_http.h"
#include "server/log.h"
#include "server/routes.h"

enum {
    RECORD_ROWS = 64,
    ARENA_BYTES = 1 << 26,
    WIRE_BYTES = LIMIT_HEADER_BYTES + SIG_BYTES + LIMIT_PAYLOAD_BYTES + 16,
};

/* What the store is to hold of a record. */
struct record {
    struct store_entry row[RECORD_ROWS];
    struct entry entry[RECORD_ROWS];
    size_t n;
    struct store_head head;
    uint8_t id[HASH_BYTES], state[CIRCLE_SAVED_BYTES];
    size_t state_n;
};

struct api_fixed api_fixed;
static struct record circle_record, journal_record;
static struct arena fixed_arena;
static struct config config;

/* ---- the records, made once --------------------------------------------------------------------------- */

static void take_down(struct record *record, struct str sequence)
{
    struct chain chain;
    struct out state = OUT_OVER(record->state);
    chain_init(&chain, &fixed_arena);
    while (sequence.len > 0) {
        struct entry *e = &record->entry[record->n];
        struct store_entry *row = &record->row[record->n++];
        struct str wire;
        struct why why;
        EXPECT(record->n <= RECORD_ROWS && cbor_first(sequence, &wire, &sequence) == ERR_OK);
        EXPECT(chain_add(&chain, wire, e, &why) == ERR_OK);
        *row = (struct store_entry){.seq = e->seq, .header = e->header, .sig = str_at(e->sig, SIG_BYTES),
                                    .payload = e->payload};
        memcpy(row->id, e->id, ID_BYTES);
        record->head.payload_bytes += e->payload.len;
    }
    circle_save(&state, &chain.circle);
    record->state_n = state.len;
    record->head.seq = chain.circle.head_seq;
    memcpy(record->head.hash, chain.circle.head_hash, HASH_BYTES);
    memcpy(record->id, chain.circle.id, HASH_BYTES);
}

/* Rotate, and the invitation whose secret is the first of the world's; the other member agrees. */
static struct str invitation(struct arena *a, const struct circle *at)
{
    struct circle state = *at;
    struct acts acts = {.arena = a, .at = &state, .time_ms = API_NOON_MS};
    const size_t by[] = {BEN, BEN, ANA};
    struct str all = {NULL, 0};
    for (size_t i = 0; i < 3; i++) {
        struct entry e = i == 0   ? acts_rotate(&acts, BEN, state.member_n)
                         : i == 1 ? acts_invite(&acts, BEN, API_INVITE_SECRET, API_NOON_MS + ACTS_DAY_MS)
                                  : acts_consent(&acts, ANA, state.invite[0].hash);
        struct str wire = acts_sign(&acts, &e, by[i]);
        struct why why;
        EXPECT(entry_read(wire, &e, &why) == ERR_OK);
        (void)circle_advance(&state, &e);
        all = i == 0 ? wire : draft_then(a, all, wire);
    }
    return all;
}

static void write_circle(struct arena *a)
{
    static struct room room[3];
    struct room *const all[] = {&room[ANA], &room[BEN], &room[CLEO]};
    for (size_t i = 0; i < 3; i++) room_init(&room[i], &acts_world.person[i], API_NOON_MS);
    rooms_gather(all, 3, a);
    rooms_take(all, 3, room_say(&room[ANA], a, people_note(a, "I will call the plumber")));
    rooms_take(all, 3, room_say(&room[CLEO], a, people_note(a, "Good luck with that")));
    rooms_take(all, 3, room_leave(&room[CLEO], a));
    rooms_take(all, 3, room_rotate(&room[ANA], a, ROTATE_LEFT));
    rooms_take(all, 3, room_say(&room[BEN], a, people_note(a, "Did you?")));
    rooms_take(all, 3, invitation(a, &room[BEN].chain.circle));
    take_down(&circle_record, room_sequence(&room[ANA], a, 0));
}

static void write_journal(struct arena *a)
{
    static struct room room;
    struct room *const all[] = {&room};
    room_init(&room, &acts_world.person[ANA], API_NOON_MS);
    rooms_take(all, 1, room_genesis(&room, a, true));
    rooms_take(all, 1, room_say(&room, a, people_note(a, "Dear diary")));
    take_down(&journal_record, room_sequence(&room, a, 0));
}

void api_fixed_init(void)
{
    static char *const arg[] = {"trothd", "--rate-challenge=0", "--rate-login=0", "--rate-register=0",
                                "--rate-invite-open=0", "--rate-append=0", "--rate-read=0", "--rate-login-cred=0",
                                "--sessions=3", "--circles=3", "--circle-bytes=1M", "--live-streams=2"};
    static char *const no_env[] = {NULL};
    struct config_trouble trouble;
    fake_clock_set(API_NOON_MS);
    log_set(LOG_NOTHING, LOG_AS_TEXT, 2);
    if (config_init(&config, sizeof arg / sizeof *arg, arg, no_env, &trouble) != ERR_OK) misuse(trouble.text);
    acts_world_init();
    arena_init(&fixed_arena, ARENA_BYTES);
    for (size_t i = 0; i < API_PEOPLE; i++) {
        const uint8_t code[SECRET_BYTES] = {(uint8_t)i};
        secret_access_init_bare(&api_fixed.access[i], code);
    }
    random_fill(api_fixed.permit, sizeof api_fixed.permit);
    write_circle(&fixed_arena);
    write_journal(&fixed_arena);
    memcpy(api_fixed.circle, circle_record.id, HASH_BYTES);
    memcpy(api_fixed.journal, journal_record.id, HASH_BYTES);
    api_fixed.entry_n = circle_record.n;
    for (size_t i = 0; i < circle_record.n; i++) api_fixed.entry[i] = circle_record.entry[i].wire;
}

/* ---- the store, filled for each input ----------------------------------------------------------------- */

static void must(enum err e)
{
    if (e != ERR_OK) misuse(err_code(e));
}

static void put_record(struct store *store, const struct record *record)
{
    uint64_t number;
    must(store_circle_add(store, record->id, &record->head, str_at(record->state, record->state_n), &number));
    for (size_t i = 0; i < record->n; i++) {
        const struct entry *e = &record->entry[i];
        must(store_entry_add(store, number, &record->row[i]));
        if (e->kind == ENTRY_GENESIS || e->kind == ENTRY_JOIN) must(store_member_add(store, number, e->author, e->seq));
        if (e->kind == ENTRY_LEAVE) must(store_member_leave(store, number, e->author, e->seq));
        if (e->kind == ENTRY_INVITE) must(store_invite_add(store, e->body.invite.invite_pk, number, e->seq));
    }
}

static void put_account(struct api_world *w, size_t who)
{
    const struct secret_identity *me = &acts_world.person[who].keys;
    const struct secret_access *access = &api_fixed.access[who];
    struct store_cred cred;
    struct store_session session = {.created_ms = API_NOON_MS, .used_ms = API_NOON_MS};
    struct api_token *token = &w->token[w->token_n++];
    memcpy(cred.cred_id, access->cred_id, ID_BYTES);
    memcpy(cred.login_pk, access->login_pk, SIGN_PK_BYTES);
    secret_wrap(cred.wrapped, access, me);
    must(store_account_add(w->store, me->sign_pk, me->box_pk, &cred, &w->account[who]));
    token->who = who;
    random_fill(token->token, sizeof token->token);
    session.account = w->account[who];
    random_fill(session.id, sizeof session.id);
    account_token_hash(session.token_hash, token->token);
    must(store_session_add(w->store, &session));
}

void api_world_fill(struct api_world *w)
{
    uint8_t permit[HASH_BYTES];
    must(store_begin(w->store));
    put_account(w, ANA);
    put_account(w, BEN);
    put_account(w, CLEO);
    put_account(w, EVE);
    account_permit_hash(permit, api_fixed.permit);
    must(store_permit_add(w->store, permit, API_NOON_MS));
    put_record(w->store, &circle_record);
    put_record(w->store, &journal_record);
    must(store_commit(w->store));
}

void api_world_open(struct api_world *w)
{
    static const char *name[ROUTES_MAX];
    struct server *server = &w->server;
    uint8_t seed[RATE_SEED_BYTES];
    memset(w, 0, sizeof *w);
    fake_clock_set(API_NOON_MS);
    must(store_open_mem(&w->store));
    must(store_reader_open(w->store, &w->reader));
    api_world_fill(w);
    server->config = &config;
    server->http = fake_http_server();
    server->origin_n = origins_of(&config, origin_port(&config), server->origin);
    random_fill(seed, sizeof seed);
    account_dummy_pk(server->dummy_pk);
    challenges_init(&server->challenges);
    visits_init(&server->visits);
    must(sessions_init(&server->sessions));
    must(rate_open(&server->rate, seed));
    must(metrics_open(&server->metrics, name, routes_names(name)));
    must(hub_open(&server->hub));
    must(sessions_load(&server->sessions, w->store));
    must(readers_open(&server->readers, w->store, 1));
    must(writer_open(&server->writer, w->store));
    atomic_store(&server->is_ready, true);
    w->owner = routes_owner(server);
}

void api_world_close(struct api_world *w)
{
    struct server *server = &w->server;
    writer_close(server->writer);
    readers_close(server->readers);
    store_close(w->reader);
    store_close(w->store);
    hub_close(server->hub);
    metrics_close(server->metrics);
    rate_close(server->rate);
    sessions_fini(&server->sessions);
    visits_fini(&server->visits);
    challenges_fini(&server->challenges);
}

/* ---- looking ------------------------------------------------------------------------------------------ */

struct circle api_world_circle(struct api_world *w, const uint8_t id[static HASH_BYTES])
{
    uint8_t memory[STORE_STATE_BYTES];
    struct out state = OUT_OVER(memory);
    struct store_circle row;
    struct circle circle = {.head_seq = 0};
    enum err e = store_circle_by_id(w->reader, id, &row, &state);
    EXPECT(e == ERR_OK || e == ERR_NOT_FOUND);
    if (e == ERR_OK) must(circle_load(&circle, out_str(&state), row.head.seq, row.head.hash));
    return circle;
}

/* Each row is hashed together with what was hashed before. */
struct digest {
    uint8_t hash[HASH_BYTES];
};

static void add(struct digest *d, const void *bytes, size_t n)
{
    uint8_t hash[HASH_BYTES];
    hash_of(hash, CTX_BLOB, PARTS(STR_OF(d->hash), str_at(bytes, n)));
    memcpy(d->hash, hash, sizeof hash);
}

static enum err add_circle(void *ctx, const struct store_circle *circle, struct str state)
{
    add(ctx, circle->id, HASH_BYTES);
    add(ctx, circle->head.hash, HASH_BYTES);
    add(ctx, &circle->head.payload_bytes, sizeof circle->head.payload_bytes);
    add(ctx, state.at, state.len);
    return ERR_OK;
}

static enum err add_session(void *ctx, const struct store_session *session)
{
    add(ctx, session->id, ID_BYTES);
    add(ctx, &session->used_ms, sizeof session->used_ms);
    return ERR_OK;
}

void api_world_digest(struct api_world *w, uint8_t digest[static HASH_BYTES])
{
    struct digest d = {{0}};
    struct store_counts counts;
    struct store_account account;
    must(store_count(w->reader, &counts));
    add(&d, &counts, sizeof counts);
    must(store_circle_each(w->reader, add_circle, &d));
    must(store_session_each(w->reader, add_session, &d));
    for (uint64_t number = 1; number < 2 * API_PEOPLE; number++) {
        if (store_account_by_number(w->reader, number, &account) != ERR_OK) continue;
        add(&d, account.sign_pk, SIGN_PK_BYTES);
        add(&d, &account.creds_version, sizeof account.creds_version);
    }
    memcpy(digest, d.hash, HASH_BYTES);
}

/* ---- whether all of it is whole ----------------------------------------------------------------------- */

struct checking {
    struct api_world *w;
    struct chain chain;
    struct arena arena;
    uint64_t payload_bytes;
    struct store *beside; /* a second handle: a visit may not use its own */
};

static enum err check_entry(void *ctx, const struct store_entry *row)
{
    static uint8_t memory[WIRE_BYTES];
    struct checking *c = ctx;
    struct out wire = OUT_OVER(memory);
    struct entry e;
    struct why why;
    cbor_put_list(&wire, 3);
    cbor_put_bytes(&wire, row->header);
    cbor_put_bytes(&wire, row->sig);
    cbor_put_bytes(&wire, row->payload);
    must(chain_add(&c->chain, out_str(&wire), &e, &why));
    EXPECT(e.seq == row->seq && memcmp(e.id, row->id, ID_BYTES) == 0);
    EXPECT(row->payload.len == 0 || !row->is_erased);
    c->payload_bytes += row->payload.len;
    return ERR_OK;
}

static void check_members(struct checking *c, const struct store_circle *row)
{
    const struct circle *circle = &c->chain.circle;
    size_t in_n = 0;
    for (size_t i = 0; i < ACTS_PEOPLE; i++) {
        const uint8_t *sign_pk = acts_world.person[i].keys.sign_pk;
        struct store_member member;
        enum err e = store_member_find(c->beside, row->number, sign_pk, &member);
        EXPECT(e == ERR_OK || e == ERR_NOT_FOUND);
        bool is_in = e == ERR_OK && !member.has_left;
        int at = circle_member_index(circle, sign_pk);
        EXPECT(is_in == (at >= 0) && (at < 0 || circle->member[at].joined_seq == member.joined_seq));
        in_n += is_in;
    }
    EXPECT(in_n == circle->member_n && row->head.is_closed == (in_n == 0));
}

static enum err check_circle(void *ctx, const struct store_circle *row, struct str state)
{
    uint8_t memory[CIRCLE_SAVED_BYTES];
    struct out saved = OUT_OVER(memory);
    struct checking *c = ctx;
    arena_init(&c->arena, ARENA_BYTES);
    chain_init(&c->chain, &c->arena);
    c->payload_bytes = 0;
    must(store_entry_each(c->beside, row->number, 0, LIMIT_SEQ, SIZE_MAX, check_entry, c));
    circle_save(&saved, &c->chain.circle);
    EXPECT(memcmp(c->chain.circle.id, row->id, HASH_BYTES) == 0 && str_is(out_str(&saved), state));
    EXPECT(c->chain.circle.head_seq == row->head.seq);
    EXPECT(memcmp(c->chain.circle.head_hash, row->head.hash, HASH_BYTES) == 0);
    EXPECT(chain_is_settled(&c->chain) && circle_may_rest(&c->chain.circle));
    EXPECT(c->payload_bytes == row->head.payload_bytes);
    check_members(c, row);
    arena_fini(&c->arena);
    return ERR_OK;
}

struct listed {
    struct api_world *w;
    size_t n;
};

static enum err check_session(void *ctx, const struct store_session *session)
{
    struct listed *l = ctx;
    EXPECT(sessions_has(&l->w->server.sessions, session->id));
    l->n++;
    return ERR_OK;
}

void api_world_expect_whole(struct api_world *w)
{
    struct checking c = {.w = w};
    struct listed sessions = {.w = w};
    struct store_trouble trouble;
    must(store_reader_open(w->store, &c.beside));
    must(store_check(w->reader, &trouble));
    must(store_circle_each(w->reader, check_circle, &c));
    must(store_session_each(w->reader, check_session, &sessions));
    EXPECT(sessions.n == w->server.sessions._session_n);
    store_close(c.beside);
}
