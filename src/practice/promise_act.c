/* promise_act.c -- see promise_act.h. */
#include "practice/promise_act.h"

#include "practice/walk.h"
#include "record/payload.h"

enum {
    KEY_ACT = 2,
    KEY_PROMISE = 3,
    KEY_TURN = 4,
    KEY_ALL_LEFT = 5,
    KEY_ASK = 6,
    KEY_WORDS = 7,
    KEY_TO = 8,
    KEY_WHAT = 9,
    KEY_LOOKS_LIKE = 10,
    KEY_CUE = 11,
    KEY_COSTS = 12,
    KEY_WHEN = 13,
    KEY_DATES = 14,
    KEY_MOMENTS = 15,
    KEY_RULE = 16,
    KEY_ZONE = 17,
    KEY_REWORDED = 18,
    KEY_LAST = KEY_REWORDED,
};

#define K(name) CBOR_KEY(KEY_##name)
#define FRAME (CBOR_KEY(PAYLOAD_KEY_TYPE) | K(ACT))
#define TIMES (K(WHEN) | K(DATES) | K(MOMENTS) | K(RULE) | K(ZONE))
#define WORDY (K(WORDS) | K(WHAT) | K(LOOKS_LIKE) | K(CUE) | K(ZONE)) /* what goes when the words go */
#define DAY_MS UINT64_C(86400000)
#define HOUR_MS UINT64_C(3600000)

/* Which fields an act has, as its header says. Those of `when` depend on one another: see when_keys. */
struct form {
    uint32_t needed, allowed;
};
#define ABOUT_TURN {FRAME | K(PROMISE) | K(TURN), K(WORDS)}

static const struct form forms[] = {
    [PROMISE_MADE] = {FRAME | K(TO) | K(WHAT) | K(WHEN), K(LOOKS_LIKE) | K(CUE) | K(COSTS) | TIMES},
    [PROMISE_DONE] = ABOUT_TURN,
    [PROMISE_KEPT] = ABOUT_TURN,
    [PROMISE_LATE] = ABOUT_TURN,
    [PROMISE_NOT_KEPT] = ABOUT_TURN,
    [PROMISE_OWNED_UP] = ABOUT_TURN,
    [PROMISE_RELEASED] = {FRAME | K(PROMISE) | K(TURN), K(ALL_LEFT) | K(WORDS)},
    [PROMISE_DECLINED] = {FRAME | K(PROMISE), K(WORDS)},
    [PROMISE_CHANGE_ASKED] = {FRAME | K(PROMISE) | K(TURN), K(ALL_LEFT) | K(WORDS) | K(WHAT) | TIMES},
    [PROMISE_CHANGE_ACCEPTED] = {FRAME | K(PROMISE) | K(ASK), K(WORDS)},
    [PROMISE_CHANGE_REFUSED] = {FRAME | K(PROMISE) | K(ASK), K(WORDS)},
    [PROMISE_ENDED] = {FRAME | K(PROMISE), K(WORDS)},
    [PROMISE_DIFFERED] = ABOUT_TURN,
};

static bool is_known(unsigned act)
{
    return act >= PROMISE_MADE && act <= PROMISE_DIFFERED;
}

/* The same form for what stays when the words go. */
static struct form form_of(const struct promise_act *act)
{
    struct form form = forms[act->act];
    if (!act->is_residue) return form;
    form.needed &= ~WORDY;
    form.allowed &= ~WORDY;
    if (act->act == PROMISE_CHANGE_ASKED) form.allowed |= K(REWORDED);
    return form;
}

/* ---- checking ----------------------------------------------------------------------------------- */

static enum law rule_check(const struct promise_rule *rule)
{
    bool is_on = (rule->every == PROMISE_DAILY && rule->on == 0) ||
                 (rule->every == PROMISE_WEEKLY && rule->on >= 1 && rule->on <= 127) ||
                 (rule->every == PROMISE_MONTHLY && rule->on >= 1 && rule->on <= 31);
    bool is_good = is_on && rule->step >= 1 && rule->step <= PROMISE_STEP && rule->at_minute <= PROMISE_END_OF_DAY;
    return is_good ? LAW_OK : LAW_RULE;
}

