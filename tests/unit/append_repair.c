/* append_repair.c -- what a server lost is brought back by those who have it: every entry in the place it was
 * signed for, and nothing that its signers did not make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "harness/desk.h"

enum { ANA, BEN, CLEO, DOV, EVE };

#define DAY_MS (UINT64_C(24) * 60 * 60 * 1000)
#define YEAR_MS (365 * DAY_MS)

/* ---- a record that grows while the server has lost it ------------------------------------------------------ */

static struct str note(struct desk *d, size_t who, const char *words)
{
    return room_say(&d->room[who], &d->arena, people_note(&d->arena, words));
}

/* Everybody's copy goes on by a note; the server does not hear of it. */
static uint64_t lost_note(struct desk *d, size_t who)
{
    desk_follow(d, note(d, who, "words that the server lost"));
    return d->room[who].chain.circle.head_seq;
}

static void lost_notes(struct desk *d, size_t who, uint64_t upto_seq)
{
    while (d->room[who].chain.circle.head_seq < upto_seq) (void)lost_note(d, who);
}

/* Somebody comes in, by the others' consent; the server does not hear of it. Gives the place of their join. */
static uint64_t lost_join(struct desk *d, size_t inviter, size_t who)
{
    struct arena *a = &d->arena;
    uint8_t secret[SECRET_BYTES];
    desk_follow(d, room_invite(&d->room[inviter], a, secret));
    struct entry invite = room_invite_of(&d->room[inviter], secret);
    for (size_t i = 0; i < DESK_PEOPLE; i++) {
        if (i != inviter && room_is_in(&d->room[i])) desk_follow(d, room_consent(&d->room[i], a, invite.hash));
    }
    desk_follow(d, room_join(&d->room[who], a, secret));
    return d->room[who].chain.circle.head_seq - 1;
}

static uint64_t head_of(const struct desk *d)
{
    return d->room[ANA].chain.circle.head_seq;
}

/* What copies hold of first..last; of what a redact took, the header and signature. */
static struct str part(struct desk *d, uint64_t first_seq, uint64_t last_seq)
{
    const struct room *room = &d->room[ANA];
    struct str all = {0};
    for (uint64_t seq = first_seq; seq <= last_seq; seq++) {
        bool is_erased = index_row(&room->chain.index, seq)->is_erased;
        struct str wire = is_erased ? draft_erased(&d->arena, room->wire[seq]) : room->wire[seq];
        all = draft_then(&d->arena, all, wire);
    }
    return all;
}

static struct str suffix(struct desk *d, uint64_t first_seq)
{
    return part(d, first_seq, head_of(d));
}

static struct str one(struct desk *d, uint64_t seq)
{
    return d->room[ANA].wire[seq];
}

static enum err repair(struct desk *d, size_t who, struct str batch)
{
    return desk_send(d, APPEND_REPAIR, who, desk_circle(d), batch);
}

/* It is refused so, and the store is as it was. */
#define refused(d, call, wanted)                                                                                       \
    do {                                                                                                               \
        char *before_ = desk_text(d);                                                                                  \
        expect(call, wanted);                                                                                          \
        char *after_ = desk_text(d);                                                                                   \
        assert_string_equal(after_, before_);                                                                          \
        free(before_);                                                                                                 \
        free(after_);                                                                                                  \
    } while (0)

static void assert_index(const struct desk *d, size_t index)
{
    assert_true(d->said.refusal.has_index);
    assert_int_equal(d->said.refusal.index, index);
}

/* ---- bringing it back ----------------------------------------------------------------------------------------- */

static void a_member_brings_back_what_was_lost(void **state)
{
    struct desk *d = *state;
    desk_gather(d, 2);
    uint64_t kept_seq = desk_say(d, ANA, "kept");
    for (unsigned i = 0; i < 10; i++) (void)lost_note(d, i % 2);
    expect(repair(d, BEN, suffix(d, kept_seq + 1)), ERR_OK);
    assert_int_equal(d->said.added_n, 10);
    assert_int_equal(d->said.head.seq, head_of(d));
    desk_expect_same(d);
    refused(d, repair(d, ANA, suffix(d, kept_seq - 2)), ERR_OK); /* once more, and from further back */
    assert_int_equal(d->said.added_n, 0);
    (void)desk_say(d, ANA, "on it goes");
    desk_expect_same(d);
}

