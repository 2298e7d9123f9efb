/* DATA_CHANNEL_OPEN: what is read is within the message, and is written back the same. */
#include <stdlib.h>
#include <string.h>

#include "sctp/channels/dcep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct channel_terms terms;
  uint8_t again[DCEP_OPEN_BYTES];
  if (!dcep_read_open(data, size, &terms)) return 0;
  if (DCEP_OPEN_BYTES + (size_t)terms.label_length + terms.protocol_length > size) abort();
  dcep_write_open(again, &terms);
  if (again[0] != data[0] || memcmp(again + 8, data + 8, 4)) abort();
  return 0;
}
