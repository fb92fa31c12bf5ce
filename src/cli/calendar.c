/* calendar.c -- see calendar.h. */
#include "cli/calendar.h"

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

unsigned calendar_month_days(int year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    EXPECT(month >= 1 && month <= 12);
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool calendar_is_date(struct calendar_date date)
{
    return date.year >= 1900 && date.year <= 9999 && date.month >= 1 && date.month <= 12 && date.day >= 1 &&
           date.day <= calendar_month_days(date.year, date.month);
}

/* Days from the first of the year 1 to the first of this one. */
static int64_t days_before_year(int64_t year)
{
    int64_t past = year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400;
}

int64_t calendar_day(struct calendar_date date)
{
    EXPECT(calendar_is_date(date));
    int64_t day = days_before_year(date.year) - days_before_year(1970);
    for (unsigned month = 1; month < date.month; month++) day += calendar_month_days(date.year, month);
    return day + date.day - 1;
}

struct calendar_date calendar_date(int64_t day)
{
    int64_t from_year_1 = day + days_before_year(1970);
    int year = (int)(from_year_1 * 400 / 146097) + 1; /* right, or one too few or many */
    while (days_before_year(year) > from_year_1) year--;
    while (days_before_year(year + 1) <= from_year_1) year++;
    unsigned rest = (unsigned)(from_year_1 - days_before_year(year)), month = 1;
    while (rest >= calendar_month_days(year, month)) rest -= calendar_month_days(year, month++);
    return (struct calendar_date){year, month, rest + 1};
}

unsigned calendar_weekday(int64_t day)
{
    return (unsigned)(((day + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

const char *calendar_weekday_name(unsigned weekday)
{
    static const char *const names[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    EXPECT(weekday < 7);
    return names[weekday];
}

const char *calendar_month_name(unsigned month)
{
    static const char *const names[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
    EXPECT(month >= 1 && month <= 12);
    return names[month - 1];
}
