/* epoll and timerfd. */
#define _GNU_SOURCE
#include "udp/waker.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

usec monotonic_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (usec)t.tv_sec * SECOND + t.tv_nsec / 1000;
}

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/timerfd.h>

int waker_open(struct waker *w, int socket) {
  *w = (struct waker){.fd = epoll_create1(EPOLL_CLOEXEC), .armed = NEVER, .watched = WAKER_READ};
  w->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  struct epoll_event on_timer = {.events = EPOLLIN, .data.fd = -1};
  struct epoll_event on_socket = {.events = EPOLLIN, .data.fd = socket};
  if (w->fd < 0 || w->timer_fd < 0 || epoll_ctl(w->fd, EPOLL_CTL_ADD, w->timer_fd, &on_timer) ||
      epoll_ctl(w->fd, EPOLL_CTL_ADD, socket, &on_socket)) {
    int error = errno;
    waker_close(w);
    return error;
  }
  return 0;
}

void waker_close(struct waker *w) {
  if (w->fd >= 0) close(w->fd);
  if (w->timer_fd >= 0) close(w->timer_fd);
  w->fd = w->timer_fd = -1;
}

void waker_watch(struct waker *w, int socket, uint32_t what) {
  if (what == w->watched || w->fd < 0) return;
  struct epoll_event event = {.data.fd = socket};
  event.events = (what & WAKER_READ ? EPOLLIN : 0u) | (what & WAKER_WRITE ? EPOLLOUT : 0u);
  if (!epoll_ctl(w->fd, EPOLL_CTL_MOD, socket, &event)) w->watched = what;
}

/* Requests one after the other move the next deadline twice each. After SET_OFTEN of that within
 * SET_INTERVAL, a deadline that only moves away leaves the timer as it is: one wake too many per
 * interval then, in place of all the calls. */
#define SET_INTERVAL (5 * MILLISECOND)
#define SET_OFTEN 4

void waker_set(struct waker *w, usec at, usec now) {
  if (at == w->armed || w->fd < 0) return;
  if (now - w->counted_at >= SET_INTERVAL) {
    w->counted_at = now;
    w->set = 0;
  }
  if (now < w->armed && w->armed < at && w->set >= SET_OFTEN) return;
  w->set++;
  struct itimerspec when = {0}; /* all zero: disarmed */
  if (at != NEVER) {
    when.it_value.tv_sec = at / SECOND;
    when.it_value.tv_nsec = at % SECOND * 1000 + 1;
  }
  if (!timerfd_settime(w->timer_fd, TFD_TIMER_ABSTIME, &when, NULL)) w->armed = at;
}

uint32_t waker_woke(struct waker *w, usec now) {
  /* Asking epoll what it was costs as much as trying: the socket is read until it is empty. */
  uint64_t times;
  if (w->armed <= now && read(w->timer_fd, &times, sizeof times) > 0) w->armed = NEVER;
  return w->watched;
}

#else

int waker_open(struct waker *w, int socket) {
  (void)socket;
  *w = (struct waker){.fd = -1, .timer_fd = -1, .armed = NEVER};
  return 0;
}
void waker_close(struct waker *w) { (void)w; }
void waker_watch(struct waker *w, int socket, uint32_t what) { (void)w, (void)socket, (void)what; }
void waker_set(struct waker *w, usec at, usec now) { (void)now, w->armed = at; }
uint32_t waker_woke(struct waker *w, usec now) {
  (void)w, (void)now;
  return WAKER_READ;
}

#endif
