/* live.c -- see live.h. */
#include "client/live.h"

#include <stdlib.h>

#include "client/clock.h"
#include "client/remote_read.h"

/* What the lines since the last empty one have said. */
enum event_name { EVENT_UNNAMED, EVENT_LIST, EVENT_HEAD, EVENT_UNKNOWN };

enum { STEADY_MS = 30 * 1000, CIRCLES_MOST = 1000000 };

struct live {
    struct fetch *fetch;
    uint8_t token[ACCOUNT_TOKEN_BYTES];
    bool is_ended;      /* no session any more                       */
    bool is_asking;     /* a stream is there, or was asked for       */
    uint64_t up_at_ms;  /* when the stream began; 0: it has not      */
    uint64_t again_at_ms;
    unsigned failed_n;  /* tries in a row that led to nothing lasting */
    struct str bytes;   /* what came and was not read yet; borrowed from fetch */
    uint8_t line[LIVE_LINE_BYTES], data[LIVE_LINE_BYTES];
    size_t line_len, data_len;
    bool has_data;
    enum event_name name;
};

enum err live_open(const struct fetch_options *options, const uint8_t token[static ACCOUNT_TOKEN_BYTES],
                   struct live **live)
{
    struct fetch_options mine = *options;
    struct live *l = calloc(1, sizeof *l);
    if (l == NULL) return ERR_NO_MEMORY;
    if (mine.quiet_ms == 0) mine.quiet_ms = LIVE_SILENT_MS;
    enum err e = fetch_open(&mine, &l->fetch);
    if (e != ERR_OK) {
        free(l);
        return e;
    }
    memcpy(l->token, token, sizeof l->token);
    *live = l;
    return ERR_OK;
}

void live_close(struct live *live)
{
    if (live == NULL) return;
    fetch_close(live->fetch);
    wipe(live, sizeof *live);
    free(live);
}

/* ---- lines --------------------------------------------------------------------------------------------- */

static bool hex_read(struct str text, uint8_t *bytes, size_t n)
{
    if (text.len != 2 * n) return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i], digit;
        if (c >= '0' && c <= '9') digit = (uint8_t)(c - '0');
        else if (c >= 'a' && c <= 'f') digit = (uint8_t)(c - 'a' + 10);
        else return false;
        bytes[i / 2] = (uint8_t)(i % 2 == 0 ? digit << 4 : bytes[i / 2] | digit);
    }
    return true;
}

/* A number in its one form: no sign, no zeros in front. */
static bool decimal_read(struct str text, uint64_t most, uint64_t *number)
{
    uint64_t n = 0;
    if (text.len == 0 || text.len > 10 || (text.len > 1 && text.at[0] == '0')) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return false;
        n = n * 10 + (uint64_t)(text.at[i] - '0');
    }
    *number = n;
    return n <= most;
}

/* "<circle> <seq> <hash>" */
static bool head_read(struct str data, struct live_event *event)
{
    enum { HEX = 2 * HASH_BYTES };
    if (data.len < HEX + 1 + 1 + 1 + HEX) return false;
    size_t seq_n = data.len - HEX - 1 - 1 - HEX;
    return data.at[HEX] == ' ' && data.at[HEX + 1 + seq_n] == ' ' &&
           hex_read(str_at(data.at, HEX), event->circle, HASH_BYTES) &&
           decimal_read(str_at(data.at + HEX + 1, seq_n), LIMIT_SEQ, &event->head.seq) &&
           hex_read(str_at(data.at + HEX + 1 + seq_n + 1, HEX), event->head.hash, HASH_BYTES);
}

enum line_said { LINE_NOTHING, LINE_EVENT, LINE_NONSENSE };

static void forget_event(struct live *l)
{
    l->name = EVENT_UNNAMED;
    l->has_data = false;
    l->data_len = 0;
}

