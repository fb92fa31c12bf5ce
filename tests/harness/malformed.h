/* malformed.h -- what every request with a CBOR map must refuse, tried one by one on a good body. For cmocka. */
#ifndef HARNESS_MALFORMED_H
#define HARNESS_MALFORMED_H

#include "harness/expect.h"

/* malformed_expect -- sends the body broken in every way that has nothing to do with its meaning, and expects
 * 400 bad_cbor or bad_field each time: empty, cut, with a byte behind it, no map, a map that is no subset, each
 * key missing, of another type, or too many.
 *
 * Takes    body    a good one: one map whose keys are all needed
 *          judged  keys that are looked at only behind the signature that covers them, as CBOR_KEY bits: with
 *                  another value there the signature is what does not fit
 */
void malformed_expect(struct api *api, const char *method, const char *path, struct str body, uint32_t judged) NONNULL;

#endif
