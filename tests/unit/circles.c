/* circles.c -- what a request changed in memory stands, or is taken back, or is read from the store again.
 *
 * Whether a circle is still open is seen by a change that the store never hears of: it is there as long as
 * the circle is open, and gone when it was read again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/fault_alloc.h"
#include "harness/store_rig.h"
#include "server/circles.h"

enum { MARKED = 1000000 }; /* a head seq that no store has */

static struct circles circles;

/* A circle's id; differs from others in the first byte and behind it, or behind it alone. */
static const uint8_t *circle_id(unsigned n)
{
    static uint8_t id[4][HASH_BYTES];
    static unsigned next;
    uint8_t *bytes = id[next++ % 4];
    memset(bytes, 0x5a, HASH_BYTES);
    bytes[0] = (uint8_t)n;
    bytes[30] = (uint8_t)(n >> 8);
    bytes[31] = (uint8_t)n;
    return bytes;
}

static void save(struct out *saved, unsigned n)
{
    struct circle circle = {.is_begun = true, .member_n = 1};
    memcpy(circle.id, circle_id(n), HASH_BYTES);
    memcpy(circle.member[0].sign_pk, rig_key(n), SIGN_PK_BYTES);
    circle_save(saved, &circle);
    assert_false(saved->is_full);
}

/* Circle n in the store, with its head at n. */
static uint64_t add(struct store *s, unsigned n)
{
    uint8_t memory[CIRCLE_SAVED_BYTES];
    struct out saved = OUT_OVER(memory);
    struct store_head head = rig_head(n);
    uint64_t number = 0;
    save(&saved, n);
    expect(store_circle_add(s, circle_id(n), &head, out_str(&saved), &number), ERR_OK);
    return number;
}

static void add_all(struct store *s, unsigned first, unsigned last)
{
    rig_begin(s);
    for (unsigned n = first; n <= last; n++) (void)add(s, n);
    rig_commit(s);
}

static struct circles_open *find(struct store *s, unsigned n)
{
    struct circles_open *open = NULL;
    expect(circles_find(&circles, s, circle_id(n), &open), ERR_OK);
    assert_memory_equal(open->circle.id, circle_id(n), HASH_BYTES);
    return open;
}

/* One request that marks a circle, and is kept. */
static void mark(struct store *s, unsigned n)
{
    find(s, n)->circle.head_seq = MARKED + n;
    circles_keep(&circles);
}

static bool is_marked(struct store *s, unsigned n)
{
    uint64_t seq = find(s, n)->circle.head_seq;
    circles_keep(&circles);
    assert_true(seq == n || seq == MARKED + n);
    return seq != n;
}

static int setup_mem(void **state)
{
    circles_init(&circles);
    return store_rig_setup_mem(state);
}

static int setup_sqlite(void **state)
{
    circles_init(&circles);
    return store_rig_setup_sqlite(state);
}

static int teardown(void **state)
{
    circles_fini(&circles);
    return store_rig_teardown(state);
}

/* ---- finding ------------------------------------------------------------------------------------ */

static void a_circle_is_found_as_the_store_has_it(void **state)
{
    struct store *s = ((struct store_rig *)*state)->writer;
    struct circles_open *open;
    add_all(s, 1, 3);
    open = find(s, 2);
    assert_int_equal(open->number, 2);
    assert_int_equal(open->circle.head_seq, 2);
    assert_memory_equal(open->circle.head_hash, rig_head(2).hash, HASH_BYTES);
    assert_int_equal(open->payload_bytes, 20);
    assert_int_equal(open->circle.member_n, 1);
    assert_memory_equal(open->circle.member[0].sign_pk, rig_key(2), SIGN_PK_BYTES);
    circles_keep(&circles);
    expect(circles_find_number(&circles, s, 3, &open), ERR_OK);
    assert_memory_equal(open->circle.id, circle_id(3), HASH_BYTES);
    assert_ptr_equal(find(s, 3), open);
    circles_keep(&circles);
}

static void what_is_not_there_is_not_found(void **state)
{
    struct store *s = ((struct store_rig *)*state)->writer;
    struct circles_open *open = NULL;
    add_all(s, 1, 1);
    expect(circles_find(&circles, s, circle_id(2), &open), ERR_NO_CIRCLE);
    expect(circles_find(&circles, s, circle_id(1 + 256), &open), ERR_NO_CIRCLE);
    expect(circles_find_number(&circles, s, 2, &open), ERR_NOT_FOUND);
    assert_null(open);
    mark(s, 1); /* the one that is there can be found and changed as ever */
    assert_true(is_marked(s, 1));
}

