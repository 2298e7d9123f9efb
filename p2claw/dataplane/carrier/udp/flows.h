/* Which process has which visitor, where several share one port: a table in memory that all of them
 * see. Only addresses that passed an authenticated check are put in, so that a stranger's datagram is
 * known to be nobody's without asking anybody.
 *
 * A flow is known by a keyed hash of address and port, which the program that steers datagrams
 * (agent/workers/steering.py) computes as well. Who has a hash by chance that another has too gets
 * its datagrams by a detour, or, with the same tag too (one in 2^48), not at all.
 *
 * The memory is the caller's, and begins as zeros. Every process may write at any time: a slot is one
 * word, and changes as a whole. A process that writes nonsense takes visitors from the others, and can
 * do no more: nothing in here is followed as an address. */
#ifndef P2CLAW_UDP_FLOWS_H
#define P2CLAW_UDP_FLOWS_H

#include <stdatomic.h>
#include <stddef.h>

#include "udp/endpoint.h"

#define FLOW_SLOTS 65536u
/* A flow is in one of so many slots. With 20,000 flows, one in 10^6 finds all of them taken; its
 * visitor is served if the kernel happens to give its datagrams to the right process. */
#define FLOW_WINDOW 16u

struct flows {
  uint32_t key, multiplier; /* random; the multiplier is odd */
  _Atomic uint32_t changes; /* how often a slot was written */
  uint32_t unused;
  /* hash 32 | tag 16 | place + 1, 16; 0: empty */
  _Atomic uint64_t slots[FLOW_SLOTS];
};

uint32_t flow_hash(const struct flows *flows, const struct endpoint *of);
/* The place of the process that has it, or -1. */
int flows_find(struct flows *flows, const struct endpoint *of);
/* is_confirmed: it may have been another's. False if there is no room, or it is another's. */
bool flows_put(struct flows *flows, const struct endpoint *of, uint16_t place, bool is_confirmed);
/* Nothing if it is another's meanwhile. */
void flows_remove(struct flows *flows, const struct endpoint *of, uint16_t place);
/* Of a process that has ended. */
void flows_clear(struct flows *flows, uint16_t place);

#endif
