/* api_client.c -- see api_client.h. */
#define _POSIX_C_SOURCE 200809L
#include "harness/api_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "record/code.h"
#include "record/statement.h"

uint64_t api_now_ms(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_REALTIME, &t) != 0) misuse("api_client: no clock");
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void api_hex(char *text, const uint8_t *bytes, size_t n)
{
    struct out o = out_over(text, 2 * n);
    out_put_hex(&o, str_at(bytes, n));
    text[2 * n] = '\0';
}

static bool hex_read(struct str text, uint8_t *bytes, size_t n)
{
    if (text.len != 2 * n) return false;
    for (size_t i = 0; i < 2 * n; i++) {
        const char *digits = "0123456789abcdef", *at = strchr(digits, text.at[i]);
        if (text.at[i] == '\0' || at == NULL) return false;
        bytes[i / 2] = (uint8_t)(i % 2 == 0 ? (at - digits) << 4 : bytes[i / 2] | (at - digits));
    }
    return true;
}

static struct out building(struct arena *a, size_t n)
{
    void *at = arena_take(a, n);
    EXPECT(at != NULL);
    return out_over(at, n);
}

static struct str built(const struct out *o)
{
    EXPECT(!o->is_full);
    return out_str(o);
}

void api_init(struct api *api, const struct person *me, uint64_t number, const char *origin, unsigned port)
{
    uint8_t code[HASH_BYTES], which[8];
    struct out o = OUT_OVER(which);
    out_put_be64(&o, number);
    *api = (struct api){.me = me};
    hash_of(code, CTX_CODE, PARTS(STR_OF(me->keys.seed), STR_OF(which)));
    secret_access_init_bare(&api->access, code); /* its first SECRET_BYTES */
    (void)snprintf(api->origin, sizeof api->origin, "%s", origin);
    http_client_init(&api->http, port);
}

void api_fini(struct api *api)
{
    http_client_fini(&api->http);
    secret_access_fini(&api->access);
}

/* ---- answers ----------------------------------------------------------------------------------- */

static void copy_text(char *to, size_t cap, struct str text)
{
    (void)snprintf(to, cap, "%.*s", (int)(text.len < cap ? text.len : cap - 1), (const char *)text.at);
}

static bool read_number(const struct cbor_map *map, unsigned key, uint64_t *number)
{
    return cbor_map_has(map, key) && cbor_uint(map->item[key], number) == ERR_OK;
}

/* {1: index, 2: seq, 3: hash, 4: epoch, 5: time, 6: origins, 7: field}; false if anything in it is not that. */
static bool read_detail(struct api_reply *r, struct str item)
{
    struct cbor_map map;
    struct cbor_list origins;
    struct str field;
    if (cbor_map(item, &map) != ERR_OK) return false;
    bool is_good = cbor_map_is(&map, 0, 0xfe);
    r->detail = map.keys;
    if (cbor_map_has(&map, API_INDEX)) is_good = is_good && read_number(&map, API_INDEX, &r->index);
    if (cbor_map_has(&map, API_SEQ)) is_good = is_good && read_number(&map, API_SEQ, &r->seq);
    if (cbor_map_has(&map, API_EPOCH)) is_good = is_good && read_number(&map, API_EPOCH, &r->epoch);
    if (cbor_map_has(&map, API_TIME)) is_good = is_good && read_number(&map, API_TIME, &r->time_ms);
    if (cbor_map_has(&map, API_HASH)) {
        is_good = is_good && cbor_bytes_n(map.item[API_HASH], r->hash, HASH_BYTES) == ERR_OK;
    }
    if (cbor_map_has(&map, API_ORIGINS)) {
        is_good = is_good && cbor_list(map.item[API_ORIGINS], &origins) == ERR_OK;
        r->origin_n = is_good ? origins.item_n : 0;
    }
    if (cbor_map_has(&map, API_FIELD)) {
        is_good = is_good && cbor_text(map.item[API_FIELD], &field) == ERR_OK;
        if (is_good) copy_text(r->field, sizeof r->field, field);
    }
    return is_good;
}

static void read_error(struct api_reply *r)
{
    struct cbor_map map;
    struct str code;
    (void)snprintf(r->code, sizeof r->code, "?");
    if (cbor_map(r->body, &map) != ERR_OK || !cbor_map_is(&map, CBOR_KEY(1), CBOR_KEY(2))) return;
    if (cbor_text(map.item[1], &code) != ERR_OK) return;
    if (cbor_map_has(&map, 2) && !read_detail(r, map.item[2])) return;
    copy_text(r->code, sizeof r->code, code);
}