static void a_state_that_does_not_fit_is_damage(void **state)
{
    struct store *s = ((struct store_rig *)*state)->writer;
    struct store_head head = rig_head(7);
    struct circles_open *open = NULL;
    uint8_t memory[CIRCLE_SAVED_BYTES];
    struct out of_another = OUT_OVER(memory);
    uint64_t number;
    save(&of_another, 8);
    rig_begin(s);
    expect(store_circle_add(s, circle_id(7), &head, STR("no state"), &number), ERR_OK);
    expect(store_circle_add(s, circle_id(9), &head, out_str(&of_another), &number), ERR_OK);
    rig_commit(s);
    expect(circles_find(&circles, s, circle_id(7), &open), ERR_STORE_DAMAGED);
    expect(circles_find(&circles, s, circle_id(9), &open), ERR_STORE_DAMAGED);
    assert_null(open);
}

/* ---- keeping, taking back ------------------------------------------------------------------------- */

static void what_is_kept_stands(void **state)
{
    struct store *s = ((struct store_rig *)*state)->writer;
    add_all(s, 1, 2);
    mark(s, 1);
    assert_true(is_marked(s, 1));
    circles_undo(&circles); /* no request is in work: nothing to take back */
    assert_true(is_marked(s, 1));
    assert_false(is_marked(s, 2));
}

static void what_is_undone_is_as_it_was_before_the_request(void **state)
{
    struct store *s = ((struct store_rig *)*state)->writer;
    add_all(s, 1, 2);
    mark(s, 1);
    struct circles_open *open = find(s, 1);
    struct circle before = open->circle;
    memset(open->circle.member, 0xee, sizeof open->circle.member);
    open->circle.member_n = 7;
    open->circle.head_seq++;
    open->circle.must_rotate = true;
    open->payload_bytes = 4711;
    assert_ptr_equal(find(s, 1), open); /* found again in the same request: still the request's */
    open->circle.head_seq++;
    circles_undo(&circles);
    open = find(s, 1);
    assert_memory_equal(&open->circle, &before, sizeof before);
    assert_int_equal(open->payload_bytes, 10);
    circles_keep(&circles);
    assert_true(is_marked(s, 1));
    mark(s, 2); /* the next request is kept for itself */
    assert_true(is_marked(s, 2));
}

/* Ids 3, 3 + 256 and 3 + 512 stand in one list: what came into it behind the changed one stays in it. */
static void what_was_opened_meanwhile_stays_open(void **state)
{
    struct store *s = ((struct store_rig *)*state)->writer;
    add_all(s, 1, 3 + 512);
    mark(s, 3);
    struct circles_open *changed = find(s, 3 + 256);
    changed->circle.head_seq = 1;
    struct circles_open *other = find(s, 3 + 512);
    circles_undo(&circles);
    assert_ptr_equal(find(s, 3 + 512), other);
    circles_keep(&circles);
    assert_ptr_equal(find(s, 3 + 256), changed);
    assert_int_equal(changed->circle.head_seq, 3 + 256);
    circles_keep(&circles);
    assert_true(is_marked(s, 3));
}

static void a_circle_that_is_begun_is_found_until_it_is_undone(void **state)
{
    struct store *s = ((struct store_rig *)*state)->writer;
    struct circles_open *open = NULL;
    add_all(s, 1, 1);
    mark(s, 1);
    expect(circles_begin(&circles, 99, circle_id(5), &open), ERR_OK);
    assert_int_equal(open->number, 99);
    assert_false(open->circle.is_begun);
    assert_ptr_equal(find(s, 5), open);
    circles_undo(&circles);
    open = NULL;
    expect(circles_find(&circles, s, circle_id(5), &open), ERR_NO_CIRCLE);
    assert_null(open);
    assert_true(is_marked(s, 1));

    expect(circles_begin(&circles, 99, circle_id(5), &open), ERR_OK);
    open->circle.head_seq = MARKED + 5;
    circles_keep(&circles);
    assert_true(is_marked(s, 5)); /* kept, although the store has never heard of it */
    mark(s, 1);
    find(s, 5)->circle.head_seq = 0;
    circles_undo(&circles); /* now it is a circle like any other: it changes back, and stays */
    assert_true(is_marked(s, 5));
}

/* ---- forgetting, closing the oldest --------------------------------------------------------------- */

static void what_is_forgotten_is_read_again(void **state)
{
    struct store *s = ((struct store_rig *)*state)->writer;
    struct circles_open *open;
    add_all(s, 1, 600);
    for (unsigned n = 1; n <= 300; n++) mark(s, n);
    find(s, 4)->circle.head_seq = 0; /* in the middle of a request */
    circles_forget(&circles);
    circles_undo(&circles);
    for (unsigned n = 1; n <= 600; n++) assert_false(is_marked(s, n));
    expect(circles_begin(&circles, 99, circle_id(1000), &open), ERR_OK);
    circles_forget(&circles);
    expect(circles_find(&circles, s, circle_id(1000), &open), ERR_NO_CIRCLE);
}

