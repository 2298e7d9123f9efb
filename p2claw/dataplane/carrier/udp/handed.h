/* Messages between processes that share a port, on a socket pair of datagrams. */
#ifndef P2CLAW_UDP_HANDED_H
#define P2CLAW_UDP_HANDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Does not wait. False if the other side has no room, or is gone. */
bool udp_hand(int fd, const uint8_t *data, size_t length);
/* The length of the next message; 0 or less: there is none. */
ssize_t udp_handed(int fd, uint8_t *data, size_t capacity);

#endif
