/* zone.c -- see zone.h. */
#define _DEFAULT_SOURCE
#include "cli/zone.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { DAY_S = 24 * 60 * 60 };

/* ---- names ---------------------------------------------------------------------------------------- */

static const char *tables(void)
{
    const char *named = getenv("TZDIR");
    return named != NULL && named[0] != 0 ? named : "/usr/share/zoneinfo";
}

bool zone_init(struct zone *zone, struct str name)
{
    struct zone fresh = {{0}};
    char path[PATH_MAX], magic[4] = "";
    if (words_check_zone(name) != LAW_OK || name.len >= sizeof fresh.name) return false;
    memcpy(fresh.name, name.at, name.len);
    int n = snprintf(path, sizeof path, "%s/%s", tables(), fresh.name);
    if (n < 0 || (size_t)n >= sizeof path) return false;
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    bool is_table = fread(magic, 1, sizeof magic, file) == sizeof magic && memcmp(magic, "TZif", sizeof magic) == 0;
    (void)fclose(file); /* only read from */
    if (is_table) *zone = fresh;
    return is_table;
}

/* The part of a path to a table that is the zone's name. */
static struct str name_in_path(const char *path)
{
    static const char mark[] = "zoneinfo/";
    const char *found = strstr(path, mark);
    return found == NULL ? str_of_text(path) : str_of_text(found + sizeof mark - 1);
}

void zone_here(struct zone *zone)
{
    static char was[PATH_MAX]; /* TZ as it was before zone_use changed it */
    static bool is_known;
    if (!is_known) {
        const char *named = getenv("TZ");
        ssize_t n = 0;
        if (named != NULL && named[0] != 0) {
            (void)snprintf(was, sizeof was, "%s", named[0] == ':' ? named + 1 : named);
        } else if ((n = readlink("/etc/localtime", was, sizeof was - 1)) > 0) {
            was[n] = 0;
        }
        is_known = true;
    }
    if (!zone_init(zone, name_in_path(was)) && !zone_init(zone, STR("UTC"))) *zone = (struct zone){"UTC"};
}

bool zone_is(const struct zone *a, const struct zone *b)
{
    return str_is(str_of_text(a->name), str_of_text(b->name));
}

/* ---- clocks --------------------------------------------------------------------------------------- */

/* Makes it the process's zone. */
static void zone_use(const struct zone *zone)
{
    static struct zone used;
    struct zone before;
    if (used.name[0] == 0) zone_here(&before); /* remembers TZ before it changes */
    if (zone_is(&used, zone)) return;
    EXPECT(setenv("TZ", zone->name, 1) == 0);
    tzset();
    used = *zone;
}

/* By how much clocks are ahead of UTC at a moment, in seconds. */
static int64_t ahead_s(const struct zone *zone, int64_t at_s)
{
    time_t at = (time_t)at_s;
    struct tm shown;
    zone_use(zone);
    EXPECT(localtime_r(&at, &shown) != NULL);
    return shown.tm_gmtoff;
}

struct zone_clock zone_clock(const struct zone *zone, uint64_t at_ms)
{
    int64_t at_s = (int64_t)(at_ms / 1000);
    int64_t shown = at_s + ahead_s(zone, at_s);
    int64_t day = shown >= 0 ? shown / DAY_S : -((-shown + DAY_S - 1) / DAY_S);
    return (struct zone_clock){day, (uint32_t)(shown - day * DAY_S)};
}

/* No clock is more than 15 hours ahead or behind, so what holds 15 hours earlier and later are the only two that can
 * hold when clocks show it; clocks are not put twice in such a time. */
uint64_t zone_moment(const struct zone *zone, struct zone_clock clock, enum zone_fit *fit)
{
    enum { FAR_S = 15 * 60 * 60 };
    int64_t shown = clock.day * DAY_S + clock.second;
    EXPECT(clock.day > 0 && clock.second < DAY_S);
    int64_t before = ahead_s(zone, shown - FAR_S), after = ahead_s(zone, shown + FAR_S);
    bool fits_before = ahead_s(zone, shown - before) == before, fits_after = ahead_s(zone, shown - after) == after;
    int64_t at_s = shown - (fits_before || !fits_after ? before : after);
    *fit = fits_before && fits_after && before != after ? ZONE_TWICE
           : fits_before || fits_after                  ? ZONE_ONCE
                                                        : ZONE_NEVER;
    return (uint64_t)at_s * 1000;
}

/* The next midnight may come twice, the first time still followed by this day's last part. */
bool zone_day_end(const struct zone *zone, int64_t day, uint64_t *at_ms)
{
    enum { PART_S = 900 };
    enum zone_fit fit;
    uint64_t next_ms = zone_moment(zone, (struct zone_clock){day + 1, 0}, &fit), end_ms = next_ms - 1;
    if (fit == ZONE_TWICE) {
        /* Clocks are put back by quarters of an hour, three hours at most. */
        for (uint64_t part = 1; part <= 12; part++) {
            if (zone_clock(zone, next_ms + part * PART_S * 1000 - 1).day == day)
                end_ms = next_ms + part * PART_S * 1000 - 1;
        }
    }
    if (zone_clock(zone, end_ms).day != day) return false;
    *at_ms = end_ms;
    return true;
}
