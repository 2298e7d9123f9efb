/* The ring of outstanding chunks and its lists. It grows on demand, and is kept for what is sent next;
 * an idle association gives it back, so that it holds next to nothing. */
#include "sctp/sending/outstanding.h"

#include <stdlib.h>
#include <string.h>

#include "sctp/constants.h"
#include "sctp/messages/message.h"
#include "sctp/packet/serial.h"

#define LONGEST_WALK 1000 /* for a place in the list `lost`: a hostile peer must not make it long */
#define SMALLEST_RING 16  /* an idle association's: 16 × 96 bytes */
/* Kept when it is empty, 48 KiB: on a path of a millisecond all that a wake sends is acknowledged before
 * the next one. */
#define KEPT_RING 512

static bool grow(struct outstanding *o) {
  uint32_t capacity = o->capacity ? 2 * o->capacity : SMALLEST_RING;
  if (capacity > OUTSTANDING_MAX) return false;
  struct sent *ring = malloc(capacity * sizeof *ring);
  if (!ring) return false;
  for (uint32_t i = 0; i < o->count; i++)
    ring[(o->base + i) & (capacity - 1)] = *outstanding_at(o, o->base + i);
  free(o->ring);
  o->ring = ring;
  o->capacity = capacity;
  return true;
}

struct sent *outstanding_add(struct outstanding *o) {
  if (o->count == o->capacity && !grow(o)) return NULL;
  uint32_t tsn = o->base + o->count++;
  struct sent *sent = outstanding_at(o, tsn);
  memset(sent, 0, sizeof *sent);
  sent->tsn = tsn;
  sent->state = SENT_ABANDONED;
  return sent;
}

struct sent *outstanding_find(const struct outstanding *o, uint32_t tsn) {
  return tsn - o->base < o->count ? outstanding_at(o, tsn) : NULL;
}

static void list_append(struct outstanding *o, struct sent_list *list, struct sent *sent) {
  if (list->count++) {
    outstanding_at(o, list->tail)->next = sent->tsn;
    sent->prev = list->tail;
  } else {
    list->head = sent->tsn;
  }
  list->tail = sent->tsn;
}

/* The list `lost` is ordered by TSN. The chunk that the peer has waited for longest goes first; a peer
 * whose SACKs have few ranges reports nothing above it. A new loss is put at the end. A chunk that is
 * lost again belongs near the beginning. */
static void list_insert(struct outstanding *o, struct sent_list *list, struct sent *sent) {
  if (!list->count || tsn_lt(list->tail, sent->tsn)) {
    list_append(o, list, sent);
    return;
  }
  uint32_t at = list->head, before = at;
  for (int steps = 0; tsn_lt(at, sent->tsn); steps++) {
    if (steps == LONGEST_WALK) {
      list_append(o, list, sent);
      return;
    }
    before = at;
    at = outstanding_at(o, at)->next;
  }
  sent->next = at;
  outstanding_at(o, at)->prev = sent->tsn;
  if (at == list->head) {
    list->head = sent->tsn;
  } else {
    sent->prev = before;
    outstanding_at(o, before)->next = sent->tsn;
  }
  list->count++;
}

static void list_remove(struct outstanding *o, struct sent_list *list, struct sent *sent) {
  list->count--;
  if (list->head == sent->tsn)
    list->head = sent->next;
  else
    outstanding_at(o, sent->prev)->next = sent->next;
  if (list->tail == sent->tsn)
    list->tail = sent->prev;
  else
    outstanding_at(o, sent->next)->prev = sent->prev;
}

static struct sent_list *list_of(struct outstanding *o, uint8_t state) {
  switch (state) {
    case SENT_FIRST: return &o->first;
    case SENT_AGAIN: return &o->again;
    case SENT_LOST: return &o->lost;
    case SENT_UNREPORTED: return &o->unreported;
    default: return NULL;
  }
}

void outstanding_move(struct outstanding *o, struct sent *sent, enum sent_state state) {
  struct sent_list *from = list_of(o, sent->state), *to = list_of(o, (uint8_t)state);
  if (from) list_remove(o, from, sent);
  if (sent->state <= SENT_AGAIN) o->in_flight_bytes -= sent->length;
  sent->state = (uint8_t)state;
  if (to == &o->lost)
    list_insert(o, to, sent);
  else if (to)
    list_append(o, to, sent);
  else
    sent->next = sent->tsn + 1;
  if (sent->state <= SENT_AGAIN) o->in_flight_bytes += sent->length;
}

static void give_back(struct outstanding *o) {
  free(o->ring);
  o->ring = NULL;
  o->capacity = 0;
}

void outstanding_drop_first(struct outstanding *o) {
  struct sent *sent = outstanding_at(o, o->base);
  outstanding_move(o, sent, SENT_ABANDONED);
  if (sent->message) message_unref(sent->message);
  o->base++;
  if (--o->count == 0 && o->capacity > KEPT_RING) give_back(o);
}

void outstanding_rest(struct outstanding *o) {
  if (!o->count && o->capacity > SMALLEST_RING) give_back(o);
}

uint32_t outstanding_skip_acked(struct outstanding *o, uint32_t tsn) {
  uint32_t end = outstanding_end(o), first = tsn;
  while (tsn_lt(tsn, end) && outstanding_at(o, tsn)->state == SENT_ACKED)
    tsn = outstanding_at(o, tsn)->next;
  /* Shortens the path for the next search, as union-find does. */
  while (tsn_lt(first, tsn)) {
    struct sent *sent = outstanding_at(o, first);
    first = sent->next;
    sent->next = tsn;
  }
  return tsn;
}

void outstanding_free(struct outstanding *o) {
  while (o->count) outstanding_drop_first(o);
  give_back(o);
}
