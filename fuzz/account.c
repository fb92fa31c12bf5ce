/* account.c -- any bytes as what a device sends of its credentials: taken only in the form in which they are
 * written.
 *
 *   input = which, bytes…
 */
#include "record/account.h"

#include "kit/fuzz.h"

void fuzz_open(void)
{
}

static bool is_refusal(enum err e)
{
    return e == ERR_BAD_CBOR || e == ERR_BAD_FIELD || e == ERR_BAD_KEY;
}

static void try_cred(struct str item)
{
    uint8_t memory[ACCOUNT_CRED_TEXT_BYTES];
    struct out o = OUT_OVER(memory);
    struct account_cred cred, before;
    memset(&cred, 0x5a, sizeof cred);
    memcpy(&before, &cred, sizeof cred);
    enum err e = account_cred_read(item, &cred);
    if (e != ERR_OK) {
        EXPECT(is_refusal(e) && memcmp(&cred, &before, sizeof cred) == 0);
        return;
    }
    EXPECT(account_pk_is_usable(cred.login_pk));
    account_cred_put(&o, &cred);
    EXPECT(str_is(out_str(&o), item));
    fuzz_good();
}

static void try_creds(struct str item)
{
    uint8_t memory[ACCOUNT_CREDS_TEXT_BYTES];
    struct out o = OUT_OVER(memory);
    struct account_creds creds, before;
    memset(&creds, 0x5a, sizeof creds);
    memcpy(&before, &creds, sizeof creds);
    enum err e = account_creds_read(item, &creds);
    if (e != ERR_OK) {
        EXPECT(is_refusal(e) && memcmp(&creds, &before, sizeof creds) == 0);
        return;
    }
    EXPECT(creds.cred_n >= 1 && creds.cred_n <= LIMIT_CREDENTIALS);
    for (size_t i = 0; i < creds.cred_n; i++) {
        EXPECT(account_pk_is_usable(creds.cred[i].login_pk));
        for (size_t k = 0; k < i; k++) EXPECT(memcmp(creds.cred[i].cred_id, creds.cred[k].cred_id, ID_BYTES) != 0);
    }
    account_creds_put(&o, &creds);
    EXPECT(str_is(out_str(&o), item));
    fuzz_good();
}

void fuzz_one(struct str input)
{
    struct fuzz_in in = {input};
    if (fuzz_byte(&in) % 2 == 0) try_cred(in.left);
    else try_creds(in.left);
}
