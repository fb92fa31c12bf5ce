/* api_circle.c -- which circles are mine, making one, adding to it, and reading it. */
#include <stdlib.h>

#include "server/append.h"
#include "server/clock.h"
#include "server/routes.h"

/* ---- GET /v1/circles -------------------------------------------------------------------------------- */

/* A list that grows as the store is read. */
struct growing {
    struct out out;
    bool has_no_memory;
};

static void growing_room(struct growing *g, size_t more)
{
    if (g->has_no_memory || g->out.cap - g->out.len >= more) return;
    size_t cap = 2 * g->out.cap + more;
    uint8_t *at = realloc(g->out.at, cap);
    if (at == NULL) {
        g->has_no_memory = true;
        return;
    }
    g->out.at = at;
    g->out.cap = cap;
}

/* Who has left sees until when they were in, and nothing of what came after. */
static enum err put_circle(void *ctx, const struct store_circle *circle, const struct store_member *member)
{
    enum { ROW_BYTES = 2 * (HASH_BYTES + 3) + 2 * 10 + 1 };
    struct growing *g = ctx;
    growing_room(g, ROW_BYTES);
    if (g->has_no_memory) return ERR_NO_MEMORY;
    cbor_put_map(&g->out, member->has_left ? 3 : 4);
    cbor_put_uint(&g->out, 1);
    cbor_put_bytes(&g->out, STR_OF(circle->id));
    cbor_put_uint(&g->out, 2);
    cbor_put_uint(&g->out, member->joined_seq);
    if (member->has_left) {
        cbor_put_uint(&g->out, 5);
        cbor_put_uint(&g->out, member->left_seq);
        return ERR_OK;
    }
    cbor_put_uint(&g->out, 3);
    cbor_put_uint(&g->out, circle->head.seq);
    cbor_put_uint(&g->out, 4);
    cbor_put_bytes(&g->out, STR_OF(circle->head.hash));
    return ERR_OK;
}

static void circles_run(struct read *read, struct store *reader)
{
    struct request *r = request_of_read(read);
    struct growing g = {.has_no_memory = false};
    enum err e = store_member_each(reader, r->session.sign_pk, put_circle, &g);
    if (e == ERR_OK) {
        request_answer_list(r, &g.out);
        return;
    }
    free(g.out.at);
    request_refuse_code(r, e);
}

void api_circles(struct request *r)
{
    request_read(r, circles_run);
}

/* ---- POST /v1/circles, POST /v1/circles/:circle/entries ----------------------------------------------- */

static enum err append_write(struct write *write, const struct writer_desk *desk)
{
    struct request *r = request_of_write(write);
    return append_apply(r->work, desk, &r->session);
}

static void append_answer(struct request *r, const struct append *append)
{
    uint8_t memory[64];
    struct out o = OUT_OVER(memory);
    cbor_put_map(&o, 2);
    cbor_put_uint(&o, 1);
    cbor_put_uint(&o, append->head.seq);
    cbor_put_uint(&o, 2);
    cbor_put_bytes(&o, STR_OF(append->head.hash));
    request_answer(r, append->added_n > 0 ? 201 : 200, out_str(&o));
}

static void append_settle(struct write *write, enum err e)
{
    struct request *r = request_of_write(write);
    struct append *append = r->work;
    if (e == ERR_OK) {
        append_tell(append, r->server->hub);
        append_answer(r, append);
        return;
    }
    /* What befell the whole group is no fault of this batch, and has no detail. */
    if (append->refusal.code != e) append->refusal = (struct refusal){.code = e};
    request_refuse(r, &append->refusal);
}

/* The slow part: entries taken apart, signatures checked. */
static void append_check(struct request *r)
{
    struct append *append = r->work;
    enum err e = append_read(append, &r->arena, http_body(r->call));
    if (e != ERR_OK) {
        append->refusal.code = e;
        request_refuse(r, &append->refusal);
        return;
    }
    r->write.goes_unmarked = append_is_plain(append);
    request_write(r, append_write, append_settle);
}

static void append_check_on_reader(struct read *read, struct store *reader)
{
    (void)reader;
    append_check(request_of_read(read));
}

/* Whether nobody else asks for anything just now. */
static bool is_alone(const struct request *r)
{
    struct http_gauges now = http_gauges(r->server->http);
    return now.call_n <= now.stream_n + 1;
}

/* A connection belongs to one http thread for good, so one of these may have much to check while another has
 * nothing. The readers share what there is; only who is alone is served faster without them. */
static void append_begin(struct request *r, enum append_way way)
{
    struct append *append = arena_take(&r->arena, sizeof *append);
    if (append == NULL) {
        request_refuse_code(r, ERR_NO_MEMORY);
        return;
    }
    append->way = way;
    append->now_ms = clock_now_ms();
    append->circle_bytes_max = r->server->config->circle_bytes;
    append->circle_n_max = r->server->config->circle_n;
    memcpy(append->circle, r->circle, HASH_BYTES);
    r->work = append;
    if (is_alone(r)) append_check(r);
    else request_read(r, append_check_on_reader);
}

