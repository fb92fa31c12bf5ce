/* people.h -- people with keys, and their copies of a circle: for tests, with everything real in it.
 *
 * A room is one person's copy of one circle: what they have verified, and the keys they hold. It makes the
 * wire bytes of the next entry or batch, and follows what others made. Two rooms over one person are two
 * devices of theirs.
 *
 *   person_init(&ana, "Ana", 1);
 *   room_init(&room, &ana, now_ms);
 *   struct str batch = room_genesis(&room, &a, false);
 *   enum err e = room_take(&room, batch, &why);
 *
 * What makes something changes nothing in the room: it counts once room_take took it, here and in the
 * others' rooms. All that is made lives in arena a. Who asks for what cannot be made (a key that is not
 * held, an invitation that is not there) has a bug in the test, which stops.
 *
 * An attack takes a draft, changes what it wants, and signs; or takes the header's bytes and changes those.
 */
#ifndef HARNESS_PEOPLE_H
#define HARNESS_PEOPLE_H

#include "record/chain.h"
#include "record/epoch.h"
#include "record/invite.h"
#include "record/redact.h"
#include "record/secret.h"

/* ---- people --------------------------------------------------------------------------------------------- */

struct person {
    const char *name;
    struct secret_identity keys; /* sign_pk, sign_sk, box_pk, box_sk, reveal_root … */
};

/* person_init -- a person; always the same keys for the same number. record_open comes first. */
void person_init(struct person *person, const char *name, uint64_t number) NONNULL;
void person_fini(struct person *person) NONNULL;

/* ---- rooms ---------------------------------------------------------------------------------------------- */

struct room_key {
    uint64_t epoch;
    uint8_t key[KEY_BYTES], kid[HASH_BYTES];
};

struct room {
    const struct person *me;
    uint64_t now_ms;    /* the clock of this device: change it as you like           */
    struct chain chain; /* what was taken                                            */
    struct circle at;   /* where the next entry is made: the head, or see room_assume */
    struct room_key *key;
    size_t key_n, _key_cap;
    struct str *wire; /* what was taken: wire[seq], chain.index.row_n of them */
    size_t _wire_cap;
    struct arena *_arena;
};

/* room_init, room_fini -- an empty copy; gives its memory back and wipes it. */
void room_init(struct room *room, const struct person *me, uint64_t now_ms) NONNULL;
void room_fini(struct room *room) NONNULL;

/* room_take -- verifies and follows the entries of a CBOR sequence, as chain_add does, and learns the keys
 * in them that are for me. What is good in front of a bad one is taken; why->at tells its position. */
MUST_USE enum err room_take(struct room *room, struct str sequence, struct why *why) NONNULL;

/* room_assume -- the next entry is made behind these, as if they were taken, which nobody checks. The next
 * room_take forgets it. So a test makes batches of its own, and many entries without verifying them. */
void room_assume(struct room *room, struct str sequence) NONNULL;

/* room_has_key -- whether the key of the epoch where the next entry is made is held. */
bool room_has_key(const struct room *room) NONNULL;

/* room_is_in -- whether I am a member there. */
bool room_is_in(const struct room *room) NONNULL;

/* room_entry -- the entry with that seq, which must have been taken. */
struct entry room_entry(const struct room *room, uint64_t seq) NONNULL;

/* room_text -- what a sealed entry says, with the keys held.             [arena | UNREADABLE NO_MEMORY] */
MUST_USE enum err room_text(const struct room *room, struct arena *a, uint64_t seq, struct str *text) NONNULL;

/* room_sequence -- what was taken, from first_seq on, as a CBOR sequence; empty if that is nothing. */
struct str room_sequence(const struct room *room, struct arena *a, uint64_t first_seq) NONNULL;

/* rooms_take -- every one of them takes it, which must succeed. */
void rooms_take(struct room *const *room, size_t room_n, struct str sequence) NONNULL;

/* rooms_gather -- the first begins a circle, the others come in one after the other, each invited by the
 * first and agreed to by all who are in. All rooms are empty before and at one head afterwards. */
void rooms_gather(struct room *const *room, size_t room_n, struct arena *a) NONNULL;

/* ---- the next entry or batch, as wire bytes ------------------------------------------------------------- */

struct str room_genesis(const struct room *room, struct arena *a, bool is_sole) NONNULL;

/* room_say -- a sealed entry. text: a CBOR map with its type (payload.h); people_note makes one. */
struct str room_say(const struct room *room, struct arena *a, struct str text) NONNULL;
struct str people_note(struct arena *a, const char *words) NONNULL;

struct str room_rotate(const struct room *room, struct arena *a, uint64_t reason) NONNULL;

