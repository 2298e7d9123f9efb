#include "dtls/records.h"

#include <string.h>

#include "bytes/order.h"

enum {
  VERSION = 0xfefd, /* DTLS 1.2 */
  EPOCH = 1,        /* of the first and only keys: there is no renegotiation */
  ALERT_BYTES = 2,
  ALERT_WARNING = 1,
  ALERT_FATAL = 2,
  ALERT_CLOSE_NOTIFY = 0,
};
static const uint64_t NUMBER_MOST = ((uint64_t)1 << 48) - 1; /* RFC 6347 §4.1: never wraps */

struct record {
  uint8_t kind;
  uint64_t number;
  const uint8_t *payload;
  size_t text_bytes;
};

/* Epoch and number ‖ kind ‖ version ‖ length: RFC 6347 §4.1.2.1. */
static void write_head(uint8_t *head, uint8_t kind, uint64_t number) {
  put64(head, (uint64_t)EPOCH << 48 | number);
  head[8] = kind;
  put16(head + 9, VERSION);
}

/* The next record that may be one of ours, out of the datagram. False: there is none any more. */
static bool take_record(struct dtls_datagram *datagram, struct record *record) {
  while (datagram->length >= RECORD_HEADER_BYTES) {
    const uint8_t *header = datagram->data;
    const size_t length = get16(header + 11);
    if (length > datagram->length - RECORD_HEADER_BYTES) break;
    datagram->data += RECORD_HEADER_BYTES + length;
    datagram->length -= RECORD_HEADER_BYTES + length;
    record->kind = header[0];
    if (record->kind != RECORD_APPLICATION && record->kind != RECORD_ALERT) continue;
    if (get16(header + 1) != VERSION || get16(header + 3) != EPOCH) continue;
    if (length < AEAD_OVERHEAD_BYTES) continue;
    record->text_bytes = length - AEAD_OVERHEAD_BYTES;
    if (record->text_bytes > RECORD_TEXT_MOST_BYTES) continue;
    record->number = get64(header + 3) & NUMBER_MOST;
    record->payload = header + RECORD_HEADER_BYTES;
    return true;
  }
  datagram->length = 0;
  return false;
}

/* Verifies a record and copies its text. False: it is not genuine. */
static bool open_record(struct aead *opening, const struct record *record, uint8_t *text,
                        size_t capacity) {
  uint8_t head[AEAD_HEAD_BYTES];
  const size_t length = record->text_bytes + AEAD_OVERHEAD_BYTES;
  if (length > capacity) return false;
  write_head(head, record->kind, record->number);
  memcpy(text, record->payload, length);
  if (!aead_open(opening, head, text, record->text_bytes)) return false;
  memmove(text, text + AEAD_NONCE_BYTES, record->text_bytes);
  return true;
}

bool dtls_records_begin(struct dtls_records *records, const struct dtls_keys *keys, bool is_client,
                        uint64_t next, uint64_t nonce) {
  const struct dtls_records begun = {
      .sealing = aead_new(is_client ? &keys->client : &keys->server, true, nonce),
      .opening = aead_new(is_client ? &keys->server : &keys->client, false, 0),
      .next = next,
  };
  if (begun.sealing && begun.opening) {
    *records = begun;
    return true;
  }
  aead_free(begun.sealing);
  aead_free(begun.opening);
  return false;
}

static bool proves(const struct dtls_key *key, const struct record *probe) {
  uint8_t text[AEAD_OVERHEAD_BYTES + 1];
  struct aead *opening = aead_new(key, false, 0);
  const bool good = opening && open_record(opening, probe, text, sizeof text) && text[0] == 0;
  aead_free(opening);
  return good;
}

bool dtls_records_continue(struct dtls_records *records, const struct dtls_secrets *secrets,
                           const uint8_t *probe, size_t length) {
  struct dtls_datagram datagram = {probe, length};
  struct dtls_keys keys;
  struct record record;
  bool good = false, is_client;
  if (!take_record(&datagram, &record) || datagram.length) return false;
  if (record.kind != RECORD_APPLICATION || record.text_bytes != 1) return false;
  if (dtls_keys_derive(&keys, secrets)) {
    is_client = proves(&keys.client, &record);
    good =
        (is_client || proves(&keys.server, &record)) &&
        dtls_records_begin(records, &keys, is_client, record.number + 1, get64(record.payload) + 1);
  }
  dtls_wipe(&keys, sizeof keys);
  return good;
}

void dtls_records_end(struct dtls_records *records) {
  aead_free(records->sealing);
  aead_free(records->opening);
  records->sealing = records->opening = NULL;
}

size_t dtls_records_seal(struct dtls_records *records, enum record_kind kind, const uint8_t *text,
                         size_t length, uint8_t *record, size_t capacity) {
  uint8_t head[AEAD_HEAD_BYTES];
  uint8_t *payload = record + RECORD_HEADER_BYTES;
  if (!records->sealing || records->next > NUMBER_MOST) return 0;
  if (length > RECORD_TEXT_MOST_BYTES || capacity < length + RECORD_ADDED_BYTES) return 0;
  write_head(head, (uint8_t)kind, records->next);
  record[0] = (uint8_t)kind;
  put16(record + 1, VERSION);
  memcpy(record + 3, head, 8);
  put16(record + 11, (uint16_t)(length + AEAD_OVERHEAD_BYTES));
  records->next++; /* whatever happens: no number has two records */
  if (text != record + RECORD_TEXT_AT) memcpy(record + RECORD_TEXT_AT, text, length);
  if (aead_seal(records->sealing, head, payload, length)) return length + RECORD_ADDED_BYTES;
  memset(payload, 0, length + AEAD_OVERHEAD_BYTES); /* it may be text still */
  return 0;
}

size_t dtls_records_close(struct dtls_records *records, uint8_t *record, size_t capacity) {
  const uint8_t alert[ALERT_BYTES] = {ALERT_WARNING, ALERT_CLOSE_NOTIFY};
  const size_t length =
      dtls_records_seal(records, RECORD_ALERT, alert, sizeof alert, record, capacity);
  dtls_records_end(records);
  return length;
}

ptrdiff_t dtls_records_read(struct dtls_records *records, struct dtls_datagram *datagram,
                            uint8_t *packet, size_t capacity) {
  struct record record;
  if (!records->opening) return FOUND_FAILED;
  while (take_record(datagram, &record)) {
    if (!window_admits(&records->window, record.number)) continue;
    if (!open_record(records->opening, &record, packet, capacity)) continue;
    window_mark(&records->window, record.number);
    if (record.kind == RECORD_APPLICATION) {
      if (record.text_bytes) return (ptrdiff_t)record.text_bytes;
    } else if (record.text_bytes == ALERT_BYTES) {
      if (packet[1] == ALERT_CLOSE_NOTIFY) return FOUND_CLOSED;
      if (packet[0] == ALERT_FATAL) return FOUND_FAILED;
    }
  }
  return FOUND_NOTHING;
}
