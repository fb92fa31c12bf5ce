/* http.c -- any bytes on a connection to a real server: nothing reaches its owner but the requests that plain
 * HTTP has there, in their order, with their bodies; each is answered once, in plain HTTP; then the connection
 * ends, and nothing is left of it.
 *
 *   input = how, bytes…        how: whether the bytes come in one piece, or in two with a pause
 *
 * What plain HTTP has is found by a parser of its own, below, that knows no exceptions. No request may be
 * answered that it does not see: that would be one that was smuggled past whoever stands in front.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/http_rig.h"
#include "kit/fuzz.h"
#include "server/http_mhd.h"
#include "server/log.h"

enum { REQUESTS = 64, ANSWER_BYTES = 1 << 18, INPUT_BYTES = 1 << 14, PATIENCE_MS = 10000, QUIET_MS = 20 };

/* ---- what plain HTTP has there ------------------------------------------------------------------------ */

struct asked {
    struct str method, target, body;
    uint64_t length;
    bool is_whole; /* its body is all there */
};

/* What stands before CR LF, up to here. One exception has to be made: libmicrohttpd 0.9.75 ends a line at LF and puts
 * a NUL for CR and LF each, so no gate behind it can tell a NUL that was sent before an LF from a CR. */
static bool take_line(struct str *rest, struct str *line)
{
    const uint8_t *feed = rest->len > 0 ? memchr(rest->at, '\n', rest->len) : NULL;
    size_t n = feed == NULL ? 0 : (size_t)(feed - rest->at);
    if (n == 0 || (feed[-1] != '\r' && feed[-1] != 0)) return false;
    *line = str_at(rest->at, n - 1);
    *rest = str_at(feed + 1, rest->len - n - 1);
    return memchr(line->at, '\r', line->len) == NULL && memchr(line->at, 0, line->len) == NULL;
}

static bool take_word(struct str *line, uint8_t end, struct str *word)
{
    const uint8_t *at = line->len > 0 ? memchr(line->at, end, line->len) : NULL;
    if (at == NULL || at == line->at) return false;
    *word = str_at(line->at, (size_t)(at - line->at));
    *line = str_at(at + 1, line->len - word->len - 1);
    return true;
}

static bool is_all(struct str s, bool (*fits)(uint8_t))
{
    for (size_t i = 0; i < s.len; i++) {
        if (!fits(s.at[i])) return false;
    }
    return true;
}

