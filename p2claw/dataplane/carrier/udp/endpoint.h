/* Where a datagram comes from or goes to: an address and a port, IPv4 as ::ffff:a.b.c.d (RFC 4291
 * §2.5.5.2), so that one socket and one table serve both families. */
#ifndef P2CLAW_UDP_ENDPOINT_H
#define P2CLAW_UDP_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ADDRESS_BYTES 16
#define ENDPOINT_TEXT_BYTES INET6_ADDRSTRLEN

struct endpoint {
  uint8_t address[ADDRESS_BYTES]; /* all zero: any */
  uint16_t port;                  /* host order */
};

static inline bool endpoint_equal(const struct endpoint *a, const struct endpoint *b) {
  return a->port == b->port && !memcmp(a->address, b->address, ADDRESS_BYTES);
}

static inline bool endpoint_is_v4(const struct endpoint *endpoint) {
  static const uint8_t PREFIX[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return !memcmp(endpoint->address, PREFIX, sizeof PREFIX);
}

static inline bool endpoint_is_any(const struct endpoint *endpoint) {
  static const uint8_t ANY[ADDRESS_BYTES];
  return !memcmp(endpoint->address, ANY, ADDRESS_BYTES);
}

/* Numeric addresses only. False if the text is none. */
bool endpoint_parse(struct endpoint *endpoint, const char *host, uint16_t port);
/* text holds ENDPOINT_TEXT_BYTES. */
void endpoint_format(const struct endpoint *endpoint, char *text);

#endif
