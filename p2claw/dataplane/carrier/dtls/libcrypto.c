#include "dtls/libcrypto.h"

#include <dlfcn.h>
#include <string.h>

const struct libcrypto *libcrypto;
static struct libcrypto found;

/* A function's address, as a pointer of its own type. */
static bool find(void *library, const char *name, void *function) {
  void *symbol = dlsym(library, name);
  memcpy(function, &symbol, sizeof symbol);
  return symbol != NULL;
}

#define FIND(name) \
  if (!find(library, #name, &found.name)) return #name

const char *libcrypto_load(const char *file) {
  void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  libcrypto = NULL;
  if (!library) return dlerror();
  FIND(OPENSSL_version_major);
  FIND(EVP_CIPHER_CTX_new);
  FIND(EVP_CIPHER_CTX_free);
  FIND(EVP_CIPHER_CTX_ctrl);
  FIND(EVP_CIPHER_CTX_set_params);
  FIND(EVP_CipherInit_ex);
  FIND(EVP_Cipher);
  FIND(EVP_aes_128_gcm);
  FIND(EVP_aes_256_gcm);
  FIND(EVP_sha256);
  FIND(EVP_sha384);
  FIND(HMAC);
  FIND(OPENSSL_cleanse);
  FIND(ERR_clear_error);
  if (found.OPENSSL_version_major() < 3) return "OpenSSL 3";
  libcrypto = &found;
  return NULL;
}
