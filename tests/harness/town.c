/* town.c -- see town.h. */
#include "harness/town.h"

#include <stdio.h>
#include <stdlib.h>

enum { TOWN_ARENA_BYTES = 512 * 1024 * 1024 };

static const char *const names[TOWN_PEOPLE] = {"Ana",  "Ben",  "Cleo", "Dov",  "Elif", "Finn", "Gia",
                                               "Hugo", "Ines", "Jon",  "Kaya", "Liam", "Mara", "Nils"};

static void must(bool is_so, const char *what, const struct town *town)
{
    char log[DAEMON_TEXT_BYTES];
    if (is_so) return;
    (void)daemon_read(town->daemon.log, log, sizeof log);
    fprintf(stderr, "%s. The server's log:\n%s\n", what, log);
    exit(3);
}

/* A request that sets the stage must be answered so. */
static void must_answer(struct api_reply r, int status, const char *what, const struct town *town)
{
    char sentence[160];
    (void)snprintf(sentence, sizeof sentence, "%s: answered %d %s, not %d", what, r.status, r.code, status);
    must(r.status == status, sentence, town);
}

/* ---- people and their server ------------------------------------------------------------------- */

void town_permit(const struct town *town, char text[static 64])
{
    char said[4096];
    const char *argument[] = {"permit", "--data", town->daemon.data, NULL};
    int code = daemon_run(argument, said, sizeof said);
    const char *at = strstr(said, "P1-");
    if (code != 0 || at == NULL) fprintf(stderr, "trothd permit ended with %d and said:\n%s\n", code, said);
    must(code == 0 && at != NULL, "No permit", town);
    (void)snprintf(text, 64, "%.*s", CODE_TEXT_BYTES, at);
}

static void settle_in(struct town *town, size_t i)
{
    char permit[64];
    if (i == 0 && town->daemon.permit[0] != '\0') (void)snprintf(permit, sizeof permit, "%s", town->daemon.permit);
    else town_permit(town, permit);
    person_init(&town->person[i], names[i], i + 1);
    api_init(&town->api[i], &town->person[i], 0, town->daemon.origin, town->daemon.port);
    must_answer(api_register(&town->api[i], &town->arena, permit), 201, "POST /v1/accounts", town);
    must_answer(api_login(&town->api[i], &town->arena), 201, "POST /v1/sessions", town);
}

void town_open(struct town *town, size_t person_n, const struct daemon_options *options)
{
    *town = (struct town){.options = {.is_fast = true}};
    if (options != NULL) town->options = *options;
    EXPECT(person_n <= TOWN_PEOPLE && record_open() == ERR_OK);
    arena_init(&town->arena, TOWN_ARENA_BYTES);
    must(daemon_start(&town->daemon, &town->options), "The server did not start", town);
    town->person_n = person_n;
    for (size_t i = 0; i < person_n; i++) settle_in(town, i);
}

static void drop_rooms(struct town *town)
{
    for (size_t i = 0; town->has_rooms && i < town->person_n; i++) room_fini(&town->room[i]);
    town->has_rooms = false;
    arena_fini(&town->arena);
    arena_init(&town->arena, TOWN_ARENA_BYTES);
}

void town_close(struct town *town)
{
    drop_rooms(town);
    for (size_t i = 0; i < town->person_n; i++) {
        api_fini(&town->api[i]);
        person_fini(&town->person[i]);
    }
    if (town->daemon.pid != 0) must(daemon_stop(&town->daemon), "The server did not stop well", town);
    arena_fini(&town->arena);
}

void town_reconnect(struct town *town)
{
    for (size_t i = 0; i < town->person_n; i++) {
        http_client_drop(&town->api[i].http);
        town->api[i].http.port = town->daemon.port;
        (void)snprintf(town->api[i].origin, sizeof town->api[i].origin, "%s", town->daemon.origin);
    }
}

/* ---- their circle ------------------------------------------------------------------------------ */

