/* entries.c -- headers, signatures and hashes of entries of every kind, against bytes that another program
 * made: written here from the same fields they come out the same, and read they give back the fields.
 *
 * Inputs are patterns: from(x) is the bytes x, x + 1, x + 2 and so on.
 */
#include "record/entry.h"
#include "record/epoch.h"
#include "record/payload.h"
#include "record/secret.h"

#include "vectors/vector.h"

enum { GENESIS, ENTRY_1, SOLE_GENESIS, INVITE, JOIN, LEAVE, ROTATE, REDACT, CONSENT, SEALED_REFS, VECTORS };

/* The first two are the protocol's own; the journal's genesis differs from the first in id, time and sole.
 * The others stand, with one exception, in place 2 behind entry 1, in epoch 7. */
static const struct {
    const char *name, *header, *sig, *hash;
} vectors[VECTORS] = {
    [GENESIS] = {
        "genesis",
        "a801010300055820252c23cf2fcbf188b9ca395d9f8873f946c9fb81ca27e901ea59d2851eafa05406000750a0a1a2a3a4a5a6a7"
        "a8a9aaabacadaeaf081b0000019b76daa80009000aa4015820048e522fc164eb053998fac6542b120322b69658a0a19efe1fb24f"
        "131597be01025820b3df0205c1c0be01c756711c46738be195269334bf25b7fc78c3aa7d548266a9035850000102030405060708"
        "090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c"
        "3d3e3f404142434445464748494a4b4c4d4e4f0450909192939495969798999a9b9c9d9e9f",
        "31b07203f5291d0ae4777f89d050151126d7f3ebf83134e1d5807cca4e740052f58f5abc67f61832b2976b289ee934ecb9173b80"
        "7b4c3fd528748750a67ef70c",
        "344c04edc27409c5b7f052ee4e54bbedf831bef283b5fe9a89bd6bbb5c4628a9",
    },
    [ENTRY_1] = {
        "entry 1",
        "ab0101025820344c04edc27409c5b7f052ee4e54bbedf831bef283b5fe9a89bd6bbb5c4628a90301045820344c04edc27409c5b7"
        "f052ee4e54bbedf831bef283b5fe9a89bd6bbb5c4628a9055820252c23cf2fcbf188b9ca395d9f8873f946c9fb81ca27e901ea59"
        "d2851eafa05406000750b0b1b2b3b4b5b6b7b8b9babbbcbdbebf081b0000019b76db926009080b58207aa89c860fd2722d37b882"
        "d1965e9c510bbf9c084bcd9065f034f9550d13e1350c190228",
        "6395b1ed2f875dd87c4fbd87b112f1d9f3702c989cce8bae0ed66b6ee181dd11e8256ac94cf1ef45441681123a32fdeb0b0b9edf"
        "9a3e080c7f542c4a57dccf01",
        "176f9a08de5e7e9f106a0f1c4ad16966bb2b53312698287693ef396c385dc0dd",
    },
    [SOLE_GENESIS] = {
        "genesis of a journal",
        "a801010300055820252c23cf2fcbf188b9ca395d9f8873f946c9fb81ca27e901ea59d2851eafa05406000750d0d1d2d3d4d5d6d7"
        "d8d9dadbdcdddedf081b0000019b76dc7cc009000aa5015820048e522fc164eb053998fac6542b120322b69658a0a19efe1fb24f"
        "131597be01025820b3df0205c1c0be01c756711c46738be195269334bf25b7fc78c3aa7d548266a9035850000102030405060708"
        "090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c"
        "3d3e3f404142434445464748494a4b4c4d4e4f0450909192939495969798999a9b9c9d9e9f0601",
        "c83ed37a60854d0c03c2caa87a503c1139dda9aca7f4b62798da255b07cbf6b9043da963cdc67bd52bdbb9f9a6964690869d948c"
        "bdd3180b8b38430c312ed608",
        "675cf7736a0c621818519b198dc3efdfc169f6efd0bbbf0f29296bdb4c0afed4",
    },
    [INVITE] = {
        "invite",
        "ac0101025820344c04edc27409c5b7f052ee4e54bbedf831bef283b5fe9a89bd6bbb5c4628a90302045820176f9a08de5e7e9f10"
        "6a0f1c4ad16966bb2b53312698287693ef396c385dc0dd055820252c23cf2fcbf188b9ca395d9f8873f946c9fb81ca27e901ea59"
        "d2851eafa05406070750d0d1d2d3d4d5d6d7d8d9dadbdcdddedf081b0000019b76dc7cc009010aa2015820111213141516171819"
        "1a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30021b0000019b7c02d8c00b58202e9548c67581dfabe8ce42462cccf475"
        "e01447b24c0ef1fb11b3047b935982de0c17",
        "177223c9637c275bef9439900de4aba9f2358db7f13f18a3688dc47f571979f80a4242507fed82ad7f6954e0ac00d61264e0c4a1"
        "298f0a537103c329a4ba560a",
        "c622e520fb4c126ba3200f93526c8b9beb768490d5e28955e2df00cd003da092",
    },
    [JOIN] = {
        "join",
        "aa0101025820344c04edc27409c5b7f052ee4e54bbedf831bef283b5fe9a89bd6bbb5c4628a90302045820176f9a08de5e7e9f10"
        "6a0f1c4ad16966bb2b53312698287693ef396c385dc0dd055820252c23cf2fcbf188b9ca395d9f8873f946c9fb81ca27e901ea59"
        "d2851eafa05406070750d0d1d2d3d4d5d6d7d8d9dadbdcdddedf081b0000019b76dc7cc009020aa5015820176f9a08de5e7e9f10"
        "6a0f1c4ad16966bb2b53312698287693ef396c385dc0dd025820048e522fc164eb053998fac6542b120322b69658a0a19efe1fb2"
        "4f131597be0103584022232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c"
        "4d4e4f505152535455565758595a5b5c5d5e5f60610407055850333435363738393a3b3c3d3e3f404142434445464748494a4b4c"
        "4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80"
        "8182",
        "14c5990758172a643a6b9532f3cc99a56613e4b9939c806acccd52b158442f13026c3d5153a95dc97783952cb452fa48026bda76"
        "a8676195dfe66938ae7b9f02",
        "e9b99e65c2a23c5e17129bf1274744ecbda212153d55d7348bd8b07b1ac63734",
    },
    [LEAVE] = {
        "leave",
        "aa0101025820344c04edc27409c5b7f052ee4e54bbedf831bef283b5fe9a89bd6bbb5c4628a90302045820176f9a08de5e7e9f10"
        "6a0f1c4ad16966bb2b53312698287693ef396c385dc0dd055820252c23cf2fcbf188b9ca395d9f8873f946c9fb81ca27e901ea59"
        "d2851eafa05406070750d0d1d2d3d4d5d6d7d8d9dadbdcdddedf081b0000019b76dc7cc009030aa0",
        "aae26931d84f4e99ad785062dde88416f2e0765342f0001e8db8a7caebff99c9df582bc41de75ecf12e34dbee90e817f7f0ddb27"
        "8ee871457d74241dfb16b10e",
        "57ad8132ffd9bf83361c6a366e3d1257268ef4e8d93879d5653f654bbc9584fd",
    },
    [ROTATE] = {
        "rotate",
        "aa0101025820344c04edc27409c5b7f052ee4e54bbedf831bef283b5fe9a89bd6bbb5c4628a90302045820176f9a08de5e7e9f10"
        "6a0f1c4ad16966bb2b53312698287693ef396c385dc0dd055820252c23cf2fcbf188b9ca395d9f8873f946c9fb81ca27e901ea59"
        "d2851eafa05406080750d0d1d2d3d4d5d6d7d8d9dadbdcdddedf081b0000019b76dc7cc009040aa3015820b3df0205c1c0be01c7"
        "56711c46738be195269334bf25b7fc78c3aa7d548266a9028258504445464748494a4b4c4d4e4f505152535455565758595a5b5c"
        "5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f90"
        "919293585055565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283"
        "8485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a40302",
        "a2c53e9be8123bcdd83c0a1037b7c46a662d335dda4c149dde833d3c2bd3f33ef864ddc3be81fa5efcc5350aa6bfc4dade524d02"
        "60edd62f29d54701b5ec6e06",
        "2b9189cd998c7460be9070b6d44eaba5d9e3415554ecfb866204940fea976896",
    },
    [REDACT] = {
        "redact",
        "aa0101025820344c04edc27409c5b7f052ee4e54bbedf831bef283b5fe9a89bd6bbb5c4628a9031a00011170045820176f9a08de"
        "5e7e9f106a0f1c4ad16966bb2b53312698287693ef396c385dc0dd055820252c23cf2fcbf188b9ca395d9f8873f946c9fb81ca27"
        "e901ea59d2851eafa05406070750d0d1d2d3d4d5d6d7d8d9dadbdcdddedf081b0000019b76dc7cc009050aa10184011718181a00"
        "010000",
        "c0d50ac015732bedcb0073f643260e1569e967c498df70a615423d47767be31587e116320151eeddd4cd7cff0f9843d91ac4b0e9"
        "681658c6aa0a64b0a819ff0d",
        "1ae36e3935441b84700006906be2087cd9ab02a93d25389730870f76190d1467",
    },
    [CONSENT] = {
        "consent",
        "aa0101025820344c04edc27409c5b7f052ee4e54bbedf831bef283b5fe9a89bd6bbb5c4628a90302045820176f9a08de5e7e9f10"
        "6a0f1c4ad16966bb2b53312698287693ef396c385dc0dd055820252c23cf2fcbf188b9ca395d9f8873f946c9fb81ca27e901ea59"
        "d2851eafa05406070750d0d1d2d3d4d5d6d7d8d9dadbdcdddedf081b0000019b76dc7cc009060aa1015820176f9a08de5e7e9f10"
        "6a0f1c4ad16966bb2b53312698287693ef396c385dc0dd",
        "5c26e3307352409ce279fbb4d0430b0a5afaa2b840512d67a3f2d6d51f416a1ca5c0c14aaad26a090e5583b46b0ea888b6a95794"
        "4b56135c7112b54c8da5070f",
        "053c467a8f471551417a4f7b62b1411618c96a99805e9a94fa810b09ccec79b0",
    },
    [SEALED_REFS] = {
        "sealed, with references",
        "ac0101025820344c04edc27409c5b7f052ee4e54bbedf831bef283b5fe9a89bd6bbb5c4628a9031affffffff045820176f9a08de"
        "5e7e9f106a0f1c4ad16966bb2b53312698287693ef396c385dc0dd055820252c23cf2fcbf188b9ca395d9f8873f946c9fb81ca27"
        "e901ea59d2851eafa054061b001fffffffffffff0750d0d1d2d3d4d5d6d7d8d9dadbdcdddedf081b0000019b76dc7cc009080b58"
        "202e9548c67581dfabe8ce42462cccf475e01447b24c0ef1fb11b3047b935982de0c170d82825820666768696a6b6c6d6e6f7071"
        "72737475767778797a7b7c7d7e7f8081828384851b00000100000000008258207778797a7b7c7d7e7f808182838485868788898a"
        "8b8c8d8e8f9091929394959600",
        "6136cbebe7143829bcf84b212953ad8ba49e2e61dc2153c8a5aa1d8184fe43cdfbc258e2f9f08744834f947b3262416167ad86f4"
        "b78554b3bf2c35e9521c2305",
        "5fb20ece2241d27810b4038601f0ccc074b9e961b07b060567c14cf6c6cbadd7",
    },
};

