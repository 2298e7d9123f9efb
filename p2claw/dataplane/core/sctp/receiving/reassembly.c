/* Puts fragments together by TSN, and messages in order by stream (RFC 9260 §6.6, §6.9). A ring
 * finds the neighbours of a fragment at once, and each end of a run of fragments knows the other, so
 * that the order in which a peer sends does not decide what a fragment costs. A message that is whole
 * but early waits at its stream, outside of the ring. */
#include "sctp/receiving/reassembly.h"

#include <stdlib.h>
#include <string.h>

#include "bytes/bounds.h"
#include "bytes/order.h"
#include "sctp/channels/dcep.h"
#include "sctp/constants.h"
#include "sctp/messages/events.h"
#include "sctp/packet/serial.h"
#include "sctp/receiving/waiting.h"

#define SMALLEST_RING 16            /* kept where nothing comes */
#define LARGEST_RING (2 * TSN_SPAN) /* a message in the making, and the span above it */
#define WORD_BITS 64

void reassembly_start(struct reassembly *r, uint32_t first_tsn) { r->base = r->end = first_tsn; }

static struct piece **slot(const struct reassembly *r, uint32_t tsn) {
  return &r->ring[tsn & (r->capacity - 1)];
}

static struct piece *piece_at(const struct reassembly *r, uint32_t tsn) {
  bool inside = tsn - r->base < r->end - r->base;
  return inside ? *slot(r, tsn) : NULL;
}

static uint64_t *word_of(const struct reassembly *r, uint32_t tsn) {
  return &r->used[(tsn & (r->capacity - 1)) / WORD_BITS];
}

static uint64_t bit_of(uint32_t tsn) { return (uint64_t)1 << tsn % WORD_BITS; }

static void put(struct reassembly *r, uint32_t tsn, struct piece *piece) {
  *slot(r, tsn) = piece;
  *word_of(r, tsn) |= bit_of(tsn);
}

static void clear(struct reassembly *r, uint32_t tsn) {
  *slot(r, tsn) = NULL;
  *word_of(r, tsn) &= ~bit_of(tsn);
}

/* The first piece at or after tsn; `until`: there is none below that. Both are between base and end. A
 * peer chooses how far pieces are apart, so what is empty is passed by the word. */
static uint32_t next_piece(const struct reassembly *r, uint32_t tsn, uint32_t until) {
  if (!r->stored) return until;
  while (tsn_lt(tsn, until)) {
    uint64_t word = *word_of(r, tsn) >> tsn % WORD_BITS;
    if (!word) {
      tsn += WORD_BITS - tsn % WORD_BITS;
      continue;
    }
    for (; !(word & 1); word >>= 1) tsn++;
    return tsn_lt(tsn, until) ? tsn : until;
  }
  return until;
}

static uint32_t lower(uint32_t a, uint32_t b) { return tsn_lt(a, b) ? a : b; }

static bool make_room(struct reassembly *r, uint32_t tsn) {
  uint32_t needed = tsn - r->base + 1, capacity = r->capacity ? r->capacity : SMALLEST_RING;
  if (needed > LARGEST_RING) return false;
  while (capacity < needed) capacity *= 2;
  if (capacity == r->capacity) return true;
  size_t words = (capacity + WORD_BITS - 1) / WORD_BITS;
  struct piece **ring = calloc(1, capacity * sizeof *ring + words * sizeof *r->used);
  if (!ring) return false;
  struct reassembly larger = *r;
  larger.ring = ring;
  larger.used = (uint64_t *)(void *)(ring + capacity);
  larger.capacity = capacity;
  for (uint32_t at = r->base; (at = next_piece(r, at, r->end)) != r->end; at++)
    put(&larger, at, *slot(r, at));
  free(r->ring);
  *r = larger;
  return true;
}

/* Whether b may follow a directly: fragments of one message, or the end of one and a beginning. */
static bool may_follow(const struct piece *a, uint8_t b_flags, uint16_t b_stream, uint16_t b_ssn) {
  if (a->flags & DATA_END) return (b_flags & DATA_BEGIN) != 0;
  bool unordered = (a->flags & DATA_UNORDERED) != 0;
  return !(b_flags & DATA_BEGIN) && a->stream == b_stream &&
         unordered == ((b_flags & DATA_UNORDERED) != 0) && (unordered || a->ssn == b_ssn);
}

