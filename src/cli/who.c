/* who.c -- see who.h. */
#include "cli/who.h"

#include <stdlib.h>
#include <utf8proc.h>

struct str who_name(const struct member *member)
{
    return member->has_profile && member->profile.name.len > 0 ? member->profile.name : STR("somebody");
}

void who_say(struct say *say, const struct member *member)
{
    unsigned colour = member->has_profile ? member->profile.colour : member->index;
    say_person(say, colour, member->index, who_name(member));
}

bool who_is_me(const struct client_circle *circle, const struct member *member)
{
    return memcmp(member->sign_pk, circle->account->sign_pk, SIGN_PK_BYTES) == 0;
}

const struct member *who_me(const struct client_circle *circle)
{
    return state_find_member(circle->state, circle->account->sign_pk);
}

/* As it is compared: in one form, and without regard to case. The caller frees it; NULL for what is no UTF-8. */
static utf8proc_uint8_t *folded(struct str text, size_t *len)
{
    utf8proc_uint8_t *form = NULL;
    utf8proc_ssize_t n = utf8proc_map(text.at, (utf8proc_ssize_t)text.len, &form,
                                      UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
    *len = n < 0 ? 0 : (size_t)n;
    return n < 0 ? NULL : form;
}

bool who_is_called(struct str name, struct str wanted, bool is_beginning)
{
    size_t name_n = 0, wanted_n = 0;
    utf8proc_uint8_t *one = folded(name, &name_n), *two = folded(wanted, &wanted_n);
    size_t n = wanted_n < name_n ? wanted_n : name_n;
    bool fits = one != NULL && two != NULL && wanted_n > 0 && memcmp(one, two, n) == 0;
    free(one);
    free(two);
    return fits && (is_beginning ? wanted_n <= name_n : wanted_n == name_n);
}

static const struct member *only_one(const struct client_circle *circle, struct str name, bool is_beginning, size_t *n)
{
    const struct member *found = NULL;
    *n = 0;
    for (size_t i = 0; i < circle->state->in_n; i++) {
        const struct member *member = state_in(circle->state, i);
        if (who_is_me(circle, member) || !who_is_called(who_name(member), name, is_beginning)) continue;
        found = member;
        (*n)++;
    }
    return found;
}

enum err who_find(struct cli *cli, const struct client_circle *circle, struct str name, const struct member **member)
{
    size_t n;
    const struct member *found = only_one(circle, name, false, &n);
    if (n == 0) found = only_one(circle, name, true, &n);
    if (n == 0) return cli_refuse(cli, ERR_NOT_FOUND, "Nobody else in this circle is called \"%s\".", cli_clean(name));
    if (n > 1) return cli_refuse(cli, ERR_NOT_FOUND, "\"%s\" could be more than one of them.", cli_clean(name));
    *member = found;
    return ERR_OK;
}

enum err who_other(struct cli *cli, const struct client_circle *circle, const struct member **member)
{
    const struct member *found = NULL;
    size_t n = 0;
    if (call_has(&cli->call, OPT_TO)) return who_find(cli, circle, str_of_text(cli->call.value[OPT_TO]), member);
    for (size_t i = 0; i < circle->state->in_n; i++) {
        if (who_is_me(circle, state_in(circle->state, i))) continue;
        found = state_in(circle->state, i);
        n++;
    }
    if (n == 0) {
        cli_next(cli, "Invite somebody first: troth circle invite");
        return cli_refuse(cli, ERR_NOT_FOUND, "You are alone in this circle, and a promise is made to somebody.");
    }
    if (n > 1) {
        cli_next(cli, "Say to whom: --to NAME");
        return cli_refuse(cli, ERR_BAD_FIELD,
                          "There are %zu others in this circle, and a promise is made to one person.", n);
    }
    *member = found;
    return ERR_OK;
}

void who_json(struct json *json, const struct client_circle *circle, const struct member *member)
{
    json_open(json);
    json_put(json, "name", who_name(member));
    json_put_bool(json, "me", who_is_me(circle, member));
    json_put_hex(json, "key", str_at(member->sign_pk, SIGN_PK_BYTES));
    json_close(json);
}
