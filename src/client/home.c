/* home.c -- a home is opened and closed; changes are made together or not at all. */
#define _DEFAULT_SOURCE
#include "client/home_own.h"

#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    LOG_PAGES = 1000,       /* of a log that goes on: its content goes to its place from here on, 4 MB         */
    LOG_PAGES_LEFT = 256,   /* of a log that is left behind: the next to open has to read it, 1 MB is 1 ms     */
};

/* ---- transactions --------------------------------------------------------------------------- */

/* Ends what is open. SQLite may have done it by itself when the disk refused. */
static void abandon(struct home *home)
{
    if (sqlite3_get_autocommit(home->db)) return;
    struct why why = home->why; /* what was wrong before matters more */
    enum err e = home_run(home, HOME_abandon, NO_VALUES);
    if (e != ERR_OK && !sqlite3_get_autocommit(home->db)) /* no memory to prepare it: then without */
        (void)sqlite3_exec(home->db, "ROLLBACK", NULL, NULL, NULL);
    home->why = why;
}

static enum err begin(struct home *home)
{
    EXPECT(home->visit_n == 0); /* a visit writes nothing */
    if (home->is_unsure)
        return home_fail(home, ERR_STORE, "The disk did not confirm what was written last. Look at the disk, then start "
                                          "Troth again; what was kept before is safe.");
    abandon(home);
    return home_run(home, HOME_begin, NO_VALUES);
}

static enum err commit(struct home *home)
{
    enum err e = home_run(home, HOME_commit, NO_VALUES);
    if (e != ERR_OK) {
        abandon(home);
        return e;
    }
    /* That it is kept is certain by now. What fails here is tried again with the next commit, or at the end. */
    if (home->must_overwrite) (void)home_log_empty(home);
    else if (home->log_pages >= LOG_PAGES)
        home_heed(home, sqlite3_wal_checkpoint_v2(home->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL));
    return ERR_OK;
}

enum err home_begin(struct home *home)
{
    EXPECT(!home->is_begun);
    enum err e = begin(home);
    if (e == ERR_OK) home->is_begun = true;
    return e;
}

enum err home_commit(struct home *home)
{
    EXPECT(home->is_begun && home->visit_n == 0);
    enum err e = home->broken;
    home->is_begun = false;
    home->broken = ERR_OK;
    if (e == ERR_OK) return commit(home);
    abandon(home);
    return e;
}

void home_abandon(struct home *home)
{
    EXPECT(home->visit_n == 0);
    home->is_begun = false;
    home->broken = ERR_OK;
    abandon(home);
}

enum err home_change(struct home *home)
{
    EXPECT(home->visit_n == 0);
    return home->is_begun ? home->broken : begin(home);
}

enum err home_changed(struct home *home, enum err e)
{
    if (home->is_begun) return e;
    if (e == ERR_OK) return commit(home);
    abandon(home);
    return e;
}

/* ---- opening and closing -------------------------------------------------------------------- */

struct why home_why(const struct home *home)
{
    return home->why;
}

enum err home_open(const char *folder, uint64_t wait_ms, struct home **home, struct why *why)
{
    struct home *opened = calloc(1, sizeof *opened);
    if (opened == NULL) {
        *why = (struct why){.code = ERR_NO_MEMORY, .field = "home", .text = "There is not enough memory."};
        return ERR_NO_MEMORY;
    }
    opened->folder_fd = -1;
    enum err e = home_folder_take(opened, folder, wait_ms);
    if (e == ERR_OK) e = home_connect(opened);
    if (e == ERR_OK) {
        *home = opened;
    } else {
        *why = opened->why;
        home_close(opened);
    }
    return e;
}

void home_close(struct home *home)
{
    if (home == NULL) return;
    EXPECT(home->visit_n == 0);
    if (home->db != NULL) {
        abandon(home);
        bool is_due = home->must_overwrite || home->log_pages >= LOG_PAGES_LEFT;
        if (is_due && !home->is_unsure) (void)home_log_empty(home); /* or next time */
    }
    for (size_t i = 0; i < HOME_SQL_N; i++) (void)sqlite3_finalize(home->stmt[i]);
    EXPECT(sqlite3_close(home->db) == SQLITE_OK); /* all that could be open is above */
    if (home->folder_fd >= 0) {
        (void)flock(home->folder_fd, LOCK_UN); /* a child that was forked may still have the descriptor */
        (void)close(home->folder_fd);
    }
    home_lock_all(home);
    free(home->path);
    free(home);
}
