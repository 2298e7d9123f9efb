/* Setting and clearing the timers of an association. */
#ifndef P2CLAW_SCTP_TIMERS_H
#define P2CLAW_SCTP_TIMERS_H

#include "sctp/state.h"
#include "usec.h"

static inline void arm(struct association *a, enum timer timer, usec deadline) {
  a->deadlines[timer] = deadline;
}
static inline void disarm(struct association *a, enum timer timer) { a->deadlines[timer] = NEVER; }
static inline bool is_armed(const struct association *a, enum timer timer) {
  return a->deadlines[timer] != NEVER;
}

#endif
