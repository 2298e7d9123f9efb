/* One descriptor that becomes readable when a socket or a time has come, so that a loop has one thing
 * to watch, and a time may be finer than its own timers (Linux: epoll and timerfd; elsewhere -1, and
 * the loop watches the socket and keeps the time itself). */
#ifndef P2CLAW_UDP_WAKER_H
#define P2CLAW_UDP_WAKER_H

#include "usec.h"

struct waker {
  int fd, timer_fd; /* -1: the system has none */
  usec armed;       /* NEVER: not */
  usec counted_at;  /* since when it is counted how often the time was set */
  int set;
  uint32_t watched;
};

enum { WAKER_READ = 1, WAKER_WRITE = 2 };

/* 0 or an errno. */
int waker_open(struct waker *w, int socket);
void waker_close(struct waker *w);
/* What of the socket wakes: a sum of the above. Costs nothing where nothing changes. */
void waker_watch(struct waker *w, int socket, uint32_t what);
/* It may wake earlier, and is to be set again then, while the time moves away many times. */
void waker_set(struct waker *w, usec at, usec now);
/* Takes note that it woke. Returns what of the socket may be ready. */
uint32_t waker_woke(struct waker *w, usec now);

usec monotonic_now(void); /* CLOCK_MONOTONIC */

#endif
