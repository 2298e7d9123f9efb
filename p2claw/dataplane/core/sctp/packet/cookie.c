/* Seals and opens the state cookie with HMAC-SHA256 (RFC 9260 §5.1.3, §5.1.5). */
#include "sctp/packet/cookie.h"

#include "bytes/order.h"
#include "bytes/same.h"
#include "bytes/sha256.h"
#include "sctp/constants.h"
#include "usec.h"

#define SEALED_BYTES (COOKIE_BYTES - SHA256_BYTES)

enum { KNOWS_FORWARD_TSN = 1, KNOWS_RECONFIG = 2, KNOWS_ZERO_CHECKSUM = 4 };

void cookie_seal(const struct cookie *cookie, const uint8_t key[SHA256_BYTES],
                 uint8_t sealed[COOKIE_BYTES]) {
  put64(sealed, (uint64_t)cookie->created);
  put32(sealed + 8, cookie->local_tag);
  put32(sealed + 12, cookie->peer_tag);
  put32(sealed + 16, cookie->local_tsn);
  put32(sealed + 20, cookie->peer_tsn);
  put32(sealed + 24, cookie->peer_window_bytes);
  put32(sealed + 28, cookie->tie_local);
  put32(sealed + 32, cookie->tie_peer);
  put16(sealed + 36, cookie->out_streams);
  put16(sealed + 38, cookie->in_streams);
  put32(sealed + 40, (cookie->forward_tsn ? KNOWS_FORWARD_TSN : 0u) |
                         (cookie->reconfig ? KNOWS_RECONFIG : 0u) |
                         (cookie->zero_checksum ? KNOWS_ZERO_CHECKSUM : 0u));
  hmac_sha256(key, sealed, SEALED_BYTES, sealed + SEALED_BYTES);
}

enum cookie_verdict cookie_open(const uint8_t *sealed, size_t length,
                                const uint8_t key[SHA256_BYTES], usec now, struct cookie *cookie,
                                usec *stale_for) {
  uint8_t mac[SHA256_BYTES];
  if (length != COOKIE_BYTES) return COOKIE_FORGED;
  hmac_sha256(key, sealed, SEALED_BYTES, mac);
  if (!same_bytes(mac, sealed + SEALED_BYTES, SHA256_BYTES)) return COOKIE_FORGED;
  cookie->created = (usec)get64(sealed);
  cookie->local_tag = get32(sealed + 8);
  cookie->peer_tag = get32(sealed + 12);
  cookie->local_tsn = get32(sealed + 16);
  cookie->peer_tsn = get32(sealed + 20);
  cookie->peer_window_bytes = get32(sealed + 24);
  cookie->tie_local = get32(sealed + 28);
  cookie->tie_peer = get32(sealed + 32);
  cookie->out_streams = get16(sealed + 36);
  cookie->in_streams = get16(sealed + 38);
  uint32_t flags = get32(sealed + 40);
  cookie->forward_tsn = (flags & KNOWS_FORWARD_TSN) != 0;
  cookie->reconfig = (flags & KNOWS_RECONFIG) != 0;
  cookie->zero_checksum = (flags & KNOWS_ZERO_CHECKSUM) != 0;
  *stale_for = now - cookie->created - COOKIE_LIFETIME;
  return *stale_for > 0 || cookie->created > now ? COOKIE_STALE : COOKIE_GOOD;
}