/* ---- the same entries, from their fields ------------------------------------------------------------ */

static struct secret_identity ana;
static uint8_t kid[HASH_BYTES], circle[HASH_BYTES], entry1[HASH_BYTES];

static uint8_t pattern_memory[4096];
static size_t pattern_n;

/* n bytes that begin with first and go up by one. */
static const uint8_t *from(uint8_t first, size_t n)
{
    uint8_t *bytes = pattern_memory + pattern_n;
    EXPECT(n <= sizeof pattern_memory - pattern_n);
    for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)(first + i);
    pattern_n += n;
    return bytes;
}

static struct entry draft_first(bool is_sole)
{
    struct entry e = {
        .kind = ENTRY_GENESIS,
        .author = ana.sign_pk,
        .id = from(is_sole ? 0xd0 : 0xa0, ID_BYTES),
        .time_ms = is_sole ? UINT64_C(1767225720000) : UINT64_C(1767225600000),
    };
    e.body.genesis.box_pk = ana.box_pk;
    e.body.genesis.kid = kid;
    e.body.genesis.seal = from(0, SEAL_BYTES);
    e.body.genesis.salt = from(0x90, SALT_BYTES);
    e.body.genesis.is_sole = is_sole;
    return e;
}

static uint8_t payload_hash_memory[2][HASH_BYTES];

