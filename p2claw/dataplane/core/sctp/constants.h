/* Every constant of the association that several files use, with its source.
 * docs/dataplane/CONSTANTS.md lists them for people. */
#ifndef P2CLAW_SCTP_CONSTANTS_H
#define P2CLAW_SCTP_CONSTANTS_H

#include "usec.h"

/* Sizes. What is sent before anything larger was proved fits a datagram of 1,200 bytes, as QUIC's
 * first packets do (RFC 8899 §5.1.2 BASE_PLPMTU): 1200 - 37 (DTLS record of AES-GCM: 13 header,
 * 8 explicit nonce, 16 tag) - 4 (TURN ChannelData) = 1159; chunks are multiples of 4, so that 1,156
 * are used. With UDP (8) and IPv4 (20) a path of 1,228 bytes carries it. */
#define BASE_PACKET_BYTES 1159
/* 1500 - 20 (IPv4) - 8 - 37 - 4 = 1431: what an Ethernet path can carry at most. */
#define LARGEST_PACKET_BYTES 1431
#define COMMON_HEADER_BYTES 12 /* RFC 9260 §3.1 */
#define CHUNK_HEADER_BYTES 4   /* RFC 9260 §3.2 */
#define DATA_HEADER_BYTES 16   /* RFC 9260 §3.3.1 */
/* A chunk keeps its TSN when it is sent again, so it cannot be cut smaller after a path shrank. No
 * chunk is larger than the base packet, whatever the path: (1159 - 12 - 16) & ~3 = 1128. */
#define FRAGMENT_BYTES 1128
/* The rest of a larger packet gets a fragment only where 16 bytes of header pay off. */
#define SMALLEST_FRAGMENT_BYTES 160

/* Numbers. */
#define BURST_PACKETS 16 /* of a path that is slow or not known */
/* What a fast path gets at once is worth 2 ms (PACER_BURST, draft-ietf-ccwg-bbr §5.6.3: send_quantum),
 * and no more than one call of the kernel can cut up: 44 * (1431 + 37) = 64,592 of 65,535 - 48 bytes.
 * Beyond about 60 Chromium's socket buffer overflows. */
#define BURST_PACKETS_MAX 44
#define INITIAL_WINDOW_PACKETS 10 /* RFC 6928 §2 */
#define SACK_EVERY_PACKETS 2      /* RFC 9260 §6.2 */

/* Waits. */
#define RTO_INITIAL (500 * MILLISECOND) /* RFC 9260 §16 says 1 s; libwebrtc's dcSCTP: 500 ms */
#define RTO_MIN (400 * MILLISECOND) /* RFC 9260 §16 says 1 s; dcSCTP: above a 200 ms SACK delay */
/* RFC 9260 §16 says 60 s. ICE consent ends a silent link after 30 s (RFC 7675 §5.1); a wait above
 * 10 s would leave less than two tries before that. */
#define RTO_MAX (10 * SECOND)
#define SACK_DELAY (20 * MILLISECOND)    /* RFC 9260 §6.2: at most 500, should be 200 */
#define HEARTBEAT_INTERVAL (30 * SECOND) /* RFC 9260 §16 */
/* The same while the path is seen to work by other means: whoever carries the association asks by
 * STUN, five times as often, and on the only path that there is. */
#define HEARTBEAT_SELDOM (4 * HEARTBEAT_INTERVAL)
#define COOKIE_LIFETIME (60 * SECOND) /* RFC 9260 §16: Valid.Cookie.Life */
#define INIT_TRIES 9                  /* RFC 9260 §16: 8 retransmissions */
#define ASSOCIATION_TRIES 10          /* RFC 9260 §16: Association.Max.Retrans */

/* Memory. What happens at the limit stands behind each. */
#define STREAMS_MAX 2048             /* streams in use at once; a DATA beyond: ABORT, no resource */
#define RECEIVE_BUFFER_BYTES 4194304 /* the window that is advertised; beyond: not acknowledged */
#define SEND_BUFFER_BYTES 67108864   /* bytes in send(); beyond: refused to the caller */
#define MESSAGE_BYTES_MAX 262144     /* of the peer's messages; beyond: ABORT, protocol violation */
#define TSN_SPAN 32768               /* TSNs above the cumulative one; beyond: not acknowledged */
#define OUTSTANDING_MAX 32768        /* chunks in flight; beyond: waits, as with a full window */
#define GAPS_MAX 1024                /* ranges above the cumulative TSN; beyond: not acknowledged */
#define DUPLICATES_MAX 16            /* duplicates named in one SACK; beyond: not named */
#define CONTROL_CHUNKS_MAX 32 /* replies waiting to be sent; beyond: dropped, peer asks again */
#define CONTROL_CHUNK_BYTES_MAX 1024 /* of one such reply; beyond: dropped */
#define EVENTS_MAX 65536             /* undrained events; beyond: chunks are not acknowledged */
/* What a buffered fragment or message costs beside its bytes; counted against the window so that
 * one-byte messages cannot take more memory than large ones. */
#define FRAGMENT_COST_BYTES 64

/* Messages about messages (docs/WIRE.md §18): which stream they are on, and where they have their
 * type. */
#define REPEATING_STREAM 0
#define REPEAT_TYPE_AT 2
#define REPEAT_FRAME_BYTES 8
#define AGAIN_TYPE 0x42
#define REPEAT_TYPE 0x43

#endif
