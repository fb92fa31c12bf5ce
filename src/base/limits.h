/* limits.h -- every ceiling of Troth, in one place.
 *
 * A number that the protocol fixes may not change within protocol version 1: two programs that differ
 * in it would disagree about which records are valid. They come first. Numbers after them are a
 * program's own and may be changed, the server's own by configuration.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* ---- fixed by the protocol ------------------------------------------------------------------ */

#define LIMIT_NUMBER ((UINT64_C(1) << 53) - 1) /* the largest number on the wire: exact in every language */

enum {
    LIMIT_CBOR_DEPTH = 4,      /* arrays and maps open at once                                      */
    LIMIT_CBOR_ITEMS = 64,     /* members of one array or pairs of one map                          */
    LIMIT_CBOR_KEYS = 24,      /* map keys are 0..23, one byte each                                 */
    LIMIT_HEADER_BYTES = 4096, /* an entry's header                                                 */
    LIMIT_PAYLOAD_BYTES = 64 * 1024 + 40,  /* 64 KiB padded text, nonce and tag                     */
    LIMIT_BODY_BYTES = 1024 * 1024,        /* a request's body, and a list of entries               */
    LIMIT_BATCH_ENTRIES = 64,  /* entries that are recorded all or none                             */
    LIMIT_MEMBERS = 12,        /* people in a circle at once                                        */
    LIMIT_OPEN_INVITES = 5,    /* invitations of a circle open at once                              */
    LIMIT_ENDED_INVITES = 16,  /* ended invitations whose end is remembered; older ones are "void"  */
    LIMIT_INVITE_DAYS = 14,    /* an invitation's longest life                                      */
    LIMIT_REFS = 8,            /* attachments one entry refers to                                   */
    LIMIT_CLOCK_SKEW_MS = 600 * 1000,      /* a server refuses an entry further off its own clock   */
    LIMIT_BUCKET_SMALL = 352,   /* what an answer in a round is padded to. With everything around   */
    LIMIT_BUCKET_MIDDLE = 1888, /* it, at most 160 bytes, its payload is padded to 512, 2048 or 8192 */
    LIMIT_BUCKET_LARGE = 8032,  /* bytes: a size that ordinary entries have too                     */
};
#define LIMIT_SEQ UINT64_C(0xffffffff)     /* entries of one circle: 2^32                           */

/* ---- a program's own ------------------------------------------------------------------------ */

enum {
    LIMIT_CREDENTIALS = 4,      /* ways into one account                                            */
    LIMIT_SESSIONS = 20,        /* devices signed in to one account                                 */
    LIMIT_CIRCLES = 64,         /* circles of one account                                           */
    LIMIT_PAGE_ENTRIES = 256,   /* entries in one answer                                            */
    LIMIT_LIVE_STREAMS = 4,     /* live streams of one account                                      */
#ifdef TROTH_HOSTILE
    ARENA_BLOCK_BYTES = 64,     /* the hostile build: every block is too small for what comes       */
#else
    ARENA_BLOCK_BYTES = 16 * 1024,
#endif
};

#endif
