/* fetch_why.h -- what libcurl says of a transfer, in our words. For fetch.c alone. */
#ifndef CLIENT_FETCH_WHY_H
#define CLIENT_FETCH_WHY_H

#include <curl/curl.h>

#include "base/err.h"

/* fetch_why -- the error, and one more sentence for a person; both static. libcurl's own texts are not
 * passed on: they may hold addresses and what a server put there. */
enum err fetch_why(CURLcode code, const char **text) NONNULL;

#endif
