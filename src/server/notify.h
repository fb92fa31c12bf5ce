/* notify.h -- tells systemd how the server is: ready, stopping, alive. Where there is no systemd, nobody.
 *
 * The protocol is one datagram per message to the socket that NOTIFY_SOCKET names; libsystemd would cost
 * more memory than the idle server has.
 *
 * Threads  after notify_init, every function may be called from any thread
 * Source   sd_notify(3), sd_watchdog_enabled(3)
 */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>

#include "base/err.h"

struct notify {
    int _fd; /* -1: nobody wants to know */
    struct sockaddr_un _to;
    socklen_t _to_n;
    uint32_t alive_ms; /* call notify_alive so often: half of what systemd waits; 0: it does not wait */
};

/* notify_init -- finds out who wants to know: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID.
 *                                                                              [socket | BAD_FIELD INTERNAL]
 * Takes    env       "NAME=value" texts, NULL behind the last
 * Gives    notify    to be ended with notify_fini; silent, if nobody wants to know or on failure
 * Fails    BAD_FIELD  NOTIFY_SOCKET or WATCHDOG_USEC makes no sense; a server can go on without
 *          INTERNAL   the system gave no socket
 */
MUST_USE enum err notify_init(struct notify *notify, char *const env[]) NONNULL;

/* notify_fini -- says nothing more. */
void notify_fini(struct notify *notify) NONNULL;

/* notify_ready -- the server answers now.   notify_stopping -- it ends, and drains first.
 *
 * Takes    status   one line for `systemctl status`, such as "listening on 127.0.0.1:8787"
 * Gives    false, when it could not be sent; true also when nobody wants to know
 */
bool notify_ready(const struct notify *notify, const char *status) NONNULL;
bool notify_stopping(const struct notify *notify, const char *status) NONNULL;

/* notify_status -- a new line for `systemctl status`.   notify_alive -- still there; see alive_ms. */
bool notify_status(const struct notify *notify, const char *status) NONNULL;
bool notify_alive(const struct notify *notify) NONNULL;

#endif
