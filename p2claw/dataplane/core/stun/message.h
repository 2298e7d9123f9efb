/* STUN binding messages as ICE uses them (RFC 8489, RFC 8445 §7, §16.1): read where they lie, and
 * written into a buffer of the caller's. Leaves to its user whose they are and what to do. */
#ifndef P2CLAW_STUN_MESSAGE_H
#define P2CLAW_STUN_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STUN_HEADER_BYTES 20
#define STUN_TRANSACTION_BYTES 12

/* header 20, XOR-MAPPED-ADDRESS (IPv6) 24, MESSAGE-INTEGRITY 24, FINGERPRINT 8 */
#define STUN_SUCCESS_BYTES (20 + 24 + 24 + 8)

/* header 20, ERROR-CODE 8 + 20, UNKNOWN-ATTRIBUTES 4 + 8 × 2, then 24 and 8 as above */
#define STUN_ERROR_BYTES (20 + 28 + 20 + 24 + 8)

/* header 20, USERNAME 4 + 516 (two of 256 and a colon: RFC 8839 §5.4), PRIORITY 8,
 * ICE-CONTROLLING 12, USE-CANDIDATE 4, then 24 and 8 */
#define STUN_REQUEST_BYTES (20 + 520 + 8 + 12 + 4 + 24 + 8)

/* Only so many go into a response; the rest is counted. */
#define STUN_UNKNOWN_KEPT 8

/* of the method Binding (RFC 8489 §5) */
enum stun_type {
  STUN_REQUEST = 0x0001,
  STUN_INDICATION = 0x0011,
  STUN_SUCCESS = 0x0101,
  STUN_ERROR = 0x0111,
};

/* the attribute that says what the sender is (RFC 8445 §16.1) */
enum stun_role {
  STUN_NO_ROLE = 0,
  STUN_CONTROLLED = 0x8029,
  STUN_CONTROLLING = 0x802a,
};

/* RFC 8489 §14.8, RFC 8445 §16.2 */
enum stun_code {
  STUN_BAD_REQUEST = 400,
  STUN_UNAUTHENTICATED = 401,
  STUN_UNKNOWN_ATTRIBUTE = 420,
  STUN_ROLE_CONFLICT = 487,
};

struct stun_address {
  uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2) */
  uint16_t port;       /* host order */
};

/* Views point into the datagram and live as long as it. What is absent is zero. */
struct stun_message {
  const uint8_t *data;
  size_t length;
  enum stun_type type;
  const uint8_t *transaction; /* STUN_TRANSACTION_BYTES */
  const uint8_t *username;    /* NULL: none */
  size_t username_length;
  bool has_integrity, has_fingerprint, has_priority, has_mapped, use_candidate;
  size_t integrity_offset; /* of the attribute's header */
  uint32_t priority;
  enum stun_role role;
  uint64_t tie_breaker;
  struct stun_address mapped;
  uint16_t error_code;
  uint32_t unknown_count; /* comprehension-required attributes (below 0x8000) that we do not know */
  uint16_t unknown[STUN_UNKNOWN_KEPT];
};

/* False if it is not STUN, not of the method Binding, or breaks a rule of form. Of an attribute
 * that comes twice the first counts; what follows MESSAGE-INTEGRITY is as if it were not there, but
 * for FINGERPRINT, which must be right and the last. */
bool stun_read(const uint8_t *data, size_t length, struct stun_message *m);

/* Whether the message carries MESSAGE-INTEGRITY and the key made it. ICE's key is the password of
 * whom the request goes to: ours for requests that come, the peer's for responses that come. */
bool stun_verify(const struct stun_message *m, const uint8_t *key, size_t key_length);

/* Each returns the bytes written, or 0 where they do not fit. A key that is NULL: not signed. */

size_t stun_write_success(uint8_t *out, size_t capacity, const uint8_t *transaction,
                          const struct stun_address *mapped, const uint8_t *key, size_t key_length);

/* Responds to a request; with 420 names what was not known. 400 and 401 are not to be signed (RFC 8489
 * §9.1.3). Returns 0 also for a code that is not of enum stun_code. */
size_t stun_write_error(uint8_t *out, size_t capacity, const struct stun_message *request,
                        enum stun_code code, const uint8_t *key, size_t key_length);

/* A check (RFC 8445 §7.2.2). username: "theirs:ours". use_candidate: only of who is in control. */
size_t stun_write_request(uint8_t *out, size_t capacity, const uint8_t *transaction,
                          const char *username, size_t username_length, uint32_t priority,
                          bool controlling, uint64_t tie_breaker, bool use_candidate,
                          const uint8_t *key, size_t key_length);

#endif
