/* What the peer's SACKs report of our DATA (RFC 9260 §6.2.1), passed on to loss detection, delivery
 * rate and congestion control. */
#include "sctp/sending/acknowledging.h"

#include "bytes/bounds.h"
#include "bytes/order.h"
#include "sctp/congestion/rate.h"
#include "sctp/congestion/rtt.h"
#include "sctp/life/phases.h"
#include "sctp/messages/streams.h"
#include "sctp/packet/chunk.h"
#include "sctp/packet/serial.h"
#include "sctp/sending/loss.h"
#include "sctp/sending/outstanding.h"
#include "sctp/sending/partial.h"
#include "sctp/sending/rack.h"
#include "sctp/sending/spurious.h"
#include "sctp/timers.h"
#include "usec.h"

#define REVOKED_AT_ONCE 64 /* TSNs; no stack in use revokes anything while it has memory */

/* What one SACK, or SHUTDOWN, acknowledges. */
struct report {
  struct rate_sample sample;
  uint64_t acked_bytes, prior_in_flight;
  usec rtt, rtt_sent_at;
  bool large_packet_acked, advanced;
};

static void release_from_stream(struct association *a, const struct sent *sent) {
  struct stream *stream = streams_find(&a->streams, sent->message->stream);
  if (stream && stream->queued_bytes >= sent->length) stream->queued_bytes -= sent->length;
}

static void acknowledge_chunk(struct association *a, struct report *report, struct sent *sent) {
  if (sent->state == SENT_ACKED) return;
  if (sent->state != SENT_ABANDONED) {
    rate_acked(&a->rate, &report->sample, sent, a->rtt.smoothed, a->now);
    rack_acked(&a->rack, sent, &a->rtt, a->now);
    report->acked_bytes += sent->length;
    report->large_packet_acked |= sent->in_large_packet;
    if (sent->sent_at >= report->rtt_sent_at) {
      /* The round-trip time is measured with the newest acknowledged chunk alone, and only if it was sent
 * once (Karn's rule). An older one may have arrived long ago and only be reported now. */
      report->rtt = sent->transmissions == 1 ? a->now - sent->sent_at : -1;
      report->rtt_sent_at = sent->sent_at;
    }
    suspicion_acked(a, sent);
    release_from_stream(a, sent);
  }
  outstanding_move(&a->outstanding, sent, SENT_ACKED);
}

static void acknowledge_up_to(struct association *a, struct report *report, uint32_t cumulative) {
  struct outstanding *o = &a->outstanding;
  while (o->count && tsn_le(o->base, cumulative)) {
    acknowledge_chunk(a, report, outstanding_at(o, o->base));
    outstanding_drop_first(o);
    report->advanced = true;
  }
}

static void acknowledge_gaps(struct association *a, struct report *report,
                             const struct sack_chunk *sack) {
  struct outstanding *o = &a->outstanding;
  for (uint32_t i = 0; i < sack->gaps; i++) {
    uint32_t start = get16(sack->gap_blocks + 4 * i), end = get16(sack->gap_blocks + 4 * i + 2);
    /* The TSN after the cumulative one is missing, or it would be in it. */
    if (start < 2 || end < start) continue;
    uint32_t tsn = sack->cumulative + start, last = sack->cumulative + end;
    if (!outstanding_find(o, tsn) || !outstanding_find(o, last)) continue;
    while (tsn_le(tsn = outstanding_skip_acked(o, tsn), last)) {
      acknowledge_chunk(a, report, outstanding_at(o, tsn));
    }
  }
}

/* The peer dropped what it had acknowledged by a gap block: the one TSN that no gap block may name
 * is among those. What is of that kind is sent again (RFC 9260 §6.2.1), the next REVOKED_AT_ONCE
 * of it: a peer that acknowledges all and revokes it in turns could else make each SACK as dear as
 * all that is in flight. */
static void mark_reneged(struct association *a) {
  struct outstanding *o = &a->outstanding;
  if (!o->count || outstanding_at(o, o->base)->state != SENT_ACKED) return;
  uint32_t end = o->base + (uint32_t)min_u64(o->count, REVOKED_AT_ONCE);
  for (uint32_t tsn = o->base; tsn != end; tsn++) {
    struct sent *sent = outstanding_at(o, tsn);
    if (sent->state == SENT_ACKED) outstanding_move(o, sent, SENT_LOST);
  }
}

