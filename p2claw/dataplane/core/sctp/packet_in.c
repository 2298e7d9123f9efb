/* A packet that arrived: whether it is ours, and whose business each of its chunks is. */
#include "sctp/packet_in.h"

#include "bytes/crc32c.h"
#include "sctp/channels/reconfig.h"
#include "sctp/life/closing.h"
#include "sctp/life/handshake.h"
#include "sctp/life/heartbeat.h"
#include "sctp/life/shutdown.h"
#include "sctp/packet/chunk.h"
#include "sctp/packet/control.h"
#include "sctp/receiving/receiving.h"
#include "sctp/sending/acknowledging.h"

/* RFC 9260 §8.5, §8.5.1. */
static bool tag_is_right(const struct association *a, const struct item *first, uint32_t tag) {
  switch (first->type) {
    case CHUNK_INIT: return tag == 0;
    case CHUNK_ABORT:
    case CHUNK_SHUTDOWN_COMPLETE:
      if (first->flags & FLAG_T) return a->peer_tag && tag == a->peer_tag;
      return tag == a->config.local_tag;
    case CHUNK_COOKIE_ECHO: return true; /* the cookie itself holds the tag */
    default: return tag == a->config.local_tag;
  }
}

/* RFC 9260 §3.2: the two highest bits show what to do with a type that is not known. */
static bool go_on_after_unknown(struct association *a, const struct item *chunk) {
  a->stats.ignored++;
  if (chunk->type & 0x40)
    add_error(a, CAUSE_UNRECOGNIZED_CHUNK, chunk->start, chunk->length + CHUNK_HEADER_BYTES);
  return (chunk->type & 0x80) != 0;
}

static void handle_error(struct association *a, const struct item *chunk) {
  struct cursor cursor = {chunk->value, chunk->value + chunk->length};
  struct item cause;
  while (next_parameter(&cursor, &cause) > 0)
    if (cause.type == CAUSE_STALE_COOKIE) handle_stale_cookie(a);
}

/* False: the rest of the packet is not looked at. */
static bool handle_chunk(struct association *a, const struct item *chunk, uint32_t tag) {
  switch (chunk->type) {
    case CHUNK_DATA:
      cookie_acked_by_data(a);
      handle_data(a, chunk);
      break;
    case CHUNK_INIT: handle_init(a, chunk); return false; /* it is alone */
    case CHUNK_INIT_ACK: handle_init_ack(a, chunk); return false;
    case CHUNK_SACK: handle_sack(a, chunk); break;
    case CHUNK_HEARTBEAT: handle_heartbeat(a, chunk); break;
    case CHUNK_HEARTBEAT_ACK: handle_heartbeat_ack(a, chunk); break;
    case CHUNK_ABORT: handle_abort(a, chunk); break;
    case CHUNK_SHUTDOWN: handle_shutdown(a, chunk); break;
    case CHUNK_SHUTDOWN_ACK: handle_shutdown_ack(a); break;
    case CHUNK_ERROR: handle_error(a, chunk); break;
    case CHUNK_COOKIE_ECHO: handle_cookie_echo(a, chunk, tag); break;
    case CHUNK_COOKIE_ACK: handle_cookie_ack(a); break;
    case CHUNK_SHUTDOWN_COMPLETE: handle_shutdown_complete(a); break;
    case CHUNK_RECONFIG: handle_reconfig(a, chunk); break;
    case CHUNK_PAD: break;
    case CHUNK_FORWARD_TSN: handle_forward_tsn(a, chunk); break;
    default: return go_on_after_unknown(a, chunk);
  }
  return a->state != STATE_CLOSED;
}

static bool checksum_is_right(const struct association *a, const struct packet_header *header,
                              const uint8_t *packet, size_t length) {
  /* RFC 9653 §5.3: the side that offered it accepts it, from the INIT-ACK on. */
  if (header->checksum == 0 && a->config.zero_checksum && a->state != STATE_NEW) return true;
  return crc32c_of_packet(packet, length) == header->checksum;
}

void read_packet(struct association *a, const uint8_t *packet, size_t length) {
  struct packet_header header;
  struct item chunk;
  int more;
  bool had_data = false;
  a->stats.packets_in++;
  a->stats.bytes_in += length;
  if (!packet_header_read(packet, length, &header) || header.source_port != a->config.peer_port ||
      header.target_port != a->config.local_port) {
    a->stats.malformed++;
    return;
  }
  if (!checksum_is_right(a, &header, packet, length)) {
    a->stats.bad_checksum++;
    return;
  }
  if (a->state == STATE_CLOSED) {
    a->stats.ignored++;
    return;
  }
  struct cursor cursor = {packet + COMMON_HEADER_BYTES, packet + length};
  bool is_first = true;
  while ((more = next_chunk(&cursor, &chunk)) > 0) {
    if (is_first && !tag_is_right(a, &chunk, header.tag)) {
      a->stats.bad_tag++;
      return;
    }
    /* After a COOKIE-ECHO with a restarted peer's tag nothing of ours may follow. */
    if (!is_first && (chunk.type == CHUNK_INIT || header.tag != a->config.local_tag)) break;
    is_first = false;
    had_data |= chunk.type == CHUNK_DATA;
    if (!handle_chunk(a, &chunk, header.tag)) break;
  }
  if (more < 0) a->stats.malformed++;
  if (had_data) packet_had_data(a);
}
