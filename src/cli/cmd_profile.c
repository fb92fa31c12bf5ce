/* cmd_profile.c -- account name: what the others in every circle see of me. */
#include "cli/cmd_account.h"
#include "cli/view.h"

#include "practice/profile.h"

enum { TEXT_BYTES = 1024 };

/* What became of it, circle by circle. */
struct told {
    struct client_listed list[CLI_CIRCLES];
    struct client_outcome outcome[CLI_CIRCLES];
    size_t n;
};

static enum err read_name(struct cli *cli, struct profile *profile)
{
    if (cli->call.operand_n == 0) return ERR_OK;
    struct str name = str_of_text(cli->call.operand[0]);
    enum law law = words_check_name(name);
    if (law == LAW_OK && name.len >= CLIENT_NAME_BYTES) law = LAW_NAME;
    if (law != LAW_OK) return cli_refuse(cli, ERR_BAD_FIELD, "%s", law_sentence(law));
    profile->name = name;
    return ERR_OK;
}

static enum err read_colour(struct cli *cli, struct profile *profile)
{
    uint64_t colour = profile->colour;
    enum err e = account_read_colour(cli, &colour);
    if (e == ERR_OK) profile->colour = (unsigned)colour;
    return e;
}

static enum err read_zone(struct cli *cli, struct profile *profile)
{
    struct zone zone;
    if (!call_has(&cli->call, OPT_ZONE)) return ERR_OK;
    struct str name = str_of_text(cli->call.value[OPT_ZONE]);
    if (words_check_zone(name) != LAW_OK || !zone_init(&zone, name)) {
        cli_next(cli, "It is written like Europe/Madrid or America/New_York.");
        return cli_refuse(cli, ERR_BAD_FIELD, "\"%s\" is no time zone that this machine knows.", cli_clean(name));
    }
    profile->zone = name;
    return ERR_OK;
}

/* In every circle that I am in, the journal too: another device finds it there. */
static enum err post(struct cli *cli, struct client_account *account, struct str text, struct told *told)
{
    static struct client_listed list[CLI_CIRCLES];
    size_t n = 0;
    enum err e = client_circles(account, list, &n, &cli->why);
    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        struct client_circle *circle;
        if (list[i].has_left) continue;
        e = client_circle_open(account, list[i].id, &circle, &cli->why);
        if (e != ERR_OK || !circle->is_member) continue;
        told->list[told->n] = list[i];
        e = client_act(circle, text, &told->outcome[told->n], &cli->why);
        if (e != ERR_OK) return e;
        enum client_fate fate = told->outcome[told->n].fate;
        if (fate == CLIENT_REFUSED || fate == CLIENT_IN_DRAFTS) return cli_outcome(cli, &told->outcome[told->n]);
        told->n++;
    }
    return e;
}

static void say_profile(struct cli *cli, const struct profile *profile, const struct told *told)
{
    struct say *say = &cli->out;
    size_t circle_n = 0, kept_n = 0;
    for (size_t i = 0; i < told->n; i++) {
        circle_n += !told->list[i].is_journal;
        kept_n += told->outcome[i].fate != CLIENT_SENT;
    }
    say_put(say, "You are ");
    say_style(say, SAY_BOLD);
    say_quote_line(say, profile->name);
    say_style(say, SAY_PLAIN);
    say_put(say, ", colour %u, in the time zone ", profile->colour + 1);
    say_quote_line(say, profile->zone);
    if (circle_n > 0) say_put(say, circle_n == 1 ? ", in your circle" : ", in your %zu circles", circle_n);
    say_put(say, ".");
    say_lines(say, 0, 0);
    if (kept_n > 0) say_line(say, "The server could not take it everywhere: the rest goes with the next sync.");
}

static void profile_json(struct cli *cli, const struct profile *profile, const struct told *told)
{
    struct json *json = &cli->json;
    json_open(json);
    json_put(json, "name", profile->name);
    json_put_number(json, "colour", profile->colour + 1);
    json_put(json, "zone", profile->zone);
    json_name(json, "circles");
    json_open_list(json);
    for (size_t i = 0; i < told->n; i++) {
        json_open(json);
        json_put(json, "circle", str_of_text(told->list[i].name));
        json_put_bool(json, "is_journal", told->list[i].is_journal);
        json_put_bool(json, "sent", told->outcome[i].fate == CLIENT_SENT);
        json_close(json);
    }
    json_close(json);
    json_close(json);
}

/* The profile as it is now, borrowed from memory, which has TEXT_BYTES. */
static enum err known(struct cli *cli, struct client_account *account, uint8_t *memory, struct profile *profile)
{
    struct out text = out_over(memory, TEXT_BYTES);
    *profile = (struct profile){.name = str_of_text(account->name),
                                .zone = str_of_text(cli->here.name),
                                .colour = account->sign_pk[0] % PROFILE_COLOURS};
    enum err e = client_profile(account, &text, &cli->why);
    if (e == ERR_NOT_FOUND) return ERR_OK;
    if (e == ERR_OK && profile_read(out_str(&text), profile) != LAW_OK) return ERR_STORE_DAMAGED;
    return e;
}

enum err cmd_ACCOUNT_NAME(struct cli *cli)
{
    static struct told told;
    struct client_account *account;
    struct profile profile;
    uint8_t known_memory[TEXT_BYTES], memory[TEXT_BYTES];
    struct out text = OUT_OVER(memory);
    bool is_new = cli->call.operand_n > 0 || call_has(&cli->call, OPT_COLOUR) || call_has(&cli->call, OPT_ZONE);
    enum err e = cli_open_account(cli, &account);
    if (e == ERR_OK) e = cli_unlock(cli, account);
    if (e == ERR_OK) e = known(cli, account, known_memory, &profile);
    if (e == ERR_OK) e = read_name(cli, &profile);
    if (e == ERR_OK) e = read_colour(cli, &profile);
    if (e == ERR_OK) e = read_zone(cli, &profile);
    if (e != ERR_OK) return e;
    profile.written_ms = cli->now_ms;
    if (is_new && profile_check(&profile) != LAW_OK)
        return cli_refuse(cli, ERR_BAD_FIELD, "%s", law_sentence(profile_check(&profile)));
    if (is_new) {
        profile_put(&text, &profile);
        e = post(cli, account, out_str(&text), &told);
    }
    if (e != ERR_OK) return e;
    if (cli->is_json)
        profile_json(cli, &profile, &told);
    else
        say_profile(cli, &profile, &told);
    return ERR_OK;
}
