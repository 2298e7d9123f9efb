/* Messages of one stream that are whole but wait for one before them: the lowest number first. */
#ifndef P2CLAW_SCTP_RECEIVING_WAITING_H
#define P2CLAW_SCTP_RECEIVING_WAITING_H

#include "sctp/messages/events.h"

/* The heap owns what is added. All numbers in it are less than 2^15 apart (RFC 9260 §6.5). */
void waiting_add(struct event **heap, struct event *event);
/* Takes the lowest out; the heap must not be empty. */
struct event *waiting_pop(struct event **heap);

#endif
