/* when_read.c -- the words of which dates are made. See when.h, when_read.h. */
#include "cli/when_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/calendar.h"

/* ---- words ---------------------------------------------------------------------------------------- */

enum err when_refuse(struct when_reading *r, const char *form, ...)
{
    if (!r->is_refused) {
        va_list values;
        va_start(values, form);
        int n = vsnprintf(r->trouble, WHEN_TROUBLE_BYTES, form, values);
        va_end(values);
        EXPECT(n > 0);
    }
    r->is_refused = true;
    return ERR_BAD_FIELD;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == ',' || c == ';';
}

static const char when_forms[] =
    "Dates are written like: tomorrow 18:00, friday, \"in 3 days\", 2026-12-24, \"every sunday\", open.";

enum err when_reading_init(struct when_reading *r, struct str text, const struct zone *zone, uint64_t now_ms,
                           char trouble[static WHEN_TROUBLE_BYTES])
{
    *r = (struct when_reading){
        .zone = zone, .now_ms = now_ms, .today = zone_clock(zone, now_ms).day, .trouble = trouble};
    for (size_t at = 0; at < text.len;) {
        if (is_blank(text.at[at])) {
            at++;
            continue;
        }
        if (r->word_n == WHEN_WORDS) return when_refuse(r, "That is too long for a date.");
        size_t n = 0;
        for (; at < text.len && !is_blank(text.at[at]); at++) {
            uint8_t c = text.at[at];
            if (n == WHEN_WORD_BYTES - 1 || c < 0x20 || c >= 0x7f)
                return when_refuse(r, "This is no date in English or in figures. %s", when_forms);
            r->word[r->word_n][n++] = (char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
        }
        r->word_n++;
    }
    return ERR_OK;
}

const char *when_word(const struct when_reading *r)
{
    return r->at < r->word_n ? r->word[r->at] : "";
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

bool when_next(struct when_reading *r, const char *word)
{
    if (!is(when_word(r), word)) return false;
    r->at++;
    return true;
}

enum err when_not_understood(struct when_reading *r)
{
    const char *word = when_word(r);
    if (r->at >= r->word_n && r->word_n == 0) return when_refuse(r, "There is no date here. %s", when_forms);
    if (r->at >= r->word_n)
        return when_refuse(r, "Something is missing behind \"%s\". %s", r->word[r->word_n - 1], when_forms);
    if (strspn(word, "0123456789") == strlen(word) && strlen(word) <= 2)
        return when_refuse(r, "\"%s\" may be a day or a time. Write %s:00, \"at %s\", or the month with it.", word,
                           word, word);
    if (is(word, "twice") || is(word, "thrice"))
        return when_refuse(r, "Say on which days: \"every monday and thursday\". At most one a day can be promised.");
    if (is(word, "in"))
        return when_refuse(r, "How long is written like \"in 3 days\", \"in 2 weeks\" or \"in 4 hours\".");
    return when_refuse(r, "\"%s\" is not understood here. %s", word, when_forms);
}

/* ---- numbers and names ------------------------------------------------------------------------------ */

/* Digits at *at, at most n of them; moves on. */
static bool digits(const char **at, unsigned most, unsigned *value)
{
    unsigned n = 0, sum = 0;
    for (; n < most && (*at)[n] >= '0' && (*at)[n] <= '9'; n++) sum = sum * 10 + (unsigned)((*at)[n] - '0');
    if (n == 0) return false;
    *at += n;
    *value = sum;
    return true;
}

/* The place of a word in a list of names, as a whole or by its first three letters (or four: "sept", "thur"). */
static bool name_place(const char *word, const char *(*name)(unsigned), unsigned first, unsigned n, unsigned *place)
{
    size_t len = strlen(word);
    if (len > 3 && word[len - 1] == '.') len--;
    for (unsigned i = first; len >= 3 && i < first + n; i++) {
        const char *full = name(i);
        size_t full_len = strlen(full), at = 0;
        if (len > full_len || (len > 5 && len < full_len)) continue;
        while (at < len && (full[at] | 0x20) == word[at]) at++;
        if (at < len) continue;
        *place = i;
        return true;
    }
    return false;
}

bool when_take_weekday(struct when_reading *r, unsigned *weekday)
{
    char word[WHEN_WORD_BYTES];
    memcpy(word, when_word(r), strlen(when_word(r)) + 1);
    size_t len = strlen(word);
    if (len > 4 && word[len - 1] == 's') word[len - 1] = 0; /* "on sundays" */
    if (!name_place(when_word(r), calendar_weekday_name, 0, 7, weekday) &&
        !name_place(word, calendar_weekday_name, 0, 7, weekday))
        return false;
    r->at++;
    return true;
}

static bool take_month(struct when_reading *r, unsigned *month)
{
    if (!name_place(when_word(r), calendar_month_name, 1, 12, month)) return false;
    r->at++;
    return true;
}

bool when_take_count(struct when_reading *r, unsigned *n)
{
    static const char *const names[] = {"a",     "one",   "two",  "three", "four",   "five",  "six",
                                        "seven", "eight", "nine", "ten",   "eleven", "twelve"};
    const char *word = when_word(r), *at = word;
    if (is(word, "an")) word = "a";
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (!is(word, names[i])) continue;
        *n = i == 0 ? 1 : i;
        r->at++;
        return true;
    }
    unsigned value;
    if (!digits(&at, 4, &value) || *at != 0) return false;
    *n = value;
    r->at++;
    return true;
}

bool when_take_ordinal(struct when_reading *r, unsigned *n)
{
    static const char *const names[] = {"first", "second", "third", "fourth", "fifth", "sixth"};
    const char *word = when_word(r), *at = word;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (!is(word, names[i])) continue;
        *n = i + 1;
        r->at++;
        return true;
    }
    if (when_next(r, "other")) {
        *n = 2;
        return true;
    }
    unsigned value;
    if (!digits(&at, 2, &value) || value == 0) return false;
    if (!is(at, "st") && !is(at, "nd") && !is(at, "rd") && !is(at, "th") && !is(at, ".")) return false;
    *n = value;
    r->at++;
    return true;
}

