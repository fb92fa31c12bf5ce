/* client.h -- what a person does with Troth on this device: everything the terminal calls.
 *
 * One home (a folder with one file) holds any number of accounts, on any servers; each account has its
 * circles. A client is one open home. Whoever opens it locks it against every other process.
 *
 *   client_open(&options, &client, &why)
 *   client_unlock(client, account, passphrase, &why)
 *   client_circle_open(client, account, id, &circle, &why)
 *   client_act(circle, text, &outcome, &why)            ... circle->state tells what holds now
 *   client_close(client)
 *
 * What is written is durable here before anything is sent. Whether it reached the server is told by an
 * outcome, not by an error: a server that cannot be reached is no failure of the act. Nothing that a server
 * sends is believed before it is verified, and nothing is signed on top of a record that is not verified
 * to its head.
 *
 * Every text that is put into a circle is one CBOR map with its type, as the put functions of practice/
 * and record/ make it.
 *
 * A function that returns an err fills why where it fails, and only there. ERR_NO_SESSION: the account is
 * locked, or not signed in (why->field says which: "locked", "session").
 *
 * Source   docs/protocol.md
 * Threads  one thread for a client and all that comes from it
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include "practice/state.h"
#include "record/account.h"
#include "record/chain.h"
#include "record/code.h"
#include "record/headtoken.h"
#include "record/phrase.h"

struct client;

enum {
    CLIENT_NAME_BYTES = 128,  /* the longest name of a person or circle that is kept here, with its NUL */
    CLIENT_LINK_BYTES = 2 * ACCOUNT_ORIGIN_BYTES + CODE_TEXT_BYTES + 8,
    CLIENT_ALARMS = 16,       /* of one circle that are listed                                          */
};

/* ---- a home ---------------------------------------------------------------------------------- */

struct client_options {
    const char *folder;    /* the home; made (0700) when it is not there                                */
    unsigned wait_ms;      /* how long to wait for another process that has it open                     */
    const char *ca_file;   /* certificates to trust besides the system's; NULL: none                    */
    const char *proxy;     /* as in fetch.h; NULL: none                                                 */
    bool may_be_plain;     /* http:// to another machine is meant                                       */
    bool is_offline;       /* ask no server: everything stays here until another call                   */
    bool has_stop_fd;      /* stop_fd readable: whatever waits for a server gives up at once             */
    int stop_fd;
};

/* client_open -- opens a home.      [files | BUSY STORE STORE_NEWER STORE_DAMAGED DISK_FULL NO_MEMORY] */
MUST_USE enum err client_open(const struct client_options *options, struct client **client, struct why *why) NONNULL;

/* client_close -- closes it and wipes every key. NULL is nothing. All that came from it is gone. */
void client_close(struct client *client);

/* client_set_offline -- from now on ask no server, or do. */
void client_set_offline(struct client *client, bool is_offline) NONNULL;

/* ---- accounts -------------------------------------------------------------------------------- */

struct client_account {
    struct client *client;
    uint64_t number;                      /* of this home's own; stays     */
    char server[ACCOUNT_ORIGIN_BYTES + 1]; /* origin, as it is dialled      */
    uint8_t code[SECRET_BYTES];           /* the account code, for the sheet: code_put(CODE_ACCOUNT) */
    uint8_t sign_pk[SIGN_PK_BYTES];
    bool is_unlocked;
    bool is_signed_in;                    /* known only while unlocked                               */
    bool is_begun;                        /* the server has it; false: client_start was interrupted, call it again */
    char name[CLIENT_NAME_BYTES];         /* "" while locked                                         */
    uint8_t journal[HASH_BYTES];          /* the journal's circle                                    */
    bool has_journal;
};

/* client_account_n, client_account_at -- the accounts of this home, oldest first. The pointer stays good
 * until client_close. */
size_t client_account_n(const struct client *client) NONNULL;
struct client_account *client_account_at(struct client *client, size_t i) NONNULL;