static void payload_set(struct entry *e, struct str payload, uint8_t hash[static HASH_BYTES])
{
    entry_payload_hash(hash, payload);
    e->payload = payload;
    e->payload_hash = hash;
    e->payload_n = payload.len;
}

static struct arena arena;

/* The note "hello", sealed. */
static struct entry draft_entry1(void)
{
    static const uint8_t text[] = {0xa2, 0x01, 0x02, 0x02, 0x65, 'h', 'e', 'l', 'l', 'o'};
    uint8_t content_key[KEY_BYTES];
    struct str payload = {0};
    struct entry e = {
        .kind = ENTRY_SEALED,
        .circle = circle,
        .prev = circle,
        .seq = 1,
        .author = ana.sign_pk,
        .id = from(0xb0, ID_BYTES),
        .time_ms = UINT64_C(1767225660000),
    };
    struct payload_place place = {circle, ana.sign_pk, e.id, 0};
    epoch_content_key(content_key, from(0x20, KEY_BYTES));
    enum err err = payload_seal_with_nonce(&arena, &place, content_key, from(0x30, AEAD_NONCE_BYTES), STR_OF(text),
                                           &payload);
    vector_check("payload is sealed", err == ERR_OK);
    payload_set(&e, payload, payload_hash_memory[0]);
    vector_check("payload length", payload.len == 552);
    vector_same("payload hash", str_at(e.payload_hash, HASH_BYTES),
                "7aa89c860fd2722d37b882d1965e9c510bbf9c084bcd9065f034f9550d13e135");
    return e;
}

