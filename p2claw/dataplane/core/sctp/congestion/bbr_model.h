/* BBR's model of the path: how much it delivers, how long a round trip takes, how much it holds
 * (draft-ietf-ccwg-bbr §5.5). It is fed with SACKs, and knows nothing of phases. */
#ifndef P2CLAW_SCTP_CONGESTION_BBR_MODEL_H
#define P2CLAW_SCTP_CONGESTION_BBR_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "usec.h"

#define EXTRA_ACKED_ROUNDS 10 /* §2.10 BBR.ExtraAckedFilterLen */

/* Which part of a flight may be lost before it means that the path is full. If there is a queue on the
 * path, this is §2.4 BBR.LossThresh. Without a queue the losses are the path's own (Wi-Fi and mobile
 * radio lose up to 3 %), and more of them are tolerated. */
#define LOSS_THRESHOLD 0.02
#define LOSS_THRESHOLD_WITHOUT_QUEUE 0.05

struct bbr_model {
  /* rounds: each is a round trip, counted by delivered data */
  bool round_start; /* a round begins with the present SACK */
  uint64_t round_end, rounds;
  bool loss_in_round, loss_round_start;
  uint64_t loss_round_end, round_lost_start, round_delivered_start;

  /* bytes, bytes per second */
  double max_bw[2]; /* the highest rate of the last cycle, and of the present one */
  double bw, bw_shortterm, bw_latest;
  double inflight_longterm, inflight_shortterm, inflight_latest;

  /* startup: whether the rate still grows when more is sent */
  double full_bw;
  uint32_t full_count;
  bool full_reached, full_now;

  usec min_rtt, min_rtt_at, probe_rtt_least, probe_rtt_at;
  bool probe_rtt_expired;

  /* whether there is a queue on the path: several round trips in a row are above the least one */
  bool is_queueing, queue_judged; /* judged: there was a verdict in this round */
  uint8_t queue_samples;
  usec queue_least; /* of the samples since the last verdict */

  /* aggregation of acknowledgements */
  usec extra_since;
  double extra_delivered, extra_acked[EXTRA_ACKED_ROUNDS];
};

struct ack_event;
struct rate;

void bbr_model_start(struct bbr_model *model);
/* Reads one SACK. is_probing: losses are tolerated for the moment, and do not lower the bounds. */
void bbr_model_acked(struct bbr_model *model, const struct ack_event *event, uint64_t window_bytes,
                     bool is_probing);
/* Must be called after the controller has used what this SACK reported. */
void bbr_model_finish(struct bbr_model *model, const struct ack_event *event);

double bbr_max_bw(const struct bbr_model *model);
double bbr_bdp(const struct bbr_model *model, double bw, double gain);
/* How much may be in flight so that others find room. */
double bbr_headroom(const struct bbr_model *model, double packet_bytes);
/* Which part of the data of this loss round was lost, 0 to 1. */
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
