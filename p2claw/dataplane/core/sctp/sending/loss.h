/* What happens when DATA is lost. */
#ifndef P2CLAW_SCTP_SENDING_LOSS_H
#define P2CLAW_SCTP_SENDING_LOSS_H

#include "sctp/state.h"

void chunk_lost(void *association, struct sent *sent);
void arm_loss_timers(struct association *a, bool restart);
void rto_expired(struct association *a);
void tail_expired(struct association *a);
void reorder_expired(struct association *a);
bool path_failed(struct association *a);
void tail_repeat_sent(struct association *a, const struct sent *before);
void tail_repeat_settles(struct association *a, const struct rate_sample *sample);
void early_data_lost(struct association *a);

#endif
