/* phrase.c -- see phrase.h. */
#include "record/phrase.h"

#include <sodium.h>

#include "base/limits.h"

enum { BITS_A_WORD = 11, W_BYTES = 16, PAIR_BYTES = SIGN_PK_BYTES + BOX_PK_BYTES };

static const char *const words[PHRASE_LIST_WORDS] = {
#define WORD(word) #word,
#include "record/words.def"
#undef WORD
};

/* Keys of members, in the order of their bytes: everybody's phrase has to come out alike. */
struct pairs {
    uint8_t pair[LIMIT_MEMBERS][PAIR_BYTES];
    size_t n;
};

static void insert(struct pairs *pairs, const struct phrase_member *member)
{
    uint8_t pair[PAIR_BYTES];
    size_t at = pairs->n++;
    memcpy(pair, member->sign_pk, SIGN_PK_BYTES);
    memcpy(pair + SIGN_PK_BYTES, member->box_pk, BOX_PK_BYTES);
    for (; at > 0 && memcmp(pairs->pair[at - 1], pair, PAIR_BYTES) > 0; at--) {
        memcpy(pairs->pair[at], pairs->pair[at - 1], PAIR_BYTES);
    }
    memcpy(pairs->pair[at], pair, PAIR_BYTES);
}

enum err phrase_make(const uint8_t *circle, const struct phrase_member *member_v, size_t member_n,
                     uint16_t word[static PHRASE_WORDS])
{
    struct pairs pairs = {.n = 0};
    uint8_t fp[HASH_BYTES], w[W_BYTES];
    EXPECT(member_n >= 1 && member_n <= LIMIT_MEMBERS);
    for (size_t i = 0; i < member_n; i++) insert(&pairs, &member_v[i]);
    hash_of(fp, CTX_CIRCLEFP, PARTS(str_at(circle, HASH_BYTES), str_at(pairs.pair, pairs.n * PAIR_BYTES)));
    _Static_assert(crypto_pwhash_SALTBYTES == 16, "the salt is the first 16 bytes of the circle");
    if (crypto_pwhash(w, sizeof w, (const char *)fp, sizeof fp, circle, 3, 64 * 1024 * 1024,
                      crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < PHRASE_WORDS; i++) {
        unsigned position = 0;
        for (size_t bit = i * BITS_A_WORD; bit < (i + 1) * BITS_A_WORD; bit++) {
            unsigned byte = w[bit / 8];
            position = position << 1 | (byte >> (7 - bit % 8) & 1);
        }
        word[i] = (uint16_t)position;
    }
    return ERR_OK;
}

const char *phrase_word(uint16_t position)
{
    EXPECT(position < PHRASE_LIST_WORDS);
    return words[position];
}

void phrase_put(struct out *o, const uint16_t word[static PHRASE_WORDS])
{
    for (size_t i = 0; i < PHRASE_WORDS; i++) {
        if (i > 0) out_put_byte(o, ' ');
        out_text(o, phrase_word(word[i]));
    }
}
