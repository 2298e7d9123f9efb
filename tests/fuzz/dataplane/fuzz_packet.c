/* The packet and its chunks, as far as walking them goes. */
#include "sctp/packet/chunk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct packet_header header;
  struct item chunk, parameter;
  if (!packet_header_read(data, size, &header)) return 0;
  struct cursor cursor = {data + 12, data + size};
  while (next_chunk(&cursor, &chunk) > 0) {
    if (chunk.value + chunk.length > data + size) abort();
    struct cursor inner = {chunk.value, chunk.value + chunk.length};
    while (next_parameter(&inner, &parameter) > 0)
      if (parameter.value + parameter.length > chunk.value + chunk.length) abort();
  }
  return 0;
}