/* room_invite -- a rotate and an invite that is open for a week; the secret is made and given. */
struct str room_invite(const struct room *room, struct arena *a, uint8_t secret[static SECRET_BYTES]) NONNULL;

/* room_consent -- to the invite entry with that hash. */
struct str room_consent(const struct room *room, struct arena *a, const uint8_t *invite_hash) NONNULL;

/* room_invite_of -- the newest invite entry taken that belongs to the secret. */
struct entry room_invite_of(const struct room *room, const uint8_t secret[static SECRET_BYTES]) NONNULL;

/* room_capsule -- the epoch key in the capsule of that invite: what invite_capsule_open says. */
MUST_USE enum err room_capsule(const struct room *room, const uint8_t secret[static SECRET_BYTES],
                               uint8_t epoch_key[static KEY_BYTES]) NONNULL;

/* room_join -- my join by that secret, and my rotate behind it. */
struct str room_join(const struct room *room, struct arena *a, const uint8_t secret[static SECRET_BYTES]) NONNULL;

struct str room_leave(const struct room *room, struct arena *a) NONNULL;

/* room_redact -- a residue with that outcome for each of my entries there, and the redact behind them.
 * room_redact_bare -- the redact alone, as former members do, and members while the key must change. */
struct str room_redact(const struct room *room, struct arena *a, const uint64_t *seq, size_t seq_n,
                       struct str outcome) NONNULL;
struct str room_redact_bare(const struct room *room, struct arena *a, const uint64_t *seq, size_t seq_n) NONNULL;

/* ---- drafts: to change before they are signed ----------------------------------------------------------- */

/* draft_next -- an entry of mine in the next place, now, with a new id. Without a body: the others fill it. */
struct entry draft_next(const struct room *room, struct arena *a, enum entry_kind kind) NONNULL;

struct entry draft_genesis(const struct room *room, struct arena *a, bool is_sole) NONNULL;
struct entry draft_sealed(const struct room *room, struct arena *a, struct str text) NONNULL;
struct entry draft_rotate(const struct room *room, struct arena *a, uint64_t reason) NONNULL;
struct entry draft_invite(const struct room *room, struct arena *a, const uint8_t secret[static SECRET_BYTES],
                          uint64_t expires_ms) NONNULL;
struct entry draft_consent(const struct room *room, struct arena *a, const uint8_t *invite_hash) NONNULL;
struct entry draft_join(const struct room *room, struct arena *a, const uint8_t secret[static SECRET_BYTES]) NONNULL;
struct entry draft_leave(const struct room *room, struct arena *a) NONNULL;
struct entry draft_redact(const struct room *room, struct arena *a, const uint64_t *seq, size_t seq_n) NONNULL;

/* draft_payload -- puts another payload into a draft, and its hash and length. */
void draft_payload(struct arena *a, struct entry *draft, struct str payload) NONNULL;

/* draft_sign -- the wire bytes of a draft, signed by anyone. */
struct str draft_sign(struct arena *a, const struct entry *draft, const struct person *by) NONNULL;

/* draft_header -- the header's bytes of a draft. draft_wrap signs any bytes as a header and wraps them;
 * draft_wrap_sig takes any bytes for the signature, too. */
struct str draft_header(struct arena *a, const struct entry *draft) NONNULL;
struct str draft_wrap(struct arena *a, struct str header, struct str payload, const struct person *by) NONNULL;
struct str draft_wrap_sig(struct arena *a, struct str header, struct str sig, struct str payload) NONNULL;

/* draft_set, draft_drop -- a CBOR map with one key set to that item (any bytes), or without the key.
 * draft_set_body, draft_drop_body -- the same inside the header's body, key 10. */
struct str draft_set(struct arena *a, struct str map, unsigned key, struct str item) NONNULL;
struct str draft_drop(struct arena *a, struct str map, unsigned key) NONNULL;
struct str draft_set_body(struct arena *a, struct str header, unsigned key, struct str item) NONNULL;
struct str draft_drop_body(struct arena *a, struct str header, unsigned key) NONNULL;

/* draft_uint, draft_bytes, draft_zeros -- CBOR items: a number, a byte string, n zero bytes as one. */
struct str draft_uint(struct arena *a, uint64_t number) NONNULL;
struct str draft_bytes(struct arena *a, struct str bytes) NONNULL;
struct str draft_zeros(struct arena *a, size_t n) NONNULL;

/* draft_then -- one behind the other, as in a batch. */
struct str draft_then(struct arena *a, struct str first, struct str second) NONNULL;

/* draft_erased -- an entry's wire bytes with an empty payload, as a server hands out what was erased. */
struct str draft_erased(struct arena *a, struct str wire) NONNULL;

#endif
