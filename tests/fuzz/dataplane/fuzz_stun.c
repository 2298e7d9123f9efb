/* STUN: a datagram as it comes, the same as the attributes of one, unsigned and signed, and as a run
 * of consent on any clock. */
#include <stdlib.h>
#include <string.h>

#include "bytes/crc32.h"
#include "bytes/order.h"
#include "stun/attributes.h"
#include "stun/consent.h"

static const uint8_t key[] = "a password", other_key[] = "b password";
static volatile uint32_t sink;

static void expect(bool good) {
  if (!good) abort();
}

static void touch(const uint8_t *data, size_t length) {
  for (size_t i = 0; i < length; i++) sink += data[i];
}

/* Responds in buffers that end at their length, so that a byte too many is seen. */
static void respond(const struct stun_message *request, size_t capacity) {
  static const struct stun_address from = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4}, 5};
  static const enum stun_code codes[] = {STUN_BAD_REQUEST, STUN_UNAUTHENTICATED,
                                         STUN_UNKNOWN_ATTRIBUTE, STUN_ROLE_CONFLICT};
  struct stun_message m;
  uint8_t *out = malloc(capacity ? capacity : 1);
  expect(out != NULL);
  size_t length = stun_write_success(out, capacity, request->transaction, &from, key, sizeof key);
  if (length) {
    expect(stun_read(out, length, &m) && stun_verify(&m, key, sizeof key) && m.has_fingerprint);
    expect(m.type == STUN_SUCCESS && m.has_mapped && !memcmp(&m.mapped, &from, sizeof from));
    expect(!memcmp(m.transaction, request->transaction, STUN_TRANSACTION_BYTES));
  }
  length = stun_write_error(out, capacity, request, codes[capacity % 4], key, sizeof key);
  if (length) {
    expect(stun_read(out, length, &m) && stun_verify(&m, key, sizeof key) && m.has_fingerprint);
    expect(m.type == STUN_ERROR && m.error_code == codes[capacity % 4]);
  }
  length = stun_write_request(out, capacity, request->transaction, (const char *)request->username,
                              request->username_length, request->priority,
                              request->role == STUN_CONTROLLING, request->tie_breaker,
                              request->use_candidate, key, sizeof key);
  if (length) {
    expect(stun_read(out, length, &m) && stun_verify(&m, key, sizeof key));
    expect(m.username_length == request->username_length && m.priority == request->priority);
    expect(m.tie_breaker == request->tie_breaker && m.role != STUN_NO_ROLE);
  }
  free(out);
}

static void read_one(const uint8_t *data, size_t size) {
  struct stun_message m;
  if (!stun_read(data, size, &m)) return;
  touch(m.transaction, STUN_TRANSACTION_BYTES);
  touch(m.username, m.username_length);
  expect(m.length == size && m.integrity_offset + STUN_INTEGRITY_BYTES <= size + 4);
  expect(!stun_verify(&m, other_key, sizeof other_key)); /* nothing here is signed with it */
  respond(&m, size);
  respond(&m, STUN_REQUEST_BYTES);
}

/* The fuzzer does not find cookies, lengths and checksums: here it makes the attributes. Returns the
 * bytes up to their end. */
static size_t frame(uint8_t *message, const uint8_t *data, size_t size, size_t whole) {
  put16(message, size ? (uint16_t)((data[0] & 1) << 8 | (data[0] & 2) << 3 | 1) : STUN_REQUEST);
  put16(message + 2, (uint16_t)(whole - STUN_HEADER_BYTES));
  put32(message + 4, STUN_COOKIE);
  if (size) memcpy(message + STUN_HEADER_BYTES, data, size);
  return STUN_HEADER_BYTES + size;
}

static void read_framed(const uint8_t *data, size_t size) {
  size_t whole = STUN_HEADER_BYTES + size;
  uint8_t *message = calloc(1, whole);
  expect(message != NULL);
  frame(message, data, size, whole);
  read_one(message, whole);
  free(message);
}

static void read_signed(const uint8_t *data, size_t size) {
  struct stun_message m;
  size_t whole = STUN_HEADER_BYTES + size + STUN_INTEGRITY_BYTES + STUN_FINGERPRINT_BYTES;
  uint8_t *message = calloc(1, whole);
  expect(message != NULL);
  size_t offset = frame(message, data, size, whole), end = offset + STUN_INTEGRITY_BYTES;
  put16(message + offset, STUN_MESSAGE_INTEGRITY);
  put16(message + offset + 2, STUN_INTEGRITY_BYTES - STUN_ATTRIBUTE_HEADER_BYTES);
  stun_mac(message, offset, key, sizeof key, message + offset + STUN_ATTRIBUTE_HEADER_BYTES);
  put16(message + end, STUN_FINGERPRINT);
  put16(message + end + 2, 4);
  put32(message + end + 4, crc32_ieee(message, end) ^ STUN_FINGERPRINT_XOR);
  if (stun_read(message, whole, &m)) {
    /* Else the attributes swallowed the signature, or brought one of their own. */
    if (m.has_integrity && m.integrity_offset == offset) expect(stun_verify(&m, key, sizeof key));
    read_one(message, whole);
  }
  free(message);
}

static void keep_consent(const uint8_t *data, size_t size) {
  static const uint8_t seed[CONSENT_SEED_BYTES] = {1, 2, 3};
  uint8_t asked[STUN_TRANSACTION_BYTES] = {0};
  struct consent c;
  usec now = 0, spent = 0, rtt;
  int pending = 0;
  consent_start(&c, seed, now);
  for (size_t i = 0; i + 1 < size; i += 2) {
    usec next = consent_next_timeout(&c);
    expect(next <= now + CONSENT_INTERVAL / 10 * 12 + CONSENT_GRID);
    if (data[i] & 1) now = max_usec(now, next);
    now += (usec)data[i + 1] * (data[i] & 2 ? 40 * MILLISECOND : 1);
    switch (data[i] >> 2 & 3) {
      case 0: consent_received(&c, now); break;
      case 1:
        expect(consent_confirmed(&c, asked, now, &rtt) == (pending > 0));
        expect(!consent_confirmed(&c, asked, now, &rtt));
        expect(!pending || consent_unconfirmed(&c, now) == 0);
        pending = 0;
        spent = 0;
        break;
      default: {
        usec again = data[i] & 16 ? CONSENT_AGAIN_SOON : CONSENT_AGAIN;
        switch (consent_handle_timeout(&c, now, again, asked)) {
          case CONSENT_WAIT: expect(now < next); break;
          case CONSENT_ASK:
            expect(spent < CONSENT_PATIENCE && now >= next);
            spent += again;
            pending++;
            break;
          case CONSENT_EXPIRED:
            expect(spent >= CONSENT_PATIENCE || consent_unconfirmed(&c, now) >= CONSENT_EXPIRY);
            expect(consent_handle_timeout(&c, now, again, asked) == CONSENT_EXPIRED);
            expect(!consent_confirmed(&c, asked, now, &rtt));
            expect(consent_next_timeout(&c) == NEVER);
            return;
        }
        break;
      }
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  read_one(data, size);
  read_framed(data, size & ~(size_t)3);
  read_signed(data, size & ~(size_t)3);
  keep_consent(data, size);
  return 0;
}
