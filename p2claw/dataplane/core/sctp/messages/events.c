/* The queue of events, and what they own. */
#include "sctp/messages/events.h"

#include <stdlib.h>
#include <string.h>

struct event *event_new(enum event_kind kind, size_t text_length) {
  struct event *event = calloc(1, sizeof *event + text_length);
  if (event) event->kind = (uint8_t)kind;
  return event;
}

void event_free(struct event *event) {
  while (event->pieces) {
    struct piece *piece = event->pieces;
    event->pieces = piece->next;
    free(piece);
  }
  free(event);
}

void event_copy(const struct event *event, uint8_t *target) {
  for (const struct piece *piece = event->pieces; piece; piece = piece->next) {
    memcpy(target, piece->bytes, piece->length);
    target += piece->length;
  }
}

void event_queue_add(struct event_queue *queue, struct event *event) {
  event->next = NULL;
  if (queue->last)
    queue->last->next = event;
  else
    queue->first = event;
  queue->last = event;
  queue->count++;
}

struct event *event_queue_pop(struct event_queue *queue) {
  struct event *event = queue->first;
  if (!event) return NULL;
  queue->first = event->next;
  if (!queue->first) queue->last = NULL;
  queue->count--;
  return event;
}

void event_queue_free(struct event_queue *queue) {
  struct event *event;
  while ((event = event_queue_pop(queue))) event_free(event);
}
