/* hearth.c -- see hearth.h. */
#include "harness/hearth.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/clock.h"
#include "record/code.h"
#include "record/payload.h"

enum { TEXT_BYTES = PROMISE_TEXT_BYTES, A_DAY_MS = 24 * 60 * 60 * 1000 };

void hearth_ok_at(enum err e, const struct why *why, const char *call, const char *file, int line)
{
    if (e == ERR_OK) return;
    fprintf(stderr, "%s:%d: %s: %s (%s: %s)\n", file, line, call, err_code(e), why->field != NULL ? why->field : "-",
            why->text != NULL ? why->text : "-");
    abort();
}

static void must(bool is_so, const char *what)
{
    if (is_so) return;
    fprintf(stderr, "hearth: %s\n", what);
    abort();
}

/* ---- the server ------------------------------------------------------------------------------ */

void hearth_start(struct hearth *hearth)
{
    must(record_open() == ERR_OK, "no libsodium");
    must(daemon_start(&hearth->daemon, &(struct daemon_options){.is_fast = true}), "the server did not start");
}

void hearth_stop(struct hearth *hearth)
{
    if (hearth->daemon.pid != 0) must(daemon_stop(&hearth->daemon), "the server did not stop");
}

void hearth_permit(const struct hearth *hearth, uint8_t permit[static SECRET_BYTES])
{
    char said[4096];
    struct why why;
    const char *argument[] = {"permit", "--data", hearth->daemon.data, NULL};
    int code = daemon_run(argument, said, sizeof said);
    const char *at = strstr(said, "P1-");
    must(code == 0 && at != NULL, "no permit");
    must(code_read(CODE_PERMIT, str_at(at, CODE_TEXT_BYTES), permit, &why) == ERR_OK, "no permit's text");
}

/* ---- devices --------------------------------------------------------------------------------- */

static void open_home(struct hand *hand)
{
    struct client_options options = {.folder = hand->folder, .wait_ms = 5000};
    hearth_ok(hand, client_open(&options, &hand->client, &hand->why));
}

static void remember(struct hand *hand)
{
    memcpy(hand->code, hand->account->code, SECRET_BYTES);
    client_seed(hand->account, hand->seed);
}

static void begin(struct hand *hand, const char *name)
{
    *hand = (struct hand){.name = name};
    scratch_folder(hand->folder);
    open_home(hand);
}

static void account_with(struct hand *hand, const char *server, const uint8_t *permit, const uint8_t *invite)
{
    struct client_start start = {.server = server, .permit = permit, .invite = invite,
                                 .passphrase = HEARTH_PASSPHRASE, .name = str_of_text(hand->name),
                                 .zone = STR("Europe/Madrid"), .colour = 3};
    hearth_ok(hand, client_start_account(hand->client, &start, &hand->account, &hand->why));
    remember(hand);
}

void hearth_account(const struct hearth *hearth, struct hand *hand, const char *name)
{
    uint8_t permit[SECRET_BYTES];
    hearth_permit(hearth, permit);
    begin(hand, name);
    account_with(hand, hearth->daemon.origin, permit, NULL);
}

void hearth_second(const struct hearth *hearth, const struct hand *first, struct hand *hand)
{
    begin(hand, first->name);
    hearth_ok(hand, client_sign_in(hand->client, hearth->daemon.origin, first->code, HEARTH_PASSPHRASE,
                                   STR("the other phone"), &hand->account, &hand->why));
    remember(hand);
    memcpy(hand->id, first->id, HASH_BYTES);
    if (first->circle == NULL) return;
    hearth_ok(hand, client_circle_open(hand->account, hand->id, &hand->circle, &hand->why));
}

void hearth_close(struct hand *hand)
{
    client_close(hand->client);
    hand->client = NULL;
    hand->account = NULL;
    hand->circle = NULL;
}

void hearth_open(struct hand *hand)
{
    static const uint8_t none[HASH_BYTES];
    open_home(hand);
    must(client_account_n(hand->client) == 1, "not one account");
    hand->account = client_account_at(hand->client, 0);
    hearth_ok(hand, client_unlock_seed(hand->account, hand->seed, &hand->why));
    if (memcmp(hand->id, none, HASH_BYTES) == 0) return;
    hearth_ok(hand, client_circle_open(hand->account, hand->id, &hand->circle, &hand->why));
}

/* ---- circles --------------------------------------------------------------------------------- */

void hearth_circle(struct hand *hand, const char *name)
{
    uint8_t memory[1024];
    struct out text = OUT_OVER(memory);
    struct facts facts = {.name = str_of_text(name), .kind = FACTS_COUPLE};
    facts_put(&text, &facts);
    hearth_ok(hand, client_circle_new(hand->account, out_str(&text), &hand->circle, &hand->why));
    memcpy(hand->id, hand->circle->id, HASH_BYTES);
}

void hearth_invite(struct hand *hand, uint8_t secret[static SECRET_BYTES])
{
    struct client_outcome outcome;
    uint64_t expires_ms = clock_wall_ms() + A_DAY_MS;
    hearth_ok(hand, client_invite(hand->circle, expires_ms, secret, &outcome, &hand->why));
    must(outcome.fate == CLIENT_SENT, "the invitation was not recorded");
}

