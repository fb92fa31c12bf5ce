/* figure.c -- see figure.h. */
#include "figure.h"

#include <stdio.h>

enum { FIGURES = 200 };
static struct figure told[FIGURES];
static size_t told_n;

struct figure figure_of(const char *name, unsigned number, double value, const char *unit)
{
    struct figure f = {.value = value, .unit = unit};
    const char *hole = strstr(name, "%u");
    if (hole == NULL)
        (void)snprintf(f.name, sizeof f.name, "%s", name);
    else
        (void)snprintf(f.name, sizeof f.name, "%.*s%u%s", (int)(hole - name), name, number, hole + 2);
    return f;
}

void figure_beside(struct figure *f, const char *name, double value)
{
    size_t n = 0;
    while (n < FIGURE_LIMITS && f->machine[n].name != NULL) n++;
    EXPECT(n < FIGURE_LIMITS);
    f->machine[n] = (struct figure_limit){name, value};
    if (n == 0 && value > 0) f->ratio = f->value / value;
}

static void promise(struct figure *f, const char *what, const char *relation, double bound, bool is_reached)
{
    size_t n = strlen(f->must);
    (void)snprintf(f->must + n, sizeof f->must - n, "%s%s %s %g", n > 0 ? " or " : "", what, relation, bound);
    if (is_reached)
        f->reached = FIGURE_REACHED;
    else if (f->reached == FIGURE_UNASKED)
        f->reached = FIGURE_MISSED;
}

void figure_ratio_at_least(struct figure *f, double bound)
{
    promise(f, "ratio", ">=", bound, f->ratio >= bound);
}

void figure_ratio_at_most(struct figure *f, double bound)
{
    promise(f, "ratio", "<=", bound, f->ratio <= bound);
}

void figure_at_least(struct figure *f, double bound)
{
    promise(f, "value", ">=", bound, f->value >= bound);
}

void figure_at_most(struct figure *f, double bound)
{
    promise(f, "value", "<=", bound, f->value <= bound);
}

/* Four digits that mean something, and no more. */
static void put_number(FILE *to, double n)
{
    if (n >= 1000)
        (void)fprintf(to, "%.0f", n);
    else
        (void)fprintf(to, "%.4g", n);
}

static const char *reached_text(enum figure_reached reached)
{
    return reached == FIGURE_REACHED ? "yes" : "no";
}

void figure_tell(const struct figure *f)
{
    EXPECT(told_n < FIGURES);
    told[told_n++] = *f;
    (void)printf("{\"name\": \"%s\", \"value\": ", f->name);
    put_number(stdout, f->value);
    (void)printf(", \"unit\": \"%s\", \"machine\": {", f->unit);
    for (size_t i = 0; i < FIGURE_LIMITS && f->machine[i].name != NULL; i++) {
        (void)printf("%s\"%s\": ", i > 0 ? ", " : "", f->machine[i].name);
        put_number(stdout, f->machine[i].value);
    }
    (void)printf("}, \"ratio\": ");
    if (f->ratio > 0)
        put_number(stdout, f->ratio);
    else
        (void)printf("null");
    if (f->reached != FIGURE_UNASKED)
        (void)printf(", \"must\": \"%s\", \"reached\": \"%s\"", f->must, reached_text(f->reached));
    (void)printf("}\n");
    (void)fflush(stdout);
}

void figure_summary(void)
{
    size_t asked_n = 0, reached_n = 0;
    (void)fprintf(stderr, "\n%-26s %10s %-18s %8s  %-32s %s\n", "figure", "value", "unit", "ratio", "must", "reached");
    for (size_t i = 0; i < told_n; i++) {
        const struct figure *f = &told[i];
        if (f->reached == FIGURE_UNASKED) continue;
        asked_n++;
        reached_n += f->reached == FIGURE_REACHED;
        (void)fprintf(stderr, "%-26s %10.4g %-18s %8.3g  %-32s %s\n", f->name, f->value, f->unit, f->ratio, f->must,
                      reached_text(f->reached));
    }
    (void)fprintf(stderr, "%zu of %zu reached.\n", reached_n, asked_n);
}
