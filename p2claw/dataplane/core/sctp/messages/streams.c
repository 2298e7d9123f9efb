/* The table of streams: a sorted array, because there are few and they are looked up often. */
#include "sctp/messages/streams.h"

#include <stdlib.h>
#include <string.h>

#include "sctp/constants.h"
#include "sctp/messages/message.h"

/* The place of id, or where it would go. */
static uint32_t place_of(const struct streams *streams, uint16_t id) {
  uint32_t low = 0, high = streams->count;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (streams->sorted[middle]->id < id)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

struct stream *streams_find(struct streams *streams, uint16_t id) {
  if (streams->last && streams->last->id == id) return streams->last;
  uint32_t place = place_of(streams, id);
  if (place == streams->count || streams->sorted[place]->id != id) return NULL;
  return streams->last = streams->sorted[place];
}

static bool grow(struct streams *streams) {
  uint32_t capacity = streams->capacity ? 2 * streams->capacity : 4;
  struct stream **sorted = realloc(streams->sorted, capacity * sizeof(struct stream *));
  if (!sorted) return false;
  streams->sorted = sorted;
  streams->capacity = capacity;
  return true;
}

struct stream *streams_get(struct streams *streams, uint16_t id) {
  struct stream *stream = streams_find(streams, id);
  if (stream || streams->count == STREAMS_MAX) return stream;
  if (streams->count == streams->capacity && !grow(streams)) return NULL;
  stream = calloc(1, sizeof *stream);
  if (!stream) return NULL;
  stream->id = id;
  stream->retransmissions_max = stream->lifetime_ms = UNLIMITED;
  uint32_t place = place_of(streams, id);
  memmove(streams->sorted + place + 1, streams->sorted + place,
          (streams->count - place) * sizeof(struct stream *));
  streams->sorted[place] = stream;
  streams->count++;
  return streams->last = stream;
}

void streams_remove(struct streams *streams, struct stream *stream) {
  uint32_t place = place_of(streams, stream->id);
  streams->count--;
  memmove(streams->sorted + place, streams->sorted + place + 1,
          (streams->count - place) * sizeof(struct stream *));
  streams->last = NULL;
  free(stream);
}

void streams_free(struct streams *streams) {
  for (uint32_t i = 0; i < streams->count; i++) {
    struct stream *stream = streams->sorted[i];
    while (stream->head) {
      struct message *message = stream->head;
      stream->head = message->next;
      message_unref(message);
    }
    free(stream);
  }
  free(streams->sorted);
  memset(streams, 0, sizeof *streams);
}
