/* What happens when DATA is lost: marking, the retransmission timeout (RFC 9260 §6.3.3) and the
 * tail loss probe (RFC 8985 §7). Which chunks are lost is found by rack.c. */
#include "sctp/sending/loss.h"

#include "bytes/bounds.h"
#include "sctp/congestion/rtt.h"
#include "sctp/life/closing.h"
#include "sctp/packet/serial.h"
#include "sctp/sending/outstanding.h"
#include "sctp/sending/partial.h"
#include "sctp/sending/probes.h"
#include "sctp/sending/rack.h"
#include "sctp/sending/spurious.h"
#include "sctp/timers.h"
#include "usec.h"

/* rack.c calls this for each chunk that it moves to the list `lost`. */
void chunk_lost(void *association, struct sent *sent) {
  struct association *a = association;
  a->rate.lost += sent->length;
  a->lost_now += sent->length;
  a->stats.lost_chunks++;
  if (!a->recovery_at) {
    a->recovery_at = a->now;
    suspicion_begins(a, false);
  }
  if (sent->tsn == a->tail_repeat.tsn) a->tail_repeat_out = false;
  large_packet_lost(a, sent);
  struct loss_event event = {.now = a->now, .sent = sent, .rate = &a->rate};
  a->controller.kind->lost(&a->controller, &event);
  if (is_given_up(a, sent)) abandon(a, sent);
}

/* Counts a timeout. True after too many in a row: the association is closed (RFC 9260 §8.1). */
bool path_failed(struct association *a) {
  if (++a->errors <= ASSOCIATION_TRIES) return false;
  give_up(a, "the peer does not respond");
  return true;
}

static bool awaits_acknowledgement(const struct association *a) {
  const struct outstanding *o = &a->outstanding;
  return outstanding_in_flight(o) || o->lost.count || o->unreported.count ||
         (o->count && tsn_le(o->base, a->peer_ack_point));
}

/* How long to wait for a SACK before the tail probe is sent (RFC 8985 §7.2). The RFC adds the time by
 * which a peer may delay a SACK. We ask for a SACK at once with the last chunk of a flight
 * (DATA_IMMEDIATE), so for larger flights nothing is added. A flight of one packet still gets
 * SACK_DELAY, because some peers do not do what DATA_IMMEDIATE asks, and others wait for a moment, so
 * that the SACK goes with a reply (receiving/company.h). */
static usec tail_wait(const struct association *a) {
  bool is_one_packet = outstanding_in_flight(&a->outstanding) == 1 ||
                       a->outstanding.in_flight_bytes <= a->pmtu.packet_bytes;
  return 2 * a->rtt.smoothed + (is_one_packet ? SACK_DELAY : MILLISECOND);
}

void arm_loss_timers(struct association *a, bool restart) {
  if (!awaits_acknowledgement(a)) {
    disarm(a, TIMER_RTO);
    disarm(a, TIMER_TAIL);
    disarm(a, TIMER_REORDER);
    a->tail_probe_due = false;
    return;
  }
  if (restart || !is_armed(a, TIMER_RTO)) arm(a, TIMER_RTO, a->now + rtt_timeout(&a->rtt));
  bool may_probe = outstanding_in_flight(&a->outstanding) && !a->outstanding.lost.count &&
                   a->rtt.smoothed && !a->rtt.backoff && !a->tail_probe_out && !a->tail_probe_due;
  usec probe_at = a->now + tail_wait(a);
  if (may_probe && probe_at < a->deadlines[TIMER_RTO])
    arm(a, TIMER_TAIL, probe_at);
  else
    disarm(a, TIMER_TAIL);
}

void tail_expired(struct association *a) {
  disarm(a, TIMER_TAIL);
  if (outstanding_in_flight(&a->outstanding)) a->tail_probe_due = true;
}

/* The tail probe that was just sent is a chunk that had been sent before. `before` is what was noted
 * about it then. */
