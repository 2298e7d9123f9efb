/* The state of an association, and who of the files around it does what. Private to sctp/. */
#ifndef P2CLAW_SCTP_STATE_H
#define P2CLAW_SCTP_STATE_H

#include "association.h"
#include "chunk.h"
#include "controller.h"
#include "cookie.h"
#include "constants.h"
#include "growth.h"
#include "pacer.h"
#include "pmtu.h"
#include "rack.h"
#include "rate.h"
#include "reassembly.h"
#include "received.h"
#include "rtt.h"
#include "sendqueue.h"
#include "writer.h"

enum state { /* RFC 9260 §4 */
  STATE_NEW,
  STATE_COOKIE_WAIT,
  STATE_COOKIE_ECHOED,
  STATE_ESTABLISHED,
  STATE_SHUTDOWN_PENDING,
  STATE_SHUTDOWN_SENT,
  STATE_SHUTDOWN_RECEIVED,
  STATE_SHUTDOWN_ACK_SENT,
  STATE_CLOSED,
};

enum timer {
  TIMER_INIT,      /* T1: INIT or COOKIE-ECHO again */
  TIMER_SHUTDOWN,  /* T2: SHUTDOWN or SHUTDOWN-ACK again */
  TIMER_RTO,       /* T3 */
  TIMER_TAIL,      /* RFC 8985 §7: tail loss probe */
  TIMER_REORDER,   /* RFC 8985 §6.2 */
  TIMER_SACK,
  TIMER_HEARTBEAT,
  TIMER_RECONFIG,
  TIMER_MTU,
  TIMER_PACE,
  TIMER_COUNT,
};

#define RESET_STREAMS_MAX 128 /* of one request; more: in the next one */

struct reconfig {
  uint32_t next_request, peer_next; /* request sequence numbers (RFC 6525 §4.1) */
  bool is_under_way, is_due;        /* our request: it waits for its answer; it must be (re)sent */
  uint8_t tries;
  uint32_t last_tsn;
  uint16_t *streams, count; /* of the request under way */
  uint32_t last_result;     /* of the peer's request before peer_next */
  uint8_t *deferred;        /* the peer's request that waits for its last TSN; or NULL */
  size_t deferred_length;
};

struct suspicion { /* spurious.c: the losses of now may be none */
  bool is_open, is_timeout, repeated, is_proved;
  uint32_t first, last; /* TSNs sent again */
  uint32_t unproved;    /* repetitions that the peer has not named as duplicates */
  usec ends_at;         /* what was sent later says nothing of these losses; 0: not yet known */
};

struct control_chunk { /* an answer that waits to be sent */
  struct control_chunk *next;
  uint8_t type, flags;
  uint16_t length;
  uint8_t value[];
};

struct association {
  struct sctp_config config;
  uint8_t state;
  bool peer_forward_tsn, peer_reconfig, peer_zero_checksum;
  uint32_t peer_tag, peer_initial_tsn;
  uint16_t out_streams, in_streams;
  usec now; /* of the call under way */
  usec deadlines[TIMER_COUNT];

  /* handshake.c, shutdown.c: what must be said next */
  uint8_t tries; /* of the INIT, COOKIE-ECHO, SHUTDOWN or SHUTDOWN-ACK under way */
  bool init_due, cookie_echo_due, shutdown_due, shutdown_ack_due, shutdown_complete_due;
  bool init_ack_due, abort_due;
  struct cookie init_ack; /* the INIT that is to be answered, as its cookie */
  uint8_t *cookie;        /* the peer's, until it is acknowledged */
  size_t cookie_length;
  usec asked_at;         /* when the INIT or COOKIE-ECHO under way went */
  uint32_t complete_tag; /* of the SHUTDOWN-COMPLETE */
  uint16_t abort_cause;
  uint8_t *abort_text;
  size_t abort_text_length;

  /* sending */
  struct streams streams;
  struct send_queue queue;
  struct outstanding outstanding;
  struct rtt rtt;
  struct rate rate;
  struct rack rack;
  struct controller controller;
  struct pacer pacer;
  struct pmtu pmtu;
  uint32_t peer_window_bytes; /* as last advertised */
  uint32_t errors;            /* timeouts in a row (RFC 9260 §8.1) */
  uint32_t peer_ack_point;    /* RFC 3758 §3.5: Advanced.Peer.Ack.Point */
  usec forward_tsn_at;        /* when the last FORWARD-TSN went */
  bool forward_tsn_due, tail_probe_due, tail_probe_out, window_limited;
  uint32_t tail_probe_end; /* the TSN after the last when the probe went */
  bool tail_repeat_out;    /* the probe was a chunk sent again, and may have repaired a loss */
  struct sent tail_repeat; /* as it was sent before; its message is not to be used */
  usec tail_repeat_at;
  struct suspicion suspicion;
  struct controller before_loss;
  usec recovery_at;        /* chunks sent before were in flight when a loss was found; 0: none */
  uint8_t burst_left;
  uint64_t lost_now; /* bytes found lost while one SACK was taken */

  /* receiving */
  struct received received;
  struct reassembly reassembly;
  struct event_queue events;
  bool sack_due;
  uint8_t packets_unacked, hasty_sacks; /* hasty: so many of the next may not wait for others */
  struct growth growth;
  uint32_t window_told_bytes;

  /* channels.c, reconfig.c, path.c */
  struct reconfig reconfig;
  struct control_chunk *control_first, *control_last;
  uint8_t control_count;
  bool heartbeat_due, heartbeat_out, probe_due;
  uint32_t heartbeat_nonce, probe_nonce;
  usec last_sent_at;

