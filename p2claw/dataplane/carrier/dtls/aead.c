#include "dtls/aead.h"

#include <stdlib.h>
#include <string.h>

#include "bytes/order.h"
#include "dtls/libcrypto.h"

/* openssl/evp.h, openssl/core_names.h */
enum { SET_IV_FIXED = 0x12, WHOLE_IV = -1 };
static const char TLS_HEAD[] = "tlsaad";

struct aead {
  struct evp_cipher_ctx *ctx;                        /* NULL: `gcm` has the key */
  uint8_t nonce[DTLS_SALT_BYTES + AEAD_NONCE_BYTES]; /* of the record that is sealed next */
  struct gcm_key gcm[];
};

static bool leaves_instructions;

bool aead_leave_instructions(bool wanted) {
  const bool before = leaves_instructions;
  leaves_instructions = wanted;
  return before;
}

static struct evp_cipher_ctx *new_ctx(const struct dtls_key *key, bool seals, uint8_t *nonce) {
  struct evp_cipher_ctx *ctx = libcrypto->EVP_CIPHER_CTX_new();
  const struct evp_cipher *cipher;
  if (!ctx) return NULL;
  cipher = key->suite == DTLS_AES_256_GCM_SHA384 ? libcrypto->EVP_aes_256_gcm()
                                                 : libcrypto->EVP_aes_128_gcm();
  if (libcrypto->EVP_CipherInit_ex(ctx, cipher, NULL, key->key, NULL, seals) > 0 &&
      libcrypto->EVP_CIPHER_CTX_ctrl(ctx, SET_IV_FIXED, WHOLE_IV, nonce) > 0)
    return ctx;
  libcrypto->EVP_CIPHER_CTX_free(ctx);
  return NULL;
}

struct aead *aead_new(const struct dtls_key *key, bool seals, uint64_t nonce) {
  const bool is_own = !leaves_instructions && gcm_is_there();
  struct aead *aead;
  if (!libcrypto) return NULL;
  aead = calloc(1, sizeof *aead + (is_own ? sizeof(struct gcm_key) : 0));
  if (!aead) return NULL;
  memcpy(aead->nonce, key->salt, DTLS_SALT_BYTES);
  put64(aead->nonce + DTLS_SALT_BYTES, nonce);
  if (is_own) {
    gcm_start(aead->gcm, key->key, dtls_key_bytes(key->suite));
    return aead;
  }
  aead->ctx = new_ctx(key, seals, aead->nonce);
  dtls_wipe(aead->nonce, sizeof aead->nonce);
  if (aead->ctx) return aead;
  free(aead);
  return NULL;
}

void aead_free(struct aead *aead) {
  if (!aead) return;
  if (aead->ctx)
    libcrypto->EVP_CIPHER_CTX_free(aead->ctx);
  else
    dtls_wipe(aead, sizeof *aead + sizeof(struct gcm_key));
  free(aead);
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

bool aead_seal(struct aead *aead, uint8_t *head, uint8_t *space, size_t text_bytes) {
  uint8_t *counted = aead->nonce + DTLS_SALT_BYTES;
  if (aead->ctx) return process(aead->ctx, head, text_bytes + AEAD_NONCE_BYTES, space, text_bytes);
  put16(head + AEAD_HEAD_BYTES - 2, (uint16_t)text_bytes);
  memcpy(space, counted, AEAD_NONCE_BYTES);
  gcm_seal(aead->gcm, aead->nonce, head, AEAD_HEAD_BYTES, space + AEAD_NONCE_BYTES, text_bytes);
  put64(counted, get64(counted) + 1);
  return true;
}

bool aead_open(struct aead *aead, uint8_t *head, uint8_t *space, size_t text_bytes) {
  if (!aead->ctx) {
    put16(head + AEAD_HEAD_BYTES - 2, (uint16_t)text_bytes);
    memcpy(aead->nonce + DTLS_SALT_BYTES, space, AEAD_NONCE_BYTES);
    return gcm_open(aead->gcm, aead->nonce, head, AEAD_HEAD_BYTES, space + AEAD_NONCE_BYTES,
                    text_bytes);
  }
  if (process(aead->ctx, head, text_bytes + AEAD_OVERHEAD_BYTES, space, text_bytes)) return true;
  libcrypto->ERR_clear_error(); /* others of this process would take it for theirs */
  return false;
}
