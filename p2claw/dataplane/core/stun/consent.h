/* Consent freshness of one link (RFC 7675): when to ask the peer, what a response means, when it has
 * expired. Sans-IO: the clock comes in, transactions of binding requests come out. Leaves to its
 * user the messages, their signatures and sources, and to send nothing once consent has expired.
 *
 * A peer is asked every 5 s, or as soon as it has been silent for a little longer than Chromium is
 * with a path that works. One without a response is checked twice per second, or more often if data
 * waits for the path, each time with a transaction of its own (RFC 7675 §5.1), and a response to any
 * of them counts. */
#ifndef P2CLAW_STUN_CONSENT_H
#define P2CLAW_STUN_CONSENT_H

#include "stun/message.h"
#include "usec.h"

/* From a response to the next question: × 0.8 to 1.2 (RFC 7675 §5.1). */
#define CONSENT_INTERVAL (5 * SECOND)

/* Silence of the peer after which it is asked at once, drawn between the two: above the 2.66 s at
 * which Chromium checks a stable pair (2.5 s in libwebrtc's p2p_constants.h; Firefox: 4 to 6 s). */
#define CONSENT_QUIET_LEAST (2900 * MILLISECOND)
#define CONSENT_QUIET_MOST (3200 * MILLISECOND)

/* Between checks while none gets a response: the first timeout of RFC 8489 §6.2.1. */
#define CONSENT_AGAIN (500 * MILLISECOND)

/* The same while data waits for the path: what waits goes on this much after the path is back, at
 * most. Above the 50 ms that RFC 8445 §14.2 puts between checks. */
#define CONSENT_AGAIN_SOON (100 * MILLISECOND)

/* So long in a row without a response, by the waits after the checks: 23 × 0.5 s. A peer that falls
 * silent is found out in 3.2 + 0.1 + 11.5 = 14.8 s; one that sends, but no responses, in
 * 6 + 0.1 + 11.5 = 17.6 s. Where each way loses 30 %, 0.51^23 = 2 × 10^-7 of the rounds end a good
 * link: one in 4,000 hours at 1,240 rounds an hour. */
#define CONSENT_PATIENCE (23 * CONSENT_AGAIN)
/* A round has no more checks than fit into `asked`. */
_Static_assert(CONSENT_PATIENCE / CONSENT_AGAIN_SOON <= 255, "the checks of a round are counted");

/* However seldom it is looked: RFC 7675 §5.1. */
#define CONSENT_EXPIRY (30 * SECOND)

/* A look that is so late shows that the process stood still. It sent nothing meanwhile, could read no
 * response, and is not to take its own silence for the peer's: that time does not count. But after
 * CONSENT_FORGIVEN of it the peer, unless it stood still as well, has long given up. */
#define CONSENT_STILL (2 * SECOND)
#define CONSENT_FORGIVEN (100 * SECOND)

/* First questions fall on its multiples, so that one wake and one batch serve many links. */
#define CONSENT_GRID (100 * MILLISECOND)

#define CONSENT_SEED_BYTES 32

enum consent_state { CONSENT_GIVEN, CONSENT_ASKING, CONSENT_GONE };

struct consent {
  uint8_t key[CONSENT_SEED_BYTES]; /* of transactions and jitter */
  usec confirmed_at, received_at;  /* the first moves with the time that is forgiven */
  usec asked_at;                   /* the first question of the round */
  usec due_at;       /* of the next question; while given the silence may bring it sooner */
  uint32_t quiet;    /* µs, drawn for each round */
  uint32_t spent;    /* µs of CONSENT_PATIENCE in this round */
  uint32_t forgiven; /* µs of CONSENT_FORGIVEN in this round */
  uint32_t last;     /* number of the last question */
  uint8_t asked;     /* questions of the round */
  uint8_t state;     /* enum consent_state */
};

_Static_assert(sizeof(struct consent) <= 96, "1,000 idle links must cost almost nothing");

enum consent_step { CONSENT_WAIT, CONSENT_ASK, CONSENT_EXPIRED };

/* ICE has just validated the pair, which is consent (RFC 7675 §5.1). seed: random, and this link's
 * alone: who knows it can guess the transactions. */
void consent_start(struct consent *c, const uint8_t seed[CONSENT_SEED_BYTES], usec now);

/* NEVER once it has expired. Moves away with consent_received. */
usec consent_next_timeout(const struct consent *c);

/* CONSENT_ASK: send a request with this transaction, once. CONSENT_EXPIRED, from then on: send
 * nothing any more. CONSENT_WAIT: it is not time yet. again: until the next check, if this one gets
 * no response; CONSENT_AGAIN_SOON at least. */
enum consent_step consent_handle_timeout(struct consent *c, usec now, usec again,
                                         uint8_t *transaction);

/* A success came from where the questions go, and its signature is the peer's. False if it
 * is no response to a check that waits. rtt: NEVER if it is none to the first check of a round. */
bool consent_confirmed(struct consent *c, const uint8_t *transaction, usec now, usec *rtt);

/* Something came that only the peer can have sent: a check, verified, or a DTLS record. It puts the
 * next question off and is no response. */
static inline void consent_received(struct consent *c, usec now) { c->received_at = now; }

/* The path may have changed: the next question is due now, unless one is under way. */
static inline void consent_hasten(struct consent *c, usec now) {
  if (c->state == CONSENT_GIVEN) c->due_at = now;
}

/* Since the last response, without the time that is forgiven. */
static inline usec consent_unconfirmed(const struct consent *c, usec now) {
  return now - c->confirmed_at;
}

#endif