struct api_reply api_reply_of(const struct http_reply *http)
{
    struct api_reply r = {.status = http->status, .body = http->body};
    struct str retry;
    if (http_reply_header(http, "Retry-After", &retry)) {
        r.retry_after_s = (unsigned)strtoul((const char *)retry.at, NULL, 10);
    }
    if (r.status < 200 || r.status > 299) read_error(&r);
    return r;
}

struct api_reply api_ask(struct api *api, const struct http_ask *ask)
{
    struct http_ask with = *ask;
    struct http_reply http;
    if (with.token == NULL && api->token[0] != '\0') with.token = api->token;
    (void)http_client_ask(&api->http, &with, &http);
    return api_reply_of(&http);
}

struct api_reply api_get(struct api *api, const char *path)
{
    return api_ask(api, &(struct http_ask){.method = "GET", .path = path});
}

static struct str or_empty(struct str body)
{
    return body.at == NULL ? STR("") : body;
}

struct api_reply api_post(struct api *api, const char *path, struct str body)
{
    return api_ask(api, &(struct http_ask){.method = "POST", .path = path, .body = or_empty(body)});
}

struct api_reply api_put(struct api *api, const char *path, struct str body)
{
    return api_ask(api, &(struct http_ask){.method = "PUT", .path = path, .body = or_empty(body)});
}

struct api_reply api_delete(struct api *api, const char *path, struct str body)
{
    return api_ask(api, &(struct http_ask){.method = "DELETE", .path = path, .body = body});
}

/* ---- account ----------------------------------------------------------------------------------- */

void api_challenge(struct api *api, uint8_t challenge[static CHALLENGE_BYTES])
{
    struct cbor_map map;
    struct api_reply r = api_get(api, "/v1/challenge");
    bool is_given = r.status == 200 && cbor_map(r.body, &map) == ERR_OK && cbor_map_has(&map, 1) &&
                    cbor_bytes_n(map.item[1], challenge, CHALLENGE_BYTES) == ERR_OK;
    if (!is_given) fprintf(stderr, "GET /v1/challenge: %d %s\n", r.status, r.code);
    EXPECT(is_given);
}

/* Asks for a challenge; to borrows from challenge and origin_hash. */
static struct statement_to ask_challenge(struct api *api, uint8_t challenge[static CHALLENGE_BYTES],
                                         uint8_t origin_hash[static HASH_BYTES])
{
    api_challenge(api, challenge);
    account_origin(origin_hash, str_of_text(api->origin));
    return (struct statement_to){.origin = origin_hash, .challenge = challenge};
}

static void put_bytes(struct out *o, uint64_t key, const void *bytes, size_t n)
{
    cbor_put_uint(o, key);
    cbor_put_bytes(o, str_at(bytes, n));
}

/* Origin, challenge and signature: how every statement's body ends. */
static void put_statement(struct out *o, uint64_t first_key, const struct api *api, const uint8_t *challenge,
                          const uint8_t *sig)
{
    cbor_put_uint(o, first_key);
    cbor_put_text(o, str_of_text(api->origin));
    put_bytes(o, first_key + 1, challenge, CHALLENGE_BYTES);
    put_bytes(o, first_key + 2, sig, SIG_BYTES);
}

struct account_cred api_cred(const struct api *api)
{
    struct account_cred cred;
    memcpy(cred.cred_id, api->access.cred_id, ID_BYTES);
    memcpy(cred.login_pk, api->access.login_pk, SIGN_PK_BYTES);
    secret_wrap(cred.wrapped, &api->access, &api->me->keys);
    return cred;
}

static void put_invite_permit(struct out *o, struct statement_to to, const struct person *me, const uint8_t *secret)
{
    struct invite_keys keys;
    uint8_t sig[SIG_BYTES];
    struct statement leave = statement_permit(to, me->keys.sign_pk);
    invite_keys_init(&keys, secret);
    statement_sign(sig, &leave, keys.sk);
    cbor_put_uint(o, REGISTER_INVITE);
    cbor_put_list(o, 2);
    cbor_put_bytes(o, STR_OF(keys.pk));
    cbor_put_bytes(o, STR_OF(sig));
    invite_keys_fini(&keys);
}

