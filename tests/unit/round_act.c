/* round_act.c -- the texts of a round come back as they were put, and nothing else is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/aborts.h"
#include "record/round_act.h"

static const size_t buckets[] = {LIMIT_BUCKET_SMALL, LIMIT_BUCKET_MIDDLE, LIMIT_BUCKET_LARGE};

static struct round_commit commit_of(uint8_t *ct, size_t bucket_n)
{
    struct round_commit commit = {.ct = str_at(ct, bucket_n + AEAD_TAG_BYTES)};
    memset(commit.round, 1, sizeof commit.round);
    memset(commit.nonce, 2, sizeof commit.nonce);
    memset(commit.com, 3, sizeof commit.com);
    return commit;
}

static void an_ask_comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        uint8_t room[128];
        struct round_ask ask = {.question = STR("What do you miss?"), .bucket_n = buckets[i], .until_ms = LIMIT_NUMBER};
        struct round_ask read = {.bucket_n = 0};
        struct out o = OUT_OVER(room);
        round_act_put_ask(&o, &ask);
        assert_int_equal(round_act_read_ask(out_str(&o), &read), ERR_OK);
        assert_true(str_is(read.question, ask.question));
        assert_int_equal(read.bucket_n, ask.bucket_n);
        assert_int_equal(read.until_ms, ask.until_ms);
    }
}

static void commit_reveal_and_close_come_back(void **state)
{
    (void)state;
    static uint8_t ct[LIMIT_BUCKET_LARGE + AEAD_TAG_BYTES], room[16384];
    struct round_commit commit = commit_of(ct, LIMIT_BUCKET_LARGE), read_commit = {.ct = {0}};
    struct round_reveal reveal, read_reveal;
    struct round_close close, read_close;
    struct out o = OUT_OVER(room);
    round_act_put_commit(&o, &commit);
    assert_int_equal(round_act_read_commit(out_str(&o), &read_commit), ERR_OK);
    assert_memory_equal(read_commit.round, commit.round, sizeof commit.round);
    assert_memory_equal(read_commit.nonce, commit.nonce, sizeof commit.nonce);
    assert_memory_equal(read_commit.com, commit.com, sizeof commit.com);
    assert_true(str_is(read_commit.ct, commit.ct));
    memset(&reveal, 4, sizeof reveal);
    o = OUT_OVER(room);
    round_act_put_reveal(&o, &reveal);
    assert_int_equal(round_act_read_reveal(out_str(&o), &read_reveal), ERR_OK);
    assert_memory_equal(&read_reveal, &reveal, sizeof reveal);
    memset(&close, 5, sizeof close);
    o = OUT_OVER(room);
    round_act_put_close(&o, &close);
    assert_int_equal(round_act_read_close(out_str(&o), &read_close), ERR_OK);
    assert_memory_equal(&read_close, &close, sizeof close);
}

/* Also with a claim of when it was written: commits of one bucket cannot be told apart by length, and the
 * smallest not from any short entry. */
static void R9_commits_of_a_bucket_are_equally_long(void **state)
{
    (void)state;
    static const size_t padded[] = {512, 2048, 8192};
    static uint8_t ct[LIMIT_BUCKET_LARGE + AEAD_TAG_BYTES], room[16384];
    for (size_t i = 0; i < 3; i++) {
        struct round_commit commit = commit_of(ct, buckets[i]), read;
        struct out o = OUT_OVER(room);
        round_act_put_commit(&o, &commit);
        assert_int_equal(pad_bytes(o.len), padded[i]);
        room[0] = 0xa6; /* one pair more */
        cbor_put_uint(&o, PAYLOAD_KEY_WRITTEN);
        cbor_put_uint(&o, LIMIT_NUMBER);
        assert_int_equal(round_act_read_commit(out_str(&o), &read), ERR_OK);
        assert_int_equal(pad_bytes(o.len), padded[i]);
        assert_true(o.len - buckets[i] <= 160);
        assert_int_equal(pad_padme(padded[i]), padded[i]);
    }
}

static void assert_none_reads(struct str text)
{
    struct round_ask ask;
    struct round_commit commit;
    struct round_reveal reveal;
    struct round_close close;
    assert_int_equal(round_act_read_ask(text, &ask), ERR_UNREADABLE);
    assert_int_equal(round_act_read_commit(text, &commit), ERR_UNREADABLE);
    assert_int_equal(round_act_read_reveal(text, &reveal), ERR_UNREADABLE);
    assert_int_equal(round_act_read_close(text, &close), ERR_UNREADABLE);
}

