/* crowd.c -- see crowd.h. */
#include "crowd.h"

#include <stdio.h>
#include <stdlib.h>

#include "record/code.h"
#include "server/commands.h"

void crowd_must(struct api_reply r, int status, const char *what)
{
    if (r.status == status) return;
    (void)fprintf(stderr, "%s: answered %d %s, not %d.\n", what, r.status, r.code, status);
    exit(2);
}

void crowd_plan(struct crowd *c, const char *path, size_t n)
{
    struct store *store;
    struct store_trouble trouble = {.text = ""};
    *c = (struct crowd){
        .person = calloc(n, sizeof *c->person),
        .api = calloc(n, sizeof *c->api),
        ._permit = calloc(n, sizeof *c->_permit),
        .n = n,
    };
    EXPECT(c->person != NULL && c->api != NULL && c->_permit != NULL);
    if (store_open_sqlite(path, STORE_CREATES | STORE_SERVES, &store, &trouble) != ERR_OK) {
        (void)fprintf(stderr, "%s\n", trouble.text);
        exit(2);
    }
    for (size_t i = 0; i < n; i++) {
        struct out text = out_over(c->_permit[i], sizeof c->_permit[i] - 1);
        EXPECT(permit_make(store, &text) == ERR_OK && !text.is_full);
    }
    store_close(store);
}

enum { LARGE = 1000 };

static void open_account(struct crowd *c, size_t i, const struct host *h)
{
    struct arena a;
    arena_init(&a, 1 << 20);
    person_init(&c->person[i], "one of many", i + 1);
    api_init(&c->api[i], &c->person[i], 0, h->daemon.origin, h->daemon.port);
    crowd_must(api_register(&c->api[i], &a, c->_permit[i]), 201, "POST /v1/accounts");
    if (c->n > LARGE) http_client_drop(&c->api[i].http);
    arena_fini(&a);
}

static void sign_in(struct crowd *c, size_t i)
{
    struct arena a;
    arena_init(&a, 1 << 20);
    crowd_must(api_login(&c->api[i], &a), 201, "POST /v1/sessions");
    if (c->n > LARGE) http_client_drop(&c->api[i].http);
    arena_fini(&a);
}

void crowd_settle(struct crowd *c, struct host *h)
{
    for (size_t i = 0; i < c->n; i++) open_account(c, i, h);
    if (c->n > LARGE) host_restart(h);
    for (size_t i = 0; i < c->n; i++) sign_in(c, i);
}

void crowd_fini(struct crowd *c)
{
    for (size_t i = 0; i < c->n; i++) {
        api_fini(&c->api[i]);
        person_fini(&c->person[i]);
    }
    free(c->person);
    free(c->api);
    free(c->_permit);
}