/* Local time is at most 12 hours behind and 14 ahead of UTC, and a day's end belongs to it. */
static bool moment_is_on(uint64_t due_ms, uint32_t date)
{
    uint64_t day_ms = date * DAY_MS;
    return due_ms > 0 && due_ms <= LIMIT_NUMBER && due_ms + 14 * HOUR_MS >= day_ms &&
           due_ms <= day_ms + DAY_MS + 12 * HOUR_MS;
}

static enum law when_check(const struct promise_when *when, bool has_zone)
{
    bool is_rule = when->kind == PROMISE_WHEN_RULE;
    if (when->kind == PROMISE_WHEN_OPEN) return when->due_n == 0 ? LAW_OK : LAW_DATES;
    if (when->due_n == 0 || when->due_n > (is_rule ? PROMISE_DUES : 1)) return LAW_DATES;
    for (size_t i = 0; i < when->due_n; i++) {
        if (!moment_is_on(when->due_ms[i], when->date[i])) return LAW_DATES;
        if (i > 0 && (when->date[i] <= when->date[i - 1] || when->due_ms[i] <= when->due_ms[i - 1])) return LAW_DATES;
    }
    enum law law = is_rule ? rule_check(&when->rule) : LAW_OK;
    return law == LAW_OK && has_zone ? words_check_zone(when->zone) : law;
}

/* Words that may be left out. */
static enum law check_some(struct str words)
{
    return words.len == 0 ? LAW_OK : words_check(words);
}

static enum law made_check(const struct promise_act *act)
{
    enum law law = act->is_residue ? LAW_OK : words_check(act->what);
    if (law == LAW_OK) law = check_some(act->looks_like);
    return law == LAW_OK ? check_some(act->cue) : law;
}

enum law promise_act_check(const struct promise_act *act)
{
    bool is_made = act->act == PROMISE_MADE, is_ask = act->act == PROMISE_CHANGE_ASKED;
    EXPECT(is_known(act->act));
    enum law law = is_made ? made_check(act) : check_some(act->words);
    if (law == LAW_OK && is_ask) {
        law = check_some(act->what);
        if (act->what.len == 0 && !act->has_when && !(act->is_residue && act->changes_words)) law = LAW_CHANGE_EMPTY;
    }
    if (law == LAW_OK && (is_made || (is_ask && act->has_when))) law = when_check(&act->when, !act->is_residue);
    return law;
}

/* ---- writing ------------------------------------------------------------------------------------ */

/* Which fields a draft has. */
static uint32_t keys_of(const struct promise_act *act)
{
    struct form form = form_of(act);
    bool has_when = act->act == PROMISE_MADE || act->has_when, has_dues = has_when && act->when.due_n > 0;
    uint32_t keys = act->is_all_left ? K(ALL_LEFT) : 0;
    if (act->words.len > 0) keys |= K(WORDS);
    if (act->what.len > 0) keys |= K(WHAT);
    if (act->looks_like.len > 0) keys |= K(LOOKS_LIKE);
    if (act->cue.len > 0) keys |= K(CUE);
    if (act->is_costly) keys |= K(COSTS);
    if (has_when) keys |= K(WHEN);
    if (has_dues) keys |= K(DATES) | K(MOMENTS) | K(ZONE);
    if (has_dues && act->when.kind == PROMISE_WHEN_RULE) keys |= K(RULE);
    if (act->changes_words) keys |= K(REWORDED);
    keys = (keys & form.allowed) | form.needed;
    return act->written_ms > 0 ? keys | CBOR_KEY(PAYLOAD_KEY_WRITTEN) : keys;
}

static void put_dues(struct out *text, const struct promise_when *when, bool are_dates)
{
    cbor_put_list(text, when->due_n);
    for (size_t i = 0; i < when->due_n; i++) cbor_put_uint(text, are_dates ? when->date[i] : when->due_ms[i]);
}

static void put_rule(struct out *text, const struct promise_rule *rule)
{
    cbor_put_list(text, 4);
    cbor_put_uint(text, rule->every);
    cbor_put_uint(text, rule->step);
    cbor_put_uint(text, rule->on);
    cbor_put_uint(text, rule->at_minute);
}

