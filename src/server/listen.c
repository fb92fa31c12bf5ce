/* listen.c -- see listen.h. */
#define _GNU_SOURCE
#include "server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 }; /* the system cuts it to its own limit */

static bool port_number(struct str digits, unsigned *port)
{
    unsigned n = 0;
    if (digits.len == 0 || digits.len > 5) return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9') return false;
        n = n * 10 + (unsigned)(digits.at[i] - '0');
    }
    *port = n;
    return n <= 65535;
}

enum err listen_parse(struct str text, struct listen_at *at)
{
    size_t host_n = text.len;
    while (host_n > 0 && text.at[host_n - 1] != ':') host_n--;
    if (host_n == 0) return ERR_BAD_FIELD;

    struct listen_at found = {0};
    struct str host = str_at(text.at, host_n - 1);
    if (!port_number(str_at(text.at + host_n, text.len - host_n), &found.port)) return ERR_BAD_FIELD;
    if (str_is(host, STR("localhost"))) host = STR("127.0.0.1");
    if (str_is(host, STR("*"))) host = STR("[::]");
    bool is_bare_v6 = host.len > 0 && host.at[0] != '[' && memchr(host.at, ':', host.len);
    if (is_bare_v6 || ip_parse(host, &found.ip)) return ERR_BAD_FIELD;
    *at = found;
    return ERR_OK;
}

static socklen_t address_of(const struct listen_at *at, struct sockaddr_storage *address)
{
    memset(address, 0, sizeof *address);
    if (at->ip.is_v6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)at->port);
        memcpy(&v6->sin6_addr, at->ip.at, 16);
        return sizeof *v6;
    }
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)at->port);
    memcpy(&v4->sin_addr, at->ip.at, 4);
    return sizeof *v4;
}

static enum err explain(int cause, const char *text, struct http_trouble *trouble)
{
    char *said = trouble->text;
    const size_t room = sizeof trouble->text;
    switch (cause) {
    case EADDRINUSE:
        snprintf(said, room, "Another program already listens on %s. Stop that one, or choose another address with "
                 "--listen (port 0 takes any free one).", text);
        return ERR_BUSY;
    case EACCES:
    case EPERM:
        snprintf(said, room, "This user may not listen on %s; ports below 1024 are for the system. Choose a higher "
                 "port with --listen, and let a reverse proxy answer on 80 and 443.", text);
        return ERR_BUSY;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        snprintf(said, room, "%s is not an address of this machine. Use one that it has, such as 127.0.0.1:8787, "
                 "or *:8787 for all of them.", text);
        return ERR_BAD_FIELD;
    default:
        snprintf(said, room, "Listening on %s failed: %s.", text, strerror(cause));
        return ERR_INTERNAL;
    }
}

/* Binds and listens; 0, or the errno of what failed. */
static int start(int fd, const struct listen_at *at)
{
    struct sockaddr_storage address;
    const int on = 1, off = 0;
    socklen_t address_n = address_of(at, &address);

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)) return errno;
    if (at->ip.is_v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off)) return errno;
    if (bind(fd, (struct sockaddr *)&address, address_n)) return errno;
    return listen(fd, BACKLOG) ? errno : 0;
}

static unsigned port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t address_n = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &address_n)) return 0;
    return address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port)
                                         : ntohs(((struct sockaddr_in *)&address)->sin_port);
}

/* A socket of the address's family. Where there is no IPv6, every address of the machine is an IPv4 one. */
static int socket_for(struct listen_at *at)
{
    static const struct ip all_v6 = {.is_v6 = true};
    const int kind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd = socket(at->ip.is_v6 ? AF_INET6 : AF_INET, kind, 0);
    bool is_all = at->ip.is_v6 && memcmp(at->ip.at, all_v6.at, sizeof all_v6.at) == 0;
    if (fd >= 0 || errno != EAFNOSUPPORT || !is_all) return fd;
    at->ip.is_v6 = false;
    return socket(AF_INET, kind, 0);
}

enum err listen_open(const char *text, int *fd, unsigned *port, struct http_trouble *trouble)
{
    struct listen_at at;
    if (listen_parse(str_of_text(text), &at)) {
        snprintf(trouble->text, sizeof trouble->text, "\"%.100s\" is no address to listen on. Give an address and a "
                 "port, such as 127.0.0.1:8787, [::1]:8787 or *:8787.", text);
        return ERR_BAD_FIELD;
    }
    int opened = socket_for(&at);
    if (opened < 0) return explain(errno, text, trouble);

    int cause = start(opened, &at);
    if (cause) {
        close(opened);
        return explain(cause, text, trouble);
    }
    *fd = opened;
    *port = port_of(opened);
    return ERR_OK;
}