static struct entry draft_other(enum entry_kind kind)
{
    struct entry e = {
        .kind = kind,
        .circle = circle,
        .prev = entry1,
        .seq = 2,
        .epoch = 7,
        .author = ana.sign_pk,
        .id = from(0xd0, ID_BYTES),
        .time_ms = UINT64_C(1767225720000),
    };
    if (entry_has_payload(kind)) payload_set(&e, STR("the capsule stands here"), payload_hash_memory[1]);
    return e;
}

static struct entry draft_join(void)
{
    struct entry e = draft_other(ENTRY_JOIN);
    e.body.join.invite_hash = entry1;
    e.body.join.box_pk = ana.box_pk;
    e.body.join.proof = from(0x22, SIG_BYTES);
    e.body.join.from_epoch = 7;
    e.body.join.seal = from(0x33, SEAL_BYTES);
    return e;
}

static struct entry draft_invite(void)
{
    struct entry e = draft_other(ENTRY_INVITE);
    e.body.invite.invite_pk = from(0x11, SIGN_PK_BYTES);
    e.body.invite.expires_ms = e.time_ms + 24 * 60 * 60 * 1000;
    return e;
}

static struct entry draft_rotate(void)
{
    struct entry e = draft_other(ENTRY_ROTATE);
    e.epoch = 8;
    e.body.rotate.kid = kid;
    e.body.rotate.seal[0] = from(0x44, SEAL_BYTES);
    e.body.rotate.seal[1] = from(0x55, SEAL_BYTES);
    e.body.rotate.seal_n = 2;
    e.body.rotate.reason = ROTATE_INVITE;
    return e;
}

