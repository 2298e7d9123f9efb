/* How large packets may be: the search upwards from a size that always fits, and the fall back when
 * large packets begin to vanish (RFC 8899). Sending the probes is probes.c's. */
#ifndef P2CLAW_SCTP_SENDING_PMTU_H
#define P2CLAW_SCTP_SENDING_PMTU_H

#include <stdbool.h>
#include <stdint.h>

#include "sctp/constants.h"
#include "usec.h"

#define PROBE_TRIES 3              /* RFC 8899 §5.1.2 MAX_PROBES */
#define PROBE_TIMER SECOND         /* RFC 8899 §5.1.1: not below 1 s */
#define RAISE_TIMER (600 * SECOND) /* RFC 8899 §5.1.1 PMTU_RAISE_TIMER */
/* A black hole (RFC 8899 §4.3): without a large packet acknowledged meanwhile, so many timeouts in a
 * row, or so many rounds of large packets lost while smaller ones pass. A round is what was sent after
 * the last one was found lost. Of paths that lose a quarter of everything, one in 64 looks like one. */
#define BLACK_HOLE_TIMEOUTS 2
#define BLACK_HOLE_ROUNDS 3

struct pmtu {
  uint16_t packet_bytes;  /* what may be sent */
  uint16_t largest_bytes; /* what the caller allows */
  uint16_t probing_bytes; /* of the probe under way; 0: none */
  uint8_t candidate, tries, timeouts, rounds;
  bool has_searched;
  usec round_at; /* when the last of these rounds was found lost */
  usec fell_at;  /* when packets became smaller last; 0: never */
};

void pmtu_start(struct pmtu *pmtu, uint16_t largest_bytes);
/* A probe may go now: its size, or 0 where the search has ended. */
uint16_t pmtu_next_probe(struct pmtu *pmtu);
/* The probe under way was acknowledged: true if packets may be larger now. */
bool pmtu_acked(struct pmtu *pmtu);
/* A packet with more than BASE_PACKET_BYTES was acknowledged. */
void pmtu_large_acked(struct pmtu *pmtu);
/* A timeout happened; true if packets became smaller. */
bool pmtu_timed_out(struct pmtu *pmtu);
/* A packet with more than BASE_PACKET_BYTES, sent then, was found lost; true as above. */
bool pmtu_large_lost(struct pmtu *pmtu, usec sent_at, usec now);
/* Back to the base, from which a search begins again. */
void pmtu_fall(struct pmtu *pmtu);
/* How long after a fall at `now` the next search begins. The first time at once: what fell silent
 * was perhaps all of the path, and not its large packets. */
usec pmtu_search_wait(struct pmtu *pmtu, usec now);

#endif
