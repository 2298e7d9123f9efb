/* CRC-32 by a table that the compiler makes: nothing to set up, nothing that two threads could race
 * for. Messages have a hundred bytes, and a check comes every few seconds. */
#include "bytes/crc32.h"

/* Bit 7 has the polynomial 0x04c11db7, its bits reversed; each of the others has that of the bit
 * above it, moved on by one. A checksum is linear: a byte's entry is the sum of its bits'. */
#define BIT(i, n, entry) ((i) >> (n) & 1 ? (entry) : 0u)
#define ENTRY(i)                                                              \
  (BIT(i, 7, 0xedb88320u) ^ BIT(i, 6, 0x76dc4190u) ^ BIT(i, 5, 0x3b6e20c8u) ^ \
   BIT(i, 4, 0x1db71064u) ^ BIT(i, 3, 0x0edb8832u) ^ BIT(i, 2, 0x076dc419u) ^ \
   BIT(i, 1, 0xee0e612cu) ^ BIT(i, 0, 0x77073096u))
#define ENTRIES4(i) ENTRY(i), ENTRY((i) + 1), ENTRY((i) + 2), ENTRY((i) + 3)
#define ENTRIES16(i) ENTRIES4(i), ENTRIES4((i) + 4), ENTRIES4((i) + 8), ENTRIES4((i) + 12)
#define ENTRIES64(i) ENTRIES16(i), ENTRIES16((i) + 16), ENTRIES16((i) + 32), ENTRIES16((i) + 48)

static const uint32_t table[256] = {ENTRIES64(0), ENTRIES64(64), ENTRIES64(128), ENTRIES64(192)};

uint32_t crc32_ieee(const uint8_t *data, size_t length) {
  uint32_t crc = 0xffffffffu;
  while (length--) crc = crc >> 8 ^ table[(crc ^ *data++) & 0xff];
  return ~crc;
}
