/* home_rig.h -- homes for a test, and everything one of them holds as text to compare. For cmocka.
 *
 * Accounts, circles, entries and so on that tests speak of are numbered; what they hold follows from the number.
 */
#ifndef HARNESS_HOME_RIG_H
#define HARNESS_HOME_RIG_H

#include "client/home.h"
#include "client/home_account.h"
#include "client/home_alarm.h"
#include "client/home_circle.h"
#include "client/home_note.h"
#include "client/home_outbox.h"
#include "harness/scratch.h"

/* expect -- the result is the one wanted, or the test fails with both and the place. */
#define home_expect(got, wanted) home_expect_at((got), (wanted), __FILE__, __LINE__)
void home_expect_at(enum err got, enum err wanted, const char *file, int line);

/* home_rig_open -- the home in this folder, or the end of the test with its sentence. */
struct home *home_rig_open(const char *folder) NONNULL;

/* home_rig_wrong -- the home does not open, with this error and a sentence that has these words. */
void home_rig_wrong(const char *folder, enum err wanted, const char *words) NONNULL;

/* ---- things by number; valid until the same was asked for again 16 times ---------------------------- */

const uint8_t *home_rig_key(unsigned n); /* 32 bytes: a key, a hash, the id of a circle */
const uint8_t *home_rig_id(unsigned n);  /* ID_BYTES                                      */
struct str home_rig_text(unsigned n);    /* n bytes, other ones for every n               */
struct home_account home_rig_account(unsigned n); /* at https://server-n.example; sign_pk is home_rig_key(n) */
struct home_item home_rig_item(unsigned n);
struct home_draft home_rig_draft(unsigned n);

/* home_rig_wire -- an entry with a payload of payload_n bytes, as it would come from a server. */
struct str home_rig_wire(uint64_t seq, size_t payload_n);

/* home_rig_payload -- the payload of that entry. */
struct str home_rig_payload(uint64_t seq, size_t payload_n);

/* ---- what tests do often, and expect to succeed ------------------------------------------------------ */

uint64_t home_rig_add_account(struct home *home, unsigned n) NONNULL; /* local key: home_rig_key(n) */
uint64_t home_rig_add_circle(struct home *home, uint64_t account, unsigned n) NONNULL;

/* home_rig_add_entries -- the next n entries of a circle, and the pin. What home_entries_add gave. */
enum err home_rig_add_entries(struct home *home, uint64_t circle, size_t n) NONNULL;

/* ---- the whole ---------------------------------------------------------------------------------------- */

/* home_rig_all -- all that a home holds, line by line, ended by NUL; the caller frees it. Accounts are opened by
 * home_rig_key of numbers below 8, by what their origin says. NULL, and *e, when something cannot be read. */
char *home_rig_all(struct home *home, enum err *e) NONNULL;

/* home_rig_has -- whether these bytes are anywhere in the files of the home. */
bool home_rig_has(const char *folder, struct str bytes) NONNULL;

/* home_rig_work -- transaction k, 0 and up, of a course that does everything a home can do. It builds on the ones
 * before it, and is all or nothing. */
enum { HOME_RIG_COURSE = 60 };
enum err home_rig_work(struct home *home, unsigned k) NONNULL;

/* home_rig_learn -- text[k] becomes all that a home holds after transactions 0 to k - 1; done once, undisturbed. */
void home_rig_learn(char *text[static HOME_RIG_COURSE + 1]) NONNULL;

#endif
