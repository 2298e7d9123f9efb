/* Puts chunks into a packet, in a buffer that the caller owns. */
#ifndef P2CLAW_SCTP_PACKET_WRITER_H
#define P2CLAW_SCTP_PACKET_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer {
  uint8_t *packet;
  size_t length, capacity; /* length counts the padding between chunks, not behind the last */
  bool needs_checksum;     /* RFC 9653 §5.2: INIT and COOKIE-ECHO never go without */
};

/* Begins a packet. capacity must hold the common header. */
void writer_start(struct writer *writer, uint8_t *packet, size_t capacity, uint16_t source_port,
                  uint16_t target_port, uint32_t tag);

/* The bytes that a chunk could still have, its header counted. */
size_t writer_space(const struct writer *writer);

/* Room for a chunk whose value has length bytes; its header is written, its value is the caller's
 * to fill. NULL if it does not fit. */
uint8_t *writer_chunk(struct writer *writer, uint8_t type, uint8_t flags, size_t length);

/* A parameter at a place in a chunk: returns where the next one goes. */
uint8_t *put_parameter(uint8_t *at, uint16_t type, const void *value, size_t length);

/* Ends the packet: padding and checksum. Returns its length. */
size_t writer_finish(struct writer *writer, bool zero_checksum);

static inline bool writer_is_empty(const struct writer *writer) { return writer->length == 12; }

#endif
