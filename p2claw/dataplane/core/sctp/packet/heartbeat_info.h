/* What a HEARTBEAT carries and its reply brings back (RFC 9260 §3.3.5). */
#ifndef P2CLAW_SCTP_PACKET_HEARTBEAT_INFO_H
#define P2CLAW_SCTP_PACKET_HEARTBEAT_INFO_H

#include "sctp/constants.h"
#include "sctp/packet/chunk.h"
#include "usec.h"

#define HEARTBEAT_VALUE_BYTES (CHUNK_HEADER_BYTES + 16) /* the parameter with its header */

struct heartbeat_info {
  uint64_t sent_at; /* microseconds; any number in a reply: the peer wrote it */
  uint32_t nonce;
  uint32_t probe_bytes; /* of a probe for the path MTU; 0: none */
};

/* Writes HEARTBEAT_VALUE_BYTES. */
void heartbeat_info_write(uint8_t *at, const struct heartbeat_info *info);
/* False if the chunk holds none that we could have written. */
bool heartbeat_info_read(const struct item *chunk, struct heartbeat_info *info);
/* Not secret, but not the last one again: an old reply is not mistaken for a new one. */
uint32_t heartbeat_nonce(uint32_t previous, usec now);

#endif
