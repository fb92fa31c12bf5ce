/* api_body.h -- the bodies of requests as a person's device would make them, with what the input wants
 * otherwise in them.
 */
#ifndef KIT_API_BODY_H
#define KIT_API_BODY_H

#include "kit/api_world.h"

/* api_body_... -- the body, in the arena. who: whose keys sign. */
struct str api_body_register(struct api_world *w, struct arena *a, size_t who, struct fuzz_in *in) NONNULL;
struct str api_body_login(struct api_world *w, struct arena *a, size_t who, struct fuzz_in *in) NONNULL;
struct str api_body_creds(struct api_world *w, struct arena *a, size_t who, struct fuzz_in *in) NONNULL;
struct str api_body_close(struct api_world *w, struct arena *a, size_t who, struct fuzz_in *in) NONNULL;
struct str api_body_open(struct api_world *w, struct arena *a, size_t who, struct fuzz_in *in) NONNULL;

/* api_body_entries -- a batch that goes on from where the circle is; a circle that is not there begins. */
struct str api_body_entries(struct api_world *w, struct arena *a, const uint8_t circle[static HASH_BYTES], size_t who,
                            struct fuzz_in *in) NONNULL;

/* api_body_spoil -- the body as it is, in most cases; or with bytes changed, cut off or added, or a key dropped,
 * added or with another value. */
struct str api_body_spoil(struct arena *a, struct str body, struct fuzz_in *in) NONNULL;

#endif
