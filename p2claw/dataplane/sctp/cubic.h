/* The state of CUBIC (RFC 9438) and of its slow start, HyStart++ (RFC 9406). */
#ifndef P2CLAW_SCTP_CUBIC_H
#define P2CLAW_SCTP_CUBIC_H

#include <math.h>

#include "base.h"

#define CUBIC_BETA 0.7 /* RFC 9438 §4.6 */
#define CUBIC_C 0.4    /* packets/s³, RFC 9438 §5.1 */

struct hystart {
  uint64_t round_end; /* the round ends once what was sent after this many bytes is acknowledged */
  usec last_least, least, css_baseline; /* round trips; NEVER: none */
  uint32_t samples, css_rounds;
  bool in_css;
};

struct cubic {
  double threshold, w_max, w_est, k, prior_window; /* bytes; k in seconds */
  usec epoch; /* 0: begins with the next acknowledgement */
  usec recovery_at, last_ack; /* losses of chunks sent before recovery_at are one event */
  bool after_timeout;
  struct hystart hystart;
};

/* RFC 9438 §4.2: K, the seconds after which a window is back where it was, so many packets higher. */
static inline double cubic_k(double packets) { return cbrt(packets / CUBIC_C); }

#endif
