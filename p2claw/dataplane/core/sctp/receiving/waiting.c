/* A pairing heap (Fredman, Sedgewick, Sleator, Tarjan: The pairing heap, 1986) that is linked through
 * its events: adding takes no memory and a constant time, taking n out n log n, in whatever order the
 * peer has sent them. */
#include "sctp/receiving/waiting.h"

#include "sctp/packet/serial.h"

/* Of two heaps one: the higher beginning goes below the lower. */
static struct event *meld(struct event *a, struct event *b) {
  if (ssn_lt(b->ssn, a->ssn)) {
    struct event *swapped = a;
    a = b;
    b = swapped;
  }
  b->next = a->earliest;
  a->earliest = b;
  return a;
}

void waiting_add(struct event **heap, struct event *event) {
  event->next = event->earliest = NULL;
  *heap = *heap ? meld(*heap, event) : event;
}

/* Those that were below the lowest become one heap: first in pairs, then the pairs from the last. */
static struct event *meld_all(struct event *first) {
  struct event *pairs = NULL, *heap = NULL;
  while (first) {
    struct event *second = first->next, *rest = second ? second->next : NULL;
    struct event *pair = second ? meld(first, second) : first;
    pair->next = pairs;
    pairs = pair;
    first = rest;
  }
  while (pairs) {
    struct event *rest = pairs->next;
    heap = heap ? meld(heap, pairs) : pairs;
    pairs = rest;
  }
  return heap;
}

struct event *waiting_pop(struct event **heap) {
  struct event *lowest = *heap;
  *heap = meld_all(lowest->earliest);
  lowest->next = lowest->earliest = NULL;
  return lowest;
}
