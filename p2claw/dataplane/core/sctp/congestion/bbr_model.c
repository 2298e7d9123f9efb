/* BBR's model of the path: bandwidth, least round trip, how much it holds (draft-ietf-ccwg-bbr
 * §5.5). What to do about it is bbr.c's. */
#include <math.h>

#include "bytes/bounds.h"
#include "sctp/congestion/bbr.h"
#include "sctp/congestion/controller.h"
#include "sctp/congestion/queueing.h"
#include "usec.h"

#define HEADROOM 0.15                   /* §2.4 BBR.Headroom */
#define FULL_BW_GROWTH 1.25             /* §5.3.1.2 */
#define FULL_BW_ROUNDS 3                /* §5.3.1.2 */
#define MIN_RTT_WINDOW (10 * SECOND)    /* §2.13.1 BBR.MinRTTFilterLen */
#define PROBE_RTT_INTERVAL (5 * SECOND) /* §2.13.2 BBR.ProbeRTTInterval */

double bbr_max_bw(const struct bbr *bbr) { return max_double(bbr->max_bw[0], bbr->max_bw[1]); }

double bbr_bdp(const struct bbr *bbr, double bw, double gain) {
  if (bbr->min_rtt == NEVER) return INFINITY;
  return gain * bw * (double)bbr->min_rtt / (double)SECOND;
}

double bbr_headroom(const struct controller *controller) {
  const struct bbr *bbr = &controller->state.bbr;
  if (isinf(bbr->inflight_longterm)) return INFINITY;
  double packet = controller->packet_bytes;
  double room = max_double(packet, HEADROOM * bbr->inflight_longterm);
  return max_double(bbr->inflight_longterm - room, 4 * packet);
}

double bbr_extra_acked(const struct bbr *bbr) {
  double most = 0;
  for (int i = 0; i < EXTRA_ACKED_ROUNDS; i++) most = max_double(most, bbr->extra_acked[i]);
  return most;
}

void bbr_round_begins(struct bbr *bbr, uint64_t delivered) { bbr->round_end = delivered; }

void bbr_reset_shortterm(struct bbr *bbr) {
  bbr->bw_shortterm = bbr->inflight_shortterm = INFINITY;
}

void bbr_reset_full(struct bbr *bbr, double full_bw) {
  bbr->full_bw = full_bw;
  bbr->full_count = 0;
  bbr->full_now = false;
}

void bbr_advance_max_bw(struct bbr *bbr) {
  if (bbr->max_bw[1] == 0) return; /* the present cycle saw nothing: keep the last */
  bbr->max_bw[0] = bbr->max_bw[1];
  bbr->max_bw[1] = 0;
}

static void update_round(struct bbr *bbr, const struct ack_event *event) {
  const struct rate_sample *sample = event->sample;
  bbr->round_start = sample->is_valid && sample->prior_delivered >= bbr->round_end;
  if (!bbr->round_start) return;
  bbr->round_end = event->rate->delivered;
  bbr->rounds++;
  bbr->rounds_since_probe++;
  bbr->extra_acked[bbr->rounds % EXTRA_ACKED_ROUNDS] = 0;
  if (!bbr->queue_judged) bbr->is_queueing = false; /* what was so a round ago need not be so now */
  bbr->queue_judged = false;
}

double bbr_round_loss(const struct bbr *bbr, const struct rate *rate) {
  double lost = (double)(rate->lost - bbr->round_lost_start);
  double delivered = (double)(rate->delivered - bbr->round_delivered_start);
  return lost > 0 ? lost / (lost + delivered) : 0;
}

static void update_max_bw(struct bbr *bbr, const struct rate_sample *sample) {
  if (sample->bytes_per_s <= 0) return;
  if (sample->bytes_per_s >= bbr_max_bw(bbr) || !sample->app_limited)
    bbr->max_bw[1] = max_double(bbr->max_bw[1], sample->bytes_per_s);
}

/* §5.5.10.3: what a round with losses, outside of probes, says about the path of the moment. */
static void adapt_lower_bounds(struct controller *controller, const struct rate *rate) {
  struct bbr *bbr = &controller->state.bbr;
  if (bbr_is_probing(bbr) || !bbr->loss_in_round) return;
  if (bbr_round_loss(bbr, rate) < bbr_loss_threshold(bbr)) return;
  if (isinf(bbr->bw_shortterm)) bbr->bw_shortterm = bbr_max_bw(bbr);
  if (isinf(bbr->inflight_shortterm)) bbr->inflight_shortterm = (double)controller->window_bytes;
  bbr->bw_shortterm = max_double(bbr->bw_latest, BETA * bbr->bw_shortterm);
  bbr->inflight_shortterm = max_double(bbr->inflight_latest, BETA * bbr->inflight_shortterm);
}

