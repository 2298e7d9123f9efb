/* INIT, INIT-ACK, COOKIE-ECHO, COOKIE-ACK. Both sides begin at the same time (RFC 8841 §9.3), so two INITs
 * that cross on their way are the ordinary case (RFC 9260 §5.1, §5.2). */
#include "sctp/life/handshake.h"

#include <stdlib.h>
#include <string.h>

#include "bytes/order.h"
#include "sctp/congestion/rtt.h"
#include "sctp/life/closing.h"
#include "sctp/life/heartbeat.h"
#include "sctp/messages/events.h"
#include "sctp/packet/chunk.h"
#include "sctp/packet/control.h"
#include "sctp/packet/cookie.h"
#include "sctp/packet/writer.h"
#include "sctp/receiving/reassembly.h"
#include "sctp/receiving/receiving.h"
#include "sctp/sending/loss.h"
#include "sctp/sending/transmit.h"
#include "sctp/timers.h"
#include "usec.h"

static void adopt_peer(struct association *a, const struct cookie *peer) {
  a->peer_tag = peer->peer_tag;
  a->peer_initial_tsn = peer->peer_tsn;
  a->peer_window_bytes = peer->peer_window_bytes;
  a->out_streams = peer->out_streams;
  a->in_streams = peer->in_streams;
  a->peer_forward_tsn = peer->forward_tsn;
  a->peer_reconfig = peer->reconfig;
  a->peer_zero_checksum = peer->zero_checksum;
  a->received.cumulative = peer->peer_tsn - 1;
  reassembly_start(&a->reassembly, peer->peer_tsn);
  a->reconfig.peer_next = peer->peer_tsn;
}

/* What an INIT or INIT-ACK offers, in the form of the cookie that would hold it. */
static struct cookie terms_of(const struct association *a, const struct init_chunk *init) {
  /* The peer's inbound streams bound ours outbound, and the other way round (RFC 9260 §5.1.1). */
  return (struct cookie){
      .created = a->now,
      .local_tag = a->config.local_tag,
      .peer_tag = init->tag,
      .local_tsn = a->config.initial_tsn,
      .peer_tsn = init->tsn,
      .peer_window_bytes = init->window_bytes,
      .out_streams = init->in_streams,
      .in_streams = init->out_streams,
      .forward_tsn = init->forward_tsn,
      .reconfig = init->reconfig,
      .zero_checksum = init->zero_checksum && a->config.zero_checksum,
  };
}

static void enter_established(struct association *a) {
  if (a->state == STATE_ESTABLISHED) return;
  a->state = STATE_ESTABLISHED;
  a->init_due = a->cookie_echo_due = false;
  free(a->cookie);
  a->cookie = NULL;
  a->tries = 0;
  a->errors = 0;
  disarm(a, TIMER_INIT);
  arm_heartbeat(a);
  arm_loss_timers(a, true); /* of what went with the COOKIE-ECHO */
  struct event *event = event_new(EVENT_ESTABLISHED, 0);
  if (event) event_queue_add(&a->events, event);
}

/* If the INIT or COOKIE-ECHO was sent only once, its reply gives a round-trip time (Karn's rule). */
static void measure_handshake(struct association *a) {
  if (!a->tries) rtt_measured(&a->rtt, a->now - a->asked_at);
}

void handshake_begin(struct association *a) {
  if (a->state != STATE_NEW) return;
  a->state = STATE_COOKIE_WAIT;
  a->init_due = true;
  arm(a, TIMER_INIT, a->now + RTO_INITIAL);
}

/* The peer may have started anew while we hold an association with it: it gets an INIT-ACK under another tag,
 * so that its cookie shows what it is (RFC 9260 §5.2.2). */
static uint32_t restart_tag(const struct association *a) {
  uint32_t tag = a->config.local_tag ^ (a->config.seed | 1);
  return tag ? tag : 1;
}

void handle_init(struct association *a, const struct item *chunk) {
  struct init_chunk init;
  if (!init_read(chunk, &init)) {
    a->stats.malformed++;
    return;
  }
  if (a->state == STATE_SHUTDOWN_ACK_SENT) { /* RFC 9260 §9.2 */
    a->shutdown_ack_due = true;
    return;
  }
  if (a->state == STATE_CLOSED) return;
  a->init_ack = terms_of(a, &init);
  if (a->state != STATE_NEW && a->state != STATE_COOKIE_WAIT) {
    a->init_ack.tie_local = a->config.local_tag;
    a->init_ack.tie_peer = a->peer_tag;
    if (a->state != STATE_COOKIE_ECHOED && init.tag != a->peer_tag)
      a->init_ack.local_tag = restart_tag(a);
  }
  a->init_ack_due = true;
}