static void what_was_lost_is_brought_back_however_late(void **state)
{
    struct desk *d = *state;
    desk_gather(d, 2);
    (void)desk_say(d, ANA, "kept");
    uint64_t seq = lost_note(d, BEN);
    d->now_ms += YEAR_MS;
    refused(d, desk_send(d, APPEND_LIVE, BEN, desk_circle(d), one(d, seq)), ERR_CLOCK_SKEW);
    expect(repair(d, ANA, one(d, seq)), ERR_OK);
    desk_expect_same(d);
}

static void nothing_gets_in_that_was_not_signed_for_its_place(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    struct entry early = draft_sealed(&d->room[BEN], a, people_note(a, "made for an earlier place"));
    struct str stale = draft_sign(a, &early, &d->person[BEN]);
    uint64_t first = lost_note(d, BEN), second = lost_note(d, BEN), third = lost_note(d, ANA);
    struct entry e = room_entry(&d->room[ANA], second);
    struct str renumbered = draft_set(a, draft_header(a, &early), 3, draft_uint(a, first + 1));
    const struct {
        struct str batch;
        enum err e;
        size_t index;
    } row[] = {
        {one(d, second), ERR_HEAD_MOVED, 0},                                          /* one is skipped      */
        {draft_then(a, one(d, first), one(d, third)), ERR_HEAD_MOVED, 1},
        {draft_then(a, one(d, first), stale), ERR_HEAD_MOVED, 1},                     /* made for elsewhere  */
        {draft_then(a, one(d, first), draft_wrap_sig(a, renumbered, str_at(e.sig, SIG_BYTES), early.payload)),
         ERR_HEAD_MOVED, 1},
        {draft_then(a, one(d, first), draft_wrap(a, e.header, e.payload, &d->person[ANA])), ERR_BAD_SIGNATURE, 1},
        {draft_then(a, one(d, first), draft_wrap(a, draft_set(a, e.header, 8, draft_uint(a, e.time_ms + 1)), e.payload,
                                                 &d->person[ANA])), ERR_BAD_SIGNATURE, 1},
        {draft_then(a, one(d, first), draft_wrap_sig(a, e.header, str_at(e.sig, SIG_BYTES), early.payload)),
         ERR_PAYLOAD_MISMATCH, 1},
        {draft_then(a, one(d, first), one(d, first)), ERR_OK, 0}, /* twice the same: it is there by then */
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        if (row[i].e == ERR_OK) {
            expect(repair(d, BEN, row[i].batch), ERR_OK);
            assert_int_equal(d->said.added_n, 1);
            continue;
        }
        refused(d, repair(d, BEN, row[i].batch), row[i].e);
        assert_index(d, row[i].index);
    }
    expect(repair(d, BEN, suffix(d, second)), ERR_OK);
    desk_expect_same(d);
}

static void making_a_circle_that_is_there_is_a_repair(void **state)
{
    struct desk *d = *state;
    desk_gather(d, 2);
    (void)lost_note(d, ANA);
    (void)lost_note(d, BEN);
    d->now_ms += YEAR_MS;
    d->circle_n_max = 1; /* it is no new one */
    expect(desk_send(d, APPEND_CREATE, BEN, desk_circle(d), suffix(d, 0)), ERR_OK);
    assert_int_equal(d->said.added_n, 2);
    desk_expect_same(d);
}

/* ---- news that is called a repair --------------------------------------------------------------------------------- */

/* Ben's next words, dated as he likes. */
static struct str dated(struct desk *d, uint64_t time_ms)
{
    struct arena *a = &d->arena;
    struct entry e = draft_sealed(&d->room[BEN], a, people_note(a, "words of another day"));
    e.time_ms = time_ms;
    return draft_sign(a, &e, &d->person[BEN]);
}

static void expect_off(struct desk *d, uint64_t time_ms)
{
    desk_forget(d);
    refused(d, repair(d, BEN, dated(d, time_ms)), ERR_CLOCK_SKEW);
    assert_index(d, 0);
    assert_true(d->said.refusal.has_time);
    assert_int_equal(d->said.refusal.time_ms, d->now_ms);
    refused(d, desk_send(d, APPEND_CREATE, BEN, desk_circle(d), dated(d, time_ms)), ERR_BAD_ENTRY); /* no genesis */
}

static void expect_fine(struct desk *d, uint64_t time_ms)
{
    struct str words = dated(d, time_ms);
    desk_forget(d);
    expect(repair(d, BEN, words), ERR_OK);
    desk_follow(d, words);
}

