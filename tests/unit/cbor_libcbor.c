/* cbor_libcbor.c -- the subset against libcbor, another's implementation of all of CBOR, on random input.
 *
 * What we accept is exactly what libcbor accepts and its tree shows to be in the subset, written in the
 * one way it can be written. What we write is what libcbor writes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <cbor.h>

#include "base/cbor.h"
#include "harness/random.h"

enum {
    RANDOM_CASES = 250 * 1000,
    WILD_CASES = 250 * 1000,
    CHANGED_CASES = 400 * 1000,
    WRITTEN_CASES = 100 * 1000,
    ROOM_BYTES = 64 * 1024,
    STRING_BYTES = 300,
    LEAST_OF_EACH = 100, /* cases of each kind, without which a test has not tested it */
};

static uint8_t input_room[ROOM_BYTES];

/* Says which input it was. The seed has been said at the start. */
static _Noreturn void fail_case(const char *what, struct str input)
{
    fprintf(stderr, "%s, %zu bytes: ", what, input.len);
    for (size_t i = 0; i < input.len; i++) fprintf(stderr, "%02x", input.at[i]);
    fputc('\n', stderr);
    fail();
    abort();
}

/* ---- the judge: libcbor's tree --------------------------------------------------------------- */

enum verdict {
    IN_SUBSET,
    NO_ITEM, /* libcbor refuses it as well, bad UTF-8 included */
    OTHER_TYPE,
    INDEFINITE,
    LARGE_NUMBER,
    BAD_KEY,
    TOO_MANY,
    TOO_DEEP,
    LONG_HEAD,
    VERDICTS,
};

static enum verdict judge(const cbor_item_t *item, int open_n);

static enum verdict judge_list(const cbor_item_t *list, int open_n)
{
    if (!cbor_array_is_definite(list)) return INDEFINITE;
    if (open_n == 4) return TOO_DEEP;
    if (cbor_array_size(list) > 64) return TOO_MANY;
    enum verdict v = IN_SUBSET;
    for (size_t i = 0; i < cbor_array_size(list) && v == IN_SUBSET; i++) {
        v = judge(cbor_array_handle(list)[i], open_n + 1);
    }
    return v;
}

static enum verdict judge_map(const cbor_item_t *map, int open_n)
{
    if (!cbor_map_is_definite(map)) return INDEFINITE;
    if (open_n == 4) return TOO_DEEP;
    if (cbor_map_size(map) > 64) return TOO_MANY;
    const struct cbor_pair *pair = cbor_map_handle(map);
    enum verdict v = IN_SUBSET;
    for (size_t i = 0; i < cbor_map_size(map) && v == IN_SUBSET; i++) {
        if (!cbor_isa_uint(pair[i].key) || cbor_get_int(pair[i].key) > 23) return BAD_KEY;
        if (i > 0 && cbor_get_int(pair[i].key) <= cbor_get_int(pair[i - 1].key)) return BAD_KEY;
        v = judge(pair[i].value, open_n + 1);
    }
    return v;
}

/* The first thing about a tree that is outside the subset; heads are looked at elsewhere. */
static enum verdict judge(const cbor_item_t *item, int open_n)
{
    switch (cbor_typeof(item)) {
    case CBOR_TYPE_UINT: return cbor_get_int(item) >> 53 == 0 ? IN_SUBSET : LARGE_NUMBER;
    case CBOR_TYPE_BYTESTRING: return cbor_bytestring_is_definite(item) ? IN_SUBSET : INDEFINITE;
    case CBOR_TYPE_STRING: return cbor_string_is_definite(item) ? IN_SUBSET : INDEFINITE;
    case CBOR_TYPE_ARRAY: return judge_list(item, open_n);
    case CBOR_TYPE_MAP: return judge_map(item, open_n);
    case CBOR_TYPE_NEGINT:
    case CBOR_TYPE_TAG:
    case CBOR_TYPE_FLOAT_CTRL: break;
    }
    return OTHER_TYPE;
}

