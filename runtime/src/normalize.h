// Rows over their standard deviation, with the mean taken off (LayerNorm, `centered`) or without (RMSNorm, whose sum S is 0 in
// docs/arithmetic.md): two passes over the row, no scratch.
#ifndef MCUFORM_SRC_NORMALIZE_H
#define MCUFORM_SRC_NORMALIZE_H

#include "halfwords.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

/// What a row adds up to.
template <bool centered> struct RowSums {
  int32_t sum = 0; ///< stays 0 where no mean is taken off
  int64_t squares = 0;

  void add(int32_t z) {
    if constexpr (centered)
      sum = wrap_add(sum, z);
    squares += static_cast<int64_t>(z) * z;
  }
  RowScale scale(int32_t width, int64_t epsilon, int32_t out_shift) const {
    return layer_norm_scale(layer_norm_variance(width, squares, sum, epsilon), out_shift);
  }
};

#if MCUFORM_RT_DSP

/// layer_norm_value with the shift applied to both terms beforehand: (width*z - S) << g = (width << g)*z - (S << g), as all of them wrap.
struct RowLine {
  int32_t slope, offset, mult;

  RowLine(int32_t width, int32_t sum, RowScale scale)
      : slope(static_cast<int32_t>(static_cast<uint32_t>(width) << scale.shift)),
        offset(static_cast<int32_t>(0u - (static_cast<uint32_t>(sum) << scale.shift))), mult(scale.mult) {}

  int16_t at(int32_t z) const { return requantize_s16(wrap_add(wrap_mul(slope, z), offset), mult); }
};

// The two passes over channels by eights, at least once; rows are aligned to words, as LDRD demands. By hand because compilers spill the
// pairs of registers. z takes up to 24 bits: its square needs SMLAL, and the second pass forms it anew, since storing it would cost more.
// clang-format off
// sum0 and sum1 are empty where nothing asks for the sum.
#define ADD_QUAD(sum0, sum1)                 \
  "ldrd %[x0], %[x1], [%[x]], #8\n"          \
  "ldrd %[f0], %[f1], [%[by]], #8\n"         \
  "smulbb %[z], %[x0], %[f0]\n"              \
  sum0                                       \
  "smultt %[x0], %[x0], %[f0]\n"             \
  "smlal %Q[squares], %R[squares], %[z], %[z]\n" \
  "smulbb %[z], %[x1], %[f1]\n"              \
  "smlal %Q[squares], %R[squares], %[x0], %[x0]\n" \
  sum1                                       \
  "smultt %[x1], %[x1], %[f1]\n"             \
  "smlal %Q[squares], %R[squares], %[z], %[z]\n" \
  "smlal %Q[squares], %R[squares], %[x1], %[x1]\n"

#define SUM0 "smlad %[sum], %[x0], %[f0], %[sum]\n"
#define SUM1 "smlad %[sum], %[x1], %[f1], %[sum]\n"

#define NORMALIZE_QUAD                       \
  "ldrd %[x0], %[x1], [%[x]], #8\n"          \
  "ldrd %[f0], %[f1], [%[by]], #8\n"         \
  "smulbb %[z], %[x0], %[f0]\n"              \
  "smultt %[x0], %[x0], %[f0]\n"             \
  "smulbb %[f0], %[x1], %[f1]\n"             \
  "smultt %[x1], %[x1], %[f1]\n"             \
  "mla %[z], %[z], %[slope], %[offset]\n"    \
  "mla %[x0], %[x0], %[slope], %[offset]\n"  \
  "mla %[f0], %[f0], %[slope], %[offset]\n"  \
  "mla %[x1], %[x1], %[slope], %[offset]\n"  \
  "smmulr %[z], %[z], %[mult]\n"             \
  "smmulr %[x0], %[x0], %[mult]\n"           \
  "smmulr %[f0], %[f0], %[mult]\n"           \
  "ssat %[z], #16, %[z]\n"                   \
  "smmulr %[x1], %[x1], %[mult]\n"           \
  "ssat %[x0], #16, %[x0]\n"                 \
  "ssat %[f0], #16, %[f0]\n"                 \
  "pkhbt %[z], %[z], %[x0], lsl #16\n"       \
  "ssat %[x1], #16, %[x1]\n"                 \
  "pkhbt %[f0], %[f0], %[x1], lsl #16\n"     \
  "strd %[z], %[f0], [%[out]], #8\n"