static void Q2_what_is_new_has_the_time_in_which_it_can_have_been_lost(void **state)
{
    struct desk *d = *state;
    desk_gather(d, 2);
    (void)desk_say(d, ANA, "the last that the server has");
    const uint64_t heard_ms = d->now_ms, skew_ms = LIMIT_CLOCK_SKEW_MS;
    d->now_ms += YEAR_MS;
    for (unsigned i = 0; i < 2; i++) { /* what was brought back moves nothing: nobody gets further step by step */
        expect_off(d, 0);
        expect_off(d, heard_ms - YEAR_MS);
        expect_off(d, heard_ms - 2 * skew_ms - 1);
        expect_fine(d, heard_ms - 2 * skew_ms);
        expect_fine(d, heard_ms + YEAR_MS / 2);
        expect_fine(d, d->now_ms + skew_ms);
        expect_off(d, d->now_ms + skew_ms + 1);
        expect_off(d, LIMIT_NUMBER);
    }
    struct str made = draft_then(&d->arena, room_sequence(&d->room[BEN], &d->arena, 0), dated(d, d->now_ms + DAY_MS));
    refused(d, desk_send(d, APPEND_CREATE, BEN, desk_circle(d), made), ERR_CLOCK_SKEW); /* nor by making it again */
    desk_expect_same(d);
    d->now_ms = heard_ms - YEAR_MS; /* a clock that was set back keeps nobody out */
    expect_off(d, d->now_ms - skew_ms - 1);
    expect_fine(d, d->now_ms - skew_ms);
    expect_fine(d, d->now_ms + skew_ms);
    expect_off(d, d->now_ms + skew_ms + 1);
    desk_expect_same(d);
}

/* Two entries are lost. The first, by Ana, is sent once more as news, because its answer was lost too. The second is by
 * Ben, whose clock is nine minutes behind hers. */
static void Q2_what_was_lost_and_comes_as_news_keeps_nothing_else_out(void **state)
{
    struct desk *d = *state;
    desk_gather(d, 2);
    (void)desk_say(d, ANA, "kept");
    struct str first = note(d, ANA, "lost, and sent again");
    desk_follow(d, first);
    struct str second = dated(d, d->now_ms - 9 * UINT64_C(60000));
    desk_follow(d, second);
    d->now_ms += 9 * UINT64_C(60000);
    expect(desk_send(d, APPEND_LIVE, ANA, desk_circle(d), first), ERR_OK);
    expect(repair(d, BEN, second), ERR_OK);
    desk_expect_same(d);
}

/* Whoever ran the server before may have let anything pass: the record can be moved all the same. */
static void Q2_the_time_of_what_moves_here_is_a_claim_until_it_lives_here(void **state)
{
    struct desk *d = *state;
    desk_gather(d, 2);
    expect_fine(d, d->now_ms + YEAR_MS);
    expect_fine(d, d->now_ms - YEAR_MS);
    expect_fine(d, 0);
    expect_fine(d, d->now_ms);
    (void)desk_say(d, ANA, "here we are");
    expect_off(d, d->now_ms + YEAR_MS);
    expect_off(d, d->now_ms - YEAR_MS);
    expect_fine(d, d->now_ms);
    desk_expect_same(d);
}

/* Cleo has an invitation, and did not come by it, as far as the server knows; and then it was over. Her join is dated
 * in time. Gives the last moment in which a server takes it as news. */
static uint64_t join_in_time(struct desk *d, struct str *join)
{
    struct arena *a = &d->arena;
    uint8_t secret[SECRET_BYTES];
    desk_gather(d, 2);
    expect(desk_post(d, ANA, room_invite(&d->room[ANA], a, secret)), ERR_OK);
    struct entry invite = room_invite_of(&d->room[ANA], secret);
    expect(desk_post(d, BEN, room_consent(&d->room[BEN], a, invite.hash)), ERR_OK);
    *join = room_join(&d->room[CLEO], a, secret);
    return invite.body.invite.expires_ms + LIMIT_CLOCK_SKEW_MS;
}

static void Q3_nobody_brings_themselves_in_by_an_invitation_that_is_over(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    struct str join;
    uint64_t last_ms = join_in_time(d, &join);
    d->now_ms = last_ms + 1;
    refused(d, repair(d, CLEO, join), ERR_INVITE_EXPIRED);
    assert_index(d, 0);
    assert_string_equal(d->said.refusal.field, "invite");
    struct str all = draft_then(a, room_sequence(&d->room[ANA], a, 0), join);
    refused(d, desk_send(d, APPEND_CREATE, CLEO, desk_circle(d), all), ERR_INVITE_EXPIRED);
    d->now_ms = last_ms;
    expect(repair(d, CLEO, join), ERR_OK);
    desk_follow(d, join);
    desk_expect_same(d);
}

