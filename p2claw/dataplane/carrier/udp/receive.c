/* Reading: one system call for many datagrams. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "udp/socket.h"
#include "udp/sockets.h"

#define CONTROL_BYTES 128 /* PKTINFO and GRO's segment size */
/* From one buffer to the next. If all began at the same place of a page, the small datagrams of a
 * read would share a few lines of the processor's cache. */
#define BUFFER_STEP (UDP_DATAGRAM_BYTES + 192)

#ifndef __linux__
struct mmsghdr {
  struct msghdr msg_hdr;
  unsigned int msg_len;
};
#endif

struct udp_batch {
  struct mmsghdr headers[UDP_BATCH];
  struct iovec vectors[UDP_BATCH];
  struct sockaddr_storage names[UDP_BATCH];
  struct udp_datagram datagrams[UDP_BATCH];
  _Alignas(struct cmsghdr) uint8_t controls[UDP_BATCH][CONTROL_BYTES];
  uint8_t *buffers;
};

struct udp_batch *udp_batch_new(void) {
  struct udp_batch *batch = calloc(1, sizeof *batch);
  if (!batch) return NULL;
  batch->buffers = malloc((size_t)UDP_BATCH * BUFFER_STEP);
  if (!batch->buffers) {
    free(batch);
    return NULL;
  }
  for (size_t i = 0; i < UDP_BATCH; i++) {
    batch->vectors[i] = (struct iovec){batch->buffers + i * BUFFER_STEP, UDP_DATAGRAM_BYTES};
    struct msghdr *header = &batch->headers[i].msg_hdr;
    header->msg_iov = &batch->vectors[i];
    header->msg_iovlen = 1;
    header->msg_name = &batch->names[i];
    header->msg_control = batch->controls[i];
  }
  return batch;
}

void udp_batch_free(struct udp_batch *batch) {
  if (!batch) return;
  free(batch->buffers);
  free(batch);
}

const struct udp_datagram *udp_received(const struct udp_batch *batch, int index) {
  return &batch->datagrams[index];
}

static void read_control(struct msghdr *header, struct udp_datagram *datagram) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
    if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      memcpy(datagram->to.address, &((struct in6_pktinfo *)(void *)CMSG_DATA(c))->ipi6_addr,
             ADDRESS_BYTES);
#ifdef __linux__
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      address_from_v4(datagram->to.address, &((struct in_pktinfo *)(void *)CMSG_DATA(c))->ipi_addr);
    } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
      int segment;
      memcpy(&segment, CMSG_DATA(c), sizeof segment);
      if (segment > 0) datagram->segment = (size_t)segment;
#endif
    }
  }
}

#ifndef __linux__
static int recvmmsg(int fd, struct mmsghdr *headers, unsigned int count, int flags, void *timeout) {
  (void)timeout;
  for (unsigned int i = 0; i < count; i++) {
    ssize_t length = recvmsg(fd, &headers[i].msg_hdr, flags);
    if (length < 0) return i ? (int)i : -1;
    headers[i].msg_len = (unsigned int)length;
  }
  return (int)count;
}
#endif

int udp_receive(struct udp_socket *s, struct udp_batch *batch) {
  if (s->fd < 0) return 0;
  for (int i = 0; i < UDP_BATCH; i++) {
    batch->headers[i].msg_hdr.msg_namelen = sizeof(struct sockaddr_storage);
    batch->headers[i].msg_hdr.msg_controllen = CONTROL_BYTES;
  }
  int count = recvmmsg(s->fd, batch->headers, UDP_BATCH, 0, NULL);
  s->stats.reads++;
  if (count < 0) {
    if (errno != EAGAIN && errno != EINTR) s->stats.read_errors++;
    return 0;
  }
  for (int i = 0; i < count; i++) {
    struct udp_datagram *datagram = &batch->datagrams[i];
    size_t length = batch->headers[i].msg_len;
    *datagram = (struct udp_datagram){
        .data = batch->vectors[i].iov_base, .length = length, .segment = length};
    endpoint_from(&datagram->from, &batch->names[i]);
    read_control(&batch->headers[i].msg_hdr, datagram);
    s->stats.datagrams_in +=
        datagram->segment ? (length + datagram->segment - 1) / datagram->segment : 1;
    s->stats.bytes_in += length;
  }
  return count;
}
