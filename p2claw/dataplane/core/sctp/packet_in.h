/* Packets that arrive. */
#ifndef P2CLAW_SCTP_PACKET_IN_H
#define P2CLAW_SCTP_PACKET_IN_H

#include "sctp/state.h"

/* Checksum and tag are looked at first; what is not right is counted and dropped. */
void read_packet(struct association *a, const uint8_t *packet, size_t length);

#endif
