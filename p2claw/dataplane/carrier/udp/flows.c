/* A window of slots for each flow, and no chains: a slot that was emptied breaks nothing. */
#include "udp/flows.h"

static uint32_t word(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t mix(uint32_t hash, uint32_t next, uint32_t multiplier) {
  hash = (hash ^ next) * multiplier;
  return hash ^ hash >> 15;
}

static uint32_t hash_with(const struct endpoint *of, uint32_t key, uint32_t multiplier) {
  uint32_t hash = key;
  for (size_t i = 0; i < ADDRESS_BYTES; i += 4) hash = mix(hash, word(of->address + i), multiplier);
  return mix(hash, of->port, multiplier);
}

uint32_t flow_hash(const struct flows *flows, const struct endpoint *of) {
  return hash_with(of, flows->key, flows->multiplier);
}

/* What is in its slot, but for the place. */
static uint64_t name_of(const struct flows *flows, const struct endpoint *of) {
  uint64_t hash = flow_hash(flows, of);
  uint64_t tag = hash_with(of, ~flows->key, flows->multiplier + 2) >> 16;
  return hash << 32 | tag << 16;
}

static uint32_t first_slot(uint64_t name) {
  return (uint32_t)(name >> 16 ^ name >> 40) & (FLOW_SLOTS - FLOW_WINDOW);
}

static _Atomic uint64_t *slot_of(struct flows *flows, uint64_t name, uint64_t *value) {
  _Atomic uint64_t *slot = flows->slots + first_slot(name);
  for (uint32_t i = 0; i < FLOW_WINDOW; i++, slot++) {
    *value = atomic_load_explicit(slot, memory_order_relaxed);
    if (*value >> 16 == name >> 16 && *value) return slot;
  }
  return NULL;
}

int flows_find(struct flows *flows, const struct endpoint *of) {
  uint64_t value;
  return slot_of(flows, name_of(flows, of), &value) ? (int)(value & 0xffff) - 1 : -1;
}

bool flows_put(struct flows *flows, const struct endpoint *of, uint16_t place, bool is_confirmed) {
  uint64_t name = name_of(flows, of), wanted = name | (place + 1u), value;
  _Atomic uint64_t *slot = slot_of(flows, name, &value);
  if (slot) {
    if (value == wanted) return true;
    if (!is_confirmed) return false;
    atomic_store_explicit(slot, wanted, memory_order_relaxed);
  } else {
    slot = flows->slots + first_slot(name);
    uint32_t i = 0;
    for (; i < FLOW_WINDOW; i++, slot++) {
      uint64_t empty = 0;
      if (atomic_compare_exchange_strong(slot, &empty, wanted)) break;
    }
    if (i == FLOW_WINDOW) return false;
  }
  atomic_fetch_add(&flows->changes, 1);
  return true;
}

void flows_remove(struct flows *flows, const struct endpoint *of, uint16_t place) {
  uint64_t name = name_of(flows, of), value, own = name | (place + 1u);
  _Atomic uint64_t *slot = slot_of(flows, name, &value);
  if (slot && atomic_compare_exchange_strong(slot, &own, 0)) atomic_fetch_add(&flows->changes, 1);
}

void flows_clear(struct flows *flows, uint16_t place) {
  for (uint32_t i = 0; i < FLOW_SLOTS; i++) {
    uint64_t value = atomic_load_explicit(flows->slots + i, memory_order_relaxed);
    if (value && (value & 0xffff) == place + 1u)
      atomic_compare_exchange_strong(flows->slots + i, &value, 0);
  }
  atomic_fetch_add(&flows->changes, 1);
}