/* The empty line: what came before it is an event. Names that are not known are of a newer server. */
static enum line_said finish_event(struct live *l, struct live_event *event)
{
    struct str data = str_at(l->data, l->data_len);
    enum event_name name = l->name;
    bool has_data = l->has_data, is_good = true;
    struct live_event e = {.text = ""};
    forget_event(l);
    if (name == EVENT_UNKNOWN || (name == EVENT_UNNAMED && !has_data)) return LINE_NOTHING;
    if (name == EVENT_UNNAMED || !has_data) return LINE_NONSENSE;
    if (name == EVENT_LIST) {
        e.kind = LIVE_LIST;
        is_good = decimal_read(data, CIRCLES_MOST, &e.circle_n);
    } else {
        e.kind = LIVE_HEAD;
        is_good = head_read(data, &e);
    }
    if (is_good) *event = e;
    return is_good ? LINE_EVENT : LINE_NONSENSE;
}

/* Whether a line has this field; the value without the one space that may stand in front. */
static bool is_field(struct str line, const char *name, struct str *value)
{
    size_t n = strlen(name);
    if (!str_starts(line, str_at(name, n)) || line.len == n || line.at[n] != ':') return false;
    size_t skip = n + 1 < line.len && line.at[n + 1] == ' ' ? n + 2 : n + 1;
    *value = str_at(line.at + skip, line.len - skip);
    return true;
}

static enum line_said read_line(struct live *l, struct str line, struct live_event *event)
{
    struct str value;
    if (line.len == 0) return finish_event(l, event);
    if (is_field(line, "event", &value)) {
        l->name = str_is(value, STR("list")) ? EVENT_LIST : str_is(value, STR("head")) ? EVENT_HEAD : EVENT_UNKNOWN;
    } else if (is_field(line, "data", &value)) {
        if (l->has_data && l->name != EVENT_UNKNOWN) return LINE_NONSENSE; /* both kinds have one line */
        memcpy(l->data, value.at, value.len);
        l->data_len = value.len;
        l->has_data = true;
    }
    return LINE_NOTHING; /* a comment: the server lives. Other fields are nothing that was agreed on */
}

/* Reads lines of what came until there is an event, nonsense, or nothing more. */
static enum line_said read_lines(struct live *l, struct live_event *event)
{
    while (l->bytes.len > 0) {
        uint8_t c = *l->bytes.at;
        l->bytes = str_at(l->bytes.at + 1, l->bytes.len - 1);
        if (c != '\n') {
            if (l->line_len == sizeof l->line) return LINE_NONSENSE;
            l->line[l->line_len++] = c;
            continue;
        }
        struct str line = str_at(l->line, l->line_len);
        l->line_len = 0;
        if (line.len > 0 && line.at[line.len - 1] == '\r') line.len--;
        enum line_said said = read_line(l, line, event);
        if (said != LINE_NOTHING) return said;
    }
    return LINE_NOTHING;
}

/* ---- up and down --------------------------------------------------------------------------------------- */

static uint64_t random_below(uint64_t n)
{
    uint64_t r;
    random_fill(&r, sizeof r);
    return r % n;
}

/* Longer each time, and somewhere between half of it and all of it: so that those who lost a server at the same
 * moment do not come back at the same moment. */
static uint64_t back_off_ms(unsigned failed_n, unsigned retry_after_s)
{
    uint64_t most_ms = LIVE_BACK_OFF_MOST_MS;
    if (failed_n < 6) most_ms = (uint64_t)LIVE_BACK_OFF_LEAST_MS << failed_n; /* 2, 4, 8, 16, 32 s, and then 60 */
    uint64_t wait_ms = most_ms / 2 + random_below(most_ms / 2 + 1);
    uint64_t asked_ms = (uint64_t)retry_after_s * 1000;
    return wait_ms >= asked_ms ? wait_ms : asked_ms + random_below(1000);
}

