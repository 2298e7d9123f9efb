/* Counters are encrypted and ciphertext is hashed two blocks at a time, sixteen in a row: the
 * processor does both at once, since neither waits for the other. The hash is that of RFC 8452,
 * Appendix A: POLYVAL of blocks whose bytes are reversed, which needs no shift by one bit. */
#include "dtls/gcm.h"

#include <string.h>

#include "bytes/order.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#include <immintrin.h>

#define BY_VAES __attribute__((target("avx2,aes,vaes,pclmul,vpclmulqdq,ssse3,sse4.1")))
#define INLINE static inline __attribute__((always_inline)) BY_VAES

enum { PAIRS = GCM_ROW / 2, PAIR_BYTES = 2 * GCM_BLOCK_BYTES, ROW_BYTES = PAIRS * PAIR_BYTES };

enum { LEAF_7_VAES = 1 << 9, LEAF_7_VPCLMULQDQ = 1 << 10, BOTH = LEAF_7_VAES | LEAF_7_VPCLMULQDQ };

static bool has_both(void) {
  unsigned a, b, c, d;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & BOTH) == BOTH;
}

bool gcm_is_there(void) {
  static int known = -1; /* a virtual machine takes its time to say so */
  if (known < 0)
    known = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("aes") &&
            __builtin_cpu_supports("pclmul") && has_both();
  return known;
}

