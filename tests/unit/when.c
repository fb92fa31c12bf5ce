/* when.c -- dates as people write them: what is understood, where, and what is said back. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "cli/calendar.h"
#include "cli/when.h"
#include "harness/random.h"

static const char *const zones[] = {"Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
                                    "Pacific/Apia"};

static struct zone zone_named(const char *name)
{
    struct zone zone;
    assert_true(zone_init(&zone, str_of_text(name)));
    return zone;
}

/* The moment when clocks in a zone show it, by the C library's own reckoning. */
static uint64_t moment(const char *zone, int year, int month, int day, int hour, int minute)
{
    struct tm shown = {
        .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute, .tm_isdst = -1};
    char *was = getenv("TZ") == NULL ? NULL : strdup(getenv("TZ"));
    assert_int_equal(setenv("TZ", zone, 1), 0);
    tzset();
    time_t at = mktime(&shown);
    if (was != NULL)
        assert_int_equal(setenv("TZ", was, 1), 0);
    else
        assert_int_equal(unsetenv("TZ"), 0);
    tzset();
    free(was);
    return (uint64_t)at * 1000;
}

static const char *said(const struct when *when, const struct zone *here, uint64_t now_ms)
{
    static uint8_t memory[2 * WHEN_WORDS_BYTES];
    struct out o = out_over(memory, sizeof memory - 1);
    when_say(&o, &when->when, here, now_ms);
    assert_false(o.is_full);
    memory[o.len] = 0;
    return (const char *)memory;
}

/* ---- one after the other ---------------------------------------------------------------------------- */

struct written {
    const char *text, *said;
};

/* On Sunday 22 November 2026, 21:00. */
static void is_said(const char *zone_name, const struct written *written, size_t n)
{
    struct zone zone = zone_named(zone_name);
    uint64_t now_ms = moment(zone_name, 2026, 11, 22, 21, 0);
    for (size_t i = 0; i < n; i++) {
        static struct when when;
        char trouble[WHEN_TROUBLE_BYTES] = "";
        enum err e = when_read(&when, str_of_text(written[i].text), &zone, now_ms, trouble);
        if (e != ERR_OK) print_error("%s: %s\n", written[i].text, trouble);
        assert_int_equal(e, ERR_OK);
        const char *words = said(&when, &zone, now_ms);
        if (strcmp(words, written[i].said) != 0) print_error("%s\n", written[i].text);
        assert_string_equal(words, written[i].said);
    }
}

static void single_days_are_said_back(void **state)
{
    (void)state;
    static const struct written written[] = {
        {"open", "some day, no date"},
        {"Some  Day", "some day, no date"},
        {"today", "Sunday 22 November 2026, by the end of the day; that is today"},
        {"tomorrow", "Monday 23 November 2026, by the end of the day; that is tomorrow"},
        {"friday", "Friday 27 November 2026, by the end of the day; that is in 5 days"},
        {"by Friday", "Friday 27 November 2026, by the end of the day; that is in 5 days"},
        {"on friday", "Friday 27 November 2026, by the end of the day; that is in 5 days"},
        {"fri", "Friday 27 November 2026, by the end of the day; that is in 5 days"},
        {"sunday", "Sunday 22 November 2026, by the end of the day; that is today"},
        {"next friday", "Friday 27 November 2026, by the end of the day; that is in 5 days"},
        {"next sunday", "Sunday 29 November 2026, by the end of the day; that is in 7 days"},
        {"next week", "Sunday 29 November 2026, by the end of the day; that is in 7 days"},
        {"in 3 days", "Wednesday 25 November 2026, by the end of the day; that is in 3 days"},
        {"in two weeks", "Sunday 6 December 2026, by the end of the day; that is in 14 days"},
        {"in a month", "Tuesday 22 December 2026, by the end of the day; that is in 30 days"},
        {"2026-12-24", "Thursday 24 December 2026, by the end of the day; that is in 32 days"},
        {"24 dec", "Thursday 24 December 2026, by the end of the day; that is in 32 days"},
        {"24th of December", "Thursday 24 December 2026, by the end of the day; that is in 32 days"},
        {"Dec 24, 2026", "Thursday 24 December 2026, by the end of the day; that is in 32 days"},
        {"24.12.2026", "Thursday 24 December 2026, by the end of the day; that is in 32 days"},
        {"24.12.", "Thursday 24 December 2026, by the end of the day; that is in 32 days"},
        {"1 may", "Saturday 1 May 2027, by the end of the day; that is in 5 months"},
        {"29 feb", "Tuesday 29 February 2028, by the end of the day; that is in 15 months"},
    };
    is_said("Europe/Berlin", written, sizeof written / sizeof *written);
    is_said("Asia/Kolkata", written, sizeof written / sizeof *written);
}

