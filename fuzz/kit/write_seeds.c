/* write_seeds.c -- writes the seeds of all fuzzers: small inputs that reach what chance would not find soon.
 *
 *   write-seeds FOLDER      one folder for each fuzzer below it
 *
 * The same bytes each time. A seed that begins with "good" is taken by its fuzzer for what it should be, one
 * with "bad" is not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "harness/fold.h"
#include "harness/people.h"
#include "kit/fuzz.h"
#include "record/account.h"
#include "record/headtoken.h"
#include "record/round_act.h"

enum { PATH_BYTES = 512, ROOM_BYTES = 1 << 14 };
#define NOON_MS UINT64_C(1770000000000)

static const char *root;
static struct arena arena;

/* ---- writing ------------------------------------------------------------------------------------------ */

static void write_seed(const char *fuzzer, const char *name, struct str bytes)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", root, fuzzer);
    (void)mkdir(path, 0777); /* it may be there */
    snprintf(path, sizeof path, "%s/%s/%s", root, fuzzer, name);
    FILE *file = fopen(path, "wb");
    bool is_written = file != NULL && fwrite(bytes.at, 1, bytes.len, file) == bytes.len;
    if (file != NULL) is_written = fclose(file) == 0 && is_written;
    if (is_written) return;
    perror(path);
    exit(EXIT_FAILURE);
}

/* The same behind a few bytes that choose. */
static void write_behind(const char *fuzzer, const char *name, struct str choice, struct str bytes)
{
    write_seed(fuzzer, name, draft_then(&arena, choice, bytes));
}

#define SEED(fuzzer, name, ...) write_seed(fuzzer, name, STR_OF(((const uint8_t[]){__VA_ARGS__})))
#define TEXT_SEED(fuzzer, name, text) write_seed(fuzzer, name, STR(text))

/* A builder of the arena's. */
static struct out building(void)
{
    uint8_t *at = arena_take(&arena, ROOM_BYTES);
    EXPECT(at != NULL);
    return out_over(at, ROOM_BYTES);
}

/* ---- cbor --------------------------------------------------------------------------------------------- */

