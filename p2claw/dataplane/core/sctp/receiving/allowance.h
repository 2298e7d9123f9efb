/* How much a peer may have in flight whose SCTP learns of no loss: this side decides, by what arrives
 * and how long a round trip takes, and states it as its receive window. */
#ifndef P2CLAW_SCTP_RECEIVING_ALLOWANCE_H
#define P2CLAW_SCTP_RECEIVING_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "usec.h"

struct allowance {
  bool is_starting;    /* the rate has grown by a quarter in one of the last rounds */
  uint8_t flat;        /* rounds in which it has not */
  uint8_t draining;    /* rounds for which the window stays below what the path holds */
  uint8_t standing;    /* rounds in which a longer queue stood than this window leaves by itself */
  usec doubted_until;  /* the highest rate counts for nothing until then; 0: it is not doubted */
  usec doubted_at;     /* when it last was in vain; 0: never */
  usec began, sampled; /* of the present round; the round-trip time that was read last */
  uint64_t bytes;      /* that came in the present round */
  uint64_t chunks, lost; /* the same: that came, and that did not come in their turn */
  usec round_rtt;        /* the least of the present round; NEVER: none was measured */
  usec least, least_at;  /* of the path, and when it was seen last */
  usec unsure_until;     /* it counts for a round */
  double rates[2];       /* the highest of two periods, bytes per second; [1]: the present one */
  double recent[2];      /* of the last two rounds */
  double full;           /* the rate that has to grow */
  usec period_at;
  double bound;  /* after losses in a queue; INFINITY: none */
  double window; /* what the peer may have in flight */
};

void allowance_start(struct allowance *w, usec now);
/* The window stays, until the new path is known. */
void allowance_path_changed(struct allowance *w, usec now);
/* So many bytes came. */
void allowance_arrived(struct allowance *w, uint64_t bytes, usec smoothed);
/* A chunk came. Of those before it so many did not come yet; below 0: it is one of those. */
void allowance_skipped(struct allowance *w, int32_t chunks);
/* True at the end of a round: then a round trip has to be measured. rtt: the newest one. */
bool allowance_round(struct allowance *w, usec rtt, usec smoothed, usec now);

#endif
