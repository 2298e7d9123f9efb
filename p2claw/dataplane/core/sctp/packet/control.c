/* Small replies that wait for the next packet: COOKIE-ACK, HEARTBEAT-ACK, ERROR, responses. */
#include "sctp/packet/control.h"

#include <stdlib.h>
#include <string.h>

#include "sctp/packet/chunk.h"
#include "sctp/packet/writer.h"

void add_control(struct association *a, uint8_t type, uint8_t flags, const void *value,
                 size_t length) {
  if (a->state == STATE_CLOSED) return;
  if (a->control_count == CONTROL_CHUNKS_MAX || length > CONTROL_CHUNK_BYTES_MAX) return;
  struct control_chunk *chunk = malloc(sizeof *chunk + length);
  if (!chunk) return; /* as if it were lost: the peer asks again */
  chunk->next = NULL;
  chunk->type = type;
  chunk->flags = flags;
  chunk->length = (uint16_t)length;
  if (length) memcpy(chunk->value, value, length);
  if (a->control_last)
    a->control_last->next = chunk;
  else
    a->control_first = chunk;
  a->control_last = chunk;
  a->control_count++;
}

void add_error(struct association *a, uint16_t cause, const void *value, size_t length) {
  uint8_t chunk[CONTROL_CHUNK_BYTES_MAX];
  if (padded(length) + CHUNK_HEADER_BYTES > sizeof chunk) return;
  put_parameter(chunk, cause, value, length);
  add_control(a, CHUNK_ERROR, 0, chunk, CHUNK_HEADER_BYTES + length);
}

bool write_control(struct association *a, struct writer *writer) {
  while (a->control_first) {
    struct control_chunk *chunk = a->control_first;
    uint8_t *at = writer_chunk(writer, chunk->type, chunk->flags, chunk->length);
    if (!at) return false;
    if (chunk->length) memcpy(at, chunk->value, chunk->length);
    a->control_first = chunk->next;
    if (!a->control_first) a->control_last = NULL;
    a->control_count--;
    free(chunk);
  }
  return true;
}

void free_control(struct association *a) {
  while (a->control_first) {
    struct control_chunk *chunk = a->control_first;
    a->control_first = chunk->next;
    free(chunk);
  }
  a->control_last = NULL;
  a->control_count = 0;
}
