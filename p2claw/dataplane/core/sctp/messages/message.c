/* The life of an outgoing message: made once, freed with its last fragment. */
#include "sctp/messages/message.h"

#include <stdlib.h>
#include <string.h>

#include "usec.h"

struct message *message_new(uint16_t stream, uint32_t ppid, const void *data, size_t length,
                            void *owner, release_fn release) {
  struct message *message = calloc(1, sizeof *message + (owner ? 0 : length));
  if (!message) return NULL;
  message->stream = stream;
  message->ppid = ppid;
  message->length = (uint32_t)length;
  message->owner = owner;
  message->release = release;
  message->data = data;
  if (!owner) {
    if (length) memcpy(message->small, data, length);
    message->data = message->small;
  }
  message->refs = 1;
  message->retransmissions_max = UNLIMITED;
  message->expires = NEVER;
  return message;
}

void message_unref(struct message *message) {
  if (--message->refs) return;
  if (message->owner) message->release(message->owner);
  free(message);
}
