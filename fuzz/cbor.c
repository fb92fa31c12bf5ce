/* cbor.c -- any bytes as CBOR: what the codec takes has just one encoding, and its own writers give it. */
#include "base/cbor.h"

#include <stdlib.h>

#include "kit/fuzz.h"

void fuzz_open(void)
{
}

/* ---- writing again what was read ---------------------------------------------------------------------- */

static void rewrite(struct out *o, struct str item, unsigned depth);

static void rewrite_map(struct out *o, const struct cbor_map *map, unsigned depth)
{
    size_t pair_n = 0;
    for (unsigned key = 0; key < LIMIT_CBOR_KEYS; key++) pair_n += cbor_map_has(map, key);
    EXPECT(cbor_map_is(map, map->keys, 0) && cbor_map_is(map, 0, map->keys));
    cbor_put_map(o, pair_n);
    for (unsigned key = 0; key < LIMIT_CBOR_KEYS; key++) {
        if (!cbor_map_has(map, key)) continue;
        EXPECT(!cbor_map_is(map, 0, map->keys & ~CBOR_KEY(key)));
        cbor_put_uint(o, key);
        rewrite(o, map->item[key], depth + 1);
    }
}

static void rewrite(struct out *o, struct str item, unsigned depth)
{
    struct cbor_map map;
    struct cbor_list list;
    struct str text, bytes;
    uint64_t number;
    bool is_uint = cbor_uint(item, &number) == ERR_OK, is_bytes = cbor_bytes(item, &bytes) == ERR_OK,
         is_text = cbor_text(item, &text) == ERR_OK, is_list = cbor_list(item, &list) == ERR_OK,
         is_map = cbor_map(item, &map) == ERR_OK;

    EXPECT(is_uint + is_bytes + is_text + is_list + is_map == 1); /* one type, and only one */
    EXPECT(depth < LIMIT_CBOR_DEPTH || !(is_list || is_map));
    if (is_uint) cbor_put_uint(o, number);
    if (is_bytes) cbor_put_bytes(o, bytes);
    if (is_text) EXPECT(str_is_utf8(text));
    if (is_text) cbor_put_text(o, text);
    if (is_map) rewrite_map(o, &map, depth);
    if (!is_list) return;
    cbor_put_list(o, list.item_n);
    for (size_t i = 0; i < list.item_n; i++) rewrite(o, list.item[i], depth + 1);
}

static void expect_one_encoding(struct str item)
{
    uint8_t *memory = malloc(item.len);
    EXPECT(memory != NULL);
    struct out o = out_over(memory, item.len);
    rewrite(&o, item, 0);
    EXPECT(str_is(out_str(&o), item));
    free(memory);
}

/* ---- refusing ----------------------------------------------------------------------------------------- */

/* What is no item at all is none for every reader, and nothing is given. */
static void expect_refused(struct str whole)
{
    static const uint8_t mark[1] = {7};
    struct cbor_map map = {.keys = 7}, map_before = map;
    struct cbor_list list = {.item_n = 7};
    struct str bytes = {mark, 7}, text = {mark, 7};
    uint64_t number = 7;
    uint8_t five[5] = "five";

    EXPECT(cbor_map(whole, &map) == ERR_BAD_CBOR && memcmp(&map, &map_before, sizeof map) == 0);
    EXPECT(cbor_list(whole, &list) == ERR_BAD_CBOR && list.item_n == 7);
    EXPECT(cbor_bytes(whole, &bytes) == ERR_BAD_CBOR && bytes.at == mark && bytes.len == 7);
    EXPECT(cbor_text(whole, &text) == ERR_BAD_CBOR && text.at == mark && text.len == 7);
    EXPECT(cbor_uint(whole, &number) == ERR_BAD_CBOR && number == 7);
    EXPECT(cbor_bytes_n(whole, five, sizeof five) == ERR_BAD_CBOR && memcmp(five, "five", sizeof five) == 0);
}

/* ---- cutting ------------------------------------------------------------------------------------------ */

/* No item begins with another one: cut short anywhere it is none, with a byte more neither. */
static void expect_whole(struct str item)
{
    struct str again, rest;
    EXPECT(cbor_check(item) == ERR_OK);
    EXPECT(cbor_first(item, &again, &rest) == ERR_OK && str_is(again, item) && again.at == item.at && rest.len == 0);
    EXPECT(cbor_check(str_at(item.at, item.len - 1)) == ERR_BAD_CBOR);
    EXPECT(cbor_check(str_at(item.at, item.len / 2)) == ERR_BAD_CBOR);
}

void fuzz_one(struct str input)
{
    struct str rest = input;
    size_t item_n = 0;
    enum err whole = cbor_check(input);
    EXPECT(whole == ERR_OK || whole == ERR_BAD_CBOR);
    while (rest.len > 0) {
        const uint8_t *at = rest.at;
        size_t len = rest.len;
        struct str first = {NULL, 0};
        if (cbor_first(rest, &first, &rest) != ERR_OK) {
            EXPECT(first.at == NULL && rest.at == at && rest.len == len);
            break;
        }
        EXPECT(first.at == at && first.len > 0 && first.at + first.len == rest.at && first.len + rest.len == len);
        expect_whole(first);
        expect_one_encoding(first);
        item_n++;
    }
    EXPECT((whole == ERR_OK) == (item_n == 1 && rest.len == 0));
    if (whole == ERR_OK) fuzz_good();
    else expect_refused(input);
}
