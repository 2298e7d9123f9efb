/* Data channels on streams: opening, sending, what arrives, closing (RFC 8831, RFC 8832). */
#include "sctp/channels/channels.h"

#include <stdlib.h>
#include <string.h>

#include "sctp/channels/dcep.h"
#include "sctp/messages/events.h"
#include "sctp/messages/message.h"
#include "sctp/messages/streams.h"
#include "sctp/sending/sendqueue.h"
#include "usec.h"

static void emit_open(struct association *a, uint16_t stream, const struct channel_terms *terms,
                      const uint8_t *text) {
  size_t length = (size_t)terms->label_length + terms->protocol_length;
  struct event *event = event_new(EVENT_CHANNEL_OPEN, length);
  if (!event) return;
  event->stream = stream;
  event->terms = *terms;
  if (length) memcpy(event->text, text, length);
  event_queue_add(&a->events, event);
}

static void set_terms(struct stream *stream, const struct channel_terms *terms) {
  stream->unordered = terms->unordered;
  stream->retransmissions_max = terms->retransmissions_max;
  stream->lifetime_ms = terms->lifetime_ms;
}

static enum sctp_result queue_message(struct association *a, struct stream *stream,
                                      struct message *message) {
  bool is_plain = message->ppid == PPID_DCEP || stream->channel == CHANNEL_OPENING;
  /* Before the ACK of the opening all goes in order, so that nothing overtakes it (RFC 8832 §6). */
  message->unordered = stream->unordered && !is_plain;
  if (message->ppid != PPID_DCEP) {
    message->retransmissions_max = stream->retransmissions_max;
    if (stream->lifetime_ms != UNLIMITED)
      message->expires = a->now + (usec)stream->lifetime_ms * MILLISECOND;
  }
  send_queue_add(&a->queue, stream, message);
  return SCTP_OK;
}

enum sctp_result channel_send(struct association *a, uint16_t number, uint32_t ppid,
                              const void *data, size_t length, void *owner, release_fn release) {
  static const uint8_t nothing[1] = {0};
  if (a->state > STATE_ESTABLISHED) return SCTP_WRONG_STATE;
  if (!length) { /* RFC 8831 §6.6: one byte stands for an empty message */
    if (ppid == PPID_STRING || ppid == PPID_BINARY)
      ppid = ppid == PPID_STRING ? PPID_STRING_EMPTY : PPID_BINARY_EMPTY;
    else
      return SCTP_WRONG_LENGTH;
  }
  if (length > INT32_MAX) return SCTP_WRONG_LENGTH;
  if (a->state == STATE_ESTABLISHED && number >= a->out_streams) return SCTP_WRONG_STREAM;
  if (a->queue.waiting_bytes + length > a->config.send_buffer_bytes) return SCTP_BUFFER_FULL;
  struct stream *stream = streams_get(&a->streams, number);
  if (!stream) return SCTP_NO_MEMORY;
  if (stream->out_reset != RESET_NONE) return SCTP_WRONG_STREAM;
  struct message *message = length ? message_new(number, ppid, data, length, owner, release)
                                   : message_new(number, ppid, nothing, 1, NULL, NULL);
  if (!message) return SCTP_NO_MEMORY;
  if (!length && owner) release(owner);
  return queue_message(a, stream, message);
}

/* Even numbers are the DTLS client's to open, odd ones the server's (RFC 8832 §6). */
static int32_t free_number(struct association *a) {
  uint32_t end = a->state == STATE_ESTABLISHED ? a->out_streams : UINT16_MAX;
  for (uint32_t number = a->config.is_server ? 1 : 0; number < end; number += 2)
    if (!streams_find(&a->streams, (uint16_t)number)) return (int32_t)number;
  return -1;
}

