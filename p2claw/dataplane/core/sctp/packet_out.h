/* Packets that leave. */
#ifndef P2CLAW_SCTP_PACKET_OUT_H
#define P2CLAW_SCTP_PACKET_OUT_H

#include "sctp/state.h"

/* Writes one packet of the burst under way and returns its bytes; 0: there is nothing to send now. */
size_t put_packet(struct association *a, uint8_t *packet, size_t capacity);

#endif