void tail_repeat_sent(struct association *a, const struct sent *before) {
  a->tail_repeat = *before;
  a->tail_repeat_at = a->now;
  a->tail_repeat_out = true;
}

/* A tail probe can repair a loss that nothing else finds: if the probe was the only chunk lost, then
 * the peer acknowledges everything, and the controller would never learn of the loss. It is a loss if
 * the peer has acknowledged the chunk and something sent after the probe, and has not reported the
 * chunk as a duplicate (RFC 8985 §7.4.2). Then the controller is informed here. */
void tail_repeat_settles(struct association *a, const struct rate_sample *sample) {
  if (!a->tail_repeat_out || !sample->is_valid || sample->sent_at <= a->tail_repeat_at) return;
  const struct sent *still = outstanding_find(&a->outstanding, a->tail_repeat.tsn);
  a->tail_repeat_out = false;
  if (still && still->state != SENT_ACKED) return; /* it was lost again, or given up */
  a->rate.lost += a->tail_repeat.length;
  a->lost_now += a->tail_repeat.length;
  a->stats.lost_chunks++;
  struct loss_event event = {.now = a->now, .sent = &a->tail_repeat, .rate = &a->rate};
  a->controller.kind->lost(&a->controller, &event);
}

void reorder_expired(struct association *a) {
  disarm(a, TIMER_REORDER);
  usec wait =
      rack_detect(&a->rack, &a->outstanding, &a->rtt, a->recovery_at != 0, a->now, chunk_lost, a);
  if (wait != NEVER) arm(a, TIMER_REORDER, a->now + wait);
  advance_peer_ack_point(a);
  a->lost_now = 0;
  arm_loss_timers(a, false);
}

/* Marks every chunk in flight as lost that was sent no later than `until`. At least the oldest one is
 * marked, so that a timeout always leads to something being sent again. */
static void lose_flight(struct association *a, usec until) {
  struct outstanding *o = &a->outstanding;
  struct sent_list *lists[] = {&o->first, &o->again, &o->unreported};
  bool is_first = true;
  for (int i = 0; i < 3; i++) {
    while (lists[i]->count) {
      struct sent *oldest = outstanding_at(o, lists[i]->head);
      if (!is_first && oldest->sent_at > until) break;
      is_first = false;
      outstanding_move(o, oldest, SENT_LOST);
      a->rate.lost += oldest->length;
      a->stats.lost_chunks++;
      if (is_given_up(a, oldest)) abandon(a, oldest);
    }
  }
}

/* A COOKIE-ECHO was lost or rejected. The DATA in the same packet is sent again with the next one. */
void early_data_lost(struct association *a) {
  if (!outstanding_in_flight(&a->outstanding)) return;
  lose_flight(a, a->now);
  advance_peer_ack_point(a);
}

/* At a timeout, chunks sent before this time are marked as lost. Those sent later have had less than a
 * round trip, so their SACK may still be on its way (RFC 8985 §6.3). */
static usec round_trip_ago(const struct association *a) {
  return a->now - max_usec(a->rtt.smoothed + a->rtt.variance, MILLISECOND);
}

void rto_expired(struct association *a) {
  disarm(a, TIMER_RTO);
  if (!awaits_acknowledgement(a)) return;
  a->stats.timeouts++;
  if (path_failed(a)) return;
  bool was_in_flight = outstanding_in_flight(&a->outstanding) != 0;
  if (!a->rtt.backoff) suspicion_begins(a, true);
  lose_flight(a, round_trip_ago(a));
  advance_peer_ack_point(a);
  a->forward_tsn_due = tsn_le(a->outstanding.base, a->peer_ack_point);
  a->tail_probe_due = a->tail_probe_out = a->tail_repeat_out = false;
  a->recovery_at = a->now;
  a->rtt.backoff++;
  if (was_in_flight)
    a->controller.kind->timed_out(&a->controller, a->outstanding.in_flight_bytes, a->now);
  large_packets_vanish(a);
  a->pacer.credit_bytes = max_double(a->pacer.credit_bytes, 0);
  arm_loss_timers(a, true);
}