/* ---- times of a day --------------------------------------------------------------------------------- */

/* "18:00", "18.00", "7", "6pm", "6:30pm"; a bare number only where it has to be a time. */
static bool read_time(const char *word, bool may_be_bare, unsigned *minute)
{
    const char *at = word;
    unsigned hour, minutes = 0;
    bool is_bare = true;
    if (!digits(&at, 2, &hour)) return false;
    if (*at == ':' || *at == '.' || (*at == 'h' && at[1] != 0)) {
        const char *start = ++at;
        if (!digits(&at, 2, &minutes) || at - start != 2) return false;
        is_bare = false;
    }
    if (is(at, "am") || is(at, "pm")) {
        if (hour < 1 || hour > 12) return false;
        hour = hour % 12 + (*at == 'p' ? 12 : 0);
        at += 2;
        is_bare = false;
    } else if (is(at, "h") && is_bare) {
        at++;
        is_bare = false;
    }
    if (*at != 0 || hour > 23 || minutes > 59 || (is_bare && !may_be_bare)) return false;
    *minute = hour * 60 + minutes;
    return true;
}

bool when_take_time(struct when_reading *r, unsigned *minute)
{
    unsigned start = r->at;
    if (!when_next(r, "by")) (void)when_next(r, "before"); /* "friday by 6pm" */
    bool is_time = when_next(r, "at");
    if (when_next(r, "noon")) {
        *minute = 12 * 60;
        return true;
    }
    if (is(when_word(r), "midnight")) {
        (void)when_refuse(r, "Midnight belongs to two days. Write 23:59, or 00:00 and the day that it begins.");
        return false;
    }
    char joined[2 * WHEN_WORD_BYTES];
    const char *suffix = r->at + 1 < r->word_n ? r->word[r->at + 1] : "";
    bool has_suffix = is(suffix, "am") || is(suffix, "pm");
    (void)snprintf(joined, sizeof joined, "%s%s", when_word(r), has_suffix ? suffix : "");
    if (read_time(joined, is_time, minute)) {
        r->at += has_suffix ? 2 : 1;
        return true;
    }
    if (is_time) (void)when_refuse(r, "\"%s\" is no time of day. Times are written like 18:00 or 6pm.", when_word(r));
    r->at = start;
    return false;
}

bool when_take_bare_time(struct when_reading *r, unsigned *minute)
{
    if (!read_time(when_word(r), true, minute)) return when_take_time(r, minute);
    r->at++;
    return true;
}

