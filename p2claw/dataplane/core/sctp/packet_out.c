/* What goes into the next packet, in which order (RFC 9260 §6.10). */
#include "sctp/packet_out.h"

#include "bytes/bounds.h"
#include "sctp/channels/reconfig.h"
#include "sctp/congestion/pacer.h"
#include "sctp/life/closing.h"
#include "sctp/life/handshake.h"
#include "sctp/life/heartbeat.h"
#include "sctp/life/phases.h"
#include "sctp/life/shutdown.h"
#include "sctp/packet/control.h"
#include "sctp/packet/writer.h"
#include "sctp/receiving/receiving.h"
#include "sctp/sending/partial.h"
#include "sctp/sending/probes.h"
#include "sctp/sending/transmit.h"
#include "sctp/timers.h"
#include "usec.h"

/* The path MTU is searched for once there is more to send than a first flight. */
#define MTU_SEARCH_BYTES ((uint64_t)INITIAL_WINDOW_PACKETS * BASE_PACKET_BYTES)

static void start(struct association *a, struct writer *writer, uint8_t *packet, size_t capacity,
                  uint32_t tag) {
  writer_start(writer, packet, capacity, a->config.local_port, a->config.peer_port, tag);
}

/* Packets of the beginning and the end, to whatever tag. */
static bool write_alone(struct association *a, struct writer *writer, uint8_t *packet,
                        size_t capacity) {
  if (a->abort_due) {
    start(a, writer, packet, capacity, a->peer_tag);
    return write_abort(a, writer);
  }
  if (a->shutdown_complete_due) {
    start(a, writer, packet, capacity, a->complete_tag);
    return write_shutdown(a, writer);
  }
  if (a->state == STATE_CLOSED) return false;
  if (a->init_ack_due) {
    start(a, writer, packet, capacity, a->init_ack.peer_tag);
    return write_init_ack(a, writer);
  }
  if (a->init_due) {
    start(a, writer, packet, capacity, 0);
    return write_init(a, writer);
  }
  if (a->control_first && a->state < STATE_ESTABLISHED && a->peer_tag) { /* an ERROR */
    start(a, writer, packet, capacity, a->peer_tag);
    return write_control(a, writer);
  }
  if (!a->cookie_echo_due) return false;
  start(a, writer, packet, capacity, a->peer_tag);
  return write_cookie_echo(a, writer);
}

/* Chunks that stand before DATA (RFC 9260 §6.10). What does not fit goes with the next packet. */
static void write_before_data(struct association *a, struct writer *writer) {
  if (!write_control(a, writer)) return;
  bool has_data = has_data_to_send(a);
  if (has_data) company_came(&a->company, a->now);
  bool may_piggyback = a->packets_unacked && has_data;
  if (may_receive_data(a) && (a->sack_due || may_piggyback)) write_sack(a, writer);
  if (a->shutdown_due || a->shutdown_ack_due) write_shutdown(a, writer);
  if (a->reconfig.is_due) write_reconfig(a, writer);
  if (a->forward_tsn_due) write_forward_tsn(a, writer);
  if (a->heartbeat_due) write_heartbeat(a, writer);
}

static size_t present_packet_bytes(const struct association *a) {
  /* After a timeout the path may have shrunk: what is sent now must pass. */
  return a->rtt.backoff ? BASE_PACKET_BYTES : a->pmtu.packet_bytes;
}

static bool write_bundle(struct association *a, struct writer *writer, uint8_t *packet,
                         size_t capacity) {
  start(a, writer, packet, min_u64(capacity, present_packet_bytes(a)), a->peer_tag);
  write_before_data(a, writer);
  if (may_send_data(a)) write_data(a, writer);
  if (a->forward_tsn_due && writer_is_empty(writer)) write_forward_tsn(a, writer);
  if (!writer_is_empty(writer)) return true;
  if (!a->probe_due) return false;
  start(a, writer, packet, min_u64(capacity, a->pmtu.probing_bytes), a->peer_tag);
  return write_probe(a, writer);
}

/* The burst is over but not what there is to send: when the next may begin. */
static void arm_next_burst(struct association *a) {
  double rate = a->controller.pacing_bytes_per_s;
  if (a->state == STATE_CLOSED) return;
  if (rate <= 0) rate = 1e6; /* not measured yet: 16 packets in 20 ms */
  double bytes = (double)a->burst_packets * a->controller.packet_bytes;
  usec paced = pacer_deadline(&a->pacer, rate, burst_lump(a, rate), a->now);
  usec slowest = a->now + 1 + (usec)(bytes / rate * (double)SECOND);
  burst_begins_at(a, min_usec(paced, slowest));
}

size_t put_packet(struct association *a, uint8_t *packet, size_t capacity) {
  struct writer writer;
  if (!a->burst_left) return 0;
  if (capacity < BASE_PACKET_BYTES) return 0;
  bool written = write_alone(a, &writer, packet, min_u64(capacity, BASE_PACKET_BYTES));
  if (!written && a->state >= STATE_ESTABLISHED && a->state != STATE_CLOSED)
    written = write_bundle(a, &writer, packet, capacity);
  if (!written) return 0;
  size_t length = writer_finish(&writer, a->peer_zero_checksum && a->state >= STATE_ESTABLISHED);
  a->stats.packets_out++;
  a->stats.bytes_out += length;
  a->last_sent_at = a->now;
  if (!a->pmtu.has_searched && a->stats.payload_out > MTU_SEARCH_BYTES && !is_armed(a, TIMER_MTU))
    arm(a, TIMER_MTU, a->now);
  if (--a->burst_left == 0) arm_next_burst(a);
  return length;
}
