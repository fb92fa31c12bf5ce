/* attacks_codec.c -- the attacks C1 to C10 of docs/protocol.md: bytes that mean nothing, or the same as others.
 *
 * Each is tried against the server, which must answer with that code and record nothing, and against a client
 * that is shown it by a hostile server, which must refuse it for the same reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/expect.h"
#include "record/aead.h"

enum { ANA, BEN };

static struct town town;
static struct arena *a = &town.arena;

/* The server refuses it, and so does a client. */
static void expect_refused_by_both(struct str wire, int status, const char *code)
{
    struct why why = {0};
    (void)expect_refused(api_append(&town.api[ANA], town_circle(&town), wire), status, code);
    enum err e = room_take(&town.room[BEN], wire, &why);
    assert_string_equal(err_code(e), code);
    assert_string_equal(err_code(why.code), code);
}

static struct str wrap(struct str header, struct str payload)
{
    return draft_wrap(a, header, payload, &town.person[ANA]);
}

/* A good entry of Ana's, as draft and as header. */
static struct entry sealed(void)
{
    return draft_sealed(&town.room[ANA], a, people_note(a, "words"));
}

/* ---- the heads of an item ---------------------------------------------------------------------- */

struct head {
    size_t at, n;     /* where it stands, and in how many bytes */
    unsigned major;   /* 0 uint, 2 bytes, 3 text, 4 list, 5 map */
    uint64_t number;
};

enum { HEADS = 128 };

/* Every head in an item, outer before inner. The items of lists and maps just follow one another. */
static size_t heads_of(struct str item, struct head head[static HEADS])
{
    size_t n = 0;
    for (size_t at = 0; at < item.len; n++) {
        assert_true(n < HEADS);
        unsigned info = item.at[at] & 0x1f;
        size_t more = info < 24 ? 0 : (size_t)1 << (info - 24);
        head[n] = (struct head){.at = at, .n = 1 + more, .major = item.at[at] >> 5, .number = info < 24 ? info : 0};
        for (size_t i = 1; i <= more; i++) head[n].number = head[n].number << 8 | item.at[at + i];
        at += 1 + more + (head[n].major == 2 || head[n].major == 3 ? (size_t)head[n].number : 0);
    }
    return n;
}

static struct str splice(struct str item, size_t at, size_t drop_n, struct str put)
{
    struct str first = str_at(item.at, at), rest = str_at(item.at + at + drop_n, item.len - at - drop_n);
    return draft_then(a, draft_then(a, first, put), rest);
}

/* The head with its number in so many bytes behind the first: 1, 2, 4 or 8. */
static struct str head_in(const struct head *h, unsigned bytes_n)
{
    uint8_t *at = arena_take(a, 9);
    unsigned width = bytes_n == 1 ? 24 : bytes_n == 2 ? 25 : bytes_n == 4 ? 26 : 27;
    at[0] = (uint8_t)(h->major << 5 | width);
    for (unsigned i = 0; i < bytes_n; i++) at[1 + i] = (uint8_t)(h->number >> 8 * (bytes_n - 1 - i));
    return str_at(at, 1 + bytes_n);
}

/* ---- C1, C8: another encoding of the same ------------------------------------------------------ */

static void C1_no_number_is_longer_than_it_needs_to_be(void **state)
{
    (void)state;
    struct entry e = sealed();
    struct str header = draft_header(a, &e);
    struct head head[HEADS];
    size_t n = heads_of(header, head), tried_n = 0;
    for (size_t i = 0; i < n; i++) {
        for (unsigned width = 1; width <= 8; width *= 2) {
            if (width + 1 <= head[i].n) continue;
            struct str longer = splice(header, head[i].at, head[i].n, head_in(&head[i], width));
            expect_refused_by_both(wrap(longer, e.payload), 400, "bad_cbor");
            tried_n++;
        }
    }
    assert_true(tried_n > 60); /* every head of the header, in every longer form */
}