bool when_take_part(struct when_reading *r, struct when_point *point)
{
    static const struct {
        const char *name;
        unsigned minute; /* 0: with the day's end */
    } parts[] = {{"morning", 12 * 60}, {"afternoon", 18 * 60}, {"evening", 0}, {"night", 0}};
    unsigned start = r->at;
    if (when_next(r, "in")) (void)when_next(r, "the");
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!when_next(r, parts[i].name)) continue;
        point->is_late = i > 0;
        point->has_minute = parts[i].minute > 0;
        point->minute = parts[i].minute;
        return true;
    }
    r->at = start;
    return false;
}

/* ---- days ------------------------------------------------------------------------------------------- */

static bool take_date(struct when_reading *r, struct when_point *point, struct calendar_date date)
{
    if (date.month < 1 || date.month > 12 || !calendar_is_date(date)) {
        const char *month = date.month >= 1 && date.month <= 12 ? calendar_month_name(date.month) : NULL;
        if (month != NULL && date.year >= 1900 && date.year <= 9999)
            (void)when_refuse(r, "%s %d has no day %u.", month, date.year, date.day);
        else
            (void)when_refuse(r, "There is no such date.");
        return false;
    }
    point->has_day = true;
    point->day = calendar_day(date);
    return true;
}

/* "+01:00", "z": how far the time before it is ahead of UTC. */
static bool read_offset(const char *at, int *ahead_minutes)
{
    unsigned hours, minutes = 0;
    char sign = *at;
    if (is(at, "z")) {
        *ahead_minutes = 0;
        return true;
    }
    if (sign != '+' && sign != '-') return false;
    at++;
    if (!digits(&at, 2, &hours)) return false;
    if (*at == ':') at++;
    if (*at != 0 && !digits(&at, 2, &minutes)) return false;
    if (*at != 0 || hours > 15 || minutes > 59) return false;
    *ahead_minutes = (int)(hours * 60 + minutes) * (sign == '-' ? -1 : 1);
    return true;
}

/* What may follow a date of ISO 8601: "t18:00", "t18:00:00z". */
static bool take_iso_time(struct when_reading *r, struct when_point *point, const char *at)
{
    unsigned hour, minutes, seconds = 0;
    int ahead_minutes;
    if (*at == 0) return true;
    if (*at++ != 't' || !digits(&at, 2, &hour) || *at++ != ':' || !digits(&at, 2, &minutes)) goto no_time;
    if (*at == ':') {
        at++;
        if (!digits(&at, 2, &seconds) || seconds > 59) goto no_time;
    }
    if (hour > 23 || minutes > 59) goto no_time;
    point->has_minute = true;
    point->minute = hour * 60 + minutes;
    if (*at == 0) return true;
    if (!read_offset(at, &ahead_minutes)) goto no_time;
    int64_t at_minute = point->day * 24 * 60 + point->minute - ahead_minutes;
    if (at_minute <= 0) goto no_time;
    point->has_moment = true;
    point->moment_ms = (uint64_t)at_minute * 60000;
    return true;
no_time:
    (void)when_refuse(r, "The time in \"%s\" is not understood. Write 2026-12-24T18:00.", when_word(r));
    return false;
}

/* 2026-12-24, 24.12.2026, and 24.12. for the next one. */
static bool take_number_date(struct when_reading *r, struct when_point *point)
{
    const char *at = when_word(r);
    unsigned a, b, year;
    if (strchr(at, '/') != NULL && digits(&at, 4, &a) && at - when_word(r) < 3) {
        (void)when_refuse(r, "\"%s\" means one day to some and another to others. Write 2026-12-24, or 24 dec.",
                          when_word(r));
        return false;
    }
    at = when_word(r);
    if (!digits(&at, 4, &a)) return false;
    if ((*at == '-' || *at == '/') && at - when_word(r) == 4) {
        char mark = *at++;
        unsigned day;
        if (!digits(&at, 2, &b) || *at++ != mark || !digits(&at, 2, &day)) return false;
        if (!take_date(r, point, (struct calendar_date){(int)a, b, day}) || !take_iso_time(r, point, at)) return false;
        r->at++;
        return true;
    }
    if (*at != '.' || (++at, !digits(&at, 2, &b)) || *at++ != '.') return false;
    if (*at == 0) {
        year = (unsigned)calendar_date(r->today).year;
        if (b >= 1 && b <= 12 && a >= 1 && calendar_is_date((struct calendar_date){(int)year, b, a}) &&
            calendar_day((struct calendar_date){(int)year, b, a}) < r->today)
            year++;
    } else if (!digits(&at, 4, &year) || *at != 0 || year < 1000) {
        return false;
    }
    if (!take_date(r, point, (struct calendar_date){(int)year, b, a})) return false;
    r->at++;
    return true;
}

