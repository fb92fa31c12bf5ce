/* home_circle.c -- circles of a home: entries as they came, the pin they lead to, the keys that open them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/aborts.h"
#include "harness/home_rig.h"

static char folder[SCRATCH_PATH_BYTES];
static struct home *home;
static uint64_t account;

static int setup(void **state)
{
    (void)state;
    scratch_folder(folder);
    home = home_rig_open(folder);
    account = home_rig_add_account(home, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    home_close(home);
    return 0;
}

static void open_again(void)
{
    home_close(home);
    home = home_rig_open(folder);
    home_expect(home_unlock(home, account, home_rig_key(1)), ERR_OK);
}

/* ---- circles -------------------------------------------------------------------------------- */

static enum err count_circle(void *ctx, const struct home_circle *circle)
{
    uint64_t *sum = ctx;
    *sum = *sum * 100 + circle->number; /* tells the order, too */
    assert_int_equal(circle->account, account);
    return ERR_OK;
}

static void circles_are_found_and_listed(void **state)
{
    (void)state;
    uint64_t number = 4711, sum = 0;
    struct home_circle circle;
    uint64_t a = home_rig_add_circle(home, account, 10), b = home_rig_add_circle(home, account, 11);
    uint64_t other = home_rig_add_account(home, 2), same = home_rig_add_circle(home, other, 10);
    home_expect(home_circle_add(home, account, home_rig_key(10), &number), ERR_EXISTS);
    assert_int_equal(number, 4711);
    home_expect(home_circle_add(home, 99, home_rig_key(12), &number), ERR_NOT_FOUND);
    home_expect(home_circle_find(home, account, home_rig_key(11), &number), ERR_OK);
    assert_int_equal(number, b);
    home_expect(home_circle_find(home, other, home_rig_key(10), &number), ERR_OK);
    assert_int_equal(number, same);
    home_expect(home_circle_find(home, other, home_rig_key(11), &number), ERR_NOT_FOUND);
    home_expect(home_circle_each(home, account, count_circle, &sum), ERR_OK);
    assert_int_equal(sum, a * 100 + b);
    home_lock(home, other); /* which circles there are needs no key */
    home_expect(home_circle_get(home, same, &circle), ERR_OK);
    assert_memory_equal(circle.id, home_rig_key(10), HASH_BYTES);
    assert_int_equal(circle.account, other);
    home_expect(home_circle_get(home, 99, &circle), ERR_NOT_FOUND);
}

static void what_a_list_shows(void **state)
{
    (void)state;
    uint64_t n = home_rig_add_circle(home, account, 10);
    struct home_circle_about about = {.standing = 255, .name_n = HOME_NAME_BYTES}, found;
    memset(about.name, 'N', sizeof about.name);
    home_expect(home_circle_about(home, n, &found), ERR_OK);
    assert_true(found.standing == 0 && found.name_n == 0);
    home_expect(home_circle_set_about(home, n, &about), ERR_OK);
    open_again();
    home_expect(home_circle_about(home, n, &found), ERR_OK);
    assert_true(found.standing == 255 && found.name_n == HOME_NAME_BYTES);
    assert_memory_equal(found.name, about.name, sizeof about.name);
    home_expect(home_circle_about(home, 99, &found), ERR_NOT_FOUND);
    home_expect(home_circle_set_about(home, 99, &found), ERR_NOT_FOUND);
}

/* ---- entries -------------------------------------------------------------------------------- */

struct walk {
    uint64_t next, n;
    enum err answer; /* of the visit, at stop_at */
    uint64_t stop_at;
};

static enum err compare(void *ctx, const struct home_entry *entry)
{
    struct walk *w = ctx;
    struct home_pin pin;
    uint64_t payload_n = 40 + w->next * 37 % 900; /* as home_rig_add_entries does */
    assert_int_equal(entry->seq, w->next);
    assert_int_equal(entry->first_seen_ms, 9000 + w->next);
    assert_true(str_is(entry->wire, home_rig_wire(w->next, payload_n)));
    home_expect(home_pin(home, 1, &pin), ERR_OK); /* a visit may read */
    w->next++;
    w->n++;
    return w->stop_at == entry->seq ? w->answer : ERR_OK;
}

