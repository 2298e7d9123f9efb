/* DATA into packets. */
#ifndef P2CLAW_SCTP_SENDING_TRANSMIT_H
#define P2CLAW_SCTP_SENDING_TRANSMIT_H

#include "sctp/state.h"

bool has_data_to_send(const struct association *a);
/* How many bytes of credit a burst begins with, at this pacing rate. */
double burst_lump(const struct association *a, double bytes_per_s);
/* Nothing more is sent before; how late it is then is forgiven. */
void burst_begins_at(struct association *a, usec at);
bool write_data(struct association *a, struct writer *writer);
void write_early_data(struct association *a, struct writer *writer);

#endif