static void moments_are_said_back(void **state)
{
    (void)state;
    static const struct written written[] = {
        {"tomorrow 18:00", "Monday 23 November 2026 at 18:00; that is tomorrow"},
        {"tomorrow at 6pm", "Monday 23 November 2026 at 18:00; that is tomorrow"},
        {"tomorrow 6:30 pm", "Monday 23 November 2026 at 18:30; that is tomorrow"},
        {"tomorrow at 7", "Monday 23 November 2026 at 07:00; that is tomorrow"},
        {"18:00 tomorrow", "Monday 23 November 2026 at 18:00; that is tomorrow"},
        {"tomorrow noon", "Monday 23 November 2026 at 12:00; that is tomorrow"},
        {"friday 18:30", "Friday 27 November 2026 at 18:30; that is in 5 days"},
        {"sunday 8:00", "Sunday 29 November 2026 at 08:00; that is in 7 days"},
        {"22:15", "Sunday 22 November 2026 at 22:15; that is in 1 hour"},
        {"8:00", "Monday 23 November 2026 at 08:00; that is tomorrow"},
        {"in 2 hours", "Sunday 22 November 2026 at 23:00; that is in 2 hours"},
        {"in 20 minutes", "Sunday 22 November 2026 at 21:20; that is in 20 minutes"},
        {"in 3 days 9:00", "Wednesday 25 November 2026 at 09:00; that is in 3 days"},
        {"2026-12-24 18:00", "Thursday 24 December 2026 at 18:00; that is in 32 days"},
        {"2026-12-24T18:00", "Thursday 24 December 2026 at 18:00; that is in 32 days"},
        {"2026-12-24T18:00:30", "Thursday 24 December 2026 at 18:00; that is in 32 days"},
        {"2026-12-24T18:00Z", "Thursday 24 December 2026 at 19:00; that is in 32 days"},
        {"2026-12-24T18:00+03:00", "Thursday 24 December 2026 at 16:00; that is in 32 days"},
    };
    is_said("Europe/Berlin", written, sizeof written / sizeof *written);
}

static void rules_are_said_back(void **state)
{
    (void)state;
    static const struct written written[] = {
        {"every day 3 times", "every day, by the end of the day; 3 times: first Sunday 22 November 2026 (today), last "
                              "Tuesday 24 November 2026"},
        {"every day at 7:30, 3 times",
         "every day at 07:30; 3 times: first Monday 23 November 2026 (tomorrow), last Wednesday 25 November 2026"},
        {"every sunday until 2027-01-31",
         "every Sunday, by the end of the day; 11 times: first Sunday 22 November 2026 "
         "(today), last Sunday 31 January 2027"},
        {"every sunday 18:00 until 31 jan",
         "every Sunday at 18:00; 10 times: first Sunday 29 November 2026 (in 7 days), "
         "last Sunday 31 January 2027"},
        {"every monday and thursday 20:00",
         "every Monday and Thursday at 20:00; 64 times: first Monday 23 November 2026 "
         "(tomorrow), last Thursday 1 July 2027"},
        {"every mon, wed and fri 2 times", "every Monday, Wednesday and Friday, by the end of the day; 2 times: first "
                                           "Monday 23 November 2026 (tomorrow), last Wednesday 25 November 2026"},
        {"every weekday 6 times", "every weekday (Monday to Friday), by the end of the day; 6 times: first Monday 23 "
                                  "November 2026 (tomorrow), last Monday 30 November 2026"},
        {"every second friday 2 times", "every second Friday, by the end of the day; 2 times: first Friday 27 November "
                                        "2026 (in 5 days), last Friday 11 December 2026"},
        {"every 3 days 2 times", "every 3 days, by the end of the day; 2 times: first Sunday 22 November 2026 (today), "
                                 "last Wednesday 25 November 2026"},
        {"every month on the 1st 3 times", "every month on the 1st, by the end of the day; 3 times: first Tuesday 1 "
                                           "December 2026 (in 9 days), last Monday 1 February 2027"},
        {"every 3 months on the 1st 2 times",
         "every 3 months on the 1st, by the end of the day; 2 times: first Tuesday 1 "
         "December 2026 (in 9 days), last Monday 1 March 2027"},
        {"every month on the 31st 4 times", "every month on the 31st, by the end of the day; 4 times: first Monday 30 "
                                            "November 2026 (in 8 days), last Sunday 28 February 2027"},
        {"every week 2 times",
         "every Sunday, by the end of the day; 2 times: first Sunday 22 November 2026 (today), last "
         "Sunday 29 November 2026"},
        {"every tuesday from 1 dec for 1 time",
         "every Tuesday, by the end of the day; 1 time: Tuesday 1 December 2026 (in 9 days)"},
        {"daily 1 time", "every day, by the end of the day; 1 time: Sunday 22 November 2026 (today)"},
    };
    is_said("Europe/Berlin", written, sizeof written / sizeof *written);
    is_said("America/New_York", written, sizeof written / sizeof *written);
}

