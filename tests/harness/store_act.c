/* store_act.c -- see store_act.h. */
#include "harness/store_act.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "harness/store_rig.h"

/* What came of an act, growing. */
struct said {
    char *text;
    size_t n;
};

__attribute__((format(printf, 2, 3))) static void say(struct said *said, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(said->text + said->n, STORE_ACT_TEXT_BYTES - said->n, format, args);
    va_end(args);
    EXPECT(n >= 0);
    said->n += (size_t)n;
    if (said->n >= STORE_ACT_TEXT_BYTES) said->n = STORE_ACT_TEXT_BYTES - 1; /* cut, on every store alike */
}

static void say_bytes(struct said *said, struct str bytes)
{
    uint64_t sum = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < bytes.len; i++) sum = (sum ^ bytes.at[i]) * UINT64_C(1099511628211);
    say(said, " %zu:%016" PRIx64, bytes.len, sum);
}

/* ---- transactions --------------------------------------------------------------------------- */

typedef enum err act_do(struct store *s, const uint64_t *n, struct said *said);

static enum err do_begin(struct store *s, const uint64_t *n, struct said *said)
{
    (void)n, (void)said;
    return store_begin(s);
}
static enum err do_commit(struct store *s, const uint64_t *n, struct said *said)
{
    (void)n, (void)said;
    return store_commit(s);
}
static enum err do_abort(struct store *s, const uint64_t *n, struct said *said)
{
    (void)n, (void)said;
    store_abort(s);
    return ERR_OK;
}
static enum err do_mark(struct store *s, const uint64_t *n, struct said *said)
{
    (void)n, (void)said;
    return store_mark(s);
}
static enum err do_keep(struct store *s, const uint64_t *n, struct said *said)
{
    (void)n, (void)said;
    return store_keep(s);
}
static enum err do_undo(struct store *s, const uint64_t *n, struct said *said)
{
    (void)n, (void)said;
    return store_undo(s);
}

/* ---- accounts, sessions, permits ------------------------------------------------------------- */

static enum err do_account_add(struct store *s, const uint64_t *n, struct said *said)
{
    struct store_cred cred = rig_cred((unsigned)n[1]);
    uint64_t number = 0;
    enum err e = store_account_add(s, rig_key((unsigned)n[0]), rig_key((unsigned)n[2]), &cred, &number);
    say(said, " %" PRIu64, number);
    return e;
}

static enum err say_account(struct said *said, enum err e, const struct store_account *account)
{
    if (e != ERR_OK) return e;
    say(said, " %" PRIu64 " v%" PRIu64, account->number, account->creds_version);
    say_bytes(said, STR_OF(account->sign_pk));
    say_bytes(said, STR_OF(account->box_pk));
    return e;
}

static void say_cred(struct said *said, const struct store_cred *cred)
{
    say_bytes(said, STR_OF(cred->cred_id));
    say_bytes(said, STR_OF(cred->login_pk));
    say_bytes(said, STR_OF(cred->wrapped));
}

