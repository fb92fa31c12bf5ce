/* phrase.h -- the safety phrase: eight words by which members tell that they see the same people.
 *
 *   fp = H("troth1:circlefp.", circle || sorted(sign_pk || box_pk of each member))
 *   w  = Argon2id13(16, fp, first 16 bytes of circle, 3, 64 MiB)
 *   words = the first 88 bits of w, eleven at a time, as positions in a list of 2048 words
 *
 * Read aloud or compared side by side, it shows an exchange of keys that a server might have tried. The
 * slow hash makes it too dear to search for two circles with one phrase. It changes with the membership.
 *
 * Source   docs/protocol.md, "Invite and join"; the word list: words.def
 */
#ifndef RECORD_PHRASE_H
#define RECORD_PHRASE_H

#include "record/hash.h"

enum { PHRASE_WORDS = 8, PHRASE_LIST_WORDS = 2048 };

struct phrase_member {
    const uint8_t *sign_pk, *box_pk; /* SIGN_PK_BYTES, BOX_PK_BYTES: borrowed */
};

/* phrase_make -- the phrase as positions in the list.                     [takes about 0.1 s | NO_MEMORY]
 *
 * Takes    circle     HASH_BYTES
 *          member_v   all members, in any order; 1 to LIMIT_MEMBERS, else misuse
 * Fails    NO_MEMORY  64 MiB were not to be had
 */
MUST_USE enum err phrase_make(const uint8_t *circle, const struct phrase_member *member_v, size_t member_n,
                              uint16_t word[static PHRASE_WORDS]) NONNULL;

/* phrase_word -- the word at a position: 3 to 8 lower-case letters. Static. Past the list is misuse. */
const char *phrase_word(uint16_t position);

/* phrase_put -- appends the eight words with a space between them. */
void phrase_put(struct out *o, const uint16_t word[static PHRASE_WORDS]) NONNULL;

#endif
