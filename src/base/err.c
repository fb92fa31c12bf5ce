/* err.c -- see err.h. */
#include "base/err.h"

static const struct row {
    enum err e;
    const char *code;
    int http, exit;
    const char *happened, *next;
} rows[] = {
#define ERR(name, number, code, http, exit, happened, next) {ERR_##name, code, http, exit, happened, next},
#include "base/err.def"
#undef ERR
};

static const struct row *row_of(enum err e)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].e == e) return &rows[i];
    }
    misuse("err: a number that is no error");
}

const char *err_code(enum err e)
{
    return row_of(e)->code;
}

enum err err_from_code(struct str code)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].e != ERR_OK && str_is(code, str_of_text(rows[i].code))) return rows[i].e;
    }
    return ERR_INTERNAL;
}

int err_http(enum err e)
{
    return row_of(e)->http;
}

int err_exit(enum err e)
{
    return row_of(e)->exit;
}

const char *err_happened(enum err e)
{
    return row_of(e)->happened;
}

const char *err_next(enum err e)
{
    return row_of(e)->next;
}
