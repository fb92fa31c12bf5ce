/* calendar.h -- days as numbers, and as year, month and day. Proleptic Gregorian, years 1900 to 9999. */
#ifndef CLI_CALENDAR_H
#define CLI_CALENDAR_H

#include "base/str.h"

struct calendar_date {
    int year;
    unsigned month, day; /* from 1 */
};

/* calendar_day -- days since 1970-01-01; negative before. The date has to be one. */
int64_t calendar_day(struct calendar_date date);

/* calendar_date -- the date of such a day. */
struct calendar_date calendar_date(int64_t day);

/* calendar_weekday -- 0 Monday to 6 Sunday. */
unsigned calendar_weekday(int64_t day);

/* calendar_month_days -- how many days a month has. */
unsigned calendar_month_days(int year, unsigned month);

/* calendar_is_date -- whether there is such a day. */
bool calendar_is_date(struct calendar_date date);

/* calendar_weekday_name, calendar_month_name -- "Monday" for 0; "January" for 1. Static. */
const char *calendar_weekday_name(unsigned weekday);
const char *calendar_month_name(unsigned month);

#endif
