/* Time, serial numbers and big-endian fields. Leaves everything of SCTP to its users. */
#ifndef P2CLAW_SCTP_BASE_H
#define P2CLAW_SCTP_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef int64_t usec; /* microseconds, on whatever clock the caller uses */
#define NEVER INT64_MAX
#define SECOND ((usec)1000000)
#define MILLISECOND ((usec)1000)

/* RFC 1982 serial numbers: TSNs and request numbers (32 bit), stream sequence numbers (16 bit). */
static inline bool tsn_lt(uint32_t a, uint32_t b) { return (int32_t)(a - b) < 0; }
static inline bool tsn_le(uint32_t a, uint32_t b) { return (int32_t)(a - b) <= 0; }
static inline bool ssn_lt(uint16_t a, uint16_t b) { return (int16_t)(uint16_t)(a - b) < 0; }

static inline uint16_t get16(const uint8_t *p) { return (uint16_t)((uint32_t)p[0] << 8 | p[1]); }
static inline uint32_t get32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline void put16(uint8_t *p, uint16_t v) {
  p[0] = (uint8_t)(v >> 8);
  p[1] = (uint8_t)v;
}
static inline void put32(uint8_t *p, uint32_t v) {
  put16(p, (uint16_t)(v >> 16));
  put16(p + 2, (uint16_t)v);
}
static inline uint64_t get64(const uint8_t *p) {
  return (uint64_t)get32(p) << 32 | get32(p + 4);
}
static inline void put64(uint8_t *p, uint64_t v) {
  put32(p, (uint32_t)(v >> 32));
  put32(p + 4, (uint32_t)v);
}

/* Chunks and parameters end on four bytes (RFC 9260 §3.2, §3.2.1). */
static inline size_t padded(size_t length) { return (length + 3) & ~(size_t)3; }

static inline usec min_usec(usec a, usec b) { return a < b ? a : b; }
static inline usec max_usec(usec a, usec b) { return a > b ? a : b; }
static inline uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline uint64_t max_u64(uint64_t a, uint64_t b) { return a > b ? a : b; }
static inline double min_double(double a, double b) { return a < b ? a : b; }
static inline double max_double(double a, double b) { return a > b ? a : b; }

#endif
