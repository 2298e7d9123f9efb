/* SHA-256 (FIPS 180-4) and HMAC (RFC 2104), written to be read; speed does not matter here. */
#include "bytes/sha256.h"

#include <string.h>

#include "bytes/order.h"

#define BLOCK_BYTES 64

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

struct hash {
  uint32_t state[8];
  uint64_t bytes;
  uint8_t block[BLOCK_BYTES];
};

static uint32_t rotated(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void digest_block(uint32_t s[8], const uint8_t *block) {
  uint32_t w[64], v[8];
  for (int i = 0; i < 16; i++) w[i] = get32(block + 4 * i);
  for (int i = 16; i < 64; i++) {
    uint32_t a = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3;
    uint32_t b = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + a + w[i - 7] + b;
  }
  memcpy(v, s, sizeof v);
  for (int i = 0; i < 64; i++) {
    uint32_t e = rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25);
    uint32_t t1 = v[7] + e + ((v[4] & v[5]) ^ (~v[4] & v[6])) + K[i] + w[i];
    uint32_t a = rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22);
    uint32_t t2 = a + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof v[0]);
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) s[i] += v[i];
}

static void hash_start(struct hash *h) {
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(h->state, start, sizeof start);
  h->bytes = 0;
}

static void hash_add(struct hash *h, const uint8_t *data, size_t length) {
  while (length--) {
    h->block[h->bytes++ % BLOCK_BYTES] = *data++;
    if (h->bytes % BLOCK_BYTES == 0) digest_block(h->state, h->block);
  }
}

static void hash_finish(struct hash *h, uint8_t digest[SHA256_BYTES]) {
  uint64_t bits = h->bytes * 8;
  uint8_t pad = 0x80, size[8];
  hash_add(h, &pad, 1);
  pad = 0;
  while (h->bytes % BLOCK_BYTES != BLOCK_BYTES - 8) hash_add(h, &pad, 1);
  put64(size, bits);
  hash_add(h, size, 8);
  for (int i = 0; i < 8; i++) put32(digest + 4 * i, h->state[i]);
}

void hmac_sha256(const uint8_t key[SHA256_BYTES], const uint8_t *data, size_t length,
                 uint8_t mac[SHA256_BYTES]) {
  uint8_t inner[BLOCK_BYTES], outer[BLOCK_BYTES];
  struct hash h;
  memset(inner, 0x36, sizeof inner);
  memset(outer, 0x5c, sizeof outer);
  for (int i = 0; i < SHA256_BYTES; i++) {
    inner[i] ^= key[i];
    outer[i] ^= key[i];
  }
  hash_start(&h);
  hash_add(&h, inner, sizeof inner);
  hash_add(&h, data, length);
  hash_finish(&h, mac);
  hash_start(&h);
  hash_add(&h, outer, sizeof outer);
  hash_add(&h, mac, SHA256_BYTES);
  hash_finish(&h, mac);
}
