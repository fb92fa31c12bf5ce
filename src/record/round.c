/* round.c -- see round.h. */
#include "record/round.h"

/* The position of a person among those asked; person_n if they are not. */
static size_t index_of(const struct round *round, const uint8_t *pk)
{
    size_t i = 0;
    while (i < round->person_n && memcmp(round->person[i].pk, pk, SIGN_PK_BYTES) != 0) i++;
    return i;
}

static struct round_person *person_of(struct round *round, const uint8_t *pk)
{
    size_t i = index_of(round, pk);
    return i < round->person_n ? &round->person[i] : NULL;
}

void round_init(struct round *round, const struct round_start *start)
{
    EXPECT(start->person_n >= 1 && start->person_n <= LIMIT_MEMBERS);
    *round = (struct round){
        .bucket_n = start->bucket_n,
        .until_ms = start->until_ms,
        .state = ROUND_OPEN,
    };
    memcpy(round->circle, start->circle, sizeof round->circle);
    memcpy(round->hash, start->hash, sizeof round->hash);
    memcpy(round->asker, start->asker, sizeof round->asker);
    for (size_t i = 0; i < start->person_n; i++) {
        EXPECT(index_of(round, start->person[i]) == round->person_n);
        memcpy(round->person[round->person_n++].pk, start->person[i], SIGN_PK_BYTES);
    }
    EXPECT(index_of(round, start->asker) < round->person_n);
}

void round_fini(struct round *round)
{
    wipe(round, sizeof *round);
}

static bool all_have_committed(const struct round *round)
{
    for (size_t i = 0; i < round->person_n; i++) {
        if (!round->person[i].has_committed) return false;
    }
    return true;
}

static bool all_have_revealed(const struct round *round)
{
    for (size_t i = 0; i < round->person_n; i++) {
        if (!round->person[i].has_revealed) return false;
    }
    return true;
}

/* ---- commit ---------------------------------------------------------------------------------- */

static enum err may_commit(const struct round *round, const struct round_person *person)
{
    if (person == NULL) return ERR_NOT_MEMBER;
    if (round->state == ROUND_VOID) return ERR_VOID;
    return person->has_committed ? ERR_BAD_ANSWER : ERR_OK;
}

static void set_committed(struct round *round, struct round_person *person, uint64_t seq)
{
    person->has_committed = true;
    person->commit_seq = seq;
    if (all_have_committed(round)) round->state = ROUND_COMMITTED;
}

enum err round_take_commit(struct round *round, const uint8_t *author, uint64_t seq, const struct round_commit *commit)
{
    struct round_person *person = person_of(round, author);
    enum err e = may_commit(round, person);
    if (e != ERR_OK) return e;
    bool is_long_enough = round->bucket_n == 0 || commit->ct.len == round->bucket_n + AEAD_TAG_BYTES;
    if (!is_long_enough) return ERR_BAD_ANSWER;
    memcpy(person->nonce, commit->nonce, sizeof person->nonce);
    memcpy(person->com, commit->com, sizeof person->com);
    answer_ct_hash(person->ct_hash, commit->ct);
    set_committed(round, person, seq);
    return ERR_OK;
}

enum err round_take_erased_commit(struct round *round, const uint8_t *author, uint64_t seq)
{
    struct round_person *person = person_of(round, author);
    enum err e = may_commit(round, person);
    if (e != ERR_OK) return e;
    person->is_erased = true;
    set_committed(round, person, seq);
    return ERR_OK;
}

/* ---- reveal ---------------------------------------------------------------------------------- */

static enum err may_reveal(const struct round *round, const struct round_person *person)
{
    if (person == NULL) return ERR_NOT_MEMBER;
    if (round->state == ROUND_VOID) return ERR_VOID;
    return round->state == ROUND_OPEN ? ERR_NOT_YET : ERR_OK;
}

/* A commit whose words were erased fits every key: there is nothing left to open. */
static bool key_fits(const struct round *round, const struct round_person *person,
                     const uint8_t key[static KEY_BYTES])
{
    uint8_t com[HASH_BYTES];
    struct answer_place place = {.circle = round->circle, .round = round->hash, .author = person->pk};
    if (person->is_erased) return true;
    answer_commitment(com, &place, key, person->nonce, person->ct_hash);
    return secret_is(com, person->com, sizeof com);
}

static void set_revealed(struct round *round, struct round_person *person)
{
    person->has_revealed = true;
    if (all_have_revealed(round)) round->state = ROUND_OPENED;
}

enum err round_take_reveal(struct round *round, const uint8_t *author, const uint8_t key[static KEY_BYTES])
{
    struct round_person *person = person_of(round, author);
    enum err e = may_reveal(round, person);
    if (e != ERR_OK) return e;
    if (!key_fits(round, person, key)) return ERR_BAD_ANSWER;
    if (person->has_revealed) return ERR_OK;
    memcpy(person->key, key, sizeof person->key);
    set_revealed(round, person);
    return ERR_OK;
}

enum err round_take_erased_reveal(struct round *round, const uint8_t *author)
{
    struct round_person *person = person_of(round, author);
    enum err e = may_reveal(round, person);
    if (e != ERR_OK) return e;
    if (person->has_revealed) return ERR_OK;
    person->is_erased = true;
    set_revealed(round, person);
    return ERR_OK;
}

/* ---- the ends -------------------------------------------------------------------------------- */

enum err round_take_close(struct round *round, const uint8_t *author, uint64_t time_ms)
{
    if (round->state == ROUND_VOID) return ERR_VOID;
    if (round->state != ROUND_OPEN) return ERR_ALL_ANSWERED;
    bool is_by_asker = memcmp(author, round->asker, SIGN_PK_BYTES) == 0;
    if (!is_by_asker && time_ms <= round->until_ms) return ERR_NOT_YET;
    round->state = ROUND_VOID;
    return ERR_OK;
}

void round_take_leave(struct round *round, const uint8_t *author)
{
    const struct round_person *person = round_person_of(round, author);
    if (person != NULL && !person->has_revealed) round->state = ROUND_VOID;
}

void round_take_redact(struct round *round, const uint8_t *author)
{
    if (round->state != ROUND_OPENED && round_person_of(round, author) != NULL) round->state = ROUND_VOID;
}

/* ---- what follows ---------------------------------------------------------------------------- */

const struct round_person *round_person_of(const struct round *round, const uint8_t *pk)
{
    size_t i = index_of(round, pk);
    return i < round->person_n ? &round->person[i] : NULL;
}

bool round_must_reveal(const struct round *round, const uint8_t *me)
{
    const struct round_person *person = round_person_of(round, me);
    return round->state == ROUND_COMMITTED && person != NULL && !person->has_revealed;
}

const uint8_t *round_key(const struct round *round, const uint8_t *pk)
{
    const struct round_person *person = round_person_of(round, pk);
    bool may_show = round->state == ROUND_OPENED && person != NULL && !person->is_erased;
    return may_show ? person->key : NULL;
}
