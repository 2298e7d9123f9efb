/* Finds what an endpoint belongs to: open addressing, grown on demand, given back when emptied. The
 * hash has a secret; only endpoints that passed an authenticated check are ever put in. */
#ifndef P2CLAW_UDP_TABLE_H
#define P2CLAW_UDP_TABLE_H

#include "udp/endpoint.h"

struct table_entry {
  struct endpoint key;
  void *value; /* NULL: empty */
};

struct table {
  struct table_entry *entries;
  uint32_t size, count; /* size: a power of two, or 0 */
  uint64_t secret;
};

void *table_find(const struct table *table, const struct endpoint *key);
/* Replaces what was there. False without memory. */
bool table_put(struct table *table, const struct endpoint *key, void *value);
void table_remove(struct table *table, const struct endpoint *key);
void table_free(struct table *table);

#endif
