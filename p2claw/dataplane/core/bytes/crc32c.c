/* CRC32c: a table, SSE4.2 with PCLMUL or without, and ARMv8 instructions, chosen once at run time. */
#include "bytes/crc32c.h"
#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <nmmintrin.h>
#include <wmmintrin.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7) /* asm/hwcap.h */
#endif
#endif

#define POLYNOMIAL 0x82f63b78u /* RFC 9260 Appendix A: 0x1edc6f41, bits reversed */

typedef uint32_t (*update_fn)(uint32_t crc, const uint8_t *data, size_t length);

static uint32_t table[256];
static update_fn update;
static const char *way = "table";

static uint32_t update_by_table(uint32_t crc, const uint8_t *data, size_t length) {
  while (length--) crc = crc >> 8 ^ table[(crc ^ *data++) & 0xff];
  return crc;
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("sse4.2"))) static uint32_t update_by_sse42(uint32_t crc, const uint8_t *data,
                                                                  size_t length) {
  uint64_t wide = crc;
  for (; length >= 8; length -= 8, data += 8) {
    uint64_t word;
    memcpy(&word, data, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = (uint32_t)wide;
  while (length--) crc = _mm_crc32_u8(crc, *data++);
  return crc;
}

/* The instruction takes three cycles and one may begin in each, so three parts of a packet are summed
 * side by side. Then the first is moved on by the words of two parts, and the second by those of one:
 * a product with a power of x, which a sum of its 64 bits reduces. */
enum { PART_WORDS = 64, PARTED_BYTES = 3 * 8 * PART_WORDS, LEAST_PARTED_BYTES = 256 };
static uint32_t moves[2 * PART_WORDS + 1]; /* by n words: x^(64 n - 33), bits reversed */

static void fill_moves(void) {
  uint32_t power = 1; /* x^31 */
  for (int n = 1; n <= 2 * PART_WORDS; n++) {
    moves[n] = power;
    for (int bit = 0; bit < 64; bit++) power = power & 1 ? power >> 1 ^ POLYNOMIAL : power >> 1;
  }
}

__attribute__((target("sse4.2,pclmul"))) static uint64_t moved(uint64_t crc, size_t words) {
  const __m128i product =
      _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)crc), _mm_cvtsi64_si128(moves[words]), 0);
  return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

__attribute__((target("sse4.2,pclmul"))) static uint32_t update_by_pclmul(uint32_t crc,
                                                                          const uint8_t *data,
                                                                          size_t length) {
  while (length >= LEAST_PARTED_BYTES) {
    const size_t whole = length < PARTED_BYTES ? length : PARTED_BYTES, words = whole / 24;
    uint64_t first = crc, second = 0, third = 0;
    for (size_t i = 0; i < words; i++) {
      uint64_t word[3];
      memcpy(&word[0], data + 8 * i, 8);
      memcpy(&word[1], data + 8 * (words + i), 8);
      memcpy(&word[2], data + 8 * (2 * words + i), 8);
      first = _mm_crc32_u64(first, word[0]);
      second = _mm_crc32_u64(second, word[1]);
      third = _mm_crc32_u64(third, word[2]);
    }
    crc = (uint32_t)(moved(first, 2 * words) ^ moved(second, words) ^ third);
    data += 24 * words;
    length -= 24 * words;
  }
  return update_by_sse42(crc, data, length);
}
#elif defined(__aarch64__) && defined(__GNUC__)
/* In assembly, because compilers disagree on how a single function is given the instructions. */
static uint32_t update_by_armv8(uint32_t crc, const uint8_t *data, size_t length) {
  for (; length >= 8; length -= 8, data += 8) {
    uint64_t word;
    memcpy(&word, data, 8);
    __asm__(".arch_extension crc\n\tcrc32cx %w0, %w0, %x1" : "+r"(crc) : "r"(word));
  }
  while (length--) {
    uint32_t byte = *data++;
    __asm__(".arch_extension crc\n\tcrc32cb %w0, %w0, %w1" : "+r"(crc) : "r"(byte));
  }
  return crc;
}

static bool has_armv8_crc(void) {
#if defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#elif defined(__APPLE__)
  return true; /* all of them do */
#else
  return false;
#endif
}
#endif

/* Two threads that come first at once write the same values. */
static void choose(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
    table[i] = crc;
  }
  update_fn chosen = update_by_table;
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("sse4.2")) {
    chosen = update_by_sse42;
    way = "sse4.2";
    if (__builtin_cpu_supports("pclmul")) {
      fill_moves();
      chosen = update_by_pclmul;
      way = "pclmul";
    }
  }
#elif defined(__aarch64__) && defined(__GNUC__)
  if (has_armv8_crc()) {
    chosen = update_by_armv8;
    way = "armv8";
  }
#endif
  update = chosen;
}

uint32_t crc32c(const uint8_t *data, size_t length) {
  if (!update) choose();
  return ~update(0xffffffffu, data, length);
}

uint32_t crc32c_by_table(const uint8_t *data, size_t length) {
  if (!update) choose();
  return ~update_by_table(0xffffffffu, data, length);
}

const char *crc32c_way(void) {
  if (!update) choose();
  return way;
}

uint32_t crc32c_of_packet(const uint8_t *packet, size_t length) {
  static const uint8_t zeros[4] = {0};
  if (!update) choose();
  uint32_t crc = update(0xffffffffu, packet, 8);
  crc = update(crc, zeros, 4);
  return ~update(crc, packet + 12, length - 12);
}
