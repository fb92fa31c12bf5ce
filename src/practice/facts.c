/* facts.c -- see facts.h. */
#include "practice/facts.h"

#include "practice/words.h"
#include "record/payload.h"

enum { FACTS_KEY_NAME = 2, FACTS_KEY_KIND = 3 };

enum law facts_check(const struct facts *facts)
{
    enum law law = words_check_name(facts->name);
    if (law != LAW_OK) return law;
    return facts->kind >= FACTS_COUPLE && facts->kind <= FACTS_TEAM ? LAW_OK : LAW_KIND;
}

void facts_put(struct out *text, const struct facts *facts)
{
    EXPECT(facts_check(facts) == LAW_OK);
    cbor_put_map(text, facts->written_ms > 0 ? 4 : 3);
    cbor_put_uint(text, PAYLOAD_KEY_TYPE);
    cbor_put_uint(text, PAYLOAD_CIRCLE);
    cbor_put_uint(text, FACTS_KEY_NAME);
    cbor_put_text(text, facts->name);
    cbor_put_uint(text, FACTS_KEY_KIND);
    cbor_put_uint(text, facts->kind);
    if (facts->written_ms == 0) return;
    cbor_put_uint(text, PAYLOAD_KEY_WRITTEN);
    cbor_put_uint(text, facts->written_ms);
}

enum law facts_read(struct str text, struct facts *facts)
{
    const uint32_t needed = CBOR_KEY(FACTS_KEY_NAME) | CBOR_KEY(FACTS_KEY_KIND);
    struct cbor_map map;
    struct facts read = {0};
    uint64_t kind;
    if (payload_fields(text, PAYLOAD_CIRCLE, needed, UINT32_MAX, &map) != ERR_OK) return LAW_UNREADABLE;
    bool is_read = cbor_text(map.item[FACTS_KEY_NAME], &read.name) == ERR_OK &&
                   cbor_uint(map.item[FACTS_KEY_KIND], &kind) == ERR_OK;
    if (!is_read) return LAW_UNREADABLE;
    if (!cbor_map_is(&map, needed, CBOR_KEY(PAYLOAD_KEY_TYPE) | CBOR_KEY(PAYLOAD_KEY_WRITTEN))) return LAW_NEWER;
    if (cbor_map_has(&map, PAYLOAD_KEY_WRITTEN)) {
        enum err e = cbor_uint(map.item[PAYLOAD_KEY_WRITTEN], &read.written_ms);
        EXPECT(e == ERR_OK); /* payload_fields has looked */
    }
    read.kind = kind <= FACTS_TEAM ? (enum facts_kind)kind : FACTS_NONE;
    enum law law = facts_check(&read);
    if (law == LAW_OK) *facts = read;
    return law;
}