static struct piece *piece_new(const struct data_chunk *data) {
  struct piece *piece = malloc(sizeof *piece + data->length);
  if (!piece) return NULL;
  piece->next = NULL;
  piece->tsn = data->tsn;
  piece->ppid = data->ppid;
  piece->stream = data->stream;
  piece->ssn = data->ssn;
  piece->flags = data->flags;
  piece->length = (uint16_t)data->length;
  memcpy(piece->bytes, data->payload, data->length);
  return piece;
}

/* Moves the pieces first to last, a whole message, out of the ring. NULL if memory runs out. */
static struct event *collect_message(struct reassembly *r, uint32_t first, uint32_t last) {
  struct event *event = event_new(EVENT_MESSAGE, 0);
  if (!event) return NULL;
  struct piece **link = &event->pieces, *piece = piece_at(r, first);
  event->stream = piece->stream;
  event->ssn = piece->ssn;
  event->ppid = piece->ppid;
  event->unordered = (piece->flags & DATA_UNORDERED) != 0;
  for (uint32_t tsn = first; tsn_le(tsn, last); tsn++) {
    piece = *slot(r, tsn);
    clear(r, tsn);
    r->stored--;
    *link = piece;
    link = &piece->next;
    event->length += piece->length;
    event->cost_bytes += piece->length + FRAGMENT_COST_BYTES;
  }
  return event;
}

static void drop_message(struct reassembly *r, struct event *event) {
  r->buffered_bytes -= event->cost_bytes;
  event_free(event);
}

/* One frame that fills the message, with its type, no flags and no stream (docs/WIRE.md §2, §18). */
static bool is_about_messages(const struct event *event) {
  const struct piece *first = event->pieces;
  if (event->unordered || event->stream != REPEATING_STREAM || !first) return false;
  if (first->length < REPEAT_FRAME_BYTES || first->bytes[REPEAT_TYPE_AT] != REPEAT_TYPE)
    return false;
  return get16(first->bytes) + (size_t)REPEAT_FRAME_BYTES == event->length &&
         !first->bytes[REPEAT_TYPE_AT + 1] && !get32(first->bytes + REPEAT_TYPE_AT + 2);
}

/* A message about messages is read at once, though earlier ones are missing: perhaps it brings them. */
static void set_aside(struct reassembly *r, struct event *event) {
  if (!r->sets_aside || !is_about_messages(event)) return;
  struct event *aside = event_new(EVENT_NOTHING, 0);
  if (!aside) return; /* as if it had not been a repetition: it is asked for once more */
  aside->stream = event->stream;
  aside->ssn = event->ssn;
  aside->pieces = event->pieces;
  aside->length = event->length;
  event->kind = EVENT_NOTHING;
  event->pieces = NULL;
  event->length = 0;
  event_queue_add(&r->aside, aside);
}

/* Delivers what waited for the message before it; a number that comes twice is dropped. */
static void deliver_waiting(struct reassembly *r, struct stream *stream,
                            struct event_queue *events) {
  while (stream->waiting && !ssn_lt(stream->next_in_ssn, stream->waiting->ssn)) {
    struct event *event = waiting_pop(&stream->waiting);
    if (event->ssn == stream->next_in_ssn) {
      stream->next_in_ssn++;
      event_queue_add(events, event);
    } else {
      drop_message(r, event);
    }
  }
}

static void deliver(struct reassembly *r, struct stream *stream, struct event *event,
                    struct event_queue *events) {
  set_aside(r, event);
  if (event->unordered) {
    event_queue_add(events, event);
  } else if (event->ssn == stream->next_in_ssn) {
    stream->next_in_ssn++;
    event_queue_add(events, event);
    deliver_waiting(r, stream, events);
  } else if (ssn_lt(stream->next_in_ssn, event->ssn)) {
    waiting_add(&stream->waiting, event);
  } else { /* a number that was already had, or skipped */
    drop_message(r, event);
  }
}

/* A run is all pieces of one message that are here and follow each other. A new piece makes the runs
 * on its two sides one; returns whether that is the whole message. */
