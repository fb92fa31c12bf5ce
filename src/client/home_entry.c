/* home_entry.c -- see home_circle.h: entries as they came, and the keys that open them.
 *
 *   epoch.key = KEY_BYTES   row: the epoch (8 bytes)
 */
#include "client/home_own.h"

#include <stdlib.h>

#define EPOCH_KEY "epoch.key"

/* ---- entries in ----------------------------------------------------------------------------- */

/* Whether the entries go on where the pin stands, one by one, and lead to the new one. */
static bool fits(const struct home_pin *from, const struct home_entry *entry, size_t entry_n,
                 const struct home_pin *to)
{
    uint64_t next = from->is_set ? from->seq + 1 : 0;
    for (size_t i = 0; i < entry_n; i++)
        if (entry[i].seq != next + i || entry[i].seq > LIMIT_SEQ || entry[i].wire.len > HOME_ENTRY_BYTES) return false;
    return entry_n > 0 && to->is_set && to->seq == entry[entry_n - 1].seq;
}

static enum err add(struct home *home, uint64_t circle, const struct home_entry *entry, size_t entry_n)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < entry_n && e == ERR_OK; i++)
        e = home_run(home, HOME_entry_add, VALUES(NUMBER(circle << 32 | entry[i].seq),
                                                  NUMBER(entry[i].first_seen_ms), BYTES(entry[i].wire)));
    return e == ERR_EXISTS ? home_damaged(home) : e; /* the pin says that there is none */
}

enum err home_entries_add(struct home *home, uint64_t circle, const struct home_entry *entry, size_t entry_n,
                          const struct home_pin *pin)
{
    struct home_scope scope;
    struct home_pin before;
    enum err e = home_change(home);
    if (e != ERR_OK) return e;
    e = home_scope_circle(home, circle, &scope);
    if (e == ERR_OK) e = home_pin(home, circle, &before);
    if (e == ERR_OK) {
        EXPECT(fits(&before, entry, entry_n, pin));
        e = add(home, circle, entry, entry_n);
    }
    if (e == ERR_OK) e = home_pin_set(home, circle, &scope, pin);
    return home_changed(home, e);
}

/* ---- entries out ---------------------------------------------------------------------------- */

static enum err take(struct home *home, enum home_sql which, struct home_entry *entry)
{
    struct home_row row = home_row(home, which);
    struct home_entry found = {.seq = home_row_number(&row) & LIMIT_SEQ};
    found.first_seen_ms = home_row_number(&row);
    found.wire = home_row_bytes(&row);
    if (row.is_damaged) return home_damaged(home);
    *entry = found;
    return ERR_OK;
}

/* The entry that the list stands on: the one that is expected there. */
static enum err show(struct home *home, uint64_t expected, const struct home_pin *pin, home_entry_visit *visit,
                     void *ctx)
{
    struct home_entry entry;
    enum err e = take(home, HOME_entry_each, &entry);
    if (e != ERR_OK) return e;
    if (!pin->is_set || entry.seq != expected || entry.seq > pin->seq) return home_damaged(home);
    home->visit_n++;
    e = visit(ctx, &entry);
    home->visit_n--;
    return e;
}

enum err home_entries_each(struct home *home, uint64_t circle, uint64_t first_seq, home_entry_visit *visit, void *ctx)
{
    struct home_pin pin;
    bool is_row = false;
    uint64_t expected = first_seq;
    EXPECT(first_seq <= LIMIT_SEQ + 1);
    enum err e = home_pin(home, circle, &pin);
    if (e != ERR_OK || first_seq > LIMIT_SEQ) return e;
    e = home_start(home, HOME_entry_each,
                   VALUES(NUMBER(circle << 32 | first_seq), NUMBER(circle << 32 | LIMIT_SEQ)), &is_row);
    while (e == ERR_OK && is_row) {
        e = show(home, expected++, &pin, visit, ctx);
        if (e == ERR_OK) e = home_step(home, HOME_entry_each, &is_row);
    }
    home_done(home, HOME_entry_each);
    return e == ERR_OK && pin.is_set && expected <= pin.seq ? home_damaged(home) : e;
}

enum err home_entry_get(struct home *home, uint64_t circle, uint64_t seq, home_entry_visit *visit, void *ctx)
{
    struct home_entry entry;
    EXPECT(seq <= LIMIT_SEQ);
    enum err e = home_find(home, HOME_entry_get, VALUES(NUMBER(circle << 32 | seq)));
    if (e == ERR_OK) e = take(home, HOME_entry_get, &entry);
    if (e == ERR_OK) {
        home->visit_n++;
        e = visit(ctx, &entry);
        home->visit_n--;
    }
    home_done(home, HOME_entry_get);
    return e;
}

