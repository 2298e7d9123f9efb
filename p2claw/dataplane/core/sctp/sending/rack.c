/* RACK (RFC 8985 §6.2), with TSNs for sequence numbers and chunks for segments. */
#include "sctp/sending/rack.h"

#include <string.h>

#include "sctp/packet/serial.h"
#include "sctp/sending/outstanding.h"
#include "usec.h"

/* A peer's SACK names so many ranges and no more: libwebrtc's dcSCTP 20, others what fits a packet.
 * One that has near the most that was ever seen, and at least these, may have left some out: packets
 * have 1,159 or 1,431 bytes, and duplicates take room. */
#define RANGES_CUT_OFF 16
#define RANGES_NEAR_MOST 0.75
#define UNREPORTED_ROUNDS 2   /* round trips: the gaps of one are closed in the next */
#define WINDOW_PERSIST 16     /* recoveries (RFC 8985 §6.2 step 4) */
#define DUPLICATE_THRESHOLD 3 /* RFC 8985 §6.2 step 4: DupThresh */

void rack_start(struct rack *rack) {
  memset(rack, 0, sizeof *rack);
  rack->window_multiplier = 1;
}

static bool sent_after(usec a, uint32_t a_tsn, usec b, uint32_t b_tsn) {
  return a > b || (a == b && tsn_lt(b_tsn, a_tsn));
}

void rack_acked(struct rack *rack, const struct sent *sent, const struct rtt *rtt, usec now) {
  if (!rack->has_highest || tsn_lt(rack->highest_acked, sent->tsn)) {
    rack->highest_acked = sent->tsn;
    rack->has_highest = true;
  } else if (tsn_lt(sent->tsn, rack->highest_acked) && sent->transmissions == 1) {
    rack->reordering_seen = true;
  }
  usec took = now - sent->sent_at;
  /* Too early for the retransmission: the acknowledgement is for an earlier transmission. */
  if (sent->doubtful || (sent->transmissions > 1 && took < rtt->least)) return;
  if (rack->sent_at && !sent_after(sent->sent_at, sent->tsn, rack->sent_at, rack->tsn)) return;
  rack->sent_at = sent->sent_at;
  rack->tsn = sent->tsn;
  rack->rtt = took;
}

void rack_forget(struct rack *rack, const struct sent *oldest, usec now) {
  rack->sent_at = oldest->sent_at;
  rack->tsn = oldest->tsn;
  rack->rtt = now - oldest->sent_at;
}

void rack_ranges(struct rack *rack, uint32_t ranges) {
  if (ranges > rack->most_ranges) rack->most_ranges = ranges;
  rack->is_cut_off = ranges >= RANGES_CUT_OFF && ranges >= RANGES_NEAR_MOST * rack->most_ranges;
}

void rack_duplicate(struct rack *rack, usec now) {
  rack->window_persist = WINDOW_PERSIST;
  if (rack->sent_at <= rack->duplicates_round) return; /* once a round trip */
  rack->duplicates_round = now;
  rack->reordering_seen = true;
  if (rack->window_multiplier < 64) rack->window_multiplier++;
}

void rack_recovered(struct rack *rack) {
  if (rack->window_persist && --rack->window_persist == 0) rack->window_multiplier = 1;
}

static usec reordering_window(const struct rack *rack, const struct outstanding *o,
                              const struct rtt *rtt, bool in_recovery) {
  if (!rack->reordering_seen) {
    bool many =
        rack->has_highest && o->count && tsn_le(o->base + DUPLICATE_THRESHOLD, rack->highest_acked);
    if (in_recovery || many) return 0;
  }
  usec window = (usec)rack->window_multiplier * (rtt->least == NEVER ? 0 : rtt->least) / 4;
  return min_usec(window, rtt->smoothed);
}

/* A SACK that has no room for more ranges is silent about what is above them. */
static bool may_be_unreported(const struct rack *rack, const struct sent *sent) {
  return rack->is_cut_off && tsn_lt(rack->highest_acked, sent->tsn);
}

/* One list; returns how long until the next of it would be lost. */
static usec detect_in(struct rack *rack, struct outstanding *o, struct sent_list *list, usec window,
                      usec now, void (*on_lost)(void *context, struct sent *sent), void *context) {
  while (list->count) {
    struct sent *oldest = outstanding_at(o, list->head);
    if (!sent_after(rack->sent_at, rack->tsn, oldest->sent_at, oldest->tsn)) break;
    usec remaining = oldest->sent_at + rack->rtt + window - now;
    if (remaining > 0) return remaining;
    if (oldest->state == SENT_FIRST && may_be_unreported(rack, oldest)) {
      outstanding_move(o, oldest, SENT_UNREPORTED);
      continue;
    }
    outstanding_move(o, oldest, SENT_LOST);
    on_lost(context, oldest);
  }
  return NEVER;
}

/* Chunks that the peer's SACKs had no room to report: while lower gaps close, a later SACK may still
 * report that they arrived. */
static usec detect_unreported(struct rack *rack, struct outstanding *o, const struct rtt *rtt,
                              usec window, usec now,
                              void (*on_lost)(void *context, struct sent *sent), void *context) {
  while (o->unreported.count) {
    struct sent *oldest = outstanding_at(o, o->unreported.head);
    usec patience = may_be_unreported(rack, oldest) ? UNREPORTED_ROUNDS * rtt->smoothed : 0;
    usec remaining = oldest->sent_at + rack->rtt + window + patience - now;
    if (remaining > 0) return remaining;
    outstanding_move(o, oldest, SENT_LOST);
    on_lost(context, oldest);
  }
  return NEVER;
}

usec rack_detect(struct rack *rack, struct outstanding *o, const struct rtt *rtt, bool in_recovery,
                 usec now, void (*on_lost)(void *context, struct sent *sent), void *context) {
  if (!rack->sent_at) return NEVER;
  usec window = reordering_window(rack, o, rtt, in_recovery);
  usec first = detect_in(rack, o, &o->first, window, now, on_lost, context);
  usec again = detect_in(rack, o, &o->again, window, now, on_lost, context);
  usec unreported = detect_unreported(rack, o, rtt, window, now, on_lost, context);
  return min_usec(min_usec(first, again), unreported);
}
