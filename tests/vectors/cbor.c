/* cbor.c -- the examples of RFC 8949 Appendix A: those of the subset are read and written byte for
 * byte, all others are refused; natively and as WebAssembly alike. */
#include "base/cbor.h"

#include "vectors/vector.h"

/* ---- numbers and strings: read, and written back ---------------------------------------------- */

static void number_is(const char *hex, uint64_t number)
{
    uint8_t bytes[16], room[16];
    uint64_t read = ~number;
    struct out o = OUT_OVER(room);
    vector_check(hex, cbor_uint(vector_bytes(hex, bytes, sizeof bytes), &read) == ERR_OK && read == number);
    cbor_put_uint(&o, number);
    vector_same(hex, out_str(&o), hex);
}

static void numbers(void)
{
    number_is("00", 0);
    number_is("01", 1);
    number_is("0a", 10);
    number_is("17", 23);
    number_is("1818", 24);
    number_is("1819", 25);
    number_is("1864", 100);
    number_is("1903e8", 1000);
    number_is("1a000f4240", 1000000);
    number_is("1b000000e8d4a51000", UINT64_C(1000000000000));
    number_is("1b001fffffffffffff", LIMIT_NUMBER);
}

static void text_is(const char *hex, struct str text)
{
    uint8_t bytes[16], room[16];
    struct str read = {0};
    struct out o = OUT_OVER(room);
    vector_check(hex, cbor_text(vector_bytes(hex, bytes, sizeof bytes), &read) == ERR_OK && str_is(read, text));
    cbor_put_text(&o, text);
    vector_same(hex, out_str(&o), hex);
}

static void strings(void)
{
    text_is("60", STR(""));
    text_is("6161", STR("a"));
    text_is("6449455446", STR("IETF"));
    text_is("62225c", STR("\"\\"));
    text_is("62c3bc", STR("\xc3\xbc"));
    text_is("63e6b0b4", STR("\xe6\xb0\xb4"));
    text_is("64f0908591", STR("\xf0\x90\x85\x91"));

    uint8_t bytes[8], room[8], four[4] = {0};
    struct out o = OUT_OVER(room);
    enum err e = cbor_bytes_n(vector_bytes("4401020304", bytes, sizeof bytes), four, sizeof four);
    vector_check("4401020304", e == ERR_OK && str_is(STR_OF(four), STR("\1\2\3\4")));
    cbor_put_bytes(&o, STR_OF(four));
    vector_same("4401020304", out_str(&o), "4401020304");
}

/* ---- arrays and maps -------------------------------------------------------------------------- */

static void nested_list(void)
{
    uint8_t room[16];
    struct out o = OUT_OVER(room);
    cbor_put_list(&o, 3);
    cbor_put_uint(&o, 1);
    for (uint64_t first = 2; first <= 4; first += 2) {
        cbor_put_list(&o, 2);
        cbor_put_uint(&o, first);
        cbor_put_uint(&o, first + 1);
    }
    vector_same("[1, [2, 3], [4, 5]]", out_str(&o), "8301820203820405");

    struct cbor_list outer, inner;
    uint64_t number = 0;
    bool is_read = cbor_list(out_str(&o), &outer) == ERR_OK && outer.item_n == 3 &&
                   cbor_list(outer.item[2], &inner) == ERR_OK && inner.item_n == 2 &&
                   cbor_uint(inner.item[1], &number) == ERR_OK && number == 5;
    vector_check("[1, [2, 3], [4, 5]] read", is_read);
}

static void long_list(void)
{
    uint8_t room[32];
    struct out o = OUT_OVER(room);
    cbor_put_list(&o, 25);
    for (uint64_t n = 1; n <= 25; n++) cbor_put_uint(&o, n);
    vector_same("[1 to 25]", out_str(&o), "98190102030405060708090a0b0c0d0e0f101112131415161718181819");
    struct cbor_list list;
    uint64_t number = 0;
    bool is_read = cbor_list(out_str(&o), &list) == ERR_OK && list.item_n == 25 &&
                   cbor_uint(list.item[24], &number) == ERR_OK && number == 25;
    vector_check("[1 to 25] read", is_read);
}

static void map(void)
{
    uint8_t room[8];
    struct out o = OUT_OVER(room);
    cbor_put_map(&o, 2);
    for (uint64_t n = 1; n <= 4; n++) cbor_put_uint(&o, n);
    vector_same("{1: 2, 3: 4}", out_str(&o), "a201020304");
    struct cbor_map read;
    uint64_t number = 0;
    bool is_read = cbor_map(out_str(&o), &read) == ERR_OK && cbor_map_is(&read, CBOR_KEY(1) | CBOR_KEY(3), 0) &&
                   cbor_uint(read.item[3], &number) == ERR_OK && number == 4;
    vector_check("{1: 2, 3: 4} read", is_read);
}

/* ---- what is in the subset and what is not ----------------------------------------------------- */

static const char *const accepted[] = {
    "00", "1864", "40", "4401020304", "60", "80", "83010203", "8301820203820405", "a0", "a201020304",
};

static const char *const refused[] = {
    /* a number above 2^53 - 1; negative numbers */
    "1b0020000000000000", "1bffffffffffffffff", "3bffffffffffffffff", "20", "29", "3863", "3903e7",
    /* tags */
    "c249010000000000000000", "c349010000000000000000", "c074323031332d30332d32315432303a30343a30305a",
    "c11a514b67b0", "c1fb41d452d9e2000000", "d74401020304", "d818456449455446",
    "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
    /* floats */
    "f90000", "f98000", "f93c00", "fb3ff199999999999a", "f93e00", "f97bff", "fa47c35000", "fa7f7fffff",
    "fb7e37e43c8800759c", "f90001", "f90400", "f9c400", "fbc010666666666666", "f97c00", "f97e00", "f9fc00",
    "fa7f800000", "fa7fc00000", "faff800000", "fb7ff0000000000000", "fb7ff8000000000000", "fbfff0000000000000",
    /* simple values */
    "f4", "f5", "f6", "f7", "f0", "f8ff",
    /* maps with keys that are no small numbers */
    "a26161016162820203", "826161a161626163", "a56161614161626142616361436164614461656145",
    /* indefinite lengths */
    "5f42010243030405ff", "7f657374726561646d696e67ff", "9fff", "9f018202039f0405ffff", "9f01820203820405ff",
    "83018202039f0405ff", "83019f0203ff820405", "bf61610161629f0203ffff", "826161bf61626163ff",
    "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", "bf6346756ef563416d7421ff",
};

static void verdicts(const char *const *hex, size_t n, enum err wanted)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t bytes[64];
        vector_check(hex[i], cbor_check(vector_bytes(hex[i], bytes, sizeof bytes)) == wanted);
    }
}

int main(void)
{
    numbers();
    strings();
    nested_list();
    long_list();
    map();
    verdicts(accepted, sizeof accepted / sizeof *accepted, ERR_OK);
    verdicts(refused, sizeof refused / sizeof *refused, ERR_BAD_CBOR);
    return vector_end();
}