struct client_start {
    const char *server;      /* origin: http://localhost:8787                                             */
    const uint8_t *permit;   /* SECRET_BYTES of a P1- code, or NULL                                       */
    const uint8_t *invite;   /* SECRET_BYTES of a J1- code, or NULL: an invitation opens an account too   */
    struct str passphrase;   /* UTF-8, NFKC, not empty                                                    */
    struct str name, zone;   /* for the profile: what to call me; IANA zone                               */
    uint64_t colour;         /* as in practice/profile.h                                                  */
};

/* client_start_account -- opens an account on a server: keys, credential, session, and a journal. The account
 * is unlocked afterwards. Its keys are kept here before the server hears of them: after an interruption
 * the same call, with the same passphrase, goes on with them.
 *
 * Fails    those of POST /v1/accounts, OFFLINE, WRONG_SECRET (an interrupted start had another passphrase)
 */
MUST_USE enum err client_start_account(struct client *client, const struct client_start *start,
                                       struct client_account **account, struct why *why) NONNULL;

/* client_sign_in -- this device, too, for an account that exists: fetches the wrapped identity, then all
 * circles. Writes into the journal that this device signed in (device: its name, for a person).
 *
 * Takes    code   SECRET_BYTES
 * Fails    BAD_LOGIN OFFLINE WRONG_ORIGIN, OUTDATED_KEY (the server gave a key that does not open, or another's)
 * The account is there when it is OK, even where fetching circles went wrong; client_sync tells.
 */
MUST_USE enum err client_sign_in(struct client *client, const char *server, const uint8_t *code,
                                 struct str passphrase, struct str device, struct client_account **account,
                                 struct why *why) NONNULL;

/* client_unlock -- opens the keys with the passphrase.        [takes about 0.1 s | WRONG_SECRET NO_MEMORY] */
MUST_USE enum err client_unlock(struct client_account *account, struct str passphrase, struct why *why) NONNULL;

/* client_unlock_seed -- the same with the identity seed itself, as an agent keeps it. [WRONG_SECRET: another's]
 * client_seed -- that seed, of an unlocked account; the caller wipes it.
 * client_lock -- forgets the keys in memory; circles of the account that are open are closed. */
MUST_USE enum err client_unlock_seed(struct client_account *account, const uint8_t seed[static SEED_BYTES],
                                     struct why *why) NONNULL;
void client_seed(const struct client_account *account, uint8_t seed[static SEED_BYTES]) NONNULL;
void client_lock(struct client_account *account) NONNULL;

/* client_renew -- signs in again with the passphrase when the session has ended (ERR_NO_SESSION), and unlocks. Where
 * the passphrase was changed on another device, the new one opens this device from now on.
 *
 * Fails    BAD_LOGIN OFFLINE, OUTDATED_KEY: the server gave a key that is not this account's
 */
MUST_USE enum err client_renew(struct client_account *account, struct str passphrase, struct why *why) NONNULL;

/* client_sign_out -- ends this device's session. What is here stays, locked; client_renew signs in again.
 * A server that cannot be reached is OFFLINE, and the session is forgotten here all the same. */
MUST_USE enum err client_sign_out(struct client_account *account, struct why *why) NONNULL;

/* client_forget -- removes the account and everything of it from this machine: circles, keys, what waits to be sent,
 * drafts. The server hears nothing of it: client_sign_out does that. account is good for nothing afterwards.
 *                                                                                [STORE DISK_FULL NO_MEMORY] */
MUST_USE enum err client_forget(struct client_account *account, struct why *why) NONNULL;

/* A device that is signed in, as the server tells it. */
struct client_device {
    uint8_t session[ID_BYTES];
    uint64_t since_ms, used_ms;   /* by the server's clock; used_ms: when it last asked the server something */
    bool is_this;
};

/* client_devices -- those of an unlocked account, up to cap, as the server lists them.   client_end_device -- signs one
 * of them out: what is on it stays there, and nothing more reaches it. Its own is client_sign_out's.
 *                                                                    [OFFLINE NO_SESSION …; end: NOT_FOUND, too] */
