/* say.h -- text for people, laid out for the terminal they sit at.
 *
 * What is put is gathered, then laid out in lines of at most 80 columns, or fewer if the terminal is narrower, as
 * wide as Unicode says that characters are. What people wrote goes through say_quote: nothing in it can move the
 * cursor, change a colour, ring the bell or turn the direction of what follows. Colours and weights appear only on a
 * terminal, and never carry a meaning alone: each person also has a sign.
 */
#ifndef CLI_SAY_H
#define CLI_SAY_H

#include <stdio.h>

#include "base/str.h"

enum { SAY_COLUMNS = 80, SAY_LEAST_COLUMNS = 30, SAY_BYTES = 96 * 1024, SAY_COLOURS = 12, SAY_SIGNS = 12 };

enum say_style { SAY_PLAIN, SAY_BOLD, SAY_DIM };

struct say {
    FILE *_to;
    unsigned columns;
    bool is_terminal;
    bool has_failed; /* something could not be written: a full disk, a closed pipe */
    bool _has_styles, _has_256;
    size_t _len;
    bool _is_cut;
    char _text[SAY_BYTES];
};

/* How a terminal is: what say_init finds out, and what tests choose. */
struct say_terminal {
    unsigned columns;
    bool is_terminal, has_styles, has_256;
};

/* say_init -- lays out for a stream: for the terminal behind it, if it is one.
 *
 * Takes    may_style   false for --no-color; NO_COLOR and TERM=dumb are heeded too
 * say_init_as -- the same for a terminal that is told. */
void say_init(struct say *say, FILE *to, bool may_style) NONNULL;
void say_init_as(struct say *say, FILE *to, const struct say_terminal *terminal) NONNULL;

/* say_put -- gathers our own words, by printf's rules. What people wrote never goes in here. */
void say_put(struct say *say, const char *form, ...) NONNULL __attribute__((format(printf, 2, 3)));

/* say_quote -- gathers what a person wrote: controls, and what turns the direction of text, appear as U+FFFD, and so
 * does what is no UTF-8. Line breaks stay; a tab is a space. say_quote_line -- the same, and line breaks are spaces. */
void say_quote(struct say *say, struct str text) NONNULL;
void say_quote_line(struct say *say, struct str text) NONNULL;

/* say_style -- from here on, until the next one. */
void say_style(struct say *say, enum say_style style) NONNULL;

/* say_person -- a name with its sign, in its colour.
 *
 * Takes    colour   0 to SAY_COLOURS - 1; more wraps around. None of them is red
 *          place    which member of the circle: chooses the sign
 */
void say_person(struct say *say, unsigned colour, unsigned place, struct str name) NONNULL;

/* say_pad -- blanks up to a column of what is gathered since the last line break. */
void say_pad(struct say *say, unsigned column) NONNULL;

/* say_lines -- lays out what was gathered, and forgets it. The first line begins at indent, all others at hang,
 * whether they were put or are broken, at blanks, because they are long; one that begins with blanks keeps them as
 * part of its indent. */
void say_lines(struct say *say, unsigned indent, unsigned hang) NONNULL;

/* say_whole -- writes what was gathered as one line that is not broken, however long: a link, a code. */
void say_whole(struct say *say, unsigned indent) NONNULL;

/* say_take -- what was gathered, styles left out, instead of laying it out. Good until something is put again. */
struct str say_take(struct say *say) NONNULL;

/* say_picture -- writes one line of a picture at once, white on black where styles are. */
void say_picture(struct say *say, struct str line) NONNULL;

/* say_line -- our own words at indent 0, laid out at once.   say_gap -- an empty line. */
void say_line(struct say *say, const char *form, ...) NONNULL __attribute__((format(printf, 2, 3)));
void say_gap(struct say *say) NONNULL;

/* say_is_written -- whether everything arrived; flushes. */
MUST_USE bool say_is_written(struct say *say) NONNULL;

/* say_width -- how many columns a text takes: marks and combining characters take none. */
unsigned say_width(struct str text);

#endif
