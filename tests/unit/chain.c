/* chain.c -- a record as a hostile server may serve it: changed, reordered, cut, forked, emptied. What a
 * reader believes is always a beginning of what its signers made. The laws are [H...] of docs/domain.md, the
 * attacks K2 to K14 those of docs/protocol.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/people.h"
#include "harness/random.h"

#define NOW_MS UINT64_C(1767225600000)

enum { ANA, BEN, CLEO, PEOPLE, MOST = 64 };

/* A true record, entry by entry, as somebody wrote it. */
struct desk {
    struct arena a;
    struct person person[PEOPLE];
    struct room room[PEOPLE], *rooms[PEOPLE];
    struct str wire[MOST];
    size_t n;
};

static void taken(struct desk *d, struct str batch)
{
    rooms_take(d->rooms, PEOPLE, batch);
}

static void said(struct desk *d, size_t who, const char *words)
{
    taken(d, room_say(&d->room[who], &d->a, people_note(&d->a, words)));
}

/* Three people come together, talk, invite somebody who never comes, erase; and one leaves. */
static void live(struct desk *d)
{
    uint8_t secret[SECRET_BYTES];
    rooms_gather(d->rooms, PEOPLE, &d->a);
    for (size_t i = 0; i < 6; i++) said(d, i % PEOPLE, "a few words");
    uint64_t last = d->room[BEN].at.head_seq - 1;
    taken(d, room_redact(&d->room[BEN], &d->a, &last, 1, STR("done")));
    taken(d, room_invite(&d->room[CLEO], &d->a, secret));
    taken(d, room_consent(&d->room[ANA], &d->a, room_invite_of(&d->room[ANA], secret).hash));
    said(d, BEN, "I would rather not");
    taken(d, room_leave(&d->room[CLEO], &d->a));
    taken(d, room_rotate(&d->room[ANA], &d->a, ROTATE_LEFT));
    said(d, ANA, "on with the two of us");
    d->n = (size_t)d->room[ANA].chain.index.row_n;
    assert_true(d->n > 20 && d->n <= MOST);
    for (size_t i = 0; i < d->n; i++) d->wire[i] = d->room[ANA].wire[i];
}

static int desk_open(void **state)
{
    static struct desk desk;
    if (record_open() != ERR_OK) return -1;
    arena_init(&desk.a, 512 * 1024 * 1024);
    for (size_t i = 0; i < PEOPLE; i++) {
        person_init(&desk.person[i], "a friend", i);
        room_init(&desk.room[i], &desk.person[i], NOW_MS);
        desk.rooms[i] = &desk.room[i];
    }
    live(&desk);
    *state = &desk;
    return 0;
}

static int desk_close(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < PEOPLE; i++) {
        room_fini(&d->room[i]);
        person_fini(&d->person[i]);
    }
    arena_fini(&d->a);
    return 0;
}

/* ---- a reader ------------------------------------------------------------------------------------------- */

struct reader {
    struct arena a;
    struct chain chain;
};

static void reader_open(struct reader *r)
{
    arena_init(&r->a, 64 * 1024 * 1024);
    chain_init(&r->chain, &r->a);
}

static void reader_close(struct reader *r)
{
    arena_fini(&r->a);
}

static void assert_reads(struct reader *r, struct str wire)
{
    struct why why = {0};
    enum err e = chain_add(&r->chain, wire, NULL, &why);
    if (e != ERR_OK) print_error("%s %s\n", err_code(e), why.field);
    assert_int_equal(e, ERR_OK);
}

/* Refuses it, and is as before. */
static enum err assert_refuses(struct reader *r, struct str wire)
{
    struct circle circle = r->chain.circle;
    struct index index = r->chain.index;
    struct entry e, before;
    struct why why = {0};
    memset(&e, 0xa5, sizeof e);
    memcpy(&before, &e, sizeof e);
    enum err err = chain_add(&r->chain, wire, &e, &why);
    assert_int_not_equal(err, ERR_OK);
    assert_int_equal(why.code, err);
    assert_non_null(why.field);
    assert_memory_equal(&r->chain.circle, &circle, sizeof circle);
    assert_memory_equal(&r->chain.index, &index, sizeof index);
    assert_memory_equal(&e, &before, sizeof e);
    return err;
}