/* Each act as bytes, for the tests below; which is 0 to 3. */
static struct str act_put(size_t which, uint8_t *memory, size_t cap)
{
    static uint8_t ct[LIMIT_BUCKET_SMALL + AEAD_TAG_BYTES];
    struct out o = out_over(memory, cap);
    struct round_ask ask = {.question = STR("?"), .bucket_n = LIMIT_BUCKET_SMALL, .until_ms = 1};
    struct round_commit commit = commit_of(ct, LIMIT_BUCKET_SMALL);
    struct round_reveal reveal = {.key = {1}};
    struct round_close close = {.round = {1}};
    if (which == 0) round_act_put_ask(&o, &ask);
    if (which == 1) round_act_put_commit(&o, &commit);
    if (which == 2) round_act_put_reveal(&o, &reveal);
    if (which == 3) round_act_put_close(&o, &close);
    return out_str(&o);
}

static size_t readers_of(struct str text)
{
    struct round_ask ask;
    struct round_commit commit;
    struct round_reveal reveal;
    struct round_close close;
    return (size_t)(round_act_read_ask(text, &ask) == ERR_OK) + (round_act_read_commit(text, &commit) == ERR_OK) +
           (round_act_read_reveal(text, &reveal) == ERR_OK) + (round_act_read_close(text, &close) == ERR_OK);
}

static void each_act_is_one_thing_only_and_whole(void **state)
{
    (void)state;
    for (size_t which = 0; which < 4; which++) {
        uint8_t room[1024] = {0};
        struct str text = act_put(which, room, sizeof room);
        assert_int_equal(readers_of(text), 1);
        for (size_t n = 0; n < text.len; n++) assert_none_reads(str_at(text.at, n));
        assert_none_reads(str_at(text.at, text.len + 1));
        for (uint8_t type = 0; type < 24; type++) {
            bool is_own = type == room[2];
            uint8_t kept = room[2];
            room[2] = type;
            assert_int_equal(readers_of(text), is_own ? 1 : 0);
            room[2] = kept;
        }
        room[0]++; /* one field more than it may have */
        struct out o = out_over(room, sizeof room);
        o.len = text.len;
        cbor_put_uint(&o, 9);
        cbor_put_uint(&o, 0);
        assert_none_reads(out_str(&o));
    }
}

static void a_misshapen_field_is_unreadable(void **state)
{
    (void)state;
    assert_none_reads(STR("\xa4\x01\x05\x02\x60\x03\x19\x01\x60\x04\x01"));         /* no question          */
    assert_none_reads(STR("\xa4\x01\x05\x02\x41?\x03\x19\x01\x60\x04\x01"));        /* a question of bytes  */
    assert_none_reads(STR("\xa4\x01\x05\x02\x61?\x03\x19\x01\x61\x04\x01"));        /* a bucket of 353      */
    assert_none_reads(STR("\xa4\x01\x05\x02\x61?\x03\x19\x02\x00\x04\x01"));        /* a bucket of 512      */
    assert_none_reads(STR("\xa4\x01\x05\x02\x61?\x03\x00\x04\x01"));                /* a bucket of 0        */
    assert_none_reads(STR("\xa4\x01\x05\x02\x61?\x03\x19\x01\x60\x04\x61x"));       /* until is a text      */
    assert_none_reads(STR("\xa3\x01\x05\x02\x61?\x03\x19\x01\x60"));                /* no until             */
    assert_int_equal(readers_of(STR("\xa4\x01\x05\x02\x61?\x03\x19\x01\x60\x04\x01")), 1); /* as it should be */
    assert_none_reads(STR("\xa2\x01\x08\x02\x41\x01"));                             /* a short round        */
    assert_none_reads(STR("\xa3\x01\x07\x02\x41\x01\x03\x41\x01"));
    assert_none_reads(STR("\xa5\x01\x06\x02\x41\x01\x03\x41\x01\x04\x41\x01\x05\x41\x01"));
    assert_false(round_act_is_bucket(0));
    assert_false(round_act_is_bucket(512));
    assert_false(round_act_is_bucket((UINT64_C(1) << 32) + LIMIT_BUCKET_SMALL));
    for (size_t i = 0; i < 3; i++) assert_true(round_act_is_bucket(buckets[i]));
}

static void put_an_ask_without_a_question(void)
{
    uint8_t room[64];
    struct round_ask ask = {.question = STR(""), .bucket_n = LIMIT_BUCKET_SMALL};
    struct out o = OUT_OVER(room);
    round_act_put_ask(&o, &ask);
}

static void put_an_ask_with_another_bucket(void)
{
    uint8_t room[64];
    struct round_ask ask = {.question = STR("?"), .bucket_n = 512};
    struct out o = OUT_OVER(room);
    round_act_put_ask(&o, &ask);
}

static void misuse_is_stopped(void **state)
{
    (void)state;
    assert_true(aborts(put_an_ask_without_a_question));
    assert_true(aborts(put_an_ask_with_another_bucket));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ask_comes_back),
        cmocka_unit_test(commit_reveal_and_close_come_back),
        cmocka_unit_test(R9_commits_of_a_bucket_are_equally_long),
        cmocka_unit_test(each_act_is_one_thing_only_and_whole),
        cmocka_unit_test(a_misshapen_field_is_unreadable),
        cmocka_unit_test(misuse_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
