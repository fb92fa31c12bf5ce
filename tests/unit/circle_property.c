/* circle_property.c -- any sequence of acts of several people, allowed or not: a server that keeps only a
 * saved state, a client that replays the record, and a model of the laws that shares no code with them say
 * the same of every single one. In the end all have one record, and everyone can read what they may.
 *
 * The laws are [C1] to [C22] of docs/domain.md. TROTH_SEED repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "harness/people.h"
#include "harness/random.h"

#if defined(__wasm__)
enum { SEQUENCES = 500 };
#elif defined(__SANITIZE_ADDRESS__) || defined(TROTH_HOSTILE)
enum { SEQUENCES = 1000 };
#else
enum { SEQUENCES = 2000 };
#endif

enum { PEOPLE = 4, STEPS = 60, SEQS = STEPS + 1, SECRETS = 10, NOBODY = -1 };

#define START_MS UINT64_C(1767225600000)
#define A_DAY_MS (UINT64_C(24) * 60 * 60 * 1000)

/* ---- an act: what somebody tries, said in words and not in bytes ---------------------------------------- */

struct act {
    enum entry_kind kind;
    size_t who, signer;
    bool names_other_circle, names_old_prev, has_used_id, has_changed_payload;
    uint64_t seq_off, epoch_off; /* added to the right ones */
    uint64_t time_ms;
    int invite;                            /* consent, join: which of the model's, or NOBODY for none that ever was */
    size_t secret;                         /* invite */
    uint64_t lasts_ms;                     /* invite */
    bool has_wrong_proof, has_bad_box_pk;  /* join; the second also genesis */
    int box_off;                           /* rotate: that many boxes too many, or too few if negative */
    int short_box, garbage_box;            /* rotate: whose box is too short, or does not open; or NOBODY */
    uint64_t target[3];                    /* redact */
    size_t target_n;
    bool is_journal;                       /* genesis */
};

/* ---- the model: what each person has done, and what became of each invitation --------------------------- */

enum invite_fate { IS_OPEN, IS_USED, IS_VOID };

struct model_invite {
    size_t secret;
    uint64_t until_ms, ended_as;
    bool is_agreed_by[PEOPLE];
    enum invite_fate fate;
};

struct model_person {
    bool is_in;
    uint64_t came_as; /* the how-manieth to come in */
    bool has_key[SEQS + 1];  /* by epoch */
    bool has_written[SEQS], has_said[SEQS], has_erased[SEQS];
};

struct model {
    struct model_person person[PEOPLE];
    struct model_invite invite[SEQS];
    size_t invite_n;
    uint64_t next_seq, epoch, came_n, ended_n;
    bool is_journal, somebody_left;
    int owes_rotate, has_just_rotated; /* persons, or NOBODY */
    uint64_t epoch_at[SEQS];
};

static size_t member_n(const struct model *m)
{
    size_t n = 0;
    for (size_t i = 0; i < PEOPLE; i++) n += m->person[i].is_in;
    return n;
}

static size_t open_n(const struct model *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->invite_n; i++) n += m->invite[i].fate == IS_OPEN;
    return n;
}

/* What is said of an invitation that somebody names. */
static enum err invite_named(const struct model *m, const struct act *a)
{
    if (a->invite == NOBODY) return ERR_INVITE_VOID;
    const struct model_invite *i = &m->invite[a->invite];
    if (i->fate == IS_OPEN) return a->time_ms > i->until_ms ? ERR_INVITE_EXPIRED : ERR_OK;
    bool is_remembered = m->ended_n - i->ended_as <= LIMIT_ENDED_INVITES;
    return i->fate == IS_USED && is_remembered ? ERR_INVITE_USED : ERR_INVITE_VOID;
}

static enum err invite_rules(const struct model *m, const struct act *a)
{
    if (m->is_journal) return ERR_SOLE_CIRCLE;
    if (m->has_just_rotated != (int)a->who) return ERR_ROTATE_REQUIRED;
    if (a->lasts_ms == 0) return ERR_INVITE_EXPIRED;
    if (a->lasts_ms > 14 * A_DAY_MS) return ERR_BAD_ENTRY;
    for (size_t i = 0; i < m->invite_n; i++) {
        if (m->invite[i].fate == IS_OPEN && m->invite[i].secret == a->secret) return ERR_BAD_KEY;
    }
    return open_n(m) == 5 ? ERR_TOO_MANY_INVITES : ERR_OK;
}

static enum err join_rules(const struct model *m, const struct act *a)
{
    if (m->is_journal) return ERR_SOLE_CIRCLE;
    enum err e = invite_named(m, a);
    if (e != ERR_OK) return e;
    for (size_t i = 0; i < PEOPLE; i++) {
        if (m->person[i].is_in && !m->invite[a->invite].is_agreed_by[i]) return ERR_CONSENT_MISSING;
    }
    if (a->has_wrong_proof) return ERR_BAD_PROOF;
    return a->has_bad_box_pk ? ERR_BAD_KEY : ERR_OK;
}

