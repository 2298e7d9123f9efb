/* Spurious losses: chunks that were marked as lost, but were only late. */
#ifndef P2CLAW_SCTP_SENDING_SPURIOUS_H
#define P2CLAW_SCTP_SENDING_SPURIOUS_H

#include "sctp/state.h"

void suspicion_begins(struct association *a, bool is_timeout);
void suspicion_repeated(struct association *a, const struct sent *sent);
void suspicion_acked(struct association *a, const struct sent *sent);
void suspicion_duplicate(struct association *a, uint32_t tsn);
void suspicion_settles(struct association *a);

#endif
