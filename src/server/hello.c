/* hello.c -- see hello.h. */
#define _POSIX_C_SOURCE 200809L
#include "server/hello.h"

#include <stdlib.h>
#include <unistd.h>

enum { HELLO_PATH_BYTES = 4096 };

/* Whether PATH, a list parted by colons, names folder. */
static bool path_has(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    for (const char *at = path; at != NULL; at = strchr(at, ':')) {
        if (*at == ':') at++;
        if (strncmp(at, folder, n) == 0 && (at[n] == ':' || at[n] == '\0')) return true;
    }
    return false;
}

/* Whether a shell reads this as one plain word. */
static bool is_plain(const char *text)
{
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+-") == strlen(text);
}

void hello_client(char *typed, size_t typed_cap, const char *folder, const char *path, const char *cwd)
{
    size_t cwd_n = cwd == NULL ? 0 : strlen(cwd);
    bool is_below = cwd_n > 0 && strncmp(folder, cwd, cwd_n) == 0;
    if (path_has(path, folder))
        snprintf(typed, typed_cap, "troth");
    else if (is_below && folder[cwd_n] == '\0')
        snprintf(typed, typed_cap, "./troth");
    else if (is_below && folder[cwd_n] == '/' && is_plain(folder + cwd_n))
        snprintf(typed, typed_cap, "%s/troth", folder + cwd_n + 1);
    else
        snprintf(typed, typed_cap, is_plain(folder) ? "%s/troth" : "'%s/troth'", folder);
}

/* How the client beside this very program is typed; "" if there is none. */
static void find_client(char *typed, size_t typed_cap)
{
    char own[HELLO_PATH_BYTES], cwd[HELLO_PATH_BYTES], beside[HELLO_PATH_BYTES + sizeof "/troth"];
    *typed = '\0';
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    if (n <= 0) return;
    own[n] = '\0';
    char *slash = strrchr(own, '/');
    if (slash == NULL) return;
    *slash = '\0';
    snprintf(beside, sizeof beside, "%s/troth", own);
    if (access(beside, X_OK) != 0) return;
    hello_client(typed, typed_cap, own, getenv("PATH"), getcwd(cwd, sizeof cwd));
}

static void say_permit(FILE *to, const struct hello *hello, const char *client)
{
    const char *origin = hello->origin[0].text, *permit = (const char *)hello->permit.at;
    int permit_n = (int)hello->permit.len;
    if (*client == '\0')
        fprintf(to, "\nNobody has an account here yet. This link opens the first one; it works once:\n\n  %s/#%.*s\n\n",
                origin, permit_n, permit);
    else
        fprintf(to,
                "\nNobody has an account here yet. What to do next: open a second terminal in this folder, and type\n\n"
                "  %s start '%s/#%.*s'\n\nThat opens the first account. The link works once.\n",
                client, origin, permit_n, permit);
}

void hello_say(FILE *to, const struct hello *hello)
{
    char client[HELLO_PATH_BYTES + sizeof "/troth"];
    find_client(client, sizeof client);
    fprintf(to, "Troth is running at %s\n", hello->origin[0].text);
    for (size_t i = 1; i < hello->origin_n; i++) fprintf(to, "            and at %s\n", hello->origin[i].text);
    fprintf(to, "It keeps its data in %s; stop it with Ctrl-C.\n", hello->data);
    if (hello->permit.len > 0)
        say_permit(to, hello, client);
    else if (!hello->has_accounts)
        fprintf(to, "Nobody has an account here yet. The link that was shown at the first start still opens one.\n");
    else if (*client != '\0')
        fprintf(to, "What waits for you: %s status\n", client);
    fprintf(to, "One more permit: trothd permit --data %s\n", hello->data);
    fflush(to);
}
