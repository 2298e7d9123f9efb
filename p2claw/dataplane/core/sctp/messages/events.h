/* What the association reports to its user: messages, and the life of channels and of itself. */
#ifndef P2CLAW_SCTP_MESSAGES_EVENTS_H
#define P2CLAW_SCTP_MESSAGES_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A fragment that arrived. */
struct piece {
  struct piece *next; /* in its message, by TSN */
  uint32_t tsn, ppid;
  uint32_t other_end; /* of its run (reassembly.c): a TSN; true at both ends of the run, no other */
  uint16_t stream, ssn, length;
  uint8_t flags; /* enum data_flag */
  uint8_t bytes[];
};

enum event_kind {
  EVENT_ESTABLISHED,
  EVENT_MESSAGE,
  EVENT_CHANNEL_OPEN,   /* the peer opened it, or acknowledged ours */
  EVENT_CHANNEL_CLOSED, /* both directions are reset */
  EVENT_NOTHING,        /* stands for a message that is not the user's, and is never reported */
  EVENT_CLOSED,         /* the association is over; the last event */
};

/* RFC 8832 §5.1 */
struct channel_terms {
  bool unordered, by_peer;
  uint32_t retransmissions_max, lifetime_ms; /* or UNLIMITED */
  uint16_t priority, label_length, protocol_length;
};

struct event {
  struct event *next;     /* in a queue; in a waiting heap, beside it below one parent */
  struct event *earliest; /* in a waiting heap: the first of those below it */
  uint8_t kind;
  bool unordered;
  uint16_t stream, ssn;
  uint32_t ppid;
  uint64_t cost_bytes; /* of the receive buffer, given back when the event is dropped */
  size_t length;       /* of the message */
  struct piece *pieces;
  struct channel_terms terms;
  const char *code; /* EVENT_CLOSED: stable, static */
  bool by_peer;
  uint8_t text[]; /* label and protocol, or the reason */
};

struct event_queue {
  struct event *first, *last;
  uint32_t count;
};

struct event *event_new(enum event_kind kind, size_t text_length);
void event_free(struct event *event);
/* Copies the message's bytes; target holds event->length. */
void event_copy(const struct event *event, uint8_t *target);

void event_queue_add(struct event_queue *queue, struct event *event);
/* NULL if there is none; the event is the caller's to free. */
struct event *event_queue_pop(struct event_queue *queue);
void event_queue_free(struct event_queue *queue);

#endif
