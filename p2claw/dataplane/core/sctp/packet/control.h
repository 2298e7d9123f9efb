/* Small replies that wait for the next packet. */
#ifndef P2CLAW_SCTP_PACKET_CONTROL_H
#define P2CLAW_SCTP_PACKET_CONTROL_H

#include "sctp/state.h"

void add_control(struct association *a, uint8_t type, uint8_t flags, const void *value,
                 size_t length);
void add_error(struct association *a, uint16_t cause, const void *value, size_t length);
bool write_control(struct association *a, struct writer *writer);
void free_control(struct association *a);

#endif
