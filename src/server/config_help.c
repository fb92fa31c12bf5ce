/* config_help.c -- the settings, told to a person: --help and docs/configuration.md. See config.h. */
#include "server/config_rows.h"

enum { HELP_COLUMNS = 96, HELP_INDENT = 8 };

/* The standard value as a person reads it. */
static const char *standard_of(const struct config_row *row)
{
    return row->standard[0] == 0 ? "nothing" : row->standard;
}

static void put_allowed(struct out *o, const struct config_row *row)
{
    config_put_allowed(o, row);
    if (row->may_be_empty) out_text(o, ", or nothing");
}

/* ---- --help --------------------------------------------------------------------------------- */

static void put_blanks(struct out *o, size_t n)
{
    for (size_t i = 0; i < n; i++) out_put_byte(o, ' ');
}

/* A text in lines that are not longer than HELP_COLUMNS, each behind an indent. */
static void put_lines(struct out *o, struct str text)
{
    const size_t columns = HELP_COLUMNS - HELP_INDENT;
    while (text.len > 0) {
        size_t n = text.len;
        if (n > columns) {
            for (n = columns; n > 0 && text.at[n] != ' ';) n--;
            EXPECT(n > 0);
        }
        put_blanks(o, HELP_INDENT);
        out_put(o, str_at(text.at, n));
        out_text(o, "\n");
        size_t taken = n < text.len ? n + 1 : n;
        text = str_at(text.at + taken, text.len - taken);
    }
}

static void help_row(struct out *o, const struct config_row *row)
{
    uint8_t memory[256];
    struct out allowed = OUT_OVER(memory);
    if (row->group != NULL) {
        out_text(o, "\n");
        out_text(o, row->group);
        out_text(o, "\n");
    }
    out_text(o, "  --");
    out_text(o, row->name);
    out_text(o, row->standard[0] == 0 ? " " : "=");
    out_text(o, row->standard[0] == 0 ? "(nothing)" : row->standard);
    out_text(o, "\n");
    put_lines(o, str_of_text(row->what));
    out_text(&allowed, "May be ");
    put_allowed(&allowed, row);
    out_text(&allowed, ".");
    EXPECT(!allowed.is_full);
    put_lines(o, out_str(&allowed));
}

static void help_verb(struct out *o, const struct config_verb *verb)
{
    size_t start = o->len;
    out_text(o, "  trothd ");
    out_text(o, verb->name);
    if (verb->operand != NULL) out_text(o, " ");
    if (verb->operand != NULL) out_text(o, verb->operand);
    size_t width = o->len - start;
    put_blanks(o, width < 22 ? 22 - width : 1);
    out_text(o, verb->what);
    out_text(o, "\n");
}

void config_help(struct out *o)
{
    out_text(o, "trothd keeps the records of circles. It orders and stores them, and cannot read them.\n\n"
                "Commands, each with any settings before or behind it\n");
    for (size_t i = 0; i < config_verb_n; i++) help_verb(o, &config_verbs[i]);
    out_text(o, "  trothd --help       This text.\n"
                "  trothd --version    The version.\n\n"
                "A setting is written --name=VALUE or --name VALUE; TROTHD_NAME=VALUE in the environment, with _\n"
                "for -; or name = VALUE in the file that --config names. A flag wins over the environment, and the\n"
                "environment over the file. Below, each is shown with what it is when nobody sets it.\n");
    for (size_t i = 0; i < config_row_n; i++) {
        if (!config_rows[i].is_hidden) help_row(o, &config_rows[i]);
    }
}

/* ---- docs/configuration.md ------------------------------------------------------------------ */

static void markdown_intro(struct out *o)
{
    out_text(o,
             "# Configuration\n\n"
             "<!-- Made from src/server/config_rows.c. Change it there, then: "
             "build/tests/unit/config --write docs/configuration.md -->\n\n"
             "`trothd` needs no configuration to be tried out. Every setting has one name and three places:\n\n"
             "| Place | Form | Example |\n"
             "|---|---|---|\n"
             "| command line | `--name VALUE` or `--name=VALUE` | `--log-format=json` |\n"
             "| environment | `TROTHD_NAME`, in capitals, with `_` for `-` | `TROTHD_LOG_FORMAT=json` |\n"
             "| a file that `--config` or `TROTHD_CONFIG` names | `name = VALUE`, one a line; `#` begins a comment "
             "| `log-format = json` |\n\n"
             "The command line wins over the environment, the environment over the file. A list may be written with "
             "commas or blanks\n"
             "between its members, or setting by setting (`--origin A --origin B`); a stronger place replaces the "
             "whole list.\n\n"
             "What is not understood is refused before anything starts, with a sentence that names the setting, what "
             "it was given and\n"
             "what it may be. A variable of the environment that only begins like ours is left alone, unless it is "
             "nearly a setting's name.\n\n"
             "Sizes are written `4096`, `8k`, `1M`, `1G`; times `500ms`, `15s`, `2min`, `1h`; rates `2/s`, `30/min`, "
             "`20/h`, or `0` for no\n"
             "limit. A rate of `30/min` allows 30 tries at once and gives one back every two seconds; whoever has "
             "none left is answered\n"
             "429 with the time to wait. An address means one IPv4 address, or one /64 of IPv6.\n\n"
             "## Commands\n\n"
             "| Command | What it does |\n"
             "|---|---|\n");
}

static void markdown_row(struct out *o, const struct config_row *row)
{
    if (row->group != NULL) {
        out_text(o, "\n## ");
        out_text(o, row->group);
        out_text(o, "\n\n| Setting | When nobody sets it | May be | What it is |\n|---|---|---|---|\n");
    }
    out_text(o, "| `");
    out_text(o, row->name);
    out_text(o, row->standard[0] == 0 ? "` | " : "` | `");
    out_text(o, standard_of(row));
    out_text(o, row->standard[0] == 0 ? " | " : "` | ");
    put_allowed(o, row);
    out_text(o, " | ");
    out_text(o, row->what);
    out_text(o, " |\n");
}

static void markdown_example(struct out *o)
{
    out_text(o,
             "\n## A file for a server behind a reverse proxy\n\n"
             "```ini\n"
             "# /etc/trothd.conf, read by: trothd --config /etc/trothd.conf\n"
             "data = /var/lib/trothd/troth.db\n"
             "origin = https://troth.example      # as people reach it, through the proxy\n"
             "proxy-header = X-Forwarded-For\n"
             "trusted-proxy = 127.0.0.1, ::1\n"
             "log-format = json\n"
             "```\n\n"
             "Without `proxy-header` and `trusted-proxy` everybody behind the proxy would share one address, and so "
             "one set of rates.\n");
}

void config_markdown(struct out *o)
{
    markdown_intro(o);
    for (size_t i = 0; i < config_verb_n; i++) {
        const struct config_verb *verb = &config_verbs[i];
        out_text(o, "| `trothd ");
        out_text(o, verb->name);
        if (verb->operand != NULL) out_text(o, " ");
        if (verb->operand != NULL) out_text(o, verb->operand);
        out_text(o, "` | ");
        out_text(o, verb->what);
        out_text(o, " |\n");
    }
    out_text(o, "| `trothd --help`, `trothd --version` | Says what you find here; says its version. |\n");
    for (size_t i = 0; i < config_row_n; i++) {
        if (!config_rows[i].is_hidden) markdown_row(o, &config_rows[i]);
    }
    markdown_example(o);
}
