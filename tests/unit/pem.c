/* pem.c -- a certificate or key as it stands in its file, and nothing left of it afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "harness/fault_alloc.h"
#include "harness/scratch.h"
#include "server/pem.h"

static char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES];

static int make_folder(void **state)
{
    (void)state;
    scratch_folder(folder);
    scratch_path(path, folder, "key.pem");
    return 0;
}

/* A file of so many bytes that say nothing in particular; hole: where a NUL stands, or none. */
static void write_file(size_t bytes_n, size_t hole)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (size_t i = 0; i < bytes_n; i++) assert_int_not_equal(fputc(i == hole ? 0 : 'A' + (int)(i % 61), file), EOF);
    assert_int_equal(fclose(file), 0);
}

static void assert_read(size_t bytes_n)
{
    struct pem pem = {.text = NULL};
    write_file(bytes_n, SIZE_MAX);
    assert_int_equal(pem_read(&pem, path), ERR_OK);
    assert_int_equal(strlen(pem.text), bytes_n);
    for (size_t i = 0; i < bytes_n; i++) assert_int_equal(pem.text[i], 'A' + (int)(i % 61));
    pem_wipe(&pem);
    assert_null(pem.text);
}

static void assert_refused(enum err wanted)
{
    static char before[] = "as it was";
    struct pem pem = {.text = before};
    size_t live_before = fault_alloc_live();
    assert_int_equal(pem_read(&pem, path), wanted);
    assert_ptr_equal(pem.text, before);
    assert_int_equal(fault_alloc_live(), live_before);
}

static void the_whole_file_is_read(void **state)
{
    (void)state;
    const size_t bytes_n[] = {0, 1, 1704, 4095, 4096, 4097, PEM_BYTES - 1, PEM_BYTES};
    for (size_t i = 0; i < sizeof bytes_n / sizeof *bytes_n; i++) assert_read(bytes_n[i]);
}

static void a_longer_one_is_refused(void **state)
{
    (void)state;
    write_file(PEM_BYTES + 1, SIZE_MAX);
    assert_refused(ERR_BAD_FIELD);
    write_file(10 * PEM_BYTES, SIZE_MAX);
    assert_refused(ERR_BAD_FIELD);
}

/* A NUL would make the rest of it unseen. */
static void one_with_a_nul_is_refused(void **state)
{
    (void)state;
    const size_t hole[] = {0, 1, 50, 99};
    for (size_t i = 0; i < sizeof hole / sizeof *hole; i++) {
        write_file(100, hole[i]);
        assert_refused(ERR_BAD_FIELD);
    }
    write_file(PEM_BYTES, PEM_BYTES - 1);
    assert_refused(ERR_BAD_FIELD);
}

static void what_cannot_be_read_is_told_apart(void **state)
{
    (void)state;
    struct pem pem = {.text = NULL};
    (void)unlink(path);
    assert_refused(ERR_NOT_FOUND);
    assert_int_equal(pem_read(&pem, folder), ERR_STORE); /* it opens, and cannot be read */
    write_file(100, SIZE_MAX);
    for (size_t n = 1;; n++) {
        fault_alloc_arm(n, FAULT_ALL);
        enum err e = pem_read(&pem, path);
        fault_alloc_disarm();
        if (e == ERR_OK) break;
        assert_true(e == ERR_NO_MEMORY);
        assert_true(n < 5);
    }
    pem_wipe(&pem);
}

/* ---- wiped -------------------------------------------------------------------------------------------- */

static size_t seen_n, secret_n;

/* Whatever is freed must not hold any of the file any more. */
static void look_for_secrets(const void *piece, size_t bytes)
{
    const char *at = piece;
    seen_n++;
    for (size_t i = 0; i + 4 <= bytes; i++) secret_n += memcmp(at + i, "BCDE", 4) == 0;
}

static void nothing_stays_behind(void **state)
{
    (void)state;
    struct pem pem;
    write_file(3000, SIZE_MAX);
    assert_int_equal(pem_read(&pem, path), ERR_OK);
    assert_non_null(strstr(pem.text, "BCDE"));
    seen_n = secret_n = 0;
    fault_alloc_on_free(look_for_secrets);
    pem_wipe(&pem);
    pem_wipe(&pem); /* there is none any more: nothing happens */
    write_file(3000, 2999);
    assert_int_equal(pem_read(&pem, path), ERR_BAD_FIELD);
    fault_alloc_on_free(NULL);
    assert_int_equal(seen_n, 2);
    assert_int_equal(secret_n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_file_is_read),
        cmocka_unit_test(a_longer_one_is_refused),
        cmocka_unit_test(one_with_a_nul_is_refused),
        cmocka_unit_test(what_cannot_be_read_is_told_apart),
        cmocka_unit_test(nothing_stays_behind),
    };
    return cmocka_run_group_tests(tests, make_folder, NULL);
}
