/* Two associations whose packets are lost, doubled, held back and changed as the input says. With
 * nothing changed, all that was sent arrives. */
#include <stdlib.h>
#include <string.h>

#include "bytes/crc32c.h"
#include "sctp/association.h"
#include "sctp/constants.h"

#define HELD 8
#define MESSAGES 20

struct input {
  const uint8_t *at, *end;
};

struct held {
  uint8_t packet[LARGEST_PACKET_BYTES + 1];
  size_t length;
  int to;
};

static uint8_t take(struct input *input) { return input->at < input->end ? *input->at++ : 0; }

static struct association *make(uint32_t tag, bool is_server, uint8_t options) {
  struct sctp_config config = {.is_server = is_server,
                               .local_port = 5000,
                               .peer_port = 5000,
                               .local_tag = tag,
                               .initial_tsn = UINT32_MAX - 20, /* so that it wraps */
                               .seed = 9,
                               .receive_buffer_bytes = 60000,
                               .send_buffer_bytes = 1000000,
                               .largest_packet_bytes = LARGEST_PACKET_BYTES,
                               .controller = options & 4 ? SCTP_BBR : SCTP_CUBIC};
  return association_new(&config);
}

static void spoil(uint8_t *packet, size_t length, struct input *input) {
  size_t at = 12 + (((size_t)take(input) << 8) | take(input)) % (length - 12);
  packet[at] = take(input);
  uint32_t crc = crc32c_of_packet(packet, length);
  for (int i = 0; i < 4; i++) packet[8 + i] = (uint8_t)(crc >> 8 * i);
}

static unsigned drain(struct association *a) {
  struct event *event;
  unsigned messages = 0;
  while ((event = association_next_event(a))) {
    messages += event->kind == EVENT_MESSAGE;
    event_free(event);
  }
  return messages;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct held held[HELD];
  static const uint8_t bytes[3000];
  struct input input = {data, data + size};
  uint8_t options = take(&input), packet[LARGEST_PACKET_BYTES + 1];
  struct association *sides[2] = {make(11, false, options), make(12, true, options)};
  unsigned held_count = 0, got = 0;
  bool spoiled = false;
  usec now = 1000000;
  for (int i = 0; i < 2; i++) association_connect(sides[i], now);
  for (int i = 0; i < MESSAGES; i++)
    association_send(sides[0], 0, 53, bytes, 1 + (size_t)i * 149, NULL, NULL);
  for (int turn = 0; turn < 3000 && got < MESSAGES; turn++) {
    for (int from = 0; from < 2; from++) {
      size_t length;
      association_begin_burst(sides[from], now);
      while ((length = association_write(sides[from], packet, sizeof packet, now))) {
        uint8_t fate = take(&input) % 8; /* an input that ended does no harm any more */
        if (fate == 1) continue;
        if (fate == 2 && held_count < HELD) {
          memcpy(held[held_count].packet, packet, length);
          held[held_count].length = length;
          held[held_count++].to = 1 - from;
          continue;
        }
        if (fate == 3) association_receive(sides[1 - from], packet, length, now);
        if (fate == 4 && options & 1) {
          spoil(packet, length, &input);
          spoiled = true;
        }
        association_receive(sides[1 - from], packet, length, now);
        if (fate == 5 && held_count) {
          struct held *late = &held[--held_count];
          association_receive(sides[late->to], late->packet, late->length, now);
        }
      }
      if (from == 0) got += drain(sides[1]);
      drain(sides[0]);
    }
    usec next = min_usec(association_next_timeout(sides[0]), association_next_timeout(sides[1]));
    now = max_usec(now + 1000, next == NEVER ? now : min_usec(next, now + 10 * SECOND));
    for (int i = 0; i < 2; i++) association_handle_timeout(sides[i], now);
  }
  struct sctp_stats stats;
  association_stats(sides[0], &stats);
  if (!spoiled && got != MESSAGES && strcmp(stats.state, "closed")) abort();
  association_free(sides[0]);
  association_free(sides[1]);
  return 0;
}
