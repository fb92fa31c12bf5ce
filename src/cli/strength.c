/* strength.c -- how strong a passphrase looks. See prompt.h. */
#include "cli/prompt.h"

/* What is tried first, everywhere. */
static const char *const first_tried[] = {"password", "passwort", "123456",   "qwerty",   "qwertz", "letmein",
                                          "iloveyou", "welcome",  "secret",   "abc123",   "admin",  "monkey",
                                          "dragon",   "sunshine", "princess", "football", "troth",  "promise"};

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

/* How many bytes at the front are one of the words that everybody tries. */
static size_t common_word(struct str text)
{
    for (size_t i = 0; i < sizeof first_tried / sizeof *first_tried; i++) {
        struct str word = str_of_text(first_tried[i]);
        size_t n = 0;
        while (n < word.len && n < text.len && lower(text.at[n]) == word.at[n]) n++;
        if (n == word.len) return n;
    }
    return 0;
}

/* Bits, roughly and rather too few: 2.5 for a letter, 3.5 for anything else, 1 where it follows from the one
 * before, and 6 for a whole word of the list. */
static unsigned tenth_bits(struct str text)
{
    unsigned sum = 0;
    for (size_t i = 0; i < text.len;) {
        size_t word = common_word(str_at(text.at + i, text.len - i));
        if (word > 0) {
            sum += 60;
            i += word;
            continue;
        }
        int step = i == 0 ? 99 : text.at[i] - text.at[i - 1];
        bool repeats = i >= 2 && text.at[i] == text.at[i - 2];
        bool is_letter = lower(text.at[i]) >= 'a' && lower(text.at[i]) <= 'z';
        bool continues = (text.at[i] & 0xc0) == 0x80; /* the rest of a longer character */
        if (!continues) sum += (step >= -1 && step <= 1) || repeats ? 10 : is_letter ? 25 : 35;
        i++;
    }
    return sum;
}

const char *strength_words(struct str passphrase)
{
    unsigned bits = tenth_bits(passphrase) / 10;
    if (bits < 22)
        return "Weak: somebody with your disk could guess it in minutes. Three or four words that don't belong "
               "together are far better.";
    if (bits < 36) return "So-so: it would hold for a while. Another unrelated word makes it good.";
    if (bits < 55) return "Good, as far as its length tells.";
    return "Strong, as far as its length tells.";
}