void api_circle_create(struct request *r)
{
    append_begin(r, APPEND_CREATE);
}

void api_append(struct request *r)
{
    struct str name, value;
    bool is_repair = http_query_at(r->call, 0, &name, &value);
    bool is_known = !is_repair || (str_is(name, STR("repair")) && str_is(value, STR("1")));
    if (!is_known || http_query_at(r->call, 1, &name, &value)) request_refuse_code(r, ERR_BAD_QUERY);
    else append_begin(r, is_repair ? APPEND_REPAIR : APPEND_LIVE);
}

/* ---- GET /v1/circles/:circle/entries -------------------------------------------------------------------- */

struct page {
    uint64_t first_seq;
    size_t limit_n;
    struct growing entries;
};

static bool decimal_read(struct str text, uint64_t most, uint64_t *number)
{
    uint64_t n = 0;
    if (text.len == 0 || text.len > 10) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return false;
        n = n * 10 + (uint64_t)(text.at[i] - '0');
    }
    *number = n;
    return n <= most;
}

static enum err page_read(struct request *r, struct page *page)
{
    struct str name, value;
    page->limit_n = LIMIT_PAGE_ENTRIES;
    for (size_t i = 0; http_query_at(r->call, i, &name, &value); i++) {
        uint64_t number;
        if (str_is(name, STR("after")) && decimal_read(value, LIMIT_SEQ, &number)) {
            page->first_seq = number + 1;
        } else if (str_is(name, STR("limit")) && decimal_read(value, LIMIT_PAGE_ENTRIES, &number) && number > 0) {
            page->limit_n = (size_t)number;
        } else {
            return ERR_BAD_QUERY;
        }
    }
    return ERR_OK;
}

/* An entry as it came. The page ends before it would be longer than a body may be. */
static enum err put_entry(void *ctx, const struct store_entry *entry)
{
    enum { HEADS_BYTES = 1 + 3 * 5 };
    struct page *page = ctx;
    struct out *o = &page->entries.out;
    size_t entry_bytes = HEADS_BYTES + entry->header.len + entry->sig.len + entry->payload.len;
    if (o->len > 0 && o->len + entry_bytes > LIMIT_BODY_BYTES) return ERR_TOO_LARGE; /* ends the visit */
    growing_room(&page->entries, entry_bytes);
    if (page->entries.has_no_memory) return ERR_NO_MEMORY;
    cbor_put_list(o, 3);
    cbor_put_bytes(o, entry->header);
    cbor_put_bytes(o, entry->sig);
    cbor_put_bytes(o, entry->payload);
    return ERR_OK;
}

/* How far somebody may read: members to the head, who has left to their leave, who was never in not at
 * all, which looks the same as a circle that is not there. A visitor's token was judged already. */
static enum err last_readable(struct request *r, struct store *reader, uint64_t *circle, uint64_t *last_seq)
{
    struct store_circle row;
    struct store_member member;
    enum err e = store_circle_by_id(reader, r->circle, &row, NULL);
    if (e == ERR_OK && r->has_session) e = store_member_find(reader, row.number, r->session.sign_pk, &member);
    if (e != ERR_OK) return e == ERR_NOT_FOUND ? ERR_NO_CIRCLE : e;
    *circle = row.number;
    *last_seq = r->has_session && member.has_left ? member.left_seq : row.head.seq;
    return ERR_OK;
}

static void entries_run(struct read *read, struct store *reader)
{
    struct request *r = request_of_read(read);
    struct page *page = r->work;
    uint64_t circle = 0, last_seq = 0;
    enum err e = store_begin_read(reader);
    if (e == ERR_OK) {
        e = last_readable(r, reader, &circle, &last_seq);
        if (e == ERR_OK) growing_room(&page->entries, page->limit_n * 1024);
        if (e == ERR_OK && page->first_seq <= last_seq) {
            e = store_entry_each(reader, circle, page->first_seq, last_seq, page->limit_n, put_entry, page);
        }
        store_end_read(reader);
    }
    if (e == ERR_OK || e == ERR_TOO_LARGE) {
        request_answer_list(r, &page->entries.out);
        return;
    }
    free(page->entries.out.at);
    request_refuse_code(r, e);
}

void api_entries(struct request *r)
{
    struct page *page = arena_take(&r->arena, sizeof *page);
    enum err e = page == NULL ? ERR_NO_MEMORY : page_read(r, page);
    if (e != ERR_OK) {
        request_refuse_code(r, e);
        return;
    }
    r->work = page;
    request_read(r, entries_run);
}
