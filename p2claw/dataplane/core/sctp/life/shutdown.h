/* The orderly end: SHUTDOWN, its replies, and when they are due. */
#ifndef P2CLAW_SCTP_LIFE_SHUTDOWN_H
#define P2CLAW_SCTP_LIFE_SHUTDOWN_H

#include "sctp/state.h"

void shutdown_progress(struct association *a);
void shutdown_timed_out(struct association *a);
void handle_shutdown(struct association *a, const struct item *chunk);
void handle_shutdown_ack(struct association *a);
void handle_shutdown_complete(struct association *a);
bool write_shutdown(struct association *a, struct writer *writer);

#endif
