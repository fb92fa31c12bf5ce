/* cmd_sync.c -- sync, watch. */
#define _DEFAULT_SOURCE
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cli/cmd_log.h"
#include "client/clock.h"

/* What is new in a circle, entry by entry. */
static enum err say_news(struct cli *cli, struct client_account *account, const struct client_news *news,
                         uint64_t *told_n)
{
    struct client_circle *circle;
    enum err e = client_circle_open(account, news->circle, &circle, &cli->why);
    if (e != ERR_OK) return e;
    if (circle->state->is_sole) return ERR_OK;
    cli->was_alarmed = false;
    e = cli_alarms(cli, circle);
    *told_n += log_news(cli, circle, news);
    return e;
}

static void say_counts(struct cli *cli, const struct client_news *list, size_t n, uint64_t new_n, size_t trouble_n)
{
    uint64_t sent_n = 0, kept_n = 0, back_n = 0;
    for (size_t i = 0; i < n; i++) {
        sent_n += list[i].sent_n;
        kept_n += list[i].kept_n;
        back_n += list[i].back_n;
    }
    struct say *say = &cli->out;
    if (new_n + sent_n + kept_n + back_n == 0 && trouble_n == 0) {
        say_line(say, "Nothing new.");
        return;
    }
    say_put(say, "%" PRIu64 " new", new_n);
    if (sent_n > 0) say_put(say, ", %" PRIu64 " sent", sent_n);
    if (kept_n > 0) say_put(say, ", %" PRIu64 " still kept here", kept_n);
    if (back_n > 0) say_put(say, ", %" PRIu64 " came back: troth circle drafts", back_n);
    say_put(say, ".");
    say_lines(say, 0, 0);
}

/* What the server or the record did wrong in one circle. Alarms are told as such. */
static void say_circle_trouble(struct cli *cli, const struct client_news *news)
{
    bool is_alarm = news->err == ERR_ROLLED_BACK || news->err == ERR_FORKED || news->err == ERR_BROKEN_CHAIN;
    if (is_alarm || cli->is_json) return;
    say_put(&cli->err, "%s %s", err_happened(news->err), err_next(news->err));
    say_lines(&cli->err, 0, 0);
}

static void news_json(struct cli *cli, const struct client_news *news)
{
    struct json *json = &cli->json;
    json_put_hex(json, "circle", STR_OF(news->circle));
    json_put_number(json, "new", news->new_n);
    json_put_number(json, "sent", news->sent_n);
    json_put_number(json, "kept", news->kept_n);
    json_put_number(json, "came_back", news->back_n);
    if (news->err != ERR_OK) json_put_c(json, "error", err_code(news->err));
}

/* ---- sync --------------------------------------------------------------------------------------------- */

static enum err sync_account(struct cli *cli, struct client_account *account, enum err *worst)
{
    static struct client_news list[CLI_CIRCLES];
    size_t n = 0, trouble_n = 0;
    uint64_t told_n = 0;
    enum err e = client_sync(account, list, &n, &cli->why);
    bool is_ended = e == ERR_NO_SESSION;
    if (is_ended) e = cli_renew(cli, account);
    if (e == ERR_OK && is_ended) e = client_sync(account, list, &n, &cli->why);
    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        if (cli->is_json) {
            json_open(&cli->json);
            news_json(cli, &list[i]);
            json_name(&cli->json, "entries");
            json_open_list(&cli->json);
        }
        if (list[i].new_n > 0 || list[i].err != ERR_OK) e = say_news(cli, account, &list[i], &told_n);
        if (cli->is_json) {
            json_close(&cli->json);
            json_close(&cli->json);
        }
        if (list[i].err == ERR_OK) continue;
        say_circle_trouble(cli, &list[i]);
        *worst = list[i].err;
        trouble_n++;
    }
    if (e == ERR_OK && !cli->is_json) say_counts(cli, list, n, told_n, trouble_n);
    return e;
}

enum err cmd_SYNC(struct cli *cli)
{
    enum err e = cli_list(cli), worst = ERR_OK;
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        json_open(&cli->json);
        json_name(&cli->json, "circles");
        json_open_list(&cli->json);
    }
    for (size_t i = 0; e == ERR_OK && i < client_account_n(cli->client); i++)
        e = sync_account(cli, client_account_at(cli->client, i), &worst);
    if (e != ERR_OK) return e;
    if (cli->is_json) {
        json_close(&cli->json);
        json_close(&cli->json);
    }
    return worst == ERR_OK ? ERR_OK : cli_quiet(cli, worst);
}

/* ---- watch ---------------------------------------------------------------------------------------------- */

struct watching {
    struct cli *cli;
    struct client_account *account;
    bool is_down, is_written;
    enum err err;
};

static bool on_news(void *of, const struct client_news *news, const struct why *why)
{
    struct watching *w = of;
    if (news == NULL) {
        bool is_down = why->code != ERR_OK;
        if (is_down != w->is_down && !w->cli->is_json) {
            say_put(&w->cli->err, "%s",
                    is_down ? "The connection is lost; it is tried again by itself." : "Connected again.");
            say_lines(&w->cli->err, 0, 0);
        }
        w->is_down = is_down;
        return true;
    }
    w->cli->now_ms = clock_wall_ms();
    if (news->new_n > 0) {
        uint64_t told_n = 0;
        w->err = say_news(w->cli, w->account, news, &told_n);
        w->is_written = say_is_written(&w->cli->out);
    }
    return w->err == ERR_OK && w->is_written;
}

static int stop_fd = -1;

/* Wakes whatever waits for a server. */
static void end_watch(int number)
{
    const uint64_t one = 1;
    ssize_t written = write(stop_fd, &one, sizeof one);
    (void)number;
    (void)written; /* it is full of earlier ones */
}

static enum err catch_signals(void)
{
    const struct sigaction action = {.sa_handler = end_watch};
    bool is_set = sigaction(SIGINT, &action, NULL) == 0 && sigaction(SIGTERM, &action, NULL) == 0;
    return is_set ? ERR_OK : ERR_INTERNAL;
}

enum err cmd_WATCH(struct cli *cli)
{
    struct watching w = {.cli = cli, .is_written = true};
    uint64_t for_ms = 0;
    if (call_has(&cli->call, OPT_FOR) && when_read_span(&for_ms, str_of_text(cli->call.value[OPT_FOR])) != ERR_OK)
        return cli_refuse(cli, ERR_BAD_FIELD, "--for takes a time such as 30s or 15m.");
    cli->stop_fd = stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop_fd < 0) return ERR_INTERNAL;
    enum err e = cli_open_account(cli, &w.account);
    if (e == ERR_OK) e = cli_unlock(cli, w.account);
    if (e == ERR_OK) e = catch_signals(); /* before, Ctrl-C at the passphrase ends it as always */
    if (e != ERR_OK) return e;
    if (!cli->is_json) say_line(&cli->out, "What others write appears here. Ctrl-C ends it.");
    if (!say_is_written(&cli->out)) return ERR_STORE;
    e = client_follow(w.account, for_ms, on_news, &w, &cli->why);
    return e == ERR_OK ? w.err : e;
}
