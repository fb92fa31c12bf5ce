/* ids.c -- see ids.h. */
#include "practice/ids.h"

struct ids_item {
    const uint8_t *id;
    uint32_t hash;
    uint32_t next; /* of the same bucket: 1 + its place, or 0 */
};

void ids_init(struct ids *ids, struct arena *a)
{
    *ids = (struct ids){0};
    pages_init(&ids->_bucket, a, sizeof(uint32_t));
    pages_init(&ids->_item, a, sizeof(struct ids_item));
    random_fill(ids->_key, sizeof ids->_key);
}

/* The upper half of key 0 plus each quarter of the id times a key of its own: any two ids meet as rarely as
 * chance has it, whoever chose them, since nobody knows the keys ("multilinear" hashing). */
static uint32_t hash_of_id(const struct ids *ids, const uint8_t *id)
{
    uint32_t quarter[4];
    memcpy(quarter, id, sizeof quarter);
    uint64_t sum = ids->_key[0];
    for (size_t i = 0; i < 4; i++) sum += ids->_key[i + 1] * quarter[i];
    return (uint32_t)(sum >> 32);
}

/* The lowest bits of a hash, one more than bucket_n has below its highest; where there is no such bucket yet,
 * without that one. */
static size_t bucket_of(uint32_t hash, size_t bucket_n, size_t top)
{
    size_t bucket = hash & (2 * top - 1);
    return bucket < bucket_n ? bucket : bucket - top;
}

/* The highest power of two that is no more than n, which is not 0. */
static size_t top_of(size_t n)
{
    size_t top = n;
    for (unsigned shift = 1; shift < 32; shift *= 2) top |= top >> shift;
    return top - (top >> 1);
}

/* The start of the bucket to which a hash belongs. */
static uint32_t *head_of(const struct ids *ids, uint32_t hash)
{
    size_t bucket_n = ids->_bucket.item_n;
    return pages_at(&ids->_bucket, bucket_of(hash, bucket_n, top_of(bucket_n)));
}

enum err ids_reserve(struct ids *ids)
{
    return pages_reserve(&ids->_bucket) != NULL && pages_reserve(&ids->_item) != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static void bucket_put(struct ids *ids, uint32_t place)
{
    struct ids_item *item = pages_at(&ids->_item, place);
    uint32_t *head = head_of(ids, item->hash);
    item->next = *head;
    *head = place + 1;
}

/* Opens the next bucket. Only what is in one other may belong there now. */
static void bucket_open(struct ids *ids)
{
    size_t number = ids->_bucket.item_n++;
    if (number == 0) return;
    uint32_t *split = pages_at(&ids->_bucket, number - top_of(number)), place = *split;
    for (*split = 0; place > 0;) {
        uint32_t next = ((const struct ids_item *)pages_at(&ids->_item, place - 1))->next;
        bucket_put(ids, place - 1);
        place = next;
    }
}

void ids_add(struct ids *ids, const uint8_t id[static ID_BYTES])
{
    struct ids_item *item = pages_reserve(&ids->_item);
    EXPECT(item != NULL && ids->_item.item_n < UINT32_MAX);
    *item = (struct ids_item){.id = id, .hash = hash_of_id(ids, id)};
    uint32_t place = (uint32_t)ids->_item.item_n++;
    bucket_open(ids);
    bucket_put(ids, place);
}

bool ids_find(const struct ids *ids, const uint8_t id[static ID_BYTES], uint32_t *place)
{
    if (ids->_item.item_n == 0) return false;
    uint32_t hash = hash_of_id(ids, id), at = *head_of(ids, hash);
    while (at > 0) {
        const struct ids_item *item = pages_at(&ids->_item, at - 1);
        if (item->hash == hash && memcmp(item->id, id, ID_BYTES) == 0) {
            *place = at - 1;
            return true;
        }
        at = item->next;
    }
    return false;
}
