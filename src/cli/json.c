/* json.c -- see json.h. */
#include "cli/json.h"

#include <inttypes.h>
#include <utf8proc.h>

#include "base/limits.h"

void json_init(struct json *json, FILE *to)
{
    *json = (struct json){._to = to};
}

static void write_bytes(struct json *json, const void *at, size_t n)
{
    if (n > 0 && fwrite(at, 1, n, json->_to) != n) json->has_failed = true;
}

static void write_text(struct json *json, const char *text)
{
    write_bytes(json, text, strlen(text));
}

/* What stands before a value or a name: a comma, unless it is the first or belongs to a name. */
static void begin(struct json *json, bool is_name)
{
    bool is_in_object = json->_depth > 0 && json->_closes[json->_depth - 1] == '}';
    EXPECT(is_name ? is_in_object && !json->_is_named : is_in_object == json->_is_named);
    if (json->_is_named) {
        json->_is_named = false;
        return;
    }
    if (json->_depth == 0) return;
    if (json->_has_members[json->_depth - 1]) write_text(json, ",");
    json->_has_members[json->_depth - 1] = true;
}

static void open(struct json *json, const char *opens, char closes)
{
    EXPECT(json->_depth < JSON_DEPTH);
    begin(json, false);
    write_text(json, opens);
    json->_closes[json->_depth] = closes;
    json->_has_members[json->_depth] = false;
    json->_depth++;
}

void json_open(struct json *json)
{
    open(json, "{", '}');
}

void json_open_list(struct json *json)
{
    open(json, "[", ']');
}

void json_close(struct json *json)
{
    EXPECT(json->_depth > 0 && !json->_is_named);
    json->_depth--;
    write_bytes(json, &json->_closes[json->_depth], 1);
    if (json->_depth == 0) write_text(json, "\n");
}

/* How much of a text begins with letters, digits and signs of ASCII that stand for themselves. */
static size_t plain_n(struct str text)
{
    size_t n = 0;
    while (n < text.len && text.at[n] >= 0x20 && text.at[n] < 0x7f && text.at[n] != '"' && text.at[n] != '\\') n++;
    return n;
}

static void quoted(struct json *json, struct str text)
{
    write_text(json, "\"");
    while (text.len > 0) {
        utf8proc_int32_t c;
        size_t plain = plain_n(text);
        if (plain > 0) {
            write_bytes(json, text.at, plain);
            text = str_at(text.at + plain, text.len - plain);
            continue;
        }
        utf8proc_ssize_t n = utf8proc_iterate(text.at, (utf8proc_ssize_t)text.len, &c);
        if (n <= 0) {
            write_text(json, "\xef\xbf\xbd");
            n = 1;
        } else if (c == '"' || c == '\\') {
            const char both[2] = {'\\', (char)c};
            write_bytes(json, both, 2);
        } else if (c == '\n') {
            write_text(json, "\\n");
        } else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029) {
            if (fprintf(json->_to, "\\u%04x", (unsigned)c) < 0) json->has_failed = true;
        } else {
            write_bytes(json, text.at, (size_t)n);
        }
        text = str_at(text.at + n, text.len - (size_t)n);
    }
    write_text(json, "\"");
}

void json_name(struct json *json, const char *name)
{
    begin(json, true);
    quoted(json, str_of_text(name));
    write_text(json, ":");
    json->_is_named = true;
}

void json_text(struct json *json, struct str text)
{
    begin(json, false);
    quoted(json, text);
}

void json_number(struct json *json, uint64_t n)
{
    EXPECT(n <= LIMIT_NUMBER);
    begin(json, false);
    if (fprintf(json->_to, "%" PRIu64, n) < 0) json->has_failed = true;
}

void json_bool(struct json *json, bool is)
{
    begin(json, false);
    write_text(json, is ? "true" : "false");
}

void json_null(struct json *json)
{
    begin(json, false);
    write_text(json, "null");
}

void json_hex(struct json *json, struct str bytes)
{
    begin(json, false);
    write_text(json, "\"");
    for (size_t i = 0; i < bytes.len; i++) {
        static const char digits[] = "0123456789abcdef";
        const char both[2] = {digits[bytes.at[i] >> 4], digits[bytes.at[i] & 15]};
        write_bytes(json, both, 2);
    }
    write_text(json, "\"");
}

void json_put(struct json *json, const char *name, struct str text)
{
    json_name(json, name);
    json_text(json, text);
}

void json_put_c(struct json *json, const char *name, const char *text)
{
    json_name(json, name);
    if (text == NULL)
        json_null(json);
    else
        json_text(json, str_of_text(text));
}

void json_put_number(struct json *json, const char *name, uint64_t n)
{
    json_name(json, name);
    json_number(json, n);
}

void json_put_bool(struct json *json, const char *name, bool is)
{
    json_name(json, name);
    json_bool(json, is);
}

void json_put_hex(struct json *json, const char *name, struct str bytes)
{
    json_name(json, name);
    json_hex(json, bytes);
}
