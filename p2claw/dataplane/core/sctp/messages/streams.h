/* The streams in use, both directions of each, found by number. */
#ifndef P2CLAW_SCTP_MESSAGES_STREAMS_H
#define P2CLAW_SCTP_MESSAGES_STREAMS_H

#include "sctp/messages/message.h"

enum channel_state {                  /* RFC 8832 §4 */
                     CHANNEL_NONE,    /* numbers only: nothing opened it as a data channel */
                     CHANNEL_OPENING, /* DATA_CHANNEL_OPEN sent, its ACK not yet here */
                     CHANNEL_OPEN,
                     CHANNEL_CLOSING, /* one direction is reset, or asked to be */
};

/* of one direction (RFC 6525) */
enum reset_state {
  RESET_NONE,
  RESET_WANTED,    /* when its queue has drained */
  RESET_REQUESTED, /* named in the request under way */
  RESET_DONE,
};

struct event; /* events.h */

struct stream {
  uint16_t id, next_out_ssn, next_in_ssn;
  uint8_t channel, out_reset, in_reset;
  bool unordered;
  bool is_queued;               /* in the send queue's turn list */
  uint32_t retransmissions_max; /* of the channel's messages, or UNLIMITED */
  uint32_t lifetime_ms;         /* or UNLIMITED */
  uint64_t queued_bytes;        /* not yet acknowledged or given up */
  struct message *head, *tail;  /* waiting to be cut; the head may be half cut */
  struct stream *next_turn;     /* in the send queue's turn list */
  struct event *waiting;        /* messages that are whole, but after a gap: waiting.h */
};

struct streams {
  struct stream **sorted; /* by id */
  uint32_t count, capacity;
  struct stream *last; /* found last: traffic has runs */
};

struct stream *streams_find(struct streams *streams, uint16_t id);
/* Finds or makes it. NULL at STREAMS_MAX, or if memory runs out. */
struct stream *streams_get(struct streams *streams, uint16_t id);
/* The stream must hold nothing. */
void streams_remove(struct streams *streams, struct stream *stream);
/* Frees the streams and the messages that wait in them. */
void streams_free(struct streams *streams);

#endif
