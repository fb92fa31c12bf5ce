/* round_act.c -- see round_act.h. */
#include "record/round_act.h"

enum {
    ASK_QUESTION = 2,
    ASK_BUCKET = 3,
    ASK_UNTIL = 4,
    ACT_ROUND = 2, /* in commit, reveal and close */
    COMMIT_NONCE = 3,
    COMMIT_CT = 4,
    COMMIT_COM = 5,
    REVEAL_KEY = 3,
};

bool round_act_is_bucket(uint64_t n)
{
    return n == LIMIT_BUCKET_SMALL || n == LIMIT_BUCKET_MIDDLE || n == LIMIT_BUCKET_LARGE;
}

static void begin(struct out *text, size_t pair_n, enum payload_type type)
{
    cbor_put_map(text, pair_n);
    cbor_put_uint(text, PAYLOAD_KEY_TYPE);
    cbor_put_uint(text, type);
}

static void put_bytes(struct out *text, unsigned key, struct str bytes)
{
    cbor_put_uint(text, key);
    cbor_put_bytes(text, bytes);
}

void round_act_put_ask(struct out *text, const struct round_ask *ask)
{
    EXPECT(ask->question.len > 0 && str_is_utf8(ask->question) && round_act_is_bucket(ask->bucket_n));
    begin(text, 4, PAYLOAD_ASK);
    cbor_put_uint(text, ASK_QUESTION);
    cbor_put_text(text, ask->question);
    cbor_put_uint(text, ASK_BUCKET);
    cbor_put_uint(text, ask->bucket_n);
    cbor_put_uint(text, ASK_UNTIL);
    cbor_put_uint(text, ask->until_ms);
}

void round_act_put_commit(struct out *text, const struct round_commit *commit)
{
    begin(text, 5, PAYLOAD_COMMIT);
    put_bytes(text, ACT_ROUND, STR_OF(commit->round));
    put_bytes(text, COMMIT_NONCE, STR_OF(commit->nonce));
    put_bytes(text, COMMIT_CT, commit->ct);
    put_bytes(text, COMMIT_COM, STR_OF(commit->com));
}

void round_act_put_reveal(struct out *text, const struct round_reveal *reveal)
{
    begin(text, 3, PAYLOAD_REVEAL);
    put_bytes(text, ACT_ROUND, STR_OF(reveal->round));
    put_bytes(text, REVEAL_KEY, STR_OF(reveal->key));
}

void round_act_put_close(struct out *text, const struct round_close *close)
{
    begin(text, 2, PAYLOAD_CLOSE);
    put_bytes(text, ACT_ROUND, STR_OF(close->round));
}

/* ---- reading --------------------------------------------------------------------------------- */

enum err round_act_read_ask(struct str text, struct round_ask *ask)
{
    struct cbor_map map;
    struct round_ask read;
    uint64_t bucket_n;
    uint32_t needed = CBOR_KEY(ASK_QUESTION) | CBOR_KEY(ASK_BUCKET) | CBOR_KEY(ASK_UNTIL);
    enum err e = payload_fields(text, PAYLOAD_ASK, needed, 0, &map);
    if (e != ERR_OK) return e;
    bool is_read = cbor_text(map.item[ASK_QUESTION], &read.question) == ERR_OK && read.question.len > 0 &&
                   cbor_uint(map.item[ASK_BUCKET], &bucket_n) == ERR_OK && round_act_is_bucket(bucket_n) &&
                   cbor_uint(map.item[ASK_UNTIL], &read.until_ms) == ERR_OK;
    if (!is_read) return ERR_UNREADABLE;
    read.bucket_n = (size_t)bucket_n;
    *ask = read;
    return ERR_OK;
}

enum err round_act_read_commit(struct str text, struct round_commit *commit)
{
    struct cbor_map map;
    struct round_commit read;
    uint32_t needed = CBOR_KEY(ACT_ROUND) | CBOR_KEY(COMMIT_NONCE) | CBOR_KEY(COMMIT_CT) | CBOR_KEY(COMMIT_COM);
    enum err e = payload_fields(text, PAYLOAD_COMMIT, needed, 0, &map);
    if (e != ERR_OK) return e;
    bool is_read = cbor_bytes_n(map.item[ACT_ROUND], read.round, sizeof read.round) == ERR_OK &&
                   cbor_bytes_n(map.item[COMMIT_NONCE], read.nonce, sizeof read.nonce) == ERR_OK &&
                   cbor_bytes(map.item[COMMIT_CT], &read.ct) == ERR_OK &&
                   cbor_bytes_n(map.item[COMMIT_COM], read.com, sizeof read.com) == ERR_OK;
    if (!is_read) return ERR_UNREADABLE;
    *commit = read;
    return ERR_OK;
}

enum err round_act_read_reveal(struct str text, struct round_reveal *reveal)
{
    struct cbor_map map;
    struct round_reveal read;
    enum err e = payload_fields(text, PAYLOAD_REVEAL, CBOR_KEY(ACT_ROUND) | CBOR_KEY(REVEAL_KEY), 0, &map);
    if (e != ERR_OK) return e;
    bool is_read = cbor_bytes_n(map.item[ACT_ROUND], read.round, sizeof read.round) == ERR_OK &&
                   cbor_bytes_n(map.item[REVEAL_KEY], read.key, sizeof read.key) == ERR_OK;
    if (!is_read) return ERR_UNREADABLE;
    *reveal = read;
    return ERR_OK;
}

enum err round_act_read_close(struct str text, struct round_close *close)
{
    struct cbor_map map;
    struct round_close read;
    enum err e = payload_fields(text, PAYLOAD_CLOSE, CBOR_KEY(ACT_ROUND), 0, &map);
    if (e != ERR_OK) return e;
    if (cbor_bytes_n(map.item[ACT_ROUND], read.round, sizeof read.round) != ERR_OK) return ERR_UNREADABLE;
    *close = read;
    return ERR_OK;
}
