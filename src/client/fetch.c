/* fetch.c -- see fetch.h.
 *
 * libcurl moves the bytes; waiting is done here, so that a stop, a silence and a deadline are noticed
 * wherever it waits. One easy handle is used again and again, inside one multi handle, which keeps the
 * connection.
 */
#define _POSIX_C_SOURCE 200809L
#include "client/fetch.h"

#include <poll.h>
#include <stdlib.h>

#include "client/clock.h"
#include "client/fetch_why.h"
#include "record/account.h"

_Static_assert(FETCH_STREAM_BYTES >= CURL_MAX_WRITE_SIZE, "what libcurl hands over at once fits into an empty room");
_Static_assert((int)FETCH_TOKEN_BYTES == (int)ACCOUNT_TOKEN_BYTES, "a token is a session's");

enum { PATH_TEXT_BYTES = 4096, URL_BYTES = ACCOUNT_ORIGIN_BYTES + FETCH_PATH_BYTES, RETRY_AFTER_MOST_S = 3600 };

struct fetch {
    struct fetch_options options; /* its texts are these: */
    char origin[ACCOUNT_ORIGIN_BYTES + 1], ca_file[PATH_TEXT_BYTES], proxy[PATH_TEXT_BYTES];
    CURLM *multi;
    CURL *easy;
    bool is_running; /* easy is in multi */
    char bearer[sizeof "Authorization: Bearer " + 2 * FETCH_TOKEN_BYTES];
    struct curl_slist header[3];

    /* of the request in work */
    bool is_stream, is_head_over, is_begun, is_over, is_paused, is_handed_out;
    CURLcode result;       /* where is_over                            */
    enum err own;          /* why a callback ended it, if one did      */
    const char *trouble;
    int status;
    unsigned retry_after_s;
    size_t header_bytes;
    curl_off_t moved_n;    /* bytes in both directions                 */
    uint64_t moved_ms;     /* when that changed                        */
    uint8_t *room;         /* the answer                               */
    size_t room_len, room_cap;
};

/* ---- what libcurl calls ------------------------------------------------------------------------------ */

static size_t give_up(struct fetch *f, enum err e, const char *text)
{
    f->own = e;
    f->trouble = text;
    return 0;
}

/* More room, and none of the old one's bytes left behind: there may be a token among them. */
static bool grow(struct fetch *f, size_t needed)
{
    size_t cap = f->room_cap == 0 ? FETCH_STREAM_BYTES : f->room_cap;
    while (cap < needed) cap *= 2;
    if (cap == f->room_cap) return true;
    uint8_t *room = malloc(cap);
    if (room == NULL) return false;
    if (f->room_len > 0) memcpy(room, f->room, f->room_len);
    if (f->room != NULL) wipe(f->room, f->room_cap);
    free(f->room);
    f->room = room;
    f->room_cap = cap;
    return true;
}

static size_t take_body(char *at, size_t size, size_t n, void *ctx)
{
    struct fetch *f = ctx;
    size_t bytes = size * n;
    f->moved_ms = clock_steady_ms();
    if (f->is_stream && f->status == 200 && f->room_len + bytes > FETCH_STREAM_BYTES) {
        f->is_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (bytes > FETCH_ANSWER_BYTES - f->room_len) {
        return give_up(f, ERR_BAD_SERVER, "The answer is longer than an answer can be.");
    }
    if (!grow(f, f->room_len + bytes)) return give_up(f, ERR_NO_MEMORY, "");
    memcpy(f->room + f->room_len, at, bytes);
    f->room_len += bytes;
    return bytes;
}

static unsigned digits_of(struct str text, unsigned most)
{
    unsigned n = 0;
    while (text.len > 0 && (text.at[text.len - 1] == '\r' || text.at[text.len - 1] == '\n')) text.len--;
    while (text.len > 0 && *text.at == ' ') text = str_at(text.at + 1, text.len - 1);
    if (text.len == 0) return 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return 0;
        if (n <= most) n = n * 10 + (unsigned)(text.at[i] - '0');
    }
    return n > most ? most : n;
}

static bool is_header(struct str line, const char *name, struct str *value)
{
    size_t n = strlen(name);
    if (line.len <= n || line.at[n] != ':') return false;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = line.at[i];
        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != name[i]) return false;
    }
    *value = str_at(line.at + n + 1, line.len - n - 1);
    return true;
}

