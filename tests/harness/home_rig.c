/* home_rig.c -- see home_rig.h. */
#include "harness/home_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "record/secret.h"

enum { VALUES = 16 };

void home_expect_at(enum err got, enum err wanted, const char *file, int line)
{
    if (got != wanted) print_error("%s instead of %s\n", err_code(got), err_code(wanted));
    _assert_int_equal((LargestIntegralType)got, (LargestIntegralType)wanted, file, line);
}

struct home *home_rig_open(const char *folder)
{
    struct home *home = NULL;
    struct why why;
    home_expect(record_open(), ERR_OK);
    enum err e = home_open(folder, 2000, &home, &why);
    if (e != ERR_OK) print_error("%s: %s\n", folder, why.text);
    home_expect(e, ERR_OK);
    return home;
}

void home_rig_wrong(const char *folder, enum err wanted, const char *words)
{
    struct home *home = NULL;
    struct why why = {0};
    enum err e = home_open(folder, 0, &home, &why);
    if (e == wanted && strstr(why.text, words) == NULL) print_error("%s\n", why.text);
    home_expect(e, wanted);
    assert_null(home);
    assert_int_equal(why.code, wanted);
    assert_non_null(strstr(why.text, words));
    assert_int_equal(why.text[strlen(why.text) - 1], '.');
}

/* ---- things by number ----------------------------------------------------------------------- */

const uint8_t *home_rig_key(unsigned n)
{
    static uint8_t key[VALUES][HASH_BYTES];
    static unsigned next;
    uint8_t *at = key[next++ % VALUES];
    memset(at, (int)(n & 0xff), HASH_BYTES);
    memcpy(at, &n, sizeof n);
    return at;
}

const uint8_t *home_rig_id(unsigned n)
{
    return home_rig_key(n + 7000);
}

struct str home_rig_text(unsigned n)
{
    static uint8_t text[VALUES][16 * 1024];
    static unsigned next;
    uint8_t *at = text[next++ % VALUES];
    EXPECT(n <= sizeof text[0]);
    for (unsigned i = 0; i < n; i++) at[i] = (uint8_t)('a' + (i * 7 + n) % 26);
    return str_at(at, n);
}

struct home_account home_rig_account(unsigned n)
{
    static char origin[VALUES][64];
    static unsigned next;
    char *at = origin[next++ % VALUES];
    struct home_account account = {0};
    (void)snprintf(at, sizeof origin[0], "https://server-%u.example", n);
    account.origin = str_of_text(at);
    memset(account.code, (int)(n + 0x40), sizeof account.code);
    memset(account.wrapped, (int)(n + 0x80), sizeof account.wrapped);
    memcpy(account.sign_pk, home_rig_key(n), sizeof account.sign_pk);
    return account;
}

struct home_item home_rig_item(unsigned n)
{
    struct home_item item = {.kind = n % 256,
                             .group = n / 2,
                             .made_ms = 1000 + n,
                             .content = home_rig_text(n % 9000),
                             .is_frozen = n % 3 == 0};
    memcpy(item.id, home_rig_id(n), ID_BYTES);
    return item;
}

struct home_draft home_rig_draft(unsigned n)
{
    struct home_draft draft = {
        .kind = n % 256, .error = ERR_VOID, .law = n, .at_ms = 2000 + n, .content = home_rig_text(n % 3000)};
    memcpy(draft.id, home_rig_id(n), ID_BYTES);
    return draft;
}

struct str home_rig_payload(uint64_t seq, size_t payload_n)
{
    static uint8_t payload[LIMIT_PAYLOAD_BYTES];
    for (size_t i = 0; i < payload_n; i++) payload[i] = (uint8_t)(i * 31 + seq * 17 + payload_n);
    return str_at(payload, payload_n);
}

