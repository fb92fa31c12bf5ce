/* say.c -- see say.h.
 *
 * Styles stand in the gathered text as marks: MARK and a letter. MARK is a control character, so nothing that was
 * quoted can hold one, and whatever other control is in the text is not written.
 */
#define _DEFAULT_SOURCE
#include "cli/say.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

enum { MARK = 0x01 };

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Middle tones that stand out from black and from white alike; and for plain terminals the nearest of eight. */
static const struct {
    unsigned tone;
    unsigned plain;
} colours[SAY_COLOURS] = {{31, 36},  {133, 35}, {71, 32}, {136, 33}, {62, 34}, {37, 36},
                          {168, 35}, {65, 32},  {98, 34}, {172, 33}, {67, 36}, {139, 35}};

static const char *const signs[SAY_SIGNS] = {"\u25cf", "\u25c6", "\u25b2", "\u25a0", "\u25cb", "\u25c7",
                                             "\u25b3", "\u25a1", "\u25d0", "\u25c8", "\u25bd", "\u25a3"};

/* ---- the terminal ------------------------------------------------------------------------------- */

void say_init_as(struct say *say, FILE *to, const struct say_terminal *terminal)
{
    say->_to = to;
    say->columns = terminal->columns > SAY_COLUMNS ? SAY_COLUMNS : terminal->columns;
    if (say->columns < SAY_LEAST_COLUMNS) say->columns = SAY_LEAST_COLUMNS;
    say->is_terminal = terminal->is_terminal;
    say->_has_styles = terminal->has_styles;
    say->_has_256 = terminal->has_256;
    say->has_failed = false;
    say->_len = 0;
    say->_is_cut = false;
}

