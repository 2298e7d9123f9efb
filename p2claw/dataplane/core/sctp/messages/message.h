/* One user message on its way out. Its bytes stay where the caller has them; fragments refer to
 * it, and the caller is informed when the last of them is acknowledged or given up. */
#ifndef P2CLAW_SCTP_MESSAGES_MESSAGE_H
#define P2CLAW_SCTP_MESSAGES_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usec.h"

#define UNLIMITED UINT32_MAX

typedef void (*release_fn)(void *owner);

struct message {
  struct message *next; /* in its stream's queue */
  const uint8_t *data;  /* the owner's, or `small` */
  uint32_t length;
  uint32_t cut;  /* bytes that have a TSN */
  uint32_t refs; /* fragments outstanding, and one while it waits */
  uint32_t ppid;
  uint32_t retransmissions_max; /* or UNLIMITED (RFC 7496 §3.1) */
  usec expires;                 /* or NEVER (RFC 3758 §4.1) */
  uint16_t stream, ssn;
  bool unordered, abandoned;
  void *owner;
  release_fn release;
  uint8_t small[]; /* the bytes, if there was no owner to keep them */
};

/* owner keeps data until release(owner) is called; without an owner the bytes are copied.
 * NULL if memory runs out. The caller holds the first reference. */
struct message *message_new(uint16_t stream, uint32_t ppid, const void *data, size_t length,
                            void *owner, release_fn release);
void message_unref(struct message *message);

#endif
