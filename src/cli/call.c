/* call.c -- see call.h. */
#include "cli/call.h"

#include <stdio.h>

struct reading {
    struct call *call;
    char *trouble;
    uint64_t given;  /* OPTION_BIT of all that were given                       */
    unsigned word_n; /* words that are no options                               */
    const char *word[2 + CALL_OPERANDS];
    bool is_ended; /* "--" was there                                          */
};

static enum err refuse(struct reading *r, const char *form, const char *typed, const char *more)
{
    char clean[64];
    size_t n = 0;
    for (; typed[n] != 0 && n < sizeof clean - 1; n++)
        clean[n] = (unsigned char)typed[n] < ' ' || typed[n] == 0x7f ? '?' : typed[n];
    clean[n] = 0;
    (void)snprintf(r->trouble, CALL_TROUBLE_BYTES, form, clean, more);
    return ERR_BAD_FIELD;
}

static enum err no_such_option(struct reading *r, struct str name, const char *typed)
{
    const char *meant = table_near_option(UINT64_MAX >> (64 - OPT_N), name);
    if (meant == NULL) return refuse(r, "There is no option %s.%s Try: troth --help", typed, "");
    return refuse(r, "There is no option %s. Did you mean --%s?", typed, meant);
}

/* One option, and its value, which may be the next argument. */
static enum err take_option(struct reading *r, int argc, char *const argv[], int *at)
{
    const char *typed = argv[*at];
    struct str name = str_of_text(typed + 2);
    const uint8_t *is = memchr(name.at, '=', name.len);
    if (is != NULL) name.len = (size_t)(is - name.at);
    enum option option = table_find_option(name);
    if (option == OPT_N) return no_such_option(r, name, typed);
    const struct option_row *row = &table_options[option];
    if (r->call->has[option]) return refuse(r, "%s stands there twice.%s", typed, "");
    const char *value = "";
    if (row->value == NULL && is != NULL) return refuse(r, "%s: this option takes no value.%s", typed, "");
    if (row->value != NULL) {
        if (is == NULL && *at + 1 == argc) return refuse(r, "%s needs something behind it: %s.", typed, row->value);
        value = is != NULL ? (const char *)is + 1 : argv[++*at];
    }
    r->call->has[option] = true;
    r->call->value[option] = value;
    r->given |= UINT64_C(1) << option;
    return ERR_OK;
}

static enum err take_word(struct reading *r, const char *word)
{
    if (r->word_n == sizeof r->word / sizeof *r->word) return refuse(r, "\"%s\" is one word too many.%s", word, "");
    r->word[r->word_n++] = word;
    return ERR_OK;
}

static enum err take_all(struct reading *r, int argc, char *const argv[])
{
    for (int i = 1; i < argc; i++) {
        struct str typed = str_of_text(argv[i]);
        enum err e;
        if (r->is_ended || !str_starts(typed, STR("-")) || typed.len == 1) {
            e = take_word(r, argv[i]);
        } else if (str_is(typed, STR("--"))) {
            r->is_ended = true;
            e = ERR_OK;
        } else if (str_is(typed, STR("-h"))) {
            r->call->has[OPT_HELP] = true;
            e = ERR_OK;
        } else if (!str_starts(typed, STR("--"))) {
            e = refuse(r, "There is no option %s: options begin with two dashes, and only -h with one.%s", argv[i], "");
        } else if (r->word_n == 0 && table_find_command(NULL, typed) != COMMAND_N) {
            e = take_word(r, argv[i]); /* a command for programs */
        } else {
            e = take_option(r, argc, argv, &i);
        }
        if (e != ERR_OK) return e;
    }
    return ERR_OK;
}

static enum err no_such_command(struct reading *r, const char *group, const char *typed)
{
    static char meant[64];
    const char *near = table_near_command(group, str_of_text(typed));
    if (near == NULL) {
        (void)snprintf(meant, sizeof meant, "troth help%s%s", group == NULL ? "" : " ", group == NULL ? "" : group);
        return refuse(r, "There is no command \"%s\". What there is: %s", typed, meant);
    }
    (void)snprintf(meant, sizeof meant, "troth %s%s%s", group == NULL ? "" : group, group == NULL ? "" : " ", near);
    return refuse(r, "There is no command \"%s\". Did you mean: %s", typed, meant);
}

/* The words into command and operands. */
static enum err sort_words(struct reading *r)
{
    struct call *call = r->call;
    unsigned used = 1;
    if (r->word_n == 0) return ERR_OK;
    const struct group_row *group = table_find_group(str_of_text(r->word[0]));
    if (group == NULL) {
        call->command = table_find_command(NULL, str_of_text(r->word[0]));
        if (call->command == COMMAND_N) return no_such_command(r, NULL, r->word[0]);
    } else if (r->word_n == 1) {
        call->group = group;
    } else {
        used = 2;
        call->command = table_find_command(group->name, str_of_text(r->word[1]));
        if (call->command == COMMAND_N) return no_such_command(r, group->name, r->word[1]);
    }
    for (unsigned i = used; i < r->word_n && call->operand_n < CALL_OPERANDS; i++)
        call->operand[call->operand_n++] = r->word[i];
    return ERR_OK;
}

/* Whether the command takes what came with it. */
static enum err check(struct reading *r)
{
    struct call *call = r->call;
    uint64_t allowed = table_common_options;
    if (call->wants_help || call->group != NULL) return ERR_OK;
    if (call->command != COMMAND_N) allowed |= table_commands[call->command].options;
    for (unsigned i = 0; i < OPT_N; i++) {
        if ((r->given & ~allowed) >> i & 1)
            return refuse(r, "--%s makes no sense here.%s See --help.", table_options[i].name, "");
    }
    if (call->command == COMMAND_N) return ERR_OK;
    const struct command_row *row = &table_commands[call->command];
    const char *group = row->group == NULL ? "" : row->group;
    char name[64];
    (void)snprintf(name, sizeof name, "%s%s%s", group, row->group == NULL ? "" : " ", row->name);
    if (call->operand_n < row->least) return refuse(r, "troth %s needs: %s", name, row->operands);
    if (call->operand_n > row->most && row->most == 0)
        return refuse(r, "\"%s\" is one word too many.%s", call->operand[0], "");
    if (call->operand_n > row->most)
        return refuse(r, "\"%s\" is one word too many; what belongs together stands in quotes: troth ... \"%s\"",
                      call->operand[row->most], row->operands);
    return ERR_OK;
}

enum err call_read(struct call *call, int argc, char *const argv[], char trouble[static CALL_TROUBLE_BYTES])
{
    struct reading r = {.call = call, .trouble = trouble};
    *call = (struct call){.command = COMMAND_N};
    enum err e = take_all(&r, argc, argv);
    call->wants_help = call->has[OPT_HELP];
    if (e == ERR_OK) e = sort_words(&r);
    return e == ERR_OK ? check(&r) : e;
}