INLINE __m128i load(const uint8_t *at) {
  return _mm_loadu_si128((const __m128i *)(const void *)at);
}
INLINE void store(uint8_t *at, __m128i block) { _mm_storeu_si128((__m128i *)(void *)at, block); }
INLINE __m256i load_pair(const uint8_t *at) {
  return _mm256_loadu_si256((const __m256i *)(const void *)at);
}
INLINE void store_pair(uint8_t *at, __m256i pair) {
  _mm256_storeu_si256((__m256i *)(void *)at, pair);
}
INLINE __m128i reversed(__m128i block) {
  return _mm_shuffle_epi8(block,
                          _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}
INLINE __m256i reversed_pair(__m256i pair) {
  return _mm256_shuffle_epi8(pair, _mm256_broadcastsi128_si256(_mm_set_epi8(
                                       0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)));
}

/* A sum of products, not yet reduced: of the low halves, of the high ones, and across. */
struct product {
  __m256i low, middle, high;
};

INLINE struct product multiply(struct product sum, __m256i a, __m256i b) {
  sum.low = _mm256_xor_si256(sum.low, _mm256_clmulepi64_epi128(a, b, 0x00));
  sum.high = _mm256_xor_si256(sum.high, _mm256_clmulepi64_epi128(a, b, 0x11));
  sum.middle = _mm256_xor_si256(sum.middle, _mm256_xor_si256(_mm256_clmulepi64_epi128(a, b, 0x01),
                                                             _mm256_clmulepi64_epi128(a, b, 0x10)));
  return sum;
}

INLINE __m128i both(__m256i pair) {
  return _mm_xor_si128(_mm256_castsi256_si128(pair), _mm256_extracti128_si256(pair, 1));
}

/* Modulo x^128 + x^127 + x^126 + x^121 + 1, after a division by x^128. */
INLINE __m128i reduce(struct product sum) {
  const __m128i field = _mm_set_epi64x(0, (long long)0xc200000000000000);
  __m128i low = both(sum.low), middle = both(sum.middle), high = both(sum.high);
  middle = _mm_xor_si128(middle, _mm_shuffle_epi32(low, 0x4e));
  middle = _mm_xor_si128(middle, _mm_clmulepi64_si128(low, field, 0x00));
  high = _mm_xor_si128(high, _mm_shuffle_epi32(middle, 0x4e));
  return _mm_xor_si128(high, _mm_clmulepi64_si128(middle, field, 0x00));
}

INLINE struct product nothing(void) {
  const __m256i zero = _mm256_setzero_si256();
  return (struct product){zero, zero, zero};
}

INLINE __m128i times(__m128i a, __m128i b) {
  return reduce(multiply(nothing(), _mm256_zextsi128_si256(a), _mm256_zextsi128_si256(b)));
}

INLINE __m128i encrypt(const struct gcm_key *k, __m128i block) {
  block = _mm_xor_si128(block, load(k->round_keys[0]));
  for (int round = 1; round < k->rounds; round++)
    block = _mm_aesenc_si128(block, load(k->round_keys[round]));
  return _mm_aesenclast_si128(block, load(k->round_keys[k->rounds]));
}

/* Words of the key schedule (FIPS 197 §5.2). The S-box is that of the last round, which moves no byte
 * of four equal columns. */
INLINE uint32_t substituted(uint32_t word) {
  const __m128i column = _mm_aesenclast_si128(_mm_set1_epi32((int)word), _mm_setzero_si128());
  return (uint32_t)_mm_cvtsi128_si32(column);
}

INLINE void expand(struct gcm_key *k, const uint8_t *key, size_t words) {
  uint32_t schedule[4 * (GCM_ROUNDS_MOST + 1)], constant = 1;
  k->rounds = (int)words + 6;
  const size_t all = 4 * ((size_t)k->rounds + 1);
  memcpy(schedule, key, 4 * words);
  for (size_t i = words; i < all; i++) {
    uint32_t word = schedule[i - 1];
    if (i % words == 0) {
      word = substituted(word >> 8 | word << 24) ^ constant;
      constant = constant << 1 ^ (constant & 0x80 ? 0x11b : 0);
    } else if (words > 6 && i % words == 4) {
      word = substituted(word);
    }
    schedule[i] = schedule[i - words] ^ word;
  }
  memcpy(k->round_keys, schedule, 4 * all);
  memset(schedule, 0, sizeof schedule);
  __asm__ volatile("" : : "r"(schedule) : "memory"); /* not left out: nobody reads it any more */
}

/* The hash key times x: mulX_POLYVAL of RFC 8452. */
INLINE __m128i doubled(__m128i block) {
  const uint64_t low = (uint64_t)_mm_cvtsi128_si64(block),
                 high = (uint64_t)_mm_extract_epi64(block, 1), carry = 0 - (high >> 63);
  return _mm_set_epi64x((long long)((high << 1 | low >> 63) ^ (carry & 0xc200000000000000)),
                        (long long)((low << 1) ^ (carry & 1)));
}

BY_VAES void gcm_start(struct gcm_key *k, const uint8_t *key, size_t key_bytes) {
  expand(k, key, key_bytes / 4);
  const __m128i hash_key = doubled(reversed(encrypt(k, _mm_setzero_si128())));
  __m128i power = hash_key;
  for (int i = GCM_POWERS; i--; power = times(power, hash_key)) store(k->powers[i], power);
}

/* The pairs of counters that follow, encrypted. counters: with their bytes reversed. */
INLINE void key_stream(const struct gcm_key *k, __m256i *counters, __m256i *stream, int pairs) {
  const __m256i next = _mm256_set_epi32(0, 0, 0, 2, 0, 0, 0, 2);
  __m256i round_key = _mm256_broadcastsi128_si256(load(k->round_keys[0]));
#pragma GCC unroll 8
  for (int i = 0; i < pairs; i++) {
    stream[i] = _mm256_xor_si256(reversed_pair(*counters), round_key);
    *counters = _mm256_add_epi32(*counters, next);
  }
  for (int round = 1; round < k->rounds; round++) {
    round_key = _mm256_broadcastsi128_si256(load(k->round_keys[round]));
#pragma GCC unroll 8
    for (int i = 0; i < pairs; i++) stream[i] = _mm256_aesenc_epi128(stream[i], round_key);
  }
  round_key = _mm256_broadcastsi128_si256(load(k->round_keys[k->rounds]));
#pragma GCC unroll 8
  for (int i = 0; i < pairs; i++) stream[i] = _mm256_aesenclast_epi128(stream[i], round_key);
}

/* Sixteen blocks: encrypted or decrypted, and hashed as ciphertext. What waits for the hash so far is
 * the last of the sum. */
INLINE __m128i row(const struct gcm_key *k, __m256i *counters, __m128i hash, uint8_t *text,
                   bool seals) {
  __m256i stream[PAIRS], first = _mm256_zextsi128_si256(hash);
  struct product sum = nothing();
  key_stream(k, counters, stream, PAIRS);
#pragma GCC unroll 8
  for (int i = 0; i < PAIRS; i++) {
    const __m256i given = load_pair(text + i * PAIR_BYTES);
    const __m256i made = _mm256_xor_si256(given, stream[i]);
    const __m256i hashed = reversed_pair(seals ? made : given);
    store_pair(text + i * PAIR_BYTES, made);
    if (i)
      sum = multiply(sum, hashed, load_pair(k->powers[2 * i + 1]));
    else
      first = _mm256_xor_si256(hashed, first);
  }
  return reduce(multiply(sum, first, load_pair(k->powers[1])));
}

/* What is less than a row, and the block of both lengths behind it. */
INLINE __m128i rest(const struct gcm_key *k, __m256i *counters, __m128i hash, uint8_t *text,
                    size_t bytes, __m128i lengths, bool seals) {
  const size_t blocks = (bytes + GCM_BLOCK_BYTES - 1) / GCM_BLOCK_BYTES;
  size_t power = GCM_ROW - blocks;
  __m256i stream, carried = _mm256_zextsi128_si256(hash);
  struct product sum = nothing();
  for (; bytes >= PAIR_BYTES; text += PAIR_BYTES, bytes -= PAIR_BYTES, power += 2) {
    key_stream(k, counters, &stream, 1);
    const __m256i given = load_pair(text), made = _mm256_xor_si256(given, stream);
    store_pair(text, made);
    sum = multiply(sum, _mm256_xor_si256(reversed_pair(seals ? made : given), carried),
                   load_pair(k->powers[power]));
    carried = _mm256_setzero_si256();
  }
  if (bytes) {
    _Alignas(PAIR_BYTES) uint8_t last[PAIR_BYTES] = {0};
    memcpy(last, text, bytes);
    key_stream(k, counters, &stream, 1);
    __m256i hashed = load_pair(last);
    store_pair(last, _mm256_xor_si256(hashed, stream));
    memcpy(text, last, bytes);
    memset(last + bytes, 0, PAIR_BYTES - bytes);
    if (seals) hashed = load_pair(last);
    /* If that is one block, the power behind its own meets zeros. */
    sum = multiply(sum, _mm256_xor_si256(reversed_pair(hashed), carried),
                   load_pair(k->powers[power]));
    carried = _mm256_setzero_si256();
  }
  const __m128i end = blocks ? lengths : _mm_xor_si128(lengths, hash);
  return reduce(
      multiply(sum, _mm256_zextsi128_si256(end), _mm256_zextsi128_si256(load(k->powers[GCM_ROW]))));
}

INLINE __m128i process(const struct gcm_key *k, const uint8_t *nonce, const uint8_t *beside,
                       size_t beside_bytes, uint8_t *text, size_t text_bytes, bool seals) {
  uint8_t block[GCM_BLOCK_BYTES] = {0};
  const __m128i one = load(k->powers[GCM_ROW]);
  const __m128i lengths =
      _mm_set_epi64x((long long)(8 * beside_bytes), (long long)(8 * text_bytes));
  memcpy(block, beside, beside_bytes);
  __m128i hash = beside_bytes ? times(reversed(load(block)), one) : _mm_setzero_si128();
  memcpy(block, nonce, GCM_NONCE_BYTES);
  put32(block + GCM_NONCE_BYTES, 1);
  const __m128i first = load(block), mask = encrypt(k, first);
  __m256i counters = _mm256_add_epi32(_mm256_broadcastsi128_si256(reversed(first)),
                                      _mm256_set_epi32(0, 0, 0, 2, 0, 0, 0, 1));
  for (; text_bytes >= ROW_BYTES; text += ROW_BYTES, text_bytes -= ROW_BYTES)
    hash = row(k, &counters, hash, text, seals);
  hash = rest(k, &counters, hash, text, text_bytes, lengths, seals);
  return _mm_xor_si128(reversed(hash), mask);
}

BY_VAES void gcm_seal(const struct gcm_key *k, const uint8_t *nonce, const uint8_t *beside,
                      size_t beside_bytes, uint8_t *text, size_t text_bytes) {
  store(text + text_bytes, process(k, nonce, beside, beside_bytes, text, text_bytes, true));
}

BY_VAES bool gcm_open(const struct gcm_key *k, const uint8_t *nonce, const uint8_t *beside,
                      size_t beside_bytes, uint8_t *text, size_t text_bytes) {
  const __m128i tag = load(text + text_bytes);
  const __m128i made = process(k, nonce, beside, beside_bytes, text, text_bytes, false);
  const __m128i differs = _mm_xor_si128(tag, made);
  if (_mm_testz_si128(differs, differs)) return true;
  memset(text, 0, text_bytes);
  return false;
}

#else

bool gcm_is_there(void) { return false; }
void gcm_start(struct gcm_key *k, const uint8_t *key, size_t key_bytes) {
  (void)k, (void)key, (void)key_bytes;
}
void gcm_seal(const struct gcm_key *k, const uint8_t *nonce, const uint8_t *beside,
              size_t beside_bytes, uint8_t *text, size_t text_bytes) {
  (void)k, (void)nonce, (void)beside, (void)beside_bytes, (void)text, (void)text_bytes;
}
bool gcm_open(const struct gcm_key *k, const uint8_t *nonce, const uint8_t *beside,
              size_t beside_bytes, uint8_t *text, size_t text_bytes) {
  (void)k, (void)nonce, (void)beside, (void)beside_bytes, (void)text, (void)text_bytes;
  return false;
}

#endif
