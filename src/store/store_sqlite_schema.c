/* store_sqlite_schema.c -- brings a file from whatever version it has to the one this program knows. */
#include "store/store_sqlite.h"

#define SQL(...) #__VA_ARGS__
#include "store/schema.h"
#undef SQL

#define STEP(sql) {sql, sizeof(sql) / sizeof *(sql)}
static const struct schema_step steps[] = {
    STEP(schema_1),
};
enum { STEP_N = sizeof steps / sizeof *steps };

unsigned schema_newest(void)
{
    return STEP_N;
}

/* One step, inside a transaction. */
static int step_take(sqlite3 *db, const struct schema_step *step, int version)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < step->sql_n; i++) rc = sqlite3_exec(db, step->sql[i], NULL, NULL, NULL);
    if (rc == SQLITE_OK) rc = sqlite_set(db, "application_id", SCHEMA_APPLICATION);
    if (rc == SQLITE_OK) rc = sqlite_set(db, "user_version", version);
    return rc;
}

int schema_bring_up(sqlite3 *db, const struct schema_step *step, size_t step_n)
{
    for (;;) {
        sqlite3_int64 version = 0;
        int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        if (rc != SQLITE_OK) return rc;
        rc = sqlite_number(db, "PRAGMA user_version", &version); /* inside: another program may have been faster */
        bool is_done = rc == SQLITE_OK && version >= (sqlite3_int64)step_n;
        if (rc == SQLITE_OK && !is_done) rc = step_take(db, &step[version], (int)version + 1);
        if (rc == SQLITE_OK) rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
        if (rc != SQLITE_OK) (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL); /* rc is what matters */
        if (rc != SQLITE_OK || is_done) return rc;
    }
}

int schema_bring_up_all(sqlite3 *db)
{
    return schema_bring_up(db, steps, STEP_N);
}
