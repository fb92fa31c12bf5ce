/* api_invite.c -- opening an invitation: whoever holds its secret learns which circle it is for. */
#include "record/circle.h"
#include "server/clock.h"
#include "server/invitation.h"
#include "server/routes.h"

struct opening {
    uint8_t invite_pk[SIGN_PK_BYTES];
    struct str capsule; /* the payload of the invite entry; in the arena */
};

static enum err opening_read(struct request *r, struct opening *o)
{
    enum { INVITE_PK = 1, ORIGIN, CHALLENGE, SIG };
    uint32_t needed = CBOR_KEY(INVITE_PK) | CBOR_KEY(ORIGIN) | CBOR_KEY(CHALLENGE) | CBOR_KEY(SIG);
    uint8_t sig[SIG_BYTES];
    struct cbor_map body;
    struct statement_to to;
    enum err e = request_body(r, needed, 0, &body);
    if (e == ERR_OK) e = cbor_bytes_n(body.item[INVITE_PK], o->invite_pk, SIGN_PK_BYTES);
    if (e == ERR_OK) e = cbor_bytes_n(body.item[SIG], sig, sizeof sig);
    if (e == ERR_OK) e = request_statement(r, body.item[ORIGIN], body.item[CHALLENGE], &to);
    if (e != ERR_OK) return e;
    struct statement statement = statement_invite_open(to);
    return statement_fits(sig, &statement, o->invite_pk) ? ERR_OK : ERR_NO_INVITE;
}

static enum err take_capsule(void *ctx, const struct store_entry *entry)
{
    struct request *r = ctx;
    struct opening *o = r->work;
    o->capsule = arena_copy(&r->arena, entry->payload);
    return o->capsule.at != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err find_circle(struct store *reader, const struct store_invite *invite, struct circle *circle)
{
    uint8_t memory[STORE_STATE_BYTES];
    struct out state = OUT_OVER(memory);
    struct store_circle row;
    enum err e = store_circle_by_number(reader, invite->circle, &row, &state);
    return e == ERR_OK ? circle_load(circle, out_str(&state), row.head.seq, row.head.hash) : e;
}

static enum err open_invite(struct request *r, struct store *reader, struct store_invite *invite, struct circle *circle)
{
    const struct opening *o = r->work;
    uint64_t now_ms = clock_now_ms();
    enum err e = store_invite_find(reader, o->invite_pk, invite);
    if (e == ERR_NOT_FOUND) return ERR_NO_INVITE;
    if (e == ERR_OK) e = request_take_challenge(r);
    if (e == ERR_OK) e = find_circle(reader, invite, circle);
    if (e == ERR_OK) e = invitation_judge(circle, invite->seq, now_ms);
    if (e == ERR_OK) e = store_entry_get(reader, invite->circle, invite->seq, take_capsule, r);
    return e;
}

static void put_field(struct out *o, uint64_t key, struct str bytes)
{
    cbor_put_uint(o, key);
    cbor_put_bytes(o, bytes);
}

static void opening_answer(struct request *r, const struct circle *circle, uint64_t seq)
{
    const struct opening *opening = r->work;
    uint8_t token[ACCOUNT_TOKEN_BYTES];
    size_t answer_bytes = opening->capsule.len + 128;
    uint8_t *memory = arena_take(&r->arena, answer_bytes);
    if (memory == NULL) {
        request_refuse_code(r, ERR_NO_MEMORY);
        return;
    }
    uint64_t until_ms = visits_add(&r->server->visits, circle->id, clock_now_ms(), token);
    struct out o = out_over(memory, answer_bytes);
    cbor_put_map(&o, 5);
    put_field(&o, 1, STR_OF(circle->id));
    cbor_put_uint(&o, 2);
    cbor_put_uint(&o, seq);
    put_field(&o, 3, STR_OF(token));
    cbor_put_uint(&o, 4);
    cbor_put_uint(&o, until_ms);
    put_field(&o, 5, opening->capsule);
    EXPECT(!o.is_full);
    wipe(token, sizeof token);
    request_answer(r, 200, out_str(&o));
}

static void opening_run(struct read *read, struct store *reader)
{
    struct request *r = request_of_read(read);
    struct store_invite invite;
    struct circle circle;
    enum err e = store_begin_read(reader);
    if (e == ERR_OK) {
        e = open_invite(r, reader, &invite, &circle);
        store_end_read(reader);
    }
    if (e == ERR_OK) opening_answer(r, &circle, invite.seq);
    else request_refuse_code(r, e == ERR_NOT_FOUND ? ERR_STORE_DAMAGED : e);
}

void api_invite_open(struct request *r)
{
    struct opening *o = arena_take(&r->arena, sizeof *o);
    enum err e = o == NULL ? ERR_NO_MEMORY : opening_read(r, o);
    if (e != ERR_OK) {
        request_refuse_code(r, e);
        return;
    }
    r->arena.holds_secrets = true;
    r->work = o;
    request_read(r, opening_run);
}
