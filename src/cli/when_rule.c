/* when_rule.c -- "every ...": from words to a rule, and from the rule to its due moments. See when.h. */
#include <stdio.h>

#include "cli/calendar.h"
#include "cli/when_read.h"

/* Where a rule begins and ends. */
struct span {
    int64_t first, last; /* days; last: none later */
    bool has_first, has_last;
    unsigned times; /* 0: not said */
    bool has_minute;
    unsigned minute;
};

/* ---- the words -------------------------------------------------------------------------------------- */

/* "monday and thursday", "mon, wed": commas are gone already. */
static bool take_weekdays(struct when_reading *r, unsigned *on)
{
    unsigned start = r->at, weekday, bits = 0;
    while (when_take_weekday(r, &weekday)) {
        bits |= 1u << weekday;
        unsigned before = r->at, next;
        if (!when_next(r, "and") && !when_next(r, "&")) continue;
        if (!when_take_weekday(r, &next)) {
            r->at = before;
            break;
        }
        r->at--; /* the loop takes it */
    }
    if (bits == 0) r->at = start;
    *on = bits;
    return bits != 0;
}

/* Of a month: "1st", "last day", "15", "the 31st". */
static bool take_day_of_month(struct when_reading *r, unsigned *day)
{
    unsigned start = r->at, n;
    (void)when_next(r, "on");
    (void)when_next(r, "the");
    if (when_next(r, "last")) {
        (void)when_next(r, "day");
        *day = 31;
        return true;
    }
    if ((when_take_ordinal(r, &n) || when_take_count(r, &n)) && n >= 1 && n <= 31) {
        (void)when_next(r, "day");
        *day = n;
        return true;
    }
    r->at = start;
    return false;
}

/* What repeats, and how often: "day", "3 days", "second friday", "weekday", "month". */
static enum err take_every(struct when_reading *r, struct promise_rule *rule)
{
    unsigned n = 1;
    rule->step = 1;
    if (when_next(r, "daily") || when_next(r, "evening") || when_next(r, "night")) {
        rule->every = PROMISE_DAILY;
        return ERR_OK;
    }
    if (when_next(r, "fortnightly") || when_next(r, "fortnight")) {
        rule->every = PROMISE_WEEKLY;
        rule->step = 2;
        return ERR_OK;
    }
    if (when_next(r, "weekday") || when_next(r, "weekdays") || when_next(r, "workday")) {
        rule->every = PROMISE_WEEKLY;
        rule->on = 0x1f;
        return ERR_OK;
    }
    if (when_next(r, "weekend")) {
        rule->every = PROMISE_WEEKLY;
        rule->on = 0x60;
        return ERR_OK;
    }
    if (when_take_ordinal(r, &n) || when_take_count(r, &n)) {
        if (n < 1 || n > 99)
            return when_refuse(r, "From one time to the next it can be 1 to 99 days, weeks or months.");
        rule->step = n;
    }
    if (when_next(r, "day") || when_next(r, "days")) {
        rule->every = PROMISE_DAILY;
    } else if (when_next(r, "week") || when_next(r, "weeks") || when_next(r, "weekly")) {
        rule->every = PROMISE_WEEKLY;
        unsigned start = r->at;
        bool is_on = when_next(r, "on");
        if (!take_weekdays(r, &rule->on) && is_on) r->at = start;
    } else if (when_next(r, "month") || when_next(r, "months") || when_next(r, "monthly")) {
        rule->every = PROMISE_MONTHLY;
        unsigned start = r->at;
        (void)take_day_of_month(r, &rule->on);
        if (when_take_weekday(r, &n)) {
            r->at = start;
            return when_refuse(r, "Of a month it can be a date, such as \"every month on the 1st\", not a weekday.");
        }
    } else if (take_weekdays(r, &rule->on)) {
        rule->every = PROMISE_WEEKLY;
    } else if (when_next(r, "year") || when_next(r, "years")) {
        return when_refuse(r, "Once a year is too seldom for a repeating promise. Make one for its next date.");
    } else {
        return when_not_understood(r);
    }
    return ERR_OK;
}

bool when_begins_rule(struct when_reading *r)
{
    static const char *const words[] = {"daily", "weekly", "monthly", "fortnightly"};
    unsigned start = r->at, weekday;
    if (when_next(r, "every") || when_next(r, "each")) return true;
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(when_word(r), words[i]) == 0) return true;
    }
    (void)when_next(r, "on"); /* "on mondays and thursdays" */
    const char *word = when_word(r);
    size_t len = strlen(word);
    unsigned at = r->at;
    bool is_plural = len > 6 && word[len - 1] == 's' && when_take_weekday(r, &weekday);
    r->at = is_plural ? at : start;
    return is_plural;
}

static enum err take_bound(struct when_reading *r, int64_t *day, bool *has)
{
    struct when_point point;
    if (!when_take_day(r, &point) || point.has_minute || point.has_moment) return when_not_understood(r);
    *day = point.day;
    *has = true;
    return ERR_OK;
}

