/* prompt.c -- see prompt.h. */
#define _GNU_SOURCE /* ppoll */
#include "cli/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>
#include <utf8proc.h>

#include "cli/say.h"
#include "record/hash.h"

enum { TRIES = 3 };

static enum err because(struct why *why, enum err e, const char *field, const char *text)
{
    *why = (struct why){.code = e, .field = field, .text = text};
    return e;
}

/* ---- the passphrase as it is used --------------------------------------------------------------------- */

enum err passphrase_set(struct passphrase *passphrase, struct str typed, struct why *why)
{
    utf8proc_uint8_t *form = NULL;
    if (typed.len == 0) return because(why, ERR_BAD_FIELD, "passphrase", "An empty passphrase opens nothing.");
    if (!str_is_utf8(typed)) return because(why, ERR_BAD_FIELD, "passphrase", "The passphrase is not UTF-8 text.");
    utf8proc_ssize_t n = utf8proc_map(typed.at, (utf8proc_ssize_t)typed.len, &form,
                                      UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    if (n < 0 || form == NULL) return because(why, ERR_NO_MEMORY, NULL, NULL);
    enum err e = ERR_OK;
    if ((size_t)n > sizeof passphrase->at) {
        e = because(why, ERR_BAD_FIELD, "passphrase", "The passphrase is too long.");
    } else {
        memcpy(passphrase->at, form, (size_t)n);
        passphrase->len = (size_t)n;
    }
    wipe(form, (size_t)n);
    free(form);
    return e;
}

/* ---- the terminal ---------------------------------------------------------------------------------------- */

static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
enum { CAUGHT_N = sizeof caught / sizeof *caught };

static volatile sig_atomic_t came; /* the last signal that came */

static void note_signal(int number)
{
    came = number;
}

struct terminal {
    int fd;
    struct termios was;
    bool is_silent; /* the echo is off, and has to be put back */
    struct sigaction before[CAUGHT_N];
    sigset_t mask; /* as it was; while it is asked, signals come in only where it waits for input */
};

static void tell(const struct terminal *t, const char *text)
{
    size_t n = strlen(text);
    while (n > 0) {
        ssize_t written = write(t->fd, text, n);
        if (written < 0 && errno != EINTR) return; /* a terminal that went away is seen by the next read */
        if (written < 0) continue;
        text += written;
        n -= (size_t)written;
    }
}

static void catch_signals(struct terminal *t)
{
    struct sigaction action = {.sa_handler = note_signal}; /* no SA_RESTART: read has to return */
    sigset_t blocked;
    came = 0;
    EXPECT(sigemptyset(&blocked) == 0);
    for (size_t i = 0; i < CAUGHT_N; i++) EXPECT(sigaddset(&blocked, caught[i]) == 0);
    EXPECT(sigprocmask(SIG_BLOCK, &blocked, &t->mask) == 0);
    for (size_t i = 0; i < CAUGHT_N; i++) EXPECT(sigaction(caught[i], &action, &t->before[i]) == 0);
}

static void release_signals(const struct terminal *t)
{
    for (size_t i = 0; i < CAUGHT_N; i++) EXPECT(sigaction(caught[i], &t->before[i], NULL) == 0);
    EXPECT(sigprocmask(SIG_SETMASK, &t->mask, NULL) == 0);
}

static void silence(struct terminal *t)
{
    struct termios silent;
    if (tcgetattr(t->fd, &t->was) != 0) return;
    silent = t->was;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
    silent.c_lflag |= ECHONL;
    t->is_silent = tcsetattr(t->fd, TCSAFLUSH, &silent) == 0;
}

static void put_back(struct terminal *t)
{
    if (t->is_silent) (void)tcsetattr(t->fd, TCSAFLUSH, &t->was); /* nothing better can be done */
    t->is_silent = false;
}

/* One line up to its end; false when it was interrupted or ended. */
static bool read_line(const struct terminal *t, uint8_t *line, size_t cap, size_t *len)
{
    *len = 0;
    for (;;) {
        uint8_t c;
        struct pollfd on = {.fd = t->fd, .events = POLLIN};
        if (ppoll(&on, 1, NULL, &t->mask) < 0 && (errno != EINTR || came != 0)) return false;
        if (on.revents == 0) continue;
        if (read(t->fd, &c, 1) != 1) return false;
        if (c == '\n' || c == '\r') return true;
        if (*len < cap) line[(*len)++] = c;
    }
}

/* Asks once. A signal is passed on after the terminal is as it was; when the program goes on, so does the question. */
static enum err ask(const char *question, bool is_silent, uint8_t *line, size_t cap, size_t *len, struct why *why)
{
    for (;;) {
        struct terminal t = {.fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)};
        if (t.fd < 0)
            return because(why, ERR_NO_SESSION, "terminal",
                           is_silent
                               ? "There is no terminal to ask for the passphrase. Scripts use --passphrase-file."
                               : "There is no terminal to ask at. Scripts use --yes, and options for what is asked.");
        catch_signals(&t);
        if (is_silent) silence(&t);
        tell(&t, question);
        bool is_read = read_line(&t, line, cap, len);
        int number = came;
        put_back(&t);
        release_signals(&t);
        if (!is_read && number != 0) tell(&t, "\n");
        (void)close(t.fd);
        if (is_read) return ERR_OK;
        wipe(line, *len);
        if (number != 0) EXPECT(raise(number) == 0);
        if (number != SIGTSTP && number != SIGTTIN && number != SIGTTOU)
            return because(why, ERR_STOPPING, "terminal", "Stopped. Nothing was done.");
    }
}

