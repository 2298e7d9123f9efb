/* The state of an association. The headings below name the files that work on each part of it.
 * Private to sctp/. */
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
#include "sctp/receiving/company.h"
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
  TIMER_REPEAT,
  TIMER_COUNT,
};

#define RESET_STREAMS_MAX 128 /* in one request; further streams go into the next one */

struct reconfig {
  uint32_t next_request, peer_next; /* request sequence numbers (RFC 6525 §4.1) */
  bool is_under_way;                /* our request waits for its response */
  bool is_due;                      /* our request must be sent, or sent again */
  uint8_t tries;
  uint32_t last_tsn;
  uint16_t *streams, count; /* which our request under way resets */
  uint32_t last_result;     /* our response to the peer's last request, in case it is repeated */
  uint8_t *deferred;        /* a request of the peer that waits until last_tsn arrives; or NULL */
  size_t deferred_length;
};

/* spurious.c: chunks were marked as lost, but perhaps they were only late */
struct suspicion {
  bool is_open, is_timeout, repeated, is_proved;
  uint32_t first, last; /* the lowest and highest TSN sent again */
  uint32_t unproved;    /* chunks sent again that the peer has not reported as duplicates */
  usec ends_at;         /* what was sent later is no evidence; 0: not yet known */
};

/* a small chunk that waits to be sent, in reply to one of the peer's */
struct control_chunk {
  struct control_chunk *next;
  uint8_t type, flags;
  uint16_t length;
  uint8_t value[];
};

struct repeating; /* receiving/repeating.h */

/* The peer has said that it repeats, and keeps no message below `lowest`: its SCTP has to bring those
 * first. */
struct repeating_news {
  bool waits;
  uint16_t ssn, number, lowest;
};

struct association {
  struct sctp_config config;
  uint8_t state;
  bool peer_forward_tsn, peer_reconfig, peer_zero_checksum;
  uint32_t peer_tag, peer_initial_tsn;
  uint16_t out_streams, in_streams;
  usec now; /* the time, as the caller gave it for the present call */
  usec deadlines[TIMER_COUNT];

  /* handshake.c, shutdown.c: which chunk must be sent next */
  uint8_t tries; /* how often the present INIT, COOKIE-ECHO, SHUTDOWN or SHUTDOWN-ACK was sent */
  bool init_due, cookie_echo_due, shutdown_due, shutdown_ack_due, shutdown_complete_due;
  bool init_ack_due, abort_due;
  struct cookie init_ack; /* what the INIT-ACK that is due will carry in its cookie */
  uint8_t *cookie;        /* the cookie of the peer, kept until it is acknowledged */
  size_t cookie_length;
  usec asked_at;         /* when the present INIT or COOKIE-ECHO was sent */
  uint32_t complete_tag; /* the tag for the SHUTDOWN-COMPLETE */
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
  uint32_t peer_window_bytes; /* as the peer last advertised it */
  uint32_t errors;            /* timeouts in a row (RFC 9260 §8.1) */
  uint32_t peer_ack_point;    /* RFC 3758 §3.5: Advanced.Peer.Ack.Point */
  usec forward_tsn_at;        /* when the last FORWARD-TSN was sent */
  bool forward_tsn_due, tail_probe_due, tail_probe_out, window_limited;
  uint32_t tail_probe_end; /* the next unused TSN at the time when the probe was sent */
  bool tail_repeat_out;    /* the probe was a chunk sent again, and may have repaired a loss */
  struct sent tail_repeat; /* what was noted of that chunk before; its message must not be used */
  usec tail_repeat_at;
  struct suspicion suspicion;
  struct controller before_loss;
  usec recovery_at; /* when the loss was found that is being repaired; 0: none is */
  uint32_t burst_packets, burst_left; /* of the present burst: in all, and still to be written */
  uint64_t lost_now;                  /* bytes marked as lost by the present SACK */

  /* receiving */
  struct received received;
  struct reassembly reassembly;
  struct event_queue events;
  bool sack_due;
  uint8_t packets_unacked; /* since our last SACK */
  uint8_t hasty_sacks;     /* how many of the next SACKs must be sent at once */
  struct growth growth;
  struct company company;
  struct repeating *repeating; /* NULL: the peer's SCTP repeats what is lost */
  struct repeating_news repeating_news;
  uint64_t payload_before; /* that had come before the present packet */
  uint32_t advertised_bytes;

  /* channels.c, reconfig.c, path.c */
  struct reconfig reconfig;
  struct control_chunk *control_first, *control_last;
  uint8_t control_count;
  bool heartbeat_due, heartbeat_out, probe_due;
  uint32_t heartbeat_nonce, probe_nonce;
  usec last_sent_at;
  usec path_worked_at; /* as the caller has seen it; 0: it has not */

  struct sctp_stats stats;
};

#endif