static bool fits_token(uint8_t c)
{
    bool is_alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_alnum || (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool fits_target(uint8_t c)
{
    return c > ' ' && c < 0x7f && c != '#';
}

static bool fits_value(uint8_t c)
{
    return c == '\t' || (c >= ' ' && c != 0x7f);
}

static bool fits_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_named(struct str name, const char *wanted)
{
    return name.len == strlen(wanted) && strncasecmp((const char *)name.at, wanted, name.len) == 0;
}

static struct str without_blanks(struct str s)
{
    while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) s = str_at(s.at + 1, s.len - 1);
    while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t')) s.len--;
    return s;
}

struct headers {
    unsigned host_n, length_n;
};

static bool header_is_plain(struct str line, struct headers *h, struct asked *asked)
{
    struct str name;
    if (!take_word(&line, ':', &name) || !is_all(name, fits_token) || !is_all(line, fits_value)) return false;
    struct str value = without_blanks(line);
    if (is_named(name, "Transfer-Encoding")) return false;
    if (is_named(name, "Host")) h->host_n++;
    if (!is_named(name, "Content-Length")) return true;
    h->length_n++;
    if (value.len == 0 || value.len > 18 || !is_all(value, fits_digit)) return false;
    asked->length = 0;
    for (size_t i = 0; i < value.len; i++) asked->length = asked->length * 10 + (uint64_t)(value.at[i] - '0');
    return true;
}

/* RFC 9112 section 2.2. For libmicrohttpd 0.9.75 a line is empty also when it begins with NUL, or is nothing but LF. */
static void pass_over_empty_lines(struct str *rest)
{
    while (rest->len > 0) {
        bool is_empty = rest->at[0] == 0 || rest->at[0] == '\n' || str_starts(*rest, STR("\r\n"));
        const uint8_t *feed = memchr(rest->at, '\n', rest->len);
        if (!is_empty || feed == NULL) return;
        *rest = str_at(feed + 1, rest->len - (size_t)(feed + 1 - rest->at));
    }
}

/* The next request, up to the end of its headers or of its body; false if there is none that is plain. */
static bool take_request(struct str *rest, struct asked *asked)
{
    struct str line;
    struct headers h = {0, 0};
    *asked = (struct asked){.length = 0};
    pass_over_empty_lines(rest);
    if (!take_line(rest, &line) || !take_word(&line, ' ', &asked->method) || !take_word(&line, ' ', &asked->target)) {
        return false;
    }
    bool is_line = is_all(asked->method, fits_token) && is_all(asked->target, fits_target) && line.len == 8 &&
                   str_starts(line, STR("HTTP/1.")) && fits_digit(line.at[7]);
    if (!is_line) return false;
    bool is_10 = line.at[7] == '0';
    for (;;) {
        if (!take_line(rest, &line)) return false;
        if (line.len == 0) break;
        if (!header_is_plain(line, &h, asked)) return false;
    }
    if (h.length_n > 1 || h.host_n > 1 || (h.host_n == 0 && !is_10)) return false;
    asked->is_whole = asked->length <= rest->len;
    asked->body = str_at(rest->at, asked->is_whole ? (size_t)asked->length : rest->len);
    *rest = str_at(rest->at + asked->body.len, rest->len - asked->body.len);
    return true;
}

/* All of them, up to where they are no longer plain or no longer there. */
static size_t take_requests(struct str input, struct asked asked[static REQUESTS])
{
    size_t n = 0;
    while (n < REQUESTS && take_request(&input, &asked[n]) && asked[n++].is_whole) {}
    return n;
}

static bool is_preflight(const struct asked *asked)
{
    return str_is(asked->method, STR("OPTIONS"));
}

/* ---- the server's owner ------------------------------------------------------------------------------- */

/* What the owner was asked since the input began. The connections of one input come one after the other. */
static struct {
    pthread_mutex_t lock;
    struct asked expected[REQUESTS];
    size_t expected_n, judged_n, ran_n, done_n;
    bool is_amiss; /* it was asked what nobody asked */
} owner;

static struct http *server;

static bool is_path(const struct http_call *call, const char *path)
{
    return str_is(http_path(call), str_of_text(path));
}

static bool is_method(const struct http_call *call, struct str method)
{
    static const char *const word[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};
    enum http_method asked = http_method(call);
    for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
        if (str_is(method, str_of_text(word[i]))) return asked == (enum http_method)i;
    }
    return asked == HTTP_OTHER;
}

/* Path and query together are the target that was sent. */
static bool is_target(const struct http_call *call, struct str target)
{
    struct str path = http_path(call), name, value;
    const uint8_t *mark = memchr(target.at, '?', target.len);
    size_t path_n = mark == NULL ? target.len : (size_t)(mark - target.at);
    if (!str_is(path, str_at(target.at, path_n))) return false;
    for (size_t i = 0; http_query_at(call, i, &name, &value); i++) {
        EXPECT(mark != NULL && memchr(name.at, '&', name.len) == NULL && name.len + value.len <= target.len - path_n);
    }
    return true;
}

/* The request that comes to the owner as its nth: those that are answered before it do not count. */
static const struct asked *expected_at(size_t n)
{
    for (size_t i = 0; i < owner.expected_n; i++) {
        if (is_preflight(&owner.expected[i])) continue;
        if (n-- == 0) return &owner.expected[i];
    }
    return NULL;
}

/* Whoever asks, or is said to ask, has an address; and what headers say is plain. */
static void look_around(const struct http_call *call)
{
    static const char *const name[] = {"Host", "Content-Type", "Authorization", "X-Forwarded-For"};
    uint8_t memory[IP_TEXT_BYTES];
    struct out o = OUT_OVER(memory);
    struct ip_range range;
    struct str value;
    ip_put_short(&o, http_client(call));
    EXPECT(ip_parse_range(out_str(&o), &range) == ERR_OK && ip_is_in(http_client(call), &range));
    EXPECT(!http_is_local(call) || ip_is_loopback(http_client(call)));
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        if (!http_header(call, name[i], &value)) continue;
        EXPECT(is_all(value, fits_value) && str_is(value, without_blanks(value)));
    }
}

