/* Endpoints as people write them. */
#include "udp/endpoint.h"

#include <arpa/inet.h>

bool endpoint_parse(struct endpoint *endpoint, const char *host, uint16_t port) {
  memset(endpoint, 0, sizeof *endpoint);
  endpoint->port = port;
  if (inet_pton(AF_INET6, host, endpoint->address) == 1) return true;
  endpoint->address[10] = endpoint->address[11] = 0xff;
  return inet_pton(AF_INET, host, endpoint->address + 12) == 1;
}

void endpoint_format(const struct endpoint *endpoint, char *text) {
  if (endpoint_is_v4(endpoint))
    inet_ntop(AF_INET, endpoint->address + 12, text, ENDPOINT_TEXT_BYTES);
  else
    inet_ntop(AF_INET6, endpoint->address, text, ENDPOINT_TEXT_BYTES);
}
