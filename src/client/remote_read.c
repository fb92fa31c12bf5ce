/* remote_read.c -- see remote_read.h. */
#include "client/remote_read.h"

/* ---- fields ------------------------------------------------------------------------------------------ */

/* The keys from first to last. */
static uint32_t keys(unsigned first, unsigned last)
{
    uint32_t set = 0;
    for (unsigned k = first; k <= last; k++) set |= CBOR_KEY(k);
    return set;
}

static bool read_map(struct str item, uint32_t needed, uint32_t allowed, struct cbor_map *map)
{
    return cbor_map(item, map) == ERR_OK && cbor_map_is(map, needed, allowed);
}

static bool read_number(const struct cbor_map *map, unsigned key, uint64_t most, uint64_t *number)
{
    return cbor_map_has(map, key) && cbor_uint(map->item[key], number) == ERR_OK && *number <= most;
}

static bool read_bytes(const struct cbor_map *map, unsigned key, void *bytes, size_t n)
{
    return cbor_map_has(map, key) && cbor_bytes_n(map->item[key], bytes, n) == ERR_OK;
}

/* Text that may be shown as it is: printable ASCII, and it fits with its NUL. */
static bool read_plain(const struct cbor_map *map, unsigned key, char *to, size_t cap)
{
    struct str text;
    if (!cbor_map_has(map, key) || cbor_text(map->item[key], &text) != ERR_OK || text.len >= cap) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < ' ' || text.at[i] > '~') return false;
    }
    if (text.len > 0) memcpy(to, text.at, text.len);
    to[text.len] = '\0';
    return true;
}

static bool read_origins(struct str item, struct remote_origins *origins)
{
    struct cbor_list list;
    if (cbor_list(item, &list) != ERR_OK || list.item_n > REMOTE_ORIGINS) return false;
    for (size_t i = 0; i < list.item_n; i++) {
        struct str text;
        if (cbor_text(list.item[i], &text) != ERR_OK || !account_is_origin(text)) return false;
        memcpy(origins->text[i], text.at, text.len);
        origins->text[i][text.len] = '\0';
    }
    origins->n = list.item_n;
    return true;
}

static enum err verdict(bool is_good)
{
    return is_good ? ERR_OK : ERR_BAD_SERVER;
}

/* ---- refusals ---------------------------------------------------------------------------------------- */

enum { INDEX = 1, HEAD_SEQ, HEAD_HASH, EPOCH, TIME, ORIGINS, FIELD };

static bool read_detail(struct str item, struct remote_detail *d)
{
    struct cbor_map map;
    if (!read_map(item, 0, keys(INDEX, FIELD), &map)) return false;
    if (cbor_map_has(&map, HEAD_SEQ) != cbor_map_has(&map, HEAD_HASH)) return false;
    d->has_index = cbor_map_has(&map, INDEX);
    d->has_head = cbor_map_has(&map, HEAD_SEQ);
    d->has_epoch = cbor_map_has(&map, EPOCH);
    d->has_time = cbor_map_has(&map, TIME);
    return (!d->has_index || read_number(&map, INDEX, LIMIT_BATCH_ENTRIES - 1, &d->index)) &&
           (!d->has_head || (read_number(&map, HEAD_SEQ, LIMIT_SEQ, &d->head_seq) &&
                             read_bytes(&map, HEAD_HASH, d->head_hash, HASH_BYTES))) &&
           (!d->has_epoch || read_number(&map, EPOCH, LIMIT_NUMBER, &d->epoch)) &&
           (!d->has_time || read_number(&map, TIME, LIMIT_NUMBER, &d->server_ms)) &&
           (!cbor_map_has(&map, ORIGINS) || read_origins(map.item[ORIGINS], &d->origins)) &&
           (!cbor_map_has(&map, FIELD) || read_plain(&map, FIELD, d->field, sizeof d->field));
}

/* The error that a server may mean with this code and status; ERR_OK if there is none. A server cannot say what
 * only a client finds out: that a record forked, or that a secret is wrong. */
