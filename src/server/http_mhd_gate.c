/* http_mhd_gate.c -- what is no plain HTTP, and what a request says of itself. See http_mhd.h.
 *
 * libmicrohttpd 0.9.75, even strict, takes Content-Length beside Transfer-Encoding, two of either, two
 * Hosts, names with a blank before the colon, folded lines, bare line feeds, and a line without a name as
 * the end of the headers; and it answers the request smuggled behind them. So nothing of that passes here.
 * What is refused here ends its connection: nobody knows where the next request would begin.
 */
#include <strings.h>

#include "server/http_mhd.h"

struct gate {
    struct http_call *call;
    unsigned host_n, length_n, type_n, authorization_n;
    bool is_bad;
};

/* Whether all bytes may stand in a name: tchar of RFC 9110, section 5.6.2. */
static bool is_token(struct str s)
{
    static const char other[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        bool is_alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_alnum && !memchr(other, c, sizeof other - 1)) return false;
    }
    return s.len > 0;
}

static bool is_value(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((s.at[i] < ' ' && s.at[i] != '\t') || s.at[i] == 0x7f) return false;
    }
    return true;
}

/* The bytes up to the next NUL, taken off the rest; false if there is none. */
static bool take_to_nul(struct str *rest, struct str *taken)
{
    const uint8_t *nul = rest->len > 0 ? memchr(rest->at, 0, rest->len) : NULL;
    if (!nul) return false;
    *taken = str_at(rest->at, (size_t)(nul - rest->at));
    *rest = str_at(nul, rest->len - taken->len);
    return true;
}

static bool take_bytes(struct str *rest, struct str wanted)
{
    if (!str_starts(*rest, wanted)) return false;
    *rest = str_at(rest->at + wanted.len, rest->len - wanted.len);
    return true;
}

/* Whether the request is a line of three words, then lines of a name, a colon and a value, each ended by
 * CR LF, up to an empty one; and the library has read just these.
 *
 * The library has put a NUL for each CR and LF, each line's first colon, and the blanks between the words,
 * and moved nothing. method, url and version are where it read them: what is looked at are the header_size
 * bytes from method on.
 */
static bool has_plain_lines(const struct http_call *call, const char *method, const char *url, const char *version)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(call->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    const struct str nul = STR("\0"), line_end = STR("\0\0");
    struct str name, value;

    if (!info || url != method + strlen(method) + 1 || version != url + call->target_n + 1) return false;
    size_t first_n = (size_t)(version - method) + strlen(version);
    if (first_n > info->header_size) return false;
    struct str rest = str_at(method + first_n, info->header_size - first_n);
    if (!take_bytes(&rest, line_end)) return false;
    while (rest.len > 0 && rest.at[0] != 0) {
        bool is_line = take_to_nul(&rest, &name) && is_token(name) && take_bytes(&rest, nul) &&
                       take_to_nul(&rest, &value) && is_value(value) && take_bytes(&rest, line_end);
        if (!is_line) return false;
    }
    return take_bytes(&rest, line_end) && rest.len == 0;
}

static bool is_target(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] <= ' ' || s.at[i] >= 0x7f || s.at[i] == '#') return false;
    }
    return s.len > 0;
}

/* At most 18 digits: more is no length of anything. */
static bool length_number(struct str digits, uint64_t *length)
{
    uint64_t n = 0;
    if (digits.len == 0 || digits.len > 18) return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9') return false;
        n = n * 10 + (uint64_t)(digits.at[i] - '0');
    }
    *length = n;
    return true;
}

static bool named(struct str name, const char *wanted)
{
    return name.len == strlen(wanted) && strncasecmp((const char *)name.at, wanted, name.len) == 0;
}

/* With these a proxy says on whose behalf it asks. */
static const char *const forwarders[] = {"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"};

static enum MHD_Result look_at_header(void *of, enum MHD_ValueKind kind, const char *key, size_t key_n,
                                      const char *value_at, size_t value_n)
{
    struct gate *gate = of;
    struct str name = str_at(key, key_n), value = str_at(value_at ? value_at : "", value_n);
    (void)kind;

    if (named(name, "Transfer-Encoding")) gate->is_bad = true;
    if (named(name, "Host")) gate->host_n++;
    if (named(name, "Content-Type")) gate->type_n++;
    if (named(name, "Authorization")) gate->authorization_n++;
    if (named(name, "Expect")) gate->call->expects = true;
    for (size_t i = 0; i < sizeof forwarders / sizeof *forwarders; i++) {
        if (named(name, forwarders[i])) gate->call->has_forwarder = true;
    }
    if (named(name, "Content-Length")) {
        gate->length_n++;
        gate->call->has_length = length_number(value, &gate->call->length);
        if (!gate->call->has_length) gate->is_bad = true;
    }
    return MHD_YES;
}

