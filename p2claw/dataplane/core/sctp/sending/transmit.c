/* Which DATA goes into the next packet: what was lost first, then what is new, as far as window,
 * pacing and the peer's buffer allow (RFC 9260 §6.1, §6.10). */
#include "sctp/sending/transmit.h"

#include <string.h>

#include "bytes/bounds.h"
#include "bytes/order.h"
#include "sctp/congestion/pacer.h"
#include "sctp/congestion/rate.h"
#include "sctp/life/phases.h"
#include "sctp/packet/writer.h"
#include "sctp/sending/loss.h"
#include "sctp/sending/outstanding.h"
#include "sctp/sending/partial.h"
#include "sctp/sending/sendqueue.h"
#include "sctp/sending/spurious.h"
#include "sctp/timers.h"

#define AHEAD_BYTES LARGEST_PACKET_BYTES
#define LINE_BYTES 64 /* of the processor's cache */

bool has_data_to_send(const struct association *a) {
  return may_send_data(a) && (a->outstanding.lost.count || a->queue.first || a->tail_probe_due);
}

/* Bytes that the peer has room for, beyond what is under way to it. */
static uint64_t peer_room(const struct association *a) {
  uint64_t under_way = a->outstanding.in_flight_bytes;
  return a->peer_window_bytes > under_way ? a->peer_window_bytes - under_way : 0;
}

/* The next packet's bytes have long left the caches: they come while this one is encrypted. */
static void fetch_ahead(const struct message *message, uint32_t offset) {
#ifdef __GNUC__
  uint32_t end = (uint32_t)min_u64(message->length, (uint64_t)offset + AHEAD_BYTES);
  for (; offset < end; offset += LINE_BYTES) __builtin_prefetch(message->data + offset);
#else
  (void)message, (void)offset;
#endif
}

static void put_data(struct association *a, uint8_t *at, const struct sent *sent, bool is_last) {
  const struct message *message = sent->message;
  at[-3] = (uint8_t)(sent->flags | (is_last ? DATA_IMMEDIATE : 0)); /* the chunk's flags */
  put32(at, sent->tsn);
  put16(at + 4, message->stream);
  put16(at + 6, message->unordered ? 0 : message->ssn);
  put32(at + 8, message->ppid);
  memcpy(at + 12, message->data + sent->offset, sent->length);
  fetch_ahead(message, sent->offset + sent->length);
  pacer_spent(&a->pacer, a->controller.pacing_bytes_per_s, sent->length);
  a->stats.chunks_out++;
}

static void mark_sent(struct association *a, struct sent *sent) {
  uint64_t in_flight = a->outstanding.in_flight_bytes;
  if (!in_flight && !a->outstanding.lost.count)
    a->controller.kind->restarted(&a->controller, a->now);
  rate_sent(&a->rate, sent, in_flight, a->now);
  if (sent->transmissions < UINT16_MAX) sent->transmissions++;
  sent->sent_at = a->now;
  sent->doubtful = false;
  outstanding_move(&a->outstanding, sent, outstanding_sent_state(sent));
}

/* Puts a chunk that has a TSN into the packet. False if it does not fit. */
static bool write_sent(struct association *a, struct writer *writer, struct sent *sent,
                       bool is_last) {
  uint8_t *at = writer_chunk(writer, CHUNK_DATA, 0, 12 + (size_t)sent->length);
  if (!at) return false;
  if (sent->transmissions) a->stats.retransmits++;
  mark_sent(a, sent);
  sent->in_large_packet = writer->length > BASE_PACKET_BYTES;
  put_data(a, at, sent, is_last);
  return true;
}

static bool write_lost(struct association *a, struct writer *writer) {
  struct outstanding *o = &a->outstanding;
  struct sent *sent = outstanding_at(o, o->lost.head);
  if (is_given_up(a, sent)) {
    abandon(a, sent);
    advance_peer_ack_point(a);
    return true;
  }
  if (outstanding_in_flight(o) && peer_room(a) < sent->length)
    return false; /* one probes the window */
  bool is_last = a->rtt.backoff || (o->lost.count == 1 && !a->queue.first);
  if (!write_sent(a, writer, sent, is_last)) return false;
  suspicion_repeated(a, sent);
  return true;
}

static bool write_new(struct association *a, struct writer *writer) {
  size_t space = writer_space(writer);
  struct message *message = send_queue_peek(&a->queue, a->now);
  if (!message || space < DATA_HEADER_BYTES + 4) return false;
  uint32_t room = (uint32_t)min_u64(space - DATA_HEADER_BYTES, FRAGMENT_BYTES);
  uint32_t length = (uint32_t)min_u64(message->length - message->cut, room);
  /* A fragment that only fills a packet up must be worth its header. */
  if (length < message->length - message->cut && length < SMALLEST_FRAGMENT_BYTES) return false;
  if (peer_room(a) < length &&
      (outstanding_in_flight(&a->outstanding) || a->outstanding.lost.count))
    return false;
  struct sent *sent = outstanding_add(&a->outstanding);
  if (!sent) return false;
  struct fragment fragment = send_queue_cut(&a->queue, length);
  sent->message = fragment.message;
  sent->offset = fragment.offset;
  sent->length = (uint16_t)fragment.length;
  sent->flags = fragment.flags;
  a->stats.payload_out += fragment.length;
  return write_sent(a, writer, sent, !a->queue.first);
}

