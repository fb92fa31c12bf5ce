/* home_note.h -- small things kept under a name: settings of the whole home, notes of an account or a circle.
 *
 * A setting is plain: it may say nothing secret and nothing about people. A note is sealed, its name is not.
 */
#ifndef CLIENT_HOME_NOTE_H
#define CLIENT_HOME_NOTE_H

#include "client/home_circle.h"

enum {
    HOME_NOTE_NAME_BYTES = 64,         /* a name: 1 to this many bytes        */
    HOME_NOTE_BYTES = 4 * 1024 * 1024, /* the longest value                   */
};

/* What is said to whoever asked for a value: it may be read until the visit returns. */
typedef enum err home_note_visit(void *ctx, struct str name, struct str value);

/* home_setting_put -- keeps a value under a name; the one before is replaced.                       [durable]
 * home_setting_get                                                                                  NOT_FOUND
 * home_setting_remove                                                                    [durable]  NOT_FOUND */
MUST_USE enum err home_setting_put(struct home *home, struct str name, struct str value) NONNULL;
MUST_USE enum err home_setting_get(struct home *home, struct str name, home_note_visit *visit, void *ctx)
    __attribute__((nonnull(1, 3)));
MUST_USE enum err home_setting_remove(struct home *home, struct str name) NONNULL;

/* home_note_put, home_note_get, home_note_remove -- the same, sealed.                              [unlocked]
 *
 * Takes    account  whose it is
 *          circle   0, or a circle of the account's (misuse otherwise): it goes when that goes
 * Fails    NOT_FOUND  there is none (get, remove), or no such account or circle
 */
MUST_USE enum err home_note_put(struct home *home, uint64_t account, uint64_t circle, struct str name,
                                struct str value) NONNULL;
MUST_USE enum err home_note_get(struct home *home, uint64_t account, uint64_t circle, struct str name,
                                home_note_visit *visit, void *ctx) __attribute__((nonnull(1, 5)));
MUST_USE enum err home_note_remove(struct home *home, uint64_t account, uint64_t circle, struct str name) NONNULL;

/* home_notes_each -- all notes of an account (circle 0), or of one circle, by name. */
MUST_USE enum err home_notes_each(struct home *home, uint64_t account, uint64_t circle, home_note_visit *visit,
                                  void *ctx) __attribute__((nonnull(1, 4)));

#endif