/* A tree in its shortest form, by libcbor's encoders of single heads. */
static size_t put_shortest(const cbor_item_t *item, uint8_t *at, size_t cap)
{
    size_t n = 0;
    switch (cbor_typeof(item)) {
    case CBOR_TYPE_UINT: n = cbor_encode_uint(cbor_get_int(item), at, cap); break;
    case CBOR_TYPE_BYTESTRING:
        n = cbor_encode_bytestring_start(cbor_bytestring_length(item), at, cap);
        memcpy(at + n, cbor_bytestring_handle(item), cbor_bytestring_length(item));
        n += cbor_bytestring_length(item);
        break;
    case CBOR_TYPE_STRING:
        n = cbor_encode_string_start(cbor_string_length(item), at, cap);
        memcpy(at + n, cbor_string_handle(item), cbor_string_length(item));
        n += cbor_string_length(item);
        break;
    case CBOR_TYPE_ARRAY:
        n = cbor_encode_array_start(cbor_array_size(item), at, cap);
        for (size_t i = 0; i < cbor_array_size(item); i++) {
            n += put_shortest(cbor_array_handle(item)[i], at + n, cap - n);
        }
        break;
    case CBOR_TYPE_MAP:
        n = cbor_encode_map_start(cbor_map_size(item), at, cap);
        for (size_t i = 0; i < cbor_map_size(item); i++) {
            n += put_shortest(cbor_map_handle(item)[i].key, at + n, cap - n);
            n += put_shortest(cbor_map_handle(item)[i].value, at + n, cap - n);
        }
        break;
    default: fail();
    }
    return n;
}

struct claim {
    uint64_t members;
};

static void see_count(void *claim, size_t members)
{
    ((struct claim *)claim)->members = members;
}

/* How much of the input comes before the first head that announces more members than there are bytes.
 * No item with such a head is whole; libcbor would take memory for all of them before it finds out. */
static size_t bytes_before_an_empty_claim(struct str input)
{
    struct cbor_callbacks callbacks = cbor_empty_callbacks;
    callbacks.array_start = see_count;
    callbacks.map_start = see_count;
    size_t at = 0;
    while (at < input.len) {
        struct claim claim = {0};
        struct cbor_decoder_result r = cbor_stream_decode(input.at + at, input.len - at, &callbacks, &claim);
        if (claim.members > input.len - at) return at;
        if (r.status != CBOR_DECODER_FINISHED) break;
        at += r.read;
    }
    return input.len;
}

/* ---- one case -------------------------------------------------------------------------------- */

static size_t seen_n[VERDICTS];

/* What libcbor and the rules say about the first item of the input, and how long it is. */
static enum verdict judge_first(struct str input, size_t *bytes)
{
    static uint8_t again[ROOM_BYTES];
    struct cbor_load_result result;
    cbor_item_t *item = cbor_load(input.at, bytes_before_an_empty_claim(input), &result);
    if (item == NULL) return NO_ITEM;
    *bytes = result.read;
    enum verdict v = judge(item, 0);
    if (v == IN_SUBSET) {
        size_t n = put_shortest(item, again, sizeof again);
        if (n != result.read || memcmp(again, input.at, n) != 0) v = LONG_HEAD;
    }
    if (v == IN_SUBSET && !str_is(str_at(again, cbor_serialize(item, again, sizeof again)), str_at(input.at, *bytes))) {
        fail_case("libcbor writes it in another way", input);
    }
    cbor_decref(&item);
    return v;
}

/* Works on a copy of exactly that size, so that reading on would be seen. */
static void compare(struct str borrowed)
{
    uint8_t *copy = malloc(borrowed.len + 1);
    assert_non_null(copy);
    if (borrowed.len > 0) memcpy(copy + 1, borrowed.at, borrowed.len);
    struct str input = str_at(copy + 1, borrowed.len);
    size_t bytes = 0;
    struct str first = {0}, rest = {0};
    enum verdict v = judge_first(input, &bytes);
    enum err e = cbor_first(input, &first, &rest);
    if (e == ERR_OK && v != IN_SUBSET) fail_case("we accept what is outside the subset", input);
    if (e != ERR_OK && v == IN_SUBSET) fail_case("we refuse what is in the subset", input);
    if (e != ERR_OK && e != ERR_BAD_CBOR) fail_case("we refuse it for another reason", input);
    if (e == ERR_OK && (first.at != input.at || first.len != bytes || rest.len != input.len - bytes)) {
        fail_case("we cut it elsewhere", input);
    }
    enum err whole = v == IN_SUBSET && bytes == input.len ? ERR_OK : ERR_BAD_CBOR;
    if (cbor_check(input) != whole) fail_case("what stands behind the item", input);
    seen_n[v]++;
    free(copy);
}

