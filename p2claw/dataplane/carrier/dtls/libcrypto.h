/* The functions of OpenSSL's libcrypto that records need, found when the program runs. Nothing is
 * linked, so what is built here depends on no OpenSSL, and fits each of its versions since 3.0. */
#ifndef P2CLAW_DTLS_LIBCRYPTO_H
#define P2CLAW_DTLS_LIBCRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evp_cipher;
struct evp_cipher_ctx;
struct evp_md;

/* openssl/core.h: a parameter by its name. */
struct ossl_param {
  const char *key;
  unsigned data_type;
  void *data;
  size_t data_bytes, returned_bytes;
};
enum { OSSL_PARAM_OCTETS = 5 };

struct libcrypto {
  unsigned (*OPENSSL_version_major)(void);
  struct evp_cipher_ctx *(*EVP_CIPHER_CTX_new)(void);
  void (*EVP_CIPHER_CTX_free)(struct evp_cipher_ctx *);
  int (*EVP_CIPHER_CTX_ctrl)(struct evp_cipher_ctx *, int, int, void *);
  int (*EVP_CIPHER_CTX_set_params)(struct evp_cipher_ctx *, const struct ossl_param *);
  int (*EVP_CipherInit_ex)(struct evp_cipher_ctx *, const struct evp_cipher *, void *engine,
                           const uint8_t *key, const uint8_t *iv, int encrypt);
  int (*EVP_Cipher)(struct evp_cipher_ctx *, uint8_t *, const uint8_t *, unsigned);
  const struct evp_cipher *(*EVP_aes_128_gcm)(void);
  const struct evp_cipher *(*EVP_aes_256_gcm)(void);
  const struct evp_md *(*EVP_sha256)(void);
  const struct evp_md *(*EVP_sha384)(void);
  uint8_t *(*HMAC)(const struct evp_md *, const void *key, int key_bytes, const uint8_t *data,
                   size_t length, uint8_t *out, unsigned *out_bytes);
  void (*OPENSSL_cleanse)(void *, size_t);
  void (*ERR_clear_error)(void);
};

/* NULL until `libcrypto_load` has found all of them. */
extern const struct libcrypto *libcrypto;

/* file: a library that is libcrypto or depends on it; NULL: the program itself. It stays loaded.
 * Returns NULL, or what is missing, which is true until the next call. */
const char *libcrypto_load(const char *file);

#endif
