/* Who wants to be woken next: one heap for all links of a port, so that there is one timer, and none
 * that ticks. Deadlines that move away are left where they are and put right when they come: a busy
 * link costs nothing here. */
#ifndef P2CLAW_UDP_DEADLINES_H
#define P2CLAW_UDP_DEADLINES_H

#include <stdbool.h>

#include "usec.h"

struct deadline {
  usec at;
  void *owner;
  uint32_t place; /* in the heap, from 1; 0: not in it */
};

struct deadlines {
  struct deadline **heap; /* heap[1] is the first */
  uint32_t count, room;
};

/* Has the owner woken at `at` or before. False without memory. */
bool deadlines_set(struct deadlines *all, struct deadline *deadline, usec at);
void deadlines_remove(struct deadlines *all, struct deadline *deadline);
usec deadlines_next(const struct deadlines *all); /* or NEVER */
/* The first that is due, taken out; NULL: none. */
struct deadline *deadlines_pop(struct deadlines *all, usec now);
void deadlines_free(struct deadlines *all);

#endif
