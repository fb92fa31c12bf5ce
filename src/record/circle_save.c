/* circle_save.c -- the state of a circle as CBOR, for a store's own use. See circle.h.
 *
 *   saved = { 1 id, 2 kid, 3 epoch, 4 flags, 5 joiner_owes, 6 may_invite, 7 ended_n,
 *             8 [member…], 9 [invite…], 10 [ended…] }
 *   member = [sign_pk, box_pk, joined_seq, from_epoch]
 *   invite = [hash, invite_pk, seq, expires_ms, consents]
 *   ended  = [hash, how]
 */
#include "record/circle.h"

enum { S_ID = 1, S_KID, S_EPOCH, S_FLAGS, S_JOINER_OWES, S_MAY_INVITE, S_ENDED_N, S_MEMBERS, S_INVITES, S_ENDED };
enum { FLAG_SOLE = 1, FLAG_MUST_ROTATE = 2 };

/* ---- saving ----------------------------------------------------------------------------------- */

static void put_uint(struct out *o, uint64_t key, uint64_t number)
{
    cbor_put_uint(o, key);
    cbor_put_uint(o, number);
}

static size_t ended_kept(uint64_t ended_n)
{
    return ended_n < LIMIT_ENDED_INVITES ? (size_t)ended_n : LIMIT_ENDED_INVITES;
}

static void save_lists(struct out *o, const struct circle *c)
{
    cbor_put_uint(o, S_MEMBERS);
    cbor_put_list(o, c->member_n);
    for (size_t i = 0; i < c->member_n; i++) {
        cbor_put_list(o, 4);
        cbor_put_bytes(o, STR_OF(c->member[i].sign_pk));
        cbor_put_bytes(o, STR_OF(c->member[i].box_pk));
        cbor_put_uint(o, c->member[i].joined_seq);
        cbor_put_uint(o, c->member[i].from_epoch);
    }
    cbor_put_uint(o, S_INVITES);
    cbor_put_list(o, c->invite_n);
    for (size_t i = 0; i < c->invite_n; i++) {
        cbor_put_list(o, 5);
        cbor_put_bytes(o, STR_OF(c->invite[i].hash));
        cbor_put_bytes(o, STR_OF(c->invite[i].invite_pk));
        cbor_put_uint(o, c->invite[i].seq);
        cbor_put_uint(o, c->invite[i].expires_ms);
        cbor_put_uint(o, c->invite[i].consents);
    }
    cbor_put_uint(o, S_ENDED);
    cbor_put_list(o, ended_kept(c->ended_n));
    for (size_t i = 0; i < ended_kept(c->ended_n); i++) {
        cbor_put_list(o, 2);
        cbor_put_bytes(o, STR_OF(c->ended[i].hash));
        cbor_put_uint(o, c->ended[i].how);
    }
}

void circle_save(struct out *saved, const struct circle *circle)
{
    cbor_put_map(saved, 10);
    cbor_put_uint(saved, S_ID);
    cbor_put_bytes(saved, STR_OF(circle->id));
    cbor_put_uint(saved, S_KID);
    cbor_put_bytes(saved, STR_OF(circle->kid));
    put_uint(saved, S_EPOCH, circle->epoch);
    put_uint(saved, S_FLAGS, (circle->is_sole ? FLAG_SOLE : 0u) | (circle->must_rotate ? FLAG_MUST_ROTATE : 0u));
    put_uint(saved, S_JOINER_OWES, circle->joiner_owes);
    put_uint(saved, S_MAY_INVITE, circle->may_invite);
    put_uint(saved, S_ENDED_N, circle->ended_n);
    save_lists(saved, circle);
}

/* ---- loading ---------------------------------------------------------------------------------- */

/* What went wrong so far stays; a store's file is not trusted more than a message. */
struct loading {
    enum err e;
};

static uint64_t load_uint(struct loading *l, struct str item, uint64_t most)
{
    uint64_t number = 0;
    if (l->e == ERR_OK) l->e = cbor_uint(item, &number);
    if (number > most) l->e = ERR_BAD_FIELD;
    return number;
}

static void load_bytes(struct loading *l, struct str item, uint8_t *bytes, size_t n)
{
    if (l->e == ERR_OK) l->e = cbor_bytes_n(item, bytes, n);
}

/* One row of a list of rows: its columns, exactly column_n of them. */
static void load_row(struct loading *l, struct str item, size_t column_n, struct cbor_list *row)
{
    if (l->e == ERR_OK) l->e = cbor_list(item, row);
    if (l->e == ERR_OK && row->item_n != column_n) l->e = ERR_BAD_FIELD;
}

