/* couple.c -- see couple.h. */
#include "couple.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/clock.h"
#include "practice/facts.h"
#include "practice/profile.h"
#include "practice/promise_act.h"
#include "record/code.h"

enum {
    TOPIC = 8,      /* promises that are made in one go    */
    TOPIC_DAYS = 3, /* and how long until the next         */
    REPEATS = 4,    /* turns of a promise that repeats     */
    OPEN = 32,      /* promises that are made last         */
    SCRATCH_CEILING = 8 << 20,
    WIRE_ROOM = 1200,
};
#define HOUR_MS UINT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define ZONE STR("Europe/Madrid")

/* ---- two accounts -------------------------------------------------------------------------------------------- */

static void begin_account(const struct couple *c, struct hand *hand, const char *folder, const char *name)
{
    uint8_t permit[SECRET_BYTES];
    struct hearth hearth = {.daemon = c->host.daemon};
    *hand = (struct hand){.name = name};
    scratch_path(hand->folder, folder, name);
    struct client_options options = {.folder = hand->folder};
    hearth_permit(&hearth, permit);
    hearth_ok(hand, client_open(&options, &hand->client, &hand->why));
    struct client_start start = {.server = c->host.daemon.origin, .permit = permit, .passphrase = HEARTH_PASSPHRASE,
                                 .name = str_of_text(name), .zone = ZONE, .colour = 3};
    hearth_ok(hand, client_start_account(hand->client, &start, &hand->account, &hand->why));
    memcpy(hand->code, hand->account->code, SECRET_BYTES);
    client_seed(hand->account, hand->seed);
    hearth_close(hand);
}

/* Signs in as a device would that keeps nothing, with an empty copy of the circle. */
static void find_voice(struct couple_voice *v, const struct couple *c, const struct hand *hand, uint64_t now_ms)
{
    struct arena a;
    arena_init(&a, SCRATCH_CEILING);
    v->person.name = hand->name;
    secret_identity_init(&v->person.keys, hand->seed);
    api_init(&v->api, &v->person, 0, c->host.daemon.origin, c->host.daemon.port);
    secret_access_fini(&v->api.access);
    EXPECT(secret_access_init(&v->api.access, hand->code, HEARTH_PASSPHRASE) == ERR_OK);
    crowd_must(api_login(&v->api, &a), 201, "POST /v1/sessions");
    room_init(&v->room, &v->person, now_ms);
    arena_fini(&a);
}

/* ---- entries ------------------------------------------------------------------------------------------------- */

/* The circle as it is written down. */
struct talk {
    struct couple *c;
    struct out wires;
    uint64_t most; /* entries that it shall have */
    uint64_t now_ms;
};

static void note(struct talk *t, struct str wire, struct entry *e)
{
    struct why why;
    EXPECT(entry_read(wire, e, &why) == ERR_OK);
    out_put(&t->wires, wire);
    t->c->entry_n++;
    t->c->header_bytes += e->header.len;
    t->c->wire_bytes += wire.len;
}

/* A text of one of them, unless the circle is long enough: whether it was said. id may be NULL. */
static bool put(struct talk *t, unsigned who, struct str text, uint8_t *id)
{
    struct couple *c = t->c;
    struct arena scratch;
    struct entry e;
    if (c->entry_n == t->most) return false;
    arena_init(&scratch, SCRATCH_CEILING);
    t->now_ms += HOUR_MS / 60;
    c->voice[who].room.now_ms = t->now_ms;
    struct str wire = room_say(&c->voice[who].room, &scratch, text);
    for (size_t i = 0; i < 2; i++) room_assume(&c->voice[i].room, wire);
    note(t, wire, &e);
    if (id != NULL) memcpy(id, e.id, ID_BYTES);
    arena_fini(&scratch);
    return true;
}

static bool say(struct talk *t, unsigned who, const struct promise_act *act, uint8_t *id)
{
    uint8_t memory[PROMISE_TEXT_BYTES];
    struct out text = OUT_OVER(memory);
    EXPECT(promise_act_check(act) == LAW_OK);
    promise_act_put(&text, act);
    return put(t, who, out_str(&text), id);
}

/* The beginning: the circle, an invitation, a join; what it is called and who they are. */
static void meet(struct talk *t)
{
    struct couple *c = t->c;
    struct room *room[] = {&c->voice[0].room, &c->voice[1].room};
    struct arena a;
    arena_init(&a, SCRATCH_CEILING);
    rooms_gather(room, 2, &a);
    for (struct str left = room_sequence(room[0], &a, 0); left.len > 0;) {
        struct str wire;
        struct entry e;
        EXPECT(cbor_first(left, &wire, &left) == ERR_OK);
        note(t, wire, &e);
    }
    arena_fini(&a);
    uint8_t memory[1024];
    struct out text = OUT_OVER(memory);
    facts_put(&text, &(struct facts){.name = STR("The two of us"), .kind = FACTS_COUPLE});
    (void)put(t, 0, out_str(&text), NULL);
    for (unsigned who = 0; who < 2; who++) {
        text = OUT_OVER(memory);
        struct str name = str_of_text(c->voice[who].person.name);
        profile_put(&text, &(struct profile){.name = name, .colour = 3 + who, .zone = ZONE});
        (void)put(t, who, out_str(&text), NULL);
    }
}

/* ---- what they say ------------------------------------------------------------------------------------------- */

struct topic {
    uint8_t promise[ID_BYTES], ask[ID_BYTES];
    size_t due_n;
    bool is_changed;
};

