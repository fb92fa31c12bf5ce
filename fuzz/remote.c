/* remote.c -- any bytes as what a server answers, and as its stream of news: nothing is taken that is out of
 * bounds, nothing is touched by what is refused, and how the stream was cut into pieces changes nothing.
 *
 *   input = which, status, bytes…
 */
#include "client/live.c"

#include "kit/fuzz.h"

void fuzz_open(void)
{
}

/* Reads into something that is known, and holds that it is left alone when the answer is refused. */
#define TRY(type, read, bytes, is_sound)                                                                               \
    do {                                                                                                               \
        struct type got_, before_;                                                                                     \
        memset(&got_, 0x5a, sizeof got_);                                                                              \
        memcpy(&before_, &got_, sizeof got_);                                                                          \
        enum err e_ = read(bytes, &got_);                                                                              \
        EXPECT(e_ == ERR_OK || e_ == ERR_BAD_SERVER);                                                                  \
        if (e_ != ERR_OK) EXPECT(memcmp(&got_, &before_, sizeof got_) == 0);                                           \
        else EXPECT(is_sound(&got_));                                                                                  \
        if (e_ == ERR_OK) fuzz_good();                                                                                 \
    } while (0)

static bool are_sound_origins(const struct remote_origins *o)
{
    bool is_sound = o->n <= REMOTE_ORIGINS;
    for (size_t i = 0; is_sound && i < o->n; i++) {
        is_sound = memchr(o->text[i], '\0', sizeof o->text[i]) != NULL && account_is_origin(str_of_text(o->text[i]));
    }
    return is_sound;
}

static bool is_plain(const char *text, size_t cap)
{
    const char *end = memchr(text, '\0', cap);
    for (const char *at = text; end != NULL && at < end; at++) {
        if (*at < ' ' || *at > '~') return false;
    }
    return end != NULL;
}

static bool is_sound_server(const struct remote_server *s)
{
    return s->time_ms <= LIMIT_NUMBER && s->limit.header_bytes <= LIMIT_NUMBER &&
           s->limit.live_stream_n <= LIMIT_NUMBER && are_sound_origins(&s->origins) &&
           is_plain(s->name, sizeof s->name);
}

static bool is_sound_account(const struct remote_account *account)
{
    return account->cred_n >= 1 && account->cred_n <= LIMIT_CREDENTIALS && account->creds_version <= LIMIT_NUMBER;
}

static bool is_sound_login(const struct remote_login *login)
{
    return login->creds_version <= LIMIT_NUMBER;
}

static bool is_sound_head(const struct remote_head *head)
{
    return head->seq <= LIMIT_SEQ;
}

static bool is_sound_invite(const struct remote_invite *invite)
{
    return invite->seq <= LIMIT_SEQ && invite->until_ms <= LIMIT_NUMBER;
}

static bool is_sound_session(const struct remote_session *s)
{
    return s->created_ms <= LIMIT_NUMBER && s->used_ms <= LIMIT_NUMBER;
}

static bool is_sound_circle(const struct remote_circle *c)
{
    return c->joined_seq <= LIMIT_SEQ && c->left_seq <= LIMIT_SEQ && c->head.seq <= LIMIT_SEQ &&
           (!c->has_left || c->head.seq == 0);
}

static void try_refusal(uint8_t which, struct str bytes)
{
    static const int status[] = {400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 507, 200, 302};
    struct remote_detail d = {.text = ""};
    enum err e = remote_read_refusal(status[which % (sizeof status / sizeof *status)], bytes, &d);
    EXPECT(e != ERR_OK && (e < ERR_ROLLED_BACK || e == ERR_OFFLINE || e == ERR_BAD_SERVER));
    EXPECT(d.text != NULL && is_plain(d.field, sizeof d.field) && are_sound_origins(&d.origins));
    EXPECT(d.index < LIMIT_BATCH_ENTRIES && d.head_seq <= LIMIT_SEQ && d.epoch <= LIMIT_NUMBER);
    if (e < ERR_ROLLED_BACK) fuzz_good();
    else EXPECT(!d.has_index && !d.has_head && !d.has_epoch && !d.has_time && d.origins.n == 0);
}

