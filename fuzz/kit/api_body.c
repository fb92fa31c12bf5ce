/* api_body.c -- see api_body.h. */
#include "kit/api_body.h"

#include "server/clock.h"

enum { BATCH_BYTES = 1 << 19, BODY_BYTES = 2048 };

/* ---- statements --------------------------------------------------------------------------------------- */

static struct out building(struct arena *a, size_t n)
{
    uint8_t *at = arena_take(a, n);
    EXPECT(at != NULL);
    return out_over(at, n);
}

static struct str built(const struct out *o)
{
    EXPECT(!o->is_full);
    return out_str(o);
}

static void put_bytes(struct out *o, uint64_t key, const void *bytes, size_t n)
{
    cbor_put_uint(o, key);
    cbor_put_bytes(o, str_at(bytes, n));
}

/* Whom a statement is made to. The origin is now and then another one than this server's. */
struct to {
    uint8_t challenge[CHALLENGE_BYTES], origin[HASH_BYTES];
    const char *text;
    struct statement_to to;
};

static void ask(struct api_world *w, struct fuzz_in *in, struct to *to)
{
    to->text = w->server.origin[0].text;
    if (fuzz_below(in, 16) == 1) to->text = "https://elsewhere.example";
    challenges_ask(&w->server.challenges, clock_now_ms(), to->challenge);
    account_origin(to->origin, str_of_text(to->text));
    to->to = (struct statement_to){.origin = to->origin, .challenge = to->challenge};
}

static void put_statement(struct out *o, uint64_t first_key, const struct to *to, const struct statement *statement,
                          const uint8_t *sk)
{
    uint8_t sig[SIG_BYTES];
    statement_sign(sig, statement, sk);
    cbor_put_uint(o, first_key);
    cbor_put_text(o, str_of_text(to->text));
    put_bytes(o, first_key + 1, to->challenge, CHALLENGE_BYTES);
    put_bytes(o, first_key + 2, sig, SIG_BYTES);
}

static const struct secret_identity *keys_of(size_t who)
{
    return &acts_world.person[who].keys;
}

/* A way into somebody's account: their own, or, other than 0, another one. */
static struct account_cred cred_of(size_t who, size_t other)
{
    static const uint8_t one_nonce[AEAD_NONCE_BYTES]; /* so that asking twice can be asking the same */
    struct account_cred cred;
    struct secret_access access;
    uint8_t code[SECRET_BYTES] = {(uint8_t)who, (uint8_t)other};
    secret_access_init_bare(&access, code);
    memcpy(cred.cred_id, access.cred_id, ID_BYTES);
    memcpy(cred.login_pk, access.login_pk, SIGN_PK_BYTES);
    secret_wrap_with_nonce(cred.wrapped, &access, keys_of(who), one_nonce);
    return cred;
}

static void put_invite_permit(struct out *o, const struct to *to, size_t who, size_t secret)
{
    const struct invite_keys *invite = &acts_world.invite[secret];
    struct statement leave = statement_permit(to->to, keys_of(who)->sign_pk);
    uint8_t sig[SIG_BYTES];
    statement_sign(sig, &leave, invite->sk);
    cbor_put_uint(o, 5);
    cbor_put_list(o, 2);
    cbor_put_bytes(o, STR_OF(invite->pk));
    cbor_put_bytes(o, STR_OF(sig));
}

struct str api_body_register(struct api_world *w, struct arena *a, size_t who, struct fuzz_in *in)
{
    struct out o = building(a, BODY_BYTES), cred_text = building(a, ACCOUNT_CRED_TEXT_BYTES);
    struct to to;
    ask(w, in, &to);
    struct account_cred cred = cred_of(who, fuzz_below(in, 2));
    account_cred_put(&cred_text, &cred);
    struct statement statement =
        statement_register(to.to, keys_of(who)->sign_pk, keys_of(who)->box_pk, built(&cred_text));
    size_t permit = fuzz_below(in, 4);
    cbor_put_map(&o, 7);
    put_bytes(&o, 1, keys_of(who)->sign_pk, SIGN_PK_BYTES);
    put_bytes(&o, 2, keys_of(who)->box_pk, BOX_PK_BYTES);
    cbor_put_uint(&o, 3);
    out_put(&o, built(&cred_text));
    if (permit < 2) put_bytes(&o, 4, permit == 0 ? api_fixed.permit : keys_of(who)->sign_pk, SECRET_BYTES);
    else put_invite_permit(&o, &to, who, permit == 2 ? API_INVITE_SECRET : API_INVITE_SECRET + 1);
    put_statement(&o, 6, &to, &statement, keys_of(who)->sign_sk);
    return built(&o);
}