struct str home_rig_wire(uint64_t seq, size_t payload_n)
{
    static uint8_t wire[VALUES][HOME_ENTRY_BYTES], payload_hash[HASH_BYTES];
    static unsigned next;
    struct secret_identity ana;
    secret_identity_init(&ana, home_rig_key(1));
    struct out o = out_over(wire[next % VALUES], sizeof wire[0]);
    next++;
    struct entry entry = {.circle = home_rig_key(2),
                          .prev = home_rig_key(3),
                          .author = ana.sign_pk,
                          .id = home_rig_id((unsigned)seq),
                          .seq = seq + 1, /* nothing here looks at it, and 0 would have to be a genesis */
                          .time_ms = 5000 + seq,
                          .kind = ENTRY_SEALED,
                          .payload = home_rig_payload(seq, payload_n),
                          .payload_hash = payload_hash,
                          .payload_n = payload_n};
    entry_payload_hash(payload_hash, entry.payload);
    entry_write(&o, &entry, ana.sign_sk);
    secret_identity_fini(&ana);
    EXPECT(!o.is_full);
    return out_str(&o);
}

/* ---- what tests do often -------------------------------------------------------------------- */

uint64_t home_rig_add_account(struct home *home, unsigned n)
{
    struct home_account account = home_rig_account(n);
    uint64_t number = 0;
    home_expect(home_account_add(home, &account, home_rig_key(n), &number), ERR_OK);
    return number;
}

uint64_t home_rig_add_circle(struct home *home, uint64_t account, unsigned n)
{
    uint64_t number = 0;
    home_expect(home_circle_add(home, account, home_rig_key(n), &number), ERR_OK);
    return number;
}

enum { PAYLOADS_FROM = 40 }; /* the least payload of an entry is this long */

enum err home_rig_add_entries(struct home *home, uint64_t circle, size_t n)
{
    struct home_pin pin;
    struct home_entry entry[VALUES];
    enum err e = home_pin(home, circle, &pin);
    for (size_t done = 0; e == ERR_OK && done < n;) {
        size_t now = n - done < VALUES ? n - done : VALUES;
        uint64_t first = pin.is_set ? pin.seq + 1 : 0;
        for (size_t i = 0; i < now; i++) {
            struct str wire = home_rig_wire(first + i, PAYLOADS_FROM + (first + i) * 37 % 900);
            entry[i] = (struct home_entry){.seq = first + i, .first_seen_ms = 9000 + first + i, .wire = wire};
        }
        pin = (struct home_pin){.is_set = true, .seq = first + now - 1};
        memcpy(pin.hash, home_rig_key((unsigned)pin.seq), HASH_BYTES);
        e = home_entries_add(home, circle, entry, now, &pin);
        done += now;
    }
    return e;
}

/* ---- the whole as text ---------------------------------------------------------------------- */

struct page {
    struct home *home;
    struct out o;
};

static void put_bytes(struct page *p, const char *name, struct str bytes)
{
    uint8_t hash[HASH_BYTES];
    out_text(&p->o, " ");
    out_text(&p->o, name);
    out_text(&p->o, "=");
    if (bytes.len <= 8) {
        out_put_hex(&p->o, bytes);
    } else { /* so that the whole stays small, and any difference shows */
        hash_of(hash, CTX_BLOB, PARTS(bytes));
        out_put_hex(&p->o, str_at(hash, 6));
        out_text(&p->o, "/");
        out_put_decimal(&p->o, bytes.len);
    }
}

static void put_number(struct page *p, const char *name, uint64_t n)
{
    out_text(&p->o, " ");
    out_text(&p->o, name);
    out_text(&p->o, "=");
    out_put_decimal(&p->o, n);
}

static enum err put_entry(void *ctx, const struct home_entry *entry)
{
    struct page *p = ctx;
    out_text(&p->o, "\n    entry");
    put_number(p, "seq", entry->seq);
    put_number(p, "seen", entry->first_seen_ms);
    put_bytes(p, "wire", entry->wire);
    return ERR_OK;
}

static enum err put_epoch(void *ctx, uint64_t epoch, const uint8_t key[static KEY_BYTES])
{
    struct page *p = ctx;
    out_text(&p->o, "\n    epoch");
    put_number(p, "n", epoch);
    put_bytes(p, "key", str_at(key, KEY_BYTES));
    return ERR_OK;
}

