/* How large packets may be: the search upwards from a size that always fits, and the fall back when
 * large packets begin to vanish (RFC 8899). Sending the probes is path.c's. */
#ifndef P2CLAW_SCTP_SENDING_PMTU_H
#define P2CLAW_SCTP_SENDING_PMTU_H

#include <stdbool.h>
#include <stdint.h>

#include "sctp/constants.h"
#include "usec.h"

#define PROBE_TRIES 3              /* RFC 8899 §5.1.2 MAX_PROBES */
#define PROBE_TIMER SECOND         /* RFC 8899 §5.1.1: not below 1 s */
#define RAISE_TIMER (600 * SECOND) /* RFC 8899 §5.1.1 PMTU_RAISE_TIMER */
#define BLACK_HOLE_TIMEOUTS 2      /* without a large packet acknowledged: RFC 8899 §4.3 */

struct pmtu {
  uint16_t packet_bytes;  /* what may be sent */
  uint16_t largest_bytes; /* what the caller allows */
  uint16_t probing_bytes; /* of the probe under way; 0: none */
  uint8_t candidate, tries, timeouts;
  bool has_searched;
};

void pmtu_start(struct pmtu *pmtu, uint16_t largest_bytes);
/* A probe may go now: its size, or 0 where the search has ended. */
uint16_t pmtu_next_probe(struct pmtu *pmtu);
/* The probe under way was acknowledged: true if packets may be larger now. */
bool pmtu_acked(struct pmtu *pmtu);
/* A timeout happened; true if packets became smaller. */
bool pmtu_timed_out(struct pmtu *pmtu);

#endif
