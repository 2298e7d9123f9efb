/* SHA-256 (FIPS 180-4) and HMAC (RFC 2104): a few hundred bytes for each handshake, no more. */
#ifndef P2CLAW_BYTES_SHA256_H
#define P2CLAW_BYTES_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

void hmac_sha256(const uint8_t key[SHA256_BYTES], const uint8_t *data, size_t length,
                 uint8_t mac[SHA256_BYTES]);

#endif
