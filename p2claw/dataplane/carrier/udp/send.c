/* Sending: a burst for one peer in one system call where the kernel can cut it up (UDP GSO), one call
 * a datagram where it cannot. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "udp/socket.h"
#include "udp/sockets.h"

#define CONTROL_BYTES 96

static void *add_control(struct msghdr *header, int level, int type, size_t length) {
  struct cmsghdr *c =
      (struct cmsghdr *)(void *)((uint8_t *)header->msg_control + header->msg_controllen);
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(length);
  header->msg_controllen += CMSG_SPACE(length);
  return CMSG_DATA(c);
}

static void send_from(struct msghdr *header, bool is_v6, const struct endpoint *from) {
  if (endpoint_is_any(from)) return;
  if (is_v6) {
    struct in6_pktinfo info = {0};
    memcpy(&info.ipi6_addr, from->address, ADDRESS_BYTES);
    memcpy(add_control(header, IPPROTO_IPV6, IPV6_PKTINFO, sizeof info), &info, sizeof info);
#ifdef __linux__
  } else if (endpoint_is_v4(from)) {
    struct in_pktinfo info = {0};
    memcpy(&info.ipi_spec_dst, from->address + 12, 4);
    memcpy(add_control(header, IPPROTO_IP, IP_PKTINFO, sizeof info), &info, sizeof info);
#endif
  }
}

/* All that a header points to. */
struct envelope {
  struct sockaddr_storage name;
  struct iovec vector;
  _Alignas(struct cmsghdr) uint8_t control[CONTROL_BYTES];
};

/* False if this socket's family cannot reach it. */
static bool address(struct msghdr *header, struct envelope *envelope, const struct udp_socket *s,
                    const struct endpoint *from, const struct endpoint *to, const uint8_t *data,
                    size_t length, size_t segment) {
  if (!endpoint_to(to, s->is_v6, &envelope->name)) return false;
  envelope->vector = (struct iovec){(void *)(uintptr_t)data, length};
  memset(envelope->control, 0, sizeof envelope->control);
  *header = (struct msghdr){.msg_name = &envelope->name,
                            .msg_namelen = sockaddr_bytes(&envelope->name),
                            .msg_iov = &envelope->vector,
                            .msg_iovlen = 1,
                            .msg_control = envelope->control};
  send_from(header, s->is_v6, from);
#ifdef __linux__
  if (segment < length) {
    uint16_t bytes = (uint16_t)segment;
    memcpy(add_control(header, IPPROTO_UDP, UDP_SEGMENT, sizeof bytes), &bytes, sizeof bytes);
  }
#endif
  if (!header->msg_controllen) header->msg_control = NULL;
  return true;
}

static void count_sent(struct udp_socket *s, size_t length, size_t segment) {
  s->stats.datagrams_out += (length + segment - 1) / segment;
  s->stats.bytes_out += length;
}

/* One call. Returns 0 or an errno. */
static int send_once(struct udp_socket *s, const struct endpoint *from, const struct endpoint *to,
                     const uint8_t *data, size_t length, size_t segment) {
  struct envelope envelope;
  struct msghdr header;
  if (!address(&header, &envelope, s, from, to, data, length, segment)) return EAFNOSUPPORT;
  s->stats.sends++;
  if (sendmsg(s->fd, &header, 0) < 0) return errno;
  count_sent(s, length, segment);
  return 0;
}

/* What an error means for the bytes that it was about. */
static enum udp_result judge(struct udp_socket *s, int error) {
  switch (error) {
    case 0: return UDP_SENT;
    case EAGAIN:
    case ENOBUFS: s->stats.again++; return UDP_BLOCKED;
    case EBADF:
    case ENOTSOCK: s->fd = -1; return UDP_GONE;
    case EMSGSIZE: s->stats.too_large++; return UDP_LOST;
    default: s->stats.unreachable++; return UDP_LOST;
  }
}

static bool cannot_segment(struct udp_socket *s, int error) {
  /* EIO: the device cannot checksum, so never. EINVAL, EMSGSIZE: this batch does not fit it. */
  if (error == EIO || error == ENOPROTOOPT || error == EOPNOTSUPP) s->has_gso = false;
  return error == EIO || error == EINVAL || error == EMSGSIZE || !s->has_gso;
}

/* EINVAL: the machine has this address no more. ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL: nothing
 * leads from it to there. The system may know another address from which something does. */
