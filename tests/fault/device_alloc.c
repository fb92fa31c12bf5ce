/* device_alloc.c -- an allocation fails, whichever it is, while a circle is read, folded, signed in and closed again:
 * NO_MEMORY is all that comes of it, what was taken is given back, and the same steps with memory go through. The
 * browser's calls, too: they say so, and the circle may be closed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "device/batch.h"
#include "harness/fault_alloc.h"
#include "harness/people.h"
#include "wasm/call.h"
#include "wasm/exports.h"

#define NOON_MS UINT64_C(1770000000000)
enum { CEILING_BYTES = 64 * 1024 * 1024, NOTES = 40 };

static struct person ana, ben;
static struct room a, b, *const both[2] = {&a, &b};
static struct arena memory;
static struct str record, note;

static int make(void **state)
{
    (void)state;
    arena_init(&memory, CEILING_BYTES);
    person_init(&ana, "Ana", 1);
    person_init(&ben, "Ben", 2);
    room_init(&a, &ana, NOON_MS);
    room_init(&b, &ben, NOON_MS);
    rooms_gather(both, 2, &memory);
    for (int i = 0; i < NOTES; i++) rooms_take(both, 2, room_say(&a, &memory, people_note(&memory, "a note")));
    uint64_t seq = a.chain.circle.head_seq;
    rooms_take(both, 2, room_redact_bare(&a, &memory, &seq, 1));
    record = room_sequence(&a, &memory, 0);
    note = people_note(&memory, "one more");
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    room_fini(&a);
    room_fini(&b);
    arena_fini(&memory);
    return 0;
}

/* ---- device ------------------------------------------------------------------------------------------- */

static enum err read_all(struct copy *copy)
{
    struct str left = record, wire;
    struct why why;
    enum err e = ERR_OK;
    while (e == ERR_OK && left.len > 0) {
        assert_int_equal(cbor_first(left, &wire, &left), ERR_OK);
        e = copy_add(copy, wire, COPY_KNOWN, 0, NULL, &why);
    }
    return e == ERR_OK ? copy_fold(copy) : e;
}

static enum err read_and_sign(struct copy *copy)
{
    static struct batch batch;
    struct item item[2] = {{.kind = ITEM_SAY, .group = 1, .content = note},
                           {.kind = ITEM_ROTATE, .group = 2, .content = STR("\x05")}};
    item[0].id[0] = 1;
    item[1].id[0] = 2;
    enum err e = read_all(copy);
    if (e != ERR_OK) return e;
    e = batch_sign(&batch, copy, item, 2, NOON_MS);
    if (e == ERR_OK) assert_int_equal(batch.entry_n, 2);
    batch_fini(&batch);
    return e == ERR_OK ? copy_settle(copy) : e;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    size_t live_before = fault_alloc_live(), failed_n = 0;
    for (bool has_failed = true; has_failed; failed_n += has_failed) {
        struct copy copy;
        copy_init(&copy, a.chain.circle.id, &ana.keys, CEILING_BYTES);
        fault_alloc_arm(failed_n + 1, FAULT_ONE);
        enum err e = read_and_sign(&copy);
        has_failed = fault_alloc_has_failed();
        fault_alloc_disarm();
        assert_int_equal(e, has_failed ? ERR_NO_MEMORY : ERR_OK);
        if (!copy.is_broken && copy_n(&copy) == a.chain.index.row_n) {
            assert_int_equal(copy_settle(&copy), ERR_OK); /* the fold may be tried again */
            assert_int_equal(state_row_n(&copy.state), copy_n(&copy));
        }
        copy_fini(&copy);
    }
    printf("reading %u entries and signing two: %zu allocations failed, one at a time\n",
           (unsigned)a.chain.index.row_n, failed_n);
    assert_true(failed_n > 40);
    assert_int_equal(fault_alloc_live(), live_before);
}

/* ---- the browser's calls -------------------------------------------------------------------------------- */

static int32_t ask(int32_t (*call)(uint32_t handle, uint32_t n), uint32_t handle, struct str in)
{
    uint8_t *room = troth_room((uint32_t)in.len);
    assert_non_null(room);
    if (in.len > 0) memcpy(room, in.at, in.len);
    return call(handle, (uint32_t)in.len);
}

static uint32_t answered(void)
{
    struct cbor_map map;
    uint64_t n;
    assert_int_equal(cbor_map(str_at(troth_answer(), troth_answer_n()), &map), ERR_OK);
    assert_int_equal(cbor_uint(map.item[1], &n), ERR_OK);
    return (uint32_t)n;
}

static int32_t look_around(uint32_t circle)
{
    const uint8_t rows[] = {0xa2, 1, 0, 2, 24, 100};
    int32_t (*const call[])(uint32_t handle, uint32_t n) = {troth_circle_loaded, troth_members, troth_invites,
                                                            troth_circle_status, troth_head};
    int32_t status = ask(troth_circle_load, circle, record);
    for (size_t i = 0; status == ERR_OK && i < sizeof call / sizeof *call; i++) status = ask(call[i], circle, STR(""));
    if (status == CALL_BAD_TIME) status = ask(troth_circle_check, circle, record); /* nobody has a pin: all of it */
    return status == ERR_OK ? ask(troth_rows, circle, STR_OF(rows)) : status;
}

static int32_t open_and_look(void)
{
    uint8_t asked[64];
    struct out o = OUT_OVER(asked);
    cbor_put_map(&o, 1);
    cbor_put_uint(&o, 1);
    cbor_put_bytes(&o, str_at(a.chain.circle.id, HASH_BYTES));
    int32_t status = ask(troth_circle_open, 0, out_str(&o));
    if (status != ERR_OK) return status;
    uint32_t circle = answered();
    status = look_around(circle);
    assert_int_equal(troth_close(circle), ERR_OK);
    return status;
}

static void any_call_may_run_out_of_memory(void **state)
{
    (void)state;
    size_t live_before = fault_alloc_live(), failed_n = 0;
    for (bool has_failed = true; has_failed; failed_n += has_failed) {
        fault_alloc_arm(failed_n + 1, FAULT_ONE);
        int32_t status = open_and_look();
        has_failed = fault_alloc_has_failed();
        fault_alloc_disarm();
        if (has_failed) assert_true(status == ERR_NO_MEMORY || status == CALL_NO_SLOT);
        else assert_int_equal(status, ERR_OK);
    }
    printf("a circle of the browser, read: %zu allocations failed, one at a time\n", failed_n);
    assert_true(failed_n > 10);
    troth_lock();
    assert_int_equal(fault_alloc_live(), live_before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(any_call_may_run_out_of_memory),
    };
    return record_open() != ERR_OK || cmocka_run_group_tests(tests, make, unmake);
}
