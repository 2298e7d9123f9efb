/* The records of one DTLS 1.2 connection whose handshake is over (RFC 6347 §4.1), with AES-GCM. What
 * a record has: kind (1) ‖ version (2) ‖ epoch (2) ‖ number (6) ‖ length (2) ‖ payload, which is
 * nonce (8) ‖ text ‖ tag (16). */
#ifndef P2CLAW_DTLS_RECORDS_H
#define P2CLAW_DTLS_RECORDS_H

#include "dtls/aead.h"
#include "dtls/window.h"

enum {
  RECORD_HEADER_BYTES = 13,
  RECORD_ADDED_BYTES = RECORD_HEADER_BYTES + AEAD_OVERHEAD_BYTES, /* 37 */
  RECORD_TEXT_AT = RECORD_HEADER_BYTES + AEAD_NONCE_BYTES, /* 21: where in a record its text is */
  RECORD_TEXT_MOST_BYTES = 16384,                          /* RFC 6347 §4.1.1 */
};

enum record_kind { RECORD_ALERT = 21, RECORD_HANDSHAKE = 22, RECORD_APPLICATION = 23 };

/* What reading returns when it is no packet. */
enum { FOUND_NOTHING = 0, FOUND_CLOSED = -1, FOUND_FAILED = -2 };

struct dtls_records {
  struct aead *sealing, *opening; /* owned; NULL: the keys are wiped */
  uint64_t next;                  /* number of the record that is sealed next */
  struct window window;
};

/* A datagram that is being read: the caller's bytes, until nothing is left. */
struct dtls_datagram {
  const uint8_t *data;
  size_t length;
};

/* next, nonce: of the first record that is sealed. False if libcrypto refuses. */
bool dtls_records_begin(struct dtls_records *records, const struct dtls_keys *keys, bool is_client,
                        uint64_t next, uint64_t nonce);

/* Goes on where another implementation stops. probe: the last record of application data that it
 * has sealed, one byte of zero. Its number and nonce say where to go on, and its tag proves the keys
 * and whether we are the client. False if it proves nothing; `records` is then as it was. */
bool dtls_records_continue(struct dtls_records *records, const struct dtls_secrets *secrets,
                           const uint8_t *probe, size_t length);

/* Wipes the keys: from now on nothing is sealed or opened. */
void dtls_records_end(struct dtls_records *records);

/* One record, written to `record`: its length, or 0 if there is no room, no number left, no key, or
 * libcrypto refuses. text: elsewhere, or in its place already, at RECORD_TEXT_AT of `record`. */
size_t dtls_records_seal(struct dtls_records *records, enum record_kind kind, const uint8_t *text,
                         size_t length, uint8_t *record, size_t capacity);

/* The last record, the alert close_notify, and the end of the keys. */
size_t dtls_records_close(struct dtls_records *records, uint8_t *record, size_t capacity);

/* The next packet of the datagram: its length, or one of FOUND_…; what is not genuine, old, or of
 * the handshake is left out. packet: its capacity is at least that of a payload that is read. */
ptrdiff_t dtls_records_read(struct dtls_records *records, struct dtls_datagram *datagram,
                            uint8_t *packet, size_t capacity);

#endif