static void C8_no_two_byte_strings_mean_the_same(void **state)
{
    (void)state;
    struct str wire = room_say(&town.room[ANA], a, people_note(a, "words"));
    struct cbor_list part;
    struct str header, sig, payload;
    struct head head[HEADS];
    assert_int_equal(cbor_list(wire, &part), ERR_OK);
    assert_true(cbor_bytes(part.item[0], &header) == ERR_OK && cbor_bytes(part.item[1], &sig) == ERR_OK &&
                cbor_bytes(part.item[2], &payload) == ERR_OK);
    size_t n = heads_of(header, head);
    for (size_t i = 0; i < n; i++) { /* the same values, the signature of the right encoding */
        struct str longer = splice(header, head[i].at, head[i].n, head_in(&head[i], 8));
        if (head[i].n < 9) expect_refused_by_both(draft_wrap_sig(a, longer, sig, payload), 400, "bad_cbor");
    }
    uint8_t *flipped = arena_take(a, wire.len);
    size_t signed_n = header.len + 3; /* the list's and the header's own heads */
    for (size_t bit = 0; bit < 8 * (signed_n + 2 + SIG_BYTES); bit++) {
        memcpy(flipped, wire.at, wire.len);
        flipped[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct api_reply r = api_append(&town.api[ANA], town_circle(&town), str_at(flipped, wire.len));
        struct why why = {0};
        if (r.status < 400 || r.status >= 500) print_error("bit %zu is not signed\n", bit);
        assert_in_range(r.status, 400, 499);
        enum err e = room_take(&town.room[BEN], str_at(flipped, wire.len), &why);
        assert_int_not_equal(e, ERR_OK);
        if (e == ERR_OK) return;
    }
}

/* ---- C2 to C6: not of the subset --------------------------------------------------------------- */

static void C2_keys_stand_in_order_and_once(void **state)
{
    (void)state;
    struct entry e = sealed();
    struct str header = draft_header(a, &e);
    struct cbor_map map;
    assert_int_equal(cbor_map(header, &map), ERR_OK);
    struct {
        unsigned key;
        struct str pair;
    } pair[LIMIT_CBOR_KEYS];
    size_t n = 0;
    for (unsigned k = 0; k < LIMIT_CBOR_KEYS; k++) {
        if (cbor_map_has(&map, k)) pair[n].key = k, pair[n++].pair = draft_then(a, draft_uint(a, k), map.item[k]);
    }
    for (size_t swap = 0; swap + 1 < n; swap++) {
        struct str out_of_order = str_at(header.at, 1), twice = out_of_order;
        for (size_t i = 0; i < n; i++) {
            size_t from = i == swap ? swap + 1 : i == swap + 1 ? swap : i;
            out_of_order = draft_then(a, out_of_order, pair[from].pair);
            twice = draft_then(a, twice, pair[i == swap + 1 ? swap : i].pair);
        }
        expect_refused_by_both(wrap(out_of_order, e.payload), 400, "bad_cbor");
        expect_refused_by_both(wrap(twice, e.payload), 400, "bad_cbor");
    }
}

static void C3_every_length_is_said_first(void **state)
{
    (void)state;
    struct entry e = sealed();
    struct str header = draft_header(a, &e), endless_list, wire = wrap(header, e.payload);
    struct head head[HEADS];
    size_t n = heads_of(header, head);
    for (size_t i = 0; i < n; i++) {
        uint8_t open = (uint8_t)(head[i].major << 5 | 31);
        if (head[i].major == 0) continue;
        struct str item = str_at(header.at + head[i].at, head[i].n + (head[i].major == 2 ? (size_t)head[i].number : 0));
        struct str endless = draft_then(a, str_at(arena_copy(a, str_at(&open, 1)).at, 1), item);
        if (head[i].major == 5) endless = str_at(arena_copy(a, str_at(&open, 1)).at, 1);
        struct str whole = splice(header, head[i].at, head[i].major == 5 ? head[i].n : item.len, endless);
        whole = head[i].major == 5 ? draft_then(a, whole, STR("\xff"))
                                   : splice(whole, head[i].at + endless.len, 0, STR("\xff"));
        expect_refused_by_both(wrap(whole, e.payload), 400, "bad_cbor");
    }
    endless_list = draft_then(a, draft_then(a, STR("\x9f"), str_at(wire.at + 1, wire.len - 1)), STR("\xff"));
    expect_refused_by_both(endless_list, 400, "bad_cbor");
}

/* n lists, one in the other, and a number in the middle. */
static struct str nested(size_t n)
{
    uint8_t *at = arena_take(a, n + 1);
    memset(at, 0x81, n);
    at[n] = 0;
    return str_at(at, n + 1);
}

static void C4_what_is_nested_deeply_costs_no_stack(void **state)
{
    (void)state;
    struct entry e = sealed();
    struct str header = draft_header(a, &e);
    for (size_t depth = 1; depth <= 8; depth++) {
        /* the header's map is the first level */
        expect_refused_by_both(wrap(draft_set(a, header, 14, nested(depth)), e.payload), 400,
                               depth > 3 ? "bad_cbor" : "bad_entry");
        expect_refused_by_both(nested(depth), 400, depth > 4 ? "bad_cbor" : "bad_entry");
    }
    static const size_t deep[] = {100, 10000, 100000, LIMIT_BODY_BYTES - 1};
    for (size_t i = 0; i < sizeof deep / sizeof *deep; i++) expect_refused_by_both(nested(deep[i]), 400, "bad_cbor");
    uint64_t resident = daemon_resident_bytes(&town.daemon);
    assert_in_range(resident, 1, UINT64_C(256) << 20);
}

static void C5_nothing_stands_behind_the_header(void **state)
{
    (void)state;
    struct entry e = sealed();
    struct str header = draft_header(a, &e);
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t one = (uint8_t)byte;
        struct str longer = draft_then(a, header, arena_copy(a, str_at(&one, 1)));
        expect_refused_by_both(wrap(longer, e.payload), 400, "bad_cbor");
    }
    expect_refused_by_both(wrap(str_at(header.at, header.len - 1), e.payload), 400, "bad_cbor");
    expect_refused_by_both(wrap(STR(""), e.payload), 400, "bad_cbor");
}

