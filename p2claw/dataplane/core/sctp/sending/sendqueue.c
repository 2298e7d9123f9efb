/* Whose turn it is to be sent, and the cutting of messages into fragments (RFC 9260 §6.9). */
#include "sctp/sending/sendqueue.h"

#include "sctp/messages/message.h"
#include "sctp/packet/chunk.h"
#include "usec.h"

static void append_turn(struct send_queue *queue, struct stream *stream) {
  stream->next_turn = NULL;
  if (queue->last)
    queue->last->next_turn = stream;
  else
    queue->first = stream;
  queue->last = stream;
  stream->is_queued = true;
}

void send_queue_add(struct send_queue *queue, struct stream *stream, struct message *message) {
  message->next = NULL;
  if (stream->tail)
    stream->tail->next = message;
  else
    stream->head = message;
  stream->tail = message;
  stream->queued_bytes += message->length;
  queue->waiting_bytes += message->length;
  if (!stream->is_queued) append_turn(queue, stream);
}

/* The head of the first stream is done with: the turn goes on. */
static void end_turn(struct send_queue *queue) {
  struct stream *stream = queue->first;
  struct message *message = stream->head;
  stream->head = message->next;
  if (!stream->head) stream->tail = NULL;
  queue->first = stream->next_turn;
  if (!queue->first) queue->last = NULL;
  stream->is_queued = false;
  stream->next_turn = NULL;
  if (stream->head)
    append_turn(queue, stream);
  else if (stream->out_reset == RESET_WANTED)
    queue->ready_to_reset++;
  message_unref(message);
}

void send_queue_drop_rest(struct send_queue *queue) {
  struct message *message = queue->first->head;
  uint32_t rest = message->length - message->cut;
  queue->waiting_bytes -= rest;
  queue->first->queued_bytes -= rest;
  message->cut = message->length;
  end_turn(queue);
}

struct message *send_queue_peek(struct send_queue *queue, usec now) {
  while (queue->first) {
    struct message *message = queue->first->head;
    if (message->cut || message->expires > now) return message;
    send_queue_drop_rest(queue);
  }
  return NULL;
}

struct fragment send_queue_cut(struct send_queue *queue, uint32_t room) {
  struct stream *stream = queue->first;
  struct message *message = stream->head;
  struct fragment fragment = {message, message->cut, message->length - message->cut, 0};
  if (fragment.length > room) fragment.length = room;
  if (!message->cut) {
    fragment.flags |= DATA_BEGIN;
    if (!message->unordered) message->ssn = stream->next_out_ssn++;
  }
  if (message->unordered) fragment.flags |= DATA_UNORDERED;
  message->cut += fragment.length;
  queue->waiting_bytes -= fragment.length;
  message->refs++;
  if (message->cut == message->length) {
    fragment.flags |= DATA_END;
    end_turn(queue);
  }
  return fragment;
}

void send_queue_reset_after(struct send_queue *queue, struct stream *stream) {
  stream->out_reset = RESET_WANTED;
  if (!stream->head) queue->ready_to_reset++;
}