/* What may follow: a time, "from …", "until …", "10 times", in any order. */
static enum err take_span(struct when_reading *r, struct span *span)
{
    while (r->at < r->word_n) {
        unsigned start = r->at, n;
        enum err e = ERR_OK;
        if (when_next(r, "until") || when_next(r, "till")) {
            e = take_bound(r, &span->last, &span->has_last);
        } else if (when_next(r, "from") || when_next(r, "starting") || when_next(r, "beginning")) {
            e = take_bound(r, &span->first, &span->has_first);
        } else if (((void)when_next(r, "for"), when_take_count(r, &n)) &&
                   (when_next(r, "times") || when_next(r, "time"))) {
            if (n == 0) return when_refuse(r, "Zero times is no promise.");
            span->times = n;
        } else {
            r->at = start;
            if (span->has_minute || !when_take_time(r, &span->minute)) return when_not_understood(r);
            span->has_minute = true;
        }
        if (e != ERR_OK) return e;
    }
    return ERR_OK;
}

/* ---- the days --------------------------------------------------------------------------------------- */

/* The day of the month that a rule means, or the month's last. */
static int64_t day_in_month(struct when *when, int year, unsigned month, unsigned day)
{
    unsigned days = calendar_month_days(year, month);
    if (day > days) when->is_shortened = true;
    return calendar_day((struct calendar_date){year, month, day > days ? days : day});
}

/* The first day from `day` on that the rule means. Steps count from `origin`, its first time; step 1 while there was
 * none. */
static int64_t next_day(struct when *when, int64_t day, int64_t origin, unsigned step)
{
    const struct promise_rule *rule = &when->when.rule;
    if (rule->every == PROMISE_DAILY) return day + (step - (day - origin) % step) % step;
    if (rule->every == PROMISE_WEEKLY) {
        int64_t week = origin - calendar_weekday(origin);
        while ((rule->on >> calendar_weekday(day) & 1) == 0 || (day - week) / 7 % step != 0) day++;
        return day;
    }
    struct calendar_date begin = calendar_date(origin), at = calendar_date(day);
    for (;; at.year += at.month == 12, at.month = at.month % 12 + 1) {
        unsigned months = (unsigned)((at.year - begin.year) * 12 + (int)at.month - (int)begin.month);
        if (months % step != 0) continue;
        bool was_shortened = when->is_shortened;
        int64_t meant = day_in_month(when, at.year, at.month, rule->on);
        if (meant >= day) return meant;
        when->is_shortened = was_shortened;
    }
}

/* Works out the due moments, from the first that is to come. */
static enum err work_out(struct when_reading *r, struct when *when, const struct span *span)
{
    struct promise_when *to = &when->when;
    int64_t origin = span->has_first ? span->first : r->today, latest = origin + WHEN_YEARS * 366;
    int64_t day = next_day(when, origin, origin, 1);
    for (; day <= latest; day = next_day(when, day + 1, origin, to->due_n == 0 ? 1 : to->rule.step)) {
        uint64_t due_ms;
        bool was_moved = when->is_moved, was_twice = when->is_twice;
        if (span->has_last && day > span->last) break;
        if (span->times > 0 && to->due_n == span->times) break;
        if (!when_due(when, day, to->rule.at_minute, &due_ms)) continue;
        if (due_ms <= r->now_ms) {
            when->is_moved = was_moved;
            when->is_twice = was_twice;
            continue;
        }
        if (to->due_n == 0) origin = day;
        if (to->due_n == PROMISE_DUES) {
            when->is_cut = when->has_end;
            break;
        }
        to->date[to->due_n] = (uint32_t)day;
        to->due_ms[to->due_n++] = due_ms;
    }
    return to->due_n > 0 ? ERR_OK : when_refuse(r, "None of these days is to come.");
}

enum err when_read_rule(struct when_reading *r, struct when *when)
{
    struct promise_rule *rule = &when->when.rule;
    struct span span = {0};
    enum err e = take_every(r, rule);
    if (e == ERR_OK) e = take_span(r, &span);
    if (e != ERR_OK) return e;
    int64_t begin = span.has_first ? span.first : r->today;
    if (span.has_first && (begin < r->today || begin > r->today + WHEN_YEARS * 366))
        return when_refuse(r, "A repeating promise begins between today and %d years ahead.", WHEN_YEARS);
    if (rule->every == PROMISE_WEEKLY && rule->on == 0) rule->on = 1u << calendar_weekday(begin);
    if (rule->every == PROMISE_MONTHLY && rule->on == 0) rule->on = calendar_date(begin).day;
    rule->at_minute = span.has_minute ? span.minute : PROMISE_END_OF_DAY;
    when->when.kind = PROMISE_WHEN_RULE;
    when->has_end = span.has_last || span.times > 0;
    return work_out(r, when, &span);
}