static enum err redact_rules(const struct model *m, const struct act *a)
{
    const struct model_person *p = &m->person[a->who];
    for (size_t i = 0; i < a->target_n; i++) {
        uint64_t seq = a->target[i];
        if (seq >= m->next_seq || !p->has_said[seq] || p->has_erased[seq]) return ERR_BAD_REDACT;
        for (size_t k = 0; k < i; k++) {
            if (a->target[k] == seq) return ERR_BAD_REDACT;
        }
    }
    return ERR_OK;
}

static enum err kind_rules(const struct model *m, const struct act *a)
{
    enum err e = ERR_OK;
    switch (a->kind) {
    case ENTRY_GENESIS: return a->has_bad_box_pk ? ERR_BAD_KEY : ERR_OK;
    case ENTRY_INVITE: return invite_rules(m, a);
    case ENTRY_JOIN: return join_rules(m, a);
    case ENTRY_LEAVE: return m->is_journal ? ERR_SOLE_CIRCLE : ERR_OK;
    case ENTRY_ROTATE: return a->box_off != 0 || a->short_box != NOBODY ? ERR_BAD_BOXES : ERR_OK;
    case ENTRY_REDACT: return redact_rules(m, a);
    case ENTRY_CONSENT:
        e = invite_named(m, a);
        return e == ERR_OK && m->invite[a->invite].is_agreed_by[a->who] ? ERR_CONSENT_GIVEN : e;
    case ENTRY_SEALED: break;
    }
    return e;
}

/* Who may write at all: members; who joins; and who was in, about what they wrote. */
static enum err who_rules(const struct model *m, const struct act *a)
{
    const struct model_person *p = &m->person[a->who];
    if (a->kind == ENTRY_GENESIS) return ERR_OK;
    if (a->kind == ENTRY_JOIN) return p->is_in ? ERR_ALREADY_MEMBER : ERR_OK;
    bool is_about_own = false;
    for (size_t i = 0; a->kind == ENTRY_REDACT && i < a->target_n; i++) {
        if (a->target[i] < m->next_seq && p->has_written[a->target[i]]) is_about_own = true;
    }
    return p->is_in || is_about_own ? ERR_OK : ERR_NOT_MEMBER;
}

/* Everything that is wrong with an act, in the order of docs/domain.md; the first of it counts. */
static enum err model_judge(const struct model *m, const struct act *a, uint64_t server_now_ms, bool is_live)
{
    bool is_new = m->next_seq == 0, is_first_of_another = a->kind == ENTRY_GENESIS && !is_new;
    bool is_rotate = a->kind == ENTRY_ROTATE, is_leave = a->kind == ENTRY_LEAVE, is_redact = a->kind == ENTRY_REDACT;
    bool is_owed = m->owes_rotate == NOBODY || (is_rotate && m->owes_rotate == (int)a->who);
    bool may_now = is_owed && (!m->somebody_left || is_rotate || is_leave || is_redact || m->owes_rotate != NOBODY);
    uint64_t off_ms = a->time_ms > server_now_ms ? a->time_ms - server_now_ms : server_now_ms - a->time_ms;
    const enum err found[] = {
        is_new && a->kind != ENTRY_GENESIS ? ERR_BAD_ENTRY : ERR_OK,
        a->names_other_circle || is_first_of_another ? ERR_WRONG_CIRCLE : ERR_OK,
        a->seq_off != 0 || a->names_old_prev ? ERR_HEAD_MOVED : ERR_OK,
        a->has_used_id ? ERR_ID_TAKEN : ERR_OK,
        a->signer != a->who ? ERR_BAD_SIGNATURE : ERR_OK,
        who_rules(m, a),
        may_now ? ERR_OK : ERR_ROTATE_REQUIRED,
        a->epoch_off != 0 ? ERR_EPOCH_STALE : ERR_OK,
        is_live && off_ms > 600000 ? ERR_CLOCK_SKEW : ERR_OK,
        is_first_of_another ? ERR_OK : kind_rules(m, a),
        a->has_changed_payload ? ERR_PAYLOAD_MISMATCH : ERR_OK,
    };
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        if (found[i] != ERR_OK) return found[i];
    }
    return ERR_OK;
}

static void end_open_invites(struct model *m, int used)
{
    for (size_t i = 0; i < m->invite_n; i++) {
        if (m->invite[i].fate != IS_OPEN) continue;
        m->invite[i].fate = (int)i == used ? IS_USED : IS_VOID;
        m->invite[i].ended_as = m->ended_n++;
    }
}

static void come_in(struct model *m, size_t who)
{
    m->person[who].is_in = true;
    m->person[who].came_as = m->came_n++;
}

