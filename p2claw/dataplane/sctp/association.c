/* The association's outside: packets in and out, the timers, and what it counts. */
#include "association.h"

#include <stdlib.h>

#include "crc32c.h"
#include "state.h"

/* The path MTU is searched for once there is more to send than a first flight. */
#define MTU_SEARCH_BYTES ((uint64_t)INITIAL_WINDOW_PACKETS * BASE_PACKET_BYTES)

struct association *association_new(const struct sctp_config *config) {
  struct association *a = calloc(1, sizeof *a);
  if (!a) return NULL;
  a->config = *config;
  for (int timer = 0; timer < TIMER_COUNT; timer++) disarm(a, (enum timer)timer);
  rtt_start(&a->rtt);
  rack_start(&a->rack);
  a->outstanding.base = config->initial_tsn;
  a->peer_ack_point = config->initial_tsn - 1;
  a->reconfig.next_request = config->initial_tsn; /* RFC 6525 §4.1 */
  a->window_told_bytes = config->receive_buffer_bytes;
  pmtu_start(&a->pmtu, config->largest_packet_bytes);
  controller_start(&a->controller, config->controller == SCTP_BBR ? &BBR : &CUBIC, 0, config->seed);
  set_packet_bytes(a);
  a->controller.window_bytes = (uint64_t)INITIAL_WINDOW_PACKETS * a->controller.packet_bytes;
  return a;
}

void association_free(struct association *a) {
  if (!a) return;
  close_association(a, "freed", "", 0, false);
  event_queue_free(&a->events);
  free(a->abort_text);
  free(a);
}

/* RFC 9260 §8.5, §8.5.1. */
static bool tag_is_right(const struct association *a, const struct item *first, uint32_t tag) {
  switch (first->type) {
    case CHUNK_INIT:
      return tag == 0;
    case CHUNK_ABORT:
    case CHUNK_SHUTDOWN_COMPLETE:
      if (first->flags & FLAG_T) return a->peer_tag && tag == a->peer_tag;
      return tag == a->config.local_tag;
    case CHUNK_COOKIE_ECHO:
      return true; /* the cookie itself holds the tag */
    default:
      return tag == a->config.local_tag;
  }
}

/* RFC 9260 §3.2: the two highest bits say what to do with a type that is not known. */
static bool go_on_after_unknown(struct association *a, const struct item *chunk) {
  a->stats.ignored++;
  if (chunk->type & 0x40)
    add_error(a, CAUSE_UNRECOGNIZED_CHUNK, chunk->start, chunk->length + CHUNK_HEADER_BYTES);
  return (chunk->type & 0x80) != 0;
}

static void handle_error(struct association *a, const struct item *chunk, usec now) {
  struct cursor cursor = {chunk->value, chunk->value + chunk->length};
  struct item cause;
  while (next_parameter(&cursor, &cause) > 0)
    if (cause.type == CAUSE_STALE_COOKIE) handle_stale_cookie(a, now);
}

/* False: the rest of the packet is not looked at. */
static bool handle_chunk(struct association *a, const struct item *chunk, uint32_t tag, usec now) {
  switch (chunk->type) {
    case CHUNK_DATA: handle_data(a, chunk, now); break;
    case CHUNK_INIT: handle_init(a, chunk, now); return false; /* it is alone */
    case CHUNK_INIT_ACK: handle_init_ack(a, chunk, now); return false;
    case CHUNK_SACK: handle_sack(a, chunk, now); break;
    case CHUNK_HEARTBEAT: handle_heartbeat(a, chunk); break;
    case CHUNK_HEARTBEAT_ACK: handle_heartbeat_ack(a, chunk, now); break;
    case CHUNK_ABORT: handle_abort(a, chunk); break;
    case CHUNK_SHUTDOWN: handle_shutdown(a, chunk, now); break;
    case CHUNK_SHUTDOWN_ACK: handle_shutdown_ack(a, now); break;
    case CHUNK_ERROR: handle_error(a, chunk, now); break;
    case CHUNK_COOKIE_ECHO: handle_cookie_echo(a, chunk, tag, now); break;
    case CHUNK_COOKIE_ACK: handle_cookie_ack(a, now); break;
    case CHUNK_SHUTDOWN_COMPLETE: handle_shutdown_complete(a); break;
    case CHUNK_RECONFIG: handle_reconfig(a, chunk, now); break;
    case CHUNK_PAD: break;
    case CHUNK_FORWARD_TSN: handle_forward_tsn(a, chunk); break;
    default: return go_on_after_unknown(a, chunk);
  }
  return a->state != STATE_CLOSED;
}

