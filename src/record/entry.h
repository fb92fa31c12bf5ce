/* entry.h -- one signed entry of a record: its bytes, its fields, its hash.
 *
 *   wire = [header: bstr, sig: bstr(64), payload: bstr]        payload empty if none, or erased
 *
 *   header = { 1 v, 2 circle, 3 seq, 4 prev, 5 author, 6 epoch, 7 id, 8 time, 9 kind,
 *              10 body, 11 phash, 12 plen, 13 refs }
 *
 * The signature and the hash are over the header's bytes as they came: nothing is ever encoded again to
 * check it. The payload hangs on the header by its hash and length, so it can be erased and the chain
 * still verifies. What a field may hold on its own is decided here; what may follow what, in circle.h.
 *
 * Source   docs/protocol.md, "Entry"; docs/protocol.cddl
 */
#ifndef RECORD_ENTRY_H
#define RECORD_ENTRY_H

#include "base/cbor.h"
#include "record/hash.h"

enum entry_kind {
    ENTRY_GENESIS = 0, /* a circle begins: its first member, key and salt                          */
    ENTRY_INVITE = 1,  /* an invitation; its payload is the capsule for whoever holds the secret   */
    ENTRY_JOIN = 2,    /* the invited person comes in, by their own act                            */
    ENTRY_LEAVE = 3,   /* a member goes, by their own act                                          */
    ENTRY_ROTATE = 4,  /* a new epoch key, sealed to each member                                   */
    ENTRY_REDACT = 5,  /* an author erases payloads of their own                                   */
    ENTRY_CONSENT = 6, /* a member agrees to an open invitation                                    */
    ENTRY_SEALED = 8,  /* everything that people say: the server cannot tell one from another      */
};

/* Why a key was changed: said by its author, judged by nobody. */
enum rotate_reason {
    ROTATE_LEFT = 1,   /* someone left            */
    ROTATE_INVITE = 2, /* before an invitation    */
    ROTATE_JOINED = 3, /* by the one who joined   */
    ROTATE_LOCKED = 4, /* a rotation locked me out */
    ROTATE_WISH = 5,   /* because I want to       */
};

enum { SALT_BYTES = 16 };

struct entry_ref {
    const uint8_t *hash; /* HASH_BYTES */
    uint64_t bytes_n;
};

/* Pointers are borrowed from the wire bytes (or, in a draft, from whoever made it). */
struct entry {
    struct str wire, header, payload;
    const uint8_t *sig;      /* SIG_BYTES                               */
    uint8_t hash[HASH_BYTES]; /* of header and signature; the circle's id in a genesis */

    const uint8_t *circle; /* HASH_BYTES; NULL in a genesis           */
    const uint8_t *prev;   /* HASH_BYTES; NULL in a genesis           */
    const uint8_t *author; /* SIGN_PK_BYTES                           */
    const uint8_t *id;     /* ID_BYTES                                */
    uint64_t seq, epoch;
    uint64_t time_ms; /* the author's clock when signing: a claim */
    enum entry_kind kind;
    const uint8_t *payload_hash; /* HASH_BYTES; NULL where the kind has no payload */
    uint64_t payload_n;          /* the length the header promises           */
    struct entry_ref ref[LIMIT_REFS];
    size_t ref_n;

    union {
        struct {
            const uint8_t *box_pk, *kid, *seal, *salt;
            bool is_sole; /* a journal: nobody joins or leaves */
        } genesis;
        struct {
            const uint8_t *invite_pk;
            uint64_t expires_ms;
        } invite;
        struct {
            const uint8_t *invite_hash, *box_pk, *proof, *seal;
            uint64_t from_epoch;
        } join;
        struct {
            const uint8_t *kid, *seal[LIMIT_MEMBERS + 1]; /* one more, so that too many can be told */
            size_t seal_n;
            uint64_t reason;
        } rotate;
        struct {
            uint64_t seq[LIMIT_CBOR_ITEMS];
            size_t seq_n;
        } redact;
        struct {
            const uint8_t *invite_hash;
        } consent;
    } body;
};

/* entry_read -- takes one wire item apart and checks every field that can be checked alone.
 *
 * Takes    wire         one complete item as cut by cbor_first      borrowed: must outlive the entry
 * Gives    entry        all fields; hash computed; the signature is not checked yet
 *          why          what was wrong; only on failure
 * Fails    BAD_CBOR     wire or header is not in the strict subset
 *          BAD_VERSION  the version is not 1, or the kind is none of version 1: made by a newer Troth
 *          BAD_ENTRY    anything else: a field missing, too many, too long, of the wrong type
 * Threads  any
 */
MUST_USE enum err entry_read(struct str wire, struct entry *entry, struct why *why) NONNULL;

/* entry_is_signed -- whether the author's signature fits the header.                 [pure] */
bool entry_is_signed(const struct entry *entry) NONNULL MUST_USE;

/* entry_payload_fits -- whether the payload is the one whose hash and length the header names. [pure]
 * True for a kind without payload. An erased payload (empty) does not fit. */
bool entry_payload_fits(const struct entry *entry) NONNULL MUST_USE;

/* entry_has_payload -- whether entries of this kind carry a payload at all. */
bool entry_has_payload(enum entry_kind kind);

/* entry_payload_hash -- what a header must name as phash for this payload. */
void entry_payload_hash(uint8_t hash[static HASH_BYTES], struct str payload) NONNULL;

/* entry_write -- encodes, signs and wraps an entry.
 *
 * Takes    draft        every field but wire, header, sig, hash, ref'd memory borrowed; payload_hash and
 *                       payload_n must fit payload (entry_payload_hash)
 *          sign_sk      the author's signing key
 * Gives    wire         the item is appended; is_full when it did not fit
 */
void entry_write(struct out *wire, const struct entry *draft, const uint8_t sign_sk[static SIGN_SK_BYTES]) NONNULL;

#endif
