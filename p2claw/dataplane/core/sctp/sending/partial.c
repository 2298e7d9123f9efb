/* Messages that are given up, by their number of retransmissions or their age, and the FORWARD-TSN
 * that lets the peer not wait for them (RFC 3758 §3.5, RFC 7496). */
#include "sctp/sending/partial.h"

#include <string.h>

#include "bytes/order.h"
#include "sctp/messages/streams.h"
#include "sctp/packet/serial.h"
#include "sctp/packet/writer.h"
#include "sctp/sending/outstanding.h"
#include "sctp/sending/sendqueue.h"

#define SKIPPED_STREAMS_MAX 64 /* in one FORWARD-TSN; further ones are named in the next */

bool is_given_up(const struct association *a, const struct sent *sent) {
  const struct message *message = sent->message;
  if (!a->peer_forward_tsn) return false;
  return (message->retransmissions_max != UNLIMITED &&
          sent->transmissions > message->retransmissions_max) ||
         message->expires <= a->now;
}

/* Fragments that a gap block acknowledged are abandoned too: the peer must drop them with the rest. */
static void give_up_chunk(struct association *a, struct sent *sent) {
  if (sent->state == SENT_ABANDONED) return;
  struct stream *stream = streams_find(&a->streams, sent->message->stream);
  if (stream && sent->state != SENT_ACKED && stream->queued_bytes >= sent->length)
    stream->queued_bytes -= sent->length;
  outstanding_move(&a->outstanding, sent, SENT_ABANDONED);
}

/* Fragments without a TSN are dropped. One TSN is used in their place: the peer may hold all fragments
 * that were sent, and by skipping this TSN it learns that no more will come. */
static bool drop_rest(struct association *a, struct message *message) {
  if (message->cut == message->length) return true;
  struct sent *mark = outstanding_add(&a->outstanding);
  if (!mark) return false;
  mark->message = message;
  mark->flags = (uint8_t)(DATA_END | (message->unordered ? DATA_UNORDERED : 0));
  mark->next = mark->tsn + 1;
  message->refs++;
  send_queue_drop_rest(&a->queue); /* a message half cut has its turn */
  return true;
}

void abandon(struct association *a, struct sent *sent) {
  struct outstanding *o = &a->outstanding;
  struct message *message = sent->message;
  uint32_t tsn = sent->tsn; /* drop_rest may move the ring, and sent with it */
  if (!drop_rest(a, message)) return;
  message->abandoned = true;
  a->stats.abandoned++;
  for (uint32_t at = tsn; outstanding_find(o, at); at--) {
    if (outstanding_at(o, at)->message != message) break;
    give_up_chunk(a, outstanding_at(o, at));
  }
  for (uint32_t at = tsn + 1; outstanding_find(o, at); at++) {
    if (outstanding_at(o, at)->message != message) break;
    give_up_chunk(a, outstanding_at(o, at));
  }
}

void advance_peer_ack_point(struct association *a) {
  struct outstanding *o = &a->outstanding;
  uint32_t before = o->base - 1;
  if (tsn_lt(a->peer_ack_point, before)) a->peer_ack_point = before;
  uint32_t point = a->peer_ack_point;
  for (uint32_t tsn = point + 1; tsn_lt(tsn, outstanding_end(o)); tsn++) {
    uint8_t state = outstanding_at(o, tsn)->state;
    if (state == SENT_ABANDONED)
      point = tsn;
    else if (state != SENT_ACKED)
      break;
  }
  bool is_news = point != a->peer_ack_point;
  a->peer_ack_point = point;
  bool is_old = tsn_lt(before, point) && a->now - a->forward_tsn_at > a->rtt.smoothed;
  if (is_news || is_old) a->forward_tsn_due = true;
}

bool write_forward_tsn(struct association *a, struct writer *writer) {
  struct outstanding *o = &a->outstanding;
  uint8_t skipped[4 * SKIPPED_STREAMS_MAX];
  size_t count = 0;
  uint32_t tsn = o->base;
  a->forward_tsn_due = false;
  if (tsn_lt(a->peer_ack_point, o->base)) return true;
  for (; tsn_le(tsn, a->peer_ack_point); tsn++) {
    const struct sent *sent = outstanding_at(o, tsn);
    if (sent->state != SENT_ABANDONED || sent->flags & DATA_UNORDERED) continue;
    size_t at = 0;
    while (at < count && get16(skipped + 4 * at) != sent->message->stream) at++;
    if (at == SKIPPED_STREAMS_MAX) break; /* up to before this one for now */
    put16(skipped + 4 * at, sent->message->stream);
    put16(skipped + 4 * at + 2, sent->message->ssn);
    if (at == count) count++;
  }
  uint8_t *chunk = writer_chunk(writer, CHUNK_FORWARD_TSN, 0, 4 + 4 * count);
  if (!chunk) {
    a->forward_tsn_due = true;
    return false;
  }
  put32(chunk, tsn - 1);
  memcpy(chunk + 4, skipped, 4 * count);
  a->forward_tsn_at = a->now;
  return true;
}