/* A number that may be a day of a month: 24, 24th, 24. */
static bool take_month_day(struct when_reading *r, unsigned *day)
{
    const char *at = when_word(r);
    unsigned value;
    if (!digits(&at, 2, &value)) return false;
    if (*at != 0 && !is(at, "st") && !is(at, "nd") && !is(at, "rd") && !is(at, "th") && !is(at, ".")) return false;
    *day = value;
    r->at++;
    return true;
}

/* "24 dec", "24th of december 2026", "dec 24". Without a year the next one is meant. */
static bool take_named_date(struct when_reading *r, struct when_point *point)
{
    unsigned start = r->at, month, day, year;
    if (take_month_day(r, &day)) {
        (void)when_next(r, "of");
        if (!take_month(r, &month)) goto none;
    } else if (!take_month(r, &month) || !take_month_day(r, &day)) {
        goto none;
    }
    const char *at = when_word(r);
    bool has_year = digits(&at, 4, &year) && *at == 0 && at - when_word(r) == 4;
    if (has_year) r->at++;
    int next = calendar_date(r->today).year;
    struct calendar_date date = {has_year ? (int)year : next, month, day};
    /* The next one may be years away: the 29th of February. */
    while (!has_year && date.year < next + 8 && (!calendar_is_date(date) || calendar_day(date) < r->today)) date.year++;
    if (!calendar_is_date(date) && !has_year) date.year = next;
    if (take_date(r, point, date)) return true;
none:
    r->at = start;
    return false;
}

static int64_t months_later(int64_t day, unsigned months)
{
    struct calendar_date date = calendar_date(day);
    unsigned month = date.month - 1 + months;
    date.year += (int)(month / 12);
    date.month = month % 12 + 1;
    unsigned days = calendar_month_days(date.year, date.month);
    if (date.day > days) date.day = days;
    return calendar_day(date);
}

static void hence(const struct when_reading *r, struct when_point *point, unsigned minutes)
{
    point->has_day = point->has_moment = true;
    point->moment_ms = (r->now_ms / 60000 + minutes) * 60000;
    point->day = zone_clock(r->zone, point->moment_ms).day;
}

/* "half an hour", "2h", "30min". */
static bool take_short_distance(struct when_reading *r, struct when_point *point)
{
    unsigned start = r->at, n;
    const char *at = when_word(r);
    if (when_next(r, "half") && (when_next(r, "an"), when_next(r, "hour"))) {
        hence(r, point, 30);
        return true;
    }
    r->at = start;
    if (!digits(&at, 4, &n) || (!is(at, "h") && !is(at, "min"))) return false;
    hence(r, point, n * (*at == 'h' ? 60 : 1));
    r->at++;
    return true;
}

/* "in 3 days", "in 2 hours". */
static bool take_distance(struct when_reading *r, struct when_point *point)
{
    unsigned start = r->at, n;
    if (!when_next(r, "in") && !when_next(r, "within")) goto none;
    if (take_short_distance(r, point)) return true;
    if (!when_take_count(r, &n)) goto none;
    point->has_day = true;
    if (when_next(r, "day") || when_next(r, "days")) {
        point->day = r->today + n;
    } else if (when_next(r, "week") || when_next(r, "weeks")) {
        point->day = r->today + (int64_t)n * 7;
    } else if (when_next(r, "month") || when_next(r, "months")) {
        point->day = months_later(r->today, n);
    } else if (when_next(r, "year") || when_next(r, "years")) {
        point->day = months_later(r->today, n > 100 ? 1200 : n * 12);
    } else {
        bool is_hours = when_next(r, "hour") || when_next(r, "hours") || when_next(r, "h");
        if (!is_hours && !when_next(r, "minute") && !when_next(r, "minutes") && !when_next(r, "min")) goto none;
        hence(r, point, n * (is_hours ? 60 : 1));
    }
    return true;
none:
    *point = (struct when_point){0};
    r->at = start;
    return false;
}

