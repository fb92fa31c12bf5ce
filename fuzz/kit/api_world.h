/* api_world.h -- a whole server in this process, but for network and clock, and people who use it.
 *
 * Ana and Ben are in a circle that Cleo has left, with an invitation that everybody has agreed to; Ana has a
 * journal, too. They and Eve have accounts and are signed in; Dora holds the invitation and a permit. Every
 * input begins with just that.
 */
#ifndef KIT_API_WORLD_H
#define KIT_API_WORLD_H

#include "kit/acts.h"
#include "server/server.h"

enum { ANA, BEN, CLEO, DORA, EVE, API_PEOPLE };
enum { API_TOKENS = 16, API_INVITE_SECRET = 0 };
#define API_NOON_MS UINT64_C(1770000000000)

struct api_token {
    uint8_t token[ACCOUNT_TOKEN_BYTES];
    size_t who;
};

struct api_world {
    struct server server;
    struct http_owner owner;
    struct store *store, *reader; /* the reader is the fuzzer's own */
    uint64_t account[API_PEOPLE]; /* numbers; 0: none */
    struct api_token token[API_TOKENS];
    size_t token_n; /* the first are of ANA, BEN, CLEO and EVE */
};

/* What never changes. */
struct api_fixed {
    struct secret_access access[API_PEOPLE];
    uint8_t permit[SECRET_BYTES];
    uint8_t circle[HASH_BYTES], journal[HASH_BYTES];
    struct str entry[64]; /* of the circle */
    size_t entry_n;
};
extern struct api_fixed api_fixed;

/* api_fixed_init -- makes it; once. */
void api_fixed_init(void);

/* api_world_fill -- puts what every input begins with into w->store, which is empty. */
void api_world_fill(struct api_world *w) NONNULL;

/* api_world_open, api_world_close -- the server as it is at the beginning of an input; and its end, with every
 * thread of it. */
void api_world_open(struct api_world *w) NONNULL;
void api_world_close(struct api_world *w) NONNULL;

/* api_world_circle -- the state of a circle there; one that is not begun, if there is none. */
struct circle api_world_circle(struct api_world *w, const uint8_t id[static HASH_BYTES]) NONNULL;

/* api_world_digest -- a hash of what the store holds: other when anything was recorded, changed or removed. */
void api_world_digest(struct api_world *w, uint8_t digest[static HASH_BYTES]) NONNULL;

/* api_world_expect_whole -- everything in the store fits together, every record proves itself from its first
 * entry on and leads to the state that is kept of it, and the sessions in memory are those in the store. */
void api_world_expect_whole(struct api_world *w) NONNULL;

#endif
