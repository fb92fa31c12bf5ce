/* check.c -- `trothd check`: everything that can be verified without a key.
 *
 * The file's own structure; then each circle's chain from its genesis, with every signature and every
 * payload's hash; and that the state and the head that the server would go on from are what the chain says.
 */
#include <stdio.h>
#include <stdlib.h>

#include "record/chain.h"
#include "server/commands.h"

enum { CHECK_ARENA_BYTES = 1 << 30, WIRE_BYTES = LIMIT_HEADER_BYTES + SIG_BYTES + LIMIT_PAYLOAD_BYTES + 16 };

struct checking {
    struct store *reader;
    struct chain *chain;
    uint8_t *wire; /* WIRE_BYTES: one entry as it would travel */
    struct why why;
    uint64_t circle_n, entry_n, bad_n;
};

static enum err check_entry(void *ctx, const struct store_entry *entry)
{
    struct checking *c = ctx;
    struct out wire = out_over(c->wire, WIRE_BYTES);
    cbor_put_list(&wire, 3);
    cbor_put_bytes(&wire, entry->header);
    cbor_put_bytes(&wire, entry->sig);
    cbor_put_bytes(&wire, entry->payload);
    c->entry_n++;
    return chain_add(c->chain, out_str(&wire), NULL, &c->why);
}

/* The state that is kept beside the head is what the chain folds to. */
static bool is_state(const struct chain *chain, struct str state)
{
    uint8_t memory[CIRCLE_SAVED_BYTES];
    struct out saved = OUT_OVER(memory);
    circle_save(&saved, &chain->circle);
    return str_is(out_str(&saved), state);
}

static enum err check_chain(struct checking *c, const struct store_circle *circle, struct str state)
{
    const struct circle *folded = &c->chain->circle;
    enum err e = store_entry_each(c->reader, circle->number, 0, circle->head.seq, SIZE_MAX, check_entry, c);
    if (e != ERR_OK) return e;
    bool is_head = folded->is_begun && folded->head_seq == circle->head.seq &&
                   memcmp(folded->head_hash, circle->head.hash, HASH_BYTES) == 0;
    bool is_whole = is_head && memcmp(folded->id, circle->id, HASH_BYTES) == 0 && is_state(c->chain, state);
    return is_whole && chain_is_settled(c->chain) ? ERR_OK : ERR_STORE_DAMAGED;
}

/* A visit may not call the store with its own handle: the chains are read through a second one. */
static enum err check_circle(void *ctx, const struct store_circle *circle, struct str state)
{
    struct checking *c = ctx;
    struct arena a;
    struct chain chain;
    arena_init(&a, CHECK_ARENA_BYTES);
    chain_init(&chain, &a);
    c->chain = &chain;
    c->why = (struct why){0};
    enum err e = check_chain(c, circle, state);
    if (e != ERR_OK) {
        printf("  circle %llu: %s (%s%s%s, at entry %llu)\n", (unsigned long long)circle->number, err_happened(e),
               err_code(e), c->why.field != NULL ? ", " : "", c->why.field != NULL ? c->why.field : "",
               (unsigned long long)chain.index.row_n);
        c->bad_n++;
    }
    arena_fini(&a);
    c->circle_n++;
    return e == ERR_NO_MEMORY ? e : ERR_OK;
}

static enum err check_circles(struct store *store, struct checking *c)
{
    enum err e = store_reader_open(store, &c->reader);
    if (e != ERR_OK) return e;
    c->wire = malloc(WIRE_BYTES);
    e = c->wire == NULL ? ERR_NO_MEMORY : store_circle_each(store, check_circle, c);
    free(c->wire);
    store_close(c->reader);
    return e;
}

static int report(const struct checking *c)
{
    printf("Checked %llu %s with %llu %s: every chain, signature and payload. ", (unsigned long long)c->circle_n,
           c->circle_n == 1 ? "circle" : "circles", (unsigned long long)c->entry_n,
           c->entry_n == 1 ? "entry" : "entries");
    if (c->bad_n == 0) {
        printf("All is well.\n");
        return EXIT_SUCCESS;
    }
    printf("%llu of them %s damaged.\n", (unsigned long long)c->bad_n, c->bad_n == 1 ? "is" : "are");
    return command_failed(ERR_STORE_DAMAGED, err_next(ERR_STORE_DAMAGED));
}

int command_check(const struct config *config)
{
    struct store *store;
    struct store_trouble trouble;
    struct checking c = {.circle_n = 0};
    enum err e = store_open_sqlite(config->data, 0, &store, &trouble);
    if (e != ERR_OK) return command_failed(e, trouble.text);
    e = store_check(store, &trouble);
    if (e != ERR_OK) {
        store_close(store);
        return command_failed(e, trouble.text);
    }
    e = check_circles(store, &c);
    store_close(store);
    return e == ERR_OK ? report(&c) : command_failed(e, err_happened(e));
}
