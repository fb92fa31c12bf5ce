/* qr.c -- the code on the terminal is the code: every square, and the light edge around it. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <qrencode.h>

#include "cli/qr.h"

static struct say say;
static char *drawn;
static size_t drawn_n;
static const struct str link_text = {
    (const uint8_t *)"http://localhost:8787/#J1-ABCD-EFGH-JKMN-PQRS-TVWX-YZ01-2345-6789-ABCD"
                     "@http://localhost:8787",
    92};

static bool draw(struct str text, unsigned columns, bool is_terminal, bool has_styles)
{
    const struct say_terminal terminal = {
        .columns = columns, .is_terminal = is_terminal, .has_styles = has_styles, .has_256 = true};
    bool is_drawn = false;
    FILE *to = open_memstream(&drawn, &drawn_n);
    assert_non_null(to);
    say_init_as(&say, to, &terminal);
    assert_int_equal(qr_draw(&say, text, &is_drawn), ERR_OK);
    assert_int_equal(fclose(to), 0);
    return is_drawn;
}

/* Whether the square in that row is light, in the character at *at; moves on past it when the row is the lower one. */
static bool is_light(const char **at, bool is_lower)
{
    bool is_full = strncmp(*at, "\u2588", 3) == 0, is_up = strncmp(*at, "\u2580", 3) == 0;
    bool is_low = strncmp(*at, "\u2584", 3) == 0;
    assert_true(is_full || is_up || is_low || **at == ' ');
    if (is_lower) *at += **at == ' ' ? 1 : 3;
    return is_full || (is_lower ? is_low : is_up);
}

static void every_square_is_where_it_belongs(void **state)
{
    (void)state;
    enum { EDGE = 4 };
    assert_int_equal(link_text.len, strlen((const char *)link_text.at));
    assert_true(draw(link_text, 80, true, false));
    QRcode *code = QRcode_encodeData((int)link_text.len, link_text.at, 0, QR_ECLEVEL_L);
    assert_non_null(code);
    const char *at = drawn;
    for (int y = -EDGE; y < code->width + EDGE; y += 2) {
        for (int x = -EDGE; x < code->width + EDGE; x++) {
            for (int row = 0; row < 2; row++) {
                bool is_inside = x >= 0 && y + row >= 0 && x < code->width && y + row < code->width;
                bool is_dark = is_inside && (code->data[(y + row) * code->width + x] & 1) != 0;
                bool is_below = y + row >= code->width + EDGE; /* an odd height: the last half line is nothing */
                assert_int_equal(is_light(&at, row == 1), !is_dark && !is_below);
            }
        }
        assert_int_equal(*at++, '\n');
    }
    assert_int_equal(*at, 0);
    QRcode_free(code);
    free(drawn);
}

static void where_styles_are_it_is_white_on_black_whatever_the_theme(void **state)
{
    (void)state;
    assert_true(draw(link_text, 80, true, true));
    const char *line_end = strchr(drawn, '\n');
    assert_non_null(line_end);
    assert_int_equal(strncmp(drawn, "\033[38;5;231;48;5;16m", 19), 0);
    assert_int_equal(strncmp(line_end - 4, "\033[0m", 4), 0);
    free(drawn);
}

static void nothing_is_drawn_where_it_could_not_be_read(void **state)
{
    (void)state;
    assert_false(draw(link_text, 80, false, false));
    assert_int_equal(drawn_n, 0);
    free(drawn);
    assert_false(draw(link_text, 40, true, false));
    assert_int_equal(drawn_n, 0);
    free(drawn);
    char much[501];
    bool is_drawn = true;
    memset(much, 'x', sizeof much);
    assert_int_equal(qr_draw(&say, str_at(much, sizeof much), &is_drawn), ERR_TOO_LARGE);
    assert_true(is_drawn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_square_is_where_it_belongs),
        cmocka_unit_test(where_styles_are_it_is_white_on_black_whatever_the_theme),
        cmocka_unit_test(nothing_is_drawn_where_it_could_not_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
