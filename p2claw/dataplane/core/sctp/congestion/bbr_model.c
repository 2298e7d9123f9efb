/* BBR's model of the path (draft-ietf-ccwg-bbr §5.5). bbr.c decides what to do by it. */
#include "sctp/congestion/bbr_model.h"

#include <math.h>

#include "bytes/bounds.h"
#include "sctp/congestion/controller.h"
#include "sctp/congestion/queueing.h"
#include "usec.h"

#define HEADROOM 0.15                   /* §2.4 BBR.Headroom */
#define FULL_BW_GROWTH 1.25             /* §5.3.1.2 */
#define FULL_BW_ROUNDS 3                /* §5.3.1.2 */
#define MIN_RTT_WINDOW (10 * SECOND)    /* §2.13.1 BBR.MinRTTFilterLen */
#define PROBE_RTT_INTERVAL (5 * SECOND) /* §2.13.2 BBR.ProbeRTTInterval */

void bbr_model_start(struct bbr_model *model) {
  model->min_rtt = model->probe_rtt_least = NEVER;
  model->inflight_longterm = INFINITY;
  bbr_reset_shortterm(model);
}

double bbr_max_bw(const struct bbr_model *model) {
  return max_double(model->max_bw[0], model->max_bw[1]);
}

double bbr_bdp(const struct bbr_model *model, double bw, double gain) {
  if (model->min_rtt == NEVER) return INFINITY;
  return gain * bw * (double)model->min_rtt / (double)SECOND;
}

/* While BBR does not probe, it leaves a part of what the path holds to other senders. */
double bbr_headroom(const struct bbr_model *model, double packet) {
  if (isinf(model->inflight_longterm)) return INFINITY;
  double room = max_double(packet, HEADROOM * model->inflight_longterm);
  return max_double(model->inflight_longterm - room, 4 * packet);
}

double bbr_extra_acked(const struct bbr_model *model) {
  double most = 0;
  for (int i = 0; i < EXTRA_ACKED_ROUNDS; i++) most = max_double(most, model->extra_acked[i]);
  return most;
}

void bbr_round_begins(struct bbr_model *model, uint64_t delivered) { model->round_end = delivered; }

void bbr_reset_shortterm(struct bbr_model *model) {
  model->bw_shortterm = model->inflight_shortterm = INFINITY;
}

void bbr_reset_full(struct bbr_model *model, double full_bw) {
  model->full_bw = full_bw;
  model->full_count = 0;
  model->full_now = false;
}

/* The highest rate of the last two cycles of ProbeBW counts. At the end of a cycle the older one is
 * forgotten, unless the newer one has measured nothing. */
void bbr_advance_max_bw(struct bbr_model *model) {
  if (model->max_bw[1] == 0) return;
  model->max_bw[0] = model->max_bw[1];
  model->max_bw[1] = 0;
}

/* A round ends when data is acknowledged that was sent after the round began: one round trip, counted
 * by what is delivered instead of by a clock. */
static void update_round(struct bbr_model *model, const struct ack_event *event) {
  const struct rate_sample *sample = event->sample;
  model->round_start = sample->is_valid && sample->prior_delivered >= model->round_end;
  if (!model->round_start) return;
  model->round_end = event->rate->delivered;
  model->rounds++;
  model->extra_acked[model->rounds % EXTRA_ACKED_ROUNDS] = 0;
  if (!model->queue_judged)
    model->is_queueing = false; /* a verdict of an earlier round says nothing about this one */
  model->queue_judged = false;
}

double bbr_round_loss(const struct bbr_model *model, const struct rate *rate) {
  double lost = (double)(rate->lost - model->round_lost_start);
  double delivered = (double)(rate->delivered - model->round_delivered_start);
  return lost > 0 ? lost / (lost + delivered) : 0;
}

/* A rate measured while the application had too little to send shows only how much it sent. Such a
 * sample counts only if it is higher than what is known already. */
static void update_max_bw(struct bbr_model *model, const struct rate_sample *sample) {
  if (sample->bytes_per_s <= 0) return;
  if (sample->bytes_per_s >= bbr_max_bw(model) || !sample->app_limited)
    model->max_bw[1] = max_double(model->max_bw[1], sample->bytes_per_s);
}

/* §5.5.10.3: if a round lost more than the threshold, and we were not probing, then the path has less
 * room at the moment than the long-term model says. The short-term bounds go down by BETA, but not
 * below what was really delivered in this round. */
static void adapt_lower_bounds(struct bbr_model *model, const struct rate *rate,
                               uint64_t window_bytes) {
  if (!model->loss_in_round) return;
  if (bbr_round_loss(model, rate) < bbr_loss_threshold(model)) return;
  if (isinf(model->bw_shortterm)) model->bw_shortterm = bbr_max_bw(model);
  if (isinf(model->inflight_shortterm)) model->inflight_shortterm = (double)window_bytes;
  model->bw_shortterm = max_double(model->bw_latest, BETA * model->bw_shortterm);
  model->inflight_shortterm = max_double(model->inflight_latest, BETA * model->inflight_shortterm);
}

