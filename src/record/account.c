/* account.c -- see account.h. */
#include "record/account.h"

#include <sodium.h>

/* ---- origins --------------------------------------------------------------------------------- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* How many characters at the start of s belong to a host: a name or IPv4 address, or [an IPv6 address]. */
static size_t host_bytes(struct str s)
{
    bool is_v6 = s.len > 0 && s.at[0] == '[';
    size_t n = is_v6 ? 1 : 0;
    for (; n < s.len; n++) {
        uint8_t c = s.at[n];
        bool is_v6_part = is_digit(c) || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
        bool is_name_part = is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
        if (!(is_v6 ? is_v6_part : is_name_part)) break;
    }
    if (!is_v6) return n;
    return n > 2 && n < s.len && s.at[n] == ']' ? n + 1 : 0;
}

/* Whether s is ":" and a port from 1 to 65535, other than the one that goes without saying. */
static bool is_port(struct str s, unsigned usual)
{
    unsigned port = 0;
    if (s.len < 2 || s.len > 6 || s.at[0] != ':' || s.at[1] == '0') return false;
    for (size_t i = 1; i < s.len; i++) {
        if (!is_digit(s.at[i])) return false;
        port = port * 10 + (unsigned)(s.at[i] - '0');
    }
    return port <= 65535 && port != usual;
}

bool account_is_origin(struct str text)
{
    bool is_https = str_starts(text, STR("https://"));
    if ((!is_https && !str_starts(text, STR("http://"))) || text.len > ACCOUNT_ORIGIN_BYTES) return false;
    size_t scheme_n = is_https ? 8 : 7;
    struct str rest = str_at(text.at + scheme_n, text.len - scheme_n);
    size_t host_n = host_bytes(rest);
    if (host_n == 0) return false;
    struct str port = str_at(rest.at + host_n, rest.len - host_n);
    return port.len == 0 || is_port(port, is_https ? 443 : 80);
}

void account_origin(uint8_t origin[static HASH_BYTES], struct str text)
{
    hash_of(origin, CTX_ORIGIN, PARTS(text));
}

bool account_pk_is_usable(const uint8_t pk[static SIGN_PK_BYTES])
{
    return crypto_core_ed25519_is_valid_point(pk) == 1;
}

/* ---- credentials ----------------------------------------------------------------------------- */

enum { CRED_ID = 1, CRED_LOGIN_PK = 2, CRED_WRAPPED = 3, CREDS_VERSION = 1, CREDS_LIST = 2 };

void account_cred_put(struct out *o, const struct account_cred *cred)
{
    cbor_put_map(o, 3);
    cbor_put_uint(o, CRED_ID);
    cbor_put_bytes(o, STR_OF(cred->cred_id));
    cbor_put_uint(o, CRED_LOGIN_PK);
    cbor_put_bytes(o, STR_OF(cred->login_pk));
    cbor_put_uint(o, CRED_WRAPPED);
    cbor_put_bytes(o, STR_OF(cred->wrapped));
}

void account_creds_put(struct out *o, const struct account_creds *creds)
{
    EXPECT(creds->cred_n >= 1 && creds->cred_n <= LIMIT_CREDENTIALS);
    cbor_put_map(o, 2);
    cbor_put_uint(o, CREDS_VERSION);
    cbor_put_uint(o, creds->version);
    cbor_put_uint(o, CREDS_LIST);
    cbor_put_list(o, creds->cred_n);
    for (size_t i = 0; i < creds->cred_n; i++) account_cred_put(o, &creds->cred[i]);
}

enum err account_cred_read(struct str item, struct account_cred *cred)
{
    struct cbor_map map;
    struct account_cred read;
    enum err e = cbor_map(item, &map);
    if (e != ERR_OK) return e;
    uint32_t needed = CBOR_KEY(CRED_ID) | CBOR_KEY(CRED_LOGIN_PK) | CBOR_KEY(CRED_WRAPPED);
    if (!cbor_map_is(&map, needed, 0)) return ERR_BAD_FIELD;
    (void)((e = cbor_bytes_n(map.item[CRED_ID], read.cred_id, sizeof read.cred_id)) ||
           (e = cbor_bytes_n(map.item[CRED_LOGIN_PK], read.login_pk, sizeof read.login_pk)) ||
           (e = cbor_bytes_n(map.item[CRED_WRAPPED], read.wrapped, sizeof read.wrapped)));
    if (e != ERR_OK) return e;
    if (!account_pk_is_usable(read.login_pk)) return ERR_BAD_KEY;
    *cred = read;
    return ERR_OK;
}

static bool has_cred(const struct account_creds *creds, const uint8_t cred_id[static ID_BYTES])
{
    for (size_t i = 0; i < creds->cred_n; i++) {
        if (memcmp(creds->cred[i].cred_id, cred_id, ID_BYTES) == 0) return true;
    }
    return false;
}

enum err account_creds_read(struct str item, struct account_creds *creds)
{
    struct cbor_map map;
    struct cbor_list list;
    struct account_creds read = {.cred_n = 0};
    enum err e = cbor_map(item, &map);
    if (e != ERR_OK) return e;
    if (!cbor_map_is(&map, CBOR_KEY(CREDS_VERSION) | CBOR_KEY(CREDS_LIST), 0)) return ERR_BAD_FIELD;
    (void)((e = cbor_uint(map.item[CREDS_VERSION], &read.version)) || (e = cbor_list(map.item[CREDS_LIST], &list)));
    if (e != ERR_OK) return e;
    if (list.item_n < 1 || list.item_n > LIMIT_CREDENTIALS) return ERR_BAD_FIELD;
    for (size_t i = 0; i < list.item_n; i++) {
        e = account_cred_read(list.item[i], &read.cred[i]);
        if (e != ERR_OK) return e;
        if (has_cred(&read, read.cred[i].cred_id)) return ERR_BAD_FIELD;
        read.cred_n++;
    }
    *creds = read;
    return ERR_OK;
}

/* ---- signing in ------------------------------------------------------------------------------ */

void account_dummy_pk(uint8_t pk[static SIGN_PK_BYTES])
{
    uint8_t sk[SIGN_SK_BYTES];
    EXPECT(crypto_sign_keypair(pk, sk) == 0);
    wipe(sk, sizeof sk);
}

bool account_login_fits(const uint8_t sig[static SIG_BYTES], const struct statement *login, const uint8_t *login_pk,
                        const uint8_t dummy_pk[static SIGN_PK_BYTES])
{
    bool fits = statement_fits(sig, login, login_pk != NULL ? login_pk : dummy_pk);
    return fits && login_pk != NULL;
}

void account_token_hash(uint8_t hash[static HASH_BYTES], const uint8_t token[static ACCOUNT_TOKEN_BYTES])
{
    hash_of(hash, CTX_TOKEN, PARTS(str_at(token, ACCOUNT_TOKEN_BYTES)));
}

void account_permit_hash(uint8_t hash[static HASH_BYTES], const uint8_t secret[static SECRET_BYTES])
{
    hash_of(hash, CTX_PERMITKEY, PARTS(str_at(secret, SECRET_BYTES)));
}
