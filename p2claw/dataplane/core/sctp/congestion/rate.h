/* How fast the path delivers, measured with every acknowledgement
 * (draft-ietf-ccwg-bbr §4.1: delivery rate samples). */
#ifndef P2CLAW_SCTP_CONGESTION_RATE_H
#define P2CLAW_SCTP_CONGESTION_RATE_H

#include "sctp/sending/outstanding.h"
#include "usec.h"

struct rate {
  uint64_t delivered, lost; /* bytes, since the start */
  uint64_t reported_late;   /* of these, the part that earlier SACKs had no room to report */
  uint64_t app_limited;     /* the sender had nothing to send until `delivered` passes this */
  usec delivered_at, first_sent_at;
};

struct rate_sample {
  bool is_valid;
  bool app_limited;
  uint64_t prior_delivered; /* `delivered` when the newest chunk acknowledged was sent */
  uint64_t delivered;       /* bytes in the interval */
  uint64_t lost, reported_late, tx_in_flight;
  usec prior_time, interval, send_elapsed, ack_elapsed, sent_at;
  double bytes_per_s;
};

/* Called before a chunk is sent: notes the present state in it. */
void rate_sent(struct rate *rate, struct sent *sent, uint64_t in_flight_bytes, usec now);
/* A chunk was acknowledged. */
void rate_acked(struct rate *rate, struct rate_sample *sample, const struct sent *sent,
                usec smoothed_rtt, usec now);
/* Called after all chunks of one SACK were marked. */
void rate_finish(struct rate *rate, struct rate_sample *sample, usec least_rtt);

#endif
