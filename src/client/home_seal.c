/* home_seal.c -- the keys of unlocked accounts, and fields sealed to their places with them.
 *
 *   field = nonce || AEAD(local key, text, "troth1:local...." || column || account id || circle id || row)
 *
 * The column's name is filled with zeros to 16 bytes; the ids are zeros where a field has none; so the row key,
 * which differs in length from column to column, cannot be taken for anything else.
 */
#include "client/home_own.h"

#include <stdlib.h>

/* ---- keys ----------------------------------------------------------------------------------- */

struct home_key {
    struct home_key *next;
    uint64_t account;
    uint8_t bytes[KEY_BYTES];
};

static struct home_key **key_of(struct home *home, uint64_t account)
{
    struct home_key **at = &home->key;
    while (*at != NULL && (*at)->account != account) at = &(*at)->next;
    return at;
}

enum err home_key_keep(struct home *home, uint64_t account, const uint8_t *local_key)
{
    struct home_key **at = key_of(home, account);
    if (*at == NULL) {
        struct home_key *key = malloc(sizeof *key);
        if (key == NULL) return home_fail(home, ERR_NO_MEMORY, NULL);
        *key = (struct home_key){.account = account};
        *at = key;
    }
    memcpy((*at)->bytes, local_key, KEY_BYTES);
    return ERR_OK;
}

void home_lock(struct home *home, uint64_t number)
{
    struct home_key **at = key_of(home, number), *key = *at;
    if (key == NULL) return;
    *at = key->next;
    wipe(key, sizeof *key);
    free(key);
}

void home_lock_all(struct home *home)
{
    while (home->key != NULL) home_lock(home, home->key->account);
}

bool home_is_unlocked(const struct home *home, uint64_t number)
{
    const struct home_key *key = home->key;
    while (key != NULL && key->account != number) key = key->next;
    return key != NULL;
}

/* ---- scopes --------------------------------------------------------------------------------- */

static void take_key(struct home *home, struct home_scope *scope)
{
    struct home_key *key = *key_of(home, scope->account);
    EXPECT(key != NULL); /* home_unlock comes first */
    scope->key = key->bytes;
}

enum err home_scope_account(struct home *home, uint64_t account, struct home_scope *scope)
{
    struct home_scope found = {.account = account};
    enum err e = home_find(home, HOME_account_scope, VALUES(NUMBER(account)));
    if (e != ERR_OK) return e;
    struct home_row row = home_row(home, HOME_account_scope);
    home_row_bytes_n(&row, found.account_id, sizeof found.account_id);
    home_done(home, HOME_account_scope);
    if (row.is_damaged) return home_damaged(home);
    take_key(home, &found);
    *scope = found;
    return ERR_OK;
}

enum err home_scope_circle(struct home *home, uint64_t circle, struct home_scope *scope)
{
    struct home_scope found = {0};
    enum err e = home_find(home, HOME_circle_scope, VALUES(NUMBER(circle)));
    if (e != ERR_OK) return e;
    struct home_row row = home_row(home, HOME_circle_scope);
    found.account = home_row_number(&row);
    home_row_bytes_n(&row, found.account_id, sizeof found.account_id);
    home_row_bytes_n(&row, found.circle_id, sizeof found.circle_id);
    home_done(home, HOME_circle_scope);
    if (row.is_damaged) return home_damaged(home);
    take_key(home, &found);
    *scope = found;
    return ERR_OK;
}

enum err home_scope_of(struct home *home, uint64_t account, uint64_t circle, struct home_scope *scope)
{
    if (circle == 0) return home_scope_account(home, account, scope);
    enum err e = home_scope_circle(home, circle, scope);
    if (e == ERR_OK) EXPECT(scope->account == account);
    return e;
}

void home_origin_row(struct str origin, uint8_t row[static HASH_BYTES])
{
    account_origin(row, origin);
}

/* ---- sealing and opening -------------------------------------------------------------------- */

/* What a field is bound to: the parts behind the context. */
struct place {
    uint8_t column[HOME_COLUMN_BYTES];
    struct str part[4];
};

