/* BBR: what to do with the model of the path (draft-ietf-ccwg-bbr §5.3, §5.6). The controller for
 * paths that lose packets without being full. */
#include "sctp/congestion/bbr.h"

#include <math.h>

#include "bytes/bounds.h"
#include "sctp/congestion/controller.h"
#include "sctp/congestion/pacer.h"
#include "usec.h"

#define STARTUP_LOSSES 6                /* §5.3.1.3 BBRStartupFullLossCnt */
#define STARTUP_LOSS_WITHOUT_QUEUE 0.25 /* of a round: a policer, or a queue too short to be seen */
#define MARGIN 0.99                     /* §2.5 BBR.PacingMarginPercent: 1 */
#define LEAST_PACKETS 4                 /* §2.7 BBR.MinPipeCwnd */
#define PROBE_RTT_TIME (200 * MILLISECOND) /* §2.13.2 BBR.ProbeRTTDuration */
#define RENO_ROUNDS_MAX 63                 /* §5.3.3.3 */
/* Where a round trip takes a millisecond, 30 of them are over at once: a probe would come 30 times per
 * second, and each overruns a receiver whose socket is small, as a browser's is. */
#define PROBE_WAIT_LEAST (250 * MILLISECOND)

#define GAIN_IN_QUEUE 1.5 /* of the window, instead of 2.0, while a queue stands */

static const struct {
  double pacing, window;
} GAIN[] = {
    /* §5.1: state by state */
    [BBR_STARTUP] = {2.77, 2.0},  [BBR_DRAIN] = {0.5, 2.0},  [BBR_DOWN] = {0.9, 2.0},
    [BBR_CRUISE] = {1.0, 2.0},    [BBR_REFILL] = {1.0, 2.0}, [BBR_UP] = {1.25, 2.25},
    [BBR_PROBE_RTT] = {1.0, 0.5},
};

static void bbr_start(struct controller *controller, uint32_t seed) {
  struct bbr *bbr = &controller->state.bbr;
  bbr->random = seed | 1;
  bbr->up_count = INFINITY;
  bbr_model_start(&bbr->model);
}

static void pick_probe_wait(struct bbr *bbr) { /* §5.3.3.3: 2 to 3 s */
  bbr->random ^= bbr->random << 13;
  bbr->random ^= bbr->random >> 17;
  bbr->random ^= bbr->random << 5;
  bbr->rounds_since_probe = bbr->random & 1;
  bbr->probe_wait = 2 * SECOND + (usec)(bbr->random >> 8) % SECOND;
}

static void start_down(struct bbr *bbr, uint64_t delivered, usec now) {
  bbr->model.loss_in_round = false;
  bbr->model.bw_latest = bbr->model.inflight_latest = 0;
  bbr->up_count = INFINITY;
  pick_probe_wait(bbr);
  bbr->cycle_at = now;
  if (bbr->phase == BBR_UP) bbr->probed_until = now;
  bbr->acks = ACKS_PROBE_STOPPING;
  bbr_round_begins(&bbr->model, delivered);
  bbr->phase = BBR_DOWN;
}

static void start_refill(struct bbr *bbr, uint64_t delivered) {
  bbr_reset_shortterm(&bbr->model);
  bbr->up_rounds = 0;
  bbr->up_acks = 0;
  bbr->acks = ACKS_REFILLING;
  bbr_round_begins(&bbr->model, delivered);
  bbr->phase = BBR_REFILL;
}

static void raise_slope(struct controller *controller) {
  struct bbr *bbr = &controller->state.bbr;
  double growth = (double)controller->packet_bytes * (double)(UINT64_C(1) << bbr->up_rounds);
  if (bbr->up_rounds < 30) bbr->up_rounds++;
  bbr->up_count = max_double((double)controller->window_bytes / growth, 1);
}

