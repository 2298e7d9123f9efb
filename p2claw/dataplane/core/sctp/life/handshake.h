/* INIT, INIT-ACK, COOKIE-ECHO and COOKIE-ACK. */
#ifndef P2CLAW_SCTP_LIFE_HANDSHAKE_H
#define P2CLAW_SCTP_LIFE_HANDSHAKE_H

#include "sctp/state.h"

void handshake_begin(struct association *a);
void handle_init(struct association *a, const struct item *chunk);
void handle_init_ack(struct association *a, const struct item *chunk);
void handle_cookie_echo(struct association *a, const struct item *chunk, uint32_t tag);
void handle_cookie_ack(struct association *a);
void cookie_acked_by_data(struct association *a);
void handle_stale_cookie(struct association *a);
void init_timed_out(struct association *a);
bool write_init(struct association *a, struct writer *writer);
bool write_init_ack(struct association *a, struct writer *writer);
bool write_cookie_echo(struct association *a, struct writer *writer);

#endif
