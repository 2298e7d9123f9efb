/* Time: microseconds on whatever clock the caller uses. Nothing in here reads one. */
#ifndef P2CLAW_USEC_H
#define P2CLAW_USEC_H

#include <stdint.h>

typedef int64_t usec;
typedef double seconds; /* what a caller gives and gets, and what formulas need */
#define NEVER INT64_MAX
#define SECOND ((usec)1000000)
#define MILLISECOND ((usec)1000)

static inline usec min_usec(usec a, usec b) { return a < b ? a : b; }
static inline usec max_usec(usec a, usec b) { return a > b ? a : b; }

#endif