/* Reads the first n entries of the true record. */
static void read_first(struct reader *r, const struct desk *d, size_t n)
{
    reader_open(r);
    for (size_t i = 0; i < n; i++) assert_reads(r, d->wire[i]);
}

/* ---- what is good --------------------------------------------------------------------------------------- */

static void H1_a_true_record_is_read_from_its_first_entry_to_its_head(void **state)
{
    struct desk *d = *state;
    struct reader r;
    reader_open(&r);
    assert_true(chain_is_settled(&r.chain));
    for (size_t i = 0; i < d->n; i++) {
        struct entry e;
        struct why why;
        assert_int_equal(chain_add(&r.chain, d->wire[i], &e, &why), ERR_OK);
        assert_true(e.wire.at == d->wire[i].at && e.seq == i);
        assert_memory_equal(e.hash, r.chain.circle.head_hash, HASH_BYTES);
        assert_memory_equal(index_row(&r.chain.index, i)->hash, e.hash, HASH_BYTES);
        uint64_t seq;
        assert_true(index_find_id(&r.chain.index, e.id, &seq) && seq == i);
        struct chain_pin pin = {.seq = i};
        memcpy(pin.hash, e.hash, HASH_BYTES);
        assert_int_equal(chain_keeps_pin(&d->room[ANA].chain, &pin), ERR_OK);
        assert_int_equal(chain_is_settled(&r.chain), circle_may_rest(&r.chain.circle)); /* not behind a join */
    }
    assert_int_equal(r.chain.circle.head_seq, d->n - 1);
    assert_true(circle_may_rest(&r.chain.circle));
    reader_close(&r);
}

static void H1_a_sequence_is_read_as_far_as_it_is_good(void **state)
{
    struct desk *d = *state;
    struct reader r;
    struct why why = {0};
    size_t added_n = 99;
    struct str whole = room_sequence(&d->room[ANA], &d->a, 0);
    reader_open(&r);
    assert_int_equal(chain_add_all(&r.chain, (struct str){0}, &added_n, &why), ERR_OK);
    assert_int_equal(added_n, 0);
    assert_int_equal(chain_add_all(&r.chain, whole, &added_n, &why), ERR_OK);
    assert_int_equal(added_n, d->n);
    assert_int_equal(chain_add_all(&r.chain, whole, &added_n, &why), ERR_HEAD_MOVED);
    assert_int_equal(added_n, 0);
    assert_int_equal(why.at, 0);
    reader_close(&r);

    reader_open(&r);
    struct str cut = str_at(whole.at, whole.len - 1);
    assert_int_equal(chain_add_all(&r.chain, cut, &added_n, &why), ERR_BAD_CBOR);
    assert_int_equal(added_n, d->n - 1);
    assert_true(why.code == ERR_BAD_CBOR && why.at == d->n - 1 && why.field != NULL);
    assert_int_equal(r.chain.circle.head_seq, d->n - 2);
    assert_int_equal(chain_add_all(&r.chain, d->wire[d->n - 1], &added_n, &why), ERR_OK); /* and goes on there */
    assert_int_equal(added_n, 1);
    reader_close(&r);
}

/* ---- H2: changed, swapped, dropped, inserted ------------------------------------------------------------ */