template <bool centered>
__attribute__((always_inline)) inline void add_octets(RowSums<centered> &sums, const int16_t *x, const int16_t *by, const int16_t *end) {
  uint32_t x0, x1, f0, f1, z;
  if constexpr (centered)
    __asm__ volatile(
        "1:\n"
        ADD_QUAD(SUM0, SUM1)
        ADD_QUAD(SUM0, SUM1)
        "cmp %[x], %[end]\n"
        "bne 1b\n"
        : [x] "+r"(x), [by] "+r"(by), [sum] "+r"(sums.sum), [squares] "+r"(sums.squares),
          [x0] "=&r"(x0), [x1] "=&r"(x1), [f0] "=&r"(f0), [f1] "=&r"(f1), [z] "=&r"(z)
        : [end] "r"(end)
        : "cc", "memory");
  else
    __asm__ volatile(
        "1:\n"
        ADD_QUAD(, )
        ADD_QUAD(, )
        "cmp %[x], %[end]\n"
        "bne 1b\n"
        : [x] "+r"(x), [by] "+r"(by), [squares] "+r"(sums.squares),
          [x0] "=&r"(x0), [x1] "=&r"(x1), [f0] "=&r"(f0), [f1] "=&r"(f1), [z] "=&r"(z)
        : [end] "r"(end)
        : "cc", "memory");
}

__attribute__((always_inline)) inline void normalize_octets(const RowLine &line, int16_t *out, const int16_t *x, const int16_t *by, const int16_t *end) {
  uint32_t x0, x1, f0, f1, z;
  __asm__ volatile(
      "1:\n"
      NORMALIZE_QUAD
      NORMALIZE_QUAD
      "cmp %[x], %[end]\n"
      "bne 1b\n"
      : [out] "+r"(out), [x] "+r"(x), [by] "+r"(by),
        [x0] "=&r"(x0), [x1] "=&r"(x1), [f0] "=&r"(f0), [f1] "=&r"(f1), [z] "=&r"(z)
      : [end] "r"(end), [slope] "r"(line.slope), [offset] "r"(line.offset), [mult] "r"(line.mult)
      : "cc", "memory");
}
#undef ADD_QUAD
#undef SUM0
#undef SUM1
#undef NORMALIZE_QUAD
// clang-format on

/// Each row in units of 2^-out_shift. Eight channels at a time where the row is aligned to words, as every row of an even width is; the
/// rest of a row, or all of it, one channel at a time.
template <bool centered>
__attribute__((always_inline)) inline void normalize_rows(int16_t *out, const int16_t *in, const int16_t *factor, int32_t rows,
                                                          int32_t width, int64_t epsilon, int32_t out_shift) {
  for (int32_t r = 0; r < rows; ++r) {
    const bool aligned = ((reinterpret_cast<uintptr_t>(in) | reinterpret_cast<uintptr_t>(out)) & 3) == 0;
    const int32_t octets = aligned ? width & ~7 : 0;
    RowSums<centered> sums;
    if (octets != 0)
      add_octets(sums, in, factor, in + octets);
    for (int32_t c = octets; c < width; ++c)
      sums.add(in[c] * factor[c]);
    const RowLine line(width, sums.sum, sums.scale(width, epsilon, out_shift));
    if (octets != 0)
      normalize_octets(line, out, in, factor, in + octets);
    for (int32_t c = octets; c < width; ++c)
      out[c] = line.at(in[c] * factor[c]);
    in += width;
    out += width;
  }
}

#else

/// Each row in units of 2^-out_shift.
template <bool centered>
__attribute__((always_inline)) inline void normalize_rows(int16_t *out, const int16_t *in, const int16_t *factor, int32_t rows,
                                                          int32_t width, int64_t epsilon, int32_t out_shift) {
  for (int32_t r = 0; r < rows; ++r) {
    RowSums<centered> sums;
    for (int32_t c = 0; c < width; ++c)
      sums.add(in[c] * factor[c]);
    const RowScale scale = sums.scale(width, epsilon, out_shift);
    for (int32_t c = 0; c < width; ++c)
      out[c] = layer_norm_value(in[c] * factor[c], width, sums.sum, scale);
    in += width;
    out += width;
  }
}

#endif

/// Each row times gamma plus beta, in units of the residual stream. One body for all cores, since each value takes two rounded products,
/// for which arith.h has the instructions.
template <bool centered>
__attribute__((always_inline)) inline void normalize_affine_rows(int16_t *out, const int16_t *in, const int16_t *factor,
                                                                 const int32_t *gain, const int16_t *offset, int32_t rows, int32_t width,
                                                                 int64_t epsilon) {
  for (int32_t r = 0; r < rows; ++r) {
    RowSums<centered> sums;
    for (int32_t c = 0; c < width; ++c)
      sums.add(in[c] * factor[c]);
    const RowScale scale = sums.scale(width, epsilon, layer_norm_affine_shift);
    for (int32_t c = 0; c < width; ++c)
      out[c] = layer_norm_affine_value(in[c] * factor[c], width, sums.sum, scale, gain[c], offset[c]);
    in += width;
    out += width;
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