static enum err error_of(struct str code, int status)
{
    enum err e = err_from_code(code);
    if (e == ERR_QUOTA && status == err_http(ERR_TOO_MANY_CIRCLES)) e = ERR_TOO_MANY_CIRCLES;
    bool is_named = str_is(code, str_of_text(err_code(e))); /* what is no code is ERR_INTERNAL */
    bool is_ours = e >= ERR_ROLLED_BACK || e == ERR_BAD_CODE || e == ERR_WRONG_SECRET || e == ERR_OUTDATED_KEY;
    return is_named && !is_ours && err_http(e) == status ? e : ERR_OK;
}

/* An answer without a code of ours: of a proxy in front of the server, or of something else altogether. */
static enum err refusal_of_others(int status, struct remote_detail *d)
{
    if (status == 502 || status == 503 || status == 504) {
        d->text = "What stands in front of the server could not reach it.";
        return ERR_OFFLINE;
    }
    if (status == 429) return ERR_SLOW_DOWN;
    d->text = "Something else answers there: perhaps a network that wants you to sign in to it first.";
    return ERR_BAD_SERVER;
}

enum err remote_read_refusal(int status, struct str body, struct remote_detail *detail)
{
    struct cbor_map map;
    struct str code;
    struct remote_detail d = *detail;
    if (!read_map(body, CBOR_KEY(1), CBOR_KEY(2), &map) || cbor_text(map.item[1], &code) != ERR_OK) {
        return refusal_of_others(status, detail);
    }
    enum err e = error_of(code, status);
    if (e == ERR_OK) {
        detail->text = "It refused, for a reason that this program does not know. Perhaps a newer one does.";
        return ERR_BAD_SERVER;
    }
    if (cbor_map_has(&map, 2) && !read_detail(map.item[2], &d)) {
        detail->text = "It refused, and what it says about it makes no sense.";
        return ERR_BAD_SERVER;
    }
    *detail = d;
    return e;
}

/* ---- the server -------------------------------------------------------------------------------------- */

static bool read_versions(struct str item, bool *speaks_1)
{
    struct cbor_list list;
    uint64_t version;
    if (cbor_list(item, &list) != ERR_OK) return false;
    *speaks_1 = false;
    for (size_t i = 0; i < list.item_n; i++) {
        if (cbor_uint(list.item[i], &version) != ERR_OK) return false;
        if (version == 1) *speaks_1 = true;
    }
    return true;
}

static bool read_limits(struct str item, struct remote_server *s)
{
    struct cbor_map map;
    uint64_t *const limit[REMOTE_LIMITS] = {
        NULL,
        &s->limit.header_bytes,
        &s->limit.payload_bytes,
        &s->limit.body_bytes,
        &s->limit.batch_n,
        &s->limit.member_n,
        &s->limit.open_invite_n,
        &s->limit.cred_n,
        &s->limit.session_n,
        &s->limit.circle_n,
        &s->limit.page_n,
        &s->limit.circle_bytes,
        &s->limit.live_stream_n,
    };
    if (!read_map(item, keys(1, REMOTE_LIMITS - 1), 0, &map)) return false;
    for (unsigned k = 1; k < REMOTE_LIMITS; k++) {
        if (!read_number(&map, k, LIMIT_NUMBER, limit[k])) return false;
    }
    return true;
}

enum err remote_read_server(struct str body, struct remote_server *server)
{
    struct cbor_map map;
    struct remote_server s = {.time_ms = 0};
    bool is_good = read_map(body, keys(1, 5), 0, &map) && read_versions(map.item[1], &s.speaks_1) &&
                   read_number(&map, 2, LIMIT_NUMBER, &s.time_ms) && read_limits(map.item[3], &s) &&
                   read_origins(map.item[4], &s.origins) && read_plain(&map, 5, s.name, sizeof s.name);
    if (is_good) *server = s;
    return verdict(is_good);
}

