/* Spreads packets over time: sending earns credit at the pacing rate and packets spend it. */
#ifndef P2CLAW_SCTP_PACER_H
#define P2CLAW_SCTP_PACER_H

#include "constants.h"

/* A timer wake should be worth more than one packet: as much as this long earns, at most a burst. */
#define PACER_LUMP (500 * 1e-6) /* s: half of Linux' fq_codel-era 1 ms autosizing goal */

struct pacer {
  double credit_bytes; /* below 0: sent ahead */
  usec updated;
};

static inline double pacer_lump(double bytes_per_s, uint32_t packet_bytes) {
  return min_double(bytes_per_s * PACER_LUMP, (BURST_PACKETS - 1) * (double)packet_bytes);
}

static inline void pacer_update(struct pacer *pacer, double bytes_per_s, uint32_t packet_bytes,
                                bool is_idle, usec now) {
  double earned = bytes_per_s * (double)(now - pacer->updated) / (double)SECOND;
  double packets = is_idle ? INITIAL_WINDOW_PACKETS : 1;
  double most = max_double(2 * pacer_lump(bytes_per_s, packet_bytes), packets * packet_bytes);
  most = min_double(most, (BURST_PACKETS - 1) * (double)packet_bytes);
  pacer->credit_bytes = min_double(pacer->credit_bytes + earned, most);
  pacer->updated = now;
}

static inline bool pacer_allows(const struct pacer *pacer, double bytes_per_s) {
  return bytes_per_s <= 0 || pacer->credit_bytes >= 0;
}

static inline void pacer_spent(struct pacer *pacer, double bytes_per_s, size_t bytes) {
  if (bytes_per_s > 0) pacer->credit_bytes -= (double)bytes;
}

/* When there is credit for a lump; at least one microsecond on. */
static inline usec pacer_deadline(const struct pacer *pacer, double bytes_per_s,
                                  uint32_t packet_bytes, usec now) {
  double missing = pacer_lump(bytes_per_s, packet_bytes) - pacer->credit_bytes;
  return now + 1 + (usec)(max_double(missing, 0) / bytes_per_s * (double)SECOND);
}

#endif
