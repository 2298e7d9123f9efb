/* Every reader of one chunk. */
#include "bytes/order.h"
#include "sctp/packet/chunk.h"

static volatile uint32_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct cursor cursor = {data, data + size};
  struct item chunk;
  struct data_chunk payload;
  struct init_chunk init;
  struct sack_chunk sack;
  while (next_chunk(&cursor, &chunk) > 0) {
    if (data_read(&chunk, &payload))
      for (size_t i = 0; i < payload.length; i++) sink += payload.payload[i];
    if (init_read(&chunk, &init))
      for (size_t i = 0; i < init.cookie_length; i++) sink += init.cookie[i];
    if (!sack_read(&chunk, &sack)) continue;
    for (size_t i = 0; i < sack.gaps; i++) sink += get32(sack.gap_blocks + 4 * i);
    for (size_t i = 0; i < sack.duplicates; i++) sink += get32(sack.duplicate_tsns + 4 * i);
  }
  return 0;
}