static void place_init(struct place *place, const struct home_scope *scope, const char *column, struct str row)
{
    size_t n = strlen(column);
    EXPECT(n <= sizeof place->column && row.len <= HOME_ROW_BYTES);
    memset(place->column, 0, sizeof place->column);
    memcpy(place->column, column, n);
    place->part[0] = STR_OF(place->column);
    place->part[1] = STR_OF(scope->account_id);
    place->part[2] = STR_OF(scope->circle_id);
    place->part[3] = row;
}

enum err home_sealing_init(struct home *home, struct home_sealing *sealing, size_t text_n, size_t step)
{
    size_t n = (text_n + step - 1) / step * step + HOME_SEAL_BYTES;
    *sealing = (struct home_sealing){.at = calloc(1, n)};
    if (sealing->at == NULL) return home_fail(home, ERR_NO_MEMORY, NULL);
    sealing->n = n;
    sealing->text = out_over(sealing->at + AEAD_NONCE_BYTES, n - HOME_SEAL_BYTES);
    return ERR_OK;
}

struct str home_seal(struct home_sealing *sealing, const struct home_scope *scope, const char *column,
                     struct str row)
{
    struct place place;
    EXPECT(!sealing->text.is_full);
    place_init(&place, scope, column, row);
    random_fill(sealing->at, AEAD_NONCE_BYTES);
    uint8_t *box = sealing->at + AEAD_NONCE_BYTES; /* over its own text: nothing is left that was not sealed */
    aead_seal(box, str_at(box, sealing->n - HOME_SEAL_BYTES), sealing->at, scope->key, CTX_LOCAL, place.part,
              sizeof place.part / sizeof *place.part);
    return str_at(sealing->at, sealing->n);
}

void home_sealing_fini(struct home_sealing *sealing)
{
    if (sealing->at == NULL) return;
    wipe(sealing->at, sealing->n);
    free(sealing->at);
    *sealing = (struct home_sealing){0};
}

enum err home_unseal(struct home *home, const struct home_scope *scope, const char *column, struct str row,
                     struct str sealed, struct home_opened *opened)
{
    *opened = (struct home_opened){0};
    if (sealed.len <= HOME_SEAL_BYTES) return home_damaged(home);
    size_t n = sealed.len - HOME_SEAL_BYTES;
    uint8_t *text = malloc(n);
    if (text == NULL) return home_fail(home, ERR_NO_MEMORY, NULL);
    struct place place;
    place_init(&place, scope, column, row);
    struct str box = str_at(sealed.at + AEAD_NONCE_BYTES, sealed.len - AEAD_NONCE_BYTES);
    *opened = (struct home_opened){.text = str_at(text, n), .at = text};
    if (aead_open(text, box, sealed.at, scope->key, CTX_LOCAL, place.part, sizeof place.part / sizeof *place.part))
        return ERR_OK;
    home_opened_fini(opened);
    return home_damaged(home);
}

enum err home_open_field(struct home *home, struct home_row *row, const struct home_scope *scope,
                         const char *column, struct str row_key, struct home_opened *opened)
{
    struct str field = home_row_bytes(row);
    *opened = (struct home_opened){0};
    return row->is_damaged ? home_damaged(home) : home_unseal(home, scope, column, row_key, field, opened);
}

void home_opened_fini(struct home_opened *opened)
{
    if (opened->at == NULL) return;
    wipe(opened->at, opened->text.len);
    free(opened->at);
    *opened = (struct home_opened){0};
}

/* ---- text ----------------------------------------------------------------------------------- */

void home_put_number(struct out *o, uint64_t number, size_t bytes)
{
    for (size_t i = bytes; i > 0; i--) out_put_byte(o, (uint8_t)(number >> 8 * (i - 1)));
}

struct str home_read_bytes(struct home_reader *r, uint64_t n)
{
    if (r->is_short || n > r->rest.len) {
        r->is_short = true;
        return STR("");
    }
    struct str bytes = str_at(r->rest.at, (size_t)n);
    r->rest = str_at(r->rest.at + n, r->rest.len - (size_t)n);
    return bytes;
}

uint64_t home_read_number(struct home_reader *r, size_t bytes)
{
    uint64_t number = 0;
    struct str digits = home_read_bytes(r, bytes);
    for (size_t i = 0; i < digits.len; i++) number = number << 8 | digits.at[i];
    return number;
}
