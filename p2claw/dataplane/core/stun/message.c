/* Reads a message and checks its signature (RFC 8489 §5, §14). Judges form only. */
#include "stun/message.h"

#include <string.h>

#include "bytes/crc32.h"
#include "bytes/order.h"
#include "bytes/same.h"
#include "bytes/sha1.h"
#include "stun/attributes.h"

static bool read_address(struct stun_message *m, const uint8_t *value, size_t length) {
  uint8_t port[2];
  if (length < 4) return false;
  stun_masked(port, value + 2, 2, m->data);
  m->mapped.port = get16(port);
  if (value[1] == STUN_IPV4 && length == 8) {
    memcpy(m->mapped.address, stun_v4_prefix, sizeof stun_v4_prefix);
    stun_masked(m->mapped.address + 12, value + 4, 4, m->data);
  } else if (value[1] == STUN_IPV6 && length == 20) {
    stun_masked(m->mapped.address, value + 4, 16, m->data);
  } else {
    return false;
  }
  return m->has_mapped = true;
}

static bool read_error(struct stun_message *m, const uint8_t *value, size_t length) {
  if (length < 4) return false;
  unsigned hundreds = value[2] & 7, rest = value[3];
  if (hundreds < 3 || hundreds > 6 || rest > 99) return false;
  m->error_code = (uint16_t)(hundreds * 100 + rest);
  return true;
}

static bool read_fingerprint(struct stun_message *m, const uint8_t *value, size_t length) {
  size_t offset = (size_t)(value - m->data) - STUN_ATTRIBUTE_HEADER_BYTES;
  if (length != 4 || offset + STUN_FINGERPRINT_BYTES != m->length) return false;
  m->has_fingerprint = get32(value) == (crc32_ieee(m->data, offset) ^ STUN_FINGERPRINT_XOR);
  return m->has_fingerprint;
}

static bool read_role(struct stun_message *m, enum stun_role role, const uint8_t *value,
                      size_t length) {
  if (length != 8) return false;
  if (m->role != STUN_NO_ROLE) return m->role == role; /* nobody is both (RFC 8445 §7.1.3) */
  m->role = role;
  m->tie_breaker = get64(value);
  return true;
}

static bool read_attribute(struct stun_message *m, uint16_t type, const uint8_t *value,
                           size_t length) {
  if (type == STUN_FINGERPRINT) return read_fingerprint(m, value, length);
  if (m->has_integrity) return true;
  switch (type) {
    case STUN_USERNAME:
      if (m->username) return true;
      m->username = value;
      m->username_length = length;
      return true;
    case STUN_MESSAGE_INTEGRITY:
      m->has_integrity = true;
      m->integrity_offset = (size_t)(value - m->data) - STUN_ATTRIBUTE_HEADER_BYTES;
      return length == SHA1_BYTES;
    case STUN_ERROR_CODE: return m->error_code || read_error(m, value, length);
    case STUN_XOR_MAPPED_ADDRESS: return m->has_mapped || read_address(m, value, length);
    case STUN_PRIORITY:
      if (length != 4) return false;
      if (!m->has_priority) m->priority = get32(value);
      return m->has_priority = true;
    case STUN_USE_CANDIDATE: m->use_candidate = true; return length == 0;
    case STUN_ICE_CONTROLLED:
    case STUN_ICE_CONTROLLING: return read_role(m, (enum stun_role)type, value, length);
    case STUN_MAPPED_ADDRESS: /* known, and of no use to us */
    case STUN_UNKNOWN_ATTRIBUTES:
    case STUN_REALM:
    case STUN_NONCE:
    case STUN_MESSAGE_INTEGRITY_SHA256:
    case STUN_PASSWORD_ALGORITHM:
    case STUN_USERHASH: return true;
    default:
      if (type >= STUN_OPTIONAL) return true;
      if (m->unknown_count < STUN_UNKNOWN_KEPT) m->unknown[m->unknown_count] = type;
      m->unknown_count++;
      return true;
  }
}

bool stun_read(const uint8_t *data, size_t length, struct stun_message *m) {
  if (length < STUN_HEADER_BYTES || length % 4 || get32(data + 4) != STUN_COOKIE) return false;
  if (get16(data + 2) != length - STUN_HEADER_BYTES) return false;
  uint16_t type = get16(data);
  if (type != STUN_REQUEST && type != STUN_INDICATION && type != STUN_SUCCESS && type != STUN_ERROR)
    return false;
  memset(m, 0, sizeof *m);
  m->data = data;
  m->length = length;
  m->type = (enum stun_type)type;
  m->transaction = data + 8;
  for (size_t at = STUN_HEADER_BYTES; at < length;) {
    const uint8_t *value = data + at + STUN_ATTRIBUTE_HEADER_BYTES;
    size_t value_length = get16(data + at + 2); /* at and length are multiples of four */
    size_t left = length - at - STUN_ATTRIBUTE_HEADER_BYTES;
    if (stun_padded(value_length) > left) return false;
    if (!read_attribute(m, get16(data + at), value, value_length)) return false;
    at += STUN_ATTRIBUTE_HEADER_BYTES + stun_padded(value_length);
  }
  return m->error_code || type != STUN_ERROR;
}

void stun_mac(const uint8_t *data, size_t offset, const uint8_t *key, size_t key_length,
              uint8_t *mac) {
  struct hmac_sha1 h;
  uint8_t start[4] = {data[0], data[1]};
  put16(start + 2, (uint16_t)(offset + STUN_INTEGRITY_BYTES - STUN_HEADER_BYTES));
  hmac_sha1_start(&h, key, key_length);
  hmac_sha1_add(&h, start, sizeof start);
  hmac_sha1_add(&h, data + sizeof start, offset - sizeof start);
  hmac_sha1_finish(&h, mac);
}

bool stun_verify(const struct stun_message *m, const uint8_t *key, size_t key_length) {
  uint8_t mac[SHA1_BYTES];
  if (!m->has_integrity) return false;
  stun_mac(m->data, m->integrity_offset, key, key_length, mac);
  return same_bytes(mac, m->data + m->integrity_offset + STUN_ATTRIBUTE_HEADER_BYTES, sizeof mac);
}