/* ---- payloads ------------------------------------------------------------------------------- */

/* An entry with another payload, on its way from a visit to its row. */
struct refit {
    struct home *home;
    struct str payload;
    struct out wire;
};

static enum err refit(void *ctx, const struct home_entry *kept)
{
    struct refit *r = ctx;
    struct entry entry;
    struct why why;
    if (entry_read(kept->wire, &entry, &why) != ERR_OK) return home_damaged(r->home);
    entry.payload = r->payload;
    EXPECT(r->payload.len == 0 || entry_payload_fits(&entry));
    cbor_put_list(&r->wire, 3);
    cbor_put_bytes(&r->wire, entry.header);
    cbor_put_bytes(&r->wire, str_at(entry.sig, SIG_BYTES));
    cbor_put_bytes(&r->wire, r->payload);
    EXPECT(!r->wire.is_full);
    return ERR_OK;
}

enum err home_entry_set_payload(struct home *home, uint64_t circle, uint64_t seq, struct str payload)
{
    enum err e = home_change(home);
    if (e != ERR_OK) return e;
    uint8_t *room = malloc(HOME_ENTRY_BYTES);
    struct refit r = {.home = home, .payload = payload, .wire = out_over(room, HOME_ENTRY_BYTES)};
    e = room != NULL ? home_entry_get(home, circle, seq, refit, &r) : home_fail(home, ERR_NO_MEMORY, NULL);
    if (e == ERR_OK)
        e = home_run_one(home, HOME_entry_set, VALUES(NUMBER(circle << 32 | seq), BYTES(out_str(&r.wire))));
    if (e == ERR_OK && payload.len == 0) home->must_overwrite = true;
    free(room); /* ciphertext */
    return home_changed(home, e);
}

/* ---- epoch keys ----------------------------------------------------------------------------- */

static void epoch_row(uint8_t row[static 8], uint64_t epoch)
{
    struct out o = out_over(row, 8);
    out_put_be64(&o, epoch);
}

enum err home_epoch_put(struct home *home, uint64_t circle, uint64_t epoch, const uint8_t key[static KEY_BYTES])
{
    struct home_scope scope;
    struct home_sealing sealing = {0};
    uint8_t row[8];
    EXPECT(epoch <= LIMIT_NUMBER);
    epoch_row(row, epoch);
    enum err e = home_change(home);
    if (e != ERR_OK) return e;
    e = home_scope_circle(home, circle, &scope);
    if (e == ERR_OK) e = home_sealing_init(home, &sealing, KEY_BYTES, 1);
    if (e == ERR_OK) {
        out_put(&sealing.text, str_at(key, KEY_BYTES));
        struct str sealed = home_seal(&sealing, &scope, EPOCH_KEY, STR_OF(row));
        e = home_run(home, HOME_epoch_put, VALUES(NUMBER(circle), NUMBER(epoch), BYTES(sealed)));
    }
    home_sealing_fini(&sealing);
    return home_changed(home, e);
}

static enum err show_epoch(struct home *home, const struct home_scope *scope, home_epoch_visit *visit, void *ctx)
{
    struct home_opened opened;
    uint8_t key[8];
    struct home_row row = home_row(home, HOME_epoch_each);
    uint64_t epoch = home_row_number(&row);
    epoch_row(key, epoch);
    enum err e = home_open_field(home, &row, scope, EPOCH_KEY, STR_OF(key), &opened);
    if (e != ERR_OK) return e;
    if (opened.text.len == KEY_BYTES) {
        home->visit_n++;
        e = visit(ctx, epoch, opened.text.at);
        home->visit_n--;
    } else {
        e = home_damaged(home);
    }
    home_opened_fini(&opened);
    return e;
}

enum err home_epochs_each(struct home *home, uint64_t circle, home_epoch_visit *visit, void *ctx)
{
    struct home_scope scope;
    bool is_row = false;
    enum err e = home_scope_circle(home, circle, &scope);
    if (e == ERR_OK) e = home_start(home, HOME_epoch_each, VALUES(NUMBER(circle)), &is_row);
    while (e == ERR_OK && is_row) {
        e = show_epoch(home, &scope, visit, ctx);
        if (e == ERR_OK) e = home_step(home, HOME_epoch_each, &is_row);
    }
    home_done(home, HOME_epoch_each);
    return e;
}
