/* An SCTP association for data channels, without IO: packets, the time and requests come in;
 * packets, events and a deadline come out. The whole of what a user of the sources needs. */
#ifndef P2CLAW_SCTP_ASSOCIATION_H
#define P2CLAW_SCTP_ASSOCIATION_H

#include "bytes/sha256.h"
#include "sctp/messages/events.h"
#include "sctp/messages/message.h"
#include "usec.h"

struct association;

enum sctp_controller { SCTP_CUBIC, SCTP_BBR };

struct sctp_config {
  bool is_server; /* of DTLS: opens channels with odd numbers (RFC 8832 §6) */
  uint16_t local_port, peer_port;
  uint32_t local_tag, initial_tsn; /* random; the tag is not 0 */
  uint8_t cookie_key[SHA256_BYTES];
  uint32_t seed; /* of what need not be secret */
  uint32_t receive_buffer_bytes, send_buffer_bytes;
  uint16_t largest_packet_bytes;
  bool zero_checksum;    /* offer RFC 9653 */
  bool admits_repeating; /* docs/WIRE.md §18: the peer may repeat messages by itself */
  enum sctp_controller controller;
};

enum sctp_result {
  SCTP_OK,
  SCTP_NO_MEMORY,
  SCTP_WRONG_STATE,  /* closed, or shutting down */
  SCTP_WRONG_STREAM, /* a number beyond the peer's, in use, unknown, or closing */
  SCTP_BUFFER_FULL,  /* send_buffer_bytes */
  SCTP_WRONG_LENGTH, /* an empty message, or a label or message too long */
};

struct sctp_stats {
  const char *state, *controller;
  uint64_t packets_in, packets_out, bytes_in, bytes_out; /* of packets */
  uint64_t payload_in, payload_out;                      /* of user data, sent again not counted */
  uint64_t chunks_out, retransmits, lost_chunks, timeouts, tail_probes, abandoned, undone;
  uint64_t duplicates_in, dropped_in;
  uint64_t repeated_in; /* messages that the peer repeated by itself, or a part of them */
  uint64_t bad_checksum, bad_tag, malformed, ignored;
  uint64_t window_bytes, in_flight_bytes, waiting_bytes, buffered_in_bytes;
  uint32_t peer_window_bytes;
  double pacing_bytes_per_s;
  usec rtt, rtt_variance, rtt_least, rto; /* rtt 0: not measured */
  uint16_t packet_bytes;                  /* path MTU, of SCTP packets */
  uint32_t streams;
  bool zero_checksum;
};

struct association *association_new(const struct sctp_config *config);
void association_free(struct association *a);

void association_connect(struct association *a, usec now);
void association_receive(struct association *a, const uint8_t *packet, size_t length, usec now);

/* Up to BURST_PACKETS_MAX packets may be written after each begin; 0: nothing (more) to send now.
 * packet holds at least association_packet_bytes(). */
void association_begin_burst(struct association *a, usec now);
/* What a burst is to be worth at least, as time at the pacing rate: fewer and larger bursts where the
 * processor is wanted for others too. What is lost, and what is less than that, does not wait. 0: as
 * the path alone would have it. */
void association_set_least_lump(struct association *a, usec lump);
/* How many packets may leave at one time, at any rate: a sender with a low one keeps what it has earned
 * until it has so much, up to BURST_PACKETS_MAX, and one with a high rate gets no more. 0: as the rate
 * has it. */
void association_set_share(struct association *a, uint32_t packets);
size_t association_write(struct association *a, uint8_t *packet, size_t capacity, usec now);
size_t association_packet_bytes(const struct association *a);
/* Between packets that are received in one go: write first, then receive the next. */
bool association_wants_to_send_now(const struct association *a);

usec association_next_timeout(const struct association *a); /* or NEVER */
void association_handle_timeout(struct association *a, usec now);
/* The path was seen to work: what waits for a timeout is sent again at once. */
void association_path_works(struct association *a, usec now);
/* The path is another one: the same, in packets that every path carries, until it has shown more. */
void association_path_changed(struct association *a, usec now);
/* Data has waited for an acknowledgement for a timeout or more. */
bool association_waits_for_path(const struct association *a);

/* The event is the caller's to free; its place in the receive buffer is given back now. */
struct event *association_next_event(struct association *a);

/* owner: keeps data alive until release(owner), or NULL to have it copied. On failure the owner
 * is not taken. */
enum sctp_result association_send(struct association *a, uint16_t stream, uint32_t ppid,
                                  const void *data, size_t length, void *owner, release_fn release);
/* stream: -1 to have one chosen, which is then written to it. announce: with DCEP (RFC 8832). */
enum sctp_result association_open(struct association *a, int32_t *stream, bool announce,
                                  const struct channel_terms *terms, const uint8_t *label,
                                  const uint8_t *protocol);
enum sctp_result association_reset(struct association *a, uint16_t stream);
enum sctp_result association_shutdown(struct association *a, usec now);
void association_abort(struct association *a, const uint8_t *reason, size_t length);

uint64_t association_buffered(struct association *a); /* not yet acknowledged */
uint64_t association_stream_buffered(struct association *a, uint16_t stream);
uint64_t association_waiting(const struct association *a);   /* of that, without a TSN yet */
uint64_t association_in_flight(const struct association *a); /* user data */
double association_pacing(const struct association *a);      /* bytes per second; 0: no limit yet */
usec association_least_rtt(const struct association *a);     /* NEVER: not measured yet */
bool association_is_established(const struct association *a);
void association_stats(const struct association *a, struct sctp_stats *stats);

#endif
