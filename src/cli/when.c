/* when.c -- one date, open, or a rule: see when.h. The rule is in when_rule.c, the words in when_read.c. */
#include "cli/when.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/calendar.h"
#include "cli/when_read.h"

bool when_is_day(const struct promise_when *when)
{
    return when->kind == PROMISE_WHEN_DAY ||
           (when->kind == PROMISE_WHEN_RULE && when->rule.at_minute == PROMISE_END_OF_DAY);
}

bool when_due(struct when *when, int64_t day, unsigned minute, uint64_t *due_ms)
{
    if (minute == PROMISE_END_OF_DAY) return zone_day_end(&when->zone, day, due_ms);
    enum zone_fit fit;
    uint64_t at_ms = zone_moment(&when->zone, (struct zone_clock){day, minute * 60}, &fit);
    if (zone_clock(&when->zone, at_ms).day != day) return false; /* the zone left that day out */
    if (fit == ZONE_NEVER) when->is_moved = true;
    if (fit == ZONE_TWICE) when->is_twice = true;
    *due_ms = at_ms;
    return true;
}

/* ---- one date --------------------------------------------------------------------------------------- */

static enum err refuse_past(struct when_reading *r, const struct when *when, const struct when_point *point)
{
    uint8_t memory[WHEN_WORDS_BYTES];
    struct out o = OUT_OVER(memory);
    when_say_day(&o, point->day);
    if (when->when.kind == PROMISE_WHEN_MOMENT) {
        struct zone_clock clock = zone_clock(&when->zone, when->when.due_ms[0]);
        uint8_t hour = (uint8_t)(clock.second / 3600), minute = (uint8_t)(clock.second / 60 % 60);
        return when_refuse(r, "%.*s at %02u:%02u is past. Promises are about what is to come.", (int)o.len,
                           (const char *)o.at, hour, minute);
    }
    return when_refuse(r, "%.*s is past. Promises are about what is to come.", (int)o.len, (const char *)o.at);
}

/* Due moment of a point; a weekday that is over already is the next one. */
static enum err settle(struct when_reading *r, struct when *when, struct when_point *point)
{
    struct promise_when *to = &when->when;
    bool is_moment = point->has_minute || point->has_moment;
    unsigned minute = point->has_minute ? point->minute : PROMISE_END_OF_DAY;
    int64_t latest = r->today + WHEN_YEARS * 366;
    if (point->day <= 0) return when_refuse(r, "That is past. Promises are about what is to come.");
    if (point->day > latest) return when_refuse(r, "That is more than %d years ahead.", WHEN_YEARS);
    to->kind = is_moment ? PROMISE_WHEN_MOMENT : PROMISE_WHEN_DAY;
    to->due_n = 1;
    to->due_ms[0] = point->moment_ms;
    if (!point->has_moment && !when_due(when, point->day, minute, &to->due_ms[0]))
        return when_refuse(r, "Where you live that day was left out: clocks went from one date to another.");
    if (to->due_ms[0] <= r->now_ms && point->is_weekday) {
        point->day += 7;
        point->is_weekday = false;
        return settle(r, when, point);
    }
    if (to->due_ms[0] <= r->now_ms) return refuse_past(r, when, point);
    if (point->has_moment) point->day = zone_clock(&when->zone, point->moment_ms).day;
    to->date[0] = (uint32_t)point->day;
    return ERR_OK;
}

