/* flow.h -- what the flows share: new circles, my profile, an act on its way out.
 *
 * For the files of src/client only.
 */
#ifndef CLIENT_FLOW_H
#define CLIENT_FLOW_H

#include "client/sync.h"
#include "device/plan.h"

enum { FLOW_TEXT_BYTES = 1024 }; /* a profile, facts, a device */

/* flow_owe_device -- this device has signed in, which the journal is to say; kept until it does.
 * flow_settle_in -- says so, once the journal is here: a server that is slow to show it keeps nobody from being told.
 * And finds my profile. */
MUST_USE enum err flow_owe_device(struct seat *seat, struct str device) NONNULL;
MUST_USE enum err flow_settle_in(struct seat *seat) NONNULL;

/* flow_circle -- a circle that begins here: genesis, facts (not in a journal), my profile, kept durably as its
 * first batch. The ring is open, and the server has not heard of it.
 *
 * Takes    facts   {NULL, 0}: a journal
 */
MUST_USE enum err flow_circle(struct seat *seat, struct str facts, struct ring **ring) NONNULL;

/* flow_profile -- appends the text of my profile as this device knows it.   flow_set_profile -- knows it. */
MUST_USE enum err flow_profile(struct seat *seat, struct out *text) NONNULL;
MUST_USE enum err flow_set_profile(struct seat *seat, struct str text) NONNULL;

/* flow_profile_of -- flow_profile, or what another device of mine has said in this circle since; then that is what this
 * device knows from now on. */
MUST_USE enum err flow_profile_of(struct ring *ring, struct out *text) NONNULL;

/* flow_find_profile -- takes it from the circles that are here, if this device does not know it. */
MUST_USE enum err flow_find_profile(struct seat *seat) NONNULL;

/* flow_find_journal -- of the journals here, the one with the smallest id is the journal. */
MUST_USE enum err flow_find_journal(struct seat *seat) NONNULL;

/* flow_send -- sync_send for what was kept durably just now: if this device then fails to send it (its disk is full), that
 * is told in news->err, as of a server that cannot be reached. It fails only where the circle cannot be shown. */
MUST_USE enum err flow_send(struct ring *ring, struct client_news *news, struct outbox_back *back) NONNULL;

/* flow_post -- items of one group: durable, then sent.
 *
 * Gives    outcome   of the last of them
 */
MUST_USE enum err flow_post(struct ring *ring, const struct outbox_new *item, size_t item_n,
                            struct client_outcome *outcome) NONNULL;

/* flow_items -- a plan as items of the outbox; how many. Contents are the plan's.
 * flow_post_plan -- flow_post of them. */
size_t flow_items(const struct plan *plan, struct outbox_new item[static PLAN_ITEMS]) NONNULL;
MUST_USE enum err flow_post_plan(struct ring *ring, const struct plan *plan, struct client_outcome *outcome) NONNULL;

/* flow_outcome -- what became of the item with that id. */
MUST_USE enum err flow_outcome(struct ring *ring, const uint8_t id[static ID_BYTES], const struct client_news *news,
                               const struct outbox_back *back, struct client_outcome *outcome) NONNULL;

/* flow_end -- what every public call ends with: the circle shown as it is, and why filled. */
MUST_USE enum err flow_end(struct ring *ring, enum err e, struct why *why) NONNULL;

#endif