static void go_down(struct live *l, enum err why, const char *text, unsigned retry_after_s, struct live_event *event)
{
    uint64_t now_ms = clock_steady_ms();
    bool was_steady = l->up_at_ms != 0 && now_ms - l->up_at_ms >= STEADY_MS;
    fetch_end(l->fetch);
    l->failed_n = was_steady ? 1 : l->failed_n + 1;
    l->is_asking = false;
    l->up_at_ms = 0;
    l->bytes = (struct str){0};
    l->line_len = 0;
    forget_event(l);
    uint64_t wait_ms = back_off_ms(l->failed_n, retry_after_s);
    l->again_at_ms = now_ms + wait_ms;
    *event = (struct live_event){.kind = LIVE_DOWN, .why = why, .text = text, .again_ms = wait_ms};
}

static enum err ask(struct live *l)
{
    struct fetch_ask live = {.method = "GET", .path = "/v1/live", .token = l->token};
    enum err e = fetch_begin(l->fetch, &live);
    l->is_asking = e == ERR_OK;
    return e;
}

/* The server said something else than a stream. */
static enum err take_refusal(struct live *l, const struct fetch_answer *answer, struct live_event *event)
{
    struct remote_detail detail = {.text = ""};
    enum err e = remote_read_refusal(answer->status, answer->body, &detail);
    if (e == ERR_NO_SESSION) {
        l->is_ended = true;
        return e;
    }
    go_down(l, e, detail.text, answer->retry_after_s, event);
    return ERR_OK;
}

/* ---- the next event ------------------------------------------------------------------------------------ */

/* What fetch_wait told. *is_event is left false where there is nothing to hand out yet. */
static enum err take_news(struct live *l, enum fetch_came came, const struct fetch_news *news,
                          struct live_event *event, bool *is_event)
{
    *is_event = true;
    switch (came) {
    case FETCH_STOPPED: *event = (struct live_event){.kind = LIVE_STOPPED, .text = ""}; return ERR_OK;
    case FETCH_BEGUN:
        l->up_at_ms = clock_steady_ms();
        *event = (struct live_event){.kind = LIVE_UP, .text = ""};
        return ERR_OK;
    case FETCH_REFUSED: return take_refusal(l, &news->answer, event);
    case FETCH_OVER: go_down(l, news->why, fetch_trouble(l->fetch), 0, event); return ERR_OK;
    case FETCH_BYTES: l->bytes = news->bytes; break;
    case FETCH_NOTHING: break;
    }
    *is_event = false;
    return ERR_OK;
}

/* How long to wait for the server at most: until the deadline, or the moment for another try. */
static uint64_t wait_for_ms(const struct live *l, uint64_t now_ms, uint64_t left_ms)
{
    if (l->is_asking) return left_ms;
    uint64_t until_again_ms = l->again_at_ms > now_ms ? l->again_at_ms - now_ms : 0;
    return until_again_ms < left_ms ? until_again_ms : left_ms;
}

enum err live_next(struct live *live, uint64_t wait_ms, struct live_event *event)
{
    struct live *l = live;
    uint64_t began_ms = clock_steady_ms();
    for (;;) {
        struct fetch_news news;
        bool is_event = false;
        if (l->is_ended) return ERR_NO_SESSION;
        enum line_said said = read_lines(l, event);
        if (said == LINE_EVENT) return ERR_OK;
        if (said == LINE_NONSENSE) {
            go_down(l, ERR_BAD_SERVER, "What it sent as news makes no sense.", 0, event);
            return ERR_OK;
        }
        uint64_t now_ms = clock_steady_ms(), waited_ms = now_ms - began_ms;
        uint64_t left_ms = waited_ms < wait_ms ? wait_ms - waited_ms : 0;
        if (!l->is_asking && now_ms >= l->again_at_ms) {
            enum err e = ask(l);
            if (e != ERR_OK) return e;
        }
        enum fetch_came came = fetch_wait(l->fetch, wait_for_ms(l, now_ms, left_ms), &news);
        enum err e = take_news(l, came, &news, event, &is_event);
        if (e != ERR_OK || is_event) return e;
        if (came == FETCH_NOTHING && clock_steady_ms() - began_ms >= wait_ms) {
            *event = (struct live_event){.kind = LIVE_NOTHING, .text = ""};
            return ERR_OK;
        }
    }
}
