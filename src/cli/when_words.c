/* when_words.c -- moments, days and rules in words. See when.h. */
#include <inttypes.h>

#include "cli/calendar.h"
#include "cli/when.h"

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };

static void put_n(struct out *o, uint64_t n, const char *one, const char *many)
{
    out_put_decimal(o, n);
    out_text(o, n == 1 ? one : many);
}

static void put_time(struct out *o, uint32_t second)
{
    uint32_t hour = second / 3600, minute = second / 60 % 60;
    if (hour < 10) out_text(o, "0");
    out_put_decimal(o, hour);
    out_text(o, minute < 10 ? ":0" : ":");
    out_put_decimal(o, minute);
}

static void put_first_three(struct out *o, const char *name)
{
    out_put(o, str_at(name, 3));
}

void when_say_day(struct out *o, int64_t day)
{
    struct calendar_date date = calendar_date(day);
    out_text(o, calendar_weekday_name(calendar_weekday(day)));
    out_text(o, " ");
    out_put_decimal(o, date.day);
    out_text(o, " ");
    out_text(o, calendar_month_name(date.month));
    out_text(o, " ");
    out_put_decimal(o, (uint64_t)date.year);
}

/* "today", "tomorrow", "yesterday", "Fri 27 Nov", "Fri 1 Jan 2027". */
static void put_short_day(struct out *o, int64_t day, int64_t today)
{
    struct calendar_date date = calendar_date(day), now = calendar_date(today);
    if (day == today || day == today + 1 || day == today - 1) {
        out_text(o, day == today ? "today" : day > today ? "tomorrow" : "yesterday");
        return;
    }
    put_first_three(o, calendar_weekday_name(calendar_weekday(day)));
    out_text(o, " ");
    out_put_decimal(o, date.day);
    out_text(o, " ");
    put_first_three(o, calendar_month_name(date.month));
    bool is_near = day > today - 180 && day < today + 180;
    if (date.year != now.year && !is_near) {
        out_text(o, " ");
        out_put_decimal(o, (uint64_t)date.year);
    }
}

void when_say_moment(struct out *o, uint64_t at_ms, const struct zone *here, uint64_t now_ms)
{
    struct zone_clock at = zone_clock(here, at_ms);
    put_short_day(o, at.day, zone_clock(here, now_ms).day);
    out_text(o, " ");
    put_time(o, at.second);
}

static void put_ago(struct out *o, bool is_past, uint64_t n, const char *one, const char *many)
{
    if (!is_past) out_text(o, "in ");
    put_n(o, n, one, many);
    if (is_past) out_text(o, " ago");
}

void when_say_distance(struct out *o, uint64_t at_ms, const struct zone *here, uint64_t now_ms)
{
    int64_t days = zone_clock(here, at_ms).day - zone_clock(here, now_ms).day;
    bool is_past = at_ms <= now_ms;
    uint64_t apart_ms = is_past ? now_ms - at_ms : at_ms - now_ms, n = (uint64_t)(days < 0 ? -days : days);
    if (n == 0 || (n == 1 && apart_ms < 6 * (uint64_t)HOUR_MS)) {
        if (apart_ms < MINUTE_MS)
            out_text(o, "now");
        else if (apart_ms < HOUR_MS)
            put_ago(o, is_past, apart_ms / MINUTE_MS, " minute", " minutes");
        else
            put_ago(o, is_past, (apart_ms + HOUR_MS / 2) / HOUR_MS, " hour", " hours");
    } else if (n == 1) {
        out_text(o, is_past ? "yesterday" : "tomorrow");
    } else if (n < 61) {
        put_ago(o, is_past, n, " day", " days");
    } else if (n < 730) {
        put_ago(o, is_past, n / 30, " month", " months");
    } else {
        put_ago(o, is_past, n / 365, " year", " years");
    }
}

/* ---- rules ------------------------------------------------------------------------------------------- */

