/* ids.c -- each id is found where it was put, of many thousands, and no other is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/random.h"
#include "practice/ids.h"

enum { IDS = 20000 };

static void every_id_is_found_and_no_other(void **state)
{
    (void)state;
    static uint8_t id[IDS][ID_BYTES];
    struct arena a;
    struct ids ids;
    struct random r;
    uint32_t place = 0;
    random_init(&r, "a table of ids");
    arena_init(&a, 1 << 24);
    ids_init(&ids, &a);
    assert_false(ids_find(&ids, id[0], &place));
    for (uint32_t i = 0; i < IDS; i++) {
        if (i % 2 == 0) random_bytes(&r, id[i], ID_BYTES);
        else memcpy(id[i], &i, sizeof i); /* as like one another as can be */
        assert_false(ids_find(&ids, id[i], &place));
        assert_int_equal(ids_reserve(&ids), ERR_OK);
        ids_add(&ids, id[i]);
    }
    for (uint32_t i = 0; i < IDS; i++) {
        assert_true(ids_find(&ids, id[i], &place));
        assert_int_equal(place, i);
    }
    uint8_t none[ID_BYTES];
    for (uint32_t i = 0; i < IDS; i++) {
        random_bytes(&r, none, sizeof none);
        assert_false(ids_find(&ids, none, &place));
    }
    arena_fini(&a);
}

static void without_memory_it_stays_as_it_was(void **state)
{
    (void)state;
    static const uint8_t id[ID_BYTES] = "one";
    struct arena a;
    struct ids ids;
    uint32_t place;
    arena_init(&a, 100);
    ids_init(&ids, &a);
    assert_int_equal(ids_reserve(&ids), ERR_NO_MEMORY);
    assert_false(ids_find(&ids, id, &place));
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_id_is_found_and_no_other),
        cmocka_unit_test(without_memory_it_stays_as_it_was),
    };
    return record_open() != ERR_OK || cmocka_run_group_tests(tests, NULL, NULL);
}
