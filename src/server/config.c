/* config.c -- see config.h: the sources of settings, from the weakest to the strongest. */
#include "server/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/config_rows.h"

enum { MEMORY_BYTES = 1024 * 1024, ROWS_MOST = 64, QUOTE_BYTES = 80 };

enum source { FROM_DEFAULT, FROM_FILE, FROM_ENV, FROM_FLAG };

struct reading {
    struct config config;
    uint8_t from[ROWS_MOST]; /* the source that set the row of config_rows with this place */
    struct out trouble;      /* the sentence; at[cap] has room for its NUL                 */
    uint64_t line;           /* of the file                                                */
};

/* ---- sentences ------------------------------------------------------------------------------ */

static void say(struct reading *r, const char *text)
{
    out_text(&r->trouble, text);
}

/* What somebody wrote, shortened, and with nothing in it that a terminal would obey. */
static void say_quoted(struct reading *r, struct str text)
{
    bool is_utf8 = str_is_utf8(text), is_long = text.len > QUOTE_BYTES;
    size_t n = is_long ? QUOTE_BYTES : text.len;
    while (is_long && is_utf8 && n > 0 && (text.at[n] & 0xc0) == 0x80) n--; /* not in the middle of a character */
    say(r, "\"");
    for (size_t i = 0; i < n; i++) {
        uint8_t c = text.at[i];
        bool is_c1 = (c == 0xc2 && i + 1 < n && text.at[i + 1] < 0xa0) || (c < 0xa0 && i > 0 && text.at[i - 1] == 0xc2);
        bool is_harmless = c >= 0x20 && c != 0x7f && (c < 0x80 || is_utf8) && !is_c1;
        out_put_byte(&r->trouble, is_harmless ? c : '?');
    }
    say(r, is_long ? "...\"" : "\"");
}

static void say_place(struct reading *r)
{
    say(r, " in line ");
    out_put_decimal(&r->trouble, r->line);
    say(r, " of ");
    say_quoted(r, str_of_text(r->config.file));
}

/* A setting by the name that it has in a source. */
static void say_name(struct reading *r, enum source source, const struct config_row *row)
{
    if (source == FROM_ENV) {
        config_put_env(&r->trouble, row);
        return;
    }
    if (source == FROM_FLAG) say(r, "--");
    say(r, row->name);
}

static void say_row(struct reading *r, enum source source, const struct config_row *row)
{
    say_name(r, source, row);
    if (source == FROM_ENV) say(r, " in the environment");
    if (source == FROM_FILE) say_place(r);
}

static enum err refuse_value(struct reading *r, enum source source, const struct config_row *row, struct str value)
{
    say_row(r, source, row);
    say(r, " is ");
    say_quoted(r, value);
    say(r, ", but must be ");
    config_put_allowed(&r->trouble, row);
    say(r, ".");
    return ERR_BAD_FIELD;
}

/* Between the name of a variable and of a setting, only the letters differ that everybody writes so. */
static struct str name_of_env(struct str variable, uint8_t name[static CONFIG_NAME_BYTES])
{
    struct out o = out_over(name, CONFIG_NAME_BYTES);
    for (size_t i = sizeof CONFIG_ENV - 1; i < variable.len; i++) {
        uint8_t c = variable.at[i];
        out_put_byte(&o, c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c == '_' ? '-' : c);
    }
    return out_str(&o);
}

/* The setting that was meant by a name that is none; NULL, if it is near to no name. */
static const struct config_row *nearest(struct str name)
{
    const struct config_row *best = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < config_row_n; i++) {
        struct str meant = str_of_text(config_rows[i].name);
        size_t slips = config_near(name, meant);
        if (config_rows[i].is_hidden || slips >= least || !config_is_near(slips, meant)) continue;
        best = &config_rows[i];
        least = slips;
    }
    return best;
}

static enum err refuse_name(struct reading *r, enum source source, struct str name, const struct config_row *meant)
{
    say(r, "There is no setting ");
    say_quoted(r, name);
    if (source == FROM_ENV) say(r, " (in the environment)");
    if (source == FROM_FILE) say_place(r);
    say(r, ".");
    if (meant != NULL) {
        say(r, " Did you mean ");
        say_name(r, source, meant);
        say(r, "?");
    }
    say(r, " trothd --help lists all settings.");
    return ERR_BAD_FIELD;
}

/* ---- one setting ---------------------------------------------------------------------------- */