static void judge(void *of, struct http_call *call)
{
    (void)of;
    look_around(call);
    uint64_t length = 0;
    bool has_length = http_length(call, &length);
    int *mark = malloc(sizeof *mark); /* given back in done: twice, or never, would be seen */
    EXPECT(mark != NULL && *http_slot(call, 0) == NULL);
    *http_slot(call, 0) = mark;
    pthread_mutex_lock(&owner.lock);
    const struct asked *asked = expected_at(owner.judged_n++);
    bool is_so = asked != NULL && is_method(call, asked->method) && is_target(call, asked->target) &&
                 length == asked->length && (has_length || asked->length == 0);
    if (!is_so) owner.is_amiss = true;
    *mark = asked == NULL ? -1 : (int)(asked - owner.expected);
    pthread_mutex_unlock(&owner.lock);
    if (is_path(call, "/no")) http_refuse(call, ERR_NO_ROUTE, 0);
    else if (is_path(call, "/bye")) http_answer(call, &(struct http_answer){.status = 429, .closes = true});
    else if (is_path(call, "/small")) http_limit_body(call, 10);
}

static void answer(struct http_call *call)
{
    uint8_t *text = malloc(24);
    EXPECT(text != NULL);
    struct out o = out_over(text, 24);
    out_put_decimal(&o, http_body(call).len);
    http_answer(call, &(struct http_answer){.status = 200, .type = "text/plain", .body = out_str(&o), .release = free,
                                            .release_of = text});
}

static void *answer_later(void *call)
{
    answer(call);
    return NULL;
}

static size_t pull(void *of, uint8_t *at, size_t cap)
{
    struct http_call *call = of;
    EXPECT(cap >= HTTP_PULL_BYTES);
    if (*http_slot(call, 1) != NULL) return HTTP_END;
    *http_slot(call, 1) = call;
    memcpy(at, "data: 1\n\n", 9);
    return 9;
}

static void run(void *of, struct http_call *call)
{
    (void)of;
    int *mark = *http_slot(call, 0);
    pthread_t thread;
    pthread_mutex_lock(&owner.lock);
    owner.ran_n++;
    if (*mark < 0 || !str_is(http_body(call), owner.expected[*mark].body)) owner.is_amiss = true;
    pthread_mutex_unlock(&owner.lock);
    if (is_path(call, "/park")) {
        http_park(call);
        EXPECT(pthread_create(&thread, NULL, answer_later, call) == 0 && pthread_detach(thread) == 0);
    } else if (is_path(call, "/live")) {
        http_stream(call, pull, call);
    } else {
        answer(call);
    }
}

static void done(void *of, struct http_call *call, int status, uint64_t sent_bytes)
{
    (void)of;
    EXPECT(status == 0 || (status >= 200 && status < 600));
    EXPECT(sent_bytes < ANSWER_BYTES);
    if (*http_slot(call, 0) == NULL) return; /* refused before it was judged */
    free(*http_slot(call, 0));
    pthread_mutex_lock(&owner.lock);
    owner.done_n++;
    pthread_mutex_unlock(&owner.lock);
}

void fuzz_open(void)
{
    struct http_owner callbacks = {NULL, judge, run, done};
    static const struct ip_range here = {.first = {.at = {127}}, .bit_n = 8}; /* all who come here speak for others */
    struct http_options options = {.listen = "127.0.0.1:0", .thread_n = 1, .connection_n = 64, .idle_ms = 1000,
                                   .request_ms = 400, .beat_ms = 1000, .pool_bytes = 4096, .body_bytes = 8192,
                                   .proxy_header = "X-Forwarded-For", .proxy = &here, .proxy_n = 1};
    struct http_trouble trouble;
    pthread_mutex_init(&owner.lock, NULL);
    log_set(LOG_NOTHING, LOG_AS_TEXT, 2);
    if (http_open(&server, &options, &callbacks, &trouble) != ERR_OK) misuse(trouble.text);
}

/* ---- what was answered -------------------------------------------------------------------------------- */

struct said {
    int status;
    struct str body;
    uint64_t length;
    bool has_length, is_chunked, closes;
};

static void read_header(struct str line, struct said *said)
{
    struct str name;
    EXPECT(take_word(&line, ':', &name) && is_all(name, fits_token) && is_all(line, fits_value));
    struct str value = without_blanks(line);
    if (is_named(name, "Connection") && is_named(value, "close")) said->closes = true;
    if (is_named(name, "Transfer-Encoding")) {
        EXPECT(!said->is_chunked && is_named(value, "chunked"));
        said->is_chunked = true;
    }
    if (!is_named(name, "Content-Length")) return;
    EXPECT(!said->has_length && value.len > 0 && value.len < 10 && is_all(value, fits_digit));
    said->has_length = true;
    for (size_t i = 0; i < value.len; i++) said->length = said->length * 10 + (uint64_t)(value.at[i] - '0');
}

