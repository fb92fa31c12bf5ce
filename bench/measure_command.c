/* measure_command.c -- what a person waits for at a terminal: whole runs of troth, while its agent has the key and the
 * circle is long. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "couple.h"
#include "machine.h"
#include "measure.h"

enum {
    ENTRIES = 10000,
    ROUNDS = 15,
    QUICK_ROUNDS = 5,
    WORDS = 6, /* of a line */
    SAID_BYTES = 64 * 1024,
    GOAL_MS = 100,
    EMPTY_GOAL_MS = 20,
};

struct terminal {
    const char *program, *home;
    char said[SCRATCH_PATH_BYTES], passphrase[SCRATCH_PATH_BYTES];
};

struct commands {
    const struct measure *m;
    struct couple couple;
    struct terminal ana, empty; /* with the long circle, and with a new one */
    double spawn_ms, sync_us;
    unsigned rounds;
};

/* ---- running it -------------------------------------------------------------------------------------------- */

static void must(bool is_so, const char *what)
{
    if (is_so) return;
    perror(what);
    exit(2);
}

/* What it takes from the start to the end of `troth` with these words; ends the program if it does not succeed. */
static uint64_t run_ns(const struct terminal *t, const char *const *word)
{
    const char *argument[WORDS + 6] = {t->program, "--home", t->home, "--passphrase-file", t->passphrase};
    const char *const environment[] = {"PATH=/usr/bin:/bin", "TZ=Europe/Madrid", NULL};
    posix_spawn_file_actions_t files;
    pid_t pid;
    int status;
    for (size_t i = 0; i < WORDS && word[i] != NULL; i++) argument[5 + i] = word[i];
    must(posix_spawn_file_actions_init(&files) == 0, "posix_spawn");
    must(posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0) == 0, "posix_spawn");
    must(posix_spawn_file_actions_addopen(&files, 1, t->said, O_WRONLY | O_CREAT | O_TRUNC, 0600) == 0, t->said);
    must(posix_spawn_file_actions_adddup2(&files, 1, 2) == 0, "posix_spawn");
    uint64_t from_ns = timing_ns();
    errno = posix_spawn(&pid, t->program, &files, NULL, (char **)(uintptr_t)argument,
                        (char **)(uintptr_t)environment);
    must(errno == 0, t->program);
    must(waitpid(pid, &status, 0) == pid, "waitpid");
    uint64_t ns = timing_ns() - from_ns;
    (void)posix_spawn_file_actions_destroy(&files);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return ns;
    char said[SAID_BYTES];
    (void)daemon_read(t->said, said, sizeof said);
    (void)fprintf(stderr, "troth %s: status %d, and it said:\n%s\n", word[0], status, said);
    exit(1);
}

#define TYPE(terminal, ...) run_ns((terminal), (const char *const[WORDS + 1]){__VA_ARGS__})

/* A terminal at a home that is closed, with the agent running. */
static void sit_down(struct terminal *t, const struct measure *m, const char *home, const char *name)
{
    struct str passphrase = HEARTH_PASSPHRASE;
    char file[64];
    *t = (struct terminal){.program = getenv("TROTH"), .home = home};
    if (t->program == NULL || t->program[0] == '\0') {
        (void)fprintf(stderr, "TROTH is not set; bench/run.sh sets it.\n");
        exit(2);
    }
    (void)snprintf(file, sizeof file, "said-%s", name);
    scratch_path(t->said, m->folder, file);
    (void)snprintf(file, sizeof file, "passphrase-%s", name);
    scratch_path(t->passphrase, m->folder, file);
    FILE *to = fopen(t->passphrase, "w");
    must(to != NULL && fwrite(passphrase.at, 1, passphrase.len, to) == passphrase.len, t->passphrase);
    must(fclose(to) == 0, t->passphrase);
    (void)TYPE(t, "unlock");
    must(remove(t->passphrase) == 0, t->passphrase); /* from now on, only the agent can help */
}

/* ---- measuring ----------------------------------------------------------------------------------------------- */

