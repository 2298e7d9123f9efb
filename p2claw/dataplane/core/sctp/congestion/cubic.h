/* The state of CUBIC (RFC 9438) and of its slow start, HyStart++ (RFC 9406). */
#ifndef P2CLAW_SCTP_CONGESTION_CUBIC_H
#define P2CLAW_SCTP_CONGESTION_CUBIC_H

#include <stdbool.h>
#include <stdint.h>

#include "usec.h"

struct hystart {
  uint64_t round_end; /* the round ends once what was sent after this many bytes is acknowledged */
  usec last_least, least, css_baseline; /* round trips; NEVER: none */
  uint32_t samples, css_rounds;
  bool in_css;
};

struct cubic {
  double threshold, w_max, w_est, prior_window; /* bytes */
  seconds k;                                    /* until the window is at w_max again */
  usec epoch;                                   /* 0: begins with the next acknowledgement */
  usec recovery_at, last_ack; /* losses of chunks sent before recovery_at are one event */
  bool after_timeout;
  struct hystart hystart;
};

#endif
