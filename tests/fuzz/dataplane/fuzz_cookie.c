/* Cookies that were not sealed by us, and those that were, changed by a bit. */
#include <stdlib.h>

#include "sctp/packet/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t key[SHA256_BYTES] = {1, 2, 3};
  struct cookie cookie = {.created = 5, .local_tag = 1, .peer_tag = 2};
  usec stale_for;
  if (cookie_open(data, size, key, 10, &cookie, &stale_for) != COOKIE_FORGED) abort();
  uint8_t sealed[COOKIE_BYTES];
  cookie_seal(&(struct cookie){.created = 5, .local_tag = 1, .peer_tag = 2}, key, sealed);
  if (cookie_open(sealed, sizeof sealed, key, 10, &cookie, &stale_for) != COOKIE_GOOD) abort();
  if (size >= 2) {
    sealed[data[0] % COOKIE_BYTES] ^= (uint8_t)(1u << data[1] % 8);
    if (cookie_open(sealed, sizeof sealed, key, 10, &cookie, &stale_for) != COOKIE_FORGED) abort();
  }
  return 0;
}
