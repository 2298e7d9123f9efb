/* CRC32c (RFC 9260 Appendix A), by the fastest way that this processor has. */
#ifndef P2CLAW_BYTES_CRC32C_H
#define P2CLAW_BYTES_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of data, as it goes on the wire when written least significant byte first. */
uint32_t crc32c(const uint8_t *data, size_t length);

/* The readable way, one byte at a time: what the fast ones are tested against. */
uint32_t crc32c_by_table(const uint8_t *data, size_t length);

/* "sse4.2", "armv8" or "table". */
const char *crc32c_way(void);

/* The checksum of a packet as if its checksum field (bytes 8 to 11) were zero. */
uint32_t crc32c_of_packet(const uint8_t *packet, size_t length);

#endif
