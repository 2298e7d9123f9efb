/* Chunks and parameters as they stand in a packet: walking them, reading their fixed parts.
 * All views point into the packet and live as long as it. */
#ifndef P2CLAW_SCTP_PACKET_CHUNK_H
#define P2CLAW_SCTP_PACKET_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 9260 §3.2, RFC 3758 §3.2, RFC 4820 §3, RFC 6525 §3.1 */
enum chunk_type {
  CHUNK_DATA = 0,
  CHUNK_INIT = 1,
  CHUNK_INIT_ACK = 2,
  CHUNK_SACK = 3,
  CHUNK_HEARTBEAT = 4,
  CHUNK_HEARTBEAT_ACK = 5,
  CHUNK_ABORT = 6,
  CHUNK_SHUTDOWN = 7,
  CHUNK_SHUTDOWN_ACK = 8,
  CHUNK_ERROR = 9,
  CHUNK_COOKIE_ECHO = 10,
  CHUNK_COOKIE_ACK = 11,
  CHUNK_SHUTDOWN_COMPLETE = 14,
  CHUNK_RECONFIG = 130,
  CHUNK_PAD = 132,
  CHUNK_FORWARD_TSN = 192,
};

/* RFC 9260 §3.3.1 */
enum data_flag {
  DATA_END = 1,
  DATA_BEGIN = 2,
  DATA_UNORDERED = 4,
  DATA_IMMEDIATE = 8, /* RFC 7053: SACK at once */
};

#define FLAG_T 1 /* ABORT, SHUTDOWN-COMPLETE: the tag is the receiver's own (RFC 9260 §8.5.1) */

enum parameter_type {
  PARAM_HEARTBEAT_INFO = 1,
  PARAM_COOKIE = 7,                     /* RFC 9260 §3.3.3 */
  PARAM_UNRECOGNIZED = 8,               /* RFC 9260 §3.3.3 */
  PARAM_RESET_OUTGOING = 13,            /* RFC 6525 §4.1 */
  PARAM_RESET_INCOMING = 14,            /* RFC 6525 §4.2 */
  PARAM_RESET_TSN = 15,                 /* RFC 6525 §4.3 */
  PARAM_RECONFIG_RESPONSE = 16,         /* RFC 6525 §4.4 */
  PARAM_ADD_OUTGOING = 17,              /* RFC 6525 §4.5 */
  PARAM_ADD_INCOMING = 18,              /* RFC 6525 §4.6 */
  PARAM_ZERO_CHECKSUM = 0x8001,         /* RFC 9653 §4 */
  PARAM_SUPPORTED_EXTENSIONS = 0x8008,  /* RFC 5061 §4.2.7 */
  PARAM_FORWARD_TSN_SUPPORTED = 0xc000, /* RFC 3758 §3.1 */
};

/* RFC 9260 §3.3.10 */
enum cause_code {
  CAUSE_INVALID_STREAM = 1,
  CAUSE_STALE_COOKIE = 3,
  CAUSE_OUT_OF_RESOURCE = 4,
  CAUSE_UNRECOGNIZED_CHUNK = 6,
  CAUSE_NO_USER_DATA = 9,
  CAUSE_COOKIE_IN_SHUTDOWN = 10,
  CAUSE_USER_ABORT = 12,
  CAUSE_PROTOCOL_VIOLATION = 13,
};

/* Chunks and parameters end on four bytes (RFC 9260 §3.2, §3.2.1). */
static inline size_t padded(size_t length) { return (length + 3) & ~(size_t)3; }

struct packet_header {
  uint16_t source_port, target_port;
  uint32_t tag, checksum;
};

/* A chunk or a parameter: its type and flags (0 for a parameter), and what follows its header. */
struct item {
  uint16_t type;
  uint8_t flags;
  const uint8_t *value;
  size_t length;        /* of value */
  const uint8_t *start; /* of the header */
};

struct cursor {
  const uint8_t *at, *end;
};

struct data_chunk {
  uint32_t tsn, ppid;
  uint16_t stream, ssn;
  uint8_t flags;
  const uint8_t *payload;
  size_t length;
};

struct init_chunk {
  uint32_t tag, window_bytes, tsn;
  uint16_t out_streams, in_streams;
  bool forward_tsn, reconfig, zero_checksum;
  const uint8_t *cookie; /* INIT-ACK only; NULL if there is none */
  size_t cookie_length;
};

struct sack_chunk {
  uint32_t cumulative, window_bytes;
  uint16_t gaps, duplicates;
  const uint8_t *gap_blocks, *duplicate_tsns; /* gaps × (u16 start, u16 end); duplicates × u32 */
};

/* False if it is too short to be a packet, or not a multiple of four bytes of chunks. */
bool packet_header_read(const uint8_t *packet, size_t length, struct packet_header *header);

/* Steps to the next chunk or parameter. 1: there is one; 0: the end; -1: malformed. */
int next_chunk(struct cursor *cursor, struct item *chunk);
int next_parameter(struct cursor *cursor, struct item *parameter);

/* Each false if the chunk is malformed. */
bool data_read(const struct item *chunk, struct data_chunk *data);
bool init_read(const struct item *chunk, struct init_chunk *init);
bool sack_read(const struct item *chunk, struct sack_chunk *sack);

#endif
