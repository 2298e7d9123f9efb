/* From what a handshake has agreed on to the keys of its records: TLS 1.2 (RFC 5246 §5, §6.3), suites
 * with AES-GCM (RFC 5288). Whoever has keys wipes them. */
#ifndef P2CLAW_DTLS_KEYS_H
#define P2CLAW_DTLS_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  DTLS_MASTER_BYTES = 48,
  DTLS_RANDOM_BYTES = 32,
  DTLS_KEY_MOST_BYTES = 32,
  DTLS_SALT_BYTES = 4, /* RFC 5288 §3: of the nonce, what no record says */
};

enum dtls_suite { DTLS_AES_128_GCM_SHA256, DTLS_AES_256_GCM_SHA384 };

/* master: with RFC 7627 or without, which makes no difference from here on. */
struct dtls_secrets {
  enum dtls_suite suite;
  uint8_t master[DTLS_MASTER_BYTES];
  uint8_t client_random[DTLS_RANDOM_BYTES], server_random[DTLS_RANDOM_BYTES];
};

/* What one side writes with. */
struct dtls_key {
  enum dtls_suite suite;
  uint8_t key[DTLS_KEY_MOST_BYTES];
  uint8_t salt[DTLS_SALT_BYTES];
};

struct dtls_keys {
  struct dtls_key client, server;
};

size_t dtls_key_bytes(enum dtls_suite suite);
/* False if libcrypto refuses. */
bool dtls_keys_derive(struct dtls_keys *keys, const struct dtls_secrets *secrets);
void dtls_wipe(void *secret, size_t length);

#endif
