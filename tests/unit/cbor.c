/* cbor.c -- the strict subset of CBOR: what is in it, what is not, and that nothing is half read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <limits.h>
#include <pthread.h>

#include "base/cbor.h"
#include "harness/aborts.h"

enum { ROOM_BYTES = 256 };

/* ---- help ------------------------------------------------------------------------------------ */

static uint8_t nibble(char digit)
{
    const char *digits = "0123456789abcdef", *at = strchr(digits, digit);
    if (digit == '\0' || at == NULL) fail_msg("'%c' is no hexadecimal digit", digit);
    return (uint8_t)(at - digits);
}

/* Bytes written in hexadecimal, spaces between them or not. */
static struct str unhex(const char *hex, uint8_t room[static ROOM_BYTES])
{
    size_t n = 0;
    for (; *hex != '\0'; hex++) {
        if (*hex == ' ') continue;
        if (n == ROOM_BYTES) fail_msg("too long for this test: %s", hex);
        uint8_t high = nibble(*hex++);
        room[n++] = (uint8_t)(high << 4 | nibble(*hex));
    }
    return str_at(room, n);
}

static enum err check_hex(const char *hex)
{
    uint8_t room[ROOM_BYTES];
    return cbor_check(unhex(hex, room));
}

static void assert_in(const char *hex)
{
    if (check_hex(hex) != ERR_OK) fail_msg("%s is in the subset", hex);
}

static void assert_out(const char *hex)
{
    if (check_hex(hex) != ERR_BAD_CBOR) fail_msg("%s is not in the subset", hex);
}

static void assert_wrote(const struct out *o, const char *hex)
{
    uint8_t room[ROOM_BYTES];
    struct str expected = unhex(hex, room), s = out_str(o);
    assert_false(o->is_full);
    assert_int_equal(s.len, expected.len);
    assert_memory_equal(s.at, expected.at, expected.len);
}

/* Takes an item apart with the readers and puts it together again with the writers. Every reader but
 * the one of its own type must refuse it. */
static void write_again(struct out *o, struct str item)
{
    uint64_t number;
    struct str string;
    struct cbor_list list;
    struct cbor_map map;
    int types_n = 0;
    if (cbor_uint(item, &number) == ERR_OK && ++types_n) cbor_put_uint(o, number);
    if (cbor_bytes(item, &string) == ERR_OK && ++types_n) cbor_put_bytes(o, string);
    if (cbor_text(item, &string) == ERR_OK && ++types_n) cbor_put_text(o, string);
    if (cbor_list(item, &list) == ERR_OK && ++types_n) {
        cbor_put_list(o, list.item_n);
        for (size_t i = 0; i < list.item_n; i++) write_again(o, list.item[i]);
    }
    if (cbor_map(item, &map) == ERR_OK && ++types_n) {
        size_t pair_n = 0;
        for (unsigned key = 0; key < 32; key++) pair_n += (map.keys >> key) & 1;
        cbor_put_map(o, pair_n);
        for (unsigned key = 0; key < LIMIT_CBOR_KEYS; key++) {
            if (!cbor_map_has(&map, key)) continue;
            cbor_put_uint(o, key);
            write_again(o, map.item[key]);
        }
    }
    assert_int_equal(types_n, 1);
}

static void assert_same_again(struct str item)
{
    static uint8_t room[128 * 1024];
    struct out o = OUT_OVER(room);
    write_again(&o, item);
    assert_true(str_is(out_str(&o), item));
}

/* ---- RFC 8949, appendix A -------------------------------------------------------------------- */

enum expected { IN, OUT };

/* All 81 rows of its table, in its order. A number above 2^53 - 1, a negative one, a float, a simple
 * value, a tag, an indefinite length and a key that is no number from 0 to 23 are not for us. */