void town_rooms(struct town *town)
{
    drop_rooms(town);
    for (size_t i = 0; i < town->person_n; i++) room_init(&town->room[i], &town->person[i], api_now_ms());
    town->has_rooms = true;
}

void town_gather(struct town *town, size_t n)
{
    struct room *room[TOWN_PEOPLE];
    EXPECT(n >= 1 && n <= town->person_n);
    town_rooms(town);
    for (size_t i = 0; i < n; i++) room[i] = &town->room[i];
    rooms_gather(room, n, &town->arena);
    struct str record = room_sequence(room[0], &town->arena, 0);
    must_answer(api_upload(&town->api[0], record), 201, "Uploading a circle", town);
}

const uint8_t *town_circle(const struct town *town)
{
    return town->room[0].chain.circle.id;
}

static bool is_following(const struct room *room)
{
    return room->chain.index.row_n > 0;
}

void town_follow(struct town *town, struct str entries)
{
    for (size_t i = 0; i < town->person_n; i++) {
        struct why why = {0};
        if (!is_following(&town->room[i])) continue;
        if (room_take(&town->room[i], entries, &why) == ERR_OK) continue;
        fprintf(stderr, "The server recorded what %s's copy refuses: %s, field %s, entry %llu\n", names[i],
                err_code(why.code), why.field == NULL ? "-" : why.field, (unsigned long long)why.at);
        must(false, "Server and client disagree", town);
    }
}

struct api_reply town_post(struct town *town, size_t who, struct str entries)
{
    struct api_reply r = api_append(&town->api[who], town_circle(town), entries);
    if (r.status == 201) town_follow(town, entries);
    return r;
}

struct api_reply town_say(struct town *town, size_t who, const char *words)
{
    struct arena *a = &town->arena;
    return town_post(town, who, room_say(&town->room[who], a, people_note(a, words)));
}

struct api_reply town_rotate(struct town *town, size_t who, uint64_t reason)
{
    return town_post(town, who, room_rotate(&town->room[who], &town->arena, reason));
}

struct api_reply town_leave(struct town *town, size_t who)
{
    return town_post(town, who, room_leave(&town->room[who], &town->arena));
}

void town_invite(struct town *town, size_t who, uint8_t secret[static SECRET_BYTES])
{
    struct arena *a = &town->arena;
    must_answer(town_post(town, who, room_invite(&town->room[who], a, secret)), 201, "Inviting", town);
    struct entry invite = room_invite_of(&town->room[who], secret);
    for (size_t i = 0; i < town->person_n; i++) {
        if (i == who || !is_following(&town->room[i]) || !room_is_in(&town->room[i])) continue;
        must_answer(town_post(town, i, room_consent(&town->room[i], a, invite.hash)), 201, "Consenting", town);
    }
}

/* ---- looking ----------------------------------------------------------------------------------- */

struct town_state town_look(struct town *town, size_t who)
{
    struct town_state state = {0};
    struct api_reply refusal = {0};
    struct str entries = {0};
    struct arena a;
    arena_init(&a, TOWN_ARENA_BYTES);
    must(api_head(&town->api[who], town_circle(town), &state.head), "The circle is not in the list", town);
    bool is_read = api_entries(&town->api[who], &a, town_circle(town), 0, NULL, &entries, &refusal);
    must(is_read, "The entries cannot be read", town);
    hash_of(state.entries, CTX_BLOB, PARTS(entries));
    for (struct str left = entries, wire; left.len > 0; state.entry_n++) {
        must(cbor_first(left, &wire, &left) == ERR_OK, "The entries are no sequence", town);
    }
    must(state.entry_n == state.head.seq + 1, "The entries do not reach to the head", town);
    arena_fini(&a);
    return state;
}

bool town_state_is(const struct town_state *a, const struct town_state *b)
{
    return a->head.seq == b->head.seq && a->entry_n == b->entry_n &&
           memcmp(a->head.hash, b->head.hash, HASH_BYTES) == 0 && memcmp(a->entries, b->entries, HASH_BYTES) == 0;
}
