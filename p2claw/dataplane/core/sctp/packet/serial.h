/* Serial numbers (RFC 1982): TSNs and request numbers have 32 bits, stream sequence numbers 16. */
#ifndef P2CLAW_SCTP_PACKET_SERIAL_H
#define P2CLAW_SCTP_PACKET_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

static inline bool tsn_lt(uint32_t a, uint32_t b) { return (int32_t)(a - b) < 0; }
static inline bool tsn_le(uint32_t a, uint32_t b) { return (int32_t)(a - b) <= 0; }
static inline bool ssn_lt(uint16_t a, uint16_t b) { return (int16_t)(uint16_t)(a - b) < 0; }

#endif