struct str api_register_body(struct api *api, struct arena *a, const uint8_t *permit, const uint8_t *invite_secret)
{
    const struct secret_identity *me = &api->me->keys;
    uint8_t challenge[CHALLENGE_BYTES], origin[HASH_BYTES], sig[SIG_BYTES];
    struct out cred_out = building(a, ACCOUNT_CRED_TEXT_BYTES), o = building(a, 1024);
    struct account_cred cred = api_cred(api);
    struct statement_to to = ask_challenge(api, challenge, origin);
    account_cred_put(&cred_out, &cred);
    struct statement statement = statement_register(to, me->sign_pk, me->box_pk, built(&cred_out));
    statement_sign(sig, &statement, me->sign_sk);
    cbor_put_map(&o, 7);
    put_bytes(&o, REGISTER_SIGN_PK, me->sign_pk, SIGN_PK_BYTES);
    put_bytes(&o, REGISTER_BOX_PK, me->box_pk, BOX_PK_BYTES);
    cbor_put_uint(&o, REGISTER_CRED);
    out_put(&o, built(&cred_out));
    if (permit != NULL) put_bytes(&o, REGISTER_PERMIT, permit, SECRET_BYTES);
    else put_invite_permit(&o, to, api->me, invite_secret);
    put_statement(&o, REGISTER_ORIGIN, api, challenge, sig);
    return built(&o);
}

struct str api_login_body(struct api *api, struct arena *a)
{
    uint8_t challenge[CHALLENGE_BYTES], origin[HASH_BYTES], sig[SIG_BYTES];
    struct out o = building(a, 512);
    struct statement_to to = ask_challenge(api, challenge, origin);
    struct statement statement = statement_login(to, api->access.cred_id);
    statement_sign(sig, &statement, api->access.login_sk);
    cbor_put_map(&o, 4);
    put_bytes(&o, LOGIN_CRED_ID, api->access.cred_id, ID_BYTES);
    put_statement(&o, LOGIN_ORIGIN, api, challenge, sig);
    return built(&o);
}

struct str api_creds_body(struct api *api, struct arena *a, const struct account_creds *creds)
{
    uint8_t challenge[CHALLENGE_BYTES], origin[HASH_BYTES], sig[SIG_BYTES];
    struct out list = building(a, ACCOUNT_CREDS_TEXT_BYTES), o = building(a, ACCOUNT_CREDS_TEXT_BYTES + 512);
    struct statement_to to = ask_challenge(api, challenge, origin);
    account_creds_put(&list, creds);
    struct statement statement = statement_creds(to, built(&list));
    statement_sign(sig, &statement, api->me->keys.sign_sk);
    cbor_put_map(&o, 4);
    cbor_put_uint(&o, CREDS_LIST);
    out_put(&o, built(&list));
    put_statement(&o, CREDS_ORIGIN, api, challenge, sig);
    return built(&o);
}

struct str api_close_body(struct api *api, struct arena *a)
{
    uint8_t challenge[CHALLENGE_BYTES], origin[HASH_BYTES], sig[SIG_BYTES];
    struct out o = building(a, 512);
    struct statement_to to = ask_challenge(api, challenge, origin);
    struct statement statement = statement_close(to, api->me->keys.sign_pk);
    statement_sign(sig, &statement, api->me->keys.sign_sk);
    cbor_put_map(&o, 3);
    put_statement(&o, CLOSE_ORIGIN, api, challenge, sig);
    return built(&o);
}

struct str api_open_body(struct api *api, struct arena *a, const uint8_t secret[static SECRET_BYTES])
{
    uint8_t challenge[CHALLENGE_BYTES], origin[HASH_BYTES], sig[SIG_BYTES];
    struct invite_keys keys;
    struct out o = building(a, 512);
    struct statement_to to = ask_challenge(api, challenge, origin);
    struct statement statement = statement_invite_open(to);
    invite_keys_init(&keys, secret);
    statement_sign(sig, &statement, keys.sk);
    cbor_put_map(&o, 4);
    put_bytes(&o, OPEN_INVITE_PK, keys.pk, SIGN_PK_BYTES);
    put_statement(&o, OPEN_ORIGIN, api, challenge, sig);
    invite_keys_fini(&keys);
    return built(&o);
}

struct api_reply api_register(struct api *api, struct arena *a, const char *permit_text)
{
    uint8_t permit[SECRET_BYTES];
    struct why why;
    EXPECT(code_read(CODE_PERMIT, str_of_text(permit_text), permit, &why) == ERR_OK);
    return api_post(api, "/v1/accounts", api_register_body(api, a, permit, NULL));
}

