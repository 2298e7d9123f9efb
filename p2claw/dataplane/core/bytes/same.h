/* Equality of secrets. */
#ifndef P2CLAW_BYTES_SAME_H
#define P2CLAW_BYTES_SAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Compares in a time that does not depend on where the two differ. */
bool same_bytes(const uint8_t *a, const uint8_t *b, size_t length);

#endif
