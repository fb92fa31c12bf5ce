/* trouble.c -- servers that lose the past, records that can't be, and what programs read. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/table.h"
#include "harness/terminal.h"

static struct daemon server;
static struct terminal ana, ben;
static const struct daemon_options fast = {.is_fast = true};

static int set_up(void **state)
{
    char link[512];
    (void)state;
    server = (struct daemon){0};
    if (!daemon_start(&server, &fast)) return -1;
    terminal_init(&ana, "Ana");
    terminal_init(&ben, "Ben");
    assert_true(snprintf(link, sizeof link, "%s/#%s", server.origin, server.permit) < (int)sizeof link);
    assert_int_equal(TROTH(&ana, "start", link, "--name", "Ana", "--circle", "Ana and Ben", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "circle", "invite", "--json"), 0);
    const char *found = terminal_link(&ana);
    assert_non_null(found);
    assert_true(snprintf(link, sizeof link, "%s", found) < (int)sizeof link);
    assert_int_equal(TROTH(&ben, "start", link, "--name", "Ben", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "sync"), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    terminal_fini(&ana);
    terminal_fini(&ben);
    daemon_kill(&server);
    return 0;
}

static void copy_file(const char *from, const char *to)
{
    char bytes[4096];
    size_t n;
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_true(in != NULL && out != NULL);
    while ((n = fread(bytes, 1, sizeof bytes, in)) > 0) assert_int_equal(fwrite(bytes, 1, n, out), n);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
}

/* ---- alarms -------------------------------------------------------------------------------------------- */

static void a_server_that_was_rolled_back_is_found_out_and_repaired(void **state)
{
    (void)state;
    char yesterday[SCRATCH_PATH_BYTES];
    scratch_path(yesterday, server.folder, "yesterday");
    assert_true(daemon_stop(&server));
    copy_file(server.data, yesterday);
    assert_true(daemon_restart(&server, &fast));
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "cook", "--by", "in 5 days", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "promise", "done", "1"), 0);
    assert_true(daemon_stop(&server));
    copy_file(yesterday, server.data);
    assert_true(daemon_restart(&server, &fast));
    assert_int_equal(TROTH_BARE(&ana, "sync"), 76);
    assert_true(
        terminal_says(&ana, "! Ana and Ben: The server shows an older record than you have seen. Your copy is"));
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "call", "--by", "in 2 days", "--yes"), 0);
    assert_true(terminal_says(&ana, "! Ana and Ben: "));
    assert_true(terminal_says(&ana, "Kept here: nothing is sent while something is wrong with the record."));
    assert_int_equal(TROTH_BARE(&ana, "circle", "alarms"), 0);
    assert_true(terminal_says(&ana, "troth circle repair"));
    assert_int_equal(TROTH_BARE(&ana, "circle", "repair"), 0);
    assert_true(terminal_says(&ana, "The server has 2 entries back, from your copy."));
    assert_int_equal(TROTH_BARE(&ana, "sync"), 0);
    assert_int_equal(TROTH_BARE(&ana, "circle", "alarms"), 0);
    assert_true(terminal_says(&ana, "Nothing is wrong with this circle's record"));
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    assert_true(terminal_says(&ben, "cook"));
    assert_true(terminal_says(&ben, "call"));
}

/* Each goes on alone from one past, on a server that was set back in between; their heads tell. */
static void a_fork_is_found_out_by_comparing_heads(void **state)
{
    (void)state;
    char yesterday[SCRATCH_PATH_BYTES], token[128];
    scratch_path(yesterday, server.folder, "yesterday");
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    assert_true(daemon_stop(&server));
    copy_file(server.data, yesterday);
    assert_true(daemon_restart(&server, &fast));
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "cook", "--by", "in 5 days", "--yes"), 0);
    assert_true(daemon_stop(&server));
    copy_file(yesterday, server.data);
    assert_true(daemon_restart(&server, &fast));
    assert_int_equal(TROTH_BARE(&ben, "promise", "make", "sing", "--by", "in 5 days", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ben, "promise", "make", "dance", "--by", "in 6 days", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "circle", "head"), 0);
    assert_true(snprintf(token, sizeof token, "%.*s", (int)strcspn(ana.said, "\n"), ana.said) < (int)sizeof token);
    assert_int_equal(TROTH_BARE(&ben, "circle", "head", token), 76);
    assert_true(terminal_says(&ben, "The server shows you two different records."));
    assert_int_equal(TROTH_BARE(&ben, "promise", "list"), 0);
    assert_true(terminal_says(&ben, "! Ana and Ben: The server shows different people different records."));
    assert_int_equal(TROTH_BARE(&ana, "sync"), 76);
    assert_true(terminal_says(&ana, "! Ana and Ben: "));
}

