/* What may be sent and received in which state (RFC 9260 §9.2). */
#ifndef P2CLAW_SCTP_LIFE_PHASES_H
#define P2CLAW_SCTP_LIFE_PHASES_H

#include "sctp/state.h"

/* States in which DATA that waits may still be sent, or sent again (RFC 9260 §9.2). */
static inline bool may_send_data(const struct association *a) {
  return a->state == STATE_ESTABLISHED || a->state == STATE_SHUTDOWN_PENDING ||
         a->state == STATE_SHUTDOWN_RECEIVED;
}
/* States in which the peer may still send DATA. */
static inline bool may_receive_data(const struct association *a) {
  return a->state == STATE_ESTABLISHED || a->state == STATE_SHUTDOWN_PENDING ||
         a->state == STATE_SHUTDOWN_SENT;
}

#endif