static bool join(struct reassembly *r, uint32_t tsn, uint32_t *first, uint32_t *last) {
  const struct piece *piece = *slot(r, tsn), *before, *after;
  *first = *last = tsn;
  if (!(piece->flags & DATA_BEGIN) && (before = piece_at(r, tsn - 1))) *first = before->other_end;
  if (!(piece->flags & DATA_END) && (after = piece_at(r, tsn + 1))) *last = after->other_end;
  (*slot(r, *first))->other_end = *last;
  (*slot(r, *last))->other_end = *first;
  return ((*slot(r, *first))->flags & DATA_BEGIN) && ((*slot(r, *last))->flags & DATA_END);
}

/* The piece at tsn is to leave again: what is on its two sides are two runs. */
static void part(struct reassembly *r, uint32_t tsn, uint32_t first, uint32_t last) {
  if (first != tsn) {
    (*slot(r, first))->other_end = tsn - 1;
    (*slot(r, tsn - 1))->other_end = first;
  }
  if (last != tsn) {
    (*slot(r, last))->other_end = tsn + 1;
    (*slot(r, tsn + 1))->other_end = last;
  }
}

static void drop_piece(struct reassembly *r, uint32_t tsn) {
  struct piece *piece = *slot(r, tsn);
  r->buffered_bytes -= piece->length + FRAGMENT_COST_BYTES;
  r->stored--;
  clear(r, tsn);
  free(piece);
}

/* Drops all pieces from tsn on that are below `until`. */
static void drop_pieces(struct reassembly *r, uint32_t tsn, uint32_t until) {
  if (tsn_lt(tsn, r->base)) tsn = r->base;
  until = lower(until, r->end);
  while (tsn_lt(tsn, until) && (tsn = next_piece(r, tsn, until)) != until) drop_piece(r, tsn);
}

/* The beginning of the message before tsn was skipped: the fragments that go on with it are of no
 * use. */
static void drop_orphans(struct reassembly *r, uint32_t tsn) {
  const struct piece *piece;
  while ((piece = piece_at(r, tsn)) && !(piece->flags & DATA_BEGIN)) drop_piece(r, tsn++);
}

enum arrival reassembly_add(struct reassembly *r, struct stream *stream,
                            const struct data_chunk *data, uint32_t cumulative,
                            struct event_queue *events) {
  const struct piece *before = piece_at(r, data->tsn - 1), *after = piece_at(r, data->tsn + 1);
  if (before && !may_follow(before, data->flags, data->stream, data->ssn)) return ARRIVAL_VIOLATION;
  if (!before && !(data->flags & DATA_BEGIN) && tsn_le(data->tsn - 1, cumulative)) {
    drop_orphans(r, data->tsn + 1);
    return ARRIVAL_OK;
  }
  if (!make_room(r, data->tsn)) return ARRIVAL_NO_MEMORY;
  struct piece *piece = piece_new(data);
  if (!piece) return ARRIVAL_NO_MEMORY;
  if (after && !may_follow(piece, after->flags, after->stream, after->ssn)) {
    free(piece);
    return ARRIVAL_VIOLATION;
  }
  if (tsn_le(r->end, data->tsn)) r->end = data->tsn + 1;
  put(r, data->tsn, piece);
  r->stored++;
  r->buffered_bytes += piece->length + FRAGMENT_COST_BYTES;
  uint32_t first, last;
  if (!join(r, data->tsn, &first, &last)) return ARRIVAL_OK;
  struct event *event = collect_message(r, first, last);
  if (!event) { /* as if the last of its pieces had not come */
    part(r, data->tsn, first, last);
    drop_piece(r, data->tsn);
    return ARRIVAL_NO_MEMORY;
  }
  bool is_too_large = event->length > MESSAGE_BYTES_MAX;
  deliver(r, stream, event, events);
  return is_too_large ? ARRIVAL_VIOLATION : ARRIVAL_OK;
}

const struct piece *reassembly_piece(const struct reassembly *r, uint32_t tsn) {
  return piece_at(r, tsn);
}

void reassembly_ends(const struct reassembly *r, const struct span *span, uint32_t *head,
                     uint32_t *tail) {
  const struct piece *piece;
  *head = *tail = 0;
  for (uint32_t tsn = span->first; span->has_begin && (piece = piece_at(r, tsn)); tsn++) {
    *head += piece->length;
    if (piece->flags & DATA_END) break;
  }
  for (uint32_t tsn = span->last; span->has_end && (piece = piece_at(r, tsn)); tsn--) {
    *tail += piece->length;
    if (piece->flags & DATA_BEGIN) break;
  }
}