static void of_too_many_the_one_used_longest_ago_is_closed(void **state)
{
    struct store *s = ((struct store_rig *)*state)->writer;
    add_all(s, 1, CIRCLES_OPEN + 3);
    for (unsigned n = 1; n <= CIRCLES_OPEN; n++) mark(s, n);
    assert_true(is_marked(s, 1)); /* now 2 is the oldest */
    mark(s, CIRCLES_OPEN + 1);
    assert_true(is_marked(s, 1));
    for (unsigned n = 3; n <= CIRCLES_OPEN + 1; n++) assert_true(is_marked(s, n));
    assert_false(is_marked(s, 2)); /* read again: now 1 is gone */
    assert_false(is_marked(s, 1));
    assert_false(is_marked(s, 3));
    assert_true(is_marked(s, 5));
}

/* What a request has in its hands is not closed, whatever else it asks for; afterwards there are no more
 * open than there may be. */
static void nothing_is_closed_in_the_middle_of_a_request(void **state)
{
    struct store *s = ((struct store_rig *)*state)->writer;
    enum { MORE = 20 };
    add_all(s, 1, CIRCLES_OPEN + MORE);
    for (unsigned n = 1; n <= CIRCLES_OPEN; n++) mark(s, n);
    struct circles_open *first = find(s, 1);
    for (unsigned n = CIRCLES_OPEN + 1; n < CIRCLES_OPEN + MORE; n++) (void)find(s, n);
    assert_ptr_equal(find(s, 1), first);
    circles_undo(&circles);
    for (unsigned n = 1; n <= CIRCLES_OPEN; n++) assert_true(is_marked(s, n));
    mark(s, CIRCLES_OPEN + MORE);
    size_t live_n = fault_alloc_live();
    circles_forget(&circles);
    assert_int_equal(live_n - fault_alloc_live(), CIRCLES_OPEN);
}

static void a_new_circle_is_not_the_oldest(void **state)
{
    struct store *s = ((struct store_rig *)*state)->writer;
    struct circles_open *open;
    add_all(s, 1, CIRCLES_OPEN + 1);
    for (unsigned n = 1; n < CIRCLES_OPEN; n++) mark(s, n);
    expect(circles_begin(&circles, 9999, circle_id(2000), &open), ERR_OK);
    open->circle.head_seq = MARKED + 2000;
    circles_keep(&circles);
    mark(s, CIRCLES_OPEN);
    assert_true(is_marked(s, 2000));
    assert_false(is_marked(s, 1));
}

static void without_memory_nothing_is_opened(void **state)
{
    struct store *s = ((struct store_rig *)*state)->writer;
    struct circles_open *open = NULL;
    add_all(s, 1, 2);
    mark(s, 1);
    fault_alloc_arm(1, FAULT_ALL);
    expect(circles_find(&circles, s, circle_id(2), &open), ERR_NO_MEMORY);
    expect(circles_begin(&circles, 3, circle_id(3), &open), ERR_NO_MEMORY);
    expect(circles_find(&circles, s, circle_id(1), &open), ERR_OK); /* is open already */
    fault_alloc_disarm();
    circles_keep(&circles);
    assert_true(is_marked(s, 1));
    assert_false(is_marked(s, 2));
}

#define CIRCLES_TEST(f)                                                                                                \
    {#f " (mem)", f, setup_mem, teardown, NULL},                                                                       \
    {#f " (sqlite)", f, setup_sqlite, teardown, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CIRCLES_TEST(a_circle_is_found_as_the_store_has_it),
        CIRCLES_TEST(what_is_not_there_is_not_found),
        CIRCLES_TEST(a_state_that_does_not_fit_is_damage),
        CIRCLES_TEST(what_is_kept_stands),
        CIRCLES_TEST(what_is_undone_is_as_it_was_before_the_request),
        CIRCLES_TEST(what_was_opened_meanwhile_stays_open),
        CIRCLES_TEST(a_circle_that_is_begun_is_found_until_it_is_undone),
        CIRCLES_TEST(what_is_forgotten_is_read_again),
        CIRCLES_TEST(of_too_many_the_one_used_longest_ago_is_closed),
        CIRCLES_TEST(nothing_is_closed_in_the_middle_of_a_request),
        CIRCLES_TEST(a_new_circle_is_not_the_oldest),
        CIRCLES_TEST(without_memory_nothing_is_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
