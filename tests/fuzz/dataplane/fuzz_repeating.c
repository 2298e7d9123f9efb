/* An association whose hostile peer says that it repeats its messages by itself (docs/WIRE.md §18): the
 * input is a list of commands, which make fragments and repetitions near to those that would be right,
 * so that what is behind them is reached. */
#include <stdlib.h>
#include <string.h>

#include "bytes/crc32c.h"
#include "bytes/order.h"
#include "sctp/association.h"
#include "sctp/constants.h"

enum { NEXT, FRAGMENT, PART, NEWS, FORWARD, RESET, RESPONSE, WAIT, DRAIN, JUMP, COMMANDS };

#define LOCAL_TAG 1
#define PEER_TAG 2
#define BUFFER 60000

struct input {
  const uint8_t *at, *end;
};

struct peer {
  struct association *a;
  struct input input;
  usec now;
  uint32_t tsn, request;
  uint16_t ssn;
  uint8_t packet[2000];
  size_t length;
};

static uint8_t take(struct input *input) { return input->at < input->end ? *input->at++ : 0; }

/* A signed distance, small more often than not. */
static int32_t near_to(struct input *input) {
  int32_t value = (int8_t)take(input);
  return value == -128 ? (int16_t)(take(input) << 8 | take(input)) : value / 4;
}

static void deliver(struct peer *p) {
  if (!p->length) return;
  put16(p->packet, 5000);
  put16(p->packet + 2, 5000);
  put32(p->packet + 4, LOCAL_TAG);
  put32(p->packet + 8, 0);
  uint32_t crc = crc32c_of_packet(p->packet, p->length);
  for (int i = 0; i < 4; i++) p->packet[8 + i] = (uint8_t)(crc >> 8 * i);
  association_receive(p->a, p->packet, p->length, p->now);
  p->length = 0;
}

/* Room for a chunk; those of one packet are delivered together. */
static uint8_t *chunk(struct peer *p, uint8_t type, uint8_t flags, size_t value) {
  size_t whole = (value + 4 + 3) & ~(size_t)3;
  if (p->length + whole > sizeof p->packet) deliver(p);
  if (!p->length) p->length = COMMON_HEADER_BYTES;
  uint8_t *at = p->packet + p->length;
  memset(at, 0, whole);
  at[0] = type;
  at[1] = flags;
  put16(at + 2, (uint16_t)(value + 4));
  p->length += whole;
  return at + 4;
}

static uint8_t *data(struct peer *p, uint32_t tsn, uint16_t ssn, uint8_t flags, uint16_t stream,
                     size_t length) {
  uint8_t *at = chunk(p, 0, flags, 12 + length);
  put32(at, tsn);
  put16(at + 4, stream);
  put16(at + 6, ssn);
  put32(at + 8, 53);
  return at + 12;
}

static void repeat(struct peer *p, bool is_news) {
  uint16_t number = (uint16_t)(p->ssn + near_to(&p->input)), from = take(&p->input),
           more = take(&p->input), size = is_news ? 0 : take(&p->input);
  size_t payload = is_news ? 4 : 10 + (size_t)size;
  uint8_t *at = data(p, p->tsn++, p->ssn++, 3, 0, 8 + payload);
  put16(at, (uint16_t)payload);
  at[2] = 0x43;
  put16(at + 8, number);
  if (is_news) {
    put16(at + 10, from);
    return;
  }
  put32(at + 10, from);
  put32(at + 14, from + size + more);
}

static void drain(struct peer *p) {
  static uint8_t packet[LARGEST_PACKET_BYTES + 1];
  struct event *event;
  association_begin_burst(p->a, p->now);
  while (association_write(p->a, packet, association_packet_bytes(p->a), p->now)) {
  }
  while ((event = association_next_event(p->a))) {
    uint8_t *copy = malloc(event->length + 1);
    if (event->kind == EVENT_MESSAGE && event->length) event_copy(event, copy);
    free(copy);
    event_free(event);
  }
}