struct str api_body_login(struct api_world *w, struct arena *a, size_t who, struct fuzz_in *in)
{
    const struct secret_access *access = &api_fixed.access[who % API_PEOPLE];
    struct out o = building(a, BODY_BYTES);
    struct to to;
    ask(w, in, &to);
    struct statement statement = statement_login(to.to, access->cred_id);
    cbor_put_map(&o, 4);
    put_bytes(&o, 1, access->cred_id, ID_BYTES);
    put_statement(&o, 2, &to, &statement, access->login_sk);
    return built(&o);
}

struct str api_body_creds(struct api_world *w, struct arena *a, size_t who, struct fuzz_in *in)
{
    struct account_creds creds = {.version = fuzz_below(in, 4)};
    struct out o = building(a, BODY_BYTES), list = building(a, ACCOUNT_CREDS_TEXT_BYTES);
    struct to to;
    ask(w, in, &to);
    creds.cred_n = 1 + fuzz_below(in, LIMIT_CREDENTIALS);
    for (size_t i = 0; i < creds.cred_n; i++) creds.cred[i] = cred_of(who, fuzz_below(in, 8));
    account_creds_put(&list, &creds);
    struct statement statement = statement_creds(to.to, built(&list));
    cbor_put_map(&o, 4);
    cbor_put_uint(&o, 1);
    out_put(&o, built(&list));
    put_statement(&o, 2, &to, &statement, keys_of(who)->sign_sk);
    return built(&o);
}

struct str api_body_close(struct api_world *w, struct arena *a, size_t who, struct fuzz_in *in)
{
    struct out o = building(a, BODY_BYTES);
    struct to to;
    ask(w, in, &to);
    struct statement statement = statement_close(to.to, keys_of(who)->sign_pk);
    cbor_put_map(&o, 3);
    put_statement(&o, 1, &to, &statement, keys_of(who)->sign_sk);
    return built(&o);
}

struct str api_body_open(struct api_world *w, struct arena *a, size_t who, struct fuzz_in *in)
{
    const struct invite_keys *invite = &acts_world.invite[fuzz_below(in, 4)];
    struct out o = building(a, BODY_BYTES);
    struct to to;
    (void)who;
    ask(w, in, &to);
    struct statement statement = statement_invite_open(to.to);
    cbor_put_map(&o, 4);
    put_bytes(&o, 1, invite->pk, SIGN_PK_BYTES);
    put_statement(&o, 2, &to, &statement, invite->sk);
    return built(&o);
}

/* ---- entries ------------------------------------------------------------------------------------------ */

/* A past in which everything is as it has to be: the server knows the true one. */
static enum err no_id_is_taken(void *of, const uint8_t *id, bool *is_taken)
{
    (void)of;
    (void)id;
    *is_taken = false;
    return ERR_OK;
}

static enum err own_words(void *of, uint64_t seq, struct circle_fact *fact)
{
    const struct entry *e = of;
    (void)seq;
    *fact = (struct circle_fact){.kind = ENTRY_SEALED};
    memcpy(fact->author, e->author, SIGN_PK_BYTES);
    return ERR_OK;
}

/* A batch in the making: the state behind it, as far as it would be lawful. */
struct batch {
    struct out o;
    struct circle at;
    struct acts acts;
};

static void batch_add(struct batch *b, struct str wire)
{
    struct entry e;
    struct why why;
    out_put(&b->o, wire);
    if (entry_read(wire, &e, &why) != ERR_OK) return;
    struct circle_past past = {&e, no_id_is_taken, own_words};
    struct circle_terms terms = {.is_signed = entry_is_signed(&e), .payload_fits = true};
    if (circle_judge(&b->at, &e, &past, &terms, &why) == ERR_OK) (void)circle_advance(&b->at, &e);
}

static void batch_some(struct batch *b, size_t who, struct fuzz_in *in)
{
    size_t by = fuzz_below(in, 8) == 1 ? fuzz_below(in, ACTS_PEOPLE) : who;
    struct entry e = acts_some(&b->acts, by, in);
    acts_spoil(&b->acts, &e, in);
    batch_add(b, acts_sign(&b->acts, &e, by));
}