static enum err do_account_by_number(struct store *s, const uint64_t *n, struct said *said)
{
    struct store_account account;
    return say_account(said, store_account_by_number(s, n[0], &account), &account);
}
static enum err do_account_by_sign_pk(struct store *s, const uint64_t *n, struct said *said)
{
    struct store_account account;
    return say_account(said, store_account_by_sign_pk(s, rig_key((unsigned)n[0]), &account), &account);
}
static enum err do_account_by_cred(struct store *s, const uint64_t *n, struct said *said)
{
    struct store_account account;
    struct store_cred cred;
    enum err e = store_account_by_cred(s, rig_id((unsigned)n[0]), &account, &cred);
    if (e == ERR_OK) say_cred(said, &cred);
    return say_account(said, e, &account);
}
static enum err do_creds_of(struct store *s, const uint64_t *n, struct said *said)
{
    struct store_cred cred[LIMIT_CREDENTIALS];
    size_t cred_n = 0;
    enum err e = store_creds_of(s, n[0], cred, &cred_n);
    for (size_t i = 0; i < cred_n; i++) say_cred(said, &cred[i]);
    return e;
}
static enum err do_creds_replace(struct store *s, const uint64_t *n, struct said *said)
{
    (void)said;
    struct store_cred cred[LIMIT_CREDENTIALS];
    for (unsigned i = 0; i < LIMIT_CREDENTIALS; i++) cred[i] = rig_cred((unsigned)(n[2] + i * n[3]) % RIG_SEEN);
    return store_creds_replace(s, n[0], n[1] % 5, cred, 1 + n[4] % LIMIT_CREDENTIALS);
}
static enum err do_account_remove(struct store *s, const uint64_t *n, struct said *said)
{
    (void)said;
    return store_account_remove(s, n[0]);
}
static enum err do_session_add(struct store *s, const uint64_t *n, struct said *said)
{
    (void)said;
    struct store_session session = rig_session((unsigned)n[0], n[1]);
    memcpy(session.token_hash, rig_key((unsigned)n[2]), HASH_BYTES);
    return store_session_add(s, &session);
}
static enum err say_session(void *ctx, const struct store_session *session)
{
    say(ctx, " %" PRIu64 " %" PRIu64 " %" PRIu64, session->account, session->created_ms, session->used_ms);
    say_bytes(ctx, STR_OF(session->id));
    say_bytes(ctx, STR_OF(session->token_hash));
    return ERR_OK;
}
static enum err do_session_each(struct store *s, const uint64_t *n, struct said *said)
{
    (void)n;
    return store_session_each(s, say_session, said);
}
static enum err do_session_touch(struct store *s, const uint64_t *n, struct said *said)
{
    (void)said;
    return store_session_touch(s, rig_id((unsigned)n[0]), n[1]);
}
static enum err do_session_remove(struct store *s, const uint64_t *n, struct said *said)
{
    (void)said;
    return store_session_remove(s, rig_id((unsigned)n[0]));
}
static enum err do_session_remove_of(struct store *s, const uint64_t *n, struct said *said)
{
    size_t removed_n = 0;
    enum err e = store_session_remove_of(s, n[0], n[1] % 2 == 0 ? NULL : rig_id((unsigned)n[2]), &removed_n);
    say(said, " %zu", removed_n);
    return e;
}
static enum err do_permit_add(struct store *s, const uint64_t *n, struct said *said)
{
    (void)said;
    return store_permit_add(s, rig_key((unsigned)n[0]), n[1]);
}
static enum err do_permit_find(struct store *s, const uint64_t *n, struct said *said)
{
    struct store_permit permit;
    enum err e = store_permit_find(s, rig_key((unsigned)n[0]), &permit);
    if (e != ERR_OK) return e;
    say(said, " %" PRIu64 " %d", permit.made_ms, permit.is_used);
    say_bytes(said, STR_OF(permit.hash));
    say_bytes(said, STR_OF(permit.used_by));
    return e;
}
static enum err do_permit_use(struct store *s, const uint64_t *n, struct said *said)
{
    (void)said;
    return store_permit_use(s, rig_key((unsigned)n[0]), rig_key((unsigned)n[1]));
}

/* ---- circles, memberships, entries, invites --------------------------------------------------- */

/* A state whose content and length follow from n. */
static struct str state_no(uint64_t n)
{
    static uint8_t bytes[STORE_STATE_BYTES];
    memset(bytes, (int)(n % 251), sizeof bytes);
    return str_at(bytes, (size_t)(n * 97 % (STORE_STATE_BYTES + 1)));
}

static struct store_head head_of(const uint64_t *n)
{
    struct store_head head = rig_head(n[0]);
    head.is_closed = n[1] % 5 == 0;
    head.payload_bytes = n[1];
    return head;
}

static void say_circle(struct said *said, const struct store_circle *circle)
{
    say(said, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %d %" PRIu64, circle->number, circle->head.seq,
        circle->head.payload_bytes, circle->head.is_closed, circle->head.heard_ms);
    say_bytes(said, STR_OF(circle->id));
    say_bytes(said, STR_OF(circle->head.hash));
}

