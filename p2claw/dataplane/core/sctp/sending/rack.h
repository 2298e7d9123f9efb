/* Finds losses by time (RFC 8985): a chunk is lost if another one was acknowledged that was sent well
 * after it. It does not matter whether either was sent for the first time or again. Tail probes and
 * timeouts are in loss.c. */
#ifndef P2CLAW_SCTP_SENDING_RACK_H
#define P2CLAW_SCTP_SENDING_RACK_H

#include "sctp/congestion/rtt.h"
#include "sctp/sending/outstanding.h"
#include "usec.h"

struct rack {
  usec sent_at; /* of the newest chunk acknowledged; 0: none */
  uint32_t tsn;
  usec rtt;
  uint32_t highest_acked; /* the highest TSN acknowledged ("fack") */
  bool has_highest, reordering_seen;
  bool is_cut_off;            /* the last SACK had so many ranges that there may be more */
  uint32_t most_ranges;       /* that a SACK of this peer ever had */
  uint32_t window_multiplier; /* quarters of the least round trip (RFC 8985 §6.2 step 4) */
  uint32_t window_persist;    /* loss recoveries until it shrinks again */
  usec duplicates_round;      /* chunks sent before belong to the round already counted */
};

void rack_start(struct rack *rack);
/* A chunk was acknowledged (RFC 8985 §6.2 steps 1 to 3). */
void rack_acked(struct rack *rack, const struct sent *sent, const struct rtt *rtt, usec now);
/* Forgets what it learned from chunks sent after this one: their acknowledgements were for earlier
 * transmissions. */
void rack_forget(struct rack *rack, const struct sent *oldest, usec now);
/* A SACK had this many ranges. */
void rack_ranges(struct rack *rack, uint32_t ranges);
/* The peer received something twice: our retransmission was hasty (RFC 8985 §6.2 step 4). */
void rack_duplicate(struct rack *rack, usec now);
/* A loss recovery ended. */
void rack_recovered(struct rack *rack);
/* Moves what is lost to the list `lost`, calling on_lost for each; returns how long until the next
 * chunk would be, or NEVER. */
usec rack_detect(struct rack *rack, struct outstanding *o, const struct rtt *rtt, bool in_recovery,
                 usec now, void (*on_lost)(void *context, struct sent *sent), void *context);

#endif
