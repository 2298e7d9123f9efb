/* How an association ends: SHUTDOWN (RFC 9260 §9.2), ABORT (§9.1), or silence (§8.1). */
#include <stdlib.h>

#include "state.h"

void close_association(struct association *a, const char *code, const char *text, size_t length,
                       bool by_peer) {
  if (a->state == STATE_CLOSED) return;
  a->state = STATE_CLOSED;
  for (int timer = 0; timer < TIMER_COUNT; timer++) disarm(a, (enum timer)timer);
  struct event *event = event_new(EVENT_CLOSED, length);
  if (event) {
    event->code = code;
    event->by_peer = by_peer;
    event->length = length;
    if (length) memcpy(event->text, text, length);
    event_queue_add(&a->events, event);
  }
  /* What is not yet read stays in `events`; all else is given back now. */
  memset(&a->queue, 0, sizeof a->queue);
  outstanding_free(&a->outstanding);
  reassembly_free(&a->reassembly, &a->streams);
  streams_free(&a->streams);
  received_free(&a->received);
  free_control(a);
  free(a->cookie);
  free(a->reconfig.streams);
  free(a->reconfig.deferred);
  a->cookie = NULL;
  a->reconfig.streams = NULL;
  a->reconfig.deferred = NULL;
  a->reconfig.is_under_way = a->reconfig.is_due = false;
}

void give_up(struct association *a, const char *text) {
  close_association(a, "no-answer", text, strlen(text), false);
}

void abort_association(struct association *a, uint16_t cause, const char *code, const char *text) {
  if (a->state == STATE_CLOSED) return;
  size_t length = strlen(text);
  a->abort_due = a->peer_tag != 0;
  a->abort_cause = cause;
  free(a->abort_text);
  a->abort_text = malloc(length + 1);
  a->abort_text_length = a->abort_text ? length : 0;
  if (a->abort_text) memcpy(a->abort_text, text, length);
  close_association(a, code, text, length, false);
}

void association_abort(struct association *a, const uint8_t *reason, size_t length) {
  char text[256];
  if (length > sizeof text - 1) length = sizeof text - 1;
  if (length) memcpy(text, reason, length);
  text[length] = 0;
  abort_association(a, CAUSE_USER_ABORT, "aborted", text);
}

enum sctp_result association_shutdown(struct association *a, usec now) {
  if (a->state != STATE_ESTABLISHED) return SCTP_WRONG_STATE;
  a->state = STATE_SHUTDOWN_PENDING;
  shutdown_progress(a, now);
  return SCTP_OK;
}

/* All data is acknowledged: the next step of an orderly end, where one was asked for. */
void shutdown_progress(struct association *a, usec now) {
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
  arm(a, TIMER_SHUTDOWN, now + rtt_timeout(&a->rtt));
}

void shutdown_timed_out(struct association *a, usec now) {
  if (++a->tries > ASSOCIATION_TRIES) {
    give_up(a, "the peer did not answer the shutdown");
    return;
  }
  a->shutdown_due = a->state == STATE_SHUTDOWN_SENT;
  a->shutdown_ack_due = a->state == STATE_SHUTDOWN_ACK_SENT;
  a->rtt.backoff++;
  arm(a, TIMER_SHUTDOWN, now + rtt_timeout(&a->rtt));
}

void handle_shutdown(struct association *a, const struct item *chunk, usec now) {
  if (chunk->length != 4) {
    a->stats.malformed++;
    return;
  }
  if (a->state < STATE_ESTABLISHED || a->state == STATE_CLOSED) return;
  if (a->state == STATE_SHUTDOWN_SENT) { /* both at once */
    a->state = STATE_SHUTDOWN_ACK_SENT;
    a->shutdown_due = false;
    a->shutdown_ack_due = true;
    arm(a, TIMER_SHUTDOWN, now + rtt_timeout(&a->rtt));
    return;
  }
  if (a->state == STATE_SHUTDOWN_ACK_SENT) {
    a->shutdown_ack_due = true;
    return;
  }
  a->state = STATE_SHUTDOWN_RECEIVED;
  take_cumulative(a, get32(chunk->value), now);
  shutdown_progress(a, now);
}

void handle_shutdown_ack(struct association *a, usec now) {
  (void)now;
  if (a->state != STATE_SHUTDOWN_SENT && a->state != STATE_SHUTDOWN_ACK_SENT) return;
  a->shutdown_complete_due = true;
  a->complete_tag = a->peer_tag;
  close_association(a, "shutdown", "", 0, false);
}

void handle_shutdown_complete(struct association *a) {
  if (a->state == STATE_SHUTDOWN_ACK_SENT) close_association(a, "shutdown", "", 0, true);
}

void handle_abort(struct association *a, const struct item *chunk) {
  struct cursor causes = {chunk->value, chunk->value + chunk->length};
  struct item cause;
  size_t length = 0;
  const char *text = "";
  if (next_parameter(&causes, &cause) > 0 &&
      (cause.type == CAUSE_USER_ABORT || cause.type == CAUSE_PROTOCOL_VIOLATION)) {
    text = (const char *)cause.value;
    length = cause.length;
  }
  close_association(a, "aborted", text, length, true);
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

bool write_abort(struct association *a, struct writer *writer) {
  uint8_t *at = writer_chunk(writer, CHUNK_ABORT, 0, CHUNK_HEADER_BYTES + a->abort_text_length);
  if (at) {
    put16(at, a->abort_cause);
    put16(at + 2, (uint16_t)(CHUNK_HEADER_BYTES + a->abort_text_length));
    if (a->abort_text_length) memcpy(at + 4, a->abort_text, a->abort_text_length);
  }
  a->abort_due = false;
  return at != NULL;
}