static uint64_t hex_number(struct str digits)
{
    uint64_t n = 0;
    EXPECT(digits.len > 0 && digits.len < 8);
    for (size_t i = 0; i < digits.len; i++) {
        const char *at = strchr("0123456789abcdef", digits.at[i] | 0x20);
        EXPECT(digits.at[i] != 0 && at != NULL);
        n = n * 16 + (uint64_t)(at - "0123456789abcdef");
    }
    return n;
}

/* Chunk by chunk to the last one; what is missing because the connection broke, is missing at the end. */
static void skip_chunks(struct str *rest)
{
    struct str line;
    while (take_line(rest, &line)) {
        uint64_t n = hex_number(line);
        if (rest->len < n + 2) break;
        EXPECT(rest->at[n] == '\r' && rest->at[n + 1] == '\n');
        *rest = str_at(rest->at + n + 2, rest->len - n - 2);
        if (n == 0) return;
    }
    *rest = (struct str){0};
}

/* Whether an answer has the body that its headers announce: the one to HEAD has none. */
enum with_body { BODY_NO, BODY_YES, BODY_MAYBE };

/* The next answer; false: there is none. */
static bool take_answer(struct str *rest, enum with_body with_body, struct said *said)
{
    struct str line;
    *said = (struct said){.status = 0};
    if (rest->len == 0) return false;
    EXPECT(take_line(rest, &line) && line.len > 12 && str_starts(line, STR("HTTP/1.1 ")) && line.at[12] == ' ');
    said->status = (line.at[9] - '0') * 100 + (line.at[10] - '0') * 10 + (line.at[11] - '0');
    while (take_line(rest, &line) && line.len > 0) read_header(line, said);
    EXPECT(line.len == 0);
    if (said->status < 200 || said->status == 204 || with_body == BODY_NO) return true;
    EXPECT(said->has_length != said->is_chunked || (!said->has_length && said->closes));
    if (said->is_chunked) {
        skip_chunks(rest);
        return true;
    }
    size_t n = said->has_length ? (size_t)said->length : rest->len;
    if (n > rest->len && with_body == BODY_MAYBE) n = rest->len;
    EXPECT(n <= rest->len);
    said->body = str_at(rest->at, n);
    *rest = str_at(rest->at + n, rest->len - n);
    return true;
}

/* How many answers have come whole, as far as can be told while they come. */
static size_t count_heads(struct str said)
{
    size_t n = 0;
    for (size_t i = 0; i + 9 <= said.len; i++) n += memcmp(said.at + i, "HTTP/1.1 ", 9) == 0;
    return n;
}

/* ---- one connection ----------------------------------------------------------------------------------- */

/* From an address of its own each time: the system keeps a closed connection's two ends in mind for a minute. */
static int connect_anew(void)
{
    static uint32_t n;
    struct sockaddr_in from = {.sin_family = AF_INET}, to = from;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    n = (n + 1) % (250u << 16);
    from.sin_addr.s_addr = htonl((127u << 24) + (1u << 16) + n);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)http_port(server));
    EXPECT(fd >= 0 && bind(fd, (struct sockaddr *)&from, sizeof from) == 0);
    EXPECT(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

static void send_bytes(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (n <= 0) return; /* the server has closed already: that is its right */
        bytes = str_at(bytes.at + n, bytes.len - (size_t)n);
    }
}

/* What comes within so many milliseconds: false when nothing does; has_ended when it was the end. */
static bool receive(int fd, struct out *said, int wait_ms, bool *has_ended)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, wait_ms) <= 0) return false;
    EXPECT(said->len < said->cap);
    ssize_t n = recv(fd, said->at + said->len, said->cap - said->len, 0);
    if (n > 0) said->len += (size_t)n;
    *has_ended = n <= 0;
    return true;
}

/* Whether the server has taken the connection, and read all that was sent. */
static bool has_read_all(void)
{
    int unread_n = 0;
    pthread_mutex_lock(&server->peers.lock);
    const struct http_peer *peer = server->peers.first;
    bool has_read = peer != NULL && (peer->fd < 0 || (ioctl(peer->fd, FIONREAD, &unread_n) == 0 && unread_n == 0));
    pthread_mutex_unlock(&server->peers.lock);
    return has_read;
}

