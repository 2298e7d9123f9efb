/* The search for the path MTU (RFC 8899 §5.3). The largest size is tried first: most paths carry
 * it, and then one probe is the whole search. */
#include "sctp/sending/pmtu.h"

#include <string.h>

/* 1500 - 40 (IPv6) - 8 - 37 - 4 = 1411; PPPoE: 1492 - 20 - 8 - 37 - 4 = 1423; WireGuard over
 * IPv6: 1420 - 40 - 8 - 37 - 4 = 1331; 1380, common behind tunnels: 1380 - 89 = 1291; the least that
 * IPv6 asks of a path: 1280 - 89 = 1191. */
static const uint16_t CANDIDATES[] = {LARGEST_PACKET_BYTES, 1423, 1411, 1331, 1291, 1191};
#define CANDIDATE_COUNT (sizeof CANDIDATES / sizeof *CANDIDATES)

void pmtu_start(struct pmtu *pmtu, uint16_t largest_bytes) {
  memset(pmtu, 0, sizeof *pmtu);
  pmtu->packet_bytes = BASE_PACKET_BYTES;
  pmtu->largest_bytes = largest_bytes;
}

uint16_t pmtu_next_probe(struct pmtu *pmtu) {
  pmtu->has_searched = true;
  if (pmtu->probing_bytes && ++pmtu->tries >= PROBE_TRIES) {
    pmtu->candidate++;
    pmtu->tries = 0;
  }
  pmtu->probing_bytes = 0;
  while (pmtu->candidate < CANDIDATE_COUNT && CANDIDATES[pmtu->candidate] > pmtu->largest_bytes)
    pmtu->candidate++;
  if (pmtu->candidate < CANDIDATE_COUNT && CANDIDATES[pmtu->candidate] > pmtu->packet_bytes)
    pmtu->probing_bytes = CANDIDATES[pmtu->candidate];
  else
    pmtu->candidate = pmtu->tries = 0; /* for the next search */
  return pmtu->probing_bytes;
}

bool pmtu_acked(struct pmtu *pmtu) {
  if (!pmtu->probing_bytes) return false;
  pmtu->packet_bytes = pmtu->probing_bytes;
  pmtu->probing_bytes = 0;
  pmtu->candidate = pmtu->tries = 0;
  pmtu_large_acked(pmtu);
  return true;
}

void pmtu_large_acked(struct pmtu *pmtu) { pmtu->timeouts = pmtu->rounds = 0; }

bool pmtu_timed_out(struct pmtu *pmtu) {
  if (pmtu->packet_bytes == BASE_PACKET_BYTES || ++pmtu->timeouts < BLACK_HOLE_TIMEOUTS)
    return false;
  pmtu_fall(pmtu);
  return true;
}

bool pmtu_large_lost(struct pmtu *pmtu, usec sent_at, usec now) {
  if (pmtu->packet_bytes == BASE_PACKET_BYTES) return false;
  if (pmtu->rounds && sent_at < pmtu->round_at) return false; /* of a round that was counted */
  pmtu->round_at = now;
  if (++pmtu->rounds < BLACK_HOLE_ROUNDS) return false;
  pmtu_fall(pmtu);
  return true;
}

void pmtu_fall(struct pmtu *pmtu) {
  pmtu->packet_bytes = BASE_PACKET_BYTES;
  pmtu->probing_bytes = 0;
  pmtu->candidate = pmtu->tries = pmtu->timeouts = pmtu->rounds = 0;
}

usec pmtu_search_wait(struct pmtu *pmtu, usec now) {
  bool is_first = !pmtu->fell_at || now - pmtu->fell_at >= RAISE_TIMER;
  pmtu->fell_at = now;
  return is_first ? PROBE_TIMER : RAISE_TIMER;
}