static const struct {
    const char *hex;
    enum expected is;
} appendix_a[] = {
    {"00", IN},
    {"01", IN},
    {"0a", IN},
    {"17", IN},
    {"1818", IN},
    {"1819", IN},
    {"1864", IN},
    {"1903e8", IN},
    {"1a000f4240", IN},
    {"1b000000e8d4a51000", IN},
    {"1bffffffffffffffff", OUT},
    {"c249010000000000000000", OUT},
    {"3bffffffffffffffff", OUT},
    {"c349010000000000000000", OUT},
    {"20", OUT},
    {"29", OUT},
    {"3863", OUT},
    {"3903e7", OUT},
    {"f90000", OUT},
    {"f98000", OUT},
    {"f93c00", OUT},
    {"fb3ff199999999999a", OUT},
    {"f93e00", OUT},
    {"f97bff", OUT},
    {"fa47c35000", OUT},
    {"fa7f7fffff", OUT},
    {"fb7e37e43c8800759c", OUT},
    {"f90001", OUT},
    {"f90400", OUT},
    {"f9c400", OUT},
    {"fbc010666666666666", OUT},
    {"f97c00", OUT},
    {"f97e00", OUT},
    {"f9fc00", OUT},
    {"fa7f800000", OUT},
    {"fa7fc00000", OUT},
    {"faff800000", OUT},
    {"fb7ff0000000000000", OUT},
    {"fb7ff8000000000000", OUT},
    {"fbfff0000000000000", OUT},
    {"f4", OUT},
    {"f5", OUT},
    {"f6", OUT},
    {"f7", OUT},
    {"f0", OUT},
    {"f8ff", OUT},
    {"c074323031332d30332d32315432303a30343a30305a", OUT},
    {"c11a514b67b0", OUT},
    {"c1fb41d452d9ec200000", OUT},
    {"d74401020304", OUT},
    {"d818456449455446", OUT},
    {"d82076687474703a2f2f7777772e6578616d706c652e636f6d", OUT},
    {"40", IN},
    {"4401020304", IN},
    {"60", IN},
    {"6161", IN},
    {"6449455446", IN},
    {"62225c", IN},
    {"62c3bc", IN},
    {"63e6b0b4", IN},
    {"64f0908591", IN},
    {"80", IN},
    {"83010203", IN},
    {"8301820203820405", IN},
    {"98190102030405060708090a0b0c0d0e0f101112131415161718181819", IN},
    {"a0", IN},
    {"a201020304", IN},
    {"a26161016162820203", OUT},
    {"826161a161626163", OUT},
    {"a56161614161626142616361436164614461656145", OUT},
    {"5f42010243030405ff", OUT},
    {"7f657374726561646d696e67ff", OUT},
    {"9fff", OUT},
    {"9f018202039f0405ffff", OUT},
    {"9f01820203820405ff", OUT},
    {"83018202039f0405ff", OUT},
    {"83019f0203ff820405", OUT},
    {"9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", OUT},
    {"bf61610161629f0203ffff", OUT},
    {"826161bf61626163ff", OUT},
    {"bf6346756ef563416d7421ff", OUT},
};

static void appendix_a_is_in_or_out(void **state)
{
    (void)state;
    size_t in_n = 0, rows_n = sizeof appendix_a / sizeof *appendix_a;
    assert_int_equal(rows_n, 81);
    for (size_t i = 0; i < rows_n; i++) {
        uint8_t room[ROOM_BYTES];
        struct str item = unhex(appendix_a[i].hex, room);
        enum err e = cbor_check(item);
        if (e != (appendix_a[i].is == IN ? ERR_OK : ERR_BAD_CBOR)) fail_msg("%s: %s", appendix_a[i].hex, err_code(e));
        if (e != ERR_OK) continue;
        assert_same_again(item);
        in_n++;
    }
    assert_int_equal(in_n, 25);
}

/* What is out at the top is out inside an array, and as a value of a map. */
static void what_is_out_is_out_inside_others(void **state)
{
    (void)state;
    static const char *const around[] = {"81", "8200", "a100", "a2000001", "8181", "a10081", "a10082a0"};
    for (size_t i = 0; i < sizeof appendix_a / sizeof *appendix_a; i++) {
        for (size_t j = 0; j < sizeof around / sizeof *around; j++) {
            uint8_t room[2 * ROOM_BYTES], inner[ROOM_BYTES];
            struct str front = unhex(around[j], room), item = unhex(appendix_a[i].hex, inner);
            memcpy(room + front.len, item.at, item.len);
            bool is_in = cbor_check(str_at(room, front.len + item.len)) == ERR_OK;
            if (is_in != (appendix_a[i].is == IN)) fail_msg("%s %s", around[j], appendix_a[i].hex);
        }
    }
}

/* ---- heads ----------------------------------------------------------------------------------- */

/* A head of a chosen width, the shortest or not: 0, 1, 2, 4 or 8 bytes behind the first. */
static void put_head(struct out *o, unsigned major, unsigned tail_bytes, uint64_t number)
{
    unsigned info = tail_bytes == 0 ? (unsigned)number : tail_bytes == 1 ? 24 : tail_bytes == 2 ? 25 : 26;
    if (tail_bytes == 8) info = 27;
    out_put_byte(o, (uint8_t)(major << 5 | info));
    for (unsigned i = tail_bytes; i > 0; i--) out_put_byte(o, (uint8_t)(number >> (8 * (i - 1))));
}

/* What belongs behind a head of this number: so many letters, members, or pairs. */
static void put_body(struct out *o, unsigned major, uint64_t number)
{
    for (uint64_t i = 0; major != 0 && i < number; i++) {
        if (major == 5) out_put_byte(o, (uint8_t)i);
        out_put_byte(o, major < 4 ? 'a' : 0);
    }
}

static enum err check_head(unsigned major, unsigned tail_bytes, uint64_t number)
{
    static uint8_t room[128 * 1024];
    struct out o = OUT_OVER(room);
    put_head(&o, major, tail_bytes, number);
    put_body(&o, major, number);
    assert_false(o.is_full);
    return cbor_check(out_str(&o));
}

