/* fetch.c -- the way to a server: TLS that is checked, proxies that are meant, and nothing else. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/live.h"
#include "harness/daemon.h"
#include "harness/liar.h"
#include "harness/people.h"
#include "harness/tls.h"
#include "record/code.h"

static struct tls_files files, strangers;
static struct daemon daemon_tls;
static char cert_flag[SCRATCH_PATH_BYTES + 16], key_flag[SCRATCH_PATH_BYTES + 16];
static struct liar liar;

static enum err ask(const struct fetch_options *options, const char **text)
{
    struct remote *remote = NULL;
    struct remote_server server;
    static char said[256];
    assert_int_equal(remote_open(options, &remote), ERR_OK);
    enum err e = remote_server(remote, &server);
    (void)snprintf(said, sizeof said, "%s", remote_detail(remote)->text);
    *text = said;
    remote_close(remote);
    return e;
}

static void a_certificate_is_believed_when_it_is_named(void **state)
{
    (void)state;
    const char *text;
    char by_name[64];
    struct fetch_options options = {.origin = daemon_tls.origin, .ca_file = files.cert};
    assert_int_equal(ask(&options, &text), ERR_OK);
    (void)snprintf(by_name, sizeof by_name, "https://localhost:%u", daemon_tls.port);
    options.origin = by_name;
    assert_int_equal(ask(&options, &text), ERR_OK);
}

static void expect_not_believed(const struct fetch_options *options)
{
    const char *text;
    assert_int_equal(ask(options, &text), ERR_OFFLINE);
    assert_non_null(strstr(text, "certificate"));
}

static void a_certificate_that_is_not_trusted_is_no_server(void **state)
{
    (void)state;
    struct fetch_options options = {.origin = daemon_tls.origin};
    expect_not_believed(&options); /* the system does not know it */
    options.ca_file = strangers.cert;
    expect_not_believed(&options); /* signed by somebody else */
    (void)setenv("SSL_CERT_FILE", files.cert, 1);
    (void)setenv("CURL_CA_BUNDLE", files.cert, 1);
    options.ca_file = NULL;
    expect_not_believed(&options); /* and no variable changes that */
    (void)unsetenv("SSL_CERT_FILE");
    (void)unsetenv("CURL_CA_BUNDLE");
}

static void a_certificate_for_another_name_is_no_server(void **state)
{
    (void)state;
    char other[64];
    (void)snprintf(other, sizeof other, "https://127.0.0.2:%u", daemon_tls.port);
    struct fetch_options options = {.origin = other, .ca_file = files.cert};
    expect_not_believed(&options);
}

static void a_list_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    const char *text;
    char nowhere[SCRATCH_PATH_BYTES + 16];
    (void)snprintf(nowhere, sizeof nowhere, "%s.not-there", files.cert);
    struct fetch_options options = {.origin = daemon_tls.origin, .ca_file = nowhere};
    assert_int_equal(ask(&options, &text), ERR_OFFLINE);
    assert_string_equal(text, "The file with further certificates could not be read.");
}

static void a_whole_session_over_tls(void **state)
{
    (void)state;
    struct person ana;
    struct secret_access access;
    struct account_cred cred;
    struct remote_login login;
    struct remote *remote = NULL;
    struct live *live = NULL;
    struct live_event e;
    struct why why;
    uint8_t code[SECRET_BYTES] = {1}, permit[SECRET_BYTES];
    struct fetch_options options = {.origin = daemon_tls.origin, .ca_file = files.cert};
    person_init(&ana, "Ana", 1);
    secret_access_init_bare(&access, code);
    memcpy(cred.cred_id, access.cred_id, ID_BYTES);
    memcpy(cred.login_pk, access.login_pk, SIGN_PK_BYTES);
    secret_wrap(cred.wrapped, &access, &ana.keys);
    assert_int_equal(code_read(CODE_PERMIT, str_of_text(daemon_tls.permit), permit, &why), ERR_OK);
    struct remote_leave leave = {.permit = permit};
    assert_int_equal(remote_open(&options, &remote), ERR_OK);
    assert_int_equal(remote_register(remote, &ana.keys, &cred, &leave, NULL), ERR_OK);
    assert_int_equal(remote_login(remote, &access, &login), ERR_OK);
    assert_int_equal(live_open(&options, login.token, &live), ERR_OK);
    assert_int_equal(live_next(live, 10000, &e), ERR_OK);
    assert_int_equal(e.kind, LIVE_UP);
    assert_int_equal(live_next(live, 10000, &e), ERR_OK);
    assert_true(e.kind == LIVE_LIST && e.circle_n == 0);
    live_close(live);
    remote_close(remote);
    secret_access_fini(&access);
    person_fini(&ana);
}

