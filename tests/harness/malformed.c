/* malformed.c -- see malformed.h. */
#include "harness/malformed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { MALFORMED_ARENA_BYTES = 16 * 1024 * 1024 };

struct target {
    struct api *api;
    const char *method, *path;
};

static void expect_bad(const struct target *t, struct str body, const char *code, const char *what)
{
    struct http_ask ask = {.method = t->method, .path = t->path, .body = body.at == NULL ? STR("") : body};
    struct api_reply r = api_ask(t->api, &ask);
    if (r.status != 400 || strcmp(r.code, code) != 0) print_error("%s %s, %s:\n", t->method, t->path, what);
    (void)expect_refused(r, 400, code);
}

static struct str with_byte(struct arena *a, struct str body)
{
    return draft_then(a, body, STR("\x00"));
}

/* The whole is no item of the subset, or no map. */
static void try_whole(const struct target *t, struct arena *a, struct str body)
{
    expect_bad(t, (struct str){0}, "bad_cbor", "empty");
    expect_bad(t, str_at(body.at, body.len - 1), "bad_cbor", "cut by a byte");
    expect_bad(t, str_at(body.at, body.len / 2), "bad_cbor", "cut in half");
    expect_bad(t, with_byte(a, body), "bad_cbor", "a byte behind it");
    expect_bad(t, STR("\xa1\x20\x00"), "bad_cbor", "a negative key");
    expect_bad(t, STR("\xbf\x01\x00\xff"), "bad_cbor", "an indefinite map");
    expect_bad(t, STR("\xa1\x18\x01\x00"), "bad_cbor", "a key that is not in its shortest form");
    expect_bad(t, STR("\xa2\x02\x00\x01\x00"), "bad_cbor", "keys out of order");
    expect_bad(t, STR("\xa1\x01\xf6"), "bad_cbor", "null");
    expect_bad(t, STR("\xa1\x01\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00"), "bad_cbor", "a float");
    expect_bad(t, STR("\x80"), "bad_field", "a list");
    expect_bad(t, STR("\x07"), "bad_field", "a number");
    expect_bad(t, STR("\xa0"), "bad_field", "an empty map");
}

static void try_keys(const struct target *t, struct arena *a, struct str body, uint32_t judged)
{
    static const struct str other[] = {{(const uint8_t *)"\x07", 1}, {(const uint8_t *)"\x40", 1},
                                       {(const uint8_t *)"\x80", 1}, {(const uint8_t *)"\xa0", 1}};
    char what[64];
    struct cbor_map map;
    assert_int_equal(cbor_map(body, &map), ERR_OK);
    for (unsigned key = 0; key < LIMIT_CBOR_KEYS; key++) {
        if (!cbor_map_has(&map, key)) {
            (void)snprintf(what, sizeof what, "key %u, which it does not have", key);
            expect_bad(t, draft_set(a, body, key, STR("\x00")), "bad_field", what);
            continue;
        }
        (void)snprintf(what, sizeof what, "without key %u", key);
        expect_bad(t, draft_drop(a, body, key), "bad_field", what);
        for (size_t i = 0; i < sizeof other / sizeof *other && (judged & CBOR_KEY(key)) == 0; i++) {
            (void)snprintf(what, sizeof what, "key %u of another type (0x%02x)", key, other[i].at[0]);
            expect_bad(t, draft_set(a, body, key, other[i]), "bad_field", what);
        }
    }
}

/* Byte strings of a fixed length, one byte shorter and one longer. */
static void try_lengths(const struct target *t, struct arena *a, struct str body)
{
    char what[64];
    struct cbor_map map;
    struct str bytes;
    assert_int_equal(cbor_map(body, &map), ERR_OK);
    for (unsigned key = 0; key < LIMIT_CBOR_KEYS; key++) {
        if (!cbor_map_has(&map, key) || cbor_bytes(map.item[key], &bytes) != ERR_OK) continue;
        (void)snprintf(what, sizeof what, "key %u a byte shorter", key);
        expect_bad(t, draft_set(a, body, key, draft_bytes(a, str_at(bytes.at, bytes.len - 1))), "bad_field", what);
        (void)snprintf(what, sizeof what, "key %u a byte longer", key);
        expect_bad(t, draft_set(a, body, key, draft_bytes(a, with_byte(a, bytes))), "bad_field", what);
    }
}

void malformed_expect(struct api *api, const char *method, const char *path, struct str body, uint32_t judged)
{
    struct target t = {api, method, path};
    struct arena a;
    arena_init(&a, MALFORMED_ARENA_BYTES);
    try_whole(&t, &a, body);
    try_keys(&t, &a, body, judged);
    try_lengths(&t, &a, body);
    arena_fini(&a);
}