static void C6_no_float_tag_negative_or_null_anywhere(void **state)
{
    (void)state;
    static const struct str strange[] = {
        {(const uint8_t *)"\xf9\x3c\x00", 3},                         /* 1.0, half          */
        {(const uint8_t *)"\xfa\x3f\x80\x00\x00", 5},                 /* 1.0, single        */
        {(const uint8_t *)"\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00", 9}, /* 1.0, double        */
        {(const uint8_t *)"\x20", 1},                                 /* -1                 */
        {(const uint8_t *)"\xf6", 1},                                 /* null               */
        {(const uint8_t *)"\xf7", 1},                                 /* undefined          */
        {(const uint8_t *)"\xf4", 1},                                 /* false              */
        {(const uint8_t *)"\xf5", 1},                                 /* true               */
        {(const uint8_t *)"\xf8\x20", 2},                             /* a simple value     */
        {(const uint8_t *)"\xff", 1},                                 /* the end of nothing */
        {(const uint8_t *)"\x1b\x00\x20\x00\x00\x00\x00\x00\x00", 9}, /* 2^53               */
    };
    struct entry e = sealed();
    struct str header = draft_header(a, &e), wire = wrap(header, e.payload);
    for (unsigned key = 1; key <= 12; key++) {
        struct cbor_map map;
        assert_int_equal(cbor_map(header, &map), ERR_OK);
        if (!cbor_map_has(&map, key)) continue;
        for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
            expect_refused_by_both(wrap(draft_set(a, header, key, strange[i]), e.payload), 400, "bad_cbor");
        }
        struct str tagged = draft_then(a, STR("\xc1"), map.item[key]);
        expect_refused_by_both(wrap(draft_set(a, header, key, tagged), e.payload), 400, "bad_cbor");
    }
    expect_refused_by_both(draft_then(a, STR("\xd9\xd9\xf7"), wire), 400, "bad_cbor"); /* "this is CBOR" */
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        expect_refused_by_both(strange[i], 400, "bad_cbor");
        expect_refused_by_both(draft_then(a, STR("\x83"), draft_then(a, strange[i], str_at(wire.at + 1, wire.len - 1))),
                               400, "bad_cbor");
    }
}

/* ---- C7: what only clients can see ------------------------------------------------------------- */