static unsigned shortest_tail(uint64_t number)
{
    if (number < 24) return 0;
    return number <= 0xff ? 1 : number <= 0xffff ? 2 : number <= UINT32_MAX ? 4 : 8;
}

static void only_the_shortest_head_is_in(void **state)
{
    (void)state;
    static const uint64_t number[] = {0,       1,       22,         23,         24,          25,          63,
                                      64,      254,     255,        256,        257,         0xfffe,      0xffff,
                                      0x10000, 0x10001, 0xfffffffe, 0xffffffff, 0x100000000, 0x100000001, LIMIT_NUMBER};
    static const uint64_t most[] = {LIMIT_NUMBER, 0, 0x10001, 0x10001, LIMIT_CBOR_ITEMS, LIMIT_CBOR_KEYS};
    static const unsigned tail[] = {0, 1, 2, 4, 8};
    size_t tried_n = 0;
    for (unsigned major = 0; major <= 5; major++) {
        if (major == 1) continue;
        for (size_t i = 0; i < sizeof number / sizeof *number && number[i] <= most[major]; i++) {
            for (size_t t = 0; t < sizeof tail / sizeof *tail; t++) {
                if (tail[t] < shortest_tail(number[i])) continue; /* would not hold the number */
                enum err e = check_head(major, tail[t], number[i]);
                if (e != (tail[t] == shortest_tail(number[i]) ? ERR_OK : ERR_BAD_CBOR)) {
                    fail_msg("type %u, number %llu, %u bytes: %s", major, (unsigned long long)number[i], tail[t],
                             err_code(e));
                }
                tried_n++;
            }
        }
    }
    assert_int_equal(tried_n, 67 + 2 * 60 + 36 + 24);
}

/* Negative numbers, tags, floats and simple values; lengths that are reserved or indefinite. */
static void first_bytes_outside_the_subset_are_refused_whatever_follows(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        unsigned major = byte >> 5, info = byte & 31;
        if (major != 1 && major < 6 && info < 28) continue;
        static const uint8_t fill[] = {0x00, 0x01, 0x40, 0x61, 0x80, 0xff};
        for (size_t f = 0; f < sizeof fill; f++) {
            for (size_t n = 1; n <= 70; n++) {
                uint8_t room[70];
                memset(room, fill[f], sizeof room);
                room[0] = (uint8_t)byte;
                struct str first, rest;
                assert_int_equal(cbor_first(str_at(room, n), &first, &rest), ERR_BAD_CBOR);
                assert_int_equal(cbor_check(str_at(room, n)), ERR_BAD_CBOR);
            }
        }
    }
    assert_out("f818"); /* simple(24), which RFC 7049 still had among its examples */
}

static void numbers_end_at_2_to_the_53(void **state)
{
    (void)state;
    uint8_t room[ROOM_BYTES];
    uint64_t number = 0;
    assert_int_equal(cbor_uint(unhex("1b001fffffffffffff", room), &number), ERR_OK);
    assert_true(number == UINT64_C(9007199254740991));
    assert_out("1b0020000000000000");
    assert_out("1b0020000000000001");
    assert_out("1b8000000000000000");
    assert_out("1bffffffffffffffff");
}

static void lengths_larger_than_what_is_there_are_refused(void **state)
{
    (void)state;
    static const char *const out[] = {
        "41", "4261", "5818", "5903e8 6161", "5a00100000 61", "5affffffff 61", "5b0000000100000000",
        "5b001fffffffffffff", "5b7fffffffffffffff 61", "5bffffffffffffffff", "5bfffffffffffffff7 61", "61", "6261",
        "7affffffff 61", "7bffffffffffffffff", "81", "9840", "9affffffff", "9b0000000100000000", "9b001fffffffffffff",
        "9bffffffffffffffff", "a1", "a100", "b817", "baffffffff", "bb0000000080000000", "bb8000000000000000",
        "bb001fffffffffffff", "bbffffffffffffffff",
    };
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) assert_out(out[i]);
}

/* ---- maps ------------------------------------------------------------------------------------ */

static void keys_are_0_to_23_ascending_and_once(void **state)
{
    (void)state;
    assert_in("a1 00 00");
    assert_in("a1 17 00");
    assert_in("a2 00 00 17 00");
    assert_in("a2 00 17 01 17"); /* values are free */
    assert_out("a2 01 00 00 00");
    assert_out("a3 01 00 03 00 02 00");
    assert_out("a2 00 00 00 00");
    assert_out("a2 17 00 17 00");
    assert_out("a1 1818 00");
    assert_out("a1 18ff 00");
    assert_out("a1 1800 00"); /* 0 in a longer head */
    assert_out("a1 1817 00");
    assert_out("a1 190000 00");
    assert_out("a1 20 00");
    assert_out("a1 40 00");
    assert_out("a1 4100 00");
    assert_out("a1 60 00");
    assert_out("a1 6161 00");
    assert_out("a1 80 00");
    assert_out("a1 8100 00");
    assert_out("a1 a0 00");
    assert_out("a1 f4 00");
    assert_out("a2 00 00 6161 00");
}

