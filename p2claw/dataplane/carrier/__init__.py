"""What carries the core's packets: one UDP port for all peers, DTLS records, consent, links."""
