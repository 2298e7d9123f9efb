/* Whether the peer sends faster than it did a moment ago. A peer after Reno opens its window by one
 * packet for each SACK while it starts (RFC 9260 §7.2.1), however much the SACK acknowledges: then
 * SACKs must not be saved. */
#ifndef P2CLAW_SCTP_RECEIVING_GROWTH_H
#define P2CLAW_SCTP_RECEIVING_GROWTH_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes/bounds.h"
#include "usec.h"

#define GROWTH_INTERVAL (100 * MILLISECOND) /* above a round trip of most paths */
#define GROWTH_HOLD (400 * MILLISECOND)     /* so that the rounds of a long path are one growth */
#define GROWTH \
  1.25 /* slow start grows by half or more in a round trip; congestion avoidance less */
#define GROWTH_FADES 0.875 /* what a silent interval leaves: after 2 s a tenth, and all is growth */
/* Bytes of an interval, 20 MB/s, beyond which a SACK a batch is often enough: the window is hundreds
 * of packets then, and a packet sent for every two that came costs more than all that came. */
#define GROWTH_ENOUGH 2e6

struct growth {
  usec began, until;  /* of the present interval; it counts as growing until then */
  double bytes, most; /* in the present interval; in one before it, faded */
};

/* Bytes of user data arrived. The first ever are a growth. */
static inline void growth_arrived(struct growth *growth, size_t bytes, usec now) {
  if (now - growth->began >= GROWTH_INTERVAL) {
    usec passed = min_usec((now - growth->began) / GROWTH_INTERVAL, 100);
    growth->most = max_double(growth->most * GROWTH_FADES, growth->bytes);
    while (--passed) growth->most *= GROWTH_FADES;
    growth->began = now;
    growth->bytes = 0;
  }
  growth->bytes += (double)bytes;
  if (growth->bytes > GROWTH_ENOUGH)
    growth->until = now;
  else if (growth->bytes > growth->most * GROWTH)
    growth->until = now + GROWTH_HOLD;
}

static inline bool growth_lasts(const struct growth *growth, usec now) {
  return now < growth->until;
}

#endif