MUST_USE enum err client_devices(struct client_account *account, struct client_device *list, size_t cap, size_t *n,
                                 struct why *why) NONNULL;
MUST_USE enum err client_end_device(struct client_account *account, const uint8_t session[static ID_BYTES],
                                    struct why *why) NONNULL;

/* client_profile -- appends the text of my profile (practice/profile.h) as this device knows it. Another one is said
 * by client_act, in each circle.                                                       [NOT_FOUND: none is known] */
MUST_USE enum err client_profile(struct client_account *account, struct out *text, struct why *why) NONNULL;

/* client_passphrase -- another passphrase for the same code; ends all other sessions.
 *
 * Fails    WRONG_SECRET OFFLINE BAD_FIELD
 *          CREDS_MOVED   another device changed it at this moment; or there is a second way in (a recovery
 *                        credential): the list that is signed names all of them, with the wrapped key of each,
 *                        and a server does not hand that of the other out. Nothing was changed
 */
MUST_USE enum err client_passphrase(struct client_account *account, struct str old, struct str fresh,
                                    struct why *why) NONNULL;

/* ---- circles --------------------------------------------------------------------------------- */

/* One line of the list, told without opening the circle. */
struct client_listed {
    uint8_t id[HASH_BYTES];
    char name[CLIENT_NAME_BYTES]; /* "" where nobody said one (a journal has none)  */
    bool is_journal;
    bool has_left;        /* I have left it, or am not in yet           */
    uint64_t entry_n;     /* verified and held here                     */
    uint64_t as_of_ms;    /* when the server was last asked; 0: never   */
    size_t pending_n;     /* waits here to be sent                      */
    size_t alarm_n;       /* not dealt with                             */
};

/* client_circles -- all circles of an unlocked account, in the order in which they came; the journal too.
 * list has room for 2 * LIMIT_CIRCLES. */
MUST_USE enum err client_circles(struct client_account *account, struct client_listed *list, size_t *list_n,
                                 struct why *why) NONNULL;

/* One circle, open: verified, opened, folded. All fields are to be read only. */
struct client_circle {
    struct client_account *account;
    uint8_t id[HASH_BYTES];
    const struct chain *chain; /* verified: members, epoch, every hash                                    */
    struct state *state;       /* what holds, with what waits here: rows from chain->index.row_n on are   */
                               /* not sent yet. Its pointers are good until the next call on the circle   */
    bool is_member;            /* I am in                                                                 */
    bool is_locked_out;        /* someone's rotation shut me out; it is being mended                      */
    bool may_send;             /* false while an alarm stands                                             */
    uint64_t as_of_ms;         /* when the server last showed its head; 0: never                          */
    size_t pending_n, draft_n, alarm_n;
};

/* client_circle_open -- loads a circle of an unlocked account. No server is asked.
 *
 * Fails    NO_CIRCLE, STORE_DAMAGED (what is kept does not lead to the pin), STORE, NO_MEMORY
 */
MUST_USE enum err client_circle_open(struct client_account *account, const uint8_t id[static HASH_BYTES],
                                     struct client_circle **circle, struct why *why) NONNULL;

/* client_circle_close -- gives its memory back, wiped. NULL is nothing; client_close does it, too. */
void client_circle_close(struct client_circle *circle);

/* client_entry -- the entry at a place below the state's number of rows, from the home. One that is not sent
 * yet has no wire, hash or prev. Good until the next client_entry.                    [STORE STORE_DAMAGED …] */
MUST_USE enum err client_entry(const struct client_circle *circle, uint64_t seq, struct entry *entry, struct why *why)
    NONNULL;

/* client_text -- what an entry says, with the keys held, and how it came to that (how may be NULL).
 * Good until the next call on the circle. */
struct str client_text(const struct client_circle *circle, uint64_t seq, enum opened_how *how)
    __attribute__((nonnull(1)));

/* client_first_seen_ms -- when this device first saw an entry; 0 for one that is not sent yet. */
uint64_t client_first_seen_ms(const struct client_circle *circle, uint64_t seq) NONNULL;

