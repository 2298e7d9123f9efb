/* Records: a datagram as it comes, and two ends between which a path drops, repeats, reorders, cuts and
 * forges. What an end reads is what the other has sealed, once. Both kinds of AES-GCM seal the same. */
#include <stdlib.h>
#include <string.h>

#include "bytes/order.h"
#include "dtls/libcrypto.h"
#include "dtls/records.h"

enum { KEPT = 32, TEXT_MOST = 64, RECORD_MOST = TEXT_MOST + RECORD_ADDED_BYTES };

static struct dtls_secrets secrets;
static struct dtls_keys keys;

struct sent {
  uint8_t record[RECORD_MOST];
  size_t length, text_bytes;
  bool has_come;
};

static void expect(bool good) {
  if (!good) abort();
}

int LLVMFuzzerInitialize(int *count, char ***arguments) {
  (void)count, (void)arguments;
  expect(!libcrypto_load("libcrypto.so.3"));
  memset(secrets.master, 7, sizeof secrets.master);
  expect(dtls_keys_derive(&keys, &secrets));
  return 0;
}

/* Reads a datagram from memory that ends with it, into memory that ends with the packet's room. */
static ptrdiff_t read_all(struct dtls_records *end, const uint8_t *data, size_t length,
                          uint32_t *number) {
  struct dtls_datagram datagram;
  uint8_t *copy = malloc(length ? length : 1), *room = malloc(RECORD_MOST);
  ptrdiff_t found, packets = 0;
  expect(copy && room);
  memcpy(copy, data, length);
  datagram = (struct dtls_datagram){copy, length};
  while ((found = dtls_records_read(end, &datagram, room, RECORD_MOST)) > 0) {
    expect(found >= 4 && found <= TEXT_MOST);
    *number = get32(room);
    packets++;
  }
  expect(found == FOUND_NOTHING && !datagram.length); /* nobody here seals an alert */
  free(copy);
  free(room);
  return packets;
}

static void between(const uint8_t *data, size_t size) {
  struct dtls_records one, far;
  static struct sent sent[KEPT];
  uint8_t text[TEXT_MOST], forged[RECORD_MOST];
  uint32_t count = 0, got = 0;
  expect(dtls_records_begin(&one, &keys, true, 1, 1));
  expect(dtls_records_begin(&far, &keys, false, 1, 1));
  for (size_t i = 0; i + 2 < size; i += 3) {
    struct sent *at = &sent[data[i + 1] % KEPT];
    if (data[i] % 4 == 0 || data[i + 1] % KEPT >= count) {
      if (count == KEPT) continue;
      at = &sent[count];
      at->text_bytes = 4 + data[i + 2] % (TEXT_MOST - 3);
      at->has_come = false;
      memset(text, data[i + 1], sizeof text);
      put32(text, count++);
      at->length = dtls_records_seal(&one, RECORD_APPLICATION, text, at->text_bytes, at->record,
                                     at->text_bytes + RECORD_ADDED_BYTES);
      expect(at->length == at->text_bytes + RECORD_ADDED_BYTES);
    } else if (data[i] % 4 == 1) { /* KEPT is less than the window */
      expect(read_all(&far, at->record, at->length, &got) == !at->has_come);
      expect(at->has_come || got == (uint32_t)(at - sent));
      at->has_come = true;
    } else if (data[i] % 4 == 2) {
      expect(!read_all(&far, at->record, data[i + 2] % at->length, &got));
    } else {
      memcpy(forged, at->record, at->length);
      forged[data[i + 2] % at->length] ^= (uint8_t)(1 << (data[i] >> 2) % 8);
      expect(!read_all(&far, forged, at->length, &got));
    }
  }
  dtls_records_end(&one);
  expect(!dtls_records_seal(&one, RECORD_APPLICATION, text, 4, forged, sizeof forged));
  dtls_records_end(&far);
}

/* The same text by instructions and by libcrypto, in its place and from elsewhere, in memory that ends
 * with the record; and each is read by the other. */
static void by_both(const uint8_t *data, size_t size) {
  const size_t length = size + RECORD_ADDED_BYTES;
  struct dtls_records ends[2], fars[2];
  uint8_t *records[2], *room = malloc(length);
  expect(room != NULL);
  for (int i = 0; i < 2; i++) {
    aead_leave_instructions(i == 1);
    expect(dtls_records_begin(&ends[i], &keys, true, 1, (uint64_t)size << 56));
    expect(dtls_records_begin(&fars[i], &keys, false, 1, 1));
    records[i] = malloc(length);
    expect(records[i] != NULL);
    memcpy(records[i] + RECORD_TEXT_AT, data, size);
    expect(dtls_records_seal(&ends[i], RECORD_APPLICATION, i ? data : records[i] + RECORD_TEXT_AT,
                             size, records[i], length) == length);
  }
  expect(!memcmp(records[0], records[1], length));
  for (int i = 0; i < 2; i++) {
    struct dtls_datagram datagram = {records[1 - i], length};
    expect(dtls_records_read(&fars[i], &datagram, room, length) == (ptrdiff_t)size);
    expect(!memcmp(room, data, size));
    dtls_records_end(&ends[i]);
    dtls_records_end(&fars[i]);
  }
  free(records[0]);
  free(records[1]);
  free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint64_t numbers[] = {0, 63, 64, (uint64_t)1 << 32, ((uint64_t)1 << 48) - 1};
  struct dtls_records end;
  uint32_t number;
  by_both(data, size);
  aead_leave_instructions(size % 2);
  between(data, size);
  expect(dtls_records_begin(&end, &keys, true, 1, 1));
  window_mark(&end.window, numbers[size % 5]);
  expect(!read_all(&end, data, size, &number)); /* nothing in it is signed */
  expect(!dtls_records_continue(&end, &secrets, data, size));
  dtls_records_end(&end);
  return 0;
}
