/* http_tls.c -- the same server with a certificate: requests, parked calls, and streams, which stay with the
 * library here. The certificate is made by the test. */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "harness/http_rig.h"

enum { BEAT_MS = 300, IDLE_MS = 1000, REQUEST_MS = 1500 };

static struct http_rig rig;
static char cert_pem[4096], key_pem[4096], other_key_pem[4096];

/* ---- a certificate -------------------------------------------------------------------------- */

static gnutls_x509_privkey_t make_key(char *pem, size_t cap)
{
    gnutls_x509_privkey_t key;
    assert_int_equal(gnutls_x509_privkey_init(&key), 0);
    unsigned bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
    assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, bits, 0), 0);
    assert_int_equal(gnutls_x509_privkey_export(key, GNUTLS_X509_FMT_PEM, pem, &cap), 0);
    return key;
}

static int make_certificate(void **state)
{
    (void)state;
    gnutls_x509_crt_t cert;
    size_t cap = sizeof cert_pem;
    gnutls_x509_privkey_t key = make_key(key_pem, sizeof key_pem);
    gnutls_x509_privkey_deinit(make_key(other_key_pem, sizeof other_key_pem));
    assert_int_equal(gnutls_x509_crt_init(&cert), 0);
    gnutls_x509_crt_set_version(cert, 3);
    gnutls_x509_crt_set_serial(cert, "\x01", 1);
    gnutls_x509_crt_set_activation_time(cert, time(NULL) - 3600);
    gnutls_x509_crt_set_expiration_time(cert, time(NULL) + 3600);
    gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, "localhost", 9);
    gnutls_x509_crt_set_key(cert, key);
    assert_int_equal(gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0), 0);
    assert_int_equal(gnutls_x509_crt_export(cert, GNUTLS_X509_FMT_PEM, cert_pem, &cap), 0);
    gnutls_x509_crt_deinit(cert);
    gnutls_x509_privkey_deinit(key);
    return 0;
}

static int open_rig(void **state)
{
    (void)state;
    http_rig_open(&rig, &(struct http_options){.beat_ms = BEAT_MS, .idle_ms = IDLE_MS, .request_ms = REQUEST_MS,
                                                .tls_cert = cert_pem, .tls_key = key_pem});
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    http_rig_close(&rig);
    assert_int_equal(atomic_load(&rig.done_n), atomic_load(&rig.judged_n));
    return 0;
}

/* ---- a client ------------------------------------------------------------------------------- */

struct tls {
    int fd;
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    char said[256 * 1024]; /* all that came, and a NUL */
    size_t n;
};

static struct tls *tls_open(void)
{
    struct tls *tls = calloc(1, sizeof *tls);
    assert_non_null(tls);
    tls->fd = http_rig_connect(&rig);
    gnutls_certificate_allocate_credentials(&tls->credentials);
    gnutls_init(&tls->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
    gnutls_set_default_priority(tls->session);
    gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, tls->credentials);
    gnutls_transport_set_int(tls->session, tls->fd);
    gnutls_handshake_set_timeout(tls->session, 5000);
    int e;
    do e = gnutls_handshake(tls->session);
    while (e < 0 && !gnutls_error_is_fatal(e));
    assert_int_equal(e, 0);
    gnutls_record_set_timeout(tls->session, 5000);
    return tls;
}

static void tls_close(struct tls *tls)
{
    gnutls_deinit(tls->session);
    gnutls_certificate_free_credentials(tls->credentials);
    close(tls->fd);
    free(tls);
}

static bool tls_send(struct tls *tls, const void *at, size_t n)
{
    for (size_t sent = 0; sent < n;) {
        ssize_t got = gnutls_record_send(tls->session, (const char *)at + sent, n - sent);
        if (got < 0 && got != GNUTLS_E_INTERRUPTED && got != GNUTLS_E_AGAIN) return false;
        if (got > 0) sent += (size_t)got;
    }
    return true;
}

static bool tls_ask(struct tls *tls, const char *text)
{
    tls->n = 0;
    tls->said[0] = 0;
    return tls_send(tls, text, strlen(text));
}

/* Reads until the text has come; false at the end of the connection, or after 5 s. */
static bool tls_hears(struct tls *tls, const char *text)
{
    while (!strstr(tls->said, text)) {
        ssize_t n = gnutls_record_recv(tls->session, tls->said + tls->n, sizeof tls->said - 1 - tls->n);
        if (n == GNUTLS_E_INTERRUPTED || n == GNUTLS_E_AGAIN) continue;
        if (n <= 0) return false;
        tls->n += (size_t)n;
        tls->said[tls->n] = 0;
    }
    return true;
}