static void H2_K2_a_flipped_bit_anywhere_is_found(void **state)
{
    struct desk *d = *state;
    struct reader r;
    reader_open(&r);
    for (size_t i = 0; i < d->n; i++) {
        struct str wire = d->wire[i];
        uint8_t *changed = arena_take(&d->a, wire.len);
        memcpy(changed, wire.at, wire.len);
        for (size_t bit = i % 11; bit < 8 * wire.len; bit += 11) { /* each entry from another bit on */
            changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
            (void)assert_refuses(&r, str_at(changed, wire.len));
            changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_reads(&r, wire);
    }
    reader_close(&r);
}

static void H2_K2_a_changed_payload_is_told_as_one(void **state)
{
    struct desk *d = *state;
    struct reader r;
    reader_open(&r);
    size_t sealed_n = 0;
    for (size_t i = 0; i < d->n; i++) {
        struct entry e = room_entry(&d->room[ANA], i);
        if (entry_has_payload(e.kind)) {
            uint8_t *changed = arena_take(&d->a, e.payload.len);
            memcpy(changed, e.payload.at, e.payload.len);
            changed[e.payload.len - 1] ^= 0x80;
            struct str sig = str_at(e.sig, SIG_BYTES), payload = str_at(changed, e.payload.len);
            struct str wire = draft_wrap_sig(&d->a, e.header, sig, payload);
            assert_int_equal(assert_refuses(&r, wire), ERR_PAYLOAD_MISMATCH);
            sealed_n++;
        }
        assert_reads(&r, d->wire[i]);
    }
    assert_true(sealed_n >= 10);
    reader_close(&r);
}

/* What was verified once and is read again: no signature is looked at, and yet nothing can be changed, since
 * another byte makes another hash, and the next entry or the pin names the hash. */
static void H2_H5_what_is_known_is_held_by_its_pin_without_signatures(void **state)
{
    struct desk *d = *state;
    struct entry newest = room_entry(&d->room[ANA], d->n - 1);
    struct chain_pin pin = {.seq = d->n - 1};
    memcpy(pin.hash, newest.hash, HASH_BYTES);
    for (size_t changed = 0; changed <= d->n; changed++) { /* the last time, none is */
        struct reader r;
        struct why why;
        size_t read_n = 0;
        reader_open(&r);
        for (size_t i = 0; i < d->n; i++) {
            struct str wire = d->wire[i];
            struct entry e = room_entry(&d->room[ANA], i);
            uint8_t sig[SIG_BYTES];
            memcpy(sig, e.sig, sizeof sig);
            sig[7] ^= 1;
            if (i == changed) wire = draft_wrap_sig(&d->a, e.header, STR_OF(sig), e.payload);
            if (chain_add_known(&r.chain, wire, NULL, &why) != ERR_OK) break;
            read_n++;
        }
        assert_int_equal(read_n, changed + 1 < d->n ? changed + 1 : d->n);
        if (read_n == d->n) {
            assert_int_equal(chain_keeps_pin(&r.chain, &pin), changed == d->n ? ERR_OK : ERR_FORKED);
        }
        reader_close(&r);
    }
}

static void H2_K3_swapped_entries_are_found(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i + 1 < d->n; i++) {
        for (size_t k = i + 1; k < d->n; k += 1 + k - i) {
            struct reader r;
            read_first(&r, d, i);
            assert_int_equal(assert_refuses(&r, d->wire[k]), i == 0 ? ERR_BAD_ENTRY : ERR_HEAD_MOVED);
            reader_close(&r);
        }
    }
}

static void H2_K4_a_dropped_entry_is_found(void **state)
{
    struct desk *d = *state;
    for (size_t dropped = 0; dropped + 1 < d->n; dropped++) {
        struct reader r;
        struct str sequence = {0};
        struct why why;
        size_t added_n;
        for (size_t i = 0; i < d->n; i++) {
            if (i != dropped) sequence = draft_then(&d->a, sequence, d->wire[i]);
        }
        reader_open(&r);
        enum err e = chain_add_all(&r.chain, sequence, &added_n, &why);
        assert_int_equal(e, dropped == 0 ? ERR_BAD_ENTRY : ERR_HEAD_MOVED);
        assert_int_equal(added_n, dropped);
        reader_close(&r);
    }
}

static void H2_K6_an_old_entry_does_not_come_again(void **state)
{
    struct desk *d = *state;
    struct reader r;
    reader_open(&r);
    for (size_t i = 0; i < d->n; i++) {
        assert_reads(&r, d->wire[i]);
        for (size_t old = 0; old <= i; old++) assert_int_equal(assert_refuses(&r, d->wire[old]), ERR_HEAD_MOVED);
    }
    reader_close(&r);
}

/* K9: another's entry whose signature's S was replaced by S + L. */
static void H2_K9_a_signature_in_another_form_is_refused(void **state)
{
    struct desk *d = *state;
    static const uint8_t order[32] = {
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10,
    };
    struct reader r;
    reader_open(&r);
    for (size_t i = 0; i < d->n; i++) {
        struct entry e = room_entry(&d->room[ANA], i);
        uint8_t sig[SIG_BYTES];
        unsigned carry = 0;
        memcpy(sig, e.sig, sizeof sig);
        for (size_t k = 0; k < 32; k++, carry >>= 8) {
            carry += (unsigned)sig[32 + k] + order[k];
            sig[32 + k] = (uint8_t)carry;
        }
        struct str wire = draft_wrap_sig(&d->a, e.header, STR_OF(sig), e.payload);
        assert_int_equal(assert_refuses(&r, wire), ERR_BAD_SIGNATURE);
        assert_reads(&r, d->wire[i]);
    }
    reader_close(&r);
}