static void Q3_who_is_in_may_bring_back_that_somebody_joined(void **state)
{
    struct desk *d = *state;
    struct str join;
    d->now_ms = join_in_time(d, &join) + YEAR_MS;
    expect(repair(d, BEN, join), ERR_OK);
    desk_follow(d, join);
    desk_expect_same(d);
    refused(d, repair(d, CLEO, join), ERR_OK); /* it is there */
}

static void Q1_who_brings_their_own_join_back_must_have_room_for_it(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    struct room fresh;
    desk_gather(d, 2);
    uint64_t kept_seq = head_of(d);
    room_init(&fresh, &d->person[CLEO], d->now_ms);
    struct str genesis = room_genesis(&fresh, a, false);
    expect(desk_send(d, APPEND_CREATE, CLEO, desk_circle(d), genesis), ERR_OK);
    room_fini(&fresh);
    (void)lost_join(d, ANA, CLEO);
    d->circle_n_max = 1;
    refused(d, repair(d, CLEO, suffix(d, kept_seq + 1)), ERR_TOO_MANY_CIRCLES);
    d->circle_n_max = 2;
    expect(repair(d, CLEO, suffix(d, kept_seq + 1)), ERR_OK);
    desk_expect_same(d);
}

/* ---- what was erased meanwhile ----------------------------------------------------------------------------------- */

static void what_the_batch_itself_erases_may_come_without_its_payload(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    uint64_t kept_seq = head_of(d), erased = lost_note(d, BEN);
    (void)lost_note(d, ANA);
    desk_follow(d, room_redact_bare(&d->room[BEN], a, &erased, 1));
    (void)lost_note(d, BEN);
    expect(repair(d, ANA, suffix(d, kept_seq + 1)), ERR_OK);
    assert_int_equal(desk_payload(d, erased), DESK_ERASED);
    desk_expect_same(d);
    struct str again = room_redact_bare(&d->room[BEN], a, &erased, 1);
    refused(d, repair(d, BEN, again), ERR_BAD_REDACT); /* each once */
}

static void with_its_payload_it_is_erased_all_the_same(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    uint64_t kept_seq = head_of(d), erased = lost_note(d, BEN);
    desk_follow(d, room_redact_bare(&d->room[BEN], a, &erased, 1));
    expect(repair(d, ANA, room_sequence(&d->room[ANA], a, kept_seq + 1)), ERR_OK);
    assert_int_equal(desk_payload(d, erased), DESK_ERASED);
    desk_expect_same(d);
}

/* Whoever leaves out words says that their author erased them: then the author's redact must be there. */
static void without_a_redact_by_its_author_no_payload_may_be_missing(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    uint64_t kept_seq = head_of(d), bens = lost_note(d, BEN), anas = lost_note(d, ANA), other = lost_note(d, BEN);
    struct str missing = draft_then(a, draft_erased(a, one(d, bens)), draft_then(a, one(d, anas), one(d, other)));
    struct room later = d->room[ANA];
    struct str by_ana = room_redact_bare(&later, a, &bens, 1);           /* not hers        */
    struct str of_other = room_redact_bare(&d->room[BEN], a, &other, 1); /* not that entry  */
    struct entry forged = draft_redact(&d->room[BEN], a, &bens, 1);
    struct str not_signed = draft_sign(a, &forged, &d->person[ANA]);     /* not his         */
    struct str by_ben = draft_sign(a, &forged, &d->person[BEN]);
    assert_int_equal(kept_seq + 1, bens);
    const struct {
        struct str batch;
        enum err e;
    } row[] = {
        {missing, ERR_PAYLOAD_MISMATCH},
        {draft_then(a, missing, by_ana), ERR_PAYLOAD_MISMATCH},
        {draft_then(a, missing, of_other), ERR_PAYLOAD_MISMATCH},
        {draft_then(a, missing, not_signed), ERR_PAYLOAD_MISMATCH},
        {draft_then(a, missing, by_ben), ERR_OK},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        if (row[i].e == ERR_OK) break;
        refused(d, repair(d, ANA, row[i].batch), row[i].e);
        assert_index(d, 0);
    }
    refused(d, desk_send(d, APPEND_LIVE, ANA, desk_circle(d), draft_then(a, missing, by_ben)), ERR_PAYLOAD_MISMATCH);
    expect(repair(d, ANA, draft_then(a, missing, by_ben)), ERR_OK);
    desk_follow(d, by_ben);
    desk_expect_same(d);
}

