/* Ends the association at once, after an ABORT (RFC 9260 §9.1) or a silent peer (§8.1), and frees what it
 * held. */
#include "sctp/life/closing.h"

#include <stdlib.h>
#include <string.h>

#include "bytes/order.h"
#include "sctp/messages/events.h"
#include "sctp/messages/streams.h"
#include "sctp/packet/chunk.h"
#include "sctp/packet/control.h"
#include "sctp/packet/writer.h"
#include "sctp/receiving/reassembly.h"
#include "sctp/receiving/received.h"
#include "sctp/sending/outstanding.h"
#include "sctp/timers.h"

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
  /* Events that the user has not read stay; everything else is freed now. */
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
