// The integer steps of docs/arithmetic.md, each written once: the reference interpreter, the portable kernels and the DSP kernels all
// round, shift and saturate here and nowhere else.
//
// A function with a DSP instruction of its own has two bodies that agree on every input; which one is compiled in, the macro
// MCUFORM_RT_DSP says. Freestanding: no libc, no libgcc, no static constructor.
#ifndef MCUFORM_ARITH_H
#define MCUFORM_ARITH_H

#include <stddef.h>
#include <stdint.h>

// The library can be compiled twice into one program (portable and DSP), each time under a namespace of its own.
#ifndef MCUFORM_RT_ABI
#define MCUFORM_RT_ABI v1
#endif

#if defined(__ARM_FEATURE_DSP) && !defined(MCUFORM_PORTABLE)
#define MCUFORM_RT_DSP 1
#else
#define MCUFORM_RT_DSP 0
#endif

// Where an inference spends its time: sections of their own, so that a linker script can place them in fast memory (docs/kernels.md).
#if defined(__arm__)
#define MCUFORM_RT_HOT(name) __attribute__((section(".text.mcuform_hot." name)))
#else
#define MCUFORM_RT_HOT(name)
#endif

// A core with MVE has the DSP instructions, too; only the products of matrices are different there.
#if MCUFORM_RT_DSP && defined(__ARM_FEATURE_MVE)
#define MCUFORM_RT_MVE 1
#else
#define MCUFORM_RT_MVE 0
#endif

#if defined(__FAST_MATH__)
#error "mcuform: 1/sqrt and the divisions below must round as IEEE 754 says; compile without -ffast-math"
#endif

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

/// EXP[i] = round(32767 * exp(-i/64)).
inline constexpr int32_t exp_table_size = 1024;
extern const int16_t exp_table[exp_table_size];

/// How far an activation falls below max(x, 0): DELTA[i] for i from -2048 to 2047, what 12 bits hold, the same for i and -i. Both ends are 0,
/// so that an index beyond them may be clamped; both signs, because an instruction for |i| in each hidden unit costs more than 4 KiB.
inline constexpr int32_t delta_index_bits = 12;
struct DeltaTable {
  uint16_t from_least[1 << delta_index_bits];
  constexpr const uint16_t *middle() const { return from_least + (1 << (delta_index_bits - 1)); }
};
extern const DeltaTable delta_gelu;       ///< round(2^18 * a * (1 - Phi(a))), a = |i|/256
extern const DeltaTable delta_silu;       ///< round(2^17 * a / (1 + exp(a))), a = |i|/128
extern const DeltaTable delta_hard_swish; ///< round(2^17 * max(a - a*(a + 3)/6, 0)), a = |i|/512
/// The middle of ReLU's, of which nothing else is read: index_mult = delta_mult = 0.
inline constexpr uint16_t delta_none[1] = {0};

// Two's complement sums that may wrap, without undefined behaviour.
constexpr int32_t wrap_add(int32_t a, int32_t b) { return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b)); }
constexpr int32_t wrap_sub(int32_t a, int32_t b) { return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b)); }
constexpr int32_t wrap_mul(int32_t a, int32_t b) { return static_cast<int32_t>(static_cast<uint32_t>(a) * static_cast<uint32_t>(b)); }