/* A payload that opens, with a text that payload_seal would never take. */
static struct str sealed_anyhow(const struct entry *e, struct str text)
{
    uint8_t content_key[KEY_BYTES], epoch[8], *payload = arena_take(a, 4096);
    struct out epoch_out = OUT_OVER(epoch);
    size_t padded_n = pad_bytes(text.len);
    struct room *ana = &town.room[ANA];
    out_put_be64(&epoch_out, e->epoch);
    epoch_content_key(content_key, ana->key[ana->key_n - 1].key);
    random_fill(payload, AEAD_NONCE_BYTES);
    pad_put(payload + AEAD_NONCE_BYTES, padded_n, text);
    aead_seal(
        payload + AEAD_NONCE_BYTES, str_at(payload + AEAD_NONCE_BYTES, padded_n), payload, content_key, CTX_PAYLOAD,
        PARTS(str_at(e->circle, HASH_BYTES), str_at(e->author, SIGN_PK_BYTES), STR_OF(epoch), str_at(e->id, ID_BYTES)));
    return str_at(payload, AEAD_NONCE_BYTES + padded_n + AEAD_TAG_BYTES);
}

static void C7_a_text_that_is_none_is_stored_and_shown_as_unreadable(void **state)
{
    (void)state;
    static const struct str text[] = {
        {(const uint8_t *)"\xa2\x01\x02\x02\x62\xc0\xaf", 7},         /* overlong '/'                    */
        {(const uint8_t *)"\xa2\x01\x02\x02\x63\xed\xa0\x80", 8},     /* a surrogate                     */
        {(const uint8_t *)"\xa2\x01\x02\x02\x64\xf4\x90\x80\x80", 9}, /* beyond the last character       */
        {(const uint8_t *)"\xa2\x01\x02\x02\xf6", 5},                 /* null                            */
        {(const uint8_t *)"\xa1\x01\x02\x00", 4},                     /* a byte behind it                */
        {(const uint8_t *)"", 0},                                     /* nothing                         */
        {(const uint8_t *)"hello", 5},                                /* no map                          */
    };
    struct str read;
    struct entry good = sealed();
    (void)good;
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        struct entry e = draft_next(&town.room[ANA], a, ENTRY_SEALED);
        draft_payload(a, &e, sealed_anyhow(&e, text[i]));
        (void)expect_ok(town_post(&town, ANA, draft_sign(a, &e, &town.person[ANA])), 201);
        assert_int_equal(room_text(&town.room[BEN], a, town.room[BEN].chain.circle.head_seq, &read), ERR_UNREADABLE);
    }
    struct entry e = draft_next(&town.room[ANA], a, ENTRY_SEALED); /* the sealing itself is right */
    draft_payload(a, &e, sealed_anyhow(&e, people_note(a, "words")));
    (void)expect_ok(town_post(&town, ANA, draft_sign(a, &e, &town.person[ANA])), 201);
    assert_int_equal(room_text(&town.room[BEN], a, town.room[BEN].chain.circle.head_seq, &read), ERR_OK);
    assert_true(chain_is_settled(&town.room[BEN].chain));
}

/* ---- C9, C10: fields --------------------------------------------------------------------------- */

static void C9_an_unknown_key_is_no_room_for_hidden_things(void **state)
{
    (void)state;
    struct entry e = sealed();
    struct str header = draft_header(a, &e);
    for (unsigned key = 0; key < LIMIT_CBOR_KEYS; key++) {
        if (key >= 1 && key <= 13) continue;
        expect_refused_by_both(wrap(draft_set(a, header, key, draft_uint(a, 0)), e.payload), 400, "bad_entry");
    }
    struct entry rotate = draft_rotate(&town.room[ANA], a, ROTATE_WISH);
    header = draft_header(a, &rotate);
    for (unsigned key = 0; key < LIMIT_CBOR_KEYS; key++) {
        if (key >= 1 && key <= 3) continue;
        expect_refused_by_both(wrap(draft_set_body(a, header, key, draft_uint(a, 0)), STR("")), 400, "bad_entry");
    }
}