static void report_to_controller(struct association *a, struct report *report) {
  rate_finish(&a->rate, &report->sample, a->rtt.least);
  if (!report->acked_bytes && !a->lost_now) return;
  uint64_t packet = a->controller.packet_bytes;
  struct ack_event event = {
      .now = a->now,
      .rtt = report->rtt,
      .acked_bytes = report->acked_bytes,
      .lost_bytes = a->lost_now,
      .prior_in_flight = report->prior_in_flight,
      .in_flight = a->outstanding.in_flight_bytes,
      .window_limited =
          a->window_limited || report->prior_in_flight + 2 * packet >= a->controller.window_bytes,
      .sample = &report->sample,
      .rate = &a->rate,
      .path = &a->rtt,
  };
  a->controller.kind->acked(&a->controller, &event);
  a->window_limited = false;
}

static void detect_losses(struct association *a) {
  usec wait =
      rack_detect(&a->rack, &a->outstanding, &a->rtt, a->recovery_at != 0, a->now, chunk_lost, a);
  if (wait == NEVER)
    disarm(a, TIMER_REORDER);
  else
    arm(a, TIMER_REORDER, a->now + wait);
}

static void finish_report(struct association *a, struct report *report) {
  if (report->rtt >= 0) rtt_measured(&a->rtt, report->rtt);
  if (report->acked_bytes) {
    a->rtt.backoff = 0;
    if (a->tail_probe_out &&
        (!a->outstanding.count || tsn_le(a->tail_probe_end, a->rack.highest_acked + 1)))
      a->tail_probe_out = false;
    if (a->recovery_at && a->rack.sent_at > a->recovery_at) {
      a->recovery_at = 0;
      rack_recovered(&a->rack);
    }
  }
  if (report->large_packet_acked) pmtu_large_acked(&a->pmtu);
  suspicion_settles(a);
  tail_repeat_settles(a, &report->sample);
  detect_losses(a);
  advance_peer_ack_point(a);
  report_to_controller(a, report);
  a->lost_now = 0;
  arm_loss_timers(a, report->advanced || report->acked_bytes);
}

static struct report begin_report(const struct association *a) {
  return (struct report){.rtt = -1, .prior_in_flight = a->outstanding.in_flight_bytes};
}

/* A SHUTDOWN acknowledges too (RFC 9260 §9.2). */
void acknowledge_cumulative(struct association *a, uint32_t cumulative) {
  struct report report = begin_report(a);
  if (!tsn_lt(cumulative, outstanding_end(&a->outstanding))) return;
  acknowledge_up_to(a, &report, cumulative);
  finish_report(a, &report);
}

static void note_duplicate(struct association *a, uint32_t tsn) {
  rack_duplicate(&a->rack, a->now);
  if (a->tail_repeat_out && tsn == a->tail_repeat.tsn)
    a->tail_repeat_out = false; /* it repaired nothing */
  else
    suspicion_duplicate(a, tsn);
}

void handle_sack(struct association *a, const struct item *chunk) {
  struct sack_chunk sack;
  if (!sack_read(chunk, &sack)) {
    a->stats.malformed++;
    return;
  }
  if (!may_send_data(a)) return;
  uint32_t end = outstanding_end(&a->outstanding);
  if (tsn_lt(sack.cumulative + 1, a->outstanding.base)) return; /* overtaken by a later one */
  if (!tsn_lt(sack.cumulative, end)) {                          /* of what was never sent */
    a->stats.malformed++;
    return;
  }
  struct report report = begin_report(a);
  a->errors = 0;
  a->peer_window_bytes = sack.window_bytes;
  acknowledge_up_to(a, &report, sack.cumulative);
  mark_reneged(a);
  rack_ranges(&a->rack, sack.gaps);
  acknowledge_gaps(a, &report, &sack);
  for (uint32_t i = 0; i < sack.duplicates; i++)
    note_duplicate(a, get32(sack.duplicate_tsns + 4 * (size_t)i));
  finish_report(a, &report);
}
