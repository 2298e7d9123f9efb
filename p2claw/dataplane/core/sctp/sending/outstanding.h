/* Chunks that have a TSN and are not yet behind the cumulative acknowledgement: found by TSN, and
 * kept in lists, by time of sending while in flight, and by turn of being sent again. */
#ifndef P2CLAW_SCTP_SENDING_OUTSTANDING_H
#define P2CLAW_SCTP_SENDING_OUTSTANDING_H

#include "sctp/messages/message.h"
#include "usec.h"

enum sent_state {
  SENT_FIRST,     /* in flight for the first time: in the list `first` */
  SENT_AGAIN,     /* in flight, not for the first time: in the list `again` */
  SENT_LOST,      /* in the list `lost` */
  SENT_ACKED,     /* by a gap block: the peer may still renege (RFC 9260 §6.2.1) */
  SENT_ABANDONED, /* RFC 3758: to be skipped by FORWARD-TSN */
  SENT_UNREPORTED, /* arrived or lost long since; SACKs have no room to report it: in the list `unreported` */
};

struct sent {
  struct message *message; /* one reference */
  uint32_t tsn, offset;
  uint16_t length, transmissions;
  uint8_t flags; /* enum data_flag */
  uint8_t state;
  bool in_large_packet; /* last sent beyond the first BASE_PACKET_BYTES of a packet */
  bool
      doubtful; /* sent again while it was still on its way: its acknowledgement measures no time */
  bool app_limited;    /* this and the times: the state when it was last sent (rate.h) */
  uint32_t prev, next; /* TSNs, in the list of its state; for SENT_ACKED `next` skips a run */
  usec sent_at, first_sent_at, delivered_at;
  uint64_t delivered, lost, reported_late, tx_in_flight;
};

struct sent_list {
  uint32_t head, tail, count; /* head and tail are TSNs and mean nothing at count 0 */
};

struct outstanding {
  struct sent *ring;              /* capacity entries, a power of two; TSN modulo capacity */
  uint32_t capacity, base, count; /* base: the TSN after the cumulative one */
  uint64_t in_flight_bytes;
  struct sent_list first, again, lost, unreported;
};

/* Adds the chunk with the next TSN; its state is SENT_ABANDONED until it is moved.
 * NULL at OUTSTANDING_MAX, or if memory runs out. */
struct sent *outstanding_add(struct outstanding *o);
/* NULL if the TSN is not outstanding. */
struct sent *outstanding_find(const struct outstanding *o, uint32_t tsn);
/* Changes the state, and the lists with it; a chunk moved goes to the end of its list. */
void outstanding_move(struct outstanding *o, struct sent *sent, enum sent_state state);
/* Drops the chunk at base. */
void outstanding_drop_first(struct outstanding *o);
/* Nothing was sent for a while: gives memory back that nothing needs. */
void outstanding_rest(struct outstanding *o);
/* The first TSN at or after this one that is not SENT_ACKED. */
uint32_t outstanding_skip_acked(struct outstanding *o, uint32_t tsn);
void outstanding_free(struct outstanding *o);

static inline struct sent *outstanding_at(const struct outstanding *o, uint32_t tsn) {
  return &o->ring[tsn & (o->capacity - 1)];
}
static inline uint32_t outstanding_in_flight(const struct outstanding *o) {
  return o->first.count + o->again.count;
}
/* A chunk leaves: it goes to the end of the list it belongs to. */
static inline enum sent_state outstanding_sent_state(const struct sent *sent) {
  return sent->transmissions > 1 ? SENT_AGAIN : SENT_FIRST;
}
static inline uint32_t outstanding_end(const struct outstanding *o) { return o->base + o->count; }

#endif
