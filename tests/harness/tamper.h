/* tamper.h -- a host who changes what its server keeps: for tests of who finds it out. For cmocka. */
#ifndef HARNESS_TAMPER_H
#define HARNESS_TAMPER_H

#include "harness/town.h"

/* tamper -- stops the server, changes its file by SQL, and lets it serve again on the same port.
 *
 * Takes    sql   %s stands for the number of the town's circle. At least one row has to change
 */
void tamper(struct town *town, const char *sql) NONNULL;

/* tamper_check -- how trothd check ends on the file. */
int tamper_check(const struct town *town) NONNULL;

/* The place of an entry, and a column with its first or last byte changed: pieces of SQL. */
#define TAMPER_PLACE(seq) "(%s << 32 | " #seq ")"
#define TAMPER_OTHER(byte) "CASE " byte " WHEN x'00' THEN x'01' ELSE x'00' END"
#define TAMPER_FIRST(column)                                                                                           \
    column " = CAST(" TAMPER_OTHER("substr(" column ", 1, 1)") " || substr(" column ", 2) AS BLOB)"
#define TAMPER_LAST(column)                                                                                            \
    column " = CAST(substr(" column ", 1, length(" column                                                              \
           ") - 1) || " TAMPER_OTHER("substr(" column ", -1)") " AS BLOB)"

#endif
