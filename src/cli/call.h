/* call.h -- what was typed behind `troth`, understood or refused with a sentence. */
#ifndef CLI_CALL_H
#define CLI_CALL_H

#include "base/err.h"
#include "cli/table.h"

enum { CALL_OPERANDS = 4, CALL_TROUBLE_BYTES = 512 };

/* Everything points into what was typed. */
struct call {
    enum command command;         /* COMMAND_N: none was named                            */
    const struct group_row *group; /* a group without a command of it; else NULL           */
    bool wants_help;              /* --help or -h, wherever it stood                      */
    const char *operand[CALL_OPERANDS];
    unsigned operand_n;
    const char *value[OPT_N];     /* what an option was given; "" for one without a value */
    bool has[OPT_N];
};

/* call_read -- takes the command line apart. Options may stand anywhere, as --name value or --name=value; "--"
 * ends them. A lone "-" is an operand.                                                        [pure | BAD_FIELD]
 *
 * Takes    argv       as main has it; argv[0] is not looked at
 * Gives    call
 *          trouble    only on failure: one or two sentences, cleaned for a terminal
 * Fails    BAD_FIELD  no such command or option, a value missing or not wanted, an option twice, too many or too
 *                     few operands. With --help anywhere only the command has to exist
 */
MUST_USE enum err call_read(struct call *call, int argc, char *const argv[], char trouble[static CALL_TROUBLE_BYTES])
    NONNULL;

/* call_has -- whether an option was given. */
static inline bool call_has(const struct call *call, enum option option)
{
    return call->has[option];
}

#endif
