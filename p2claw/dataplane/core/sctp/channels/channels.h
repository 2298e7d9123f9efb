/* Data channels on streams (RFC 8831, RFC 8832). */
#ifndef P2CLAW_SCTP_CHANNELS_CHANNELS_H
#define P2CLAW_SCTP_CHANNELS_CHANNELS_H

#include "sctp/state.h"

enum sctp_result channel_open(struct association *a, int32_t *number, bool announce,
                              const struct channel_terms *terms, const uint8_t *label,
                              const uint8_t *protocol);
enum sctp_result channel_send(struct association *a, uint16_t number, uint32_t ppid,
                              const void *data, size_t length, void *owner, release_fn release);
enum sctp_result channel_reset(struct association *a, uint16_t number);
/* Whole messages in the order of their delivery. */
void deliver_messages(struct association *a, struct event_queue *fresh);

#endif