/* What an act that was allowed has led to. */
static void model_apply(struct model *m, const struct act *a)
{
    struct model_person *p = &m->person[a->who];
    if (a->kind != ENTRY_INVITE) m->has_just_rotated = NOBODY;
    switch (a->kind) {
    case ENTRY_GENESIS:
        m->is_journal = a->is_journal;
        come_in(m, a->who);
        p->has_key[0] = true;
        break;
    case ENTRY_INVITE:
        m->invite[m->invite_n] = (struct model_invite){.secret = a->secret, .until_ms = a->time_ms + a->lasts_ms};
        m->invite[m->invite_n++].is_agreed_by[a->who] = true;
        break;
    case ENTRY_JOIN:
        end_open_invites(m, a->invite);
        come_in(m, a->who);
        p->has_key[m->epoch] = true;
        m->owes_rotate = (int)a->who;
        break;
    case ENTRY_LEAVE:
        end_open_invites(m, NOBODY);
        p->is_in = false;
        m->somebody_left = true;
        break;
    case ENTRY_ROTATE:
        end_open_invites(m, NOBODY);
        m->epoch++;
        for (size_t i = 0; i < PEOPLE; i++) {
            if (m->person[i].is_in && (int)i != a->garbage_box) m->person[i].has_key[m->epoch] = true;
        }
        m->somebody_left = false;
        m->owes_rotate = NOBODY;
        m->has_just_rotated = (int)a->who;
        break;
    case ENTRY_REDACT:
        for (size_t i = 0; i < a->target_n; i++) p->has_erased[a->target[i]] = true;
        break;
    case ENTRY_CONSENT: m->invite[a->invite].is_agreed_by[a->who] = true; break;
    case ENTRY_SEALED: p->has_said[m->next_seq] = true; break;
    }
    p->has_written[m->next_seq] = true;
    m->epoch_at[m->next_seq++] = m->epoch;
}

/* ---- the server: a saved state, a head, and a list of what is recorded ---------------------------------- */

struct server {
    uint8_t saved[CIRCLE_SAVED_BYTES], head_hash[HASH_BYTES];
    size_t saved_n;
    uint64_t next_seq;
    uint8_t id[SEQS][ID_BYTES];
    struct circle_fact fact[SEQS];
};

static enum err server_id_is_taken(void *of, const uint8_t *id, bool *is_taken)
{
    const struct server *s = of;
    *is_taken = false;
    for (uint64_t i = 0; i < s->next_seq; i++) *is_taken = *is_taken || memcmp(s->id[i], id, ID_BYTES) == 0;
    return ERR_OK;
}

static enum err server_fact_at(void *of, uint64_t seq, struct circle_fact *fact)
{
    const struct server *s = of;
    assert_true(seq < s->next_seq);
    *fact = s->fact[seq];
    return ERR_OK;
}

static void server_record(struct server *s, struct circle *c, const struct entry *e)
{
    struct out o = OUT_OVER(s->saved);
    if (circle_advance(c, e)) { /* only then is the state written again */
        circle_save(&o, c);
        assert_false(o.is_full);
        s->saved_n = o.len;
    }
    memcpy(s->head_hash, e->hash, HASH_BYTES);
    memcpy(s->id[s->next_seq], e->id, ID_BYTES);
    memcpy(s->fact[s->next_seq].author, e->author, SIGN_PK_BYTES);
    s->fact[s->next_seq++].kind = e->kind;
    for (size_t i = 0; e->kind == ENTRY_REDACT && i < e->body.redact.seq_n; i++) {
        s->fact[e->body.redact.seq[i]].is_erased = true;
    }
}

static enum err server_append(struct server *s, struct str wire, uint64_t now_ms)
{
    struct circle c = {.is_begun = false};
    struct circle_past past = {s, server_id_is_taken, server_fact_at};
    struct entry e;
    struct why why;
    enum err err = entry_read(wire, &e, &why);
    if (err == ERR_OK && s->next_seq > 0) {
        err = circle_load(&c, str_at(s->saved, s->saved_n), s->next_seq - 1, s->head_hash);
    }
    if (err != ERR_OK) return err;
    struct circle_terms terms = {
        .is_signed = entry_is_signed(&e), .payload_fits = entry_payload_fits(&e), .is_live = true, .now_ms = now_ms,
    };
    err = circle_judge(&c, &e, &past, &terms, &why);
    if (err == ERR_OK) server_record(s, &c, &e);
    return err;
}

/* ---- a world of all these ------------------------------------------------------------------------------- */

struct world {
    struct arena a;
    struct random r;
    uint64_t seed, now_ms;
    struct room room[PEOPLE], *rooms[PEOPLE]; /* the first is the client that is shown everything */
    size_t people_n;
    struct model model;
    struct server server;
    uint8_t invite_hash[SEQS][HASH_BYTES];
    size_t accepted_n, refused_n;
};

static struct person people[PEOPLE];
static uint8_t secrets[SECRETS][SECRET_BYTES];
static size_t seen[128], kind_accepted[16]; /* how often each error, each kind, over all sequences */

static void world_open(struct world *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    arena_init(&w->a, 64 * 1024 * 1024);
    w->seed = seed;
    random_init_seed(&w->r, seed);
    w->people_n = (const size_t[]){2, 3, 3, PEOPLE, PEOPLE}[random_below(&w->r, 5)];
    w->now_ms = START_MS;
    w->model.owes_rotate = w->model.has_just_rotated = NOBODY;
    for (size_t i = 0; i < w->people_n; i++) {
        room_init(&w->room[i], &people[i], START_MS);
        w->rooms[i] = &w->room[i];
    }
}

static void world_close(struct world *w)
{
    for (size_t i = 0; i < w->people_n; i++) room_fini(&w->room[i]);
    arena_fini(&w->a);
}

/* ---- choosing acts: mostly what could be allowed, so that sequences get somewhere ----------------------- */