/* An invitation's capsule is never erased: only sealed entries are. */
static void a_capsule_may_never_be_missing(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    uint8_t secret[SECRET_BYTES];
    desk_gather(d, 2);
    uint64_t kept_seq = head_of(d), invite_seq = kept_seq + 2;
    desk_follow(d, room_invite(&d->room[ANA], a, secret));
    struct str redact = room_redact_bare(&d->room[ANA], a, &invite_seq, 1);
    struct str batch = draft_then(a, one(d, kept_seq + 1), draft_erased(a, one(d, invite_seq)));
    refused(d, repair(d, ANA, draft_then(a, batch, redact)), ERR_PAYLOAD_MISMATCH);
    assert_index(d, 1);
}

/* ---- evidence -------------------------------------------------------------------------------------------------- */

/* A redact that is further ahead than the batch reaches: the payload may be missing, the redact is not recorded
 * yet. Until it comes, whoever has the words gives them back. */
static void a_redact_far_ahead_is_evidence(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    uint64_t kept_seq = head_of(d), erased = lost_note(d, BEN);
    for (unsigned i = 0; i < 5; i++) (void)lost_note(d, ANA);
    desk_follow(d, room_redact_bare(&d->room[BEN], a, &erased, 1));
    uint64_t redact_seq = head_of(d);
    struct str begin = part(d, kept_seq + 1, kept_seq + 3);
    refused(d, repair(d, ANA, begin), ERR_PAYLOAD_MISMATCH);
    expect(repair(d, ANA, draft_then(a, begin, one(d, redact_seq))), ERR_OK);
    assert_int_equal(d->said.added_n, 3);
    assert_int_equal(d->said.head.seq, kept_seq + 3);
    assert_int_equal(desk_payload(d, erased), DESK_EMPTY);
    refused(d, repair(d, ANA, draft_then(a, begin, one(d, redact_seq))), ERR_OK);
    struct str words = one(d, erased), swapped = draft_wrap_sig(a, room_entry(&d->room[ANA], erased).header,
        str_at(room_entry(&d->room[ANA], erased).sig, SIG_BYTES), room_entry(&d->room[ANA], kept_seq + 2).payload);
    refused(d, repair(d, ANA, swapped), ERR_OK); /* other words are not taken for his */
    assert_int_equal(desk_payload(d, erased), DESK_EMPTY);
    expect(repair(d, ANA, words), ERR_OK);
    assert_int_equal(d->said.added_n, 1);
    assert_int_equal(d->said.head.seq, kept_seq + 3);
    assert_int_equal(desk_payload(d, erased), DESK_THERE);
    refused(d, repair(d, ANA, words), ERR_OK);
    expect(repair(d, BEN, suffix(d, kept_seq + 4)), ERR_OK);
    assert_int_equal(desk_payload(d, erased), DESK_ERASED);
    desk_expect_same(d);
    refused(d, repair(d, ANA, words), ERR_OK); /* and what is erased stays so */
    assert_int_equal(desk_payload(d, erased), DESK_ERASED);
}

/* What is given back counts, and there must be room for it. */
static void words_given_back_are_within_the_quota(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    uint64_t erased = lost_note(d, BEN);
    (void)lost_note(d, ANA);
    desk_follow(d, room_redact_bare(&d->room[BEN], a, &erased, 1));
    expect(repair(d, ANA, draft_then(a, draft_erased(a, one(d, erased)), one(d, head_of(d)))), ERR_OK);
    uint64_t held_n = d->said.head.payload_bytes, words_n = room_entry(&d->room[ANA], erased).payload.len;
    d->circle_bytes_max = held_n + words_n - 1;
    refused(d, repair(d, ANA, one(d, erased)), ERR_QUOTA);
    assert_int_equal(desk_payload(d, erased), DESK_EMPTY);
    d->circle_bytes_max++;
    expect(repair(d, ANA, one(d, erased)), ERR_OK);
    assert_int_equal(d->said.head.payload_bytes, held_n + words_n);
    refused(d, repair(d, ANA, one(d, erased + 1)), ERR_QUOTA);
    d->circle_bytes_max *= 2;
    expect(repair(d, ANA, suffix(d, erased + 1)), ERR_OK);
    desk_expect_same(d);
}