/* What comes to one's lips: on a Sunday at 21:00, when the week and its end are over with the day. */
static void what_people_say_is_understood(void **state)
{
    (void)state;
    static const struct written written[] = {
        {"tonight at 11", "Sunday 22 November 2026 at 23:00; that is in 2 hours"},
        {"tonight 10", "Sunday 22 November 2026 at 22:00; that is in 1 hour"},
        {"this evening", "Sunday 22 November 2026, by the end of the day; that is today"},
        {"tomorrow morning", "Monday 23 November 2026 at 12:00; that is tomorrow"},
        {"tomorrow morning at 8", "Monday 23 November 2026 at 08:00; that is tomorrow"},
        {"tomorrow evening", "Monday 23 November 2026, by the end of the day; that is tomorrow"},
        {"friday evening at 8", "Friday 27 November 2026 at 20:00; that is in 5 days"},
        {"friday in the afternoon", "Friday 27 November 2026 at 18:00; that is in 5 days"},
        {"friday by 6pm", "Friday 27 November 2026 at 18:00; that is in 5 days"},
        {"friday 18h30", "Friday 27 November 2026 at 18:30; that is in 5 days"},
        {"the day after tomorrow", "Tuesday 24 November 2026, by the end of the day; that is in 2 days"},
        {"Friday 27 November 2026", "Friday 27 November 2026, by the end of the day; that is in 5 days"},
        {"Fri 27 Nov 18:00", "Friday 27 November 2026 at 18:00; that is in 5 days"},
        {"friday next week", "Friday 27 November 2026, by the end of the day; that is in 5 days"},
        {"this week", "Sunday 22 November 2026, by the end of the day; that is today"},
        {"next weekend", "Sunday 29 November 2026, by the end of the day; that is in 7 days"},
        {"end of the month", "Monday 30 November 2026, by the end of the day; that is in 8 days"},
        {"next month", "Thursday 31 December 2026, by the end of the day; that is in 39 days"},
        {"end of the year", "Thursday 31 December 2026, by the end of the day; that is in 39 days"},
        {"in half an hour", "Sunday 22 November 2026 at 21:30; that is in 30 minutes"},
        {"in 2h", "Sunday 22 November 2026 at 23:00; that is in 2 hours"},
        {"within 3 days", "Wednesday 25 November 2026, by the end of the day; that is in 3 days"},
        {"2026/12/24", "Thursday 24 December 2026, by the end of the day; that is in 32 days"},
        {"mondays 2 times", "every Monday, by the end of the day; 2 times: first Monday 23 November 2026 (tomorrow), "
                            "last Monday 30 November 2026"},
        {"on mondays and thursdays 2 times", "every Monday and Thursday, by the end of the day; 2 times: first Monday "
                                             "23 November 2026 (tomorrow), last Thursday 26 November 2026"},
        {"every evening 2 times", "every day, by the end of the day; 2 times: first Sunday 22 November 2026 (today), "
                                  "last Monday 23 November 2026"},
    };
    is_said("Europe/Berlin", written, sizeof written / sizeof *written);
}

