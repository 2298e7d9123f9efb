/* Linear probing at most three quarters full; removal shifts back, so there are no tombstones. */
#include "udp/table.h"

#include <stdlib.h>

#define LEAST_SIZE 8

static uint32_t home(const struct table *table, const struct endpoint *key) {
  uint64_t low, high;
  memcpy(&low, key->address, 8);
  memcpy(&high, key->address + 8, 8);
  uint64_t h = (low ^ table->secret) * UINT64_C(0x9e3779b97f4a7c15);
  h = (h ^ (h >> 29) ^ high) * UINT64_C(0xbf58476d1ce4e5b9);
  h = (h ^ (h >> 32) ^ key->port ^ table->secret) * UINT64_C(0x94d049bb133111eb);
  return (uint32_t)(h >> 32) & (table->size - 1);
}

static struct table_entry *place(const struct table *table, const struct endpoint *key) {
  uint32_t at = home(table, key);
  while (table->entries[at].value && !endpoint_equal(&table->entries[at].key, key))
    at = (at + 1) & (table->size - 1);
  return &table->entries[at];
}

void *table_find(const struct table *table, const struct endpoint *key) {
  return table->count ? place(table, key)->value : NULL;
}

static bool resize(struct table *table, uint32_t size) {
  struct table grown = {.size = size, .secret = table->secret, .count = table->count};
  grown.entries = calloc(size, sizeof *grown.entries);
  if (!grown.entries) return false;
  for (uint32_t i = 0; i < table->size; i++)
    if (table->entries[i].value) *place(&grown, &table->entries[i].key) = table->entries[i];
  free(table->entries);
  *table = grown;
  return true;
}

bool table_put(struct table *table, const struct endpoint *key, void *value) {
  if ((table->count + 1) * 4 > table->size * 3 &&
      !resize(table, table->size ? table->size * 2 : LEAST_SIZE))
    return false;
  struct table_entry *entry = place(table, key);
  if (!entry->value) table->count++;
  *entry = (struct table_entry){*key, value};
  return true;
}

void table_remove(struct table *table, const struct endpoint *key) {
  if (!table->count) return;
  struct table_entry *gap = place(table, key);
  if (!gap->value) return;
  uint32_t mask = table->size - 1, hole = (uint32_t)(gap - table->entries), at = hole;
  table->count--;
  for (;;) {
    table->entries[hole].value = NULL;
    do {
      at = (at + 1) & mask;
      if (!table->entries[at].value) {
        if (!table->count) table_free(table);
        return;
      }
      /* An entry may move back only where its home is not after the hole. */
    } while (((at - home(table, &table->entries[at].key)) & mask) < ((at - hole) & mask));
    table->entries[hole] = table->entries[at];
    hole = at;
  }
}

void table_free(struct table *table) {
  free(table->entries);
  table->entries = NULL;
  table->size = table->count = 0;
}
