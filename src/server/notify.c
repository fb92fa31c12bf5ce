/* notify.c -- see notify.h. */
#define _GNU_SOURCE /* SOCK_CLOEXEC, MSG_NOSIGNAL */
#include "server/notify.h"

#include <stddef.h>
#include <unistd.h>

#include "base/out.h"

enum { MESSAGE_BYTES = 512, DIGITS_MOST = 18 };

static const char *env_find(char *const env[], struct str name)
{
    for (size_t i = 0; env[i] != NULL; i++) {
        struct str variable = str_of_text(env[i]);
        if (str_starts(variable, name) && variable.len > name.len && env[i][name.len] == '=') {
            return env[i] + name.len + 1;
        }
    }
    return NULL;
}

static bool number_read(const char *text, uint64_t *number)
{
    uint64_t n = 0;
    size_t len = strlen(text);
    if (len == 0 || len > DIGITS_MOST) return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        n = n * 10 + (uint64_t)(text[i] - '0');
    }
    *number = n;
    return true;
}

/* A path, or "@" and a name that stands in no file system: there its first byte is 0, and its length
 * counts instead of a NUL at the end. */
static bool address_read(struct notify *notify, const char *text)
{
    size_t len = strlen(text);
    if ((text[0] != '/' && text[0] != '@') || len < 2 || len >= sizeof notify->_to.sun_path) return false;
    notify->_to.sun_family = AF_UNIX;
    memcpy(notify->_to.sun_path, text, len + 1);
    notify->_to_n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
    if (text[0] == '@') {
        notify->_to.sun_path[0] = 0;
        notify->_to_n--;
    }
    return true;
}

/* How often to say that all is well: twice in the time after which systemd would restart the server. A
 * watchdog that is meant for another process is none. */
static bool watchdog_read(char *const env[], uint32_t *alive_ms)
{
    const char *usec_text = env_find(env, STR("WATCHDOG_USEC")), *pid_text = env_find(env, STR("WATCHDOG_PID"));
    uint64_t usec, pid;
    if (usec_text == NULL) return true;
    if (pid_text != NULL && !number_read(pid_text, &pid)) return false;
    if (pid_text != NULL && pid != (uint64_t)getpid()) return true;
    if (!number_read(usec_text, &usec) || usec == 0) return false;
    uint64_t half_ms = usec / 2000;
    *alive_ms = half_ms == 0 ? 1 : half_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)half_ms;
    return true;
}

enum err notify_init(struct notify *notify, char *const env[])
{
    struct notify n = {._fd = -1};
    const char *to = env_find(env, STR("NOTIFY_SOCKET"));
    *notify = n;
    if (to == NULL || to[0] == 0) return ERR_OK;
    if (!address_read(&n, to) || !watchdog_read(env, &n.alive_ms)) return ERR_BAD_FIELD;
    n._fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (n._fd < 0) return ERR_INTERNAL;
    *notify = n;
    return ERR_OK;
}

void notify_fini(struct notify *notify)
{
    if (notify->_fd >= 0) close(notify->_fd);
    *notify = (struct notify){._fd = -1};
}

static bool send_message(const struct notify *notify, struct str message)
{
    if (notify->_fd < 0) return true;
    ssize_t n = sendto(notify->_fd, message.at, message.len, MSG_NOSIGNAL, (const struct sockaddr *)&notify->_to,
                       notify->_to_n);
    return n == (ssize_t)message.len;
}

/* A line feed ends a variable of the protocol: within a status it would begin another one. */
static bool send_with_status(const struct notify *notify, const char *variable, const char *status)
{
    uint8_t message[MESSAGE_BYTES];
    struct out o = OUT_OVER(message);
    out_text(&o, variable);
    out_text(&o, "STATUS=");
    for (size_t i = 0; status[i] != 0 && o.len < o.cap; i++) {
        out_put_byte(&o, (uint8_t)status[i] < ' ' ? ' ' : (uint8_t)status[i]);
    }
    return send_message(notify, str_at(o.at, o.len));
}

bool notify_ready(const struct notify *notify, const char *status)
{
    return send_with_status(notify, "READY=1\n", status);
}

bool notify_stopping(const struct notify *notify, const char *status)
{
    return send_with_status(notify, "STOPPING=1\n", status);
}

bool notify_status(const struct notify *notify, const char *status)
{
    return send_with_status(notify, "", status);
}

bool notify_alive(const struct notify *notify)
{
    return send_message(notify, STR("WATCHDOG=1"));
}