/* By the end of a day, or of several days one after the other. */
static struct promise_when when_of(const struct talk *t, uint64_t in_days, size_t due_n)
{
    struct promise_when when = {.kind = due_n > 1 ? PROMISE_WHEN_RULE : PROMISE_WHEN_DAY, .zone = ZONE};
    when.rule = (struct promise_rule){PROMISE_DAILY, 1, 0, PROMISE_END_OF_DAY};
    when.due_n = due_n;
    for (size_t i = 0; i < due_n; i++) {
        when.date[i] = (uint32_t)(t->now_ms / DAY_MS + in_days + i);
        when.due_ms[i] = (when.date[i] + UINT64_C(1)) * DAY_MS - 1;
    }
    return when;
}

static void make(struct talk *t, unsigned who, uint64_t in_days, struct topic *topic)
{
    struct promise_act made = {.act = PROMISE_MADE, .to = t->c->voice[1 - who].person.keys.sign_pk, .has_when = true};
    made.what = STR("I will call the school about the trip and tell you what they said");
    made.when = when_of(t, in_days, topic->due_n);
    if (say(t, who, &made, topic->promise)) t->c->promise_n++;
}

static void say_of(struct talk *t, unsigned who, enum promise_act_kind kind, struct topic *topic, size_t turn)
{
    struct promise_act act = {.act = kind, .promise = topic->promise, .turn = (unsigned)turn};
    if (kind == PROMISE_KEPT) act.words = STR("Thank you, that helped me a lot today");
    if (kind == PROMISE_CHANGE_ASKED) {
        act.has_when = true;
        act.when = when_of(t, 2, 1);
        act.words = STR("Work takes longer than I thought");
    }
    if (kind == PROMISE_CHANGE_ACCEPTED) act.ask = topic->ask;
    (void)say(t, who, &act, kind == PROMISE_CHANGE_ASKED ? topic->ask : NULL);
}

/* Some promises of one of them, with all that is said about these: one in ten repeats, one in seven is changed. */
static void talk_of_some(struct talk *t, unsigned who, unsigned first)
{
    struct topic topic[TOPIC];
    uint64_t from_ms = t->now_ms;
    for (unsigned i = 0; i < TOPIC; i++) {
        topic[i] = (struct topic){.due_n = (first + i) % 10 == 0 ? REPEATS : 1};
        topic[i].is_changed = (first + i) % 7 == 0 && topic[i].due_n == 1;
        make(t, who, 1, &topic[i]);
        if (!topic[i].is_changed) continue;
        say_of(t, who, PROMISE_CHANGE_ASKED, &topic[i], 0);
        say_of(t, 1 - who, PROMISE_CHANGE_ACCEPTED, &topic[i], 0);
    }
    t->now_ms = from_ms + DAY_MS;
    for (unsigned i = 0; i < TOPIC; i++) {
        size_t first_turn = topic[i].is_changed ? 1 : 0;
        for (size_t turn = first_turn; turn < first_turn + topic[i].due_n; turn++) {
            say_of(t, who, PROMISE_DONE, &topic[i], turn);
            say_of(t, 1 - who, PROMISE_KEPT, &topic[i], turn);
        }
    }
    t->now_ms = from_ms + TOPIC_DAYS * DAY_MS;
}

/* Years of talk, until so many entries are left; and then promises of Ana's that are to be kept. */
static void talk_for_years(struct talk *t, uint64_t until_ms)
{
    uint64_t all = t->most;
    t->most = all - OPEN;
    for (unsigned turn = 0; t->c->entry_n < t->most; turn++) talk_of_some(t, turn % 2, turn * TOPIC);
    EXPECT(t->now_ms < until_ms);
    t->now_ms = until_ms;
    t->most = all;
    for (t->c->open_n = 0; t->c->entry_n < all; t->c->open_n++) {
        struct topic topic = {.due_n = 1};
        make(t, 0, 5, &topic);
    }
}

/* ---- all of it ----------------------------------------------------------------------------------------------- */

void couple_open(struct couple *c, const char *folder, size_t entry_n)
{
    uint64_t now_ms = clock_wall_ms(), years_ms = 980 * DAY_MS;
    *c = (struct couple){0};
    host_open(&c->host, folder, "couple");
    begin_account(c, &c->ana, folder, "Ana");
    begin_account(c, &c->ben, folder, "Ben");
    struct talk t = {.c = c, .most = entry_n, .now_ms = now_ms - years_ms};
    find_voice(&c->voice[0], c, &c->ana, t.now_ms);
    find_voice(&c->voice[1], c, &c->ben, t.now_ms);
    uint8_t *memory = malloc(entry_n * WIRE_ROOM);
    EXPECT(memory != NULL);
    t.wires = out_over(memory, entry_n * WIRE_ROOM);
    meet(&t);
    talk_for_years(&t, now_ms - DAY_MS);
    EXPECT(!t.wires.is_full);
    crowd_must(api_upload(&c->voice[0].api, out_str(&t.wires)), 201, "Bringing a circle");
    memcpy(c->ana.id, c->voice[0].room.at.id, HASH_BYTES);
    free(memory);
}

void couple_close(struct couple *c)
{
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
    hearth_ok(device, client_sign_in(device->client, c->host.daemon.origin, c->ana.code, HEARTH_PASSPHRASE,
                                     STR("the other phone"), &device->account, &device->why));
    memcpy(device->id, c->ana.id, HASH_BYTES);
    memcpy(device->seed, c->ana.seed, SEED_BYTES);
}