/* K10: what the same people signed in another circle of theirs does not come in here. */
static void H2_K10_an_entry_of_another_circle_is_refused(void **state)
{
    struct desk *d = *state;
    struct room other;
    struct reader r;
    room_init(&other, &d->person[ANA], NOW_MS);
    rooms_gather((struct room *[]){&other}, 1, &d->a);
    read_first(&r, d, d->n);
    assert_int_equal(assert_refuses(&r, other.wire[0]), ERR_WRONG_CIRCLE);
    struct entry says = draft_sealed(&other, &d->a, people_note(&d->a, "elsewhere"));
    assert_int_equal(assert_refuses(&r, draft_sign(&d->a, &says, &d->person[ANA])), ERR_WRONG_CIRCLE);
    says.seq = r.chain.circle.head_seq + 1;
    says.prev = r.chain.circle.head_hash;
    assert_int_equal(assert_refuses(&r, draft_sign(&d->a, &says, &d->person[ANA])), ERR_WRONG_CIRCLE);
    reader_close(&r);
    room_fini(&other);
}

/* K14: Ben puts Ana's sealed payload under a header of his own: recorded, but nobody can read it. */
static void H2_K14_anothers_payload_opens_for_nobody(void **state)
{
    struct desk *d = *state;
    said(d, ANA, "I promise");
    struct entry anas = room_entry(&d->room[ANA], d->room[ANA].at.head_seq);
    struct entry bens = draft_next(&d->room[BEN], &d->a, ENTRY_SEALED);
    draft_payload(&d->a, &bens, anas.payload);
    taken(d, draft_sign(&d->a, &bens, &d->person[BEN]));
    struct str text;
    uint64_t head = d->room[ANA].at.head_seq;
    assert_int_equal(room_text(&d->room[ANA], &d->a, head - 1, &text), ERR_OK);
    assert_int_equal(room_text(&d->room[ANA], &d->a, head, &text), ERR_UNREADABLE);
    assert_int_equal(room_text(&d->room[BEN], &d->a, head, &text), ERR_UNREADABLE);
    struct entry replay = draft_next(&d->room[ANA], &d->a, ENTRY_SEALED); /* nor her own, at another place */
    draft_payload(&d->a, &replay, anas.payload);
    taken(d, draft_sign(&d->a, &replay, &d->person[ANA]));
    assert_int_equal(room_text(&d->room[ANA], &d->a, head + 1, &text), ERR_UNREADABLE);
}

/* Something a server could serve in the place of entry i. */
static struct str served_badly(struct desk *d, struct random *r, size_t i, struct str elsewhere)
{
    struct str wire = d->wire[i];
    uint8_t *copy = arena_take(&d->a, wire.len);
    memcpy(copy, wire.at, wire.len);
    switch (random_below(r, 8)) {
    case 0: return (struct str){0};
    case 1: return d->wire[random_below(r, d->n)];
    case 2: return draft_then(&d->a, wire, d->wire[random_below(r, d->n)]);
    case 3: return draft_then(&d->a, d->wire[random_below(r, d->n)], wire);
    case 4: return elsewhere;
    case 5: return draft_erased(&d->a, wire);
    case 6: return str_at(copy, (size_t)random_below(r, wire.len));
    default: copy[random_below(r, wire.len)] ^= (uint8_t)random_between(r, 1, 255); return str_at(copy, wire.len);
    }
}

