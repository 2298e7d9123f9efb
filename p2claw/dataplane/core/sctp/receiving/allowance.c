/* The window of a peer that learns of no loss. It is what the path holds by itself, the highest rate
 * of the last seconds for the least round trip, and a part more, by which a rate that could be higher
 * grows. Losses count where a queue stands, as in bbr.c: elsewhere they are the path's own. */
#include "sctp/receiving/allowance.h"

#include <math.h>
#include <string.h>

#include "bytes/bounds.h"
#include "sctp/congestion/controller.h"
#include "sctp/congestion/queueing.h"
#include "sctp/constants.h"

#define ROUND_LEAST (10 * MILLISECOND)
/* Of what the path was seen to hold: the peer's flight may double in each round, and learns of it one
 * later. */
#define STARTING 2.0
#define STARTING_BYTES 65536.0 /* at least */
#define GAIN 1.3               /* later */
#define DRAINING 0.75          /* now and then, so that the least round trip is seen again */
#define DRAIN_ROUNDS 2
#define DRAIN_AFTER (8 * SECOND)
#define FORGET_AFTER \
  (10 * SECOND) /* the least round trip, if even then it is not seen: another path */
#define UNSURE \
  (500 * MILLISECOND)       /* after a change of the path: what was on its way took the old one */
#define PERIOD (4 * SECOND) /* of the highest rate: it counts for one to two of them */
#define STANDING_ROUNDS 3
#define DOUBT_ROUNDS 3   /* of the present, long kind: in one the queue goes, in one that is seen */
#define FULL_GROWTH 1.25 /* draft-ietf-ccwg-bbr §5.3.1.2 */
#define FULL_ROUNDS 3
#define LATE (2 * 1e-3)   /* s: for so long an acknowledgement may wait for others, or for a wake */
#define LATE_PACKETS 3.0  /* at least */
#define LEAST_PACKETS 8.0 /* of the window */
/* Of a round. More than bbr_model.h has, for nothing but the rate that was seen makes this window grow:
 * it does not have to find out how much is too much. */
#define LOSS_IN_QUEUE 0.05
#define LOSS_WITHOUT_QUEUE 0.15
#define RECOVERS 1.1 /* a bound, in a round without such losses */
/* Chunks: so few lost ones say nothing. At random, 4 of 20 are lost on one line of 2 % in 20 that begin. */
#define SIGNIFICANT_IN_QUEUE 2
#define SIGNIFICANT_WITHOUT_QUEUE 8

void allowance_start(struct allowance *w, usec now) {
  memset(w, 0, sizeof *w);
  w->is_starting = true;
  w->began = w->period_at = w->least_at = now;
  w->round_rtt = w->least = NEVER;
  w->bound = INFINITY;
  w->window = RECEIVE_BUFFER_BYTES;
}

static void begin_again(struct allowance *w) {
  w->is_starting = true;
  w->full = 0;
  w->flat = w->draining = 0;
}

void allowance_path_changed(struct allowance *w, usec now) {
  begin_again(w);
  w->rates[0] = w->rates[1] = 0;
  w->standing = 0;
  w->doubted_until = w->doubted_at = 0;
  w->period_at = w->least_at = now;
  w->unsure_until = now + UNSURE;
  w->round_rtt = w->least = NEVER;
  w->bound = INFINITY;
}

/* While it starts, what came so far of the round is known to fit, and more than that fits in the next
 * one. At the end of the round it would be known as well, and the peer would wait for it. */
void allowance_arrived(struct allowance *w, uint64_t bytes, usec smoothed) {
  w->bytes += bytes;
  if (!w->is_starting || w->least == NEVER) return;
  usec round = max_usec(smoothed, ROUND_LEAST);
  double holds = (double)w->bytes * (double)w->least / (double)max_usec(round, w->least);
  w->window = max_double(w->window,
                         min_double(min_double(STARTING * holds, w->bound), RECEIVE_BUFFER_BYTES));
}

void allowance_skipped(struct allowance *w, int32_t chunks) {
  w->chunks++;
  if (chunks > 0)
    w->lost += (uint64_t)chunks;
  else if (chunks < 0 && w->lost)
    w->lost--;
}

static double highest(const struct allowance *w) { return max_double(w->rates[0], w->rates[1]); }

static void measure(struct allowance *w, double rate, usec now) {
  if (now - w->period_at > PERIOD) {
    w->rates[0] = w->rates[1];
    w->rates[1] = 0;
    w->period_at = now;
  }
  w->rates[1] = max_double(w->rates[1], rate);
  if (w->round_rtt == NEVER) return;
  bool is_other = now - w->least_at > FORGET_AFTER || now < w->unsure_until;
  if (w->round_rtt <= w->least + queue_rise(w->least) / 2 || is_other) {
    w->least = is_other ? w->round_rtt : min_usec(w->least, w->round_rtt);
    w->least_at = now;
  }
  /* What the wrong one has left of the window would take many rounds to grow by GAIN. */
  if (is_other && w->window < STARTING_BYTES) begin_again(w);
}