/* One good draft of each kind that Ana can make here. */
static size_t every_kind(struct entry draft[static 6])
{
    static uint8_t secret[SECRET_BYTES] = {1}, hash[HASH_BYTES] = {2};
    uint64_t own = 1;
    draft[0] = sealed();
    draft[1] = draft_rotate(&town.room[ANA], a, ROTATE_WISH);
    draft[2] = draft_leave(&town.room[ANA], a);
    draft[3] = draft_redact(&town.room[ANA], a, &own, 1);
    draft[4] = draft_consent(&town.room[ANA], a, hash);
    draft[5] = draft_invite(&town.room[ANA], a, secret, town.room[ANA].now_ms + 1000000);
    return 6;
}

static void C10_every_kind_has_its_fields_and_no_others(void **state)
{
    (void)state;
    struct entry draft[6];
    size_t n = every_kind(draft);
    for (size_t i = 0; i < n; i++) {
        struct str header = draft_header(a, &draft[i]);
        struct cbor_map map;
        assert_int_equal(cbor_map(header, &map), ERR_OK);
        for (unsigned key = 1; key <= 13; key++) {
            bool has = cbor_map_has(&map, key);
            struct str changed =
                has ? draft_drop(a, header, key) : draft_set(a, header, key, draft_zeros(a, HASH_BYTES));
            expect_refused_by_both(wrap(changed, draft[i].payload), 400, "bad_entry");
        }
    }
}

static void C10_every_field_has_its_length(void **state)
{
    (void)state;
    struct entry draft[6];
    size_t n = every_kind(draft);
    for (size_t i = 0; i < n; i++) {
        struct str header = draft_header(a, &draft[i]);
        struct cbor_map map;
        struct str bytes;
        assert_int_equal(cbor_map(header, &map), ERR_OK);
        for (unsigned key = 1; key <= 13; key++) {
            if (!cbor_map_has(&map, key) || cbor_bytes(map.item[key], &bytes) != ERR_OK) continue;
            struct str shorter = draft_bytes(a, str_at(bytes.at, bytes.len - 1));
            struct str longer = draft_bytes(a, draft_then(a, bytes, STR("\x00")));
            expect_refused_by_both(wrap(draft_set(a, header, key, shorter), draft[i].payload), 400, "bad_entry");
            expect_refused_by_both(wrap(draft_set(a, header, key, longer), draft[i].payload), 400, "bad_entry");
            expect_refused_by_both(wrap(draft_set(a, header, key, draft_uint(a, 1)), draft[i].payload), 400,
                                   "bad_entry");
        }
    }
}

static struct town_state before;

static int open_town(void **state)
{
    (void)state;
    town_open(&town, 2, NULL);
    return 0;
}

static int close_town(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

static int gather(void **state)
{
    (void)state;
    town_gather(&town, 2);
    before = town_look(&town, ANA);
    return 0;
}

/* None of it left anything behind. */
static int look_again(void **state)
{
    (void)state;
    struct town_state now = town_look(&town, ANA);
    return town_state_is(&before, &now) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(C1_no_number_is_longer_than_it_needs_to_be, gather, look_again),
        cmocka_unit_test_setup_teardown(C2_keys_stand_in_order_and_once, gather, look_again),
        cmocka_unit_test_setup_teardown(C3_every_length_is_said_first, gather, look_again),
        cmocka_unit_test_setup_teardown(C4_what_is_nested_deeply_costs_no_stack, gather, look_again),
        cmocka_unit_test_setup_teardown(C5_nothing_stands_behind_the_header, gather, look_again),
        cmocka_unit_test_setup_teardown(C6_no_float_tag_negative_or_null_anywhere, gather, look_again),
        cmocka_unit_test_setup(C7_a_text_that_is_none_is_stored_and_shown_as_unreadable, gather),
        cmocka_unit_test_setup_teardown(C8_no_two_byte_strings_mean_the_same, gather, look_again),
        cmocka_unit_test_setup_teardown(C9_an_unknown_key_is_no_room_for_hidden_things, gather, look_again),
        cmocka_unit_test_setup_teardown(C10_every_kind_has_its_fields_and_no_others, gather, look_again),
        cmocka_unit_test_setup_teardown(C10_every_field_has_its_length, gather, look_again),
    };
    return cmocka_run_group_tests(tests, open_town, close_town);
}