/* Each line of the headers, the status line and the empty one at the end among them; "100 Continue", too. */
static size_t take_header(char *at, size_t size, size_t n, void *ctx)
{
    struct fetch *f = ctx;
    struct str line = str_at(at, size * n), value;
    f->header_bytes += line.len;
    f->moved_ms = clock_steady_ms();
    if (f->header_bytes > FETCH_HEADER_BYTES) {
        return give_up(f, ERR_BAD_SERVER, "The answer's headers are longer than they can be.");
    }
    if (str_starts(line, STR("HTTP/"))) {
        long status = 0;
        curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
        f->status = (int)status;
        f->retry_after_s = 0;
    } else if (is_header(line, "retry-after", &value)) {
        f->retry_after_s = digits_of(value, RETRY_AFTER_MOST_S);
    } else if (f->status >= 200 && (str_is(line, STR("\r\n")) || str_is(line, STR("\n")))) {
        f->is_head_over = true;
    }
    return line.len;
}

static int take_progress(void *ctx, curl_off_t down_all, curl_off_t down_n, curl_off_t up_all, curl_off_t up_n)
{
    struct fetch *f = ctx;
    (void)down_all;
    (void)up_all;
    if (f->moved_n != down_n + up_n) {
        f->moved_n = down_n + up_n;
        f->moved_ms = clock_steady_ms();
    }
    return 0;
}

/* ---- opening and closing ----------------------------------------------------------------------------- */

/* Whether an address of plain http leads to this very machine. */
static bool is_here(struct str origin)
{
    static const char *const host[] = {"http://localhost", "http://127.0.0.1", "http://[::1]"};
    for (size_t i = 0; i < sizeof host / sizeof *host; i++) {
        struct str here = str_of_text(host[i]);
        if (str_starts(origin, here) && (origin.len == here.len || origin.at[here.len] == ':')) return true;
    }
    return false;
}

static bool copy_text(char *to, size_t cap, const char *text)
{
    size_t n = text == NULL ? 0 : strlen(text);
    if (n >= cap) return false;
    if (n > 0) memcpy(to, text, n);
    to[n] = '\0';
    return true;
}

static enum err options_take(struct fetch *f, const struct fetch_options *options)
{
    struct str origin = options->origin == NULL ? STR("") : str_of_text(options->origin);
    if (!account_is_origin(origin) || !copy_text(f->origin, sizeof f->origin, options->origin)) return ERR_BAD_FIELD;
    if (!copy_text(f->ca_file, sizeof f->ca_file, options->ca_file)) return ERR_BAD_FIELD;
    if (!copy_text(f->proxy, sizeof f->proxy, options->proxy)) return ERR_BAD_FIELD;
    bool is_plain = str_starts(origin, STR("http://"));
    if (is_plain && !options->may_be_plain && !is_here(origin)) return ERR_NOT_ENCRYPTED;
    if (is_plain) f->proxy[0] = '\0';
    f->options = *options;
    if (f->options.connect_ms == 0) f->options.connect_ms = FETCH_CONNECT_MS;
    if (f->options.quiet_ms == 0) f->options.quiet_ms = FETCH_QUIET_MS;
    if (f->options.total_ms == 0) f->options.total_ms = FETCH_TOTAL_MS;
    return ERR_OK;
}

/* Sets what holds for every request. False: no memory, the only way in which these can fail. */
static bool easy_prepare(struct fetch *f)
{
    bool is_tls = str_starts(str_of_text(f->origin), STR("https://"));
    const char *scheme = is_tls ? "https" : "http";
    CURL *c = f->easy;
    bool is_set = curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, scheme) == CURLE_OK &&
                  curl_easy_setopt(c, CURLOPT_PROXY, f->proxy) == CURLE_OK &&
                  curl_easy_setopt(c, CURLOPT_NOPROXY, "") == CURLE_OK &&
                  curl_easy_setopt(c, CURLOPT_USERAGENT, "troth") == CURLE_OK &&
                  (f->ca_file[0] == '\0' || curl_easy_setopt(c, CURLOPT_CAINFO, f->ca_file) == CURLE_OK);
    curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L); /* a name that is looked up in vain holds nobody up */
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)f->options.connect_ms);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, f);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, take_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, f);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    return is_set;
}

enum err fetch_open(const struct fetch_options *options, struct fetch **fetch)
{
    struct fetch *f = calloc(1, sizeof *f);
    if (f == NULL) return ERR_NO_MEMORY;
    f->trouble = "";
    enum err e = options_take(f, options);
    if (e != ERR_OK) {
        free(f);
        return e;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(f);
        return ERR_NO_MEMORY;
    }
    f->multi = curl_multi_init();
    f->easy = curl_easy_init();
    if (f->multi == NULL || f->easy == NULL || !easy_prepare(f)) {
        fetch_close(f);
        return ERR_NO_MEMORY;
    }
    curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, 1L);
    *fetch = f;
    return ERR_OK;
}

void fetch_close(struct fetch *fetch)
{
    if (fetch == NULL) return;
    fetch_end(fetch);
    curl_easy_cleanup(fetch->easy);
    curl_multi_cleanup(fetch->multi);
    if (fetch->room != NULL) wipe(fetch->room, fetch->room_cap);
    free(fetch->room);
    wipe(fetch, sizeof *fetch);
    free(fetch);
    curl_global_cleanup();
}

