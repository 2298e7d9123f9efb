/* What decides how much may be in flight and how fast it leaves: the interface, and the state of
 * the two that implement it, CUBIC (cubic.c) and BBR (bbr.c, bbr_model.c). */
#ifndef P2CLAW_SCTP_CONGESTION_CONTROLLER_H
#define P2CLAW_SCTP_CONGESTION_CONTROLLER_H

#include <string.h>

#include "sctp/congestion/bbr.h"
#include "sctp/congestion/cubic.h"
#include "sctp/congestion/rate.h"
#include "sctp/congestion/rtt.h"
#include "usec.h"

/* What a loss leaves of a window (RFC 9438 §4.6, draft-ietf-ccwg-bbr §2.4 BBR.Beta). */
#define BETA 0.7

/* One SACK, after its chunks were marked as acknowledged and losses were found. */
struct ack_event {
  usec now, rtt; /* rtt: -1 if this SACK measured none */
  uint64_t acked_bytes, lost_bytes;
  uint64_t prior_in_flight, in_flight; /* bytes before and after */
  bool window_limited;                 /* the window, not the application, held the sender back */
  const struct rate_sample *sample;
  const struct rate *rate;
  const struct rtt *path;
};

/* One chunk that was lost. */
struct loss_event {
  usec now;
  const struct sent *sent;
  const struct rate *rate;
};

struct controller;

struct controller_kind {
  const char *name;
  void (*start)(struct controller *controller, uint32_t seed);
  void (*acked)(struct controller *controller, const struct ack_event *event);
  void (*lost)(struct controller *controller, const struct loss_event *event);
  void (*timed_out)(struct controller *controller, uint64_t in_flight, usec now);
  /* Sending begins again after nothing was in flight. */
  void (*restarted)(struct controller *controller, usec now);
  /* The losses since `before` were spurious: undo what was done about them. */
  void (*undo)(struct controller *controller, const struct controller *before);
};

struct controller {
  const struct controller_kind *kind;
  uint64_t window_bytes;     /* of chunks in flight ("cwnd") */
  double pacing_bytes_per_s; /* 0: not known yet, send at once */
  uint32_t packet_bytes;     /* of user data in a full packet ("SMSS") */
  union {
    struct cubic cubic;
    struct bbr bbr;
  } state;
};

extern const struct controller_kind CUBIC, BBR;

static inline void controller_start(struct controller *controller,
                                    const struct controller_kind *kind, uint32_t packet_bytes,
                                    uint32_t seed) {
  memset(controller, 0, sizeof *controller);
  controller->kind = kind;
  controller->packet_bytes = packet_bytes;
  controller->window_bytes = (uint64_t)INITIAL_WINDOW_PACKETS * packet_bytes;
  kind->start(controller, seed);
}

#endif
