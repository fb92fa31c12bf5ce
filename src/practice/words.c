/* words.c -- see words.h. */
#include "practice/words.h"

/* Whether eight bytes are plain ASCII: none below a space, none above a tilde. */
static bool eight_are_plain(const uint8_t *at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
    uint64_t eight;
    memcpy(&eight, at, sizeof eight);
    uint64_t off_delete = eight ^ (0x7f * ones); /* a zero byte where a delete stood */
    uint64_t is_control = ((eight - 0x20 * ones) & ~eight) | ((off_delete - ones) & ~off_delete);
    return ((is_control | eight) & highs) == 0;
}

/* Whether all characters can be shown: UTF-8 and none of the controls, which are U+0000 to U+001F but the
 * newline, and U+007F to U+009F. */
static bool is_plain(struct str text)
{
    bool is_ascii = true;
    for (size_t i = 0; i < text.len; i++) {
        while (text.len - i > 8 && eight_are_plain(text.at + i)) i += 8;
        uint8_t byte = text.at[i];
        if ((byte < 0x20 && byte != '\n') || byte == 0x7f) return false;
        if (byte == 0xc2 && i + 1 < text.len && text.at[i + 1] < 0xa0) return false;
        is_ascii = is_ascii && byte < 0x80;
    }
    return is_ascii || str_is_utf8(text);
}

enum law words_check(struct str words)
{
    if (words.len == 0) return LAW_WORDS_EMPTY;
    if (words.len > WORDS_BYTES) return LAW_WORDS_TOO_LONG;
    return is_plain(words) ? LAW_OK : LAW_WORDS_CHARACTERS;
}

enum law words_check_name(struct str name)
{
    if (name.len == 0 || name.len > WORDS_NAME_BYTES || !is_plain(name)) return LAW_NAME;
    if (name.at[0] == ' ' || name.at[name.len - 1] == ' ') return LAW_NAME;
    return memchr(name.at, '\n', name.len) == NULL ? LAW_OK : LAW_NAME;
}

static bool is_letter(uint8_t byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

enum law words_check_zone(struct str zone)
{
    if (zone.len == 0 || zone.len > WORDS_ZONE_BYTES || !is_letter(zone.at[0])) return LAW_ZONE;
    for (size_t i = 1; i < zone.len; i++) {
        uint8_t byte = zone.at[i];
        bool is_sign = byte == '_' || byte == '+' || byte == '-' || (byte >= '0' && byte <= '9');
        bool is_parting = byte == '/' && zone.at[i - 1] != '/' && i + 1 < zone.len;
        if (!is_letter(byte) && !is_sign && !is_parting) return LAW_ZONE;
    }
    return LAW_OK;
}