static void write_cbor(void)
{
    SEED("cbor", "good-number", 0x1b, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    SEED("cbor", "good-text", 0x66, 'B', 'e', 'n', 0xe2, 0x82, 0xac);
    SEED("cbor", "good-nested", 0x83, 0xa2, 0x01, 0x82, 0x00, 0x18, 0x18, 0x17, 0x41, 0xff, 0x80, 0xa1, 0x05, 0xa0);
    SEED("cbor", "sequence", 0x01, 0x41, 0x02, 0x80, 0xa0, 0x61, 'x');
    SEED("cbor", "bad-number", 0x1b, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00);
    SEED("cbor", "bad-longer-than-needed", 0x18, 0x17);
    SEED("cbor", "bad-order", 0xa2, 0x02, 0x00, 0x01, 0x00);
    SEED("cbor", "bad-depth", 0x81, 0x81, 0x81, 0x81, 0x81, 0x00);
    SEED("cbor", "bad-utf8", 0x62, 0xc0, 0x80);
    SEED("cbor", "bad-endless", 0x9f, 0x00, 0xff);
}

/* ---- entries, records and states ---------------------------------------------------------------------- */

static void write_state(const char *name, const struct circle *c)
{
    uint8_t memory[CIRCLE_SAVED_BYTES];
    struct out saved = OUT_OVER(memory);
    circle_save(&saved, c);
    write_behind("circle_load", name, STR("\x01\x01\x01"), out_str(&saved));
}

static void write_entry(const char *kind, struct str wire)
{
    char name[64];
    struct entry e;
    struct why why;
    EXPECT(entry_read(wire, &e, &why) == ERR_OK);
    snprintf(name, sizeof name, "good-%s", kind);
    write_behind("entry", name, STR("\x00"), wire);
    snprintf(name, sizeof name, "good-%s-header", kind);
    write_behind("entry", name, e.payload.len > 0 ? STR("\x01\x05") : STR("\x01\x00"), e.header);
}

static struct str last_of(struct str sequence)
{
    struct str last = {NULL, 0};
    while (sequence.len > 0) EXPECT(cbor_first(sequence, &last, &sequence) == ERR_OK);
    return last;
}

static struct str first_of(struct str sequence)
{
    struct str first, rest;
    EXPECT(cbor_first(sequence, &first, &rest) == ERR_OK);
    return first;
}

static void write_entries(void)
{
    static struct room ana, ben;
    static struct person person[2];
    struct room *const all[] = {&ana, &ben};
    uint8_t secret[SECRET_BYTES];
    for (size_t i = 0; i < 2; i++) person_init(&person[i], "somebody", i);
    room_init(&ana, &person[0], NOON_MS);
    room_init(&ben, &person[1], NOON_MS);
    struct str batch = room_genesis(&ana, &arena, false);
    write_entry("genesis", batch);
    write_entry("journal", room_genesis(&ana, &arena, true));
    rooms_take(all, 2, batch);
    write_state("good-alone", &ana.chain.circle);
    batch = room_invite(&ana, &arena, secret);
    write_entry("rotate", first_of(batch));
    write_entry("invite", last_of(batch));
    rooms_take(all, 2, batch);
    write_state("good-invited", &ana.chain.circle);
    batch = room_join(&ben, &arena, secret);
    write_entry("join", first_of(batch));
    rooms_take(all, 2, first_of(batch));
    write_state("good-joined", &ana.chain.circle);
    rooms_take(all, 2, last_of(batch));
    write_state("good-two", &ana.chain.circle);
    uint64_t seq = ana.chain.circle.head_seq + 1;
    batch = room_say(&ana, &arena, people_note(&arena, "I will call the plumber"));
    write_entry("sealed", batch);
    write_behind("entry", "good-erased", STR("\x00"), draft_erased(&arena, batch));
    rooms_take(all, 2, batch);
    write_entry("redact", room_redact_bare(&ana, &arena, &seq, 1));
    rooms_take(all, 2, room_invite(&ben, &arena, secret));
    write_entry("consent", room_consent(&ana, &arena, room_invite_of(&ana, secret).hash));
    batch = room_leave(&ben, &arena);
    write_entry("leave", batch);
    rooms_take(all, 2, batch);
    write_state("good-left", &ana.chain.circle);
    SEED("entry", "good-fields", 2, 7, 'c', 'c', 'p', 'p', 1, 9, 1, 1, 1, 5, 0, 'i', 'i', 'h', 'h', 1, 5, 's', 's', 5,
         1, 'r', 'r', 1, 3);
    room_fini(&ana);
    room_fini(&ben);
}

/* Acts: 0 the next entry of the record, 1 that one, 2 changed, 3 erased, 4 somebody more, 5 later, 6 any bytes,
 * 7 a person: who, what, ..., what is spoiled, who signs. */
static void write_chains(void)
{
    static const uint8_t zeros[20];
    write_seed("chain", "good-record", STR_OF(zeros));
    SEED("chain", "good-journal", 7, 0, 0, 1, 0, 0, 7, 0, 7, 5, 0, 0, 7, 0, 1, 0, 0, 0);
    SEED("chain", "good-gathered", 7, 0, 0, 0, 0, 0, 4, 0, 4, 1, 4, 2, 7, 1, 5, 0, 0, 7, 2, 1, 0, 0, 0);
    SEED("chain", "full", 7, 0, 0, 0, 0, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4,
         0);
    SEED("chain", "erased", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0);
    SEED("chain", "other-place", 0, 0, 1, 3, 0, 1, 1, 0, 0, 1, 21, 0);
    SEED("chain", "changed", 0, 2, 0, 0, 0, 5, 1, 0, 0, 0, 2, 0, 2, 1, 0, 80, 3, 9, 9, 9, 1, 128, 0);
    SEED("chain", "five-invitations", 7, 0, 0, 0, 0, 0, 7, 0, 1, 0, 0, 0, 7, 0, 2, 1, 0, 0, 0, 7, 0, 2, 1, 1, 0, 0, 7,
         0, 2, 1, 2, 0, 0, 7, 0, 2, 1, 3, 0, 0, 7, 0, 2, 1, 4, 0, 0, 7, 0, 2, 1, 5, 0, 0);
    SEED("chain", "late", 7, 0, 0, 0, 0, 0, 7, 0, 1, 0, 0, 0, 7, 0, 2, 1, 0, 0, 0, 5, 200, 7, 1, 4, 0, 0, 0);
    SEED("chain", "redacted-after-leaving", 7, 0, 0, 0, 0, 0, 4, 0, 7, 1, 7, 3, 0, 0, 7, 1, 5, 0, 0, 7, 1, 6, 0, 5, 0,
         0, 7, 0, 1, 0, 0, 0, 7, 1, 6, 0, 5, 0, 0);
}

/* ---- what members say --------------------------------------------------------------------------------- */

static void write_payloads(void)
{
    struct round_ask ask = {.question = STR("What do you miss?"), .bucket_n = LIMIT_BUCKET_SMALL, .until_ms = NOON_MS};
    struct round_commit commit = {.round = "round", .nonce = "nonce", .com = "com", .ct = STR("sealed")};
    struct round_reveal reveal = {.round = "round", .key = "key"};
    struct round_close close = {.round = "round"};
    struct redact_residue residue = {.target = "target", .type = PAYLOAD_PROMISE, .outcome = STR("kept")};
    struct epoch_key key[2] = {{.epoch = 1, .key = "one"}, {.epoch = 3, .key = "three"}};
    struct out o = building();
    round_act_put_ask(&o, &ask);
    write_behind("payload", "good-ask", STR("\x00"), out_str(&o));
    write_behind("payload", "good-sealed", STR("\x03"), out_str(&o));
    o = building();
    round_act_put_commit(&o, &commit);
    write_behind("payload", "good-commit", STR("\x00"), out_str(&o));
    o = building();
    round_act_put_reveal(&o, &reveal);
    write_behind("payload", "good-reveal", STR("\x00"), out_str(&o));
    o = building();
    round_act_put_close(&o, &close);
    write_behind("payload", "good-close", STR("\x00"), out_str(&o));
    o = building();
    redact_residue_put(&o, &residue);
    write_behind("payload", "good-residue", STR("\x00"), out_str(&o));
    o = building();
    epoch_keys_put(&o, key, 2);
    write_behind("payload", "good-keys", STR("\x00"), out_str(&o));
    write_behind("payload", "good-note", STR("\x00"), people_note(&arena, "Thank you"));
    SEED("payload", "good-written", 0, 0xa3, 0x01, 0x02, 0x02, 0x61, 'x', 0x17, 0x05);
    SEED("payload", "bad-written", 0, 0xa3, 0x01, 0x02, 0x02, 0x61, 'x', 0x17, 0x61, 'x');
    SEED("payload", "bad-no-type", 0, 0xa1, 0x02, 0x02);
    const uint8_t seed[1 + SEED_BYTES] = {7};
    write_seed("payload", "good-identity", STR_OF(seed));
}

/* Padded, as they are before they are sealed; and what a capsule says. */
static void write_padded(void)
{
    static uint8_t padded[PAD_LEAST_BYTES + 1] = {2}, answer[LIMIT_BUCKET_SMALL + 1] = {6};
    static const uint8_t hash[HASH_BYTES] = "a hash", key[KEY_BYTES] = "a key";
    struct out o = building();
    struct person ana;
    pad_put(padded + 1, PAD_LEAST_BYTES, people_note(&arena, "Thank you"));
    write_seed("payload", "good-padded", STR_OF(padded));
    pad_put(answer + 1, LIMIT_BUCKET_SMALL, STR("Your laugh"));
    write_seed("payload", "good-answer", STR_OF(answer));
    person_init(&ana, "Ana", 1);
    out_put_byte(&o, 4);
    cbor_put_map(&o, 6);
    const struct str bytes[] = {{NULL, 0}, STR_OF(hash), {NULL, 0}, STR_OF(hash), STR_OF(ana.keys.sign_pk),
                                {NULL, 0}, STR_OF(key)};
    for (uint64_t i = 1; i <= 6; i++) {
        cbor_put_uint(&o, i);
        if (bytes[i].at != NULL)
            cbor_put_bytes(&o, bytes[i]);
        else
            cbor_put_uint(&o, i == 2 ? 5 : 3);
    }
    write_seed("payload", "good-capsule", out_str(&o));
}

/* How many are asked but one; then acts: 0 commit, 1 reveal, 2 close, 3 leave, 4 and 5 erased ones, 6 redact, 7 what
 * is no answer; who; which answer. */
static void write_rounds(void)
{
    SEED("round", "good-two", 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1);
    SEED("round", "good-alone", 0, 0, 0, 1, 1, 0, 1);
    SEED("round", "good-erased", 1, 4, 0, 0, 0, 1, 0, 1, 0, 0, 5, 1, 0, 6, 1, 0);
    SEED("round", "bad-too-early", 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1);
    SEED("round", "bad-key", 1, 0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1);
    SEED("round", "bad-closed", 1, 0, 1, 0, 2, 1, 0, 100, 2, 1, 0, 101, 0, 0, 0);
    SEED("round", "bad-left", 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 3, 1, 0, 1, 1, 1);
    SEED("round", "bad-copied", 1, 0, 1, 0, 7, 0, 0, 1, 1, 0, 1, 0, 0, 7, 0, 1);
}

static void write_accounts(void)
{
    struct account_creds creds = {.version = 2, .cred_n = 2};
    struct out o = building(), list = building();
    for (size_t i = 0; i < 2; i++) {
        struct person person;
        person_init(&person, "somebody", i);
        memset(creds.cred[i].cred_id, (int)i + 1, ID_BYTES);
        memcpy(creds.cred[i].login_pk, person.keys.sign_pk, SIGN_PK_BYTES);
    }
    out_put_byte(&o, 0);
    account_cred_put(&o, &creds.cred[0]);
    write_seed("account", "good-one", out_str(&o));
    out_put_byte(&list, 1);
    account_creds_put(&list, &creds);
    write_seed("account", "good-two", out_str(&list));
    memset(creds.cred[1].cred_id, 1, ID_BYTES);
    list = building();
    out_put_byte(&list, 1);
    account_creds_put(&list, &creds);
    write_seed("account", "bad-twice", out_str(&list));
    memset(creds.cred[0].login_pk, 0, SIGN_PK_BYTES);
    o = building();
    out_put_byte(&o, 0);
    account_cred_put(&o, &creds.cred[0]);
    write_seed("account", "bad-key", out_str(&o));
}

/* ---- texts -------------------------------------------------------------------------------------------- */

static void write_texts(void)
{
    static const uint8_t secret[SECRET_BYTES] = "Ana and Ben, always";
    struct headtoken head = {.circle = "circle", .seq = 41, .hash = "hash"};
    struct out o = building();
    code_put(&o, CODE_ACCOUNT, secret);
    write_behind("text", "good-code", STR("\x00"), out_str(&o));
    write_behind("text", "bad-code-for-a-permit", STR("\x01"), out_str(&o));
    o = building();
    code_put(&o, CODE_PERMIT, secret);
    write_behind("text", "good-permit", STR("\x01"), out_str(&o));
    write_behind("text", "slip", STR("\x02"), STR("\x00\x09\x05 a secret of a person"));
    write_behind("text", "slip-of-two", STR("\x02"), STR("\x01\x0b\x00 a secret of a person"));
    o = building();
    headtoken_put(&o, &head);
    write_behind("text", "good-headtoken", STR("\x03"), out_str(&o));
    o = building();
    invite_link_put(&o, STR("https://troth.example"), secret, STR("https://troth.example:8443"));
    write_behind("text", "good-link", STR("\x04"), out_str(&o));
    write_behind("text", "good-base32", STR("\x05\x05"), STR("1lIo0AzZ"));
    write_behind("text", "good-origin", STR("\x06"), STR("http://localhost:8787"));
    write_behind("text", "good-origin-v6", STR("\x06"), STR("https://[2001:db8::7]:8443"));
    write_behind("text", "bad-origin-port", STR("\x06"), STR("https://troth.example:443"));
    write_behind("text", "bad-origin-slash", STR("\x06"), STR("https://troth.example/"));
    write_behind("text", "good-ip", STR("\x07"), STR("192.0.2.7"));
    write_behind("text", "good-ip-v6", STR("\x07"), STR("[2001:db8::7]"));
    write_behind("text", "good-ip-mapped", STR("\x07"), STR("::ffff:192.0.2.7"));
    write_behind("text", "good-range", STR("\x08"), STR("10.0.0.0/8"));
    write_behind("text", "good-range-v6", STR("\x08"), STR("2001:db8::/33"));
    write_behind("text", "bad-range", STR("\x08"), STR("10.0.0.1/8"));
    write_behind("text", "good-listen", STR("\x09"), STR("[::1]:8787"));
    write_behind("text", "good-listen-all", STR("\x09"), STR("*:0"));
    write_behind("text", "good-utf8", STR("\x0a"), STR("\x7f\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\xb1"));
    write_behind("text", "bad-utf8", STR("\x0a"), STR("\xed\xa0\x80"));
    write_behind("text", "good-error", STR("\x0b"), STR("head_moved"));
}

static void write_configs(void)
{
    TEXT_SEED("config", "good-file",
              "# a comment\ndata = /var/lib/troth/troth.db # another\nlisten = *:8787\n"
              "origin = https://troth.example, http://localhost:8787\nrate-login = 5/min\npool-bytes=16k\n");
    TEXT_SEED(
        "config", "good-all",
        "@serve\n@--threads=4\n@--readers\n@3\n$TROTHD_IDLE=90s\n$TROTHD_METRICS=no\n"
        "$PATH=/bin\ntrusted-proxy = 10.0.0.0/8 2001:db8::/32\nproxy-header = X-Forwarded-For\nlog-format = json\n");
    TEXT_SEED("config", "good-backup", "@backup\n@--data=a.db\n@--\n@b.db\n");
    TEXT_SEED("config", "good-help", "@--nonsense\n@--help\n");
    TEXT_SEED("config", "good-limits", "circle-bytes = 1024G\nconnections = 1000000\nrequest = 1h\ndrain = 0ms\n");
    TEXT_SEED("config", "bad-name", "@--tread=3\n");
    TEXT_SEED("config", "bad-value", "threads = many\n");
    TEXT_SEED("config", "bad-line", "threads 4\n");
    TEXT_SEED("config", "bad-twice", "threads = 4\nthreads = 4\n");
    TEXT_SEED("config", "bad-pair", "$TROTHD_TLS_CERT=cert.pem\n");
    TEXT_SEED("config", "bad-verb", "@premit\n");
    TEXT_SEED("config", "bad-variable", "$TROTHD_LISTNE=*:1\n");
}

/* ---- promises ----------------------------------------------------------------------------------------- */

static void write_act(const char *name, const struct promise_act *act, bool is_scrubbed)
{
    struct out o = building(), left = building();
    promise_act_put(&o, act);
    EXPECT(promise_act_scrub(&left, out_str(&o)) == LAW_OK);
    write_behind("practice", name, STR("\x00"), out_str(is_scrubbed ? &left : &o));
}

/* A circle is hours, what, and then: who, which act, of which promise or to whom, turn, all left, when. */
static void write_practices(void)
{
    struct promise_act made = fold_made(BEN, fold_days(1, 3)), done = {.act = PROMISE_DONE}, ask = made;
    struct profile profile = {.name = STR("Ana"), .colour = 3, .zone = STR("Europe/Madrid")};
    struct facts facts = {.name = STR("Us two"), .kind = FACTS_COUPLE};
    struct out o = building();
    done.promise = ask.promise = (const uint8_t *)"a promise's name";
    done.words = STR("It took me all evening");
    done.written_ms = NOON_MS;
    ask.act = PROMISE_CHANGE_ASKED;
    write_act("good-made", &made, false);
    write_act("good-made-left", &made, true);
    write_act("good-done", &done, false);
    write_act("good-change", &ask, false);
    write_act("good-change-left", &ask, true);
    profile_put(&o, &profile);
    write_behind("practice", "good-profile", STR("\x00"), out_str(&o));
    o = building();
    facts_put(&o, &facts);
    write_behind("practice", "good-facts", STR("\x00"), out_str(&o));
    SEED("practice", "bad-newer", 0, 0xa2, 0x01, 0x03, 0x02, 0x0e);
    SEED("practice", "bad-no-promise", 0, 0xa2, 0x01, 0x03, 0x02, 0x02);
    SEED("practice", "good-kept", 1, 1, 3, 0, 1, 1, 1, 2, 1, 3, 0, 2, 0, 0, 0, 1, 3, 1, 3, 0, 0, 0);
    SEED("practice", "good-differ", 1, 1, 3, 0, 1, 1, 1, 1, 47, 3, 0, 2, 0, 0, 0, 47, 3, 1, 5, 0, 0, 0, 1, 3, 0, 13, 0,
         0, 0);
    SEED("practice", "good-changed", 1, 1, 3, 0, 1, 1, 3, 2, 9, 1, 3, 0, 9, 0, 0, 0, 1, 6, 1, 1, 3, 1, 10, 0, 0, 0);
    SEED("practice", "good-left", 1, 1, 3, 0, 1, 1, 3, 2, 9, 1, 3, 0, 2, 0, 1, 0, 1, 0, 1, 1, 3, 0, 2, 0, 2, 0);
    SEED("practice", "good-erased", 1, 1, 3, 0, 1, 1, 3, 2, 9, 1, 3, 1, 3, 0, 0, 0, 1, 1, 2, 1, 1, 1, 3, 0, 1, 2, 2);
}

/* ---- requests ----------------------------------------------------------------------------------------- */

#define HOST "Host: a\r\n"

static void write_http(void)
{
    TEXT_SEED("http", "good-three",
              " GET /hello HTTP/1.1\r\n" HOST "\r\nPOST /x?a=1&b HTTP/1.1\r\n" HOST
              "Content-Length: 3\r\n\r\nabcGET /park HTTP/1.1\r\n" HOST "\r\n");
    TEXT_SEED("http", "good-in-two", "\xf0PUT /x HTTP/1.1\r\n" HOST "Content-Length: 12\r\n\r\nhello, world");
    TEXT_SEED("http", "good-1.0", " GET /x HTTP/1.0\r\n\r\n");
    TEXT_SEED("http", "good-keep-alive", " GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /y HTTP/1.0\r\n\r\n");
    TEXT_SEED("http", "good-empty-line", " \r\nGET /x HTTP/1.1\r\n" HOST "\r\n");
    TEXT_SEED("http", "head", " HEAD /x HTTP/1.1\r\n" HOST "\r\nHEAD /no HTTP/1.1\r\n" HOST "\r\n");
    TEXT_SEED("http", "live", " GET /x HTTP/1.1\r\n" HOST "\r\nGET /live HTTP/1.1\r\n" HOST "\r\n");
    TEXT_SEED("http", "refused",
              " POST /no HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabcGET /x HTTP/1.1\r\n" HOST "\r\n");
    TEXT_SEED("http", "bye", " GET /bye HTTP/1.1\r\n" HOST "\r\nGET /x HTTP/1.1\r\n" HOST "\r\n");
    TEXT_SEED("http", "small",
              " POST /small HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\nhello worldGET /x HTTP/1.1\r\n" HOST "\r\n");
    TEXT_SEED("http", "too-large", " POST /x HTTP/1.1\r\n" HOST "Content-Length: 99999\r\n\r\nabc");
    TEXT_SEED("http", "preflight",
              " OPTIONS /x HTTP/1.1\r\n" HOST "\r\nOPTIONS * HTTP/1.1\r\n" HOST "\r\nGET /x HTTP/1.1\r\n" HOST "\r\n");
    TEXT_SEED("http", "expect", " POST /x HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc");
    TEXT_SEED("http", "good-forwarded",
              " GET /x HTTP/1.1\r\n" HOST "X-Forwarded-For: 192.0.2.7, [2001:db8::7]:80 , 127.0.0.9\r\n\r\n"
              "GET /x HTTP/1.1\r\n" HOST "X-Forwarded-For: nobody,127.0.0.9\r\nX-Forwarded-For: ,,\r\n\r\n");
    TEXT_SEED("http", "bad-chunked",
              " POST /x HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
              "0\r\n\r\nGET /hidden HTTP/1.1\r\n" HOST "\r\n");
    TEXT_SEED("http", "bad-two-lengths",
              " POST /x HTTP/1.1\r\n" HOST "Content-Length: 0\r\nContent-Length: 30\r\n\r\n"
              "GET /hidden HTTP/1.1\r\n" HOST "\r\n");
    TEXT_SEED("http", "bad-length", " POST /x HTTP/1.1\r\n" HOST "Content-Length: three\r\n\r\nabc");
    TEXT_SEED("http", "bad-two-hosts", " GET /x HTTP/1.1\r\n" HOST HOST "\r\n");
    TEXT_SEED("http", "bad-fold", " GET /x HTTP/1.1\r\n" HOST "X: y\r\n z\r\n\r\n");
    TEXT_SEED("http", "bad-line-feed", " GET /x HTTP/1.1\nHost: a\n\nGET /hidden HTTP/1.1\r\n" HOST "\r\n");
    TEXT_SEED("http", "bad-method", " G@T /x HTTP/1.1\r\n" HOST "\r\n");
    TEXT_SEED("http", "nul-for-cr", " GET /x HTTP/1.1\r\n" HOST "\0\nGET /y HTTP/1.1\r\n" HOST "\r\n");
    TEXT_SEED("http", "nul-line", " \0xyz\r\nGET /x HTTP/1.1\r\n" HOST "\r\n");
}

/* Changes: 0 to values (column, form, value, row), 1 to bytes (where in three bytes, what, whether cut off). */
static void write_store_files(void)
{
    SEED("store_file", "good-whole", 0);
    SEED("store_file", "row-gone", 0, 17, 2, 0, 0, 0, 30, 2, 0, 0, 3);
    SEED("store_file", "longer", 0, 29, 0, 0, 4, 2, 30, 0, 0, 0, 1, 31, 0, 0, 10, 1, 32, 0, 0, 19, 11);
    SEED("store_file", "shorter", 0, 23, 1, 0, 0, 0, 1, 1, 0, 0, 0, 8, 1, 0, 0, 0, 30, 1, 0, 0, 4);
    SEED("store_file", "numbers", 0, 18, 0, 1, 8, 0, 26, 0, 1, 3, 1, 28, 0, 1, 7, 5, 3, 0, 1, 9, 0);
    SEED("store_file", "other-schema", 0, 29, 3, 16, 17, 0, 0, 0, 23, 3, 81, 4, 0, 0, 0);
    SEED("store_file", "bytes", 1, 0, 64, 20, 200, 0, 0, 0, 30, 1, 0, 1, 1, 1, 1, 0);
    SEED("store_file", "cut", 1, 0, 1, 1, 1, 1, 128);
    SEED("store_file", "no-database", 1, 0, 0, 3, 7, 0);
}

/* A request: route, whose token (4: nobody's, then who), circle, other method, other path, query; what is in the
 * body; what is spoiled, other type. */
static void write_apis(void)
{
    SEED("api", "good-look", 1, 0, 0, 0, 0, 15, 0, 0, 13, 1, 0, 0, 0, 15, 0, 0, 15, 2, 0, 0, 0, 15, 0, 0);
    SEED("api", "good-page", 15, 0, 0, 0, 0, 2, 0, 0, '3', 1, 1, '1', '0', 0, 0, 2, 0, 0, 0, 0, 15, 0, 0);
    SEED("api", "good-words", 16, 1, 0, 0, 0, 15, 1, 2, 0, 0, 0, 16, 0, 0, 0, 0, 15, 2, 2, 0, 2, 1, 0, 0);
    SEED("api", "good-dora-comes-in", 5, 4, 3, 0, 0, 0, 15, 0, 0, 2, 0, 0, 9, 4, 3, 0, 0, 0, 15, 0, 0, 0, 16, 4, 0, 0,
         0, 15, 1, 1, 0, 0, 13, 4, 0, 0, 0, 15, 0, 0);
    SEED("api", "good-permit-twice", 5, 4, 3, 0, 0, 0, 15, 0, 0, 0, 0, 0, 5, 4, 3, 0, 0, 0, 15, 0, 0, 0, 0, 0);
    SEED("api", "permit-of-another", 5, 4, 3, 0, 0, 0, 15, 0, 0, 0, 0, 0, 5, 4, 6, 0, 0, 0, 15, 0, 0, 0, 0, 0);
    SEED("api", "closed", 7, 3, 0, 0, 0, 15, 0, 0, 0, 6, 3, 0, 0, 0, 15, 0, 0);
    SEED("api", "good-visit", 18, 4, 3, 0, 0, 0, 15, 0, 0, 0, 0, 15, 4, 0, 0, 0, 15, 0, 0);
    SEED("api", "good-new-circle", 14, 3, 0, 0, 0, 15, 0, 0, 1, 2, 0, 0, 0, 13, 3, 0, 0, 0, 15, 0, 0);
    SEED("api", "good-live", 19, 0, 0, 0, 0, 15, 0, 0, 16, 0, 0, 0, 0, 15, 1, 2, 0, 0, 0);
    SEED("api", "good-creds", 8, 0, 0, 0, 0, 15, 2, 0, 1, 0, 1, 0, 0, 10, 0, 0, 0, 0, 15, 0, 0);
    SEED("api", "good-close", 7, 3, 0, 0, 0, 15, 0, 0, 0);
    SEED("api", "good-four-logins", 9, 4, 0, 0, 0, 0, 15, 0, 0, 0, 9, 5, 0, 0, 0, 0, 15, 0, 0, 0, 9, 6, 0, 0, 0, 0, 15,
         0, 0, 0, 12, 6, 0, 0, 0, 15, 0, 0, 11, 4, 0, 0, 0, 15, 0, 0);
    SEED("api", "good-leave", 16, 1, 0, 0, 0, 15, 1, 3, 0, 5, 0, 0, 0, 16, 0, 0, 0, 0, 15, 1, 3, 0, 1, 0, 0, 0, 0);
    SEED("api", "good-redact", 16, 0, 0, 0, 0, 15, 1, 3, 0, 6, 0, 10, 0, 0, 0);
    SEED("api", "good-repair", 16, 0, 0, 0, 0, 0, 1, 0, 0, 19, 0, 0, 0);
    SEED("api", "former-member", 16, 2, 0, 0, 0, 15, 1, 2, 0, 0, 0, 15, 2, 0, 0, 0, 15, 0, 0, 16, 2, 0, 0, 0, 15, 1, 3,
         0, 6, 0, 11, 0, 0, 0);
    SEED("api", "quota", 16, 0, 0, 0, 0, 15, 5, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 0, 0, 16, 1, 0, 0, 0, 15, 5, 2, 1, 2, 1,
         2, 1, 2, 1, 2, 1, 0, 0, 16, 0, 0, 0, 0, 15, 5, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 0, 0, 16, 1, 0, 0, 0, 15, 5, 2, 1,
         2, 1, 2, 1, 2, 1, 2, 1, 0, 0);
    SEED("api", "spoiled", 16, 0, 0, 0, 0, 15, 1, 2, 0, 1, 0, 0, 9, 7, 0, 9, 4, 0, 0, 0, 0, 15, 0, 2, 1, 1, 3, 'a', 'b',
         'c', 0);
}

/* ---- what a server answers ----------------------------------------------------------------------------- */

static void put_zeros(struct out *o, size_t n)
{
    static const uint8_t zeros[INVITE_CAPSULE_BYTES];
    cbor_put_bytes(o, str_at(zeros, n));
}

/* A map behind the two bytes that choose: of byte strings of these lengths, and of numbers where it says 0. */
static void write_answer(const char *name, uint8_t which, uint8_t more, const size_t *length, size_t n)
{
    struct out o = building();
    out_put_byte(&o, which);
    out_put_byte(&o, more);
    cbor_put_map(&o, n);
    for (size_t i = 0; i < n; i++) {
        cbor_put_uint(&o, i + 1);
        if (length[i] == 0) cbor_put_uint(&o, i == 3 ? 1 : 1000 + i);
        else put_zeros(&o, length[i]);
    }
    write_seed("remote", name, out_str(&o));
}

#define ANSWER(name, which, more, ...)                                                                                 \
    write_answer(name, which, more, ((const size_t[]){__VA_ARGS__}),                                                   \
                 sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t))
