/* tamper.c -- see tamper.h. */
#include "harness/tamper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <sqlite3.h>

enum { SQL_BYTES = 2048 };

/* The text with the circle's number for each %s. */
static void put_number(char whole[static SQL_BYTES], const char *sql, const uint8_t *circle)
{
    char hex[2 * HASH_BYTES + 1], number[160];
    int n = 0;
    api_hex(hex, circle, HASH_BYTES);
    (void)snprintf(number, sizeof number, "(SELECT number FROM circle WHERE id = x'%s')", hex);
    whole[0] = '\0';
    for (const char *at = sql; *at != '\0'; at++) {
        bool is_number = at[0] == '%' && at[1] == 's';
        n += snprintf(whole + n, SQL_BYTES - (size_t)n, "%.*s", is_number ? (int)strlen(number) : 1,
                      is_number ? number : at);
        assert_in_range(n, 0, SQL_BYTES - 1);
        if (is_number) at++;
    }
}

void tamper(struct town *town, const char *sql)
{
    char whole[SQL_BYTES], *message = NULL;
    sqlite3 *db;
    put_number(whole, sql, town_circle(town));
    assert_true(daemon_stop(&town->daemon));
    assert_int_equal(sqlite3_open(town->daemon.data, &db), SQLITE_OK);
    int rc = sqlite3_exec(db, whole, NULL, NULL, &message);
    if (rc != SQLITE_OK) print_error("%s: %s\n", whole, message);
    sqlite3_free(message);
    assert_int_equal(rc, SQLITE_OK);
    assert_true(sqlite3_total_changes(db) > 0);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_true(daemon_restart(&town->daemon, &town->options));
}

int tamper_check(const struct town *town)
{
    const char *argument[] = {"check", "--data", town->daemon.data, NULL};
    return daemon_run(argument, NULL, 0);
}
