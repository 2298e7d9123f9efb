/* Finds spurious losses: chunks that were marked as lost, but were only late, because of a delay or
 * because packets overtook each other. If everything that was sent again turns out to have been
 * needless, the controller undoes what it did about the losses. */
#include "sctp/sending/spurious.h"

#include "sctp/packet/serial.h"
#include "sctp/sending/outstanding.h"
#include "sctp/sending/rack.h"
#include "usec.h"

/* The first chunk was marked as lost, or a timeout came. The state of the controller before that is
 * kept, so that it can be brought back. */
void suspicion_begins(struct association *a, bool is_timeout) {
  /* If SACKs had no room for all ranges that arrived, then a later SACK may report old arrivals. After
   * a timeout these would look like a proof, so nothing is suspected. */
  bool all_is_reported = !a->rack.is_cut_off;
  a->suspicion =
      (struct suspicion){.is_open = all_is_reported || !is_timeout, .is_timeout = is_timeout};
  a->before_loss = a->controller;
}

/* A chunk that was marked as lost is sent again. */
void suspicion_repeated(struct association *a, const struct sent *sent) {
  struct suspicion *s = &a->suspicion;
  if (!s->is_open) return;
  if (!s->repeated || tsn_lt(sent->tsn, s->first)) s->first = sent->tsn;
  if (!s->repeated || tsn_lt(s->last, sent->tsn)) s->last = sent->tsn;
  s->repeated = true;
  s->unproved++;
}

/* Two things prove that a timeout was needless. First: a chunk is acknowledged that was marked as lost
 * but not sent again yet, so its only transmission arrived (RFC 5682 §3). Second: a chunk that was sent
 * again is acknowledged sooner than any round trip ever took, so the acknowledgement is for the earlier
 * transmission (RFC 3522, with time in the place of timestamps). One such chunk is enough
 * (RFC 4015 §3). */
void suspicion_acked(struct association *a, const struct sent *sent) {
  struct suspicion *s = &a->suspicion;
  if (!s->is_open || !s->is_timeout || !s->repeated) return;
  if (sent->state == SENT_LOST && sent->transmissions == 1) s->is_proved = true;
  if (sent->state != SENT_AGAIN || tsn_lt(sent->tsn, s->first) || tsn_lt(s->last, sent->tsn))
    return;
  if (a->rtt.least != NEVER && a->now - sent->sent_at < a->rtt.least) s->is_proved = true;
}

/* The peer reports a TSN as a duplicate (RFC 3708 §3). Once it has done so for every chunk that was
 * sent again, all of these were needless. */
void suspicion_duplicate(struct association *a, uint32_t tsn) {
  struct suspicion *s = &a->suspicion;
  if (!s->is_open || !s->unproved || tsn_lt(tsn, s->first) || tsn_lt(s->last, tsn)) return;
  if (--s->unproved == 0) s->is_proved = true;
}

/* Chunks that are marked as lost and were not sent again yet are in flight after all. They go back to
 * their lists, in front of chunks that were sent after them, because the lists are ordered by the time
 * of sending. */
static void put_back_lost(struct association *a) {
  struct outstanding *o = &a->outstanding;
  uint32_t later_first = o->first.count, later_again = o->again.count;
  if (o->lost.count) rack_forget(&a->rack, outstanding_at(o, o->lost.head), a->now);
  while (o->lost.count) {
    struct sent *sent = outstanding_at(o, o->lost.head);
    outstanding_move(o, sent, outstanding_sent_state(sent));
  }
  while (later_first--) outstanding_move(o, outstanding_at(o, o->first.head), SENT_FIRST);
  while (later_again--) {
    struct sent *sent = outstanding_at(o, o->again.head);
    sent->doubtful = true;
    outstanding_move(o, sent, SENT_AGAIN);
  }
}

void suspicion_settles(struct association *a) {
  struct suspicion *s = &a->suspicion;
  if (s->ends_at && a->rack.sent_at > s->ends_at) s->is_open = false;
  /* Called one round trip after the recovery. By then the peer has reported all duplicates. */
  if (s->is_open && !a->recovery_at && !s->ends_at) s->ends_at = a->now;
  if (!s->is_proved) return;
  if (s->is_timeout) put_back_lost(a);
  a->controller.kind->undo(&a->controller, &a->before_loss);
  a->recovery_at = 0;
  a->stats.undone++;
  *s = (struct suspicion){0};
}
