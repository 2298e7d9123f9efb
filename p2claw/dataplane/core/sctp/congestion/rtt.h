/* Round-trip time, and the retransmission timeout made from it (RFC 9260 §6.3.1). */
#ifndef P2CLAW_SCTP_CONGESTION_RTT_H
#define P2CLAW_SCTP_CONGESTION_RTT_H

#include <string.h>

#include "sctp/constants.h"
#include "usec.h"

struct rtt {
  usec smoothed, variance, latest, least; /* smoothed 0: not measured yet */
  usec timeout;                           /* without backoff */
  uint32_t backoff;                       /* doublings since the last acknowledgement */
};

static inline void rtt_start(struct rtt *rtt) {
  memset(rtt, 0, sizeof *rtt);
  rtt->timeout = RTO_INITIAL;
  rtt->least = NEVER;
}

static inline void rtt_measured(struct rtt *rtt, usec sample) {
  if (sample < 1) sample = 1;
  rtt->latest = sample;
  rtt->least = min_usec(rtt->least, sample);
  if (!rtt->smoothed) {
    rtt->smoothed = sample;
    rtt->variance = sample / 2;
  } else { /* alpha 1/8, beta 1/4 (RFC 9260 §16) */
    usec error = rtt->smoothed > sample ? rtt->smoothed - sample : sample - rtt->smoothed;
    rtt->variance += (error - rtt->variance) / 4;
    rtt->smoothed += (sample - rtt->smoothed) / 8;
  }
  rtt->timeout = min_usec(
      max_usec(rtt->smoothed + 4 * max_usec(rtt->variance, MILLISECOND), RTO_MIN), RTO_MAX);
}

static inline usec rtt_timeout(const struct rtt *rtt) {
  usec timeout = rtt->timeout;
  for (uint32_t i = 0; i < rtt->backoff && timeout < RTO_MAX; i++) timeout *= 2;
  return min_usec(timeout, RTO_MAX);
}

#endif