static size_t anyone(struct world *w)
{
    return (size_t)random_below(&w->r, w->people_n);
}

/* Someone for whom is_in is as wanted; anyone if there is nobody. */
static size_t someone(struct world *w, bool is_in)
{
    size_t first = anyone(w);
    for (size_t i = 0; i < w->people_n; i++) {
        size_t who = (first + i) % w->people_n;
        if (w->model.person[who].is_in == is_in) return who;
    }
    return first;
}

static int any_invite(struct world *w)
{
    const struct model *m = &w->model;
    if (m->invite_n == 0 || random_is_one_in(&w->r, 20)) return NOBODY;
    size_t first = (size_t)random_below(&w->r, m->invite_n);
    for (size_t i = 0; i < m->invite_n && !random_is_one_in(&w->r, 8); i++) {
        size_t k = (first + i) % m->invite_n;
        if (m->invite[k].fate == IS_OPEN) return (int)k;
    }
    return (int)first;
}

static bool is_agreed_or_out(const struct model *m, size_t invite, size_t person)
{
    return m->invite[invite].is_agreed_by[person] || !m->person[person].is_in;
}

/* An open invite that all have agreed to, so that somebody can come in; else any. */
static int agreed_invite(struct world *w)
{
    const struct model *m = &w->model;
    for (size_t i = 0; i < m->invite_n && !random_is_one_in(&w->r, 4); i++) {
        bool is_agreed = m->invite[i].fate == IS_OPEN;
        for (size_t p = 0; p < PEOPLE; p++) is_agreed = is_agreed && is_agreed_or_out(m, i, p);
        if (is_agreed) return (int)i;
    }
    return any_invite(w);
}

/* A member who has not agreed to that invite yet. */
static size_t hesitant(struct world *w, int invite)
{
    const struct model *m = &w->model;
    for (size_t i = 0; invite != NOBODY && i < PEOPLE && !random_is_one_in(&w->r, 6); i++) {
        if (m->person[i].is_in && !m->invite[invite].is_agreed_by[i]) return i;
    }
    return someone(w, true);
}

static void choose_targets(struct world *w, struct act *a)
{
    const struct model *m = &w->model;
    a->target_n = (size_t)random_between(&w->r, 1, 2);
    for (size_t i = 0; i < a->target_n; i++) {
        uint64_t seq = a->target[i] = random_below(&w->r, m->next_seq + 1);
        for (uint64_t k = 0; k < m->next_seq && !random_is_one_in(&w->r, 10); k++) {
            uint64_t other = (seq + k) % m->next_seq;
            if (!m->person[a->who].has_said[other] || m->person[a->who].has_erased[other]) continue;
            a->target[i] = other;
            break;
        }
    }
}

/* Whether some invite is open, and whether all have agreed to one. */
static bool is_any_open(const struct world *w, bool is_agreed)
{
    const struct model *m = &w->model;
    for (size_t i = 0; i < m->invite_n; i++) {
        bool is_it = m->invite[i].fate == IS_OPEN;
        for (size_t p = 0; p < PEOPLE && is_agreed; p++) is_it = is_it && is_agreed_or_out(m, i, p);
        if (is_it) return true;
    }
    return false;
}

static enum entry_kind any_kind(struct world *w)
{
    static const enum entry_kind any[] = {
        ENTRY_SEALED, ENTRY_SEALED, ENTRY_SEALED, ENTRY_SEALED, ENTRY_REDACT,  ENTRY_REDACT,
        ENTRY_ROTATE, ENTRY_JOIN,   ENTRY_INVITE, ENTRY_LEAVE,  ENTRY_CONSENT, ENTRY_GENESIS,
    };
    const struct model *m = &w->model;
    bool is_due = m->owes_rotate != NOBODY || m->somebody_left;
    if (m->next_seq == 0) return ENTRY_GENESIS;
    if (is_due && !random_is_one_in(&w->r, 3)) return ENTRY_ROTATE;
    if (m->has_just_rotated != NOBODY && random_is_one_in(&w->r, 2)) return ENTRY_INVITE;
    if (is_any_open(w, true) && random_is_one_in(&w->r, 3)) return ENTRY_JOIN;
    if (is_any_open(w, false) && random_is_one_in(&w->r, 3)) return ENTRY_CONSENT;
    if (open_n(m) == 0 && random_is_one_in(&w->r, 4)) return ENTRY_ROTATE;
    enum entry_kind kind = any[random_below(&w->r, sizeof any / sizeof *any)];
    if (kind == ENTRY_LEAVE && !random_is_one_in(&w->r, member_n(m) == 1 ? 12 : 3)) return ENTRY_SEALED;
    if (kind == ENTRY_GENESIS && !random_is_one_in(&w->r, 6)) return ENTRY_SEALED;
    return kind;
}

