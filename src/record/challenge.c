/* challenge.c -- see challenge.h. */
#include "record/challenge.h"

enum { TIME_BYTES = 8, RANDOM_BYTES = 8, MARK_BYTES = 16, MARKED_BYTES = TIME_BYTES + RANDOM_BYTES };

static void mark_make(uint8_t mark[static MARK_BYTES], const uint8_t *marked, const uint8_t *server_secret)
{
    hash_keyed(mark, MARK_BYTES, str_at(server_secret, KEY_BYTES), CTX_CHALLENGE, PARTS(str_at(marked, MARKED_BYTES)));
}

void challenge_make(uint8_t challenge[static CHALLENGE_BYTES], const uint8_t server_secret[static KEY_BYTES],
                    uint64_t now_ms)
{
    struct out o = out_over(challenge, TIME_BYTES);
    out_put_be64(&o, now_ms);
    random_fill(challenge + TIME_BYTES, RANDOM_BYTES);
    mark_make(challenge + MARKED_BYTES, challenge, server_secret);
}

enum err challenge_check(const uint8_t challenge[static CHALLENGE_BYTES], const uint8_t server_secret[static KEY_BYTES],
                         uint64_t now_ms)
{
    uint8_t mark[MARK_BYTES];
    uint64_t made_ms = 0;
    mark_make(mark, challenge, server_secret);
    if (!secret_is(mark, challenge + MARKED_BYTES, sizeof mark)) return ERR_BAD_CHALLENGE;
    for (size_t i = 0; i < TIME_BYTES; i++) made_ms = made_ms << 8 | challenge[i];
    bool is_now = made_ms <= now_ms && now_ms - made_ms <= CHALLENGE_LIFE_MS;
    return is_now ? ERR_OK : ERR_BAD_CHALLENGE;
}