static void each_map_has_an_order_of_its_own(void **state)
{
    (void)state;
    assert_in("a2 05 a2 00 00 01 00 06 00");
    assert_in("a2 05 a1 17 00 06 00");
    assert_in("a2 00 a1 00 a1 00 00 01 a1 00 00");
    assert_out("a2 05 a1 06 00 04 00");
    assert_out("a2 05 a1 00 00 05 00");
    assert_out("a2 05 80 05 00");
    assert_out("a2 05 820102 04 00");
    assert_in("82 a1 09 00 a1 01 00");
    assert_in("a1 00 83 17 00 17"); /* members of an array are no keys */
    assert_out("a1 00 81 a2 01 00 00 00");
}

static void a_map_may_have_all_24_keys_and_no_more(void **state)
{
    (void)state;
    for (uint64_t pairs = 0; pairs <= LIMIT_CBOR_KEYS; pairs++) {
        assert_int_equal(check_head(5, shortest_tail(pairs), pairs), ERR_OK);
    }
    for (uint64_t pairs = LIMIT_CBOR_KEYS + 1; pairs <= 130; pairs++) {
        assert_int_equal(check_head(5, shortest_tail(pairs), pairs), ERR_BAD_CBOR);
    }
}

static void map_indexes_what_is_there(void **state)
{
    (void)state;
    uint8_t room[ROOM_BYTES];
    struct str item = unhex("a4 00 01 03 82 05 a1 00 06 0a 6161 17 40", room);
    struct cbor_map map;
    assert_int_equal(cbor_map(item, &map), ERR_OK);
    assert_int_equal(map.keys, CBOR_KEY(0) | CBOR_KEY(3) | CBOR_KEY(10) | CBOR_KEY(23));
    for (unsigned key = 0; key < LIMIT_CBOR_KEYS; key++) {
        bool is_there = key == 0 || key == 3 || key == 10 || key == 23;
        assert_int_equal(cbor_map_has(&map, key), is_there);
        if (is_there) continue;
        assert_null(map.item[key].at);
        assert_int_equal(map.item[key].len, 0);
    }
    assert_true(str_is(map.item[0], STR("\x01")));
    assert_true(str_is(map.item[3], STR("\x82\x05\xa1\x00\x06")));
    assert_true(str_is(map.item[10], STR("\x61\x61")));
    assert_true(str_is(map.item[23], STR("\x40")));
    assert_ptr_equal(map.item[0].at, room + 2); /* borrowed, not copied */
}

static void map_is_wants_all_needed_and_none_foreign(void **state)
{
    (void)state;
    for (uint32_t needed = 0; needed < 8; needed++) {
        for (uint32_t allowed = 0; allowed < 8; allowed++) {
            for (uint32_t keys = 0; keys < 8; keys++) {
                bool is_expected = true;
                for (unsigned k = 0; k < 3; k++) {
                    bool has = keys >> k & 1, needs = needed >> k & 1, allows = allowed >> k & 1;
                    if (needs && !has) is_expected = false;
                    if (has && !needs && !allows) is_expected = false;
                }
                struct cbor_map low = {.keys = keys}, high = {.keys = keys << 21};
                assert_int_equal(cbor_map_is(&low, needed, allowed), is_expected);
                assert_int_equal(cbor_map_is(&high, needed << 21, allowed << 21), is_expected);
            }
        }
    }
}

/* ---- counts and depth ------------------------------------------------------------------------ */

static void an_array_may_have_64_members_and_no_more(void **state)
{
    (void)state;
    for (uint64_t members = 0; members <= 64; members++) {
        assert_int_equal(check_head(4, shortest_tail(members), members), ERR_OK);
    }
    for (uint64_t members = 65; members <= 300; members++) {
        assert_int_equal(check_head(4, shortest_tail(members), members), ERR_BAD_CBOR);
    }
}

static void list_indexes_every_member(void **state)
{
    (void)state;
    uint8_t room[ROOM_BYTES];
    struct cbor_list list;
    assert_int_equal(cbor_list(unhex("84 17 4401020304 8201a0 a1 05 80", room), &list), ERR_OK);
    assert_int_equal(list.item_n, 4);
    assert_true(str_is(list.item[0], STR("\x17")));
    assert_true(str_is(list.item[1], STR("\x44\x01\x02\x03\x04")));
    assert_true(str_is(list.item[2], STR("\x82\x01\xa0")));
    assert_true(str_is(list.item[3], STR("\xa1\x05\x80")));
    assert_ptr_equal(list.item[0].at, room + 1);

    uint8_t full[2 + 64] = {0x98, 64};
    for (size_t i = 0; i < 64; i++) full[2 + i] = (uint8_t)(i % 24);
    assert_int_equal(cbor_list(STR_OF(full), &list), ERR_OK);
    assert_int_equal(list.item_n, 64);
    for (size_t i = 0; i < 64; i++) {
        uint64_t number = 99;
        assert_int_equal(cbor_uint(list.item[i], &number), ERR_OK);
        assert_int_equal(number, i % 24);
    }
    assert_int_equal(cbor_list(unhex("80", room), &list), ERR_OK);
    assert_int_equal(list.item_n, 0);
}

