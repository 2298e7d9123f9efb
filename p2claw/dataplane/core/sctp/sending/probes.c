/* The probes of the search for the path MTU: padded heartbeats (RFC 8899 §6.2.2). */
#include "sctp/sending/probes.h"

#include <string.h>

#include "sctp/congestion/rtt.h"
#include "sctp/packet/heartbeat_info.h"
#include "sctp/packet/writer.h"
#include "sctp/sending/pmtu.h"
#include "sctp/timers.h"
#include "usec.h"

void set_packet_bytes(struct association *a) {
  a->controller.packet_bytes =
      (uint32_t)(a->pmtu.packet_bytes & ~3) - COMMON_HEADER_BYTES - DATA_HEADER_BYTES;
}

/* writer is empty and has room for the largest packet. */
bool write_probe(struct association *a, struct writer *writer) {
  uint16_t bytes = a->pmtu.probing_bytes;
  a->probe_due = false;
  if (!bytes || writer_space(writer) + COMMON_HEADER_BYTES < (bytes & ~3u)) return false;
  uint8_t *at = writer_chunk(writer, CHUNK_HEARTBEAT, 0, HEARTBEAT_VALUE_BYTES);
  if (!at) return false;
  a->probe_nonce = heartbeat_nonce(a->probe_nonce + a->config.seed, a->now);
  struct heartbeat_info info = {
      .sent_at = (uint64_t)a->now, .nonce = a->probe_nonce, .probe_bytes = bytes};
  heartbeat_info_write(at, &info);
  size_t padding = (bytes & ~(size_t)3) - writer->length - CHUNK_HEADER_BYTES;
  at = writer_chunk(writer, CHUNK_PAD, 0, padding);
  if (at) memset(at, 0, padding);
  return true;
}

void probe_acked(struct association *a, const struct heartbeat_info *info) {
  if (info->nonce != a->probe_nonce || info->probe_bytes != a->pmtu.probing_bytes) return;
  if (!pmtu_acked(&a->pmtu)) return;
  set_packet_bytes(a);
  arm(a, TIMER_MTU, a->now + RAISE_TIMER);
}

static void packets_became_smaller(struct association *a) {
  set_packet_bytes(a);
  arm(a, TIMER_MTU, a->now + pmtu_search_wait(&a->pmtu, a->now));
}

void large_packets_vanish(struct association *a) {
  if (pmtu_timed_out(&a->pmtu)) packets_became_smaller(a);
}

void large_packet_lost(struct association *a, const struct sent *sent) {
  if (sent->in_large_packet && pmtu_large_lost(&a->pmtu, sent->sent_at, a->now))
    packets_became_smaller(a);
}

void search_again(struct association *a) {
  if (!a->pmtu.has_searched) return;
  pmtu_fall(&a->pmtu);
  set_packet_bytes(a);
  arm(a, TIMER_MTU, a->now);
}

void mtu_expired(struct association *a) {
  if (a->rtt.backoff) { /* a path that carries nothing shows nothing about sizes */
    arm(a, TIMER_MTU, a->now + PROBE_TIMER);
    return;
  }
  if (pmtu_next_probe(&a->pmtu)) {
    a->probe_due = true;
    arm(a, TIMER_MTU, a->now + max_usec(PROBE_TIMER, rtt_timeout(&a->rtt)));
  } else if (a->pmtu.packet_bytes < a->pmtu.largest_bytes) {
    arm(a, TIMER_MTU, a->now + RAISE_TIMER);
  } else {
    disarm(a, TIMER_MTU);
  }
}