/* The law itself: whatever is served, what is believed is a beginning of the true record. */
static void H2_whatever_is_served_only_a_beginning_of_the_record_is_believed(void **state)
{
    struct desk *d = *state;
    struct random random;
    struct room other;
    size_t whole_n = 0, unsettled_n = 0;
    random_init(&random, "chain");
    room_init(&other, &d->person[BEN], NOW_MS);
    struct str elsewhere = room_genesis(&other, &d->a, false);
    for (size_t run = 0; run < 1500; run++) {
        struct reader r;
        struct str sequence = {0};
        struct why why;
        size_t added_n = 0;
        uint64_t rarely = random_between(&random, 2, 60);
        for (size_t i = 0; i < d->n; i++) {
            bool is_bad = random_is_one_in(&random, rarely) && (i > 0 || random_is_one_in(&random, 4));
            sequence = draft_then(&d->a, sequence, is_bad ? served_badly(d, &random, i, elsewhere) : d->wire[i]);
        }
        reader_open(&r);
        enum err e = chain_add_all(&r.chain, sequence, &added_n, &why);
        bool is_this = memcmp(r.chain.circle.id, d->room[ANA].chain.circle.id, HASH_BYTES) == 0;
        assert_true(is_this || (added_n <= 1 && e != ERR_OK)); /* another circle is told by its id */
        for (size_t i = 0; i < added_n && is_this; i++) {
            assert_memory_equal(index_row(&r.chain.index, i)->hash, room_entry(&d->room[ANA], i).hash, HASH_BYTES);
        }
        whole_n += added_n == d->n;
        unsettled_n += !chain_is_settled(&r.chain);
        reader_close(&r);
    }
    room_fini(&other);
    print_message("Of 1500, %zu came through whole, %zu without their words.\n", whole_n, unsettled_n);
    assert_true(whole_n > 50 && whole_n < 1400 && unsettled_n > 2);
}

/* ---- H3: what was erased, and what a server only says was erased ---------------------------------------- */

static void H3_a_missing_payload_needs_its_redact(void **state)
{
    struct desk *d = *state;
    struct reader r;
    size_t erased_at = 0, redact_at = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (room_entry(&d->room[ANA], i).kind == ENTRY_REDACT) redact_at = i;
        if (index_row(&d->room[ANA].chain.index, i)->is_erased) erased_at = i;
    }
    assert_true(erased_at > 0 && erased_at < redact_at);
    reader_open(&r);
    for (size_t i = 0; i < d->n; i++) {
        assert_reads(&r, i == erased_at ? draft_erased(&d->a, d->wire[i]) : d->wire[i]);
        bool is_whole = (i < erased_at || i >= redact_at) && circle_may_rest(&r.chain.circle);
        assert_int_equal(chain_is_settled(&r.chain), is_whole);
    }
    reader_close(&r);
    /* The same with any other sealed entry: nobody erased it, so it stays unsettled. */
    for (size_t lacks = 0; lacks < d->n; lacks++) {
        if (lacks == erased_at || room_entry(&d->room[ANA], lacks).kind != ENTRY_SEALED) continue;
        reader_open(&r);
        for (size_t i = 0; i < d->n; i++) {
            assert_reads(&r, i == lacks ? draft_erased(&d->a, d->wire[i]) : d->wire[i]);
            assert_int_equal(chain_is_settled(&r.chain), i < lacks && circle_may_rest(&r.chain.circle));
        }
        reader_close(&r);
    }
}

static void H3_two_missing_payloads_need_both_their_redacts(void **state)
{
    struct desk *d = *state;
    struct reader r;
    said(d, ANA, "one");
    said(d, ANA, "two");
    uint64_t two = d->room[ANA].at.head_seq, one = two - 1;
    taken(d, room_redact_bare(&d->room[ANA], &d->a, &two, 1));
    taken(d, room_redact_bare(&d->room[ANA], &d->a, &one, 1));
    reader_open(&r);
    for (uint64_t i = 0; i < d->room[ANA].chain.index.row_n; i++) {
        bool is_erased = i == one || i == two;
        assert_reads(&r, is_erased ? draft_erased(&d->a, d->room[ANA].wire[i]) : d->room[ANA].wire[i]);
        bool is_whole = (i < one || i == two + 2) && circle_may_rest(&r.chain.circle);
        assert_int_equal(chain_is_settled(&r.chain), is_whole);
    }
    reader_close(&r);
}

/* ---- H4, H5: pins and forks ----------------------------------------------------------------------------- */

static struct chain_pin pin_of(const struct chain *chain, uint64_t seq)
{
    struct chain_pin pin = {.seq = seq};
    memcpy(pin.hash, index_row(&chain->index, seq)->hash, HASH_BYTES);
    return pin;
}

