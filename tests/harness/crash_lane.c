/* crash_lane.c -- see crash_lane.h. */
#define _POSIX_C_SOURCE 200809L
#include "harness/crash_lane.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    ITEM_MEMORY_BYTES = 64 * 1024,
    PAGE_MEMORY_BYTES = 512 * 1024 * 1024,
    WORDS_LEAST = 500,
    WORDS_MOST = 900,
    REQUEST_HEAD_BYTES = 1024,
};

/* ---- making and ending ---------------------------------------------------------------------------- */

void lane_init(struct lane *lane, struct api *api, uint64_t seed)
{
    *lane = (struct lane){.api = api};
    random_init_seed(&lane->random, seed);
    room_init(&lane->room, api->me, api_now_ms());
    arena_init(&lane->item_memory, ITEM_MEMORY_BYTES);
    arena_init(&lane->wire_memory, ITEM_MEMORY_BYTES);
    arena_init(&lane->page_memory, PAGE_MEMORY_BYTES);
}

void lane_fini(struct lane *lane)
{
    room_fini(&lane->room);
    arena_fini(&lane->item_memory);
    arena_fini(&lane->wire_memory);
    arena_fini(&lane->page_memory);
    free(lane->promise);
    lane->promise = NULL;
}

/* ---- answers -------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3)))
static enum lane_step broken(struct lane *lane, const char *form, ...)
{
    va_list more;
    int n = snprintf(lane->trouble, sizeof lane->trouble, "%s's copy of the %s circle, %llu entries: ",
                     lane->api->me->name, lane->is_shared ? "shared" : "own",
                     (unsigned long long)lane->room.chain.index.row_n);
    EXPECT(n > 0 && (size_t)n < sizeof lane->trouble);
    va_start(more, form);
    (void)vsnprintf(lane->trouble + n, sizeof lane->trouble - (size_t)n, form, more);
    va_end(more);
    return LANE_BROKEN;
}

/* What an answer that is no success means. */
static enum lane_step refused(struct lane *lane, const char *what, const struct api_reply *r)
{
    bool is_stopping = r->status == 503 && strcmp(r->code, "stopping") == 0;
    if (r->status == 0 || is_stopping) return LANE_GONE;
    return broken(lane, "%s was answered %d %s", what, r->status, r->code);
}

static void promised(struct lane *lane, uint64_t seq, const uint8_t *hash)
{
    if (lane->promise_n == lane->promise_cap) {
        lane->promise_cap = lane->promise_cap == 0 ? 256 : 2 * lane->promise_cap;
        lane->promise = realloc(lane->promise, lane->promise_cap * sizeof *lane->promise);
        EXPECT(lane->promise != NULL);
    }
    struct lane_promise *p = &lane->promise[lane->promise_n++];
    p->seq = seq;
    memcpy(p->hash, hash, HASH_BYTES);
}

/* ---- items ---------------------------------------------------------------------------------------- */

/* Signs the item for the place behind the head. */
static void place_item(struct lane *lane)
{
    memcpy(lane->prev, lane->room.at.head_hash, HASH_BYTES);
    lane->draft.prev = lane->prev;
    lane->draft.seq = lane->room.at.head_seq + 1;
    lane->draft.time_ms = api_now_ms();
    arena_fini(&lane->wire_memory);
    lane->wire = draft_sign(&lane->wire_memory, &lane->draft, lane->api->me);
}

static void make_item(struct lane *lane)
{
    char words[WORDS_MOST + 1];
    size_t n = (size_t)random_between(&lane->random, WORDS_LEAST, WORDS_MOST);
    int head_n = snprintf(words, sizeof words, "%s says, for the %lluth time: ", lane->api->me->name,
                          (unsigned long long)++lane->item_n);
    EXPECT(head_n > 0 && (size_t)head_n < n);
    for (size_t i = (size_t)head_n; i < n; i++) words[i] = (char)('a' + random_below(&lane->random, 26));
    words[n] = '\0';
    arena_fini(&lane->item_memory);
    lane->draft = draft_sealed(&lane->room, &lane->item_memory, people_note(&lane->item_memory, words));
    lane->has_item = true;
    lane->is_unsure = false;
    place_item(lane);
}

static void drop_item(struct lane *lane)
{
    lane->has_item = lane->is_unsure = false;
    lane->recorded_n++;
}