struct client_outcome hearth_join(struct hand *hand, const char *server, const uint8_t secret[static SECRET_BYTES])
{
    uint8_t memory[1024];
    struct out text = OUT_OVER(memory);
    struct profile profile = {.name = str_of_text(hand->name), .colour = 5, .zone = STR("Europe/Madrid")};
    struct client_look *look;
    struct client_outcome outcome;
    profile_put(&text, &profile);
    hearth_ok(hand, client_look(hand->client, server, secret, &look, &hand->why));
    hearth_ok(hand, client_join(hand->account, look, out_str(&text), &hand->circle, &outcome, &hand->why));
    memcpy(hand->id, look->circle, HASH_BYTES);
    client_look_close(look);
    return outcome;
}

void hearth_bring(struct hand *hand, struct hand *new, const char *name)
{
    uint8_t secret[SECRET_BYTES];
    hearth_invite(hand, secret);
    begin(new, name);
    account_with(new, hand->account->server, NULL, secret);
    must(hearth_join(new, hand->account->server, secret).fate == CLIENT_SENT, "the join was not recorded");
    must(hearth_sync(hand).err == ERR_OK, "the inviter could not sync");
}

/* ---- saying ---------------------------------------------------------------------------------- */

struct client_outcome hearth_say(struct hand *hand, struct str text)
{
    struct client_outcome outcome;
    hearth_ok(hand, client_act(hand->circle, text, &outcome, &hand->why));
    return outcome;
}

struct str hearth_text(uint8_t *memory, size_t cap, const char *words)
{
    struct out text = out_over(memory, cap);
    cbor_put_map(&text, 2);
    cbor_put_uint(&text, PAYLOAD_KEY_TYPE);
    cbor_put_uint(&text, PAYLOAD_NOTE);
    cbor_put_uint(&text, 2);
    cbor_put_text(&text, str_of_text(words));
    must(!text.is_full, "a note that is too long");
    return out_str(&text);
}

struct client_outcome hearth_note(struct hand *hand, const char *words)
{
    uint8_t memory[1024];
    return hearth_say(hand, hearth_text(memory, sizeof memory, words));
}

struct client_outcome hearth_promise(struct hand *hand, const struct hand *to, const char *what, uint64_t in_ms,
                                     uint8_t id[static ID_BYTES])
{
    uint8_t memory[TEXT_BYTES];
    struct out text = OUT_OVER(memory);
    struct promise_act act = {.act = PROMISE_MADE, .to = to->account->sign_pk, .what = str_of_text(what),
                              .has_when = true};
    if (in_ms > 0) {
        act.when = (struct promise_when){.kind = PROMISE_WHEN_MOMENT, .due_n = 1, .zone = STR("Europe/Madrid")};
        act.when.due_ms[0] = clock_wall_ms() + in_ms;
        act.when.date[0] = (uint32_t)(act.when.due_ms[0] / A_DAY_MS);
    }
    must(promise_act_check(&act) == LAW_OK, "a promise that may not be put");
    promise_act_put(&text, &act);
    struct client_outcome outcome = hearth_say(hand, out_str(&text));
    memcpy(id, outcome.id, ID_BYTES);
    return outcome;
}

struct client_outcome hearth_word(struct hand *hand, enum promise_act_kind kind, const uint8_t id[static ID_BYTES],
                                  const char *words)
{
    uint8_t memory[TEXT_BYTES];
    struct out text = OUT_OVER(memory);
    struct promise_act act = {.act = kind, .promise = id, .words = str_of_text(words)};
    must(promise_act_check(&act) == LAW_OK, "a word that may not be put");
    promise_act_put(&text, &act);
    return hearth_say(hand, out_str(&text));
}

struct client_news hearth_sync(struct hand *hand)
{
    struct client_news news;
    hearth_ok(hand, client_sync_circle(hand->circle, &news, &hand->why));
    return news;
}

/* ---- looking --------------------------------------------------------------------------------- */

size_t hearth_notes(const struct hand *hand, const char *words, bool with_waiting)
{
    uint8_t memory[1024];
    struct str text = hearth_text(memory, sizeof memory, words);
    uint64_t n = with_waiting ? state_row_n(hand->circle->state) : hand->circle->chain->index.row_n;
    size_t found = 0;
    for (uint64_t seq = 0; seq < n; seq++) found += str_is(client_text(hand->circle, seq, NULL), text);
    return found;
}

void hearth_same(const struct hand *a, const struct hand *b)
{
    const struct circle *at = &a->circle->chain->circle, *bt = &b->circle->chain->circle;
    must(at->head_seq == bt->head_seq, "heads in different places");
    must(memcmp(at->head_hash, bt->head_hash, HASH_BYTES) == 0, "different heads");
    must(state_row_n(a->circle->state) == state_row_n(b->circle->state), "one of them waits");
    for (uint64_t seq = 0; seq <= at->head_seq; seq++) {
        const struct state_row *x = state_row(a->circle->state, seq), *y = state_row(b->circle->state, seq);
        must(memcmp(x->id, y->id, ID_BYTES) == 0 && x->kind == y->kind, "different rows");
    }
}