static void a_gap_that_is_no_evidence_moves_the_head(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    static const uint8_t nowhere[HASH_BYTES] = {1};
    desk_gather(d, 2);
    uint64_t kept_seq = head_of(d);
    for (unsigned i = 0; i < 4; i++) (void)lost_note(d, BEN);
    uint64_t seq = kept_seq + 3, last = head_of(d);
    struct room *ben = &d->room[BEN];
    struct entry redact = draft_redact(ben, a, &seq, 1);
    struct str elsewhere = draft_set(a, draft_header(a, &redact), 2, draft_bytes(a, STR_OF(nowhere)));
    const struct str behind_gap[] = {
        one(d, last),                                                       /* words                            */
        room_rotate(ben, a, ROTATE_WISH),
        room_leave(ben, a),
        draft_sign(a, &redact, &d->person[ANA]),                            /* a redact that is not signed      */
        draft_wrap(a, elsewhere, (struct str){0}, &d->person[BEN]),         /* of another circle                */
        draft_then(a, draft_sign(a, &redact, &d->person[BEN]), one(d, last)), /* good evidence, and something else */
    };
    for (size_t i = 0; i < sizeof behind_gap / sizeof *behind_gap; i++) {
        struct str batch = draft_then(a, part(d, kept_seq + 1, kept_seq + 2), behind_gap[i]);
        bool is_foreign = i == 4;
        refused(d, repair(d, BEN, batch), is_foreign ? ERR_WRONG_CIRCLE : ERR_HEAD_MOVED);
        assert_index(d, 2);
        assert_int_equal(d->said.refusal.has_head, !is_foreign);
        if (!is_foreign) assert_int_equal(d->said.refusal.seq, kept_seq); /* not one that this batch would have made */
    }
    struct str good = draft_then(a, part(d, kept_seq + 1, kept_seq + 2), draft_sign(a, &redact, &d->person[BEN]));
    refused(d, desk_send(d, APPEND_LIVE, BEN, desk_circle(d), good), ERR_HEAD_MOVED); /* only in a repair */
    assert_index(d, 2);
    expect(repair(d, BEN, good), ERR_OK);
}

/* ---- who may repair --------------------------------------------------------------------------------------------- */

/* Cleo joined in what was lost: her own join, further ahead, shows that she becomes a member. */
static void an_own_join_far_ahead_is_evidence(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 2);
    uint64_t kept_seq = head_of(d);
    for (unsigned i = 0; i < 5; i++) (void)lost_note(d, BEN);
    uint64_t join_seq = lost_join(d, ANA, CLEO);
    (void)lost_note(d, CLEO);
    struct str begin = part(d, kept_seq + 1, kept_seq + 3);
    refused(d, repair(d, CLEO, begin), ERR_NO_CIRCLE);
    refused(d, repair(d, DOV, draft_then(a, begin, one(d, join_seq))), ERR_NO_CIRCLE); /* it is not his */
    struct str bens_join = d->room[ANA].wire[join_seq];
    refused(d, repair(d, BEN, draft_then(a, begin, bens_join)), ERR_HEAD_MOVED);
    expect(repair(d, CLEO, draft_then(a, begin, one(d, join_seq))), ERR_OK);
    assert_int_equal(d->said.added_n, 3);
    assert_int_equal(d->said.head.seq, kept_seq + 3);
    refused(d, repair(d, CLEO, draft_then(a, begin, one(d, join_seq))), ERR_OK); /* its answer was lost */
    assert_int_equal(d->said.head.seq, kept_seq + 3);
    refused(d, repair(d, CLEO, part(d, kept_seq + 4, join_seq)), ERR_ROTATE_REQUIRED); /* no rest before her rotate */
    assert_index(d, (size_t)(join_seq - kept_seq - 4));
    expect(repair(d, CLEO, suffix(d, kept_seq + 4)), ERR_OK);
    desk_expect_same(d);
}

/* Three hundred entries, one of them erased near the end, brought back batch by batch by somebody who joined in
 * the middle; then once more by somebody else. */
