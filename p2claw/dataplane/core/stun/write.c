/* Writes binding messages (RFC 8489 §6, RFC 8445 §7.2.2, §7.3), signed and with FINGERPRINT. */
#include <string.h>

#include "bytes/bounds.h"
#include "bytes/crc32.h"
#include "bytes/order.h"
#include "bytes/sha1.h"
#include "stun/attributes.h"
#include "stun/message.h"

struct message_writer {
  uint8_t *out;
  size_t capacity, length; /* length 0: it did not fit */
};

static struct message_writer start(uint8_t *out, size_t capacity, enum stun_type type,
                                   const uint8_t *transaction) {
  struct message_writer w = {out, capacity, 0};
  if (capacity < STUN_HEADER_BYTES) return w;
  put16(out, (uint16_t)type);
  put32(out + 4, STUN_COOKIE);
  memcpy(out + 8, transaction, STUN_TRANSACTION_BYTES);
  w.length = STUN_HEADER_BYTES;
  return w;
}

/* Room for a value of so many bytes, its padding zeroed; the header's length is kept true. NULL
 * where it does not fit, and then the whole message is given up. */
static uint8_t *attribute(struct message_writer *w, uint16_t type, size_t length) {
  size_t whole = STUN_ATTRIBUTE_HEADER_BYTES + stun_padded(length);
  if (!w->length) return NULL;
  if (length > UINT16_MAX || whole > w->capacity - w->length ||
      w->length + whole > STUN_HEADER_BYTES + UINT16_MAX) {
    w->length = 0;
    return NULL;
  }
  uint8_t *at = w->out + w->length;
  put16(at, type);
  put16(at + 2, (uint16_t)length);
  memset(at + STUN_ATTRIBUTE_HEADER_BYTES + length, 0, stun_padded(length) - length);
  w->length += whole;
  put16(w->out + 2, (uint16_t)(w->length - STUN_HEADER_BYTES));
  return at + STUN_ATTRIBUTE_HEADER_BYTES;
}

static size_t finish(struct message_writer *w, const uint8_t *key, size_t key_length) {
  if (key) {
    size_t offset = w->length;
    uint8_t *mac = attribute(w, STUN_MESSAGE_INTEGRITY, SHA1_BYTES);
    if (mac) stun_mac(w->out, offset, key, key_length, mac);
  }
  size_t offset = w->length;
  uint8_t *fingerprint = attribute(w, STUN_FINGERPRINT, 4);
  if (fingerprint) put32(fingerprint, crc32_ieee(w->out, offset) ^ STUN_FINGERPRINT_XOR);
  return w->length;
}

size_t stun_write_success(uint8_t *out, size_t capacity, const uint8_t *transaction,
                          const struct stun_address *mapped, const uint8_t *key,
                          size_t key_length) {
  bool is_v4 = !memcmp(mapped->address, stun_v4_prefix, sizeof stun_v4_prefix);
  struct message_writer w = start(out, capacity, STUN_SUCCESS, transaction);
  uint8_t *value = attribute(&w, STUN_XOR_MAPPED_ADDRESS, is_v4 ? 8 : 20);
  if (!value) return 0;
  uint8_t port[2];
  put16(port, mapped->port);
  value[0] = 0;
  value[1] = is_v4 ? STUN_IPV4 : STUN_IPV6;
  stun_masked(value + 2, port, sizeof port, out);
  if (is_v4)
    stun_masked(value + 4, mapped->address + 12, 4, out);
  else
    stun_masked(value + 4, mapped->address, 16, out);
  return finish(&w, key, key_length);
}

static const char *reason_of(enum stun_code code) {
  switch (code) {
    case STUN_BAD_REQUEST: return "Bad Request";
    case STUN_UNAUTHENTICATED: return "Unauthenticated";
    case STUN_UNKNOWN_ATTRIBUTE: return "Unknown Attribute";
    case STUN_ROLE_CONFLICT: return "Role Conflict";
  }
  return NULL;
}

size_t stun_write_error(uint8_t *out, size_t capacity, const struct stun_message *request,
                        enum stun_code code, const uint8_t *key, size_t key_length) {
  const char *reason = reason_of(code);
  if (!reason) return 0;
  struct message_writer w = start(out, capacity, STUN_ERROR, request->transaction);
  uint8_t *value = attribute(&w, STUN_ERROR_CODE, 4 + strlen(reason));
  if (!value) return 0;
  put16(value, 0);
  value[2] = (uint8_t)(code / 100);
  value[3] = (uint8_t)(code % 100);
  memcpy(value + 4, reason, strlen(reason));
  if (code == STUN_UNKNOWN_ATTRIBUTE) {
    size_t kept = min_u64(request->unknown_count, STUN_UNKNOWN_KEPT);
    value = attribute(&w, STUN_UNKNOWN_ATTRIBUTES, 2 * kept);
    if (!value) return 0;
    for (size_t i = 0; i < kept; i++) put16(value + 2 * i, request->unknown[i]);
  }
  return finish(&w, key, key_length);
}

size_t stun_write_request(uint8_t *out, size_t capacity, const uint8_t *transaction,
                          const char *username, size_t username_length, uint32_t priority,
                          bool controlling, uint64_t tie_breaker, bool use_candidate,
                          const uint8_t *key, size_t key_length) {
  struct message_writer w = start(out, capacity, STUN_REQUEST, transaction);
  uint8_t *value = attribute(&w, STUN_USERNAME, username_length);
  if (value && username_length) memcpy(value, username, username_length);
  value = attribute(&w, STUN_PRIORITY, 4);
  if (value) put32(value, priority);
  value = attribute(&w, controlling ? STUN_ICE_CONTROLLING : STUN_ICE_CONTROLLED, 8);
  if (value) put64(value, tie_breaker);
  if (controlling && use_candidate) attribute(&w, STUN_USE_CANDIDATE, 0);
  return finish(&w, key, key_length);
}