struct api_reply api_login(struct api *api, struct arena *a)
{
    struct cbor_map map;
    struct str token;
    api->token[0] = '\0';
    struct api_reply r = api_post(api, "/v1/sessions", api_login_body(api, a));
    bool is_in = r.status == 201 && cbor_map(r.body, &map) == ERR_OK && cbor_map_is(&map, 0x7e, 0) &&
                 cbor_bytes(map.item[1], &token) == ERR_OK && token.len == ACCOUNT_TOKEN_BYTES &&
                 cbor_bytes_n(map.item[5], api->session, ID_BYTES) == ERR_OK &&
                 cbor_uint(map.item[6], &api->creds_version) == ERR_OK;
    if (is_in) api_hex(api->token, token.at, token.len);
    return r;
}

/* ---- circles ----------------------------------------------------------------------------------- */

void api_entries_path(char path[static API_PATH_BYTES], const uint8_t *circle, const char *tail)
{
    char hex[2 * HASH_BYTES + 1];
    api_hex(hex, circle, HASH_BYTES);
    int n = snprintf(path, API_PATH_BYTES, "/v1/circles/%s/entries%s", hex, tail);
    EXPECT(n > 0 && n < API_PATH_BYTES);
}

struct api_reply api_append(struct api *api, const uint8_t *circle, struct str entries)
{
    char path[API_PATH_BYTES];
    api_entries_path(path, circle, "");
    return api_post(api, path, entries);
}

struct api_reply api_repair(struct api *api, const uint8_t *circle, struct str entries)
{
    char path[API_PATH_BYTES];
    api_entries_path(path, circle, "?repair=1");
    return api_post(api, path, entries);
}

struct api_reply api_create(struct api *api, struct str entries)
{
    return api_post(api, "/v1/circles", entries);
}

/* As many entries as one batch takes; a joiner's rotate stays with the join. */
static struct str cut_batch(struct str *entries)
{
    struct str left = *entries, behind = left;
    for (size_t n = 0; n < LIMIT_BATCH_ENTRIES && left.len > 0; n++) {
        struct str wire;
        struct entry e;
        struct why why;
        EXPECT(cbor_first(left, &wire, &left) == ERR_OK && entry_read(wire, &e, &why) == ERR_OK);
        if ((size_t)(left.at - entries->at) > LIMIT_BODY_BYTES) break;
        if (e.kind != ENTRY_JOIN) behind = left;
    }
    struct str batch = str_at(entries->at, (size_t)(behind.at - entries->at));
    EXPECT(batch.len > 0);
    *entries = behind;
    return batch;
}

struct api_reply api_upload(struct api *api, struct str entries)
{
    struct entry genesis;
    struct why why;
    struct str wire, rest;
    EXPECT(cbor_first(entries, &wire, &rest) == ERR_OK && entry_read(wire, &genesis, &why) == ERR_OK);
    struct api_reply r = api_create(api, cut_batch(&entries));
    while (entries.len > 0 && (r.status == 200 || r.status == 201)) {
        r = api_repair(api, genesis.hash, cut_batch(&entries));
    }
    return r;
}

/* One page behind seq (from 0 if there is none before): how many entries, or -1. */
static int read_page(struct api *api, const uint8_t *circle, uint64_t from_seq, const char *token, struct api_reply *r)
{
    char path[API_PATH_BYTES], tail[40] = "";
    int n = 0;
    if (from_seq > 0) (void)snprintf(tail, sizeof tail, "?after=%llu", (unsigned long long)(from_seq - 1));
    api_entries_path(path, circle, tail);
    *r = api_ask(api, &(struct http_ask){.method = "GET", .path = path, .token = token});
    if (r->status != 200) return -1;
    for (struct str left = r->body, wire; left.len > 0; n++) {
        if (cbor_first(left, &wire, &left) != ERR_OK) return -1;
    }
    return n;
}

bool api_entries(struct api *api, struct arena *a, const uint8_t *circle, uint64_t from_seq, const char *token,
                 struct str *entries, struct api_reply *refusal)
{
    struct str all = {0};
    for (;;) {
        int n = read_page(api, circle, from_seq, token, refusal);
        if (n < 0) return false;
        if (n == 0) break;
        all = all.len == 0 ? arena_copy(a, refusal->body) : draft_then(a, all, refusal->body);
        EXPECT(all.at != NULL);
        from_seq += (uint64_t)n;
    }
    *entries = all;
    return true;
}

