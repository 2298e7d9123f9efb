#define _GNU_SOURCE
#include "udp/handed.h"

#include <sys/socket.h>

bool udp_hand(int fd, const uint8_t *data, size_t length) {
#ifdef MSG_NOSIGNAL
  int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
  int flags = MSG_DONTWAIT;
#endif
  return send(fd, data, length, flags) == (ssize_t)length;
}

ssize_t udp_handed(int fd, uint8_t *data, size_t capacity) {
  return recv(fd, data, capacity, MSG_DONTWAIT);
}
