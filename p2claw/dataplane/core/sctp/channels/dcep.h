/* The two messages that open a data channel (RFC 8832 §5). */
#ifndef P2CLAW_SCTP_CHANNELS_DCEP_H
#define P2CLAW_SCTP_CHANNELS_DCEP_H

#include "sctp/messages/events.h"

#define DCEP_ACK 2 /* RFC 8832 §8.2.1 */
#define DCEP_OPEN 3
#define DCEP_OPEN_BYTES 12 /* before label and protocol */

/* RFC 8831 §8 */
enum ppid {
  PPID_DCEP = 50,
  PPID_STRING = 51,
  PPID_BINARY = 53,
  PPID_STRING_EMPTY = 56,
  PPID_BINARY_EMPTY = 57,
};

/* Writes DATA_CHANNEL_OPEN but for label and protocol, which follow it. */
void dcep_write_open(uint8_t open[DCEP_OPEN_BYTES], const struct channel_terms *terms);
/* False if the message is malformed. Label and protocol begin at DCEP_OPEN_BYTES. */
bool dcep_read_open(const uint8_t *message, size_t length, struct channel_terms *terms);

#endif
