/* Which numbers of records have come (RFC 6347 §4.1.2.6): the newest, and the 63 before it. */
#ifndef P2CLAW_DTLS_WINDOW_H
#define P2CLAW_DTLS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum { WINDOW_RECORDS = 64 };

/* Zeros: nothing has come. */
struct window {
  uint64_t newest;
  uint64_t seen; /* bit n: newest - n */
};

/* Whether it may be new. What is older than the window counts as seen. */
static inline bool window_admits(const struct window *window, uint64_t number) {
  const uint64_t behind = window->newest - number;
  if (number > window->newest) return true;
  return behind < WINDOW_RECORDS && !(window->seen >> behind & 1);
}

/* Only for a number that was admitted, and only once its record has proved genuine. */
static inline void window_mark(struct window *window, uint64_t number) {
  if (number > window->newest) {
    const uint64_t ahead = number - window->newest;
    window->seen = ahead < WINDOW_RECORDS ? window->seen << ahead : 0;
    window->newest = number;
  }
  window->seen |= (uint64_t)1 << (window->newest - number);
}

#endif