static void choose_body(struct world *w, struct act *a)
{
    static const uint64_t lasting[] = {1, A_DAY_MS, 3 * A_DAY_MS, 7 * A_DAY_MS, 13 * A_DAY_MS, 14 * A_DAY_MS};
    const struct model *m = &w->model;
    bool is_wild = random_is_one_in(&w->r, 12);
    a->who = is_wild ? anyone(w) : someone(w, true);
    if (a->kind == ENTRY_ROTATE && m->owes_rotate != NOBODY && !is_wild) a->who = (size_t)m->owes_rotate;
    if (a->kind == ENTRY_INVITE && m->has_just_rotated != NOBODY && !is_wild) a->who = (size_t)m->has_just_rotated;
    if (a->kind == ENTRY_GENESIS) a->is_journal = random_is_one_in(&w->r, 15);
    if (a->kind == ENTRY_REDACT && random_is_one_in(&w->r, 3)) a->who = anyone(w); /* former members, too */
    if (a->kind == ENTRY_REDACT) choose_targets(w, a);
    if (a->kind == ENTRY_CONSENT) {
        a->invite = any_invite(w);
        a->who = is_wild ? a->who : hesitant(w, a->invite);
    }
    if (a->kind == ENTRY_JOIN) {
        a->invite = agreed_invite(w);
        a->who = is_wild ? a->who : someone(w, false);
    }
    if (a->kind == ENTRY_INVITE) {
        a->secret = (size_t)random_below(&w->r, SECRETS);
        a->lasts_ms = lasting[random_below(&w->r, sizeof lasting / sizeof *lasting)];
    }
    if (a->kind == ENTRY_ROTATE && random_is_one_in(&w->r, 12)) {
        size_t victim = anyone(w);
        if (victim != a->who && m->person[victim].is_in) a->garbage_box = (int)victim;
    }
}

/* One thing wrong with it, as far as it can be wrong with this kind. */
static void spoil(struct world *w, struct act *a)
{
    bool is_genesis = a->kind == ENTRY_GENESIS, is_join = a->kind == ENTRY_JOIN;
    uint64_t what = is_join && random_is_one_in(&w->r, 2) ? random_between(&w->r, 9, 10) : random_below(&w->r, 13);
    switch (what) {
    case 0: a->names_other_circle = !is_genesis; break;
    case 1: a->seq_off = is_genesis ? 0 : random_between(&w->r, 1, 3); break;
    case 2: a->names_old_prev = !is_genesis; break;
    case 3: a->has_used_id = w->model.next_seq > 0; break;
    case 4: a->signer = (a->who + random_between(&w->r, 1, w->people_n - 1)) % w->people_n; break;
    case 5: a->epoch_off = is_genesis ? 0 : random_between(&w->r, 1, 2); break;
    case 6: a->time_ms += random_is_one_in(&w->r, 2) ? 600001 : 20 * A_DAY_MS; break;
    case 7: a->time_ms -= random_is_one_in(&w->r, 2) ? 600001 : A_DAY_MS; break;
    case 8: a->has_changed_payload = a->kind == ENTRY_SEALED || a->kind == ENTRY_INVITE; break;
    case 9: a->has_wrong_proof = is_join; break;
    case 10: a->has_bad_box_pk = is_join || is_genesis; break;
    case 11: a->lasts_ms = random_is_one_in(&w->r, 2) ? 0 : 14 * A_DAY_MS + 1; break;
    case 12:
        if (a->kind == ENTRY_ROTATE) a->box_off = random_is_one_in(&w->r, 2) ? 1 : -1;
        if (a->kind == ENTRY_ROTATE && random_is_one_in(&w->r, 2)) {
            a->box_off = 0;
            a->short_box = 0; /* the first */
        }
        if (a->kind == ENTRY_REDACT && a->target_n == 2) a->target[1] = a->target[0];
        break;
    }
    if (w->model.next_seq == 0) a->has_used_id = false;
}

static struct act choose_act(struct world *w)
{
    struct act a = {.invite = NOBODY, .short_box = NOBODY, .garbage_box = NOBODY};
    if (random_is_one_in(&w->r, 4)) w->now_ms += random_below(&w->r, random_is_one_in(&w->r, 6) ? 4 * A_DAY_MS : 1000);
    a.time_ms = w->now_ms;
    a.kind = any_kind(w);
    choose_body(w, &a);
    a.signer = a.who;
    if (random_is_one_in(&w->r, 4)) spoil(w, &a);
    if (random_is_one_in(&w->r, 16)) spoil(w, &a);
    /* With nobody in, there is no first box to be too short. */
    if (a.short_box != NOBODY && member_n(&w->model) == 0) a.short_box = NOBODY;
    if (a.box_off < 0 && member_n(&w->model) == 0) a.box_off = 1;
    return a;
}

/* ---- acts as bytes -------------------------------------------------------------------------------------- */

static const uint8_t *random_hash(struct world *w)
{
    uint8_t *hash = arena_take(&w->a, HASH_BYTES);
    random_bytes(&w->r, hash, HASH_BYTES);
    return hash;
}

static struct entry draft_any_payload(struct world *w, const struct act *a)
{
    struct entry e = draft_next(&w->room[a->who], &w->a, a->kind);
    draft_payload(&w->a, &e, str_at(random_hash(w), HASH_BYTES));
    return e;
}

/* What is said: the place where it is said, so that it can be told later whether it is read right. */
static struct str words_at(struct world *w, uint64_t seq)
{
    char words[32];
    snprintf(words, sizeof words, "said at %llu", (unsigned long long)seq);
    return people_note(&w->a, words);
}

