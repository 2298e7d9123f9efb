/* Heartbeats that find out whether the peer is there (RFC 9260 §8.3), and padded ones that find out
 * how large a packet may be (RFC 8899 §6.2.2). */
#include "state.h"

#define INFO_BYTES 16 /* when it was sent 8, nonce 4, size of the probe 4 */

/* Not secret, but not the last one again: an old answer is not taken for a new one. */
static uint32_t next_nonce(struct association *a) {
  uint32_t x = a->heartbeat_nonce + a->probe_nonce + a->config.seed + 1;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return x + (uint32_t)a->now;
}

static void put_info(uint8_t *at, usec now, uint32_t nonce, uint32_t probe_bytes) {
  uint8_t info[INFO_BYTES];
  put64(info, (uint64_t)now);
  put32(info + 8, nonce);
  put32(info + 12, probe_bytes);
  put_parameter(at, PARAM_HEARTBEAT_INFO, info, sizeof info);
}

bool write_heartbeat(struct association *a, struct writer *writer, usec now) {
  uint8_t *at = writer_chunk(writer, CHUNK_HEARTBEAT, 0, CHUNK_HEADER_BYTES + INFO_BYTES);
  if (!at) return false;
  a->heartbeat_nonce = next_nonce(a);
  a->heartbeat_due = false;
  a->heartbeat_out = true;
  put_info(at, now, a->heartbeat_nonce, 0);
  arm(a, TIMER_HEARTBEAT, now + rtt_timeout(&a->rtt));
  return true;
}

/* writer is empty and has room for the largest packet. */
bool write_probe(struct association *a, struct writer *writer, usec now) {
  uint16_t bytes = a->pmtu.probing_bytes;
  a->probe_due = false;
  if (!bytes || writer_space(writer) + COMMON_HEADER_BYTES < (bytes & ~3u)) return false;
  uint8_t *at = writer_chunk(writer, CHUNK_HEARTBEAT, 0, CHUNK_HEADER_BYTES + INFO_BYTES);
  if (!at) return false;
  a->probe_nonce = next_nonce(a);
  put_info(at, now, a->probe_nonce, bytes);
  size_t padding = (bytes & ~(size_t)3) - writer->length - CHUNK_HEADER_BYTES;
  at = writer_chunk(writer, CHUNK_PAD, 0, padding);
  if (at) memset(at, 0, padding);
  return true;
}

void handle_heartbeat(struct association *a, const struct item *chunk) {
  if (a->state < STATE_COOKIE_ECHOED || a->state == STATE_CLOSED) return;
  add_control(a, CHUNK_HEARTBEAT_ACK, 0, chunk->value, chunk->length);
}

void set_packet_bytes(struct association *a) {
  a->controller.packet_bytes = (uint32_t)(a->pmtu.packet_bytes & ~3) - COMMON_HEADER_BYTES -
                               DATA_HEADER_BYTES;
}

void handle_heartbeat_ack(struct association *a, const struct item *chunk, usec now) {
  struct cursor cursor = {chunk->value, chunk->value + chunk->length};
  struct item info;
  if (next_parameter(&cursor, &info) <= 0 || info.type != PARAM_HEARTBEAT_INFO ||
      info.length != INFO_BYTES) {
    a->stats.malformed++;
    return;
  }
  uint32_t nonce = get32(info.value + 8);
  if (get32(info.value + 12)) {
    if (nonce == a->probe_nonce && get32(info.value + 12) == a->pmtu.probing_bytes &&
        pmtu_acked(&a->pmtu)) {
      set_packet_bytes(a);
      arm(a, TIMER_MTU, now + RAISE_TIMER);
    }
  } else if (nonce == a->heartbeat_nonce && a->heartbeat_out) {
    uint64_t sent_at = get64(info.value), at = (uint64_t)now; /* any number: the peer wrote it */
    if (sent_at <= at && at - sent_at < RTO_MAX) rtt_measured(&a->rtt, (usec)(at - sent_at));
    a->heartbeat_out = false;
    a->errors = 0;
    arm_heartbeat(a, now);
  }
}

void arm_heartbeat(struct association *a, usec now) {
  arm(a, TIMER_HEARTBEAT, now + HEARTBEAT_INTERVAL);
}

/* The interval passed, or an answer did not come. DATA under way is a heartbeat by itself. */
void heartbeat_expired(struct association *a, usec now) {
  if (a->heartbeat_out) {
    a->heartbeat_out = false;
    if (path_failed(a)) return;
    a->heartbeat_due = true;
  } else if (a->outstanding.count || now - a->last_sent_at < HEARTBEAT_INTERVAL / 2) {
    arm_heartbeat(a, now);
    return;
  } else {
    a->heartbeat_due = true;
  }
  arm(a, TIMER_HEARTBEAT, now + rtt_timeout(&a->rtt));
}

void mtu_expired(struct association *a, usec now) {
  if (pmtu_next_probe(&a->pmtu)) {
    a->probe_due = true;
    arm(a, TIMER_MTU, now + max_usec(PROBE_TIMER, rtt_timeout(&a->rtt)));
  } else if (a->pmtu.packet_bytes < a->pmtu.largest_bytes) {
    arm(a, TIMER_MTU, now + RAISE_TIMER);
  } else {
    disarm(a, TIMER_MTU);
  }
}