static enum http_method method_of(const char *method)
{
    static const struct {
        const char *word;
        enum http_method method;
    } rows[] = {
        {"GET", HTTP_GET}, {"POST", HTTP_POST}, {"PUT", HTTP_PUT}, {"DELETE", HTTP_DELETE}, {"HEAD", HTTP_HEAD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(method, rows[i].word) == 0) return rows[i].method;
    }
    return HTTP_OTHER;
}

/* ---- on whose behalf a proxy asks ----------------------------------------------------------- */

enum { FORWARDER_LINES = 8 };

struct forwarded {
    const char *name;
    struct str line[FORWARDER_LINES]; /* the last ones */
    size_t line_n;
};

static enum MHD_Result collect_forwarded(void *of, enum MHD_ValueKind kind, const char *key, size_t key_n,
                                         const char *value_at, size_t value_n)
{
    struct forwarded *forwarded = of;
    (void)kind;
    if (!named(str_at(key, key_n), forwarded->name)) return MHD_YES;
    forwarded->line[forwarded->line_n++ % FORWARDER_LINES] = str_at(value_at ? value_at : "", value_n);
    return MHD_YES;
}

static struct str trimmed(struct str s)
{
    while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) s = str_at(s.at + 1, s.len - 1);
    while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t')) s.len--;
    return s;
}

/* An address, or one with a port behind it. */
static bool forwarded_address(struct str text, struct ip *ip)
{
    if (ip_parse(text, ip) == ERR_OK) return true;
    for (size_t i = text.len; i-- > 0;) {
        if (text.at[i] == ':') return ip_parse(str_at(text.at, i), ip) == ERR_OK;
    }
    return false;
}

static bool is_proxy(const struct http *server, const struct ip *ip)
{
    for (size_t i = 0; i < server->options.proxy_n; i++) {
        if (ip_is_in(ip, &server->proxy[i])) return true;
    }
    return false;
}

/* Takes the last address of the line off it; false when the search is over: it was no proxy's. */
static bool goes_on_before(struct http_call *call, struct str *line)
{
    size_t start = line->len;
    struct ip ip;
    while (start > 0 && line->at[start - 1] != ',') start--;
    if (!forwarded_address(trimmed(str_at(line->at + start, line->len - start)), &ip)) return false;
    call->client = ip;
    line->len = start > 0 ? start - 1 : 0;
    return is_proxy(call->server, &ip);
}

/* Who asks: from the peer backwards through what proxies say, as far as they are trusted. */
static void find_client(struct http_call *call)
{
    struct forwarded forwarded = {.name = call->server->proxy_header};
    call->client = call->peer->ip;
    if (!call->peer->is_proxy || !forwarded.name) return;
    MHD_get_connection_values_n(call->mhd, MHD_HEADER_KIND, collect_forwarded, &forwarded);
    size_t most = forwarded.line_n < FORWARDER_LINES ? forwarded.line_n : FORWARDER_LINES;
    for (size_t i = 0; i < most; i++) {
        struct str line = forwarded.line[(forwarded.line_n - 1 - i) % FORWARDER_LINES];
        do {
            if (!goes_on_before(call, &line)) return;
        } while (line.len > 0);
    }
}

enum err gate_check(struct http_call *call, const char *method, const char *url, const char *version)
{
    struct gate gate = {.call = call};
    struct str target = str_at(call->target, call->target_n);

    call->is_http10 = strcmp(version, "HTTP/1.0") == 0;
    call->method = method_of(method);
    call->is_preflight = strcmp(method, "OPTIONS") == 0;
    MHD_get_connection_values_n(call->mhd, MHD_HEADER_KIND, look_at_header, &gate);
    find_client(call);

    bool is_whole = call->is_preflight && str_is(target, STR("*"));
    if (!is_token(str_of_text(method)) || !has_plain_lines(call, method, url, version)) return ERR_BAD_HTTP;
    if (!is_target(target) || (target.at[0] != '/' && !is_whole)) return ERR_BAD_HTTP;
    if (gate.host_n > 1 || (gate.host_n == 0 && !call->is_http10)) return ERR_BAD_HTTP;
    if (gate.length_n > 1 || gate.type_n > 1 || gate.authorization_n > 1) return ERR_BAD_HTTP;
    return gate.is_bad ? ERR_BAD_HTTP : ERR_OK;
}