/* A stronger source begins a list anew; within one source, members add up. */
static enum err set(struct reading *r, enum source source, const struct config_row *row, struct str value)
{
    uint8_t *from = &r->from[row - config_rows];
    if (*from != source || value.len == 0) config_value_clear(row, &r->config);
    *from = (uint8_t)source;
    enum err e = config_value_read(row, value, &r->config);
    if (e == ERR_NO_MEMORY) say(r, "There is no memory for the settings.");
    return e == ERR_BAD_FIELD ? refuse_value(r, source, row, value) : e;
}

static enum err set_defaults(struct reading *r)
{
    EXPECT(config_row_n <= ROWS_MOST);
    for (size_t i = 0; i < config_row_n; i++) {
        enum err e = set(r, FROM_DEFAULT, &config_rows[i], str_of_text(config_rows[i].standard));
        EXPECT(e != ERR_BAD_FIELD);
        if (e != ERR_OK) return e;
    }
    return ERR_OK;
}

/* ---- the file ------------------------------------------------------------------------------- */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct str trimmed(struct str s)
{
    while (s.len > 0 && is_blank(s.at[s.len - 1])) s.len--;
    while (s.len > 0 && is_blank(s.at[0])) s = str_at(s.at + 1, s.len - 1);
    return s;
}

/* A '#' at the start or behind a blank begins a comment. */
static struct str without_comment(struct str line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (line.at[i] == '#' && (i == 0 || is_blank(line.at[i - 1]))) line.len = i;
    }
    return trimmed(line);
}

static enum err read_line(struct reading *r, struct str line)
{
    line = without_comment(line);
    if (line.len == 0) return ERR_OK;
    const uint8_t *equals = memchr(line.at, '=', line.len);
    if (equals == NULL || memchr(line.at, 0, line.len) != NULL) {
        say_quoted(r, line);
        say_place(r);
        say(r, " is no setting: write name = value, and # before a comment.");
        return ERR_BAD_FIELD;
    }
    struct str name = trimmed(str_at(line.at, (size_t)(equals - line.at)));
    struct str value = trimmed(str_at(equals + 1, line.len - (size_t)(equals + 1 - line.at)));
    const struct config_row *row = config_row_of(name);
    if (row == NULL || row->is_not_in_file) return refuse_name(r, FROM_FILE, name, row == NULL ? nearest(name) : NULL);

    bool is_list = row->kind == CONFIG_ORIGINS || row->kind == CONFIG_RANGES;
    if (r->from[row - config_rows] == FROM_FILE && !is_list) {
        say_row(r, FROM_FILE, row);
        say(r, " was set further up already. Keep one of the two.");
        return ERR_BAD_FIELD;
    }
    return set(r, FROM_FILE, row, value);
}

static enum err read_lines(struct reading *r, struct str text)
{
    enum err e = ERR_OK;
    for (r->line = 1; text.len > 0 && e == ERR_OK; r->line++) {
        const uint8_t *feed = memchr(text.at, '\n', text.len);
        size_t n = feed == NULL ? text.len : (size_t)(feed - text.at);
        e = read_line(r, str_at(text.at, n));
        size_t taken = feed == NULL ? n : n + 1;
        text = str_at(text.at + taken, text.len - taken);
    }
    return e;
}

static enum err refuse_file(struct reading *r, const char *why)
{
    say(r, "The settings in ");
    say_quoted(r, str_of_text(r->config.file));
    say(r, " cannot be read: ");
    say(r, why);
    say(r, ".");
    return ERR_NOT_FOUND;
}

/* Reads the whole file into room for one byte more than it may have. */
static enum err read_open_file(struct reading *r, FILE *file)
{
    uint8_t *room = malloc(CONFIG_FILE_BYTES + 1);
    if (room == NULL) {
        say(r, "There is no memory for the settings.");
        return ERR_NO_MEMORY;
    }
    size_t n = fread(room, 1, CONFIG_FILE_BYTES + 1, file);
    enum err e;
    if (ferror(file)) e = refuse_file(r, strerror(errno));
    else if (n > CONFIG_FILE_BYTES) e = refuse_file(r, "it is longer than 64 KiB");
    else e = read_lines(r, str_at(room, n));
    free(room);
    return e;
}

static enum err read_file(struct reading *r)
{
    if (r->config.file == NULL) return ERR_OK;
    FILE *file = fopen(r->config.file, "rb");
    if (file == NULL) return refuse_file(r, strerror(errno));
    enum err e = read_open_file(r, file);
    fclose(file); /* only read from: nothing can be lost */
    return e;
}

