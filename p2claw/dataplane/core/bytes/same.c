#include "bytes/same.h"

bool same_bytes(const uint8_t *a, const uint8_t *b, size_t length) {
  uint8_t differing = 0;
  for (size_t i = 0; i < length; i++) differing = (uint8_t)(differing | (a[i] ^ b[i]));
  return differing == 0;
}
