/* Which messages of the peer are not whole, and asking for the parts that they lack (docs/WIRE.md
 * §18). A message is not whole for good if something later has come: all on one stream is sent in
 * order. How the parts come together is the reassembly's. */
#include "sctp/receiving/repeating.h"

#include <stdlib.h>
#include <string.h>

#include "bytes/order.h"
#include "sctp/channels/channels.h"
#include "sctp/channels/dcep.h"
#include "sctp/life/closing.h"
#include "sctp/life/phases.h"
#include "sctp/messages/streams.h"
#include "sctp/packet/serial.h"
#include "sctp/receiving/received.h"
#include "sctp/receiving/waiting.h"
#include "sctp/timers.h"

#define FRAME_BYTES REPEAT_FRAME_BYTES
#define NEWS_BYTES 4  /* REPEAT, at first: its own number u16, the lowest u16 that is kept */
#define ITEM_BYTES 10 /* AGAIN: number u16, from u32, tail u32 */
#define PART_BYTES 10 /* REPEAT: number u16, from u32, total u32, then bytes */
#define ITEMS_MOST 100

/* How late a packet may come that another one has overtaken. */
#define OVERTAKEN (4 * MILLISECOND)
#define LOOKS (2 * MILLISECOND) /* how often it is seen to, while something is missing */
/* A request, or what it asks for, may be lost or wait behind what the peer has queued. Each time it
 * waits longer, by a quarter of the first: a page that sleeps for half a minute is not given up. */
#define ASK_AGAIN_ROUNDS 2 /* until it is known how long the peer takes */
#define REPLY_SHARE 4      /* of each reply in what is known of that: a quarter */
#define ASK_AGAIN_LATER (100 * MILLISECOND)
#define ASK_AGAIN_MOST SECOND
#define ASKED_MOST 40

static struct incomplete *message_at(struct repeating *p, uint16_t ssn) {
  return &p->messages[ssn & (p->capacity - 1)];
}

static struct stream *the_stream(struct association *a) {
  return streams_find(&a->streams, REPEATING_STREAM);
}

static void request(struct association *a, uint8_t *frame, uint32_t items) {
  put16(frame, (uint16_t)(items * ITEM_BYTES));
  frame[REPEAT_TYPE_AT] = AGAIN_TYPE;
  channel_send(a, REPEATING_STREAM, PPID_BINARY, frame, FRAME_BYTES + items * ITEM_BYTES, NULL,
               NULL);
}

static void note_piece(struct incomplete *message, uint32_t tsn, uint8_t flags) {
  struct span *span = &message->span;
  if (!span->is_known || tsn_lt(tsn, span->first)) span->first = tsn;
  if (!span->is_known || tsn_lt(span->last, tsn)) span->last = tsn;
  span->is_known = true;
  span->has_begin |= (flags & DATA_BEGIN) != 0;
  span->has_end |= (flags & DATA_END) != 0;
}

static bool resize(struct repeating *p, uint16_t next, uint32_t capacity) {
  struct incomplete *messages = calloc(capacity, sizeof *messages);
  if (!messages) return false;
  for (uint16_t ssn = next; !ssn_lt(p->highest, ssn); ssn++)
    messages[ssn & (capacity - 1)] = *message_at(p, ssn);
  free(p->messages);
  p->messages = messages;
  p->capacity = capacity;
  return true;
}

/* Up to this SSN messages are known of, though nothing of the last of them may have come. next: the
 * lowest that is not whole. False: they are more than there may be, or memory runs out. */
static bool know_up_to(struct repeating *p, uint16_t next, uint16_t ssn) {
  uint32_t capacity = p->capacity, count = (uint16_t)(ssn - next) + 1u;
  if (!ssn_lt(p->highest, ssn)) return true;
  if (count > REPEATING_MESSAGES) return false;
  while (capacity < count) capacity *= 2;
  if (capacity > p->capacity && !resize(p, next, capacity)) return false;
  while (ssn_lt(p->highest, ssn)) memset(message_at(p, ++p->highest), 0, sizeof(struct incomplete));
  return true;
}

/* What came before it was known that the peer repeats. False: more than there is room for. */
static bool note_present(struct association *a, struct repeating *p) {
  const struct reassembly *r = &a->reassembly;
  struct stream *stream = the_stream(a);
  uint16_t next = stream->next_in_ssn;
  struct event *kept = NULL, *event;
  bool fits = true;
  for (uint32_t tsn = r->base; fits && tsn_lt(tsn, r->end); tsn++) {
    const struct piece *piece = reassembly_piece(r, tsn);
    if (!piece || piece->stream != REPEATING_STREAM || (piece->flags & DATA_UNORDERED)) continue;
    fits = know_up_to(p, next, piece->ssn);
    if (!fits) break;
    note_piece(message_at(p, piece->ssn), tsn, piece->flags);
  }
  while (stream->waiting) {
    event = waiting_pop(&stream->waiting);
    event->next = kept;
    kept = event;
  }
  while ((event = kept)) {
    kept = event->next;
    fits = fits && know_up_to(p, next, event->ssn);
    if (fits) message_at(p, event->ssn)->is_whole = true;
    waiting_add(&stream->waiting, event);
  }
  return fits;
}

