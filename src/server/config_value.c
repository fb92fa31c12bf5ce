/* config_value.c -- what the value of a setting may be, and reading it. See config_rows.h. */
#include "server/config_rows.h"

#include "record/account.h"
#include "server/listen.h"

enum { DIGITS_MOST = 18 };

/* A unit and how much it is; the smallest first, and the last one without a name ends the list. */
struct unit {
    const char *name;
    uint64_t is;
};

static const struct unit size_units[] = {
    {"", 1}, {"k", UINT64_C(1) << 10}, {"M", UINT64_C(1) << 20}, {"G", UINT64_C(1) << 30}, {NULL, 0}};
static const struct unit time_units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {NULL, 0}};
static const struct unit rate_units[] = {{"/s", 1000}, {"/min", 60000}, {"/h", 3600000}, {NULL, 0}};

static void *field_of(const struct config_row *row, struct config *config)
{
    return (uint8_t *)config + row->at;
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* The digits at the start of text, and what stands behind them. */
static bool number_read(struct str text, uint64_t *number, struct str *rest)
{
    uint64_t n = 0;
    size_t i = 0;
    for (; i < text.len && text.at[i] >= '0' && text.at[i] <= '9'; i++) {
        if (i == DIGITS_MOST) return false;
        n = n * 10 + (uint64_t)(text.at[i] - '0');
    }
    *number = n;
    *rest = str_at(text.at + i, text.len - i);
    return i > 0;
}

static bool unit_read(struct str text, const struct unit *unit, uint64_t *is)
{
    for (; unit->name != NULL; unit++) {
        if (!str_is(text, str_of_text(unit->name))) continue;
        *is = unit->is;
        return true;
    }
    return false;
}

static bool amount_read(const struct config_row *row, struct str text, const struct unit *units, uint64_t *amount)
{
    uint64_t number, unit;
    struct str rest;
    if (!number_read(text, &number, &rest) || !unit_read(rest, units, &unit)) return false;
    if (number > row->most / unit || number * unit < row->least) return false;
    *amount = number * unit;
    return true;
}

static enum err small_read(const struct config_row *row, struct str text, const struct unit *units, unsigned *field)
{
    uint64_t amount;
    EXPECT(row->most <= UINT32_MAX);
    if (!amount_read(row, text, units, &amount)) return ERR_BAD_FIELD;
    *field = (unsigned)amount;
    return ERR_OK;
}

static enum err size_read(const struct config_row *row, struct str text, uint64_t *field)
{
    return amount_read(row, text, size_units, field) ? ERR_OK : ERR_BAD_FIELD;
}

static enum err rate_read(const struct config_row *row, struct str text, struct rate_rule *field)
{
    uint64_t n, per_ms;
    struct str rest;
    if (!number_read(text, &n, &rest) || n > row->most) return ERR_BAD_FIELD;
    bool is_without_limit = n == 0 && rest.len == 0;
    if (is_without_limit) per_ms = 1000;
    else if (!unit_read(rest, rate_units, &per_ms)) return ERR_BAD_FIELD;
    *field = (struct rate_rule){(uint32_t)n, (uint32_t)per_ms};
    return ERR_OK;
}

/* ---- words ---------------------------------------------------------------------------------- */

static enum err choice_read(const struct config_row *row, struct str text, void *field)
{
    _Static_assert(sizeof(enum log_level) == sizeof(unsigned) && sizeof(enum log_form) == sizeof(unsigned) &&
                   sizeof(enum config_metrics) == sizeof(unsigned), "an enum of another size needs a case of its own");
    for (unsigned i = 0; row->word[i] != NULL; i++) {
        if (!str_is(text, str_of_text(row->word[i]))) continue;
        memcpy(field, &i, sizeof i);
        return ERR_OK;
    }
    return ERR_BAD_FIELD;
}

static enum err yes_no_read(struct str text, bool *field)
{
    bool is_yes = str_is(text, STR("yes"));
    if (!is_yes && !str_is(text, STR("no"))) return ERR_BAD_FIELD;
    *field = is_yes;
    return ERR_OK;
}

/* ---- texts ---------------------------------------------------------------------------------- */

static enum err text_keep(struct str text, struct config *config, const char **field)
{
    char *copy = arena_take(&config->_memory, text.len + 1);
    if (copy == NULL) return ERR_NO_MEMORY;
    if (text.len > 0) memcpy(copy, text.at, text.len);
    *field = copy;
    return ERR_OK;
}

/* A token of HTTP (RFC 9110 section 5.6.2), so that it can be the name of a header. */
static bool is_header_name(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        bool is_alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_alnum && !memchr("!#$%&'*+-.^_`|~", c, 15)) return false;
    }
    return true;
}

static enum err text_read(const struct config_row *row, struct str text, struct config *config)
{
    const char **field = field_of(row, config);
    struct listen_at at;
    if (row->kind == CONFIG_LISTEN && listen_parse(text, &at) != ERR_OK) return ERR_BAD_FIELD;
    if (row->kind == CONFIG_HEADER && !is_header_name(text)) return ERR_BAD_FIELD;
    if (text.len > 0) return text_keep(text, config, field);
    if (!row->may_be_empty) return ERR_BAD_FIELD;
    *field = NULL;
    return ERR_OK;
}

/* ---- lists ---------------------------------------------------------------------------------- */

