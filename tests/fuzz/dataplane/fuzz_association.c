/* A whole association that is spoken to by a hostile peer: the input is a list of commands. Tags
 * and checksums are put right, so that what is behind them is reached. */
#include <stdlib.h>
#include <string.h>

#include "bytes/crc32c.h"
#include "bytes/order.h"
#include "sctp/association.h"
#include "sctp/constants.h"

enum {
  CONNECT,
  RECEIVE,
  RECEIVE_UNTAGGED,
  WAIT,
  SEND,
  OPEN,
  RESET,
  DRAIN,
  SHUTDOWN,
  ABORT,
  COMMANDS
};

#define LOCAL_TAG 1
#define PEER_TAG 2

struct input {
  const uint8_t *at, *end;
};

static uint8_t take(struct input *input) { return input->at < input->end ? *input->at++ : 0; }

static void finish(uint8_t *packet, size_t length) {
  uint32_t crc = crc32c_of_packet(packet, length);
  for (int i = 0; i < 4; i++) packet[8 + i] = (uint8_t)(crc >> 8 * i);
}

static void receive(struct association *a, struct input *input, uint32_t tag, usec now) {
  uint8_t packet[1500];
  size_t length = (size_t)take(input) * 4, left = (size_t)(input->end - input->at);
  if (length > left) length = left;
  put16(packet, 5000);
  put16(packet + 2, 5000);
  put32(packet + 4, tag);
  put32(packet + 8, 0);
  if (length) memcpy(packet + 12, input->at, length);
  input->at += length;
  finish(packet, length + 12);
  association_receive(a, packet, length + 12, now);
}

static void drain(struct association *a, usec now) {
  static uint8_t packet[LARGEST_PACKET_BYTES + 1];
  struct event *event;
  association_begin_burst(a, now);
  while (association_write(a, packet, association_packet_bytes(a), now)) {
  }
  while ((event = association_next_event(a))) {
    uint8_t *copy = malloc(event->length + 1);
    if (event->kind == EVENT_MESSAGE && event->length) event_copy(event, copy);
    free(copy);
    event_free(event);
  }
}

static struct association *make(uint32_t tag, bool is_server, uint8_t options) {
  struct sctp_config config = {.is_server = is_server,
                               .local_port = 5000,
                               .peer_port = 5000,
                               .local_tag = tag,
                               .initial_tsn = 0,
                               .seed = 7,
                               .receive_buffer_bytes = options & 1 ? 20000 : 200000,
                               .send_buffer_bytes = 100000,
                               .largest_packet_bytes = LARGEST_PACKET_BYTES,
                               .zero_checksum = options & 2,
                               .controller = options & 4 ? SCTP_BBR : SCTP_CUBIC};
  return association_new(&config);
}

/* A true handshake with a true peer, who then is replaced by the input. */
static void establish(struct association *a, uint8_t options, usec now) {
  struct association *peer = make(PEER_TAG, false, options), *sides[2] = {a, peer};
  uint8_t packet[LARGEST_PACKET_BYTES + 1];
  size_t length;
  association_connect(peer, now);
  for (int turn = 0; turn < 10; turn++) {
    struct association *from = sides[(turn + 1) % 2], *to = sides[turn % 2];
    association_begin_burst(from, now);
    while ((length = association_write(from, packet, association_packet_bytes(from), now)))
      association_receive(to, packet, length, now);
  }
  if (!association_is_established(a)) abort();
  association_free(peer);
}

static void command(struct association *a, struct input *input, usec *now) {
  static const uint8_t bytes[5000];
  switch (take(input) % COMMANDS) {
    case CONNECT: association_connect(a, *now); break;
    case RECEIVE: receive(a, input, LOCAL_TAG, *now); break;
    case RECEIVE_UNTAGGED: receive(a, input, 0, *now); break;
    case WAIT:
      *now += (usec)take(input) * take(input) * 100;
      association_handle_timeout(a, *now);
      break;
    case SEND: {
      uint16_t stream = take(input) % 4;
      size_t length = (size_t)take(input) * 19;
      association_send(a, stream, take(input), bytes, length, NULL, NULL);
      break;
    }
    case OPEN: {
      int32_t stream = -1;
      uint8_t terms = take(input);
      struct channel_terms t = {.unordered = terms & 1,
                                .retransmissions_max = terms & 2 ? 0 : UNLIMITED,
                                .lifetime_ms = terms & 4 ? 50 : UNLIMITED,
                                .label_length = 3};
      association_open(a, &stream, terms & 8, &t, (const uint8_t *)"abc", NULL);
      break;
    }
    case RESET: association_reset(a, take(input) % 4); break;
    case SHUTDOWN: association_shutdown(a, *now); break;
    case ABORT: association_abort(a, (const uint8_t *)"x", 1); break;
    default: break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct input input = {data, data + size};
  uint8_t options = take(&input);
  usec now = 1000000;
  struct association *a = make(LOCAL_TAG, true, options);
  if (options & 8) establish(a, options, now);
  for (int count = 0; input.at < input.end && count < 400; count++) {
    bool may_drain = !(options & 16) || count % 8 == 0;
    command(a, &input, &now);
    if (may_drain) drain(a, now);
    now += 100;
  }
  struct sctp_stats stats;
  association_stats(a, &stats);
  if (stats.buffered_in_bytes > 3 * 200000) abort(); /* the bound of what a peer makes us hold */
  association_free(a);
  return 0;
}
