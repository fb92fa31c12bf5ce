/* hello.c -- what somebody who has just started a server is told to type. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "server/hello.h"

static void assert_typed(const char *typed, const char *folder, const char *path, const char *cwd)
{
    char text[128];
    hello_client(text, sizeof text, folder, path, cwd);
    assert_string_equal(text, typed);
}

static void by_name_where_the_path_leads_to_it(void **state)
{
    (void)state;
    assert_typed("troth", "/usr/local/bin", "/usr/bin:/usr/local/bin:/bin", "/srv");
    assert_typed("troth", "/usr/local/bin", "/usr/local/bin", NULL);
    assert_typed("troth", "/opt/troth/build", "/bin:/opt/troth/build", "/opt/troth");
}

static void a_folder_that_only_begins_alike_is_another(void **state)
{
    (void)state;
    assert_typed("/usr/bin/troth", "/usr/bin", "/usr/bin2:/opt/usr/bin:/usr", "/srv");
    assert_typed("/opt/troth/troth", "/opt/troth", "", "/opt/tr");
}

static void by_the_shortest_path_from_where_they_are(void **state)
{
    (void)state;
    assert_typed("build/troth", "/opt/troth/build", "/bin", "/opt/troth");
    assert_typed("./troth", "/opt/troth/build", NULL, "/opt/troth/build");
    assert_typed("/opt/troth/build/troth", "/opt/troth/build", "/bin", "/srv");
    assert_typed("/opt/troth/build/troth", "/opt/troth/build", "/bin", NULL);
}

static void in_quotes_where_a_shell_would_take_it_apart(void **state)
{
    (void)state;
    assert_typed("'/opt/our things/build/troth'", "/opt/our things/build", "/bin", "/srv");
    assert_typed("build/troth", "/opt/our things/build", "/bin", "/opt/our things");
}

static void with_the_link_behind_it(void **state)
{
    (void)state;
    char text[2048] = "";
    FILE *to = fmemopen(text, sizeof text, "w");
    assert_non_null(to);
    struct origin origin = {.text = "http://localhost:8787"};
    struct hello hello = {.origin = &origin, .origin_n = 1, .data = "troth.db", .permit = STR("P1-ABCD")};
    hello_say(to, &hello);
    assert_int_equal(fclose(to), 0);
    assert_non_null(strstr(text, "Troth is running at http://localhost:8787\n"));
    assert_non_null(strstr(text, "\n  http://localhost:8787/#P1-ABCD\n"));
    /* Beside this test there is no client, so none is named. */
    assert_null(strstr(text, " start "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_name_where_the_path_leads_to_it),
        cmocka_unit_test(a_folder_that_only_begins_alike_is_another),
        cmocka_unit_test(by_the_shortest_path_from_where_they_are),
        cmocka_unit_test(in_quotes_where_a_shell_would_take_it_apart),
        cmocka_unit_test(with_the_link_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
