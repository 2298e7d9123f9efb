/* Stream reset (RFC 6525): closing a channel resets our direction, and the peer responds by
 * resetting its own (RFC 8831 §6.7). One request is under way at a time. */
#include "sctp/channels/reconfig.h"

#include <stdlib.h>
#include <string.h>

#include "bytes/order.h"
#include "sctp/congestion/rtt.h"
#include "sctp/life/closing.h"
#include "sctp/messages/events.h"
#include "sctp/messages/streams.h"
#include "sctp/packet/chunk.h"
#include "sctp/packet/control.h"
#include "sctp/packet/serial.h"
#include "sctp/packet/writer.h"
#include "sctp/receiving/reassembly.h"
#include "sctp/receiving/repeating.h"
#include "sctp/sending/outstanding.h"
#include "sctp/sending/sendqueue.h"
#include "sctp/timers.h"
#include "usec.h"

/* RFC 6525 §4.4 */
enum result {
  RESULT_NOTHING_TO_DO = 0,
  RESULT_PERFORMED = 1,
  RESULT_DENIED = 2,
  RESULT_BAD_SEQUENCE = 5,
  RESULT_IN_PROGRESS = 6,
};

#define REQUEST_FIXED_BYTES 12 /* RFC 6525 §4.1: after the parameter's header */

static bool is_ready(const struct stream *stream) {
  return stream->out_reset == RESET_WANTED && !stream->head;
}

/* Begins the next request where streams wait for one and have nothing left to send. */
static void begin_request(struct association *a) {
  struct reconfig *r = &a->reconfig;
  uint16_t count = 0;
  if (!a->queue.ready_to_reset) return;
  for (uint32_t i = 0; i < a->streams.count; i++)
    count = (uint16_t)(count + is_ready(a->streams.sorted[i]));
  if (!count) return;
  if (count > RESET_STREAMS_MAX) count = RESET_STREAMS_MAX;
  uint16_t *streams = malloc(count * sizeof *streams);
  if (!streams) return; /* tried again with the next event */
  r->count = 0;
  for (uint32_t i = 0; i < a->streams.count && r->count < count; i++) {
    struct stream *stream = a->streams.sorted[i];
    if (!is_ready(stream)) continue;
    stream->out_reset = RESET_REQUESTED;
    a->queue.ready_to_reset--;
    streams[r->count++] = stream->id;
  }
  free(r->streams);
  r->streams = streams;
  r->last_tsn = outstanding_end(&a->outstanding) - 1;
  r->is_under_way = r->is_due = true;
  r->tries = 0;
}

static void respond(struct association *a, uint32_t request, uint32_t result) {
  uint8_t parameter[12];
  put16(parameter, PARAM_RECONFIG_RESPONSE);
  put16(parameter + 2, sizeof parameter);
  put32(parameter + 4, request);
  put32(parameter + 8, result);
  add_control(a, CHUNK_RECONFIG, 0, parameter, sizeof parameter);
}

/* Both directions are reset: the number is free again. */
static void close_stream_if_reset(struct association *a, struct stream *stream) {
  if (stream->out_reset != RESET_DONE || stream->in_reset != RESET_DONE || stream->head) return;
  struct event *event = event_new(EVENT_CHANNEL_CLOSED, 0);
  if (event) {
    event->stream = stream->id;
    event_queue_add(&a->events, event);
  }
  reassembly_reset(&a->reassembly, stream);
  streams_remove(&a->streams, stream);
}

static void reset_inbound(struct association *a, uint16_t number) {
  struct stream *stream = streams_find(&a->streams, number);
  if (!stream || stream->in_reset == RESET_DONE) return;
  if (number == REPEATING_STREAM) repeating_free(a);
  reassembly_reset(&a->reassembly, stream);
  stream->in_reset = RESET_DONE;
  if (stream->out_reset == RESET_NONE) {
    send_queue_reset_after(&a->queue, stream);
    stream->channel = CHANNEL_CLOSING;
  }
  close_stream_if_reset(a, stream);
}

/* value: of the parameter; an empty list means all streams (RFC 6525 §5.2.2). */
static void perform(struct association *a, const uint8_t *value, size_t length) {
  if (length < REQUEST_FIXED_BYTES + 2) {
    for (uint32_t i = a->streams.count; i; i--) reset_inbound(a, a->streams.sorted[i - 1]->id);
    return;
  }
  for (size_t at = REQUEST_FIXED_BYTES; at + 2 <= length; at += 2)
    reset_inbound(a, get16(value + at));
}

static void keep_for_later(struct association *a, const struct item *parameter) {
  struct reconfig *r = &a->reconfig;
  uint8_t *copy = malloc(parameter->length);
  if (!copy) return;
  memcpy(copy, parameter->value, parameter->length);
  free(r->deferred);
  r->deferred = copy;
  r->deferred_length = parameter->length;
}

static void finish_peer_request(struct association *a, uint32_t request, uint32_t result) {
  a->reconfig.last_result = result;
  respond(a, request, result);
}

