/* Reads what a packet holds (RFC 9260 §3). Judges form only; meaning is the handlers'. */
#include "sctp/packet/chunk.h"

#include <string.h>

#include "bytes/order.h"
#include "sctp/constants.h"

#define INIT_FIXED_BYTES 16       /* RFC 9260 §3.3.2, after the chunk's header */
#define SACK_FIXED_BYTES 12       /* RFC 9260 §3.3.4 */
#define ZERO_CHECKSUM_OVER_DTLS 1 /* RFC 9653 §8: error detection method identifier of DTLS */

bool packet_header_read(const uint8_t *packet, size_t length, struct packet_header *header) {
  if (length < COMMON_HEADER_BYTES + CHUNK_HEADER_BYTES) return false;
  header->source_port = get16(packet);
  header->target_port = get16(packet + 2);
  header->tag = get32(packet + 4);
  /* The only field that goes least significant byte first (RFC 9260 Appendix A). */
  header->checksum = (uint32_t)packet[11] << 24 | (uint32_t)packet[10] << 16 |
                     (uint32_t)packet[9] << 8 | packet[8];
  return true;
}

int next_chunk(struct cursor *cursor, struct item *chunk) {
  size_t left = (size_t)(cursor->end - cursor->at);
  if (left == 0) return 0;
  if (left < CHUNK_HEADER_BYTES) return -1;
  size_t length = get16(cursor->at + 2);
  if (length < CHUNK_HEADER_BYTES || length > left) return -1;
  chunk->type = cursor->at[0];
  chunk->flags = cursor->at[1];
  chunk->start = cursor->at;
  chunk->value = cursor->at + CHUNK_HEADER_BYTES;
  chunk->length = length - CHUNK_HEADER_BYTES;
  /* The last chunk's padding may be missing: senders of old forget it, and nothing is lost. */
  cursor->at += padded(length) < left ? padded(length) : left;
  return 1;
}

int next_parameter(struct cursor *cursor, struct item *parameter) {
  size_t left = (size_t)(cursor->end - cursor->at);
  if (left == 0) return 0;
  if (left < CHUNK_HEADER_BYTES) return -1;
  size_t length = get16(cursor->at + 2);
  if (length < CHUNK_HEADER_BYTES || length > left) return -1;
  parameter->type = get16(cursor->at);
  parameter->flags = 0;
  parameter->start = cursor->at;
  parameter->value = cursor->at + CHUNK_HEADER_BYTES;
  parameter->length = length - CHUNK_HEADER_BYTES;
  cursor->at += padded(length) < left ? padded(length) : left;
  return 1;
}

bool data_read(const struct item *chunk, struct data_chunk *data) {
  if (chunk->length < DATA_HEADER_BYTES - CHUNK_HEADER_BYTES) return false;
  data->flags = chunk->flags;
  data->tsn = get32(chunk->value);
  data->stream = get16(chunk->value + 4);
  data->ssn = get16(chunk->value + 6);
  data->ppid = get32(chunk->value + 8);
  data->payload = chunk->value + 12;
  data->length = chunk->length - 12;
  return true;
}

static void read_extensions(const struct item *parameter, struct init_chunk *init) {
  for (size_t i = 0; i < parameter->length; i++) {
    if (parameter->value[i] == CHUNK_RECONFIG) init->reconfig = true;
    if (parameter->value[i] == CHUNK_FORWARD_TSN) init->forward_tsn = true;
  }
}

bool init_read(const struct item *chunk, struct init_chunk *init) {
  struct item parameter;
  int more;
  if (chunk->length < INIT_FIXED_BYTES) return false;
  memset(init, 0, sizeof *init);
  init->tag = get32(chunk->value);
  init->window_bytes = get32(chunk->value + 4);
  init->out_streams = get16(chunk->value + 8);
  init->in_streams = get16(chunk->value + 10);
  init->tsn = get32(chunk->value + 12);
  struct cursor cursor = {chunk->value + INIT_FIXED_BYTES, chunk->value + chunk->length};
  while ((more = next_parameter(&cursor, &parameter)) > 0) {
    if (parameter.type == PARAM_COOKIE) {
      init->cookie = parameter.value;
      init->cookie_length = parameter.length;
    } else if (parameter.type == PARAM_FORWARD_TSN_SUPPORTED) {
      init->forward_tsn = true;
    } else if (parameter.type == PARAM_SUPPORTED_EXTENSIONS) {
      read_extensions(&parameter, init);
    } else if (parameter.type == PARAM_ZERO_CHECKSUM && parameter.length == 4) {
      init->zero_checksum = get32(parameter.value) == ZERO_CHECKSUM_OVER_DTLS;
    } else if ((parameter.type & 0x8000) == 0 && parameter.type > PARAM_UNRECOGNIZED &&
               parameter.type != 11 && parameter.type != 12) {
      break; /* 00 and 01: stop reading parameters (RFC 9260 §3.2.1); 11, 12: addresses */
    }
  }
  /* A tag or a number of streams that is zero is a fatal error (RFC 9260 §3.3.2). */
  return more >= 0 && init->tag != 0 && init->out_streams != 0 && init->in_streams != 0;
}

bool sack_read(const struct item *chunk, struct sack_chunk *sack) {
  if (chunk->length < SACK_FIXED_BYTES) return false;
  sack->cumulative = get32(chunk->value);
  sack->window_bytes = get32(chunk->value + 4);
  sack->gaps = get16(chunk->value + 8);
  sack->duplicates = get16(chunk->value + 10);
  sack->gap_blocks = chunk->value + SACK_FIXED_BYTES;
  sack->duplicate_tsns = sack->gap_blocks + 4 * (size_t)sack->gaps;
  return chunk->length >= SACK_FIXED_BYTES + 4 * ((size_t)sack->gaps + sack->duplicates);
}