static enum err do_circle_add(struct store *s, const uint64_t *n, struct said *said)
{
    struct store_head head = head_of(n + 1);
    uint64_t number = 0;
    enum err e = store_circle_add(s, rig_key((unsigned)n[0]), &head, state_no(n[3]), &number);
    say(said, " %" PRIu64, number);
    return e;
}
static enum err do_circle_by_id(struct store *s, const uint64_t *n, struct said *said)
{
    static uint8_t room[STORE_STATE_BYTES];
    struct out state = OUT_OVER(room);
    struct store_circle circle;
    enum err e = store_circle_by_id(s, rig_key((unsigned)n[0]), &circle, n[1] % 2 == 0 ? &state : NULL);
    if (e == ERR_OK) say_circle(said, &circle);
    say_bytes(said, out_str(&state));
    return e;
}
static enum err do_circle_by_number(struct store *s, const uint64_t *n, struct said *said)
{
    static uint8_t room[STORE_STATE_BYTES];
    struct out state = OUT_OVER(room);
    struct store_circle circle;
    enum err e = store_circle_by_number(s, n[0], &circle, n[1] % 2 == 0 ? &state : NULL);
    if (e == ERR_OK) say_circle(said, &circle);
    say_bytes(said, out_str(&state));
    return e;
}
static enum err do_circle_set_head(struct store *s, const uint64_t *n, struct said *said)
{
    (void)said;
    struct store_head head = head_of(n + 1);
    return store_circle_set_head(s, n[0], &head, n[3] % 3 == 0 ? state_no(n[4]) : (struct str){0});
}
static enum err do_circle_bring(struct store *s, const uint64_t *n, struct said *said)
{
    (void)said;
    return store_circle_bring(s, n[0], rig_key((unsigned)n[1]));
}
static enum err say_circle_state(void *ctx, const struct store_circle *circle, struct str state)
{
    say_circle(ctx, circle);
    say_bytes(ctx, state);
    return ERR_OK;
}
static enum err do_circle_each(struct store *s, const uint64_t *n, struct said *said)
{
    (void)n;
    return store_circle_each(s, say_circle_state, said);
}
static enum err do_member_add(struct store *s, const uint64_t *n, struct said *said)
{
    (void)said;
    return store_member_add(s, n[0], rig_key((unsigned)n[1]), n[2]);
}
static enum err do_member_leave(struct store *s, const uint64_t *n, struct said *said)
{
    (void)said;
    return store_member_leave(s, n[0], rig_key((unsigned)n[1]), n[2]);
}
static void say_member(struct said *said, const struct store_member *member)
{
    say(said, " %" PRIu64 " %" PRIu64 " %d %" PRIu64, member->circle, member->joined_seq, member->has_left,
        member->left_seq);
    say_bytes(said, STR_OF(member->sign_pk));
}
static enum err do_member_find(struct store *s, const uint64_t *n, struct said *said)
{
    struct store_member member;
    enum err e = store_member_find(s, n[0], rig_key((unsigned)n[1]), &member);
    if (e == ERR_OK) say_member(said, &member);
    return e;
}
static enum err say_circle_member(void *ctx, const struct store_circle *circle, const struct store_member *member)
{
    say_circle(ctx, circle);
    say_member(ctx, member);
    return ERR_OK;
}
static enum err do_member_each(struct store *s, const uint64_t *n, struct said *said)
{
    uint64_t circle_n = 0;
    enum err e = store_member_each(s, rig_key((unsigned)n[0]), say_circle_member, said);
    if (e == ERR_OK) e = store_member_count(s, rig_key((unsigned)n[0]), &circle_n);
    say(said, " %" PRIu64, circle_n);
    return e;
}
static enum err do_entry_add(struct store *s, const uint64_t *n, struct said *said)
{
    (void)said;
    struct store_entry entry = rig_entry(n[1], (unsigned)n[2]);
    if (n[3] % 11 == 0) {
        entry.is_erased = true;
        entry.payload = (struct str){0};
    }
    return store_entry_add(s, n[0], &entry);
}
static enum err say_entry(void *ctx, const struct store_entry *entry)
{
    say(ctx, " %" PRIu64 " %d", entry->seq, entry->is_erased);
    say_bytes(ctx, STR_OF(entry->id));
    say_bytes(ctx, entry->header);
    say_bytes(ctx, entry->sig);
    say_bytes(ctx, entry->payload);
    return ERR_OK;
}
static enum err do_entry_get(struct store *s, const uint64_t *n, struct said *said)
{
    return store_entry_get(s, n[0], n[1], say_entry, said);
}
static enum err do_entry_by_id(struct store *s, const uint64_t *n, struct said *said)
{
    uint64_t seq = 0;
    enum err e = store_entry_by_id(s, n[0], rig_id((unsigned)n[1]), &seq);
    say(said, " %" PRIu64, seq);
    return e;
}
static enum err do_entry_each(struct store *s, const uint64_t *n, struct said *said)
{
    return store_entry_each(s, n[0], n[1], n[2], (size_t)n[3], say_entry, said);
}
static enum err do_entry_erase(struct store *s, const uint64_t *n, struct said *said)
{
    uint64_t bytes = 0;
    enum err e = store_entry_erase(s, n[0], n[1], &bytes);
    say(said, " %" PRIu64, bytes);
    return e;
}
static enum err do_invite_add(struct store *s, const uint64_t *n, struct said *said)
{
    (void)said;
    return store_invite_add(s, rig_key((unsigned)n[2]), n[0], n[1]);
}
static enum err do_invite_find(struct store *s, const uint64_t *n, struct said *said)
{
    struct store_invite invite;
    enum err e = store_invite_find(s, rig_key((unsigned)n[0]), &invite);
    if (e != ERR_OK) return e;
    say(said, " %" PRIu64 " %" PRIu64 " %d", invite.circle, invite.seq, invite.is_used);
    say_bytes(said, STR_OF(invite.invite_pk));
    say_bytes(said, STR_OF(invite.used_by));
    return e;
}
static enum err do_invite_use(struct store *s, const uint64_t *n, struct said *said)
{
    (void)said;
    return store_invite_use(s, n[0], n[1], rig_key((unsigned)n[2]));
}
static enum err do_count(struct store *s, const uint64_t *n, struct said *said)
{
    (void)n;
    struct store_counts counts;
    enum err e = store_count(s, &counts);
    if (e == ERR_OK) say_bytes(said, str_at(&counts, sizeof counts));
    return e;
}