/* What was kept here has become impossible: it comes back, with the law. */
static void what_is_no_longer_allowed_comes_back_to_the_drafts(void **state)
{
    (void)state;
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "cook", "--by", "in 5 days", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ben, "sync"), 0);
    unsigned port = server.port;
    assert_true(daemon_stop(&server));
    assert_int_equal(TROTH_BARE(&ana, "promise", "change", "1", "--text", "cook soup", "--yes"), 0);
    assert_true(terminal_says(&ana, "Kept here"));
    assert_true(daemon_restart(&server, &fast));
    assert_int_equal(server.port, port);
    assert_int_equal(TROTH_BARE(&ben, "promise", "decline", "1", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "sync"), 0);
    assert_true(terminal_says(&ana, "1 came back: troth circle drafts"));
    assert_int_equal(TROTH_BARE(&ana, "circle", "drafts"), 0);
    assert_true(terminal_says(&ana, "  1  cook soup\n     This was released, declined or ended, and that stands."));
    assert_int_equal(TROTH_BARE(&ana, "circle", "drafts", "--drop", "2"), 69);
    assert_int_equal(TROTH_BARE(&ana, "circle", "drafts", "--drop", "1"), 0);
    assert_int_equal(TROTH_BARE(&ana, "circle", "drafts"), 0);
    assert_true(terminal_says(&ana, "Nothing came back."));
}

static void a_session_that_ended_is_begun_again_by_sync(void **state)
{
    (void)state;
    static struct terminal laptop;
    char before[SCRATCH_PATH_BYTES], code_file[SCRATCH_PATH_BYTES], code[64];
    scratch_path(before, server.folder, "before");
    assert_int_equal(TROTH(&ana, "account", "code", "--json"), 0);
    const char *found = strstr(ana.said, "T1-");
    assert_true(found != NULL && snprintf(code, sizeof code, "%.47s", found) == 47);
    assert_true(daemon_stop(&server));
    copy_file(server.data, before);
    assert_true(daemon_restart(&server, &fast));
    terminal_init(&laptop, "Ana");
    scratch_path(code_file, laptop.folder, "code");
    FILE *to = fopen(code_file, "w");
    assert_true(to != NULL && fputs(code, to) >= 0 && fclose(to) == 0);
    assert_int_equal(TROTH(&laptop, "signin", server.origin, "--code-file", code_file), 0);
    assert_true(daemon_stop(&server));
    copy_file(before, server.data); /* a server that does not know this session */
    assert_true(daemon_restart(&server, &fast));
    assert_int_equal(TROTH_BARE(&laptop, "sync"), 77);
    assert_true(terminal_says(&laptop, "There is no terminal to ask for the passphrase."));
    assert_int_equal(TROTH_BARE(&laptop, "promise", "list"), 0); /* what is here can be read all the same */
    assert_int_not_equal(TROTH(&laptop, "sync"), 77);
    assert_int_not_equal(TROTH_BARE(&laptop, "sync"), 77);
    terminal_fini(&laptop);
}

/* ---- watch ---------------------------------------------------------------------------------------------- */

static void watch_shows_what_others_write_and_lets_other_commands_in(void **state)
{
    (void)state;
    static struct terminal watching;
    watching = ben;
    scratch_folder(watching.folder); /* its own files for what it says */
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int code = TROTH_BARE(&watching, "watch", "--for", "8s");
        bool is_seen = terminal_says(&watching, "\u25cf\u00a0Ana promised \u25c6\u00a0Ben: cook (");
        _exit(code == 0 && is_seen ? 0 : 1);
    }
    assert_int_equal(usleep(500 * 1000), 0);
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "cook", "--by", "in 5 days", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ben, "status"), 0); /* in the same home, meanwhile */
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- what programs read ----------------------------------------------------------------------------------- */

