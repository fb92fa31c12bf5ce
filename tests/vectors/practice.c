/* practice.c -- a promise and what two people say of it, as bytes: the law that each act meets, and what the turn
 * that it speaks of came to. Natively and as WebAssembly the same; and for whoever writes a second client.
 *
 * Entry 0 is Ana's genesis, entry 1 Ben's join. The id of an entry is its place plus one in the first byte, and
 * zeros. A key is the ten bytes below, and zeros. Hours count from a noon, UTC.
 */
#include "practice/state.h"
#include "vectors/vector.h"

#define NOON_MS UINT64_C(1771243200000)
#define HOUR_MS UINT64_C(3600000)

enum { ANA, BEN };
enum { MADE = 2, ACTS = 19, TEXT_BYTES = 512 }; /* entry 2 makes the promise */

static const uint8_t pk[2][SIGN_PK_BYTES] = {"Ana's key", "Ben's key"};

static const struct {
    const char *name;
    unsigned who, hours;
    const char *text;
    enum law law;
    unsigned turn;
    enum promise_outcome outcome;
} said[ACTS] = {
    {"Ana makes it, for four days", ANA, 0,
     "ab0103020108582042656e2773206b65790000000000000000000000000000000000000000000000097449e280996c6c20646f20"
     "746865206469736865730a715468652073696e6b20697320656d7074790c010d030e841950151950161950171950180f841b0000"
     "019c6e0be8001b0000019c733244001b0000019c7858a0001b0000019c7d7efc0010840101001905a0116d4575726f70652f4d61"
     "64726964",
     LAW_OK, 0, PROMISE_NOT_DUE},
    {"Ben cannot say that she did", BEN, 0,
     "a4010302020350030000000000000000000000000000000400",
     LAW_NOT_PROMISER, 0, PROMISE_NOT_DUE},
    {"nor that she did not, before it is due", BEN, 0,
     "a4010302050350030000000000000000000000000000000400",
     LAW_VERDICT_EARLY, 0, PROMISE_NOT_DUE},
    {"Ana did it", ANA, 0,
     "a50103020203500300000000000000000000000000000004000764646f6e65",
     LAW_OK, 0, PROMISE_WAITING},
    {"twice", ANA, 0,
     "a4010302020350030000000000000000000000000000000400",
     LAW_SAID_ALREADY, 0, PROMISE_WAITING},
    {"Ana asks for another day", ANA, 14,
     "a901030209035003000000000000000000000000000000040207694920616d20617761790d010e8119501d0f811b0000019c94ab"
     "9a00116d4575726f70652f4d6164726964",
     LAW_OK, 2, PROMISE_NOT_DUE},
    {"that was no ask", BEN, 14,
     "a40103020a035003000000000000000000000000000000065003000000000000000000000000000000",
     LAW_CHANGE_GONE, 2, PROMISE_NOT_DUE},
    {"Ben accepts", BEN, 14,
     "a40103020a035003000000000000000000000000000000065008000000000000000000000000000000",
     LAW_OK, 2, PROMISE_RENEGOTIATED},
    {"the first day was not kept, he says", BEN, 38,
     "a501030205035003000000000000000000000000000000040007675468652070616e",
     LAW_OK, 0, PROMISE_SEEN_DIFFERENTLY},
    {"or was it", BEN, 38,
     "a4010302030350030000000000000000000000000000000400",
     LAW_OK, 0, PROMISE_OUTCOME_KEPT},
    {"it stays kept", BEN, 63,
     "a4010302050350030000000000000000000000000000000400",
     LAW_VERDICT_STANDS, 0, PROMISE_OUTCOME_KEPT},
    {"the second day", BEN, 63,
     "a4010302040350030000000000000000000000000000000401",
     LAW_OK, 1, PROMISE_OUTCOME_LATE},
    {"not as Ana sees it", ANA, 63,
     "a50103020d0350030000000000000000000000000000000401076d4920776173206f6e2074696d65",
     LAW_OK, 1, PROMISE_SEEN_DIFFERENTLY},
    {"the third was changed", ANA, 63,
     "a4010302020350030000000000000000000000000000000402",
     LAW_MOVED, 2, PROMISE_RENEGOTIATED},
    {"and is the fifth now", ANA, 63,
     "a4010302060350030000000000000000000000000000000404",
     LAW_OWN_UP_EARLY, 4, PROMISE_NOT_DUE},
    {"Ana owns up", ANA, 303,
     "a4010302060350030000000000000000000000000000000404",
     LAW_OK, 4, PROMISE_OUTCOME_OWNED_UP},
    {"Ben lets the fourth go", BEN, 303,
     "a4010302070350030000000000000000000000000000000403",
     LAW_OK, 3, PROMISE_OUTCOME_RELEASED},
    {"nothing is left to end", ANA, 303,
     "a30103020c035003000000000000000000000000000000",
     LAW_NOTHING_LEFT, 0, PROMISE_OUTCOME_KEPT},
    {"nor to decline", BEN, 303,
     "a301030208035003000000000000000000000000000000",
     LAW_DECLINE_SPOKEN, 0, PROMISE_OUTCOME_KEPT},
};

static uint8_t id[MADE + ACTS][ID_BYTES];

static void take(struct state *state, unsigned who, enum entry_kind kind, uint64_t time_ms, struct str text)
{
    uint64_t seq = state_row_n(state);
    id[seq][0] = (uint8_t)(seq + 1);
    struct entry entry = {.kind = kind, .seq = seq, .id = id[seq], .author = pk[who], .time_ms = time_ms};
    struct opened opened = {.entry = &entry, .how = OPENED_CONTROL, .text = text};
    if (kind == ENTRY_SEALED) opened.how = OPENED_TEXT;
    EXPECT(state_add(state, &opened) == ERR_OK);
}

static void say(struct state *state, size_t i)
{
    static uint8_t text[ACTS][TEXT_BYTES];
    struct str bytes = vector_bytes(said[i].text, text[i], sizeof text[i]);
    uint64_t time_ms = NOON_MS + said[i].hours * HOUR_MS;
    enum law before = state_judge(state, pk[said[i].who], bytes, time_ms);
    take(state, said[i].who, ENTRY_SEALED, time_ms, bytes);
    const struct promise *promise = state_find_promise(state, id[MADE]);
    EXPECT(promise != NULL);
    bool is_law = before == said[i].law && state_row(state, MADE + i)->law == (uint8_t)said[i].law;
    vector_check(said[i].name, is_law && promise_outcome(promise, said[i].turn, time_ms) == said[i].outcome);
}

int main(void)
{
    struct arena a;
    struct state state;
    arena_init(&a, 1 << 20);
    EXPECT(record_open() == ERR_OK);
    state_init(&state, &a);
    take(&state, ANA, ENTRY_GENESIS, NOON_MS, (struct str){0});
    take(&state, BEN, ENTRY_JOIN, NOON_MS, (struct str){0});
    for (size_t i = 0; i < ACTS; i++) say(&state, i);
    arena_fini(&a);
    return vector_end();
}
