/* The state of an association, and who of the files around it does what. Private to sctp/. */
#ifndef P2CLAW_SCTP_STATE_H
#define P2CLAW_SCTP_STATE_H

#include "sctp/association.h"
#include "sctp/congestion/controller.h"
#include "sctp/congestion/pacer.h"
#include "sctp/congestion/rate.h"
#include "sctp/congestion/rtt.h"
#include "sctp/constants.h"
#include "sctp/packet/chunk.h"
#include "sctp/packet/cookie.h"
#include "sctp/packet/writer.h"
#include "sctp/receiving/growth.h"
#include "sctp/receiving/reassembly.h"
#include "sctp/receiving/received.h"
#include "sctp/sending/pmtu.h"
#include "sctp/sending/rack.h"
#include "sctp/sending/sendqueue.h"
#include "usec.h"

/* RFC 9260 §4 */
enum state {
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
  TIMER_INIT,     /* T1: INIT or COOKIE-ECHO again */
  TIMER_SHUTDOWN, /* T2: SHUTDOWN or SHUTDOWN-ACK again */
  TIMER_RTO,      /* T3 */
  TIMER_TAIL,     /* RFC 8985 §7: tail loss probe */
  TIMER_REORDER,  /* RFC 8985 §6.2 */
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

/* spurious.c: the losses of now may be none */
struct suspicion {
  bool is_open, is_timeout, repeated, is_proved;
  uint32_t first, last; /* TSNs sent again */
  uint32_t unproved;    /* repetitions that the peer has not named as duplicates */
  usec ends_at;         /* what was sent later says nothing of these losses; 0: not yet known */
};

/* an answer that waits to be sent */
struct control_chunk {
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
  usec recovery_at; /* chunks sent before were in flight when a loss was found; 0: none */
  uint8_t burst_left;
  uint64_t lost_now; /* bytes found lost while one SACK was taken */

  /* receiving */
  struct received received;
  struct reassembly reassembly;
  struct event_queue events;
  bool sack_due;
  uint8_t packets_unacked, hasty_sacks; /* hasty: so many of the next may not wait for others */
  struct growth growth;
  uint32_t advertised_bytes;

  /* channels.c, reconfig.c, path.c */
  struct reconfig reconfig;
  struct control_chunk *control_first, *control_last;
  uint8_t control_count;
  bool heartbeat_due, heartbeat_out, probe_due;
  uint32_t heartbeat_nonce, probe_nonce;
  usec last_sent_at;

  struct sctp_stats stats;
};

#endif