/// R(a, m, c) = c + round(a * m / 2^32), halves upwards; the sum wraps.
inline int32_t round_mul_acc(int32_t a, int32_t m, int32_t c) {
#if MCUFORM_RT_DSP
  int32_t result;
  __asm__("smmlar %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(m), "r"(c));
  return result;
#else
  const int64_t product = static_cast<int64_t>(a) * m + (int64_t{1} << 31);
  return wrap_add(c, static_cast<int32_t>(product >> 32));
#endif
}

/// R(a, m, 0).
inline int32_t round_mul(int32_t a, int32_t m) {
#if MCUFORM_RT_DSP
  int32_t result;
  __asm__("smmulr %0, %1, %2" : "=r"(result) : "r"(a), "r"(m));
  return result;
#else
  return round_mul_acc(a, m, 0);
#endif
}

/// S_b(x): x clamped to the range of a signed integer of `bits` bits.
template <int bits> inline int32_t saturate(int32_t x) {
  static_assert(bits >= 1 && bits <= 31, "32 bits need no clamp");
#if MCUFORM_RT_DSP
  int32_t result;
  __asm__("ssat %0, %1, %2" : "=r"(result) : "I"(bits), "r"(x));
  return result;
#else
  constexpr int32_t high = static_cast<int32_t>((uint32_t{1} << (bits - 1)) - 1);
  constexpr int32_t low = -high - 1;
  return x < low ? low : x > high ? high : x;
#endif
}

/// The epilogue of every linear, of scores and of context: S16(R(acc, mult, add)).
inline int16_t requantize_s16(int32_t acc, int32_t mult) { return static_cast<int16_t>(saturate<16>(round_mul(acc, mult))); }
inline int16_t requantize_add_s16(int32_t acc, int32_t mult, int32_t add) {
  return static_cast<int16_t>(saturate<16>(round_mul_acc(acc, mult, add)));
}
inline int8_t requantize_s8(int32_t acc, int32_t mult) { return static_cast<int8_t>(saturate<8>(round_mul(acc, mult))); }

/// An int16 as 8 bits would hold it, in steps of `factor` from 1 to 256: S8(R(x * 2^8, mult, 0)) * factor, mult = round(2^24 / factor).
inline int16_t coarsen(int32_t x, int32_t mult, int32_t factor) {
  return static_cast<int16_t>(saturate<8>(round_mul(x * 256, mult)) * factor);
}

/// min(max(x, 0), 2^bits - 1)
template <int bits> inline int32_t clamp_positive(int32_t x) {
  static_assert(bits >= 1 && bits <= 31, "32 bits need no clamp");
#if MCUFORM_RT_DSP
  int32_t result;
  __asm__("usat %0, %1, %2" : "=r"(result) : "I"(bits), "r"(x));
  return result;
#else
  constexpr int32_t high = static_cast<int32_t>((uint32_t{1} << bits) - 1);
  return x < 0 ? 0 : x > high ? high : x;
#endif
}

/// One hidden unit of an MLP: the accumulator of the first linear to the activation's value, both in units of s_h, 15 bits; delta is its
/// table's middle.
/// Requires 0 <= index_mult; 0 <= delta_mult, and none of DELTA times it beyond 2^14 * 2^32. u * 2^8 is at most 2^30, so nothing overflows.
inline int16_t hidden_s15(int32_t acc, int32_t mult, const uint16_t *delta, int32_t index_mult, int32_t delta_mult) {
  const int32_t u = saturate<23>(round_mul(acc, mult));
  const int32_t index = saturate<delta_index_bits>(round_mul(u * 256, index_mult));
  return static_cast<int16_t>(round_mul_acc(delta[index], -delta_mult, clamp_positive<14>(u)));
}

/// The same of a stored value, in units of another scale: mult = round(its scale / s_h * 2^16), at least 0.
inline int16_t activation_s15(int16_t x, int32_t mult, const uint16_t *delta, int32_t index_mult, int32_t delta_mult) {
  return hidden_s15(x * 65536, mult, delta, index_mult, delta_mult);
}

/// max(x, low), what is left of an activation when its result has been rounded: low is 0 for ReLU, the least int16 for none.
constexpr int16_t at_least(int16_t x, int32_t low) { return x < low ? static_cast<int16_t>(low) : x; }

/// A pixel of a window: (pixel << shift) less what stands for 0. The compiler proves that it fits.
constexpr int16_t centred_pixel(int32_t pixel, int32_t shift, int32_t offset) { return static_cast<int16_t>((pixel << shift) - offset); }

/// Sum of two int16 of different scales, each first brought to 1/256 of the result's: mult = round(scale / scale of the result * 2^24), at least 0.
inline int16_t add_scaled_s16(int32_t a, int32_t a_mult, int32_t b, int32_t b_mult) {
  return requantize_s16(round_mul_acc(a * 65536, a_mult, round_mul(b * 65536, b_mult)), 1 << 24);
}

/// x within the range of a quantized file's codes, less their zero point.
constexpr int16_t clamp_between(int32_t x, int32_t low, int32_t high) { return static_cast<int16_t>(x < low ? low : x > high ? high : x); }

/// x / 2^16 to the nearest integer, halves to the even one, as quantized files round.
constexpr int32_t round_even_16(int32_t x) { return wrap_add(x, 0x7fff + ((x >> 16) & 1)) >> 16; }

/// Sum of two codes of at most 9 bits with their signs, of different scales, each first brought to 1/65536 of the result's: mult = round(scale / scale of
/// the result * 2^26), at least 0. None of the sums leaves 32 bits: 2 * 256 * 32 * 65536 is 2^30.
inline int16_t add_codes(int32_t a, int32_t a_mult, int32_t b, int32_t b_mult, int32_t low, int32_t high) {
  constexpr int32_t unit = 1 << 22;
  return clamp_between(round_even_16(round_mul_acc(a * unit, a_mult, round_mul(b * unit, b_mult))), low, high);
}

/// Product of two int16: mult = round(product of their scales / scale of the result * 2^32). No product of two exceeds 2^30.
inline int16_t multiply_scaled_s16(int32_t a, int32_t b, int32_t mult) { return requantize_s16(a * b, mult); }

/// Where exp(t - max) stands in EXP; max >= t, both in units of 1/64.
constexpr int32_t softmax_index(int32_t max, int32_t t) { return max - t < exp_table_size ? max - t : exp_table_size - 1; }

/// M of the context: 2^40 / sum. sum >= 32767, because the maximum itself contributes EXP[0]; so M < 2^26.
inline int32_t context_mult(int32_t sum) { return static_cast<int32_t>(1099511627776.0f / static_cast<float>(sum)); }

// Relative positions on a grid (docs/arithmetic.md): rows of a table, row 0 for tokens without a place, then distances of rows from
// -row_clip to row_clip, then those of columns. A row of scores or shares has one value more, so that their number is even.
constexpr int32_t clipped(int32_t distance, int32_t clip) { return distance < -clip ? -clip : distance > clip ? clip : distance; }
constexpr int32_t relative_row(int32_t distance, int32_t row_clip) { return 1 + row_clip + clipped(distance, row_clip); }
constexpr int32_t relative_column(int32_t distance, int32_t row_clip, int32_t column_clip) {
  return 2 + 2 * row_clip + column_clip + clipped(distance, column_clip);
}
constexpr int32_t relative_width(int32_t row_clip, int32_t column_clip) { return 2 * row_clip + 2 * column_clip + 4; }

/// A score and what a distance adds to it: S16(t + S16(row + column)).
inline int16_t relative_score(int32_t t, int32_t row, int32_t column) {
  return static_cast<int16_t>(saturate<16>(t + saturate<16>(row + column)));
}

/// The part of all probabilities that a row of the table gets, in units of 2^-15: S16(R(sum << 7, context_mult, 0)); sum is below 2^24.
inline int16_t relative_share(int32_t sum, int32_t mult) { return requantize_s16(sum * 128, mult); }

/// sqrtf as the one instruction that it is; the builtin alone would add a call for errno's sake.
inline float square_root(float x) {
#if defined(__arm__) && defined(__ARM_FP) && (__ARM_FP & 4)
  float result;
  __asm__("vsqrt.f32 %0, %1" : "=t"(result) : "t"(x));
  return result;
#elif defined(__x86_64__)
  float result;
  __asm__("sqrtss %1, %0" : "=x"(result) : "x"(x));
  return result;
#else
  return __builtin_sqrtf(x);
#endif
}

/// width * Q - S^2 + epsilon: width^2 times the variance of a row. The compiler proves that the terms fit, and V >= epsilon >= 1. Where no mean is taken off
/// (RMSNorm), S is 0 here and below.
inline uint64_t layer_norm_variance(int32_t width, int64_t sum_of_squares, int32_t sum, int64_t epsilon) {
  return static_cast<uint64_t>(sum_of_squares) * static_cast<uint32_t>(width) - static_cast<uint64_t>(static_cast<int64_t>(sum) * sum) +
         static_cast<uint64_t>(epsilon);
}

/// What normalizes a row: y = S16(R((width*z - S) << shift, mult, 0)).
struct RowScale {
  int32_t mult;
  int32_t shift;
};

/// The row's scale from V >= 1 and the scale of the output, 2^-out_shift with 0 <= out_shift <= 20.
inline RowScale layer_norm_scale(uint64_t variance, int32_t out_shift) {
  const uint32_t high_word = static_cast<uint32_t>(variance >> 32);
  const uint32_t low_word = static_cast<uint32_t>(variance);
  const int32_t top = high_word != 0 ? 63 - __builtin_clz(high_word) : 31 - __builtin_clz(low_word);
  // Even, so that its half is exact; and 2^22 <= V >> e < 2^24, so that the conversion to float is exact.
  const int32_t e = (top - 22) & ~1;
  const uint32_t mantissa = e >= 0 ? static_cast<uint32_t>(variance >> e) : low_word << -e;
  const float r = 1.0f / square_root(static_cast<float>(static_cast<int32_t>(mantissa)));
  const float scaled = r * 4398046511104.0f;
  const int32_t m = scaled >= 2147483648.0f ? INT32_MAX : static_cast<int32_t>(scaled);
  const int32_t shift = out_shift - 10 - e / 2;
  if (shift >= 0)
    return {m, shift};
  if (shift < -31)
    return {0, 0};
  return {static_cast<int32_t>((static_cast<uint32_t>(m) + (uint32_t{1} << (-shift - 1))) >> -shift), 0};
}

/// One value of a normalized row in units of 2^-out_shift, not saturated; z = x * factor, sum the sum of the row's z. With out_shift = 20 nothing wraps for
/// rows of up to 2^16 values, since none is beyond sqrt(width).
inline int32_t layer_norm_wide(int32_t z, int32_t width, int32_t sum, RowScale scale) {
  const int32_t centred = wrap_sub(wrap_mul(width, z), sum);
  return round_mul(static_cast<int32_t>(static_cast<uint32_t>(centred) << scale.shift), scale.mult);
}

/// One value of a normalized row times gamma plus beta, in units of the residual stream's channel; scale is that of layer_norm_affine_shift.
inline constexpr int32_t layer_norm_affine_shift = 20;
inline int16_t layer_norm_affine_value(int32_t z, int32_t width, int32_t sum, RowScale scale, int32_t gain, int32_t offset) {
  return requantize_add_s16(layer_norm_wide(z, width, sum, scale), gain, offset);
}

/// One value of a normalized row; z = x * factor, sum the sum of the row's z.
inline int16_t layer_norm_value(int32_t z, int32_t width, int32_t sum, RowScale scale) {
  return static_cast<int16_t>(saturate<16>(layer_norm_wide(z, width, sum, scale)));
}

// Weights of four bits: a code from 1 to 15 and the scale of its group, 1 to 17, make a weight of eight bits, from -119 to 119.
inline constexpr int32_t int4_zero = 8;
inline constexpr int32_t int4_largest_scale = 17;
constexpr int8_t int4_weight(int32_t code, int32_t scale) { return static_cast<int8_t>((code - int4_zero) * scale); }

/// Bytes of the scales in front of a pair's codes: one for each unit and group, filled up to words.
constexpr int32_t int4_scale_bytes(int32_t depth, int32_t group) { return (2 * ((depth + group - 1) / group) + 3) / 4 * 4; }
/// Bytes of a pair of units, scales and codes.
constexpr int32_t int4_pair_bytes(int32_t depth, int32_t group) { return int4_scale_bytes(depth, group) + (depth + 3) / 4 * 4; }

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
