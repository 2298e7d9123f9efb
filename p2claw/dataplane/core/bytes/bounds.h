/* The smaller and the larger of two numbers. */
#ifndef P2CLAW_BYTES_BOUNDS_H
#define P2CLAW_BYTES_BOUNDS_H

#include <stdint.h>

static inline uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline uint64_t max_u64(uint64_t a, uint64_t b) { return a > b ? a : b; }
static inline double min_double(double a, double b) { return a < b ? a : b; }
static inline double max_double(double a, double b) { return a > b ? a : b; }

#endif
