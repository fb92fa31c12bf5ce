/* cmd_log.h -- one entry of a record in words: for log, for watch, and for whoever is about to act. */
#ifndef CLI_CMD_LOG_H
#define CLI_CMD_LOG_H

#include "cli/view.h"
#include "record/payload.h"

/* log_say -- lays out the entry at a place.   log_json -- the same as the next value. */
void log_say(struct cli *cli, const struct client_circle *circle, uint64_t seq) NONNULL;
void log_json(struct cli *cli, const struct client_circle *circle, uint64_t seq) NONNULL;

/* log_kind_words -- what an act of membership is called: "invited somebody". */
const char *log_kind_words(unsigned kind);

/* log_is_told -- whether an entry tells a person something; others only keep the record working. */
bool log_is_told(const struct state_row *row) NONNULL;

/* log_news -- what others have written, of what a sync has brought; with --json each as the next value.
 * Gives how many of them tell something. */
uint64_t log_news(struct cli *cli, const struct client_circle *circle, const struct client_news *news) NONNULL;

#endif
