/* http_mhd_peer.c -- connections: how many of whom, and until when. See http_mhd.h. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "server/http_mhd.h"

enum { FILES_MOST = 1 << 20 };

/* ---- counting ------------------------------------------------------------------------------- */

/* A group as a number; only the same group gives the same one. */
static uint64_t group_number(const struct ip *ip)
{
    uint64_t number = 0;
    struct str group = ip_group(ip);
    for (size_t i = 0; i < group.len; i++) number = number << 8 | group.at[i];
    return ip->is_v6 ? number : number | UINT64_C(0xffffffff) << 32; /* no IPv6 address begins with ff.. */
}

static size_t home_of(const struct peers *peers, uint64_t group)
{
    uint64_t mixed = (group ^ peers->seed) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return (size_t)(mixed ^ mixed >> 32) & (peers->count_n - 1);
}

/* The group's place, or the empty one where it would stand. There is one: the table is never full. */
static struct peer_count *place_of(struct peers *peers, uint64_t group)
{
    size_t i = home_of(peers, group);
    while (peers->count[i].n != 0 && peers->count[i].group != group) i = (i + 1) & (peers->count_n - 1);
    return &peers->count[i];
}

/* Empties a place, and moves those behind it that would not be found any more. */
static void empty_place(struct peers *peers, size_t hole)
{
    const size_t mask = peers->count_n - 1;
    for (size_t i = (hole + 1) & mask; peers->count[i].n != 0; i = (i + 1) & mask) {
        size_t from_home = (i - home_of(peers, peers->count[i].group)) & mask;
        if (from_home < ((i - hole) & mask)) continue;
        peers->count[hole] = peers->count[i];
        hole = i;
    }
    peers->count[hole].n = 0;
}

static bool is_counted(const struct http_peer *peer)
{
    return peer->server->peers.count && !peer->is_proxy;
}

static bool count_up(struct http_peer *peer)
{
    if (!is_counted(peer)) return true;
    struct peer_count *place = place_of(&peer->server->peers, group_number(&peer->ip));
    if (place->n >= peer->server->options.per_ip_n) return false;
    place->group = group_number(&peer->ip);
    place->n++;
    return true;
}

static void count_down(struct http_peer *peer)
{
    struct peers *peers = &peer->server->peers;
    if (!is_counted(peer)) return;
    struct peer_count *place = place_of(peers, group_number(&peer->ip));
    EXPECT(place->n > 0);
    if (place->n > 1) place->n--;
    else empty_place(peers, (size_t)(place - peers->count));
}

/* ---- the list ------------------------------------------------------------------------------- */

static void link_in(struct http_peer *peer)
{
    struct peers *peers = &peer->server->peers;
    peer->behind = peers->first;
    if (peers->first) peers->first->before = peer;
    peers->first = peer;
}

static void link_out(struct http_peer *peer)
{
    if (peer->before) peer->before->behind = peer->behind;
    else peer->server->peers.first = peer->behind;
    if (peer->behind) peer->behind->before = peer->before;
}

void peer_ref(struct http_peer *peer)
{
    atomic_fetch_add(&peer->ref_n, 1);
}

void peer_unref(struct http_peer *peer)
{
    struct http *server = peer->server;
    if (atomic_fetch_sub(&peer->ref_n, 1) != 1) return;

    pthread_mutex_lock(&server->peers.lock);
    link_out(peer);
    count_down(peer);
    pthread_mutex_unlock(&server->peers.lock);
    free(peer);
    atomic_fetch_sub(&server->connection_n, 1);
}

/* ---- coming and going ----------------------------------------------------------------------- */

static struct ip ip_of(const struct sockaddr *address)
{
    struct ip ip = {0};
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        return ip_of_v6((const uint8_t *)&v6.sin6_addr);
    }
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        memcpy(ip.at, &v4.sin_addr, 4);
    }
    return ip;
}

static struct http_peer *peer_of(struct http *server, int fd, const struct sockaddr *address)
{
    struct http_peer *peer = calloc(1, sizeof *peer);
    if (!peer) return NULL;
    peer->server = server;
    peer->fd = fd;
    peer->ip = ip_of(address);
    for (size_t i = 0; i < server->options.proxy_n && !peer->is_proxy; i++) {
        peer->is_proxy = ip_is_in(&peer->ip, &server->proxy[i]);
    }
    atomic_init(&peer->ref_n, 1);
    atomic_init(&peer->until_ms, now_ms() + server->options.request_ms);
    return peer;
}