static void start_up(struct controller *controller, const struct ack_event *event) {
  struct bbr *bbr = &controller->state.bbr;
  bbr->acks = ACKS_PROBE_STARTING;
  bbr_round_begins(&bbr->model, event->rate->delivered);
  bbr_reset_full(&bbr->model, event->sample->bytes_per_s);
  bbr->cycle_at = event->now;
  bbr->phase = BBR_UP;
  raise_slope(controller);
}

static bool is_too_high(const struct controller *controller, uint64_t lost, uint64_t tx_in_flight) {
  double threshold = bbr_loss_threshold(&controller->state.bbr.model);
  /* In a small flight one lost packet is more than the threshold and means nothing: two at least. */
  return lost > 2 * (uint64_t)controller->packet_bytes &&
         (double)lost > threshold * (double)tx_in_flight;
}

static void handle_too_high(struct controller *controller, double tx_in_flight, bool app_limited,
                            uint64_t delivered, usec now) {
  struct bbr *bbr = &controller->state.bbr;
  bbr->probing_samples = false;
  if (!app_limited) {
    /* The draft keeps all of tx_in_flight. Where a queue stands, others fill it too, and a CUBIC among
     * them gives up 0.3 of what it had; so do we. And the draft bounds the target by the window, which
     * after a timeout means nothing. */
    double kept = bbr->model.is_queueing ? BETA : 1;
    bbr->model.inflight_longterm =
        max_double(kept * tx_in_flight, bbr_bdp(&bbr->model, bbr->model.bw, BETA));
  }
  if (bbr->phase == BBR_UP) start_down(bbr, delivered, now);
}

static void bbr_lost(struct controller *controller, const struct loss_event *event) {
  struct bbr *bbr = &controller->state.bbr;
  const struct sent *sent = event->sent;
  bbr->losses_in_round++;
  /* Losses of a probe end the probe. They do not lower the short-term bounds as well. */
  if (sent->sent_at >= bbr->probed_until) bbr->model.loss_in_round = true;
  if (!bbr->probing_samples) return;
  uint64_t lost = event->rate->lost - sent->lost;
  if (!is_too_high(controller, lost, sent->tx_in_flight)) return;
  /* §5.5.10.2: where in the flight the loss passed the threshold. */
  double flight = (double)sent->tx_in_flight, size = (double)sent->length;
  double before = flight - size, lost_before = (double)lost - size;
  double prefix = max_double((LOSS_THRESHOLD * before - lost_before) / (1 - LOSS_THRESHOLD), 0);
  handle_too_high(controller, before + prefix, sent->app_limited, event->rate->delivered,
                  event->now);
}

/* The first flights are small: a few packets lost at random are more than any threshold but this. */
static double startup_loss_threshold(const struct bbr *bbr) {
  return bbr->model.is_queueing ? LOSS_THRESHOLD : STARTUP_LOSS_WITHOUT_QUEUE;
}

static void check_startup(struct controller *controller, const struct ack_event *event) {
  struct bbr *bbr = &controller->state.bbr;
  const struct rate *rate = event->rate;
  /* Losses without a queue count only if a whole round is full of them. */
  bool is_telling = bbr->model.is_queueing || bbr->model.loss_round_start;
  if (bbr->phase == BBR_STARTUP && is_telling && bbr->losses_in_round >= STARTUP_LOSSES &&
      bbr_round_loss(&bbr->model, rate) > startup_loss_threshold(bbr)) {
    bbr->model.full_reached = true;
    bbr->model.inflight_longterm =
        max_double(bbr_bdp(&bbr->model, bbr_max_bw(&bbr->model), 1), bbr->model.inflight_latest);
  }
  if (bbr->model.loss_round_start) {
    bbr->losses_in_round = 0;
    bbr->model.round_lost_start = rate->lost;
    bbr->model.round_delivered_start = rate->delivered;
  }
  if (bbr->phase == BBR_STARTUP && bbr->model.full_reached) {
    bbr->phase = BBR_DRAIN;
    bbr->probed_until = event->now;
  }
  if (bbr->phase == BBR_DRAIN &&
      (double)event->in_flight <= bbr_bdp(&bbr->model, bbr_max_bw(&bbr->model), 1))
    start_down(bbr, rate->delivered, event->now);
}