/* ---- questions --------------------------------------------------------------------------------------------- */

static enum err ask_passphrase(struct passphrase *passphrase, const char *question, struct why *why)
{
    uint8_t typed[PASSPHRASE_BYTES + 1];
    size_t len = 0;
    enum err e = ask(question, true, typed, sizeof typed, &len, why);
    if (e == ERR_OK && len > PASSPHRASE_BYTES)
        e = because(why, ERR_BAD_FIELD, "passphrase", "The passphrase is too long.");
    if (e == ERR_OK) e = passphrase_set(passphrase, str_at(typed, len), why);
    wipe(typed, sizeof typed);
    return e;
}

static enum err say_on_terminal(const char *text)
{
    static struct say say;
    FILE *to = fopen("/dev/tty", "w");
    if (to == NULL) return ERR_STORE;
    say_init(&say, to, false);
    say_line(&say, "%s", text);
    bool is_said = say_is_written(&say);
    return fclose(to) == 0 && is_said ? ERR_OK : ERR_STORE;
}

enum err prompt_passphrase(struct passphrase *passphrase, const char *question, bool is_new, struct why *why)
{
    struct passphrase again = {.len = 0};
    for (unsigned i = 0; i < TRIES; i++) {
        enum err e = ask_passphrase(passphrase, question, why);
        if (e != ERR_OK || !is_new) return e;
        e = say_on_terminal(strength_words(passphrase_str(passphrase)));
        if (e != ERR_OK) return because(why, ERR_STOPPING, "terminal", "The terminal went away. Nothing was done.");
        e = ask_passphrase(&again, "Once more: ", why);
        bool is_same = e == ERR_OK && again.len == passphrase->len && secret_is(again.at, passphrase->at, again.len);
        wipe(&again, sizeof again);
        if (e != ERR_OK) return e;
        if (is_same) return ERR_OK;
        e = say_on_terminal("These two are not the same.");
        if (e != ERR_OK) break;
    }
    return because(why, ERR_BAD_FIELD, "passphrase", "The two passphrases were not the same.");
}

enum err prompt_line(char line[static PROMPT_LINE_BYTES], const char *question, struct why *why)
{
    size_t len = 0, start = 0;
    enum err e = ask(question, false, (uint8_t *)line, PROMPT_LINE_BYTES - 1, &len, why);
    if (e != ERR_OK) return e;
    while (len > 0 && line[len - 1] == ' ') len--;
    while (start < len && line[start] == ' ') start++;
    memmove(line, line + start, len - start);
    line[len - start] = 0;
    return ERR_OK;
}

enum err prompt_yes(bool *is_yes, const char *question, struct why *why)
{
    char line[PROMPT_LINE_BYTES], full[512];
    (void)snprintf(full, sizeof full, "%s (yes/no) ", question);
    for (;;) {
        enum err e = prompt_line(line, full, why);
        if (e != ERR_OK) return e;
        bool says_yes = strcasecmp(line, "yes") == 0 || strcasecmp(line, "y") == 0;
        bool says_no = strcasecmp(line, "no") == 0 || strcasecmp(line, "n") == 0;
        if (!says_yes && !says_no && say_on_terminal("Type yes or no.") != ERR_OK)
            return because(why, ERR_STOPPING, "terminal", "The terminal went away. Nothing was done.");
        if (!says_yes && !says_no) continue;
        *is_yes = says_yes;
        return ERR_OK;
    }
}

/* ---- files --------------------------------------------------------------------------------------------------- */

static enum err read_first_line(uint8_t *line, size_t cap, size_t *len, const char *path, struct why *why)
{
    int c;
    FILE *from = fopen(path, "r");
    if (from == NULL) return because(why, ERR_NOT_FOUND, "file", "The file that was named can't be opened.");
    (void)setvbuf(from, NULL, _IONBF, 0); /* no copy of it stays in a buffer */
    *len = 0;
    while ((c = fgetc(from)) != EOF && c != '\n' && *len < cap) line[(*len)++] = (uint8_t)c;
    bool is_read = ferror(from) == 0, is_long = c != EOF && c != '\n';
    (void)fclose(from); /* only read from */
    if (*len > 0 && line[*len - 1] == '\r') (*len)--;
    if (!is_read) return because(why, ERR_NOT_FOUND, "file", "The file that was named can't be read.");
    return is_long ? because(why, ERR_BAD_FIELD, "file", "The first line of the file is too long.") : ERR_OK;
}

enum err prompt_passphrase_file(struct passphrase *passphrase, const char *path, struct why *why)
{
    uint8_t line[PASSPHRASE_BYTES];
    size_t len = 0;
    enum err e = read_first_line(line, sizeof line, &len, path, why);
    if (e == ERR_OK) e = passphrase_set(passphrase, str_at(line, len), why);
    wipe(line, sizeof line);
    return e;
}

enum err prompt_line_file(char line[static PROMPT_LINE_BYTES], const char *path, struct why *why)
{
    size_t len = 0;
    enum err e = read_first_line((uint8_t *)line, PROMPT_LINE_BYTES - 1, &len, path, why);
    if (e == ERR_OK) line[len] = 0;
    return e;
}
