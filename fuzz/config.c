/* config.c -- settings from a hostile command line, environment and file: what is taken lies within what the
 * table allows and, written out, is taken again as the same; what is refused is refused with a whole sentence.
 *
 * The input is lines: "@word" is a word of the command line, "$NAME=value" a variable of the environment, any
 * other line one of the file.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kit/fuzz.h"
#include "server/config_rows.h"

enum { WORDS = 64, TEXT_BYTES = 1 << 17 };

static int file;
static char file_flag[64];

void fuzz_open(void)
{
    file = memfd_create("settings", MFD_CLOEXEC);
    EXPECT(file >= 0);
    snprintf(file_flag, sizeof file_flag, "--config=/proc/self/fd/%d", file);
}

/* ---- an input as words, variables and lines ----------------------------------------------------------- */

struct words {
    char *word[WORDS + 1]; /* NULL behind the last */
    size_t n;
};

struct sources {
    struct words arg, env;
    struct out file;
};

static void word_add(struct words *words, struct arena *a, struct str text)
{
    char *copy = arena_take(a, text.len + 1);
    EXPECT(copy != NULL);
    if (words->n == WORDS || (text.len > 0 && memchr(text.at, 0, text.len) != NULL)) return;
    if (text.len > 0) memcpy(copy, text.at, text.len);
    words->word[words->n++] = copy;
}

/* Another file than ours could be anything, also one that never ends. */
static bool names_file(struct str line)
{
    return str_starts(line, STR("@--config")) || str_starts(line, STR("$TROTHD_CONFIG"));
}

static void split(struct str input, struct arena *a, struct sources *s)
{
    while (input.len > 0) {
        const uint8_t *feed = memchr(input.at, '\n', input.len);
        size_t n = feed == NULL ? input.len : (size_t)(feed - input.at), taken = feed == NULL ? n : n + 1;
        struct str line = str_at(input.at, n);
        input = str_at(input.at + taken, input.len - taken);
        if (names_file(line)) continue;
        if (line.len > 0 && line.at[0] == '@') word_add(&s->arg, a, str_at(line.at + 1, line.len - 1));
        else if (line.len > 0 && line.at[0] == '$') word_add(&s->env, a, str_at(line.at + 1, line.len - 1));
        else {
            out_put(&s->file, line);
            out_put_byte(&s->file, '\n');
        }
    }
}

/* ---- what was taken ----------------------------------------------------------------------------------- */

static const void *field_of(const struct config *c, const struct config_row *row)
{
    return (const uint8_t *)c + row->at;
}

static uint64_t number_of(const struct config *c, const struct config_row *row)
{
    uint64_t number;
    unsigned small;
    bool is_wide = row->kind == CONFIG_BYTES;
    memcpy(is_wide ? (void *)&number : (void *)&small, field_of(c, row), is_wide ? sizeof number : sizeof small);
    return is_wide ? number : small;
}

static void put_number(struct out *o, const struct config *c, const struct config_row *row)
{
    uint64_t number = number_of(c, row);
    EXPECT(number >= row->least && number <= row->most);
    out_put_decimal(o, number);
    if (row->kind == CONFIG_DURATION) out_text(o, "ms");
}

static void put_rate(struct out *o, const struct rate_rule *rule, const struct config_row *row)
{
    EXPECT(rule->n <= row->most && (rule->per_ms == 1000 || rule->per_ms == 60000 || rule->per_ms == 3600000));
    out_put_decimal(o, rule->n);
    out_text(o, rule->per_ms == 1000 ? "/s" : rule->per_ms == 60000 ? "/min" : "/h");
}

static void put_choice(struct out *o, const struct config *c, const struct config_row *row)
{
    unsigned at, n = 0;
    memcpy(&at, field_of(c, row), sizeof at);
    while (row->word[n] != NULL) n++;
    EXPECT(at < n);
    out_text(o, row->word[at]);
}

static void put_text(struct out *o, const struct config *c, const struct config_row *row)
{
    const char *text;
    memcpy(&text, field_of(c, row), sizeof text);
    EXPECT(text == NULL ? row->may_be_empty : text[0] != 0 && strlen(text) < CONFIG_VALUE_BYTES);
    if (text != NULL) out_text(o, text);
}

static void put_ranges(struct out *o, const struct config_ranges *ranges)
{
    EXPECT(ranges->n <= CONFIG_LIST);
    for (size_t i = 0; i < ranges->n; i++) {
        struct ip_range r = ranges->at[i];
        if (i > 0) out_text(o, ",");
        for (size_t k = 0; k < 16 && r.first.is_v6; k++) {
            if (k > 0 && k % 2 == 0) out_text(o, ":");
            out_put_hex(o, str_at(&r.first.at[k], 1));
        }
        for (size_t k = 0; k < 4 && !r.first.is_v6; k++) {
            if (k > 0) out_text(o, ".");
            out_put_decimal(o, r.first.at[k]);
        }
        out_text(o, "/");
        out_put_decimal(o, r.bit_n);
    }
}