static enum err put_item(void *ctx, const struct home_item *item)
{
    struct page *p = ctx;
    out_text(&p->o, "\n    item");
    put_bytes(p, "id", STR_OF(item->id));
    put_number(p, "kind", item->kind);
    put_number(p, "group", item->group);
    put_number(p, "made", item->made_ms);
    put_bytes(p, "content", item->content);
    put_number(p, "frozen", item->is_frozen);
    put_number(p, "sent", item->was_sent);
    put_bytes(p, "wire", item->wire);
    put_number(p, "seq", item->signed_seq);
    put_bytes(p, "prev", STR_OF(item->signed_prev));
    return ERR_OK;
}

static enum err put_draft(void *ctx, const struct home_draft *draft)
{
    struct page *p = ctx;
    out_text(&p->o, "\n    draft");
    put_bytes(p, "id", STR_OF(draft->id));
    put_number(p, "kind", draft->kind);
    put_number(p, "error", draft->error);
    put_number(p, "law", draft->law);
    put_number(p, "at", draft->at_ms);
    put_bytes(p, "content", draft->content);
    return ERR_OK;
}

static enum err put_alarm(void *ctx, const struct home_alarm *alarm)
{
    struct page *p = ctx;
    out_text(&p->o, "\n    alarm");
    put_number(p, "n", alarm->number);
    put_number(p, "circle", alarm->circle);
    put_number(p, "kind", alarm->kind);
    put_number(p, "at", alarm->at_ms);
    put_number(p, "seen", alarm->is_seen);
    put_bytes(p, "evidence", alarm->evidence);
    return ERR_OK;
}

static enum err put_note(void *ctx, struct str name, struct str value)
{
    struct page *p = ctx;
    out_text(&p->o, "\n    note ");
    out_put(&p->o, name);
    put_bytes(p, "value", value);
    return ERR_OK;
}

static enum err put_circle(void *ctx, const struct home_circle *circle)
{
    struct page *p = ctx;
    struct home_pin pin;
    struct home_circle_about about;
    uint64_t item_n = 0, draft_n = 0;
    out_text(&p->o, "\n  circle");
    put_number(p, "n", circle->number);
    put_bytes(p, "id", STR_OF(circle->id));
    enum err e = home_pin(p->home, circle->number, &pin);
    if (e == ERR_OK) e = home_circle_about(p->home, circle->number, &about);
    if (e == ERR_OK) e = home_items_count(p->home, circle->number, &item_n);
    if (e == ERR_OK) e = home_drafts_count(p->home, circle->number, &draft_n);
    if (e != ERR_OK) return e;
    put_number(p, "pin", pin.is_set ? pin.seq : 999999);
    put_bytes(p, "hash", STR_OF(pin.hash));
    put_number(p, "standing", about.standing);
    put_bytes(p, "name", str_at(about.name, about.name_n));
    put_number(p, "items", item_n);
    put_number(p, "drafts", draft_n);
    e = home_entries_each(p->home, circle->number, 0, put_entry, p);
    if (e == ERR_OK) e = home_epochs_each(p->home, circle->number, put_epoch, p);
    if (e == ERR_OK) e = home_items_each(p->home, circle->number, put_item, p);
    if (e == ERR_OK) e = home_drafts_each(p->home, circle->number, put_draft, p);
    return e == ERR_OK ? home_notes_each(p->home, circle->account, circle->number, put_note, p) : e;
}

/* The key of an account, by the number in its origin. */
static const uint8_t *key_of(const struct home_account *account)
{
    return home_rig_key((unsigned)(account->origin.at[strlen("https://server-")] - '0'));
}

