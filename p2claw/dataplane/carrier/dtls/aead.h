/* AES-GCM of TLS 1.2 (RFC 5288) by libcrypto: one key for one direction. The text is encrypted where
 * it stands: nonce (8, written or read here) ‖ text ‖ tag (16). */
#ifndef P2CLAW_DTLS_AEAD_H
#define P2CLAW_DTLS_AEAD_H

#include "dtls/keys.h"

enum {
  AEAD_NONCE_BYTES = 8,
  AEAD_TAG_BYTES = 16,
  AEAD_OVERHEAD_BYTES = AEAD_NONCE_BYTES + AEAD_TAG_BYTES,
  AEAD_HEAD_BYTES = 13, /* what is authenticated beside the text (RFC 5246 §6.2.3.3) */
};

struct evp_cipher_ctx;

/* nonce: of the first record that is sealed; libcrypto adds 1 for each. Reading ignores it. NULL if
 * libcrypto refuses. */
struct evp_cipher_ctx *aead_new(const struct dtls_key *key, bool seals, uint64_t nonce);
void aead_free(struct evp_cipher_ctx *ctx); /* wipes the key; NULL: nothing happens */

/* head: the number and kind of the record; its length, the last two bytes, is set here. space:
 * text_bytes + AEAD_OVERHEAD_BYTES, the text behind the nonce. */
bool aead_seal(struct evp_cipher_ctx *ctx, uint8_t *head, uint8_t *space, size_t text_bytes);
/* False if it is not genuine: then no text is in `space`. */
bool aead_open(struct evp_cipher_ctx *ctx, uint8_t *head, uint8_t *space, size_t text_bytes);

#endif