static void a_long_record_is_brought_back_by_who_joined_late(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    const uint64_t erased = 5;
    struct room *const pair[] = {&d->room[ANA], &d->room[BEN]};
    rooms_gather(pair, 2, a);
    struct str begin = room_sequence(&d->room[ANA], a, 0);
    for (size_t i = 2; i < DESK_PEOPLE; i++) {
        struct why why;
        expect(room_take(&d->room[i], begin, &why), ERR_OK);
    }
    assert_true(head_of(d) < erased);
    lost_notes(d, BEN, 196);
    uint64_t join_seq = lost_join(d, ANA, CLEO);
    assert_int_equal(join_seq, 200);
    lost_notes(d, CLEO, 289);
    desk_follow(d, room_redact_bare(&d->room[BEN], a, &erased, 1));
    uint64_t redact_seq = head_of(d);
    assert_int_equal(redact_seq, 290);
    lost_notes(d, ANA, 299);
    struct str evidence = draft_then(a, one(d, join_seq), one(d, redact_seq));
    d->now_ms += YEAR_MS; /* the invitation is long over */
    struct str first = part(d, 0, LIMIT_BATCH_ENTRIES - 3);
    refused(d, desk_send(d, APPEND_CREATE, CLEO, desk_circle(d), first), ERR_PAYLOAD_MISMATCH);
    refused(d, desk_send(d, APPEND_CREATE, CLEO, desk_circle(d), draft_then(a, first, one(d, redact_seq))), ERR_NOT_MEMBER);
    expect(desk_send(d, APPEND_CREATE, CLEO, desk_circle(d), draft_then(a, first, evidence)), ERR_OK);
    for (uint64_t seq = LIMIT_BATCH_ENTRIES - 2; seq < 300;) {
        uint64_t left_n = 300 - seq, n = seq < join_seq ? LIMIT_BATCH_ENTRIES - 1 : LIMIT_BATCH_ENTRIES;
        if (n > left_n) n = left_n;
        if (seq + n - 1 == join_seq) n--; /* a batch may not end with a join */
        struct str batch = part(d, seq, seq + n - 1);
        if (seq + n <= join_seq) batch = draft_then(a, batch, one(d, join_seq));
        desk_forget(d);
        expect(repair(d, CLEO, batch), ERR_OK);
        assert_int_equal(d->said.added_n, n);
        assert_int_equal(desk_payload(d, erased), seq + n <= redact_seq ? DESK_EMPTY : DESK_ERASED);
        seq += n;
    }
    desk_expect_same(d);
    for (uint64_t seq = 0; seq < 300; seq += LIMIT_BATCH_ENTRIES) {
        uint64_t last = seq + LIMIT_BATCH_ENTRIES - 1 < 299 ? seq + LIMIT_BATCH_ENTRIES - 1 : 299;
        refused(d, repair(d, BEN, part(d, seq, last)), ERR_OK);
        assert_int_equal(d->said.added_n, 0);
    }
    d->now_ms -= YEAR_MS;
    (void)desk_say(d, BEN, "and on");
    desk_expect_same(d);
}

static void who_is_out_behind_the_batch_may_not_repair(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    desk_gather(d, 3);
    uint64_t kept_seq = head_of(d);
    (void)lost_note(d, BEN);
    desk_follow(d, room_leave(&d->room[BEN], a));
    desk_follow(d, room_rotate(&d->room[ANA], a, ROTATE_LEFT));
    (void)lost_note(d, ANA);
    refused(d, repair(d, BEN, suffix(d, kept_seq + 1)), ERR_NOT_MEMBER);
    assert_index(d, 3);
    refused(d, repair(d, BEN, part(d, kept_seq + 1, kept_seq + 2)), ERR_NOT_MEMBER);
    expect(repair(d, BEN, one(d, kept_seq + 1)), ERR_OK); /* there he still was in */
    expect(repair(d, ANA, suffix(d, kept_seq + 2)), ERR_OK);
    desk_expect_same(d);
    refused(d, repair(d, BEN, one(d, kept_seq)), ERR_NOT_MEMBER);
    struct str redact = room_redact_bare(&d->room[BEN], a, &(uint64_t){kept_seq + 1}, 1);
    refused(d, repair(d, BEN, redact), ERR_NOT_MEMBER); /* he erases as anybody does: live */
    assert_false(d->said.refusal.has_index);
    expect(desk_post(d, BEN, redact), ERR_OK);
    /* back in, in what was lost: then he may */
    uint64_t gone_seq = head_of(d), join_seq = lost_join(d, ANA, BEN);
    (void)lost_note(d, BEN);
    expect(repair(d, BEN, draft_then(a, one(d, gone_seq + 1), one(d, join_seq))), ERR_OK);
    expect(repair(d, BEN, suffix(d, gone_seq + 2)), ERR_OK);
    desk_expect_same(d);
}

/* Anybody can sign a join of their own. Who has nothing else to show learns nothing by it, and who knows some
 * of the record, because they once looked at an invitation, learns nothing of how it went on. */