/* ---- what to try ----------------------------------------------------------------------------- */

/* Well-formed text of at most cap bytes: any character, short and long ones alike. */
static struct str random_text(struct random *r, uint8_t *at, size_t cap)
{
    size_t n = 0, wanted = random_width(r, 8);
    while (n < wanted && n + 4 <= cap) {
        uint32_t point = (uint32_t)random_width(r, 21);
        if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) continue;
        unsigned tail_n = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
        static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
        at[n++] = (uint8_t)(lead[tail_n] | point >> (6 * tail_n));
        while (tail_n-- > 0) at[n++] = (uint8_t)(0x80 | (point >> (6 * tail_n) & 0x3f));
    }
    return str_at(at, n);
}

/* Items of all of CBOR; flaw_one_in says how rarely something leaves the subset (0: never, but in depth). */
struct wild {
    struct random *r;
    struct out *o;
    uint64_t flaw_one_in;
};

static bool has_flaw(const struct wild *w)
{
    return w->flaw_one_in > 0 && random_is_one_in(w->r, w->flaw_one_in);
}

static void put_wild_head(const struct wild *w, unsigned major, uint64_t number)
{
    unsigned width = number < 24 ? 0 : number < 0x100 ? 1 : number < 0x10000 ? 2 : number >> 32 == 0 ? 3 : 4;
    if (has_flaw(w)) width = (unsigned)random_between(w->r, width, 4);
    out_put_byte(w->o, (uint8_t)(major << 5 | (width == 0 ? (unsigned)number : 23 + width)));
    for (int i = width == 0 ? -1 : (1 << (width - 1)) - 1; i >= 0; i--) out_put_byte(w->o, (uint8_t)(number >> 8 * i));
}

static void put_wild_item(const struct wild *w, int open_n);

static void put_foreign_item(const struct wild *w, int open_n)
{
    switch (random_below(w->r, 7)) {
    case 0: put_wild_head(w, 1, random_width(w->r, 64)); break;
    case 1: /* a tag */
        put_wild_head(w, 6, random_width(w->r, 64));
        put_wild_item(w, open_n);
        break;
    case 2: out_put_byte(w->o, (uint8_t)random_between(w->r, 0xe0, 0xff)); break;
    case 3: out_put(w->o, STR("\xf9\x3c\x00")); break;
    case 4: out_put(w->o, STR("\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a")); break;
    case 5: out_put(w->o, STR("\x5f\x42\x01\x02\x43\x03\x04\x05\xff")); break;
    case 6: /* an array or map without a count */
        out_put_byte(w->o, random_is_one_in(w->r, 2) ? 0x9f : 0xbf);
        for (uint64_t n = random_below(w->r, 3) * 2; n > 0; n--) out_put_byte(w->o, (uint8_t)random_below(w->r, 24));
        out_put_byte(w->o, 0xff);
        break;
    }
}

static void put_wild_map(const struct wild *w, int open_n)
{
    uint64_t key = 0, pairs = random_width(w->r, 3);
    if (random_is_one_in(w->r, 16)) pairs = random_between(w->r, 20, 24);
    if (has_flaw(w)) pairs = random_between(w->r, 60, 70);
    uint64_t gap = pairs > 20 || pairs == 0 ? 1 : 24 / pairs;
    put_wild_head(w, 5, pairs);
    for (uint64_t i = 0; i < pairs; i++) {
        uint64_t this_key = key + random_below(w->r, gap);
        if (has_flaw(w)) this_key = random_width(w->r, 6);
        if (has_flaw(w)) {
            put_foreign_item(w, open_n);
        } else {
            put_wild_head(w, 0, this_key);
        }
        put_wild_item(w, pairs > 10 ? 9 : open_n + 1);
        key += gap;
    }
}