static struct entry make_sealed(struct world *w, const struct act *a)
{
    const struct room *room = &w->room[a->who];
    if (!room_has_key(room)) return draft_any_payload(w, a);
    return draft_sealed(room, &w->a, words_at(w, w->model.next_seq));
}

static struct entry make_invite(struct world *w, const struct act *a)
{
    const struct room *room = &w->room[a->who];
    uint64_t until_ms = a->time_ms + a->lasts_ms;
    if (room_has_key(room)) return draft_invite(room, &w->a, secrets[a->secret], until_ms);
    struct entry e = draft_any_payload(w, a);
    e.body.invite.invite_pk = random_hash(w);
    e.body.invite.expires_ms = until_ms;
    return e;
}

static struct entry make_join(struct world *w, const struct act *a)
{
    static const uint8_t low_order[BOX_PK_BYTES] = {1};
    const struct secret_identity *me = &people[a->who].keys;
    struct entry e = draft_next(&w->room[a->who], &w->a, ENTRY_JOIN);
    uint8_t *proof = arena_take(&w->a, SIG_BYTES), *seal = arena_take(&w->a, SEAL_BYTES), key[KEY_BYTES] = {0};
    e.body.join.invite_hash = a->invite == NOBODY ? random_hash(w) : w->invite_hash[a->invite];
    e.body.join.box_pk = a->has_bad_box_pk ? low_order : me->box_pk;
    if (a->invite != NOBODY) {
        const uint8_t *secret = secrets[w->model.invite[a->invite].secret];
        struct invite_keys keys;
        enum err err = room_capsule(&w->room[a->who], secret, key);
        if (w->model.invite[a->invite].fate == IS_OPEN) assert_int_equal(err, ERR_OK);
        invite_keys_init(&keys, secret);
        const uint8_t *to = a->has_wrong_proof ? random_hash(w) : e.body.join.invite_hash;
        invite_proof_make(proof, keys.sk, e.circle, to, me->sign_pk, e.body.join.box_pk);
    }
    assert_int_equal(epoch_seal(seal, key, me->box_pk), ERR_OK);
    e.body.join.proof = proof;
    e.body.join.seal = seal;
    return e;
}

static struct entry make_rotate(struct world *w, const struct act *a)
{
    static const uint8_t garbage[SEAL_BYTES];
    struct entry e = draft_rotate(&w->room[a->who], &w->a, ROTATE_WISH);
    if (a->garbage_box != NOBODY) {
        int at = circle_member_index(&w->room[0].at, people[a->garbage_box].keys.sign_pk);
        e.body.rotate.seal[at] = garbage;
    }
    if (a->box_off > 0) e.body.rotate.seal[e.body.rotate.seal_n] = garbage;
    e.body.rotate.seal_n += (size_t)(int64_t)a->box_off;
    return e;
}

static struct entry make_draft(struct world *w, const struct act *a)
{
    static const uint8_t low_order[BOX_PK_BYTES] = {0};
    const struct room *room = &w->room[a->who];
    struct entry e;
    switch (a->kind) {
    case ENTRY_GENESIS:
        e = draft_genesis(room, &w->a, a->is_journal);
        if (a->has_bad_box_pk) e.body.genesis.box_pk = low_order;
        return e;
    case ENTRY_INVITE: return make_invite(w, a);
    case ENTRY_JOIN: return make_join(w, a);
    case ENTRY_LEAVE: return draft_leave(room, &w->a);
    case ENTRY_ROTATE: return make_rotate(w, a);
    case ENTRY_REDACT: return draft_redact(room, &w->a, a->target, a->target_n);
    case ENTRY_CONSENT:
        return draft_consent(room, &w->a, a->invite == NOBODY ? random_hash(w) : w->invite_hash[a->invite]);
    case ENTRY_SEALED: break;
    }
    return make_sealed(w, a);
}

/* The first box one byte too short: no draft can say that. */
static struct str with_short_box(struct world *w, const struct act *a, const struct entry *draft)
{
    struct str boxes = draft_zeros(&w->a, SEAL_BYTES - 1), header = draft_header(&w->a, draft);
    for (size_t i = 1; i < draft->body.rotate.seal_n; i++) {
        boxes = draft_then(&w->a, boxes, draft_zeros(&w->a, SEAL_BYTES));
    }
    uint8_t head = (uint8_t)(0x80 | draft->body.rotate.seal_n);
    header = draft_set_body(&w->a, header, 2, draft_then(&w->a, str_at(&head, 1), boxes));
    return draft_wrap(&w->a, header, draft->payload, &people[a->signer]);
}

static struct str make_wire(struct world *w, const struct act *a)
{
    struct entry e = make_draft(w, a);
    e.time_ms = a->time_ms;
    e.seq += a->seq_off;
    e.epoch += a->epoch_off;
    if (a->kind == ENTRY_JOIN) e.body.join.from_epoch = e.epoch;
    if (a->names_other_circle) e.circle = random_hash(w);
    if (a->names_old_prev) {
        uint64_t old = random_below(&w->r, w->model.next_seq);
        bool is_head = old + 1 == w->model.next_seq;
        e.prev = is_head ? random_hash(w) : index_row(&w->room[0].chain.index, old)->hash;
    }
    if (a->has_used_id) e.id = w->server.id[random_below(&w->r, w->model.next_seq)];
    if (a->has_changed_payload) {
        uint8_t *changed = arena_take(&w->a, e.payload.len);
        memcpy(changed, e.payload.at, e.payload.len);
        changed[random_below(&w->r, e.payload.len)] ^= 0x10;
        e.payload = str_at(changed, e.payload.len);
    }
    if (a->short_box != NOBODY && e.body.rotate.seal_n > 0) return with_short_box(w, a, &e);
    return draft_sign(&w->a, &e, &people[a->signer]);
}

