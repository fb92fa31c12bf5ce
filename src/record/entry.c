/* entry.c -- see entry.h. */
#include "record/entry.h"

enum { /* header keys */
    H_VERSION = 1, H_CIRCLE, H_SEQ, H_PREV, H_AUTHOR, H_EPOCH, H_ID, H_TIME, H_KIND, H_BODY, H_PHASH, H_PLEN, H_REFS,
};

#define K CBOR_KEY

bool entry_has_payload(enum entry_kind kind)
{
    return kind == ENTRY_INVITE || kind == ENTRY_SEALED;
}

/* ---- reading: a field at a time, the first failure stays ------------------------------------- */

/* A map that is being read, and what has gone wrong so far. */
struct fields {
    struct cbor_map map;
    struct why *why;
    enum err e;
};

static void refuse(struct fields *f, enum err e, const char *field, const char *text)
{
    if (f->e != ERR_OK) return;
    f->e = e;
    *f->why = (struct why){.code = e, .field = field, .text = text};
}

/* The strict codec has checked the whole header, so what is left to go wrong in a field is its type. */
static uint64_t field_uint(struct fields *f, unsigned key, const char *field)
{
    uint64_t number = 0;
    if (f->e != ERR_OK) return 0;
    if (cbor_uint(f->map.item[key], &number) != ERR_OK) refuse(f, ERR_BAD_ENTRY, field, "must be a number");
    return number;
}

static const uint8_t *bytes_of(struct fields *f, struct str item, size_t n, const char *field)
{
    struct str bytes = {0};
    if (f->e != ERR_OK) return NULL;
    if (cbor_bytes(item, &bytes) != ERR_OK || bytes.len != n) {
        refuse(f, ERR_BAD_ENTRY, field, "must be a byte string of its fixed length");
        return NULL;
    }
    return bytes.at;
}

static const uint8_t *field_bytes(struct fields *f, unsigned key, size_t n, const char *field)
{
    return bytes_of(f, f->map.item[key], n, field);
}

