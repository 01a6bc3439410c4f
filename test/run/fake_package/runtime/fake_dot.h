// Sum of products of unsigned pixels and signed weights.
#ifndef FAKE_DOT_H
#define FAKE_DOT_H

#include <stdint.h>

int32_t fake_dot(const uint8_t *pixels, const int8_t *weights, int32_t count);

#endif // FAKE_DOT_H
