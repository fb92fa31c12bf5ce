/* words.h -- what people write, as far as it may stand in an act: text that every screen can show.
 *
 * Words are UTF-8 without control characters but the newline; a name is one line and does not begin or end
 * with a space; a zone has the form of a name in the time zone database (that it exists is for whoever
 * chooses it to know: no fold has a table of zones).
 */
#ifndef PRACTICE_WORDS_H
#define PRACTICE_WORDS_H

#include "practice/law.h"

enum {
    WORDS_BYTES = 4000,     /* of one field */
    WORDS_NAME_BYTES = 120, /* of a person or a circle */
    WORDS_ZONE_BYTES = 64,
};

/* words_check -- whether words may stand in an act.  [pure]
 * Gives    WORDS_EMPTY WORDS_TOO_LONG WORDS_CHARACTERS, or OK */
enum law words_check(struct str words);

/* words_check_name, words_check_zone -- the same for a name (NAME), a time zone's name (ZONE).  [pure] */
enum law words_check_name(struct str name);
enum law words_check_zone(struct str zone);

#endif
