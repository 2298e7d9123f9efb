/* SHA-1 (FIPS 180-4 §6.1) and HMAC (RFC 2104). Broken for signatures, sound in HMAC (RFC 6194
 * §3.3), and what ICE prescribes. */
#include "sha1.h"

static uint32_t rotated(uint32_t x, int n) { return x << n | x >> (32 - n); }

struct working {
  uint32_t a, b, c, d, e;
};

static inline void turn(struct working *v, uint32_t mixed, uint32_t k, uint32_t w) {
  uint32_t a = rotated(v->a, 5) + mixed + v->e + k + w;
  v->e = v->d;
  v->d = v->c;
  v->c = rotated(v->b, 30);
  v->b = v->a;
  v->a = a;
}

static inline uint32_t choice(const struct working *v) { return v->d ^ (v->b & (v->c ^ v->d)); }
static inline uint32_t parity(const struct working *v) { return v->b ^ v->c ^ v->d; }
static inline uint32_t majority(const struct working *v) {
  return (v->b & v->c) | (v->d & (v->b | v->c));
}

static void digest_block(uint32_t s[5], const uint8_t *block) {
  uint32_t w[80];
  struct working v = {s[0], s[1], s[2], s[3], s[4]};
  for (int i = 0; i < 16; i++) w[i] = get32(block + 4 * i);
  for (int i = 16; i < 80; i++) w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  for (int i = 0; i < 20; i++) turn(&v, choice(&v), 0x5a827999, w[i]);
  for (int i = 20; i < 40; i++) turn(&v, parity(&v), 0x6ed9eba1, w[i]);
  for (int i = 40; i < 60; i++) turn(&v, majority(&v), 0x8f1bbcdc, w[i]);
  for (int i = 60; i < 80; i++) turn(&v, parity(&v), 0xca62c1d6, w[i]);
  s[0] += v.a;
  s[1] += v.b;
  s[2] += v.c;
  s[3] += v.d;
  s[4] += v.e;
}

void sha1_start(struct sha1 *h) {
  static const uint32_t start[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  memcpy(h->state, start, sizeof start);
  h->bytes = 0;
}

void sha1_add(struct sha1 *h, const uint8_t *data, size_t length) {
  size_t waiting = (size_t)(h->bytes % SHA1_BLOCK_BYTES);
  h->bytes += length;
  while (length) {
    size_t taken = SHA1_BLOCK_BYTES - waiting < length ? SHA1_BLOCK_BYTES - waiting : length;
    memcpy(h->block + waiting, data, taken);
    data += taken;
    length -= taken;
    waiting += taken;
    if (waiting < SHA1_BLOCK_BYTES) return;
    digest_block(h->state, h->block);
    waiting = 0;
  }
}

void sha1_finish(struct sha1 *h, uint8_t digest[SHA1_BYTES]) {
  static const uint8_t pad[SHA1_BLOCK_BYTES] = {0x80};
  size_t waiting = (size_t)(h->bytes % SHA1_BLOCK_BYTES);
  uint8_t bits[8];
  put64(bits, h->bytes * 8);
  sha1_add(h, pad, (waiting < 56 ? 56 : 120) - waiting); /* the length fills the block's last 8 */
  sha1_add(h, bits, sizeof bits);
  for (int i = 0; i < 5; i++) put32(digest + 4 * i, h->state[i]);
}

void hmac_sha1_start(struct hmac_sha1 *h, const uint8_t *key, size_t key_length) {
  uint8_t inner[SHA1_BLOCK_BYTES], outer[SHA1_BLOCK_BYTES], digest[SHA1_BYTES];
  if (key_length > SHA1_BLOCK_BYTES) {
    sha1_start(&h->inner);
    sha1_add(&h->inner, key, key_length);
    sha1_finish(&h->inner, digest);
    key = digest;
    key_length = sizeof digest;
  }
  memset(inner, 0x36, sizeof inner);
  memset(outer, 0x5c, sizeof outer);
  for (size_t i = 0; i < key_length; i++) {
    inner[i] ^= key[i];
    outer[i] ^= key[i];
  }
  sha1_start(&h->inner);
  sha1_add(&h->inner, inner, sizeof inner);
  sha1_start(&h->outer);
  sha1_add(&h->outer, outer, sizeof outer);
}

void hmac_sha1_add(struct hmac_sha1 *h, const uint8_t *data, size_t length) {
  sha1_add(&h->inner, data, length);
}

void hmac_sha1_finish(struct hmac_sha1 *h, uint8_t mac[SHA1_BYTES]) {
  sha1_finish(&h->inner, mac);
  sha1_add(&h->outer, mac, SHA1_BYTES);
  sha1_finish(&h->outer, mac);
}
