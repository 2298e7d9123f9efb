/* Delivery rate samples: the lower of the send rate and the acknowledgement rate over the flight
 * of the newest chunk acknowledged (draft-ietf-ccwg-bbr §4.1.2). */
#include "sctp/congestion/rate.h"

#include "usec.h"

#define LATE_ROUNDS 2 /* a flight was sent in one round trip and acknowledged in the next */

void rate_sent(struct rate *rate, struct sent *sent, uint64_t in_flight_bytes, usec now) {
  if (in_flight_bytes == 0) rate->first_sent_at = rate->delivered_at = now;
  sent->first_sent_at = rate->first_sent_at;
  sent->delivered_at = rate->delivered_at;
  sent->delivered = rate->delivered;
  sent->lost = rate->lost;
  sent->reported_late = rate->reported_late;
  sent->app_limited = rate->app_limited != 0;
  sent->tx_in_flight = in_flight_bytes + sent->length;
}

void rate_acked(struct rate *rate, struct rate_sample *sample, const struct sent *sent,
                usec smoothed_rtt, usec now) {
  rate->delivered += sent->length;
  if (sent->state == SENT_UNREPORTED && now - sent->sent_at > LATE_ROUNDS * smoothed_rtt)
    rate->reported_late += sent->length;
  rate->delivered_at = now;
  bool is_newer = sent->delivered > sample->prior_delivered ||
                  (sent->delivered == sample->prior_delivered && sent->sent_at > sample->sent_at);
  if (sample->is_valid && !is_newer) return;
  sample->is_valid = true;
  sample->prior_delivered = sent->delivered;
  sample->prior_time = sent->delivered_at;
  sample->app_limited = sent->app_limited;
  sample->tx_in_flight = sent->tx_in_flight;
  sample->lost = sent->lost;
  sample->reported_late = sent->reported_late;
  sample->sent_at = sent->sent_at;
  sample->send_elapsed = sent->sent_at - sent->first_sent_at;
  sample->ack_elapsed = now - sent->delivered_at;
  rate->first_sent_at = sent->sent_at;
}

void rate_finish(struct rate *rate, struct rate_sample *sample, usec least_rtt) {
  if (rate->app_limited && rate->delivered > rate->app_limited) rate->app_limited = 0;
  if (!sample->is_valid) return;
  sample->interval = max_usec(sample->send_elapsed, sample->ack_elapsed);
  sample->delivered = rate->delivered - sample->prior_delivered;
  sample->lost = rate->lost - sample->lost;
  /* An interval below the least round trip is an artefact of compressed acknowledgements. */
  if (sample->interval < least_rtt || sample->interval <= 0) return;
  /* Chunks that a SACK reports late have arrived earlier. If they counted now, the rate would be higher
   * than the path's. */
  uint64_t timely = sample->delivered - (rate->reported_late - sample->reported_late);
  sample->bytes_per_s = (double)timely * (double)SECOND / (double)sample->interval;
}
