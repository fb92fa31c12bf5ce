/* town.h -- people with accounts on a real server, and a circle of theirs, kept in step with their copies.
 *
 * The server is started once for a test program; each test gathers the people anew, in a new circle.
 *
 *   static struct town town;
 *   town_open(&town, 3, &options);             everyone has an account and is signed in
 *   town_gather(&town, 2);                     the first two are in a circle, which the server has
 *   reply = town_say(&town, 0, "hello");       and every copy has followed
 *   town_close(&town);
 *
 * What cannot be set up ends the test program with a sentence.
 */
#ifndef HARNESS_TOWN_H
#define HARNESS_TOWN_H

#include "harness/api_client.h"
#include "harness/daemon.h"

enum { TOWN_PEOPLE = 14 };

struct town {
    struct daemon daemon;
    struct daemon_options options;
    struct arena arena; /* emptied by town_gather */
    struct person person[TOWN_PEOPLE];
    struct api api[TOWN_PEOPLE];
    struct room room[TOWN_PEOPLE];
    size_t person_n;
    bool has_rooms;
};

/* What can be seen of a circle from outside: its head, and a hash over all its entries. */
struct town_state {
    struct api_head head;
    uint8_t entries[HASH_BYTES];
    uint64_t entry_n;
};

/* town_open -- starts a server and gives person_n people an account each, by permits. options may be NULL:
 * then without rates that would slow tests down. */
void town_open(struct town *town, size_t person_n, const struct daemon_options *options)
    __attribute__((nonnull(1)));

/* town_close -- stops the server, which must end well. */
void town_close(struct town *town) NONNULL;

/* town_reconnect -- after daemon_restart: every device talks to the server where it is now. */
void town_reconnect(struct town *town) NONNULL;

/* town_permit -- the text of a new permit, from the server's own command. */
void town_permit(const struct town *town, char text[static 64]) NONNULL;

/* town_gather -- new rooms for all; the first n are in a new circle, at one head, here and on the server. */
void town_gather(struct town *town, size_t n) NONNULL;

/* town_rooms -- new, empty rooms for all; nothing is sent. */
void town_rooms(struct town *town) NONNULL;

/* town_circle -- the circle's id, as the first person's copy has it. */
const uint8_t *town_circle(const struct town *town) NONNULL;

/* town_post -- a person sends entries to the circle; if the server records them, everyone's copy takes them,
 * which must succeed. Copies that are empty stay so. */
struct api_reply town_post(struct town *town, size_t who, struct str entries) NONNULL;

/* town_follow -- everyone's copy takes what the server recorded. */
void town_follow(struct town *town, struct str entries) NONNULL;

/* town_say, town_rotate, town_leave -- the usual acts, sent. */
struct api_reply town_say(struct town *town, size_t who, const char *words) NONNULL;
struct api_reply town_rotate(struct town *town, size_t who, uint64_t reason) NONNULL;
struct api_reply town_leave(struct town *town, size_t who) NONNULL;

/* town_invite -- rotate and invite by a person, and everyone else's consent; the secret is given. */
void town_invite(struct town *town, size_t who, uint8_t secret[static SECRET_BYTES]) NONNULL;

/* town_look -- what a member sees of the circle. */
struct town_state town_look(struct town *town, size_t who) NONNULL;
bool town_state_is(const struct town_state *a, const struct town_state *b) NONNULL;

#endif
