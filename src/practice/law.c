/* law.c -- see law.h. */
#include "practice/law.h"

struct law_row {
    const char *number, *sentence;
};

static const struct law_row rows[LAW_N] = {
    [LAW_OK] = {"", ""},
#define LAW(name, number, sentence) [LAW_##name] = {number, sentence},
#include "practice/law.def"
#undef LAW
};

static const struct law_row *row_of(enum law law)
{
    EXPECT((unsigned)law < LAW_N);
    return &rows[law];
}

const char *law_number(enum law law)
{
    return row_of(law)->number;
}

const char *law_sentence(enum law law)
{
    return row_of(law)->sentence;
}
