/* CRC-32 of IEEE 802.3, for FINGERPRINT (RFC 8489 §14.7). SCTP's is another: bytes/crc32c.h. */
#ifndef P2CLAW_BYTES_CRC32_H
#define P2CLAW_BYTES_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32_ieee(const uint8_t *data, size_t length);

#endif
