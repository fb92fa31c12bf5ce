/* origin.c -- see origin.h. */
#include "server/origin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void origin_set(struct origin *origin, struct str text)
{
    EXPECT(text.len <= ACCOUNT_ORIGIN_BYTES); /* config_init takes no longer ones */
    memset(origin->text, 0, sizeof origin->text);
    memcpy(origin->text, text.at, text.len);
    account_origin(origin->hash, text);
}

size_t origins_of(const struct config *config, unsigned port, struct origin origin[static ORIGINS])
{
    static const char *const host[] = {"localhost", "127.0.0.1"};
    const struct config_list *set = &config->origin;
    bool is_tls = config->tls_cert != NULL;
    for (size_t i = 0; i < set->n; i++) origin_set(&origin[i], str_of_text(set->at[i]));
    if (set->n > 0) return set->n;
    for (size_t i = 0; i < 2; i++) {
        uint8_t memory[64];
        struct out text = OUT_OVER(memory);
        out_text(&text, is_tls ? "https://" : "http://");
        out_text(&text, host[i]);
        if (port != (is_tls ? 443u : 80u)) { /* the usual port is left out, as browsers do */
            out_put_byte(&text, ':');
            out_put_decimal(&text, port);
        }
        origin_set(&origin[i], out_str(&text));
    }
    return 2;
}

unsigned origin_port(const struct config *config)
{
    const char *colon = strrchr(config->listen, ':');
    return colon == NULL ? 0 : (unsigned)strtoul(colon + 1, NULL, 10);
}