/* client_circle_new -- a circle of one, and its facts and my profile in it. It is there at once, also when
 * the server cannot be reached; it goes up with the next sync.
 *
 * Takes    facts     text of practice/facts.h
 */
MUST_USE enum err client_circle_new(struct client_account *account, struct str facts, struct client_circle **circle,
                                    struct why *why) NONNULL;

/* ---- acts ------------------------------------------------------------------------------------ */

enum client_fate {
    CLIENT_SENT,      /* it is in the record                                                          */
    CLIENT_KEPT_HERE, /* it is kept here, and goes with the next sync: outcome.err says why           */
    CLIENT_IN_DRAFTS, /* meanwhile it may no longer be said: outcome.law or outcome.err says why      */
    CLIENT_REFUSED,   /* it may not be said, nothing was written: outcome.law                         */
};

struct client_outcome {
    enum client_fate fate;
    enum law law;            /* LAW_OK: none                                                          */
    enum err err;            /* ERR_OK: none                                                          */
    uint64_t server_time_ms; /* for CLOCK_SKEW: what the server's clock says; else 0                  */
    uint8_t id[ID_BYTES];    /* of the entry                                                          */
    uint64_t seq;            /* where it stands, if SENT                                              */
};

/* client_act -- says something in a circle: judged by the laws first, then durable here, then sent. */
MUST_USE enum err client_act(struct client_circle *circle, struct str text, struct client_outcome *outcome,
                             struct why *why) NONNULL;

/* client_act_with_id -- the same with an id that was chosen before: for acts that name each other. */
MUST_USE enum err client_act_with_id(struct client_circle *circle, const uint8_t id[static ID_BYTES], struct str text,
                                     struct client_outcome *outcome, struct why *why) NONNULL;

/* client_erase -- takes back the words of my entries at seq: a residue for each, and a redact.
 *
 * Fails    BAD_REDACT   one of them is not mine, no sealed entry, or erased already
 */
MUST_USE enum err client_erase(struct client_circle *circle, const uint64_t *seq, size_t seq_n,
                               struct client_outcome *outcome, struct why *why) NONNULL;

/* What waits here, and what came back. text is good until the next call on the circle. */
struct client_waiting {
    uint8_t id[ID_BYTES];
    struct str text;     /* of something said; {NULL, 0} for an act of membership */
    enum entry_kind kind;
    bool may_unsend;     /* it was not transmitted, or the record went on without it */
};
struct client_draft {
    uint8_t id[ID_BYTES];
    struct str text;     /* {NULL, 0} for an act of membership */
    enum entry_kind kind;
    uint64_t at_ms;      /* when it came back */
    enum law law;        /* why it came back: LAW_OK if it was err */
    enum err err;
};

/* client_waiting, client_drafts -- up to cap of them, oldest first. */
MUST_USE enum err client_waiting(struct client_circle *circle, struct client_waiting *list, size_t cap, size_t *n,
                                 struct why *why) NONNULL;
MUST_USE enum err client_drafts(struct client_circle *circle, struct client_draft *list, size_t cap, size_t *n,
                                struct why *why) NONNULL;

/* client_unsend -- takes back what waits here.   [NOT_FOUND, HEAD_MOVED: it may have arrived, or is an answer]
 * client_draft_drop -- forgets a draft. To send it again, act with its text and its id (client_act_with_id): the
 * server that refused it may have kept it, and nothing stands in a record twice under one id. */
MUST_USE enum err client_unsend(struct client_circle *circle, const uint8_t id[static ID_BYTES], struct why *why)
    NONNULL;
MUST_USE enum err client_draft_drop(struct client_circle *circle, const uint8_t id[static ID_BYTES], struct why *why)
    NONNULL;

/* ---- who is in ------------------------------------------------------------------------------- */

