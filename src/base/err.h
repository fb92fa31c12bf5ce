/* err.h -- the one closed list of what can go wrong, and the small value that tells the detail.
 *
 * ERR_OK is 0. A function that can fail returns an enum err, is MUST_USE, and leaves its outputs
 * untouched when it fails. err.def is the list: C, the server's answers, exit codes, the documentation
 * and the browser's words are all made from it.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/str.h"

enum err {
#define ERR(name, number, code, http, exit, happened, next) ERR_##name = (number),
#include "base/err.def"
#undef ERR
};

/* Where and why, by value: no allocation on an error path. field and text are static. */
struct why {
    enum err code;
    const char *field; /* what was wrong, in the protocol's own word; NULL if nothing in particular */
    uint64_t at;       /* its index or position                                                     */
    const char *text;  /* one more sentence, or NULL                                                */
};

/* err_code -- the name on the wire, such as "head_moved". Static. */
const char *err_code(enum err e);

/* err_from_code -- the error with that name on the wire; ERR_INTERNAL if there is none.
 *
 * "ok" is no error: who answers with a failure and calls it "ok" does not turn it into a success. Of the
 * two that are called "quota" it gives ERR_QUOTA.
 */
enum err err_from_code(struct str code);

/* err_http -- the HTTP status of an answer that says e. */
int err_http(enum err e);

/* err_exit -- the exit code of a command that failed with e. */
int err_exit(enum err e);

/* err_happened, err_next -- what happened, for a person; what they can do now. Static sentences. */
const char *err_happened(enum err e);
const char *err_next(enum err e);

#endif
