/* config_rows.h -- what the files config*.c share: the table of settings. Nobody else includes it.
 *
 *   config_rows.c    the table
 *   config_value.c   what a value may be, and reading it
 *   config_near.c    the nearest name of what was mistyped
 *   config.c         the sources: flags, environment, file, defaults
 *   config_help.c    --help and docs/configuration.md
 */
#ifndef SERVER_CONFIG_ROWS_H
#define SERVER_CONFIG_ROWS_H

#include "server/config.h"

enum config_kind {
    CONFIG_WHOLE,    /* unsigned               a whole number                                       */
    CONFIG_BYTES,    /* uint64_t               a number, and k, M or G behind it                    */
    CONFIG_DURATION, /* unsigned, in ms        a number and ms, s, min or h                         */
    CONFIG_RATE,     /* struct rate_rule       a number and /s, /min or /h; or 0                    */
    CONFIG_PATH,     /* const char *           the name of a file                                   */
    CONFIG_LISTEN,   /* const char *           an address and a port                                */
    CONFIG_HEADER,   /* const char *           the name of a header                                 */
    CONFIG_ORIGINS,  /* struct config_list     origins, with commas or blanks between them          */
    CONFIG_RANGES,   /* struct config_ranges   ranges of addresses, likewise                        */
    CONFIG_CHOICE,   /* an enum                one of some words; its place among them is the value */
    CONFIG_YES_NO,   /* bool                   yes or no                                            */
};

struct config_row {
    const char *group;        /* a heading, in the first row of each group; else NULL                   */
    const char *name;         /* --name; TROTHD_NAME, with '_' for '-'; and in the file, name           */
    enum config_kind kind;
    size_t at;                /* offset of its field within struct config, which has the kind's type    */
    const char *standard;     /* what it is when nobody sets it, as one would write it; "": nothing     */
    uint64_t least, most;     /* of WHOLE, BYTES, DURATION in ms; of a RATE, most is its largest number */
    const char *const *word;  /* of CHOICE; NULL behind the last                                        */
    const char *what;         /* one sentence                                                           */
    bool may_be_empty;        /* of the texts                                                           */
    bool is_hidden;           /* neither in --help nor in the documentation                             */
    bool is_not_in_file;
};

/* One more way to begin trothd. */
struct config_verb {
    const char *name;
    enum config_command command;
    const char *operand; /* the word behind it, such as "DEST"; NULL: there is none */
    const char *what;
};

extern const struct config_row config_rows[];
extern const size_t config_row_n;
extern const struct config_verb config_verbs[];
extern const size_t config_verb_n;

#define CONFIG_ENV "TROTHD_"
enum { CONFIG_NAME_BYTES = 40, CONFIG_VALUE_BYTES = 4096 }; /* the longest name; the longest value */

/* config_row_of -- the row with that name; NULL if there is none.   config_row_of_env -- by the name of its
 * variable in the environment, CONFIG_ENV included. */
const struct config_row *config_row_of(struct str name);
const struct config_row *config_row_of_env(struct str variable);

/* config_put_env -- the name of a row's variable in the environment. */
void config_put_env(struct out *o, const struct config_row *row) NONNULL;

/* config_value_read -- reads a value into the row's field; members of a list are added to it.
 *                                                                         [arena | BAD_FIELD NO_MEMORY] */
MUST_USE enum err config_value_read(const struct config_row *row, struct str value, struct config *config) NONNULL;

/* config_value_clear -- empties a list; any other field stays. */
void config_value_clear(const struct config_row *row, struct config *config) NONNULL;

/* config_put_allowed -- what a value of the row may be: "a whole number from 1 to 64". */
void config_put_allowed(struct out *o, const struct config_row *row) NONNULL;

/* config_near -- how many slips of the hand lie between two words: a letter too many, too few, wrong, or two
 * that changed places. Words longer than CONFIG_NAME_BYTES are far from everything. */
size_t config_near(struct str a, struct str b);

/* config_is_near -- whether so many slips are few enough to think that this word was meant. */
bool config_is_near(size_t slips, struct str meant);

#endif