static bool write_repeat(struct association *a, struct writer *writer, struct sent *sent) {
  struct sent before = *sent;
  if (!write_sent(a, writer, sent, true)) return false;
  tail_repeat_sent(a, &before);
  return true;
}

/* RFC 8985 §7.3: something new, or else the last that is in flight; whatever the window allows. Where
 * SACKs are too full to report either, the oldest: only that makes room in them. */
static bool write_tail_probe(struct association *a, struct writer *writer) {
  struct outstanding *o = &a->outstanding;
  a->tail_probe_due = false;
  bool written = false;
  if (a->rack.is_cut_off && o->count && outstanding_at(o, o->base)->state <= SENT_AGAIN)
    written = write_repeat(a, writer, outstanding_at(o, o->base));
  else
    written = write_new(a, writer);
  for (uint32_t tsn = outstanding_end(o); !written && tsn != o->base;) {
    struct sent *sent = outstanding_at(o, --tsn);
    if (sent->state <= SENT_AGAIN) {
      written = write_repeat(a, writer, sent);
      break;
    }
  }
  if (written) {
    a->stats.tail_probes++;
    a->tail_probe_out = true;
    a->tail_probe_end = outstanding_end(o);
  }
  return written;
}

static bool window_allows(struct association *a) {
  if (a->outstanding.in_flight_bytes < a->controller.window_bytes) return true;
  a->window_limited = true;
  return false;
}

/* The caller's lump, where so much waits and nothing is to be repeated, or else 0. */
static double wished_lump(const struct association *a, double rate) {
  double wish_s = (double)a->pacer.least_lump / (double)SECOND;
  if (wish_s <= 0 || a->outstanding.lost.count) return 0;
  double lump = pacer_lump(a->pacer.share, rate, a->controller.packet_bytes, wish_s);
  return (double)a->queue.waiting_bytes < lump ? 0 : lump;
}

double burst_lump(const struct association *a, double rate) {
  return max_double(pacer_lump(a->pacer.share, rate, a->controller.packet_bytes, PACER_LUMP),
                    wished_lump(a, rate));
}

void burst_begins_at(struct association *a, usec at) {
  a->pacer.due = at;
  arm(a, TIMER_PACE, at);
}

static bool pace_allows(struct association *a) {
  double rate = a->controller.pacing_bytes_per_s;
  uint32_t packet = a->controller.packet_bytes;
  if (rate <= 0) return true;
  double lump = burst_lump(a, rate);
  /* Where all is acknowledged before the next burst is due, a burst that waits is no silence. */
  bool is_idle = !a->pacer.due && !outstanding_in_flight(&a->outstanding);
  pacer_update(&a->pacer, rate, packet, lump, is_idle, a->now);
  /* On a slow path each SACK would let one packet go alone: there, a burst begins with credit for
   * two. On a fast one that costs 15 % of the rate where 1 % is lost (1 Gbit/s, 50 ms). */
  usec begin = pacer_deadline(&a->pacer, rate, lump, a->now);
  bool is_fast = lump > packet && wished_lump(a, rate) <= 0;
  bool begun = a->burst_left < a->burst_packets;
  if (is_fast || begun ? pacer_allows(&a->pacer, rate) : begin <= a->now) {
    a->pacer.due = 0;
    return true;
  }
  burst_begins_at(a, begin);
  return false;
}

/* The sender has nothing more to send, so a rate measured now is hardly the path's. */
static void note_app_limited(struct association *a) {
  if (a->queue.first || a->outstanding.lost.count) return;
  if (a->outstanding.in_flight_bytes >= a->controller.window_bytes) return;
  uint64_t until = a->rate.delivered + a->outstanding.in_flight_bytes;
  a->rate.app_limited = until ? until : 1;
}

/* DATA into the packet of a COOKIE-ECHO. Its timer is the COOKIE-ECHO's until the COOKIE-ACK. */
void write_early_data(struct association *a, struct writer *writer) {
  bool more = true;
  while (more && (a->outstanding.lost.count || a->queue.first))
    more = a->outstanding.lost.count ? write_lost(a, writer) : write_new(a, writer);
}

bool write_data(struct association *a, struct writer *writer) {
  bool more = true;
  size_t before = writer->length;
  if (a->tail_probe_due) {
    write_tail_probe(a, writer);
    more = false;
  } else if (!has_data_to_send(a)) {
    note_app_limited(a);
    a->pacer.due = 0;
    return false;
  } else if (!window_allows(a)) {
    a->pacer.due = 0;
    return false;
  } else if (!pace_allows(a)) {
    return false;
  }
  while (more && window_allows(a))
    more = a->outstanding.lost.count ? write_lost(a, writer) : write_new(a, writer);
  note_app_limited(a);
  if (writer->length == before) return false;
  arm_loss_timers(a, false);
  return true;
}