static bool checksum_is_right(const struct association *a, const struct packet_header *header,
                              const uint8_t *packet, size_t length) {
  /* RFC 9653 §5.3: who offered it takes it, from the INIT-ACK on. */
  if (header->checksum == 0 && a->config.zero_checksum && a->state != STATE_NEW) return true;
  return crc32c_of_packet(packet, length) == header->checksum;
}

void association_receive(struct association *a, const uint8_t *packet, size_t length, usec now) {
  struct packet_header header;
  struct item chunk;
  int more;
  bool had_data = false;
  a->now = now;
  a->stats.packets_in++;
  a->stats.bytes_in += length;
  if (!packet_header_read(packet, length, &header) ||
      header.source_port != a->config.peer_port || header.target_port != a->config.local_port) {
    a->stats.malformed++;
    return;
  }
  if (!checksum_is_right(a, &header, packet, length)) {
    a->stats.bad_checksum++;
    return;
  }
  if (a->state == STATE_CLOSED) {
    a->stats.ignored++;
    return;
  }
  struct cursor cursor = {packet + COMMON_HEADER_BYTES, packet + length};
  bool is_first = true;
  while ((more = next_chunk(&cursor, &chunk)) > 0) {
    if (is_first && !tag_is_right(a, &chunk, header.tag)) {
      a->stats.bad_tag++;
      return;
    }
    /* After a COOKIE-ECHO with a restarted peer's tag nothing of ours may follow. */
    if (!is_first && (chunk.type == CHUNK_INIT || header.tag != a->config.local_tag)) break;
    is_first = false;
    had_data |= chunk.type == CHUNK_DATA;
    if (!handle_chunk(a, &chunk, header.tag, now)) break;
  }
  if (more < 0) a->stats.malformed++;
  if (had_data) packet_had_data(a, now);
}

void association_begin_burst(struct association *a, usec now) {
  a->now = now;
  a->burst_left = BURST_PACKETS;
}

static void start(struct association *a, struct writer *writer, uint8_t *packet, size_t capacity,
                  uint32_t tag) {
  writer_start(writer, packet, capacity, a->config.local_port, a->config.peer_port, tag);
}

/* Packets of the beginning and the end, to whatever tag. */
static bool write_alone(struct association *a, struct writer *writer, uint8_t *packet,
                        size_t capacity) {
  if (a->abort_due) {
    start(a, writer, packet, capacity, a->peer_tag);
    return write_abort(a, writer);
  }
  if (a->shutdown_complete_due) {
    start(a, writer, packet, capacity, a->complete_tag);
    return write_shutdown(a, writer);
  }
  if (a->state == STATE_CLOSED) return false;
  if (a->init_ack_due) {
    start(a, writer, packet, capacity, a->init_ack.peer_tag);
    return write_init_ack(a, writer);
  }
  if (a->init_due) {
    start(a, writer, packet, capacity, 0);
    return write_init(a, writer);
  }
  if (a->control_first && a->state < STATE_ESTABLISHED && a->peer_tag) { /* an ERROR */
    start(a, writer, packet, capacity, a->peer_tag);
    return write_control(a, writer);
  }
  if (!a->cookie_echo_due) return false;
  start(a, writer, packet, capacity, a->peer_tag);
  return write_cookie_echo(a, writer);
}

