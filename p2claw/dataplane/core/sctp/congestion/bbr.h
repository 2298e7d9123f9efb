/* The state of the model-based controller (draft-ietf-ccwg-bbr): its model, and what it is doing. */
#ifndef P2CLAW_SCTP_CONGESTION_BBR_H
#define P2CLAW_SCTP_CONGESTION_BBR_H

#include <stdbool.h>
#include <stdint.h>

#include "sctp/congestion/bbr_model.h"
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

/* what the newest acknowledgements show of a probe (§5.3.3.5) */
enum bbr_acks {
  ACKS_INIT,
  ACKS_REFILLING,
  ACKS_PROBE_STARTING,
  ACKS_PROBE_FEEDBACK,
  ACKS_PROBE_STOPPING,
};

struct bbr {
  uint8_t phase, acks;
  struct bbr_model model;
  uint32_t random;
  bool probing_samples, probe_rtt_round_done, idle_restart;
  uint64_t rounds_since_probe, losses_in_round;
  usec probe_rtt_done_at;

  /* probing for bandwidth */
  usec cycle_at, probe_wait, probed_until;
  double up_acks, up_count;
  uint32_t up_rounds;
  uint64_t saved_window; /* before PROBE_RTT, or before a timeout */
  usec timed_out_at;     /* 0: what was sent since the last timeout has arrived */
};

/* The phases that look for more, and so tolerate losses for the moment. */
static inline bool bbr_is_probing(const struct bbr *bbr) {
  return bbr->phase == BBR_STARTUP || bbr->phase == BBR_REFILL || bbr->phase == BBR_UP;
}
static inline bool bbr_in_cycle(const struct bbr *bbr) {
  return bbr->phase >= BBR_DOWN && bbr->phase <= BBR_UP;
}

#endif
