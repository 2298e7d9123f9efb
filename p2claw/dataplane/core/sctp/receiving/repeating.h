/* Messages that the peer repeats by itself, in the part that was lost, so that its SCTP learns of no
 * loss (docs/WIRE.md §18). The SACKs then name all that was sent before the highest TSN that came, and
 * how much may be in flight is decided here instead of there (allowance.h). */
#ifndef P2CLAW_SCTP_RECEIVING_REPEATING_H
#define P2CLAW_SCTP_RECEIVING_REPEATING_H

#include "sctp/receiving/allowance.h"
#include "sctp/state.h"

/* Messages from the lowest that is not whole on; more end the association. 4 MiB, which the
 * session has sent and not acknowledged at most, are 256 of full size, and these if one has 256 bytes. A
 * quarter of all numbers, so that old and new ones cannot be taken for each other. */
#define REPEATING_MESSAGES 16384
/* For so many there is room at first, 2 KiB. It doubles, and is given back when nothing is missing. */
#define REPEATING_FIRST 64

/* A message of which something has come, or has to come before a later one. */
struct incomplete {
  bool is_whole;
  uint8_t asked;             /* how often */
  struct span span;          /* of what came */
  usec missing_at, asked_at; /* 0: not yet */
};

struct repeating {
  uint16_t number_0; /* the SSN of the message that has number 0 */
  uint16_t highest;  /* the highest SSN of which something has come */
  usec heard_at;     /* when a packet was seen to have come; packets_in: up to which */
  uint64_t packets_in;
  usec reply_time; /* from a request to what it asked for, smoothed; 0: not seen yet */
  struct allowance allowance;
  struct incomplete *messages; /* by SSN modulo capacity, a power of two */
  uint32_t capacity;
};

/* A DATA chunk of the stream, before it is stored. False: nobody waits for it. */
bool repeating_expects(struct association *a, const struct data_chunk *data, bool *has_room);
/* It was stored. */
void repeating_stored(struct association *a, const struct data_chunk *data);
/* What the reassembly has put aside: parts of messages, and the news that the peer repeats. */
void repeating_read(struct association *a);
/* Asks for what is missing, if it is time for it. */
void repeating_expired(struct association *a);
void repeating_path_changed(struct association *a);
/* A packet with DATA came. */
void repeating_arrived(struct association *a, uint64_t bytes);
/* The peer's direction of its stream is over, or the association is. */
void repeating_free(struct association *a);

#endif
