/* The state of the model-based controller (draft-ietf-ccwg-bbr). */
#ifndef P2CLAW_SCTP_CONGESTION_BBR_H
#define P2CLAW_SCTP_CONGESTION_BBR_H

#include <stdbool.h>
#include <stdint.h>

#include "usec.h"

enum bbr_phase {
  BBR_STARTUP,
  BBR_DRAIN,
  BBR_DOWN, /* ProbeBW: four phases */
  BBR_CRUISE,
  BBR_REFILL,
  BBR_UP,
  BBR_PROBE_RTT,
};

/* what the acknowledgements of now tell about a probe (§5.3.3.5) */
enum bbr_acks {
  ACKS_INIT,
  ACKS_REFILLING,
  ACKS_PROBE_STARTING,
  ACKS_PROBE_FEEDBACK,
  ACKS_PROBE_STOPPING,
};

#define EXTRA_ACKED_ROUNDS 10 /* §2.10 BBR.ExtraAckedFilterLen */

struct bbr {
  uint8_t phase, acks;
  bool round_start, full_reached, full_now, probing_samples, loss_in_round, loss_round_start;
  bool probe_rtt_round_done, probe_rtt_expired, idle_restart;
  uint32_t random;

  /* rounds: a round trip of data */
  uint64_t round_end, rounds, rounds_since_probe;
  uint64_t loss_round_end, losses_in_round, round_lost_start, round_delivered_start;

  /* the model: bytes, bytes per second */
  double max_bw[2], bw, bw_shortterm, bw_latest, full_bw; /* max_bw: last and present cycle */
  double inflight_longterm, inflight_shortterm, inflight_latest;
  uint32_t full_count;
  usec min_rtt, min_rtt_at, probe_rtt_least, probe_rtt_at, probe_rtt_done_at;

  /* whether a queue stands on the path: round trips above the least, some in a row */
  bool is_queueing, queue_judged; /* judged: in this round */
  uint8_t queue_samples;
  usec queue_least; /* of the samples since the last verdict */

  /* aggregation of acknowledgements */
  usec extra_since;
  double extra_delivered, extra_acked[EXTRA_ACKED_ROUNDS];

  /* probing for bandwidth */
  usec cycle_at, probe_wait, probed_until;
  double up_acks, up_count;
  uint32_t up_rounds;
  uint64_t saved_window; /* before PROBE_RTT, or before a timeout */
  usec timed_out_at;     /* 0: what was sent since the last timeout has arrived */
};

struct controller;
struct ack_event;
struct rate;
struct loss_event;

/* bbr_model.c: what is known of the path. */
double bbr_max_bw(const struct bbr *bbr);
double bbr_bdp(const struct bbr *bbr, double bw, double gain);
double bbr_headroom(const struct controller *controller);
/* The part of what was sent in the loss round that was lost. */
double bbr_round_loss(const struct bbr *bbr, const struct rate *rate);
double bbr_extra_acked(const struct bbr *bbr);
void bbr_round_begins(struct bbr *bbr, uint64_t delivered);
void bbr_model_acked(struct controller *controller, const struct ack_event *event);
void bbr_model_finish(struct bbr *bbr, const struct ack_event *event);
void bbr_reset_shortterm(struct bbr *bbr);
void bbr_reset_full(struct bbr *bbr, double full_bw);
void bbr_advance_max_bw(struct bbr *bbr);

/* What part of a flight may be lost before it says that the path is full. §2.4 BBR.LossThresh where a
 * queue stands on it; without one the losses are the path's own: Wi-Fi and mobile radio lose up to 3 %. */
#define LOSS_THRESHOLD 0.02
#define LOSS_THRESHOLD_WITHOUT_QUEUE 0.05

static inline double bbr_loss_threshold(const struct bbr *bbr) {
  return bbr->is_queueing ? LOSS_THRESHOLD : LOSS_THRESHOLD_WITHOUT_QUEUE;
}
/* The phases that look for more, and so tolerate losses for the moment. */
static inline bool bbr_is_probing(const struct bbr *bbr) {
  return bbr->phase == BBR_STARTUP || bbr->phase == BBR_REFILL || bbr->phase == BBR_UP;
}
static inline bool bbr_in_cycle(const struct bbr *bbr) {
  return bbr->phase >= BBR_DOWN && bbr->phase <= BBR_UP;
}

#endif