static enum err put_account(void *ctx, const struct home_account *account)
{
    struct page *p = ctx;
    struct home_session session;
    uint64_t n = account->number;
    out_text(&p->o, "account ");
    out_put(&p->o, account->origin);
    put_number(p, "n", n);
    put_bytes(p, "sign_pk", STR_OF(account->sign_pk));
    put_bytes(p, "code", STR_OF(account->code));
    put_bytes(p, "wrapped", STR_OF(account->wrapped));
    enum err e = home_unlock(p->home, n, key_of(account));
    if (e == ERR_OK) e = home_session_get(p->home, n, &session);
    if (e != ERR_OK) return e;
    put_number(p, "open", session.is_open);
    put_bytes(p, "token", STR_OF(session.token));
    out_text(&p->o, " name=");
    e = home_account_name(p->home, n, &p->o);
    if (e == ERR_OK) e = home_circle_each(p->home, n, put_circle, p);
    if (e == ERR_OK) e = home_notes_each(p->home, n, 0, put_note, p);
    if (e == ERR_OK) e = home_alarms_each(p->home, n, put_alarm, p);
    out_text(&p->o, "\n");
    return e;
}

char *home_rig_all(struct home *home, enum err *e)
{
    enum { ALL_BYTES = 256 * 1024 };
    char *text = malloc(ALL_BYTES);
    assert_non_null(text);
    struct page p = {.home = home, .o = out_over(text, ALL_BYTES - 1)};
    *e = home_account_each(home, put_account, &p);
    if (*e == ERR_OK) {
        enum err found = home_setting_get(home, STR("colour"), put_note, &p);
        *e = found == ERR_NOT_FOUND ? ERR_OK : found;
    }
    EXPECT(!p.o.is_full);
    text[p.o.len] = '\0';
    if (*e == ERR_OK) return text;
    free(text);
    return NULL;
}

bool home_rig_has(const char *folder, struct str bytes)
{
    static const char *const names[] = {"troth.db", "troth.db-wal"};
    static uint8_t all[2 * 1024 * 1024];
    bool is_there = false;
    for (size_t f = 0; f < 2; f++) {
        char name[SCRATCH_PATH_BYTES];
        scratch_path(name, folder, names[f]);
        FILE *from = fopen(name, "rb");
        assert_non_null(from);
        size_t n = fread(all, 1, sizeof all, from);
        assert_true(n < sizeof all);
        assert_int_equal(fclose(from), 0);
        for (size_t i = 0; i + bytes.len <= n && !is_there; i++) is_there = memcmp(all + i, bytes.at, bytes.len) == 0;
    }
    return is_there;
}

/* ---- the course ----------------------------------------------------------------------------- */

/* Account 1 and circle 1 are there from transaction 0 and 1; others come and go. */
static enum err begin_all(struct home *home)
{
    struct home_account account = home_rig_account(1);
    uint64_t number;
    return home_account_add(home, &account, home_rig_key(1), &number);
}

static enum err add_circles(struct home *home)
{
    uint64_t number;
    struct home_circle_about about = {.standing = 3, .name_n = 7, .name = "The sea"};
    enum err e = home_circle_add(home, 1, home_rig_key(20), &number);
    if (e == ERR_OK) e = home_circle_add(home, 1, home_rig_key(21), &number);
    return e == ERR_OK ? home_circle_set_about(home, 1, &about) : e;
}

static enum err take_first_id(void *ctx, const struct home_item *item)
{
    memcpy(ctx, item->id, ID_BYTES);
    return ERR_STOPPING; /* seen enough */
}

/* The oldest item goes into the record, or back to the drafts. */
static enum err end_oldest(struct home *home, unsigned k, bool is_recorded)
{
    uint8_t id[ID_BYTES];
    enum err e = home_items_each(home, 1, take_first_id, id);
    if (e == ERR_OK) return home_rig_add_entries(home, 1, 3); /* there is none */
    if (e != ERR_STOPPING) return e;
    e = home_item_remove(home, 1, id);
    if (e != ERR_OK) return e;
    if (is_recorded) e = home_rig_add_entries(home, 1, 1);
    struct home_draft draft = home_rig_draft(k);
    if (!is_recorded) e = home_draft_put(home, 1, &draft);
    return e == ERR_OK ? home_epoch_put(home, 1, k, home_rig_key(k)) : e;
}