/* ---- the table -------------------------------------------------------------------------------- */

/* How often an act is drawn, and below which bounds its numbers are. C: the number of a circle, P: a person
 * (or an id, a permit, an invite), A: the number of an account, S: a seq. */
enum { P = RIG_SEEN, C = 6, A = 12, S = 24 };
static const struct {
    const char *name;
    act_do *run;
    unsigned weight;
    uint64_t below[5];
} acts[] = {
    {"begin", do_begin, 0, {1, 1, 1, 1, 1}}, /* these six are drawn by where the course stands */
    {"commit", do_commit, 0, {1, 1, 1, 1, 1}},
    {"abort", do_abort, 0, {1, 1, 1, 1, 1}},
    {"mark", do_mark, 0, {1, 1, 1, 1, 1}},
    {"keep", do_keep, 0, {1, 1, 1, 1, 1}},
    {"undo", do_undo, 0, {1, 1, 1, 1, 1}},
    {"account_by_number", do_account_by_number, 2, {A, 1, 1, 1, 1}},
    {"account_by_sign_pk", do_account_by_sign_pk, 2, {P, 1, 1, 1, 1}},
    {"account_by_cred", do_account_by_cred, 3, {P, 1, 1, 1, 1}},
    {"creds_of", do_creds_of, 2, {A, 1, 1, 1, 1}},
    {"session_each", do_session_each, 2, {1, 1, 1, 1, 1}},
    {"permit_find", do_permit_find, 2, {P, 1, 1, 1, 1}},
    {"circle_by_id", do_circle_by_id, 3, {P, 2, 1, 1, 1}},
    {"circle_by_number", do_circle_by_number, 3, {C, 2, 1, 1, 1}},
    {"circle_each", do_circle_each, 1, {1, 1, 1, 1, 1}},
    {"member_find", do_member_find, 3, {C, P, 1, 1, 1}},
    {"member_each", do_member_each, 3, {P, 1, 1, 1, 1}},
    {"entry_get", do_entry_get, 4, {C, S, 1, 1, 1}},
    {"entry_by_id", do_entry_by_id, 3, {C, 300, 1, 1, 1}},
    {"entry_each", do_entry_each, 3, {C, S, S, 30, 1}},
    {"invite_find", do_invite_find, 2, {P, 1, 1, 1, 1}},
    {"count", do_count, 2, {1, 1, 1, 1, 1}},
    {"account_add", do_account_add, 5, {P, P, 2000, 1, 1}}, /* from here on: acts that write */
    {"creds_replace", do_creds_replace, 5, {A, 5, P, 3, 4}},
    {"account_remove", do_account_remove, 1, {A, 1, 1, 1, 1}},
    {"session_add", do_session_add, 6, {P, A, P, 1, 1}},
    {"session_touch", do_session_touch, 4, {P, 100000, 1, 1, 1}},
    {"session_remove", do_session_remove, 2, {P, 1, 1, 1, 1}},
    {"session_remove_of", do_session_remove_of, 1, {A, 2, P, 1, 1}},
    {"permit_add", do_permit_add, 2, {P, 100000, 1, 1, 1}},
    {"permit_use", do_permit_use, 3, {P, P, 1, 1, 1}},
    {"circle_add", do_circle_add, 3, {P, S, 3000, 3000, 1}},
    {"circle_set_head", do_circle_set_head, 8, {C, S, 3000, 3, 3000}},
    {"circle_bring", do_circle_bring, 3, {C, P, 1, 1, 1}},
    {"member_add", do_member_add, 5, {C, P, S, 1, 1}},
    {"member_leave", do_member_leave, 4, {C, P, S, 1, 1}},
    {"entry_add", do_entry_add, 20, {C, S, 300, 11, 1}},
    {"entry_erase", do_entry_erase, 3, {C, S, 1, 1, 1}},
    {"invite_add", do_invite_add, 2, {C, S, P, 1, 1}},
    {"invite_use", do_invite_use, 3, {C, S, P, 1, 1}},
};
enum { BEGIN, COMMIT, ABORT, MARK, KEEP, UNDO, FIRST_READ, FIRST_WRITE = 22, ACT_N = sizeof acts / sizeof *acts };