#define HEX_32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void write_answers(void)
{
    struct out o = building();
    TEXT_SEED("remote", "good-refusal", "\0\4\xa2\x01\x6ahead_moved\x02\xa1\x01\x05");
    TEXT_SEED("remote", "good-origins", "\0\1\xa2\x01\x6cwrong_origin\x02\xa1\x06\x81\x6fhttps://ana.net");
    TEXT_SEED("remote", "good-field", "\0\0\xa2\x01\x69" "bad_field\x02\xa1\x07\x63sig");
    TEXT_SEED("remote", "bad-status", "\0\0\xa1\x01\x6ahead_moved");
    TEXT_SEED("remote", "bad-clients-own", "\0\5\xa1\x01\x66" "forked");
    TEXT_SEED("remote", "bad-gateway", "\0\x08<html>");
    ANSWER("good-head", 4, 0, 0, 32);
    ANSWER("good-login", 3, 0, 32, 72, 32, 32, 16, 0);
    ANSWER("bad-login", 3, 0, 31, 72, 32, 32, 16, 0);
    ANSWER("good-invite", 5, 0, 32, 0, 32, 0, INVITE_CAPSULE_BYTES);
    ANSWER("good-session", 6, 0, 16, 0, 0, 0);
    ANSWER("good-circle", 7, 0, 32, 0, 0, 32);
    ANSWER("good-challenge", 10, 0, 32, 0);
    out_text(&o, "\x01*");
    out_put(&o, STR("\xa5\x01\x81\x01\x02\x05\x03\xac"));
    for (uint8_t k = 1; k <= 12; k++) {
        out_put_byte(&o, k);
        out_put_byte(&o, k);
    }
    out_put(&o, STR("\x04\x81\x6fhttps://ana.net\x05\x6ctrothd 0.1.0"));
    write_seed("remote", "good-server", out_str(&o));
    o = building();
    out_text(&o, "\x02*");
    cbor_put_map(&o, 4);
    cbor_put_uint(&o, 1);
    put_zeros(&o, 32);
    cbor_put_uint(&o, 2);
    put_zeros(&o, 32);
    out_put(&o, STR("\x03\x01\x04\x81"));
    put_zeros(&o, 16);
    write_seed("remote", "good-account", out_str(&o));
    o = building();
    out_text(&o, "\x08\x02");
    cbor_put_list(&o, 3);
    put_zeros(&o, 5);
    put_zeros(&o, 64);
    put_zeros(&o, 0);
    write_seed("remote", "good-entries", out_str(&o));
    TEXT_SEED("remote", "good-news", "\x09\x04: \nevent: list\r\ndata: 1\r\n\n"
              "event: head\ndata: " HEX_32 " 7 " HEX_32 "\n\n");
    TEXT_SEED("remote", "bad-news", "\x09\x04" "event: head\ndata: " HEX_32 "  " HEX_32 "\n\n");
}