static void what_makes_no_sense_is_refused_with_a_sentence(void **state)
{
    (void)state;
    static const struct written written[] = {
        {"", "There is no date here."},
        {"soonish", "\"soonish\" is not understood here."},
        {"friday soonish", "\"soonish\" is not understood here."},
        {"every", "Something is missing behind \"every\"."},
        {"every sunday at", "is no time of day"},
        {"tomorrow 25:00", "\"25:00\" is not understood here."},
        {"tomorrow at 25:00", "\"25:00\" is no time of day."},
        {"tomorrow midnight", "Midnight belongs to two days."},
        {"2026-02-30", "February 2026 has no day 30."},
        {"31 april", "April 2026 has no day 31."},
        {"2026-13-01", "There is no such date."},
        {"2026-12-24T18", "The time in \"2026-12-24t18\" is not understood."},
        {"3/4/2027", "\"3/4/2027\" means one day to some and another to others."},
        {"2026-11-21", "Saturday 21 November 2026 is past."},
        {"today 20:59", "Sunday 22 November 2026 at 20:59 is past."},
        {"monday 27 november", "27 November 2026 is a Friday, not a Monday."},
        {"friday 6", "\"6\" may be a day or a time. Write 6:00, \"at 6\", or the month with it."},
        {"tonight at 12", "12 can be noon or midnight here."},
        {"in 3", "How long is written like \"in 3 days\""},
        {"twice a week", "Say on which days"},
        {"every month on the first monday", "Of a month it can be a date"},
        {"yesterday", "Saturday 21 November 2026 is past."},
        {"1969-12-31", "That is past."},
        {"2026-11-22T19:59Z", "Sunday 22 November 2026 at 20:59 is past."},
        {"2099-01-01", "That is more than 20 years ahead."},
        {"in 9999 months", "That is more than 20 years ahead."},
        {"in 9999 years", "That is more than 20 years ahead."},
        {"every sunday until 2026-11-20", "None of these days is to come."},
        {"every 100 days", "it can be 1 to 99"},
        {"every 0 days", "it can be 1 to 99"},
        {"every year", "Once a year is too seldom"},
        {"every sunday 0 times", "Zero times is no promise."},
        {"every sunday from 2020-01-01", "begins between today and"},
        {"fri\x1b[31mday", "This is no date in English or in figures. Dates are written like"},
        {"a a a a a a a a a a a a a a a a a a a a a a a a a", "That is too long for a date."},
    };
    struct zone zone = zone_named("Europe/Berlin");
    uint64_t now_ms = moment("Europe/Berlin", 2026, 11, 22, 21, 0);
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        static struct when when;
        char trouble[WHEN_TROUBLE_BYTES] = "";
        assert_int_equal(when_read(&when, str_of_text(written[i].text), &zone, now_ms, trouble), ERR_BAD_FIELD);
        if (strstr(trouble, written[i].said) == NULL) print_error("%s: %s\n", written[i].text, trouble);
        assert_non_null(strstr(trouble, written[i].said));
    }
}

/* ---- clocks that are put ------------------------------------------------------------------------------ */

static uint64_t due_of(const char *zone_name, uint64_t now_ms, const char *text, struct when *when)
{
    struct zone zone = zone_named(zone_name);
    char trouble[WHEN_TROUBLE_BYTES] = "";
    enum err e = when_read(when, str_of_text(text), &zone, now_ms, trouble);
    if (e != ERR_OK) print_error("%s: %s\n", text, trouble);
    assert_int_equal(e, ERR_OK);
    return when->when.due_ms[0];
}