/* ---- one step: three verdicts --------------------------------------------------------------------------- */

static void say_step(const struct world *w, const struct act *a, const char *what, enum err got, enum err expected)
{
    print_error("sequence 0x%016llx, behind %llu: kind %d by %zu, invite %d: %s says %s, the model %s\n",
                (unsigned long long)w->seed, (unsigned long long)w->model.next_seq, a->kind, a->who, a->invite, what,
                err_code(got), err_code(expected));
}

static void assert_verdict(const struct world *w, const struct act *a, const char *what, enum err got,
                           enum err expected)
{
    if (got != expected) say_step(w, a, what, got, expected);
    assert_int_equal(got, expected);
}

/* What a replay says; the chain grows only when the server has recorded it, too. */
static enum err client_verdict(struct world *w, struct str wire, bool is_recorded)
{
    struct why why;
    struct entry e;
    struct chain *chain = &w->room[0].chain;
    if (is_recorded) return room_take(&w->room[0], wire, &why);
    enum err err = entry_read(wire, &e, &why);
    if (err != ERR_OK) return err;
    struct circle_past past = index_past(&chain->index);
    struct circle_terms terms = {
        .is_signed = entry_is_signed(&e), .payload_fits = entry_payload_fits(&e), .may_lack_payload = true,
    };
    err = circle_judge(&chain->circle, &e, &past, &terms, &why);
    return err == ERR_OK ? ERR_OK : chain_add(chain, wire, NULL, &why);
}

/* The state as the model sees it and as the automaton does. */
static void assert_same_state(const struct world *w)
{
    const struct circle *c = &w->room[0].chain.circle;
    const struct model *m = &w->model;
    assert_int_equal(c->member_n, member_n(m));
    assert_true(c->epoch == m->epoch && c->head_seq + 1 == m->next_seq);
    assert_int_equal(c->invite_n, open_n(m));
    assert_int_equal(c->must_rotate, m->somebody_left || m->owes_rotate != NOBODY);
    assert_int_equal(circle_may_rest(c), m->owes_rotate == NOBODY);
    for (size_t i = 0; i < PEOPLE; i++) {
        int at = circle_member_index(c, people[i].keys.sign_pk);
        size_t before_n = 0;
        for (size_t k = 0; k < PEOPLE; k++) {
            before_n += m->person[k].is_in && m->person[k].came_as < m->person[i].came_as;
        }
        assert_int_equal(at, m->person[i].is_in ? (int)before_n : -1);
    }
    for (size_t i = 0; i < m->invite_n; i++) {
        const struct circle_invite *open = circle_open_invite(c, w->invite_hash[i]);
        assert_int_equal(open != NULL, m->invite[i].fate == IS_OPEN);
        bool is_remembered = open != NULL || m->ended_n - m->invite[i].ended_as <= LIMIT_ENDED_INVITES;
        assert_int_equal(circle_knows_invite(c, w->invite_hash[i]), is_remembered);
    }
}

static void step(struct world *w)
{
    for (size_t i = 0; i < w->people_n; i++) w->room[i].now_ms = w->now_ms;
    struct act a = choose_act(w);
    struct str wire = make_wire(w, &a);
    enum err live = model_judge(&w->model, &a, w->now_ms, true);
    enum err replay = model_judge(&w->model, &a, w->now_ms, false);
    assert_verdict(w, &a, "the server", server_append(&w->server, wire, w->now_ms), live);
    assert_verdict(w, &a, "the client", client_verdict(w, wire, live == ERR_OK), replay);
    seen[live]++;
    if (live != ERR_OK) {
        w->refused_n++;
        return;
    }
    rooms_take(w->rooms + 1, w->people_n - 1, wire);
    if (a.kind == ENTRY_INVITE) memcpy(w->invite_hash[w->model.invite_n], w->server.head_hash, HASH_BYTES);
    model_apply(&w->model, &a);
    kind_accepted[a.kind]++;
    w->accepted_n++;
    assert_same_state(w);
}

/* ---- the end: one record, read by those who may --------------------------------------------------------- */

static bool was_said(const struct world *w, uint64_t seq)
{
    bool is_said = false;
    for (size_t i = 0; i < PEOPLE; i++) {
        /* Who said it without the key (they were shut out of the epoch) said nothing that can be read. */
        is_said = is_said || (w->model.person[i].has_said[seq] && w->model.person[i].has_key[w->model.epoch_at[seq]]);
    }
    return is_said;
}