static bool tls_ends(struct tls *tls)
{
    return !tls_hears(tls, "\x01 never said");
}

static size_t times(const char *text, const char *piece)
{
    size_t n = 0;
    for (const char *at = strstr(text, piece); at; at = strstr(at + 1, piece)) n++;
    return n;
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void requests_over_tls(void **state)
{
    (void)state;
    struct tls *tls = tls_open();
    for (int i = 0; i < 20; i++) {
        assert_true(tls_ask(tls, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_true(tls_hears(tls, "\r\n\r\nhello"));
        assert_true(tls_ask(tls, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nAna"));
        assert_true(tls_hears(tls, "\r\n\r\nAna"));
        assert_true(tls_ask(tls, "GET /park HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_true(tls_hears(tls, "\r\n\r\nparked"));
        assert_true(tls_ask(tls, "GET /race HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_true(tls_hears(tls, "\r\n\r\nraced"));
    }
    tls_close(tls);
}

static void only_tls_1_2_and_newer(void **state)
{
    (void)state;
    struct tls *tls = tls_open();
    assert_true(gnutls_protocol_get_version(tls->session) >= GNUTLS_TLS1_2);
    tls_close(tls);
}

static void plain_http_is_not_answered(void **state)
{
    (void)state;
    char said[4096];
    assert_true(http_rig_exchange(&rig, STR("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 5000, said, sizeof said));
    assert_null(strstr(said, "HTTP/1.1"));
    assert_int_equal(atomic_load(&rig.judged_n), 0);
}

static void a_handshake_has_a_deadline(void **state)
{
    (void)state;
    int fd = http_rig_connect(&rig);
    const struct timeval wait = {.tv_sec = 5};
    char alert[64];
    uint64_t start = http_rig_now_ms();
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    assert_true(send(fd, "\x16\x03\x01", 3, 0) == 3);
    ssize_t n;
    while ((n = recv(fd, alert, sizeof alert, 0)) > 0) continue;
    assert_int_equal(n, 0);
    assert_in_range(http_rig_now_ms() - start, IDLE_MS - 100, REQUEST_MS + 500);
    close(fd);
}

static void T2_too_large_over_tls(void **state)
{
    (void)state;
    static uint8_t body[1024 * 1024 + 1];
    for (int i = 0; i < 5; i++) {
        struct tls *tls = tls_open();
        assert_true(tls_ask(tls, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n"));
        (void)tls_send(tls, body, sizeof body);
        assert_true(tls_hears(tls, "HTTP/1.1 413 "));
        tls_close(tls);
    }
    assert_int_equal(atomic_load(&rig.ran_n), 0);
}

static void events_over_tls(void **state)
{
    (void)state;
    struct tls *tls = tls_open();
    assert_true(tls_ask(tls, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_true(tls_hears(tls, "\r\n\r\n"));
    for (int i = 0; i < 200; i++) {
        char text[32], wanted[40];
        snprintf(text, sizeof text, "saying %d", i);
        snprintf(wanted, sizeof wanted, "data: %s\n\n", text);
        http_rig_say(&rig, text);
        assert_true(tls_hears(tls, wanted));
    }
    http_rig_say(&rig, "END");
    assert_true(tls_hears(tls, "\r\n0\r\n\r\n"));
    assert_true(http_rig_wait(&rig.stream_done_n, 1));
    tls_close(tls);
}

/* A request whose headers fill the library's memory leaves less room than pull is promised. */
static void a_stream_behind_long_headers(void **state)
{
    (void)state;
    static char ask[8192];
    struct tls *tls = tls_open();
    snprintf(ask, sizeof ask, "GET /events HTTP/1.1\r\nHost: a\r\nX-Long: %0*d\r\n\r\n", 6000, 1);
    assert_true(tls_ask(tls, ask));
    assert_true(tls_hears(tls, "HTTP/1.1 200 OK\r\n"));
    for (int i = 0; i < 100; i++) http_rig_say(&rig, "0123456789012345678901234567890123456789");
    http_rig_say(&rig, "the last");
    assert_true(tls_hears(tls, "data: the last\n\n"));
    assert_int_equal(times(tls->said, "data: "), times(tls->said, "\n\n"));
    tls_close(tls);
}

enum { SPEAKERS = 4, SAYINGS = 2500 };

static void *speak(void *of)
{
    (void)of;
    for (int i = 0; i < SAYINGS; i++) {
        http_rig_say(&rig, "x");
        if (i % 64 == 0) http_rig_pause(1);
    }
    return NULL;
}

static void no_wake_is_lost_over_tls(void **state)
{
    (void)state;
    pthread_t speaker[SPEAKERS];
    struct tls *tls = tls_open();
    assert_true(tls_ask(tls, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_true(tls_hears(tls, "\r\n\r\n"));
    for (int i = 0; i < SPEAKERS; i++) assert_int_equal(pthread_create(&speaker[i], NULL, speak, NULL), 0);
    for (int i = 0; i < SPEAKERS; i++) pthread_join(speaker[i], NULL);
    http_rig_say(&rig, "last");
    assert_true(tls_hears(tls, "data: last\n\n"));
    assert_int_equal(times(tls->said, "data: x\n\n"), SPEAKERS * SAYINGS);
    tls_close(tls);
}

static void a_heartbeat_finds_who_left(void **state)
{
    (void)state;
    struct tls *stays = tls_open(), *leaves = tls_open();
    assert_true(tls_ask(stays, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_true(tls_ask(leaves, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_true(tls_hears(stays, "\r\n\r\n") && tls_hears(leaves, "\r\n\r\n"));
    tls_close(leaves);
    assert_true(http_rig_wait(&rig.stream_done_n, 1));
    assert_true(tls_hears(stays, ":\n\n"));
    assert_int_equal(http_gauges(rig.server).stream_n, 1);
    tls_close(stays);
}

static void a_peer_that_does_not_read_over_tls_is_given_up(void **state)
{
    (void)state;
    struct tls *tls = tls_open();
    assert_true(tls_ask(tls, "GET /flood HTTP/1.1\r\nHost: a\r\n\r\n"));
    uint64_t start = http_rig_now_ms();
    assert_true(http_rig_wait(&rig.stream_done_n, 1));
    assert_in_range(http_rig_now_ms() - start, IDLE_MS - 100, IDLE_MS + 2000);
    tls_close(tls);
}

static void a_server_with_tls_closes_with_streams_asleep(void **state)
{
    (void)state;
    struct tls *tls[20];
    for (int i = 0; i < 20; i++) {
        tls[i] = tls_open();
        assert_true(tls_ask(tls[i], i == 7 ? "GET /flood HTTP/1.1\r\nHost: a\r\n\r\n"
                                           : "GET /events HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_true(tls_hears(tls[i], "\r\n\r\n"));
    }
    http_rig_close(&rig);
    assert_int_equal(atomic_load(&rig.done_n), 20);
    for (int i = 0; i < 20; i++) {
        if (i != 7) assert_true(tls_hears(tls[i], "\r\n0\r\n\r\n"));
        if (i != 7) assert_true(tls_ends(tls[i]));
        tls_close(tls[i]);
    }
    assert_int_equal(open_rig(state), 0);
}

static void nobody(void *of, struct http_call *call)
{
    (void)of, (void)call;
}

static void nobody_done(void *of, struct http_call *call, int status, uint64_t sent_bytes)
{
    (void)of, (void)call, (void)status, (void)sent_bytes;
}

static void a_key_of_another_certificate_is_refused(void **state)
{
    (void)state;
    struct http *server;
    struct http_trouble trouble;
    const struct http_options options = {.listen = "127.0.0.1:0", .tls_cert = cert_pem, .tls_key = other_key_pem};
    const struct http_owner owner = {NULL, nobody, nobody, nobody_done};
    assert_int_equal(http_open(&server, &options, &owner, &trouble), ERR_BAD_FIELD);
    assert_non_null(strstr(trouble.text, "certificate"));
}

int main(void)
{
#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)
    const struct CMUnitTest tests[] = {
        WITH_RIG(requests_over_tls),
        WITH_RIG(only_tls_1_2_and_newer),
        WITH_RIG(plain_http_is_not_answered),
        WITH_RIG(a_handshake_has_a_deadline),
        WITH_RIG(T2_too_large_over_tls),
        WITH_RIG(events_over_tls),
        WITH_RIG(a_stream_behind_long_headers),
        WITH_RIG(no_wake_is_lost_over_tls),
        WITH_RIG(a_heartbeat_finds_who_left),
        WITH_RIG(a_peer_that_does_not_read_over_tls_is_given_up),
        WITH_RIG(a_server_with_tls_closes_with_streams_asleep),
        cmocka_unit_test(a_key_of_another_certificate_is_refused),
    };
    return cmocka_run_group_tests(tests, make_certificate, NULL);
}