enum err remote_read_challenge(struct str body, uint8_t challenge[static CHALLENGE_BYTES], uint64_t *server_ms)
{
    struct cbor_map map;
    uint8_t bytes[CHALLENGE_BYTES];
    uint64_t ms;
    bool is_good = read_map(body, keys(1, 2), 0, &map) && read_bytes(&map, 1, bytes, sizeof bytes) &&
                   read_number(&map, 2, LIMIT_NUMBER, &ms);
    if (!is_good) return ERR_BAD_SERVER;
    memcpy(challenge, bytes, CHALLENGE_BYTES);
    *server_ms = ms;
    return ERR_OK;
}

enum err remote_read_nothing(struct str body)
{
    struct cbor_map map;
    return verdict(read_map(body, 0, 0, &map));
}

enum err remote_read_health(struct str body)
{
    return verdict(str_is(body, STR("ok\n")));
}

/* ---- account and sessions ---------------------------------------------------------------------------- */

enum err remote_read_account(struct str body, struct remote_account *account)
{
    struct cbor_map map;
    struct cbor_list list;
    struct remote_account a = {.cred_n = 0};
    bool is_good = read_map(body, keys(1, 4), 0, &map) && read_bytes(&map, 1, a.sign_pk, SIGN_PK_BYTES) &&
                   read_bytes(&map, 2, a.box_pk, BOX_PK_BYTES) &&
                   read_number(&map, 3, LIMIT_NUMBER, &a.creds_version) && cbor_list(map.item[4], &list) == ERR_OK &&
                   list.item_n >= 1 && list.item_n <= LIMIT_CREDENTIALS;
    if (!is_good) return ERR_BAD_SERVER;
    for (; a.cred_n < list.item_n; a.cred_n++) {
        if (cbor_bytes_n(list.item[a.cred_n], a.cred_id[a.cred_n], ID_BYTES) != ERR_OK) return ERR_BAD_SERVER;
    }
    *account = a;
    return ERR_OK;
}

enum err remote_read_creds_version(struct str body, uint64_t *version)
{
    struct cbor_map map;
    uint64_t number;
    if (!read_map(body, CBOR_KEY(1), 0, &map) || !read_number(&map, 1, LIMIT_NUMBER, &number)) return ERR_BAD_SERVER;
    *version = number;
    return ERR_OK;
}

enum err remote_read_login(struct str body, struct remote_login *login)
{
    struct cbor_map map;
    struct remote_login l;
    bool is_good = read_map(body, keys(1, 6), 0, &map) && read_bytes(&map, 1, l.token, sizeof l.token) &&
                   read_bytes(&map, 2, l.wrapped, sizeof l.wrapped) && read_bytes(&map, 3, l.sign_pk, SIGN_PK_BYTES) &&
                   read_bytes(&map, 4, l.box_pk, BOX_PK_BYTES) && read_bytes(&map, 5, l.session, ID_BYTES) &&
                   read_number(&map, 6, LIMIT_NUMBER, &l.creds_version);
    if (is_good) *login = l;
    wipe(&l, sizeof l);
    return verdict(is_good);
}

enum err remote_read_session(struct str item, struct remote_session *session)
{
    struct cbor_map map;
    struct remote_session s;
    uint64_t is_this = 0;
    bool is_good = read_map(item, keys(1, 4), 0, &map) && read_bytes(&map, 1, s.id, ID_BYTES) &&
                   read_number(&map, 2, LIMIT_NUMBER, &s.created_ms) &&
                   read_number(&map, 3, LIMIT_NUMBER, &s.used_ms) &&
                   read_number(&map, 4, 1, &is_this);
    if (!is_good) return ERR_BAD_SERVER;
    s.is_this = is_this == 1;
    *session = s;
    return ERR_OK;
}

/* ---- circles ----------------------------------------------------------------------------------------- */

enum err remote_read_head(struct str body, struct remote_head *head)
{
    struct cbor_map map;
    struct remote_head h;
    bool is_good = read_map(body, keys(1, 2), 0, &map) && read_number(&map, 1, LIMIT_SEQ, &h.seq) &&
                   read_bytes(&map, 2, h.hash, HASH_BYTES);
    if (is_good) *head = h;
    return verdict(is_good);
}