/* Reads one JSON value; gives what stands behind it, or NULL where it is none. */
static const char *json_value(const char *at, unsigned depth)
{
    if (depth > 20) return NULL;
    if (*at == '"') {
        for (at++; *at != '"'; at++) {
            if ((unsigned char)*at < 0x20) return NULL;
            if (*at == '\\' && strchr("\"\\nu", *++at) == NULL) return NULL;
        }
        return at + 1;
    }
    if (*at == '{' || *at == '[') {
        char closes = *at == '{' ? '}' : ']';
        if (*++at == closes) return at + 1;
        for (;; at++) {
            if (closes == '}') {
                at = *at == '"' ? json_value(at, depth + 1) : NULL;
                if (at == NULL || *at++ != ':') return NULL;
            }
            at = json_value(at, depth + 1);
            if (at == NULL || *at == closes) return at == NULL ? NULL : at + 1;
            if (*at != ',') return NULL;
        }
    }
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < 3; i++) {
        if (strncmp(at, words[i], strlen(words[i])) == 0) return at + strlen(words[i]);
    }
    size_t digits = strspn(at, "0123456789");
    return digits > 0 ? at + digits : NULL;
}

static bool is_json_line(const struct terminal *t)
{
    const char *end = json_value(t->said, 0);
    if (end != NULL && strcmp(end, "\n") == 0 && t->said[0] == '{') return true;
    fprintf(stderr, "No JSON: %s\n", t->said);
    return false;
}

