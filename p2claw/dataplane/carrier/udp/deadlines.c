/* A binary heap whose members know their place. */
#include "udp/deadlines.h"

#include <stdlib.h>

#define LEAST_ROOM 16

static void put(struct deadlines *all, uint32_t place, struct deadline *deadline) {
  all->heap[place] = deadline;
  deadline->place = place;
}

static void sift(struct deadlines *all, uint32_t place, struct deadline *deadline) {
  for (; place > 1 && all->heap[place / 2]->at > deadline->at; place /= 2)
    put(all, place, all->heap[place / 2]);
  for (uint32_t child; (child = place * 2) <= all->count; place = child) {
    if (child < all->count && all->heap[child + 1]->at < all->heap[child]->at) child++;
    if (all->heap[child]->at >= deadline->at) break;
    put(all, place, all->heap[child]);
  }
  put(all, place, deadline);
}

bool deadlines_set(struct deadlines *all, struct deadline *deadline, usec at) {
  if (deadline->place) {
    if (at >= deadline->at) return true; /* it wakes early, and is set again then */
    deadline->at = at;
    sift(all, deadline->place, deadline);
    return true;
  }
  if (all->count + 1 >= all->room) {
    uint32_t room = all->room ? all->room * 2 : LEAST_ROOM;
    struct deadline **heap = realloc(all->heap, room * sizeof *heap);
    if (!heap) return false;
    all->heap = heap;
    all->room = room;
  }
  deadline->at = at;
  all->count++;
  sift(all, all->count, deadline);
  return true;
}

void deadlines_remove(struct deadlines *all, struct deadline *deadline) {
  uint32_t place = deadline->place;
  if (!place) return;
  struct deadline *last = all->heap[all->count--];
  deadline->place = 0;
  if (last != deadline) sift(all, place, last);
}

usec deadlines_next(const struct deadlines *all) { return all->count ? all->heap[1]->at : NEVER; }

struct deadline *deadlines_pop(struct deadlines *all, usec now) {
  if (!all->count || all->heap[1]->at > now) return NULL;
  struct deadline *first = all->heap[1];
  deadlines_remove(all, first);
  return first;
}

void deadlines_free(struct deadlines *all) {
  free(all->heap);
  *all = (struct deadlines){0};
}
