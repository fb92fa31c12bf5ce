/* qr.c -- see qr.h. */
#include "cli/qr.h"

#include <errno.h>
#include <qrencode.h>

enum { QR_EDGE = 4, QR_TEXT_BYTES = 500, QR_LINE_BYTES = 1024 };

static bool is_dark(const QRcode *code, int x, int y)
{
    if (x < 0 || y < 0 || x >= code->width || y >= code->width) return false;
    return (code->data[y * code->width + x] & 1) != 0;
}

/* Two rows as one line: what is drawn is the light squares, in white on black, or in the terminal's ink. */
static void draw_line(struct say *say, const QRcode *code, int y)
{
    uint8_t memory[QR_LINE_BYTES];
    struct out line = OUT_OVER(memory);
    for (int x = -QR_EDGE; x < code->width + QR_EDGE; x++) {
        bool is_upper = !is_dark(code, x, y), is_lower = !is_dark(code, x, y + 1) && y + 1 < code->width + QR_EDGE;
        out_text(&line, is_upper && is_lower ? "\u2588" : is_upper ? "\u2580" : is_lower ? "\u2584" : " ");
    }
    EXPECT(!line.is_full);
    say_picture(say, out_str(&line));
}

enum err qr_draw(struct say *say, struct str text, bool *is_drawn)
{
    if (text.len > QR_TEXT_BYTES) return ERR_TOO_LARGE;
    *is_drawn = false;
    if (!say->is_terminal) return ERR_OK;
    QRcode *code = QRcode_encodeData((int)text.len, text.at, 0, QR_ECLEVEL_L);
    if (code == NULL) return errno == ENOMEM ? ERR_NO_MEMORY : ERR_TOO_LARGE;
    if ((unsigned)(code->width + 2 * QR_EDGE) <= say->columns) {
        for (int y = -QR_EDGE; y < code->width + QR_EDGE; y += 2) draw_line(say, code, y);
        *is_drawn = true;
    }
    QRcode_free(code);
    return ERR_OK;
}
