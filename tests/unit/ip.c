/* ip.c -- addresses: read, grouped, cut short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/ip.h"

static struct ip parsed(const char *text)
{
    struct ip ip;
    if (ip_parse(str_of_text(text), &ip)) fail_msg("%s is an address", text);
    return ip;
}

static void expect_short(const char *text, const char *wanted)
{
    uint8_t room[IP_TEXT_BYTES];
    struct out o = OUT_OVER(room);
    struct ip ip = parsed(text);
    ip_put_short(&o, &ip);
    assert_true(str_is(out_str(&o), str_of_text(wanted)));
}

static void addresses_are_read(void **state)
{
    (void)state;
    struct ip ip = parsed("192.0.2.7");
    assert_false(ip.is_v6);
    assert_memory_equal(ip.at, "\xc0\x00\x02\x07", 4);
    ip = parsed("2001:db8::7");
    assert_true(ip.is_v6);
    assert_memory_equal(ip.at, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07", 16);
    ip = parsed("[2001:db8::7]");
    assert_true(ip.is_v6);
}

static void an_ipv4_address_inside_ipv6_is_ipv4(void **state)
{
    (void)state;
    struct ip inside = parsed("::ffff:192.0.2.7"), plain = parsed("192.0.2.7");
    assert_memory_equal(&inside, &plain, sizeof plain);
    assert_true(parsed("::fffe:192.0.2.7").is_v6);
    assert_true(parsed("::192.0.2.7").is_v6);
}

static void what_is_no_address_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    const char *const wrong[] = {"", "ana", "192.0.2", "192.0.2.256", "192.0.2.7 ", " 192.0.2.7", "192.0.2.7:80",
                                 "[192.0.2.7]", "[]", "[", "2001:db8", "2001:db8::7::1", "2001:db8::7%eth0",
                                 "0x7f.0.0.1", "127.1", "1111111111111111111111111111111111111111111111111111111"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct ip ip = parsed("192.0.2.7"), before = ip;
        assert_int_equal(ip_parse(str_of_text(wrong[i]), &ip), ERR_BAD_FIELD);
        assert_memory_equal(&ip, &before, sizeof ip);
    }
    struct ip ip;
    assert_int_equal(ip_parse(STR("192.0.2.7\0"), &ip), ERR_BAD_FIELD);
    assert_int_equal(ip_parse((struct str){0}, &ip), ERR_BAD_FIELD);
}

static void ranges_hold_what_they_should(void **state)
{
    (void)state;
    static const struct {
        const char *range, *ip;
        bool is_in;
    } row[] = {
        {"192.0.2.7", "192.0.2.7", true},        {"192.0.2.7", "192.0.2.8", false},
        {"192.0.2.0/24", "192.0.2.255", true},   {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.128/25", "192.0.2.127", false}, {"192.0.2.128/25", "192.0.2.200", true},
        {"0.0.0.0/0", "203.0.113.9", true},      {"0.0.0.0/0", "2001:db8::7", false},
        {"10.0.0.0/8", "10.255.1.2", true},      {"10.0.0.0/8", "11.0.0.0", false},
        {"2001:db8::/32", "2001:db8:ffff::1", true}, {"2001:db8::/32", "2001:db9::1", false},
        {"2001:db8::/33", "2001:db8:8000::", false}, {"::/0", "2001:db8::7", true},
        {"::/0", "192.0.2.7", false},            {"192.0.2.7/32", "::ffff:192.0.2.7", true},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct ip_range range;
        struct ip ip = parsed(row[i].ip);
        assert_int_equal(ip_parse_range(str_of_text(row[i].range), &range), ERR_OK);
        assert_int_equal(ip_is_in(&ip, &range), row[i].is_in);
    }
}

static void what_is_no_range_is_refused(void **state)
{
    (void)state;
    const char *const wrong[] = {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/8x", "10.0.0.0/-8", "10.0.0.1/8",
                                 "10.0.0.0/0008", "2001:db8::/129", "2001:db8::1/64", "10.0.0.0/8/8", "ana/8"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct ip_range range;
        assert_int_equal(ip_parse_range(str_of_text(wrong[i]), &range), ERR_BAD_FIELD);
    }
}

static void loopback_is_known(void **state)
{
    (void)state;
    const char *const here[] = {"127.0.0.1", "127.200.3.4", "::1", "::ffff:127.0.0.1"};
    const char *const elsewhere[] = {"128.0.0.1", "0.0.0.0", "192.0.2.7", "::", "::2", "1::1"};
    for (size_t i = 0; i < 4; i++) {
        struct ip ip = parsed(here[i]);
        assert_true(ip_is_loopback(&ip));
    }
    for (size_t i = 0; i < 6; i++) {
        struct ip ip = parsed(elsewhere[i]);
        assert_false(ip_is_loopback(&ip));
    }
}

/* One household, one group: all of an IPv6 /64, one IPv4 address. */
static void clients_are_grouped(void **state)
{
    (void)state;
    struct ip a = parsed("2001:db8:1:2::7"), b = parsed("2001:db8:1:2:ffff::1"), c = parsed("2001:db8:1:3::7");
    struct ip d = parsed("192.0.2.7"), e = parsed("192.0.2.8");
    assert_true(str_is(ip_group(&a), ip_group(&b)));
    assert_false(str_is(ip_group(&a), ip_group(&c)));
    assert_false(str_is(ip_group(&d), ip_group(&e)));
    assert_int_equal(ip_group(&d).len, 4);
    assert_int_equal(ip_group(&a).len, 8);
}

static void a_log_sees_no_more_than_the_short_form(void **state)
{
    (void)state;
    expect_short("192.0.2.7", "192.0.2.0/24");
    expect_short("255.255.255.255", "255.255.255.0/24");
    expect_short("::ffff:192.0.2.7", "192.0.2.0/24");
    expect_short("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48");
    expect_short("::1", "::/48");
    expect_short("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff::/48");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(an_ipv4_address_inside_ipv6_is_ipv4),
        cmocka_unit_test(what_is_no_address_is_refused_and_changes_nothing),
        cmocka_unit_test(ranges_hold_what_they_should),
        cmocka_unit_test(what_is_no_range_is_refused),
        cmocka_unit_test(loopback_is_known),
        cmocka_unit_test(clients_are_grouped),
        cmocka_unit_test(a_log_sees_no_more_than_the_short_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