static void json_is_said_on_one_line_whatever_happens(void **state)
{
    (void)state;
    static const char *const lines[][6] = {
        {"promise", "make", "say \"hi\"\nand wave", "--by", "every day 3 times"},
        {"promise", "done", "1"},
        {"promise", "kept", "1"},
        {"promise", "kept", "nothing"},
        {"promise", "list"},
        {"promise", "show", "1"},
        {"promise", "change", "1", "--text", "x"},
        {"status"},
        {"sync"},
        {"log"},
        {"log", "--all"},
        {"unsay"},
        {"unsay", "1"},
        {"erase", "0"},
        {"account", "devices"},
        {"account", "name"},
        {"circle", "take-back"},
        {"circle", "invite", "--again"},
        {"circle", "list"},
        {"circle", "show"},
        {"circle", "words"},
        {"circle", "head"},
        {"circle", "alarms"},
        {"circle", "drafts"},
        {"circle", "invite"},
        {"circle", "new", "Another"},
        {"circle", "consent"},
        {"account", "show"},
        {"circle", "join", "nonsense"},
        {"circle", "repair"},
        {"promise", "make"},
        {"promise", "make", "x", "--nonsense"},
        {"promise", "nonsense"},
        {"--version"},
        {"lock"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *word[10] = {"--json", "--yes", "--circle", "1"};
        bool takes_circle =
            strcmp(lines[i][0], "sync") != 0 && strcmp(lines[i][0], "account") != 0 && strcmp(lines[i][0], "lock") != 0;
        for (unsigned c = 0; lines[i][1] != NULL && c < 3; c++)
            takes_circle = takes_circle && strcmp(lines[i][1], ((const char *[]){"list", "new", "join"})[c]) != 0;
        if (strcmp(lines[i][0], "promise") == 0) takes_circle = true;
        size_t n = takes_circle ? 4 : 2;
        if (!takes_circle) word[2] = NULL;
        for (size_t k = 0; k < 6 && lines[i][k] != NULL; k++) word[n++] = lines[i][k];
        word[n] = NULL;
        (void)terminal_run_bare(&ana, word);
        if (!is_json_line(&ana)) print_error("%s %s\n", lines[i][0], lines[i][1] == NULL ? "" : lines[i][1]);
        assert_true(is_json_line(&ana));
        assert_string_equal(ana.wrong, "");
    }
}

static bool shell(const char *command)
{
    int status = system(command);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void a_home_that_cannot_be_used_is_told_as_ones_own(void **state)
{
    (void)state;
    static struct terminal odd;
    odd = ana;
    memcpy(odd.home, ana.passphrase_file, sizeof odd.home);
    assert_int_equal(TROTH_BARE(&odd, "status"), 74);
    assert_string_equal(odd.wrong, "This is not a folder. Name a folder for what Troth keeps.\n");
}

static void completions_complete(void **state)
{
    (void)state;
    char command[2048];
    assert_int_equal(TROTH_BARE(&ana, "promise", "make", "cook", "--by", "in 5 days", "--yes"), 0);
    assert_int_equal(TROTH_BARE(&ana, "--write-completions", ana.folder), 0);
    static const struct {
        const char *typed, *offered;
    } tried[] = {{"pro", "promise"},
                 {"promise ma", "make"},
                 {"promise done \"\"", "1"},
                 {"circle show \"\"", "1"},
                 {"promise make x --cost", "--costs-me"},
                 {"--home x circle le", "leave"},
                 {"circle new x --kind fam", "family"}};
    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++) {
        assert_true(snprintf(command, sizeof command,
                             "bash -c 'complete() { :; }; troth() { \"$TROTH\" --home %s \"$@\"; }; . %s/bash/troth && "
                             "COMP_WORDS=(troth %s) && COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) && _troth && "
                             "test \"${COMPREPLY[*]}\" = \"%s\"'",
                             ana.home, ana.folder, tried[i].typed, tried[i].offered) < (int)sizeof command);
        if (!shell(command)) print_error("%s\n", tried[i].typed);
        assert_true(shell(command));
    }
}

static void man_pages_name_every_command(void **state)
{
    (void)state;
    static char text[256 * 1024];
    char path[SCRATCH_PATH_BYTES], heading[128];
    assert_int_equal(TROTH_BARE(&ana, "--write-man", ana.folder), 0);
    for (unsigned i = 0; i < COMMAND_N; i++) {
        const struct command_row *row = &table_commands[i];
        char file[64], name[64];
        if (table_is_hidden(row)) continue;
        assert_true(snprintf(file, sizeof file, "troth%s%s.1", row->group == NULL ? "" : "-",
                             row->group == NULL ? "" : row->group) > 0);
        scratch_path(path, ana.folder, file);
        assert_true(daemon_read(path, text, sizeof text) > 1000);
        size_t n = 0;
        for (const char *at = row->name; *at != 0; at++) {
            if (*at == '-') name[n++] = '\\';
            name[n++] = *at;
        }
        name[n] = 0;
        assert_true(snprintf(heading, sizeof heading, "\n.SS troth %s%s%s", row->group == NULL ? "" : row->group,
                             row->group == NULL ? "" : " ", name) > 0);
        if (strstr(text, heading) == NULL) print_error("%s\n", heading);
        assert_non_null(strstr(text, heading));
    }
    assert_int_equal(TROTH_BARE(&ana, "--write-man", "/nowhere/at/all"), 74);
}

static void help_is_given_at_every_level_and_needs_no_home(void **state)
{
    (void)state;
    assert_int_equal(TROTH_BARE(&ana, "help"), 0);
    assert_true(terminal_says(&ana, "promise make"));
    assert_int_equal(TROTH_BARE(&ana, "promise"), 0);
    assert_int_equal(TROTH_BARE(&ana, "promise", "--help"), 0);
    assert_int_equal(TROTH_BARE(&ana, "help", "promise", "make"), 0);
    assert_true(terminal_says(&ana, "Examples"));
    assert_int_equal(TROTH_BARE(&ana, "promise", "mkae"), 64);
    assert_true(terminal_says(&ana, "Did you mean: troth promise make"));
    struct stat is;
    static struct terminal nobody;
    terminal_init(&nobody, "Nobody");
    assert_int_equal(TROTH_BARE(&nobody, "help"), 0);
    assert_int_not_equal(stat(nobody.home, &is), 0);
    assert_int_equal(TROTH_BARE(&nobody, "status"), 77);
    assert_true(terminal_says(&nobody, "There is no account here yet."));
    assert_int_equal(TROTH_BARE(&nobody, "--no-color"), 0);
    assert_true(terminal_says(&nobody, "troth start LINK"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_server_that_was_rolled_back_is_found_out_and_repaired, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fork_is_found_out_by_comparing_heads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_longer_allowed_comes_back_to_the_drafts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_session_that_ended_is_begun_again_by_sync, set_up, tear_down),
        cmocka_unit_test_setup_teardown(watch_shows_what_others_write_and_lets_other_commands_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(json_is_said_on_one_line_whatever_happens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_home_that_cannot_be_used_is_told_as_ones_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(completions_complete, set_up, tear_down),
        cmocka_unit_test_setup_teardown(man_pages_name_every_command, set_up, tear_down),
        cmocka_unit_test_setup_teardown(help_is_given_at_every_level_and_needs_no_home, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