/* The window is as large as the path was found to hold, but for its fraction of a byte. */
static bool fills_longterm(const struct controller *controller, const struct ack_event *event) {
  return event->window_limited &&
         (double)controller->window_bytes + 1 >= controller->state.bbr.model.inflight_longterm;
}

static void probe_upward(struct controller *controller, const struct ack_event *event) {
  struct bbr *bbr = &controller->state.bbr;
  if (!fills_longterm(controller, event)) return;
  bbr->up_acks += (double)event->acked_bytes;
  if (bbr->up_acks >= bbr->up_count) {
    double delta = floor(bbr->up_acks / bbr->up_count);
    bbr->up_acks -= delta * bbr->up_count;
    bbr->model.inflight_longterm += delta;
  }
  if (bbr->model.round_start) raise_slope(controller);
}

/* §5.3.3.5: what the probe has shown of how much fits on the path. */
static void adapt_longterm(struct controller *controller, const struct ack_event *event) {
  struct bbr *bbr = &controller->state.bbr;
  const struct rate_sample *sample = event->sample;
  if (bbr->acks == ACKS_PROBE_STARTING && bbr->model.round_start) bbr->acks = ACKS_PROBE_FEEDBACK;
  if (bbr->acks == ACKS_PROBE_STOPPING && bbr->model.round_start) {
    bbr->acks = ACKS_INIT;
    if (bbr_in_cycle(bbr) && !sample->app_limited) bbr_advance_max_bw(&bbr->model);
  }
  if (!sample->is_valid) return;
  if (is_too_high(controller, sample->lost, sample->tx_in_flight)) {
    if (bbr->probing_samples)
      handle_too_high(controller, (double)sample->tx_in_flight, sample->app_limited,
                      event->rate->delivered, event->now);
    return;
  }
  if (isinf(bbr->model.inflight_longterm)) return;
  bbr->model.inflight_longterm =
      max_double(bbr->model.inflight_longterm, (double)sample->tx_in_flight);
  if (bbr->phase == BBR_UP) probe_upward(controller, event);
}

static bool is_time_to_probe(const struct controller *controller, usec now) {
  const struct bbr *bbr = &controller->state.bbr;
  if (now > bbr->cycle_at + bbr->probe_wait) return true;
  if (now < bbr->cycle_at + PROBE_WAIT_LEAST) return false;
  double target = bbr_bdp(&bbr->model, bbr->model.bw, 1);
  double reno_rounds = min_double(target / controller->packet_bytes, RENO_ROUNDS_MAX);
  return (double)bbr->rounds_since_probe >= reno_rounds;
}

static void update_cycle(struct controller *controller, const struct ack_event *event) {
  struct bbr *bbr = &controller->state.bbr;
  if (!bbr->model.full_reached) return;
  bool fills = fills_longterm(controller, event); /* before it is raised */
  adapt_longterm(controller, event);
  double in_flight = (double)event->in_flight;
  switch (bbr->phase) {
    case BBR_DOWN:
    case BBR_CRUISE:
      if (is_time_to_probe(controller, event->now))
        start_refill(bbr, event->rate->delivered);
      else if (bbr->phase == BBR_DOWN &&
               in_flight <= bbr_headroom(&controller->state.bbr.model, controller->packet_bytes) &&
               in_flight <= bbr_bdp(&bbr->model, bbr_max_bw(&bbr->model), 1))
        bbr->phase = BBR_CRUISE;
      break;
    case BBR_REFILL:
      if (!bbr->model.round_start) break;
      bbr->probing_samples = true;
      start_up(controller, event);
      break;
    case BBR_UP:
      if (fills)
        bbr_reset_full(&bbr->model, event->sample->bytes_per_s);
      else if (bbr->model.full_now)
        start_down(bbr, event->rate->delivered, event->now);
      break;
    default: break;
  }
}