static bool is_between(uint8_t c)
{
    return c == ',' || c == ' ' || c == '\t';
}

/* The next member of a list, which is taken off its start; empty: there is none. */
static struct str member_take(struct str *list)
{
    size_t start = 0, end;
    while (start < list->len && is_between(list->at[start])) start++;
    for (end = start; end < list->len && !is_between(list->at[end]);) end++;
    struct str member = str_at(list->at + start, end - start);
    *list = str_at(list->at + end, list->len - end);
    return member;
}

static enum err origin_add(struct str member, struct config *config, struct config_list *list)
{
    if (list->n == CONFIG_LIST || !account_is_origin(member)) return ERR_BAD_FIELD;
    enum err e = text_keep(member, config, &list->at[list->n]);
    if (e == ERR_OK) list->n++;
    return e;
}

static enum err range_add(struct str member, struct config_ranges *list)
{
    if (list->n == CONFIG_LIST) return ERR_BAD_FIELD;
    enum err e = ip_parse_range(member, &list->at[list->n]);
    if (e == ERR_OK) list->n++;
    return e;
}

static enum err list_read(const struct config_row *row, struct str text, struct config *config)
{
    for (struct str member = member_take(&text); member.len > 0; member = member_take(&text)) {
        void *field = field_of(row, config);
        enum err e = row->kind == CONFIG_RANGES ? range_add(member, field) : origin_add(member, config, field);
        if (e != ERR_OK) return e;
    }
    return ERR_OK;
}

void config_value_clear(const struct config_row *row, struct config *config)
{
    if (row->kind == CONFIG_ORIGINS) *(struct config_list *)field_of(row, config) = (struct config_list){0};
    if (row->kind == CONFIG_RANGES) *(struct config_ranges *)field_of(row, config) = (struct config_ranges){0};
}

/* ---- any of them ---------------------------------------------------------------------------- */

enum err config_value_read(const struct config_row *row, struct str value, struct config *config)
{
    static const struct unit no_units[] = {{"", 1}, {NULL, 0}};
    void *field = field_of(row, config);
    if (value.len >= CONFIG_VALUE_BYTES) return ERR_BAD_FIELD;
    switch (row->kind) {
    case CONFIG_WHOLE: return small_read(row, value, no_units, field);
    case CONFIG_BYTES: return size_read(row, value, field);
    case CONFIG_DURATION: return small_read(row, value, time_units, field);
    case CONFIG_RATE: return rate_read(row, value, field);
    case CONFIG_PATH:
    case CONFIG_LISTEN:
    case CONFIG_HEADER: return text_read(row, value, config);
    case CONFIG_ORIGINS:
    case CONFIG_RANGES: return list_read(row, value, config);
    case CONFIG_CHOICE: return choice_read(row, value, field);
    case CONFIG_YES_NO: return yes_no_read(value, field);
    }
    misuse("config_value_read: a kind that no row has");
}

/* An amount in the largest unit that needs no fraction. */
static void put_amount(struct out *o, uint64_t amount, const struct unit *units)
{
    const struct unit *best = units;
    for (const struct unit *unit = units; unit->name != NULL; unit++) {
        if (amount > 0 && amount % unit->is == 0) best = unit;
    }
    out_put_decimal(o, amount / best->is);
    out_text(o, best->name);
}

static void put_span(struct out *o, const struct config_row *row, const struct unit *units)
{
    out_text(o, " from ");
    put_amount(o, row->least, units);
    out_text(o, " to ");
    put_amount(o, row->most, units);
}

static void put_words(struct out *o, const char *const *word)
{
    for (size_t i = 0; word[i] != NULL; i++) {
        if (i > 0) out_text(o, word[i + 1] == NULL ? " or " : ", ");
        out_text(o, word[i]);
    }
}

void config_put_allowed(struct out *o, const struct config_row *row)
{
    static const struct unit no_units[] = {{"", 1}, {NULL, 0}};
    switch (row->kind) {
    case CONFIG_WHOLE:
        out_text(o, "a whole number");
        put_span(o, row, no_units);
        break;
    case CONFIG_BYTES:
        out_text(o, "a size");
        put_span(o, row, size_units);
        break;
    case CONFIG_DURATION:
        out_text(o, "a time");
        put_span(o, row, time_units);
        break;
    case CONFIG_RATE:
        out_text(o, "a rate such as 30/s, 30/min or 30/h, with a number up to ");
        out_put_decimal(o, row->most);
        out_text(o, "; or 0 for no limit");
        break;
    case CONFIG_PATH: out_text(o, "the name of a file"); break;
    case CONFIG_LISTEN: out_text(o, "an address and a port, such as 127.0.0.1:8787, [::1]:8787 or *:8787"); break;
    case CONFIG_HEADER: out_text(o, "the name of a header"); break;
    case CONFIG_ORIGINS:
    case CONFIG_RANGES:
        out_text(o, row->kind == CONFIG_ORIGINS
                        ? "origins such as https://troth.example or http://localhost:8787, with no slash at the end"
                        : "addresses or ranges of them, such as 127.0.0.1 or 10.0.0.0/8");
        out_text(o, "; at most ");
        out_put_decimal(o, CONFIG_LIST);
        break;
    case CONFIG_CHOICE: put_words(o, row->word); break;
    case CONFIG_YES_NO: out_text(o, "yes or no"); break;
    }
}