static void assert_readable(struct world *w, size_t who, uint64_t seq)
{
    struct str text = {0};
    bool may_read = was_said(w, seq) && w->model.person[who].has_key[w->model.epoch_at[seq]];
    enum err e = room_text(&w->room[who], &w->a, seq, &text);
    if ((e == ERR_OK) != may_read) {
        print_error("sequence 0x%016llx: %zu %s read what was said at %llu\n", (unsigned long long)w->seed, who,
                    may_read ? "cannot" : "can", (unsigned long long)seq);
    }
    assert_int_equal(e, may_read ? ERR_OK : ERR_UNREADABLE);
    if (may_read) assert_true(str_is(text, words_at(w, seq)));
}

/* Somebody new is served the whole record, without what was erased. */
static void assert_served(struct world *w)
{
    struct arena a;
    struct chain chain;
    struct why why;
    arena_init(&a, 16 * 1024 * 1024);
    chain_init(&chain, &a);
    for (uint64_t seq = 0; seq < w->model.next_seq; seq++) {
        struct str wire = w->room[0].wire[seq];
        if (w->server.fact[seq].is_erased) wire = draft_erased(&w->a, wire);
        assert_int_equal(chain_add(&chain, wire, NULL, &why), ERR_OK);
    }
    assert_int_equal(chain.index.lacking_n, 0);
    assert_int_equal(chain_is_settled(&chain), circle_may_rest(&chain.circle)); /* a history may end behind a join */
    assert_memory_equal(chain.circle.head_hash, w->server.head_hash, HASH_BYTES);
    arena_fini(&a);
}

static void assert_end(struct world *w)
{
    for (size_t who = 0; who < w->people_n; who++) {
        const struct chain *chain = &w->room[who].chain;
        assert_true(chain->index.row_n == w->model.next_seq && w->server.next_seq == w->model.next_seq);
        assert_memory_equal(chain->circle.head_hash, w->server.head_hash, HASH_BYTES);
        for (uint64_t seq = 0; seq < w->model.next_seq; seq++) assert_readable(w, who, seq);
    }
    if (w->seed % 3 == 0) assert_served(w);
}

static void the_server_the_client_and_the_model_agree_on_every_act(void **state)
{
    (void)state;
    static struct world w;
    struct random r;
    size_t accepted_n = 0, refused_n = 0, most_members = 0;
    random_init(&r, "circle_property");
    for (size_t i = 0; i < SEQUENCES; i++) {
        world_open(&w, random_u64(&r));
        for (uint64_t k = random_between(&r, 1, random_is_one_in(&r, 2) ? STEPS : STEPS / 2); k > 0; k--) {
            bool is_closed = w.model.next_seq > 0 && member_n(&w.model) == 0;
            if (is_closed && random_is_one_in(&w.r, 4)) break; /* not much more can happen */
            step(&w);
            if (member_n(&w.model) > most_members) most_members = member_n(&w.model);
        }
        if (w.model.next_seq > 0) assert_end(&w);
        accepted_n += w.accepted_n;
        refused_n += w.refused_n;
        world_close(&w);
    }
    print_message("%d sequences: %zu acts accepted, %zu refused; up to %zu people.\n", SEQUENCES, accepted_n,
                  refused_n, most_members);
    for (size_t i = 0; i < 128; i++) {
        if (seen[i] > 0) print_message("  %6zu %s\n", seen[i], err_code((enum err)i));
    }
    assert_int_equal(most_members, PEOPLE);
}

/* The test of the test: every kind was accepted, and every error of the automaton was met. */
static void every_kind_and_every_error_came_up(void **state)
{
    (void)state;
    static const enum err errors[] = {
        ERR_WRONG_CIRCLE, ERR_HEAD_MOVED, ERR_ID_TAKEN, ERR_BAD_SIGNATURE, ERR_NOT_MEMBER, ERR_ALREADY_MEMBER,
        ERR_ROTATE_REQUIRED, ERR_EPOCH_STALE, ERR_CLOCK_SKEW, ERR_SOLE_CIRCLE, ERR_INVITE_VOID, ERR_INVITE_USED,
        ERR_INVITE_EXPIRED, ERR_CONSENT_MISSING, ERR_CONSENT_GIVEN, ERR_BAD_PROOF, ERR_BAD_KEY, ERR_BAD_BOXES,
        ERR_BAD_REDACT, ERR_BAD_ENTRY, ERR_PAYLOAD_MISMATCH,
    };
    static const enum entry_kind kinds[] = {
        ENTRY_GENESIS, ENTRY_INVITE, ENTRY_JOIN, ENTRY_LEAVE, ENTRY_ROTATE, ENTRY_REDACT, ENTRY_CONSENT, ENTRY_SEALED,
    };
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        if (seen[errors[i]] == 0) fail_msg("%s was never met", err_code(errors[i]));
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) assert_true(kind_accepted[kinds[i]] > 20);
}

static int open_all(void **state)
{
    (void)state;
    if (record_open() != ERR_OK) return -1;
    for (size_t i = 0; i < PEOPLE; i++) person_init(&people[i], "a friend", i);
    for (size_t i = 0; i < SECRETS; i++) secrets[i][0] = (uint8_t)i;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_the_client_and_the_model_agree_on_every_act),
        cmocka_unit_test(every_kind_and_every_error_came_up),
    };
    return cmocka_run_group_tests(tests, open_all, NULL);
}