/* A queue that stands longer than the window by itself explains: either the path has become slower, or
 * others fill it. So the window is that of the present rate for a moment. If the queue goes, the path was
 * slower; if it stays, it is that of others, to whom the highest rate is not given away. */
static void doubt(struct allowance *w, double rate, usec now) {
  double usual = GAIN * (double)w->least + LATE * (double)SECOND;
  bool has_queue = w->round_rtt != NEVER && w->least != NEVER &&
                   (double)w->round_rtt > usual + (double)queue_rise(w->least);
  if (w->doubted_until) {
    if (w->round_rtt != NEVER && !has_queue) {
      w->rates[0] = 0;
      w->rates[1] = max_double(rate, max_double(w->recent[0], w->recent[1]));
      w->doubted_until = 0;
    } else if (now >= w->doubted_until) {
      w->doubted_until = 0;
      w->doubted_at = now;
    }
    return;
  }
  if (w->round_rtt == NEVER) return;
  w->standing = has_queue && !w->is_starting ? w->standing + 1 : 0;
  if (w->standing < STANDING_ROUNDS || (w->doubted_at && now - w->doubted_at < PERIOD)) return;
  w->standing = 0;
  w->doubted_until = now + DOUBT_ROUNDS * w->round_rtt;
}

static double counted(const struct allowance *w) {
  return w->doubted_until ? max_double(w->recent[0], w->recent[1]) : highest(w);
}

static void decide(struct allowance *w, double rate, usec now) {
  bool has_rtt = w->round_rtt != NEVER;
  bool is_queueing = has_rtt && w->round_rtt >= w->least + queue_rise(w->least);
  double lost = (double)w->lost / (double)(w->lost + w->chunks);
  bool is_full = is_queueing ? w->lost > SIGNIFICANT_IN_QUEUE && lost > LOSS_IN_QUEUE
                             : w->lost > SIGNIFICANT_WITHOUT_QUEUE && lost > LOSS_WITHOUT_QUEUE;
  if (w->is_starting) {
    if (rate >= w->full * FULL_GROWTH) {
      w->full = rate;
      w->flat = 0;
    } else {
      w->flat++;
    }
    /* A queue at once: what comes later is a rate that grows by GAIN. */
    w->is_starting = !is_queueing && w->flat < FULL_ROUNDS;
  } else if (now - w->least_at > DRAIN_AFTER && !w->draining) {
    w->draining = DRAIN_ROUNDS;
  }
  if (w->least == NEVER) return;
  double holds = counted(w) * (double)w->least / (double)SECOND;
  if (is_full) {
    w->is_starting = false;
    double flight = has_rtt ? rate * (double)w->round_rtt / (double)SECOND : w->window;
    w->bound = BETA * min_double(max_double(flight, holds), min_double(w->window, w->bound));
  } else if (!isinf(w->bound)) {
    w->bound *= RECOVERS;
    if (w->bound > GAIN * holds) w->bound = INFINITY;
  }
  double gain = w->is_starting ? STARTING : w->draining ? DRAINING : GAIN;
  if (w->draining) w->draining--;
  double late = max_double(counted(w) * LATE, LATE_PACKETS * FRAGMENT_BYTES);
  double least = w->is_starting ? STARTING_BYTES : LEAST_PACKETS * FRAGMENT_BYTES;
  double window = max_double(min_double(gain * holds + late, w->bound), least);
  w->window = min_double(window, RECEIVE_BUFFER_BYTES);
}

bool allowance_round(struct allowance *w, usec rtt, usec smoothed, usec now) {
  if (rtt > 0 && rtt != w->sampled) {
    w->round_rtt = min_usec(w->round_rtt, rtt);
    w->sampled = rtt;
    if (w->least == NEVER) w->least = rtt;
  }
  usec passed = now - w->began;
  if (passed < max_usec(smoothed, ROUND_LEAST)) return false;
  double rate = (double)w->bytes * (double)SECOND / (double)passed;
  if (w->chunks) {
    measure(w, rate, now);
    doubt(w, rate, now);
    if (!w->doubted_until) {
      w->recent[0] = w->recent[1];
      w->recent[1] = rate;
    }
    decide(w, rate, now);
  }
  w->began = now;
  w->bytes = w->lost = w->chunks = 0;
  w->round_rtt = NEVER;
  return true;
}