static double probe_rtt_window(const struct controller *controller) {
  const struct bbr *bbr = &controller->state.bbr;
  return max_double(bbr_bdp(&bbr->model, bbr->model.bw, GAIN[BBR_PROBE_RTT].window),
                    LEAST_PACKETS * (double)controller->packet_bytes);
}

static void check_probe_rtt(struct controller *controller, const struct ack_event *event) {
  struct bbr *bbr = &controller->state.bbr;
  if (bbr->phase != BBR_PROBE_RTT) {
    if (!bbr->model.probe_rtt_expired || bbr->idle_restart) return;
    bbr->phase = BBR_PROBE_RTT;
    if (!bbr->timed_out_at) bbr->saved_window = controller->window_bytes;
    bbr->probe_rtt_done_at = 0;
    bbr->acks = ACKS_PROBE_STOPPING;
    bbr_round_begins(&bbr->model, event->rate->delivered);
  }
  if (!bbr->probe_rtt_done_at) {
    if ((double)event->in_flight > probe_rtt_window(controller)) return;
    bbr->probe_rtt_done_at = event->now + PROBE_RTT_TIME;
    bbr->probe_rtt_round_done = false;
    bbr_round_begins(&bbr->model, event->rate->delivered);
    return;
  }
  if (bbr->model.round_start) bbr->probe_rtt_round_done = true;
  if (!bbr->probe_rtt_round_done || event->now <= bbr->probe_rtt_done_at) return;
  bbr->model.probe_rtt_at = event->now;
  controller->window_bytes = max_u64(controller->window_bytes, bbr->saved_window);
  bbr_reset_shortterm(&bbr->model);
  bbr->phase = BBR_STARTUP;
  if (!bbr->model.full_reached) return;
  start_down(bbr, event->rate->delivered, event->now);
  bbr->phase = BBR_CRUISE;
}

/* What stands in a queue brings no rate, and is more than a CUBIC beside us can have: that one gives
 * way at each loss, we by how much is in flight. */
static double window_gain(const struct bbr *bbr) {
  double gain = GAIN[bbr->phase].window;
  return bbr->model.is_queueing && bbr_in_cycle(bbr) ? min_double(gain, GAIN_IN_QUEUE) : gain;
}

static void set_window(struct controller *controller, const struct ack_event *event) {
  struct bbr *bbr = &controller->state.bbr;
  double packet = controller->packet_bytes, window = (double)controller->window_bytes;
  double most =
      bbr_bdp(&bbr->model, bbr->model.bw, window_gain(bbr)) + bbr_extra_acked(&bbr->model);
  uint32_t burst = pacer_burst(0, controller->pacing_bytes_per_s, controller->packet_bytes);
  most = max_double(most, LEAST_PACKETS * packet) + burst * packet; /* §5.6.4.2 */
  double grown = window + (double)event->acked_bytes;
  if (bbr->model.full_reached)
    window = min_double(grown, most);
  else if (window < most || event->rate->delivered < INITIAL_WINDOW_PACKETS * (uint64_t)packet)
    window = grown;
  double cap = INFINITY;
  if (bbr_in_cycle(bbr) && bbr->phase != BBR_CRUISE)
    cap = bbr->model.inflight_longterm;
  else if (bbr->phase == BBR_CRUISE || bbr->phase == BBR_PROBE_RTT)
    cap = bbr_headroom(&controller->state.bbr.model, controller->packet_bytes);
  cap = max_double(min_double(cap, bbr->model.inflight_shortterm), LEAST_PACKETS * packet);
  window = min_double(max_double(window, LEAST_PACKETS * packet), cap);
  if (bbr->phase == BBR_PROBE_RTT) window = min_double(window, probe_rtt_window(controller));
  controller->window_bytes = (uint64_t)window;
}