static void field_list(struct fields *f, unsigned key, const char *field, struct cbor_list *list)
{
    list->item_n = 0;
    if (f->e != ERR_OK) return;
    if (cbor_list(f->map.item[key], list) != ERR_OK) refuse(f, ERR_BAD_ENTRY, field, "must be an array");
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static void read_genesis(struct fields *f, struct entry *e)
{
    e->body.genesis.box_pk = field_bytes(f, 1, BOX_PK_BYTES, "box_pk");
    e->body.genesis.kid = field_bytes(f, 2, HASH_BYTES, "kid");
    e->body.genesis.seal = field_bytes(f, 3, SEAL_BYTES, "seal");
    e->body.genesis.salt = field_bytes(f, 4, SALT_BYTES, "salt");
    if (!cbor_map_has(&f->map, 6)) return;
    if (field_uint(f, 6, "sole") != 1) refuse(f, ERR_BAD_ENTRY, "sole", "must be 1 or absent");
    e->body.genesis.is_sole = true;
}

static void read_invite(struct fields *f, struct entry *e)
{
    e->body.invite.invite_pk = field_bytes(f, 1, SIGN_PK_BYTES, "invite_pk");
    e->body.invite.expires_ms = field_uint(f, 2, "expiry");
}

static void read_join(struct fields *f, struct entry *e)
{
    e->body.join.invite_hash = field_bytes(f, 1, HASH_BYTES, "invite");
    e->body.join.box_pk = field_bytes(f, 2, BOX_PK_BYTES, "box_pk");
    e->body.join.proof = field_bytes(f, 3, SIG_BYTES, "proof");
    e->body.join.from_epoch = field_uint(f, 4, "from_epoch");
    e->body.join.seal = field_bytes(f, 5, SEAL_BYTES, "seal");
    if (e->body.join.from_epoch != e->epoch) refuse(f, ERR_BAD_ENTRY, "from_epoch", "must be the invitation's epoch");
}

static void read_leave(struct fields *f, struct entry *e)
{
    (void)f; /* an empty map */
    (void)e;
}

static void read_rotate(struct fields *f, struct entry *e)
{
    struct cbor_list seals;
    e->body.rotate.kid = field_bytes(f, 1, HASH_BYTES, "kid");
    field_list(f, 2, "boxes", &seals);
    e->body.rotate.reason = field_uint(f, 3, "reason");
    e->body.rotate.seal_n = seals.item_n;
    for (size_t i = 0; i < seals.item_n && i <= LIMIT_MEMBERS; i++) {
        struct str seal;
        if (f->e != ERR_OK) return;
        if (cbor_bytes(seals.item[i], &seal) != ERR_OK) refuse(f, ERR_BAD_ENTRY, "boxes", "must be byte strings");
        /* A box of the wrong length is a wrong box, not a wrong shape: circle.c refuses it as one. */
        e->body.rotate.seal[i] = f->e == ERR_OK && seal.len == SEAL_BYTES ? seal.at : NULL;
    }
}

static void read_redact(struct fields *f, struct entry *e)
{
    struct cbor_list seqs;
    field_list(f, 1, "seqs", &seqs);
    if (f->e == ERR_OK && seqs.item_n == 0) refuse(f, ERR_BAD_ENTRY, "seqs", "must name at least one entry");
    for (size_t i = 0; i < seqs.item_n; i++) {
        uint64_t *seq = &e->body.redact.seq[i];
        if (cbor_uint(seqs.item[i], seq) != ERR_OK) refuse(f, ERR_BAD_ENTRY, "seqs", "must be numbers");
    }
    e->body.redact.seq_n = seqs.item_n;
}

static void read_consent(struct fields *f, struct entry *e)
{
    e->body.consent.invite_hash = field_bytes(f, 1, HASH_BYTES, "invite");
}

/* What a kind needs: the keys of its body, and how they are read. Row = number of the kind. */
static const struct kind_rule {
    bool is_known;
    uint32_t body_needed, body_allowed;
    void (*read_body)(struct fields *f, struct entry *e);
} kind_rules[] = {
    [ENTRY_GENESIS] = {true, K(1) | K(2) | K(3) | K(4), K(6), read_genesis},
    [ENTRY_INVITE] = {true, K(1) | K(2), 0, read_invite},
    [ENTRY_JOIN] = {true, K(1) | K(2) | K(3) | K(4) | K(5), 0, read_join},
    [ENTRY_LEAVE] = {true, 0, 0, read_leave},
    [ENTRY_ROTATE] = {true, K(1) | K(2) | K(3), 0, read_rotate},
    [ENTRY_REDACT] = {true, K(1), 0, read_redact},
    [ENTRY_CONSENT] = {true, K(1), 0, read_consent},
    [ENTRY_SEALED] = {true, 0, 0, NULL},
};

static const struct kind_rule *rule_of(uint64_t kind)
{
    bool is_known = kind < sizeof kind_rules / sizeof *kind_rules && kind_rules[kind].is_known;
    return is_known ? &kind_rules[kind] : NULL;
}

/* ---- the header ------------------------------------------------------------------------------ */

static void read_body(struct fields *header, const struct kind_rule *rule, struct entry *e)
{
    if (rule->read_body == NULL || header->e != ERR_OK) return;
    struct fields body = {.why = header->why};
    if (cbor_map(header->map.item[H_BODY], &body.map) != ERR_OK ||
        !cbor_map_is(&body.map, rule->body_needed, rule->body_allowed)) {
        refuse(header, ERR_BAD_ENTRY, "body", "does not have the fields of its kind");
        return;
    }
    rule->read_body(&body, e);
    header->e = body.e;
}

static void read_refs(struct fields *f, struct entry *e)
{
    struct cbor_list refs, pair;
    field_list(f, H_REFS, "refs", &refs);
    if (refs.item_n > LIMIT_REFS) refuse(f, ERR_BAD_ENTRY, "refs", "names too many attachments");
    for (size_t i = 0; i < refs.item_n && f->e == ERR_OK; i++) {
        if (cbor_list(refs.item[i], &pair) != ERR_OK || pair.item_n != 2 ||
            cbor_uint(pair.item[1], &e->ref[i].bytes_n) != ERR_OK) {
            refuse(f, ERR_BAD_ENTRY, "refs", "must be pairs of hash and length");
            return;
        }
        e->ref[i].hash = bytes_of(f, pair.item[0], HASH_BYTES, "refs");
    }
    e->ref_n = refs.item_n;
}

/* Version first: of a header made by a newer Troth nothing else can be judged. */
static const struct kind_rule *read_version_and_kind(struct fields *f, struct entry *e)
{
    if (!cbor_map_has(&f->map, H_VERSION)) refuse(f, ERR_BAD_ENTRY, "v", "is missing");
    uint64_t version = field_uint(f, H_VERSION, "v");
    if (f->e == ERR_OK && version != 1) refuse(f, ERR_BAD_VERSION, "v", "made by a newer Troth");
    if (!cbor_map_has(&f->map, H_KIND)) refuse(f, ERR_BAD_ENTRY, "kind", "is missing");
    uint64_t kind = field_uint(f, H_KIND, "kind");
    if (f->e != ERR_OK) return NULL;
    const struct kind_rule *rule = rule_of(kind);
    if (rule == NULL) refuse(f, ERR_BAD_VERSION, "kind", "a kind of a newer Troth");
    e->kind = (enum entry_kind)kind;
    return rule;
}

static bool header_keys_fit(const struct cbor_map *header, const struct entry *e)
{
    uint32_t needed = K(H_VERSION) | K(H_SEQ) | K(H_AUTHOR) | K(H_EPOCH) | K(H_ID) | K(H_TIME) | K(H_KIND);
    if (e->kind != ENTRY_GENESIS) needed |= K(H_CIRCLE) | K(H_PREV);
    if (e->kind != ENTRY_SEALED) needed |= K(H_BODY);
    if (entry_has_payload(e->kind)) needed |= K(H_PHASH) | K(H_PLEN);
    return cbor_map_is(header, needed, e->kind == ENTRY_SEALED ? K(H_REFS) : 0);
}

static enum err read_header(struct entry *e, struct why *why)
{
    struct fields f = {.why = why};
    enum err is_map = cbor_map(e->header, &f.map);
    if (is_map == ERR_BAD_CBOR) refuse(&f, is_map, "header", NULL);
    if (is_map != ERR_OK) refuse(&f, ERR_BAD_ENTRY, "header", "must be a map");
    const struct kind_rule *rule = f.e == ERR_OK ? read_version_and_kind(&f, e) : NULL;
    if (f.e != ERR_OK) return f.e;
    if (!header_keys_fit(&f.map, e)) refuse(&f, ERR_BAD_ENTRY, "header", "does not have the fields of its kind");
    e->seq = field_uint(&f, H_SEQ, "seq");
    e->author = field_bytes(&f, H_AUTHOR, SIGN_PK_BYTES, "author");
    e->epoch = field_uint(&f, H_EPOCH, "epoch");
    e->id = field_bytes(&f, H_ID, ID_BYTES, "id");
    e->time_ms = field_uint(&f, H_TIME, "time");
    if (e->kind != ENTRY_GENESIS) {
        e->circle = field_bytes(&f, H_CIRCLE, HASH_BYTES, "circle");
        e->prev = field_bytes(&f, H_PREV, HASH_BYTES, "prev");
    }
    if (entry_has_payload(e->kind)) {
        e->payload_hash = field_bytes(&f, H_PHASH, HASH_BYTES, "phash");
        e->payload_n = field_uint(&f, H_PLEN, "plen");
        if (e->payload_n == 0 || e->payload_n > LIMIT_PAYLOAD_BYTES) refuse(&f, ERR_BAD_ENTRY, "plen", "out of bounds");
    } else if (e->payload.len > 0) {
        refuse(&f, ERR_BAD_ENTRY, "payload", "this kind has none");
    }
    if (cbor_map_has(&f.map, H_REFS)) read_refs(&f, e);
    if (e->seq > LIMIT_SEQ) refuse(&f, ERR_BAD_ENTRY, "seq", "out of bounds");
    bool is_genesis = e->kind == ENTRY_GENESIS;
    if (is_genesis != (e->seq == 0)) refuse(&f, ERR_BAD_ENTRY, "seq", "the first entry is a genesis, and no other");
    if (is_genesis && e->epoch != 0) refuse(&f, ERR_BAD_ENTRY, "epoch", "begins at 0");
    read_body(&f, rule, e);
    return f.e;
}

enum err entry_read(struct str wire, struct entry *entry, struct why *why)
{
    struct cbor_list part;
    struct str sig;
    struct entry read = {.wire = wire};
    enum err e = cbor_list(wire, &part);
    if (e == ERR_BAD_CBOR) {
        *why = (struct why){.code = e, .field = "entry"};
        return e;
    }
    if (e != ERR_OK || part.item_n != 3 || cbor_bytes(part.item[0], &read.header) != ERR_OK ||
        cbor_bytes(part.item[1], &sig) != ERR_OK || cbor_bytes(part.item[2], &read.payload) != ERR_OK ||
        sig.len != SIG_BYTES || read.header.len > LIMIT_HEADER_BYTES) {
        *why = (struct why){.code = ERR_BAD_ENTRY, .field = "entry", .text = "must be [header, signature, payload]"};
        return ERR_BAD_ENTRY;
    }
    read.sig = sig.at;
    e = read_header(&read, why);
    if (e != ERR_OK) return e;
    hash_of(read.hash, CTX_ENTRY, PARTS(read.header, sig));
    *entry = read;
    return ERR_OK;
}

bool entry_is_signed(const struct entry *entry)
{
    return sign_fits(entry->sig, entry->author, CTX_SIGN, PARTS(entry->header));
}

void entry_payload_hash(uint8_t hash[static HASH_BYTES], struct str payload)
{
    hash_of(hash, CTX_BLOB, PARTS(payload));
}

bool entry_payload_fits(const struct entry *entry)
{
    uint8_t hash[HASH_BYTES];
    if (!entry_has_payload(entry->kind)) return true;
    if (entry->payload.len != entry->payload_n) return false;
    entry_payload_hash(hash, entry->payload);
    return memcmp(hash, entry->payload_hash, HASH_BYTES) == 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void put_bytes(struct out *o, uint64_t key, const uint8_t *bytes, size_t n)
{
    cbor_put_uint(o, key);
    cbor_put_bytes(o, str_at(bytes, n));
}

static void put_uint(struct out *o, uint64_t key, uint64_t number)
{
    cbor_put_uint(o, key);
    cbor_put_uint(o, number);
}

static void write_rotate(struct out *o, const struct entry *e)
{
    cbor_put_map(o, 3);
    put_bytes(o, 1, e->body.rotate.kid, HASH_BYTES);
    cbor_put_uint(o, 2);
    cbor_put_list(o, e->body.rotate.seal_n);
    for (size_t i = 0; i < e->body.rotate.seal_n; i++) cbor_put_bytes(o, str_at(e->body.rotate.seal[i], SEAL_BYTES));
    put_uint(o, 3, e->body.rotate.reason);
}

static void write_join(struct out *o, const struct entry *e)
{
    cbor_put_map(o, 5);
    put_bytes(o, 1, e->body.join.invite_hash, HASH_BYTES);
    put_bytes(o, 2, e->body.join.box_pk, BOX_PK_BYTES);
    put_bytes(o, 3, e->body.join.proof, SIG_BYTES);
    put_uint(o, 4, e->body.join.from_epoch);
    put_bytes(o, 5, e->body.join.seal, SEAL_BYTES);
}

static void write_genesis(struct out *o, const struct entry *e)
{
    cbor_put_map(o, e->body.genesis.is_sole ? 5 : 4);
    put_bytes(o, 1, e->body.genesis.box_pk, BOX_PK_BYTES);
    put_bytes(o, 2, e->body.genesis.kid, HASH_BYTES);
    put_bytes(o, 3, e->body.genesis.seal, SEAL_BYTES);
    put_bytes(o, 4, e->body.genesis.salt, SALT_BYTES);
    if (e->body.genesis.is_sole) put_uint(o, 6, 1);
}

static void write_redact(struct out *o, const struct entry *e)
{
    cbor_put_map(o, 1);
    cbor_put_uint(o, 1);
    cbor_put_list(o, e->body.redact.seq_n);
    for (size_t i = 0; i < e->body.redact.seq_n; i++) cbor_put_uint(o, e->body.redact.seq[i]);
}

static void write_body(struct out *o, const struct entry *e)
{
    switch (e->kind) {
    case ENTRY_GENESIS: write_genesis(o, e); return;
    case ENTRY_INVITE:
        cbor_put_map(o, 2);
        put_bytes(o, 1, e->body.invite.invite_pk, SIGN_PK_BYTES);
        put_uint(o, 2, e->body.invite.expires_ms);
        return;
    case ENTRY_JOIN: write_join(o, e); return;
    case ENTRY_LEAVE: cbor_put_map(o, 0); return;
    case ENTRY_ROTATE: write_rotate(o, e); return;
    case ENTRY_REDACT: write_redact(o, e); return;
    case ENTRY_CONSENT:
        cbor_put_map(o, 1);
        put_bytes(o, 1, e->body.consent.invite_hash, HASH_BYTES);
        return;
    case ENTRY_SEALED: break;
    }
    misuse("entry_write: a sealed entry has no body");
}

static void write_header(struct out *o, const struct entry *e)
{
    bool is_genesis = e->kind == ENTRY_GENESIS, is_sealed = e->kind == ENTRY_SEALED;
    size_t pair_n = 7;
    if (!is_genesis) pair_n += 2;
    if (!is_sealed) pair_n += 1;
    if (entry_has_payload(e->kind)) pair_n += 2;
    if (e->ref_n > 0) pair_n += 1;
    cbor_put_map(o, pair_n);
    put_uint(o, H_VERSION, 1);
    if (!is_genesis) put_bytes(o, H_CIRCLE, e->circle, HASH_BYTES);
    put_uint(o, H_SEQ, e->seq);
    if (!is_genesis) put_bytes(o, H_PREV, e->prev, HASH_BYTES);
    put_bytes(o, H_AUTHOR, e->author, SIGN_PK_BYTES);
    put_uint(o, H_EPOCH, e->epoch);
    put_bytes(o, H_ID, e->id, ID_BYTES);
    put_uint(o, H_TIME, e->time_ms);
    put_uint(o, H_KIND, e->kind);
    if (!is_sealed) {
        cbor_put_uint(o, H_BODY);
        write_body(o, e);
    }
    if (entry_has_payload(e->kind)) {
        put_bytes(o, H_PHASH, e->payload_hash, HASH_BYTES);
        put_uint(o, H_PLEN, e->payload_n);
    }
    if (e->ref_n == 0) return;
    cbor_put_uint(o, H_REFS);
    cbor_put_list(o, e->ref_n);
    for (size_t i = 0; i < e->ref_n; i++) {
        cbor_put_list(o, 2);
        cbor_put_bytes(o, str_at(e->ref[i].hash, HASH_BYTES));
        cbor_put_uint(o, e->ref[i].bytes_n);
    }
}

void entry_write(struct out *wire, const struct entry *draft, const uint8_t sign_sk[static SIGN_SK_BYTES])
{
    uint8_t memory[LIMIT_HEADER_BYTES], sig[SIG_BYTES];
    struct out header = OUT_OVER(memory);
    write_header(&header, draft);
    EXPECT(!header.is_full); /* twelve seals and eight references fit with room to spare */
    sign_with(sig, sign_sk, CTX_SIGN, PARTS(out_str(&header)));
    cbor_put_list(wire, 3);
    cbor_put_bytes(wire, out_str(&header));
    cbor_put_bytes(wire, STR_OF(sig));
    cbor_put_bytes(wire, draft->payload);
}