static void four_may_be_open_at_once_and_no_more(void **state)
{
    (void)state;
    assert_in("81 81 81 80");
    assert_in("81 81 81 81 00");
    assert_out("81 81 81 81 80"); /* an empty one counts */
    assert_out("81 81 81 81 81 00");
    assert_in("a100 a100 a100 a0");
    assert_in("a100 a100 a100 a100 00");
    assert_out("a100 a100 a100 a100 a0");
    assert_out("81 81 81 81 a0"); /* either counts */
    assert_out("a100 a100 a100 a100 80");
    assert_in("81 a100 81 a100 00");
    assert_out("81 a100 81 a100 80");
    assert_in("84 81 81 80 81 00 81 80 80"); /* what is closed counts no longer */
    assert_in("82 818180 818180");
    assert_out("82 818180 81818180");
    assert_in("a2 00 a100a100a0 01 a100a100a0");
    assert_out("a2 00 a100a100a0 01 a100a100a100a0");
}

enum { DEEP = 100 * 1000, SMALL_STACK_BYTES = 64 * 1024 };

/* Hostile nesting, on a stack that would not hold it: what it needs is the same for any depth. */
static void *read_deep_nesting(void *refused_n)
{
    static const char *const level[] = {"81", "8200", "a100", "a20000", "9840", "9f", "bf00", "c1", "5f", "81a100"};
    static uint8_t deep[3 * DEEP + 1];
    for (size_t i = 0; i < sizeof level / sizeof *level; i++) {
        uint8_t room[ROOM_BYTES];
        struct str one = unhex(level[i], room);
        struct out o = OUT_OVER(deep);
        for (size_t n = 0; n < DEEP; n++) out_put(&o, one);
        out_put_byte(&o, 0);
        struct str first, rest;
        struct cbor_map map;
        struct cbor_list list;
        if (cbor_check(out_str(&o)) != ERR_BAD_CBOR || cbor_first(out_str(&o), &first, &rest) != ERR_BAD_CBOR ||
            cbor_map(out_str(&o), &map) != ERR_BAD_CBOR || cbor_list(out_str(&o), &list) != ERR_BAD_CBOR) {
            break;
        }
        ++*(size_t *)refused_n;
    }
    return NULL;
}