static void put_field(struct out *text, unsigned key, const struct promise_act *act)
{
    cbor_put_uint(text, key);
    switch (key) {
    case PAYLOAD_KEY_TYPE: cbor_put_uint(text, PAYLOAD_PROMISE); break;
    case KEY_ACT: cbor_put_uint(text, act->act); break;
    case KEY_PROMISE: cbor_put_bytes(text, str_at(act->promise, ID_BYTES)); break;
    case KEY_TURN: cbor_put_uint(text, act->turn); break;
    case KEY_ASK: cbor_put_bytes(text, str_at(act->ask, ID_BYTES)); break;
    case KEY_WORDS: cbor_put_text(text, act->words); break;
    case KEY_TO: cbor_put_bytes(text, str_at(act->to, SIGN_PK_BYTES)); break;
    case KEY_WHAT: cbor_put_text(text, act->what); break;
    case KEY_LOOKS_LIKE: cbor_put_text(text, act->looks_like); break;
    case KEY_CUE: cbor_put_text(text, act->cue); break;
    case KEY_WHEN: cbor_put_uint(text, act->when.kind); break;
    case KEY_DATES: put_dues(text, &act->when, true); break;
    case KEY_MOMENTS: put_dues(text, &act->when, false); break;
    case KEY_RULE: put_rule(text, &act->when.rule); break;
    case KEY_ZONE: cbor_put_text(text, act->when.zone); break;
    case PAYLOAD_KEY_WRITTEN: cbor_put_uint(text, act->written_ms); break;
    default: cbor_put_uint(text, 1); break; /* all left, costs, reworded: there or not */
    }
}

void promise_act_put(struct out *text, const struct promise_act *act)
{
    EXPECT(promise_act_check(act) == LAW_OK);
    uint32_t keys = keys_of(act);
    size_t key_n = 0;
    for (unsigned key = 0; key < LIMIT_CBOR_KEYS; key++) key_n += (keys & CBOR_KEY(key)) != 0;
    cbor_put_map(text, key_n);
    for (unsigned key = 0; key < LIMIT_CBOR_KEYS; key++) {
        if ((keys & CBOR_KEY(key)) != 0) put_field(text, key, act);
    }
}

/* ---- reading ------------------------------------------------------------------------------------ */

static unsigned small(struct walk *w)
{
    uint64_t n = walk_uint(w);
    return n <= UINT16_MAX ? (unsigned)n : (unsigned)walk_fail(w);
}

static bool yes(struct walk *w)
{
    return walk_uint(w) == 1 || walk_fail(w);
}

/* Words that are there are not empty: a field without words is left out. */
static struct str some_text(struct walk *w)
{
    struct str text = walk_text(w);
    if (text.len == 0) (void)walk_fail(w);
    return text;
}

static void read_dates(struct walk *w, struct promise_when *when)
{
    when->due_n = (size_t)walk_list(w);
    for (size_t i = 0; i < when->due_n; i++) {
        uint64_t date = walk_uint(w);
        when->date[i] = date <= UINT32_MAX ? (uint32_t)date : (uint32_t)walk_fail(w);
    }
}

/* Stands behind the dates, and is as long. */
static void read_moments(struct walk *w, struct promise_when *when)
{
    if (walk_list(w) != when->due_n) (void)walk_fail(w);
    for (size_t i = 0; i < when->due_n; i++) when->due_ms[i] = walk_uint(w);
}

static void read_rule(struct walk *w, struct promise_rule *rule)
{
    if (walk_list(w) != 4) (void)walk_fail(w);
    rule->every = (enum promise_every)small(w);
    rule->step = small(w);
    rule->on = small(w);
    rule->at_minute = small(w);
}