/* A list that is taken can be walked to its end: remote_next_… stops the program where that is not so. */
static void try_rows(uint8_t which, struct str bytes)
{
    size_t n = 7, walked_n = 0;
    struct remote_session session;
    struct remote_circle circle;
    enum err e = which == 0   ? remote_read_sessions(bytes, &n)
                 : which == 1 ? remote_read_circles(bytes, &n)
                              : remote_read_entries(bytes, 3, &n);
    EXPECT(e == ERR_OK || (e == ERR_BAD_SERVER && n == 7));
    if (e != ERR_OK) return;
    struct remote_rows rows = {._rest = bytes, .n = n};
    if (which == 0) while (remote_next_session(&rows, &session)) walked_n++;
    else if (which == 1) while (remote_next_circle(&rows, &circle)) walked_n++;
    else EXPECT(n <= 3);
    EXPECT(which == 2 || walked_n == n);
    fuzz_good();
}

/* ---- news ---------------------------------------------------------------------------------------------- */

/* What was read: the events one behind the other, and how it ended. */
struct news {
    uint8_t hash[HASH_BYTES];
    size_t event_n;
    bool is_nonsense;
};

static struct news read_news(struct str bytes, size_t piece_n)
{
    struct live live = {.is_asking = true};
    struct news news = {.event_n = 0};
    while (bytes.len > 0 && !news.is_nonsense) {
        enum line_said said;
        live.bytes = str_at(bytes.at, piece_n < bytes.len ? piece_n : bytes.len);
        bytes = str_at(bytes.at + live.bytes.len, bytes.len - live.bytes.len);
        struct live_event event;
        memset(&event, 0, sizeof event); /* its holes are hashed, too */
        while ((said = read_lines(&live, &event)) == LINE_EVENT) {
            EXPECT(event.kind == LIVE_LIST || event.kind == LIVE_HEAD);
            EXPECT(event.head.seq <= LIMIT_SEQ && event.circle_n <= CIRCLES_MOST);
            uint8_t told[8];
            struct out o = OUT_OVER(told);
            out_put_be64(&o, event.kind == LIVE_LIST ? event.circle_n : event.head.seq);
            hash_of(news.hash, CTX_ENTRY, PARTS(STR_OF(news.hash), STR_OF(told), STR_OF(event.circle),
                                                STR_OF(event.head.hash)));
            news.event_n++;
        }
        news.is_nonsense = said == LINE_NONSENSE;
    }
    return news;
}

static void try_news(uint8_t which, struct str bytes)
{
    struct news whole = read_news(bytes, SIZE_MAX), cut = read_news(bytes, 1 + which);
    EXPECT(whole.event_n == cut.event_n && whole.is_nonsense == cut.is_nonsense);
    EXPECT(memcmp(whole.hash, cut.hash, HASH_BYTES) == 0);
    if (whole.event_n > 0 && !whole.is_nonsense) fuzz_good();
}

static void try_small(uint8_t which, struct str bytes)
{
    uint8_t challenge[CHALLENGE_BYTES];
    uint64_t number = 0;
    enum err e = which % 4 == 0   ? remote_read_challenge(bytes, challenge, &number)
                 : which % 4 == 1 ? remote_read_creds_version(bytes, &number)
                 : which % 4 == 2 ? remote_read_nothing(bytes)
                                  : remote_read_health(bytes);
    EXPECT((e == ERR_OK || (e == ERR_BAD_SERVER && number == 0)) && number <= LIMIT_NUMBER);
    if (e == ERR_OK) fuzz_good();
}

void fuzz_one(struct str input)
{
    if (input.len < 2) return;
    uint8_t which = input.at[0], more = input.at[1];
    struct str bytes = str_at(input.at + 2, input.len - 2);
    switch (which % 11) {
    case 0: try_refusal(more, bytes); break;
    case 1: TRY(remote_server, remote_read_server, bytes, is_sound_server); break;
    case 2: TRY(remote_account, remote_read_account, bytes, is_sound_account); break;
    case 3: TRY(remote_login, remote_read_login, bytes, is_sound_login); break;
    case 4: TRY(remote_head, remote_read_head, bytes, is_sound_head); break;
    case 5: TRY(remote_invite, remote_read_invite, bytes, is_sound_invite); break;
    case 6: TRY(remote_session, remote_read_session, bytes, is_sound_session); break;
    case 7: TRY(remote_circle, remote_read_circle, bytes, is_sound_circle); break;
    case 8: try_rows(more % 3, bytes); break;
    case 9: try_news(more, bytes); break;
    default: try_small(more, bytes); break;
    }
}