static void nesting_of_100000_needs_no_stack(void **state)
{
    (void)state;
    size_t refused_n = 0;
    pthread_t thread;
    pthread_attr_t small;
    assert_int_equal(pthread_attr_init(&small), 0);
    assert_int_equal(pthread_attr_setstacksize(&small, SMALL_STACK_BYTES), 0);
    assert_int_equal(pthread_create(&thread, &small, read_deep_nesting, &refused_n), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(pthread_attr_destroy(&small), 0);
    assert_int_equal(refused_n, 10);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void text_is_utf8(void **state)
{
    (void)state;
    assert_in("6100");
    assert_in("617f");
    assert_in("62c280");
    assert_in("63efbfbf");
    assert_in("64f48fbfbf");
    assert_out("62c0af"); /* overlong */
    assert_out("63e080af");
    assert_out("64f08080af");
    assert_out("63eda080"); /* surrogates */
    assert_out("63edbfbf");
    assert_out("66eda081edb080");
    assert_out("64f4908080"); /* above U+10FFFF */
    assert_out("65f888808080");
    assert_out("61c3"); /* cut */
    assert_out("62e6b0");
    assert_out("63f09085");
    assert_out("6180");
    assert_out("61ff");
    assert_out("8261c361bc"); /* cut in two texts */
    assert_in("42c0af");      /* a byte string may hold anything */
    assert_out("a10061c3");
}

/* ---- one item, all of it --------------------------------------------------------------------- */

/* Every type and every width of head, at every depth. */
static struct str rich_item(uint8_t *room, size_t cap)
{
    static const uint8_t filler[300] = {0};
    struct out o = out_over(room, cap);
    cbor_put_map(&o, 5);
    cbor_put_uint(&o, 0);
    cbor_put_list(&o, 5);
    cbor_put_uint(&o, 23);
    cbor_put_uint(&o, 255);
    cbor_put_uint(&o, 65535);
    cbor_put_uint(&o, UINT32_MAX);
    cbor_put_uint(&o, LIMIT_NUMBER);
    cbor_put_uint(&o, 1);
    cbor_put_bytes(&o, str_at(filler, 300));
    cbor_put_uint(&o, 7);
    cbor_put_text(&o, STR("Ana und Bj\xc3\xb6rn, seit zw\xc3\xb6lf Jahren"));
    cbor_put_uint(&o, 22);
    cbor_put_map(&o, 1);
    cbor_put_uint(&o, 3);
    cbor_put_list(&o, 26);
    for (uint64_t i = 0; i < 26; i++) cbor_put_uint(&o, i);
    cbor_put_uint(&o, 23);
    cbor_put_text(&o, STR("\xf0\x90\x85\x91"));
    return out_str(&o);
}

static void cut_anywhere_it_is_refused(void **state)
{
    (void)state;
    uint8_t room[512];
    struct str whole = rich_item(room, sizeof room);
    assert_true(whole.len > 380);
    assert_same_again(whole);
    for (size_t n = 0; n < whole.len; n++) {
        uint8_t *cut = malloc(n + (n == 0)); /* of that size, so that reading on would be seen */
        assert_non_null(cut);
        memcpy(cut, whole.at, n);
        struct str first, rest;
        struct cbor_map map;
        if (cbor_check(str_at(cut, n)) != ERR_BAD_CBOR) fail_msg("cut to %zu bytes", n);
        assert_int_equal(cbor_first(str_at(cut, n), &first, &rest), ERR_BAD_CBOR);
        assert_int_equal(cbor_map(str_at(cut, n), &map), ERR_BAD_CBOR);
        free(cut);
    }
}

static void nothing_may_stand_behind_it(void **state)
{
    (void)state;
    assert_out("");
    assert_out("0000");
    assert_out("00ff");
    assert_out("4000");
    assert_out("8000");
    assert_out("810000");
    assert_out("a000");
    assert_out("a1000000");
    assert_out("616100");
    assert_out("00f6");
    assert_int_equal(cbor_check((struct str){0}), ERR_BAD_CBOR);
}

static void first_cuts_a_sequence_item_by_item(void **state)
{
    (void)state;
    uint8_t room[ROOM_BYTES];
    struct str rest = unhex("00 8101 a0 626162 a1008105 1903e8 ff00", room), first;
    static const char *const expected[] = {"00", "8101", "a0", "626162", "a1008105", "1903e8"};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        uint8_t again[ROOM_BYTES];
        const uint8_t *at = rest.at;
        size_t left = rest.len;
        assert_int_equal(cbor_first(rest, &first, &rest), ERR_OK);
        assert_true(str_is(first, unhex(expected[i], again)));
        assert_ptr_equal(first.at, at);
        assert_ptr_equal(rest.at, at + first.len);
        assert_int_equal(rest.len, left - first.len);
    }
    assert_int_equal(rest.len, 2); /* unchecked until it is asked for */
    assert_int_equal(cbor_first(rest, &first, &rest), ERR_BAD_CBOR);
    assert_int_equal(rest.len, 2);
    assert_true(str_is(first, STR("\x19\x03\xe8")));
    assert_int_equal(cbor_first(unhex("05", room), &first, &rest), ERR_OK);
    assert_int_equal(rest.len, 0);
    assert_int_equal(cbor_first(rest, &first, &rest), ERR_BAD_CBOR);
    assert_int_equal(cbor_first((struct str){0}, &first, &rest), ERR_BAD_CBOR);
}

/* ---- typed readers --------------------------------------------------------------------------- */

struct outputs {
    struct cbor_map map;
    struct cbor_list list;
    uint64_t number;
    struct str bytes, text, first, rest;
    uint8_t exactly[4];
};

static enum err read_uint(struct str s, struct outputs *o)
{
    return cbor_uint(s, &o->number);
}

static enum err read_bytes(struct str s, struct outputs *o)
{
    return cbor_bytes(s, &o->bytes);
}

static enum err read_text(struct str s, struct outputs *o)
{
    return cbor_text(s, &o->text);
}

static enum err read_list(struct str s, struct outputs *o)
{
    return cbor_list(s, &o->list);
}

static enum err read_map(struct str s, struct outputs *o)
{
    return cbor_map(s, &o->map);
}

static enum err read_bytes_n(struct str s, struct outputs *o)
{
    return cbor_bytes_n(s, o->exactly, sizeof o->exactly);
}

static enum err read_first(struct str s, struct outputs *o)
{
    return cbor_first(s, &o->first, &o->rest);
}

static enum err (*const readers[])(struct str, struct outputs *) = {
    read_uint, read_bytes, read_text, read_list, read_map, read_bytes_n, read_first,
};
enum { TYPED_READERS = 6, READERS = 7 };

/* Fails as expected, and nothing was written anywhere. */
static void assert_refused(int reader, const char *hex, enum err expected)
{
    uint8_t room[ROOM_BYTES];
    struct outputs o, untouched;
    memset(&o, 0xa5, sizeof o);
    memset(&untouched, 0xa5, sizeof untouched);
    enum err e = readers[reader](unhex(hex, room), &o);
    if (e != expected) fail_msg("reader %d says %s to %s", reader, err_code(e), hex);
    if (memcmp(&o, &untouched, sizeof o) != 0) fail_msg("reader %d wrote something, reading %s", reader, hex);
}

static void another_type_is_a_bad_field(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        int reader;
    } good[] = {
        {"00", 0},         {"1818", 0},         {"1b001fffffffffffff", 0},
        {"40", 1},         {"450102030405", 1}, {"60", 2},
        {"6461626364", 2}, {"80", 3},           {"8401020304", 3},
        {"a0", 4},         {"a10000", 4},       {"a400000101020203 03", 4},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        for (int reader = 0; reader < TYPED_READERS; reader++) {
            if (reader != good[i].reader) {
                assert_refused(reader, good[i].hex, ERR_BAD_FIELD);
                continue;
            }
            uint8_t room[ROOM_BYTES];
            struct outputs o;
            assert_int_equal(readers[reader](unhex(good[i].hex, room), &o), ERR_OK);
        }
    }
}

