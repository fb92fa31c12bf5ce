/* couple.c -- see couple.h. */
#include "couple.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/clock.h"
#include "practice/promise_act.h"
#include "record/code.h"

enum {
    TOPIC = 16,         /* promises that are made in one go */
    REPEATS = 4,
    SCRATCH_CEILING = 8 << 20,
    DAY_MS = 24 * 60 * 60 * 1000,
};

#define PASSPHRASE HEARTH_PASSPHRASE

/* ---- two homes --------------------------------------------------------------------------------------------- */

static void take_home(struct hand *hand, const char *folder, const char *name)
{
    *hand = (struct hand){.name = name};
    scratch_path(hand->folder, folder, name);
    struct client_options options = {.folder = hand->folder};
    hearth_ok(hand, client_open(&options, &hand->client, &hand->why));
}

static void begin_account(struct hand *hand, const char *server, const uint8_t *permit, const uint8_t *invite)
{
    struct client_start start = {.server = server, .permit = permit, .invite = invite, .passphrase = PASSPHRASE,
                                 .name = str_of_text(hand->name), .zone = STR("Europe/Madrid"), .colour = 3};
    hearth_ok(hand, client_start_account(hand->client, &start, &hand->account, &hand->why));
    memcpy(hand->code, hand->account->code, SECRET_BYTES);
    client_seed(hand->account, hand->seed);
}

static void meet(struct couple *c, const char *folder)
{
    uint8_t permit[SECRET_BYTES], invite[SECRET_BYTES];
    struct why why;
    EXPECT(code_read(CODE_PERMIT, str_of_text(c->host.daemon.permit), permit, &why) == ERR_OK);
    take_home(&c->ana, folder, "Ana");
    begin_account(&c->ana, c->host.daemon.origin, permit, NULL);
    hearth_circle(&c->ana, "The two of us");
    hearth_invite(&c->ana, invite);
    take_home(&c->ben, folder, "Ben");
    begin_account(&c->ben, c->host.daemon.origin, NULL, invite);
    EXPECT(hearth_join(&c->ben, c->host.daemon.origin, invite).fate == CLIENT_SENT);
}

/* ---- who fills the circle ---------------------------------------------------------------------------------- */

/* Signs in once more, as a device would that keeps nothing, and reads the circle so far. */
static void listen_to(struct couple_voice *v, const struct couple *c, const struct hand *hand)
{
    struct arena a;
    struct str entries;
    struct api_reply reply;
    struct why why;
    arena_init(&a, SCRATCH_CEILING);
    v->person.name = hand->name;
    secret_identity_init(&v->person.keys, hand->seed);
    api_init(&v->api, &v->person, 0, c->host.daemon.origin, c->host.daemon.port);
    secret_access_fini(&v->api.access);
    EXPECT(secret_access_init(&v->api.access, hand->code, PASSPHRASE) == ERR_OK);
    crowd_must(api_login(&v->api, &a), 201, "POST /v1/sessions");
    room_init(&v->room, &v->person, api_now_ms());
    EXPECT(api_entries(&v->api, &a, hand->id, 0, NULL, &entries, &reply));
    EXPECT(room_take(&v->room, entries, &why) == ERR_OK && room_has_key(&v->room));
    arena_fini(&a);
}

/* One batch of one of them, on its way. */
struct batch {
    struct couple *c;
    unsigned who;
    struct arena scratch;
    struct out wires;
    uint64_t most; /* entries that the circle shall have */
};

static void batch_begin(struct batch *b, struct couple *c, unsigned who, uint64_t most)
{
    *b = (struct batch){.c = c, .who = who, .most = most};
    arena_init(&b->scratch, SCRATCH_CEILING);
    uint8_t *memory = arena_take(&b->scratch, LIMIT_BODY_BYTES);
    EXPECT(memory != NULL);
    b->wires = out_over(memory, LIMIT_BODY_BYTES);
}

static void batch_send(struct batch *b)
{
    struct couple_voice *v = &b->c->voice[b->who];
    EXPECT(!b->wires.is_full);
    if (b->wires.len > 0) {
        crowd_must(api_append(&v->api, v->room.at.id, out_str(&b->wires)), 201, "Filling a circle");
    }
    arena_fini(&b->scratch);
}

/* One act more, unless the circle is long enough; id may be NULL. */
static void say(struct batch *b, const struct promise_act *act, uint8_t *id)
{
    struct couple *c = b->c;
    struct couple_voice *v = &c->voice[b->who];
    uint8_t memory[PROMISE_TEXT_BYTES];
    struct out text = OUT_OVER(memory);
    struct entry e;
    struct why why;
    if (c->entry_n == b->most) return;
    EXPECT(promise_act_check(act) == LAW_OK);
    promise_act_put(&text, act);
    v->room.now_ms = api_now_ms();
    struct str wire = room_say(&v->room, &b->scratch, out_str(&text));
    room_assume(&v->room, wire);
    room_assume(&c->voice[1 - b->who].room, wire);
    out_put(&b->wires, wire);
    EXPECT(entry_read(wire, &e, &why) == ERR_OK);
    if (id != NULL) memcpy(id, e.id, ID_BYTES);
    c->entry_n++;
    c->header_bytes += e.header.len;
    c->wire_bytes += wire.len;
}