/* "this week", "next month", "end of the year", "the weekend": by its last day. */
static bool take_stretch(struct when_reading *r, struct when_point *point)
{
    unsigned start = r->at, today = calendar_weekday(r->today);
    bool is_end = when_next(r, "end") && (when_next(r, "of"), true);
    bool is_named = when_next(r, "the") || when_next(r, "this"), is_next = !is_named && when_next(r, "next");
    struct calendar_date date = calendar_date(r->today);
    if (!is_end && !is_named && !is_next) return false;
    point->has_day = true;
    if (when_next(r, "weekend") || when_next(r, "week")) {
        point->day = r->today - today + (is_next ? 13 : 6);
    } else if (when_next(r, "month")) {
        date.day = 1;
        int64_t begin = months_later(calendar_day(date), is_next ? 1 : 0);
        point->day = months_later(begin, 1) - 1;
    } else if (when_next(r, "year")) {
        point->day = calendar_day((struct calendar_date){date.year + (is_next ? 1 : 0), 12, 31});
    } else if (is_end && when_next(r, "day")) {
        point->day = r->today;
    } else {
        *point = (struct when_point){0};
        r->at = start;
        return false;
    }
    return true;
}

/* "friday 27 november", as Troth itself writes it: the two have to agree. */
static bool take_dated_weekday(struct when_reading *r, struct when_point *point)
{
    unsigned start = r->at, weekday;
    if (when_take_weekday(r, &weekday) &&
        (take_number_date(r, point) || (!r->is_refused && take_named_date(r, point)))) {
        if (calendar_weekday(point->day) == weekday) return true;
        struct calendar_date date = calendar_date(point->day);
        (void)when_refuse(r, "%u %s %d is a %s, not a %s.", date.day, calendar_month_name(date.month), date.year,
                          calendar_weekday_name(calendar_weekday(point->day)), calendar_weekday_name(weekday));
    }
    *point = (struct when_point){0};
    r->at = start;
    return false;
}

/* "friday", "next friday", "this friday", "friday next week". */
static bool take_weekday_date(struct when_reading *r, struct when_point *point)
{
    unsigned start = r->at, weekday, today = calendar_weekday(r->today);
    bool is_next = when_next(r, "next");
    if (!is_next) (void)when_next(r, "this");
    if (!when_take_weekday(r, &weekday)) {
        r->at = start;
        return false;
    }
    unsigned behind = r->at;
    if (!is_next && when_next(r, "next")) is_next = when_next(r, "week");
    if (!is_next) r->at = behind;
    if (is_next) {
        point->day = r->today - today + 7 + weekday;
    } else {
        point->day = r->today + (weekday + 7 - today) % 7;
        point->is_weekday = true;
    }
    point->has_day = true;
    return true;
}

bool when_take_day(struct when_reading *r, struct when_point *point)
{
    (void)when_next(r, "on");
    *point = (struct when_point){.has_day = true, .day = r->today};
    if (when_next(r, "today")) return true;
    unsigned start = r->at;
    (void)when_next(r, "this");
    if (when_next(r, "tonight") || when_take_part(r, point)) {
        point->is_late = point->is_late || is(r->word[r->at - 1], "tonight");
        return true;
    }
    r->at = start;
    (void)when_next(r, "the");
    if (when_next(r, "day") && when_next(r, "after") && when_next(r, "tomorrow")) {
        point->day += 2;
        return true;
    }
    r->at = start;
    if (when_next(r, "tomorrow") || when_next(r, "tmrw")) {
        point->day++;
        return true;
    }
    if (when_next(r, "yesterday")) {
        point->day--;
        return true;
    }
    *point = (struct when_point){0};
    return take_number_date(r, point) || (!r->is_refused && take_named_date(r, point)) ||
           (!r->is_refused && take_distance(r, point)) || (!r->is_refused && take_dated_weekday(r, point)) ||
           (!r->is_refused && take_stretch(r, point)) || (!r->is_refused && take_weekday_date(r, point));
}
