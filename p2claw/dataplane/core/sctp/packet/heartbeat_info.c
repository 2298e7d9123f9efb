#include "sctp/packet/heartbeat_info.h"

#include "bytes/order.h"
#include "sctp/packet/chunk.h"
#include "sctp/packet/writer.h"
#include "usec.h"

#define INFO_BYTES (HEARTBEAT_VALUE_BYTES - CHUNK_HEADER_BYTES)

void heartbeat_info_write(uint8_t *at, const struct heartbeat_info *info) {
  uint8_t bytes[INFO_BYTES];
  put64(bytes, info->sent_at);
  put32(bytes + 8, info->nonce);
  put32(bytes + 12, info->probe_bytes);
  put_parameter(at, PARAM_HEARTBEAT_INFO, bytes, sizeof bytes);
}

bool heartbeat_info_read(const struct item *chunk, struct heartbeat_info *info) {
  struct cursor cursor = {chunk->value, chunk->value + chunk->length};
  struct item parameter;
  if (next_parameter(&cursor, &parameter) <= 0) return false;
  if (parameter.type != PARAM_HEARTBEAT_INFO || parameter.length != INFO_BYTES) return false;
  info->sent_at = get64(parameter.value);
  info->nonce = get32(parameter.value + 8);
  info->probe_bytes = get32(parameter.value + 12);
  return true;
}

uint32_t heartbeat_nonce(uint32_t previous, usec now) {
  uint32_t x = previous + 1;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return x + (uint32_t)now;
}
