/* Stream reset (RFC 6525): how channels close. */
#ifndef P2CLAW_SCTP_CHANNELS_RECONFIG_H
#define P2CLAW_SCTP_CHANNELS_RECONFIG_H

#include "sctp/state.h"

/* Something may have moved: TSNs or a response arrived, or queues drained. */
void reconfig_progress(struct association *a);
void reconfig_timed_out(struct association *a);
void handle_reconfig(struct association *a, const struct item *chunk);
bool write_reconfig(struct association *a, struct writer *writer);

#endif
