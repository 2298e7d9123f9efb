/* DATA and FORWARD-TSN from the peer, and the SACKs in reply (RFC 9260 §6.2, RFC 3758 §3.6). */
#include "sctp/receiving/receiving.h"

#include "bytes/bounds.h"
#include "bytes/order.h"
#include "sctp/channels/channels.h"
#include "sctp/life/closing.h"
#include "sctp/life/phases.h"
#include "sctp/messages/streams.h"
#include "sctp/packet/chunk.h"
#include "sctp/packet/control.h"
#include "sctp/packet/serial.h"
#include "sctp/receiving/company.h"
#include "sctp/receiving/growth.h"
#include "sctp/receiving/reassembly.h"
#include "sctp/receiving/received.h"
#include "sctp/receiving/repeating.h"
#include "sctp/timers.h"

/* When the user reads, the window grows. A SACK that only reports this is sent if less than one step
 * was advertised, and the window is larger by a step now. */
#define WINDOW_STEPS 4 /* of the buffer (RFC 1122 §4.2.3.3: avoid silly windows) */
/* A peer that follows Reno sends a chunk again when three SACKs have reported it missing
 * (RFC 9260 §7.2.4). One of ours may be lost, so that many and one more are not delayed. */
#define GAP_SACKS 4

uint32_t receive_window(const struct association *a) {
  uint64_t used = a->reassembly.buffered_bytes, buffer = a->config.receive_buffer_bytes;
  /* What a peer repeats has to come in though all is full of what waits for it. The session bounds how
   * much that is. */
  if (a->repeating) buffer *= 2;
  if (used >= buffer || a->events.count >= EVENTS_MAX) return 0;
  if (buffer - used < FRAGMENT_BYTES) return 0;
  if (a->repeating) buffer = min_u64(buffer, used + (uint64_t)a->repeating->allowance.window);
  return (uint32_t)(buffer - used);
}

/* Whether there is no place for it now. What closes a gap is always let in, up to twice the
 * buffer, and three times if it is the lowest: without it nothing of what is buffered could ever
 * leave. */
static bool must_drop(const struct association *a, const struct data_chunk *data) {
  uint64_t used = a->reassembly.buffered_bytes, buffer = a->config.receive_buffer_bytes;
  uint32_t above = data->tsn - a->received.cumulative;
  if (above > TSN_SPAN) return true;
  if (receive_window(a)) return false;
  if (above == 1 && a->received.count) return used >= 3 * buffer;
  bool closes_gap = tsn_lt(data->tsn, received_highest(&a->received));
  return !closes_gap || used >= 2 * buffer;
}

/* One message alone fills the whole window, so the window can never open again. */
static bool is_stuck(const struct association *a) {
  return !receive_window(a) && !a->events.count && !a->received.count && a->reassembly.stored &&
         a->reassembly.stored == a->received.cumulative + 1 - a->reassembly.base;
}

static void sack_now(struct association *a) { a->sack_due = true; }

static void store(struct association *a, const struct data_chunk *data) {
  struct event_queue fresh = {0};
  struct stream *stream = streams_get(&a->streams, data->stream);
  if (!stream) {
    abort_association(a, CAUSE_OUT_OF_RESOURCE, "too-many-streams", "too many streams are in use");
    return;
  }
  uint32_t gaps = a->received.count;
  bool has_room;
  if (!repeating_expects(a, data, &has_room)) {
    received_add(&a->received, data->tsn);
    return;
  }
  if (!has_room) { /* what is missing would wait behind these, and could never come */
    abort_association(a, CAUSE_OUT_OF_RESOURCE, "not-repeated",
                      "too many messages wait for one that the peer has not repeated");
    return;
  }
  bool was_full = !received_add(&a->received, data->tsn);
  if (was_full) {
    a->stats.dropped_in++;
    return;
  }
  if (a->received.count > gaps && !a->repeating) a->hasty_sacks = GAP_SACKS;
  uint32_t cumulative = a->received.cumulative;
  enum arrival arrival = reassembly_add(&a->reassembly, stream, data, cumulative, &fresh);
  a->stats.payload_in += data->length;
  growth_arrived(&a->growth, data->length, a->now);
  reassembly_advance(&a->reassembly, cumulative);
  deliver_messages(a, &fresh);
  repeating_stored(a, data);
  repeating_read(a);
  if (arrival == ARRIVAL_VIOLATION)
    abort_association(a, CAUSE_PROTOCOL_VIOLATION, "bad-fragments",
                      "fragments do not belong together, or a message is too large");
  else if (arrival == ARRIVAL_NO_MEMORY)
    abort_association(a, CAUSE_OUT_OF_RESOURCE, "no-memory", "out of memory");
}