/* ---- what they say ----------------------------------------------------------------------------------------- */

struct topic {
    uint8_t promise[ID_BYTES], ask[ID_BYTES];
    size_t due_n;
    bool is_changed, is_open;
};

static struct promise_when when_of(size_t due_n)
{
    struct promise_when when = {.kind = due_n > 1 ? PROMISE_WHEN_RULE : PROMISE_WHEN_DAY, .zone = STR("Europe/Madrid")};
    uint64_t today = clock_wall_ms() / DAY_MS;
    when.rule = (struct promise_rule){PROMISE_DAILY, 1, 0, PROMISE_END_OF_DAY};
    when.due_n = due_n;
    for (size_t i = 0; i < due_n; i++) {
        when.date[i] = (uint32_t)(today + 1 + i);
        when.due_ms[i] = (today + 2 + i) * DAY_MS - 1;
    }
    return when;
}

static void say_of(struct batch *b, enum promise_act_kind kind, struct topic *topic, unsigned turn)
{
    struct promise_act act = {.act = kind, .promise = topic->promise, .turn = turn};
    if (kind == PROMISE_KEPT) act.words = STR("Thank you, that helped me a lot today");
    if (kind == PROMISE_CHANGE_ASKED) {
        act.has_when = true;
        act.when = when_of(1);
        act.words = STR("Work takes longer than I thought");
    }
    if (kind == PROMISE_CHANGE_ACCEPTED) act.ask = topic->ask;
    say(b, &act, kind == PROMISE_CHANGE_ASKED ? topic->ask : NULL);
}

/* Made, and what the promiser says of it at once: a change asked for one in seven, silence for one in fifty, done. */
static void make(struct batch *b, struct topic *topic, unsigned number)
{
    struct promise_act made = {.act = PROMISE_MADE, .to = b->c->voice[1 - b->who].person.keys.sign_pk, .has_when = true};
    *topic = (struct topic){.due_n = number % 10 == 0 ? REPEATS : 1, .is_open = number % 50 == 49};
    topic->is_changed = number % 7 == 0 && topic->due_n == 1 && !topic->is_open;
    made.what = STR("I will call the school about the trip and tell you what they said");
    made.when = when_of(topic->due_n);
    say(b, &made, topic->promise);
    if (topic->is_open && b->who == 0) b->c->open_n++;
    if (topic->is_open) return;
    if (topic->is_changed) say_of(b, PROMISE_CHANGE_ASKED, topic, 0);
    else for (unsigned turn = 0; turn < topic->due_n; turn++) say_of(b, PROMISE_DONE, topic, turn);
}

/* What the other says to it. */
static void answer(struct batch *b, struct topic *topic)
{
    if (topic->is_open) return;
    if (topic->is_changed) say_of(b, PROMISE_CHANGE_ACCEPTED, topic, 0);
    else for (unsigned turn = 0; turn < topic->due_n; turn++) say_of(b, PROMISE_KEPT, topic, turn);
}

/* One of them makes some promises, the other answers, and so on until all is said about these. */
static void talk(struct couple *c, unsigned who, unsigned first, uint64_t most)
{
    struct topic topic[TOPIC];
    struct batch b;
    for (unsigned step = 0; step < 4; step++) {
        batch_begin(&b, c, step % 2 == 0 ? who : 1 - who, most);
        for (unsigned i = 0; i < TOPIC; i++) {
            if (step == 0) make(&b, &topic[i], first + i);
            if (step == 1) answer(&b, &topic[i]);
            if (step == 2 && topic[i].is_changed) say_of(&b, PROMISE_DONE, &topic[i], 1);
            if (step == 3 && topic[i].is_changed) say_of(&b, PROMISE_KEPT, &topic[i], 1);
        }
        batch_send(&b);
    }
}

/* ---- all of it --------------------------------------------------------------------------------------------- */

void couple_open(struct couple *c, const char *folder, size_t entry_n)
{
    *c = (struct couple){0};
    host_open(&c->host, folder, "couple");
    meet(c, folder);
    listen_to(&c->voice[0], c, &c->ana);
    listen_to(&c->voice[1], c, &c->ben);
    c->entry_n = c->voice[0].room.chain.index.row_n;
    for (unsigned turn = 0; c->entry_n < entry_n; turn++) talk(c, turn % 2, turn * TOPIC, entry_n);
}

void couple_close(struct couple *c)
{
    hearth_close(&c->ana);
    hearth_close(&c->ben);
    for (size_t i = 0; i < 2; i++) {
        room_fini(&c->voice[i].room);
        api_fini(&c->voice[i].api);
        person_fini(&c->voice[i].person);
    }
    host_close(&c->host);
}

void couple_again(const struct couple *c, const char *folder, struct hand *device)
{
    *device = (struct hand){.name = c->ana.name};
    (void)snprintf(device->folder, sizeof device->folder, "%s", folder);
    struct client_options options = {.folder = device->folder};
    hearth_ok(device, client_open(&options, &device->client, &device->why));
    hearth_ok(device, client_sign_in(device->client, c->host.daemon.origin, c->ana.code, PASSPHRASE,
                                     STR("the other phone"), &device->account, &device->why));
    memcpy(device->id, c->ana.id, HASH_BYTES);
    memcpy(device->seed, c->ana.seed, SEED_BYTES);
}