static void put_wild_item(const struct wild *w, int open_n)
{
    uint8_t room[STRING_BYTES];
    struct str s = str_at(room, random_width(w->r, 8));
    if (has_flaw(w)) {
        put_foreign_item(w, open_n);
        return;
    }
    uint64_t members = random_width(w->r, 3);
    switch (random_below(w->r, open_n < 4 + (w->flaw_one_in > 0) ? 5 : 3)) {
    case 0: put_wild_head(w, 0, random_width(w->r, has_flaw(w) ? 64 : 53)); break;
    case 1:
        random_bytes(w->r, room, s.len);
        put_wild_head(w, 2, s.len);
        out_put(w->o, s);
        break;
    case 2:
        s = random_text(w->r, room, sizeof room);
        if (s.len > 0 && has_flaw(w)) room[random_below(w->r, s.len)] ^= (uint8_t)(1u << random_below(w->r, 8));
        put_wild_head(w, 3, s.len);
        out_put(w->o, s);
        break;
    case 3:
        if (random_is_one_in(w->r, 16)) members = random_between(w->r, 60, 64 + 6 * (w->flaw_one_in > 0));
        put_wild_head(w, 4, members);
        for (uint64_t i = 0; i < members; i++) put_wild_item(w, members > 10 ? 9 : open_n + 1);
        break;
    case 4: put_wild_map(w, open_n); break;
    }
}

static struct str wild_input(struct random *r, uint64_t flaw_one_in)
{
    struct out o;
    do {
        o = out_over(input_room, ROOM_BYTES / 2);
        put_wild_item(&(struct wild){r, &o, flaw_one_in}, 0);
    } while (o.is_full);
    return out_str(&o);
}

/* Bytes as they come, half of them such as stand at the start of an item. */
static struct str random_input(struct random *r)
{
    size_t n = random_width(r, 6);
    random_bytes(r, input_room, n);
    for (size_t i = 0; i < n; i++) {
        if (random_is_one_in(r, 2)) input_room[i] = (uint8_t)(random_below(r, 6) << 5 | random_width(r, 3));
    }
    return str_at(input_room, n);
}

/* One small change of the kind that links, disks and attackers make. */
static size_t mutate(struct random *r, uint8_t *at, size_t n)
{
    size_t i = n == 0 ? 0 : random_below(r, n), run = n == 0 ? 0 : random_between(r, 1, n - i < 8 ? n - i : 8);
    switch (n == 0 ? 2 : random_below(r, 9)) {
    case 0: at[i] ^= (uint8_t)(1u << random_below(r, 8)); break;
    case 1: at[i] = (uint8_t)random_u64(r); break;
    case 2: /* a byte more */
        memmove(at + i + 1, at + i, n - i);
        at[i] = (uint8_t)random_u64(r);
        return n + 1;
    case 3: /* some bytes less */
        memmove(at + i, at + i + run, n - i - run);
        return n - run;
    case 4: return i;      /* cut */
    case 5: at[i]++; break; /* a count, a length, a key one too many */
    case 6: at[i]--; break;
    case 7: /* some bytes twice */
        memmove(at + i + run, at + i, n - i);
        return n + run;
    case 8: /* all of it in an array */
        memmove(at + 1, at, n);
        at[0] = 0x81;
        return n + 1;
    }
    return n;
}

/* ---- the tests ------------------------------------------------------------------------------- */

static void start(struct random *r, const char *what)
{
    memset(seen_n, 0, sizeof seen_n);
    random_init(r, what);
}

static void report(void)
{
    static const char *const name[] = {"in the subset", "no item",  "other type", "indefinite", "large number",
                                       "bad key",       "too many", "too deep",   "long head"};
    for (size_t v = 0; v < VERDICTS; v++) fprintf(stderr, "%s%s %zu", v > 0 ? ", " : "  ", name[v], seen_n[v]);
    fputc('\n', stderr);
}

