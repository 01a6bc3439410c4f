// The one inner loop of the runtime: all rows of a block against the paired weights, two output channels at a time. The linears, scores and
// context differ only in their epilogue. The weights of a pair are met once per block, so each byte of flash is fetched once.
//
// An epilogue has
//   void begin(int32_t unit)                 units `unit` and `unit + 1` come next, for all rows; sets
//   int32_t bias0, bias1                     what the two accumulators start from
//   void store(const int32_t (*acc)[2], int32_t rows)   the sums of the next `rows` rows; a function of its own, so that its loop and not
//                                            the one around it gets the registers
#ifndef MCUFORM_SRC_ROWS_BY_PAIR_H
#define MCUFORM_SRC_ROWS_BY_PAIR_H

#include "mcuform/arith.h"
#include "row_dots.h"

// So that the loop lies in its kernel's section.
#define MCUFORM_RT_INLINE inline __attribute__((always_inline))

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

/// store(acc0, acc1) for each row.
template <class Store> inline void for_each_row(const int32_t (*acc)[2], int32_t rows, Store store) {
  const int32_t(*const end)[2] = acc + rows;
  do {
    int32_t acc0, acc1;
#if MCUFORM_RT_DSP
    __asm__ volatile("ldrd %0, %1, [%2], #8" : "=r"(acc0), "=r"(acc1), "+r"(acc) : : "memory"); // compilers do not find this form
#else
    acc0 = (*acc)[0];
    acc1 = (*acc)[1];
    ++acc;
#endif
    store(acc0, acc1);
  } while (acc != end);
}

#if MCUFORM_RT_DSP

/// Rows stand `stride` values apart, an even number; depth is even.
template <class Weights, class Epilogue>
MCUFORM_RT_INLINE void rows_by_pair(const int16_t *in, int32_t stride, Weights weights, int32_t rows, int32_t depth, int32_t units,
                                    Epilogue &epilogue) {
  RowDots dots(stride, depth);
  const int8_t *at = weights.begin();
  for (int32_t unit = 0; unit < units; unit += 2) {
    epilogue.begin(unit);
    dots.begin(weights.next(at), epilogue.bias0, epilogue.bias1);
    at = dots.end;
    const int16_t *row = in;
    for (int32_t left = rows; left > 0; left -= row_dots_limit) {
      const int32_t count = left < row_dots_limit ? left : row_dots_limit;
      dots.run(row, count);
      epilogue.store(dots.acc, count);
      row += row_dots_limit * static_cast<ptrdiff_t>(stride);
    }
  }
}

#else

// Rows that share one unpacking of the weights, and how many values deep: bounds the stack at about 600 bytes.
inline constexpr int32_t rows_per_group = 8;
inline constexpr int32_t unpack_depth = 128;

/// acc[r] += in[r] . w0, in[r] . w1 for up to rows_per_group rows. Written for a compiler's vectorizer: the pair is first split into two
/// runs of int16, so that the sums are plain dot products.
inline void accumulate_group(int32_t (*acc)[2], const int16_t *in, int32_t stride, const int8_t *weights, int32_t rows, int32_t depth) {
  int16_t even[unpack_depth];
  int16_t odd[unpack_depth];
  for (int32_t start = 0; start < depth; start += unpack_depth) {
    const int32_t count = depth - start < unpack_depth ? depth - start : unpack_depth;
    const int8_t *from = weights + 2 * static_cast<ptrdiff_t>(start);
    for (int32_t k = 0; k < count; ++k) {
      int16_t both;
      __builtin_memcpy(&both, from + 2 * k, 2);
      even[k] = static_cast<int16_t>(static_cast<int8_t>(both));
      odd[k] = static_cast<int16_t>(both >> 8);
    }
    for (int32_t r = 0; r < rows; ++r) {
      const int16_t *row = in + static_cast<ptrdiff_t>(r) * stride + start;
      uint32_t sum0 = 0;
      uint32_t sum1 = 0;
      for (int32_t k = 0; k < count; ++k) {
        sum0 += static_cast<uint32_t>(row[k] * even[k]);
        sum1 += static_cast<uint32_t>(row[k] * odd[k]);
      }
      acc[r][0] = wrap_add(acc[r][0], static_cast<int32_t>(sum0));
      acc[r][1] = wrap_add(acc[r][1], static_cast<int32_t>(sum1));
    }
  }
}

/// Rows stand `stride` values apart; depth is even.
template <class Weights, class Epilogue>
MCUFORM_RT_INLINE void rows_by_pair(const int16_t *in, int32_t stride, Weights weights, int32_t rows, int32_t depth, int32_t units,
                                    Epilogue &epilogue) {
  const int8_t *at = weights.begin();
  for (int32_t unit = 0; unit < units; unit += 2) {
    epilogue.begin(unit);
    const int8_t *const pair = weights.next(at);
    at = pair + 2 * static_cast<ptrdiff_t>(depth);
    for (int32_t first = 0; first < rows; first += rows_per_group) {
      const int32_t count = rows - first < rows_per_group ? rows - first : rows_per_group;
      int32_t acc[rows_per_group][2];
      for (int32_t r = 0; r < count; ++r) {
        acc[r][0] = epilogue.bias0;
        acc[r][1] = epilogue.bias1;
      }
      accumulate_group(acc, in + static_cast<ptrdiff_t>(first) * stride, stride, pair, count, depth);
      epilogue.store(acc, count);
    }
  }
}

#endif

/// Weights in place: pair behind pair.
struct InPlace {
  const int8_t *weights;
  const int8_t *begin() const { return weights; }
  const int8_t *next(const int8_t *at) const { return at; }
};

template <class Epilogue>
MCUFORM_RT_INLINE void rows_by_pair(const int16_t *in, int32_t stride, const int8_t *weights, int32_t rows, int32_t depth, int32_t units,
                                    Epilogue &epilogue) {
  rows_by_pair(in, stride, InPlace{weights}, rows, depth, units, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