struct str fetch_origin(const struct fetch *fetch)
{
    return str_of_text(fetch->origin);
}

const char *fetch_trouble(const struct fetch *fetch)
{
    return fetch->trouble;
}

/* ---- one request ------------------------------------------------------------------------------------- */

static void header_line(struct fetch *f, size_t i, char *line)
{
    f->header[i] = (struct curl_slist){.data = line};
    if (i > 0) f->header[i - 1].next = &f->header[i];
}

/* The lines live in f: libcurl reads the list and never frees it. */
static void headers_set(struct fetch *f, const struct fetch_ask *ask)
{
    static char no_expect[] = "Expect:", type[] = "Content-Type: application/cbor";
    size_t n = 0;
    header_line(f, n++, no_expect);
    if (ask->body.at != NULL) header_line(f, n++, type);
    if (ask->token != NULL) {
        struct out o = OUT_OVER((uint8_t *)f->bearer);
        o.cap = sizeof f->bearer - 1;
        out_text(&o, "Authorization: Bearer ");
        out_put_hex(&o, str_at(ask->token, FETCH_TOKEN_BYTES));
        EXPECT(!o.is_full);
        f->bearer[o.len] = '\0';
        header_line(f, n++, f->bearer);
    }
    curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->header);
}

static bool easy_ask(struct fetch *f, const struct fetch_ask *ask)
{
    char url[URL_BYTES + 1];
    struct out o = out_over(url, URL_BYTES);
    size_t path_n = strlen(ask->path);
    EXPECT(path_n > 0 && path_n < FETCH_PATH_BYTES && ask->path[0] == '/');
    out_text(&o, f->origin);
    out_text(&o, ask->path);
    EXPECT(!o.is_full);
    url[o.len] = '\0';
    headers_set(f, ask);
    curl_easy_setopt(f->easy, CURLOPT_HTTPGET, 1L);
    if (ask->body.at != NULL) {
        curl_easy_setopt(f->easy, CURLOPT_POST, 1L);
        curl_easy_setopt(f->easy, CURLOPT_POSTFIELDS, (const char *)ask->body.at);
        curl_easy_setopt(f->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->body.len);
    }
    curl_easy_setopt(f->easy, CURLOPT_TIMEOUT_MS, f->is_stream ? 0L : (long)f->options.total_ms);
    curl_easy_setopt(f->easy, CURLOPT_MAXFILESIZE_LARGE, f->is_stream ? (curl_off_t)0 : FETCH_ANSWER_BYTES);
    return curl_easy_setopt(f->easy, CURLOPT_CUSTOMREQUEST, ask->method) == CURLE_OK &&
           curl_easy_setopt(f->easy, CURLOPT_URL, url) == CURLE_OK;
}

void fetch_end(struct fetch *fetch)
{
    if (fetch->is_running) curl_multi_remove_handle(fetch->multi, fetch->easy);
    fetch->is_running = false;
    wipe(fetch->bearer, sizeof fetch->bearer);
}

static enum err request_begin(struct fetch *f, const struct fetch_ask *ask, bool is_stream)
{
    fetch_end(f);
    if (f->room != NULL) wipe(f->room, f->room_len);
    f->room_len = 0;
    f->is_stream = is_stream;
    f->is_head_over = f->is_begun = f->is_over = f->is_paused = f->is_handed_out = false;
    f->own = ERR_OK;
    f->trouble = "";
    f->status = 0;
    f->retry_after_s = 0;
    f->header_bytes = 0;
    f->moved_n = 0;
    f->moved_ms = clock_steady_ms();
    if (!easy_ask(f, ask)) return ERR_NO_MEMORY;
    f->is_running = curl_multi_add_handle(f->multi, f->easy) == CURLM_OK;
    return f->is_running ? ERR_OK : ERR_NO_MEMORY;
}

/* Why it is over: what a callback said, or libcurl. */
static enum err outcome(struct fetch *f)
{
    const char *text;
    long sent_n = 0;
    if (f->own != ERR_OK) return f->own;
    enum err e = fetch_why(f->result, &text);
    /* For libcurl a header line that does not end is one for which it has no memory. */
    curl_easy_getinfo(f->easy, CURLINFO_REQUEST_SIZE, &sent_n);
    if (e == ERR_NO_MEMORY && sent_n > 0 && !f->is_head_over) {
        e = ERR_BAD_SERVER;
        text = "The answer's headers are longer than they can be.";
    }
    f->trouble = text;
    return e;
}

static void give_up_waiting(struct fetch *f, const char *text)
{
    f->own = ERR_OFFLINE;
    f->trouble = text;
    f->is_over = true;
}

/* ---- waiting ----------------------------------------------------------------------------------------- */

