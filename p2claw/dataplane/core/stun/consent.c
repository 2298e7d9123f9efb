/* Rounds of questions: begun when their time has come, ended by a response or by giving up. */
#include "stun/consent.h"

#include <string.h>

#include "bytes/order.h"
#include "bytes/same.h"
#include "bytes/sha1.h"
#include "usec.h"

/* What the link's secret makes of a question's number: its transaction, then 8 bytes of jitter. */
static void secret_of(const struct consent *c, uint32_t number, uint8_t mac[SHA1_BYTES]) {
  struct hmac_sha1 h;
  uint8_t text[4];
  put32(text, number);
  hmac_sha1_start(&h, c->key, sizeof c->key);
  hmac_sha1_add(&h, text, sizeof text);
  hmac_sha1_finish(&h, mac);
}

static usec drawn(const uint8_t *random, usec least, usec most) {
  return least + (usec)((uint64_t)get32(random) * (uint64_t)(most - least) >> 32);
}

/* mac: of the check that got a response. Its last 8 bytes are never sent. */
static void given(struct consent *c, const uint8_t mac[SHA1_BYTES], usec now) {
  const uint8_t *random = mac + STUN_TRANSACTION_BYTES;
  c->state = CONSENT_GIVEN;
  c->asked = 0;
  c->spent = 0;
  c->forgiven = 0;
  c->confirmed_at = c->received_at = now;
  c->due_at = now + drawn(random, CONSENT_INTERVAL / 10 * 8, CONSENT_INTERVAL / 10 * 12);
  c->quiet = (uint32_t)drawn(random + 4, CONSENT_QUIET_LEAST, CONSENT_QUIET_MOST);
}

void consent_start(struct consent *c, const uint8_t seed[CONSENT_SEED_BYTES], usec now) {
  uint8_t mac[SHA1_BYTES];
  memset(c, 0, sizeof *c);
  memcpy(c->key, seed, CONSENT_SEED_BYTES);
  secret_of(c, c->last, mac);
  given(c, mac, now);
}

usec consent_next_timeout(const struct consent *c) {
  if (c->state == CONSENT_GONE) return NEVER;
  if (c->state == CONSENT_ASKING) return c->due_at;
  usec at = min_usec(c->due_at, c->received_at + (usec)c->quiet);
  return (at + CONSENT_GRID - 1) / CONSENT_GRID * CONSENT_GRID;
}

static enum consent_step gone(struct consent *c) {
  c->state = CONSENT_GONE;
  return CONSENT_EXPIRED;
}

/* The process looks after the peer so much later than it wanted to. */
static void forgive(struct consent *c, usec late) {
  if (late < CONSENT_STILL || late > CONSENT_FORGIVEN - (usec)c->forgiven) return;
  c->forgiven += (uint32_t)late;
  c->confirmed_at += late;
}

enum consent_step consent_handle_timeout(struct consent *c, usec now, usec again,
                                         uint8_t *transaction) {
  uint8_t mac[SHA1_BYTES];
  if (c->state == CONSENT_GONE) return CONSENT_EXPIRED;
  usec due_at = consent_next_timeout(c);
  forgive(c, now - due_at);
  if (now - c->confirmed_at >= CONSENT_EXPIRY) return gone(c);
  if (now < due_at) return CONSENT_WAIT;
  if (c->spent >= CONSENT_PATIENCE) return gone(c);
  if (c->state == CONSENT_GIVEN) {
    c->state = CONSENT_ASKING;
    c->asked_at = c->due_at = now;
  }
  /* The waits are counted, not the clock: while the process stood still, no response could be read. */
  c->spent += (uint32_t)again;
  c->due_at += again;
  if (c->due_at <= now) c->due_at = now + again;
  c->asked++;
  secret_of(c, ++c->last, mac);
  memcpy(transaction, mac, STUN_TRANSACTION_BYTES);
  return CONSENT_ASK;
}

bool consent_confirmed(struct consent *c, const uint8_t *transaction, usec now, usec *rtt) {
  uint8_t mac[SHA1_BYTES];
  if (c->state != CONSENT_ASKING) return false;
  for (uint32_t place = c->asked; place > 0;
       place--) { /* the first may have the longest round trip */
    secret_of(c, c->last - place + 1, mac);
    if (!same_bytes(mac, transaction, STUN_TRANSACTION_BYTES)) continue;
    *rtt = place == c->asked ? now - c->asked_at : NEVER;
    given(c, mac, now);
    return true;
  }
  return false;
}