void handle_init_ack(struct association *a, const struct item *chunk) {
  struct init_chunk init;
  if (a->state != STATE_COOKIE_WAIT) return; /* RFC 9260 §5.2.3 */
  if (!init_read(chunk, &init) || !init.cookie) {
    a->stats.malformed++;
    return;
  }
  uint8_t *cookie = malloc(init.cookie_length + 1);
  if (!cookie) return; /* as if it were lost */
  memcpy(cookie, init.cookie, init.cookie_length);
  a->cookie = cookie;
  a->cookie_length = init.cookie_length;
  struct cookie terms = terms_of(a, &init);
  adopt_peer(a, &terms);
  measure_handshake(a);
  a->state = STATE_COOKIE_ECHOED;
  a->init_due = false;
  a->cookie_echo_due = true;
  a->tries = 0;
  arm(a, TIMER_INIT, a->now + RTO_INITIAL);
}

static void report_stale(struct association *a, usec stale_for) {
  uint8_t measure[4]; /* microseconds (RFC 9260 §3.3.10.3) */
  put32(measure, stale_for > UINT32_MAX ? UINT32_MAX : (uint32_t)max_usec(stale_for, 0));
  add_error(a, CAUSE_STALE_COOKIE, measure, sizeof measure);
}

/* RFC 9260 §5.2.4, table 12. */
static void apply_cookie(struct association *a, const struct cookie *cookie) {
  bool local_matches = cookie->local_tag == a->config.local_tag;
  bool peer_matches = cookie->peer_tag == a->peer_tag && a->state >= STATE_COOKIE_ECHOED;
  if (local_matches && !peer_matches) { /* B: crossing INITs; or the first there was */
    if (a->state < STATE_ESTABLISHED)
      adopt_peer(a, cookie);
    else
      a->peer_tag = cookie->peer_tag;
  } else if (!local_matches && !peer_matches && cookie->tie_local == a->config.local_tag &&
             cookie->tie_peer == a->peer_tag && a->state >= STATE_ESTABLISHED) {
    /* A: the peer has forgotten this association. Everything on the channels is lost, so it ends here. */
    a->peer_tag = cookie->peer_tag;
    abort_association(a, CAUSE_USER_ABORT, "restarted", "the peer began a new association");
    return;
  } else if (!local_matches) { /* C, and what is in no row */
    a->stats.ignored++;
    return;
  }
  enter_established(a); /* D: does nothing if it already is */
  add_control(a, CHUNK_COOKIE_ACK, 0, NULL, 0);
}

void handle_cookie_echo(struct association *a, const struct item *chunk, uint32_t tag) {
  struct cookie cookie;
  usec stale_for = 0;
  if (a->state == STATE_CLOSED) return;
  enum cookie_verdict verdict =
      cookie_open(chunk->value, chunk->length, a->config.cookie_key, a->now, &cookie, &stale_for);
  if (verdict == COOKIE_FORGED || cookie.local_tag != tag) {
    a->stats.bad_tag++;
    return;
  }
  bool is_ours = cookie.local_tag == a->config.local_tag && cookie.peer_tag == a->peer_tag &&
                 a->state >= STATE_COOKIE_ECHOED;
  if (verdict == COOKIE_STALE && !is_ours) {
    if (a->state < STATE_COOKIE_ECHOED)
      a->peer_tag = cookie.peer_tag; /* for the ERROR that follows */
    report_stale(a, stale_for);
    return;
  }
  if (a->state == STATE_SHUTDOWN_ACK_SENT) { /* RFC 9260 §5.2.4 */
    a->shutdown_ack_due = true;
    add_error(a, CAUSE_COOKIE_IN_SHUTDOWN, NULL, 0);
    return;
  }
  apply_cookie(a, &cookie);
}

void handle_cookie_ack(struct association *a) {
  if (a->state != STATE_COOKIE_ECHOED) return;
  measure_handshake(a);
  enter_established(a);
}

