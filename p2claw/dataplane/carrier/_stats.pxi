# The statistics of links and ports: docs/dataplane/STATISTICS.md explains each key.


cdef dict stats_of_link(Link link):
    cdef sctp_stats s
    association_stats(link.a, &s)
    return {
        "controller": s.controller.decode(),
        "path_rtt_ms": None if link.consent is None or link.consent.rtt == NEVER
        else link.consent.rtt / 1000,
        "rtt_ms": s.rtt / 1000,
        "rtt_least_ms": s.rtt_least / 1000,
        "cwnd_bytes": s.window_bytes,
        "in_flight_bytes": s.in_flight_bytes,
        "waiting_bytes": s.waiting_bytes,
        "pacing_bytes_per_s": round(s.pacing_bytes_per_s),
        "peer_window_bytes": s.peer_window_bytes,
        "mtu_bytes": s.packet_bytes,
        "messages_in": link.messages_in,
        "packets_in": s.packets_in,
        "packets_out": s.packets_out,
        "bytes_in": s.bytes_in,
        "bytes_out": s.bytes_out,
        "chunks_out": s.chunks_out,
        "lost_chunks": s.lost_chunks,
        "retransmits": s.retransmits,
        "timeouts": s.timeouts,
        "tail_probes": s.tail_probes,
        "duplicates_in": s.duplicates_in,
        "dropped_in": s.dropped_in,
        "bad_records": link.rejected,
        "bad_checksum": s.bad_checksum,
        "bad_tag": s.bad_tag,
        "malformed": s.malformed + s.ignored,
    }


cdef dict stats_of_port(UdpPort port):
    cdef udp_stats s = port.socket.stats
    return {
        "port": port.number,
        "datagrams_in": s.datagrams_in,
        "datagrams_out": s.datagrams_out,
        "bytes_in": s.bytes_in,
        "bytes_out": s.bytes_out,
        "wakes": port.wakes,
        "reads": s.reads,
        "sends": s.sends,
        "send_blocked": s.again,
        "send_too_large": s.too_large,
        "send_unreachable": s.unreachable,
        "send_unpinned": s.unpinned,
        "read_errors": s.read_errors,
        "strangers": port.strangers,
        "stun_ignored": port.stun_ignored,
        "handed_out": 0 if port.shared is None else port.shared.out,
        "handed_in": 0 if port.shared is None else port.shared.arrived,
        "handed_lost": 0 if port.shared is None else port.shared.lost,
        "handed_refused": 0 if port.shared is None else port.shared.refused,
        "gso": bool(port.socket.has_gso),
        "gro": bool(port.socket.has_gro),
    }
