/* log.h -- what the server says of itself, on standard error: one line per event, as text or as JSON.
 *
 *     struct log_line line;
 *     if (log_begin(&line, LOG_INFO, "answer")) {
 *         log_text(&line, "route", "entries");
 *         log_number(&line, "status", 200);
 *         log_end(&line);
 *     }
 *
 * A log is read by people who may not read the record. So no token, secret or key, no body, no query, no
 * circle or account ever goes in; an address of a client only cut short (log_ip).
 *
 * One log per process. Every function may be called from any thread; a line is written whole, by one
 * write. What does not fit into LOG_LINE_BYTES is left out, and the line says so.
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include "base/out.h"
#include "server/ip.h"

enum { LOG_LINE_BYTES = 1024 };

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR, LOG_NOTHING };

enum log_form { LOG_AS_TEXT, LOG_AS_JSON };

/* A line in the making. */
struct log_line {
    struct out _out;
    enum log_form _form;
    uint8_t _at[LOG_LINE_BYTES];
};

/* log_set -- from now on lines of that level and above are written, in that form, to fd.
 *
 * Before it is called: LOG_INFO and above, as text, to standard error.
 */
void log_set(enum log_level least, enum log_form form, int fd);

/* log_begin -- begins a line with the time, the level and the event's name; false if it is not wanted.
 *
 * Takes    event   static, lower case and '_'
 */
bool log_begin(struct log_line *line, enum log_level level, const char *event) NONNULL MUST_USE;

/* log_number, log_text, log_str, log_ip -- adds a value under a key (static, lower case and '_').
 *
 * Any text may be given: what would end the line or the value is escaped, and 256 bytes are enough.
 */
void log_number(struct log_line *line, const char *key, uint64_t value) NONNULL;
void log_text(struct log_line *line, const char *key, const char *value) NONNULL;
void log_str(struct log_line *line, const char *key, struct str value) NONNULL;
void log_ip(struct log_line *line, const char *key, const struct ip *ip) NONNULL;

/* log_end -- writes the line. One that cannot be written is lost: there is nobody left to tell. */
void log_end(struct log_line *line) NONNULL;

/* log_event -- a line with nothing in it but its event. */
void log_event(enum log_level level, const char *event) NONNULL;

#endif
