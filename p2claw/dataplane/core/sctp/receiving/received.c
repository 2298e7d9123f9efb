/* The set of TSNs that arrived, as the SACK wants it (RFC 9260 §6.2, §6.7). */
#include "sctp/receiving/received.h"

#include <stdlib.h>
#include <string.h>

#include "bytes/bounds.h"
#include "bytes/order.h"
#include "sctp/packet/chunk.h"
#include "sctp/packet/serial.h"
#include "sctp/packet/writer.h"

/* The first range that ends at or after tsn; searched from the end, where new TSNs are. */
static uint32_t range_at(const struct received *r, uint32_t tsn) {
  uint32_t low = 0, high = r->count;
  if (high && tsn_lt(r->ranges[high - 1].end, tsn)) return high;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (tsn_lt(r->ranges[middle].end, tsn))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

bool received_has(const struct received *r, uint32_t tsn) {
  if (tsn_le(tsn, r->cumulative)) return true;
  uint32_t place = range_at(r, tsn);
  return place < r->count && tsn_le(r->ranges[place].start, tsn);
}

static void remove_range(struct received *r, uint32_t place) {
  r->count--;
  memmove(r->ranges + place, r->ranges + place + 1, (r->count - place) * sizeof *r->ranges);
}

static bool insert_range(struct received *r, uint32_t place, uint32_t tsn) {
  if (r->count == GAPS_MAX) return false;
  if (r->count == r->capacity) {
    uint32_t capacity = r->capacity ? 2 * r->capacity : 8;
    struct tsn_range *ranges = realloc(r->ranges, capacity * sizeof *ranges);
    if (!ranges) return false;
    r->ranges = ranges;
    r->capacity = capacity;
  }
  memmove(r->ranges + place + 1, r->ranges + place, (r->count - place) * sizeof *r->ranges);
  r->ranges[place] = (struct tsn_range){tsn, tsn};
  r->count++;
  return true;
}

/* Takes in the first range where it touches the cumulative TSN; gives memory back when empty. */
static void swallow_first(struct received *r) {
  while (r->count && tsn_le(r->ranges[0].start, r->cumulative + 1)) {
    if (tsn_lt(r->cumulative, r->ranges[0].end)) r->cumulative = r->ranges[0].end;
    remove_range(r, 0);
  }
  if (!r->count && r->capacity > 64) {
    free(r->ranges);
    r->ranges = NULL;
    r->capacity = 0;
  }
}

bool received_add(struct received *r, uint32_t tsn) {
  if (tsn == r->cumulative + 1) {
    r->cumulative = tsn;
    swallow_first(r);
    return true;
  }
  uint32_t place = range_at(r, tsn);
  bool joins_last = place && r->ranges[place - 1].end + 1 == tsn;
  bool joins_next = place < r->count && r->ranges[place].start == tsn + 1;
  if (joins_last && joins_next) {
    r->ranges[place - 1].end = r->ranges[place].end;
    remove_range(r, place);
  } else if (joins_last) {
    r->ranges[place - 1].end = tsn;
  } else if (joins_next) {
    r->ranges[place].start = tsn;
  } else {
    return insert_range(r, place, tsn);
  }
  return true;
}

void received_duplicate(struct received *r, uint32_t tsn) {
  if (r->duplicate_count < DUPLICATES_MAX) r->duplicates[r->duplicate_count++] = tsn;
}

void received_forward(struct received *r, uint32_t cumulative) {
  if (tsn_le(cumulative, r->cumulative)) return;
  r->cumulative = cumulative;
  swallow_first(r);
}

uint32_t received_highest(const struct received *r) {
  return r->count ? r->ranges[r->count - 1].end : r->cumulative;
}

bool received_write_sack(struct received *r, struct writer *writer, uint32_t window_bytes) {
  /* No larger than the base, whatever the path: nobody acknowledges a SACK, so nothing would show
   * that large ones vanish. */
  size_t space = min_u64(writer_space(writer), BASE_PACKET_BYTES - COMMON_HEADER_BYTES);
  if (space < CHUNK_HEADER_BYTES + 12) return false;
  size_t room = (space - CHUNK_HEADER_BYTES - 12) / 4;
  uint32_t duplicates = (uint32_t)min_u64(r->duplicate_count, room);
  uint32_t gaps = 0, most = (uint32_t)min_u64(r->count, room - duplicates);
  /* A block counts from the cumulative TSN in 16 bits. */
  while (gaps < most && r->ranges[gaps].end - r->cumulative <= UINT16_MAX) gaps++;
  uint8_t *at = writer_chunk(writer, CHUNK_SACK, 0, 12 + 4 * (size_t)(gaps + duplicates));
  if (!at) return false;
  put32(at, r->cumulative);
  put32(at + 4, window_bytes);
  put16(at + 8, (uint16_t)gaps);
  put16(at + 10, (uint16_t)duplicates);
  at += 12;
  for (uint32_t i = 0; i < gaps; i++, at += 4) {
    put16(at, (uint16_t)(r->ranges[i].start - r->cumulative));
    put16(at + 2, (uint16_t)(r->ranges[i].end - r->cumulative));
  }
  for (uint32_t i = 0; i < duplicates; i++, at += 4) put32(at, r->duplicates[i]);
  r->duplicate_count = 0;
  return true;
}

void received_free(struct received *r) {
  free(r->ranges);
  memset(r, 0, sizeof *r);
}