/* The message with this SSN has said which number it has, and which is the lowest that the peer keeps. What
 * is missing below that its SCTP sends again; until it has come, the news wait. */
static void begin(struct association *a) {
  struct repeating_news news = a->repeating_news;
  const struct stream *stream = the_stream(a);
  uint16_t number_0 = (uint16_t)(news.ssn - news.number), next = stream->next_in_ssn;
  if (a->repeating || ssn_lt(next, (uint16_t)(number_0 + news.lowest))) return;
  a->repeating_news.waits = false;
  struct repeating *p = calloc(1, sizeof *p);
  if (!p) return; /* the peer's SCTP goes on as before */
  p->number_0 = number_0;
  p->highest = (uint16_t)(next - 1);
  if (!resize(p, next, REPEATING_FIRST) || !note_present(a, p)) {
    free(p->messages);
    free(p);
    return;
  }
  allowance_start(&p->allowance, a->now);
  a->repeating = p;
  a->hasty_sacks = 0;
  arm(a, TIMER_REPEAT, a->now + LOOKS);
}

static void hear(struct association *a, uint16_t ssn, uint16_t number, uint16_t lowest) {
  if (a->repeating || the_stream(a)->in_reset != RESET_NONE) return;
  a->repeating_news = (struct repeating_news){true, ssn, number, lowest};
}

void repeating_free(struct association *a) {
  disarm(a, TIMER_REPEAT);
  if (a->repeating) free(a->repeating->messages);
  free(a->repeating);
  a->repeating = NULL;
  a->repeating_news.waits = false;
}

bool repeating_expects(struct association *a, const struct data_chunk *data, bool *has_room) {
  struct repeating *p = a->repeating;
  *has_room = true;
  if (p) {
    uint32_t highest = received_highest(&a->received);
    allowance_skipped(&p->allowance, (int32_t)(data->tsn - highest) - 1);
  }
  if (!p || data->stream != REPEATING_STREAM || (data->flags & DATA_UNORDERED)) return true;
  const struct stream *stream = the_stream(a);
  uint16_t next = stream ? stream->next_in_ssn : 0;
  if (ssn_lt(data->ssn, next)) return false;
  *has_room = know_up_to(p, next, data->ssn);
  if (!*has_room) return true;
  return !message_at(p, data->ssn)->is_whole;
}

/* What is below the lowest message that is not whole needs to be known no more. */
static void settle(struct association *a) {
  struct repeating *p = a->repeating;
  uint16_t ssn = the_stream(a)->next_in_ssn;
  uint32_t upto = received_highest(&a->received);
  while (!ssn_lt(p->highest, ssn) && message_at(p, ssn)->is_whole) ssn++;
  if (!ssn_lt(p->highest, ssn)) {
    const struct span *span = &message_at(p, ssn)->span;
    if (!span->is_known) return;
    upto = span->first - 1;
  } else if (p->capacity > REPEATING_FIRST) {
    resize(p, ssn, REPEATING_FIRST);
  }
  received_forward(&a->received, upto);
  reassembly_advance(&a->reassembly, a->received.cumulative);
}

void repeating_stored(struct association *a, const struct data_chunk *data) {
  struct repeating *p = a->repeating;
  if (!p || data->stream != REPEATING_STREAM || (data->flags & DATA_UNORDERED)) return;
  struct incomplete *message = message_at(p, data->ssn);
  if (reassembly_piece(&a->reassembly, data->tsn)) {
    note_piece(message, data->tsn, data->flags);
  } else {
    message->is_whole = true;
    if (a->received.count) settle(a);
  }
}

/* From the first request on, though perhaps a later one was replied to: then it has taken too long. */
static void note_reply(struct repeating *p, const struct incomplete *message, usec now) {
  if (!message->asked) return;
  usec took = now - message->missing_at;
  p->reply_time = p->reply_time ? p->reply_time + (took - p->reply_time) / REPLY_SHARE : took;
}