static enum err sign_oldest(struct home *home, unsigned k)
{
    uint8_t id[ID_BYTES];
    enum err e = home_items_each(home, 1, take_first_id, id);
    if (e != ERR_STOPPING) return e;
    struct home_item item = home_rig_item(k);
    memcpy(item.id, id, ID_BYTES);
    item.wire = home_rig_wire(k, 400);
    item.was_sent = k % 2 == 0;
    item.signed_seq = k;
    memcpy(item.signed_prev, home_rig_key(k), HASH_BYTES);
    return home_item_set(home, 1, &item);
}

static enum err tell_of_account(struct home *home, unsigned k)
{
    struct home_session session = {.is_open = k % 3 != 0};
    if (session.is_open) memcpy(session.token, home_rig_key(k), sizeof session.token);
    enum err e = home_session_set(home, 1, &session);
    if (e == ERR_OK) e = home_account_set_name(home, 1, home_rig_text(k));
    if (e == ERR_OK) e = home_note_put(home, 1, k % 2, STR("card"), home_rig_text(k * 9));
    return e == ERR_OK ? home_setting_put(home, STR("colour"), home_rig_text(k)) : e;
}

static enum err raise_alarm(struct home *home, unsigned k)
{
    struct home_alarm alarm = {.circle = k % 2, .kind = k, .at_ms = k, .evidence = home_rig_text(k * 100)};
    uint64_t number;
    enum err e = home_alarm_add(home, 1, &alarm, &number);
    return e == ERR_OK && number > 2 ? home_alarm_set_seen(home, number - 2) : e;
}

/* A second account comes with all that an account has, and goes. */
static enum err come_and_go(struct home *home)
{
    struct home_account account = home_rig_account(2);
    uint64_t number, circle;
    enum err e = home_account_add(home, &account, home_rig_key(2), &number);
    if (e == ERR_EXISTS) return home_account_remove(home, 2); /* it came once */
    if (e == ERR_OK) e = home_circle_add(home, number, home_rig_key(20), &circle);
    if (e == ERR_OK) e = home_rig_add_entries(home, circle, 5);
    return e;
}

static enum err work_inside(struct home *home, unsigned k)
{
    struct home_item item = home_rig_item(k * 131);
    switch (k % 9) {
    case 0: return home_rig_add_entries(home, 1, k % 20 + 1);
    case 1:
    case 2: return home_item_add(home, 1, &item);
    case 3: return sign_oldest(home, k);
    case 4: return end_oldest(home, k, true);
    case 5: return raise_alarm(home, k);
    case 6: return tell_of_account(home, k);
    case 7: return end_oldest(home, k, false);
    default: return k % 2 == 0 ? come_and_go(home) : home_entry_set_payload(home, 1, k / 9, STR(""));
    }
}

enum err home_rig_work(struct home *home, unsigned k)
{
    if (k == 0) return begin_all(home); /* one call alone is all or nothing, too */
    if (k % 9 == 1 && k > 1) return work_inside(home, k);
    enum err e = home_begin(home);
    if (e != ERR_OK) return e;
    e = k == 1 ? add_circles(home) : work_inside(home, k);
    if (e == ERR_OK) return home_commit(home);
    home_abandon(home);
    return e;
}

void home_rig_learn(char *text[static HOME_RIG_COURSE + 1])
{
    char folder[SCRATCH_PATH_BYTES];
    enum err e;
    scratch_folder(folder);
    struct home *home = home_rig_open(folder);
    for (unsigned k = 0; k <= HOME_RIG_COURSE; k++) {
        text[k] = home_rig_all(home, &e);
        home_expect(e, ERR_OK);
        if (k < HOME_RIG_COURSE) home_expect(home_rig_work(home, k), ERR_OK);
        if (k > 1) assert_string_not_equal(text[k], text[k - 1]);
    }
    home_close(home);
}