static void entries_come_back_as_they_came_from_any_place_on(void **state)
{
    (void)state;
    uint64_t n = home_rig_add_circle(home, account, 10);
    struct home_pin pin;
    home_expect(home_pin(home, n, &pin), ERR_OK);
    assert_false(pin.is_set);
    struct walk none = {0};
    home_expect(home_entries_each(home, n, 0, compare, &none), ERR_OK);
    assert_int_equal(none.n, 0);
    home_expect(home_rig_add_entries(home, n, 37), ERR_OK);
    home_expect(home_rig_add_entries(home, home_rig_add_circle(home, account, 11), 5), ERR_OK);
    open_again();
    home_expect(home_pin(home, n, &pin), ERR_OK);
    assert_true(pin.is_set && pin.seq == 36);
    assert_memory_equal(pin.hash, home_rig_key(36), HASH_BYTES);
    static const uint64_t firsts[] = {0, 1, 36, 37, 38, LIMIT_SEQ, LIMIT_SEQ + 1};
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        struct walk w = {.next = firsts[i], .stop_at = UINT64_MAX};
        home_expect(home_entries_each(home, n, firsts[i], compare, &w), ERR_OK);
        assert_int_equal(w.n, firsts[i] <= 36 ? 37 - firsts[i] : 0);
    }
    struct walk some = {.stop_at = 9, .answer = ERR_BROKEN_CHAIN};
    home_expect(home_entries_each(home, n, 0, compare, &some), ERR_BROKEN_CHAIN);
    assert_int_equal(some.n, 10);
    struct walk one = {.next = 20, .stop_at = UINT64_MAX};
    home_expect(home_entry_get(home, n, 20, compare, &one), ERR_OK);
    assert_int_equal(one.n, 1);
    home_expect(home_entry_get(home, n, 37, compare, &one), ERR_NOT_FOUND);
    home_expect(home_entries_each(home, 99, 0, compare, &one), ERR_NOT_FOUND);
}

static void the_longest_entry_and_a_whole_page(void **state)
{
    (void)state;
    uint64_t n = home_rig_add_circle(home, account, 10);
    struct home_entry page[LIMIT_PAGE_ENTRIES];
    struct home_pin pin = {.is_set = true, .seq = LIMIT_PAGE_ENTRIES - 1};
    struct str wire = home_rig_wire(1, LIMIT_PAYLOAD_BYTES);
    for (size_t i = 0; i < LIMIT_PAGE_ENTRIES; i++) page[i] = (struct home_entry){.seq = i, .wire = wire};
    home_expect(home_entries_add(home, n, page, LIMIT_PAGE_ENTRIES, &pin), ERR_OK);
    home_expect(home_pin(home, n, &pin), ERR_OK);
    assert_int_equal(pin.seq, LIMIT_PAGE_ENTRIES - 1);
}

/* ---- payloads ------------------------------------------------------------------------------- */

static enum err copy_wire(void *ctx, const struct home_entry *entry)
{
    struct out *o = ctx;
    *o = out_over(o->at, HOME_ENTRY_BYTES);
    out_put(o, entry->wire);
    return ERR_OK;
}

static void a_payload_is_erased_and_put_back(void **state)
{
    (void)state;
    static uint8_t before[HOME_ENTRY_BYTES], after[HOME_ENTRY_BYTES];
    uint64_t n = home_rig_add_circle(home, account, 10);
    struct out was = OUT_OVER(before), is = OUT_OVER(after);
    struct entry entry, erased;
    struct why why;
    home_expect(home_rig_add_entries(home, n, 4), ERR_OK);
    home_expect(home_entry_get(home, n, 2, copy_wire, &was), ERR_OK);
    assert_true(home_rig_has(folder, home_rig_payload(2, 40 + 74)));
    home_expect(home_entry_set_payload(home, n, 2, STR("")), ERR_OK);
    home_expect(home_entry_get(home, n, 2, copy_wire, &is), ERR_OK);
    home_expect(entry_read(out_str(&was), &entry, &why), ERR_OK);
    home_expect(entry_read(out_str(&is), &erased, &why), ERR_OK);
    assert_int_equal(erased.payload.len, 0);
    assert_false(home_rig_has(folder, home_rig_payload(2, 40 + 74))); /* overwritten, not only forgotten */
    assert_memory_equal(erased.hash, entry.hash, HASH_BYTES);
    home_expect(home_entry_set_payload(home, n, 2, home_rig_payload(2, 40 + 74)), ERR_OK);
    home_expect(home_entry_get(home, n, 2, copy_wire, &is), ERR_OK);
    assert_true(str_is(out_str(&is), out_str(&was)));
    home_expect(home_entry_set_payload(home, n, 4, STR("")), ERR_NOT_FOUND);
}

/* ---- epoch keys ----------------------------------------------------------------------------- */