/* Chunks that stand before DATA (RFC 9260 §6.10). What does not fit goes with the next packet. */
static void write_before_data(struct association *a, struct writer *writer, usec now) {
  if (!write_control(a, writer)) return;
  bool may_piggyback = a->packets_unacked && has_data_to_send(a);
  if (may_receive_data(a) && (a->sack_due || may_piggyback)) write_sack(a, writer);
  if (a->shutdown_due || a->shutdown_ack_due) write_shutdown(a, writer);
  if (a->reconfig.is_due) write_reconfig(a, writer);
  if (a->forward_tsn_due) write_forward_tsn(a, writer);
  if (a->heartbeat_due) write_heartbeat(a, writer, now);
}

static size_t present_packet_bytes(const struct association *a) {
  /* After a timeout the path may have shrunk: what is sent now must pass. */
  return a->rtt.backoff ? BASE_PACKET_BYTES : a->pmtu.packet_bytes;
}

static bool write_bundle(struct association *a, struct writer *writer, uint8_t *packet,
                         size_t capacity, usec now) {
  start(a, writer, packet, min_u64(capacity, present_packet_bytes(a)), a->peer_tag);
  write_before_data(a, writer, now);
  if (may_send_data(a)) write_data(a, writer);
  if (a->forward_tsn_due && writer_is_empty(writer)) write_forward_tsn(a, writer);
  if (!writer_is_empty(writer)) return true;
  if (!a->probe_due) return false;
  start(a, writer, packet, min_u64(capacity, a->pmtu.probing_bytes), a->peer_tag);
  return write_probe(a, writer, now);
}

/* The burst is over but not what there is to send: when the next may begin. */
static void arm_next_burst(struct association *a, usec now) {
  double rate = a->controller.pacing_bytes_per_s;
  if (a->state == STATE_CLOSED) return;
  if (rate <= 0) rate = 1e6; /* not measured yet: 16 packets in 20 ms */
  double bytes = (double)BURST_PACKETS * a->controller.packet_bytes;
  usec paced = pacer_deadline(&a->pacer, rate, a->controller.packet_bytes, now);
  usec slowest = now + 1 + (usec)(bytes / rate * (double)SECOND);
  arm(a, TIMER_PACE, min_usec(paced, slowest));
}

size_t association_write(struct association *a, uint8_t *packet, size_t capacity, usec now) {
  struct writer writer;
  a->now = now;
  if (!a->burst_left) return 0;
  if (capacity < BASE_PACKET_BYTES) return 0;
  bool written = write_alone(a, &writer, packet, min_u64(capacity, BASE_PACKET_BYTES));
  if (!written && a->state >= STATE_ESTABLISHED && a->state != STATE_CLOSED)
    written = write_bundle(a, &writer, packet, capacity, now);
  if (!written) return 0;
  size_t length = writer_finish(&writer, a->peer_zero_checksum && a->state >= STATE_ESTABLISHED);
  a->stats.packets_out++;
  a->stats.bytes_out += length;
  a->last_sent_at = now;
  if (!a->pmtu.has_searched && a->stats.payload_out > MTU_SEARCH_BYTES && !is_armed(a, TIMER_MTU))
    arm(a, TIMER_MTU, now);
  if (--a->burst_left == 0) arm_next_burst(a, now);
  return length;
}

bool association_wants_to_send_now(const struct association *a) { return sack_is_hasty(a); }

size_t association_packet_bytes(const struct association *a) {
  size_t bytes = a->pmtu.packet_bytes;
  return a->probe_due && a->pmtu.probing_bytes > bytes ? a->pmtu.probing_bytes : bytes;
}

usec association_next_timeout(const struct association *a) {
  usec next = NEVER;
  for (int timer = 0; timer < TIMER_COUNT; timer++) next = min_usec(next, a->deadlines[timer]);
  return next;
}

