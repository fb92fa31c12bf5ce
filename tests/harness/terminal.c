/* terminal.c -- see terminal.h. */
#define _GNU_SOURCE
#include "harness/terminal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/say.h"

static const char *program(void)
{
    const char *path = getenv("TROTH");
    if (path != NULL && path[0] != 0) return path;
    fprintf(stderr, "TROTH does not name the terminal client; the tests run it: TROTH=build/troth\n");
    exit(2);
}

void terminal_init(struct terminal *t, const char *name)
{
    *t = (struct terminal){0};
    EXPECT(strlen(name) < sizeof t->name);
    memcpy(t->name, name, strlen(name) + 1);
    scratch_folder(t->folder);
    scratch_path(t->home, t->folder, "home");
    scratch_path(t->passphrase_file, t->folder, "passphrase");
    FILE *to = fopen(t->passphrase_file, "w");
    EXPECT(to != NULL);
    EXPECT(fprintf(to, "four unrelated words of %s\n", name) > 0);
    EXPECT(fclose(to) == 0);
}

void terminal_fini(struct terminal *t)
{
    (void)TROTH_BARE(t, "lock"); /* there may be none */
}

/* ---- running ------------------------------------------------------------------------------------------- */

static void become(const struct terminal *t, char *const *argv, const char *out, const char *err)
{
    int in = open("/dev/null", O_RDONLY), to = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int wrong = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    char *const env[] = {"TZ=Europe/Berlin", "PATH=/usr/bin:/bin", "LC_ALL=C", NULL};
    (void)t;
    if (setsid() < 0 || dup2(in, 0) != 0 || dup2(to, 1) != 1 || dup2(wrong, 2) != 2) _exit(126);
    (void)execve(program(), argv, env);
    _exit(127);
}

static int run(struct terminal *t, char *const *argv)
{
    char out[SCRATCH_PATH_BYTES], err[SCRATCH_PATH_BYTES];
    int status;
    scratch_path(out, t->folder, "said");
    scratch_path(err, t->folder, "wrong");
    pid_t pid = fork();
    EXPECT(pid >= 0);
    if (pid == 0) become(t, argv, out, err);
    EXPECT(waitpid(pid, &status, 0) == pid);
    (void)daemon_read(out, t->said, sizeof t->said);
    (void)daemon_read(err, t->wrong, sizeof t->wrong);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Everything that a person sees fits their terminal, and does nothing to it. */
static bool is_fit_to_see(const char *text)
{
    for (const char *at = text; *at != 0;) {
        size_t n = strcspn(at, "\n");
        bool is_one_piece = memmem(at, n, "://", 3) != NULL || memmem(at, n, "troth-head:", 11) != NULL || at[0] == '{';
        bool is_wide = !is_one_piece && say_width(str_at(at, n)) > SAY_COLUMNS;
        for (size_t i = 0; i < n; i++) is_wide = is_wide || (unsigned char)at[i] < 0x20 || at[i] == 0x7f;
        if (is_wide) fprintf(stderr, "Not fit to be seen: %.*s\n", (int)n, at);
        if (is_wide) return false;
        at += n + (at[n] == '\n');
    }
    return true;
}

static int run_words(struct terminal *t, const char *const *word, bool has_passphrase)
{
    const char *argv[TERMINAL_WORDS + 8] = {"troth", "--home", t->home};
    size_t n = 3;
    if (has_passphrase) argv[n++] = "--passphrase-file";
    if (has_passphrase) argv[n++] = t->passphrase_file;
    for (size_t i = 0; word[i] != NULL; i++) {
        EXPECT(i < TERMINAL_WORDS);
        argv[n++] = word[i];
    }
    char *copy[TERMINAL_WORDS + 8] = {0};
    for (size_t i = 0; i < n; i++) copy[i] = (char *)(uintptr_t)argv[i];
    int code = run(t, copy);
    EXPECT(is_fit_to_see(t->said) && is_fit_to_see(t->wrong));
    return code;
}

int terminal_run(struct terminal *t, const char *const *word)
{
    return run_words(t, word, true);
}

int terminal_run_bare(struct terminal *t, const char *const *word)
{
    return run_words(t, word, false);
}

/* ---- what it said ---------------------------------------------------------------------------------------- */

bool terminal_says(const struct terminal *t, const char *text)
{
    if (strstr(t->said, text) != NULL || strstr(t->wrong, text) != NULL) return true;
    fprintf(stderr, "%s was not told \"%s\", but:\n%s%s", t->name, text, t->said, t->wrong);
    return false;
}

const char *terminal_link(struct terminal *t)
{
    char *found = strstr(t->said, "http://");
    if (found != NULL && strchr(found, 0x23) == NULL) found = NULL; /* "#" */
    if (found == NULL) return NULL;
    found[strcspn(found, "\"\n ")] = 0;
    return found;
}
