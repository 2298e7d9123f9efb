/* The peer's DATA, and the SACKs in reply. */
#ifndef P2CLAW_SCTP_RECEIVING_RECEIVING_H
#define P2CLAW_SCTP_RECEIVING_RECEIVING_H

#include "sctp/state.h"

void handle_data(struct association *a, const struct item *chunk);
void handle_forward_tsn(struct association *a, const struct item *chunk);
void packet_had_data(struct association *a);
void sack_waited(struct association *a); /* as long as it may */
uint32_t receive_window(const struct association *a);
void window_may_have_opened(struct association *a);
bool sack_is_hasty(const struct association *a);
bool write_sack(struct association *a, struct writer *writer);

#endif
