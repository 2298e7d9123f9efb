/* The orderly end (RFC 9260 §9.2). */
#include "sctp/life/shutdown.h"

#include "bytes/order.h"
#include "sctp/congestion/rtt.h"
#include "sctp/life/closing.h"
#include "sctp/packet/writer.h"
#include "sctp/sending/acknowledging.h"
#include "sctp/timers.h"

/* All data may have been acknowledged: the next step, where an end was asked for. */
void shutdown_progress(struct association *a) {
  if (a->queue.first || a->outstanding.count) return;
  if (a->state == STATE_SHUTDOWN_PENDING) {
    a->state = STATE_SHUTDOWN_SENT;
    a->shutdown_due = true;
  } else if (a->state == STATE_SHUTDOWN_RECEIVED) {
    a->state = STATE_SHUTDOWN_ACK_SENT;
    a->shutdown_ack_due = true;
  } else {
    return;
  }
  a->tries = 0;
  disarm(a, TIMER_HEARTBEAT);
  arm(a, TIMER_SHUTDOWN, a->now + rtt_timeout(&a->rtt));
}

void shutdown_timed_out(struct association *a) {
  if (++a->tries > ASSOCIATION_TRIES) {
    give_up(a, "the peer did not respond to the shutdown");
    return;
  }
  a->shutdown_due = a->state == STATE_SHUTDOWN_SENT;
  a->shutdown_ack_due = a->state == STATE_SHUTDOWN_ACK_SENT;
  a->rtt.backoff++;
  arm(a, TIMER_SHUTDOWN, a->now + rtt_timeout(&a->rtt));
}

void handle_shutdown(struct association *a, const struct item *chunk) {
  if (chunk->length != 4) {
    a->stats.malformed++;
    return;
  }
  if (a->state < STATE_ESTABLISHED || a->state == STATE_CLOSED) return;
  if (a->state == STATE_SHUTDOWN_SENT) { /* both at once */
    a->state = STATE_SHUTDOWN_ACK_SENT;
    a->shutdown_due = false;
    a->shutdown_ack_due = true;
    arm(a, TIMER_SHUTDOWN, a->now + rtt_timeout(&a->rtt));
    return;
  }
  if (a->state == STATE_SHUTDOWN_ACK_SENT) {
    a->shutdown_ack_due = true;
    return;
  }
  a->state = STATE_SHUTDOWN_RECEIVED;
  acknowledge_cumulative(a, get32(chunk->value));
}

void handle_shutdown_ack(struct association *a) {
  if (a->state != STATE_SHUTDOWN_SENT && a->state != STATE_SHUTDOWN_ACK_SENT) return;
  a->shutdown_complete_due = true;
  a->complete_tag = a->peer_tag;
  close_association(a, "shutdown", "", 0, false);
}

void handle_shutdown_complete(struct association *a) {
  if (a->state == STATE_SHUTDOWN_ACK_SENT) close_association(a, "shutdown", "", 0, true);
}

bool write_shutdown(struct association *a, struct writer *writer) {
  if (a->shutdown_due) {
    uint8_t *at = writer_chunk(writer, CHUNK_SHUTDOWN, 0, 4);
    if (!at) return false;
    put32(at, a->received.cumulative);
    a->shutdown_due = false;
  }
  if (a->shutdown_ack_due && writer_chunk(writer, CHUNK_SHUTDOWN_ACK, 0, 0))
    a->shutdown_ack_due = false;
  if (a->shutdown_complete_due && writer_chunk(writer, CHUNK_SHUTDOWN_COMPLETE, 0, 0))
    a->shutdown_complete_due = false;
  return true;
}