bool api_head_of_reply(const struct api_reply *reply, struct api_head *head)
{
    struct cbor_map map;
    struct api_head read;
    if (cbor_map(reply->body, &map) != ERR_OK || !cbor_map_is(&map, CBOR_KEY(1) | CBOR_KEY(2), 0)) return false;
    if (!read_number(&map, 1, &read.seq) || cbor_bytes_n(map.item[2], read.hash, HASH_BYTES) != ERR_OK) return false;
    *head = read;
    return true;
}

bool api_head(struct api *api, const uint8_t *circle, struct api_head *head)
{
    struct api_reply r = api_get(api, "/v1/circles");
    struct str left = r.body, row;
    while (r.status == 200 && left.len > 0) {
        struct cbor_map map;
        struct str id;
        if (cbor_first(left, &row, &left) != ERR_OK || cbor_map(row, &map) != ERR_OK) return false;
        if (!cbor_map_has(&map, 1) || cbor_bytes(map.item[1], &id) != ERR_OK) return false;
        if (!str_is(id, str_at(circle, HASH_BYTES))) continue;
        return read_number(&map, 3, &head->seq) && cbor_map_has(&map, 4) &&
               cbor_bytes_n(map.item[4], head->hash, HASH_BYTES) == ERR_OK;
    }
    return false;
}

struct api_reply api_open_invite(struct api *api, struct arena *a, const uint8_t secret[static SECRET_BYTES],
                                 struct api_opened *opened)
{
    struct cbor_map map;
    struct str token, capsule;
    struct api_reply r = api_post(api, "/v1/invites", api_open_body(api, a, secret));
    if (r.status != 200) return r;
    bool is_good = cbor_map(r.body, &map) == ERR_OK && cbor_map_is(&map, 0x3e, 0) &&
                   cbor_bytes_n(map.item[1], opened->circle, HASH_BYTES) == ERR_OK &&
                   cbor_uint(map.item[2], &opened->seq) == ERR_OK && cbor_bytes(map.item[3], &token) == ERR_OK &&
                   token.len == ACCOUNT_TOKEN_BYTES && cbor_uint(map.item[4], &opened->until_ms) == ERR_OK &&
                   cbor_bytes(map.item[5], &capsule) == ERR_OK;
    if (!is_good) {
        r.status = 0;
        return r;
    }
    api_hex(opened->token, token.at, token.len);
    opened->capsule = arena_copy(a, capsule);
    return r;
}

/* ---- live -------------------------------------------------------------------------------------- */

struct api_reply api_live(struct api *api)
{
    char room[1024];
    struct http_reply http;
    struct http_ask ask = {.method = "GET", .path = "/v1/live", .token = api->token[0] == '\0' ? NULL : api->token};
    size_t n = http_client_put_ask(room, sizeof room, &ask, api->http.port);
    EXPECT(n > 0);
    http_client_drop(&api->http);
    if (!http_client_send(&api->http, str_at(room, n)) || !http_client_read_head(&api->http, true, &http)) {
        return (struct api_reply){0};
    }
    if (http.status != 200) (void)http_client_read_body(&api->http, &http);
    return api_reply_of(&http);
}

/* "<circle> <seq> <hash>" */
static bool read_head_event(struct str data, struct api_event *event)
{
    const uint8_t *space = data.len <= 2 * HASH_BYTES + 1
                               ? NULL
                               : memchr(data.at + 2 * HASH_BYTES + 1, ' ', data.len - 2 * HASH_BYTES - 1);
    if (space == NULL) return false;
    size_t hash_from = (size_t)(space - data.at) + 1;
    event->head.seq = strtoull((const char *)data.at + 2 * HASH_BYTES + 1, NULL, 10);
    return hex_read(str_at(data.at, 2 * HASH_BYTES), event->circle, HASH_BYTES) &&
           hex_read(str_at(data.at + hash_from, data.len - hash_from), event->head.hash, HASH_BYTES);
}

struct api_event api_event(struct api *api)
{
    struct http_event http;
    struct api_event event = {.kind = API_EVENT_OTHER};
    if (!http_client_event(&api->http, &http)) return (struct api_event){0};
    if (http.name.at == NULL) event.kind = API_EVENT_COMMENT;
    else if (str_is(http.name, STR("list"))) {
        event.kind = API_EVENT_LIST;
        event.circle_n = strtoull((const char *)http.data.at, NULL, 10); /* a line end follows */
    } else if (str_is(http.name, STR("head")) && read_head_event(http.data, &event)) {
        event.kind = API_EVENT_HEAD;
    }
    return event;
}