static void a_time_that_is_skipped_is_later_and_one_that_comes_twice_is_the_first(void **state)
{
    (void)state;
    static struct when when;
    uint64_t now_ms = moment("Europe/Berlin", 2027, 3, 1, 12, 0);
    /* 28 March 2027: 02:00 becomes 03:00. */
    assert_int_equal(due_of("Europe/Berlin", now_ms, "2027-03-28 02:30", &when),
                     moment("Europe/Berlin", 2027, 3, 28, 3, 30));
    assert_true(when.is_moved);
    assert_int_equal(due_of("Europe/Berlin", now_ms, "2027-03-28 03:30", &when),
                     moment("Europe/Berlin", 2027, 3, 28, 3, 30));
    assert_false(when.is_moved);
    /* 31 October 2027: 03:00 becomes 02:00; the first 02:30 is 00:30 UTC. */
    assert_int_equal(due_of("Europe/Berlin", now_ms, "2027-10-31 02:30", &when), moment("UTC", 2027, 10, 31, 0, 30));
    assert_true(when.is_twice);
    /* 4 October 2026, Lord Howe: 02:00 becomes 02:30. */
    now_ms = moment("Australia/Lord_Howe", 2026, 9, 1, 12, 0);
    assert_int_equal(due_of("Australia/Lord_Howe", now_ms, "2026-10-04 02:15", &when),
                     moment("Australia/Lord_Howe", 2026, 10, 4, 2, 45));
    assert_true(when.is_moved);
    /* 29 December 2011 was followed by the 31st in Apia. */
    now_ms = moment("Pacific/Apia", 2011, 12, 28, 12, 0);
    assert_int_equal(due_of("Pacific/Apia", now_ms, "2011-12-29", &when), moment("UTC", 2011, 12, 30, 10, 0) - 1);
    assert_int_equal(due_of("Pacific/Apia", now_ms, "every day from 2011-12-30 2 times", &when),
                     moment("Pacific/Apia", 2012, 1, 1, 0, 0) - 1);
    char trouble[WHEN_TROUBLE_BYTES] = "";
    struct zone apia = zone_named("Pacific/Apia");
    assert_int_equal(when_read(&when, STR("2011-12-30"), &apia, now_ms, trouble), ERR_BAD_FIELD);
    assert_non_null(strstr(trouble, "left out"));
}

static void a_days_end_is_its_last_millisecond_also_when_midnight_comes_twice_or_never(void **state)
{
    (void)state;
    uint64_t end_ms;
    struct zone johns = zone_named("America/St_Johns"); /* until 2011, clocks were put at one minute past midnight */
    assert_true(zone_day_end(&johns, calendar_day((struct calendar_date){2010, 11, 6}), &end_ms));
    assert_int_equal(end_ms, moment("UTC", 2010, 11, 7, 3, 30) - 1);
    struct zone havana = zone_named("America/Havana"); /* at 01:00 back to 00:00 */
    assert_true(zone_day_end(&havana, calendar_day((struct calendar_date){2026, 10, 31}), &end_ms));
    assert_int_equal(end_ms, moment("UTC", 2026, 11, 1, 4, 0) - 1);
    struct zone sao_paulo = zone_named("America/Sao_Paulo"); /* in 2018 midnight became 01:00 */
    assert_true(zone_day_end(&sao_paulo, calendar_day((struct calendar_date){2018, 11, 3}), &end_ms));
    assert_int_equal(end_ms, moment("UTC", 2018, 11, 4, 3, 0) - 1);
}

static void what_the_calendar_leaves_open_is_said(void **state)
{
    (void)state;
    static const struct written written[] = {
        {"every month on the 31st",
         "Where a month is shorter, its last day is meant. These are the next 64; make it anew "
         "after the last."},
        {"2027-03-28 02:30", "Clocks are put forward over that time that day, so it is as much later as the clocks."},
        {"2027-10-31 02:30", "Clocks are put back that day and show that time twice; the first is meant."},
        {"every day 100 times", "At most 64 times are written down at once; make it anew after the last."},
        {"every sunday 02:30 until 2027-11-30",
         "On a day when clocks are put forward over that time, it is as much later as "
         "the clocks. On a day when clocks are put back and show that time twice, the "
         "first is meant."},
        {"every day 64 times", ""},
        {"friday", ""},
    };
    struct zone zone = zone_named("Europe/Berlin");
    uint64_t now_ms = moment("Europe/Berlin", 2026, 11, 22, 21, 0);
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        static struct when when;
        uint8_t memory[WHEN_WORDS_BYTES + 1];
        struct out o = out_over(memory, sizeof memory - 1);
        (void)due_of("Europe/Berlin", now_ms, written[i].text, &when);
        when_say_notes(&o, &when);
        memory[o.len] = 0;
        assert_string_equal((const char *)memory, written[i].said);
    }
    assert_true(zone_is(&zone, &zone));
}

