/* All that a user of the association calls, and its timers. Here, and nowhere else, time comes in. */
#include "sctp/association.h"

#include <stdlib.h>
#include <string.h>

#include "sctp/channels/channels.h"
#include "sctp/channels/reconfig.h"
#include "sctp/congestion/controller.h"
#include "sctp/congestion/pacer.h"
#include "sctp/congestion/rtt.h"
#include "sctp/life/closing.h"
#include "sctp/life/handshake.h"
#include "sctp/life/heartbeat.h"
#include "sctp/life/shutdown.h"
#include "sctp/messages/events.h"
#include "sctp/messages/streams.h"
#include "sctp/packet_in.h"
#include "sctp/packet_out.h"
#include "sctp/receiving/receiving.h"
#include "sctp/receiving/repeating.h"
#include "sctp/sending/loss.h"
#include "sctp/sending/pmtu.h"
#include "sctp/sending/probes.h"
#include "sctp/sending/rack.h"
#include "sctp/timers.h"
#include "usec.h"

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
  a->advertised_bytes = config->receive_buffer_bytes;
  a->reassembly.sets_aside = config->admits_repeating;
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
  repeating_free(a);
  free(a->abort_text);
  free(a);
}

/* Once for each packet or request: what it made possible (a reset with its response, an orderly end). */
static void progress(struct association *a) {
  reconfig_progress(a);
  shutdown_progress(a);
}

void association_connect(struct association *a, usec now) {
  a->now = now;
  handshake_begin(a);
}

void association_receive(struct association *a, const uint8_t *packet, size_t length, usec now) {
  a->now = now;
  read_packet(a, packet, length);
  progress(a);
}

void association_begin_burst(struct association *a, usec now) {
  a->now = now;
  a->burst_packets =
      pacer_burst(a->pacer.share, a->controller.pacing_bytes_per_s, a->controller.packet_bytes);
  a->burst_left = a->burst_packets;
}

void association_set_least_lump(struct association *a, usec lump) { a->pacer.least_lump = lump; }

void association_set_share(struct association *a, uint32_t packets) { a->pacer.share = packets; }

size_t association_write(struct association *a, uint8_t *packet, size_t capacity, usec now) {
  a->now = now;
  return put_packet(a, packet, capacity);
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

static void expire(struct association *a, enum timer timer) {
  switch (timer) {
    case TIMER_INIT: init_timed_out(a); break;
    case TIMER_SHUTDOWN: shutdown_timed_out(a); break;
    case TIMER_RTO: rto_expired(a); break;
    case TIMER_TAIL: tail_expired(a); break;
    case TIMER_REORDER: reorder_expired(a); break;
    case TIMER_HEARTBEAT: heartbeat_expired(a); break;
    case TIMER_RECONFIG: reconfig_timed_out(a); break;
    case TIMER_MTU: mtu_expired(a); break;
    case TIMER_SACK: sack_waited(a); break;
    case TIMER_REPEAT: repeating_expired(a); break;
    default: disarm(a, timer); break; /* TIMER_PACE: the caller asks for packets next */
  }
}

void association_handle_timeout(struct association *a, usec now) {
  a->now = now;
  for (int timer = 0; timer < TIMER_COUNT; timer++)
    if (a->deadlines[timer] <= now) expire(a, (enum timer)timer);
}

void association_path_works(struct association *a, usec now) {
  a->now = a->path_worked_at = now;
  /* Without a timeout so far, losses are found anyway. The doubling stays until something is
   * acknowledged: a peer that responds to STUN alone is not to be given up sooner for it. */
  if (a->rtt.backoff && is_armed(a, TIMER_RTO)) arm(a, TIMER_RTO, now);
}

void association_path_changed(struct association *a, usec now) {
  association_path_works(a, now);
  repeating_path_changed(a);
  search_again(a);
}

bool association_waits_for_path(const struct association *a) { return a->rtt.backoff != 0; }

struct event *association_next_event(struct association *a) {
  struct event *event = event_queue_pop(&a->events);
  if (event && event->cost_bytes && a->state != STATE_CLOSED) {
    a->reassembly.buffered_bytes -= event->cost_bytes;
    window_may_have_opened(a);
  }
  return event;
}

enum sctp_result association_send(struct association *a, uint16_t stream, uint32_t ppid,
                                  const void *data, size_t length, void *owner,
                                  release_fn release) {
  return channel_send(a, stream, ppid, data, length, owner, release);
}

enum sctp_result association_open(struct association *a, int32_t *stream, bool announce,
                                  const struct channel_terms *terms, const uint8_t *label,
                                  const uint8_t *protocol) {
  return channel_open(a, stream, announce, terms, label, protocol);
}

enum sctp_result association_reset(struct association *a, uint16_t stream) {
  enum sctp_result result = channel_reset(a, stream);
  progress(a);
  return result;
}

enum sctp_result association_shutdown(struct association *a, usec now) {
  a->now = now;
  if (a->state != STATE_ESTABLISHED) return SCTP_WRONG_STATE;
  a->state = STATE_SHUTDOWN_PENDING;
  progress(a);
  return SCTP_OK;
}

void association_abort(struct association *a, const uint8_t *reason, size_t length) {
  char text[256];
  if (length > sizeof text - 1) length = sizeof text - 1;
  if (length) memcpy(text, reason, length);
  text[length] = 0;
  abort_association(a, CAUSE_USER_ABORT, "aborted", text);
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

double association_pacing(const struct association *a) { return a->controller.pacing_bytes_per_s; }

usec association_least_rtt(const struct association *a) { return a->rtt.least; }

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