/* ---- the environment ------------------------------------------------------------------------ */

/* Variables that other programs made up for us, such as TROTHD_SERVICE_HOST, are no settings and may be
 * there; only one that is nearly a setting's name is refused, because it was meant as one. */
static enum err read_env(struct reading *r, char *const env[], const struct config_row *only)
{
    enum err e = ERR_OK;
    for (size_t i = 0; env[i] != NULL && e == ERR_OK; i++) {
        uint8_t name[CONFIG_NAME_BYTES];
        struct str whole = str_of_text(env[i]);
        const char *equals = strchr(env[i], '=');
        if (!str_starts(whole, STR(CONFIG_ENV)) || equals == NULL) continue;
        struct str variable = str_at(env[i], (size_t)(equals - env[i]));
        const struct config_row *row = config_row_of_env(variable);
        const struct config_row *meant = row == NULL ? nearest(name_of_env(variable, name)) : row;
        if (only != NULL && row != only) continue;
        if (row != NULL) e = set(r, FROM_ENV, row, str_of_text(equals + 1));
        else if (meant != NULL) e = refuse_name(r, FROM_ENV, variable, meant);
    }
    return e;
}

/* ---- the command line ----------------------------------------------------------------------- */

struct words {
    char *const *word;
    int n, at;
    bool are_operands; /* "--" was there: no more flags */
};

/* A flag and its value; or without a row, an operand. */
struct word {
    const struct config_row *row;
    struct str text;
};

/* The next word that means something; false: there is none. */
static bool word_take(struct words *words, struct str *text)
{
    if (words->at < words->n && !words->are_operands && strcmp(words->word[words->at], "--") == 0) {
        words->are_operands = true;
        words->at++;
    }
    if (words->at >= words->n) return false;
    *text = str_of_text(words->word[words->at++]);
    return true;
}

/* The flag that text begins with, and its value: behind '=', or in the next word. */
static enum err flag_read(struct reading *r, struct words *words, struct str text, struct word *word)
{
    const uint8_t *equals = memchr(text.at, '=', text.len);
    struct str flag = equals == NULL ? text : str_at(text.at, (size_t)(equals - text.at));
    struct str name = str_starts(flag, STR("--")) ? str_at(flag.at + 2, flag.len - 2) : (struct str){0};
    word->row = config_row_of(name);
    if (word->row == NULL) return refuse_name(r, FROM_FLAG, flag, nearest(name));
    if (equals != NULL) {
        word->text = str_at(equals + 1, text.len - flag.len - 1);
        return ERR_OK;
    }
    bool has_value = words->at < words->n && strncmp(words->word[words->at], "--", 2) != 0;
    if (has_value) {
        word->text = str_of_text(words->word[words->at++]);
        return ERR_OK;
    }
    say_row(r, FROM_FLAG, word->row);
    say(r, " needs a value: ");
    config_put_allowed(&r->trouble, word->row);
    say(r, ".");
    return ERR_BAD_FIELD;
}

static enum err read_word(struct reading *r, struct words *words, struct str text, struct word *word)
{
    bool is_flag = !words->are_operands && text.len > 1 && text.at[0] == '-';
    *word = (struct word){.text = text};
    return is_flag ? flag_read(r, words, text, word) : ERR_OK;
}

static enum err read_flags(struct reading *r, struct words words, const struct config_row *only)
{
    enum err e = ERR_OK;
    struct str text;
    struct word word;
    while (e == ERR_OK && word_take(&words, &text)) {
        e = read_word(r, &words, text, &word);
        bool is_wanted = e == ERR_OK && word.row != NULL && (only == NULL || word.row == only);
        if (is_wanted) e = set(r, FROM_FLAG, word.row, word.text);
    }
    return e;
}

static enum err refuse_verb(struct reading *r, struct str name)
{
    const char *best = NULL;
    size_t least = SIZE_MAX;
    say(r, "There is no command ");
    say_quoted(r, name);
    say(r, ".");
    for (size_t i = 0; i < config_verb_n; i++) {
        struct str meant = str_of_text(config_verbs[i].name);
        size_t slips = config_near(name, meant);
        if (slips >= least || !config_is_near(slips, meant)) continue;
        best = config_verbs[i].name;
        least = slips;
    }
    if (best != NULL) {
        say(r, " Did you mean ");
        say(r, best);
        say(r, "?");
    }
    say(r, " trothd --help lists all commands.");
    return ERR_BAD_FIELD;
}