static struct entry draft_redact(void)
{
    static const uint64_t seq[] = {1, 23, 24, 65536};
    struct entry e = draft_other(ENTRY_REDACT);
    e.seq = 70000;
    memcpy(e.body.redact.seq, seq, sizeof seq);
    e.body.redact.seq_n = 4;
    return e;
}

static struct entry draft_consent(void)
{
    struct entry e = draft_other(ENTRY_CONSENT);
    e.body.consent.invite_hash = entry1;
    return e;
}

/* The largest numbers that a header can hold, and two attachments. */
static struct entry draft_refs(void)
{
    struct entry e = draft_other(ENTRY_SEALED);
    e.seq = LIMIT_SEQ;
    e.epoch = LIMIT_NUMBER;
    e.ref[0] = (struct entry_ref){from(0x66, HASH_BYTES), UINT64_C(1) << 40};
    e.ref[1] = (struct entry_ref){from(0x77, HASH_BYTES), 0};
    e.ref_n = 2;
    return e;
}

/* ---- written, and read ------------------------------------------------------------------------------ */

static uint8_t wire_memory[VECTORS][LIMIT_HEADER_BYTES + 1024];
static struct entry read_entry[VECTORS];

static bool same(const uint8_t *a, const uint8_t *b, size_t n)
{
    return a == b || (a != NULL && b != NULL && memcmp(a, b, n) == 0);
}

static bool same_place(const struct entry *a, const struct entry *b)
{
    return a->kind == b->kind && a->seq == b->seq && a->epoch == b->epoch && a->time_ms == b->time_ms &&
           same(a->circle, b->circle, HASH_BYTES) && same(a->prev, b->prev, HASH_BYTES) &&
           same(a->author, b->author, SIGN_PK_BYTES) && same(a->id, b->id, ID_BYTES) && a->ref_n == b->ref_n &&
           a->payload_n == b->payload_n && same(a->payload_hash, b->payload_hash, HASH_BYTES) &&
           str_is(a->payload, b->payload);
}

static void vector_run(size_t i, struct entry draft)
{
    struct out wire = OUT_OVER(wire_memory[i]);
    struct entry *e = &read_entry[i];
    struct why why;
    printf("-- %s\n", vectors[i].name);
    entry_write(&wire, &draft, ana.sign_sk);
    vector_check("it fits", !wire.is_full);
    bool is_read = entry_read(out_str(&wire), e, &why) == ERR_OK;
    vector_check("it is read", is_read);
    if (!is_read) return;
    vector_same("header", e->header, vectors[i].header);
    vector_same("signature", str_at(e->sig, SIG_BYTES), vectors[i].sig);
    vector_same("hash", STR_OF(e->hash), vectors[i].hash);
    vector_check("the signature fits", entry_is_signed(e));
    vector_check("the payload fits", entry_payload_fits(e));
    vector_check("the place and payload are read", same_place(e, &draft));
}

