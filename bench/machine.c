/* machine.c -- see machine.h. */
#define _GNU_SOURCE
#include "machine.h"

#include <fcntl.h>
#include <sodium.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(bool is_so, const char *what)
{
    if (is_so) return;
    perror(what);
    exit(2);
}

static void write_at(int fd, uint64_t place)
{
    static uint8_t page[MACHINE_WRITE_BYTES] = {1};
    page[place % sizeof page]++; /* never the same content */
    must(pwrite(fd, page, sizeof page, (off_t)(place * sizeof page)) == (ssize_t)sizeof page, "Writing a file");
}

void machine_sync(const char *folder, bool is_growing, uint64_t run_ns, struct durations *each)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/sync", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0, path);
    for (uint64_t i = 0; !is_growing && i < MACHINE_FILE_WRITES; i++) write_at(fd, i);
    must(fsync(fd) == 0, "fsync");
    uint64_t from_ns = timing_ns(), now_ns = from_ns;
    for (uint64_t i = 0; now_ns - from_ns < run_ns; i++) {
        write_at(fd, is_growing ? i : i % MACHINE_FILE_WRITES);
        must(fdatasync(fd) == 0, "fdatasync");
        uint64_t then_ns = timing_ns();
        durations_add(each, then_ns - now_ns);
        now_ns = then_ns;
    }
    (void)close(fd);
    (void)unlink(path);
}

double machine_verify_per_s(size_t message_bytes, uint64_t run_ns)
{
    uint8_t pk[crypto_sign_PUBLICKEYBYTES], sk[crypto_sign_SECRETKEYBYTES], sig[crypto_sign_BYTES];
    uint8_t message[1024] = {0};
    EXPECT(message_bytes <= sizeof message && sodium_init() >= 0);
    (void)crypto_sign_keypair(pk, sk);
    (void)crypto_sign_detached(sig, NULL, message, message_bytes, sk);
    uint64_t from_ns = timing_ns(), n = 0;
    for (; timing_ns() - from_ns < run_ns; n++) {
        EXPECT(crypto_sign_verify_detached(sig, message, message_bytes, pk) == 0);
    }
    return (double)n / timing_s(from_ns);
}

uint64_t machine_busy_ns(void)
{
    unsigned long long ticks[8] = {0}; /* user nice system idle iowait irq softirq steal */
    char line[256] = "";
    FILE *f = fopen("/proc/stat", "r");
    must(f != NULL && fgets(line, sizeof line, f) != NULL, "/proc/stat");
    (void)fclose(f);
    char *at = line + 3; /* "cpu" */
    for (size_t i = 0; i < sizeof ticks / sizeof *ticks; i++) ticks[i] = strtoull(at, &at, 10);
    unsigned long long busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6];
    return busy * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

double machine_spawn_ms(void)
{
    struct durations each = {0};
    char *argument[] = {(char *)(uintptr_t) "true", NULL};
    for (int i = 0; i < 20; i++) {
        pid_t pid;
        uint64_t from_ns = timing_ns();
        must(posix_spawnp(&pid, argument[0], NULL, NULL, argument, NULL) == 0, "Starting true");
        must(waitpid(pid, NULL, 0) == pid, "waitpid");
        durations_add(&each, timing_ns() - from_ns);
    }
    double ms = durations_us(&each, 0.5) / 1000;
    durations_fini(&each);
    return ms;
}
