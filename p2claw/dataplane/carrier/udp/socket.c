/* Opening, and what both directions share: addresses as the kernel writes them. */
#define _GNU_SOURCE
#include "udp/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "udp/sockets.h"

static void set(int fd, int level, int option, int value) {
  (void)setsockopt(fd, level, option, &value, sizeof value);
}

static void set_buffer(int fd, int forced, int option) {
  int bytes = UDP_BUFFER_BYTES;
  if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof bytes)) set(fd, SOL_SOCKET, option, bytes);
}

static void configure(struct udp_socket *s) {
#ifdef __linux__
  /* RFC 8899 §3: probes must not be fragmented. PROBE, not DO: the kernel's own idea of a path's
   * MTU, which any stranger's ICMP can shrink, is not asked. */
  set(s->fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  /* A socket of IPv6 reports the address that a datagram of IPv4 came to as well: see below. */
  if (!s->is_v6) set(s->fd, IPPROTO_IP, IP_PKTINFO, 1);
  if (s->is_v6) set(s->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
  set_buffer(s->fd, SO_RCVBUFFORCE, SO_RCVBUF);
  set_buffer(s->fd, SO_SNDBUFFORCE, SO_SNDBUF);
  int on = 1;
  s->has_gro = !setsockopt(s->fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
  int segment = 0;
  s->has_gso = !setsockopt(s->fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
#else
  set_buffer(s->fd, SO_RCVBUF, SO_RCVBUF);
  set_buffer(s->fd, SO_SNDBUF, SO_SNDBUF);
#endif
  if (s->is_v6) set(s->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

static int open_family(struct udp_socket *s, int family, uint16_t port, uint16_t *bound) {
  struct sockaddr_storage name = {.ss_family = (sa_family_t)family};
  s->is_v6 = family == AF_INET6;
  s->fd = socket(family, SOCK_DGRAM, 0);
  if (s->fd < 0) return errno;
  fcntl(s->fd, F_SETFD, FD_CLOEXEC);
  fcntl(s->fd, F_SETFL, fcntl(s->fd, F_GETFL) | O_NONBLOCK);
  int off = 0;
  int failed = s->is_v6 && setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  sockaddr_set_port(&name, port);
  failed = failed || bind(s->fd, (struct sockaddr *)&name, sockaddr_bytes(&name));
  socklen_t length = sizeof name;
  failed = failed || getsockname(s->fd, (struct sockaddr *)&name, &length);
  if (failed) {
    int error = errno;
    udp_close(s);
    return error;
  }
  *bound = sockaddr_port(&name);
  configure(s);
  return 0;
}

int udp_open(struct udp_socket *s, uint16_t port, uint16_t *bound) {
  *s = (struct udp_socket){.fd = -1};
  int error = open_family(s, AF_INET6, port, bound);
  /* IPv6 may be switched off on this machine. */
  return error && error != EADDRINUSE && error != EACCES ? open_family(s, AF_INET, port, bound)
                                                         : error;
}

int udp_adopt(struct udp_socket *s, int fd, uint16_t *bound) {
  struct sockaddr_storage name;
  socklen_t length = sizeof name;
  *s = (struct udp_socket){.fd = -1};
  if (getsockname(fd, (struct sockaddr *)&name, &length)) return errno;
  if (name.ss_family != AF_INET6 && name.ss_family != AF_INET) return EAFNOSUPPORT;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  s->fd = fd;
  s->is_v6 = name.ss_family == AF_INET6;
  *bound = sockaddr_port(&name);
  configure(s);
  return 0;
}

void udp_close(struct udp_socket *s) {
  if (s->fd >= 0) close(s->fd);
  s->fd = -1;
}