/* An invitation of mine that is open. */
struct client_invite {
    uint8_t secret[SECRET_BYTES], hash[HASH_BYTES]; /* hash: of its entry; zeros while it is not sent yet  */
    uint64_t expires_ms;
    size_t consent_n, consent_needed_n;             /* how many have agreed, of how many                   */
};

/* client_invite -- invites one person: rotate, invite, facts and my profile in one batch. The secret is kept
 * here, sealed, so that the link can be shown again.
 *
 * Takes    expires_ms   at most LIMIT_INVITE_DAYS from now
 * Gives    secret       the caller wipes it
 */
MUST_USE enum err client_invite(struct client_circle *circle, uint64_t expires_ms, uint8_t secret[static SECRET_BYTES],
                                struct client_outcome *outcome, struct why *why) NONNULL;

/* client_invites -- mine that are open, with their secrets; room for LIMIT_OPEN_INVITES + 1 in list. */
MUST_USE enum err client_invites(struct client_circle *circle, struct client_invite *list, size_t *n,
                                 struct why *why) NONNULL;

/* client_invite_link -- appends the link: client is the web client's origin, or NULL for the server's own. */
void client_invite_link(const struct client_circle *circle, const char *client,
                        const uint8_t secret[static SECRET_BYTES], struct out *link)
    __attribute__((nonnull(1, 3, 4)));

/* client_consent -- I agree to an open invitation, by the hash of its entry, and post my profile with it. */
MUST_USE enum err client_consent(struct client_circle *circle, const uint8_t invite_hash[static HASH_BYTES],
                                 struct client_outcome *outcome, struct why *why) NONNULL;

/* client_cancel_invites -- takes all open invitations back: a rotate. */
MUST_USE enum err client_cancel_invites(struct client_circle *circle, struct client_outcome *outcome,
                                        struct why *why) NONNULL;

/* Who invites to what: the circle as the invitation opens it, verified from its genesis. */
struct client_look {
    uint8_t circle[HASH_BYTES];
    const struct chain *chain;
    const struct state *state;            /* facts and profiles that were posted with it          */
    uint8_t inviter[SIGN_PK_BYTES];
    uint64_t expires_ms;
    struct look *_look;
};

/* client_look -- looks at an invitation; nobody in the circle is told. Needs no account.
 *
 * Takes    server   its origin, from the link
 * Fails    NO_INVITE CONSENT_MISSING OFFLINE, BROKEN_CHAIN and the errors of invite_capsule_open: do not join
 */
MUST_USE enum err client_look(struct client *client, const char *server, const uint8_t secret[static SECRET_BYTES],
                              struct client_look **look, struct why *why) NONNULL;
void client_look_close(struct client_look *look);

/* client_join -- joins what was looked at: join, rotate and my profile in one batch. outcome SENT: I am in.
 * KEPT_HERE: it is tried again with each sync, until the invitation ends.
 *
 * Takes    profile   text of practice/profile.h
 * Fails    WRONG_ORIGIN   the account is on another server than the circle
 */
MUST_USE enum err client_join(struct client_account *account, struct client_look *look, struct str profile,
                              struct client_circle **circle, struct client_outcome *outcome,
                              struct why *why) NONNULL;

/* client_leave -- leaves. What could be read stays here. */
MUST_USE enum err client_leave(struct client_circle *circle, struct client_outcome *outcome, struct why *why) NONNULL;

/* client_rotate -- changes the circle's key because I want to. */
MUST_USE enum err client_rotate(struct client_circle *circle, struct client_outcome *outcome, struct why *why) NONNULL;

/* client_words -- the safety phrase of those who are in; also where this device's disk is full and cannot keep it.
 *                                                            [takes about 0.1 s once they are others | NO_MEMORY] */
MUST_USE enum err client_words(const struct client_circle *circle, uint16_t word[static PHRASE_WORDS],
                               struct why *why) NONNULL;

/* ---- what must not happen -------------------------------------------------------------------- */

/* client_head -- appends this copy's head token.   client_compare -- holds somebody's against it. A fork is
 * kept as an alarm with their token as evidence.                                [BAD_CODE NOT_FOUND: empty] */