/* Copies what is whole at the beginning, up to `end`, and what is whole at the end, from `end` of
 * `total` back to `start`. */
static void copy_ends(const struct reassembly *r, const struct span *span, uint8_t *target,
                      uint32_t start, uint32_t end, uint32_t total) {
  const struct piece *piece;
  uint32_t at = 0, back = total;
  for (uint32_t tsn = span->first; at < start && (piece = piece_at(r, tsn)); tsn++) {
    uint32_t size = (uint32_t)min_u64(piece->length, start - at);
    memcpy(target + at, piece->bytes, size);
    at += size;
  }
  for (uint32_t tsn = span->last; back > end && (piece = piece_at(r, tsn)); tsn--) {
    uint32_t size = (uint32_t)min_u64(piece->length, back - end);
    back -= size;
    memcpy(target + back, piece->bytes + piece->length - size, size);
  }
}

bool reassembly_fill(struct reassembly *r, struct stream *stream, uint16_t ssn,
                     const struct span *span, uint32_t from, uint32_t total, const uint8_t *bytes,
                     uint32_t length, struct event_queue *events) {
  uint32_t head, tail;
  reassembly_ends(r, span, &head, &tail);
  if (!total || total > UINT16_MAX || from > total || length > total - from || from > head ||
      total - from - length > tail)
    return false;
  struct event *event = event_new(EVENT_MESSAGE, 0);
  struct piece *whole = calloc(1, sizeof *whole + total);
  if (!event || !whole) {
    free(event);
    free(whole);
    return false;
  }
  copy_ends(r, span, whole->bytes, from, from + length, total);
  if (length) memcpy(whole->bytes + from, bytes, length);
  whole->length = (uint16_t)total;
  event->stream = stream->id;
  event->ssn = ssn;
  event->ppid = PPID_BINARY;
  event->length = total;
  event->pieces = whole;
  event->cost_bytes = total + FRAGMENT_COST_BYTES;
  r->buffered_bytes += event->cost_bytes;
  if (span->is_known) drop_pieces(r, span->first, span->last + 1);
  deliver(r, stream, event, events);
  return true;
}

void reassembly_advance(struct reassembly *r, uint32_t cumulative) {
  uint32_t above = cumulative + 1, until = lower(above, r->end);
  if (!tsn_lt(r->base, above)) return;
  uint32_t first = tsn_lt(r->base, until) ? next_piece(r, r->base, until) : until;
  r->base = first == until ? above : first;
  if (tsn_lt(r->end, r->base)) r->end = r->base;
}

void reassembly_rest(struct reassembly *r) {
  if (r->stored || r->capacity <= SMALLEST_RING || tsn_lt(r->base, r->end)) return;
  free(r->ring);
  r->ring = NULL;
  r->capacity = 0;
}

void reassembly_drop(struct reassembly *r, uint32_t cumulative) {
  drop_pieces(r, r->base, cumulative + 1);
  drop_orphans(r, cumulative + 1);
}

void reassembly_skip(struct reassembly *r, struct stream *stream, uint16_t ssn,
                     struct event_queue *events) {
  if (ssn_lt(ssn, stream->next_in_ssn)) return;
  /* What was whole and waited below the skipped number is still good (RFC 3758 §3.6). */
  while (stream->waiting && !ssn_lt(ssn, stream->waiting->ssn))
    event_queue_add(events, waiting_pop(&stream->waiting));
  stream->next_in_ssn = (uint16_t)(ssn + 1);
  deliver_waiting(r, stream, events);
}

void reassembly_reset(struct reassembly *r, struct stream *stream) {
  while (stream->waiting) drop_message(r, waiting_pop(&stream->waiting));
  stream->next_in_ssn = 0;
}

void reassembly_free(struct reassembly *r, struct streams *streams) {
  reassembly_drop(r, r->end);
  for (uint32_t i = 0; i < streams->count; i++) reassembly_reset(r, streams->sorted[i]);
  event_queue_free(&r->aside);
  free(r->ring);
  r->ring = NULL;
  r->capacity = 0;
}
