/* who.h -- people in words: each with a sign and a colour that stay theirs. */
#ifndef CLI_WHO_H
#define CLI_WHO_H

#include "cli/cli.h"

/* who_name -- the name that a member goes by; "somebody" if they never said one. Uncleaned. */
struct str who_name(const struct member *member) NONNULL;

/* who_say -- puts a member's name with sign and colour. */
void who_say(struct say *say, const struct member *member) NONNULL;

/* who_is_me -- whether that member is the account's owner. */
bool who_is_me(const struct client_circle *circle, const struct member *member) NONNULL;

/* who_me -- me, if I am in; else NULL. */
const struct member *who_me(const struct client_circle *circle) NONNULL;

/* who_find -- the member now in the circle whom a person means by a name: the whole of it, or a beginning that fits no
 * other; case doesn't matter.                                                             [NOT_FOUND, sentence] */
MUST_USE enum err who_find(struct cli *cli, const struct client_circle *circle, struct str name,
                           const struct member **member) NONNULL;

/* who_other -- --to, or the only other member.                                             [NOT_FOUND, sentence] */
MUST_USE enum err who_other(struct cli *cli, const struct client_circle *circle, const struct member **member) NONNULL;

/* who_is_called -- whether wanted is the name, or if is_beginning how it begins, in any case. */
bool who_is_called(struct str name, struct str wanted, bool is_beginning);

/* who_json -- an object {name, me, key} as the next value. */
void who_json(struct json *json, const struct client_circle *circle, const struct member *member) NONNULL;

#endif