static const struct config_verb *verb_of(struct str name)
{
    for (size_t i = 0; i < config_verb_n; i++) {
        if (str_is(name, str_of_text(config_verbs[i].name))) return &config_verbs[i];
    }
    return NULL;
}

static enum err keep_operand(struct reading *r, struct str operand)
{
    char *copy = arena_take(&r->config._memory, operand.len + 1);
    if (copy == NULL) {
        say(r, "There is no memory for the settings.");
        return ERR_NO_MEMORY;
    }
    memcpy(copy, operand.at, operand.len);
    r->config.backup_to = copy;
    return ERR_OK;
}

/* The command, and what it is done to. */
static enum err read_operands(struct reading *r, struct words words)
{
    const struct config_verb *verb = NULL;
    struct str text, operand = {0};
    struct word word;
    while (word_take(&words, &text)) {
        enum err e = read_word(r, &words, text, &word);
        if (e != ERR_OK) return e;
        if (word.row != NULL) continue;
        if (verb == NULL) {
            verb = verb_of(word.text);
            if (verb == NULL) return refuse_verb(r, word.text);
        } else if (verb->operand != NULL && operand.len == 0) {
            operand = word.text;
        } else {
            say(r, "trothd ");
            say(r, verb->name);
            say(r, " does not know what to do with ");
            say_quoted(r, word.text);
            say(r, ". trothd --help shows how to write it.");
            return ERR_BAD_FIELD;
        }
    }
    if (verb == NULL) return ERR_OK;
    r->config.command = verb->command;
    if (verb->operand == NULL) return ERR_OK;
    if (operand.len > 0) return keep_operand(r, operand);
    say(r, "trothd ");
    say(r, verb->name);
    say(r, " needs to know the new file: trothd ");
    say(r, verb->name);
    say(r, " ");
    say(r, verb->operand);
    say(r, ".");
    return ERR_BAD_FIELD;
}

/* Whether help or the version is asked for, whatever else is there. */
static bool asks_only(struct words words, enum config_command *command)
{
    for (int i = 0; i < words.n && strcmp(words.word[i], "--") != 0; i++) {
        bool is_help = strcmp(words.word[i], "--help") == 0 || strcmp(words.word[i], "-h") == 0;
        if (!is_help && strcmp(words.word[i], "--version") != 0) continue;
        *command = is_help ? CONFIG_HELP : CONFIG_VERSION;
        return true;
    }
    return false;
}

/* ---- all of it ------------------------------------------------------------------------------ */

/* What is of no use without the other, and looks as if it were. */
static enum err check_pairs(struct reading *r)
{
    const struct config *c = &r->config;
    if ((c->tls_cert == NULL) != (c->tls_key == NULL)) {
        say(r, "--tls-cert and --tls-key go together, but only one of them is set.");
        return ERR_BAD_FIELD;
    }
    if ((c->proxy_header == NULL) != (c->trusted_proxy.n == 0)) {
        say(r, "--proxy-header and --trusted-proxy go together, but only one of them is set: "
               "the header is believed from these addresses and from nobody else.");
        return ERR_BAD_FIELD;
    }
    return ERR_OK;
}

static enum err read_all(struct reading *r, struct words words, char *const env[])
{
    const struct config_row *file = config_row_of(STR("config"));
    enum err e = set_defaults(r);
    if (e != ERR_OK || asks_only(words, &r->config.command)) return e;
    (void)((e = read_operands(r, words)) || (e = read_env(r, env, file)) || (e = read_flags(r, words, file)) ||
           (e = read_file(r)) || (e = read_env(r, env, NULL)) || (e = read_flags(r, words, NULL)) ||
           (e = check_pairs(r)));
    return e;
}

enum err config_init(struct config *config, int arg_n, char *const arg[], char *const env[],
                     struct config_trouble *trouble)
{
    struct config_trouble said = {.text = ""};
    struct reading r = {.trouble = out_over(said.text, sizeof said.text - 1)};
    struct words words = {.word = arg + 1, .n = arg_n > 0 ? arg_n - 1 : 0};
    arena_init(&r.config._memory, MEMORY_BYTES);
    enum err e = read_all(&r, words, env);
    if (e == ERR_OK) {
        *config = r.config;
        return ERR_OK;
    }
    arena_fini(&r.config._memory);
    said.text[r.trouble.len] = 0;
    *trouble = said;
    return e;
}

void config_fini(struct config *config)
{
    arena_fini(&config->_memory);
    *config = (struct config){0};
}