void say_init(struct say *say, FILE *to, bool may_style)
{
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    struct winsize size;
    struct say_terminal terminal = {.columns = SAY_COLUMNS, .is_terminal = isatty(fileno(to)) == 1};
    if (terminal.is_terminal && ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        terminal.columns = size.ws_col;
    bool is_dumb = term == NULL || term[0] == 0 || str_is(str_of_text(term), STR("dumb"));
    terminal.has_styles = may_style && terminal.is_terminal && !is_dumb && (no_colour == NULL || no_colour[0] == 0);
    terminal.has_256 = getenv("COLORTERM") != NULL || (term != NULL && strstr(term, "256color") != NULL);
    say_init_as(say, to, &terminal);
}

bool say_is_written(struct say *say)
{
    if (fflush(say->_to) != 0 || ferror(say->_to) != 0) say->has_failed = true;
    return !say->has_failed;
}

/* ---- gathering ---------------------------------------------------------------------------------- */

static void gather(struct say *say, const void *at, size_t n)
{
    if (n > SAY_BYTES - say->_len) {
        say->_is_cut = true;
        return;
    }
    memcpy(say->_text + say->_len, at, n);
    say->_len += n;
}

static void put_formatted(struct say *say, const char *form, va_list values)
{
    size_t room = SAY_BYTES - say->_len;
    int n = vsnprintf(say->_text + say->_len, room, form, values);
    EXPECT(n >= 0);
    if ((size_t)n >= room) {
        say->_is_cut = true;
        return;
    }
    say->_len += (size_t)n;
}

void say_put(struct say *say, const char *form, ...)
{
    va_list values;
    va_start(values, form);
    put_formatted(say, form, values);
    va_end(values);
}

/* Controls, and what changes the direction or the order of the text around it. */
static bool is_harmful(utf8proc_int32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

/* A letter, digit or sign of ASCII: one byte, one column, nothing to look up. Most of what is said. */
static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f;
}

static void quote(struct say *say, struct str text, bool keeps_lines)
{
    while (text.len > 0) {
        utf8proc_int32_t c;
        if (is_plain(text.at[0])) {
            gather(say, text.at, 1);
            text = str_at(text.at + 1, text.len - 1);
            continue;
        }
        utf8proc_ssize_t n = utf8proc_iterate(text.at, (utf8proc_ssize_t)text.len, &c);
        if (n <= 0) {
            gather(say, REPLACEMENT, 3);
            n = 1;
        } else if (c == '\n' || c == '\t') {
            gather(say, c == '\n' && keeps_lines ? "\n" : " ", 1);
        } else if (is_harmful(c)) {
            gather(say, REPLACEMENT, 3);
        } else {
            gather(say, text.at, (size_t)n);
        }
        text = str_at(text.at + n, text.len - (size_t)n);
    }
}

void say_quote(struct say *say, struct str text)
{
    quote(say, text, true);
}

void say_quote_line(struct say *say, struct str text)
{
    quote(say, text, false);
}

static void mark(struct say *say, char letter)
{
    const char both[2] = {MARK, letter};
    gather(say, both, 2);
}

void say_style(struct say *say, enum say_style style)
{
    mark(say, "pbd"[style]);
}

void say_person(struct say *say, unsigned colour, unsigned place, struct str name)
{
    mark(say, (char)('A' + colour % SAY_COLOURS));
    say_put(say, "%s\u00a0", signs[place % SAY_SIGNS]);
    say_quote_line(say, name);
    mark(say, 'p');
}

/* ---- widths --------------------------------------------------------------------------------------- */

/* The next character of laid-out text: how many bytes, and how many columns. A mark is two bytes and no column. */
static size_t next_char(struct str text, unsigned *width)
{
    utf8proc_int32_t c;
    if (is_plain(text.at[0])) {
        *width = 1;
        return 1;
    }
    if (text.at[0] == MARK) {
        *width = 0;
        return text.len < 2 ? text.len : 2;
    }
    utf8proc_ssize_t n = utf8proc_iterate(text.at, (utf8proc_ssize_t)text.len, &c);
    if (n <= 0) {
        *width = 1;
        return 1;
    }
    int columns = utf8proc_charwidth(c);
    *width = columns < 0 ? 0 : (unsigned)columns;
    return (size_t)n;
}

unsigned say_width(struct str text)
{
    unsigned sum = 0;
    while (text.len > 0) {
        unsigned width;
        size_t n = next_char(text, &width);
        sum += width;
        text = str_at(text.at + n, text.len - n);
    }
    return sum;
}

void say_pad(struct say *say, unsigned column)
{
    size_t start = say->_len;
    while (start > 0 && say->_text[start - 1] != '\n') start--;
    for (unsigned at = say_width(str_at(say->_text + start, say->_len - start)); at < column; at++) gather(say, " ", 1);
}

/* ---- writing -------------------------------------------------------------------------------------- */

static void write_bytes(struct say *say, const void *at, size_t n)
{
    if (n > 0 && fwrite(at, 1, n, say->_to) != n) say->has_failed = true;
}

static void write_blanks(struct say *say, unsigned n)
{
    for (unsigned i = 0; i < n; i++) write_bytes(say, " ", 1);
}

static void write_style(struct say *say, char letter)
{
    if (!say->_has_styles) return;
    int n = 0;
    if (letter == 'p') n = fprintf(say->_to, "\033[0m");
    if (letter == 'b') n = fprintf(say->_to, "\033[1m");
    if (letter == 'd') n = fprintf(say->_to, "\033[2m");
    if (letter >= 'A' && letter < 'A' + SAY_COLOURS && say->_has_256)
        n = fprintf(say->_to, "\033[38;5;%um", colours[letter - 'A'].tone);
    else if (letter >= 'A' && letter < 'A' + SAY_COLOURS)
        n = fprintf(say->_to, "\033[%um", colours[letter - 'A'].plain);
    if (n < 0) say->has_failed = true;
}

/* Writes a piece of a line: marks become styles, stray controls nothing at all. */
static void write_piece(struct say *say, struct str piece)
{
    while (piece.len > 0) {
        unsigned width;
        size_t n = 0;
        while (n < piece.len && is_plain(piece.at[n])) n++;
        write_bytes(say, piece.at, n);
        piece = str_at(piece.at + n, piece.len - n);
        if (piece.len == 0) break;
        n = next_char(piece, &width);
        if (piece.at[0] == MARK && n == 2) write_style(say, (char)piece.at[1]);
        else if (n > 1) write_bytes(say, piece.at, n);
        piece = str_at(piece.at + n, piece.len - n);
    }
}

/* How much of a line fits into the columns: up to a blank, or if there is none, as many characters as fit. */
static size_t fitting(struct str line, unsigned columns)
{
    unsigned used = 0;
    size_t at = 0, blank = 0;
    while (at < line.len) {
        unsigned width;
        size_t n = next_char(str_at(line.at + at, line.len - at), &width);
        if (line.at[at] == ' ' && at > 0 && line.at[at - 1] != ' ') blank = at;
        if (used + width > columns) return line.at[at] == ' ' ? at : blank > 0 ? blank : at > 0 ? at : n;
        used += width;
        at += n;
    }
    return line.len;
}

static void lay_out_line(struct say *say, struct str line, unsigned indent, unsigned hang)
{
    unsigned at = indent;
    while (line.len > 0 && line.at[0] == ' ') {
        line = str_at(line.at + 1, line.len - 1);
        indent++;
        hang++;
        at++;
    }
    if (indent > say->columns / 2) indent = at = say->columns / 2;
    if (hang > say->columns / 2) hang = say->columns / 2;
    do {
        size_t n = fitting(line, say->columns - at);
        write_blanks(say, n == 0 ? 0 : at);
        write_piece(say, str_at(line.at, n));
        write_bytes(say, "\n", 1);
        while (n < line.len && line.at[n] == ' ') n++;
        line = str_at(line.at + n, line.len - n);
        at = hang;
    } while (line.len > 0);
}

/* Ends the gathered text: what did not fit is said, and no style stays on. */
static void end_text(struct say *say)
{
    static const char cut[] = " \u2026";
    if (say->_is_cut) {
        size_t room = SAY_BYTES - say->_len;
        if (room < sizeof cut) say->_len -= sizeof cut;
        memcpy(say->_text + say->_len, cut, sizeof cut - 1);
        say->_len += sizeof cut - 1;
    }
}

void say_lines(struct say *say, unsigned indent, unsigned hang)
{
    end_text(say);
    struct str rest = str_at(say->_text, say->_len);
    bool is_styled = memchr(say->_text, MARK, say->_len) != NULL;
    for (bool is_more = true; is_more;) {
        const uint8_t *end = memchr(rest.at, '\n', rest.len);
        size_t n = end == NULL ? rest.len : (size_t)(end - rest.at);
        is_more = end != NULL;
        lay_out_line(say, str_at(rest.at, n), indent, hang);
        indent = hang;
        rest = str_at(rest.at + n + (is_more ? 1 : 0), rest.len - n - (is_more ? 1 : 0));
    }
    if (is_styled) write_style(say, 'p');
    say->_len = 0;
    say->_is_cut = false;
}

void say_whole(struct say *say, unsigned indent)
{
    end_text(say);
    write_blanks(say, indent);
    write_piece(say, str_at(say->_text, say->_len));
    write_style(say, 'p');
    write_bytes(say, "\n", 1);
    say->_len = 0;
    say->_is_cut = false;
}

struct str say_take(struct say *say)
{
    size_t n = 0;
    for (size_t i = 0; i < say->_len; i++) {
        if (say->_text[i] == MARK)
            i++;
        else
            say->_text[n++] = say->_text[i];
    }
    say->_len = 0;
    say->_is_cut = false;
    return str_at(say->_text, n);
}

void say_picture(struct say *say, struct str line)
{
    static const char white_on_black[] = "\033[97;40m", white_on_black_256[] = "\033[38;5;231;48;5;16m";
    const char *style = say->_has_256 ? white_on_black_256 : white_on_black;
    if (say->_has_styles) write_bytes(say, style, strlen(style));
    write_bytes(say, line.at, line.len);
    write_style(say, 'p');
    write_bytes(say, "\n", 1);
}

void say_line(struct say *say, const char *form, ...)
{
    va_list values;
    va_start(values, form);
    put_formatted(say, form, values);
    va_end(values);
    say_lines(say, 0, 0);
}

void say_gap(struct say *say)
{
    write_bytes(say, "\n", 1);
}
