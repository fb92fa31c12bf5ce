/* qr.h -- a QR code on a terminal: two rows of squares in each line of characters. */
#ifndef CLI_QR_H
#define CLI_QR_H

#include "base/err.h"
#include "base/out.h"
#include "cli/say.h"

/* qr_draw -- draws it, dark on light whatever the terminal's own colours are, with the light edge around it that
 * scanners need. Where colours are not wanted, the light squares are drawn with the terminal's own ink: on a dark
 * terminal that is right. Nothing is drawn where there is no terminal, or it is too narrow.
 *
 * Takes    text       a link or a code, up to 500 bytes
 *          is_drawn   whether it was
 * Fails    NO_MEMORY, TOO_LARGE
 */
MUST_USE enum err qr_draw(struct say *say, struct str text, bool *is_drawn) NONNULL;

#endif
