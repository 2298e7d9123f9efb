/* Messages that wait for a TSN, and whose turn it is. Streams take turns message by message:
 * fragments of one message have consecutive TSNs (RFC 9260 §6.9). */
#ifndef P2CLAW_SCTP_SENDING_SENDQUEUE_H
#define P2CLAW_SCTP_SENDING_SENDQUEUE_H

#include "sctp/messages/streams.h"
#include "usec.h"

struct send_queue {
  struct stream *first, *last; /* streams with messages, in the order of their turns */
  uint64_t waiting_bytes;      /* without a TSN yet */
  uint32_t ready_to_reset;     /* streams with RESET_WANTED that have no message left */
};

struct fragment {
  struct message *message;
  uint32_t offset, length;
  uint8_t flags; /* enum data_flag */
};

void send_queue_add(struct send_queue *queue, struct stream *stream, struct message *message);

/* The message whose turn it is, or NULL; messages whose lifetime ended unsent are dropped (their
 * bytes leave the stream's count). */
struct message *send_queue_peek(struct send_queue *queue, usec now);

/* Cuts a fragment of at most room bytes off the message that peek gave. Takes a reference for it.
 * Ordered messages get their stream sequence number here, so that those dropped leave no gap. */
struct fragment send_queue_cut(struct send_queue *queue, uint32_t room);

/* Drops the uncut rest of the message whose turn it is, which was given up (RFC 3758 §3.5 A3). */
void send_queue_drop_rest(struct send_queue *queue);

/* The stream takes no more messages, and is to be reset once it has none left (RFC 6525 §5.1.2). */
void send_queue_reset_after(struct send_queue *queue, struct stream *stream);

/* The stream whose message has its turn, or NULL. */
static inline struct stream *send_queue_turn(const struct send_queue *queue) {
  return queue->first;
}

#endif