static void set_pacing(struct controller *controller, const struct ack_event *event) {
  struct bbr *bbr = &controller->state.bbr;
  double gain = GAIN[bbr->phase].pacing, rate = gain * bbr->model.bw * MARGIN;
  /* §5.6.2: the first flights show little, above all where a small response was all there was. */
  if (!bbr->model.full_reached && event->path->smoothed) {
    double first = gain * (double)INITIAL_WINDOW_PACKETS * controller->packet_bytes *
                   (double)SECOND / (double)event->path->smoothed;
    if (controller->pacing_bytes_per_s <= 0) rate = max_double(rate, first);
    if (rate < controller->pacing_bytes_per_s) return;
  }
  if (rate > 0) controller->pacing_bytes_per_s = rate;
}

/* What was sent after a timeout has arrived. */
static void check_timeout(struct controller *controller, const struct ack_event *event) {
  struct bbr *bbr = &controller->state.bbr;
  if (!bbr->timed_out_at || event->sample->sent_at <= bbr->timed_out_at) return;
  bbr->timed_out_at = 0;
  controller->window_bytes = max_u64(controller->window_bytes, bbr->saved_window);
}

static void bbr_acked(struct controller *controller, const struct ack_event *event) {
  struct bbr *bbr = &controller->state.bbr;
  bbr_model_acked(&bbr->model, event, controller->window_bytes, bbr_is_probing(bbr));
  if (bbr->model.round_start) bbr->rounds_since_probe++;
  check_startup(controller, event);
  update_cycle(controller, event);
  check_probe_rtt(controller, event);
  check_timeout(controller, event);
  bbr_model_finish(&bbr->model, event);
  if (event->sample->is_valid) bbr->idle_restart = false;
  set_pacing(controller, event);
  set_window(controller, event);
}

static void bbr_timed_out(struct controller *controller, uint64_t in_flight, usec now) {
  struct bbr *bbr = &controller->state.bbr;
  /* §5.6.4.4; the model stands, and the window comes back once the path is seen to work. */
  if (!bbr->timed_out_at) bbr->saved_window = controller->window_bytes;
  bbr->timed_out_at = now;
  controller->window_bytes = in_flight + controller->packet_bytes;
}

static void bbr_restarted(struct controller *controller, usec now) {
  struct bbr *bbr = &controller->state.bbr;
  bbr->idle_restart = true; /* §5.4.1 */
  bbr->model.extra_since = now;
  if (bbr_in_cycle(bbr) && bbr->model.bw > 0) controller->pacing_bytes_per_s = bbr->model.bw;
}

/* §5.5.10.4: BBRHandleSpuriousLossDetection */
static void bbr_undo(struct controller *controller, const struct controller *before) {
  struct bbr *bbr = &controller->state.bbr;
  const struct bbr *b = &before->state.bbr;
  controller->window_bytes = max_u64(controller->window_bytes, before->window_bytes);
  bbr->model.loss_in_round = false;
  bbr->losses_in_round = 0;
  bbr->model.bw_shortterm = max_double(bbr->model.bw_shortterm, b->model.bw_shortterm);
  bbr->model.inflight_shortterm =
      max_double(bbr->model.inflight_shortterm, b->model.inflight_shortterm);
  bbr->model.inflight_longterm =
      max_double(bbr->model.inflight_longterm, b->model.inflight_longterm);
  bbr_reset_full(&bbr->model, 0);
  if (b->phase != BBR_STARTUP || bbr->phase == BBR_PROBE_RTT) return;
  bbr->model.full_reached = false;
  bbr->phase = BBR_STARTUP;
}

const struct controller_kind BBR = {"bbr",         bbr_start,     bbr_acked, bbr_lost,
                                    bbr_timed_out, bbr_restarted, bbr_undo};