static enum err read_one(struct when_reading *r, struct when *when)
{
    struct when_point point = {0};
    unsigned minute;
    bool has_time = when_take_time(r, &minute); /* "18:00 tomorrow", "18:00" alone */
    if (r->is_refused) return ERR_BAD_FIELD;
    if (r->at < r->word_n && !when_take_day(r, &point)) return when_not_understood(r);
    if (has_time && !point.has_day) {
        point = (struct when_point){.has_day = true, .day = r->today};
        uint64_t today_ms;
        if (!when_due(when, r->today, minute, &today_ms) || today_ms <= r->now_ms) point.day++;
    }
    if (!point.has_day) return when_not_understood(r);
    if (!has_time && !point.has_moment) {
        if (!point.has_minute) (void)when_take_part(r, &point);
        bool may_be_bare = point.is_late && r->at < r->word_n;
        has_time = may_be_bare ? when_take_bare_time(r, &minute) : when_take_time(r, &minute);
    }
    if (r->is_refused) return ERR_BAD_FIELD;
    if (r->at < r->word_n) return when_not_understood(r);
    if (has_time && !point.has_moment) {
        if (point.is_late && minute / 60 == 12)
            return when_refuse(r, "12 can be noon or midnight here. Write 23:59, or the day and 12:00.");
        bool is_half = point.is_late && minute < 12 * 60 && strchr(r->word[r->word_n - 1], 'a') == NULL;
        point.has_minute = true;
        point.minute = is_half ? minute + 12 * 60 : minute;
    }
    when->is_moved = when->is_twice = false;
    return settle(r, when, &point);
}

static bool take_open(struct when_reading *r)
{
    bool is_open = when_next(r, "open") || when_next(r, "someday") || (when_next(r, "some") && when_next(r, "day")) ||
                   (when_next(r, "no") && when_next(r, "date"));
    return is_open && r->at == r->word_n;
}

enum err when_read(struct when *when, struct str text, const struct zone *zone, uint64_t now_ms,
                   char trouble[static WHEN_TROUBLE_BYTES])
{
    static struct when_reading r;
    static struct when fresh;
    enum err e = when_reading_init(&r, text, zone, now_ms, trouble);
    if (e != ERR_OK) return e;
    fresh = (struct when){.zone = *zone};
    if (take_open(&r)) {
        fresh.when.kind = PROMISE_WHEN_OPEN;
    } else {
        r.at = 0;
        (void)when_next(&r, "by"); /* --by "by friday" */
        bool is_rule = when_begins_rule(&r);
        e = is_rule ? when_read_rule(&r, &fresh) : read_one(&r, &fresh);
    }
    if (e != ERR_OK) return e;
    *when = fresh;
    if (when->when.kind != PROMISE_WHEN_OPEN) when->when.zone = str_of_text(when->zone.name);
    return ERR_OK;
}

enum err when_read_day(int64_t *day, struct str text, const struct zone *zone, uint64_t now_ms,
                       char trouble[static WHEN_TROUBLE_BYTES])
{
    static struct when_reading r;
    struct when_point point = {0};
    enum err e = when_reading_init(&r, text, zone, now_ms, trouble);
    if (e != ERR_OK) return e;
    if (!when_take_day(&r, &point) || !point.has_day || point.has_moment || point.has_minute || r.at < r.word_n)
        return when_not_understood(&r);
    *day = point.day;
    return ERR_OK;
}

/* ---- spans ------------------------------------------------------------------------------------------ */

enum err when_read_span(uint64_t *span_ms, struct str text)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {{"s", 1000},        {"sec", 1000},      {"seconds", 1000},   {"m", 60000},
                 {"min", 60000},     {"minute", 60000},  {"minutes", 60000},  {"h", 3600000},
                 {"hour", 3600000},  {"hours", 3600000}, {"d", 86400000},     {"day", 86400000},
                 {"days", 86400000}, {"w", 604800000},   {"week", 604800000}, {"weeks", 604800000}};
    uint64_t n = 0;
    size_t at = 0;
    for (; at < text.len && text.at[at] >= '0' && text.at[at] <= '9'; at++) {
        n = n * 10 + (uint64_t)(text.at[at] - '0');
        if (n > 100000) return ERR_BAD_FIELD;
    }
    if (at == 0 || n == 0) return ERR_BAD_FIELD;
    while (at < text.len && text.at[at] == ' ') at++;
    struct str unit = str_at(text.at + at, text.len - at);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!str_is(unit, str_of_text(units[i].name))) continue;
        *span_ms = n * units[i].ms;
        return ERR_OK;
    }
    return ERR_BAD_FIELD;
}
