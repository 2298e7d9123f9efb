/* AES-GCM of TLS 1.2 (RFC 5288), by instructions of the processor (gcm.h) or else by libcrypto: one key
 * for one direction. The text is encrypted where it stands: nonce (8, written or read here) ‖ text ‖
 * tag (16). */
#ifndef P2CLAW_DTLS_AEAD_H
#define P2CLAW_DTLS_AEAD_H

#include "dtls/gcm.h"
#include "dtls/keys.h"

enum {
  AEAD_NONCE_BYTES = 8,
  AEAD_TAG_BYTES = 16,
  AEAD_OVERHEAD_BYTES = AEAD_NONCE_BYTES + AEAD_TAG_BYTES,
  AEAD_HEAD_BYTES = 13, /* what is authenticated beside the text (RFC 5246 §6.2.3.3) */
};

struct aead;

/* Whether those that are made from now on leave gcm.h out; returns whether they did. For tests. */
bool aead_leave_instructions(bool wanted);

/* nonce: of the first record that is sealed; 1 is added for each. Reading ignores it. NULL if libcrypto
 * refuses, or without memory. */
struct aead *aead_new(const struct dtls_key *key, bool seals, uint64_t nonce);
void aead_free(struct aead *aead); /* wipes the key; NULL: nothing happens */

/* head: the number and kind of the record; its length, the last two bytes, is set here. space:
 * text_bytes + AEAD_OVERHEAD_BYTES, the text behind the nonce. */
bool aead_seal(struct aead *aead, uint8_t *head, uint8_t *space, size_t text_bytes);
/* False if it is not genuine: then no text is in `space`. */
bool aead_open(struct aead *aead, uint8_t *head, uint8_t *space, size_t text_bytes);

#endif