static void another_zones_times_are_told_as_ones_own_clock_shows_them(void **state)
{
    (void)state;
    static struct when when;
    struct zone here = zone_named("Asia/Kolkata");
    uint64_t now_ms = moment("Europe/Berlin", 2026, 11, 22, 21, 0);
    (void)due_of("Europe/Berlin", now_ms, "friday 22:00", &when);
    assert_string_equal(said(&when, &here, now_ms),
                        "Saturday 28 November 2026 at 02:30 (your clock; made in Europe/Berlin); that is in 5 days");
    (void)due_of("Europe/Berlin", now_ms, "friday", &when);
    assert_string_equal(said(&when, &here, now_ms),
                        "Friday 27 November 2026, by the end of the day (the day in Europe/Berlin); that is in 5 days");
}

static void spans_are_read(void **state)
{
    (void)state;
    uint64_t ms = 7;
    assert_int_equal(when_read_span(&ms, STR("15m")), ERR_OK);
    assert_int_equal(ms, 15 * 60 * 1000);
    assert_int_equal(when_read_span(&ms, STR("7 days")), ERR_OK);
    assert_int_equal(ms, UINT64_C(7) * 24 * 60 * 60 * 1000);
    static const char *const bad[] = {"", "m", "0m", "15", "15 fortnights", "-1m", "1.5h", "99999999999999999999m"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(when_read_span(&ms, str_of_text(bad[i])), ERR_BAD_FIELD);
    }
    assert_int_equal(ms, UINT64_C(7) * 24 * 60 * 60 * 1000);
}

/* ---- against a walk over the minutes ------------------------------------------------------------------ */

static struct tm shown_at(uint64_t minute)
{
    time_t at = (time_t)(minute * 60);
    struct tm shown;
    assert_non_null(localtime_r(&at, &shown));
    return shown;
}

static int64_t day_of(const struct tm *shown)
{
    struct tm utc = {.tm_year = shown->tm_year, .tm_mon = shown->tm_mon, .tm_mday = shown->tm_mday};
    return timegm(&utc) / 86400;
}

/* The due moment on the day that begins at a minute, found by looking at the clock minute by minute. Gives the first
 * minute of the next day. */
static uint64_t walk_day(uint64_t minute, int at_minute, uint64_t *due_ms)
{
    struct tm shown = shown_at(minute);
    int64_t day = day_of(&shown);
    int last = -1;
    bool is_found = false;
    uint64_t end = minute;
    for (uint64_t at = minute; at < minute + 30 * 60; at++) {
        shown = shown_at(at);
        if (day_of(&shown) == day) end = at;
        int now = shown.tm_hour * 60 + shown.tm_min;
        if (day_of(&shown) == day && !is_found && at_minute >= 0 && now >= at_minute && last < at_minute) {
            /* Shown for the first time, or jumped over: then as long after the last minute before the jump. */
            *due_ms = now == at_minute || last < 0 ? at * 60000 : (at - 1 + (uint64_t)(at_minute - last)) * 60000;
            is_found = true;
        }
        if (day_of(&shown) == day) last = now;
    }
    if (at_minute < 0) *due_ms = (end + 1) * 60000 - 1;
    return end + 1;
}

struct property {
    unsigned every, step, on, times;
    int at_minute;
};

static bool is_meant(const struct property *p, int64_t day, int64_t first)
{
    struct tm date = {0};
    time_t at = (time_t)day * 86400;
    assert_non_null(gmtime_r(&at, &date));
    unsigned weekday = (unsigned)(date.tm_wday + 6) % 7;
    if (p->every == 0) return first < 0 || (day - first) % p->step == 0;
    if (p->every == 1) {
        int64_t monday = day - weekday, first_monday = first < 0 ? monday : first - (first + 3) % 7;
        return (p->on >> weekday & 1) != 0 && (monday - first_monday) / 7 % p->step == 0;
    }
    time_t next = at + 86400;
    struct tm tomorrow, begin = date;
    assert_non_null(gmtime_r(&next, &tomorrow));
    bool is_day = (unsigned)date.tm_mday == p->on || ((unsigned)date.tm_mday < p->on && tomorrow.tm_mday == 1);
    time_t from = (time_t)first * 86400;
    if (first >= 0) assert_non_null(gmtime_r(&from, &begin));
    return is_day && (unsigned)((date.tm_year - begin.tm_year) * 12 + date.tm_mon - begin.tm_mon) % p->step == 0;
}