static void expire(struct association *a, enum timer timer, usec now) {
  switch (timer) {
    case TIMER_INIT: init_timed_out(a, now); break;
    case TIMER_SHUTDOWN: shutdown_timed_out(a, now); break;
    case TIMER_RTO: rto_expired(a, now); break;
    case TIMER_TAIL: tail_expired(a, now); break;
    case TIMER_REORDER: reorder_expired(a, now); break;
    case TIMER_HEARTBEAT: heartbeat_expired(a, now); break;
    case TIMER_RECONFIG: reconfig_timed_out(a, now); break;
    case TIMER_MTU: mtu_expired(a, now); break;
    case TIMER_SACK:
      a->sack_due = true;
      disarm(a, TIMER_SACK);
      break;
    default: disarm(a, timer); break; /* TIMER_PACE: the caller asks for packets next */
  }
}

void association_handle_timeout(struct association *a, usec now) {
  a->now = now;
  for (int timer = 0; timer < TIMER_COUNT; timer++)
    if (a->deadlines[timer] <= now) expire(a, (enum timer)timer, now);
}

void association_path_works(struct association *a, usec now) {
  a->now = now;
  /* Without a timeout so far, losses are found anyway. The doubling stays until something is
   * acknowledged: a peer that answers STUN alone is not to be given up sooner for it. */
  if (a->rtt.backoff && is_armed(a, TIMER_RTO)) arm(a, TIMER_RTO, now);
}

struct event *association_next_event(struct association *a) {
  struct event *event = event_queue_take(&a->events);
  if (event && event->cost_bytes && a->state != STATE_CLOSED) {
    a->reassembly.buffered_bytes -= event->cost_bytes;
    window_may_have_opened(a);
  }
  return event;
}

uint64_t association_buffered(struct association *a) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < a->streams.count; i++) bytes += a->streams.sorted[i]->queued_bytes;
  return bytes;
}

uint64_t association_stream_buffered(struct association *a, uint16_t number) {
  struct stream *stream = streams_find(&a->streams, number);
  return stream ? stream->queued_bytes : 0;
}

uint64_t association_waiting(const struct association *a) { return a->queue.waiting_bytes; }

uint64_t association_in_flight(const struct association *a) {
  return a->outstanding.in_flight_bytes;
}

bool association_is_established(const struct association *a) {
  return a->state == STATE_ESTABLISHED;
}

void association_stats(const struct association *a, struct sctp_stats *stats) {
  static const char *const NAMES[] = {
      [STATE_NEW] = "new",
      [STATE_COOKIE_WAIT] = "cookie-wait",
      [STATE_COOKIE_ECHOED] = "cookie-echoed",
      [STATE_ESTABLISHED] = "established",
      [STATE_SHUTDOWN_PENDING] = "shutdown-pending",
      [STATE_SHUTDOWN_SENT] = "shutdown-sent",
      [STATE_SHUTDOWN_RECEIVED] = "shutdown-received",
      [STATE_SHUTDOWN_ACK_SENT] = "shutdown-ack-sent",
      [STATE_CLOSED] = "closed",
  };
  *stats = a->stats;
  stats->state = NAMES[a->state];
  stats->controller = a->controller.kind->name;
  stats->window_bytes = a->controller.window_bytes;
  stats->pacing_bytes_per_s = a->controller.pacing_bytes_per_s;
  stats->in_flight_bytes = a->outstanding.in_flight_bytes;
  stats->waiting_bytes = a->queue.waiting_bytes;
  stats->buffered_in_bytes = a->reassembly.buffered_bytes;
  stats->peer_window_bytes = a->peer_window_bytes;
  stats->rtt = a->rtt.smoothed;
  stats->rtt_variance = a->rtt.variance;
  stats->rtt_least = a->rtt.least == NEVER ? 0 : a->rtt.least;
  stats->rto = rtt_timeout(&a->rtt);
  stats->packet_bytes = a->pmtu.packet_bytes;
  stats->streams = a->streams.count;
  stats->zero_checksum = a->peer_zero_checksum;
}