static void read_field(struct walk *w, unsigned key, struct promise_act *act)
{
    switch (key) {
    case PAYLOAD_KEY_TYPE:
        if (walk_uint(w) != PAYLOAD_PROMISE) (void)walk_fail(w);
        break;
    case KEY_ACT: act->act = (enum promise_act_kind)small(w); break;
    case KEY_PROMISE: act->promise = walk_bytes_n(w, ID_BYTES); break;
    case KEY_TURN: act->turn = small(w); break;
    case KEY_ALL_LEFT: act->is_all_left = yes(w); break;
    case KEY_ASK: act->ask = walk_bytes_n(w, ID_BYTES); break;
    case KEY_WORDS: act->words = some_text(w); break;
    case KEY_TO: act->to = walk_bytes_n(w, SIGN_PK_BYTES); break;
    case KEY_WHAT: act->what = some_text(w); break;
    case KEY_LOOKS_LIKE: act->looks_like = some_text(w); break;
    case KEY_CUE: act->cue = some_text(w); break;
    case KEY_COSTS: act->is_costly = yes(w); break;
    case KEY_WHEN: act->when.kind = (enum promise_when_kind)small(w); break;
    case KEY_DATES: read_dates(w, &act->when); break;
    case KEY_MOMENTS: read_moments(w, &act->when); break;
    case KEY_RULE: read_rule(w, &act->when.rule); break;
    case KEY_ZONE: act->when.zone = some_text(w); break;
    case KEY_REWORDED: act->changes_words = yes(w); break;
    case PAYLOAD_KEY_WRITTEN: act->written_ms = walk_uint(w); break;
    default: (void)walk_fail(w);
    }
}

/* Whether `when` has the fields of its kind. */
static bool when_is_formed(const struct promise_act *act, uint32_t keys)
{
    uint32_t found = keys & TIMES, dated = K(WHEN) | K(DATES) | K(MOMENTS) | (act->is_residue ? 0 : K(ZONE));
    switch (act->when.kind) {
    case PROMISE_WHEN_OPEN: return found == K(WHEN) || found == 0;
    case PROMISE_WHEN_MOMENT:
    case PROMISE_WHEN_DAY: return found == dated;
    case PROMISE_WHEN_RULE: return found == (dated | K(RULE));
    }
    return false;
}

/* Whether the fields that were found are those of the act. */
static bool is_formed(const struct promise_act *act, uint32_t keys)
{
    keys &= ~CBOR_KEY(PAYLOAD_KEY_WRITTEN);
    if (!is_known(act->act)) return false;
    struct form form = form_of(act);
    bool has_fields = (keys & form.needed) == form.needed && (keys & ~(form.needed | form.allowed)) == 0;
    return has_fields && when_is_formed(act, keys);
}

/* Whether a text that is not of this Troth's form is that of a newer one, or of none. */
static enum law misshapen(struct str text)
{
    struct cbor_map map;
    uint64_t type, act;
    if (payload_type(text, &type) != ERR_OK || type != PAYLOAD_PROMISE) return LAW_UNREADABLE;
    if (cbor_map(text, &map) != ERR_OK || !cbor_map_has(&map, KEY_ACT)) return LAW_UNREADABLE;
    if (cbor_uint(map.item[KEY_ACT], &act) != ERR_OK) return LAW_UNREADABLE;
    const uint32_t ours = (CBOR_KEY(KEY_LAST + 1) - 2) | CBOR_KEY(PAYLOAD_KEY_WRITTEN);
    return act > PROMISE_DIFFERED || (map.keys & ~ours) != 0 ? LAW_NEWER : LAW_UNREADABLE;
}

enum law promise_act_read(struct str text, bool is_residue, struct promise_act *act)
{
    struct walk w = walk_over(text);
    uint32_t keys = 0;
    memset(act, 0, offsetof(struct promise_act, when.date)); /* the lists are long, and mostly empty */
    act->is_residue = is_residue;
    for (uint64_t n = walk_map(&w); n > 0 && !w.has_failed; n--) {
        uint64_t key = walk_uint(&w);
        if (key >= LIMIT_CBOR_KEYS || keys >> key != 0) return misshapen(text); /* they ascend */
        keys |= CBOR_KEY(key);
        read_field(&w, (unsigned)key, act);
    }
    if (!walk_is_whole(&w) || !is_formed(act, keys)) return misshapen(text);
    act->has_when = (keys & K(WHEN)) != 0;
    if (act->what.len > 0 && act->act == PROMISE_CHANGE_ASKED) act->changes_words = true;
    enum law law = promise_act_check(act);
    if (law == LAW_WORDS_CHARACTERS && cbor_check(text) != ERR_OK) return LAW_UNREADABLE;
    return law;
}

enum law promise_act_scrub(struct out *residue, struct str text)
{
    struct promise_act act;
    enum law law = promise_act_read(text, false, &act);
    if (law != LAW_OK) return law;
    act.is_residue = true;
    promise_act_put(residue, &act);
    return LAW_OK;
}