static void put_value(struct out *o, const struct config *c, const struct config_row *row)
{
    const struct config_list *origins = field_of(c, row);
    bool is_yes;
    switch (row->kind) {
    case CONFIG_WHOLE:
    case CONFIG_BYTES:
    case CONFIG_DURATION: put_number(o, c, row); return;
    case CONFIG_RATE: put_rate(o, field_of(c, row), row); return;
    case CONFIG_PATH:
    case CONFIG_LISTEN:
    case CONFIG_HEADER: put_text(o, c, row); return;
    case CONFIG_RANGES: put_ranges(o, field_of(c, row)); return;
    case CONFIG_CHOICE: put_choice(o, c, row); return;
    case CONFIG_ORIGINS:
        EXPECT(origins->n <= CONFIG_LIST);
        for (size_t i = 0; i < origins->n; i++) {
            if (i > 0) out_text(o, ",");
            out_text(o, origins->at[i]);
        }
        return;
    case CONFIG_YES_NO:
        memcpy(&is_yes, field_of(c, row), sizeof is_yes);
        out_text(o, is_yes ? "yes" : "no");
        return;
    }
    misuse("a kind that no row has");
}

static void expect_same_again(const struct config *c, struct arena *a)
{
    static uint8_t memory[TEXT_BYTES], first[TEXT_BYTES], second[TEXT_BYTES];
    struct words arg = {.n = 0};
    struct config again;
    struct config_trouble trouble;
    struct out before = OUT_OVER(first), after = OUT_OVER(second);
    static char *no_env[] = {NULL};
    word_add(&arg, a, STR("trothd"));
    for (size_t i = 0; i < config_row_n; i++) {
        struct out o = OUT_OVER(memory);
        if (config_rows[i].is_not_in_file) continue;
        out_text(&o, "--");
        out_text(&o, config_rows[i].name);
        out_text(&o, "=");
        size_t name_n = o.len;
        put_value(&o, c, &config_rows[i]);
        out_put(&before, str_at(memory + name_n, o.len - name_n));
        EXPECT(!o.is_full);
        if (o.len - name_n < CONFIG_VALUE_BYTES) word_add(&arg, a, out_str(&o));
        else return; /* many origins may be longer together than one value can be */
    }
    EXPECT(config_init(&again, (int)arg.n, arg.word, no_env, &trouble) == ERR_OK);
    for (size_t i = 0; i < config_row_n; i++) {
        if (!config_rows[i].is_not_in_file) put_value(&after, &again, &config_rows[i]);
    }
    EXPECT(!before.is_full && str_is(out_str(&before), out_str(&after)));
    config_fini(&again);
}

/* ---- what was refused --------------------------------------------------------------------------------- */

static void expect_sentence(const struct config_trouble *trouble)
{
    size_t n = strnlen(trouble->text, sizeof trouble->text);
    EXPECT(n > 0 && n < sizeof trouble->text && str_is_utf8(str_at(trouble->text, n)));
    EXPECT(trouble->text[n - 1] == '.' || trouble->text[n - 1] == '?');
    for (size_t i = 0; i < n; i++) EXPECT((uint8_t)trouble->text[i] >= 0x20 && trouble->text[i] != 0x7f);
}

static void try_sources(struct sources *s, struct arena *a)
{
    struct config c, before;
    struct config_trouble trouble;
    memset(&trouble, 0x5a, sizeof trouble);
    memset(&c, 0x5a, sizeof c);
    memcpy(&before, &c, sizeof c);
    enum err e = config_init(&c, (int)s->arg.n, s->arg.word, s->env.word, &trouble);
    if (e != ERR_OK) {
        EXPECT((e == ERR_BAD_FIELD || e == ERR_NOT_FOUND) && memcmp(&c, &before, sizeof c) == 0);
        expect_sentence(&trouble);
        return;
    }
    EXPECT((c.tls_cert == NULL) == (c.tls_key == NULL) || c.command >= CONFIG_HELP);
    EXPECT((c.proxy_header == NULL) == (c.trusted_proxy.n == 0) || c.command >= CONFIG_HELP);
    EXPECT(c.command != CONFIG_BACKUP || c.backup_to != NULL);
    expect_same_again(&c, a);
    config_fini(&c);
    fuzz_good();
}

void fuzz_one(struct str input)
{
    static uint8_t memory[TEXT_BYTES];
    struct arena a;
    struct sources s = {.file = OUT_OVER(memory)};
    if (input.len > TEXT_BYTES / 2 - 1) return;
    arena_init(&a, 1 << 22);
    word_add(&s.arg, &a, STR("trothd"));
    word_add(&s.arg, &a, str_of_text(file_flag));
    split(input, &a, &s);
    EXPECT(ftruncate(file, 0) == 0 && pwrite(file, s.file.at, s.file.len, 0) == (ssize_t)s.file.len);
    try_sources(&s, &a);
    arena_fini(&a);
}
