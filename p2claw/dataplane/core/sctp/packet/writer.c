/* Puts chunks into a packet (RFC 9260 §3, §6.10). */
#include "sctp/packet/writer.h"

#include <string.h>

#include "bytes/crc32c.h"
#include "bytes/order.h"
#include "sctp/constants.h"
#include "sctp/packet/chunk.h"

void writer_start(struct writer *writer, uint8_t *packet, size_t capacity, uint16_t source_port,
                  uint16_t target_port, uint32_t tag) {
  writer->packet = packet;
  writer->capacity = capacity & ~(size_t)3;
  writer->length = COMMON_HEADER_BYTES;
  writer->needs_checksum = false;
  put16(packet, source_port);
  put16(packet + 2, target_port);
  put32(packet + 4, tag);
  put32(packet + 8, 0);
}

size_t writer_space(const struct writer *writer) { return writer->capacity - writer->length; }

uint8_t *writer_chunk(struct writer *writer, uint8_t type, uint8_t flags, size_t length) {
  size_t whole = CHUNK_HEADER_BYTES + length;
  if (whole > UINT16_MAX || padded(whole) > writer_space(writer)) return NULL;
  uint8_t *chunk = writer->packet + writer->length;
  chunk[0] = type;
  chunk[1] = flags;
  put16(chunk + 2, (uint16_t)whole);
  memset(chunk + whole, 0, padded(whole) - whole);
  writer->length += padded(whole);
  if (type == CHUNK_INIT || type == CHUNK_COOKIE_ECHO) writer->needs_checksum = true;
  return chunk + CHUNK_HEADER_BYTES;
}

uint8_t *put_parameter(uint8_t *at, uint16_t type, const void *value, size_t length) {
  size_t whole = CHUNK_HEADER_BYTES + length;
  put16(at, type);
  put16(at + 2, (uint16_t)whole);
  if (length) memcpy(at + CHUNK_HEADER_BYTES, value, length);
  memset(at + whole, 0, padded(whole) - whole);
  return at + padded(whole);
}

size_t writer_finish(struct writer *writer, bool zero_checksum) {
  if (!zero_checksum || writer->needs_checksum) {
    uint32_t crc = crc32c_of_packet(writer->packet, writer->length);
    for (int i = 0; i < 4; i++) writer->packet[8 + i] = (uint8_t)(crc >> 8 * i);
  }
  return writer->length;
}