bool peer_accept(struct http *server, int fd, const struct sockaddr *address)
{
    struct peers *peers = &server->peers;
    struct http_peer *peer = NULL, *lost = NULL;
    bool has_room = atomic_load(&server->connection_n) < server->options.connection_n && (size_t)fd < peers->fd_n;

    if (has_room) peer = peer_of(server, fd, address);
    if (peer) {
        pthread_mutex_lock(&peers->lock);
        has_room = count_up(peer);
        if (has_room) {
            link_in(peer);
            lost = peers->by_fd[fd]; /* the library had no memory for it, and closed it without a word */
            peers->by_fd[fd] = peer;
            atomic_fetch_add(&server->connection_n, 1);
        }
        pthread_mutex_unlock(&peers->lock);
    }
    if (lost) peer_unref(lost);
    if (peer && has_room) return true;
    free(peer);
    atomic_fetch_add(&server->refused_n, 1);
    return false;
}

static struct http_peer *take_accepted(struct peers *peers, int fd)
{
    pthread_mutex_lock(&peers->lock);
    struct http_peer *peer = peers->by_fd[fd];
    peers->by_fd[fd] = NULL;
    pthread_mutex_unlock(&peers->lock);
    return peer;
}

void peer_forget(struct http *server, int fd)
{
    struct http_peer *peer = take_accepted(&server->peers, fd);
    if (peer) peer_unref(peer);
}

void peer_on_connection(void *server, struct MHD_Connection *mhd, void **slot,
                        enum MHD_ConnectionNotificationCode what)
{
    struct peers *peers = &((struct http *)server)->peers;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *slot = take_accepted(peers, MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
        return;
    }
    struct http_peer *peer = *slot;
    if (!peer) return;
    pthread_mutex_lock(&peers->lock); /* the sweep must not touch a descriptor that will be another's */
    peer->fd = -1;
    pthread_mutex_unlock(&peers->lock);
    peer_unref(peer);
}

void peers_sweep(struct http *server, uint64_t now)
{
    struct peers *peers = &server->peers;
    pthread_mutex_lock(&peers->lock);
    for (struct http_peer *peer = peers->first; peer; peer = peer->behind) {
        uint64_t until = atomic_load_explicit(&peer->until_ms, memory_order_relaxed);
        if (until == 0 || now <= until || peer->fd < 0) continue;
        shutdown(peer->fd, SHUT_RDWR);
        atomic_store(&peer->until_ms, 0);
        atomic_fetch_add(&server->overdue_n, 1);
    }
    pthread_mutex_unlock(&peers->lock);
}

void peers_hurry(struct http *server, uint64_t until)
{
    struct peers *peers = &server->peers;
    pthread_mutex_lock(&peers->lock);
    for (struct http_peer *peer = peers->first; peer; peer = peer->behind) {
        uint64_t had = atomic_load(&peer->until_ms);
        /* What became work meanwhile (0) stays without a deadline. */
        while (had > until && !atomic_compare_exchange_weak(&peer->until_ms, &had, until)) {}
    }
    pthread_mutex_unlock(&peers->lock);
}

/* ---- opening -------------------------------------------------------------------------------- */

/* At least twice as many places as there can be groups, and a power of two. */
static size_t places_for(unsigned connection_n)
{
    size_t n = 16;
    while (n < (size_t)connection_n * 2) n *= 2;
    return n;
}

enum err peers_open(struct http *server)
{
    struct peers *peers = &server->peers;
    struct rlimit files = {.rlim_cur = 1024};

    if (getrandom(&peers->seed, sizeof peers->seed, 0) != (ssize_t)sizeof peers->seed) return ERR_INTERNAL;
    if (getrlimit(RLIMIT_NOFILE, &files)) return ERR_INTERNAL;
    peers->fd_n = files.rlim_cur > FILES_MOST ? FILES_MOST : (size_t)files.rlim_cur;
    peers->by_fd = calloc(peers->fd_n, sizeof(struct http_peer *));
    if (server->options.per_ip_n > 0) {
        peers->count_n = places_for(server->options.connection_n);
        peers->count = calloc(peers->count_n, sizeof *peers->count);
    }
    pthread_mutex_init(&peers->lock, NULL);
    if (peers->by_fd && (peers->count_n == 0 || peers->count)) return ERR_OK;
    peers_close(server);
    return ERR_NO_MEMORY;
}

void peers_close(struct http *server)
{
    struct peers *peers = &server->peers;
    pthread_mutex_destroy(&peers->lock);
    free(peers->count);
    free(peers->by_fd);
    *peers = (struct peers){0};
}
