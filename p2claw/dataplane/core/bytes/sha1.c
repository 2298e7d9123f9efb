/* SHA-1 (FIPS 180-4 §6.1) and HMAC (RFC 2104). Broken for signatures, sound in HMAC (RFC 6194
 * §3.3), and what ICE prescribes. */
#include "bytes/sha1.h"

#include <string.h>

#include "bytes/order.h"

static uint32_t rotated(uint32_t x, int n) { return x << n | x >> (32 - n); }

static inline uint32_t choice(uint32_t b, uint32_t c, uint32_t d) { return d ^ (b & (c ^ d)); }
static inline uint32_t parity(uint32_t b, uint32_t c, uint32_t d) { return b ^ c ^ d; }
static inline uint32_t majority(uint32_t b, uint32_t c, uint32_t d) {
  return (b & c) | (d & (b | c));
}

/* The words after the sixteenth are made when their turn comes: made ahead in a loop, compilers
 * make them in pairs, and each pair waits until the one before is stored. */
#define WORD(i) ((i) < 16 ? w[(i) % 16] : (w[(i) % 16] = mixed(w, i)))
static inline uint32_t mixed(const uint32_t w[16], int i) {
  return rotated(w[(i + 13) % 16] ^ w[(i + 8) % 16] ^ w[(i + 2) % 16] ^ w[i % 16], 1);
}

/* Five turns bring each variable back to its place: they change their parts instead of moving. */
#define TURN(f, k, i, a, b, c, d, e)             \
  e += rotated(a, 5) + f(b, c, d) + k + WORD(i); \
  b = rotated(b, 30)
#define FIVE_TURNS(f, k, i)           \
  TURN(f, k, i, a, b, c, d, e);       \
  TURN(f, k, (i) + 1, e, a, b, c, d); \
  TURN(f, k, (i) + 2, d, e, a, b, c); \
  TURN(f, k, (i) + 3, c, d, e, a, b); \
  TURN(f, k, (i) + 4, b, c, d, e, a)
#define TWENTY_TURNS(f, k, i) \
  FIVE_TURNS(f, k, i);        \
  FIVE_TURNS(f, k, (i) + 5);  \
  FIVE_TURNS(f, k, (i) + 10); \
  FIVE_TURNS(f, k, (i) + 15)

static void digest_block(uint32_t s[5], const uint8_t *block) {
  uint32_t w[16], a = s[0], b = s[1], c = s[2], d = s[3], e = s[4];
  for (int i = 0; i < 16; i++) w[i] = get32(block + 4 * i);
  TWENTY_TURNS(choice, 0x5a827999, 0);
  TWENTY_TURNS(parity, 0x6ed9eba1, 20);
  TWENTY_TURNS(majority, 0x8f1bbcdc, 40);
  TWENTY_TURNS(parity, 0xca62c1d6, 60);
  s[0] += a;
  s[1] += b;
  s[2] += c;
  s[3] += d;
  s[4] += e;
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