static void command(struct peer *p) {
  struct input *in = &p->input;
  uint8_t what = take(in), *at;
  switch (what % COMMANDS) {
    case NEXT: { /* the next fragment, in its turn */
      uint8_t flags = take(in) & 3;
      data(p, p->tsn++, p->ssn, flags, 0, 1 + take(in));
      if (flags & 1) p->ssn++; /* the end of its message */
      break;
    }
    case FRAGMENT: {
      uint32_t tsn = p->tsn + (uint32_t)near_to(in);
      uint16_t ssn = (uint16_t)(p->ssn + near_to(in));
      uint8_t flags = take(in);
      at = data(p, tsn, ssn, flags & 7, flags & 64 ? 1 : 0, 1 + take(in));
      if (flags & 32) at[0] = at[2] = 0x43;
      break;
    }
    case PART: repeat(p, false); break;
    case NEWS: repeat(p, true); break;
    case FORWARD:
      at = chunk(p, 192, 0, 8);
      put32(at, p->tsn += (uint32_t)near_to(in));
      put16(at + 6, p->ssn = (uint16_t)(p->ssn + near_to(in)));
      break;
    case RESET:
      at = chunk(p, 130, 0, 18);
      put16(at, 13);
      put16(at + 2, 18);
      put32(at + 4, p->request++);
      put32(at + 12, p->tsn - 1);
      break;
    case RESPONSE:
      at = chunk(p, 130, 0, 12);
      put16(at, 16);
      put16(at + 2, 12);
      put32(at + 4, take(in) % 4);
      put32(at + 8, 1);
      break;
    case WAIT:
      deliver(p);
      p->now += (usec)take(in) * take(in) * 100;
      association_handle_timeout(p->a, p->now);
      break;
    case JUMP:
      p->tsn += (uint32_t)near_to(in);
      p->ssn = (uint16_t)(p->ssn + near_to(in));
      break;
    case DRAIN:
      deliver(p);
      drain(p);
      break;
    default: break;
  }
  if (what & 0x80) deliver(p);
}

static struct association *make(uint32_t tag, bool is_server, uint32_t tsn) {
  struct sctp_config config = {.is_server = is_server,
                               .local_port = 5000,
                               .peer_port = 5000,
                               .local_tag = tag,
                               .initial_tsn = tsn,
                               .seed = 7,
                               .receive_buffer_bytes = BUFFER,
                               .send_buffer_bytes = 100000,
                               .largest_packet_bytes = LARGEST_PACKET_BYTES,
                               .zero_checksum = true,
                               .admits_repeating = is_server,
                               .controller = SCTP_BBR};
  return association_new(&config);
}

/* A true handshake with a true peer, who then is replaced by the input. */
static void establish(struct peer *p) {
  struct channel_terms terms = {.retransmissions_max = UNLIMITED, .lifetime_ms = UNLIMITED};
  struct association *peer = make(PEER_TAG, false, p->tsn), *sides[2] = {p->a, peer};
  size_t length;
  int32_t number = 0;
  association_open(p->a, &number, false, &terms, NULL, NULL);
  association_connect(peer, p->now);
  for (int turn = 0; turn < 10; turn++) {
    struct association *from = sides[(turn + 1) % 2], *to = sides[turn % 2];
    association_begin_burst(from, p->now);
    while ((length = association_write(from, p->packet, association_packet_bytes(from), p->now)))
      association_receive(to, p->packet, length, p->now);
  }
  if (!association_is_established(p->a)) abort();
  association_free(peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  struct peer p = {.input = {bytes, bytes + size}, .now = 1000000};
  uint8_t options = take(&p.input);
  p.tsn = options & 1 ? UINT32_MAX - 20 : 0; /* so that it wraps */
  p.request = p.tsn;
  p.a = make(LOCAL_TAG, true, 0);
  establish(&p);
  if (options & 2) repeat(&p, true);
  for (int count = 0; p.input.at < p.input.end && count < 600; count++) {
    command(&p);
    if (options & 4 && count % 4 == 0) drain(&p);
    p.now += 100;
  }
  deliver(&p);
  struct sctp_stats stats;
  association_stats(p.a, &stats);
  if (stats.buffered_in_bytes > 6 * BUFFER) abort(); /* the bound of what a peer makes us hold */
  association_free(p.a);
  return 0;
}