/* Sends the item's bytes once and reads the answer: no second try that nobody sees. Status 0: none came. */
static struct api_reply send_item(struct lane *lane)
{
    char path[API_PATH_BYTES];
    struct http_client *http = &lane->api->http;
    struct http_reply reply = {0};
    size_t cap = REQUEST_HEAD_BYTES + lane->wire.len;
    arena_fini(&lane->page_memory);
    char *bytes = arena_take(&lane->page_memory, cap);
    EXPECT(bytes != NULL);
    api_entries_path(path, lane->circle, "");
    struct http_ask ask = {.method = "POST", .path = path, .token = lane->api->token, .body = lane->wire};
    size_t n = http_client_put_ask(bytes, cap, &ask, http->port);
    EXPECT(n > 0);
    lane->is_unsure = true;
    bool is_answered = http_client_send(http, str_at(bytes, n)) && http_client_read(http, true, &reply);
    if (!is_answered) {
        http_client_drop(http);
        return (struct api_reply){0};
    }
    return api_reply_of(&reply);
}

/* 200 or 201: the entry stands where it was signed for, and the circle's head is there or further on. */
static enum lane_step item_acknowledged(struct lane *lane, const struct api_reply *r, bool was_unsure)
{
    struct api_head head;
    struct entry e;
    struct why why;
    EXPECT(entry_read(lane->wire, &e, &why) == ERR_OK);
    if (!api_head_of_reply(r, &head)) return broken(lane, "an append was answered %d without a head", r->status);
    if (head.seq < e.seq || (head.seq == e.seq && memcmp(head.hash, e.hash, HASH_BYTES) != 0)) {
        return broken(lane, "entry %llu was acknowledged with another head, %llu", (unsigned long long)e.seq,
                      (unsigned long long)head.seq);
    }
    if (r->status == 200 && !was_unsure) return broken(lane, "an entry was there before it was sent");
    if (was_unsure && r->status == 200) lane->kept_n++;
    if (was_unsure && r->status == 201) lane->lost_n++;
    promised(lane, e.seq, e.hash);
    room_assume(&lane->room, lane->wire);
    drop_item(lane);
    return LANE_ON;
}

enum lane_step lane_append(struct lane *lane)
{
    if (!lane->has_item) make_item(lane);
    bool was_unsure = lane->is_unsure;
    uint64_t from_ms = api_now_ms();
    struct api_reply r = send_item(lane);
    if (r.status == 200 || r.status == 201) return item_acknowledged(lane, &r, was_unsure);
    if (r.status == 0 && api_now_ms() - from_ms >= lane->api->http.wait_ms) {
        return broken(lane, "an append had no answer for %u ms", lane->api->http.wait_ms);
    }
    if (r.status != 0) lane->is_unsure = false;
    if (lane->may_refuse != ERR_OK && strcmp(r.code, err_code(lane->may_refuse)) == 0) {
        if (r.status != err_http(lane->may_refuse)) return refused(lane, "an append", &r);
        lane->refused_n++;
        enum lane_step step = lane_sync(lane); /* which finds out whether it was recorded all the same */
        if (lane->has_item && lane->may_refuse == ERR_STORE) lane->is_unsure = true; /* it may yet turn up */
        return step;
    }
    if (r.status != 409 || strcmp(r.code, "head_moved") != 0) return refused(lane, "an append", &r);
    if (!lane->is_shared) return broken(lane, "head_moved to %llu, and nobody else writes", (unsigned long long)r.seq);
    lane->moved_n++;
    return lane_sync(lane);
}

/* ---- reading -------------------------------------------------------------------------------------- */

/* The first of what is read stands in the verified copy already: the server must still have it. */
static enum lane_step take_page(struct lane *lane, struct str entries)
{
    struct why why = {0};
    uint64_t n = lane->room.chain.index.row_n;
    struct str first = {0};
    if (n > 0 && entries.len == 0) return broken(lane, "the newest entry, read before, is gone");
    if (n > 0 && cbor_first(entries, &first, &entries) != ERR_OK) return broken(lane, "what was read is no sequence");
    if (n > 0 && !str_is(first, lane->room.wire[n - 1])) return broken(lane, "the newest entry, read before, differs");
    if (room_take(&lane->room, entries, &why) == ERR_OK) return LANE_ON;
    return broken(lane, "entry %llu behind them: %s, %s", (unsigned long long)why.at, err_code(why.code),
                  why.field == NULL ? "" : why.field);
}

/* Every promise that was not looked at yet. */
static enum lane_step hold_promises(struct lane *lane)
{
    const struct index *index = &lane->room.chain.index;
    for (; lane->held_n < lane->promise_n; lane->held_n++) {
        const struct lane_promise *p = &lane->promise[lane->held_n];
        unsigned long long seq = p->seq;
        if (p->seq >= index->row_n) return broken(lane, "entry %llu was acknowledged and is lost", seq);
        if (memcmp(index_row(index, p->seq)->hash, p->hash, HASH_BYTES) != 0) {
            return broken(lane, "entry %llu was acknowledged and is another one", seq);
        }
    }
    return chain_is_settled(&lane->room.chain) ? LANE_ON : broken(lane, "a payload is missing");
}