static void a_join_that_nobody_allowed_opens_nothing(void **state)
{
    struct desk *d = *state;
    struct arena *a = &d->arena;
    static const uint8_t elsewhere[HASH_BYTES] = {1};
    uint8_t secret[SECRET_BYTES];
    desk_gather(d, 2);
    desk_follow(d, room_invite(&d->room[ANA], a, secret)); /* the server knows it not: neither can it judge it */
    struct entry join = draft_join(&d->room[EVE], a, secret);
    struct str near = draft_sign(a, &join, &d->person[EVE]);
    struct entry sealed = draft_next(&d->room[EVE], a, ENTRY_SEALED);
    draft_payload(a, &sealed, STR("anything"));
    struct str junk = draft_sign(a, &sealed, &d->person[EVE]);
    join.seq += 1000;
    struct str far = draft_sign(a, &join, &d->person[EVE]);
    struct str foreign = draft_set(a, draft_header(a, &join), 2, draft_bytes(a, STR_OF(elsewhere)));
    foreign = draft_wrap(a, foreign, (struct str){0}, &d->person[EVE]);
    const struct str batch[] = {
        near, far, junk, foreign, draft_then(a, junk, far), draft_then(a, near, far), draft_then(a, foreign, far),
        draft_then(a, junk, foreign),
    };
    for (size_t i = 0; i < sizeof batch / sizeof *batch; i++) {
        refused(d, repair(d, EVE, batch[i]), ERR_NO_CIRCLE);
        assert_false(d->said.refusal.has_index || d->said.refusal.has_head);
        assert_null(d->said.refusal.field);
        refused(d, desk_send(d, APPEND_REPAIR, EVE, elsewhere, batch[i]), ERR_NO_CIRCLE);
    }
    struct str known = part(d, 0, 2), guess = draft_then(a, known, junk);
    refused(d, repair(d, EVE, draft_then(a, known, far)), ERR_OK);
    assert_int_equal(d->said.head.seq, 2); /* as far as she knows it */
    assert_memory_equal(d->said.head.hash, room_entry(&d->room[ANA], 2).hash, HASH_BYTES);
    refused(d, desk_send(d, APPEND_CREATE, EVE, desk_circle(d), draft_then(a, known, far)), ERR_OK);
    assert_int_equal(d->said.head.seq, 2);
    refused(d, repair(d, EVE, draft_then(a, guess, far)), ERR_HEAD_MOVED);
    assert_false(d->said.refusal.has_head);
    refused(d, desk_send(d, APPEND_CREATE, EVE, desk_circle(d), guess), ERR_HEAD_MOVED);
    assert_false(d->said.refusal.has_head);
    refused(d, desk_send(d, APPEND_CREATE, EVE, desk_circle(d), known), ERR_NOT_MEMBER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(a_member_brings_back_what_was_lost),
        DESK_TEST(what_was_lost_is_brought_back_however_late),
        DESK_TEST(Q2_what_is_new_has_the_time_in_which_it_can_have_been_lost),
        DESK_TEST(Q2_what_was_lost_and_comes_as_news_keeps_nothing_else_out),
        DESK_TEST(Q2_the_time_of_what_moves_here_is_a_claim_until_it_lives_here),
        DESK_TEST(Q3_nobody_brings_themselves_in_by_an_invitation_that_is_over),
        DESK_TEST(Q3_who_is_in_may_bring_back_that_somebody_joined),
        DESK_TEST(Q1_who_brings_their_own_join_back_must_have_room_for_it),
        DESK_TEST(nothing_gets_in_that_was_not_signed_for_its_place),
        DESK_TEST(making_a_circle_that_is_there_is_a_repair),
        DESK_TEST(what_the_batch_itself_erases_may_come_without_its_payload),
        DESK_TEST(with_its_payload_it_is_erased_all_the_same),
        DESK_TEST(without_a_redact_by_its_author_no_payload_may_be_missing),
        DESK_TEST(a_capsule_may_never_be_missing),
        DESK_TEST(a_redact_far_ahead_is_evidence),
        DESK_TEST(words_given_back_are_within_the_quota),
        DESK_TEST(a_gap_that_is_no_evidence_moves_the_head),
        DESK_TEST(an_own_join_far_ahead_is_evidence),
        DESK_TEST(a_long_record_is_brought_back_by_who_joined_late),
        DESK_TEST(who_is_out_behind_the_batch_may_not_repair),
        DESK_TEST(a_join_that_nobody_allowed_opens_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
