/* agent.c -- the process that holds seeds: that it gives them to their owner only, and for their time only. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/agent_wire.h"
#include "cli/clock.h"
#include "harness/daemon.h"

static char home[SCRATCH_PATH_BYTES];
static const uint8_t ana[SIGN_PK_BYTES] = {1}, ben[SIGN_PK_BYTES] = {2};
static const uint8_t ana_seed[SEED_BYTES] = {11, 12, 13}, ben_seed[SEED_BYTES] = {21, 22, 23};
static const char program[] = "/proc/self/exe";

enum { MINUTE_MS = 60 * 1000 };

static void pause_ms(unsigned ms)
{
    assert_int_equal(usleep(ms * 1000), 0);
}

static int set_up(void **state)
{
    (void)state;
    scratch_folder(home);
    return unsetenv("XDG_RUNTIME_DIR");
}

/* The agent, which is a child of this program; 0 if there is none. */
static pid_t agent_pid(void)
{
    char path[64], children[256] = "", said[64] = "";
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    assert_true(fgets(children, sizeof children, list) != NULL);
    assert_int_equal(fclose(list), 0);
    for (char *at = children, *end; *at != 0 && *at != '\n'; at = end + 1) {
        pid_t pid = (pid_t)strtol(at, &end, 10);
        (void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
        FILE *line = fopen(path, "r");
        if (line == NULL) continue;
        size_t n = fread(said, 1, sizeof said, line); /* of a zombie: nothing */
        assert_int_equal(fclose(line), 0);
        if (memmem(said, n, "troth\0--agent", 14) != NULL) return pid;
    }
    return 0;
}

static int tear_down(void **state)
{
    struct agent agent;
    (void)state;
    agent_init(&agent, home);
    (void)agent_lock(&agent); /* if one is still there */
    agent_fini(&agent);
    for (unsigned i = 0; i < 6000 && agent_pid() != 0; i++) pause_ms(10);
    return agent_pid() == 0 ? 0 : -1;
}

static bool has(const struct agent *agent, const uint8_t *pk, const uint8_t *wanted)
{
    uint8_t seed[SEED_BYTES];
    uint64_t left_ms;
    return agent_get(agent, pk, seed, &left_ms) && memcmp(seed, wanted, SEED_BYTES) == 0;
}

static void what_is_put_is_got_back_by_its_key(void **state)
{
    (void)state;
    struct agent agent;
    uint8_t seed[SEED_BYTES];
    uint64_t left_ms = 0;
    agent_init(&agent, home);
    assert_false(agent_get(&agent, ana, seed, &left_ms));
    assert_true(agent_put(&agent, program, ana, ana_seed, MINUTE_MS));
    assert_true(agent_put(&agent, program, ben, ben_seed, MINUTE_MS));
    assert_true(has(&agent, ana, ana_seed));
    assert_true(has(&agent, ben, ben_seed));
    assert_true(agent_get(&agent, ana, seed, &left_ms));
    assert_true(left_ms > MINUTE_MS / 2 && left_ms <= MINUTE_MS);
    static const uint8_t nobody[SIGN_PK_BYTES] = {3};
    assert_false(agent_get(&agent, nobody, seed, &left_ms));
    assert_true(agent_put(&agent, program, ana, ben_seed, MINUTE_MS)); /* put again: the new one counts */
    assert_true(has(&agent, ana, ben_seed));
    agent_fini(&agent);
}

static void a_seed_is_gone_when_its_time_is_over_and_the_agent_with_the_last(void **state)
{
    (void)state;
    struct agent agent;
    agent_init(&agent, home);
    assert_true(agent_put(&agent, program, ana, ana_seed, 300));
    assert_true(agent_put(&agent, program, ben, ben_seed, 1200));
    uint64_t start_ms = clock_boot_ms();
    assert_true(has(&agent, ana, ana_seed));
    while (has(&agent, ana, ana_seed)) pause_ms(10);
    assert_true(clock_boot_ms() - start_ms >= 200);
    if (clock_boot_ms() - start_ms < 1000) assert_true(has(&agent, ben, ben_seed));
    while (agent_pid() != 0 && clock_boot_ms() - start_ms < 60000) pause_ms(10);
    assert_int_equal(agent_pid(), 0);
    assert_false(has(&agent, ben, ben_seed));
    agent_fini(&agent);
}

static void locking_wipes_at_once_and_ends_the_agent(void **state)
{
    (void)state;
    struct agent agent;
    agent_init(&agent, home);
    assert_false(agent_lock(&agent));
    assert_true(agent_put(&agent, program, ana, ana_seed, MINUTE_MS));
    assert_true(agent_lock(&agent));
    assert_false(has(&agent, ana, ana_seed));
    for (unsigned i = 0; i < 500 && agent_pid() != 0; i++) pause_ms(10);
    assert_int_equal(agent_pid(), 0);
    assert_true(agent_put(&agent, program, ana, ana_seed, MINUTE_MS));
    assert_true(has(&agent, ana, ana_seed));
    agent_fini(&agent);
}

static void a_killed_agent_means_only_that_nobody_has_the_seed(void **state)
{
    (void)state;
    struct agent agent;
    agent_init(&agent, home);
    assert_true(agent_put(&agent, program, ana, ana_seed, MINUTE_MS));
    pid_t pid = agent_pid();
    assert_true(pid > 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
    for (unsigned i = 0; i < 500 && agent_pid() != 0; i++) pause_ms(10);
    assert_false(has(&agent, ana, ana_seed));
    assert_true(agent_put(&agent, program, ana, ana_seed, MINUTE_MS)); /* the dead one's socket is in nobody's way */
    assert_true(has(&agent, ana, ana_seed));
    pid = agent_pid();
    assert_int_equal(kill(pid, SIGTERM), 0);
    for (unsigned i = 0; i < 500 && agent_pid() != 0; i++) pause_ms(10);
    assert_int_equal(agent_pid(), 0);
    agent_fini(&agent);
}

/* As another user: even where folder and socket were opened to all the world, the agent does not answer. */
static void another_user_is_not_answered(void **state)
{
    (void)state;
    struct agent agent;
    char path[SCRATCH_PATH_BYTES];
    if (geteuid() != 0) skip();
    agent_init(&agent, home);
    assert_true(agent_put(&agent, program, ana, ana_seed, MINUTE_MS));
    scratch_path(path, home, "..");
    assert_int_equal(chmod(path, 0711), 0);
    scratch_path(path, home, "agent");
    assert_int_equal(chmod(home, 0755), 0);
    assert_int_equal(chmod(path, 0777), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct agent_ask ask = {.question = AGENT_GET};
        uint8_t byte;
        memcpy(ask.sign_pk, ana, sizeof ana);
        memcpy(address.sun_path, path, strlen(path) + 1);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (setgid(65534) != 0 || setuid(65534) != 0 || fd < 0) _exit(2);
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) _exit(3);
        if (agent_is_mine(fd)) _exit(4);
        _exit(agent_send(fd, &ask, sizeof ask) && recv(fd, &byte, 1, 0) > 0 ? 1 : 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(chmod(home, 0700), 0);
    assert_true(has(&agent, ana, ana_seed));
    agent_fini(&agent);
}

static void a_folder_that_others_may_use_is_not_used(void **state)
{
    (void)state;
    struct agent agent;
    assert_int_equal(chmod(home, 0755), 0);
    agent_init(&agent, home);
    assert_false(agent_put(&agent, program, ana, ana_seed, MINUTE_MS));
    assert_false(has(&agent, ana, ana_seed));
    agent_fini(&agent);
    assert_int_equal(chmod(home, 0700), 0);
}

/* How many files a folder holds; what only root may see counts as seven, which is right. */
static unsigned count_files(const char *path)
{
    unsigned n = 0;
    DIR *folder = opendir(path);
    if (folder == NULL) return 7;
    for (const struct dirent *at; (at = readdir(folder)) != NULL;) n += at->d_name[0] != '.';
    assert_int_equal(closedir(folder), 0);
    return n;
}

static void it_can_not_be_looked_into_and_holds_nothing_open(void **state)
{
    (void)state;
    struct agent agent;
    char path[64], line[256], seen[256] = "";
    agent_init(&agent, home);
    int leak = open(home, O_RDONLY | O_DIRECTORY); /* as a home that is open would be */
    assert_true(leak >= 0);
    assert_true(agent_put(&agent, program, ana, ana_seed, MINUTE_MS));
    assert_true(has(&agent, ana, ana_seed)); /* it serves, so it is set up */
    (void)snprintf(path, sizeof path, "/proc/%d/status", agent_pid());
    FILE *status = fopen(path, "r");
    assert_non_null(status);
    while (fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmLck:", 6) == 0) memcpy(seen, line, sizeof seen);
    }
    assert_int_equal(fclose(status), 0);
    if (!DAEMON_IS_WATCHED) assert_null(strstr(seen, " 0 kB")); /* the address sanitizer locks no memory */
    (void)snprintf(path, sizeof path, "/proc/%d", agent_pid());
    struct stat is;
    assert_int_equal(stat(path, &is), 0);
    assert_int_equal(is.st_uid, 0); /* what is not dumpable belongs to root */
    (void)snprintf(path, sizeof path, "/proc/%d/fd", agent_pid());
    unsigned open_n = 0;
    for (unsigned i = 0; i < 500 && open_n != 7; i++) { /* the last caller's socket may not be closed yet */
        open_n = count_files(path);
        pause_ms(10);
    }
    assert_int_equal(open_n, 7); /* 0 to 4, the timer, the signals */
    assert_int_equal(close(leak), 0);
    agent_fini(&agent);
}

static void a_question_that_makes_no_sense_changes_nothing(void **state)
{
    (void)state;
    struct agent agent;
    agent_init(&agent, home);
    assert_true(agent_put(&agent, program, ana, ana_seed, MINUTE_MS));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_true(snprintf(address.sun_path, sizeof address.sun_path, "%s/agent", home) < (int)sizeof address.sun_path);
    static const struct agent_ask wrong[] = {{.question = 0}, {.question = 'x'}, {.question = AGENT_PUT, .for_ms = 0}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct agent_answer answer = {.is_there = 9};
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
        assert_true(agent_send(fd, &wrong[i], sizeof wrong[i]));
        assert_true(agent_receive(fd, &answer, sizeof answer));
        assert_int_equal(answer.is_there, 0);
        assert_int_equal(close(fd), 0);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM, 0); /* half a question, and gone */
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_true(agent_send(fd, &wrong[0], 10));
    assert_int_equal(close(fd), 0);
    assert_true(has(&agent, ana, ana_seed));
    agent_fini(&agent);
}

int main(int argc, char *argv[])
{
    if (argc == 3 && strcmp(argv[1], "--agent") == 0) return agent_serve(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_put_is_got_back_by_its_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_seed_is_gone_when_its_time_is_over_and_the_agent_with_the_last, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(locking_wipes_at_once_and_ends_the_agent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_killed_agent_means_only_that_nobody_has_the_seed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_user_is_not_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_others_may_use_is_not_used, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_can_not_be_looked_into_and_holds_nothing_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_question_that_makes_no_sense_changes_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
