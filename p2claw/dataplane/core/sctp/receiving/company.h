/* Whether a SACK that the peer asked for at once (RFC 7053) is better sent together with a reply. The
 * last packet of a request asks for it, and the response follows in a moment: two packets, and the
 * peer wakes twice. So the SACK waits for a moment if the last one would have had company. */
#ifndef P2CLAW_SCTP_RECEIVING_COMPANY_H
#define P2CLAW_SCTP_RECEIVING_COMPANY_H

#include <stdbool.h>

#include "usec.h"

/* A quarter of the SACK_DELAY that a peer allows for a packet which is alone in flight: its tail
 * probe does not go out for this. What it measures as the round trip may be longer by as much. */
#define COMPANY_DELAY (5 * MILLISECOND)

struct company {
  usec asked_at; /* when the peer asked for a SACK that no reply has followed; 0: it did not */
  bool is_usual; /* the last time, a reply followed */
};

static inline void company_asked(struct company *company, usec now) { company->asked_at = now; }

/* DATA is about to be sent. */
static inline void company_came(struct company *company, usec now) {
  if (company->asked_at) company->is_usual = now - company->asked_at < COMPANY_DELAY;
  company->asked_at = 0;
}

/* A SACK leaves alone that has waited. */
static inline void company_missed(struct company *company, usec now) {
  if (company->asked_at && now - company->asked_at >= COMPANY_DELAY) company->is_usual = false;
}

#endif