static void write_rule(char *text, size_t cap, const struct property *p)
{
    static const char *const days[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
    size_t n = (size_t)snprintf(text, cap, "every %u %s", p->step,
                                p->every == 0   ? "days"
                                : p->every == 1 ? "weeks"
                                                : "months");
    for (unsigned i = 0; p->every == 1 && i < 7; i++) {
        if (p->on >> i & 1) n += (size_t)snprintf(text + n, cap - n, " %s", days[i]);
    }
    if (p->every == 2) n += (size_t)snprintf(text + n, cap - n, " on the %u.", p->on);
    if (p->at_minute >= 0)
        n += (size_t)snprintf(text + n, cap - n, " at %d:%02d", p->at_minute / 60, p->at_minute % 60);
    (void)snprintf(text + n, cap - n, " %u times", p->times);
}

static void compare_with_walk(const char *zone_name, uint64_t now_minute, const struct property *p)
{
    static struct when when;
    struct zone zone = zone_named(zone_name);
    char text[160], trouble[WHEN_TROUBLE_BYTES] = "";
    write_rule(text, sizeof text, p);
    enum err e = when_read(&when, str_of_text(text), &zone, now_minute * 60000, trouble);
    if (e != ERR_OK) print_error("%s in %s: %s\n", text, zone_name, trouble);
    assert_int_equal(e, ERR_OK);
    assert_int_equal(setenv("TZ", zone_name, 1), 0);
    tzset();
    int64_t first = -1;
    unsigned found = 0;
    struct tm shown = shown_at(now_minute);
    int64_t today = day_of(&shown);
    uint64_t minute = now_minute;
    while (shown = shown_at(minute - 1), day_of(&shown) == today) minute--;
    for (unsigned walked = 0; found < p->times && walked < 4000; walked++) {
        shown = shown_at(minute);
        int64_t day = day_of(&shown);
        uint64_t due_ms = 0;
        if (!is_meant(p, day, first)) {
            while (shown = shown_at(minute), day_of(&shown) == day) minute += 15;
            while (shown = shown_at(minute - 1), day_of(&shown) != day) minute--;
            continue;
        }
        minute = walk_day(minute, p->at_minute, &due_ms);
        if (due_ms <= now_minute * 60000) continue;
        if (first < 0) first = day;
        if (when.when.due_ms[found] != due_ms || when.when.date[found] != day)
            print_error("%s in %s from minute %llu: due %u\n", text, zone_name, (unsigned long long)now_minute, found);
        assert_int_equal(when.when.date[found], day);
        assert_int_equal(when.when.due_ms[found], due_ms);
        found++;
    }
    assert_int_equal(when.when.due_n, found);
}

static void rules_fall_on_the_days_that_a_walk_over_the_minutes_finds(void **state)
{
    (void)state;
    struct random r;
    random_init(&r, "rules and a walk over the minutes");
    for (unsigned i = 0; i < 150; i++) {
        struct property p = {.every = (unsigned)random_below(&r, 3),
                             .step = (unsigned)random_between(&r, 1, 4),
                             .times = (unsigned)random_between(&r, 1, 12),
                             .at_minute = -1};
        if (p.every == 1) p.on = (unsigned)random_between(&r, 1, 127);
        if (p.every == 2) p.on = (unsigned)random_between(&r, 1, 31);
        if (!random_is_one_in(&r, 3)) p.at_minute = (int)random_below(&r, random_is_one_in(&r, 2) ? 240 : 1440);
        /* Around the changes of clocks in spring and autumn, from 2010 on. */
        uint64_t year = random_below(&r, 25), season = random_below(&r, 4);
        uint64_t now_minute = UINT64_C(21037000) + year * 525960 + season * 131490 + random_below(&r, 60000);
        compare_with_walk(zones[random_below(&r, sizeof zones / sizeof *zones)], now_minute, &p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_days_are_said_back),
        cmocka_unit_test(moments_are_said_back),
        cmocka_unit_test(rules_are_said_back),
        cmocka_unit_test(what_people_say_is_understood),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_a_sentence),
        cmocka_unit_test(a_time_that_is_skipped_is_later_and_one_that_comes_twice_is_the_first),
        cmocka_unit_test(a_days_end_is_its_last_millisecond_also_when_midnight_comes_twice_or_never),
        cmocka_unit_test(what_the_calendar_leaves_open_is_said),
        cmocka_unit_test(another_zones_times_are_told_as_ones_own_clock_shows_them),
        cmocka_unit_test(spans_are_read),
        cmocka_unit_test(rules_fall_on_the_days_that_a_walk_over_the_minutes_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
