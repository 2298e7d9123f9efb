/* Numbers of attributes, and the masks of XOR-MAPPED-ADDRESS. Private to stun/. */
#ifndef P2CLAW_STUN_ATTRIBUTES_H
#define P2CLAW_STUN_ATTRIBUTES_H

#include "stun/message.h"

#define STUN_COOKIE 0x2112a442u          /* RFC 8489 §5 */
#define STUN_FINGERPRINT_XOR 0x5354554eu /* RFC 8489 §14.7 */
#define STUN_ATTRIBUTE_HEADER_BYTES 4
#define STUN_INTEGRITY_BYTES (4 + 20)
#define STUN_FINGERPRINT_BYTES (4 + 4)

/* RFC 8489 §18.3, RFC 8445 §20.1 */
enum stun_attribute {
  STUN_MAPPED_ADDRESS = 0x0001,
  STUN_USERNAME = 0x0006,
  STUN_MESSAGE_INTEGRITY = 0x0008,
  STUN_ERROR_CODE = 0x0009,
  STUN_UNKNOWN_ATTRIBUTES = 0x000a,
  STUN_REALM = 0x0014,
  STUN_NONCE = 0x0015,
  STUN_MESSAGE_INTEGRITY_SHA256 = 0x001c,
  STUN_PASSWORD_ALGORITHM = 0x001d,
  STUN_USERHASH = 0x001e,
  STUN_XOR_MAPPED_ADDRESS = 0x0020,
  STUN_PRIORITY = 0x0024,
  STUN_USE_CANDIDATE = 0x0025,
  STUN_OPTIONAL = 0x8000, /* this and above: may be passed over (RFC 8489 §14) */
  STUN_FINGERPRINT = 0x8028,
  STUN_ICE_CONTROLLED = STUN_CONTROLLED,
  STUN_ICE_CONTROLLING = STUN_CONTROLLING,
};

enum stun_family { STUN_IPV4 = 1, STUN_IPV6 = 2 }; /* RFC 8489 §14.1 */

static const uint8_t stun_v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* Attributes end on four bytes (RFC 8489 §14). */
static inline size_t stun_padded(size_t length) { return (length + 3) & ~(size_t)3; }

/* The cookie and the transaction, which lie together in the header: the mask (RFC 8489 §14.2). */
static inline void stun_masked(uint8_t *out, const uint8_t *in, size_t length,
                               const uint8_t *header) {
  for (size_t i = 0; i < length; i++) out[i] = in[i] ^ header[4 + i];
}

/* The MAC of what comes before the attribute at `offset`, with a length in the header that ends
 * with that attribute (RFC 8489 §14.5). */
void stun_mac(const uint8_t *data, size_t offset, const uint8_t *key, size_t key_length,
              uint8_t *mac);

#endif
