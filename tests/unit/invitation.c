/* invitation.c -- whether an invitation is open, as somebody from outside is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/people.h"
#include "server/invitation.h"

enum { PEOPLE = 4 };
#define BEGAN UINT64_C(1767225600000)

static struct person person[PEOPLE];
static struct room room[PEOPLE];
static struct room *const everyone[PEOPLE] = {&room[0], &room[1], &room[2], &room[3]};
static struct arena a;

static int open_people(void **state)
{
    (void)state;
    static const char *const name[PEOPLE] = {"Ana", "Ben", "Cleo", "Dov"};
    if (record_open() != ERR_OK) return -1;
    arena_init(&a, 1 << 26);
    for (size_t i = 0; i < PEOPLE; i++) person_init(&person[i], name[i], i);
    return 0;
}

static int close_people(void **state)
{
    (void)state;
    for (size_t i = 0; i < PEOPLE; i++) person_fini(&person[i]);
    arena_fini(&a);
    return 0;
}

/* Ana, Ben and Cleo are in; Dov looks on. */
static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < PEOPLE; i++) room_init(&room[i], &person[i], BEGAN);
    struct why why;
    rooms_gather(everyone, 3, &a);
    return room_take(&room[3], room_sequence(&room[0], &a, 0), &why) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < PEOPLE; i++) room_fini(&room[i]);
    return 0;
}

static void all_take(struct str sequence)
{
    rooms_take(everyone, PEOPLE, sequence);
}

static enum err judge(uint64_t seq, uint64_t now_ms)
{
    return invitation_judge(&room[0].chain.circle, seq, now_ms);
}

/* Ana invites; the place of the invite entry. */
static struct entry invite(uint8_t secret[static SECRET_BYTES])
{
    all_take(room_invite(&room[0], &a, secret));
    return room_invite_of(&room[0], secret);
}

static void it_waits_for_everyones_consent(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    struct entry e = invite(secret);
    assert_int_equal(judge(e.seq, BEGAN), ERR_CONSENT_MISSING);
    all_take(room_consent(&room[2], &a, e.hash));
    assert_int_equal(judge(e.seq, BEGAN), ERR_CONSENT_MISSING);
    all_take(room_consent(&room[1], &a, e.hash));
    assert_int_equal(judge(e.seq, BEGAN), ERR_OK);
}

static void it_ends_with_its_date(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    struct entry e = invite(secret);
    uint64_t expires_ms = e.body.invite.expires_ms;
    assert_int_equal(judge(e.seq, expires_ms + 1), ERR_NO_INVITE); /* also while a consent is missing */
    for (size_t i = 1; i < 3; i++) all_take(room_consent(&room[i], &a, e.hash));
    assert_int_equal(judge(e.seq, expires_ms), ERR_OK);
    assert_int_equal(judge(e.seq, expires_ms + 1), ERR_NO_INVITE);
}

static void used_or_taken_back_it_is_none(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    struct entry e = invite(secret);
    for (size_t i = 1; i < 3; i++) all_take(room_consent(&room[i], &a, e.hash));
    assert_int_equal(judge(e.seq, BEGAN), ERR_OK);
    all_take(room_join(&room[3], &a, secret));
    assert_int_equal(judge(e.seq, BEGAN), ERR_NO_INVITE);
    e = invite(secret);
    assert_int_equal(judge(e.seq, BEGAN), ERR_CONSENT_MISSING);
    all_take(room_rotate(&room[1], &a, ROTATE_WISH));
    assert_int_equal(judge(e.seq, BEGAN), ERR_NO_INVITE);
}

static void of_several_the_one_at_its_place_is_judged(void **state)
{
    (void)state;
    uint8_t secret[SECRET_BYTES];
    struct entry first = invite(secret);
    uint64_t expires_ms = BEGAN + 1000;
    random_fill(secret, sizeof secret);
    struct entry draft = draft_invite(&room[0], &a, secret, expires_ms);
    all_take(draft_sign(&a, &draft, &person[0]));
    struct entry second = room_invite_of(&room[0], secret);
    for (size_t i = 1; i < 3; i++) all_take(room_consent(&room[i], &a, second.hash));
    assert_int_equal(judge(first.seq, BEGAN), ERR_CONSENT_MISSING);
    assert_int_equal(judge(second.seq, BEGAN), ERR_OK);
    assert_int_equal(judge(first.seq, expires_ms + 1), ERR_CONSENT_MISSING);
    assert_int_equal(judge(second.seq, expires_ms + 1), ERR_NO_INVITE);
    const uint64_t no_invite[] = {0, first.seq - 1, second.seq + 1, LIMIT_SEQ};
    for (size_t i = 0; i < sizeof no_invite / sizeof *no_invite; i++) {
        assert_int_equal(judge(no_invite[i], BEGAN), ERR_NO_INVITE);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_waits_for_everyones_consent),
        TEST(it_ends_with_its_date),
        TEST(used_or_taken_back_it_is_none),
        TEST(of_several_the_one_at_its_place_is_judged),
    };
    return cmocka_run_group_tests(tests, open_people, close_people);
}
