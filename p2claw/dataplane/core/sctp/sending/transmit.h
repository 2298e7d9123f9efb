/* DATA into packets. */
#ifndef P2CLAW_SCTP_SENDING_TRANSMIT_H
#define P2CLAW_SCTP_SENDING_TRANSMIT_H

#include "sctp/state.h"

bool has_data_to_send(const struct association *a);
bool write_data(struct association *a, struct writer *writer);
void write_early_data(struct association *a, struct writer *writer);

#endif
