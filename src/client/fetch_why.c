/* fetch_why.c -- see fetch_why.h. */
#include "client/fetch_why.h"

static const struct row {
    CURLcode code;
    enum err e;
    const char *text;
} rows[] = {
    {CURLE_OK, ERR_OK, ""},
    {CURLE_OUT_OF_MEMORY, ERR_NO_MEMORY, ""},
    {CURLE_COULDNT_RESOLVE_HOST, ERR_OFFLINE, "Nobody knows where that name is; or this device is not online."},
    {CURLE_COULDNT_RESOLVE_PROXY, ERR_OFFLINE, "The proxy's name is not known."},
    {CURLE_PROXY, ERR_OFFLINE, "The proxy did not let it through."},
    {CURLE_COULDNT_CONNECT, ERR_OFFLINE, "Nothing answers at this address."},
    {CURLE_OPERATION_TIMEDOUT, ERR_OFFLINE, "It did not answer in time."},
    {CURLE_PEER_FAILED_VERIFICATION, ERR_OFFLINE,
     "It could not show that it is this server: its certificate is not trusted here, is for another name, or is past "
     "its date."},
    {CURLE_SSL_CACERT_BADFILE, ERR_OFFLINE, "The file with further certificates could not be read."},
    {CURLE_SSL_CONNECT_ERROR, ERR_OFFLINE, "No encrypted connection came about: is it a server with https?"},
    {CURLE_GOT_NOTHING, ERR_OFFLINE, "The connection ended without an answer."},
    {CURLE_SEND_ERROR, ERR_OFFLINE, "The connection broke before everything was sent."},
    {CURLE_RECV_ERROR, ERR_OFFLINE, "The connection broke before the answer was whole."},
    {CURLE_PARTIAL_FILE, ERR_OFFLINE, "The connection ended before the answer was whole."},
    {CURLE_UNSUPPORTED_PROTOCOL, ERR_BAD_SERVER, "What answers there does not speak HTTP."},
    {CURLE_WEIRD_SERVER_REPLY, ERR_BAD_SERVER, "What answers there does not speak proper HTTP."},
    {CURLE_BAD_CONTENT_ENCODING, ERR_BAD_SERVER, "The answer came in an encoding that nobody asked for."},
    {CURLE_FILESIZE_EXCEEDED, ERR_BAD_SERVER, "The answer is longer than an answer can be."},
};

enum err fetch_why(CURLcode code, const char **text)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].code != code) continue;
        *text = rows[i].text;
        return rows[i].e;
    }
    *text = "The connection failed."; /* one of the some ninety ways that are left */
    return ERR_OFFLINE;
}