static void tell(const struct commands *c, const char *name, struct durations *each, double goal_ms)
{
    struct figure f = figure_of(name, ENTRIES, durations_us(each, 0.5) / 1e3, "ms");
    figure_beside(&f, "start_of_true_ms", c->spawn_ms);
    figure_beside(&f, "fdatasync_p50_us", c->sync_us);
    figure_beside(&f, "worst_ms", durations_us(each, 1) / 1e3);
    f.ratio = 0;
    if (goal_ms > 0) figure_at_most(&f, goal_ms);
    figure_tell(&f);
    durations_fini(each);
}

static void measure(const struct commands *c, const struct terminal *t, const char *name, double goal_ms,
                    const char *const *word)
{
    struct durations each = {0};
    (void)run_ns(t, word);
    for (unsigned i = 0; i < c->rounds; i++) durations_add(&each, run_ns(t, word));
    tell(c, name, &each, goal_ms);
}

#define MEASURE(c, t, name, goal_ms, ...) \
    measure((c), (t), (name), (goal_ms), (const char *const[WORDS + 1]){__VA_ARGS__})

/* Each promise can be done once: the newest that wait, from one on. */
static void measure_done(const struct commands *c, const char *name, double goal_ms, size_t first)
{
    struct durations each = {0};
    EXPECT(first + c->rounds <= c->couple.open_n);
    for (size_t i = first; i < first + c->rounds; i++) {
        char number[24];
        (void)snprintf(number, sizeof number, "%zu", c->couple.promise_n - i);
        durations_add(&each, TYPE(&c->ana, "promise", "done", number, "--yes"));
    }
    tell(c, name, &each, goal_ms);
}

static void measure_all(struct commands *c)
{
    struct durations syncs = {0};
    machine_sync(c->m->folder, true, NS_PER_S / 4, &syncs);
    c->sync_us = durations_us(&syncs, 0.5);
    c->spawn_ms = machine_spawn_ms();
    durations_fini(&syncs);
    MEASURE(c, &c->empty, "command_status_empty", EMPTY_GOAL_MS, "status");
    MEASURE(c, &c->ana, "command_status_%u", GOAL_MS, "status");
    MEASURE(c, &c->ana, "command_promise_list_%u", GOAL_MS, "promise", "list");
    MEASURE(c, &c->ana, "command_promise_show_%u", GOAL_MS, "promise", "show", "1");
    MEASURE(c, &c->ana, "command_log_%u", GOAL_MS, "log");
    MEASURE(c, &c->ana, "command_log_all_%u", GOAL_MS, "log", "--all");
    MEASURE(c, &c->ana, "command_circle_show_%u", GOAL_MS, "circle", "show");
    MEASURE(c, &c->ana, "command_sync_%u", 0, "sync");
    measure_done(c, "command_done_sent_%u", 0, 0);
    EXPECT(daemon_stop(&c->couple.host.daemon));
    measure_done(c, "command_done_kept_here_%u", GOAL_MS, c->rounds);
}

/* ---- all of it ----------------------------------------------------------------------------------------------- */

void measure_command(const struct measure *m)
{
    struct commands *c = calloc(1, sizeof *c);
    struct hand device;
    char folder[SCRATCH_PATH_BYTES], home[SCRATCH_PATH_BYTES];
    EXPECT(c != NULL);
    c->m = m;
    c->rounds = m->is_quick ? QUICK_ROUNDS : ROUNDS;
    scratch_path(folder, m->folder, "command");
    must(mkdir(folder, 0700) == 0, folder);
    couple_open(&c->couple, folder, ENTRIES);
    scratch_path(home, folder, "device");
    couple_again(&c->couple, home, &device);
    hearth_close(&device);
    hearth_open(&c->couple.ben); /* whose home has not heard of that circle */
    hearth_circle(&c->couple.ben, "Nothing yet");
    hearth_close(&c->couple.ben);
    sit_down(&c->ana, m, device.folder, "ana");
    sit_down(&c->empty, m, c->couple.ben.folder, "empty");
    measure_all(c);
    (void)TYPE(&c->ana, "lock");
    (void)TYPE(&c->empty, "lock");
    couple_close(&c->couple);
    free(c);
}