/* ---- calls of the browser's module: which, whose, what (see fuzz/calls.c) --------------------------------- */

static void write_calls(void)
{
    /* status, members, rows of the circle; an owed key; its head */
    write_seed("calls", "good-look", STR("\x1a\x02\x03\x2d\x02\x03\x32\x02\x05\x00\x00\x00\x00\x00\x00\x1d\x02\x03"));
    /* leave, sign what that gave, load it into another copy of the circle */
    write_seed("calls", "good-leave", STR("\x23\x02\x05\x01\x00\x00\x01\x01\x00\x29\x02\x02\x01\x0c\x19\x02\x03"));
    write_seed("calls", "bad-handles", STR("\x1a\x08\x03\x1a\x09\x08\xff\xff\xff\xff\xff\xff\xff\xff\x03\x1a\x01\x03"));
}

int main(int arg_n, char **arg)
{
    if (arg_n != 2) {
        fprintf(stderr, "usage: write-seeds FOLDER\n");
        return EXIT_FAILURE;
    }
    root = arg[1];
    arena_init(&arena, 1 << 26);
    (void)LLVMFuzzerInitialize(&arg_n, &arg);
    write_cbor();
    write_entries();
    write_chains();
    write_payloads();
    write_padded();
    write_rounds();
    write_accounts();
    write_texts();
    write_configs();
    write_practices();
    write_store_files();
    write_http();
    write_apis();
    write_answers();
    write_calls();
    arena_fini(&arena);
    return EXIT_SUCCESS;
}

/* This program makes inputs and takes none. */
void fuzz_open(void)
{
}

void fuzz_one(struct str input)
{
    (void)input;
}
