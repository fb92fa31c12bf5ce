/* view.h -- what the views of a circle share. */
#ifndef WASM_VIEW_H
#define WASM_VIEW_H

#include "wasm/hold.h"

enum { VIEW_ROWS = 256, VIEW_ROOM_BYTES = 32 }; /* in one answer; less room than that is none */

/* view_has_room -- whether another row may be tried.   view_keep -- takes back one that did not fit, and is the last
 * then. before: where it began. */
bool view_has_room(const struct call *call) NONNULL;
void view_keep(struct call *call, size_t before) NONNULL;

/* view_put_row -- a row of the log: docs/wasm.md, "Rows". */
void view_put_row(struct call *call, uint64_t seq) NONNULL;

#endif
