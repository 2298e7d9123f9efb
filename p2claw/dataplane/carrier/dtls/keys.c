#include "dtls/keys.h"

#include <string.h>

#include "dtls/libcrypto.h"

static const char LABEL[] = "key expansion"; /* RFC 5246 §6.3 */

enum {
  LABEL_BYTES = sizeof LABEL - 1,
  SEED_BYTES = LABEL_BYTES + 2 * DTLS_RANDOM_BYTES,
  HASH_MOST_BYTES = 48, /* of SHA-384 */
  BLOCK_MOST_BYTES = 2 * (DTLS_KEY_MOST_BYTES + DTLS_SALT_BYTES),
};

size_t dtls_key_bytes(enum dtls_suite suite) { return suite == DTLS_AES_256_GCM_SHA384 ? 32 : 16; }

void dtls_wipe(void *secret, size_t length) {
  if (libcrypto) libcrypto->OPENSSL_cleanse(secret, length);
}

static bool hmac(const struct dtls_secrets *secrets, const uint8_t *data, size_t length,
                 uint8_t *out, size_t *out_bytes) {
  unsigned written = 0;
  const struct evp_md *hash =
      secrets->suite == DTLS_AES_256_GCM_SHA384 ? libcrypto->EVP_sha384() : libcrypto->EVP_sha256();
  if (!libcrypto->HMAC(hash, secrets->master, DTLS_MASTER_BYTES, data, length, out, &written))
    return false;
  *out_bytes = written;
  return written != 0 && written <= HASH_MOST_BYTES;
}

/* P_hash (RFC 5246 §5): A(i) = HMAC(A(i - 1)), and each piece is HMAC(A(i) ‖ seed). */
static bool expand(const struct dtls_secrets *secrets, uint8_t *out, size_t length) {
  uint8_t chained[HASH_MOST_BYTES + SEED_BYTES], piece[HASH_MOST_BYTES];
  uint8_t *seed = chained + HASH_MOST_BYTES;
  size_t hash_bytes = 0, piece_bytes, done = 0, take;
  bool good;
  memcpy(seed, LABEL, LABEL_BYTES);
  memcpy(seed + LABEL_BYTES, secrets->server_random, DTLS_RANDOM_BYTES);
  memcpy(seed + LABEL_BYTES + DTLS_RANDOM_BYTES, secrets->client_random, DTLS_RANDOM_BYTES);
  good = hmac(secrets, seed, SEED_BYTES, piece, &hash_bytes);
  while (good && done < length) {
    uint8_t *a = seed - hash_bytes;
    memcpy(a, piece, hash_bytes);
    good = hmac(secrets, a, hash_bytes + SEED_BYTES, piece, &piece_bytes);
    if (!good) break;
    take = length - done < piece_bytes ? length - done : piece_bytes;
    memcpy(out + done, piece, take);
    done += take;
    if (done < length) good = hmac(secrets, a, hash_bytes, piece, &piece_bytes);
  }
  dtls_wipe(chained, sizeof chained);
  dtls_wipe(piece, sizeof piece);
  return good;
}

bool dtls_keys_derive(struct dtls_keys *keys, const struct dtls_secrets *secrets) {
  uint8_t block[BLOCK_MOST_BYTES];
  const size_t key_bytes = dtls_key_bytes(secrets->suite);
  const bool good = libcrypto && expand(secrets, block, 2 * (key_bytes + DTLS_SALT_BYTES));
  memset(keys, 0, sizeof *keys);
  keys->client.suite = keys->server.suite = secrets->suite;
  if (good) {
    const uint8_t *at = block;
    memcpy(keys->client.key, at, key_bytes);
    memcpy(keys->server.key, at += key_bytes, key_bytes);
    memcpy(keys->client.salt, at += key_bytes, DTLS_SALT_BYTES);
    memcpy(keys->server.salt, at + DTLS_SALT_BYTES, DTLS_SALT_BYTES);
  }
  dtls_wipe(block, sizeof block);
  return good;
}