/* Where one is a member, keys 1 to 4; where one was, 1, 2 and 5. */
enum err remote_read_circle(struct str item, struct remote_circle *circle)
{
    struct cbor_map map;
    struct remote_circle c = {.has_left = false};
    if (!read_map(item, keys(1, 2), keys(3, 5), &map)) return ERR_BAD_SERVER;
    c.has_left = cbor_map_has(&map, 5);
    if (!cbor_map_is(&map, c.has_left ? keys(1, 2) | CBOR_KEY(5) : keys(1, 4), 0)) return ERR_BAD_SERVER;
    bool is_good = read_bytes(&map, 1, c.id, HASH_BYTES) && read_number(&map, 2, LIMIT_SEQ, &c.joined_seq);
    if (c.has_left) {
        is_good = is_good && read_number(&map, 5, LIMIT_SEQ, &c.left_seq);
    } else {
        is_good = is_good && read_number(&map, 3, LIMIT_SEQ, &c.head.seq) &&
                  read_bytes(&map, 4, c.head.hash, HASH_BYTES);
    }
    if (is_good) *circle = c;
    return verdict(is_good);
}

enum err remote_read_invite(struct str body, struct remote_invite *invite)
{
    struct cbor_map map;
    struct remote_invite i;
    bool is_good = read_map(body, keys(1, 5), 0, &map) && read_bytes(&map, 1, i.circle, HASH_BYTES) &&
                   read_number(&map, 2, LIMIT_SEQ, &i.seq) && read_bytes(&map, 3, i.read_token, sizeof i.read_token) &&
                   read_number(&map, 4, LIMIT_NUMBER, &i.until_ms) &&
                   read_bytes(&map, 5, i.capsule, sizeof i.capsule);
    if (is_good) *invite = i;
    wipe(i.read_token, sizeof i.read_token);
    return verdict(is_good);
}

/* ---- lists ------------------------------------------------------------------------------------------- */

typedef enum err row_check(struct str item);

static enum err check_rows(struct str body, row_check *check, size_t most_n, size_t *row_n)
{
    size_t n = 0;
    for (struct str item; body.len > 0; n++) {
        if (n == most_n || cbor_first(body, &item, &body) != ERR_OK || check(item) != ERR_OK) return ERR_BAD_SERVER;
    }
    *row_n = n;
    return ERR_OK;
}

static enum err check_session(struct str item)
{
    struct remote_session session;
    return remote_read_session(item, &session);
}

static enum err check_circle(struct str item)
{
    struct remote_circle circle;
    return remote_read_circle(item, &circle);
}

/* Only that it has the form of an entry: what it says is for entry_read, and whether it belongs there for the chain. */
static enum err check_entry(struct str item)
{
    struct cbor_list list;
    struct str part[3];
    if (item.len > LIMIT_BODY_BYTES || cbor_list(item, &list) != ERR_OK || list.item_n != 3) return ERR_BAD_SERVER;
    for (size_t i = 0; i < 3; i++) {
        if (cbor_bytes(list.item[i], &part[i]) != ERR_OK) return ERR_BAD_SERVER;
    }
    return verdict(part[0].len <= LIMIT_HEADER_BYTES && part[1].len == SIG_BYTES && part[2].len <= LIMIT_PAYLOAD_BYTES);
}

enum err remote_read_sessions(struct str body, size_t *row_n)
{
    return check_rows(body, check_session, SIZE_MAX, row_n);
}

enum err remote_read_circles(struct str body, size_t *row_n)
{
    return check_rows(body, check_circle, SIZE_MAX, row_n);
}

enum err remote_read_entries(struct str body, size_t limit_n, size_t *entry_n)
{
    if (body.len > LIMIT_BODY_BYTES) return ERR_BAD_SERVER;
    return check_rows(body, check_entry, limit_n, entry_n);
}
