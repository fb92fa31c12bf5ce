/* item.c -- see item.h. */
#include "device/item.h"

#include "record/payload.h"

bool item_is_kind(uint64_t kind)
{
    return kind >= ITEM_SAY && kind <= ITEM_KEYS;
}

enum entry_kind item_entry_kind(enum item_kind kind)
{
    switch (kind) {
    case ITEM_SAY:
    case ITEM_KEYS: return ENTRY_SEALED;
    case ITEM_GENESIS: return ENTRY_GENESIS;
    case ITEM_ROTATE:
    case ITEM_MEND: return ENTRY_ROTATE;
    case ITEM_INVITE: return ENTRY_INVITE;
    case ITEM_CONSENT: return ENTRY_CONSENT;
    case ITEM_JOIN: return ENTRY_JOIN;
    case ITEM_LEAVE: return ENTRY_LEAVE;
    case ITEM_REDACT: return ENTRY_REDACT;
    }
    misuse("item: a kind that was never written");
}

bool item_is_hidden(enum item_kind kind)
{
    return kind == ITEM_MEND || kind == ITEM_KEYS;
}

size_t item_group_n(const struct item *item, size_t item_n, size_t first)
{
    size_t n = 0;
    while (first + n < item_n && item[first + n].group == item[first].group) n++;
    return n;
}

size_t item_most_bytes(const struct item *item)
{
    return pad_bytes(item->content.len) + PAYLOAD_OVERHEAD_BYTES + 32 + SIG_BYTES + LIMIT_HEADER_BYTES;
}
