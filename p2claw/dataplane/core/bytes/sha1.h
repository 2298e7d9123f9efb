/* HMAC-SHA1 (RFC 2104, FIPS 180-4): what STUN signs with (RFC 8489 §14.5), in pieces, so that a
 * message need not be copied to be signed with another length in its header. */
#ifndef P2CLAW_BYTES_SHA1_H
#define P2CLAW_BYTES_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_BYTES 20
#define SHA1_BLOCK_BYTES 64

struct sha1 {
  uint32_t state[5];
  uint64_t bytes;
  uint8_t block[SHA1_BLOCK_BYTES]; /* bytes % SHA1_BLOCK_BYTES of it wait */
};

void sha1_start(struct sha1 *h);
void sha1_add(struct sha1 *h, const uint8_t *data, size_t length);
void sha1_finish(struct sha1 *h, uint8_t digest[SHA1_BYTES]);

struct hmac_sha1 {
  struct sha1 inner, outer;
};

/* A key of any length: one above a block is hashed first. */
void hmac_sha1_start(struct hmac_sha1 *h, const uint8_t *key, size_t key_length);
void hmac_sha1_add(struct hmac_sha1 *h, const uint8_t *data, size_t length);
void hmac_sha1_finish(struct hmac_sha1 *h, uint8_t mac[SHA1_BYTES]);

#endif
