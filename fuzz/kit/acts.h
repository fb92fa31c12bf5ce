/* acts.h -- entries that people with keys sign at the head of a circle, as an input wants them: lawful and not.
 *
 * What is in the boxes (keys, capsules, words) is any bytes: neither the laws of a circle nor a server look
 * into them.
 */
#ifndef KIT_ACTS_H
#define KIT_ACTS_H

#include "harness/people.h"
#include "kit/fuzz.h"

enum { ACTS_PEOPLE = 14, ACTS_SECRETS = 8 };
#define ACTS_DAY_MS UINT64_C(86400000)

/* Everybody there is, and the keys of every invitation. */
struct acts_world {
    struct person person[ACTS_PEOPLE];
    struct invite_keys invite[ACTS_SECRETS];
};
extern struct acts_world acts_world;

/* acts_world_init -- makes them. */
void acts_world_init(void);

/* acts_who -- the person with that signing key; -1: nobody. */
int acts_who(const uint8_t *sign_pk) NONNULL;

/* Where the next entry is made. */
struct acts {
    struct arena *arena;
    const struct circle *at; /* the state at the head; not begun before the genesis */
    uint64_t time_ms;
};

/* acts_keep, acts_zeros -- a copy; n zero bytes. In the arena. */
const uint8_t *acts_keep(struct acts *acts, const void *bytes, size_t n) NONNULL;
const uint8_t *acts_zeros(struct acts *acts, size_t n) NONNULL;

/* acts_next -- an entry of the person's in the next place, with a new id; its body is still to be filled. */
struct entry acts_next(struct acts *acts, size_t by, enum entry_kind kind) NONNULL;

/* acts_... -- an entry of that kind.   invite_hash: of the invite entry; if that is open, the proof is right */
struct entry acts_genesis(struct acts *acts, size_t by, bool is_sole) NONNULL;
struct entry acts_rotate(struct acts *acts, size_t by, size_t seal_n) NONNULL;
struct entry acts_invite(struct acts *acts, size_t by, size_t secret, uint64_t expires_ms) NONNULL;
struct entry acts_consent(struct acts *acts, size_t by, const uint8_t *invite_hash) NONNULL;
struct entry acts_join(struct acts *acts, size_t by, const uint8_t *invite_hash) NONNULL;
struct entry acts_words(struct acts *acts, size_t by, size_t payload_n) NONNULL;

/* acts_some -- an entry of the kind, and with the choices, that the input says. */
struct entry acts_some(struct acts *acts, size_t by, struct fuzz_in *in) NONNULL;

/* acts_spoil -- in most cases nothing; else one thing in the entry is not as it should be. */
void acts_spoil(struct acts *acts, struct entry *e, struct fuzz_in *in) NONNULL;

/* acts_sign -- its wire bytes. */
struct str acts_sign(struct acts *acts, const struct entry *e, size_t signer) NONNULL;

#endif
