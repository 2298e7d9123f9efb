/* Losses that were none: a delay, or packets that overtook each other, made them look so. When all
 * that was sent again turns out to have been needless, the controller takes back what it did. */
#include "sctp/sending/spurious.h"

#include "sctp/packet/serial.h"
#include "sctp/sending/outstanding.h"
#include "sctp/sending/rack.h"
#include "usec.h"

/* The first chunk was found lost, or a timeout came: the state before it is kept. */
void suspicion_begins(struct association *a, bool is_timeout) {
  /* Where SACKs had no room for all that arrived, what they name later is no news. */
  bool all_is_reported = !a->rack.is_cut_off;
  a->suspicion =
      (struct suspicion){.is_open = all_is_reported || !is_timeout, .is_timeout = is_timeout};
  a->before_loss = a->controller;
}

/* A chunk that was found lost is sent again. */
void suspicion_repeated(struct association *a, const struct sent *sent) {
  struct suspicion *s = &a->suspicion;
  if (!s->is_open) return;
  if (!s->repeated || tsn_lt(sent->tsn, s->first)) s->first = sent->tsn;
  if (!s->repeated || tsn_lt(s->last, sent->tsn)) s->last = sent->tsn;
  s->repeated = true;
  s->unproved++;
}

/* After a timeout, what was not sent again and arrives shows that not all was lost (RFC 5682 §3);
 * and an answer that comes sooner after a repetition than any ever did is one to what was sent before
 * it (RFC 3522, with time for timestamps). One of either is enough (RFC 4015 §3). */
void suspicion_acked(struct association *a, const struct sent *sent) {
  struct suspicion *s = &a->suspicion;
  if (!s->is_open || !s->is_timeout || !s->repeated) return;
  if (sent->state == SENT_LOST && sent->transmissions == 1) s->is_proved = true;
  if (sent->state != SENT_AGAIN || tsn_lt(sent->tsn, s->first) || tsn_lt(s->last, sent->tsn))
    return;
  if (a->rtt.least != NEVER && a->now - sent->sent_at < a->rtt.least) s->is_proved = true;
}

/* The peer names a TSN that came twice (RFC 3708 §3): of all repetitions the last one proves it. */
void suspicion_duplicate(struct association *a, uint32_t tsn) {
  struct suspicion *s = &a->suspicion;
  if (!s->is_open || !s->unproved || tsn_lt(tsn, s->first) || tsn_lt(s->last, tsn)) return;
  if (--s->unproved == 0) s->is_proved = true;
}

/* What was found lost and not yet sent again is on its way; so it goes back to where it was, before
 * what was sent after it: the lists are by time of sending. */
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
  /* A round trip after the recovery: by then the peer has named what came twice. */
  if (s->is_open && !a->recovery_at && !s->ends_at) s->ends_at = a->now;
  if (!s->is_proved) return;
  if (s->is_timeout) put_back_lost(a);
  a->controller.kind->undo(&a->controller, &a->before_loss);
  a->recovery_at = 0;
  a->stats.undone++;
  *s = (struct suspicion){0};
}
