/* How large the packets of an association may be, found out by probes. */
#ifndef P2CLAW_SCTP_SENDING_PROBES_H
#define P2CLAW_SCTP_SENDING_PROBES_H

#include "sctp/packet/heartbeat_info.h"
#include "sctp/state.h"

/* Gives the controller what a full packet carries. */
void set_packet_bytes(struct association *a);
bool write_probe(struct association *a, struct writer *writer);
void probe_acked(struct association *a, const struct heartbeat_info *info);
/* A timeout: the path may carry large packets no more. */
void large_packets_vanish(struct association *a);
/* A chunk was found lost, while what was sent later arrived. The same may be the reason. */
void large_packet_lost(struct association *a, const struct sent *sent);
/* The path is another one, which may carry less. */
void search_again(struct association *a);
void mtu_expired(struct association *a);

#endif