static unsigned draw_weighted(struct random *r, unsigned first, unsigned end)
{
    unsigned total = 0, what = first;
    for (unsigned i = first; i < end; i++) total += acts[i].weight;
    unsigned at = (unsigned)random_below(r, total);
    while (at >= acts[what].weight) at -= acts[what++].weight;
    return what;
}

static unsigned draw_what(struct random *r, const struct store_act_course *course)
{
    if (!course->is_in_transaction) return random_is_one_in(r, 3) ? draw_weighted(r, FIRST_READ, FIRST_WRITE) : BEGIN;
    if (random_is_one_in(r, 60)) return ABORT;
    if (random_is_one_in(r, 40) && course->mark_n == 0) return COMMIT;
    if (random_is_one_in(r, 8) && course->mark_n < STORE_MARKS) return MARK;
    if (random_is_one_in(r, 6) && course->mark_n > 0) return random_is_one_in(r, 2) ? KEEP : UNDO;
    return draw_weighted(r, FIRST_READ, ACT_N);
}

struct store_act store_act_draw(struct random *r, struct store_act_course *course)
{
    EXPECT(acts[FIRST_WRITE].run == do_account_add);
    struct store_act act = {.what = draw_what(r, course)};
    for (size_t i = 0; i < 5; i++) act.n[i] = random_below(r, acts[act.what].below[i]);
    switch (act.what) {
    case BEGIN: course->is_in_transaction = true; break;
    case COMMIT:
    case ABORT: *course = (struct store_act_course){.mark_n = 0}; break;
    case MARK: course->mark_n++; break;
    case KEEP:
    case UNDO: course->mark_n--; break;
    default: break;
    }
    return act;
}

enum err store_act_do(struct store *writer, struct store_act act, char text[static STORE_ACT_TEXT_BYTES])
{
    struct said said = {.text = text};
    say(&said, "%s", acts[act.what].name);
    for (size_t i = 0; i < 5; i++) {
        if (acts[act.what].below[i] > 1) say(&said, " %" PRIu64, act.n[i]);
    }
    say(&said, " ->");
    enum err e = acts[act.what].run(writer, act.n, &said);
    say(&said, " %s", err_code(e));
    return e;
}

const char *store_act_name(struct store_act act)
{
    return acts[act.what].name;
}
