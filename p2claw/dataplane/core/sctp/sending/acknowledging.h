/* What the peer's SACKs report of our DATA. */
#ifndef P2CLAW_SCTP_SENDING_ACKNOWLEDGING_H
#define P2CLAW_SCTP_SENDING_ACKNOWLEDGING_H

#include "sctp/state.h"

void handle_sack(struct association *a, const struct item *chunk);
void acknowledge_cumulative(struct association *a, uint32_t cumulative);

#endif