/* Until it has; or has closed the connection before, or does not want to read. */
static void await_read(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    for (unsigned tries = 0; tries < 2000 && !has_read_all() && poll(&p, 1, 0) == 0; tries++) {
        if (tries > 20) usleep(20);
        else sched_yield();
    }
}

static size_t count_whole(void)
{
    size_t n = 0;
    while (n < owner.expected_n && owner.expected[n].is_whole) n++;
    return n;
}

/* The end of what is said is a piece of its own, when the rest was read: libmicrohttpd 0.9.75 overlooks one that
 * comes together with bytes, and would keep the connection until its deadline. */
static void exchange(struct str input, size_t cut, struct out *said)
{
    bool has_ended = false;
    int fd = connect_anew();
    send_bytes(fd, str_at(input.at, cut));
    if (cut < input.len) {
        await_read(fd);
        send_bytes(fd, str_at(input.at + cut, input.len - cut));
    }
    await_read(fd);
    while (!has_ended && count_heads(str_at(said->at, said->len)) < count_whole()) {
        if (!receive(fd, said, QUIET_MS, &has_ended)) break;
    }
    (void)shutdown(fd, SHUT_WR);
    while (!has_ended) EXPECT(receive(fd, said, PATIENCE_MS, &has_ended)); /* or it would never end */
    close(fd);
}

/* Nothing is left of the connection; in the owner neither. */
static void await_calm(void)
{
    for (unsigned tries = 0;; tries++) {
        struct http_gauges gauges = http_gauges(server);
        if (gauges.call_n == 0 && gauges.connection_n == 0) {
            EXPECT(gauges.body_bytes == 0 && gauges.stream_n == 0);
            break;
        }
        EXPECT(tries < 50000);
        if (tries > 20) usleep(200);
        else sched_yield();
    }
    EXPECT(owner.done_n == owner.judged_n);
}

/* ---- one input ---------------------------------------------------------------------------------------- */

/* Each answer belongs to a request, in their order; at most one more says what was wrong, and is the last. */
static void expect_answers(struct str said)
{
    size_t n = 0, good_n = 0;
    struct said one;
    bool is_last = false;
    while (!is_last) {
        bool is_head = n < owner.expected_n && str_is(owner.expected[n].method, STR("HEAD"));
        bool is_beyond = n >= owner.expected_n; /* what it answers is not plain, so who knows if that was HEAD */
        if (!take_answer(&said, is_beyond ? BODY_MAYBE : is_head ? BODY_NO : BODY_YES, &one)) break;
        if (one.status == 100) continue;
        EXPECT(one.status >= 200);
        is_last = one.closes || is_beyond;
        if (is_beyond) EXPECT(one.status >= 400 && one.closes);
        if (one.status == 200 && one.has_length && !is_head) {
            uint8_t memory[24];
            struct out wanted = OUT_OVER(memory);
            out_put_decimal(&wanted, owner.expected[n].length);
            EXPECT(owner.expected[n].is_whole && str_is(one.body, out_str(&wanted)));
            good_n++;
        }
        n++;
    }
    EXPECT(n <= owner.expected_n + 1 && good_n <= owner.ran_n);
    /* libmicrohttpd 0.9.75 says the head of its own refusal of a Content-Length twice; nobody reads on there. */
    EXPECT(said.len == 0 || (one.status == 400 && memmem(said.at, said.len, "HTTP/1.1 2", 10) == NULL));
    if (good_n > 0 && good_n == owner.expected_n) fuzz_good();
}

void fuzz_one(struct str input)
{
    static uint8_t memory[ANSWER_BYTES];
    struct out said = OUT_OVER(memory);
    struct fuzz_in in = {input};
    size_t how = fuzz_byte(&in);
    if (in.left.len == 0 || in.left.len > INPUT_BYTES) return;
    owner.expected_n = take_requests(in.left, owner.expected);
    owner.judged_n = owner.ran_n = owner.done_n = 0;
    owner.is_amiss = false;
    exchange(in.left, how < 224 ? in.left.len : in.left.len * (how - 224) / 32, &said);
    await_calm();
    EXPECT(!owner.is_amiss && owner.ran_n <= owner.judged_n && owner.judged_n <= owner.expected_n);
    expect_answers(str_at(said.at, said.len));
}
