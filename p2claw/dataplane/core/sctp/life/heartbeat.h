/* Whether the peer is there. */
#ifndef P2CLAW_SCTP_LIFE_HEARTBEAT_H
#define P2CLAW_SCTP_LIFE_HEARTBEAT_H

#include "sctp/state.h"

void arm_heartbeat(struct association *a);
void heartbeat_expired(struct association *a);
void handle_heartbeat(struct association *a, const struct item *chunk);
void handle_heartbeat_ack(struct association *a, const struct item *chunk);
bool write_heartbeat(struct association *a, struct writer *writer);

#endif
