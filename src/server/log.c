/* log.c -- see log.h. */
#define _POSIX_C_SOURCE 200809L
#include "server/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "server/clock.h"

enum {
    VALUE_BYTES = 256, /* of a text; the rest of it is cut  */
    TAIL_BYTES = 32,   /* always left for the line's end    */
};

static atomic_int least_level = LOG_INFO, set_form = LOG_AS_TEXT, set_fd = STDERR_FILENO;

static const char *const level_name[] = {"debug", "info", "warning", "error"};

void log_set(enum log_level least, enum log_form form, int fd)
{
    atomic_store(&least_level, (int)least);
    atomic_store(&set_form, (int)form);
    atomic_store(&set_fd, fd);
}

/* ---- values --------------------------------------------------------------------------------- */

/* Whether a value needs no quotes in a line of text. */
static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        bool is_alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_alnum && !memchr("_.:/+-", c, 6)) return false;
    }
    return s.len > 0;
}

/* Whether the byte at i may not stand in a line as it is. */
static bool needs_escape(struct str s, size_t i, bool is_utf8)
{
    uint8_t c = s.at[i];
    bool is_c1 = c == 0xc2 && i + 1 < s.len && s.at[i + 1] < 0xa0; /* U+0080..9f: some terminals obey them */
    bool is_second_of_c1 = i > 0 && s.at[i - 1] == 0xc2 && c >= 0x80 && c < 0xa0;
    return c < 0x20 || c == 0x7f || (c >= 0x80 && (!is_utf8 || is_c1 || is_second_of_c1));
}

static void put_quoted(struct out *o, struct str s)
{
    bool is_utf8 = str_is_utf8(s);
    out_put_byte(o, '"');
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        if (c == '"' || c == '\\') {
            out_put_byte(o, '\\');
            out_put_byte(o, c);
        } else if (needs_escape(s, i, is_utf8)) {
            out_text(o, "\\u00");
            out_put_hex(o, str_at(&c, 1));
        } else {
            out_put_byte(o, c);
        }
    }
    out_put_byte(o, '"');
}

static struct str shortened(struct str s)
{
    if (s.len <= VALUE_BYTES) return s;
    s.len = VALUE_BYTES;
    while (s.len > 0 && (s.at[s.len] & 0xc0) == 0x80) s.len--; /* not in the middle of a character */
    return s;
}

static void put_key(struct log_line *line, const char *key)
{
    struct out *o = &line->_out;
    out_text(o, line->_form == LOG_AS_JSON ? ",\"" : " ");
    out_text(o, key);
    out_text(o, line->_form == LOG_AS_JSON ? "\":" : "=");
}

void log_number(struct log_line *line, const char *key, uint64_t value)
{
    struct out before = line->_out;
    put_key(line, key);
    out_put_decimal(&line->_out, value);
    if (line->_out.is_full) line->_out.len = before.len;
}

void log_str(struct log_line *line, const char *key, struct str value)
{
    struct out before = line->_out;
    struct str s = shortened(value);
    put_key(line, key);
    if (line->_form == LOG_AS_TEXT && is_plain(s)) out_put(&line->_out, s);
    else put_quoted(&line->_out, s);
    if (line->_out.is_full) line->_out.len = before.len;
}

void log_text(struct log_line *line, const char *key, const char *value)
{
    log_str(line, key, str_of_text(value));
}

void log_ip(struct log_line *line, const char *key, const struct ip *ip)
{
    uint8_t text[IP_TEXT_BYTES];
    struct out o = OUT_OVER(text);
    ip_put_short(&o, ip);
    log_str(line, key, out_str(&o));
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void put_time(struct out *o)
{
    char text[40];
    uint64_t ms = clock_now_ms();
    time_t seconds = (time_t)(ms / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    out_put(o, str_at(text, n));
    snprintf(text, sizeof text, ".%03uZ", (unsigned)(ms % 1000));
    out_text(o, text);
}

bool log_begin(struct log_line *line, enum log_level level, const char *event)
{
    if (level >= LOG_NOTHING || (int)level < atomic_load_explicit(&least_level, memory_order_relaxed)) return false;
    line->_form = (enum log_form)atomic_load_explicit(&set_form, memory_order_relaxed);
    line->_out = out_over(line->_at, sizeof line->_at - TAIL_BYTES);

    struct out *o = &line->_out;
    bool is_json = line->_form == LOG_AS_JSON;
    out_text(o, is_json ? "{\"at\":\"" : "");
    put_time(o);
    out_text(o, is_json ? "\",\"level\":\"" : " ");
    out_text(o, level_name[level]);
    out_text(o, is_json ? "\",\"event\":\"" : " ");
    out_text(o, event);
    out_text(o, is_json ? "\"" : "");
    return true;
}

void log_end(struct log_line *line)
{
    bool is_cut = line->_out.is_full, is_json = line->_form == LOG_AS_JSON;
    struct out o = {.at = line->_at, .len = line->_out.len, .cap = sizeof line->_at};

    if (is_cut) out_text(&o, is_json ? ",\"cut\":1" : " cut=1");
    out_text(&o, is_json ? "}\n" : "\n");
    EXPECT(!o.is_full);
    int fd = atomic_load_explicit(&set_fd, memory_order_relaxed);
    ssize_t n = -1;
    for (int tries = 0; n < 0 && tries < 3; tries++) {
        n = write(fd, o.at, o.len);
        if (n < 0 && errno != EINTR) return;
    }
}

void log_event(enum log_level level, const char *event)
{
    struct log_line line;
    if (log_begin(&line, level, event)) log_end(&line);
}
