/* Heartbeats, which find out whether the peer is there (RFC 9260 §8.3). */
#include "sctp/life/heartbeat.h"

#include "sctp/congestion/rtt.h"
#include "sctp/packet/control.h"
#include "sctp/packet/heartbeat_info.h"
#include "sctp/packet/writer.h"
#include "sctp/receiving/reassembly.h"
#include "sctp/sending/loss.h"
#include "sctp/sending/outstanding.h"
#include "sctp/sending/probes.h"
#include "sctp/timers.h"
#include "usec.h"

bool write_heartbeat(struct association *a, struct writer *writer) {
  uint8_t *at = writer_chunk(writer, CHUNK_HEARTBEAT, 0, HEARTBEAT_VALUE_BYTES);
  if (!at) return false;
  a->heartbeat_nonce = heartbeat_nonce(a->heartbeat_nonce + a->config.seed, a->now);
  a->heartbeat_due = false;
  a->heartbeat_out = true;
  struct heartbeat_info info = {.sent_at = (uint64_t)a->now, .nonce = a->heartbeat_nonce};
  heartbeat_info_write(at, &info);
  arm(a, TIMER_HEARTBEAT, a->now + rtt_timeout(&a->rtt));
  return true;
}

void handle_heartbeat(struct association *a, const struct item *chunk) {
  if (a->state < STATE_COOKIE_ECHOED || a->state == STATE_CLOSED) return;
  add_control(a, CHUNK_HEARTBEAT_ACK, 0, chunk->value, chunk->length);
}

void handle_heartbeat_ack(struct association *a, const struct item *chunk) {
  struct heartbeat_info info;
  if (!heartbeat_info_read(chunk, &info)) {
    a->stats.malformed++;
  } else if (info.probe_bytes) {
    probe_acked(a, &info);
  } else if (info.nonce == a->heartbeat_nonce && a->heartbeat_out) {
    uint64_t now = (uint64_t)a->now;
    if (info.sent_at <= now && now - info.sent_at < RTO_MAX)
      rtt_measured(&a->rtt, (usec)(now - info.sent_at));
    a->heartbeat_out = false;
    a->errors = 0;
    arm_heartbeat(a);
  }
}

void arm_heartbeat(struct association *a) { arm(a, TIMER_HEARTBEAT, a->now + HEARTBEAT_INTERVAL); }

/* DATA under way is a heartbeat by itself. Where the path was seen to work, what is left to find out
 * is whether the peer still has the association, and that ends without a word only with its process. */
static bool is_needless(const struct association *a) {
  usec quiet = a->now - a->last_sent_at;
  bool path_works = a->path_worked_at && a->now - a->path_worked_at < HEARTBEAT_INTERVAL / 2;
  if (a->outstanding.count || quiet < HEARTBEAT_INTERVAL / 2) return true;
  return path_works && quiet < HEARTBEAT_SELDOM - HEARTBEAT_INTERVAL / 2;
}

/* The interval passed, or no HEARTBEAT-ACK came. */
void heartbeat_expired(struct association *a) {
  outstanding_rest(&a->outstanding);
  reassembly_rest(&a->reassembly);
  if (a->heartbeat_out) {
    a->heartbeat_out = false;
    if (path_failed(a)) return;
    a->heartbeat_due = true;
  } else if (is_needless(a)) {
    arm_heartbeat(a);
    return;
  } else {
    a->heartbeat_due = true;
  }
  arm(a, TIMER_HEARTBEAT, a->now + rtt_timeout(&a->rtt));
}
