/* liar.c -- see liar.h. */
#define _POSIX_C_SOURCE 200809L
#include "harness/liar.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Until fd is ready, the test is over (then false) or that long. */
static bool ready(struct liar *liar, int fd, short events, int ms)
{
    struct pollfd wait[2] = {{.fd = liar->_end_fd[0], .events = POLLIN}, {.fd = fd, .events = events}};
    (void)poll(wait, fd < 0 ? 1 : 2, ms);
    return wait[0].revents == 0;
}

bool liar_say(struct liar *liar, struct str bytes)
{
    while (bytes.len > 0) {
        if (!ready(liar, liar->_fd, POLLOUT, -1)) return false;
        ssize_t n = send(liar->_fd, bytes.at, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) return false;
        bytes = str_at(bytes.at + n, bytes.len - (size_t)n);
    }
    return true;
}

bool liar_say_text(struct liar *liar, const char *text)
{
    return liar_say(liar, str_of_text(text));
}

bool liar_answer(struct liar *liar, int status, struct str body)
{
    char head[160];
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 %d X\r\nContent-Type: application/cbor\r\nContent-Length: %zu\r\n\r\n", status, body.len);
    EXPECT(n > 0 && n < (int)sizeof head);
    return liar_say(liar, str_at(head, (size_t)n)) && liar_say(liar, body);
}

bool liar_wait(struct liar *liar, unsigned ms)
{
    return ready(liar, -1, 0, (int)ms);
}

bool liar_is_asked(struct str request, const char *line)
{
    return str_starts(request, str_of_text(line));
}

/* How long the request is that begins what has come; 0 if it is not whole yet. */
static size_t whole_request(const struct liar *liar)
{
    const char *at = (const char *)liar->_request, *end = strstr(at, "\r\n\r\n");
    if (end == NULL) return 0;
    size_t head_n = (size_t)(end - at) + 4, body_n = 0;
    const char *length = strstr(at, "Content-Length: ");
    if (length != NULL && length < end) body_n = strtoul(length + 16, NULL, 10);
    EXPECT(head_n + body_n < LIAR_REQUEST_BYTES);
    return head_n + body_n <= liar->_request_len ? head_n + body_n : 0;
}

/* Requests of one connection, until it ends. */
static void serve(struct liar *liar)
{
    liar->_request_len = 0;
    for (;;) {
        liar->_request[liar->_request_len] = '\0';
        size_t whole_n = whole_request(liar);
        if (whole_n > 0) {
            liar->asked_n++;
            if (!liar->play(liar, str_at(liar->_request, whole_n))) return;
            liar->_request_len -= whole_n;
            memmove(liar->_request, liar->_request + whole_n, liar->_request_len);
            continue;
        }
        if (!ready(liar, liar->_fd, POLLIN, -1)) return;
        size_t room = LIAR_REQUEST_BYTES - 1 - liar->_request_len;
        ssize_t n = recv(liar->_fd, liar->_request + liar->_request_len, room, 0);
        if (n <= 0) return;
        liar->_request_len += (size_t)n;
    }
}

static void *run(void *ctx)
{
    struct liar *liar = ctx;
    while (ready(liar, liar->_listen_fd, POLLIN, -1)) {
        liar->_fd = accept(liar->_listen_fd, NULL, NULL);
        if (liar->_fd < 0) continue;
        liar->called_n++;
        serve(liar);
        close(liar->_fd);
    }
    return NULL;
}

void liar_open(struct liar *liar, liar_play *play, void *ctx)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof address;
    *liar = (struct liar){.play = play, .ctx = ctx};
    liar->_listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT(liar->_listen_fd >= 0 && pipe(liar->_end_fd) == 0);
    EXPECT(bind(liar->_listen_fd, (struct sockaddr *)&address, sizeof address) == 0);
    EXPECT(listen(liar->_listen_fd, 16) == 0);
    EXPECT(getsockname(liar->_listen_fd, (struct sockaddr *)&address, &n) == 0);
    liar->port = ntohs(address.sin_port);
    (void)snprintf(liar->origin, sizeof liar->origin, "http://127.0.0.1:%u", liar->port);
    EXPECT(pthread_create(&liar->_thread, NULL, run, liar) == 0);
}

void liar_close(struct liar *liar)
{
    liar->is_over = true;
    EXPECT(write(liar->_end_fd[1], "", 1) == 1);
    EXPECT(pthread_join(liar->_thread, NULL) == 0);
    close(liar->_listen_fd);
    close(liar->_end_fd[0]);
    close(liar->_end_fd[1]);
}
