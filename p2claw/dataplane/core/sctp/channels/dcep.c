/* Reads and writes DATA_CHANNEL_OPEN (RFC 8832 §5.1). */
#include "sctp/channels/dcep.h"

#include <string.h>

#include "bytes/order.h"
#include "sctp/messages/message.h"

enum { RELIABLE = 0, PARTIAL_RETRANSMIT = 1, PARTIAL_TIMED = 2, UNORDERED = 0x80 };

void dcep_write_open(uint8_t open[DCEP_OPEN_BYTES], const struct channel_terms *terms) {
  uint32_t parameter = 0;
  uint8_t type = RELIABLE;
  if (terms->retransmissions_max != UNLIMITED) {
    type = PARTIAL_RETRANSMIT;
    parameter = terms->retransmissions_max;
  } else if (terms->lifetime_ms != UNLIMITED) {
    type = PARTIAL_TIMED;
    parameter = terms->lifetime_ms;
  }
  open[0] = DCEP_OPEN;
  open[1] = (uint8_t)(type | (terms->unordered ? UNORDERED : 0));
  put16(open + 2, terms->priority);
  put32(open + 4, parameter);
  put16(open + 8, terms->label_length);
  put16(open + 10, terms->protocol_length);
}

bool dcep_read_open(const uint8_t *message, size_t length, struct channel_terms *terms) {
  if (length < DCEP_OPEN_BYTES || message[0] != DCEP_OPEN) return false;
  uint8_t type = (uint8_t)(message[1] & ~UNORDERED);
  uint32_t parameter = get32(message + 4);
  memset(terms, 0, sizeof *terms);
  terms->by_peer = true;
  terms->unordered = (message[1] & UNORDERED) != 0;
  terms->retransmissions_max = type == PARTIAL_RETRANSMIT ? parameter : UNLIMITED;
  terms->lifetime_ms = type == PARTIAL_TIMED ? parameter : UNLIMITED;
  terms->priority = get16(message + 2);
  terms->label_length = get16(message + 8);
  terms->protocol_length = get16(message + 10);
  size_t text = (size_t)terms->label_length + terms->protocol_length;
  return type <= PARTIAL_TIMED && length >= DCEP_OPEN_BYTES + text;
}