static void handle_reset_outgoing(struct association *a, const struct item *parameter) {
  struct reconfig *r = &a->reconfig;
  if (parameter->length < REQUEST_FIXED_BYTES || parameter->length > CONTROL_CHUNK_BYTES_MAX) {
    a->stats.malformed++;
    return;
  }
  uint32_t request = get32(parameter->value), last_tsn = get32(parameter->value + 8);
  if (request == r->peer_next) {
    r->peer_next++;
    if (tsn_lt(a->received.cumulative, last_tsn)) { /* RFC 6525 §5.2.2 E2 */
      keep_for_later(a, parameter);
      finish_peer_request(a, request, RESULT_IN_PROGRESS);
    } else {
      perform(a, parameter->value, parameter->length);
      finish_peer_request(a, request, RESULT_PERFORMED);
    }
  } else if (request == r->peer_next - 1) {
    respond(a, request, r->last_result); /* the response was lost */
  } else {
    respond(a, request, RESULT_BAD_SEQUENCE);
  }
}

/* Requests that data channels have no use for. */
static void handle_other_request(struct association *a, const struct item *parameter) {
  if (parameter->length < 4) return;
  uint32_t request = get32(parameter->value);
  bool is_adding = parameter->type == PARAM_ADD_OUTGOING && parameter->length >= 6;
  if (request == a->reconfig.peer_next) {
    a->reconfig.peer_next++;
    a->reconfig.last_result = is_adding ? RESULT_PERFORMED : RESULT_DENIED;
    if (is_adding) {
      uint32_t streams = (uint32_t)a->in_streams + get16(parameter->value + 4);
      a->in_streams = streams > UINT16_MAX ? UINT16_MAX : (uint16_t)streams;
    }
  } else if (request != a->reconfig.peer_next - 1) {
    respond(a, request, RESULT_BAD_SEQUENCE);
    return;
  }
  respond(a, request, a->reconfig.last_result);
}

static void handle_response(struct association *a, const struct item *parameter) {
  struct reconfig *r = &a->reconfig;
  if (parameter->length < 8 || !r->is_under_way) return;
  if (get32(parameter->value) != r->next_request) return;
  if (get32(parameter->value + 4) == RESULT_IN_PROGRESS) { /* asked again when the timer ends */
    r->tries = 0;
    return;
  }
  r->is_under_way = r->is_due = false;
  r->next_request++;
  disarm(a, TIMER_RECONFIG);
  /* Whatever the response, our direction is over: the channel closes, as was asked. */
  for (uint16_t i = 0; i < r->count; i++) {
    struct stream *stream = streams_find(&a->streams, r->streams[i]);
    if (!stream || stream->out_reset != RESET_REQUESTED) continue;
    stream->out_reset = RESET_DONE;
    stream->next_out_ssn = 0;
    close_stream_if_reset(a, stream);
  }
  free(r->streams);
  r->streams = NULL;
}

void handle_reconfig(struct association *a, const struct item *chunk) {
  struct cursor cursor = {chunk->value, chunk->value + chunk->length};
  struct item parameter;
  int more;
  if (a->state < STATE_ESTABLISHED || a->state == STATE_CLOSED) return;
  while ((more = next_parameter(&cursor, &parameter)) > 0) {
    if (parameter.type == PARAM_RESET_OUTGOING)
      handle_reset_outgoing(a, &parameter);
    else if (parameter.type == PARAM_RECONFIG_RESPONSE)
      handle_response(a, &parameter);
    else if (parameter.type >= PARAM_RESET_INCOMING && parameter.type <= PARAM_ADD_INCOMING)
      handle_other_request(a, &parameter);
  }
  if (more < 0) a->stats.malformed++;
}

/* Something moved: TSNs or a response arrived, or queues drained. */
void reconfig_progress(struct association *a) {
  struct reconfig *r = &a->reconfig;
  if (r->deferred && tsn_le(get32(r->deferred + 8), a->received.cumulative)) {
    uint8_t *deferred = r->deferred;
    r->deferred = NULL;
    perform(a, deferred, r->deferred_length);
    finish_peer_request(a, get32(deferred), RESULT_PERFORMED);
    free(deferred);
  }
  if (a->state == STATE_ESTABLISHED && !r->is_under_way && a->peer_reconfig) begin_request(a);
}

void reconfig_timed_out(struct association *a) {
  disarm(a, TIMER_RECONFIG);
  if (!a->reconfig.is_under_way) return;
  a->reconfig.is_due = true;
  if (++a->reconfig.tries > ASSOCIATION_TRIES)
    give_up(a, "the peer did not respond to a stream reset");
}

bool write_reconfig(struct association *a, struct writer *writer) {
  struct reconfig *r = &a->reconfig;
  size_t length = REQUEST_FIXED_BYTES + 2 * (size_t)r->count;
  uint8_t *at = writer_chunk(writer, CHUNK_RECONFIG, 0, CHUNK_HEADER_BYTES + length);
  if (!at) return false;
  put16(at, PARAM_RESET_OUTGOING);
  put16(at + 2, (uint16_t)(CHUNK_HEADER_BYTES + length));
  put32(at + 4, r->next_request);
  put32(at + 8, r->peer_next - 1);
  put32(at + 12, r->last_tsn);
  for (uint16_t i = 0; i < r->count; i++) put16(at + 16 + 2 * i, r->streams[i]);
  r->is_due = false;
  usec wait = rtt_timeout(&a->rtt);
  for (uint8_t i = 0; i < r->tries && wait < RTO_MAX; i++) wait *= 2;
  arm(a, TIMER_RECONFIG, a->now + min_usec(wait, RTO_MAX));
  return true;
}