/* Collects the best of a round, and at the end of the round adapts the short-term bounds. Losses while
 * we probe were provoked by us; bbr.c handles them at the end of the probe. */
static void update_congestion(struct bbr_model *model, const struct ack_event *event,
                              uint64_t window_bytes, bool is_probing) {
  const struct rate_sample *sample = event->sample;
  model->loss_round_start = false;
  if (!sample->is_valid) return;
  model->bw_latest = max_double(model->bw_latest, sample->bytes_per_s);
  model->inflight_latest = max_double(model->inflight_latest, (double)sample->delivered);
  if (sample->prior_delivered < model->loss_round_end) return;
  model->loss_round_end = event->rate->delivered;
  model->loss_round_start = true;
  if (!is_probing) adapt_lower_bounds(model, event->rate, window_bytes);
}

/* §5.5.9: acknowledgements often arrive in lumps, so that for a moment more data is acknowledged than
 * the path's rate explains. The window has to be larger by the size of such a lump, or else the sender
 * would have to stop between two lumps. */
static void update_extra_acked(struct bbr_model *model, const struct ack_event *event,
                               uint64_t window_bytes) {
  double expected = model->bw * (double)(event->now - model->extra_since) / (double)SECOND;
  if (model->extra_delivered <= expected) {
    model->extra_delivered = 0;
    model->extra_since = event->now;
    expected = 0;
  }
  model->extra_delivered += (double)event->acked_bytes;
  double extra = min_double(model->extra_delivered - expected, (double)window_bytes);
  double *slot = &model->extra_acked[model->rounds % EXTRA_ACKED_ROUNDS];
  *slot = max_double(*slot, extra);
}

/* §5.3.1.2: the path is full when the rate has not grown by a quarter in three rounds, although the
 * sender sent more each time. */
static void check_full_bandwidth(struct bbr_model *model, const struct rate_sample *sample) {
  if (model->full_now || !model->round_start || sample->app_limited || sample->bytes_per_s <= 0)
    return;
  if (sample->bytes_per_s >= model->full_bw * FULL_BW_GROWTH) {
    bbr_reset_full(model, sample->bytes_per_s);
    return;
  }
  model->full_now = ++model->full_count >= FULL_BW_ROUNDS;
  if (model->full_now) model->full_reached = true;
}

/* Two filters of the least round trip (§5.5.7). The short one, of 5 s, decides when the next PROBE_RTT is
 * due. The long one, of 10 s, is the model's. Both take a newer value, even a larger one, when theirs
 * has grown old. */
static void update_min_rtt(struct bbr_model *model, const struct ack_event *event) {
  model->probe_rtt_expired = event->now > model->probe_rtt_at + PROBE_RTT_INTERVAL;
  if (event->rtt >= 0 && (event->rtt < model->probe_rtt_least || model->probe_rtt_expired)) {
    model->probe_rtt_least = event->rtt;
    model->probe_rtt_at = event->now;
  }
  bool expired = event->now > model->min_rtt_at + MIN_RTT_WINDOW;
  if (model->probe_rtt_least < model->min_rtt || expired) {
    model->min_rtt = model->probe_rtt_least;
    model->min_rtt_at = model->probe_rtt_at;
  }
}

/* Judges whether packets wait in a queue on the path, by the least of QUEUE_SAMPLES round trips. The
 * verdict decides how losses are read: with a queue they mean that the path has no more room, without
 * one they are random losses of the path itself, as on Wi-Fi. */
static void update_queue(struct bbr_model *model, const struct ack_event *event) {
  if (event->rtt < 0) return;
  if (!model->queue_samples++ || event->rtt < model->queue_least) model->queue_least = event->rtt;
  if (model->queue_samples < QUEUE_SAMPLES) return;
  usec rise = queue_rise(model->min_rtt);
  model->is_queueing = model->queue_least >= model->min_rtt + rise;
  model->queue_samples = 0;
  model->queue_judged = true;
}

void bbr_model_acked(struct bbr_model *model, const struct ack_event *event, uint64_t window_bytes,
                     bool is_probing) {
  update_round(model, event);
  update_max_bw(model, event->sample);
  update_congestion(model, event, window_bytes, is_probing);
  update_extra_acked(model, event, window_bytes);
  check_full_bandwidth(model, event->sample);
  update_min_rtt(model, event);
  update_queue(model, event);
}

void bbr_model_finish(struct bbr_model *model, const struct ack_event *event) {
  if (model->loss_round_start) {
    model->bw_latest = event->sample->bytes_per_s;
    model->inflight_latest = (double)event->sample->delivered;
    model->loss_in_round = false;
  }
  model->bw = min_double(bbr_max_bw(model), model->bw_shortterm);
}
