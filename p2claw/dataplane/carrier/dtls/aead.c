#include "dtls/aead.h"

#include <string.h>

#include "bytes/order.h"
#include "dtls/libcrypto.h"

/* openssl/evp.h, openssl/core_names.h */
enum { SET_IV_FIXED = 0x12, WHOLE_IV = -1 };
static const char TLS_HEAD[] = "tlsaad";

struct evp_cipher_ctx *aead_new(const struct dtls_key *key, bool seals, uint64_t nonce) {
  struct evp_cipher_ctx *ctx;
  uint8_t iv[DTLS_SALT_BYTES + AEAD_NONCE_BYTES];
  const struct evp_cipher *cipher;
  bool is_set;
  if (!libcrypto) return NULL;
  ctx = libcrypto->EVP_CIPHER_CTX_new();
  if (!ctx) return NULL;
  cipher = key->suite == DTLS_AES_256_GCM_SHA384 ? libcrypto->EVP_aes_256_gcm()
                                                 : libcrypto->EVP_aes_128_gcm();
  memcpy(iv, key->salt, DTLS_SALT_BYTES);
  put64(iv + DTLS_SALT_BYTES, nonce);
  is_set = libcrypto->EVP_CipherInit_ex(ctx, cipher, NULL, key->key, NULL, seals) > 0 &&
           libcrypto->EVP_CIPHER_CTX_ctrl(ctx, SET_IV_FIXED, WHOLE_IV, iv) > 0;
  dtls_wipe(iv, sizeof iv);
  if (is_set) return ctx;
  aead_free(ctx);
  return NULL;
}

void aead_free(struct evp_cipher_ctx *ctx) {
  if (ctx) libcrypto->EVP_CIPHER_CTX_free(ctx);
}

/* libcrypto does both halves of a record of TLS in one call once it has its head. The length in it is
 * that of the record's payload: what of it is nonce and tag libcrypto takes off itself. */
static bool process(struct evp_cipher_ctx *ctx, uint8_t *head, size_t head_length, uint8_t *space,
                    size_t text_bytes) {
  const struct ossl_param parameters[2] = {{TLS_HEAD, OSSL_PARAM_OCTETS, head, AEAD_HEAD_BYTES, 0},
                                           {NULL, 0, NULL, 0, 0}};
  const size_t length = text_bytes + AEAD_OVERHEAD_BYTES;
  put16(head + AEAD_HEAD_BYTES - 2, (uint16_t)head_length);
  return libcrypto->EVP_CIPHER_CTX_set_params(ctx, parameters) > 0 &&
         libcrypto->EVP_Cipher(ctx, space, space, (unsigned)length) > 0;
}

bool aead_seal(struct evp_cipher_ctx *ctx, uint8_t *head, uint8_t *space, size_t text_bytes) {
  return process(ctx, head, text_bytes + AEAD_NONCE_BYTES, space, text_bytes);
}

bool aead_open(struct evp_cipher_ctx *ctx, uint8_t *head, uint8_t *space, size_t text_bytes) {
  if (process(ctx, head, text_bytes + AEAD_OVERHEAD_BYTES, space, text_bytes)) return true;
  libcrypto->ERR_clear_error(); /* others of this process would take it for theirs */
  return false;
}
