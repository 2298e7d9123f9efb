/* AES-GCM (NIST SP 800-38D) by the instructions for it of newer x86 processors (VAES, VPCLMULQDQ and
 * AVX2), with nonces of 12 bytes and tags of 16, for records: what is authenticated beside the text
 * fits one block. Its time depends on lengths alone. */
#ifndef P2CLAW_DTLS_GCM_H
#define P2CLAW_DTLS_GCM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  GCM_BLOCK_BYTES = 16,
  GCM_NONCE_BYTES = 12,
  GCM_ROUNDS_MOST = 14,
  GCM_ROW = 16,             /* so many blocks are hashed with one reduction */
  GCM_POWERS = GCM_ROW + 1, /* what is left of a text has the block of the lengths behind it */
};

/* A secret. What the functions below read of it is 400 bytes for AES-128. */
struct gcm_key {
  uint8_t powers[GCM_POWERS][GCM_BLOCK_BYTES]; /* of the hash key, the highest first */
  uint8_t round_keys[GCM_ROUNDS_MOST + 1][GCM_BLOCK_BYTES];
  int rounds;
};

/* Whether this processor has the instructions; without them nothing below may be called. */
bool gcm_is_there(void);

/* key: of 16 or 32 bytes. */
void gcm_start(struct gcm_key *k, const uint8_t *key, size_t key_bytes);

/* Encrypts the text where it stands, and writes the tag behind it. beside: at most a block. */
void gcm_seal(const struct gcm_key *k, const uint8_t *nonce, const uint8_t *beside,
              size_t beside_bytes, uint8_t *text, size_t text_bytes);

/* Decrypts the text, and says whether the tag behind it is right; if not, the text is zeros. */
bool gcm_open(const struct gcm_key *k, const uint8_t *nonce, const uint8_t *beside,
              size_t beside_bytes, uint8_t *text, size_t text_bytes);

#endif
