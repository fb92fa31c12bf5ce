/* profile.c -- see profile.h. */
#include "practice/profile.h"

#include "practice/words.h"
#include "record/payload.h"

enum { PROFILE_NAME = 2, PROFILE_COLOUR = 3, PROFILE_ZONE = 4 };

enum law profile_check(const struct profile *profile)
{
    enum law law = words_check_name(profile->name);
    if (law != LAW_OK) return law;
    if (profile->colour >= PROFILE_COLOURS) return LAW_COLOUR;
    return words_check_zone(profile->zone);
}

void profile_put(struct out *text, const struct profile *profile)
{
    EXPECT(profile_check(profile) == LAW_OK);
    cbor_put_map(text, profile->written_ms > 0 ? 5 : 4);
    cbor_put_uint(text, PAYLOAD_KEY_TYPE);
    cbor_put_uint(text, PAYLOAD_PROFILE);
    cbor_put_uint(text, PROFILE_NAME);
    cbor_put_text(text, profile->name);
    cbor_put_uint(text, PROFILE_COLOUR);
    cbor_put_uint(text, profile->colour);
    cbor_put_uint(text, PROFILE_ZONE);
    cbor_put_text(text, profile->zone);
    if (profile->written_ms == 0) return;
    cbor_put_uint(text, PAYLOAD_KEY_WRITTEN);
    cbor_put_uint(text, profile->written_ms);
}

enum law profile_read(struct str text, struct profile *profile)
{
    const uint32_t needed = CBOR_KEY(PROFILE_NAME) | CBOR_KEY(PROFILE_COLOUR) | CBOR_KEY(PROFILE_ZONE);
    struct cbor_map map;
    struct profile read = {0};
    uint64_t colour;
    if (payload_fields(text, PAYLOAD_PROFILE, needed, UINT32_MAX, &map) != ERR_OK) return LAW_UNREADABLE;
    bool is_read = cbor_text(map.item[PROFILE_NAME], &read.name) == ERR_OK &&
                   cbor_uint(map.item[PROFILE_COLOUR], &colour) == ERR_OK &&
                   cbor_text(map.item[PROFILE_ZONE], &read.zone) == ERR_OK;
    if (!is_read) return LAW_UNREADABLE;
    if (!cbor_map_is(&map, needed, CBOR_KEY(PAYLOAD_KEY_TYPE) | CBOR_KEY(PAYLOAD_KEY_WRITTEN))) return LAW_NEWER;
    if (cbor_map_has(&map, PAYLOAD_KEY_WRITTEN)) {
        enum err e = cbor_uint(map.item[PAYLOAD_KEY_WRITTEN], &read.written_ms);
        EXPECT(e == ERR_OK); /* payload_fields has looked */
    }
    read.colour = colour < PROFILE_COLOURS ? (unsigned)colour : PROFILE_COLOURS;
    enum law law = profile_check(&read);
    if (law == LAW_OK) *profile = read;
    return law;
}
