/* prompt.h -- asking the person at the terminal: passphrases without an echo, lines, and yes or no.
 *
 * Asks on /dev/tty, whatever standard input and output are. Ctrl-C, Ctrl-Z and the like give the terminal back as it
 * was first; after Ctrl-Z and fg it asks again.
 */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include "base/err.h"

enum { PASSPHRASE_BYTES = 1024, PROMPT_LINE_BYTES = 1024 };

/* A passphrase in Unicode's form NFKC. Whoever has one wipes it. */
struct passphrase {
    uint8_t at[PASSPHRASE_BYTES];
    size_t len;
};

static inline struct str passphrase_str(const struct passphrase *passphrase)
{
    return (struct str){passphrase->at, passphrase->len};
}

/* prompt_passphrase -- asks for one; a new one twice, and says how strong it looks.
 *
 * Takes    question    such as "Passphrase: "
 * Gives    why         only on failure: text is the sentence to say
 * Fails    NO_SESSION  there is no terminal to ask at (field "terminal")
 *          BAD_FIELD   empty, not UTF-8, too long, or the two are not the same three times
 *          STOPPING    the input ended, or was interrupted
 */
MUST_USE enum err prompt_passphrase(struct passphrase *passphrase, const char *question, bool is_new, struct why *why)
    NONNULL;

/* prompt_passphrase_file -- the first line of a file, without its end.
 *
 * Fails    NOT_FOUND   it can't be read
 *          BAD_FIELD   the line is empty, not UTF-8 or too long
 */
MUST_USE enum err prompt_passphrase_file(struct passphrase *passphrase, const char *path, struct why *why) NONNULL;

/* prompt_line_file -- the first line of a file, as it is, for a code; ends with NUL. Fails as the above. */
MUST_USE enum err prompt_line_file(char line[static PROMPT_LINE_BYTES], const char *path, struct why *why) NONNULL;

/* prompt_line -- asks for a line, with an echo. Blanks around it are gone; may be empty. Ends with NUL.
 *                                                                                       [NO_SESSION STOPPING] */
MUST_USE enum err prompt_line(char line[static PROMPT_LINE_BYTES], const char *question, struct why *why) NONNULL;

/* prompt_yes -- asks for yes or no, until it is one of them.                             [NO_SESSION STOPPING] */
MUST_USE enum err prompt_yes(bool *is_yes, const char *question, struct why *why) NONNULL;

/* passphrase_set -- from bytes as they were typed: made NFKC.                                       [BAD_FIELD] */
MUST_USE enum err passphrase_set(struct passphrase *passphrase, struct str typed, struct why *why) NONNULL;

/* strength_words -- how hard a passphrase would be to guess, in a sentence: by its length, what repeats in it, and a
 * short list of what everybody tries. It can't know who knows what about the person. Static. */
const char *strength_words(struct str passphrase);

#endif
