/* Endpoints as socket addresses. Private to udp/. */
#ifndef P2CLAW_UDP_SOCKETS_H
#define P2CLAW_UDP_SOCKETS_H

#include <arpa/inet.h>
#include <sys/socket.h>

#include "udp/endpoint.h"

static inline socklen_t sockaddr_bytes(const struct sockaddr_storage *name) {
  return name->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

static inline void sockaddr_set_port(struct sockaddr_storage *name, uint16_t port) {
  if (name->ss_family == AF_INET6)
    ((struct sockaddr_in6 *)name)->sin6_port = htons(port);
  else
    ((struct sockaddr_in *)name)->sin_port = htons(port);
}

static inline uint16_t sockaddr_port(const struct sockaddr_storage *name) {
  return ntohs(name->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)name)->sin6_port
                                           : ((const struct sockaddr_in *)name)->sin_port);
}

static inline void address_from_v4(uint8_t *address, const void *v4) {
  static const uint8_t PREFIX[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  memcpy(address, PREFIX, sizeof PREFIX);
  memcpy(address + 12, v4, 4);
}

static inline void endpoint_from(struct endpoint *endpoint, const struct sockaddr_storage *name) {
  endpoint->port = sockaddr_port(name);
  if (name->ss_family == AF_INET6)
    memcpy(endpoint->address, &((const struct sockaddr_in6 *)name)->sin6_addr, ADDRESS_BYTES);
  else
    address_from_v4(endpoint->address, &((const struct sockaddr_in *)name)->sin_addr);
}

/* False if this socket's family cannot reach it. */
static inline bool endpoint_to(const struct endpoint *endpoint, bool is_v6,
                               struct sockaddr_storage *name) {
  if (!is_v6 && !endpoint_is_v4(endpoint)) return false;
  memset(name, 0, sizeof(struct sockaddr_in6));
  name->ss_family = is_v6 ? AF_INET6 : AF_INET;
  if (is_v6)
    memcpy(&((struct sockaddr_in6 *)name)->sin6_addr, endpoint->address, ADDRESS_BYTES);
  else
    memcpy(&((struct sockaddr_in *)name)->sin_addr, endpoint->address + 12, 4);
  sockaddr_set_port(name, endpoint->port);
  return true;
}

#endif