void client_head(const struct client_circle *circle, struct out *text) NONNULL;
MUST_USE enum err client_compare(struct client_circle *circle, struct str token, enum headtoken_says *says,
                                 struct why *why) NONNULL;

/* Something that a server showed and that cannot be. Nothing is sent into the circle while one stands. */
struct client_alarm {
    uint64_t number;
    enum err kind;        /* ROLLED_BACK, FORKED or BROKEN_CHAIN                                         */
    uint64_t when_ms;
    bool is_seen;
    struct str evidence;  /* a CBOR map, see alarm.h: what was seen, for whoever has to judge it          */
};

/* client_alarms -- those that stand, oldest first; list has room for CLIENT_ALARMS. A program tells them at
 * every command until they are seen, and then by one line until they are dealt with. */
MUST_USE enum err client_alarms(struct client_circle *circle, struct client_alarm *list, size_t *n,
                                struct why *why) NONNULL;
MUST_USE enum err client_alarm_seen(struct client_circle *circle, uint64_t number, struct why *why) NONNULL;

/* client_alarm_end -- the person has dealt with it: sending goes on, if the next sync finds the record whole. */
MUST_USE enum err client_alarm_end(struct client_circle *circle, uint64_t number, struct why *why) NONNULL;

/* client_repair -- gives the server back what it lost, from this copy, after ROLLED_BACK. Ends that alarm
 * when the server's head is ours again, or further.
 *
 * Gives    sent_n   how many entries it took
 * Fails    FORKED   others wrote meanwhile in place of what was lost: two branches, both kept
 */
MUST_USE enum err client_repair(struct client_circle *circle, uint64_t *sent_n, struct why *why) NONNULL;

/* ---- the server ------------------------------------------------------------------------------ */

/* What a sync brought to one circle. */
struct client_news {
    uint8_t circle[HASH_BYTES];
    uint64_t first_seq;      /* new in the record are [first_seq, first_seq + new_n), mine among them      */
    uint64_t new_n;
    size_t sent_n;           /* items of the outbox that reached the record                                */
    size_t back_n;           /* items that went to the drafts                                              */
    size_t kept_n;           /* items that still wait                                                      */
    bool is_new;             /* a circle that this device did not know                                     */
    enum err err;            /* ERR_OK; why this circle could not be synced; an alarm's kind               */
    uint64_t server_time_ms; /* for CLOCK_SKEW                                                             */
};

/* client_sync_circle -- fetches, verifies, sends what waits. Errors of the server or the record are told in
 * news->err; what is returned is this device's own. */
MUST_USE enum err client_sync_circle(struct client_circle *circle, struct client_news *news, struct why *why) NONNULL;

/* client_sync -- all circles of an account; list has room for 2 * LIMIT_CIRCLES.
 *
 * Fails    OFFLINE NO_SESSION …   before any circle could be asked for; what is here may be read all the same
 */
MUST_USE enum err client_sync(struct client_account *account, struct client_news *list, size_t *n, struct why *why)
    NONNULL;

/* client_follow -- stays connected, and syncs each circle when its head moves. Reconnects by itself.
 *
 * While it waits the home is closed, so that other processes can use it; every circle that was open is closed, too.
 * on_news may open what it wants to show. If the home cannot be opened again, the client is good for
 * client_close only.
 *
 * Takes    for_ms     how long; 0: for ever
 *          on_news    called with each circle's news (news->err also when it went wrong), and with NULL
 *                     when the connection was lost (why says it) or is back (why->code is OK): then it may not
 *                     call anything of this client. False ends it.
 * Gives    OK when the time is over, stop_fd says so or on_news did
 * Fails    NO_SESSION the server ended the session
 *          BUSY       another process kept the home for half a minute
 */
MUST_USE enum err client_follow(struct client_account *account, uint64_t for_ms,
                                bool (*on_news)(void *of, const struct client_news *news, const struct why *why),
                                void *of, struct why *why) __attribute__((nonnull(1, 3, 5)));

#endif
