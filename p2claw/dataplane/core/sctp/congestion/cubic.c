/* CUBIC (RFC 9438) with HyStart++ (RFC 9406): the controller for paths that lose little. */
#include "sctp/congestion/cubic.h"

#include <math.h>

#include "bytes/bounds.h"
#include "sctp/congestion/controller.h"
#include "sctp/congestion/queueing.h"
#include "usec.h"

#define C_PACKETS_PER_S3 0.4                /* RFC 9438 §5.1 */
#define ALPHA (3 * (1 - BETA) / (1 + BETA)) /* RFC 9438 §4.3 */
#define PACING_SLOW_START 2.0               /* Linux tcp_pacing_ss_ratio */
#define PACING 1.2                          /* Linux tcp_pacing_ca_ratio */

#define CSS_GROWTH_DIVISOR 4
#define CSS_ROUNDS 5

static void cubic_start(struct controller *controller, uint32_t seed) {
  (void)seed;
  struct cubic *c = &controller->state.cubic;
  c->threshold = INFINITY;
  c->hystart.last_least = c->hystart.least = c->hystart.css_baseline = NEVER;
}

static void end_slow_start(struct controller *controller) {
  controller->state.cubic.threshold = (double)controller->window_bytes;
}

static void hystart_round(struct controller *controller, struct hystart *h,
                          const struct ack_event *event) {
  if (event->sample->prior_delivered >= h->round_end) {
    h->round_end = event->rate->delivered;
    h->last_least = h->least;
    h->least = NEVER;
    h->samples = 0;
    if (h->in_css && ++h->css_rounds >= CSS_ROUNDS) end_slow_start(controller);
  }
  if (event->rtt < 0) return;
  h->samples++;
  h->least = min_usec(h->least, event->rtt);
  if (h->samples < QUEUE_SAMPLES || h->last_least == NEVER) return;
  if (!h->in_css) {
    usec rise = queue_rise(h->last_least);
    if (h->least >= h->last_least + rise) {
      h->css_baseline = h->least;
      h->in_css = true;
      h->css_rounds = 0;
    }
  } else if (h->least < h->css_baseline) {
    h->css_baseline = NEVER; /* the rise was a passing one */
    h->in_css = false;
  }
}

static void slow_start(struct controller *controller, const struct ack_event *event) {
  struct hystart *h = &controller->state.cubic.hystart;
  hystart_round(controller, h, event);
  uint64_t growth = h->in_css ? event->acked_bytes / CSS_GROWTH_DIVISOR : event->acked_bytes;
  controller->window_bytes += growth;
}

/* Not pow(): what links with today's asks for glibc 2.29, and with it the whole wheel. */
static double cube(double x) { return x * x * x; }

/* RFC 9438 §4.2 and §4.3; windows in bytes. */
static void avoid_congestion(struct controller *controller, const struct ack_event *event) {
  struct cubic *c = &controller->state.cubic;
  double packet = controller->packet_bytes, window = (double)controller->window_bytes;
  double scale = C_PACKETS_PER_S3 * packet;
  if (!c->epoch) {
    c->epoch = event->now;
    if (c->w_max < window) c->w_max = window;
    c->k = cbrt((c->w_max - window) / scale);
    c->w_est = window;
  }
  seconds t = (double)(event->now - c->epoch) / (double)SECOND;
  seconds ahead = t + (double)event->path->smoothed / (double)SECOND;
  double acked = (double)event->acked_bytes;
  double alpha = c->w_est >= c->prior_window ? 1.0 : ALPHA;
  c->w_est += alpha * acked / window * packet;
  double now_at = scale * cube(t - c->k) + c->w_max;
  double target = scale * cube(ahead - c->k) + c->w_max;
  target = min_double(max_double(target, window), 1.5 * window);
  if (now_at < c->w_est)
    window = max_double(window, c->w_est);
  else
    window += (target - window) / window * acked;
  controller->window_bytes = (uint64_t)window;
}

static void set_pacing(struct controller *controller, const struct rtt *path) {
  if (!path->smoothed) return;
  bool slow = (double)controller->window_bytes < controller->state.cubic.threshold;
  controller->pacing_bytes_per_s = (slow ? PACING_SLOW_START : PACING) *
                                   (double)controller->window_bytes * (double)SECOND /
                                   (double)path->smoothed;
}

static void cubic_acked(struct controller *controller, const struct ack_event *event) {
  struct cubic *c = &controller->state.cubic;
  bool recovering = event->sample->sent_at <= c->recovery_at && !c->after_timeout;
  if (event->acked_bytes && !recovering) {
    if (event->sample->sent_at > c->recovery_at) c->after_timeout = false;
    if (!event->window_limited) {
      if (c->epoch) c->epoch += event->now - c->last_ack; /* idle time grows nothing */
    } else if ((double)controller->window_bytes < c->threshold) {
      slow_start(controller, event);
    } else {
      avoid_congestion(controller, event);
    }
  }
  c->last_ack = event->now;
  set_pacing(controller, event->path);
}

static void reduce(struct controller *controller, usec now) {
  struct cubic *c = &controller->state.cubic;
  double window = (double)controller->window_bytes;
  c->recovery_at = now;
  c->after_timeout = false;
  c->prior_window = window;
  c->w_max = window < c->w_max ? window * (1 + BETA) / 2 : window; /* fast convergence, §4.7 */
  c->threshold = max_double(window * BETA, 2.0 * controller->packet_bytes);
  c->epoch = 0;
}

static void cubic_lost(struct controller *controller, const struct loss_event *event) {
  if (event->sent->sent_at <= controller->state.cubic.recovery_at) return;
  reduce(controller, event->now);
  controller->window_bytes = (uint64_t)controller->state.cubic.threshold;
}

static void cubic_timed_out(struct controller *controller, uint64_t in_flight, usec now) {
  (void)in_flight;
  if (!controller->state.cubic.after_timeout) reduce(controller, now);
  controller->state.cubic.recovery_at = now;
  controller->state.cubic.after_timeout = true;
  controller->window_bytes = controller->packet_bytes; /* RFC 9260 §7.2.3 */
}

static void cubic_restarted(struct controller *controller, usec now) {
  struct cubic *c = &controller->state.cubic;
  if (c->epoch && c->last_ack) c->epoch += now - c->last_ack;
  c->last_ack = now;
}

/* RFC 9438 §4.9 */
static void cubic_undo(struct controller *controller, const struct controller *before) {
  struct cubic *c = &controller->state.cubic;
  const struct cubic *b = &before->state.cubic;
  controller->window_bytes = max_u64(controller->window_bytes, before->window_bytes);
  c->threshold = max_double(c->threshold, b->threshold);
  c->w_max = b->w_max;
  c->w_est = b->w_est;
  c->k = b->k;
  c->prior_window = b->prior_window;
  c->epoch = b->epoch;
  c->after_timeout = false;
}

const struct controller_kind CUBIC = {"cubic",         cubic_start,     cubic_acked, cubic_lost,
                                      cubic_timed_out, cubic_restarted, cubic_undo};