static void what_speaks_no_tls_is_no_server(void **state)
{
    (void)state;
    const char *text;
    char wrong[64];
    struct daemon plain;
    struct daemon_options plainly = {.is_fast = true};
    assert_true(daemon_start(&plain, &plainly));
    (void)snprintf(wrong, sizeof wrong, "https://127.0.0.1:%u", plain.port);
    struct fetch_options options = {.origin = wrong};
    assert_int_equal(ask(&options, &text), ERR_OFFLINE);
    (void)snprintf(wrong, sizeof wrong, "http://127.0.0.1:%u", daemon_tls.port);
    enum err e = ask(&options, &text);
    assert_true(e == ERR_OFFLINE || e == ERR_BAD_SERVER);
    assert_string_not_equal(text, "");
    assert_true(daemon_stop(&plain));
}

/* ---- proxies ----------------------------------------------------------------------------------------------- */

struct heard {
    char text[2048];
};

static bool refuse_to_connect(struct liar *l, struct str request)
{
    struct heard *heard = l->ctx;
    (void)snprintf(heard->text, sizeof heard->text, "%.*s", (int)request.len, (const char *)request.at);
    (void)liar_say_text(l, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    return false;
}

static void a_proxy_is_used_when_it_is_named_and_learns_the_name_alone(void **state)
{
    (void)state;
    struct heard heard = {.text = ""};
    struct remote *remote = NULL;
    struct remote_account account;
    uint8_t token[ACCOUNT_TOKEN_BYTES] = {0xab, 0xcd};
    liar_open(&liar, refuse_to_connect, &heard);
    struct fetch_options options = {.origin = "https://troth.example", .proxy = liar.origin};
    (void)setenv("no_proxy", "*", 1); /* is not asked either */
    assert_int_equal(remote_open(&options, &remote), ERR_OK);
    remote_use(remote, token);
    assert_int_equal(remote_account(remote, &account), ERR_OFFLINE);
    (void)unsetenv("no_proxy");
    assert_int_equal(remote_detail(remote)->status, 0);
    remote_close(remote);
    liar_close(&liar);
    assert_true(str_starts(str_of_text(heard.text), STR("CONNECT troth.example:443 HTTP/1.1\r\n")));
    assert_null(strstr(heard.text, "Authorization"));
    assert_null(strstr(heard.text, "abcd"));
}

static void a_proxy_that_nobody_named_is_not_used(void **state)
{
    (void)state;
    struct heard heard = {.text = ""};
    const char *text;
    liar_open(&liar, refuse_to_connect, &heard);
    static const char *const variable[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < 4; i++) (void)setenv(variable[i], liar.origin, 1);
    struct fetch_options options = {.origin = daemon_tls.origin, .ca_file = files.cert};
    assert_int_equal(ask(&options, &text), ERR_OK);
    for (size_t i = 0; i < 4; i++) (void)unsetenv(variable[i]);
    assert_int_equal(liar.called_n, 0);
    liar_close(&liar);
}

static int start(void **state)
{
    (void)state;
    struct daemon_options options = {.is_fast = true, .listen = "0.0.0.0:0"};
    if (record_open() != ERR_OK) return -1;
    tls_make(&files);
    tls_make(&strangers);
    (void)snprintf(cert_flag, sizeof cert_flag, "--tls-cert=%s", files.cert);
    (void)snprintf(key_flag, sizeof key_flag, "--tls-key=%s", files.key);
    options.flag[0] = cert_flag;
    options.flag[1] = key_flag;
    return daemon_start(&daemon_tls, &options) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    return daemon_stop(&daemon_tls) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_is_believed_when_it_is_named),
        cmocka_unit_test(a_certificate_that_is_not_trusted_is_no_server),
        cmocka_unit_test(a_certificate_for_another_name_is_no_server),
        cmocka_unit_test(a_list_that_cannot_be_read_is_named),
        cmocka_unit_test(a_whole_session_over_tls),
        cmocka_unit_test(what_speaks_no_tls_is_no_server),
        cmocka_unit_test(a_proxy_is_used_when_it_is_named_and_learns_the_name_alone),
        cmocka_unit_test(a_proxy_that_nobody_named_is_not_used),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
