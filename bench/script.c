/* script.c -- see script.h. */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    NOTE_BYTES = 700, /* of words: padded to 704, so that a whole entry on the wire has about 1 KB */
    ARENA_CEILING = 1 << 30,
    SCRATCH_CEILING = 4 << 20,
    HTTP_HEAD_BYTES = 512,
};

static struct str keep(struct arena *a, struct str s)
{
    struct str copy = arena_copy(a, s);
    EXPECT(copy.at != NULL || s.len == 0);
    return copy;
}

void script_open(struct script *s, struct api *api)
{
    struct arena scratch;
    struct why why;
    *s = (struct script){.api = api};
    arena_init(&s->arena, ARENA_CEILING);
    arena_init(&scratch, SCRATCH_CEILING);
    room_init(&s->room, api->me, api_now_ms());
    struct str genesis = room_genesis(&s->room, &scratch, true);
    crowd_must(api_create(api, genesis), 201, "POST /v1/circles");
    EXPECT(room_take(&s->room, genesis, &why) == ERR_OK);
    arena_fini(&scratch);
}

void script_fini(struct script *s)
{
    room_fini(&s->room);
    arena_fini(&s->arena);
    free(s->ask);
}

/* The next entry, signed; the room stands behind it. */
static struct str next_entry(struct script *s, struct arena *scratch)
{
    char words[NOTE_BYTES + 1];
    memset(words, 'w', NOTE_BYTES);
    words[NOTE_BYTES] = '\0';
    s->room.now_ms = api_now_ms();
    struct str wire = room_say(&s->room, scratch, people_note(scratch, words));
    room_assume(&s->room, wire);
    return wire;
}

/* The bytes of a request; head_only has no body and no Content-Length. */
static struct str request(struct script *s, const char *method, const char *tail, struct str body)
{
    char path[API_PATH_BYTES];
    uint8_t room[HTTP_HEAD_BYTES + 8 * 1024];
    EXPECT(body.len <= sizeof room - HTTP_HEAD_BYTES);
    api_entries_path(path, s->room.at.id, tail);
    size_t n = http_client_put_ask(
        (char *)room, sizeof room,
        &(struct http_ask){.method = method, .path = path, .token = s->api->token, .body = body}, s->api->http.port);
    EXPECT(n > 0);
    return keep(&s->arena, str_at(room, n));
}

/* What a 201 must say. */
static struct str answer(struct script *s)
{
    uint8_t room[64];
    struct out o = OUT_OVER(room);
    cbor_put_map(&o, 2);
    cbor_put_uint(&o, 1);
    cbor_put_uint(&o, s->room.at.head_seq);
    cbor_put_uint(&o, 2);
    cbor_put_bytes(&o, STR_OF(s->room.at.head_hash));
    return keep(&s->arena, out_str(&o));
}

static void grow(struct script *s, size_t n)
{
    s->ask = realloc(s->ask, (s->ask_n + n) * sizeof *s->ask);
    EXPECT(s->ask != NULL);
}

struct script_sizes script_write(struct script *s, size_t n)
{
    struct script_sizes sizes = {0};
    struct arena scratch;
    grow(s, n);
    for (size_t i = 0; i < n; i++) {
        struct entry e;
        struct why why;
        arena_init(&scratch, SCRATCH_CEILING);
        struct str wire = next_entry(s, &scratch);
        EXPECT(entry_read(wire, &e, &why) == ERR_OK);
        sizes = (struct script_sizes){wire.len, e.header.len, e.payload.len};
        s->ask[s->ask_n++] = (struct load_ask){.bytes = request(s, "POST", "", wire), .body = answer(s)};
        arena_fini(&scratch);
    }
    return sizes;
}

void script_fill(struct script *s, size_t n)
{
    while (s->room.at.head_seq + 1 < n) {
        struct arena scratch;
        arena_init(&scratch, SCRATCH_CEILING);
        uint8_t *room = arena_take(&scratch, LIMIT_BODY_BYTES);
        EXPECT(room != NULL);
        struct out batch = out_over(room, LIMIT_BODY_BYTES);
        for (size_t i = 0; i < LIMIT_BATCH_ENTRIES && s->room.at.head_seq + 1 < n; i++) {
            out_put(&batch, next_entry(s, &scratch));
        }
        EXPECT(!batch.is_full);
        crowd_must(api_append(s->api, s->room.at.id, out_str(&batch)), 201, "Filling a circle");
        arena_fini(&scratch);
    }
}

void script_pages(struct script *s)
{
    struct room reader; /* verifies what came: the whole chain, every signature */
    struct why why;
    room_init(&reader, s->api->me, api_now_ms());
    s->ask_n = 0;
    for (uint64_t seq = 0; seq <= s->room.at.head_seq; seq = reader.chain.circle.head_seq + 1) {
        char tail[40] = "", path[API_PATH_BYTES];
        struct str none = {0};
        if (seq > 0) (void)snprintf(tail, sizeof tail, "?after=%llu", (unsigned long long)(seq - 1));
        api_entries_path(path, s->room.at.id, tail);
        struct api_reply r = api_get(s->api, path);
        crowd_must(r, 200, "Reading a circle");
        grow(s, 1);
        s->ask[s->ask_n++] = (struct load_ask){.bytes = request(s, "GET", tail, none), .body = keep(&s->arena, r.body)};
        EXPECT(r.body.len > 0 && room_take(&reader, r.body, &why) == ERR_OK);
    }
    EXPECT(memcmp(reader.chain.circle.head_hash, s->room.at.head_hash, HASH_BYTES) == 0);
    room_fini(&reader);
    s->next = 0;
}