static void inputs_of_one_and_two_bytes_agree(void **state)
{
    (void)state;
    memset(seen_n, 0, sizeof seen_n);
    for (unsigned i = 0; i < 0x10000; i++) {
        const uint8_t bytes[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        if (i % 256 == 0) compare(str_at(bytes, 1));
        compare(str_at(bytes, 2));
    }
    report();
    assert_true(seen_n[IN_SUBSET] >= 24 * 256);
}

static void random_bytes_agree(void **state)
{
    (void)state;
    struct random r;
    start(&r, "random bytes");
    for (size_t i = 0; i < RANDOM_CASES; i++) compare(random_input(&r));
    report();
    assert_true(seen_n[IN_SUBSET] >= LEAST_OF_EACH);
    assert_true(seen_n[NO_ITEM] >= LEAST_OF_EACH);
    assert_true(seen_n[BAD_KEY] >= LEAST_OF_EACH);
}

static void items_of_all_of_cbor_agree(void **state)
{
    (void)state;
    struct random r;
    start(&r, "items of all of CBOR");
    for (size_t i = 0; i < WILD_CASES; i++) compare(wild_input(&r, 1 + random_width(&r, 8)));
    report();
    for (size_t v = 0; v < VERDICTS; v++) assert_true(seen_n[v] >= LEAST_OF_EACH);
}

static void items_that_were_changed_agree(void **state)
{
    (void)state;
    struct random r;
    start(&r, "changed items");
    struct str input = {0};
    for (size_t i = 0; i < CHANGED_CASES; i++) {
        if (i % 4 == 0) { /* a fresh one, in the subset */
            input = wild_input(&r, 0);
            compare(input);
            if (cbor_check(input) != ERR_OK) fail_case("the generator left the subset", input);
        }
        input.len = mutate(&r, input_room, input.len);
        compare(input);
    }
    report();
    assert_true(seen_n[IN_SUBSET] >= CHANGED_CASES / 4);
    for (size_t v = 0; v < VERDICTS; v++) {
        assert_true(v == INDEFINITE || v == TOO_MANY || seen_n[v] >= LEAST_OF_EACH); /* these come too rarely */
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

static cbor_item_t *not_null(cbor_item_t *item)
{
    if (item == NULL) fail_msg("libcbor has no memory");
    return item;
}

static cbor_item_t *build_uint(struct out *o, uint64_t number)
{
    cbor_put_uint(o, number);
    if (number <= UINT8_MAX) return not_null(cbor_build_uint8((uint8_t)number));
    if (number <= UINT16_MAX) return not_null(cbor_build_uint16((uint16_t)number));
    if (number <= UINT32_MAX) return not_null(cbor_build_uint32((uint32_t)number));
    return not_null(cbor_build_uint64(number));
}

/* A random item of the subset: written by us into o, and as libcbor's tree. */
static cbor_item_t *build(struct random *r, struct out *o, int open_n);

static cbor_item_t *build_list(struct random *r, struct out *o, int open_n)
{
    size_t item_n = random_is_one_in(r, 16) ? random_between(r, 20, 64) : random_width(r, 3);
    cbor_item_t *list = not_null(cbor_new_definite_array(item_n));
    cbor_put_list(o, item_n);
    for (size_t i = 0; i < item_n; i++) {
        cbor_item_t *item = build(r, o, item_n > 10 ? 4 : open_n + 1);
        assert_true(cbor_array_push(list, cbor_move(item)));
    }
    return list;
}

static cbor_item_t *build_map(struct random *r, struct out *o, int open_n)
{
    uint32_t keys = (uint32_t)(random_u64(r) & random_u64(r)) & 0xffffff;
    if (random_is_one_in(r, 16)) keys = 0xffffff;
    size_t pair_n = (size_t)__builtin_popcount(keys);
    cbor_item_t *map = not_null(cbor_new_definite_map(pair_n));
    cbor_put_map(o, pair_n);
    for (unsigned key = 0; key < 24; key++) {
        if ((keys >> key & 1) == 0) continue;
        cbor_item_t *key_item = build_uint(o, key), *value = build(r, o, pair_n > 10 ? 4 : open_n + 1);
        assert_true(cbor_map_add(map, (struct cbor_pair){cbor_move(key_item), cbor_move(value)}));
    }
    return map;
}

static cbor_item_t *build(struct random *r, struct out *o, int open_n)
{
    uint8_t room[STRING_BYTES];
    struct str s = str_at(room, random_width(r, 8));
    switch (random_below(r, open_n < 4 ? 5 : 3)) {
    case 0: return build_uint(o, random_width(r, 53));
    case 1:
        random_bytes(r, room, s.len);
        cbor_put_bytes(o, s);
        return not_null(cbor_build_bytestring(room, s.len));
    case 2:
        s = random_text(r, room, sizeof room);
        cbor_put_text(o, s);
        return not_null(cbor_build_stringn((const char *)room, s.len));
    case 3: return build_list(r, o, open_n);
    default: return build_map(r, o, open_n);
    }
}

/* What our readers find in an item is what libcbor's tree holds. */
static bool reads_as(struct str item, const cbor_item_t *tree)
{
    uint64_t number = 0;
    struct str s = {0};
    struct cbor_list list;
    struct cbor_map map;
    size_t n = 0;
    bool is = true;
    switch (cbor_typeof(tree)) {
    case CBOR_TYPE_UINT: return cbor_uint(item, &number) == ERR_OK && number == cbor_get_int(tree);
    case CBOR_TYPE_BYTESTRING:
        n = cbor_bytestring_length(tree);
        return cbor_bytes(item, &s) == ERR_OK && str_is(s, str_at(cbor_bytestring_handle(tree), n));
    case CBOR_TYPE_STRING:
        n = cbor_string_length(tree);
        return cbor_text(item, &s) == ERR_OK && str_is(s, str_at(cbor_string_handle(tree), n));
    case CBOR_TYPE_ARRAY:
        if (cbor_list(item, &list) != ERR_OK || list.item_n != cbor_array_size(tree)) return false;
        for (size_t i = 0; i < list.item_n && is; i++) is = reads_as(list.item[i], cbor_array_handle(tree)[i]);
        return is;
    case CBOR_TYPE_MAP:
        if (cbor_map(item, &map) != ERR_OK) return false;
        n = cbor_map_size(tree);
        for (size_t i = 0; i < n && is; i++) {
            const struct cbor_pair *pair = &cbor_map_handle(tree)[i];
            unsigned key = (unsigned)cbor_get_int(pair->key);
            is = cbor_map_has(&map, key) && reads_as(map.item[key], pair->value);
        }
        return is && (size_t)__builtin_popcount(map.keys) == n;
    default: return false;
    }
}

static void what_we_write_is_what_libcbor_writes(void **state)
{
    (void)state;
    static uint8_t theirs[ROOM_BYTES];
    struct random r;
    random_init(&r, "written items");
    size_t open_n = 0, bytes = 0;
    for (size_t i = 0; i < WRITTEN_CASES; i++) {
        struct out o = OUT_OVER(input_room);
        cbor_item_t *tree = build(&r, &o, 0);
        struct str ours = out_str(&o);
        if (o.is_full) fail_msg("an item is larger than this test has room for");
        size_t n = cbor_serialize(tree, theirs, sizeof theirs);
        if (!str_is(ours, str_at(theirs, n))) fail_case("libcbor writes it in another way", ours);
        if (cbor_check(ours) != ERR_OK) fail_case("we refuse what we wrote", ours);
        if (!reads_as(ours, tree)) fail_case("we read something else", ours);
        open_n += cbor_isa_array(tree) || cbor_isa_map(tree);
        bytes += n;
        cbor_decref(&tree);
    }
    fprintf(stderr, "  %zu items, %zu of them arrays or maps, %zu bytes\n", (size_t)WRITTEN_CASES, open_n, bytes);
    assert_true(open_n >= WRITTEN_CASES / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_of_one_and_two_bytes_agree),
        cmocka_unit_test(random_bytes_agree),
        cmocka_unit_test(items_of_all_of_cbor_agree),
        cmocka_unit_test(items_that_were_changed_agree),
        cmocka_unit_test(what_we_write_is_what_libcbor_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
