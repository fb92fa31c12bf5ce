/* expect.h -- what a test expects of an answer, for cmocka: a failure says what came instead, and where.
 *
 *   r = expect_refused(api_append(&ben, circle, batch), 409, "head_moved");
 *   expect_detail(r, API_INDEX, API_SEQ, API_HASH);
 */
#ifndef HARNESS_EXPECT_H
#define HARNESS_EXPECT_H

#include "harness/town.h"

/* expect_ok -- a success with this status. expect_refused -- a refusal with this status and code. Both give
 * the answer on. */
#define expect_ok(reply, status) expect_answer_at((reply), (status), "", __FILE__, __LINE__)
#define expect_refused(reply, status, code) expect_answer_at((reply), (status), (code), __FILE__, __LINE__)

/* expect_detail -- the refusal tells just these details. */
#define expect_detail(reply, ...)                                                                                      \
    expect_detail_at((reply), (const unsigned[]){__VA_ARGS__},                                                         \
                     sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned), __FILE__, __LINE__)
#define expect_no_detail(reply) expect_detail_at((reply), NULL, 0, __FILE__, __LINE__)

/* expect_same -- a circle looks as it did. */
#define expect_same(town, who, before) expect_same_at((town), (who), &(before), __FILE__, __LINE__)

/* expect_gone -- how a condition that a server reaches by itself is waited for: asked again and again, at most
 * 10 s. */
#define expect_soon(condition)                                                                                         \
    do {                                                                                                               \
        for (unsigned tries_ = 0; !(condition); tries_++) expect_try_again(tries_, #condition, __FILE__, __LINE__);    \
    } while (0)

struct api_reply expect_answer_at(struct api_reply r, int status, const char *code, const char *file, int line);
void expect_detail_at(struct api_reply r, const unsigned *key, size_t key_n, const char *file, int line);
void expect_same_at(struct town *town, size_t who, const struct town_state *before, const char *file, int line);
void expect_try_again(unsigned tries, const char *condition, const char *file, int line);

#endif