void handle_data(struct association *a, const struct item *chunk) {
  struct data_chunk data;
  if (!may_receive_data(a)) return;
  if (!data_read(chunk, &data)) {
    a->stats.malformed++;
    return;
  }
  if (data.length == 0) { /* RFC 9260 §3.3.10.9 */
    uint8_t tsn[4];
    put32(tsn, data.tsn);
    add_error(a, CAUSE_NO_USER_DATA, tsn, sizeof tsn);
    abort_association(a, CAUSE_NO_USER_DATA, "no-user-data", "a DATA chunk without data");
    return;
  }
  if (received_has(&a->received, data.tsn)) {
    a->stats.duplicates_in++;
    received_duplicate(&a->received, data.tsn);
    sack_now(a);
    return;
  }
  if (must_drop(a, &data)) {
    a->stats.dropped_in++;
    sack_now(a);
    if (is_stuck(a))
      abort_association(a, CAUSE_PROTOCOL_VIOLATION, "message-too-large",
                        "a message does not fit the receive buffer");
    return;
  }
  if (data.flags & DATA_IMMEDIATE) {
    company_asked(&a->company, a->now);
    if (!a->company.is_usual) sack_now(a);
  }
  store(a, &data);
}

/* A window that is far from what the path holds grows by a packet with each SACK. */
static uint8_t packets_for_sack(const struct association *a) {
  return a->repeating && a->repeating->allowance.is_starting ? 1 : SACK_EVERY_PACKETS;
}

/* Once for each packet that held DATA (RFC 9260 §6.2). */
void packet_had_data(struct association *a) {
  if (!may_receive_data(a)) return;
  repeating_arrived(a, a->stats.payload_in - a->payload_before);
  a->payload_before = a->stats.payload_in;
  a->packets_unacked++;
  if (a->packets_unacked >= packets_for_sack(a) || (a->received.count && !a->repeating) ||
      a->state == STATE_SHUTDOWN_SENT)
    sack_now(a);
  else if (!a->sack_due && !is_armed(a, TIMER_SACK))
    arm(a, TIMER_SACK, a->now + (a->company.asked_at == a->now ? COMPANY_DELAY : SACK_DELAY));
  if (a->state == STATE_SHUTDOWN_SENT) a->shutdown_due = true; /* RFC 9260 §9.2 */
}

void sack_waited(struct association *a) {
  disarm(a, TIMER_SACK);
  company_missed(&a->company, a->now);
  sack_now(a);
}

void handle_forward_tsn(struct association *a, const struct item *chunk) {
  struct event_queue fresh = {0};
  if (!may_receive_data(a)) return;
  if (chunk->length < 4 || chunk->length % 4) {
    a->stats.malformed++;
    return;
  }
  uint32_t cumulative = get32(chunk->value);
  sack_now(a);
  if (tsn_le(cumulative, a->received.cumulative)) return;
  if (cumulative - a->received.cumulative > TSN_SPAN) { /* it never had that many outstanding */
    a->stats.malformed++;
    return;
  }
  if (a->repeating) { /* what it knows of messages counts on all of them */
    abort_association(a, CAUSE_PROTOCOL_VIOLATION, "bad-skip",
                      "a peer that repeats its messages skips one");
    return;
  }
  reassembly_drop(&a->reassembly, cumulative);
  received_forward(&a->received, cumulative);
  for (size_t at = 4; at < chunk->length; at += 4) {
    struct stream *stream = streams_find(&a->streams, get16(chunk->value + at));
    if (!stream) stream = streams_get(&a->streams, get16(chunk->value + at));
    if (stream) reassembly_skip(&a->reassembly, stream, get16(chunk->value + at + 2), &fresh);
  }
  reassembly_advance(&a->reassembly, a->received.cumulative);
  deliver_messages(a, &fresh);
}

/* The user has read an event. The peer learns of the larger window when it is worth a packet. */
void window_may_have_opened(struct association *a) {
  if (!may_receive_data(a)) return;
  uint32_t window = receive_window(a), step = a->config.receive_buffer_bytes / WINDOW_STEPS;
  if (a->advertised_bytes < step && window >= a->advertised_bytes + step) sack_now(a);
}

/* The peer counts our SACKs, so each one that is due must be sent by itself. */
bool sack_is_hasty(const struct association *a) {
  return a->sack_due && may_receive_data(a) && (a->hasty_sacks || growth_lasts(&a->growth, a->now));
}

bool write_sack(struct association *a, struct writer *writer) {
  uint32_t window = receive_window(a);
  /* What is missing below the highest TSN is asked for by the message. */
  struct received all = {.cumulative = received_highest(&a->received)};
  if (!received_write_sack(a->repeating ? &all : &a->received, writer, window)) return false;
  if (a->repeating) a->received.duplicate_count = 0;
  a->advertised_bytes = window;
  a->sack_due = false;
  a->packets_unacked = 0;
  if (a->hasty_sacks) a->hasty_sacks--;
  disarm(a, TIMER_SACK);
  return true;
}
