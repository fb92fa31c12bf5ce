/* lost.c -- a network that loses requests and answers, and a server that refuses for no reason, while three devices
 * of two people write: every word is recorded exactly once, each device's in the order in which it said them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/remote.h"
#include "harness/hearth.h"
#include "harness/random.h"

enum { DEVICES = 3, STEPS = 400, TEXT_BYTES = 32 };

static struct random network;
static bool is_bad; /* the network */

/* ---- the network --------------------------------------------------------------------------------------------------- */

enum err __real_remote_append(struct remote *remote, const uint8_t *circle, struct str entries, bool is_repair,
                              struct remote_head *head, bool *was_there);
enum err __wrap_remote_append(struct remote *remote, const uint8_t *circle, struct str entries, bool is_repair,
                              struct remote_head *head, bool *was_there);
enum err __wrap_remote_append(struct remote *remote, const uint8_t *circle, struct str entries, bool is_repair,
                              struct remote_head *head, bool *was_there)
{
    uint64_t chance = is_bad ? random_below(&network, 10) : 9;
    if (chance == 0) return ERR_OFFLINE; /* the request was lost */
    if (chance == 1) return ERR_HEAD_MOVED; /* a lie */
    if (chance == 2) return ERR_ID_TAKEN;
    enum err e = __real_remote_append(remote, circle, entries, is_repair, head, was_there);
    if (chance == 3 || chance == 4) return ERR_OFFLINE; /* the answer was lost */
    if (chance == 5 && e == ERR_OK) { /* the same request, delivered twice */
        bool was_there_again = false;
        e = __real_remote_append(remote, circle, entries, is_repair, head, &was_there_again);
        assert_true(e != ERR_OK || was_there_again);
    }
    return e;
}

/* ---- the people ----------------------------------------------------------------------------------------------------- */

static struct hearth hearth;
static struct hand device[DEVICES];
static unsigned said_n[DEVICES];

static void words_of(char words[static TEXT_BYTES], size_t who, unsigned i)
{
    (void)snprintf(words, TEXT_BYTES, "device %zu, word %u", who, i);
}

static void step(struct random *r)
{
    size_t who = (size_t)random_below(r, DEVICES);
    char words[TEXT_BYTES];
    switch (random_below(r, 8)) {
    case 0: (void)hearth_sync(&device[who]); return;
    case 1: client_set_offline(device[who].client, random_is_one_in(r, 2)); return;
    case 2:
        hearth_close(&device[who]);
        hearth_open(&device[who]);
        return;
    case 3: {
        struct client_outcome outcome;
        hearth_ok(&device[who], client_rotate(device[who].circle, &outcome, &device[who].why));
        return;
    }
    default:
        words_of(words, who, said_n[who]++);
        (void)hearth_note(&device[who], words);
        return;
    }
}

/* The words of a device that stand in a record, one behind the other. */
static void check_order(const struct hand *reader, size_t who)
{
    unsigned next = 0;
    for (uint64_t seq = 0; seq < reader->circle->chain->index.row_n && next < said_n[who]; seq++) {
        uint8_t memory[256];
        char words[TEXT_BYTES];
        words_of(words, who, next);
        next += str_is(client_text(reader->circle, seq, NULL), hearth_text(memory, sizeof memory, words));
    }
    assert_int_equal(next, said_n[who]);
    for (unsigned i = 0; i < said_n[who]; i++) {
        char words[TEXT_BYTES];
        words_of(words, who, i);
        size_t times = hearth_notes(reader, words, false);
        if (times != 1) fail_msg("%s: %zu times", words, times);
    }
}

static void every_word_is_recorded_once_and_in_order(void **state)
{
    (void)state;
    struct random r;
    random_init(&r, "which words survive a bad network");
    random_init_seed(&network, random_u64(&r));
    hearth_start(&hearth);
    hearth_account(&hearth, &device[0], "Ana");
    hearth_circle(&device[0], "The two of us");
    hearth_bring(&device[0], &device[1], "Ben");
    hearth_second(&hearth, &device[0], &device[2]);
    is_bad = true;
    for (unsigned i = 0; i < STEPS; i++) step(&r);
    is_bad = false;
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < DEVICES; i++) {
            client_set_offline(device[i].client, false);
            struct client_news news = hearth_sync(&device[i]);
            assert_int_equal(news.err, ERR_OK);
            assert_int_equal(news.kept_n, 0);
        }
    }
    assert_int_equal(hearth_sync(&device[0]).new_n, 0);
    for (size_t i = 0; i < DEVICES; i++) {
        hearth_same(&device[0], &device[i]);
        assert_int_equal(device[i].circle->draft_n + device[i].circle->alarm_n, 0);
        check_order(&device[1], i);
    }
    for (size_t i = 0; i < DEVICES; i++) hearth_close(&device[i]);
    hearth_stop(&hearth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_is_recorded_once_and_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
