/* hearth.h -- people at home: each device a folder with a real client in it, all at one real server.
 *
 *   hearth_start(&hearth);
 *   hearth_account(&hearth, &ana, "Ana");              with a permit of the server's
 *   hearth_circle(&ana, "The two of us");
 *   hearth_bring(&ana, &ben, "Ben");                    invited, an account by the invitation, joined
 *
 * What must succeed and does not ends the test with the error's code. A device that was closed is opened again
 * with hearth_open: what it knows then is what it kept.
 */
#ifndef HARNESS_HEARTH_H
#define HARNESS_HEARTH_H

#include "client/client.h"
#include "harness/daemon.h"

#define HEARTH_PASSPHRASE STR("four words that nobody guesses")

struct hearth {
    struct daemon daemon;
};

struct hand { /* one device in somebody's hand */
    char folder[SCRATCH_PATH_BYTES];
    const char *name;
    struct client *client;
    struct client_account *account;
    struct client_circle *circle;
    uint8_t id[HASH_BYTES]; /* of that circle */
    uint8_t code[SECRET_BYTES], seed[SEED_BYTES];
    struct why why;
};

/* hearth_ok -- the call succeeded, or the test ends and says what it was. */
void hearth_ok_at(enum err e, const struct why *why, const char *call, const char *file, int line);
#define hearth_ok(hand, call) hearth_ok_at(call, &(hand)->why, #call, __FILE__, __LINE__)

/* hearth_start -- a server, quick and with no rates.   hearth_stop */
void hearth_start(struct hearth *hearth) NONNULL;
void hearth_stop(struct hearth *hearth) NONNULL;

/* hearth_permit -- one more permit. */
void hearth_permit(const struct hearth *hearth, uint8_t permit[static SECRET_BYTES]) NONNULL;

/* hearth_account -- a new device, and on it a new account.   hearth_second -- another device of the same person.
 * hearth_close -- the device is put away: its home is closed.   hearth_open -- and taken up again, unlocked, and
 * with its circle open, if it had one. */
void hearth_account(const struct hearth *hearth, struct hand *hand, const char *name) NONNULL;
void hearth_second(const struct hearth *hearth, const struct hand *first, struct hand *hand) NONNULL;
void hearth_close(struct hand *hand) NONNULL;
void hearth_open(struct hand *hand) NONNULL;

/* hearth_circle -- a new circle of hand's. */
void hearth_circle(struct hand *hand, const char *name) NONNULL;

/* hearth_invite -- an invitation, recorded.   hearth_join -- looks and joins: KEPT, SENT, or what became of it. */
void hearth_invite(struct hand *hand, uint8_t secret[static SECRET_BYTES]) NONNULL;
struct client_outcome hearth_join(struct hand *hand, const char *server, const uint8_t secret[static SECRET_BYTES])
    NONNULL;

/* hearth_bring -- somebody new: invited by hand into its circle, with an account by that invitation, and in. */
void hearth_bring(struct hand *hand, struct hand *new, const char *name) NONNULL;

/* hearth_say -- an act in the hand's circle, and what became of it.   hearth_note -- a note with these words. */
struct client_outcome hearth_say(struct hand *hand, struct str text) NONNULL;
struct client_outcome hearth_note(struct hand *hand, const char *words) NONNULL;

/* hearth_promise -- to a member, due in so many ms; 0: open. Gives the entry's id.   hearth_word -- any word about
 * one turn of it. */
struct client_outcome hearth_promise(struct hand *hand, const struct hand *to, const char *what, uint64_t in_ms,
                                     uint8_t id[static ID_BYTES]) NONNULL;
struct client_outcome hearth_word(struct hand *hand, enum promise_act_kind act, const uint8_t id[static ID_BYTES],
                                  const char *words) NONNULL;

/* hearth_sync -- the hand's circle. Gives what is new. */
struct client_news hearth_sync(struct hand *hand) NONNULL;

/* hearth_notes -- how often a note with these words is in the hand's record: confirmed, or also what waits. */
size_t hearth_notes(const struct hand *hand, const char *words, bool with_waiting) NONNULL;

/* hearth_same -- both hold the same head and the same state of every row. */
void hearth_same(const struct hand *a, const struct hand *b) NONNULL;

/* hearth_text -- the text of a note. */
struct str hearth_text(uint8_t *memory, size_t cap, const char *words) NONNULL;

#endif
