/* One UDP socket for many peers, in batches: recvmmsg with GRO, sends with GSO (Linux), and plain
 * calls where the system has less. It counts what goes wrong, and goes on. */
#ifndef P2CLAW_UDP_SOCKET_H
#define P2CLAW_UDP_SOCKET_H

#include <stddef.h>

#include "udp/endpoint.h"

/* One read: so many datagrams, each of which GRO may have joined of many of one sender. Only pages
 * that are written to are real memory. */
#define UDP_BATCH 32
#define UDP_DATAGRAM_BYTES 65536

/* What the kernel may hold for all peers at once; it gives less where net.core.rmem_max is less. */
#define UDP_BUFFER_BYTES (4 * 1024 * 1024)

struct udp_stats {
  uint64_t datagrams_in, datagrams_out, bytes_in, bytes_out, reads, sends;
  uint64_t again;       /* EAGAIN, ENOBUFS: the send buffer was full; what waited was sent later */
  uint64_t too_large;   /* EMSGSIZE: the interface's MTU; only probes are ever that large */
  uint64_t unreachable; /* other errors of a send: no route, no permission */
  uint64_t unpinned;    /* a local address was gone, and the system chose another */
  uint64_t read_errors;
};

struct udp_socket {
  int fd; /* -1: closed */
  bool is_v6, has_gro, has_gso;
  struct udp_stats stats;
};

struct udp_datagram {
  struct endpoint from, to; /* to: the port is not filled in; all zero where it is not known */
  const uint8_t *data;
  size_t length, segment; /* segment: of each datagram but the last, where GRO joined several */
};

struct udp_batch; /* buffers for one read, and what it brought */

/* UDP_GONE: the descriptor is none of ours any more; it is forgotten, and not closed. */
enum udp_result { UDP_SENT, UDP_BLOCKED, UDP_LOST, UDP_GONE };

/* On all addresses; port 0: any. Returns 0 or an errno; bound: the port that it got. */
int udp_open(struct udp_socket *s, uint16_t port, uint16_t *bound);
/* A socket that another process has bound, which keeps it: 0 or an errno, of which fd stays the
 * caller's. */
int udp_adopt(struct udp_socket *s, int fd, uint16_t *bound);
void udp_close(struct udp_socket *s);

struct udp_batch *udp_batch_new(void);
void udp_batch_free(struct udp_batch *batch);
/* How many datagrams came; 0: none is there. */
int udp_receive(struct udp_socket *s, struct udp_batch *batch);
const struct udp_datagram *udp_received(const struct udp_batch *batch, int index);

/* Sends `length` bytes as datagrams of `segment` bytes, the last of which may be smaller. from: the
 * local address to send from, or all zero; it is made all zero where nothing can be sent from it any
 * more, and then the system chooses. sent: how many bytes have left where it is UDP_BLOCKED. */
enum udp_result udp_send(struct udp_socket *s, struct endpoint *from, const struct endpoint *to,
                         const uint8_t *data, size_t length, size_t segment, size_t *sent);

/* One datagram over IPv4 that routers pass on so many times at most, and then drop: it opens a NAT near
 * by and does not arrive. Lost where that cannot be. */
void udp_send_near(struct udp_socket *s, const struct endpoint *from, const struct endpoint *to,
                   const uint8_t *data, size_t length, int hops);

/* The most that one system call sends to one peer. Linux: UDP_MAX_SEGMENTS was 64 before 6.9; and a
 * datagram of IPv6, whose heads are 40 + 8 bytes. */
#define UDP_SEGMENTS 64
#define UDP_TOGETHER_BYTES (65535 - 48)

/* Bursts of several links that leave together. The data is the caller's. */
#define UDP_OUTGOING 32
struct udp_outgoing {
  struct endpoint from, to; /* from: as of udp_send */
  const uint8_t *data;
  size_t length, segment;
  bool is_pinned; /* for the caller's use: whether `from` was an address */
};

/* Sends them in their order, with one system call where nothing is special. Returns how many are done
 * with, sent or lost: all of them, unless result is UDP_BLOCKED or UDP_GONE. What is left of the first
 * of the others is then in its place. */
size_t udp_send_many(struct udp_socket *s, struct udp_outgoing *all, size_t count,
                     enum udp_result *result);

#endif
