/* When round trips show that a queue stands on the path: the thresholds of HyStart++ (RFC 9406 §4.2,
 * §4.3), which both controllers go by. */
#ifndef P2CLAW_SCTP_CONGESTION_QUEUEING_H
#define P2CLAW_SCTP_CONGESTION_QUEUEING_H

#include "usec.h"

#define QUEUE_SAMPLES 8 /* N_RTT_SAMPLE: round trips looked at before a verdict */
#define QUEUE_RISE_LEAST (4 * MILLISECOND) /* MIN_RTT_THRESH */
#define QUEUE_RISE_MOST (16 * MILLISECOND) /* MAX_RTT_THRESH */
#define QUEUE_RISE_DIVISOR 8               /* MIN_RTT_DIVISOR */

/* So far above `least` a round trip must be. */
static inline usec queue_rise(usec least) {
  return max_usec(QUEUE_RISE_LEAST, min_usec(least / QUEUE_RISE_DIVISOR, QUEUE_RISE_MOST));
}

#endif
