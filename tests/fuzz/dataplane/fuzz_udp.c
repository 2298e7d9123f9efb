/* The table of endpoints and the heap of deadlines beside naive ones: the input is a list of
 * operations, and each result must be the naive one's. */
#include <stdlib.h>

#include "udp/deadlines.h"
#include "udp/table.h"

enum { FIND, PUT, REMOVE, SET, TAKE, FORGET, NEXT, OPERATIONS };

#define KEYS 256
#define DEADLINES 64

static void expect(bool good) {
  if (!good) abort();
}

/* Few bits of address and port each, so that keys differ in one of them only. */
static struct endpoint endpoint_of(uint8_t number) {
  struct endpoint key = {.port = (uint16_t)(number & 15)};
  key.address[0] = (uint8_t)(number >> 4 & 1);
  key.address[10] = key.address[11] = number & 32 ? 0xff : 0;
  key.address[15] = (uint8_t)(number >> 6);
  return key;
}

struct naive {
  uint8_t *values[KEYS]; /* NULL: not there */
  usec at[DEADLINES];    /* NEVER: not set */
  uint32_t keys, deadlines;
};

static usec least(const struct naive *naive) {
  usec at = NEVER;
  for (int i = 0; i < DEADLINES; i++)
    if (naive->at[i] < at) at = naive->at[i];
  return at;
}

static void on_table(struct table *table, struct naive *naive, int operation, uint8_t number,
                     uint8_t *value) {
  struct endpoint key = endpoint_of(number);
  if (operation == PUT) {
    expect(table_put(table, &key, value));
    naive->keys += !naive->values[number];
    naive->values[number] = value;
  } else if (operation == REMOVE) {
    table_remove(table, &key);
    naive->keys -= !!naive->values[number];
    naive->values[number] = NULL;
  }
  expect(table_find(table, &key) == naive->values[number]);
  expect(table->count == naive->keys && (table->count || !table->entries));
}

static void on_deadlines(struct deadlines *all, struct deadline *own, struct naive *naive,
                         int operation, uint8_t number, usec at) {
  struct deadline *one = &own[number % DEADLINES], *due;
  usec *set = &naive->at[one - own];
  if (operation == SET) {
    expect(deadlines_set(all, one, at));
    if (at < *set) *set = at; /* one that moves away stays where it is */
  } else if (operation == FORGET) {
    deadlines_remove(all, one);
    *set = NEVER;
  } else if (operation == TAKE) {
    usec first = least(naive);
    due = deadlines_pop(all, at);
    expect(!due == (first > at));
    if (due) {
      expect(due->at == first && naive->at[due - own] == first && due->owner == due && !due->place);
      naive->at[due - own] = NEVER;
    }
  }
  expect(deadlines_next(all) == least(naive));
}

static void compare(const struct table *table, const struct deadlines *all,
                    const struct deadline *own, const struct naive *naive) {
  uint32_t set = 0;
  for (int i = 0; i < KEYS; i++) {
    struct endpoint key = endpoint_of((uint8_t)i);
    expect(table_find(table, &key) == naive->values[i]);
  }
  for (int i = 0; i < DEADLINES; i++) {
    expect(!own[i].place == (naive->at[i] == NEVER));
    expect(!own[i].place || all->heap[own[i].place] == &own[i]);
    set += naive->at[i] != NEVER;
  }
  expect(all->count == set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t things[256];
  struct naive naive = {0};
  struct table table = {0};
  struct deadlines all = {0};
  struct deadline own[DEADLINES] = {0};
  for (int i = 0; i < DEADLINES; i++) {
    naive.at[i] = NEVER;
    own[i].owner = &own[i];
  }
  if (size >= 8) memcpy(&table.secret, data, 8);
  for (size_t at = 8; at + 3 <= size; at += 3) {
    int operation = data[at] % OPERATIONS;
    if (operation <= REMOVE)
      on_table(&table, &naive, operation, data[at + 1], &things[data[at + 2]]);
    else
      on_deadlines(&all, own, &naive, operation, data[at + 1], data[at + 2]);
  }
  compare(&table, &all, own, &naive);
  table_free(&table);
  deadlines_free(&all);
  return 0;
}
