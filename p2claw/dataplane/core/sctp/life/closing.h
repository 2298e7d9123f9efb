/* The end at once, by either side or by silence. */
#ifndef P2CLAW_SCTP_LIFE_CLOSING_H
#define P2CLAW_SCTP_LIFE_CLOSING_H

#include "sctp/state.h"

/* Closes and reports why, once. code: stable, of EVENT_CLOSED; text: the peer's or ours. */
void close_association(struct association *a, const char *code, const char *text, size_t length,
                       bool by_peer);
/* The peer is silent. */
void give_up(struct association *a, const char *text);
/* Closes and sends the peer an ABORT. cause: enum cause (RFC 9260 §3.3.10). */
void abort_association(struct association *a, uint16_t cause, const char *code, const char *text);
void handle_abort(struct association *a, const struct item *chunk);
bool write_abort(struct association *a, struct writer *writer);

#endif
