/* Joins two network namespaces as a long, slow, lossy line would: a TUN device in each, and what
 * the kernel sends into one comes out of the other after queue, serialisation and delay. Who makes
 * the namespaces and gives the devices addresses is network.py's.
 *
 *   link NAMESPACE_A NAMESPACE_B MTU SEED  A_TO_B  B_TO_A
 *   a direction: rate_mbit,delay_us,queue_bytes,loss_percent,reorder_percent,reorder_us,largest_bytes,
 *     port_offset (0: no limit of rate, queue or size)
 *
 * port_offset: where in the transport header the port is that has a rate and a queue of its own, 0 or
 * 2; -1: all packets of the direction share one. So one direction stands for a line to each visitor.
 *
 * Says {"ready": true} once both devices stand, ends when standard input does, and then says what
 * happened to the packets. A direction keeps the order of its packets unless it is set to reorder.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DEVICE "wan0"
#define MICROSECOND INT64_C(1000) /* times are ns of CLOCK_MONOTONIC */
#define SECOND INT64_C(1000000000)
#define READ_BATCH 64             /* packets of one direction before the other has its turn */
#define COALESCE (50 * MICROSECOND) /* at least so long between two wakes by the clock, as a NIC does */
#define LATENESS_MAX_US 20000     /* the histogram's last bucket holds what is later */
#define LARGEST_MTU 9000

typedef int64_t nsec;

struct packet {
  nsec due;
  uint64_t number; /* packets that are due at once leave as they came */
  uint8_t *data;
  uint32_t length;
};

struct direction {
  int from, to;
  double ns_per_byte;
  nsec delay, reorder;
  double queue_bytes, loss, reordering;
  uint32_t largest_bytes;
  uint64_t random;
  nsec free_at[65536];   /* when all that was accepted so far has been serialised; by port */
  int port_offset;
  struct packet *heap;   /* waiting or under way, earliest first; grows on demand */
  size_t count, capacity;
  uint8_t **spare;       /* buffers that hold no packet */
  size_t spares;
  uint64_t in, out, out_bytes, queue_drops, losses, too_large, reordered, unwritten;
  double queue_most_bytes;
  uint64_t lateness[LATENESS_MAX_US + 1]; /* how many packets left so many us late */
};

static size_t buffer_bytes;

