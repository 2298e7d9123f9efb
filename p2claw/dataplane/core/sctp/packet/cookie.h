/* The state cookie: what an INIT and its INIT-ACK agreed on, kept by the peer, sealed by us.
 * Nothing is remembered of an INIT until its cookie comes back (RFC 9260 §5.1.3). */
#ifndef P2CLAW_SCTP_PACKET_COOKIE_H
#define P2CLAW_SCTP_PACKET_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes/sha256.h"
#include "usec.h"

/* created 8, seven numbers of 4, streams 2 × 2, flags 4, MAC 32 */
#define COOKIE_BYTES (8 + 7 * 4 + 2 * 2 + 4 + SHA256_BYTES)

struct cookie {
  usec created;
  uint32_t local_tag, peer_tag, local_tsn, peer_tsn, peer_window_bytes;
  uint32_t tie_local, tie_peer; /* the tags of an association that already was; or 0 */
  uint16_t out_streams, in_streams;
  bool forward_tsn, reconfig, zero_checksum; /* that the peer announced */
};

enum cookie_verdict { COOKIE_GOOD, COOKIE_FORGED, COOKIE_STALE };

void cookie_seal(const struct cookie *cookie, const uint8_t key[SHA256_BYTES],
                 uint8_t sealed[COOKIE_BYTES]);

/* stale_for: by how long it is too old, where that is the verdict. */
enum cookie_verdict cookie_open(const uint8_t *sealed, size_t length,
                                const uint8_t key[SHA256_BYTES], usec now, struct cookie *cookie,
                                usec *stale_for);

#endif