static void what_is_no_item_is_bad_cbor_for_every_reader(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "18", "1800", "1b0020000000000000", "20", "44010203", "5804aabbccdd", "5f4100ff", "61c3", "63eda080",
        "8200", "820020", "9fff", "a1", "a100", "a1181800", "a201000000", "a200000000", "a100f4", "9f00",
        "8181818180", "a20000018181818180", "c000", "f6", "f93c00", "ff", "830102f6", "a3000001010218", "845820",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (int reader = 0; reader < READERS; reader++) assert_refused(reader, bad[i], ERR_BAD_CBOR);
    }
    static const char *const trailing[] = {"0000",    "4401020304 00", "6161 00",  "80 00",
                                           "8100 ff", "a0 00",         "a10000 f6"};
    for (size_t i = 0; i < sizeof trailing / sizeof *trailing; i++) {
        for (int reader = 0; reader < TYPED_READERS; reader++) assert_refused(reader, trailing[i], ERR_BAD_CBOR);
    }
}

static void bytes_n_takes_exactly_n(void **state)
{
    (void)state;
    uint8_t room[ROOM_BYTES], four[6] = {9, 9, 9, 9, 9, 9};
    assert_refused(5, "40", ERR_BAD_FIELD);
    assert_refused(5, "43010203", ERR_BAD_FIELD);
    assert_refused(5, "450102030405", ERR_BAD_FIELD);
    assert_int_equal(cbor_bytes_n(unhex("4401020304", room), four + 1, 4), ERR_OK);
    assert_memory_equal(four, "\x09\x01\x02\x03\x04\x09", 6);
    assert_int_equal(cbor_bytes_n(unhex("40", room), four, 0), ERR_OK);
    assert_int_equal(four[0], 9);
}

static void strings_are_borrowed_from_the_item(void **state)
{
    (void)state;
    uint8_t room[ROOM_BYTES];
    struct str s = {0};
    assert_int_equal(cbor_bytes(unhex("4401020304", room), &s), ERR_OK);
    assert_ptr_equal(s.at, room + 1);
    assert_int_equal(s.len, 4);
    assert_int_equal(cbor_text(unhex("7818 414141414141414141414141414141414141414141414141", room), &s), ERR_OK);
    assert_ptr_equal(s.at, room + 2);
    assert_int_equal(s.len, 24);
    assert_int_equal(cbor_text(unhex("60", room), &s), ERR_OK);
    assert_int_equal(s.len, 0);
}

/* ---- writers --------------------------------------------------------------------------------- */

static void numbers_are_written_in_the_shortest_form(void **state)
{
    (void)state;
    static const struct {
        uint64_t number;
        const char *hex;
    } is[] = {
        {0, "00"},
        {1, "01"},
        {23, "17"},
        {24, "1818"},
        {255, "18ff"},
        {256, "190100"},
        {65535, "19ffff"},
        {65536, "1a00010000"},
        {UINT32_MAX, "1affffffff"},
        {0x100000000, "1b0000000100000000"},
        {LIMIT_NUMBER, "1b001fffffffffffff"},
        {0x0102030405, "1b0000000102030405"},
    };
    for (size_t i = 0; i < sizeof is / sizeof *is; i++) {
        uint8_t room[16];
        struct out o = OUT_OVER(room);
        cbor_put_uint(&o, is[i].number);
        assert_wrote(&o, is[i].hex);
    }
}