/* The peer sends DATA only once it has our COOKIE-ECHO: its COOKIE-ACK was lost, or is late. To wait for it until
 * the COOKIE-ECHO is sent again would lose all DATA until then (RFC 9260 §5.1 lets the ACK be lost like any packet). */
void cookie_acked_by_data(struct association *a) {
  if (a->state == STATE_COOKIE_ECHOED) enter_established(a);
}

/* Begins again with a new INIT; the tries go on counting (RFC 9260 §5.2.6). */
void handle_stale_cookie(struct association *a) {
  if (a->state != STATE_COOKIE_ECHOED) return;
  free(a->cookie);
  a->cookie = NULL;
  a->cookie_echo_due = false;
  a->state = STATE_COOKIE_WAIT;
  a->init_due = true;
  arm(a, TIMER_INIT, a->now + RTO_INITIAL);
  early_data_lost(a);
}

void init_timed_out(struct association *a) {
  if (++a->tries >= INIT_TRIES) {
    give_up(a, "the peer did not respond to the handshake");
    return;
  }
  a->init_due = a->state == STATE_COOKIE_WAIT;
  a->cookie_echo_due = a->state == STATE_COOKIE_ECHOED;
  early_data_lost(a);
  usec wait = RTO_INITIAL << (a->tries < 8 ? a->tries : 8);
  arm(a, TIMER_INIT, a->now + min_usec(wait, RTO_MAX));
}

static uint8_t *put_terms(const struct association *a, uint8_t *at, uint32_t tag, uint32_t tsn,
                          bool zero_checksum) {
  static const uint8_t extensions[] = {CHUNK_RECONFIG, CHUNK_FORWARD_TSN};
  static const uint8_t over_dtls[] = {0, 0, 0, 1}; /* RFC 9653 §4 */
  put32(at, tag);
  put32(at + 4, receive_window(a));
  put16(at + 8, UINT16_MAX); /* RFC 8831 §6.2: as many as there are */
  put16(at + 10, UINT16_MAX);
  put32(at + 12, tsn);
  at = put_parameter(at + 16, PARAM_SUPPORTED_EXTENSIONS, extensions, sizeof extensions);
  if (zero_checksum) at = put_parameter(at, PARAM_ZERO_CHECKSUM, over_dtls, sizeof over_dtls);
  /* Last, because a chunk's length leaves out the padding of its last parameter; it has none. */
  return put_parameter(at, PARAM_FORWARD_TSN_SUPPORTED, NULL, 0);
}

#define TERMS_BYTES (16 + 8 + 4) /* and 8 of PARAM_ZERO_CHECKSUM */

bool write_init(struct association *a, struct writer *writer) {
  size_t length = TERMS_BYTES + (a->config.zero_checksum ? 8u : 0u);
  uint8_t *at = writer_chunk(writer, CHUNK_INIT, 0, length);
  if (!at) return false;
  put_terms(a, at, a->config.local_tag, a->config.initial_tsn, a->config.zero_checksum);
  a->init_due = false;
  a->asked_at = a->now;
  return true;
}

bool write_init_ack(struct association *a, struct writer *writer) {
  bool zero_checksum = a->init_ack.zero_checksum;
  size_t length = TERMS_BYTES + (zero_checksum ? 8u : 0u) + CHUNK_HEADER_BYTES + COOKIE_BYTES;
  uint8_t *at = writer_chunk(writer, CHUNK_INIT_ACK, 0, length);
  if (!at) return false;
  uint8_t sealed[COOKIE_BYTES];
  cookie_seal(&a->init_ack, a->config.cookie_key, sealed);
  at = put_terms(a, at, a->init_ack.local_tag, a->init_ack.local_tsn, zero_checksum);
  put_parameter(at, PARAM_COOKIE, sealed, sizeof sealed);
  writer->needs_checksum = true;
  a->init_ack_due = false;
  return true;
}

/* DATA goes into the same packet, as much as fits. Until the COOKIE-ACK arrives no other packet may be
 * sent (RFC 9260 §5.1 C). */
bool write_cookie_echo(struct association *a, struct writer *writer) {
  a->cookie_echo_due = false;
  uint8_t *at = writer_chunk(writer, CHUNK_COOKIE_ECHO, 0, a->cookie_length);
  if (!at) return false;
  memcpy(at, a->cookie, a->cookie_length);
  a->asked_at = a->now;
  write_early_data(a, writer);
  return true;
}