static bool is_stop_wanted(const struct fetch *f)
{
    struct pollfd stop = {.fd = f->options.stop_fd, .events = POLLIN};
    return f->options.has_stop_fd && poll(&stop, 1, 0) > 0;
}

/* Lets libcurl do what can be done without waiting; notices the end, and silence. */
static void move(struct fetch *f)
{
    int running, left;
    CURLMcode code = curl_multi_perform(f->multi, &running);
    for (CURLMsg *said; (said = curl_multi_info_read(f->multi, &left)) != NULL;) {
        if (said->msg != CURLMSG_DONE) continue;
        f->is_over = true;
        f->result = said->data.result;
    }
    if (f->is_over) return;
    if (code != CURLM_OK) {
        f->is_over = true;
        f->result = CURLE_OUT_OF_MEMORY;
    } else if (!f->is_paused && clock_steady_ms() - f->moved_ms > f->options.quiet_ms) {
        give_up_waiting(f, "It fell silent.");
    }
}

static struct fetch_answer answer_of(const struct fetch *f)
{
    return (struct fetch_answer){
        .status = f->status, .retry_after_s = f->retry_after_s, .body = str_at(f->room, f->room_len)};
}

/* Waits until something may have come, at most that long. */
static void rest(struct fetch *f, uint64_t wait_ms)
{
    struct curl_waitfd stop = {.fd = f->options.stop_fd, .events = CURL_WAIT_POLLIN};
    uint64_t quiet_for_ms = clock_steady_ms() - f->moved_ms, most_ms = 1;
    if (quiet_for_ms < f->options.quiet_ms) most_ms = f->options.quiet_ms - quiet_for_ms + 1;
    if (!f->is_running || f->is_paused || wait_ms < most_ms) most_ms = wait_ms;
    if (most_ms > 60000) most_ms = 60000;
    curl_multi_poll(f->multi, &stop, f->options.has_stop_fd ? 1 : 0, (int)most_ms, NULL);
}

enum err fetch_ask(struct fetch *fetch, const struct fetch_ask *ask, struct fetch_answer *answer)
{
    struct fetch *f = fetch;
    enum err e = request_begin(f, ask, false);
    while (e == ERR_OK && !f->is_over) {
        if (is_stop_wanted(f)) give_up_waiting(f, "It was stopped.");
        else move(f);
        if (!f->is_over) rest(f, UINT64_MAX);
    }
    if (e == ERR_OK) e = outcome(f);
    fetch_end(f);
    if (e == ERR_OK) *answer = answer_of(f);
    return e;
}

enum err fetch_begin(struct fetch *fetch, const struct fetch_ask *ask)
{
    return request_begin(fetch, ask, true);
}

/* What was handed out is used up; what libcurl held back meanwhile may come. */
static void make_room(struct fetch *f)
{
    if (!f->is_handed_out) return;
    f->is_handed_out = false;
    f->room_len = 0;
    if (!f->is_paused) return;
    f->is_paused = false;
    f->moved_ms = clock_steady_ms();
    if (curl_easy_pause(f->easy, CURLPAUSE_CONT) != CURLE_OK) give_up_waiting(f, "The connection failed.");
}

/* What there is to tell without waiting. The end is told once, and is no stream any more. */
static enum fetch_came look(struct fetch *f, struct fetch_news *news)
{
    if (!f->is_over) move(f);
    if (f->is_head_over && f->status == 200 && !f->is_begun) {
        f->is_begun = true;
        return FETCH_BEGUN;
    }
    if (f->is_begun && f->room_len > 0) {
        f->is_handed_out = true;
        news->bytes = str_at(f->room, f->room_len);
        return FETCH_BYTES;
    }
    if (!f->is_over) return FETCH_NOTHING;
    enum err e = outcome(f);
    fetch_end(f);
    if (e == ERR_OK && !f->is_begun) {
        news->answer = answer_of(f);
        return FETCH_REFUSED;
    }
    if (e == ERR_OK) f->trouble = "The server ended the connection.";
    news->why = e == ERR_OK ? ERR_OFFLINE : e;
    return FETCH_OVER;
}

enum fetch_came fetch_wait(struct fetch *fetch, uint64_t wait_ms, struct fetch_news *news)
{
    struct fetch *f = fetch;
    uint64_t began_ms = clock_steady_ms();
    *news = (struct fetch_news){.why = ERR_OK};
    make_room(f);
    for (;;) {
        if (is_stop_wanted(f)) return FETCH_STOPPED;
        enum fetch_came came = f->is_running ? look(f, news) : FETCH_NOTHING;
        if (came != FETCH_NOTHING) return came;
        uint64_t waited_ms = clock_steady_ms() - began_ms;
        if (waited_ms >= wait_ms) return FETCH_NOTHING;
        rest(f, wait_ms - waited_ms);
    }
}