static void H4_K5_a_shorter_record_than_one_has_seen_is_found(void **state)
{
    struct desk *d = *state;
    const struct chain *seen = &d->room[ANA].chain;
    struct reader r;
    reader_open(&r);
    for (size_t n = 0; n <= d->n; n++) { /* n entries are served */
        for (size_t at = 0; at < d->n; at++) {
            struct chain_pin pin = pin_of(seen, at);
            assert_int_equal(chain_keeps_pin(&r.chain, &pin), at < n ? ERR_OK : ERR_ROLLED_BACK);
        }
        if (n < d->n) assert_reads(&r, d->wire[n]);
    }
    reader_close(&r);
}

static void H5_K7_two_branches_are_each_valid_and_do_not_keep_each_others_pins(void **state)
{
    struct desk *d = *state;
    struct reader shown_to_ana, shown_to_ben;
    struct room ana = d->room[ANA]; /* her device signs twice for one place: a second device, or malice */
    struct str here = room_say(&ana, &d->a, people_note(&d->a, "I said A"));
    struct str there = room_say(&ana, &d->a, people_note(&d->a, "I said B"));
    read_first(&shown_to_ana, d, d->n);
    read_first(&shown_to_ben, d, d->n);
    assert_reads(&shown_to_ana, here);
    assert_reads(&shown_to_ben, there);
    for (size_t at = 0; at <= d->n; at++) {
        struct chain_pin anas = pin_of(&shown_to_ana.chain, at), bens = pin_of(&shown_to_ben.chain, at);
        assert_int_equal(chain_keeps_pin(&shown_to_ana.chain, &anas), ERR_OK);
        assert_int_equal(chain_keeps_pin(&shown_to_ana.chain, &bens), at < d->n ? ERR_OK : ERR_FORKED);
        assert_int_equal(chain_keeps_pin(&shown_to_ben.chain, &anas), at < d->n ? ERR_OK : ERR_FORKED);
    }
    /* And never do they come together again. */
    room_assume(&ana, here);
    struct str next = room_say(&ana, &d->a, people_note(&d->a, "and then"));
    assert_reads(&shown_to_ana, next);
    assert_int_equal(assert_refuses(&shown_to_ben, next), ERR_HEAD_MOVED);
    assert_int_equal(assert_refuses(&shown_to_ben, here), ERR_HEAD_MOVED);
    reader_close(&shown_to_ana);
    reader_close(&shown_to_ben);
}

/* A server that cuts between a join and the joiner's rotate shows a head where no batch may end. */
static void H4_a_record_cut_behind_a_join_may_not_rest(void **state)
{
    struct desk *d = *state;
    struct reader r;
    size_t joins_n = 0;
    reader_open(&r);
    for (size_t i = 0; i < d->n; i++) {
        assert_reads(&r, d->wire[i]);
        bool is_join = room_entry(&d->room[ANA], i).kind == ENTRY_JOIN;
        assert_int_equal(circle_may_rest(&r.chain.circle), !is_join);
        joins_n += is_join;
    }
    assert_int_equal(joins_n, 2);
    reader_close(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_open, desk_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(H1_a_true_record_is_read_from_its_first_entry_to_its_head),
        TEST(H1_a_sequence_is_read_as_far_as_it_is_good),
        TEST(H2_K2_a_flipped_bit_anywhere_is_found),
        TEST(H2_K2_a_changed_payload_is_told_as_one),
        TEST(H2_H5_what_is_known_is_held_by_its_pin_without_signatures),
        TEST(H2_K3_swapped_entries_are_found),
        TEST(H2_K4_a_dropped_entry_is_found),
        TEST(H2_K6_an_old_entry_does_not_come_again),
        TEST(H2_K9_a_signature_in_another_form_is_refused),
        TEST(H2_K10_an_entry_of_another_circle_is_refused),
        TEST(H2_K14_anothers_payload_opens_for_nobody),
        TEST(H2_whatever_is_served_only_a_beginning_of_the_record_is_believed),
        TEST(H3_a_missing_payload_needs_its_redact),
        TEST(H3_two_missing_payloads_need_both_their_redacts),
        TEST(H4_K5_a_shorter_record_than_one_has_seen_is_found),
        TEST(H4_a_record_cut_behind_a_join_may_not_rest),
        TEST(H5_K7_two_branches_are_each_valid_and_do_not_keep_each_others_pins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
