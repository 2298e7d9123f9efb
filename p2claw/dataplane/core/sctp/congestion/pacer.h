/* Spreads packets over time: sending earns credit at the pacing rate and packets spend it. */
#ifndef P2CLAW_SCTP_CONGESTION_PACER_H
#define P2CLAW_SCTP_CONGESTION_PACER_H

#include "bytes/bounds.h"
#include "sctp/constants.h"
#include "usec.h"

/* A timer wake should be worth more than one packet: as much as this long earns, at most a burst. */
#define PACER_LUMP (500 * 1e-6) /* s: half of the 1 ms that Linux' TCP sizes its segments for */
/* What a burst may be worth where BURST_PACKETS are less. draft-ietf-ccwg-bbr §5.6.3 has 1 ms, and
 * a port with a link that sends much is served so often (carrier/_bulk.pxi); twice that, so that a wake
 * that is late sends one burst. */
#define PACER_BURST (2000 * 1e-6) /* s */
/* From here on two packets go together (draft-ietf-ccwg-bbr §5.6.3: 1.2 Mbit/s). */
#define PACER_SLOW 150e3 /* bytes/s */
/* A wake may come so late and still send all that it would have: timers of an event loop under load.
 * Up to 100 Mbit/s that is one burst at most: 1.5 ms of it are 14 packets of 1,403 bytes. */
#define PACER_LATE (1000 * 1e-6) /* s */
/* A machine that is busy for longer is forgiven what it was really late, up to this, as long as it is
 * no more than one burst. A pause of the user or of the window is not. */
#define PACER_LATEST (20 * MILLISECOND)

struct pacer {
  double credit_bytes; /* below 0: sent ahead */
  usec updated;
  usec due;        /* when the next burst was to begin; 0: nothing waits for that */
  usec least_lump; /* the caller's wish: what a burst should be worth where enough waits; 0: none */
  uint32_t share;  /* the caller's: packets that may leave at one time; 0: as the rate has it */
};

/* Packets of one burst. share: 0, or no less than that many may leave, however low the rate. */
static inline uint32_t pacer_burst(uint32_t share, double bytes_per_s, uint32_t packet_bytes) {
  if (share) return share < BURST_PACKETS_MAX ? share : BURST_PACKETS_MAX;
  double packets = bytes_per_s * PACER_BURST / packet_bytes;
  if (packets <= BURST_PACKETS) return BURST_PACKETS;
  return packets >= BURST_PACKETS_MAX ? BURST_PACKETS_MAX : (uint32_t)packets;
}

/* lump_s: how long it takes to earn it. One packet goes while there is credit at all, so a lump of one
 * is the room for two. */
static inline double pacer_lump(uint32_t share, double bytes_per_s, uint32_t packet_bytes,
                                double lump_s) {
  double packet = packet_bytes, most = (pacer_burst(share, bytes_per_s, packet_bytes) - 1) * packet,
         lump = min_double(bytes_per_s * lump_s, most);
  return bytes_per_s < PACER_SLOW ? lump : max_double(lump, packet);
}

static inline void pacer_update(struct pacer *pacer, double bytes_per_s, uint32_t packet_bytes,
                                double lump, bool is_idle, usec now) {
  double earned = bytes_per_s * (double)(now - pacer->updated) / (double)SECOND;
  double packet = packet_bytes,
         burst = (pacer_burst(pacer->share, bytes_per_s, packet_bytes) - 1) * packet;
  double most = lump + bytes_per_s * PACER_LATE;
  if (now == pacer->updated) return; /* what this burst was given stays */
  if (pacer->due && now > pacer->due) {
    usec late = min_usec(now - pacer->due, PACER_LATEST);
    double missed = lump + bytes_per_s * (double)late / (double)SECOND;
    most = max_double(most, min_double(missed, burst));
  }
  /* Senders with one share get the same, and each keeps what it has earned until it has that much. */
  if (pacer->share) most = min_double(max_double(most, burst), (pacer->share - 1) * packet);
  if (is_idle) /* silence earns a first flight, not what a late wake does */
    most = max_double(min_double(most, burst), INITIAL_WINDOW_PACKETS * packet);
  most = max_double(most, packet);
  pacer->credit_bytes = min_double(pacer->credit_bytes + earned, most);
  pacer->updated = now;
}

static inline bool pacer_allows(const struct pacer *pacer, double bytes_per_s) {
  return bytes_per_s <= 0 || pacer->credit_bytes >= 0;
}

/* bytes: of user data, as the rate counts them. */
static inline void pacer_spent(struct pacer *pacer, double bytes_per_s, size_t bytes) {
  if (bytes_per_s > 0) pacer->credit_bytes -= (double)bytes;
}

/* When there is credit for a lump: now, or at least one microsecond on. */
static inline usec pacer_deadline(const struct pacer *pacer, double bytes_per_s, double lump,
                                  usec now) {
  double missing = lump - pacer->credit_bytes;
  return missing <= 0 ? now : now + 1 + (usec)(missing / bytes_per_s * (double)SECOND);
}

#endif