static void strings_are_written_behind_their_length(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        const char *bytes_head, *text_head;
    } is[] = {
        {0, "40", "60"},
        {1, "41", "61"},
        {23, "57", "77"},
        {24, "5818", "7818"},
        {255, "58ff", "78ff"},
        {256, "590100", "790100"},
        {65535, "59ffff", "79ffff"},
        {65536, "5a00010000", "7a00010000"},
    };
    static uint8_t letters[65536], room[2 * 65536];
    memset(letters, 'a', sizeof letters);
    for (size_t i = 0; i < 2 * sizeof is / sizeof *is; i++) {
        struct str s = str_at(letters, is[i / 2].len);
        struct out o = OUT_OVER(room);
        if (i % 2 == 0) cbor_put_bytes(&o, s);
        if (i % 2 == 1) cbor_put_text(&o, s);
        uint8_t head_room[ROOM_BYTES];
        struct str head = unhex(i % 2 == 0 ? is[i / 2].bytes_head : is[i / 2].text_head, head_room);
        assert_int_equal(out_str(&o).len, head.len + s.len);
        assert_true(str_starts(out_str(&o), head));
        assert_memory_equal(room + head.len, letters, s.len);
        assert_int_equal(cbor_check(out_str(&o)), ERR_OK);
    }
}

static void arrays_and_maps_say_their_count_first(void **state)
{
    (void)state;
    uint8_t room[16];
    struct out o = OUT_OVER(room);
    cbor_put_list(&o, 0);
    cbor_put_list(&o, 23);
    cbor_put_list(&o, 24);
    cbor_put_list(&o, 64);
    cbor_put_map(&o, 0);
    cbor_put_map(&o, 23);
    cbor_put_map(&o, 24);
    assert_wrote(&o, "80 97 9818 9840 a0 b7 b818");
}

static void what_does_not_fit_leaves_the_builder_full(void **state)
{
    (void)state;
    uint8_t whole_room[512];
    struct str whole = rich_item(whole_room, sizeof whole_room);
    for (size_t cap = 0; cap <= whole.len; cap++) {
        uint8_t room[512];
        struct str s = rich_item(room, cap);
        assert_true(cap == whole.len ? str_is(s, whole) : s.at == NULL && s.len == 0);
    }
}

static uint8_t misuse_room[16];

static void write_a_number_too_large(void)
{
    struct out o = OUT_OVER(misuse_room);
    cbor_put_uint(&o, LIMIT_NUMBER + 1);
}

static void write_too_long_a_list(void)
{
    struct out o = OUT_OVER(misuse_room);
    cbor_put_list(&o, 65);
}

static void write_too_many_pairs(void)
{
    struct out o = OUT_OVER(misuse_room);
    cbor_put_map(&o, 25);
}

static void write_what_is_allowed(void)
{
    struct out o = OUT_OVER(misuse_room);
    cbor_put_uint(&o, LIMIT_NUMBER);
    cbor_put_list(&o, 64);
    cbor_put_map(&o, 24);
}

static void writing_what_no_reader_would_take_is_misuse(void **state)
{
    (void)state;
    assert_true(aborts(write_a_number_too_large));
    assert_true(aborts(write_too_long_a_list));
    assert_true(aborts(write_too_many_pairs));
    assert_false(aborts(write_what_is_allowed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appendix_a_is_in_or_out),
        cmocka_unit_test(what_is_out_is_out_inside_others),
        cmocka_unit_test(only_the_shortest_head_is_in),
        cmocka_unit_test(first_bytes_outside_the_subset_are_refused_whatever_follows),
        cmocka_unit_test(numbers_end_at_2_to_the_53),
        cmocka_unit_test(lengths_larger_than_what_is_there_are_refused),
        cmocka_unit_test(keys_are_0_to_23_ascending_and_once),
        cmocka_unit_test(each_map_has_an_order_of_its_own),
        cmocka_unit_test(a_map_may_have_all_24_keys_and_no_more),
        cmocka_unit_test(map_indexes_what_is_there),
        cmocka_unit_test(map_is_wants_all_needed_and_none_foreign),
        cmocka_unit_test(an_array_may_have_64_members_and_no_more),
        cmocka_unit_test(list_indexes_every_member),
        cmocka_unit_test(four_may_be_open_at_once_and_no_more),
        cmocka_unit_test(nesting_of_100000_needs_no_stack),
        cmocka_unit_test(text_is_utf8),
        cmocka_unit_test(cut_anywhere_it_is_refused),
        cmocka_unit_test(nothing_may_stand_behind_it),
        cmocka_unit_test(first_cuts_a_sequence_item_by_item),
        cmocka_unit_test(another_type_is_a_bad_field),
        cmocka_unit_test(what_is_no_item_is_bad_cbor_for_every_reader),
        cmocka_unit_test(bytes_n_takes_exactly_n),
        cmocka_unit_test(strings_are_borrowed_from_the_item),
        cmocka_unit_test(numbers_are_written_in_the_shortest_form),
        cmocka_unit_test(strings_are_written_behind_their_length),
        cmocka_unit_test(arrays_and_maps_say_their_count_first),
        cmocka_unit_test(what_does_not_fit_leaves_the_builder_full),
        cmocka_unit_test(writing_what_no_reader_would_take_is_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