enum sctp_result channel_open(struct association *a, int32_t *number, bool announce,
                              const struct channel_terms *terms, const uint8_t *label,
                              const uint8_t *protocol) {
  size_t text = (size_t)terms->label_length + terms->protocol_length;
  if (a->state > STATE_ESTABLISHED) return SCTP_WRONG_STATE;
  if (*number < 0) *number = free_number(a);
  uint32_t end = a->state == STATE_ESTABLISHED ? a->out_streams : UINT16_MAX;
  if (*number < 0 || (uint32_t)*number >= end) return SCTP_WRONG_STREAM;
  struct stream *stream = streams_get(&a->streams, (uint16_t)*number);
  if (!stream) return SCTP_NO_MEMORY;
  if (stream->channel != CHANNEL_NONE || stream->out_reset != RESET_NONE) return SCTP_WRONG_STREAM;
  if (!announce) {
    set_terms(stream, terms);
    stream->channel = CHANNEL_OPEN;
    return SCTP_OK;
  }
  uint8_t *open = malloc(DCEP_OPEN_BYTES + text);
  if (!open) return SCTP_NO_MEMORY;
  dcep_write_open(open, terms);
  if (terms->label_length) memcpy(open + DCEP_OPEN_BYTES, label, terms->label_length);
  if (terms->protocol_length)
    memcpy(open + DCEP_OPEN_BYTES + terms->label_length, protocol, terms->protocol_length);
  struct message *message =
      message_new(stream->id, PPID_DCEP, open, DCEP_OPEN_BYTES + text, NULL, NULL);
  free(open);
  if (!message) return SCTP_NO_MEMORY;
  set_terms(stream, terms);
  stream->channel = CHANNEL_OPENING;
  return queue_message(a, stream, message);
}

static void accept_open(struct association *a, struct stream *stream, const uint8_t *bytes,
                        const struct channel_terms *terms) {
  static const uint8_t ack[] = {DCEP_ACK};
  if (stream->channel != CHANNEL_NONE) return;
  stream->channel = CHANNEL_OPEN;
  set_terms(stream, terms);
  emit_open(a, stream->id, terms, bytes + DCEP_OPEN_BYTES);
  struct message *message = message_new(stream->id, PPID_DCEP, ack, sizeof ack, NULL, NULL);
  if (message) queue_message(a, stream, message);
}

static void handle_dcep(struct association *a, const struct event *event) {
  struct channel_terms terms;
  struct stream *stream = streams_find(&a->streams, event->stream);
  uint8_t *bytes = malloc(event->length);
  if (!stream || !bytes) {
    free(bytes);
    return;
  }
  event_copy(event, bytes);
  if (dcep_read_open(bytes, event->length, &terms)) {
    accept_open(a, stream, bytes, &terms);
  } else if (bytes[0] == DCEP_ACK && stream->channel == CHANNEL_OPENING) {
    stream->channel = CHANNEL_OPEN;
    memset(&terms, 0, sizeof terms);
    terms.unordered = stream->unordered;
    terms.retransmissions_max = stream->retransmissions_max;
    terms.lifetime_ms = stream->lifetime_ms;
    emit_open(a, stream->id, &terms, bytes);
  } else if (bytes[0] != DCEP_ACK) {
    a->stats.malformed++;
  }
  free(bytes);
}

/* Whole messages in the order of their delivery: DCEP is kept, the rest is the user's. */
void deliver_messages(struct association *a, struct event_queue *fresh) {
  struct event *event;
  while ((event = event_queue_pop(fresh))) {
    if (event->kind == EVENT_NOTHING || event->ppid == PPID_DCEP) {
      if (event->kind != EVENT_NOTHING) handle_dcep(a, event);
      a->reassembly.buffered_bytes -= event->cost_bytes;
      event_free(event);
      continue;
    }
    if (event->ppid == PPID_STRING_EMPTY || event->ppid == PPID_BINARY_EMPTY) {
      event->ppid = event->ppid == PPID_STRING_EMPTY ? PPID_STRING : PPID_BINARY;
      event->length = 0;
    }
    event_queue_add(&a->events, event);
  }
}

enum sctp_result channel_reset(struct association *a, uint16_t number) {
  if (a->state > STATE_ESTABLISHED) return SCTP_WRONG_STATE;
  struct stream *stream = streams_find(&a->streams, number);
  if (!stream) return SCTP_WRONG_STREAM;
  if (stream->out_reset != RESET_NONE) return SCTP_OK;
  send_queue_reset_after(&a->queue, stream);
  stream->channel = CHANNEL_CLOSING;
  return SCTP_OK;
}