static void put_ordinal(struct out *o, unsigned n)
{
    bool is_teen = n % 100 >= 11 && n % 100 <= 13;
    out_put_decimal(o, n);
    out_text(o, is_teen ? "th" : n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th");
}

static void put_every(struct out *o, unsigned step, const char *one, const char *many)
{
    out_text(o, "every ");
    if (step == 2) out_text(o, "second ");
    if (step > 2) out_put_decimal(o, step);
    if (step > 2) out_text(o, " ");
    out_text(o, step > 2 ? many : one);
}

static void put_weekdays(struct out *o, unsigned on)
{
    unsigned left = 0;
    for (unsigned i = 0; i < 7; i++) left += on >> i & 1;
    if (on == 0x7f || on == 0x1f) {
        out_text(o, on == 0x7f ? "day of the week" : "weekday (Monday to Friday)");
        return;
    }
    for (unsigned i = 0; i < 7; i++) {
        if ((on >> i & 1) == 0) continue;
        out_text(o, calendar_weekday_name(i));
        if (--left > 0) out_text(o, left == 1 ? " and " : ", ");
    }
}

void when_say_rule(struct out *o, const struct promise_rule *rule)
{
    if (rule->every == PROMISE_DAILY) {
        put_every(o, rule->step, "day", "days");
    } else if (rule->every == PROMISE_WEEKLY && rule->step > 2) {
        put_every(o, rule->step, "week", "weeks on ");
        put_weekdays(o, rule->on);
    } else if (rule->every == PROMISE_WEEKLY) {
        put_every(o, rule->step, "", "");
        put_weekdays(o, rule->on);
    } else {
        out_text(o, rule->step == 1 ? "every month" : rule->step == 2 ? "every second month" : "every ");
        if (rule->step > 2) put_n(o, rule->step, "", " months");
        out_text(o, " on the ");
        put_ordinal(o, rule->on);
    }
    if (rule->at_minute == PROMISE_END_OF_DAY) return;
    out_text(o, " at ");
    put_time(o, rule->at_minute * 60);
}

/* ---- all ---------------------------------------------------------------------------------------------- */

static bool is_elsewhere(const struct promise_when *when, const struct zone *here)
{
    return !str_is(when->zone, str_of_text(here->name));
}

/* "Friday 27 November 2026, by the end of the day", "Friday 27 November 2026 at 18:30". */
static void put_full(struct out *o, const struct promise_when *when, size_t turn, const struct zone *here)
{
    if (when_is_day(when)) {
        when_say_day(o, when->date[turn]);
        out_text(o, ", by the end of the day");
        return;
    }
    struct zone_clock at = zone_clock(here, when->due_ms[turn]);
    when_say_day(o, at.day);
    out_text(o, " at ");
    put_time(o, at.second);
}

static void put_distance(struct out *o, const struct promise_when *when, size_t turn, const struct zone *here,
                         uint64_t now_ms)
{
    int64_t today = zone_clock(here, now_ms).day;
    if (when_is_day(when) && (int64_t)when->date[turn] == today)
        out_text(o, "today");
    else if (when_is_day(when) && (int64_t)when->date[turn] == today + 1)
        out_text(o, "tomorrow");
    else
        when_say_distance(o, when->due_ms[turn], here, now_ms);
}

static void put_zone(struct out *o, const struct promise_when *when, const struct zone *here)
{
    if (!is_elsewhere(when, here) || when->zone.len == 0) return;
    out_text(o, when_is_day(when) ? " (the day in " : " (your clock; made in ");
    out_put(o, when->zone);
    out_text(o, ")");
}

static void say_repeating(struct out *o, const struct promise_when *when, const struct zone *here, uint64_t now_ms)
{
    size_t last = when->due_n - 1;
    when_say_rule(o, &when->rule);
    if (is_elsewhere(when, here)) {
        out_text(o, " (");
        out_put(o, when->zone);
        out_text(o, ")");
    }
    out_text(o, when_is_day(when) ? ", by the end of the day" : "");
    out_text(o, "; ");
    put_n(o, when->due_n, " time", " times");
    out_text(o, last == 0 ? ": " : ": first ");
    int64_t first_day = when->date[0], last_day = when->date[last];
    when_say_day(o, first_day);
    out_text(o, " (");
    put_distance(o, when, 0, here, now_ms);
    out_text(o, ")");
    if (last == 0) return;
    out_text(o, ", last ");
    when_say_day(o, last_day);
}

void when_say(struct out *o, const struct promise_when *when, const struct zone *here, uint64_t now_ms)
{
    if (when->kind == PROMISE_WHEN_OPEN || when->due_n == 0) {
        out_text(o, "some day, no date");
        return;
    }
    if (when->kind == PROMISE_WHEN_RULE) {
        say_repeating(o, when, here, now_ms);
        return;
    }
    put_full(o, when, 0, here);
    put_zone(o, when, here);
    out_text(o, when->due_ms[0] > now_ms ? "; that is " : "; that was ");
    put_distance(o, when, 0, here, now_ms);
}

void when_say_turn(struct out *o, const struct promise_when *when, size_t turn, const struct zone *here,
                   uint64_t now_ms)
{
    EXPECT(turn < when->due_n);
    if (when_is_day(when))
        put_short_day(o, when->date[turn], zone_clock(here, now_ms).day);
    else
        when_say_moment(o, when->due_ms[turn], here, now_ms);
}

void when_say_short(struct out *o, const struct promise_when *when, const struct zone *here, uint64_t now_ms)
{
    if (when->kind == PROMISE_WHEN_OPEN || when->due_n == 0) {
        out_text(o, "some day");
    } else if (when->kind != PROMISE_WHEN_RULE) {
        when_say_turn(o, when, 0, here, now_ms);
    } else {
        size_t next = 0;
        while (next < when->due_n && when->due_ms[next] <= now_ms) next++;
        when_say_rule(o, &when->rule);
        if (next == when->due_n) return;
        out_text(o, ", next ");
        when_say_turn(o, when, next, here, now_ms);
    }
}

void when_say_notes(struct out *o, const struct when *when)
{
    bool is_rule = when->when.kind == PROMISE_WHEN_RULE;
    if (when->is_shortened) out_text(o, "Where a month is shorter, its last day is meant. ");
    if (when->is_moved && is_rule)
        out_text(o, "On a day when clocks are put forward over that time, it is as much later as the clocks. ");
    else if (when->is_moved)
        out_text(o, "Clocks are put forward over that time that day, so it is as much later as the clocks. ");
    if (when->is_twice && is_rule)
        out_text(o, "On a day when clocks are put back and show that time twice, the first is meant. ");
    else if (when->is_twice)
        out_text(o, "Clocks are put back that day and show that time twice; the first is meant. ");
    if (when->is_cut)
        out_text(o, "At most 64 times are written down at once; make it anew after the last. ");
    else if (is_rule && !when->has_end && when->when.due_n == PROMISE_DUES)
        out_text(o, "These are the next 64; make it anew after the last. ");
    if (o->len > 0 && o->at[o->len - 1] == ' ') o->len--;
}