static void update_congestion(struct controller *controller, const struct ack_event *event) {
  struct bbr *bbr = &controller->state.bbr;
  const struct rate_sample *sample = event->sample;
  bbr->loss_round_start = false;
  if (!sample->is_valid) return;
  bbr->bw_latest = max_double(bbr->bw_latest, sample->bytes_per_s);
  bbr->inflight_latest = max_double(bbr->inflight_latest, (double)sample->delivered);
  if (sample->prior_delivered < bbr->loss_round_end) return;
  bbr->loss_round_end = event->rate->delivered;
  bbr->loss_round_start = true;
  adapt_lower_bounds(controller, event->rate);
}

/* §5.5.9: how much more than the model arrives at once, because acknowledgements come in lumps. */
static void update_extra_acked(struct controller *controller, const struct ack_event *event) {
  struct bbr *bbr = &controller->state.bbr;
  double expected = bbr->bw * (double)(event->now - bbr->extra_since) / (double)SECOND;
  if (bbr->extra_delivered <= expected) {
    bbr->extra_delivered = 0;
    bbr->extra_since = event->now;
    expected = 0;
  }
  bbr->extra_delivered += (double)event->acked_bytes;
  double extra = min_double(bbr->extra_delivered - expected, (double)controller->window_bytes);
  double *slot = &bbr->extra_acked[bbr->rounds % EXTRA_ACKED_ROUNDS];
  *slot = max_double(*slot, extra);
}

static void check_full_bandwidth(struct bbr *bbr, const struct rate_sample *sample) {
  if (bbr->full_now || !bbr->round_start || sample->app_limited || sample->bytes_per_s <= 0) return;
  if (sample->bytes_per_s >= bbr->full_bw * FULL_BW_GROWTH) {
    bbr_reset_full(bbr, sample->bytes_per_s);
    return;
  }
  bbr->full_now = ++bbr->full_count >= FULL_BW_ROUNDS;
  if (bbr->full_now) bbr->full_reached = true;
}

static void update_min_rtt(struct bbr *bbr, const struct ack_event *event) {
  bbr->probe_rtt_expired = event->now > bbr->probe_rtt_at + PROBE_RTT_INTERVAL;
  if (event->rtt >= 0 && (event->rtt < bbr->probe_rtt_least || bbr->probe_rtt_expired)) {
    bbr->probe_rtt_least = event->rtt;
    bbr->probe_rtt_at = event->now;
  }
  bool expired = event->now > bbr->min_rtt_at + MIN_RTT_WINDOW;
  if (bbr->probe_rtt_least < bbr->min_rtt || expired) {
    bbr->min_rtt = bbr->probe_rtt_least;
    bbr->min_rtt_at = bbr->probe_rtt_at;
  }
}

/* Losses without a queue are the path's own; losses with one are what it has no room for. */
static void update_queue(struct bbr *bbr, const struct ack_event *event) {
  if (event->rtt < 0) return;
  if (!bbr->queue_samples++ || event->rtt < bbr->queue_least) bbr->queue_least = event->rtt;
  if (bbr->queue_samples < QUEUE_SAMPLES) return;
  usec rise = queue_rise(bbr->min_rtt);
  bbr->is_queueing = bbr->queue_least >= bbr->min_rtt + rise;
  bbr->queue_samples = 0;
  bbr->queue_judged = true;
}

void bbr_model_acked(struct controller *controller, const struct ack_event *event) {
  struct bbr *bbr = &controller->state.bbr;
  update_round(bbr, event);
  update_max_bw(bbr, event->sample);
  update_congestion(controller, event);
  update_extra_acked(controller, event);
  check_full_bandwidth(bbr, event->sample);
  update_min_rtt(bbr, event);
  update_queue(bbr, event);
}

void bbr_model_finish(struct bbr *bbr, const struct ack_event *event) {
  if (bbr->loss_round_start) {
    bbr->bw_latest = event->sample->bytes_per_s;
    bbr->inflight_latest = (double)event->sample->delivered;
    bbr->loss_in_round = false;
  }
  bbr->bw = min_double(bbr_max_bw(bbr), bbr->bw_shortterm);
}