static enum err note_epoch(void *ctx, uint64_t epoch, const uint8_t key[static KEY_BYTES])
{
    uint64_t *sum = ctx;
    *sum = *sum * 1000 + epoch;
    assert_memory_equal(key, home_rig_key((unsigned)epoch + 1), KEY_BYTES);
    return ERR_OK;
}

static void epoch_keys_by_epoch(void **state)
{
    (void)state;
    uint64_t n = home_rig_add_circle(home, account, 10), sum = 0;
    home_expect(home_epoch_put(home, n, 300, home_rig_key(301)), ERR_OK);
    home_expect(home_epoch_put(home, n, 2, home_rig_key(77)), ERR_OK);
    home_expect(home_epoch_put(home, n, 2, home_rig_key(3)), ERR_OK); /* the right one, later */
    home_expect(home_epoch_put(home, 99, 2, home_rig_key(3)), ERR_NOT_FOUND);
    open_again();
    home_expect(home_epochs_each(home, n, note_epoch, &sum), ERR_OK);
    assert_int_equal(sum, 2300);
}

static void a_removed_circle_leaves_the_others(void **state)
{
    (void)state;
    uint64_t a = home_rig_add_circle(home, account, 10), b = home_rig_add_circle(home, account, 11), number;
    struct home_alarm alarm = {.circle = a, .evidence = STR("forked")};
    struct home_item item = home_rig_item(1);
    home_expect(home_rig_add_entries(home, b, 5), ERR_OK);
    enum err e;
    char *before = home_rig_all(home, &e), *after;
    home_expect(home_circle_remove(home, b), ERR_OK);
    home_expect(home_circle_remove(home, b), ERR_NOT_FOUND);
    b = home_rig_add_circle(home, account, 11);
    home_expect(home_rig_add_entries(home, b, 5), ERR_OK);
    home_expect(home_rig_add_entries(home, a, 5), ERR_OK);
    home_expect(home_item_add(home, a, &item), ERR_OK);
    home_expect(home_alarm_add(home, account, &alarm, &number), ERR_OK);
    home_expect(home_note_put(home, account, a, STR("x"), STR("y")), ERR_OK);
    home_expect(home_circle_remove(home, a), ERR_OK);
    after = home_rig_all(home, &e);
    home_expect(e, ERR_OK);
    assert_non_null(strstr(after, "circle n=3")); /* a number is never given twice */
    assert_null(strstr(after, "circle n=1"));
    assert_null(strstr(after, "alarm"));
    assert_null(strstr(after, "note"));
    assert_non_null(strstr(before, "circle n=1"));
    free(before);
    free(after);
}

/* ---- misuse --------------------------------------------------------------------------------- */

static struct home_entry two[2] = {{.seq = 0}, {.seq = 1}};
static struct home_pin to = {.is_set = true, .seq = 1};

static void leave_a_gap(void)
{
    two[1].seq = 2;
    to.seq = 2;
    (void)!home_entries_add(home, 1, two, 2, &to);
}

static void begin_too_late(void)
{
    two[0].seq = 1;
    (void)!home_entries_add(home, 1, two, 1, &to);
}

static void pin_elsewhere(void)
{
    to.seq = 0;
    (void)!home_entries_add(home, 1, two, 2, &to);
}

static void add_none(void)
{
    (void)!home_entries_add(home, 1, two, 0, &to);
}

static void another_payload(void)
{
    (void)!home_entry_set_payload(home, 2, 0, STR("not what the header says"));
}

static void misuse_stops_the_program(void **state)
{
    (void)state;
    (void)home_rig_add_circle(home, account, 10);
    home_expect(home_rig_add_entries(home, home_rig_add_circle(home, account, 11), 1), ERR_OK);
    assert_true(aborts(leave_a_gap));
    assert_true(aborts(begin_too_late));
    assert_true(aborts(pin_elsewhere));
    assert_true(aborts(add_none));
    assert_true(aborts(another_payload));
    home_expect(home_entries_add(home, 1, two, 2, &to), ERR_OK); /* each of them was wrong in one thing */
}

#define CIRCLE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CIRCLE_TEST(circles_are_found_and_listed),
        CIRCLE_TEST(what_a_list_shows),
        CIRCLE_TEST(entries_come_back_as_they_came_from_any_place_on),
        CIRCLE_TEST(the_longest_entry_and_a_whole_page),
        CIRCLE_TEST(a_payload_is_erased_and_put_back),
        CIRCLE_TEST(epoch_keys_by_epoch),
        CIRCLE_TEST(a_removed_circle_leaves_the_others),
        CIRCLE_TEST(misuse_stops_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
