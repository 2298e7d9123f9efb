/* Messages that are given up (RFC 3758). */
#ifndef P2CLAW_SCTP_SENDING_PARTIAL_H
#define P2CLAW_SCTP_SENDING_PARTIAL_H

#include "sctp/state.h"

bool is_given_up(const struct association *a, const struct sent *sent);
void abandon(struct association *a, struct sent *sent);
void advance_peer_ack_point(struct association *a);
bool write_forward_tsn(struct association *a, struct writer *writer);

#endif