static void fail(const char *what) {
  fprintf(stderr, "link: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void *checked(void *memory) {
  if (!memory) fail("memory");
  return memory;
}

static nsec clock_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

/* splitmix64, then the upper 53 bits: from 0 up to but not 1. */
static double chance(struct direction *d) {
  uint64_t z = (d->random += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

static bool is_earlier(const struct packet *a, const struct packet *b) {
  return a->due != b->due ? a->due < b->due : a->number < b->number;
}

static void push(struct direction *d, struct packet packet) {
  if (d->count == d->capacity) {
    d->capacity = d->capacity ? 2 * d->capacity : 256;
    d->heap = checked(realloc(d->heap, d->capacity * sizeof *d->heap));
    d->spare = checked(realloc(d->spare, (d->capacity + 1) * sizeof *d->spare));
  }
  size_t i = d->count++;
  for (; i && is_earlier(&packet, &d->heap[(i - 1) / 2]); i = (i - 1) / 2)
    d->heap[i] = d->heap[(i - 1) / 2];
  d->heap[i] = packet;
}

static struct packet pop(struct direction *d) {
  struct packet first = d->heap[0], last = d->heap[--d->count];
  size_t i = 0, child;
  while ((child = 2 * i + 1) < d->count) {
    if (child + 1 < d->count && is_earlier(&d->heap[child + 1], &d->heap[child])) child++;
    if (!is_earlier(&d->heap[child], &last)) break;
    d->heap[i] = d->heap[child];
    i = child;
  }
  d->heap[i] = last;
  return first;
}

static uint8_t *pop_buffer(struct direction *d) {
  return d->spares ? d->spare[--d->spares] : checked(malloc(buffer_bytes));
}

/* Which line a packet takes: 0, or the port of TCP or UDP over IPv4. */
static unsigned line_of(const struct direction *d, const uint8_t *data, uint32_t length) {
  if (d->port_offset < 0 || length < 20 || data[0] >> 4 != 4) return 0;
  uint32_t at = (uint32_t)(data[0] & 15) * 4 + (uint32_t)d->port_offset;
  return at + 2 <= length ? (unsigned)data[at] << 8 | data[at + 1] : 0;
}

/* Whether the packet is on its way; its buffer is free again if not. */
static bool accept_packet(struct direction *d, uint8_t *data, uint32_t length, nsec now) {
  uint64_t number = d->in++;
  if (d->largest_bytes && length > d->largest_bytes) {
    d->too_large++;
    return false;
  }
  nsec leaves = now;
  if (d->ns_per_byte > 0) {
    nsec *free_at = &d->free_at[line_of(d, data, length)];
    nsec begins = *free_at > now ? *free_at : now;
    double waiting = (double)(begins - now) / d->ns_per_byte + length;
    if (d->queue_bytes > 0 && waiting > d->queue_bytes) {
      d->queue_drops++;
      return false;
    }
    if (waiting > d->queue_most_bytes) d->queue_most_bytes = waiting;
    leaves = *free_at = begins + (nsec)(length * d->ns_per_byte + 0.5);
  }
  if (d->loss > 0 && chance(d) < d->loss) {
    d->losses++;
    return false;
  }
  nsec due = leaves + d->delay;
  if (d->reordering > 0 && chance(d) < d->reordering) {
    d->reordered++;
    due += d->reorder;
  }
  push(d, (struct packet){.due = due, .number = number, .data = data, .length = length});
  return true;
}

static void read_device(struct direction *d) {
  for (int i = 0; i < READ_BATCH; i++) {
    uint8_t *data = pop_buffer(d);
    ssize_t length = read(d->from, data, buffer_bytes);
    if (length <= 0 || !accept_packet(d, data, (uint32_t)length, clock_now())) {
      if (!d->spare) d->spare = checked(malloc(sizeof *d->spare));
      d->spare[d->spares++] = data;
    }
    if (length > 0) continue;
    if (length < 0 && errno != EAGAIN && errno != EINTR) fail("read");
    return;
  }
}

static void deliver(struct direction *d, nsec now) {
  while (d->count && d->heap[0].due <= now) {
    struct packet packet = pop(d);
    if (write(d->to, packet.data, packet.length) == (ssize_t)packet.length) {
      d->out++;
      d->out_bytes += packet.length;
    } else {
      d->unwritten++;
    }
    nsec late = (clock_now() - packet.due) / MICROSECOND;
    d->lateness[late < LATENESS_MAX_US ? late : LATENESS_MAX_US]++;
    d->spare[d->spares++] = packet.data;
  }
}

static nsec next_due(const struct direction *directions) {
  nsec next = INT64_MAX;
  for (int i = 0; i < 2; i++)
    if (directions[i].count && directions[i].heap[0].due < next) next = directions[i].heap[0].due;
  return next;
}

static void carry(struct direction *directions) {
  struct pollfd polled[3] = {{.fd = directions[0].from, .events = POLLIN},
                             {.fd = directions[1].from, .events = POLLIN},
                             {.fd = STDIN_FILENO, .events = POLLIN}};
  nsec delivered_at = 0;
  for (;;) {
    nsec now = clock_now(), next = next_due(directions);
    if (next <= now) {
      for (int i = 0; i < 2; i++) deliver(&directions[i], now);
      delivered_at = now;
      next = next_due(directions);
    }
    if (next < delivered_at + COALESCE) next = delivered_at + COALESCE;
    nsec wait = next > now ? next - now : 0;
    struct timespec limit = {.tv_sec = wait / SECOND, .tv_nsec = wait % SECOND};
    bool idle = !directions[0].count && !directions[1].count;
    if (ppoll(polled, 3, idle ? NULL : &limit, NULL) < 0 && errno != EINTR) fail("ppoll");
    for (int i = 0; i < 2; i++)
      if (polled[i].revents & POLLIN) read_device(&directions[i]);
    if (polled[2].revents) return; /* nothing is ever written there: it was closed */
  }
}

/* struct sched_attr of sched_setattr(2), which has no wrapper. */
struct deadline_terms {
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period; /* ns */
};

/* A line has no processor to wait for: it comes before the ends (flow.py), which are real-time too,
 * and before what the kernel keeps for all others where those take everything. */
static bool come_first(void) {
  const uint64_t millisecond = 1000000;
  struct deadline_terms terms = {.size = sizeof terms,
                                 .policy = 6, /* SCHED_DEADLINE */
                                 .runtime = millisecond * 9 / 10,
                                 .deadline = millisecond,
                                 .period = millisecond};
  if (syscall(SYS_sched_setattr, 0, &terms, 0) == 0) return true;
  struct sched_param first = {.sched_priority = 2};
  return sched_setscheduler(0, SCHED_FIFO, &first) == 0;
}

/* A device belongs to the namespace in which /dev/net/tun was opened. */
static int open_device(const char *name) {
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", name);
  int space = open(path, O_RDONLY | O_CLOEXEC);
  if (space < 0 || setns(space, CLONE_NEWNET)) fail(path);
  close(space);
  int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) fail("/dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  strcpy(request.ifr_name, DEVICE);
  if (ioctl(device, TUNSETIFF, &request)) fail("TUNSETIFF");
  return device;
}

static void read_direction(struct direction *d, const char *text, uint64_t seed) {
  double rate_mbit, delay_us, reorder_us;
  if (sscanf(text, "%lf,%lf,%lf,%lf,%lf,%lf,%u,%d", &rate_mbit, &delay_us, &d->queue_bytes, &d->loss,
             &d->reordering, &reorder_us, &d->largest_bytes, &d->port_offset) != 8) {
    errno = EINVAL;
    fail(text);
  }
  d->ns_per_byte = rate_mbit > 0 ? 8000 / rate_mbit : 0;
  d->delay = (nsec)(delay_us * (double)MICROSECOND);
  d->reorder = (nsec)(reorder_us * (double)MICROSECOND);
  d->loss /= 100;
  d->reordering /= 100;
  d->random = seed;
}

static unsigned late_us(const struct direction *d, double part) {
  uint64_t all = 0, seen = 0;
  for (int i = 0; i <= LATENESS_MAX_US; i++) all += d->lateness[i];
  for (unsigned i = 0; i <= LATENESS_MAX_US; i++)
    if ((double)(seen += d->lateness[i]) >= part * (double)all) return i;
  return LATENESS_MAX_US;
}

static void report(const struct direction *d, const char *name, const char *after) {
  printf("\"%s\": {\"packets\": %llu, \"delivered\": %llu, \"delivered_bytes\": %llu, "
         "\"queue_drops\": %llu, \"losses\": %llu, \"too_large\": %llu, \"reordered\": %llu, "
         "\"unwritten\": %llu, \"queue_most_bytes\": %.0f, \"late_p50_us\": %u, "
         "\"late_p99_us\": %u, \"late_most_us\": %u}%s",
         name, (unsigned long long)d->in, (unsigned long long)d->out,
         (unsigned long long)d->out_bytes, (unsigned long long)d->queue_drops,
         (unsigned long long)d->losses, (unsigned long long)d->too_large,
         (unsigned long long)d->reordered, (unsigned long long)d->unwritten, d->queue_most_bytes,
         late_us(d, 0.5), late_us(d, 0.99), late_us(d, 1), after);
}

int main(int count, char **arguments) {
  static struct direction directions[2];
  if (count != 7) {
    fprintf(stderr, "usage: link NAMESPACE_A NAMESPACE_B MTU SEED A_TO_B B_TO_A\n");
    return 2;
  }
  buffer_bytes = (size_t)atoi(arguments[3]);
  if (buffer_bytes < 576 || buffer_bytes > LARGEST_MTU) {
    fprintf(stderr, "link: an MTU from 576 to %d\n", LARGEST_MTU);
    return 2;
  }
  uint64_t seed = strtoull(arguments[4], NULL, 10);
  for (int i = 0; i < 2; i++) read_direction(&directions[i], arguments[5 + i], 2 * seed + (uint64_t)i);
  int a = open_device(arguments[1]), b = open_device(arguments[2]);
  directions[0].from = directions[1].to = a;
  directions[0].to = directions[1].from = b;
  prctl(PR_SET_PDEATHSIG, 15);
  prctl(PR_SET_TIMERSLACK, 1);
  bool is_real_time = come_first();
  printf("{\"ready\": true, \"real_time\": %s}\n", is_real_time ? "true" : "false");
  fflush(stdout);
  carry(directions);
  printf("{");
  report(&directions[0], "a_to_b", ", ");
  report(&directions[1], "b_to_a", "}\n");
  return 0;
}