/* Whether the item that waits was recorded after all; if not, it is signed for its new place. */
static enum lane_step settle_item(struct lane *lane)
{
    if (!lane->has_item) return LANE_ON;
    bool is_there = index_find_id(&lane->room.chain.index, lane->draft.id, NULL);
    if (is_there && !lane->is_unsure) return broken(lane, "an entry was refused and is recorded");
    if (is_there) {
        lane->kept_n++;
        drop_item(lane);
        return LANE_ON;
    }
    if (lane->is_unsure) lane->lost_n++;
    lane->is_unsure = false;
    bool is_in_place = memcmp(lane->prev, lane->room.at.head_hash, HASH_BYTES) == 0;
    if (!is_in_place) place_item(lane);
    return LANE_ON;
}

enum lane_step lane_sync(struct lane *lane)
{
    struct api_reply r = {0};
    struct str entries = {0};
    uint64_t n = lane->room.chain.index.row_n;
    arena_fini(&lane->page_memory);
    if (!api_entries(lane->api, &lane->page_memory, lane->circle, n > 0 ? n - 1 : 0, NULL, &entries, &r)) {
        return refused(lane, "reading", &r);
    }
    enum lane_step step = take_page(lane, entries);
    if (step == LANE_ON) step = hold_promises(lane);
    return step == LANE_ON ? settle_item(lane) : step;
}

enum lane_step lane_recover(struct lane *lane)
{
    if (lane->has_item && lane->is_unsure && random_is_one_in(&lane->random, 2)) {
        enum lane_step step = lane_append(lane);
        if (step != LANE_ON) return step;
    }
    return lane_sync(lane);
}

/* ---- from the beginning ----------------------------------------------------------------------------- */

enum lane_step lane_begin(struct lane *lane)
{
    arena_fini(&lane->page_memory);
    struct str genesis = room_genesis(&lane->room, &lane->page_memory, false);
    struct api_reply r = api_create(lane->api, genesis);
    struct api_head head;
    if (r.status != 201 || !api_head_of_reply(&r, &head)) return refused(lane, "a new circle", &r);
    memcpy(lane->circle, head.hash, HASH_BYTES); /* a circle's id is its first entry's hash */
    return lane_sync(lane);
}

enum lane_step lane_share(struct lane *lane, const uint8_t *circle)
{
    memcpy(lane->circle, circle, HASH_BYTES);
    lane->is_shared = true;
    return lane_sync(lane);
}

/* The entries of mine that say something, in the verified copy. */
static uint64_t count_mine(const struct lane *lane)
{
    uint64_t n = 0;
    const struct index *index = &lane->room.chain.index;
    for (uint64_t seq = 0; seq < index->row_n; seq++) {
        const struct index_row *row = index_row(index, seq);
        bool is_mine = memcmp(row->author, lane->api->me->keys.sign_pk, SIGN_PK_BYTES) == 0;
        n += is_mine && row->kind == ENTRY_SEALED;
    }
    return n;
}

enum lane_step lane_reread(struct lane *lane)
{
    uint64_t seq = 0, mine_n = count_mine(lane);
    const struct room *room = &lane->room;
    if (mine_n != lane->recorded_n) {
        return broken(lane, "%llu items were recorded, and %llu entries of mine are there",
                      (unsigned long long)lane->recorded_n, (unsigned long long)mine_n);
    }
    while (seq < room->chain.index.row_n) {
        char path[API_PATH_BYTES], tail[40] = "";
        if (seq > 0) (void)snprintf(tail, sizeof tail, "?after=%llu", (unsigned long long)(seq - 1));
        api_entries_path(path, lane->circle, tail);
        struct api_reply r = api_get(lane->api, path);
        if (r.status != 200) return refused(lane, "reading again", &r);
        if (r.body.len == 0) return broken(lane, "the record ends at entry %llu", (unsigned long long)seq);
        for (struct str left = r.body, wire; left.len > 0 && seq < room->chain.index.row_n; seq++) {
            if (cbor_first(left, &wire, &left) == ERR_OK && str_is(wire, room->wire[seq])) continue;
            return broken(lane, "entry %llu, read before, differs", (unsigned long long)seq);
        }
    }
    return LANE_ON;
}
