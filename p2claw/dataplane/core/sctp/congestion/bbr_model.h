/* BBR's model of the path: how much it delivers, how long a round trip takes, how much it holds
 * (draft-ietf-ccwg-bbr §5.5). It is fed with SACKs, and knows nothing of phases. */
#ifndef P2CLAW_SCTP_CONGESTION_BBR_MODEL_H
#define P2CLAW_SCTP_CONGESTION_BBR_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "usec.h"

#define EXTRA_ACKED_ROUNDS 10 /* §2.10 BBR.ExtraAckedFilterLen */

/* What part of a flight may be lost before it says that the path is full. §2.4 BBR.LossThresh where a
 * queue stands on it; without one the losses are the path's own: Wi-Fi and mobile radio lose up to 3 %. */
#define LOSS_THRESHOLD 0.02
#define LOSS_THRESHOLD_WITHOUT_QUEUE 0.05

struct bbr_model {
  /* rounds: a round trip of data */
  bool round_start; /* with this SACK */
  uint64_t round_end, rounds;
  bool loss_in_round, loss_round_start;
  uint64_t loss_round_end, round_lost_start, round_delivered_start;

  /* bytes, bytes per second */
  double max_bw[2]; /* of the last cycle and of the present one */
  double bw, bw_shortterm, bw_latest;
  double inflight_longterm, inflight_shortterm, inflight_latest;

  /* whether more was delivered when more was sent */
  double full_bw;
  uint32_t full_count;
  bool full_reached, full_now;

  usec min_rtt, min_rtt_at, probe_rtt_least, probe_rtt_at;
  bool probe_rtt_expired;

  /* whether a queue stands on the path: round trips above the least, some in a row */
  bool is_queueing, queue_judged; /* judged: in this round */
  uint8_t queue_samples;
  usec queue_least; /* of the samples since the last verdict */

  /* aggregation of acknowledgements */
  usec extra_since;
  double extra_delivered, extra_acked[EXTRA_ACKED_ROUNDS];
};

struct ack_event;
struct rate;

void bbr_model_start(struct bbr_model *model);
/* is_probing: losses are tolerated for the moment, and are no lower bound. */
void bbr_model_acked(struct bbr_model *model, const struct ack_event *event, uint64_t window_bytes,
                     bool is_probing);
/* After the controller has used what this SACK said. */
void bbr_model_finish(struct bbr_model *model, const struct ack_event *event);

double bbr_max_bw(const struct bbr_model *model);
double bbr_bdp(const struct bbr_model *model, double bw, double gain);
/* What may be in flight so that others find room. */
double bbr_headroom(const struct bbr_model *model, double packet_bytes);
/* The part of what was sent in the loss round that was lost. */
double bbr_round_loss(const struct bbr_model *model, const struct rate *rate);
double bbr_extra_acked(const struct bbr_model *model);
void bbr_round_begins(struct bbr_model *model, uint64_t delivered);
void bbr_reset_shortterm(struct bbr_model *model);
void bbr_reset_full(struct bbr_model *model, double full_bw);
void bbr_advance_max_bw(struct bbr_model *model);

static inline double bbr_loss_threshold(const struct bbr_model *model) {
  return model->is_queueing ? LOSS_THRESHOLD : LOSS_THRESHOLD_WITHOUT_QUEUE;
}

#endif
