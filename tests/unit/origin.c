/* origin.c -- under which addresses people reach a server, from what is set and from its port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/aborts.h"
#include "server/origin.h"

static struct origin origin[ORIGINS];

/* Each hash is the one that statements are signed over, whoever made it. */
static void assert_origin(size_t i, const char *text)
{
    uint8_t hash[HASH_BYTES];
    assert_string_equal(origin[i].text, text);
    account_origin(hash, str_of_text(text));
    assert_memory_equal(origin[i].hash, hash, HASH_BYTES);
    assert_true(account_is_origin(str_of_text(text)));
}

static void where_none_is_set_there_are_two(void **state)
{
    (void)state;
    const struct config config = {.listen = "127.0.0.1:8787"};
    assert_int_equal(origins_of(&config, 8787, origin), 2);
    assert_origin(0, "http://localhost:8787");
    assert_origin(1, "http://127.0.0.1:8787");
    assert_int_equal(origins_of(&config, 65535, origin), 2);
    assert_origin(0, "http://localhost:65535");
}

static void the_usual_port_is_left_out(void **state)
{
    (void)state;
    struct config config = {.listen = "0.0.0.0:80"};
    assert_int_equal(origins_of(&config, 80, origin), 2);
    assert_origin(0, "http://localhost");
    assert_origin(1, "http://127.0.0.1");
    assert_int_equal(origins_of(&config, 443, origin), 2);
    assert_origin(0, "http://localhost:443");
    config.tls_cert = "cert.pem";
    assert_int_equal(origins_of(&config, 443, origin), 2);
    assert_origin(0, "https://localhost");
    assert_origin(1, "https://127.0.0.1");
    assert_int_equal(origins_of(&config, 80, origin), 2);
    assert_origin(0, "https://localhost:80");
    assert_origin(1, "https://127.0.0.1:80");
}

static void those_that_are_set_and_no_others(void **state)
{
    (void)state;
    char longest[ACCOUNT_ORIGIN_BYTES + 1] = "https://";
    for (size_t i = strlen(longest); i < 8 + 253; i++) longest[i] = i % 50 == 0 ? '.' : 'x';
    struct config config = {.listen = "[::]:8787", .origin = {.at = {"https://troth.example", longest}, .n = 2}};
    memset(origin, 0xaa, sizeof origin);
    assert_int_equal(origins_of(&config, 8787, origin), 2);
    assert_origin(0, "https://troth.example");
    assert_origin(1, longest);
    for (size_t i = 0; i < ORIGINS; i++) config.origin.at[i] = i % 2 == 0 ? "http://ana.example" : "http://ben.example:81";
    config.origin.n = ORIGINS;
    assert_int_equal(origins_of(&config, 1, origin), ORIGINS);
    for (size_t i = 0; i < ORIGINS; i++) assert_origin(i, config.origin.at[i]);
}

static void one_that_config_lets_through_too_long(void)
{
    static char text[ACCOUNT_ORIGIN_BYTES + 2] = "http://";
    memset(text + 7, 'x', sizeof text - 8);
    const struct config config = {.origin = {.at = {text}, .n = 1}};
    (void)origins_of(&config, 1, origin);
}

static void a_longer_one_is_misuse(void **state)
{
    (void)state;
    assert_true(aborts(one_that_config_lets_through_too_long));
}

static void the_port_is_what_stands_behind_the_last_colon(void **state)
{
    (void)state;
    static const struct {
        const char *listen;
        unsigned port;
    } row[] = {
        {"127.0.0.1:8787", 8787}, {"localhost:0", 0}, {"[::]:443", 443}, {"[2001:db8::1]:65535", 65535}, {"*:80", 80},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        const struct config config = {.listen = row[i].listen};
        assert_int_equal(origin_port(&config), row[i].port);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_none_is_set_there_are_two),
        cmocka_unit_test(the_usual_port_is_left_out),
        cmocka_unit_test(those_that_are_set_and_no_others),
        cmocka_unit_test(a_longer_one_is_misuse),
        cmocka_unit_test(the_port_is_what_stands_behind_the_last_colon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