static size_t load_list(struct loading *l, struct str item, size_t most, struct cbor_list *list)
{
    list->item_n = 0;
    if (l->e == ERR_OK) l->e = cbor_list(item, list);
    if (list->item_n > most) l->e = ERR_BAD_FIELD;
    return l->e == ERR_OK ? list->item_n : 0;
}

static void load_members(struct loading *l, struct str item, struct circle *c)
{
    struct cbor_list rows, row = {.item_n = 0};
    c->member_n = load_list(l, item, LIMIT_MEMBERS, &rows);
    for (size_t i = 0; i < c->member_n; i++) {
        load_row(l, rows.item[i], 4, &row);
        load_bytes(l, row.item[0], c->member[i].sign_pk, SIGN_PK_BYTES);
        load_bytes(l, row.item[1], c->member[i].box_pk, BOX_PK_BYTES);
        c->member[i].joined_seq = load_uint(l, row.item[2], LIMIT_SEQ);
        c->member[i].from_epoch = load_uint(l, row.item[3], LIMIT_NUMBER);
    }
}

static void load_invites(struct loading *l, struct str item, struct circle *c)
{
    struct cbor_list rows, row = {.item_n = 0};
    c->invite_n = load_list(l, item, LIMIT_OPEN_INVITES, &rows);
    for (size_t i = 0; i < c->invite_n; i++) {
        load_row(l, rows.item[i], 5, &row);
        load_bytes(l, row.item[0], c->invite[i].hash, HASH_BYTES);
        load_bytes(l, row.item[1], c->invite[i].invite_pk, SIGN_PK_BYTES);
        c->invite[i].seq = load_uint(l, row.item[2], LIMIT_SEQ);
        c->invite[i].expires_ms = load_uint(l, row.item[3], LIMIT_NUMBER);
        c->invite[i].consents = (uint32_t)load_uint(l, row.item[4], (UINT64_C(1) << c->member_n) - 1);
    }
}

static void load_ended(struct loading *l, struct str item, struct circle *c)
{
    struct cbor_list rows, row = {.item_n = 0};
    size_t kept_n = load_list(l, item, LIMIT_ENDED_INVITES, &rows);
    if (kept_n != ended_kept(c->ended_n)) l->e = ERR_BAD_FIELD;
    for (size_t i = 0; i < kept_n; i++) {
        load_row(l, rows.item[i], 2, &row);
        load_bytes(l, row.item[0], c->ended[i].hash, HASH_BYTES);
        uint64_t how = load_uint(l, row.item[1], INVITE_WAS_VOIDED);
        if (how < INVITE_WAS_USED) l->e = ERR_BAD_FIELD;
        c->ended[i].how = (enum invite_end)how;
    }
}

enum err circle_load(struct circle *circle, struct str saved, uint64_t head_seq,
                     const uint8_t head_hash[static HASH_BYTES])
{
    struct circle c = {.is_begun = true, .head_seq = head_seq};
    struct cbor_map map = {.keys = 0};
    struct loading l = {.e = cbor_map(saved, &map)};
    uint32_t needed = ((CBOR_KEY(S_ENDED) << 1) - 1) & ~CBOR_KEY(0);
    if (l.e != ERR_OK || !cbor_map_is(&map, needed, 0)) return ERR_STORE_DAMAGED;
    load_bytes(&l, map.item[S_ID], c.id, HASH_BYTES);
    load_bytes(&l, map.item[S_KID], c.kid, HASH_BYTES);
    c.epoch = load_uint(&l, map.item[S_EPOCH], LIMIT_NUMBER);
    uint64_t flags = load_uint(&l, map.item[S_FLAGS], FLAG_SOLE | FLAG_MUST_ROTATE);
    c.is_sole = (flags & FLAG_SOLE) != 0;
    c.must_rotate = (flags & FLAG_MUST_ROTATE) != 0;
    c.joiner_owes = (uint8_t)load_uint(&l, map.item[S_JOINER_OWES], LIMIT_MEMBERS);
    c.may_invite = (uint8_t)load_uint(&l, map.item[S_MAY_INVITE], LIMIT_MEMBERS);
    c.ended_n = load_uint(&l, map.item[S_ENDED_N], LIMIT_NUMBER);
    load_members(&l, map.item[S_MEMBERS], &c);
    load_invites(&l, map.item[S_INVITES], &c);
    load_ended(&l, map.item[S_ENDED], &c);
    if (c.joiner_owes > c.member_n || c.may_invite > c.member_n) l.e = ERR_BAD_FIELD;
    if (l.e != ERR_OK) return ERR_STORE_DAMAGED;
    memcpy(c.head_hash, head_hash, HASH_BYTES);
    *circle = c;
    return ERR_OK;
}
