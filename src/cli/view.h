/* view.h -- promises in words: which one is meant, what it says, and how it stands. */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include "cli/cli.h"
#include "cli/who.h"

/* view_find -- the promise that a person names: by its number, or by words of its text that fit no other; open ones win
 * over those that are over.                                                                [NOT_FOUND, sentence] */
MUST_USE enum err view_find(struct cli *cli, const struct client_circle *circle, const char *named,
                            const struct promise **promise) NONNULL;

/* view_number -- the number under which it is listed. */
static inline unsigned view_number(const struct promise *promise)
{
    return promise->index + 1;
}

/* view_when -- when it is due, as it was made or last changed: for when_say. Its lists hold the turns that stand, 64 at
 * most. */
void view_when(const struct promise *promise, struct promise_when *when) NONNULL;

/* view_turn_now -- the turn that matters at a time: of those on which something is open the nearest, else the last. */
size_t view_turn_now(const struct promise *promise, uint64_t now_ms) NONNULL;

/* view_turn_after -- the turn that is due next after one, as the calendar has them: a changed time stands last in the
 * list of turns, wherever it was moved. VIEW_NO_TURN begins, and is behind the last. */
#define VIEW_NO_TURN SIZE_MAX
size_t view_turn_after(const struct promise *promise, size_t turn) NONNULL;

/* view_turn_asked -- the turn that the change that is asked for is about; of all that are left the nearest. */
size_t view_turn_asked(const struct promise *promise, uint64_t now_ms) NONNULL;

/* view_outcome_word -- "kept", "waiting": for programs. */
const char *view_outcome_word(enum promise_outcome outcome);

/* view_put_outcome -- puts how a turn stands, in words, with the names of those whose words they are. */
void view_put_outcome(struct cli *cli, const struct client_circle *circle, const struct promise *promise, size_t turn)
    NONNULL;

/* view_put_what -- puts the wording, or that it was erased.   view_put_gist -- its beginning in one line, for lists.
 * view_put_asked -- which time the change that is asked for is about, in brackets, where there are several.
 * view_put_turn -- "Fri 27 Nov", "some day".
 * view_put_due -- "by Fri 27 Nov", "Fri 27 Nov 18:00", "some day". */
void view_put_what(struct say *say, const struct promise *promise, size_t turn) NONNULL;
void view_put_gist(struct say *say, const struct promise *promise, size_t turn) NONNULL;
void view_put_asked(struct cli *cli, const struct promise *promise) NONNULL;
void view_put_turn(struct cli *cli, const struct promise *promise, size_t turn) NONNULL;
void view_put_due(struct cli *cli, const struct promise *promise, size_t turn) NONNULL;

/* view_put_moment -- puts when something was, or will be: "today 21:05". */
void view_put_moment(struct cli *cli, uint64_t at_ms) NONNULL;

/* view_say_field -- lays out "What: text" at indent 2; nothing if the text is empty. */
void view_say_field(struct say *say, const char *what, struct str text) NONNULL;

/* view_say_ask -- lays out the change that is asked for: its new wording and time. */
void view_say_ask(struct cli *cli, const struct promise *promise) NONNULL;

/* view_is_open -- whether anything may still come of it. */
bool view_is_open(const struct promise *promise, uint64_t now_ms) NONNULL;

/* view_json -- an object of everything about it, as the next value. */
void view_json(struct cli *cli, const struct client_circle *circle, const struct promise *promise) NONNULL;

/* view_put_out -- puts what was built in an out: our own words about dates. */
void view_put_out(struct say *say, const struct out *o) NONNULL;

#endif