static bool is_pin_lost(const struct endpoint *from, int error) {
  return !endpoint_is_any(from) && (error == EINVAL || error == ENETUNREACH ||
                                    error == EHOSTUNREACH || error == EADDRNOTAVAIL);
}

enum udp_result udp_send(struct udp_socket *s, struct endpoint *from, const struct endpoint *to,
                         const uint8_t *data, size_t length, size_t segment, size_t *sent) {
  enum udp_result worst = UDP_SENT;
  *sent = 0;
  if (s->fd < 0) return UDP_LOST;
  size_t most = UDP_TOGETHER_BYTES / segment;
  if (most > UDP_SEGMENTS) most = UDP_SEGMENTS;
  if (!most) most = 1; /* larger than a datagram can be: EMSGSIZE says so */
  bool together = s->has_gso;
  while (*sent < length) {
    size_t part = together ? most * segment : segment;
    if (part > length - *sent) part = length - *sent;
    int error = send_once(s, from, to, data + *sent, part, segment);
    if (error == EINTR) continue;
    if (error && part > segment && cannot_segment(s, error)) {
      together = false;
      continue;
    }
    if (is_pin_lost(from, error)) {
      memset(from->address, 0, ADDRESS_BYTES);
      together = s->has_gso;
      s->stats.unpinned++;
      continue;
    }
    enum udp_result result = judge(s, error);
    if (result == UDP_BLOCKED || result == UDP_GONE) return result;
    if (result == UDP_LOST) worst = UDP_LOST;
    *sent += part;
  }
  return worst;
}

void udp_send_near(struct udp_socket *s, const struct endpoint *from, const struct endpoint *to,
                   const uint8_t *data, size_t length, int hops) {
#ifdef __linux__ /* elsewhere IP_TTL is of the socket alone, and so of what other links send */
  struct envelope envelope;
  struct msghdr header;
  if (s->fd < 0 || !endpoint_is_v4(to)) return;
  if (!address(&header, &envelope, s, from, to, data, length, length)) return;
  header.msg_control = envelope.control;
  memcpy(add_control(&header, IPPROTO_IP, IP_TTL, sizeof hops), &hops, sizeof hops);
  s->stats.sends++;
  int error = sendmsg(s->fd, &header, 0) < 0 ? errno : 0;
  if (!error) count_sent(s, length, length);
  judge(s, error);
#else
  (void)s, (void)from, (void)to, (void)data, (void)length, (void)hops;
#endif
}

/* One call for the first of them; how many it sent. Whatever is not simple ends it: 0. */
static size_t send_together(struct udp_socket *s, const struct udp_outgoing *all, size_t count) {
#ifdef __linux__
  struct envelope envelopes[UDP_OUTGOING];
  struct mmsghdr headers[UDP_OUTGOING];
  size_t ready = 0;
  for (; ready < count && ready < UDP_OUTGOING; ready++) {
    const struct udp_outgoing *one = &all[ready];
    if (one->segment < one->length && (!s->has_gso || one->length > one->segment * UDP_SEGMENTS ||
                                       one->length > UDP_TOGETHER_BYTES))
      break;
    if (!address(&headers[ready].msg_hdr, &envelopes[ready], s, &one->from, &one->to, one->data,
                 one->length, one->segment))
      break;
  }
  if (!ready) return 0;
  s->stats.sends++;
  int sent = sendmmsg(s->fd, headers, (unsigned)ready, 0);
  for (int i = 0; i < sent; i++) count_sent(s, all[i].length, all[i].segment);
  return sent < 0 ? 0 : (size_t)sent;
#else
  (void)s, (void)all, (void)count;
  return 0;
#endif
}

size_t udp_send_many(struct udp_socket *s, struct udp_outgoing *all, size_t count,
                     enum udp_result *result) {
  size_t done = send_together(s, all, count);
  *result = UDP_SENT;
  while (done < count) {
    /* What this one failed with is known when it is tried alone; so are those after it. */
    struct udp_outgoing *one = &all[done];
    size_t sent = 0;
    *result = udp_send(s, &one->from, &one->to, one->data, one->length, one->segment, &sent);
    if (*result == UDP_BLOCKED || *result == UDP_GONE) {
      one->data += sent;
      one->length -= sent;
      return done;
    }
    done++;
  }
  return done;
}