static void batch_join(struct batch *b, size_t who)
{
    if (b->at.invite_n == 0 || b->at.member_n == LIMIT_MEMBERS) return;
    struct entry join = acts_join(&b->acts, who, b->at.invite[0].hash);
    batch_add(b, acts_sign(&b->acts, &join, who));
    struct entry rotate = acts_rotate(&b->acts, who, b->at.member_n);
    batch_add(b, acts_sign(&b->acts, &rotate, who));
}

static void batch_known(struct batch *b, struct fuzz_in *in)
{
    size_t first = fuzz_byte(in) % api_fixed.entry_n, n = 1 + fuzz_below(in, api_fixed.entry_n);
    bool is_erased = fuzz_below(in, 8) == 1;
    for (size_t i = first; i < api_fixed.entry_n && i < first + n; i++) {
        batch_add(b, is_erased ? draft_erased(b->acts.arena, api_fixed.entry[i]) : api_fixed.entry[i]);
    }
}

struct str api_body_entries(struct api_world *w, struct arena *a, const uint8_t circle[static HASH_BYTES], size_t who,
                            struct fuzz_in *in)
{
    struct batch b = {.o = building(a, BATCH_BYTES), .at = api_world_circle(w, circle)};
    b.acts = (struct acts){.arena = a, .at = &b.at, .time_ms = clock_now_ms()};
    bool is_new = !b.at.is_begun && fuzz_below(in, 8) != 1;
    if (is_new) {
        struct entry genesis = acts_genesis(&b.acts, who, fuzz_below(in, 2) == 1);
        batch_add(&b, acts_sign(&b.acts, &genesis, who));
    }
    for (size_t n = fuzz_below(in, 6); n > 0; n--) {
        switch (fuzz_below(in, 8)) {
        case 0: batch_known(&b, in); break;
        case 1: batch_join(&b, who); break;
        case 2: {
            struct entry words = acts_words(&b.acts, who, fuzz_below(in, 8) == 1 ? LIMIT_PAYLOAD_BYTES : 1);
            batch_add(&b, acts_sign(&b.acts, &words, who));
            break;
        }
        default: batch_some(&b, who, in); break;
        }
    }
    return str_at(b.o.at, b.o.len); /* what did not fit is not in it */
}

/* ---- otherwise ---------------------------------------------------------------------------------------- */

static struct str with_bytes_changed(struct arena *a, struct str body, struct fuzz_in *in)
{
    struct out o = building(a, body.len + 1);
    out_put(&o, body);
    for (size_t n = 1 + fuzz_below(in, 4); n > 0 && body.len > 0; n--) {
        size_t at = (size_t)fuzz_byte(in) << 8 | fuzz_byte(in);
        o.at[at % body.len] ^= (uint8_t)(1 + fuzz_byte(in));
    }
    return out_str(&o);
}

static struct str with_key_changed(struct arena *a, struct str body, struct fuzz_in *in)
{
    struct cbor_map map;
    unsigned key = (unsigned)fuzz_below(in, LIMIT_CBOR_KEYS);
    uint8_t what = fuzz_byte(in);
    struct str item = fuzz_bytes(in, fuzz_byte(in));
    if (cbor_map(body, &map) != ERR_OK) return body;
    if (what % 4 == 0) return draft_drop(a, body, key);
    if (what % 4 == 1) return draft_set(a, body, key, draft_bytes(a, item));
    if (what % 4 == 2) return draft_set(a, body, key, draft_uint(a, item.len));
    return item.len == 0 ? body : draft_set(a, body, key, item);
}

struct str api_body_spoil(struct arena *a, struct str body, struct fuzz_in *in)
{
    switch (fuzz_below(in, 16)) {
    case 1: return with_bytes_changed(a, body, in);
    case 2: return with_key_changed(a, body, in);
    case 3: return str_at(body.at, body.len * fuzz_byte(in) / 256);
    case 4: return draft_then(a, body, fuzz_bytes(in, fuzz_byte(in)));
    case 5: return fuzz_bytes(in, (size_t)fuzz_byte(in) * 16);
    case 6: return draft_then(a, body, body);
    default: return body;
    }
}
