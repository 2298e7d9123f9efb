/* Fragments that arrived, until they make whole messages whose turn it is (RFC 9260 §6.6, §6.9). */
#ifndef P2CLAW_SCTP_RECEIVING_REASSEMBLY_H
#define P2CLAW_SCTP_RECEIVING_REASSEMBLY_H

#include "sctp/messages/events.h"
#include "sctp/messages/streams.h"
#include "sctp/packet/chunk.h"

struct reassembly {
  struct piece **ring; /* by TSN modulo capacity, a power of two; empty slots are NULL */
  uint64_t *used;      /* behind the ring: a bit for each slot that is not empty */
  uint32_t capacity, base, stored; /* base: no piece is below it */
  uint32_t end;                    /* no piece is at or above it */
  uint64_t buffered_bytes;         /* with costs: pieces, whole messages, events not yet drained */
  bool sets_aside;                 /* messages that are about messages (repeating.h) */
  struct event_queue aside; /* those; they cost nothing, and leave an empty one in their turn */
};

enum arrival {
  ARRIVAL_OK,
  ARRIVAL_NO_MEMORY, /* not stored: do not acknowledge it */
  ARRIVAL_VIOLATION, /* fragments that do not belong together, or too large a message */
};

void reassembly_start(struct reassembly *r, uint32_t first_tsn);
/* Takes a chunk that had not arrived before. Whole messages whose turn it is go to `events`. */
enum arrival reassembly_add(struct reassembly *r, struct stream *stream,
                            const struct data_chunk *data, uint32_t cumulative,
                            struct event_queue *events);
/* The cumulative TSN moved: what is below it and delivered needs no place any more. */
void reassembly_advance(struct reassembly *r, uint32_t cumulative);
/* Nothing came for a while: gives memory back that nothing needs. */
void reassembly_rest(struct reassembly *r);
/* A chunk that came and is still here, because its message is not whole; or NULL. */
const struct piece *reassembly_piece(const struct reassembly *r, uint32_t tsn);
/* The pieces of one message, from the first to the last that came. */
struct span {
  uint32_t first, last;
  bool is_known, has_begin, has_end; /* known: there are some */
};
/* How many bytes of it follow its beginning without a gap, and how many go before its end. */
void reassembly_ends(const struct reassembly *r, const struct span *span, uint32_t *head,
                     uint32_t *tail);
/* Bytes that lie between the two, so that it is whole: it is delivered, and its pieces leave.
 * False: they do not fit, or memory runs out. */
bool reassembly_fill(struct reassembly *r, struct stream *stream, uint16_t ssn,
                     const struct span *span, uint32_t from, uint32_t total, const uint8_t *bytes,
                     uint32_t length, struct event_queue *events);
/* FORWARD-TSN: drops what is unfinished up to here (RFC 3758 §3.6). */
void reassembly_drop(struct reassembly *r, uint32_t cumulative);
/* FORWARD-TSN: messages of the stream up to ssn will not come. */
void reassembly_skip(struct reassembly *r, struct stream *stream, uint16_t ssn,
                     struct event_queue *events);
/* The stream begins again at 0 (RFC 6525 §5.2.2): what waits after a gap is dropped. */
void reassembly_reset(struct reassembly *r, struct stream *stream);
void reassembly_free(struct reassembly *r, struct streams *streams);

#endif