  struct sctp_stats stats;
};

/* handshake.c */
void handle_init(struct association *a, const struct item *chunk, usec now);
void handle_init_ack(struct association *a, const struct item *chunk, usec now);
void handle_cookie_echo(struct association *a, const struct item *chunk, uint32_t tag, usec now);
void handle_cookie_ack(struct association *a, usec now);
void handle_stale_cookie(struct association *a, usec now);
void init_timed_out(struct association *a, usec now);
bool write_init(struct association *a, struct writer *writer);
bool write_init_ack(struct association *a, struct writer *writer);
bool write_cookie_echo(struct association *a, struct writer *writer);

/* shutdown.c: the end, orderly or not */
void handle_shutdown(struct association *a, const struct item *chunk, usec now);
void handle_shutdown_ack(struct association *a, usec now);
void handle_shutdown_complete(struct association *a);
void handle_abort(struct association *a, const struct item *chunk);
void shutdown_timed_out(struct association *a, usec now);
void shutdown_progress(struct association *a, usec now);
bool write_shutdown(struct association *a, struct writer *writer);
bool write_abort(struct association *a, struct writer *writer);
void close_association(struct association *a, const char *code, const char *text, size_t length,
                       bool by_peer);
void give_up(struct association *a, const char *text); /* the peer is silent */
void abort_association(struct association *a, uint16_t cause, const char *code, const char *text);

/* receiving.c */
void handle_data(struct association *a, const struct item *chunk, usec now);
void handle_forward_tsn(struct association *a, const struct item *chunk);
void packet_had_data(struct association *a, usec now);
uint32_t receive_window(const struct association *a);
void window_may_have_opened(struct association *a);
bool sack_is_hasty(const struct association *a);
bool write_sack(struct association *a, struct writer *writer);

/* acknowledging.c: the peer's SACKs */
void handle_sack(struct association *a, const struct item *chunk, usec now);
void take_cumulative(struct association *a, uint32_t cumulative, usec now);

/* loss.c */
void chunk_lost(void *association, struct sent *sent);
void arm_loss_timers(struct association *a, bool restart, usec now);
void rto_expired(struct association *a, usec now);
void tail_expired(struct association *a, usec now);
void reorder_expired(struct association *a, usec now);
bool path_failed(struct association *a);
void tail_repeat_sent(struct association *a, const struct sent *before);
void tail_repeat_settles(struct association *a, const struct rate_sample *sample);
void early_data_lost(struct association *a, usec now);

/* spurious.c */
void suspicion_begins(struct association *a, bool is_timeout);
void suspicion_repeated(struct association *a, const struct sent *sent);
void suspicion_acked(struct association *a, const struct sent *sent);
void suspicion_duplicate(struct association *a, uint32_t tsn);
void suspicion_settles(struct association *a);

/* partial.c: RFC 3758 */
bool is_given_up(const struct association *a, const struct sent *sent);
void abandon(struct association *a, struct sent *sent);
void advance_peer_ack_point(struct association *a);
bool write_forward_tsn(struct association *a, struct writer *writer);

/* transmit.c: DATA into packets */
bool has_data_to_send(const struct association *a);
bool write_data(struct association *a, struct writer *writer);
void write_early_data(struct association *a, struct writer *writer);

/* channels.c */
void take_events(struct association *a, struct event_queue *fresh);
void close_stream_if_reset(struct association *a, struct stream *stream);

/* reconfig.c */
void handle_reconfig(struct association *a, const struct item *chunk, usec now);
void reconfig_timed_out(struct association *a, usec now);
void reconfig_progress(struct association *a, usec now);
bool write_reconfig(struct association *a, struct writer *writer);

/* path.c: heartbeats and path MTU probes */
void handle_heartbeat(struct association *a, const struct item *chunk);
void handle_heartbeat_ack(struct association *a, const struct item *chunk, usec now);
void heartbeat_expired(struct association *a, usec now);
void mtu_expired(struct association *a, usec now);
void arm_heartbeat(struct association *a, usec now);
void set_packet_bytes(struct association *a);
bool write_heartbeat(struct association *a, struct writer *writer, usec now);
bool write_probe(struct association *a, struct writer *writer, usec now);

/* control.c: small answers */
void add_control(struct association *a, uint8_t type, uint8_t flags, const void *value,
                 size_t length);
void add_error(struct association *a, uint16_t cause, const void *value, size_t length);
bool write_control(struct association *a, struct writer *writer);
void free_control(struct association *a);

static inline void arm(struct association *a, enum timer timer, usec deadline) {
  a->deadlines[timer] = deadline;
}
static inline void disarm(struct association *a, enum timer timer) { a->deadlines[timer] = NEVER; }
static inline bool is_armed(const struct association *a, enum timer timer) {
  return a->deadlines[timer] != NEVER;
}
/* States in which DATA that waits may still be sent, or sent again (RFC 9260 §9.2). */
static inline bool may_send_data(const struct association *a) {
  return a->state == STATE_ESTABLISHED || a->state == STATE_SHUTDOWN_PENDING ||
         a->state == STATE_SHUTDOWN_RECEIVED;
}
/* States in which the peer may still send DATA. */
static inline bool may_receive_data(const struct association *a) {
  return a->state == STATE_ESTABLISHED || a->state == STATE_SHUTDOWN_PENDING ||
         a->state == STATE_SHUTDOWN_SENT;
}

#endif