static void read_part(struct association *a, const uint8_t *bytes, size_t length) {
  struct repeating *p = a->repeating;
  struct event_queue fresh = {0};
  if (length < PART_BYTES) {
    a->stats.malformed++;
    return;
  }
  struct stream *stream = the_stream(a);
  uint16_t ssn = (uint16_t)(p->number_0 + get16(bytes));
  if (ssn_lt(ssn, stream->next_in_ssn) || ssn_lt(p->highest, ssn)) return;
  struct incomplete *message = message_at(p, ssn);
  if (message->is_whole) return;
  if (!reassembly_fill(&a->reassembly, stream, ssn, &message->span, get32(bytes + 2),
                       get32(bytes + 6), bytes + PART_BYTES, (uint32_t)(length - PART_BYTES),
                       &fresh))
    return;
  note_reply(p, message, a->now);
  message->is_whole = true;
  a->stats.repeated_in++;
  deliver_messages(a, &fresh);
  settle(a);
}

void repeating_read(struct association *a) {
  struct event *event;
  while ((event = event_queue_pop(&a->reassembly.aside))) {
    uint8_t *bytes = malloc(event->length);
    if (bytes) {
      event_copy(event, bytes);
      if (event->length == FRAME_BYTES + NEWS_BYTES)
        hear(a, event->ssn, get16(bytes + FRAME_BYTES), get16(bytes + FRAME_BYTES + 2));
      else if (a->repeating && event->length > FRAME_BYTES)
        read_part(a, bytes + FRAME_BYTES, event->length - FRAME_BYTES);
      free(bytes);
    }
    event_free(event);
  }
  if (a->repeating_news.waits) begin(a);
}

/* When the message is to be asked for. Not while nothing comes at all: then the request waits too. */
static usec time_to_ask(const struct association *a, struct incomplete *message) {
  if (!message->missing_at) message->missing_at = a->now;
  if (!message->asked) return message->missing_at + OVERTAKEN;
  usec usual = max_usec(ASK_AGAIN_ROUNDS * a->rtt.smoothed, a->repeating->reply_time);
  usec wait = min_usec(usual, ASK_AGAIN_MOST) + ASK_AGAIN_LATER;
  usec due = message->asked_at + wait + (message->asked - 1) * wait / 4;
  return a->repeating->heard_at > message->asked_at ? due : max_usec(due, a->now + ASK_AGAIN_LATER);
}

/* When something is to be asked for next; NEVER: nothing is missing. */
static usec ask(struct association *a) {
  struct repeating *p = a->repeating;
  uint8_t frame[FRAME_BYTES + ITEMS_MOST * ITEM_BYTES] = {0};
  uint32_t items = 0;
  usec next = NEVER;
  const struct stream *stream = the_stream(a);
  for (uint16_t ssn = stream->next_in_ssn; !ssn_lt(p->highest, ssn) && items < ITEMS_MOST; ssn++) {
    struct incomplete *message = message_at(p, ssn);
    if (message->is_whole || (ssn == p->highest && !message->span.has_end)) continue;
    usec due = time_to_ask(a, message);
    next = min_usec(next, max_usec(due, a->now));
    if (due > a->now) continue;
    if (message->asked++ == ASKED_MOST) {
      abort_association(a, CAUSE_PROTOCOL_VIOLATION, "not-repeated",
                        "the peer does not repeat what was lost");
      return NEVER;
    }
    message->asked_at = a->now;
    uint32_t head, tail;
    reassembly_ends(&a->reassembly, &message->span, &head, &tail);
    uint8_t *at = frame + FRAME_BYTES + items++ * ITEM_BYTES;
    put16(at, (uint16_t)(ssn - p->number_0));
    put32(at + 2, head);
    put32(at + 6, tail);
  }
  if (items) request(a, frame, items);
  return next;
}

/* A round trip has to be measured in each round: without DATA of ours, by a HEARTBEAT. */
static void pass_round(struct association *a) {
  const struct rtt *rtt = &a->rtt;
  if (!allowance_round(&a->repeating->allowance, rtt->latest, rtt->smoothed, a->now)) return;
  if (!a->heartbeat_out) a->heartbeat_due = true;
}

void repeating_expired(struct association *a) {
  struct repeating *p = a->repeating;
  disarm(a, TIMER_REPEAT);
  if (!p || !may_receive_data(a)) return;
  if (p->packets_in != a->stats.packets_in) p->heard_at = a->now;
  p->packets_in = a->stats.packets_in;
  usec next = ask(a);
  if (a->state == STATE_CLOSED) return;
  pass_round(a);
  if (next != NEVER) arm(a, TIMER_REPEAT, max_usec(next, a->now + LOOKS));
}

void repeating_path_changed(struct association *a) {
  if (a->repeating) allowance_path_changed(&a->repeating->allowance, a->now);
}

void repeating_arrived(struct association *a, uint64_t bytes) {
  struct repeating *p = a->repeating;
  if (!p) return;
  allowance_arrived(&p->allowance, bytes, a->rtt.smoothed);
  pass_round(a);
  if (a->received.count || ssn_lt(the_stream(a)->next_in_ssn, p->highest))
    arm(a, TIMER_REPEAT, min_usec(a->deadlines[TIMER_REPEAT], a->now + LOOKS));
}
