/* Which TSNs have arrived: the cumulative one, and the ranges above it that a SACK reports. */
#ifndef P2CLAW_SCTP_RECEIVING_RECEIVED_H
#define P2CLAW_SCTP_RECEIVING_RECEIVED_H

#include "sctp/constants.h"
#include "sctp/packet/writer.h"

struct tsn_range {
  uint32_t start, end; /* both included */
};

struct received {
  uint32_t cumulative;
  struct tsn_range *ranges; /* sorted; none touches another, or cumulative */
  uint32_t count, capacity;
  uint32_t duplicates[DUPLICATES_MAX], duplicate_count;
};

bool received_has(const struct received *received, uint32_t tsn);
/* A TSN that is not yet in the set. False at GAPS_MAX, or if memory runs out. */
bool received_add(struct received *received, uint32_t tsn);
void received_duplicate(struct received *received, uint32_t tsn);
/* FORWARD-TSN: all up to cumulative are as if received (RFC 3758 §3.6). */
void received_forward(struct received *received, uint32_t cumulative);
/* The highest TSN that arrived. */
uint32_t received_highest(const struct received *received);
/* Writes the SACK (RFC 9260 §3.3.4), with as many ranges as fit; forgets the duplicates. */
bool received_write_sack(struct received *received, struct writer *writer, uint32_t window_bytes);
void received_free(struct received *received);

#endif
