/* remote_circle.c -- circles, their entries, and invitations to them. */
#include "client/remote.h"

#include "client/remote_ask.h"

/* ---- reading ------------------------------------------------------------------------------------------- */

enum err remote_circles(struct remote *remote, struct remote_rows *rows)
{
    struct str body;
    size_t n;
    struct remote_ask ask = {.method = "GET", .path = "/v1/circles", .who = REMOTE_SIGNED_IN, .status = {200}};
    enum err e = remote_ask(remote, &ask, NULL, &body);
    if (e == ERR_OK) e = remote_judged(remote, remote_read_circles(body, &n));
    if (e == ERR_OK) *rows = (struct remote_rows){._rest = body, .n = n};
    return e;
}

bool remote_next_circle(struct remote_rows *rows, struct remote_circle *circle)
{
    struct str item;
    if (rows->_rest.len == 0) return false;
    EXPECT(cbor_first(rows->_rest, &item, &rows->_rest) == ERR_OK && remote_read_circle(item, circle) == ERR_OK);
    return true;
}

/* "/v1/circles/…/entries": more follows. */
static struct out path_begin(char path[static FETCH_PATH_BYTES], const uint8_t *circle)
{
    struct out o = out_over(path, FETCH_PATH_BYTES - 1);
    out_text(&o, "/v1/circles/");
    out_put_hex(&o, str_at(circle, HASH_BYTES));
    out_text(&o, "/entries");
    return o;
}

static const char *path_end(char *path, const struct out *o)
{
    EXPECT(!o->is_full);
    path[o->len] = '\0';
    return path;
}

enum err remote_entries(struct remote *remote, const uint8_t circle[static HASH_BYTES], uint64_t from_seq,
                        size_t limit_n, const uint8_t *read_token, struct str *entries, size_t *entry_n)
{
    char path[FETCH_PATH_BYTES];
    struct str body;
    size_t n;
    EXPECT(limit_n >= 1 && limit_n <= LIMIT_PAGE_ENTRIES && from_seq <= LIMIT_SEQ + 1);
    struct out o = path_begin(path, circle);
    out_text(&o, "?limit=");
    out_put_decimal(&o, limit_n);
    if (from_seq > 0) {
        out_text(&o, "&after=");
        out_put_decimal(&o, from_seq - 1);
    }
    struct remote_ask ask = {.method = "GET", .path = path_end(path, &o), .who = REMOTE_SIGNED_IN,
                             .token = read_token, .status = {200}};
    enum err e = remote_ask(remote, &ask, NULL, &body);
    if (e == ERR_OK) e = remote_judged(remote, remote_read_entries(body, limit_n, &n));
    if (e != ERR_OK) return e;
    *entries = body;
    if (entry_n != NULL) *entry_n = n;
    return ERR_OK;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static enum err post_entries(struct remote *remote, const char *path, struct str entries, struct remote_head *head,
                             bool *was_there)
{
    struct str body;
    int status = 0;
    EXPECT(entries.len > 0 && entries.len <= LIMIT_BODY_BYTES);
    struct remote_ask ask = {.method = "POST", .path = path, .who = REMOTE_SIGNED_IN, .body = entries,
                             .status = {201, 200}};
    enum err e = remote_ask(remote, &ask, &status, &body);
    if (e == ERR_OK) e = remote_judged(remote, remote_read_head(body, head));
    if (e == ERR_OK && was_there != NULL) *was_there = status == 200;
    return e;
}

enum err remote_new_circle(struct remote *remote, struct str entries, struct remote_head *head, bool *was_there)
{
    return post_entries(remote, "/v1/circles", entries, head, was_there);
}

enum err remote_append(struct remote *remote, const uint8_t circle[static HASH_BYTES], struct str entries,
                       bool is_repair, struct remote_head *head, bool *was_there)
{
    char path[FETCH_PATH_BYTES];
    struct out o = path_begin(path, circle);
    if (is_repair) out_text(&o, "?repair=1");
    return post_entries(remote, path_end(path, &o), entries, head, was_there);
}

/* ---- invitations --------------------------------------------------------------------------------------- */

enum err remote_open_invite(struct remote *remote, const uint8_t secret[static SECRET_BYTES],
                            struct remote_invite *invite)
{
    uint8_t memory[BODY_BYTES], challenge[CHALLENGE_BYTES];
    struct out o = OUT_OVER(memory);
    struct body_to to;
    struct str body;
    enum err e = remote_body_to(remote, challenge, &to);
    if (e != ERR_OK) return e;
    body_invite(&o, to, secret);
    EXPECT(!o.is_full);
    struct remote_ask ask = {.method = "POST", .path = "/v1/invites", .body = out_str(&o), .status = {200}};
    e = remote_ask(remote, &ask, NULL, &body);
    return e == ERR_OK ? remote_judged(remote, remote_read_invite(body, invite)) : e;
}