static void bodies_are_read(void)
{
    const struct entry *e = read_entry;
    vector_check("genesis: box_pk", same(e[GENESIS].body.genesis.box_pk, ana.box_pk, BOX_PK_BYTES));
    vector_check("genesis: kid", same(e[GENESIS].body.genesis.kid, kid, HASH_BYTES));
    vector_check("genesis: seal", same(e[GENESIS].body.genesis.seal, from(0, SEAL_BYTES), SEAL_BYTES));
    vector_check("genesis: salt", same(e[GENESIS].body.genesis.salt, from(0x90, SALT_BYTES), SALT_BYTES));
    vector_check("genesis: sole", !e[GENESIS].body.genesis.is_sole && e[SOLE_GENESIS].body.genesis.is_sole);
    vector_check("invite: key", same(e[INVITE].body.invite.invite_pk, from(0x11, SIGN_PK_BYTES), SIGN_PK_BYTES));
    vector_check("invite: expiry", e[INVITE].body.invite.expires_ms == UINT64_C(1767312120000));
    vector_check("join: invite", same(e[JOIN].body.join.invite_hash, entry1, HASH_BYTES));
    vector_check("join: box_pk", same(e[JOIN].body.join.box_pk, ana.box_pk, BOX_PK_BYTES));
    vector_check("join: proof", same(e[JOIN].body.join.proof, from(0x22, SIG_BYTES), SIG_BYTES));
    vector_check("join: from_epoch", e[JOIN].body.join.from_epoch == 7);
    vector_check("join: seal", same(e[JOIN].body.join.seal, from(0x33, SEAL_BYTES), SEAL_BYTES));
    vector_check("rotate: kid", same(e[ROTATE].body.rotate.kid, kid, HASH_BYTES));
    vector_check("rotate: two boxes", e[ROTATE].body.rotate.seal_n == 2);
    vector_check("rotate: box 0", same(e[ROTATE].body.rotate.seal[0], from(0x44, SEAL_BYTES), SEAL_BYTES));
    vector_check("rotate: box 1", same(e[ROTATE].body.rotate.seal[1], from(0x55, SEAL_BYTES), SEAL_BYTES));
    vector_check("rotate: reason", e[ROTATE].body.rotate.reason == 2);
    const uint64_t *seq = e[REDACT].body.redact.seq;
    bool are_seqs = seq[0] == 1 && seq[1] == 23 && seq[2] == 24 && seq[3] == 65536;
    vector_check("redact: seqs", e[REDACT].body.redact.seq_n == 4 && are_seqs);
    vector_check("consent: invite", same(e[CONSENT].body.consent.invite_hash, entry1, HASH_BYTES));
    const struct entry_ref *ref = e[SEALED_REFS].ref;
    bool are_refs = same(ref[0].hash, from(0x66, HASH_BYTES), HASH_BYTES) && ref[0].bytes_n == UINT64_C(1) << 40 &&
                    same(ref[1].hash, from(0x77, HASH_BYTES), HASH_BYTES) && ref[1].bytes_n == 0;
    vector_check("sealed: references", e[SEALED_REFS].ref_n == 2 && are_refs);
}

int main(void)
{
    if (record_open() != ERR_OK) return 1;
    arena_init(&arena, 64 * 1024);
    secret_identity_init(&ana, from(0x40, SEED_BYTES));
    epoch_kid(kid, from(0x20, KEY_BYTES));
    vector_bytes(vectors[GENESIS].hash, circle, sizeof circle);
    vector_bytes(vectors[ENTRY_1].hash, entry1, sizeof entry1);
    vector_run(GENESIS, draft_first(false));
    vector_run(ENTRY_1, draft_entry1());
    vector_run(SOLE_GENESIS, draft_first(true));
    vector_run(INVITE, draft_invite());
    vector_run(JOIN, draft_join());
    vector_run(LEAVE, draft_other(ENTRY_LEAVE));
    vector_run(ROTATE, draft_rotate());
    vector_run(REDACT, draft_redact());
    vector_run(CONSENT, draft_consent());
    vector_run(SEALED_REFS, draft_refs());
    bodies_are_read();
    arena_fini(&arena);
    return vector_end();
}
